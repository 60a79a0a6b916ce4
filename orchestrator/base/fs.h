/* fs.h - whole files and folders. */
#ifndef BL_FS_H
#define BL_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* Append the file to @out, at most @max bytes (-EFBIG above). Works on /proc
 * and /sys files, whose size is not known beforehand. */
int bl_read_file(const char *path, size_t max, struct bl_buf *out, struct bl_err *err);

/* The file's first line without its newline, into @out (cut at @len).
 * Negative errno and an empty @out when it can't be read. For /proc and /sys. */
int bl_read_line(const char *path, char *out, size_t len);

/* A whole number from the first line of a /proc or /sys file. */
int bl_read_u64(const char *path, uint64_t *ret);

/* Replace @path in one step (temporary file beside it, fsync, rename): a reader
 * sees the old bytes or the new ones. Where it is a link, what it points at is replaced; a
 * terminal, a pipe or another character device is written to as it is. -EINVAL: a disk, which is
 * never written to. */
int bl_write_file(const char *path, const void *data, size_t len, struct bl_err *err);

/* Make @path and what is missing above it (0755). 0 when it exists. */
int bl_mkdir_p(const char *path, struct bl_err *err);

/* Remove @path and all below it; does not follow links nor cross file systems.
 * 0 when it does not exist. */
int bl_remove_tree(const char *path, struct bl_err *err);

bool bl_exists(const char *path);

/* Free bytes for this user on the file system that holds @path. */
int bl_free_bytes(const char *path, uint64_t *ret_bytes, struct bl_err *err);

/* printf into a new string; NULL when memory is out. */
char *bl_strf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
