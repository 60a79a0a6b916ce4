/* The schema, in steps. schema.md tells people what is in it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cleanup.h"
#include "db.h"

#define APPLICATION_ID 0x424c4b4c /* "BLKL", in the file's header: file(1) and we know it by */

/* Version 1. Rows of facts keep their order by idx. Children go with their parents. */
static const char *const step_1[] = {
	"CREATE TABLE run ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" scenario TEXT NOT NULL,"
	" scenario_text TEXT NOT NULL,"
	" host_id TEXT NOT NULL,"
	" host_name TEXT NOT NULL,"
	" accel TEXT NOT NULL,"
	" version TEXT NOT NULL,"
	" seed INTEGER NOT NULL,"
	" repeats INTEGER NOT NULL,"
	" started_ms INTEGER NOT NULL,"
	" ended_ms INTEGER" /* NULL: never ended */
	") STRICT",

	"CREATE TABLE environment ("
	" run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (run, idx)) STRICT, WITHOUT ROWID",

	"CREATE TABLE run_note ("
	" run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (run, idx)) STRICT, WITHOUT ROWID",

	"CREATE TABLE cell ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" durability TEXT NOT NULL,"
	" UNIQUE (run, idx), UNIQUE (run, name)) STRICT",

	"CREATE TABLE cell_axis ("
	" cell TEXT NOT NULL REFERENCES cell(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL, axis TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (cell, idx), UNIQUE (cell, axis)) STRICT, WITHOUT ROWID",

	"CREATE TABLE trial ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,"
	" cell TEXT NOT NULL REFERENCES cell(id) ON DELETE CASCADE,"
	" repeat INTEGER NOT NULL,"
	" plan_order INTEGER NOT NULL,"
	" state TEXT NOT NULL,"
	" reason TEXT,"
	" started_ms INTEGER NOT NULL,"
	" ended_ms INTEGER NOT NULL,"
	" domain_xml TEXT,"
	" console_tail TEXT) STRICT",
	"CREATE INDEX trial_by_run ON trial(run, plan_order)",
	"CREATE INDEX trial_by_cell ON trial(cell)",

	"CREATE TABLE trial_fact ("
	" trial TEXT NOT NULL REFERENCES trial(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (trial, idx)) STRICT, WITHOUT ROWID",

	"CREATE TABLE effective ("
	" trial TEXT NOT NULL REFERENCES trial(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL, key TEXT NOT NULL,"
	" asked TEXT, effective TEXT, source TEXT NOT NULL, matches INTEGER NOT NULL,"
	" PRIMARY KEY (trial, idx)) STRICT, WITHOUT ROWID",

	/* All columns from sample_job on are NULL together: the job gave no sample. */
	"CREATE TABLE job_result ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" trial TEXT NOT NULL REFERENCES trial(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" job_text TEXT NOT NULL,"
	" host_cpu_ns INTEGER,"
	" sample_job TEXT,"
	" engine TEXT,"
	" clock TEXT,"
	" start_ns INTEGER,"
	" runtime_ns INTEGER,"
	" n_threads INTEGER,"
	" error INTEGER,"
	" error_text TEXT,"
	" cpu_user_ns INTEGER,"
	" cpu_sys_ns INTEGER,"
	" ctx_voluntary INTEGER,"
	" ctx_involuntary INTEGER,"
	" interval_ns INTEGER,"
	" UNIQUE (trial, idx)) STRICT",

	"CREATE TABLE job_fact ("
	" job_result TEXT NOT NULL REFERENCES job_result(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (job_result, idx)) STRICT, WITHOUT ROWID",

	"CREATE TABLE sample_direction ("
	" job_result TEXT NOT NULL REFERENCES job_result(id) ON DELETE CASCADE,"
	" direction TEXT NOT NULL, ios INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" PRIMARY KEY (job_result, direction)) STRICT, WITHOUT ROWID",

	"CREATE TABLE sample_latency ("
	" job_result TEXT NOT NULL REFERENCES job_result(id) ON DELETE CASCADE,"
	" direction TEXT NOT NULL,"
	" kind TEXT NOT NULL,"
	" n INTEGER NOT NULL,"
	" min_ns INTEGER NOT NULL,"
	" max_ns INTEGER NOT NULL,"
	" mean_ns REAL NOT NULL,"
	" stddev_ns REAL NOT NULL,"
	" p50_ns INTEGER, p90_ns INTEGER, p95_ns INTEGER,"
	" p99_ns INTEGER, p99_9_ns INTEGER, p99_99_ns INTEGER,"
	" sum_ns INTEGER NOT NULL,"
	" sumsq_ns2 REAL NOT NULL,"
	" histogram BLOB NOT NULL,"
	" PRIMARY KEY (job_result, direction, kind)) STRICT",

	"CREATE TABLE interval ("
	" job_result TEXT NOT NULL REFERENCES job_result(id) ON DELETE CASCADE,"
	" slice INTEGER NOT NULL,"
	" direction TEXT NOT NULL,"
	" ios INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL,"
	" max_ns INTEGER NOT NULL,"
	" histogram BLOB NOT NULL,"
	" PRIMARY KEY (job_result, slice, direction)) STRICT, WITHOUT ROWID",

	"CREATE VIEW percentiles AS SELECT"
	" run.id AS run, run.scenario, run.host_name AS host, cell.name AS cell,"
	" trial.id AS trial, trial.repeat, trial.state, job_result.name AS job,"
	" l.direction, l.kind, l.n,"
	" CAST(d.ios AS REAL) * 1e9 / nullif(job_result.runtime_ns, 0) AS iops,"
	" CAST(d.bytes AS REAL) * 1e9 / nullif(job_result.runtime_ns, 0) AS bytes_per_s,"
	" l.min_ns, l.mean_ns, l.stddev_ns, l.p50_ns, l.p90_ns, l.p95_ns, l.p99_ns, l.p99_9_ns,"
	" l.p99_99_ns, l.max_ns,"
	/* the first percentile with fewer than 100 samples beyond it; NULL: none */
	" CASE WHEN l.n < 200 THEN 'p50' WHEN l.n < 1000 THEN 'p90' WHEN l.n < 2000 THEN 'p95'"
	" WHEN l.n < 10000 THEN 'p99' WHEN l.n < 100000 THEN 'p99_9'"
	" WHEN l.n < 1000000 THEN 'p99_99' END AS thin_from"
	" FROM sample_latency l"
	" JOIN job_result ON job_result.id = l.job_result"
	" JOIN sample_direction d ON d.job_result = l.job_result AND d.direction = l.direction"
	" JOIN trial ON trial.id = job_result.trial"
	" JOIN cell ON cell.id = trial.cell"
	" JOIN run ON run.id = trial.run",

	"CREATE VIEW cells AS SELECT"
	" run.id AS run, run.scenario, run.host_name AS host, cell.idx, cell.name AS cell,"
	" a.bus, a.iothreads, a.queues, a.cache, a.aio, a.format, a.cluster_size,"
	" a.preallocation, a.discard, a.vcpus, a.kernel, a.emulator, cell.durability,"
	" count(trial.id) AS n_trials,"
	" count(trial.id) FILTER (WHERE trial.state = 'ok') AS n_ok,"
	" count(trial.id) FILTER (WHERE trial.state = 'failed') AS n_failed,"
	" count(trial.id) FILTER (WHERE trial.state = 'mismatch') AS n_mismatch,"
	" count(trial.id) FILTER (WHERE trial.state = 'impossible') AS n_impossible,"
	" count(trial.id) FILTER (WHERE trial.state = 'interrupted') AS n_interrupted"
	" FROM cell JOIN run ON run.id = cell.run"
	" LEFT JOIN (SELECT cell AS of,"
	"  max(value) FILTER (WHERE axis = 'bus') AS bus,"
	"  max(value) FILTER (WHERE axis = 'iothreads') AS iothreads,"
	"  max(value) FILTER (WHERE axis = 'queues') AS queues,"
	"  max(value) FILTER (WHERE axis = 'cache') AS cache,"
	"  max(value) FILTER (WHERE axis = 'aio') AS aio,"
	"  max(value) FILTER (WHERE axis = 'format') AS format,"
	"  max(value) FILTER (WHERE axis = 'cluster_size') AS cluster_size,"
	"  max(value) FILTER (WHERE axis = 'preallocation') AS preallocation,"
	"  max(value) FILTER (WHERE axis = 'discard') AS discard,"
	"  max(value) FILTER (WHERE axis = 'vcpus') AS vcpus,"
	"  max(value) FILTER (WHERE axis = 'kernel') AS kernel,"
	"  max(value) FILTER (WHERE axis = 'emulator') AS emulator"
	"  FROM cell_axis GROUP BY cell) a ON a.of = cell.id"
	" LEFT JOIN trial ON trial.cell = cell.id"
	" GROUP BY cell.id",

	"CREATE VIEW slices AS SELECT"
	" run.id AS run, cell.name AS cell, trial.id AS trial, trial.repeat, trial.state,"
	" job_result.name AS job, interval.direction, interval.slice,"
	" interval.slice * job_result.interval_ns / 1000000 AS at_ms,"
	" CAST(interval.ios AS REAL) * 1e9 / job_result.interval_ns AS iops,"
	" CAST(interval.bytes AS REAL) * 1e9 / job_result.interval_ns AS bytes_per_s,"
	" interval.max_ns"
	" FROM interval"
	" JOIN job_result ON job_result.id = interval.job_result"
	" JOIN trial ON trial.id = job_result.trial"
	" JOIN cell ON cell.id = trial.cell"
	" JOIN run ON run.id = trial.run",
	NULL,
};

