/* What lies below a file or device, on hosts made of files. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block_path.h"
#include "cleanup.h"
#include "faked.h"
#include "fs.h"

static struct block_path p;
static struct bl_err err;

static int find(const char *path)
{
	block_path_done(&p);
	err = (struct bl_err)BL_ERR_INIT;
	return block_path_of(faked_root, path, &p, &err);
}

static void mounts(const char *text)
{
	faked_put("/proc/self/mountinfo", text);
}

/* A device below /sys/devices/platform, with what a queue tells. */
static void device(const char *name, const char *number, const char *what, const char *text)
{
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("/sys/devices/platform/%s/%s", name, what ? what : "");
	BL_CLEANUP(bl_freep) char *real = bl_strf("%s/sys/class/block/%s", faked_root, name);
	struct stat st;

	if (lstat(real, &st) < 0)
		faked_disk(name, "", number);
	if (what)
		faked_put(path, text);
}

static void slave(const char *name, const char *of)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("/sys/devices/platform/%s/slaves/%s", of, name);
	BL_CLEANUP(bl_freep) char *to = bl_strf("../../%s", name);

	faked_link(path, to);
}

static void partition(const char *disk, const char *name, const char *number)
{
	BL_CLEANUP(bl_freep)
	char *dir = bl_strf("/sys/devices/platform/%s/%s/partition", disk, name);
	BL_CLEANUP(bl_freep) char *class = bl_strf("/sys/class/block/%s", name);
	BL_CLEANUP(bl_freep) char *dev = bl_strf("/sys/dev/block/%s", number);
	BL_CLEANUP(bl_freep) char *to = bl_strf("../../devices/platform/%s/%s", disk, name);

	faked_put(dir, "1\n");
	faked_link(class, to);
	faked_link(dev, to);
}

/* "nvme0n1p1(partition) nvme0n1(disk)*": a leaf has a star. */
static const char *shown(void)
{
	static char out[512];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < p.n; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s(%s)%s", i ? " " : "",
				      p.nodes[i].name, p.nodes[i].kind,
				      p.nodes[i].is_leaf ? "*" : "");
	return out;
}

START_TEST(a_file_on_a_partition_of_an_nvme_disk)
{
	faked_one_disk();
	faked_partition(PCI, 0, 1, 1, 1);
	mounts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	       "30 22 259:1 / /data rw,noatime - ext4 /dev/nvme0n1p1 rw\n");
	faked_put("/data/images/disk.raw", "");
	faked_put(NS1 "/queue/scheduler", "[none] mq-deadline kyber\n");
	faked_put(NS1 "/queue/rotational", "0\n");
	faked_put(NS1 "/queue/write_cache", "write back\n");
	faked_put(NS1 "/queue/nr_requests", "1023\n");
	ck_assert_int_eq(find("/data/images/disk.raw"), 0);
	ck_assert_str_eq(p.filesystem, "ext4");
	ck_assert_str_eq(p.mount, "/data");
	ck_assert_str_eq(shown(), "nvme0n1p1(partition) nvme0n1(disk)*");
	ck_assert_str_eq(p.nodes[1].model, "TEST SSD 1000");
	ck_assert_str_eq(p.nodes[1].scheduler, "none");
	ck_assert_str_eq(p.nodes[1].write_cache, "write back");
	ck_assert_uint_eq(p.nodes[1].nr_requests, 1023);
	ck_assert(!p.nodes[1].rotational);
	ck_assert_str_eq(p.nodes[0].scheduler, "");
	ck_assert_ptr_null(p.why_none);
}
END_TEST

START_TEST(a_device_has_no_file_system)
{
	faked_one_disk();
	ck_assert_int_eq(find("/dev/nvme0n1"), 0);
	ck_assert_ptr_null(p.filesystem);
	ck_assert_ptr_null(p.mount);
	ck_assert_str_eq(shown(), "nvme0n1(disk)*");
}
END_TEST

START_TEST(a_link_to_a_file_is_where_it_leads)
{
	faked_one_disk();
	mounts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	       "30 22 259:0 / /data rw - xfs /dev/nvme0n1 rw\n");
	faked_put("/data/disk.raw", "");
	faked_link("/home/disk.raw", "../data/disk.raw");
	ck_assert_int_eq(find("/home/disk.raw"), 0);
	ck_assert_str_eq(p.filesystem, "xfs");
	ck_assert_str_eq(shown(), "nvme0n1(disk)*");
}
END_TEST

