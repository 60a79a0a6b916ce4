#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "randmap.h"
#include "shapes.h"

static const uint64_t sizes[] = {1,   2,    3,    63,   64,   65,   127,    128,
				 129, 1000, 4095, 4096, 4097, 8192, 100001, 262145};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* Draws until the pass is over; each unit exactly once. Returns the number of draws. */
static uint64_t whole_pass(struct randmap *m, uint64_t longest, uint64_t *rng, uint64_t *ret_first)
{
	unsigned char *seen = calloc(m->n, 1);
	uint64_t at, n, draws = 0, units = 0, want = 1 + rng_below(rng, longest);

	for (; randmap_draw(m, want, &at, &n); want = 1 + rng_below(rng, longest)) {
		REQUIRE(n >= 1);
		REQUIRE(n <= want);
		REQUIRE(at + n <= m->n);
		for (uint64_t i = 0; i < n; i++)
			REQUIRE(seen[at + i]++ == 0);
		/* shorter than wanted only because of what follows */
		if (n < want && at + n < m->n)
			REQUIRE(seen[at + n] == 1);
		if (!draws++)
			*ret_first = at;
		units += n;
		REQUIRE(m->used == units);
	}
	ck_assert(randmap_is_full(m));
	ck_assert_uint_eq(units, m->n);
	free(seen);
	return draws;
}

START_TEST(a_pass_has_every_unit_once_with_lengths_mixed_or_not)
{
	static const uint64_t longest[] = {1, 4, 64, 300};
	uint64_t n = sizes[_i], rng = n, first[4] = {0};
	struct randmap m;

	for (int k = 0; k < 4; k++) {
		ck_assert_int_eq(randmap_init(&m, n, 7), 0);
		for (int pass = 0; pass < 4; pass++) {
			uint64_t draws = whole_pass(&m, longest[k], &rng, &first[pass]);

			ck_assert(longest[k] > 1 || draws == n);
			randmap_new_pass(&m);
		}
		if (n > 4000)
			ck_assert(first[0] != first[1] || first[1] != first[2]);
		randmap_done(&m);
	}
}
END_TEST

START_TEST(a_pass_broken_off_leaves_nothing_in_use)
{
	uint64_t at, n, rng = 3, first;
	struct randmap m;

	ck_assert_int_eq(randmap_init(&m, 1000, 7), 0);
	whole_pass(&m, 8, &rng, &first); /* the next pass has its bits the other way round */
	randmap_new_pass(&m);
	for (int i = 0; i < 50; i++)
		ck_assert(randmap_draw(&m, 3, &at, &n));
	randmap_new_pass(&m);
	whole_pass(&m, 8, &rng, &first);
	randmap_done(&m);
}
END_TEST

START_TEST(starts_are_random_over_the_whole_region)
{
	enum { N = 64000, PARTS = 64 };
	uint64_t count[PARTS] = {0}, at, n;
	double expected[PARTS];
	struct randmap m;

	ck_assert_int_eq(randmap_init(&m, N, 11), 0);
	for (int pass = 0; pass < 20; pass++) {
		for (int i = 0; i < 640; i++) {
			REQUIRE(randmap_draw(&m, 4, &at, &n));
			count[at / (N / PARTS)]++;
		}
		randmap_new_pass(&m);
	}
	for (int i = 0; i < PARTS; i++)
		expected[i] = 20 * 640.0 / PARTS;
	ck_assert_double_lt(chi_square_sigmas(count, expected, PARTS), 4);
	randmap_done(&m);
}
END_TEST

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

START_TEST(the_last_units_of_a_pass_take_no_longer_than_the_first)
{
	enum { N = 1 << 22 };
	uint64_t at, n, rng = 1, part[8] = {0}, draws[8] = {0};
	struct randmap m;

	ck_assert_int_eq(randmap_init(&m, N, 5), 0);
	while (!randmap_is_full(&m)) {
		uint64_t k = m.used * 8 / N, began = now_ns();

		for (int i = 0; i < 256 && randmap_draw(&m, 1 + rng_below(&rng, 16), &at, &n); i++)
			draws[k]++;
		part[k] += now_ns() - began;
	}
	for (int k = 0; k < 8; k++)
		printf("randmap, eighth %d of a pass: %.0f ns a draw\n", k + 1,
		       (double)part[k] / (double)draws[k]);
	/* A scan for the last free units would take milliseconds each. */
	ck_assert_double_lt((double)part[7] / (double)draws[7], 5000);
	randmap_done(&m);
}
END_TEST

TCase *randmap_cases(void)
{
	TCase *t = tcase_create("randmap");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_pass_has_every_unit_once_with_lengths_mixed_or_not, 0, SIZES);
	tcase_add_test(t, a_pass_broken_off_leaves_nothing_in_use);
	tcase_add_test(t, starts_are_random_over_the_whole_region);
	tcase_add_test(t, the_last_units_of_a_pass_take_no_longer_than_the_first);
	return t;
}
