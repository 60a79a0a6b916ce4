/* From trials to figures. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boots.h"
#include "made_data.h"

START_TEST(percentiles_are_thin_below_a_hundred_samples_beyond)
{
	struct lat *l = calloc(1, sizeof *l);
	struct pct p = lat_pct(NULL, 50);

	ck_assert(!p.is_known);
	for (uint64_t n = 1; n <= 10000; n++) {
		lat_add(l, 1000 + n);
		p = lat_pct(l, 99);
		ck_assert_int_eq(p.is_known, n >= 100);
		ck_assert_int_eq(p.is_thin, n < 10000);
	}
	ck_assert(lat_pct(l, 99.99).is_thin);
	ck_assert(lat_pct(l, 99.99).is_known);
	ck_assert_uint_le(lat_pct(l, 99.99).ns, 11000);
	free(l);
}
END_TEST

START_TEST(metrics_of_a_job_are_those_of_its_sample)
{
	struct job_result j = {.sample = sample_new("j"), .has_host_cpu = true};
	struct sample *s = j.sample;
	double v;

	s->runtime_ns = 2000000000;
	for (int i = 1; i <= 200; i++) {
		int dir = i <= 100 ? IO_READ : IO_WRITE;

		lat_add(sample_lat(&s->dir[dir].lat), (uint64_t)i);
		s->dir[dir].ios++;
		s->dir[dir].bytes += 512;
	}
	lat_add(sample_lat(&s->dir[IO_SYNC].lat), 1000000); /* is no I/O */
	s->dir[IO_SYNC].ios++;
	j.host_cpu_ns = 1000;
	ck_assert(job_metric(&j, METRIC_IOPS, &v) && v == 100);
	ck_assert(job_metric(&j, METRIC_BYTES_PER_S, &v) && v == 51200);
	ck_assert(job_metric(&j, METRIC_MEAN, &v) && v == 100.5);
	ck_assert(job_metric(&j, METRIC_P50, &v) && v == 100);
	ck_assert(job_metric(&j, METRIC_P99, &v));
	ck_assert_double_eq_tol(v, 198, 1);
	ck_assert(job_metric(&j, METRIC_MAX, &v) && v == 200);
	ck_assert(job_metric(&j, METRIC_CPU_PER_IO, &v) && v == 5);
	ck_assert(!job_metric(&j, METRIC_P99_9, &v)); /* of 200: absent */
	j.has_host_cpu = false;
	ck_assert(!job_metric(&j, METRIC_CPU_PER_IO, &v));
	j.sample = sample_free(s);
	for (int m = 0; m < METRICS; m++)
		ck_assert(!job_metric(&j, (enum metric)m, &v));
}
END_TEST

/* Five trials 100 110 90 105 500: median 105, deviations 5 5 15 0 395, MAD 5. */
START_TEST(spread_is_median_and_mad_over_trials)
{
	static const uint64_t n[] = {100, 110, 90, 105, 500};
	const struct summary *s;
	struct summaries sums;
	struct run_data d;

	make_data(&d, 1, 5);
	for (uint32_t i = 0; i < 5; i++)
		set_reads(trial_at(&d, 0, 4 - i), n[4 - i], 100);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	s = summaries_find(&sums, 0, "j");
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(s->metric[METRIC_IOPS].n, 5);
	ck_assert_double_eq(s->metric[METRIC_IOPS].median, 105);
	ck_assert_double_eq(s->metric[METRIC_IOPS].min, 90);
	ck_assert_double_eq(s->metric[METRIC_IOPS].max, 500);
	ck_assert_double_eq_tol(s->metric[METRIC_IOPS].rel_mad_pct, 1.4826 * 5 / 105 * 100, 1e-9);
	for (uint32_t i = 0; i < 5; i++) {
		ck_assert_double_eq(s->values[METRIC_IOPS][i], (double)n[i]);
		ck_assert_uint_eq(s->value_repeats[METRIC_IOPS][i], i);
		ck_assert_uint_eq(s->repeats[i], i);
	}
	ck_assert_uint_eq(s->metric[METRIC_CPU_PER_IO].n, 0);
	summaries_done(&sums);
	run_data_done(&d);
}
END_TEST

