/* Doctor and environment on faked hosts: a healthy one, a bad one, and what lies under a folder. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor.h"
#include "faked.h"
#include "fs.h"
#include "hostfs.h"

struct file {
	const char *path, *text;
};

#define CPU  "/sys/devices/system/cpu"
#define NVME "/sys/devices/pci0000:00/0000:00:1d.0/0000:5e:00.0/nvme/nvme0/nvme0n1"

/* A measuring host as one would wish it: performance governor, no turbo, ext4 on an NVMe disk. */
static const struct file healthy[] = {
	{"/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon Test\n"
			  "stepping\t: 7\nmicrocode\t: 0x5003\nflags\t\t: fpu vme sse2 vmx\n"},
	{"/proc/loadavg", "0.10 0.12 0.20 1/200 1234\n"},
	{"/proc/stat", "cpu  100 0 100 1000 0 0 0 0 0 0\n"},
	{"/proc/meminfo", "MemTotal:       65536000 kB\nMemAvailable:   60000000 kB\n"
			  "Dirty:               100 kB\nWriteback:             0 kB\n"
			  "SwapTotal:             0 kB\nSwapFree:              0 kB\n"},
	{"/proc/pressure/cpu", "some avg10=0.00 avg60=0.10 avg300=0.00 total=1\n"},
	{"/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"},
	{"/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"},
	{"/proc/cmdline", "root=/dev/nvme0n1p2 ro intel_iommu=on quiet\n"},
	{"/proc/sys/kernel/osrelease", "6.1.0-test\n"},
	{"/proc/sys/vm/dirty_bytes", "536870912\n"},
	{"/proc/sys/vm/dirty_background_bytes", "268435456\n"},
	{"/proc/sys/vm/dirty_ratio", "0\n"},
	{"/proc/sys/vm/dirty_background_ratio", "0\n"},
	{"/proc/self/mountinfo",
	 "22 1 259:1 / / rw,relatime - ext4 /dev/nvme0n1p1 rw\n"
	 "23 22 259:2 / /srv/my\\040lab rw,noatime - ext4 /dev/nvme0n1p2 rw\n"
	 "24 22 0:30 / /run rw - tmpfs tmpfs rw\n"},
	{CPU "/online", "0-1\n"},
	{CPU "/cpu0/cpufreq/scaling_governor", "performance\n"},
	{CPU "/cpu1/cpufreq/scaling_governor", "performance\n"},
	{CPU "/intel_pstate/no_turbo", "1\n"},
	{CPU "/smt/active", "0\n"},
	{CPU "/smt/control", "off\n"},
	{CPU "/vulnerabilities/meltdown", "Mitigation: PTI\n"},
	{CPU "/vulnerabilities/mds", "Not affected\n"},
	{CPU "/cpu0/cpuidle/state0/latency", "0\n"},
	{CPU "/cpu0/cpuidle/state1/latency", "2\n"},
	{CPU "/cpu0/cpuidle/state1/name", "C1\n"},
	{CPU "/cpu0/cpuidle/state2/latency", "133\n"},
	{CPU "/cpu0/cpuidle/state2/disable", "1\n"},
	{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"},
	{"/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
	{"/sys/kernel/mm/ksm/run", "0\n"},
	{NVME "/queue/scheduler", "[none] mq-deadline\n"},
	{NVME "/queue/rotational", "0\n"},
	{NVME "/queue/write_cache", "write through\n"},
	{NVME "/device/model", "TEST SSD 1000                           \n"},
	{NVME "/device/firmware_rev", "FW42    \n"},
	{NVME "/device/serial", "S123    \n"},
	{"/sys/class/dmi/id/bios_vendor", "Test BIOS Inc.\n"},
	{"/sys/class/dmi/id/bios_version", "1.2.3\n"},
	{"/sys/class/dmi/id/bios_date", "07/01/2026\n"},
	{"/sys/class/dmi/id/board_name", "X12\n"},
	{"/sys/class/dmi/id/board_serial", "nobody's business\n"},
	{"/var/lib/dpkg/status",
	 "Package: bash\nStatus: install ok installed\nVersion: 5.2\n\n"
	 "Package: qemu-system-x86\nStatus: install ok installed\nPriority: optional\n"
	 "Version: 1:7.2+dfsg-7+deb12u16\nDescription: QEMU\n Version: 9\n\n"
	 "Package: seabios\nStatus: deinstall ok config-files\nVersion: 1.16\n\n"
	 "Package: libvirt0\nStatus: hold ok installed\nVersion: 9.0.0-4\n"},
	{NVME "/nvme0n1p1/partition", "1\n"},
	{NVME "/nvme0n1p2/partition", "2\n"},
	{"/sys/module/nvme_core/parameters/default_ps_max_latency_us", "0\n"},
	{"/sys/module/vfio_pci/refcnt", "0\n"},
	{"/sys/kernel/iommu_groups/1/type", "DMA\n"},
	{"/etc/machine-id", "0123456789abcdef0123456789abcdef\n"},
	{"/etc/os-release", "NAME=x\nPRETTY_NAME=\"Test Linux 1\"\n"},
	{"/proc/1/comm", "init\n"},
};

static void make_healthy(void)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(healthy); i++)
		faked_put(healthy[i].path, healthy[i].text);
	faked_put("/srv/my lab/.keep", "");
	faked_put("/run/systemd/system/.keep", "");
	faked_link("/sys/dev/block/259:1",
		   "../../devices/pci0000:00/0000:00:1d.0/0000:5e:00.0/nvme/"
		   "nvme0/nvme0n1/nvme0n1p1");
	faked_link("/sys/dev/block/259:2",
		   "../../devices/pci0000:00/0000:00:1d.0/0000:5e:00.0/nvme/"
		   "nvme0/nvme0n1/nvme0n1p2");
	faked_link("/sys/class/block/nvme0n1p1", "../../dev/block/259:1");
	faked_link("/sys/class/block/nvme0n1p2", "../../dev/block/259:2");
	faked_link("/sys/class/block/nvme0n1", "../../devices/pci0000:00/0000:00:1d.0/0000:5e:00.0/"
					       "nvme/nvme0/nvme0n1");
	faked_link("/sys/block", "class/block");
}

