#include "made_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * 3600 * (uint64_t)1000)

static char *text(const char *s)
{
	char *copy = strdup(s);

	ck_assert_ptr_nonnull(copy);
	return copy;
}

void made_run(struct run_data *d, unsigned n, const char *host, size_t n_cells)
{
	memset(d, 0, sizeof *d);
	snprintf(d->run.id, sizeof d->run.id, "run-%s-%u", host, n);
	d->run.scenario_name = text("nightly");
	d->run.scenario_text = text("name: nightly");
	d->run.host_id = text(host);
	d->run.host_name = text(host);
	d->run.accel = text("kvm");
	d->run.version = text("0.1.0");
	d->run.started_ms = 1000 + n * DAY_MS;
	d->run.ended_ms = d->run.started_ms + 1000;
	made_fact(d, "environment.version", "2");
	made_fact(d, "host.kernel", "6.1.0");
	made_fact(d, "emulator.0.version", "7.2.22");
	d->cells = calloc(n_cells, sizeof *d->cells);
	d->n_cells = n_cells;
	for (size_t i = 0; i < n_cells; i++) {
		char name[32];

		snprintf(name, sizeof name, "c%zu", i);
		d->cells[i].name = text(name);
		d->cells[i].durability = text("");
	}
}

void made_fact(struct run_data *d, const char *key, const char *value)
{
	struct facts *f = &d->run.environment;

	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->items[i].key, key) != 0)
			continue;
		free(f->items[i].value);
		if (value) {
			f->items[i].value = text(value);
			return;
		}
		free(f->items[i].key);
		memmove(&f->items[i], &f->items[i + 1], (--f->n - i) * sizeof *f->items);
		return;
	}
	if (value)
		ck_assert_int_eq(facts_add(f, key, value), 0);
}

struct trial_record *made_trial(struct run_data *d, uint32_t cell, uint64_t ios, uint64_t ns)
{
	struct trial_record *t;
	struct job_result *j;
	struct lat *l;
	uint32_t repeat = 0;

	for (size_t i = 0; i < d->n_trials; i++)
		repeat += d->trials[i].cell == cell;
	d->trials = realloc(d->trials, (d->n_trials + 1) * sizeof *d->trials);
	t = &d->trials[d->n_trials++];
	memset(t, 0, sizeof *t);
	snprintf(t->id, sizeof t->id, "%.20s-%u-%u", d->run.id, cell, repeat);
	t->cell = cell;
	t->repeat = repeat;
	t->state = TRIAL_OK;
	t->jobs = j = calloc(1, sizeof *j);
	t->n_jobs = 1;
	j->name = text("read");
	j->job_text = text("[read]\nrw=randread\nbs=4096\niodepth=1\n");
	j->sample = sample_new("read");
	j->sample->runtime_ns = 1000000000;
	j->sample->dir[IO_READ].ios = ios;
	j->sample->dir[IO_READ].bytes = ios * 4096;
	l = sample_lat(&j->sample->dir[IO_READ].lat);
	for (uint64_t i = 0; i < ios; i++)
		lat_add(l, ns);
	return t;
}
