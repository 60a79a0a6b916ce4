/* floors.h - how far apart two things measure that are equal: no verdict is finer than that.
 *
 * A run that holds the same configuration under two names compares it with itself, in the same
 * blocks as everything else; a calibration run does nothing else. What differs there is the lab.
 */
#ifndef FLOORS_H
#define FLOORS_H

#include "summary.h"

struct noise_floor {
	char *job;          /* owned; NULL: every job */
	char *source;       /* owned; "cells 'a' and 'b' of this run" */
	double by[METRICS]; /* greater ratio - 1; 0: not known */
};

/* Zeroed: none. */
struct floors {
	struct noise_floor *items;
	size_t n;
};

/* Add one; copies. -ENOMEM, and nothing changed. */
int floors_add(struct floors *f, const char *job, const char *source, const double by[METRICS]);
/* Add those of a run: every two cells with equal axes, each job. -ENOMEM: some may be added. */
int floors_add_run(struct floors *f, const struct run_data *d, const struct summaries *s,
		   const char *of_run);
/* @e with each effect raised to the greatest floor of @job, and is_floor set where it was. */
struct min_effects floors_raise(const struct floors *f, const char *job, struct min_effects e);
void floors_done(struct floors *f);

#endif
