/* Who a disk is, found by serial, PCI address and path in faked trees. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "device.h"
#include "faked.h"
#include "mounts.h"

#define FIRST  "0000:5e:00.0"
#define SECOND "0000:5f:00.0"

static void make_two(void)
{
	faked_make();
	faked_nvme(FIRST, 0, "S5XX-0001", 12);
	faked_namespace(FIRST, 0, 1, 0);
	faked_nvme(SECOND, 1, "S5XX-0002", 13);
	faked_namespace(SECOND, 1, 1, 1);
	faked_namespace(SECOND, 1, 2, 2);
	faked_put("/sys/devices/pci0000:00/" FIRST "/numa_node", "1\n");
}

static int find(const char *pci, const char *path, const char *serial, struct device *d,
		struct bl_err *err)
{
	struct device_name name = {.root = faked_root, .pci = pci, .path = path, .serial = serial};

	*err = (struct bl_err)BL_ERR_INIT;
	return device_find(&name, d, err);
}

START_TEST(a_disk_is_found_by_its_serial_alone)
{
	struct bl_err err;
	struct device d;

	ck_assert_msg(find(NULL, NULL, "S5XX-0001", &d, &err) == 0, "%s", err.text);
	ck_assert_str_eq(d.pci, FIRST);
	ck_assert_str_eq(d.driver, "nvme");
	ck_assert(d.is_nvme);
	ck_assert_str_eq(d.controller, "nvme0");
	ck_assert_str_eq(d.block, "nvme0n1");
	ck_assert_str_eq(d.serial, "S5XX-0001");
	ck_assert_str_eq(d.model, "TEST SSD 1000");
	ck_assert_str_eq(d.firmware, "FW42");
	ck_assert_uint_eq(d.nsid, 1);
	ck_assert_uint_eq(d.size_bytes, 16u << 20);
	ck_assert_uint_eq(d.logical_block_bytes, 512);
	ck_assert_int_eq(d.iommu_group, 12);
	ck_assert_int_eq(d.numa_node, 1);
	ck_assert_ptr_nonnull(strstr(d.node, "/dev/nvme0n1"));
}
END_TEST

START_TEST(address_and_path_must_agree_with_the_serial)
{
	struct bl_err err;
	struct device d;

	faked_link("/dev/disk/by-id/nvme-TEST", "../../nvme1n2");
	ck_assert_int_eq(find("5e:00.0", NULL, "S5XX-0001", &d, &err), 0);
	ck_assert_int_eq(find(NULL, "/dev/disk/by-id/nvme-TEST", "S5XX-0002", &d, &err), 0);
	ck_assert_str_eq(d.block, "nvme1n2");
	ck_assert_int_eq(d.numa_node, -1);
	ck_assert_int_eq(find("0000:5E:00.0", NULL, "S5XX-0002", &d, &err), -ENODEV);
	ck_assert_str_eq(err.text,
			 "'nvme0n1' has the serial 'S5XX-0001', not 'S5XX-0002': this "
			 "may be another disk than the one that is meant; name the serial "
			 "that it has, if it is");
	ck_assert_int_eq(find(FIRST, "/dev/nvme1n1", "S5XX-0002", &d, &err), -ENODEV);
	ck_assert_str_eq(err.text, "'nvme1n1' hangs at '" SECOND "', not at '" FIRST
				   "'; name the one or the other");
	ck_assert_int_eq(find(FIRST, NULL, "", &d, &err), -EINVAL);
	ck_assert_str_eq(err.text,
			 "no serial was given; addresses and paths change from boot to boot, so a "
			 "disk is named by its serial (`blklab claim` lists them)");
}
END_TEST

START_TEST(what_is_not_there_is_said_with_what_is)
{
	struct bl_err err;
	struct device d;

	ck_assert_int_eq(find(NULL, NULL, "S5XX-9", &d, &err), -ENODEV);
	ck_assert_str_eq(err.text,
			 "no disk of this host has the serial 'S5XX-9'; there are: 'S5XX-0001' "
			 "(nvme0n1), 'S5XX-0002' (nvme1n1), 'S5XX-0002' (nvme1n2). A disk at "
			 "vfio-pci tells no serial: name its PCI address, too");
	ck_assert_int_eq(find("0000:01:00.0", NULL, "S5XX-0001", &d, &err), -ENODEV);
	ck_assert_ptr_nonnull(strstr(err.text, "there is no PCI function '0000:01:00.0'"));
	faked_pci("0000:02:00.0", "0x020000\n", "e1000e", 3);
	ck_assert_int_eq(find("0000:02:00.0", NULL, "S5XX-0001", &d, &err), -ENODEV);
	ck_assert_ptr_nonnull(strstr(err.text, "which is: Ethernet controller"));
	ck_assert_int_eq(find(NULL, "/dev/nvme7n1", "S5XX-0001", &d, &err), -ENODEV);
	ck_assert_int_eq(find(NULL, "/proc/swaps", "S5XX-0001", &d, &err), -ENOTBLK);
	ck_assert_int_eq(find("5e.00.0", NULL, "S5XX-0001", &d, &err), -EINVAL);
	ck_assert_str_eq(err.text, "'5e.00.0' is no PCI address; it is DOMAIN:BUS:DEVICE.FUNCTION "
				   "in hex, such as 0000:5e:00.0 or 5e:00.0 (lspci shows them)");
}
END_TEST

START_TEST(two_disks_with_one_serial_need_an_address_too)
{
	struct bl_err err;
	struct device d;

	faked_nvme("0000:60:00.0", 2, "S5XX-0001", 14);
	faked_namespace("0000:60:00.0", 2, 1, 5);
	ck_assert_int_eq(find(NULL, NULL, "S5XX-0001", &d, &err), -ENOTUNIQ);
	ck_assert_str_eq(err.text,
			 "2 disks have the serial 'S5XX-0001': 0000:5e:00.0, 0000:60:00.0; name "
			 "one of them, too, by its PCI address or path");
	ck_assert_int_eq(find("60:00.0", NULL, "S5XX-0001", &d, &err), 0);
	ck_assert_str_eq(d.block, "nvme2n1");
}
END_TEST

START_TEST(a_namespace_is_picked_by_its_number)
{
	struct device_name name = {.root = faked_root, .serial = "S5XX-0002", .nsid = 2};
	struct bl_err err = BL_ERR_INIT;
	struct device d;

	ck_assert_int_eq(device_find(&name, &d, &err), 0);
	ck_assert_str_eq(d.block, "nvme1n2");
	name.nsid = 3;
	ck_assert_int_eq(device_find(&name, &d, &err), -ENODEV);
	ck_assert_str_eq(err.text, "the controller at '" SECOND "' has no namespace 3; it has "
				   "nvme1n1 nvme1n2: name one of them");
}
END_TEST

START_TEST(a_partition_is_no_disk)
{
	struct bl_err err;
	struct device d;

	faked_partition(FIRST, 0, 1, 1, 7);
	ck_assert_int_eq(find(NULL, "/dev/nvme0n1p1", "S5XX-0001", &d, &err), -ENOTBLK);
	ck_assert_str_eq(err.text, "'nvme0n1p1' is a partition of 'nvme0n1'; the lab takes whole "
				   "disks: name /dev/nvme0n1");
}
END_TEST

START_TEST(a_controller_at_vfio_is_found_by_its_address_only)
{
	struct bl_err err;
	struct device d;

	faked_pci("0000:61:00.0", "0x010802\n", "vfio-pci", 15);
	ck_assert_msg(find("61:00.0", NULL, "ANY", &d, &err) == 0, "%s", err.text);
	ck_assert_str_eq(d.driver, "vfio-pci");
	ck_assert_str_eq(d.serial, "");
	ck_assert_str_eq(d.block, "");
	ck_assert(d.is_nvme);
}
END_TEST

/* nvme_core.multipath=Y: the disk lies below the subsystem, the controller has a hidden path. */
START_TEST(a_namespace_of_a_subsystem_is_traced_to_its_function)
{
	struct bl_err err;
	struct device d;
	BL_CLEANUP(bl_freep) char *names = NULL;

	faked_nvme("0000:62:00.0", 3, "MP-1", 16);
	faked_put("/sys/devices/pci0000:00/0000:62:00.0/nvme/nvme3/nvme9c3n1/hidden", "1\n");
	faked_link("/sys/class/block/nvme9c3n1",
		   "../../devices/pci0000:00/0000:62:00.0/nvme/nvme3/nvme9c3n1");
	faked_put("/sys/devices/virtual/nvme-subsystem/nvme-subsys9/nvme9n1/size", "2048\n");
	faked_put("/sys/devices/virtual/nvme-subsystem/nvme-subsys9/nvme9n1/nsid", "1\n");
	faked_link("/sys/devices/virtual/nvme-subsystem/nvme-subsys9/nvme9n1/device",
		   "../../nvme-subsys9");
	faked_link("/sys/devices/virtual/nvme-subsystem/nvme-subsys9/nvme3",
		   "../../../pci0000:00/0000:62:00.0/nvme/nvme3");
	faked_link("/sys/class/block/nvme9n1",
		   "../../devices/virtual/nvme-subsystem/nvme-subsys9/nvme9n1");
	ck_assert_msg(find(NULL, NULL, "MP-1", &d, &err) == 0, "%s", err.text);
	ck_assert_str_eq(d.block, "nvme9n1");
	ck_assert_uint_eq(d.nsid, 1);
	ck_assert_str_eq(d.pci, "0000:62:00.0");
	/* A second path, which is not the first although its name sorts so: interrupts are counted
	 * by the same rule. */
	faked_nvme("0000:63:00.0", 10, "MP-1", 17);
	faked_put("/sys/devices/pci0000:00/0000:63:00.0/nvme/nvme10/nvme9c10n1/hidden", "1\n");
	faked_link("/sys/devices/virtual/nvme-subsystem/nvme-subsys9/nvme10",
		   "../../../pci0000:00/0000:63:00.0/nvme/nvme10");
	ck_assert_msg(find("62:00.0", NULL, "MP-1", &d, &err) == 0, "%s", err.text);
	ck_assert_str_eq(d.block, "nvme9n1");
	ck_assert_str_eq(d.pci, "0000:62:00.0");
	names = device_namespaces(faked_root, d.pci);
	ck_assert_str_eq(names, "nvme9n1");
}
END_TEST

