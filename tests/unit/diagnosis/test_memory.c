/* The host's memory, what the guest asks for - and neighbours that are calm. */
#include <stdlib.h>
#include <string.h>

#include "made_job.h"

static struct run_data d;
static struct findings f;

static void done(void)
{
	findings_done(&f);
	run_data_done(&d);
}

/* One counter at a time, on both sides of its threshold. */
START_TEST(each_sign_of_short_memory_counts_from_its_threshold)
{
	static const struct {
		const char *name;
		double below, above;
		const char *says;
	} signs[] = {
		{"pressure.memory.some_ns", 0.045e9, 0.06e9, "waited for memory 6.00 %"},
		{"swap.out_pages", 250, 260, "260 pages/s were swapped"},
		{"swap.in_pages", 250, 260, "260 pages/s were swapped"},
		{"memory.direct_reclaim_pages", 250, 260, "free 260 pages/s themselves"},
	};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		struct made_job m = calm_job();

		set_signal(&m, WATCHED_HOST, signs[i].name, signs[i].below, signs[i].below);
		make_run(&d, "virtio-blk", 1, &m);
		expect_causes(&d, &f, NULL);
		done();
		set_signal(&m, WATCHED_HOST, signs[i].name, signs[i].above, signs[i].above);
		make_run(&d, "virtio-blk", 1, &m);
		expect_causes(&d, &f, "memory-pressure", NULL);
		expect_cause(&f, "memory-pressure", CONFIDENCE_LIKELY, signs[i].says, NULL);
		done();
	}
}
END_TEST

START_TEST(a_cgroup_at_its_limit_must_also_free_pages)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "memory.cgroup_limit_hits", 40, 40);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	set_signal(&m, WATCHED_HOST, "memory.cgroup_reclaimed", 3000, 3000);
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, "memory-pressure", NULL);
	expect_cause(&f, "memory-pressure", CONFIDENCE_LIKELY,
		     "limit of QEMU's cgroup was reached 40", NULL);
	ck_assert_str_eq(f.items[0].change, "cache=none");
	done();
}
END_TEST

static struct made_job stalling_writer(void)
{
	struct made_job m = calm_job();

	m.writes = 1;
	set_stalls(&m, 12, 0.4, 0);
	m.is_stalled_at[LAYER_AT_HOST_BLOCK] = false;
	return m;
}

START_TEST(reclaim_that_goes_with_the_stalls_hides_the_cache)
{
	struct made_job m = stalling_writer();

	set_signal(&m, WATCHED_HOST, "memory.direct_reclaim_pages", 0, 9000);
	set_gauge(&m, WATCHED_HOST, "memory.writeback_bytes", 1e6, 90e6);
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, "memory-pressure", "stutter", NULL);
	expect_cause(&f, "memory-pressure", CONFIDENCE_CERTAIN, "attributable fraction", NULL);
	done();
}
END_TEST

START_TEST(writeback_that_goes_with_the_stalls_is_the_hosts_cache)
{
	struct made_job m = stalling_writer();

	set_gauge(&m, WATCHED_HOST, "memory.writeback_bytes", 1e6, 90e6);
	set_rise(&m, WATCHED_HOST, "memory.dirty_bytes", 2e6, 200e6);
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, "host-page-cache", "stutter", NULL);
	expect_cause(&f, "host-page-cache", CONFIDENCE_CERTAIN, "(cache writeback)",
		     "grew by 189 MiB", "12 of 12 stalls", NULL);
	ck_assert_str_eq(f.items[0].change, "cache=none");
	expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, "cause: host-page-cache", NULL);
	done();
	/* with direct I/O the dirty pages are somebody else's */
	make_run(&d, "virtio-blk", 1, &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_not(&f, "host-page-cache");
	done();
}
END_TEST

