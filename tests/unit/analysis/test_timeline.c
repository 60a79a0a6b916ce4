/* Latency by slices on the host's clock. */
#include <math.h>

#include "made_job.h"
#include "timeline.h"

static struct run_data d;
static struct timeline l;

static void make_line(void)
{
	ck_assert_int_eq(timeline_of(&d.trials[0], &d.trials[0].jobs[0], &l, NULL), 0);
}

static void done(void)
{
	timeline_done(&l);
	run_data_done(&d);
}

START_TEST(slices_are_merged_over_directions_on_the_hosts_clock)
{
	struct job_result *j = make_job(&d, "virtio-blk", 1.05);

	add_slice(j, 0, IO_READ, 10, 100000, 300000);
	add_slice(j, 0, IO_SYNC, 1, 900000, 900000);
	add_slice(j, 3, IO_READ, 4, 100000, 100000);
	add_slice(j, 3, IO_WRITE, 5, 50000, 600000);
	add_slice(j, 10, IO_READ, 1, 100000, 100000); /* in the final drain */
	make_line();
	ck_assert_uint_eq(l.from_ns, FROM_NS);
	ck_assert_uint_eq(l.step_ns, 100000000);
	ck_assert_uint_eq(l.n, 11);
	ck_assert(!l.is_mean_only);
	ck_assert_double_eq(l.worst_ns[0], 900000);
	ck_assert_double_eq(l.ios[0], 10); /* a flush is no I/O */
	ck_assert_double_eq(l.bytes[0], 40960);
	ck_assert_double_eq_tol(l.mean_ns[0], (9 * 100000. + 300000 + 900000) / 11, 1500);
	ck_assert(isnan(l.worst_ns[1]) && isnan(l.mean_ns[1]));
	ck_assert_double_eq(l.ios[1], 0);
	ck_assert_double_eq(l.worst_ns[3], 600000);
	ck_assert_double_eq(l.ios[3], 9);
	ck_assert_double_eq(l.worst_ns[10], 100000);
	ck_assert_double_eq_tol(timeline_s(&l, 10), 1, 1e-12);
	ck_assert_ptr_null(l.errors);
	done();
}
END_TEST

START_TEST(a_slice_whose_histogram_was_not_kept_has_no_mean)
{
	struct job_result *j = make_job(&d, "virtio-blk", 1);

	add_slice(j, 2, IO_READ, 10, 100000, 300000);
	j->sample->intervals[0].n_buckets = 0;
	make_line();
	ck_assert_double_eq(l.worst_ns[2], 300000);
	ck_assert(isnan(l.mean_ns[2]));
	done();
}
END_TEST

static double pulse(double s, void *ctx)
{
	double *v = ctx;

	return s >= 0.45 && s < 0.55 ? v[1] : v[0];
}

START_TEST(a_vm_that_is_only_watched_has_means)
{
	struct job_result *j = make_job(&d, "virtio-blk", 1);
	double ns[] = {1000 * 200000., 1000 * 900000.};

	watch_rate(j, WATCHED_QEMU, "block.reads", 1000);
	watch(j, WATCHED_QEMU, "block.read_ns", SERIES_COUNTER, pulse, ns);
	watch_rate(j, WATCHED_QEMU, "block.read_bytes", 4096000);
	watch_rate(j, WATCHED_QEMU, "block.errors", 20);
	j->sample = sample_free(j->sample);
	make_line();
	ck_assert(l.is_mean_only);
	ck_assert_uint_eq(l.from_ns, FROM_NS - 200000000);
	ck_assert_uint_eq(l.n, 14);
	ck_assert_double_eq_tol(l.worst_ns[2], 200000, 1);
	ck_assert_double_eq_tol(l.worst_ns[7], 900000, 1); /* 0.7 s after the first reading */
	ck_assert_double_eq_tol(l.ios[7], 100, 0.1);
	ck_assert_double_eq_tol(l.bytes[7], 409600, 10);
	ck_assert_double_eq_tol(l.errors[3], 2, 0.1);
	done();
}
END_TEST

START_TEST(without_slices_and_counters_there_is_no_line)
{
	make_job(&d, "virtio-blk", 1);
	make_line();
	ck_assert_uint_eq(l.n, 0);
	ck_assert_ptr_null(l.worst_ns);
	done();
}
END_TEST

START_TEST(a_slice_beyond_the_job_is_left_out)
{
	struct job_result *j = make_job(&d, "virtio-blk", 1);

	add_slice(j, 5, IO_READ, 10, 100000, 300000);
	add_slice(j, 4000000, IO_READ, 10, 100000, 300000);
	make_line();
	ck_assert_uint_eq(l.n, 10);
	done();
}
END_TEST

TCase *timeline_cases(void)
{
	TCase *t = tcase_create("timeline");

	tcase_add_test(t, slices_are_merged_over_directions_on_the_hosts_clock);
	tcase_add_test(t, a_slice_whose_histogram_was_not_kept_has_no_mean);
	tcase_add_test(t, a_vm_that_is_only_watched_has_means);
	tcase_add_test(t, without_slices_and_counters_there_is_no_line);
	tcase_add_test(t, a_slice_beyond_the_job_is_left_out);
	return t;
}
