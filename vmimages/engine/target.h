/* target.h - the files and devices under a job: found, sized, laid out, opened.
 */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "job.h"

/* One file of a job before any clone opened it. */
struct plan_file {
	char *path;      /* NULL: the null engines' nothing */
	mode_t mode;     /* S_IFREG, S_IFBLK, S_IFCHR; 0 for nothing */
	uint64_t bytes;  /* of the whole file or device, or where it ends for this call */
	bool is_limited; /* the latter */
	uint64_t offset; /* the region of the first clone */
	uint64_t size;
};

/* The files of a job. Clones share them when they have names of their own, else each clone has
 * per_clone of them. */
struct plan_files {
	struct plan_file *at;
	unsigned n, per_clone;
	bool is_shared;
	uint64_t offset_increment; /* bytes from one clone's region to the next one's */
};

/* One file as a clone has it open. */
struct file {
	const struct plan_file *plan;
	int fd;                /* -1: none */
	uint64_t offset, size; /* the clone's region */
};

struct target_asks {
	const char *target;   /* for a job that names no file; may be NULL */
	bool is_readonly;     /* make and lengthen nothing */
	uint64_t limit_bytes; /* of engine_call */
	_Atomic bool *stop;   /* ends the laying out; may be NULL */
};

/* Find the files of @j, make or lengthen them when the job gives their size (with random data
 * when the job reads), drop their page cache when the job asks.
 * -ECANCELED: stopped. -EPERM: is_readonly, and something was missing. -ENOENT, -EINVAL, -ERANGE,
 * -EACCES...: @err names the path and what would be accepted. */
int target_prepare(const struct job *j, const struct target_asks *asks, struct plan_files *ret,
		   struct bl_err *err);
void target_done(struct plan_files *f);

/* Open file @i of clone @clone for @j's directions. */
int target_open(const struct job *j, const struct plan_files *f, uint32_t clone, unsigned i,
		struct file *ret, struct bl_err *err);
/* Close it; with fsync_on_close= first flushed. 0 or the negative errno of that flush. */
int target_close(const struct job *j, struct file *f);

/* Forget what the page cache holds of it. */
void target_drop_cache(const struct file *f);

/* After the last clone: unlink=1. */
void target_unlink(const struct job *j, const struct plan_files *f);

/* Bytes that one pass of one clone moves: of its @n files' regions, or size= when that is less. */
uint64_t target_bytes(const struct job *j, const struct file *files, unsigned n);

/* fio numbers the clones after the first one downwards: 0, n-1, ... 2, 1. Their names and
 * offset_increment follow that number. */
static inline uint32_t target_subjob(const struct job *j, uint32_t clone)
{
	return clone ? j->numjobs - clone : 0;
}

/* As engine_fill(), but [@from, @to) only; @from is a multiple of 1 MiB or the file's end. */
int fill_range(const char *path, uint64_t from, uint64_t to, uint64_t seed,
	       _Atomic uint64_t *done_bytes, _Atomic bool *stop, struct bl_err *err);

#endif
