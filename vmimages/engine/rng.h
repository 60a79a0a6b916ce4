/* rng.h - repeatable 64-bit randomness: splitmix64 (Steele, Lea, Flood 2014). */
#ifndef ENGINE_RNG_H
#define ENGINE_RNG_H

#include <stdint.h>

#define RNG_STEP UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t rng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t rng_next(uint64_t *state)
{
	return rng_mix(*state += RNG_STEP);
}

/* Uniform below @n; the bias is below n / 2^64. */
static inline uint64_t rng_below(uint64_t *state, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rng_next(state) * n) >> 64);
}

#endif