START_TEST(a_namespace_is_known_by_its_whole_name)
{
	faked_namespace(SECOND, 1, 12, 3); /* nvme1n12 */
	ck_assert(device_has_namespace(faked_root, SECOND, "nvme1n1"));
	ck_assert(device_has_namespace(faked_root, SECOND, "nvme1n12"));
	faked_remove("/sys/devices/pci0000:00/" SECOND "/nvme/nvme1/nvme1n1");
	ck_assert(!device_has_namespace(faked_root, SECOND, "nvme1n1"));
	ck_assert(!device_has_namespace(faked_root, FIRST, "nvme1n12"));
}
END_TEST

START_TEST(a_scsi_serial_is_read_from_its_vpd_page)
{
	static const char page[] = "\0\x80\0\x0cVPD-0001    ";
	struct bl_err err;
	struct device d;

	faked_disk("sdx", "", "8:368");
	faked_put_bytes("/sys/devices/platform/sdx/device/vpd_pg80", page, sizeof page - 1);
	ck_assert_msg(find(NULL, NULL, "VPD-0001", &d, &err) == 0, "%s", err.text);
	ck_assert_str_eq(d.block, "sdx");
	ck_assert_str_eq(d.pci, "");
	ck_assert(!d.is_nvme);
}
END_TEST

