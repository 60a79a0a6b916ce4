/* May this device be overwritten, may it be handed to a guest? Every refusal with its words, on
 * faked hosts whose disks are images that libblkid reads for real. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "guard.h"
#include "proc.h"
#include "units.h"

#define PCI    "0000:5e:00.0"
#define SERIAL "S5XX-0001"
#define NS1    "/sys/devices/pci0000:00/" PCI "/nvme/nvme0/nvme0n1"

/* A host on which the NVMe disk S5XX-0001 can be handed over. */
static void make_host(void)
{
	faked_make();
	faked_nvme(PCI, 0, SERIAL, 12);
	faked_namespace(PCI, 0, 1, 0);
	faked_put("/sys/bus/pci/drivers/vfio-pci/bind", "");
	faked_put("/proc/sys/kernel/osrelease", "6.1.0-test\n");
}

static struct device dev(void)
{
	struct device_name name = {.root = faked_root, .pci = PCI, .serial = SERIAL};
	struct bl_err err = BL_ERR_INIT;
	struct device d;

	ck_assert_msg(device_find(&name, &d, &err) == 0, "%s", err.text);
	return d;
}

static void claimed(void)
{
	struct device d = dev();
	struct bl_err err = BL_ERR_INIT;
	struct claim c;

	ck_assert_msg(claim_write(&d, &c, &err) == 0, "%s", err.text);
}

static void refused_as(const char *serial, enum guard_use use, int code, const char *says)
{
	struct device d = dev();
	struct bl_err err = BL_ERR_INIT;
	int r = guard_check(&d, serial, use, NULL, &err);

	ck_assert_msg(strcmp(err.text, says) == 0, "said: %s\nwant: %s", err.text, says);
	ck_assert_int_eq(r, code);
}

static void refused(enum guard_use use, int code, const char *says)
{
	refused_as(SERIAL, use, code, says);
}

static void passes(enum guard_use use)
{
	refused(use, 0, "");
}

START_TEST(a_claimed_unused_disk_named_by_its_serial_passes)
{
	struct device d = dev();
	struct claim c = {0};

	passes(GUARD_LOOK);
	claimed();
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
	claimed();
	refused_as(NULL, GUARD_BLOCK, -EPERM,
		   "'nvme0n1' would be overwritten, and no serial was given to prove that it is "
		   "the disk that is meant; name its serial");
	refused_as("S5XX", GUARD_BLOCK, -EPERM,
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
	claimed();
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
	struct device d = dev();
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

static void run(const char *const *argv)
{
	ck_assert_int_eq(bl_proc_run(argv, NULL, 0, NULL, NULL, 10 * NS_PER_S, NULL), 0);
}

/* On the whole disk not to the end, where the claim is. */
static void make_fs(const char *node, const char *uuid)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s/dev/%s", faked_root, node);
	const char *size = strchr(node, 'p') ? NULL : "15M";
	const char *argv[] = {
		"/sbin/mkfs.ext4", "-q", "-F", "-L", "precious", "-U", uuid, full, size, NULL};

	run(argv);
}

static void put_at(const char *node, const void *data, size_t len, off_t at)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s/dev/%s", faked_root, node);
	int fd = open(full, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, data, len, at), (ssize_t)len);
	close(fd);
}

#define UUID "01234567-89ab-4def-8123-456789abcdef"

START_TEST(a_file_system_that_the_lab_did_not_make_is_refused)
{
	claimed();
	make_fs("nvme0n1", UUID);
	passes(GUARD_LOOK);
	refused(GUARD_BLOCK, -EEXIST,
		"'nvme0n1' holds what the lab did not write: ext4, label 'precious', UUID " UUID
		"; it would be overwritten; if nobody needs that, have it wiped: blklab claim "
		"'S5XX-0001' --device /dev/nvme0n1");
}
END_TEST

START_TEST(the_file_system_that_the_lab_made_passes)
{
	struct device d = dev();
	struct claim c;

	claimed();
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	make_fs("nvme0n1", c.fs_uuid);
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	ck_assert_msg(c.is_there, "mkfs wrote over the claim");
	passes(GUARD_BLOCK);
	passes(GUARD_PASSTHROUGH);
}
END_TEST

