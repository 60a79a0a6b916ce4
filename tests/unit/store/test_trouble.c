/* Full disks, read-only files, killed writers, other people's files. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "db.h"
#include "fs.h"
#include "made_run.h"
#include "store.h"

static void put_all(const char *path, unsigned seed)
{
	struct store *s = NULL;
	struct run_data d;

	make_run(&d, seed);
	ck_assert_int_eq(store_open(path, STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(store_put_run(s, &d.run, d.cells, d.n_cells, NULL), 0);
	for (size_t i = 0; i < d.n_trials; i++)
		ck_assert_int_eq(store_put_trial(s, &d.trials[i], NULL), 0);
	store_close(s);
	run_data_done(&d);
}

START_TEST(a_store_that_is_not_there_is_named)
{
	struct bl_err no_file = BL_ERR_INIT, no_dir = BL_ERR_INIT;
	struct store *s = NULL;

	ck_assert_int_eq(store_open(in_test_dir("none.db"), STORE_READ, &s, &no_file), -ENOENT);
	ck_assert_ptr_nonnull(strstr(no_file.text, "does not exist; `blklab run` makes one"));
	ck_assert(!bl_exists(in_test_dir("none.db")));
	ck_assert_int_eq(store_open(in_test_dir("no/s.db"), STORE_WRITE, &s, &no_dir), -ENOENT);
	ck_assert_ptr_nonnull(strstr(no_dir.text, "its folder does not exist"));
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(what_is_no_store_is_refused_and_left_alone)
{
	static const char text[] =
		"name: virtio-paths\nnothing of SQLite in here, but more than a header";
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	const char *path = in_test_dir("s.yaml");
	struct store *s = NULL;

	ck_assert_int_eq(bl_write_file(path, text, sizeof text, NULL), 0);
	ck_assert_int_eq(store_open(path, _i ? STORE_WRITE : STORE_READ, &s, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "not a database"));
	ck_assert_int_eq(bl_read_file(path, 4096, &b, NULL), 0);
	ck_assert_uint_eq(b.len, sizeof text);
	ck_assert_mem_eq(b.data, text, sizeof text);
}
END_TEST

START_TEST(an_empty_file_is_no_store_to_read)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;

	ck_assert_int_eq(bl_write_file(in_test_dir("s.db"), "", 0, NULL), 0);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_READ, &s, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "is empty, not a store"));
}
END_TEST

START_TEST(a_database_of_another_program_is_refused_and_left_alone)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(in_test_dir("s.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE bookmark (url TEXT)", NULL, NULL, NULL), 0);
	sqlite3_close(db);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), _i ? STORE_WRITE : STORE_READ, &s, &err),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "of another program"));
	ck_assert_int_eq(sqlite3_open(in_test_dir("s.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "SELECT * FROM run", NULL, NULL, NULL), SQLITE_ERROR);
	sqlite3_close(db);
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;

	put_all(in_test_dir("s.db"), 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(db_exec(s, "PRAGMA user_version = 99", NULL), 0);
	store_close(s);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), _i ? STORE_WRITE : STORE_READ, &s, &err),
			 -EINVAL);
	ck_assert_ptr_nonnull(
		strstr(err.text, "schema version 99 is newer than this program's, 5; use a newer"));
}
END_TEST

START_TEST(a_reader_cannot_write)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;
	struct run_data d;

	put_all(in_test_dir("s.db"), 1);
	make_run(&d, 2);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_READ, &s, NULL), 0);
	ck_assert_int_eq(store_put_run(s, &d.run, d.cells, d.n_cells, &err), -EROFS);
	ck_assert_ptr_nonnull(strstr(err.text, "open for reading only"));
	store_close(s);
	run_data_done(&d);
}
END_TEST

/* A store on media that can't be written, by somebody who is not root. */
static int read_as_nobody(const char *path)
{
	struct bl_err err = BL_ERR_INIT;
	struct run_data d = {0};
	struct store *s = NULL;

	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		return 10;
	if (store_open(path, STORE_WRITE, &s, &err) != -EROFS && err.code != -EACCES)
		return 11;
	err = (struct bl_err)BL_ERR_INIT;
	if (store_open(path, STORE_READ, &s, &err) < 0 || store_load_run(s, NULL, &d, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 12;
	}
	if (d.n_trials != 6)
		return 13;
	run_data_done(&d);
	store_close(s);
	return 0;
}

START_TEST(a_store_in_a_folder_that_cannot_be_written_is_read)
{
	const char *path = in_test_dir("s?% #.db");
	int status;
	pid_t pid;

	put_all(path, 1);
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(chmod(test_dir, 0555), 0);
	pid = fork();
	if (!pid)
		_exit(read_as_nobody(path));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(chmod(test_dir, 0755), 0);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* Puts trials until one fails, then makes room and puts that one again. */
static void fill_and_go_on(const char *path, int code, void (*make_room)(void))
{
	struct bl_err err = BL_ERR_INIT;
	struct run_data d, out = {0};
	struct trial_record t;
	struct store *s = NULL;
	uint32_t n = 0;
	int r;

	make_run(&d, 1);
	ck_assert_int_eq(store_open(path, STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(store_put_run(s, &d.run, d.cells, d.n_cells, NULL), 0);
	for (;;) {
		make_trial(&t, &d, n);
		r = store_put_trial(s, &t, &err);
		if (r < 0)
			break;
		trial_record_done(&t);
		ck_assert_uint_lt(++n, 10000);
	}
	ck_assert_msg(r == code, "%d: %s", r, err.text);
	ck_assert_ptr_nonnull(strstr(err.text, t.id));
	ck_assert_uint_gt(n, 2);
	ck_assert_int_eq(store_load_run(s, NULL, &out, NULL), 0);
	ck_assert_uint_eq(out.n_trials, n);
	run_data_done(&out);
	make_room();
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_msg(store_put_trial(s, &t, &err) == 0, "%s", err.text);
	trial_record_done(&t);
	store_close(s);
	ck_assert_int_eq(store_open(path, STORE_READ, &s, NULL), 0);
	ck_assert_int_eq(store_load_run(s, NULL, &out, NULL), 0);
	ck_assert_uint_eq(out.n_trials, n + 1);
	run_data_done(&out);
	store_close(s);
	run_data_done(&d);
}

static void lift_limit(void)
{
	struct rlimit no = {RLIM_INFINITY, RLIM_INFINITY};

	getrlimit(RLIMIT_FSIZE, &no);
	no.rlim_cur = no.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &no), 0);
}

START_TEST(a_failed_write_loses_nothing_and_the_trial_can_be_put_again)
{
	struct rlimit small;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &small), 0);
	small.rlim_cur = 600 << 10;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	fill_and_go_on(in_test_dir("s.db"), -EIO, lift_limit);
}
END_TEST

