#include "correlation.h"

#include <math.h>

#define CHANCE_LEAST 10 /* values, below which chance makes anything */

void lag1_add(struct lag1 *l, const double *y, size_t n, double about)
{
	for (size_t i = 0; i < n; i++) {
		l->all += (y[i] - about) * (y[i] - about);
		if (i)
			l->both += (y[i] - about) * (y[i - 1] - about);
	}
}

double lag1_of(const struct lag1 *l)
{
	return l->all > 0 ? l->both / l->all : 0;
}

double lag1_of_values(const double *y, size_t n)
{
	struct lag1 l = {0, 0};
	double mean = 0;

	for (size_t i = 0; i < n; i++)
		mean += y[i] / (double)n;
	lag1_add(&l, y, n, mean);
	return lag1_of(&l);
}

double lag1_beyond_chance(const struct lag1 *l, size_t n)
{
	double r1 = lag1_of(l);

	return n >= CHANCE_LEAST && fabs(r1) > 2 / sqrt((double)n) ? r1 : NAN;
}

double lag1_inflation(double r1)
{
	return r1 > 0 ? ar1_inflation(r1) : 1;
}

double lag1_unbiased(double r1, size_t n, double most)
{
	return fmin(fmax(r1 + (1 + 3 * r1) / (double)n, 0), most);
}

double ar1_inflation(double phi)
{
	return (1 + phi) / (1 - phi);
}
