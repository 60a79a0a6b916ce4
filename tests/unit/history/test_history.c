/* Runs become nights and series; what can't be compared is left out and counted. */
#include "history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "made_runs.h"
#include "night_judge.h"

#define ENOUGH 10000 /* requests of which p99 has 100 beyond it, p99.9 has not */

static void declare(struct run_data *d, const char *key, const char *value)
{
	ck_assert_int_eq(facts_add(&d->run.declared, key, value), 0);
}

/* Night @n: one cell, three trials of which the middle one takes @ns. */
static void made_night(struct run_data *d, unsigned n, uint64_t ns)
{
	made_run(d, n, "h", 1);
	declare(d, NIGHTLY_FACT, "yes");
	made_trial(d, 0, ENOUGH, ns);
	made_trial(d, 0, ENOUGH, ns * 2);
	made_trial(d, 0, ENOUGH, ns / 2);
}

static void add(struct history *h, struct run_data *d)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(history_add(h, d, &err) == 0, "%s", err.text);
	run_data_done(d);
}

static void settle(struct history *h, bool adopt)
{
	struct bl_err err = BL_ERR_INIT;
	struct history_rules rules = {.adopt = adopt};

	ck_assert_int_eq(history_settle(h, &rules, &err), 0);
}

START_TEST(nights_in_any_order_are_series_by_time_of_medians_over_trials)
{
	const unsigned order[] = {2, 0, 1};
	struct history h = {0};
	const struct series_history *s;
	struct run_data d;

	for (size_t i = 0; i < 3; i++) {
		made_night(&d, order[i], 100000 * (order[i] + 1));
		add(&h, &d);
	}
	settle(&h, false);
	ck_assert_uint_eq(h.n_nights, 3);
	ck_assert_str_eq(h.nights[2].run, "run-h-2");
	ck_assert_uint_eq(h.nights[0].n_trials, 3);
	s = history_series(&h, "c0", "read", METRIC_P99);
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(s->n, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_double_eq_tol(exp(s->y[i]), 100000.0 * (double)(i + 1),
					1000.0 * (double)(i + 1)); /* a bin of the histogram */
		ck_assert_uint_eq(s->night[i], i);
		ck_assert_uint_eq(s->n_trials[i], 3);
	}
	ck_assert_ptr_nonnull(history_series(&h, "c0", "read", METRIC_IOPS));
	ck_assert_ptr_nonnull(history_series(&h, "c0", "read", METRIC_MAX));
	/* Ten requests beyond it are too few. */
	ck_assert_ptr_null(history_series(&h, "c0", "read", METRIC_P99_9));
	ck_assert_ptr_null(history_series(&h, "c0", "read", METRIC_CPU_PER_IO));
	history_done(&h);
}
END_TEST

START_TEST(what_is_no_night_is_left_out_and_counted)
{
	struct history h = {0};
	struct run_data d;

	made_night(&d, 0, 1000);
	free(d.run.version);
	d.run.version = strdup("0.0.9");
	add(&h, &d);
	made_night(&d, 1, 1000);
	free(d.run.accel);
	d.run.accel = strdup("tcg");
	add(&h, &d);
	made_night(&d, 2, 1000);
	d.run.ended_ms = 0;
	add(&h, &d);
	made_night(&d, 3, 1000);
	d.trials[1].state = TRIAL_INTERRUPTED;
	add(&h, &d);
	made_night(&d, 4, 1000);
	declare(&d, NIGHTLY_FACT_CONFIRM, "an-event");
	add(&h, &d);
	made_run(&d, 5, "h", 1); /* nothing was measured */
	declare(&d, NIGHTLY_FACT, "yes");
	add(&h, &d);
	made_run(&d, 6, "h", 1); /* not by nightly */
	made_trial(&d, 0, ENOUGH, 1000);
	add(&h, &d);
	made_night(&d, 7, 1000);
	free(d.run.version);
	d.run.version = strdup("0.1.7"); /* measures as 0.1.0 does */
	add(&h, &d);
	made_night(&d, 8, 1000);
	add(&h, &d);
	settle(&h, false);
	ck_assert_uint_eq(h.n_nights, 2);
	ck_assert_str_eq(h.nights[0].run, "run-h-7");
	ck_assert_uint_eq(history_left_out(&h, HISTORY_OTHER_ENGINE), 1);
	ck_assert_uint_eq(history_left_out(&h, HISTORY_OTHER_ACCEL), 1);
	ck_assert_uint_eq(history_left_out(&h, HISTORY_INTERRUPTED), 2);
	ck_assert_uint_eq(history_left_out(&h, HISTORY_EXTRA), 1);
	ck_assert_uint_eq(history_left_out(&h, HISTORY_NO_FIGURES), 1);
	ck_assert_uint_eq(history_left_out(&h, HISTORY_ORDINARY), 1);
	settle(&h, true);
	ck_assert_uint_eq(h.n_nights, 3);
	history_done(&h);
}
END_TEST

