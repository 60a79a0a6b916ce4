/* loop_engines.h - how the loop hands requests over and gets them back, per engine.
 *
 * Included by loop.c alone, with the engine known when compiling. psync does its one
 * request inside engine_submit(); null has all it was handed ready at once.
 */
#ifndef LOOP_ENGINES_H
#define LOOP_ENGINES_H

#include <unistd.h>

#define WAIT_MAX_NS 100000000u /* look at the stop flags that often */

INLINE void uring_prepare(struct worker *w, const struct slot *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&w->ring); /* entries >= slots: never NULL */
	int fd = w->has_fixed_file ? 0 : w->fd;

	if (s->dir == IO_SYNC)
		io_uring_prep_fsync(sqe, fd, s->offset ? IORING_FSYNC_DATASYNC : 0);
	else if (w->has_fixed_buf && s->dir == IO_READ)
		io_uring_prep_read_fixed(sqe, fd, s->buf, s->len, s->offset, 0);
	else if (w->has_fixed_buf)
		io_uring_prep_write_fixed(sqe, fd, s->buf, s->len, s->offset, 0);
	else if (s->dir == IO_READ)
		io_uring_prep_read(sqe, fd, s->buf, s->len, s->offset);
	else
		io_uring_prep_write(sqe, fd, s->buf, s->len, s->offset);
	sqe->user_data = s->id;
	if (w->has_fixed_file)
		sqe->flags |= IOSQE_FIXED_FILE;
}

INLINE void uring_submit(struct worker *w)
{
	uint64_t now;
	int rc;

	for (unsigned i = 0; i < w->n_queued; i++)
		uring_prepare(w, &w->slots[w->queue[i]]);
	rc = io_uring_submit_and_get_events(&w->ring); /* also fetches what is done already */
	if (UNLIKELY(rc < 0 || io_uring_sq_ready(&w->ring)))
		ring_submit_rest(w, rc);
	now = clk_now(w->clk);
	for (unsigned i = 0; i < w->n_queued; i++)
		w->slots[w->queue[i]].issue = now;
	w->n_queued = 0;
}

INLINE void psync_submit(struct worker *w)
{
	struct slot *s = &w->slots[w->queue[0]];
	ssize_t n;

	if (s->dir == IO_READ)
		n = pread(w->fd, s->buf, s->len, (off_t)s->offset);
	else if (s->dir == IO_WRITE)
		n = pwrite(w->fd, s->buf, s->len, (off_t)s->offset);
	else
		n = s->offset ? fdatasync(w->fd) : fsync(w->fd);
	w->sync_result = n < 0 ? -errno : (int)n;
}

INLINE void engine_submit(struct worker *w, enum job_engine engine)
{
	if (engine == JOB_IO_URING)
		uring_submit(w);
	else if (engine == JOB_PSYNC)
		psync_submit(w);
	else if (w->has_slat) /* null at a depth is taken for asynchronous, as fio does */
		for (uint64_t i = 0, now = clk_now(w->clk); i < w->n_queued; i++)
			w->slots[w->queue[i]].issue = now;
}

INLINE unsigned engine_ready(struct worker *w, enum job_engine engine)
{
	return engine == JOB_IO_URING ? io_uring_cq_ready(&w->ring) : w->n_queued;
}

INLINE struct slot *engine_result(struct worker *w, enum job_engine engine, unsigned i, int *ret)
{
	struct slot *s;

	if (engine == JOB_IO_URING) {
		struct io_uring_cq *cq = &w->ring.cq;
		struct io_uring_cqe *cqe = &cq->cqes[(*cq->khead + i) & *cq->kring_mask];

		*ret = cqe->res;
		return &w->slots[cqe->user_data];
	}
	s = &w->slots[w->queue[i]];
	*ret = engine == JOB_PSYNC ? w->sync_result : (int)s->len;
	return s;
}

INLINE void engine_took(struct worker *w, enum job_engine engine, unsigned n)
{
	if (engine == JOB_IO_URING)
		io_uring_cq_advance(&w->ring, n);
	else
		w->n_queued = 0;
}

/* Until something is ready, or until @due (ticks), or for WAIT_MAX_NS. */
INLINE void engine_wait(struct worker *w, enum job_engine engine, uint64_t due)
{
	uint64_t now = clk_now(w->clk), ns = WAIT_MAX_NS;
	uint64_t until = due < w->end ? due : w->end;
	struct io_uring_cqe *cqe;

	if (due == NO_DUE && engine == JOB_IO_URING) {
		io_uring_wait_cqe(&w->ring, &cqe);
		return;
	}
	if (until <= now)
		return;
	if (clk_ns(w->clk, until - now) < ns)
		ns = clk_ns(w->clk, until - now);
	if (engine == JOB_IO_URING && w->n_busy) {
		struct __kernel_timespec ts = {.tv_nsec = (long long)ns};

		io_uring_wait_cqes(&w->ring, &cqe, 1, &ts, NULL);
		return;
	}
	nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
}

#endif
