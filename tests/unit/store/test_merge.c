/* Stores brought together, and single runs on their way between them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "made_run.h"
#include "merge.h"

static struct store *open_store(const char *name)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;

	ck_assert_msg(store_open(in_test_dir(name), STORE_WRITE, &s, &err) == 0, "%s", err.text);
	return s;
}

static void put_run(struct store *s, unsigned seed)
{
	struct run_data d;

	make_run(&d, seed);
	ck_assert_int_eq(store_put_run(s, &d.run, d.cells, d.n_cells, NULL), 0);
	for (size_t i = 0; i < d.n_trials; i++)
		ck_assert_int_eq(store_put_trial(s, &d.trials[i], NULL), 0);
	for (size_t i = 0; i < d.n_handovers; i++)
		ck_assert_int_eq(store_put_handover(s, &d.handovers[i], NULL), 0);
	run_data_done(&d);
}

/* A baseline and a change of that run, which is there. */
static void put_history(struct store *s, unsigned seed)
{
	BL_CLEANUP(baseline_record_done) struct baseline_record b;
	BL_CLEANUP(change_record_done) struct change_record c;
	BL_CLEANUP(run_data_done) struct run_data d;

	make_run(&d, seed);
	make_baseline(&b, &d, seed % 2);
	make_change(&c, &d, seed % 2);
	ck_assert_int_eq(store_put_baseline(s, &b, NULL), 0);
	ck_assert_int_eq(store_put_change(s, &c, NULL), 0);
}

static void make_store(const char *name, unsigned first, unsigned last)
{
	struct store *s = open_store(name);

	for (unsigned seed = first; seed <= last; seed++)
		put_run(s, seed);
	put_history(s, last);
	store_close(s);
}

static void exec_in(const char *name, const char *sql)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = open_store(name);

	ck_assert_msg(db_exec(s, sql, &err) == 0, "%s", err.text);
	store_close(s);
}

static void merge_into(const char *name, const char *other, struct store_merge_report *ret)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = open_store(name);

	ck_assert_msg(store_merge(s, in_test_dir(other), ret, &err) == 0, "%s", err.text);
	store_close(s);
}

/* Counts as "new completed same trials baselines changes conflicts". */
static void assert_merged(const char *name, const char *other, const char *expected)
{
	struct store_merge_report m;
	char text[128];

	merge_into(name, other, &m);
	snprintf(text, sizeof text, "%u %u %u %u %u %u %zu", m.n_runs, m.n_completed, m.n_same,
		 m.n_trials, m.n_baselines, m.n_changes, m.n_conflicts);
	ck_assert_str_eq(text, expected);
	store_merge_report_done(&m);
}

static void assert_conflict(const char *name, const char *other, const char *says)
{
	struct store_merge_report m;

	merge_into(name, other, &m);
	ck_assert_uint_eq(m.n_conflicts, 1);
	ck_assert_msg(strstr(m.conflicts[0], says) != NULL, "'%s' lacks '%s'", m.conflicts[0],
		      says);
	store_merge_report_done(&m);
}

static int add_name(void *out, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	bl_buf_addf(out, "%s ", values[0]);
	return 0;
}

static void ask(struct store *s, const char *sql, struct bl_buf *out)
{
	char *says = NULL;

	out->len = 0;
	ck_assert_msg(sqlite3_exec(s->db, sql, add_name, out, &says) == SQLITE_OK, "%s\n%s", says,
		      sql);
}

#define TABLES "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"

/* Every row of every table, both ways. */
static void assert_same_content(const char *a, const char *b)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf tables = BL_BUF_INIT, n = BL_BUF_INIT;
	struct store *s = open_store(a);
	char sql[512], *save = NULL;

	snprintf(sql, sizeof sql, "ATTACH '%s' AS b", in_test_dir(b));
	ck_assert_int_eq(db_exec(s, sql, NULL), 0);
	ask(s, TABLES, &tables);
	for (char *t = strtok_r(tables.data, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		snprintf(sql, sizeof sql,
			 "SELECT (SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM"
			 " b.%s)) || '+' || (SELECT count(*) FROM (SELECT * FROM b.%s EXCEPT"
			 " SELECT * FROM main.%s))",
			 t, t, t, t);
		ask(s, sql, &n);
		ck_assert_msg(strcmp(bl_buf_str(&n), "0+0 ") == 0, "table %s of %s and %s: %s", t,
			      a, b, bl_buf_str(&n));
	}
	store_close(s);
}

