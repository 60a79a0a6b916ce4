/* One comparison: pairs, many pairs, and samples that are no pairs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlation.h"
#include "decide.h"
#include "forecast.h"
#include "made_data.h"
#include "rank.h"
#include "student.h"

static void draw_around(double *d, size_t n, double at, double sd, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		d[i] = at + sd * draw_normal(&seed);
}

START_TEST(the_trimmed_mean_stands_beside_the_ranks)
{
	double d[10];
	struct comparison c;
	struct yuen y;

	draw_around(d, 10, 0.2, 0.03, 1);
	c = compare_pairs(d, 10, 0.05, true);
	y = yuen_of(d, 10);
	ck_assert_int_eq(c.verdict, VERDICT_BETTER);
	ck_assert_double_eq_tol(c.trimmed, exp(y.mean), 1e-12);
	ck_assert(c.trimmed_lo < c.trimmed && c.trimmed < c.trimmed_hi);
	ck_assert_double_eq_tol(c.p,
				student_upper((y.mean - log(1.05)) / sqrt(y.var), y.df) +
					student_upper((y.mean + log(1.05)) / sqrt(y.var), y.df),
				1e-12);
	ck_assert_double_eq(c.p_rank, rank_p(d, 10, NULL));
	ck_assert(isnan(c.p_adjusted));
	ck_assert_uint_eq(c.family, 0);
	ck_assert_uint_eq(c.more, 0);
}
END_TEST

START_TEST(what_cannot_be_told_says_how_many_more_would)
{
	double d[64];
	struct comparison c, later;

	draw_around(d, 64, 0.09, 0.06, 3);
	c = compare_pairs(d, 7, 0.05, false);
	ck_assert_int_eq(c.verdict, VERDICT_CANNOT_TELL);
	ck_assert_uint_gt(c.more, 0);
	ck_assert_uint_le(c.more, FORECAST_MOST);
	later = compare_pairs(d, 64, 0.05, false);
	ck_assert_int_eq(later.verdict, VERDICT_WORSE);
	/* exactly at what matters */
	draw_around(d, 12, log(1.05), 0.05, 5);
	c = compare_pairs(d, 12, 0.05, false);
	ck_assert_int_eq(c.verdict, VERDICT_CANNOT_TELL);
	ck_assert_uint_eq(c.more, FORECAST_MANY);
}
END_TEST

START_TEST(few_pairs_say_how_many_an_interval_needs)
{
	double d[5] = {.1, .11, .12, .1, .11};
	struct comparison c = compare_pairs(d, 3, 0.05, false);

	ck_assert(!c.has_interval && isnan(c.p) && isnan(c.trimmed));
	ck_assert_uint_eq(c.more, 3);
	ck_assert_double_eq(c.sd, 0);
	c = compare_pairs(d, 5, 0.05, false);
	ck_assert(!c.has_interval && isfinite(c.p) && c.sd > 0);
	ck_assert_uint_eq(c.more, 1);
	c = compare_pairs(NULL, 0, 0.05, false);
	ck_assert_uint_eq(c.n_pairs, 0);
	ck_assert_str_eq(c.why, "no pairs");
}
END_TEST

/* Beyond what is exact, the approximation goes on where it ended. */
START_TEST(many_pairs_are_judged_as_few_are)
{
	double *d = calloc(4000, sizeof *d);
	struct comparison few, many;

	draw_around(d, 4000, 0.02, 0.1, 7);
	few = compare_pairs(d, 64, 0.05, false);
	ck_assert_int_eq(compare_many_pairs(d, 65, 0.05, false, &many), 0);
	ck_assert_double_eq_tol(many.ratio, few.ratio, 0.01);
	ck_assert_double_eq_tol(many.lo, few.lo, 0.01);
	ck_assert_double_eq_tol(many.hi, few.hi, 0.01);
	ck_assert_double_eq_tol(many.p_rank / few.p_rank, 1, 0.5);
	ck_assert_int_eq(compare_many_pairs(d, 64, 0.05, false, &many), 0);
	ck_assert_double_eq(many.lo, few.lo);
	ck_assert_int_eq(compare_many_pairs(d, 4000, 0.05, false, &many), 0);
	ck_assert_double_eq_tol(log(many.ratio), 0.02, 0.004);
	ck_assert_double_eq_tol(log(many.hi) - log(many.lo), 2 * 1.96 * 0.1 / sqrt(4000), 5e-4);
	ck_assert_int_eq(many.verdict, VERDICT_SAME);
	free(d);
}
END_TEST

