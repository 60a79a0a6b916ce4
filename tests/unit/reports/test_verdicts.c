/* Verdicts in every document: for how many they are corrected, what matters, what is open. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "documents.h"
#include "forecast.h"
#include "verdict_text.h"
#include "view.h"

static const struct synthetic how = {.repeats = 7, .seconds = 6, .seed = 3, .accel = "kvm"};

/* Ten cells have figures beside the reference; one of them too few samples beyond p99. */
START_TEST(every_document_says_for_how_many_comparisons_it_is_corrected)
{
	BL_CLEANUP(bl_freep) char *md = document(&how, REPORT_MD, NULL);
	BL_CLEANUP(bl_freep) char *page = document(&how, REPORT_HTML, NULL);
	BL_CLEANUP(bl_freep) char *term = terminal_table(&how, 100, false);

	ck_assert_ptr_nonnull(strstr(md, "corrected for 9 comparisons; 5 % and more matters"));
	ck_assert_ptr_nonnull(strstr(page, "corrected for 9 comparisons; 5 % and more matters"));
	ck_assert_ptr_nonnull(strstr(term, "corrected for 9 comparisons; 5 % and more matters"));
	ck_assert_ptr_nonnull(strstr(page, "<p class=\"note\">Corrected for 13 comparisons; "));
	ck_assert_ptr_nonnull(strstr(page, "<div class=\"badge good\" title=\"the interval lies "
					   "beyond -4.76 %; p "));
	ck_assert_ptr_nonnull(strstr(page, "<div class=\"badge worse\""));
	ck_assert_ptr_nonnull(strstr(page, "<div class=\"badge open\""));
	ck_assert_uint_eq(count_of(page, "<svg class=\"ci\""), 20);
	expect_well_formed(page);
}
END_TEST

static json_t *comparison_of(json_t *doc, size_t cell, const char *metric)
{
	json_t *job = json_array_get(
		json_object_get(json_array_get(json_object_get(doc, "cells"), cell), "jobs"), 0);

	return json_object_get(json_object_get(job, "against_reference"), metric);
}

START_TEST(json_has_p_and_the_family_of_each_verdict)
{
	BL_CLEANUP(bl_freep) char *text = document(&how, REPORT_JSON, NULL);
	json_t *doc = json_loads(text, 0, NULL), *c, *families;
	size_t n_rows = 0, n_choices = 0;

	ck_assert_ptr_nonnull(doc);
	c = comparison_of(doc, 1, "p99_ns");
	ck_assert_str_eq(json_string_value(json_object_get(c, "verdict")), "better");
	ck_assert_int_eq(json_integer_value(json_object_get(c, "comparisons")), 9);
	ck_assert_double_le(json_real_value(json_object_get(c, "p")),
			    json_real_value(json_object_get(c, "p_adjusted")));
	ck_assert_double_le(json_real_value(json_object_get(c, "p_adjusted")), 0.05);
	ck_assert_double_eq(json_real_value(json_object_get(c, "min_effect")), 0.05);
	ck_assert_double_lt(json_real_value(json_object_get(c, "trimmed_lo95")),
			    json_real_value(json_object_get(c, "trimmed_ratio")));
	families = json_object_get(doc, "families");
	for (size_t i = 0; i < json_array_size(families); i++) {
		json_t *f = json_array_get(families, i);
		const char *question = json_string_value(json_object_get(f, "question"));

		if (strcmp(json_string_value(json_object_get(f, "metric")), "p99_ns") != 0)
			continue;
		n_rows += strcmp(question, "against_reference") == 0;
		n_choices += strcmp(question, "choices") == 0;
		ck_assert_str_eq(json_string_value(json_object_get(f, "method")),
				 "Benjamini-Hochberg");
	}
	ck_assert_uint_eq(n_rows, 2); /* jobs */
	ck_assert_uint_eq(n_choices, 2);
	json_decref(doc);
}
END_TEST

