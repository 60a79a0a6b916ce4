/* The storage below QEMU: busy, slow, stuck, limited, failing - and calm. */
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

START_TEST(a_calm_job_has_no_finding)
{
	static const char *const buses[] = {"virtio-blk", "virtio-scsi", "nvme-emulated"};
	struct made_job m = calm_job();

	for (size_t i = 0; i < 3; i++) {
		make_run(&d, buses[i], 3, &m);
		expect_causes(&d, &f, NULL);
		done();
	}
	/* nor has a writer, nor a deep queue */
	m.writes = 1;
	m.depth = 32;
	m.lat_ns = 800e3;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(on_an_emulated_cpu_only_that_is_said)
{
	struct made_job m = calm_job();

	/* slow, nearly all of it between guest and QEMU, and the main loop is busy: it always is */
	m.lat_ns = 3e6;
	m.depth = 4;
	m.at[LAYER_AT_QEMU].share = 0.1;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.05;
	set_signal(&m, WATCHED_HOST, "thread.main.run_ns", 0.8e9, 0.8e9);
	set_signal(&m, WATCHED_HOST, "thread.vcpu0.wait_ns", 0.3e9, 0.3e9);
	set_signal(&m, WATCHED_GUEST, "cpu0.system_ns", 0.7e9, 0.7e9);
	make_run(&d, "virtio-blk", 2, &m);
	free(d.run.accel);
	d.run.accel = strdup("tcg");
	expect_causes(&d, &f, "emulated-cpu", NULL);
	ck_assert_ptr_null(f.items[0].job);
	done();
	/* the same on a real CPU is a finding */
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "main-loop", "vcpu-starved", NULL);
	done();
}
END_TEST

START_TEST(a_busy_and_queueing_device_is_saturated)
{
	struct made_job m = calm_job();

	m.lat_ns = 8e6;
	m.depth = 8;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.55;
	m.busy = 0.99;
	make_run(&d, "virtio-blk", 2, &m);
	expect_causes(&d, &f, "device-saturated", NULL);
	expect_cause(&f, "device-saturated", CONFIDENCE_LIKELY, "sda was busy 99.0 %",
		     "4.40 requests", "4.40 ms", "55", "so in 2 of 2 trials", NULL);
	ck_assert_int_eq(f.items[0].layer, LAYER_DEVICE);
	ck_assert_str_eq(f.items[0].job, "j");
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "settings of the VM will not help"));
	done();
	/* not busy all the time; no queue; little of the latency */
	m.busy = 0.85;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	m.busy = 0.99;
	m.depth = 1;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	m.depth = 8;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.45;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* A mirror: of the time the busiest is told, of the requests all. */
START_TEST(of_several_devices_the_busiest_is_told)
{
	struct made_job m = calm_job();

	m.lat_ns = 8e6;
	m.depth = 8;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.55;
	m.busy = 0.99;
	set_signal(&m, WATCHED_HOST, "disk.sdb.reads", 0, 0);
	set_signal(&m, WATCHED_HOST, "disk.sdb.read_ns", 0, 0);
	set_signal(&m, WATCHED_HOST, "disk.sdb.read_bytes", 0, 0);
	set_signal(&m, WATCHED_HOST, "disk.sdb.writes", 0, 0);
	set_signal(&m, WATCHED_HOST, "disk.sdb.write_ns", 0, 0);
	set_signal(&m, WATCHED_HOST, "disk.sdb.write_bytes", 0, 0);
	set_signal(&m, WATCHED_HOST, "disk.sdb.busy_ns", 0.2e9, 0.2e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "device-saturated", NULL);
	expect_cause(&f, "device-saturated", CONFIDENCE_LIKELY,
		     "of the host's devices sda sdb the busiest was busy 99.0 %",
		     "together they had 4.40 requests", NULL);
	done();
}
END_TEST

START_TEST(a_fast_device_that_is_kept_busy_is_only_possible)
{
	struct made_job m = calm_job();

	m.lat_ns = 400e3;
	m.depth = 32;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.58;
	m.busy = 1;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "device-saturated", NULL);
	expect_cause(&f, "device-saturated", CONFIDENCE_POSSIBLE, NULL);
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "harmless"));
	done();
}
END_TEST

