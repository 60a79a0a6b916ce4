/* cases.h - the case lists of this program, one a file, and what they share. */
#ifndef CASES_H
#define CASES_H

#include <check.h>
#include <stdint.h>

#include "sample.h"

TCase *hist_cases(void);
TCase *sample_cases(void);
TCase *json_cases(void);
TCase *hostile_cases(void);

/* splitmix64 (Steele, Lea, Flood 2014): the same numbers on every host. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A latency whose size in bits is drawn first, so that all octaves occur. */
static inline uint64_t random_ns(uint64_t *state, unsigned max_bits)
{
	return next_random(state) >> (64 - 1 - next_random(state) % max_bits);
}

/* A sample with reads, writes and syncs, all kinds of latency, and intervals. */
struct sample *make_sample(const char *job, uint64_t seed, unsigned n_ios);
void assert_same_sample(const struct sample *a, const struct sample *b);

#endif
