/* Signals of guest, QEMU and host, made from the samples of a run: what a layer sees is what the
 * engine saw, less what the layers above it took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synthetic.h"

#define TICK_NS       100000000u
#define MARGIN        3 /* ticks watched before and after the job */
#define CLOCK_NS      1000000000000
#define STALLED_NS    8000000u
#define GUEST_MOST_NS 10000 /* own time down to the guest's block layer */
#define MIB           ((uint64_t)1 << 20)

enum trouble { CALM, MAIN_LOOP, WRITEBACK };

/* By cell. */
static const struct made_layers {
	double guest_ns, virtual_ns, qemu_ns; /* a request's own time in each */
	double host_share;                    /* of the requests that reach the host's device */
	const char *thread;                   /* that serves the disk; NULL: no VM */
	double thread_ns;                     /* its CPU time a request */
	enum trouble trouble;
} made_layers[] = {
	{0, 0, 0, 1, NULL, 0, CALM},
	{9000, 21000, 11000, 1, "iothread1", 14000, CALM},
	{9000, 60000, 12000, 1, "main", 17000, MAIN_LOOP},
	{9000, 62000, 41000, 1, "main", 26000, CALM},
	{9000, 60000, 12000, 0.3, "main", 21000, WRITEBACK},
};

/* One slice of the job. */
struct tick {
	double n, sum_ns;
	double stalled_ns; /* of the one I/O that stalled */
	bool is_stalled;
};

static struct tick *ticks_of(const struct sample *s, size_t n)
{
	struct tick *ticks = calloc(n, sizeof(*ticks));

	if (!ticks)
		abort();
	for (size_t i = 0; i < s->n_intervals; i++) {
		const struct interval *v = &s->intervals[i];
		size_t last = v->index + MARGIN;

		if (v->index + 2 * MARGIN >= n)
			continue;
		for (uint32_t b = 0; b < v->n_buckets; b++) {
			unsigned k = v->buckets[b].index;
			double ns = ((double)hist_low(k) + (double)hist_high(k)) / 2;

			ticks[last].n += v->buckets[b].count;
			ticks[last].sum_ns += v->buckets[b].count * ns;
		}
		ticks[last].stalled_ns = v->max_ns > STALLED_NS ? (double)v->max_ns : 0;
		/* From when the slowest was sent. */
		for (uint64_t ago = 0; v->max_ns > STALLED_NS && ago <= v->max_ns / TICK_NS + 1;
		     ago++)
			ticks[last - (size_t)ago].is_stalled = true;
	}
	return ticks;
}

static void put(struct series_set *set, const char *prefix, const char *name, enum series_kind kind,
		double value)
{
	if (series_putf(set, kind, (uint64_t)value, "%s%s", prefix, name) < 0)
		abort();
}

static void moment(struct series_set *set, uint64_t at_ns)
{
	if (series_moment(set, at_ns) < 0)
		abort();
}

/* Sums so far. */
struct sums {
	double n, sum_ns, above_ns /* stalled above QEMU */, flushes, flush_ns, stalled_ticks,
		ticks;
};

static void put_disk(struct series_set *set, const char *prefix, const struct sums *s, double n,
		     double own_ns, bool is_stalled)
{
	double ns = s->sum_ns - own_ns * s->n - (own_ns > GUEST_MOST_NS ? s->above_ns : 0);

	put(set, prefix, "reads", SERIES_COUNTER, s->n * n);
	put(set, prefix, "read_bytes", SERIES_COUNTER, s->n * n * 4096);
	put(set, prefix, "read_ns", SERIES_COUNTER, ns > 0 ? ns : 0);
	put(set, prefix, "flushes", SERIES_COUNTER, s->flushes);
	put(set, prefix, "flush_ns", SERIES_COUNTER, s->flush_ns - 3 * own_ns * s->flushes);
	put(set, prefix, "merges", SERIES_COUNTER, 0);
	put(set, prefix, "busy_ns", SERIES_COUNTER, s->ticks * TICK_NS * 0.6);
	put(set, prefix, "queue_ns", SERIES_COUNTER, ns > 0 ? ns : 0);
	put(set, prefix, "in_flight", SERIES_GAUGE, is_stalled ? 1 : 0);
}