/* Version 2. Samples carry what their clock cost, and the requests that failed or that a system
 * call moved. Rows of version 1 keep NULL: it was not known. */
static const char *const step_2[] = {
	"ALTER TABLE job_result ADD COLUMN clock_cost_ns REAL",
	"ALTER TABLE job_result ADD COLUMN clock_drift_ppm REAL",
	"ALTER TABLE job_result ADD COLUMN n_errors INTEGER",
	"ALTER TABLE job_result ADD COLUMN n_enters INTEGER",
	NULL,
};

/* Version 3. Devices of the host that a trial takes are written down before they are taken: nothing
 * may lose such a row while its device is out, and it comes before its trial, which is stored
 * whole at its end. What the scenario declares of its VM; the axis storage. */
static const char *const step_3[] = {
	"CREATE TABLE run_declared ("
	" run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (run, idx)) STRICT, WITHOUT ROWID",

	"CREATE TABLE handover ("
	" id TEXT PRIMARY KEY NOT NULL,"
	" run TEXT NOT NULL REFERENCES run(id) ON DELETE CASCADE,"
	" trial TEXT NOT NULL," /* no reference: that row comes later, or never */
	" kind TEXT NOT NULL,"
	" host_id TEXT NOT NULL,"
	" owner_pid INTEGER NOT NULL,"
	" owner_start INTEGER NOT NULL,"
	" device TEXT NOT NULL,"
	" serial TEXT NOT NULL,"
	" model TEXT NOT NULL,"
	" driver_before TEXT NOT NULL,"
	" namespaces TEXT NOT NULL,"
	" given_ms INTEGER NOT NULL,"
	" returned_ms INTEGER,"
	" is_back INTEGER NOT NULL,"
	" outcome TEXT) STRICT",

	"CREATE INDEX handover_run ON handover(run)",

	"CREATE TRIGGER run_is_out BEFORE DELETE ON run"
	" WHEN EXISTS (SELECT 1 FROM handover WHERE run = old.id AND NOT is_back)"
	" BEGIN SELECT raise(ABORT, 'a device of this run was not given back: see table handover');"
	" END",

	"DROP VIEW cells",

	"CREATE VIEW cells AS SELECT"
	" run.id AS run, run.scenario, run.host_name AS host, cell.idx, cell.name AS cell,"
	" a.bus, a.storage, a.iothreads, a.queues, a.cache, a.aio, a.format, a.cluster_size,"
	" a.preallocation, a.discard, a.vcpus, a.kernel, a.emulator, cell.durability,"
	" count(trial.id) AS n_trials,"
	" count(trial.id) FILTER (WHERE trial.state = 'ok') AS n_ok,"
	" count(trial.id) FILTER (WHERE trial.state = 'failed') AS n_failed,"
	" count(trial.id) FILTER (WHERE trial.state = 'mismatch') AS n_mismatch,"
	" count(trial.id) FILTER (WHERE trial.state = 'impossible') AS n_impossible,"
	" count(trial.id) FILTER (WHERE trial.state = 'interrupted') AS n_interrupted"
	" FROM cell JOIN run ON run.id = cell.run"
	" LEFT JOIN (SELECT cell AS of,"
	"  max(value) FILTER (WHERE axis = 'bus') AS bus,"
	"  max(value) FILTER (WHERE axis = 'storage') AS storage,"
	"  max(value) FILTER (WHERE axis = 'iothreads') AS iothreads,"
	"  max(value) FILTER (WHERE axis = 'queues') AS queues,"
	"  max(value) FILTER (WHERE axis = 'cache') AS cache,"
	"  max(value) FILTER (WHERE axis = 'aio') AS aio,"
	"  max(value) FILTER (WHERE axis = 'format') AS format,"
	"  max(value) FILTER (WHERE axis = 'cluster_size') AS cluster_size,"
	"  max(value) FILTER (WHERE axis = 'preallocation') AS preallocation,"
	"  max(value) FILTER (WHERE axis = 'discard') AS discard,"
	"  max(value) FILTER (WHERE axis = 'vcpus') AS vcpus,"
	"  max(value) FILTER (WHERE axis = 'kernel') AS kernel,"
	"  max(value) FILTER (WHERE axis = 'emulator') AS emulator"
	"  FROM cell_axis GROUP BY cell) a ON a.of = cell.id"
	" LEFT JOIN trial ON trial.cell = cell.id"
	" GROUP BY cell.id",
	NULL,
};

