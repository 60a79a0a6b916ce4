#include "moderate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "median.h"
#include "student.h"

#define FLOOR 1e-5 /* of the median variance */

/* The fit: v ~ s0^2 F(df, d0), by the first two moments of ln v. @e: room for n. */
static struct variance_prior fit(const double *v, const double *df, size_t n, double floor,
				 double *e)
{
	struct variance_prior r = {.is_known = true, .n = n};
	double mean = 0, var = 0, expected = 0;

	for (size_t i = 0; i < n; i++) {
		e[i] = log(fmax(v[i], floor)) - digamma(df[i] / 2) + log(df[i] / 2);
		mean += e[i] / (double)n;
		expected += trigamma(df[i] / 2) / (double)n;
	}
	for (size_t i = 0; i < n; i++)
		var += (e[i] - mean) * (e[i] - mean) / (double)(n - 1);
	if (var <= expected) {
		r.d0 = INFINITY;
		r.s0_sq = exp(mean);
		return r;
	}
	r.d0 = 2 * trigamma_inverse(var - expected);
	r.s0_sq = exp(mean + digamma(r.d0 / 2) - log(r.d0 / 2));
	return r;
}

int variance_prior_fit(const double *v, const double *df, size_t n, struct variance_prior *ret)
{
	BL_CLEANUP(bl_freep) double *room = malloc((n ? n : 1) * sizeof *room);
	size_t n_above = 0;
	double floor;

	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		n_above += v[i] > 0;
	*ret = (struct variance_prior){0};
	if (n_above < PRIOR_LEAST)
		return 0;
	memcpy(room, v, n * sizeof *v);
	floor = FLOOR * median_of_values(room, n);
	/* half of them are 0: then nothing is common to them */
	if (floor > 0)
		*ret = fit(v, df, n, floor, room);
	return 0;
}

double moderated_p(const struct yuen *y, const struct variance_prior *prior, double matters)
{
	double var = y->var, df = y->df, m = fabs(y->mean), se;

	if (!y->is_known)
		return NAN;
	if (prior && prior->is_known && isinf(prior->d0)) {
		var = prior->s0_sq;
		df = INFINITY;
	} else if (prior && prior->is_known) {
		var = (prior->d0 * prior->s0_sq + df * var) / (prior->d0 + df);
		df += prior->d0;
	}
	se = sqrt(var);
	if (se == 0)
		return m > matters ? 0 : 1;
	return fmin(1,
		    student_upper((m - matters) / se, df) + student_upper((m + matters) / se, df));
}
