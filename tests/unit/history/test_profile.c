/* Runs as figures, the table of a baseline, and whether new runs are as those. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "job_steady.h"
#include "made_runs.h"
#include "profile.h"
#include "simulated_hosts.h"

/* Latencies of a made job: all alike, so that its percentiles are known. */
#define US 1000

static struct run_data base[16], now[4];
static struct profile_check check;

static void end(void)
{
	for (size_t i = 0; i < 16; i++)
		run_data_done(&base[i]);
	for (size_t i = 0; i < 4; i++)
		run_data_done(&now[i]);
	profile_check_done(&check);
}

static void compare(size_t n_base, size_t n_now)
{
	const struct run_data *a[16], *b[4];

	for (size_t i = 0; i < 16; i++)
		a[i] = &base[i];
	for (size_t i = 0; i < 4; i++)
		b[i] = &now[i];
	profile_check_done(&check);
	ck_assert_int_eq(profile_check(a, n_base, b, n_now, NULL, &check, NULL), 0);
}

/* @n runs of a host that differ by a few per cent, in @n_cells cells. */
static void make_base(size_t n, size_t n_cells)
{
	static const unsigned about[] = {100, 103, 98, 101, 99, 102, 100, 97};

	for (size_t i = 0; i < n; i++) {
		made_run(&base[i], (unsigned)i, "h1", n_cells);
		for (uint32_t c = 0; c < n_cells; c++)
			for (int k = 0; k < 2; k++)
				made_trial(&base[i], c, 20000, about[i % 8] * US);
	}
}

static void make_now(size_t i, size_t n_cells, unsigned us)
{
	made_run(&now[i], 20 + (unsigned)i, "h1", n_cells);
	for (uint32_t c = 0; c < n_cells; c++)
		made_trial(&now[i], c, 20000, us * US);
}

static const struct profile_row *row_of(const char *cell, enum metric m)
{
	for (size_t i = 0; i < check.n; i++)
		if (!strcmp(check.items[i].cell, cell) && check.items[i].metric == m)
			return &check.items[i];
	ck_abort_msg("no row of %s %s", cell, metric_names[m]);
	return NULL;
}

