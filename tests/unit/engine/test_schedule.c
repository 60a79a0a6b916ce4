#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schedule.h"
#include "shapes.h"

static const struct {
	uint64_t ticks_per_second, rate;
} linear[] = {
	{1000000000, 1000000}, {1000000000, 300000}, {1000000000, 700000}, {2112345679, 700001},
	{2999999999, 3},       {1000000000, 999983}, {3000000000, 1},
};

START_TEST(linear_is_exact_to_the_tick_over_ten_million_steps)
{
	uint64_t tps = linear[_i].ticks_per_second, rate = linear[_i].rate, whole = 0, part = 0;
	const uint64_t start = 123456789;
	struct schedule s;

	schedule_init(&s, tps, start, rate, false, false);
	for (uint64_t k = 0; k < 10000000; k++) {
		if (schedule_due(&s) != start + whole)
			ck_abort_msg("step %llu: %llu", (unsigned long long)k,
				     (unsigned long long)schedule_due(&s));
		schedule_advance(&s, 4096, NULL);
		whole += tps / rate; /* k * tps / rate, without dividing ten million times */
		part += tps % rate;
		if (part >= rate) {
			part -= rate;
			whole++;
		}
	}
}
END_TEST

START_TEST(linear_by_bytes_follows_what_was_issued)
{
	const uint64_t tps = 1000000000, rate = 123456789;
	uint64_t rng = 1, issued = 0;
	struct schedule s;

	schedule_init(&s, tps, 0, rate, true, false);
	for (int k = 0; k < 10000000; k++) {
		uint64_t exact = (uint64_t)((unsigned __int128)issued * tps / rate);
		uint64_t bytes = 512 * (1 + rng_below(&rng, 2048));

		if (schedule_due(&s) - exact > 1)
			ck_abort_msg("%llu bytes: %llu, not %llu", (unsigned long long)issued,
				     (unsigned long long)schedule_due(&s),
				     (unsigned long long)exact);
		schedule_advance(&s, bytes, &rng);
		issued += bytes;
	}
}
END_TEST

static const uint64_t rates[] = {20000, 300000, 700000};

START_TEST(poisson_keeps_the_rate_in_the_long_run)
{
	const uint64_t tps = _i % 2 ? 2112345679 : 1000000000, rate = rates[_i / 2];
	const int n = 20000000; /* the mean's standard deviation is 0.022 % */
	uint64_t rng = 42;
	struct schedule s;
	double got;

	schedule_init(&s, tps, 0, rate, false, true);
	for (int k = 0; k < n; k++)
		schedule_advance(&s, 4096, &rng);
	got = n / ((double)schedule_due(&s) / (double)tps);
	printf("poisson %llu a second: %.1f\n", (unsigned long long)rate, got);
	ck_assert_double_eq_tol(got / (double)rate, 1, 0.001);
}
END_TEST

START_TEST(poisson_by_bytes_keeps_the_rate_with_mixed_sizes)
{
	const double rate = 1e9;
	uint64_t rng = 42, sizes = 1, issued = 0;
	struct schedule s;

	schedule_init(&s, 1000000000, 0, (uint64_t)rate, true, true);
	for (int k = 0; k < 10000000; k++) {
		uint64_t bytes = 4096 * (1 + rng_below(&sizes, 16));

		issued += bytes;
		schedule_advance(&s, bytes, &rng);
	}
	ck_assert_double_eq_tol((double)issued / (double)schedule_due(&s) / (rate / 1e9), 1, 0.002);
}
END_TEST

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: D * sqrt(n) is above 1.95 once in a thousand. At 700,000 a second a
 * tick is 1/1429 of the mean; fio's whole microseconds would give D = 0.5. */
START_TEST(poisson_gaps_are_exponential)
{
	enum { N = 200000 };
	double *gap = malloc(N * sizeof(*gap)), most = 0, mean = 1e9 / 700000;
	uint64_t rng = 7;
	struct schedule s;

	schedule_init(&s, 1000000000, 0, 700000, false, true);
	for (int i = 0; i < N; i++) {
		unsigned __int128 before = s.due;

		schedule_advance(&s, 4096, &rng);
		gap[i] = (double)(uint64_t)((s.due - before) >> 32) * 0x1p-32;
	}
	qsort(gap, N, sizeof(*gap), ascending);
	for (int i = 0; i < N; i++) {
		double cdf = 1 - exp(-gap[i] / mean);

		most = fmax(most, fmax((double)(i + 1) / N - cdf, cdf - (double)i / N));
	}
	printf("poisson: D sqrt(n) = %.3f\n", most * sqrt(N));
	ck_assert_double_lt(most * sqrt(N), 1.95);
	free(gap);
}
END_TEST

START_TEST(a_shift_moves_what_comes_and_slow_rates_do_not_overflow)
{
	uint64_t rng = 1, before;
	struct schedule s;

	schedule_init(&s, 1000, 50, 10, false, false);
	schedule_advance(&s, 0, NULL);
	ck_assert_uint_eq(schedule_due(&s), 150);
	schedule_shift(&s, 7);
	schedule_advance(&s, 0, NULL);
	ck_assert_uint_eq(schedule_due(&s), 257);

	schedule_init(&s, 3000000000, 0, 1, true, true); /* a MiB at a byte a second */
	for (int i = 0; i < 1000; i++) {
		before = schedule_due(&s);
		schedule_advance(&s, 1 << 20, &rng);
		ck_assert_uint_ge(schedule_due(&s), before);
		ck_assert_uint_le(schedule_due(&s) - before, (uint64_t)1 << 46);
	}
	schedule_init(&s, 3000000000, 0, 1, true, false);
	schedule_advance(&s, 1 << 20, NULL);
	ck_assert_uint_eq(schedule_due(&s), 3000000000 * ((uint64_t)1 << 20));
}
END_TEST

TCase *schedule_cases(void)
{
	TCase *t = tcase_create("schedule");

	tcase_set_timeout(t, 100);
	tcase_add_loop_test(t, linear_is_exact_to_the_tick_over_ten_million_steps, 0,
			    sizeof(linear) / sizeof(linear[0]));
	tcase_add_test(t, linear_by_bytes_follows_what_was_issued);
	tcase_add_loop_test(t, poisson_keeps_the_rate_in_the_long_run, 0, 6);
	tcase_add_test(t, poisson_by_bytes_keeps_the_rate_with_mixed_sizes);
	tcase_add_test(t, poisson_gaps_are_exponential);
	tcase_add_test(t, a_shift_moves_what_comes_and_slow_rates_do_not_overflow);
	return t;
}
