/* Change points and stalls of values of others, as text and JSON: they fit the terminal, foreign
 * text is harmless, and want of memory is said. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <jansson.h>

#include "changes_report.h"
#include "cleanup.h"
#include "failing_alloc.h"
#include "fmt.h"
#include "stutter_report.h"
#include "values_report.h"

#define N 60

static struct value_lines lines;
static size_t row[N];
static struct changes found;
static struct change_options how;
static struct stutter stalls;
static struct changes_view history;
static struct stutter_view series;

/* 30 nights of 100, then 130, night 45 is bad; every 10 s a stall of 50 ms. */
static void make(void)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	double y[N], windows[1200];

	for (int i = 0; i < N; i++) {
		double v = (i < 30 ? 100 : 130) * (i == 45 ? 2 : 1) + i % 3;

		bl_buf_addf(&text, "2024-%02d-%02d,%g\n", 1 + i / 28, 1 + i % 28, v);
		y[i] = log(v);
		row[i] = (size_t)i;
	}
	how = changes_alert;
	ck_assert_int_eq(value_lines_parse(bl_buf_str(&text), text.len,
					   &(struct value_form){"days", false}, &lines, NULL),
			 0);
	ck_assert_int_eq(changes_find(y, N, &how, &found), 0);
	history = (struct changes_view){.name = "a\033[31m\xff.csv",
					.lines = &lines,
					.row = row,
					.n = N,
					.how = &how,
					.strictness = "alert",
					.found = &found};
	for (int i = 0; i < 1200; i++)
		windows[i] = i % 100 == 50 ? 50e6 : 1e6 + 1e5 * (i % 7);
	ck_assert_int_eq(stutter_find(windows, 1200, 0.1, 1, &stalls), 0);
	series = (struct stutter_view){.name = "b\033.csv",
				       .n_values = 1200,
				       .n_windows = 1200,
				       .dt_s = 0.1,
				       .first = "2024-01-01T00:00",
				       .unit = "ms",
				       .unit_ns = 1e6,
				       .found = &stalls};
}

static void done(void)
{
	value_lines_done(&lines);
	changes_done(&found);
	stutter_done(&stalls);
}

static size_t widest(const char *s)
{
	size_t most = 0;

	while (*s) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
		size_t n = strcspn(s, "\n"), w;

		bl_buf_add(&line, s, n);
		w = fmt_width(bl_buf_str(&line));
		most = w > most ? w : most;
		s += n + (s[n] == '\n');
	}
	return most;
}

START_TEST(texts_fit_the_terminal)
{
	for (unsigned columns = 76; columns <= 100; columns += 8) {
		BL_CLEANUP(bl_buf_done) struct bl_buf a = BL_BUF_INIT, b = BL_BUF_INIT;

		changes_text(&history, columns, false, &a);
		stutter_series_text(&series, columns, false, &b);
		ck_assert_uint_le(widest(bl_buf_str(&a)), columns);
		ck_assert_uint_le(widest(bl_buf_str(&b)), columns);
		ck_assert_ptr_null(strchr(bl_buf_str(&a), '\033'));
		ck_assert_ptr_null(strchr(bl_buf_str(&b), '\033'));
	}
}
END_TEST

START_TEST(texts_say_what_was_found)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf a = BL_BUF_INIT, b = BL_BUF_INIT;

	changes_text(&history, 100, false, &a);
	ck_assert_ptr_nonnull(
		strstr(bl_buf_str(&a), "  2024-02-03        101 -> 131.1      +30 % ["));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&a), "30 + 30   step"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&a), "outliers  2024-02-18 (260)"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&a), "(four of five times)"));
	stutter_series_text(&series, 100, false, &b);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&b), "12 stalls"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&b), "One every 10.0 s"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&b), "from 2024-01-01T00:00"));
}
END_TEST

/* A step that is dropped as too small is none that would be found: of linear values, too. */
START_TEST(what_would_be_found_matters)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, json = BL_BUF_INIT;
	const char *says;
	double y[N];
	json_t *doc;

	for (int i = 0; i < N; i++)
		y[i] = 200 + i % 3;
	how.is_linear = true;
	how.min_effect = 0.5;
	changes_done(&found);
	ck_assert_int_eq(changes_find(y, N, &how, &found), 0);
	changes_text(&history, 100, false, &text);
	says = strstr(bl_buf_str(&text), "a step of +");
	ck_assert_ptr_nonnull(says);
	ck_assert_double_gt(strtod(says + strlen("a step of +"), NULL), 100);
	ck_assert_int_eq(changes_json(&history, &json), 0);
	doc = json_loads(bl_buf_str(&json), 0, NULL);
	ck_assert_double_gt(json_real_value(json_object_get(doc, "detectable_after_5")), 100);
	ck_assert_double_gt(json_real_value(json_object_get(doc, "detectable_after_14")), 100);
	json_decref(doc);
}
END_TEST