/* Version 4. What was watched while a job ran: one row a watcher. The axis throttle. */
static const char *const step_4[] = {
	"CREATE TABLE watched ("
	" job_result TEXT NOT NULL REFERENCES job_result(id) ON DELETE CASCADE,"
	" watcher TEXT NOT NULL,"
	" encoding TEXT NOT NULL,"
	" series BLOB NOT NULL,"
	" PRIMARY KEY (job_result, watcher)) STRICT",

	"DROP VIEW cells",

	"CREATE VIEW cells AS SELECT"
	" run.id AS run, run.scenario, run.host_name AS host, cell.idx, cell.name AS cell,"
	" a.bus, a.storage, a.iothreads, a.queues, a.cache, a.aio, a.format, a.cluster_size,"
	" a.preallocation, a.discard, a.throttle, a.vcpus, a.kernel, a.emulator, cell.durability,"
	" count(trial.id) AS n_trials,"
	" count(trial.id) FILTER (WHERE trial.state = 'ok') AS n_ok,"
	" count(trial.id) FILTER (WHERE trial.state = 'failed') AS n_failed,"
	" count(trial.id) FILTER (WHERE trial.state = 'mismatch') AS n_mismatch,"
	" count(trial.id) FILTER (WHERE trial.state = 'impossible') AS n_impossible,"
	" count(trial.id) FILTER (WHERE trial.state = 'interrupted') AS n_interrupted"
	" FROM cell JOIN run ON run.id = cell.run"
	" LEFT JOIN (SELECT cell AS of,"
	"  max(value) FILTER (WHERE axis = 'bus') AS bus,"
	"  max(value) FILTER (WHERE axis = 'storage') AS storage,"
	"  max(value) FILTER (WHERE axis = 'iothreads') AS iothreads,"
	"  max(value) FILTER (WHERE axis = 'queues') AS queues,"
	"  max(value) FILTER (WHERE axis = 'cache') AS cache,"
	"  max(value) FILTER (WHERE axis = 'aio') AS aio,"
	"  max(value) FILTER (WHERE axis = 'format') AS format,"
	"  max(value) FILTER (WHERE axis = 'cluster_size') AS cluster_size,"
	"  max(value) FILTER (WHERE axis = 'preallocation') AS preallocation,"
	"  max(value) FILTER (WHERE axis = 'discard') AS discard,"
	"  max(value) FILTER (WHERE axis = 'throttle') AS throttle,"
	"  max(value) FILTER (WHERE axis = 'vcpus') AS vcpus,"
	"  max(value) FILTER (WHERE axis = 'kernel') AS kernel,"
	"  max(value) FILTER (WHERE axis = 'emulator') AS emulator"
	"  FROM cell_axis GROUP BY cell) a ON a.of = cell.id"
	" LEFT JOIN trial ON trial.cell = cell.id"
	" GROUP BY cell.id",
	NULL,
};