START_TEST(a_device_that_the_job_itself_keeps_busy_is_only_possible)
{
	struct made_job m = calm_job();

	m.lat_ns = 8e6;
	m.depth = 8;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.55;
	m.busy = 0.99;
	set_signal(&m, WATCHED_HOST, "process.write_bytes", 0, 0);
	for (int i = 0; i < 2; i++) { /* 0.85 and 0.95 of its bytes */
		double share = i ? 0.95 : 0.85;

		set_signal(&m, WATCHED_HOST, "process.read_bytes", share * 8 / 8e-3 * 4096,
			   share * 8 / 8e-3 * 4096);
		make_run(&d, "virtio-blk", 1, &m);
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		expect_cause(&f, "device-saturated", i ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY,
			     NULL);
		done();
	}
	/* 400 KB take 4 ms of the 4.4 */
	m = calm_job();
	m.lat_ns = 8e6;
	m.depth = 8;
	m.bytes = 400e3;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.55;
	m.busy = 0.99;
	make_run(&d, "virtio-blk", 1, &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_cause(&f, "device-saturated", CONFIDENCE_POSSIBLE, NULL);
	done();
}
END_TEST

START_TEST(somebody_elses_bytes_are_said)
{
	struct made_job m = calm_job();

	m.lat_ns = 8e6;
	m.depth = 8;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.55;
	m.busy = 0.99;
	m.others_ios = 9;
	set_signal(&m, WATCHED_HOST, "process.read_bytes", 8 / 8e-3 * 4096, 8 / 8e-3 * 4096);
	set_signal(&m, WATCHED_HOST, "process.write_bytes", 0, 0);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "device-saturated", NULL);
	expect_cause(&f, "device-saturated", CONFIDENCE_LIKELY, "only 10", "somebody else", NULL);
	done();
}
END_TEST

static void set_nbd(struct run_data *run)
{
	set_axis(run, 0, "storage", "nbd");
	for (size_t i = 0; i < run->n_trials; i++) {
		facts_add(&run->trials[i].facts, "path.storage", "nbd");
		facts_add(&run->trials[i].facts, "path.source", "nbd+unix:///?socket=/run/x");
	}
}

START_TEST(slow_storage_that_is_not_busy_is_the_backend)
{
	struct made_job m = calm_job();

	/* a device of this host */
	m.lat_ns = 20e6;
	m.depth = 2;
	m.at[LAYER_AT_GUEST_BLOCK].share = 0.97;
	m.at[LAYER_AT_QEMU].share = 0.95;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.9;
	m.busy = 0.6;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "backend-slow", NULL);
	expect_cause(&f, "backend-slow", CONFIDENCE_LIKELY, "19.0 ms at QEMU's block layer", "95",
		     NULL);
	done();
	/* none of this host */
	m.at[LAYER_AT_HOST_BLOCK].share = NO_SUCH;
	make_run(&d, "virtio-blk", 1, &m);
	set_nbd(&d);
	expect_causes(&d, &f, "backend-slow", NULL);
	expect_cause(&f, "backend-slow", CONFIDENCE_LIKELY, "nbd+unix", NULL);
	done();
	/* a deep queue, or large requests: each for itself is not slow */
	m.depth = 8;
	make_run(&d, "virtio-blk", 1, &m);
	set_nbd(&d);
	expect_causes(&d, &f, "backend-slow", NULL);
	expect_cause(&f, "backend-slow", CONFIDENCE_POSSIBLE, "7.60 were there at once", NULL);
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "harmless"));
	done();
	m.depth = 1;
	m.bytes = 1600e3;
	make_run(&d, "virtio-blk", 1, &m);
	set_nbd(&d);
	expect_causes(&d, &f, "backend-slow", NULL);
	expect_cause(&f, "backend-slow", CONFIDENCE_POSSIBLE, "of 1560 KiB each", NULL);
	done();
	m.lat_ns = 5e6; /* a network of a data centre */
	make_run(&d, "virtio-blk", 1, &m);
	set_nbd(&d);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(a_rotating_disk_may_be_slower)
{
	struct made_job m = calm_job();

	m.lat_ns = 20e6;
	m.at[LAYER_AT_QEMU].share = 0.95;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.9;
	m.busy = 0.6;
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "path.device.0", "sda");
	facts_add(&d.trials[0].facts, "path.device.0.rotational", "1");
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(stalls_below_qemu_are_the_backends)
{
	struct made_job m = calm_job();

	m.at[LAYER_AT_HOST_BLOCK].share = NO_SUCH;
	m.seconds = 32;
	set_stalls(&m, 10, 1.0, 3.0);
	make_run(&d, "virtio-blk", 1, &m);
	set_nbd(&d);
	expect_causes(&d, &f, "backend-stalls", "stutter", NULL);
	expect_cause(&f, "backend-stalls", CONFIDENCE_CERTAIN, "10 stalls", "1.05 s",
		     "no device of this host", NULL);
	expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, "every 3.00 s", "cause: backend-stalls",
		     NULL);
	ck_assert_int_eq(f.items[1].layer, LAYER_DEVICE); /* of its cause */
	ck_assert_double_eq_tol(f.items[0].from_s, 1.0, 0.11);
	ck_assert_double_eq_tol(f.items[0].to_s, 29.0, 0.31);
	done();
}
END_TEST