/* Values of everything: no percentage of hundreds of digits. */
START_TEST(what_is_no_noise_of_one_thing_is_too_wide_to_tell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf a = BL_BUF_INIT;
	double y[N];

	for (int i = 0; i < N; i++)
		y[i] = i * 37 % 101 * 10 - 500;
	changes_done(&found);
	ck_assert_int_eq(changes_find(y, N, &how, &found), 0);
	changes_text(&history, 100, false, &a);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&a),
				     "noise     too wide to tell: more than tenfold "
				     "from one value to the next"));
	ck_assert_ptr_null(strstr(bl_buf_str(&a), "visible"));
	ck_assert_ptr_null(strstr(bl_buf_str(&a), "inf"));
	ck_assert_ptr_null(strstr(bl_buf_str(&a), "e+"));
}
END_TEST

/* Nothing was looked for: that is said first, not that nothing was found. */
START_TEST(too_few_values_for_a_change_are_said_first)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf a = BL_BUF_INIT;
	struct changes none = {0};
	struct changes_view few = history;

	few.n = 3;
	few.found = &none;
	changes_text(&few, 100, false, &a);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&a),
				     "\n\n  3 values are too few to look for a "
				     "change: 8 are the least, 4 on either side\n"));
	ck_assert_ptr_null(strstr(bl_buf_str(&a), "no change point"));
	ck_assert_ptr_null(strstr(bl_buf_str(&a), "noise"));
}
END_TEST

/* Three a side have no interval, and what is missing are values. */
START_TEST(three_values_a_side_claim_no_interval)
{
	static const double a[] = {0, 0.01, 0.02}, b[] = {0.2, 0.23, 0.21};
	struct values_compared v = {.a = {.name = "a", .n = 3}, .b = {.name = "b", .n = 3}};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT, pairs = BL_BUF_INIT;

	v.r1 = NAN;
	ck_assert_int_eq(compare_samples(a, 3, b, 3, 0.05, false, &v.c), 0);
	values_text(&v, 100, false, &out);
	ck_assert_msg(
		strstr(bl_buf_str(&out), "B / A              +22 %  over all differences (Ho"),
		"%s", bl_buf_str(&out));
	ck_assert_msg(strstr(bl_buf_str(&out), "at least 1 more value a side"), "%s",
		      bl_buf_str(&out));
	v.is_paired = true;
	v.c = compare_pairs(b, 3, 0.05, false);
	values_text(&v, 100, false, &pairs);
	ck_assert_msg(strstr(bl_buf_str(&pairs), "at least 3 more pairs"), "%s",
		      bl_buf_str(&pairs));
}
END_TEST

static int write_changes_json(struct bl_buf *out)
{
	return changes_json(&history, out);
}

static int write_stutter_json(struct bl_buf *out)
{
	return stutter_series_json(&series, out);
}

static int write_changes_text(struct bl_buf *out)
{
	changes_text(&history, 80, false, out);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}

static int write_stutter_text(struct bl_buf *out)
{
	stutter_series_text(&series, 80, false, out);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}

static int (*const writers[])(struct bl_buf *out) = {write_changes_json, write_stutter_json,
						     write_changes_text, write_stutter_text};

START_TEST(memory_may_be_short)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf whole = BL_BUF_INIT;
	long k = 0;

	json_set_alloc_funcs(__wrap_malloc, free);
	ck_assert_int_eq(writers[_i](&whole), 0);
	for (;; k++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
		bool failed;
		int r;

		alloc_fail(k);
		r = writers[_i](&out);
		failed = alloc_failed();
		ck_assert(r == 0 || r == -ENOMEM);
		if (r == 0)
			ck_assert_str_eq(bl_buf_str(&out), bl_buf_str(&whole));
		if (!failed)
			break;
	}
	ck_assert_int_gt(k, 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-values");
	TCase *t = tcase_create("values");
	SRunner *r;
	int n_failed;

	tcase_add_checked_fixture(t, make, done);
	tcase_add_test(t, texts_fit_the_terminal);
	tcase_add_test(t, texts_say_what_was_found);
	tcase_add_test(t, too_few_values_for_a_change_are_said_first);
	tcase_add_test(t, three_values_a_side_claim_no_interval);
	tcase_add_test(t, what_would_be_found_matters);
	tcase_add_test(t, what_is_no_noise_of_one_thing_is_too_wide_to_tell);
	tcase_add_loop_test(t, memory_may_be_short, 0, BL_ARRAY_LEN(writers));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n_failed = srunner_ntests_failed(r);
	srunner_free(r);
	return n_failed != 0;
}
