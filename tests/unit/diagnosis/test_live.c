/* A VM that is only watched: what can be named without a job of the lab, and what must not be. */
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

/* As run/live.h makes it: one trial with one job "live" that has no sample, what QEMU counted and
 * what this host did, and the way of its I/O. The guest is not asked. */
static void make_live(const char *bus, const struct made_job *m)
{
	struct trial_record *t;

	make_run(&d, bus, 1, m);
	t = &d.trials[0];
	free(d.run.scenario_text);
	d.run.scenario_text = strdup("");
	effectives_done(&t->effective);
	free(t->jobs[0].name);
	free(t->jobs[0].job_text);
	t->jobs[0].name = strdup("live");
	t->jobs[0].job_text = strdup("");
	t->jobs[0].sample = sample_free(t->jobs[0].sample);
	series_done(&t->jobs[0].watched[WATCHED_GUEST]);
	facts_add(&t->facts, "live.means", "libvirt");
	facts_add(&t->facts, "live.disks", "1");
	facts_add(&t->facts, "path.bus", bus);
	facts_add(&t->facts, "path.storage", "file");
	facts_add(&t->facts, "path.iothread", "none");
}

static struct facts *live_facts(void)
{
	return &d.trials[0].facts;
}

static void set_cache(const char *mode)
{
	set_axis(&d, 0, "cache", mode);
	set_fact(live_facts(), "path.cache", mode);
}

START_TEST(a_calm_vm_has_no_finding)
{
	struct made_job m = calm_job();

	make_live("virtio-blk", &m);
	expect_causes(&d, &f, NULL);
	done();
	/* it works more, then less: that is its own business */
	m.drift = -0.4;
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(a_limit_that_is_reached)
{
	struct made_job m = calm_job();

	m.at[LAYER_AT_QEMU].share = 0.95;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.1;
	make_live("virtio-blk", &m);
	facts_add(live_facts(), "path.throttle", "5000 iops");
	expect_causes(&d, &f, "io-throttled", NULL);
	expect_cause(&f, "io-throttled", CONFIDENCE_CERTAIN, "the disk's requests were",
		     "89.5 % of their time in QEMU was spent in QEMU's block layer", NULL);
	done();
	make_live("virtio-blk", &m);
	facts_add(live_facts(), "path.throttle", "7000 iops");
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(a_device_that_is_busy_or_slow)
{
	struct made_job m = calm_job();

	m.lat_ns = 8e6;
	m.depth = 8;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.55;
	m.busy = 0.99;
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, "device-saturated", NULL);
	expect_cause(&f, "device-saturated", CONFIDENCE_LIKELY,
		     "91.7 % of their time in QEMU is there", NULL);
	done();
	m.lat_ns = 20e6;
	m.depth = 2; /* 10 ms for each, one after the other */
	m.at[LAYER_AT_QEMU].share = 0.95;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.9;
	m.busy = 0.6;
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, "backend-slow", NULL);
	expect_cause(&f, "backend-slow", CONFIDENCE_LIKELY, "19.0 ms at QEMU's block layer", NULL);
	done();
	/* the half of it is QEMU's own, and the device is quick */
	m.at[LAYER_AT_HOST_BLOCK].share = 0.2;
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(a_busy_main_loop_is_possible_where_the_disk_is_used)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "thread.main.run_ns", 0.75e9, 0.75e9);
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, "main-loop", NULL);
	expect_cause(&f, "main-loop", CONFIDENCE_POSSIBLE, "busy 75.0 % of the time",
		     "only the guest could tell", NULL);
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "Harmless"));
	done();
	make_live("virtio-blk", &m);
	set_fact(live_facts(), "path.iothread", "iothread1");
	expect_causes(&d, &f, NULL);
	done();
	/* a disk that nobody uses */
	m.depth = 0.001;
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(threads_that_wait_for_a_cpu)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "thread.iothread1.run_ns", 0.2e9, 0.2e9);
	set_signal(&m, WATCHED_HOST, "thread.iothread1.wait_ns", 0.15e9, 0.15e9);
	make_live("virtio-blk", &m);
	set_fact(live_facts(), "path.iothread", "iothread1");
	expect_causes(&d, &f, "iothread-starved", NULL);
	expect_cause(&f, "iothread-starved", CONFIDENCE_LIKELY, "iothread1 was ready", NULL);
	done();
	/* workers: their sum, by QEMU's requests at once: 0.3 / 2.4 */
	m = calm_job();
	m.lat_ns = 800e3;
	m.depth = 4;
	set_signal(&m, WATCHED_HOST, "thread.worker.run_ns", 0.1e9, 0.1e9);
	set_signal(&m, WATCHED_HOST, "thread.worker.wait_ns", 0.3e9, 0.3e9);
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, "iothread-starved", NULL);
	expect_cause(&f, "iothread-starved", CONFIDENCE_LIKELY, "12.5 % of the requests' time",
		     NULL);
	done();
	/* nobody knows how many requests they waited for */
	m.at[LAYER_AT_QEMU].share = NO_SUCH;
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(the_hosts_memory)
{
	struct made_job m = calm_job();

	m.writes = 1;
	set_rise(&m, WATCHED_HOST, "memory.dirty_bytes", 2e6, 400e6);
	make_live("virtio-blk", &m);
	set_cache("writeback");
	expect_causes(&d, &f, "host-page-cache", NULL);
	expect_cause(&f, "host-page-cache", CONFIDENCE_LIKELY, "dirty pages of the host grew by",
		     NULL);
	ck_assert_str_eq(f.items[0].change, "cache=none");
	done();
	/* another program's pages */
	m.writes = 0;
	make_live("virtio-blk", &m);
	set_cache("writeback");
	expect_causes(&d, &f, NULL);
	done();
	m = calm_job();
	set_signal(&m, WATCHED_HOST, "pressure.memory.some_ns", 0.1e9, 0.1e9);
	make_live("virtio-blk", &m);
	expect_causes(&d, &f, "memory-pressure", NULL);
	done();
}
END_TEST

