/* Who else was busy, on a host made of files; timers from what systemctl says. */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "faked.h"
#include "fs.h"
#include "neighbours.h"
#include "timers.h"
#include "units.h"

#define S NS_PER_S

static struct neighbours *n;
static struct facts facts;
static unsigned long hz;

static void begin(void)
{
	faked_make();
	faked_put("/proc/loadavg", "0 0 0 1/1 1\n"); /* so that there is a /proc */
	hz = (unsigned long)sysconf(_SC_CLK_TCK);
}

static void end(void)
{
	n = neighbours_free(n);
	facts_done(&facts);
	faked_drop();
}

/* @cpu_ticks half in user mode; @flags as in field 9. */
static void process(int pid, const char *comm, unsigned flags, unsigned long cpu_ticks,
		    unsigned start)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("/proc/%d/stat", pid);
	BL_CLEANUP(bl_freep)
	char *line = bl_strf("%d (%s) S 1 1 1 0 -1 %u 9 9 9 9 %lu %lu 0 0 20 0 1 0 %u 0 0\n", pid,
			     comm, flags, cpu_ticks / 2, cpu_ticks - cpu_ticks / 2, start);

	faked_put(path, line);
}

static void file(int pid, const char *name, const char *text)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("/proc/%d/%s", pid, name);

	faked_put(path, text);
}

static void gone(int pid)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("/proc/%d", pid);

	faked_remove(path);
}

static const char *told(const char *key)
{
	return facts_get(&facts, key);
}

START_TEST(the_greatest_others_are_named)
{
	process(10, "small", 0, 100, 1);
	process(11, "stress-ng (x)", 0, 1000, 1);
	process(12, "kworker/0:1", 0x00200000 | 0x40, 50, 1);
	process(13, "qemu", 0, 0, 1);
	file(11, "io", "rchar: 1\nread_bytes: 0\nwrite_bytes: 1048576\ncancelled_write_bytes: 0\n");
	n = neighbours_new(faked_root, 100 * S);
	process(10, "small", 0, 100 + 10 * hz / 25, 1); /* 0.04 */
	process(11, "stress-ng (x)", 0, 1000 + 8 * hz, 1);
	file(11, "io",
	     "rchar: 1\nread_bytes: 0\nwrite_bytes: 126877696\ncancelled_write_bytes: 0\n");
	process(12, "kworker/0:1", 0x00200000 | 0x40, 50 + hz, 1);
	process(13, "qemu", 0, 10 * hz, 1);
	process(14, "new", 0, 2 * hz, 99);
	neighbours_end(n, 13, 110 * S);
	ck_assert_int_eq(neighbours_facts(n, 101 * S, 109 * S, &facts), 0);
	ck_assert_str_eq(told("host.top.1"), "stress-ng (x) (pid 11): 0.80 CPUs, 12 MiB/s written");
	ck_assert_str_eq(told("host.top.2"), "new (pid 14): 0.20 CPUs");
	ck_assert_str_eq(told("host.top.3"), "[kworker/0:1] (pid 12): 0.10 CPUs");
	ck_assert_uint_eq(facts.n, 3);
}
END_TEST

START_TEST(a_number_that_is_used_again_is_another_process)
{
	process(11, "before", 0, 50 * hz, 1);
	n = neighbours_new(faked_root, 100 * S);
	process(11, "after", 0, hz, 77);
	neighbours_end(n, 0, 110 * S);
	ck_assert_int_eq(neighbours_facts(n, 100 * S, 110 * S, &facts), 0);
	ck_assert_str_eq(told("host.top.1"), "after (pid 11): 0.10 CPUs");
}
END_TEST

START_TEST(known_programs_are_noted_with_their_time)
{
	process(10, "rsync", 0, 0, 1); /* all the time */
	process(11, "fstrim", 0, 0, 1);
	process(12, "btrfs", 0, 0, 1); /* but no scrub */
	file(12, "cmdline", "btrfs\0filesystem\0show");
	n = neighbours_new(faked_root, 100 * S);
	gone(11);
	neighbours_look(n, 101 * S);
	process(13, "btrfs", 0, 0, 1);
	faked_put_bytes("/proc/13/cmdline", "btrfs\0scrub\0start", 17);
	neighbours_look(n, 112 * S);
	neighbours_look(n, 113 * S);
	gone(13);
	neighbours_end(n, 0, 120 * S);
	ck_assert_int_eq(neighbours_facts(n, 105 * S, 118 * S, &facts), 0);
	ck_assert_str_eq(told("host.ran.1"), "rsync (pid 10) since before until the end");
	/* It was not there at 101 s, so it began no earlier. */
	ck_assert_str_eq(told("host.ran.2"),
			 "btrfs scrub (pid 13) since before, last seen at +8.0 s");
	ck_assert_uint_eq(facts.n, 2); /* fstrim had ended before the window */
}
END_TEST

