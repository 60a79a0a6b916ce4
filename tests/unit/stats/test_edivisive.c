#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "edivisive.h"
#include "failing_alloc.h"
#include "simulated.h"
#include "test_changes.h"

static const double three_levels[] = {.3,   2.4, 1.5,   -.9,   -.5,   99.7,  98.3,
				      99.1, 149, 149.7, 149.5, 149.1, 148.8, 150};

START_TEST(the_energy_statistic_has_its_known_value)
{
	size_t at;
	double q;

	ck_assert_int_eq(energy_split(three_levels, 14, ENERGY_U, 1, &at, &q), 0);
	ck_assert_uint_eq(at, 5);
	ck_assert_double_eq_tol(q, 761.2821428571, 1e-9);
}
END_TEST

START_TEST(both_steps_are_found)
{
	for (enum energy_form form = ENERGY_U; form <= ENERGY_V; form++) {
		struct edivisive_options o = {
			.form = form, .alpha = 0.05, .draws = 999, .least = 2, .seed = 1};
		struct edivisive e;

		ck_assert_int_eq(edivisive_find(three_levels, 14, 1, &o, &e), 0);
		ck_assert_uint_eq(e.n, 2);
		ck_assert_uint_eq(e.items[0].at, 5);
		ck_assert_uint_eq(e.items[1].at, 8);
		edivisive_done(&e);
	}
}
END_TEST

START_TEST(known_answers_at_one_percent)
{
	static const struct {
		size_t before;
		double odd; /* behind those, if not 0 */
		double after;
		size_t n, at[2], n_at;
	} rows[] = {{15, 0, 100, 30, {15}, 1}, {14, 76, 100, 30, {14}, 1}, {15, 0, 50, 30, {0}, 0}};
	struct edivisive_options o = edivisive_default;
	double x[30];
	struct edivisive e;

	for (size_t i = 0; i < rows[_i].n; i++)
		x[i] = i < rows[_i].before ? 50 : rows[_i].after;
	if (rows[_i].odd > 0)
		x[rows[_i].before] = rows[_i].odd;
	o.draws = 100;
	o.least = 1;
	ck_assert_int_eq(edivisive_find(x, rows[_i].n, 1, &o, &e), 0);
	ck_assert_uint_eq(e.n, rows[_i].n_at);
	for (size_t i = 0; i < e.n; i++) {
		ck_assert_uint_eq(e.items[i].at, rows[_i].at[i]);
		ck_assert_double_le(e.items[i].p, 0.01);
	}
	edivisive_done(&e);
}
END_TEST

/* The statistic as it is defined, at every place. */
static double by_definition(const double *x, size_t n, size_t t)
{
	double l = 0, r = 0, c = 0, a = (double)t, b = (double)(n - t);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			double d = fabs(x[i] - x[j]);

			if (i < t && j < t)
				l += d;
			else if (i >= t && j >= t)
				r += d;
			else
				c += d;
		}
	return a * b / (a + b) * (c / (a * b) - l / (a * a) - r / (b * b));
}

START_TEST(moving_sums_are_the_sums)
{
	double x[40], best = -INFINITY, q;
	size_t at, best_at = 0;
	struct rng r;

	rng_seed(&r, 2);
	for (size_t i = 0; i < 40; i++)
		x[i] = draw_gauss(&r) + (i < 17 ? 0 : 1);
	for (size_t t = 1; t < 40; t++)
		if (by_definition(x, 40, t) > best) {
			best = by_definition(x, 40, t);
			best_at = t;
		}
	ck_assert_int_eq(energy_split(x, 40, ENERGY_V, 1, &at, &q), 0);
	ck_assert_uint_eq(at, best_at);
	ck_assert_double_eq_tol(q, best, 1e-9);
}
END_TEST

START_TEST(without_a_change_one_in_a_hundred_has_one)
{
	size_t with = 0, n = SIMULATED_ROUNDS(300);
	struct edivisive_options o = edivisive_default;
	struct rng r;

	rng_seed(&r, 3);
	o.draws = 99;
	for (size_t k = 0; k < n; k++) {
		double x[40];
		struct edivisive e;

		for (size_t i = 0; i < 40; i++)
			x[i] = draw_gauss(&r);
		o.seed = k;
		ck_assert_int_eq(edivisive_find(x, 40, 1, &o, &e), 0);
		with += e.n > 0;
		edivisive_done(&e);
	}
	/* 3 expected of 300; 9 has a chance of 0.4 % */
	printf("no change: e-divisive finds one in %zu of %zu\n", with, n);
	ck_assert_uint_le(with, 9);
}
END_TEST

