/* region.h - where in one file the next request of a rich job goes.
 *
 * Sequential with holes, random with every block once a pass, independent draws, skewed draws,
 * strided zones, and mixtures (rw=randread:8, percentage_random). fio's meaning of each.
 *
 * Inside the engine only. Nothing per request allocates but the first one of a pass.
 */
#ifndef ENGINE_REGION_H
#define ENGINE_REGION_H

#include "dist.h"
#include "job.h"
#include "randmap.h"
#include "zones.h"

struct region {
	const struct job *job;
	uint64_t offset, size;    /* bytes of the file */
	uint64_t unit[JOB_DDIRS]; /* random requests start at multiples of it */
	uint32_t least;           /* the smallest request */
	enum { REGION_SEQUENTIAL, REGION_PERMUTED, REGION_DRAWN, REGION_MAPPED, REGION_SKEWED } how;
	bool has_zones;
	struct blocks blocks;
	struct randmap map;
	struct dist dist;
	struct zones zones;
	uint64_t rng;
	uint64_t next[JOB_DDIRS];  /* sequential: from the region's start */
	uint64_t last[JOB_DDIRS];  /* where the last request began */
	uint64_t since[JOB_DDIRS]; /* requests since the last random one, rw_nr */
};

/* -ENOMEM; -EINVAL, -ERANGE: what the distribution or the zones do not take. */
int region_init(struct region *r, const struct job *j, uint64_t offset, uint64_t size,
		uint64_t seed, struct bl_err *err);
void region_done(struct region *r);

/* Bytes up to the end of a sequential region: a size that fits is better than one that is cut. */
uint64_t region_room(const struct region *r, unsigned dir);

/* The next request of @dir, *len bytes long or shorter (never below the smallest request):
 * its byte offset in the file. False: the pass is over; region_restart() begins another. */
bool region_next(struct region *r, unsigned dir, uint32_t *len, uint64_t *ret_offset);
void region_restart(struct region *r);

#endif
