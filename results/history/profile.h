/* profile.h - what a host gives: the figures of the runs of a baseline, and whether other runs
 * still give the same.
 *
 * Two runs on two days differ by more than the trials of one run do, so one run is one value
 * (the median of the logs of its trials) and only the spread between runs decides.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "fingerprint.h"
#include "metric.h"
#include "profile_verdict.h"
#include "run_figures.h"

#define PROFILE_RUNS_MIN 3 /* of the baseline, for an interval */

/* ---- the table ---- */

struct profile_figure {
	size_t n;     /* runs that have it; 0: none */
	double value; /* the typical run: the mean of the logs, back in the metric's unit */
	double run_sd, trial_sd; /* between runs, and between trials of a run, of the natural logs
				  * (0.04: 4 %); NAN: not known */
	bool is_thin;
};
struct profile_line {
	const char *cell, *job; /* borrowed from the figures */
	uint64_t iodepth;       /* 0: the job does not say */
	size_t n_trials;        /* boots of all runs */
	size_t n_unstable;      /* trials left out of it */
	struct profile_figure by[METRICS];
};
struct profile {
	struct profile_line *items; /* by cell, job; in the order of the runs */
	size_t n;
};
/* @runs stay and are read. -ENOMEM. */
int profile_of(const struct run_figures *runs, size_t n, struct profile *ret);
void profile_done(struct profile *p);

/* ---- the check ---- */

struct profile_row {
	char *cell, *job;
	uint64_t iodepth;
	enum metric metric;
	size_t n_base, n_now; /* runs */
	double base, now;     /* typical runs, in the metric's unit; 0: none */
	double ratio;         /* now / base; 0: one is missing */
	bool has_interval;
	double lo, hi; /* where the ratio of an unchanged host lies, 95 % */
	double min_effect;
	double p, p_adjusted; /* of an unchanged host, two-sided; in the family; NAN: none */
	bool is_worse;        /* on the worse side of 1 */
	enum profile_verdict verdict;
	size_t more_runs; /* cannot tell: of the baseline, that would let it tell; 0: other reasons
			   */
	char why[200];    /* "" where there is nothing to add */
};
struct profile_check {
	struct profile_row *items; /* as profile, then by metric */
	size_t n;
	struct env_changes changes; /* from the newest run of the baseline to the newest now */
	size_t n_drifted, n_worse;  /* drifted in all, and for the worse */
	size_t n_cannot_tell;
	size_t n_untold;  /* jobs of cells of which not one metric could be told */
	double base_days; /* between the first run of the baseline and its last */
};

/* Each metric is a family: its p-values are corrected by Benjamini and Hochberg.
 *   cannot tell: too few runs of the baseline, a thin percentile, another job or ruler, nothing
 *     measured, or an interval so wide that it says nothing;
 *   drifted: not an unchanged host's value (adjusted p <= 0.05), and by more than the effect that
 *     matters;
 *   ok: neither.
 * The interval is the prediction interval of a mean of n_now runs from n_base ones, Student's t
 * with n_base - 1 degrees of freedom; from seven runs on the spread counts their autocorrelation.
 * Assumes: logs of runs normal, and the host's days as alike as those of the baseline were: runs of
 * one hour don't tell what days differ by. @e NULL: min_effects_default. -EINVAL: no runs; -ENOMEM.
 */
int profile_check_figures(const struct run_figures *base, size_t n_base,
			  const struct run_figures *now, size_t n_now, const struct min_effects *e,
			  struct profile_check *ret, struct bl_err *err);
int profile_check(const struct run_data *const *base, size_t n_base,
		  const struct run_data *const *now, size_t n_now, const struct min_effects *e,
		  struct profile_check *ret, struct bl_err *err);
void profile_check_done(struct profile_check *c);

/* ---- the spread of runs, on the log scale; what the check rests on ---- */

struct run_spread {
	double mean, var; /* var: of one run */
	double inflation; /* of the variance of their mean by autocorrelation; 1: none */
	double df;
};
/* @y[n] in order of time, n >= 2. */
struct run_spread run_spread_of(const double *y, size_t n);
/* The variance of (mean of @m later runs) - (mean of these @n). */
double run_spread_prediction(const struct run_spread *s, size_t n, size_t m);

#endif
