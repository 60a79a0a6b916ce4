/* Threads of a VM by their role: names, what ended, what came later and what fell. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "made_host.h"
#include "thread_watch.h"
#include "units.h"

static struct thread_watch *threads;

static void end(void)
{
	threads = thread_watch_free(threads);
	end_made_host();
}

static void gone(int tid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/100/task/%d", tid);
	faked_remove(path);
}

static void reading(void)
{
	if (!threads)
		threads = thread_watch_new(faked_root, 100, CPU_OTHER);
	ck_assert_int_eq(series_moment(&set, set.n ? set.at_ns[set.n - 1] + 100 : 1000), 0);
	thread_watch_read(threads, &set, true);
}

START_TEST(threads_have_the_role_their_name_says)
{
	ck_assert_int_eq(cpu_role_of("CPU 0/KVM", false), CPU_VCPU);
	ck_assert_int_eq(cpu_role_of("CPU 11/TCG", false), CPU_VCPU);
	ck_assert_int_eq(cpu_role_of("ALL CPUs/TCG", false), CPU_VCPU);
	ck_assert_int_eq(cpu_role_of("IO iothread1", false), CPU_IOTHREAD);
	ck_assert_int_eq(cpu_role_of("IO mon_iothread", false), CPU_OTHER);
	ck_assert_int_eq(cpu_role_of("worker", false), CPU_WORKER);
	ck_assert_int_eq(cpu_role_of("iou-wrk-123", false), CPU_WORKER);
	ck_assert_int_eq(cpu_role_of("vhost-4711", false), CPU_VHOST);
	ck_assert_int_eq(cpu_role_of("call_rcu", false), CPU_OTHER);
	ck_assert_int_eq(cpu_role_of("CPU 0/KVM", true), CPU_MAIN);
}
END_TEST

static const struct {
	enum cpu_role role;
	const char *thread, *name;
} names[] = {
	{CPU_VCPU, "CPU 12/KVM", "vcpu12"},
	{CPU_VCPU, "ALL CPUs/TCG", "vcpus"},
	{CPU_IOTHREAD, "IO iothread2", "iothread2"},
	{CPU_IOTHREAD, "IO my disk.0", "iothread-my_disk_0"},
	{CPU_MAIN, "CPU 0/KVM", "main"},
	{CPU_WORKER, "pool-3", "worker"},
	{CPU_OTHER, "gmain", "other"},
};

START_TEST(a_role_has_a_name_and_a_name_its_role)
{
	char out[40];

	thread_role_name(names[_i].role, names[_i].thread, out);
	ck_assert_str_eq(out, names[_i].name);
	ck_assert_int_eq(thread_role_of(out, strlen(out)), names[_i].role);
	ck_assert_int_eq(thread_role_of("mainly", 6), CPU_ROLES);
}
END_TEST

/* --- threads that come and go, on a host made of files --- */

START_TEST(each_thread_counts_for_its_role)
{
	thread(100, "qemu\n", 10, 1, 3);
	thread(101, "CPU 0/KVM\n", 20, 2, 4);
	thread(102, "CPU 1/KVM\n", 30, 3, 5);
	thread(103, "IO iothread1\n", 40, 4, 6);
	thread(104, "worker\n", 50, 5, 7);
	thread(105, "worker\n", 60, 6, 8);
	put("100 (a (b) c) S 1 100 100 0 -1 4194560 0 0 0 0 7 5 0 0 20 0 6 0 999\n",
	    "/proc/100/stat");
	reading();
	ck_assert_uint_eq(last("thread.main.run_ns"), 10);
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 20);
	ck_assert_uint_eq(last("thread.vcpu1.wait_ns"), 3);
	ck_assert_uint_eq(last("thread.vcpu1.preempted"), 5);
	ck_assert_uint_eq(last("thread.iothread1.run_ns"), 40);
	ck_assert_uint_eq(last("thread.worker.run_ns"), 110);
	ck_assert_ptr_null(series_find(&set, "thread.worker.preempted"));
	ck_assert_uint_eq(last("process.cpu_ns"), 12 * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK)));
}
END_TEST

