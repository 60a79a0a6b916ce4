/* meters.c - what a worker counts: its histograms, slices, and the events between them. */
#include "meters.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "cleanup.h"
#include "iowq.h"
#include "journal.h"
#include "units.h"

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
	bool is_io = dir != IO_SYNC, is_rated = is_io && job_is_rated(w->job);

	m->before = calloc(1, sizeof(*m->before));
	m->lat = new_lat(&d->lat);
	m->slat = is_io && w->has_slat && dir != IO_TRIM ? new_lat(&d->slat) : NULL;
	m->clat = is_io ? new_lat(&d->clat) : NULL;
	m->sched = is_rated ? new_lat(&d->sched) : NULL;
	if (!m->before || !m->lat || (is_io && !m->clat) || (is_rated && !m->sched) ||
	    (is_io && w->has_slat && dir != IO_TRIM && !m->slat))
		return -ENOMEM;
	return 0;
}

static void add_prio(struct worker *w, uint16_t ioprio)
{
	for (unsigned i = 1; i < w->n_prios; i++)
		if (w->ioprio[i] == ioprio)
			return;
	if (w->n_prios < ENGINE_PRIOS)
		w->ioprio[w->n_prios++] = ioprio;
}

static int new_prio_meters(struct worker *w)
{
	const struct job *j = w->job;

	if (!job_has_cmdprio(j))
		return 0;
	w->ioprio[0] = (uint16_t)(j->prioclass << 13 | j->prio);
	w->n_prios = 1;
	for (unsigned d = 0; d < 2; d++) {
		const struct job_splits *by_size = &j->cmdprio_bssplit[d];

		if (j->cmdprio_percentage[d])
			add_prio(w, job_cmdprio(j, d, 0));
		for (uint32_t i = 0; i < by_size->n; i++)
			if (by_size->at[i].pct)
				add_prio(w, job_cmdprio(j, d, by_size->at[i].prio));
	}
	for (int d = 0; d < 2; d++)
		for (unsigned prio = 0; prio < w->n_prios; prio++)
			if (w->meter[d].lat && !sample_lat(&w->clat_by_prio[d][prio]))
				return -ENOMEM;
	return 0;
}

int meters_new(struct worker *w)
{
	const struct job *j = w->job;
	bool syncs = job_writes(j) && (j->fsync || j->fdatasync);

	if (((job_reads(j) || j->verify) && new_meter(w, IO_READ) < 0) ||
	    (job_writes(j) && new_meter(w, IO_WRITE) < 0) ||
	    ((job_trims(j) || j->trim_percentage) && new_meter(w, IO_TRIM) < 0) ||
	    (syncs && new_meter(w, IO_SYNC) < 0))
		return -ENOMEM;
	return new_prio_meters(w);
}

void meters_free(struct worker *w)
{
	for (int d = 0; d < IO_DIRS; d++)
		free(w->meter[d].before);
	for (int d = 0; d < 2; d++)
		for (int prio = 0; prio < ENGINE_PRIOS; prio++)
			free(w->clat_by_prio[d][prio]);
}

uint64_t meter_bytes(const struct worker *w, int dir)
{
	if (dir == IO_SYNC)
		return 0;
	return w->shape ? w->meter[dir].bytes : w->meter[dir].ios * w->bs;
}

/* Close the current slice of every direction. */
static void end_slice(struct worker *w)
{
	for (uint8_t dir = 0; dir < IO_DIRS; dir++) {
		struct meter *m = &w->meter[dir];
		struct interval head = {.index = w->slice, .dir = dir, .max_ns = m->slice_max_ns};
		uint64_t bytes = meter_bytes(w, dir);

		if (!m->lat || m->ios == m->slice_first_io)
			continue;
		head.count = m->ios - m->slice_first_io;
		head.bytes = bytes - m->slice_first_byte;
		slices_add(&w->slices, head, &m->lat->hist, m->before, hist_index(m->lat->min_ns),
			   hist_index(m->slice_max_ns));
		if (m->slice_max_ns > m->lat->max_ns)
			m->lat->max_ns = m->slice_max_ns;
		m->slice_max_ns = 0;
		m->slice_first_io = m->ios;
		m->slice_first_byte = bytes;
	}
}

