/* hist.h - log-linear latency histogram over the whole 64-bit range.
 *
 * 128 buckets per octave (7 sub-bucket bits): bucket width <= 1/128 of its value,
 * 0.78 %. Two neighbouring buckets here are one bucket of fio's 64-per-octave
 * layout, so a histogram folds into fio's without error.
 *   v < 128:  index = v
 *   else:     e = floor(log2 v) - 7; index = (e + 1) * 128 + ((v >> e) & 127)
 * Merging adds counts and equals having recorded together.
 */
#ifndef HIST_H
#define HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define HIST_SUB_BITS 7
#define HIST_SUB      (1u << HIST_SUB_BITS)
#define HIST_BUCKETS  ((64 - HIST_SUB_BITS + 1) * HIST_SUB) /* 7424 */

struct hist {
	uint64_t count[HIST_BUCKETS];
};

/* Both cases of the formula without a branch: below 256 the exponent is 0. */
static inline unsigned hist_index(uint64_t v)
{
	unsigned e = 63u - HIST_SUB_BITS - (unsigned)__builtin_clzll(v | HIST_SUB);

	return (e << HIST_SUB_BITS) + (unsigned)(v >> e);
}

static inline void hist_add(struct hist *h, uint64_t v)
{
	h->count[hist_index(v)]++;
}

uint64_t hist_low(unsigned index);  /* least value of the bucket */
uint64_t hist_high(unsigned index); /* greatest value of the bucket, inclusive */

uint64_t hist_total(const struct hist *h);
void hist_merge(struct hist *to, const struct hist *from);

/* Percentile @p in (0, 100]: first bucket whose cumulative count reaches
 * p/100 * total, log-interpolated inside the bucket (statistics: percentile
 * from counts). false when the histogram is empty; *ret_ns is untouched. */
bool hist_percentile(const struct hist *h, double p, uint64_t *ret_ns);

/* Values in buckets wholly or partly above @v (tail count, for "thin" checks). */
uint64_t hist_count_above(const struct hist *h, uint64_t v);

/* Sparse bytes: version 1, then (gap, count) pairs as LEB128. Appends to @out.
 * An empty histogram encodes to the version byte alone. */
void hist_encode(const struct hist *h, struct bl_buf *out);

/* The reverse; adds the counts to @h (zero it first for a plain decode).
 * -EBADMSG: not such bytes; @h may then hold part of them. */
int hist_decode(struct hist *h, const void *data, size_t len, struct bl_err *err);

#endif
