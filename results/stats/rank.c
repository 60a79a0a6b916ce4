#include "rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "student.h"

#define WALSH_MAX (RANK_PAIRS_MAX * (RANK_PAIRS_MAX + 1) / 2)

int rank_k(size_t n, double alpha)
{
	/* p[s] = P(T+ = s): each rank i is in the sum or not, with equal chance. Probabilities,
	 * not counts: 2^64 would not fit, and halving is exact. */
	double p[WALSH_MAX + 1] = {[0] = 1}, sum = 0;
	size_t m = n * (n + 1) / 2;
	int k = -1;

	for (size_t i = 1; i <= n; i++)
		for (size_t s = m + 1; s-- > 0;)
			p[s] = (p[s] + (s >= i ? p[s - i] : 0)) / 2;
	while ((size_t)(k + 1) <= m && (sum += p[k + 1]) <= alpha / 2)
		k++;
	return k;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct rank_interval rank_interval(const double *d, size_t n, double alpha)
{
	double walsh[WALSH_MAX];
	struct rank_interval r;
	size_t m = 0;
	int k;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			walsh[m++] = (d[i] + d[j]) / 2;
	qsort(walsh, m, sizeof *walsh, by_value);
	k = rank_k(n, alpha);
	r.estimate = (walsh[(m - 1) / 2] + walsh[m / 2]) / 2;
	r.is_known = k >= 0;
	r.lo = r.is_known ? walsh[k] : 0;
	r.hi = r.is_known ? walsh[m - 1 - (size_t)k] : 0;
	return r;
}

/* How many (d_i + d_j) / 2 with i <= j are at most @x; d ascending. */
static double n_walsh_up_to(const double *d, size_t n, double x)
{
	double count = 0;
	size_t j = n;

	for (size_t i = 0; i < n; i++) {
		while (j > i && (d[i] + d[j - 1]) / 2 > x)
			j--;
		if (j <= i)
			break;
		count += (double)(j - i);
	}
	return count;
}

/* The average with @k smaller or equal ones before it (from 0), by bisection over values: a list of
 * all averages of thousands of values would be millions. */
static double kth_walsh(const double *d, size_t n, double k)
{
	double lo = d[0], hi = d[n - 1];

	if (n_walsh_up_to(d, n, lo) > k)
		return lo;
	for (double mid = lo + (hi - lo) / 2; mid > lo && mid < hi; mid = lo + (hi - lo) / 2) {
		if (n_walsh_up_to(d, n, mid) > k)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

struct rank_interval rank_interval_sorted(const double *sorted, size_t n, double alpha)
{
	double x = (double)n, m = x * (x + 1) / 2, k;
	struct rank_interval r = {.is_known = true};

	if (n <= RANK_PAIRS_MAX)
		return rank_interval(sorted, n, alpha);
	k = floor(m / 2 -
		  student_quantile(1 - alpha / 2, INFINITY) * sqrt(x * (x + 1) * (2 * x + 1) / 24) -
		  0.5);
	r.estimate =
		(kth_walsh(sorted, n, floor((m - 1) / 2)) + kth_walsh(sorted, n, floor(m / 2))) / 2;
	r.lo = kth_walsh(sorted, n, k);
	r.hi = kth_walsh(sorted, n, m - 1 - k);
	return r;
}

static int by_size(const void *a, const void *b)
{
	double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

	return (x > y) - (x < y);
}

/* P(T+ <= @most / 2) when each of the doubled ranks is in the sum or not. */
static double chance_up_to(const unsigned *ranks2, size_t n, size_t most)
{
	double p[2 * WALSH_MAX + 1] = {[0] = 1}, sum = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t s = n * (n + 1) + 1; s-- > 0;)
			p[s] = (p[s] + (s >= ranks2[i] ? p[s - ranks2[i]] : 0)) / 2;
	for (size_t s = 0; s <= most; s++)
		sum += p[s];
	return sum;
}

double rank_p(const double *d, size_t n, double *ret_w)
{
	unsigned ranks2[RANK_PAIRS_MAX]; /* doubled, so that midranks are whole */
	size_t m = 0, plus2 = 0, all2 = 0;
	double v[RANK_PAIRS_MAX], p;

	for (size_t i = 0; i < n; i++)
		if (d[i] != 0)
			v[m++] = d[i];
	qsort(v, m, sizeof *v, by_size);
	for (size_t i = 0, j; i < m; i = j) {
		for (j = i + 1; j < m && fabs(v[j]) == fabs(v[i]);)
			j++;
		for (size_t t = i; t < j; t++) {
			ranks2[t] = (unsigned)(i + 1 + j);
			all2 += ranks2[t];
			plus2 += v[t] > 0 ? ranks2[t] : 0;
		}
	}
	if (ret_w)
		*ret_w = (double)plus2 / 2;
	p = 2 * chance_up_to(ranks2, m, plus2 < all2 - plus2 ? plus2 : all2 - plus2);
	return p < 1 ? p : 1;
}

double rank_p_by_size(double *d, size_t n)
{
	double plus = 0, var = 0, expected = 0, z;
	size_t zeros = 0;

	qsort(d, n, sizeof *d, by_size);
	while (zeros < n && d[zeros] == 0)
		zeros++;
	for (size_t i = zeros, j; i < n; i = j) {
		double rank;

		for (j = i + 1; j < n && fabs(d[j]) == fabs(d[i]);)
			j++;
		rank = (double)(i + 1 + j - 2 * zeros) / 2;
		for (size_t t = i; t < j; t++) {
			plus += d[t] > 0 ? rank : 0;
			expected += rank / 2;
			var += rank * rank / 4;
		}
	}
	z = fmax(0, fabs(plus - expected) - 0.5) / sqrt(var);
	return var > 0 ? student_p2(z, INFINITY) : 1;
}
