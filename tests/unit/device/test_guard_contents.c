/* What is on a disk, and may its controller leave the host? Every refusal with its words, on faked
 * hosts whose disks are images that libblkid reads for real. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "guarded.h"
#include "proc.h"
#include "units.h"

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

#define UUID "01234567-89ab-4def-8123-456789abcdef"

START_TEST(a_file_system_that_the_lab_did_not_make_is_refused)
{
	faked_claim();
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
	struct device d = faked_find();
	struct claim c;

	faked_claim();
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
	faked_write_at("nvme0n1", sector, 512, 512);
}

static void expect_contents(const char *want)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	struct device d = faked_find();
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

#define ZFS_DISK_BYTES (64 * MiB) /* libblkid looks for none on a smaller disk */

/* A ZFS pool that has been written to for a while, on sectors of @sector_bytes: 4 labels of 256
 * KiB, 2 at each end; the upper half of a label is a ring of uberblocks (OpenZFS's vdev_impl.h and
 * uberblock_impl.h: magic, version, transaction group, sum of the GUIDs, time). */
static void put_zfs_member(uint64_t sector_bytes)
{
	static const uint64_t labels[] = {0, 256 * KiB, ZFS_DISK_BYTES - 512 * KiB,
					  ZFS_DISK_BYTES - 256 * KiB};
	uint64_t slot_bytes = sector_bytes < KiB ? KiB : sector_bytes;
	uint64_t uberblock[] = {0x00bab10c, 5000, 1000, 42, 1700000000};

	faked_put(NS1 "/size", "131072\n");
	faked_write_at("nvme0n1", "", 1, ZFS_DISK_BYTES - 1);
	for (size_t i = 0; i < BL_ARRAY_LEN(labels); i++)
		for (uint64_t at = 128 * KiB; at < 256 * KiB; at += slot_bytes) {
			uberblock[2]++;
			faked_write_at("nvme0n1", uberblock, sizeof uberblock,
				       (off_t)(labels[i] + at));
		}
}

static const uint64_t zfs_sectors[] = {4096, 512};

START_TEST(contents_tell_members_of_zfs_and_a_claim_wipes_them)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	struct device d;
	struct claim c;

	put_zfs_member(zfs_sectors[_i]);
	d = faked_find();
	expect_contents("zfs_member\n");
	refused(GUARD_BLOCK, -EEXIST,
		"'nvme0n1' holds what the lab did not write: zfs_member; it would be overwritten; "
		"if nobody needs that, have it wiped: blklab claim 'S5XX-0001' --device "
		"/dev/nvme0n1");
	c = faked_claim();
	ck_assert_str_eq(c.had, "zfs_member");
	ck_assert_int_eq(guard_contents(&d, &text, NULL), 0);
	ck_assert_msg(strncmp(text, "claim of this lab, made ", 24) == 0, "%s", text);
	passes(GUARD_BLOCK);
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
	faked_write_at("nvme0n1", mbr, 512, 0);
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
	faked_write_at("nvme0n1", ones, sizeof ones, 0);
	expect_contents("");
	faked_write_at("nvme0n1", "x", 1, 5 * MiB + 100); /* neither front, middle nor end */
	expect_contents("data without a signature (not all bytes are zero)\n");
}
END_TEST

START_TEST(contents_tell_a_torn_claim)
{
	faked_claim();
	faked_write_at("nvme0n1", "x", 1, 15 * MiB + 1000);
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

	faked_claim();
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
	d = faked_find();
	ck_assert_int_eq(d.iommu_group, -1);
}
END_TEST

START_TEST(vfio_must_be_there)
{
	faked_claim();
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
	faked_claim();
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
	faked_claim();
	faked_nvme("0000:5f:00.0", 1, "OTHER", 13);
	faked_put("/sys/devices/pci0000:00/0000:5f:00.0/nvme/nvme1/nvme0c1n1/hidden", "1\n");
	refused(GUARD_PASSTHROUGH, -EBUSY,
		"'nvme0n1' has a second path by the controller nvme1 at 0000:5f:00.0: host and "
		"guest would write to one disk; unbind the other controller from its driver, too");
}
END_TEST

