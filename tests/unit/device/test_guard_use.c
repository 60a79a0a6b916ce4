/* Is it the disk that is meant, and does anything on this host use it? Every refusal with its
 * words, on faked hosts. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "guarded.h"

START_TEST(a_claimed_unused_disk_named_by_its_serial_passes)
{
	struct device d = faked_find();
	struct claim c = {0};

	passes(GUARD_LOOK);
	faked_claim();
	passes(GUARD_LOOK);
	passes(GUARD_BLOCK);
	passes(GUARD_PASSTHROUGH);
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_BLOCK, &c, NULL), 0);
	ck_assert(c.is_there);
	ck_assert_str_eq(c.serial, SERIAL);
}
END_TEST

START_TEST(a_disk_without_a_claim_is_refused_but_may_be_looked_at)
{
	passes(GUARD_LOOK);
	refused(GUARD_BLOCK, -ENOKEY,
		"'nvme0n1' has no claim of this lab: nobody has said that it may be overwritten; "
		"look at it and claim it: blklab claim 'S5XX-0001' --device /dev/nvme0n1");
}
END_TEST

START_TEST(a_wrong_or_absent_serial_is_refused)
{
	faked_claim();
	refused_as(NULL, GUARD_BLOCK, -EINVAL,
		   "'nvme0n1' would be overwritten, and no serial was given to prove that it is "
		   "the disk that is meant; name its serial");
	refused_as("S5XX", GUARD_BLOCK, -ENODEV,
		   "'nvme0n1' has the serial 'S5XX-0001', not 'S5XX': this may be another disk "
		   "than the one that is meant; name the serial that it has, if it is");
}
END_TEST

START_TEST(mounts_are_refused_by_number_and_by_source)
{
	faked_partition(PCI, 0, 1, 1, 7);
	faked_put("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
					  "30 22 259:0 / /srv rw - ext4 /dev/renamed rw\n");
	refused(GUARD_LOOK, -EBUSY,
		"'nvme0n1' is mounted: nvme0n1 at '/srv'; jobs would destroy what is there; "
		"unmount it (umount '/srv') or take another disk");
	faked_put("/proc/self/mountinfo",
		  "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		  "30 22 259:7 / /srv/my\\040data rw - ext4 /dev/nvme0n1p1 rw\n"
		  "31 22 0:44 / /pool rw - btrfs /dev/nvme0n1p1 rw\n");
	refused(GUARD_BLOCK, -EBUSY,
		"'nvme0n1' is mounted: nvme0n1p1 at '/srv/my data', nvme0n1p1 at '/pool'; jobs "
		"would destroy what is there; unmount it (umount '/srv/my data') or take another "
		"disk");
	faked_link("/dev/disk/by-uuid/1234", "../../nvme0n1p1");
	faked_put("/proc/self/mountinfo",
		  "31 22 0:44 / /pool rw - btrfs /dev/disk/by-uuid/1234 rw\n"
		  "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	refused(GUARD_PASSTHROUGH, -EBUSY,
		"'nvme0n1' is mounted: nvme0n1p1 at '/pool'; jobs would destroy what is there; "
		"unmount it (umount '/pool') or take another disk");
}
END_TEST

START_TEST(another_disk_whose_name_begins_alike_does_not_count)
{
	faked_put("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
					  "30 22 259:99 / /srv rw - ext4 /dev/nvme0n12 rw\n"
					  "31 22 259:98 / /srv/b rw - ext4 /dev/nvme0n12p1 rw\n"
					  "33 22 259:97 / /srv/c rw - ext4 /dev/nvme0n123 rw\n"
					  "32 22 0:50 / /net rw - nfs server:/nvme0n1 rw\n");
	passes(GUARD_LOOK);
}
END_TEST

START_TEST(another_namespace_of_the_controller_counts_when_all_of_it_leaves)
{
	faked_namespace(PCI, 0, 2, 5);
	faked_claim();
	passes(GUARD_BLOCK);
	refused(GUARD_PASSTHROUGH, -ENOKEY,
		"'nvme0n2' has no claim of this lab, and leaves the host with the rest of its "
		"controller: nobody has said that it may be overwritten; look at it and claim it: "
		"blklab claim 'S5XX-0001' --device /dev/nvme0n2");
	faked_put("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
					  "30 22 259:5 / /srv rw - ext4 /dev/nvme0n2 rw\n");
	passes(GUARD_BLOCK);
	refused(GUARD_PASSTHROUGH, -EBUSY,
		"'nvme0n2' is mounted: nvme0n2 at '/srv'; jobs would destroy what is there; "
		"unmount it (umount '/srv') or take another disk");
}
END_TEST

START_TEST(swap_is_refused)
{
	faked_partition(PCI, 0, 1, 2, 8);
	faked_put("/proc/swaps", "Filename Type Size Used Priority\n"
				 "/swapfile file 1 0 -2\n/dev/nvme0n1p2 partition 1 0 -2\n");
	refused(GUARD_LOOK, -EBUSY,
		"'nvme0n1' is swap of this host ('/dev/nvme0n1p2'): its memory would be destroyed; "
		"switch it off (swapoff '/dev/nvme0n1p2') or take another disk");
}
END_TEST

/* Who sits on the disk or on a partition of it. */
static const struct {
	const char *name, *file, *text, *file_b, *text_b, *says;
} holders[] = {
	{"dm-3", "dm/name", "vg0-data\n", "dm/uuid", "LVM-abcdef\n",
	 "dm-3, the LVM volume 'vg0-data': what is built on it would break; take it out of its "
	 "volume group (vgchange -an, pvremove)"},
	{"dm-3", "dm/name", "secret\n", "dm/uuid", "CRYPT-LUKS2-1\n",
	 "dm-3, the encrypted volume 'secret': what is built on it would break; close it "
	 "(cryptsetup close)"},
	{"dm-3", "dm/name", "mpatha\n", "dm/uuid", "mpath-3600\n",
	 "dm-3, the multipath device 'mpatha': what is built on it would break; take it out of "
	 "multipath (multipath -f)"},
	{"dm-3", "dm/name", "slow\n", "dm/uuid", "",
	 "dm-3, the device mapper 'slow': what is built on it would break; remove that mapping "
	 "(dmsetup remove)"},
	{"md0", "md/level", "raid1\n", "md/x", "",
	 "md0, an md array (raid1): what is built on it would break; take it out of that array "
	 "(mdadm --stop, --zero-superblock)"},
	{"bcache0", "size", "1\n", "x", "",
	 "bcache0, a bcache device: what is built on it would break; detach and stop it "
	 "(/sys/block/bcacheN/bcache/stop)"},
};

