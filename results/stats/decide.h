/* decide.h - one comparison, and what may be said of it.
 *
 * Everything is on the log scale: what differs by a factor of the same size in either direction
 * differs by as much. The estimate is Hodges and Lehmann's with its exact interval (pairs:
 * Wilcoxon's signed ranks, rank.h; samples that are not pairs: Mann and Whitney's, mann_whitney.h);
 * Yuen's trimmed t (yuen.h) stands beside it and gives p.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include <stddef.h>

#include "metric.h"
#include "yuen.h"

enum verdict { VERDICT_CANNOT_TELL, VERDICT_BETTER, VERDICT_WORSE, VERDICT_SAME, VERDICTS };
extern const char *const verdict_names[VERDICTS]; /* "cannot tell", "better", "worse", "same" */

/* B against A. With d = min_effect, on the log scale:
 *   better, worse: the 95 % interval lies wholly beyond the effect that matters, 1 + d;
 *   same: the 90 % interval lies wholly within it (two one-sided tests at 5 %);
 *   else cannot tell, and why says whether it differs at all.
 * Below six pairs no such interval exists, and below four values a side none is taken: has_interval
 * false, verdict "cannot tell". */
#define COMPARED_PAIRS_LEAST  6
#define COMPARED_VALUES_LEAST 4 /* a side */
struct comparison {
	size_t n_pairs; /* of samples that are not pairs: the smaller one's values */
	bool is_unpaired;
	double ratio; /* B / A; 0 when n_pairs is 0 */
	bool has_interval;
	double lo, hi;     /* of the ratio, 95 % */
	double lo90, hi90; /* the same, 90 %: what "same" is judged by */
	double min_effect; /* ratio - 1 that matters, e.g. 0.05 for p99 */
	bool is_floor; /* it is what the lab's own noise makes (floors.h), more than was asked */
	enum verdict verdict;
	bool is_thin;  /* a percentile with too few samples beyond it to be judged */
	char why[160]; /* "3 pairs; six are the least for a 95 % interval" */

	/* H0: |log ratio| <= ln(1 + min_effect), by Yuen's t; NAN: none. In a family (family.h)
	 * with the variance that its members share. */
	double p;
	double p_rank;     /* H0: no difference at all, by the ranks of the interval; NAN: none */
	double p_adjusted; /* for all comparisons of its family; NAN: it is in none */
	size_t family;     /* how many it was corrected for; 0: none */
	double trimmed, trimmed_lo, trimmed_hi; /* Yuen's ratio and 95 % interval; NAN: none */
	/* Cannot tell: how many more pairs (or values a side) would probably tell. 0: not known,
	 * or it can tell; FORECAST_MANY: more than 30. */
	size_t more;

	bool is_more_better; /* of the metric */
	struct yuen yuen;    /* of the log ratios */
	double sd;           /* of one log ratio, robust; 0: not known */
};

/* @d[n]: ln B - ln A of each pair; n at most RANK_PAIRS_MAX. */
struct comparison compare_pairs(const double *d, size_t n, double min_effect, bool more_is_better);
/* The same of any number: beyond RANK_PAIRS_MAX ranks by their normal approximation. -ENOMEM. */
int compare_many_pairs(const double *d, size_t n, double min_effect, bool more_is_better,
		       struct comparison *ret);
/* Logs that are not pairs. -ENOMEM. */
int compare_samples(const double *a, size_t na, const double *b, size_t nb, double min_effect,
		    bool more_is_better, struct comparison *ret);
/* The bound of what matters on the side of @ratio, in percent: with d of 25 % +25 or -20, which is
 * as far. */
double comparison_bound_pct(const struct comparison *c, double ratio);
/* Nothing to compare: @why. */
struct comparison compare_nothing(double min_effect, const char *why);
/* How many more pairs, or values a side, would probably tell (forecast.h) by an interval of
 * @alpha. */
size_t comparison_more(const struct comparison *c, double alpha);
/* Values that are like those before them tell less than as many independent ones: all variances are
 * @inflation times as large (correlation.h), intervals and p as wide, and the verdict is made anew.
 * 1: nothing changes. */
void comparison_widen(struct comparison *c, double inflation);
/* It has figures and may decide nothing: @why. */
void comparison_refuse(struct comparison *c, const char *why);

#endif
