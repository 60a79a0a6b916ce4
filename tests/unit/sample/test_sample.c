/* Latency blocks, merging clones, intervals as bytes. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "interval.h"

/* One slice with one latency in it, merged in: the slow way to build intervals. */
static void add_slice(struct sample *s, uint32_t index, int dir, uint64_t ns)
{
	struct interval_bucket bucket = {(uint16_t)hist_index(ns), 1};
	struct interval iv = {.index = index,
			      .dir = (uint8_t)dir,
			      .count = 1,
			      .bytes = 4096,
			      .max_ns = ns,
			      .n_buckets = 1,
			      .buckets = &bucket};
	struct sample one = {.interval_ns = 100000000, .n_intervals = 1, .intervals = &iv};

	ck_assert_int_eq(sample_merge(s, &one), 0);
}

struct sample *make_sample(const char *job, uint64_t seed, unsigned n_ios)
{
	struct sample *s = sample_new(job);

	ck_assert_ptr_nonnull(s);
	strcpy(s->engine, "io_uring");
	strcpy(s->clock, "tsc");
	s->start_ns = 5000000000 + seed;
	s->runtime_ns = 2000000000;
	s->n_threads = 1;
	s->cpu_user_ns = 123456789;
	s->cpu_sys_ns = 987654321;
	s->ctx_voluntary = n_ios;
	s->ctx_involuntary = 3;
	s->clock_cost_ns = 20.625 + (double)(seed % 3);
	s->clock_drift_ppm = seed % 2 ? -1.0 / 3 : 0.25;
	s->n_errors = seed % 4;
	s->n_enters = n_ios / 2;
	s->interval_ns = 100000000;
	for (unsigned i = 0; i < n_ios; i++) {
		int dir = (int)(next_random(&seed) % 3);
		uint64_t ns = 20000 + random_ns(&seed, 24);

		dir = dir == 2 ? IO_SYNC : dir;
		s->dir[dir].ios++;
		s->dir[dir].bytes += dir == IO_SYNC ? 0 : 4096;
		lat_add(sample_lat(&s->dir[dir].lat), ns);
		lat_add(sample_lat(&s->dir[dir].clat), ns - 1000);
		if (dir != IO_SYNC)
			lat_add(sample_lat(&s->dir[dir].slat), 1000);
		if (dir == IO_READ)
			lat_add(sample_lat(&s->dir[dir].sched), 2 * ns);
		add_slice(s, i / 50, dir, ns);
	}
	return s;
}

static void assert_same_lat(const struct lat *a, const struct lat *b)
{
	uint64_t n_a = a ? a->n : 0, n_b = b ? b->n : 0;

	ck_assert_uint_eq(n_a, n_b);
	if (n_a)
		ck_assert_mem_eq(a, b, sizeof *a);
}

static void assert_same_intervals(const struct sample *a, const struct sample *b)
{
	ck_assert_uint_eq(a->n_intervals, b->n_intervals);
	for (size_t i = 0; i < a->n_intervals; i++) {
		const struct interval *x = &a->intervals[i], *y = &b->intervals[i];

		ck_assert_uint_eq(x->index, y->index);
		ck_assert_uint_eq(x->dir, y->dir);
		ck_assert_uint_eq(x->count, y->count);
		ck_assert_uint_eq(x->bytes, y->bytes);
		ck_assert_uint_eq(x->max_ns, y->max_ns);
		ck_assert_uint_eq(x->n_buckets, y->n_buckets);
		for (uint32_t k = 0; k < x->n_buckets; k++) {
			ck_assert_uint_eq(x->buckets[k].index, y->buckets[k].index);
			ck_assert_uint_eq(x->buckets[k].count, y->buckets[k].count);
		}
	}
}

