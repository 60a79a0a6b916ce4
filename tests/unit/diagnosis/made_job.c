#include "made_job.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_NS 1000000000000ull
#define STEP_NS  100000000ull
#define STEP_S   0.1

struct made_job calm_job(void)
{
	struct made_job m = {
		.seconds = 60,
		.lat_ns = 200e3,
		.depth = 1,
		.bytes = 4096,
		.at = {[LAYER_AT_ENGINE] = {1, 1, 1},
		       [LAYER_AT_GUEST_BLOCK] = {0.9, 1, 1},
		       [LAYER_AT_QEMU] = {0.6, 1, 1},
		       [LAYER_AT_HOST_BLOCK] = {0.5, 1, 1}},
		.busy = 0.5,
		.is_stalled_at = {true, true, true, true},
	};

	set_signal(&m, WATCHED_HOST, "thread.vcpu0.run_ns", 0.3e9, 0.3e9);
	set_signal(&m, WATCHED_HOST, "thread.vcpu0.wait_ns", 2e6, 2e6);
	set_signal(&m, WATCHED_HOST, "thread.main.run_ns", 0.1e9, 0.1e9);
	set_signal(&m, WATCHED_HOST, "thread.main.wait_ns", 1e6, 1e6);
	set_signal(&m, WATCHED_HOST, "cpu.others_ns", 0.02e9, 0.02e9);
	set_signal(&m, WATCHED_HOST, "pressure.memory.some_ns", 0, 0);
	set_signal(&m, WATCHED_GUEST, "cpu0.user_ns", 0.2e9, 0.2e9);
	set_signal(&m, WATCHED_GUEST, "cpu0.system_ns", 0.2e9, 0.2e9);
	set_signal(&m, WATCHED_GUEST, "cpu0.steal_ns", 1e6, 1e6);
	set_gauge(&m, WATCHED_HOST, "memory.dirty_bytes", 2e6, 2e6);
	set_gauge(&m, WATCHED_HOST, "memory.available_bytes", 8e9, 8e9);
	return m;
}

static struct made_signal *signal_of(struct made_job *m, enum watcher w, const char *name)
{
	for (size_t i = 0; i < m->n_signals; i++)
		if (m->signals[i].watcher == w && !strcmp(m->signals[i].name, name))
			return &m->signals[i];
	ck_assert_uint_lt(m->n_signals, MADE_SIGNALS);
	m->signals[m->n_signals] = (struct made_signal){.watcher = w, .name = name};
	return &m->signals[m->n_signals++];
}

void set_signal(struct made_job *m, enum watcher w, const char *name, double usual, double stalling)
{
	struct made_signal *s = signal_of(m, w, name);

	s->usual = usual;
	s->stalling = stalling;
}

void set_gauge(struct made_job *m, enum watcher w, const char *name, double usual, double stalling)
{
	struct made_signal *s = signal_of(m, w, name);

	s->is_gauge = true;
	s->usual = usual;
	s->stalling = stalling;
}

void set_rise(struct made_job *m, enum watcher w, const char *name, double first, double last)
{
	struct made_signal *s = signal_of(m, w, name);

	s->is_gauge = true;
	s->usual = s->stalling = first;
	s->last = last;
}

void set_stalls(struct made_job *m, size_t n, double length_s, double period_s)
{
	ck_assert_uint_le(n, MADE_STALLS);
	m->n_stalls = n;
	m->length_s = length_s;
	m->period_s = period_s;
}

/* Slice in which stall @i begins: by the clock, or somewhere in its own part of the job. */
static size_t stall_at(const struct made_job *m, size_t i)
{
	static const double within[MADE_STALLS] = {.31, .62, .17, .75, .48, .09,
						   .70, .25, .55, .13, .66, .40};
	double at = m->period_s > 0
			    ? 1 + (double)i * m->period_s
			    : ((double)i + within[i]) * (double)m->seconds / (double)m->n_stalls;

	return (size_t)(at / STEP_S);
}

static size_t stall_slices(const struct made_job *m)
{
	return (size_t)round(m->length_s / STEP_S);
}

/* 0: no; 1: within a stall, nothing completes; 2: it ends there. */
static int in_stall(const struct made_job *m, size_t slice)
{
	for (size_t i = 0; i < m->n_stalls; i++) {
		size_t at = stall_at(m, i), n = stall_slices(m);

		if (slice >= at && slice < at + n)
			return 1;
		if (slice == at + n)
			return 2;
	}
	return 0;
}

static bool is_near_stall(const struct made_job *m, size_t slice, size_t every, size_t from)
{
	for (size_t i = from; i < m->n_stalls; i += every ? every : 1)
		if (slice + 2 >= stall_at(m, i) && slice <= stall_at(m, i) + stall_slices(m))
			return true;
	return false;
}

