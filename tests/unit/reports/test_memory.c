/* Every allocation on the way from a run to a document fails once: either that is said, or the
 * document is whole. One that is cut and called done would be believed. jansson is told to use the
 * allocations that fail. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <jansson.h>

#include "cleanup.h"
#include "diagnosis_report.h"
#include "documents.h"
#include "failing_alloc.h"
#include "html.h"

static int write_md(const struct run_data *d, struct bl_buf *out)
{
	return report_write(d, REPORT_MD, NULL, out, NULL);
}

/* Without the JSON and the CSV that it carries; of a view that is made when nothing fails yet,
 * since Markdown tries that. */
static int write_page(const struct run_data *d, struct bl_buf *out)
{
	static struct view v; /* of this test's own process */

	if (!v.d)
		ck_assert(view_init(&v, d, NULL, NULL) == 0 && view_judge(&v, NULL) == 0);
	return html_write(&v, "{}", "", out);
}

static int write_csv(const struct run_data *d, struct bl_buf *out)
{
	return report_write(d, REPORT_CSV, NULL, out, NULL);
}

static int write_json(const struct run_data *d, struct bl_buf *out)
{
	return report_write(d, REPORT_JSON, NULL, out, NULL);
}

static int write_compared_json(const struct run_data *d, struct bl_buf *out)
{
	return report_compare_json(d, d->cells[0].name, d, d->cells[d->n_cells - 1].name, NULL, out,
				   NULL);
}

static int write_table(const struct run_data *d, struct bl_buf *out)
{
	return report_table(d, NULL, 80, false, out, NULL);
}

static int write_compared(const struct run_data *d, struct bl_buf *out)
{
	return report_compare(d, d->cells[0].name, d, d->cells[d->n_cells - 1].name, NULL, 80,
			      false, out, NULL);
}

static int (*const writers[])(const struct run_data *d, struct bl_buf *out) = {
	write_md,       write_page, write_csv,          write_table,
	write_compared, write_json, write_compared_json};

static const uint32_t second_cell[] = {1};
static const struct diagnosis_options one_cell = {.cells = second_cell, .n_cells = 1};

/* One finding that has everything. */
static struct finding made_finding = {
	.cause = "interrupts-one-cpu",
	.confidence = CONFIDENCE_LIKELY,
	.cell = 1,
	.trial = 1,
	.from_s = 1,
	.to_s = 2,
	.evidence = (char *)"CPU 2 took all",
	.remedy = (char *)"queues",
	.change = (char *)"queues=4",
};
static const struct findings made_findings = {.items = &made_finding, .n = 1};

static int write_diagnosis(const struct run_data *d, struct bl_buf *out)
{
	return report_diagnosis(d, &made_findings, &one_cell, 80, true, out, NULL);
}

static int write_diagnosis_json(const struct run_data *d, struct bl_buf *out)
{
	return report_diagnosis_json(d, &made_findings, &one_cell, out, NULL);
}

static int keep(void *ctx, const struct bl_buf *text, struct bl_err *err)
{
	int failed = bl_buf_failed(ctx);

	bl_buf_add(ctx, text->data, text->len);
	return failed || !bl_buf_failed(ctx) ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

static int write_budget(const struct run_data *d, struct bl_buf *out)
{
	struct report_sink to = {out, keep};

	return report_csv_table(d, REPORT_BUDGET, &to, NULL);
}

static int write_stalls(const struct run_data *d, struct bl_buf *out)
{
	struct report_sink to = {out, keep};

	return report_csv_table(d, REPORT_STALLS, &to, NULL);
}

/* What is made of signals and slices, which needs a run that was watched. */
static int (*const of_watched[])(const struct run_data *d, struct bl_buf *out) = {
	write_diagnosis, write_diagnosis_json, write_budget, write_stalls, write_page,
	write_md,        write_table};

/* Each of the first, then cells alike, of which some are enough; instrumented, a document takes ten
 * times as long. */
#ifdef __SANITIZE_ADDRESS__
enum { EACH_OF = 500, STEP = 23 };
#else
enum { EACH_OF = 1500, STEP = 7 };
#endif

static void check_whole(const struct synthetic *how,
			int (*write)(const struct run_data *d, struct bl_buf *out))
{
	BL_CLEANUP(bl_buf_done) struct bl_buf whole = BL_BUF_INIT;
	struct run_data d;
	long n = 0;
	int r;

	json_set_alloc_funcs(__wrap_malloc, free);
	setenv("PATH", "/nonexistent", 1); /* no gnuplot: the child's plots are no memory of ours */
	synthetic_run(how, &d);
	ck_assert_int_eq(write(&d, &whole), 0);
	for (bool is_failed = true; is_failed; n += n < EACH_OF ? 1 : STEP) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

		alloc_fail(n);
		r = write(&d, &out);
		is_failed = alloc_failed();
		if (r < 0)
			ck_assert_msg(r == -ENOMEM, "allocation %ld: %d", n, r);
		else
			ck_assert_msg(strcmp(bl_buf_str(&out), bl_buf_str(&whole)) == 0,
				      "allocation %ld: the document is cut, and called done", n);
	}
	ck_assert_int_gt(n, 20);
	run_data_done(&d);
}

START_TEST(what_is_made_of_signals_is_whole_or_memory_ran_out)
{
	static const struct synthetic how = {
		.repeats = 1, .seconds = 2, .seed = 3, .is_watched = true, .accel = "kvm"};

	check_whole(&how, of_watched[_i]);
}
END_TEST

START_TEST(a_document_is_whole_or_memory_ran_out)
{
	static const struct synthetic hows[] = {
		{.repeats = 1, .seconds = 1, .seed = 3, .has_devices = true, .accel = "kvm"},
		{.repeats = 1, .seconds = 1, .seed = 3, .is_small = true, .is_all_failed = true},
	};

	check_whole(&hows[_i % BL_ARRAY_LEN(hows)], writers[_i / BL_ARRAY_LEN(hows)]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-memory");
	TCase *t = tcase_create("memory");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_document_is_whole_or_memory_ran_out, 0, 2 * BL_ARRAY_LEN(writers));
	tcase_add_loop_test(t, what_is_made_of_signals_is_whole_or_memory_ran_out, 0,
			    BL_ARRAY_LEN(of_watched));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
