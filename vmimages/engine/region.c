#include "region.h"

#include <errno.h>
#include <string.h>

static const enum dist_kind kinds[JOB_DISTS] = {
	[JOB_DIST_RANDOM] = DIST_UNIFORM, [JOB_DIST_ZIPF] = DIST_ZIPF,
	[JOB_DIST_PARETO] = DIST_PARETO,  [JOB_DIST_NORMAL] = DIST_NORMAL,
	[JOB_DIST_ZONED] = DIST_ZONED,    [JOB_DIST_ZONED_ABS] = DIST_ZONED_ABS,
};

static bool does(const struct job *j, unsigned dir)
{
	return dir == 0 ? job_reads(j) : dir == 1 ? job_writes(j) : job_trims(j);
}

static void set_units(struct region *r)
{
	const struct job *j = r->job;
	r->least = UINT32_MAX;
	for (unsigned d = 0; d < JOB_DDIRS; d++) {
		uint32_t min = job_bs_min(j, d);

		r->unit[d] = j->blockalign[d] ? j->blockalign[d] : min;
		if (!does(j, d))
			continue;
		r->least = min < r->least ? min : r->least;
	}
}

static void choose_how(struct region *r)
{
	const struct job *j = r->job;
	bool is_partly_random = false;

	for (unsigned d = 0; d < JOB_DDIRS; d++)
		is_partly_random |=
			does(j, d) && (j->percentage_random[d] < 100 || j->blockalign[d]);
	if (!job_is_random(j))
		r->how = REGION_SEQUENTIAL;
	else if (j->dist != JOB_DIST_RANDOM)
		r->how = REGION_SKEWED;
	else if (j->norandommap || j->rw_nr > 1 || is_partly_random || r->has_zones)
		r->how = REGION_DRAWN;
	else if (job_has_one_bs(j))
		r->how = REGION_PERMUTED;
	else
		r->how = REGION_MAPPED;
}

static int init_dist(struct region *r, uint64_t seed, struct bl_err *err)
{
	const struct job *j = r->job;
	const struct job_splits *z = &j->zones[job_reads(j) ? 0 : job_writes(j) ? 1 : 2];
	struct dist_zone zones[JOB_SPLITS];
	struct dist_spec spec = {.kind = kinds[j->dist],
				 .value = j->dist_value,
				 .has_center = j->dist_center >= 0,
				 .center = j->dist_center,
				 .zones = zones,
				 .n_zones = z->n};
	unsigned d = job_reads(j) ? 0 : job_writes(j) ? 1 : 2;

	for (unsigned i = 0; i < z->n; i++)
		zones[i] = (struct dist_zone){.access_pct = z->at[i].pct,
					      .size_pct = (double)z->at[i].value,
					      .size_bytes = z->at[i].value};
	return dist_init(&r->dist, &spec, r->size / r->unit[d], r->unit[d], seed, err);
}

int region_init(struct region *r, const struct job *j, uint64_t offset, uint64_t size,
		uint64_t seed, struct bl_err *err)
{
	uint64_t most = 0, unit;

	*r = (struct region){.job = j, .offset = offset, .size = size, .rng = rng_mix(seed + 11)};
	r->has_zones = j->zonemode == JOB_ZONES_STRIDED;
	set_units(r);
	choose_how(r);
	for (unsigned d = 0; d < JOB_DDIRS; d++)
		if (does(j, d) && job_bs_max(j, d) > most)
			most = job_bs_max(j, d);
	unit = r->unit[job_reads(j) ? 0 : job_writes(j) ? 1 : 2];
	if (r->how == REGION_PERMUTED)
		blocks_init(&r->blocks, BLOCKS_PERMUTED, size / unit, seed);
	if (r->how == REGION_MAPPED && randmap_init(&r->map, size / r->least, seed) < 0)
		return bl_fail(err, -ENOMEM,
			       "no memory for the map of %llu blocks; norandommap=1 "
			       "needs none",
			       (unsigned long long)(size / r->least));
	if (r->how == REGION_SKEWED)
		return init_dist(r, seed, err);
	if (r->has_zones)
		return zones_init(&r->zones, size, j->zonerange ? j->zonerange : j->zonesize,
				  j->zonesize, j->zoneskip, most, err);
	return 0;
}

void region_done(struct region *r)
{
	if (r->how == REGION_MAPPED)
		randmap_done(&r->map);
}

uint64_t region_room(const struct region *r, unsigned dir)
{
	if (r->how != REGION_SEQUENTIAL || r->has_zones || r->job->rw_hole < 0)
		return UINT64_MAX;
	return r->next[dir] < r->size ? r->size - r->next[dir] : 0;
}

