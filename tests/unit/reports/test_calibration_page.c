/* The page of a calibration: every comparison is drawn, and what is chance is marked as such. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "calibration_page.h"
#include "cleanup.h"
#include "documents.h"
#include "failing_alloc.h"
#include "made_equal.h"

struct made {
	struct run_data d;
	struct summaries s;
	struct calibration c;
};

static void make(struct made *m, const struct made_equal *how)
{
	struct bl_err err = BL_ERR_INIT;

	memset(m, 0, sizeof *m);
	made_equal(how, &m->d);
	ck_assert_int_eq(summarize(&m->d, &m->s, NULL), 0);
	ck_assert_msg(calibrate(&m->d, &m->s, NULL, 7, &m->c, &err) == 0, "%s", bl_err_text(&err));
}

static void made_done(struct made *m)
{
	calibration_done(&m->c);
	summaries_done(&m->s);
	run_data_done(&m->d);
}

static char *draw(const struct made_equal *how)
{
	BL_CLEANUP(made_done) struct made m;
	struct bl_buf out = BL_BUF_INIT;

	make(&m, how);
	ck_assert_int_eq(report_calibration_page(&m.d, &m.c, &out, NULL), 0);
	return bl_buf_take(&out);
}

static const struct made_equal equal = {
	.cells = 4, .jobs = 2, .repeats = 8, .noise = 0.02, .drift = 0.05, .ios = 30000, .seed = 3};
static const struct made_equal odd = {
	.cells = 4, .jobs = 1, .repeats = 8, .noise = 0.01, .odd = 0.2, .ios = 3000, .seed = 4};

START_TEST(every_figure_has_its_pictures)
{
	BL_CLEANUP(bl_freep) char *page = draw(&equal);

	expect_well_formed(page);
	ck_assert_uint_eq(count_of(page, "<svg class=\"chart forest\""), 2 * 7);
	ck_assert_uint_eq(count_of(page, "<svg class=\"chart order\""), 2 * 7);
	ck_assert_uint_eq(count_of(page, "<svg class=\"plot\""), 2);
	ck_assert_ptr_nonnull(strstr(page, "<b>Nothing known limits this result</b>"));
	ck_assert_uint_eq(count_of(page, "</script>"), 0);
	ck_assert_ptr_null(strstr(page, "http:"));
}
END_TEST

/* The drift of the run is in the order of its trials and in no comparison. */
START_TEST(drift_is_seen_where_it_is)
{
	BL_CLEANUP(bl_freep) char *page = draw(&equal);

	ck_assert_ptr_nonnull(strstr(page, "<b class=\"bad\">IOPS: second half \u2212"));
	ck_assert_ptr_nonnull(strstr(page, "IOPS: all 6 intervals hold \u2018no change\u2019"));
}
END_TEST

START_TEST(one_interval_is_not_intervals)
{
	struct made_equal two = equal;
	BL_CLEANUP(bl_freep) char *page = NULL;

	two.cells = 2;
	page = draw(&two);
	ck_assert_ptr_nonnull(strstr(page, "the one interval holds \u2018no change\u2019"));
	ck_assert_ptr_null(strstr(page, "all 1 "));
	ck_assert_ptr_null(strstr(page, "1 of 1 intervals"));
}
END_TEST

