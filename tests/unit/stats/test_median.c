/* The interval of a median: published order statistics, and any number of values. */
#include <math.h>

#include "made_data.h"
#include "median.h"

static const struct {
	size_t n, lo, hi;
	double level;
} bounds[] = {{6, 1, 6, .9688},   {8, 1, 8, .9922},    {10, 2, 9, .9785},
	      {12, 3, 10, .9614}, {15, 4, 12, .9648},  {20, 6, 15, .9586},
	      {25, 8, 18, .9567}, {30, 10, 21, .9572}, {50, 18, 33, .9672}};

START_TEST(bounds_of_a_median_are_those_of_the_table)
{
	size_t lo, hi;
	double level;

	ck_assert(median_interval(bounds[_i].n, &lo, &hi, &level));
	ck_assert_uint_eq(lo, bounds[_i].lo);
	ck_assert_uint_eq(hi, bounds[_i].hi);
	ck_assert_double_eq_tol(level, bounds[_i].level, 5.1e-5);
}
END_TEST

START_TEST(five_values_do_not_bound_a_median)
{
	size_t lo, hi;
	double level = 0;

	for (size_t n = 0; n <= 5; n++)
		ck_assert(!median_interval(n, &lo, &hi, &level));
	ck_assert_double_eq(level, 0);
}
END_TEST

/* Of a million, 2^-n is no double; the binomial is normal there. */
START_TEST(many_values_bound_it_as_the_normal_distribution_says)
{
	size_t lo, hi;
	double level;

	for (size_t n = 1000; n <= 1000000; n *= 10) {
		ck_assert(median_interval(n, &lo, &hi, &level));
		ck_assert_uint_eq(lo + hi, n + 1);
		ck_assert_double_eq_tol((double)lo, n / 2. - 1.959964 * sqrt((double)n) / 2, 1);
		ck_assert_double_ge(level, 0.95);
		ck_assert_double_lt(level, 0.954);
	}
}
END_TEST

TCase *median_cases(void)
{
	TCase *t = tcase_create("median");

	tcase_add_loop_test(t, bounds_of_a_median_are_those_of_the_table, 0,
			    sizeof bounds / sizeof *bounds);
	tcase_add_test(t, five_values_do_not_bound_a_median);
	tcase_add_test(t, many_values_bound_it_as_the_normal_distribution_says);
	return t;
}
