#include <errno.h>
#include <math.h>
#include <string.h>

#include "shapes.h"
#include "split.h"

enum { DRAWS = 200000, VALUES = 6 };

static const struct split_part mixed[] = {{4096, 10}, {65536, 50}, {32768, 40}};
static const struct split_part rest[] = {
	{4096, 10}, {65536, SPLIT_REST}, {32768, SPLIT_REST}, {512, 0}};
static const struct split_part short_sum[] = {{4096, 10}, {8192, 20}};

static const struct {
	uint32_t min, max; /* a range, or */
	const struct split_part *parts;
	unsigned n;
	struct {
		uint32_t bytes;
		double share;
	} is[VALUES];
} cases[] = {
	{4096, 4096, NULL, 0, {{4096, 1}}},
	{4096, 16384, NULL, 0, {{4096, .25}, {8192, .25}, {12288, .25}, {16384, .25}}},
	{3072, 12288, NULL, 0, {{3072, .25}, {6144, .25}, {9216, .25}, {12288, .25}}},
	/* fio 3.33: 1393 1339 1329 1289 705 of 6055 */
	{4096,
	 18432,
	 NULL,
	 0,
	 {{4096, 4 / 18.}, {8192, 4 / 18.}, {12288, 4 / 18.}, {16384, 4 / 18.}, {18432, 2 / 18.}}},
	{0, 0, mixed, 3, {{4096, .1}, {65536, .5}, {32768, .4}}},
	{0, 0, rest, 4, {{4096, .1}, {65536, .45}, {32768, .45}}},
	{0, 0, short_sum, 2, {{4096, .1}, {8192, .9}}}, /* fio: 890 and 7747 */
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(each_size_has_its_share_of_the_requests)
{
	uint64_t count[VALUES] = {0}, rng = 9;
	double expected[VALUES];
	struct bl_err err = BL_ERR_INIT;
	struct split s;
	size_t n = 0;

	if (cases[_i].parts)
		ck_assert_int_eq(split_table(&s, cases[_i].parts, cases[_i].n, &err), 0);
	else
		split_range(&s, cases[_i].min, cases[_i].max, false);
	for (; n < VALUES && cases[_i].is[n].bytes; n++)
		expected[n] = cases[_i].is[n].share * DRAWS;
	for (int i = 0; i < DRAWS; i++) {
		uint32_t bytes = split_next(&s, &rng);
		size_t k = 0;

		while (k < n && cases[_i].is[k].bytes != bytes)
			k++;
		REQUIRE(k < n);
		count[k]++;
	}
	if (n == 1)
		ck_assert_uint_eq(count[0], DRAWS);
	else
		ck_assert_double_lt(chi_square_sigmas(count, expected, n), 4);
}
END_TEST

START_TEST(unaligned_ranges_have_every_number_of_bytes)
{
	enum { MIN = 512, MAX = 2048, N = MAX - MIN + 1 };
	uint64_t count[N] = {0}, rng = 9;
	double expected[N];
	struct split s;

	split_range(&s, MIN, MAX, true);
	for (int i = 0; i < DRAWS; i++) {
		uint32_t bytes = split_next(&s, &rng);

		REQUIRE(bytes >= MIN && bytes <= MAX);
		count[bytes - MIN]++;
	}
	for (int i = 0; i < N; i++)
		expected[i] = (double)DRAWS / N;
	ck_assert_double_lt(fabs(chi_square_sigmas(count, expected, N)), 4);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_sizes)
{
	uint64_t a = 4, b = 4, c = 5, same = 0;
	struct split s;

	split_range(&s, 512, 512 * 1024, false);
	for (int i = 0; i < 1000; i++) {
		uint32_t bytes = split_next(&s, &a);

		ck_assert_uint_eq(bytes, split_next(&s, &b));
		same += bytes == split_next(&s, &c);
	}
	ck_assert_uint_lt(same, 10);
}
END_TEST

START_TEST(limits_are_what_it_gives)
{
	struct bl_err err = BL_ERR_INIT;
	uint64_t rng = 1;
	struct split s;

	ck_assert_int_eq(split_table(&s, mixed, 3, &err), 0);
	ck_assert_uint_eq(s.min, 4096);
	ck_assert_uint_eq(s.max, 65536);
	split_fixed(&s, UINT32_MAX);
	ck_assert_uint_eq(split_next(&s, &rng), UINT32_MAX);
	split_range(&s, 1, UINT32_MAX, false);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_ge(split_next(&s, &rng), 1);
	split_range(&s, 0x80000000, UINT32_MAX, false); /* two multiples, one is cut */
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_ge(split_next(&s, &rng), 0x80000000);
}
END_TEST

START_TEST(tables_that_make_no_sense_are_refused)
{
	static const struct split_part over[] = {{4096, 60}, {8192, 50}};
	static const struct split_part none[] = {{0, 100}};
	struct split_part many[SPLIT_MAX + 1] = {{512, 1}};
	struct bl_err err = BL_ERR_INIT;
	struct split s;

	ck_assert_int_eq(split_table(&s, over, 2, &err), -ERANGE);
	ck_assert_ptr_nonnull(strstr(err.text, "110 % in all is above 100"));
	ck_assert_int_eq(split_table(&s, none, 1, NULL), -ERANGE);
	ck_assert_int_eq(split_table(&s, none, 0, NULL), -ERANGE);
	ck_assert_int_eq(split_table(&s, many, SPLIT_MAX + 1, NULL), -ERANGE);
}
END_TEST

TCase *split_cases(void)
{
	TCase *t = tcase_create("split");

	tcase_add_loop_test(t, each_size_has_its_share_of_the_requests, 0, CASES);
	tcase_add_test(t, unaligned_ranges_have_every_number_of_bytes);
	tcase_add_test(t, the_same_seed_gives_the_same_sizes);
	tcase_add_test(t, limits_are_what_it_gives);
	tcase_add_test(t, tables_that_make_no_sense_are_refused);
	return t;
}