/* Night @n under @accel, of cell @cell alone. */
static void add_night_of(struct history *h, unsigned n, const char *accel, uint32_t cell)
{
	struct run_data d;

	made_run(&d, n, "h", 2);
	declare(&d, NIGHTLY_FACT, "yes");
	made_fact(&d, "accel", accel);
	free(d.run.accel);
	d.run.accel = strdup(accel);
	made_trial(&d, cell, ENOUGH, 100000);
	add(h, &d);
}

START_TEST(a_night_without_a_vm_hides_none_that_has_one)
{
	struct history h = {0};

	add_night_of(&h, 0, "tcg", 0);
	add_night_of(&h, 1, "kvm", 0);
	add_night_of(&h, 2, "none", 1);
	settle(&h, false);
	ck_assert_uint_eq(h.n_nights, 2);
	ck_assert_uint_eq(history_left_out(&h, HISTORY_OTHER_ACCEL), 1); /* the emulated one */
	ck_assert_str_eq(history_accel(&h), "kvm");
	ck_assert_ptr_nonnull(history_series(&h, "c0", "read", METRIC_P50));
	ck_assert_ptr_nonnull(history_series(&h, "c1", "read", METRIC_P50));
	ck_assert_uint_eq(h.nights[1].n_marks, 0); /* the acceleration is no other one */
	history_done(&h);
	add_night_of(&h, 0, "none", 0);
	settle(&h, false);
	ck_assert_str_eq(history_accel(&h), "none");
	history_done(&h);
}
END_TEST

START_TEST(a_percentile_without_a_figure_says_what_it_needs)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct history h = {0};
	struct run_data d;

	made_run(&d, 0, "h", 2);
	declare(&d, NIGHTLY_FACT, "yes");
	made_trial(&d, 0, 210, 1000000); /* in a second: 10,000 take 47.6 s */
	made_trial(&d, 1, ENOUGH, 100000);
	add(&h, &d);
	settle(&h, false);
	ck_assert_int_eq(history_thin(&h, 0, NULL, NULL, &out), 0);
	ck_assert_str_eq(bl_buf_str(&out),
			 "no figure for p99 of read (a runtime of about 48 s at the IOPS seen "
			 "would do); p99.9 of read (a runtime of about 480 s at the IOPS seen "
			 "would do): in a trial fewer than 100 samples lie beyond it");
	bl_buf_done(&out);
	out = (struct bl_buf)BL_BUF_INIT;
	ck_assert_int_eq(history_thin(&h, 0, "c1", NULL, &out), 0);
	ck_assert_str_eq(bl_buf_str(&out),
			 "no figure for p99.9 of read (a runtime of about 10 s at the IOPS seen "
			 "would do): in a trial fewer than 100 samples lie beyond it");
	bl_buf_done(&out);
	out = (struct bl_buf)BL_BUF_INIT;
	ck_assert_int_eq(history_thin(&h, 0, "c1", "write", &out), 0);
	ck_assert_uint_eq(out.len, 0);
	history_done(&h);
}
END_TEST

