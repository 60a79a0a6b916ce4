/* The sampler on a host made of files and on this one: disks, others, cost, what hangs. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "faked.h"
#include "fs.h"
#include "grid.h"
#include "made_host.h"
#include "sampler.h"
#include "units.h"

/* --- the whole sampler on a host made of files --- */

START_TEST(the_sampler_watches_the_disks_below_the_backing)
{
	struct sampler_watch w = {
		.root = faked_root, .path = "/data/disk.raw", .interval_ns = 5 * NS_PER_MS};
	struct sampler *s;

	faked_one_disk();
	faked_partition(PCI, 0, 1, 1, 1);
	put("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	    "30 22 259:1 / /data rw,noatime - ext4 /dev/nvme0n1p1 rw\n",
	    "/proc/self/mountinfo");
	put("", "/data/disk.raw");
	put("1 0 8 4 5 0 16 9 0 3 12 0 0 0 0 2 7\n", NS1 "/stat");
	put("1 0 2 4 5 0 6 9 0 3 12 0 0 0 0 2 7\n", NS1 "/nvme0n1p1/stat");
	put("cpu  10 0 5 100 3 1 1 0 0 0\n", "/proc/stat");
	put("nvme0q1\n", "/sys/kernel/irq/30/actions");
	put("5,6\n", "/sys/kernel/irq/30/per_cpu_count");
	put("msix\n", "/sys/bus/pci/devices/" PCI "/msi_irqs/30");
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	usleep(30000);
	ck_assert_int_eq(sampler_stop(s, &set, NULL), 0);
	sampler_free(s);
	ck_assert_uint_ge(set.n, 2);
	ck_assert_uint_eq(last("disk.nvme0n1.read_bytes"), 8 * 512);
	ck_assert_uint_eq(last("disk.nvme0n1.write_ns"), 9 * NS_PER_MS);
	ck_assert_uint_eq(last("disk.nvme0n1p1.write_bytes"), 6 * 512);
	ck_assert_uint_eq(last("irq.nvme0q1"), 11);
	ck_assert_ptr_nonnull(series_find(&set, "cpu.busy_ns"));
	ck_assert_ptr_null(series_find(&set, "process.cpu_ns"));
}
END_TEST

/* A pipe that nobody writes to stands for the command to a controller that resets. */
START_TEST(a_temperature_that_hangs_keeps_nothing_else_from_being_read)
{
	struct sampler_watch w = {
		.root = faked_root, .path = "/data/disk.raw", .interval_ns = 5 * NS_PER_MS};
	BL_CLEANUP(bl_freep) char *pipe_path = NULL;
	uint64_t from = bl_now_ns();
	struct sampler *s;
	int writer;

	faked_one_disk();
	pipe_path = bl_strf("%s/sys/class/hwmon/hwmon1/temp1_input", faked_root);
	put("30 22 259:0 / /data rw,noatime - ext4 /dev/nvme0n1 rw\n", "/proc/self/mountinfo");
	put("", "/data/disk.raw");
	put("1 0 8 4 5 0 16 9 0 3 12 0 0 0 0 2 7\n", NS1 "/stat");
	put("cpu  10 0 5 100 3 1 1 0 0 0\n", "/proc/stat");
	put("nvme\n", "/sys/class/hwmon/hwmon1/name");
	faked_link("/sys/class/hwmon/hwmon1/device", "../../nvme/nvme0");
	faked_link(NS1 "/device", "../../nvme0");
	ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	usleep(100000);
	ck_assert_int_eq(sampler_stop(s, &set, NULL), 0);
	sampler_free(s);
	ck_assert_uint_lt(bl_now_ns() - from, 3 * NS_PER_S);
	ck_assert_uint_ge(set.n, 4);
	ck_assert_uint_eq(last("disk.nvme0n1.reads"), 1);
	ck_assert_ptr_null(series_find(&set, "temperature.nvme0_mc"));
	writer = open(pipe_path, O_WRONLY | O_NONBLOCK);
	ck_assert_int_ge(writer, 0); /* somebody waits there: it was asked */
	close(writer);
}
END_TEST

