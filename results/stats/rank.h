/* rank.h - the location of paired differences, by ranks.
 *
 * Hodges-Lehmann estimate and the interval of the Wilcoxon signed-rank test, exact at any n.
 * Assumes: differences independent between pairs and symmetric about their centre.
 * Source: Hollander & Wolfe, Nonparametric Statistical Methods, 3.1 to 3.3.
 */
#ifndef RANK_H
#define RANK_H

#include <stdbool.h>
#include <stddef.h>

#define RANK_PAIRS_MAX 64

/* How many of the smallest (and of the largest) Walsh averages lie outside the interval of
 * coverage >= 1 - @alpha: the largest k with P(T+ <= k) <= alpha / 2. -1: there is none with
 * so few pairs (n <= 5 at 95 %). @n in 1..RANK_PAIRS_MAX. */
int rank_k(size_t n, double alpha);

struct rank_interval {
	double estimate; /* median of the Walsh averages (d_i + d_j) / 2, i <= j */
	bool is_known;   /* of lo and hi */
	double lo, hi;
};
/* @n in 1..RANK_PAIRS_MAX. */
struct rank_interval rank_interval(const double *d, size_t n, double alpha);

/* The same of any number in ascending order: beyond RANK_PAIRS_MAX with the normal approximation of
 * the sum of ranks. */
struct rank_interval rank_interval_sorted(const double *sorted, size_t n, double alpha);

/* Exact two-sided p of "the centre is 0", conditional on ties (midranks); zeros are left out, as
 * Wilcoxon did. 1 when all are zero. *ret_w (may be NULL): the sum of positive ranks. */
double rank_p(const double *d, size_t n, double *ret_w);
/* The same of any number by the normal approximation, corrected for ties; reorders @d. */
double rank_p_by_size(double *d, size_t n);

#endif