START_TEST(a_run_is_one_figure_a_job)
{
	struct run_figures f;
	struct trial_record *t;

	made_run(&base[0], 1, "h1", 2);
	made_trial(&base[0], 1, 20000, 100 * US);
	made_trial(&base[0], 1, 20000, 200 * US);
	made_trial(&base[0], 1, 20000, 400 * US);
	t = made_trial(&base[0], 1, 20000, 9000 * US);
	t->state = TRIAL_MISMATCH;
	t = made_trial(&base[0], 1, 20000, 9000 * US);
	facts_add(&t->jobs[0].facts, STEADY_FACT_MEASURED, "no: throughput drifted by -31 %");
	ck_assert_int_eq(run_figures_of(&base[0], &f), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_str_eq(f.rows[0].cell, "c1");
	ck_assert_uint_eq(f.rows[0].iodepth, 1);
	ck_assert_uint_eq(f.rows[0].n_ok, 3);
	ck_assert_uint_eq(f.rows[0].n_unstable, 1);
	ck_assert_uint_eq(f.rows[0].by[METRIC_P99].n, 3);
	ck_assert_double_eq_tol(exp(f.rows[0].by[METRIC_P99].y), 200 * US, 2 * US);
	ck_assert_double_eq_tol(f.rows[0].by[METRIC_P99].sd, log(2), 0.01);
	ck_assert(!f.rows[0].by[METRIC_P99].is_thin);
	ck_assert(f.rows[0].by[METRIC_P99_9].is_thin); /* 20 beyond it */
	ck_assert_uint_eq(f.rows[0].by[METRIC_CPU_PER_IO].n, 0);
	ck_assert_ptr_null(run_figures_find(&f, "c0", "read"));
	run_figures_done(&f);
}
END_TEST

START_TEST(rounds_of_a_boot_are_one_value)
{
	struct run_figures f;

	made_run(&base[0], 1, "h1", 1);
	made_trial(&base[0], 0, 20000, 100 * US);
	made_trial(&base[0], 0, 20000, 400 * US)->repeat = 0;
	ck_assert_int_eq(run_figures_of(&base[0], &f), 0);
	ck_assert_uint_eq(f.rows[0].n_ok, 1);
	ck_assert_uint_eq(f.rows[0].by[METRIC_P50].n, 1);
	ck_assert_double_eq_tol(exp(f.rows[0].by[METRIC_P50].y), 200 * US, 2 * US);
	ck_assert(isnan(f.rows[0].by[METRIC_P50].sd));
	run_figures_done(&f);
}
END_TEST

START_TEST(a_profile_has_both_spreads)
{
	struct run_figures f[3];
	struct profile p;
	static const unsigned us[3][2] = {{100, 110}, {121, 133}, {100, 100}};

	for (size_t i = 0; i < 3; i++) {
		made_run(&base[i], (unsigned)i, "h1", 1);
		for (int k = 0; k < 2; k++)
			made_trial(&base[i], 0, 20000, us[i][k] * US);
		ck_assert_int_eq(run_figures_of(&base[i], &f[i]), 0);
	}
	ck_assert_int_eq(profile_of(f, 3, &p), 0);
	ck_assert_uint_eq(p.n, 1);
	ck_assert_uint_eq(p.items[0].n_trials, 6);
	ck_assert_uint_eq(p.items[0].by[METRIC_P50].n, 3);
	/* logs of the runs: ln 104.9, ln 126.9, ln 100 */
	ck_assert_double_eq_tol(p.items[0].by[METRIC_P50].value, 110 * US, 1 * US);
	ck_assert_double_eq_tol(p.items[0].by[METRIC_P50].run_sd, 0.1257, 0.005);
	ck_assert_double_eq_tol(p.items[0].by[METRIC_P50].trial_sd, 0.055, 0.005);
	profile_done(&p);
	for (size_t i = 0; i < 3; i++)
		run_figures_done(&f[i]);
}
END_TEST

/* numpy: y = log([100 103 98]); mean, sd; sd*sqrt(1/3+1)*t.975(2): a factor of 1.132. */
START_TEST(an_unchanged_host_is_ok_and_the_interval_is_that_of_prediction)
{
	const struct profile_row *row;

	make_base(3, 1);
	make_now(0, 1, 104);
	compare(3, 1);
	row = row_of("c0", METRIC_P99);
	ck_assert_int_eq(row->verdict, PROFILE_OK);
	ck_assert(row->has_interval);
	ck_assert_double_eq_tol(row->hi, 1.132, 0.005);
	ck_assert_double_eq_tol(row->lo, 1 / 1.132, 0.005);
	ck_assert_uint_eq(check.n_drifted, 0);
	ck_assert_uint_eq(check.n_untold, 0);
	ck_assert_double_eq_tol(check.base_days, 2, 1e-9);
	ck_assert_int_eq(row_of("c0", METRIC_P99_9)->verdict, PROFILE_CANNOT_TELL); /* thin */
	ck_assert_ptr_nonnull(strstr(row_of("c0", METRIC_P99_9)->why, "fewer than 100 samples"));
}
END_TEST

START_TEST(a_slower_host_has_drifted_for_the_worse_and_a_faster_one_has_not)
{
	make_base(8, 2);
	make_now(0, 2, 150);
	made_fact(&now[0], "disk.firmware", "2");
	made_fact(&base[7], "disk.firmware", "1");
	compare(8, 1);
	ck_assert_int_eq(row_of("c1", METRIC_P99)->verdict, PROFILE_DRIFTED);
	ck_assert(row_of("c1", METRIC_P99)->is_worse);
	ck_assert_double_eq_tol(row_of("c1", METRIC_P99)->ratio, 1.5, 0.02);
	ck_assert_int_eq(row_of("c1", METRIC_IOPS)->verdict, PROFILE_OK);
	ck_assert_uint_eq(check.n_drifted, check.n_worse);
	ck_assert_uint_gt(check.n_worse, 0);
	ck_assert_uint_eq(check.changes.n, 1);
	ck_assert_str_eq(check.changes.items[0].what, "firmware of the disk");
	run_data_done(&now[0]);
	make_now(0, 2, 60);
	compare(8, 1);
	ck_assert_uint_gt(check.n_drifted, 0);
	ck_assert_uint_eq(check.n_worse, 0);
}
END_TEST

START_TEST(what_differs_by_less_than_matters_is_ok)
{
	static const unsigned about[] = {10000, 10010, 10005, 9995};

	for (size_t i = 0; i < 4; i++) {
		made_run(&base[i], (unsigned)i, "h1", 1);
		made_trial(&base[i], 0, 20000, about[i] * US);
	}
	make_now(0, 1, 10200);
	compare(4, 1);
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, PROFILE_OK);
	ck_assert_double_le(row_of("c0", METRIC_P99)->p_adjusted, 0.05);
	ck_assert_ptr_nonnull(strstr(row_of("c0", METRIC_P99)->why, "less than the 5 %"));
}
END_TEST

