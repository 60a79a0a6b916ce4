/* night_judge_priv.h - what the parts of a judgement share. */
#ifndef NIGHT_JUDGE_PRIV_H
#define NIGHT_JUDGE_PRIV_H

#include "change_points.h"
#include "night_judge.h"

#define NO_SHIFT SIZE_MAX

/* One series that shifted lately, as it was found. */
struct shift {
	size_t series;                   /* of the history */
	size_t at;                       /* its first value after, index in the series */
	size_t night;                    /* of that value */
	double before, after, lo, hi, p; /* as y; lo, hi: of after - before */
	bool is_drift;
	bool is_known; /* by the test of a known night: the detector did not find it (yet) */
	const struct change_record *reported; /* found on an earlier night; NULL: not */
	bool is_new;
	char id[BL_UUID_TEXT], event[BL_UUID_TEXT];
	size_t cause; /* the night whose marks are named; NO_SHIFT: none has any */
};

/* What is known of a series, by its index in the history. */
struct series_state {
	struct changes found;
	size_t segment; /* index of the first value of the last segment */
};

struct judging {
	const struct history *h;
	const struct judge_rules *rules;
	const struct min_effects *effects;
	struct series_state *states;
	struct shift *shifts;
	size_t n_shifts, cap;
};

/* A shift of as much as matters for the metric. */
bool shift_matters(const struct judging *j, enum metric m, double shift);
bool night_is_recent(const struct history *h, size_t night);

/* states and shifts. -ENOMEM. */
int shifts_find(struct judging *j);
/* Which were reported, which are one event, and what each event coincides with; more of the
 * strongest first. */
void events_make(struct judging *j);
/* Points of the last night. */
int points_judge(struct judging *j, struct night *n);

/* Points against the baseline, and figures that have been beyond it for several nights. */
int baseline_points(const struct judging *j, struct night *n);
int baseline_changes(const struct judging *j, struct night *n);

int night_add_change(struct night *n, struct night_change *c);
enum change_state night_state_named(const char *name); /* a candidate where there is no such */
/* printf, appended to the notes. */
int night_note(struct night *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
