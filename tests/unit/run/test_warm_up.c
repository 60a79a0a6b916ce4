/* The purge before a trial: all that jobs may use of a claimed disk, and nothing else. On a loop
 * device over a file of the test, which is how a real block device answers. */
#define TRIAL_INTERNAL
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "loops.h"
#include "trial_priv.h"
#include "units.h"

#define DISK (4 * MiB)

static char dir[64], node[64];
static int loop = -1, other = -1;

/* A disk full of 0xa5; false: this host has no loop devices. */
static bool make_disk(void)
{
	BL_CLEANUP(bl_freep) char *image = bl_strf("%s/disk", dir);
	BL_CLEANUP(bl_freep) char *bytes = malloc(DISK);

	memset(bytes, 0xa5, DISK);
	ck_assert_int_eq(bl_write_file(image, bytes, DISK, NULL), 0);
	loop = loop_make(image, node);
	return loop >= 0;
}

/* How many of the disk's first bytes are 0, and whether the rest is as it was. */
static uint64_t n_purged(bool *ret_rest_is_whole)
{
	BL_CLEANUP(bl_freep) unsigned char *bytes = malloc(DISK);
	uint64_t n = 0, at;

	fsync(loop);
	ck_assert_int_eq(pread(loop, bytes, DISK, 0), DISK);
	while (n < DISK && bytes[n] == 0)
		n++;
	for (at = n; at < DISK && bytes[at] == 0xa5;)
		at++;
	*ret_rest_is_whole = at == DISK;
	return n;
}

static struct scenario sc = {.warm_up = {.sequential = 2}};
static struct trial_setup setup = {.sc = &sc};
static struct trial_record rec;

static struct trial trial_on_disk(void)
{
	struct trial t = {.s = &setup, .rec = &rec, .hold_fd = loop};

	rec = (struct trial_record){0};
	t.claim.is_there = true;
	t.dev.size_bytes = DISK;
	snprintf(t.dev.node, sizeof t.dev.node, "%s", node);
	return t;
}

START_TEST(a_claimed_disk_is_discarded_up_to_its_claim)
{
	struct trial t;
	bool is_whole;

	if (!make_disk())
		return;
	t = trial_on_disk();
	ck_assert_msg(trial_purge(&t, true) == 0, "%s", t.err.text);
	ck_assert_str_eq(facts_get(&rec.facts, "backing.purge"), "discarded 3145728 bytes");
	ck_assert_uint_eq(n_purged(&is_whole), claim_usable_bytes(DISK));
	ck_assert(is_whole);
	trial_record_done(&rec);
}
END_TEST

/* Each of them leaves every byte as it was. */
START_TEST(what_is_not_the_held_and_claimed_disk_is_not_touched)
{
	BL_CLEANUP(bl_freep) char *image = bl_strf("%s/other", dir);
	char other_node[64];
	struct trial t;
	bool is_whole;

	if (!make_disk())
		return;
	ck_assert_int_eq(bl_write_file(image, "", 0, NULL), 0);
	ck_assert_int_eq(truncate(image, DISK), 0);
	other = loop_make(image, other_node);
	t = trial_on_disk();
	t.hold_fd = other; /* another disk is at its name by now */
	ck_assert_int_eq(trial_purge(&t, true), -ESTALE);
	t = trial_on_disk();
	t.hold_fd = -1;
	ck_assert_int_eq(trial_purge(&t, true), -EPERM);
	t = trial_on_disk();
	t.claim.is_there = false;
	ck_assert_int_eq(trial_purge(&t, true), -EPERM);
	t = trial_on_disk();
	ck_assert_int_eq(trial_purge(&t, false), 0);
	ck_assert_str_eq(facts_get(&rec.facts, "backing.purge"), "new image file");
	trial_record_done(&rec);
	t = trial_on_disk();
	sc.warm_up.sequential = 0; /* not asked for */
	ck_assert_int_eq(trial_purge(&t, true), 0);
	ck_assert_ptr_null(facts_get(&rec.facts, "backing.purge"));
	ck_assert_uint_eq(n_purged(&is_whole), 0);
	ck_assert(is_whole);
}
END_TEST

static void make_dir(void)
{
	fresh_dir(dir);
}

static void drop_dir(void)
{
	bl_closep(&loop);
	bl_closep(&other);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

int main(void)
{
	Suite *s = suite_create("warm-up");
	TCase *t = tcase_create("warm-up");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_test(t, a_claimed_disk_is_discarded_up_to_its_claim);
	tcase_add_test(t, what_is_not_the_held_and_claimed_disk_is_not_touched);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
