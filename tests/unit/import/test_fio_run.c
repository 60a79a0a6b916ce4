/* Documents of fio as a run, and the figures that statistics make of it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fio_run.h"
#include "suites.h"
#include "summary.h"

/* A document of one job of reads whose p50 and p99 are told; @more: in the job. */
static char *document(const char *version, unsigned at_s, unsigned p99, bool has_bins,
		      const char *more)
{
	char *text = NULL, bins[128] = "";

	if (has_bins)
		snprintf(bins, sizeof bins, ", \"bins\": {\"10048\": 19000, \"%u\": 1000}", p99);
	ck_assert_int_gt(
		asprintf(&text,
			 "{\"fio version\": \"%s\", \"timestamp_ms\": 17000%05u000, \"jobs\": ["
			 "{\"jobname\": \"rr\", \"read\": {\"io_bytes\": 81920000, \"total_ios\": "
			 "20000,"
			 " \"runtime\": 2000, \"clat_ns\": {\"min\": 9000, \"max\": 900000, "
			 "\"mean\":"
			 " 12000, \"stddev\": 400, \"N\": 20000%s, \"percentile\": {\"50.000000\": "
			 "10048,"
			 " \"99.000000\": %u}}, \"lat_ns\": {\"min\": 9100, \"max\": 900100, "
			 "\"mean\":"
			 " 12100, \"stddev\": 400, \"N\": 20000}}%s}]}",
			 version, at_s, bins, p99, more),
		0);
	return text;
}

struct sources {
	struct fio_source items[16];
	char *texts[16];
	size_t n;
};

static void add(struct sources *s, const char *cell, char *text)
{
	s->texts[s->n] = text;
	s->items[s->n++] = (struct fio_source){
		.name = "f.json", .cell = cell, .text = text, .len = strlen(text)};
}

static void sources_done(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->texts[i]);
}

static const struct fio_run_options options = {.scenario = "fio", .now_ms = 5};

static void make(const struct sources *s, struct run_data *d)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(fio_run(s->items, s->n, &options, d, &err) == 0, "%s", err.text);
}

START_TEST(documents_of_a_cell_are_repeats_in_the_order_of_their_time)
{
	BL_CLEANUP(sources_done) struct sources s = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};

	add(&s, "raw", document("fio-3.33", 30, 20096, true, ""));
	add(&s, "qcow2", document("fio-3.33", 20, 20096, true, ""));
	add(&s, "raw", document("fio-3.33", 10, 20096, true, ""));
	make(&s, &d);
	ck_assert_uint_eq(d.n_cells, 2);
	ck_assert_str_eq(d.cells[0].name, "raw");
	ck_assert_uint_eq(d.run.repeats, 2);
	ck_assert_str_eq(d.run.version, "fio-3.33");
	ck_assert_str_eq(d.run.host_name, "unknown");
	ck_assert_uint_eq(d.n_trials, 3);
	ck_assert_uint_eq(d.trials[0].ended_ms, 1700000010000);
	ck_assert_uint_eq(d.trials[0].started_ms, 1700000008000);
	ck_assert_uint_eq(d.trials[0].cell, 0);
	ck_assert_uint_eq(d.trials[0].repeat, 0);
	ck_assert_uint_eq(d.trials[1].cell, 1);
	ck_assert_uint_eq(d.trials[2].repeat, 1);
	ck_assert_uint_eq(d.run.started_ms, 1700000008000);
	ck_assert_uint_eq(d.run.ended_ms, 1700000030000);
	ck_assert(run_is_imported(&d.run));
	ck_assert_ptr_nonnull(facts_get(&d.run.notes, "latency"));
	ck_assert_ptr_nonnull(facts_get(&d.run.notes, "order"));
}
END_TEST

START_TEST(the_same_import_has_the_same_ids_and_another_has_others)
{
	BL_CLEANUP(sources_done) struct sources s = {0}, other = {0};
	struct run_data d[4] = {0};
	struct fio_run_options named = {.scenario = "fio", .host = "h", .now_ms = 9};

	add(&s, "raw", document("fio-3.33", 30, 20096, true, ""));
	add(&other, "raw", document("fio-3.33", 30, 20224, true, ""));
	make(&s, &d[0]);
	make(&s, &d[1]);
	make(&other, &d[2]);
	ck_assert_int_eq(fio_run(s.items, s.n, &named, &d[3], NULL), 0);
	ck_assert_str_eq(d[0].run.id, d[1].run.id);
	ck_assert_str_eq(d[0].trials[0].id, d[1].trials[0].id);
	ck_assert_str_ne(d[0].run.id, d[0].trials[0].id);
	ck_assert_str_ne(d[0].run.id, d[2].run.id);
	ck_assert_str_ne(d[0].run.id, d[3].run.id);
	ck_assert_uint_eq(strlen(d[0].run.id), 36);
	ck_assert_int_eq(d[0].run.id[14], '7');
	ck_assert_ptr_nonnull(strchr("89ab", d[0].run.id[19]));
	for (size_t i = 0; i < 4; i++)
		run_data_done(&d[i]);
}
END_TEST

