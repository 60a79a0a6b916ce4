/* A night in each of its formats. The documents are kept in expected/, where
 * validate_nights.py reads them as other programs would. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <jansson.h>

#include "cleanup.h"
#include "documents.h"
#include "failing_alloc.h"
#include "fs.h"
#include "night_report.h"
#include "nights.h"

static const char *const endings[NIGHT_FORMATS] = {"txt", "json", "xml", "prom"};

static char *render(enum made_night which, enum night_format f)
{
	BL_CLEANUP(night_done) struct night n;
	struct bl_buf out = BL_BUF_INIT;

	made_night(which, &n);
	ck_assert_int_eq(report_night(&n, f, &out, NULL), 0);
	return bl_buf_take(&out);
}

START_TEST(a_night_is_what_it_was_in_every_format)
{
	enum made_night which = _i / NIGHT_FORMATS;
	enum night_format f = _i % NIGHT_FORMATS;
	BL_CLEANUP(bl_freep) char *got = render(which, f), *again = render(which, f);
	BL_CLEANUP(bl_freep)
	char *file = bl_strf("night-%s.%s", made_night_names[which], endings[f]);

	if (which != MADE_MANY || f == NIGHT_TEXT) /* else it is long, and nothing new */
		expect_file(file, got);
	ck_assert_str_eq(got, again);
}
END_TEST

START_TEST(a_text_has_twenty_lines_at_most_and_says_what_did_not_fit)
{
	BL_CLEANUP(bl_freep) char *text = render(_i, NIGHT_TEXT);
	size_t lines = count_of(text, "\n");

	ck_assert_uint_le(lines, NIGHT_TEXT_LINES);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
	if (_i == MADE_MANY)
		ck_assert_uint_eq(count_of(text, "  ... "), 5);
}
END_TEST

/* A text that is cut because it has one line too many says less than the line itself. */
START_TEST(what_fits_is_not_cut)
{
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	made_night(MADE_MANY, &n);
	for (size_t i = 2; i < n.n_failures; i++) {
		free(n.failures[i].cell);
		free(n.failures[i].reason);
	}
	n.n_failures = 2;
	ck_assert_int_eq(report_night(&n, NIGHT_TEXT, &out, NULL), 0);
	ck_assert_uint_eq(count_of(bl_buf_str(&out), "  failed  "), 2);
	ck_assert_uint_eq(count_of(bl_buf_str(&out), "without a result"), 0);
}
END_TEST

START_TEST(a_headline_of_a_test_says_so)
{
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	made_night(MADE_NOT_MEASURED, &n);
	n.is_test = true;
	night_headline(&n, &b);
	ck_assert_str_eq(bl_buf_str(&b), "blklab: this is a test: quick on host1");
}
END_TEST

START_TEST(an_id_is_of_the_run_or_else_of_host_and_time)
{
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_buf_done) struct bl_buf id = BL_BUF_INIT;

	made_night(MADE_NOT_MEASURED, &n);
	night_id(&n, &id);
	ck_assert_str_eq(bl_buf_str(&id), "0123456789abcdef-quick-1795228580000");
}
END_TEST

static const struct {
	enum made_night which;
	const char *says;
} headlines[] = {
	{MADE_QUIET, "blklab: ok: quick on host1"},
	{MADE_CHANGED, "blklab: changed for the worse: quick on host1"},
	{MADE_NOT_MEASURED, "blklab: not measured: quick on host1"},
	{MADE_CANNOT_TELL, "blklab: cannot tell: quick on host1"},
};

START_TEST(a_headline_has_outcome_scenario_and_host)
{
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	made_night(headlines[_i].which, &n);
	night_headline(&n, &b);
	ck_assert_str_eq(bl_buf_str(&b), headlines[_i].says);
}
END_TEST

START_TEST(a_change_for_the_better_is_no_failure)
{
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, xml = BL_BUF_INIT;

	made_night(MADE_CHANGED, &n);
	for (size_t i = 0; i < n.n_changes; i++)
		n.changes[i].is_worse = false;
	for (size_t i = 0; i < n.n_points; i++)
		n.points[i].is_worse = false;
	night_headline(&n, &text);
	ck_assert_str_eq(bl_buf_str(&text), "blklab: changed: quick on host1");
	ck_assert_int_eq(report_night(&n, NIGHT_JUNIT, &xml, NULL), 0);
	ck_assert_ptr_null(strstr(bl_buf_str(&xml), "<failure"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&xml), "failures=\"0\""));
}
END_TEST

