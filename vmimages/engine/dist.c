#include <errno.h>
#include <math.h>

#include "dist.h"

#define SCATTER_KEY UINT64_C(0x5ca77e12) /* of no job: clones that share a center share heat */
#define TWO_TO_64   18446744073709551616.0

/* Uniform in [0, 1). */
static inline double unit(uint64_t *rng)
{
	return (double)(int64_t)(rng_next(rng) >> 11) * 0x1p-53;
}

/* The first terms are added, the others by the Euler-Maclaurin formula to its third
 * derivative: what it leaves out is below 1e-14 of a term there. */
double dist_zeta(uint64_t n, double theta)
{
	const uint64_t head = 200;
	double sum = 0, a = (double)head, b = (double)n, fa, fb, integral;

	for (uint64_t i = 1; i <= n && i < head; i++)
		sum += pow((double)i, -theta);
	if (n < head)
		return sum;
	fa = pow(a, -theta);
	fb = pow(b, -theta);
	integral = theta == 1 ? log(b / a) : (b * fb - a * fa) / (1 - theta);
	return sum + integral + (fa + fb) / 2 + theta * (fa / a - fb / b) / 12 -
	       theta * (theta + 1) * (theta + 2) * (fa / (a * a * a) - fb / (b * b * b)) / 720;
}

/* The constants of the closed form of Gray et al., "Quickly generating billion-record
 * synthetic databases", SIGMOD 1994: exact for the two hottest ranks, near it for the rest. */
static int init_zipf(struct dist *d, double theta, struct bl_err *err)
{
	if (!(theta > 0) || theta > 10 || theta == 1)
		return bl_fail(err, -ERANGE, "zipf: theta %g is not above 0, up to 10 and not 1",
			       theta);
	d->zeta = dist_zeta(d->n < DIST_ZETA_TERMS ? d->n : DIST_ZETA_TERMS, theta);
	d->zeta2 = 1 + pow(0.5, theta);
	d->alpha = 1 / (1 - theta);
	if (d->n > 2)
		d->eta = (1 - pow(2 / (double)d->n, 1 - theta)) / (1 - d->zeta2 / d->zeta);
	return 0;
}

static int init_normal(struct dist *d, double pct, struct bl_err *err)
{
	if (!(pct >= 0 && pct < 100))
		return bl_fail(err, -ERANGE, "normal: deviation %g is not from 0 to below 100",
			       pct);
	d->jitter = (uint64_t)ceil((double)d->n * pct / 100);
	if (d->jitter > d->n / 2) /* in fio, too: 50 and more are the same */
		d->jitter = d->n / 2;
	return 0;
}

/* The even part of what the given percentages leave, for each that was not given. */
static int rest_of(const struct dist_spec *s, bool is_size, double *ret, struct bl_err *err)
{
	double sum = 0;
	unsigned open = 0;

	for (unsigned i = 0; i < s->n_zones; i++) {
		double pct = is_size ? s->zones[i].size_pct : s->zones[i].access_pct;

		if (pct < 0)
			open++;
		else
			sum += pct;
	}
	if (!(sum <= 100.000001))
		return bl_fail(err, -ERANGE, "zoned: the %s add up to %g %%, above 100",
			       is_size ? "sizes" : "accesses", sum);
	*ret = open && sum < 100 ? (100 - sum) / open : 0;
	return 0;
}

/* Parts end where their sizes summed up so far end, so that rounding leaves no gap. */
static int init_zones(struct dist *d, const struct dist_spec *s, uint64_t bs, struct bl_err *err)
{
	bool is_abs = s->kind == DIST_ZONED_ABS;
	double rest_access, rest_size = 0, access = 0, size = 0, total = 0;
	uint64_t bytes = 0;
	int r;

	if (s->n_zones < 1 || s->n_zones > DIST_ZONES_MAX)
		return bl_fail(err, -ERANGE, "zoned: %u zones are not 1 to %d", s->n_zones,
			       DIST_ZONES_MAX);
	r = rest_of(s, false, &rest_access, err);
	if (r == 0 && !is_abs)
		r = rest_of(s, true, &rest_size, err);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < s->n_zones; i++)
		total += s->zones[i].access_pct < 0 ? rest_access : s->zones[i].access_pct;
	if (!(total > 0))
		return bl_fail(err, -EINVAL, "zoned: no zone has any access");
	for (unsigned i = 0; i < s->n_zones; i++) {
		const struct dist_zone *z = &s->zones[i];
		struct dist_part *p = &d->part[i];
		uint64_t end;

		p->first = i ? p[-1].first + p[-1].n : 0;
		bytes += z->size_bytes;
		size += z->size_pct < 0 ? rest_size : z->size_pct;
		end = is_abs ? bytes / bs : (uint64_t)((double)d->n * size / 100 + 1e-6);
		if (p->first >= d->n)
			return bl_fail(err, -ERANGE,
				       "zoned: zone %u begins at the end of the region", i + 1);
		end = end > d->n ? d->n : end;
		p->n = end > p->first ? end - p->first : 1; /* none is empty */
		access += z->access_pct < 0 ? rest_access : z->access_pct;
		p->below = access < total ? (uint64_t)(access / total * TWO_TO_64) : UINT64_MAX;
	}
	d->n_parts = s->n_zones;
	d->part[d->n_parts - 1].below = UINT64_MAX;
	return 0;
}