START_TEST(figures_come_from_the_bins)
{
	BL_CLEANUP(sources_done) struct sources s = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(summaries_done) struct summaries sums = {0};
	struct pct p;

	add(&s, "raw", document("fio-3.33", 30, 20096, true, ""));
	make(&s, &d);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	ck_assert(fabs(sums.items[0].metric[METRIC_IOPS].median - 10000) < 1e-6);
	p = summary_pct(&sums.items[0], SUMMARY_P99);
	ck_assert(p.is_known && !p.is_told && !p.is_thin);
	ck_assert(p.ns >= 19968 && p.ns < 20224); /* fio's bucket around 20096 */
	ck_assert(fabs(sums.items[0].metric[METRIC_MEAN].median - 12000) < 1e-6); /* clat's, too */
}
END_TEST

START_TEST(told_percentiles_decide_between_trials_and_are_marked_for_a_cell)
{
	BL_CLEANUP(sources_done) struct sources s = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(summaries_done) struct summaries sums = {0};
	struct comparison c;
	struct pct p;

	for (unsigned i = 0; i < 8; i++) {
		add(&s, "a", document("fio-3.33", 10 + 2 * i, 20000 + 10 * i, false, ""));
		add(&s, "b", document("fio-3.33", 11 + 2 * i, 30000 + 10 * i, false, ""));
	}
	make(&s, &d);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	ck_assert_uint_eq(sums.n, 2);
	p = summary_pct(&sums.items[0], SUMMARY_P99);
	ck_assert(p.is_known && p.is_told && p.is_thin);
	ck_assert_uint_eq(p.ns, 20035);
	ck_assert(!summary_pct(&sums.items[0], SUMMARY_P99_9).is_known);
	ck_assert_uint_eq(sums.items[0].metric[METRIC_P99].n, 8);
	c = compare_summaries(&sums.items[0], &sums.items[1], METRIC_P99);
	ck_assert_uint_eq(c.n_pairs, 8);
	ck_assert_int_eq(c.verdict, VERDICT_WORSE);
	ck_assert(fabs(c.ratio - 1.499) < 0.01);
	ck_assert(fabs(sums.items[0].metric[METRIC_MEAN].median - 12100) < 1e-6); /* lat's */
}
END_TEST

/* A host that slows down by 1 % a minute: of two equal cells the later one is slower, and the pairs
 * in order of their time agree on it perfectly. */
START_TEST(cells_that_took_no_turns_are_no_pairs)
{
	BL_CLEANUP(sources_done) struct sources s = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(summaries_done) struct summaries sums = {0};
	struct comparison c;

	for (unsigned i = 0; i < 16; i++)
		add(&s, i < 8 ? "a" : "b",
		    document("fio-3.33", 10 + i, 20000 + 200 * i, false, ""));
	make(&s, &d);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	ck_assert(!summaries_took_turns(&sums.items[0], &sums.items[1]));
	c = compare_summaries(&sums.items[0], &sums.items[1], METRIC_P99);
	ck_assert(c.is_unpaired);
	ck_assert_uint_eq(c.n_pairs, 8);
	ck_assert_double_gt(log(c.hi / c.lo), 0.04); /* as pairs: 0.00 */
	ck_assert_ptr_nonnull(strstr(facts_get(&d.run.notes, "order"), "as samples"));
}
END_TEST

START_TEST(cells_that_took_turns_are_pairs_whichever_was_first)
{
	BL_CLEANUP(sources_done) struct sources s = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(summaries_done) struct summaries sums = {0};

	for (unsigned i = 0; i < 16; i++)
		add(&s, (i / 2 + i) % 2 ? "b" : "a",
		    document("fio-3.33", 10 + i, 20000 + 200 * i, false, ""));
	make(&s, &d);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	ck_assert(summaries_took_turns(&sums.items[0], &sums.items[1]));
	ck_assert(!compare_summaries(&sums.items[0], &sums.items[1], METRIC_P99).is_unpaired);
}
END_TEST

