/* The acceleration probe, with the fake hypervisor as the host that can or cannot boot. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "probe.h"
#include "units.h"

static char dir[64];
static char kvm[128], kernel[128], cache[128], scratch[128];
static struct hv *hv;
static struct probe_request req;

static void make_dir(void)
{
	fresh_dir(dir);
	snprintf(kvm, sizeof kvm, "%s/kvm", dir);
	snprintf(kernel, sizeof kernel, "%s/vmlinuz", dir);
	snprintf(cache, sizeof cache, "%s/cache", dir);
	snprintf(scratch, sizeof scratch, "%s/scratch", dir);
	ck_assert_int_eq(bl_write_file(kvm, "", 0, NULL), 0);
	ck_assert_int_eq(bl_write_file(kernel, "kernel", 6, NULL), 0);
}

static void drop_dir(void)
{
	hv = hv_close(hv);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

static struct probe_answer probe(const char *uri)
{
	struct probe_answer a = {0};
	struct bl_err err = BL_ERR_INIT;

	hv = hv_close(hv);
	ck_assert_int_eq(hv_open(uri, dir, &hv, &err), 0);
	if (!req.kernel)
		req = (struct probe_request){.cache_dir = cache,
					     .scratch_dir = scratch,
					     .kvm = kvm,
					     .host_kernel = "6.18",
					     .cpu_model = "some cpu",
					     .emulator = "/nowhere/qemu",
					     .emulator_version = "7.2.22",
					     .kernel = kernel,
					     .initrd = kernel,
					     .kernel_release = "6.1",
					     .cmdline = "quiet",
					     .limit_ns = NS_PER_S / 2};
	req.hv = hv;
	ck_assert_msg(probe_accel(&req, &a, &err) == 0, "%s", err.text);
	return a;
}

static unsigned n_files(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

START_TEST(a_guest_that_comes_up_proves_kvm_and_is_remembered)
{
	struct probe_answer a = probe("fake:ok");

	ck_assert_str_eq(a.accel, "kvm");
	ck_assert(!a.was_cached);
	ck_assert_ptr_nonnull(strstr(a.how, "a probe guest said hello under KVM after"));
	ck_assert_uint_eq(n_files(scratch), 0);
	a = probe("fake:mute"); /* would say tcg, if it were asked */
	ck_assert_str_eq(a.accel, "kvm");
	ck_assert(a.was_cached);
}
END_TEST

static const struct {
	const char *uri, *says;
} bad[] = {
	{"fake:mute", "no hello from the guest within 500 ms"},
	{"fake:panic", "panic"},
	{"fake:die-in-job", NULL}, /* it dies later: it has come up */
};

START_TEST(a_kvm_that_opens_and_does_not_boot_is_found_out)
{
	struct probe_answer a = probe(bad[_i].uri);

	ck_assert_str_eq(a.accel, bad[_i].says ? "tcg" : "kvm");
	if (!bad[_i].says)
		return;
	ck_assert_ptr_nonnull(strstr(a.how, "opens, but a probe guest did not come up under KVM"));
	ck_assert_uint_eq(n_files(scratch), 0);
	a = probe("fake:ok");
	ck_assert_str_eq(a.accel, "tcg");
	ck_assert(a.was_cached);
}
END_TEST

START_TEST(another_qemu_kernel_or_cpu_is_asked_anew)
{
	ck_assert_str_eq(probe("fake:mute").accel, "tcg");
	req.emulator_version = "10.0.2";
	ck_assert_str_eq(probe("fake:ok").accel, "kvm");
	req.emulator_version = "7.2.22";
	ck_assert(probe("fake:ok").was_cached);
	req.host_kernel = "6.19";
	ck_assert(!probe("fake:ok").was_cached);
	req.cpu_model = "another cpu";
	ck_assert(!probe("fake:ok").was_cached);
	ck_assert_int_eq(bl_write_file(kernel, "another", 7, NULL), 0);
	ck_assert(!probe("fake:ok").was_cached);
}
END_TEST

START_TEST(without_kvm_nothing_is_booted)
{
	struct probe_answer a;

	unlink(kvm);
	a = probe("fake:ok");
	ck_assert_str_eq(a.accel, "tcg");
	ck_assert_ptr_nonnull(strstr(a.how, "does not open: No such file or directory"));
	ck_assert_uint_eq(n_files(cache), 0);
}
END_TEST

START_TEST(a_failure_that_says_nothing_of_kvm_is_not_remembered)
{
	ck_assert_int_eq(bl_write_file(scratch, "", 0, NULL), 0); /* no folder for the disk */
	ck_assert_str_eq(probe("fake:ok").accel, "tcg");
	unlink(scratch);
	ck_assert_str_eq(probe("fake:ok").accel, "kvm");
}
END_TEST

