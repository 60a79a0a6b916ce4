/* split.h - how many bytes the next request has: bs, bsrange or bssplit of one direction.
 *
 * As fio 3.33 draws them, which was measured: a range is uniform up to max, rounded up to
 * a multiple of min, and never above max - so multiples are equally likely, and a max
 * that is none has the smaller share its remainder is. A bssplit counts requests, not
 * bytes; what its percentages leave of 100 goes to the last entry.
 */
#ifndef ENGINE_SPLIT_H
#define ENGINE_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "rng.h"

#define SPLIT_MAX  64
#define SPLIT_REST (-1.0) /* a percentage not given: an even part of what is left */

struct split_part {
	uint32_t bytes; /* at least 1 */
	double pct;     /* of the requests, or SPLIT_REST */
};

enum split_kind { SPLIT_FIXED, SPLIT_STEPS, SPLIT_BYTES, SPLIT_TABLE };

struct split {
	enum split_kind kind;
	uint32_t min, max; /* bytes; the smallest and the largest it gives */
	uint64_t steps;    /* max / min with 32 fraction bits */
	unsigned n;
	uint64_t below[SPLIT_MAX]; /* of 2^64 */
	uint32_t bytes[SPLIT_MAX];
};

void split_fixed(struct split *s, uint32_t bytes);
/* @is_unaligned: any number of bytes from @min to @max (1 <= min <= max). */
void split_range(struct split *s, uint32_t min, uint32_t max, bool is_unaligned);
/* -ERANGE: more than SPLIT_MAX entries or none, sizes of 0, percentages above 100. */
int split_table(struct split *s, const struct split_part *parts, unsigned n, struct bl_err *err);

static inline uint32_t split_next(const struct split *s, uint64_t *rng)
{
	uint64_t r, bytes;
	unsigned i = 0;

	if (s->kind == SPLIT_FIXED)
		return s->min;
	if (s->kind == SPLIT_BYTES)
		return s->min + (uint32_t)rng_below(rng, (uint64_t)s->max - s->min + 1);
	r = rng_next(rng);
	if (s->kind == SPLIT_STEPS) {
		bytes = ((uint64_t)(((unsigned __int128)r * s->steps) >> 96) + 1) * s->min;
		return bytes < s->max ? (uint32_t)bytes : s->max;
	}
	while (r >= s->below[i] && i < s->n - 1)
		i++;
	return s->bytes[i];
}

#endif
