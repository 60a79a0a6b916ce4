/* Views and documented SQL, schema steps, and stores of every released version. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "db.h"
#include "fs.h"
#include "made_run.h"
#include "store.h"

static void put_run_of(const char *path, unsigned seed)
{
	struct store *s = NULL;
	struct run_data d;

	make_run(&d, seed);
	ck_assert_int_eq(store_open(path, STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(store_put_run(s, &d.run, d.cells, d.n_cells, NULL), 0);
	for (size_t i = 0; i < d.n_trials; i++)
		ck_assert_int_eq(store_put_trial(s, &d.trials[i], NULL), 0);
	for (size_t i = 0; i < d.n_handovers; i++)
		ck_assert_int_eq(store_put_handover(s, &d.handovers[i], NULL), 0);
	store_close(s);
	run_data_done(&d);
}

/* What version 5 added beside runs. */
static void put_history_of(const char *path, unsigned seed)
{
	struct store *s = NULL;
	struct run_data d;

	make_run(&d, seed);
	ck_assert_int_eq(store_open(path, STORE_WRITE, &s, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		BL_CLEANUP(baseline_record_done) struct baseline_record b;
		BL_CLEANUP(change_record_done) struct change_record c;

		make_baseline(&b, &d, i);
		make_change(&c, &d, i);
		ck_assert_int_eq(store_put_baseline(s, &b, NULL), 0);
		ck_assert_int_eq(store_put_change(s, &c, NULL), 0);
	}
	store_close(s);
	run_data_done(&d);
}

static void assert_history_of(struct store *s, const struct run_data *d, bool is_there)
{
	struct baseline_record *baselines = NULL;
	struct change_record *changes = NULL;
	size_t n_baselines, n_changes;

	ck_assert_int_eq(store_list_baselines(s, NULL, true, &baselines, &n_baselines, NULL), 0);
	ck_assert_int_eq(store_list_changes(s, NULL, NULL, &changes, &n_changes, NULL), 0);
	ck_assert_uint_eq(n_baselines, is_there ? 2 : 0);
	ck_assert_uint_eq(n_changes, is_there ? 2 : 0);
	for (unsigned i = 0; is_there && i < 2; i++) {
		BL_CLEANUP(baseline_record_done) struct baseline_record b;
		BL_CLEANUP(change_record_done) struct change_record c;

		make_baseline(&b, d, i);
		make_change(&c, d, i);
		assert_same_baseline(&b, &baselines[i]);
		assert_same_change(&c, &changes[i]);
		baseline_record_done(&baselines[i]);
		change_record_done(&changes[i]);
	}
	free(baselines);
	free(changes);
}

static int count_row(void *n, int columns, char **values, char **names)
{
	(void)columns;
	(void)values;
	(void)names;
	++*(int *)n;
	return 0;
}

static sqlite3 *open_plain(const char *path)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

/* The whole result as text, columns by '|', rows by '\n'. */
static int add_row(void *out, int columns, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < columns; i++)
		bl_buf_addf(out, "%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
	bl_buf_addc(out, '\n');
	return 0;
}

static void assert_result(sqlite3 *db, const char *sql, const char *expected)
{
	struct bl_buf out = BL_BUF_INIT;
	char *says = NULL;

	ck_assert_msg(sqlite3_exec(db, sql, add_row, &out, &says) == SQLITE_OK, "%s", says);
	ck_assert_str_eq(bl_buf_str(&out), expected);
	bl_buf_done(&out);
}

START_TEST(every_documented_example_runs_and_answers)
{
	struct bl_buf doc = BL_BUF_INIT;
	int n_examples = 0;
	char *at, *end;
	sqlite3 *db;

	ck_assert_int_eq(chdir(test_dir), 0); /* an example names other.db */
	put_run_of("s.db", 1);
	put_run_of("s.db", 2);
	put_run_of("other.db", 4);
	ck_assert_int_eq(bl_read_file(SOURCE_DIR "/results/store/schema.md", 1 << 20, &doc, NULL),
			 0);
	db = open_plain("s.db");
	for (at = doc.data; (at = strstr(at, "```sql\n")); at = end + 1) {
		char *says = NULL;
		int rows = 0;

		at += strlen("```sql\n");
		end = strstr(at, "```");
		ck_assert_ptr_nonnull(end);
		*end = '\0';
		ck_assert_msg(sqlite3_exec(db, at, count_row, &rows, &says) == SQLITE_OK, "%s\n%s",
			      says, at);
		ck_assert_msg(rows > 0 || !strstr(at, "SELECT"), "no row:\n%s", at);
		n_examples++;
	}
	ck_assert_int_ge(n_examples, 8);
	assert_result(db, "PRAGMA foreign_key_check", "");
	sqlite3_close(db);
	bl_buf_done(&doc);
}
END_TEST

START_TEST(the_view_cells_has_axes_as_columns_and_counts_of_states)
{
	sqlite3 *db;

	put_run_of(in_test_dir("s.db"), 1);
	db = open_plain(in_test_dir("s.db"));
	assert_result(db,
		      "SELECT idx, cell, bus, cache, iothreads, durability, n_trials, n_ok,"
		      " n_failed, n_mismatch, n_impossible, n_interrupted FROM cells ORDER BY idx",
		      "0|none|virtio-blk|none|NULL|what was flushed stays|2|2|0|0|0|0\n"
		      "1|writeback|virtio-blk|writeback|NULL|what was flushed stays|2|1|1|0|0|0\n"
		      "2|unsafe|virtio-blk|unsafe|NULL|loses all|2|1|0|1|0|0\n");
	sqlite3_close(db);
}
END_TEST

START_TEST(the_view_cells_knows_the_storage_of_a_cell)
{
	sqlite3 *db;

	put_run_of(in_test_dir("s.db"), 1);
	db = open_plain(in_test_dir("s.db"));
	assert_result(db, "SELECT DISTINCT storage FROM cells", "NULL\n");
	assert_result(db,
		      "INSERT INTO cell_axis SELECT id, 9, 'storage', 'device' FROM cell"
		      " WHERE idx = 1; SELECT cell, storage FROM cells WHERE storage = 'device'",
		      "writeback|device\n");
	sqlite3_close(db);
}
END_TEST

/* A new axis needs a schema step that makes the view anew; this is where it is noticed. */
START_TEST(every_axis_is_a_column_of_the_view_cells)
{
	char sql[128];
	sqlite3 *db;

	put_run_of(in_test_dir("s.db"), 1);
	db = open_plain(in_test_dir("s.db"));
	ck_assert_uint_gt(n_axis_rows, 0);
	for (size_t i = 0; i < n_axis_rows; i++) {
		/* pragma_table_info: SQLite takes an unknown "name" for a text, not for an error */
		snprintf(sql, sizeof sql,
			 "SELECT count(*) FROM pragma_table_info('cells') WHERE name = '%s'",
			 axis_rows[i].name);
		assert_result(db, sql, "1\n");
	}
	sqlite3_close(db);
}
END_TEST

START_TEST(the_view_percentiles_agrees_with_the_sample)
{
	const struct lat *l;
	char expected[512];
	struct run_data d;
	uint64_t p50, p99, p99_9;
	sqlite3 *db;

	make_run(&d, 1);
	put_run_of(in_test_dir("s.db"), 1);
	db = open_plain(in_test_dir("s.db"));
	l = d.trials[0].jobs[0].sample->dir[IO_READ].lat;
	ck_assert_uint_eq(l->n, 2400);
	ck_assert(lat_percentile(l, 50, &p50) && lat_percentile(l, 99, &p99) &&
		  lat_percentile(l, 99.9, &p99_9));
	snprintf(expected, sizeof expected, "%s|none|ok|2400|%llu|%llu|%llu|NULL|%llu|p99\n",
		 d.run.id, (unsigned long long)p50, (unsigned long long)p99,
		 (unsigned long long)p99_9, (unsigned long long)l->max_ns);
	assert_result(db,
		      "SELECT run, cell, state, n, p50_ns, p99_ns, p99_9_ns, p99_99_ns, max_ns,"
		      " thin_from FROM percentiles WHERE repeat = 0 AND cell = 'none'"
		      " AND job = 'randread-4k' AND direction = 'read' AND kind = 'lat'",
		      expected);
	assert_result(db,
		      "SELECT count(*), sum(iops BETWEEN 2399.9 AND 2400) FROM percentiles"
		      " WHERE direction = 'read' AND kind = 'lat'",
		      "10|10\n");
	assert_result(db, "SELECT count(*) FROM slices WHERE direction = 'read'", "80\n");
	sqlite3_close(db);
	run_data_done(&d);
}
END_TEST

START_TEST(trials_that_shared_a_boot_say_so_in_the_views)
{
	sqlite3 *db;

	put_run_of(in_test_dir("s.db"), 1);
	db = open_plain(in_test_dir("s.db"));
	assert_result(db,
		      "SELECT count(DISTINCT boot), count(DISTINCT trial), max(round) FROM"
		      " percentiles; SELECT count(DISTINCT boot), count(DISTINCT trial), max(round)"
		      " FROM slices; UPDATE trial SET boot = NULL, round = 0;"
		      " SELECT count(DISTINCT boot), sum(boot <> trial) FROM percentiles", /* old */
		      "4|5|7\n4|5|7\n5|0\n");
	sqlite3_close(db);
}
END_TEST

START_TEST(deleting_a_run_deletes_all_of_it)
{
	struct store *s = NULL;

	put_run_of(in_test_dir("s.db"), 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(db_exec(s, "DELETE FROM run", NULL), 0); /* foreign keys are on */
	assert_result(s->db,
		      "SELECT (SELECT count(*) FROM trial) + (SELECT count(*) FROM cell_axis)"
		      " + (SELECT count(*) FROM interval) + (SELECT count(*) FROM sample_latency)"
		      " + (SELECT count(*) FROM environment) + (SELECT count(*) FROM effective)"
		      " + (SELECT count(*) FROM handover) + (SELECT count(*) FROM run_declared)"
		      " + (SELECT count(*) FROM watched)",
		      "0\n");
	store_close(s);
}
END_TEST

static const char *const next_version[] = {"ALTER TABLE run ADD COLUMN site TEXT", NULL};
static const char *const broken_version[] = {"CREATE TABLE half (x INTEGER)", "CREATE NONSENSE",
					     NULL};

START_TEST(a_step_brings_an_older_store_up_to_date_and_keeps_its_rows)
{
	struct schema_step steps[] = {schema_steps[0], schema_steps[1], schema_steps[2],
				      schema_steps[3], schema_steps[4], {next_version}};
	struct store *s = NULL;
	int version;

	ck_assert_int_eq(schema_version, 5);
	put_run_of(in_test_dir("s.db"), 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(schema_upgrade(s, steps, 6, NULL), 0);
	ck_assert_int_eq(schema_current(s, &version, NULL), 0);
	ck_assert_int_eq(version, 6);
	assert_result(s->db, "SELECT scenario, site FROM run", "caches|NULL\n");
	assert_result(s->db, "SELECT count(*) FROM trial", "6\n");
	store_close(s);
}
END_TEST

START_TEST(a_step_that_fails_leaves_the_version_before_it)
{
	struct schema_step steps[] = {schema_steps[0], schema_steps[1], schema_steps[2],
				      schema_steps[3], schema_steps[4], {next_version},
				      {broken_version}};
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;
	int version;

	put_run_of(in_test_dir("s.db"), 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_lt(schema_upgrade(s, steps, 7, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "step to schema version 7"));
	ck_assert_int_eq(schema_current(s, &version, NULL), 0);
	ck_assert_int_eq(version, 6);
	assert_result(s->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'", "0\n");
	store_close(s);
}
END_TEST

/* What was not known is NULL, also where a number of 0 stands for that in C. */
START_TEST(what_a_sample_does_not_know_of_its_clock_is_null)
{
	static const char kinds[] =
		"SELECT typeof(clock_cost_ns), typeof(clock_drift_ppm), typeof(n_errors),"
		" typeof(n_enters), count(*) FROM job_result JOIN trial ON trial.id = trial"
		" WHERE sample_job IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1";
	struct store *s = NULL;
	struct trial_record t;
	struct run_data d;

	make_run(&d, 1);
	put_run_of(in_test_dir("s.db"), 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	/* trial 3 is of an older agent; trial 1 has no sample */
	assert_result(s->db, kinds, "null|null|null|null|2\nreal|real|integer|integer|8\n");
	assert_result(s->db,
		      "SELECT count(*) FROM job_result WHERE sample_job IS NULL AND coalesce("
		      "clock_cost_ns, clock_drift_ppm, n_errors, n_enters) IS NULL",
		      "1\n");
	ck_assert_int_eq(db_exec(s, "DELETE FROM trial", NULL), 0);
	make_trial(&t, &d, 0);
	strcpy(t.jobs[0].sample->clock, "monotonic"); /* no counter: no drift */
	t.jobs[0].sample->n_enters = 0;
	t.jobs[1].sample->clock_drift_ppm = 0; /* none is a drift too, as no error is a count */
	t.jobs[1].sample->n_errors = 0;
	ck_assert_int_eq(store_put_trial(s, &t, NULL), 0);
	assert_result(s->db, kinds, "real|null|integer|null|1\nreal|real|integer|integer|1\n");
	trial_record_done(&t);
	run_data_done(&d);
	store_close(s);
}
END_TEST

static void forget_all_version_2(struct run_data *d)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];

		for (size_t k = 0; k < t->n_jobs; k++)
			if (t->jobs[k].sample)
				forget_version_2(t->jobs[k].sample);
	}
}

/* tests/fixtures/store-vN.db was written by version N of the schema and is never rewritten once
 * there is a version N + 1 (until then BLKLAB_REGEN=1 makes it anew). Each is read and written to.
 */
START_TEST(a_store_of_each_version_still_opens_and_holds_what_it_held)
{
	int version = 1 + _i / 2;
	BL_CLEANUP(bl_freep)
	char *fixture = bl_strf("%s/tests/fixtures/store-v%d.db", SOURCE_DIR, version);
	struct run_data expected, out = {0};
	struct bl_buf bytes = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;
	int now;

	if (getenv("BLKLAB_REGEN") && schema_version == version) {
		unlink(fixture);
		put_run_of(fixture, 1);
		put_history_of(fixture, 1);
	}
	ck_assert_int_eq(bl_read_file(fixture, 400 << 10, &bytes, NULL), 0);
	ck_assert_uint_gt(bytes.len, 100);
	ck_assert_int_eq(bytes.data[63], version); /* user_version: the file is of that version */
	ck_assert_int_eq(bl_write_file(in_test_dir("s.db"), bytes.data, bytes.len, NULL), 0);
	ck_assert_msg(
		store_open(in_test_dir("s.db"), _i % 2 ? STORE_WRITE : STORE_READ, &s, &err) == 0,
		"%s", err.text);
	ck_assert_int_eq(schema_current(s, &now, NULL), 0);
	ck_assert_int_eq(now, schema_version);
	ck_assert_msg(store_load_run(s, NULL, &out, &err) == 0, "%s", err.text);
	make_run(&expected, 1);
	if (version < 2)
		forget_all_version_2(&expected);
	if (version < 3)
		forget_version_3(&expected);
	for (size_t i = 0; version < 4 && i < expected.n_trials; i++)
		forget_version_4(&expected.trials[i]);
	for (size_t i = 0; version < 5 && i < expected.n_trials; i++)
		forget_version_5(&expected.trials[i]);
	assert_same_run(&expected, &out);
	assert_history_of(s, &expected, version >= 5);
	run_data_done(&expected);
	run_data_done(&out);
	store_close(s);
	bl_buf_done(&bytes);
}
END_TEST

TCase *schema_cases(void)
{
	TCase *t = tcase_create("schema");

	tcase_add_checked_fixture(t, make_test_dir, drop_test_dir);
	tcase_add_test(t, every_documented_example_runs_and_answers);
	tcase_add_test(t, the_view_cells_has_axes_as_columns_and_counts_of_states);
	tcase_add_test(t, the_view_cells_knows_the_storage_of_a_cell);
	tcase_add_test(t, every_axis_is_a_column_of_the_view_cells);
	tcase_add_test(t, the_view_percentiles_agrees_with_the_sample);
	tcase_add_test(t, trials_that_shared_a_boot_say_so_in_the_views);
	tcase_add_test(t, deleting_a_run_deletes_all_of_it);
	tcase_add_test(t, a_step_brings_an_older_store_up_to_date_and_keeps_its_rows);
	tcase_add_test(t, a_step_that_fails_leaves_the_version_before_it);
	tcase_add_test(t, what_a_sample_does_not_know_of_its_clock_is_null);
	tcase_add_loop_test(t, a_store_of_each_version_still_opens_and_holds_what_it_held, 0,
			    2 * schema_version);
	return t;
}
