#include "labfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "proc.h"
#include "units.h"

#define MKFS_LIMIT_NS (300 * NS_PER_S)
#define SIGNATURE_BYTES                                                                            \
	(64 * KiB)    /* ext4's superblock lies at 1024; what else is looked for, too */
#define BUSY_TRIES 20 /* a process that ends lets go a moment later */

static int make(const struct device *dev, const struct claim *claim, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	char blocks[32];
	/* Written in full now: a lazy initialisation would go on behind the measurement. */
	const char *argv[] = {"mkfs.ext4",
			      "-q",
			      "-F",
			      "-U",
			      claim->fs_uuid,
			      "-L",
			      "blklab",
			      "-b",
			      "4096",
			      "-m",
			      "0",
			      "-i", /* one image lies there: few inodes are to be written */
			      "4194304",
			      "-E",
			      "lazy_itable_init=0,lazy_journal_init=0,nodiscard",
			      dev->node,
			      blocks,
			      NULL};
	int r;

	snprintf(blocks, sizeof blocks, "%" PRIu64, claim_usable_bytes(dev->size_bytes) / 4096);
	r = bl_proc_run(argv, NULL, 0, NULL, &said, MKFS_LIMIT_NS, err);
	if (r < 0)
		return r;
	if (r > 0)
		return bl_fail(err, -EIO, "'mkfs.ext4 %s' failed with %d: %.*s", dev->node, r,
			       (int)strcspn(bl_buf_str(&said), "\n"), bl_buf_str(&said));
	return 0;
}

int labfs_mount(const struct device *dev, const struct claim *claim, const char *where,
		struct bl_err *err)
{
	int r = make(dev, claim, err);

	if (r == 0)
		r = bl_mkdir_p(where, err);
	if (r < 0)
		return r;
	if (mount(dev->node, where, "ext4", MS_NOATIME | MS_NODEV | MS_NOSUID, "") < 0) {
		r = bl_fail(err, -errno, "cannot mount '%s' at '%s': %s", dev->node, where,
			    strerror(errno));
		rmdir(where);
	}
	return r;
}

/* 1: @where is a mount of @node, and *ret_fd, open on that disk, keeps its number from becoming
 * another's; 0: it is no mount; -EEXIST. */
static int hold_mounted(const char *node, const char *where, int *ret_fd, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *above = bl_strf("%s/..", where);
	BL_CLEANUP(bl_closep) int fd = -1;
	struct stat here, there, disk;

	if (!above)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (stat(where, &here) < 0 || stat(above, &there) < 0)
		return errno == ENOENT ? 0
				       : bl_fail(err, -errno, "'%s': %s", where, strerror(errno));
	if (here.st_dev == there.st_dev)
		return 0;
	/* For reading: a kernel may keep writers from a disk that is mounted. */
	fd = open(node, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &disk) < 0 || !S_ISBLK(disk.st_mode) || disk.st_rdev != here.st_dev)
		return bl_fail(err, -EEXIST, "what is mounted at '%s' is not '%s': left as it is",
			       where, node);
	*ret_fd = fd;
	fd = -1;
	return 1;
}

/* @held is open on the disk. Its name may lead to another one by now, so it is opened anew, for
 * writing and alone, by what is open. */
static int wipe(int held, const char *node, struct bl_err *err)
{
	static const char zeroes[SIGNATURE_BYTES];
	BL_CLEANUP(bl_closep) int fd = -1;
	char itself[64];

	snprintf(itself, sizeof itself, "/proc/self/fd/%d", held);
	fd = open(itself, O_WRONLY | O_EXCL | O_CLOEXEC);
	if (fd < 0)
		return bl_fail(err, -errno, "cannot open '%s' to take its file system off: %s",
			       node, strerror(errno));
	if (pwrite(fd, zeroes, sizeof zeroes, 0) != (ssize_t)sizeof zeroes || fsync(fd) < 0)
		return bl_fail(err, -EIO, "cannot take the file system off '%s': %s", node,
			       strerror(errno));
	return 0;
}

int labfs_end(const char *node, const char *where, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int held = -1;
	int r = hold_mounted(node, where, &held, err), was_mounted = r;

	if (r < 0)
		return r;
	for (int i = 0; r == 1 && umount2(where, UMOUNT_NOFOLLOW) < 0; i++) {
		if (errno != EBUSY || i == BUSY_TRIES)
			return bl_fail(err, -errno, "cannot unmount '%s': %s", where,
				       strerror(errno));
		usleep(250000);
	}
	rmdir(where);
	if (r == 1)
		r = wipe(held, node, err);
	return r < 0 ? r : was_mounted;
}