/* QEMU is asked four times a second, wherever that falls in a stall. */
START_TEST(stalls_between_two_readings_of_qemu_are_the_backends)
{
	struct made_job m = calm_job();

	m.at[LAYER_AT_HOST_BLOCK].share = NO_SUCH;
	m.seconds = 32;
	m.qemu_step_s = 0.25;
	for (int phase = 0; phase < 10; phase++)
		for (int is_below = 0; is_below < 2; is_below++) {
			m.qemu_phase_s = 0.025 * phase;
			m.is_stalled_at[LAYER_AT_QEMU] = is_below;
			set_stalls(&m, 10, 0.4, 3.0);
			make_run(&d, "virtio-blk", 1, &m);
			set_nbd(&d);
			ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
			if (is_below)
				expect_cause(&f, "backend-stalls", CONFIDENCE_CERTAIN, NULL);
			else
				expect_not(&f, "backend-stalls");
			done();
		}
}
END_TEST

START_TEST(a_device_that_holds_requests_and_completes_none_is_certain)
{
	struct made_job m = calm_job();

	set_stalls(&m, 10, 1.0, 0);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "backend-stalls", "stutter", NULL);
	expect_cause(&f, "backend-stalls", CONFIDENCE_CERTAIN, "at the host's device",
		     "completed none", NULL);
	done();
}
END_TEST

START_TEST(stalls_above_the_device_are_not_the_backends)
{
	struct made_job m = calm_job();

	set_stalls(&m, 10, 1.0, 0);
	m.is_stalled_at[LAYER_AT_HOST_BLOCK] = false;
	make_run(&d, "virtio-blk", 1, &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_not(&f, "backend-stalls");
	expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, NULL);
	expect_cause(&f, "no-cause", CONFIDENCE_POSSIBLE, "looked at: threads on the host",
		     "not there:", NULL);
	done();
}
END_TEST

/* 60 s of 5000 requests a second at depth 1; a limit of that many, or of more. */
START_TEST(a_limit_that_is_reached_is_named_alone)
{
	static const struct {
		const char *text;
		bool is_reached;
	} cases[] = {{"5000 iops", true},      {"5500iops", true},
		     {"6000 iops", false},     {"20 MiB/s", true},
		     {"40MiB/s", false},       {"write 5000 iops", false},
		     {"read 5000 iops", true}, {"9000 iops, read 19 MiB/s", true},
		     {"none", false}};
	struct made_job m = calm_job();

	m.at[LAYER_AT_QEMU].share = 0.95;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.1;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_run(&d, "virtio-blk", 1, &m);
		facts_add(&d.trials[0].facts, "path.throttle", cases[i].text);
		set_axis(&d, 0, "throttle", cases[i].text);
		if (!cases[i].is_reached)
			expect_causes(&d, &f, NULL);
		else
			expect_causes(&d, &f, "io-throttled", NULL);
		if (cases[i].is_reached) {
			expect_cause(&f, "io-throttled", CONFIDENCE_CERTAIN, cases[i].text, NULL);
			ck_assert_str_eq(f.items[0].change, "throttle=off");
		}
		done();
	}
}
END_TEST

/* Two jobs of 5000 requests a second each; all places but the engine count those of both. */
static struct made_job one_of_two(void)
{
	struct made_job m = calm_job();

	for (int at = LAYER_AT_GUEST_BLOCK; at < LAYER_ATS; at++)
		m.at[at].count = m.at[at].bytes = 2;
	return m;
}

