#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "emulator.h"
#include "fresh_dir.h"
#include "fs.h"
#include "proc.h"
#include "units.h"

#define MODULES "usr/lib/x86_64-linux-gnu/qemu"

static char dir[40];
static struct bl_err err;

static void setup(void)
{
	fresh_dir(dir);
	err = (struct bl_err)BL_ERR_INIT;
}

static char *put(const char *name, const char *text)
{
	char *path = bl_strf("%s/%s", dir, name);
	BL_CLEANUP(bl_freep) char *parent = strndup(path, (size_t)(strrchr(path, '/') - path));

	ck_assert_int_eq(bl_mkdir_p(parent, NULL), 0);
	ck_assert_int_eq(bl_write_file(path, text, strlen(text), NULL), 0);
	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

static int resolve(const char *spec, const char *wrapper, struct emulator *e)
{
	BL_CLEANUP(bl_freep) char *state = bl_strf("%s/state", dir);

	return emulator_resolve(spec, wrapper, state, e, &err);
}

/* A QEMU that tells what it was given instead of emulating. */
static char *make_packages(const char *version)
{
	BL_CLEANUP(bl_freep)
	char *script = bl_strf("#!/bin/sh\n"
			       "echo 'QEMU emulator version %s (Debian 1:%s)'\n"
			       "echo \"modules: $(ls /" MODULES ") $QEMU_MODULE_DIR\"\n"
			       "echo \"arguments: $*\"\n",
			       version, version);

	free(put("pkg/usr/bin/qemu-system-x86_64", script));
	free(put("pkg/" MODULES "/block-of-another-version.so", ""));
	free(put("pkg/usr/share/qemu/linuxboot.bin", ""));
	return bl_strf("%s/pkg", dir);
}

START_TEST(the_hosts_emulator_is_found_with_its_version)
{
	struct emulator e = {0};

	ck_assert_msg(resolve("", NULL, &e) == 0, "%s", err.text);
	ck_assert_int_eq(e.path[0], '/');
	ck_assert_int_gt(strtol(e.version, NULL, 10), 2);
	ck_assert(bl_exists(e.binary));
	emulator_done(&e);
	ck_assert_ptr_null(e.path);
}
END_TEST

START_TEST(a_path_is_used_as_it_is)
{
	BL_CLEANUP(bl_freep)
	char *path = put("bin/my-qemu", "#!/bin/sh\necho 'QEMU emulator version 9.1.50 (v9.1)'\n");
	struct emulator e = {0};

	ck_assert_msg(resolve(path, NULL, &e) == 0, "%s", err.text);
	ck_assert_str_eq(e.path, path);
	ck_assert_str_eq(e.version, "9.1.50");
	ck_assert_ptr_null(e.binary); /* a script: what it starts is not known */
	emulator_done(&e);
}
END_TEST

START_TEST(another_program_is_refused_with_what_it_said)
{
	BL_CLEANUP(bl_freep) char *path = put("bin/cat", "#!/bin/sh\necho 'cat 9.1'\n");
	struct emulator e = {0};

	ck_assert_int_eq(resolve(path, NULL, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "is not a QEMU"));
	ck_assert_ptr_nonnull(strstr(err.text, "cat 9.1"));
	ck_assert_ptr_null(e.path);
}
END_TEST

START_TEST(a_path_that_is_not_there_is_named)
{
	struct emulator e = {0};

	ck_assert_int_eq(resolve("/nowhere/qemu", NULL, &e), -ENOENT);
	ck_assert_str_eq(err.text, "emulator: '/nowhere/qemu': No such file or directory");
}
END_TEST

START_TEST(a_folder_without_a_qemu_says_what_belongs_there)
{
	struct emulator e = {0};

	ck_assert_int_eq(resolve(dir, WRAPPER, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "holds no usr/bin/qemu-system-x86_64"));
}
END_TEST

START_TEST(a_folder_needs_the_wrapper)
{
	BL_CLEANUP(bl_freep) char *folder = make_packages("99.1.2");
	struct emulator e = {0};

	ck_assert_int_eq(resolve(folder, "/nowhere/blklab-qemu", &e), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(err.text, "'/nowhere/blklab-qemu'"));
}
END_TEST

START_TEST(a_folder_runs_with_its_own_modules_and_firmware)
{
	BL_CLEANUP(bl_freep) char *folder = make_packages("99.1.2"), *firmware = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct emulator e = {0};
	int r = resolve(folder, WRAPPER, &e);

	if (geteuid() != 0) {
		ck_assert_int_eq(r, -ENOTSUP);
		ck_assert_ptr_nonnull(strstr(err.text, "needs root"));
		return;
	}
	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_str_eq(e.version, "99.1.2");
	r = bl_proc_run((const char *[]){e.path, "-name", "a b", NULL}, NULL, 0, &out, NULL,
			10 * NS_PER_S, &err);
	ck_assert_int_eq(r, 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "block-of-another-version.so"));
	firmware = bl_strf("arguments: -L %s/usr/share/qemu", folder);
	ck_assert_msg(strstr(bl_buf_str(&out), firmware) != NULL, "%s", bl_buf_str(&out));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "-name a b\n"));
	/* Only in there: the host's folder is as it was. */
	ck_assert(!bl_exists("/" MODULES "/block-of-another-version.so"));
	emulator_done(&e);
}
END_TEST

START_TEST(another_binary_in_the_same_folder_gets_another_path)
{
	BL_CLEANUP(bl_freep) char *folder = make_packages("99.1.2"), *again = NULL;
	struct emulator one = {0}, same = {0}, other = {0};

	if (geteuid() != 0)
		return; /* the refusal is the case above */
	ck_assert_int_eq(resolve(folder, WRAPPER, &one), 0);
	ck_assert_int_eq(resolve(folder, WRAPPER, &same), 0);
	ck_assert_str_eq(one.path, same.path);
	again = make_packages("99.10.20");
	ck_assert_int_eq(resolve(folder, WRAPPER, &other), 0);
	ck_assert_str_ne(one.path, other.path);
	ck_assert_str_eq(other.version, "99.10.20");
	emulator_done(&one);
	emulator_done(&same);
	emulator_done(&other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("emulator");
	TCase *t = tcase_create("emulator");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, the_hosts_emulator_is_found_with_its_version);
	tcase_add_test(t, a_path_is_used_as_it_is);
	tcase_add_test(t, another_program_is_refused_with_what_it_said);
	tcase_add_test(t, a_path_that_is_not_there_is_named);
	tcase_add_test(t, a_folder_without_a_qemu_says_what_belongs_there);
	tcase_add_test(t, a_folder_needs_the_wrapper);
	tcase_add_test(t, a_folder_runs_with_its_own_modules_and_firmware);
	tcase_add_test(t, another_binary_in_the_same_folder_gets_another_path);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
