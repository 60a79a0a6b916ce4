/* blklab claim on a faked host: what is asked, what is refused, what is shown. */
#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "faked.h"
#include "guarded.h"
#include "verb_claim.h"

static char *said, *asked;
static unsigned wide = 100;

static void drop_host(void)
{
	free(said);
	free(asked);
	said = asked = NULL;
	faked_drop();
}

static void (*meanwhile)(void); /* happens while the person thinks; NULL: nothing */

static ssize_t type(void *cookie, char *out, size_t len)
{
	const char **typed = cookie;
	size_t n = strlen(*typed) < len ? strlen(*typed) : len;

	if (meanwhile)
		meanwhile();
	memcpy(out, *typed, n);
	*typed += n;
	return (ssize_t)n;
}

/* @typed NULL: standard input is no terminal. */
static int run(struct args a, const char *typed, struct bl_err *err)
{
	struct cli cli = {.program = "blklab", .columns = wide, .in_is_tty = typed != NULL};
	size_t n, m;
	int r;

	free(said);
	free(asked);
	cli.out = open_memstream(&said, &n);
	cli.err = open_memstream(&asked, &m);
	cli.in = typed ? fopencookie(&typed, "r", (cookie_io_functions_t){.read = type}) : NULL;
	*err = (struct bl_err)BL_ERR_INIT;
	r = claim_run(&cli, &a, faked_root, err);
	fclose(cli.out);
	fclose(cli.err);
	if (cli.in)
		fclose(cli.in);
	return r;
}

static void put_data(void)
{
	faked_write_at("nvme0n1", "data", 4, 4096);
}

static bool is_claimed(void)
{
	struct device d = faked_find();
	struct claim c;

	ck_assert_int_eq(claim_read(&d, &c, NULL), 0);
	return c.is_there;
}

static void same_text(const char *has, const char *want)
{
	ck_assert_msg(strcmp(has, want) == 0, "has:\n%s\nwant:\n%s", has, want);
}

START_TEST(a_person_is_shown_the_disk_and_types_its_serial)
{
	struct bl_err err;

	put_data();
	ck_assert_msg(run((struct args){.serial = "S5XX-0001"}, "S5XX-0001\n", &err) == 0, "%s",
		      err.text);
	same_text(said, "disk       nvme0n1, 16 MiB, namespace 1\n"
			"model      TEST SSD 1000, firmware FW42\n"
			"serial     S5XX-0001\n"
			"hangs at   0000:5e:00.0, driver nvme, IOMMU group 12\n"
			"holds      data without a signature (not all bytes are zero)\n");
	same_text(asked, "\nAll data on 'nvme0n1' will be lost, now or in any later run. Type its "
			 "serial to go on: \n'nvme0n1' (serial S5XX-0001) is claimed: runs may "
			 "overwrite it.\n");
	ck_assert(is_claimed());
}
END_TEST

START_TEST(anything_else_that_is_typed_changes_nothing)
{
	struct bl_err err;

	ck_assert_int_eq(run((struct args){.serial = "S5XX-0001"}, "yes\n", &err), -ECANCELED);
	ck_assert_str_eq(err.text, "'yes' was typed, not 'S5XX-0001': nothing was changed; ask "
				   "again when it is meant");
	ck_assert(!is_claimed());
}
END_TEST

START_TEST(what_came_while_a_person_thought_is_not_lost)
{
	struct bl_err err;

	meanwhile = put_data;
	ck_assert_int_eq(run((struct args){.serial = "S5XX-0001"}, "S5XX-0001\n", &err), -ESTALE);
	ck_assert_ptr_nonnull(strstr(err.text, "is not what was shown any more"));
	ck_assert(!is_claimed());
}
END_TEST

static const char *fails; /* the form whose text finds no memory; NULL: none */

char *__wrap_bl_strf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

char *__wrap_bl_strf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	if (fails && strcmp(fmt, fails) == 0)
		return NULL;
	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

START_TEST(without_memory_for_the_name_no_other_namespace_is_claimed)
{
	struct args a = {.serial = "S5XX-0001", .device = "nvme0n2", .yes = true, .erase = true};
	struct bl_err err;

	faked_namespace(PCI, 0, 2, 5);
	fails = "/dev/%s";
	ck_assert_int_eq(run(a, NULL, &err), -ENOMEM);
	ck_assert(!is_claimed()); /* the first one */
	fails = NULL;
	ck_assert_msg(run(a, NULL, &err) == 0, "%s", err.text);
	ck_assert(!is_claimed());
}
END_TEST