START_TEST(a_cell_that_is_not_equal_is_marked_in_every_comparison_with_it)
{
	BL_CLEANUP(bl_freep) char *page = draw(&odd);
	const char *iops = strstr(page, "<b>IOPS: "), *next = strstr(iops, "</figure>");
	size_t n = 0;

	ck_assert_ptr_nonnull(strstr(page, "comparisons of equal cells are called different</b>"));
	ck_assert_ptr_nonnull(strstr(page, "\u2192 copy 4: \u2212"));
	for (const char *s = iops; (s = strstr(s, " class=\"called\"")) && s < next; s++)
		n++;
	ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(thin_percentiles_are_shown_and_call_nothing)
{
	BL_CLEANUP(bl_freep) char *page = draw(&odd);
	const char *thin = strstr(page, "<figure class=\"small thin\">"), *next;

	ck_assert_ptr_nonnull(thin);
	next = strstr(thin, "</figure>");
	ck_assert_ptr_nonnull(strstr(thin, "decides nothing"));
	ck_assert(strstr(thin, "class=\"apart\"") < next);
	ck_assert(!strstr(thin, "called different") || strstr(thin, "called different") > next);
}
END_TEST

START_TEST(hostile_names_stay_text)
{
	struct made_equal how = equal;
	BL_CLEANUP(bl_freep) char *page = NULL;

	how.hostile = HOSTILE;
	how.odd = 0.2;
	page = draw(&how);
	expect_well_formed(page);
	ck_assert_ptr_null(strchr(page, '\033'));
	ck_assert_ptr_null(strstr(page, "<img"));
	ck_assert_uint_eq(count_of(page, "</script>"), 0);
	ck_assert_ptr_nonnull(strstr(page, "&lt;img src=x onerror=alert(1)&gt;"));
}
END_TEST

START_TEST(what_limits_it_is_said)
{
	BL_CLEANUP(made_done) struct made m;
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	make(&m, &equal);
	free(m.d.run.accel);
	m.d.run.accel = strdup("tcg");
	m.d.run.ended_ms = 0;
	facts_add(&m.d.run.notes, "busy", "the host was <b>busy</b>");
	m.d.trials[0].state = TRIAL_FAILED;
	ck_assert_int_eq(report_calibration_page(&m.d, &m.c, &out, NULL), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "<b>Emulated CPU (TCG)</b>"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "<b>The run never ended</b>"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "<b>1 of 32 trials gave no figures</b>"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "the host was &lt;b&gt;busy"));
}
END_TEST

START_TEST(a_missing_gnuplot_is_said_and_the_rest_is_drawn)
{
	BL_CLEANUP(bl_freep) char *page = NULL;

	setenv("PATH", "/nonexistent", 1); /* of this test's own process */
	page = draw(&equal);
	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "gnuplot is not installed"));
	ck_assert_uint_eq(count_of(page, "<svg class=\"chart forest\""), 2 * 7);
}
END_TEST

START_TEST(a_page_is_never_cut_for_want_of_memory)
{
	struct made_equal how = {
		.cells = 2, .jobs = 1, .repeats = 6, .noise = 0.02, .ios = 3000, .seed = 3};
	BL_CLEANUP(made_done) struct made m;
	BL_CLEANUP(bl_freep) char *whole = NULL;
	bool has_failed = true;

	setenv("PATH", "/nonexistent", 1); /* gnuplot would run a hundred times */
	make(&m, &how);
	for (long k = -1; k < 0 || has_failed; k++) {
		struct bl_buf out = BL_BUF_INIT;
		int r;

		if (k >= 0)
			alloc_fail(k);
		r = report_calibration_page(&m.d, &m.c, &out, NULL);
		has_failed = k < 0 || alloc_failed();
		if (k < 0)
			whole = strdup(bl_buf_str(&out));
		else if (r == 0)
			ck_assert_msg(strcmp(bl_buf_str(&out), whole) == 0,
				      "allocation %ld: cut after '%.60s'", k,
				      bl_buf_str(&out) + (out.len > 60 ? out.len - 60 : 0));
		ck_assert(r == 0 || (r == -ENOMEM && has_failed));
		bl_buf_done(&out);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("calibration-page");
	TCase *t = tcase_create("page");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, every_figure_has_its_pictures);
	tcase_add_test(t, drift_is_seen_where_it_is);
	tcase_add_test(t, one_interval_is_not_intervals);
	tcase_add_test(t, a_cell_that_is_not_equal_is_marked_in_every_comparison_with_it);
	tcase_add_test(t, thin_percentiles_are_shown_and_call_nothing);
	tcase_add_test(t, hostile_names_stay_text);
	tcase_add_test(t, what_limits_it_is_said);
	tcase_add_test(t, a_missing_gnuplot_is_said_and_the_rest_is_drawn);
	tcase_add_test(t, a_page_is_never_cut_for_want_of_memory);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
