#include "run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "units.h"

#define LOOK_NS (NS_PER_S / 2)

#define HOLDER_MAX 128

/* What all that wait have in common. */
struct taking {
	const char *work_dir, *verb;
	uint64_t wait_ns, end_ns;
	void (*note)(void *ctx, const char *text);
	void *ctx;
	volatile sig_atomic_t *stop;
};

static void tell(const struct taking *t, const char *text)
{
	if (t->note)
		t->note(t->ctx, text);
}

/* Does the kernel have @pid for a holder of this lock? proc_locks(5): "1: FLOCK ADVISORY WRITE 123
 * 00:19:1234 0 EOF". Numbers of devices are not compared: some filesystems have others there. */
static bool is_held_by(int fd, int pid)
{
	BL_CLEANUP(bl_fclosep) FILE *locks = fopen("/proc/locks", "re");
	struct stat st;
	char line[256];

	if (!locks || fstat(fd, &st) < 0)
		return false;
	while (fgets(line, sizeof line, locks)) {
		unsigned long long inode;
		int holder;

		if (sscanf(line, "%*s FLOCK %*s %*s %d %*x:%*x:%llu", &holder, &inode) == 2 &&
		    holder == pid && inode == st.st_ino)
			return true;
	}
	return false;
}

/* "blklab run (pid 123) since 2026-11-26T02:00:00Z", as its holder wrote it: of the host's lock
 * that may be anybody, so nothing of it may speak to the terminal; and who could not write (it is
 * another user's file), or is about to, has left the line of the one before. */
static void read_holder(int fd, char out[HOLDER_MAX])
{
	ssize_t n = pread(fd, out, HOLDER_MAX - 1, 0);
	const char *pid;

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	pid = strstr(out, "(pid ");
	if (!pid || !is_held_by(fd, atoi(pid + strlen("(pid "))))
		snprintf(out, HOLDER_MAX, "another process");
}

