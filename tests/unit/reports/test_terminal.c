#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "documents.h"
#include "fmt.h"

static const struct synthetic small = {.repeats = 3, .seconds = 1, .seed = 5, .is_small = true};
static const struct synthetic full = {.repeats = 7, .seconds = 4, .seed = 3};

START_TEST(the_table_is_as_expected)
{
	BL_CLEANUP(bl_freep) char *wide = terminal_table(&small, 100, false);
	BL_CLEANUP(bl_freep) char *narrow = terminal_table(&small, 60, false);

	expect_file("small-100.txt", wide);
	expect_file("small-60.txt", narrow);
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal)
{
	static const unsigned columns[] = {100, 90, 80, 72, 60};

	for (size_t i = 0; i < BL_ARRAY_LEN(columns); i++) {
		BL_CLEANUP(bl_freep) char *text = terminal_table(&full, columns[i], false);

		expect_fits(text, columns[i]);
	}
}
END_TEST

START_TEST(every_cell_is_named_in_full)
{
	BL_CLEANUP(bl_freep) char *text = terminal_table(&full, 60, false);
	struct run_data d;

	synthetic_run(&full, &d);
	for (size_t i = 0; i < d.n_cells; i++)
		ck_assert_msg(strstr(text, d.cells[i].name), "%s", d.cells[i].name);
	run_data_done(&d);
}
END_TEST

START_TEST(the_best_p99_is_first_and_the_end_says_what_to_try)
{
	BL_CLEANUP(bl_freep) char *text = terminal_table(&small, 100, false);
	const char *iothread = strstr(text, "virtio-blk iothread none");
	const char *main_loop = strstr(text, "virtio-blk main none");

	ck_assert(iothread && main_loop && iothread < main_loop);
	ck_assert_ptr_nonnull(strstr(text, "\nnext  "));
	ck_assert_ptr_nonnull(strstr(text, "--repeats 8"));
}
END_TEST

START_TEST(colour_is_only_where_it_was_asked)
{
	BL_CLEANUP(bl_freep) char *plain = terminal_table(&full, 100, false);
	BL_CLEANUP(bl_freep) char *colour = terminal_table(&full, 100, true);

	ck_assert_ptr_null(strchr(plain, '\033'));
	ck_assert_ptr_nonnull(strstr(colour, "\033[32mbetter"));
}
END_TEST

START_TEST(hostile_names_cannot_steer_the_terminal)
{
	struct synthetic how = small;
	BL_CLEANUP(bl_freep) char *text = NULL;

	how.is_hostile = true;
	text = terminal_table(&how, 100, false);
	ck_assert_ptr_null(strchr(text, '\033'));
}
END_TEST

/* Each sentence as one line. */
static void unwrap(char *text)
{
	for (char *s = text; (s = strstr(s, "\n      "));)
		memmove(s, s + 6, strlen(s + 6) + 1);
}

/* Every trial of the small run's third cell, as if it had ended so. */
static char *table_of_ends(enum trial_state state, const char *reason, bool has_console,
			   bool has_config)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;

	synthetic_run(&small, &d);
	for (size_t i = 0; i < d.n_trials; i++) {
		struct trial_record *t = &d.trials[i];

		if (t->state == TRIAL_OK)
			continue;
		t->state = state;
		free(t->reason);
		free(t->console_tail);
		t->reason = strdup(reason);
		t->console_tail = has_console ? strdup("[    1.2] panic") : NULL;
		if (has_config)
			effectives_add(&t->effective, "bus", "x", "y", "live XML");
	}
	ck_assert_msg(report_table(&d, NULL, 100, false, &out, &err) == 0, "%s", bl_err_text(&err));
	run_data_done(&d);
	unwrap(out.data);
	return bl_buf_take(&out);
}