START_TEST(a_process_that_becomes_a_known_program_is_noted)
{
	process(13, "bash", 0, 0, 50); /* has forked, and execs a moment later */
	n = neighbours_new(faked_root, 100 * S);
	process(13, "rsync", 0, 0, 50);
	neighbours_look(n, 101 * S);
	neighbours_end(n, 0, 102 * S);
	ck_assert_int_eq(neighbours_facts(n, 100 * S, 102 * S, &facts), 0);
	ck_assert_ptr_nonnull(told("host.ran.1"));
	ck_assert_ptr_nonnull(strstr(told("host.ran.1"), "rsync (pid 13)"));
}
END_TEST

START_TEST(a_number_that_is_used_again_is_seen_within_ten_looks)
{
	process(13, "fstrim", 0, 0, 50);
	process(14, "sleep", 0, 0, 50);
	n = neighbours_new(faked_root, 100 * S);
	for (uint64_t at = 101; at < 110; at++)
		neighbours_look(n, at * S);
	process(13, "sleep", 0, 0, 99); /* at once, as it is looked at */
	process(14, "rsync", 0, 0, 99);
	for (uint64_t at = 110; at < 121; at++)
		neighbours_look(n, at * S);
	neighbours_end(n, 0, 121 * S);
	ck_assert_int_eq(neighbours_facts(n, 100 * S, 121 * S, &facts), 0);
	ck_assert_str_eq(told("host.ran.1"), "fstrim (pid 13) since before, last seen at +9.0 s");
	ck_assert_ptr_nonnull(told("host.ran.2"));
	ck_assert_ptr_nonnull(strstr(told("host.ran.2"), "rsync (pid 14)"));
	ck_assert_uint_eq(facts.n, 2);
}
END_TEST

START_TEST(what_there_is_no_room_for_is_counted)
{
	for (int pid = 20; pid < 57; pid++)
		process(pid, "rsync", 0, 0, 1);
	n = neighbours_new(faked_root, 100 * S);
	neighbours_end(n, 0, 110 * S);
	ck_assert_int_eq(neighbours_facts(n, 100 * S, 110 * S, &facts), 0);
	ck_assert_ptr_nonnull(told("host.ran.32"));
	ck_assert_ptr_nonnull(told("host.ran.33"));
	ck_assert_ptr_nonnull(strstr(told("host.ran.33"), "and 5 more"));
}
END_TEST

START_TEST(a_program_begins_when_the_kernel_says)
{
	struct timespec boot, mono;
	uint64_t shift, now = 1000 * S;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	shift = (uint64_t)(boot.tv_sec - mono.tv_sec);
	n = neighbours_new(faked_root, now);
	neighbours_look(n, now + 1 * S);
	process(13, "updatedb.plocat", 0, 0, (unsigned)((1001 + shift) * hz + hz / 2));
	neighbours_look(n, now + 2 * S);
	neighbours_end(n, 0, now + 4 * S);
	ck_assert_int_eq(neighbours_facts(n, now, now + 3 * S, &facts), 0);
	ck_assert_str_eq(told("host.ran.1"), "updatedb.plocat (pid 13) from +1.5 s until the end");
}
END_TEST

START_TEST(a_check_of_a_raid_is_noted)
{
	faked_put("/sys/block/md0/md/sync_action", "idle\n");
	faked_put("/sys/block/sda/size", "1\n");
	n = neighbours_new(faked_root, 100 * S);
	neighbours_look(n, 101 * S);
	faked_put("/sys/block/md0/md/sync_action", "check\n");
	neighbours_look(n, 102 * S);
	neighbours_look(n, 103 * S);
	faked_put("/sys/block/md0/md/sync_action", "idle\n");
	neighbours_look(n, 104 * S);
	neighbours_end(n, 0, 110 * S);
	ck_assert_int_eq(neighbours_facts(n, 100 * S, 110 * S, &facts), 0);
	ck_assert_str_eq(told("host.ran.1"), "md0: check from +2.0 s, last seen at +3.0 s");
	ck_assert_uint_eq(facts.n, 1);
}
END_TEST

