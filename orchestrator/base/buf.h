/* buf.h - a growing byte buffer that is always NUL-terminated.
 *
 * struct bl_buf b = BL_BUF_INIT; ... bl_buf_done(&b). Additions after an
 * allocation failure are ignored and remembered: check bl_buf_failed() once,
 * at the end. */
#ifndef BL_BUF_H
#define BL_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct bl_buf {
	char *data; /* NULL until the first addition */
	size_t len; /* bytes, without the NUL */
	size_t cap;
	bool failed;
};

#define BL_BUF_INIT                                                                                \
	{                                                                                          \
		0                                                                                  \
	}

void bl_buf_add(struct bl_buf *b, const void *data, size_t len);
void bl_buf_adds(struct bl_buf *b, const char *s);
void bl_buf_addc(struct bl_buf *b, char c);
void bl_buf_addf(struct bl_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Borrowed text, never NULL ("" when empty). */
const char *bl_buf_str(const struct bl_buf *b);

/* True when an addition was lost for want of memory. */
bool bl_buf_failed(const struct bl_buf *b);

/* The bytes, now the caller's (free()); the buffer is empty again.
 * NULL when an addition was lost. An empty buffer gives "". */
char *bl_buf_take(struct bl_buf *b);

void bl_buf_done(struct bl_buf *b); /* usable with BL_CLEANUP */

#endif
