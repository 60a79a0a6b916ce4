/* rng.h - repeatable randomness for statistics: xoshiro256** (Blackman & Vigna 2018), its state
 * filled by splitmix64 as its authors advise. The same seed gives the same draws on every machine.
 */
#ifndef STATS_RNG_H
#define STATS_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
/* Uniform in [0, 1), in steps of 2^-53. */
double rng_unit(struct rng *r);

/* A seed of text (FNV-1a), which may be continued: rng_hash(rng_hash(RNG_HASH, a), b). */
#define RNG_HASH UINT64_C(0xcbf29ce484222325)
uint64_t rng_hash(uint64_t hash, const char *text);

#endif