START_TEST(a_reading_that_hangs_is_left_behind)
{
	static const char speed[] = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq";
	struct sampler_watch w = {.root = faked_root, .interval_ns = 5 * NS_PER_MS};
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s%s", faked_root, speed);
	uint64_t from = bl_now_ns();
	struct sampler *s;
	int writer;

	put("0\n", "/sys/devices/system/cpu/online");
	put("1000000\n", "%s", speed);
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	faked_remove(speed);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(sampler_stop(s, &set, NULL), -ETIMEDOUT);
	sampler_free(s);
	ck_assert_uint_lt(bl_now_ns() - from, 8 * NS_PER_S);
	ck_assert_uint_eq(set.n, 0);
	writer = open(path, O_WRONLY | O_NONBLOCK);
	ck_assert_int_ge(writer, 0);
	close(writer);
	usleep(100000); /* it ends itself */
}
END_TEST

START_TEST(several_disks_are_watched_by_one_sampler)
{
	static const char *const more[] = {NULL, "/data/b.raw", "/data/c.raw"};
	struct sampler_watch w = {.root = faked_root,
				  .path = "/a.raw",
				  .more_paths = more,
				  .n_more = BL_ARRAY_LEN(more),
				  .interval_ns = 5 * NS_PER_MS};
	struct sampler *s;

	faked_one_disk();
	put("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	    "30 22 259:0 / /data rw,noatime - ext4 /dev/nvme0n1 rw\n",
	    "/proc/self/mountinfo");
	put("", "/a.raw");
	put("", "/data/b.raw");
	put("", "/data/c.raw");
	put("1 0 8 4 5 0 16 9 0 3 12 0 0 0 0 2 7\n", NS1 "/stat");
	put("7 0 8 4 5 0 16 9 0 3 12 0 0 0 0 2 7\n", "/sys/class/block/sda/stat");
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	ck_assert_int_eq(sampler_stop(s, &set, NULL), 0);
	sampler_free(s);
	ck_assert_uint_eq(last("disk.nvme0n1.reads"), 1);
	ck_assert_uint_eq(last("disk.sda.reads"), 7);
}
END_TEST

/* The kernel's sum is in ticks, and the VM's exact: their difference may seem to go back. */
START_TEST(what_others_used_never_falls)
{
	struct sampler_watch w = {.root = faked_root, .interval_ns = 5 * NS_PER_MS};
	const struct series *others;
	struct sampler *s;

	put("cpu  50000 0 0 100 0 0 0 0 0 0\n", "/proc/stat");
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	put("cpu  40000 0 0 100 0 0 0 0 0 0\n", "/proc/stat");
	usleep(20000);
	ck_assert_int_eq(sampler_stop(s, &set, NULL), 0);
	sampler_free(s);
	others = series_find(&set, "cpu.others_ns");
	ck_assert_ptr_nonnull(others);
	ck_assert_uint_lt(last("cpu.busy_ns"), value(0, "cpu.busy_ns"));
	ck_assert_uint_eq(last("cpu.others_ns"), others->values[0]);
	ck_assert_uint_gt(others->values[0], 0);
}
END_TEST

START_TEST(only_threads_are_watched_where_no_more_is_wanted)
{
	struct sampler_watch w = {.root = faked_root,
				  .pid = 100,
				  .path = "/dev/sda1",
				  .only_threads = true,
				  .interval_ns = 5 * NS_PER_MS};
	struct sampler *s;

	thread(100, "qemu\n", 10, 1, 3);
	put("cpu  10 0 5 100 3 1 1 0 0 0\n", "/proc/stat");
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	ck_assert_int_eq(sampler_stop(s, &set, NULL), 0);
	sampler_free(s);
	ck_assert_uint_eq(set.n, 2); /* the first and the last */
	ck_assert_uint_eq(set.n_series, 3);
	ck_assert_uint_eq(last("thread.main.run_ns"), 10);
}
END_TEST

