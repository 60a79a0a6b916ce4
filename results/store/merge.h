/* merge.h - rows of one store brought into another. Private to results/store/. */
#ifndef MERGE_H
#define MERGE_H

#include "db.h"
#include "store.h"

/* Rows of a table that belong to one thing: @owned "run = ?1", @order the columns of the key.
 * Stores of one schema version have the same columns in the same order. */
struct owned_rows {
	const char *table, *owned, *order;
	const char *but; /* a column that is not compared; NULL: none */
};
/* Ends with a row without table. Parts of a run that don't change once it is put, its notes, its
 * hand-overs, and a trial with all that is in it; merge_history.c has the others. */
extern const struct owned_rows run_parts[], run_notes, run_handovers, trial_parts[];
extern const struct owned_rows baseline_row, baseline_runs, change_row;

/* merge_rows.c */
int rows_copy(struct store *from, struct store *to, const struct owned_rows *t, const char *id,
	      struct bl_err *err);
/* 1: alike in both; 0: not. */
int rows_alike(struct store *a, struct store *b, const struct owned_rows *t, const char *id,
	       struct bl_err *err);
int rows_delete(struct store *s, const struct owned_rows *t, const char *id, struct bl_err *err);
/* 1: there are some; 0: none. */
int rows_there(struct store *s, const struct owned_rows *t, const char *id, struct bl_err *err);
/* The number that @select gives for @id; NULL as 0. */
int rows_number(struct store *s, const char *select, const char *id, uint64_t *ret,
		struct bl_err *err);

/* What a merge is done with. */
struct merge {
	struct store *from, *to;
	struct store_merge_report *report;
	bool changed; /* set by what changes a thing that was here */
};
/* @one for each id that @select gives, whose parameter, if any, is @of. Ends at a failure;
 * -EINVAL: an id is no text. */
int merge_each(struct merge *m, const char *select, const char *of,
	       int (*one)(struct merge *m, const char *id, struct bl_err *err), struct bl_err *err);
int merge_conflict(struct merge *m, struct bl_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* merge.c: a run with all that belongs to it, one transaction. */
int merge_run(struct merge *m, const char *run, struct bl_err *err);
/* merge_history.c: baselines and changes, one transaction. */
int merge_history(struct merge *m, struct bl_err *err);

#endif
