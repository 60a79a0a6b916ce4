/* made_run.h - runs of several cells and jobs. */
#ifndef MADE_RUN_H
#define MADE_RUN_H

#include "made_job.h"
#include "summary.h"

/* @axes of each cell: "bus=virtio-blk iothreads=1"; NULL ends. @n_jobs jobs named "j0", ... in each
 * of @repeats trials a cell. */
void make_run(struct run_data *d, const char *const *axes, size_t n_jobs, uint32_t repeats);
void set_job_text(struct run_data *d, size_t job, const char *name, const char *text);
/* In every trial of the cell: @n reads of @ns in a second, the slowest 2 % @tail_ns. */
void set_job(struct run_data *d, uint32_t cell, size_t job, uint64_t n, uint64_t ns,
	     uint64_t tail_ns, uint64_t cpu_ns_per_io);

#endif
