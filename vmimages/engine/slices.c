#include "slices.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SLICE_BYTES     1024u             /* of a typical slice, generously */
#define RESERVE_MIN     ((size_t)4 << 20) /* only what is touched becomes memory */
#define RESERVE_MAX     ((size_t)1 << 30)
#define SLICE_BYTES_MAX (64u + 15u * HIST_BUCKETS) /* LEB128: gap 3 bytes, count 10 */

int slices_init(struct slices *s, uint64_t n_slices)
{
	size_t cap =
		n_slices > RESERVE_MAX / SLICE_BYTES ? RESERVE_MAX : (size_t)n_slices * SLICE_BYTES;
	void *mem;

	if (cap < RESERVE_MIN)
		cap = RESERVE_MIN;
	mem = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	if (mem == MAP_FAILED)
		return -ENOMEM;
	*s = (struct slices){.mem = mem, .cap = cap};
	return 0;
}

void slices_done(struct slices *s)
{
	if (s->mem)
		munmap(s->mem, s->cap);
	*s = (struct slices){0};
}

void slices_forget(struct slices *s)
{
	s->len = s->n = 0;
	s->is_full = false;
}

static void put(struct slices *s, uint64_t v)
{
	for (; v >= 128; v >>= 7)
		s->mem[s->len++] = (uint8_t)(v | 128);
	s->mem[s->len++] = (uint8_t)v;
}

static uint64_t get(const struct slices *s, size_t *at)
{
	uint64_t v = 0;
	unsigned shift = 0;

	for (;; shift += 7) {
		uint8_t b = s->mem[(*at)++];

		v |= (uint64_t)(b & 127) << shift;
		if (!(b & 128))
			return v;
	}
}

/* A slice is: index, direction, count, bytes, max, then (gap to the last bucket, count) pairs
 * up to a pair with count 0. */
void slices_add(struct slices *s, struct interval head, const struct hist *now, struct hist *before,
		unsigned from, unsigned to)
{
	unsigned last = 0;

	if (s->is_full || s->cap - s->len < SLICE_BYTES_MAX) {
		s->is_full = true;
		return;
	}
	put(s, head.index);
	put(s, head.dir);
	put(s, head.count);
	put(s, head.bytes);
	put(s, head.max_ns);
	for (unsigned i = from; i <= to; i++) {
		uint64_t n = now->count[i] - before->count[i];

		if (!n)
			continue;
		put(s, i - last);
		put(s, n);
		last = i;
		before->count[i] = now->count[i];
	}
	put(s, 0);
	put(s, 0);
	s->n++;
}

static int take_one(const struct slices *s, size_t *at, struct interval *iv)
{
	struct interval_bucket found[HIST_BUCKETS];
	uint64_t gap, count;
	unsigned index = 0;

	iv->index = (uint32_t)get(s, at);
	iv->dir = (uint8_t)get(s, at);
	iv->count = get(s, at);
	iv->bytes = get(s, at);
	iv->max_ns = get(s, at);
	for (;;) {
		gap = get(s, at);
		count = get(s, at);
		if (!count)
			break;
		index += (unsigned)gap;
		found[iv->n_buckets].index = (uint16_t)index;
		found[iv->n_buckets++].count = (uint32_t)count;
	}
	iv->buckets = malloc(iv->n_buckets * sizeof(found[0]));
	if (!iv->buckets)
		return -ENOMEM;
	for (uint32_t i = 0; i < iv->n_buckets; i++)
		iv->buckets[i] = found[i];
	return 0;
}

int slices_take(const struct slices *s, struct interval **ret, size_t *ret_n)
{
	struct interval *out;
	size_t at = 0;

	*ret = NULL;
	*ret_n = 0;
	if (!s->n)
		return 0;
	out = calloc(s->n, sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		if (take_one(s, &at, &out[i]) < 0) {
			for (size_t k = 0; k < i; k++)
				free(out[k].buckets);
			free(out);
			return -ENOMEM;
		}
	}
	*ret = out;
	*ret_n = s->n;
	return 0;
}
