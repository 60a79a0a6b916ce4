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
 * 17-32, 33-64, 65 and more. Sum of all clones, counted time only. */
#define ENGINE_DEPTHS 7
struct engine_depths {
	uint64_t level[ENGINE_DEPTHS], submit[ENGINE_DEPTHS], complete[ENGINE_DEPTHS];
	uint64_t major_faults, minor_faults;
};

struct engine_call {
	const struct job *jobs; /* one group: they run together */
	size_t n_jobs;
	const char *target; /* file or device for jobs without a filename; may be NULL */
	struct engine_progress *progress; /* may be NULL */
	_Atomic bool *stop;               /* set it to end the jobs early; may be NULL */
	struct engine_depths *depths;     /* [n_jobs], added to; may be NULL */
};

/* Run all jobs of @call together and wait for them. ret_samples[n_jobs] are new and
 * the caller's. A job that fails half way still gives its sample, with error set.
 * -EINVAL, -ENOENT, -EBUSY, -ENOMEM...: nothing was started and nothing was returned;
 * @err names the job, the target and what would be accepted. */
int engine_run(const struct engine_call *call, struct sample **ret_samples, struct bl_err *err);

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
