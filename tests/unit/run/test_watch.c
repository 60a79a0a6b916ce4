/* What is watched from outside: the serial console. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "console.h"
#include "fresh_dir.h"
#include "fs.h"
#include "units.h"

static char path[64];

static void put_console(const char *text)
{
	char dir[40];

	fresh_dir(dir);
	snprintf(path, sizeof path, "%s/console", dir);
	ck_assert_int_eq(bl_write_file(path, text, strlen(text), NULL), 0);
}

START_TEST(the_tail_is_the_last_lines_without_escapes_and_control_characters)
{
	BL_CLEANUP(bl_freep) char *tail = NULL;
	char line[64];

	put_console("one\r\n\033[31mtwo\033[0m\a\r\nthr\377g\001ee\tx\r\n\r\n");
	tail = console_tail(path, 2);
	ck_assert_str_eq(tail, "two\nthrgee x");
	ck_assert(console_last_line(path, line, sizeof line));
	ck_assert_str_eq(line, "thrgee x");
	ck_assert(!console_panic(path, line, sizeof line));
}
END_TEST

START_TEST(a_panic_is_quoted_without_its_time_stamp)
{
	char line[64];

	put_console("[    1.0] fine\n[    1.5] Kernel panic - not syncing: no init\r\n[    1.6] "
		    "CPU: 0\n");
	ck_assert(console_panic(path, line, sizeof line));
	ck_assert_str_eq(line, "Kernel panic - not syncing: no init");
}
END_TEST

START_TEST(the_tail_reaches_back_to_the_panic)
{
	BL_CLEANUP(bl_freep) char *tail = NULL;

	put_console("a\nb\n[1] Kernel panic - not syncing: x\nc\nd\ne\n");
	tail = console_tail(path, 2);
	ck_assert_str_eq(tail, "[1] Kernel panic - not syncing: x\nc\nd\ne");
}
END_TEST

START_TEST(an_empty_or_missing_console_has_no_tail)
{
	char line[64];

	put_console("\n\n");
	ck_assert_ptr_null(console_tail(path, 40));
	unlink(path);
	ck_assert_ptr_null(console_tail(path, 40));
	ck_assert(!console_last_line(path, line, sizeof line));
}
END_TEST

START_TEST(a_flooded_console_stays_bounded)
{
	BL_CLEANUP(bl_freep) char *text = malloc(MiB + 1), *tail = NULL;

	memset(text, 'x', MiB);
	text[MiB] = '\0';
	put_console(text);
	tail = console_tail(path, 40);
	ck_assert_uint_le(strlen(tail), 16 * KiB);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, the_tail_is_the_last_lines_without_escapes_and_control_characters);
	tcase_add_test(t, a_panic_is_quoted_without_its_time_stamp);
	tcase_add_test(t, the_tail_reaches_back_to_the_panic);
	tcase_add_test(t, an_empty_or_missing_console_has_no_tail);
	tcase_add_test(t, a_flooded_console_stays_bounded);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
