/* On both sides of thresholds: what is a finding, and what is nearly one. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "made_job.h"

static struct run_data d;
static struct findings f;

static void done(void)
{
	findings_done(&f);
	run_data_done(&d);
}

static bool is_found(const char *cause)
{
	for (size_t i = 0; i < f.n; i++)
		if (!strcmp(f.items[i].cause, cause))
			return true;
	return false;
}

/* Diagnoses @m on virtio-blk, with this axis set, and says whether that came. */
static bool finds(const struct made_job *m, const char *axis, const char *value, const char *cause)
{
	bool found;

	make_run(&d, "virtio-blk", 1, m);
	if (axis)
		set_axis(&d, 0, axis, value);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	found = is_found(cause);
	done();
	return found;
}

/* A signal that goes with all, a half, a sixth of the stalls. */
START_TEST(how_many_stalls_a_signal_must_go_with)
{
	struct made_job m = calm_job();

	set_stalls(&m, 12, 0.4, 0);
	m.is_stalled_at[LAYER_AT_QEMU] = m.is_stalled_at[LAYER_AT_HOST_BLOCK] = false;
	set_signal(&m, WATCHED_HOST, "swap.out_pages", 0, 900);
	m.signals[m.n_signals - 1].every = 2;
	make_run(&d, "virtio-blk", 1, &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_cause(&f, "memory-pressure", CONFIDENCE_LIKELY, "before 6 of 12 stalls", NULL);
	done();
	m.signals[m.n_signals - 1].every = 6;
	make_run(&d, "virtio-blk", 1, &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_not(&f, "memory-pressure");
	expect_cause(&f, "no-cause", CONFIDENCE_POSSIBLE, NULL);
	done();
}
END_TEST

/* The pages are swapped before each second stall, the thread waits before the others. */
START_TEST(a_second_cause_is_named_of_what_the_first_leaves)
{
	struct made_job m = calm_job();

	set_stalls(&m, 12, 0.4, 0);
	m.seconds = 120;
	m.is_stalled_at[LAYER_AT_QEMU] = m.is_stalled_at[LAYER_AT_HOST_BLOCK] = false;
	set_signal(&m, WATCHED_HOST, "swap.out_pages", 0, 900);
	m.signals[m.n_signals - 1].every = 2;
	set_signal(&m, WATCHED_HOST, "thread.vcpu0.wait_ns", 2e6, 0.9e9);
	for (size_t i = 0; i < m.n_signals; i++)
		if (!strcmp(m.signals[i].name, "thread.vcpu0.wait_ns"))
			m.signals[i].every = 2, m.signals[i].from = 1;
	make_run(&d, "virtio-blk", 1, &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, "is high before 6 of 12 stalls",
		     "of the 6 that it leaves '", "is high before 6 (attributable fraction",
		     "a second cause", NULL);
	done();
	/* one cause of a half, and nothing for the rest */
	m.signals[m.n_signals - 1].every = 2;
	set_signal(&m, WATCHED_HOST, "thread.vcpu0.wait_ns", 2e6, 2e6);
	make_run(&d, "virtio-blk", 1, &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	ck_assert_ptr_null(
		strstr(expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, NULL)->evidence, "second"));
	done();
}
END_TEST

START_TEST(signals_go_before_groups_of_stalls)
{
	struct job_analysis a = {
		.spike_kind = SPIKES_STALLS, .n_spikes = 6, .stutter = {.n_stalls = 6}};
	struct look l = {.a = &a};

	ck_assert_str_eq(spikes_word(&l), "stalls");
	a.stutter.n_stalls = 9; /* as say_stalls() counts them */
	ck_assert_str_eq(spikes_word(&l), "groups of stalls");
	a.spike_kind = SPIKES_SLOW;
	ck_assert_str_eq(spikes_word(&l), "slow moments");
}
END_TEST

START_TEST(stalls_must_be_long_and_take_their_part)
{
	struct made_job m = calm_job();

	m.seconds = 40;
	set_stalls(&m, 6, 0.1, 0); /* 150 ms */
	ck_assert(finds(&m, NULL, NULL, "stutter"));
	m.slow_share = 0;
	m.seconds = 500; /* 6 of 200 ms in 500 s */
	ck_assert(!finds(&m, NULL, NULL, "stutter"));
}
END_TEST

static void set_emulated(void)
{
	free(d.run.accel);
	d.run.accel = strdup("tcg");
}

/* 12 stalls of 150 ms are nothing that is felt behind an emulated CPU, and one of 400 ms among them
 * is one. */
START_TEST(only_stalls_that_are_felt_count)
{
	struct made_job m = calm_job();

	set_stalls(&m, 12, 0.1, 0);
	for (int i = 0; i < 2; i++) {
		struct sample *s;
		size_t n = 0;

		make_run(&d, "virtio-blk", 1, &m);
		set_emulated();
		s = d.trials[0].jobs[0].sample;
		for (size_t k = 0; k < s->n_intervals; k++)
			if (s->intervals[k].max_ns > 100000000 && n < (i ? 12 : 1)) {
				s->intervals[k].max_ns = 400000000;
				n++;
			}
		ck_assert_uint_eq(n, i ? 12 : 1);
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		ck_assert(is_found("stutter") == i);
		done();
	}
}
END_TEST

START_TEST(a_tail_of_few_requests_is_no_finding)
{
	struct made_job m = calm_job();

	m.lat_ns = 400e3;
	m.slow_share = 0.004;
	m.slow_ns = 10e6;
	m.seconds = 41; /* 250 a slice */
	ck_assert(finds(&m, NULL, NULL, "bad-tail"));
	m.seconds = 39;
	ck_assert(!finds(&m, NULL, NULL, "bad-tail"));
}
END_TEST

/* Something goes with the slowest moments of every job. */
START_TEST(a_signal_explains_nothing_where_nothing_is_felt)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "swap.out_pages", 0, 900);
	for (int i = 0; i < 2; i++) {
		set_stalls(&m, 12, i ? 0.4 : 0.1, 0);
		make_run(&d, "virtio-blk", 1, &m);
		set_emulated();
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		expect_cause(&f, "memory-pressure", i ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
			     "before 12 of 12 stalls", NULL);
		ck_assert(is_found("stutter") == i);
		done();
	}
}
END_TEST

