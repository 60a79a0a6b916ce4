/* May this block device be overwritten? A faked /proc and /sys around a plain image file, whose
 * signatures libblkid reads for real; and a loop device where the host has one. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "guard.h"
#include "proc.h"
#include "units.h"

static char root[64];
static char node[128];

static void put(const char *path, const char *text)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s/%s", root, path);
	BL_CLEANUP(bl_freep) char *dir = strdup(full);

	*strrchr(dir, '/') = '\0';
	ck_assert_int_eq(bl_mkdir_p(dir, NULL), 0);
	ck_assert_int_eq(bl_write_file(full, text, strlen(text), NULL), 0);
}

static void make_host(void)
{
	strcpy(root, "/tmp/blklab-guard-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(node, sizeof node, "%s/sdx", root);
	put("sys/class/block/sdx/ro", "0\n");
	put("sys/class/block/sdx/dev", "8:368\n");
	put("sys/class/block/sdx/serial", "S5XX-0001  \n");
	put("sys/class/block/sdx/holders/.keep", "");
	put("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/sdy\tpartition\t1\t0\t-2\n");
	put("proc/self/mountinfo", "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
	put("sdx", "");
	ck_assert_int_eq(truncate(node, 16 * MiB), 0);
}

static void drop_host(void)
{
	ck_assert_int_eq(bl_remove_tree(root, NULL), 0);
}

static int check(const char *serial, struct bl_err *err)
{
	struct guard_device dev = {.root = root, .name = "sdx", .node = node, .serial = serial};

	*err = (struct bl_err)BL_ERR_INIT;
	return guard_check(&dev, err);
}

static void refused(int code, const char *says)
{
	struct bl_err err;

	ck_assert_int_eq(check("S5XX-0001", &err), code);
	ck_assert_msg(strstr(err.text, says) != NULL, "'%s' does not say '%s'", err.text, says);
}

START_TEST(an_empty_unused_disk_named_by_its_serial_may_be_written)
{
	struct bl_err err;

	ck_assert_msg(check("S5XX-0001", &err) == 0, "%s", err.text);
}
END_TEST

START_TEST(a_disk_without_its_serial_in_the_scenario_is_refused)
{
	struct bl_err err;

	ck_assert_int_eq(check(NULL, &err), -EPERM);
	ck_assert_int_eq(check("", &err), -EPERM);
	ck_assert_int_eq(check("S5XX", &err), -EPERM);
	ck_assert_str_eq(err.text, "'sdx' has the serial 'S5XX-0001'; the scenario says 'S5XX'");
}
END_TEST

START_TEST(a_disk_that_tells_no_serial_is_refused)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/sys/class/block/sdx/serial", root);

	unlink(path);
	refused(-EPERM, "tells no serial");
}
END_TEST

START_TEST(a_scsi_serial_is_read_from_its_vpd_page)
{
	static const char page[] = "\0\x80\0\x0cS5XX-0001   ";
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/sys/class/block/sdx/serial", root);
	BL_CLEANUP(bl_freep) char *vpd = bl_strf("%s/sys/class/block/sdx/device/vpd_pg80", root);
	struct bl_err err;

	unlink(path);
	put("sys/class/block/sdx/device/x", "");
	ck_assert_int_eq(bl_write_file(vpd, page, sizeof page - 1, NULL), 0);
	ck_assert_msg(check("S5XX-0001", &err) == 0, "%s", err.text);
}
END_TEST

START_TEST(a_mounted_disk_is_refused_by_its_number)
{
	put("proc/self/mountinfo",
	    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 8:368 / /srv rw - ext4 /dev/root rw\n");
	refused(-EBUSY, "'sdx' is mounted at '/srv'");
}
END_TEST

START_TEST(a_mounted_partition_is_refused_by_its_source)
{
	put("proc/self/mountinfo", "30 22 0:44 / /pool rw - btrfs /dev/sdx2 rw\n");
	refused(-EBUSY, "'sdx' is mounted at '/pool'");
}
END_TEST

START_TEST(another_disk_whose_name_begins_alike_does_not_count)
{
	struct bl_err err;

	put("proc/self/mountinfo", "30 22 65:1 / /srv rw - ext4 /dev/sdxa1 rw\n");
	ck_assert_msg(check("S5XX-0001", &err) == 0, "%s", err.text);
}
END_TEST

START_TEST(swap_on_it_is_refused)
{
	put("proc/swaps", "Filename Type Size Used Priority\n/dev/sdx1 partition 1 0 -2\n");
	refused(-EBUSY, "in use as swap");
}
END_TEST

START_TEST(a_holder_is_named)
{
	put("sys/class/block/sdx/holders/dm-3", "");
	put("sys/class/block/dm-3/dm/name", "vg0-root\n");
	put("sys/class/block/dm-3/dm/uuid", "LVM-abcdef\n");
	refused(-EBUSY, "'sdx' is held by dm-3 (device mapper 'vg0-root', LVM-abcdef)");
}
END_TEST

START_TEST(partitions_that_the_kernel_knows_are_refused)
{
	put("sys/class/block/sdx/sdx1/partition", "1\n");
	refused(-EEXIST, "'sdx' has a partition, sdx1");
}
END_TEST

START_TEST(a_partition_itself_is_refused)
{
	put("sys/class/block/sdx/partition", "1\n");
	refused(-ENOTBLK, "name a whole disk");
}
END_TEST

START_TEST(a_read_only_disk_is_refused)
{
	put("sys/class/block/sdx/ro", "1\n");
	refused(-EROFS, "'sdx' is read-only");
}
END_TEST

START_TEST(a_check_that_cannot_be_made_is_a_refusal)
{
	BL_CLEANUP(bl_freep) char *swaps = bl_strf("%s/proc/swaps", root);

	unlink(swaps);
	refused(-ENOENT, "cannot tell whether it is swap");
}
END_TEST

static const struct {
	const char *argv[8]; /* NODE stands for the image */
	const char *says;
} signatures[] = {
	{{"/sbin/mkfs.ext4", "-q", "-F", "-L", "precious", "NODE"},
	 "holds ext4 (filesystem, label precious)"},
	{{"/sbin/mkswap", "NODE"}, "holds swap"},
};