START_TEST(what_the_disk_is_on)
{
	struct made_job m = calm_job();

	make_live("sata", &m);
	expect_causes(&d, &f, "emulated-controller", NULL);
	expect_cause(&f, "emulated-controller", CONFIDENCE_POSSIBLE, NULL);
	done();
	make_live("virtio-blk", &m);
	set_cache("unsafe");
	expect_causes(&d, &f, "cache-unsafe", NULL);
	expect_cause(&f, "cache-unsafe", CONFIDENCE_CERTAIN, NULL);
	done();
	m.depth = 0.001; /* a CD drive that nobody reads */
	make_live("sata", &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* QEMU wrote three times what this disk asked for: of this disk, when it has no other. */
START_TEST(the_bytes_of_a_process_are_no_single_disks)
{
	struct made_job m = calm_job();

	m.writes = 1;
	set_signal(&m, WATCHED_HOST, "process.read_bytes", 0, 0);
	set_signal(&m, WATCHED_HOST, "process.write_bytes", 3 * 5000 * 4096., 3 * 5000 * 4096.);
	for (int i = 0; i < 2; i++) {
		make_live("virtio-blk", &m);
		set_fact(live_facts(), "live.disks", i ? "2" : "1");
		set_axis(&d, 0, "format", "qcow2");
		facts_add(live_facts(), "path.cluster_bytes", "65536");
		facts_add(live_facts(), "path.preallocated_share", "0.1");
		if (i)
			expect_causes(&d, &f, NULL);
		else
			expect_causes(&d, &f, "qcow2-allocation", NULL);
		done();
	}
}
END_TEST

TCase *live_cases(void)
{
	TCase *t = tcase_create("live");

	tcase_add_test(t, a_calm_vm_has_no_finding);
	tcase_add_test(t, a_limit_that_is_reached);
	tcase_add_test(t, a_device_that_is_busy_or_slow);
	tcase_add_test(t, a_busy_main_loop_is_possible_where_the_disk_is_used);
	tcase_add_test(t, threads_that_wait_for_a_cpu);
	tcase_add_test(t, the_hosts_memory);
	tcase_add_test(t, what_the_disk_is_on);
	tcase_add_test(t, the_bytes_of_a_process_are_no_single_disks);
	return t;
}
