/* job_steady.h - was a job steady while it was measured? Its slices in five rounds. */
#ifndef JOB_STEADY_H
#define JOB_STEADY_H

#include "buf.h"
#include "record.h"
#include "steady_state.h"
#include "units.h"

/* Shorter than five seconds a round is a handful of slices, and drifts by chance. */
#define JOB_STEADY_NS_MIN (5 * NS_PER_S)
/* Fewer requests in a round have fewer than 100 beyond their p99: it is not judged. */
#define JOB_STEADY_P99_MIN 10000

struct job_rounds {
	double iops[STEADY_ROUNDS], ln_p99[STEADY_ROUNDS];
	bool has_p99; /* of every round, by enough requests */
	struct steady_state by_iops, by_p99;
};

/* false: it can't be told (no sample, no slices, or too short), and @ret is untouched. */
bool job_rounds_of(const struct sample *s, struct job_rounds *ret);

/* The measured part failed the slope rule, by IOPS or by p99: to be shown, and not to be used as a
 * baseline. By the fact "steady.measured" where the runner left it, as runs that were loaded
 * without slices have it; else by the slices. What can't be told is not unstable. */
bool job_is_unstable(const struct job_result *j);

/* The facts of a job (see docs/scenario.md, "Until it is steady"): */
#define STEADY_FACT_MEASURED "steady.measured" /* "yes", or "no: throughput drifted by -31 %" */
#define STEADY_FACT_REACHED  "steady.reached"  /* of the rounds before: "yes", or "no: ..." */
#define STEADY_FACT_ROUNDS   "steady.rounds"   /* how many there were */
#define STEADY_FACT_ROUND_NS "steady.round_ns"
#define STEADY_FACT_IOPS     "steady.iops"   /* one figure a round, blanks between */
#define STEADY_FACT_P99      "steady.p99_ns" /* the same; "-": too few requests for one */

/* "yes", or "no: " and which of the two was not steady. @p99: NULL: not judged. */
void steady_say(const struct steady_state *iops, const struct steady_state *p99,
		struct bl_buf *out);

#endif
