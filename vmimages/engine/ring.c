/* ring.c - an io_uring for one worker, with what this kernel can do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "sys.h"
#include "worker.h"

/* Best first; a kernel that does not know a flag says EINVAL. */
static const unsigned ring_flags[] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, /* Linux 6.1 */
	IORING_SETUP_COOP_TASKRUN,                               /* 5.19 */
	0,
};

static bool is_polled(const struct worker *w)
{
	return w->job->hipri && w->job->engine == JOB_IO_URING;
}

static int make_ring(struct worker *w)
{
	int rc = -EINVAL;

	for (size_t i = 0; i < BL_ARRAY_LEN(ring_flags) && rc == -EINVAL; i++) {
		struct io_uring_params p = {.flags = ring_flags[i]};

		if (is_polled(w))
			p.flags |= IORING_SETUP_IOPOLL;
		if (w->job->sqthread_poll) {
			if (ring_flags[i]) /* the thread runs the task work itself */
				continue;
			p.flags |= IORING_SETUP_SQPOLL;
			p.sq_thread_idle = 1000;
			if (w->job->sqthread_poll_cpu >= 0) {
				p.flags |= IORING_SETUP_SQ_AFF;
				p.sq_thread_cpu = (uint32_t)w->job->sqthread_poll_cpu;
			}
		}
		rc = io_uring_queue_init_params(w->depth, &w->ring, &p);
	}
	return rc;
}

/* A registered buffer for each slot: with one for all of them, the kernel sees requests of many
 * segments and looks for places to split them (about 200 instructions a request, Linux 6.1). */
static void register_buffers(struct worker *w)
{
	struct iovec *iov = calloc(w->depth, sizeof(*iov));

	for (unsigned i = 0; iov && i < w->depth; i++)
		iov[i] = (struct iovec){.iov_base = w->slots[i].buf, .iov_len = w->buffer_stride};
	w->has_fixed_buf = iov && io_uring_register_buffers(&w->ring, iov, w->depth) == 0;
	free(iov);
}

static void register_files(struct worker *w)
{
	int *fds = calloc(w->n_files, sizeof(*fds));

	for (unsigned i = 0; fds && i < w->n_files; i++)
		fds[i] = w->files[i].fd;
	w->has_fixed_file =
		fds && w->fd >= 0 && io_uring_register_files(&w->ring, fds, w->n_files) == 0;
	free(fds);
}

/* Must run in the worker's own thread: a single issuer is the thread that makes the ring. */
int ring_setup(struct worker *w, struct bl_err *err)
{
	int rc = make_ring(w);

	if (rc < 0)
		return bl_fail(err, rc,
			       "ioengine: io_uring does not work here (%s); psync is accepted",
			       strerror(-rc));
	w->has_ring = true;
	w->has_iopoll = is_polled(w);
	w->has_sqpoll = w->job->sqthread_poll;
	register_buffers(w);
	register_files(w);
	w->enter_fd = w->ring.ring_fd;
	if (io_uring_register_ring_fd(&w->ring) == 1) { /* saves a lookup per call where known */
		w->enter_fd = w->ring.enter_ring_fd;
		w->enter_flags = IORING_ENTER_REGISTERED_RING;
	}
	w->read_opcode = w->has_fixed_buf ? IORING_OP_READ_FIXED : IORING_OP_READ;
	w->sq_tail = *w->ring.sq.ktail;
	w->sq_mask = *w->ring.sq.kring_mask;
	for (unsigned i = 0; i < w->depth; i++)
		ring_preset(w, &w->slots[i]);
	return 0;
}

void ring_done(struct worker *w)
{
	if (!w->has_ring)
		return;
	if (w->has_fixed_file) /* or the kernel lets go of them some time after the exit */
		io_uring_unregister_files(&w->ring);
	io_uring_queue_exit(&w->ring);
	w->has_ring = false;
}

static uint8_t opcode_of(const struct worker *w, const struct slot *s, unsigned dir)
{
	if (w->job->engine == JOB_NOP)
		return IORING_OP_NOP;
	if (s->kind == SLOT_FSYNC || s->kind == SLOT_FDATASYNC)
		return IORING_OP_FSYNC;
	return (uint8_t)(w->read_opcode + (dir == IO_WRITE));
}

void ring_preset(struct worker *w, const struct slot *s)
{
	struct io_uring_sqe *sqe = &w->ring.sq.sqes[s->id];

	*sqe = (struct io_uring_sqe){
		.opcode = opcode_of(w, s, w->is_mixed ? IO_READ : w->only_dir),
		.fd = w->has_fixed_file ? 0 : w->fd,
		.flags = w->has_fixed_file ? IOSQE_FIXED_FILE : 0,
		.addr = (uintptr_t)s->buf,
		.len = w->bs,
		.user_data = s->id,
		.buf_index = w->has_fixed_buf ? s->id : 0,
	};
	if (w->job->engine == JOB_NOP) {
		sqe->fd = -1;
		sqe->flags = 0;
	}
	if (w->job->engine == JOB_IO_URING)
		sqe->rw_flags =
			(w->job->nowait ? RWF_NOWAIT : 0) | (w->job->uncached ? RWF_UNCACHED_ : 0);
}

static void add_priority(const struct worker *w, const struct slot *s, struct io_uring_sqe *sqe)
{
	if (s->prio)
		sqe->ioprio = w->ioprio[s->prio];
}

void ring_prepare(struct worker *w, const struct slot *s)
{
	struct io_uring_sqe *sqe = &w->ring.sq.sqes[s->id];
	bool is_sync = s->kind == SLOT_FSYNC || s->kind == SLOT_FDATASYNC;

	ring_preset(w, s);
	if (w->job->engine == JOB_NOP)
		return;
	sqe->opcode = opcode_of(w, s, s->dir);
	sqe->fd = w->has_fixed_file ? (int)s->file : w->shape ? w->files[s->file].fd : w->fd;
	sqe->len = s->len;
	sqe->off = s->offset;
	if (s->flags & SLOT_ASYNC)
		sqe->flags |= IOSQE_ASYNC;
	if (is_sync) {
		sqe->addr = 0;
		sqe->off = 0;
		sqe->buf_index = 0;
		sqe->fsync_flags = s->kind == SLOT_FDATASYNC ? IORING_FSYNC_DATASYNC : 0;
	} else {
		add_priority(w, s, sqe);
	}
}

/* What the kernel did not take of @n is not in flight: it has to be handed over again. When it
 * never will be, the last @left of the queue go back as failed, by way of what is done at once. */
void ring_submit_rest(struct worker *w, int rc, unsigned n)
{
	unsigned left = n;

	for (;;) {
		if (rc > 0)
			left -= (unsigned)rc < left ? (unsigned)rc : left;
		if (!left)
			return;
		if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
			break;
		w->n_enters++;
		rc = (int)sys_call6(SYS_io_uring_enter, w->enter_fd, left, 0,
				    (long)(IORING_ENTER_GETEVENTS | w->enter_flags), 0, 0);
	}
	worker_fail(w, -rc, "io_uring_enter: %s", strerror(-rc));
	for (; left; left--) {
		w->at_once[w->n_at_once] = (uint16_t)w->ring.sq.array[--w->sq_tail & w->sq_mask];
		w->at_once_result[w->n_at_once++] = rc;
	}
	__atomic_store_n(w->ring.sq.ktail, w->sq_tail, __ATOMIC_RELEASE);
}
