/* SNIA's rule on the published examples, at its limits, and on a job's slices. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "job_steady.h"
#include "made_data.h"
#include "steady_state.h"

/* The first two are the known answers of the lab's study. */
static const struct {
	double y[STEADY_ROUNDS], range, excursion;
	bool is_steady, has_drifted;
} snia[] = {
	{{100, 102, 98, 101, 99}, 0.04, -0.012, true, false},
	{{100, 96, 92, 88, 84}, 16 / 92.0, -16 / 92.0, false, true},
	{{84, 88, 92, 96, 100}, 16 / 92.0, 16 / 92.0, false, true},
	{{100, 100, 120, 80, 100}, 0.40, -0.08, false, false},  /* its range alone */
	{{110, 90, 100, 90, 110}, 0.20, 0, true, false},        /* at the limit of the range */
	{{95, 97.5, 100, 102.5, 105}, 0.10, 0.10, true, false}, /* and of the excursion */
	{{94.9, 97.45, 100, 102.55, 105.1}, 0.102, 0.102, false, true},
	{{0, 0, 0, 0, 0}, 0, 0, false, false}, /* nothing was done */
	{{1e-3, 1e-3, 1e-3, 1e-3, 1e-3}, 0, 0, true, false},
};

START_TEST(snias_rule_has_its_known_answers)
{
	struct steady_state s = steady_snia(snia[_i].y);

	ck_assert_double_eq_tol(s.range, snia[_i].range, 1e-12);
	ck_assert_double_eq_tol(s.excursion, snia[_i].excursion, 1e-12);
	ck_assert_int_eq(s.is_steady, snia[_i].is_steady);
	ck_assert_int_eq(s.has_drifted, snia[_i].has_drifted);
}
END_TEST

START_TEST(of_logarithms_only_the_line_is_judged)
{
	/* +-25 % around no trend; and 12 % up over the window. */
	double noisy[] = {0, 0.25, -0.25, 0.25, 0}, up[] = {0, 0.03, 0.06, 0.09, 0.12};

	ck_assert(steady_snia_log(noisy).is_steady);
	ck_assert_double_eq_tol(steady_snia_log(noisy).range, 0.5, 1e-12);
	ck_assert(!steady_snia_log(up).is_steady);
	ck_assert_double_eq_tol(steady_snia_log(up).excursion, 0.12, 1e-12);
}
END_TEST

/* @seconds of slices of 100 ms with @per requests each of @ns; both grow by their share of the
 * whole time. */
static void make_slices(struct sample *s, unsigned seconds, double per, double per_grows, double ns,
			double ns_grows)
{
	s->interval_ns = 100 * NS_PER_MS;
	s->runtime_ns = seconds * NS_PER_S + 30 * NS_PER_MS; /* the last slice is not whole */
	s->n_intervals = seconds * 10 + 1;
	s->intervals = calloc(s->n_intervals, sizeof *s->intervals);
	for (size_t i = 0; i < s->n_intervals; i++) {
		struct interval *iv = &s->intervals[i];
		double at = (double)i / (double)s->n_intervals;
		uint64_t lat = (uint64_t)(ns * (1 + ns_grows * at));

		*iv = (struct interval){.index = (uint32_t)i,
					.dir = IO_READ,
					.count = (uint64_t)(per * (1 + per_grows * at)),
					.max_ns = lat,
					.n_buckets = 1,
					.buckets = calloc(1, sizeof *iv->buckets)};
		if (i + 1 == s->n_intervals)
			iv->count /= 3;
		iv->buckets[0].index = (uint16_t)hist_index(lat);
		iv->buckets[0].count = (uint32_t)iv->count;
	}
}

static const struct {
	unsigned seconds;
	double per, per_grows, ns_grows;
	bool is_known, has_p99, is_unstable;
} jobs[] = {
	{10, 1000, 0, 0, true, true, false},
	{10, 1000, -0.5, 0, true, true, true},   /* slower and slower */
	{10, 1000, 0, 0.3, true, true, true},    /* the same rate, and later and later */
	{10, 400, 0, 0.3, true, false, false},   /* 8000 a round: too few for p99 */
	{4, 1000, -0.5, 0, false, false, false}, /* too short */
};

START_TEST(a_job_is_judged_by_its_slices)
{
	struct job_result j = {.sample = sample_new("j")};
	struct job_rounds r;

	make_slices(j.sample, jobs[_i].seconds, jobs[_i].per, jobs[_i].per_grows, 1e5,
		    jobs[_i].ns_grows);
	ck_assert_int_eq(job_rounds_of(j.sample, &r), jobs[_i].is_known);
	if (jobs[_i].is_known) {
		ck_assert_int_eq(r.has_p99, jobs[_i].has_p99);
		ck_assert_double_eq_tol(r.iops[0],
					10 * jobs[_i].per * (1 + 0.1 * jobs[_i].per_grows),
					jobs[_i].per * 0.05);
	}
	ck_assert_int_eq(job_is_unstable(&j), jobs[_i].is_unstable);
	job_result_done(&j);
}
END_TEST

START_TEST(what_the_runner_said_stands_for_slices_that_were_not_loaded)
{
	struct job_result j = {0};

	ck_assert(!job_is_unstable(&j));
	facts_add(&j.facts, STEADY_FACT_MEASURED, "no: throughput drifted by -31 %");
	ck_assert(job_is_unstable(&j));
	facts_done(&j.facts);
	facts_add(&j.facts, STEADY_FACT_MEASURED, "yes");
	ck_assert(!job_is_unstable(&j));
	facts_done(&j.facts);
}
END_TEST

static const struct {
	double iops[STEADY_ROUNDS], ln_p99[STEADY_ROUNDS];
	const char *says;
} said[] = {
	{{100, 102, 98, 101, 99}, {0}, "yes"},
	{{100, 96, 92, 88, 84}, {0}, "no: throughput drifted by -17.4 %"},
	{{100, 100, 120, 80, 100}, {0}, "no: throughput ranged over 40 % of its mean"},
	{{100, 100, 100, 100, 100}, {0, .05, .1, .15, .2}, "no: p99 drifted by +22.1 %"},
	{{100, 96, 92, 88, 84},
	 {0, .05, .1, .15, .2},
	 "no: throughput drifted by -17.4 %, p99 drifted by +22.1 %"},
};

START_TEST(what_was_not_steady_is_said)
{
	struct steady_state iops = steady_snia(said[_i].iops);
	struct steady_state p99 = steady_snia_log(said[_i].ln_p99);
	struct bl_buf b = BL_BUF_INIT;

	steady_say(&iops, &p99, &b);
	ck_assert_str_eq(bl_buf_str(&b), said[_i].says);
	bl_buf_done(&b);
}
END_TEST

TCase *steady_cases(void)
{
	TCase *t = tcase_create("steady");

	tcase_add_loop_test(t, snias_rule_has_its_known_answers, 0, BL_ARRAY_LEN(snia));
	tcase_add_test(t, of_logarithms_only_the_line_is_judged);
	tcase_add_loop_test(t, a_job_is_judged_by_its_slices, 0, BL_ARRAY_LEN(jobs));
	tcase_add_test(t, what_the_runner_said_stands_for_slices_that_were_not_loaded);
	tcase_add_loop_test(t, what_was_not_steady_is_said, 0, BL_ARRAY_LEN(said));
	return t;
}
