#include "clk.h"

#include <pthread.h>
#include <string.h>

#include "fs.h"

#define CALIBRATION_NS 50000000u
#define COST_ROUNDS    20
#define COST_READINGS  100

static double measure_cost(const struct clk *c);

static struct clk the_clock;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
static uint64_t raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* One moment on both clocks: of several readings the one that took least, so that
 * being scheduled away in between does no harm. */
static void read_both(uint64_t *ret_ticks, uint64_t *ret_ns)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 20; i++) {
		uint64_t before = __builtin_ia32_rdtsc();
		uint64_t ns = raw_ns();
		uint64_t after = __builtin_ia32_rdtsc();

		if (after - before >= least)
			continue;
		least = after - before;
		*ret_ticks = before + (after - before) / 2;
		*ret_ns = ns;
	}
}

static bool kernel_trusts_tsc(void)
{
	static const char path[] =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	char name[32];

	return bl_read_line(path, name, sizeof(name)) >= 0 && !strcmp(name, "tsc");
}

static void measure_tsc(struct clk *c)
{
	const struct timespec pause = {.tv_nsec = CALIBRATION_NS};
	uint64_t t0 = 0, t1 = 0, ns0 = 0, ns1 = 0;

	read_both(&t0, &ns0);
	nanosleep(&pause, NULL);
	read_both(&t1, &ns1);
	if (t1 <= t0 || ns1 <= ns0)
		return;
	c->ns_per_tick_32 = (uint64_t)(((unsigned __int128)(ns1 - ns0) << 32) / (t1 - t0));
	c->first_ticks = t0;
	c->first_ns = ns0;
	c->is_tsc = true;
}
#endif

static void make_clock(void)
{
	the_clock = (struct clk){.ns_per_tick_32 = (uint64_t)1 << 32};
#if defined(__x86_64__)
	if (kernel_trusts_tsc())
		measure_tsc(&the_clock);
#endif
	the_clock.cost_ns = measure_cost(&the_clock);
}

double clk_drift_ppm(const struct clk *c)
{
	uint64_t ticks = 0, ns = 0, by_ticks;

	if (!c->is_tsc)
		return 0;
#if defined(__x86_64__)
	read_both(&ticks, &ns);
#endif
	by_ticks = clk_ns(c, ticks - c->first_ticks);
	ns -= c->first_ns;
	return ns ? ((double)by_ticks - (double)ns) * 1e6 / (double)ns : 0;
}

/* The best of some rounds: the others were interrupted. */
static double measure_cost(const struct clk *c)
{
	uint64_t least = UINT64_MAX;

	for (int round = 0; round < COST_ROUNDS; round++) {
		uint64_t begin = clk_now(c), last = begin;

		for (int i = 0; i < COST_READINGS; i++)
			last = clk_now(c);
		if (last - begin < least)
			least = last - begin;
	}
	return (double)clk_ns(c, least) / COST_READINGS;
}

double clk_cost_ns(const struct clk *c)
{
	return c->cost_ns;
}

const struct clk *clk_get(void)
{
	pthread_once(&once, make_clock);
	return &the_clock;
}

uint64_t clk_ticks(const struct clk *c, uint64_t ns)
{
	unsigned __int128 ticks = ((unsigned __int128)ns << 32) / c->ns_per_tick_32;

	return ticks > INT64_MAX ? INT64_MAX : (uint64_t)ticks;
}
