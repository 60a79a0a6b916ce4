#include "depthsearch.h"
#include "shapes.h"

/* Windows in which a hundred requests ended, .within of them in time, and what fio 3.33
 * answered (--debug=rate, latency_percentile=90): depth to run at next. */
struct step {
	unsigned within;
	uint32_t depth;
	enum depth_state state;
};

static void follow(struct depthsearch *d, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum depth_state state =
			depthsearch_window(d, steps[i].within, 100 - steps[i].within);

		ck_assert_msg(state == steps[i].state && d->depth == steps[i].depth,
			      "window %zu: state %d at depth %u", i + 1, (int)state, d->depth);
	}
}
#define FOLLOW(d, steps) follow(d, steps, sizeof(steps) / sizeof((steps)[0]))

START_TEST(a_device_that_is_always_fast_ends_at_the_iodepth)
{
	static const struct step steps[] = {
		{100, 2, DEPTH_SEARCHING},  {100, 4, DEPTH_SEARCHING},  {100, 8, DEPTH_SEARCHING},
		{100, 16, DEPTH_SEARCHING}, {100, 32, DEPTH_SEARCHING}, {100, 64, DEPTH_SEARCHING},
		{100, 64, DEPTH_FINAL},     {100, 64, DEPTH_DONE},
	};
	struct depthsearch d;

	depthsearch_init(&d, 64, 90, false);
	FOLLOW(&d, steps);
	ck_assert_int_eq(depthsearch_window(&d, 0, 100), DEPTH_DONE);
	ck_assert_uint_eq(d.depth, 64);
}
END_TEST

START_TEST(a_miss_bounds_the_search_as_in_fio)
{
	static const struct step steps[] = {
		{98, 2, DEPTH_SEARCHING},  {99, 4, DEPTH_SEARCHING},  {97, 8, DEPTH_SEARCHING},
		{99, 16, DEPTH_SEARCHING}, {98, 32, DEPTH_SEARCHING}, {83, 24, DEPTH_SEARCHING},
		{92, 28, DEPTH_SEARCHING}, {95, 30, DEPTH_SEARCHING}, {61, 29, DEPTH_SEARCHING},
		{88, 28, DEPTH_SEARCHING}, {88, 27, DEPTH_SEARCHING}, {83, 26, DEPTH_SEARCHING},
		{96, 26, DEPTH_FINAL},     {88, 25, DEPTH_SEARCHING}, {93, 25, DEPTH_DONE},
	};
	struct depthsearch d;

	depthsearch_init(&d, 50, 90, false);
	FOLLOW(&d, steps);
}
END_TEST

START_TEST(latency_run_follows_the_device_as_in_fio)
{
	static const struct step steps[] = {
		{99, 2, DEPTH_SEARCHING},  {99, 4, DEPTH_SEARCHING},  {99, 8, DEPTH_SEARCHING},
		{97, 16, DEPTH_SEARCHING}, {95, 32, DEPTH_SEARCHING}, {89, 24, DEPTH_SEARCHING},
		{96, 28, DEPTH_SEARCHING}, {89, 26, DEPTH_SEARCHING}, {92, 27, DEPTH_SEARCHING},
		{91, 27, DEPTH_SEARCHING}, {94, 27, DEPTH_SEARCHING}, {94, 28, DEPTH_SEARCHING},
		{94, 28, DEPTH_SEARCHING}, {94, 28, DEPTH_SEARCHING}, {98, 29, DEPTH_SEARCHING},
		{91, 29, DEPTH_SEARCHING}, {89, 28, DEPTH_SEARCHING}, {97, 28, DEPTH_SEARCHING},
		{94, 28, DEPTH_SEARCHING}, {92, 29, DEPTH_SEARCHING}, {93, 29, DEPTH_SEARCHING},
		{99, 29, DEPTH_SEARCHING}, {87, 28, DEPTH_SEARCHING}, {89, 27, DEPTH_SEARCHING},
		{94, 27, DEPTH_SEARCHING}, {96, 27, DEPTH_SEARCHING}, {92, 28, DEPTH_SEARCHING},
	};
	struct depthsearch d;

	depthsearch_init(&d, 50, 90, true);
	FOLLOW(&d, steps);
}
END_TEST

START_TEST(a_target_that_depth_1_misses_is_a_failure_unless_it_goes_on)
{
	static const struct step fails[] = {
		{0, 1, DEPTH_FAILED}, {0, 1, DEPTH_FAILED}, {95, 1, DEPTH_FINAL}};
	static const struct step goes_on[] = {{0, 1, DEPTH_SEARCHING},  {0, 1, DEPTH_SEARCHING},
					      {95, 1, DEPTH_SEARCHING}, {95, 1, DEPTH_SEARCHING},
					      {95, 1, DEPTH_SEARCHING}, {95, 1, DEPTH_SEARCHING},
					      {95, 2, DEPTH_SEARCHING}};
	struct depthsearch d;

	depthsearch_init(&d, 50, 90, false);
	FOLLOW(&d, fails);
	depthsearch_init(&d, 50, 90, true);
	FOLLOW(&d, goes_on);
}
END_TEST

START_TEST(every_limit_of_a_device_is_found)
{
	for (uint32_t max = 1; max <= 40; max++) {
		for (uint32_t limit = 1; limit <= 45; limit++) {
			struct depthsearch d;
			int windows = 0;

			depthsearch_init(&d, max, 99.9, false);
			while (d.state != DEPTH_DONE && windows++ < 20) {
				ck_assert(d.depth >= 1 && d.depth <= max);
				depthsearch_window(&d, d.depth <= limit ? 1000 : 998,
						   d.depth <= limit ? 1 : 2);
			}
			ck_assert_int_eq(d.state, DEPTH_DONE);
			ck_assert_uint_eq(d.depth, limit < max ? limit : max);
		}
	}
}
END_TEST

START_TEST(the_percentile_itself_is_enough_and_empty_windows_say_nothing)
{
	struct depthsearch d;

	depthsearch_init(&d, 8, 100, false);
	ck_assert_int_eq(depthsearch_window(&d, 0, 0), DEPTH_SEARCHING);
	ck_assert_uint_eq(d.depth, 1);
	depthsearch_window(&d, 5, 0);
	ck_assert_uint_eq(d.depth, 2);
	depthsearch_window(&d, 1000000, 1);
	ck_assert_uint_eq(d.depth, 1);
	depthsearch_init(&d, 8, 90, false);
	depthsearch_window(&d, 9, 1);
	ck_assert_uint_eq(d.depth, 2);
}
END_TEST

TCase *depthsearch_cases(void)
{
	TCase *t = tcase_create("depthsearch");

	tcase_add_test(t, a_device_that_is_always_fast_ends_at_the_iodepth);
	tcase_add_test(t, a_miss_bounds_the_search_as_in_fio);
	tcase_add_test(t, latency_run_follows_the_device_as_in_fio);
	tcase_add_test(t, a_target_that_depth_1_misses_is_a_failure_unless_it_goes_on);
	tcase_add_test(t, every_limit_of_a_device_is_found);
	tcase_add_test(t, the_percentile_itself_is_enough_and_empty_windows_say_nothing);
	return t;
}