START_TEST(a_role_keeps_what_its_ended_threads_used)
{
	thread(100, "qemu\n", 10, 1, 0);
	thread(104, "worker\n", 50, 5, 0);
	thread(105, "worker\n", 60, 6, 0);
	reading();
	thread(104, "worker\n", 55, 6, 0);
	reading();
	gone(104);
	reading();
	ck_assert_uint_eq(last("thread.worker.run_ns"), 115);
	ck_assert_uint_eq(last("thread.worker.wait_ns"), 12);
	thread(106, "worker\n", 3, 0, 0);
	reading();
	ck_assert_uint_eq(last("thread.worker.run_ns"), 118);
}
END_TEST

START_TEST(a_thread_number_that_is_used_again_counts_from_its_beginning)
{
	thread(100, "qemu\n", 10, 1, 9);
	thread(101, "CPU 0/KVM\n", 500, 50, 40);
	reading();
	thread(101, "CPU 0/KVM\n", 20, 60, 41); /* more than the other had waited */
	reading();
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 520);
	ck_assert_uint_eq(last("thread.vcpu0.wait_ns"), 110);
	ck_assert_uint_eq(last("thread.vcpu0.preempted"), 81);
}
END_TEST

START_TEST(a_thread_that_cannot_be_read_once_is_not_counted_twice)
{
	thread(100, "qemu\n", 10, 1, 0);
	thread(101, "CPU 0/KVM\n", 20, 2, 4);
	reading();
	put("", "/proc/100/task/101/schedstat");
	reading();
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 20);
	thread(101, "CPU 0/KVM\n", 30, 3, 5);
	reading();
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 30);
	ck_assert_uint_eq(last("thread.vcpu0.wait_ns"), 3);
	ck_assert_uint_eq(last("thread.vcpu0.preempted"), 5);
}
END_TEST

START_TEST(a_host_without_descriptors_loses_no_thread)
{
	struct rlimit all, none;

	thread(100, "qemu\n", 10, 1, 0);
	thread(101, "CPU 0/KVM\n", 20, 2, 4);
	reading();
	thread(102, "CPU 1/KVM\n", 7, 2, 4); /* so that the threads are listed anew */
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = all.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	reading();
	setrlimit(RLIMIT_NOFILE, &all);
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 20);
	reading();
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 20);
	ck_assert_uint_eq(last("thread.vcpu1.run_ns"), 7);
}
END_TEST

static void started(const char *what, unsigned ticks)
{
	char line[200];

	snprintf(line, sizeof line, "1 (a b) S 1 1 1 0 -1 0 0 0 0 0 7 5 0 0 20 0 6 0 %u 1 2\n",
		 ticks);
	put(line, "/proc/%s/stat", what);
}

/* It was left out at the first reading, as there was no descriptor for it. */
START_TEST(what_a_thread_used_before_it_was_first_read_is_no_rise)
{
	thread(100, "qemu\n", 10, 1, 0);
	reading();
	started("100/task/101", 1); /* soon after the host's boot */
	thread(101, "CPU 0/KVM\n", 5000, 200, 40);
	reading();
	thread(101, "CPU 0/KVM\n", 5020, 201, 41);
	reading();
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 20);
	ck_assert_uint_eq(last("thread.vcpu0.wait_ns"), 1);
	ck_assert_uint_eq(last("thread.vcpu0.preempted"), 1);
}
END_TEST

START_TEST(a_process_that_gets_the_number_is_not_looked_at)
{
	thread(100, "qemu\n", 10, 1, 0);
	thread(101, "CPU 0/KVM\n", 20, 2, 4);
	started("100", 500);
	reading();
	faked_remove("/proc/100");
	thread(100, "other\n", 1000, 1, 0);
	thread(109, "CPU 0/KVM\n", 2000, 2, 4);
	thread(110, "x\n", 2000, 2, 4);
	started("100", 900);
	reading();
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 20);
	ck_assert_uint_eq(last("thread.main.run_ns"), 10);
	ck_assert_ptr_null(series_find(&set, "thread.other.run_ns"));
}
END_TEST

