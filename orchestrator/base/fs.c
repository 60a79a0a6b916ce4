#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cleanup.h"

int bl_read_file(const char *path, size_t max, struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[16384];
	size_t total = 0;
	ssize_t n;

	if (fd < 0)
		return bl_fail(err, -errno, "cannot open '%s': %s", path, strerror(errno));
	for (;;) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bl_fail(err, -errno, "cannot read '%s': %s", path, strerror(errno));
		if (n == 0)
			break;
		total += (size_t)n;
		if (total > max)
			return bl_fail(err, -EFBIG, "'%s' is larger than %zu bytes", path, max);
		bl_buf_add(out, chunk, (size_t)n);
	}
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "out of memory for '%s'", path) : 0;
}

int bl_read_line(const char *path, char *out, size_t len)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	out[0] = '\0';
	if (fd < 0)
		return -errno;
	n = read(fd, out, len - 1);
	if (n < 0) {
		out[0] = '\0';
		return -errno;
	}
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

int bl_read_u64(const char *path, uint64_t *ret)
{
	char line[64], *end;
	int r = bl_read_line(path, line, sizeof line);
	unsigned long long v;

	if (r < 0)
		return r;
	errno = 0;
	v = strtoull(line, &end, 10);
	if (end == line || errno)
		return -EINVAL;
	*ret = v;
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A terminal, a pipe, /dev/stdout: there is nothing to be replaced. */
static int write_through(const char *path, const void *data, size_t len)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : write_all(fd, data, len);
}

static int replace(const char *path, const void *data, size_t len)
{
	BL_CLEANUP(bl_freep) char *temp = bl_strf("%s.XXXXXX", path);
	BL_CLEANUP(bl_closep) int fd = -1;
	int r;

	if (!temp)
		return -ENOMEM;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, len);
	if (r == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r == 0 && rename(temp, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temp);
	return r;
}

int bl_write_file(const char *path, const void *data, size_t len, struct bl_err *err)
{
	struct stat st, link;
	int r;

	if (stat(path, &st) < 0) {
		r = replace(path, data, len);
	} else if (S_ISBLK(st.st_mode)) {
		return bl_fail(err, -EINVAL, "cannot write '%s': it is a disk; name a file", path);
	} else if (S_ISDIR(st.st_mode)) {
		r = -EISDIR;
	} else if (!S_ISREG(st.st_mode)) {
		r = write_through(path, data, len);
	} else {
		bool is_link = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
		BL_CLEANUP(bl_freep) char *real = is_link ? realpath(path, NULL) : NULL;

		r = is_link && !real ? -errno : replace(real ? real : path, data, len);
	}
	return r < 0 ? bl_fail(err, r, "cannot write '%s': %s", path, strerror(-r)) : 0;
}

int bl_mkdir_p(const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *copy = strdup(path);
	struct stat st;

	if (!copy)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (char *s = copy + 1; copy[0]; s++) {
		char c = *s;

		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return bl_fail(err, -errno, "cannot make folder '%s': %s", copy,
				       strerror(errno));
		*s = c;
		if (!c)
			break;
	}
	if (stat(path, &st) < 0)
		return bl_fail(err, -errno, "cannot make folder '%s': %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return bl_fail(err, -ENOTDIR, "'%s' exists and is not a folder", path);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int bl_remove_tree(const char *path, struct bl_err *err)
{
	if (!bl_exists(path))
		return 0;
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		return bl_fail(err, -errno, "cannot remove '%s': %s", path, strerror(errno));
	return 0;
}

bool bl_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

int bl_free_bytes(const char *path, uint64_t *ret_bytes, struct bl_err *err)
{
	struct statvfs st;

	if (statvfs(path, &st) < 0)
		return bl_fail(err, -errno, "cannot ask for the free space of '%s': %s", path,
			       strerror(errno));
	*ret_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	return 0;
}

char *bl_strf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}
