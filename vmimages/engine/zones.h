/* zones.h - zonemode=strided: work in one zone of the region until so much has moved.
 *
 * A job stays in [z, z + zonerange) until zonesize bytes have moved, reads and writes
 * together, then goes to z + zonerange + zoneskip, and from the end of the region back to
 * its start. More than zonerange: the zone is covered again. A zone that the end of the
 * region cuts is left when its own length has moved; one too short for a request is left
 * out. The byte that makes zonesize full is in a request that ends the zone, so the last
 * one may move more. All that fio 3.33 does, but for one: a request never reaches over
 * the zone's end; fio only looks at where it starts.
 *
 * Before each request: zones_begin(), which says when the order of blocks within the zone
 * is to start anew; then zones_sequential(), or zones_place() with a place drawn among the
 * zones_blocks().
 */
#ifndef ENGINE_ZONES_H
#define ENGINE_ZONES_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define ZONES_DIRS 3

struct zones {
	uint64_t region, range, size, step; /* bytes; step: zonerange + zoneskip */
	uint64_t min_span;                  /* the largest request */
	uint64_t start, span, quota;        /* of the present zone, from the region's start */
	uint64_t moved;
	uint64_t next[ZONES_DIRS]; /* sequential: from the zone's start, per direction */
};

/* In the first zone. @max_bytes: the largest request.
 * -EINVAL: range or size is 0, or a request does not fit in a zone; @err says which. */
int zones_init(struct zones *ret, uint64_t region, uint64_t range, uint64_t size, uint64_t skip,
	       uint64_t max_bytes, struct bl_err *err);
void zones_advance(struct zones *z); /* to the next zone */

/* Go on to the next zone when this one's bytes have moved; true when it did. */
static inline bool zones_begin(struct zones *z)
{
	if (__builtin_expect(z->moved < z->quota, 1))
		return false;
	zones_advance(z);
	return true;
}

/* Whole blocks of @bs in the present zone. It divides: for the start of a zone. */
static inline uint64_t zones_blocks(const struct zones *z, uint64_t bs)
{
	return z->span / bs;
}

/* Where in the region a request of @len bytes at @pos of the zone is; counts it as moved. */
static inline uint64_t zones_place(struct zones *z, uint64_t pos, uint64_t len)
{
	z->moved += len;
	return z->start + pos;
}

/* The same at the place after @dir's last one; from the zone's start when it is full. */
static inline uint64_t zones_sequential(struct zones *z, unsigned dir, uint64_t len)
{
	uint64_t pos = z->next[dir];

	if (pos + len > z->span)
		pos = 0;
	z->next[dir] = pos + len;
	return zones_place(z, pos, len);
}

#endif
