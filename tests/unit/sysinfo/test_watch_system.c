/* What a kernel tells of itself as signals, on a faked tree. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "kept_file.h"
#include "units.h"
#include "watch_system.h"

static struct system_watch *watch;
static struct series_set set;
static uint64_t at_ns;

static void next_moment(void)
{
	ck_assert_int_eq(series_moment(&set, at_ns += NS_PER_S), 0);
}

static void start(void)
{
	faked_empty();
	watch = system_watch_new(faked_root);
	ck_assert_ptr_nonnull(watch);
	next_moment();
}

static void end(void)
{
	watch = system_watch_free(watch);
	series_done(&set);
	faked_drop();
}

/* Of the last moment. */
static uint64_t value(const char *name)
{
	const struct series *one = series_find(&set, name);

	ck_assert_msg(one != NULL, "%s", name);
	return one->values[set.n - 1];
}

static enum series_kind kind(const char *name)
{
	const struct series *one = series_find(&set, name);

	ck_assert_msg(one != NULL, "%s", name);
	return one->kind;
}

static uint64_t ticks(uint64_t n)
{
	return n * NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
}

static const char stat_text[] = "cpu  11 22 33 44 55 66 77 88 99 0\n"
				"cpu0 1 2 3 4 5 6 7 8 9 0\n"
				"cpu10 10 20 30 40 50 60 70 80 90 0\n"
				"intr 1 2 3\n"
				"ctxt 5\n"
				"cpus 1 1 1 1 1 1 1 1\n";

START_TEST(each_cpu_has_its_times)
{
	faked_put("/proc/stat", stat_text);
	system_watch_cpus(watch, &set);
	ck_assert_uint_eq(set.n_series, 14);
	ck_assert_uint_eq(value("cpu0.user_ns"), ticks(3));
	ck_assert_uint_eq(value("cpu0.system_ns"), ticks(3));
	ck_assert_uint_eq(value("cpu0.idle_ns"), ticks(4));
	ck_assert_uint_eq(value("cpu10.iowait_ns"), ticks(50));
	ck_assert_uint_eq(value("cpu10.irq_ns"), ticks(60));
	ck_assert_uint_eq(value("cpu10.softirq_ns"), ticks(70));
	ck_assert_uint_eq(value("cpu10.steal_ns"), ticks(80));
	ck_assert_int_eq(kind("cpu10.steal_ns"), SERIES_COUNTER);
}
END_TEST

START_TEST(all_cpus_together_are_busy_where_they_neither_idle_nor_wait)
{
	faked_put("/proc/stat", stat_text);
	system_watch_cpu_sum(watch, &set);
	ck_assert_uint_eq(set.n_series, 6);
	ck_assert_uint_eq(value("cpu.busy_ns"), ticks(11 + 22 + 33 + 66 + 77));
	ck_assert_uint_eq(value("cpu.idle_ns"), ticks(44));
	ck_assert_uint_eq(value("cpu.iowait_ns"), ticks(55));
	ck_assert_uint_eq(value("cpu.irq_ns"), ticks(66));
	ck_assert_uint_eq(value("cpu.softirq_ns"), ticks(77));
	ck_assert_uint_eq(value("cpu.steal_ns"), ticks(88));
}
END_TEST

#define STAT_OF(name) "/sys/class/block/" name "/stat"

START_TEST(a_disk_has_the_fields_of_the_kernels_statistics)
{
	faked_put(STAT_OF("vda"), "  1 20 3 4 5 600 7 8 9 10 11 12 13000 14 15 16 17\n");
	system_watch_disk(watch, "vda", "disk", &set);
	ck_assert_uint_eq(set.n_series, 15);
	ck_assert_uint_eq(value("disk.reads"), 1);
	ck_assert_uint_eq(value("disk.read_bytes"), 3 * 512);
	ck_assert_uint_eq(value("disk.read_ns"), 4 * NS_PER_MS);
	ck_assert_uint_eq(value("disk.writes"), 5);
	ck_assert_uint_eq(value("disk.write_bytes"), 7 * 512);
	ck_assert_uint_eq(value("disk.write_ns"), 8 * NS_PER_MS);
	ck_assert_uint_eq(value("disk.in_flight"), 9);
	ck_assert_int_eq(kind("disk.in_flight"), SERIES_GAUGE);
	ck_assert_uint_eq(value("disk.busy_ns"), 10 * NS_PER_MS);
	ck_assert_uint_eq(value("disk.queue_ns"), 11 * NS_PER_MS);
	ck_assert_uint_eq(value("disk.discards"), 12);
	ck_assert_uint_eq(value("disk.discard_bytes"), 14 * 512);
	ck_assert_uint_eq(value("disk.discard_ns"), 15 * NS_PER_MS);
	ck_assert_uint_eq(value("disk.flushes"), 16);
	ck_assert_uint_eq(value("disk.flush_ns"), 17 * NS_PER_MS);
	ck_assert_uint_eq(value("disk.merges"), 20 + 600 + 13000);
}
END_TEST