START_TEST(signatures_are_found_by_libblkid)
{
	const char *argv[9] = {NULL};

	for (unsigned i = 0; i < 8 && signatures[_i].argv[i]; i++)
		argv[i] = strcmp(signatures[_i].argv[i], "NODE") ? signatures[_i].argv[i] : node;
	ck_assert_int_eq(bl_proc_run(argv, NULL, 0, NULL, NULL, 10 * NS_PER_S, NULL), 0);
	refused(-EEXIST, signatures[_i].says);
}
END_TEST

/* A master boot record with one partition (type, first sector 2048, 8192 sectors). */
static const struct {
	unsigned char type;
	const char *says;
} tables[] = {
	{0x83, "has a dos partition table"},
	{0xee, "has a PMBR partition table"}, /* the front of a GPT whose rest is damaged */
};

START_TEST(a_partition_table_is_refused)
{
	unsigned char mbr[512] = {
		[447] = 0,   [450] = tables[_i].type, [455] = 8, [459] = 0x20, [510] = 0x55,
		[511] = 0xaa};
	int fd = open(node, O_WRONLY);

	mbr[454] = tables[_i].type == 0xee ? 1 : 0;
	mbr[455] = tables[_i].type == 0xee ? 0 : 8;
	ck_assert_int_eq(pwrite(fd, mbr, 512, 0), 512);
	close(fd);
	refused(-EEXIST, tables[_i].says);
}
END_TEST

START_TEST(an_lvm_member_is_refused)
{
	/* A physical volume's label in sector 1: lvm2's format_text/layout.h and label.h. The CRC
	 * is over the rest of the sector; libblkid checks it. */
	unsigned char sector[512] = "LABELONE";
	int fd = open(node, O_WRONLY);
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
	ck_assert_int_eq(pwrite(fd, sector, 512, 512), 512);
	close(fd);
	refused(-EEXIST, "holds LVM2_member (raid)");
}
END_TEST

START_TEST(a_real_loop_device_is_refused_for_want_of_a_serial)
{
	int control = open("/dev/loop-control", O_RDWR), loop, file, n;
	struct bl_err err = BL_ERR_INIT;
	char path[64];

	n = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	snprintf(path, sizeof path, "/dev/loop%d", n);
	loop = n < 0 ? -1 : open(path, O_RDWR);
	file = open(node, O_RDWR);
	if (loop < 0 || ioctl(loop, LOOP_SET_FD, file) < 0) {
		fprintf(stderr, "no loop device here: not tested on one\n");
		return;
	}
	ck_assert_int_eq(guard_block_device(path, "S5XX-0001", &err), -EPERM);
	ioctl(loop, LOOP_CLR_FD);
	ck_assert_ptr_nonnull(strstr(err.text, "tells no serial"));
}
END_TEST

START_TEST(a_file_is_no_block_device)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(guard_block_device(node, "S5XX-0001", &err), -ENOTBLK);
	ck_assert_int_eq(guard_block_device("/dev/nothing-here", "S5XX-0001", NULL), -ENODEV);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guard");
	TCase *t = tcase_create("guard");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make_host, drop_host);
	tcase_add_test(t, an_empty_unused_disk_named_by_its_serial_may_be_written);
	tcase_add_test(t, a_disk_without_its_serial_in_the_scenario_is_refused);
	tcase_add_test(t, a_disk_that_tells_no_serial_is_refused);
	tcase_add_test(t, a_scsi_serial_is_read_from_its_vpd_page);
	tcase_add_test(t, a_mounted_disk_is_refused_by_its_number);
	tcase_add_test(t, a_mounted_partition_is_refused_by_its_source);
	tcase_add_test(t, another_disk_whose_name_begins_alike_does_not_count);
	tcase_add_test(t, swap_on_it_is_refused);
	tcase_add_test(t, a_holder_is_named);
	tcase_add_test(t, partitions_that_the_kernel_knows_are_refused);
	tcase_add_test(t, a_partition_itself_is_refused);
	tcase_add_test(t, a_read_only_disk_is_refused);
	tcase_add_test(t, a_check_that_cannot_be_made_is_a_refusal);
	tcase_add_loop_test(t, signatures_are_found_by_libblkid, 0, BL_ARRAY_LEN(signatures));
	tcase_add_loop_test(t, a_partition_table_is_refused, 0, BL_ARRAY_LEN(tables));
	tcase_add_test(t, an_lvm_member_is_refused);
	tcase_add_test(t, a_real_loop_device_is_refused_for_want_of_a_serial);
	tcase_add_test(t, a_file_is_no_block_device);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