START_TEST(holders_are_refused_and_named)
{
	BL_CLEANUP(bl_freep)
	char *a = bl_strf("/sys/class/block/%s/%s", holders[_i].name, holders[_i].file);
	BL_CLEANUP(bl_freep)
	char *b = bl_strf("/sys/class/block/%s/%s", holders[_i].name, holders[_i].file_b);
	BL_CLEANUP(bl_freep) char *on_disk = bl_strf(NS1 "/holders/%s", holders[_i].name);
	BL_CLEANUP(bl_freep)
	char *on_part = bl_strf(NS1 "/nvme0n1p1/holders/%s", holders[_i].name);
	BL_CLEANUP(bl_freep) char *by_disk = bl_strf("'nvme0n1' is held by %s", holders[_i].says);
	BL_CLEANUP(bl_freep) char *by_part = bl_strf("'nvme0n1p1' is held by %s", holders[_i].says);

	faked_put(a, holders[_i].text);
	faked_put(b, holders[_i].text_b);
	faked_put(on_disk, "");
	refused(GUARD_LOOK, -EBUSY, by_disk);
	faked_remove(on_disk);
	passes(GUARD_LOOK);
	faked_partition(PCI, 0, 1, 1, 7);
	faked_put(on_part, "");
	refused(GUARD_LOOK, -EBUSY, by_part);
}
END_TEST

START_TEST(a_loop_device_on_top_is_refused)
{
	faked_put("/sys/class/block/loop3/loop/backing_file", "/dev/nvme0n1\n");
	refused(GUARD_LOOK, -EBUSY,
		"'nvme0n1' has the loop device loop3 on top of it; take it away: losetup -d "
		"/dev/loop3");
	faked_put("/sys/class/block/loop3/loop/backing_file", "/srv/nvme0n1\n");
	passes(GUARD_LOOK);
}
END_TEST