START_TEST(dirty_pages_that_grow_are_the_caches_only_when_the_job_wrote_them)
{
	struct made_job m = calm_job();

	set_rise(&m, WATCHED_HOST, "memory.dirty_bytes", 2e6, 200e6);
	make_run(&d, "virtio-blk", 1, &m); /* a reader */
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, NULL);
	done();
	m.writes = 1;
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, "host-page-cache", NULL);
	ck_assert_ptr_null(strstr(f.items[0].evidence, "once more"));
	done();
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	free(d.trials[0].jobs[0].job_text);
	d.trials[0].jobs[0].job_text = strdup("[j]\nrw=randwrite\n");
	expect_causes(&d, &f, "host-page-cache", NULL);
	expect_cause(&f, "host-page-cache", CONFIDENCE_LIKELY, "caches the same data once more",
		     NULL);
	done();
	/* a commit a second has all of its own written each time */
	m.flushes_per_s = 1;
	m.flush_ns = 1e6;
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, NULL);
	done();
	m.flushes_per_s = 0;
	/* they fell: another program's were written back */
	set_rise(&m, WATCHED_HOST, "memory.dirty_bytes", 200e6, 2e6);
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, NULL);
	done();
	set_rise(&m, WATCHED_HOST, "memory.dirty_bytes", 2e6, 60e6);
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* ---- the guest ---- */

START_TEST(flushes_that_take_the_time)
{
	struct made_job m = calm_job();

	m.writes = 1;
	m.lat_ns = 1e6;
	m.depth = 0.2;
	m.flushes_per_s = 100;
	m.flush_ns = 6e6;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "flush-storm", NULL);
	expect_cause(&f, "flush-storm", CONFIDENCE_LIKELY, "6000 flushes took 6.00 ms each",
		     "60.0 % of the time", "in QEMU and below they took 3.60 ms", NULL);
	ck_assert_ptr_null(f.items[0].change);
	done();
	/* quick ones; few of them beside the rest */
	m.flush_ns = 4e6;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	m.flush_ns = 6e6;
	m.flushes_per_s = 30;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* To the kernel's block layer each of them is a write, too. */
START_TEST(a_commit_after_each_write_is_no_second_write)
{
	struct made_job m = calm_job();

	m.writes = 1;
	m.lat_ns = 1e6;
	m.depth = 0.03;
	m.flushes_per_s = 30;
	m.flush_ns = 20e6; /* not the mean of a write, of which it is a half */
	make_run(&d, "host", 1, &m);
	expect_causes(&d, &f, "flush-storm", NULL);
	done();
	m = calm_job(); /* not twice the requests at the image */
	m.writes = 1;
	m.lat_ns = 1e6;
	m.depth = 0.5;
	m.flushes_per_s = 500;
	m.flush_ns = 0.4e6;
	m.at[LAYER_AT_HOST_BLOCK].count = 1.1;
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "format", "qcow2");
	facts_add(&d.trials[0].facts, "path.cluster_bytes", "4096");
	facts_add(&d.trials[0].facts, "path.preallocated_share", "1.000");
	expect_causes(&d, &f, NULL);
	done();
	m.at[LAYER_AT_HOST_BLOCK].count = 1; /* not a stall of which half is somebody else's */
	set_stalls(&m, 12, 0.4, 0);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "backend-stalls", "stutter", NULL);
	done();
}
END_TEST

/* The guest's file system makes them, for several threads at once: 100 a second of 27 ms. */
START_TEST(flushes_side_by_side_take_no_more_than_the_time)
{
	struct made_job m = calm_job();

	m.writes = 1;
	m.flushes_per_s = 100;
	m.flush_ns = 30e6;
	make_run(&d, "virtio-blk", 1, &m);
	d.trials[0].jobs[0].sample->dir[IO_SYNC].lat->n = 0; /* not the job's */
	expect_causes(&d, &f, "flush-storm", NULL);
	expect_cause(&f, "flush-storm", CONFIDENCE_LIKELY,
		     "27.0 ms each at the guest block layer, 2.70 at once on average", NULL);
	ck_assert_ptr_null(strstr(f.items[0].evidence, "270 %"));
	done();
}
END_TEST