START_TEST(a_limit_that_two_jobs_share_is_reached_by_both)
{
	struct made_job m = one_of_two();

	m.at[LAYER_AT_HOST_BLOCK].share = 0.1;
	make_run(&d, "virtio-blk", 1, &m);
	add_beside(&d.trials[0], &m);
	expect_causes(&d, &f, NULL);
	findings_done(&f);
	facts_add(&d.trials[0].facts, "path.throttle", "10000 iops");
	expect_causes(&d, &f, "io-throttled", "io-throttled", NULL);
	expect_cause(&f, "io-throttled", CONFIDENCE_CERTAIN, "the jobs' requests were 100 %", NULL);
	done();
	/* one of them cached its reads in the guest, and the limit is not reached */
	m.at[LAYER_AT_QEMU].count = m.at[LAYER_AT_QEMU].bytes = 1.5;
	make_run(&d, "virtio-blk", 1, &m);
	add_beside(&d.trials[0], &m);
	facts_add(&d.trials[0].facts, "path.throttle", "10000 iops");
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* A stalls in the guest; B beside it has 32 requests in QEMU all the time, which are not A's. */
START_TEST(the_requests_of_a_job_beside_it_do_not_stall)
{
	struct made_job a = one_of_two(), b = one_of_two();

	a.at[LAYER_AT_HOST_BLOCK].share = b.at[LAYER_AT_HOST_BLOCK].share = NO_SUCH;
	b.depth = 32;
	b.lat_ns = 32 * a.lat_ns;
	a.at[LAYER_AT_GUEST_BLOCK].share = 31;
	a.at[LAYER_AT_QEMU].share = 29;
	set_stalls(&a, 10, 1.0, 0);
	a.is_stalled_at[LAYER_AT_QEMU] = a.is_stalled_at[LAYER_AT_GUEST_BLOCK] = false;
	make_run(&d, "virtio-blk", 1, &a);
	add_beside(&d.trials[0], &b);
	set_nbd(&d);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, NULL);
	expect_not(&f, "backend-stalls");
	done();
}
END_TEST

START_TEST(a_limit_hides_what_it_looks_like)
{
	struct made_job m = calm_job();

	m.lat_ns = 20e6;
	m.depth = 4;
	m.at[LAYER_AT_QEMU].share = 0.95;
	m.at[LAYER_AT_HOST_BLOCK].share = NO_SUCH;
	make_run(&d, "virtio-blk", 1, &m);
	set_nbd(&d);
	facts_add(&d.trials[0].facts, "path.throttle", "200 iops");
	expect_causes(&d, &f, "io-throttled", NULL);
	done();
}
END_TEST

START_TEST(requests_that_failed_are_said)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_QEMU, "block.errors", 0.5, 0.5);
	make_run(&d, "virtio-blk", 1, &m);
	d.trials[0].jobs[0].sample->n_errors = 31;
	expect_causes(&d, &f, "io-errors", NULL);
	expect_cause(&f, "io-errors", CONFIDENCE_CERTAIN, "31 requests of the job failed",
		     "QEMU counted 30 failed", NULL);
	done();
}
END_TEST

TCase *storage_cases(void)
{
	TCase *t = tcase_create("storage");

	tcase_add_test(t, a_calm_job_has_no_finding);
	tcase_add_test(t, on_an_emulated_cpu_only_that_is_said);
	tcase_add_test(t, a_busy_and_queueing_device_is_saturated);
	tcase_add_test(t, of_several_devices_the_busiest_is_told);
	tcase_add_test(t, a_fast_device_that_is_kept_busy_is_only_possible);
	tcase_add_test(t, a_device_that_the_job_itself_keeps_busy_is_only_possible);
	tcase_add_test(t, somebody_elses_bytes_are_said);
	tcase_add_test(t, slow_storage_that_is_not_busy_is_the_backend);
	tcase_add_test(t, a_rotating_disk_may_be_slower);
	tcase_add_test(t, stalls_below_qemu_are_the_backends);
	tcase_add_test(t, stalls_between_two_readings_of_qemu_are_the_backends);
	tcase_add_test(t, a_device_that_holds_requests_and_completes_none_is_certain);
	tcase_add_test(t, stalls_above_the_device_are_not_the_backends);
	tcase_add_test(t, a_limit_that_is_reached_is_named_alone);
	tcase_add_test(t, a_limit_that_two_jobs_share_is_reached_by_both);
	tcase_add_test(t, the_requests_of_a_job_beside_it_do_not_stall);
	tcase_add_test(t, a_limit_hides_what_it_looks_like);
	tcase_add_test(t, requests_that_failed_are_said);
	return t;
}
