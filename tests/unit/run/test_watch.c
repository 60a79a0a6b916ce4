/* What is watched from outside: CPU time by thread role, and the serial console. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "console.h"
#include "fresh_dir.h"
#include "fs.h"
#include "hostcpu.h"
#include "units.h"

/* --- CPU time --- */

START_TEST(threads_have_the_role_their_name_says)
{
	ck_assert_int_eq(cpu_role_of("CPU 0/KVM", false), CPU_VCPU);
	ck_assert_int_eq(cpu_role_of("CPU 11/TCG", false), CPU_VCPU);
	ck_assert_int_eq(cpu_role_of("ALL CPUs/TCG", false), CPU_VCPU);
	ck_assert_int_eq(cpu_role_of("IO iothread1", false), CPU_IOTHREAD);
	ck_assert_int_eq(cpu_role_of("IO mon_iothread", false), CPU_OTHER);
	ck_assert_int_eq(cpu_role_of("worker", false), CPU_WORKER);
	ck_assert_int_eq(cpu_role_of("iou-wrk-123", false), CPU_WORKER);
	ck_assert_int_eq(cpu_role_of("call_rcu", false), CPU_OTHER);
	ck_assert_int_eq(cpu_role_of("CPU 0/KVM", true), CPU_MAIN);
}
END_TEST

static void spin(uint64_t ns)
{
	uint64_t end = bl_now_ns() + ns;

	while (bl_now_ns() < end)
		;
}

static void *vcpu_main(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "CPU 0/TCG");
	spin(300 * NS_PER_MS);
	return NULL;
}

static void *worker_main(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "worker");
	spin(100 * NS_PER_MS); /* and gone before the end, as QEMU's pool threads are */
	return NULL;
}

static pid_t start_busy(void)
{
	pthread_t a, b;
	pid_t pid = fork();

	if (pid > 0)
		return pid;
	pthread_create(&a, NULL, vcpu_main, NULL);
	pthread_create(&b, NULL, worker_main, NULL);
	pthread_join(a, NULL);
	pause();
	_exit(0);
}

static uint64_t fact(const struct facts *f, const char *key)
{
	const char *v = facts_get(f, key);

	ck_assert_msg(v != NULL, "there is no fact '%s'", key);
	return strtoull(v, NULL, 10);
}

START_TEST(a_window_has_the_cpu_time_of_each_role_also_of_threads_that_ended)
{
	uint64_t from = bl_now_ns(), used = 0, sum;
	struct cpu_series s;
	struct facts facts = {0};
	pid_t pid = start_busy();

	cpu_series_init(&s, pid, CPU_OTHER);
	from = bl_now_ns() + 10 * NS_PER_MS;
	while (bl_now_ns() < from + 600 * NS_PER_MS) {
		ck_assert_int_eq(cpu_series_read(&s, 10 * NS_PER_MS), 0);
		usleep(2000);
	}
	cpu_series_read(&s, 0);
	ck_assert_int_eq(cpu_series_window(&s, from, from + 590 * NS_PER_MS, &used, &facts), 0);
	/* The host may be busy, so only what cannot be otherwise: each had at most its time, and
	 * the roles together are the process's, within the readings' distance. */
	ck_assert_uint_gt(fact(&facts, "cpu.vcpu_ns"), 20 * NS_PER_MS);
	ck_assert_uint_le(fact(&facts, "cpu.vcpu_ns"), 310 * NS_PER_MS);
	ck_assert_uint_gt(fact(&facts, "cpu.worker_ns"), 5 * NS_PER_MS);
	ck_assert_uint_le(fact(&facts, "cpu.worker_ns"), 110 * NS_PER_MS);
	ck_assert_ptr_null(facts_get(&facts, "cpu.iothread_ns"));
	sum = fact(&facts, "cpu.vcpu_ns") + fact(&facts, "cpu.worker_ns");
	ck_assert_uint_ge(sum + 60 * NS_PER_MS, used);
	ck_assert_uint_ge(used + 60 * NS_PER_MS, sum);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(cpu_series_read(&s, 0), -ESRCH);
	cpu_series_done(&s);
	facts_done(&facts);
}
END_TEST

