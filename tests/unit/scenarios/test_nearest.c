#include <check.h>

#include "nearest.h"

static const char *const words[] = {"bus", "iothreads", "cache", "aio", "cluster_size"};

static const char *near(const char *word)
{
	return nearest_word(word, words, sizeof words[0], sizeof words / sizeof words[0]);
}

START_TEST(a_swapped_a_missing_and_a_wrong_letter_are_found)
{
	ck_assert_str_eq(near("cahce"), "cache");
	ck_assert_str_eq(near("iothread"), "iothreads");
	ck_assert_str_eq(near("cluster-size"), "cluster_size");
	ck_assert_str_eq(near("Bus"), "bus");
	ck_assert_str_eq(near("clustersizes"), "cluster_size");
}
END_TEST

START_TEST(a_word_that_is_near_nothing_has_no_suggestion)
{
	ck_assert_ptr_null(near("preallocation"));
	ck_assert_ptr_null(near(""));
	ck_assert_ptr_null(near("xyz"));
	ck_assert_ptr_null(nearest_word("bus", words, sizeof words[0], 0));
}
END_TEST

START_TEST(a_word_of_any_length_is_safe)
{
	char lots[5000];

	for (size_t i = 0; i < sizeof lots - 1; i++)
		lots[i] = 'a';
	lots[sizeof lots - 1] = '\0';
	ck_assert_ptr_null(near(lots));
	for (size_t len = 60; len < 70; len++) {
		lots[len] = '\0';
		ck_assert_ptr_null(near(lots));
		lots[len] = 'a';
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nearest");
	TCase *tc = tcase_create("nearest");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, a_swapped_a_missing_and_a_wrong_letter_are_found);
	tcase_add_test(tc, a_word_that_is_near_nothing_has_no_suggestion);
	tcase_add_test(tc, a_word_of_any_length_is_safe);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
