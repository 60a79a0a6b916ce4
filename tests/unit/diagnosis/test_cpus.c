/* Threads that wait, CPUs that are taken - and a host that is calm. */
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

static void set_iothread(struct run_data *run)
{
	for (size_t i = 0; i < run->n_trials; i++)
		facts_add(&run->trials[i].facts, "path.iothread", "iothread1");
}

START_TEST(an_iothread_that_waits_is_starved)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "thread.iothread1.run_ns", 0.2e9, 0.2e9);
	set_signal(&m, WATCHED_HOST, "thread.iothread1.wait_ns", 0.15e9, 0.15e9);
	set_signal(&m, WATCHED_HOST, "cpu.others_ns", 0.98e9, 0.98e9);
	make_run(&d, "virtio-blk", 1, &m);
	set_iothread(&d);
	facts_add(&d.trials[0].jobs[0].facts, "host.top.1", "stress-ng (pid 123): 0.97 CPUs");
	expect_causes(&d, &f, "iothread-starved", NULL);
	expect_cause(&f, "iothread-starved", CONFIDENCE_LIKELY,
		     "iothread1 was ready and waited for a CPU 15.0 % of the time",
		     "others used 0.980 CPUs (the busiest: stress-ng (pid 123): 0.97 CPUs)", NULL);
	ck_assert_int_eq(f.items[0].layer, LAYER_HOST);
	done();
	/* less of the time; less of what it wanted */
	set_signal(&m, WATCHED_HOST, "thread.iothread1.wait_ns", 0.09e9, 0.09e9);
	make_run(&d, "virtio-blk", 1, &m);
	set_iothread(&d);
	expect_causes(&d, &f, NULL);
	done();
	set_signal(&m, WATCHED_HOST, "thread.iothread1.wait_ns", 0.15e9, 0.15e9);
	set_signal(&m, WATCHED_HOST, "thread.iothread1.run_ns", 0.4e9, 0.4e9);
	make_run(&d, "virtio-blk", 1, &m);
	set_iothread(&d);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(waiting_that_goes_with_the_stalls_is_certain)
{
	struct made_job m = calm_job();

	set_stalls(&m, 12, 0.3, 0);
	m.is_stalled_at[LAYER_AT_QEMU] = m.is_stalled_at[LAYER_AT_HOST_BLOCK] = false;
	set_signal(&m, WATCHED_HOST, "thread.iothread1.run_ns", 0.1e9, 0.01e9);
	set_signal(&m, WATCHED_HOST, "thread.iothread1.wait_ns", 0.02e9, 0.95e9);
	make_run(&d, "virtio-blk", 2, &m);
	set_iothread(&d);
	expect_causes(&d, &f, "iothread-starved", "stutter", NULL);
	expect_cause(&f, "iothread-starved", CONFIDENCE_CERTAIN,
		     "'iothread1 waits for a CPU' is high before 12 of 12 stalls",
		     "attributable fraction", "by Holm", "so in 2 of 2 trials", NULL);
	expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, "cause: iothread-starved (certain)", NULL);
	ck_assert(f.items[0].to_s > f.items[0].from_s);
	ck_assert_int_eq(f.items[1].layer, LAYER_HOST);
	done();
}
END_TEST

/* Four requests at once, and workers that wait half of the time together: an eighth each. */
START_TEST(a_pool_of_workers_waits_for_all_requests_together)
{
	struct made_job m = calm_job();

	m.lat_ns = 800e3;
	m.depth = 4;
	set_signal(&m, WATCHED_HOST, "thread.worker.wait_ns", 0.5e9, 0.5e9);
	set_signal(&m, WATCHED_HOST, "thread.worker.run_ns", 0.2e9, 0.2e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "iothread-starved", NULL);
	expect_cause(&f, "iothread-starved", CONFIDENCE_LIKELY,
		     "worker was ready and waited for a CPU 12.5 % of the requests' time", NULL);
	done();
	set_signal(&m, WATCHED_HOST, "thread.worker.wait_ns", 0.35e9, 0.35e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* An emulated VM fills two CPUs alone: only others make it starve. */
START_TEST(an_emulated_vm_starves_only_by_others)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "thread.main.wait_ns", 0.6e9, 0.6e9);
	set_signal(&m, WATCHED_HOST, "thread.vcpu0.wait_ns", 0.6e9, 0.6e9);
	for (int i = 0; i < 2; i++) {
		make_run(&d, "virtio-blk", 1, &m);
		free(d.run.accel);
		d.run.accel = strdup("tcg");
		if (i)
			expect_causes(&d, &f, "iothread-starved", "vcpu-starved", "emulated-cpu",
				      NULL);
		else
			expect_causes(&d, &f, "emulated-cpu", NULL);
		done();
		set_signal(&m, WATCHED_HOST, "cpu.others_ns", 0.35e9, 0.35e9);
	}
}
END_TEST

