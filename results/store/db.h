/* db.h - statements, values, and SQLite's errors as ours.
 *
 * Private to results/store/: the door ends here.
 */
#ifndef DB_H
#define DB_H

#include <sqlite3.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "record.h"

struct store {
	sqlite3 *db;
	char *path;
	bool is_readonly;
};

/* The last failure of @s as a negative errno, with SQLite's own words in @err:
 * -ENOSPC, -EROFS, -EBUSY, -EEXIST (a key is there already), -EINVAL (a rule of the
 * schema, or no store at all), -ENOMEM, -EACCES, -EIO. */
int db_fail(struct store *s, struct bl_err *err, const char *what);

int db_exec(struct store *s, const char *sql, struct bl_err *err);

/* A new statement; end it with stmt_freep(). */
int db_prepare(struct store *s, const char *sql, sqlite3_stmt **ret, struct bl_err *err);
void stmt_freep(sqlite3_stmt **st);

/* Bind values and keep them until the next bind. @types, one letter a value:
 *   s const char * (NULL: NULL)    u uint64_t      b const struct bl_buf *
 *   d double                       n (no value)    o bool, uint64_t: NULL unless true
 *   r bool, double: NULL unless true
 * Integers are stored as their 64 bits: above 2^63 - 1 they read as negative in SQL and
 * come back as they were. */
int db_bind(struct store *s, sqlite3_stmt *st, struct bl_err *err, const char *types, ...);

/* Run an inserting statement once, to be bound again. */
int db_put(struct store *s, sqlite3_stmt *st, struct bl_err *err, const char *what);

/* 1: a row; 0: no more, and the statement may be bound again; negative. */
int db_row(struct store *s, sqlite3_stmt *st, struct bl_err *err);

/* Columns. A NULL is 0, and NULL as text. The text is new: -ENOMEM. */
uint64_t col_u64(sqlite3_stmt *st, int col);
double col_real(sqlite3_stmt *st, int col);
int col_text(sqlite3_stmt *st, int col, char **ret, struct bl_err *err);
bool col_is_null(sqlite3_stmt *st, int col);
bool col_is_text(sqlite3_stmt *st, int col);
/* Copy a text into a field of fixed size; cut when too long. */
void col_copy(sqlite3_stmt *st, int col, char *out, size_t size);

/* Open a store of somebody else for reading: never written, whatever its version; an older one
 * comes as a copy that is gone when it is closed. A damaged one is refused with -EINVAL. */
int store_open_foreign(const char *path, struct store **ret, struct bl_err *err);

/* BEGIN IMMEDIATE; and COMMIT when *r >= 0, else ROLLBACK. *r becomes a failed COMMIT. */
int db_begin(struct store *s, struct bl_err *err);
int db_end(struct store *s, int r, struct bl_err *err);

/* handover.c: those of the run, in order, into @d, which has none yet. */
int load_handovers(struct store *s, struct run_data *d, struct bl_err *err);

/* baseline.c: the runs of the baseline whose id is in @b. */
int load_baseline_runs(struct store *s, struct baseline_record *b, struct bl_err *err);

/* watched.c: the signals of a job, and what of them could not be read: the rest of the run is. */
struct watched_load {
	size_t n_values;     /* read so far */
	size_t n_left_out;   /* sets */
	struct bl_buf first; /* the first of those, in words */
};
/* Values in all sets of a run, 1 GiB in memory: what is over it is left out, since a few kilobytes
 * may decode to the most that one set may have. Tests make it less. */
extern size_t watched_values_max;
int put_watched(struct store *s, const char *job, const struct job_result *j, struct bl_err *err);
int load_watched(struct store *s, const char *job, const char *trial, struct job_result *j,
		 struct watched_load *load, struct bl_err *err);
/* A note of the run on what was left out, if anything was. */
int note_watched(const struct watched_load *load, struct run_record *run, struct bl_err *err);

/* schema.c: bring the file up to the newest version. -EINVAL: a newer one, or not a store. */
struct schema_step {
	const char *const *sql; /* NULL-terminated */
};
extern const struct schema_step schema_steps[];
extern const int schema_version; /* the newest: number of steps */
int schema_current(struct store *s, int *ret_version, struct bl_err *err);
int schema_upgrade(struct store *s, const struct schema_step *steps, int n_steps,
		   struct bl_err *err);

#endif
