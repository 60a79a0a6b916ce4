/* Rows back into records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "db.h"
#include "interval.h"
#include "store.h"

static int bad(struct store *s, struct bl_err *err, const char *what)
{
	return bl_fail(err, -EINVAL, "store '%s': %s", s->path, what);
}

static void *grow(void *items, size_t n, size_t size, struct bl_err *err)
{
	char *more = reallocarray(items, n + 1, size);

	if (!more)
		bl_fail(err, -ENOMEM, "no memory for a row");
	else
		memset(more + n * size, 0, size);
	return more;
}

/* "SELECT key, value ... WHERE owner = ? ORDER BY idx" */
static int load_facts(struct store *s, const char *select, const char *owner, struct facts *f,
		      struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, select, &st, err);

	if (r >= 0)
		r = db_bind(s, st, err, "s", owner);
	while (r >= 0 && (r = db_row(s, st, err)) > 0)
		if (facts_add(f, (const char *)sqlite3_column_text(st, 0),
			      (const char *)sqlite3_column_text(st, 1)) < 0)
			return bl_fail(err, -ENOMEM, "no memory for facts");
	return r;
}

/* ---- samples ---- */

static int direction_of(sqlite3_stmt *st, int col)
{
	const char *name = (const char *)sqlite3_column_text(st, col);

	for (int d = 0; d < IO_DIRS; d++)
		if (name && !strcmp(name, io_dir_names[d]))
			return d;
	return -1;
}

static struct lat **lat_slot(struct dir_sample *d, const char *kind)
{
	if (!kind)
		return NULL;
	if (!strcmp(kind, "slat"))
		return &d->slat;
	if (!strcmp(kind, "clat"))
		return &d->clat;
	if (!strcmp(kind, "lat"))
		return &d->lat;
	return !strcmp(kind, "sched") ? &d->sched : NULL;
}

static int load_directions(struct store *s, const char *job, struct sample *m, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int d, r;

	r = db_prepare(s, "SELECT direction, ios, bytes FROM sample_direction WHERE job_result = ?",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "s", job);
	while (r >= 0 && (r = db_row(s, st, err)) > 0) {
		d = direction_of(st, 0);
		if (d < 0)
			return bad(s, err, "sample_direction: not a direction");
		m->dir[d].ios = col_u64(st, 1);
		m->dir[d].bytes = col_u64(st, 2);
	}
	return r;
}

static int load_latencies(struct store *s, const char *job, struct sample *m, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s,
		       "SELECT direction, kind, n, min_ns, max_ns, sum_ns, sumsq_ns2, histogram"
		       " FROM sample_latency WHERE job_result = ?",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "s", job);
	while (r >= 0 && (r = db_row(s, st, err)) > 0) {
		int d = direction_of(st, 0);
		struct lat **at =
			d < 0 ? NULL
			      : lat_slot(&m->dir[d], (const char *)sqlite3_column_text(st, 1));
		struct lat *l;

		if (!at)
			return bad(s, err, "sample_latency: not a direction or kind");
		l = sample_lat(at);
		if (!l)
			return bl_fail(err, -ENOMEM, "no memory for a histogram");
		l->n = col_u64(st, 2);
		l->min_ns = col_u64(st, 3);
		l->max_ns = col_u64(st, 4);
		l->sum_ns = col_u64(st, 5);
		l->sumsq_ns2 = col_real(st, 6);
		r = hist_decode(&l->hist, sqlite3_column_blob(st, 7),
				(size_t)sqlite3_column_bytes(st, 7), err);
	}
	return r;
}

static int load_intervals(struct store *s, const char *job, struct sample *m, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int d, r;

	r = db_prepare(s,
		       "SELECT slice, direction, ios, bytes, max_ns, histogram FROM interval"
		       " WHERE job_result = ? ORDER BY slice, CASE direction"
		       " WHEN 'read' THEN 0 WHEN 'write' THEN 1 WHEN 'trim' THEN 2 ELSE 3 END",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "s", job);
	while (r >= 0 && (r = db_row(s, st, err)) > 0) {
		struct interval *iv;

		if (m->n_intervals == cap) {
			cap = cap ? 2 * cap : 64;
			iv = reallocarray(m->intervals, cap, sizeof *iv);
			if (!iv)
				return bl_fail(err, -ENOMEM, "no memory for intervals");
			m->intervals = iv;
		}
		d = direction_of(st, 1);
		if (d < 0)
			return bad(s, err, "interval: not a direction");
		iv = &m->intervals[m->n_intervals];
		*iv = (struct interval){.index = (uint32_t)col_u64(st, 0),
					.dir = (uint8_t)d,
					.count = col_u64(st, 2),
					.bytes = col_u64(st, 3),
					.max_ns = col_u64(st, 4)};
		r = interval_buckets_decode(iv, sqlite3_column_blob(st, 5),
					    (size_t)sqlite3_column_bytes(st, 5), err);
		m->n_intervals += r >= 0;
	}
	return r;
}