static struct doctor_options options(const char *work_dir)
{
	return (struct doctor_options){.root = faked_root, .work_dir = work_dir, .now_ms = 1000};
}

static const struct doctor_row *find(const struct doctor_rows *rows, const char *what)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->items[i].what, what) == 0)
			return &rows->items[i];
	return NULL;
}

static void expect(const struct doctor_rows *rows, const char *what, enum doctor_level level,
		   const char *value)
{
	const struct doctor_row *row = find(rows, what);

	ck_assert_msg(row != NULL, "no row '%s'", what);
	ck_assert_msg(row->level == level, "%s: level %s, wanted %s (%s)", what,
		      doctor_level_names[row->level], doctor_level_names[level], row->value);
	if (value)
		ck_assert_str_eq(row->value, value);
}

START_TEST(a_healthy_host_has_nothing_to_warn_of)
{
	struct doctor_options opt = options("/srv/my lab/work");
	struct doctor_rows rows = {0};

	make_healthy();
	ck_assert_int_eq(doctor_host(&opt, &rows, NULL), 0);
	for (size_t i = 0; i < rows.n; i++) {
		const char *what = rows.items[i].what;

		/* These two try the real file system that the faked tree lies on. */
		if (strcmp(what, "O_DIRECT") == 0 || strcmp(what, "free space") == 0)
			continue;
		ck_assert_msg(rows.items[i].level < DOCTOR_WARN, "%s: %s", what,
			      rows.items[i].value);
	}
	expect(&rows, "governor", DOCTOR_OK, "performance");
	expect(&rows, "turbo", DOCTOR_OK, "off");
	expect(&rows, "idle states", DOCTOR_OK, "deepest C1, 2 us to wake");
	expect(&rows, "layers", DOCTOR_OK, "nvme0n1p2 on nvme0n1");
	expect(&rows, "device", DOCTOR_INFO, "nvme0n1: TEST SSD 1000, firmware FW42");
	expect(&rows, "i/o scheduler", DOCTOR_OK, "none on nvme0n1 (not rotational)");
	expect(&rows, "file system", DOCTOR_OK, "ext4 on /srv/my lab");
	expect(&rows, "iommu", DOCTOR_OK, "1 groups, intel_iommu=on");
	expect(&rows, "known disturbers", DOCTOR_OK, "none enabled");
	expect(&rows, "write-back limits", DOCTOR_OK,
	       "flusher starts at 256 MiB, writers wait at 512 MiB");
	doctor_rows_done(&rows);
}
END_TEST