START_TEST(a_figure_that_is_off_for_a_night_passes_and_is_said)
{
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_buf_done) struct bl_buf xml = BL_BUF_INIT, metrics = BL_BUF_INIT;

	made_night(MADE_QUIET, &n);
	n.points[0].verdict = PROFILE_DRIFTED;
	n.points[0].is_worse = true;
	ck_assert_int_eq(report_night(&n, NIGHT_JUNIT, &xml, NULL), 0);
	ck_assert_ptr_null(strstr(bl_buf_str(&xml), "<failure"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&xml), "failures=\"0\""));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&xml), "drifted, worse  virtio-blk io1 none raw"));
	ck_assert_int_eq(report_night(&n, NIGHT_METRICS, &metrics, NULL), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&metrics), "blklab_night_worse{scenario=\"quick\","
							   "host=\"host1\"} 0\n"));
}
END_TEST

START_TEST(all_that_is_off_is_in_the_text_of_a_suite)
{
	BL_CLEANUP(bl_freep) char *xml = render(MADE_MANY, NIGHT_JUNIT);

	ck_assert_ptr_nonnull(strstr(xml, "drifted, worse  cell 99, randread-4k, mean"));
}
END_TEST

START_TEST(a_candidate_of_one_series_fails_nothing)
{
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_buf_done) struct bl_buf xml = BL_BUF_INIT, text = BL_BUF_INIT;

	made_night(MADE_CHANGED, &n);
	for (size_t i = 0; i < n.n_changes; i++)
		if (n.changes[i].is_new)
			n.changes[i].state = CHANGE_CANDIDATE;
	n.outcome = NIGHT_CANNOT_TELL;
	ck_assert_int_eq(report_night(&n, NIGHT_JUNIT, &xml, NULL), 0);
	ck_assert_ptr_null(strstr(bl_buf_str(&xml), "<failure"));
	ck_assert_int_eq(report_night(&n, NIGHT_TEXT, &text, NULL), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "tried again next night"));
}
END_TEST

START_TEST(a_document_is_whole_or_memory_ran_out)
{
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_freep) char *whole = render(MADE_CHANGED, _i);
	bool is_failed = true;
	long at;
	int r;

	json_set_alloc_funcs(__wrap_malloc, free);
	made_night(MADE_CHANGED, &n);
	for (at = 0; is_failed; at++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

		alloc_fail(at);
		r = report_night(&n, _i, &out, NULL);
		is_failed = alloc_failed();
		if (r < 0)
			ck_assert_int_eq(r, -ENOMEM);
		else
			ck_assert_msg(!strcmp(bl_buf_str(&out), whole),
				      "allocation %ld: the document is cut, and called done", at);
	}
	ck_assert_int_gt(at, 5);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-night");
	TCase *t = tcase_create("night");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(t, a_night_is_what_it_was_in_every_format, 0,
			    MADE_NIGHTS * NIGHT_FORMATS);
	tcase_add_loop_test(t, a_text_has_twenty_lines_at_most_and_says_what_did_not_fit, 0,
			    MADE_NIGHTS);
	tcase_add_test(t, what_fits_is_not_cut);
	tcase_add_test(t, a_headline_of_a_test_says_so);
	tcase_add_test(t, an_id_is_of_the_run_or_else_of_host_and_time);
	tcase_add_loop_test(t, a_headline_has_outcome_scenario_and_host, 0,
			    BL_ARRAY_LEN(headlines));
	tcase_add_test(t, a_change_for_the_better_is_no_failure);
	tcase_add_test(t, a_figure_that_is_off_for_a_night_passes_and_is_said);
	tcase_add_test(t, all_that_is_off_is_in_the_text_of_a_suite);
	tcase_add_test(t, a_candidate_of_one_series_fails_nothing);
	tcase_add_loop_test(t, a_document_is_whole_or_memory_ran_out, 0, NIGHT_FORMATS);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