START_TEST(what_matters_is_the_callers_or_the_runs)
{
	struct min_effects much = min_effects_default;
	struct report_options opt = {.min_effects = &much};
	struct run_data d;
	struct view v;
	uint32_t cell = 4; /* a fifth slower */

	synthetic_run(&how, &d);
	ck_assert_int_eq(view_init(&v, &d, NULL, NULL), 0);
	ck_assert_int_eq(view_row_of(&v.jobs[0], cell)->ref[METRIC_P99].verdict, VERDICT_WORSE);
	view_done(&v);
	much.by[METRIC_P99] = 0.5;
	ck_assert_int_eq(view_init(&v, &d, &opt, NULL), 0);
	ck_assert_int_eq(view_row_of(&v.jobs[0], cell)->ref[METRIC_P99].verdict, VERDICT_SAME);
	ck_assert_double_eq(view_row_of(&v.jobs[0], cell)->ref[METRIC_P99].min_effect, 0.5);
	view_done(&v);
	facts_add(&d.run.declared, "min_effect.p99", "0.6");
	ck_assert_int_eq(view_init(&v, &d, NULL, NULL), 0);
	ck_assert_int_eq(view_row_of(&v.jobs[0], cell)->ref[METRIC_P99].verdict, VERDICT_SAME);
	ck_assert_double_eq(v.effects[0].by[METRIC_P99].min_effect, 0.6);
	view_done(&v);
	run_data_done(&d);
}
END_TEST

/* The slower cell is made the reference's twin: what they differ by is the floor. */
START_TEST(equal_cells_are_the_floor_of_a_run)
{
	BL_CLEANUP(lines_done) struct lines limits = {0}, tell = {0};
	struct run_data d;
	struct view v;
	double floor;

	synthetic_run(&how, &d);
	facts_done(&d.cells[4].axes);
	facts_copy(&d.cells[4].axes, &d.cells[0].axes);
	ck_assert_int_eq(view_init(&v, &d, NULL, NULL), 0);
	ck_assert_uint_eq(v.floors.n, 2); /* jobs */
	floor = v.floors.items[0].by[METRIC_P99];
	ck_assert_double_eq_tol(floor, 0.17, 0.04);
	ck_assert_double_eq(v.jobs[0].min.by[METRIC_P99], floor);
	for (size_t i = 0; i < v.jobs[0].n_rows; i++) {
		const struct comparison *c = &v.jobs[0].rows[i].ref[METRIC_P99];

		if (!c->n_pairs)
			continue;
		ck_assert(c->is_floor && c->min_effect >= floor);
		ck_assert((c->min_effect > floor) ==
			  (c->n_pairs < v.floors.items[0].n_pairs[METRIC_P99]));
		if (c->verdict == VERDICT_WORSE)
			ck_assert_double_gt(c->lo, 1 + c->min_effect);
	}
	ck_assert_int_eq(view_row_of(&v.jobs[0], 4)->ref[METRIC_P99].verdict, VERDICT_CANNOT_TELL);
	minute_limits(&v, &limits);
	verdict_families(&v, &tell);
	ck_assert_ptr_nonnull(strstr(tell.items[0], "as two equal cells differ by that"));
	for (size_t i = 0; i < limits.n; i++)
		if (strstr(limits.items[i], "are the same configuration: 95 % of comparisons"))
			floor = 0;
	ck_assert_double_eq(floor, 0);
	view_done(&v);
	run_data_done(&d);
}
END_TEST

START_TEST(more_boots_than_decide_are_said)
{
	static const struct synthetic many = {
		.repeats = 65, .seconds = 1, .seed = 5, .is_small = true};
	static const char says[] = "the first 64 boots";

	for (uint32_t repeats = 64; repeats <= 65; repeats++) {
		BL_CLEANUP(lines_done) struct lines limits = {0};
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
		struct synthetic made = many;
		struct run_data d;
		struct view v;
		bool is_said = false;

		made.repeats = repeats;
		synthetic_run(&made, &d);
		ck_assert_int_eq(view_init(&v, &d, NULL, NULL), 0);
		minute_limits(&v, &limits);
		for (size_t i = 0; i < limits.n; i++)
			is_said |= strstr(limits.items[i], says) != NULL;
		ck_assert_int_eq(is_said, repeats > 64);
		ck_assert_int_eq(report_compare(&d, d.cells[0].name, &d, d.cells[1].name, NULL, 100,
						false, &out, NULL),
				 0);
		ck_assert_int_eq(strstr(bl_buf_str(&out), says) != NULL, repeats > 64);
		view_done(&v);
		run_data_done(&d);
	}
}
END_TEST

