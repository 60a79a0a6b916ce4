/* stutter.h - stalls in a latency series, and their period if they have one.
 *
 * Values are the greatest latency of each window of a grid. A window is slow when it is far above
 * the median of its 30 s (robustly: 6 sigma, and threefold); slow windows at most 1 s apart are one
 * stall. For the period, stalls that come in bursts count once, and a Rayleigh scan over a limited
 * range of periods is judged by draws with the same dead time; of the harmonics, the one is taken
 * whose beats are hit best by the least (F). Where some stalls are a tenth of the longest or less,
 * the others are also looked at alone, since of so different ones each may have its cause: the
 * clearer clock of the two is taken, and both have twice the chance.
 *
 * Deterministic: the same values and seed give the same answer.
 */
#ifndef STUTTER_H
#define STUTTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "beat.h"

struct stall {
	double at_s, length_s; /* since the series began; whole windows, first to last */
	double slow_s;         /* of them, those that were slow: a burst has others between */
	double peak_ns;
	double front_s; /* when its first window of a tenth of the peak or more begins */
	bool is_gap;    /* begins with windows in which nothing completed, while a request was in
			   flight */
};

struct stutter {
	double span_s;          /* of the series */
	double base_ns;         /* median of all windows; NAN: none has a value */
	double threshold_ratio; /* a window is slow above base * this */
	struct stall *stalls;
	size_t n_stalls;
	double stalled_s; /* sum of their slow windows */
	double *onsets_s; /* [beat.n_events] */
	struct beat beat;
	/* Beat and onsets are of the fronts of stalls of at least this peak; 0: of all stalls, from
	 * where they begin. */
	double beat_least_ns;
	double peak_ns;         /* median peak of the stalls on the beat; NAN: none */
	double lost_per_beat_s; /* slow time of the stalls on the beat, per beat seen */
};

/* @values[n]: greatest latency of each window of @dt_s, ns; NAN: nothing completed in the window.
 * A run of such windows is a gap, and belongs to a stall, when what completed next had been in
 * flight all the while; else the series was idle there, which is no stall. n 0 gives an empty one.
 * *ret is new: stutter_done(). -ENOMEM. */
int stutter_find(const double *values, size_t n, double dt_s, uint64_t seed, struct stutter *ret);
void stutter_done(struct stutter *s);

#endif
