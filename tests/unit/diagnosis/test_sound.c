/* Is the measurement sound, do symptoms name their cause, is the configuration what it should be?
 */
#include <errno.h>
#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs.h"
#include "job_steady.h"
#include "made_job.h"
#include "rng.h"
#include "thresholds.h"

static struct run_data d;
static struct findings f;

static void done(void)
{
	findings_done(&f);
	run_data_done(&d);
}

/* ---- measurement ---- */

START_TEST(reads_that_came_from_memory)
{
	struct made_job m = calm_job();

	/* the guest's cache */
	m.at[LAYER_AT_GUEST_BLOCK].count = m.at[LAYER_AT_GUEST_BLOCK].bytes = 0.4;
	m.at[LAYER_AT_QEMU].count = m.at[LAYER_AT_QEMU].bytes = 0.4;
	m.at[LAYER_AT_HOST_BLOCK].count = m.at[LAYER_AT_HOST_BLOCK].bytes = 0.4;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "cached-reads", NULL);
	expect_cause(&f, "cached-reads", CONFIDENCE_LIKELY, "40.0 % came from the guest's disk",
		     NULL);
	ck_assert_ptr_null(f.items[0].change);
	done();
	/* the host's */
	m = calm_job();
	m.at[LAYER_AT_HOST_BLOCK].count = m.at[LAYER_AT_HOST_BLOCK].bytes = 0.05;
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	facts_add(&d.trials[0].facts, "backing.cached_bytes", "104857600");
	expect_causes(&d, &f, "cached-reads", NULL);
	expect_cause(&f, "cached-reads", CONFIDENCE_CERTAIN, "5.00 % came from the host's device",
		     "100 MiB of the image", NULL);
	ck_assert_str_eq(f.items[0].change, "cache=none");
	done();
	/* more than half from the disk */
	m.at[LAYER_AT_HOST_BLOCK].count = m.at[LAYER_AT_HOST_BLOCK].bytes = 0.55;
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "writeback");
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(a_short_job_is_said_and_lowers_the_rest)
{
	struct made_job m = calm_job();

	m.seconds = 1;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	findings_done(&f);
	d.trials[0].jobs[0].sample->runtime_ns = 999000000;
	expect_causes(&d, &f, "too-short", NULL);
	expect_cause(&f, "too-short", CONFIDENCE_CERTAIN, "was measured for 999 ms", NULL);
	done();
	make_run(&d, "virtio-blk", 1, &m);
	set_reads(&d.trials[0].jobs[0], 99, 1000000, 0);
	expect_causes(&d, &f, "too-short", NULL);
	expect_cause(&f, "too-short", CONFIDENCE_CERTAIN, "completed 99 requests", NULL);
	done();
	make_run(&d, "virtio-blk", 1, &m);
	set_reads(&d.trials[0].jobs[0], 100, 1000000, 0);
	d.trials[0].jobs[0].sample->start_ns = 0;
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_not(&f, "too-short");
	done();
	/* 8 s of a starved iothread, of which there are 50 requests */
	m.seconds = 8;
	m.lat_ns = 160e6;
	set_signal(&m, WATCHED_GUEST, "cpu0.steal_ns", 0.3e9, 0.3e9);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "too-short", "vcpu-starved", NULL);
	expect_cause(&f, "vcpu-starved", CONFIDENCE_POSSIBLE, "only possible, since too little",
		     NULL);
	done();
}
END_TEST