static void tell_progress(struct worker *w)
{
	uint64_t ios = 0, bytes = 0;

	if (!w->progress)
		return;
	for (int d = 0; d < JOB_DDIRS; d++) {
		ios += w->meter[d].ios;
		bytes += meter_bytes(w, d);
	}
	atomic_fetch_add_explicit(&w->progress->ios, ios - w->told_ios, memory_order_relaxed);
	atomic_fetch_add_explicit(&w->progress->bytes, bytes - w->told_bytes, memory_order_relaxed);
	w->told_ios = ios;
	w->told_bytes = bytes;
}

/* Reading it takes a fraction of a millisecond for each thread of the process, which others on this
 * CPU would see as latency. So not for engines that have no such workers, and not where they
 * cannot have run yet. */
static uint64_t kernel_worker_ns(const struct worker *w)
{
	bool has_ring = w->job->engine == JOB_IO_URING || w->job->engine == JOB_NOP;

	return has_ring ? iowq_cpu_ns() : 0;
}

static void start_counting(struct worker *w)
{
	w->is_counting = true;
	memset(w->n_at_depth, 0, 3 * (w->depth + 1) * sizeof(*w->n_at_depth));
	w->n_enters = w->n_polls = 0;
	w->n_inflight_at_ramp = w->start > w->begun ? w->depth - w->n_free - w->n_queued : 0;
	w->rate_checked = w->start;
	w->kernel_worker_ns = w->start > w->begun ? kernel_worker_ns(w) : 0;
	getrusage(RUSAGE_THREAD, &w->usage);
	if (w->shape)
		shape_counts(w);
}

static bool is_stopped(const struct worker *w)
{
	return atomic_load_explicit(w->stop_call, memory_order_relaxed) ||
	       atomic_load_explicit(&w->stop_own, memory_order_relaxed) ||
	       atomic_load_explicit(&w->crew->stop, memory_order_relaxed);
}

/* rate_min, rate_iops_min: looked at once a rate_cycle. */
static void check_rates(struct worker *w, uint64_t now)
{
	const struct job *j = w->job;
	double seconds;

	if (!w->is_counting || clk_ns(w->clk, now - w->rate_checked) < j->rate_cycle_ns)
		return;
	seconds = (double)clk_ns(w->clk, now - w->rate_checked) / 1e9;
	for (int d = 0; d < JOB_DDIRS; d++) {
		double iops = (double)(w->meter[d].ios - w->rate_ios[d]) / seconds;
		double rate = (double)(meter_bytes(w, d) - w->rate_bytes[d]) / seconds;

		w->rate_ios[d] = w->meter[d].ios;
		w->rate_bytes[d] = meter_bytes(w, d);
		if (!w->meter[d].lat || w->is_ending)
			continue;
		if (j->rate_min[d] && rate < (double)j->rate_min[d])
			worker_fail(w, ETIME, "%s: rate_min=%llu not met, rate is %.0f bytes/s",
				    io_dir_names[d], (unsigned long long)j->rate_min[d], rate);
		if (j->rate_iops_min[d] && iops < (double)j->rate_iops_min[d])
			worker_fail(w, ETIME, "%s: rate_iops_min=%llu not met, rate is %.0f/s",
				    io_dir_names[d], (unsigned long long)j->rate_iops_min[d], iops);
	}
	w->rate_checked = now;
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
	uint64_t ns = now < w->start ? 0 : clk_ns(w->clk, now - w->start);
	uint32_t slice = (uint32_t)(ns / ENGINE_INTERVAL_NS);
	uint64_t due;

	if (!w->is_counting && now >= w->start)
		start_counting(w);
	else if (w->is_counting && slice != w->slice)
		end_slice(w);
	w->slice = slice;
	w->next_event = event_after(w, now);
	if (w->journal && w->is_counting) {
		due = w->start + clk_ticks(w->clk, journal_event(w, ns)) + 1;
		if (due < w->next_event)
			w->next_event = due > now ? due : now + 1;
	}
	if (w->crew)
		w->is_ending |= is_stopped(w);
	check_rates(w, now);
	tell_progress(w);
}

static void forget(struct lat *l)
{
	if (!l)
		return;
	memset(l, 0, sizeof(*l));
	l->min_ns = UINT64_MAX;
}

