#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "engine.h"

/* Size of an open file or block device; a character device has none: 0. */
static int size_of(int fd, const char *path, uint64_t *ret_bytes, mode_t *ret_mode,
		   struct bl_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return bl_fail(err, -errno, "'%s': %s", path, strerror(errno));
	*ret_mode = st.st_mode;
	*ret_bytes = 0;
	if (S_ISREG(st.st_mode))
		*ret_bytes = (uint64_t)st.st_size;
	else if (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, ret_bytes) < 0)
		return bl_fail(err, -errno, "'%s': its size can't be read: %s", path,
			       strerror(errno));
	else if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
		return bl_fail(err, -EINVAL, "'%s' is not a file or a device", path);
	return 0;
}

int engine_target_size(const char *path, uint64_t *ret_bytes, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint64_t bytes;
	mode_t mode;
	int rc;

	if (fd < 0)
		return bl_fail(err, -errno, "'%s': %s", path, strerror(errno));
	rc = size_of(fd, path, &bytes, &mode, err);
	if (rc < 0)
		return rc;
	if (S_ISCHR(mode))
		return bl_fail(err, -EINVAL,
			       "'%s' is a character device without a size; a file or a block "
			       "device is accepted",
			       path);
	*ret_bytes = bytes;
	return 0;
}

/* @total * @pct / 100 without overflow. */
static uint64_t part(uint64_t total, uint32_t pct)
{
	return total / 100 * pct + total % 100 * pct / 100;
}

/* The region, as fio has it: a percent offset is rounded up and a percent size down
 * to blocks; what lies beyond the end is cut, unless the target can grow. */
static int find_region(const struct job *j, const char *path, uint64_t total, bool can_grow,
		       struct target *t, struct bl_err *err)
{
	t->offset = j->offset;
	if (j->offset_pct)
		t->offset = (part(total, j->offset_pct) + j->bs - 1) / j->bs * j->bs;
	t->size = j->size;
	if (j->size_pct)
		t->size = part(total, j->size_pct) / j->bs * j->bs;
	if (t->offset >= total && !(can_grow && j->size))
		return bl_fail(err, -ERANGE,
			       "'%s': offset %llu is not below its size, %llu bytes%s", path,
			       (unsigned long long)t->offset, (unsigned long long)total,
			       total ? "" : "; give size=");
	if (!can_grow || !j->size) {
		if (!t->size || t->size > total - t->offset)
			t->size = total - t->offset;
	}
	if (t->size < j->bs)
		return bl_fail(err, -ERANGE,
			       "'%s': its region of %llu bytes is below one block, bs=%llu", path,
			       (unsigned long long)t->size, (unsigned long long)j->bs);
	return 0;
}

static int grow(const struct job *j, const char *path, int fd, uint64_t have,
		const struct target *t, struct bl_err *err)
{
	uint64_t need = t->offset + t->size;

	if (need <= have)
		return 0;
	if (job_reads(j)) /* reading a hole would measure nothing */
		return fill_range(path, have, need, j->randseed, NULL, NULL, err);
	if (fallocate(fd, 0, (off_t)have, (off_t)(need - have)) < 0 &&
	    (errno != EOPNOTSUPP || ftruncate(fd, (off_t)need) < 0))
		return bl_fail(err, -errno, "'%s' can't grow to %llu bytes: %s", path,
			       (unsigned long long)need, strerror(errno));
	return 0;
}

static void drop_cache(int fd, mode_t mode)
{
	if (S_ISBLK(mode)) {
		(void)ioctl(fd, BLKFLSBUF, 0); /* needs CAP_SYS_ADMIN; without it, as fio, warm */
		return;
	}
	(void)fdatasync(fd); /* dirty pages can't be dropped */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* Made only where a file belongs: a mistyped device must not become one. */
static int open_or_make(const struct job *j, const char *path, struct bl_err *err)
{
	int flags = O_CLOEXEC | O_NONBLOCK | (job_writes(j) ? O_RDWR : O_RDONLY);
	int fd = open(path, flags);

	if (fd < 0 && errno == ENOENT && j->size && strncmp(path, "/dev/", 5) != 0)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	else if (fd < 0 && errno == ENOENT)
		return bl_fail(err, -ENOENT,
			       "'%s' does not exist; an existing file or device is accepted, or a "
			       "file with size= in bytes",
			       path);
	if (fd < 0)
		return bl_fail(err, -errno, "'%s' can't be opened for %s: %s", path,
			       job_writes(j) ? "writing" : "reading", strerror(errno));
	return fd;
}

int target_prepare(const struct job *j, const char *path, struct target *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	struct target t = {.path = path};
	uint64_t have;
	mode_t mode;
	int rc;

	if (j->engine == JOB_NULL) {
		rc = find_region(j, "null", j->offset + j->size, true, &t, err);
		t.path = NULL;
		if (rc == 0)
			*ret = t;
		return rc;
	}
	if (!path || !*path)
		return bl_fail(err, -EINVAL, "no filename= and no disk under test");
	fd = open_or_make(j, path, err);
	if (fd < 0)
		return fd;
	rc = size_of(fd, path, &have, &mode, err);
	if (rc < 0)
		return rc;
	rc = find_region(j, path, have, !S_ISBLK(mode), &t, err);
	if (rc < 0)
		return rc;
	if (S_ISREG(mode))
		rc = grow(j, path, fd, have, &t, err);
	if (rc < 0)
		return rc;
	if (j->invalidate && !S_ISCHR(mode))
		drop_cache(fd, mode);
	*ret = t;
	return 0;
}

int target_open(const struct job *j, const struct target *t, struct bl_err *err)
{
	int flags = O_CLOEXEC | (j->direct ? O_DIRECT : 0);
	int fd;

	if (!t->path)
		return -1;
	flags |= !job_writes(j) ? O_RDONLY : job_reads(j) ? O_RDWR : O_WRONLY;
	fd = open(t->path, flags);
	if (fd >= 0)
		return fd;
	if (errno == EINVAL && j->direct)
		return bl_fail(err, -EINVAL,
			       "'%s' does not take direct=1; use direct=0 or another file system",
			       t->path);
	return bl_fail(err, -errno, "'%s': %s", t->path, strerror(errno));
}
