/* modulation.h - does latency swing smoothly, like a saw or a wave, and with which period?
 *
 * A clock of stalls (beat.h) is a train of events; throughput that rises and falls (a controller
 * that heats and cools, a cache that fills and drains) has none. Means of a second of the log of
 * the latency, clipped, less their running median over a quarter of the time; their periodogram
 * over its own running median, which takes the background's colour away, since latencies are never
 * white noise. Deterministic.
 */
#ifndef MODULATION_H
#define MODULATION_H

#include <stdbool.h>
#include <stddef.h>

#define MODULATION_P_MAX   0.001
#define MODULATION_SWING   1.1 /* a smaller one nobody feels */
#define MODULATION_CYCLES  10  /* that a period must have */
#define MODULATION_LEAST_S 4   /* a shorter one is not smooth */

struct modulation {
	bool is_tested; /* long enough, and hardly a second without a value */
	bool is_found;  /* p <= MODULATION_P_MAX, and swing >= MODULATION_SWING */
	double p;       /* that the clearest of all periods is as clear by chance; 1: not tested */
	double period_s,
		swing; /* of the clearest: top of the wave over its bottom. 0: not tested */
	double shortest_s, longest_s; /* periods that were looked at; 0: none */
};

/* @values[n]: mean latency in each window of @dt_s, ns; NAN: nothing completed in it. -ENOMEM. */
int modulation_find(const double *values, size_t n, double dt_s, struct modulation *ret);

#endif