START_TEST(what_most_trials_do_not_have_is_less_sure)
{
	struct made_job calm = calm_job(), m = calm_job();

	set_signal(&m, WATCHED_GUEST, "cpu0.steal_ns", 0.3e9, 0.3e9);
	for (uint32_t n = 1; n <= 4; n++) {
		make_run(&d, "virtio-blk", 5, &calm);
		for (uint32_t i = 0; i < n; i++)
			make_job(&trial_of(&d, 0, i)->jobs[0], &m);
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		expect_cause(&f, "vcpu-starved", n > 2 ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
			     "of 5 trials", NULL);
		done();
	}
	/* of two trials there is no most */
	make_run(&d, "virtio-blk", 2, &calm);
	make_job(&trial_of(&d, 0, 1)->jobs[0], &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_cause(&f, "vcpu-starved", CONFIDENCE_LIKELY, "so in 1 of 2 trials", NULL);
	done();
	/* what failed in one has failed */
	make_run(&d, "virtio-blk", 5, &calm);
	d.trials[3].jobs[0].sample->n_errors = 1;
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_cause(&f, "io-errors", CONFIDENCE_CERTAIN, "so in 1 of 5 trials", NULL);
	done();
}
END_TEST

START_TEST(storage_on_both_sides)
{
	struct made_job m = calm_job();

	m.depth = 8;
	m.busy = 0.99;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.55;
	for (int i = 0; i < 2; i++) { /* 0.9 and 1.1 ms at the device */
		m.lat_ns = i ? 2.0e6 : 1.63e6;
		make_run(&d, "virtio-blk", 1, &m);
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		expect_cause(&f, "device-saturated", i ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
			     NULL);
		done();
	}
	m.depth = 1.9 / 0.55;
	ck_assert(!finds(&m, NULL, NULL, "device-saturated"));
	m = calm_job();
	m.depth = 4;
	m.busy = 0.65;
	m.at[LAYER_AT_GUEST_BLOCK].share = 0.97;
	m.at[LAYER_AT_QEMU].share = 0.95;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.9;
	m.lat_ns = 5.7e6; /* 5.1 ms at the device, 5.4 in QEMU */
	ck_assert(finds(&m, NULL, NULL, "backend-slow"));
	m.lat_ns = 5.4e6; /* 4.9 and 5.1 */
	ck_assert(!finds(&m, NULL, NULL, "backend-slow"));
	m.lat_ns = 9e6;
	m.busy = 0.87; /* with few at once: slow, whatever its utilization says */
	ck_assert(finds(&m, NULL, NULL, "backend-slow"));
	m.busy = 0.95; /* and queueing: saturated */
	ck_assert(!finds(&m, NULL, NULL, "backend-slow"));
	m.busy = 0.5;
	m.at[LAYER_AT_QEMU].share = m.at[LAYER_AT_HOST_BLOCK].share = 0.58;
	ck_assert(!finds(&m, NULL, NULL, "backend-slow"));
	m.at[LAYER_AT_QEMU].share = m.at[LAYER_AT_HOST_BLOCK].share = 0.62;
	ck_assert(finds(&m, NULL, NULL, "backend-slow"));
}
END_TEST

START_TEST(the_virtual_part_on_both_sides)
{
	struct made_job m = calm_job();

	m.lat_ns = 500e3;
	m.depth = 6;
	set_signal(&m, WATCHED_HOST, "thread.main.run_ns", 0.8e9, 0.8e9);
	m.at[LAYER_AT_QEMU].share = 0.52; /* 0.38 between */
	m.at[LAYER_AT_HOST_BLOCK].share = 0.45;
	ck_assert(!finds(&m, NULL, NULL, "main-loop"));
	m.at[LAYER_AT_QEMU].share = 0.48; /* 0.42 */
	ck_assert(finds(&m, NULL, NULL, "main-loop"));
	set_signal(&m, WATCHED_HOST, "thread.main.run_ns", 0.68e9, 0.68e9);
	ck_assert(!finds(&m, NULL, NULL, "main-loop"));
	/* 0.4 and 0.6 ms of waiting on a queue */
	m.at[LAYER_AT_QEMU].share = 0.1;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.05;
	m.lat_ns = 270e3;
	ck_assert(finds(&m, NULL, NULL, "virtual-queueing"));
	m.lat_ns = 230e3;
	ck_assert(!finds(&m, NULL, NULL, "virtual-queueing"));
}
END_TEST

START_TEST(the_image_on_both_sides)
{
	struct made_job m = calm_job();

	m.at[LAYER_AT_HOST_BLOCK].bytes = 1.25;
	for (int i = 0; i < 2; i++) {
		make_run(&d, "virtio-blk", 1, &m);
		set_axis(&d, 0, "format", "qcow2");
		facts_add(&d.trials[0].facts, "path.cluster_bytes", i ? "65536" : "32768");
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		ck_assert(is_found("qcow2-layout") == !i);
		done();
	}
	/* 85 and 95 % of it had clusters */
	m.writes = 1;
	m.at[LAYER_AT_HOST_BLOCK].bytes = 1.4;
	for (int i = 0; i < 2; i++) {
		make_run(&d, "virtio-blk", 1, &m);
		set_axis(&d, 0, "format", "qcow2");
		facts_add(&d.trials[0].facts, "path.preallocated_share", i ? "0.950" : "0.850");
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		ck_assert(is_found("qcow2-allocation") == !i);
		done();
	}
	/* time in QEMU's block layer alone: 0.35 and 0.45 of the latency */
	m.at[LAYER_AT_HOST_BLOCK].bytes = 1;
	m.at[LAYER_AT_HOST_BLOCK].share = 0.15;
	for (int i = 0; i < 2; i++) {
		m.at[LAYER_AT_QEMU].share = i ? 0.6 : 0.5;
		make_run(&d, "virtio-blk", 1, &m);
		set_axis(&d, 0, "format", "qcow2");
		facts_add(&d.trials[0].facts, "path.preallocated_share", "0.1");
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		ck_assert(is_found("qcow2-allocation") == i);
		done();
	}
}
END_TEST

START_TEST(memory_on_both_sides)
{
	struct made_job m = calm_job();

	set_signal(&m, WATCHED_HOST, "memory.cgroup_reclaimed", 3000, 3000);
	set_signal(&m, WATCHED_HOST, "memory.cgroup_limit_hits", 1.8, 1.8);
	ck_assert(!finds(&m, NULL, NULL, "memory-pressure"));
	set_signal(&m, WATCHED_HOST, "memory.cgroup_limit_hits", 2.2, 2.2);
	ck_assert(finds(&m, NULL, NULL, "memory-pressure"));
	/* 8 and 12 % of what was read came from below: certain or likely */
	m = calm_job();
	for (int i = 0; i < 2; i++) {
		m.at[LAYER_AT_HOST_BLOCK].count = m.at[LAYER_AT_HOST_BLOCK].bytes = i ? 0.12 : 0.08;
		make_run(&d, "virtio-blk", 1, &m);
		set_axis(&d, 0, "cache", "writeback");
		ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
		expect_cause(&f, "cached-reads", i ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN, NULL);
		done();
	}
}
END_TEST

START_TEST(the_guest_on_both_sides)
{
	struct made_job m = calm_job();

	m.writes = 1;
	m.lat_ns = 1e6;
	m.depth = 0.001;
	m.seconds = 100;
	m.flush_ns = 6e6;
	m.flush_ns = 9e9;
	m.flushes_per_s = 0.04;
	ck_assert(!finds(&m, NULL, NULL, "flush-storm"));
	m.depth = 0.1;
	m.flush_ns = 6e6;
	m.flushes_per_s = 52;
	ck_assert(finds(&m, NULL, NULL, "flush-storm"));
	/* discards without enough stalls to test: slices with them against the others */
	m = calm_job();
	set_stalls(&m, 1, 0.4, 0);
	m.is_stalled_at[LAYER_AT_HOST_BLOCK] = false;
	set_signal(&m, WATCHED_QEMU, "block.discard_bytes", 0, 5e6);
	ck_assert(finds(&m, NULL, NULL, "discard-burst"));
	/* discards now and then, and the slowest request is as slow as ever */
	m.length_s = 0;
	m.lat_ns = 50e6;
	m.depth = 10;
	ck_assert(!finds(&m, NULL, NULL, "discard-burst"));
}
END_TEST

/* Five rounds need five seconds. */
START_TEST(drift_on_both_sides)
{
	struct made_job m = calm_job();

	m.drift = -0.4;
	m.seconds = 5;
	ck_assert(finds(&m, NULL, NULL, "not-steady"));
	m.seconds = 4;
	ck_assert(!finds(&m, NULL, NULL, "not-steady"));
	/* a stall in the middle is no drift */
	m.seconds = 20;
	m.drift = 0;
	set_stalls(&m, 2, 2.0, 0);
	ck_assert(!finds(&m, NULL, NULL, "not-steady"));
}
END_TEST

/* Of two causes in one job the second is told only when it is the surer one. */
START_TEST(a_shadow_is_hidden_unless_it_is_the_surer_one)
{
	static const char *const pairs[][2] = {
		{"io-throttled", "backend-slow"},
		{"io-throttled", "backend-stalls"},
		{"io-throttled", "virtual-queueing"},
		{"io-throttled", "not-steady"},
		{"backend-stalls", "backend-slow"},
		{"device-saturated", "backend-slow"},
		{"device-saturated", "backend-stalls"},
		{"discard-burst", "backend-slow"},
		{"discard-burst", "backend-stalls"},
		{"backend-stalls", "flush-storm"},
		{"backend-slow", "flush-storm"},
		{"iothread-starved", "virtual-queueing"},
		{"vcpu-starved", "virtual-queueing"},
		{"single-queue", "virtual-queueing"},
		{"iothread-starved", "main-loop"},
		{"vcpu-starved", "guest-cpu-bound"},
		{"background-job", "busy-host"},
		{"memory-pressure", "host-page-cache"},
		{"host-page-cache", "not-steady"},
		{"qcow2-allocation", "qcow2-layout"},
		{"reads-of-holes", "cached-reads"},
		{"stutter", "bad-tail"},
		{"stutter", "not-steady"},
		{"busy-host", "not-steady"},
	};
	/* told beside each other */
	static const char *const both[][2] = {{"vcpu-starved", "busy-host"},
					      {"iothread-starved", "vcpu-starved"},
					      {"backend-stalls", "stutter"}};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct found two[] = {{.cause = pairs[i][0], .confidence = CONFIDENCE_LIKELY},
				      {.cause = pairs[i][1], .confidence = CONFIDENCE_LIKELY}};
		struct look l = {.found = two, .n_found = 2};

		hide_shadows(&l);
		ck_assert_msg(!two[0].is_shadow && two[1].is_shadow, "%s does not hide %s",
			      pairs[i][0], pairs[i][1]);
		two[1].is_shadow = false;
		two[1].confidence = CONFIDENCE_CERTAIN;
		hide_shadows(&l);
		ck_assert_msg(!two[1].is_shadow, "%s hides a surer %s", pairs[i][0], pairs[i][1]);
	}
	for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
		struct found two[] = {{.cause = both[i][0], .confidence = CONFIDENCE_LIKELY},
				      {.cause = both[i][1], .confidence = CONFIDENCE_LIKELY}};
		struct look l = {.found = two, .n_found = 2};

		hide_shadows(&l);
		ck_assert_msg(!two[0].is_shadow && !two[1].is_shadow, "%s and %s", both[i][0],
			      both[i][1]);
	}
}
END_TEST

