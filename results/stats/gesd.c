#include "gesd.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cleanup.h"
#include "student.h"

double gesd_critical(size_t n, size_t i, double alpha)
{
	double left = (double)(n - i); /* others than this one */
	double t = student_quantile(1 - alpha / (2 * (left + 1)), left - 1);

	return left * t / sqrt((left - 1 + t * t) * (left + 1));
}

/* The farthest from the mean of those not @is_out; *ret_r: by how many standard deviations. */
static size_t farthest(const double *v, const bool *is_out, size_t n, double *ret_r)
{
	double sum = 0, ss = 0, most = -1, mean;
	size_t m = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_out[i]) {
			sum += v[i];
			m++;
		}
	mean = sum / (double)m;
	for (size_t i = 0; i < n; i++) {
		double off = fabs(v[i] - mean);

		if (is_out[i])
			continue;
		ss += off * off;
		if (off > most) {
			most = off;
			at = i;
		}
	}
	/* what is left of equal values by rounding is no deviation */
	*ret_r = most > 1e-12 * fabs(mean) ? most / sqrt(ss / (double)(m - 1)) : 0;
	return at;
}

int gesd_find(const double *v, size_t n, size_t most, double alpha, size_t *ret_at, size_t *ret_n)
{
	BL_CLEANUP(bl_freep) bool *is_out = calloc(n + 1, sizeof *is_out);
	size_t n_out = 0;

	if (!is_out)
		return -ENOMEM;
	for (size_t i = 1; i <= most && i + 2 <= n; i++) {
		double r;
		size_t at = farthest(v, is_out, n, &r);

		is_out[at] = true;
		ret_at[i - 1] = at;
		/* all up to the last that is too far: one may hide another */
		if (r > gesd_critical(n, i, alpha))
			n_out = i;
	}
	*ret_n = n_out;
	return 0;
}
