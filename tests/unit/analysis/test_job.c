/* One job as a whole: its stalls, what explains them, and what is refused. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "job_analysis.h"
#include "made_job.h"
#include "summary.h"

static struct run_data d;
static struct job_analysis a;

static void analyse(void)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(analyse_job(&d, 0, 0, &a, &err) == 0, "%s", err.text);
}

static void done(void)
{
	job_analysis_done(&a);
	run_data_done(&d);
}

static const struct signal *signal_of(const char *name)
{
	return signals_find(&(struct signals){a.signals, a.n_signals}, name);
}

static const struct role_cost *role_of(const char *role)
{
	for (size_t i = 0; i < a.n_roles; i++)
		if (!strcmp(a.roles[i].role, role))
			return &a.roles[i];
	return NULL;
}

/* Slices of a minute or more with a stall of half a second wherever @stalls has one. */
static struct job_result *make_stalls(double seconds, const double *stalls, size_t n)
{
	struct job_result *j = make_job(&d, "virtio-blk", seconds);
	struct rng r;

	rng_seed(&r, 3);
	for (size_t i = 0; i < (size_t)(seconds * 10); i++) {
		double at = (double)i / 10, worst = 150000 + 50000 * rng_unit(&r);
		bool is_gap = false;

		for (size_t k = 0; k < n; k++) {
			is_gap = is_gap || (at > stalls[k] - 0.01 && at < stalls[k] + 0.35);
			if (fabs(at - stalls[k] - 0.4) < 0.01)
				worst = 480e6;
		}
		if (!is_gap)
			add_slice(j, i, IO_READ, 500, 100000, (uint64_t)worst);
	}
	return j;
}

/* Where: a hog that takes the iothread's CPU for 0.2 s just before each stall, but the last two. */
static const double places[] = {3.7,  8.1,  14.5, 17.2, 24.0, 25.9,
				31.0, 34.1, 39.9, 43.8, 51.0, 57.0};
#define N_PLACES (sizeof places / sizeof *places)

static double hog(double s, void *ctx)
{
	size_t n = *(size_t *)ctx;

	for (size_t i = 0; i < n; i++)
		if (s > places[i] - 0.25 && s < places[i] - 0.05)
			return 0.9e9;
	return 0.001e9;
}

static double queued(double s, void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < N_PLACES; i++)
		if (s > places[i] - 0.01 && s < places[i] + 0.45)
			return 32;
	return 1;
}

/* Completions come in a burst when the stall ends, and the one before it had none. */
static double burst(double s, void *ctx)
{
	return queued(s, ctx) * 1e6;
}

static double noise(double s, void *ctx)
{
	(void)s;
	return 1e7 * rng_unit(ctx);
}

START_TEST(the_signal_that_goes_before_the_stalls_is_named_first)
{
	struct job_result *j = make_stalls(60, places, N_PLACES);
	size_t n = N_PLACES - 2;
	const struct signal *first;
	struct rng r;
	char name[48];

	rng_seed(&r, 9);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "thread.worker%d.wait_ns", i);
		watch(j, WATCHED_HOST, name, SERIES_COUNTER, noise, &r);
	}
	watch(j, WATCHED_HOST, "thread.iothread1.wait_ns", SERIES_COUNTER, hog, &n);
	watch(j, WATCHED_GUEST, "disk.in_flight", SERIES_GAUGE, queued, NULL);
	watch_gauge(j, WATCHED_HOST, "memory.dirty_bytes", 5);
	analyse();
	ck_assert_uint_eq(a.stutter.n_stalls, N_PLACES);
	ck_assert(!a.stutter.beat.is_periodic);
	ck_assert_int_eq(a.spike_kind, SPIKES_STALLS);
	ck_assert_uint_eq(a.n_spikes, N_PLACES);
	ck_assert(a.is_spike[37] && !a.is_spike[38]);
	first = &a.signals[0];
	ck_assert_str_eq(first->name, "host.thread.iothread1.wait_ns");
	ck_assert_ptr_eq(a.best, first);
	ck_assert_double_ge(first->why.af, 0.7);
	ck_assert_double_le(first->why.p_family, 0.01);
	ck_assert_double_ge(first->why.lead_s, 0.1);
	ck_assert_uint_eq(a.n_rest, 2);
	printf("iothread1 explains %.2f [%.2f, %.2f], p %.4f, family %.4f, Holm %.4f, lead %.1f "
	       "s\n",
	       first->why.af, first->why.af_lo, first->why.af_hi, first->why.p, first->why.p_family,
	       first->why.p_holm, first->why.lead_s);
	/* what follows the latency is tested, and is no cause */
	ck_assert(signal_of("guest.disk.in_flight")->is_tested);
	ck_assert_double_gt(signal_of("guest.disk.in_flight")->why.af, 0.9);
	ck_assert(!signal_of("host.memory.dirty_bytes")->is_tested);
	/* the sum of one iothread is not tested a second time */
	ck_assert(!signal_of("host.thread.iothread.wait_ns")->is_tested);
	for (size_t i = 1; i < a.n_signals; i++)
		ck_assert(!a.signals[i].is_tested || a.signals[i].is_symptom ||
			  (a.signals[i].why.af <= a.signals[i - 1].why.af &&
			   !a.signals[i - 1].is_symptom));
	done();
}
END_TEST