static void assert_answer(const char *name, const char *sql, const char *expected)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct store *s = open_store(name);

	ask(s, sql, &out);
	ck_assert_str_eq(bl_buf_str(&out), expected);
	store_close(s);
}

START_TEST(no_table_is_forgotten)
{
	static const struct owned_rows *const single[] = {&run_notes, &run_handovers, &baseline_row,
							  &baseline_runs, &change_row};
	BL_CLEANUP(bl_buf_done) struct bl_buf tables = BL_BUF_INIT;
	struct store *s = open_store("s.db");
	char *save = NULL;

	ask(s, TABLES, &tables);
	ck_assert_uint_gt(tables.len, 100);
	for (char *t = strtok_r(tables.data, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		bool known = false;

		for (const struct owned_rows *p = run_parts; p->table; p++)
			known |= strcmp(p->table, t) == 0;
		for (const struct owned_rows *p = trial_parts; p->table; p++)
			known |= strcmp(p->table, t) == 0;
		for (size_t i = 0; i < BL_ARRAY_LEN(single); i++)
			known |= strcmp(single[i]->table, t) == 0;
		ck_assert_msg(known, "merging knows nothing of table %s", t);
	}
	store_close(s);
}
END_TEST

START_TEST(an_empty_store_becomes_the_same_as_the_other)
{
	make_store("a.db", 1, 3);
	assert_merged("b.db", "a.db", "3 0 0 18 1 1 0");
	assert_same_content("a.db", "b.db");
}
END_TEST

START_TEST(merging_both_ways_gives_the_same_and_again_changes_nothing)
{
	struct store *s;

	make_store("a.db", 1, 3);
	assert_merged("b.db", "a.db", "3 0 0 18 1 1 0"); /* one run is in both */
	exec_in("b.db", "DELETE FROM baseline; DELETE FROM change_event;"
			" DELETE FROM run WHERE id < (SELECT max(id) FROM run)");
	s = open_store("b.db");
	put_run(s, 4);
	put_history(s, 4);
	store_close(s);
	assert_merged("ab.db", "a.db", "3 0 0 18 1 1 0");
	assert_merged("ab.db", "b.db", "1 0 1 6 1 1 0");
	assert_merged("ba.db", "b.db", "2 0 0 12 1 1 0");
	assert_merged("ba.db", "a.db", "2 0 1 12 1 1 0");
	assert_same_content("ab.db", "ba.db");
	assert_merged("ab.db", "a.db", "0 0 3 0 0 0 0");
	assert_merged("ab.db", "ba.db", "0 0 4 0 0 0 0");
	assert_same_content("ab.db", "ba.db");
}
END_TEST

/* A copy was taken while the run went on. */
START_TEST(a_run_that_went_on_is_completed_and_a_complete_one_stays)
{
	make_store("all.db", 1, 1);
	assert_merged("part.db", "all.db", "1 0 0 6 1 1 0");
	exec_in("part.db", "DELETE FROM trial WHERE plan_order > 2; UPDATE run SET ended_ms = NULL;"
			   "DELETE FROM run_note; UPDATE handover SET is_back = 0, outcome = NULL,"
			   " returned_ms = NULL");
	assert_merged("once.db", "part.db", "1 0 0 3 1 1 0");
	assert_merged("part.db", "all.db", "0 1 0 3 0 0 0");
	assert_same_content("part.db", "all.db");
	assert_merged("all.db", "once.db", "0 0 1 0 0 0 0");
	assert_same_content("part.db", "all.db");
}
END_TEST

START_TEST(what_is_another_thing_here_is_named_and_left_alone)
{
	static const struct {
		const char *sql, *says;
	} rows[] = {
		{"UPDATE trial_fact SET value = 'x' WHERE key = 'guest.kernel'", NULL},
		{"UPDATE sample_latency SET histogram = x'01' WHERE rowid = 1", "(table sample_la"},
		{"UPDATE sample_latency SET sumsq_ns2 = sumsq_ns2 * 1.0000000001 WHERE rowid = 1",
		 "(table sample_latency); it stays"},
		{"UPDATE trial SET domain_xml = NULL WHERE plan_order = 0", "(table trial)"},
		{"UPDATE environment SET value = 'x'", "is another one here (table environment)"},
		{"UPDATE run SET seed = 9", "(table run); nothing of it is merged"},
		{"UPDATE run SET ended_ms = 9", "has another end or other notes here"},
		{"UPDATE run_note SET value = 'x'", "has another end or other notes here"},
		{"UPDATE handover SET outcome = 'x' WHERE kind = 'vfio'", "ended in another way"},
		{"UPDATE baseline SET note = 'x'", "baseline"},
		{"UPDATE change_event SET cell = 'x'", "became something else here"},
		{"UPDATE baseline SET id = 'x'", "another one called 'after the update' is in use"},
		{"DELETE FROM trial; UPDATE cell SET run = 'x'", "a cell whose key"},
	};
	char sql[256];

	make_store("a.db", 1, 1);
	assert_merged("b.db", "a.db", "1 0 0 6 1 1 0");
	if (_i == 0) { /* each of the trials */
		struct store_merge_report m;

		exec_in("b.db", rows[0].sql);
		merge_into("b.db", "a.db", &m);
		ck_assert_uint_eq(m.n_conflicts, 6);
		store_merge_report_done(&m);
	} else {
		snprintf(sql, sizeof sql, "PRAGMA foreign_keys = OFF; %s", rows[_i].sql);
		if (_i == 12)
			strcat(sql, "; DELETE FROM baseline_run; DELETE FROM baseline; DELETE FROM"
				    " run; DELETE FROM handover; DELETE FROM change_event");
		if (_i == 11)
			strcat(sql, "; UPDATE baseline_run SET baseline = 'x'");
		exec_in("b.db", sql);
		if (_i == 12) { /* a baseline of a run that is not merged is not either */
			struct store_merge_report m;

			merge_into("b.db", "a.db", &m);
			ck_assert_uint_eq(m.n_conflicts, 2);
			ck_assert_ptr_nonnull(strstr(m.conflicts[0], rows[_i].says));
			ck_assert_ptr_nonnull(strstr(m.conflicts[1], "not here"));
			store_merge_report_done(&m);
			assert_answer("b.db", "SELECT count(*) FROM run", "0 ");
			return;
		}
		assert_conflict("b.db", "a.db", rows[_i].says);
	}
	/* here it is as it was, and there */
	assert_merged("copy.db", "b.db", _i == 12 ? "0 0 0 0 0 0 0" : "1 0 0 6 1 1 0");
	assert_same_content("copy.db", "b.db");
}
END_TEST

START_TEST(a_trial_is_put_whole_or_not_at_all)
{
	make_store("a.db", 1, 1);
	make_store("b.db", 2, 2);
	/* a job of run 2 has the key of one of run 1's */
	exec_in("b.db", "PRAGMA foreign_keys = OFF; ATTACH '' AS t; UPDATE job_result SET id = 'x'"
			" WHERE rowid = 5; UPDATE interval SET job_result = 'x' WHERE job_result ="
			" 'none'");
	exec_in("a.db",
		"PRAGMA foreign_keys = OFF; UPDATE job_result SET id = 'x' WHERE rowid = 8");
	assert_conflict("b.db", "a.db", "has a key that something else has here");
	assert_answer("b.db", "SELECT count(*) FROM trial GROUP BY run ORDER BY run", "5 6 ");
	assert_answer("b.db",
		      "SELECT count(*) FROM trial_fact WHERE trial NOT IN (SELECT id FROM"
		      " trial)",
		      "0 ");
}
END_TEST

START_TEST(runs_of_a_baseline_that_was_added_to_in_both_are_united)
{
	const char *runs = "SELECT group_concat(substr(run, -1)) FROM (SELECT run FROM"
			   " baseline_run ORDER BY idx)";
	struct store *s = open_store("a.db");
	struct baseline_record b;
	struct run_data d[3];

	for (unsigned i = 0; i < 3; i++) {
		put_run(s, 1 + i);
		make_run(&d[i], 1 + i);
	}
	make_baseline(&b, &d[1], 0);
	ck_assert_int_eq(store_put_baseline(s, &b, NULL), 0);
	store_close(s);
	assert_merged("b.db", "a.db", "3 0 0 18 1 0 0");

	s = open_store("b.db");
	ck_assert_int_eq(store_add_baseline_run(s, b.id, d[0].run.id, NULL), 0);
	store_close(s);
	assert_merged("copy.db", "a.db", "3 0 0 18 1 0 0");
	assert_merged("copy.db", "b.db", "0 0 3 0 1 0 0"); /* theirs has all of mine: as it is */
	assert_answer("copy.db", runs, "2,1 ");
	assert_merged("b.db", "a.db", "0 0 3 0 0 0 0"); /* mine has all of theirs */

	s = open_store("a.db");
	ck_assert_int_eq(store_add_baseline_run(s, b.id, d[2].run.id, NULL), 0);
	ck_assert_int_eq(store_retire_baseline(s, b.id, 5, "why not", NULL), 0);
	store_close(s);
	assert_merged("ab.db", "a.db", "3 0 0 18 1 0 0");
	assert_merged("ab.db", "b.db", "0 0 3 0 1 0 0");
	assert_merged("b.db", "a.db", "0 0 3 0 1 0 0");
	assert_answer("b.db", runs, "1,2,3 ");
	assert_answer("b.db", "SELECT retired_ms || retired_why FROM baseline", "5why not ");
	assert_same_content("ab.db", "b.db");
	assert_merged("b.db", "a.db", "0 0 3 0 0 0 0");
	baseline_record_done(&b);
	for (unsigned i = 0; i < 3; i++)
		run_data_done(&d[i]);
}
END_TEST

START_TEST(what_became_of_a_change_is_taken_over)
{
	make_store("a.db", 1, 1);
	assert_merged("b.db", "a.db", "1 0 0 6 1 1 0");
	exec_in("b.db", "UPDATE change_event SET reported_ms = 8");
	assert_merged("a.db", "b.db", "0 0 1 0 0 1 0");
	exec_in("b.db", "UPDATE change_event SET state = 'confirmed', confirmation = 'yes'");
	assert_merged("a.db", "b.db", "0 0 1 0 0 1 0");
	assert_same_content("a.db", "b.db");
	exec_in("b.db", "UPDATE change_event SET state = 'candidate'");
	assert_merged("a.db", "b.db", "0 0 1 0 0 0 0");
	assert_answer("a.db", "SELECT state FROM change_event", "confirmed ");
}
END_TEST

static void copy_fixture(int version, const char *name, struct bl_buf *bytes)
{
	BL_CLEANUP(bl_freep)
	char *fixture = bl_strf("%s/tests/fixtures/store-v%d.db", SOURCE_DIR, version);

	ck_assert_int_eq(bl_read_file(fixture, 400 << 10, bytes, NULL), 0);
	ck_assert_int_eq(bl_write_file(in_test_dir(name), bytes->data, bytes->len, NULL), 0);
}

START_TEST(an_older_store_is_brought_up_to_date_in_a_copy)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf before = BL_BUF_INIT, after = BL_BUF_INIT;
	const char *expected = _i < 4 ? "1 0 0 6 0 0 0" : "1 0 0 6 2 2 0";

	copy_fixture(_i + 1, "old.db", &before);
	assert_merged("s.db", "old.db", expected);
	ck_assert_int_eq(bl_read_file(in_test_dir("old.db"), 400 << 10, &after, NULL), 0);
	ck_assert_uint_eq(before.len, after.len);
	ck_assert_mem_eq(before.data, after.data, after.len);
	exec_in("old.db", "SELECT 1"); /* opened for writing: now it is brought up to date */
	assert_same_content("s.db", "old.db");
}
END_TEST

