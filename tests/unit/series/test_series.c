#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "series.h"

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

START_TEST(what_was_not_put_is_absent)
{
	BL_CLEANUP(series_done) struct series_set s = {0};

	ck_assert_int_eq(series_put(&s, "a", SERIES_GAUGE, 1), -EINVAL);
	ck_assert_int_eq(series_moment(&s, 10), 0);
	ck_assert_int_eq(series_put(&s, "a", SERIES_COUNTER, 7), 0);
	ck_assert_int_eq(series_moment(&s, 10), -EINVAL);
	ck_assert_int_eq(series_moment(&s, 20), 0);
	ck_assert_int_eq(series_put(&s, "b", SERIES_GAUGE, 8), 0);
	ck_assert_int_eq(series_put(&s, "b", SERIES_GAUGE, UINT64_MAX - 1), 0);
	ck_assert_int_eq(series_putf(&s, SERIES_GAUGE, 8, "%0100d", 1), -EINVAL);
	ck_assert_uint_eq(series_find(&s, "a")->values[0], 7);
	ck_assert_uint_eq(series_find(&s, "a")->values[1], SERIES_ABSENT);
	ck_assert_uint_eq(series_find(&s, "b")->values[0], SERIES_ABSENT);
	ck_assert_uint_eq(series_find(&s, "b")->values[1], SERIES_ABSENT);
	ck_assert_ptr_null(series_find(&s, "c"));
}
END_TEST

/* A counter that rises by 10 a moment of 100 ns, with the third reading missing. */
static void make_counter(struct series_set *s)
{
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_int_eq(series_moment(s, 1000 + 100 * i), 0);
		if (i != 2)
			ck_assert_int_eq(series_put(s, "n", SERIES_COUNTER, 50 + 10 * i), 0);
		ck_assert_int_eq(series_put(s, "g", SERIES_GAUGE, i), 0);
	}
}

START_TEST(a_moment_is_copied_with_what_is_present_there)
{
	BL_CLEANUP(series_done) struct series_set s = {0}, to = {0};

	make_counter(&s);
	ck_assert_int_eq(series_copy_moment(&to, &s, 2, 7), 0);
	ck_assert_int_eq(series_copy_moment(&to, &s, 1, 7), -EINVAL);
	ck_assert_int_eq(series_copy_moment(&to, &s, 1, 8), 0);
	ck_assert_uint_eq(to.n, 2);
	ck_assert_uint_eq(to.at_ns[1], 8);
	ck_assert_uint_eq(series_find(&to, "g")->values[0], 2);
	ck_assert_uint_eq(series_find(&to, "n")->values[0], SERIES_ABSENT);
	ck_assert_uint_eq(series_find(&to, "n")->values[1], 60);
	ck_assert_int_eq(series_find(&to, "n")->kind, SERIES_COUNTER);
}
END_TEST

static bool is_named(const void *name, const struct series_set *s, const struct series *one)
{
	(void)s;
	return !strcmp(one->name, name);
}

START_TEST(what_was_dropped_can_be_put_again)
{
	BL_CLEANUP(series_done) struct series_set s = {0};

	make_counter(&s);
	series_drop(&s, is_named, "n");
	ck_assert_uint_eq(s.n_series, 1);
	ck_assert_ptr_null(series_find(&s, "n"));
	ck_assert_uint_eq(series_find(&s, "g")->values[5], 5);
	ck_assert_int_eq(series_put(&s, "n", SERIES_COUNTER, 3), 0);
	ck_assert_uint_eq(series_find(&s, "n")->values[5], 3);
}
END_TEST

START_TEST(a_rise_is_linear_between_readings)
{
	BL_CLEANUP(series_done) struct series_set s = {0};
	double rise;

	make_counter(&s);
	ck_assert(series_rise(&s, series_find(&s, "n"), 1000, 1500, &rise));
	ck_assert_double_eq_tol(rise, 50, 1e-9);
	ck_assert(series_rise(&s, series_find(&s, "n"), 1150, 1250, &rise));
	ck_assert_double_eq_tol(rise, 10, 1e-9);
	ck_assert(!series_rise(&s, series_find(&s, "n"), 999, 1500, &rise));
	ck_assert(!series_rise(&s, series_find(&s, "n"), 1000, 1501, &rise));
	series_find(&s, "n")->values[3] = 1; /* another device took the name */
	ck_assert(!series_rise(&s, series_find(&s, "n"), 1150, 1300, &rise));
	ck_assert(!series_rise(&s, series_find(&s, "n"), 1100, 1250, &rise));
}
END_TEST