/* Requests of a slice that took their usual time; those of a stall come on top. */
static double usual_ios(const struct made_job *m, size_t slice)
{
	double ios = m->depth * (double)STEP_NS / m->lat_ns;
	double along = (double)slice / (double)(m->seconds * 10) - 0.5;

	return in_stall(m, slice) == 1 ? 0 : floor(ios * (1 + m->drift * along));
}

static uint64_t start_ns(const struct made_job *m)
{
	return START_NS + (uint64_t)(m->start_s * 1e9);
}

static double stalled_ns(const struct made_job *m)
{
	return m->length_s * 1e9 + (double)STEP_NS / 2;
}

/* ---- what the engine measured ---- */

static void add_latency(struct lat *l, double ns, double n)
{
	uint64_t v = (uint64_t)ns, k = (uint64_t)n;

	if (!k)
		return;
	lat_add(l, v);
	l->hist.count[hist_index(v)] += k - 1;
	l->n += k - 1;
	l->sum_ns += (k - 1) * v;
	l->sumsq_ns2 += (double)(k - 1) * ns * ns;
}

static void add_bucket(struct interval *iv, double ns, double n)
{
	if ((uint32_t)n == 0)
		return;
	iv->buckets = realloc(iv->buckets, (iv->n_buckets + 1) * sizeof *iv->buckets);
	iv->buckets[iv->n_buckets].index = (uint16_t)hist_index((uint64_t)ns);
	iv->buckets[iv->n_buckets++].count = (uint32_t)n;
	iv->count += (uint64_t)n;
	iv->max_ns = (uint64_t)ns;
}

static void add_slice(struct sample *s, const struct made_job *m, size_t slice, enum io_dir dir,
		      double n)
{
	struct interval *iv = &s->intervals[s->n_intervals];
	double late = in_stall(m, slice) == 2 && dir == (m->writes > 0.5 ? IO_WRITE : IO_READ)
			      ? fmax(m->depth, 1)
			      : 0;
	double slow = floor(n * m->slow_share);
	struct lat *l = sample_lat(&s->dir[dir].lat);

	if (n + late < 1)
		return;
	*iv = (struct interval){.index = (uint32_t)slice, .dir = (uint8_t)dir};
	add_bucket(iv, m->lat_ns, n - slow);
	add_bucket(iv, m->slow_ns, slow);
	add_bucket(iv, stalled_ns(m), late);
	add_latency(l, m->lat_ns, n - slow);
	add_latency(l, m->slow_ns, slow);
	add_latency(l, stalled_ns(m), late);
	iv->bytes = (uint64_t)((double)iv->count * m->bytes);
	s->dir[dir].ios += iv->count;
	s->dir[dir].bytes += iv->bytes;
	s->n_intervals++;
}

static struct sample *made_sample(const char *job, const struct made_job *m)
{
	struct sample *s = sample_new(job);
	size_t n = m->seconds * 10;
	double flushes = m->flushes_per_s * (double)m->seconds;

	s->start_ns = start_ns(m);
	s->runtime_ns = n * STEP_NS;
	s->n_threads = 1;
	s->interval_ns = STEP_NS;
	s->intervals = calloc(2 * n, sizeof *s->intervals);
	for (size_t i = 0; i < n; i++) {
		double ios = usual_ios(m, i), writes = floor(ios * m->writes);

		add_slice(s, m, i, IO_READ, ios - writes);
		add_slice(s, m, i, IO_WRITE, writes);
	}
	if (flushes >= 1) {
		add_latency(sample_lat(&s->dir[IO_SYNC].lat), m->flush_ns, flushes);
		s->dir[IO_SYNC].ios = s->dir[IO_SYNC].lat->n;
	}
	return s;
}

/* ---- what the others counted ---- */

struct counted {
	double n[2], bytes[2], ns[2], flushes, flush_ns;
};

static void count_slice(const struct made_job *m, size_t slice, enum layer_at at, struct counted *c)
{
	double ios = usual_ios(m, slice), late = in_stall(m, slice) == 2 ? fmax(m->depth, 1) : 0;
	double part[2] = {1 - m->writes, m->writes};

	for (int d = 0; d < 2; d++) {
		double mine = d == (m->writes > 0.5) ? late : 0;
		double n = ios * part[d] * m->at[at].count;
		double others = at == LAYER_AT_HOST_BLOCK ? n * m->others_ios : 0;
		double slow = n * m->slow_share * (m->slow_ns - m->lat_ns);

		c->n[d] += n + mine + others;
		c->bytes[d] += (n + mine) * m->bytes * m->at[at].bytes / m->at[at].count +
			       others * m->bytes;
		c->ns[d] += (n * m->lat_ns + slow + others * m->lat_ns) * m->at[at].share;
		c->ns[d] +=
			mine * (m->is_stalled_at[at] ? stalled_ns(m) : m->lat_ns * m->at[at].share);
	}
	c->flushes += m->flushes_per_s * STEP_S;
	c->flush_ns += m->flushes_per_s * STEP_S * m->flush_ns * m->at[at].share;
}

