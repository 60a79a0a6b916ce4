/* look.h - blklab diagnose --live as a person starts it, and what it printed. */
#ifndef LOOK_H
#define LOOK_H

#include <jansson.h>

#include "buf.h"

/* Its exit status; standard output and error are appended to @out, and printed. @args end with
 * NULL, at most 20. */
int look(const char *const *args, struct bl_buf *out);
/* With --json: the document, new. */
json_t *look_json(const char *const *args);
/* The number a second behind the first @what ("QEMU block layer   write "); -1: not there. */
double look_rate(const char *text, const char *what);

#endif
