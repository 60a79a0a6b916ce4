/* interval.h - the slices of a job's time as compact bytes.
 *
 * Whole lists travel in JSON; the store keeps one row a slice and only the
 * slice's histogram as bytes. All numbers are LEB128, a version byte comes first.
 *   list:    1, n, n x { index step, dir, count, bytes, max_ns, buckets }
 *   buckets: n, n x { gap to the last bucket, count }
 */
#ifndef INTERVAL_H
#define INTERVAL_H

#include "sample.h"

/* The most slices a sample may hold: a day of 100 ms slices in all four directions
 * (3 456 000), rounded up. More is a broken or hostile sender. */
#define INTERVALS_MAX (4u << 20)

void intervals_encode(const struct sample *s, struct bl_buf *out);

/* Replaces the intervals of @s. -EBADMSG: not such bytes, not ascending, more than INTERVALS_MAX,
 * or a histogram that does not add up to its slice's count; -ENOMEM. On failure @s is untouched. */
int intervals_decode(struct sample *s, const void *data, size_t len, struct bl_err *err);

/* Whether the slice can be read back: direction known, buckets ascending and adding up to count,
 * the last one holding max_ns. No buckets at all: its histogram was not kept. -EINVAL. */
int interval_check(const struct interval *iv, struct bl_err *err);

/* The histogram of one slice: version byte and buckets as above. */
void interval_buckets_encode(const struct interval *iv, struct bl_buf *out);

/* Sets n_buckets and buckets (new) of @iv, whose other members must be there already:
 * the counts must add up. -EBADMSG, -ENOMEM; on failure @iv is untouched. */
int interval_buckets_decode(struct interval *iv, const void *data, size_t len, struct bl_err *err);

#endif
