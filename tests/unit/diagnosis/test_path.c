/* Between guest and QEMU, and the image - and neighbours that only look like it. */
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

/* Most of the time between guest and QEMU, for @lat_ns at @depth. */
static struct made_job virtual_job(double lat_ns, double depth)
{
	struct made_job m = calm_job();

	m.lat_ns = lat_ns;
	m.depth = depth;
	m.at[LAYER_AT_QEMU].share = 0.1;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.05;
	return m;
}

START_TEST(a_busy_main_loop_without_an_iothread)
{
	struct made_job m = virtual_job(1e6, 4);

	set_signal(&m, WATCHED_HOST, "thread.main.run_ns", 0.75e9, 0.75e9);
	make_run(&d, "virtio-scsi", 2, &m);
	expect_causes(&d, &f, "main-loop", NULL);
	expect_cause(&f, "main-loop", CONFIDENCE_LIKELY, "busy 75.0 % of the time",
		     "took 800 us between", "80.0 % of its latency", NULL);
	ck_assert_str_eq(f.items[0].change, "iothreads=1");
	done();
	/* with an iothread it is something else */
	make_run(&d, "virtio-scsi", 1, &m);
	facts_add(&d.trials[0].facts, "path.iothread", "iothread1");
	expect_causes(&d, &f, "virtual-queueing", NULL);
	done();
	/* busy, and nothing waits for it */
	m.at[LAYER_AT_QEMU].share = 0.8;
	make_run(&d, "virtio-scsi", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	/* no iothread is no finding by itself */
	m = calm_job();
	set_signal(&m, WATCHED_HOST, "thread.main.run_ns", 0.69e9, 0.69e9);
	m.at[LAYER_AT_QEMU].share = 0.4;
	make_run(&d, "virtio-scsi", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(requests_that_wait_before_qemu)
{
	struct made_job m = virtual_job(1e6, 4);

	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "path.iothread", "iothread1");
	expect_causes(&d, &f, "virtual-queueing", NULL);
	expect_cause(&f, "virtual-queueing", CONFIDENCE_LIKELY, "took 800 us", "3.20 requests",
		     NULL);
	done();
	/* deep on purpose: 32 that wait 40 us for each other */
	m = virtual_job(1.6e6, 32);
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "path.iothread", "iothread1");
	expect_causes(&d, &f, "virtual-queueing", NULL);
	expect_cause(&f, "virtual-queueing", CONFIDENCE_POSSIBLE, "25.6 requests waited", NULL);
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "harmless"));
	done();
	/* one at a time: it is the price, nobody waits */
	m = virtual_job(250e3, 1);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	/* short */
	m = virtual_job(220e3, 4);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(an_emulated_controller_is_named_with_what_it_costs)
{
	struct made_job m = virtual_job(1e6, 4);

	set_signal(&m, WATCHED_HOST, "thread.main.run_ns", 0.9e9, 0.9e9);
	make_run(&d, "sata", 1, &m);
	expect_causes(&d, &f, "emulated-controller", NULL);
	expect_cause(&f, "emulated-controller", CONFIDENCE_LIKELY, "emulated sata controller",
		     "80.0 % of its latency", NULL);
	ck_assert_str_eq(f.items[0].change, "bus=virtio-blk");
	done();
	m = calm_job();
	make_run(&d, "sata", 1, &m);
	expect_causes(&d, &f, "emulated-controller", NULL);
	expect_cause(&f, "emulated-controller", CONFIDENCE_POSSIBLE, NULL);
	done();
}
END_TEST

/* Two cells with figures of their own, six trials of each. */
static void make_two(const char *const *buses, double first_ns, double second_ns)
{
	struct made_job m = calm_job();

	m.seconds = 10;
	make_case(&d, buses, 6);
	for (size_t i = 0; i < d.n_trials; i++) {
		m.lat_ns = (d.trials[i].cell ? second_ns : first_ns) + 1e3 * d.trials[i].repeat;
		make_job(&d.trials[i].jobs[0], &m);
	}
}

