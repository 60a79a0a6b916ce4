/* run_enough.h - when a run has had enough: between its blocks, and what is said of it at the end.
 *
 * repeats: auto and budgets by results/stats/enough.h; a fixed number without a budget only ends.
 */
#ifndef RUN_ENOUGH_H
#define RUN_ENOUGH_H

#include "enough.h"
#include "progress.h"
#include "scenario_load.h"

struct run_enough {
	const struct loaded *what; /* borrowed */
	struct enough *enough;     /* NULL: nothing to decide */
	enum enough_why why;
	uint32_t block; /* that is under way */
	uint64_t start_ns;
	size_t n_judged, n_not_steady; /* jobs that had rounds before them, and for nothing */
};

/* 0 or -ENOMEM. End it with run_enough_done(). */
int run_enough_begin(struct run_enough *e, const struct loaded *what, uint64_t now_ns,
		     struct bl_err *err);
void run_enough_done(struct run_enough *e);

/* As runner_events.block; @p gets how many trials there can still be. */
int run_enough_block(struct run_enough *e, uint32_t block, bool *is_in, struct progress *p,
		     uint64_t now_ns);
void run_enough_trial(struct run_enough *e, const struct trial_record *t);

/* When the plan has ended by itself (@ran 0), a person stopped it (-EINTR), or it could not go on.
 * Notes: "repeats.stopped" ("narrow: ...", with the word of enough_names), "repeats.widths",
 * "not-steady". @p then has as many trials as were to be run. */
int run_enough_end(struct run_enough *e, int ran, struct progress *p, struct facts *notes,
		   struct bl_err *err);

/* What was asked for, as facts: "repeats.asked", "min_effect.p99" = "0.05", "precondition.*". */
int run_enough_declare(const struct scenario *sc, struct facts *out, struct bl_err *err);

#endif