/* @is_kernel: its block layer counts flushes as writes, too. */
static void put_disk(struct series_set *set, const char *prefix, bool is_kernel,
		     const struct counted *c)
{
	static const char *const dirs[] = {"read", "write"};

	for (int d = 0; d < 2; d++) {
		double n = c->n[d], ns = c->ns[d];

		if (is_kernel && d == 1) {
			n += c->flushes;
			ns += c->flush_ns;
		}
		series_putf(set, SERIES_COUNTER, (uint64_t)n, "%s.%ss", prefix, dirs[d]);
		series_putf(set, SERIES_COUNTER, (uint64_t)c->bytes[d], "%s.%s_bytes", prefix,
			    dirs[d]);
		series_putf(set, SERIES_COUNTER, (uint64_t)ns, "%s.%s_ns", prefix, dirs[d]);
	}
	series_putf(set, SERIES_COUNTER, (uint64_t)c->flushes, "%s.flushes", prefix);
	series_putf(set, SERIES_COUNTER, (uint64_t)c->flush_ns, "%s.flush_ns", prefix);
}

static void put_place(struct series_set *set, enum layer_at at, const struct made_job *m,
		      size_t slice, const struct counted *c)
{
	static const char *const prefixes[] = {[LAYER_AT_GUEST_BLOCK] = "disk",
					       [LAYER_AT_QEMU] = "block",
					       [LAYER_AT_HOST_BLOCK] = "disk.sda"};
	double busy = at == LAYER_AT_GUEST_BLOCK ? 0.9 : m->busy;

	if (m->at[at].share < 0)
		return;
	put_disk(set, prefixes[at], at != LAYER_AT_QEMU, c);
	if (at == LAYER_AT_QEMU)
		return;
	series_putf(set, SERIES_COUNTER, (uint64_t)((double)slice * busy * (double)STEP_NS),
		    "%s.busy_ns", prefixes[at]);
	series_putf(set, SERIES_COUNTER, (uint64_t)(c->ns[0] + c->ns[1]), "%s.queue_ns",
		    prefixes[at]);
	series_putf(set, SERIES_GAUGE,
		    in_stall(m, slice ? slice - 1 : 0) && m->is_stalled_at[at] ? 1 : 0,
		    "%s.in_flight", prefixes[at]);
}

static double between(double a, double b, double part)
{
	return a + (b - a) * part;
}

/* What was counted a part of the way from one to the other. */
static struct counted part_of(const struct counted *a, const struct counted *b, double part)
{
	struct counted c = {.flushes = between(a->flushes, b->flushes, part),
			    .flush_ns = between(a->flush_ns, b->flush_ns, part)};

	for (int d = 0; d < 2; d++) {
		c.n[d] = between(a->n[d], b->n[d], part);
		c.bytes[d] = between(a->bytes[d], b->bytes[d], part);
		c.ns[d] = between(a->ns[d], b->ns[d], part);
	}
	return c;
}

/* QEMU at its own times: what a stall held up is there from its last slice's end on. */
static void watch_qemu(struct series_set *set, const struct made_job *m)
{
	size_t n = m->seconds * 10 + 6;
	struct counted *at = calloc(n + 1, sizeof *at);
	double end = (double)n * STEP_S;

	for (size_t i = 0; i < n; i++) {
		at[i + 1] = at[i];
		count_slice(m, i, LAYER_AT_QEMU, &at[i + 1]);
	}
	for (double s = m->qemu_phase_s - m->qemu_step_s; s < end; s += m->qemu_step_s) {
		size_t slice = s > 0 ? (size_t)(s / STEP_S + 1e-6) : 0;
		double part = in_stall(m, slice) == 2 ? 0 : s / STEP_S - (double)slice;
		struct counted now = part_of(&at[slice], &at[slice + 1], fmax(part, 0));

		ck_assert_int_eq(series_moment(set, start_ns(m) - (uint64_t)(STEP_NS * 10) +
							    (uint64_t)((s + 1) * 1e9)),
				 0);
		put_place(set, LAYER_AT_QEMU, m, slice, &now);
	}
	free(at);
}

