#include <math.h>

#include "shapes.h"
#include "steady.h"

enum { MOST = 6 };

/* The last four were printed by fio 3.33. */
static const struct {
	struct steady_spec spec;
	uint64_t value[MOST]; /* of the metric; dur_s of them */
	double deviation, slope, criterion;
	bool is_attained;
} cases[] = {
	{{.limit = 12, .dur_s = 4}, {100, 110, 90, 104}, 11, -0.8, 11, true},
	{{.limit = 11, .dur_s = 4}, {100, 110, 90, 104}, 11, -0.8, 11, false},
	{{.limit = 10, .is_percent = true, .dur_s = 4},
	 {100, 110, 90, 104},
	 11,
	 -0.8,
	 1100 / 101.,
	 false},
	{{.limit = 11, .is_percent = true, .dur_s = 4},
	 {100, 110, 90, 104},
	 11,
	 -0.8,
	 1100 / 101.,
	 true},
	{{.limit = 0.81, .is_slope = true, .dur_s = 4}, {100, 110, 90, 104}, 11, -0.8, -0.8, true},
	{{.limit = 0.79, .is_slope = true, .dur_s = 4}, {100, 110, 90, 104}, 11, -0.8, -0.8, false},
	{{.limit = 3, .is_slope = true, .dur_s = 5}, {10, 13, 16, 19, 22}, 6, 3, 3, false},
	{{.limit = 1, .dur_s = 1}, {7}, 0, 0, 0, true},
	{{.limit = 1, .is_percent = true, .dur_s = 3}, {0, 0, 0}, 0, 0, INFINITY, false},
	{{.limit = 1e9, .dur_s = 3}, {1000, 1000, 1001}, 0.666667, 0.5, 0.666667, true},
	{{.limit = 99999, .is_bw = true, .is_percent = true, .dur_s = 3},
	 {4100100, 4100096, 4096000},
	 2732,
	 -2050,
	 0.066655,
	 true},
	{{.limit = 0.0001, .is_slope = true, .is_percent = true, .dur_s = 4},
	 {9931, 9930, 9943, 9933},
	 8.75,
	 1.9,
	 0.019126,
	 false},
	{{.limit = 1e9, .is_bw = true, .is_slope = true, .is_percent = true, .dur_s = 4},
	 {38291670, 37212160, 36921344, 37237109},
	 876099.25,
	 -345449.9,
	 -0.923278,
	 true},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void check_value(double got, double expected)
{
	if (isinf(expected))
		ck_assert_double_infinite(got);
	else
		ck_assert_double_eq_tol(got, expected, 1e-6 * fmax(1, fabs(expected)));
}

START_TEST(the_criterion_is_the_one_computed_by_hand)
{
	const struct steady_spec *spec = &cases[_i].spec;
	struct steady s;

	ck_assert_int_eq(steady_init(&s, spec), 0);
	for (uint32_t i = 0; i < spec->dur_s; i++) {
		uint64_t v = cases[_i].value[i];
		bool is = steady_feed(&s, spec->is_bw ? 1 : v, spec->is_bw ? v : 1);

		ck_assert_int_eq(is, i + 1 == spec->dur_s && cases[_i].is_attained);
	}
	check_value(s.deviation, cases[_i].deviation);
	check_value(s.slope, cases[_i].slope);
	check_value(s.criterion, cases[_i].criterion);
	steady_done(&s);
}
END_TEST

START_TEST(only_the_last_seconds_count_and_the_oldest_comes_first)
{
	static const uint64_t iops[] = {9, 5000, 100, 200, 300, 305, 295, 301};
	struct steady_spec spec = {.limit = 10, .dur_s = 3};
	struct steady s;

	ck_assert_int_eq(steady_init(&s, &spec), 0);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(steady_feed(&s, iops[i], 10 * iops[i]), i >= 6);
	ck_assert_uint_eq(s.n, 3);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(s.iops[steady_at(&s, i)], iops[5 + i]);
		ck_assert_uint_eq(s.bw[steady_at(&s, i)], 10 * iops[5 + i]);
	}
	check_value(s.iops_mean, 901 / 3.);
	check_value(s.bw_mean, 9010 / 3.);
	check_value(s.slope, -2);
	ck_assert(steady_feed(&s, 1, 1)); /* once attained it stays so */
	steady_done(&s);
}
END_TEST

START_TEST(the_ramp_and_the_second_after_it_do_not_count)
{
	struct steady_spec spec = {.limit = 1, .dur_s = 3, .ramp_s = 2};
	struct steady s;
	int seconds = 1;

	ck_assert_int_eq(steady_init(&s, &spec), 0);
	while (!steady_feed(&s, 100, 100))
		seconds++;
	ck_assert_int_eq(seconds, 6); /* 2, and one for the first reading, and 3 */
	steady_done(&s);
}
END_TEST

TCase *steady_cases(void)
{
	TCase *t = tcase_create("steady");

	tcase_add_loop_test(t, the_criterion_is_the_one_computed_by_hand, 0, CASES);
	tcase_add_test(t, only_the_last_seconds_count_and_the_oldest_comes_first);
	tcase_add_test(t, the_ramp_and_the_second_after_it_do_not_count);
	return t;
}
