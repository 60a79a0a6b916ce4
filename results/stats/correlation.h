/* correlation.h - what neighbours in a series have in common, and what that does to a mean. */
#ifndef CORRELATION_H
#define CORRELATION_H

#include <stddef.h>

/* Sums over one series or several; zeroed at first. */
struct lag1 {
	double both, all; /* products of neighbours' deviations; squares of all */
};
/* Add @y[n], its deviations from @about. */
void lag1_add(struct lag1 *l, const double *y, size_t n, double about);
/* The autocorrelation r1; 0 when all values are equal. */
double lag1_of(const struct lag1 *l);
/* r1 of one series, about its mean. */
double lag1_of_values(const double *y, size_t n);

/* r1 of @n values where it is more than chance makes of independent ones, either way (beyond
 * 2 / sqrt(n), from ten values on); else NAN. */
double lag1_beyond_chance(const struct lag1 *l, size_t n);
/* By how much more the variance of their mean is (ar1_inflation); 1 for NAN, and for values that
 * alternate: that these tell more is not relied on. */
double lag1_inflation(double r1);

/* r1 of @n values less the bias that it has in short series, (1 + 3 r1) / n (Marriott & Pope 1954,
 * Kendall 1954), within 0 and @most: negative ones are taken for none. */
double lag1_unbiased(double r1, size_t n, double most);
/* By how much more the variance of a mean is than of independent values: AR(1), @phi below 1. */
double ar1_inflation(double phi);

#endif
