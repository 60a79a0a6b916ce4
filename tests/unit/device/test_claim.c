/* The lab's mark on a disk: on an image in a faked tree, and on a loop device where there is one.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "guarded.h"
#include "loops.h"
#include "proc.h"
#include "units.h"

START_TEST(a_claim_is_read_back_as_it_was_written)
{
	struct device d = faked_find();
	struct claim c, back;

	ck_assert_int_eq(claim_read(&d, &back, NULL), 0);
	ck_assert(!back.is_there);
	ck_assert_str_eq(back.why_not, "");
	c = faked_claim();
	ck_assert_int_eq(claim_read(&d, &back, NULL), 0);
	ck_assert(back.is_there);
	ck_assert_str_eq(back.id, c.id);
	ck_assert_str_eq(back.serial, SERIAL);
	ck_assert_uint_eq(back.size_bytes, 16 * MiB);
	ck_assert_uint_eq(back.made_ms, c.made_ms);
	ck_assert_str_eq(back.host, c.host);
	ck_assert_str_eq(back.had, "");
	ck_assert_uint_eq(strlen(back.id), 36);
	ck_assert(strncmp(back.id, back.fs_uuid, 35) == 0 && strcmp(back.id, back.fs_uuid) != 0);
}
END_TEST

START_TEST(the_bytes_before_it_are_the_jobs_and_stay)
{
	static char before[15 * MiB], after[15 * MiB];
	struct device d = faked_find();
	struct claim c;
	int fd = open(d.node, O_RDWR);

	ck_assert_uint_eq(claim_usable_bytes(d.size_bytes), sizeof before);
	ck_assert_uint_eq(claim_usable_bytes(16 * MiB + 512), sizeof before);
	ck_assert_uint_eq(claim_usable_bytes(2 * MiB - 1), 0);
	memset(before, 0xa5, sizeof before);
	ck_assert_int_eq(pwrite(fd, before, sizeof before, 0), (ssize_t)sizeof before);
	c = faked_claim();
	ck_assert_int_eq(pread(fd, after, sizeof after, 0), (ssize_t)sizeof after);
	ck_assert(memcmp(before, after, sizeof before) == 0);
	ck_assert_int_eq(pwrite(fd, after, sizeof after, 0), (ssize_t)sizeof after);
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	ck_assert(c.is_there);
	ck_assert_str_eq(c.had, "data without a signature (not all bytes are zero)");
	close(fd);
}
END_TEST

START_TEST(a_claim_holds_for_one_serial_and_one_size)
{
	struct device d = faked_find();
	struct claim c;

	c = faked_claim();
	strcpy(d.serial, "OTHER");
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	ck_assert(!c.is_there);
	ck_assert_str_eq(c.why_not, "it is for the serial 'S5XX-0001', and this disk has 'OTHER': "
				    "it came with copied data");
	d = faked_find();
	d.size_bytes += 512; /* rounds to the same place */
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	ck_assert(!c.is_there);
	ck_assert_str_eq(c.why_not, "it is for a disk of 16777216 bytes, and this one has "
				    "16777728: the namespace was made anew");
}
END_TEST

START_TEST(every_changed_byte_ends_it)
{
	static const int at[] = {0, 20, 2000, 4078, 4095};
	struct device d = faked_find();
	struct claim c;
	char byte;
	int fd = open(d.node, O_RDWR);

	c = faked_claim();
	for (size_t i = 0; i < BL_ARRAY_LEN(at); i++) {
		off_t place = 15 * MiB + at[i];

		ck_assert_int_eq(pread(fd, &byte, 1, place), 1);
		byte ^= 1;
		ck_assert_int_eq(pwrite(fd, &byte, 1, place), 1);
		ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
		ck_assert_msg(!c.is_there, "byte %d", at[i]);
		byte ^= 1;
		ck_assert_int_eq(pwrite(fd, &byte, 1, place), 1);
	}
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	ck_assert(c.is_there);
	close(fd);
}
END_TEST

START_TEST(it_is_taken_off_again)
{
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;
	struct claim c;

	ck_assert_int_eq(claim_remove(&d, &err), -ENOKEY);
	ck_assert_str_eq(err.text,
			 "'nvme0n1' has no claim of this lab; there is nothing to take off");
	c = faked_claim();
	ck_assert_int_eq(claim_remove(&d, NULL), 0);
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	ck_assert(!c.is_there);
}
END_TEST

/* A GPT, over whose front a file system is made: what is left of it is the copy at the end. */
static void format(const char *node)
{
	const char *table[] = {"/sbin/sfdisk", "-q", "--no-reread", "--wipe", "never", node, NULL};
	const char *fs[] = {"/sbin/mkfs.ext4", "-q", "-F", "-L", "old", node, "10M", NULL};
	static const char script[] = "label: gpt\nsize=2MiB\n";

	ck_assert_int_eq(
		bl_proc_run(table, script, sizeof script - 1, NULL, NULL, 10 * NS_PER_S, NULL), 0);
	ck_assert_int_eq(bl_proc_run(fs, NULL, 0, NULL, NULL, 10 * NS_PER_S, NULL), 0);
}

START_TEST(claiming_wipes_file_systems_and_both_copies_of_a_gpt)
{
	BL_CLEANUP(bl_freep) char *was = NULL;
	BL_CLEANUP(bl_freep) char *now = NULL;
	struct device d = faked_find();
	struct claim c;

	format(d.node);
	ck_assert_int_eq(guard_contents(&d, &was, NULL), 0);
	ck_assert_ptr_nonnull(strstr(was, "ext4, label 'old', UUID "));
	ck_assert_ptr_nonnull(strstr(was, "GPT partition table\n"));
	c = faked_claim();
	ck_assert_int_eq(guard_contents(&d, &now, NULL), 0);
	ck_assert_msg(strncmp(now, "claim of this lab, made ", 24) == 0, "%s", now);
	ck_assert_ptr_nonnull(strstr(c.had, "ext4, label 'old'"));
	ck_assert_ptr_null(strchr(c.had, '\n'));
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_BLOCK, NULL, NULL), 0);
}
END_TEST

