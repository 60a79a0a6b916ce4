#include "db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int to_errno(sqlite3 *db)
{
	int code = sqlite3_extended_errcode(db);

	if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ||
	    code == SQLITE_CONSTRAINT_ROWID)
		return -EEXIST;
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_CONSTRAINT:
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
	case SQLITE_MISMATCH:
		return -EINVAL;
	default:
		return -EIO;
	}
}

int db_fail(struct store *s, struct bl_err *err, const char *what)
{
	const char *says = sqlite3_errmsg(s->db);
	int code = to_errno(s->db), sys = sqlite3_system_errno(s->db);

	if (code == -EIO || code == -EACCES)
		return bl_fail(err, code, "store '%s': %s: %s (%s)", s->path, what, says,
			       sys ? strerror(sys) : "no further reason");
	if (code == -ENOSPC)
		return bl_fail(err, code, "store '%s': %s: no space left; free some and try again",
			       s->path, what);
	if (code == -EBUSY)
		return bl_fail(err, code, "store '%s': %s: another program is writing to it",
			       s->path, what);
	return bl_fail(err, code, "store '%s': %s: %s", s->path, what, says);
}

int db_exec(struct store *s, const char *sql, struct bl_err *err)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(s, err, sql);
	return 0;
}

int db_prepare(struct store *s, const char *sql, sqlite3_stmt **ret, struct bl_err *err)
{
	if (sqlite3_prepare_v2(s->db, sql, -1, ret, NULL) != SQLITE_OK)
		return db_fail(s, err, "cannot prepare a statement");
	return 0;
}

void stmt_freep(sqlite3_stmt **st)
{
	sqlite3_finalize(*st);
	*st = NULL;
}

static int bind_blob(sqlite3_stmt *st, int at, const struct bl_buf *b)
{
	if (bl_buf_failed(b))
		return SQLITE_NOMEM;
	return sqlite3_bind_blob64(st, at, b->len ? b->data : "", b->len, SQLITE_STATIC);
}

static int bind_one(sqlite3_stmt *st, int at, char type, va_list *ap)
{
	uint64_t v;
	bool is_there;
	double real;

	switch (type) {
	case 's':
		return sqlite3_bind_text(st, at, va_arg(*ap, const char *), -1, SQLITE_STATIC);
	case 'u':
		return sqlite3_bind_int64(st, at, (sqlite3_int64)va_arg(*ap, uint64_t));
	case 'd':
		return sqlite3_bind_double(st, at, va_arg(*ap, double));
	case 'b':
		return bind_blob(st, at, va_arg(*ap, const struct bl_buf *));
	case 'o':
		is_there = va_arg(*ap, int);
		v = va_arg(*ap, uint64_t);
		return is_there ? sqlite3_bind_int64(st, at, (sqlite3_int64)v)
				: sqlite3_bind_null(st, at);
	case 'r':
		is_there = va_arg(*ap, int);
		real = va_arg(*ap, double);
		return is_there ? sqlite3_bind_double(st, at, real) : sqlite3_bind_null(st, at);
	default:
		return sqlite3_bind_null(st, at);
	}
}

int db_bind(struct store *s, sqlite3_stmt *st, struct bl_err *err, const char *types, ...)
{
	int code = SQLITE_OK;
	va_list ap;

	va_start(ap, types);
	for (int i = 0; types[i] && code == SQLITE_OK; i++)
		code = bind_one(st, i + 1, types[i], &ap);
	va_end(ap);
	if (code == SQLITE_NOMEM)
		return bl_fail(err, -ENOMEM, "store '%s': no memory for a row", s->path);
	return code == SQLITE_OK ? 0 : db_fail(s, err, "cannot bind a value");
}

int db_put(struct store *s, sqlite3_stmt *st, struct bl_err *err, const char *what)
{
	if (sqlite3_step(st) != SQLITE_DONE)
		return db_fail(s, err, what);
	sqlite3_reset(st);
	return 0;
}

int db_row(struct store *s, sqlite3_stmt *st, struct bl_err *err)
{
	int code = sqlite3_step(st);

	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE)
		return db_fail(s, err, "cannot read");
	sqlite3_reset(st);
	return 0;
}

uint64_t col_u64(sqlite3_stmt *st, int col)
{
	return (uint64_t)sqlite3_column_int64(st, col);
}

bool col_is_null(sqlite3_stmt *st, int col)
{
	return sqlite3_column_type(st, col) == SQLITE_NULL;
}

bool col_is_text(sqlite3_stmt *st, int col)
{
	return sqlite3_column_type(st, col) == SQLITE_TEXT;
}

double col_real(sqlite3_stmt *st, int col)
{
	return sqlite3_column_double(st, col);
}

int col_text(sqlite3_stmt *st, int col, char **ret, struct bl_err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, col);

	*ret = text ? strdup(text) : NULL;
	if (!*ret && !col_is_null(st, col))
		return bl_fail(err, -ENOMEM, "no memory for a text");
	return 0;
}

void col_copy(sqlite3_stmt *st, int col, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(st, col);

	snprintf(out, size, "%s", text ? text : "");
}

int db_begin(struct store *s, struct bl_err *err)
{
	if (s->is_readonly)
		return bl_fail(err, -EROFS, "store '%s': is open for reading only", s->path);
	return db_exec(s, "BEGIN IMMEDIATE", err);
}

int db_end(struct store *s, int r, struct bl_err *err)
{
	if (r >= 0)
		r = db_exec(s, "COMMIT", err);
	if (r < 0 && !sqlite3_get_autocommit(s->db)) /* SQLite may have rolled back by itself */
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}