/* Version 5. Which boot a trial ran in, and its round there: of rows of older versions, and of an
 * ordinary trial, a boot is the trial itself. Baselines: names for sets of runs. Changes found in
 * the history of a series; their runs are texts, since not every store has them. */
static const char *const step_5[] = {
	"ALTER TABLE trial ADD COLUMN boot TEXT",
	"ALTER TABLE trial ADD COLUMN round INTEGER NOT NULL DEFAULT 0",

	"CREATE TABLE baseline ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" name TEXT NOT NULL,"
	" host TEXT NOT NULL," /* run.host_id */
	" host_name TEXT NOT NULL,"
	" scenario TEXT NOT NULL,"
	" made_ms INTEGER NOT NULL,"
	" note TEXT NOT NULL,"
	" retired_ms INTEGER," /* NULL: in use */
	" retired_why TEXT) STRICT",
	"CREATE UNIQUE INDEX baseline_in_use ON baseline(host, scenario, name)"
	" WHERE retired_ms IS NULL",

	"CREATE TABLE baseline_run ("
	" baseline TEXT NOT NULL REFERENCES baseline(id) ON DELETE CASCADE,"
	" idx INTEGER NOT NULL,"
	" run TEXT NOT NULL REFERENCES run(id) ON DELETE RESTRICT,"
	" PRIMARY KEY (baseline, idx), UNIQUE (baseline, run)) STRICT, WITHOUT ROWID",
	"CREATE INDEX baseline_run_by_run ON baseline_run(run)",

	/* also where foreign keys are off, as in sqlite3, and with a reason that can be read */
	"CREATE TRIGGER run_is_of_baseline BEFORE DELETE ON run"
	" WHEN EXISTS (SELECT 1 FROM baseline_run WHERE run = old.id)"
	" BEGIN SELECT raise(ABORT, 'a baseline is made of this run: see table baseline_run');"
	" END",

	"CREATE TABLE change_event ("
	" id TEXT NOT NULL PRIMARY KEY,"
	" event TEXT NOT NULL," /* shared by series that shifted together */
	" host TEXT NOT NULL,"
	" scenario TEXT NOT NULL,"
	" cell TEXT NOT NULL,"
	" job TEXT NOT NULL,"
	" metric TEXT NOT NULL,"
	" at_run TEXT NOT NULL,"
	" found_run TEXT NOT NULL,"
	" before REAL, after REAL, lo REAL, hi REAL, p REAL,"
	" is_drift INTEGER NOT NULL,"
	" cause TEXT,"
	" state TEXT NOT NULL,"
	" confirmation TEXT,"
	" reported_ms INTEGER) STRICT",
	"CREATE INDEX change_event_by_series ON change_event(host, scenario)",

	"DROP VIEW percentiles",
	"CREATE VIEW percentiles AS SELECT"
	" run.id AS run, run.scenario, run.host_name AS host, cell.name AS cell,"
	" trial.id AS trial, trial.repeat, coalesce(trial.boot, trial.id) AS boot, trial.round,"
	" trial.state, job_result.name AS job,"
	" l.direction, l.kind, l.n,"
	" CAST(d.ios AS REAL) * 1e9 / nullif(job_result.runtime_ns, 0) AS iops,"
	" CAST(d.bytes AS REAL) * 1e9 / nullif(job_result.runtime_ns, 0) AS bytes_per_s,"
	" l.min_ns, l.mean_ns, l.stddev_ns, l.p50_ns, l.p90_ns, l.p95_ns, l.p99_ns, l.p99_9_ns,"
	" l.p99_99_ns, l.max_ns,"
	/* the first percentile with fewer than 100 samples beyond it; NULL: none */
	" CASE WHEN l.n < 200 THEN 'p50' WHEN l.n < 1000 THEN 'p90' WHEN l.n < 2000 THEN 'p95'"
	" WHEN l.n < 10000 THEN 'p99' WHEN l.n < 100000 THEN 'p99_9'"
	" WHEN l.n < 1000000 THEN 'p99_99' END AS thin_from"
	" FROM sample_latency l"
	" JOIN job_result ON job_result.id = l.job_result"
	" JOIN sample_direction d ON d.job_result = l.job_result AND d.direction = l.direction"
	" JOIN trial ON trial.id = job_result.trial"
	" JOIN cell ON cell.id = trial.cell"
	" JOIN run ON run.id = trial.run",

	"DROP VIEW slices",

	"CREATE VIEW slices AS SELECT"
	" run.id AS run, cell.name AS cell, trial.id AS trial, trial.repeat,"
	" coalesce(trial.boot, trial.id) AS boot, trial.round, trial.state,"
	" job_result.name AS job, interval.direction, interval.slice,"
	" interval.slice * job_result.interval_ns / 1000000 AS at_ms,"
	" CAST(interval.ios AS REAL) * 1e9 / job_result.interval_ns AS iops,"
	" CAST(interval.bytes AS REAL) * 1e9 / job_result.interval_ns AS bytes_per_s,"
	" interval.max_ns"
	" FROM interval"
	" JOIN job_result ON job_result.id = interval.job_result"
	" JOIN trial ON trial.id = job_result.trial"
	" JOIN cell ON cell.id = trial.cell"
	" JOIN run ON run.id = trial.run",
	NULL,
};