/* A moment at the end of each slice, one before the first. */
static void watch(struct series_set *set, enum watcher w, const struct made_job *m)
{
	static const enum layer_at places[] = {[WATCHED_HOST] = LAYER_AT_HOST_BLOCK,
					       [WATCHED_GUEST] = LAYER_AT_GUEST_BLOCK,
					       [WATCHED_QEMU] = LAYER_AT_QEMU};
	struct counted c = {0};
	double sums[MADE_SIGNALS] = {0};

	for (size_t i = 0; i <= m->seconds * 10 + 1; i++) {
		double along = (double)i / (double)(m->seconds * 10);

		ck_assert_int_eq(series_moment(set, start_ns(m) + i * STEP_NS), 0);
		put_place(set, places[w], m, i, &c);
		for (size_t k = 0; k < m->n_signals; k++) {
			const struct made_signal *s = &m->signals[k];
			double now =
				is_near_stall(m, i, s->every, s->from) ? s->stalling : s->usual;

			if (s->watcher != w)
				continue;
			if (s->last > 0)
				now += (s->last - s->usual) * along;
			series_put(set, s->name, s->is_gauge ? SERIES_GAUGE : SERIES_COUNTER,
				   (uint64_t)(s->is_gauge ? now : sums[k]));
			sums[k] += now * STEP_S;
		}
		count_slice(m, i, places[w], &c);
	}
}

void make_job(struct job_result *j, const struct made_job *m)
{
	sample_free(j->sample);
	j->sample = made_sample(j->name, m);
	for (int w = 0; w < WATCHERS; w++) {
		series_done(&j->watched[w]);
		if (w == WATCHED_QEMU && m->qemu_step_s > 0)
			watch_qemu(&j->watched[w], m);
		else
			watch(&j->watched[w], (enum watcher)w, m);
	}
}

void add_beside(struct trial_record *t, const struct made_job *m)
{
	t->jobs = realloc(t->jobs, 2 * sizeof *t->jobs);
	t->jobs[1] = (struct job_result){.name = strdup("k"), .job_text = strdup("[k]\n")};
	t->n_jobs = 2;
	make_job(&t->jobs[1], m);
	for (int i = 0; i < 2; i++)
		facts_add(&t->jobs[i].facts, "cpu.jobs_in_window", "2");
}

void make_run(struct run_data *d, const char *bus, uint32_t repeats, const struct made_job *m)
{
	const char *const buses[] = {bus, NULL};

	make_case(d, buses, repeats);
	for (size_t i = 0; i < d->n_trials; i++) {
		effectives_add(&d->trials[i].effective, "disk.iothreads", "0", "0", "qom-get");
		make_job(&d->trials[i].jobs[0], m);
	}
}

/* ---- what must be found ---- */

static const struct finding *finding_of(const struct findings *f, const char *cause)
{
	ck_assert_msg(cause_find(cause) != NULL, "'%s' is no cause", cause);
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->items[i].cause, cause))
			return &f->items[i];
	return NULL;
}

static void print_all(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		fprintf(stderr, "  %s, %s: %s\n", f->items[i].cause,
			finding_confidence_names[f->items[i].confidence], f->items[i].evidence);
}

const struct finding *expect_cause(const struct findings *f, const char *cause,
				   enum finding_confidence confidence, ...)
{
	const struct finding *is = finding_of(f, cause);
	const char *word;
	va_list args;

	if (!is)
		print_all(f);
	ck_assert_msg(is != NULL, "no %s", cause);
	ck_assert_msg(is->confidence == confidence, "%s is %s: %s", cause,
		      finding_confidence_names[is->confidence], is->evidence);
	va_start(args, confidence);
	while ((word = va_arg(args, const char *)))
		ck_assert_msg(strstr(is->evidence, word) != NULL, "'%s' is not in: %s", word,
			      is->evidence);
	va_end(args);
	ck_assert_msg(*is->remedy != '\0', "%s has no remedy", cause);
	return is;
}

void expect_not(const struct findings *f, const char *cause)
{
	const struct finding *is = finding_of(f, cause);

	ck_assert_msg(is == NULL, "%s: %s", cause, is ? is->evidence : "");
}

void expect_causes(const struct run_data *d, struct findings *ret, ...)
{
	struct bl_err err = BL_ERR_INIT;
	const char *cause;
	size_t n = 0;
	va_list args;

	ck_assert_msg(diagnose_run(d, ret, &err) == 0, "%s", err.text);
	va_start(args, ret);
	while ((cause = va_arg(args, const char *))) {
		if (!finding_of(ret, cause))
			print_all(ret);
		ck_assert_msg(finding_of(ret, cause) != NULL, "no %s", cause);
		n++;
	}
	va_end(args);
	if (n != ret->n)
		print_all(ret);
	ck_assert_uint_eq(ret->n, n);
}
