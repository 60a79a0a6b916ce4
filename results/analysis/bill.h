/* bill.h - the bill of a run: from the host floor, what each further choice costs.
 *
 * The cells with figures in an order in which each one differs from one before it in as few axes as
 * possible; for each step what it changed in mean, p99 and CPU time per I/O, job by job, by the
 * comparison that everything else uses (summary.h).
 */
#ifndef BILL_H
#define BILL_H

#include "summary.h"

struct bill_job {
	const char *job;                  /* borrowed from the summaries */
	struct comparison mean, p99, cpu; /* of to against from */
	double from_ns, to_ns;            /* median over trials of the mean latency; NAN */
	double from_p99_ns, to_p99_ns;    /* NAN */
	double from_cpu_ns, to_cpu_ns;    /* per I/O; NAN */
};

struct bill_step {
	uint32_t from, to;     /* cells */
	size_t n_axes;         /* that differ; 1: the step prices that axis alone */
	char *what;            /* "iothreads 1 -> 0", "host -> virtio-blk" */
	struct bill_job *jobs; /* those with figures on both sides */
	size_t n_jobs;
};

struct bill {
	uint32_t floor; /* the first cell: bus host if there is one, else the plainest path */
	bool is_host;   /* the floor is the host itself */
	struct bill_step
		*steps; /* from is the step's before, or an earlier one where that is nearer */
	size_t n;       /* 0: fewer than two cells have figures */
};

/* Borrows @d and @s, which must outlive it. *ret is new: bill_done(). -ENOMEM. */
int bill_of(const struct run_data *d, const struct summaries *s, struct bill *ret,
	    struct bl_err *err);
void bill_done(struct bill *b);
/* What @step changed under @job; NULL: no figures on both sides. */
const struct bill_job *bill_job_of(const struct bill_step *step, const char *job);

#endif
