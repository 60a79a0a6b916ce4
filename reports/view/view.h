/* view.h - a run as every document sees it: which cells, in which order, against what.
 *
 * Made once per document from records and statistics; the page, Markdown, JSON, CSV and the
 * terminal read the same figures from it, so they can't disagree. Borrows the run_data.
 */
#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

#include "bill.h"
#include "decision.h"
#include "diagnosis.h"
#include "floors.h"
#include "job_analysis.h"
#include "knee.h"
#include "record.h"
#include "boots.h"
#include "report_options.h"
#include "summary.h"

/* One axis whose value is not the same in all cells that it has a meaning in. */
struct view_axis {
	const char *name;
	const char **values; /* distinct, in order of appearance; borrowed strings */
	size_t n_values;
};

struct view_cell {
	const struct cell_record *rec;
	size_t n_trials, n_ok;
	struct cell_boots boots;
	size_t n_state[TRIAL_STATES];
	const struct trial_record *first_bad; /* NULL: every trial was ok */
	const struct trial_record *proof;     /* the trial whose configuration is shown; NULL: no
					       * trial got as far as being read */
	bool is_host;                         /* no VM: the floor, not a choice */
	int series;                           /* colour on the page; -1: grey */
};

/* Over the ok trials of a cell under one job. */
struct view_stutter {
	size_t n_trials; /* whose slices are known */
	size_t n_stalled, n_periodic;
	double least_s, most_s; /* of the periods */
};

/* One cell under one job. */
struct view_row {
	uint32_t cell;
	const struct summary *sum; /* NULL: no ok trial */
	struct pct p[SUMMARY_PERCENTILES];
	struct comparison ref[METRICS];   /* against the reference; n_pairs 0 for itself */
	const struct job_result *typical; /* of the ok trial whose p99 is the median; NULL: none */
	uint32_t typical_repeat;
	size_t typical_trial; /* index into run_data.trials */
	/* By view_judge(): of the typical trial; NULL: none, or nothing is known of its time. */
	struct job_analysis *seen;
	struct view_stutter stutter;
};

struct view_job {
	const char *name, *text;
	struct view_row *rows;  /* best p99 first; those without p99 last */
	size_t n_rows;          /* == number of cells */
	double low_ns, high_ns; /* ns, over all rows; 0: nothing measured */
	struct min_effects min; /* what matters, not below what equal cells differ by */
};

/* Two cells that differ in one axis only. */
struct view_effect {
	const struct view_axis *axis;
	const char *from, *to;
	uint32_t cell_from, cell_to;
	const struct view_job *job;
	struct comparison by[METRICS];
};

struct view {
	const struct run_data *d;
	const struct report_options *opt;
	struct summaries sums;
	struct view_cell *cells;
	struct view_job *jobs;
	size_t n_jobs;
	struct min_effects min; /* as asked for */
	struct floors floors;   /* of equal cells of this run */
	struct view_axis *axes;
	size_t n_axes;
	struct view_effect *effects; /* by job, axis, value; largest change of p99 first */
	size_t n_effects;
	uint32_t reference;
	size_t n_ok;          /* ok trials in all */
	size_t least_ok;      /* boots with an ok trial: the least of any cell that has one */
	size_t n_sharing;     /* cells that shared boots with another */
	uint32_t most_rounds; /* trials of a cell in one boot */
	/* By view_judge(); empty before. */
	struct findings findings;
	struct passthrough_decision decision;
	struct bill bill;
	struct knees knees;
};

/* -ENOENT: the reference names no cell. End with view_done(), also after a failure. */
int view_init(struct view *v, const struct run_data *d, const struct report_options *opt,
	      struct bl_err *err);
void view_done(struct view *v);

/* " in 6 boots x 2 rounds", of the cells that shared boots; nothing when none did. */
void view_rounds(const struct view *v, struct bl_buf *out);

/* Findings, the decision, and what the trials shown say of their time. Two cells side by side need
 * neither. -ENOMEM. */
int view_judge(struct view *v, struct bl_err *err);

/* Findings of one cell, without those of others. */
size_t view_n_findings(const struct view *v, uint32_t cell);

const char *view_axis_value(const struct view *v, uint32_t cell,
			    const char *axis); /* "-": no meaning there, or empty */
/* The @nth best p99 among cells with a VM; NULL: there are fewer with a p99. */
const struct view_row *view_best(const struct view *v, const struct view_job *j, size_t nth);
/* The CPU that ran the cell: "emulated CPU", "host CPU"; NULL: not known. */
const char *view_cpu(const struct view *v, uint32_t cell);
const struct view_row *view_row_of(const struct view_job *j, uint32_t cell);
/* What both cells of a comparison have beside its axis; an axis that has a meaning in one of them
 * only (cache: not with the guest's own driver) is named too, or two comparisons would look alike.
 */
void view_name_rest(const struct view *v, const struct view_effect *e, struct bl_buf *out);
/* "iodepth" from canonical fio text; @otherwise when it is not there. */
long view_job_option(const char *job_text, const char *option, long otherwise);
/* -ENOENT with the names there are. */
int view_find_cell(const struct run_data *d, const char *name, uint32_t *ret, struct bl_err *err);

/* Parts of view_init, one file each. */
int view_find_min_effects(struct view *v);
int view_make_rows(struct view *v);
int view_make_effects(struct view *v, struct bl_err *err);
/* Verdicts of rows and effects, each question one family a job and metric (family.h). */
int view_correct(struct view *v, struct bl_err *err);
/* The parts of view_judge() that tell of time. */
int view_analyse(struct view *v, struct bl_err *err);
/* The bill by what matters here, each column of a job one family. */
int view_correct_bill(struct view *v, struct bl_err *err);
void view_analyses_done(struct view *v);

#endif