START_TEST(a_disk_that_a_process_has_open_is_refused)
{
	faked_put("/proc/4711/comm", "qemu-system-x86\n");
	faked_link("/proc/4711/fd/3", "/dev/null");
	faked_link("/proc/4711/fd/12", "/dev/nvme0n12"); /* another one */
	passes(GUARD_LOOK);
	faked_link("/proc/4711/fd/13", "/dev/nvme0n1");
	refused(GUARD_LOOK, -EBUSY,
		"'nvme0n1' is open in process 4711 (qemu-system-x86, /dev/nvme0n1), which may be "
		"writing to it; stop it, or detach the disk from it (process 4711), or take "
		"another disk");
	faked_remove("/proc/4711/fd/13");
	faked_link("/proc/4711/fd/13", "/dev/nvme0n1p1");
	refused(GUARD_LOOK, -EBUSY,
		"'nvme0n1' is open in process 4711 (qemu-system-x86, /dev/nvme0n1p1), which may be "
		"writing to it; stop it, or detach the disk from it (process 4711), or take "
		"another disk");
}
END_TEST

START_TEST(a_process_that_cannot_be_looked_into_may_have_it_open)
{
	faked_link("/proc/4711/fd/3", "/dev/null");
	faked_put("/proc/4712/fd/3", ""); /* a link that can't be read */
	refused(GUARD_LOOK, -EIO,
		"'nvme0n1': can't tell whether a process has it open: 1 keep their files from "
		"this user; run as root (in a container with CAP_SYS_PTRACE, too)");
}
END_TEST

static const char *const places[] = {"/", "/boot", "/boot/efi", "/efi"};

/* The root file system lies on LVM on a RAID of two disks, of which this is the second. */
START_TEST(the_disk_this_host_runs_from_is_refused_through_all_layers)
{
	BL_CLEANUP(bl_freep)
	char *says = bl_strf("'nvme0n1' is the disk of '%s' (dm-0, ext4): this host runs from it; "
			     "take another disk",
			     places[_i]);
	BL_CLEANUP(bl_freep)
	char *table = bl_strf("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
			      "23 1 253:0 / %s rw - ext4 /dev/mapper/vg-root rw\n",
			      places[_i]);

	faked_partition(PCI, 0, 1, 1, 7);
	faked_link("/sys/devices/virtual/block/dm-0/slaves/md0", "../../md0");
	faked_link("/sys/devices/virtual/block/md0/slaves/sda1", "../x");
	faked_link("/sys/devices/virtual/block/md0/slaves/nvme0n1p1", "../x");
	faked_link("/sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
	faked_link("/sys/class/block/md0", "../../devices/virtual/block/md0");
	faked_link("/sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
	faked_put("/proc/self/mountinfo", table);
	refused(GUARD_LOOK, -EBUSY, says);
}
END_TEST

START_TEST(layers_that_never_end_are_a_refusal)
{
	faked_put("/proc/self/mountinfo", "23 1 253:0 / / rw - ext4 /dev/mapper/vg-root rw\n");
	faked_link("/sys/devices/virtual/block/dm-0/slaves/dm-0", "../../dm-0");
	faked_link("/sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
	faked_link("/sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
	refused(GUARD_LOOK, -EIO,
		"'nvme0n1': can't tell on which disks '/' (dm-0) lies: Too many levels of symbolic "
		"links; name a disk of a host whose layers are known");
}
END_TEST

START_TEST(a_root_without_a_disk_holds_none)
{
	faked_put("/proc/self/mountinfo", "22 1 0:41 / / rw - overlay overlay rw,lowerdir=/a\n");
	passes(GUARD_LOOK);
}
END_TEST

START_TEST(a_read_only_disk_is_refused)
{
	faked_put(NS1 "/ro", "1\n");
	refused(GUARD_LOOK, -EROFS,
		"'nvme0n1' is read-only, and jobs fill it before they read; make it writable "
		"(blockdev --setrw), or end its write protection");
}
END_TEST

START_TEST(a_partition_and_a_disk_that_went_away_are_refused)
{
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;

	faked_put(NS1 "/partition", "1\n");
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_LOOK, NULL, &err), -ENOTBLK);
	ck_assert_str_eq(err.text, "'nvme0n1' is a partition, and what lies beside it would share "
				   "the device with the jobs; name the whole disk");
	faked_remove("/sys/class/block/nvme0n1");
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_LOOK, NULL, &err), -ENODEV);
	ck_assert_str_eq(err.text, "the kernel knows no disk 'nvme0n1' any more; look whether it "
				   "was taken out");
}
END_TEST