/* Nothing of a store that can't be read as a whole. */
static void assert_refused(const char *other, int code, const char *says)
{
	struct store *s = open_store("mine.db");
	struct bl_err err = BL_ERR_INIT;
	struct store_merge_report m;

	ck_assert_int_eq(store_merge(s, in_test_dir(other), &m, &err), code);
	ck_assert_msg(strstr(err.text, says) != NULL, "'%s' lacks '%s'", err.text, says);
	store_merge_report_done(&m);
	store_close(s);
	assert_answer("mine.db", "SELECT count(*) FROM run", "0 ");
}

START_TEST(what_is_no_sound_store_is_refused)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;
	int fd;

	assert_refused("none.db", -ENOENT, "does not exist");
	assert_refused("mine.db", -EINVAL, "is the one that it would be merged into");
	ck_assert_int_eq(link(in_test_dir("mine.db"), in_test_dir("link.db")), 0);
	assert_refused("link.db", -EINVAL, "is the one that it would be merged into");
	ck_assert_int_eq(bl_write_file(in_test_dir("empty.db"), "", 0, NULL), 0);
	assert_refused("empty.db", -EINVAL, "is empty");
	ck_assert_int_eq(bl_write_file(in_test_dir("text.db"), "some text", 9, NULL), 0);
	assert_refused("text.db", -EINVAL, "not a database");
	make_store("new.db", 1, 1);
	exec_in("new.db", "PRAGMA user_version = 6");
	exec_in("mine.db", "SELECT 1");
	assert_refused("new.db", -EINVAL, "schema version 6 is newer than this program's, 5");

	copy_fixture(5, "damaged.db", &bytes);
	fd = open(in_test_dir("damaged.db"), O_WRONLY);
	for (off_t at = 8 * 4096; at < 12 * 4096; at += 100) /* header of pages and cells */
		ck_assert_int_eq(pwrite(fd, "damaged!", 8, at), 8);
	close(fd);
	assert_refused("damaged.db", -EINVAL, "damaged");
	ck_assert_int_eq(truncate(in_test_dir("damaged.db"), 3 * 4096), 0);
	assert_refused("damaged.db", -EINVAL, "malformed");
}
END_TEST

