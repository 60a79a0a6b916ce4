/* out_file.h - files that a verb writes at its end. */
#ifndef OUT_FILE_H
#define OUT_FILE_H

#include "buf.h"
#include "cli.h"
#include "err.h"

/* A file that can't be written is said before an hour of measuring, not after: is there a folder
 * to write it in, and is it no disk (-EINVAL)? @option for messages. */
int out_file_check(const char *option, const char *path, struct bl_err *err);

/* Write what --report asked for, which a failure names. */
int out_file_page(const char *path, const struct bl_buf *page, struct bl_err *err);
/* The same for a->report, and say where it went, on standard error and not with --quiet. */
int out_file_page_said(struct cli *cli, const struct args *a, const struct bl_buf *page,
		       struct bl_err *err);

#endif