/* What can't be looked at is no pass. */
static const struct {
	const char *gone, *says;
} blind[] = {
	{"/proc/swaps", "'nvme0n1': can't tell whether it is swap: No such file or directory; look "
			"whether /proc is mounted"},
	{"/proc/self/mountinfo", "'nvme0n1': can't tell whether it holds '/': No such file or "
				 "directory; look whether /proc is mounted"},
	{NS1 "/holders", "'nvme0n1': can't tell what is built on it: No such file or directory; "
			 "look into /sys/class/block"},
	{NS1 "/ro", "'nvme0n1': can't tell whether it may be written; look into /sys/class/block"},
};

START_TEST(a_check_that_cannot_be_made_is_a_refusal)
{
	faked_remove(blind[_i].gone);
	refused(GUARD_LOOK, -EIO, blind[_i].says);
}
END_TEST

START_TEST(a_claim_that_cannot_be_read_is_a_refusal)
{
	faked_remove("/dev/nvme0n1");
	faked_put("/dev/nvme0n1/what", ""); /* opens, and does not read */
	refused(GUARD_LOOK, -EIO,
		"'nvme0n1': can't tell whether it has a claim: Is a directory; look at the kernel "
		"log (dmesg)");
}
END_TEST

START_TEST(partitions_whose_holders_cannot_be_told_are_a_refusal)
{
	faked_partition(PCI, 0, 1, 1, 7);
	faked_partition(PCI, 0, 1, 2, 8);
	passes(GUARD_LOOK);
	faked_remove(NS1 "/nvme0n1p1/holders"); /* also when the next one's can be */
	refused(GUARD_LOOK, -EIO,
		"'nvme0n1': can't tell what is built on it: No such file or directory; look into "
		"/sys/class/block");
}
END_TEST

START_TEST(a_device_that_is_not_the_hosts_is_refused)
{
	faked_remove("/sys/devices/pci0000:00/" PCI "/nvme");
	faked_remove("/sys/class/block/nvme0n1");
	faked_driver(PCI, "vfio-pci");
	refused(GUARD_LOOK, -EBUSY,
		"'0000:5e:00.0' belongs to vfio-pci: neither its serial nor what is on it can be "
		"told; give it back to its driver: blklab recover, when a killed run had it; by "
		"hand: echo 0000:5e:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind; echo > "
		"/sys/bus/pci/devices/0000:5e:00.0/driver_override; echo 0000:5e:00.0 > "
		"/sys/bus/pci/drivers_probe");
	faked_link("/proc/4711/fd/23", "/dev/vfio/12");
	refused(GUARD_LOOK, -EBUSY,
		"'0000:5e:00.0' is in the hands of process 4711, by vfio-pci: it can't be used "
		"twice; stop that guest or program first (blklab recover, when a killed run left "
		"it)");
	faked_remove("/proc/4711");
	faked_driver(PCI, "");
	refused(GUARD_LOOK, -ENODEV,
		"'0000:5e:00.0' has no driver: neither its serial nor what is on it can be told; "
		"bind it: echo 0000:5e:00.0 > /sys/bus/pci/drivers_probe");
	faked_driver(PCI, "nvme");
	refused(GUARD_LOOK, -ENODEV,
		"the controller at '0000:5e:00.0' has no namespace: there is nothing to measure; "
		"make one (nvme create-ns, nvme attach-ns)");
}
END_TEST