static double slow_second(double s, void *ctx)
{
	const bool *of = ctx;

	for (size_t i = 0; i < N_PLACES; i++)
		if (of[i] && s > places[i] - 0.25 && s < places[i] - 0.05)
			return 50;
	return 0;
}

/* CPU time of interrupts follows completions, and a temperature is read every 10 s. */
START_TEST(what_follows_io_or_is_slow_is_never_the_best)
{
	static const struct {
		enum watcher w;
		const char *raw, *name;
		enum series_kind kind;
		bool is_tested;
	} rows[] = {
		{WATCHED_GUEST, "cpu0.softirq_ns", "guest.cpu0.softirq_ns", SERIES_COUNTER, true},
		{WATCHED_GUEST, "cpu1.softirq_ns", "guest.cpu.softirq_ns", SERIES_COUNTER, true},
		{WATCHED_GUEST, "cpu0.irq_ns", NULL, SERIES_COUNTER, true},
		{WATCHED_GUEST, "cpu1.irq_ns", "guest.cpu.irq_ns", SERIES_COUNTER, true},
		{WATCHED_HOST, "cpu.softirq_ns", "host.cpu.softirq_ns", SERIES_COUNTER, true},
		{WATCHED_HOST, "cpu.irq_ns", "host.cpu.irq_ns", SERIES_COUNTER, true},
		{WATCHED_HOST, "temperature.nvme0_mc", "host.temperature.nvme0_mc", SERIES_GAUGE,
		 false},
	};
	struct job_result *j = make_stalls(60, places, N_PLACES);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		watch(j, rows[i].w, rows[i].raw, rows[i].kind, burst, NULL);
	analyse();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct signal *s = rows[i].name ? signal_of(rows[i].name) : NULL;

		if (!rows[i].name)
			continue;
		ck_assert_msg(s != NULL, "%s", rows[i].name);
		ck_assert_msg(s->is_tested == rows[i].is_tested, "%s", rows[i].name);
		ck_assert_msg(s->is_symptom == rows[i].is_tested, "%s", rows[i].name);
	}
	ck_assert_ptr_null(a.best);
	done();
}
END_TEST

START_TEST(what_the_best_leaves_is_tested_again)
{
	struct job_result *j = make_stalls(60, places, N_PLACES);
	static bool of[N_PLACES] = {[7] = 1, [8] = 1, [9] = 1, [10] = 1, [11] = 1};
	const struct signal *second;
	size_t n = 7;

	watch(j, WATCHED_HOST, "thread.iothread1.wait_ns", SERIES_COUNTER, hog, &n);
	watch(j, WATCHED_HOST, "swap.in_pages", SERIES_COUNTER, slow_second, of);
	analyse();
	ck_assert_str_eq(a.best->name, "host.thread.iothread1.wait_ns");
	ck_assert_uint_eq(a.n_rest, 5);
	second = signal_of("host.swap.in_pages");
	ck_assert(second->is_tested_on_rest);
	ck_assert_ptr_eq(a.second, second);
	ck_assert_double_le(second->rest.p_family, 0.05);
	ck_assert_double_gt(second->rest.af, 0.95);
	ck_assert_double_lt(second->why.af, 0.5);
	ck_assert(!a.best->is_tested_on_rest);
	done();
}
END_TEST

