/* A history in each of its formats: 24 nights of two cells with a step at an upgrade, and a gap. */
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "documents.h"
#include "failing_alloc.h"
#include "history_report.h"

#define N      24
#define DAY_MS (24 * 3600 * (uint64_t)1000)

static double y[3][N];
static size_t night[N], gap[N - 1], trials[N];
static char *mark[] = {"QEMU 7.2.22 -> 10.0.2"};
static struct night_figures nights[N];
static struct series_history series[3];
/* Of the last night: a job that did 200 I/Os a second has too few beyond p99. */
static struct figure_row row = {.cell = (char[]){"virtio-blk"},
				.job = (char[]){"w<r>ite"},
				.by = {[METRIC_IOPS] = {.n = 2},
				       [METRIC_MEAN] = {.n = 2},
				       [METRIC_P50] = {.n = 2},
				       [METRIC_P99] = {.n = 2, .is_thin = true},
				       [METRIC_P99_9] = {.n = 2, .is_thin = true}}};
static struct history_run earlier, last = {.figures = {.rows = &row, .n = 1}};
static struct history h;
static struct change_record event;

static void make(void)
{
	for (size_t i = 0; i < N; i++) {
		double noise = 0.01 * (double)(i * 7 % 5);

		snprintf(nights[i].run, sizeof nights[i].run, "0197%04zx-0000-7000-8000-0", i);
		nights[i].started_ms = UINT64_C(1750000000000) + i * DAY_MS;
		nights[i].n_trials = nights[i].n_ok = 4;
		nights[i].first = i + 1 < N ? &earlier : &last;
		night[i] = i;
		trials[i] = 2;
		y[0][i] = log(20000) + noise - (i >= 15 ? log(1.3) : 0);
		y[1][i] = log(150000) + noise + (i >= 15 ? log(1.3) : 0);
		y[2][i] = log(150000) + noise;
		if (i != 9)
			gap[i > 9 ? i - 1 : i] = i;
	}
	row.by[METRIC_IOPS].y = log(200);
	nights[15].marks = mark;
	nights[15].n_marks = 1;
	series[0] =
		(struct series_history){"virtio-blk", "read", METRIC_IOPS, y[0], night, trials, N};
	series[1] =
		(struct series_history){"virtio-blk", "read", METRIC_P99, y[1], night, trials, N};
	series[2] =
		(struct series_history){"sa\"ta,<b>", "read", METRIC_P99, y[2], gap, trials, N - 1};
	h = (struct history){.nights = nights, .n_nights = N, .series = series, .n_series = 3};
	event = (struct change_record){.id = "id",
				       .event = "event",
				       .cell = "virtio-blk",
				       .job = "read",
				       .metric = "p99_ns",
				       .before = 150000,
				       .after = 195000,
				       .lo = NAN,
				       .hi = NAN,
				       .p = 1e-6,
				       .cause = mark[0],
				       .state = "confirmed",
				       .confirmation = "8 fresh trials"};
	memcpy(event.at_run, nights[15].run, sizeof event.at_run);
	memcpy(event.found_run, nights[18].run, sizeof event.found_run);
}

static char *render(enum history_format f, const char *cell, unsigned columns)
{
	struct history_view v = {.h = &h,
				 .scenario = "quick",
				 .host = "host1",
				 .accel = "kvm",
				 .cell = cell,
				 .events = &event,
				 .n_events = 1,
				 .columns = columns};
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(report_history(&v, f, &out, &err), 0);
	return bl_buf_take(&out);
}

START_TEST(a_history_is_what_it_was_in_every_format)
{
	static const char *const files[] = {"history.txt", "history.json", "history.csv"};
	BL_CLEANUP(bl_freep) char *text = render(_i, NULL, 100);

	expect_file(files[_i], text);
}
END_TEST

START_TEST(a_narrow_terminal_shows_the_newest_nights)
{
	BL_CLEANUP(bl_freep) char *text = render(HISTORY_TEXT, "virtio-blk", 60);
	char *line = text, *end;

	ck_assert_ptr_nonnull(strstr(text, "the newest 20 nights are shown"));
	ck_assert_ptr_null(strstr(text, "sa\"ta"));
	for (; (end = strstr(line, "\n  ")); line = end + 1)
		ck_assert_int_le(strcspn(end + 1, "\n"), 60);
}
END_TEST

START_TEST(the_json_has_change_points_by_index_and_night)
{
	BL_CLEANUP(bl_freep) char *text = render(HISTORY_JSON, NULL, 0);
	json_t *root = json_loads(text, 0, NULL), *points;

	ck_assert_ptr_nonnull(root);
	points = json_object_get(json_array_get(json_object_get(root, "series"), 1),
				 "change_points");
	ck_assert_uint_eq(json_array_size(points), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(points, 0), "night")),
			 15);
	ck_assert_double_eq_tol(
		json_real_value(json_object_get(json_array_get(points, 0), "ratio")), 1.3, 0.02);
	json_decref(root);
}
END_TEST

START_TEST(no_document_is_cut_for_want_of_memory)
{
	struct history_view v = {.h = &h, .scenario = "s", .host = "h", .accel = "kvm"};
	BL_CLEANUP(bl_freep) char *whole = NULL;
	bool has_failed = true;

	for (long k = -1; k < 0 || has_failed; k++) {
		struct bl_buf out = BL_BUF_INIT;
		struct bl_err err = BL_ERR_INIT;
		int r;

		if (k >= 0)
			alloc_fail(k);
		r = report_history(&v, _i, &out, &err);
		has_failed = k < 0 || alloc_failed();
		if (k < 0)
			whole = strdup(bl_buf_str(&out));
		else if (r == 0)
			ck_assert_msg(strcmp(bl_buf_str(&out), whole) == 0,
				      "allocation %ld: cut after '%.60s'", k,
				      bl_buf_str(&out) + (out.len > 60 ? out.len - 60 : 0));
		ck_assert(r == 0 || has_failed);
		bl_buf_done(&out);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("history");
	TCase *t = tcase_create("documents");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make, NULL);
	tcase_add_loop_test(t, a_history_is_what_it_was_in_every_format, 0, HISTORY_PAGE);
	tcase_add_test(t, a_narrow_terminal_shows_the_newest_nights);
	tcase_add_test(t, the_json_has_change_points_by_index_and_night);
	tcase_add_loop_test(t, no_document_is_cut_for_want_of_memory, 0, HISTORY_FORMATS);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