START_TEST(a_window_outside_the_readings_is_absent_not_zero)
{
	struct cpu_series s;
	struct facts facts = {0};
	uint64_t used = 77;

	cpu_series_init(&s, getpid(), CPU_OTHER);
	ck_assert_int_eq(cpu_series_window(&s, 1, 2, &used, &facts), -ENODATA);
	cpu_series_read(&s, 0);
	cpu_series_read(&s, 0);
	ck_assert_int_eq(
		cpu_series_window(&s, s.items[0].at_ns - 1, s.items[1].at_ns, &used, &facts),
		-ENODATA);
	ck_assert_int_eq(
		cpu_series_window(&s, s.items[0].at_ns, s.items[1].at_ns + 1, &used, &facts),
		-ENODATA);
	ck_assert_uint_eq(used, 77);
	ck_assert_uint_eq(facts.n, 0);
	cpu_series_done(&s);
}
END_TEST

START_TEST(a_window_is_read_between_the_readings_by_proportion)
{
	struct cpu_reading r[] = {
		{.at_ns = 1000, .process_ns = 0, .run_ns = {[CPU_VCPU] = 100}},
		{.at_ns = 2000, .process_ns = 1000, .run_ns = {[CPU_VCPU] = 900}},
		{.at_ns = 4000, .process_ns = 2000, .run_ns = {[CPU_VCPU] = 900}},
	};
	struct cpu_series s = {.items = r, .n = 3};
	struct facts facts = {0};
	uint64_t used;

	ck_assert_int_eq(cpu_series_window(&s, 1500, 3000, &used, &facts), 0);
	ck_assert_uint_eq(used, 1000);                       /* 500 to 1500 */
	ck_assert_uint_eq(fact(&facts, "cpu.vcpu_ns"), 400); /* 500 to 900 */
	facts_done(&facts);
}
END_TEST

/* --- console --- */

static char path[64];

static void put_console(const char *text)
{
	char dir[40];

	fresh_dir(dir);
	snprintf(path, sizeof path, "%s/console", dir);
	ck_assert_int_eq(bl_write_file(path, text, strlen(text), NULL), 0);
}

START_TEST(the_tail_is_the_last_lines_without_escapes_and_control_characters)
{
	BL_CLEANUP(bl_freep) char *tail = NULL;
	char line[64];

	put_console("one\r\n\033[31mtwo\033[0m\a\r\nthr\377g\001ee\tx\r\n\r\n");
	tail = console_tail(path, 2);
	ck_assert_str_eq(tail, "two\nthrgee x");
	ck_assert(console_last_line(path, line, sizeof line));
	ck_assert_str_eq(line, "thrgee x");
	ck_assert(!console_panic(path, line, sizeof line));
}
END_TEST

START_TEST(a_panic_is_quoted_without_its_time_stamp)
{
	char line[64];

	put_console("[    1.0] fine\n[    1.5] Kernel panic - not syncing: no init\r\n[    1.6] "
		    "CPU: 0\n");
	ck_assert(console_panic(path, line, sizeof line));
	ck_assert_str_eq(line, "Kernel panic - not syncing: no init");
}
END_TEST

START_TEST(the_tail_reaches_back_to_the_panic)
{
	BL_CLEANUP(bl_freep) char *tail = NULL;

	put_console("a\nb\n[1] Kernel panic - not syncing: x\nc\nd\ne\n");
	tail = console_tail(path, 2);
	ck_assert_str_eq(tail, "[1] Kernel panic - not syncing: x\nc\nd\ne");
}
END_TEST

START_TEST(an_empty_or_missing_console_has_no_tail)
{
	char line[64];

	put_console("\n\n");
	ck_assert_ptr_null(console_tail(path, 40));
	unlink(path);
	ck_assert_ptr_null(console_tail(path, 40));
	ck_assert(!console_last_line(path, line, sizeof line));
}
END_TEST

START_TEST(a_flooded_console_stays_bounded)
{
	BL_CLEANUP(bl_freep) char *text = malloc(MiB + 1), *tail = NULL;

	memset(text, 'x', MiB);
	text[MiB] = '\0';
	put_console(text);
	tail = console_tail(path, 40);
	ck_assert_uint_le(strlen(tail), 16 * KiB);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, threads_have_the_role_their_name_says);
	tcase_add_test(t, a_window_has_the_cpu_time_of_each_role_also_of_threads_that_ended);
	tcase_add_test(t, a_window_outside_the_readings_is_absent_not_zero);
	tcase_add_test(t, a_window_is_read_between_the_readings_by_proportion);
	tcase_add_test(t, the_tail_is_the_last_lines_without_escapes_and_control_characters);
	tcase_add_test(t, a_panic_is_quoted_without_its_time_stamp);
	tcase_add_test(t, the_tail_reaches_back_to_the_panic);
	tcase_add_test(t, an_empty_or_missing_console_has_no_tail);
	tcase_add_test(t, a_flooded_console_stays_bounded);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
