/* yuen.h - the location of few values of which some may be far off: a fifth of them is cut off at
 * either end, and the variance of what is left is that of the winsorised values.
 *
 * Source: Yuen, The two-sample trimmed t for unequal population variances, Biometrika 61 (1974).
 * Assumes: values independent; their distribution's centre is meant, whatever the tails are.
 */
#ifndef YUEN_H
#define YUEN_H

#include <stdbool.h>
#include <stddef.h>

struct yuen {
	bool is_known; /* n >= 4 */
	size_t n, h;   /* values; those that are left */
	double mean, var /* of the mean */, df;
};
#define YUEN_MAX 64

/* @n at most YUEN_MAX. */
struct yuen yuen_of(const double *d, size_t n);
/* The same of any number in ascending order. */
struct yuen yuen_of_sorted(const double *sorted, size_t n);
/* b less a, with Welch's degrees of freedom; known when both are. */
struct yuen yuen_difference(const struct yuen *a, const struct yuen *b);
/* Coverage 1 - @alpha. false: not known, nothing written. */
bool yuen_interval(const struct yuen *y, double alpha, double *lo, double *hi);

#endif
