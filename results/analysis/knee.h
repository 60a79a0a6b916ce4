/* knee.h - from a depth sweep: how deep a queue is worth it.
 *
 * Jobs of one cell that are alike but for iodepth are a sweep. With N requests in flight the
 * throughput X can't exceed N / R1 (R1: mean latency at the least depth, per request in flight) nor
 * the greatest that was seen; the two bounds cross at N* (asymptotic bounds: Denning & Buzen, "The
 * operational analysis of queueing network models", 1978). The knee is where X / R, throughput per
 * latency, is greatest (Kleinrock, "Power and deterministic rules of thumb", 1979); beyond it
 * latency is bought without much throughput.
 */
#ifndef KNEE_H
#define KNEE_H

#include "summary.h"

struct knee_point {
	const char *job; /* borrowed from the run */
	long depth;
	double iops, mean_ns, p99_ns; /* medians over ok trials; p99_ns NAN: not known */
};

struct knee {
	uint32_t cell;
	struct knee_point *points; /* by depth, two or more with different depths */
	size_t n;
	size_t at;          /* index of the knee */
	bool is_seen;       /* three points or more, and the knee is not the deepest: throughput per
			     * latency fell beyond it */
	double bound_depth; /* N*; NAN: no depth to begin with */
	/* The deepest against the knee: 1.04 and 7.9 say that latency rose eightfold for 4 %. */
	double deeper_iops_ratio, deeper_mean_ratio, deeper_p99_ratio;
};

struct knees {
	struct knee *items; /* by cell, then the sweep's first job in file order */
	size_t n;
};

/* Every sweep of every cell that has figures. *ret is new: knees_done(). -ENOMEM. */
int knees_find(const struct run_data *d, const struct summaries *s, struct knees *ret,
	       struct bl_err *err);
void knees_done(struct knees *k);

/* The number behind "OPTION=" in a job's canonical text; @otherwise where it is not said. */
long job_text_number(const char *job_text, const char *option, long otherwise);

#endif
