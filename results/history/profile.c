#include "profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlation.h"

/* From here on a correlation between neighbours can be told from nothing. */
#define AUTOCORRELATION_RUNS 7
#define AUTOCORRELATION_MAX  0.8

/* ---- the spread of runs ---- */

/* That of too few is taken for none. */
static double autocorrelation(const double *y, size_t n, double mean)
{
	struct lag1 l = {0, 0};

	if (n < AUTOCORRELATION_RUNS)
		return 0;
	lag1_add(&l, y, n, mean);
	return l.all > 0 ? lag1_unbiased(lag1_of(&l), n, AUTOCORRELATION_MAX) : 0;
}

struct run_spread run_spread_of(const double *y, size_t n)
{
	struct run_spread s = {.inflation = 1, .df = (double)n - 1};
	double ss = 0, phi;

	for (size_t i = 0; i < n; i++)
		s.mean += y[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		ss += (y[i] - s.mean) * (y[i] - s.mean);
	phi = autocorrelation(y, n, s.mean);
	/* The variance of the mean is inflated by this, and that of the values about their own
	 * mean falls short by as much. To take the degrees of freedom for fewer, too, costs a third
	 * of the power and no false alarm less (simulate_profile: phi is itself a guess of n runs).
	 */
	s.inflation = fmin(ar1_inflation(phi), (double)n / 2);
	s.var = ss / ((double)n - s.inflation);
	return s;
}

double run_spread_prediction(const struct run_spread *s, size_t n, size_t m)
{
	double later = fmin(s->inflation, (double)m); /* m runs may be as alike as those */

	return s->var * (s->inflation / (double)n + later / (double)m);
}

/* ---- the table ---- */

static struct profile_line *line_find(const struct profile *p, const char *cell, const char *job)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->items[i].cell, cell) && !strcmp(p->items[i].job, job))
			return &p->items[i];
	return NULL;
}

/* Sums, until line_end(). */
static void line_add(struct profile_line *l, const struct figure_row *row)
{
	l->n_trials += row->n_ok;
	l->n_unstable += row->n_unstable;
	for (int m = 0; m < METRICS; m++) {
		const struct figure *f = &row->by[m];

		if (!f->n)
			continue;
		l->by[m].n++;
		l->by[m].value += f->y;
		l->by[m].is_thin |= f->is_thin;
	}
}

static void figure_end(struct profile_figure *f, const struct profile_line *l, enum metric m,
		       const struct run_figures *runs, size_t n)
{
	double mean = f->n ? f->value / (double)f->n : 0, ss = 0, within = 0;
	size_t n_within = 0;

	f->run_sd = f->trial_sd = NAN;
	if (!f->n)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct figure_row *row = run_figures_find(&runs[i], l->cell, l->job);

		if (!row || !row->by[m].n)
			continue;
		ss += (row->by[m].y - mean) * (row->by[m].y - mean);
		if (row->by[m].n < 2)
			continue;
		within += row->by[m].sd * row->by[m].sd;
		n_within++;
	}
	f->value = exp(mean);
	if (f->n > 1)
		f->run_sd = sqrt(ss / (double)(f->n - 1));
	if (n_within)
		f->trial_sd = sqrt(within / (double)n_within);
}

static int line_of(struct profile *p, const struct figure_row *row, struct profile_line **ret)
{
	struct profile_line *more;

	*ret = line_find(p, row->cell, row->job);
	if (*ret)
		return 0;
	more = reallocarray(p->items, p->n + 1, sizeof *more);
	if (!more)
		return -ENOMEM;
	p->items = more;
	*ret = &more[p->n++];
	**ret = (struct profile_line){.cell = row->cell, .job = row->job, .iodepth = row->iodepth};
	return 0;
}

int profile_of(const struct run_figures *runs, size_t n, struct profile *ret)
{
	struct profile p = {.items = NULL};
	struct profile_line *l;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; r == 0 && k < runs[i].n; k++) {
			r = line_of(&p, &runs[i].rows[k], &l);
			if (r == 0)
				line_add(l, &runs[i].rows[k]);
		}
	if (r < 0) {
		profile_done(&p);
		return r;
	}
	for (size_t i = 0; i < p.n; i++)
		for (int m = 0; m < METRICS; m++)
			figure_end(&p.items[i].by[m], &p.items[i], (enum metric)m, runs, n);
	*ret = p;
	return 0;
}

void profile_done(struct profile *p)
{
	free(p->items);
	*p = (struct profile){.items = NULL};
}