START_TEST(paths_and_namespaces_that_cannot_be_told_are_a_refusal)
{
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;

	faked_claim();
	passes(GUARD_PASSTHROUGH);
	faked_remove("/sys/class/nvme");
	faked_put("/sys/class/nvme", "");
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_PASSTHROUGH, NULL, &err), -EIO);
	ck_assert_str_eq(err.text, "'nvme0n1': can't tell whether it has a second path: Not a "
				   "directory; look into /sys/class/nvme");
	err = (struct bl_err)BL_ERR_INIT;
	faked_put("/sys/devices/empty/uevent", "");
	faked_link("/sys/bus/pci/devices/" PCI, "../../../devices/empty");
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_PASSTHROUGH, NULL, &err), -EIO);
	ck_assert_msg(strstr(err.text, "can't tell which namespaces its controller "
				       "'0000:5e:00.0' has: it is not listed itself") != NULL,
		      "%s", err.text);
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

static void note_reason(void *ctx, const char *reason, const char *remedy)
{
	struct bl_buf *b = ctx;

	ck_assert_ptr_nonnull(remedy);
	bl_buf_addf(b, "%.24s\n", reason);
}

START_TEST(all_reasons_are_told_not_only_the_first)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	struct device d = faked_find();

	faked_put("/proc/swaps",
		  "Filename Type Size Used Priority\n/dev/nvme0n1 partition 1 0 -2\n");
	faked_pci("0000:5e:00.3", "0x010802\n", "nvme", 12);
	make_fs("nvme0n1", UUID);
	ck_assert_int_eq(guard_reasons(&d, note_reason, &b), 2);
	ck_assert_str_eq(bl_buf_str(&b), "'nvme0n1' is swap of thi\n"
					 "'nvme0n1' shares its IOM\n");
	bl_buf_done(&b);
	faked_put("/proc/swaps", "Filename Type Size Used Priority\n");
	ck_assert_int_eq(guard_reasons(&d, note_reason, &b), 2);
	ck_assert_str_eq(bl_buf_str(&b), "'nvme0n1' shares its IOM\n"
					 "'nvme0n1' holds what the\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("contents");
	TCase *t = tcase_create("contents");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, faked_one_disk, faked_drop);
	tcase_set_timeout(t, 120); /* a pool of ZFS is wiped with a flush for each uberblock */
	tcase_add_test(t, a_file_system_that_the_lab_did_not_make_is_refused);
	tcase_add_test(t, the_file_system_that_the_lab_made_passes);
	tcase_add_test(t, contents_tell_members_of_lvm);
	tcase_add_loop_test(t, contents_tell_members_of_zfs_and_a_claim_wipes_them, 0,
			    BL_ARRAY_LEN(zfs_sectors));
	tcase_add_loop_test(t, contents_tell_partition_tables, 0, BL_ARRAY_LEN(tables));
	tcase_add_test(t, contents_tell_partitions_with_what_is_on_them);
	tcase_add_test(t, contents_tell_data_without_a_signature);
	tcase_add_test(t, contents_tell_a_torn_claim);
	tcase_add_test(t, the_iommu_must_be_on);
	tcase_add_test(t, vfio_must_be_there);
	tcase_add_test(t, a_group_shared_with_a_device_in_use_is_refused);
	tcase_add_test(t, a_second_path_to_the_disk_is_refused);
	tcase_add_test(t, paths_and_namespaces_that_cannot_be_told_are_a_refusal);
	tcase_add_test(t, what_is_no_nvme_is_not_handed_over);
	tcase_add_test(t, all_reasons_are_told_not_only_the_first);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
