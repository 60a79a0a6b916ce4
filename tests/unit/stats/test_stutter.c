/* Stalls and their clock: known answers, gaps, what is no stall. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_data.h"
#include "rng.h"
#include "stutter.h"

#define MS 1e6

START_TEST(draws_are_those_of_the_published_generators)
{
	/* Reference output of splitmix64 for the seed 1234567, and of xoshiro256** for 1 2 3 4. */
	static const uint64_t fills[] = {6457827717110365317u, 3203168211198807973u,
					 9817491932198370423u, 4593380528125082431u};
	static const uint64_t draws[] = {11520, 0, 1509978240, 1215971899390074240u,
					 1216172134540287360u};
	struct rng r;

	rng_seed(&r, 1234567);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(r.s[i], fills[i]);
	r = (struct rng){{1, 2, 3, 4}};
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(rng_u64(&r), draws[i]);
	/* FNV-1a of "a", 64 bits */
	ck_assert_uint_eq(rng_hash(RNG_HASH, "a"), 0xaf63dc4c8601ec8cu);
}
END_TEST

START_TEST(a_clean_clock_has_the_greatest_z_that_there_is)
{
	double t[10];
	struct beat b;

	for (int k = 0; k < 10; k++)
		t[k] = 0.7 + 60 * k;
	ck_assert_int_eq(beat_find(t, 10, 600, 0, 1, NULL, &b), 0);
	ck_assert(b.is_tested && b.is_periodic);
	ck_assert_double_eq_tol(b.z, 10, 1e-9);
	ck_assert_double_eq_tol(b.period_s, 60, 1e-9);
	ck_assert_double_eq_tol(b.phase_s, 0.7, 1e-9);
	ck_assert_double_eq_tol(b.p, 0.001, 1e-12);
	ck_assert_double_eq_tol(b.f, 1, 1e-12);
	ck_assert_uint_eq(b.beats_seen, 10);
	ck_assert_uint_eq(b.beats_expected, 10);
	ck_assert_uint_eq(b.unexplained, 0);
	ck_assert_double_lt(b.jitter_s, 1e-9);
	/* down to where every second beat would be seen: T / 2n */
	ck_assert_double_eq_tol(b.shortest_testable_s, 30, 0.1);
	ck_assert_double_eq(b.longest_testable_s, 60);
	ck_assert_double_eq(b.longest_scanned_s, 200);
	ck_assert_str_eq(beat_known_clock(&b),
			 "cron, systemd timers and collectors wake every minute");
}
END_TEST

START_TEST(jitter_and_errors_are_never_finer_than_the_grid)
{
	double t[10];
	struct beat b;

	for (int k = 0; k < 10; k++)
		t[k] = 7 * k;
	ck_assert_int_eq(beat_find(t, 10, 70, 0.1, 1, NULL, &b), 0);
	ck_assert_double_eq_tol(b.jitter_s, 0.1 / sqrt(12), 1e-9);
	/* sum (k - 4.5)^2 = 82.5 */
	ck_assert_double_eq_tol(b.period_se_s, 0.1 / sqrt(12) / sqrt(82.5), 1e-9);
	ck_assert_ptr_null(beat_known_clock(&b));
}
END_TEST

START_TEST(bursts_count_once)
{
	double t[40], onsets[40];
	struct beat b;

	for (int k = 0; k < 40; k++)
		t[k] = 60 * (k / 4) + 2 * (k % 4);
	ck_assert_int_eq(beat_find(t, 40, 600, 0.1, 1, onsets, &b), 0);
	ck_assert_uint_eq(b.n_events, 10);
	ck_assert_double_eq(onsets[9], 540);
	ck_assert(b.is_periodic);
	ck_assert_double_eq_tol(b.period_s, 60, 0.01);
}
END_TEST

