/* profile_check.c - do other runs still give what the baseline gave? */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "multiple.h"
#include "profile.h"
#include "student.h"

#define ALPHA 0.05

/* An unchanged host's own runs may differ by half before "ok" says nothing any more. */
#define WIDE 1.5

/* Runs of a baseline beyond which waiting for more is no advice. */
#define MORE_MAX 30

/* Runs in order of time. */
struct sorted {
	const struct run_figures **items;
	size_t n;
};

static int by_start(const void *a, const void *b)
{
	const struct run_figures *x = *(const struct run_figures *const *)a;
	const struct run_figures *y = *(const struct run_figures *const *)b;

	return (x->started_ms > y->started_ms) - (x->started_ms < y->started_ms);
}

static int sort(const struct run_figures *runs, size_t n, struct sorted *ret)
{
	ret->items = calloc(n, sizeof *ret->items);
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ret->items[i] = &runs[i];
	qsort(ret->items, n, sizeof *ret->items, by_start);
	ret->n = n;
	return 0;
}

static const struct run_figures *newest(const struct sorted *s)
{
	return s->items[s->n - 1];
}

/* The values of one row, of runs that have it. */
struct side {
	double *y;
	size_t n;
	double mean;
	bool is_thin;
	const struct figure_row *row; /* of the newest; NULL: none has the job */
};

static void side_of(const struct sorted *runs, const char *cell, const char *job, enum metric m,
		    struct side *s)
{
	double sum = 0;

	s->n = 0;
	s->is_thin = false;
	s->row = NULL;
	for (size_t i = 0; i < runs->n; i++) {
		const struct figure_row *row = run_figures_find(runs->items[i], cell, job);

		if (!row)
			continue;
		s->row = row;
		if (!row->by[m].n)
			continue;
		s->is_thin |= row->by[m].is_thin;
		sum += s->y[s->n++] = row->by[m].y;
	}
	s->mean = s->n ? sum / (double)s->n : 0;
}

struct checking {
	struct sorted base, now;
	struct side a, b; /* scratch */
	const struct min_effects *effects;
	char refused[160]; /* why no verdict is given at all; "" */
	struct profile_check *c;
};

static void cannot_tell(struct profile_row *row, size_t more_runs, const char *why)
{
	row->verdict = PROFILE_CANNOT_TELL;
	row->more_runs = more_runs;
	snprintf(row->why, sizeof row->why, "%s", why);
}

/* How many more runs of such a spread would make the interval say something; 0: many. */
static size_t runs_for(const struct run_spread *s, size_t n, size_t m)
{
	struct run_spread more = *s;

	for (size_t add = 1; add <= MORE_MAX; add++) {
		double half;

		more.df = (double)(n + add) - 1;
		half = student_quantile(1 - ALPHA / 2, more.df) *
		       sqrt(run_spread_prediction(&more, n + add, m));
		if (half <= log(WIDE))
			return add;
	}
	return 0;
}

/* The interval and p of a row whose sides both have figures; what it is judged by comes when the
 * family is whole. */
static void measure(struct profile_row *row, const struct side *a, const struct side *b)
{
	struct run_spread s = run_spread_of(a->y, a->n);
	double d = b->mean - a->mean, se, half;

	s.var = fmax(s.var, FIGURE_RESOLUTION_SD * FIGURE_RESOLUTION_SD);
	se = sqrt(run_spread_prediction(&s, a->n, b->n));
	half = student_quantile(1 - ALPHA / 2, s.df) * se;

	row->has_interval = true;
	row->lo = exp(-half);
	row->hi = exp(half);
	row->p = student_p2(d / se, s.df);
	if (half > log(WIDE)) /* so that "ok" would say nothing; "drifted" still does */
		cannot_tell(row, runs_for(&s, a->n, b->n),
			    "the runs of the baseline differ so much that a change by half would "
			    "not be seen");
	else
		row->verdict = PROFILE_OK;
}

