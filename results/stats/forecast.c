#include "forecast.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rank.h"
#include "student.h"
#include "yuen.h"

#define PAIRS_MIN 6   /* below, there is no 95 % interval (rank.h) */
#define CHANCE    0.8 /* of telling: "probably" */

/* Whether @n pairs probably leave no doubt: the interval's half width, and so much more that the
 * chance is not one half. */
static bool would_tell(size_t n, double sd, double room, double tail)
{
	double df = (double)(n - 1);
	double t = student_quantile(1 - tail, df) + student_quantile(CHANCE, df);

	return t * sd / sqrt((double)n) <= room;
}

size_t forecast_more(double estimate, double sd, size_t n, double matters, double alpha)
{
	double room = fabs(fabs(estimate) - matters);
	/* within: two one-sided tests, whose interval is narrower */
	double tail = fabs(estimate) > matters ? alpha / 2 : alpha;
	size_t few = n < PAIRS_MIN ? PAIRS_MIN - n : 1, enough = FORECAST_MOST;

	if (!(sd > 0))
		return n < PAIRS_MIN ? few : 0;
	if (!would_tell(n + enough, sd, room, tail))
		return FORECAST_MANY;
	while (few < enough) {
		size_t mid = few + (enough - few) / 2;

		if (would_tell(n + mid, sd, room, tail))
			enough = mid;
		else
			few = mid + 1;
	}
	return enough;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

size_t forecast_pairs(const double *d, size_t n, double matters)
{
	struct yuen y = n ? yuen_of(d, n) : (struct yuen){0};

	if (!n)
		return PAIRS_MIN;
	return forecast_more(rank_interval(d, n, 0.05).estimate,
			     y.is_known ? sqrt(y.var * (double)n) : 0, n, matters, 0.05);
}

bool median_interval(size_t n, size_t *ret_lo, size_t *ret_hi, double *ret_level)
{
	double p = ldexp(1, -(int)n), below = p;
	size_t k = 0;

	if (n < PAIRS_MIN)
		return false;
	/* below: P(at most k of n lie under the median) */
	for (;;) {
		p *= (double)(n - k) / (double)(k + 1);
		if (below + p > 0.025)
			break;
		below += p;
		k++;
	}
	*ret_lo = k + 1;
	*ret_hi = n - k;
	*ret_level = 1 - 2 * below;
	return true;
}

#define DRAWS 200

/* The next size to be tried after @s. */
static size_t next_size(size_t s)
{
	static const size_t sizes[] = {6, 8, 10, 12, 15, 20, 25, 30};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (sizes[i] > s)
			return sizes[i];
	return s / 10 * 10 + 10;
}

/* Whether @s repeats are enough: mean bounds over draws without replacement. Reorders @x. */
static bool is_enough(double *x, size_t n, size_t s, double median, double r, struct rng *rng)
{
	size_t k_lo, k_hi;
	double level, lower = 0, upper = 0, drawn[CONFIRM_MAX];

	if (!median_interval(s, &k_lo, &k_hi, &level))
		return false;
	for (int c = 0; c < DRAWS; c++) {
		for (size_t i = 0; i < s; i++) {
			size_t at = i + (size_t)(rng_unit(rng) * (double)(n - i));
			double v = x[at];

			x[at] = x[i];
			x[i] = v;
		}
		memcpy(drawn, x, s * sizeof *drawn);
		qsort(drawn, s, sizeof *drawn, by_value);
		lower += drawn[k_lo - 1] / DRAWS;
		upper += drawn[k_hi - 1] / DRAWS;
	}
	return upper / median - 1 <= r && 1 - lower / median <= r;
}

size_t confirm_n(const double *x, size_t n, double r, struct rng *rng)
{
	double own[CONFIRM_MAX], median;

	assert(n <= CONFIRM_MAX);
	if (!n)
		return 0;
	memcpy(own, x, n * sizeof *x);
	qsort(own, n, sizeof *own, by_value);
	median = (own[(n - 1) / 2] + own[n / 2]) / 2;
	for (size_t s = next_size(0); s <= n; s = next_size(s))
		if (is_enough(own, n, s, median, r, rng))
			return s;
	return 0;
}
