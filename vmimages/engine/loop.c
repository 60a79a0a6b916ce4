/* loop.c - the timed loop. Here nothing is allocated, locked, divided or printed.
 *
 * Build requests in the free slots as they are due, hand them over in one call, take
 * the time, record everything that has come back. Stamps are fio's: start when the
 * request is built, issue when the hand-over returned (sync engines: just before the
 * call), done once for all that were found ready together.
 */
#include <errno.h>

#include "worker.h"

#define INLINE      static inline __attribute__((always_inline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NO_DUE      UINT64_MAX

#include "loop_engines.h" /* engine_submit(), engine_ready(), engine_wait(), engine_result() */

/* Through int64_t: half the instructions, and no latency has the sign bit. */
INLINE double squared(uint64_t ns)
{
	double v = (double)(int64_t)ns;

	return v * v;
}

INLINE void put(struct lat *l, uint64_t ns)
{
	l->sum_ns += ns;
	l->sumsq_ns2 += squared(ns);
	l->min_ns = ns < l->min_ns ? ns : l->min_ns;
	l->max_ns = ns > l->max_ns ? ns : l->max_ns;
	l->hist.count[hist_index(ns)]++;
}

INLINE void record(struct worker *w, const struct slot *s, uint64_t now, bool rated)
{
	struct meter *m = &w->meter[s->dir];
	uint64_t lat;

	if (m->slat) { /* lat is their sum to the nanosecond */
		uint64_t slat = clk_ns(w->clk, s->issue - s->start);
		uint64_t clat = clk_ns(w->clk, now - s->issue);

		put(m->slat, slat);
		put(m->clat, clat);
		lat = slat + clat;
	} else { /* sync engines, and sync requests of any */
		lat = clk_ns(w->clk, now - s->start);
		if (m->clat)
			put(m->clat, lat);
	}
	m->lat->sum_ns += lat;
	m->lat->sumsq_ns2 += squared(lat);
	m->lat->min_ns = lat < m->lat->min_ns ? lat : m->lat->min_ns;
	m->slice_max_ns = lat > m->slice_max_ns ? lat : m->slice_max_ns;
	m->lat->hist.count[hist_index(lat)]++;
	m->ios++;
	if (rated && m->sched)
		put(m->sched, clk_ns(w->clk, now - s->due));
}

INLINE void complete(struct worker *w, struct slot *s, int res, uint64_t now, bool rated)
{
	bool is_good = true;

	if (UNLIKELY((uint32_t)res != s->len)) {
		is_good = worker_finish_io(w, s, res) == 0;
		now = clk_now(w->clk);
	}
	if (is_good && s->start >= w->start)
		record(w, s, now, rated);
	w->free_slots[w->n_free++] = s->id;
	w->n_busy--;
}

INLINE void queue(struct worker *w, struct slot *s, uint64_t now)
{
	s->start = s->issue = now;
	w->n_free--;
	w->n_busy++;
	w->queue[w->n_queued++] = s->id;
}

INLINE void build_sync(struct worker *w, uint64_t now)
{
	struct slot *s = &w->slots[w->free_slots[w->n_free - 1]];

	s->dir = IO_SYNC;
	s->len = 0;
	s->offset = w->sync_owed & 1 ? 0 : 1; /* 1: data only */
	w->sync_owed &= w->sync_owed - 1;
	queue(w, s, now);
}

INLINE void owe_sync(struct worker *w, unsigned kind)
{
	if (!w->sync_every[kind] || ++w->since_sync[kind] < w->sync_every[kind])
		return;
	w->since_sync[kind] = 0;
	w->sync_owed |= (uint8_t)(1u << kind);
}

