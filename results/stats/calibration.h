/* calibration.h - cells of a run that are equal: what is called different though nothing is, and
 * the smallest change that this host can see.
 *
 * Every two of the equal cells are compared as any two cells are. Nothing differs between them, so
 * each verdict is a false alarm. What a comparison of n pairs can see is asked of the log ratios
 * themselves, of which n are drawn again and again (with random sign: either cell could have been
 * the first), because an interval moves with a change, but does not widen: a change is seen when it
 * carries the whole interval beyond the effect that matters.
 */
#ifndef CALIBRATION_H
#define CALIBRATION_H

#include "summary.h"

#define CALIBRATION_LEAST 6 /* pairs of a comparison */
#define CALIBRATION_SIZES 5
extern const size_t calibration_sizes[CALIBRATION_SIZES]; /* pairs: 6, 8, 12, 20, 30 */

/* Two of the equal cells. */
struct calibration_pair {
	uint32_t a, b;       /* indices into run_data.cells */
	struct comparison c; /* b against a, with all of the row as one family */
	bool is_apart;       /* the 95 % interval leaves out "no change" */
	bool is_alarm;       /* "better" or "worse" before any correction */
};

/* One trial of the equal cells. */
struct calibration_value {
	uint32_t cell;
	double y; /* natural logarithm */
};

/* One job, one metric. */
struct calibration_row {
	const char *job; /* borrowed from the summaries */
	enum metric metric;
	bool is_thin; /* a percentile with few samples beyond it: nothing is decided by it */
	size_t n_comparisons; /* of two cells with six pairs or more */
	size_t n_apart;       /* 95 % intervals that leave out "no change" */
	size_t n_alarms;      /* "better" or "worse" before any correction */
	size_t n_family;      /* of these, those that stand with all of the metric as one family */
	size_t n_pairs;       /* least of them */
	double sd;            /* of one pair's log ratio, robust (1.4826 MAD around 0) */
	/* Ratio - 1: 95 % of estimates of n_pairs pairs lie within it of "no change". */
	double floor;
	/* Ratio - 1: a change so large for the worse is called worse in 80 % of comparisons, each
	 * by itself: a family's correction asks for more. */
	double visible[CALIBRATION_SIZES];
	/* Lag-1 autocorrelation of the trials' logs in the order in which they ran, over all equal
	 * cells; what pairs in one block cancel. */
	double r1;
	/* Comparisons of the first half of the trials with the second, whatever cell they are of,
	 * as if one cell had run before the other: called apart at 95 %? */
	bool is_apart_in_time;
	double in_time;                   /* their ratio */
	double matters;                   /* ratio - 1 */
	struct calibration_pair *pairs;   /* n_comparisons of them; owned */
	struct calibration_value *values; /* in the order in which they ran; owned */
	size_t n_values;
};

struct calibration {
	size_t n_cells;               /* equal ones */
	size_t n_repeats;             /* most of any */
	struct calibration_row *rows; /* by job, then metric; those with six pairs or more */
	size_t n_rows;
	size_t n_comparisons, n_apart, n_alarms, n_family; /* of all rows that are not thin */
};

/* Equal: all axes have the same values. The largest group of them in the run; where two are as
 * large, the first. @e NULL: the defaults. @seed: of what is drawn. -ENOENT: no two cells are
 * equal; -EINVAL: fewer than six trials of them; -ENOMEM. @d and @s must outlive it. */
int calibrate(const struct run_data *d, const struct summaries *s, const struct min_effects *e,
	      uint64_t seed, struct calibration *ret, struct bl_err *err);
void calibration_done(struct calibration *c);

/* A row's floor alone, ratio - 1: 95 % of estimates of @n_pairs (6 to RANK_PAIRS_MAX) pairs, drawn
 * out of the log ratios @d[n_d] of equal cells, lie within it of "no change". */
double calibration_floor(const double *d, size_t n_d, size_t n_pairs, uint64_t seed,
			 const char *job, enum metric m);

/* The row, or NULL. */
const struct calibration_row *calibration_find(const struct calibration *c, const char *job,
					       enum metric m);

#endif