/* A store that something else wrote: NOT NULL is a promise of our schema only. */
START_TEST(ids_that_name_nothing_are_refused_and_not_counted_as_runs)
{
	static const char *const ids[] = {"NULL", "x'00'"};
	BL_CLEANUP(bl_freep)
	char *set =
		bl_strf("PRAGMA foreign_keys = OFF; DELETE FROM baseline; DELETE FROM change_event;"
			"UPDATE run SET id = %s",
			ids[_i]);

	make_store("odd.db", 1, 1);
	exec_in("odd.db", "PRAGMA writable_schema = ON;"
			  "UPDATE sqlite_master SET sql = replace(replace(sql, ' STRICT', ''),"
			  "'id TEXT NOT NULL PRIMARY', 'id TEXT PRIMARY') WHERE name = 'run'");
	exec_in("odd.db", set);
	exec_in("mine.db", "SELECT 1");
	assert_refused("odd.db", -EINVAL, "has an id that is no text");
}
END_TEST

START_TEST(a_full_disk_leaves_whole_runs_and_merging_again_goes_on)
{
	static char ballast[768 << 10];
	struct store_merge_report m;
	struct bl_err err = BL_ERR_INIT;
	struct store *s;

	make_store("a.db", 1, 6);
	ck_assert_int_eq(mkdir(in_test_dir("full"), 0755), 0);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("blklab", in_test_dir("full"), "tmpfs", 0, "size=3m")) {
		fprintf(stderr, "full disk: not tested, no small file system: %s\n",
			strerror(errno));
		return;
	}
	ck_assert_int_eq(bl_write_file(in_test_dir("full/b"), ballast, sizeof ballast, NULL), 0);
	ck_assert_int_eq(bl_write_file(in_test_dir("full/c"), ballast, sizeof ballast, NULL), 0);
	ck_assert_int_eq(bl_write_file(in_test_dir("full/d"), ballast, sizeof ballast, NULL), 0);
	s = open_store("full/s.db");
	ck_assert_int_eq(store_merge(s, in_test_dir("a.db"), &m, &err), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.text, "no space left"));
	ck_assert_uint_ge(m.n_runs, 1);
	ck_assert_uint_lt(m.n_runs, 6);
	ck_assert_uint_eq(m.n_trials, 6 * m.n_runs);
	store_merge_report_done(&m);
	store_close(s);
	assert_answer("full/s.db", "SELECT DISTINCT count(*) FROM trial GROUP BY run", "6 ");
	ck_assert_int_eq(unlink(in_test_dir("full/b")), 0);
	ck_assert_int_eq(unlink(in_test_dir("full/c")), 0);
	ck_assert_int_eq(unlink(in_test_dir("full/d")), 0);
	merge_into("full/s.db", "a.db", &m);
	ck_assert_uint_eq(m.n_runs + m.n_same, 6);
	store_merge_report_done(&m);
	assert_same_content("full/s.db", "a.db");
	ck_assert_int_eq(umount(in_test_dir("full")), 0);
}
END_TEST

