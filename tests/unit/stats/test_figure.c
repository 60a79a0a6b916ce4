#include "cleanup.h"
#include "figure.h"
#include "made_data.h"

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

TCase *figure_cases(void)
{
	TCase *t = tcase_create("figure");

	tcase_add_test(t, three_significant_digits_and_no_more);
	tcase_add_test(t, a_change_is_a_share_below_two_and_a_factor_above);
	tcase_add_test(t, a_column_has_one_unit_that_suits_its_least_and_its_greatest);
	return t;
}