void assert_same_sample(const struct sample *a, const struct sample *b)
{
	ck_assert_str_eq(a->job, b->job);
	ck_assert_str_eq(a->engine, b->engine);
	ck_assert_str_eq(a->clock, b->clock);
	ck_assert_uint_eq(a->start_ns, b->start_ns);
	ck_assert_uint_eq(a->runtime_ns, b->runtime_ns);
	ck_assert_uint_eq(a->n_threads, b->n_threads);
	ck_assert_int_eq(a->error, b->error);
	ck_assert_str_eq(a->error_text, b->error_text);
	ck_assert_uint_eq(a->cpu_user_ns, b->cpu_user_ns);
	ck_assert_uint_eq(a->cpu_sys_ns, b->cpu_sys_ns);
	ck_assert_uint_eq(a->ctx_voluntary, b->ctx_voluntary);
	ck_assert_uint_eq(a->ctx_involuntary, b->ctx_involuntary);
	ck_assert(a->clock_cost_ns == b->clock_cost_ns); /* to the last bit */
	ck_assert(a->clock_drift_ppm == b->clock_drift_ppm);
	ck_assert_uint_eq(a->n_errors, b->n_errors);
	ck_assert_uint_eq(a->n_enters, b->n_enters);
	ck_assert_uint_eq(a->interval_ns, b->interval_ns);
	for (int d = 0; d < IO_DIRS; d++) {
		ck_assert_uint_eq(a->dir[d].ios, b->dir[d].ios);
		ck_assert_uint_eq(a->dir[d].bytes, b->dir[d].bytes);
		assert_same_lat(a->dir[d].slat, b->dir[d].slat);
		assert_same_lat(a->dir[d].clat, b->dir[d].clat);
		assert_same_lat(a->dir[d].lat, b->dir[d].lat);
		assert_same_lat(a->dir[d].sched, b->dir[d].sched);
	}
	assert_same_intervals(a, b);
}

/* 2 4 4 4 5 5 7 9: mean 5, sum of squared deviations 32, so stddev sqrt(32/7). */
START_TEST(mean_and_standard_deviation_are_the_closed_form)
{
	static const uint64_t v[] = {2, 4, 4, 4, 5, 5, 7, 9};
	struct lat *l = calloc(1, sizeof *l);

	ck_assert_double_eq(lat_mean_ns(l), 0);
	ck_assert_double_eq(lat_stddev_ns(l), 0);
	for (int i = 0; i < 8; i++)
		lat_add(l, v[i]);
	ck_assert_double_eq(lat_mean_ns(l), 5);
	ck_assert_double_eq_tol(lat_stddev_ns(l), sqrt(32.0 / 7.0), 1e-12);
	ck_assert_uint_eq(l->min_ns, 2);
	ck_assert_uint_eq(l->max_ns, 9);
	ck_assert_uint_eq(l->sum_ns, 40);
	free(l);
}
END_TEST

START_TEST(equal_latencies_deviate_by_nothing)
{
	struct lat *l = calloc(1, sizeof *l);

	for (int i = 0; i < 1000; i++)
		lat_add(l, 123456789);
	ck_assert_double_eq_tol(lat_stddev_ns(l), 0, 1.0);
	free(l);
}
END_TEST

static const struct {
	double p;
	uint64_t least;
} least_samples[] = {{50, 2}, {90, 10}, {95, 20}, {99, 100}, {99.9, 1000}, {99.99, 10000}};

START_TEST(a_percentile_with_nothing_beyond_it_is_absent)
{
	struct lat *l = calloc(1, sizeof *l);
	uint64_t ns = 7;

	for (uint64_t n = 1; n < least_samples[_i].least; n++)
		lat_add(l, 1000);
	ck_assert(!lat_percentile(l, least_samples[_i].p, &ns));
	ck_assert_uint_eq(ns, 7);
	lat_add(l, 1000);
	ck_assert(lat_percentile(l, least_samples[_i].p, &ns));
	ck_assert_uint_eq(ns, 1000); /* the bucket is [1000, 1003]: kept within min and max */
	free(l);
}
END_TEST

START_TEST(merged_blocks_equal_one_block)
{
	struct lat *l = calloc(4, sizeof *l);
	uint64_t seed = 9;

	for (int i = 0; i < 5000; i++) {
		uint64_t ns = random_ns(&seed, 20); /* squares add exactly below 2^53 */

		lat_add(&l[i % 2], ns);
		lat_add(&l[2], ns);
	}
	lat_merge(&l[0], &l[1]);
	ck_assert_mem_eq(&l[0], &l[2], sizeof l[0]);
	lat_merge(&l[0], &l[3]); /* an empty one changes nothing, its min_ns of 0 too */
	ck_assert_mem_eq(&l[0], &l[2], sizeof l[0]);
	lat_merge(&l[3], &l[2]);
	ck_assert_mem_eq(&l[3], &l[2], sizeof l[0]);
	free(l);
}
END_TEST