static void write_holder(int fd, const char *verb)
{
	char since[32], text[HOLDER_MAX];
	int n = snprintf(text, sizeof text, "blklab %s (pid %d) since %s\n", verb, (int)getpid(),
			 bl_format_utc(since, bl_wall_ms()));

	/* Only for messages: a full disk must not stop a run here. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) < 0)
		return;
}

static int wait_for(int fd, uint64_t end_ns, volatile sig_atomic_t *stop)
{
	struct timespec look = {.tv_nsec = LOOK_NS};

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (stop && *stop)
			return -EINTR;
		if (bl_now_ns() >= end_ns)
			return -EBUSY;
		nanosleep(&look, NULL);
	}
	return 0;
}

/* @fd, which is one of the two; @has: "has the work folder". */
static int take(const struct taking *t, int fd, const char *has)
{
	char holder[HOLDER_MAX], text[256];
	int r = wait_for(fd, 0, t->stop);

	if (r == -EBUSY && t->wait_ns) {
		read_holder(fd, holder);
		snprintf(text, sizeof text, "%s %s; waiting for it", holder, has);
		tell(t, text);
		r = wait_for(fd, t->end_ns, t->stop);
	}
	if (r == 0)
		write_holder(fd, t->verb);
	return r;
}

static int busy(const struct taking *t, int fd, bool is_host, struct bl_err *err)
{
	char holder[HOLDER_MAX], waited[BL_UNIT_TEXT_MAX], after[64] = "";

	read_holder(fd, holder);
	if (t->wait_ns)
		snprintf(after, sizeof after, " and still did after %s",
			 bl_format_clock(waited, t->wait_ns));
	if (is_host)
		return bl_fail(err, -EBUSY,
			       "%s runs on this host, in another work folder%s: two runs would "
			       "measure each other; wait for it to end, or, where both are meant "
			       "to run at once, set " RUN_LOCK_DIR_ENV "= for one of them",
			       holder, after);
	return bl_fail(err, -EBUSY,
		       "%s runs in '%s'%s: two runs would measure each other; wait for it to end",
		       holder, t->work_dir, after);
}

/* --- the work folder's --- */

static int take_work(const struct taking *t, int *ret_fd, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/run.lock", t->work_dir);
	BL_CLEANUP(bl_closep) int fd = -1;
	int r = bl_mkdir_p(t->work_dir, err);

	if (r < 0)
		return r;
	if (!path)
		return bl_fail(err, -ENOMEM, "out of memory");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return bl_fail(err, -errno, "cannot make the lock '%s': %s", path, strerror(errno));
	r = take(t, fd, "has the work folder");
	if (r == -EBUSY)
		return busy(t, fd, false, err);
	if (r < 0)
		return bl_fail(err, r, "cannot lock '%s': %s", path, strerror(-r));
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* --- the host's --- */

/* Every user's file in a folder that is everybody's: a link or a pipe in its place is not followed.
 * O_CREAT on another user's file is refused there (fs.protected_regular), hence the two steps. Who
 * may only read it can lock it all the same. */
static int open_shared(const char *path)
{
	const int how = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	struct stat st;
	int fd = open(path, O_RDWR | how);

	if (fd < 0 && errno == ENOENT) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | how, 0666);
		if (fd >= 0)
			(void)!fchmod(fd, 0666); /* whatever the umask is */
		else if (errno == EEXIST)        /* another one was faster */
			fd = open(path, O_RDWR | how);
	}
	if (fd < 0 && errno == EACCES)
		fd = open(path, O_RDONLY | how);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

static const char *host_dir(void)
{
	static const char *const dirs[] = {"/run/lock", "/var/lock"};
	const char *given = getenv(RUN_LOCK_DIR_ENV);
	struct stat st;

	if (given)
		return given;
	for (size_t i = 0; i < BL_ARRAY_LEN(dirs); i++)
		if (stat(dirs[i], &st) == 0 && S_ISDIR(st.st_mode))
			return dirs[i];
	return dirs[0]; /* for the note */
}

static int take_host(const struct taking *t, int *ret_fd, struct bl_err *err)
{
	const char *dir = host_dir();
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/blklab.lock", dir);
	BL_CLEANUP(bl_closep) int fd = -1;
	char text[256];
	int r;

	if (!*dir)
		return 0;
	if (!path)
		return bl_fail(err, -ENOMEM, "out of memory");
	fd = open_shared(path);
	r = fd < 0 ? fd : take(t, fd, "runs on this host");
	if (r == -EBUSY)
		return busy(t, fd, true, err);
	if (r == -EINTR)
		return bl_fail(err, r, "stopped while another run was waited for");
	if (r < 0) {
		snprintf(text, sizeof text,
			 "cannot lock '%.100s' (%s): runs of other users or in other work folders "
			 "are not seen",
			 path, strerror(-r));
		tell(t, text);
		return 0;
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* The work folder's first: who holds the host's then waits for nobody. */
int run_lock_take(const char *work_dir, const char *verb, uint64_t wait_ns,
		  void (*note)(void *ctx, const char *text), void *ctx, volatile sig_atomic_t *stop,
		  struct run_lock *ret, struct bl_err *err)
{
	const struct taking t = {.work_dir = work_dir,
				 .verb = verb,
				 .wait_ns = wait_ns,
				 .end_ns = bl_now_ns() + wait_ns,
				 .note = note,
				 .ctx = ctx,
				 .stop = stop};
	struct run_lock l = RUN_LOCK_INIT;
	int r = take_work(&t, &l.work, err);

	if (r == 0)
		r = take_host(&t, &l.host, err);
	if (r < 0) {
		run_lock_done(&l);
		return r;
	}
	*ret = l;
	return 0;
}

void run_lock_done(struct run_lock *l)
{
	if (l->host >= 0)
		close(l->host);
	if (l->work >= 0)
		close(l->work);
	*l = (struct run_lock)RUN_LOCK_INIT;
}