START_TEST(signals_that_explain_nothing_give_no_best)
{
	struct job_result *j = make_stalls(60, places, N_PLACES);
	struct rng r;
	char name[48];

	rng_seed(&r, 10);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "thread.worker%d.wait_ns", i);
		watch(j, WATCHED_HOST, name, SERIES_COUNTER, noise, &r);
	}
	analyse();
	ck_assert_ptr_null(a.best);
	ck_assert_ptr_null(a.second);
	ck_assert_uint_eq(a.n_rest, 0);
	done();
}
END_TEST

static double clock_before(double s, void *ctx)
{
	double in = s - floor(s / 5) * 5;

	(void)ctx;
	return in > 1.75 && in < 1.95 ? 0.9e9 : 0;
}

START_TEST(a_clock_is_reported_with_its_place_on_the_wall_clock)
{
	double beats[12];
	struct job_result *j;

	for (int k = 0; k < 12; k++)
		beats[k] = 2 + 5 * k;
	j = make_stalls(60, beats, 12);
	/* the counted time begins at 6 s of the host's clock, which is 0.5 s after a minute */
	set_fact(&d.trials[0].facts, "clock.wall_offset_ns", "1700000034500000000");
	watch(j, WATCHED_HOST, "thread.main.wait_ns", SERIES_COUNTER, clock_before, NULL);
	analyse();
	ck_assert(a.stutter.beat.is_periodic);
	ck_assert_double_eq_tol(a.stutter.beat.period_s, 5, 0.01);
	ck_assert_double_eq_tol(a.stutter.beat.phase_s, 2, 0.06);
	ck_assert_double_eq_tol(a.wall_phase_s, 2.5, 0.06);
	ck_assert_double_eq_tol(a.stutter.lost_per_beat_s, 0.5, 1e-6);
	/* the signal has the same clock: they can't be told apart */
	ck_assert_str_eq(a.signals[0].name, "host.thread.main.wait_ns");
	ck_assert_double_gt(a.signals[0].why.af, 0.95);
	ck_assert(a.signals[0].why.is_same_clock);
	ck_assert_double_gt(a.signals[0].why.p, 0.05);
	ck_assert_ptr_null(a.best);
	done();
}
END_TEST

/* Beats that are up to 0.2 s off, on a clock of @period_s that has its beats @phase_s after its
 * multiples since 1970, seen from @start_s of the wall clock. */
static void analyse_from(int64_t start_s, double period_s, double phase_s)
{
	static const double off[] = {.1, -.2, 0, .2, -.1, .1, .2, -.1, 0, -.2, .1, -.1};
	double beats[12], first = phase_s - fmod((double)start_s, period_s);
	char text[32];

	while (first < 0.5)
		first += period_s;
	for (int k = 0; k < 12; k++)
		beats[k] = round((first + k * period_s + off[k]) * 10) / 10;
	make_stalls(first + 11.5 * period_s, beats, 12);
	snprintf(text, sizeof text, "%lld", (long long)(start_s * 1000000000 - (int64_t)FROM_NS));
	set_fact(&d.trials[0].facts, "clock.wall_offset_ns", text);
	analyse();
	ck_assert(a.stutter.beat.is_periodic);
}

START_TEST(beats_that_are_not_exact_have_the_same_place_whenever_one_looks)
{
	static const int64_t starts[] = {1700000040, 1700003217, 1733332101, 1799999999};

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		analyse_from(starts[i], 5, 2);
		ck_assert_double_eq(a.wall_period_s, 5);
		ck_assert_double_eq_tol(a.wall_phase_s, 2, 0.15);
		done();
		analyse_from(starts[i], 12, 7); /* nobody's, and five of them are a minute */
		ck_assert_double_eq(a.wall_period_s, 12);
		ck_assert_double_eq_tol(a.wall_phase_s, 7, 0.15);
		done();
	}
	/* a clock that fits into no minute: where it was in 1970 nobody knows */
	analyse_from(starts[0], 7.3, 2);
	ck_assert(isnan(a.wall_phase_s) && isnan(a.wall_period_s));
	done();
}
END_TEST

