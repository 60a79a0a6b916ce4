/* backing.h - the disk image that a trial's VM writes to.
 *
 * A file, made fresh for a trial and removed after it; or a block device that the lab may
 * overwrite, whose bytes stay. It is filled with random data
 * before it is read, because reading a hole measures nothing: by the host with
 * engine_fill() (raw; qcow2 is converted from such a raw file, which is kept for the
 * next qcow2 trial), or by the guest through the disk under test when there is no
 * room for both or the caller wants it so.
 *
 * Files are named blklab-PID-START-..., after the process that owns them, so that what
 * a killed run left is known by its name. A folder belongs to one host.
 */
#ifndef BACKING_H
#define BACKING_H

#include <signal.h>

#include "record.h"
#include "scenario.h"

enum backing_fill { BACKING_FILL_AUTO, BACKING_FILL_HOST, BACKING_FILL_GUEST };

struct backing_request {
	const char *dir;  /* made when missing */
	const char *name; /* part of the file name: a trial's id */
	enum cell_format format;
	uint64_t size_bytes;
	uint64_t cluster_size; /* qcow2; 0: qemu-img's default */
	enum cell_prealloc preallocation;
	enum precondition precondition;
	enum backing_fill fill;
	uint64_t seed;
	/* The image lies directly on this block device, and takes its first @size_bytes, rather
	 * than in a file in @dir; NULL: a file. That it may be overwritten is the caller's to know.
	 */
	const char *node;
	uint64_t node_bytes; /* of @node, from its beginning, that may be used */
	bool is_filled; /* @node's first @size_bytes still hold an earlier fill: not done again */
	uint64_t reserve_bytes; /* in @dir, that must stay free for disks that come behind it */
	volatile sig_atomic_t *stop; /* may be NULL */
	/* Called about five times a second; may be NULL. */
	void (*tick)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
	void *ctx;
};

struct backing {
	char *path;
	uint64_t size_bytes;  /* what fill and jobs may use, from its beginning */
	uint64_t disk_bytes;  /* how large the guest sees it: a raw block device is seen whole */
	uint64_t image_bytes; /* that the image may take in its file or on its block device */
	bool is_block;
	bool guest_must_fill; /* the caller sends `precondition` before the jobs */
};

/* Adds "backing.format", "backing.fill", "backing.fill_ns", "backing.allocated_bytes", ... to
 * @facts. -ENOSPC: says how many bytes are needed and free, or where it ran full; nothing is
 * left behind. -ENOTSUP: this image format can't be made so; -EINTR: stopped. */
int backing_make(const struct backing_request *req, struct backing *ret, struct facts *facts,
		 struct bl_err *err);

/* Write back and drop the host's page cache of the image, and look whether it is gone:
 * "backing.cached_bytes". May be called while QEMU has it open. */
int backing_drop_cache(const struct backing *b, struct facts *facts, struct bl_err *err);

/* Bytes of the image that take space on the host (of a file only), and for qcow2 the part of the
 * guest's disk that has clusters ("backing.mapped_bytes"). Adds the facts; not while QEMU runs. */
int backing_allocation(const char *path, enum cell_format format, struct facts *facts,
		       struct bl_err *err);

/* Remove the image when it is a file; NULL members are fine. */
void backing_remove(struct backing *b);

/* Remove the raw file kept for qcow2, at the end of a run. */
void backing_forget_source(const char *dir);

/* Remove what processes that are gone left in @dir. Calls @each (may be NULL) with each file
 * name. Returns how many, or negative. */
int backing_remove_stale(const char *dir, void (*each)(void *ctx, const char *name), void *ctx,
			 struct bl_err *err);

/* "blklab-PID-START-": what names of this process begin with. */
char *backing_prefix(char out[64]);
/* True when @name begins like such a name and its process is gone. */
bool backing_is_stale(const char *name);

#endif
