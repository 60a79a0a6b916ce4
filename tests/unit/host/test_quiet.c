/* Whether a host made of files is quiet, and who is said to be busy. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "faked.h"
#include "quiet.h"

static struct bl_buf out;

static void begin(void)
{
	faked_make();
	faked_put("/proc/loadavg", "0.05 0.10 0.10 1/100 1\n");
	faked_put("/proc/stat", "cpu 100 0 100 1000 0 0 0 900 0 0\n"); /* steal is no news */
	faked_put("/sys/devices/system/cpu/online", "0-7\n");
	for (int i = 0; i < 3; i++) {
		static const char *const what[] = {"cpu", "io", "memory"};
		BL_CLEANUP(bl_freep) char *path = NULL;

		ck_assert_int_gt(asprintf(&path, "/proc/pressure/%s", what[i]), 0);
		faked_put(path, "some avg10=0.00 avg60=0.10 avg300=0.00 total=1\n");
	}
}

static void end(void)
{
	bl_buf_done(&out);
	faked_drop();
}

static const char *busy(void)
{
	struct doctor_options opt = {.root = faked_root, .work_dir = "/"};

	bl_buf_done(&out);
	ck_assert_int_eq(host_busy(&opt, 1000, &out), 0);
	return bl_buf_str(&out);
}

START_TEST(a_quiet_host_is_quiet)
{
	ck_assert_str_eq(busy(), "");
}
END_TEST

START_TEST(load_stalls_and_other_machines_are_named)
{
	faked_put("/proc/loadavg", "3.10 1.00 1.00 1/100 1\n");
	ck_assert_str_eq(busy(), "load: 3.10 in the last minute on 8 cpus");
	faked_put("/proc/loadavg", "0.05 1.00 1.00 1/100 1\n");
	faked_put("/proc/pressure/io", "some avg10=9.00 avg60=7.50 avg300=0.00 total=1\n");
	faked_put("/proc/4711/comm", "qemu-system-x86\n");
	ck_assert_str_eq(busy(), "waiting for i/o: 7.5 % of the last minute; "
				 "other virtual machines: 1 running");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("quiet");
	TCase *t = tcase_create("busy");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_quiet_host_is_quiet);
	tcase_add_test(t, load_stalls_and_other_machines_are_named);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
