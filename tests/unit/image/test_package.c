/* Packages by name, from a fetcher of the test's own, and a QEMU out of three of them. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fixture.h"
#include "fs.h"
#include "package.h"

static void write_text(const char *path, const char *text)
{
	ck_assert_int_eq(bl_write_file(path, text, strlen(text), NULL), 0);
}

/* A fetcher that does @script; what it was told stands in the file "told". */
static char *fetcher(const char *script)
{
	char *path = fixture_path("fetcher");
	BL_CLEANUP(bl_freep)
	char *text = bl_strf("#!/bin/sh\necho \"$@\" >>%s/told\n%s\n", fixture_dir, script);

	write_text(path, text);
	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

static void assert_told(const char *what)
{
	BL_CLEANUP(bl_freep) char *path = fixture_path("told");
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	ck_assert_int_eq(bl_read_file(path, 4096, &b, NULL), 0);
	ck_assert_msg(strstr(bl_buf_str(&b), what), "'%s' in '%s'", what, bl_buf_str(&b));
}

/* One file in a folder of the fixture's. */
static void add_file(const char *package, const char *folder, const char *name, const char *text)
{
	BL_CLEANUP(bl_freep) char *dir = bl_strf("%s/%s/%s", fixture_dir, package, folder);
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", dir, name);

	ck_assert_int_eq(bl_mkdir_p(dir, NULL), 0);
	write_text(path, text);
	ck_assert_int_eq(chmod(path, 0755), 0);
}

#define X86    "qemu-system-x86_1%3a9.1+b2_amd64"
#define COMMON "qemu-system-common_1%3a9.1+b2_amd64"
#define DATA   "qemu-system-data_1%3a9.1_all"

static void make_packages(void)
{
	add_file(X86, "usr/bin", "qemu-system-x86_64", "program");
	add_file(X86, "usr/share/doc", "README", "not needed");
	add_file(COMMON, "usr/lib/x86_64-linux-gnu/qemu", "block-rbd.so", "module");
	add_file(DATA, "usr/share/qemu", "bios.bin", "firmware");
	fixture_deb(X86, "xz");
	fixture_deb(COMMON, "xz");
	fixture_deb(DATA, "xz");
}

static void assert_whole(const char *dir)
{
	static const char *const files[] = {"usr/bin/qemu-system-x86_64",
					    "usr/lib/x86_64-linux-gnu/qemu/block-rbd.so",
					    "usr/share/qemu/bios.bin"};
	struct stat st;

	for (size_t i = 0; i < BL_ARRAY_LEN(files); i++) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", dir, files[i]);

		ck_assert_msg(bl_exists(path), "%s", path);
		if (i == 0)
			ck_assert(stat(path, &st) == 0 && (st.st_mode & 0777) == 0755);
	}
	BL_CLEANUP(bl_freep) char *doc = bl_strf("%s/usr/share/doc", dir);
	ck_assert(!bl_exists(doc));
}

START_TEST(a_qemu_is_made_of_three_packages_of_one_version)
{
	BL_CLEANUP(bl_freep) char *cache = fixture_path("cache"), *again = NULL, *dir = NULL;
	BL_CLEANUP(bl_freep) char *deb = fixture_path(X86 ".deb"), *data = NULL;
	struct package_source from = {.cache_dir = cache};
	struct bl_err err = BL_ERR_INIT, without = BL_ERR_INIT;

	make_packages();
	ck_assert(package_is_emulator(deb));
	ck_assert_msg(package_emulator(&from, deb, &dir, &err) == 0, "%s", err.text);
	assert_whole(dir);
	ck_assert_int_eq(package_emulator(&from, deb, &again, &err), 0);
	ck_assert_str_eq(dir, again);

	data = fixture_path(DATA ".deb");
	ck_assert_int_eq(remove(data), 0);
	ck_assert_int_eq(package_emulator(&from, deb, &again, &without), -ENOENT);
	ck_assert_msg(strstr(without.text, "no qemu-system-data of version 1%3a9.1 beside"), "%s",
		      without.text);
}
END_TEST

START_TEST(a_qemu_is_fetched_by_name_and_suite)
{
	BL_CLEANUP(bl_freep) char *cache = fixture_path("cache"), *dir = NULL;
	BL_CLEANUP(bl_freep)
	char *script = bl_strf("echo chatter >&2; for p in '%s' '%s' '%s'; do echo %s/$p.deb; done",
			       X86, COMMON, DATA, fixture_dir);
	BL_CLEANUP(bl_freep) char *program = fetcher(script);
	struct package_source from = {.cache_dir = cache, .fetcher = program};
	struct bl_err err = BL_ERR_INIT;

	make_packages();
	ck_assert_msg(package_emulator(&from, "apt:qemu-system-x86/backports", &dir, &err) == 0,
		      "%s", err.text);
	assert_whole(dir);
	assert_told("--suite backports --out ");
	assert_told("/cache/apt qemu-system-x86 qemu-system-common qemu-system-data\n");
}
END_TEST