START_TEST(a_night_says_which_percentiles_it_lacks)
{
	struct judge_rules rules = {.effects = NULL};
	struct bl_err err = BL_ERR_INIT;
	struct night night = {0};
	struct history h = {0};
	struct run_data d;

	made_night(&d, 0, 100000);
	add(&h, &d);
	settle(&h, false);
	ck_assert_int_eq(night_judge(&h, &rules, &night, &err), 0);
	ck_assert_uint_eq(night.n_notes, 1);
	ck_assert_ptr_nonnull(strstr(night.notes[0], "no figure for p99.9 of read"));
	night_done(&night);
	history_done(&h);
}
END_TEST

START_TEST(cells_measured_again_are_the_same_night)
{
	struct history h = {0};
	const struct series_history *s;
	struct run_data d;

	made_night(&d, 0, 100000);
	add(&h, &d);
	made_night(&d, 1, 400000);
	add(&h, &d);
	made_night(&d, 2, 100000);
	declare(&d, NIGHTLY_FACT_RERUN, "run-h-1");
	add(&h, &d);
	made_night(&d, 3, 100000);
	declare(&d, NIGHTLY_FACT_RERUN, "gone");
	add(&h, &d);
	settle(&h, false);
	ck_assert_uint_eq(h.n_nights, 2);
	ck_assert_uint_eq(h.nights[1].n_runs, 2);
	ck_assert_uint_eq(h.nights[1].n_trials, 6);
	s = history_series(&h, "c0", "read", METRIC_P50);
	ck_assert_uint_eq(s->n, 2);
	ck_assert_uint_eq(s->n_trials[1], 6);
	ck_assert_double_eq_tol(exp(s->y[1]), 200000, 3000); /* half-way, as logarithms */
	ck_assert_uint_eq(history_left_out(&h, HISTORY_EXTRA), 1);
	history_done(&h);
}
END_TEST

START_TEST(a_figure_that_comes_later_joins_those_of_its_cell_and_job)
{
	struct history h = {0};
	struct run_data d;

	made_run(&d, 0, "h", 2);
	declare(&d, NIGHTLY_FACT, "yes");
	made_trial(&d, 0, 1000, 100000); /* too few for p99 */
	made_trial(&d, 1, ENOUGH, 100000);
	add(&h, &d);
	made_night(&d, 1, 100000);
	add(&h, &d);
	settle(&h, false);
	for (size_t i = 1; i < h.n_series; i++) {
		int cells = strcmp(h.series[i - 1].cell, h.series[i].cell);

		ck_assert_int_le(cells, 0);
		if (cells == 0)
			ck_assert_int_lt(h.series[i - 1].metric, h.series[i].metric);
	}
	ck_assert_ptr_nonnull(history_series(&h, "c0", "read", METRIC_P99));
	history_done(&h);
}
END_TEST

START_TEST(a_night_that_lacks_a_figure_is_not_in_its_series)
{
	struct history h = {0};
	const struct series_history *s;
	struct run_data d;

	for (unsigned n = 0; n < 3; n++) {
		made_run(&d, n, "h", 2);
		declare(&d, NIGHTLY_FACT, "yes");
		made_trial(&d, 0, ENOUGH, 1000);
		made_trial(&d, 1, ENOUGH, 1000);
		if (n == 1) {
			d.trials[1].state = TRIAL_FAILED;
			d.trials[1].reason = strdup("it died");
		}
		add(&h, &d);
	}
	settle(&h, false);
	ck_assert_uint_eq(h.n_nights, 3);
	ck_assert_uint_eq(h.nights[1].n_ok, 1);
	s = history_series(&h, "c1", "read", METRIC_P50);
	ck_assert_uint_eq(s->n, 2);
	ck_assert_uint_eq(s->night[1], 2);
	ck_assert_uint_eq(history_series(&h, "c0", "read", METRIC_P50)->n, 3);
	history_done(&h);
}
END_TEST

