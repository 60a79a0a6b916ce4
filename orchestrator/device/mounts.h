/* mounts.h - what is mounted, and the disks that lie below a mount or a block device. */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stdbool.h>

#include "tree.h"

#define BLOCK_NAME_MAX 64 /* "nvme0n1p2": a name in /sys/class/block */

/* A line of /proc/self/mountinfo (proc(5)). */
struct mount {
	unsigned major, minor;
	char point[512], options[256], fs[64], source[256];
	char super[4096]; /* of overlays with many folders: up to a page */
};

/* Every mount in order; @each returns false to end it. Negative errno: the table can't be read. */
int mounts_each(const char *root, bool (*each)(void *ctx, const struct mount *m), void *ctx);

/* The mount that holds @path. -ENOENT: none does; else as mounts_each(). */
int mount_find(const char *root, const char *path, struct mount *ret);

/* The block device of a mount by its number, else by its source (btrfs and others have numbers of
 * their own). False: it has none (tmpfs, nfs, overlay), or none that can be told. */
bool mount_block(const char *root, const struct mount *m, char out[BLOCK_NAME_MAX]);

/* The whole disk that the partition @name is of. False: it is no partition. */
bool block_partition_of(const char *root, const char *name, char out[BLOCK_NAME_MAX]);

/* Every whole disk below the block device @name (itself, when it is one): through partitions,
 * device mapper, md, bcache and loop files, all branches. A disk may be named twice. -ELOOP: more
 * layers than anybody stacks; -ENOENT: a loop file's disk can't be told. */
int block_disks_below(const char *root, const char *name, void (*each)(void *ctx, const char *disk),
		      void *ctx);

#endif
