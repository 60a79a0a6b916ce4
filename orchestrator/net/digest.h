/* digest.h - SHA-256 of bytes that come in pieces. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

#include "err.h"

#define DIGEST_TEXT 65 /* 64 lower case hex digits and NUL */

struct digest;

struct digest *digest_new(void); /* NULL: out of memory */
struct digest *digest_free(struct digest *d);
void digest_freep(struct digest **d);

void digest_add(struct digest *d, const void *data, size_t len);
/* The string and its NUL, so that {"ab", "c"} and {"a", "bc"} differ. */
void digest_adds(struct digest *d, const char *s);
/* The digest of all that was added; @d starts anew. Returns @out. */
char *digest_hex(struct digest *d, char out[DIGEST_TEXT]);

/* Add a whole file. -ENOENT and so on, with the reason. */
int digest_add_file(struct digest *d, const char *path, struct bl_err *err);

#endif
