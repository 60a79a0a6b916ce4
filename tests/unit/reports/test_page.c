#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <check.h>

#include "base64.h"
#include "cell.h"
#include "cleanup.h"
#include "documents.h"
#include "fmt.h"

static const struct synthetic full = {.repeats = 7, .seconds = 2, .seed = 3};

START_TEST(the_page_is_well_formed_and_its_ids_are_unique)
{
	BL_CLEANUP(bl_freep) char *page = document(&full, REPORT_HTML, NULL);

	expect_well_formed(page);
}
END_TEST

START_TEST(the_page_loads_nothing)
{
	struct report_options opt = {.store_path = "out/bench/store.db"};
	BL_CLEANUP(bl_freep) char *page = document(&full, REPORT_HTML, &opt);

	ck_assert_ptr_null(strstr(page, "http:"));
	ck_assert_ptr_null(strstr(page, "https:"));
	ck_assert_ptr_null(strstr(page, "src="));
	ck_assert_ptr_null(strstr(page, "@import"));
	ck_assert_ptr_null(strstr(page, "url("));
	ck_assert_ptr_nonnull(strstr(page, "default-src 'none'"));
	for (const char *s = page; (s = next_of(s, "href=\"")); s++)
		ck_assert_msg(s[6] == '#' || strncmp(s + 6, "data:", 5) == 0, "%.40s", s);
	ck_assert_ptr_nonnull(strstr(page, "sqlite3 out/bench/store.db"));
}
END_TEST

/* Cells that have names only, of a run that nobody can repeat. */
START_TEST(an_imported_run_says_what_is_true_of_it)
{
	struct synthetic few = full;
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(bl_buf_done)
	struct bl_buf page = BL_BUF_INIT, text = BL_BUF_INIT, note = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	few.repeats = 3;
	synthetic_run(&few, &d);
	for (size_t i = 0; i < d.n_cells; i++) {
		facts_done(&d.cells[i].axes);
		d.cells[i].axes = (struct facts){0};
	}
	ck_assert_int_eq(facts_add(&d.run.notes, "imported", "measured by fio-3.33 outside"), 0);
	for (int i = 0; i < 40; i++)
		bl_buf_adds(&note, "words ");
	bl_buf_adds(&note, "and an end");
	ck_assert_int_eq(facts_add(&d.run.notes, "order", bl_buf_str(&note)), 0);
	ck_assert_int_eq(report_write(&d, REPORT_HTML, NULL, &page, &err), 0);
	ck_assert_ptr_null(strstr(bl_buf_str(&page), "words ..."));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&page), "<p>Measured by fio-3.33 outside.</p>"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&page), "what varied is said by the names"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&page), "The cells have names and no axes"));
	ck_assert_ptr_null(strstr(bl_buf_str(&page), "nothing varied"));
	ck_assert_ptr_null(strstr(bl_buf_str(&page), "One configuration was measured"));
	ck_assert_ptr_null(strstr(bl_buf_str(&page), "--repeats"));
	ck_assert_int_eq(report_table(&d, NULL, 100, false, &text, &err), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "import more documents of each cell"));
	ck_assert_ptr_null(strstr(bl_buf_str(&text), "--repeats"));
}
END_TEST

START_TEST(every_cell_every_job_and_every_reason_is_on_the_page)
{
	BL_CLEANUP(bl_freep) char *page = document(&full, REPORT_HTML, NULL);
	struct run_data d;

	synthetic_run(&full, &d);
	for (size_t i = 0; i < d.n_cells; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;

		fmt_html(&name, d.cells[i].name);
		/* The matrix of both jobs and its own part, at least. */
		ck_assert_msg(count_of(page, bl_buf_str(&name)) >= 3, "%s", d.cells[i].name);
	}
	for (size_t i = 0; i < d.n_trials; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf reason = BL_BUF_INIT;

		if (!d.trials[i].reason)
			continue;
		fmt_html(&reason, d.trials[i].reason);
		ck_assert_ptr_nonnull(strstr(page, bl_buf_str(&reason)));
	}
	ck_assert_uint_eq(count_of(page, "class=\"job\" data-job=\"1\""), 5);
	run_data_done(&d);
}
END_TEST