/* ---- jobs: @watched NULL, here and for trials: figures only ---- */

static int load_sample(struct store *s, sqlite3_stmt *st, const char *job, bool with_slices,
		       struct sample **ret, struct bl_err *err)
{
	BL_CLEANUP(sample_freep) struct sample *m = NULL;
	int r;

	if (col_is_null(st, 4))
		return 0;
	m = sample_new("");
	if (!m)
		return bl_fail(err, -ENOMEM, "no memory for a sample");
	col_copy(st, 4, m->job, sizeof m->job);
	col_copy(st, 5, m->engine, sizeof m->engine);
	col_copy(st, 6, m->clock, sizeof m->clock);
	m->start_ns = col_u64(st, 7);
	m->runtime_ns = col_u64(st, 8);
	m->n_threads = (uint32_t)col_u64(st, 9);
	m->error = (int)col_u64(st, 10);
	col_copy(st, 11, m->error_text, sizeof m->error_text);
	m->cpu_user_ns = col_u64(st, 12);
	m->cpu_sys_ns = col_u64(st, 13);
	m->ctx_voluntary = col_u64(st, 14);
	m->ctx_involuntary = col_u64(st, 15);
	m->interval_ns = col_u64(st, 16);
	m->clock_cost_ns = col_real(st, 17);
	m->clock_drift_ppm = col_real(st, 18);
	m->n_errors = col_u64(st, 19);
	m->n_enters = col_u64(st, 20);
	if ((r = load_directions(s, job, m, err)) < 0 || (r = load_latencies(s, job, m, err)) < 0 ||
	    (with_slices && (r = load_intervals(s, job, m, err)) < 0))
		return r;
	*ret = BL_STEAL(m);
	return 0;
}

static int load_job(struct store *s, sqlite3_stmt *st, struct trial_record *t,
		    struct watched_load *watched, struct bl_err *err)
{
	struct job_result *j, *jobs = grow(t->jobs, t->n_jobs, sizeof *jobs, err);
	char id[BL_UUID_TEXT];
	int r;

	if (!jobs)
		return -ENOMEM;
	t->jobs = jobs;
	j = &jobs[t->n_jobs++];
	col_copy(st, 0, id, sizeof id);
	if ((r = col_text(st, 1, &j->name, err)) < 0 ||
	    (r = col_text(st, 2, &j->job_text, err)) < 0)
		return r;
	j->has_host_cpu = !col_is_null(st, 3);
	j->host_cpu_ns = col_u64(st, 3);
	r = load_facts(s, "SELECT key, value FROM job_fact WHERE job_result = ? ORDER BY idx", id,
		       &j->facts, err);
	if (r >= 0)
		r = load_sample(s, st, id, watched != NULL, &j->sample, err);
	return r < 0 || !watched ? r : load_watched(s, id, t->id, j, watched, err);
}

static int load_jobs(struct store *s, struct trial_record *t, struct watched_load *watched,
		     struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s,
		       "SELECT id, name, job_text, host_cpu_ns, sample_job, engine, clock,"
		       " start_ns, runtime_ns, n_threads, error, error_text, cpu_user_ns,"
		       " cpu_sys_ns, ctx_voluntary, ctx_involuntary, interval_ns,"
		       " clock_cost_ns, clock_drift_ppm, n_errors, n_enters"
		       " FROM job_result WHERE trial = ? ORDER BY idx",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "s", t->id);
	while (r >= 0 && (r = db_row(s, st, err)) > 0)
		r = load_job(s, st, t, watched, err);
	return r;
}

/* ---- trials ---- */