START_TEST(the_main_loop_is_the_one_that_serves_without_iothreads)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "thread.main.wait_ns", 0.3e9, 0.3e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "iothread-starved", NULL);
	expect_cause(&f, "iothread-starved", CONFIDENCE_LIKELY, "main was ready", NULL);
	done();
	/* with an iothread the loop may wait */
	make_run(&d, "virtio-blk", 1, &m);
	set_iothread(&d);
	expect_causes(&d, &f, NULL);
	done();
	/* nor does QEMU serve a disk that the guest drives itself */
	make_run(&d, "vfio", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(steal_is_vcpu_starvation)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_GUEST, "cpu0.steal_ns", 0.12e9, 0.12e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "vcpu-starved", NULL);
	expect_cause(&f, "vcpu-starved", CONFIDENCE_LIKELY, "cpu0 lost 12.0 % of its time (steal)",
		     NULL);
	done();
	set_signal(&m, WATCHED_GUEST, "cpu0.steal_ns", 0.09e9, 0.09e9);
	set_signal(&m, WATCHED_HOST, "thread.vcpu0.wait_ns", 0.19e9, 0.19e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	set_signal(&m, WATCHED_HOST, "thread.vcpu0.wait_ns", 0.21e9, 0.21e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "vcpu-starved", NULL);
	done();
}
END_TEST

START_TEST(others_make_a_busy_host)
{
	struct made_job m = calm_job(); /* 8 CPUs */

	set_signal(&m, WATCHED_HOST, "cpu.others_ns", 2.1e9, 2.1e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "busy-host", NULL);
	expect_cause(&f, "busy-host", CONFIDENCE_LIKELY, "had 26.2 % of the host's 8 CPUs", NULL);
	done();
	set_signal(&m, WATCHED_HOST, "cpu.others_ns", 1.9e9, 1.9e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	/* what it did is told beside it */
	set_signal(&m, WATCHED_HOST, "cpu.others_ns", 6e9, 6e9);
	set_signal(&m, WATCHED_GUEST, "cpu0.steal_ns", 0.3e9, 0.3e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "vcpu-starved", "busy-host", NULL);
	done();
}
END_TEST

START_TEST(throttled_cpus_are_said)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "throttle.events", 0, 0);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	set_signal(&m, WATCHED_HOST, "throttle.events", 2, 2);
	set_gauge(&m, WATCHED_HOST, "frequency.mean_khz", 3600000, 3600000);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "cpu-throttled", NULL);
	expect_cause(&f, "cpu-throttled", CONFIDENCE_LIKELY, "120 times", NULL);
	done();
	set_rise(&m, WATCHED_HOST, "frequency.mean_khz", 3600000, 1800000);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "cpu-throttled", NULL);
	expect_cause(&f, "cpu-throttled", CONFIDENCE_CERTAIN, "3600 MHz", NULL);
	done();
}
END_TEST

static uint64_t *values_of(const char *name, size_t *ret_n)
{
	struct series_set *set = &d.trials[0].jobs[0].watched[WATCHED_HOST];
	const struct series *s = series_find(set, name);

	ck_assert_ptr_nonnull(s);
	*ret_n = set->n;
	return s->values;
}

