/* Slices are closed once each, wherever rounding puts the event that closes them. */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "worker.h"

START_TEST(an_event_on_the_tick_of_its_slice_closes_every_slice_once)
{
	/* 2.899999 GHz: neither conversion is exact, so events fall on both sides of the edge. */
	static const struct clk clk = {.is_tsc = true, .ns_per_tick_32 = 1481040958};
	enum { SLICES = 2000 };
	static struct lat lat;
	static struct hist before;
	static uint64_t depths[3]; /* of a worker without slots */
	static const struct job job = {.rate_cycle_ns = 1000000000};
	struct worker w = {.clk = &clk, .start = 1000, .n_at_depth = depths, .job = &job};
	struct interval *got = NULL;
	uint64_t counted = 0;
	size_t n = 0;

	lat.min_ns = 1000;
	w.meter[IO_READ].lat = &lat;
	w.meter[IO_READ].before = &before;
	ck_assert_int_eq(slices_init(&w.slices, SLICES), 0);
	worker_event(&w, w.start);
	for (int i = 0; i < SLICES; i++) {
		hist_add(&lat.hist, 1000);
		w.meter[IO_READ].ios++;
		w.meter[IO_READ].slice_max_ns = 1000;
		worker_event(&w, w.next_event);
	}
	ck_assert_int_eq(slices_take(&w.slices, &got, &n), 0);
	ck_assert_uint_gt(n, SLICES / 2 - 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			ck_assert_uint_gt(got[i].index, got[i - 1].index);
		counted += got[i].count;
		free(got[i].buckets);
	}
	ck_assert_uint_ge(counted + 1, SLICES); /* the last one may still be open */
	free(got);
	slices_done(&w.slices);
}
END_TEST

TCase *slices_cases(void)
{
	TCase *t = tcase_create("slices");

	tcase_add_test(t, an_event_on_the_tick_of_its_slice_closes_every_slice_once);
	return t;
}