START_TEST(another_programs_lock_is_refused)
{
	BL_CLEANUP(bl_freep) char *node = bl_strf("%s/dev/nvme0n1", faked_root);
	BL_CLEANUP(bl_freep)
	char *says = bl_strf("'nvme0n1' is locked by another program (flock), which is working on "
			     "it; wait for process %d to end, or stop it",
			     (int)getpid());
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;
	int other = open(node, O_RDONLY), fd = -1;

	ck_assert_int_eq(flock(other, LOCK_SH), 0);
	refused(GUARD_LOOK, -EBUSY, says);
	ck_assert_int_eq(guard_hold(&d, &fd, &err), -EBUSY);
	ck_assert_msg(strstr(err.text, "is held by process") != NULL, "%s", err.text);
	close(other);
	ck_assert_int_eq(guard_hold(&d, &fd, NULL), 0);
	other = open(node, O_RDONLY);
	ck_assert_int_eq(flock(other, LOCK_SH | LOCK_NB), -1);
	close(fd);
	ck_assert_int_eq(flock(other, LOCK_SH | LOCK_NB), 0);
	close(other);
	passes(GUARD_LOOK);
}
END_TEST

START_TEST(a_disk_is_held_only_while_it_is_the_one_that_is_meant)
{
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;
	int fd = 77;

	faked_put("/sys/devices/pci0000:00/" PCI "/nvme/nvme0/serial", "OTHER-0002\n");
	ck_assert_int_eq(guard_hold(&d, &fd, &err), -ESTALE);
	ck_assert_int_eq(fd, 77); /* untouched */
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_BLOCK, NULL, NULL), -ESTALE);
}
END_TEST

START_TEST(a_function_is_one_runs)
{
	struct device d = faked_find(), none = d;
	struct bl_err err = BL_ERR_INIT;
	int one = -1, two = 77;

	ck_assert_int_eq(guard_hold_function(&d, &one, NULL), 0);
	ck_assert_int_eq(guard_hold_function(&d, &two, &err), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err.text, "is in a run of another blklab"));
	ck_assert_int_eq(two, 77); /* untouched */
	passes(GUARD_LOOK);        /* it is no lock of the disk */
	close(one);
	ck_assert_int_eq(guard_hold_function(&d, &one, NULL), 0);
	close(one);
	none.pci[0] = '\0';
	ck_assert_int_eq(guard_hold_function(&none, &one, NULL), 0);
	ck_assert_int_eq(one, -1);
	strcpy(none.pci, "0000:99:00.0");
	ck_assert_int_eq(guard_hold_function(&none, &two, NULL), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("use");
	TCase *t = tcase_create("use");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, faked_one_disk, faked_drop);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, a_claimed_unused_disk_named_by_its_serial_passes);
	tcase_add_test(t, a_disk_without_a_claim_is_refused_but_may_be_looked_at);
	tcase_add_test(t, a_wrong_or_absent_serial_is_refused);
	tcase_add_test(t, mounts_are_refused_by_number_and_by_source);
	tcase_add_test(t, another_disk_whose_name_begins_alike_does_not_count);
	tcase_add_test(t, another_namespace_of_the_controller_counts_when_all_of_it_leaves);
	tcase_add_test(t, swap_is_refused);
	tcase_add_loop_test(t, holders_are_refused_and_named, 0, BL_ARRAY_LEN(holders));
	tcase_add_test(t, a_loop_device_on_top_is_refused);
	tcase_add_test(t, a_disk_that_a_process_has_open_is_refused);
	tcase_add_test(t, a_process_that_cannot_be_looked_into_may_have_it_open);
	tcase_add_loop_test(t, the_disk_this_host_runs_from_is_refused_through_all_layers, 0,
			    BL_ARRAY_LEN(places));
	tcase_add_test(t, layers_that_never_end_are_a_refusal);
	tcase_add_test(t, a_root_without_a_disk_holds_none);
	tcase_add_test(t, a_read_only_disk_is_refused);
	tcase_add_test(t, a_partition_and_a_disk_that_went_away_are_refused);
	tcase_add_loop_test(t, a_check_that_cannot_be_made_is_a_refusal, 0, BL_ARRAY_LEN(blind));
	tcase_add_test(t, a_claim_that_cannot_be_read_is_a_refusal);
	tcase_add_test(t, partitions_whose_holders_cannot_be_told_are_a_refusal);
	tcase_add_test(t, a_device_that_is_not_the_hosts_is_refused);
	tcase_add_test(t, another_programs_lock_is_refused);
	tcase_add_test(t, a_disk_is_held_only_while_it_is_the_one_that_is_meant);
	tcase_add_test(t, a_function_is_one_runs);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