START_TEST(a_grid_differences_counters_and_keeps_gauges)
{
	BL_CLEANUP(series_done) struct series_set s = {0};
	double got[4];

	make_counter(&s);
	series_grid(&s, series_find(&s, "n"), 950, 200, 4, got);
	ck_assert(isnan(got[0]));
	ck_assert_double_eq_tol(got[1], 20, 1e-9);
	ck_assert(isnan(got[2]));
	ck_assert(isnan(got[3]));
	series_grid(&s, series_find(&s, "g"), 950, 200, 4, got);
	ck_assert_double_eq(got[0], 1);
	ck_assert_double_eq(got[1], 3);
	ck_assert_double_eq(got[2], 5);
	ck_assert_double_eq(got[3], 5);
	series_grid(&s, series_find(&s, "g"), 0, 200, 1, got);
	ck_assert(isnan(got[0]));
}
END_TEST

START_TEST(a_cut_covers_its_ends)
{
	BL_CLEANUP(series_done) struct series_set s = {0}, cut = {0};
	double rise;

	make_counter(&s);
	ck_assert_int_eq(series_cut(&s, 1340, 1360, &cut), 0);
	ck_assert_uint_eq(cut.n, 2);
	ck_assert(series_rise(&cut, series_find(&cut, "n"), 1340, 1360, &rise));
	ck_assert_double_eq_tol(rise, 2, 1e-9);
	series_shift(&cut, -1350);
	ck_assert_uint_eq(cut.at_ns[0], 0);
	ck_assert_uint_eq(cut.at_ns[1], 50);
}
END_TEST

START_TEST(thinning_keeps_the_first_and_the_last)
{
	static const uint64_t left[] = {1000, 1200, 1400, 1500};
	BL_CLEANUP(series_done) struct series_set s = {0}, none = {0};
	double rise;

	make_counter(&s);
	series_thin(&s);
	ck_assert_uint_eq(s.n, 4);
	for (size_t m = 0; m < s.n; m++)
		ck_assert_uint_eq(s.at_ns[m], left[m]);
	ck_assert_uint_eq(series_find(&s, "n")->values[1], SERIES_ABSENT);
	ck_assert(series_rise(&s, series_find(&s, "n"), 1000, 1500, &rise));
	ck_assert_double_eq_tol(rise, 50, 1e-9);
	series_thin(&s);
	ck_assert_uint_eq(s.n, 3); /* 1000, 1400, 1500 */
	series_thin(&s);
	series_thin(&s);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_uint_eq(s.at_ns[0], 1000);
	ck_assert_uint_eq(s.at_ns[1], 1500);
	series_thin(&none);
	ck_assert_uint_eq(none.n, 0);
}
END_TEST

START_TEST(room_that_is_reserved_stays_where_it_is)
{
	BL_CLEANUP(series_done) struct series_set s = {0};
	const uint64_t *at, *values;

	ck_assert_int_eq(series_moment(&s, 1), 0);
	ck_assert_int_eq(series_put(&s, "n", SERIES_COUNTER, 1), 0);
	ck_assert_int_eq(series_reserve(&s, 5000), 0);
	at = s.at_ns;
	values = s.items[0].values;
	for (uint64_t m = 2; m <= 5000; m++) {
		ck_assert_int_eq(series_moment(&s, m), 0);
		ck_assert_int_eq(series_put(&s, "n", SERIES_COUNTER, m), 0);
	}
	ck_assert_ptr_eq(at, s.at_ns);
	ck_assert_ptr_eq(values, s.items[0].values);
	ck_assert_int_eq(series_reserve(&s, 7), 0);
	ck_assert_uint_eq(s.cap, 5000);
	ck_assert_int_eq(series_reserve(&s, SERIES_VALUES_MAX), -E2BIG);
}
END_TEST

static void make_random(struct series_set *s, uint64_t seed)
{
	size_t n = next_random(&seed) % 200, n_series = next_random(&seed) % 30;
	uint64_t at = next_random(&seed), values[30] = {0};

	for (size_t m = 0; m < n; m++) {
		ck_assert_int_eq(series_moment(s, at), 0);
		at += 1 + next_random(&seed) % 1000000;
		for (size_t i = 0; i < n_series; i++) {
			uint64_t chance = next_random(&seed) % 10;

			if (chance < 3)
				continue;
			if (chance < 8)
				values[i] += next_random(&seed) % 100000;
			if (chance == 9)
				values[i] = next_random(&seed) % 2 ? INT64_MAX : 0;
			if (values[i] > INT64_MAX)
				values[i] = 0;
			ck_assert_int_eq(series_putf(s, i % 2 ? SERIES_GAUGE : SERIES_COUNTER,
						     values[i], "s%zu", i),
					 0);
		}
	}
}