START_TEST(what_is_hidden_hides_nothing)
{
	struct found three[] = {{.cause = "io-throttled", .confidence = CONFIDENCE_LIKELY},
				{.cause = "flush-storm", .confidence = CONFIDENCE_LIKELY},
				{.cause = "backend-slow", .confidence = CONFIDENCE_LIKELY}};
	struct look l = {.found = three, .n_found = 3};

	hide_shadows(&l);
	ck_assert(!three[0].is_shadow && !three[1].is_shadow && three[2].is_shadow);
	/* and without the limit the storage is slow, whatever was committed */
	l.found = three + 1;
	l.n_found = 2;
	hide_shadows(&l);
	ck_assert(three[1].is_shadow && !three[2].is_shadow);
}
END_TEST

/* Steal goes with slow moments that nobody feels, and a full CPU of the guest is no more than
 * possible where it is emulated: of two that are only possible the cause is told. */
START_TEST(what_is_unsound_is_lowered_before_it_is_told)
{
	struct made_job m = calm_job();

	set_stalls(&m, 12, 0.1, 0);
	set_signal(&m, WATCHED_GUEST, "cpu0.steal_ns", 0.02e9, 0.95e9);
	set_signal(&m, WATCHED_GUEST, "cpu0.system_ns", 0.96e9, 0.96e9);
	set_signal(&m, WATCHED_HOST, "cpu.others_ns", 0.35e9, 0.35e9);
	make_run(&d, "virtio-blk", 1, &m);
	set_emulated();
	expect_causes(&d, &f, "vcpu-starved", "emulated-cpu", NULL);
	expect_cause(&f, "vcpu-starved", CONFIDENCE_POSSIBLE, NULL);
	done();
}
END_TEST