START_TEST(the_tail_within_stalls_is_told)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);

	/* one stall of 61 slow requests; 30 of 250 us, which is none, and others: of 9763 requests
	 * 97 lie above p99, which is among the slowest of the calm slices */
	for (size_t i = 0; i < 100; i++)
		add_slice(j, i, IO_READ, i == 50 ? 61 : 98, i == 50 ? 5000000 : 100000,
			  i == 50                ? 9000000
			  : i % 3 == 1 && i < 90 ? 250000
						 : 150000);
	analyse();
	ck_assert_uint_eq(a.stutter.n_stalls, 1);
	ck_assert_double_eq_tol(a.stall_tail_share, 61. / (61 + 30), 1e-9);
	done();
}
END_TEST

START_TEST(with_few_stalls_the_slowest_slices_are_asked)
{
	struct job_result *j = make_job(&d, "virtio-blk", 60);

	for (size_t i = 0; i < 600; i++)
		add_slice(j, i, IO_READ, 10, 100000, i % 60 == 30 ? 250000 : 120000);
	analyse();
	ck_assert_uint_eq(a.stutter.n_stalls, 0);
	ck_assert_int_eq(a.spike_kind, SPIKES_SLOW);
	ck_assert_uint_eq(a.n_spikes, 10);
	ck_assert(a.is_spike[30]);
	done();
	j = make_job(&d, "virtio-blk", 60);
	for (size_t i = 0; i < 600; i++)
		add_slice(j, i, IO_READ, 10, 100000, i % 60 == 30 ? 140000 : 120000);
	analyse();
	ck_assert_int_eq(a.spike_kind, SPIKES_NONE); /* none is 1.5 times the median */
	ck_assert_uint_eq(a.n_spikes, 0);
	done();
}
END_TEST

START_TEST(cpu_time_is_priced_by_role)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);

	add_requests(j, IO_READ, 5000, 200000, 4096);
	set_fact(&j->facts, "cpu.vcpu_ns", "50000000");
	set_fact(&j->facts, "cpu.vcpu_wait_ns", "10000000");
	set_fact(&j->facts, "cpu.main_ns", "5000000000");
	set_fact(&j->facts, "irq.host.nvme0q1", "0:7");
	analyse();
	ck_assert_uint_eq(a.n_roles, 2);
	ck_assert_double_eq(role_of("vcpu")->run_ns_per_io, 10000);
	ck_assert_double_eq(role_of("vcpu")->wait_ns_per_io, 2000);
	ck_assert_double_eq_tol(role_of("main")->run_share, 0.5, 1e-9);
	ck_assert(isnan(role_of("main")->wait_share));
	ck_assert_ptr_null(role_of("iothread"));
	done();
}
END_TEST

/* A second job that runs beside the first from its middle on, and to twice its time. */
static struct job_result *add_job_beside(uint64_t begins_ns)
{
	struct trial_record *t = &d.trials[0];
	struct job_result *j;

	t->jobs = realloc(t->jobs, 2 * sizeof *t->jobs);
	t->n_jobs = 2;
	j = &t->jobs[1];
	*j = (struct job_result){.name = strdup("k"), .job_text = strdup("[k]\n")};
	j->sample = sample_new("k");
	j->sample->start_ns = begins_ns;
	j->sample->runtime_ns = 10000000000;
	j->sample->interval_ns = 100000000;
	for (int i = 0; i < 2; i++)
		set_fact(&t->jobs[i].facts, "cpu.jobs_in_window", "2");
	return j;
}