/* The median stays, the tail goes up: one value sees nothing. */
START_TEST(a_change_of_shape_is_found_in_vectors)
{
	enum { N = 80, D = 3 };
	double x[N * D];
	struct edivisive e;
	struct rng r;

	rng_seed(&r, 4);
	for (size_t i = 0; i < N; i++) {
		x[i * D] = 1000 + draw_gauss(&r);
		x[i * D + 1] = 5 + 0.1 * draw_gauss(&r);
		x[i * D + 2] = 7 + 0.1 * draw_gauss(&r) + (i < 50 ? 0 : 0.3);
	}
	edivisive_standardise(x, N, D);
	ck_assert_int_eq(edivisive_find(x, N, D, &edivisive_default, &e), 0);
	ck_assert_uint_eq(e.n, 1);
	ck_assert_uint_ge(e.items[0].at, 48);
	ck_assert_uint_le(e.items[0].at, 52);
	edivisive_done(&e);
	for (size_t i = 0; i < N; i++)
		x[i] = x[i * D];
	ck_assert_int_eq(edivisive_find(x, N, 1, &edivisive_default, &e), 0);
	ck_assert_uint_eq(e.n, 0);
	edivisive_done(&e);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_answer)
{
	double x[60];
	struct edivisive a, b;
	struct rng r;

	rng_seed(&r, 5);
	for (size_t i = 0; i < 60; i++)
		x[i] = draw_gauss(&r) + (i < 30 ? 0 : 1.1);
	ck_assert_int_eq(edivisive_find(x, 60, 1, &edivisive_default, &a), 0);
	ck_assert_int_eq(edivisive_find(x, 60, 1, &edivisive_default, &b), 0);
	ck_assert_uint_eq(a.n, 1);
	ck_assert_uint_eq(b.n, 1);
	ck_assert_double_eq(a.items[0].p, b.items[0].p);
	ck_assert_double_eq(a.items[0].q, b.items[0].q);
	edivisive_done(&a);
	edivisive_done(&b);
}
END_TEST

START_TEST(few_and_odd_values)
{
	static double many[EDIVISIVE_VALUES_MAX + 1];
	double x[9] = {1, 2, NAN};
	struct edivisive e = {.n = 7};

	ck_assert_int_eq(edivisive_find(x, 3, 1, &edivisive_default, &e), -EDOM);
	ck_assert_int_eq(edivisive_find(many, EDIVISIVE_VALUES_MAX + 1, 1, &edivisive_default, &e),
			 -E2BIG);
	ck_assert_uint_eq(e.n, 7);
	for (size_t n = 0; n <= 7; n++) {
		x[2] = 9;
		ck_assert_int_eq(edivisive_find(x, n, 1, &edivisive_default, &e), 0);
		ck_assert_uint_eq(e.n, 0);
		edivisive_done(&e);
	}
	edivisive_standardise(many, 100, 1);
	ck_assert_double_eq(many[0], 0);
}
END_TEST

START_TEST(memory_may_be_short)
{
	long k = 0;

	for (;; k++) {
		struct edivisive e = {0};
		bool failed;
		int r;

		alloc_fail(k);
		r = edivisive_find(three_levels, 14, 1, &edivisive_default, &e);
		failed = alloc_failed();
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
		edivisive_done(&e);
		if (!failed)
			break;
	}
	ck_assert_int_ge(k, 4);
}
END_TEST

TCase *edivisive_cases(void)
{
	TCase *t = tcase_create("edivisive");

	tcase_add_test(t, the_energy_statistic_has_its_known_value);
	tcase_add_test(t, both_steps_are_found);
	tcase_add_loop_test(t, known_answers_at_one_percent, 0, 3);
	tcase_add_test(t, moving_sums_are_the_sums);
	tcase_add_test(t, without_a_change_one_in_a_hundred_has_one);
	tcase_add_test(t, a_change_of_shape_is_found_in_vectors);
	tcase_add_test(t, the_same_seed_gives_the_same_answer);
	tcase_add_test(t, few_and_odd_values);
	tcase_add_test(t, memory_may_be_short);
	return t;
}
