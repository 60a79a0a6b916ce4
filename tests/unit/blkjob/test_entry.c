/* Which clones make an entry, and how their figures come together. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "made.h"
#include "suites.h"
#include "units.h"

/* fio 3.33 with jobs a, b, c, d, e of which b, d and e report as a group and e begins a new
 * one: entries a (a and b), c (c and d), e. */
START_TEST(a_group_reporting_job_joins_the_entry_before_it)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	struct entries all;
	struct made m;

	made_init(&m);
	for (int i = 0; i < 5; i++) {
		struct job *j = made_job(&m, names[i], NULL);

		j->group_reporting = i == 1 || i >= 3;
		j->report_group = i == 4;
		made_ios(made_clone(&m), IO_READ, 100, 1000, false);
	}
	ck_assert_int_eq(entries_make(&m.r, &all), 0);
	ck_assert_uint_eq(all.n, 3);
	ck_assert_str_eq(all.items[0].job->name, "a");
	ck_assert_str_eq(all.items[1].job->name, "c");
	ck_assert_str_eq(all.items[2].job->name, "e");
	ck_assert_uint_eq(all.items[0].n_jobs, 2);
	ck_assert_uint_eq(all.items[0].side[SIDE_READ].ios, 200);
	ck_assert_uint_eq(all.n_groups, 2);
	ck_assert_uint_eq(all.groups[0].side[SIDE_READ].bytes, 400 * 4096);
	entries_done(&all);
	made_done(&m);
}
END_TEST

/* fio 3.33, rate_iops=100 beside rate_iops=300 for 2 s: 400 to 404 IOPS, mean 401.333,
 * standard deviation 1.033 of 6 samples. */
START_TEST(windows_of_jobs_beside_each_other_are_added_as_fio_does)
{
	struct window_stats a = {3, 100, 102, 302.0 / 3, 0}, b = {3, 300, 302, 902.0 / 3, 0};

	a.squares = b.squares = 8.0 / 3; /* 100, 100, 102 */
	window_stats_add(&a, &b);
	ck_assert_double_eq(a.min, 400);
	ck_assert_double_eq(a.max, 404);
	ck_assert_double_eq_tol(a.mean, 401.333333, 1e-6);
	ck_assert_double_eq_tol(window_stats_stddev(&a), 1.032796, 1e-6);
	ck_assert_uint_eq(a.n, 6);
}
END_TEST

START_TEST(windows_are_whole_and_a_stall_counts_as_zero)
{
	struct interval iv[] = {
		{.index = 0, .dir = IO_READ, .count = 100, .bytes = 409600},
		{.index = 1, .dir = IO_WRITE, .count = 7, .bytes = 7},
		{.index = 4, .dir = IO_READ, .count = 100, .bytes = 409600},
		{.index = 12, .dir = IO_READ, .count = 300, .bytes = 1228800},
		{.index = 16, .dir = IO_READ, .count = 999, .bytes = 999},
	};
	struct sample s = {.interval_ns = 100 * NS_PER_MS,
			   .runtime_ns = 1650 * NS_PER_MS,
			   .n_intervals = 5,
			   .intervals = iv};
	struct window_stats w;

	window_stats_from(&s, IO_READ, false, 500 * NS_PER_MS, &w);
	ck_assert_uint_eq(w.n, 3);
	ck_assert_double_eq(w.min, 0);
	ck_assert_double_eq(w.max, 600);
	ck_assert_double_eq_tol(w.mean, 1000 / 3.0, 1e-9);
	window_stats_from(&s, IO_READ, true, 500 * NS_PER_MS, &w);
	ck_assert_double_eq(w.max, 2400);
	window_stats_from(&s, IO_READ, true, 10 * NS_PER_S, &w);
	ck_assert_uint_eq(w.n, 0);
}
END_TEST

START_TEST(depths_are_never_above_100_percent)
{
	uint64_t counts[ENGINE_DEPTHS] = {1, 0, 1000000, 2000, 0, 0, 3};
	double pct[ENGINE_DEPTHS], sum = 0;

	depth_percents(counts, pct);
	ck_assert_double_eq(pct[0], 0.1); /* fio shows what is there */
	for (int i = 0; i < ENGINE_DEPTHS; i++)
		sum += pct[i];
	ck_assert_double_lt(sum, 100.3);
	memset(counts, 0, sizeof(counts));
	depth_percents(counts, pct);
	ck_assert_double_eq(pct[0], 0);
}
END_TEST

START_TEST(latencies_are_spread_by_exclusive_bounds)
{
	static const uint64_t ns[] = {0,    1,    2,      9,       999,       1000,
				      1999, 2000, 990000, 1000000, 4000000000};
	struct engine_clone *c;
	struct entries all;
	struct spread s;
	struct made m;

	made_init(&m);
	made_job(&m, "a", NULL);
	c = made_clone(&m);
	for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++)
		lat_add(sample_lat(&c->sample->dir[IO_READ].clat), ns[i]);
	ck_assert_int_eq(entries_make(&m.r, &all), 0);
	entry_spread(&all.items[0], &s);
	ck_assert_double_eq_tol(s.ns[0], 200 / 11.0, 1e-9); /* 0 and 1 */
	ck_assert_double_eq_tol(s.ns[1], 100 / 11.0, 1e-9); /* 2 */
	ck_assert_double_eq_tol(s.ns[2], 100 / 11.0, 1e-9); /* 9 */
	ck_assert_double_eq_tol(s.ns[9], 100 / 11.0, 1e-9); /* 999 */
	ck_assert_double_eq_tol(s.us[0], 200 / 11.0, 1e-9); /* 1000 and 1999 */
	ck_assert_double_eq_tol(s.us[1], 100 / 11.0, 1e-9); /* 2000 */
	ck_assert_double_eq_tol(s.us[9], 100 / 11.0, 1e-9); /* 990000 */
	ck_assert_double_eq_tol(s.ms[0], 100 / 11.0, 1e-9);
	ck_assert_double_eq_tol(s.ms[11], 100 / 11.0, 1e-9); /* 4 s */
	entries_done(&all);
	made_done(&m);
}
END_TEST

TCase *entry_tests(void)
{
	TCase *t = tcase_create("entries");

	tcase_add_test(t, a_group_reporting_job_joins_the_entry_before_it);
	tcase_add_test(t, windows_of_jobs_beside_each_other_are_added_as_fio_does);
	tcase_add_test(t, windows_are_whole_and_a_stall_counts_as_zero);
	tcase_add_test(t, depths_are_never_above_100_percent);
	tcase_add_test(t, latencies_are_spread_by_exclusive_bounds);
	return t;
}
