/* ring.c - an io_uring for one worker, with what this kernel can do. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "worker.h"

#define FIXED_BUF_MAX ((size_t)1 << 30) /* the kernel's limit for one registered buffer */

/* Best first; a kernel that does not know a flag says EINVAL. */
static const unsigned ring_flags[] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, /* Linux 6.1 */
	IORING_SETUP_COOP_TASKRUN,                               /* 5.19 */
	0,
};

/* Must run in the worker's own thread: a single issuer is the thread that makes the ring. */
int ring_setup(struct worker *w, struct bl_err *err)
{
	struct iovec iov = {.iov_base = w->buffers, .iov_len = w->buffers_len};
	int rc = -EINVAL;

	for (size_t i = 0; i < BL_ARRAY_LEN(ring_flags) && rc == -EINVAL; i++)
		rc = io_uring_queue_init(w->depth, &w->ring, ring_flags[i]);
	if (rc < 0)
		return bl_fail(err, rc,
			       "ioengine: io_uring does not work here (%s); psync is accepted",
			       strerror(-rc));
	w->has_ring = true;
	if (w->buffers_len <= FIXED_BUF_MAX)
		w->has_fixed_buf = io_uring_register_buffers(&w->ring, &iov, 1) == 0;
	w->has_fixed_file = io_uring_register_files(&w->ring, &w->fd, 1) == 0;
	(void)io_uring_register_ring_fd(&w->ring); /* saves a lookup per call where known */
	return 0;
}

void ring_done(struct worker *w)
{
	if (w->has_ring)
		io_uring_queue_exit(&w->ring);
	w->has_ring = false;
}

void ring_submit_rest(struct worker *w, int rc)
{
	while (rc >= 0 || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY) {
		rc = io_uring_submit_and_get_events(&w->ring);
		if (rc >= 0 && !io_uring_sq_ready(&w->ring))
			return;
	}
	worker_fail(w, -rc, "io_uring_enter: %s", strerror(-rc));
	for (; w->n_queued; w->n_busy--)
		w->free_slots[w->n_free++] = w->queue[--w->n_queued];
}
