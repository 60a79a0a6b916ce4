/* Rows as they are, whatever their columns: copied, compared, deleted. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "merge.h"

static int select_rows(struct store *s, const char *what, const struct owned_rows *t,
		       const char *id, sqlite3_stmt **ret, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf sql = BL_BUF_INIT;
	int r;

	bl_buf_addf(&sql, "%s FROM %s WHERE %s", what, t->table, t->owned);
	if (strncmp(what, "SELECT", 6) == 0)
		bl_buf_addf(&sql, " ORDER BY %s", t->order);
	if (bl_buf_failed(&sql))
		return bl_fail(err, -ENOMEM, "no memory for a statement");
	r = db_prepare(s, bl_buf_str(&sql), ret, err);
	return r < 0 ? r : db_bind(s, *ret, err, "s", id);
}

static int prepare_insert(struct store *s, const struct owned_rows *t, int n_columns,
			  sqlite3_stmt **ret, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf sql = BL_BUF_INIT;

	bl_buf_addf(&sql, "INSERT INTO %s VALUES (", t->table);
	for (int i = 0; i < n_columns; i++)
		bl_buf_adds(&sql, i ? ", ?" : "?");
	bl_buf_addc(&sql, ')');
	if (bl_buf_failed(&sql))
		return bl_fail(err, -ENOMEM, "no memory for a statement");
	return db_prepare(s, bl_buf_str(&sql), ret, err);
}

int rows_copy(struct store *from, struct store *to, const struct owned_rows *t, const char *id,
	      struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *in = NULL;
	BL_CLEANUP(stmt_freep) sqlite3_stmt *out = NULL;
	int n, r = select_rows(from, "SELECT *", t, id, &in, err);

	if (r < 0)
		return r;
	n = sqlite3_column_count(in);
	r = prepare_insert(to, t, n, &out, err);
	while (r >= 0 && (r = db_row(from, in, err)) > 0) {
		for (int i = 0; i < n; i++)
			if (sqlite3_bind_value(out, i + 1, sqlite3_column_value(in, i)) !=
			    SQLITE_OK)
				return db_fail(to, err, "cannot bind a value");
		r = db_put(to, out, err, t->table);
	}
	return r;
}

static bool values_alike(sqlite3_stmt *a, sqlite3_stmt *b, int i)
{
	int type = sqlite3_column_type(a, i);
	const void *x, *y;
	int n;

	if (type != sqlite3_column_type(b, i))
		return false;
	switch (type) {
	case SQLITE_NULL:
		return true;
	case SQLITE_INTEGER:
		return sqlite3_column_int64(a, i) == sqlite3_column_int64(b, i);
	case SQLITE_FLOAT:
		return !(sqlite3_column_double(a, i) < sqlite3_column_double(b, i)) &&
		       !(sqlite3_column_double(a, i) > sqlite3_column_double(b, i));
	default:
		x = sqlite3_column_blob(a, i);
		y = sqlite3_column_blob(b, i);
		n = sqlite3_column_bytes(a, i);
		return n == sqlite3_column_bytes(b, i) && (!n || memcmp(x, y, (size_t)n) == 0);
	}
}

static bool row_alike(sqlite3_stmt *a, sqlite3_stmt *b, const char *but)
{
	for (int i = 0; i < sqlite3_column_count(a); i++) {
		const char *name = sqlite3_column_name(a, i);

		if (!(but && name && strncmp(name, but, strlen(but)) == 0) &&
		    !values_alike(a, b, i))
			return false;
	}
	return true;
}

int rows_alike(struct store *a, struct store *b, const struct owned_rows *t, const char *id,
	       struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *x = NULL;
	BL_CLEANUP(stmt_freep) sqlite3_stmt *y = NULL;
	int p, q, r;

	if ((r = select_rows(a, "SELECT *", t, id, &x, err)) < 0 ||
	    (r = select_rows(b, "SELECT *", t, id, &y, err)) < 0)
		return r;
	do {
		if ((p = db_row(a, x, err)) < 0 || (q = db_row(b, y, err)) < 0)
			return p < 0 ? p : q;
		if (p != q || (p && !row_alike(x, y, t->but)))
			return 0;
	} while (p);
	return 1;
}

int rows_delete(struct store *s, const struct owned_rows *t, const char *id, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = select_rows(s, "DELETE", t, id, &st, err);

	return r < 0 ? r : db_put(s, st, err, t->table);
}

int rows_there(struct store *s, const struct owned_rows *t, const char *id, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = select_rows(s, "SELECT 1", t, id, &st, err);

	return r < 0 ? r : db_row(s, st, err);
}

int rows_number(struct store *s, const char *select, const char *id, uint64_t *ret,
		struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, select, &st, err);

	if (r >= 0)
		r = db_bind(s, st, err, "s", id);
	if (r < 0 || (r = db_row(s, st, err)) < 0)
		return r;
	*ret = r ? col_u64(st, 0) : 0;
	return 0;
}