/* The data: URI's bytes. */
static char *carried(const char *page, const char *file)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	const char *s = strstr(page, file);

	ck_assert_ptr_nonnull(s);
	s = strstr(s, ";base64,") + strlen(";base64,");
	ck_assert_int_eq(base64_decode(s, strcspn(s, "\""), &out, &err), 0);
	return bl_buf_take(&out);
}

/* What the JSON that is written alone has more: where the time of each job in each trial went. */
static void shorten(json_t *root)
{
	static const char *const more[] = {"cpu", "stutter", "spikes", "signals"};
	json_t *cell, *trial, *job;
	size_t c, t, j;

	json_array_foreach (json_object_get(root, "cells"), c, cell)
		json_array_foreach (json_object_get(cell, "trials"), t, trial)
			json_array_foreach (json_object_get(trial, "jobs"), j, job)
				for (size_t i = 0; i < BL_ARRAY_LEN(more); i++)
					json_object_del(job, more[i]);
}

START_TEST(the_page_carries_the_json_and_csv_that_are_written_alone)
{
	BL_CLEANUP(bl_freep) char *page = document(&full, REPORT_HTML, NULL);
	BL_CLEANUP(bl_freep) char *json = document(&full, REPORT_JSON, NULL);
	BL_CLEANUP(bl_freep) char *csv = document(&full, REPORT_CSV, NULL);
	BL_CLEANUP(bl_freep) char *in_json = carried(page, "download=\"report.json\"");
	BL_CLEANUP(bl_freep) char *in_csv = carried(page, "download=\"report.csv\"");

	json_t *carried_root = json_loads(in_json, 0, NULL), *root = json_loads(json, 0, NULL);

	shorten(root);
	ck_assert(json_equal(carried_root, root));
	ck_assert_uint_lt(strlen(in_json), strlen(json));
	json_decref(carried_root);
	json_decref(root);
	ck_assert_str_eq(in_csv, csv);
}
END_TEST

START_TEST(the_matrix_shows_the_percentiles_of_the_json)
{
	BL_CLEANUP(bl_freep) char *page = document(&full, REPORT_HTML, NULL);
	BL_CLEANUP(bl_freep) char *text = document(&full, REPORT_JSON, NULL);
	json_t *root = json_loads(text, 0, NULL), *cell, *job;
	size_t i, k, n = 0;

	ck_assert_ptr_nonnull(root);
	json_array_foreach (json_object_get(root, "cells"), i, cell) {
		json_array_foreach (json_object_get(cell, "jobs"), k, job) {
			static const char *const keys[] = {"p50_ns", "p99_ns", "max_ns"};

			for (size_t m = 0; m < BL_ARRAY_LEN(keys); m++) {
				json_t *ns = json_object_get(json_object_get(job, "lat"), keys[m]);
				char want[64];

				ck_assert(json_is_integer(ns));
				snprintf(want, sizeof(want), "data-v=\"%.6g\"",
					 (double)json_integer_value(ns));
				ck_assert_msg(strstr(page, want), "%s %s", keys[m], want);
				n++;
			}
		}
	}
	ck_assert_uint_eq(n, 11 * 2 * 3); /* the twelfth cell never ran */
	json_decref(root);
}
END_TEST

