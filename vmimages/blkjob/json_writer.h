/* json_writer.h - JSON text in the form that fio 3.33 prints it.
 *
 * Order of the keys, "key" : value with blanks around the colon, two blanks a level, reals as
 * %f with six decimals: tools that read fio line by line rely on them, and no library prints
 * reals so. What is written is always JSON: bytes that are not UTF-8 become U+FFFD, control
 * characters are escaped, a real that is not finite is 0.
 *
 * Objects and arrays are opened and closed in pairs; @key is NULL inside an array and at the top.
 */
#ifndef BLKJOB_JSON_WRITER_H
#define BLKJOB_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct json_writer {
	struct bl_buf *out; /* borrowed; bl_buf_failed() says whether memory was lost */
	unsigned depth;
	bool has_items; /* in the innermost object or array */
};

void json_object_open(struct json_writer *w, const char *key);
void json_object_close(struct json_writer *w);
void json_array_open(struct json_writer *w, const char *key);
void json_array_close(struct json_writer *w);

void json_put_uint(struct json_writer *w, const char *key, uint64_t v);
void json_put_int(struct json_writer *w, const char *key, int64_t v);
void json_put_real(struct json_writer *w, const char *key, double v);
void json_put_text(struct json_writer *w, const char *key, const char *text);
void json_put_textn(struct json_writer *w, const char *key, const char *text, size_t len);

#endif