START_TEST(jobs_at_once_are_counted_together)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10), *k;
	const struct budget_dir *b = &a.budget.dir[IO_READ];
	double cpu;

	/* 10 s of 500 reads/s of 100 us beside 5 s of 500 of 300 us; the guest's disk counts both
	 */
	for (size_t i = 0; i < 100; i++)
		add_slice(j, i, IO_READ, 50, 100000, 100000);
	add_slice(j, 99, IO_WRITE, 50, 100000, 100000);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_READ, 750, 150000, 4096);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_WRITE, 5, 50000, 4096);
	set_fact(&j->facts, "cpu.vcpu_ns", "75500000");
	j->has_host_cpu = true;
	j->host_cpu_ns = 75500000;
	k = add_job_beside(START_NS + 5000000000);
	for (size_t i = 0; i < 100; i++)
		add_slice(k, i, IO_READ, 50, 300000, 300000);
	analyse();
	ck_assert_uint_eq(a.layers[LAYER_AT_ENGINE].n_jobs, 2);
	ck_assert(a.layers[LAYER_AT_ENGINE].is_whole);
	ck_assert_double_eq(a.layers[LAYER_AT_ENGINE].dir[IO_READ].n, 5000);
	ck_assert_double_eq(b->n[LAYER_AT_ENGINE], 7500);
	ck_assert_double_eq_tol(b->total_ns, (5000 * 100e3 + 2500 * 300e3) / 7500, 1);
	ck_assert_double_eq_tol(b->part[PART_GUEST].own_ns, b->total_ns - 150000, 2000);
	ck_assert_str_eq(b->warning, "2 jobs ran at once: this is the mean of all their 7500 "
				     "requests, of which 5000 are this job's");
	/* only this one writes: nothing is to be told apart */
	ck_assert_str_eq(a.budget.dir[IO_WRITE].warning, "");
	ck_assert_double_eq(a.budget.dir[IO_WRITE].n[LAYER_AT_ENGINE], 50);
	/* their CPU time is for the requests of both */
	ck_assert_double_eq_tol(role_of("vcpu")->run_ns_per_io, 10000, 1e-6);
	ck_assert(!job_metric(a.j, METRIC_CPU_PER_IO, &cpu));
	/* a slice of the other lies where it was */
	ck_assert_double_eq_tol(a.times_ns[49], 50 * 100e3, 0.01 * 50 * 100e3);
	ck_assert_double_eq_tol(a.times_ns[50], 50 * 400e3, 0.01 * 50 * 400e3);
	ck_assert_double_eq_tol(a.times_ns[IO_WRITE * a.line.n + 99], 50 * 100e3, 0.01 * 5e6);
	done();
}
END_TEST

START_TEST(jobs_one_after_the_other_are_alone)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10), *k;

	for (size_t i = 0; i < 100; i++)
		add_slice(j, i, IO_READ, 50, 100000, 100000);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_READ, 500, 90000, 4096);
	k = add_job_beside(START_NS + 10000000000);
	add_slice(k, 0, IO_READ, 50, 300000, 300000);
	analyse();
	ck_assert_uint_eq(a.layers[LAYER_AT_ENGINE].n_jobs, 1);
	ck_assert_double_eq(a.budget.dir[IO_READ].n[LAYER_AT_ENGINE], 5000);
	ck_assert(a.budget.dir[IO_READ].part[PART_VIRTUAL].has);
	job_analysis_done(&a);
	/* of the second of the group nothing is known: then nothing is split */
	k->sample = sample_free(k->sample);
	analyse();
	ck_assert_uint_eq(a.layers[LAYER_AT_ENGINE].n_jobs, 2);
	ck_assert(!a.layers[LAYER_AT_ENGINE].is_whole);
	ck_assert(!a.budget.dir[IO_READ].part[PART_VIRTUAL].has);
	ck_assert_ptr_nonnull(strstr(a.budget.dir[IO_READ].part[PART_VIRTUAL].why_not,
				     "2 jobs ran at once and are counted together"));
	ck_assert_ptr_null(a.times_ns);
	done();
}
END_TEST

START_TEST(rates_are_of_the_counted_time)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);

	watch_rate(j, WATCHED_QEMU, "block.errors", 7);
	analyse();
	ck_assert_double_eq_tol(analysis_rate(&a, WATCHED_QEMU, "block.errors"), 7, 0.01);
	ck_assert(isnan(analysis_rate(&a, WATCHED_QEMU, "block.reads")));
	done();
}
END_TEST

