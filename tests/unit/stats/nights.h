/* nights.h - histories with known properties from a seed, and what the detector makes of them. */
#ifndef NIGHTS_H
#define NIGHTS_H

#include <stddef.h>

#include "change_points.h"
#include "rng.h"

/* All of standard deviation about 1. */
enum noise {
	NOISE_NORMAL,
	NOISE_T3,          /* Student's t with 3 degrees of freedom */
	NOISE_OUTLIERS,    /* normal; 3 % of nights are 5 to 15 higher */
	NOISE_BIMODAL,     /* two modes 1.9 apart, as likely, each of 0.3 */
	NOISE_EXPONENTIAL, /* nights are slow by very different amounts */
	NOISE_AR3,         /* x[i] = 0.3 x[i-1] + normal */
	NOISE_AR5,
	NOISES,
};
extern const char *const noise_names[NOISES];

void simulate_nights(struct rng *r, enum noise kind, double *out, size_t n);

/* Change points in @series histories of @nights without one; ret_with: histories that have any. */
size_t false_points(enum noise kind, const struct change_options *o, size_t series, size_t nights,
		    uint64_t seed, size_t *ret_with);

/* A year, looked at every night from the 30th on: false change points that had not been reported
 * before (5 nights or more from those that were), a series. ret_recent: of them, those of the last
 * 14 nights, which alone would raise an alert. */
double false_alerts(enum noise kind, const struct change_options *o, size_t series, uint64_t seed,
		    double *ret_recent);

/* The share of @series in which a step of @shift after @before nights is found within 3 nights of
 * where it is, @since nights later. ret_covered (NULL): of the found, the share whose interval
 * holds the shift. */
double power_of(enum noise kind, double shift, size_t before, size_t since,
		const struct change_options *o, size_t series, uint64_t seed, double *ret_covered);

#endif