/* Of 5.45 s the 55th slice is a half one with hardly a request, at the end of the last fifth. */
START_TEST(the_rest_of_a_slice_is_no_slow_one)
{
	struct made_job m = calm_job();
	struct interval *last;
	struct sample *s;

	m.seconds = 6;
	m.drift = -0.08;
	make_run(&d, "virtio-blk", 1, &m);
	s = d.trials[0].jobs[0].sample;
	while (s->n_intervals > 55)
		free(s->intervals[--s->n_intervals].buckets);
	s->runtime_ns = 5450000000;
	last = &s->intervals[54];
	ck_assert_uint_eq(last->index, 54);
	last->count = last->buckets[0].count = 1;
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(a_drift_is_not_steady_and_noise_is)
{
	static const char *const paced[] = {
		"[j]\nrate_iops=5000\n",  "[j]\nrate=,1m\n",    "[j]\nrate=0,1m,\nrw=write\n",
		"[j]\nrate_iops=0,0,9\n", "[j]\nthinktime=5\n", "[j]\nlatency_target=10ms\n"};
	static const char *const free_[] = {"[j]\nrate=0\nbs=4k\n", "[j]\nrate=,,\nsize=9\n",
					    "[j]\nrate_cycle=1000\n"};
	struct made_job m = calm_job();

	m.drift =
		-0.16; /* over all; the middles of the first and last fifth differ by four fifths */
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "not-steady", NULL);
	expect_cause(&f, "not-steady", CONFIDENCE_LIKELY, "drifted by -12", "in its fifths", NULL);
	done();
	m.drift = -0.1;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	/* asked for */
	m.drift = -0.3;
	make_run(&d, "virtio-blk", 1, &m);
	for (size_t i = 0; i < sizeof paced / sizeof *paced; i++) {
		free(d.trials[0].jobs[0].job_text);
		d.trials[0].jobs[0].job_text = strdup(paced[i]);
		expect_causes(&d, &f, NULL);
		findings_done(&f);
	}
	for (size_t i = 0; i < sizeof free_ / sizeof *free_; i++) {
		free(d.trials[0].jobs[0].job_text);
		d.trials[0].jobs[0].job_text = strdup(free_[i]);
		expect_causes(&d, &f, "not-steady", NULL);
		findings_done(&f);
	}
	run_data_done(&d);
	/* shorter than five rounds */
	m.seconds = 4;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(rounds_that_were_given_up_are_not_steady)
{
	struct made_job m = calm_job();
	struct facts *facts;

	make_run(&d, "virtio-blk", 1, &m);
	facts = &d.trials[0].jobs[0].facts;
	facts_add(facts, STEADY_FACT_ROUNDS, "25");
	facts_add(facts, STEADY_FACT_REACHED, "no: throughput drifted by -31 %");
	expect_causes(&d, &f, "not-steady", NULL);
	expect_cause(&f, "not-steady", CONFIDENCE_LIKELY, "after 25 rounds",
		     "throughput drifted by -31 %", NULL);
	done();
	make_run(&d, "virtio-blk", 1, &m);
	facts = &d.trials[0].jobs[0].facts;
	facts_add(facts, STEADY_FACT_ROUNDS, "7");
	facts_add(facts, STEADY_FACT_REACHED, "yes");
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* Latency of each slice by @factor at the top of a saw of @period_s. */
static void swing(struct sample *s, double factor, double period_s)
{
	struct rng r;

	rng_seed(&r, 4);
	for (size_t i = 0; i < s->n_intervals; i++) {
		struct interval *iv = &s->intervals[i];
		double up = fmod(iv->index / 10., period_s) / period_s * (factor - 1) + 1;
		double ns = 200e3 * up * (0.9 + 0.2 * rng_unit(&r));

		iv->buckets[0].index = (uint16_t)hist_index((uint64_t)ns);
	}
}

START_TEST(latency_that_swings_is_not_steady)
{
	struct made_job m = calm_job();

	m.seconds = 240;
	make_run(&d, "virtio-blk", 1, &m);
	swing(d.trials[0].jobs[0].sample, 2, 20);
	expect_causes(&d, &f, "not-steady", NULL);
	expect_cause(&f, "not-steady", CONFIDENCE_LIKELY, "latency swings every 20",
		     "over all periods from 4.00 to 24.0 s", NULL);
	done();
	/* a little; and as it was asked for */
	make_run(&d, "virtio-blk", 1, &m);
	swing(d.trials[0].jobs[0].sample, 1.2, 20);
	expect_causes(&d, &f, NULL);
	findings_done(&f);
	swing(d.trials[0].jobs[0].sample, 2, 20);
	free(d.trials[0].jobs[0].job_text);
	d.trials[0].jobs[0].job_text = strdup("[j]\nthinktime=5\n");
	expect_causes(&d, &f, NULL);
	done();
	/* beside stalls: with them */
	set_stalls(&m, 4, 1.0, 0);
	m.is_stalled_at[LAYER_AT_HOST_BLOCK] = m.is_stalled_at[LAYER_AT_QEMU] = false;
	make_run(&d, "virtio-blk", 1, &m);
	swing(d.trials[0].jobs[0].sample, 2, 20);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_not(&f, "not-steady");
	expect_cause(&f, "stutter", CONFIDENCE_CERTAIN, "latency swings every 20", NULL);
	done();
}
END_TEST

/* ---- symptoms ---- */

START_TEST(two_stalls_happen_on_every_host)
{
	struct made_job m = calm_job();

	set_stalls(&m, 2, 1.0, 0);
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	set_stalls(&m, 3, 1.0, 0);
	m.is_stalled_at[LAYER_AT_HOST_BLOCK] = m.is_stalled_at[LAYER_AT_QEMU] = false;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, "stutter", "no-cause", NULL);
	expect_cause(&f, "stutter", CONFIDENCE_LIKELY, "3 stalls",
		     "too few for a period to be told", "nothing that was watched explains", NULL);
	done();
}
END_TEST

START_TEST(a_tail_is_bad_from_twenty_times_the_median)
{
	struct made_job m = calm_job();

	m.lat_ns = 100e3;
	m.slow_share = 0.004;
	m.slow_ns = 2.2e6;
	make_run(&d, "virtio-blk", 1, &m);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_cause(&f, "bad-tail", CONFIDENCE_LIKELY, "p99.9 is 2.20 ms", "22", "the mean of 10",
		     "nothing that was watched explains it", NULL);
	expect_cause(&f, "no-cause", CONFIDENCE_POSSIBLE, "a bad tail", NULL);
	done();
	m.slow_ns = 1.9e6;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
	/* nobody feels 900 us */
	m.lat_ns = 20e3;
	m.slow_ns = 0.9e6;
	make_run(&d, "virtio-blk", 1, &m);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(what_was_looked_at_is_kept_for_each_job)
{
	struct made_job m = calm_job();
	const struct looked_at *l;

	make_run(&d, "virtio-blk", 2, &m);
	expect_causes(&d, &f, NULL);
	l = findings_looked_at(&f, 0, "j");
	ck_assert_ptr_nonnull(l);
	ck_assert_uint_eq(l->n_trials, 2);
	ck_assert_ptr_nonnull(strstr(l->there, "the guest's CPUs and steal"));
	ck_assert_ptr_nonnull(strstr(l->there, " signals, "));
	ck_assert_str_eq(l->absent, "throttling of CPUs");
	ck_assert_ptr_null(findings_looked_at(&f, 0, "k"));
	ck_assert_ptr_null(findings_looked_at(&f, 1, "j"));
	done();
}
END_TEST

START_TEST(the_findings_of_a_cell_are_surest_first)
{
	struct made_job m = calm_job();
	const struct finding **list;
	size_t n;

	set_signal(&m, WATCHED_HOST, "cpu.others_ns", 4e9, 4e9);
	make_run(&d, "virtio-blk", 1, &m);
	set_axis(&d, 0, "cache", "unsafe");
	facts_add(&d.trials[0].jobs[0].facts, "host.ran.1", "restic (pid 9)");
	expect_causes(&d, &f, "background-job", "cache-unsafe", "busy-host", NULL);
	ck_assert_int_eq(findings_of_cell(&f, 0, &list, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(list[0]->cause, "cache-unsafe");
	ck_assert_str_eq(list[1]->cause, "busy-host");
	ck_assert_str_eq(list[2]->cause, "background-job");
	ck_assert_ptr_null(list[3]);
	free(list);
	ck_assert_int_eq(findings_of_cell(&f, 1, &list, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(list);
	done();
}
END_TEST

/* ---- configuration ---- */

START_TEST(a_cache_mode_that_drops_flushes_is_named_beside_its_speed)
{
	static const char *const buses[] = {"virtio-blk", "virtio-blk", NULL};
	struct made_job m = calm_job();

	m.seconds = 10;
	make_case(&d, buses, 2);
	for (size_t i = 0; i < d.n_trials; i++) {
		m.lat_ns = d.trials[i].cell ? 100e3 : 200e3;
		make_job(&d.trials[i].jobs[0], &m);
	}
	set_axis(&d, 1, "cache", "unsafe");
	free(d.cells[1].durability);
	d.cells[1].durability = strdup("loses all in a crash of the host");
	expect_causes(&d, &f, "cache-unsafe", NULL);
	expect_cause(&f, "cache-unsafe", CONFIDENCE_CERTAIN, "loses all in a crash",
		     "the cell 'virtio-blk' with the same job: IOPS -50 %", NULL);
	ck_assert_uint_eq(f.items[0].cell, 1);
	ck_assert_str_eq(f.items[0].change, "cache=none");
	done();
	/* any way the flag is set */
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "path.cache_no_flush", "on");
	expect_causes(&d, &f, "cache-unsafe", NULL);
	done();
	make_run(&d, "virtio-blk", 1, &m);
	facts_add(&d.trials[0].facts, "path.cache_no_flush", "off");
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

START_TEST(asked_and_effective_that_differ_are_drift)
{
	struct made_job m = calm_job();

	make_run(&d, "virtio-blk", 2, &m);
	effectives_add(&d.trials[1].effective, "cache.direct", "on", "off", "query-block");
	effectives_add(&d.trials[1].effective, "aio", "native", NULL, "not readable");
	expect_causes(&d, &f, "config-drift", NULL);
	expect_cause(&f, "config-drift", CONFIDENCE_CERTAIN,
		     "cache.direct was asked to be 'on' and was 'off' (query-block)",
		     "so in 1 of 2 trials", NULL);
	ck_assert_uint_eq(f.items[0].trial, 1);
	done();
}
END_TEST

START_TEST(trials_of_a_cell_that_are_unlike_are_drift)
{
	struct made_job m = calm_job();

	make_run(&d, "virtio-blk", 2, &m);
	facts_add(&d.trials[0].facts, "guest.kernel", "6.1.0");
	facts_add(&d.trials[1].facts, "guest.kernel", "6.1.0");
	facts_add(&d.trials[0].facts, "path.source", "/tmp/a");
	facts_add(&d.trials[1].facts, "path.source", "/tmp/b"); /* a name, new each time */
	expect_causes(&d, &f, NULL);
	findings_done(&f);
	set_fact(&d.trials[1].facts, "guest.kernel", "6.5.0");
	expect_causes(&d, &f, "config-drift", NULL);
	expect_cause(&f, "config-drift", CONFIDENCE_CERTAIN,
		     "guest.kernel is '6.5.0' in trial 2 and was '6.1.0' before", NULL);
	done();
}
END_TEST

START_TEST(two_runs_are_compared_by_what_makes_hosts_unlike)
{
	struct made_job m = calm_job();
	struct run_data other;

	make_run(&d, "virtio-blk", 1, &m);
	make_run(&other, "virtio-blk", 1, &m);
	facts_add(&d.run.environment, "cpu.microcode", "0x10");
	facts_add(&other.run.environment, "cpu.microcode", "0x10");
	facts_add(&d.run.environment, "memory.available_bytes", "1");
	facts_add(&other.run.environment, "memory.available_bytes", "2");
	ck_assert_int_eq(diagnose_beside(&d, &other, &f, NULL), 0);
	expect_not(&f, "config-drift");
	findings_done(&f);
	set_fact(&other.run.environment, "cpu.microcode", "0x11");
	other.run.host_name = strdup("lab-b");
	ck_assert_int_eq(diagnose_beside(&d, &other, &f, NULL), 0);
	expect_cause(&f, "config-drift", CONFIDENCE_CERTAIN,
		     "cpu.microcode is '0x10' here and '0x11' there: beside run", "'lab-b'", NULL);
	findings_done(&f);
	set_fact(&other.run.environment, "cpu.microcode", "0x10");
	facts_add(&d.trials[0].facts, "path.aio", "native");
	facts_add(&other.trials[0].facts, "path.aio", "threads");
	ck_assert_int_eq(diagnose_beside(&d, &other, &f, NULL), 0);
	expect_cause(&f, "config-drift", CONFIDENCE_CERTAIN,
		     "path.aio is 'native' here and 'threads' there: beside run", NULL);
	findings_done(&f);
	ck_assert_int_eq(diagnose_run(&d, &f, NULL), 0);
	expect_not(&f, "config-drift");
	findings_done(&f);
	set_fact(&other.trials[0].facts, "path.aio", "native");
	free(other.trials[0].jobs[0].job_text);
	other.trials[0].jobs[0].job_text = strdup("[j]\nrw=randread\ndirect=1\niodepth=8\n");
	ck_assert_int_eq(diagnose_beside(&d, &other, &f, NULL), 0);
	expect_cause(&f, "config-drift", CONFIDENCE_CERTAIN,
		     "job 'j' has 'iodepth=1' here and 'iodepth=8' there", NULL);
	findings_done(&f);
	free(other.cells[0].name);
	other.cells[0].name = strdup("another");
	ck_assert_int_eq(diagnose_beside(&d, &other, &f, NULL), -ENOENT);
	run_data_done(&other);
	run_data_done(&d);
}
END_TEST

/* ---- cells against each other ---- */

/* Two cells; the first has @ratio of the second's mean, and the worse tail. */
static void make_swapped(uint32_t repeats, double mean_a, double slow_a, double mean_b,
			 double slow_b)
{
	static const char *const buses[] = {"virtio-blk", "virtio-scsi", NULL};
	struct made_job m = calm_job();

	m.seconds = 20;
	m.slow_share = 0.004;
	make_case(&d, buses, repeats);
	for (size_t i = 0; i < d.n_trials; i++) {
		m.lat_ns = (d.trials[i].cell ? mean_b : mean_a) * (1 + 0.001 * d.trials[i].repeat);
		m.slow_ns = (d.trials[i].cell ? slow_b : slow_a) * (1 + 0.001 * d.trials[i].repeat);
		make_job(&d.trials[i].jobs[0], &m);
	}
}

START_TEST(cells_that_swap_places_between_mean_and_tail)
{
	make_swapped(6, 50e3, 950e3, 100e3, 500e3);
	for (size_t i = 0; i < d.n_trials; i++) /* enough beyond p99.9 */
		ck_assert_uint_gt(d.trials[i].jobs[0].sample->dir[IO_READ].ios, 100000);
	expect_causes(&d, &f, "mean-misleads", NULL);
	expect_cause(&f, "mean-misleads", CONFIDENCE_CERTAIN, "'virtio-blk' has a mean of 53",
		     "p99.9 of 9", "6 pairs", NULL);
	ck_assert_str_eq(f.items[0].job, "j");
	done();
	/* too few to prove it */
	make_swapped(2, 50e3, 950e3, 100e3, 500e3);
	expect_causes(&d, &f, "mean-misleads", NULL);
	expect_cause(&f, "mean-misleads", CONFIDENCE_POSSIBLE, "seen in each", NULL);
	done();
	/* one of each has both */
	make_swapped(6, 50e3, 500e3, 100e3, 950e3);
	expect_causes(&d, &f, NULL);
	done();
	/* close */
	make_swapped(2, 95e3, 520e3, 100e3, 500e3);
	expect_causes(&d, &f, NULL);
	done();
}
END_TEST

/* The third wins both, so that none of the other two wins anything overall. */
START_TEST(two_cells_swap_places_beside_one_that_wins_both)
{
	static const char *const buses[] = {"virtio-blk", "virtio-scsi", "nvme-emulated", NULL};
	static const double mean[] = {50e3, 100e3, 30e3}, slow[] = {950e3, 500e3, 400e3};
	struct made_job m = calm_job();

	m.seconds = 20;
	m.slow_share = 0.004;
	make_case(&d, buses, 6);
	for (size_t i = 0; i < d.n_trials; i++) {
		m.lat_ns = mean[d.trials[i].cell] * (1 + 0.001 * d.trials[i].repeat);
		m.slow_ns = slow[d.trials[i].cell] * (1 + 0.001 * d.trials[i].repeat);
		make_job(&d.trials[i].jobs[0], &m);
	}
	expect_causes(&d, &f, "mean-misleads", NULL);
	expect_cause(&f, "mean-misleads", CONFIDENCE_CERTAIN, "'virtio-blk' has a mean of 53",
		     "'virtio-scsi' has", NULL);
	ck_assert_uint_eq(f.items[0].cell, 0);
	done();
}
END_TEST

/* Each has a better mean and a worse tail than the next: ten pairs, of which three are told. */
START_TEST(of_many_that_swap_places_the_worst_are_told)
{
	static const char *const buses[] = {"virtio-blk", "virtio-scsi", "nvme-emulated",
					    "virtio-blk", "virtio-scsi", NULL};
	struct made_job m = calm_job();

	m.seconds = 20;
	m.slow_share = 0.004;
	make_case(&d, buses, 6);
	for (size_t i = 0; i < d.n_trials; i++) {
		m.lat_ns = (50e3 + 10e3 * d.trials[i].cell) * (1 + 0.001 * d.trials[i].repeat);
		m.slow_ns = (950e3 - 50e3 * d.trials[i].cell) * (1 + 0.001 * d.trials[i].repeat);
		make_job(&d.trials[i].jobs[0], &m);
	}
	expect_findings(&d, 3, &f);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(f.items[i].cell, i);
	done();
}
END_TEST

/* Three depths in one trial: the latency of each. */
static void make_sweep(const double lat_ns[3])
{
	static const int depths[] = {1, 4, 16};
	struct made_job m = calm_job();
	struct trial_record *t;

	make_run(&d, "virtio-blk", 1, &m);
	t = &d.trials[0];
	t->jobs = realloc(t->jobs, 3 * sizeof *t->jobs);
	memset(&t->jobs[1], 0, 2 * sizeof *t->jobs);
	t->n_jobs = 3;
	for (size_t i = 0; i < 3; i++) {
		char name[32], text[80];

		snprintf(name, sizeof name, "qd%d", depths[i]);
		snprintf(text, sizeof text, "[%s]\nrw=randread\niodepth=%d\n", name, depths[i]);
		free(t->jobs[i].name);
		free(t->jobs[i].job_text);
		t->jobs[i].name = strdup(name);
		t->jobs[i].job_text = strdup(text);
		m.lat_ns = lat_ns[i];
		m.depth = depths[i];
		m.seconds = 10;
		m.start_s = 11 * (double)i;
		make_job(&t->jobs[i], &m);
	}
}

START_TEST(a_sweep_beyond_its_knee_is_too_deep)
{
	static const double flat[] = {100e3, 110e3, 420e3}, good[] = {100e3, 105e3, 120e3};
	static const double late[] = {100e3, 315e3, 1220e3}; /* the knee is at 1, flat from 4 on */

	make_sweep(flat);
	expect_causes(&d, &f, "queue-too-deep", NULL);
	expect_cause(&f, "queue-too-deep", CONFIDENCE_LIKELY, "the knee is at iodepth 4: 36",
		     "beyond it iodepth 16: 38", "mean latency x3.82", NULL);
	ck_assert_str_eq(f.items[0].job, "qd16");
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "iodepth=4"));
	done();
	make_sweep(good);
	expect_causes(&d, &f, NULL);
	done();
	make_sweep(late);
	expect_causes(&d, &f, "queue-too-deep", NULL);
	expect_cause(&f, "queue-too-deep", CONFIDENCE_LIKELY, "the knee is at iodepth 1: 10",
		     "iodepth 4: 12", "beyond it iodepth 16: 13", NULL);
	ck_assert_str_eq(f.items[0].job, "qd16");
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "iodepth=4"));
	done();
}
END_TEST

/* ---- the tables ---- */

START_TEST(every_threshold_is_documented_as_it_is)
{
	struct bl_buf doc = BL_BUF_INIT;

	ck_assert_int_eq(bl_read_file(SOURCE_DIR "/docs/findings.md", 1 << 20, &doc, NULL), 0);
	for (size_t i = 0; i < N_THRESHOLDS; i++) {
		const struct threshold_row *r = &threshold_rows[i];
		char row[400];

		snprintf(row, sizeof row, "| `%s` | %.10g | %.10g | %s | %s |", r->name, r->real,
			 r->emulated, r->unit, r->why);
		ck_assert_msg(strstr(bl_buf_str(&doc), row) != NULL, "no row:\n%s", row);
	}
	bl_buf_done(&doc);
}
END_TEST

START_TEST(every_cause_that_people_meet_has_its_symptom)
{
	static const char *const without[] = {"device-not-returned", "device-health", "no-cause",
					      "too-short", "emulated-cpu"};

	for (size_t i = 0; i < n_cause_rows; i++) {
		bool is_without = false;

		for (size_t k = 0; k < sizeof without / sizeof *without; k++)
			is_without |= !strcmp(without[k], cause_rows[i].name);
		ck_assert_msg(cause_rows[i].symptom || is_without, "%s", cause_rows[i].name);
		ck_assert_msg(*cause_rows[i].title && *cause_rows[i].help, "%s",
			      cause_rows[i].name);
	}
}
END_TEST

TCase *sound_cases(void)
{
	TCase *t = tcase_create("sound");

	tcase_add_test(t, reads_that_came_from_memory);
	tcase_add_test(t, a_short_job_is_said_and_lowers_the_rest);
	tcase_add_test(t, the_rest_of_a_slice_is_no_slow_one);
	tcase_add_test(t, a_drift_is_not_steady_and_noise_is);
	tcase_add_test(t, rounds_that_were_given_up_are_not_steady);
	tcase_add_test(t, latency_that_swings_is_not_steady);
	tcase_add_test(t, two_stalls_happen_on_every_host);
	tcase_add_test(t, a_tail_is_bad_from_twenty_times_the_median);
	tcase_add_test(t, what_was_looked_at_is_kept_for_each_job);
	tcase_add_test(t, the_findings_of_a_cell_are_surest_first);
	tcase_add_test(t, a_cache_mode_that_drops_flushes_is_named_beside_its_speed);
	tcase_add_test(t, asked_and_effective_that_differ_are_drift);
	tcase_add_test(t, trials_of_a_cell_that_are_unlike_are_drift);
	tcase_add_test(t, two_runs_are_compared_by_what_makes_hosts_unlike);
	tcase_add_test(t, cells_that_swap_places_between_mean_and_tail);
	tcase_add_test(t, two_cells_swap_places_beside_one_that_wins_both);
	tcase_add_test(t, of_many_that_swap_places_the_worst_are_told);
	tcase_add_test(t, a_sweep_beyond_its_knee_is_too_deep);
	tcase_add_test(t, every_threshold_is_documented_as_it_is);
	tcase_add_test(t, every_cause_that_people_meet_has_its_symptom);
	return t;
}
