#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "fixture.h"
#include "fs.h"
#include "kernel.h"
#include "units.h"

static int build(const char *kernel, const char *cache, struct image **img, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *agent = fixture_path("agent"), *dir = fixture_path(cache);
	struct image_spec spec = {.kernel = kernel, .agent = agent, .cache_dir = dir};

	fixture_agent("agent", false);
	return image_build(&spec, img, err);
}

static struct image *must_build(const char *kernel, const char *cache)
{
	struct bl_err err = BL_ERR_INIT;
	struct image *img = NULL;
	int r = build(kernel, cache, &img, &err);

	ck_assert_msg(r == 0, "%s: %s", kernel, err.text);
	return img;
}

static void read_all(const char *path, struct bl_buf *out)
{
	ck_assert_int_eq(bl_read_file(path, 64 * MiB, out, NULL), 0);
}

START_TEST(modules_come_after_what_they_need_and_absent_ones_are_named)
{
	BL_CLEANUP(bl_freep) char *folder = fixture_path("k");
	BL_CLEANUP(image_freep) struct image *img = NULL;

	fixture_package("k", FIXTURE_RELEASE);
	img = must_build(folder, "cache");
	ck_assert_str_eq(img->release, FIXTURE_RELEASE);
	ck_assert_str_eq(img->modules, "virtio_ring virtio virtio_blk sd_mod");
	ck_assert_str_eq(img->builtin, "nvme");
	ck_assert_str_eq(img->missing, "virtio_pci virtio_console virtio_scsi ahci");
	ck_assert(image_has_module(img, "virtio_blk"));
	ck_assert(image_has_module(img, "nvme"));
	ck_assert(!image_has_module(img, "ahci"));
	ck_assert(!image_has_module(img, "virtio_b")); /* whole names only */
}
END_TEST

START_TEST(the_initramfs_holds_init_a_console_and_the_modules_in_load_order)
{
	BL_CLEANUP(bl_freep) char *folder = fixture_path("k"), *list = NULL;
	BL_CLEANUP(image_freep) struct image *img = NULL;
	struct bl_buf order = BL_BUF_INIT, sd = BL_BUF_INIT;

	fixture_package("k", FIXTURE_RELEASE);
	img = must_build(folder, "cache");
	list = fixture_list(img->initrd_path);
	ck_assert_str_eq(list, "40755 dev\n40755 modules\n40755 proc\n40755 sys\n40755 tmp\n"
			       "20600 dev/console\n100755 init\n"
			       "100644 modules/00-virtio_ring.ko\n100644 modules/01-virtio.ko\n"
			       "100644 modules/02-virtio_blk.ko\n100644 modules/03-sd_mod.ko\n"
			       "100644 modules/list\n");
	fixture_member(img->initrd_path, "modules/list", &order);
	ck_assert_str_eq(bl_buf_str(&order),
			 "00-virtio_ring.ko\n01-virtio.ko\n02-virtio_blk.ko\n03-sd_mod.ko\n");
	fixture_member(img->initrd_path, "modules/03-sd_mod.ko", &sd); /* was sd_mod.ko.xz */
	ck_assert_uint_gt(sd.len, 4);
	ck_assert_mem_eq(sd.data, "\177ELF", 4);
	bl_buf_done(&order);
	bl_buf_done(&sd);
}
END_TEST

START_TEST(the_same_inputs_give_the_same_bytes_in_another_cache_at_another_time)
{
	BL_CLEANUP(bl_freep) char *folder = fixture_path("k"), *deb = fixture_path("k.deb");
	BL_CLEANUP(image_freep) struct image *a = NULL, *b = NULL, *again = NULL;
	struct bl_buf bytes[2] = {BL_BUF_INIT, BL_BUF_INIT};

	fixture_package("k", FIXTURE_RELEASE);
	fixture_deb("k", "xz");
	a = must_build(folder, "one");
	nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 100000000}, NULL);
	b = must_build(deb, "two");
	ck_assert_str_ne(a->initrd_path, b->initrd_path);
	read_all(a->initrd_path, &bytes[0]);
	read_all(b->initrd_path, &bytes[1]);
	ck_assert_uint_eq(bytes[0].len, bytes[1].len);
	ck_assert_mem_eq(bytes[0].data, bytes[1].data, bytes[0].len);
	ck_assert(!a->was_cached && !b->was_cached);
	again = must_build(folder, "one");
	ck_assert(again->was_cached);
	ck_assert_str_eq(again->initrd_path, a->initrd_path);
	bl_buf_done(&bytes[0]);
	bl_buf_done(&bytes[1]);
}
END_TEST

