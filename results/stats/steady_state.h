/* steady_state.h - SNIA's rule: has what is measured in rounds settled?
 *
 * Solid State Storage Performance Test Specification (SNIA SSS PTS): over a window of the last five
 * rounds the range stays within 20 % of the mean, and the best line rises or falls by at most 10 %
 * of it over the window. fio's steadystate= is another rule, and lets more pass: its slope is per
 * sample, not over the window.
 */
#ifndef STEADY_STATE_H
#define STEADY_STATE_H

#include <stdbool.h>
#include <stddef.h>

#define STEADY_ROUNDS      5    /* the window */
#define STEADY_ROUNDS_MOST 25   /* not steady by then: it is measured, and said */
#define STEADY_RANGE       0.20 /* max - min, of the mean */
#define STEADY_EXCURSION   0.10 /* of the best line over the window, of the mean or in ln */

struct steady_state {
	bool is_steady;
	bool has_drifted; /* the excursion is too great, whatever the range is */
	double range;     /* max - min */
	double excursion; /* what the best line rises (or falls, below 0) over the window */
};

/* @y: throughput of the rounds, oldest first. Range and excursion are ratios to their mean. With a
 * mean of 0 nothing is steady. */
struct steady_state steady_snia(const double y[STEADY_ROUNDS]);

/* @ln: logarithms of a latency. Range and excursion are in ln (0.1: 10 %); only the excursion is
 * judged, since a percentile of a round is noisier than its throughput. */
struct steady_state steady_snia_log(const double ln[STEADY_ROUNDS]);

/* "-31 %": an excursion in ratios as people read it. Returns @out. */
char *steady_text(char out[16], double excursion);

#endif
