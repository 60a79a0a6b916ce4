/* Baselines: names for sets of runs that are in the store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "db.h"
#include "store.h"

/* The run is there, of the host and scenario of the baseline. */
static int check_run(struct store *s, const char *run, const char *host, const char *scenario,
		     struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	char its_host[64], its_scenario[128];
	int r;

	if ((r = db_prepare(s, "SELECT host_id, scenario FROM run WHERE id = ?", &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "s", run)) < 0 || (r = db_row(s, st, err)) < 0)
		return r;
	if (r == 0)
		return bl_fail(err, -EINVAL, "run %s is not in the store", run);
	col_copy(st, 0, its_host, sizeof its_host);
	col_copy(st, 1, its_scenario, sizeof its_scenario);
	if (strcmp(its_host, host) != 0)
		return bl_fail(
			err, -EINVAL,
			"run %s is of host %s, the baseline of %s; a baseline is of one host", run,
			its_host, host);
	if (strcmp(its_scenario, scenario) != 0)
		return bl_fail(err, -EINVAL,
			       "run %s is of scenario '%s', the baseline of '%s'; a baseline is of "
			       "one scenario",
			       run, its_scenario, scenario);
	return 0;
}

static int put_runs(struct store *s, const struct baseline_record *b, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, "INSERT INTO baseline_run VALUES (?, ?, ?)", &st, err);

	for (size_t i = 0; i < b->n_runs && r >= 0; i++) {
		r = check_run(s, b->runs[i], b->host, b->scenario, err);
		if (r >= 0)
			r = db_bind(s, st, err, "sus", b->id, (uint64_t)i, b->runs[i]);
		if (r >= 0)
			r = db_put(s, st, err, b->runs[i]);
	}
	return r;
}

static int in_use(struct store *s, const struct baseline_record *b, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	char id[BL_UUID_TEXT];
	int r;

	if ((r = db_prepare(s,
			    "SELECT id FROM baseline WHERE host = ? AND scenario = ? AND name = ?"
			    " AND retired_ms IS NULL",
			    &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "sss", b->host, b->scenario, b->name)) < 0 ||
	    (r = db_row(s, st, err)) <= 0)
		return r;
	col_copy(st, 0, id, sizeof id);
	return bl_fail(err, -EEXIST,
		       "one of that name is in use for host %s and scenario '%s' (%s); give this "
		       "one another name, or retire that one first",
		       b->host_name, b->scenario, id);
}

static int put_baseline(struct store *s, const struct baseline_record *b, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	if (!b->name || !b->host || !b->host_name || !b->scenario || !b->note)
		return bl_fail(err, -EINVAL, "lacks a text that it must have");
	if (!b->n_runs)
		return bl_fail(err, -EINVAL, "has no run; name at least one");
	if ((!b->retired_ms && (r = in_use(s, b, err)) < 0) ||
	    (r = db_prepare(s, "INSERT INTO baseline VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", &st,
			    err)) < 0 ||
	    (r = db_bind(s, st, err, "sssssusos", b->id, b->name, b->host, b->host_name,
			 b->scenario, b->made_ms, b->note, b->retired_ms != 0, b->retired_ms,
			 b->retired_why)) < 0 ||
	    (r = db_put(s, st, err, "baseline")) < 0)
		return r;
	return put_runs(s, b, err);
}

int store_put_baseline(struct store *s, const struct baseline_record *b, struct bl_err *err)
{
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, put_baseline(s, b, err), err);
	return r < 0 ? bl_wrap(err, r, "baseline '%s'", b->name ? b->name : "") : 0;
}

/* Whose it is, and whether it is in use. -ENOENT. */
static int find(struct store *s, const char *id, struct baseline_record *ret, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	if ((r = db_prepare(s, "SELECT host, scenario, retired_ms FROM baseline WHERE id = ?", &st,
			    err)) < 0 ||
	    (r = db_bind(s, st, err, "s", id)) < 0 || (r = db_row(s, st, err)) < 0)
		return r;
	if (r == 0)
		return bl_fail(err, -ENOENT, "is not in the store");
	ret->retired_ms = col_u64(st, 2);
	if ((r = col_text(st, 0, &ret->host, err)) < 0)
		return r;
	return col_text(st, 1, &ret->scenario, err);
}