START_TEST(a_sibling_proves_it_or_takes_it_away)
{
	static const char *const buses[] = {"sata", "virtio-blk", NULL};

	make_two(buses, 400e3, 200e3);
	expect_causes(&d, &f, "emulated-controller", NULL);
	expect_cause(&f, "emulated-controller", CONFIDENCE_CERTAIN, "the cell 'virtio-blk'",
		     "mean -50 %", "(6 pairs)", "so in 6 of 6 trials", NULL);
	done();
	make_two(buses, 200e3, 200e3);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(one_queue_for_threads_that_run_in_parallel)
{
	struct made_job m = virtual_job(220e3, 3);

	make_run(&d, "virtio-blk", 1, &m);
	effectives_add(&d.trials[0].effective, "guest.queues", "1", "1", "guest sysfs");
	d.trials[0].jobs[0].sample->n_threads = 4;
	expect_causes(&d, &f, "single-queue", NULL);
	expect_cause(&f, "single-queue", CONFIDENCE_LIKELY,
		     "one queue for 2 vCPUs, and 4 threads had 3.00 requests in flight", NULL);
	ck_assert_str_eq(f.items[0].change, "queues=auto");
	done();
	/* one thread; one vCPU; two queues */
	make_run(&d, "virtio-blk", 1, &m);
	effectives_add(&d.trials[0].effective, "guest.queues", "1", "1", "guest sysfs");
	expect_causes(&d, &f, NULL);
	done();
	make_run(&d, "virtio-blk", 1, &m);
	effectives_add(&d.trials[0].effective, "guest.queues", "1", "1", "guest sysfs");
	d.trials[0].jobs[0].sample->n_threads = 4;
	set_axis(&d, 0, "vcpus", "1");
	expect_causes(&d, &f, NULL);
	done();
	make_run(&d, "virtio-blk", 1, &m);
	effectives_add(&d.trials[0].effective, "guest.queues", "2", "2", "guest sysfs");
	d.trials[0].jobs[0].sample->n_threads = 4;
	expect_causes(&d, &f, NULL);
	done();
	/* threads that wait for each other */
	m = virtual_job(220e3, 1.4);
	make_run(&d, "virtio-blk", 1, &m);
	effectives_add(&d.trials[0].effective, "guest.queues", "1", "1", "guest sysfs");
	d.trials[0].jobs[0].sample->n_threads = 4;
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* ---- the image ---- */

static void set_qcow2(struct trial_record *t, const char *fill, const char *cluster)
{
	set_axis(&d, 0, "format", "qcow2");
	set_axis(&d, 0, "preallocation", "off");
	facts_add(&t->facts, "backing.fill", fill);
	facts_add(&t->facts, "path.cluster_bytes", cluster);
}

#define UNFILLED "none: reads may meet unallocated blocks"
#define FILLED   "host: random data from the seed, before the start"

START_TEST(first_writes_to_qcow2_allocate)
{
	struct made_job m = calm_job();

	m.writes = 1;
	m.at[LAYER_AT_HOST_BLOCK].bytes = 1.35;
	make_run(&d, "virtio-blk", 1, &m);
	set_qcow2(&d.trials[0], UNFILLED, "65536");
	expect_causes(&d, &f, "qcow2-allocation", NULL);
	expect_cause(&f, "qcow2-allocation", CONFIDENCE_LIKELY, "the host wrote 1.35 times",
		     "0 % of the qcow2 image", NULL);
	ck_assert_str_eq(f.items[0].change, "preallocation=metadata");
	done();
	/* and QEMU's block layer has the time */
	m.at[LAYER_AT_HOST_BLOCK].share = 0.1;
	make_run(&d, "virtio-blk", 1, &m);
	set_qcow2(&d.trials[0], UNFILLED, "65536");
	expect_causes(&d, &f, "qcow2-allocation", NULL);
	expect_cause(&f, "qcow2-allocation", CONFIDENCE_CERTAIN, NULL);
	done();
	/* written before; as many bytes; raw; a reader */
	make_run(&d, "virtio-blk", 1, &m);
	set_qcow2(&d.trials[0], FILLED, "65536");
	expect_causes(&d, &f, NULL);
	done();
	m.at[LAYER_AT_HOST_BLOCK].bytes = 1.25;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.5;
	make_run(&d, "virtio-blk", 1, &m);
	set_qcow2(&d.trials[0], UNFILLED, "65536");
	expect_causes(&d, &f, NULL);
	done();
	m.at[LAYER_AT_HOST_BLOCK].bytes = 1.5;
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "backing.fill", UNFILLED);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(small_clusters_and_backing_files_are_named_when_they_cost)
{
	struct made_job m = calm_job();

	m.at[LAYER_AT_HOST_BLOCK].bytes = 1.25;
	make_run(&d, "virtio-blk", 1, &m);
	set_qcow2(&d.trials[0], FILLED, "4096");
	expect_causes(&d, &f, "qcow2-layout", NULL);
	expect_cause(&f, "qcow2-layout", CONFIDENCE_LIKELY, "clusters of 4100 bytes",
		     "the host read 1.25 times", NULL);
	ck_assert_str_eq(f.items[0].change, "cluster_size=auto");
	done();
	make_run(&d, "virtio-blk", 1, &m);
	set_qcow2(&d.trials[0], FILLED, "65536");
	expect_causes(&d, &f, NULL);
	facts_add(&d.trials[0].facts, "path.chain_depth", "3");
	facts_add(&d.trials[0].facts, "path.chain", "c <- b <- a");
	findings_done(&f);
	expect_causes(&d, &f, "qcow2-layout", NULL);
	expect_cause(&f, "qcow2-layout", CONFIDENCE_LIKELY,
		     "2 backing files below it (c <- b <- a)", NULL);
	ck_assert_str_eq(f.items[0].change, "format=raw");
	done();
	/* one request becomes many */
	m.at[LAYER_AT_HOST_BLOCK].bytes = 1.1;
	m.at[LAYER_AT_HOST_BLOCK].count = 2.1;
	make_run(&d, "virtio-blk", 1, &m);
	set_qcow2(&d.trials[0], FILLED, "4096");
	expect_causes(&d, &f, "qcow2-layout", NULL);
	expect_cause(&f, "qcow2-layout", CONFIDENCE_LIKELY, "2.10 requests for one", NULL);
	done();
	m.at[LAYER_AT_HOST_BLOCK].count = 1.9;
	/* it costs nothing that can be seen */
	m.at[LAYER_AT_HOST_BLOCK].bytes = 1.1;
	make_run(&d, "virtio-blk", 1, &m);
	set_qcow2(&d.trials[0], FILLED, "4096");
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* What one place did not count is in the part above it, which is not that part's doing. */
START_TEST(a_part_that_has_its_neighbours_time_is_not_judged)
{
	struct made_job m = calm_job();

	/* the host's cache takes the writes: nobody knows what of the 60 % is QEMU's own */
	m.writes = 1;
	m.at[LAYER_AT_HOST_BLOCK].count = m.at[LAYER_AT_HOST_BLOCK].bytes = 0.2;
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	set_qcow2(&d.trials[0], FILLED, "4096");
	expect_causes(&d, &f, NULL);
	done();
	/* QEMU was not to be asked: its time and the queue's can't be told apart, and how many
	 * requests it had is not known */
	m = virtual_job(1e6, 4);
	m.at[LAYER_AT_QEMU].share = NO_SUCH;
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "path.iothread", "iothread1");
	expect_causes(&d, &f, NULL);
	done();
	/* nor above whom a single queue's time was spent */
	make_run(&d, "virtio-blk", 1, &m);
	effectives_add(&d.trials[0].effective, "guest.queues", "1", "1", "guest sysfs");
	d.trials[0].jobs[0].sample->n_threads = 4;
	expect_causes(&d, &f, "single-queue", NULL);
	expect_cause(&f, "single-queue", CONFIDENCE_POSSIBLE, NULL);
	done();
}
END_TEST

START_TEST(holes_are_read_without_a_disk)
{
	struct made_job m = calm_job();

	m.at[LAYER_AT_HOST_BLOCK].bytes = 0.01;
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "backing.fill", UNFILLED);
	expect_causes(&d, &f, "reads-of-holes", NULL);
	expect_cause(&f, "reads-of-holes", CONFIDENCE_CERTAIN, "the host read 1.00 %", NULL);
	ck_assert_int_eq(f.items[0].layer, LAYER_MEASUREMENT);
	done();
	/* filled; or the host read as much as the job: there was something */
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "backing.fill", FILLED);
	expect_causes(&d, &f, NULL);
	done();
	m.at[LAYER_AT_HOST_BLOCK].bytes = 1;
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "backing.fill", UNFILLED);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* A server's reads are not QEMU's: that it has none says nothing of holes. */
START_TEST(reads_that_the_host_cannot_count_are_no_holes)
{
	static const struct {
		const char *bus, *storage;
		enum finding_confidence sure;
	} cases[] = {{"virtio-blk", "file", CONFIDENCE_CERTAIN},
		     {"virtio-blk", "nbd", CONFIDENCE_POSSIBLE},
		     {"virtio-blk", "network", CONFIDENCE_POSSIBLE},
		     {"nvme-userspace", "device", CONFIDENCE_POSSIBLE},
		     {"vfio", NULL, CONFIDENCE_POSSIBLE}};
	struct made_job m = calm_job(), trims;

	m.at[LAYER_AT_HOST_BLOCK].share = NO_SUCH;
	set_signal(&m, WATCHED_HOST, "process.read_bytes", 0, 0);
	trims = m;
	trims.seconds = 2;
	m.start_s = 3;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct trial_record *t;

		/* an earlier job trimmed some of a full image */
		make_run(&d, cases[i].bus, 1, &trims);
		t = &d.trials[0];
		t->jobs[0].sample->dir[IO_TRIM].ios = 9;
		add_beside(t, &m);
		facts_add(&t->facts, "backing.fill", FILLED);
		if (cases[i].storage)
			facts_add(&t->facts, "path.storage", cases[i].storage);
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		expect_cause(&f, "reads-of-holes", cases[i].sure, NULL);
		findings_done(&f);
		/* at the same time it trims something else */
		t->jobs[1].sample->start_ns -= 2500000000;
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		expect_not(&f, "reads-of-holes");
		done();
	}
}
END_TEST