static int load_effectives(struct store *s, struct trial_record *t, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s,
		       "SELECT key, asked, effective, source, matches FROM effective"
		       " WHERE trial = ? ORDER BY idx",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "s", t->id);
	while (r >= 0 && (r = db_row(s, st, err)) > 0) {
		struct effective *e,
			*more = grow(t->effective.items, t->effective.n, sizeof *e, err);

		if (!more)
			return -ENOMEM;
		t->effective.items = more;
		e = &more[t->effective.n++];
		if ((r = col_text(st, 0, &e->key, err)) < 0 ||
		    (r = col_text(st, 1, &e->asked, err)) < 0 ||
		    (r = col_text(st, 2, &e->effective, err)) < 0 ||
		    (r = col_text(st, 3, &e->source, err)) < 0)
			return r;
		e->matches = col_u64(st, 4);
	}
	return r;
}

static int state_of(sqlite3_stmt *st, int col)
{
	const char *name = (const char *)sqlite3_column_text(st, col);

	for (int i = 0; i < TRIAL_STATES; i++)
		if (name && !strcmp(name, trial_state_names[i]))
			return i;
	return -1;
}

static int load_trial(struct store *s, sqlite3_stmt *st, struct run_data *d,
		      struct watched_load *watched, struct bl_err *err)
{
	struct trial_record *t, *more = grow(d->trials, d->n_trials, sizeof *t, err);
	int state = state_of(st, 4), r;

	if (!more)
		return -ENOMEM;
	d->trials = more;
	t = &more[d->n_trials++];
	if (state < 0)
		return bad(s, err, "trial: not a state");
	t->state = (enum trial_state)state;
	col_copy(st, 0, t->id, sizeof t->id);
	memcpy(t->run_id, d->run.id, sizeof t->run_id);
	t->cell = (uint32_t)col_u64(st, 1);
	t->repeat = (uint32_t)col_u64(st, 2);
	t->order = (uint32_t)col_u64(st, 3);
	t->started_ms = col_u64(st, 6);
	t->ended_ms = col_u64(st, 7);
	col_copy(st, 8, t->boot, sizeof t->boot);
	t->round = (uint32_t)col_u64(st, 9);
	if ((r = col_text(st, 5, &t->reason, err)) < 0 ||
	    (watched && (r = col_text(st, 10, &t->domain_xml, err)) < 0) ||
	    (watched && (r = col_text(st, 11, &t->console_tail, err)) < 0) ||
	    (r = load_facts(s, "SELECT key, value FROM trial_fact WHERE trial = ? ORDER BY idx",
			    t->id, &t->facts, err)) < 0 ||
	    (r = load_effectives(s, t, err)) < 0)
		return r;
	return load_jobs(s, t, watched, err);
}

static int load_trials(struct store *s, struct run_data *d, struct watched_load *watched,
		       struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s,
		       "SELECT trial.id, cell.idx, trial.repeat, plan_order, state, reason,"
		       " started_ms, ended_ms, coalesce(boot, trial.id), round, domain_xml,"
		       " console_tail"
		       " FROM trial JOIN cell ON cell.id = trial.cell"
		       " WHERE trial.run = ? ORDER BY plan_order, started_ms, trial.id",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "s", d->run.id);
	while (r >= 0 && (r = db_row(s, st, err)) > 0)
		r = load_trial(s, st, d, watched, err);
	if (r >= 0 && watched)
		r = note_watched(watched, &d->run, err);
	return r;
}

/* ---- run and cells ---- */

static int load_cells(struct store *s, struct run_data *d, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s, "SELECT id, idx, name, durability FROM cell WHERE run = ? ORDER BY idx",
		       &st, err);
	if (r >= 0)
		r = db_bind(s, st, err, "s", d->run.id);
	while (r >= 0 && (r = db_row(s, st, err)) > 0) {
		struct cell_record *c, *more = grow(d->cells, d->n_cells, sizeof *c, err);
		char id[BL_UUID_TEXT];

		if (!more)
			return -ENOMEM;
		d->cells = more;
		c = &more[d->n_cells++];
		if (col_u64(st, 1) != d->n_cells - 1)
			return bad(s, err, "cell: the indexes have a gap");
		col_copy(st, 0, id, sizeof id);
		if ((r = col_text(st, 2, &c->name, err)) < 0 ||
		    (r = col_text(st, 3, &c->durability, err)) < 0)
			return r;
		r = load_facts(s, "SELECT axis, value FROM cell_axis WHERE cell = ? ORDER BY idx",
			       id, &c->axes, err);
	}
	return r;
}