static void judge_row(const struct checking *k, struct profile_row *row)
{
	const struct side *a = &k->a, *b = &k->b;
	char text[120], differs[64] = "";

	if (a->n && b->n)
		row->ratio = exp(b->mean - a->mean);
	row->is_worse = metric_more_is_better[row->metric] ? row->ratio < 1 : row->ratio > 1;
	if (b->row)
		figure_row_differs(a->row, b->row, differs);
	if (!b->row)
		cannot_tell(row, 0, "the job has no result in the new run");
	else if (!b->n)
		cannot_tell(row, 0, "not measured in the new run");
	else if (k->refused[0])
		cannot_tell(row, 0, k->refused);
	else if (differs[0]) {
		snprintf(text, sizeof text, "%s is another one than in the baseline", differs);
		cannot_tell(row, 0, text);
	} else if (a->is_thin || b->is_thin)
		cannot_tell(row, 0,
			    "in some trial fewer than 100 samples lie beyond the percentile");
	else if (a->n < PROFILE_RUNS_MIN) {
		snprintf(text, sizeof text,
			 "%zu run%s in the baseline; %d are the least for an interval", a->n,
			 a->n == 1 ? "" : "s", PROFILE_RUNS_MIN);
		cannot_tell(row, PROFILE_RUNS_MIN - a->n, text);
	} else
		measure(row, a, b);
}

static int add_row(struct checking *k, const struct profile_line *l, enum metric m)
{
	struct profile_check *c = k->c;
	struct profile_row *row;

	side_of(&k->base, l->cell, l->job, m, &k->a);
	side_of(&k->now, l->cell, l->job, m, &k->b);
	if (!k->a.n) /* of nothing that the baseline has */
		return 0;
	row = reallocarray(c->items, c->n + 1, sizeof *row);
	if (!row)
		return -ENOMEM;
	c->items = row;
	row = &c->items[c->n++];
	*row = (struct profile_row){.cell = strdup(l->cell),
				    .job = strdup(l->job),
				    .iodepth = l->iodepth,
				    .metric = m,
				    .n_base = k->a.n,
				    .n_now = k->b.n,
				    .base = exp(k->a.mean),
				    .now = k->b.n ? exp(k->b.mean) : 0,
				    .min_effect = k->effects->by[m],
				    .p = NAN,
				    .p_adjusted = NAN};
	if (!row->cell || !row->job)
		return -ENOMEM;
	judge_row(k, row);
	return 0;
}

/* What the family of @m says of its members. */
static void decide(struct profile_check *c, enum metric m, size_t n_family)
{
	for (size_t i = 0; i < c->n; i++) {
		struct profile_row *row = &c->items[i];
		double beyond = row->ratio > 0 ? fabs(log(row->ratio)) : 0;

		if (row->metric != m || isnan(row->p))
			continue;
		if (row->p_adjusted <= ALPHA && beyond > log1p(row->min_effect)) {
			row->verdict = PROFILE_DRIFTED;
			row->more_runs = 0;
			row->why[0] = '\0';
			continue;
		}
		if (row->verdict == PROFILE_CANNOT_TELL)
			continue;
		if (row->p_adjusted <= ALPHA)
			snprintf(row->why, sizeof row->why,
				 "it differs, by less than the %.3g %% that matter",
				 row->min_effect * 100);
		else if (row->p <= ALPHA)
			snprintf(row->why, sizeof row->why,
				 "outside its interval, as one in 20 figures is by chance, and %zu "
				 "were looked at; another run tells",
				 n_family);
	}
}

static int correct(struct profile_check *c)
{
	double *p = calloc(c->n + 1, sizeof *p);
	int r = p ? 0 : -ENOMEM;

	for (int m = 0; r == 0 && m < METRICS; m++) {
		size_t n = 0;

		for (size_t i = 0; i < c->n; i++)
			if (c->items[i].metric == (enum metric)m && !isnan(c->items[i].p))
				p[n++] = c->items[i].p;
		r = bh_adjust(p, n, p);
		n = 0;
		for (size_t i = 0; r == 0 && i < c->n; i++)
			if (c->items[i].metric == (enum metric)m && !isnan(c->items[i].p))
				c->items[i].p_adjusted = p[n++];
		if (r == 0)
			decide(c, (enum metric)m, n);
	}
	free(p);
	return r;
}

