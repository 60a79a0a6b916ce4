/* schedule.h - when the requests of a rated job are due, whatever becomes of them.
 *
 * One for each direction. Due times are ticks with 64 fraction bits, so that the long-run
 * rate is the one asked for: linear steps are rounded up in the last bit, which keeps the
 * whole ticks exact for 2^64 / rate requests. Poisson has exponential gaps of fractional
 * ticks (fio 3.33 cuts them to whole microseconds, and is 32 % fast at 300,000 a second).
 * By bytes, the gap after a request is as long as its bytes take at the rate, so the
 * schedule follows mixed sizes.
 *
 * The first request is due at the start.
 */
#ifndef ENGINE_SCHEDULE_H
#define ENGINE_SCHEDULE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

struct schedule {
	unsigned __int128 due;  /* ticks, 64 fraction bits */
	unsigned __int128 step; /* ticks a request, or a byte */
	double mean;            /* the same, for Poisson */
	bool is_poisson, is_bytes;
};

#define SCHEDULE_GAP_MAX 0x1p46 /* ticks: six hours and more; no gap is longer */

/* @rate: requests, or bytes, a second; at least 1. @start: ticks. @ticks_per_second above 0
 * and below 2^40. */
void schedule_init(struct schedule *s, uint64_t ticks_per_second, uint64_t start, uint64_t rate,
		   bool is_bytes, bool is_poisson);

static inline uint64_t schedule_due(const struct schedule *s)
{
	return (uint64_t)(s->due >> 64);
}

/* Exponential with mean 1: u is in (0, 1], in steps of 2^-53. */
static inline double schedule_exponential(uint64_t *rng)
{
	return -log((double)(int64_t)((rng_next(rng) >> 11) + 1) * 0x1p-53);
}

/* A request of @bytes was issued: the next one's time. Poisson draws from @rng; without,
 * it may be NULL. */
static inline void schedule_advance(struct schedule *s, uint64_t bytes, uint64_t *rng)
{
	uint64_t units = s->is_bytes ? bytes : 1;

	if (s->is_poisson) {
		double gap = s->mean * (double)(int64_t)units * schedule_exponential(rng);

		/* Through int64_t with 16 fraction bits: 2^-17 tick is lost on average. */
		gap = gap < SCHEDULE_GAP_MAX ? gap : SCHEDULE_GAP_MAX;
		s->due += (unsigned __int128)(uint64_t)(int64_t)(gap * 0x1p16) << 48;
	} else {
		s->due += s->step * units;
	}
}

/* rate_ignore_thinktime: what comes is due @ticks later. */
static inline void schedule_shift(struct schedule *s, uint64_t ticks)
{
	s->due += (unsigned __int128)ticks << 64;
}

#endif