START_TEST(missing_and_other_events_are_counted)
{
	double t[] = {5, 65, 95, 125, 185, 305, 365, 425, 485, 545};
	struct beat b;

	ck_assert_int_eq(beat_find(t, 10, 600, 0.1, 1, NULL, &b), 0);
	ck_assert(b.is_periodic);
	ck_assert_double_eq_tol(b.period_s, 60, 0.01);
	ck_assert_uint_eq(b.beats_seen, 9);
	ck_assert_uint_eq(b.beats_expected, 10);
	ck_assert_uint_eq(b.unexplained, 1);
	ck_assert_double_eq_tol(b.fit, 0.9, 1e-9);
	ck_assert_double_eq_tol(b.hit, 0.9, 1e-3);
}
END_TEST

START_TEST(too_few_events_are_not_tested)
{
	double t[] = {10, 20, 30};
	struct beat b;

	for (size_t n = 0; n <= 3; n++) {
		ck_assert_int_eq(beat_find(t, n, 60, 0.1, 1, NULL, &b), 0);
		ck_assert(!b.is_tested && !b.is_periodic);
		ck_assert_uint_eq(b.n_events, n);
		ck_assert_double_eq(b.p, 1);
		/* a clock of up to 6 s would have made more events */
		ck_assert_double_eq(b.shortest_testable_s, 2);
		ck_assert_double_eq(b.longest_testable_s, 6);
	}
	ck_assert_int_eq(beat_find(t, 0, 5, 0.1, 1, NULL, &b), 0);
	ck_assert_double_eq(b.longest_testable_s, 0);
	ck_assert_double_eq(b.longest_scanned_s, 0);
}
END_TEST

/* --- series --- */

#define N 600
static double v[N];

static void calm(void)
{
	struct rng r;

	rng_seed(&r, 7);
	for (size_t i = 0; i < N; i++)
		v[i] = 0.1 * MS * exp(0.2 * rng_unit(&r));
}

static void find(struct stutter *s)
{
	ck_assert_int_eq(stutter_find(v, N, 0.1, 1, s), 0);
}

START_TEST(a_calm_series_has_no_stall)
{
	struct stutter s;

	calm();
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 0);
	ck_assert_double_eq(s.stalled_s, 0);
	ck_assert_double_eq_tol(s.base_ns, 0.11 * MS, 0.01 * MS);
	ck_assert_double_ge(s.threshold_ratio, 3 - 1e-9);
	ck_assert(isnan(s.peak_ns));
	stutter_done(&s);
}
END_TEST

START_TEST(a_series_of_equal_values_has_no_stall_and_one_spike_is_one)
{
	struct stutter s;

	for (size_t i = 0; i < N; i++)
		v[i] = 2 * MS;
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 0);
	ck_assert_double_eq_tol(s.threshold_ratio, 3, 1e-9);
	stutter_done(&s);
	v[100] = 6.1 * MS;
	v[200] = 5.9 * MS; /* below threefold */
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 1);
	ck_assert_double_eq_tol(s.stalls[0].at_s, 10, 1e-9);
	ck_assert_double_eq_tol(s.stalls[0].length_s, 0.1, 1e-9);
	ck_assert_double_eq(s.stalls[0].peak_ns, 6.1 * MS);
	ck_assert(!s.stalls[0].is_gap && !s.beat.is_tested);
	stutter_done(&s);
}
END_TEST

START_TEST(a_gap_with_a_request_in_flight_is_a_stall_from_its_beginning)
{
	struct stutter s;

	calm();
	for (size_t i = 300; i < 310; i++)
		v[i] = NAN;
	v[310] = 1030 * MS;
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 1);
	ck_assert(s.stalls[0].is_gap);
	ck_assert_double_eq_tol(s.stalls[0].at_s, 30, 1e-9);
	ck_assert_double_eq_tol(s.stalls[0].length_s, 1.1, 1e-9);
	ck_assert_double_eq_tol(s.stalled_s, 1.1, 1e-9);
	stutter_done(&s);
}
END_TEST

