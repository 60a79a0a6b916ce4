/* Which nights are an alarm: the one rule that exit code, metrics, JUnit and targets go by. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "made_nights.h"
#include "made_runs.h"
#include "quiet_nights.h"
#include "simulated.h"

#define N 60

static struct made_nights m;
static double y[3][N];

/* Three series of 2 % noise, of the pairs (a, read), (a, read) and (b, read). */
static void begin(void)
{
	const enum metric metrics[] = {METRIC_P99, METRIC_P50, METRIC_P99};
	struct rng r;

	rng_seed(&r, 31);
	made_begin(&m, N, 3);
	m.confirms = true;
	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < N; i++)
			y[k][i] = log(100000) + 0.02 * draw_gauss(&r);
	for (size_t k = 0; k < 3; k++)
		made_series(&m, k, k == 2 ? "b" : "a", metrics[k], y[k]);
}

static void end(void)
{
	made_done(&m);
}

static void step(size_t series, size_t from, double ratio)
{
	for (size_t i = from; i < N; i++)
		m.all[series].y[i] += log(ratio);
}

START_TEST(a_candidate_of_one_series_is_no_alarm_and_told_when_it_is_confirmed)
{
	struct night n;

	step(0, 40, 1.2);
	made_judge(&m, 46, &n);
	ck_assert_uint_eq(n.n_changes, 1);
	ck_assert_int_eq(n.outcome, NIGHT_CANNOT_TELL);
	ck_assert(!night_is_worse(&n) && night_change_is_open(&n, &n.changes[0]));
	ck_assert_msg(strstr(n.reason, "p99 of read in 'a' may have got worse: +"), "%s", n.reason);
	ck_assert_msg(strstr(n.reason, "a candidate: not confirmed, and tried again next night"),
		      "%s", n.reason);
	ck_assert_uint_eq(night_count_unsettled(&n), 0);
	ck_assert_int_eq(night_exit_of(&n), NIGHT_EXIT_CANNOT_TELL);
	n.n_trials = n.n_ok + 1;
	ck_assert_int_eq(night_exit_of(&n), NIGHT_EXIT_TRIAL_FAILED);
	night_done(&n);

	made_look(&m, 47, &n);
	ck_assert(n.changes[0].is_new && night_change_is_open(&n, &n.changes[0]));
	ck_assert_str_eq(n.changes[0].id, m.earlier[0].id);
	n.changes[0].state = CHANGE_CONFIRMED; /* as fresh trials have it */
	ck_assert_int_eq(night_conclude(&n, NULL), 0);
	ck_assert_int_eq(n.outcome, NIGHT_CHANGED);
	n.n_trials = n.n_ok + 1;
	ck_assert_int_eq(night_exit_of(&n), NIGHT_EXIT_WORSE);
	ck_assert_uint_eq(night_count_unsettled(&n), 1);
	made_remember(&m, &n);
	night_done(&n);

	made_judge(&m, 48, &n);
	ck_assert(!n.changes[0].is_new && n.changes[0].state == CHANGE_CONFIRMED);
	ck_assert_int_eq(night_exit_of(&n), NIGHT_EXIT_FINE);
	ck_assert_uint_eq(night_count_unsettled(&n), 1);
	n.changes[0].state = CHANGE_ACKNOWLEDGED;
	ck_assert_uint_eq(night_count_unsettled(&n), 0);
	night_done(&n);
}
END_TEST

/* Two figures of one cell and job are measured by the same requests. */
START_TEST(two_metrics_of_one_job_are_one_series_and_two_cells_are_several)
{
	struct night n;

	step(0, 40, 1.2);
	step(1, 40, 1.2);
	made_look(&m, 46, &n);
	ck_assert_uint_eq(n.n_changes, 2);
	ck_assert_int_eq(n.outcome, NIGHT_CANNOT_TELL);
	ck_assert(!night_is_worse(&n));
	night_done(&n);
	step(2, 40, 1.2);
	made_look(&m, 46, &n);
	ck_assert_uint_eq(n.n_changes, 3);
	ck_assert_int_eq(n.outcome, NIGHT_CHANGED);
	ck_assert(night_is_worse(&n));
	for (size_t i = 0; i < 3; i++)
		n.changes[i].state =
			strcmp(n.changes[i].cell, "b") == 0 ? CHANGE_WENT_AWAY : CHANGE_CANDIDATE;
	ck_assert(!night_is_worse(&n));
	night_done(&n);
}
END_TEST

