/* aio.c - Linux native AIO (io_submit(2), io_getevents(2)) for one worker. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys.h"
#include "worker.h"

int aio_setup(struct worker *w, struct bl_err *err)
{
	long rc;

	w->iocbs = calloc(w->depth, sizeof(*w->iocbs));
	w->iocb_queue = calloc(w->depth, sizeof(struct iocb *));
	w->events = calloc(w->depth, sizeof(*w->events));
	if (!w->iocbs || !w->iocb_queue || !w->events)
		return bl_fail(err, -ENOMEM, "out of memory");
	rc = sys_call4(SYS_io_setup, w->depth, (long)&w->aio, 0, 0);
	if (rc < 0)
		return bl_fail(err, (int)rc,
			       "ioengine: libaio can't have %u requests in flight (%s); see "
			       "/proc/sys/fs/aio-max-nr, io_uring and psync are accepted",
			       w->depth, strerror((int)-rc));
	w->has_aio = true;
	return 0;
}

void aio_done(struct worker *w)
{
	if (w->has_aio)
		sys_call4(SYS_io_destroy, (long)w->aio, 0, 0, 0);
	w->has_aio = false;
	free(w->iocbs);
	free(w->iocb_queue);
	free(w->events);
	w->iocbs = NULL;
	w->iocb_queue = NULL;
	w->events = NULL;
}

void aio_prepare(struct worker *w, const struct slot *s)
{
	struct iocb *c = &w->iocbs[s->id];

	c->aio_data = s->id;
	c->aio_fildes = (uint32_t)(w->shape ? w->files[s->file].fd : w->fd);
	c->aio_buf = s->len ? (uintptr_t)s->buf : 0;
	c->aio_nbytes = s->len;
	c->aio_offset = s->len ? (int64_t)s->offset : 0;
	c->aio_lio_opcode = s->kind == SLOT_FSYNC       ? IOCB_CMD_FSYNC
			    : s->kind == SLOT_FDATASYNC ? IOCB_CMD_FDSYNC
			    : s->dir == IO_READ         ? IOCB_CMD_PREAD
							: IOCB_CMD_PWRITE;
	c->aio_flags = s->prio ? IOCB_FLAG_IOPRIO : 0;
	c->aio_reqprio = s->prio ? (int16_t)w->ioprio[s->prio] : 0;
	c->aio_rw_flags = w->job->nowait && s->len ? RWF_NOWAIT : 0;
}

/* The request that the kernel refuses to take has its answer: it waits among the events. */
static void refuse(struct worker *w, const struct iocb *c, long rc)
{
	w->events[w->n_events++] = (struct io_event){.data = c->aio_data, .res = rc};
}

void aio_submit(struct worker *w)
{
	unsigned n = 0, done = 0, in_flight = w->depth - w->n_free - w->n_queued;

	for (unsigned i = 0; i < w->n_queued; i++) {
		const struct slot *s = queued_slot(w, i);

		if (s->dir == IO_TRIM)
			continue;
		aio_prepare(w, s);
		w->iocb_queue[n++] = &w->iocbs[s->id];
	}
	while (done < n) {
		long rc = sys_call4(SYS_io_submit, (long)w->aio, n - done,
				    (long)&w->iocb_queue[done], 0);

		w->n_enters++;
		if (rc > 0)
			done += (unsigned)rc;
		else if (rc == -EAGAIN && in_flight + done > w->n_events)
			aio_reap(w, w->n_events + 1, UINT64_MAX);
		else if (rc != -EAGAIN && rc != -EINTR)
			refuse(w, w->iocb_queue[done++], rc);
	}
}

unsigned aio_reap(struct worker *w, unsigned min, uint64_t ns)
{
	struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000u),
			      .tv_nsec = (long)(ns % 1000000000u)};
	unsigned room = w->depth - w->n_events;
	long rc;

	if (w->n_events >= min && min)
		return w->n_events;
	if (room > w->reap_max)
		room = w->reap_max;
	if (!room)
		return w->n_events;
	w->n_enters++;
	rc = sys_call6(SYS_io_getevents, (long)w->aio, min > w->n_events ? min - w->n_events : 0,
		       room, (long)&w->events[w->n_events], ns == UINT64_MAX ? 0 : (long)&ts, 0);
	if (rc > 0)
		w->n_events += (unsigned)rc;
	return w->n_events;
}