START_TEST(a_disk_in_use_is_not_claimed)
{
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;
	struct claim c;

	faked_put("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
					  "30 22 259:0 / /srv rw - ext4 /dev/nvme0n1 rw\n");
	ck_assert_int_eq(claim_write(&d, &c, &err), -EBUSY);
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	ck_assert(!c.is_there);
}
END_TEST

START_TEST(a_disk_too_small_for_a_claim_is_refused)
{
	struct device d;
	struct bl_err err = BL_ERR_INIT;
	struct claim c;

	faked_put(NS1 "/size", "2048\n");
	d = faked_find();
	ck_assert_int_eq(claim_write(&d, &c, &err), -ENOSPC);
	ck_assert_str_eq(err.text, "'nvme0n1' has 1048576 bytes; a claim needs a disk of at least "
				   "2097152: take a larger one");
}
END_TEST

/* The claim would have another serial, and not fit. */
START_TEST(a_serial_that_is_no_text_is_not_claimed)
{
	struct bl_err err = BL_ERR_INIT;
	struct device d;
	struct claim c;
	int fd;
	char byte = 'x';

	faked_put("/sys/devices/pci0000:00/" PCI "/nvme/nvme0/serial", "S5XX-\xe9 1\n");
	ck_assert_int_eq(
		device_find(&(struct device_name){.root = faked_root, .serial = "S5XX-\xe9 1"}, &d,
			    NULL),
		0);
	fd = open(d.node, O_RDWR);
	ck_assert_int_eq(pwrite(fd, &byte, 1, 15 * MiB), 1);
	ck_assert_int_eq(claim_write(&d, &c, &err), -EILSEQ);
	ck_assert_str_eq(err.text, "the serial of 'nvme0n1' has the byte 0xe9; a claim holds a "
				   "serial of printable ASCII only: take another disk");
	ck_assert_int_eq(pread(fd, &byte, 1, 15 * MiB), 1);
	ck_assert_int_eq(byte, 'x'); /* nothing was written */
	close(fd);
}
END_TEST

/* Between the look at it and a person's answer the controllers came back with other names. */
START_TEST(a_name_that_became_another_disks_is_not_claimed)
{
	struct device was = faked_find();
	struct bl_err err = BL_ERR_INIT;
	struct claim c;

	faked_put("/sys/devices/pci0000:00/" PCI "/nvme/nvme0/serial", "OTHER-0002\n");
	ck_assert_int_eq(claim_write(&was, &c, &err), -ESTALE);
	ck_assert_msg(strstr(err.text, "is now another one (serial 'OTHER-0002')") != NULL, "%s",
		      err.text);
	ck_assert_int_eq(claim_read(&was, &c, NULL), 0);
	ck_assert(!c.is_there);
	faked_remove("/sys/class/block/nvme0n1");
	ck_assert_int_eq(claim_write(&was, &c, NULL), -ENODEV);
}
END_TEST

/* The kernel's side: O_EXCL, O_DIRECT and the partition table on a real block device. It plays
 * the namespace in the faked tree, because a loop device has no serial. */
START_TEST(a_real_block_device_is_claimed_alone)
{
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;
	struct claim c;
	char node[64];
	char number[80];
	int loop = loop_make(d.node, node), other;

	if (loop < 0)
		return;
	faked_remove("/dev/nvme0n1");
	faked_link("/dev/nvme0n1", node);
	snprintf(number, sizeof number, "7:%s\n", node + strlen("/dev/loop"));
	faked_put(NS1 "/dev", number);
	format(node);
	c = faked_claim();
	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	ck_assert(c.is_there);
	ck_assert_msg(guard_check(&d, SERIAL, GUARD_BLOCK, NULL, &err) == 0, "%s", err.text);
	other = open(node, O_RDONLY | O_EXCL | O_CLOEXEC);
	ck_assert_int_ge(other, 0);
	ck_assert_int_eq(guard_check(&d, SERIAL, GUARD_BLOCK, NULL, &err), -EBUSY);
	ck_assert_msg(strstr(err.text, "is in use: the kernel refuses it to a second user") != NULL,
		      "%s", err.text);
	ck_assert_int_eq(claim_remove(&d, NULL), -EBUSY);
	close(other);
	ck_assert_int_eq(claim_remove(&d, NULL), 0);
	close(loop);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("claim");
	TCase *t = tcase_create("claim");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, faked_one_disk, faked_drop);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, a_claim_is_read_back_as_it_was_written);
	tcase_add_test(t, the_bytes_before_it_are_the_jobs_and_stay);
	tcase_add_test(t, a_claim_holds_for_one_serial_and_one_size);
	tcase_add_test(t, every_changed_byte_ends_it);
	tcase_add_test(t, it_is_taken_off_again);
	tcase_add_test(t, claiming_wipes_file_systems_and_both_copies_of_a_gpt);
	tcase_add_test(t, a_disk_in_use_is_not_claimed);
	tcase_add_test(t, a_disk_too_small_for_a_claim_is_refused);
	tcase_add_test(t, a_serial_that_is_no_text_is_not_claimed);
	tcase_add_test(t, a_name_that_became_another_disks_is_not_claimed);
	tcase_add_test(t, a_real_block_device_is_claimed_alone);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