START_TEST(a_long_job_has_fewer_readings_and_not_more_memory)
{
	struct sampler_watch w = {.root = faked_root,
				  .pid = 100,
				  .only_threads = true,
				  .values_max = 30,
				  .interval_ns = NS_PER_MS};
	struct sampler *s;
	uint64_t from = bl_now_ns(), first;

	thread(100, "qemu\n", 10, 1, 3);
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	first = bl_now_ns();
	usleep(400000);
	ck_assert_int_eq(sampler_stop(s, &set, NULL), 0);
	sampler_free(s);
	ck_assert_uint_ge(set.n, 2);
	ck_assert_uint_le(set.n, 12); /* of three signals */
	ck_assert_uint_ge(set.at_ns[0], from);
	ck_assert_uint_le(set.at_ns[0], first);
	ck_assert_uint_ge(set.at_ns[set.n - 1], first + 400 * NS_PER_MS);
	ck_assert_uint_eq(last("thread.main.run_ns"), 10);
}
END_TEST

/* --- on this host --- */

/* Of CPU time, so that a busy host changes nothing. */
static void spin(uint64_t ns)
{
	struct timespec ts = {0};

	while ((uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec < ns)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
}

/* Long enough for a reading after the last work, also on a busy machine: between its last reading
 * and its end a thread's time is the process's only. */
static void be_read(void)
{
	usleep(500000);
}

static void *vcpu_main(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "CPU 0/TCG");
	spin(300 * NS_PER_MS);
	be_read();
	return NULL;
}

static void *worker_main(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "worker");
	spin(100 * NS_PER_MS); /* and gone before the end, as QEMU's pool threads are */
	be_read();
	return NULL;
}

/* 0 in the child, which was told to begin by then: @go was closed. It closes @done when it has. */
static pid_t start_child(int go[2], int done[2])
{
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(go) | pipe(done), 0);
	pid = fork();
	close(pid ? go[0] : go[1]);
	close(done[pid ? 1 : 0]);
	if (!pid)
		ck_assert_int_eq(read(go[0], &byte, 1), 0);
	return pid;
}