const struct schema_step schema_steps[] = {{step_1}, {step_2}, {step_3}, {step_4}, {step_5}};
const int schema_version = BL_ARRAY_LEN(schema_steps);

static int pragma(struct store *s, const char *sql, uint64_t *ret, struct bl_err *err)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;
	int r = db_prepare(s, sql, &st, err);

	if (r < 0)
		return r;
	r = db_row(s, st, err);
	*ret = r > 0 ? col_u64(st, 0) : 0;
	return r < 0 ? r : 0;
}

int schema_current(struct store *s, int *ret_version, struct bl_err *err)
{
	uint64_t version, id, n_objects;
	int r;

	if ((r = pragma(s, "PRAGMA application_id", &id, err)) < 0 ||
	    (r = pragma(s, "PRAGMA user_version", &version, err)) < 0 ||
	    (r = pragma(s, "SELECT count(*) FROM sqlite_schema", &n_objects, err)) < 0)
		return r;
	if (id != APPLICATION_ID && (id || version || n_objects))
		return bl_fail(err, -EINVAL,
			       "store '%s': is an SQLite file of another program, not of blklab",
			       s->path);
	*ret_version = (int)version;
	return 0;
}

static int take_step(struct store *s, const struct schema_step *step, int version,
		     struct bl_err *err)
{
	char sql[96];
	int r;

