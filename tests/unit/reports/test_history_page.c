/* The history page: well formed, whole without a script, and saying what was planted. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "documents.h"
#include "failing_alloc.h"
#include "history_page.h"
#include "made_history.h"

static const struct made_history month = {
	.nights = 24, .cells = 2, .jobs = 1, .step_at = 15, .seed = 2};

static char *draw(const struct made_history *how, const char *state, const char *cell)
{
	BL_CLEANUP(history_done) struct history h = {0};
	const char *name = how->hostile ? how->hostile : "nightly";
	struct change_record event = {.host = NULL};
	struct history_view v = {
		.h = &h, .scenario = name, .host = name, .accel = "kvm", .cell = cell};
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	made_history(how, &h);
	if (state) {
		made_event(how, &h, state, &event);
		v.events = &event;
		v.n_events = 1;
	}
	ck_assert_msg(report_history_page(&v, &out, &err) == 0, "%s", bl_err_text(&err));
	change_record_done(&event);
	return bl_buf_take(&out);
}

START_TEST(a_step_is_told_with_its_night_and_the_environment_change)
{
	BL_CLEANUP(bl_freep) char *page = draw(&month, "confirmed", NULL);

	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "Since <b>16\u00a0Jan\u00a02025</b>: 6 figures of 2 "
					   "cells shifted, all for the worse, most of all p99 of "
					   "virtio-blk iothread none"));
	ck_assert_ptr_nonnull(strstr(page, "<b>QEMU 7.2.22 \u2192 10.0.2</b>"));
	ck_assert_ptr_nonnull(strstr(page, "<span class=\"chip worse\" title=\"Eight fresh trials "
					   "gave 253 us, too.\">confirmed</span>"));
	ck_assert_uint_eq(count_of(page, "<svg class=\"chart nights\""), 14);
	ck_assert_uint_eq(count_of(page, "<g class=\"cp worse\">"), 6);
	ck_assert_uint_eq(count_of(page, "</script>"), 0);
	ck_assert_ptr_null(strstr(page, "http:"));
	ck_assert_ptr_nonnull(strstr(page, "default-src 'none'; style-src 'unsafe-inline'\""));
}
END_TEST

START_TEST(without_a_step_nothing_is_told)
{
	struct made_history how = {.nights = 60, .cells = 2, .jobs = 2, .seed = 5};
	BL_CLEANUP(bl_freep) char *page = draw(&how, NULL, NULL);

	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "<b>No figure changed</b> in 60 nights"));
	ck_assert_ptr_nonnull(strstr(page, "would be found within 5 nights"));
	ck_assert_ptr_null(strstr(page, "<g class=\"cp worse\">"));
	ck_assert_ptr_null(strstr(page, "<g class=\"cp better\">"));
}
END_TEST

/* What was reported and has gone is in the list; where it is not in the history any more, too. */
START_TEST(what_went_away_stays_in_the_list)
{
	struct made_history how = {.nights = 30, .cells = 1, .jobs = 1, .seed = 5};
	BL_CLEANUP(bl_freep) char *page = draw(&how, "went away", NULL);

	ck_assert_ptr_nonnull(strstr(page, ">went away</span><small>not in the history any more"));
}
END_TEST

START_TEST(trouble_is_drawn_as_what_it_is)
{
	struct made_history how = {.nights = 200,
				   .cells = 4,
				   .jobs = 1,
				   .step_at = 120,
				   .has_trouble = true,
				   .seed = 1};
	BL_CLEANUP(bl_freep) char *page = draw(&how, NULL, NULL);
	const char *missing;

	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, " <b>drifts</b>: "));
	ck_assert_ptr_nonnull(strstr(page, "rather a drift"));
	ck_assert_uint_gt(count_of(page, "<g class=\"out\">"), 5);
	missing = strstr(page, "<path class=\"missing\" d=\"M");
	ck_assert_ptr_nonnull(missing);
	ck_assert_ptr_nonnull(strstr(page, ">C</text>")); /* the third change of the environment */
	ck_assert_ptr_nonnull(strstr(page, "<span class=\"none\">none</span>")); /* did nothing */
}
END_TEST