/* @go: may begin; @done: closed when both have ended. */
static pid_t start_busy(int go[2], int done[2])
{
	pid_t pid = start_child(go, done);
	pthread_t a, b;

	if (pid > 0)
		return pid;
	pthread_create(&a, NULL, vcpu_main, NULL);
	pthread_create(&b, NULL, worker_main, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	close(done[1]);
	pause();
	_exit(0);
}

/* A server that works for 60 ms of CPU time. */
static pid_t start_server(int go[2], int done[2])
{
	pid_t pid = start_child(go, done);

	if (pid > 0)
		return pid;
	spin(60 * NS_PER_MS);
	close(done[1]);
	pause();
	_exit(0);
}

START_TEST(what_the_labs_server_used_is_not_others)
{
	struct sampler_watch w = {.root = faked_root, .interval_ns = 5 * NS_PER_MS};
	uint64_t rise;
	struct sampler *s;
	int go[2], done[2];
	char byte;

	put("cpu  50000 0 0 100 0 0 0 0 0 0\n", "/proc/stat");
	w.server = start_server(go, done);
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	close(go[1]);
	ck_assert_int_eq(read(done[0], &byte, 1), 0);
	put("cpu  50010 0 0 100 0 0 0 0 0 0\n", "/proc/stat"); /* 100 ms */
	usleep(20000);
	ck_assert_int_eq(sampler_stop(s, &set, NULL), 0);
	sampler_free(s);
	kill(w.server, SIGKILL);
	waitpid(w.server, NULL, 0);
	rise = last("cpu.others_ns") - value(0, "cpu.others_ns");
	ck_assert_uint_le(rise, 40 * NS_PER_MS);
	ck_assert_uint_gt(rise, 5 * NS_PER_MS); /* the rest is what reading took */
}
END_TEST

static uint64_t fact(const struct facts *f, const char *key)
{
	const char *v = facts_get(f, key);

	ck_assert_msg(v != NULL, "there is no fact '%s'", key);
	return strtoull(v, NULL, 10);
}

START_TEST(a_window_has_the_cpu_time_of_each_role_also_of_threads_that_ended)
{
	struct sampler_watch w = {.unnamed = CPU_OTHER, .interval_ns = 10 * NS_PER_MS};
	uint64_t from, to, used = 0, vcpu, worker;
	struct facts facts = {0};
	struct sampler *s;
	int go[2], done[2];
	char byte;

	w.pid = start_busy(go, done);
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	from = bl_now_ns();
	close(go[1]);
	ck_assert_int_eq(read(done[0], &byte, 1), 0);
	to = bl_now_ns();
	ck_assert_int_eq(sampler_stop(s, &set, NULL), 0);
	sampler_free(s);
	ck_assert_int_eq(sampler_cpu(&set, from, to, &used, &facts), 0);
	vcpu = fact(&facts, "cpu.vcpu_ns");
	worker = fact(&facts, "cpu.worker_ns");
	/* what a thread used before it had its name is another role's */
	ck_assert_uint_ge(vcpu, 280 * NS_PER_MS);
	ck_assert_uint_le(vcpu, 320 * NS_PER_MS);
	ck_assert_uint_ge(worker, 80 * NS_PER_MS);
	ck_assert_uint_le(worker, 120 * NS_PER_MS);
	ck_assert_ptr_null(facts_get(&facts, "cpu.iothread_ns"));
	/* the process's, in ticks */
	ck_assert_uint_ge(used, 380 * NS_PER_MS);
	ck_assert_uint_le(used, 460 * NS_PER_MS);
	kill(w.pid, SIGKILL);
	waitpid(w.pid, NULL, 0);
	facts_done(&facts);
}
END_TEST

/* Signals of a process that used 1000 ns in 1000 ns, then nothing. */
static void made_set(void)
{
	static const struct {
		uint64_t at, process, vcpu0, vcpu1, worker;
	} rows[] = {{1000, 0, 100, 0, 0}, {2000, 1000, 900, 50, 0}, {4000, 2000, 900, 150, 0}};

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		series_moment(&set, rows[i].at);
		series_put(&set, "process.cpu_ns", SERIES_COUNTER, rows[i].process);
		series_put(&set, "thread.vcpu0.run_ns", SERIES_COUNTER, rows[i].vcpu0);
		series_put(&set, "thread.vcpu1.run_ns", SERIES_COUNTER, rows[i].vcpu1);
		series_put(&set, "thread.vcpu1.wait_ns", SERIES_COUNTER, 10 * i);
		series_put(&set, "thread.worker.run_ns", SERIES_COUNTER, rows[i].worker);
	}
}

START_TEST(a_window_is_read_between_the_readings_by_proportion)
{
	struct facts facts = {0};
	uint64_t used;

	made_set();
	ck_assert_int_eq(sampler_cpu(&set, 1500, 3000, &used, &facts), 0);
	ck_assert_uint_eq(used, 1000);                            /* 500 to 1500 */
	ck_assert_uint_eq(fact(&facts, "cpu.vcpu_ns"), 400 + 75); /* 500 to 900, 25 to 100 */
	ck_assert_uint_eq(fact(&facts, "cpu.vcpu_wait_ns"), 10);
	ck_assert_ptr_null(facts_get(&facts, "cpu.worker_ns"));
	facts_done(&facts);
}
END_TEST

