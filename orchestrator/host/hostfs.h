/* hostfs.h - reading the host's /proc, /sys and /etc, or a faked tree of them.
 *
 * doctor_*.c and environment.c read everything through these; the first part of every path
 * is doctor_options.root. Nothing here judges.
 */
#ifndef HOSTFS_H
#define HOSTFS_H

#include "doctor.h"
#include "tree.h"

/* tree.h below doctor_options.root. */
#define host_line(opt, out, len, ...)   tree_line((opt)->root, out, len, __VA_ARGS__)
#define host_u64(opt, ret, ...)         tree_u64((opt)->root, ret, __VA_ARGS__)
#define host_exists(opt, ...)           tree_exists((opt)->root, __VA_ARGS__)
#define host_file(opt, out, ...)        tree_file((opt)->root, out, __VA_ARGS__)
#define host_names(opt, dir, each, ctx) tree_names((opt)->root, dir, each, ctx)

/* The value behind "Key:" in a text of such lines (/proc/meminfo, /proc/cpuinfo, first
 * occurrence), cut at @len. -ENOENT. */
int text_field(const char *text, const char *key, char *out, size_t len);

/* The chosen word of "always [madvise] never"; the whole line when nothing is in brackets. */
void bracketed(const char *line, char *out, size_t len);

/* Bytes behind @key of /proc/meminfo. */
int host_meminfo(const struct doctor_options *opt, const char *key, uint64_t *ret_bytes);

/* "performance" or "performance on 6, powersave on 2": the values of the same small file of all
 * CPUs. @path has one %u... given as prefix and suffix: PREFIX N SUFFIX. -ENOENT: no CPU has it. */
int host_cpu_values(const struct doctor_options *opt, const char *suffix, char *out, size_t len,
		    unsigned *ret_kinds);
/* The next range of a list of CPUs, "0-3,6": 0 to 3, then 6 to 6. Moves *list behind it; false:
 * none is left. */
bool cpu_range_next(const char **list, long *ret_from, long *ret_to);
unsigned host_cpus_online(const struct doctor_options *opt); /* 0: not known */

/* What lies under the work folder, layer by layer, down to a disk. */
struct work_disk {
	char path[512];    /* the work folder, or the nearest folder above it that exists */
	char mount[512];   /* its mount point; "" not found */
	char fs[64];       /* "ext4" */
	char options[512]; /* mount options */
	char source[256];  /* "/dev/nvme0n1p2" */
	char chain[512];   /* "nvme0n1p2 on nvme0n1", "dm-0 (LVM) on sda2 on sda" */
	char disk[64];     /* the whole disk, "" when there is none or it can't be told */
	char why[256];     /* why there is no disk */
	bool has_loop, has_raid, has_thin;
	char raid[64]; /* md device in the chain, "" none */
};
/* Always fills @out; what could not be told is said in it. */
void work_disk_find(const struct doctor_options *opt, struct work_disk *out);

#endif
