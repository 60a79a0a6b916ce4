/* Baselines and changes brought into another store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "merge.h"

const struct owned_rows baseline_row = {"baseline", "id = ?1", "id", "retired_"};
const struct owned_rows baseline_runs = {"baseline_run", "baseline = ?1", "idx", NULL};
const struct owned_rows change_row = {"change_event", "id = ?1", "id", NULL};

/* ---- baselines ---- */

static int name_of(struct store *s, const char *id, char name[128], struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	if ((r = db_prepare(s, "SELECT name FROM baseline WHERE id = ?", &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "s", id)) < 0 || (r = db_row(s, st, err)) < 0)
		return r;
	col_copy(st, 0, name, 128);
	return 0;
}

/* 1: the run whose id is in @lacks is not here; 0: all are. */
static int lacks_run(struct merge *m, const char *id, char lacks[BL_UUID_TEXT], struct bl_err *err)
{
	BL_CLEANUP(baseline_record_done) struct baseline_record b = {0};
	int r;

	snprintf(b.id, sizeof b.id, "%s", id);
	r = load_baseline_runs(m->from, &b, err);
	for (size_t i = 0; i < b.n_runs && r >= 0; i++) {
		memcpy(lacks, b.runs[i], BL_UUID_TEXT);
		r = rows_there(m->to, &run_parts[0], lacks, err);
		if (r == 0)
			return 1;
	}
	return r < 0 ? r : 0;
}

static int merge_new_baseline(struct merge *m, const char *id, struct bl_err *err)
{
	struct bl_err why = BL_ERR_INIT;
	char name[128] = "", lacks[BL_UUID_TEXT];
	int r = lacks_run(m, id, lacks, err);

	if (r > 0)
		return merge_conflict(m, err, "baseline %s is left out: its run %s is not here", id,
				      lacks);
	if (r < 0 || (r = db_exec(m->to, "SAVEPOINT parts", err)) < 0)
		return r;
	r = rows_copy(m->from, m->to, &baseline_row, id, &why);
	if (r >= 0)
		r = rows_copy(m->from, m->to, &baseline_runs, id, &why);
	if (r >= 0) {
		m->report->n_baselines++;
		return db_exec(m->to, "RELEASE parts", err);
	}
	if (r != -EEXIST)
		return bl_fail(err, r, "%s", bl_err_text(&why));
	if ((r = db_exec(m->to, "ROLLBACK TO parts; RELEASE parts", err)) < 0 ||
	    (r = name_of(m->from, id, name, err)) < 0)
		return r;
	return merge_conflict(
		m, err,
		"baseline %s: another one called '%s' is in use here for its host and "
		"scenario; it is left out (retire one of them, then merge again)",
		id, name);
}

static int take_retirement(struct merge *m, const char *id, struct bl_err *err)
{
	static const char select[] = "SELECT retired_ms FROM baseline WHERE id = ?";
	BL_CLEANUP(stmt_freep) sqlite3_stmt *in = NULL;
	BL_CLEANUP(stmt_freep) sqlite3_stmt *out = NULL;
	BL_CLEANUP(bl_freep) char *why = NULL;
	uint64_t here, there;
	int r;

	if ((r = rows_number(m->to, select, id, &here, err)) < 0 ||
	    (r = rows_number(m->from, select, id, &there, err)) < 0)
		return r;
	if (!there || (here && here <= there)) /* retired twice: the first time counts */
		return 0;
	m->changed = true;
	if ((r = db_prepare(m->from, "SELECT retired_why FROM baseline WHERE id = ?", &in, err)) <
		    0 ||
	    (r = db_bind(m->from, in, err, "s", id)) < 0 || (r = db_row(m->from, in, err)) < 0 ||
	    (r = col_text(in, 0, &why, err)) < 0 ||
	    (r = db_prepare(m->to,
			    "UPDATE baseline SET retired_ms = ?, retired_why = ? WHERE id = ?",
			    &out, err)) < 0 ||
	    (r = db_bind(m->to, out, err, "uss", there, why, id)) < 0)
		return r;
	return db_put(m->to, out, err, "baseline");
}

static bool has_run(const struct baseline_record *b, const char *run)
{
	for (size_t i = 0; i < b->n_runs; i++)
		if (strcmp(b->runs[i], run) == 0)
			return true;
	return false;
}

