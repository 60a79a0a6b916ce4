/* simulated.h - event trains and series with known properties, from a seed. */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <stdbool.h>
#include <stddef.h>

#include "rng.h"

#define SIMULATED_MAX 4096 /* events of a train */

/* Instrumented builds are thirty times slower; they look for wrong memory, not for wrong shares: a
 * few rounds of each, and no bound. */
#ifdef __SANITIZE_ADDRESS__
#define SIMULATED_ROUNDS(n) ((n) / 40)
#define SIMULATED_IS_TOLD   0
#else
#define SIMULATED_ROUNDS(n) (n)
#define SIMULATED_IS_TOLD   1
#endif

double draw_gauss(struct rng *r);

/* A clock and what spoils it; {0} but span_s: no event at all. */
struct train {
	double span_s;
	double period_s; /* 0: no clock */
	double jitter;   /* standard deviation, of a period */
	double missing;  /* share of beats that are absent */
	double others;   /* other events, of the number of beats (of n_random without a clock) */
	unsigned burst;  /* events at each beat, half a second to a few seconds apart; 0: 1 */
	size_t n_random; /* events without a clock */
};
/* Ascending, within the span. Returns how many, at most SIMULATED_MAX. */
size_t simulate_train(struct rng *r, const struct train *t, double out[SIMULATED_MAX]);

/* Detects: periodic, with the period within 3 %. */
bool finds_clock(struct rng *r, const struct train *t);
/* The share of @n trains that are called periodic, by p alone and with F. */
void false_alarms(struct rng *r, const struct train *t, size_t n, double *ret_p, double *ret_pf);

/* x[i] = phi x[i-1] + normal. */
void simulate_ar(struct rng *r, double phi, double *out, size_t n);
/* Spikes a second apart or more, of which @caused (0..1) follow a high of @signal (above its 95th
 * percentile) by 0 to 0.2 s, the others lie anywhere. */
void simulate_spikes(struct rng *r, const double *signal, size_t n, size_t n_spikes, double caused,
		     bool *ret);

#endif
