#include "run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "units.h"

#define LOOK_NS (NS_PER_S / 2)

/* "blklab run (pid 123) since 2026-11-26T02:00:00Z", as its holder wrote it. */
static void read_holder(int fd, char *out, size_t len)
{
	ssize_t n = pread(fd, out, len - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (!out[0]) /* it has the lock and is about to write */
		snprintf(out, len, "another blklab");
}

static void write_holder(int fd, const char *verb)
{
	char since[32], text[128];
	int n = snprintf(text, sizeof text, "blklab %s (pid %d) since %s\n", verb, (int)getpid(),
			 bl_format_utc(since, bl_wall_ms()));

	/* Only for messages: a full disk must not stop a run here. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) < 0)
		return;
}

static int busy(int fd, const char *work_dir, uint64_t wait_ns, struct bl_err *err)
{
	char holder[128], waited[BL_UNIT_TEXT_MAX], after[64] = "";

	read_holder(fd, holder, sizeof holder);
	if (wait_ns)
		snprintf(after, sizeof after, " and still did after %s",
			 bl_format_clock(waited, wait_ns));
	return bl_fail(err, -EBUSY,
		       "%s runs in '%s'%s: two runs would measure each other; wait for it to end, "
		       "or use another --work-dir on another disk",
		       holder, work_dir, after);
}

static int wait_for(int fd, uint64_t wait_ns, volatile sig_atomic_t *stop)
{
	uint64_t end = bl_now_ns() + wait_ns;
	struct timespec look = {.tv_nsec = LOOK_NS};

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (stop && *stop)
			return -EINTR;
		if (bl_now_ns() >= end)
			return -EBUSY;
		nanosleep(&look, NULL);
	}
	return 0;
}

int run_lock_take(const char *work_dir, const char *verb, uint64_t wait_ns,
		  void (*waiting)(void *ctx, const char *text), void *ctx,
		  volatile sig_atomic_t *stop, int *ret_fd, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/run.lock", work_dir);
	BL_CLEANUP(bl_closep) int fd = -1;
	char holder[128], text[256];
	int r = bl_mkdir_p(work_dir, err);

	if (r < 0)
		return r;
	if (!path)
		return bl_fail(err, -ENOMEM, "out of memory");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return bl_fail(err, -errno, "cannot make the lock '%s': %s", path, strerror(errno));
	r = wait_for(fd, 0, stop);
	if (r == -EBUSY && wait_ns) {
		read_holder(fd, holder, sizeof holder);
		snprintf(text, sizeof text, "%s has the work folder; waiting for it", holder);
		if (waiting)
			waiting(ctx, text);
		r = wait_for(fd, wait_ns, stop);
	}
	if (r == -EBUSY)
		return busy(fd, work_dir, wait_ns, err);
	if (r < 0)
		return bl_fail(err, r, "cannot lock '%s': %s", path, strerror(-r));
	write_holder(fd, verb);
	*ret_fd = fd;
	fd = -1; /* closing is the caller's now */
	return 0;
}
