/* A PCI function's address as people and sysfs write it. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "pci_address.h"

static const struct {
	const char *text, *name;
	struct bl_pci is;
} good[] = {
	{"0000:5e:00.0", "0000:5e:00.0", {0, 0x5e, 0, 0}},
	{"5e:00.0", "0000:5e:00.0", {0, 0x5e, 0, 0}},
	{"ABCD:FF:1F.7", "abcd:ff:1f.7", {0xabcd, 0xff, 0x1f, 7}},
	{"10000:01:02.3", "10000:01:02.3", {0x10000, 1, 2, 3}},
	{"00001:01:02.3", "0001:01:02.3", {1, 1, 2, 3}},
	{"fffff:01:02.3", "fffff:01:02.3", {0xfffff, 1, 2, 3}},
};

START_TEST(an_address_is_read_and_written_as_sysfs_has_it)
{
	char out[BL_PCI_TEXT_MAX];
	struct bl_pci pci;

	ck_assert_int_eq(bl_pci_parse(good[_i].text, &pci), 0);
	ck_assert_uint_eq(pci.domain, good[_i].is.domain);
	ck_assert_uint_eq(pci.bus, good[_i].is.bus);
	ck_assert_uint_eq(pci.device, good[_i].is.device);
	ck_assert_uint_eq(pci.function, good[_i].is.function);
	ck_assert_str_eq(bl_pci_format(out, &pci), good[_i].name);
	out[0] = '\0';
	ck_assert_int_eq(bl_pci_text(good[_i].text, out), 0);
	ck_assert_str_eq(out, good[_i].name);
}
END_TEST

static const char *const bad[] = {
	"",
	":",
	"::.",
	"nvme0",
	"/dev/sdb",
	"0000:5e:00",
	"0000:5e:00.",
	"0000:5e:00.8",  /* a function has three bits */
	"0000:5e:20.0",  /* a device five */
	"0000:5e:00.10", /* one digit */
	"0000:5e:00.0 ",
	" 5e:00.0",
	"5e:00.0/",
	"5e.00.0",
	"5e:00:0",
	"5e:0.0",
	"15e:00.0",
	"000:5e:00.0", /* lspci and sysfs write four digits or, above ffff, more */
	"100000:5e:00.0",
	":5e:00.0",
	"0x00:5e:00.0",
	"-001:5e:00.0",
	"00g0:5e:00.0",
	"0000:0000:5e:00.0",
};

START_TEST(what_is_no_address_is_refused)
{
	struct bl_pci pci = {1, 2, 3, 4};
	char out[BL_PCI_TEXT_MAX] = "before";

	ck_assert_int_eq(bl_pci_parse(bad[_i], &pci), -EINVAL);
	ck_assert_uint_eq(pci.domain, 1);
	ck_assert_uint_eq(pci.function, 4);
	ck_assert_int_eq(bl_pci_text(bad[_i], out), -EINVAL);
	ck_assert_str_eq(out, "before");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pci_address");
	TCase *t = tcase_create("text");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, an_address_is_read_and_written_as_sysfs_has_it, 0,
			    BL_ARRAY_LEN(good));
	tcase_add_loop_test(t, what_is_no_address_is_refused, 0, BL_ARRAY_LEN(bad));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
