/* moderate.h - variances of many comparisons, each from few trials, that lend each other strength.
 *
 * The variance of six pairs is itself known badly; that of two hundred cells' pairs together is
 * known well. Each is moved towards the common one as far as all of them agree.
 * Source: Smyth, Linear models and empirical Bayes methods, Stat. Appl. Genet. Mol. Biol. 3 (2004);
 * the test against an effect that matters: McCarthy & Smyth, Bioinformatics 25 (2009).
 */
#ifndef MODERATE_H
#define MODERATE_H

#include <stdbool.h>
#include <stddef.h>

#include "yuen.h"

#define PRIOR_LEAST 20 /* variances, for what they have in common to be known */

struct variance_prior {
	bool is_known;
	double d0; /* degrees of freedom it is worth; INFINITY: all variances are alike */
	double s0_sq;
	size_t n; /* variances it was made from */
};
/* @v[n] with @df[n] degrees of freedom each. Known from PRIOR_LEAST on that are above 0. Variances
 * that are 0 (or below a 1e-5th of their median) count as that, as the source does. -ENOMEM. */
int variance_prior_fit(const double *v, const double *df, size_t n, struct variance_prior *ret);
/* P of the data when the true location is at most @matters away from 0, worst case; 0: the plain
 * two-sided test. @prior NULL or not known: the variance is @y's own. NAN: @y is not known. */
double moderated_p(const struct yuen *y, const struct variance_prior *prior, double matters);

#endif
