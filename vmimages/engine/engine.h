/* engine.h - the I/O engine: jobs in, samples out.
 *
 * Runs in the guest (agent) and on the host (blkjob, bus: host). Allocates
 * before the timed loop, prints nothing, takes no lock on the I/O path.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "job.h"
#include "sample.h"

#define ENGINE_INTERVAL_NS 100000000ull /* slice width of sample intervals */

/* Live counters, written by job threads, read by anybody at any time. */
struct engine_progress {
	_Atomic uint64_t ios, bytes; /* counted so far, all jobs of the call */
	_Atomic uint64_t elapsed_ns; /* counted time so far */
	_Atomic bool ramping;
};

/* Beside the sample, what fio's output also has: how many requests were in flight at each
 * hand-over (level, counted per request), and how many a hand-over and a pick-up moved.
 * level: 1, 2-3, 4-7, ... 32-63, 64 and more; submit and complete: 0, 1-4, 5-8, 9-16,
 * 17-32, 33-64, 65 and more. Counted time only. */
#define ENGINE_DEPTHS 7
struct engine_depths {
	uint64_t level[ENGINE_DEPTHS], submit[ENGINE_DEPTHS], complete[ENGINE_DEPTHS];
	uint64_t major_faults, minor_faults;
};

/* One finished request: for logs of single requests (log_avg_msec=0). */
struct engine_io {
	uint64_t end_ns; /* since counting started */
	uint64_t slat_ns, clat_ns, lat_ns;
	uint64_t offset;
	uint32_t bytes;
	uint8_t dir; /* enum io_dir */
};

/* One window of log_avg_msec (logs and the bw and iops samples), one direction. */
enum { ENGINE_SLAT, ENGINE_CLAT, ENGINE_LAT, ENGINE_LATS };
struct engine_window {
	uint64_t start_ns, end_ns; /* since counting started */
	uint8_t dir;
	uint64_t n, bytes; /* completed in it, at least 1 */
	uint64_t sum_ns[ENGINE_LATS];
	uint64_t max_ns[ENGINE_LATS]; /* kept by jobs that tell of each request, as log_max_value
					 does */
};

/* One window of log_hist_msec, one direction: a histogram of clat. */
struct engine_hist_window {
	uint64_t end_ns;
	uint8_t dir;
	uint32_t n_buckets;
	struct interval_bucket *buckets; /* ascending, non-empty only */
};

/* fio's steady state, one sample a second. */
struct engine_steady {
	bool is_attained;
	double criterion, deviation, slope; /* slope and criterion in the limit's unit */
	uint32_t n;                         /* samples kept, oldest first */
	uint64_t *iops, *bw_bytes;          /* [n] */
};

#define ENGINE_PRIOS 8 /* different priorities of one job's requests */

/* What one clone of one job did. Plain data; end with engine_clone_done(). */
struct engine_clone {
	size_t job;     /* index into the call's jobs */
	uint32_t clone; /* from 0 */
	struct sample *sample;
	struct engine_depths depths;
	uint64_t short_ios[JOB_DDIRS];
	uint64_t dropped_ios[JOB_DDIRS]; /* none ever is; fio's documents have the figure */
	uint64_t n_errors;               /* also those that continue_on_error let pass */
	int first_error;                 /* errno */
	uint64_t first_error_offset;
	uint64_t started_wall_ms; /* of the clone's own start */
	uint64_t elapsed_ns;      /* with ramp and drain */
	uint32_t latency_depth;   /* reached by latency_target; 0: no target */
	bool latency_failed;      /* not even depth 1 met it */
	struct engine_steady steady;
	/* cmdprio: clat of reads and of writes by priority, the job's own first; n as lat_add()
	 * keeps it. NULL: none of that priority. ioprio: as ioprio_set(2) has it. */
	struct lat *clat_by_prio[2][ENGINE_PRIOS];
	uint16_t ioprio[ENGINE_PRIOS];
	uint64_t n_inflight_at_ramp; /* built in the ramp, done after it: not counted */

	/* the engine about itself, counted time only */
	uint64_t n_enters;         /* system calls that moved requests */
	uint64_t n_polls;          /* pick-ups that found nothing */
	double clock_drift_ppm;    /* of the TSC against CLOCK_MONOTONIC_RAW over the run */
	uint64_t kernel_worker_ns; /* CPU time of io_uring's own threads */

	/* logs, as asked for by the job; NULL: none */
	struct engine_io *ios;
	size_t n_ios, n_ios_lost; /* lost: beyond the memory reserved for the log */
	struct engine_window *windows;
	size_t n_windows;
	struct engine_hist_window *hist_windows;
	size_t n_hist_windows;
};
void engine_clone_done(struct engine_clone *c);

struct engine_live; /* the running clones, for engine_call.tick */

struct engine_call {
	const struct job *jobs; /* one group: they run together */
	size_t n_jobs;
	const char *target; /* file or device for jobs without a filename; may be NULL */
	struct engine_progress *progress; /* may be NULL */
	_Atomic bool *stop;               /* set it to end the jobs early; may be NULL */
	bool is_readonly;                 /* nothing is made, lengthened or removed */
	/* Every file and device of the call ends there at the latest: sizes, percentages and cuts
	 * are those of a target of so many bytes, nothing behind is read or written. A job whose
	 * own offset, size and increments reach further is refused (-ERANGE), and so is one that
	 * appends (-EINVAL). 0: each ends at its own end. */
	uint64_t limit_bytes;
	size_t *ret_bad_job; /* when nothing was started: which of jobs could not be set up,
			      * n_jobs: it was none of them; may be NULL */
	/* Every 100 ms while they run, in the caller's thread; may be NULL. */
	void (*tick)(struct engine_live *live, void *arg);
	void *tick_arg;
};

/* Run all jobs of @call together and wait for them. ret_clones (ret_n) are new and the caller's:
 * free() the array after engine_clone_done() of each; clones of the first job first. A job that
 * fails half way still gives its sample, with error set.
 * -EINVAL, -ENOENT, -EBUSY, -ENOMEM...: nothing was started and nothing was returned;
 * @err names the job, the target and what would be accepted. */
int engine_run_clones(const struct engine_call *call, struct engine_clone **ret_clones,
		      size_t *ret_n, struct bl_err *err);

/* The same with the clones of each job merged: ret_samples[n_jobs] are new and the caller's. */
int engine_run(const struct engine_call *call, struct sample **ret_samples, struct bl_err *err);

/* A copy of what every clone has measured so far (no logs; read while it is written: the
 * counters of one clone may be apart by the requests of a moment, and lat.n is its histogram's
 * total). The array and its members as from engine_run_clones(). -ENOMEM. */
int engine_live_copy(struct engine_live *live, struct engine_clone **ret_clones, size_t *ret_n);

/* How many of the clones still wait for their start, run, and have ended. */
void engine_live_states(struct engine_live *live, unsigned *waiting, unsigned *running,
			unsigned *ended);

/* Fill [0, size) of @path with random data that depends on @seed only, in 1 MiB
 * direct writes where the target takes them, and flush. @done_bytes (may be NULL)
 * counts as it goes. */
int engine_fill(const char *path, uint64_t size, uint64_t seed, _Atomic uint64_t *done_bytes,
		_Atomic bool *stop, struct bl_err *err);

/* The 1 MiB block that engine_fill() writes at byte @offset (a multiple of 1 MiB);
 * so that anybody can check the data from outside. */
void engine_fill_block(void *block_1mib, uint64_t offset, uint64_t seed);

/* Size of a file or block device in bytes. */
int engine_target_size(const char *path, uint64_t *ret_bytes, struct bl_err *err);

#endif