/* Said once in the head, the words of each row are short enough for 1200 px. */
START_TEST(what_survives_is_short_in_the_matrix_and_whole_below_it)
{
	BL_CLEANUP(bl_freep) char *page = document(&full, REPORT_HTML, NULL);

	ck_assert_ptr_nonnull(strstr(page, ">what survives<small>host power loss</small></th>"));
	ck_assert_ptr_nonnull(strstr(page, "\"><b>a</b> flushed writes only </td>"));
	ck_assert_ptr_nonnull(strstr(page, "\"><b>c</b> nothing is sure, not even flushed writes"));
	ck_assert_ptr_nonnull(strstr(page, "<li><b>a</b> guest crash: all completed writes; QEMU "
					   "kill: all completed writes; host power loss: flushed "
					   "writes only"));
	ck_assert_ptr_nonnull(strstr(page, " title=\"guest crash: all completed writes; QEMU "));
}
END_TEST

/* The column's head takes the place of words that scenarios/cell.c writes. */
START_TEST(every_promise_is_cut_to_the_clause_of_its_column)
{
	struct run_data d;

	setenv("PATH", "/nonexistent", 1); /* of this test's own process: no pictures */
	synthetic_run(&full, &d);
	for (unsigned i = 0; i < BUSES * CACHES * FORMATS; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
		struct cell c;

		cell_defaults(&c);
		c.bus = (enum cell_bus)(i / FORMATS / CACHES);
		c.cache = (enum cell_cache)(i / FORMATS % CACHES);
		c.format = (enum cell_format)(i % FORMATS);
		if (i / FORMATS / CACHES && i % (CACHES * FORMATS))
			continue; /* other buses say the same of every cache, or what the first does
				   */
		free(d.cells[0].durability);
		d.cells[0].durability = strdup(cell_durability(&c));
		ck_assert_int_eq(report_write(&d, REPORT_HTML, NULL, &page, NULL), 0);
		ck_assert_msg(!strstr(bl_buf_str(&page), "\"><b>a</b> host power loss"), "%s",
			      d.cells[0].durability);
		ck_assert_ptr_nonnull(strstr(bl_buf_str(&page), "\"><b>a</b> "));
	}
	run_data_done(&d);
}
END_TEST

START_TEST(hostile_names_never_reach_the_page_as_they_are)
{
	struct synthetic how = full;
	BL_CLEANUP(bl_freep) char *page = NULL;

	how.is_hostile = true;
	page = document(&how, REPORT_HTML, NULL);
	expect_well_formed(page);
	expect_only_text(page, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(page, "&lt;img src=x onerror=alert(1)&gt;"));
}
END_TEST

START_TEST(what_limits_the_result_cannot_be_missed)
{
	struct synthetic how = {.repeats = 3, .seconds = 1, .seed = 3, .is_killed = true};
	struct synthetic fine = {
		.repeats = 8, .seconds = 1, .seed = 3, .is_small = true, .accel = "kvm"};
	BL_CLEANUP(bl_freep) char *page = document(&how, REPORT_HTML, NULL);
	BL_CLEANUP(bl_freep) char *other = document(&fine, REPORT_HTML, NULL);

	ck_assert_ptr_nonnull(strstr(page, "Emulated CPU (TCG)"));
	ck_assert_ptr_nonnull(strstr(page, "trials gave no figures"));
	ck_assert_ptr_nonnull(strstr(page, "Fewer than six trials a cell"));
	ck_assert_ptr_nonnull(strstr(page, "The run never ended"));
	ck_assert_ptr_nonnull(strstr(page, "The host was busy"));
	ck_assert_ptr_nonnull(strstr(page, "p99.9 is thin"));
	ck_assert_ptr_null(strstr(page, "chip good"));
	ck_assert_ptr_null(strstr(page, "the difference is real"));
	ck_assert_ptr_null(strstr(other, "Emulated CPU"));
	ck_assert_ptr_null(strstr(other, "Fewer than six"));
}
END_TEST

