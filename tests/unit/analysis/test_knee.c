/* Depth sweeps: known queueing answers, and what is no sweep. */
#include <math.h>
#include <stdio.h>

#include "knee.h"
#include "made_run.h"

static const char *const cells[] = {"bus=host", "bus=virtio-blk", NULL};
static const long depths[] = {32, 1, 2, 4, 8, 16}; /* the file's order is no matter */
static struct run_data d;
static struct summaries s;
static struct knees k;

/* One service centre of 20 us behind 80 us without a queue: R1 = 100 us, X <= 50000/s, so that
 * X = N / R1 up to N* = 5. */
static void make_sweep(void)
{
	make_run(&d, cells, 6, 3);
	for (size_t i = 0; i < 6; i++) {
		double x = fmin((double)depths[i] / 100e-6, 50000);
		char name[32], text[128];

		snprintf(name, sizeof name, "qd%ld", depths[i]);
		snprintf(text, sizeof text,
			 "[%s]\nrw=randread\nbs=4k\niodepth=%ld\niodepth_batch=7\n", name,
			 depths[i]);
		set_job_text(&d, i, name, text);
		for (uint32_t c = 0; c < 2; c++)
			set_job(&d, c, i, (uint64_t)x, (uint64_t)((double)depths[i] / x * 1e9),
				(uint64_t)((double)depths[i] / x * 1e9), 1000);
	}
}

static void find(size_t n)
{
	ck_assert_int_eq(summarize(&d, &s, NULL), 0);
	ck_assert_int_eq(knees_find(&d, &s, &k, NULL), 0);
	ck_assert_uint_eq(k.n, n);
}

static void done(void)
{
	knees_done(&k);
	summaries_done(&s);
	run_data_done(&d);
}

START_TEST(the_knee_is_where_throughput_per_latency_is_greatest)
{
	make_sweep();
	find(2);
	ck_assert_uint_eq(k.items[1].cell, 1);
	ck_assert_uint_eq(k.items[0].n, 6);
	ck_assert_int_eq(k.items[0].points[0].depth, 1);
	ck_assert_int_eq(k.items[0].points[5].depth, 32);
	ck_assert_str_eq(k.items[0].points[5].job, "qd32");
	/* X / R: 4: 40000/100us = 4e8; 8: 50000/160us = 3.1e8 */
	ck_assert_int_eq(k.items[0].points[k.items[0].at].depth, 4);
	ck_assert(k.items[0].is_seen);
	ck_assert_double_eq_tol(k.items[0].bound_depth, 5, 1e-3);
	ck_assert_double_eq_tol(k.items[0].deeper_iops_ratio, 1.25, 1e-3);
	ck_assert_double_eq_tol(k.items[0].deeper_mean_ratio, 6.4, 1e-2);
	done();
}
END_TEST

START_TEST(a_sweep_that_never_bends_has_no_knee)
{
	make_sweep();
	for (size_t i = 0; i < d.n_trials; i++)
		for (size_t j = 0; j < 6; j++)
			d.trials[i].jobs[j].sample = sample_free(d.trials[i].jobs[j].sample);
	for (size_t j = 0; j < 6; j++)
		set_job(&d, 1, j, (uint64_t)depths[j] * 1000, 1000000, 1000000, 1000);
	find(1); /* the other cell has no figures */
	ck_assert_uint_eq(k.items[0].cell, 1);
	ck_assert_uint_eq(k.items[0].at, 5);
	ck_assert(!k.items[0].is_seen);
	done();
}
END_TEST

START_TEST(jobs_that_differ_in_more_are_no_sweep)
{
	make_run(&d, cells, 3, 1);
	set_job_text(&d, 0, "a", "[a]\nrw=randread\niodepth=1\n");
	set_job_text(&d, 1, "b", "[b]\nrw=randwrite\niodepth=4\n");
	set_job_text(&d, 2, "c", "[c]\nrw=randread\niodepth=1\n"); /* the same depth again */
	for (uint32_t c = 0; c < 2; c++)
		for (size_t j = 0; j < 3; j++)
			set_job(&d, c, j, 1000, 100000, 100000, 1000);
	find(0);
	done();
}
END_TEST

START_TEST(numbers_are_read_from_the_jobs_text)
{
	const char *text = "[j]\niodepth_batch=3\nrw=randread\niodepth=16\n";

	ck_assert_int_eq(job_text_number(text, "iodepth", 1), 16);
	ck_assert_int_eq(job_text_number(text, "numjobs", 1), 1);
	ck_assert_int_eq(job_text_number("", "iodepth", 7), 7);
	ck_assert_int_eq(job_text_number(NULL, "iodepth", 7), 7);
}
END_TEST

TCase *knee_cases(void)
{
	TCase *t = tcase_create("knee");

	tcase_add_test(t, the_knee_is_where_throughput_per_latency_is_greatest);
	tcase_add_test(t, a_sweep_that_never_bends_has_no_knee);
	tcase_add_test(t, jobs_that_differ_in_more_are_no_sweep);
	tcase_add_test(t, numbers_are_read_from_the_jobs_text);
	return t;
}