static void remove_ballast(void)
{
	ck_assert_int_eq(unlink(in_test_dir("ballast")), 0);
}

START_TEST(a_full_disk_loses_nothing_and_the_trial_can_be_put_again)
{
	static char ballast[512 << 10];

	/* a mount of this test's process only, which ends with it */
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("blklab", test_dir, "tmpfs", 0, "size=1m")) {
		fprintf(stderr, "full disk: not tested, no small file system: %s\n",
			strerror(errno));
		return;
	}
	ck_assert_int_eq(bl_write_file(in_test_dir("ballast"), ballast, sizeof ballast, NULL), 0);
	fill_and_go_on(in_test_dir("s.db"), -ENOSPC, remove_ballast);
	ck_assert_int_eq(umount(test_dir), 0);
}
END_TEST

/* Puts trials for ever and tells after each commit. */
static void write_until_killed(const char *path, int tell)
{
	struct store *s = NULL;
	struct trial_record t;
	struct run_data d;

	make_run(&d, 2);
	if (store_open(path, STORE_WRITE, &s, NULL) < 0 ||
	    store_put_run(s, &d.run, d.cells, d.n_cells, NULL) < 0)
		_exit(1);
	for (uint32_t n = 0;; n++) {
		make_trial(&t, &d, n);
		if (store_put_trial(s, &t, NULL) < 0 || write(tell, "+", 1) != 1)
			_exit(1);
		trial_record_done(&t);
	}
}

