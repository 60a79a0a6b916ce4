/* watched.c - what was watched while a job ran, as compressed bytes in a row and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "cleanup.h"
#include "db.h"

#define ENCODING "zstd" /* one zstd frame with its size, of series_encode()'s bytes */
/* More than a set can have: counters of 100 ms take at most 5 bytes a value, and a set has at most
 * SERIES_VALUES_MAX of them. What claims to be more is not made by us. */
#define BYTES_MAX ((size_t)8 * SERIES_VALUES_MAX)
size_t watched_values_max = (size_t)1 << 27;
/* 100 signals of 10 s are 28.6 kB; levels 1, 3, 6, 9, 19 leave 21.8, 21.2, 20.9, 20.9, 20.0 kB. */
#define LEVEL ZSTD_CLEVEL_DEFAULT

static int compress(const struct bl_buf *plain, struct bl_buf *out)
{
	size_t bound = ZSTD_compressBound(plain->len), n;
	char *data = malloc(bound);

	if (!data)
		return -ENOMEM;
	n = ZSTD_compress(data, bound, plain->data, plain->len, LEVEL);
	if (!ZSTD_isError(n))
		bl_buf_add(out, data, n);
	free(data);
	return ZSTD_isError(n) || bl_buf_failed(out) ? -ENOMEM : 0;
}

static int put_set(struct store *s, sqlite3_stmt *st, const char *job, const char *watcher,
		   const struct series_set *set, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf plain = BL_BUF_INIT, packed = BL_BUF_INIT;
	int r;

	series_encode(set, &plain);
	if (plain.len > BYTES_MAX)
		return bl_fail(err, -E2BIG,
			       "what the %s watched is %zu bytes, more than the %zu that can be "
			       "read back; run the job for less time",
			       watcher, plain.len, BYTES_MAX);
	if (bl_buf_failed(&plain) || compress(&plain, &packed) < 0)
		return bl_fail(err, -ENOMEM, "no memory for what the %s watched", watcher);
	r = db_bind(s, st, err, "sssb", job, watcher, ENCODING, &packed);
	return r < 0 ? r : db_put(s, st, err, "watched");
}

int put_watched(struct store *s, const char *job, const struct job_result *j, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, "INSERT INTO watched VALUES (?, ?, ?, ?)", &st, err);

	for (int w = 0; w < WATCHERS && r >= 0; w++)
		if (j->watched[w].n)
			r = put_set(s, st, job, watcher_names[w], &j->watched[w], err);
	return r;
}

static int watcher_of(const char *name)
{
	for (int w = 0; w < WATCHERS; w++)
		if (name && !strcmp(name, watcher_names[w]))
			return w;
	return -1;
}

/* -EBADMSG: not such bytes, @err says why. */
static int unpack(const void *data, size_t len, struct series_set *ret, struct bl_err *err)
{
	unsigned long long size = data ? ZSTD_getFrameContentSize(data, len) : 0;
	BL_CLEANUP(bl_freep) void *plain = NULL;
	size_t n;

	if (!size || size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return bl_fail(err, -EBADMSG, "%zu bytes that are not a zstd frame with its size",
			       len);
	if (size > BYTES_MAX)
		return bl_fail(err, -EBADMSG, "claims to be %llu bytes; at most %zu are read", size,
			       BYTES_MAX);
	plain = malloc((size_t)size);
	if (!plain)
		return bl_fail(err, -ENOMEM, "no memory for %llu bytes", size);
	n = ZSTD_decompress(plain, (size_t)size, data, len);
	if (ZSTD_isError(n))
		return bl_fail(err, -EBADMSG, "zstd: %s", ZSTD_getErrorName(n));
	return series_decode(plain, n, ret, err);
}

static int load_set(sqlite3_stmt *st, struct job_result *j, struct watched_load *load,
		    struct bl_err *err)
{
	const char *encoding = (const char *)sqlite3_column_text(st, 1);
	int w = watcher_of((const char *)sqlite3_column_text(st, 0)), r;
	const void *data = sqlite3_column_blob(st, 2);
	struct series_set set = {0};
	size_t n_values;

	if (w < 0)
		return bl_fail(err, -EBADMSG, "is of no watcher that this program knows");
	if (!encoding || strcmp(encoding, ENCODING) != 0)
		return bl_fail(err, -EBADMSG, "has the encoding '%.20s', not " ENCODING,
			       encoding ? encoding : "");
	r = unpack(data, (size_t)sqlite3_column_bytes(st, 2), &set, err);
	if (r < 0)
		return r;
	n_values = set.n * (set.n_series + 1);
	if (n_values > watched_values_max - load->n_values) {
		series_done(&set);
		return bl_fail(err, -EBADMSG, "would be more than %zu values in one run",
			       watched_values_max);
	}
	load->n_values += n_values;
	series_done(&j->watched[w]);
	j->watched[w] = set;
	return 0;
}

/* The first one that is left out is told in full. */
static void leave_out(struct watched_load *load, const char *trial, const struct job_result *j,
		      sqlite3_stmt *st, const struct bl_err *why)
{
	const char *watcher = (const char *)sqlite3_column_text(st, 0);

	if (load->n_left_out++ == 0)
		bl_buf_addf(&load->first, "trial %s, job '%s', what the %.20s watched: %s", trial,
			    j->name, watcher ? watcher : "?", bl_err_text(why));
}

int load_watched(struct store *s, const char *job, const char *trial, struct job_result *j,
		 struct watched_load *load, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s,
		       "SELECT watcher, encoding, series FROM watched WHERE job_result = ?"
		       " ORDER BY watcher",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "s", job);
	while (r >= 0 && (r = db_row(s, st, err)) > 0) {
		struct bl_err why = BL_ERR_INIT;
		int one = load_set(st, j, load, &why);

		if (one == -EBADMSG)
			leave_out(load, trial, j, st, &why);
		else if (one < 0)
			return bl_fail(err, one, "store '%s': %s", s->path, bl_err_text(&why));
	}
	return r;
}

int note_watched(const struct watched_load *load, struct run_record *run, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf more = BL_BUF_INIT;

	if (!load->n_left_out)
		return 0;
	if (load->n_left_out > 1)
		bl_buf_addf(&more, "; and %zu more like it", load->n_left_out - 1);
	if (bl_buf_failed(&load->first) || bl_buf_failed(&more) ||
	    facts_addf(&run->notes, "watched",
		       "some signals can't be read and are left out: run %s, %s%s; all other "
		       "figures are there, the signals only in a backup of the store",
		       run->id, bl_buf_str(&load->first), bl_buf_str(&more)) < 0)
		return bl_fail(err, -ENOMEM, "no memory for a note");
	return 0;
}