static bool has_runs_of(const struct baseline_record *b, const struct baseline_record *of)
{
	for (size_t i = 0; i < of->n_runs; i++)
		if (!has_run(b, of->runs[i]))
			return false;
	return true;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int put_united(struct merge *m, struct baseline_record *here,
		      const struct baseline_record *there, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	char(*all)[BL_UUID_TEXT] =
		reallocarray(here->runs, here->n_runs + there->n_runs, sizeof *all);
	int r;

	if (!all)
		return bl_fail(err, -ENOMEM, "no memory for a baseline");
	here->runs = all;
	for (size_t i = 0; i < there->n_runs; i++)
		if (!has_run(here, there->runs[i]))
			memcpy(all[here->n_runs++], there->runs[i], sizeof *all);
	qsort(all, here->n_runs, sizeof *all, by_id);
	r = rows_delete(m->to, &baseline_runs, here->id, err);
	if (r >= 0)
		r = db_prepare(m->to, "INSERT INTO baseline_run VALUES (?, ?, ?)", &st, err);
	for (size_t i = 0; i < here->n_runs && r >= 0; i++) {
		r = db_bind(m->to, st, err, "sus", here->id, (uint64_t)i, all[i]);
		if (r >= 0)
			r = db_put(m->to, st, err, all[i]);
	}
	return r;
}

/* The one that has all runs of the other; when both were added to, the runs of both in the order of
 * time. So it is the same either way. */
static int unite_runs(struct merge *m, const char *id, struct bl_err *err)
{
	BL_CLEANUP(baseline_record_done) struct baseline_record here = {0}, there = {0};
	int r;

	snprintf(here.id, sizeof here.id, "%s", id);
	there = here;
	if ((r = load_baseline_runs(m->to, &here, err)) < 0 ||
	    (r = load_baseline_runs(m->from, &there, err)) < 0 || has_runs_of(&here, &there))
		return r;
	m->changed = true;
	if (!has_runs_of(&there, &here))
		return put_united(m, &here, &there, err);
	r = rows_delete(m->to, &baseline_runs, id, err);
	return r < 0 ? r : rows_copy(m->from, m->to, &baseline_runs, id, err);
}

static int merge_baseline(struct merge *m, const char *id, struct bl_err *err)
{
	int r = rows_there(m->to, &baseline_row, id, err);

	m->changed = false;
	if (r <= 0)
		return r < 0 ? r : merge_new_baseline(m, id, err);
	r = rows_alike(m->from, m->to, &baseline_row, id, err);
	if (r < 0)
		return r;
	if (r == 0)
		return merge_conflict(m, err, "baseline %s is another one here; it stays", id);
	if ((r = take_retirement(m, id, err)) < 0 ||
	    (r = rows_alike(m->from, m->to, &baseline_runs, id, err)) < 0 ||
	    (r == 0 && (r = unite_runs(m, id, err)) < 0))
		return r;
	m->report->n_baselines += m->changed;
	return 0;
}

/* ---- changes ---- */

/* Greater: more is known of it. */
static const char change_rank[] = "SELECT 2 * (state <> '" CHANGE_CANDIDATE_NAME "') +"
				  " (reported_ms IS NOT NULL) FROM change_event WHERE id = ?";

static int merge_change(struct merge *m, const char *id, struct bl_err *err)
{
	uint64_t here, there;
	int r = rows_there(m->to, &change_row, id, err);

	if (r < 0)
		return r;
	if (r > 0) {
		if ((r = rows_alike(m->from, m->to, &change_row, id, err)) != 0)
			return r;
		if ((r = rows_number(m->to, change_rank, id, &here, err)) < 0 ||
		    (r = rows_number(m->from, change_rank, id, &there, err)) < 0)
			return r;
		if (here > there)
			return 0;
		if (here == there)
			return merge_conflict(
				m, err, "change %s became something else here; that stays", id);
		if ((r = rows_delete(m->to, &change_row, id, err)) < 0)
			return r;
	}
	m->report->n_changes++;
	return rows_copy(m->from, m->to, &change_row, id, err);
}

int merge_history(struct merge *m, struct bl_err *err)
{
	int r = db_begin(m->to, err);

	if (r < 0)
		return r;
	r = merge_each(m, "SELECT id FROM baseline ORDER BY id", NULL, merge_baseline, err);
	if (r >= 0)
		r = merge_each(m, "SELECT id FROM change_event ORDER BY id", NULL, merge_change,
			       err);
	r = db_end(m->to, r, err);
	if (r < 0)
		m->report->n_baselines = m->report->n_changes = 0;
	return r;
}