/* make_data()'s repeat 2 * r + k becomes round k of repeat r; the boots are those of cell 0. */
static void make_rounds(struct run_data *d)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];

		t->round = t->repeat % 2;
		t->repeat /= 2;
		snprintf(t->boot, sizeof t->boot, "boot %u", t->repeat);
	}
}

/* Rounds of 100 and 400, then of 90 and 90: their geometric means are 200 and 90. */
START_TEST(rounds_of_a_boot_are_one_value_the_mean_of_their_logarithms)
{
	static const uint64_t n[] = {100, 400, 90, 90};
	const struct summary *s;
	struct summaries sums;
	struct cell_boots b;
	struct run_data d;

	make_data(&d, 2, 4);
	for (uint32_t i = 0; i < 4; i++) {
		set_reads(trial_at(&d, 0, i), n[i], 100);
		set_reads(trial_at(&d, 1, i), 2 * n[i], 100);
	}
	make_rounds(&d);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	s = summaries_find(&sums, 0, "j");
	ck_assert_uint_eq(s->n_ok, 2);
	ck_assert_uint_eq(s->n_trials, 2);
	ck_assert_uint_eq(s->n_rounds, 2);
	ck_assert_uint_eq(s->metric[METRIC_IOPS].n, 2);
	ck_assert_double_eq_tol(s->values[METRIC_IOPS][0], 200, 1e-9);
	ck_assert_double_eq_tol(s->values[METRIC_IOPS][1], 90, 1e-9);
	ck_assert_uint_eq(s->value_rounds[METRIC_IOPS][0], 3);
	ck_assert_uint_eq(s->all->n, 100 + 400 + 90 + 90); /* histograms have every I/O */
	b = boots_of(&d, 0);
	ck_assert_uint_eq(b.n, 2);
	ck_assert_uint_eq(b.n_ok, 2);
	ck_assert_uint_eq(b.n_rounds, 2);
	ck_assert(b.shares);
	summaries_done(&sums);
	run_data_done(&d);
}
END_TEST

/* What drifts within a boot would be taken for a difference of the cells. */
START_TEST(a_boot_in_which_one_of_two_cells_lacks_a_round_is_no_pair)
{
	struct comparison c;
	struct summaries sums;
	struct run_data d;

	make_data(&d, 2, 6);
	for (uint32_t i = 0; i < 6; i++)
		for (uint32_t k = 0; k < 2; k++)
			set_reads(trial_at(&d, k, i), i % 2 ? 400 : 100, 100);
	trial_at(&d, 1, 3)->state = TRIAL_FAILED;
	make_rounds(&d);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	c = compare_summaries(summaries_find(&sums, 0, "j"), summaries_find(&sums, 1, "j"),
			      METRIC_IOPS);
	ck_assert_uint_eq(c.n_pairs, 2);
	ck_assert_double_eq_tol(c.ratio, 1, 1e-9);
	ck_assert_uint_eq(summaries_find(&sums, 1, "j")->n_ok, 3); /* shown, all the same */
	ck_assert_uint_eq(boots_of(&d, 1).n_ok, 3);
	summaries_done(&sums);
	run_data_done(&d);
}
END_TEST

START_TEST(a_trial_a_boot_is_no_round_and_shares_nothing)
{
	struct cell_boots b;
	struct run_data d;

	make_data(&d, 2, 3);
	trial_at(&d, 0, 1)->state = TRIAL_FAILED;
	b = boots_of(&d, 0);
	ck_assert_uint_eq(b.n, 3);
	ck_assert_uint_eq(b.n_ok, 2);
	ck_assert_uint_eq(b.n_rounds, 1);
	ck_assert(!b.shares);
	run_data_done(&d);
}
END_TEST

