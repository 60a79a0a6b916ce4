/* leb128.h - unsigned LEB128 (DWARF 5, 7.6): seven bits a byte, least first.
 *
 * For what is stored or comes from a guest: leb_get() never reads beyond the end.
 */
#ifndef LEB128_H
#define LEB128_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* Bytes still to be read. */
struct leb_in {
	const uint8_t *at, *end;
};

/* @data may be NULL when there are no bytes. */
static inline struct leb_in leb_begin(const void *data, size_t len)
{
	return (struct leb_in){data, len ? (const uint8_t *)data + len : data};
}

static inline void leb_put(struct bl_buf *out, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	do {
		bytes[n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		v >>= 7;
	} while (v);
	bl_buf_add(out, bytes, n);
}

/* false: the bytes end too early or the number needs more than 64 bits; @in is
 * then not to be used any further. */
static inline bool leb_get(struct leb_in *in, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
		uint8_t byte = *in->at++;

		if (shift == 63 && byte > 1)
			return false;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static inline size_t leb_left(const struct leb_in *in)
{
	return (size_t)(in->end - in->at);
}

#endif
