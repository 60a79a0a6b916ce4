#include "mann_whitney.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "student.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Both samples together in ascending order: of each value its rank, doubled so that the midranks of
 * ties are whole. */
struct ranked {
	double value;
	bool is_b;
	uint32_t rank2;
};

static int by_ranked(const void *a, const void *b)
{
	return by_value(&((const struct ranked *)a)->value, &((const struct ranked *)b)->value);
}

/* Returns the sum of t^3 - t over groups of t ties. */
static double rank_all(struct ranked *r, size_t n)
{
	double ties = 0;

	qsort(r, n, sizeof *r, by_ranked);
	for (size_t i = 0, j; i < n; i = j) {
		double t;

		for (j = i + 1; j < n && r[j].value == r[i].value;)
			j++;
		for (size_t k = i; k < j; k++)
			r[k].rank2 = (uint32_t)(i + 1 + j);
		t = (double)(j - i);
		ties += t * t * t - t;
	}
	return ties;
}

/* *ret[s]: how many choices of @m of the @n ranks have the doubled sum s, by size of the choice and
 * sum. Doubles, which 1e29 choices of 50 of 100 need. */
static int sums_of(const struct ranked *r, size_t n, size_t m, double **ret, size_t *ret_n)
{
	size_t most = 0, row;
	double *p;

	for (size_t i = n - m; i < n; i++)
		most += r[i].rank2;
	row = most + 1;
	p = calloc((m + 1) * row, sizeof *p);
	if (!p)
		return -ENOMEM;
	p[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1 < m ? i + 1 : m; k > 0; k--)
			for (size_t s = most + 1; s-- > r[i].rank2;)
				p[k * row + s] += p[(k - 1) * row + s - r[i].rank2];
	memmove(p, p + m * row, row * sizeof *p);
	*ret = p;
	*ret_n = row;
	return 0;
}

static double total(const double *p, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += p[i];
	return sum;
}

/* Both tails alike: twice the smaller one. */
static int exact_p(const struct ranked *r, size_t n, size_t nb, size_t sum2, double *ret)
{
	BL_CLEANUP(bl_freep) double *p = NULL;
	size_t len;
	double all, below, above;
	int e = sums_of(r, n, nb, &p, &len);

	if (e < 0)
		return e;
	all = total(p, len);
	below = total(p, sum2 + 1) / all;
	above = total(p + sum2, len - sum2) / all;
	*ret = fmin(1, 2 * fmin(below, above));
	return 0;
}

static double normal_p(double u, double na, double nb, double ties)
{
	double n = na + nb, var = na * nb / 12 * (n + 1 - ties / (n * (n - 1)));
	double z = fmax(0, fabs(u - na * nb / 2) - 0.5) / sqrt(var);

	return var > 0 ? student_p2(z, INFINITY) : 1;
}

/* ---- the interval ---- */

/* How many smallest differences lie outside: the largest k with P(U <= k) <= alpha / 2, without
 * ties; -1: none. */
static int exact_k(size_t na, size_t nb, double alpha, double *ret_k)
{
	BL_CLEANUP(bl_freep) double *p = NULL;
	BL_CLEANUP(bl_freep) struct ranked *r = calloc(na + nb, sizeof *r);
	size_t len, least = nb * (nb + 1); /* doubled sum of the lowest ranks */
	double all, sum = 0;
	int e;

	for (size_t i = 0; r && i < na + nb; i++)
		r[i].rank2 = (uint32_t)(2 * (i + 1));
	e = r ? sums_of(r, na + nb, nb, &p, &len) : -ENOMEM;
	if (e < 0)
		return e;
	all = total(p, len);
	*ret_k = -1;
	for (size_t s = least; s < len && (sum += p[s] / all) <= alpha / 2; s += 2)
		*ret_k = (double)((s - least) / 2);
	return 0;
}

static double normal_k(double na, double nb, double alpha)
{
	double z = student_quantile(1 - alpha / 2, INFINITY);

	return floor(na * nb / 2 - z * sqrt(na * nb * (na + nb + 1) / 12) - 0.5);
}

/* How many b_j - a_i are at most @x; both ascending. */
static double n_up_to(const double *a, size_t na, const double *b, size_t nb, double x)
{
	double n = 0;
	size_t j = 0;

	for (size_t i = 0; i < na; i++) {
		while (j < nb && b[j] - a[i] <= x)
			j++;
		n += (double)j;
	}
	return n;
}

/* The difference with @k smaller or equal ones before it (from 0): bisection over values, and then
 * the difference that lies there, so that no list of all of them is needed. */
static double kth_difference(const double *a, size_t na, const double *b, size_t nb, double k)
{
	double lo = b[0] - a[na - 1], hi = b[nb - 1] - a[0];

	if (n_up_to(a, na, b, nb, lo) > k)
		return lo;
	for (int i = 0; i < 2000; i++) {
		double mid = lo + (hi - lo) / 2;

		if (mid <= lo || mid >= hi)
			break;
		if (n_up_to(a, na, b, nb, mid) > k)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

static int fill_interval(const double *a, size_t na, const double *b, size_t nb, double alpha,
			 struct shift *s)
{
	double m = (double)na * (double)nb, k = normal_k((double)na, (double)nb, alpha);
	int e = 0;

	if (na <= MANN_WHITNEY_EXACT && nb <= MANN_WHITNEY_EXACT)
		e = exact_k(na, nb, alpha, &k);
	if (e < 0)
		return e;
	s->estimate = (kth_difference(a, na, b, nb, floor((m - 1) / 2)) +
		       kth_difference(a, na, b, nb, floor(m / 2))) /
		      2;
	s->is_known = k >= 0;
	s->lo = s->is_known ? kth_difference(a, na, b, nb, k) : 0;
	s->hi = s->is_known ? kth_difference(a, na, b, nb, m - 1 - k) : 0;
	return 0;
}

int mann_whitney(const double *a, size_t na, const double *b, size_t nb, double alpha,
		 struct shift *ret)
{
	BL_CLEANUP(bl_freep) struct ranked *r = calloc(na + nb, sizeof *r);
	BL_CLEANUP(bl_freep) double *sorted = malloc((na + nb) * sizeof *sorted);
	struct shift s = {0};
	size_t sum2 = 0;
	double ties;
	int e = 0;

	if (!r || !sorted)
		return -ENOMEM;
	for (size_t i = 0; i < na + nb; i++)
		r[i] = (struct ranked){.value = i < na ? a[i] : b[i - na], .is_b = i >= na};
	ties = rank_all(r, na + nb);
	for (size_t i = 0; i < na + nb; i++)
		sum2 += r[i].is_b ? r[i].rank2 : 0;
	s.u = (double)sum2 / 2 - (double)nb * (double)(nb + 1) / 2;
	if (na <= MANN_WHITNEY_EXACT && nb <= MANN_WHITNEY_EXACT)
		e = exact_p(r, na + nb, nb, sum2, &s.p);
	else
		s.p = normal_p(s.u, (double)na, (double)nb, ties);
	if (e < 0)
		return e;
	memcpy(sorted, a, na * sizeof *a);
	memcpy(sorted + na, b, nb * sizeof *b);
	qsort(sorted, na, sizeof *sorted, by_value);
	qsort(sorted + na, nb, sizeof *sorted, by_value);
	e = fill_interval(sorted, na, sorted + na, nb, alpha, &s);
	if (e == 0)
		*ret = s;
	return e;
}