START_TEST(what_an_older_kernel_does_not_count_is_left_out)
{
	faked_put(STAT_OF("sda"), "1 2 3 4 5 6 7 8 9 10 11\n");
	system_watch_disk(watch, "sda", "disk.sda", &set);
	ck_assert_uint_eq(value("disk.sda.queue_ns"), 11 * NS_PER_MS);
	ck_assert_uint_eq(value("disk.sda.merges"), 8);
	ck_assert_ptr_null(series_find(&set, "disk.sda.discards"));
	ck_assert_ptr_null(series_find(&set, "disk.sda.flushes"));
	ck_assert_uint_eq(set.n_series, 10);
}
END_TEST

START_TEST(times_that_wrap_go_on_rising)
{
	faked_put(STAT_OF("vda"), "1 0 0 4294967290 0 0 0 0 0 4294967295 0\n");
	system_watch_disk(watch, "vda", "disk", &set);
	next_moment();
	faked_put(STAT_OF("vda"), "2 0 0 4 0 0 0 0 0 0 0           \n");
	system_watch_disk(watch, "vda", "disk", &set);
	ck_assert_uint_eq(value("disk.read_ns"), ((UINT64_C(1) << 32) + 4) * NS_PER_MS);
	ck_assert_uint_eq(value("disk.busy_ns"), (UINT64_C(1) << 32) * NS_PER_MS);
	next_moment();
	/* not a wrap: another disk took the name */
	faked_put(STAT_OF("vda"), "0 0 0 2 0 0 0 0 0 0 0           \n");
	system_watch_disk(watch, "vda", "disk", &set);
	ck_assert_uint_eq(value("disk.read_ns"), ((UINT64_C(1) << 32) + 2) * NS_PER_MS);
}
END_TEST

START_TEST(two_disks_are_told_apart)
{
	faked_put(STAT_OF("sda"), "1 2 3 4 5 6 7 8 9 10 11\n");
	faked_put(STAT_OF("sdb"), "7 2 3 4 5 6 7 8 9 10 11\n");
	for (int i = 0; i < 2; i++) {
		system_watch_disk(watch, "sda", "disk.sda", &set);
		system_watch_disk(watch, "sdb", "disk.sdb", &set);
		ck_assert_uint_eq(value("disk.sda.reads"), 1);
		ck_assert_uint_eq(value("disk.sdb.reads"), 7);
		next_moment();
	}
}
END_TEST

START_TEST(a_disk_that_comes_back_is_found_again)
{
	faked_put(STAT_OF("sda"), "1 2 3 4 5 6 7 8 9 10 11\n");
	system_watch_disk(watch, "sda", "disk", &set);
	next_moment();
	/* as a file that was removed is no error for who has it open, it is emptied */
	faked_put(STAT_OF("sda"), "");
	system_watch_disk(watch, "sda", "disk", &set);
	ck_assert_uint_eq(value("disk.reads"), SERIES_ABSENT);
	next_moment();
	faked_put(STAT_OF("sda"), "2 2 3 4 5 6 7 8 9 10 11\n");
	system_watch_disk(watch, "sda", "disk", &set);
	ck_assert_uint_eq(value("disk.reads"), 2);
}
END_TEST

START_TEST(pressure_is_the_time_that_was_lost)
{
	faked_put("/proc/pressure/cpu", "some avg10=53.42 avg60=40.92 avg300=13.26 total=700\n");
	faked_put("/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1053539198\n"
				       "full avg10=0.00 avg60=0.03 avg300=0.23 total=690713933\n");
	system_watch_pressure(watch, &set);
	ck_assert_uint_eq(set.n_series, 3);
	ck_assert_uint_eq(value("pressure.cpu.some_ns"), 700 * NS_PER_US);
	ck_assert_uint_eq(value("pressure.io.some_ns"), 1053539198 * NS_PER_US);
	ck_assert_uint_eq(value("pressure.io.full_ns"), 690713933 * NS_PER_US);
}
END_TEST

