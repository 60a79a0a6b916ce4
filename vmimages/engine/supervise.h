/* supervise.h - what is decided outside the job threads, ten times a second: steady
 * state; and what jobs share: the accounts of their flows.
 *
 * Inside the engine only.
 */
#ifndef ENGINE_SUPERVISE_H
#define ENGINE_SUPERVISE_H

#include "pacing.h"
#include "worker.h"

struct team { /* of one call */
	const struct engine_call *call;
	struct plan_files *files; /* [n_jobs] */
	_Atomic bool never;       /* the stop flag of a call without one */
	struct worker **workers;  /* clones of the first job, then of the next, ... */
	size_t n_workers;
	struct watch *watches; /* [n_workers] */
	struct crew crew;
};

struct engine_live {
	struct team *team;
};

int supervise_new(struct team *t, struct bl_err *err); /* -ENOMEM, -EINVAL */
void supervise_free(struct team *t);
void supervise(struct team *t); /* look once */

/* What it knows of the clone's job. -ENOMEM. */
int supervise_tell(const struct team *t, const struct worker *w, struct engine_clone *c);

#endif
