/* summary.h - from trials to figures: per cell and job, over the trials.
 *
 * Percentiles come from merged histograms, never from averaged percentiles; spread is between
 * trials, because the trial (one boot) is the unit of replication.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "record.h"

enum {
	SUMMARY_P50,
	SUMMARY_P90,
	SUMMARY_P95,
	SUMMARY_P99,
	SUMMARY_P99_9,
	SUMMARY_P99_99,
	SUMMARY_PERCENTILES
};
extern const double summary_p[SUMMARY_PERCENTILES];            /* 50, 90, ... */
extern const char *const summary_p_names[SUMMARY_PERCENTILES]; /* "p50", ..., "p99.99" */

/* Percentile of a latency block, or absent: fewer than 1/(1-p) samples. is_thin: fewer than 100
 * samples beyond it. @l may be NULL: absent. */
struct pct {
	bool is_known, is_thin;
	uint64_t ns;
};
struct pct lat_pct(const struct lat *l, double p);

/* A figure over trials. */
struct spread {
	size_t n; /* trials that have it; 0: nothing is known */
	double median, min, max;
	double rel_mad_pct; /* 1.4826 * MAD / median * 100; 0 when n < 2 */
};

/* All latencies are `lat` (built to completed). */
enum metric {
	METRIC_IOPS,
	METRIC_BYTES_PER_S,
	METRIC_MEAN,
	METRIC_P50,
	METRIC_P99,
	METRIC_P99_9,
	METRIC_MAX,
	METRIC_CPU_PER_IO,
	METRICS
};
extern const char *const metric_names[METRICS]; /* "iops", ..., "cpu_ns_per_io" */
extern const bool metric_more_is_better[METRICS];

/* One metric of one job result, all directions but sync merged by histogram. false: absent (no
 * sample, no latencies, too few of them for the percentile, CPU time not measured or that of
 * several jobs at once). */
bool job_metric(const struct job_result *j, enum metric m, double *ret);

#define SUMMARY_VALUES 64

/* One cell, one job, over its ok trials. Everything is owned. */
struct summary {
	uint32_t cell;
	char job[128];
	size_t n_ok;              /* ok trials in which the job has a sample */
	size_t n_trials;          /* all trials of the cell */
	struct lat *lat[IO_DIRS]; /* merged over ok trials; NULL: none */
	struct lat *all;          /* read + write + trim merged; NULL: none */
	struct spread metric[METRICS];
	bool is_thin[METRICS]; /* a percentile with fewer than 100 samples beyond it in some trial
				*/
	/* One figure an ok trial that has it, in repeat order; first min(metric[m].n, 64). */
	double values[METRICS][SUMMARY_VALUES];
	uint32_t value_repeats[METRICS][SUMMARY_VALUES]; /* of each value: pairs across cells */
	uint32_t repeats[SUMMARY_VALUES]; /* of the n_ok trials: value_repeats when all have it */
};

struct summaries {
	struct summary *items; /* by cell, then job in file order; every cell has every job */
	size_t n;
};
/* -ENOMEM. */
int summarize(const struct run_data *d, struct summaries *ret, struct bl_err *err);
void summaries_done(struct summaries *s);
/* Borrowed; NULL: no such job. */
const struct summary *summaries_find(const struct summaries *s, uint32_t cell, const char *job);

enum verdict { VERDICT_CANNOT_TELL, VERDICT_BETTER, VERDICT_WORSE, VERDICT_SAME, VERDICTS };
extern const char *const verdict_names[VERDICTS]; /* "cannot tell", "better", "worse", "same" */

/* B against A, one metric, paired by repeat (a block holds every cell once): the median of the
 * pairwise log ratios' Walsh averages (Hodges-Lehmann) with the exact Wilcoxon signed-rank 95 %
 * interval (rank.h). With d = min_effect, on the log scale:
 *   better, worse: the 95 % interval lies wholly beyond the effect that matters, 1 + d;
 *   same: the 90 % interval lies wholly within it (two one-sided tests at 5 %);
 *   else cannot tell, and why says whether it differs at all.
 * Below six pairs no such interval exists: has_interval false, verdict "cannot tell". The
 * same for thin percentiles, with the interval shown. Pairs whose ratio is not a positive number
 * are left out. */
struct comparison {
	size_t n_pairs;
	double ratio; /* B / A; 0 when n_pairs is 0 */
	bool has_interval;
	double lo, hi;     /* of the ratio, 95 % */
	double min_effect; /* ratio - 1 that matters, e.g. 0.05 for p99 */
	enum verdict verdict;
	char why[160]; /* "3 pairs; six are the least for a 95 % interval" */
};
struct comparison compare_summaries(const struct summary *a, const struct summary *b,
				    enum metric m);
/* IOPS, bandwidth, mean and p50 3 %, p99 5 %, p99.9 10 %; the maximum, one I/O a trial, 20 %; CPU 5
 * %. */
extern const double metric_min_effect[METRICS];

#endif
