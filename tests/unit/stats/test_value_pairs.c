/* Pairs of values as people write them. */
#include <errno.h>
#include <string.h>

#include "failing_alloc.h"
#include "test_changes.h"
#include "value_pairs.h"

/* Each of these means: (1.5, 2), (3, 40) in lines 2 and 4, and one pair without a value. */
static const char *const alike[] = {
	"before,after\n1.5,2\n7,\n3,40\n",
	"# of last week\n1.5 2\n- 9\n3   40",
	("\xef\xbb\xbf" /* in two parts: \xbfa would be one */
	 "a;b\r\n1,5;2\r\n;9\r\n3;4e1\r\n"),
	"p99 before, p99 after\n\"1.5\", \"2\"\nNaN,1\n 3 , 40 \n",
	"a\tb\r1.5\t2\r1\tnull\r3\t40\r",
};

START_TEST(many_ways_to_write_the_same)
{
	struct value_pairs p;
	struct bl_err err = BL_ERR_INIT;
	int r = value_pairs_parse(alike[_i], strlen(alike[_i]), &p, &err);

	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_uint_eq(p.n, 2);
	ck_assert_uint_eq(p.n_absent, 1);
	ck_assert_double_eq(p.a[0], 1.5);
	ck_assert_double_eq(p.b[0], 2);
	ck_assert_double_eq(p.a[1], 3);
	ck_assert_double_eq(p.b[1], 40);
	ck_assert_uint_eq(p.line[0], 2);
	ck_assert_uint_eq(p.line[1], 4);
	value_pairs_done(&p);
}
END_TEST

/* As with one value a line: words are a head, whatever strtod makes of them. */
START_TEST(inf_and_nan_are_a_head_and_no_pair)
{
	static const char text[] = "inf,nan\n1,2\n";
	struct value_pairs p;

	ck_assert_int_eq(value_pairs_parse(text, sizeof text - 1, &p, NULL), 0);
	ck_assert_uint_eq(p.n, 1);
	ck_assert_uint_eq(p.n_absent, 0);
	value_pairs_done(&p);
}
END_TEST

static const struct {
	const char *text, *says;
} bad[] = {
	{"0x10,5\n1,2\n", "line 1: '0x10' is no value"},
	{"", "no pair of values"},
	{"# nothing\n\n", "no pair of values"},
	{"1\n2\n", "line 1: '1' is one value"},
	{"1,2\n3\n", "line 2: '3' is one value"},
	{"1,2\n1,2,3\n", "line 2: 3 values in '1,2,3'"},
	{"1,2\n3,four\n", "line 2: 'four' is no value"},
	{"1,2\nx,4\n", "line 2: 'x' is no value"},
	{"1 2,3\n", "line 1: '1 2' is no number"},
	{"1,-\n-,2\n", "no line has both"},
	{"1,2\n3,0x10\n", "line 2: '0x10' is no value"},
	{"1,2\n3,inf\n", "line 2: 'inf' is no value"},
};

START_TEST(what_is_wrong_is_named_with_its_line)
{
	struct value_pairs p = {0};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(value_pairs_parse(bad[_i].text, strlen(bad[_i].text), &p, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, bad[_i].says), "%s", err.text);
	ck_assert_ptr_null(p.a);
}
END_TEST

static int parse_some(void)
{
	struct value_pairs p;
	int r = value_pairs_parse(alike[0], strlen(alike[0]), &p, NULL);

	if (r == 0)
		value_pairs_done(&p);
	return r;
}

/* Whichever allocation fails. */
START_TEST(without_memory_it_says_so)
{
	bool has_failed = true;

	for (long n = 0; has_failed; n++) {
		int r;

		alloc_fail(n);
		r = parse_some();
		has_failed = alloc_failed();
		ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
	}
}
END_TEST

TCase *value_pairs_cases(void)
{
	TCase *t = tcase_create("value_pairs");

	tcase_add_loop_test(t, many_ways_to_write_the_same, 0, sizeof alike / sizeof *alike);
	tcase_add_test(t, inf_and_nan_are_a_head_and_no_pair);
	tcase_add_loop_test(t, what_is_wrong_is_named_with_its_line, 0, sizeof bad / sizeof *bad);
	tcase_add_test(t, without_memory_it_says_so);
	return t;
}
