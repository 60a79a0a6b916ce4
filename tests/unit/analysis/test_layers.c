/* What each place saw, and why a place saw nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "made_job.h"

static struct run_data d;
static struct layer_seen l[LAYER_ATS];

static void see(void)
{
	const char *bus = facts_get(&d.cells[0].axes, "bus");

	ck_assert_int_eq(layers_of(&d.trials[0], &d.trials[0].jobs[0], bus, l, NULL), 0);
}

static void done(void)
{
	layers_done(l);
	run_data_done(&d);
}

START_TEST(each_place_counts_over_the_counted_time_alone)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);

	add_requests(j, IO_READ, 5000, 200000, 4096);
	add_requests(j, IO_SYNC, 10, 900000, 0);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_READ, 500, 180000, 4096);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_SYNC, 1, 800000, 0);
	watch_rate(j, WATCHED_GUEST, "disk.busy_ns", 0.9e9);
	watch_rate(j, WATCHED_GUEST, "disk.queue_ns", 2.5e9);
	watch_rate(j, WATCHED_GUEST, "disk.merges", 3);
	watch_requests(j, WATCHED_QEMU, "block.", IO_READ, 500, 120000, 4096);
	watch_requests(j, WATCHED_HOST, "disk.sda.", IO_READ, 500, 100000, 4096);
	see();
	ck_assert_double_eq(l[LAYER_AT_ENGINE].dir[IO_READ].n, 5000);
	ck_assert_double_eq(l[LAYER_AT_ENGINE].dir[IO_READ].mean_ns, 200000);
	ck_assert_double_eq_tol(l[LAYER_AT_ENGINE].mean_inflight, 0.1009, 1e-6);
	ck_assert(!l[LAYER_AT_ENGINE].dir[IO_WRITE].has);
	ck_assert_double_eq_tol(l[LAYER_AT_GUEST_BLOCK].dir[IO_READ].n, 5000, 0.01);
	ck_assert_double_eq_tol(l[LAYER_AT_GUEST_BLOCK].dir[IO_READ].mean_ns, 180000, 1);
	ck_assert_double_eq_tol(l[LAYER_AT_GUEST_BLOCK].dir[IO_READ].bytes, 5000 * 4096, 10);
	ck_assert_double_eq_tol(l[LAYER_AT_GUEST_BLOCK].dir[IO_SYNC].n, 10, 0.01);
	ck_assert(isnan(l[LAYER_AT_GUEST_BLOCK].dir[IO_SYNC].bytes));
	ck_assert_double_eq_tol(l[LAYER_AT_GUEST_BLOCK].busy_share, 0.9, 1e-6);
	ck_assert_double_eq_tol(l[LAYER_AT_GUEST_BLOCK].mean_inflight, 2.5, 1e-6);
	/* one direction beside flushes: the merges are its */
	ck_assert_double_eq_tol(l[LAYER_AT_GUEST_BLOCK].dir[IO_READ].merges, 30, 0.01);
	ck_assert_double_eq_tol(l[LAYER_AT_QEMU].dir[IO_READ].mean_ns, 120000, 1);
	ck_assert(!l[LAYER_AT_QEMU].dir[IO_SYNC].has);
	ck_assert_double_eq_tol(l[LAYER_AT_QEMU].mean_inflight, 0.06, 1e-6);
	ck_assert(isnan(l[LAYER_AT_QEMU].busy_share));
	ck_assert_str_eq(l[LAYER_AT_HOST_BLOCK].device, "sda");
	ck_assert_double_eq_tol(l[LAYER_AT_HOST_BLOCK].dir[IO_READ].mean_ns, 100000, 1);
	for (int at = 0; at < LAYER_ATS; at++)
		ck_assert_str_eq(l[at].absent, "");
	done();
}
END_TEST

START_TEST(merges_of_two_directions_are_not_shared_out)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);

	watch_requests(j, WATCHED_GUEST, "disk.", IO_READ, 500, 180000, 4096);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_WRITE, 500, 180000, 4096);
	watch_rate(j, WATCHED_GUEST, "disk.merges", 3);
	see();
	ck_assert(isnan(l[LAYER_AT_GUEST_BLOCK].dir[IO_READ].merges));
	ck_assert(isnan(l[LAYER_AT_GUEST_BLOCK].dir[IO_WRITE].merges));
	ck_assert_str_eq(l[LAYER_AT_ENGINE].absent, "no request completed");
	done();
}
END_TEST

