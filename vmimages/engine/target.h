/* target.h - the file or device under a job: opened, sized, made ready. */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "job.h"

struct target {
	const char *path; /* borrowed; NULL: the null engine's nothing */
	uint64_t offset;  /* the job's region */
	uint64_t size;
};

/* Find the region of @j on @path, make or lengthen the file when the job gives its size
 * (with random data when the job reads), drop its page cache when the job asks.
 * -ENOENT, -EINVAL, -ERANGE, -EACCES...: @err names the path and what would be accepted. */
int target_prepare(const struct job *j, const char *path, struct target *ret, struct bl_err *err);

/* A descriptor for @j's directions, or negative errno. */
int target_open(const struct job *j, const struct target *t, struct bl_err *err);

/* As engine_fill(), but [@from, @to) only; @from is a multiple of 1 MiB or the file's end. */
int fill_range(const char *path, uint64_t from, uint64_t to, uint64_t seed,
	       _Atomic uint64_t *done_bytes, _Atomic bool *stop, struct bl_err *err);

#endif
