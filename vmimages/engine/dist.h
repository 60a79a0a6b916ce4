/* dist.h - random_distribution: which block a skewed random job draws next.
 *
 * zipf and pareto draw a rank (0 is the hottest), normal a place on a bell over the
 * ranks. A fixed permutation then scatters the ranks over the region, so that hot blocks
 * are not neighbours, and a shift moves all of it: drawn from the seed for zipf and
 * pareto, the middle for normal, or the center the job gives. Block 0 of zipf:1.2:0.25
 * in 1000 blocks is 250, in fio 3.33, too. fio scatters by a hash that lets ranks
 * collide; a permutation keeps them apart, and the shares of the hottest blocks are the
 * same (the test runs fio beside it). zoned draws a part of the region, then a block of
 * it uniformly; nothing is scattered.
 *
 * All of them draw with repetition: there is no map.
 */
#ifndef ENGINE_DIST_H
#define ENGINE_DIST_H

#include <stdbool.h>
#include <stdint.h>

#include "blocks.h"
#include "err.h"

enum dist_kind { DIST_UNIFORM, DIST_ZIPF, DIST_PARETO, DIST_NORMAL, DIST_ZONED, DIST_ZONED_ABS };

#define DIST_ZONES_MAX 256
#define DIST_REST      (-1.0) /* a percentage not given: an even part of what is left */
#define DIST_ZETA_TERMS                                                                            \
	10000000 /* fio ends the sum of zipf there; so the hottest blocks of                       \
		  * a larger region get more than Zipf's law gives them */

struct dist_zone {
	double access_pct;   /* of the draws; or DIST_REST */
	double size_pct;     /* zoned: of the region; or DIST_REST */
	uint64_t size_bytes; /* zoned_abs */
};

struct dist_spec {
	enum dist_kind kind;
	double value; /* zipf: theta, above 0 and not 1; pareto: h, 0..1 exclusive; normal:
		       * deviation, 0 <= d < 100 percent of the region */
	bool has_center;
	double center;                 /* 0..1: the hottest block, as a part of the region */
	const struct dist_zone *zones; /* borrowed, during dist_init() only */
	unsigned n_zones;
};

struct dist {
	enum dist_kind kind;
	uint64_t n;
	double zeta, zeta2, eta, alpha; /* zipf */
	double power;                   /* pareto */
	uint64_t jitter;                /* normal: width in blocks */
	uint64_t shift;
	struct blocks scatter;
	unsigned n_parts;
	struct dist_part {
		uint64_t below; /* of 2^64: a draw under this is in the part */
		uint64_t first, n;
	} part[DIST_ZONES_MAX];
};

/* For a region of @n >= 1 blocks of @bs bytes. Takes microseconds whatever @n is.
 * -ERANGE, -EINVAL: @err says which value, and what would be accepted; *ret untouched. */
int dist_init(struct dist *ret, const struct dist_spec *spec, uint64_t n, uint64_t bs,
	      uint64_t seed, struct bl_err *err);

/* The next block, below n. Only @rng changes. */
uint64_t dist_next(const struct dist *d, uint64_t *rng);

/* Sum of i^-theta for i = 1..n, to 12 digits (theta 0..10). */
double dist_zeta(uint64_t n, double theta);

#endif
