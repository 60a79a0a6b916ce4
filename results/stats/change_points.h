/* change_points.h - since when is it like that? The change points of a history.
 *
 * A history is one value a night of one figure, as natural logarithms: a step is a ratio. Noise is
 * estimated from neighbours (a step does not widen it), values are clipped at three of its standard
 * deviations about the running median (a bad night is no change), and what nights have in common
 * with the nights before (phi) makes evidence count for less. Then the partition into segments that
 * explains the values best at a price a segment, by dynamic programming over all partitions; each
 * boundary must pass a t-test and be large enough to matter.
 *
 * There is no draw of chance in it: the same history gives the same answer. O(n^2): 0.4 ms for a
 * year of nights. A missing night is left out by the caller, never made up.
 *
 * Source: Jackson et al. 2005 and Killick et al. 2012 (optimal partitioning); constants, false
 * alarms and power by simulation: tests/unit/stats/simulate_changes.c.
 */
#ifndef CHANGE_POINTS_H
#define CHANGE_POINTS_H

#include <stdbool.h>
#include <stddef.h>

#define CHANGES_SEGMENT_MIN 4     /* values between two change points, and at either end */
#define CHANGES_VALUES_MAX  20000 /* half a second; 54 years of nights */

struct change_options {
	double c;          /* price of a change point: c ln(n), in variances of the noise */
	double alpha;      /* of the t-test; not corrected for the search, hence small */
	double min_effect; /* a smaller step is dropped, 0.01: 1 %; of linear values: that much
			      of the median's amount */
	/* [n], NULL: none. By how much more likely than elsewhere a change begins at this value:
	 * ln(100) where the environment changed on that night, else 0. */
	const double *log_odds;
	bool is_linear; /* values are no logarithms (they may be 0 or less) */
};
extern const struct change_options changes_alert;   /* c 4, alpha 1e-4: who wakes a person */
extern const struct change_options changes_display; /* c 3, alpha 1e-3: who only looks */

struct change {
	size_t at;                /* index of the first value after */
	size_t n_before, n_after; /* values of the segments on both sides */
	double before, after;     /* their levels (median.h: clipped means), as y */
	double p;
	double lo, hi; /* 95 % interval of after - before, serial correlation allowed for. It
			   does not know that the place was searched for: near the least step
			   that can be found, steps are overestimated. */
	bool is_drift; /* a straight line over both segments fits better than the step. A hint:
			  about half of the points found on a pure drift have it. */
};

struct changes {
	struct change *items; /* ascending */
	size_t n;
	double sigma;     /* of the noise from night to night, as y; 0: all values are equal */
	double phi;       /* correlation of a night with the night before, 0 to 0.8 */
	double level;     /* of the values since the last change point, as y; sigma 0: 0 */
	size_t *outliers; /* single bad nights, ascending: 5 sigma off their neighbours, or GESD */
	size_t n_outliers;
};

/* @y[n]: finite, oldest first. Fewer than 8 values have no change points. @ret is new:
 * changes_done(). -E2BIG: more than CHANGES_VALUES_MAX. -EDOM: a value that is not finite, or
 * values that are farther apart than 1e100 or, without being equal, all nearer than 1e-100.
 * -ENOMEM. On failure @ret is untouched. */
int changes_find(const double *y, size_t n, const struct change_options *o, struct changes *ret);
void changes_done(struct changes *c);

/* The step that four of five times would be found with @n_before values before and @n_after since,
 * in a history with the noise and the level of @c; as y. No step that @o drops as too small.
 * INFINITY: none with so few. */
double changes_detectable(const struct changes *c, size_t n_before, size_t n_after,
			  const struct change_options *o);

/* The night is known (something in the environment changed): there is no search, and no price of
 * one. */
struct known_change {
	bool is_known; /* what follows: there are values on both sides, three or more in all */
	size_t n_before, n_after;
	double shift;      /* level of those since less the level of those before, as y */
	double lo, hi;     /* 95 % */
	double p;          /* two-sided: there is no shift */
	double detectable; /* four of five times a shift of this would have p < 0.05 */
};
#define KNOWN_BEFORE_MAX 14 /* values before that are looked at: older ones are less like now */
#define KNOWN_AFTER_MAX  64 /* first ones since */
/* @at: first value since. @y should begin no earlier than the change before, and end before the
 * next one. @sigma and @phi: of the history (changes_find). */
struct known_change change_known(const double *y, size_t n, size_t at, double sigma, double phi);

#endif
