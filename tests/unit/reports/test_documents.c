#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "documents.h"

static const struct synthetic small = {.repeats = 3, .seconds = 1, .seed = 5, .is_small = true};
static const struct synthetic full = {.repeats = 7, .seconds = 1, .seed = 3};

START_TEST(markdown_is_as_expected)
{
	BL_CLEANUP(bl_freep) char *text = document(&small, REPORT_MD, NULL);

	expect_file("small.md", text);
}
END_TEST

START_TEST(csv_is_as_expected)
{
	BL_CLEANUP(bl_freep) char *text = document(&small, REPORT_CSV, NULL);

	expect_file("small.csv", text);
}
END_TEST

START_TEST(json_is_as_expected)
{
	BL_CLEANUP(bl_freep) char *text = document(&small, REPORT_JSON, NULL);

	expect_file("small.json", text);
}
END_TEST

START_TEST(the_same_run_gives_the_same_bytes)
{
	for (int f = REPORT_MD; f < REPORT_FORMATS; f++) {
		BL_CLEANUP(bl_freep) char *a = document(&full, (enum report_format)f, NULL);
		BL_CLEANUP(bl_freep) char *b = document(&full, (enum report_format)f, NULL);

		ck_assert_str_eq(a, b);
	}
}
END_TEST

/* Fields of one CSV line, quotes respected. */
static size_t fields_of(const char *line, const char **ret_next)
{
	size_t n = 1;
	bool is_quoted = false;

	for (; *line && (is_quoted || *line != '\n'); line++) {
		is_quoted ^= *line == '"';
		n += *line == ',' && !is_quoted;
	}
	*ret_next = *line ? line + 1 : line;
	return n;
}

START_TEST(every_csv_row_has_the_fields_of_the_head)
{
	struct synthetic how = full;

	for (int hostile = 0; hostile < 2; hostile++) {
		BL_CLEANUP(bl_freep) char *text = NULL;
		const char *s;
		size_t want, rows = 0;

		how.is_hostile = hostile;
		text = document(&how, REPORT_CSV, NULL);
		want = fields_of(text, &s);
		while (*s) {
			ck_assert_uint_eq(fields_of(s, &s), want);
			rows++;
		}
		/* 7 repeats x (11 cells x 3 rows + 1 failed), less 2 mismatches of 3 rows for 1. */
		ck_assert_uint_eq(rows, 7 * (11 * 3 + 1) - 2 * 2);
	}
}
END_TEST

START_TEST(what_was_not_measured_is_absent_and_not_zero)
{
	BL_CLEANUP(bl_freep) char *text = document(&small, REPORT_JSON, NULL);
	json_t *root = json_loads(text, 0, NULL), *lat;

	lat = json_object_get(
		json_array_get(
			json_object_get(json_array_get(json_object_get(root, "cells"), 0), "jobs"),
			0),
		"lat");
	ck_assert_ptr_nonnull(json_object_get(lat, "p99_ns"));
	ck_assert_ptr_null(json_object_get(lat, "p99_99_ns"));
	ck_assert_str_eq(
		json_string_value(json_array_get(json_object_get(lat, "too_few_samples_for"), 0)),
		"p99_99_ns");
	json_decref(root);
}
END_TEST

