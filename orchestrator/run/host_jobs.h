/* host_jobs.h - bus host: the same jobs directly on the backing, on the host.
 *
 * The engine runs in a child process, so that a crash or a limit there cannot take the lab
 * down and its CPU time is its own. Samples come back as JSON through a pipe.
 */
#ifndef HOST_JOBS_H
#define HOST_JOBS_H

#include <signal.h>
#include <sys/types.h>

#include "engine.h"

struct host_jobs {
	const struct job *jobs; /* one group */
	size_t n_jobs;
	const char *target;
	uint64_t limit_bytes; /* the target ends there, as engine_call.limit_bytes; 0: at its own
				 end */
	uint64_t limit_ns;
	volatile sig_atomic_t *stop; /* may be NULL */
	/* The child runs the jobs now; it has ended and is not reaped yet, so that it can still be
	 * asked what it used. May be NULL. */
	void (*started)(void *ctx, pid_t pid);
	void (*ended)(void *ctx);
	/* Called at least every 100 ms while it runs; may be NULL. */
	void (*tick)(void *ctx, const struct engine_progress *p);
	void *ctx;
	bool *ret_direct; /* whether the target was seen open with O_DIRECT; may be NULL */
	bool *ret_seen;   /* whether it was seen open at all */
};

/* ret_samples[n_jobs] are new and the caller's. What engine_run() says, and -ETIMEDOUT, -EINTR,
 * -ECHILD (the child died; says how). */
int host_jobs_run(const struct host_jobs *h, struct sample **ret_samples, struct bl_err *err);

#endif