static void put_qemu(struct series_set *set, const struct sums *s, double own_ns)
{
	static const char *const bounds[] = {"50000", "100000", "200000", "1000000", "inf"};
	static const double shares[] = {0.3, 0.5, 0.17, 0.028, 0.002};
	char name[32];

	put_disk(set, "block.", s, 1, own_ns, false);
	for (size_t i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "read_hist.%s", bounds[i]);
		put(set, "block.", name, SERIES_COUNTER, s->n * shares[i]);
	}
}

static void put_thread(struct series_set *set, const char *role, double run_ns, double wait_ns,
		       double preempted)
{
	char prefix[48];

	snprintf(prefix, sizeof(prefix), "thread.%s.", role);
	put(set, prefix, "run_ns", SERIES_COUNTER, run_ns);
	put(set, prefix, "wait_ns", SERIES_COUNTER, wait_ns);
	put(set, prefix, "preempted", SERIES_COUNTER, preempted);
}

static void put_host(struct series_set *set, const struct made_layers *l, const struct sums *s,
		     bool is_stalled)
{
	bool is_storm = l->trouble == WRITEBACK && is_stalled;
	double waited = l->trouble == MAIN_LOOP ? s->stalled_ticks * 70e6 : 0;
	double saw = (double)((uint64_t)s->ticks % 50);

	put_disk(set, "disk.sda.", s, l->host_share, l->guest_ns + l->virtual_ns + l->qemu_ns,
		 is_stalled && l->trouble != MAIN_LOOP);
	if (l->thread) {
		put_thread(set, "vcpu0", s->n * 22000, s->ticks * 180e3, s->ticks / 8);
		put_thread(set, l->thread, s->n * l->thread_ns, s->ticks * 90e3 + waited,
			   s->stalled_ticks * 4);
		put_thread(set, "worker", s->n * 900, 0, 0);
	} else {
		put_thread(set, "job", s->n * 9000, s->ticks * 50e3, s->ticks / 9);
	}
	put(set, "memory.", "dirty_bytes", SERIES_GAUGE,
	    (double)MIB * (l->trouble == WRITEBACK ? 40 + 9 * saw : 3));
	put(set, "memory.", "writeback_bytes", SERIES_GAUGE, is_storm ? 180.0 * (double)MIB : 0);
	put(set, "memory.", "available_bytes", SERIES_GAUGE, 6e9);
	put(set, "pressure.io.", "some_ns", SERIES_COUNTER,
	    s->ticks * 2e6 + (l->trouble == WRITEBACK ? s->stalled_ticks * 80e6 : 0));
	put(set, "pressure.cpu.", "some_ns", SERIES_COUNTER, s->ticks * 1e6 + waited);
	put(set, "cpu.", "busy_ns", SERIES_COUNTER, s->n * 40000 + s->stalled_ticks * 90e6);
	put(set, "cpu.", "idle_ns", SERIES_COUNTER, s->ticks * 150e6);
	put(set, "cpu.", "steal_ns", SERIES_COUNTER, 0);
	put(set, "cpu.", "others_ns", SERIES_COUNTER,
	    l->trouble == MAIN_LOOP ? s->stalled_ticks * 85e6 : s->ticks * 1e6);
}

static void put_guest(struct series_set *set, const struct made_layers *l, const struct sums *s,
		      bool is_stalled)
{
	put(set, "cpu0.", "user_ns", SERIES_COUNTER, s->n * 3000);
	put(set, "cpu0.", "system_ns", SERIES_COUNTER, s->n * 12000);
	put(set, "cpu0.", "iowait_ns", SERIES_COUNTER, s->ticks * 40e6);
	put(set, "cpu0.", "steal_ns", SERIES_COUNTER, 0);
	put(set, "cpu0.", "idle_ns", SERIES_COUNTER, s->ticks * 20e6);
	put_disk(set, "disk.", s, 1, l->guest_ns, is_stalled);
}