START_TEST(the_host_is_the_sum_of_the_leaves)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);

	watch_requests(j, WATCHED_HOST, "disk.md0.", IO_READ, 500, 100000, 4096);
	watch_requests(j, WATCHED_HOST, "disk.sda.", IO_READ, 300, 100000, 4096);
	watch_rate(j, WATCHED_HOST, "disk.sda.busy_ns", 0.2e9);
	watch_requests(j, WATCHED_HOST, "disk.sdb.", IO_READ, 200, 50000, 4096);
	watch_rate(j, WATCHED_HOST, "disk.sdb.busy_ns", 0.3e9);
	see();
	ck_assert_str_eq(l[LAYER_AT_HOST_BLOCK].device, "sda sdb");
	ck_assert_double_eq_tol(l[LAYER_AT_HOST_BLOCK].dir[IO_READ].n, 5000, 0.1);
	ck_assert_double_eq_tol(l[LAYER_AT_HOST_BLOCK].dir[IO_READ].mean_ns, 80000, 1);
	ck_assert_double_eq_tol(l[LAYER_AT_HOST_BLOCK].busy_share, 0.3, 1e-6); /* the busiest */
	layers_done(l);
	/* where it is known what the backing lies on, that one: it sees all that is below */
	set_fact(&d.trials[0].facts, "path.device.0", "md0");
	set_fact(&d.trials[0].facts, "path.device.0.is_leaf", "no");
	set_fact(&d.trials[0].facts, "path.device.1", "sda");
	set_fact(&d.trials[0].facts, "path.device.1.is_leaf", "yes");
	see();
	ck_assert_str_eq(l[LAYER_AT_HOST_BLOCK].device, "md0");
	ck_assert_double_eq_tol(l[LAYER_AT_HOST_BLOCK].dir[IO_READ].mean_ns, 100000, 1);
	done();
}
END_TEST

START_TEST(a_partition_is_not_watched_and_its_disk_is)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);

	watch_requests(j, WATCHED_HOST, "disk.sda.", IO_READ, 300, 100000, 4096);
	watch_requests(j, WATCHED_HOST, "disk.md0.", IO_READ, 500, 100000, 4096);
	set_fact(&d.trials[0].facts, "path.device.0", "sda1");
	set_fact(&d.trials[0].facts, "path.device.0.is_leaf", "no");
	set_fact(&d.trials[0].facts, "path.device.1", "sda");
	set_fact(&d.trials[0].facts, "path.device.1.is_leaf", "yes");
	see();
	ck_assert_str_eq(l[LAYER_AT_HOST_BLOCK].device, "sda");
	done();
}
END_TEST

START_TEST(a_stacked_device_is_a_leaf_when_it_is_all_there_is)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);

	watch_requests(j, WATCHED_HOST, "disk.loop7.", IO_READ, 500, 100000, 4096);
	see();
	ck_assert_str_eq(l[LAYER_AT_HOST_BLOCK].device, "loop7");
	done();
}
END_TEST

START_TEST(a_place_that_saw_nothing_says_why)
{
	static const struct {
		const char *bus;
		enum layer_at at;
		const char *why;
	} rows[] = {{"host", LAYER_AT_GUEST_BLOCK, "there is no VM"},
		    {"host", LAYER_AT_QEMU, "there is no VM"},
		    {"vfio", LAYER_AT_QEMU, "the guest has the controller"},
		    {"vfio", LAYER_AT_HOST_BLOCK, "the guest has the controller"},
		    {"nvme-userspace", LAYER_AT_HOST_BLOCK, "QEMU's own driver"},
		    {"sata", LAYER_AT_GUEST_BLOCK, "the guest's block layer was not watched"},
		    {"sata", LAYER_AT_QEMU, "QEMU's block layer was not watched"},
		    {"sata", LAYER_AT_HOST_BLOCK, "no block device below the backing"}};
	struct job_result *j;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		make_job(&d, rows[i].bus, 10);
		see();
		ck_assert_msg(strstr(l[rows[i].at].absent, rows[i].why) != NULL, "%s: %s",
			      rows[i].bus, l[rows[i].at].absent);
		done();
	}
	j = make_job(&d, "vfio", 10);
	/* another device of the host at work is not that of the guest */
	watch_requests(j, WATCHED_HOST, "disk.sda.", IO_READ, 500, 100000, 4096);
	see();
	ck_assert(!l[LAYER_AT_HOST_BLOCK].dir[IO_READ].has);
	done();
	make_job(&d, "virtio-blk", 10);
	set_fact(&d.trials[0].facts, "path.storage", "nbd");
	see();
	ck_assert_str_eq(l[LAYER_AT_HOST_BLOCK].absent,
			 "the backing is no block device of this host: nbd");
	done();
}
END_TEST