START_TEST(the_next_step_names_only_evidence_that_exists)
{
	static const struct {
		enum trial_state state;
		bool has_console, has_config;
		const char *says;
	} rows[] = {
		{TRIAL_FAILED, true, true,
		 "failed: its console and both configurations are in the report"},
		{TRIAL_FAILED, true, false, "failed: its console is in the report"},
		{TRIAL_FAILED, false, false, "failed and left no console: REASON; put that right"},
		{TRIAL_MISMATCH, false, true,
		 "did not run what was asked: both configurations are in the report"},
		{TRIAL_IMPOSSIBLE, false, false,
		 "can't run here: REASON; choose a kernel or an emulator that can, or leave the "
		 "cell out with 'exclude' in the scenario"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		BL_CLEANUP(bl_freep)
		char *text = table_of_ends(rows[i].state, "REASON", rows[i].has_console,
					   rows[i].has_config);
		const char *next = strstr(text, "\nnext  ");

		ck_assert_ptr_nonnull(next);
		ck_assert_msg(strstr(next, rows[i].says), "'%s' is not in '%s'", rows[i].says,
			      next);
		ck_assert_msg((strstr(next, "its console") != NULL) == rows[i].has_console, "%s",
			      next);
		ck_assert_msg((strstr(next, "both config") != NULL) == rows[i].has_config, "%s",
			      next);
	}
}
END_TEST

static char *compared_in(const struct synthetic *a, const struct synthetic *b,
			 const char *version_b, unsigned columns)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data da, db;

	synthetic_run(a, &da);
	synthetic_run(b, &db);
	if (version_b) {
		free(db.run.version);
		db.run.version = strdup(version_b);
	}
	ck_assert_msg(report_compare(&da, "virtio-blk main none", &db, "virtio-blk iothread none",
				     NULL, columns, false, &out, &err) == 0,
		      "%s", bl_err_text(&err));
	run_data_done(&da);
	run_data_done(&db);
	return bl_buf_take(&out);
}

static char *compared(const struct synthetic *a, const struct synthetic *b, const char *version_b)
{
	return compared_in(a, b, version_b, 100);
}

START_TEST(no_line_of_two_cells_is_wider_than_the_terminal)
{
	static const unsigned columns[] = {100, 90, 80};

	for (size_t i = 0; i < BL_ARRAY_LEN(columns); i++) {
		BL_CLEANUP(bl_freep) char *one = compared_in(&small, &small, NULL, columns[i]);
		BL_CLEANUP(bl_freep) char *two = compared_in(&full, &small, NULL, columns[i]);

		expect_fits(one, columns[i]);
		expect_fits(two, columns[i]);
	}
}
END_TEST

START_TEST(two_cells_of_one_run_are_as_expected)
{
	BL_CLEANUP(bl_freep) char *text = compared(&small, &small, NULL);

	expect_file("small-compare.txt", text);
	ck_assert_ptr_nonnull(strstr(text, "iothread: none -> iothread1"));
	ck_assert_ptr_nonnull(strstr(text, "cannot tell"));
}
END_TEST

/* Of fio's documents, too: both cells in one import are compared. */
START_TEST(two_imported_runs_get_no_verdict)
{
	struct report_options opt = {.is_gate = true};
	BL_CLEANUP(run_data_done) struct run_data da = {0}, db = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const char *slow = "virtio-blk main none", *fast = "virtio-blk iothread none";
	struct synthetic b = full;
	struct bl_err err = BL_ERR_INIT;
	struct gate g;

	b.seed = 5;
	synthetic_run(&full, &da);
	synthetic_run(&b, &db);
	ck_assert_int_eq(facts_add(&da.run.notes, "imported", "fio"), 0);
	ck_assert_int_eq(facts_add(&db.run.notes, "imported", "fio"), 0);
	ck_assert_int_eq(report_compare(&da, fast, &db, slow, NULL, 100, false, &out, &err), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "verdicts are refused"));
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "better"));
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "worse"));
	ck_assert_int_eq(report_compare_gate(&da, fast, &db, slow, &opt, &g, &err), -EINVAL);
}
END_TEST

START_TEST(two_runs_show_what_else_differs_and_get_no_verdict)
{
	struct synthetic a = full, b = full;
	BL_CLEANUP(bl_freep) char *text = NULL;

	b.seed = 4;
	text = compared(&a, &b, NULL);
	ck_assert_ptr_nonnull(strstr(text, "CPU governor performance -> schedutil"));
	ck_assert_ptr_nonnull(strstr(text, "two runs: what the host did between them"));
	ck_assert_ptr_nonnull(strstr(text, "blklab baseline check"));
	ck_assert_ptr_null(strstr(text, "better"));
	ck_assert_ptr_null(strstr(text, "worse"));
	ck_assert_ptr_null(strstr(text, " pairs)"));
	ck_assert_ptr_nonnull(strstr(text, "IOPS")); /* figures stay, and their ratio */
	ck_assert_ptr_nonnull(strstr(text, " %  - "));
}
END_TEST