START_TEST(another_agent_is_another_image)
{
	BL_CLEANUP(bl_freep) char *folder = fixture_path("k"), *agent = fixture_path("agent2");
	BL_CLEANUP(bl_freep) char *cache = fixture_path("cache");
	BL_CLEANUP(image_freep) struct image *a = NULL, *b = NULL;
	struct image_spec spec = {.kernel = folder, .agent = agent, .cache_dir = cache};
	struct bl_buf bytes = BL_BUF_INIT;

	fixture_package("k", FIXTURE_RELEASE);
	a = must_build(folder, "cache");
	fixture_agent("agent2", false);
	read_all(agent, &bytes);
	bl_buf_adds(&bytes, "newer");
	ck_assert_int_eq(bl_write_file(agent, bytes.data, bytes.len, NULL), 0);
	ck_assert_int_eq(image_build(&spec, &b, NULL), 0);
	ck_assert(!b->was_cached);
	ck_assert_str_ne(a->initrd_path, b->initrd_path);
	bl_buf_done(&bytes);
}
END_TEST

static const char *const filters[] = {"xz", "zstd", "gzip"};

START_TEST(a_package_is_unpacked_whatever_its_compression)
{
	BL_CLEANUP(bl_freep) char *deb = fixture_path("k.deb");
	BL_CLEANUP(image_freep) struct image *img = NULL;

	fixture_package("k", FIXTURE_RELEASE);
	fixture_deb("k", filters[_i]);
	img = must_build(deb, "cache");
	ck_assert_str_eq(img->modules, "virtio_ring virtio virtio_blk sd_mod");
	ck_assert_ptr_nonnull(strstr(img->kernel_path, "/boot/vmlinuz-" FIXTURE_RELEASE));
}
END_TEST

START_TEST(a_package_comes_from_a_url_with_its_checksum)
{
	BL_CLEANUP(bl_freep) char *deb = fixture_path("k.deb"), *url = NULL, *bare = NULL;
	BL_CLEANUP(image_freep) struct image *img = NULL;
	struct bl_err err = BL_ERR_INIT;
	struct image *none = NULL;
	char sha[65];

	fixture_package("k", FIXTURE_RELEASE);
	fixture_deb("k", "xz");
	ck_assert_int_eq(fetch_sha256(deb, sha, NULL), 0);
	url = bl_strf("file://%s#sha256=%s", deb, sha);
	img = must_build(url, "cache");
	ck_assert_str_eq(img->release, FIXTURE_RELEASE);
	bare = bl_strf("file://%s", deb);
	ck_assert_int_eq(build(bare, "cache", &none, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "a URL needs its checksum: URL#sha256=HEX"));
}
END_TEST

START_TEST(a_folder_that_is_not_ours_gets_no_new_files)
{
	BL_CLEANUP(bl_freep) char *folder = fixture_path("k");
	BL_CLEANUP(bl_freep)
	char *dep = fixture_path("k/lib/modules/" FIXTURE_RELEASE "/modules.dep");
	BL_CLEANUP(image_freep) struct image *img = NULL;

	fixture_package("k", FIXTURE_RELEASE);
	img = must_build(folder, "cache");
	ck_assert(!bl_exists(dep));
}
END_TEST