START_TEST(a_merged_sample_adds_counters_and_slices)
{
	struct sample *a = make_sample("j", 1, 700), *b = make_sample("j", 2, 900);
	uint64_t reads = a->dir[IO_READ].ios + b->dir[IO_READ].ios, count = 0;
	double rate;

	b->error = EIO;
	strcpy(b->error_text, "the disk said no");
	b->runtime_ns = 4000000000;
	ck_assert_int_eq(sample_merge(a, b), 0);
	ck_assert_uint_eq(a->n_threads, 2);
	ck_assert_uint_eq(a->start_ns, 5000000001);
	ck_assert_uint_eq(a->runtime_ns, 4000000000);
	ck_assert_int_eq(a->error, EIO);
	ck_assert_str_eq(a->error_text, "the disk said no");
	ck_assert_uint_eq(a->ctx_voluntary, 1600);
	ck_assert_uint_eq(a->dir[IO_READ].ios, reads);
	ck_assert_uint_eq(a->dir[IO_READ].lat->n, reads);
	ck_assert_uint_eq(sample_ios(a), reads + a->dir[IO_WRITE].ios);
	ck_assert_uint_eq(sample_bytes(a), 4096 * sample_ios(a));
	rate = (double)sample_ios(a) / 4;
	ck_assert_double_eq_tol(sample_iops(a), rate, 1e-9);
	ck_assert_double_eq_tol(sample_bytes_per_s(a), 4096 * rate, 1e-6);
	for (size_t i = 0; i < a->n_intervals; i++) {
		count += a->intervals[i].count;
		if (i)
			ck_assert(a->intervals[i - 1].index * 4u + a->intervals[i - 1].dir <
				  a->intervals[i].index * 4u + a->intervals[i].dir);
	}
	ck_assert_uint_eq(count, 1600);
	sample_free(a);
	sample_free(b);
}
END_TEST

static const struct {
	double a, b, merged;
} merged_cost[] = {{20, 31, 31}, {31, 20, 31}, {0, 20, 20}, {20, 0, 20}},
  merged_drift[] = {{0.5, -2, -2}, {-2, 0.5, -2}, {0, -0.5, -0.5}, {1, 3, 3}};

START_TEST(of_clones_the_dearest_clock_and_the_greatest_drift_are_kept)
{
	struct sample *a = make_sample("j", 1, 10), *b = make_sample("j", 2, 20);

	a->clock_cost_ns = merged_cost[_i].a;
	b->clock_cost_ns = merged_cost[_i].b;
	a->clock_drift_ppm = merged_drift[_i].a;
	b->clock_drift_ppm = merged_drift[_i].b;
	ck_assert_int_eq(sample_merge(a, b), 0);
	ck_assert(a->clock_cost_ns == merged_cost[_i].merged);
	ck_assert(a->clock_drift_ppm == merged_drift[_i].merged);
	ck_assert_uint_eq(a->n_errors, 1 + 2);
	ck_assert_uint_eq(a->n_enters, 5 + 10);
	sample_free(a);
	sample_free(b);
}
END_TEST

START_TEST(only_a_counter_that_was_measured_has_a_drift)
{
	struct sample *s = make_sample("j", 1, 1);

	s->clock_drift_ppm = 0; /* a drift too */
	ck_assert(sample_has_drift(s));
	s->clock_cost_ns = 0;
	ck_assert(!sample_has_drift(s));
	s->clock_cost_ns = 25;
	strcpy(s->clock, "monotonic");
	ck_assert(!sample_has_drift(s));
	sample_free(s);
}
END_TEST

START_TEST(merging_into_an_empty_sample_copies)
{
	struct sample *a = make_sample("j", 5, 500), *b = sample_new("j");

	ck_assert_int_eq(sample_merge(b, a), 0);
	assert_same_sample(a, b);
	sample_free(a);
	sample_free(b);
	ck_assert_ptr_null(sample_free(NULL));
}
END_TEST