INLINE void build_io(struct worker *w, unsigned dir, bool rated, uint64_t now)
{
	struct slot *s = &w->slots[w->free_slots[w->n_free - 1]];

	s->dir = (uint8_t)dir;
	s->len = w->bs;
	s->offset = w->region_offset + blocks_next(&w->blocks, dir) * w->bs;
	if (rated) {
		s->due = (uint64_t)(w->pace[dir].due >> 32);
		w->pace[dir].due += w->pace[dir].period;
	}
	w->left -= now >= w->start;
	if (dir == IO_WRITE) {
		for (uint32_t at = 0; at < w->bs; at += 4096)
			*(uint64_t *)(s->buf + at) = s->offset + at + now;
		owe_sync(w, 0);
		owe_sync(w, 1);
	}
	queue(w, s, now);
}

INLINE unsigned batch_bucket(unsigned n) /* 0, 1-4, 5-8, ... 65 and more */
{
	unsigned b = n ? 31u - (unsigned)__builtin_clz((n - 1) | 3) : 0;

	return b < ENGINE_DEPTHS ? b : ENGINE_DEPTHS - 1;
}

INLINE void note_submit(struct worker *w)
{
	unsigned level = 31u - (unsigned)__builtin_clz(w->n_busy);

	w->depths.level[level < ENGINE_DEPTHS ? level : ENGINE_DEPTHS - 1] += w->n_queued;
	w->depths.submit[batch_bucket(w->n_queued)]++;
}

/* The direction of the next request; rated: whose turn comes first. */
INLINE unsigned choose(struct worker *w, bool rated)
{
	if (!w->is_mixed)
		return w->only_dir;
	if (rated)
		return w->pace[IO_WRITE].due < w->pace[IO_READ].due ? IO_WRITE : IO_READ;
	return rng_next(&w->mix) >> 32 < w->read_threshold ? IO_READ : IO_WRITE;
}

/* Fill the free slots, up to one hand-over; false: there is more to build. When the
 * schedule has nothing yet, *ret_due is when it will. */
INLINE bool build(struct worker *w, bool rated, uint64_t *ret_due)
{
	while (w->n_free && !w->is_ending) {
		uint64_t now;
		unsigned dir;

		if (w->n_queued == w->batch_max)
			return false;
		now = clk_now(w->clk);
		if (UNLIKELY(now >= w->end || !w->left)) {
			w->is_ending = true;
			break;
		}
		if (UNLIKELY(w->sync_owed)) {
			build_sync(w, now);
			continue;
		}
		dir = choose(w, rated);
		if (rated && w->pace[dir].due >> 32 > now) {
			*ret_due = (uint64_t)(w->pace[dir].due >> 32);
			break;
		}
		build_io(w, dir, rated, now);
	}
	return true;
}

INLINE void run(struct worker *w, enum job_engine engine, bool rated)
{
	unsigned n;

	for (;;) {
		uint64_t due = NO_DUE, now;
		bool is_full = build(w, rated, &due);

		if (!w->n_busy && w->is_ending)
			break;
		if (w->n_queued) {
			note_submit(w);
			engine_submit(w, engine);
		}
		n = engine_ready(w, engine);
		if (!n && is_full) {
			engine_wait(w, engine, due);
			n = engine_ready(w, engine);
		}
		now = clk_now(w->clk);
		if (UNLIKELY(now >= w->next_event))
			worker_event(w, now);
		w->depths.complete[batch_bucket(n)]++;
		for (unsigned i = 0; i < n; i++) {
			int res;
			struct slot *s = engine_result(w, engine, i, &res);

			complete(w, s, res, now, rated);
		}
		engine_took(w, engine, n);
	}
	w->finished = clk_now(w->clk);
}

void loop_run(struct worker *w)
{
	bool rated = w->job->rate_iops > 0;

	/* A copy of the loop for each case, so that it is not asked at every request. */
	if (w->job->engine == JOB_IO_URING)
		rated ? run(w, JOB_IO_URING, true) : run(w, JOB_IO_URING, false);
	else if (w->job->engine == JOB_PSYNC)
		rated ? run(w, JOB_PSYNC, true) : run(w, JOB_PSYNC, false);
	else
		rated ? run(w, JOB_NULL, true) : run(w, JOB_NULL, false);
}