START_TEST(a_year_of_many_cells_stays_small)
{
	struct made_history how = {.nights = 365,
				   .cells = 7,
				   .jobs = 3,
				   .step_at = 250,
				   .has_trouble = true,
				   .seed = 1};
	BL_CLEANUP(bl_freep) char *page = draw(&how, NULL, NULL);

	ck_assert_uint_lt(strlen(page), 3 << 20);
	ck_assert_uint_eq(count_of(page, "<svg class=\"chart nights\""), 147);
	/* Those with changes first. */
	ck_assert_ptr_nonnull(strstr(page, "<span class=\"has\">"));
	ck_assert(strstr(page, "<span class=\"has\">") < strstr(page, "<span>no change</span>"));
}
END_TEST

START_TEST(hostile_names_stay_text)
{
	struct made_history how = month;
	BL_CLEANUP(bl_freep) char *page = NULL;

	how.hostile = HOSTILE;
	how.has_trouble = true;
	page = draw(&how, "confirmed", NULL);
	expect_well_formed(page);
	ck_assert_ptr_null(strchr(page, '\033'));
	ck_assert_ptr_null(strstr(page, "<img"));
	ck_assert_uint_eq(count_of(page, "</script>"), 0);
	ck_assert_ptr_nonnull(strstr(page, "&lt;img src=x onerror=alert(1)&gt;"));
}
END_TEST

static const struct {
	size_t nights;
	const char *says;
} few[] = {
	{0, "No night has a figure to draw"},
	{1, "1 night so far: there is nothing to compare yet."},
	{7, "<b>7 nights</b>: changes are looked for from the eighth on"},
};

START_TEST(few_nights_are_a_page_that_says_so)
{
	struct made_history how = {.nights = few[_i].nights, .cells = 1, .jobs = 1, .seed = 5};
	BL_CLEANUP(bl_freep) char *page = draw(&how, NULL, NULL);

	expect_well_formed(page);
	ck_assert_msg(strstr(page, few[_i].says) != NULL, "%s", few[_i].says);
	ck_assert_ptr_null(strstr(page, "nan"));
	ck_assert_ptr_null(strstr(page, "inf\""));
}
END_TEST

START_TEST(one_cell_can_be_asked_for)
{
	BL_CLEANUP(bl_freep) char *page = draw(&month, "candidate", "virtio-blk main none");

	ck_assert_uint_eq(count_of(page, "<svg class=\"chart nights\""), 7);
	ck_assert_ptr_null(strstr(page, "virtio-blk iothread none"));
	ck_assert_ptr_nonnull(strstr(page, "only cell <b>virtio-blk main none</b>"));
}
END_TEST

START_TEST(a_page_is_never_cut_for_want_of_memory)
{
	struct made_history how = {.nights = 16, .cells = 1, .jobs = 1, .step_at = 9, .seed = 2};
	BL_CLEANUP(history_done) struct history h = {0};
	BL_CLEANUP(change_record_done) struct change_record event = {.host = NULL};
	struct history_view v = {
		.h = &h, .scenario = "s", .host = "h", .events = &event, .n_events = 1};
	BL_CLEANUP(bl_freep) char *whole = NULL;
	bool has_failed = true;

	made_history(&how, &h);
	made_event(&how, &h, "confirmed", &event);
	for (long k = -1; k < 0 || has_failed; k++) {
		struct bl_buf out = BL_BUF_INIT;
		int r;

		if (k >= 0)
			alloc_fail(k);
		r = report_history_page(&v, &out, NULL);
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
	Suite *s = suite_create("history-page");
	TCase *t = tcase_create("page");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_step_is_told_with_its_night_and_the_environment_change);
	tcase_add_test(t, without_a_step_nothing_is_told);
	tcase_add_test(t, what_went_away_stays_in_the_list);
	tcase_add_test(t, trouble_is_drawn_as_what_it_is);
	tcase_add_test(t, a_year_of_many_cells_stays_small);
	tcase_add_test(t, hostile_names_stay_text);
	tcase_add_loop_test(t, few_nights_are_a_page_that_says_so, 0, BL_ARRAY_LEN(few));
	tcase_add_test(t, one_cell_can_be_asked_for);
	tcase_add_test(t, a_page_is_never_cut_for_want_of_memory);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
