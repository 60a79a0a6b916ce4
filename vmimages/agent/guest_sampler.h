/* guest_sampler.h - what the guest does while jobs run, some times a second, from a thread of its
 * own.
 *
 * Times of reading are absolute, so that they do not drift; one that is missed is left out, not
 * made up for. The first reading has been taken when guest_sampler_start() returns: it opens the
 * files and makes room for the jobs' expected time, so that later ones allocate little. The signals
 * are the guest's of results/series/signals.md.
 */
#ifndef GUEST_SAMPLER_H
#define GUEST_SAMPLER_H

#include "series.h"

#define GUEST_SAMPLER_INTERVAL_NS     ((uint64_t)100000000)
#define GUEST_SAMPLER_INTERVAL_MIN_NS ((uint64_t)10000000)
#define GUEST_SAMPLER_INTERVAL_MAX_NS ((uint64_t)60000000000)
/* Moments times signals, 16 MiB: with the 55 signals of a guest of 4 CPUs an hour at 10 Hz. When
 * they are full, every second moment is forgotten and the interval doubles. */
#define GUEST_SAMPLER_VALUES_MAX ((size_t)1 << 21)

/* CPU time of a reading that requests do not feel. Where it takes more (an emulated CPU, a hundred
 * CPUs) the disk and its interrupts are read each time, and CPUs, pressure and memory in turn: a
 * moment has one of them, the first ones and the last have all. */
#define GUEST_SAMPLER_WHOLE_NS ((uint64_t)250000)

struct guest_sampler_options {
	const char *root;     /* "": this machine; a folder with a faked /proc and /sys */
	const char *disk;     /* "vda" */
	uint64_t interval_ns; /* within the bounds above */
	uint64_t expected_ns; /* of the jobs; 0: not known */
	size_t values_max;    /* 0: GUEST_SAMPLER_VALUES_MAX */
	uint64_t whole_ns;    /* 0: GUEST_SAMPLER_WHOLE_NS */
};
struct guest_sampler;

/* -ENOMEM, -EAGAIN: no thread could be had. */
int guest_sampler_start(const struct guest_sampler_options *opt, struct guest_sampler **ret);

struct guest_sampled {
	struct series_set set; /* by CLOCK_MONOTONIC; series_done() */
	uint64_t cost_ns;      /* CPU time of the sampler's thread, from its start to its end */
	uint64_t readings;     /* that were taken, those forgotten since, too */
};
/* Takes the last reading, ends the thread, frees @s. */
void guest_sampler_stop(struct guest_sampler *s, struct guest_sampled *ret);

#endif
