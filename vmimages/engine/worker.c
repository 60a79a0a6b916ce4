/* worker.c - a worker's life around the loop: made, set up, counted, taken apart. */
#include "worker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "cleanup.h"
#include "units.h"

#define STACK_BYTES ((size_t)512 << 10)

/* The kernel holds back (plugs) what comes in one call until its end: a device that went
 * idle waits for the whole of it. Measured on a virtio disk at depth 16, medians of 11
 * interleaved runs, IOPS and CPU time of a request: one at a time 60k and 5.4 us, at
 * most 4 58k and 4.6 us, all free slots 55k and 4.8 us. */
#define HAND_OVER_MAX 4

/* Two clones, or two sections of one seed, draw different offsets; the same ones each time. */
static uint64_t own_seed(const struct job *j, uint32_t clone)
{
	uint64_t seed = rng_mix(j->randseed + RNG_STEP);

	for (const char *s = j->name; *s; s++)
		seed = rng_mix(seed ^ (uint8_t)*s);
	return rng_mix(seed + clone);
}

static bool is_random(const struct job *j)
{
	return j->rw == JOB_RW_RANDREAD || j->rw == JOB_RW_RANDWRITE || j->rw == JOB_RW_RANDRW;
}

static uint64_t how_many(const struct job *j, const struct target *t)
{
	uint64_t bytes = j->io_size ? j->io_size : t->size;

	if (j->time_based)
		return UINT64_MAX;
	return bytes / j->bs;
}

/* Allocated and touched: the loop shall meet no page fault. */
static struct lat *new_lat(struct lat **where)
{
	struct lat *l = sample_lat(where);

	for (size_t at = 0; l && at < sizeof(*l); at += 4096)
		((volatile char *)l)[at] = 0;
	if (l)
		l->min_ns = UINT64_MAX;
	return l;
}

static int new_meter(struct worker *w, enum io_dir dir)
{
	struct dir_sample *d = &w->sample->dir[dir];
	struct meter *m = &w->meter[dir];
	bool is_io = dir != IO_SYNC;

	m->before = calloc(1, sizeof(*m->before));
	m->lat = new_lat(&d->lat);
	m->slat = is_io && w->has_slat ? new_lat(&d->slat) : NULL;
	m->clat = is_io ? new_lat(&d->clat) : NULL;
	m->sched = is_io && w->job->rate_iops ? new_lat(&d->sched) : NULL;
	if (!m->before || !m->lat || (is_io && !m->clat) || (is_io && w->has_slat && !m->slat) ||
	    (is_io && w->job->rate_iops && !m->sched))
		return -ENOMEM;
	return 0;
}

static int new_meters(struct worker *w)
{
	const struct job *j = w->job;
	bool syncs = job_writes(j) && (j->fsync || j->fdatasync);

	if ((job_reads(j) && new_meter(w, IO_READ) < 0) ||
	    (job_writes(j) && new_meter(w, IO_WRITE) < 0) || (syncs && new_meter(w, IO_SYNC) < 0))
		return -ENOMEM;
	return 0;
}

static void set_pace(struct worker *w)
{
	uint64_t second = clk_ticks(w->clk, NS_PER_S);

	if (!w->job->rate_iops)
		return;
	for (int dir = 0; dir < 2; dir++)
		w->pace[dir].period = ((unsigned __int128)second << 32) / w->job->rate_iops;
}

static void set_plan(struct worker *w, uint32_t clone)
{
	const struct job *j = w->job;
	enum block_order order = BLOCKS_SEQUENTIAL;

	if (is_random(j))
		order = j->norandommap ? BLOCKS_DRAWN : BLOCKS_PERMUTED;
	w->seed = own_seed(j, clone);
	w->mix = rng_mix(w->seed + 1);
	w->is_mixed = job_reads(j) && job_writes(j);
	w->only_dir = job_reads(j) ? IO_READ : IO_WRITE;
	w->read_threshold = ((uint64_t)j->rwmixread << 32) / 100;
	w->left = how_many(j, w->target);
	w->region_offset = w->target->offset;
	w->bs = (uint32_t)j->bs;
	w->sync_every[0] = j->fsync;
	w->sync_every[1] = j->fdatasync;
	w->depth = j->engine == JOB_PSYNC ? 1 : j->iodepth;
	w->batch_max = j->engine == JOB_IO_URING ? HAND_OVER_MAX : w->depth;
	w->has_slat = j->engine == JOB_IO_URING || (j->engine == JOB_NULL && w->depth > 1);
	blocks_init(&w->blocks, order, w->target->size / j->bs, w->seed);
	set_pace(w);
}

