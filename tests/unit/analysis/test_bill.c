/* The bill: the order of steps, what each is called, what it costs. */
#include <math.h>
#include <string.h>

#include "bill.h"
#include "made_run.h"

static struct run_data d;
static struct summaries s;
static struct bill b;

static void make(const char *const *cells, size_t n_cells, uint32_t repeats)
{
	make_run(&d, cells, 1, repeats);
	for (uint32_t c = 0; c < n_cells; c++)
		set_job(&d, c, 0, 1000, 100000 * (c + 1), 400000 * (c + 1), 5000 * (c + 1));
}

static void bill(size_t n)
{
	ck_assert_int_eq(summarize(&d, &s, NULL), 0);
	ck_assert_int_eq(bill_of(&d, &s, &b, NULL), 0);
	ck_assert_uint_eq(b.n, n);
}

static void done(void)
{
	bill_done(&b);
	summaries_done(&s);
	run_data_done(&d);
}

static void expect_step(size_t i, uint32_t from, uint32_t to, size_t n_axes, const char *what)
{
	ck_assert_uint_eq(b.steps[i].from, from);
	ck_assert_uint_eq(b.steps[i].to, to);
	ck_assert_uint_eq(b.steps[i].n_axes, n_axes);
	ck_assert_str_eq(b.steps[i].what, what);
}

START_TEST(the_bill_goes_from_the_host_one_axis_at_a_time)
{
	static const char *const cells[] = {
		"bus=sata format=raw cache=none",
		"bus=virtio-blk iothreads=0 format=qcow2 cluster_size=64KiB cache=writeback",
		"bus=virtio-blk iothreads=0 format=raw cache=none",
		"bus=host",
		"bus=virtio-blk iothreads=0 format=qcow2 cluster_size=64KiB cache=none",
		"bus=virtio-blk iothreads=1 format=raw cache=none",
		NULL};

	make(cells, 6, 6);
	bill(5);
	ck_assert_uint_eq(b.floor, 3);
	ck_assert(b.is_host);
	expect_step(0, 3, 5, 1, "host -> virtio-blk, iothreads 1, format raw, cache none");
	expect_step(1, 5, 2, 1, "iothreads 1 -> 0");
	expect_step(2, 2, 4, 1, "format raw -> qcow2");
	expect_step(3, 4, 1, 1, "cache none -> writeback");
	/* two axes from there; one from the cell that is raw and uncached */
	expect_step(4, 2, 0, 1, "bus virtio-blk -> sata");
	done();
}
END_TEST

START_TEST(a_step_is_priced_by_paired_trials)
{
	static const char *const cells[] = {"bus=host", "bus=virtio-blk iothreads=1", NULL};

	make(cells, 2, 6);
	bill(1);
	ck_assert_uint_eq(b.steps[0].n_jobs, 1);
	ck_assert_str_eq(b.steps[0].jobs[0].job, "j0");
	ck_assert_double_eq_tol(b.steps[0].jobs[0].mean.ratio, 2, 1e-9);
	ck_assert(b.steps[0].jobs[0].mean.has_interval);
	ck_assert_int_eq(b.steps[0].jobs[0].mean.verdict, VERDICT_WORSE);
	ck_assert_double_eq_tol(b.steps[0].jobs[0].p99.ratio, 2, 0.01);
	ck_assert_double_eq_tol(b.steps[0].jobs[0].cpu.ratio, 2, 1e-9);
	ck_assert_double_eq(b.steps[0].jobs[0].from_cpu_ns, 5000);
	ck_assert_double_eq(b.steps[0].jobs[0].to_cpu_ns, 10000);
	ck_assert_double_eq_tol(b.steps[0].jobs[0].from_ns, 106000, 1);
	done();
}
END_TEST

START_TEST(without_a_host_the_plainest_path_is_the_floor)
{
	static const char *const cells[] = {"bus=virtio-scsi iothreads=1 cache=none",
					    "bus=virtio-blk iothreads=0 cache=none",
					    "bus=virtio-blk iothreads=1 cache=none",
					    "bus=virtio-blk iothreads=1 cache=unsafe", NULL};

	make(cells, 4, 2);
	bill(3);
	ck_assert_uint_eq(b.floor, 2);
	ck_assert(!b.is_host);
	expect_step(0, 2, 1, 1, "iothreads 1 -> 0");
	/* from 1 all others are two axes away, from 2 one: the less fancy of them */
	expect_step(1, 2, 3, 1, "cache none -> unsafe");
	expect_step(2, 2, 0, 1, "bus virtio-blk -> virtio-scsi");
	done();
}
END_TEST

START_TEST(cells_without_figures_are_not_on_the_bill)
{
	static const char *const cells[] = {"bus=host", "bus=virtio-blk", NULL};

	make(cells, 1, 2);
	bill(0);
	ck_assert_uint_eq(b.floor, 0);
	done();
	make_run(&d, cells, 1, 2);
	bill(0);
	done();
}
END_TEST

TCase *bill_cases(void)
{
	TCase *t = tcase_create("bill");

	tcase_add_test(t, the_bill_goes_from_the_host_one_axis_at_a_time);
	tcase_add_test(t, a_step_is_priced_by_paired_trials);
	tcase_add_test(t, without_a_host_the_plainest_path_is_the_floor);
	tcase_add_test(t, cells_without_figures_are_not_on_the_bill);
	return t;
}
