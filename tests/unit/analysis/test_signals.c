/* From raw counters to titled signals. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "made_job.h"
#include "signals.h"

static struct run_data d;
static struct timeline l;
static struct signals s;

static struct job_result *begin(void)
{
	struct job_result *j = make_job(&d, "virtio-blk", 2);

	for (size_t i = 0; i < 20; i++)
		add_slice(j, i, IO_READ, 10, 100000, 100000);
	return j;
}

static void derive(const char *devices)
{
	struct job_result *j = &d.trials[0].jobs[0];

	ck_assert_int_eq(timeline_of(&d.trials[0], j, &l, NULL), 0);
	ck_assert_int_eq(signals_of(j, &l, devices, &s, NULL), 0);
}

static void done(void)
{
	signals_done(&s);
	timeline_done(&l);
	run_data_done(&d);
}

static const struct signal *expect(const char *name, const char *title, const char *unit,
				   double value)
{
	const struct signal *one = signals_find(&s, name);

	ck_assert_msg(one != NULL, "no %s", name);
	ck_assert_str_eq(one->title, title);
	ck_assert_str_eq(one->unit, unit);
	ck_assert_double_eq_tol(one->mean, value, fabs(value) * 1e-3);
	ck_assert_double_eq_tol(one->values[7], value, fabs(value) * 1e-2);
	return one;
}

START_TEST(counters_become_rates_and_shares)
{
	struct job_result *j = begin();

	watch_rate(j, WATCHED_HOST, "thread.iothread1.wait_ns", 0.25e9);
	watch_rate(j, WATCHED_HOST, "thread.main.run_ns", 0.5e9);
	watch_rate(j, WATCHED_HOST, "thread.main.preempted", 40);
	watch_rate(j, WATCHED_HOST, "cpu.others_ns", 1.5e9);
	watch_rate(j, WATCHED_HOST, "swap.in_pages", 10);
	watch_gauge(j, WATCHED_HOST, "memory.dirty_bytes", 1e6);
	watch_gauge(j, WATCHED_HOST, "memory.available_bytes", 5e9);
	watch_gauge(j, WATCHED_HOST, "temperature.nvme0_mc", 41500);
	watch_requests(j, WATCHED_GUEST, "disk.", IO_WRITE, 100, 250000, 4096);
	watch_rate(j, WATCHED_QEMU, "block.errors", 50);
	derive("");
	expect("host.thread.iothread1.wait_ns", "iothread1 waits for a CPU", "share", 0.25);
	ck_assert(expect("host.thread.main.run_ns", "main runs", "share", 0.5)->is_symptom);
	ck_assert(expect("host.thread.main.preempted", "main is preempted", "1/s", 40)
			  ->is_count_like);
	expect("host.cpu.others_ns", "others use CPUs of the host", "CPUs", 1.5);
	expect("host.swap.in_pages", "host: swap in", "bytes/s", 40960);
	expect("host.memory.dirty_bytes", "host: dirty page cache", "bytes", 1e6);
	ck_assert(expect("host.memory.available_bytes", "host: memory available", "bytes", 5e9)
			  ->is_low_bad);
	ck_assert_int_eq(
		expect("host.temperature.nvme0_mc", "temperature of nvme0", "C", 41.5)->layer,
		LAYER_DEVICE);
	ck_assert(
		expect("guest.disk.write_await_ns", "guest: mean write", "ns", 250000)->is_symptom);
	ck_assert_int_eq(expect("qemu.block.errors", "requests fail in QEMU", "1/s", 50)->watcher,
			 WATCHED_QEMU);
	ck_assert_ptr_null(signals_find(&s, "guest.disk.write_ns"));
	done();
}
END_TEST

START_TEST(cpus_and_threads_are_summed_and_kept)
{
	struct job_result *j = begin();

	watch_rate(j, WATCHED_HOST, "thread.vcpu0.wait_ns", 0.1e9);
	watch_rate(j, WATCHED_HOST, "thread.vcpu1.wait_ns", 0.3e9);
	watch_rate(j, WATCHED_HOST, "thread.iothread1.wait_ns", 0.2e9);
	watch_rate(j, WATCHED_GUEST, "cpu0.steal_ns", 0.05e9);
	watch_rate(j, WATCHED_GUEST, "cpu11.steal_ns", 0.15e9);
	derive("");
	ck_assert(
		!expect("host.thread.vcpu.wait_ns", "vCPUs wait for a CPU", "CPUs", 0.4)->is_copy);
	expect("host.thread.vcpu1.wait_ns", "vcpu1 waits for a CPU", "share", 0.3);
	ck_assert(expect("host.thread.iothread.wait_ns", "iothreads wait for a CPU", "CPUs", 0.2)
			  ->is_copy);
	expect("guest.cpu.steal_ns", "steal, all vCPUs", "CPUs", 0.2);
	expect("guest.cpu11.steal_ns", "steal, vCPU 11", "share", 0.15);
	done();
}
END_TEST

START_TEST(what_others_do_on_the_devices_is_told)
{
	struct job_result *j = begin();

	watch_requests(j, WATCHED_HOST, "disk.sda.", IO_READ, 100, 100000, 4096);
	watch_requests(j, WATCHED_HOST, "disk.sda.", IO_WRITE, 10, 100000, 4096);
	watch_requests(j, WATCHED_HOST, "disk.sdb.", IO_READ, 100, 100000, 4096);
	watch_requests(j, WATCHED_HOST, "disk.sdb.", IO_WRITE, 10, 100000, 4096);
	watch_rate(j, WATCHED_HOST, "process.read_bytes", 100 * 4096);
	watch_rate(j, WATCHED_HOST, "process.write_bytes", 0);
	derive("sda sdb");
	expect("host.disk.others_bytes", "others' I/O on the backing's devices, and writeback",
	       "bytes/s", 120 * 4096);
	expect("host.disk.sda.read_await_ns", "mean read at sda", "ns", 100000);
	signals_done(&s);
	timeline_done(&l);
	derive("sda sdc"); /* one of them was not watched: not known */
	ck_assert_ptr_null(signals_find(&s, "host.disk.others_bytes"));
	done();
}
END_TEST

