/* What equal cells show, in a terminal and as JSON. */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "calibration_report.h"
#include "cleanup.h"
#include "documents.h"

static struct calibration_row rows[] = {
	{.job = "randread-4k",
	 .metric = METRIC_IOPS,
	 .n_comparisons = 6,
	 .n_apart = 1,
	 .n_pairs = 8,
	 .sd = 0.0198,
	 .floor = 0.0141,
	 .visible = {0.081, 0.0663, 0.0561, 0.0482, 0.0447},
	 .r1 = 0.31,
	 .in_time = 0.94,
	 .is_apart_in_time = true},
	{.job = "randread-4k",
	 .metric = METRIC_BYTES_PER_S,
	 .n_comparisons = 6,
	 .n_apart = 1,
	 .n_pairs = 8,
	 .in_time = 0.94},
	{.job = "randread-4k",
	 .metric = METRIC_P99,
	 .n_comparisons = 6,
	 .n_apart = 2,
	 .n_alarms = 1,
	 .n_pairs = 8,
	 .sd = 0.1,
	 .floor = 0.08,
	 .visible = {0.4, 0.3, 0.2, 0.15, 0.12},
	 .r1 = 0.05,
	 .in_time = 1.01},
	{.job = "randread-4k",
	 .metric = METRIC_P99_9,
	 .is_thin = true,
	 .n_comparisons = 6,
	 .n_pairs = 8,
	 .sd = 1,
	 .visible = {20, 9, 4, 2, 1},
	 .in_time = 2.5},
	{.job = "commit",
	 .metric = METRIC_CPU_PER_IO,
	 .n_comparisons = 6,
	 .n_pairs = 8,
	 .sd = 0.02,
	 .visible = {0.08, 0.07, 0.06, 0.06, 0.05},
	 .in_time = 1},
};
static const struct calibration made = {.n_cells = 4,
					.n_repeats = 8,
					.rows = rows,
					.n_rows = BL_ARRAY_LEN(rows),
					.n_comparisons = 24,
					.n_apart = 4,
					.n_alarms = 1,
					.n_family = 0};

static const struct run_data run = {.run = {.id = "01a219b6-7ac1-74ba-8e81-094676b284e2",
					    .scenario_name = (char *)"quick",
					    .host_name = (char *)"host\x1b[31m",
					    .accel = (char *)"tcg"}};

START_TEST(a_terminal_shows_alarms_noise_and_what_can_be_seen)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	ck_assert_int_eq(report_calibration(&run, &made, 100, false, &out, NULL), 0);
	expect_file("calibration-100.txt", bl_buf_str(&out));
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal)
{
	static const unsigned columns[] = {80, 100};

	for (size_t i = 0; i < BL_ARRAY_LEN(columns); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

		ck_assert_int_eq(report_calibration(&run, &made, columns[i], false, &out, NULL), 0);
		expect_fits(bl_buf_str(&out), columns[i]);
	}
}
END_TEST

/* A thin figure is not among those that are counted; without a mark there is no legend of it. */
START_TEST(the_mark_of_a_figure_apart_in_time_is_explained_where_it_is)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf marked = BL_BUF_INIT, plain = BL_BUF_INIT;
	struct calibration_row thin[] = {rows[3]};
	struct calibration c = {
		.n_cells = 4, .n_repeats = 8, .rows = thin, .n_rows = 1, .n_comparisons = 0};

	ck_assert_int_eq(report_calibration(&run, &made, 80, false, &marked, NULL), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&marked), " % !\n"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&marked), "\n! the second half"));
	thin[0].is_apart_in_time = true;
	ck_assert_int_eq(report_calibration(&run, &c, 80, false, &plain, NULL), 0);
	ck_assert_ptr_null(strchr(bl_buf_str(&plain), '!'));
}
END_TEST

START_TEST(json_has_every_row_and_leaves_nothing_to_guess)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	json_t *doc, *row;

	ck_assert_int_eq(report_calibration_json(&run, &made, &out, NULL), 0);
	doc = json_loads(bl_buf_str(&out), 0, NULL);
	ck_assert_ptr_nonnull(doc);
	ck_assert_str_eq(json_string_value(json_object_get(doc, "format")), "blklab-calibration/1");
	ck_assert_int_eq(json_integer_value(json_object_get(doc, "comparisons")), 24);
	ck_assert_uint_eq(json_array_size(json_object_get(doc, "rows")), BL_ARRAY_LEN(rows));
	row = json_array_get(json_object_get(doc, "rows"), 2);
	ck_assert_str_eq(json_string_value(json_object_get(row, "metric")), "p99_ns");
	ck_assert_double_eq_tol(
		json_real_value(json_object_get(json_object_get(row, "visible"), "8")), 0.3, 1e-9);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "alarms")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "alarms_corrected")), 0);
	json_decref(doc);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("calibration");
	TCase *t = tcase_create("documents");
	SRunner *r;
	int failed;

	tcase_add_test(t, a_terminal_shows_alarms_noise_and_what_can_be_seen);
	tcase_add_test(t, no_line_is_wider_than_the_terminal);
	tcase_add_test(t, the_mark_of_a_figure_apart_in_time_is_explained_where_it_is);
	tcase_add_test(t, json_has_every_row_and_leaves_nothing_to_guess);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
