#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "db.h"
#include "fs.h"

#define BUSY_TIMEOUT_MS 10000 /* a trial is written in well under a second */

/* On media that can't be written SQLite can't make the files that a
 * WAL store is read through. Without a log beside it the file is complete by itself and does
 * not change; then it may be read as it is. */
static int open_immutable(struct store *s)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf uri = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *wal = bl_strf("%s-wal", s->path);
	sqlite3 *db = NULL;

	if (!wal || bl_exists(wal) || access(s->path, W_OK) == 0)
		return -EACCES;
	bl_buf_adds(&uri, "file:");
	for (const char *p = s->path; *p; p++)
		bl_buf_addf(&uri, strchr("%?#", *p) ? "%%%02x" : "%c", (unsigned char)*p);
	bl_buf_adds(&uri, "?immutable=1");
	if (bl_buf_failed(&uri) ||
	    sqlite3_open_v2(bl_buf_str(&uri), &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) !=
		    SQLITE_OK) {
		sqlite3_close(db);
		return -EACCES;
	}
	sqlite3_close(s->db);
	s->db = db;
	return 0;
}

static int open_db(struct store *s, enum store_mode mode, struct bl_err *err)
{
	int flags = mode == STORE_READ ? SQLITE_OPEN_READONLY
				       : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

	if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK) {
		int sys = s->db ? sqlite3_system_errno(s->db) : ENOMEM;

		if (sys == ENOENT)
			return bl_fail(err, -ENOENT, "store '%s': its folder does not exist",
				       s->path);
		return s->db ? db_fail(s, err, "cannot open")
			     : bl_fail(err, -ENOMEM, "no memory for a store");
	}
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	s->is_readonly = mode == STORE_READ;
	return 0;
}

/* An older store is brought up to date also by readers: through a connection that may write,
 * ended before reading goes on. */
static int prepare_reading(struct store *s, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *w = NULL;
	int version, r = schema_current(s, &version, NULL);

	if (r == -EACCES || r == -EROFS)
		open_immutable(s);
	r = schema_current(s, &version, err); /* through it, or again for the reason */
	if (r < 0)
		return r;
	if (!version)
		return bl_fail(err, -EINVAL, "store '%s': is empty, not a store", s->path);
	if (version < schema_version) {
		r = store_open(s->path, STORE_WRITE, &w, err);
		if (r < 0)
			return bl_wrap(err, r, "schema version %d must become %d before reading",
				       version, schema_version);
	}
	return schema_upgrade(s, schema_steps, schema_version, err);
}

static int prepare_writing(struct store *s, struct bl_err *err)
{
	int version, r = schema_current(s, &version, err); /* before anything is changed */

	if (r < 0 || (r = db_exec(s, "PRAGMA journal_mode = WAL", err)) < 0 ||
	    /* a trial takes seconds to measure: its commit may take an fsync */
	    (r = db_exec(s, "PRAGMA synchronous = FULL", err)) < 0 ||
	    (r = db_exec(s, "PRAGMA foreign_keys = ON", err)) < 0)
		return r;
	return schema_upgrade(s, schema_steps, schema_version, err);
}

int store_open(const char *path, enum store_mode mode, struct store **ret_store, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *s = calloc(1, sizeof *s);
	int r;

	if (!s || !(s->path = strdup(path)))
		return bl_fail(err, -ENOMEM, "no memory for a store");
	if (mode == STORE_READ && !bl_exists(path))
		return bl_fail(err, -ENOENT,
			       "store '%s': does not exist; `blklab run` makes one, and --store "
			       "names another",
			       path);
	r = open_db(s, mode, err);
	if (r == 0)
		r = mode == STORE_READ ? prepare_reading(s, err) : prepare_writing(s, err);
	if (r < 0)
		return r;
	*ret_store = BL_STEAL(s);
	return 0;
}

struct store *store_close(struct store *s)
{
	if (!s)
		return NULL;
	sqlite3_close(s->db);
	free(s->path);
	free(s);
	return NULL;
}

void store_closep(struct store **s)
{
	*s = store_close(*s);
}

int store_list_runs(struct store *s, struct store_run_info **ret_list, size_t *ret_n,
		    struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	BL_CLEANUP(bl_freep) struct store_run_info *list = NULL;
	size_t n = 0;
	int r;

	r = db_prepare(s,
		       "SELECT id, scenario, host_name, accel, started_ms, ended_ms,"
		       " (SELECT count(*) FROM cell WHERE cell.run = run.id),"
		       " (SELECT count(*) FROM trial WHERE trial.run = run.id),"
		       " (SELECT count(*) FROM trial WHERE trial.run = run.id AND state = 'ok'),"
		       " (SELECT count(*) FROM trial WHERE trial.run = run.id"
		       "  AND state = 'interrupted'), repeats, host_id"
		       " FROM run ORDER BY started_ms DESC, id DESC",
		       &st, err);
	while (r >= 0 && (r = db_row(s, st, err)) > 0) {
		struct store_run_info *more = reallocarray(list, n + 1, sizeof *list), *i;

		if (!more)
			return bl_fail(err, -ENOMEM, "no memory for a list of runs");
		list = more;
		i = memset(&list[n++], 0, sizeof *list);
		col_copy(st, 0, i->id, sizeof i->id);
		col_copy(st, 1, i->scenario, sizeof i->scenario);
		col_copy(st, 2, i->host, sizeof i->host);
		col_copy(st, 3, i->accel, sizeof i->accel);
		i->started_ms = col_u64(st, 4);
		i->ended_ms = col_u64(st, 5);
		i->n_cells = (uint32_t)col_u64(st, 6);
		i->n_trials = (uint32_t)col_u64(st, 7);
		i->n_ok = (uint32_t)col_u64(st, 8);
		i->n_interrupted = (uint32_t)col_u64(st, 9);
		i->n_planned = i->n_cells * col_u64(st, 10);
		col_copy(st, 11, i->host_id, sizeof i->host_id);
	}
	if (r < 0)
		return r;
	*ret_list = BL_STEAL(list);
	*ret_n = n;
	return 0;
}