START_TEST(an_idle_job_does_not_stall)
{
	struct stutter s;

	calm();
	for (size_t i = 0; i < N; i++)
		if (i % 20)
			v[i] = NAN; /* a request every two seconds */
	v[590] = NAN;
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 0);
	stutter_done(&s);
	/* a slow one after idling is a stall of its own window */
	v[400] = 50 * MS;
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 1);
	ck_assert(!s.stalls[0].is_gap);
	ck_assert_double_eq_tol(s.stalls[0].length_s, 0.1, 1e-9);
	stutter_done(&s);
}
END_TEST

START_TEST(a_slow_device_at_depth_does_not_stall_in_every_gap)
{
	struct stutter s;

	for (size_t i = 0; i < N; i++)
		v[i] = i % 2 ? NAN : 150 * MS; /* each request takes longer than a window */
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 0);
	stutter_done(&s);
}
END_TEST

START_TEST(what_is_a_second_apart_is_one_stall)
{
	struct stutter s;

	calm();
	v[100] = v[105] = v[115] = 9 * MS; /* 0.5 s and 1 s apart */
	v[130] = 8 * MS;                   /* 1.5 s */
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 2);
	ck_assert_double_eq_tol(s.stalls[0].length_s, 1.6, 1e-9);
	ck_assert_double_eq_tol(s.stalls[0].slow_s, 0.3, 1e-9);
	ck_assert_double_eq_tol(s.stalled_s, 0.4, 1e-9);
	stutter_done(&s);
}
END_TEST

START_TEST(drift_is_no_stall)
{
	struct stutter s;

	calm();
	for (size_t i = 0; i < N; i++)
		v[i] *= exp2((double)i / 100); /* 64-fold in a minute */
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 0);
	stutter_done(&s);
}
END_TEST

START_TEST(a_stall_every_three_seconds_is_found_with_what_it_costs)
{
	struct stutter s, again;

	calm();
	for (size_t i = 7; i + 5 < N; i += 30) {
		for (size_t k = 0; k < 5; k++)
			v[i + k] = NAN;
		v[i + 5] = 580 * MS;
	}
	find(&s);
	find(&again);
	ck_assert_uint_eq(s.n_stalls, 20);
	ck_assert(s.beat.is_periodic);
	ck_assert_double_eq_tol(s.beat.period_s, 3, 0.003);
	ck_assert_double_eq_tol(s.beat.phase_s, 0.7, 0.05);
	ck_assert_uint_eq(s.beat.beats_seen, 20);
	ck_assert_uint_eq(s.beat.beats_expected, 20);
	ck_assert_double_eq_tol(s.lost_per_beat_s, 0.6, 1e-9);
	ck_assert_double_eq(s.peak_ns, 580 * MS);
	ck_assert_double_eq(s.onsets_s[19], s.stalls[19].at_s);
	ck_assert_mem_eq(&s.beat, &again.beat, sizeof s.beat); /* same seed, same bytes */
	stutter_done(&s);
	stutter_done(&again);
}
END_TEST

/* As measured: a server that stops for 0.6 s every 3 s, and the job's first requests of 4 ms. */
START_TEST(small_stalls_do_not_hide_the_clock_of_the_great)
{
	struct stutter s;
	double alone;

	calm();
	for (size_t i = 26; i + 6 < 200; i += 30) {
		for (size_t k = 0; k < 6; k++)
			v[i + k] = NAN;
		v[i + 6] = 610 * MS;
	}
	ck_assert_int_eq(stutter_find(v, 200, 0.1, 1, &s), 0);
	ck_assert_uint_eq(s.n_stalls, 6);
	ck_assert(s.beat.is_periodic);
	ck_assert_double_eq(s.beat_least_ns, 0);
	alone = s.beat.p;
	stutter_done(&s);
	v[1] = 4 * MS;
	v[108] = 5 * MS; /* runs into the next */
	ck_assert_int_eq(stutter_find(v, 200, 0.1, 1, &s), 0);
	ck_assert_uint_eq(s.n_stalls, 7);
	ck_assert_double_eq_tol(s.stalls[4].at_s, 10.8, 1e-9);
	ck_assert_double_eq_tol(s.stalls[4].front_s, 11.6, 1e-9);
	ck_assert(s.beat.is_periodic);
	ck_assert_double_eq(s.beat_least_ns, 61 * MS);
	ck_assert_double_eq_tol(s.beat.period_s, 3, 1e-6);
	ck_assert_double_eq(s.beat.p, 2 * alone); /* of two questions */
	ck_assert_uint_eq(s.beat.n_events, 6);
	ck_assert_uint_eq(s.beat.beats_seen, 6);
	ck_assert_uint_eq(s.beat.unexplained, 0);
	ck_assert_double_eq_tol(s.lost_per_beat_s, (6 * 0.7 + 0.1) / 6, 1e-9);
	ck_assert_double_eq(s.peak_ns, 610 * MS);
	stutter_done(&s);
}
END_TEST

