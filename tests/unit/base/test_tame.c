/* Text of others becomes printable and bounded. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tame.h"

static const struct {
	const char *s;
	size_t n, len;
	const char *out;
} rows[] = {
	{"nvme0q1", SIZE_MAX, 64, "nvme0q1"},
	{" ~", SIZE_MAX, 64, " ~"}, /* the ends of what is printable */
	{"a\x1b[31m\x7f\x1f\n\xc3\xa4", SIZE_MAX, 64, "a?[31m?????"}, /* each byte by itself */
	{"abcdef", 3, 64, "abc"},
	{"ab\0cd", 5, 64, "ab"},
	{"abcdef", SIZE_MAX, 4, "abc"},
	{"abc", SIZE_MAX, 4, "abc"},
	{"abc", SIZE_MAX, 1, ""},
	{"abc", 0, 4, ""},
	{NULL, SIZE_MAX, 4, ""},
};

START_TEST(what_is_not_printable_is_a_question_mark)
{
	char out[65];

	memset(out, 'x', sizeof out);
	ck_assert_uint_eq(bl_tame(out, rows[_i].len, rows[_i].s, rows[_i].n), strlen(rows[_i].out));
	ck_assert_str_eq(out, rows[_i].out);
	ck_assert_int_eq(out[rows[_i].len], 'x'); /* nothing behind it was written */
}
END_TEST

START_TEST(a_text_is_tamed_where_it_is)
{
	char text[] = "a\tb\r";

	ck_assert_uint_eq(bl_tame(text, SIZE_MAX, text, SIZE_MAX), 4);
	ck_assert_str_eq(text, "a?b?");
}
END_TEST

START_TEST(only_blanks_at_the_end_go)
{
	char padded[] = " QEMU  NVMe \t  ", blanks[] = "   ", none[] = "";

	ck_assert_uint_eq(bl_trim(padded), 13);
	ck_assert_str_eq(padded, " QEMU  NVMe \t");
	ck_assert_uint_eq(bl_trim(blanks), 0);
	ck_assert_str_eq(blanks, "");
	ck_assert_uint_eq(bl_trim(none), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tame");
	TCase *t = tcase_create("tame");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, what_is_not_printable_is_a_question_mark, 0,
			    sizeof rows / sizeof *rows);
	tcase_add_test(t, a_text_is_tamed_where_it_is);
	tcase_add_test(t, only_blanks_at_the_end_go);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
