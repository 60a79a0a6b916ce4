/* verdict_text.h - what comparisons leave open, and for how many they were corrected, in words; the
 * same in every document. */
#ifndef REPORT_VERDICT_TEXT_H
#define REPORT_VERDICT_TEXT_H

#include "minute.h"

/* "about 4 more trials would tell", "more than 30 trials more, so noisy is it and so near to what
 * matters the difference"; nothing when it can tell, or when trials would not help. */
void verdict_more(const struct comparison *c, struct bl_buf *out);
/* The same of what is no trial: "pair" and "pairs", "value a side" and "values a side". */
void verdict_more_of(const struct comparison *c, const char *one, const char *several,
		     struct bl_buf *out);

/* What its p is of: "that it lies between -4.8 % and +5.0 %, which does not matter". */
void verdict_p(const struct comparison *c, struct bl_buf *out);

/* "cannot tell~" where that is because of a thin percentile; else as verdict_names. */
const char *verdict_marked(const struct comparison *c);
/* Of a percentile that is thin on one of the sides: "in some trial fewer than 100 samples lie
 * beyond it; trials of 10000 I/Os would let it be told, a runtime of 4 s at the 3060 IOPS of the
 * slowest". */
void verdict_thin(const struct view_row *a, const struct view_row *b, int p, struct bl_buf *out);

/* Several comparisons of one question; {0} to begin. */
struct verdict_tally {
	size_t n, n_open;           /* with pairs; that cannot tell */
	size_t n_soon, least, most; /* of the open ones: how many more trials would tell */
	size_t n_blind, blind; /* spread not known yet: the most that are missing to an interval */
	size_t n_thin;         /* which more trials would not help */
	size_t n_far;          /* more than FORECAST_MOST */
	size_t most_pairs;     /* with those more: a --repeats that would tell */
	size_t family;         /* how many they were corrected for; 0: none had an interval */
	double min_effect;
	bool is_floor;
};
void verdict_tally_add(struct verdict_tally *t, const struct comparison *c);
/* "about 2 to 7 more trials would tell in 3 of them; in 2 it would take more than 30, ..."; nothing
 * when none is open or nothing is known of them. */
void verdict_tally_more(const struct verdict_tally *t, struct bl_buf *out);
/* p99 of all cells of a job against the reference. */
struct verdict_tally verdict_tally_of(const struct view *v, const struct view_job *job);

/* A sentence a job that has verdicts: for how many comparisons they are corrected, what matters,
 * what is open and how many trials would tell; one for all when it is the same. */
void verdict_families(const struct view *v, struct lines *out);
/* The sentence of one job; nothing when it has no verdicts. */
void verdict_family(const struct view *v, const struct view_job *job, struct bl_buf *out);

/* What p99 takes to be judged, where in some trial of a job too few samples lie beyond it: the
 * runtime of the job that needs the longest, at the IOPS of its slowest trial. */
void verdict_runtime(const struct view *v, struct lines *out);

#endif
