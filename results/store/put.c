/* Records into rows: a run with its cells, a trial with everything in it. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "db.h"
#include "interval.h"
#include "store.h"

/* A table of facts: (owner, idx, key, value). */
static int put_facts(struct store *s, const char *insert, const char *owner, const struct facts *f,
		     struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = f->n ? db_prepare(s, insert, &st, err) : 0;

	for (size_t i = 0; i < f->n && r >= 0; i++) {
		r = db_bind(s, st, err, "suss", owner, (uint64_t)i, f->items[i].key,
			    f->items[i].value);
		if (r >= 0)
			r = db_put(s, st, err, f->items[i].key ? f->items[i].key : "a fact");
	}
	return r;
}

/* ---- run ---- */

static int put_cell(struct store *s, sqlite3_stmt *st, const struct run_record *run, size_t idx,
		    const struct cell_record *c, struct bl_err *err)
{
	char id[BL_UUID_TEXT];
	int r;

	bl_uuid7(id, run->started_ms);
	r = db_bind(s, st, err, "ssuss", id, run->id, (uint64_t)idx, c->name, c->durability);
	if (r >= 0)
		r = db_put(s, st, err, "cell");
	if (r >= 0)
		r = put_facts(s, "INSERT INTO cell_axis VALUES (?, ?, ?, ?)", id, &c->axes, err);
	return r < 0 ? bl_wrap(err, r, "cell %zu '%s'", idx, c->name ? c->name : "") : 0;
}

static int put_run_row(struct store *s, const struct run_record *run, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &st, err);

	if (r >= 0)
		r = db_bind(s, st, err, "sssssssuuuo", run->id, run->scenario_name,
			    run->scenario_text, run->host_id, run->host_name, run->accel,
			    run->version, run->seed, (uint64_t)run->repeats, run->started_ms,
			    run->ended_ms != 0, run->ended_ms);
	return r < 0 ? r : db_put(s, st, err, "run");
}

static int put_run(struct store *s, const struct run_record *run, const struct cell_record *cells,
		   size_t n_cells, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	if ((r = put_run_row(s, run, err)) < 0 ||
	    (r = put_facts(s, "INSERT INTO environment VALUES (?, ?, ?, ?)", run->id,
			   &run->environment, err)) < 0 ||
	    (r = put_facts(s, "INSERT INTO run_note VALUES (?, ?, ?, ?)", run->id, &run->notes,
			   err)) < 0 ||
	    (r = put_facts(s, "INSERT INTO run_declared VALUES (?, ?, ?, ?)", run->id,
			   &run->declared, err)) < 0 ||
	    (r = db_prepare(s, "INSERT INTO cell VALUES (?, ?, ?, ?, ?)", &st, err)) < 0)
		return r;
	for (size_t i = 0; i < n_cells && r >= 0; i++)
		r = put_cell(s, st, run, i, &cells[i], err);
	return r;
}

int store_put_run(struct store *s, const struct run_record *run, const struct cell_record *cells,
		  size_t n_cells, struct bl_err *err)
{
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, put_run(s, run, cells, n_cells, err), err);
	return r < 0 ? bl_wrap(err, r, "run %s", run->id) : 0;
}

static int end_run(struct store *s, const char *run_id, uint64_t ended_ms,
		   const struct facts *notes, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	BL_CLEANUP(stmt_freep) sqlite3_stmt *clear = NULL;
	int r;

	if ((r = db_prepare(s, "UPDATE run SET ended_ms = ? WHERE id = ?", &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "us", ended_ms, run_id)) < 0 ||
	    (r = db_put(s, st, err, "run")) < 0)
		return r;
	if (!sqlite3_changes(s->db))
		return bl_fail(err, -ENOENT, "is not in the store");
	if ((r = db_prepare(s, "DELETE FROM run_note WHERE run = ?", &clear, err)) < 0 ||
	    (r = db_bind(s, clear, err, "s", run_id)) < 0 ||
	    (r = db_put(s, clear, err, "notes")) < 0)
		return r;
	return put_facts(s, "INSERT INTO run_note VALUES (?, ?, ?, ?)", run_id, notes, err);
}

int store_end_run(struct store *s, const char *run_id, uint64_t ended_ms, const struct facts *notes,
		  struct bl_err *err)
{
	struct bl_err first = BL_ERR_INIT;
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, end_run(s, run_id, ended_ms, notes, &first), &first);
	if (r == 0)
		return 0;
	/* Perhaps it is the log that can't grow: once what it holds is in the store itself it
	 * starts anew, and this little may fit. */
	if (db_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)", NULL) < 0 || db_begin(s, NULL) < 0) {
		*err = first;
		return bl_wrap(err, r, "run %s", run_id);
	}
	r = db_end(s, end_run(s, run_id, ended_ms, notes, err), err);
	return r < 0 ? bl_wrap(err, r, "run %s", run_id) : 0;
}