/* As measured: 3263 writes of 4 KiB, each with an fdatasync, on virtio-blk. */
START_TEST(a_flush_is_no_write_though_the_kernel_counts_it_as_one)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);
	const struct layer_dir *guest = l[LAYER_AT_GUEST_BLOCK].dir, *qemu = l[LAYER_AT_QEMU].dir;

	add_requests(j, IO_WRITE, 3260, 309000, 4096);
	add_requests(j, IO_SYNC, 3260, 295000, 0);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_WRITE, 652, 260000, 2048);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_SYNC, 326, 247000, 0);
	watch_requests(j, WATCHED_QEMU, "block.", IO_WRITE, 326, 130000, 4096);
	watch_requests(j, WATCHED_QEMU, "block.", IO_SYNC, 326, 130000, 0);
	/* the host's: with metadata of its own, which is closer to the truth without flushes */
	watch_rate(j, WATCHED_HOST, "disk.sda.reads", 0);
	watch_requests(j, WATCHED_HOST, "disk.sda.", IO_WRITE, 700, 52000, 4096);
	watch_requests(j, WATCHED_HOST, "disk.sda.", IO_SYNC, 326, 48000, 0);
	see();
	ck_assert_double_eq_tol(guest[IO_WRITE].n, 3260, 1e-6);
	ck_assert_double_eq_tol(guest[IO_WRITE].mean_ns, 273000, 1e-3);
	ck_assert_double_eq_tol(guest[IO_WRITE].bytes, 3260 * 4096.0, 1e-3);
	ck_assert_double_eq_tol(guest[IO_SYNC].n, 3260, 1e-6);
	ck_assert_double_eq_tol(qemu[IO_WRITE].n, 3260, 1e-6); /* counts each as what it is */
	ck_assert_double_eq_tol(l[LAYER_AT_HOST_BLOCK].dir[IO_WRITE].n, 3740, 1e-6);
	done();
	/* flushes that writes with data brought along: as many writes as asked for */
	j = make_job(&d, "virtio-blk", 10);
	add_requests(j, IO_WRITE, 3260, 309000, 4096);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_WRITE, 326, 260000, 4096);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_SYNC, 100, 247000, 0);
	see();
	ck_assert_double_eq_tol(guest[IO_WRITE].n, 3260, 1e-6);
	ck_assert_double_eq_tol(guest[IO_WRITE].mean_ns, 260000, 1e-3);
	done();
}
END_TEST

START_TEST(writes_that_a_page_cache_takes_are_deferred_below_it)
{
	static const struct {
		const char *bus, *job, *direct, *writeback;
		enum layer_at first; /* the first place with deferred writes */
	} rows[] = {
		{"virtio-blk", "direct=1\n", "on", "on", LAYER_ATS},
		{"virtio-blk", "direct=1\n", "off", "on", LAYER_AT_HOST_BLOCK},
		{"virtio-blk", "direct=1\n", "off", "off", LAYER_ATS}, /* writethrough */
		{"virtio-blk", "direct=0\n", "on", "on", LAYER_AT_GUEST_BLOCK},
		{"virtio-blk", "rw=write\n", "on", "on", LAYER_AT_GUEST_BLOCK},
		{"virtio-blk", "rw=write\nsync=1\n", "on", "on", LAYER_ATS},
		{"virtio-blk", "rw=write\nsync=none\n", "on", "on", LAYER_AT_GUEST_BLOCK},
		{"host", "direct=1\n", "off", "on", LAYER_ATS}, /* what the facts say is of VMs */
		{"host", "direct=0\n", NULL, NULL, LAYER_AT_GUEST_BLOCK},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct job_result *j = make_job(&d, rows[i].bus, 10);

		add_requests(j, IO_WRITE, 5000, 200000, 4096);
		free(j->job_text);
		j->job_text = strdup(rows[i].job);
		if (rows[i].direct) {
			set_fact(&d.trials[0].facts, "path.cache_direct", rows[i].direct);
			set_fact(&d.trials[0].facts, "path.cache_writeback", rows[i].writeback);
		}
		see();
		for (int at = 0; at < LAYER_ATS; at++)
			ck_assert_msg(!!l[at].deferred[0] == (at >= (int)rows[i].first),
				      "row %zu, %s: '%s'", i, layer_at_names[at], l[at].deferred);
		done();
	}
}
END_TEST

