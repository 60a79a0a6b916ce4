#include "median.h"

#include <math.h>
#include <stdlib.h>

#define CLIP 2
#define TAIL 0.025

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median_of_values(double *v, size_t n)
{
	if (!n)
		return NAN;
	qsort(v, n, sizeof *v, by_value);
	return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

bool median_interval(size_t n, size_t *ret_lo, size_t *ret_hi, double *ret_level)
{
	/* logarithms: 2^-n of thousands of values is no double */
	double log_p = -(double)n * M_LN2, below = exp(log_p), p;
	size_t k = 0;

	if (below > TAIL)
		return false;
	/* below: P(at most k of n lie under the median) */
	for (;;) {
		log_p += log((double)(n - k) / (double)(k + 1));
		p = exp(log_p);
		if (below + p > TAIL)
			break;
		below += p;
		k++;
	}
	*ret_lo = k + 1;
	*ret_hi = n - k;
	*ret_level = 1 - 2 * below;
	return true;
}

double level_of_values(double *v, size_t n, double sigma)
{
	double middle = median_of_values(v, n), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += fmax(-CLIP * sigma, fmin(CLIP * sigma, v[i] - middle));
	return middle + sum / (double)n;
}
