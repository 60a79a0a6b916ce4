/* The guest's sampler, on a faked machine and on this one. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "cleanup.h"
#include "clock.h"
#include "faked.h"
#include "grid.h"
#include "guest_sampler.h"
#include "units.h"

#define STAT "/sys/class/block/vda/stat"

static void machine(void)
{
	faked_empty();
	faked_put(STAT, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");
	faked_put("/proc/stat", "cpu  1 2 3 4 5 6 7 8 9 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n");
	faked_put("/proc/meminfo", "MemAvailable: 5 kB\nDirty: 3 kB\nWriteback: 2 kB\n");
	faked_put("/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
}

static struct guest_sampler *begin(const char *root, const char *disk, uint64_t interval_ns,
				   size_t values_max)
{
	struct guest_sampler_options opt = {
		.root = root, .disk = disk, .interval_ns = interval_ns, .values_max = values_max};
	struct guest_sampler *s;

	ck_assert_int_eq(guest_sampler_start(&opt, &s), 0);
	return s;
}

static void pause_ms(unsigned ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

static double rise(const struct guest_sampled *all, const char *name)
{
	const struct series *one = series_find(&all->set, name);
	double d;

	ck_assert_msg(one != NULL, "%s", name);
	ck_assert(
		series_rise(&all->set, one, all->set.at_ns[0], all->set.at_ns[all->set.n - 1], &d));
	return d;
}

START_TEST(the_first_reading_is_before_and_the_last_one_after)
{
	struct guest_sampled all;
	struct guest_sampler *s;
	uint64_t from, to;

	machine();
	s = begin(faked_root, "vda", 60 * NS_PER_S, 0);
	from = bl_now_ns();
	faked_put(STAT, "1 2 3 4 105 6 7 8 9 10 11 12 13 14 15 16 17\n");
	to = bl_now_ns();
	guest_sampler_stop(s, &all);
	ck_assert_uint_lt(bl_now_ns() - to, 10 * NS_PER_S); /* it does not wait for its next one */
	ck_assert_uint_eq(all.set.n, 2);
	ck_assert_uint_eq(all.readings, 2);
	ck_assert_uint_le(all.set.at_ns[0], from);
	ck_assert_uint_ge(all.set.at_ns[1], to);
	ck_assert_double_eq_tol(rise(&all, "disk.writes"), 100, 1e-9);
	ck_assert_uint_eq(series_find(&all.set, "memory.dirty_bytes")->values[1], 3 * KiB);
	ck_assert_ptr_nonnull(series_find(&all.set, "cpu0.steal_ns"));
	ck_assert_ptr_nonnull(series_find(&all.set, "pressure.io.some_ns"));
	ck_assert_uint_gt(all.cost_ns, 0);
	ck_assert_uint_lt(all.cost_ns, NS_PER_S);
	series_done(&all.set);
	faked_drop();
}
END_TEST

START_TEST(readings_are_an_interval_apart)
{
	struct guest_sampled all;
	struct guest_sampler *s;

	machine();
	s = begin(faked_root, "vda", 20 * NS_PER_MS, 0);
	pause_ms(1000);
	guest_sampler_stop(s, &all);
	ck_assert_uint_gt(all.set.n, 10);
	ck_assert_uint_lt(all.set.n, 55);
	/* without the last, which is where it was stopped */
	ck_assert(keeps_grid(all.set.at_ns, all.set.n - 1, 20 * NS_PER_MS));
	series_done(&all.set);
	faked_drop();
}
END_TEST

START_TEST(what_gets_too_long_is_thinned_out_and_keeps_its_ends)
{
	struct guest_sampled all;
	struct guest_sampler *s;
	uint64_t from, to;

	machine();
	from = bl_now_ns();
	s = begin(faked_root, "vda", 10 * NS_PER_MS, 300);
	faked_put(STAT, "1 2 3 4 105 6 7 8 9 10 11 12 13 14 15 16 17\n");
	pause_ms(1000);
	to = bl_now_ns();
	guest_sampler_stop(s, &all);
	ck_assert_uint_le(all.set.n * all.set.n_series, 300);
	ck_assert_uint_gt(all.readings, all.set.n);
	ck_assert_uint_ge(all.set.at_ns[0], from);
	ck_assert_uint_lt(all.set.at_ns[0] - from, 500 * NS_PER_MS);
	ck_assert_uint_ge(all.set.at_ns[all.set.n - 1], to);
	ck_assert_double_eq_tol(rise(&all, "disk.writes"), 100, 1e-9);
	series_done(&all.set);
	faked_drop();
}
END_TEST

static bool is_there(const struct guest_sampled *all, const char *name, size_t moment)
{
	const struct series *one = series_find(&all->set, name);

	ck_assert_msg(one != NULL, "%s", name);
	return one->values[moment] != SERIES_ABSENT;
}

/* Two rounds: what any reading takes longer than, and what none does. */
START_TEST(a_reading_that_takes_long_is_spread)
{
	static const char *const kinds[] = {"cpu0.user_ns", "pressure.io.some_ns",
					    "memory.dirty_bytes"};
	struct guest_sampler_options opt = {
		.disk = "vda", .interval_ns = 10 * NS_PER_MS, .whole_ns = _i ? NS_PER_S : 1};
	struct guest_sampled all;
	struct guest_sampler *s;

	machine();
	opt.root = faked_root;
	ck_assert_int_eq(guest_sampler_start(&opt, &s), 0);
	pause_ms(300);
	guest_sampler_stop(s, &all);
	ck_assert_uint_gt(all.set.n, 8);
	for (size_t m = 0; m < all.set.n; m++) {
		unsigned n = 0;

		for (size_t k = 0; k < BL_ARRAY_LEN(kinds); k++)
			n += is_there(&all, kinds[k], m);
		ck_assert(is_there(&all, "disk.writes", m));
		ck_assert_uint_eq(n, _i || m < 3 || m + 1 == all.set.n ? 3 : 1);
		if (!_i && m >= 3 && m + 1 < all.set.n) /* each in its turn */
			ck_assert(is_there(&all, kinds[m % 3], m));
	}
	series_done(&all.set);
	faked_drop();
}
END_TEST

/* Also what a reading costs natively: the figure is printed, not judged. */
START_TEST(this_machine_tells_something)
{
	struct guest_sampled all;
	struct guest_sampler *s = begin("", "no-such-disk", 10 * NS_PER_MS, 0);

	pause_ms(1000);
	guest_sampler_stop(s, &all);
	ck_assert_ptr_nonnull(series_find(&all.set, "cpu0.user_ns"));
	ck_assert_ptr_nonnull(series_find(&all.set, "memory.available_bytes"));
	ck_assert_uint_lt(all.cost_ns, NS_PER_S / 2);
	printf("%zu signals, %llu readings, %.1f us of CPU time each\n", all.set.n_series,
	       (unsigned long long)all.readings, (double)all.cost_ns / 1e3 / (double)all.readings);
	series_done(&all.set);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guest_sampler");
	TCase *t = tcase_create("guest_sampler");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, the_first_reading_is_before_and_the_last_one_after);
	tcase_add_test(t, readings_are_an_interval_apart);
	tcase_add_test(t, what_gets_too_long_is_thinned_out_and_keeps_its_ends);
	tcase_add_loop_test(t, a_reading_that_takes_long_is_spread, 0, 2);
	tcase_add_test(t, this_machine_tells_something);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
