/* sync_io.c - the engines that run one request inside the call. */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "sys.h"
#include "worker.h"

static long flush(int fd, enum slot_kind kind)
{
	return sys_call4(kind == SLOT_FDATASYNC ? SYS_fdatasync : SYS_fsync, fd, 0, 0, 0);
}

static long vectored(const struct worker *w, const struct slot *s, int fd)
{
	struct iovec iov = {.iov_base = s->buf, .iov_len = s->len};
	bool is_read = s->dir == IO_READ;
	long nr = is_read ? SYS_preadv : SYS_pwritev, flags = 0;

	if (w->job->engine == JOB_PVSYNC2) {
		nr = is_read ? SYS_preadv2 : SYS_pwritev2;
		flags = (s->flags & SLOT_POLL ? RWF_HIPRI : 0) | (w->job->nowait ? RWF_NOWAIT : 0) |
			(w->job->uncached ? RWF_UNCACHED_ : 0);
	}
	return sys_call6(nr, fd, (long)&iov, 1, (long)s->offset, 0, flags);
}

/* lseek() and read(): the file's own position. */
static long positioned(const struct slot *s, int fd)
{
	long rc = sys_call4(SYS_lseek, fd, (long)s->offset, SEEK_SET, 0);

	if (rc < 0)
		return rc;
	return sys_call4(s->dir == IO_READ ? SYS_read : SYS_write, fd, (long)s->buf, s->len, 0);
}

/* A block device's own range only: a file says ENOTTY. */
static int trim_io(const struct slot *s, int fd)
{
	uint64_t range[2] = {s->offset, s->len};
	long rc = sys_call4(SYS_ioctl, fd, BLKDISCARD, (long)range, 0);

	return rc < 0 ? (int)rc : (int)s->len;
}

int sync_io(struct worker *w, const struct slot *s)
{
	int fd = w->shape ? w->files[s->file].fd : w->fd;

	if (s->dir == IO_TRIM)
		return trim_io(s, fd);
	if (s->kind == SLOT_FSYNC || s->kind == SLOT_FDATASYNC)
		return (int)flush(fd, s->kind);
	switch (w->job->engine) {
	case JOB_SYNC:
		return (int)positioned(s, fd);
	case JOB_PVSYNC:
	case JOB_PVSYNC2:
		return (int)vectored(w, s, fd);
	default:
		return (int)sys_call4(s->dir == IO_READ ? SYS_pread64 : SYS_pwrite64, fd,
				      (long)s->buf, s->len, (long)s->offset);
	}
}
