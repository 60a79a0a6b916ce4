#include <math.h>
#include <stdlib.h>

#include <check.h>

#include "cleanup.h"
#include "fmt.h"

static const struct {
	double v;
	const char *plain;
} sig3[] = {
	{0, "0"},        {0.04123, "0.0412"}, {0.9999, "1.00"},  {1, "1.00"},      {9.994, "9.99"},
	{9.996, "10.0"}, {99.94, "99.9"},     {99.96, "100"},    {412.4, "412"},   {999.6, "1000"},
	{1234, "1230"},  {98765, "98800"},    {-31.26, "-31.3"}, {1e6, "1000000"},
};

START_TEST(three_significant_digits_and_no_more)
{
	char out[FMT_MAX];

	for (size_t i = 0; i < BL_ARRAY_LEN(sig3); i++)
		ck_assert_str_eq(fmt_sig3(&fmt_plain, out, sig3[i].v), sig3[i].plain);
	ck_assert_str_eq(fmt_sig3(&fmt_page, out, 12345.6), "12\u202f300");
}
END_TEST

START_TEST(a_change_is_a_share_below_two_and_a_factor_above)
{
	char out[FMT_MAX];

	ck_assert_str_eq(fmt_change(&fmt_plain, out, 0.69), "-31 %");
	ck_assert_str_eq(fmt_change(&fmt_plain, out, 1.042), "+4.2 %");
	ck_assert_str_eq(fmt_change(&fmt_plain, out, 1.0996), "+10 %");
	ck_assert_str_eq(fmt_change(&fmt_plain, out, 2.314), "x2.31");
	ck_assert_str_eq(fmt_change(&fmt_page, out, 0.69), "\u221231\u202f%");
}
END_TEST

START_TEST(a_column_has_one_unit_that_suits_its_least_and_its_greatest)
{
	ck_assert_str_eq(fmt_unit_between(&fmt_plain, 0, 0).name, "us");
	ck_assert_str_eq(fmt_unit_between(&fmt_plain, 80e3, 900e3).name, "us");
	ck_assert_str_eq(fmt_unit_between(&fmt_plain, 2e6, 150e6).name, "ms");
	ck_assert_str_eq(fmt_unit_between(&fmt_plain, 850e3, 149e6).name, "ms");
	ck_assert_str_eq(fmt_unit_between(&fmt_plain, 1e3, 149e6).name, "us");
}
END_TEST

static const struct {
	const char *in, *html, *md, *csv;
} foreign[] = {
	{"a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;", "a&lt;b&gt;&amp;\"'", "\"a<b>&\"\"'\""},
	{"x|y_z*`", "x|y_z*`", "x\\|y\\_z\\*\\`", "x|y_z*`"},
	{"\033[31mred", "?[31mred", "?\\[31mred", "?[31mred"},
	{"bad\xff utf\xc0\x80", "bad? utf??", "bad? utf??", "bad? utf??"},
	{"\u202egnp.exe", "?gnp.exe", "?gnp.exe", "?gnp.exe"},
	{"gr\u00fc\u00df", "gr\u00fc\u00df", "gr\u00fc\u00df", "gr\u00fc\u00df"},
	{"two\nlines", "two\nlines", "two lines", "\"two\nlines\""},
};

START_TEST(foreign_text_is_escaped_for_where_it_goes)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(foreign); i++) {
		BL_CLEANUP(bl_buf_done)
		struct bl_buf h = BL_BUF_INIT, m = BL_BUF_INIT, c = BL_BUF_INIT;

		fmt_html(&h, foreign[i].in);
		fmt_md(&m, foreign[i].in);
		fmt_csv(&c, foreign[i].in);
		ck_assert_str_eq(bl_buf_str(&h), foreign[i].html);
		ck_assert_str_eq(bl_buf_str(&m), foreign[i].md);
		ck_assert_str_eq(bl_buf_str(&c), foreign[i].csv);
	}
}
END_TEST

START_TEST(a_cut_name_says_that_it_was_cut)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf a = BL_BUF_INIT, b = BL_BUF_INIT;

	fmt_pad(&a, "virtio-blk", 6);
	fmt_pad(&b, "\u00b5s", 4);
	ck_assert_str_eq(bl_buf_str(&a), "virti~");
	ck_assert_str_eq(bl_buf_str(&b), "\u00b5s  ");
}
END_TEST

START_TEST(a_sentence_keeps_its_emphasis_and_escapes_the_rest)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf h = BL_BUF_INIT, m = BL_BUF_INIT, p = BL_BUF_INIT;

	fmt_sentence_html(&h, "\001<x>\002 y");
	fmt_sentence_md(&m, "\001a_b\002 y");
	fmt_sentence_plain(&p, "\001a_b\002 y");
	ck_assert_str_eq(bl_buf_str(&h), "<b>&lt;x&gt;</b> y");
	ck_assert_str_eq(bl_buf_str(&m), "**a\\_b** y");
	ck_assert_str_eq(bl_buf_str(&p), "a_b y");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-fmt");
	TCase *t = tcase_create("fmt");
	SRunner *r;
	int failed;

	tcase_add_test(t, three_significant_digits_and_no_more);
	tcase_add_test(t, a_change_is_a_share_below_two_and_a_factor_above);
	tcase_add_test(t, a_column_has_one_unit_that_suits_its_least_and_its_greatest);
	tcase_add_test(t, foreign_text_is_escaped_for_where_it_goes);
	tcase_add_test(t, a_cut_name_says_that_it_was_cut);
	tcase_add_test(t, a_sentence_keeps_its_emphasis_and_escapes_the_rest);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