static int by(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* The k-th of all Walsh averages by bisection is the k-th of the sorted list. */
START_TEST(the_walsh_averages_need_no_list)
{
	enum { N = 70 };
	double d[N], walsh[N * (N + 1) / 2];
	struct rank_interval r;
	size_t m = 0;
	bool lo = false, hi = false;

	draw_around(d, N, 0, 1, 11);
	d[3] = d[4] = d[5]; /* ties */
	qsort(d, N, sizeof *d, by);
	for (size_t i = 0; i < N; i++)
		for (size_t j = i; j < N; j++)
			walsh[m++] = (d[i] + d[j]) / 2;
	qsort(walsh, m, sizeof *walsh, by);
	r = rank_interval_sorted(d, N, 0.05);
	ck_assert_double_eq(r.estimate, (walsh[(m - 1) / 2] + walsh[m / 2]) / 2);
	for (size_t i = 0; i < m; i++) {
		lo |= walsh[i] == r.lo && i > 800 && i < 1000;
		hi |= walsh[i] == r.hi && m - i > 800 && m - i < 1000;
	}
	ck_assert(lo && hi);
}
END_TEST

START_TEST(samples_need_four_a_side)
{
	static const double a[] = {1, 1.01, 1.02, 1.03, 1.04}, b[] = {2, 2.01, 2.02, 2.03, 2.04};
	double many[11];
	struct comparison c;

	for (size_t i = 0; i < 11; i++)
		many[i] = 1 + 0.001 * (double)i;
	ck_assert_int_eq(compare_samples(a, 3, b, 3, 0.05, false, &c), 0);
	ck_assert(!c.has_interval);
	ck_assert_str_eq(c.why, "3 values; four a side are the least for a 95 % interval");
	/* where the test has an interval, too (mann_whitney.h) */
	for (size_t n = 1; n <= 3; n++) {
		ck_assert_int_eq(compare_samples(many, 11, b, n, 0.05, false, &c), 0);
		ck_assert(!c.has_interval);
		ck_assert_int_eq(c.verdict, VERDICT_CANNOT_TELL);
		ck_assert_uint_eq(c.more, 4 - n);
		ck_assert_int_eq(compare_samples(b, n, many, 11, 0.05, false, &c), 0);
		ck_assert_int_eq(c.verdict, VERDICT_CANNOT_TELL);
	}
	ck_assert_int_eq(compare_samples(many, 11, b, 4, 0.05, false, &c), 0);
	ck_assert(c.has_interval);
	ck_assert_int_eq(compare_samples(a, 5, b, 4, 0.05, false, &c), 0);
	ck_assert(c.has_interval);
	ck_assert_int_eq(c.verdict, VERDICT_WORSE);
	ck_assert_uint_eq(c.n_pairs, 4);
	ck_assert_double_eq_tol(log(c.ratio), 1, 0.02);
	ck_assert_double_eq_tol(log(c.trimmed), 1, 0.02);
	ck_assert_int_eq(compare_samples(b, 4, a, 5, 0.05, false, &c), 0);
	ck_assert_int_eq(c.verdict, VERDICT_BETTER);
	ck_assert_int_eq(compare_samples(a, 5, b, 0, 0.05, false, &c), 0);
	ck_assert_str_eq(c.why, "no values");
}
END_TEST

START_TEST(values_that_are_alike_tell_less)
{
	double d[20];
	struct comparison c, w;

	draw_around(d, 20, 0.12, 0.11, 4);
	c = w = compare_pairs(d, 20, 0.05, false);
	ck_assert_int_eq(c.verdict, VERDICT_WORSE);
	comparison_widen(&w, 1);
	ck_assert_int_eq(w.verdict, VERDICT_WORSE);
	ck_assert_double_eq(w.lo, c.lo);
	ck_assert_double_eq(w.p_rank, c.p_rank);
	/* r1 0.6: four times the variance, twice the width */
	comparison_widen(&w, lag1_inflation(0.6));
	ck_assert_double_eq(w.ratio, c.ratio);
	ck_assert_double_eq_tol(log(w.ratio / w.lo), 2 * log(c.ratio / c.lo), 1e-12);
	ck_assert_double_eq_tol(log(w.hi / w.ratio), 2 * log(c.hi / c.ratio), 1e-12);
	ck_assert_double_eq_tol(log(w.hi90 / w.lo90), 2 * log(c.hi90 / c.lo90), 1e-12);
	ck_assert_double_eq_tol(log(w.trimmed_hi / w.trimmed), 2 * log(c.trimmed_hi / c.trimmed),
				1e-12);
	ck_assert_double_eq_tol(student_quantile(w.p_rank / 2, INFINITY),
				student_quantile(c.p_rank / 2, INFINITY) / 2, 1e-9);
	ck_assert_double_gt(w.p, c.p);
	ck_assert_int_eq(w.verdict, VERDICT_CANNOT_TELL);
	ck_assert_uint_gt(w.more, 0);
	/* and "same" is judged by the wider 90 % */
	draw_around(d, 20, 0, 0.03, 5);
	c = w = compare_pairs(d, 20, 0.05, false);
	ck_assert_int_eq(c.verdict, VERDICT_SAME);
	comparison_widen(&w, 16);
	ck_assert_int_eq(w.verdict, VERDICT_CANNOT_TELL);
	/* too few: nothing to widen */
	c = compare_pairs(d, 3, 0.05, false);
	comparison_widen(&c, 4);
	ck_assert(!c.has_interval && c.lo == 0);
	c = compare_nothing(0.05, "none");
	comparison_widen(&c, 4);
	ck_assert_str_eq(c.why, "none");
}
END_TEST

START_TEST(correlation_counts_from_where_chance_ends)
{
	double up[20], turns[20];
	struct lag1 l = {0, 0}, t = {0, 0}, few = {0, 0};

	for (int i = 0; i < 20; i++) {
		up[i] = i;
		turns[i] = i % 2;
	}
	lag1_add(&l, up, 20, 9.5);
	ck_assert_double_eq_tol(lag1_beyond_chance(&l, 20), 0.85, 1e-9);
	ck_assert_double_eq_tol(lag1_inflation(0.85), 1.85 / 0.15, 1e-12);
	lag1_add(&t, turns, 20, 0.5);
	ck_assert_double_eq_tol(lag1_beyond_chance(&t, 20), -0.95, 1e-9);
	ck_assert_double_eq(lag1_inflation(-0.95), 1);
	ck_assert_double_eq(lag1_inflation(NAN), 1);
	lag1_add(&few, up, 9, 4);
	ck_assert(isnan(lag1_beyond_chance(&few, 9)));
	ck_assert_double_eq(lag1_beyond_chance(&few, 10), lag1_of(&few));
	few.both = few.all * 0.63; /* 2 / sqrt(10) = 0.632 */
	ck_assert(isnan(lag1_beyond_chance(&few, 10)));
}
END_TEST

START_TEST(a_refused_comparison_has_its_figures_and_no_p)
{
	double d[8];
	struct comparison c;

	draw_around(d, 8, 0.5, 0.01, 2);
	c = compare_pairs(d, 8, 0.05, false);
	comparison_refuse(&c, "another ruler");
	ck_assert_int_eq(c.verdict, VERDICT_CANNOT_TELL);
	ck_assert(c.has_interval && isnan(c.p) && isnan(c.p_rank));
	ck_assert_str_eq(c.why, "another ruler");
	ck_assert_uint_eq(c.more, 0);
}
END_TEST

TCase *decide_cases(void)
{
	TCase *t = tcase_create("decide");

	tcase_add_test(t, the_trimmed_mean_stands_beside_the_ranks);
	tcase_add_test(t, what_cannot_be_told_says_how_many_more_would);
	tcase_add_test(t, few_pairs_say_how_many_an_interval_needs);
	tcase_add_test(t, many_pairs_are_judged_as_few_are);
	tcase_add_test(t, the_walsh_averages_need_no_list);
	tcase_add_test(t, samples_need_four_a_side);
	tcase_add_test(t, values_that_are_alike_tell_less);
	tcase_add_test(t, correlation_counts_from_where_chance_ends);
	tcase_add_test(t, a_refused_comparison_has_its_figures_and_no_p);
	return t;
}
