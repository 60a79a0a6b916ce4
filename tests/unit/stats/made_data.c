#include "made_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void make_data(struct run_data *d, size_t n_cells, uint32_t repeats)
{
	*d = (struct run_data){.n_cells = n_cells, .n_trials = n_cells * repeats};
	d->cells = calloc(n_cells, sizeof *d->cells);
	d->trials = calloc(d->n_trials, sizeof *d->trials);
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];
		char name[16];

		t->cell = (uint32_t)(i % n_cells);
		t->repeat = (uint32_t)(i / n_cells);
		t->order = (uint32_t)i;
		t->n_jobs = 1;
		t->jobs = calloc(1, sizeof *t->jobs);
		t->jobs[0].name = strdup("j");
		if (!d->cells[t->cell].name) {
			snprintf(name, sizeof name, "cell %u", t->cell);
			d->cells[t->cell].name = strdup(name);
		}
	}
}

struct trial_record *trial_at(struct run_data *d, uint32_t cell, uint32_t repeat)
{
	for (size_t i = 0; i < d->n_trials; i++)
		if (d->trials[i].cell == cell && d->trials[i].repeat == repeat)
			return &d->trials[i];
	ck_abort_msg("no such trial");
	return NULL;
}

void set_reads(struct trial_record *t, uint64_t n, uint64_t ns)
{
	struct sample *s = sample_new("j");

	s->runtime_ns = 1000000000;
	s->dir[IO_READ].ios = n;
	s->dir[IO_READ].bytes = 4096 * n;
	for (uint64_t i = 0; i < n; i++)
		lat_add(sample_lat(&s->dir[IO_READ].lat), ns);
	sample_free(t->jobs[0].sample);
	t->jobs[0].sample = s;
}

void make_summary(struct summary *s, enum metric m, const double *values, size_t n)
{
	memset(s, 0, sizeof *s);
	s->n_ok = s->n_trials = s->metric[m].n = n;
	for (size_t i = 0; i < n && i < SUMMARY_VALUES; i++) {
		s->values[m][i] = values[i];
		s->value_repeats[m][i] = (uint32_t)i;
	}
}

uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

double draw_normal(uint64_t *state)
{
	double u = ((double)(draw(state) >> 11) + 0.5) / 0x1p53;
	double v = ((double)(draw(state) >> 11) + 0.5) / 0x1p53;

	return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}