START_TEST(a_run_without_figures_is_a_page_with_reasons)
{
	struct synthetic how = {.repeats = 2, .seconds = 1, .seed = 3, .is_all_failed = true};
	BL_CLEANUP(bl_freep) char *page = document(&how, REPORT_HTML, NULL);

	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "No trial gave figures"));
	ck_assert_uint_ge(count_of(page, "boot: the domain did not start"), 12);
	ck_assert_ptr_null(strstr(page, "<svg"));
}
END_TEST

START_TEST(an_empty_run_is_a_page)
{
	struct run_data d = {0};
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	d.run.scenario_name = strdup("nothing");
	d.run.host_name = strdup("h");
	ck_assert_msg(report_write(&d, REPORT_HTML, NULL, &out, &err) == 0, "%s",
		      bl_err_text(&err));
	expect_well_formed(bl_buf_str(&out));
	bl_buf_done(&out);
	run_data_done(&d);
}
END_TEST

START_TEST(a_missing_gnuplot_is_said_where_the_picture_would_be)
{
	BL_CLEANUP(bl_freep) char *page = NULL;

	setenv("PATH", "/nonexistent", 1); /* of this test's own process */
	page = document(&full, REPORT_HTML, NULL);
	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "gnuplot is not installed"));
	ck_assert_ptr_null(strstr(page, "class=\"plot\""));
	ck_assert_ptr_nonnull(strstr(page, "class=\"heat\"")); /* drawn without it */
}
END_TEST

START_TEST(depth_has_a_part_only_when_it_was_swept)
{
	struct synthetic how = full;
	BL_CLEANUP(bl_freep) char *without = document(&how, REPORT_HTML, NULL);
	BL_CLEANUP(bl_freep) char *with = NULL;

	how.has_depths = true;
	with = document(&how, REPORT_HTML, NULL);
	ck_assert_ptr_null(strstr(without, "id=\"depth\""));
	ck_assert_ptr_nonnull(strstr(with, "id=\"depth\""));
	ck_assert_ptr_nonnull(strstr(with, ": the knee is at iodepth "));
}
END_TEST

START_TEST(an_unknown_reference_is_refused_with_the_names_there_are)
{
	struct report_options opt = {.reference = "virtio-blq"};
	struct synthetic how = {.repeats = 1, .seconds = 1, .seed = 1, .is_small = true};
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;

	synthetic_run(&how, &d);
	ck_assert_int_eq(report_write(&d, REPORT_HTML, &opt, &out, &err), -ENOENT);
	ck_assert_str_eq(
		bl_err_text(&err),
		"reference: cell: 'virtio-blq' is not in this run; one of 'virtio-blk main "
		"none', 'virtio-blk iothread none', 'nvme-emulated none'");
	ck_assert_uint_eq(out.len, 0);
	run_data_done(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-page");
	TCase *t = tcase_create("page");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_page_is_well_formed_and_its_ids_are_unique);
	tcase_add_test(t, the_page_loads_nothing);
	tcase_add_test(t, an_imported_run_says_what_is_true_of_it);
	tcase_add_test(t, every_cell_every_job_and_every_reason_is_on_the_page);
	tcase_add_test(t, the_page_carries_the_json_and_csv_that_are_written_alone);
	tcase_add_test(t, the_matrix_shows_the_percentiles_of_the_json);
	tcase_add_test(t, what_survives_is_short_in_the_matrix_and_whole_below_it);
	tcase_add_test(t, every_promise_is_cut_to_the_clause_of_its_column);
	tcase_add_test(t, hostile_names_never_reach_the_page_as_they_are);
	tcase_add_test(t, what_limits_the_result_cannot_be_missed);
	tcase_add_test(t, a_run_without_figures_is_a_page_with_reasons);
	tcase_add_test(t, an_empty_run_is_a_page);
	tcase_add_test(t, a_missing_gnuplot_is_said_where_the_picture_would_be);
	tcase_add_test(t, depth_has_a_part_only_when_it_was_swept);
	tcase_add_test(t, an_unknown_reference_is_refused_with_the_names_there_are);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