/* What is another each time says nothing of the system. */
START_TEST(free_memory_is_no_difference_of_the_environment)
{
	BL_CLEANUP(run_data_done) struct run_data da = {0}, db = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct synthetic b = full;

	b.seed = 5; /* another run; odd as that of full is: the same governor */
	synthetic_run(&full, &da);
	synthetic_run(&b, &db);
	ck_assert_int_eq(facts_add(&da.run.environment, "memory.available_bytes", "1000000"), 0);
	ck_assert_int_eq(facts_add(&db.run.environment, "memory.available_bytes", "2000000"), 0);
	ck_assert_int_eq(report_compare(&da, "virtio-blk main none", &db, "virtio-blk main none",
					NULL, 100, false, &out, NULL),
			 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "two runs"));
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "memory"));
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "environment that differs"));
}
END_TEST

START_TEST(the_reason_in_json_is_the_true_one)
{
	BL_CLEANUP(run_data_done) struct run_data da = {0}, db = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct synthetic b = full;

	b.seed = 5;
	b.accel = full.accel && !strcmp(full.accel, "kvm") ? "tcg" : "kvm";
	synthetic_run(&full, &da);
	synthetic_run(&b, &db);
	ck_assert_int_eq(report_compare_json(&da, "virtio-blk main none", &db,
					     "virtio-blk main none", NULL, &out, NULL),
			 0);
	ck_assert_ptr_nonnull(
		strstr(bl_buf_str(&out), "\"measured under different accelerators\""));
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "versions"));
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "trimmed_lo95"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "\"ratio\""));
}
END_TEST

/* The worse cell fails it and the better one passes; two runs are no gate. */
START_TEST(a_gate_counts_what_is_worse_in_one_family)
{
	struct report_options opt = {.is_gate = true};
	BL_CLEANUP(run_data_done) struct run_data d = {0}, other = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const char *slow = "virtio-blk main none", *fast = "virtio-blk iothread none";
	struct synthetic how = full;
	struct bl_err err = BL_ERR_INIT;
	struct gate g;

	synthetic_run(&full, &d);
	how.seed = 5;
	synthetic_run(&how, &other);
	ck_assert_int_eq(report_compare_gate(&d, fast, &d, slow, &opt, &g, &err), 0);
	ck_assert_uint_gt(g.n_worse, 0);
	ck_assert_uint_gt(g.n, 8); /* more than one metric, and more than one job */
	ck_assert(!gate_is_passed(&g));
	ck_assert_int_eq(report_compare(&d, fast, &d, slow, &opt, 100, false, &out, &err), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "corrected together by Holm"));
	ck_assert_int_eq(report_compare_gate(&d, slow, &d, fast, &opt, &g, &err), 0);
	ck_assert_uint_eq(g.n_worse, 0);
	ck_assert_int_eq(report_compare_gate(&d, slow, &other, fast, &opt, &g, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(bl_err_text(&err), "a gate needs verdicts: two runs"));
}
END_TEST

START_TEST(different_engine_versions_get_no_verdict)
{
	struct synthetic a = full, b = full;
	BL_CLEANUP(bl_freep) char *text = NULL;

	b.seed = 4;
	text = compared(&a, &b, "0.2.0");
	ck_assert_ptr_nonnull(strstr(text, "refused"));
	ck_assert_ptr_null(strstr(text, "better"));
	ck_assert_ptr_null(strstr(text, "worse"));
}
END_TEST

START_TEST(a_thin_percentile_is_marked_in_the_comparison_as_in_the_table)
{
	BL_CLEANUP(bl_freep) char *text = compared(&small, &small, NULL);

	/* The table of the same run: ~505 of B's reference, 382 without the mark. */
	ck_assert_ptr_nonnull(strstr(text, "\n  p99             ~505 us     382 us"));
	ck_assert_ptr_nonnull(strstr(text, "\n  p99.99                -   ~2.08 ms"));
	ck_assert_ptr_nonnull(strstr(text, "\n  p50              307 us     269 us"));
}
END_TEST

