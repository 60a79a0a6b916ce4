/* Devices of the host that trials take and give back: rows that outlive a killed run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "db.h"
#include "store.h"

/* The column is_back: what is not 0 is closed. */
enum { BACK_NO, BACK_YES, BACK_ENDED };

static uint64_t back_of(const struct handover_record *h)
{
	return h->is_back ? BACK_YES : h->is_ended ? BACK_ENDED : BACK_NO;
}

static int put_handover(struct store *s, const struct handover_record *h, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	if ((unsigned)h->kind >= HANDOVER_KINDS)
		return bl_fail(err, -EINVAL, "kind %d is not one", (int)h->kind);
	if ((r = db_prepare(s,
			    "INSERT INTO handover VALUES"
			    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			    &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "sssssuusssssuous", h->id, h->run_id, h->trial_id,
			 handover_kind_names[h->kind], h->host_id, (uint64_t)h->owner_pid,
			 h->owner_start, h->device, h->serial, h->model, h->driver_before,
			 h->namespaces, h->given_ms, h->returned_ms != 0, h->returned_ms,
			 back_of(h), h->outcome)) < 0)
		return r;
	return db_put(s, st, err, "hand-over");
}

int store_put_handover(struct store *s, const struct handover_record *h, struct bl_err *err)
{
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, put_handover(s, h, err), err);
	return r < 0 ? bl_wrap(err, r, "hand-over of %s", h->device ? h->device : "no device") : 0;
}

static int end_handover(struct store *s, const struct handover_record *h, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	if ((r = db_prepare(s,
			    "UPDATE handover SET returned_ms = ?, is_back = ?, outcome = ?"
			    " WHERE id = ?",
			    &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "ouss", h->returned_ms != 0, h->returned_ms, back_of(h),
			 h->outcome, h->id)) < 0 ||
	    (r = db_put(s, st, err, "hand-over")) < 0)
		return r;
	if (!sqlite3_changes(s->db))
		return bl_fail(err, -ENOENT, "%s is not in the store", h->id);
	return 0;
}

int store_end_handover(struct store *s, const struct handover_record *h, struct bl_err *err)
{
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, end_handover(s, h, err), err);
	return r < 0 ? bl_wrap(err, r, "hand-over of %s", h->device ? h->device : "no device") : 0;
}

/* ---- back into records ---- */

struct handovers {
	struct handover_record *items;
	size_t n;
};

static void handovers_done(struct handovers *l)
{
	for (size_t i = 0; i < l->n; i++)
		handover_record_done(&l->items[i]);
	free(l->items);
	*l = (struct handovers){0};
}

static int kind_of(sqlite3_stmt *st, int col)
{
	const char *name = (const char *)sqlite3_column_text(st, col);

	for (int i = 0; i < HANDOVER_KINDS; i++)
		if (name && !strcmp(name, handover_kind_names[i]))
			return i;
	return -1;
}

static int load_row(struct store *s, sqlite3_stmt *st, struct handovers *l, struct bl_err *err)
{
	struct handover_record *h, *more = reallocarray(l->items, l->n + 1, sizeof *more);
	int kind = kind_of(st, 3), r;

	if (!more)
		return bl_fail(err, -ENOMEM, "no memory for a hand-over");
	l->items = more;
	if (kind < 0)
		return bl_fail(err, -EINVAL, "store '%s': handover: not a kind", s->path);
	h = memset(&more[l->n++], 0, sizeof *h);
	h->kind = (enum handover_kind)kind;
	col_copy(st, 0, h->id, sizeof h->id);
	col_copy(st, 1, h->run_id, sizeof h->run_id);
	col_copy(st, 2, h->trial_id, sizeof h->trial_id);
	h->owner_pid = (long)col_u64(st, 5);
	h->owner_start = col_u64(st, 6);
	h->given_ms = col_u64(st, 12);
	h->returned_ms = col_u64(st, 13);
	h->is_back = col_u64(st, 14) == BACK_YES;
	h->is_ended = col_u64(st, 14) == BACK_ENDED;
	if ((r = col_text(st, 4, &h->host_id, err)) < 0 ||
	    (r = col_text(st, 7, &h->device, err)) < 0 ||
	    (r = col_text(st, 8, &h->serial, err)) < 0 ||
	    (r = col_text(st, 9, &h->model, err)) < 0 ||
	    (r = col_text(st, 10, &h->driver_before, err)) < 0 ||
	    (r = col_text(st, 11, &h->namespaces, err)) < 0)
		return r;
	return col_text(st, 15, &h->outcome, err);
}

#define COLUMNS                                                                                    \
	"SELECT id, run, trial, kind, host_id, owner_pid, owner_start, device, serial, model,"     \
	" driver_before, namespaces,"                                                              \
	" given_ms, returned_ms, is_back, outcome FROM handover"

/* All that @select finds with @of as its one parameter. */
static int load_list(struct store *s, const char *select, const char *of, struct handovers *ret,
		     struct bl_err *err)
{
	BL_CLEANUP(handovers_done) struct handovers l = {0};
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, select, &st, err);

	if (r >= 0)
		r = db_bind(s, st, err, "s", of);
	while (r >= 0 && (r = db_row(s, st, err)) > 0)
		r = load_row(s, st, &l, err);
	if (r < 0)
		return r;
	*ret = l;
	l = (struct handovers){0};
	return 0;
}

int store_open_handovers(struct store *s, const char *host_id, struct handover_record **ret_list,
			 size_t *ret_n, struct bl_err *err)
{
	struct handovers l;
	int r = load_list(s, COLUMNS " WHERE host_id = ? AND NOT is_back ORDER BY given_ms, id",
			  host_id, &l, err);

	if (r < 0)
		return r;
	*ret_list = l.items;
	*ret_n = l.n;
	return 0;
}

int load_handovers(struct store *s, struct run_data *d, struct bl_err *err)
{
	struct handovers l;
	int r = load_list(s, COLUMNS " WHERE run = ? ORDER BY given_ms, id", d->run.id, &l, err);

	if (r < 0)
		return r;
	d->handovers = l.items;
	d->n_handovers = l.n;
	return 0;
}
