/* Where the time goes: layers, strips, stutter, the bill, and findings with their proofs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "documents.h"
#include "html.h"

static const struct synthetic watched = {
	.repeats = 6, .seconds = 45, .seed = 3, .is_watched = true, .accel = "kvm"};
/* Made once: its 60 jobs are long enough for a period. */
static struct run_data run;
static struct view view;
static char *page, *md, *table;

/* The cells of the run. */
enum { CELL_HOST, CELL_IOTHREAD, CELL_MAIN, CELL_QCOW2, CELL_WRITEBACK };

static char *write_document(enum report_format format)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(report_write(&run, format, NULL, &out, &err) == 0, "%s", bl_err_text(&err));
	return bl_buf_take(&out);
}

static void make_run(void)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	synthetic_run(&watched, &run);
	ck_assert_msg(view_init(&view, &run, NULL, &err) == 0, "%s", bl_err_text(&err));
	ck_assert_msg(view_judge(&view, &err) == 0, "%s", bl_err_text(&err));
	page = write_document(REPORT_HTML);
	md = write_document(REPORT_MD);
	ck_assert_int_eq(report_table(&run, NULL, 100, false, &out, &err), 0);
	table = bl_buf_take(&out);
}

static void end_run(void)
{
	view_done(&view);
	run_data_done(&run);
	free(page);
	free(md);
	free(table);
}

/* From @begin to the next @end. */
static char *part_of(const char *text, const char *begin, const char *end)
{
	const char *from = strstr(text, begin), *to = from ? strstr(from + 1, end) : NULL;

	ck_assert_msg(from && to, "no part '%s' to '%s'", begin, end);
	return strndup(from, (size_t)(to - from));
}

START_TEST(the_page_is_whole_and_every_link_leads_somewhere)
{
	expect_well_formed(page);
}
END_TEST

/* synthetic_watched.c: what a request takes in each part of the second disk with a main loop. */
START_TEST(a_waterfall_says_what_each_layer_took)
{
	BL_CLEANUP(bl_freep) char *part = part_of(page, "id=\"layers-0-2\"", "</figure>");
	const struct view_row *row = view_row_of(&view.jobs[0], CELL_MAIN);
	const struct budget_dir *b = &row->seen->budget.dir[IO_READ];

	ck_assert_double_eq_tol(b->part[PART_GUEST].own_ns, 9000, 900);
	/* With what its stalls add: they are of the main loop. */
	ck_assert_double_eq_tol(b->part[PART_VIRTUAL].own_ns, 62500, 1500);
	ck_assert_double_eq_tol(b->part[PART_QEMU].own_ns, 12000, 600);
	ck_assert_ptr_nonnull(strstr(part, "class=\"fall\""));
	for (int p = 0; p < BUDGET_PARTS; p++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf want = BL_BUF_INIT;
		char num[FMT_MAX];

		bl_buf_addf(&want, ">%s</text>", budget_part_names[p]);
		ck_assert_msg(strstr(part, bl_buf_str(&want)), "%s", bl_buf_str(&want));
		bl_buf_addf(&want, "\">%s</tspan>", fmt_ns(&fmt_page, num, b->part[p].own_ns));
		ck_assert_msg(strstr(part, fmt_ns(&fmt_page, num, b->part[p].own_ns)), "%s", num);
	}
	for (int l = 0; l < LAYER_ATS; l++)
		ck_assert_ptr_nonnull(strstr(part, layer_at_names[l]));
	ck_assert_ptr_nonnull(strstr(part, "CPU 39.9"));
	ck_assert_ptr_null(strstr(part, "class=\"warned\""));
}
END_TEST

START_TEST(counts_that_differ_are_warned_of)
{
	BL_CLEANUP(bl_freep) char *part = part_of(page, "id=\"layers-0-4\"", "</figure>");

	ck_assert_ptr_nonnull(strstr(part, "class=\"warned\""));
	ck_assert_ptr_nonnull(strstr(part, "<td class=\"n bad\">"));
	ck_assert_ptr_nonnull(strstr(table, " !\n"));
}
END_TEST

START_TEST(strips_have_what_explains_first_and_nothing_flat)
{
	BL_CLEANUP(bl_freep) char *part = part_of(page, "id=\"heat-0-2\"", "</figure>");
	BL_CLEANUP(bl_freep) char *calm = part_of(page, "id=\"heat-0-0\"", "</figure>");
	const struct view_row *row = view_row_of(&view.jobs[0], CELL_MAIN);
	const char *first = strstr(part, "class=\"b\"");

	ck_assert_ptr_nonnull(row->seen->best);
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(strstr(first, row->seen->best->title));
	ck_assert_ptr_nonnull(strstr(part, "class=\"band why\""));
	ck_assert_uint_gt(count_of(part, "class=\"band"), 1);
	ck_assert_uint_le(count_of(part, "class=\"band"), 8);
	ck_assert_ptr_nonnull(strstr(calm, ">job is preempted<"));
	ck_assert_uint_eq(count_of(calm, "class=\"band"), 1);
	ck_assert_uint_eq(count_of(part, "class=\"stall\""), row->seen->stutter.n_stalls);
}
END_TEST