START_TEST(a_quiet_host_has_no_facts)
{
	process(10, "sleep", 0, 5, 1);
	n = neighbours_new(faked_root, 100 * S);
	neighbours_end(n, 0, 110 * S);
	ck_assert_int_eq(neighbours_facts(n, 100 * S, 110 * S, &facts), 0);
	ck_assert_uint_eq(facts.n, 0);
}
END_TEST

/* --- timers: systemd 252's answer, shortened --- */

static const char list[] =
	"[{\"next\":1796007600000000,\"left\":5,\"last\":1796000012300000,\"passed\":7,"
	"\"unit\":\"fstrim.timer\",\"activates\":\"fstrim.service\"},"
	"{\"next\":1796007600000000,\"left\":5,\"last\":1795990000000000,\"passed\":7,"
	"\"unit\":\"logrotate.timer\",\"activates\":\"logrotate.service\"},"
	"{\"next\":0,\"left\":null,\"last\":null,\"passed\":null,"
	"\"unit\":\"e2scrub_all.timer\",\"activates\":\"e2scrub_all.service\"}]";

START_TEST(timers_that_fired_in_the_window_are_told)
{
	ck_assert_int_eq(
		timers_fired(list, strlen(list), 1796000000000000, 1796000060000000, &facts), 0);
	ck_assert_uint_eq(facts.n, 1);
	ck_assert_str_eq(told("timer.1"), "fstrim.timer -> fstrim.service at +12.3 s");
}
END_TEST

static const char *const no_lists[] = {"", "[", "{}", "[1, null, {}]", "no timers"};

START_TEST(what_is_no_list_of_timers_has_none)
{
	ck_assert_int_eq(timers_fired(no_lists[_i], strlen(no_lists[_i]), 1, UINT64_MAX, &facts),
			 0);
	ck_assert_uint_eq(facts.n, 0);
}
END_TEST

START_TEST(of_a_faked_host_systemd_is_not_asked)
{
	struct bl_buf out = BL_BUF_INIT;

	faked_put("/run/systemd/system/x", "");
	ck_assert_int_lt(timers_ask(faked_root, &out), 0);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* --- on this host --- */

/* Of CPU time: what others do beside it costs no look anything. */
static uint64_t spent_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

START_TEST(looks_are_cheap)
{
	uint64_t from = bl_now_ns(), begun = spent_ns(), whole, look;

	n = neighbours_new("", from);
	whole = spent_ns() - begun;
	begun = spent_ns();
	for (unsigned i = 0; i < 100; i++)
		neighbours_look(n, from + i);
	look = (spent_ns() - begun) / 100;
	printf("all processes: %.1f ms of CPU time; a look between: %.0f us\n", (double)whole / 1e6,
	       (double)look / 1e3);
	ck_assert_uint_lt(look, 20 * NS_PER_MS);
	neighbours_end(n, 0, bl_now_ns());
	ck_assert_int_eq(neighbours_facts(n, from, bl_now_ns(), &facts), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("neighbours");
	TCase *t = tcase_create("neighbours");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, the_greatest_others_are_named);
	tcase_add_test(t, a_number_that_is_used_again_is_another_process);
	tcase_add_test(t, known_programs_are_noted_with_their_time);
	tcase_add_test(t, a_process_that_becomes_a_known_program_is_noted);
	tcase_add_test(t, a_number_that_is_used_again_is_seen_within_ten_looks);
	tcase_add_test(t, what_there_is_no_room_for_is_counted);
	tcase_add_test(t, a_program_begins_when_the_kernel_says);
	tcase_add_test(t, a_check_of_a_raid_is_noted);
	tcase_add_test(t, a_quiet_host_has_no_facts);
	tcase_add_test(t, timers_that_fired_in_the_window_are_told);
	tcase_add_loop_test(t, what_is_no_list_of_timers_has_none, 0, (int)BL_ARRAY_LEN(no_lists));
	tcase_add_test(t, of_a_faked_host_systemd_is_not_asked);
	tcase_add_test(t, looks_are_cheap);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
