/* timeline.h - a job's latency over its counted time, in slices, on the host's clock. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "err.h"
#include "record.h"

struct timeline {
	uint64_t from_ns, step_ns; /* host's CLOCK_MONOTONIC; 100 ms */
	size_t n;                  /* 0: the job's slices are not known, and all lists are NULL */
	double *worst_ns; /* greatest latency of reads, writes, trims and flushes that completed in
			   * the slice; NAN: none did */
	double *mean_ns;  /* of the same; NAN: none, or their histogram was not kept */
	double *ios;      /* reads, writes and trims completed in the slice */
	double *bytes;    /* of them */
	double *errors;   /* failed requests that QEMU counted in the slice; NULL: not watched */
	/* Nothing measured each request (a VM that is only watched): worst_ns is the mean of what
	 * QEMU counts, and a single slow request among many is not seen. */
	bool is_mean_only;
};

/* *ret is new: timeline_done(). A job without slices and without QEMU's counters gives n 0.
 * -ENOMEM. */
int timeline_of(const struct trial_record *t, const struct job_result *j, struct timeline *ret,
		struct bl_err *err);
void timeline_done(struct timeline *line);

/* Adds what the requests of @j took that completed in each slice of @line, ns, to
 * @times[IO_DIRS * n], direction d's at d * n. @j may be another job that ran at once: its slices
 * count where their middles lie. false: its slices, or their histograms, are not kept. */
bool timeline_add_times(const struct timeline *line, const struct trial_record *t,
			const struct job_result *j, double *times);

/* Seconds since the counted time began of the slice's beginning. */
double timeline_s(const struct timeline *line, size_t slice);

#endif