/* A physical volume's label in sector 1: lvm2's format_text/layout.h and label.h. The CRC is
 * over the rest of the sector; libblkid checks it. */
static void put_lvm_member(void)
{
	unsigned char sector[512] = "LABELONE";
	unsigned crc = 0xf597a6cf;

	sector[8] = 1;
	sector[20] = 32;
	memcpy(sector + 24, "LVM2 001", 8);
	memset(sector + 32, 'a', 32);
	for (int i = 20; i < 512; i++) {
		crc ^= sector[i];
		for (int b = 0; b < 8; b++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	memcpy(sector + 16, &crc, 4);
	put_at("nvme0n1", sector, 512, 512);
}

static void expect_contents(const char *want)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	struct device d = dev();
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(guard_contents(&d, &text, &err) == 0, "%s", err.text);
	ck_assert_str_eq(text, want);
}

START_TEST(contents_tell_members_of_lvm)
{
	expect_contents("");
	put_lvm_member();
	expect_contents("LVM2_member, UUID aaaaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa\n");
	refused(GUARD_BLOCK, -EEXIST,
		"'nvme0n1' holds what the lab did not write: LVM2_member, UUID "
		"aaaaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa; it would be overwritten; if nobody needs "
		"that, have it wiped: blklab claim 'S5XX-0001' --device /dev/nvme0n1");
}
END_TEST

/* A master boot record with one partition (type, first sector 2048, 8192 sectors). */
static const struct {
	unsigned char type;
	const char *says;
} tables[] = {
	{0x83, "MBR (dos) partition table\n"},
	{0xee, "PMBR partition table\n"}, /* the front of a GPT whose rest is damaged */
};

START_TEST(contents_tell_partition_tables)
{
	unsigned char mbr[512] = {
		[450] = tables[_i].type, [455] = 8, [459] = 0x20, [510] = 0x55, [511] = 0xaa};

	mbr[454] = tables[_i].type == 0xee ? 1 : 0;
	mbr[455] = tables[_i].type == 0xee ? 0 : 8;
	put_at("nvme0n1", mbr, 512, 0);
	expect_contents(tables[_i].says);
}
END_TEST

START_TEST(contents_tell_partitions_with_what_is_on_them)
{
	faked_partition(PCI, 0, 1, 1, 7);
	faked_partition(PCI, 0, 1, 2, 8);
	make_fs("nvme0n1p2", UUID);
	expect_contents("partition nvme0n1p1, 512 KiB\n"
			"partition nvme0n1p2, 512 KiB, ext4, label 'precious', UUID " UUID "\n");
	refused(GUARD_BLOCK, -EEXIST,
		"'nvme0n1' holds what the lab did not write: partition nvme0n1p1, 512 KiB; "
		"partition nvme0n1p2, 512 KiB, ext4, label 'precious', UUID " UUID
		"; it would be overwritten; if nobody needs that, have it wiped: blklab claim "
		"'S5XX-0001' --device /dev/nvme0n1");
}
END_TEST

START_TEST(contents_tell_data_without_a_signature)
{
	static unsigned char ones[MiB];

	memset(ones, 0xff, sizeof ones); /* how some drives read when erased */
	put_at("nvme0n1", ones, sizeof ones, 0);
	expect_contents("");
	put_at("nvme0n1", "x", 1, 5 * MiB + 100); /* neither front, middle nor end */
	expect_contents("data without a signature (not all bytes are zero)\n");
}
END_TEST

START_TEST(contents_tell_a_torn_claim)
{
	claimed();
	put_at("nvme0n1", "x", 1, 15 * MiB + 1000);
	expect_contents("a claim that does not hold: its checksum is wrong: it was torn while it "
			"was written, or written over\n");
	refused(GUARD_BLOCK, -ENOKEY,
		"'nvme0n1' has a claim that does not hold: its checksum is wrong: it was torn "
		"while it was written, or written over; look at it and claim it: blklab claim "
		"'S5XX-0001' --device /dev/nvme0n1");
}
END_TEST

START_TEST(the_iommu_must_be_on)
{
	struct device d;

	claimed();
	faked_remove("/sys/kernel/iommu_groups");
	faked_remove("/sys/devices/pci0000:00/" PCI "/iommu_group");
	refused(GUARD_PASSTHROUGH, -ENOTSUP,
		"the IOMMU is off: nothing would confine what a guest makes 'nvme0n1' write into "
		"this host's memory; switch it on in the firmware (VT-d, AMD-Vi) and boot with "
		"intel_iommu=on (AMD: on by default)");
	passes(GUARD_BLOCK);
	faked_pci("0000:00:02.0", "0x030000\n", "i915", 1);
	refused(GUARD_PASSTHROUGH, -ENOTSUP,
		"'nvme0n1' (0000:5e:00.0) is in no IOMMU group, although this host has 1: nothing "
		"confines what it writes into memory; put it into another slot");
	d = dev();
	ck_assert_int_eq(d.iommu_group, -1);
}
END_TEST

START_TEST(vfio_must_be_there)
{
	claimed();
	faked_remove("/sys/bus/pci/drivers/vfio-pci");
	refused(GUARD_PASSTHROUGH, -ENOTSUP,
		"vfio-pci, the driver that hands a device over, is neither loaded nor in "
		"/lib/modules/6.1.0-test; install a kernel with CONFIG_VFIO_PCI, with its modules");
	faked_put("/lib/modules/6.1.0-test/modules.dep", "kernel/drivers/vfio/pci/vfio-pci.ko:\n");
	passes(GUARD_PASSTHROUGH);
}
END_TEST

START_TEST(a_group_shared_with_a_device_in_use_is_refused)
{
	claimed();
	faked_pci("0000:5d:00.0", "0x060400\n", "pcieport", 12);
	faked_pci("0000:5e:00.1", "0x020000\n", "", 12);
	faked_pci("0000:5e:00.2", "0x020000\n", "vfio-pci", 12);
	passes(GUARD_PASSTHROUGH);
	faked_pci("0000:5e:00.3", "0x010802\n", "nvme", 12);
	faked_pci("0000:5e:00.4", "0x0c0330\n", "xhci_hcd", 12);
	refused(GUARD_PASSTHROUGH, -EBUSY,
		"'nvme0n1' shares its IOMMU group 12 with 0000:5e:00.3 (NVMe controller, driver "
		"nvme), 0000:5e:00.4 (USB controller, driver xhci_hcd), in use by this host: a "
		"group is handed over as a whole; put it into a slot whose group is its own "
		"(firmware with ACS), or unbind the others from their drivers if nothing needs "
		"them");
	passes(GUARD_BLOCK);
}
END_TEST

START_TEST(a_second_path_to_the_disk_is_refused)
{
	claimed();
	faked_nvme("0000:5f:00.0", 1, "OTHER", 13);
	faked_put("/sys/devices/pci0000:00/0000:5f:00.0/nvme/nvme1/nvme0c1n1/hidden", "1\n");
	refused(GUARD_PASSTHROUGH, -EBUSY,
		"'nvme0n1' has a second path by the controller nvme1 at 0000:5f:00.0: host and "
		"guest would write to one disk; unbind the other controller from its driver, too");
}
END_TEST

START_TEST(what_is_no_nvme_is_not_handed_over)
{
	struct device_name name = {.root = faked_root, .path = "/dev/vdb", .serial = "V1"};
	struct bl_err err = BL_ERR_INIT;
	struct device d;
	struct claim c;

	faked_disk("vdb", "V1\n", "254:16");
	ck_assert_int_eq(device_find(&name, &d, NULL), 0);
	ck_assert_msg(claim_write(&d, &c, &err) == 0, "%s", err.text);
	ck_assert_int_eq(guard_check(&d, "V1", GUARD_BLOCK, NULL, NULL), 0);
	ck_assert_int_eq(guard_check(&d, "V1", GUARD_PASSTHROUGH, NULL, &err), -ENOTSUP);
	ck_assert_str_eq(err.text,
			 "'vdb' is no NVMe controller of its own: it has no PCI function; "
			 "only a whole NVMe controller is handed over; take an NVMe "
			 "disk, or measure this one as a block device (storage: device)");
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
	struct device d = dev();
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
	struct device d = dev();
	struct bl_err err = BL_ERR_INIT;
	int fd = -1;

	faked_put("/sys/devices/pci0000:00/" PCI "/nvme/nvme0/serial", "OTHER-0002\n");
	ck_assert_int_eq(guard_hold(&d, &fd, &err), -ESTALE);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_BLOCK, NULL, NULL), -ESTALE);
}
END_TEST

