/* night_judge.h - from the history of a scenario to what is said of its last night.
 *
 * Two questions are asked of every series (changes.h): whether it shifted at a time nobody knows,
 * by the detector with its settings for alerts, where nights on which the environment changed have
 * odds of 100 to 1; and whether it shifted on such a night, by a test that need not search. What
 * began within the last fortnight is told; older changes are history.
 */
#ifndef NIGHT_JUDGE_H
#define NIGHT_JUDGE_H

#include "history.h"
#include "metric.h"
#include "night.h"
#include "profile.h"

/* A change that began longer ago is not told any more. */
#define JUDGE_RECENT_NIGHTS 14
/* The same change, reported before: as a history grows its begin moves by so much. */
#define JUDGE_SAME_NIGHTS 3
/* Series that shift within so many nights of each other are one event. */
#define JUDGE_EVENT_NIGHTS 1
/* The last segment is what a figure is compared with from so many nights on. */
#define JUDGE_SEGMENT_NIGHTS 7
/* Figures that lie beyond the baseline for so many nights in a row, on the same side, changed. */
#define JUDGE_BASELINE_NIGHTS 3
/* Known nights: so many nights since, at least (of two, a bad one would decide), and the false
 * discovery rate over the series that are tested for one night. The test is repeated each night for
 * a fortnight, hence the small rate: tests/unit/history/simulate_nights.c has what comes of it. */
#define JUDGE_KNOWN_NIGHTS 3
#define JUDGE_KNOWN_BEFORE 5 /* fewer say too little of the noise */
#define JUDGE_KNOWN_RATE   0.005

struct judge_rules {
	const struct min_effects *effects;   /* NULL: the defaults */
	const struct change_record *earlier; /* of this host and scenario: what was reported */
	size_t n_earlier;
	/* The last nights against a baseline, each for itself, newest first; n_checks 0: none. */
	const struct profile_check *checks;
	size_t n_checks;
	void (*new_id)(void *ctx, char id[BL_UUID_TEXT]); /* of changes and events */
	void *ctx;
};

/* The last nights against a baseline, each for itself, newest first, with what was measured again.
 * @checks: for JUDGE_BASELINE_NIGHTS; *ret_n are made, and profile_check_done() is the caller's
 * also after an error. -ENOMEM, or as profile_check_figures(). */
int night_check_baseline(const struct history *h, const struct run_figures *base, size_t n_base,
			 const struct min_effects *e, struct profile_check *checks, size_t *ret_n,
			 struct bl_err *err);

/* Judge the last night of @h, which was settled: @n->baseline is set where there are checks. What
 * was there of @n's points, changes, environment and notes is replaced; n_nights, n_trials, n_ok,
 * outcome and reason are set. -EINVAL: @h has no night. -ENOMEM. On failure @n is as it was. */
int night_judge(const struct history *h, const struct judge_rules *rules, struct night *n,
		struct bl_err *err);

/* Outcome and reason again, after states of changes were set. -ENOMEM. */
int night_conclude(struct night *n, struct bl_err *err);

#endif