START_TEST(memory_is_what_is_dirty_and_what_was_reclaimed)
{
	faked_put("/proc/meminfo", "MemTotal:       100 kB\nMemFree: 5 kB\nMemAvailable:   50 kB\n"
				   "Cached:  7 kB\nSwapCached: 99 kB\nDirty:   3 kB\n"
				   "Writeback:   2 kB\nWritebackTmp: 98 kB\n");
	faked_put("/proc/vmstat", "nr_free_pages 1\npswpin 4\npswpout 5\npgfault 97\n"
				  "pgmajfault 6\npgsteal_kswapd 96\npgsteal_direct 8\n"
				  "pgsteal_direct_other 95\n");
	system_watch_memory(watch, &set);
	ck_assert_uint_eq(set.n_series, 8);
	ck_assert_uint_eq(value("memory.available_bytes"), 50 * KiB);
	ck_assert_uint_eq(value("memory.cached_bytes"), 7 * KiB);
	ck_assert_uint_eq(value("memory.dirty_bytes"), 3 * KiB);
	ck_assert_uint_eq(value("memory.writeback_bytes"), 2 * KiB);
	ck_assert_int_eq(kind("memory.dirty_bytes"), SERIES_GAUGE);
	ck_assert_uint_eq(value("swap.in_pages"), 4);
	ck_assert_uint_eq(value("swap.out_pages"), 5);
	ck_assert_uint_eq(value("memory.major_faults"), 6);
	ck_assert_uint_eq(value("memory.direct_reclaim_pages"), 8);
	ck_assert_int_eq(kind("memory.major_faults"), SERIES_COUNTER);
	next_moment();
	system_watch_memory_now(watch, &set);
	ck_assert_uint_eq(value("memory.dirty_bytes"), 3 * KiB);
	ck_assert_uint_eq(value("swap.in_pages"), SERIES_ABSENT);
}
END_TEST

static void give_irq(unsigned irq, const char *name, const char *counts)
{
	BL_CLEANUP(bl_freep) char *msi = bl_strf("/sys/bus/pci/devices/" PCI "/msi_irqs/%u", irq);
	BL_CLEANUP(bl_freep) char *actions = bl_strf("/sys/kernel/irq/%u/actions", irq);
	BL_CLEANUP(bl_freep) char *per_cpu = bl_strf("/sys/kernel/irq/%u/per_cpu_count", irq);

	faked_put(actions, name);
	faked_put(per_cpu, counts);
	faked_put(msi, "msix\n");
}

START_TEST(interrupts_of_a_function_are_summed_over_cpus_and_those_of_one_name)
{
	give_irq(29, "virtio1-req.0\n", "1,2\n");
	give_irq(30, "virtio1-req.1\n", "3,4\n");
	give_irq(31, "virtio1-req.0\n", "5,6\n");
	give_irq(32, "\n", "9,9\n"); /* nobody has asked for it */
	give_irq(33, "PCIe PME,aerdrv\n", "8,9,0,0\n");
	faked_put("/sys/kernel/irq/34/actions", "other\n");
	faked_put("/sys/kernel/irq/34/per_cpu_count", "1,1\n");
	for (int i = 0; i < 2; i++) {
		system_watch_irqs(watch, PCI, &set);
		ck_assert_uint_eq(set.n_series, 3);
		ck_assert_uint_eq(value("irq.virtio1-req.0"), 14);
		ck_assert_uint_eq(value("irq.virtio1-req.1"), 7);
		ck_assert_uint_eq(value("irq.PCIe_PME,aerdrv"), 17);
		next_moment();
	}
	give_irq(30, "virtio1-req.1\n", "");
	give_irq(31, "virtio1-req.0\n", "5,60\n");
	system_watch_irqs(watch, PCI, &set);
	ck_assert_uint_eq(value("irq.virtio1-req.0"), 68);
	ck_assert_uint_eq(value("irq.virtio1-req.1"), SERIES_ABSENT);
}
END_TEST

