/* One store brought into another: runs and their trials; baselines and changes are in
 * merge_history.c. */
#include "merge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

#define OF_JOBS "job_result IN (SELECT id FROM job_result WHERE trial = ?1)"

const struct owned_rows run_parts[] = {
	{"run", "id = ?1", "id", "ended_ms"},
	{"environment", "run = ?1", "idx", NULL},
	{"run_declared", "run = ?1", "idx", NULL},
	{"cell", "run = ?1", "id", NULL},
	{"cell_axis", "cell IN (SELECT id FROM cell WHERE run = ?1)", "cell, idx", NULL},
	{NULL, NULL, NULL, NULL},
};
const struct owned_rows run_notes = {"run_note", "run = ?1", "idx", NULL};
const struct owned_rows run_handovers = {"handover", "id = ?1", "id", NULL};
const struct owned_rows trial_parts[] = {
	{"trial", "id = ?1", "id", NULL},
	{"trial_fact", "trial = ?1", "idx", NULL},
	{"effective", "trial = ?1", "idx", NULL},
	{"job_result", "trial = ?1", "id", NULL},
	{"job_fact", OF_JOBS, "job_result, idx", NULL},
	{"sample_direction", OF_JOBS, "job_result, direction", NULL},
	{"sample_latency", OF_JOBS, "job_result, direction, kind", NULL},
	{"interval", OF_JOBS, "job_result, slice, direction", NULL},
	{"watched", OF_JOBS, "job_result, watcher", NULL},
	{NULL, NULL, NULL, NULL},
};

int merge_conflict(struct merge *m, struct bl_err *err, const char *fmt, ...)
{
	struct store_merge_report *l = m->report;
	char **more = reallocarray(l->conflicts, l->n_conflicts + 1, sizeof *more);
	va_list ap;
	int n;

	if (!more)
		return bl_fail(err, -ENOMEM, "no memory for a conflict");
	l->conflicts = more;
	va_start(ap, fmt);
	n = vasprintf(&more[l->n_conflicts], fmt, ap);
	va_end(ap);
	if (n < 0)
		return bl_fail(err, -ENOMEM, "no memory for a conflict");
	l->n_conflicts++;
	return 0;
}

void store_merge_report_done(struct store_merge_report *m)
{
	for (size_t i = 0; i < m->n_conflicts; i++)
		free(m->conflicts[i]);
	free(m->conflicts);
	*m = (struct store_merge_report){0};
}

int merge_each(struct merge *m, const char *select, const char *of,
	       int (*one)(struct merge *m, const char *id, struct bl_err *err), struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(m->from, select, &st, err);

	if (r >= 0 && of)
		r = db_bind(m->from, st, err, "s", of);
	while (r >= 0 && (r = db_row(m->from, st, err)) > 0) {
		BL_CLEANUP(bl_freep) char *id = NULL;

		/* No row would be found by it, so that nothing would pass for a whole run. */
		if (!col_is_text(st, 0))
			return bl_fail(err, -EINVAL,
				       "a row of '%s' has an id that is no text, which no lab "
				       "writes; what "
				       "follows it is not merged: delete that row, or merge a copy "
				       "that is "
				       "sound",
				       m->from->path);
		r = col_text(st, 0, &id, err);
		if (r >= 0)
			r = one(m, id, err);
	}
	return r < 0 ? r : 0;
}

/* All of @parts, or nothing: a key that something else has here is a conflict, not a failure.
 * 1: put; 0: a conflict. */
static int copy_parts(struct merge *m, const struct owned_rows *parts, const char *id,
		      struct bl_err *err)
{
	struct bl_err why = BL_ERR_INIT;
	int r = db_exec(m->to, "SAVEPOINT parts", err);