START_TEST(a_script_must_say_yes_and_erase_when_there_is_data)
{
	struct args a = {.serial = "S5XX-0001"};
	struct bl_err err;

	ck_assert_int_eq(run(a, NULL, &err), -EINVAL);
	ck_assert_str_eq(
		err.text,
		"'nvme0n1' would be overwritten by any later run, and there is no terminal "
		"to ask on; --yes says that it may, and --erase with it when it holds data");
	put_data();
	a.yes = true;
	ck_assert_int_eq(run(a, NULL, &err), -EEXIST);
	ck_assert_str_eq(err.text,
			 "'nvme0n1' holds data, which would be lost: data without a signature (not "
			 "all bytes are zero); if nobody needs that, say --yes --erase");
	ck_assert(!is_claimed());
	a.erase = true;
	ck_assert_int_eq(run(a, NULL, &err), 0);
	ck_assert(is_claimed());
	a.yes = false;
	ck_assert_int_eq(run(a, NULL, &err), -EINVAL);
}
END_TEST

START_TEST(an_empty_disk_is_claimed_once_by_yes_alone)
{
	struct args a = {.serial = "S5XX-0001", .yes = true};
	struct bl_err err;

	ck_assert_int_eq(run(a, NULL, &err), 0);
	ck_assert(is_claimed());
	ck_assert_int_eq(run(a, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(said, "\nIt is claimed already; nothing was changed.\n"));
	a = (struct args){.serial = "S5XX-0001", .remove = true};
	ck_assert_int_eq(run(a, NULL, &err), 0);
	ck_assert(!is_claimed());
	ck_assert_int_eq(run(a, NULL, &err), -ENOKEY);
}
END_TEST

START_TEST(a_disk_in_use_is_refused_whatever_is_said)
{
	struct args a = {.serial = "S5XX-0001", .yes = true, .erase = true};
	struct bl_err err;

	faked_put("/proc/swaps",
		  "Filename Type Size Used Priority\n/dev/nvme0n1 partition 1 0 -2\n");
	ck_assert_int_eq(run(a, NULL, &err), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err.text, "is swap of this host"));
	ck_assert(!is_claimed());
}
END_TEST