/* An idle CPU's clock comes up to speed in the first second; an event long after that. */
START_TEST(a_clock_that_comes_up_to_speed_is_not_throttled)
{
	struct made_job m = calm_job();
	uint64_t *clock, *events;
	size_t n;

	set_signal(&m, WATCHED_HOST, "throttle.events", 0, 0);
	set_gauge(&m, WATCHED_HOST, "frequency.mean_khz", 3600000, 3600000);
	for (int is_slower = 0; is_slower < 2; is_slower++) {
		make_run(&d, "virtio-blk", 1, &m);
		clock = values_of("frequency.mean_khz", &n);
		events = values_of("throttle.events", &n);
		for (size_t i = 0; i < n; i++) {
			clock[i] = i < 10 ? 800000 : is_slower && i > 410 ? 2800000 : 3600000;
			events[i] = i < 400 ? 0 : 5;
		}
		expect_causes(&d, &f, "cpu-throttled", NULL);
		expect_cause(&f, "cpu-throttled",
			     is_slower ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY, "5 times",
			     is_slower ? "2800 of at most 3600 MHz" : "3600 of at most 3600 MHz",
			     NULL);
		done();
	}
}
END_TEST

START_TEST(a_job_of_the_host_that_ran_is_possible_and_likely_beside_stalls)
{
	struct made_job m = calm_job();

	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].jobs[0].facts, "host.ran.1", "fstrim (pid 9) from +12.3 s");
	facts_add(&d.trials[0].jobs[0].facts, "host.ran.2", "fstrim (pid 11) from +14 s");
	facts_add(&d.trials[0].jobs[0].facts, "host.ran.3", "restic (pid 12) from +14 s");
	facts_add(&d.trials[0].jobs[0].facts, "timer.1", "fstrim.timer at +12.3 s");
	expect_causes(&d, &f, "background-job", NULL);
	expect_cause(
		&f, "background-job", CONFIDENCE_POSSIBLE,
		"there ran fstrim (pid 9) from +12.3 s, restic (pid 12) from +14 s; 3 times in all",
		"fstrim.timer", NULL);
	done();
	/* a timer alone is nothing */
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].jobs[0].facts, "timer.1", "fstrim.timer at +12.3 s");
	expect_causes(&d, &f, NULL);
	done();
	set_stalls(&m, 8, 0.5, 0);
	m.is_stalled_at[LAYER_AT_QEMU] = m.is_stalled_at[LAYER_AT_HOST_BLOCK] = false;
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].jobs[0].facts, "host.ran.1", "fstrim (pid 9) from +12.3 s");
	expect_causes(&d, &f, "background-job", "stutter", NULL);
	expect_cause(&f, "background-job", CONFIDENCE_LIKELY, "8 stalls", NULL);
	/* that it ran meanwhile does not make it the cause */
	expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, "nothing that was watched explains it",
		     "beside it: background-job (likely)", NULL);
	done();
	/* nor is a timer more than nothing */
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].jobs[0].facts, "timer.1", "fstrim.timer at +12.3 s");
	expect_causes(&d, &f, "background-job", "stutter", "no-cause", NULL);
	expect_cause(&f, "background-job", CONFIDENCE_POSSIBLE, "fstrim.timer", NULL);
	done();
}
END_TEST

TCase *cpu_cases(void)
{
	TCase *t = tcase_create("cpus");

	tcase_add_test(t, an_iothread_that_waits_is_starved);
	tcase_add_test(t, waiting_that_goes_with_the_stalls_is_certain);
	tcase_add_test(t, a_pool_of_workers_waits_for_all_requests_together);
	tcase_add_test(t, an_emulated_vm_starves_only_by_others);
	tcase_add_test(t, the_main_loop_is_the_one_that_serves_without_iothreads);
	tcase_add_test(t, steal_is_vcpu_starvation);
	tcase_add_test(t, others_make_a_busy_host);
	tcase_add_test(t, throttled_cpus_are_said);
	tcase_add_test(t, a_clock_that_comes_up_to_speed_is_not_throttled);
	tcase_add_test(t, a_job_of_the_host_that_ran_is_possible_and_likely_beside_stalls);
	return t;
}