START_TEST(a_kernel_file_finds_its_modules_beside_it_or_where_they_are_named)
{
	BL_CLEANUP(bl_freep) char *beside = fixture_path("k/boot/vmlinuz-" FIXTURE_RELEASE);
	BL_CLEANUP(bl_freep) char *alone = fixture_path("alone/bzImage"), *agent = NULL;
	BL_CLEANUP(bl_freep) char *cache = fixture_path("cache"), *named = NULL;
	BL_CLEANUP(image_freep) struct image *img = NULL;
	static const char *const places[] = {"k", "k/lib/modules",
					     ("k/lib/modules/" FIXTURE_RELEASE)};
	struct bl_err err = BL_ERR_INIT;
	struct image *none = NULL;

	fixture_package("k", FIXTURE_RELEASE);
	img = must_build(beside, "cache");
	fixture_kernel(alone, FIXTURE_RELEASE);
	ck_assert_int_eq(build(alone, "cache", &none, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "no modules of kernel " FIXTURE_RELEASE " beside"));
	agent = fixture_path("agent");
	for (size_t i = 0; i < BL_ARRAY_LEN(places); i++) {
		BL_CLEANUP(bl_freep) char *modules = fixture_path(places[i]);
		BL_CLEANUP(image_freep) struct image *found = NULL;
		struct image_spec spec = {.kernel = alone,
					  .modules_dir = modules,
					  .agent = agent,
					  .cache_dir = cache};

		ck_assert_int_eq(image_build(&spec, &found, NULL), 0);
		ck_assert_str_eq(found->modules, img->modules);
	}
	named = fixture_path("alone");
	ck_assert_int_eq(image_build(&(struct image_spec){.kernel = alone,
							  .modules_dir = named,
							  .agent = agent,
							  .cache_dir = cache},
				     &none, NULL),
			 -ENOENT);
}
END_TEST

/* With @root before /boot and /lib. */
START_TEST(installed_is_the_newest_kernel_that_has_modules)
{
	BL_CLEANUP(bl_freep) char *root = fixture_path("root"), *cache = fixture_path("cache");
	BL_CLEANUP(bl_freep) char *bare = fixture_path("root/boot/vmlinuz-6.12.0-nomods");
	struct image_spec spec = {.kernel = "installed", .cache_dir = cache};
	struct bl_err err = BL_ERR_INIT;
	struct kernel k = {0};

	ck_assert_int_eq(chdir("/"), 0); /* where `make bench` has fetched nothing */
	ck_assert_int_eq(kernel_find(&spec, root, &k, &err), -ENOPKG);
	ck_assert_ptr_nonnull(strstr(err.text, "looked for /boot/vmlinuz-*"));
	ck_assert_ptr_nonnull(strstr(err.text, "install linux-image-cloud-amd64"));
	fixture_package("root", "6.1.0-9-amd64");
	fixture_package("root", "6.1.0-10-amd64");
	fixture_kernel(bare, "6.12.0-nomods");
	ck_assert_int_eq(kernel_find(&spec, root, &k, NULL), 0);
	ck_assert_str_eq(k.release, "6.1.0-10-amd64");
	kernel_done(&k);
}
END_TEST

/* As after `make bench`, which fetches one for itself. */
START_TEST(without_an_installed_kernel_the_fetched_package_is_named)
{
	static const char newest[] = ".cache/packages/cloud/linux-image-6.1.0-56-cloud.deb";
	BL_CLEANUP(bl_freep) char *root = fixture_path("root"), *cache = fixture_path("cache");
	struct image_spec spec = {.kernel = "installed", .cache_dir = cache};
	struct bl_err err = BL_ERR_INIT;
	struct kernel k = {0};

	ck_assert_int_eq(chdir(fixture_dir), 0);
	ck_assert_int_eq(bl_mkdir_p(".cache/packages/cloud", NULL), 0);
	ck_assert_int_eq(bl_write_file(newest, "", 0, NULL), 0);
	ck_assert_int_eq(
		bl_write_file(".cache/packages/cloud/linux-image-6.1.0-9-cloud.deb", "", 0, NULL),
		0);
	ck_assert_int_eq(kernel_find(&spec, root, &k, &err), -ENOPKG);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "looked for /boot/vmlinuz-*"));
	ck_assert_ptr_nonnull(strstr(err.text, "add --kernel "));
	ck_assert_str_eq(strstr(err.text, "add --kernel ") + 13, newest);
}
END_TEST

static const struct {
	const char *what, *text; /* a file of the fixture and its content; NULL: not made */
	int code;
	const char *says;
} bad[] = {
	{"nothing", NULL, -ENOENT, "a kernel file, a .deb package, an unpacked package's folder"},
	{"text", "not a kernel", -EINVAL,
	 "is not a bootable kernel (a bzImage), nor a .deb package"},
	{"x.deb", "!<arch>\n", -EINVAL, "is not a .deb package: it has no data.tar member"},
	{"cut.deb", "!<arch>\ndata.tar.xz     0           0     0     100644  4         `\nabcd",
	 -EINVAL, "package '"},
	{"empty/x", "", -ENOENT, "no kernel in '"},
};

