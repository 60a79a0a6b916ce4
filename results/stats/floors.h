/* floors.h - how far apart two things measure that are equal: no verdict is finer than that.
 *
 * A run that holds the same configuration under two names compares it with itself, in the same
 * blocks as everything else; a calibration run does nothing else. What differs there is the lab.
 */
#ifndef FLOORS_H
#define FLOORS_H

#include "summary.h"

struct noise_floor {
	char *job;    /* owned; NULL: every job */
	char *source; /* owned; "cells 'a' and 'b' of this run" */
	/* Ratio - 1: 95 % of comparisons of n_pairs pairs of equal cells lie within it of "no
	 * change" (calibration.h). 0: not known, as with fewer than six pairs. */
	double by[METRICS];
	size_t n_pairs[METRICS]; /* 0: of any number */
};

/* Zeroed: none. */
struct floors {
	struct noise_floor *items;
	size_t n;
};

/* Add one; copies. @n_pairs NULL: of any number. -ENOMEM, and nothing changed. */
int floors_add(struct floors *f, const char *job, const char *source, const double by[METRICS],
	       const size_t n_pairs[METRICS]);
/* Add those of a run: cells with equal axes, each job, drawn by the run's seed. Also those with too
 * few pairs for a floor, by 0. -ENOMEM: some may be added. */
int floors_add_run(struct floors *f, const struct run_data *d, const struct summaries *s,
		   const char *of_run);
/* @e with each effect raised to the greatest floor of @job, and is_floor set where it was. A floor
 * of n pairs says little of fewer: min_effects_at() has it for those. */
struct min_effects floors_raise(const struct floors *f, const char *job, struct min_effects e);
void floors_done(struct floors *f);

#endif
