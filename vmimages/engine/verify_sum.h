/* verify_sum.h - what each verify type stores behind the header of its block. */
#ifndef ENGINE_VERIFY_SUM_H
#define ENGINE_VERIFY_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "job_verify.h"

#define VERIFY_SUM_MAX 128

struct verify_sum {
	uint16_t disk_type; /* the header's type field; 0: a block without a header */
	uint16_t len;       /* bytes behind the header */
	/* Writes the bytes for @data to @out, as they lie on the disk. Returns how many of them
	 * depend on the data; the rest is zeros here and undefined in fio. NULL: nothing stored. */
	size_t (*make)(const uint8_t *data, size_t len, uint8_t *out);
};

/* Borrowed; never NULL for a value of the enum. */
const struct verify_sum *verify_sum_of(enum job_verify type);

#endif