START_TEST(a_job_without_sample_and_watchers_has_no_analysis)
{
	struct job_result *j = make_job(&d, "virtio-blk", 10);
	struct bl_err err = BL_ERR_INIT;

	j->sample = sample_free(j->sample);
	ck_assert_int_eq(analyse_job(&d, 0, 0, &a, &err), -ENODATA);
	ck_assert_str_eq(err.text, "job 'j' has no sample and was not watched");
	run_data_done(&d);
	/* a failed trial's job without any request is an empty one */
	make_job(&d, "virtio-blk", 10);
	analyse();
	ck_assert_uint_eq(a.line.n, 0);
	ck_assert(!a.budget.dir[IO_READ].has);
	done();
}
END_TEST

START_TEST(the_same_record_gives_the_same_answer)
{
	struct job_result *j = make_stalls(60, places, N_PLACES);
	struct stutter once;
	struct attribution why;
	size_t n = N_PLACES;

	watch(j, WATCHED_HOST, "thread.iothread1.wait_ns", SERIES_COUNTER, hog, &n);
	analyse();
	once = a.stutter;
	why = a.signals[0].why;
	job_analysis_done(&a);
	analyse();
	ck_assert_mem_eq(&once.beat, &a.stutter.beat, sizeof once.beat);
	ck_assert_mem_eq(&why, &a.signals[0].why, sizeof why);
	done();
}
END_TEST

/* Instrumented builds are thirty times slower and tell nothing of time: two minutes of it. */
#ifdef __SANITIZE_ADDRESS__
enum { HOUR = 1200 };
#else
enum { HOUR = 36000 };
#endif

START_TEST(an_hour_with_sixty_signals_takes_seconds)
{
	struct job_result *j = make_job(&d, "virtio-blk", HOUR / 10);
	struct timespec begun, ended;
	double s;
	struct rng r;
	char name[48];

	rng_seed(&r, 12);
	j->sample->intervals = calloc(HOUR, sizeof *j->sample->intervals);
	j->sample->n_intervals = HOUR;
	for (size_t i = 0; i < HOUR; i++)
		j->sample->intervals[i] =
			(struct interval){.index = (uint32_t)i,
					  .count = 500,
					  .max_ns = (uint64_t)(i % 600 == 77 || rng_unit(&r) < 0.005
								       ? 9e6
								       : 1e5 * (1 + rng_unit(&r)))};
	add_requests(j, IO_READ, 1000, 100000, 4096);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "thread.worker%d.wait_ns", i);
		watch(j, WATCHED_HOST, name, SERIES_COUNTER, noise, &r);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
	analyse();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
	s = (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
	printf("%d slices, %zu signals, %zu stalls in %zu events: %.2f s of CPU\n", HOUR,
	       a.n_signals, a.stutter.n_stalls, a.stutter.beat.n_events, s);
	ck_assert_uint_ge(a.n_signals, 60);
	ck_assert_double_lt(s, 20); /* under 2 s where this was written */
	done();
}
END_TEST

TCase *job_cases(void)
{
	TCase *t = tcase_create("job");

	tcase_add_test(t, the_signal_that_goes_before_the_stalls_is_named_first);
	tcase_add_test(t, what_follows_io_or_is_slow_is_never_the_best);
	tcase_add_test(t, what_the_best_leaves_is_tested_again);
	tcase_add_test(t, signals_that_explain_nothing_give_no_best);
	tcase_add_test(t, a_clock_is_reported_with_its_place_on_the_wall_clock);
	tcase_add_test(t, beats_that_are_not_exact_have_the_same_place_whenever_one_looks);
	tcase_add_test(t, the_tail_within_stalls_is_told);
	tcase_add_test(t, with_few_stalls_the_slowest_slices_are_asked);
	tcase_add_test(t, cpu_time_is_priced_by_role);
	tcase_add_test(t, jobs_at_once_are_counted_together);
	tcase_add_test(t, jobs_one_after_the_other_are_alone);
	tcase_add_test(t, rates_are_of_the_counted_time);
	tcase_add_test(t, a_job_without_sample_and_watchers_has_no_analysis);
	tcase_add_test(t, the_same_record_gives_the_same_answer);
	tcase_add_test(t, an_hour_with_sixty_signals_takes_seconds);
	return t;
}
