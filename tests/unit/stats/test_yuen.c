/* Trimmed means by hand, and variances that lend each other strength. */
#include <math.h>
#include <stdlib.h>

#include "made_data.h"
#include "moderate.h"
#include "student.h"
#include "yuen.h"

/* 1 to 10: two are cut off at either end; winsorised 3 3 3 4 5 6 7 8 8 8, whose squares about 5.5
 * sum to 42.5; variance 42.5 / (6 * 5). */
START_TEST(ten_values_by_hand)
{
	static const double d[] = {7, 2, 10, 4, 1, 9, 3, 6, 8, 5};
	struct yuen y = yuen_of(d, 10);
	double lo, hi;

	ck_assert(y.is_known);
	ck_assert_uint_eq(y.n, 10);
	ck_assert_uint_eq(y.h, 6);
	ck_assert_double_eq_tol(y.mean, 5.5, 1e-14);
	ck_assert_double_eq_tol(y.var, 42.5 / 30, 1e-14);
	ck_assert_double_eq(y.df, 5);
	ck_assert(yuen_interval(&y, 0.05, &lo, &hi));
	ck_assert_double_eq_tol(hi - 5.5, 2.5706 * sqrt(42.5 / 30), 1e-4);
	ck_assert_double_eq_tol(lo + hi, 11, 1e-12);
}
END_TEST

/* One is cut off at either end, however few there are. */
START_TEST(one_value_far_off_moves_nothing)
{
	for (size_t n = 4; n < 10; n++) {
		double d[10], far[10];
		struct yuen y, z;

		for (size_t i = 0; i < n; i++)
			far[i] = d[i] = (double)(i * i);
		far[n - 1] = 1e9;
		y = yuen_of(d, n);
		z = yuen_of(far, n);
		ck_assert_double_eq(y.mean, z.mean);
		ck_assert_double_eq(y.var, z.var);
	}
}
END_TEST

START_TEST(three_values_have_no_trimmed_mean)
{
	static const double d[] = {1, 2, 3};
	struct yuen y = yuen_of(d, 3);
	double lo = 7, hi = 8;

	ck_assert(!y.is_known);
	ck_assert(!yuen_interval(&y, 0.05, &lo, &hi));
	ck_assert(lo == 7 && hi == 8);
	ck_assert(isnan(moderated_p(&y, NULL, 0)));
}
END_TEST

START_TEST(the_difference_of_two_samples_has_welchs_degrees_of_freedom)
{
	struct yuen a = {.is_known = true, .n = 6, .h = 4, .mean = 1, .var = 2, .df = 3};
	struct yuen b = {.is_known = true, .n = 9, .h = 7, .mean = 4, .var = 1, .df = 6};
	struct yuen d = yuen_difference(&a, &b);

	ck_assert(d.is_known);
	ck_assert_double_eq(d.mean, 3);
	ck_assert_double_eq(d.var, 3);
	ck_assert_double_eq_tol(d.df, 9 / (4.0 / 3 + 1.0 / 6), 1e-12);
	ck_assert_uint_eq(d.n, 6);
	b.is_known = false;
	ck_assert(!yuen_difference(&a, &b).is_known);
}
END_TEST

/* The moments of ln v that the fit claims are those of the data. */
START_TEST(the_prior_has_the_moments_of_the_variances)
{
	double v[40], df[40], mean = 0, var = 0;
	struct variance_prior p;

	for (int i = 0; i < 40; i++) {
		v[i] = exp(i % 2 ? 3 : -3);
		df[i] = 5;
	}
	ck_assert_int_eq(variance_prior_fit(v, df, 40, &p), 0);
	ck_assert(p.is_known);
	ck_assert_uint_eq(p.n, 40);
	var = 9.0 * 40 / 39;
	ck_assert_double_eq_tol(trigamma(2.5) + trigamma(p.d0 / 2), var, 1e-6);
	mean = log(p.s0_sq) + digamma(2.5) - log(2.5) - digamma(p.d0 / 2) + log(p.d0 / 2);
	ck_assert_double_eq_tol(mean, 0, 1e-9);
}
END_TEST

