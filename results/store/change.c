/* Changes found in histories: rows that are written again as more is known of them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "db.h"
#include "store.h"

static int put_change(struct store *s, const struct change_record *c, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	/* NOT NULL of the table refuses what lacks a text; SQLite keeps a NaN as NULL. An upsert,
	 * since REPLACE would take a row that clashes by any other key away. */
	if ((r = db_prepare(s,
			    "INSERT INTO change_event VALUES"
			    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
			    " ON CONFLICT(id) DO UPDATE SET event = excluded.event,"
			    " host = excluded.host, scenario = excluded.scenario,"
			    " cell = excluded.cell, job = excluded.job, metric = excluded.metric,"
			    " at_run = excluded.at_run, found_run = excluded.found_run,"
			    " before = excluded.before, after = excluded.after, lo = excluded.lo,"
			    " hi = excluded.hi, p = excluded.p, is_drift = excluded.is_drift,"
			    " cause = excluded.cause, state = excluded.state,"
			    " confirmation = excluded.confirmation,"
			    " reported_ms = excluded.reported_ms",
			    &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "sssssssssdddddussso", c->id, c->event, c->host, c->scenario,
			 c->cell, c->job, c->metric, c->at_run, c->found_run, c->before, c->after,
			 c->lo, c->hi, c->p, (uint64_t)c->is_drift, c->cause, c->state,
			 c->confirmation, c->reported_ms != 0, c->reported_ms)) < 0)
		return r;
	return db_put(s, st, err, "change");
}

int store_put_change(struct store *s, const struct change_record *c, struct bl_err *err)
{
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, put_change(s, c, err), err);
	return r < 0 ? bl_wrap(err, r, "change %s", c->id) : 0;
}

int store_set_event_state(struct store *s, const char *event, const char *host_id,
			  const char *scenario, const char *state, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s,
			   "UPDATE change_event SET state = ?1 WHERE event = ?2"
			   " AND (?3 IS NULL OR host = ?3) AND (?4 IS NULL OR scenario = ?4)",
			   &st, err);

	if (r >= 0)
		r = db_bind(s, st, err, "ssss", state, event, host_id, scenario);
	if (r >= 0)
		r = db_put(s, st, err, "event");
	if (r < 0)
		return bl_wrap(err, r, "event %s", event);
	return sqlite3_changes(s->db) ? 0 : bl_fail(err, -ENOENT, "there is no event %s", event);
}

struct change_list {
	struct change_record *items;
	size_t n;
};

static void change_list_done(struct change_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		change_record_done(&l->items[i]);
	free(l->items);
}

static double real_or_nan(sqlite3_stmt *st, int col)
{
	return col_is_null(st, col) ? NAN : col_real(st, col);
}

static int load_change(sqlite3_stmt *st, struct change_list *l, struct bl_err *err)
{
	struct change_record *c, *more = reallocarray(l->items, l->n + 1, sizeof *more);
	int r;

	if (!more)
		return bl_fail(err, -ENOMEM, "no memory for a change");
	l->items = more;
	c = memset(&more[l->n++], 0, sizeof *c);
	col_copy(st, 0, c->id, sizeof c->id);
	col_copy(st, 1, c->event, sizeof c->event);
	col_copy(st, 7, c->at_run, sizeof c->at_run);
	col_copy(st, 8, c->found_run, sizeof c->found_run);
	c->before = real_or_nan(st, 9);
	c->after = real_or_nan(st, 10);
	c->lo = real_or_nan(st, 11);
	c->hi = real_or_nan(st, 12);
	c->p = real_or_nan(st, 13);
	c->is_drift = col_u64(st, 14);
	c->reported_ms = col_u64(st, 18);
	if ((r = col_text(st, 2, &c->host, err)) < 0 ||
	    (r = col_text(st, 3, &c->scenario, err)) < 0 ||
	    (r = col_text(st, 4, &c->cell, err)) < 0 || (r = col_text(st, 5, &c->job, err)) < 0 ||
	    (r = col_text(st, 6, &c->metric, err)) < 0 ||
	    (r = col_text(st, 15, &c->cause, err)) < 0 ||
	    (r = col_text(st, 16, &c->state, err)) < 0)
		return r;
	return col_text(st, 17, &c->confirmation, err);
}

int store_list_changes(struct store *s, const char *host_id, const char *scenario,
		       struct change_record **ret_list, size_t *ret_n, struct bl_err *err)
{
	BL_CLEANUP(change_list_done) struct change_list l = {0};
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s,
		       "SELECT id, event, host, scenario, cell, job, metric, at_run, found_run,"
		       " before, after, lo, hi, p, is_drift, cause, state, confirmation,"
		       " reported_ms FROM change_event WHERE (?1 IS NULL OR host = ?1)"
		       " AND (?2 IS NULL OR scenario = ?2) ORDER BY id",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "ss", host_id, scenario);
	while (r >= 0 && (r = db_row(s, st, err)) > 0)
		r = load_change(st, &l, err);
	if (r < 0)
		return r;
	*ret_list = BL_STEAL(l.items);
	*ret_n = l.n;
	l.n = 0;
	return 0;
}