START_TEST(slices_of_different_width_do_not_merge)
{
	struct sample *a = make_sample("j", 5, 50), *b = make_sample("j", 6, 50);

	b->interval_ns *= 10;
	ck_assert_int_eq(sample_merge(a, b), -EINVAL);
	ck_assert_uint_eq(a->n_threads, 1);
	sample_free(a);
	sample_free(b);
}
END_TEST

START_TEST(bytes_give_the_intervals_back)
{
	struct sample *a = make_sample("j", 5, 3000), *b = sample_new("j");
	struct bl_buf bytes = BL_BUF_INIT;

	intervals_encode(a, &bytes);
	ck_assert_int_eq(intervals_decode(b, bytes.data, bytes.len, NULL), 0);
	assert_same_intervals(a, b);
	bl_buf_done(&bytes);
	for (size_t i = 0; i < a->n_intervals; i++) {
		struct interval *iv = &b->intervals[i];

		free(iv->buckets);
		interval_buckets_encode(&a->intervals[i], &bytes);
		ck_assert_int_eq(interval_buckets_decode(iv, bytes.data, bytes.len, NULL), 0);
		bl_buf_done(&bytes);
	}
	assert_same_intervals(a, b);
	sample_free(a);
	sample_free(b);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
	const char *says;
} bad[] = {
	{"", 0, "intervals: not version 1"},
	{"\x01", 1, "intervals: cut off"},
	{"\x01\x01", 2, "intervals: says 1, has bytes for 0, most is 4194304"},
	{"\x01\xff\xff\xff\xff\x0f", 6,
	 "intervals: says 4294967295, has bytes for 0, most is 4194304"},
	{"\x01\x01\x00\x04\x00\x00\x00\x00", 8, "intervals: direction 4 is not 0 to 3"},
	{"\x01\x01\x00\x00\x00\x00\x00\x05", 8, "slice 0: says 5 buckets, has bytes for 0"},
	{"\x01\x01\x07\x00\x02\x00\x05\x01\x05\x01", 10,
	 "slice 7: the histogram holds 1, not count 2 up to max_ns 5"},
	{"\x01\x01\x07\x00\x01\x00\x06\x01\x05\x01", 10,
	 "slice 7: the histogram holds 1, not count 1 up to max_ns 6"},
	{"\x01\x02\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", 14,
	 "intervals: slice 1: directions do not ascend"},
	{"\x01\x00\x00", 3, "intervals: 1 bytes after the end"},
};

START_TEST(bytes_that_are_no_intervals_are_refused)
{
	struct sample *s = make_sample("j", 1, 10);
	struct bl_err err = BL_ERR_INIT;
	size_t n = s->n_intervals;

	ck_assert_int_eq(intervals_decode(s, bad[_i].bytes, bad[_i].len, &err), -EBADMSG);
	ck_assert_str_eq(err.text, bad[_i].says);
	ck_assert_uint_eq(s->n_intervals, n);
	sample_free(s);
}
END_TEST

TCase *sample_cases(void)
{
	TCase *t = tcase_create("sample");

	tcase_add_test(t, mean_and_standard_deviation_are_the_closed_form);
	tcase_add_test(t, equal_latencies_deviate_by_nothing);
	tcase_add_loop_test(t, a_percentile_with_nothing_beyond_it_is_absent, 0,
			    sizeof least_samples / sizeof least_samples[0]);
	tcase_add_test(t, merged_blocks_equal_one_block);
	tcase_add_test(t, a_merged_sample_adds_counters_and_slices);
	tcase_add_loop_test(t, of_clones_the_dearest_clock_and_the_greatest_drift_are_kept, 0,
			    sizeof merged_cost / sizeof merged_cost[0]);
	tcase_add_test(t, only_a_counter_that_was_measured_has_a_drift);
	tcase_add_test(t, merging_into_an_empty_sample_copies);
	tcase_add_test(t, slices_of_different_width_do_not_merge);
	tcase_add_test(t, bytes_give_the_intervals_back);
	tcase_add_loop_test(t, bytes_that_are_no_intervals_are_refused, 0,
			    sizeof bad / sizeof bad[0]);
	return t;
}