START_TEST(the_change_of_a_flush_storm_fits_the_cell)
{
	struct made_job m = calm_job();

	m.writes = 1;
	m.lat_ns = 1e6;
	m.depth = 0.2;
	m.flushes_per_s = 100;
	m.flush_ns = 6e6;
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "format", "qcow2");
	expect_causes(&d, &f, "flush-storm", NULL);
	ck_assert_str_eq(f.items[0].change, "format=raw");
	done();
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writethrough");
	expect_causes(&d, &f, "flush-storm", NULL);
	ck_assert_str_eq(f.items[0].change, "cache=none");
	done();
}
END_TEST

START_TEST(discards_that_go_with_the_stalls)
{
	struct made_job m = calm_job();

	set_stalls(&m, 12, 0.4, 0);
	m.is_stalled_at[LAYER_AT_HOST_BLOCK] = false;
	set_signal(&m, WATCHED_QEMU, "block.discard_bytes", 0, 500e6);
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "discard", "unmap");
	expect_causes(&d, &f, "discard-burst", "stutter", NULL);
	expect_cause(&f, "discard-burst", CONFIDENCE_CERTAIN, "discards arrive in QEMU",
		     "times as long as elsewhere", "12 of 12 stalls", NULL);
	ck_assert_str_eq(f.items[0].change, "discard=ignore");
	done();
	/* discards all the time, of which nothing comes */
	m = calm_job();
	set_signal(&m, WATCHED_QEMU, "block.discard_bytes", 5e6, 5e6);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(a_full_cpu_in_the_guest_is_the_limit)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_GUEST, "cpu0.system_ns", 0.74e9, 0.74e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	set_signal(&m, WATCHED_GUEST, "cpu0.system_ns", 0.76e9, 0.76e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "guest-cpu-bound", NULL);
	expect_cause(&f, "guest-cpu-bound", CONFIDENCE_LIKELY, "CPU 0 of the guest was busy 96.0 %",
		     NULL);
	done();
	/* an emulated one is soon full */
	make_run(&d, "virtio-blk", 1, &m);
	free(d.run.accel);
	d.run.accel = strdup("tcg");
	expect_causes(&d, &f, "guest-cpu-bound", "emulated-cpu", NULL);
	expect_cause(&f, "guest-cpu-bound", CONFIDENCE_POSSIBLE,
		     "only possible, since the CPU is emulated", NULL);
	done();
	m = calm_job();
	make_run(&d, "virtio-blk", 1, &m);
	d.trials[0].jobs[0].sample->cpu_sys_ns = 57500000000; /* of 60 s */
	expect_causes(&d, &f, "guest-cpu-bound", NULL);
	expect_cause(&f, "guest-cpu-bound", CONFIDENCE_LIKELY, "had a CPU 95.8 % of the time",
		     NULL);
	done();
}
END_TEST

TCase *memory_cases(void)
{
	TCase *t = tcase_create("memory");

	tcase_add_test(t, each_sign_of_short_memory_counts_from_its_threshold);
	tcase_add_test(t, a_cgroup_at_its_limit_must_also_free_pages);
	tcase_add_test(t, reclaim_that_goes_with_the_stalls_hides_the_cache);
	tcase_add_test(t, writeback_that_goes_with_the_stalls_is_the_hosts_cache);
	tcase_add_test(t, dirty_pages_that_grow_are_the_caches_only_when_the_job_wrote_them);
	tcase_add_test(t, flushes_that_take_the_time);
	tcase_add_test(t, a_commit_after_each_write_is_no_second_write);
	tcase_add_test(t, flushes_side_by_side_take_no_more_than_the_time);
	tcase_add_test(t, the_change_of_a_flush_storm_fits_the_cell);
	tcase_add_test(t, discards_that_go_with_the_stalls);
	tcase_add_test(t, a_full_cpu_in_the_guest_is_the_limit);
	return t;
}