/* Rows of a job stand together. */
static void count(struct profile_check *c)
{
	size_t told = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct profile_row *row = &c->items[i], *next = row + 1;

		c->n_drifted += row->verdict == PROFILE_DRIFTED;
		c->n_worse += row->verdict == PROFILE_DRIFTED && row->is_worse;
		c->n_cannot_tell += row->verdict == PROFILE_CANNOT_TELL;
		told += row->verdict != PROFILE_CANNOT_TELL;
		if (i + 1 < c->n && !strcmp(row->cell, next->cell) && !strcmp(row->job, next->job))
			continue;
		c->n_untold += told == 0;
		told = 0;
	}
}

static int all_rows(struct checking *k, const struct run_figures *base, size_t n_base)
{
	struct profile p;
	int r = profile_of(base, n_base, &p);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < p.n; i++)
		for (int m = 0; r == 0 && m < METRICS; m++)
			r = add_row(k, &p.items[i], (enum metric)m);
	profile_done(&p);
	return r;
}

static void refuse(struct checking *k)
{
	for (size_t i = 0; i < k->base.n && !k->refused[0]; i++)
		for (size_t j = 0; j < k->now.n && !k->refused[0]; j++)
			run_figures_refused(k->base.items[i], k->now.items[j], k->refused);
}

int profile_check_figures(const struct run_figures *base, size_t n_base,
			  const struct run_figures *now, size_t n_now, const struct min_effects *e,
			  struct profile_check *ret, struct bl_err *err)
{
	struct profile_check c = {.items = NULL};
	struct checking k = {.effects = e ? e : &min_effects_default, .c = &c};
	int r;

	if (!n_base || !n_now)
		return bl_fail(err, -EINVAL, "there are no runs to compare");
	k.a.y = calloc(n_base, sizeof *k.a.y);
	k.b.y = calloc(n_now, sizeof *k.b.y);
	r = k.a.y && k.b.y ? 0 : -ENOMEM;
	if (r == 0)
		r = sort(base, n_base, &k.base);
	if (r == 0)
		r = sort(now, n_now, &k.now);
	if (r == 0) {
		refuse(&k);
		c.base_days = (double)(newest(&k.base)->started_ms - k.base.items[0]->started_ms) /
			      (24 * 3600 * 1000.0);
		r = all_rows(&k, base, n_base);
	}
	if (r == 0)
		r = correct(&c);
	if (r == 0)
		r = fingerprint_compare(&newest(&k.base)->fingerprint, &newest(&k.now)->fingerprint,
					!strcmp(newest(&k.base)->host_id, newest(&k.now)->host_id),
					&c.changes);
	free(k.a.y);
	free(k.b.y);
	free(k.base.items);
	free(k.now.items);
	if (r < 0) {
		profile_check_done(&c);
		return bl_fail(err, r, "out of memory");
	}
	count(&c);
	*ret = c;
	return 0;
}

static void figures_done(struct run_figures *f, size_t n)
{
	for (size_t i = 0; f && i < n; i++)
		run_figures_done(&f[i]);
	free(f);
}

static int figures_of(const struct run_data *const *runs, size_t n, struct run_figures **ret)
{
	struct run_figures *f = calloc(n + 1, sizeof *f);
	int r = f ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = run_figures_of(runs[i], &f[i]);
	if (r < 0) {
		figures_done(f, n);
		return r;
	}
	*ret = f;
	return 0;
}

int profile_check(const struct run_data *const *base, size_t n_base,
		  const struct run_data *const *now, size_t n_now, const struct min_effects *e,
		  struct profile_check *ret, struct bl_err *err)
{
	struct run_figures *a = NULL, *b = NULL;
	int r = figures_of(base, n_base, &a);

	if (r == 0)
		r = figures_of(now, n_now, &b);
	r = r < 0 ? bl_fail(err, r, "out of memory")
		  : profile_check_figures(a, n_base, b, n_now, e, ret, err);
	figures_done(a, n_base);
	figures_done(b, n_now);
	return r;
}

void profile_check_done(struct profile_check *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->items[i].cell);
		free(c->items[i].job);
	}
	free(c->items);
	env_changes_done(&c->changes);
	*c = (struct profile_check){.items = NULL};
}
