/* Every allocation of an analysis, a bill and a search for knees fails once: that is said, and
 * nothing is left behind (the sanitizer build looks). */
#include <errno.h>
#include <stdlib.h>

#include "bill.h"
#include "failing_alloc.h"
#include "job_analysis.h"
#include "knee.h"
#include "made_run.h"

static bool was_failed; /* the work's allocation */

/* How many calls the work makes; every one of them fails in its turn. The work sets was_failed. */
static long fail_each(int (*work)(struct run_data *d), struct run_data *d)
{
	for (long n = 0;; n++) {
		int r;

		alloc_fail(n);
		r = work(d);
		ck_assert_int_eq(r, was_failed ? -ENOMEM : 0);
		if (!was_failed)
			return n;
	}
}

static double pulses(double s, void *ctx)
{
	double in = s - (double)(long)(s / 5) * 5;

	return s > 0 && in > *(double *)ctx && in < *(double *)ctx + 0.2 ? 0.9e9 : 0;
}

static int analyse(struct run_data *d)
{
	struct bl_err err = BL_ERR_INIT;
	struct job_analysis a;
	int r = analyse_job(d, 0, 0, &a, &err);

	was_failed = alloc_failed();
	if (r == 0) {
		ck_assert(a.stutter.beat.is_periodic && a.signals[0].why.is_same_clock);
		ck_assert_uint_eq(a.layers[LAYER_AT_QEMU].dir[IO_READ].n_bounds, 1);
		job_analysis_done(&a);
	} else {
		ck_assert_int_eq(err.code, r);
	}
	return r;
}

START_TEST(an_analysis_is_whole_or_memory_ran_out)
{
	double just_before = 1.75;
	struct job_result *j;
	struct run_data d;

	j = make_job(&d, "virtio-blk", 40);
	for (size_t i = 0; i < 400; i++)
		add_slice(j, i, IO_READ, 10, 100000, i % 50 == 20 ? 90000000 : 120000);
	watch(j, WATCHED_HOST, "thread.main.wait_ns", SERIES_COUNTER, pulses, &just_before);
	watch_rate(j, WATCHED_HOST, "thread.vcpu0.wait_ns", 5);
	watch_requests(j, WATCHED_QEMU, "block.", IO_READ, 100, 100000, 4096);
	watch_rate(j, WATCHED_QEMU, "block.errors", 1);
	watch_rate(j, WATCHED_QEMU, "block.read_hist.100000", 50);
	watch_rate(j, WATCHED_QEMU, "block.read_hist.inf", 50);
	ck_assert_int_gt(fail_each(analyse, &d), 20);
	run_data_done(&d);
}
END_TEST

static double before_some(double s, void *ctx)
{
	static const double at[] = {3.7, 8.1, 14.5, 17.2, 24.0, 25.9};

	(void)ctx;
	for (size_t i = 0; i < sizeof at / sizeof *at; i++)
		if (s > at[i] - 0.25 && s < at[i] - 0.05)
			return 0.9e9;
	return 0;
}

static int analyse_rest(struct run_data *d)
{
	struct job_analysis a;
	int r = analyse_job(d, 0, 0, &a, NULL);

	was_failed = alloc_failed();
	if (r == 0) {
		ck_assert_ptr_nonnull(a.best);
		job_analysis_done(&a);
	}
	return r;
}

START_TEST(a_second_pass_is_whole_or_memory_ran_out)
{
	static const size_t at[] = {37, 81, 145, 172, 240, 259, 310, 341, 399};
	struct job_result *j;
	struct run_data d;

	j = make_job(&d, "virtio-blk", 60);
	for (size_t i = 0, k = 0; i < 600; i++) {
		bool is = k < 9 && at[k] == i;

		k += is;
		add_slice(j, i, IO_READ, 10, 100000, is ? 90000000 : 120000);
	}
	watch(j, WATCHED_HOST, "thread.main.wait_ns", SERIES_COUNTER, before_some, NULL);
	ck_assert_int_gt(fail_each(analyse_rest, &d), 20);
	run_data_done(&d);
}
END_TEST

/* A VM that is only watched. */
static int analyse_watched(struct run_data *d)
{
	struct job_analysis a;
	int r = analyse_job(d, 0, 0, &a, NULL);

	was_failed = alloc_failed();
	if (r == 0) {
		ck_assert(a.line.is_mean_only);
		job_analysis_done(&a);
	}
	return r;
}

START_TEST(a_watched_vm_is_whole_or_memory_ran_out)
{
	struct job_result *j;
	struct run_data d;

	j = make_job(&d, "virtio-blk", 20);
	watch_requests(j, WATCHED_QEMU, "block.", IO_READ, 100, 100000, 4096);
	j->sample = sample_free(j->sample);
	ck_assert_int_gt(fail_each(analyse_watched, &d), 10);
	run_data_done(&d);
}
END_TEST

static struct summaries sums;

static int bill(struct run_data *d)
{
	struct bill b;
	int r = bill_of(d, &sums, &b, NULL);

	was_failed = alloc_failed();
	if (r == 0) {
		ck_assert_uint_eq(b.n, 1);
		bill_done(&b);
	}
	return r;
}

static int knees(struct run_data *d)
{
	struct knees k;
	int r = knees_find(d, &sums, &k, NULL);

	was_failed = alloc_failed();
	if (r == 0) {
		ck_assert_uint_eq(k.n, 2);
		knees_done(&k);
	}
	return r;
}

START_TEST(bill_and_knees_are_whole_or_memory_ran_out)
{
	static const char *const cells[] = {"bus=host", "bus=virtio-blk iothreads=1", NULL};
	struct run_data d;

	make_run(&d, cells, 2, 2);
	set_job_text(&d, 0, "a", "[a]\nrw=randread\niodepth=1\n");
	set_job_text(&d, 1, "b", "[b]\nrw=randread\niodepth=4\n");
	for (uint32_t c = 0; c < 2; c++)
		for (size_t j = 0; j < 2; j++)
			set_job(&d, c, j, 1000, 100000, 100000, 1000);
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
	ck_assert_int_gt(fail_each(bill, &d), 3);
	ck_assert_int_gt(fail_each(knees, &d), 5);
	summaries_done(&sums);
	run_data_done(&d);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("memory");
	Suite *s = suite_create("analysis-memory");
	SRunner *r;
	int failed;

	tcase_add_test(t, an_analysis_is_whole_or_memory_ran_out);
	tcase_add_test(t, a_second_pass_is_whole_or_memory_ran_out);
	tcase_add_test(t, a_watched_vm_is_whole_or_memory_ran_out);
	tcase_add_test(t, bill_and_knees_are_whole_or_memory_ran_out);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
