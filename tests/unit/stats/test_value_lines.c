#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "failing_alloc.h"
#include "test_changes.h"
#include "value_lines.h"

static int parse(const char *text, bool allow_twice, struct value_lines *v, struct bl_err *err)
{
	*err = (struct bl_err)BL_ERR_INIT;
	return value_lines_parse(text, strlen(text), &(struct value_form){"sevens", allow_twice}, v,
				 err);
}

/* Each of these means: 2024-02-28 1.5, 2024-02-29 nothing, 2024-03-01 250. */
static const char *const alike[] = {
	"2024-02-28,1.5\n2024-02-29,\n2024-03-01,250\n",
	"2024-02-28,1.5\n2024-02-29\n2024-03-01,250\n",
	"date,p99 (us)\n2024-02-28,1.5\n2024-02-29,NaN\n2024-03-01,2.5e2",
	"\xef\xbb\xbf# "
	"nightly\r\n\r\ndate;value\r\n2024-02-28;1,5\r\n2024-02-29;-\r\n2024-03-01;250\r\n",
	"2024-02-28\t1.5\r2024-02-29\tNA\r2024-03-01\t+250\r",
	"\"date\",\"value\"\n\"2024-02-28\",\"1.5\"\n\"2024-02-29\",\"\"\n \"2024-03-01\" , 250 "
	",\n",
	"a head\nof two lines\n2024-02-28 1.5\n2024-02-29 null\n2024-03-01   250\n#end\n",
	"2024-02-28T00:00Z,1.5\n2024-02-29 01:00:00+01:00,n/a\n2024-03-01T00:00:00.000,250\n",
	"2024-02-28 00:00 1.5\n2024-02-28T23:00:00-0100 none\n2024-03-01T00:00 250\n",
};

START_TEST(many_ways_to_write_the_same)
{
	struct value_lines v;
	struct bl_err err;
	int r = parse(alike[_i], false, &v, &err);

	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_uint_eq(v.n, 3);
	ck_assert_uint_eq(v.n_absent, 1);
	ck_assert_int_eq(v.kind, VALUE_KEY_TIME);
	ck_assert_double_eq(v.items[0].key, 1709078400); /* date -d 2024-02-28Z +%s */
	ck_assert_double_eq(v.items[1].key, 1709078400 + 86400);
	ck_assert_double_eq(v.items[2].key, 1709078400 + 2 * 86400);
	ck_assert_double_eq(v.items[0].value, 1.5);
	ck_assert(isnan(v.items[1].value));
	ck_assert_double_eq(v.items[2].value, 250);
	ck_assert(strncmp(v.items[0].text, "2024-02-28", 10) == 0);
	value_lines_done(&v);
}
END_TEST

START_TEST(places_and_numbers_are_keys_too)
{
	struct value_lines v;
	struct bl_err err;

	ck_assert_int_eq(parse("value\n3\n\n-2.5\n1e3\n", false, &v, &err), 0);
	ck_assert_int_eq(v.kind, VALUE_KEY_PLACE);
	ck_assert_uint_eq(v.n, 3);
	ck_assert_double_eq(v.items[2].key, 2);
	ck_assert_ptr_null(v.items[2].text);
	ck_assert_double_eq(v.items[1].value, -2.5);
	ck_assert_uint_eq(v.items[2].line, 5);
	value_lines_done(&v);
	ck_assert_int_eq(parse("0.1,3\n0.1,4\n0.25,5", true, &v, &err), 0);
	ck_assert_int_eq(v.kind, VALUE_KEY_NUMBER);
	ck_assert_double_eq(v.items[2].key, 0.25);
	value_lines_done(&v);
	ck_assert_int_eq(parse("2023-11,1\n2023-12,2\n2024-01,3\n", false, &v, &err), 0);
	ck_assert_double_eq(v.items[2].key - v.items[1].key, 31 * 86400);
	value_lines_done(&v);
}
END_TEST

static const struct {
	const char *text, *says;
} bad[] = {
	{"", "no value in 0 lines; sevens"},
	{"# nothing\n\ndate,value\n", "no value in 3 lines"},
	{"2024-01-01,\n2024-01-02,NaN\n", "no value in 2 lines"},
	{"date,value\n2024-01-01,1\n2024-13-01,2\n", "line 3: '2024-13-01' is neither a date"},
	{"date,value\n2024-13-01,2\n2024-01-01,1\n", "line 2: '2024-13-01' is neither a date"},
	{"2023-02-29,2\n", "line 1: '2023-02-29' is neither a date"},
	{"2024-01-01T25:00,2\n", "line 1: '2024-01-01T25:00' is neither a date"},
	{"x,2\n", "line 1: 'x' is neither a date"},
	{"2024-01-01,1\n7,2\n", "line 2: '7' is neither a date"},
	{"1,1\n2024-01-01,2\n", "line 2: '2024-01-01' is neither a date"},
	{"1,1\n,2\n", "line 2: '' is neither a date"},
	{"2024-01-01,1\n2024-01-02,fast\n", "line 2: 'fast' is no value"},
	{"2024-01-01,fast\n", "line 1: 'fast' is no value"},
	{"1,0x10\n", "line 1: '0x10' is no value"},
	{"1,inf\n", "line 1: 'inf' is no value"},
	{"1,1e999\n", "line 1: '1e999' is beyond"},
	{"1,-1e999\n", "line 1: '-1e999' is beyond"},
	{"1,1.2.3\n", "line 1: '1.2.3' is no value"},
	{"1,1\n2,3,4\n", "line 2: more than two fields; sevens: cut the others off"},
	{"1;1,5,2\n", "line 1: '1,5,2' is no value"},
	{"5\n6,7\n", "line 2: '6,7' is no value"},
	{"2024-01-02,1\n2024-01-01,2\n", "line 2: '2024-01-01' is before '2024-01-02' of line 1"},
	{"2024-01-01,1\n# x\n2024-01-01,2\n", "line 3: '2024-01-01' was already there in line 1"},
	{"1 2\n3\n", "line 2: '' is no value"},
};

START_TEST(what_is_wrong_is_named_with_its_line)
{
	struct value_lines v = {.n = 7};
	struct bl_err err;

	ck_assert_int_eq(parse(bad[_i].text, false, &v, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s", err.text);
	ck_assert_uint_eq(v.n, 7);
}
END_TEST

START_TEST(no_text_is_no_text)
{
	struct value_lines v;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(
		value_lines_parse("1,\0002", 4, &(struct value_form){"sevens", false}, &v, &err),
		-EINVAL);
	ck_assert(strstr(err.text, "NUL bytes"));
	ck_assert(strstr(err.text, "; sevens"));
}
END_TEST

START_TEST(memory_may_be_short)
{
	long k = 0;

	for (;; k++) {
		struct value_lines v = {0};
		struct bl_err err;
		bool failed;
		int r;

		alloc_fail(k);
		r = parse(alike[2], false, &v, &err);
		failed = alloc_failed();
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
		ck_assert_int_eq(err.code, r);
		value_lines_done(&v);
		if (!failed)
			break;
	}
	ck_assert_int_ge(k, 3);
}
END_TEST

TCase *value_lines_cases(void)
{
	TCase *t = tcase_create("value_lines");

	tcase_add_loop_test(t, many_ways_to_write_the_same, 0, sizeof alike / sizeof *alike);
	tcase_add_test(t, places_and_numbers_are_keys_too);
	tcase_add_loop_test(t, what_is_wrong_is_named_with_its_line, 0, sizeof bad / sizeof *bad);
	tcase_add_test(t, no_text_is_no_text);
	tcase_add_test(t, memory_may_be_short);
	return t;
}
