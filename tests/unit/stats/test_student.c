/* Student's t and the gamma function's derivatives against published values and closed forms. */
#include <math.h>

#include "made_data.h"
#include "student.h"

static const struct {
	double t, df, p;
} tails[] = {
	{2, 5, 0.101939478830},
	{8, 30, 6.26582247570e-9},
	{0, 7, 1},
	{1.959963984540054, INFINITY, 0.05},
};

START_TEST(tails_are_those_published)
{
	ck_assert_double_eq_tol(student_p2(tails[_i].t, tails[_i].df) / tails[_i].p, 1, 1e-10);
	ck_assert_double_eq(student_p2(-tails[_i].t, tails[_i].df),
			    student_p2(tails[_i].t, tails[_i].df));
}
END_TEST

static double with_1(double t)
{
	return 1 - 2 / M_PI * atan(t);
}

static double with_2(double t)
{
	return 2 / (sqrt(2 + t * t) * (sqrt(2 + t * t) + t));
}

static double with_3(double t)
{
	double a = atan(t / sqrt(3));

	return 1 - 2 / M_PI * (a + sin(a) * cos(a));
}

static double with_4(double t)
{
	double c = t / sqrt(4 + t * t);

	return 1 - c * (1 + (1 - c * c) / 2);
}

/* Abramowitz & Stegun 26.7.3 and 26.7.4. They cancel where p is small, the function may not. */
START_TEST(tails_are_the_closed_forms_of_few_degrees_of_freedom)
{
	double (*const forms[])(double) = {with_1, with_2, with_3, with_4};

	for (double t = 0.01; t < 12; t *= 1.3)
		for (int df = 1; df <= 4; df++)
			ck_assert_double_eq_tol(student_p2(t, df), forms[df - 1](t), 1e-14);
	/* this one does not cancel: the relative error far out */
	for (double t = 1e-3; t < 1e6; t *= 1.7)
		ck_assert_double_eq_tol(student_p2(t, 2) / with_2(t), 1, 1e-12);
}
END_TEST

/* P(T_df > t) as the integral of its density, by Simpson's rule in t = tan(u). */
static double integrated(double t, double df)
{
	enum { STEPS = 200000 };
	double from = atan(t), step = (M_PI / 2 - from) / STEPS, sum = 0;
	double log_c = lgamma((df + 1) / 2) - lgamma(df / 2) - log(df * M_PI) / 2;

	for (int i = 0; i < STEPS; i++) {
		double u = from + i * step, x = tan(u);
		double f = exp(log_c - (df + 1) / 2 * log1p(x * x / df)) * (1 + x * x);

		sum += f * (i == 0 ? 1 : i % 2 ? 4 : 2);
	}
	return 2 * sum * step / 3;
}

START_TEST(tails_are_the_integral_of_the_density)
{
	static const double dfs[] = {2.5, 3.7, 9, 40, 99, 101, 1000};

	for (size_t i = 0; i < sizeof dfs / sizeof *dfs; i++)
		for (double t = 0.3; t < 7; t += 1.1)
			ck_assert_double_eq_tol(student_p2(t, dfs[i]) / integrated(t, dfs[i]), 1,
						1e-9);
}
END_TEST

START_TEST(with_many_degrees_of_freedom_it_is_the_normal_distribution)
{
	for (double t = 0.1; t < 8; t += 0.7)
		ck_assert_double_eq_tol(student_p2(t, 1e9) / student_p2(t, INFINITY), 1, 1e-6);
	/* the two forms of the factor meet at 50 */
	for (double t = 0.1; t < 8; t += 0.7)
		ck_assert_double_eq_tol(student_p2(t, 100 - 1e-9) / student_p2(t, 100 + 1e-9), 1,
					1e-9);
}
END_TEST

static const struct {
	double p, df, t;
} quantiles[] = {{.975, 5, 2.5706},  {.975, 7, 2.3646},       {.975, 9, 2.2622}, {.975, 14, 2.1448},
		 {.975, 19, 2.0930}, {.975, 29, 2.0452},      {.95, 1, 6.3138},  {.5, 3, 0},
		 {.025, 5, -2.5706}, {.975, INFINITY, 1.9600}};

START_TEST(quantiles_are_those_of_the_tables)
{
	double t = student_quantile(quantiles[_i].p, quantiles[_i].df);

	ck_assert_double_eq_tol(t, quantiles[_i].t, 5e-5);
	ck_assert_double_eq_tol(1 - student_upper(t, quantiles[_i].df), quantiles[_i].p, 1e-12);
}
END_TEST

#define EULER 0.57721566490153286061

START_TEST(derivatives_of_the_gamma_function_have_their_closed_forms)
{
	double sum = 0, squares = 0;

	ck_assert_double_eq_tol(digamma(0.5), -EULER - 2 * log(2), 1e-14);
	ck_assert_double_eq_tol(trigamma(0.5), M_PI * M_PI / 2, 1e-13);
	for (int n = 1; n < 60; n++) {
		ck_assert_double_eq_tol(digamma(n), sum - EULER, 1e-13);
		ck_assert_double_eq_tol(trigamma(n) / (M_PI * M_PI / 6 - squares), 1, 1e-11);
		sum += 1.0 / n;
		squares += 1.0 / n / n;
	}
}
END_TEST

START_TEST(the_inverse_gives_back_what_went_in)
{
	for (double y = 1e-5; y < 1e8; y *= 1.9)
		ck_assert_double_eq_tol(trigamma_inverse(trigamma(y)) / y, 1, 2e-6);
	ck_assert_double_eq_tol(trigamma_inverse(M_PI * M_PI / 6), 1, 1e-12);
}
END_TEST

TCase *student_cases(void)
{
	TCase *t = tcase_create("student");

	tcase_add_loop_test(t, tails_are_those_published, 0, sizeof tails / sizeof *tails);
	tcase_add_test(t, tails_are_the_closed_forms_of_few_degrees_of_freedom);
	tcase_add_test(t, tails_are_the_integral_of_the_density);
	tcase_add_test(t, with_many_degrees_of_freedom_it_is_the_normal_distribution);
	tcase_add_loop_test(t, quantiles_are_those_of_the_tables, 0,
			    sizeof quantiles / sizeof *quantiles);
	tcase_add_test(t, derivatives_of_the_gamma_function_have_their_closed_forms);
	tcase_add_test(t, the_inverse_gives_back_what_went_in);
	return t;
}
