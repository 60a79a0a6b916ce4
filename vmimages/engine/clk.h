/* clk.h - the engine's clock: raw ticks in the loop, nanoseconds at its edges.
 *
 * The time stamp counter where the kernel itself trusts it (current clocksource tsc),
 * else CLOCK_MONOTONIC with one tick a nanosecond.
 */
#ifndef ENGINE_CLK_H
#define ENGINE_CLK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct clk {
	bool is_tsc;
	uint64_t ns_per_tick_32; /* fixed point, 32 fraction bits */
	double cost_ns;
	uint64_t first_ticks, first_ns; /* one moment on both clocks */
};

/* The process's clock; the first call measures the counter for about 50 ms. */
const struct clk *clk_get(void);

/* How far the ticks have run from CLOCK_MONOTONIC_RAW since the first call, parts per million;
 * 0 when they are no counter's. */
double clk_drift_ppm(const struct clk *c);

/* What one clk_now() costs, ns: measured once, at the first call. */
double clk_cost_ns(const struct clk *c);

uint64_t clk_ticks(const struct clk *c, uint64_t ns);

static inline uint64_t clk_now(const struct clk *c)
{
	struct timespec ts;

#if defined(__x86_64__)
	if (__builtin_expect(c->is_tsc, 1))
		return __builtin_ia32_rdtsc();
#else
	(void)c;
#endif
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Nanoseconds of a difference; one that came out negative is 0. */
static inline uint64_t clk_ns(const struct clk *c, uint64_t ticks)
{
	if (__builtin_expect((int64_t)ticks < 0, 0))
		return 0;
	return (uint64_t)(((unsigned __int128)ticks * c->ns_per_tick_32) >> 32);
}

#endif