START_TEST(told_percentiles_of_a_job_that_read_and_wrote_are_absent)
{
	static const char write[] = ", \"write\": {\"io_bytes\": 4096, \"total_ios\": 1, "
				    "\"runtime\": 2000, \"clat_ns\": "
				    "{\"min\": 1, \"max\": 1, \"mean\": 1, \"N\": 1, "
				    "\"percentile\": {\"99.000000\": 1}}}";
	BL_CLEANUP(sources_done) struct sources s = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(summaries_done) struct summaries sums = {0};

	add(&s, "a", document("fio-3.33", 10, 20000, false, write));
	make(&s, &d);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	ck_assert(!summary_pct(&sums.items[0], SUMMARY_P99).is_known);
	ck_assert_uint_eq(sums.items[0].metric[METRIC_P99].n, 0);
	ck_assert_uint_eq(sums.items[0].metric[METRIC_IOPS].n, 1);
}
END_TEST

START_TEST(a_job_with_an_error_is_a_failed_trial)
{
	BL_CLEANUP(sources_done) struct sources s = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};

	add(&s, "a", document("fio-3.33", 10, 20000, false, ", \"error\": 28"));
	make(&s, &d);
	ck_assert_int_eq(d.trials[0].state, TRIAL_FAILED);
	ck_assert_ptr_nonnull(strstr(d.trials[0].reason, "error 28: No space left"));
}
END_TEST

START_TEST(documents_that_do_not_go_together_are_refused)
{
	static const char *const says[] = {"is of fio-3.33, 'f.json' of fio-3.1: different rulers",
					   "with and without histograms",
					   "which is not the same time (lat_percentiles)"};
	BL_CLEANUP(sources_done) struct sources s = {0};
	struct bl_err err = BL_ERR_INIT;
	struct run_data d = {0};

	add(&s, "a", document("fio-3.33", 10, 20000, false, ""));
	add(&s, "b", document(_i ? "fio-3.33" : "fio-3.1", 10, 20000, _i == 1, ""));
	if (_i == 2) { /* the block with percentiles is lat's */
		memcpy(strstr(s.texts[1], "\"lat_ns"), "\"xat_ns", 7);
		memcpy(strstr(s.texts[1], "\"clat_ns\""), " \"lat_ns\"", 9);
	}
	ck_assert_int_eq(fio_run(s.items, s.n, &options, &d, &err), -EBADMSG);
	ck_assert_msg(strstr(err.text, says[_i]) != NULL, "%s", err.text);
	ck_assert_int_eq(fio_run(s.items, 0, &options, &d, NULL), -EINVAL);
}
END_TEST

START_TEST(one_document_is_one_trial_of_one_cell)
{
	static const char *const says[] = {
		"'f.json' and 'f.json' of cell 'a' are the same document: one measurement is one "
		"trial; give each repeat's own document",
		"'f.json' of cell 'a' and 'f.json' of cell 'b' are the same document"};
	BL_CLEANUP(sources_done) struct sources s = {0};
	struct bl_err err = BL_ERR_INIT;
	struct run_data d = {0};

	add(&s, "a", document("fio-3.33", 10, 20000, true, ""));
	add(&s, "a", document("fio-3.33", 12, 20000, true, ""));
	add(&s, _i ? "b" : "a", document("fio-3.33", 10, 20000, true, ""));
	ck_assert_int_eq(fio_run(s.items, s.n, &options, &d, &err), -EBADMSG);
	ck_assert_msg(strstr(err.text, says[_i]) != NULL, "%s", err.text);
}
END_TEST

TCase *run_cases(void)
{
	TCase *t = tcase_create("run");

	tcase_add_test(t, documents_of_a_cell_are_repeats_in_the_order_of_their_time);
	tcase_add_test(t, the_same_import_has_the_same_ids_and_another_has_others);
	tcase_add_test(t, figures_come_from_the_bins);
	tcase_add_test(t, told_percentiles_decide_between_trials_and_are_marked_for_a_cell);
	tcase_add_test(t, cells_that_took_no_turns_are_no_pairs);
	tcase_add_test(t, cells_that_took_turns_are_pairs_whichever_was_first);
	tcase_add_test(t, told_percentiles_of_a_job_that_read_and_wrote_are_absent);
	tcase_add_test(t, a_job_with_an_error_is_a_failed_trial);
	tcase_add_loop_test(t, documents_that_do_not_go_together_are_refused, 0, 3);
	tcase_add_loop_test(t, one_document_is_one_trial_of_one_cell, 0, 2);
	return t;
}