/* LVM on a mirror of two partitions. */
static void lvm_on_md(void)
{
	faked_make();
	device("sdb", "8:16", "queue/rotational", "1\n");
	device("sdc", "8:32", "queue/rotational", "1\n");
	device("sdb", "8:16", "device/model", "SPINNER 4000    \n");
	partition("sdb", "sdb1", "8:17");
	partition("sdc", "sdc1", "8:33");
	device("md0", "9:0", "md/level", "raid1\n");
	faked_link("/sys/devices/platform/md0/slaves/sdb1", "../../sdb/sdb1");
	faked_link("/sys/devices/platform/md0/slaves/sdc1", "../../sdc/sdc1");
	device("dm-3", "253:3", "dm/name", "vg-data\n");
	device("dm-3", "253:3", "dm/uuid", "LVM-abcdef\n");
	slave("md0", "dm-3");
	mounts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	       "30 22 253:3 / /srv rw - xfs /dev/mapper/vg-data rw\n");
	faked_put("/srv/a", "");
}

START_TEST(a_volume_on_a_mirror_has_both_disks)
{
	lvm_on_md();
	ck_assert_int_eq(find("/srv/a"), 0);
	ck_assert_str_eq(shown(), "dm-3(dm) md0(md) sdb1(partition) sdb(disk)* sdc1(partition) "
				  "sdc(disk)*");
	ck_assert_str_eq(p.nodes[0].model, "LVM vg-data");
	ck_assert_str_eq(p.nodes[1].model, "raid1");
	ck_assert_str_eq(p.nodes[3].model, "SPINNER 4000");
	ck_assert(p.nodes[3].rotational);
}
END_TEST

START_TEST(a_disk_that_is_reached_twice_is_named_once)
{
	lvm_on_md();
	partition("sdb", "sdb2", "8:18");
	faked_remove("/sys/devices/platform/md0/slaves/sdc1");
	faked_link("/sys/devices/platform/md0/slaves/sdb2", "../../sdb/sdb2");
	ck_assert_int_eq(find("/srv/a"), 0);
	ck_assert_str_eq(shown(), "dm-3(dm) md0(md) sdb1(partition) sdb(disk)* sdb2(partition)");
}
END_TEST

START_TEST(a_loop_device_lies_on_its_files_file_system)
{
	faked_one_disk();
	device("loop3", "7:3", "loop/backing_file", "/data/inner.img\n");
	mounts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	       "30 22 259:0 / /data rw - ext4 /dev/nvme0n1 rw\n"
	       "31 22 7:3 / /mnt rw - xfs /dev/loop3 rw\n");
	faked_put("/data/inner.img", "");
	faked_put("/mnt/disk", "");
	ck_assert_int_eq(find("/mnt/disk"), 0);
	ck_assert_str_eq(p.filesystem, "xfs");
	ck_assert_str_eq(p.mount, "/mnt");
	ck_assert_str_eq(shown(), "loop3(loop) nvme0n1(disk)*");
	ck_assert_str_eq(p.nodes[0].model, "/data/inner.img");
}
END_TEST

START_TEST(a_loop_device_whose_file_is_in_memory_is_the_last)
{
	faked_one_disk();
	device("loop3", "7:3", "loop/backing_file", "/run/inner.img (deleted)\n");
	mounts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	       "30 22 0:22 / /run rw - tmpfs tmpfs rw\n");
	ck_assert_int_eq(find("/dev/loop3"), 0);
	ck_assert_str_eq(shown(), "loop3(loop)*");
}
END_TEST

START_TEST(loops_in_a_circle_end)
{
	faked_make();
	device("loop3", "7:3", "loop/backing_file", "/a/x\n");
	mounts("22 1 7:3 / / rw - ext4 /dev/loop3 rw\n");
	faked_put("/a/x", "");
	ck_assert_int_eq(find("/a/x"), 0); /* each is named once, so a plain circle is none */
	ck_assert_str_eq(shown(), "loop3(loop)");
}
END_TEST

START_TEST(more_layers_than_anybody_stacks_are_an_error)
{
	faked_make();
	for (int i = 0; i < 20; i++) {
		char name[16], number[16], below[16];

		snprintf(name, sizeof name, "dm-%d", i);
		snprintf(below, sizeof below, "dm-%d", i + 1);
		snprintf(number, sizeof number, "253:%d", i);
		device(name, number, "dm/name", "x\n");
		slave(below, name);
	}
	ck_assert_int_eq(find("/dev/dm-0"), -ELOOP);
	ck_assert_ptr_nonnull(strstr(bl_err_text(&err), "more than 16 layers"));
}
END_TEST