START_TEST(a_damaged_memory_is_asked_anew)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/probe.json", cache);

	ck_assert_int_eq(bl_mkdir_p(cache, NULL), 0);
	ck_assert_int_eq(bl_write_file(path, "{\"x", 3, NULL), 0);
	ck_assert_str_eq(probe("fake:ok").accel, "kvm");
	ck_assert(probe("fake:ok").was_cached);
}
END_TEST

START_TEST(what_is_remembered_can_be_asked_without_a_boot)
{
	struct probe_answer a = {0};

	probe("fake:mute"); /* tcg, with one guest kernel */
	req.emulator = req.kernel = req.initrd = req.kernel_release = NULL;
	ck_assert(probe_remembered(&req, &a));
	ck_assert_str_eq(a.accel, "tcg");
	ck_assert(a.was_cached);
	req.emulator_version = "10.0.2";
	ck_assert(!probe_remembered(&req, &a));
	req.emulator_version = "7.2.2"; /* of which 7.2.22 is no kind */
	ck_assert(!probe_remembered(&req, &a));
	req.kvm = "/nowhere/kvm";
	ck_assert(probe_remembered(&req, &a));
	ck_assert_str_eq(a.accel, "tcg");
	ck_assert(!a.was_cached);
}
END_TEST

/* Turn the remembered answers' time by @ms. */
static void age(json_int_t ms)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/probe.json", cache);
	json_t *all = json_load_file(path, 0, NULL), *row;
	const char *key;

	json_object_foreach (all, key, row) {
		json_t *when = json_object_get(row, "when_ms");

		json_integer_set(when, json_integer_value(when) - ms);
	}
	ck_assert_int_eq(json_dump_file(all, path, 0), 0);
	json_decref(all);
}

#define HOUR_MS (3600 * 1000)

START_TEST(a_no_holds_for_a_day_and_a_yes_for_good)
{
	ck_assert_str_eq(probe("fake:mute").accel, "tcg");
	age(23 * HOUR_MS);
	ck_assert_str_eq(probe("fake:ok").accel, "tcg");
	age(2 * HOUR_MS);
	ck_assert_str_eq(probe("fake:ok").accel, "kvm");
	age(1000ll * 24 * HOUR_MS);
	ck_assert(probe("fake:mute").was_cached);
}
END_TEST

START_TEST(a_long_reason_is_one_sentence_and_all_of_it_is_kept)
{
	struct probe_answer a = probe("fake:will-not-start");

	ck_assert_str_eq(a.accel, "tcg");
	ck_assert_msg(strstr(a.how, "did not come up under KVM: failed to set MSR 0x10a to 0x69") &&
			      !strstr(a.how, "Assertion"),
		      "%s", a.how);
	ck_assert_ptr_nonnull(strstr(a.detail, "2026-11-22T03:44:17.367642Z qemu-system-x86_64: "));
	ck_assert_ptr_nonnull(strstr(a.detail, "Assertion"));
}
END_TEST

START_TEST(a_stop_is_no_answer)
{
	volatile sig_atomic_t stop = 1;
	struct probe_answer a;
	struct bl_err err = BL_ERR_INIT;

	probe("fake:ok");
	req.host_kernel = "6.20";
	req.stop = &stop;
	hv = hv_close(hv);
	ck_assert_int_eq(hv_open("fake:mute", dir, &hv, &err), 0);
	req.hv = hv;
	ck_assert_int_eq(probe_accel(&req, &a, &err), -EINTR);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("probe");
	TCase *t = tcase_create("probe");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_test(t, a_guest_that_comes_up_proves_kvm_and_is_remembered);
	tcase_add_loop_test(t, a_kvm_that_opens_and_does_not_boot_is_found_out, 0,
			    BL_ARRAY_LEN(bad));
	tcase_add_test(t, another_qemu_kernel_or_cpu_is_asked_anew);
	tcase_add_test(t, without_kvm_nothing_is_booted);
	tcase_add_test(t, a_failure_that_says_nothing_of_kvm_is_not_remembered);
	tcase_add_test(t, a_damaged_memory_is_asked_anew);
	tcase_add_test(t, what_is_remembered_can_be_asked_without_a_boot);
	tcase_add_test(t, a_no_holds_for_a_day_and_a_yes_for_good);
	tcase_add_test(t, a_long_reason_is_one_sentence_and_all_of_it_is_kept);
	tcase_add_test(t, a_stop_is_no_answer);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