START_TEST(hostile_names_stay_data_in_json_and_text_in_markdown)
{
	struct synthetic how = small;
	BL_CLEANUP(bl_freep) char *json = NULL, *md = NULL;
	json_t *root;

	how.is_hostile = true;
	json = document(&how, REPORT_JSON, NULL);
	md = document(&how, REPORT_MD, NULL);
	root = json_loads(json, 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_ptr_nonnull(
		strstr(json_string_value(json_object_get(
			       json_array_get(json_object_get(root, "cells"), 1), "name")),
		       "<img src=x"));
	json_decref(root);
	expect_only_text(NULL, md, json, NULL);
}
END_TEST

/* A reader of one document alone must not take the figures for a real CPU's. */
START_TEST(every_document_of_a_run_under_tcg_says_emulated_cpu)
{
	struct synthetic kvm = small;

	kvm.accel = "kvm";
	for (int f = REPORT_HTML; f < REPORT_FORMATS; f++) {
		BL_CLEANUP(bl_freep) char *emulated = document(&small, (enum report_format)f, NULL);
		BL_CLEANUP(bl_freep) char *host = document(&kvm, (enum report_format)f, NULL);

		ck_assert_msg(strstr(emulated, "emulated CPU"), "%s", report_format_names[f]);
		ck_assert_msg(!strcasestr(host, "emulated CPU"), "%s", report_format_names[f]);
	}
}
END_TEST

START_TEST(the_floor_of_the_host_has_the_host_cpu_also_under_tcg)
{
	BL_CLEANUP(bl_freep) char *csv = document(&full, REPORT_CSV, NULL);

	ck_assert_uint_eq(count_of(csv, ",tcg,host CPU,host,"), 7 * 3);
	ck_assert_uint_eq(count_of(csv, ",tcg,host CPU,"), 7 * 3);
	ck_assert_uint_gt(count_of(csv, ",tcg,emulated CPU,"), 7 * 3);
}
END_TEST

START_TEST(two_cells_as_json_are_as_expected)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;

	synthetic_run(&small, &d);
	ck_assert_msg(report_compare_json(&d, d.cells[0].name, &d, d.cells[1].name, NULL, &out,
					  &err) == 0,
		      "%s", bl_err_text(&err));
	expect_file("small-compare.json", bl_buf_str(&out));
	bl_buf_done(&out);
	run_data_done(&d);
}
END_TEST

static int keep(void *ctx, const struct bl_buf *text, struct bl_err *err)
{
	(void)err;
	bl_buf_add(ctx, text->data, text->len);
	return 0;
}

static char *table_text(const struct synthetic *how, enum report_table table)
{
	struct bl_buf out = BL_BUF_INIT;
	struct report_sink to = {&out, keep};
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;

	synthetic_run(how, &d);
	ck_assert_msg(report_csv_table(&d, table, &to, &err) == 0, "%s", bl_err_text(&err));
	run_data_done(&d);
	return bl_buf_take(&out);
}

static const struct synthetic watched = {
	.repeats = 1, .seconds = 20, .seed = 3, .is_watched = true, .accel = "kvm"};

START_TEST(every_row_of_every_csv_table_has_the_fields_of_the_head)
{
	for (int hostile = 0; hostile < 2; hostile++) {
		struct synthetic how = watched;
		BL_CLEANUP(bl_freep) char *text = NULL;
		size_t want, rows = 0;
		const char *s;

		how.is_hostile = hostile;
		text = table_text(&how, (enum report_table)_i);
		ck_assert_int_eq(strncmp(text, "run,cell,trial,repeat,state,job,", 32), 0);
		want = fields_of(text, &s);
		for (; *s; rows++)
			ck_assert_uint_eq(fields_of(s, &s), want);
		ck_assert_uint_gt(rows, 4);
	}
}
END_TEST

/* The @n-th field, without quotes, of the row at @s. */
static double field_at(const char *s, unsigned n)
{
	bool is_quoted = false;

	for (; n && *s; s++) {
		is_quoted ^= *s == '"';
		n -= *s == ',' && !is_quoted;
	}
	return strtod(s, NULL);
}

START_TEST(the_parts_of_a_budget_in_csv_are_its_total)
{
	BL_CLEANUP(bl_freep) char *text = table_text(&watched, REPORT_BUDGET);
	const char *s = strchr(text, '\n') + 1;
	size_t rows = 0;

	for (; *s; rows++) {
		double sum = 0, total = field_at(s, 10);

		for (int part = 0; part < 4; part++) {
			sum += field_at(s, 8);
			fields_of(s, &s);
		}
		ck_assert_double_eq_tol(sum, total, total / 1e6);
	}
	ck_assert_uint_ge(rows, 5);
}
END_TEST

