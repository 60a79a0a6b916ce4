#include "alike.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alike_facts.h"
#include "cleanup.h"
#include "median.h"
#include "multiple.h"
#include "student.h"

#define ALPHA 0.05

const char *const alike_verdict_names[] = {
	[ALIKE_SAME] = "alike",
	[ALIKE_ODD] = "odd",
	[ALIKE_STANDS_OUT] = "stands out",
	[ALIKE_DIFFER] = "differ",
	[ALIKE_CANNOT_TELL] = "cannot tell",
};
_Static_assert(BL_ARRAY_LEN(alike_verdict_names) == ALIKE_VERDICTS, "one name a verdict");

/* ---- one figure ---- */

/* Hosts that have it. */
struct point {
	size_t host;
	double y;
};

static int by_y(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return (x->y > y->y) - (x->y < y->y);
}

/* @scratch[n] is written, here and below. */
static double median(const struct point *p, size_t n, double *scratch)
{
	for (size_t i = 0; i < n; i++)
		scratch[i] = p[i].y;
	return median_of_values(scratch, n);
}

static double mad(const struct point *p, size_t n, double about, double *scratch)
{
	for (size_t i = 0; i < n; i++)
		scratch[i] = fabs(p[i].y - about);
	return 1.4826 * median_of_values(scratch, n);
}

/* Mean and standard deviation of all but the @skip-th. */
static void moments(const struct point *p, size_t n, size_t skip, double *mean, double *sd)
{
	double ss = 0, k = skip < n ? (double)n - 1 : (double)n;

	*mean = 0;
	for (size_t i = 0; i < n; i++)
		*mean += i == skip ? 0 : p[i].y / k;
	for (size_t i = 0; i < n; i++)
		ss += i == skip ? 0 : (p[i].y - *mean) * (p[i].y - *mean);
	*sd = k > 1 ? sqrt(ss / (k - 1)) : 0;
}

static size_t farthest(const struct point *p, size_t n)
{
	double mean, sd;
	size_t at = 0;

	moments(p, n, n, &mean, &sd);
	for (size_t i = 1; i < n; i++)
		if (fabs(p[i].y - mean) > fabs(p[at].y - mean))
			at = i;
	return at;
}

/* p of the farthest of @n being as the others, for the choice among them. */
static double p_of(const struct point *p, size_t n, size_t at)
{
	double mean, sd, se, k = (double)n - 1;

	moments(p, n, at, &mean, &sd);
	se = fmax(sd, FIGURE_RESOLUTION_SD) * sqrt(1 + 1 / k);
	return fmin(1, (double)n * student_p2((p[at].y - mean) / se, k - 1));
}

/* At most a third, so that most are there to say what is usual. */
static size_t odd_max(size_t n)
{
	size_t most = n / 3 ? n / 3 : 1;

	return most < ALIKE_ODD_MAX ? most : ALIKE_ODD_MAX;
}

static void name_odd(struct alike_row *row, const struct point *p, double usual)
{
	struct alike_odd *o = &row->odd[row->n_odd++];

	*o = (struct alike_odd){.host = p->host, .ratio = exp(p->y - usual)};
	o->is_worse = metric_more_is_better[row->metric] ? o->ratio < 1 : o->ratio > 1;
}

/* @p is reordered: those removed come last. */
static void test_row(struct alike_row *row, struct point *p, size_t n)
{
	size_t most = odd_max(n), found = 0, left = n;
	double mean, sd, half;

	row->p = 1;
	for (size_t r = 1; r <= most && left >= ALIKE_HOSTS_MIN; r++) {
		size_t at = farthest(p, left);
		double pr = fmin(1, (double)most * p_of(p, left, at));
		struct point t = p[at];

		p[at] = p[left - 1];
		p[--left] = t;
		row->p = fmin(row->p, pr);
		if (pr <= ALPHA)
			found = r;
	}
	left = n - found;
	moments(p, left, left, &mean, &sd);
	half = student_quantile(1 - ALPHA / 2, (double)left - 1) * fmax(sd, FIGURE_RESOLUTION_SD) *
	       sqrt(1 + 1 / (double)left);
	row->has_interval = true;
	row->lo = exp(-half);
	row->hi = exp(half);
	for (size_t i = 0; i < found; i++)
		name_odd(row, &p[n - 1 - i], mean);
	if (!found) { /* who it would be, should the family say so */
		size_t at = farthest(p, left);

		moments(p, left, at, &mean, &sd);
		name_odd(row, &p[at], mean);
	}
}