START_TEST(equal_variances_are_one_variance)
{
	double v[20], df[20];
	struct variance_prior p;
	struct yuen y = {.is_known = true, .n = 6, .h = 4, .mean = 3, .var = 100, .df = 3};

	for (int i = 0; i < 20; i++) {
		v[i] = 2;
		df[i] = 3;
	}
	ck_assert_int_eq(variance_prior_fit(v, df, 19, &p), 0);
	ck_assert(!p.is_known); /* twenty are the least */
	ck_assert_int_eq(variance_prior_fit(v, df, 20, &p), 0);
	ck_assert(isinf(p.d0));
	ck_assert_double_eq_tol(p.s0_sq, 2 / exp(digamma(1.5) - log(1.5)), 1e-12);
	ck_assert_double_eq_tol(moderated_p(&y, &p, 0), student_p2(3 / sqrt(p.s0_sq), INFINITY),
				1e-12);
}
END_TEST

/* Variances drawn as the model has them: s0^2 F(df, d0). */
START_TEST(a_known_prior_is_found_again)
{
	enum { N = 4000, DF = 5, D0 = 8 };
	double *v = calloc(N, sizeof *v), *df = calloc(N, sizeof *df);
	struct variance_prior p;
	uint64_t seed = 31;

	for (int i = 0; i < N; i++) {
		double above = 0, below = 0;

		for (int k = 0; k < DF; k++)
			above += pow(draw_normal(&seed), 2);
		for (int k = 0; k < D0; k++)
			below += pow(draw_normal(&seed), 2);
		v[i] = 0.04 * (above / DF) / (below / D0);
		df[i] = DF;
	}
	ck_assert_int_eq(variance_prior_fit(v, df, N, &p), 0);
	ck_assert_double_eq_tol(p.d0, D0, 1.5);
	ck_assert_double_eq_tol(p.s0_sq, 0.04, 0.002);
	free(v);
	free(df);
}
END_TEST

START_TEST(variances_of_zero_are_no_news)
{
	double v[40] = {0}, df[40];
	struct variance_prior p;

	for (int i = 0; i < 40; i++)
		df[i] = 5;
	ck_assert_int_eq(variance_prior_fit(v, df, 40, &p), 0);
	ck_assert(!p.is_known);
	for (int i = 0; i < 39; i++)
		v[i] = 2 + i % 3;
	ck_assert_int_eq(variance_prior_fit(v, df, 40, &p), 0);
	ck_assert(p.is_known && isfinite(p.s0_sq) && p.d0 > 0);
}
END_TEST

START_TEST(p_is_of_more_than_what_matters)
{
	struct yuen y = {.is_known = true, .n = 10, .h = 6, .mean = -0.3, .var = 0.01, .df = 5};

	ck_assert_double_eq_tol(moderated_p(&y, NULL, 0), student_p2(3, 5), 1e-14);
	ck_assert_double_eq_tol(moderated_p(&y, NULL, 0.1),
				student_upper(2, 5) + student_upper(4, 5), 1e-14);
	ck_assert_double_gt(moderated_p(&y, NULL, 0.3), 0.5);
	y.var = 0;
	ck_assert_double_eq(moderated_p(&y, NULL, 0.1), 0);
	ck_assert_double_eq(moderated_p(&y, NULL, 0.3), 1);
}
END_TEST

TCase *yuen_cases(void)
{
	TCase *t = tcase_create("yuen");

	tcase_add_test(t, ten_values_by_hand);
	tcase_add_test(t, one_value_far_off_moves_nothing);
	tcase_add_test(t, three_values_have_no_trimmed_mean);
	tcase_add_test(t, the_difference_of_two_samples_has_welchs_degrees_of_freedom);
	tcase_add_test(t, the_prior_has_the_moments_of_the_variances);
	tcase_add_test(t, equal_variances_are_one_variance);
	tcase_add_test(t, a_known_prior_is_found_again);
	tcase_add_test(t, variances_of_zero_are_no_news);
	tcase_add_test(t, p_is_of_more_than_what_matters);
	return t;
}
