#include "hist.h"

#include <errno.h>
#include <math.h>

#include "leb128.h"

#define HIST_VERSION 1

uint64_t hist_low(unsigned index)
{
	unsigned e;

	if (index < HIST_SUB)
		return index;
	e = index / HIST_SUB - 1;
	return (uint64_t)(HIST_SUB + index % HIST_SUB) << e;
}

uint64_t hist_high(unsigned index)
{
	unsigned e;

	if (index < HIST_SUB)
		return index;
	e = index / HIST_SUB - 1;
	return hist_low(index) + ((uint64_t)1 << e) - 1;
}

uint64_t hist_total(const struct hist *h)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		n += h->count[i];
	return n;
}

void hist_merge(struct hist *to, const struct hist *from)
{
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->count[i] += from->count[i];
}

/* The value at @fraction (0, 1] of a bucket, as if its values were spread evenly
 * over the logarithm; the bucket ends where the next one begins. */
static uint64_t inside(unsigned index, double fraction)
{
	uint64_t low = hist_low(index), high = hist_high(index);
	double v;

	if (low == high)
		return low;
	v = exp(log((double)low) + fraction * (log((double)high + 1.0) - log((double)low)));
	if (v <= (double)low)
		return low;
	return v >= (double)high ? high : (uint64_t)v;
}

bool hist_percentile(const struct hist *h, double p, uint64_t *ret_ns)
{
	uint64_t total = hist_total(h), below = 0;
	long double target, whole;

	if (!total)
		return false;
	/* 99.9 is a little more than 99.9 as a double: without this, the rank 999 of
	 * 1000 would be 999.00000000000006 and lie in the next bucket. */
	target = (long double)p / 100.0L * (long double)total;
	whole = roundl(target);
	if (fabsl(target - whole) <= 1e-12L * (long double)total)
		target = whole;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		uint64_t c = h->count[i];

		if (c && (long double)(below + c) >= target) {
			*ret_ns =
				inside(i, (double)((target - (long double)below) / (long double)c));
			return true;
		}
		below += c;
	}
	for (unsigned i = HIST_BUCKETS; i-- > 0;) { /* p above 100: the last one there is */
		if (h->count[i]) {
			*ret_ns = hist_high(i);
			break;
		}
	}
	return true;
}

uint64_t hist_count_above(const struct hist *h, uint64_t v)
{
	uint64_t n = 0;

	for (unsigned i = HIST_BUCKETS; i-- > 0 && hist_high(i) > v;)
		n += h->count[i];
	return n;
}

void hist_encode(const struct hist *h, struct bl_buf *out)
{
	unsigned next = 0;

	bl_buf_addc(out, HIST_VERSION);
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		if (!h->count[i])
			continue;
		leb_put(out, i - next);
		leb_put(out, h->count[i]);
		next = i + 1;
	}
}

int hist_decode(struct hist *h, const void *data, size_t len, struct bl_err *err)
{
	struct leb_in in = leb_begin(data, len);
	uint64_t gap, count, next = 0;

	if (!len || *in.at++ != HIST_VERSION)
		return bl_fail(err, -EBADMSG, "histogram: not version %d", HIST_VERSION);
	while (in.at < in.end) {
		if (!leb_get(&in, &gap) || !leb_get(&in, &count))
			return bl_fail(err, -EBADMSG, "histogram: cut off in byte %zu of %zu",
				       len - leb_left(&in), len);
		if (gap >= HIST_BUCKETS - next)
			return bl_fail(err, -EBADMSG, "histogram: more than %u buckets",
				       HIST_BUCKETS);
		next += gap;
		if (!count || __builtin_add_overflow(h->count[next], count, &h->count[next]))
			return bl_fail(err, -EBADMSG,
				       "histogram: bucket %llu: a count of 0 or beyond 64 bits",
				       (unsigned long long)next);
		next++;
	}
	return 0;
}
