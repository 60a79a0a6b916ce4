/* Against published values, closed forms, and by brute force. */
#include <math.h>
#include <stdlib.h>

#include "made_data.h"
#include "rank.h"

/* Hollander & Wolfe, table A.4 (and the lab's own study for n = 30). */
static const struct {
	size_t n;
	int k;
} k95[] = {{1, -1}, {5, -1},  {6, 0},   {7, 2},   {8, 3},   {9, 5},
	   {10, 8}, {15, 25}, {20, 52}, {25, 89}, {30, 137}};

START_TEST(k_at_95_percent_is_that_of_the_tables)
{
	ck_assert_int_eq(rank_k(k95[_i].n, 0.05), k95[_i].k);
}
END_TEST

/* All 2^n sign patterns counted one by one. */
START_TEST(k_equals_brute_force)
{
	size_t n = (size_t)_i, m = n * (n + 1) / 2;
	unsigned *count = calloc(m + 1, sizeof *count), below = 0;
	int k = -1;

	for (unsigned pattern = 0; pattern < 1u << n; pattern++) {
		unsigned sum = 0;

		for (unsigned i = 0; i < n; i++)
			sum += pattern >> i & 1 ? i + 1 : 0;
		count[sum]++;
	}
	while ((size_t)(k + 1) <= m && (below += count[k + 1]) <= 0.025 * (1u << n))
		k++;
	ck_assert_int_eq(rank_k(n, 0.05), k);
	free(count);
}
END_TEST

/* Hollander & Wolfe, example 3.1: depression scores of nine patients. */
static const double x[] = {1.83, .50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
static const double y[] = {.878, .647, .598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};

START_TEST(the_depression_pairs_give_the_published_figures)
{
	struct rank_interval r;
	double d[9], w;

	for (int i = 0; i < 9; i++)
		d[i] = x[i] - y[i];
	ck_assert_double_eq_tol(rank_p(d, 9, &w), 0.0390625, 1e-15);
	ck_assert_double_eq(w, 40);
	r = rank_interval(d, 9, 0.05);
	ck_assert(r.is_known);
	ck_assert_double_eq_tol(r.estimate, 0.46, 1e-9);
	ck_assert_double_eq_tol(r.lo, 0.010, 1e-9);
	ck_assert_double_eq_tol(r.hi, 0.786, 1e-9);
}
END_TEST

/* All differences on one side: p = 2 / 2^n. */
START_TEST(the_smallest_p_is_the_closed_form)
{
	double d[RANK_PAIRS_MAX];

	for (int i = 0; i < _i; i++)
		d[i] = 1 + i;
	ck_assert_double_eq_tol(rank_p(d, (size_t)_i, NULL), ldexp(2, -_i), 1e-18);
}
END_TEST

/* Ties: |d| = 1 1 2 has ranks 1.5 1.5 3; T+ = 4.5 of 6 with d = -1 1 2. Of the eight patterns the
 * sums are 0 1.5 1.5 3 3 4.5 4.5 6: P(T+ <= 1.5) = 3/8. */
START_TEST(ties_share_their_ranks)
{
	static const double d[] = {-1, 1, 2};
	double w;

	ck_assert_double_eq_tol(rank_p(d, 3, &w), 0.75, 1e-15);
	ck_assert_double_eq(w, 4.5);
}
END_TEST

START_TEST(no_difference_at_all_is_no_evidence)
{
	static const double d[6] = {0};
	struct rank_interval r = rank_interval(d, 6, 0.05);

	ck_assert_double_eq(rank_p(d, 6, NULL), 1);
	ck_assert_double_eq(r.estimate, 0);
	ck_assert_double_eq(r.lo, 0);
	ck_assert_double_eq(r.hi, 0);
}
END_TEST

START_TEST(the_interval_contains_its_estimate_and_moves_with_the_data)
{
	double d[RANK_PAIRS_MAX], moved[RANK_PAIRS_MAX], mirrored[RANK_PAIRS_MAX];
	uint64_t seed = (uint64_t)_i;

	for (size_t n = 1; n <= RANK_PAIRS_MAX; n++) {
		struct rank_interval a, b, c;

		for (size_t i = 0; i < n; i++) {
			d[i] = draw_normal(&seed);
			moved[i] = d[i] + 10;
			mirrored[i] = -d[i];
		}
		a = rank_interval(d, n, 0.05);
		b = rank_interval(moved, n, 0.05);
		c = rank_interval(mirrored, n, 0.05);
		ck_assert_int_eq(a.is_known, n >= 6);
		ck_assert_double_eq_tol(b.estimate, a.estimate + 10, 1e-12);
		ck_assert_double_eq_tol(c.estimate, -a.estimate, 1e-12);
		if (!a.is_known)
			continue;
		ck_assert(a.lo <= a.estimate && a.estimate <= a.hi);
		ck_assert_double_eq_tol(b.lo, a.lo + 10, 1e-12);
		ck_assert_double_eq_tol(c.lo, -a.hi, 1e-12);
		/* duality: the test rejects 0 exactly when the interval excludes it */
		ck_assert_int_eq(rank_p(d, n, NULL) <= 0.05, a.lo > 0 || a.hi < 0);
	}
}
END_TEST

/* Nominal 95 %; at n = 10 the exact level is 95.1 %. 4000 draws: a standard error of 0.34 %. */
START_TEST(the_interval_covers_the_truth_as_often_as_it_says)
{
	uint64_t seed = 20;
	int covered = 0;
	double d[10];

	for (int round = 0; round < 4000; round++) {
		struct rank_interval r;

		for (int i = 0; i < 10; i++)
			d[i] = draw_normal(&seed);
		r = rank_interval(d, 10, 0.05);
		covered += r.lo <= 0 && r.hi >= 0;
	}
	ck_assert_int_ge(covered, 3760);
	ck_assert_int_le(covered, 3920);
}
END_TEST

TCase *rank_cases(void)
{
	TCase *t = tcase_create("rank");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, k_at_95_percent_is_that_of_the_tables, 0,
			    sizeof k95 / sizeof k95[0]);
	tcase_add_loop_test(t, k_equals_brute_force, 1, 14);
	tcase_add_test(t, the_depression_pairs_give_the_published_figures);
	tcase_add_loop_test(t, the_smallest_p_is_the_closed_form, 2, 41);
	tcase_add_test(t, ties_share_their_ranks);
	tcase_add_test(t, no_difference_at_all_is_no_evidence);
	tcase_add_loop_test(t, the_interval_contains_its_estimate_and_moves_with_the_data, 1, 4);
	tcase_add_test(t, the_interval_covers_the_truth_as_often_as_it_says);
	return t;
}
