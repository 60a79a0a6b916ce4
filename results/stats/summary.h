/* summary.h - from trials to figures: per cell and job, over the trials.
 *
 * Percentiles come from merged histograms, never from averaged percentiles; spread is between
 * boots, because the boot is the unit of replication. Mostly a boot is one trial; where cells took
 * turns in one boot, the rounds of a cell are one value, the mean of their logarithms, since rounds
 * of one boot are more alike than boots are.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "decide.h"
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
/* As the store names it: "p99_9" for p99.9. Returns @out. */
char *summary_p_column(int p, char out[16]);

/* Percentile of a latency block, or absent: fewer than 1/(1-p) samples. is_thin: fewer than 100
 * samples beyond it. @l may be NULL: absent. is_told: see told.h; then is_thin, too, so that
 * nothing but verdicts, which compare trials, is made of it. */
struct pct {
	bool is_known, is_thin, is_told;
	uint64_t ns;
};
struct pct lat_pct(const struct lat *l, double p);

/* A figure over trials. */
struct spread {
	size_t n; /* boots that have it; 0: nothing is known */
	double median, min, max;
	double rel_mad_pct; /* 1.4826 * MAD / median * 100; 0 when n < 2 */
};

/* One metric of one job result, all directions but sync merged by histogram. false: absent (no
 * sample, no latencies, too few of them for the percentile, CPU time not measured or that of
 * several jobs at once). */
bool job_metric(const struct job_result *j, enum metric m, double *ret);
/* A percentile with fewer than 100 samples beyond it. */
bool job_metric_is_thin(const struct job_result *j, enum metric m);
/* The percentile that a metric is, in percent; 0: it is none. */
double metric_percentile(enum metric m);
/* I/Os of which 100 lie beyond percentile @p: with fewer it is thin. */
double ios_of_percentile(double p);

#define SUMMARY_VALUES 64

/* One cell, one job, over its ok trials. Everything is owned. */
struct summary {
	uint32_t cell;
	char job[128];
	size_t n_ok;              /* boots with an ok trial in which the job has a sample */
	size_t n_trials;          /* all boots of the cell */
	uint32_t n_rounds;        /* the most ok trials in one of the boots; 0: none */
	struct lat *lat[IO_DIRS]; /* merged over ok trials; NULL: none */
	struct lat *all;          /* read + write + trim merged; NULL: none */
	struct pct told[SUMMARY_PERCENTILES]; /* where `all` has no histogram */
	struct spread metric[METRICS];
	bool is_thin[METRICS]; /* a percentile with fewer than 100 samples beyond it in some trial
				*/
	/* One figure a boot that has it, in repeat order; first min(metric[m].n, 64). */
	double values[METRICS][SUMMARY_VALUES];
	/* The rounds behind each value, a bit each: two cells' values of one boot are a pair when
	 * they are of the same rounds. */
	uint64_t value_rounds[METRICS][SUMMARY_VALUES];
	uint32_t value_repeats[METRICS][SUMMARY_VALUES]; /* of each value: pairs across cells */
	uint32_t repeats[SUMMARY_VALUES]; /* of the n_ok trials: value_repeats when all have it */
	/* When the first and the last ok trial of each such repeat had its turn: places in the
	 * plan, of imported trials the times of their ends (16 bits more: places). */
	uint64_t first_turn[SUMMARY_VALUES], last_turn[SUMMARY_VALUES];
};

struct summaries {
	struct summary *items; /* by cell, then job in file order; every cell has every job */
	size_t n;
};
/* Percentile summary_p[p] of the cell and job: of `all`, else told. */
struct pct summary_pct(const struct summary *s, int p);
/* -ENOMEM. */
int summarize(const struct run_data *d, struct summaries *ret, struct bl_err *err);
void summaries_done(struct summaries *s);
/* Borrowed; NULL: no such job. */
const struct summary *summaries_find(const struct summaries *s, uint32_t cell, const char *job);

/* Did the cells take turns: of the repeats that both have, is each over in both before the next
 * begins in either? If not, values of equal repeats are no pairs. */
bool summaries_took_turns(const struct summary *a, const struct summary *b);

/* ln B - ln A of the repeats that both have, in their order; how many. */
size_t summary_log_ratios(const struct summary *a, const struct summary *b, enum metric m,
			  double d[SUMMARY_VALUES]);

/* B against A, one metric, paired by repeat (a block holds every cell once), decided as decide.h
 * says with what matters by metric_min_effect. Of cells that took no turns all values, as samples
 * that are no pairs (is_unpaired). Thin percentiles decide nothing: "cannot tell", with
 * the interval shown. Pairs whose ratio is not a positive number are left out. */
struct comparison compare_summaries(const struct summary *a, const struct summary *b,
				    enum metric m);
/* The same with what matters by @e; NULL: metric_min_effect. */
struct comparison compare_summaries_by(const struct summary *a, const struct summary *b,
				       enum metric m, const struct min_effects *e);

#endif
