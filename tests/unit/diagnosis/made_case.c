#include "made_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count(const char *const *buses)
{
	size_t n = 0;

	while (buses[n])
		n++;
	return n;
}

static void make_cell(struct cell_record *c, const char *bus)
{
	c->name = strdup(bus);
	c->durability = strdup("");
	facts_add(&c->axes, "bus", bus);
	if (strcmp(bus, "host") == 0)
		return;
	facts_add(&c->axes, "vcpus", "2");
	if (strncmp(bus, "virtio", 6) != 0)
		return;
	facts_add(&c->axes, "cache", "none");
	facts_add(&c->axes, "storage", "device");
}

void make_case(struct run_data *d, const char *const *buses, uint32_t repeats)
{
	size_t n = count(buses);

	*d = (struct run_data){.n_cells = n, .n_trials = n * repeats};
	strcpy(d->run.id, "run");
	d->run.accel = strdup("kvm");
	d->run.repeats = repeats;
	d->run.ended_ms = 1;
	facts_add(&d->run.environment, "cpu.count", "8");
	d->cells = calloc(n, sizeof *d->cells);
	d->trials = calloc(d->n_trials, sizeof *d->trials);
	for (size_t i = 0; i < n; i++)
		make_cell(&d->cells[i], buses[i]);
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];

		snprintf(t->id, sizeof t->id, "trial-%zu", i);
		strcpy(t->run_id, d->run.id);
		t->cell = (uint32_t)(i % n);
		t->repeat = (uint32_t)(i / n);
		t->order = (uint32_t)i;
		t->n_jobs = 1;
		t->jobs = calloc(1, sizeof *t->jobs);
		t->jobs[0].name = strdup("j");
		t->jobs[0].job_text = strdup("[j]\nrw=randread\ndirect=1\niodepth=1\n");
	}
}

struct trial_record *trial_of(struct run_data *d, uint32_t cell, uint32_t repeat)
{
	for (size_t i = 0; i < d->n_trials; i++)
		if (d->trials[i].cell == cell && d->trials[i].repeat == repeat)
			return &d->trials[i];
	ck_abort_msg("no such trial");
	return NULL;
}

void set_axis(struct run_data *d, uint32_t cell, const char *axis, const char *value)
{
	set_fact(&d->cells[cell].axes, axis, value);
}

void set_reads(struct job_result *j, uint64_t n, uint64_t ns, uint64_t cpu_ns)
{
	struct sample *s = sample_new(j->name);
	struct lat *l = sample_lat(&s->dir[IO_READ].lat);

	s->runtime_ns = 1000000000;
	s->n_threads = 1;
	s->dir[IO_READ].ios = n;
	s->dir[IO_READ].bytes = 4096 * n;
	lat_add(l, ns);
	l->hist.count[hist_index(ns)] = n;
	l->n = n;
	l->sum_ns = n * ns;
	l->sumsq_ns2 = (double)n * (double)ns * (double)ns;
	sample_free(j->sample);
	j->sample = s;
	j->has_host_cpu = cpu_ns != 0;
	j->host_cpu_ns = n * cpu_ns;
}

void set_fact(struct facts *f, const char *key, const char *value)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->items[i].key, key) != 0)
			continue;
		free(f->items[i].value);
		f->items[i].value = strdup(value);
		return;
	}
	facts_add(f, key, value);
}

void add_health(struct trial_record *t)
{
	static const struct {
		const char *name, *before, *after;
	} rows[] = {
		{"smart.critical_warning", "0x00", "0x00"},
		{"smart.temperature_c", "41", "47"},
		{"smart.available_spare_pct", "100", "100"},
		{"smart.spare_threshold_pct", "10", "10"},
		{"smart.used_pct", "3", "3"},
		{"smart.data_read_bytes", "1024000", "8192000"},
		{"smart.data_written_bytes", "512000", "512000"},
		{"smart.read_commands", "100", "90000"},
		{"smart.power_cycles", "12", "12"},
		{"smart.power_on_h", "40", "41"},
		{"smart.unsafe_shutdowns", "4", "4"},
		{"smart.media_errors", "5", "5"},
		{"smart.error_log_entries", "7", "7"},
		{"smart.warning_temp_min", "2", "2"},
		{"smart.critical_temp_min", "0", "0"},
		{"smart.thermal_1_transitions", "1", "1"},
		{"smart.thermal_1_s", "9", "9"},
		{"errors.entries", "1", "1"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char key[96];

		snprintf(key, sizeof key, "device.before.%s", rows[i].name);
		set_fact(&t->facts, key, rows[i].before);
		snprintf(key, sizeof key, "device.after.%s", rows[i].name);
		set_fact(&t->facts, key, rows[i].after);
	}
}

void expect_findings(const struct run_data *d, size_t n, struct findings *ret)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(diagnose_run(d, ret, &err) == 0, "%s", err.text);
	ck_assert_msg(ret->n == n, "%zu findings, not %zu; the first: %s", ret->n, n,
		      ret->n ? ret->items[0].evidence : "-");
}

void expect_one(const struct run_data *d, const char *cause, enum finding_confidence confidence,
		const char *evidence, const char *remedy)
{
	struct findings f;

	expect_findings(d, 1, &f);
	ck_assert_str_eq(f.items[0].cause, cause);
	ck_assert_int_eq(f.items[0].confidence, confidence);
	ck_assert_msg(strstr(f.items[0].evidence, evidence) != NULL, "'%s' is not in: %s", evidence,
		      f.items[0].evidence);
	ck_assert_msg(strstr(f.items[0].remedy, remedy) != NULL, "'%s' is not in: %s", remedy,
		      f.items[0].remedy);
	findings_done(&f);
}

int decide_run(const struct run_data *d, struct passthrough_decision *ret, struct bl_err *err)
{
	struct summaries sums = {0};
	struct findings found = {0};
	int r = summarize(d, &sums, err);

	if (r == 0)
		r = diagnose_run(d, &found, err);
	if (r == 0)
		r = decide_passthrough(d, &sums, &found, ret, err);
	findings_done(&found);
	summaries_done(&sums);
	return r;
}
