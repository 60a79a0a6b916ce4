/* edivisive.h - change points of whole distributions, by energy statistics.
 *
 * A second opinion beside change_points.h, and where the level stays and the shape changes: each
 * night may be a vector (percentiles, quantiles). Splits are found one after the other; each must
 * beat those of histories whose nights were shuffled within the segments found so far.
 *
 * Source: Matteson & James, JASA 109 (2014). O(n^2) a split and draw. The same values and seed give
 * the same answer.
 */
#ifndef EDIVISIVE_H
#define EDIVISIVE_H

#include <stddef.h>
#include <stdint.h>

#define EDIVISIVE_VALUES_MAX 4000 /* distances are kept: 122 MiB */

enum energy_form {
	ENERGY_U, /* within-distances over pairs of two different values; sides of two or more */
	ENERGY_V, /* over all pairs; never below 0; sides of one or more */
};

struct edivisive_options {
	enum energy_form form;
	double alpha;  /* of each split */
	size_t draws;  /* B; p is at least 1 / (B + 1) */
	size_t least;  /* values of a segment */
	uint64_t seed; /* of the series' name (rng_hash) */
};
extern const struct edivisive_options edivisive_default; /* V, 0.01, 999 draws, 4 values */

struct split {
	size_t at;   /* first value after */
	double q, p; /* the energy statistic, and its chance */
};
struct edivisive {
	struct split *items; /* ascending by place */
	size_t n;
};

/* @x[n * dims]: night after night, finite; distances are sums over the dimensions of |difference|
 * (standardise first where units differ). @ret is new: edivisive_done(). -E2BIG: more than
 * EDIVISIVE_VALUES_MAX nights. -EDOM: a value that is not finite. -ENOMEM. */
int edivisive_find(const double *x, size_t n, size_t dims, const struct edivisive_options *o,
		   struct edivisive *ret);
void edivisive_done(struct edivisive *e);

/* Each dimension less its mean, over its standard deviation; one that is constant becomes 0. */
void edivisive_standardise(double *x, size_t n, size_t dims);

/* The best place to split @x[n] in two, of one dimension; 0: none. *ret_q: its statistic. -ENOMEM
 */
int energy_split(const double *x, size_t n, enum energy_form form, size_t least, size_t *ret_at,
		 double *ret_q);

#endif
