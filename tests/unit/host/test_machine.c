/* What only a host has: frequencies, throttling, temperatures, exits, memory groups. */
#include "cleanup.h"
#include "clock.h"
#include "faked.h"
#include "machine_watch.h"
#include "made_host.h"
#include "temperatures.h"
#include "units.h"

static struct machine_watch *machine;
static struct temperatures *temperatures;
static const char disks[][32] = {"sda", "nvme3n1"};

static void machine_moment(void)
{
	machine = machine_watch_new(faked_root, 100);
	ck_assert_int_eq(series_moment(&set, 1), 0);
	machine_watch_frequency(machine, &set);
	machine_watch_throttle(machine, &set);
	temperatures = temperatures_new(faked_root, disks, BL_ARRAY_LEN(disks));
	temperatures_ask(temperatures);
	temperatures_put(temperatures, bl_now_ns() + 5 * NS_PER_S, &set);
	temperatures = temperatures_free(temperatures);
	machine_watch_kvm(machine, &set);
	machine_watch_io(machine, &set);
	machine_watch_cgroup(machine, &set);
	machine = machine_watch_free(machine);
}

START_TEST(a_host_tells_frequency_throttling_temperature_exits_and_io)
{
	put("0-1\n", "/sys/devices/system/cpu/online");
	put("1000000\n", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq");
	put("3000000\n", "/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq");
	for (int cpu = 0; cpu < 2; cpu++) {
		put("3\n", "/sys/devices/system/cpu/cpu%d/thermal_throttle/core_throttle_count",
		    cpu);
		put("10\n", "/sys/devices/system/cpu/cpu%d/thermal_throttle/package_throttle_count",
		    cpu);
		put("0\n", "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
	}
	put("coretemp\n", "/sys/class/hwmon/hwmon0/name");
	put("61000\n", "/sys/class/hwmon/hwmon0/temp1_input");
	put("nvme\n", "/sys/class/hwmon/hwmon1/name");
	put("48850\n", "/sys/class/hwmon/hwmon1/temp1_input");
	faked_link("/sys/class/hwmon/hwmon1/device", "../../nvme/nvme3");
	faked_link("/sys/class/block/nvme3n1/device", "../../nvme3");
	put("nvme\n", "/sys/class/hwmon/hwmon2/name"); /* not of a watched disk: not asked */
	put("50850\n", "/sys/class/hwmon/hwmon2/temp1_input");
	faked_link("/sys/class/hwmon/hwmon2/device", "../../nvme/nvme4");
	put("12345\n", "/sys/kernel/debug/kvm/100-17/exits");
	put("99999\n", "/sys/kernel/debug/kvm/1000-17/exits");
	put("rchar: 1\nwchar: 2\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 5\n",
	    "/proc/100/io");
	machine_moment();
	ck_assert_uint_eq(last("frequency.mean_khz"), 2000000);
	ck_assert_uint_eq(last("frequency.min_khz"), 1000000);
	ck_assert_uint_eq(last("throttle.events"), 16);
	ck_assert_uint_eq(last("temperature.package0_mc"), 61000);
	ck_assert_uint_eq(last("temperature.nvme3_mc"), 48850);
	ck_assert_ptr_null(series_find(&set, "temperature.nvme4_mc"));
	ck_assert_uint_eq(last("kvm.exits"), 12345);
	ck_assert_uint_eq(last("process.read_bytes"), 4096);
	ck_assert_uint_eq(last("process.write_bytes"), 8192);
}
END_TEST

START_TEST(hits_are_counted_at_the_group_that_has_the_limit)
{
	put("30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/proc/self/mountinfo");
	put("0::/machine/vm1\n", "/proc/100/cgroup");
	put("max\n", "/sys/fs/cgroup/machine/vm1/memory.max");
	put("low 0\nhigh 0\nmax 0\n", "/sys/fs/cgroup/machine/vm1/memory.events");
	put("anon 5\npgscan 77\npgscan_kswapd 70\n", "/sys/fs/cgroup/machine/vm1/memory.stat");
	put("1073741824\n", "/sys/fs/cgroup/machine/memory.max");
	put("low 9\nhigh 4\nmax 3\noom 1\n", "/sys/fs/cgroup/machine/memory.events");
	machine_moment();
	ck_assert_uint_eq(last("memory.cgroup_limit_hits"), 7);
	ck_assert_uint_eq(last("memory.cgroup_reclaimed"), 77);
}
END_TEST

START_TEST(version_1_of_memory_groups_has_hits_only)
{
	put("30 1 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	    "31 1 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
	    "/proc/self/mountinfo");
	put("9:name=systemd:/x\n4:memory:/vm\n0::/\n", "/proc/100/cgroup");
	put("536870912\n", "/sys/fs/cgroup/memory/vm/memory.limit_in_bytes");
	put("42\n", "/sys/fs/cgroup/memory/vm/memory.failcnt");
	machine_moment();
	ck_assert_uint_eq(last("memory.cgroup_limit_hits"), 42);
	ck_assert_ptr_null(series_find(&set, "memory.cgroup_reclaimed"));
}
END_TEST

START_TEST(a_host_that_tells_nothing_has_no_signals)
{
	machine_moment();
	ck_assert_uint_eq(set.n_series, 0);
}
END_TEST

TCase *machine_cases(void)
{
	TCase *t = tcase_create("machine");

	tcase_add_checked_fixture(t, begin_made_host, end_made_host);
	tcase_add_test(t, a_host_tells_frequency_throttling_temperature_exits_and_io);
	tcase_add_test(t, hits_are_counted_at_the_group_that_has_the_limit);
	tcase_add_test(t, version_1_of_memory_groups_has_hits_only);
	tcase_add_test(t, a_host_that_tells_nothing_has_no_signals);
	return t;
}
