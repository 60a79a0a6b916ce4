#include <errno.h>
#include <inttypes.h>

#include "zones.h"

static void enter(struct zones *z, uint64_t start)
{
	z->start = start;
	z->span = z->region - start < z->range ? z->region - start : z->range;
	z->quota = z->span < z->range && z->span < z->size ? z->span : z->size;
	z->moved = 0;
	for (unsigned dir = 0; dir < ZONES_DIRS; dir++)
		z->next[dir] = 0;
}

void zones_advance(struct zones *z)
{
	if (z->step < z->region && z->start < z->region - z->step)
		enter(z, z->start + z->step);
	else
		enter(z, 0);
	if (z->span < z->min_span)
		enter(z, 0);
}

int zones_init(struct zones *ret, uint64_t region, uint64_t range, uint64_t size, uint64_t skip,
	       uint64_t max_bytes, struct bl_err *err)
{
	struct zones z = {
		.region = region,
		.range = range,
		.size = size,
		.min_span = max_bytes,
		.step = skip > UINT64_MAX - range ? UINT64_MAX : range + skip,
	};

	if (!range || !size)
		return bl_fail(err, -EINVAL,
			       "zonemode=strided: %s is 0, at least one request is "
			       "needed",
			       range ? "zonesize" : "zonerange");
	enter(&z, 0);
	if (z.span < max_bytes)
		return bl_fail(err, -EINVAL,
			       "zonerange: %" PRIu64 " bytes of the region do not hold a request "
			       "of %" PRIu64,
			       z.span, max_bytes);
	*ret = z;
	return 0;
}