START_TEST(interrupts_that_a_driver_asks_for_later_are_found_within_ten_readings)
{
	give_irq(28, "nvme0q0\n", "1,2\n");
	give_irq(29, "\n", "0,0\n");
	system_watch_irqs(watch, PCI, &set);
	ck_assert_uint_eq(set.n_series, 1);
	give_irq(29, "nvme0q1\n", "0,3\n");
	give_irq(30, "nvme0q2\n", "0,4\n");
	for (int i = 0; i < 9; i++)
		system_watch_irqs(watch, PCI, &set);
	ck_assert_uint_eq(set.n_series, 1);
	system_watch_irqs(watch, PCI, &set);
	ck_assert_uint_eq(value("irq.nvme0q0"), 3);
	ck_assert_uint_eq(value("irq.nvme0q1"), 3);
	ck_assert_uint_eq(value("irq.nvme0q2"), 4);
	system_watch_irqs(watch, "0000:5f:00.0", &set); /* another function has none of them */
	ck_assert_uint_eq(set.n_series, 3);
	next_moment();
	system_watch_irqs(watch, "0000:5f:00.0", &set);
	ck_assert_uint_eq(value("irq.nvme0q0"), SERIES_ABSENT);
}
END_TEST

START_TEST(a_machine_that_tells_nothing_gives_no_signals)
{
	system_watch_cpus(watch, &set);
	system_watch_cpu_sum(watch, &set);
	system_watch_disk(watch, "vda", "disk", &set);
	system_watch_pressure(watch, &set);
	system_watch_memory(watch, &set);
	system_watch_irqs(watch, PCI, &set);
	faked_put("/proc/stat", "");
	faked_put("/proc/pressure/io", "");
	faked_put("/proc/meminfo", "Dirty: kB\n\n\nDirty");
	faked_put("/proc/vmstat", "pswpin");
	faked_put(STAT_OF("vda"), "1 2 x");
	system_watch_cpus(watch, &set);
	system_watch_cpu_sum(watch, &set);
	system_watch_disk(watch, "vda", "disk", &set);
	system_watch_pressure(watch, &set);
	system_watch_memory(watch, &set);
	ck_assert_uint_eq(set.n_series, 0);
}
END_TEST

START_TEST(a_kept_file_gives_what_is_in_it_now_however_long)
{
	BL_CLEANUP(kept_file_done) struct kept_file f = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct kept_text to = {0};

	ck_assert_int_eq(kept_file_init(&f, faked_root, "/proc/%s", "x"), 0);
	ck_assert_int_eq(kept_file_read(&f, &to), -ENOENT);
	for (int i = 0; i < 5000; i++)
		bl_buf_addf(&text, "line %d\n", i);
	faked_put("/proc/x", bl_buf_str(&text));
	ck_assert_int_eq(kept_file_read(&f, &to), 0);
	ck_assert_str_eq(to.data, bl_buf_str(&text));
	faked_put("/proc/x", "1");
	ck_assert_int_eq(kept_file_read(&f, &to), 0);
	ck_assert_str_eq(to.data, "1");
	ck_assert_uint_eq(to.len, 1);
	free(to.data);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch_system");
	TCase *t = tcase_create("faked tree");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, start, end);
	tcase_add_test(t, each_cpu_has_its_times);
	tcase_add_test(t, all_cpus_together_are_busy_where_they_neither_idle_nor_wait);
	tcase_add_test(t, a_disk_has_the_fields_of_the_kernels_statistics);
	tcase_add_test(t, what_an_older_kernel_does_not_count_is_left_out);
	tcase_add_test(t, times_that_wrap_go_on_rising);
	tcase_add_test(t, two_disks_are_told_apart);
	tcase_add_test(t, a_disk_that_comes_back_is_found_again);
	tcase_add_test(t, pressure_is_the_time_that_was_lost);
	tcase_add_test(t, memory_is_what_is_dirty_and_what_was_reclaimed);
	tcase_add_test(t, interrupts_of_a_function_are_summed_over_cpus_and_those_of_one_name);
	tcase_add_test(t, interrupts_that_a_driver_asks_for_later_are_found_within_ten_readings);
	tcase_add_test(t, a_machine_that_tells_nothing_gives_no_signals);
	tcase_add_test(t, a_kept_file_gives_what_is_in_it_now_however_long);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