/* 21490 I/Os of all trials are enough for the figure, and 3070 of each for no verdict. */
START_TEST(a_longer_runtime_is_what_a_trial_takes)
{
	struct synthetic how = small;
	BL_CLEANUP(bl_freep) char *text = NULL;
	const char *next;

	how.repeats = 7;
	text = terminal_table(&how, 100, false);
	unwrap(text);
	next = strstr(text, "give the jobs a longer runtime");
	ck_assert_ptr_null(strstr(text, "~505"));
	ck_assert_msg(next && strstr(next, "take 10000 I/Os in a trial") &&
			      strstr(next, "4 s of randread-4k-qd1") &&
			      strstr(next, "'virtio-blk main none'"),
		      "%s", text);
}
END_TEST

START_TEST(a_verdict_that_a_thin_percentile_refuses_is_marked_and_says_what_would_tell)
{
	struct synthetic how = small;
	BL_CLEANUP(bl_freep) char *text = NULL;
	BL_CLEANUP(bl_freep) char *table = NULL;

	how.repeats = 7;
	text = compared(&how, &how, NULL);
	table = terminal_table(&how, 100, false);
	unwrap(table);
	ck_assert_ptr_nonnull(strstr(text, "[-26 %, -22 %]       cannot tell~\n"));
	ck_assert_msg(strstr(text, "\n  ~ p99: in some trial fewer than 100 samples lie beyond it; "
				   "trials of 10000 I/Os would"),
		      "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "\n  ~ p99.9: "));
	ck_assert_ptr_null(strstr(text, "\nwhy "));
	ck_assert_ptr_nonnull(strstr(table, "cannot tell~ -2"));
}
END_TEST

START_TEST(what_a_host_cannot_have_is_one_line)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT, back = BL_BUF_INIT;
	const char *vm = "virtio-blk main none";

	synthetic_run(&full, &d);
	for (size_t i = 0; i < d.n_trials; i++)
		if (strcmp(d.cells[d.trials[i].cell].name, vm) == 0)
			effectives_add(&d.trials[i].effective, "emulator.version", "7", "7", "qmp");
	ck_assert_int_eq(report_compare(&d, vm, &d, "host", NULL, 100, false, &out, NULL), 0);
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "(absent)"));
	ck_assert_msg(strstr(bl_buf_str(&out), "\n  B has no VM: "), "%s", bl_buf_str(&out));
	ck_assert_int_eq(report_compare(&d, "host", &d, vm, NULL, 100, false, &back, NULL), 0);
	ck_assert_ptr_null(strstr(bl_buf_str(&back), "(absent)"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&back), "\n  A has no VM: "));
}
END_TEST

START_TEST(findings_are_told_by_certainty)
{
	static const struct synthetic watched = {
		.repeats = 6, .seconds = 45, .seed = 3, .is_watched = true, .accel = "kvm"};
	BL_CLEANUP(bl_freep) char *text = terminal_table(&watched, 100, false);
	const char *found, *stall, *possible, *likely, *certain = NULL;

	unwrap(text);
	found = strstr(text, "\nfound ");
	stall = strstr(text, "\nstall ");
	possible = found ? strstr(found, " (possible): ") : NULL;
	likely = found ? strstr(found, " (likely): ") : NULL;
	for (const char *s = found; (s = strstr(s + 1, " (certain): "));)
		certain = s;
	ck_assert_msg(possible && likely && certain && stall, "%s", text);
	ck_assert_msg(certain < likely && likely < possible && possible < stall, "%s", found);
	ck_assert_ptr_null(strstr(found, "here of"));
}
END_TEST

START_TEST(one_cell_wins_nothing)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(run_data_done) struct run_data d = {0};

	synthetic_run(&small, &d);
	for (size_t i = 0; i < d.n_trials; i++)
		if (strcmp(d.cells[d.trials[i].cell].name, "virtio-blk main none") != 0)
			d.trials[i].state = TRIAL_FAILED;
	ck_assert_int_eq(report_write(&d, REPORT_MD, NULL, &out, NULL), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "**virtio-blk main none** has a p99 of"));
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "lowest p99"));
}
END_TEST

