/* base64.h - bytes as text (RFC 4648, 4): standard alphabet, with padding. */
#ifndef BASE64_H
#define BASE64_H

#include "buf.h"
#include "err.h"

void base64_encode(const void *data, size_t len, struct bl_buf *out);

/* Appends to @out. -EBADMSG: a length that is not a multiple of four, another
 * character, or padding elsewhere than at the end; @out may then hold part of it. */
int base64_decode(const char *text, size_t len, struct bl_buf *out, struct bl_err *err);

#endif
