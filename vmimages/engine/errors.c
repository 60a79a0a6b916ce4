/* errors.c - what becomes of a request that did not do all its bytes, and of its job. */
#include "errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

/* One word of the list: a number, or the name as strerrorname_np() has it. */
static bool is_word(const char *word, size_t len, int error)
{
	const char *name = strerrorname_np(error);

	if (len && word[0] >= '0' && word[0] <= '9')
		return atoi(word) == error;
	return name && strlen(name) == len && !strncmp(name, word, len);
}

bool job_ignores_error(const struct job *j, unsigned which, int error)
{
	const char *s = j->ignore_error;

	for (; which && s; which--) {
		s = strchr(s, ':');
		s = s ? s + 1 : NULL;
	}
	while (s && *s && *s != ':') {
		size_t len = strcspn(s, ",:");

		if (is_word(s, len, error))
			return true;
		s += len + (s[len] == ',');
	}
	return false;
}

void worker_fail(struct worker *w, int error, const char *fmt, ...)
{
	struct sample *to = w->sample;
	va_list ap;

	if (!to->error) {
		to->error = error;
		va_start(ap, fmt);
		vsnprintf(to->error_text, sizeof(to->error_text), fmt, ap);
		va_end(ap);
	}
	if (w->job->exitall_on_error)
		atomic_store_explicit(&w->crew->stop, true, memory_order_relaxed);
	w->is_ending = true;
}

static const char *io_verb(const struct slot *s)
{
	if (s->dir == IO_SYNC)
		return s->kind == SLOT_FDATASYNC ? "fdatasync" : "fsync";
	return s->dir == IO_READ ? "read" : s->dir == IO_WRITE ? "write" : "trim";
}

static void explain(struct worker *w, const struct slot *s, int res, uint32_t done)
{
	const char *path = w->files[s->file].plan->path;

	if (s->dir == IO_SYNC)
		worker_fail(w, -res, "%s: %s ('%.100s')", io_verb(s), strerror(-res), path);
	else
		worker_fail(w, -res, "%s of %u bytes at offset %llu: %s%s ('%.100s')", io_verb(s),
			    s->len - done, (unsigned long long)s->offset + done,
			    res == -ENODATA ? "end of file" : strerror(-res),
			    res == -EINVAL && w->job->direct
				    ? "; direct=1 needs bs and offset in whole logical blocks"
			    : res == -EOPNOTSUPP && w->has_iopoll
				    ? "; hipri=1 needs a device with polled queues"
				    : "",
			    path);
}

/* Errors that the job is told to live with are counted and nothing else. */
static bool is_borne(const struct job *j, const struct slot *s)
{
	unsigned bit = s->dir == IO_READ ? JOB_CONTINUE_READ : JOB_CONTINUE_WRITE;

	return j->continue_on_error & bit;
}

static int io_failed(struct worker *w, const struct slot *s, int res, uint32_t done)
{
	if (job_ignores_error(w->job, s->dir < JOB_DDIRS ? s->dir : IO_WRITE, -res))
		return 0;
	w->n_errors++;
	if (!w->first_error) {
		w->first_error = -res;
		w->first_error_offset = s->offset + done;
	}
	if (!is_borne(w->job, s))
		explain(w, s, res, done);
	return res;
}

int worker_finish_io(struct worker *w, struct slot *s, int res)
{
	uint32_t done = 0;
	ssize_t n = res;
	int fd = w->files[s->file].fd;

	if (s->dir == IO_SYNC && res == 0)
		return 0;
	for (;;) {
		if (n < 0 && n != -EINTR && (n != -EAGAIN || w->job->nowait))
			return io_failed(w, s, (int)n, done);
		if (n == 0 && s->len)
			return io_failed(w, s, s->dir == IO_READ ? -ENODATA : -ENOSPC, done);
		if (n > 0 && n + done < s->len && s->dir < JOB_DDIRS)
			w->short_ios[s->dir]++;
		done += n > 0 ? (uint32_t)n : 0;
		if (done == s->len && n >= 0)
			return 0;
		if (s->dir == IO_TRIM || s->dir == IO_SYNC) {
			n = sync_io(w, s);
			continue;
		}
		if (s->dir == IO_READ)
			n = pread(fd, s->buf + done, s->len - done, (off_t)(s->offset + done));
		else
			n = pwrite(fd, s->buf + done, s->len - done, (off_t)(s->offset + done));
		if (n < 0)
			n = -errno;
	}
}