	if (r < 0)
		return r;
	for (; parts->table && r >= 0; parts++)
		r = rows_copy(m->from, m->to, parts, id, &why);
	if (r >= 0) {
		r = db_exec(m->to, "RELEASE parts", err);
		return r < 0 ? r : 1;
	}
	if (r != -EEXIST) /* the whole transaction is rolled back */
		return bl_fail(err, r, "%s", bl_err_text(&why));
	r = db_exec(m->to, "ROLLBACK TO parts; RELEASE parts", err);
	return r < 0 ? r : 0;
}

/* 1: all alike. */
static int parts_alike(struct merge *m, const struct owned_rows *parts, const char *id,
		       const char **ret_table, struct bl_err *err)
{
	int r = 1;

	for (; parts->table && r > 0; parts++) {
		*ret_table = parts->table;
		r = rows_alike(m->from, m->to, parts, id, err);
	}
	return r;
}

static int merge_trial(struct merge *m, const char *id, struct bl_err *err)
{
	const char *table = NULL;
	int r = rows_there(m->to, &trial_parts[0], id, err);

	if (r < 0)
		return r;
	if (r > 0) {
		r = parts_alike(m, trial_parts, id, &table, err);
		if (r != 0)
			return r;
		return merge_conflict(m, err,
				      "trial %s is another one here (table %s); it stays as it is "
				      "here",
				      id, table);
	}
	r = copy_parts(m, trial_parts, id, err);
	if (r == 0)
		return merge_conflict(m, err,
				      "trial %s has a key that something else has here; it is left "
				      "out",
				      id);
	if (r > 0) {
		m->report->n_trials++;
		m->changed = true;
	}
	return r;
}

/* ---- what was open and is closed there ---- */

static int take_end(struct merge *m, const char *run, uint64_t ended_ms, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	m->changed = true;
	if ((r = db_prepare(m->to, "UPDATE run SET ended_ms = ? WHERE id = ?", &st, err)) < 0 ||
	    (r = db_bind(m->to, st, err, "us", ended_ms, run)) < 0 ||
	    (r = db_put(m->to, st, err, "run")) < 0 ||
	    (r = rows_delete(m->to, &run_notes, run, err)) < 0)
		return r;
	return rows_copy(m->from, m->to, &run_notes, run, err);
}

static int merge_end(struct merge *m, const char *run, struct bl_err *err)
{
	static const char select[] = "SELECT ended_ms FROM run WHERE id = ?";
	uint64_t here, there;
	int r;

	if ((r = rows_number(m->to, select, run, &here, err)) < 0 ||
	    (r = rows_number(m->from, select, run, &there, err)) < 0)
		return r;
	if (there && !here)
		return take_end(m, run, there, err);
	if (here && !there)
		return 0;
	r = rows_alike(m->from, m->to, &run_notes, run, err);
	if (r < 0 || (r > 0 && here == there))
		return r;
	return merge_conflict(m, err, "run %s has another end or other notes here; these stay",
			      run);
}

/* Greater: later in its life. A closed one is never taken for open. */
static int handover_age(struct store *s, const char *id, uint64_t ret[2], struct bl_err *err)
{
	int r = rows_number(s, "SELECT is_back <> 0 FROM handover WHERE id = ?", id, &ret[0], err);

	if (r < 0)
		return r;
	return rows_number(s, "SELECT returned_ms FROM handover WHERE id = ?", id, &ret[1], err);
}

static int merge_handover(struct merge *m, const char *id, struct bl_err *err)
{
	uint64_t here[2], there[2];
	int r = rows_there(m->to, &run_handovers, id, err);

	if (r == 0) {
		m->changed = true;
		return rows_copy(m->from, m->to, &run_handovers, id, err);
	}
	if (r < 0 || (r = rows_alike(m->from, m->to, &run_handovers, id, err)) != 0)
		return r;
	if ((r = handover_age(m->to, id, here, err)) < 0 ||
	    (r = handover_age(m->from, id, there, err)) < 0)
		return r;
	if (here[0] > there[0] || (!here[0] && !there[0] && here[1] > there[1]))
		return 0;
	if (here[0] == there[0] && (here[0] || here[1] == there[1]))
		return merge_conflict(m, err, "hand-over %s ended in another way here; that stays",
				      id);
	m->changed = true;
	r = rows_delete(m->to, &run_handovers, id, err);
	return r < 0 ? r : rows_copy(m->from, m->to, &run_handovers, id, err);
}

