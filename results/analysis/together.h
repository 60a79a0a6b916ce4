/* together.h - jobs of one trial that ran at the same time. The guest's disk, QEMU and the host
 * count the requests of all of them, so that is what one job's layers are compared with.
 */
#ifndef TOGETHER_H
#define TOGETHER_H

#include "layers.h"

/* Did both count at the same time, by a slice of 100 ms or more? A job without a sample: no. */
bool jobs_overlap(const struct trial_record *t, const struct job_result *a,
		  const struct job_result *b);

/* Fills n_jobs, is_whole and all of @engine, which is @j's LAYER_AT_ENGINE. Of a job that runs
 * beyond @j's counted time, what completed within it. */
void jobs_together(const struct trial_record *t, const struct job_result *j,
		   struct layer_seen *engine);

/* What all jobs asked for: of @engine, this direction. Not is_whole: what this one did. */
const struct layer_dir *asked_together(const struct layer_seen *engine, int dir);

#endif
