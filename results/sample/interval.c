#include "interval.h"

#include <errno.h>
#include <stdlib.h>

#include "leb128.h"

#define INTERVALS_VERSION 1
#define INTERVAL_LEAST    6 /* bytes of the smallest slice: six numbers */
#define BUCKET_LEAST      2

static void put_buckets(const struct interval *iv, struct bl_buf *out)
{
	unsigned next = 0;

	for (uint32_t i = 0; i < iv->n_buckets; i++) {
		leb_put(out, iv->buckets[i].index - next);
		leb_put(out, iv->buckets[i].count);
		next = iv->buckets[i].index + 1u;
	}
}

static void free_intervals(struct interval *ivs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(ivs[i].buckets);
	free(ivs);
}

void intervals_encode(const struct sample *s, struct bl_buf *out)
{
	uint32_t last = 0;

	bl_buf_addc(out, INTERVALS_VERSION);
	leb_put(out, s->n_intervals);
	for (size_t i = 0; i < s->n_intervals; i++) {
		const struct interval *iv = &s->intervals[i];

		leb_put(out, iv->index - last);
		leb_put(out, iv->dir);
		leb_put(out, iv->count);
		leb_put(out, iv->bytes);
		leb_put(out, iv->max_ns);
		leb_put(out, iv->n_buckets);
		put_buckets(iv, out);
		last = iv->index;
	}
}

/* @n buckets from @in into @iv; -EBADMSG when they can't be, or do not make iv->count. */
static int get_buckets(struct interval *iv, struct leb_in *in, uint64_t n, struct bl_err *err)
{
	struct interval_bucket *buckets;
	uint64_t next = 0, gap, count, sum = 0;

	iv->n_buckets = 0;
	iv->buckets = NULL;
	if (!n)
		return 0;
	if (n > HIST_BUCKETS || n > leb_left(in) / BUCKET_LEAST)
		return bl_fail(err, -EBADMSG, "slice %u: says %llu buckets, has bytes for %zu",
			       iv->index, (unsigned long long)n, leb_left(in) / BUCKET_LEAST);
	buckets = calloc(n, sizeof *buckets);
	if (!buckets)
		return bl_fail(err, -ENOMEM, "no memory for a slice");
	for (uint64_t i = 0; i < n; i++) {
		if (!leb_get(in, &gap) || !leb_get(in, &count) || gap >= HIST_BUCKETS - next ||
		    !count || count > UINT32_MAX) {
			free(buckets);
			return bl_fail(err, -EBADMSG, "slice %u: bucket %llu is not one", iv->index,
				       (unsigned long long)i);
		}
		buckets[i].index = (uint16_t)(next + gap);
		buckets[i].count = (uint32_t)count;
		next += gap + 1;
		sum += count; /* at most 7424 * 2^32 */
	}
	if (sum != iv->count || hist_index(iv->max_ns) != next - 1) {
		free(buckets);
		return bl_fail(
			err, -EBADMSG,
			"slice %u: the histogram holds %llu, not count %llu up to max_ns %llu",
			iv->index, (unsigned long long)sum, (unsigned long long)iv->count,
			(unsigned long long)iv->max_ns);
	}
	iv->n_buckets = (uint32_t)n;
	iv->buckets = buckets;
	return 0;
}

static int get_interval(struct interval *iv, const struct interval *before, struct leb_in *in,
			struct bl_err *err)
{
	uint64_t step, dir, index, n;

	if (!leb_get(in, &step) || !leb_get(in, &dir) || !leb_get(in, &iv->count) ||
	    !leb_get(in, &iv->bytes) || !leb_get(in, &iv->max_ns) || !leb_get(in, &n))
		return bl_fail(err, -EBADMSG, "intervals: cut off");
	if (dir >= IO_DIRS)
		return bl_fail(err, -EBADMSG, "intervals: direction %llu is not 0 to %d",
			       (unsigned long long)dir, IO_DIRS - 1);
	if (__builtin_add_overflow(before ? before->index : 0, step, &index) || index > UINT32_MAX)
		return bl_fail(err, -EBADMSG, "intervals: slice number beyond 32 bits");
	if (before && !step && dir <= before->dir)
		return bl_fail(err, -EBADMSG, "intervals: slice %llu: directions do not ascend",
			       (unsigned long long)index);
	iv->index = (uint32_t)index;
	iv->dir = (uint8_t)dir;
	return get_buckets(iv, in, n, err);
}