/* ---- trial ---- */

static const char insert_latency[] =
	"INSERT INTO sample_latency VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static int put_latency(struct store *s, sqlite3_stmt *st, const char *job, const char *dir,
		       const char *kind, const struct lat *l, struct bl_err *err)
{
	static const double p[] = {50, 90, 95, 99, 99.9, 99.99};
	BL_CLEANUP(bl_buf_done) struct bl_buf hist = BL_BUF_INIT;
	uint64_t ns[BL_ARRAY_LEN(p)] = {0};
	int has[BL_ARRAY_LEN(p)];
	int r;

	if (!l || !l->n)
		return 0;
	for (size_t i = 0; i < BL_ARRAY_LEN(p); i++)
		has[i] = lat_percentile(l, p[i], &ns[i]);
	hist_encode(&l->hist, &hist);
	r = db_bind(s, st, err,
		    "sssuuuddoooooo"
		    "udb",
		    job, dir, kind, l->n, l->min_ns, l->max_ns, lat_mean_ns(l), lat_stddev_ns(l),
		    has[0], ns[0], has[1], ns[1], has[2], ns[2], has[3], ns[3], has[4], ns[4],
		    has[5], ns[5], l->sum_ns, l->sumsq_ns2, &hist);
	return r < 0 ? r : db_put(s, st, err, "latency");
}

static int put_directions(struct store *s, const char *job, const struct sample *sample,
			  struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	BL_CLEANUP(stmt_freep) sqlite3_stmt *lat = NULL;
	int r;

	if ((r = db_prepare(s, "INSERT INTO sample_direction VALUES (?, ?, ?, ?)", &st, err)) < 0 ||
	    (r = db_prepare(s, insert_latency, &lat, err)) < 0)
		return r;
	for (int i = 0; i < IO_DIRS && r >= 0; i++) {
		const struct dir_sample *d = &sample->dir[i];
		const char *name = io_dir_names[i];

		if (!d->ios && !d->bytes && !d->slat && !d->clat && !d->lat && !d->sched)
			continue;
		if ((r = db_bind(s, st, err, "ssuu", job, name, d->ios, d->bytes)) < 0 ||
		    (r = db_put(s, st, err, "direction")) < 0 ||
		    (r = put_latency(s, lat, job, name, "slat", d->slat, err)) < 0 ||
		    (r = put_latency(s, lat, job, name, "clat", d->clat, err)) < 0 ||
		    (r = put_latency(s, lat, job, name, "lat", d->lat, err)) < 0)
			return r;
		r = put_latency(s, lat, job, name, "sched", d->sched, err);
	}
	return r;
}

static int put_intervals(struct store *s, const char *job, const struct sample *sample,
			 struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf hist = BL_BUF_INIT;
	int r = db_prepare(s, "INSERT INTO interval VALUES (?, ?, ?, ?, ?, ?, ?)", &st, err);

	for (size_t i = 0; i < sample->n_intervals && r >= 0; i++) {
		const struct interval *iv = &sample->intervals[i];

		r = interval_check(iv, err); /* refused here, where the culprit is known */
		if (r < 0)
			break;
		hist.len = 0;
		interval_buckets_encode(iv, &hist);
		r = db_bind(s, st, err, "susuuub", job, (uint64_t)iv->index, io_dir_names[iv->dir],
			    iv->count, iv->bytes, iv->max_ns, &hist);
		if (r >= 0)
			r = db_put(s, st, err, "interval");
	}
	return r;
}

static const char insert_job[] = "INSERT INTO job_result VALUES"
				 " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
				 " ?, ?, ?, ?)";

/* An agent that measures its clock counts errors, so that 0 is a count. */
static bool has_errors(const struct sample *m)
{
	return m->clock_cost_ns > 0 || m->n_errors;
}

