/* beat.h - whether events come like clockwork, and with which period.
 *
 * Events that come in bursts count once: bursts look periodic, and are not. A Rayleigh scan over a
 * limited range of periods (at least every second beat is there) is judged by draws of as many
 * events with the same dead time; of the harmonics, the one is taken whose beats are hit best by
 * the fewest. Measured on events without a clock, and on clocks with jitter, missing beats and
 * other events beside them: tests/unit/stats/test_simulated.c, and simulate_stats
 * beside it for the whole table.
 */
#ifndef BEAT_H
#define BEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEAT_EVENTS_MIN 4 /* for a clock to be looked for */
#define BEAT_P_MAX      0.01
#define BEAT_F_MIN      0.7
#define BEAT_DEAD_S     1.0  /* events closer than this are one */
#define BEAT_ON         0.15 /* of a period: what is nearer to a beat is on it */

/* A clock in a train of events. */
struct beat {
	size_t n_events;    /* after bursts were joined */
	bool is_tested;     /* BEAT_EVENTS_MIN events or more, within a span that has room for it */
	double z;           /* the scan's greatest Rayleigh Z, at most n_events */
	double p;           /* of it; 1 when not tested */
	bool is_periodic;   /* p <= BEAT_P_MAX and f >= BEAT_F_MIN */
	double period_s;    /* this and what follows are of the best fit, and 0 when not tested */
	double period_se_s; /* its standard error */
	double jitter_s;    /* standard deviation of the beats about the clock */
	double phase_s;     /* the first beat, in [0, period) since the series began */
	double fit, hit, f; /* share of events on beats; of beats with an event; harmonic mean */
	size_t beats_seen, beats_expected, unexplained; /* unexplained: events beside all beats */
	/* A clock within these would have been found, 0: none. For ten beats and more; with fewer
	 * (down to three, longest_scanned_s) only a clean clock can be proved. */
	double shortest_testable_s, longest_testable_s, longest_scanned_s;
};

/* @at_s[n] ascending, within [0, @span_s]: joins what is closer than 1 s or than a quarter of the
 * mean distance, then looks for a clock. Times are known to @grid_s (0: exactly), which jitter and
 * errors are never said to be finer than. ret_onsets (NULL, or [n]): the joined ones. -ENOMEM. */
int beat_find(const double *at_s, size_t n, double span_s, double grid_s, uint64_t seed,
	      double *ret_onsets, struct beat *ret);

/* Known clocks of a Linux host with this period (within 2 % and three standard errors): "dirty
 * pages are written back every 5 s (vm.dirty_writeback_centisecs), ..."; NULL: none is known. */
const char *beat_known_clock(const struct beat *b);

/* The whole period that timers have and this one can be: a known clock's, or one that fits a whole
 * number of times into a minute or five. Within three standard errors, which must be below 2 % of
 * it, so that no other would do as well; NAN: none. */
double beat_nominal_s(const struct beat *b);

#endif