START_TEST(who_opted_out_of_confirming_is_told_of_candidates)
{
	struct night n;

	m.confirms = false;
	step(0, 40, 1.2);
	made_look(&m, 46, &n);
	ck_assert_int_eq(n.outcome, NIGHT_CHANGED);
	ck_assert(night_is_worse(&n));
	night_done(&n);
}
END_TEST

START_TEST(a_figure_that_is_off_for_a_night_is_no_alarm)
{
	struct night n;

	m.all[0].y[45] += log(2);
	made_look(&m, 46, &n);
	ck_assert_int_eq(n.points[0].verdict, PROFILE_DRIFTED);
	ck_assert(n.points[0].is_worse);
	ck_assert_int_eq(n.outcome, NIGHT_OK);
	ck_assert(!night_is_worse(&n));
	night_done(&n);
}
END_TEST

START_TEST(a_night_that_was_stopped_is_no_fine_one_and_an_alarm_all_the_same)
{
	struct night n;

	made_look(&m, 46, &n);
	n.is_stopped = true;
	ck_assert_int_eq(n.outcome, NIGHT_OK);
	ck_assert_int_eq(night_exit_of(&n), NIGHT_EXIT_TRIAL_FAILED);
	night_done(&n);
	step(0, 40, 1.2);
	step(2, 40, 1.2);
	made_look(&m, 46, &n);
	n.is_stopped = true;
	ck_assert_int_eq(night_exit_of(&n), NIGHT_EXIT_WORSE);
	night_done(&n);
}
END_TEST

/* Any figure off for the worse was the rule once: with outliers it said so nearly every night. */
START_TEST(a_hundred_quiet_series_are_hardly_ever_worse)
{
	static const struct {
		enum noise kind;
		double off, worse, cannot_tell;
	} rows[] = {{NOISE_NORMAL, 0.05, 0.005, 0.02}, {NOISE_OUTLIERS, 0.5, 0.01, 0.08}};

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		struct quiet_shares got = quiet_nights(rows[i].kind, 17, SIMULATED_IS_TOLD ? 4 : 1,
						       true, 0, 8100 + i);
		const char *name = noise_names[rows[i].kind];

		ck_assert(got.junit == got.exit_4 && got.metric == got.exit_4 &&
			  got.text == got.exit_4);
		if (!SIMULATED_IS_TOLD)
			continue;
		ck_assert_msg(got.off > rows[i].off, "%s: %.3f have a figure off", name, got.off);
		ck_assert_msg(got.exit_4 <= rows[i].worse, "%s: %.4f are worse", name, got.exit_4);
		ck_assert_msg(got.exit_5 <= rows[i].cannot_tell, "%s: %.4f can't tell", name,
			      got.exit_5);
	}
}
END_TEST

Suite *worse_suite(void)
{
	Suite *s = suite_create("worse");
	TCase *t = tcase_create("nights");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_candidate_of_one_series_is_no_alarm_and_told_when_it_is_confirmed);
	tcase_add_test(t, two_metrics_of_one_job_are_one_series_and_two_cells_are_several);
	tcase_add_test(t, who_opted_out_of_confirming_is_told_of_candidates);
	tcase_add_test(t, a_figure_that_is_off_for_a_night_is_no_alarm);
	tcase_add_test(t, a_night_that_was_stopped_is_no_fine_one_and_an_alarm_all_the_same);
	tcase_add_test(t, a_hundred_quiet_series_are_hardly_ever_worse);
	suite_add_tcase(s, t);
	return s;
}