START_TEST(a_killed_merge_leaves_whole_runs_and_merging_again_goes_on)
{
	struct store_merge_report m;
	int status;
	pid_t pid;

	make_store("a.db", 1, 8);
	exec_in("s.db", "SELECT 1");
	pid = fork();
	if (!pid) {
		merge_into("s.db", "a.db", &m);
		_exit(0);
	}
	usleep(4000u * (unsigned)_i);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	assert_answer("s.db", "PRAGMA integrity_check", "ok ");
	assert_answer("s.db",
		      "SELECT count(*) FROM run WHERE 6 <> (SELECT count(*) FROM trial"
		      " WHERE trial.run = run.id)",
		      "0 ");
	merge_into("s.db", "a.db", &m);
	ck_assert_uint_eq(m.n_runs + m.n_same, 8);
	ck_assert_uint_eq(m.n_completed + m.n_conflicts, 0);
	store_merge_report_done(&m);
	assert_same_content("s.db", "a.db");
}
END_TEST

/* ---- one run as a file ---- */

START_TEST(an_exported_run_is_a_store_with_just_that_run)
{
	struct run_data expected, out = {0};
	struct store *s = open_store("a.db");
	struct bl_err err = BL_ERR_INIT;

	for (unsigned i = 1; i < 4; i++)
		put_run(s, i);
	make_run(&expected, 2);
	ck_assert_msg(store_export_run(s, expected.run.id, in_test_dir("run.db"), &err) == 0, "%s",
		      err.text);
	ck_assert(!bl_exists(in_test_dir("run.db-wal")) && !bl_exists(in_test_dir("run.db-shm")));
	store_close(s);
	ck_assert_int_eq(store_open(in_test_dir("run.db"), STORE_READ, &s, NULL), 0);
	ck_assert_int_eq(store_load_run(s, NULL, &out, NULL), 0);
	assert_same_run(&expected, &out);
	store_close(s);
	assert_answer("run.db", "SELECT count(*) FROM run", "1 ");
	assert_merged("a.db", "run.db", "0 0 1 0 0 0 0");
	assert_merged("b.db", "run.db", "1 0 0 6 0 0 0");
	run_data_done(&expected);
	run_data_done(&out);
}
END_TEST