START_TEST(an_overlay_is_where_its_upper_folder_is)
{
	faked_one_disk();
	mounts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	       "30 22 259:0 / /data rw - ext4 /dev/nvme0n1 rw\n"
	       "31 22 0:50 / /merged rw - overlay overlay "
	       "rw,lowerdir=/l1:/l2,upperdir=/data/up,workdir=/data/work\n");
	faked_put("/merged/disk", "");
	faked_put("/data/up/disk", "");
	ck_assert_int_eq(find("/merged/disk"), 0);
	ck_assert_str_eq(p.filesystem, "overlay");
	ck_assert_str_eq(p.mount, "/merged");
	ck_assert_str_eq(shown(), "nvme0n1(disk)*");
	faked_remove("/data/up");
	ck_assert_int_eq(find("/merged/disk"), 0);
	ck_assert_uint_eq(p.n, 0);
	ck_assert_str_eq(p.why_none, "overlay: its upper folder '/data/up' can't be seen from "
				     "here, as in a container");
}
END_TEST

START_TEST(btrfs_on_several_disks_names_all)
{
	faked_make();
	device("sdb", "8:16", NULL, NULL);
	device("sdc", "8:32", NULL, NULL);
	mounts("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	       "30 22 0:44 /@sub /srv rw - btrfs /dev/sdb rw,subvol=/@sub\n");
	faked_put("/srv/a", "");
	ck_assert_int_eq(find("/srv/a"), 0);
	ck_assert_str_eq(shown(), "sdb(disk)*");
	faked_put("/sys/fs/btrfs/1111/devices/sda1", "");
	faked_put("/sys/fs/btrfs/2222/devices/sdb", "");
	faked_put("/sys/fs/btrfs/2222/devices/sdc", "");
	ck_assert_int_eq(find("/srv/a"), 0);
	ck_assert_str_eq(shown(), "sdb(disk)* sdc(disk)*");
}
END_TEST

static const struct {
	const char *fs, *source, *why;
} without[] = {
	{"tmpfs", "tmpfs", "tmpfs has no block device of this host"},
	{"nfs4", "server:/export", "nfs4 has no block device of this host"},
	{"zfs", "tank/vm",
	 "zfs: the kernel does not tell the devices of 'tank/vm' (`zpool list -v` does)"},
};

START_TEST(what_has_no_device_says_why)
{
	BL_CLEANUP(bl_freep)
	char *line = bl_strf("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
			     "30 22 0:44 / /srv rw - %s %s rw\n",
			     without[_i].fs, without[_i].source);

	faked_make();
	mounts(line);
	faked_put("/srv/a", "");
	ck_assert_int_eq(find("/srv/a"), 0);
	ck_assert_uint_eq(p.n, 0);
	ck_assert_str_eq(p.filesystem, without[_i].fs);
	ck_assert_str_eq(p.why_none, without[_i].why);
}
END_TEST

START_TEST(an_nbd_device_is_a_leaf_of_its_kind)
{
	faked_make();
	device("nbd0", "43:0", NULL, NULL);
	ck_assert_int_eq(find("/dev/nbd0"), 0);
	ck_assert_str_eq(shown(), "nbd0(nbd)*");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_error)
{
	faked_make();
	ck_assert_int_eq(find("/srv/a"), -ENOENT);
	ck_assert_str_eq(bl_err_text(&err), "devices below '/srv/a': there is no such file; name "
					    "an image or a block device");
}
END_TEST

START_TEST(this_machine_has_an_answer)
{
	faked_make();
	ck_assert_int_eq(block_path_of("", "/", &p, &err), 0);
	ck_assert_ptr_nonnull(p.filesystem);
	ck_assert_str_eq(p.mount, "/");
	ck_assert((p.n > 0) == !p.why_none);
}
END_TEST

static void drop(void)
{
	block_path_done(&p);
	faked_drop();
}

int main(void)
{
	Suite *s = suite_create("block path");
	TCase *t = tcase_create("block path");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, NULL, drop);
	tcase_add_test(t, a_file_on_a_partition_of_an_nvme_disk);
	tcase_add_test(t, a_device_has_no_file_system);
	tcase_add_test(t, a_link_to_a_file_is_where_it_leads);
	tcase_add_test(t, a_volume_on_a_mirror_has_both_disks);
	tcase_add_test(t, a_disk_that_is_reached_twice_is_named_once);
	tcase_add_test(t, a_loop_device_lies_on_its_files_file_system);
	tcase_add_test(t, a_loop_device_whose_file_is_in_memory_is_the_last);
	tcase_add_test(t, loops_in_a_circle_end);
	tcase_add_test(t, more_layers_than_anybody_stacks_are_an_error);
	tcase_add_test(t, an_overlay_is_where_its_upper_folder_is);
	tcase_add_test(t, btrfs_on_several_disks_names_all);
	tcase_add_loop_test(t, what_has_no_device_says_why, 0, (int)BL_ARRAY_LEN(without));
	tcase_add_test(t, an_nbd_device_is_a_leaf_of_its_kind);
	tcase_add_test(t, a_file_that_is_not_there_is_an_error);
	tcase_add_test(t, this_machine_has_an_answer);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
