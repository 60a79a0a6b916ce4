/* history.h - runs of one scenario on one host, reduced to nights and to one series a figure.
 *
 * A night is a run that `blklab nightly` made, together with those that it made again at once
 * because a figure was far off. Runs that can't be compared with the newest are left out, with
 * the reason; a night that lacks a figure is not in the series of that figure: nothing is ever
 * interpolated.
 *
 * What a run declares (run_record.declared) says what it is:
 *   "nightly" = "yes"             made by nightly
 *   "nightly.rerun_of" = RUN      its affected cells once more, part of that night
 *   "nightly.confirm" = EVENT     fresh runs that confirm a change: no night
 *   "calibrate" = "yes"           of a calibration: no night
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "change_points.h"
#include "err.h"
#include "metric.h"
#include "record.h"
#include "run_figures.h"

#define NIGHTLY_FACT         "nightly"
#define NIGHTLY_FACT_RERUN   "nightly.rerun_of"
#define NIGHTLY_FACT_CONFIRM "nightly.confirm"
#define CALIBRATION_FACT     "calibrate"

/* Why a run is no night of a history. */
enum history_why {
	HISTORY_IS_NIGHT,
	HISTORY_ORDINARY,     /* not made by nightly, and not adopted */
	HISTORY_EXTRA,        /* a confirmation or calibration */
	HISTORY_INTERRUPTED,  /* stopped or killed: which cells it has is chance */
	HISTORY_OTHER_ENGINE, /* another version (major.minor) than the newest run's */
	HISTORY_OTHER_ACCEL, /* emulated where the newest with a VM ran under KVM, or the reverse */
	HISTORY_NO_FIGURES,  /* no trial gave one */
	HISTORY_WHYS
};
extern const char *const history_why_says[HISTORY_WHYS]; /* "was interrupted", ... */

/* One run, reduced to its figures. */
struct history_run {
	struct run_figures figures;
	char *scenario_text;
	struct facts declared, environment;
	bool is_interrupted;
	size_t n_unstable; /* jobs of trials that were not steady: left out of the figures */
	enum history_why why;
};

struct night_figures {
	char run[BL_UUID_TEXT]; /* the first of the night */
	uint64_t started_ms;
	const struct history_run *first; /* borrowed */
	size_t n_runs;                   /* with those made again */
	size_t n_trials, n_ok;           /* of all of them */
	/* What identifies the system, or what was asked for, and changed since the night before,
	 * or of a cell since its last night that says it: "QEMU 7.2.22 -> 10.0.2". */
	char **marks;
	size_t n_marks;
};

/* One figure over the nights. */
struct series_history {
	const char *cell, *job; /* borrowed from a run */
	enum metric metric;
	double *y;        /* natural logarithm: the median over the night's runs */
	size_t *night;    /* index of the night of each, ascending */
	size_t *n_trials; /* that each is made of */
	size_t n;
};

struct history {
	struct history_run **runs; /* all that were added, by time */
	size_t n_runs;
	/* After history_settle(): */
	struct night_figures *nights;
	size_t n_nights;
	/* By cell and job, as the first night that has them; then by metric. */
	struct series_history *series;
	size_t n_series;
};

struct history_rules {
	bool adopt; /* ordinary runs of the scenario are nights, too */
};

/* What is judged from night to night: iops, mean, p50, p99, p99.9, the maximum, CPU per I/O.
 * Bandwidth says what IOPS say. */
#define HISTORY_METRICS 7
extern const enum metric history_metrics[HISTORY_METRICS];

/* Add a run with its figures (store_load_figures()), in any order. Percentiles with fewer than 100
 * samples beyond them, and jobs that were not steady, have no figure. -ENOMEM, and it is not added.
 */
int history_add(struct history *h, const struct run_data *run, struct bl_err *err);

/* Make nights and series of what was added; may be called again after more was. -ENOMEM. */
int history_settle(struct history *h, const struct history_rules *rules, struct bl_err *err);

/* Is it a night of its own: neither of another night, nor no night at all? What can't be compared
 * with the newest is one here. */
bool history_is_night(const struct history_run *r, const struct history_rules *rules);

/* The acceleration of its nights, of which all with a VM have the same: "kvm", "tcg"; "none" where
 * no night has a VM. NULL: there are no nights. Borrowed. */
const char *history_accel(const struct history *h);

/* How many runs were left out for @why. */
size_t history_left_out(const struct history *h, enum history_why why);

/* Did what identifies the system change between the night of the value before the @k-th and its
 * own? Nights that lack the figure lie between. */
bool history_has_mark(const struct history *h, const struct series_history *s, size_t k);
/* The change points of @s with the odds that marks give; log_odds of @o is not used. As
 * changes_find(). */
int history_changes(const struct history *h, const struct series_history *s,
		    const struct change_options *o, struct changes *ret);

/* The rows of the first run of @night, in which figures are the median over all of the night's runs
 * that have them and none thin. *ret is new (free()), [first->figures.n]; its texts are borrowed.
 * -ENOMEM. */
int history_night_rows(const struct history *h, size_t night, struct figure_row **ret);

/* NULL: there is no such series. */
const struct series_history *history_series(const struct history *h, const char *cell,
					    const char *job, enum metric m);
/* The night of a run, or the first one that began later (its id says when: UUIDv7); n_nights: none.
 */
size_t history_night_of(const struct history *h, const char *run);

/* Append a sentence of the percentiles that have no figure, because too few samples lie beyond
 * them: of each cell and job (NULL: all) the newest night from @from on that has it. Nothing where
 * there are none. Names are as stored. -ENOMEM. */
int history_thin(const struct history *h, size_t from, const char *cell, const char *job,
		 struct bl_buf *out);

void history_done(struct history *h);

#endif
