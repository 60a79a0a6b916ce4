/* Patterns as fio writes them: what each text becomes, and what is refused. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "job_pattern.h"
#include "job_verify.h"

/* The text for each was compared with what fio 3.33 writes: tests/system/fio. */
static const struct {
	const char *in, *out;
} good[] = {
	{"0x1", "0x01"},
	{"0x123", "0x0123"},
	{"0xDEADbeef", "0xdeadbeef"},
	{"\"text\"", "0x74657874"},
	{"\"a\\n\"", "0x615c6e"},
	{"0", "0x00"},
	{"255", "0xff"},
	{"256", "0x0001"},
	{"-1", "0xffffffff"},
	{"-2147483648", "0x00000080"},
	{"1 2", "0x0102"},
	{"0x12\"a\"-2", "0x1261feffffff"},
	{"%o", "%o"},
	{"\"a\"%o%o0xff", "0x61%o%o0xff"},
};

START_TEST(a_pattern_becomes_bytes)
{
	struct bl_err err = BL_ERR_INIT;
	struct bl_buf text = BL_BUF_INIT;
	struct job_pattern p, again;

	ck_assert_msg(job_pattern_parse(good[_i].in, true, &p, &err) == 0, "%s", err.text);
	job_pattern_to_text(&p, &text);
	ck_assert_str_eq(bl_buf_str(&text), good[_i].out);
	ck_assert_int_eq(job_pattern_parse(bl_buf_str(&text), true, &again, &err), 0);
	ck_assert_int_eq(memcmp(&p, &again, sizeof(p)), 0);
	bl_buf_done(&text);
}
END_TEST

static const struct {
	const char *in;
	int code;
	const char *says;
} bad[] = {
	{"", -EINVAL,
	 "the pattern is empty; 0x.. digits, \"text\", 'path', a whole number or %o are accepted"},
	{"\"\"", -EINVAL,
	 "the pattern is empty; 0x.. digits, \"text\", 'path', a whole number or %o are accepted"},
	{"1,2", -EINVAL,
	 "',2' is no pattern; 0x.. digits, \"text\", 'path', a whole number or %o are accepted"},
	{"%d", -EINVAL,
	 "'%d' is no pattern; 0x.. digits, \"text\", 'path', a whole number or %o are accepted"},
	{"0x", -EINVAL, "no hexadecimal digit after '0x'"},
	{"\"ab", -EINVAL, "\"ab: the closing \" is missing"},
	{"2147483648", -ERANGE,
	 "'2147483648' does not fit in 32 bits with a sign; longer values are written as 0x.."},
	{"'/nowhere'", -ENOENT, "pattern file '/nowhere': No such file or directory"},
	{"'/dev/zero'", -EINVAL, "pattern file '/dev/zero': not a regular file"},
};

START_TEST(what_is_no_pattern_is_refused_with_what_would_be)
{
	struct bl_err err = BL_ERR_INIT;
	struct job_pattern p = {.len = 7};

	ck_assert_int_eq(job_pattern_parse(bad[_i].in, true, &p, &err), bad[_i].code);
	ck_assert_str_eq(err.text, bad[_i].says);
	ck_assert_uint_eq(p.len, 7);
}
END_TEST

START_TEST(an_offset_belongs_to_verify_pattern)
{
	struct bl_err err = BL_ERR_INIT;
	struct job_pattern p;

	ck_assert_int_eq(job_pattern_parse("0x1%o", false, &p, &err), -EINVAL);
	ck_assert_str_eq(err.text, "%o has no meaning here: it belongs to verify_pattern");
}
END_TEST

START_TEST(a_pattern_has_at_most_512_bytes)
{
	char text[2 * JOB_PATTERN_MAX + 3] = "0x", offsets[2 * JOB_PATTERN_OFFSETS_MAX + 3];
	struct bl_err err = BL_ERR_INIT;
	struct job_pattern p;

	memset(text + 2, 'a', 2 * JOB_PATTERN_MAX);
	text[2 * JOB_PATTERN_MAX + 2] = '\0';
	ck_assert_int_eq(job_pattern_parse(text, true, &p, &err), 0);
	ck_assert_uint_eq(p.len, JOB_PATTERN_MAX);
	for (int i = 0; i <= JOB_PATTERN_OFFSETS_MAX; i++)
		strcpy(offsets + 2 * i, "%o");
	ck_assert_int_eq(job_pattern_parse(offsets, true, &p, &err), -E2BIG);
	ck_assert_str_eq(err.text, "the pattern has more than 512 bytes");
	offsets[2 * JOB_PATTERN_OFFSETS_MAX] = '\0';
	ck_assert_int_eq(job_pattern_parse(offsets, true, &p, &err), 0);
	ck_assert_uint_eq(p.n_offsets, JOB_PATTERN_OFFSETS_MAX);
}
END_TEST

START_TEST(a_file_gives_its_bytes_as_far_as_they_fit)
{
	char path[64], text[80];
	struct bl_err err = BL_ERR_INIT;
	struct job_pattern p;
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/blklab-pattern-%d", (int)getpid());
	snprintf(text, sizeof(text), "0x1'%s'", path);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 600; i++)
		fputc('A' + i % 26, f);
	fclose(f);
	ck_assert_int_eq(job_pattern_parse(text, true, &p, &err), 0);
	unlink(path);
	ck_assert_uint_eq(p.len, JOB_PATTERN_MAX);
	ck_assert_int_eq(memcmp(p.bytes, "\1ABC", 4), 0);
}
END_TEST

START_TEST(every_check_has_a_name)
{
	for (int i = 0; i < JOB_VERIFIES; i++)
		ck_assert_ptr_nonnull(job_verify_names[i]);
	ck_assert_str_eq(job_verify_names[JOB_VERIFY_XXHASH], "xxhash");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("job_pattern");
	TCase *t = tcase_create("job_pattern");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, a_pattern_becomes_bytes, 0, BL_ARRAY_LEN(good));
	tcase_add_loop_test(t, what_is_no_pattern_is_refused_with_what_would_be, 0,
			    BL_ARRAY_LEN(bad));
	tcase_add_test(t, an_offset_belongs_to_verify_pattern);
	tcase_add_test(t, a_pattern_has_at_most_512_bytes);
	tcase_add_test(t, a_file_gives_its_bytes_as_far_as_they_fit);
	tcase_add_test(t, every_check_has_a_name);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
