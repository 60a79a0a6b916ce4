/* How many more trials. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "decide.h"
#include "forecast.h"
#include "made_data.h"

START_TEST(less_noise_and_more_distance_need_fewer_trials)
{
	size_t last = 0;

	/* from far beyond towards what matters */
	for (double at = 0.2; at > 0.05; at -= 0.01) {
		size_t more = forecast_more(at, 0.05, 8, 6, 0.05, 0.05);

		ck_assert_uint_ge(more, last);
		last = more;
	}
	ck_assert_uint_eq(last, FORECAST_MANY);
	ck_assert_uint_lt(forecast_more(0.1, 0.03, 8, 6, 0.05, 0.05),
			  forecast_more(0.1, 0.06, 8, 6, 0.05, 0.05));
	/* a family's level is stricter */
	ck_assert_uint_lt(forecast_more(0.1, 0.05, 8, 6, 0.05, 0.05),
			  forecast_more(0.1, 0.05, 8, 6, 0.05, 0.001));
	ck_assert_uint_eq(forecast_more(0.1, 0.06, 8, 6, 0.05, 0.05),
			  forecast_more(-0.1, 0.06, 8, 6, 0.05, 0.05));
}
END_TEST

START_TEST(what_is_missing_to_the_least_is_the_least)
{
	ck_assert_uint_eq(forecast_more(1, 0.001, 4, 6, 0.05, 0.05), 2);
	ck_assert_uint_eq(forecast_more(1, 0, 2, 6, 0.05, 0.05), 4);
	ck_assert_uint_eq(forecast_more(1, 0, 9, 6, 0.05, 0.05), 0);
	ck_assert_uint_eq(forecast_more(1, 0.001, 3, 4, 0.05, 0.05), 1);
}
END_TEST

/* When the truth is where the estimate was, that many trials tell in four of five cases. Rank
 * intervals are a little wider than the t that it reckons with. */
START_TEST(as_many_trials_as_are_said_do_tell)
{
	static const double truths[] = {0.12, 0.10, 0.01};
	double truth = truths[_i], sd = 0.05, d[64];
	size_t n = 6 + forecast_more(truth, sd, 6, 6, log1p(0.05), 0.05);
	int told = 0, rounds = 400;
	uint64_t seed = 17;

	ck_assert_uint_le(n, 36);
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < n; i++)
			d[i] = truth + sd * draw_normal(&seed);
		told += compare_pairs(d, n, 0.05, false).verdict != VERDICT_CANNOT_TELL;
	}
	printf("difference %.2f, sd %.2f: %zu pairs, of which the forecast is 80 %%: told %.2f\n",
	       truth, sd, n, (double)told / rounds);
	ck_assert_double_ge((double)told / rounds, 0.70);
	ck_assert_double_le((double)told / rounds, 0.92);
}
END_TEST

TCase *forecast_cases(void)
{
	TCase *t = tcase_create("forecast");

	tcase_add_test(t, less_noise_and_more_distance_need_fewer_trials);
	tcase_add_test(t, what_is_missing_to_the_least_is_the_least);
	tcase_add_loop_test(t, as_many_trials_as_are_said_do_tell, 0, 3);
	return t;
}
