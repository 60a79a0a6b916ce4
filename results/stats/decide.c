#include "decide.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "forecast.h"
#include "mann_whitney.h"
#include "moderate.h"
#include "rank.h"

const char *const verdict_names[VERDICTS] = {
	[VERDICT_CANNOT_TELL] = "cannot tell",
	[VERDICT_BETTER] = "better",
	[VERDICT_WORSE] = "worse",
	[VERDICT_SAME] = "same",
};

/* The two intervals that decide. */
struct found {
	struct rank_interval i95, i90;
	const char *counted, *least; /* "pairs"; "six are the least" */
};

static void judge(struct comparison *c, const struct found *f)
{
	double matters = log1p(c->min_effect), pct = c->min_effect * 100;

	if (f->i95.lo > matters || f->i95.hi < -matters) {
		bool is_more = f->i95.lo > 0;

		snprintf(c->why, sizeof c->why, "the interval lies beyond %+.3g %%",
			 is_more ? pct : -pct);
		c->verdict = is_more == c->is_more_better ? VERDICT_BETTER : VERDICT_WORSE;
		return;
	}
	if (f->i90.lo > -matters && f->i90.hi < matters) {
		snprintf(c->why, sizeof c->why, "the 90 %% interval lies within %.3g %%", pct);
		c->verdict = VERDICT_SAME;
		return;
	}
	if (f->i95.lo > 0 || f->i95.hi < 0)
		snprintf(c->why, sizeof c->why,
			 "it differs, but perhaps by less than the %.3g %% that matter", pct);
	else
		snprintf(c->why, sizeof c->why,
			 "%zu %s leave room for no change and for more than %.3g %%", c->n_pairs,
			 f->counted, pct);
	c->verdict = VERDICT_CANNOT_TELL;
}

/* Yuen's figures, and p. */
static void add_trimmed(struct comparison *c)
{
	double lo, hi;

	c->p = moderated_p(&c->yuen, NULL, log1p(c->min_effect));
	if (!yuen_interval(&c->yuen, 0.05, &lo, &hi))
		return;
	c->trimmed = exp(c->yuen.mean);
	c->trimmed_lo = exp(lo);
	c->trimmed_hi = exp(hi);
	c->sd = sqrt(c->yuen.var * (double)c->yuen.n);
}

static void fill(struct comparison *c, const struct found *f)
{
	c->ratio = exp(f->i95.estimate);
	add_trimmed(c);
	if (!f->i95.is_known) {
		snprintf(c->why, sizeof c->why, "%zu %.*s; %s for a 95 %% interval", c->n_pairs,
			 (int)strlen(f->counted) - (c->n_pairs == 1), f->counted, f->least);
	} else {
		c->has_interval = true;
		c->lo = exp(f->i95.lo);
		c->hi = exp(f->i95.hi);
		judge(c, f);
	}
	if (c->verdict == VERDICT_CANNOT_TELL)
		c->more = comparison_more(c, 0.05);
}

size_t comparison_more(const struct comparison *c, double alpha)
{
	size_t least = c->is_unpaired ? COMPARED_VALUES_LEAST : COMPARED_PAIRS_LEAST;

	return forecast_more(log(c->ratio), c->sd, c->n_pairs, least, log1p(c->min_effect), alpha);
}

struct comparison compare_nothing(double min_effect, const char *why)
{
	struct comparison c = {.min_effect = min_effect,
			       .p = NAN,
			       .p_rank = NAN,
			       .p_adjusted = NAN,
			       .trimmed = NAN,
			       .trimmed_lo = NAN,
			       .trimmed_hi = NAN};

	snprintf(c.why, sizeof c.why, "%s", why);
	return c;
}

void comparison_refuse(struct comparison *c, const char *why)
{
	c->verdict = VERDICT_CANNOT_TELL;
	c->p = c->p_rank = c->p_adjusted = NAN;
	c->family = 0;
	c->more = 0;
	snprintf(c->why, sizeof c->why, "%s", why);
}

