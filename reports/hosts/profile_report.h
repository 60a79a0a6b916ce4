/* profile_report.h - baselines and hosts for a terminal and as JSON: what a host gives, whether it
 * still does, and which of several is odd. docs/baselines.md has the JSON.
 */
#ifndef PROFILE_REPORT_H
#define PROFILE_REPORT_H

#include "alike.h"
#include "buf.h"
#include "profile.h"

struct term_size {
	unsigned columns;
	bool color;
	bool is_all; /* every row, not only those that need to be read */
};

/* A baseline and its runs, borrowed. */
struct profile_of_baseline {
	const struct baseline_record *baseline;
	const struct run_figures *runs; /* of @baseline, in its order */
	size_t n_runs;
	uint64_t now_ms; /* for how old it is */
	/* The command that records it, as far as "record NAME SCENARIO", for a POSIX shell; more
	 * runs are advised by it. NULL: not known, and none is named. */
	const char *record;
};

int report_profile(const struct profile_of_baseline *b, const struct term_size *t,
		   struct bl_buf *out, struct bl_err *err);
int report_profile_json(const struct profile_of_baseline *b, struct bl_buf *out,
			struct bl_err *err);

/* @new: the runs that were checked, the newest last. */
int report_check(const struct profile_of_baseline *b, const struct run_figures *new, size_t n_new,
		 const struct profile_check *c, const struct term_size *t, struct bl_buf *out,
		 struct bl_err *err);
int report_check_json(const struct profile_of_baseline *b, const struct run_figures *new,
		      size_t n_new, const struct profile_check *c, struct bl_buf *out,
		      struct bl_err *err);
/* "drifted": for the worse; "ok": also when something is better now; "cannot tell": of some job not
 * one figure could be told. */
enum profile_verdict report_check_outcome(const struct profile_check *c);

/* @hosts as alike_of() had them. */
int report_hosts(const char *scenario, const struct alike_host *hosts, const struct alike *a,
		 const struct term_size *t, struct bl_buf *out, struct bl_err *err);
int report_hosts_json(const char *scenario, const struct alike_host *hosts, const struct alike *a,
		      struct bl_buf *out, struct bl_err *err);
/* Odd; else cannot tell (hosts that differ, stand out, or can't be compared at a single figure);
 * else alike. */
enum alike_verdict report_hosts_outcome(const struct alike *a);

#endif