START_TEST(what_is_no_kernel_is_refused_with_what_would_be)
{
	BL_CLEANUP(bl_freep) char *path = fixture_path(bad[_i].what);
	BL_CLEANUP(bl_freep) char *dir = strdup(path);
	struct bl_err err = BL_ERR_INIT;
	struct image *img = NULL;

	*strrchr(dir, '/') = '\0';
	ck_assert_int_eq(bl_mkdir_p(dir, NULL), 0);
	if (bad[_i].text)
		ck_assert_int_eq(bl_write_file(path, bad[_i].text, strlen(bad[_i].text), NULL), 0);
	ck_assert_int_eq(build(strcmp(bad[_i].what, "empty/x") ? path : dir, "cache", &img, &err),
			 bad[_i].code);
	ck_assert_msg(strstr(err.text, bad[_i].says), "'%s' does not say '%s'", err.text,
		      bad[_i].says);
	ck_assert_ptr_null(img);
}
END_TEST

START_TEST(an_agent_that_could_not_start_is_refused)
{
	BL_CLEANUP(bl_freep) char *folder = fixture_path("k"), *agent = fixture_path("dyn");
	BL_CLEANUP(bl_freep) char *cache = fixture_path("cache"), *script = fixture_path("script");
	struct image_spec spec = {.kernel = folder, .agent = agent, .cache_dir = cache};
	struct bl_err err = BL_ERR_INIT, err2 = BL_ERR_INIT;
	struct image *img;

	fixture_package("k", FIXTURE_RELEASE);
	fixture_agent("dyn", true);
	ck_assert_int_eq(image_build(&spec, &img, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "is linked dynamically; a static one is needed"));
	ck_assert_int_eq(bl_write_file(script, "#!/bin/sh\n", 10, NULL), 0);
	spec.agent = script;
	ck_assert_int_eq(image_build(&spec, &img, &err2), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err2.text, "is not a 64-bit ELF program"));
}
END_TEST

START_TEST(a_package_cannot_write_outside_its_folder)
{
	BL_CLEANUP(bl_freep) char *deb = fixture_path("k.deb"), *evil = fixture_path("evil");
	BL_CLEANUP(bl_freep) char *link = fixture_path("k/lib/modules/" FIXTURE_RELEASE "/build");
	BL_CLEANUP(image_freep) struct image *img = NULL;
	BL_CLEANUP(bl_freep) char *dir = NULL, *unpacked = NULL;
	struct stat st;

	fixture_package("k", FIXTURE_RELEASE);
	ck_assert_int_eq(symlink(evil, link), 0); /* as real packages have, leading out */
	fixture_deb("k", "gzip");
	img = must_build(deb, "cache");
	dir = strdup(img->kernel_path);
	*strstr(dir, "/boot/") = '\0';
	unpacked = bl_strf("%s/lib/modules/%s/build", dir, FIXTURE_RELEASE);
	ck_assert_int_eq(lstat(unpacked, &st), -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("image");
	TCase *t = tcase_create("image");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, fixture_set_up, fixture_tear_down);
	tcase_add_test(t, modules_come_after_what_they_need_and_absent_ones_are_named);
	tcase_add_test(t, the_initramfs_holds_init_a_console_and_the_modules_in_load_order);
	tcase_add_test(t, the_same_inputs_give_the_same_bytes_in_another_cache_at_another_time);
	tcase_add_test(t, another_agent_is_another_image);
	tcase_add_loop_test(t, a_package_is_unpacked_whatever_its_compression, 0,
			    BL_ARRAY_LEN(filters));
	tcase_add_test(t, a_package_comes_from_a_url_with_its_checksum);
	tcase_add_test(t, a_folder_that_is_not_ours_gets_no_new_files);
	tcase_add_test(t, a_kernel_file_finds_its_modules_beside_it_or_where_they_are_named);
	tcase_add_test(t, installed_is_the_newest_kernel_that_has_modules);
	tcase_add_test(t, without_an_installed_kernel_the_fetched_package_is_named);
	tcase_add_loop_test(t, what_is_no_kernel_is_refused_with_what_would_be, 0,
			    BL_ARRAY_LEN(bad));
	tcase_add_test(t, an_agent_that_could_not_start_is_refused);
	tcase_add_test(t, a_package_cannot_write_outside_its_folder);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