START_TEST(signals_in_csv_are_those_that_were_watched)
{
	BL_CLEANUP(bl_freep) char *text = table_text(&watched, REPORT_SIGNALS);
	struct run_data d;
	size_t n = 0;

	synthetic_run(&watched, &d);
	for (size_t i = 0; i < d.n_trials; i++)
		for (size_t k = 0; k < d.trials[i].n_jobs; k++)
			for (int w = 0; w < WATCHERS; w++) {
				const struct series_set *set = &d.trials[i].jobs[k].watched[w];

				for (size_t s = 0; s < set->n_series; s++)
					for (size_t m = 0; m < set->n; m++)
						n += set->items[s].values[m] != SERIES_ABSENT;
			}
	ck_assert_uint_eq(count_of(text, "\n"), n + 1);
	ck_assert_ptr_nonnull(strstr(text, ",host,thread.iothread1.run_ns,counter,0."));
	ck_assert_ptr_nonnull(strstr(text, ",host,thread.iothread1.run_ns,counter,-0."));
	run_data_done(&d);
}
END_TEST

/* Nobody knows when a job counted that has no sample and one reading. */
START_TEST(signals_of_a_job_without_a_window_have_no_time)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct report_sink to = {&out, keep};
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;

	synthetic_run(&watched, &d);
	for (size_t i = 0; i < d.n_trials; i++)
		for (size_t k = 0; k < d.trials[i].n_jobs; k++) {
			struct job_result *j = &d.trials[i].jobs[k];

			j->sample = sample_free(j->sample);
			for (int w = 0; w < WATCHERS; w++)
				j->watched[w].n = j->watched[w].n ? 1 : 0;
		}
	ck_assert_int_eq(report_csv_table(&d, REPORT_SIGNALS, &to, &err), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), ",host,thread.iothread1.run_ns,counter,,"));
	ck_assert_ptr_null(strstr(bl_buf_str(&out), ",counter,0."));
	run_data_done(&d);
}
END_TEST

static int refuse_third(void *ctx, const struct bl_buf *text, struct bl_err *err)
{
	(void)text;
	return ++*(int *)ctx == 3 ? bl_fail(err, -ENOSPC, "the disk is full") : 0;
}

START_TEST(a_place_that_takes_no_more_ends_the_table)
{
	int n = 0;
	struct report_sink to = {&n, refuse_third};
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;

	synthetic_run(&watched, &d);
	ck_assert_int_eq(report_csv_table(&d, REPORT_SIGNALS, &to, &err), -ENOSPC);
	ck_assert_str_eq(bl_err_text(&err), "the disk is full");
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(report_csv_table(&d, REPORT_TRIALS, &to, NULL), -EINVAL);
	run_data_done(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-documents");
	TCase *t = tcase_create("documents");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, markdown_is_as_expected);
	tcase_add_test(t, csv_is_as_expected);
	tcase_add_test(t, json_is_as_expected);
	tcase_add_test(t, the_same_run_gives_the_same_bytes);
	tcase_add_test(t, every_csv_row_has_the_fields_of_the_head);
	tcase_add_test(t, what_was_not_measured_is_absent_and_not_zero);
	tcase_add_test(t, hostile_names_stay_data_in_json_and_text_in_markdown);
	tcase_add_test(t, every_document_of_a_run_under_tcg_says_emulated_cpu);
	tcase_add_test(t, the_floor_of_the_host_has_the_host_cpu_also_under_tcg);
	tcase_add_test(t, two_cells_as_json_are_as_expected);
	tcase_add_loop_test(t, every_row_of_every_csv_table_has_the_fields_of_the_head,
			    REPORT_LAYERS, REPORT_TABLES);
	tcase_add_test(t, the_parts_of_a_budget_in_csv_are_its_total);
	tcase_add_test(t, signals_in_csv_are_those_that_were_watched);
	tcase_add_test(t, signals_of_a_job_without_a_window_have_no_time);
	tcase_add_test(t, a_place_that_takes_no_more_ends_the_table);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
