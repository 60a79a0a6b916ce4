/* guard.h - may this block device be overwritten?
 *
 * A device is only handed out when the scenario names it by its serial and nothing
 * on the host knows it: it is a whole disk, writable, not mounted, not swap, has no
 * holder (LVM, MD, dm-crypt, multipath), no partition and no signature of any kind
 * (libblkid: file systems, RAID, LVM and ZFS members, partition tables). Any
 * check that can't be made is a refusal, never a pass.
 */
#ifndef GUARD_H
#define GUARD_H

#include "err.h"

struct guard_device {
	const char *root;   /* "" on a real host; a folder with a faked /proc and /sys in tests */
	const char *name;   /* as the kernel names it: "nvme0n1", "sda" */
	const char *node;   /* the file to open: "/dev/nvme0n1"; a plain image in tests */
	const char *serial; /* as the scenario gives it; NULL or "" is refused */
};

/* 0: nothing speaks against writing to it. -EBUSY: in use (says by what); -EEXIST: it
 * holds data (says which signature); -EPERM: no serial given, or another one; -EROFS;
 * -ENOTBLK: not a whole disk; -ENODEV: the kernel knows no such disk; -EIO: a check could not
 * be made. */
int guard_check(const struct guard_device *dev, struct bl_err *err);

/* The same for a path such as /dev/disk/by-id/...: links are followed first. */
int guard_block_device(const char *path, const char *serial, struct bl_err *err);

#endif
