/* proc.h - run a child program to its end (qemu-img, gnuplot). */
#ifndef BL_PROC_H
#define BL_PROC_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* Run @argv (argv[0] looked up in PATH, NULL-terminated, no shell).
 * @input/@input_len go to its standard input (NULL, 0: none).
 * Standard output is appended to @out and standard error to @errout (either
 * may be NULL: thrown away). Ended with SIGKILL after @limit_ns (0: no limit).
 * Returns the exit status 0..255; -ETIMEDOUT, -ENOENT (no such program) or
 * another negative errno with @err set; 128+signal when a signal ended it. */
int bl_proc_run(const char *const *argv, const void *input, size_t input_len, struct bl_buf *out,
		struct bl_buf *errout, uint64_t limit_ns, struct bl_err *err);

/* The absolute path of @name in PATH into @out; -ENOENT. */
int bl_proc_find(const char *name, char *out, size_t len);

#endif
