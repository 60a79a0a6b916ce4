#include <stdlib.h>

#include <check.h>

#include "cleanup.h"
#include "fmt.h"

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

/* What only looks like a figure is part of a name or of what a kernel said. */
START_TEST(only_marked_figures_are_set_as_the_pages)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf h = BL_BUF_INIT;

	fmt_marked_html(&h, "'a -5 b': \003-31 %\004 [\003x2.31\004, status -19, 5 %\n<x>\003");
	ck_assert_str_eq(bl_buf_str(&h),
			 "&#39;a -5 b&#39;: \u221231\u202f% [\u00d72.31, status -19, 5 %<br>"
			 "&lt;x&gt;");
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

	tcase_add_test(t, foreign_text_is_escaped_for_where_it_goes);
	tcase_add_test(t, only_marked_figures_are_set_as_the_pages);
	tcase_add_test(t, a_cut_name_says_that_it_was_cut);
	tcase_add_test(t, a_sentence_keeps_its_emphasis_and_escapes_the_rest);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