static int add_run(struct store *s, const char *id, const char *run, struct bl_err *err)
{
	BL_CLEANUP(baseline_record_done) struct baseline_record b = {0};
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = find(s, id, &b, err);

	if (r < 0)
		return r;
	if (b.retired_ms)
		return bl_fail(err, -EINVAL, "is retired; record a new one");
	if ((r = check_run(s, run, b.host, b.scenario, err)) < 0 ||
	    (r = db_prepare(s,
			    "INSERT INTO baseline_run SELECT ?1, 1 + max(idx), ?2 FROM"
			    " baseline_run WHERE baseline = ?1",
			    &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "ss", id, run)) < 0)
		return r;
	r = db_put(s, st, NULL, run);
	if (r == -EEXIST)
		return bl_fail(err, r, "has run %s already", run);
	return r < 0 ? db_fail(s, err, run) : 0;
}

int store_add_baseline_run(struct store *s, const char *id, const char *run, struct bl_err *err)
{
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, add_run(s, id, run, err), err);
	return r < 0 ? bl_wrap(err, r, "baseline %s", id) : 0;
}

static int retire(struct store *s, const char *id, uint64_t retired_ms, const char *why,
		  struct bl_err *err)
{
	BL_CLEANUP(baseline_record_done) struct baseline_record b = {0};
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = find(s, id, &b, err);

	if (r < 0)
		return r;
	if (b.retired_ms)
		return bl_fail(err, -EEXIST, "is retired already");
	if ((r = db_prepare(s, "UPDATE baseline SET retired_ms = ?, retired_why = ? WHERE id = ?",
			    &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "uss", retired_ms, why, id)) < 0)
		return r;
	return db_put(s, st, err, "baseline");
}

int store_retire_baseline(struct store *s, const char *id, uint64_t retired_ms, const char *why,
			  struct bl_err *err)
{
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, retire(s, id, retired_ms, why, err), err);
	return r < 0 ? bl_wrap(err, r, "baseline %s", id) : 0;
}

/* ---- back into records ---- */

struct baselines {
	struct baseline_record *items;
	size_t n;
};

static void baselines_done(struct baselines *l)
{
	for (size_t i = 0; i < l->n; i++)
		baseline_record_done(&l->items[i]);
	free(l->items);
}

int load_baseline_runs(struct store *s, struct baseline_record *b, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, "SELECT run FROM baseline_run WHERE baseline = ? ORDER BY idx", &st,
			   err);

	if (r >= 0)
		r = db_bind(s, st, err, "s", b->id);
	while (r >= 0 && (r = db_row(s, st, err)) > 0) {
		char(*more)[BL_UUID_TEXT] = reallocarray(b->runs, b->n_runs + 1, sizeof *more);

		if (!more)
			return bl_fail(err, -ENOMEM, "no memory for a baseline");
		b->runs = more;
		col_copy(st, 0, b->runs[b->n_runs++], BL_UUID_TEXT);
	}
	return r;
}

static int load_row(struct store *s, sqlite3_stmt *st, struct baselines *l, struct bl_err *err)
{
	struct baseline_record *b, *more = reallocarray(l->items, l->n + 1, sizeof *more);
	int r;

	if (!more)
		return bl_fail(err, -ENOMEM, "no memory for a baseline");
	l->items = more;
	b = memset(&more[l->n++], 0, sizeof *b);
	col_copy(st, 0, b->id, sizeof b->id);
	b->made_ms = col_u64(st, 5);
	b->retired_ms = col_u64(st, 7);
	if ((r = col_text(st, 1, &b->name, err)) < 0 || (r = col_text(st, 2, &b->host, err)) < 0 ||
	    (r = col_text(st, 3, &b->host_name, err)) < 0 ||
	    (r = col_text(st, 4, &b->scenario, err)) < 0 ||
	    (r = col_text(st, 6, &b->note, err)) < 0 ||
	    (r = col_text(st, 8, &b->retired_why, err)) < 0)
		return r;
	return load_baseline_runs(s, b, err);
}

int store_list_baselines(struct store *s, const char *host_id, bool with_retired,
			 struct baseline_record **ret_list, size_t *ret_n, struct bl_err *err)
{
	BL_CLEANUP(baselines_done) struct baselines l = {0};
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s,
		       "SELECT id, name, host, host_name, scenario, made_ms, note, retired_ms,"
		       " retired_why FROM baseline WHERE (?1 IS NULL OR host = ?1)"
		       " AND (?2 OR retired_ms IS NULL) ORDER BY made_ms, id",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "su", host_id, (uint64_t)with_retired);
	while (r >= 0 && (r = db_row(s, st, err)) > 0)
		r = load_row(s, st, &l, err);
	if (r < 0)
		return r;
	*ret_list = BL_STEAL(l.items);
	*ret_n = l.n;
	l.n = 0;
	return 0;
}
