#include "verify_data.h"

#include <endian.h>
#include <string.h>

#include "buffers.h"

#define LANES 4
#define GROUP (LANES * sizeof(uint64_t))
#define STEP  UINT64_C(0x61c8864680b583eb)
#define PIECE 4096 /* bytes compared at a time; a multiple of GROUP */

static uint64_t power(uint64_t base, size_t n)
{
	uint64_t r = 1;

	for (; n; n >>= 1, base *= base)
		if (n & 1)
			r *= base;
	return r;
}

static void make_group(uint64_t base, uint8_t out[GROUP])
{
	uint64_t word[LANES] = {htole64(base), htole64(base * 2), htole64(base * 3),
				htole64(base * 5)};

	memcpy(out, word, GROUP);
}

/* @len bytes from group @first of the seed's words on. */
static void read_groups(uint64_t seed, size_t first, uint8_t *out, size_t len)
{
	uint64_t base = seed * power(STEP, first);
	uint8_t last[GROUP];

	for (; len >= GROUP; len -= GROUP, out += GROUP, base *= STEP)
		make_group(base, out);
	make_group(base, last);
	memcpy(out, last, len);
}

static void read_random(uint64_t seed, size_t pos, uint8_t *out, size_t len)
{
	size_t inside = pos % GROUP;

	if (inside) {
		size_t n = GROUP - inside < len ? GROUP - inside : len;
		uint8_t group[GROUP];

		read_groups(seed, pos / GROUP, group, GROUP);
		memcpy(out, group + inside, n);
		out += n;
		pos += n;
		len -= n;
	}
	read_groups(seed, pos / GROUP, out, len);
}

static void read_pattern(const struct verify_source *s, size_t pos, uint8_t *out, size_t len)
{
	const struct job_pattern *p = &s->plan->pattern;
	struct job_pattern turned = *p; /* so that it starts where @pos is in the pattern */
	size_t by = pos % p->len;
	uint8_t unit[JOB_PATTERN_MAX];

	buffers_pattern(p, unit, p->len, s->offset);
	memcpy(turned.bytes, unit + by, p->len - by);
	memcpy(turned.bytes + p->len - by, unit, by);
	turned.n_offsets = 0;
	buffers_pattern(&turned, out, len, 0);
}

void verify_source_read(const struct verify_source *s, size_t pos, void *out, size_t len)
{
	if (s->plan->pattern.len)
		read_pattern(s, pos, out, len);
	else
		read_random(s->seed, pos, out, len);
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i = 0;

	if (!memcmp(a, b, len))
		return len;
	while (a[i] == b[i])
		i++;
	return i;
}

size_t verify_source_diff(const struct verify_source *s, size_t pos, const void *data, size_t len,
			  uint8_t *ret_want)
{
	const uint8_t *at = data;
	uint8_t want[PIECE];

	for (size_t done = 0; done < len; done += PIECE) {
		size_t n = len - done < PIECE ? len - done : PIECE;
		size_t i;

		verify_source_read(s, pos + done, want, n);
		i = first_difference(want, at + done, n);
		if (i == n)
			continue;
		*ret_want = want[i];
		return done + i;
	}
	return len;
}

void verify_data(const struct verify_plan *p, void *buf, size_t len, uint64_t offset, uint64_t seed)
{
	struct verify_source s = {.plan = p, .offset = offset, .seed = seed};

	verify_source_read(&s, 0, buf, len);
}