/* Such that the hottest rank falls on the center. */
static void init_scatter(struct dist *d, const struct dist_spec *s, uint64_t seed)
{
	uint64_t hottest = d->kind == DIST_NORMAL ? d->n / 2 : 0, state = rng_mix(seed), at;

	blocks_init(&d->scatter, BLOCKS_PERMUTED, d->n, SCATTER_KEY);
	if (s->has_center)
		at = (uint64_t)((double)d->n * s->center);
	else
		at = d->kind == DIST_NORMAL ? d->n / 2 : rng_below(&state, d->n);
	if (at >= d->n)
		at = d->n - 1;
	d->shift = at + d->n - blocks_permute(&d->scatter, hottest);
	if (d->shift >= d->n)
		d->shift -= d->n;
}

int dist_init(struct dist *ret, const struct dist_spec *spec, uint64_t n, uint64_t bs,
	      uint64_t seed, struct bl_err *err)
{
	struct dist d = {.kind = spec->kind, .n = n};
	int r = 0;

	if (spec->has_center && !(spec->center >= 0 && spec->center <= 1))
		return bl_fail(err, -ERANGE, "random_distribution: center %g is not from 0 to 1",
			       spec->center);
	if (d.kind == DIST_ZIPF)
		r = init_zipf(&d, spec->value, err);
	else if (d.kind == DIST_PARETO && !(spec->value > 0 && spec->value < 1))
		r = bl_fail(err, -ERANGE, "pareto: %g is not between 0 and 1", spec->value);
	else if (d.kind == DIST_PARETO)
		d.power = log(spec->value) / log(1 - spec->value);
	else if (d.kind == DIST_NORMAL)
		r = init_normal(&d, spec->value, err);
	else if (d.kind != DIST_UNIFORM)
		r = init_zones(&d, spec, bs, err);
	if (r < 0)
		return r;
	init_scatter(&d, spec, seed);
	*ret = d;
	return 0;
}

static uint64_t zipf_rank(const struct dist *d, uint64_t *rng)
{
	double u = unit(rng), uz = u * d->zeta;

	if (uz < 1)
		return 0;
	if (uz < d->zeta2)
		return 1;
	return (uint64_t)((double)d->n * pow(d->eta * u - d->eta + 1, d->alpha));
}

/* Self-similar: a part h of the ranks gets 1 - h of the draws, and so within it. */
static uint64_t pareto_rank(const struct dist *d, uint64_t *rng)
{
	return (uint64_t)((double)(d->n - 1) * pow(unit(rng), d->power));
}

/* The mean of twelve uniform numbers is normal to the eye, with a standard deviation of a
 * twelfth of the range; the jitter widens it by a uniform jitter/2 to either side. */
static uint64_t normal_rank(const struct dist *d, uint64_t *rng)
{
	uint64_t sum = 0, at;

	for (int i = 0; i < 6; i++) {
		uint64_t r = rng_next(rng);

		sum += (r >> 32) + (uint32_t)r;
	}
	at = (uint64_t)(((unsigned __int128)(sum * (UINT64_C(0x100000000) / 12)) * d->n) >> 64);
	at += d->n - d->jitter / 2 + rng_below(rng, d->jitter + 1);
	while (at >= d->n)
		at -= d->n;
	return at;
}

static uint64_t zoned_block(const struct dist *d, uint64_t *rng)
{
	uint64_t r = rng_next(rng);
	const struct dist_part *p = d->part;

	while (r >= p->below && p < d->part + d->n_parts - 1)
		p++;
	return p->first + rng_below(rng, p->n);
}

uint64_t dist_next(const struct dist *d, uint64_t *rng)
{
	uint64_t rank;

	switch (d->kind) {
	case DIST_ZIPF:
		rank = zipf_rank(d, rng);
		break;
	case DIST_PARETO:
		rank = pareto_rank(d, rng);
		break;
	case DIST_NORMAL:
		rank = normal_rank(d, rng);
		break;
	case DIST_ZONED:
	case DIST_ZONED_ABS:
		return zoned_block(d, rng);
	default:
		return rng_below(rng, d->n);
	}
	if (rank >= d->n) /* the closed form at u = 1 */
		rank = d->n - 1;
	rank = blocks_permute(&d->scatter, rank) + d->shift;
	return rank < d->n ? rank : rank - d->n;
}
