#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "units.h"

struct child {
	pid_t pid;
	int in, out, errout; /* our ends; -1 when closed */
};

int bl_proc_find(const char *name, char *out, size_t len)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/')) {
		snprintf(out, len, "%s", name);
		return access(out, X_OK) == 0 ? 0 : -ENOENT;
	}
	if (!path || !*path)
		path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
	while (*path) {
		size_t n = strcspn(path, ":");

		snprintf(out, len, "%.*s/%s", (int)n, path, name);
		if (access(out, X_OK) == 0)
			return 0;
		path += n + (path[n] == ':');
	}
	out[0] = '\0';
	return -ENOENT;
}

static void exec_child(const char *file, const char *const *argv, int in, int out, int errout)
{
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(errout, 2) < 0)
		_exit(127);
	execv(file, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int start(const char *file, const char *const *argv, struct child *c, struct bl_err *err)
{
	int p[6] = {-1, -1, -1, -1, -1, -1};

	if (pipe2(p, O_CLOEXEC) < 0 || pipe2(p + 2, O_CLOEXEC) < 0 || pipe2(p + 4, O_CLOEXEC) < 0)
		goto fail;
	c->pid = fork();
	if (c->pid < 0)
		goto fail;
	if (c->pid == 0)
		exec_child(file, argv, p[0], p[3], p[5]);
	close(p[0]);
	close(p[3]);
	close(p[5]);
	c->in = p[1];
	c->out = p[2];
	c->errout = p[4];
	fcntl(c->in, F_SETFL, O_NONBLOCK);
	return 0;
fail:
	bl_fail(err, -errno, "cannot start '%s': %s", argv[0], strerror(errno));
	for (int i = 0; i < 6; i++)
		bl_closep(&p[i]);
	return err && err->code ? err->code : -ECHILD;
}

static void drain(int *fd, struct bl_buf *to)
{
	char chunk[8192];
	ssize_t n = read(*fd, chunk, sizeof chunk);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		bl_closep(fd);
	else if (to)
		bl_buf_add(to, chunk, (size_t)n);
}

static void feed(int *fd, const char **data, size_t *len)
{
	ssize_t n = *len ? write(*fd, *data, *len) : 0;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		*data += n;
		*len -= (size_t)n;
	}
	if (n < 0 || *len == 0)
		bl_closep(fd);
}

static int pump(struct child *c, const char *input, size_t len, struct bl_buf *out,
		struct bl_buf *errout, uint64_t deadline)
{
	while (c->out >= 0 || c->errout >= 0) {
		struct pollfd p[] = {
			{.fd = c->out, .events = POLLIN},
			{.fd = c->errout, .events = POLLIN},
			{.fd = c->in, .events = POLLOUT},
		};
		uint64_t now = bl_now_ns();

		if (deadline && now >= deadline)
			return -ETIMEDOUT;
		poll(p, 3, deadline ? (int)((deadline - now) / NS_PER_MS) + 1 : -1);
		if (p[0].revents)
			drain(&c->out, out);
		if (p[1].revents)
			drain(&c->errout, errout);
		if (p[2].revents)
			feed(&c->in, &input, &len);
	}
	return 0;
}

int bl_proc_run(const char *const *argv, const void *input, size_t input_len, struct bl_buf *out,
		struct bl_buf *errout, uint64_t limit_ns, struct bl_err *err)
{
	struct child c = {.pid = -1, .in = -1, .out = -1, .errout = -1};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	char file[4096];
	int r, status = 0;

	if (bl_proc_find(argv[0], file, sizeof file) < 0)
		return bl_fail(err, -ENOENT, "the program '%s' is not installed", argv[0]);
	r = start(file, argv, &c, err);
	if (r < 0)
		return r;
	sigaction(SIGPIPE, &ignore, &old);
	r = pump(&c, input, input_len, out, errout, limit_ns ? bl_now_ns() + limit_ns : 0);
	sigaction(SIGPIPE, &old, NULL);
	bl_closep(&c.in);
	bl_closep(&c.out);
	bl_closep(&c.errout);
	if (r < 0)
		kill(c.pid, SIGKILL);
	while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return bl_fail(err, r, "'%s' did not end within %llu s", argv[0],
			       (unsigned long long)(limit_ns / NS_PER_S));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