int intervals_decode(struct sample *s, const void *data, size_t len, struct bl_err *err)
{
	struct leb_in in = leb_begin(data, len);
	struct interval *ivs = NULL;
	uint64_t n;
	int r;

	if (!len || *in.at++ != INTERVALS_VERSION)
		return bl_fail(err, -EBADMSG, "intervals: not version %d", INTERVALS_VERSION);
	if (!leb_get(&in, &n))
		return bl_fail(err, -EBADMSG, "intervals: cut off");
	if (n > INTERVALS_MAX || n > leb_left(&in) / INTERVAL_LEAST)
		return bl_fail(err, -EBADMSG, "intervals: says %llu, has bytes for %zu, most is %u",
			       (unsigned long long)n, leb_left(&in) / INTERVAL_LEAST,
			       INTERVALS_MAX);
	if (n) {
		ivs = calloc(n, sizeof *ivs);
		if (!ivs)
			return bl_fail(err, -ENOMEM, "no memory for %llu slices",
				       (unsigned long long)n);
	}
	for (uint64_t i = 0; i < n; i++) {
		r = get_interval(&ivs[i], i ? &ivs[i - 1] : NULL, &in, err);
		if (r < 0) {
			free_intervals(ivs, n);
			return r;
		}
	}
	if (in.at != in.end) {
		free_intervals(ivs, n);
		return bl_fail(err, -EBADMSG, "intervals: %zu bytes after the end", leb_left(&in));
	}
	free_intervals(s->intervals, s->n_intervals);
	s->intervals = ivs;
	s->n_intervals = n;
	return 0;
}

int interval_check(const struct interval *iv, struct bl_err *err)
{
	uint64_t sum = 0;
	int last = -1;

	if (iv->dir >= IO_DIRS)
		return bl_fail(err, -EINVAL, "slice %u: direction %u is not 0 to %d", iv->index,
			       iv->dir, IO_DIRS - 1);
	for (uint32_t i = 0; i < iv->n_buckets; i++) {
		const struct interval_bucket *b = &iv->buckets[i];

		if (b->index <= last || b->index >= HIST_BUCKETS || !b->count)
			return bl_fail(err, -EINVAL,
				       "slice %u: bucket %u does not ascend or is empty", iv->index,
				       i);
		last = b->index;
		sum += b->count;
	}
	if (iv->n_buckets && (sum != iv->count || hist_index(iv->max_ns) != (unsigned)last))
		return bl_fail(
			err, -EINVAL,
			"slice %u: the histogram holds %llu, not count %llu up to max_ns %llu",
			iv->index, (unsigned long long)sum, (unsigned long long)iv->count,
			(unsigned long long)iv->max_ns);
	return 0;
}

void interval_buckets_encode(const struct interval *iv, struct bl_buf *out)
{
	bl_buf_addc(out, INTERVALS_VERSION);
	leb_put(out, iv->n_buckets);
	put_buckets(iv, out);
}

int interval_buckets_decode(struct interval *iv, const void *data, size_t len, struct bl_err *err)
{
	struct leb_in in = leb_begin(data, len);
	struct interval got = *iv;
	uint64_t n;
	int r;

	if (!len || *in.at++ != INTERVALS_VERSION || !leb_get(&in, &n))
		return bl_fail(err, -EBADMSG, "slice %u: not a histogram of version %d", iv->index,
			       INTERVALS_VERSION);
	r = get_buckets(&got, &in, n, err);
	if (r < 0)
		return r;
	if (in.at != in.end) {
		free(got.buckets);
		return bl_fail(err, -EBADMSG, "slice %u: %zu bytes after the end", iv->index,
			       leb_left(&in));
	}
	*iv = got;
	return 0;
}