START_TEST(jobs_that_were_not_steady_have_no_figure)
{
	struct history h = {0};
	struct run_data d;

	made_night(&d, 0, 100000);
	facts_add(&d.trials[0].jobs[0].facts, "steady.measured", "no: throughput drifted by -31 %");
	add(&h, &d);
	settle(&h, false);
	ck_assert_uint_eq(h.runs[0]->n_unstable, 1);
	ck_assert_uint_eq(history_series(&h, "c0", "read", METRIC_P50)->n_trials[0], 2);
	history_done(&h);
}
END_TEST

START_TEST(marks_say_what_changed_since_the_night_before)
{
	struct history h = {0};
	struct run_data d;

	made_night(&d, 0, 100000);
	add(&h, &d);
	made_night(&d, 1, 100000);
	made_fact(&d, "emulator.0.version", "10.0.2");
	add(&h, &d);
	made_night(&d, 2, 100000);
	made_fact(&d, "emulator.0.version", "10.0.2");
	free(d.run.scenario_text);
	d.run.scenario_text = strdup("name: nightly # edited");
	free(d.trials[0].jobs[0].job_text);
	d.trials[0].jobs[0].job_text = strdup("[read]\nrw=randread\nbs=8k\n");
	add(&h, &d);
	settle(&h, false);
	ck_assert_uint_eq(h.nights[0].n_marks, 0);
	ck_assert_uint_eq(h.nights[1].n_marks, 1);
	ck_assert_str_eq(h.nights[1].marks[0], "QEMU 7.2.22 -> 10.0.2");
	ck_assert_uint_eq(h.nights[2].n_marks, 2);
	ck_assert_str_eq(h.nights[2].marks[0], "job 'read' is another one");
	ck_assert_str_eq(h.nights[2].marks[1], "the scenario's file was edited");
	history_done(&h);
}
END_TEST

/* Night @n of a cell whose disk has @firmware; 0 ns: it failed before the disk said so. */
static void add_disk_night(struct history *h, unsigned n, const char *firmware, uint64_t ns)
{
	struct run_data d;
	struct trial_record *t;

	made_run(&d, n, "h", 2);
	declare(&d, NIGHTLY_FACT, "yes");
	made_trial(&d, 0, ENOUGH, 100000);
	t = made_trial(&d, 1, ENOUGH, ns ? ns + n * 7919 % 5 * 500 : 1);
	if (ns) {
		facts_add(&t->facts, "device.firmware", firmware);
	} else {
		t->state = TRIAL_FAILED;
		t->reason = strdup("the controller was reset");
	}
	add(h, &d);
}

static void new_id(void *ctx, char id[BL_UUID_TEXT])
{
	snprintf(id, BL_UUID_TEXT, "id-%u", ++*(unsigned *)ctx);
}

START_TEST(what_changed_while_its_cell_failed_is_the_mark_of_the_next_night_that_says_it)
{
	struct history h = {0};
	struct bl_err err = BL_ERR_INIT;
	struct night night = {0};
	unsigned ids = 0;
	struct judge_rules rules = {.new_id = new_id, .ctx = &ids};

	for (unsigned n = 0; n < 12; n++)
		add_disk_night(&h, n, "A", 100000);
	add_disk_night(&h, 12, "B", 0);
	add_disk_night(&h, 13, "B", 0);
	for (unsigned n = 14; n < 18; n++)
		add_disk_night(&h, n, "B", 150000);
	settle(&h, false);
	for (size_t i = 0; i < h.n_nights; i++)
		ck_assert_uint_eq(h.nights[i].n_marks, i == 14);
	ck_assert_str_eq(h.nights[14].marks[0], "firmware of the disk under test A -> B");
	ck_assert_int_eq(night_judge(&h, &rules, &night, &err), 0);
	ck_assert_uint_gt(night.n_changes, 0);
	ck_assert_str_eq(night.changes[0].cell, "c1");
	ck_assert_str_eq(night.changes[0].at_run, "run-h-14");
	ck_assert_ptr_nonnull(night.changes[0].cause);
	ck_assert_str_eq(night.changes[0].cause, "firmware of the disk under test A -> B");
	night_done(&night);
	history_done(&h);
}
END_TEST

