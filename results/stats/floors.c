#include "floors.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "cleanup.h"
#include "equal_cells.h"

int floors_add(struct floors *f, const char *job, const char *source, const double by[METRICS],
	       const size_t n_pairs[METRICS])
{
	struct noise_floor *more = reallocarray(f->items, f->n + 1, sizeof *more);
	struct noise_floor new = {.job = job ? strdup(job) : NULL, .source = strdup(source)};

	if (more)
		f->items = more;
	if (!more || !new.source || (job && !new.job)) {
		free(new.job);
		free(new.source);
		return -ENOMEM;
	}
	memcpy(new.by, by, sizeof new.by);
	if (n_pairs)
		memcpy(new.n_pairs, n_pairs, sizeof new.n_pairs);
	more[f->n++] = new;
	return 0;
}

/* Equal cells of a run. */
struct equals {
	const struct run_data *d;
	const struct summaries *s;
	uint32_t *cells;
	size_t n;
	double *ratios; /* logs, of every two; room for all of one metric */
};

/* What they differ by, all pairs of cells together: the floor, and of how many pairs it is. */
static double floor_of(const struct equals *g, const char *job, enum metric m, size_t *ret_pairs)
{
	size_t n = 0, least = 0, most = 0;

	for (size_t i = 0; i < g->n; i++) {
		for (size_t k = i + 1; k < g->n; k++) {
			const struct summary *a = summaries_find(g->s, g->cells[i], job);
			const struct summary *b = summaries_find(g->s, g->cells[k], job);
			size_t more = a && b ? summary_log_ratios(a, b, m, g->ratios + n) : 0;

			most = more > most ? more : most;
			if (more < CALIBRATION_LEAST)
				continue;
			n += more;
			least = !least || more < least ? more : least;
		}
	}
	*ret_pairs = least ? least : most;
	return least ? calibration_floor(g->ratios, n, least, g->d->run.seed, job, m) : 0;
}

static int add_equals(struct floors *f, const struct equals *g, const char *of_run)
{
	char source[400];
	const struct cell_record *cells = g->d->cells;
	int r = 0;

	if (g->n == 2)
		snprintf(source, sizeof source, "cells '%.150s' and '%.150s' of %.60s",
			 cells[g->cells[0]].name, cells[g->cells[1]].name, of_run);
	else
		snprintf(source, sizeof source, "cell '%.150s' and %zu more of %.60s",
			 cells[g->cells[0]].name, g->n - 1, of_run);
	for (size_t i = 0; r == 0 && i < g->s->n; i++) {
		const struct summary *one = &g->s->items[i];
		size_t n_pairs[METRICS];
		double by[METRICS];

		if (one->cell != g->cells[0])
			continue;
		for (int m = 0; m < METRICS; m++)
			by[m] = floor_of(g, one->job, (enum metric)m, &n_pairs[m]);
		r = floors_add(f, one->job, source, by, n_pairs);
	}
	return r;
}

int floors_add_run(struct floors *f, const struct run_data *d, const struct summaries *s,
		   const char *of_run)
{
	BL_CLEANUP(bl_freep) uint32_t *cells = calloc(d->n_cells + 1, sizeof *cells);
	int r = cells ? 0 : -ENOMEM;

	for (uint32_t a = 0; r == 0 && a < d->n_cells; a++) {
		BL_CLEANUP(bl_freep) double *ratios = NULL;
		size_t n = d->cells[a].axes.n ? cells_equal_to(d, a, cells) : 0;
		struct equals g = {.d = d, .s = s, .cells = cells, .n = n};

		if (n < 2)
			continue;
		g.ratios = ratios = calloc(n * (n - 1) / 2 * SUMMARY_VALUES, sizeof *ratios);
		r = ratios ? add_equals(f, &g, of_run) : -ENOMEM;
	}
	return r;
}

/* The floor with the most noise in a pair stands for what fewer pairs than it had would see. */
static void keep_noise(struct min_effects *e, enum metric m, const struct noise_floor *f)
{
	double noise = log1p(f->by[m]) * sqrt((double)f->n_pairs[m]);

	if (!(noise > e->noise[m]))
		return;
	e->noise[m] = noise;
	e->noise_pairs[m] = f->n_pairs[m];
}

struct min_effects floors_raise(const struct floors *f, const char *job, struct min_effects e)
{
	for (size_t i = 0; f && i < f->n; i++) {
		const struct noise_floor *one = &f->items[i];

		if (one->job && strcmp(one->job, job) != 0)
			continue;
		for (int m = 0; m < METRICS; m++) {
			keep_noise(&e, (enum metric)m, one);
			if (!(one->by[m] > e.by[m]))
				continue;
			e.by[m] = one->by[m];
			e.is_floor[m] = true;
		}
	}
	return e;
}

void floors_done(struct floors *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].job);
		free(f->items[i].source);
	}
	free(f->items);
	*f = (struct floors){0};
}
