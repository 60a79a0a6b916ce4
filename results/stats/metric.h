/* metric.h - what is measured of a job, which way is better, and how much of it matters. */
#ifndef METRIC_H
#define METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "record.h"

/* All latencies are `lat` (built to completed). */
enum metric {
	METRIC_IOPS,
	METRIC_BYTES_PER_S,
	METRIC_MEAN,
	METRIC_P50,
	METRIC_P99,
	METRIC_P99_9,
	METRIC_MAX,
	METRIC_CPU_PER_IO,
	METRICS
};
extern const char *const metric_names[METRICS]; /* with units: "iops", ..., "cpu_ns_per_io" */
extern const char *const metric_words[METRICS]; /* as people say: "iops", "bandwidth", "p99.9" */
extern const bool metric_more_is_better[METRICS];
/* A word or a name; false: neither. */
bool metric_of_word(const char *word, enum metric *ret);

/* Smaller changes than these don't matter, ratio - 1: IOPS, bandwidth, mean and p50 3 %, p99 5 %,
 * p99.9 10 %; the maximum, one I/O a trial, 20 %; CPU 5 %. */
extern const double metric_min_effect[METRICS];

struct min_effects {
	double by[METRICS];
	bool is_floor[METRICS]; /* raised to what the lab's own noise makes (floors.h) */
	/* Of the noisiest floor, on the log scale, times the root of its pairs; and those pairs.
	 * 0: none. */
	double noise[METRICS];
	size_t noise_pairs[METRICS];
};
extern const struct min_effects min_effects_default; /* metric_min_effect */

/* What matters to a comparison of @n_pairs pairs: by[m]; with fewer pairs than the floor was
 * measured with, the floor as wide as so few make it (an estimate's spread goes with the root of
 * the pairs). *ret_is_floor: it is the floor. */
double min_effects_at(const struct min_effects *e, enum metric m, size_t n_pairs,
		      bool *ret_is_floor);

/* "5%", "5": 0.05. -EINVAL: no number; -ERANGE: outside 0.1 % to 100 %. */
int min_effect_of(const char *text, double *ret, struct bl_err *err);
/* Change one by "p99=5%" (the sign may be left out). -EINVAL: no such metric, or no number;
 * -ERANGE: outside 0.1 % to 100 %. */
int min_effects_set(struct min_effects *e, const char *text, struct bl_err *err);
/* What the run declared ("min_effect.p99" = "0.05"), defaults for the rest. */
struct min_effects min_effects_of(const struct run_record *r);

#endif