START_TEST(a_period_is_told_with_its_fold_and_none_where_there_is_none)
{
	BL_CLEANUP(bl_freep) char *part = part_of(page, "id=\"stutter-0-4\"", "</figure>");
	BL_CLEANUP(bl_freep) char *calm = part_of(page, "No stall in the trial shown", "</p>");

	ck_assert_ptr_nonnull(strstr(part, "phase"));
	ck_assert_ptr_nonnull(strstr(part, "One every 3."));
	ck_assert_ptr_nonnull(strstr(part, "slower than p99"));
	ck_assert_ptr_nonnull(strstr(part, "Over trials: stalls in 6 of 6"));
	ck_assert_ptr_nonnull(strstr(calm, run.cells[CELL_IOTHREAD].name));
	ck_assert_ptr_null(strstr(page, "id=\"stutter-0-1\""));
}
END_TEST

START_TEST(the_bill_prices_each_step_with_an_interval)
{
	BL_CLEANUP(bl_freep) char *part = part_of(page, "class=\"bill\"", "</table>");

	ck_assert_uint_eq(count_of(part, "class=\"changes\""), 4);
	ck_assert_uint_ge(count_of(part, "["), 3 * 4);
	ck_assert_ptr_nonnull(strstr(md, "### The bill"));
}
END_TEST

START_TEST(markdown_and_the_terminal_say_the_same)
{
	expect_file("watched.md", md);
	expect_file("watched-100.txt", table);
}
END_TEST

/* A finding by hand, so that the page is judged and not the rules. */
static char *findings_of(struct finding f)
{
	struct findings kept = view.findings;
	struct bl_buf out = BL_BUF_INIT;

	view.findings = (struct findings){.items = &f, .n = 1};
	html_findings(&view, f.cell, &out);
	view.findings = kept;
	return bl_buf_take(&out);
}

START_TEST(a_finding_has_window_remedy_change_and_links_to_what_proves_it)
{
	struct finding f = {.cause = "interrupts-one-cpu",
			    .layer = LAYER_GUEST,
			    .confidence = CONFIDENCE_LIKELY,
			    .cell = CELL_WRITEBACK,
			    .trial = CELL_WRITEBACK,
			    .job = run.trials[0].jobs[0].name,
			    .from_s = 12.25,
			    .to_s = 15,
			    .evidence = (char *)"<b>",
			    .remedy = (char *)"do it",
			    .change = (char *)"cache=none"};
	BL_CLEANUP(bl_freep) char *html = findings_of(f);
	BL_CLEANUP(bl_freep) char *bare = NULL;

	ck_assert_ptr_nonnull(strstr(html, "from 12.2\u202fs to 15.0\u202fs"));
	ck_assert_ptr_nonnull(strstr(html, "&lt;b&gt;."));
	ck_assert_ptr_nonnull(strstr(html, "cache=none"));
	ck_assert_ptr_nonnull(strstr(html, "href=\"#config-4\""));
	f.from_s = NAN;
	f.change = NULL;
	f.cell = CELL_MAIN;
	f.cause = "device-thermal"; /* has no plots of its own: those of its job */
	bare = findings_of(f);
	ck_assert_ptr_null(strstr(bare, "class=\"when\""));
	ck_assert_ptr_null(strstr(bare, "<code>"));
	ck_assert_ptr_nonnull(strstr(bare, "href=\"#heat-0-2\""));
	ck_assert_ptr_nonnull(strstr(bare, "href=\"#layers-0-2\""));
	ck_assert_ptr_nonnull(strstr(bare, "href=\"#stutter-0-2\""));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-time");
	TCase *t = tcase_create("time");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, make_run, end_run);
	tcase_add_test(t, the_page_is_whole_and_every_link_leads_somewhere);
	tcase_add_test(t, a_waterfall_says_what_each_layer_took);
	tcase_add_test(t, counts_that_differ_are_warned_of);
	tcase_add_test(t, strips_have_what_explains_first_and_nothing_flat);
	tcase_add_test(t, a_period_is_told_with_its_fold_and_none_where_there_is_none);
	tcase_add_test(t, the_bill_prices_each_step_with_an_interval);
	tcase_add_test(t, markdown_and_the_terminal_say_the_same);
	tcase_add_test(t, a_finding_has_window_remedy_change_and_links_to_what_proves_it);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
