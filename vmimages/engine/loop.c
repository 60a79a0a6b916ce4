/* loop.c - the timed loop. Here nothing is allocated, locked, divided or printed.
 *
 * Build requests in the free slots, hand them over in one call, take the time, record
 * everything that has come back. Stamps are fio's: start when the request is built (lean: once
 * for a hand-over, before the first), issue when the hand-over returned (engines that run inside
 * the call have no slat), done once for all that were found ready together.
 *
 * Two loops come out of this text for each engine: lean ones for requests of one size in one file
 * as fast as they go, and rich ones, which ask shape.h what comes next and what to make of it.
 */
#include "worker.h"

#define INLINE      static inline __attribute__((always_inline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NO_DUE      UINT64_MAX

#include "shape.h" /* shape_next(), shape_done(): rich jobs */

/* Through int64_t: half the instructions, and no latency has the sign bit. */
INLINE double squared(uint64_t ns)
{
	double v = (double)(int64_t)ns;

	return v * v;
}

/* All but the maximum, which costs least where the caller keeps it. */
INLINE void put(struct lat *l, uint64_t ns)
{
	l->hist.count[hist_index(ns)]++;
	l->sum_ns += ns;
	l->sumsq_ns2 += squared(ns);
	if (UNLIKELY(ns < l->min_ns))
		l->min_ns = ns;
}

INLINE void put_max(uint64_t *max, uint64_t ns)
{
	if (UNLIKELY(ns > *max))
		*max = ns;
}

/* Without a slat, clat is lat and is not recorded twice. */
INLINE void record(const struct clk *clk, struct meter *m, const struct slot *s, uint64_t now)
{
	uint64_t lat;

	if (m->slat) { /* lat is their sum to the nanosecond */
		uint64_t slat = clk_ns(clk, s->issue - s->start);
		uint64_t clat = clk_ns(clk, now - s->issue);

		put(m->slat, slat);
		put_max(&m->slat->max_ns, slat);
		put(m->clat, clat);
		put_max(&m->clat->max_ns, clat);
		lat = slat + clat;
	} else {
		lat = clk_ns(clk, now - s->start);
	}
	put(m->lat, lat);
	put_max(&m->slice_max_ns, lat);
	m->ios++;
}

INLINE void complete(struct worker *w, const struct clk *clk, struct slot *s, int res, uint64_t now,
		     bool rich)
{
	bool is_good = true;

	if (rich) {
		is_good = shape_done(w, s, res, &now);
	} else if (UNLIKELY((uint32_t)res != s->len)) {
		is_good = worker_finish_io(w, s, res) == 0;
		now = clk_now(clk);
	}
	if (is_good && s->start >= w->start) {
		record(clk, &w->meter[s->dir], s, now);
		if (rich)
			shape_record(w, s, now);
	}
}

#include "loop_engines.h" /* engine_submit(), engine_ready(), engine_wait(), engine_result() */

INLINE void build_io(struct worker *w, struct slot *s, uint64_t now)
{
	uint8_t dir = w->only_dir;

	if (w->is_mixed)
		s->dir = dir = rng_next(&w->mix) >> 32 < w->read_threshold ? IO_READ : IO_WRITE;
	s->offset = w->region_offset + blocks_next(&w->blocks, dir) * w->bs;
	s->start = now;
	if (dir == IO_WRITE) /* no two sectors are ever the same */
		for (uint32_t at = 0; at < w->bs; at += 512)
			*(uint64_t *)(s->buf + at) = s->offset + at + now;
}

/* Fill the free slots, up to one hand-over; true: there is more to build. */
INLINE bool build(struct worker *w, const struct clk *clk)
{
	uint64_t now = clk_now(clk);
	unsigned n = w->n_free < w->batch_max ? w->n_free : w->batch_max;
	const uint16_t *top = &w->free_slots[w->n_free];

	if (UNLIKELY(now >= w->end || !w->left))
		w->is_ending = true;
	if (UNLIKELY(w->is_ending))
		return false;
	if (now >= w->start) {
		if (UNLIKELY(n > w->left))
			n = (unsigned)w->left;
		w->left -= n;
	}
	w->n_free -= n;
	w->n_queued = n;
	while (n--)
		build_io(w, &w->slots[*--top], now);
	return w->n_free;
}