/* One thing each that spoils a measurement, with the row that must tell it. */
static const struct {
	const char *path, *text;
	const char *what;
	enum doctor_level level;
	const char *value;
} faults[] = {
	{CPU "/cpu1/cpufreq/scaling_governor", "powersave\n", "governor", DOCTOR_WARN,
	 "performance on 1, powersave on 1"},
	{CPU "/intel_pstate/no_turbo", "0\n", "turbo", DOCTOR_INFO, "on"},
	{CPU "/smt/active", "1\n", "smt", DOCTOR_INFO, "on (control: off)"},
	{CPU "/cpu0/cpuidle/state2/disable", "0\n", "idle states", DOCTOR_WARN,
	 "deepest unnamed, 133 us to wake"},
	{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n",
	 "clocksource", DOCTOR_WARN, "hpet"},
	{"/proc/cpuinfo", "flags : fpu hypervisor sse2\n", "host is itself a VM", DOCTOR_WARN,
	 NULL},
	{"/proc/loadavg", "3.50 1 1 1/2 3\n", "load", DOCTOR_WARN,
	 "3.50 in the last minute on 2 cpus"},
	{"/proc/pressure/io", "some avg10=9 avg60=7.50 avg300=1 total=1\n", "waiting for i/o",
	 DOCTOR_WARN, "7.5 % of the last minute"},
	{"/proc/stat", "cpu  100 0 100 700 0 0 0 100 0 0\n", "cpu steal", DOCTOR_WARN,
	 "10.00 % since boot"},
	{"/proc/77/comm", "qemu-system-x86\n", "other virtual machines", DOCTOR_WARN, "1 running"},
	{"/proc/meminfo",
	 "MemTotal: 65536000 kB\nMemAvailable: 60000000 kB\nDirty: 900000 kB\nWriteback: 0 kB\n",
	 "dirty now", DOCTOR_WARN, "879 MiB dirty, 0 B under way"},
	{"/proc/meminfo", "MemTotal: 65536000 kB\nMemAvailable: 500000 kB\n", "available",
	 DOCTOR_BAD, "488 MiB of 62.5 GiB"},
	{"/proc/meminfo",
	 "MemTotal: 65536000 kB\nMemAvailable: 60000000 kB\nSwapTotal: 2097152 kB\nSwapFree: "
	 "1048576 "
	 "kB\n",
	 "swap", DOCTOR_WARN, "1 GiB of 2 GiB used"},
	{"/proc/sys/vm/dirty_background_bytes", "8589934592\n", "write-back limits", DOCTOR_WARN,
	 "flusher starts at 8 GiB, writers wait at 512 MiB"},
	{"/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n",
	 "transparent huge pages", DOCTOR_INFO, "always"},
	{"/sys/kernel/mm/ksm/run", "1\n", "same-page merging", DOCTOR_WARN, "running"},
	{NVME "/queue/scheduler", "none mq-deadline [bfq]\n", "i/o scheduler", DOCTOR_WARN,
	 "bfq on nvme0n1 (not rotational)"},
	{"/sys/module/nvme_core/parameters/default_ps_max_latency_us", "100000\n",
	 "nvme power saving", DOCTOR_INFO, "on, up to 100000 us to wake"},
	{"/proc/sys/kernel/io_uring_disabled", "2\n", "io_uring", DOCTOR_WARN,
	 "switched off (kernel.io_uring_disabled=2)"},
	{"/proc/self/mountinfo", "22 1 259:2 / / rw,discard - ext4 /dev/nvme0n1p2 rw\n",
	 "online discard", DOCTOR_WARN, "/ is mounted with discard"},
	{"/proc/self/mountinfo", "22 1 0:40 / / rw - tmpfs tmpfs rw\n", "file system", DOCTOR_WARN,
	 "tmpfs on /"},
	{"/proc/self/mountinfo", "22 1 0:40 / / rw - tmpfs tmpfs rw\n", "layers", DOCTOR_WARN,
	 "tmpfs has no block device of its own"},
	{"/proc/self/mountinfo", "22 1 0:41 / / rw - overlay overlay rw,lowerdir=/a\n",
	 "file system", DOCTOR_WARN, "overlay on /"},
	{"/proc/self/mountinfo", "22 1 0:42 / / rw - btrfs /dev/nvme0n1p2 rw\n", "layers",
	 DOCTOR_OK, "nvme0n1p2 on nvme0n1"},
	{"/etc/systemd/system/timers.target.wants/fstrim.timer", "[Timer]\nOnCalendar=weekly\n",
	 "fstrim.timer", DOCTOR_WARN, "enabled, time not known"},
};

