/* night.h - what one night was: the run, its figures, what changed, and whether that held.
 *
 * Filled by `blklab nightly`, rendered by reports/ (text, JSON, JUnit, OpenMetrics, pages).
 * Strings are owned (malloc) and never NULL unless the comment says so; an empty list is
 * {NULL, 0}. Figures are in the unit of their metric (metric_names); times are wall clock in ms
 * since 1970.
 */
#ifndef NIGHT_H
#define NIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "profile_verdict.h"
#include "summary.h"

enum night_outcome {
	NIGHT_OK,          /* measured, nothing new changed */
	NIGHT_CHANGED,     /* something changed that was not reported before */
	NIGHT_CANNOT_TELL, /* measured, but there is too little to compare with, or trials failed */
	NIGHT_NOT_MEASURED, /* busy host, another run, no start: there is no run */
	NIGHT_OUTCOMES
};
extern const char *const night_outcome_names[NIGHT_OUTCOMES]; /* "ok", "changed", ... */

/* A change point is a candidate until fresh runs were made to confirm it. */
enum change_state {
	CHANGE_CANDIDATE,        /* not confirmed yet: no confirmation was asked for or left */
	CHANGE_CONFIRMED,        /* fresh runs differ from those before it, too */
	CHANGE_WENT_AWAY,        /* fresh runs are as they were before it */
	CHANGE_NOT_REPRODUCIBLE, /* fresh runs are neither as before nor as after */
	CHANGE_ACKNOWLEDGED,     /* a person said that it is known */
	CHANGE_STATES
};
extern const char *const change_state_names[CHANGE_STATES]; /* "candidate", "confirmed", ... */

/* One metric of one job of one cell that shifted. */
struct night_change {
	char id[BL_UUID_TEXT];
	char event[BL_UUID_TEXT]; /* shared by all that shifted on the same night */
	char *cell, *job;
	enum metric metric;
	char at_run[BL_UUID_TEXT]; /* the first run after it */
	uint64_t at_ms;            /* when that run began */
	size_t nights_since;       /* nights measured from that one on, itself included */
	double before, after;      /* medians of the nights on both sides */
	double ratio, lo, hi;      /* after / before, and its 95 % interval */
	double p;                  /* of no change, two-sided */
	bool is_worse;             /* by the direction of the metric */
	bool is_drift;             /* a slow slope fits better than a step (a hint) */
	bool is_of_baseline;       /* before: the baseline; at_run: the first of the nights in a row
				    * that lie beyond it */
	bool is_beyond_baseline;   /* in all of the last nights (JUDGE_BASELINE_NIGHTS) */
	bool is_new;               /* not told on an earlier night; found on one it may have been */
	enum change_state state;
	char *cause;        /* "QEMU 7.2.22 -> 10.0.2" on that very night; NULL: nothing that is
			     * known of the environment changed then */
	char *confirmation; /* a sentence: what the fresh runs gave; NULL: none were made */
};

/* One figure of this night: every cell, job and metric that is judged. */
struct night_point {
	char *cell, *job;
	enum metric metric;
	size_t n;     /* trials of this night that have it */
	double value; /* their median */
	enum profile_verdict verdict;
	double ratio;      /* to what it is compared with; 0: to nothing */
	bool has_interval; /* lo, hi: where the ratio of an unchanged host lies, 95 % */
	double lo, hi;
	bool is_worse;   /* PROFILE_DRIFTED: for the worse */
	bool is_outlier; /* far from the nights before, and from no change point */
	char *why;       /* a sentence; "" when there is nothing to say */
};

struct night_failure {
	char *cell;
	uint32_t repeat; /* 0-based */
	char *reason;
};

struct night {
	bool is_test; /* of notifications: nothing was measured, and the headline says so */
	char *scenario, *host_id, *host_name, *version; /* of blklab */
	char *accel;                                    /* "kvm", "tcg", "none"; "": not measured */
	char *baseline;            /* the name of what it was compared with; NULL: none */
	char *report_path;         /* NULL: none was written */
	char run_id[BL_UUID_TEXT]; /* "": not measured */
	uint64_t started_ms, ended_ms;
	enum night_outcome outcome;
	char *reason; /* a sentence: why this outcome */
	size_t n_trials, n_ok;
	size_t n_nights;            /* in the history, this one included */
	bool is_stopped;            /* a person did not let it go on to the end */
	bool trusts_candidates;     /* nothing is ever confirmed, as a person chose: a candidate is
				     * told as it is */
	struct night_point *points; /* by cell, job, metric */
	size_t n_points;
	struct night_change *changes; /* new ones first, then the greatest first */
	size_t n_changes;
	struct night_failure *failures;
	size_t n_failures;
	char **environment; /* "QEMU 7.2.22 -> 10.0.2": what changed since the night before */
	size_t n_environment;
	char **notes; /* sentences: runs left out of the history, cells without figures, ... */
	size_t n_notes;
};

/* It is told for the first time, and is more than one series' candidate: confirmed; or its event is
 * found in two pairs of cell and job, or more; or beyond the baseline in all of the last nights; or
 * the night trusts candidates. */
bool night_change_counts(const struct night *n, const struct night_change *c);
/* The same, and for the worse. */
bool night_change_alarms(const struct night *n, const struct night_change *c);
/* Some change alarms. The only rule there is for it: exit code, metrics, JUnit, `on: worse` and the
 * words of a text go by it. A figure that is off for one night is no alarm. */
bool night_is_worse(const struct night *n);
/* What `blklab nightly` ends with when it could judge the night. An alarm comes first; what got
 * better is told, and fails nobody's script. */
enum night_exit {
	NIGHT_EXIT_FINE = 0,
	NIGHT_EXIT_TRIAL_FAILED = 1, /* or it was stopped */
	NIGHT_EXIT_WORSE = 4,
	NIGHT_EXIT_CANNOT_TELL = 5
};
enum night_exit night_exit_of(const struct night *n);

/* A candidate that does not count: it is to be confirmed, tonight or on a night to come. */
bool night_change_is_open(const struct night *n, const struct night_change *c);
/* Whoever hears of this night need not hear of it again: it, or a part of its event, counts; or it
 * was told before, or turned out to be none. */
bool night_change_is_told(const struct night *n, const struct night_change *c);
/* Changes for the worse that were told, tonight or before, and that nobody acknowledged. */
size_t night_count_unsettled(const struct night *n);

/* Frees what it owns and zeroes it; the night itself is the caller's. */
void night_change_done(struct night_change *c);
void night_point_done(struct night_point *p);
void night_done(struct night *n);

#endif