static void expect_p(struct comparison c, const char *says)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	verdict_p(&c, &b);
	ck_assert_str_eq(bl_buf_str(&b), says);
}

/* -51 % is beyond what 56.2 % more are as a ratio. */
START_TEST(p_says_both_bounds_and_when_it_does_not_decide)
{
	struct comparison c = {.min_effect = 0.562, .p = 0.056, .family = 1};

	expect_p(c, "that it lies between -36 % and +56 %, which does not matter");
	c.verdict = VERDICT_BETTER;
	expect_p(c,
		 "that it lies between -36 % and +56 %, which does not matter; one comparison is "
		 "decided by its interval alone");
	c.family = 9;
	c.p = 0.002;
	c.p_adjusted = 0.018;
	expect_p(c, "that it lies between -36 % and +56 %, which does not matter, corrected for 9 "
		    "comparisons 0.018");
}
END_TEST

static void expect_more(struct comparison c, const char *says)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	verdict_more(&c, &b);
	ck_assert_str_eq(bl_buf_str(&b), says);
}

START_TEST(what_is_open_says_how_many_more_trials_would_tell)
{
	struct comparison c = {.n_pairs = 8, .more = 4, .sd = 0.1, .min_effect = 0.05};

	expect_more(c, "about 4 more trials would tell");
	c.more = 1;
	expect_more(c, "about 1 more trial would tell");
	c.more = FORECAST_MANY;
	expect_more(c, "more than 30 trials more, so noisy is it and so near to what matters "
		       "the difference");
	c.sd = 0;
	c.more = 3;
	expect_more(c, "at least 3 more trials would be needed to tell");
	c.verdict = VERDICT_SAME;
	expect_more(c, "");
}
END_TEST

START_TEST(several_that_are_open_are_told_together)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	static const struct comparison some[] = {
		{.n_pairs = 8, .more = 4, .sd = 0.1},
		{.n_pairs = 8, .more = 9, .sd = 0.1},
		{.n_pairs = 8, .more = FORECAST_MANY, .sd = 0.1},
		{.n_pairs = 8, .more = 0, .sd = 0.1},
		{.n_pairs = 8, .verdict = VERDICT_WORSE},
		{.n_pairs = 0},
	};
	struct verdict_tally t = {0};

	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		verdict_tally_add(&t, &some[i]);
	ck_assert_uint_eq(t.n, 5);
	ck_assert_uint_eq(t.n_open, 4);
	ck_assert_uint_eq(t.most_pairs, 17);
	verdict_tally_more(&t, &b);
	ck_assert_str_eq(
		bl_buf_str(&b),
		"about 4 to 9 more trials would tell in 2 of them; in 1 more than 30 "
		"would be needed, so noisy is it and so near to what matters the "
		"difference; in 1 longer trials would help: too few samples lie beyond p99");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verdicts");
	TCase *t = tcase_create("verdicts");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, every_document_says_for_how_many_comparisons_it_is_corrected);
	tcase_add_test(t, json_has_p_and_the_family_of_each_verdict);
	tcase_add_test(t, p_says_both_bounds_and_when_it_does_not_decide);
	tcase_add_test(t, what_matters_is_the_callers_or_the_runs);
	tcase_add_test(t, equal_cells_are_the_floor_of_a_run);
	tcase_add_test(t, more_boots_than_decide_are_said);
	tcase_add_test(t, what_is_open_says_how_many_more_trials_would_tell);
	tcase_add_test(t, several_that_are_open_are_told_together);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