/* IDENTIFY DEVICE has two characters a word, the first in the upper byte: "SXPTER0Q". */
START_TEST(the_firmware_of_an_ata_disk_is_whole)
{
	unsigned char page[572] = {0, 0x89, 2, 0x38};
	struct device d;

	faked_disk("sdx", "", "8:368");
	faked_put("/sys/devices/platform/sdx/device/rev", "ER0Q\n");
	device_look(faked_root, "sdx", &d);
	ck_assert_str_eq(d.firmware, "ER0Q");
	memcpy(page + 60 + 46, "XSTPRE Q", 8);
	faked_put_bytes("/sys/devices/platform/sdx/device/vpd_pg89", page, sizeof page);
	device_look(faked_root, "sdx", &d);
	ck_assert_str_eq(d.firmware, "SXPTERQ");
	faked_put_bytes("/sys/devices/platform/sdx/device/vpd_pg89", page, 110); /* cut short */
	device_look(faked_root, "sdx", &d);
	ck_assert_str_eq(d.firmware, "ER0Q");
}
END_TEST

START_TEST(a_disk_that_tells_no_serial_is_refused)
{
	struct bl_err err;
	struct device d;

	faked_disk("sdx", "", "8:368");
	ck_assert_int_eq(find(NULL, "/dev/sdx", "S5XX-0001", &d, &err), -ENODEV);
	ck_assert_str_eq(err.text, "'sdx' tells no serial, so it can't be proved to be "
				   "'S5XX-0001'; the lab takes only disks that have one");
}
END_TEST

