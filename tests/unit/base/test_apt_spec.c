/* A package as apt's users name one. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apt_spec.h"
#include "cleanup.h"

static const struct {
	const char *text;
	struct apt_spec is;
} good[] = {
	{"apt:linux-image-cloud-amd64", {.name = "linux-image-cloud-amd64"}},
	{"apt:qemu-system-x86/backports", {.name = "qemu-system-x86", .suite = "backports"}},
	{"apt:qemu-system-x86=1:7.2+dfsg-7+deb12u15",
	 {.name = "qemu-system-x86", .version = "1:7.2+dfsg-7+deb12u15"}},
	{"apt:g++=4:12.2.0-3~bpo11+1", {.name = "g++", .version = "4:12.2.0-3~bpo11+1"}},
};

START_TEST(a_package_is_read)
{
	struct apt_spec s;

	ck_assert_int_eq(apt_spec_parse(good[_i].text, &s, NULL), 0);
	ck_assert_str_eq(s.name, good[_i].is.name);
	ck_assert_str_eq(s.version, good[_i].is.version);
	ck_assert_str_eq(s.suite, good[_i].is.suite);
}
END_TEST

static const char *const bad[] = {
	"",
	"apt",
	"apt:",
	"apt:=1",
	"apt:/backports",
	"apt:qemu=",
	"apt:qemu/",
	"apt:-o=x", /* would be an option of apt-get */
	"apt:qemu=-x",
	"apt:qemu/-x",
	"apt:qemu=1/backports",
	"apt:qemu/backports=1",
	"apt:qemu system",
	"apt:qemu;reboot",
	"apt:qemu/../x",
	"apt:../qemu",
	"deb:qemu",
	"/apt:qemu",
};

START_TEST(what_is_no_package_is_refused_with_what_is)
{
	struct apt_spec s = {.name = "before"};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(apt_spec_parse(bad[_i], &s, &err), -EINVAL);
	ck_assert_str_eq(s.name, "before");
	ck_assert(strstr(err.text, bad[_i]) && strstr(err.text, APT_SPEC_ACCEPTS));
}
END_TEST

START_TEST(one_that_is_too_long_is_refused)
{
	char text[400] = "apt:";

	memset(text + 4, 'x', 128);
	ck_assert_int_eq(apt_spec_parse(text, &(struct apt_spec){0}, NULL), -EINVAL);
	text[4 + 127] = '\0';
	ck_assert_int_eq(apt_spec_parse(text, &(struct apt_spec){0}, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("apt_spec");
	TCase *t = tcase_create("text");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, a_package_is_read, 0, BL_ARRAY_LEN(good));
	tcase_add_loop_test(t, what_is_no_package_is_refused_with_what_is, 0, BL_ARRAY_LEN(bad));
	tcase_add_test(t, one_that_is_too_long_is_refused);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