START_TEST(every_fault_is_told_by_its_row)
{
	struct doctor_options opt = options("/srv/my lab");
	struct doctor_rows rows = {0};
	const struct doctor_row *row;

	make_healthy();
	faked_put(faults[_i].path, faults[_i].text);
	ck_assert_int_eq(doctor_host(&opt, &rows, NULL), 0);
	expect(&rows, faults[_i].what, faults[_i].level, faults[_i].value);
	row = find(&rows, faults[_i].what);
	ck_assert_msg(strlen(row->meaning) > 20, "%s means nothing", row->what);
	doctor_rows_done(&rows);
}
END_TEST

START_TEST(a_host_that_tells_nothing_gets_rows_that_say_so)
{
	struct doctor_options opt = options("/work");
	struct doctor_rows rows = {0};

	ck_assert_int_eq(doctor_host(&opt, &rows, NULL), 0);
	expect(&rows, "load", DOCTOR_INFO, "/proc/loadavg is not readable");
	expect(&rows, "available", DOCTOR_WARN, "/proc/meminfo is not readable");
	expect(&rows, "layers", DOCTOR_WARN, "/proc/self/mountinfo can't be read");
	expect(&rows, "waiting for cpu", DOCTOR_INFO, "not known: no /proc/pressure");
	doctor_rows_done(&rows);
}
END_TEST

START_TEST(timer_units_and_cron_are_read_with_their_time)
{
	struct doctor_options opt = options("/srv/my lab");
	struct doctor_rows rows = {0};

	make_healthy();
	faked_put("/etc/systemd/system/timers.target.wants/fstrim.timer", "");
	faked_put("/usr/lib/systemd/system/fstrim.timer", "[Unit]\n[Timer]\nOnCalendar=weekly\n");
	faked_put("/etc/systemd/system/timers.target.wants/man-db.timer", "");
	faked_put("/etc/systemd/system/timers.target.wants/harmless.timer", "");
	faked_put("/etc/cron.daily/nightly-backup", "#!/bin/sh\n");
	ck_assert_int_eq(doctor_host(&opt, &rows, NULL), 0);
	expect(&rows, "fstrim.timer", DOCTOR_WARN, "enabled, weekly");
	expect(&rows, "man-db.timer", DOCTOR_INFO, "enabled, time not known");
	ck_assert_ptr_null(find(&rows, "harmless.timer"));
	ck_assert_ptr_null(find(&rows, "nightly-backup")); /* no cron runs */
	doctor_rows_done(&rows);

	faked_put("/run/crond.pid", "12\n");
	ck_assert_int_eq(doctor_host(&opt, &rows, NULL), 0);
	expect(&rows, "nightly-backup", DOCTOR_WARN, "in /etc/cron.daily");
	doctor_rows_done(&rows);
}
END_TEST