TCase *edge_cases(void)
{
	TCase *t = tcase_create("edges");

	tcase_add_test(t, how_many_stalls_a_signal_must_go_with);
	tcase_add_test(t, a_second_cause_is_named_of_what_the_first_leaves);
	tcase_add_test(t, signals_go_before_groups_of_stalls);
	tcase_add_test(t, stalls_must_be_long_and_take_their_part);
	tcase_add_test(t, only_stalls_that_are_felt_count);
	tcase_add_test(t, a_tail_of_few_requests_is_no_finding);
	tcase_add_test(t, a_signal_explains_nothing_where_nothing_is_felt);
	tcase_add_test(t, what_most_trials_do_not_have_is_less_sure);
	tcase_add_test(t, storage_on_both_sides);
	tcase_add_test(t, the_virtual_part_on_both_sides);
	tcase_add_test(t, the_image_on_both_sides);
	tcase_add_test(t, memory_on_both_sides);
	tcase_add_test(t, the_guest_on_both_sides);
	tcase_add_test(t, drift_on_both_sides);
	tcase_add_test(t, a_shadow_is_hidden_unless_it_is_the_surer_one);
	tcase_add_test(t, what_is_hidden_hides_nothing);
	tcase_add_test(t, what_is_unsound_is_lowered_before_it_is_told);
	return t;
}