START_TEST(what_cannot_be_told_says_why_and_how_many_runs_would)
{
	make_base(2, 1);
	make_now(0, 1, 100);
	compare(2, 1);
	ck_assert_int_eq(row_of("c0", METRIC_P50)->verdict, PROFILE_CANNOT_TELL);
	ck_assert_uint_eq(row_of("c0", METRIC_P50)->more_runs, 1);
	ck_assert_str_eq(row_of("c0", METRIC_P50)->why,
			 "2 runs in the baseline; 3 are the least for an interval");
	ck_assert_uint_eq(check.n_untold, 1);
	ck_assert_uint_eq(check.n_cannot_tell, check.n);
	end();
	make_base(3, 1);
	made_run(&now[0], 20, "h1", 1);
	compare(3, 1);
	ck_assert_ptr_nonnull(strstr(row_of("c0", METRIC_P50)->why, "no result"));
	ck_assert_double_eq(row_of("c0", METRIC_P50)->ratio, 0);
	end();
	make_base(3, 1);
	make_now(0, 1, 100);
	now[0].trials[0].jobs[0].job_text[0] = '#';
	compare(3, 1);
	ck_assert_ptr_nonnull(strstr(row_of("c0", METRIC_P50)->why, "another one"));
	now[0].trials[0].jobs[0].job_text[0] = '[';
	facts_add(&base[2].cells[0].axes, "bus", "sata");
	facts_add(&base[2].cells[0].axes, "throttle", "off");
	facts_add(&now[0].cells[0].axes, "bus", "sata");
	facts_add(&now[0].cells[0].axes, "throttle", "100iops");
	compare(3, 1);
	ck_assert_str_eq(row_of("c0", METRIC_P50)->why,
			 "throttle is another one than in the baseline");
	facts_done(&base[2].cells[0].axes);
	facts_done(&now[0].cells[0].axes);
	strcpy(now[0].run.version, "0.0.9");
	compare(3, 1);
	ck_assert_ptr_nonnull(strstr(row_of("c0", METRIC_P50)->why, "versions of the engine"));
	strcpy(now[0].run.version, "0.1.0");
	strcpy(now[0].run.accel, "tcg");
	compare(3, 1);
	ck_assert_ptr_nonnull(strstr(row_of("c0", METRIC_P50)->why, "accelerators"));
	ck_assert_double_gt(row_of("c0", METRIC_P50)->ratio, 0);
	free(now[0].run.accel);
	now[0].run.accel = strdup("none"); /* no VM: what ran on the host is as it was */
	compare(3, 1);
	ck_assert_str_eq(row_of("c0", METRIC_P50)->why, "");
}
END_TEST

