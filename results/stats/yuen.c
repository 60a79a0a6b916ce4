#include "yuen.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "student.h"

#define TRIMMED 0.2 /* of the values, at either end */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct yuen yuen_of_sorted(const double *sorted, size_t n)
{
	struct yuen y = {.is_known = n >= 4, .n = n};
	size_t g = (size_t)(TRIMMED * (double)n);
	double mean = 0, ss = 0;

	if (!y.is_known)
		return y;
	g = g ? g : 1;
	y.h = n - 2 * g;
	for (size_t i = g; i < n - g; i++)
		y.mean += sorted[i] / (double)y.h;
	/* winsorised: what was cut off counts as the nearest that was not */
	for (size_t i = 0; i < n; i++)
		mean += sorted[i < g ? g : i >= n - g ? n - g - 1 : i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		double d = sorted[i < g ? g : i >= n - g ? n - g - 1 : i] - mean;

		ss += d * d;
	}
	y.df = (double)(y.h - 1);
	y.var = ss / ((double)y.h * y.df);
	return y;
}

struct yuen yuen_of(const double *d, size_t n)
{
	double sorted[YUEN_MAX];

	assert(n <= YUEN_MAX);
	memcpy(sorted, d, n * sizeof *d);
	qsort(sorted, n, sizeof *sorted, by_value);
	return yuen_of_sorted(sorted, n);
}

struct yuen yuen_difference(const struct yuen *a, const struct yuen *b)
{
	struct yuen y = {.is_known = a->is_known && b->is_known, .n = a->n < b->n ? a->n : b->n};

	if (!y.is_known)
		return y;
	y.h = a->h < b->h ? a->h : b->h;
	y.mean = b->mean - a->mean;
	y.var = a->var + b->var;
	/* Welch and Satterthwaite; both without variance: any will do */
	y.df = y.var > 0 ? y.var * y.var / (a->var * a->var / a->df + b->var * b->var / b->df)
			 : a->df + b->df;
	return y;
}

bool yuen_interval(const struct yuen *y, double alpha, double *lo, double *hi)
{
	double w;

	if (!y->is_known)
		return false;
	w = student_quantile(1 - alpha / 2, y->df) * sqrt(y->var);
	*lo = y->mean - w;
	*hi = y->mean + w;
	return true;
}