static void expect_same(const struct series_set *a, const struct series_set *b)
{
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_uint_eq(a->n_series, b->n_series);
	for (size_t m = 0; m < a->n; m++)
		ck_assert_uint_eq(a->at_ns[m], b->at_ns[m]);
	for (size_t i = 0; i < a->n_series; i++) {
		ck_assert_str_eq(a->items[i].name, b->items[i].name);
		ck_assert_int_eq(a->items[i].kind, b->items[i].kind);
		for (size_t m = 0; m < a->n; m++)
			ck_assert_uint_eq(a->items[i].values[m], b->items[i].values[m]);
	}
}

START_TEST(bytes_and_back)
{
	for (uint64_t seed = 0; seed < 60; seed++) {
		BL_CLEANUP(series_done) struct series_set s = {0}, back = {0};
		BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;

		make_random(&s, seed);
		series_encode(&s, &bytes);
		ck_assert_int_eq(series_decode(bytes.data, bytes.len, &back, NULL), 0);
		expect_same(&s, &back);
	}
}
END_TEST

START_TEST(an_empty_set_is_three_bytes)
{
	BL_CLEANUP(series_done) struct series_set s = {0}, back = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;

	series_encode(&s, &bytes);
	ck_assert_uint_eq(bytes.len, 3);
	ck_assert_int_eq(series_decode(bytes.data, bytes.len, &back, NULL), 0);
	ck_assert_uint_eq(back.n, 0);
	ck_assert_int_eq(series_decode(NULL, 0, &back, NULL), -EBADMSG);
}
END_TEST

/* Never a crash or a wild allocation; what is accepted can be written and read again. */
START_TEST(damaged_bytes_are_refused_or_a_set)
{
	BL_CLEANUP(series_done) struct series_set s = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf good = BL_BUF_INIT;
	uint64_t seed = (uint64_t)_i + 100;
	unsigned refused = 0;

	make_random(&s, seed);
	series_encode(&s, &good);
	for (int round = 0; round < 300; round++) {
		BL_CLEANUP(series_done) struct series_set back = {0}, again = {0};
		BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;
		size_t len = round % 3 ? good.len : next_random(&seed) % good.len;
		uint8_t *bad = malloc(len + 1);

		memcpy(bad, good.data, len);
		if (len > 1)
			bad[1 + next_random(&seed) % (len - 1)] ^=
				(uint8_t)(1u << next_random(&seed) % 8);
		if (series_decode(bad, len, &back, NULL) < 0) {
			refused++;
		} else {
			series_encode(&back, &bytes);
			ck_assert_int_eq(series_decode(bytes.data, bytes.len, &again, NULL), 0);
			expect_same(&back, &again);
		}
		free(bad);
	}
	ck_assert_uint_gt(refused, 0);
}
END_TEST

START_TEST(a_bomb_is_refused)
{
	/* Two million moments of 4000 signals, in a few bytes of counts. */
	static const uint8_t bomb[] = {1, 0x80, 0x80, 0x80, 0x01, 0xa0, 0x1f, 1, 1, 1, 1};
	BL_CLEANUP(series_done) struct series_set back = {0};

	ck_assert_int_eq(series_decode(bomb, sizeof bomb, &back, NULL), -EBADMSG);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("series");
	TCase *t = tcase_create("series");
	SRunner *r;
	int failed;

	tcase_add_test(t, what_was_not_put_is_absent);
	tcase_add_test(t, a_moment_is_copied_with_what_is_present_there);
	tcase_add_test(t, what_was_dropped_can_be_put_again);
	tcase_add_test(t, a_rise_is_linear_between_readings);
	tcase_add_test(t, a_grid_differences_counters_and_keeps_gauges);
	tcase_add_test(t, a_cut_covers_its_ends);
	tcase_add_test(t, thinning_keeps_the_first_and_the_last);
	tcase_add_test(t, room_that_is_reserved_stays_where_it_is);
	tcase_add_test(t, bytes_and_back);
	tcase_add_test(t, an_empty_set_is_three_bytes);
	tcase_add_loop_test(t, damaged_bytes_are_refused_or_a_set, 0, 8);
	tcase_add_test(t, a_bomb_is_refused);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
