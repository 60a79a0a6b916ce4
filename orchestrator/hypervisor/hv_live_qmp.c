/* hv_live_qmp.c - a conversation with QEMU on its QMP socket (docs/interop/qmp-spec of QEMU).
 *
 * A line of JSON each way. What comes is another program's: its length and its time are limited.
 */
#define HV_LIVE_INTERNAL
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "hv_live_priv.h"
#include "units.h"

#define LINE_MAX_BYTES (16 * MiB)
#define GREETING_NS    (3 * NS_PER_S)
#define ANSWER_NS      (10 * NS_PER_S) /* of a main loop that is very busy */

struct qmp {
	struct hv_vm base;
	int fd;
	struct bl_buf in;  /* what came and was not looked at */
	struct bl_buf out; /* what QEMU has not taken yet: whole lines, but for the first */
	unsigned long long next_id;
	bool has_ended;
};

int live_check_command(const char *command, struct bl_err *err)
{
	if (!strncmp(command, "query-", 6))
		return 0;
	return bl_fail(err, -EPERM, "'%s' is not sent to a VM that is only looked at", command);
}

/* Waits for more bytes. */
static int receive(struct qmp *q, uint64_t deadline, struct bl_err *err)
{
	uint64_t now = bl_now_ns();
	struct pollfd p = {.fd = q->fd, .events = POLLIN};
	char chunk[65536];
	ssize_t n;

	if (now >= deadline)
		return bl_fail(err, -ETIMEDOUT, "qemu does not answer");
	if (poll(&p, 1, (int)((deadline - now) / NS_PER_MS) + 1) <= 0)
		return 0;
	n = recv(q->fd, chunk, sizeof chunk, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		q->has_ended = true;
		return bl_fail(err, -EPIPE, "qemu has closed its monitor: the VM has ended");
	}
	bl_buf_add(&q->in, chunk, (size_t)n);
	if (bl_buf_failed(&q->in))
		return bl_fail(err, -ENOMEM, "out of memory");
	if (q->in.len > LINE_MAX_BYTES)
		return bl_fail(err, -EBADMSG,
			       "more than 16 MiB without an end came from the "
			       "socket: it is not QEMU's monitor");
	return 0;
}