START_TEST(a_version_is_of_all_packages_but_its_build_number_not_of_data)
{
	BL_CLEANUP(bl_freep) char *cache = fixture_path("cache"), *dir = NULL;
	BL_CLEANUP(bl_freep) char *program = fetcher("exit 1");
	struct package_source from = {.cache_dir = cache, .fetcher = program};

	ck_assert_int_eq(
		package_emulator(&from, "apt:qemu-system-x86=1:9.1+deb12u8+b3", &dir, NULL),
		-ENOENT);
	assert_told("qemu-system-x86=1:9.1+deb12u8+b3 qemu-system-common=1:9.1+deb12u8+b3 "
		    "qemu-system-data=1:9.1+deb12u8\n");
}
END_TEST

static volatile sig_atomic_t is_stopped = 1;

static const struct {
	const char *spec, *script;
	bool is_stopped;
	int code;
	const char *says;
} faults[] = {
	{"apt:qemu-system-x86/nope", "echo 'chatter' >&2; echo 'no such suite' >&2; exit 3", false,
	 -ENOENT, "'apt:qemu-system-x86/nope' cannot be had: no such suite"},
	{"apt:qemu-system-x86", "exit 130", true, -EINTR,
	 "stopped while 'apt:qemu-system-x86' was"},
	{"apt:qemu-system-x86", "echo /one", false, -EIO, "fewer packages than it was asked for"},
	{"apt:qemu-system-x86", NULL, false, -ENOTSUP, "blklab-fetch-packages is not there"},
	{"apt:qemu-user", "echo /one", false, -EINVAL,
	 "apt:qemu-system-x86, with =VERSION or /SUITE"},
	{"/nowhere/qemu-system-x86_1_amd64.deb", "", false, -ENOENT, "no such file"},
};

START_TEST(what_can_not_be_had_is_said)
{
	BL_CLEANUP(bl_freep) char *cache = fixture_path("cache"), *dir = NULL, *program = NULL;
	struct package_source from = {.cache_dir = cache};
	struct bl_err err = BL_ERR_INIT;

	if (faults[_i].script)
		from.fetcher = program = fetcher(faults[_i].script);
	if (faults[_i].is_stopped)
		from.stop = &is_stopped;
	ck_assert_int_eq(package_emulator(&from, faults[_i].spec, &dir, &err), faults[_i].code);
	ck_assert_msg(strstr(err.text, faults[_i].says), "%s", err.text);
	ck_assert_ptr_null(dir);
}
END_TEST

START_TEST(a_kernel_is_fetched_by_name)
{
	BL_CLEANUP(bl_freep) char *cache = fixture_path("cache"), *agent = fixture_path("agent");
	BL_CLEANUP(bl_freep) char *script = bl_strf("echo %s/k.deb", fixture_dir);
	BL_CLEANUP(bl_freep) char *program = fetcher(script);
	BL_CLEANUP(image_freep) struct image *img = NULL;
	struct image_spec spec = {.kernel = "apt:linux-image-test/backports",
				  .agent = agent,
				  .cache_dir = cache,
				  .fetcher = program};
	struct bl_err err = BL_ERR_INIT;

	fixture_package("k", FIXTURE_RELEASE);
	fixture_deb("k", "xz");
	fixture_agent("agent", false);
	ck_assert_msg(image_build(&spec, &img, &err) == 0, "%s", err.text);
	ck_assert_str_eq(img->release, FIXTURE_RELEASE);
	assert_told("--suite backports --out ");
	assert_told("/cache/apt linux-image-test\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("package");
	TCase *t = tcase_create("emulator");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, fixture_set_up, fixture_tear_down);
	tcase_add_test(t, a_qemu_is_made_of_three_packages_of_one_version);
	tcase_add_test(t, a_qemu_is_fetched_by_name_and_suite);
	tcase_add_test(t, a_version_is_of_all_packages_but_its_build_number_not_of_data);
	tcase_add_loop_test(t, what_can_not_be_had_is_said, 0, BL_ARRAY_LEN(faults));
	tcase_add_test(t, a_kernel_is_fetched_by_name);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
