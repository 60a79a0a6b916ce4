/* What changed on a night, and whether it can still be had as it was. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "old_ways.h"

static struct history_run runs[2];
static struct night_figures nights[2];
static struct history h;
static struct old_way old;

static void begin(void)
{
	memset(runs, 0, sizeof runs);
	for (size_t i = 0; i < 2; i++) {
		nights[i] = (struct night_figures){.first = &runs[i]};
		snprintf(nights[i].run, sizeof nights[i].run, "run-%zu", i);
	}
	nights[1].n_marks = 1; /* the night says that something changed */
	h = (struct history){.nights = nights, .n_nights = 2};
}

static void end(void)
{
	old_way_done(&old);
	facts_done(&runs[0].environment);
	facts_done(&runs[1].environment);
}

static void fact(size_t night, const char *key, const char *value)
{
	ck_assert_int_eq(facts_add(&runs[night].environment, key, value), 0);
}

START_TEST(an_emulator_at_another_path_is_there_still)
{
	fact(0, "emulator.0.path", "/bin/sh");
	fact(0, "emulator.0.version", "7.2.22");
	fact(1, "emulator.0.path", "/bin/false");
	old_way_find(&h, "run-1", &old);
	ck_assert_str_eq(old.change, "emulator=/bin/sh");
	ck_assert_str_eq(old.says, "QEMU 7.2.22 of /bin/sh");
}
END_TEST

/* Two nights of other cells, each with the emulator it asks for. */
START_TEST(what_other_cells_have_is_no_old_way)
{
	fact(0, "emulator.0.path", "/bin/sh");
	fact(1, "emulator.0.path", "/bin/false");
	nights[1].n_marks = 0;
	old_way_find(&h, "run-1", &old);
	ck_assert_ptr_null(old.change);
}
END_TEST

START_TEST(a_qemu_that_was_upgraded_in_place_is_asked_of_apt)
{
	fact(0, "emulator.0.path", "/usr/bin/qemu-system-x86_64");
	fact(1, "emulator.0.path", "/usr/bin/qemu-system-x86_64");
	fact(0, "package.qemu-system-x86", "1:7.2+dfsg-7+deb12u15");
	fact(1, "package.qemu-system-x86", "1:7.2+dfsg-7+deb12u18+b3");
	old_way_find(&h, "run-1", &old);
	ck_assert_str_eq(old.change, "emulator=apt:qemu-system-x86=1:7.2+dfsg-7+deb12u15");
	ck_assert_str_eq(old.says, "QEMU of package 1:7.2+dfsg-7+deb12u15");
	old_way_done(&old);
	end(); /* an emulator that is not the package's did not change with it */
	fact(0, "emulator.0.path", "/opt/qemu");
	fact(1, "emulator.0.path", "/opt/qemu");
	fact(0, "package.qemu-system-x86", "1");
	fact(1, "package.qemu-system-x86", "2");
	old_way_find(&h, "run-1", &old);
	ck_assert_ptr_null(old.change);
}
END_TEST

START_TEST(what_is_gone_or_the_same_or_one_of_several_can_not_be_had)
{
	fact(0, "image.0.kernel", "0.0.1-gone");
	fact(1, "image.0.kernel", "0.0.2-new");
	old_way_find(&h, "run-1", &old);
	ck_assert_ptr_null(old.change);
	fact(0, "emulator.0.path", "/bin/sh");
	fact(1, "emulator.0.path", "/bin/sh");
	old_way_find(&h, "run-1", &old);
	ck_assert_ptr_null(old.change);
	end();
	fact(0, "emulator.0.path", "/bin/sh");
	fact(0, "emulator.1.path", "/bin/true");
	fact(1, "emulator.0.path", "/bin/false");
	old_way_find(&h, "run-1", &old);
	ck_assert_ptr_null(old.change);
	old_way_find(&h, "run-0", &old); /* no night before it */
	ck_assert_ptr_null(old.change);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("old ways");
	TCase *t = tcase_create("found");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, what_other_cells_have_is_no_old_way);
	tcase_add_test(t, an_emulator_at_another_path_is_there_still);
	tcase_add_test(t, a_qemu_that_was_upgraded_in_place_is_asked_of_apt);
	tcase_add_test(t, what_is_gone_or_the_same_or_one_of_several_can_not_be_had);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