void region_restart(struct region *r)
{
	memset(r->next, 0, sizeof(r->next));
	if (r->how == REGION_MAPPED)
		randmap_new_pass(&r->map);
	if (r->how == REGION_PERMUTED && r->blocks.next[0])
		blocks_new_pass(&r->blocks);
}

/* rw=read:-8k: each request so far before the end of the last one, from the end again when that
 * is before the start; the first one, as fio has it, is at the start. */
static bool backwards(struct region *r, unsigned dir, uint32_t *len, uint64_t *at)
{
	uint64_t back = (uint64_t)-r->job->rw_hole;

	*at = 0;
	if (r->since[dir]++)
		*at = (r->next[dir] >= back ? r->next[dir] : r->size) - back;
	if (*len > r->size - *at)
		*len = (uint32_t)((r->size - *at) / r->least * r->least);
	r->next[dir] = *at + *len;
	return *len > 0;
}

/* Behind the last one; what the end of the region cuts is shorter, or the pass is over. */
static bool sequential(struct region *r, unsigned dir, uint32_t *len, uint64_t *at)
{
	uint64_t left;

	if (r->has_zones) {
		if (zones_begin(&r->zones))
			r->next[dir] = 0;
		*at = zones_sequential(&r->zones, dir, *len);
		return true;
	}
	if (r->job->rw_hole < 0)
		return backwards(r, dir, len, at);
	left = r->next[dir] < r->size ? r->size - r->next[dir] : 0;
	if (*len > left)
		*len = (uint32_t)(left / r->least * r->least);
	if (!*len)
		return false;
	*at = r->next[dir];
	r->next[dir] = *at + *len + (uint64_t)r->job->rw_hole;
	return true;
}

static uint64_t fit(const struct region *r, uint64_t at, uint32_t *len)
{
	if (at + *len > r->size)
		*len = (uint32_t)((r->size - at) / r->least * r->least);
	return at;
}

static bool random_place(struct region *r, unsigned dir, uint32_t *len, uint64_t *at)
{
	uint64_t unit = r->unit[dir], n;

	switch (r->how) {
	case REGION_PERMUTED:
		if (r->blocks.next[0] == r->blocks.n)
			return false;
		*at = blocks_permute(&r->blocks, r->blocks.next[0]++) * unit;
		return true;
	case REGION_MAPPED:
		if (!randmap_draw(&r->map, (*len + r->least - 1) / r->least, at, &n))
			return false;
		*at *= r->least;
		if (n * r->least < *len) /* cut by what was used before */
			*len = (uint32_t)(n * r->least);
		return true;
	case REGION_SKEWED:
		*at = fit(r, dist_next(&r->dist, &r->rng) * unit, len);
		return true;
	default:
		break;
	}
	if (r->has_zones) {
		zones_begin(&r->zones);
		n = (r->zones.span - *len) / unit + 1;
		*at = zones_place(&r->zones, rng_below(&r->rng, n) * unit, *len);
		return true;
	}
	*at = fit(r, rng_below(&r->rng, r->size / unit) * unit, len);
	return true;
}

/* Is it the turn of a random one? */
static bool is_random_turn(struct region *r, unsigned dir)
{
	uint32_t pct = r->job->percentage_random[dir];

	if (r->how == REGION_SEQUENTIAL)
		return false;
	if (pct < 100 && rng_below(&r->rng, 100) >= pct)
		return false;
	if (r->job->rw_nr <= 1)
		return true;
	if (r->since[dir]++ % r->job->rw_nr == 0)
		return true;
	return false;
}

bool region_next(struct region *r, unsigned dir, uint32_t *len, uint64_t *ret_offset)
{
	bool is_random = is_random_turn(r, dir), is_there = true;
	uint64_t at;

	if (is_random) {
		is_there = random_place(r, dir, len, &at);
	} else if (r->job->rw_nr > 1 && r->job->rw_sequencer == JOB_IDENTICAL) {
		if (r->how == REGION_SEQUENTIAL && r->since[dir]++ % r->job->rw_nr == 0)
			is_there = sequential(r, dir, len, &at);
		else
			at = fit(r, r->last[dir], len);
	} else {
		is_there = sequential(r, dir, len, &at);
		if (!is_there && r->how != REGION_SEQUENTIAL) { /* go on at the start */
			r->next[dir] = 0;
			*len = r->least;
			is_there = sequential(r, dir, len, &at);
		}
	}
	if (!is_there)
		return false;
	r->last[dir] = at;
	if (is_random)
		r->next[dir] = at + *len;
	*ret_offset = r->offset + at;
	return true;
}