static struct comparison begin(size_t n, double min_effect, bool more_is_better)
{
	struct comparison c = compare_nothing(min_effect, "");

	c.n_pairs = n;
	c.is_more_better = more_is_better;
	return c;
}

static const char six[] = "six are the least";

struct comparison compare_pairs(const double *d, size_t n, double min_effect, bool more_is_better)
{
	struct comparison c = begin(n, min_effect, more_is_better);
	struct found f = {.counted = "pairs", .least = six};

	assert(n <= RANK_PAIRS_MAX);
	if (!n)
		return compare_nothing(min_effect, "no pairs");
	f.i95 = rank_interval(d, n, 0.05);
	f.i90 = rank_interval(d, n, 0.10);
	c.yuen = yuen_of(d, n);
	c.p_rank = rank_p(d, n, NULL);
	fill(&c, &f);
	return c;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A sorted copy; NULL: no memory. */
static double *sorted(const double *v, size_t n)
{
	double *s = malloc((n ? n : 1) * sizeof *s);

	if (!s)
		return NULL;
	memcpy(s, v, n * sizeof *s);
	qsort(s, n, sizeof *s, by_value);
	return s;
}

int compare_many_pairs(const double *d, size_t n, double min_effect, bool more_is_better,
		       struct comparison *ret)
{
	struct comparison c = begin(n, min_effect, more_is_better);
	struct found f = {.counted = "pairs", .least = six};
	BL_CLEANUP(bl_freep) double *s = NULL;

	if (n <= RANK_PAIRS_MAX) {
		*ret = compare_pairs(d, n, min_effect, more_is_better);
		return 0;
	}
	s = sorted(d, n);
	if (!s)
		return -ENOMEM;
	f.i95 = rank_interval_sorted(s, n, 0.05);
	f.i90 = rank_interval_sorted(s, n, 0.10);
	c.yuen = yuen_of_sorted(s, n);
	c.p_rank = rank_p_by_size(s, n); /* which puts them into another order */
	fill(&c, &f);
	*ret = c;
	return 0;
}

/* 3 values and 5 have an interval (mann_whitney.h), and it is their whole range: too little to
 * decide by. */
static struct rank_interval of_shift(const struct shift *s, size_t n)
{
	return (struct rank_interval){.estimate = s->estimate,
				      .is_known = s->is_known && n >= COMPARED_VALUES_LEAST,
				      .lo = s->lo,
				      .hi = s->hi};
}

static int yuen_of_samples(const double *a, size_t na, const double *b, size_t nb, struct yuen *ret)
{
	BL_CLEANUP(bl_freep) double *sa = sorted(a, na);
	BL_CLEANUP(bl_freep) double *sb = sorted(b, nb);
	struct yuen ya, yb;

	if (!sa || !sb)
		return -ENOMEM;
	ya = yuen_of_sorted(sa, na);
	yb = yuen_of_sorted(sb, nb);
	*ret = yuen_difference(&ya, &yb);
	return 0;
}

int compare_samples(const double *a, size_t na, const double *b, size_t nb, double min_effect,
		    bool more_is_better, struct comparison *ret)
{
	struct comparison c = begin(na < nb ? na : nb, min_effect, more_is_better);
	struct found f = {.counted = "values", .least = "four a side are the least"};
	struct shift s95, s90;
	int r;

	if (!na || !nb) {
		*ret = compare_nothing(min_effect, "no values");
		return 0;
	}
	r = mann_whitney(a, na, b, nb, 0.05, &s95);
	if (r == 0)
		r = mann_whitney(a, na, b, nb, 0.10, &s90);
	if (r == 0)
		r = yuen_of_samples(a, na, b, nb, &c.yuen);
	if (r < 0)
		return r;
	c.is_unpaired = true;
	f.i95 = of_shift(&s95, c.n_pairs);
	f.i90 = of_shift(&s90, c.n_pairs);
	c.p_rank = s95.p;
	fill(&c, &f);
	*ret = c;
	return 0;
}
