/* Counters of block devices, from a /sys made for the test. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "disk_util.h"
#include "fs.h"
#include "made.h"
#include "suites.h"
#include "units.h"

static char sys[64];

static void put(const char *path, const char *text)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s/%s", sys, path);
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(bl_write_file(full, text, strlen(text), &err) == 0, "%s", bl_err_text(&err));
}

static void folder(const char *path)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s/%s", sys, path);

	ck_assert_int_eq(bl_mkdir_p(full, NULL), 0);
}

/* dm-0 over vda1 (a partition of vda) and vdb; the number of the file system below /tmp is
 * dm-0's. */
static void make_sys(void)
{
	BL_CLEANUP(bl_freep) char *link = NULL, *target = NULL;
	struct stat st;

	snprintf(sys, sizeof(sys), "%s/sys", scratch_folder());
	ck_assert_int_eq(bl_remove_tree(sys, NULL), 0); /* as the case before left it */
	folder("");
	ck_assert_int_eq(stat(sys, &st), 0);
	folder("block/dm-0/slaves/vda");
	folder("block/dm-0/slaves/vdb");
	folder("block/vda/slaves");
	folder("block/vda/vda1");
	folder("block/vdb");
	folder("dev/block");
	put("block/vda/vda1/partition", "1\n");
	put("block/dm-0/stat", "100 0 800 50 10 0 80 5 0 1000 55\n");
	put("block/vda/stat", "50 1 400 25 5 2 40 2 0 500 27 0 0 0 0 0 0\n");
	put("block/vdb/stat", "50 1 400 25 5 2 40 2 0 500 27\n");
	link = bl_strf("%s/dev/block/%u:%u", sys, major(st.st_dev), minor(st.st_dev));
	target = bl_strf("%s/block/dm-0", sys);
	ck_assert_int_eq(symlink(target, link), 0);
}

START_TEST(differences_of_a_device_and_those_under_it)
{
	BL_CLEANUP(disk_watch_freep) struct disk_watch *w = NULL;
	BL_CLEANUP(bl_freep) struct disk_use *use = NULL;
	const struct disk_use *a;
	struct made m;
	struct job *j;
	size_t n;

	made_init(&m);
	j = made_job(&m, "a", NULL);
	snprintf(j->filename, sizeof(j->filename), "%s/not-there-yet", sys);
	w = disk_watch_new(&m.jobs, NULL, sys, 10 * NS_PER_S);
	ck_assert_ptr_nonnull(w);
	put("block/dm-0/stat", "1100 0 8800 950 12 0 96 6 0 1500 956\n");
	put("block/vda/stat", "550 7 4400 475 6 2 48 2 0 700 477\n");
	put("block/vdb/stat", "552 1 4402 475 6 10 48 3 0 740 479\n");
	ck_assert_int_eq(disk_watch_read(w, 12 * NS_PER_S, &use, &n), 0);
	ck_assert_uint_eq(n, 3);
	a = &use[0];
	ck_assert_str_eq(a->name, "dm-0");
	ck_assert_uint_eq(a->own.read_ios, 1000);
	ck_assert_uint_eq(a->own.write_ios, 2);
	ck_assert_uint_eq(a->own.read_sectors, 8000);
	ck_assert_uint_eq(a->own.write_sectors, 16);
	ck_assert_uint_eq(a->own.read_ms, 900);
	ck_assert_uint_eq(a->own.write_ms, 1);
	ck_assert_uint_eq(a->own.queue_ms, 901);
	ck_assert_double_eq(a->util_pct, 25);
	ck_assert_uint_eq(a->n_below, 2);
	ck_assert_uint_eq(a->below.read_ios, 501); /* of 500 and 502 */
	ck_assert_uint_eq(a->below.read_merges, 3);
	ck_assert_uint_eq(a->below.write_merges, 4);
	ck_assert_double_eq(a->below_util_pct, 12);
	ck_assert_uint_eq(use[1].n_below, 0);
	made_done(&m);
}
END_TEST

START_TEST(a_device_that_went_away_is_left_out_and_util_is_at_most_100)
{
	BL_CLEANUP(disk_watch_freep) struct disk_watch *w = NULL;
	BL_CLEANUP(bl_freep) struct disk_use *use = NULL;
	BL_CLEANUP(bl_freep) char *gone = bl_strf("%s/block/vdb", sys);
	struct made m;
	size_t n;

	made_init(&m);
	snprintf(made_job(&m, "a", NULL)->directory, 64, "%s", sys);
	w = disk_watch_new(&m.jobs, NULL, sys, 0);
	ck_assert_int_eq(bl_remove_tree(gone, NULL), 0);
	put("block/dm-0/stat", "1100 0 8800 950 12 0 96 6 0 9500 956\n");
	ck_assert_int_eq(disk_watch_read(w, NS_PER_S, &use, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_double_eq(use[0].util_pct, 100);
	ck_assert_uint_eq(use[0].n_below, 1);
	made_done(&m);
}
END_TEST

START_TEST(jobs_without_files_or_interest_watch_nothing)
{
	BL_CLEANUP(disk_watch_freep) struct disk_watch *w = NULL;
	struct disk_use *use = NULL;
	struct made m;
	size_t n = 7;

	made_init(&m);
	made_job(&m, "a", NULL)->engine = JOB_NULL;
	snprintf(made_job(&m, "b", NULL)->directory, 64, "%s", sys);
	m.items[1].disk_util = false;
	strcpy(made_job(&m, "c", NULL)->filename, "/dev/null");
	w = disk_watch_new(&m.jobs, NULL, sys, 0);
	ck_assert_ptr_nonnull(w);
	ck_assert_int_eq(disk_watch_read(w, NS_PER_S, &use, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(use);
	made_done(&m);
}
END_TEST

TCase *disk_tests(void)
{
	TCase *t = tcase_create("disks");

	tcase_add_unchecked_fixture(t, scratch_enter, scratch_leave);
	tcase_add_checked_fixture(t, make_sys, NULL);
	tcase_add_test(t, differences_of_a_device_and_those_under_it);
	tcase_add_test(t, a_device_that_went_away_is_left_out_and_util_is_at_most_100);
	tcase_add_test(t, jobs_without_files_or_interest_watch_nothing);
	return t;
}