START_TEST(a_host_whose_runs_differ_wildly_says_how_many_more_it_takes)
{
	static const unsigned about[] = {100, 130, 95};
	const struct profile_row *row;

	for (size_t i = 0; i < 3; i++) {
		made_run(&base[i], (unsigned)i, "h1", 1);
		made_trial(&base[i], 0, 20000, about[i] * US);
	}
	make_now(0, 1, 200);
	compare(3, 1);
	row = row_of("c0", METRIC_P99);
	ck_assert_int_eq(row->verdict, PROFILE_CANNOT_TELL);
	ck_assert_uint_ge(row->more_runs, 3);
	ck_assert_uint_le(row->more_runs, 8);
	ck_assert_msg(strstr(row->why, "differ so much that a change by half") != NULL, "%s",
		      row->why);
	run_data_done(&now[0]);
	make_now(0, 1, 600); /* even for such a host that is too much */
	compare(3, 1);
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, PROFILE_DRIFTED);
	ck_assert_str_eq(row_of("c0", METRIC_P99)->why, "");
}
END_TEST

START_TEST(runs_that_are_all_alike_divide_by_nothing)
{
	for (size_t i = 0; i < 3; i++) {
		made_run(&base[i], (unsigned)i, "h1", 1);
		made_trial(&base[i], 0, 20000, 100 * US);
	}
	make_now(0, 1, 100);
	compare(3, 1);
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, PROFILE_OK);
	run_data_done(&now[0]);
	make_now(0, 1, 200);
	compare(3, 1);
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, PROFILE_DRIFTED);
}
END_TEST

START_TEST(the_spread_counts_autocorrelation_from_seven_runs_on)
{
	static const double wave[] = {1, 2, 3, 4, 4, 3, 2, 1, 1, 2};
	struct run_spread s = run_spread_of(wave, 6), t = run_spread_of(wave, 10);

	ck_assert_double_eq(s.inflation, 1);
	ck_assert_double_eq_tol(s.var, 1.3667, 1e-3);
	ck_assert_double_gt(t.inflation, 2);
	ck_assert_double_gt(run_spread_prediction(&t, 10, 1), t.var);
}
END_TEST

/* Of `simulate_profile` in small; see docs/baselines.md. */
START_TEST(false_alarms_and_power_are_as_measured)
{
	size_t rounds = 200;
	struct check_rates null = simulate_checks(1, &model_alike, 3, 1, 0, 0, rounds);
	struct check_rates own = simulate_checks(2, &model_own, 5, 1, 0, 0, rounds);
	struct check_rates long_null = simulate_checks(3, &model_own, 14, 1, 0, 0, rounds);
	struct check_rates power = simulate_checks(4, &model_alike, 5, 3, 30, .2, rounds);

	ck_assert_msg(null.checks < .08 && null.figures < .03, "%f %f", null.checks, null.figures);
	ck_assert_msg(own.checks < .09 && own.figures < .01, "%f %f", own.checks, own.figures);
	ck_assert_msg(long_null.checks < .08 && long_null.untold < .05, "%f %f", long_null.checks,
		      long_null.untold);
	ck_assert_msg(power.of_changed > .85, "%f", power.of_changed);
}
END_TEST

Suite *profile_suite(void)
{
	Suite *s = suite_create("profile");
	TCase *t = tcase_create("profile");

	tcase_add_checked_fixture(t, NULL, end);
	tcase_add_test(t, a_run_is_one_figure_a_job);
	tcase_add_test(t, rounds_of_a_boot_are_one_value);
	tcase_add_test(t, a_profile_has_both_spreads);
	tcase_add_test(t, an_unchanged_host_is_ok_and_the_interval_is_that_of_prediction);
	tcase_add_test(t, a_slower_host_has_drifted_for_the_worse_and_a_faster_one_has_not);
	tcase_add_test(t, what_differs_by_less_than_matters_is_ok);
	tcase_add_test(t, what_cannot_be_told_says_why_and_how_many_runs_would);
	tcase_add_test(t, a_host_whose_runs_differ_wildly_says_how_many_more_it_takes);
	tcase_add_test(t, runs_that_are_all_alike_divide_by_nothing);
	tcase_add_test(t, the_spread_counts_autocorrelation_from_seven_runs_on);
	tcase_add_test(t, false_alarms_and_power_are_as_measured);
	suite_add_tcase(s, t);
	return s;
}
