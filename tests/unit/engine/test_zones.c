#include <errno.h>
#include <string.h>

#include "shapes.h"
#include "zones.h"

#define K 1024

static struct zones made(uint64_t region, uint64_t range, uint64_t size, uint64_t skip, uint64_t bs)
{
	struct bl_err err = BL_ERR_INIT;
	struct zones z;

	ck_assert_msg(zones_init(&z, region, range, size, skip, bs, &err) == 0, "%s", err.text);
	return z;
}

/* Sequential reads, as runs of blocks: first block and how many, as fio 3.33 issues them. */
struct run {
	uint64_t first, n;
};
static const struct {
	uint64_t region, range, size, skip, bs, offset_unit;
	struct run runs[12];
} cases[] = {
	/* half of each zone; back to the start at the end of the region */
	{4096 * K,
	 64 * K,
	 32 * K,
	 1024 * K,
	 4 * K,
	 4 * K,
	 {{0, 8}, {272, 8}, {544, 8}, {816, 8}, {0, 8}, {272, 8}}},
	/* each two and a half times */
	{1000 * K,
	 64 * K,
	 160 * K,
	 384 * K,
	 4 * K,
	 4 * K,
	 {{0, 16},
	  {0, 16},
	  {0, 8},
	  {112, 16},
	  {112, 16},
	  {112, 8},
	  {224, 16},
	  {224, 16},
	  {224, 8},
	  {0, 16}}},
	/* the end of the region cuts the last */
	{1000 * K,
	 64 * K,
	 64 * K,
	 176 * K,
	 4 * K,
	 4 * K,
	 {{0, 16}, {60, 16}, {120, 16}, {180, 16}, {240, 10}, {0, 16}, {60, 16}}},
	/* zones without gaps are the region from end to end */
	{1000 * K, 64 * K, 64 * K, 0, 4 * K, 4 * K, {{0, 250}, {0, 250}}},
	/* 30k are moved by three requests of 12k */
	{1000 * K,
	 64 * K,
	 30 * K,
	 200 * K,
	 12 * K,
	 12 * K,
	 {{0, 3}, {22, 3}, {44, 3}, {66, 3}, {0, 3}}},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(sequential_reads_go_from_zone_to_zone_as_in_fio)
{
	struct zones z = made(cases[_i].region, cases[_i].range, cases[_i].size, cases[_i].skip,
			      cases[_i].bs);

	for (const struct run *r = cases[_i].runs; r->n; r++) {
		for (uint64_t k = 0; k < r->n; k++) {
			zones_begin(&z);
			ck_assert_uint_eq(zones_sequential(&z, 0, cases[_i].bs),
					  (r->first + k) * cases[_i].offset_unit);
		}
	}
}
END_TEST

START_TEST(reads_and_writes_have_places_of_their_own_and_one_sum)
{
	struct zones z = made(1000 * K, 64 * K, 32 * K, 200 * K, 4 * K);
	static const unsigned dirs[] = {0, 0, 0, 1, 0, 0, 1, 1, 1, 0, 1};
	static const uint64_t at[] = {0, 1, 2, 0, 3, 4, 1, 2, 66, 66, 67}; /* fio's, too */

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		ck_assert_int_eq(zones_begin(&z), i == 8);
		ck_assert_uint_eq(zones_sequential(&z, dirs[i], 4 * K), at[i] * 4 * K);
	}
}
END_TEST

START_TEST(random_places_are_in_the_zone_and_end_it)
{
	struct zones z = made(1000 * K, 64 * K, 100 * K, 176 * K, 4 * K);
	uint64_t starts = 0, draws = 0;

	for (int i = 0; i < 2000; i++) {
		uint64_t n, at;

		starts += zones_begin(&z);
		n = zones_blocks(&z, 4 * K);
		ck_assert_uint_eq(n, z.start == 960 * K ? 10 : 16);
		at = zones_place(&z, (draws++ * 7 % n) * 4 * K, 4 * K);
		ck_assert(at >= z.start && at + 4 * K <= z.start + 64 * K && at < 1000 * K);
	}
	/* four zones of 25 requests and one of 10 make a round of 110 */
	ck_assert_uint_eq(starts, 2000 / 110 * 5);
}
END_TEST

START_TEST(mixed_lengths_stay_in_the_zone)
{
	struct zones z = made(999 * K, 48 * K, 130 * K, 10 * K, 12 * K);

	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t len = (1 + i * i % 12) * K, at;

		zones_begin(&z);
		at = zones_sequential(&z, i % 2, len);
		ck_assert(at >= z.start && at + len <= z.start + 48 * K && at + len <= 999 * K);
		ck_assert_uint_eq(z.start % (58 * K), 0);
	}
}
END_TEST

START_TEST(a_cut_zone_too_short_for_a_request_is_left_out)
{
	struct zones z = made(102 * K, 32 * K, 32 * K, 18 * K, 4 * K); /* 0, 50k; at 100k are 2k */

	for (int i = 0; i < 32; i++) {
		zones_begin(&z);
		zones_sequential(&z, 0, 4 * K);
		ck_assert_uint_eq(z.start, i / 8 % 2 * 50 * K);
	}
}
END_TEST

START_TEST(zones_that_hold_no_request_are_refused)
{
	struct bl_err err = BL_ERR_INIT;
	struct zones z;

	ck_assert_int_eq(zones_init(&z, 1000, 0, 100, 0, 10, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "zonerange is 0"));
	ck_assert_int_eq(zones_init(&z, 1000, 100, 0, 0, 10, NULL), -EINVAL);
	ck_assert_int_eq(zones_init(&z, 1000, 100, 10, 0, 101, NULL), -EINVAL);
	ck_assert_int_eq(zones_init(&z, 50, 100, 10, 0, 51, NULL), -EINVAL);
	ck_assert_int_eq(zones_init(&z, 50, 100, 10, UINT64_MAX, 50, NULL), 0);
	zones_advance(&z);
	ck_assert_uint_eq(z.start, 0);
}
END_TEST

TCase *zones_cases(void)
{
	TCase *t = tcase_create("zones");

	tcase_add_loop_test(t, sequential_reads_go_from_zone_to_zone_as_in_fio, 0, CASES);
	tcase_add_test(t, reads_and_writes_have_places_of_their_own_and_one_sum);
	tcase_add_test(t, random_places_are_in_the_zone_and_end_it);
	tcase_add_test(t, mixed_lengths_stay_in_the_zone);
	tcase_add_test(t, a_cut_zone_too_short_for_a_request_is_left_out);
	tcase_add_test(t, zones_that_hold_no_request_are_refused);
	return t;
}
