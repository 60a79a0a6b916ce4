#include "nights.h"

#include <math.h>
#include <stdlib.h>

#include "simulated.h"

const char *const noise_names[NOISES] = {"normal",      "t3",       "3 % outliers", "bimodal",
					 "exponential", "AR(1) .3", "AR(1) .5"};

#define YEAR       365
#define FIRST      30 /* night that is looked at */
#define SAME       5  /* nights apart: another point */
#define RECENT     14
#define PLACE_NEAR 3
#define SCALE      0.02 /* noise of 2 %, as logarithms: steps below min_effect don't matter */

static double draw_t3(struct rng *r)
{
	double z = draw_gauss(r), ss = 0;

	for (int i = 0; i < 3; i++)
		ss += pow(draw_gauss(r), 2);
	return z / sqrt(ss / 3) / sqrt(3);
}

static double draw_noise(struct rng *r, enum noise kind)
{
	switch (kind) {
	case NOISE_T3:
		return draw_t3(r);
	case NOISE_OUTLIERS:
		return draw_gauss(r) + (rng_unit(r) < 0.03 ? 5 + 10 * rng_unit(r) : 0);
	case NOISE_BIMODAL:
		return (rng_unit(r) < 0.5 ? -0.95 : 0.95) + 0.3 * draw_gauss(r);
	case NOISE_EXPONENTIAL:
		return -log(1 - rng_unit(r)) - 1;
	default:
		return draw_gauss(r);
	}
}

void simulate_nights(struct rng *r, enum noise kind, double *out, size_t n)
{
	double phi = kind == NOISE_AR3 ? 0.3 : kind == NOISE_AR5 ? 0.5 : 0;
	double scale = sqrt(1 - phi * phi), last = draw_noise(r, kind);

	for (size_t i = 0; i < n; i++) {
		out[i] = last;
		last = phi * last + scale * draw_noise(r, kind);
	}
}

static void look(const double *noise, size_t n, const struct change_options *o, struct changes *ret)
{
	double y[2 * YEAR];

	if (n > 2 * YEAR)
		abort();
	for (size_t i = 0; i < n; i++)
		y[i] = SCALE * noise[i];
	if (changes_find(y, n, o, ret) < 0)
		abort();
}

size_t false_points(enum noise kind, const struct change_options *o, size_t series, size_t nights,
		    uint64_t seed, size_t *ret_with)
{
	size_t points = 0, with = 0;
	struct rng r;

	rng_seed(&r, seed);
	for (size_t k = 0; k < series; k++) {
		double noise[2 * YEAR];
		struct changes c;

		simulate_nights(&r, kind, noise, nights);
		look(noise, nights, o, &c);
		points += c.n;
		with += c.n > 0;
		changes_done(&c);
	}
	if (ret_with)
		*ret_with = with;
	return points;
}

/* Marks the nights whose points count as reported from now on. */
static size_t new_points(const struct changes *c, size_t night, bool *is_told, size_t *recent)
{
	size_t found = 0;

	for (size_t k = 0; k < c->n; k++) {
		size_t at = c->items[k].at;

		if (is_told[at])
			continue;
		found++;
		*recent += at + RECENT >= night;
		for (size_t i = at < SAME ? 0 : at - SAME + 1; i < at + SAME && i < YEAR; i++)
			is_told[i] = true;
	}
	return found;
}

double false_alerts(enum noise kind, const struct change_options *o, size_t series, uint64_t seed,
		    double *ret_recent)
{
	size_t alerts = 0, recent = 0;
	struct rng r;

	rng_seed(&r, seed);
	for (size_t k = 0; k < series; k++) {
		bool is_told[YEAR] = {false};
		double noise[YEAR];

		simulate_nights(&r, kind, noise, YEAR);
		for (size_t night = FIRST; night <= YEAR; night++) {
			struct changes c;

			look(noise, night, o, &c);
			alerts += new_points(&c, night, is_told, &recent);
			changes_done(&c);
		}
	}
	if (ret_recent)
		*ret_recent = (double)recent / (double)series;
	return (double)alerts / (double)series;
}

double power_of(enum noise kind, double shift, size_t before, size_t since,
		const struct change_options *o, size_t series, uint64_t seed, double *ret_covered)
{
	size_t found = 0, covered = 0;
	struct rng r;

	rng_seed(&r, seed);
	for (size_t k = 0; k < series; k++) {
		double noise[2 * YEAR];
		const struct change *hit = NULL;
		struct changes c;

		simulate_nights(&r, kind, noise, before + since);
		for (size_t i = before; i < before + since; i++)
			noise[i] += shift;
		look(noise, before + since, o, &c);
		for (size_t i = 0; i < c.n; i++)
			if (c.items[i].at + PLACE_NEAR >= before &&
			    c.items[i].at <= before + PLACE_NEAR)
				hit = &c.items[i];
		found += hit != NULL;
		covered += hit && hit->lo <= SCALE * shift && SCALE * shift <= hit->hi;
		changes_done(&c);
	}
	if (ret_covered)
		*ret_covered = found ? (double)covered / (double)found : NAN;
	return (double)found / (double)series;
}
