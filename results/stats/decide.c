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
#include "student.h"

const char *const verdict_names[VERDICTS] = {
	[VERDICT_CANNOT_TELL] = "cannot tell",
	[VERDICT_BETTER] = "better",
	[VERDICT_WORSE] = "worse",
	[VERDICT_SAME] = "same",
};

static const char *counted(const struct comparison *c)
{
	return c->is_unpaired ? "values" : "pairs";
}

double comparison_bound_pct(const struct comparison *c, double ratio)
{
	double matters = log1p(c->min_effect);

	return expm1(ratio < 1 ? -matters : matters) * 100;
}

static void judge(struct comparison *c)
{
	double matters = log1p(c->min_effect), pct = c->min_effect * 100;

	if (log(c->lo) > matters || log(c->hi) < -matters) {
		bool is_more = c->lo > 1;

		snprintf(c->why, sizeof c->why, "the interval lies beyond %+.3g %%",
			 comparison_bound_pct(c, c->lo));
		c->verdict = is_more == c->is_more_better ? VERDICT_BETTER : VERDICT_WORSE;
		return;
	}
	if (log(c->lo90) > -matters && log(c->hi90) < matters) {
		snprintf(c->why, sizeof c->why, "the 90 %% interval lies within %.3g %%", pct);
		c->verdict = VERDICT_SAME;
		return;
	}
	if (c->lo > 1 || c->hi < 1)
		snprintf(c->why, sizeof c->why,
			 "it differs, but perhaps by less than the %.3g %% that matter", pct);
	else
		snprintf(c->why, sizeof c->why,
			 "%zu %s leave room for no change and for more than %.3g %%", c->n_pairs,
			 counted(c), pct);
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

static void conclude(struct comparison *c)
{
	add_trimmed(c);
	if (c->has_interval)
		judge(c);
	else
		snprintf(c->why, sizeof c->why, "%zu %.*s; %s for a 95 %% interval", c->n_pairs,
			 (int)strlen(counted(c)) - (c->n_pairs == 1), counted(c),
			 c->is_unpaired ? "four a side are the least" : "six are the least");
	c->more = c->verdict == VERDICT_CANNOT_TELL ? comparison_more(c, 0.05) : 0;
}

/* What the two intervals say; p_rank, yuen and is_unpaired are there. */
static void fill(struct comparison *c, const struct rank_interval *i95,
		 const struct rank_interval *i90)
{
	c->ratio = exp(i95->estimate);
	c->has_interval = i95->is_known;
	if (c->has_interval) {
		c->lo = exp(i95->lo);
		c->hi = exp(i95->hi);
		c->lo90 = exp(i90->lo);
		c->hi90 = exp(i90->hi);
	}
	conclude(c);
}

size_t comparison_more(const struct comparison *c, double alpha)
{
	size_t least = c->is_unpaired ? COMPARED_VALUES_LEAST : COMPARED_PAIRS_LEAST;

	return forecast_more(log(c->ratio), c->sd, c->n_pairs, least, log1p(c->min_effect), alpha);
}

/* A bound so many times as far from the estimate. */
static double widened(const struct comparison *c, double bound, double times)
{
	return c->ratio * pow(bound / c->ratio, times);
}

void comparison_widen(struct comparison *c, double inflation)
{
	double times = sqrt(inflation);

	if (!c->n_pairs || inflation == 1)
		return;
	c->lo = widened(c, c->lo, times);
	c->hi = widened(c, c->hi, times);
	c->lo90 = widened(c, c->lo90, times);
	c->hi90 = widened(c, c->hi90, times);
	c->yuen.var *= inflation;
	/* the sum of ranks as a normal one of that variance */
	c->p_rank = student_p2(student_quantile(c->p_rank / 2, INFINITY) / times, INFINITY);
	conclude(c);
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
	c->is_thin = false;
	snprintf(c->why, sizeof c->why, "%s", why);
}

static struct comparison begin(size_t n, double min_effect, bool more_is_better)
{
	struct comparison c = compare_nothing(min_effect, "");

	c.n_pairs = n;
	c.is_more_better = more_is_better;
	return c;
}

struct comparison compare_pairs(const double *d, size_t n, double min_effect, bool more_is_better)
{
	struct comparison c = begin(n, min_effect, more_is_better);
	struct rank_interval i95, i90;

	assert(n <= RANK_PAIRS_MAX);
	if (!n)
		return compare_nothing(min_effect, "no pairs");
	i95 = rank_interval(d, n, 0.05);
	i90 = rank_interval(d, n, 0.10);
	c.yuen = yuen_of(d, n);
	c.p_rank = rank_p(d, n, NULL);
	fill(&c, &i95, &i90);
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
	struct rank_interval i95, i90;
	BL_CLEANUP(bl_freep) double *s = NULL;

	if (n <= RANK_PAIRS_MAX) {
		*ret = compare_pairs(d, n, min_effect, more_is_better);
		return 0;
	}
	s = sorted(d, n);
	if (!s)
		return -ENOMEM;
	i95 = rank_interval_sorted(s, n, 0.05);
	i90 = rank_interval_sorted(s, n, 0.10);
	c.yuen = yuen_of_sorted(s, n);
	c.p_rank = rank_p_by_size(s, n); /* which puts them into another order */
	fill(&c, &i95, &i90);
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
	struct rank_interval i95, i90;
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
	i95 = of_shift(&s95, c.n_pairs);
	i90 = of_shift(&s90, c.n_pairs);
	c.p_rank = s95.p;
	fill(&c, &i95, &i90);
	*ret = c;
	return 0;
}