START_TEST(a_function_is_one_runs)
{
	struct device d = dev(), none = d;
	struct bl_err err = BL_ERR_INIT;
	int one = -1, two = -1;

	ck_assert_int_eq(guard_hold_function(&d, &one, NULL), 0);
	ck_assert_int_eq(guard_hold_function(&d, &two, &err), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err.text, "is in a run of another blklab"));
	ck_assert_int_eq(two, -1);
	passes(GUARD_LOOK); /* it is no lock of the disk */
	close(one);
	ck_assert_int_eq(guard_hold_function(&d, &one, NULL), 0);
	close(one);
	none.pci[0] = '\0';
	ck_assert_int_eq(guard_hold_function(&none, &one, NULL), 0);
	ck_assert_int_eq(one, -1);
}
END_TEST

static void note_reason(void *ctx, const char *reason, const char *remedy)
{
	struct bl_buf *b = ctx;

	ck_assert_ptr_nonnull(remedy);
	bl_buf_addf(b, "%.24s\n", reason);
}

START_TEST(all_reasons_are_told_not_only_the_first)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	struct device d = dev();

	faked_put("/proc/swaps",
		  "Filename Type Size Used Priority\n/dev/nvme0n1 partition 1 0 -2\n");
	faked_pci("0000:5e:00.3", "0x010802\n", "nvme", 12);
	make_fs("nvme0n1", UUID);
	ck_assert_int_eq(guard_reasons(&d, GUARD_PASSTHROUGH, note_reason, &b), 2);
	ck_assert_str_eq(bl_buf_str(&b), "'nvme0n1' is swap of thi\n"
					 "'nvme0n1' shares its IOM\n");
	bl_buf_done(&b);
	faked_put("/proc/swaps", "Filename Type Size Used Priority\n");
	ck_assert_int_eq(guard_reasons(&d, GUARD_PASSTHROUGH, note_reason, &b), 2);
	ck_assert_str_eq(bl_buf_str(&b), "'nvme0n1' shares its IOM\n"
					 "'nvme0n1' holds what the\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guard");
	TCase *t = tcase_create("guard");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make_host, faked_drop);
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
	tcase_add_loop_test(t, the_disk_this_host_runs_from_is_refused_through_all_layers, 0,
			    BL_ARRAY_LEN(places));
	tcase_add_test(t, layers_that_never_end_are_a_refusal);
	tcase_add_test(t, a_root_without_a_disk_holds_none);
	tcase_add_test(t, a_read_only_disk_is_refused);
	tcase_add_test(t, a_partition_and_a_disk_that_went_away_are_refused);
	tcase_add_loop_test(t, a_check_that_cannot_be_made_is_a_refusal, 0, BL_ARRAY_LEN(blind));
	tcase_add_test(t, a_file_system_that_the_lab_did_not_make_is_refused);
	tcase_add_test(t, the_file_system_that_the_lab_made_passes);
	tcase_add_test(t, contents_tell_members_of_lvm);
	tcase_add_loop_test(t, contents_tell_partition_tables, 0, BL_ARRAY_LEN(tables));
	tcase_add_test(t, contents_tell_partitions_with_what_is_on_them);
	tcase_add_test(t, contents_tell_data_without_a_signature);
	tcase_add_test(t, contents_tell_a_torn_claim);
	tcase_add_test(t, the_iommu_must_be_on);
	tcase_add_test(t, vfio_must_be_there);
	tcase_add_test(t, a_group_shared_with_a_device_in_use_is_refused);
	tcase_add_test(t, a_second_path_to_the_disk_is_refused);
	tcase_add_test(t, what_is_no_nvme_is_not_handed_over);
	tcase_add_test(t, a_device_that_is_not_the_hosts_is_refused);
	tcase_add_test(t, another_programs_lock_is_refused);
	tcase_add_test(t, a_disk_is_held_only_while_it_is_the_one_that_is_meant);
	tcase_add_test(t, a_function_is_one_runs);
	tcase_add_test(t, all_reasons_are_told_not_only_the_first);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