START_TEST(an_empty_history_has_no_nights)
{
	struct history h = {0};

	settle(&h, true);
	ck_assert_uint_eq(h.n_nights, 0);
	ck_assert_uint_eq(history_night_of(&h, "x"), 0);
	history_done(&h);
}
END_TEST

START_TEST(a_baseline_judges_what_was_measured_again_too)
{
	struct history h = {0};
	struct run_figures base[5];
	struct profile_check checks[JUDGE_BASELINE_NIGHTS];
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;
	size_t n;

	for (unsigned i = 0; i < 5; i++) {
		made_night(&d, i, 100000 + 1000 * (i % 3));
		ck_assert_int_eq(run_figures_of(&d, &base[i]), 0);
		run_data_done(&d);
	}
	made_night(&d, 6, 100000);
	add(&h, &d);
	made_night(&d, 7, 400000);
	add(&h, &d);
	made_run(&d, 8, "h", 1);
	declare(&d, NIGHTLY_FACT, "yes");
	declare(&d, NIGHTLY_FACT_RERUN, "run-h-7");
	made_trial(&d, 0, ENOUGH, 100000);
	add(&h, &d);
	settle(&h, false);
	ck_assert_uint_eq(h.n_nights, 2);
	ck_assert_int_eq(night_check_baseline(&h, base, 5, NULL, checks, &n, &err), 0);
	ck_assert_uint_eq(n, 2);
	for (size_t i = 0; i < checks[0].n; i++)
		if (checks[0].items[i].metric == METRIC_P50)
			ck_assert_double_eq_tol(checks[0].items[i].now, 200000, 4000);
	for (size_t i = 0; i < checks[1].n; i++)
		if (checks[1].items[i].metric == METRIC_P50)
			ck_assert_double_eq_tol(checks[1].items[i].now, 100000, 2000);
	ck_assert_uint_gt(checks[0].n, 0);
	for (size_t i = 0; i < n; i++)
		profile_check_done(&checks[i]);
	for (size_t i = 0; i < 5; i++)
		run_figures_done(&base[i]);
	history_done(&h);
}
END_TEST

Suite *history_suite(void)
{
	Suite *s = suite_create("history");
	TCase *t = tcase_create("runs");

	tcase_add_test(t, nights_in_any_order_are_series_by_time_of_medians_over_trials);
	tcase_add_test(t, what_is_no_night_is_left_out_and_counted);
	tcase_add_test(t, a_night_without_a_vm_hides_none_that_has_one);
	tcase_add_test(t, a_percentile_without_a_figure_says_what_it_needs);
	tcase_add_test(t, a_night_says_which_percentiles_it_lacks);
	tcase_add_test(t, cells_measured_again_are_the_same_night);
	tcase_add_test(t, a_figure_that_comes_later_joins_those_of_its_cell_and_job);
	tcase_add_test(t, a_night_that_lacks_a_figure_is_not_in_its_series);
	tcase_add_test(t, jobs_that_were_not_steady_have_no_figure);
	tcase_add_test(t, marks_say_what_changed_since_the_night_before);
	tcase_add_test(
		t, what_changed_while_its_cell_failed_is_the_mark_of_the_next_night_that_says_it);
	tcase_add_test(t, an_empty_history_has_no_nights);
	tcase_add_test(t, a_baseline_judges_what_was_measured_again_too);
	suite_add_tcase(s, t);
	return s;
}
