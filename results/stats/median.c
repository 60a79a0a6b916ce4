#include "median.h"

#include <math.h>
#include <stdlib.h>

#define CLIP 2

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

double level_of_values(double *v, size_t n, double sigma)
{
	double middle = median_of_values(v, n), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += fmax(-CLIP * sigma, fmin(CLIP * sigma, v[i] - middle));
	return middle + sum / (double)n;
}