START_TEST(one_pair_is_not_pairs)
{
	struct synthetic how = small;
	BL_CLEANUP(bl_freep) char *text = NULL;

	how.repeats = 1;
	text = compared(&how, &how, NULL);
	ck_assert_ptr_nonnull(strstr(text, "1 pair)"));
	ck_assert_ptr_null(strstr(text, "1 pairs"));
}
END_TEST

START_TEST(an_emulated_cpu_is_told_in_table_and_comparison)
{
	struct synthetic kvm = small;
	BL_CLEANUP(bl_freep) char *text = compared(&small, &small, NULL);
	BL_CLEANUP(bl_freep) char *table = terminal_table(&small, 100, false);
	BL_CLEANUP(bl_freep) char *mixed = NULL;
	BL_CLEANUP(bl_freep) char *none = NULL;

	kvm.accel = "kvm";
	mixed = compared(&kvm, &small, NULL);
	none = compared(&kvm, &kvm, NULL);
	ck_assert_ptr_nonnull(strstr(table, "Emulated CPU (TCG)"));
	ck_assert_uint_eq(count_of(text, "Z, emulated CPU, 3 of 3"), 2);
	ck_assert_uint_eq(count_of(text, "note  Emulated CPU (TCG): compare paths"), 1);
	ck_assert_uint_eq(count_of(mixed, "Z, emulated CPU, 3 of 3"), 1);
	ck_assert_uint_eq(count_of(mixed, "note  Emulated CPU (TCG)"), 1);
	ck_assert_uint_eq(count_of(none, "Z, host CPU, 3 of 3"), 2);
	ck_assert_ptr_null(strcasestr(none, "emulated"));
}
END_TEST

START_TEST(an_unknown_cell_is_refused)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;

	synthetic_run(&small, &d);
	ck_assert_int_eq(
		report_compare(&d, "virtio-blk main none", &d, "sata", NULL, 80, false, &out, &err),
		-ENOENT);
	ck_assert_ptr_nonnull(strstr(bl_err_text(&err), "'sata' is not in this run; one of"));
	run_data_done(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-terminal");
	TCase *t = tcase_create("terminal");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_table_is_as_expected);
	tcase_add_test(t, no_line_is_wider_than_the_terminal);
	tcase_add_test(t, every_cell_is_named_in_full);
	tcase_add_test(t, the_best_p99_is_first_and_the_end_says_what_to_try);
	tcase_add_test(t, the_next_step_names_only_evidence_that_exists);
	tcase_add_test(t, colour_is_only_where_it_was_asked);
	tcase_add_test(t, hostile_names_cannot_steer_the_terminal);
	tcase_add_test(t, no_line_of_two_cells_is_wider_than_the_terminal);
	tcase_add_test(t, two_cells_of_one_run_are_as_expected);
	tcase_add_test(t, two_runs_show_what_else_differs_and_get_no_verdict);
	tcase_add_test(t, two_imported_runs_get_no_verdict);
	tcase_add_test(t, free_memory_is_no_difference_of_the_environment);
	tcase_add_test(t, the_reason_in_json_is_the_true_one);
	tcase_add_test(t, a_gate_counts_what_is_worse_in_one_family);
	tcase_add_test(t, different_engine_versions_get_no_verdict);
	tcase_add_test(t, a_thin_percentile_is_marked_in_the_comparison_as_in_the_table);
	tcase_add_test(t, a_longer_runtime_is_what_a_trial_takes);
	tcase_add_test(t,
		       a_verdict_that_a_thin_percentile_refuses_is_marked_and_says_what_would_tell);
	tcase_add_test(t, what_a_host_cannot_have_is_one_line);
	tcase_add_test(t, findings_are_told_by_certainty);
	tcase_add_test(t, one_cell_wins_nothing);
	tcase_add_test(t, one_pair_is_not_pairs);
	tcase_add_test(t, an_emulated_cpu_is_told_in_table_and_comparison);
	tcase_add_test(t, an_unknown_cell_is_refused);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