START_TEST(percentiles_come_from_qemus_histogram)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);
	struct layer_dir *r = &l[LAYER_AT_QEMU].dir[IO_READ];
	double ns = -1;

	watch_requests(j, WATCHED_QEMU, "block.", IO_READ, 100, 50000, 4096);
	/* in no order: 500 below 10 us, 400 to 100 us, 90 to 1 ms, 10 beyond */
	watch_rate(j, WATCHED_QEMU, "block.read_hist.inf", 1);
	watch_rate(j, WATCHED_QEMU, "block.read_hist.100000", 40);
	watch_rate(j, WATCHED_QEMU, "block.read_hist.10000", 50);
	watch_rate(j, WATCHED_QEMU, "block.read_hist.1000000", 9);
	see();
	ck_assert_uint_eq(r->n_bounds, 3);
	ck_assert_double_eq(r->bounds_ns[0], 10000);
	ck_assert_double_eq(r->bounds_ns[2], 1000000);
	ck_assert_double_eq_tol(r->counts[3], 10, 0.01);
	ck_assert(layer_percentile(r, 50, &ns));
	ck_assert_double_eq_tol(ns, 10000, 5);
	ck_assert(layer_percentile(r, 25, &ns));
	ck_assert_double_eq_tol(ns, 5000, 5); /* the first bin begins at 0 */
	ck_assert(layer_percentile(r, 70, &ns));
	ck_assert_double_eq_tol(ns, 31623, 20);      /* half way on a log scale */
	ck_assert(!layer_percentile(r, 99.5, &ns));  /* in the open bin */
	ck_assert(!layer_percentile(r, 99.99, &ns)); /* of 1000 requests */
	ck_assert(!layer_percentile(&l[LAYER_AT_ENGINE].dir[IO_READ], 50, &ns));
	done();
	/* without the last bin it is not the whole */
	j = make_job(&d, "virtio-blk", 10);
	watch_requests(j, WATCHED_QEMU, "block.", IO_READ, 100, 50000, 4096);
	watch_rate(j, WATCHED_QEMU, "block.read_hist.100000", 40);
	watch_rate(j, WATCHED_QEMU, "block.read_hist.10000", 50);
	see();
	ck_assert_uint_eq(r->n_bounds, 0);
	done();
}
END_TEST

START_TEST(without_a_sample_the_window_is_what_was_watched)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);
	uint64_t from, to;

	watch_rate(j, WATCHED_QEMU, "block.reads", 1);
	ck_assert(job_window(&d.trials[0], j, &from, &to));
	ck_assert_uint_eq(from, FROM_NS);
	ck_assert_uint_eq(to, FROM_NS + 10000000000u);
	j->sample = sample_free(j->sample);
	ck_assert(job_window(&d.trials[0], j, &from, &to));
	ck_assert_uint_eq(from, FROM_NS - 200000000);
	ck_assert_uint_eq(to, FROM_NS + 10200000000u);
	see();
	ck_assert_str_eq(l[LAYER_AT_ENGINE].absent, "no job was measured");
	layers_done(l);
	series_done(&j->watched[WATCHED_QEMU]);
	ck_assert(!job_window(&d.trials[0], j, &from, &to));
	done();
}
END_TEST

TCase *layer_cases(void)
{
	TCase *t = tcase_create("layers");

	tcase_add_test(t, each_place_counts_over_the_counted_time_alone);
	tcase_add_test(t, merges_of_two_directions_are_not_shared_out);
	tcase_add_test(t, the_host_is_the_sum_of_the_leaves);
	tcase_add_test(t, a_partition_is_not_watched_and_its_disk_is);
	tcase_add_test(t, a_stacked_device_is_a_leaf_when_it_is_all_there_is);
	tcase_add_test(t, a_place_that_saw_nothing_says_why);
	tcase_add_test(t, a_flush_is_no_write_though_the_kernel_counts_it_as_one);
	tcase_add_test(t, writes_that_a_page_cache_takes_are_deferred_below_it);
	tcase_add_test(t, percentiles_come_from_qemus_histogram);
	tcase_add_test(t, without_a_sample_the_window_is_what_was_watched);
	return t;
}