static int load_run_row(struct store *s, const char *id, struct run_record *run, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r;

	r = db_prepare(s,
		       "SELECT id, scenario, scenario_text, host_id, host_name, accel, version,"
		       " seed, repeats, started_ms, ended_ms FROM run WHERE id = ?",
		       &st, err);
	if (r < 0 || (r = db_bind(s, st, err, "s", id)) < 0 || (r = db_row(s, st, err)) < 0)
		return r;
	if (r == 0)
		return bl_fail(err, -ENOENT, "run %s is not in the store", id);
	col_copy(st, 0, run->id, sizeof run->id);
	if ((r = col_text(st, 1, &run->scenario_name, err)) < 0 ||
	    (r = col_text(st, 2, &run->scenario_text, err)) < 0 ||
	    (r = col_text(st, 3, &run->host_id, err)) < 0 ||
	    (r = col_text(st, 4, &run->host_name, err)) < 0 ||
	    (r = col_text(st, 5, &run->accel, err)) < 0 ||
	    (r = col_text(st, 6, &run->version, err)) < 0)
		return r;
	run->seed = col_u64(st, 7);
	run->repeats = (uint32_t)col_u64(st, 8);
	run->started_ms = col_u64(st, 9);
	run->ended_ms = col_u64(st, 10);
	if ((r = load_facts(s, "SELECT key, value FROM environment WHERE run = ? ORDER BY idx", id,
			    &run->environment, err)) < 0 ||
	    (r = load_facts(s, "SELECT key, value FROM run_note WHERE run = ? ORDER BY idx", id,
			    &run->notes, err)) < 0)
		return r;
	return load_facts(s, "SELECT key, value FROM run_declared WHERE run = ? ORDER BY idx", id,
			  &run->declared, err);
}

/* "019...: quick; 019...: matrix" of the newest runs, or that there is none. */
static int no_such_run(struct store *s, const char *run, const struct store_run_info *list,
		       size_t n, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;

	if (!n)
		return bl_fail(err, -ENOENT, "store '%s': holds no run yet", s->path);
	for (size_t i = 0; i < n && i < 5; i++)
		bl_buf_addf(&known, "%s%s (%s)", i ? ", " : "", list[i].id, list[i].scenario);
	if (n > 5)
		bl_buf_addf(&known, " and %zu older", n - 5);
	return bl_fail(err, -ENOENT, "store '%s': no run begins with '%s'; there are %s", s->path,
		       run, bl_buf_str(&known));
}

int store_resolve(struct store *s, const char *run, char id[BL_UUID_TEXT], struct bl_err *err)
{
	BL_CLEANUP(bl_freep) struct store_run_info *list = NULL;
	const struct store_run_info *found = NULL;
	size_t n;
	int r = store_list_runs(s, &list, &n, err);

	if (r < 0)
		return r;
	if (!run && n)
		found = &list[0];
	for (size_t i = 0; run && i < n; i++) {
		if (strncasecmp(list[i].id, run, strlen(run)))
			continue;
		if (found)
			return bl_fail(
				err, -EINVAL,
				"store '%s': both %s and %s begin with '%s'; write more of it",
				s->path, found->id, list[i].id, run);
		found = &list[i];
	}
	if (!found)
		return no_such_run(s, run, list, n, err);
	memcpy(id, found->id, BL_UUID_TEXT);
	return 0;
}

static int load(struct store *s, const char *run, struct watched_load *watched,
		struct run_data *ret_data, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	char id[BL_UUID_TEXT];
	int r, ended;

	r = db_exec(s, "BEGIN", err); /* one moment of the store for all that follows */
	if (r < 0)
		return r;
	if ((r = store_resolve(s, run, id, err)) >= 0 &&
	    (r = load_run_row(s, id, &d.run, err)) >= 0 && (r = load_cells(s, &d, err)) >= 0 &&
	    (r = load_trials(s, &d, watched, err)) >= 0)
		r = load_handovers(s, &d, err);
	ended = db_end(s, r < 0 ? r : 0, err);
	if (r < 0 || ended < 0)
		return r < 0 ? r : ended;
	*ret_data = d;
	memset(&d, 0, sizeof d);
	return 0;
}

int store_load_run(struct store *s, const char *run, struct run_data *ret_data, struct bl_err *err)
{
	struct watched_load watched = {.first = BL_BUF_INIT};
	int r = load(s, run, &watched, ret_data, err);

	bl_buf_done(&watched.first);
	return r;
}

int store_load_figures(struct store *s, const char *run, struct run_data *ret_data,
		       struct bl_err *err)
{
	return load(s, run, NULL, ret_data, err);
}
