/* hv_channel_stream.c - the channel through libvirt: a virStream fed by the event loop.
 *
 * The event loop's thread puts what came into a buffer; the lab's thread takes it out. When the
 * buffer is full the stream is not read until somebody takes: the guest then waits.
 */
#include <errno.h>
#include <libvirt/virterror.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "hv_libvirt.h"
#include "units.h"
#include "wire.h"

#define CHUNK      ((size_t)64 * 1024)
#define BUFFER_MAX ((size_t)2 * WIRE_FRAME_MAX) /* one whole frame always fits */

struct stream_channel {
	struct lv_channel base;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	virStreamPtr stream;
	struct bl_buf in;
	atomic_uint refs; /* ours, and the callback's until libvirt has let go of it */
	int wanted;       /* events asked of libvirt */
	bool can_write;   /* a WRITABLE event came since the last full write */
	bool is_over;     /* QEMU or the connection is gone */
	bool has_events;  /* the callback is registered */
};

static void put(struct stream_channel *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	bl_buf_done(&c->in);
	free(c);
}

static void callback_gone(void *opaque)
{
	put(opaque);
}

/* Under the lock. */
static void want(struct stream_channel *c, int events)
{
	if (!c->has_events || c->wanted == events)
		return;
	c->wanted = events;
	virStreamEventUpdateCallback(c->stream, events);
}

/* Under the lock, in the event loop's thread. */
static void over(struct stream_channel *c)
{
	c->is_over = true;
	if (c->has_events)
		virStreamEventRemoveCallback(c->stream);
	c->has_events = false;
}

/* Under the lock. Everything that is there, so that nothing is lost when QEMU ends. */
static void fill(struct stream_channel *c)
{
	char chunk[CHUNK];

	while (c->in.len < BUFFER_MAX) {
		int n = virStreamRecv(c->stream, chunk, sizeof chunk);

		if (n == -2) /* nothing more for now */
			return;
		if (n <= 0) {
			over(c);
			return;
		}
		bl_buf_add(&c->in, chunk, (size_t)n);
	}
	want(c, c->wanted & ~VIR_STREAM_EVENT_READABLE);
}

static void on_event(virStreamPtr stream, int events, void *opaque)
{
	struct stream_channel *c = opaque;

	(void)stream;
	pthread_mutex_lock(&c->lock);
	if (!c->is_over && (events & VIR_STREAM_EVENT_READABLE))
		fill(c);
	if (!c->is_over && (events & VIR_STREAM_EVENT_WRITABLE)) {
		c->can_write = true;
		want(c, c->wanted & ~VIR_STREAM_EVENT_WRITABLE);
	}
	if (!c->is_over && (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP)))
		over(c);
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

static const struct lv_channel_ops stream_ops;
static void stream_close(struct lv_channel *base);

int lv_channel_open_stream(virConnectPtr conn, virDomainPtr dom, const char *port,
			   struct lv_channel **ret_channel, struct bl_err *err)
{
	struct stream_channel *c = calloc(1, sizeof *c);
	pthread_condattr_t attr;

	if (!c)
		return bl_fail(err, -ENOMEM, "out of memory");
	c->base.ops = &stream_ops;
	atomic_init(&c->refs, 1);
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &attr);
	pthread_condattr_destroy(&attr);
	c->stream = virStreamNew(conn, VIR_STREAM_NONBLOCK);
	if (!c->stream || virDomainOpenChannel(dom, port, c->stream, 0) < 0) {
		lv_fail(err, -EIO, "cannot open the channel '%s'", port);
		goto fail;
	}
	c->wanted = VIR_STREAM_EVENT_READABLE;
	atomic_fetch_add(&c->refs, 1);
	c->has_events = true;
	if (virStreamEventAddCallback(c->stream, c->wanted, on_event, c, callback_gone) < 0) {
		atomic_fetch_sub(&c->refs, 1);
		c->has_events = false;
		lv_fail(err, -EIO, "cannot follow the channel '%s'", port);
		goto fail;
	}
	*ret_channel = &c->base;
	return 0;
fail:
	stream_close(&c->base);
	return -EIO;
}

/* Under the lock. False when @deadline has passed. */
static bool wait_until(struct stream_channel *c, uint64_t deadline)
{
	struct timespec t = {.tv_sec = (time_t)(deadline / NS_PER_S),
			     .tv_nsec = (long)(deadline % NS_PER_S)};

	return pthread_cond_timedwait(&c->changed, &c->lock, &t) != ETIMEDOUT;
}

static int send_locked(struct stream_channel *c, const char *data, size_t len, uint64_t deadline,
		       struct bl_err *err)
{
	while (len > 0) {
		int n;

		if (c->is_over)
			return bl_fail(err, -EPIPE, "the channel to the guest is closed");
		c->can_write = false;
		n = virStreamSend(c->stream, data, len > CHUNK ? CHUNK : len);
		if (n == -1)
			return lv_fail(err, -EPIPE, "the channel to the guest broke");
		if (n >= 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		want(c, c->wanted | VIR_STREAM_EVENT_WRITABLE);
		while (!c->can_write && !c->is_over) {
			if (!wait_until(c, deadline))
				return bl_fail(err, -ETIMEDOUT,
					       "the guest took no data: %zu bytes are left", len);
		}
	}
	return 0;
}

static int stream_send(struct lv_channel *base, const void *data, size_t len, uint64_t limit_ns,
		       struct bl_err *err)
{
	struct stream_channel *c = (struct stream_channel *)base;
	int r;

	pthread_mutex_lock(&c->lock);
	r = send_locked(c, data, len, bl_now_ns() + limit_ns, err);
	pthread_mutex_unlock(&c->lock);
	return r;
}

static int stream_recv(struct lv_channel *base, struct bl_buf *out, uint64_t limit_ns,
		       struct bl_err *err)
{
	struct stream_channel *c = (struct stream_channel *)base;
	uint64_t deadline = bl_now_ns() + limit_ns;
	bool has_lost;
	int n;

	pthread_mutex_lock(&c->lock);
	while (c->in.len == 0 && !c->is_over && wait_until(c, deadline))
		;
	n = (int)c->in.len;
	has_lost = bl_buf_failed(&c->in);
	if (n > 0) {
		bl_buf_add(out, c->in.data, c->in.len);
		bl_buf_done(&c->in);
		want(c, c->wanted | VIR_STREAM_EVENT_READABLE);
	}
	if (has_lost || bl_buf_failed(out))
		n = bl_fail(err, -ENOMEM, "out of memory");
	else if (n == 0 && c->is_over)
		n = bl_fail(err, -EPIPE, "the channel to the guest is closed");
	pthread_mutex_unlock(&c->lock);
	return n;
}

static void stream_close(struct lv_channel *base)
{
	struct stream_channel *c = (struct stream_channel *)base;
	virStreamPtr stream;

	pthread_mutex_lock(&c->lock);
	if (!c->is_over)
		over(c);
	stream = c->stream;
	pthread_mutex_unlock(&c->lock);
	/* Outside the lock: libvirt may wait for a callback that is running. */
	if (stream) {
		virStreamAbort(stream);
		virStreamFree(stream);
	}
	put(c);
}

static const struct lv_channel_ops stream_ops = {
	.send = stream_send,
	.recv = stream_recv,
	.close = stream_close,
};