/* 9900 fast and 100 slow I/Os in two trials: the p95 of all is fast, the mean of two p95 is not. */
START_TEST(percentiles_of_a_cell_come_from_merged_histograms)
{
	const struct summary *s;
	struct summaries sums;
	struct run_data d;

	make_data(&d, 1, 2);
	set_reads(trial_at(&d, 0, 0), 9900, 1000);
	set_reads(trial_at(&d, 0, 1), 100, 1000000);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	s = summaries_find(&sums, 0, "j");
	ck_assert_uint_eq(s->all->n, 10000);
	ck_assert_uint_eq(s->lat[IO_READ]->n, 10000);
	ck_assert_ptr_null(s->lat[IO_WRITE]);
	ck_assert_uint_le(lat_pct(s->all, 95).ns, 1003); /* the bucket of 1000 */
	ck_assert_uint_gt(lat_pct(s->all, 99.9).ns, 900000);
	ck_assert(s->is_thin[METRIC_P99]); /* the second trial alone has one beyond */
	ck_assert(!s->is_thin[METRIC_MEAN]);
	summaries_done(&sums);
	run_data_done(&d);
}
END_TEST

START_TEST(only_ok_trials_count_and_all_are_counted)
{
	const struct summary *s;
	struct summaries sums;
	struct run_data d;

	make_data(&d, 2, 3);
	set_reads(trial_at(&d, 0, 0), 10, 100);
	set_reads(trial_at(&d, 0, 1), 999, 100);
	trial_at(&d, 0, 1)->state = TRIAL_MISMATCH;
	set_reads(trial_at(&d, 0, 2), 30, 100);
	for (uint32_t i = 0; i < 3; i++)
		trial_at(&d, 1, i)->state = TRIAL_FAILED;
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	s = summaries_find(&sums, 0, "j");
	ck_assert_uint_eq(s->n_ok, 2);
	ck_assert_uint_eq(s->n_trials, 3);
	ck_assert_double_eq(s->metric[METRIC_IOPS].max, 30);
	ck_assert_uint_eq(s->repeats[1], 2);
	s = summaries_find(&sums, 1, "j"); /* there, with nothing in it */
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(s->n_ok, 0);
	ck_assert_uint_eq(s->n_trials, 3);
	ck_assert_uint_eq(s->metric[METRIC_IOPS].n, 0);
	ck_assert_ptr_null(s->all);
	ck_assert_ptr_null(summaries_find(&sums, 0, "k"));
	summaries_done(&sums);
	run_data_done(&d);
}
END_TEST

START_TEST(more_trials_than_values_are_kept_still_make_the_spread)
{
	const struct summary *s;
	struct summaries sums;
	struct run_data d;

	make_data(&d, 1, 101);
	for (uint32_t i = 0; i < 101; i++)
		set_reads(trial_at(&d, 0, i), i + 1, 100);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	s = summaries_find(&sums, 0, "j");
	ck_assert_uint_eq(s->metric[METRIC_IOPS].n, 101);
	ck_assert_double_eq(s->metric[METRIC_IOPS].median, 51);
	ck_assert_double_eq(s->metric[METRIC_IOPS].max, 101);
	ck_assert_double_eq(s->values[METRIC_IOPS][63], 64);
	ck_assert_uint_eq(compare_summaries(s, s, METRIC_IOPS).n_pairs, 64);
	summaries_done(&sums);
	run_data_done(&d);
}
END_TEST

START_TEST(a_run_without_trials_has_no_summaries)
{
	struct run_data d = {0};
	struct summaries sums;

	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	ck_assert_uint_eq(sums.n, 0);
	summaries_done(&sums);
}
END_TEST

TCase *summary_cases(void)
{
	TCase *t = tcase_create("summary");

	tcase_add_test(t, percentiles_are_thin_below_a_hundred_samples_beyond);
	tcase_add_test(t, metrics_of_a_job_are_those_of_its_sample);
	tcase_add_test(t, spread_is_median_and_mad_over_trials);
	tcase_add_test(t, rounds_of_a_boot_are_one_value_the_mean_of_their_logarithms);
	tcase_add_test(t, a_boot_in_which_one_of_two_cells_lacks_a_round_is_no_pair);
	tcase_add_test(t, a_trial_a_boot_is_no_round_and_shares_nothing);
	tcase_add_test(t, percentiles_of_a_cell_come_from_merged_histograms);
	tcase_add_test(t, only_ok_trials_count_and_all_are_counted);
	tcase_add_test(t, more_trials_than_values_are_kept_still_make_the_spread);
	tcase_add_test(t, a_run_without_trials_has_no_summaries);
	return t;
}