static int keep_first(void *out, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	snprintf(out, 64, "%s", values[0]);
	return 0;
}

START_TEST(a_killed_writer_leaves_all_that_it_committed)
{
	const char *path = in_test_dir("s.db");
	char c, check[64] = "";
	uint32_t committed = 0;
	struct run_data d = {0};
	struct store *s = NULL;
	int tell[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(tell), 0);
	pid = fork();
	if (!pid)
		write_until_killed(path, tell[1]);
	close(tell[1]);
	while (committed < 5 + 3u * (unsigned)_i && read(tell[0], &c, 1) == 1)
		committed++;
	usleep(1000u * (unsigned)_i); /* into the middle of the next one */
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	while (read(tell[0], &c, 1) == 1)
		committed++;
	close(tell[0]);

	ck_assert_int_eq(store_open(path, _i % 2 ? STORE_WRITE : STORE_READ, &s, NULL), 0);
	ck_assert_int_eq(store_load_run(s, NULL, &d, NULL), 0);
	ck_assert_uint_ge(d.n_trials, committed);
	ck_assert_uint_le(d.n_trials, committed + 1); /* committed, but not told any more */
	for (size_t i = 0; i < d.n_trials; i++) {
		ck_assert_uint_eq(d.trials[i].order, i);
		ck_assert_uint_eq(d.trials[i].n_jobs, i == 1 ? 1 : 2);
	}
	ck_assert_int_eq(sqlite3_exec(s->db, "PRAGMA integrity_check", keep_first, check, NULL), 0);
	ck_assert_str_eq(check, "ok");
	ck_assert_uint_eq(d.run.ended_ms, 0);
	run_data_done(&d);
	store_close(s);
}
END_TEST

START_TEST(a_writer_that_stays_busy_is_an_error_after_the_wait)
{
	struct store *a = NULL, *b = NULL;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;

	make_run(&d, 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &a, NULL), 0);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &b, NULL), 0);
	ck_assert_int_eq(db_begin(a, NULL), 0);
	sqlite3_busy_timeout(b->db, 20);
	ck_assert_int_eq(store_put_run(b, &d.run, d.cells, d.n_cells, &err), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err.text, "another program is writing to it"));
	ck_assert_int_eq(db_end(a, 0, NULL), 0);
	ck_assert_int_eq(store_put_run(b, &d.run, d.cells, d.n_cells, NULL), 0);
	store_close(a);
	store_close(b);
	run_data_done(&d);
}
END_TEST

TCase *trouble_cases(void)
{
	TCase *t = tcase_create("trouble");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, make_test_dir, drop_test_dir);
	tcase_add_test(t, a_store_that_is_not_there_is_named);
	tcase_add_loop_test(t, what_is_no_store_is_refused_and_left_alone, 0, 2);
	tcase_add_test(t, an_empty_file_is_no_store_to_read);
	tcase_add_loop_test(t, a_database_of_another_program_is_refused_and_left_alone, 0, 2);
	tcase_add_loop_test(t, a_newer_schema_is_refused, 0, 2);
	tcase_add_test(t, a_reader_cannot_write);
	tcase_add_test(t, a_store_in_a_folder_that_cannot_be_written_is_read);
	tcase_add_test(t, a_failed_write_loses_nothing_and_the_trial_can_be_put_again);
	tcase_add_test(t, a_full_disk_loses_nothing_and_the_trial_can_be_put_again);
	tcase_add_loop_test(t, a_killed_writer_leaves_all_that_it_committed, 0, 4);
	tcase_add_test(t, a_writer_that_stays_busy_is_an_error_after_the_wait);
	return t;
}