/* Sorted: the odd one is at an end. */
static void look_at_three(struct alike_row *row, const struct point *p)
{
	double below = p[1].y - p[0].y, above = p[2].y - p[1].y;
	bool is_first = below > above;
	double apart = fmin(below, above), away = fmax(below, above);

	if (away <= log1p(row->min_effect))
		return;
	if (away > ALIKE_STANDS_OUT_TIMES * apart) {
		row->verdict = ALIKE_STANDS_OUT;
		name_odd(row, is_first ? &p[0] : &p[2],
			 is_first ? (p[1].y + p[2].y) / 2 : (p[0].y + p[1].y) / 2);
		snprintf(row->why, sizeof row->why,
			 "of three hosts one is always the farthest; a fourth would tell");
		return;
	}
	row->verdict = ALIKE_DIFFER;
	snprintf(row->why, sizeof row->why, "all three differ");
}

static void look_at_two(struct alike_row *row, const struct point *p)
{
	if (p[1].y - p[0].y <= log1p(row->min_effect))
		return;
	row->verdict = ALIKE_DIFFER;
	snprintf(row->why, sizeof row->why,
		 "by a factor of %.3g; which is the odd one, two can't tell", exp(p[1].y - p[0].y));
}

static void judge(struct alike_row *row, struct point *p, size_t n, bool is_thin, double *scratch)
{
	double middle;

	row->p = row->p_adjusted = NAN;
	row->n_hosts = n;
	row->typical = NAN;
	if (n) {
		qsort(p, n, sizeof *p, by_y);
		middle = median(p, n, scratch);
		row->typical = exp(middle);
		row->rel_mad = mad(p, n, middle, scratch);
	}
	if (n < 2 || is_thin) {
		row->verdict = ALIKE_CANNOT_TELL;
		snprintf(row->why, sizeof row->why, "%s",
			 is_thin ? "in some trial fewer than 100 samples lie beyond the percentile"
				 : "fewer than two hosts have it");
	} else if (n == 2)
		look_at_two(row, p);
	else if (n == 3)
		look_at_three(row, p);
	else
		test_row(row, p, n);
}

/* ---- all figures ---- */

struct looking {
	const struct alike_host *hosts;
	size_t n;
	const struct min_effects *effects;
	struct point *points; /* scratch, one a host */
	double *scratch;
	struct alike *a;
};

/* The figure of a host over its runs. false: it has none. */
static bool value_of(const struct alike_host *h, const struct figure_row *like, enum metric m,
		     double *ret, bool *is_thin)
{
	char differs[64];
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < h->n_runs; i++) {
		const struct figure_row *row = run_figures_find(h->runs[i], like->cell, like->job);

		if (!row || !row->by[m].n)
			continue;
		figure_row_differs(row, like, differs);
		if (differs[0])
			continue;
		*is_thin |= row->by[m].is_thin;
		sum += row->by[m].y;
		n++;
	}
	*ret = n ? sum / (double)n : NAN;
	return n > 0;
}

static int add_row(struct looking *l, const struct figure_row *like, enum metric m)
{
	struct alike *a = l->a;
	struct alike_row *row = reallocarray(a->rows, a->n + 1, sizeof *row);
	bool is_thin = false;
	size_t n = 0;
	double y;

	if (!row)
		return -ENOMEM;
	a->rows = row;
	row = &a->rows[a->n];
	*row = (struct alike_row){.cell = like->cell,
				  .job = like->job,
				  .iodepth = like->iodepth,
				  .metric = m,
				  .min_effect = l->effects->by[m],
				  .values = calloc(l->n, sizeof *row->values)};
	if (!row->values)
		return -ENOMEM;
	a->n++;
	for (size_t i = 0; i < l->n; i++) {
		row->values[i] = NAN;
		if (a->left_out[i][0] || !value_of(&l->hosts[i], like, m, &y, &is_thin))
			continue;
		row->values[i] = exp(y);
		l->points[n++] = (struct point){i, y};
	}
	if (n)
		judge(row, l->points, n, is_thin, l->scratch);
	else { /* nobody measures it: no row */
		free(row->values);
		a->n--;
	}
	return 0;
}

static bool is_there(const struct alike *a, const struct figure_row *like)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->rows[i].cell, like->cell) && !strcmp(a->rows[i].job, like->job))
			return true;
	return false;
}

static int add_rows(struct looking *l)
{
	int r = 0;

	for (size_t h = 0; h < l->n; h++)
		for (size_t i = 0; !l->a->left_out[h][0] && i < l->hosts[h].n_runs; i++)
			for (size_t k = 0; k < l->hosts[h].runs[i]->n; k++) {
				const struct figure_row *like = &l->hosts[h].runs[i]->rows[k];

				if (is_there(l->a, like))
					continue;
				for (int m = 0; r == 0 && m < METRICS; m++)
					r = add_row(l, like, (enum metric)m);
				if (r < 0)
					return r;
			}
	return r;
}