/* The same for rich jobs. When there is nothing to build yet, *ret_due is when there will be. */
INLINE bool build_rich(struct worker *w, const struct clk *clk, uint64_t *ret_due)
{
	while (w->n_free && !w->is_ending) {
		struct slot *s = &w->slots[w->free_slots[w->n_free - 1]];
		uint64_t now = clk_now(clk);

		if (w->n_queued >= w->batch_max)
			return true;
		switch (shape_next(w, s, now, ret_due)) {
		case SHAPE_GO:
			s->start = s->issue = clk_now(clk);
			if (UNLIKELY(now < w->start && s->start >= w->start))
				s->start = w->start - 1; /* it was not counted when it was chosen */
			w->n_free--;
			w->n_queued++;
			break;
		case SHAPE_WAIT:
			return false;
		case SHAPE_END:
			w->is_ending = true;
		}
	}
	return false;
}

INLINE void note_submit(struct worker *w, unsigned n)
{
	w->n_at_depth[w->depth - w->n_free] += n;
	w->n_submits[n]++;
}

/* Engines that have done what they were handed when the call returns. What was queued is put
 * back where it stands: above the top of the free slots. */
INLINE void run_in_place(struct worker *w, enum job_engine engine, bool rich)
{
	const struct clk clk = *w->clk;

	for (;;) {
		uint64_t due = NO_DUE, now;
		unsigned n, n_done;

		if (rich)
			build_rich(w, &clk, &due);
		else
			build(w, &clk);
		n = w->n_queued;
		if (UNLIKELY(!n)) { /* nothing was built: what stands above the top is stale */
			if (!rich || w->is_ending)
				break;
			engine_wait(w, &clk, engine, due);
		} else {
			note_submit(w, n);
			engine_submit(w, &clk, engine, rich);
		}
		now = clk_now(&clk);
		if (UNLIKELY(now >= w->next_event))
			worker_event(w, now);
		w->n_completes[n]++;
		for (n_done = 0; n_done < n; n_done++) {
			struct slot *s = &w->slots[w->free_slots[w->n_free + n_done]];
			int res = engine == JOB_NULL ? (int)s->len : w->sync_result;

			complete(w, &clk, s, res, now, rich);
		}
		w->n_free += n;
		w->n_queued = 0;
	}
	w->finished = clk_now(&clk);
}

/* Engines that have requests in flight. */
INLINE void run(struct worker *w, enum job_engine engine, bool rich)
{
	const struct clk clk = *w->clk;

	for (;;) {
		uint64_t due = NO_DUE, now;
		bool more = false;
		unsigned n = 0;

		if (w->n_free)
			more = rich ? build_rich(w, &clk, &due) : build(w, &clk);
		if (w->n_queued) {
			note_submit(w, w->n_queued);
			if (rich)
				shape_submit(w);
			engine_submit(w, &clk, engine, rich);
		} else if (w->is_ending && w->n_free == w->depth) {
			break;
		}
		n = engine_ready(w, engine, more);
		if (!more && (n < w->reap_min || !n)) {
			w->n_polls += !n;
			n = engine_wait(w, &clk, engine, due);
		}
		if (UNLIKELY(n > w->reap_max)) /* what was done at once is taken in one go */
			n = w->reap_max > w->n_at_once ? w->reap_max : w->n_at_once;
		now = clk_now(&clk);
		if (UNLIKELY(now >= w->next_event))
			worker_event(w, now);
		w->n_completes[n]++;
		for (unsigned i = 0; i < n; i++) {
			int res;
			struct slot *s = engine_result(w, engine, i, &res);

			complete(w, &clk, s, res, now, rich);
			w->free_slots[w->n_free++] = s->id;
		}
		engine_took(w, engine, n);
	}
	w->finished = clk_now(&clk);
}

/* A copy of the loop for each case, so that it is not asked at every request. */
#define LOOPS(run, engine)                                                                         \
	do {                                                                                       \
		if (w->shape)                                                                      \
			run(w, engine, true);                                                      \
		else                                                                               \
			run(w, engine, false);                                                     \
	} while (0)

void loop_run(struct worker *w)
{
	if (job_engine_is_sync(w->job->engine)) /* sync_io() knows which */
		LOOPS(run_in_place, JOB_PSYNC);
	else if (w->job->engine == JOB_NULL)
		LOOPS(run_in_place, JOB_NULL);
	else if (w->job->engine == JOB_LIBAIO)
		LOOPS(run, JOB_LIBAIO);
	else if (w->job->engine == JOB_NOP)
		LOOPS(run, JOB_NOP);
	else
		LOOPS(run, JOB_IO_URING);
}
