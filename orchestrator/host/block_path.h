/* block_path.h - the block devices under a file or a device, from the one it lies on to the disks.
 *
 * Pure reads below a root: mount, file system, partition, device mapper, md, loop (its file's file
 * system again), nbd. Several devices (RAID, a volume over two disks, btrfs) are all followed.
 */
#ifndef BLOCK_PATH_H
#define BLOCK_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct block_node {
	char name[32];        /* "nvme0n1p2": as in /sys/class/block */
	char kind[16];        /* "disk", "partition", "dm", "md", "loop", "nbd" or "bcache" */
	char model[64];       /* of a disk; dm: "LVM vg-data"; md: "raid1"; loop: its file; "" */
	char firmware[16];    /* of a disk; "" not told */
	char scheduler[32];   /* "mq-deadline", "none"; "": has none, as partitions (their disk's
			       * counts) */
	bool rotational;      /* false also when it is not told, as of partitions */
	char write_cache[16]; /* "write back", "write through"; "" not told */
	unsigned nr_requests; /* that its queue holds; 0: not told */
	bool is_leaf;         /* nothing of this host lies below it */
};

struct block_path {
	char *filesystem;         /* "ext4", "overlay", "tmpfs"; NULL: the path is a block device */
	char *mount;              /* where it is mounted; NULL as @filesystem */
	struct block_node *nodes; /* each once, what lies above before what lies below it */
	size_t n;
	char *why_none; /* n == 0: why there is no block device; else NULL */
};

/* @path: a file, folder or block device below @root ("": this machine). 0 also when there is no
 * device, which ret->why_none explains (tmpfs, NFS, ZFS, the upper folder of an overlay that can't
 * be seen from a container). *ret is new. -ENOENT: no such file, or /proc/self/mountinfo can't be
 * read; -ELOOP: more layers than anybody stacks; -ENOMEM. */
int block_path_of(const char *root, const char *path, struct block_path *ret, struct bl_err *err);
void block_path_done(struct block_path *p);

#endif