/* A loop file on LVM on a RAID of two partitions: followed down to the first disk. */
START_TEST(stacked_devices_are_followed_down_to_a_disk)
{
	struct doctor_options opt = options("/loop");
	struct work_disk w;

	make_healthy();
	faked_put("/loop/.keep", "");
	faked_put("/proc/self/mountinfo", "22 1 259:1 / / rw - ext4 /dev/nvme0n1p1 rw\n"
					  "30 22 7:0 / /loop rw - ext4 /dev/loop0 rw\n"
					  "31 22 253:0 / /images rw - xfs /dev/mapper/vg-lv rw\n");
	faked_put("/sys/devices/virtual/block/loop0/loop/backing_file", "/images/disk.img\n");
	faked_put("/sys/devices/virtual/block/dm-0/dm/uuid", "LVM-abcdef\n");
	faked_link("/sys/devices/virtual/block/dm-0/slaves/md0", "../../md0");
	faked_put("/sys/devices/virtual/block/md0/md/level", "raid1\n");
	faked_put("/sys/devices/virtual/block/md0/md/sync_action", "check\n");
	faked_link("/sys/devices/virtual/block/md0/slaves/nvme0n1p1", "../x");
	faked_link("/sys/devices/virtual/block/md0/slaves/nvme1n1p1", "../y");
	faked_link("/sys/dev/block/7:0", "../../devices/virtual/block/loop0");
	faked_link("/sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
	faked_link("/sys/class/block/loop0", "../../devices/virtual/block/loop0");
	faked_link("/sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
	faked_link("/sys/class/block/md0", "../../devices/virtual/block/md0");
	work_disk_find(&opt, &w);
	ck_assert_str_eq(w.chain, "loop0 (loop) on dm-0 (LVM) on md0 (raid1 of 2) on nvme0n1p1 on "
				  "nvme0n1");
	ck_assert_str_eq(w.disk, "nvme0n1");
	ck_assert(w.has_loop && w.has_raid);
	ck_assert_str_eq(w.raid, "md0");
}
END_TEST

START_TEST(a_running_raid_check_is_a_warning)
{
	struct doctor_options opt = options("/");
	struct doctor_rows rows = {0};

	make_healthy();
	faked_put("/proc/self/mountinfo", "22 1 9:0 / / rw - ext4 /dev/md0 rw\n");
	faked_put("/sys/devices/virtual/block/md0/md/level", "raid1\n");
	faked_put("/sys/devices/virtual/block/md0/md/sync_action", "resync\n");
	faked_link("/sys/devices/virtual/block/md0/slaves/nvme0n1p1", "../x");
	faked_link("/sys/dev/block/9:0", "../../devices/virtual/block/md0");
	faked_link("/sys/class/block/md0", "../../devices/virtual/block/md0");
	ck_assert_int_eq(doctor_host(&opt, &rows, NULL), 0);
	expect(&rows, "raid", DOCTOR_WARN, "md0 is resync");
	doctor_rows_done(&rows);
}
END_TEST

START_TEST(the_environment_holds_facts_and_leaves_out_what_is_not_there)
{
	static const char *const want[][2] = {
		{"host.system", "Test Linux 1"},
		{"host.kernel", "6.1.0-test"},
		{"host.is_virtual", "no"},
		{"cpu.model", "Xeon Test"},
		{"cpu.microcode", "0x5003"},
		{"cpu.count", "2"},
		{"cpu.governor", "performance"},
		{"cpu.mitigations", "meltdown=PTI"},
		{"cpu.no_turbo", "1"},
		{"memory.total_bytes", "67108864000"},
		{"memory.transparent_hugepage", "madvise"},
		{"disk.name", "nvme0n1"},
		{"disk.model", "TEST SSD 1000"},
		{"disk.firmware", "FW42"},
		{"disk.serial", "S123"},
		{"bios.vendor", "Test BIOS Inc."},
		{"bios.version", "1.2.3"},
		{"bios.date", "07/01/2026"},
		{"board.name", "X12"},
		{"package.qemu-system-x86", "1:7.2+dfsg-7+deb12u16"},
		{"package.libvirt0", "9.0.0-4"},
		{"disk.scheduler", "none"},
		{"disk.file_system", "ext4"},
		{"disk.mount_options", "rw,noatime,rw"},
		{"disk.layers", "nvme0n1p2 on nvme0n1"},
	};
	struct doctor_options opt = options("/srv/my lab");
	struct facts f = {0};

	make_healthy();
	ck_assert_int_eq(host_environment(&opt, &f, NULL), 0);
	for (size_t i = 0; i < BL_ARRAY_LEN(want); i++) {
		const char *got = facts_get(&f, want[i][0]);

		ck_assert_msg(got != NULL, "no %s", want[i][0]);
		ck_assert_str_eq(got, want[i][1]);
	}
	ck_assert_ptr_null(facts_get(&f, "cpu.boost"));
	ck_assert_ptr_null(facts_get(&f, "package.seabios")); /* removed, its files remain */
	ck_assert_ptr_null(facts_get(&f, "package.bash"));
	ck_assert_ptr_null(facts_get(&f, "disk.members"));
	ck_assert_ptr_null(facts_get(&f, "bios.why_absent"));
	ck_assert_ptr_null(facts_get(&f, "board.serial"));
	facts_done(&f);
}
END_TEST

/* sda and sdb may change their names with the next boot: the members are the same. */
START_TEST(the_members_of_a_raid_are_told_whatever_they_are_called)
{
	static const struct {
		const char *name, *model, *rev, *serial;
	} disks[] = {{"sda", "BIG DISK 4T", "0107", "ZB2"},
		     {"sdb", "BIG DISK 4T", "0107", "ZA1"},
		     {"sdc", "BIG DISK 4T", "0108", "ZC3"}};
	struct doctor_options opt = options("/");
	struct facts f = {0};

	faked_put("/proc/self/mountinfo", "22 1 9:0 / / rw - ext4 /dev/md0 rw\n");
	faked_put("/sys/devices/virtual/block/md0/md/level", "raid1\n");
	faked_link("/sys/dev/block/9:0", "../../devices/virtual/block/md0");
	faked_link("/sys/class/block/md0", "../../devices/virtual/block/md0");
	faked_link("/sys/block", "class/block");
	for (size_t i = 0; i < BL_ARRAY_LEN(disks); i++) {
		BL_CLEANUP(bl_freep) char *number = bl_strf("8:%zu", i * 16);
		BL_CLEANUP(bl_freep)
		char *dir = bl_strf("/sys/devices/platform/%s/device", disks[i].name);
		BL_CLEANUP(bl_freep) char *model = bl_strf("%s/model", dir);
		BL_CLEANUP(bl_freep) char *rev = bl_strf("%s/rev", dir);
		BL_CLEANUP(bl_freep) char *serial = bl_strf("%s/serial", dir);
		BL_CLEANUP(bl_freep)
		char *slave = bl_strf("/sys/devices/virtual/block/md0/slaves/%s", disks[i].name);

		faked_disk(disks[i].name, "", number);
		faked_put(model, disks[i].model);
		faked_put(rev, disks[i].rev);
		faked_put(serial, disks[i].serial);
		faked_link(slave, "../x");
	}
	ck_assert_int_eq(host_environment(&opt, &f, NULL), 0);
	ck_assert_ptr_nonnull(facts_get(&f, "disk.members"));
	ck_assert_str_eq(facts_get(&f, "disk.members"),
			 "2 x BIG DISK 4T firmware 0107; BIG DISK 4T firmware 0108");
	ck_assert_str_eq(facts_get(&f, "disk.member_serials"), "ZA1; ZB2; ZC3");
	ck_assert_ptr_nonnull(facts_get(&f, "bios.why_absent"));
	facts_done(&f);
}
END_TEST

/* printf 'blklab0123456789abcdef0123456789abcdef' | sha256sum | cut -c1-16 */
START_TEST(a_host_id_hides_the_machine_id_and_is_stable)
{
	struct doctor_options opt = options("/");
	struct bl_err err = BL_ERR_INIT;
	char id[17];

	make_healthy();
	ck_assert_int_eq(host_id(&opt, id, &err), 0);
	ck_assert_str_eq(id, "13ea7c74ceb93527");
	faked_put("/etc/machine-id", "uninitialized\n");
	ck_assert_int_eq(host_id(&opt, id, &err), -EINVAL);
	ck_assert_msg(strstr(bl_err_text(&err), "as those of an unknown host; "
						"systemd-machine-id-setup makes one") != NULL,
		      "%s", bl_err_text(&err));
}
END_TEST

/* What the rows about the hypervisor say for one state of knowledge each. */
START_TEST(the_hypervisor_rows_follow_what_is_known)
{
	struct doctor_options opt = options("/");
	struct doctor_hypervisor hv = {.libvirt_version = "9.0.0", .qemu_version = "7.2.22"};
	struct doctor_rows rows = {0};

	faked_put("/dev/kvm", "");
	ck_assert_int_eq(doctor_hypervisor(&opt, &hv, &rows, NULL), 0);
	expect(&rows, "/dev/kvm", DOCTOR_OK, "opens");
	expect(&rows, "probe guest", DOCTOR_INFO, "not proven");
	expect(&rows, "iothreads: 2 and more on virtio-blk", DOCTOR_INFO,
	       "not with QEMU 7.2.22, libvirt 9.0.0");
	expect(&rows, "aio: io_uring", DOCTOR_OK, NULL);
	doctor_rows_done(&rows);

	hv = (struct doctor_hypervisor){.libvirt_version = "11.3.0",
					.qemu_version = "10.0.2",
					.accel = "tcg",
					.accel_how = "the probe guest did not boot"};
	ck_assert_int_eq(doctor_hypervisor(&opt, &hv, &rows, NULL), 0);
	expect(&rows, "probe guest", DOCTOR_WARN, "tcg: the probe guest did not boot");
	expect(&rows, "iothreads: 2 and more on virtio-blk", DOCTOR_OK, NULL);
	doctor_rows_done(&rows);
}
END_TEST

START_TEST(each_fault_of_libvirt_has_its_own_remedy)
{
	static const struct {
		int code;
		enum doctor_level level;
		const char *remedy;
	} kinds[] = {
		{-ENOENT, DOCTOR_BAD, "apt install libvirt-daemon-driver-qemu"},
		{-EBUSY, DOCTOR_WARN, "wait until it ends, or use another --work-dir"},
		{-EACCES, DOCTOR_BAD, "a --work-dir that this user can write to"},
	};
	struct doctor_options opt = options("/");

	for (size_t i = 0; i < BL_ARRAY_LEN(kinds); i++) {
		struct doctor_hypervisor hv = {.fault = "process (42) is in the way",
					       .fault_code = kinds[i].code};
		struct doctor_rows rows = {0};
		const struct doctor_row *row = NULL;

		ck_assert_int_eq(doctor_hypervisor(&opt, &hv, &rows, NULL), 0);
		expect(&rows, "libvirt", kinds[i].level, "process (42) is in the way");
		for (size_t k = 0; k < rows.n; k++) {
			if (strcmp(rows.items[k].what, "libvirt") == 0)
				row = &rows.items[k];
		}
		ck_assert_ptr_nonnull(row);
		ck_assert_ptr_nonnull(strstr(row->remedy, kinds[i].remedy));
		doctor_rows_done(&rows);
	}
}
END_TEST

START_TEST(a_missing_kvm_device_is_a_warning_with_its_reason)
{
	struct doctor_options opt = options("/");
	struct doctor_hypervisor hv = {0};
	struct doctor_rows rows = {0};

	ck_assert_int_eq(doctor_hypervisor(&opt, &hv, &rows, NULL), 0);
	expect(&rows, "/dev/kvm", DOCTOR_WARN, "No such file or directory");
	doctor_rows_done(&rows);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("doctor");
	TCase *t = tcase_create("host");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, faked_empty, faked_drop);
	tcase_add_test(t, a_healthy_host_has_nothing_to_warn_of);
	tcase_add_loop_test(t, every_fault_is_told_by_its_row, 0, BL_ARRAY_LEN(faults));
	tcase_add_test(t, a_host_that_tells_nothing_gets_rows_that_say_so);
	tcase_add_test(t, timer_units_and_cron_are_read_with_their_time);
	tcase_add_test(t, stacked_devices_are_followed_down_to_a_disk);
	tcase_add_test(t, a_running_raid_check_is_a_warning);
	tcase_add_test(t, the_members_of_a_raid_are_told_whatever_they_are_called);
	tcase_add_test(t, the_environment_holds_facts_and_leaves_out_what_is_not_there);
	tcase_add_test(t, a_host_id_hides_the_machine_id_and_is_stable);
	tcase_add_test(t, the_hypervisor_rows_follow_what_is_known);
	tcase_add_test(t, each_fault_of_libvirt_has_its_own_remedy);
	tcase_add_test(t, a_missing_kvm_device_is_a_warning_with_its_reason);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
