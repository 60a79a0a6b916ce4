/* loop_engines.h - how the loop hands requests over and gets them back, per engine.
 *
 * Included by loop.c alone, with the engine known when compiling. Sync engines do their one
 * request inside engine_submit(); null has all it was handed ready at once.
 */
#ifndef LOOP_ENGINES_H
#define LOOP_ENGINES_H

#include <time.h>

#include "sys.h"

#define WAIT_MAX_NS 100000000u /* look at the stop flags that often */
#define SPIN_NS     20000u     /* a sleep may end that much late, so that the rest is spun */

#define IS_RING(engine) ((engine) == JOB_IO_URING || (engine) == JOB_NOP)

INLINE long ring_enter(struct worker *w, unsigned submit, unsigned wait, unsigned flags)
{
	w->n_enters++;
	return sys_call6(SYS_io_uring_enter, w->enter_fd, submit, wait,
			 (long)(flags | w->enter_flags), 0, 0);
}

/* Each slot has an entry of its own in the ring's array, written before the loop but for
 * the offset; the ring's index names the slots that are handed over. */
INLINE void ring_queue(struct worker *w, const struct slot *s, bool rich)
{
	struct io_uring_sqe *sqe = &w->ring.sq.sqes[s->id];

	w->ring.sq.array[w->sq_tail++ & w->sq_mask] = s->id;
	if (rich) {
		ring_prepare(w, s);
		return;
	}
	sqe->off = s->offset;
	if (w->is_mixed)
		sqe->opcode = (uint8_t)(w->read_opcode + s->dir);
}
_Static_assert(IORING_OP_WRITE_FIXED == IORING_OP_READ_FIXED + 1 &&
		       IORING_OP_WRITE == IORING_OP_READ + 1 && IO_READ == 0 && IO_WRITE == 1,
	       "the opcode follows from the direction");

INLINE void ring_submit(struct worker *w)
{
	unsigned n = w->sq_tail - *w->ring.sq.ktail;
	long rc;

	__atomic_store_n(w->ring.sq.ktail, w->sq_tail, __ATOMIC_RELEASE);
	if (w->has_sqpoll) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(w->ring.sq.kflags, __ATOMIC_RELAXED) & IORING_SQ_NEED_WAKEUP)
			ring_enter(w, n, 0, IORING_ENTER_SQ_WAKEUP);
		return;
	}
	rc = ring_enter(w, n, 0, IORING_ENTER_GETEVENTS); /* also fetches what is done already */
	if (UNLIKELY(rc != (long)n))
		ring_submit_rest(w, (int)rc, n);
}

/* What is no business of rings was done by shape_submit(). */
INLINE void engine_submit(struct worker *w, const struct clk *clk, enum job_engine engine,
			  bool rich)
{
	unsigned n = w->n_queued;
	uint64_t now;

	if (engine == JOB_PSYNC) {
		w->sync_result = sync_io(w, queued_slot(w, 0));
		return;
	}
	if (IS_RING(engine)) {
		for (unsigned i = 0; i < n; i++)
			if (!rich || !slot_is_at_once(w, queued_slot(w, i)))
				ring_queue(w, queued_slot(w, i), rich);
		if (!rich || w->sq_tail != *w->ring.sq.ktail)
			ring_submit(w);
	} else if (engine == JOB_LIBAIO) {
		aio_submit(w);
	}
	if (engine == JOB_NULL &&
	    !w->has_slat) /* at depth 1 it is taken for synchronous, as fio does */
		return;
	now = clk_now(clk);
	for (unsigned i = 0; i < n; i++)
		queued_slot(w, i)->issue = now;
	if (engine != JOB_NULL)
		w->n_queued = 0;
}

/* How many have come back. @more: the caller has requests to build and does not wait. */
INLINE unsigned engine_ready(struct worker *w, enum job_engine engine, bool more)
{
	if (engine == JOB_LIBAIO)
		return (more ? aio_reap(w, 0, 0) : w->n_events) + w->n_at_once;
	return __atomic_load_n(w->ring.cq.ktail, __ATOMIC_ACQUIRE) - *w->ring.cq.khead +
	       w->n_at_once;
}

/* The @i-th that came back; those done at once come first. */
INLINE struct slot *engine_result(struct worker *w, enum job_engine engine, unsigned i, int *ret)
{
	struct slot *s;

	if (UNLIKELY(i < w->n_at_once)) {
		*ret = w->at_once_result[i];
		return &w->slots[w->at_once[i]];
	}
	i -= w->n_at_once;
	if (IS_RING(engine)) {
		struct io_uring_cq *cq = &w->ring.cq;
		const struct io_uring_cqe *cqe = &cq->cqes[(*cq->khead + i) & *cq->kring_mask];

		s = &w->slots[cqe->user_data];
		*ret = engine == JOB_NOP ? (int)s->len : cqe->res;
		return s;
	}
	*ret = (int)w->events[i].res;
	return &w->slots[w->events[i].data];
}

INLINE void engine_took(struct worker *w, enum job_engine engine, unsigned n)
{
	if (IS_RING(engine))
		__atomic_store_n(w->ring.cq.khead, *w->ring.cq.khead + n - w->n_at_once,
				 __ATOMIC_RELEASE);
	else
		aio_took(w, n - w->n_at_once);
	w->n_at_once = 0;
}

INLINE void ring_wait(struct worker *w, unsigned min, uint64_t ns)
{
	struct __kernel_timespec ts = {.tv_nsec = (long long)ns};
	struct io_uring_getevents_arg arg = {.sigmask_sz = _NSIG / 8, .ts = (uintptr_t)&ts};

	if (ns == UINT64_MAX) {
		ring_enter(w, 0, min, IORING_ENTER_GETEVENTS);
		return;
	}
	if (ns < SPIN_NS) /* a sleep would be longer */
		min = 0;
	w->n_enters++;
	sys_call6(SYS_io_uring_enter, w->enter_fd, 0, w->has_iopoll ? 0 : min,
		  (long)(IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | w->enter_flags),
		  (long)&arg, sizeof(arg));
}

/* Until something is ready, or until @due (ticks), or for WAIT_MAX_NS; how many are. */
INLINE unsigned engine_wait(struct worker *w, const struct clk *clk, enum job_engine engine,
			    uint64_t due)
{
	unsigned n_busy = w->depth - w->n_free;
	unsigned min = w->reap_min < n_busy ? w->reap_min : n_busy;
	uint64_t ns = UINT64_MAX, now, until;

	if (UNLIKELY(w->n_at_once)) /* there is something to do */
		return engine_ready(w, engine, false);
	if (due != NO_DUE || !n_busy) {
		now = clk_now(clk);
		until = due < w->end ? due : w->end;
		ns = until > now ? clk_ns(clk, until - now) : 0;
		ns = ns > WAIT_MAX_NS ? WAIT_MAX_NS : ns;
	}
	if (n_busy && IS_RING(engine))
		ring_wait(w, min, ns);
	else if (n_busy && engine == JOB_LIBAIO)
		aio_reap(w, min, ns);
	else if (ns > SPIN_NS)
		nanosleep(&(struct timespec){.tv_nsec = (long)(ns - SPIN_NS / 2)}, NULL);
	return IS_RING(engine) || engine == JOB_LIBAIO ? engine_ready(w, engine, false) : 0;
}

#endif