START_TEST(one_of_several_is_named_by_address_path_or_name)
{
	struct args a = {.serial = "S5XX-0001", .yes = true};
	struct bl_err err;

	faked_nvme("0000:5f:00.0", 1, "S5XX-0001", 13);
	faked_namespace("0000:5f:00.0", 1, 1, 4);
	ck_assert_int_eq(run(a, NULL, &err), -ENOTUNIQ);
	a.device = "5f:00.0";
	ck_assert_int_eq(run(a, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(said, "hangs at   0000:5f:00.0"));
	a.device = "nvme0n1";
	ck_assert_int_eq(run(a, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(said, "hangs at   0000:5e:00.0"));
	a.serial = NULL;
	ck_assert_int_eq(run(a, NULL, &err), -EINVAL);
	ck_assert_str_eq(err.text, "no SERIAL was given; a disk is claimed by its serial, and "
				   "`blklab claim` without options lists them");
}
END_TEST

START_TEST(a_device_with_another_serial_is_bad_input)
{
	struct args a = {.serial = "S5XX-0002", .yes = true};
	const char *const named[] = {"5e:00.0", "/dev/nvme0n1", "nvme0n1"};
	struct bl_err err;

	for (size_t i = 0; i < 3; i++) {
		a.device = named[i];
		ck_assert_int_eq(cli_exit_code(run(a, NULL, &err)), EXIT_BAD_INPUT);
		ck_assert_ptr_nonnull(strstr(err.text, "not 'S5XX-0002'"));
	}
	ck_assert(!is_claimed());
}
END_TEST

START_TEST(the_list_says_what_stops_each)
{
	struct bl_err err;

	ck_assert_int_eq(run((struct args){.serial = "S5XX-0001", .yes = true}, NULL, &err), 0);
	faked_nvme("0000:5f:00.0", 1, "S5XX-0002", 13);
	faked_namespace("0000:5f:00.0", 1, 1, 4);
	faked_pci("0000:60:00.0", "0x010802\n", "vfio-pci", 14);
	ck_assert_int_eq(run((struct args){.json = false}, NULL, &err), 0);
	same_text(
		said,
		"disk     serial     model            size  PCI address   driver    group  state\n"
		"nvme0n1  S5XX-0001  TEST SSD 1000  16 MiB  0000:5e:00.0  nvme         12  ready\n"
		"nvme1n1  S5XX-0002  TEST SSD 1000  16 MiB  0000:5f:00.0  nvme         13  "
		"unclaimed, empty\n"
		"    - 'nvme1n1' has no claim of this lab: nobody has said that it may be "
		"overwritten\n"
		"      -> look at it and claim it: blklab claim 'S5XX-0002' --device /dev/nvme1n1\n"
		"sda      -          -              16 MiB  0000:00:1f.2  -             -  "
		"refused\n"
		"    - 'sda' tells no serial, so nothing proves that it is the disk that is meant\n"
		"      -> take a disk that has one\n"
		"    - 'sda' is the disk of '/' (sda1, ext4): this host runs from it\n"
		"      -> take another disk\n"
		"-        -          -                   -  0000:60:00.0  vfio-pci     14  "
		"not the host's\n"
		"    - '0000:60:00.0' belongs to vfio-pci: neither its serial nor what is on it "
		"can be told\n"
		"      -> give it back to its driver: blklab recover, when a killed run had it; "
		"by hand: echo\n"
		"         0000:60:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind; echo >\n"
		"         /sys/bus/pci/devices/0000:60:00.0/driver_override; echo 0000:60:00.0 >\n"
		"         /sys/bus/pci/drivers_probe\n");
}
END_TEST

static const struct {
	const char *serial;
	unsigned columns;
	const char *row;
} fitted[] = {
	{"S5XXNX0T123456789012", 100,
	 "nvme1n1  S5XXNX0T123456789012  TEST SSD 1000  16 MiB  0000:5f:00.0  nvme       13  "
	 "unclaimed, empty\n"},
	{"S5XXNX0T12345678901234", 100,
	 "nvme1n1  S5XXNX0T12345678901234  TEST SSD 1..  16 MiB  0000:5f:00.0  nvme       13  "
	 "unclaimed, empty\n"},
	{"S5XX-0002", 80,
	 "nvme1n1  S5XX-0002  TEST SSD 1000  16 MiB  0000:5f:00.0     13  unclaimed, empty\n"},
	{"S5XXNX0T12345678901", 80,
	 "nvme1n1  S5XXNX0T12345678901  TEST SSD..  16 MiB  0000:5f:00.0  unclaimed, empty\n"},
	{"S5XXNX0T12345678901234567890", 80,
	 "nvme1n1  S5XXNX0T12345678901234567890  16 MiB  0000:5f:00.0  unclaimed, empty\n"},
	{"S5XXNX0T1234567890123456789012345678901", 80,
	 "nvme1n1  S5XXNX0T1234567890123456789012345678901  16 MiB  0000:5f:00.0\n"
	 "    unclaimed, empty\n"},
	{"S5XX-0002", 400,
	 "nvme1n1  S5XX-0002  TEST SSD 1000  16 MiB  0000:5f:00.0  nvme       13  "
	 "unclaimed, empty\n"},
};

START_TEST(the_list_fits_the_terminal)
{
	unsigned columns = fitted[_i].columns;
	struct bl_err err;
	size_t len;

	faked_nvme("0000:5f:00.0", 1, fitted[_i].serial, 13);
	faked_namespace("0000:5f:00.0", 1, 1, 4);
	faked_pci("0000:61:00.0", "0x010802\n", "nvme", 15);
	wide = columns;
	ck_assert_int_eq(run((struct args){.json = false}, NULL, &err), 0);
	ck_assert_msg(strstr(said, fitted[_i].row), "%s", said);
	for (const char *line = said; *line; line += len + 1) {
		len = strcspn(line, "\n");
		ck_assert_msg(len <= (columns < 100 ? columns : 100), "%s", line);
	}
}
END_TEST

START_TEST(programs_get_the_same_as_json)
{
	const char *serial, *reason;
	int claimable, passable;
	struct bl_err err;
	json_t *doc;

	ck_assert_int_eq(run((struct args){.json = true}, NULL, &err), 0);
	doc = json_loads(said, 0, NULL);
	ck_assert_uint_eq(json_array_size(doc), 2);
	ck_assert_int_eq(json_unpack(doc, "[{s:s,s:b,s:b,s:n,s:[],s:[{s:s}]}]", "serial", &serial,
				     "may_be_claimed", &claimable, "may_be_passed", &passable,
				     "claim", "contents", "reasons", "reason", &reason),
			 0);
	ck_assert_str_eq(serial, "S5XX-0001");
	ck_assert(claimable && !passable);
	ck_assert_ptr_nonnull(strstr(reason, "has no claim of this lab"));
	json_decref(doc);
	ck_assert_int_eq(
		run((struct args){.json = true, .serial = "S5XX-0001", .yes = true}, NULL, &err),
		0);
	doc = json_loads(said, 0, NULL);
	ck_assert_int_eq(json_unpack(doc, "{s:{s:s},s:b}", "claim", "serial", &serial,
				     "may_be_passed", &passable),
			 0);
	ck_assert(passable);
	json_decref(doc);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("claim");
	TCase *t = tcase_create("verb");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, faked_one_disk, drop_host);
	tcase_add_test(t, a_person_is_shown_the_disk_and_types_its_serial);
	tcase_add_test(t, anything_else_that_is_typed_changes_nothing);
	tcase_add_test(t, what_came_while_a_person_thought_is_not_lost);
	tcase_add_test(t, without_memory_for_the_name_no_other_namespace_is_claimed);
	tcase_add_test(t, a_script_must_say_yes_and_erase_when_there_is_data);
	tcase_add_test(t, an_empty_disk_is_claimed_once_by_yes_alone);
	tcase_add_test(t, a_disk_in_use_is_refused_whatever_is_said);
	tcase_add_test(t, one_of_several_is_named_by_address_path_or_name);
	tcase_add_test(t, a_device_with_another_serial_is_bad_input);
	tcase_add_test(t, the_list_says_what_stops_each);
	tcase_add_loop_test(t, the_list_fits_the_terminal, 0, BL_ARRAY_LEN(fitted));
	tcase_add_test(t, programs_get_the_same_as_json);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
