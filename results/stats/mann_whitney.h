/* mann_whitney.h - how far apart two samples lie that are not pairs, by ranks.
 *
 * Hodges and Lehmann's estimate of the shift and the interval of the Mann-Whitney test. Assumes:
 * independent values, and two distributions of the same shape.
 * Source: Hollander & Wolfe, Nonparametric Statistical Methods, 4.1 to 4.3.
 */
#ifndef MANN_WHITNEY_H
#define MANN_WHITNEY_H

#include <stdbool.h>
#include <stddef.h>

#define MANN_WHITNEY_EXACT 50 /* values a side; beyond, the normal approximation */

struct shift {
	double estimate; /* median of all b_j - a_i */
	double u;        /* pairs with b_j > a_i, ties counted half */
	double p;        /* two-sided, of "no shift": exact conditional on ties, or normal */
	bool is_known;   /* of lo and hi: not with too few values (3 and 3 at 95 %) */
	double lo, hi;   /* coverage >= 1 - alpha */
};
/* @na, @nb at least 1. -ENOMEM. */
int mann_whitney(const double *a, size_t na, const double *b, size_t nb, double alpha,
		 struct shift *ret);

#endif