START_TEST(what_is_written_meanwhile_may_not_be_a_hole)
{
	struct made_job m = calm_job();

	m.writes = 0.5;
	for (int i = 0; i < 2; i++) {
		make_run(&d, "virtio-blk", 1, &m);
		facts_add(&d.trials[0].facts, "backing.fill", UNFILLED);
		facts_add(&d.trials[0].facts, "path.storage", "nbd");
		series_done(&d.trials[0].jobs[0].watched[WATCHED_HOST]);
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		expect_cause(&f, "reads-of-holes", i ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE,
			     NULL);
		done();
		m.writes = 0;
	}
}
END_TEST

TCase *path_cases(void)
{
	TCase *t = tcase_create("path");

	tcase_add_test(t, a_busy_main_loop_without_an_iothread);
	tcase_add_test(t, requests_that_wait_before_qemu);
	tcase_add_test(t, an_emulated_controller_is_named_with_what_it_costs);
	tcase_add_test(t, a_sibling_proves_it_or_takes_it_away);
	tcase_add_test(t, one_queue_for_threads_that_run_in_parallel);
	tcase_add_test(t, first_writes_to_qcow2_allocate);
	tcase_add_test(t, small_clusters_and_backing_files_are_named_when_they_cost);
	tcase_add_test(t, a_part_that_has_its_neighbours_time_is_not_judged);
	tcase_add_test(t, holes_are_read_without_a_disk);
	tcase_add_test(t, reads_that_the_host_cannot_count_are_no_holes);
	tcase_add_test(t, what_is_written_meanwhile_may_not_be_a_hole);
	return t;
}