void meters_restart(struct worker *w, uint64_t now)
{
	for (int d = 0; d < IO_DIRS; d++) {
		struct meter *m = &w->meter[d];

		forget(m->slat);
		forget(m->clat);
		forget(m->lat);
		forget(m->sched);
		for (int prio = 0; prio < ENGINE_PRIOS && d < 2; prio++)
			if (w->clat_by_prio[d][prio])
				memset(w->clat_by_prio[d][prio], 0, sizeof(struct lat));
		if (m->before)
			memset(m->before, 0, sizeof(*m->before));
		m->ios = m->bytes = m->slice_max_ns = m->slice_first_io = m->slice_first_byte = 0;
	}
	slices_forget(&w->slices);
	memset(w->short_ios, 0, sizeof(w->short_ios));
	memset(w->rate_ios, 0, sizeof(w->rate_ios));
	memset(w->rate_bytes, 0, sizeof(w->rate_bytes));
	if (w->journal)
		journal_restart(w);
	w->start = now;
	w->slice = 0;
	w->is_counting = false;
	worker_event(w, now);
}

static uint64_t tv_ns(struct timeval after, struct timeval before)
{
	struct timeval d;

	timersub(&after, &before, &d);
	return (uint64_t)d.tv_sec * NS_PER_S + (uint64_t)d.tv_usec * NS_PER_US;
}

void meters_stop(struct worker *w)
{
	struct sample *s = w->sample;
	uint64_t worker_ns;
	struct rusage now;

	getrusage(RUSAGE_THREAD, &now);
	if (!w->is_counting)
		return;
	end_slice(w);
	s->runtime_ns = clk_ns(w->clk, w->finished - w->start);
	if (w->journal)
		journal_end(w, s->runtime_ns);
	tell_progress(w);
	s->cpu_user_ns = tv_ns(now.ru_utime, w->usage.ru_utime);
	s->cpu_sys_ns = tv_ns(now.ru_stime, w->usage.ru_stime);
	s->ctx_voluntary = (uint64_t)(now.ru_nvcsw - w->usage.ru_nvcsw);
	s->ctx_involuntary = (uint64_t)(now.ru_nivcsw - w->usage.ru_nivcsw);
	w->major_faults = (uint64_t)(now.ru_majflt - w->usage.ru_majflt);
	w->minor_faults = (uint64_t)(now.ru_minflt - w->usage.ru_minflt);
	worker_ns = kernel_worker_ns(w); /* less than before when one of them has ended meanwhile */
	w->kernel_worker_ns = worker_ns > w->kernel_worker_ns ? worker_ns - w->kernel_worker_ns : 0;
}