START_TEST(a_number_that_is_used_again_has_not_the_preemptions_of_the_other)
{
	thread(100, "qemu\n", 10, 1, 9);
	thread(101, "CPU 0/KVM\n", 500, 50, 40);
	reading();
	thread(101, "CPU 0/KVM\n", 20, 60, 3);
	ck_assert_int_eq(series_moment(&set, set.at_ns[set.n - 1] + 100), 0);
	thread_watch_read(threads, &set, false);
	reading();
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 520);
	ck_assert_uint_eq(last("thread.vcpu0.preempted"), 43);
}
END_TEST

START_TEST(a_thread_that_came_later_had_used_nothing_before)
{
	thread(100, "qemu\n", 10, 1, 0);
	reading();
	reading();
	thread(104, "worker\n", 50, 5, 0);
	reading();
	ck_assert_uint_eq(value(0, "thread.worker.run_ns"), 0);
	ck_assert_uint_eq(value(1, "thread.worker.run_ns"), 0);
	ck_assert_uint_eq(value(2, "thread.worker.run_ns"), 50);
}
END_TEST

START_TEST(a_renamed_thread_leaves_its_past_where_it_was)
{
	thread(100, "qemu\n", 10, 1, 0);
	thread(101, "qemu\n", 5, 1, 0);
	reading();
	ck_assert_uint_eq(last("thread.other.run_ns"), 5);
	thread(101, "CPU 0/KVM\n", 25, 1, 0);
	reading();
	thread(101, "CPU 0/KVM\n", 45, 1, 0);
	reading();
	ck_assert_uint_eq(value(2, "thread.other.run_ns"), 5);
	ck_assert_uint_eq(value(0, "thread.vcpu0.run_ns"), 0);
	ck_assert_uint_eq(value(2, "thread.vcpu0.run_ns"), 40);
}
END_TEST

START_TEST(a_process_that_is_gone_or_was_never_there_has_what_it_had)
{
	thread(100, "qemu\n", 10, 1, 0);
	thread(101, "CPU 0/KVM\n", 20, 2, 4);
	reading();
	faked_remove("/proc/100");
	reading();
	ck_assert_uint_eq(last("thread.vcpu0.run_ns"), 20);
	thread_watch_free(threads);
	series_done(&set);
	threads = thread_watch_new(faked_root, 77, CPU_OTHER);
	reading();
	ck_assert_uint_eq(set.n_series, 0);
}
END_TEST

TCase *thread_cases(void)
{
	TCase *t = tcase_create("threads");

	tcase_add_checked_fixture(t, begin_made_host, end);
	tcase_add_test(t, threads_have_the_role_their_name_says);
	tcase_add_loop_test(t, a_role_has_a_name_and_a_name_its_role, 0, (int)BL_ARRAY_LEN(names));
	tcase_add_test(t, each_thread_counts_for_its_role);
	tcase_add_test(t, a_role_keeps_what_its_ended_threads_used);
	tcase_add_test(t, a_thread_number_that_is_used_again_counts_from_its_beginning);
	tcase_add_test(t, a_thread_that_cannot_be_read_once_is_not_counted_twice);
	tcase_add_test(t, a_host_without_descriptors_loses_no_thread);
	tcase_add_test(t, what_a_thread_used_before_it_was_first_read_is_no_rise);
	tcase_add_test(t, a_process_that_gets_the_number_is_not_looked_at);
	tcase_add_test(t, a_number_that_is_used_again_has_not_the_preemptions_of_the_other);
	tcase_add_test(t, a_thread_that_came_later_had_used_nothing_before);
	tcase_add_test(t, a_renamed_thread_leaves_its_past_where_it_was);
	tcase_add_test(t, a_process_that_is_gone_or_was_never_there_has_what_it_had);
	return t;
}
