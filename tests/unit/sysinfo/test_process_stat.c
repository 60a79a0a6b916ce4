/* /proc/PID/stat, of processes made of a file and of this one. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faked.h"
#include "process_stat.h"

static struct process_stat st;

START_TEST(a_name_may_hold_blanks_and_brackets)
{
	faked_put("/proc/100/stat", "100 (a (b) c) S 7 8 9 0 -1 4194560 0 0 0 0 30 12 3 4 20 0 6 "
				    "0 999 5 6\n");
	ck_assert_int_eq(process_stat_read(faked_root, 100, 0, &st), 0);
	ck_assert_int_eq(st.pid, 100);
	ck_assert_str_eq(st.comm, "a (b) c");
	ck_assert_int_eq(st.state, 'S');
	ck_assert_int_eq(st.parent, 7);
	ck_assert_int_eq(st.session, 9);
	ck_assert_uint_eq(st.cpu_ticks, 42);
	ck_assert_uint_eq(st.start_ticks, 999);
	ck_assert(!st.is_kernel);
}
END_TEST

START_TEST(a_thread_has_a_line_of_its_own)
{
	faked_put("/proc/100/task/101/stat",
		  "101 (kworker/0:1-events_power) I 2 0 0 0 -1 69238880 0 0 0 0 0 1 0 0 20 0 1 0 "
		  "77\n");
	ck_assert_int_eq(process_stat_read(faked_root, 100, 101, &st), 0);
	ck_assert_int_eq(st.pid, 101);
	ck_assert_str_eq(st.comm, "kworker/0:1-eve");
	ck_assert_uint_eq(st.start_ticks, 77);
	ck_assert(st.is_kernel);
}
END_TEST

static const char *const no_lines[] = {"", "100", "100 )a( S 1", "100 (a)", "100 (a) S 1 2 3"};

START_TEST(what_is_no_such_line_is_refused)
{
	faked_put("/proc/100/stat", no_lines[_i]);
	ck_assert_int_eq(process_stat_read(faked_root, 100, 0, &st), -EIO);
	ck_assert_int_eq(process_stat_read(faked_root, 101, 0, &st), -ENOENT);
}
END_TEST

START_TEST(this_machine_tells_of_this_process_and_of_a_dead_one)
{
	siginfo_t info;
	pid_t child;

	ck_assert_int_eq(process_stat_read("", getpid(), 0, &st), 0);
	ck_assert_int_eq(st.state, 'R');
	ck_assert_int_eq(st.parent, getppid());
	ck_assert_int_eq(st.session, getsid(0));
	ck_assert_uint_gt(st.start_ticks, 0);
	child = fork();
	if (!child)
		_exit(0);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(process_stat_read("", child, 0, &st), 0);
	ck_assert_int_eq(st.state, 'Z');
	ck_assert_int_eq(st.parent, getpid());
	waitpid(child, NULL, 0);
	ck_assert_int_lt(process_stat_read("", child, 0, &st), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("process_stat");
	TCase *t = tcase_create("process_stat");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, faked_empty, faked_drop);
	tcase_add_test(t, a_name_may_hold_blanks_and_brackets);
	tcase_add_test(t, a_thread_has_a_line_of_its_own);
	tcase_add_loop_test(t, what_is_no_such_line_is_refused, 0,
			    (int)(sizeof no_lines / sizeof *no_lines));
	tcase_add_test(t, this_machine_tells_of_this_process_and_of_a_dead_one);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