static int new_slots(struct worker *w)
{
	w->slots = aligned_alloc(64, w->depth * sizeof(*w->slots));
	w->free_slots = calloc(w->depth, sizeof(*w->free_slots));
	w->queue = calloc(w->depth, sizeof(*w->queue));
	if (!w->slots || !w->free_slots || !w->queue)
		return -ENOMEM;
	memset(w->slots, 0, w->depth * sizeof(*w->slots));
	for (unsigned i = 0; i < w->depth; i++) {
		w->slots[i].id = (uint16_t)i;
		w->free_slots[i] = (uint16_t)(w->depth - 1 - i);
	}
	w->n_free = w->depth;
	return 0;
}

static uint64_t likely_slices(const struct job *j)
{
	return j->runtime_ns ? 2 * (j->runtime_ns / ENGINE_INTERVAL_NS + 1) : 36000;
}

int worker_new(const struct job *job, const struct target *t, uint32_t clone, struct crew *crew,
	       struct worker **ret, struct bl_err *err)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return bl_fail(err, -ENOMEM, "out of memory");
	w->job = job;
	w->target = t;
	w->crew = crew;
	w->clk = clk_get();
	w->fd = -1;
	w->sample = sample_new(job->name);
	set_plan(w, clone);
	if (!w->sample || new_meters(w) < 0 || new_slots(w) < 0 ||
	    slices_init(&w->slices, likely_slices(job)) < 0) {
		worker_free(w);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	*ret = w;
	return 0;
}

struct worker *worker_free(struct worker *w)
{
	if (!w)
		return NULL;
	for (int d = 0; d < IO_DIRS; d++)
		free(w->meter[d].before);
	sample_free(w->sample);
	slices_done(&w->slices);
	free(w->slots);
	free(w->free_slots);
	free(w->queue);
	free(w);
	return NULL;
}

/* One run of memory for all slots, so that one registered buffer covers it. Random
 * where it is written from; touched in any case. */