/* The next message, new. */
static int next_message(struct qmp *q, uint64_t deadline, json_t **ret, struct bl_err *err)
{
	char *end;

	while (!(end = q->in.len ? memchr(q->in.data, '\n', q->in.len) : NULL)) {
		int r = receive(q, deadline, err);

		if (r < 0)
			return r;
	}
	*ret = json_loadb(q->in.data, (size_t)(end - q->in.data), 0, NULL);
	q->in.len -= (size_t)(end + 1 - q->in.data);
	memmove(q->in.data, end + 1, q->in.len);
	if (json_is_object(*ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return bl_fail(err, -EBADMSG,
		       "what came from the socket is no JSON object: it is not "
		       "QEMU's monitor");
}

/* All that waits to be sent. */
static int flush(struct qmp *q, uint64_t deadline, struct bl_err *err)
{
	while (q->out.len) {
		struct pollfd p = {.fd = q->fd, .events = POLLOUT};
		ssize_t n = send(q->fd, q->out.data, q->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		uint64_t now = bl_now_ns();

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			q->has_ended = true;
			return bl_fail(err, -EPIPE, "qemu has closed its monitor: %s",
				       strerror(errno));
		}
		if (n > 0) {
			q->out.len -= (size_t)n;
			memmove(q->out.data, q->out.data + n, q->out.len);
		} else if (now >= deadline) {
			return bl_fail(err, -ETIMEDOUT, "qemu does not read its monitor");
		} else {
			poll(&p, 1, (int)((deadline - now) / NS_PER_MS) + 1);
		}
	}
	return 0;
}

/* What was begun before goes first: half a line would spoil all that follows. */
static int send_line(struct qmp *q, const json_t *msg, uint64_t deadline, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *text = json_dumps(msg, JSON_COMPACT);
	int r = flush(q, deadline, err);

	if (r < 0)
		return r;
	if (text)
		bl_buf_addf(&q->out, "%s\n", text);
	if (!text || bl_buf_failed(&q->out))
		return bl_fail(err, -ENOMEM, "out of memory");
	return flush(q, deadline, err);
}

/* Events, and answers to what was given up before, are passed over. */
static bool is_answer(const json_t *msg, json_int_t id)
{
	const json_t *is = json_object_get(msg, "id");

	return json_is_integer(is) && json_integer_value(is) == id;
}

/* Sends @command and waits for the answer that bears its id, *ret, which is NULL before. */
static int talk(struct qmp *q, const char *command, const json_t *args, json_t **ret,
		struct bl_err *err)
{
	uint64_t deadline = bl_now_ns() + ANSWER_NS;
	json_int_t id = (json_int_t)++q->next_id;
	json_t *msg = hv_qmp_question(command, args);
	int r = -ENOMEM;

	if (msg && json_object_set_new(msg, "id", json_integer(id)) == 0)
		r = send_line(q, msg, deadline, err);
	else
		bl_fail(err, r, "out of memory");
	json_decref(msg);
	while (r == 0 && !is_answer(*ret, id)) {
		json_decref(*ret);
		*ret = NULL;
		r = next_message(q, deadline, ret, err);
	}
	return r < 0 ? bl_wrap(err, r, "qmp %s", command) : 0;
}

static int ask(struct qmp *q, const char *command, const json_t *args, json_t **ret_reply,
	       struct bl_err *err)
{
	json_t *answer = NULL;
	int r = talk(q, command, args, &answer, err);

	if (r == 0)
		r = hv_qmp_answer(command, answer, ret_reply, err);
	json_decref(answer);
	return r;
}

static int qmp_ask(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		   struct bl_err *err)
{
	int r = live_check_command(command, err);

	return r < 0 ? r : ask((struct qmp *)vm, command, args, ret_reply, err);
}

static enum hv_vm_state qmp_state(struct hv_vm *vm)
{
	return ((struct qmp *)vm)->has_ended ? HV_SHUTOFF : HV_RUNNING;
}

/* Only lets go of it. */
static void qmp_end(struct hv_vm *vm)
{
	struct qmp *q = (struct qmp *)vm;

	bl_closep(&q->fd);
	bl_buf_done(&q->in);
	bl_buf_done(&q->out);
	free(q);
}

static const struct hv_ops qmp_ops = {
	.name = "qmp socket", .qmp = qmp_ask, .state = qmp_state, .end = qmp_end};

static int connect_socket(struct qmp *q, const char *path, struct bl_err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof to.sun_path)
		return bl_fail(err, -ENAMETOOLONG,
			       "'%s': a socket's path has at most %zu characters; make a shorter "
			       "link to its folder",
			       path, sizeof to.sun_path - 1);
	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	q->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q->fd < 0 || connect(q->fd, (struct sockaddr *)&to, sizeof to) < 0) {
		int code = -errno;

		if (code == -EAGAIN) /* its queue of those who wait is full */
			return bl_fail(err, -ETIMEDOUT,
				       "'%s': others wait for this monitor already; QEMU talks to "
				       "one at a time: end the program that has it, or give QEMU a "
				       "second -qmp",
				       path);
		return bl_fail(err, code,
			       "'%s': %s; expected is the socket of a running QEMU, -qmp "
			       "unix:PATH,server=on,wait=off",
			       path, strerror(-code));
	}
	return 0;
}

static int greet(struct qmp *q, const char *path, struct bl_err *err)
{
	struct bl_err why = BL_ERR_INIT;
	json_t *msg = NULL, *reply = NULL;
	int r = next_message(q, bl_now_ns() + GREETING_NS, &msg, &why);
	bool is_qmp = r == 0 && json_is_object(json_object_get(msg, "QMP"));

	json_decref(msg);
	if (r == -ETIMEDOUT)
		return bl_fail(
			err, r,
			"'%s': no greeting within 3 s. QEMU talks to one program at a time "
			"there: end the one that has the monitor, or give QEMU a second -qmp",
			path);
	if (r == 0 && !is_qmp)
		r = bl_fail(&why, -EBADMSG, "the first message is not QMP's greeting");
	if (r < 0)
		return bl_fail(err, r, "'%s': %s", path, bl_err_text(&why));
	r = ask(q, "qmp_capabilities", NULL, &reply, err);
	json_decref(reply);
	return r;
}

int live_qmp_open(const char *path, struct hv_vm **ret, pid_t *ret_pid, struct bl_err *err)
{
	struct qmp *q = calloc(1, sizeof *q);
	struct ucred peer = {0};
	socklen_t len = sizeof peer;
	int r;

	if (!q)
		return bl_fail(err, -ENOMEM, "out of memory");
	q->base.ops = &qmp_ops;
	q->fd = -1;
	r = connect_socket(q, path, err);
	if (r == 0)
		r = greet(q, path, err);
	if (r < 0) {
		qmp_end(&q->base);
		return r;
	}
	*ret_pid = getsockopt(q->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? peer.pid : 0;
	*ret = &q->base;
	return 0;
}
