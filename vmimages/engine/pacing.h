/* pacing.h - when the next request of a rich job may start: rates, think time, shares of a flow,
 * the depth that keeps a latency target.
 *
 * Inside the engine only.
 */
#ifndef ENGINE_PACING_H
#define ENGINE_PACING_H

#include "depthsearch.h"
#include "schedule.h"
#include "worker.h"

/* Jobs of one flow_id share it: each gets requests in proportion to its weight. */
struct flow {
	uint32_t id;
	_Atomic uint32_t weights;  /* of the clones that run now */
	_Atomic uint64_t n_issued; /* by them */
};

struct pacing {
	struct schedule schedule[JOB_DDIRS];
	bool is_rated[JOB_DDIRS];
	uint64_t rng;

	bool thinks, is_thinking, drains;  /* drains: think time begins when nothing is in flight */
	uint64_t think_count, think_since; /* blocks since the last one; ticks it ended */
	uint64_t spin_until, think_until;  /* ticks */

	bool seeks, has_settled; /* latency_target */
	struct depthsearch search;
	uint64_t window_end, n_within, n_over;

	struct flow *flow;
	uint64_t n_issued;
};

void pacing_init(struct pacing *p, struct worker *w);
void pacing_begin(struct pacing *p, const struct worker *w, uint64_t at); /* schedules start */
void pacing_end(struct pacing *p, const struct worker *w);                /* leaves its flow */
void pacing_counts(struct pacing *p, const struct worker *w);

/* May a request of any direction start? Else *ret_due is when to ask again (untouched: after a
 * completion). */
bool pacing_may_start(struct pacing *p, struct worker *w, uint64_t now, uint64_t *ret_due);

/* May one of @dir? A direction without a rate always may. */
bool pacing_is_due(const struct pacing *p, unsigned dir, uint64_t now, uint64_t *ret_due);

/* It does: *ret_due is the time it was meant for (now, without a rate). */
void pacing_started(struct pacing *p, const struct job *j, unsigned dir, uint64_t bytes,
		    uint64_t now, uint64_t *ret_due);

/* A request of @lat_ns has completed. True: the search for a depth is over and the job, too. */
bool pacing_done(struct pacing *p, struct worker *w, uint64_t lat_ns, uint64_t now);

#endif
