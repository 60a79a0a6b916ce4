/* labfs.h - the file system that the lab makes on a claimed disk, for one trial.
 *
 * "An image file on a file system on this very disk" is a cell beside "the disk itself". The file
 * system has the UUID that the claim names, so that the guard knows it for the lab's own when a
 * killed run left it.
 */
#ifndef LABFS_H
#define LABFS_H

#include "claim.h"

/* Make an ext4 in @dev's first claim_usable_bytes() and mount it at @where, a folder that is made.
 * -ENOENT: mkfs.ext4 is not installed; -EPERM: no right to mount; -EIO: mkfs.ext4's own words. */
int labfs_mount(const struct device *dev, const struct claim *claim, const char *where,
		struct bl_err *err);

/* Unmount @where when it is a mount of @node, remove the folder, and take the file system's
 * signature off @node: 1. 0: it is not mounted (a file system of the lab may lie there, which the
 * guard knows by its UUID). Its name may become another disk's meanwhile: only the disk that was
 * mounted is written. -EBUSY: something still uses it; -EEXIST: something else is mounted there;
 * -EIO: the signature can't be taken off; what stat(2), umount2(2) and open(2) say. */
int labfs_end(const char *node, const char *where, struct bl_err *err);

#endif