static int new_buffers(struct worker *w, struct bl_err *err)
{
	size_t one = (w->bs + 4095u) / 4096u * 4096u;
	uint64_t state = w->seed;
	void *mem;

	w->buffers_len = one * w->depth;
	mem = mmap(NULL, w->buffers_len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (mem == MAP_FAILED)
		return bl_fail(err, -ENOMEM, "no memory for %u buffers of %u bytes", w->depth,
			       w->bs);
	w->buffers = mem;
	for (unsigned i = 0; i < w->depth; i++)
		w->slots[i].buf = w->buffers + i * one;
	for (size_t i = 0; job_writes(w->job) && i < w->buffers_len / 8; i++)
		((uint64_t *)mem)[i] = rng_next(&state);
	return 0;
}

static int set_up(struct worker *w, struct bl_err *err)
{
	int rc;

	rc = target_open(w->job, w->target, err);
	w->fd = rc;
	if (rc < 0 && w->target->path)
		return rc;
	rc = new_buffers(w, err);
	if (rc == 0 && w->job->engine == JOB_IO_URING)
		rc = ring_setup(w, err);
	if (w->job->rate_iops)
		prctl(PR_SET_TIMERSLACK, 1); /* sleeps end when they should, not 50 us later */
	return rc;
}

static void take_down(struct worker *w)
{
	ring_done(w);
	if (w->buffers)
		munmap(w->buffers, w->buffers_len);
	bl_closep(&w->fd);
}

/* Say that set-up is over, and wait for the others. */
static bool pass_gate(struct worker *w)
{
	struct crew *c = w->crew;
	bool is_open;

	pthread_mutex_lock(&c->lock);
	c->n_ready++;
	pthread_cond_broadcast(&c->changed);
	while (c->gate == GATE_SHUT)
		pthread_cond_wait(&c->changed, &c->lock);
	is_open = c->gate == GATE_OPEN;
	pthread_mutex_unlock(&c->lock);
	return is_open;
}

static void set_clock(struct worker *w)
{
	const struct job *j = w->job;
	uint64_t epoch = w->crew->epoch;

	w->start = epoch + clk_ticks(w->clk, j->ramp_ns);
	w->end = j->runtime_ns ? w->start + clk_ticks(w->clk, j->runtime_ns) : INT64_MAX;
	for (int dir = 0; dir < 2; dir++)
		w->pace[dir].due = (unsigned __int128)epoch << 32;
	worker_event(w, epoch);
}

/* Close the current slice of every direction. */
static void end_slice(struct worker *w)
{
	for (uint8_t dir = 0; dir < IO_DIRS; dir++) {
		struct meter *m = &w->meter[dir];
		struct interval head = {.index = w->slice, .dir = dir, .max_ns = m->slice_max_ns};

		if (!m->lat || m->ios == m->slice_first_io)
			continue;
		head.count = m->ios - m->slice_first_io;
		slices_add(&w->slices, head, &m->lat->hist, m->before, hist_index(m->lat->min_ns),
			   hist_index(m->slice_max_ns));
		if (m->slice_max_ns > m->lat->max_ns)
			m->lat->max_ns = m->slice_max_ns;
		m->slice_max_ns = 0;
		m->slice_first_io = m->ios;
	}
}

static void tell_progress(struct worker *w)
{
	uint64_t ios = w->meter[IO_READ].ios + w->meter[IO_WRITE].ios;

	if (!w->progress)
		return;
	atomic_fetch_add_explicit(&w->progress->ios, ios - w->told_ios, memory_order_relaxed);
	atomic_fetch_add_explicit(&w->progress->bytes, (ios - w->told_ios) * w->bs,
				  memory_order_relaxed);
	w->told_ios = ios;
}

static void start_counting(struct worker *w)
{
	unsigned __int128 start = (unsigned __int128)w->start << 32;

	w->is_counting = true;
	memset(&w->depths, 0, sizeof(w->depths));
	getrusage(RUSAGE_THREAD, &w->usage);
	for (int dir = 0; dir < 2; dir++) /* what the ramp could not do is not owed after it */
		if (w->pace[dir].due < start)
			w->pace[dir].due = start;
}

static bool is_stopped(const struct worker *w)
{
	return atomic_load_explicit(w->stop_call, memory_order_relaxed) ||
	       atomic_load_explicit(w->stop_job, memory_order_relaxed);
}

/* When to look again: at the end of the ramp or of the slice, at least every slice. */
static uint64_t event_after(const struct worker *w, uint64_t now)
{
	uint64_t slice = clk_ticks(w->clk, ENGINE_INTERVAL_NS), at;

	if (!w->is_counting)
		return now + slice < w->start ? now + slice : w->start;
	at = w->start + clk_ticks(w->clk, (uint64_t)(w->slice + 1) * ENGINE_INTERVAL_NS);
	return at > now ? at : now + 1; /* rounding of the two conversions */
}

/* The event is due by ticks and the slice is known by ns: rounding may bring the event a tick
 * before the slice has ended, and a slice is closed once. */
void worker_event(struct worker *w, uint64_t now)
{
	uint32_t slice = now < w->start
				 ? 0
				 : (uint32_t)(clk_ns(w->clk, now - w->start) / ENGINE_INTERVAL_NS);

	if (!w->is_counting && now >= w->start)
		start_counting(w);
	else if (w->is_counting && slice != w->slice)
		end_slice(w);
	w->slice = slice;
	w->next_event = event_after(w, now);
	w->is_ending |= is_stopped(w);
	tell_progress(w);
}

static const char *io_verb(const struct slot *s)
{
	if (s->dir == IO_SYNC)
		return s->offset ? "fdatasync" : "fsync";
	return s->dir == IO_READ ? "read" : "write";
}

void worker_fail(struct worker *w, int error, const char *fmt, ...)
{
	struct sample *to = w->sample;
	va_list ap;

	if (!to->error) {
		to->error = error;
		va_start(ap, fmt);
		vsnprintf(to->error_text, sizeof(to->error_text), fmt, ap);
		va_end(ap);
	}
	atomic_store_explicit(w->stop_job, true, memory_order_relaxed);
	w->is_ending = true;
}

static int io_failed(struct worker *w, const struct slot *s, int res, uint32_t done)
{
	const char *path = w->target->path;

	if (s->dir == IO_SYNC)
		worker_fail(w, -res, "%s: %s ('%.100s')", io_verb(s), strerror(-res), path);
	else
		worker_fail(w, -res, "%s of %u bytes at offset %llu: %s%s ('%.100s')", io_verb(s),
			    s->len - done, (unsigned long long)s->offset + done,
			    res == -ENODATA ? "end of file" : strerror(-res),
			    res == -EINVAL && w->job->direct
				    ? "; direct=1 needs bs and offset in whole logical blocks"
				    : "",
			    path);
	return res;
}

int worker_finish_io(struct worker *w, const struct slot *s, int res)
{
	uint32_t done = 0;
	ssize_t n = res;

	for (;;) {
		if (n < 0 && n != -EINTR && n != -EAGAIN)
			return io_failed(w, s, (int)n, done);
		if (n == 0 && s->len)
			return io_failed(w, s, s->dir == IO_READ ? -ENODATA : -ENOSPC, done);
		done += n > 0 ? (uint32_t)n : 0;
		if (done == s->len && n >= 0)
			return 0;
		if (s->dir == IO_SYNC)
			n = s->offset ? fdatasync(w->fd) : fsync(w->fd);
		else if (s->dir == IO_READ)
			n = pread(w->fd, s->buf + done, s->len - done, (off_t)(s->offset + done));
		else
			n = pwrite(w->fd, s->buf + done, s->len - done, (off_t)(s->offset + done));
		if (n < 0)
			n = -errno;
	}
}

static uint64_t tv_ns(struct timeval after, struct timeval before)
{
	struct timeval d;

	timersub(&after, &before, &d);
	return (uint64_t)d.tv_sec * NS_PER_S + (uint64_t)d.tv_usec * NS_PER_US;
}

/* Still in the worker's thread: what the loop left is closed and counted. */
static void stop_counting(struct worker *w)
{
	struct sample *s = w->sample;
	struct rusage now;

	getrusage(RUSAGE_THREAD, &now);
	if (!w->is_counting)
		return;
	end_slice(w);
	tell_progress(w);
	s->cpu_user_ns = tv_ns(now.ru_utime, w->usage.ru_utime);
	s->cpu_sys_ns = tv_ns(now.ru_stime, w->usage.ru_stime);
	s->ctx_voluntary = (uint64_t)(now.ru_nvcsw - w->usage.ru_nvcsw);
	s->ctx_involuntary = (uint64_t)(now.ru_nivcsw - w->usage.ru_nivcsw);
	w->depths.major_faults = (uint64_t)(now.ru_majflt - w->usage.ru_majflt);
	w->depths.minor_faults = (uint64_t)(now.ru_minflt - w->usage.ru_minflt);
	s->runtime_ns = clk_ns(w->clk, w->finished - w->start);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct crew *c = w->crew;

	w->setup_result = set_up(w, &w->err);
	if (pass_gate(w)) {
		set_clock(w);
		loop_run(w);
		stop_counting(w);
	}
	take_down(w);
	pthread_mutex_lock(&c->lock);
	c->n_ended++;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

int worker_launch(struct worker *w, struct bl_err *err)
{
	pthread_attr_t attr;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	rc = pthread_create(&w->thread, &attr, worker_main, w);
	pthread_attr_destroy(&attr);
	if (rc)
		return bl_fail(err, -rc, "no thread for a clone: %s", strerror(rc));
	w->is_started = true;
	return 0;
}

static void close_lat(struct lat *l, uint64_t n)
{
	if (!l)
		return;
	l->n = n;
	if (!n)
		l->min_ns = 0;
}

struct sample *worker_take_sample(struct worker *w)
{
	struct sample *s = w->sample;

	snprintf(s->engine, sizeof(s->engine), "%s", job_engine_names[w->job->engine]);
	snprintf(s->clock, sizeof(s->clock), "%s", w->clk->is_tsc ? "tsc" : "monotonic");
	s->start_ns = w->crew->epoch_ns + w->job->ramp_ns;
	s->n_threads = 1;
	s->interval_ns = ENGINE_INTERVAL_NS;
	for (int dir = 0; dir < IO_DIRS; dir++) {
		struct dir_sample *d = &s->dir[dir];

		d->ios = w->meter[dir].ios;
		d->bytes = dir == IO_SYNC ? 0 : d->ios * w->bs;
		close_lat(d->slat, d->ios);
		close_lat(d->clat, d->ios);
		close_lat(d->lat, d->ios);
		close_lat(d->sched, d->ios);
	}
	if (slices_take(&w->slices, w->bs, &s->intervals, &s->n_intervals) < 0)
		return NULL;
	return BL_STEAL(w->sample);
}
