#include "buffers.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "rng.h"

#define SECTOR 512

enum content { CONTENT_RANDOM, CONTENT_ZERO, CONTENT_PATTERN };

/* fio's order of precedence. */
static enum content content_of(const struct buffer_plan *p)
{
	if (p->compress_pct)
		return CONTENT_RANDOM;
	if (p->pattern.len)
		return CONTENT_PATTERN;
	return p->zero && !p->dedupe_pct ? CONTENT_ZERO : CONTENT_RANDOM;
}

enum buffer_work buffers_work(const struct buffer_plan *p)
{
	if (content_of(p) != CONTENT_RANDOM)
		return BUFFER_ONCE;
	if (p->refill || p->compress_pct || p->dedupe_pct)
		return BUFFER_REFILL;
	return p->scramble ? BUFFER_SCRAMBLE : BUFFER_ONCE;
}

struct buffer_rng buffers_rng(uint64_t seed)
{
	/* two streams of one seed: far apart, as both starts are mixed */
	return (struct buffer_rng){.next = rng_mix(seed), .draw = rng_mix(~seed)};
}

/* The first @len bytes of the stream at @state; returns the state behind them. */
static uint64_t fill_random(uint64_t state, uint8_t *buf, size_t len)
{
	for (; len >= sizeof(uint64_t); len -= sizeof(uint64_t), buf += sizeof(uint64_t)) {
		uint64_t word = rng_next(&state);

		memcpy(buf, &word, sizeof(word));
	}
	if (len) {
		uint64_t word = rng_next(&state);

		memcpy(buf, &word, len);
	}
	return state;
}

/* Random data at the head of each chunk; fio puts them there, too. */
static uint64_t fill_chunks(const struct buffer_plan *p, uint64_t state, uint8_t *buf, size_t len)
{
	size_t chunk = p->compress_chunk && p->compress_chunk < len ? p->compress_chunk : len;

	while (len) {
		size_t n = chunk < len ? chunk : len;
		size_t head = n * (100 - p->compress_pct) / 100;

		state = fill_random(state, buf, head);
		if (p->pattern.len)
			buffers_pattern(&p->pattern, buf + head, n - head, 0);
		else
			memset(buf + head, 0, n - head);
		buf += n;
		len -= n;
	}
	return state;
}

static void fill_block(const struct buffer_plan *p, struct buffer_rng *rng, uint8_t *buf,
		       size_t len)
{
	bool repeats = p->dedupe_pct && rng_below(&rng->draw, 100) < p->dedupe_pct;
	uint64_t start = repeats && rng->has_previous ? rng->previous : rng->next;
	uint64_t end =
		p->compress_pct ? fill_chunks(p, start, buf, len) : fill_random(start, buf, len);

	if (start == rng->next)
		rng->next = end;
	rng->previous = start;
	rng->has_previous = true;
}

static void fill_blocks(const struct buffer_plan *p, struct buffer_rng *rng, uint8_t *at,
			size_t len)
{
	size_t block = p->block ? p->block : len;

	while (len) {
		size_t n = block < len ? block : len;

		fill_block(p, rng, at, n);
		at += n;
		len -= n;
	}
}

void buffers_fill(const struct buffer_plan *p, struct buffer_rng *rng, void *buf, size_t len)
{
	switch (content_of(p)) {
	case CONTENT_ZERO:
		memset(buf, 0, len);
		break;
	case CONTENT_PATTERN:
		buffers_pattern(&p->pattern, buf, len, 0);
		break;
	case CONTENT_RANDOM:
		fill_blocks(p, rng, buf, len);
		break;
	}
}

void buffers_scramble(void *buf, size_t len, uint64_t offset, uint64_t time_ns)
{
	uint8_t *at = buf;

	for (size_t i = 0; i + 2 * sizeof(uint64_t) <= len; i += SECTOR) {
		uint64_t stamp[2] = {offset + i, time_ns};

		memcpy(at + i, stamp, sizeof(stamp));
	}
}

void buffers_pattern(const struct job_pattern *p, void *buf, size_t len, uint64_t offset)
{
	uint64_t le = htole64(offset);
	uint8_t unit[JOB_PATTERN_MAX];
	uint8_t *at = buf;
	size_t have = p->len < len ? p->len : len;

	assert(p->len > 0);
	memcpy(unit, p->bytes, p->len);
	for (uint32_t i = 0; i < p->n_offsets; i++)
		memcpy(unit + p->offset_at[i], &le, sizeof(le));
	memcpy(at, unit, have);
	while (have < len) { /* twice as much each time */
		size_t n = have < len - have ? have : len - have;

		memcpy(at + have, at, n);
		have += n;
	}
}
