/* The lab's file system on a disk, here a loop device on an image: skipped where the host has none,
 * or lets nobody mount. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "labfs.h"
#include "loops.h"
#include "units.h"

#define DISK_BYTES (64 * MiB)

static char node[128], where[128]; /* a link to a disk; the mount point */

static void make(void)
{
	faked_make();
	snprintf(node, sizeof node, "%s/disk", faked_root);
	snprintf(where, sizeof where, "%s/mnt", faked_root);
}

static void drop(void)
{
	umount2(where, MNT_DETACH);
	faked_drop();
}

/* A disk of DISK_BYTES at @at; -1: not here. */
static int disk(const char *name, char at[64])
{
	BL_CLEANUP(bl_freep) char *image = bl_strf("%s/%s", faked_root, name);
	int fd = open(image, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_eq(ftruncate(fd, DISK_BYTES), 0);
	close(fd);
	return loop_make(image, at);
}

/* The lab's file system on the disk @at, mounted. */
static bool is_mounted(const char *at)
{
	struct device d = {.size_bytes = DISK_BYTES};
	struct claim c = {.fs_uuid = "01234567-89ab-4def-8123-456789abcdef"};
	struct bl_err err = BL_ERR_INIT;
	int r;

	snprintf(d.node, sizeof d.node, "%s", at);
	r = labfs_mount(&d, &c, where, &err);
	if (r == -EPERM || r == -ENODEV) {
		fprintf(stderr, "%s: not tested here\n", bl_err_text(&err));
		return false;
	}
	ck_assert_msg(r == 0, "%s", bl_err_text(&err));
	return true;
}

/* The first bytes of ext4's superblock, 1024 bytes in. */
static bool is_blank(const char *at)
{
	static const char zeroes[512];
	char has[512];
	int fd = open(at, O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(pread(fd, has, sizeof has, 1024), (ssize_t)sizeof has);
	close(fd);
	return memcmp(has, zeroes, sizeof has) == 0;
}

static void put_data(const char *at)
{
	int fd = open(at, O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(pwrite(fd, "precious", 8, 1024), 8);
	ck_assert_int_eq(fsync(fd), 0);
	close(fd);
}

START_TEST(it_is_unmounted_and_taken_off)
{
	char at[64];
	struct bl_err err = BL_ERR_INIT;
	int loop = disk("a", at);

	if (loop < 0 || !is_mounted(at))
		return;
	ck_assert(!is_blank(at));
	ck_assert_msg(labfs_end(at, where, &err) == 1, "%s", bl_err_text(&err));
	ck_assert(is_blank(at));
	ck_assert(!bl_exists(where));
	ck_assert_int_eq(labfs_end(at, where, NULL), 0);
	close(loop);
}
END_TEST

START_TEST(another_disks_mount_is_left_alone)
{
	char at[64], other[64];
	struct bl_err err = BL_ERR_INIT;
	int loop = disk("a", at), loop_b = disk("b", other);

	if (loop < 0 || loop_b < 0 || !is_mounted(at))
		return;
	ck_assert_int_eq(labfs_end(other, where, &err), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, "left as it is"));
	ck_assert(!is_blank(at));
	ck_assert_int_eq(labfs_end(at, where, NULL), 1);
	close(loop);
	close(loop_b);
}
END_TEST

struct mover {
	int busy; /* open on the mount */
	const char *to;
};

/* While labfs_end() waits for the mount to be free, the name becomes another disk's. */
static void *move_name(void *arg)
{
	struct mover *m = arg;

	usleep(400 * 1000);
	unlink(node);
	ck_assert_int_eq(symlink(m->to, node), 0);
	close(m->busy);
	return NULL;
}

START_TEST(only_the_disk_that_was_mounted_is_written)
{
	char at[64], other[64];
	struct bl_err err = BL_ERR_INIT;
	int loop = disk("a", at), loop_b = disk("b", other);
	struct mover m = {.to = other};
	pthread_t thread;

	if (loop < 0 || loop_b < 0 || !is_mounted(at))
		return;
	put_data(other);
	ck_assert_int_eq(symlink(at, node), 0);
	m.busy = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(pthread_create(&thread, NULL, move_name, &m), 0);
	ck_assert_msg(labfs_end(node, where, &err) == 1, "%s", bl_err_text(&err));
	pthread_join(thread, NULL);
	ck_assert(!is_blank(other));
	ck_assert(is_blank(at));
	close(loop);
	close(loop_b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("labfs");
	TCase *t = tcase_create("labfs");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make, drop);
	tcase_add_test(t, it_is_unmounted_and_taken_off);
	tcase_add_test(t, another_disks_mount_is_left_alone);
	tcase_add_test(t, only_the_disk_that_was_mounted_is_written);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