START_TEST(absent_readings_are_absent)
{
	struct job_result *j = begin();
	struct series_set *set = &j->watched[WATCHED_HOST];

	watch_gauge(j, WATCHED_HOST, "memory.dirty_bytes", 1e6);
	watch_rate(j, WATCHED_HOST, "kvm.exits", 100);
	for (size_t i = 0; i < 8; i++)
		set->items[0].values[i] = set->items[1].values[i] = SERIES_ABSENT;
	derive("");
	ck_assert(isnan(signals_find(&s, "host.memory.dirty_bytes")->values[0]));
	ck_assert(isnan(signals_find(&s, "host.kvm.exits")->values[0]));
	ck_assert_double_eq_tol(signals_find(&s, "host.kvm.exits")->mean, 100, 0.1);
	done();
}
END_TEST

START_TEST(a_mean_of_no_request_is_absent)
{
	struct job_result *j = begin();

	watch_requests(j, WATCHED_GUEST, "disk.", IO_READ, 0, 0, 0);
	derive("");
	ck_assert(isnan(signals_find(&s, "guest.disk.read_await_ns")->mean));
	done();
}
END_TEST

START_TEST(a_machine_with_many_cpus_keeps_the_sums)
{
	struct job_result *j = begin();
	char name[32];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "cpu%d.steal_ns", i);
		watch_rate(j, WATCHED_GUEST, name, 0.01e9);
	}
	watch_rate(j, WATCHED_GUEST, "pressure.io.some_ns", 0.01e9);
	derive("");
	ck_assert_uint_eq(s.n, SIGNALS_MAX);
	ck_assert_double_eq_tol(signals_find(&s, "guest.cpu.steal_ns")->mean, 3, 0.01);
	ck_assert_ptr_nonnull(signals_find(&s, "guest.pressure.io.some_ns"));
	done();
}
END_TEST

TCase *signal_cases(void)
{
	TCase *t = tcase_create("signals");

	tcase_add_test(t, counters_become_rates_and_shares);
	tcase_add_test(t, cpus_and_threads_are_summed_and_kept);
	tcase_add_test(t, what_others_do_on_the_devices_is_told);
	tcase_add_test(t, absent_readings_are_absent);
	tcase_add_test(t, a_mean_of_no_request_is_absent);
	tcase_add_test(t, a_machine_with_many_cpus_keeps_the_sums);
	return t;
}
