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

static int current_of_reader(struct store *s, int *ret_version, struct bl_err *err)
{
	int r = schema_current(s, ret_version, NULL);

	if (r == -EACCES || r == -EROFS)
		open_immutable(s);
	r = schema_current(s, ret_version, err); /* through it, or again for the reason */
	if (r == 0 && !*ret_version)
		return bl_fail(err, -EINVAL, "store '%s': is empty, not a store", s->path);
	return r;
}

/* An older store is brought up to date also by readers: through a connection that may write,
 * ended before reading goes on. */
static int prepare_reading(struct store *s, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *w = NULL;
	int version, r = current_of_reader(s, &version, err);

	if (r < 0)
		return r;
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

/* A private database of SQLite's own, gone when it is closed or its program is killed. */
static int copy_and_upgrade(struct store **s, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *copy = calloc(1, sizeof *copy);
	sqlite3_backup *backup;
	int r;

	if (!copy || !(copy->path = strdup((*s)->path)))
		return bl_fail(err, -ENOMEM, "no memory for a store");
	if (sqlite3_open_v2("", &copy->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		return copy->db ? db_fail(copy, err, "cannot open a temporary copy")
				: bl_fail(err, -ENOMEM, "no memory for a store");
	sqlite3_extended_result_codes(copy->db, 1);
	backup = sqlite3_backup_init(copy->db, "main", (*s)->db, "main");
	if (!backup)
		return db_fail(copy, err, "cannot begin a temporary copy");
	sqlite3_backup_step(backup, -1);
	if (sqlite3_backup_finish(backup) != SQLITE_OK)
		return db_fail(copy, err, "cannot make a temporary copy");
	r = schema_upgrade(copy, schema_steps, schema_version, err);
	if (r < 0)
		return r;
	store_close(*s);
	*s = BL_STEAL(copy);
	return 0;
}

/* What somebody sent: no function of the file's own is run, and all of it can be read. */
static int check_foreign(struct store *s, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	char says[128];
	int r;

	if ((r = db_exec(s, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", err)) < 0 ||
	    (r = db_prepare(s, "PRAGMA quick_check(1)", &st, err)) < 0 ||
	    (r = db_row(s, st, err)) < 0)
		return r;
	col_copy(st, 0, says, sizeof says);
	if (strcmp(says, "ok") != 0)
		return bl_fail(err, -EINVAL,
			       "store '%s': is damaged (%s); take a backup, or what `sqlite3 '%s' "
			       ".recover` saves of it",
			       s->path, says, s->path);
	return 0;
}

int store_open_foreign(const char *path, struct store **ret, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *s = calloc(1, sizeof *s);
	int version, r;

	if (!s || !(s->path = strdup(path)))
		return bl_fail(err, -ENOMEM, "no memory for a store");
	if (!bl_exists(path))
		return bl_fail(err, -ENOENT, "store '%s': does not exist", path);
	r = open_db(s, STORE_READ, err);
	if (r == 0)
		r = current_of_reader(s, &version, err);
	if (r == 0)
		r = check_foreign(s, err);
	if (r == 0 && version < schema_version)
		r = copy_and_upgrade(&s, err);
	if (r == 0)
		r = schema_upgrade(s, schema_steps, schema_version, err); /* refuses a newer one */
	if (r < 0)
		return r;
	*ret = BL_STEAL(s);
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

int store_run_declares(struct store *s, const char *id, const char *key, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, "SELECT 1 FROM run_declared WHERE run = ?1 AND key = ?2", &st, err);

	if (r >= 0)
		r = db_bind(s, st, err, "ss", id, key);
	return r < 0 ? r : db_row(s, st, err);
}

int store_run_of_cell(struct store *s, const char *cell, char id[BL_UUID_TEXT], struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s,
			   "SELECT run.id FROM run JOIN cell ON cell.run = run.id"
			   " WHERE cell.name = ?1 ORDER BY started_ms DESC, run.id DESC LIMIT 1",
			   &st, err);

	if (r >= 0)
		r = db_bind(s, st, err, "s", cell);
	if (r >= 0)
		r = db_row(s, st, err);
	if (r > 0)
		snprintf(id, BL_UUID_TEXT, "%s", (const char *)sqlite3_column_text(st, 0));
	return r;
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
		       "  AND state = 'interrupted'), "
		       /* cells that share boots have several rounds in each */
		       " (SELECT sum(run.repeats * (1 + ifnull((SELECT max(round) FROM trial"
		       "  WHERE trial.cell = cell.id), 0))) FROM cell WHERE cell.run = run.id),"
		       " host_id,"
		       /* repeats: auto says why it had enough: then all there was to run has run */
		       " (SELECT count(*) FROM run_note WHERE run_note.run = run.id"
		       "  AND key = 'repeats.stopped' AND value NOT LIKE 'stopped%')"
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
		i->n_planned = col_u64(st, 12) ? i->n_trials : col_u64(st, 10);
		col_copy(st, 11, i->host_id, sizeof i->host_id);
	}
	if (r < 0)
		return r;
	*ret_list = BL_STEAL(list);
	*ret_n = n;
	return 0;
}