static size_t files_there(void)
{
	char command[128];
	size_t n = 0;
	FILE *f;

	snprintf(command, sizeof command, "ls %s | wc -l", test_dir);
	f = popen(command, "r");
	ck_assert_int_eq(fscanf(f, "%zu", &n), 1);
	pclose(f);
	return n;
}

START_TEST(an_export_that_can_not_be_leaves_nothing_behind)
{
	struct store *s = open_store("a.db");
	struct bl_err err[3] = {0};
	size_t n = files_there();

	ck_assert_int_eq(store_export_run(s, NULL, in_test_dir("run.db"), NULL), -ENOENT);
	put_run(s, 1);
	ck_assert_int_eq(store_export_run(s, NULL, in_test_dir("a.db"), &err[0]), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err[0].text, "exists and is not overwritten"));
	ck_assert_int_eq(store_export_run(s, "f", in_test_dir("run.db"), &err[1]), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err[1].text, "no run begins with 'f'"));
	ck_assert_int_eq(store_export_run(s, NULL, in_test_dir("no/run.db"), &err[2]), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err[2].text, "its folder does not exist"));
	ck_assert_uint_eq(files_there(), n);
	ck_assert_int_eq(store_export_run(s, NULL, in_test_dir("run.db"), NULL), 0);
	ck_assert_uint_eq(files_there(), n + 1);
	store_close(s);
}
END_TEST

TCase *merge_cases(void)
{
	TCase *t = tcase_create("merge");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, make_test_dir, drop_test_dir);
	tcase_add_test(t, no_table_is_forgotten);
	tcase_add_test(t, an_empty_store_becomes_the_same_as_the_other);
	tcase_add_test(t, merging_both_ways_gives_the_same_and_again_changes_nothing);
	tcase_add_test(t, a_run_that_went_on_is_completed_and_a_complete_one_stays);
	tcase_add_loop_test(t, what_is_another_thing_here_is_named_and_left_alone, 0, 13);
	tcase_add_test(t, a_trial_is_put_whole_or_not_at_all);
	tcase_add_test(t, runs_of_a_baseline_that_was_added_to_in_both_are_united);
	tcase_add_test(t, what_became_of_a_change_is_taken_over);
	tcase_add_loop_test(t, an_older_store_is_brought_up_to_date_in_a_copy, 0, 5);
	tcase_add_test(t, what_is_no_sound_store_is_refused);
	tcase_add_loop_test(t, ids_that_name_nothing_are_refused_and_not_counted_as_runs, 0, 2);
	tcase_add_test(t, a_full_disk_leaves_whole_runs_and_merging_again_goes_on);
	tcase_add_loop_test(t, a_killed_merge_leaves_whole_runs_and_merging_again_goes_on, 0, 8);
	tcase_add_test(t, an_exported_run_is_a_store_with_just_that_run);
	tcase_add_test(t, an_export_that_can_not_be_leaves_nothing_behind);
	return t;
}
