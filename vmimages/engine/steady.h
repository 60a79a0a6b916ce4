/* steady.h - has a job settled? fio's steadystate=, fed with one sample a second.
 *
 * Over the last dur_s samples: the deviation is the greatest distance of a sample from
 * their mean, the slope is the least-squares line's rise a second. The criterion is the
 * one asked for, in percent of the mean when the limit is a percentage; the state is
 * attained when the ring is full and the criterion's amount is below the limit.
 */
#ifndef ENGINE_STEADY_H
#define ENGINE_STEADY_H

#include <stdbool.h>
#include <stdint.h>

struct steady_spec {
	bool is_bw;      /* bw: bytes a second; else iops */
	bool is_slope;   /* ..._slope */
	bool is_percent; /* limit is of the mean */
	double limit;
	uint32_t dur_s;  /* ss_dur, at least 1 */
	uint32_t ramp_s; /* ss_ramp */
};

struct steady {
	struct steady_spec spec;
	uint64_t *iops, *bw; /* rings of dur_s; owned */
	uint32_t n, oldest;
	uint64_t seconds; /* fed so far */
	bool is_attained; /* stays */

	/* of what is in the ring; 0 until it is full. fio's JSON shows 0 for whichever of
	 * deviation and slope was not asked for. */
	double iops_mean, bw_mean;
	double deviation, slope; /* of the metric asked for */
	double criterion;
};

/* 0 or -ENOMEM; end it with steady_done(). */
int steady_init(struct steady *s, const struct steady_spec *spec);
void steady_done(struct steady *s);

/* What the job did in the second that has just passed, from its first second on. Those of
 * the ramp do not count, and with a ramp the one after it does not, either: fio 3.33 only
 * takes its first reading there (ss_ramp=1 and ss_dur=3 end after 5 s, ss_dur=4 alone
 * after 4 s). True when the state is attained. For once a second, not once a request: it
 * takes time proportional to dur_s. */
bool steady_feed(struct steady *s, uint64_t iops, uint64_t bw_bytes);

/* Place of the @i-th oldest of the n samples in the rings. */
static inline uint32_t steady_at(const struct steady *s, uint32_t i)
{
	return (s->oldest + i) % s->spec.dur_s;
}

#endif
