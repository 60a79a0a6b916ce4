/* What VMs are made of: the kernel that a cell names, and emulators known by their digest. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "digest.h"
#include "fresh_dir.h"
#include "fs.h"
#include "parts.h"

static char dir[64];

static void make_dir(void)
{
	fresh_dir(dir);
}

static void drop_dir(void)
{
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

START_TEST(the_kernel_of_the_cell_is_the_one_that_is_built)
{
	struct runner_options opt = {.kernel = "/nowhere/default.deb", .agent = "/nowhere/agent"};
	struct parts *parts;
	const struct image *image;
	struct bl_err err = BL_ERR_INIT;
	struct cell c;

	cell_defaults(&c);
	snprintf(c.kernel, sizeof c.kernel, "/nowhere/cell.deb");
	ck_assert_int_eq(parts_new(&opt, dir, dir, false, &parts, &err), 0);
	ck_assert_int_lt(parts_image(parts, &c, &image, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "kernel '/nowhere/cell.deb': "));
	c.kernel[0] = '\0';
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_lt(parts_image(parts, &c, &image, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "kernel '/nowhere/default.deb': "));
	parts_free(parts);
}
END_TEST

/* new; of an emulator of that path, as @key of a run's environment. NULL: absent. */
static char *emulator_fact(const char *path, const char *key)
{
	struct runner_options opt = {.agent = "/nowhere/agent"};
	struct bl_err err = BL_ERR_INIT;
	const struct emulator *emulator;
	struct parts *parts;
	struct facts f = {0};
	struct cell c;
	char *value;

	cell_defaults(&c);
	snprintf(c.emulator, sizeof c.emulator, "%s", path);
	ck_assert_int_eq(parts_new(&opt, dir, dir, false, &parts, &err), 0);
	ck_assert_msg(parts_emulator(parts, &c, &emulator, &err) == 0, "%s", err.text);
	ck_assert_int_eq(parts_facts(parts, &f), 0);
	value = facts_get(&f, key) ? strdup(facts_get(&f, key)) : NULL;
	facts_done(&f);
	parts_free(parts);
	return value;
}

START_TEST(an_emulator_is_known_by_its_digest_also_when_it_is_a_script)
{
	BL_CLEANUP(bl_freep) char *script = bl_strf("%s/qemu-script", dir);
	BL_CLEANUP(bl_freep) char *version = NULL, *first = NULL, *second = NULL, *digest = NULL;
	BL_CLEANUP(bl_freep) char *real = realpath("/usr/bin/qemu-system-x86_64", NULL);
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	static const char text[] = "#!/bin/sh\necho 'QEMU emulator version 9.8.7'\n";
	static const char other[] = "#!/bin/sh\n\necho 'QEMU emulator version 9.8.7'\n";
	char hex[DIGEST_TEXT];

	ck_assert_int_eq(bl_write_file(script, text, sizeof text - 1, NULL), 0);
	ck_assert_int_eq(chmod(script, 0700), 0);
	version = emulator_fact(script, "emulator.0.version");
	ck_assert_str_eq(version, "9.8.7");
	first = emulator_fact(script, "emulator.0.sha256");
	ck_assert_ptr_nonnull(first);
	ck_assert_int_eq(bl_write_file(script, other, sizeof other - 1, NULL), 0);
	ck_assert_int_eq(chmod(script, 0700), 0);
	second = emulator_fact(script, "emulator.0.sha256");
	ck_assert_str_ne(first, second);
	if (!real)
		return;
	digest = emulator_fact("/usr/bin/qemu-system-x86_64", "emulator.0.sha256");
	ck_assert_int_eq(digest_add_file(d, real, NULL), 0);
	ck_assert_ptr_nonnull(digest);
	ck_assert_uint_eq(strlen(digest), 16);
	ck_assert_int_eq(strncmp(digest, digest_hex(d, hex), 16), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("parts");
	TCase *t = tcase_create("parts");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_test(t, the_kernel_of_the_cell_is_the_one_that_is_built);
	tcase_add_test(t, an_emulator_is_known_by_its_digest_also_when_it_is_a_script);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