START_TEST(the_list_has_hardware_only)
{
	struct device *items = NULL;
	size_t n = 0;

	faked_put("/sys/devices/virtual/block/loop0/size", "0\n");
	faked_link("/sys/class/block/loop0", "../../devices/virtual/block/loop0");
	faked_put("/sys/devices/virtual/block/bcache0/size", "0\n");
	faked_link("/sys/class/block/bcache0", "../../devices/virtual/block/bcache0");
	faked_partition(FIRST, 0, 1, 1, 7);
	faked_pci("0000:61:00.0", "0x010802\n", "vfio-pci", 15);
	ck_assert_int_eq(device_list(faked_root, &items, &n, NULL), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_str_eq(items[0].block, "nvme0n1");
	ck_assert_str_eq(items[3].block, "sda");
	ck_assert_str_eq(items[4].pci, "0000:61:00.0");
	free(items);
}
END_TEST

START_TEST(msix_vectors_come_from_the_capability)
{
	unsigned char config[256] = {[0x06] = 0x10, [0x34] = 0x40, [0x40] = 0x01, [0x41] = 0x50,
				     [0x50] = 0x11, [0x52] = 0x40, [0x53] = 0x80};

	ck_assert_uint_eq(device_msix_vectors(faked_root, FIRST), 0);
	faked_put_bytes("/sys/devices/pci0000:00/" FIRST "/config", config, sizeof config);
	ck_assert_uint_eq(device_msix_vectors(faked_root, FIRST), 65);
	config[0x41] = 0x40; /* a list that goes round ends */
	faked_put_bytes("/sys/devices/pci0000:00/" FIRST "/config", config, sizeof config);
	ck_assert_uint_eq(device_msix_vectors(faked_root, FIRST), 0);
	faked_put_bytes("/sys/devices/pci0000:00/" FIRST "/config", config, 64);
	ck_assert_uint_eq(device_msix_vectors(faked_root, FIRST), 0);
}
END_TEST

static void note_disk(void *ctx, const char *disk)
{
	strcat(ctx, disk);
	strcat(ctx, " ");
}

START_TEST(all_branches_below_a_mount_are_followed)
{
	char disks[256] = "", block[BLOCK_NAME_MAX];
	struct mount m = {0};

	faked_partition(FIRST, 0, 1, 1, 7);
	faked_put("/proc/self/mountinfo", "22 1 253:0 / / rw - ext4 /dev/mapper/vg-root rw\n"
					  "23 22 7:0 / /boot rw - ext4 /dev/loop0 rw\n");
	faked_link("/sys/devices/virtual/block/dm-0/slaves/md0", "../../md0");
	faked_link("/sys/devices/virtual/block/md0/slaves/nvme0n1p1", "../x");
	faked_link("/sys/devices/virtual/block/md0/slaves/nvme1n1", "../y");
	faked_put("/sys/devices/virtual/block/loop0/loop/backing_file", "/boot.img\n");
	faked_link("/sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
	faked_link("/sys/class/block/md0", "../../devices/virtual/block/md0");
	faked_link("/sys/class/block/loop0", "../../devices/virtual/block/loop0");
	faked_link("/sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
	faked_link("/sys/dev/block/7:0", "../../devices/virtual/block/loop0");
	ck_assert_int_eq(mount_find(faked_root, "/boot/efi", &m), 0);
	ck_assert(mount_block(faked_root, &m, block));
	ck_assert_str_eq(block, "loop0");
	ck_assert_int_eq(block_disks_below(faked_root, block, note_disk, disks), 0);
	ck_assert_str_eq(disks, "nvme0n1 nvme1n1 ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("device");
	TCase *t = tcase_create("device");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make_two, faked_drop);
	tcase_add_test(t, a_disk_is_found_by_its_serial_alone);
	tcase_add_test(t, address_and_path_must_agree_with_the_serial);
	tcase_add_test(t, what_is_not_there_is_said_with_what_is);
	tcase_add_test(t, two_disks_with_one_serial_need_an_address_too);
	tcase_add_test(t, a_namespace_is_picked_by_its_number);
	tcase_add_test(t, a_partition_is_no_disk);
	tcase_add_test(t, a_controller_at_vfio_is_found_by_its_address_only);
	tcase_add_test(t, a_namespace_of_a_subsystem_is_traced_to_its_function);
	tcase_add_test(t, a_namespace_is_known_by_its_whole_name);
	tcase_add_test(t, the_firmware_of_an_ata_disk_is_whole);
	tcase_add_test(t, a_scsi_serial_is_read_from_its_vpd_page);
	tcase_add_test(t, a_disk_that_tells_no_serial_is_refused);
	tcase_add_test(t, the_list_has_hardware_only);
	tcase_add_test(t, msix_vectors_come_from_the_capability);
	tcase_add_test(t, all_branches_below_a_mount_are_followed);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