/* Counters are read while they are written: n is what the copied histogram holds. */
static int copy_lat(struct lat **to, const struct lat *from, uint64_t slice_max_ns)
{
	struct lat *l;

	if (!from)
		return 0;
	l = sample_lat(to);
	if (!l)
		return -ENOMEM;
	*l = *from;
	l->n = hist_total(&l->hist);
	if (slice_max_ns > l->max_ns)
		l->max_ns = slice_max_ns;
	if (!l->n)
		l->min_ns = l->max_ns = 0;
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

static void name_sample(const struct worker *w, struct sample *s)
{
	snprintf(s->engine, sizeof(s->engine), "%s", job_engine_names[w->job->engine]);
	snprintf(s->clock, sizeof(s->clock), "%s", w->clk->is_tsc ? "tsc" : "monotonic");
	s->start_ns = w->begun_ns + w->job->ramp_ns;
	s->n_threads = 1;
	s->interval_ns = ENGINE_INTERVAL_NS;
	s->clock_cost_ns = clk_cost_ns(w->clk);
	s->clock_drift_ppm = clk_drift_ppm(w->clk);
	s->n_errors = w->n_errors;
	s->n_enters = w->is_counting ? w->n_enters : 0; /* else they are the ramp's */
}

static unsigned batch_bucket(unsigned n) /* 0, 1-4, 5-8, ... 65 and more */
{
	unsigned b = n ? 31u - (unsigned)__builtin_clz((n - 1) | 3) : 0;

	return b < ENGINE_DEPTHS ? b : ENGINE_DEPTHS - 1;
}

static void fold_depths(const struct worker *w, struct engine_depths *to)
{
	for (unsigned n = 0; n <= w->depth; n++) {
		unsigned level = n ? 31u - (unsigned)__builtin_clz(n) : 0;

		level = level < ENGINE_DEPTHS ? level : ENGINE_DEPTHS - 1;
		to->level[level] += w->n_at_depth[n];
		to->submit[batch_bucket(n)] += w->n_submits[n];
		if (n) /* looks that found nothing are n_polls */
			to->complete[batch_bucket(n)] += w->n_completes[n];
	}
	to->major_faults = w->major_faults;
	to->minor_faults = w->minor_faults;
}

static void fill_clone(const struct worker *w, struct engine_clone *c)
{
	c->job = w->job_index;
	c->clone = w->clone;
	fold_depths(w, &c->depths);
	memcpy(c->short_ios, w->short_ios, sizeof(c->short_ios));
	c->n_errors = w->n_errors;
	c->first_error = w->first_error;
	c->first_error_offset = w->first_error_offset;
	c->started_wall_ms = w->begun_wall_ms;
	c->n_inflight_at_ramp = w->n_inflight_at_ramp;
	c->n_enters = w->n_enters;
	c->n_polls = w->n_polls;
	if (w->shape)
		shape_tell(w, c);
}

int worker_take(struct worker *w, struct engine_clone *ret)
{
	struct engine_clone c = {0};
	struct sample *s = w->sample;

	name_sample(w, s);
	for (int dir = 0; dir < IO_DIRS; dir++) {
		struct dir_sample *d = &s->dir[dir];

		d->ios = w->meter[dir].ios;
		d->bytes = meter_bytes(w, dir);
		if (d->clat && !d->slat)
			*d->clat = *d->lat;
		close_lat(d->slat, d->ios);
		close_lat(d->clat, d->ios);
		close_lat(d->lat, d->ios);
		close_lat(d->sched, d->ios);
	}
	if (slices_take(&w->slices, &s->intervals, &s->n_intervals) < 0 ||
	    (w->journal && journal_take(w, &c) < 0))
		return -ENOMEM;
	fill_clone(w, &c);
	c.elapsed_ns = w->finished > w->begun ? clk_ns(w->clk, w->finished - w->begun) : 0;
	c.clock_drift_ppm = w->sample->clock_drift_ppm;
	c.kernel_worker_ns = w->kernel_worker_ns;
	memcpy(c.ioprio, w->ioprio, sizeof(c.ioprio));
	memcpy(c.clat_by_prio, w->clat_by_prio, sizeof(c.clat_by_prio));
	memset(w->clat_by_prio, 0, sizeof(w->clat_by_prio));
	c.sample = BL_STEAL(w->sample);
	*ret = c;
	return 0;
}

int worker_peek(struct worker *w, struct engine_clone *ret)
{
	BL_CLEANUP(sample_freep) struct sample *s = sample_new(w->job->name);
	struct engine_clone c = {0};
	uint64_t now = clk_now(w->clk), end = w->finished ? w->finished : now;

	if (!s)
		return -ENOMEM;
	name_sample(w, s);
	for (int dir = 0; dir < IO_DIRS && w->is_counting; dir++) {
		const struct meter *m = &w->meter[dir];
		struct dir_sample *d = &s->dir[dir];

		if (copy_lat(&d->slat, m->slat, 0) < 0 ||
		    (m->clat &&
		     copy_lat(&d->clat, meter_clat(m), m->slat ? 0 : m->slice_max_ns) < 0) ||
		    copy_lat(&d->lat, m->lat, m->slice_max_ns) < 0 ||
		    copy_lat(&d->sched, m->sched, 0) < 0)
			return -ENOMEM;
		d->ios = d->lat ? d->lat->n : 0;
		d->bytes = meter_bytes(w, dir);
	}
	if (w->is_counting && end > w->start)
		s->runtime_ns = clk_ns(w->clk, end - w->start);
	fill_clone(w, &c);
	c.elapsed_ns = w->begun && end > w->begun ? clk_ns(w->clk, end - w->begun) : 0;
	c.sample = BL_STEAL(s);
	*ret = c;
	return 0;
}

void engine_clone_done(struct engine_clone *c)
{
	sample_free(c->sample);
	for (int d = 0; d < 2; d++)
		for (int prio = 0; prio < ENGINE_PRIOS; prio++)
			free(c->clat_by_prio[d][prio]);
	free(c->steady.iops);
	free(c->steady.bw_bytes);
	free(c->ios);
	free(c->windows);
	for (size_t i = 0; i < c->n_hist_windows; i++)
		free(c->hist_windows[i].buckets);
	free(c->hist_windows);
	*c = (struct engine_clone){0};
}