static void add_cpu(struct job_result *j, const struct made_layers *l, const struct sums *s)
{
	char key[48];

	if (!l->thread) {
		facts_addf(&j->facts, "cpu.job_ns", "%.0f", s->n * 9000);
		j->host_cpu_ns = (uint64_t)(s->n * 9000);
		return;
	}
	snprintf(key, sizeof(key), "cpu.%s_ns", strcmp(l->thread, "main") ? "iothread" : "main");
	facts_addf(&j->facts, "cpu.vcpu_ns", "%.0f", s->n * 22000);
	facts_addf(&j->facts, key, "%.0f", s->n * l->thread_ns);
	facts_addf(&j->facts, "cpu.worker_ns", "%.0f", s->n * 900);
	j->host_cpu_ns = (uint64_t)(s->n * (22900 + l->thread_ns));
}

/* @k: its place among the jobs of its trial, which run one after the other. */
static void watch_job(struct job_result *j, size_t k, const struct made_layers *l)
{
	struct sample *smp = j->sample;
	size_t n = (size_t)(smp->runtime_ns / TICK_NS) + 2 * MARGIN;
	struct tick *ticks = ticks_of(smp, n);
	const struct lat *sync = smp->dir[IO_SYNC].lat;
	struct series_set *host = &j->watched[WATCHED_HOST], *guest = &j->watched[WATCHED_GUEST];
	struct series_set *qemu = &j->watched[WATCHED_QEMU];
	struct sums s = {0};

	smp->start_ns = 5000000000u + k * (smp->runtime_ns + 1000000000u);
	smp->n_errors = 0;
	for (size_t i = 0; i < n; i++) {
		/* A reading is of the end of its slice. */
		uint64_t at = smp->start_ns + (l->thread ? CLOCK_NS : 0) +
			      (i + 1 - MARGIN) * (uint64_t)TICK_NS;
		bool is_counted = i >= MARGIN && i + MARGIN < n;

		s.ticks++;
		s.n += ticks[i].n;
		s.sum_ns += ticks[i].sum_ns;
		s.above_ns += l->trouble == MAIN_LOOP ? ticks[i].stalled_ns : 0;
		s.stalled_ticks += ticks[i].is_stalled;
		if (sync && is_counted) {
			s.flushes += (double)sync->n / (double)(n - (size_t)2 * MARGIN);
			s.flush_ns += (double)sync->sum_ns / (double)(n - (size_t)2 * MARGIN);
		}
		moment(host, at);
		put_host(host, l, &s, ticks[i].is_stalled);
		if (!l->thread)
			continue;
		moment(guest, at);
		put_guest(guest, l, &s, ticks[i].is_stalled);
		moment(qemu, at);
		put_qemu(qemu, &s, l->guest_ns + l->virtual_ns);
	}
	add_cpu(j, l, &s);
	free(ticks);
}

void synthetic_watched(const struct synthetic *how, struct run_data *d)
{
	(void)how;
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];
		const struct made_layers *l = &made_layers[t->cell];

		if (l->thread) {
			facts_addf(&t->facts, "clock.offset_ns", "%lld", (long long)CLOCK_NS);
			facts_add(&t->facts, "path.bus", "virtio-blk");
			facts_add(&t->facts, "path.target", "vda");
			facts_add(&t->facts, "path.iothread",
				  strcmp(l->thread, "main") ? l->thread : "none");
		} else {
			facts_add(&t->facts, "path.bus", "host");
		}
		facts_add(&t->facts, "path.storage", "file");
		facts_add(&t->facts, "path.device.0", "sda");
		facts_add(&t->facts, "path.device.0.is_leaf", "yes");
		for (size_t k = 0; k < t->n_jobs; k++)
			watch_job(&t->jobs[k], k, l);
	}
}
