/* stalls.h - where a job's requests were while it stalled. Private to results/diagnosis/. */
#ifndef DIAGNOSIS_STALLS_H
#define DIAGNOSIS_STALLS_H

#include "look.h"

/* Do the stalls count: enough that somebody feels, and time enough in those? */
bool is_stuttering(const struct look *l);
size_t stalls_felt(const struct look *l); /* of THRESHOLD_STALL_PEAK or longer */

struct tail {
	double p50, p99_9, mean; /* ns */
};
/* Is p99.9 far above the median, and known from enough requests? */
bool has_bad_tail(const struct look *l, struct tail *ret);
/* There is something to explain: it stutters, or has a bad tail. */
bool is_felt(const struct look *l);

/* The budget of the stalls: of the time that the requests of all jobs took which completed in the
 * stalls' windows, the share that they spent at or below a place (QEMU's block layer, the host's).
 * Of the directions that the place counts; NAN where those have less than half of that time.
 * By Little's law alone each window would show its own length; what tells is how much of it lies
 * below. Not above 1. NAN: no stalls, or that place was not watched.
 */
double stalled_at(const struct look *l, enum layer_at at);

/* The slices of the stalls in which the host's device had a request in flight and completed none:
 * their share. NAN: not watched. */
double stuck_share(const struct look *l);

/* "12 stalls, the longest 1.02 s, 34 % of 30 s". */
void say_stalls(const struct look *l, struct bl_buf *out);
/* From the first stall to the end of the last. */
void stalls_span(const struct look *l, double *ret_from_s, double *ret_to_s);

#endif