static int put_job_row(struct store *s, const char *id, const struct trial_record *t, size_t idx,
		       struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	const struct job_result *j = &t->jobs[idx];
	const struct sample *m = j->sample;
	int r = db_prepare(s, insert_job, &st, err);

	if (r < 0)
		return r;
	if (m)
		r = db_bind(s, st, err, "ssussosssuuuusuuuuurroo", id, t->id, (uint64_t)idx,
			    j->name, j->job_text, j->has_host_cpu, j->host_cpu_ns, m->job,
			    m->engine, m->clock, m->start_ns, m->runtime_ns, (uint64_t)m->n_threads,
			    (uint64_t)m->error, m->error_text, m->cpu_user_ns, m->cpu_sys_ns,
			    m->ctx_voluntary, m->ctx_involuntary, m->interval_ns,
			    m->clock_cost_ns > 0, m->clock_cost_ns, sample_has_drift(m),
			    m->clock_drift_ppm, has_errors(m), m->n_errors, m->n_enters != 0,
			    m->n_enters);
	else
		r = db_bind(s, st, err, "ssusso", id, t->id, (uint64_t)idx, j->name, j->job_text,
			    j->has_host_cpu, j->host_cpu_ns);
	return r < 0 ? r : db_put(s, st, err, "job");
}

static int put_job(struct store *s, const struct trial_record *t, size_t idx, struct bl_err *err)
{
	const struct job_result *j = &t->jobs[idx];
	char id[BL_UUID_TEXT];
	int r;

	bl_uuid7(id, t->started_ms);
	r = put_job_row(s, id, t, idx, err);
	if (r >= 0)
		r = put_facts(s, "INSERT INTO job_fact VALUES (?, ?, ?, ?)", id, &j->facts, err);
	if (r >= 0 && j->sample)
		r = put_directions(s, id, j->sample, err);
	if (r >= 0 && j->sample)
		r = put_intervals(s, id, j->sample, err);
	if (r >= 0)
		r = put_watched(s, id, j, err);
	return r < 0 ? bl_wrap(err, r, "job '%s'", j->name ? j->name : "") : 0;
}

static int put_effectives(struct store *s, const struct trial_record *t, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, "INSERT INTO effective VALUES (?, ?, ?, ?, ?, ?, ?)", &st, err);

	for (size_t i = 0; i < t->effective.n && r >= 0; i++) {
		const struct effective *e = &t->effective.items[i];

		r = db_bind(s, st, err, "sussssu", t->id, (uint64_t)i, e->key, e->asked,
			    e->effective, e->source, (uint64_t)e->matches);
		if (r >= 0)
			r = db_put(s, st, err, "effective");
	}
	return r;
}

static int find_cell(struct store *s, const struct trial_record *t, char id[BL_UUID_TEXT],
		     struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	if ((r = db_prepare(s, "SELECT id FROM cell WHERE run = ? AND idx = ?", &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "su", t->run_id, (uint64_t)t->cell)) < 0 ||
	    (r = db_row(s, st, err)) < 0)
		return r;
	if (r == 0)
		return bl_fail(err, -EINVAL, "run %s has no cell %u in this store", t->run_id,
			       t->cell);
	col_copy(st, 0, id, BL_UUID_TEXT);
	return 0;
}

static int put_trial_row(struct store *s, const struct trial_record *t, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	char cell[BL_UUID_TEXT];
	int r;

	if ((unsigned)t->state >= TRIAL_STATES)
		return bl_fail(err, -EINVAL, "state %d is not one", (int)t->state);
	if ((r = find_cell(s, t, cell, err)) < 0 ||
	    (r = db_prepare(s, "INSERT INTO trial VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			    &st, err)) < 0 ||
	    (r = db_bind(s, st, err, "sssuussuusssu", t->id, t->run_id, cell, (uint64_t)t->repeat,
			 (uint64_t)t->order, trial_state_names[t->state], t->reason, t->started_ms,
			 t->ended_ms, t->domain_xml, t->console_tail, *t->boot ? t->boot : t->id,
			 (uint64_t)t->round)) < 0)
		return r;
	return db_put(s, st, err, "trial");
}

static int put_trial(struct store *s, const struct trial_record *t, struct bl_err *err)
{
	int r;

	if ((r = put_trial_row(s, t, err)) < 0 ||
	    (r = put_facts(s, "INSERT INTO trial_fact VALUES (?, ?, ?, ?)", t->id, &t->facts,
			   err)) < 0 ||
	    (r = put_effectives(s, t, err)) < 0)
		return r;
	for (size_t i = 0; i < t->n_jobs && r >= 0; i++)
		r = put_job(s, t, i, err);
	return r;
}

int store_put_trial(struct store *s, const struct trial_record *t, struct bl_err *err)
{
	int r = db_begin(s, err);

	if (r < 0)
		return r;
	r = db_end(s, put_trial(s, t, err), err);
	return r < 0 ? bl_wrap(err, r, "trial %s", t->id) : 0;
}
