#include "host_jobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "sample_json.h"
#include "units.h"

#define ANSWER_MAX  (64 * MiB)
#define TICK_MS     100
#define LOOK_MS     5 /* until the target was seen open with O_DIRECT */
#define LOOKS_LEAST 3

/* --- the child --- */

static json_t *samples_to_json(struct sample **samples, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		if (json_array_append_new(list, sample_to_json(samples[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *run_engine(const struct host_jobs *h, struct engine_progress *progress)
{
	struct engine_call call = {.jobs = h->jobs,
				   .n_jobs = h->n_jobs,
				   .target = h->target,
				   .progress = progress,
				   .limit_bytes = h->limit_bytes};
	struct sample **samples = calloc(h->n_jobs, sizeof(struct sample *));
	struct bl_err err = BL_ERR_INIT;
	int r;

	if (!samples)
		return NULL;
	r = engine_run(&call, samples, &err);
	if (r < 0)
		return json_pack("{s:i, s:s}", "code", r, "text", bl_err_text(&err));
	return json_pack("{s:i, s:o}", "code", 0, "samples", samples_to_json(samples, h->n_jobs));
}

/* Never returns. Nothing of the parent's is ended here: no exit handlers, no destructors. */
static void child_main(const struct host_jobs *h, struct engine_progress *progress, int fd, int go,
		       pid_t parent)
{
	json_t *answer;
	char byte;
	ssize_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before that */
		_exit(1);
	signal(SIGINT, SIG_IGN); /* the parent decides */
	signal(SIGTERM, SIG_DFL);
	while ((n = read(go, &byte, 1)) < 0 && errno == EINTR) /* until the parent watches */
		;
	if (n != 1) /* a parent that died says nothing: nobody would end these jobs */
		_exit(1);
	answer = run_engine(h, progress);
	_exit(answer && json_dumpfd(answer, fd, JSON_COMPACT) == 0 ? 0 : 1);
}

/* --- the parent --- */

static bool wants_look(const struct host_jobs *h)
{
	return h->ret_seen && !*h->ret_direct;
}

/* Is the target open in the child, and past the page cache? From its own flags. The engine may
 * open it otherwise for a moment (to ask its size), so one descriptor with O_DIRECT is enough; that
 * there is none is known after several looks only: on a busy host one may be all there is.
 * @n_off: looks that saw it open otherwise. */
static void look_at_flags(const struct host_jobs *h, pid_t pid, unsigned *n_off)
{
	bool is_off = false;
	char dir[64], path[320], link[4096], line[64];
	struct dirent *e;
	DIR *d;

	if (!wants_look(h))
		return;
	snprintf(dir, sizeof dir, "/proc/%ld/fd", (long)pid);
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		BL_CLEANUP(bl_buf_done) struct bl_buf info = BL_BUF_INIT;
		const char *flags;
		ssize_t n;

		snprintf(path, sizeof path, "%s/%.200s", dir, e->d_name);
		n = readlink(path, link, sizeof link - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		snprintf(line, sizeof line, "/proc/%ld/fdinfo/%.20s", (long)pid, e->d_name);
		if (strcmp(link, h->target) != 0 || bl_read_file(line, 65536, &info, NULL) < 0)
			continue;
		flags = strstr(bl_buf_str(&info), "flags:");
		if (!flags)
			continue;
		is_off = true;
		if (strtoul(flags + 6, NULL, 8) & O_DIRECT)
			*h->ret_direct = true;
	}
	*n_off += is_off;
	*h->ret_seen = *h->ret_direct || *n_off >= LOOKS_LEAST;
	if (d)
		closedir(d);
}

static int pump(const struct host_jobs *h, pid_t pid, struct engine_progress *progress, int fd,
		struct bl_buf *out, struct bl_err *err)
{
	uint64_t deadline = bl_now_ns() + h->limit_ns;
	char text[BL_UNIT_TEXT_MAX];
	unsigned n_off = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char chunk[65536];
		ssize_t n = 0;

		if (h->stop && *h->stop)
			return bl_fail(err, -EINTR, "stopped while jobs ran on the host");
		if (bl_now_ns() >= deadline)
			return bl_fail(err, -ETIMEDOUT, "the jobs did not end within %s",
				       bl_format_ns(text, h->limit_ns));
		look_at_flags(h, pid, &n_off);
		if (h->tick)
			h->tick(h->ctx, progress);
		if (poll(&p, 1, wants_look(h) ? LOOK_MS : TICK_MS) <= 0)
			continue;
		n = read(fd, chunk, sizeof chunk);
		if (n == 0)
			return 0;
		if (n > 0)
			bl_buf_add(out, chunk, (size_t)n);
		if (out->len > ANSWER_MAX)
			return bl_fail(err, -EMSGSIZE, "the jobs' samples are too long");
	}
}

static int take_answer(const struct host_jobs *h, const struct bl_buf *text,
		       struct sample **ret_samples, struct bl_err *err)
{
	json_t *answer = json_loadb(bl_buf_str(text), text->len, 0, NULL);
	const json_t *list = json_object_get(answer, "samples");
	int r = (int)json_integer_value(json_object_get(answer, "code"));
	const char *why = json_string_value(json_object_get(answer, "text"));

	if (r < 0)
		bl_fail(err, r, "%s", why ? why : "no reason given");
	else if (json_array_size(list) != h->n_jobs)
		r = bl_fail(err, -ECHILD, "the jobs' process gave no samples");
	for (size_t i = 0; i < h->n_jobs && r == 0; i++) {
		r = sample_from_json(json_array_get(list, i), &ret_samples[i], err);
		while (r < 0 && i-- > 0)
			ret_samples[i] = sample_free(ret_samples[i]);
	}
	json_decref(answer);
	return r;
}

static int check_status(int status, struct bl_err *err)
{
	if (WIFSIGNALED(status))
		return bl_fail(err, -ECHILD, "the jobs' process was ended by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return bl_fail(err, -ECHILD, "the jobs' process ended with %d",
			       WEXITSTATUS(status));
	return 0;
}

static int attend(const struct host_jobs *h, pid_t pid, struct engine_progress *progress, int fd,
		  int go, struct sample **ret_samples, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	siginfo_t info;
	int r, status = 0;

	if (h->started)
		h->started(h->ctx, pid);
	/* A child that died has closed its end: that is seen below. */
	while (send(go, "g", 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
	close(go);
	r = pump(h, pid, progress, fd, &out, err);
	if (r < 0)
		kill(pid, SIGKILL);
	/* A zombie still has its CPU clock: wait for the end, read it, then reap. */
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	if (h->ended)
		h->ended(h->ctx);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0)
		r = check_status(status, err);
	return r < 0 ? r : take_answer(h, &out, ret_samples, err);
}

static int start(const struct host_jobs *h, struct engine_progress *progress, const int answer[2],
		 const int go[2], struct sample **ret_samples, struct bl_err *err)
{
	pid_t pid, parent = getpid();
	int r;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(go[1]); /* or it would wait for itself */
		child_main(h, progress, answer[1], go[0], parent);
	}
	r = -errno;
	close(answer[1]);
	close(go[0]);
	if (pid > 0)
		return attend(h, pid, progress, answer[0], go[1], ret_samples, err);
	close(go[1]);
	return bl_fail(err, r, "cannot start a process for the jobs: %s", strerror(-r));
}

int host_jobs_run(const struct host_jobs *h, struct sample **ret_samples, struct bl_err *err)
{
	struct engine_progress *progress;
	int answer[2], go[2], r = 0;

	progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (progress == MAP_FAILED)
		return bl_fail(err, -errno, "cannot share memory: %s", strerror(errno));
	if (pipe2(answer, O_CLOEXEC) < 0) {
		r = -errno;
	} else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) < 0) {
		r = -errno;
		close(answer[0]);
		close(answer[1]);
	}
	if (r == 0) {
		r = start(h, progress, answer, go, ret_samples, err);
		close(answer[0]);
	} else {
		bl_fail(err, r, "cannot make a pipe: %s", strerror(-r));
	}
	munmap(progress, sizeof *progress);
	return r;
}