START_TEST(a_window_outside_the_readings_is_absent_not_zero)
{
	struct facts facts = {0};
	uint64_t used = 77;

	ck_assert_int_eq(sampler_cpu(&set, 1, 2, &used, &facts), -ENODATA);
	made_set();
	ck_assert_int_eq(sampler_cpu(&set, 999, 2000, &used, &facts), -ENODATA);
	ck_assert_int_eq(sampler_cpu(&set, 1000, 4001, &used, &facts), -ENODATA);
	ck_assert_int_eq(sampler_cpu(&set, 2000, 2000, &used, &facts), -ENODATA);
	ck_assert_uint_eq(used, 77);
	ck_assert_uint_eq(facts.n, 0);
}
END_TEST

static void *idle_main(void *name)
{
	pthread_setname_np(pthread_self(), name);
	pause();
	return NULL;
}

/* Ten threads with QEMU's names. */
static pid_t start_idle(void)
{
	static char name[9][16] = {"CPU 0/KVM", "CPU 1/KVM",    "CPU 2/KVM",
				   "CPU 3/KVM", "IO iothread1", "worker",
				   "worker",    "call_rcu",     "gmain"};
	pthread_t one;
	pid_t pid = fork();

	if (pid > 0)
		return pid;
	for (size_t i = 0; i < BL_ARRAY_LEN(name); i++)
		pthread_create(&one, NULL, idle_main, name[i]);
	pause();
	_exit(0);
}

START_TEST(readings_come_ten_times_a_second_and_cost_next_to_nothing)
{
	struct sampler_watch w = {.unnamed = CPU_OTHER, .path = "."};
	uint64_t cost;
	struct sampler *s;
	size_t n;

	w.pid = start_idle();
	ck_assert_int_eq(sampler_start(&w, &s, NULL), 0);
	usleep(2000000);
	ck_assert_int_eq(sampler_stop(s, &set, &cost), 0);
	sampler_free(s);
	kill(w.pid, SIGKILL);
	waitpid(w.pid, NULL, 0);
	n = set.n - 1; /* without the last, which is where it was stopped */
	printf("%zu readings of %zu signals: %.0f us of CPU each, %.2f %% of a CPU at 10 a "
	       "second\n",
	       set.n, set.n_series, (double)cost / (double)set.n / 1e3,
	       (double)cost / (double)set.n / 1e8 * 100);
	ck_assert_uint_ge(n, 5);
	ck_assert(keeps_grid(set.at_ns, n, 100 * NS_PER_MS));
	ck_assert_ptr_nonnull(series_find(&set, "thread.iothread1.run_ns"));
	ck_assert_ptr_nonnull(series_find(&set, "thread.vcpu3.preempted"));
	ck_assert_uint_lt(cost / set.n, 5 * NS_PER_MS); /* ten times of what was measured */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sampler");
	TCase *t = tcase_create("sampler");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, begin_made_host, end_made_host);
	tcase_add_test(t, the_sampler_watches_the_disks_below_the_backing);
	tcase_add_test(t, a_temperature_that_hangs_keeps_nothing_else_from_being_read);
	tcase_add_test(t, a_reading_that_hangs_is_left_behind);
	tcase_add_test(t, several_disks_are_watched_by_one_sampler);
	tcase_add_test(t, what_others_used_never_falls);
	tcase_add_test(t, what_the_labs_server_used_is_not_others);
	tcase_add_test(t, only_threads_are_watched_where_no_more_is_wanted);
	tcase_add_test(t, a_long_job_has_fewer_readings_and_not_more_memory);
	tcase_add_test(t, a_window_has_the_cpu_time_of_each_role_also_of_threads_that_ended);
	tcase_add_test(t, a_window_is_read_between_the_readings_by_proportion);
	tcase_add_test(t, a_window_outside_the_readings_is_absent_not_zero);
	tcase_add_test(t, readings_come_ten_times_a_second_and_cost_next_to_nothing);
	suite_add_tcase(s, thread_cases());
	suite_add_tcase(s, machine_cases());
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