/* ---- runs ---- */

/* What of a run is here already; 1: the same run, so that its parts go on. */
static int merge_known_run(struct merge *m, const char *run, struct bl_err *err)
{
	const char *table = NULL;
	int r = parts_alike(m, run_parts, run, &table, err);

	if (r < 0)
		return r;
	if (r == 0) {
		r = merge_conflict(m, err,
				   "run %s is another one here (table %s); nothing of it is merged",
				   run, table);
		return r < 0 ? r : 0;
	}
	r = merge_end(m, run, err);
	return r < 0 ? r : 1;
}

static int merge_new_run(struct merge *m, const char *run, struct bl_err *err)
{
	int r = copy_parts(m, run_parts, run, err);

	if (r > 0) {
		r = rows_copy(m->from, m->to, &run_notes, run, err);
		return r < 0 ? r : 1;
	}
	if (r == 0)
		r = merge_conflict(m, err,
				   "run %s has a cell whose key something else has here; nothing "
				   "of it is merged",
				   run);
	return r;
}

static int merge_run_parts(struct merge *m, const char *run, struct bl_err *err)
{
	int is_there = rows_there(m->to, &run_parts[0], run, err), r;

	if (is_there < 0)
		return is_there;
	m->changed = false;
	r = is_there ? merge_known_run(m, run, err) : merge_new_run(m, run, err);
	if (r <= 0)
		return r;
	if ((r = merge_each(m, "SELECT id FROM trial WHERE run = ? ORDER BY id", run, merge_trial,
			    err)) < 0 ||
	    (r = merge_each(m, "SELECT id FROM handover WHERE run = ? ORDER BY id", run,
			    merge_handover, err)) < 0)
		return r;
	if (!is_there)
		m->report->n_runs++;
	else if (m->changed)
		m->report->n_completed++;
	else
		m->report->n_same++;
	return 0;
}

int merge_run(struct merge *m, const char *run, struct bl_err *err)
{
	struct store_merge_report before = *m->report;
	int r = db_begin(m->to, err);

	if (r < 0)
		return r;
	r = db_end(m->to, merge_run_parts(m, run, err), err);
	if (r >= 0)
		return 0;
	/* its conflicts stay noted, but nothing of it was put */
	m->report->n_runs = before.n_runs;
	m->report->n_completed = before.n_completed;
	m->report->n_same = before.n_same;
	m->report->n_trials = before.n_trials;
	return bl_wrap(err, r, "run %s", run);
}

static int refuse_itself(const struct store *s, const char *other_path, struct bl_err *err)
{
	struct stat a, b;

	if (stat(s->path, &a) == 0 && stat(other_path, &b) == 0 && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino)
		return bl_fail(err, -EINVAL,
			       "store '%s': is the one that it would be merged into; name another",
			       other_path);
	return 0;
}

int store_merge(struct store *s, const char *other_path, struct store_merge_report *ret,
		struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *from = NULL;
	struct merge m = {.to = s, .report = ret};
	int r;

	*ret = (struct store_merge_report){0};
	if ((r = refuse_itself(s, other_path, err)) < 0 ||
	    (r = store_open_foreign(other_path, &from, err)) < 0 ||
	    (r = db_exec(from, "BEGIN", err)) < 0) /* one moment of it for all that follows */
		return r;
	m.from = from;
	r = merge_each(&m, "SELECT id FROM run ORDER BY id", NULL, merge_run, err);
	if (r >= 0)
		r = merge_history(&m, err);
	return r < 0 ? bl_wrap(err, r, "merging '%s'", other_path) : 0;
}

int store_merge_check(const char *other_path, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *from = NULL;

	return store_open_foreign(other_path, &from, err);
}
