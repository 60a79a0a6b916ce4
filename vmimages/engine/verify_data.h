/* verify_data.h - the data between the headers; inside the engine's verify files only. */
#ifndef ENGINE_VERIFY_DATA_H
#define ENGINE_VERIFY_DATA_H

#include "verify_block.h"

/* Which request the data are of. */
struct verify_source {
	const struct verify_plan *plan;
	uint64_t offset; /* of the request in the target */
	uint64_t seed;
};

/* The @len bytes that belong at byte @pos of the request. */
void verify_source_read(const struct verify_source *s, size_t pos, void *out, size_t len);

/* First of @len bytes at @pos that differs; @len: none does. */
size_t verify_source_diff(const struct verify_source *s, size_t pos, const void *data, size_t len,
			  uint8_t *ret_want);

#endif
