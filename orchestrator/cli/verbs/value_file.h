/* value_file.h - the file of values that --csv names. */
#ifndef VALUE_FILE_H
#define VALUE_FILE_H

#include "err.h"
#include "value_lines.h"

#define VALUE_FILE_MAX ((size_t)256 << 20) /* bytes */

/* @path: of a file; "-": standard input; NULL: a fault, it is needed. *ret is new:
 * value_lines_done(). Faults name the file. */
int value_file_read(const char *path, const struct value_form *form, struct value_lines *ret,
		    struct bl_err *err);

/* How it is called for people: "-" is "standard input". */
const char *value_file_name(const char *path);

#endif