	for (size_t i = 0; step->sql[i]; i++) {
		r = db_exec(s, step->sql[i], err);
		if (r < 0)
			return bl_wrap(err, r, "step to schema version %d", version);
	}
	snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, version);
	return db_exec(s, sql, err);
}

/* One step in one transaction. The version is read again inside it: another program may have
 * been faster. 1: up to date. */
static int step_once(struct store *s, const struct schema_step *steps, int n_steps,
		     struct bl_err *err)
{
	int version, r = db_begin(s, err);

	if (r < 0)
		return r;
	r = schema_current(s, &version, err);
	if (r >= 0 && version < n_steps)
		r = take_step(s, &steps[version], version + 1, err);
	r = db_end(s, r, err);
	return r < 0 ? r : version + 1 >= n_steps;
}

int schema_upgrade(struct store *s, const struct schema_step *steps, int n_steps,
		   struct bl_err *err)
{
	int version, r = schema_current(s, &version, err);

	if (r < 0)
		return r;
	if (version > n_steps)
		return bl_fail(
			err, -EINVAL,
			"store '%s': schema version %d is newer than this program's, %d; use "
			"a newer blklab",
			s->path, version, n_steps);
	while (r == 0 && version < n_steps)
		r = step_once(s, steps, n_steps, err);
	return r < 0 ? r : 0;
}