START_TEST(the_clock_of_all_stands_where_the_great_have_none)
{
	static const size_t great[] = {75, 165, 195, 435, 555}; /* of the beats below */
	struct stutter s;

	calm();
	for (size_t i = 15; i < N; i += 30)
		v[i] = 20 * MS;
	for (size_t i = 0; i < sizeof great / sizeof *great; i++)
		v[great[i]] = 900 * MS;
	find(&s);
	ck_assert_uint_eq(s.n_stalls, 20);
	ck_assert(s.beat.is_periodic);
	ck_assert_double_eq(s.beat_least_ns, 0);
	ck_assert_uint_eq(s.beat.beats_seen, 20);
	stutter_done(&s);
}
END_TEST

START_TEST(short_and_empty_series_give_nothing)
{
	struct stutter s;

	ck_assert_int_eq(stutter_find(NULL, 0, 0.1, 1, &s), 0);
	ck_assert_uint_eq(s.n_stalls, 0);
	ck_assert(isnan(s.base_ns));
	stutter_done(&s);
	v[0] = NAN;
	ck_assert_int_eq(stutter_find(v, 1, 0.1, 1, &s), 0);
	ck_assert_uint_eq(s.n_stalls, 0);
	stutter_done(&s);
	v[0] = 5;
	v[1] = 500;
	v[2] = 5;
	ck_assert_int_eq(stutter_find(v, 3, 0.1, 1, &s), 0);
	ck_assert_uint_eq(s.n_stalls, 1);
	stutter_done(&s);
}
END_TEST

TCase *stutter_cases(void)
{
	TCase *t = tcase_create("stutter");

	tcase_add_test(t, draws_are_those_of_the_published_generators);
	tcase_add_test(t, a_clean_clock_has_the_greatest_z_that_there_is);
	tcase_add_test(t, jitter_and_errors_are_never_finer_than_the_grid);
	tcase_add_test(t, bursts_count_once);
	tcase_add_test(t, missing_and_other_events_are_counted);
	tcase_add_test(t, too_few_events_are_not_tested);
	tcase_add_test(t, a_calm_series_has_no_stall);
	tcase_add_test(t, a_series_of_equal_values_has_no_stall_and_one_spike_is_one);
	tcase_add_test(t, a_gap_with_a_request_in_flight_is_a_stall_from_its_beginning);
	tcase_add_test(t, an_idle_job_does_not_stall);
	tcase_add_test(t, a_slow_device_at_depth_does_not_stall_in_every_gap);
	tcase_add_test(t, what_is_a_second_apart_is_one_stall);
	tcase_add_test(t, drift_is_no_stall);
	tcase_add_test(t, a_stall_every_three_seconds_is_found_with_what_it_costs);
	tcase_add_test(t, small_stalls_do_not_hide_the_clock_of_the_great);
	tcase_add_test(t, the_clock_of_all_stands_where_the_great_have_none);
	tcase_add_test(t, short_and_empty_series_give_nothing);
	return t;
}