/* ---- families ---- */

static void decide(struct alike_row *row)
{
	if (row->p_adjusted > ALPHA || fabs(log(row->odd[0].ratio)) <= log1p(row->min_effect)) {
		if (row->p_adjusted <= ALPHA)
			snprintf(row->why, sizeof row->why,
				 "one differs, by less than the %.3g %% that matter",
				 row->min_effect * 100);
		row->n_odd = 0;
		return;
	}
	row->verdict = ALIKE_ODD;
	while (row->n_odd > 1 &&
	       fabs(log(row->odd[row->n_odd - 1].ratio)) <= log1p(row->min_effect))
		row->n_odd--;
}

static int correct(struct alike *a)
{
	double *p = calloc(a->n + 1, sizeof *p);
	int r = p ? 0 : -ENOMEM;

	for (int m = 0; r == 0 && m < METRICS; m++) {
		size_t n = 0;

		for (size_t i = 0; i < a->n; i++)
			if (a->rows[i].metric == (enum metric)m && !isnan(a->rows[i].p))
				p[n++] = a->rows[i].p;
		r = bh_adjust(p, n, p);
		n = 0;
		for (size_t i = 0; r == 0 && i < a->n; i++) {
			if (a->rows[i].metric != (enum metric)m || isnan(a->rows[i].p))
				continue;
			a->rows[i].p_adjusted = p[n++];
			decide(&a->rows[i]);
		}
	}
	free(p);
	return r;
}

static void count(struct alike *a)
{
	a->odd_host = SIZE_MAX;
	for (size_t i = 0; i < a->n; i++) {
		const struct alike_row *row = &a->rows[i];

		a->by[row->verdict]++;
		for (size_t k = 0; k < row->n_odd; k++) {
			a->n_odd[row->odd[k].host]++;
			a->n_worse[row->odd[k].host] += row->odd[k].is_worse;
		}
	}
	for (size_t i = 0; i < a->n_hosts; i++)
		if (a->n_odd[i] && (a->odd_host == SIZE_MAX || a->n_odd[i] > a->n_odd[a->odd_host]))
			a->odd_host = i;
}

/* ---- all of it ---- */

/* How many hosts were measured as this one was. */
static size_t n_like(const struct looking *l, size_t host)
{
	char why[160];
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += !run_figures_refused(l->hosts[host].runs[0], l->hosts[i].runs[0], why);
	return n;
}

static void leave_out(struct looking *l)
{
	size_t usual = 0;
	char why[160];

	for (size_t i = 1; i < l->n; i++)
		if (n_like(l, i) > n_like(l, usual))
			usual = i;
	for (size_t i = 0; i < l->n; i++)
		if (run_figures_refused(l->hosts[i].runs[0], l->hosts[usual].runs[0], why))
			snprintf(l->a->left_out[i], sizeof *l->a->left_out, "%s", why);
}

int alike_of(const struct alike_host *hosts, size_t n, const struct min_effects *e,
	     struct alike *ret, struct bl_err *err)
{
	struct alike a = {.n_hosts = n};
	struct looking l = {
		.hosts = hosts, .n = n, .effects = e ? e : &min_effects_default, .a = &a};
	int r;

	if (n < 2)
		return bl_fail(err, -EINVAL, "%zu host%s; two are the least to compare", n,
			       n == 1 ? "" : "s");
	l.points = calloc(n, sizeof *l.points);
	l.scratch = calloc(n, sizeof *l.scratch);
	a.n_odd = calloc(n, sizeof *a.n_odd);
	a.n_worse = calloc(n, sizeof *a.n_worse);
	a.left_out = calloc(n, sizeof *a.left_out);
	r = l.points && l.scratch && a.n_odd && a.n_worse && a.left_out ? 0 : -ENOMEM;
	if (r == 0) {
		leave_out(&l);
		r = add_rows(&l);
	}
	if (r == 0)
		r = correct(&a);
	if (r == 0)
		r = alike_add_facts(hosts, n, &a);
	free(l.points);
	free(l.scratch);
	if (r < 0) {
		alike_done(&a);
		return bl_fail(err, r, "out of memory");
	}
	count(&a);
	*ret = a;
	return 0;
}

void alike_done(struct alike *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->rows[i].values);
	free(a->rows);
	free(a->facts);
	free(a->n_odd);
	free(a->n_worse);
	free(a->left_out);
	memset(a, 0, sizeof *a);
}
