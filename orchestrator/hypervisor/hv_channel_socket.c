/* hv_channel_socket.c - the channel as a unix socket on which QEMU listens. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"
#include "clock.h"
#include "hv_libvirt.h"
#include "units.h"

struct socket_channel {
	struct lv_channel base;
	int fd;
};

/* 1: @events or an end came; 0: the deadline has passed. */
static int wait_for(int fd, short events, uint64_t deadline)
{
	for (;;) {
		uint64_t now = bl_now_ns();
		int ms = now < deadline ? (int)((deadline - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
		struct pollfd p = {.fd = fd, .events = events};
		int n = poll(&p, 1, ms);

		if (n > 0 || (n == 0 && now >= deadline))
			return n;
	}
}

static int socket_send(struct lv_channel *base, const void *data, size_t len, uint64_t limit_ns,
		       struct bl_err *err)
{
	int fd = ((struct socket_channel *)base)->fd;
	uint64_t deadline = bl_now_ns() + limit_ns;
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
			return bl_fail(err, -EPIPE, "the channel to the guest is closed");
		if (wait_for(fd, POLLOUT, deadline) <= 0)
			return bl_fail(err, -ETIMEDOUT,
				       "the guest took no data: %zu bytes are left", len);
	}
	return 0;
}

static int socket_recv(struct lv_channel *base, struct bl_buf *out, uint64_t limit_ns,
		       struct bl_err *err)
{
	int fd = ((struct socket_channel *)base)->fd;
	uint64_t deadline = bl_now_ns() + limit_ns;
	char chunk[65536];

	for (;;) {
		ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);

		if (n > 0) {
			bl_buf_add(out, chunk, (size_t)n);
			return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "out of memory") : (int)n;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
			return bl_fail(err, -EPIPE, "the channel to the guest is closed");
		if (wait_for(fd, POLLIN, deadline) <= 0)
			return 0;
	}
}

static void socket_close(struct lv_channel *base)
{
	struct socket_channel *c = (struct socket_channel *)base;

	bl_closep(&c->fd);
	free(c);
}

static const struct lv_channel_ops socket_ops = {
	.send = socket_send,
	.recv = socket_recv,
	.close = socket_close,
};

int lv_channel_open_socket(const char *path, struct lv_channel **ret_channel, struct bl_err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct socket_channel *c;
	size_t len = strlen(path);

	if (len >= sizeof addr.sun_path)
		return bl_fail(err, -ENAMETOOLONG,
			       "the channel's path '%s' has %zu bytes, the most is %zu: use a "
			       "shorter work folder",
			       path, len, sizeof addr.sun_path - 1);
	memcpy(addr.sun_path, path, len + 1);
	c = calloc(1, sizeof *c);
	if (!c)
		return bl_fail(err, -ENOMEM, "out of memory");
	c->base.ops = &socket_ops;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&addr, sizeof addr) < 0) {
		int r = -errno;

		socket_close(&c->base);
		return bl_fail(err, r, "cannot connect to the guest's channel '%s': %s", path,
			       strerror(-r));
	}
	*ret_channel = &c->base;
	return 0;
}
