/* The histogram against its definition, against fio's buckets, and by properties. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "hist.h"

START_TEST(every_bucket_begins_where_the_last_ended)
{
	ck_assert_uint_eq(hist_low(0), 0);
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		uint64_t low = hist_low(i), high = hist_high(i);

		ck_assert_uint_le(low, high);
		ck_assert_uint_eq(hist_index(low), i);
		ck_assert_uint_eq(hist_index(high), i);
		if (i + 1 < HIST_BUCKETS)
			ck_assert_uint_eq(hist_low(i + 1), high + 1);
		if (low)
			ck_assert(high - low <= low / 128);
	}
	ck_assert_uint_eq(hist_high(HIST_BUCKETS - 1), UINT64_MAX);
}
END_TEST

/* fio, stat.c, plat_val_to_idx() with FIO_IO_U_PLAT_BITS 6 (stat.h of fio 3.33): index =
 * (e + 1) * 64 + ((v >> e) & 63), e = the highest bit of v less 6; below 128 the value. */
static unsigned fio_index(uint64_t v)
{
	unsigned e;

	if (v < 128)
		return (unsigned)v;
	e = 63u - (unsigned)__builtin_clzll(v) - 6;
	return (e + 1) * 64 + (unsigned)((v >> e) & 63);
}

START_TEST(each_bucket_lies_in_one_bucket_of_fio)
{
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		ck_assert_uint_eq(fio_index(hist_low(i)), fio_index(hist_high(i)));
}
END_TEST

START_TEST(merging_equals_recording_together)
{
	struct hist *a = calloc(3, sizeof *a);
	uint64_t seed = 1;

	for (int i = 0; i < 20000; i++) {
		uint64_t v = random_ns(&seed, 63);

		hist_add(&a[i % 3 ? 0 : 1], v);
		hist_add(&a[2], v);
	}
	hist_merge(&a[0], &a[1]);
	ck_assert_mem_eq(&a[0], &a[2], sizeof a[0]);
	ck_assert_uint_eq(hist_total(&a[0]), 20000);
	free(a);
}
END_TEST

START_TEST(percentiles_of_single_valued_buckets_are_the_ranks)
{
	struct hist *h = calloc(1, sizeof *h);
	uint64_t v = 77;

	ck_assert(!hist_percentile(h, 50, &v));
	ck_assert_uint_eq(v, 77);
	for (unsigned i = 1; i <= 100; i++)
		hist_add(h, i);
	for (unsigned p = 1; p <= 100; p++) {
		ck_assert(hist_percentile(h, p, &v));
		ck_assert_uint_eq(v, p);
	}
	ck_assert(hist_percentile(h, 0.001, &v));
	ck_assert_uint_eq(v, 1);
	free(h);
}
END_TEST

/* 99.9 as a double is above 99.9: the rank must not slip into the next bucket. */
START_TEST(p99_9_of_a_thousand_is_the_999th)
{
	struct hist *h = calloc(1, sizeof *h);
	uint64_t v;

	h->count[10] = 999;
	h->count[90] = 1;
	ck_assert(hist_percentile(h, 99.9, &v));
	ck_assert_uint_eq(v, 10);
	ck_assert(hist_percentile(h, 99.95, &v));
	ck_assert_uint_eq(v, 90);
	free(h);
}
END_TEST

/* As hist.h defines it: exp(ln lo + f (ln hi - ln lo)), f the share of the bucket that is needed;
 * half way in [1024, 1032) that is sqrt(1024 * 1032) = 1027.99. */
START_TEST(inside_a_bucket_the_percentile_is_log_interpolated)
{
	struct hist *h = calloc(1, sizeof *h);
	unsigned i = hist_index(1024);
	uint64_t v;

	ck_assert_uint_eq(hist_high(i), 1031);
	h->count[i] = 1000;
	ck_assert(hist_percentile(h, 50, &v));
	ck_assert_uint_eq(v, (uint64_t)sqrt(1024.0 * 1032.0));
	ck_assert(hist_percentile(h, 100, &v));
	ck_assert_uint_eq(v, 1031);
	ck_assert(hist_percentile(h, 0.0001, &v));
	ck_assert_uint_eq(v, 1024);
	free(h);
}
END_TEST

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

START_TEST(percentiles_never_decrease_and_stay_within_a_bucket_of_the_sorted_values)
{
	static uint64_t values[50000];
	struct hist *h = calloc(1, sizeof *h);
	uint64_t seed = 2, last = 0, v, exact;

	for (int i = 0; i < 50000; i++) {
		values[i] = 1000 + random_ns(&seed, 30);
		hist_add(h, values[i]);
	}
	qsort(values, 50000, sizeof *values, by_value);
	for (double p = 0.01; p <= 100; p += 0.01) {
		ck_assert(hist_percentile(h, p, &v));
		ck_assert_uint_ge(v, last);
		last = v;
		exact = values[(size_t)ceil(p / 100 * 50000 - 1e-6) - 1];
		ck_assert_double_le(fabs((double)v - (double)exact), (double)exact / 128 + 1);
	}
	free(h);
}
END_TEST

START_TEST(the_count_above_includes_the_bucket_that_is_partly_above)
{
	struct hist *h = calloc(1, sizeof *h);

	hist_add(h, 5);
	hist_add(h, 1024);
	hist_add(h, 1 << 20);
	ck_assert_uint_eq(hist_count_above(h, 4), 3);
	ck_assert_uint_eq(hist_count_above(h, 5), 2);
	ck_assert_uint_eq(hist_count_above(h, 1024), 2);
	ck_assert_uint_eq(hist_count_above(h, 1031), 1);
	ck_assert_uint_eq(hist_count_above(h, UINT64_MAX), 0);
	free(h);
}
END_TEST

START_TEST(bytes_give_the_histogram_back)
{
	struct hist *h = calloc(2, sizeof *h);
	struct bl_buf b = BL_BUF_INIT;
	uint64_t seed = 3;

	hist_encode(&h[0], &b);
	ck_assert_uint_eq(b.len, 1);
	ck_assert_int_eq(hist_decode(&h[1], b.data, b.len, NULL), 0);
	ck_assert_uint_eq(hist_total(&h[1]), 0);
	bl_buf_done(&b);

	for (int i = 0; i < 3000; i++)
		h[0].count[next_random(&seed) % HIST_BUCKETS] = random_ns(&seed, 40);
	h[0].count[0] = 1;
	h[0].count[HIST_BUCKETS - 1] = UINT64_MAX;
	hist_encode(&h[0], &b);
	ck_assert_int_eq(hist_decode(&h[1], b.data, b.len, NULL), 0);
	ck_assert_mem_eq(&h[0], &h[1], sizeof h[0]);
	bl_buf_done(&b);
	free(h);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
	const char *says;
} bad[] = {
	{"", 0, "histogram: not version 1"},
	{"\x02", 1, "histogram: not version 1"},
	{"\x01\x05", 2, "histogram: cut off in byte 2 of 2"},
	{"\x01\x05\x80", 3, "histogram: cut off in byte 3 of 3"},
	{"\x01\x80\x3a\x01", 4, "histogram: more than 7424 buckets"},
	{"\x01\x05\x00", 3, "histogram: bucket 5: a count of 0 or beyond 64 bits"},
	{"\x01\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 12,
	 "histogram: cut off in byte 12 of 12"},
};

START_TEST(bytes_that_are_no_histogram_are_refused)
{
	struct hist *h = calloc(1, sizeof *h);
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(hist_decode(h, bad[_i].bytes, bad[_i].len, &err), -EBADMSG);
	ck_assert_str_eq(err.text, bad[_i].says);
	free(h);
}
END_TEST

TCase *hist_cases(void)
{
	TCase *t = tcase_create("hist");

	tcase_add_test(t, every_bucket_begins_where_the_last_ended);
	tcase_add_test(t, each_bucket_lies_in_one_bucket_of_fio);
	tcase_add_test(t, merging_equals_recording_together);
	tcase_add_test(t, percentiles_of_single_valued_buckets_are_the_ranks);
	tcase_add_test(t, p99_9_of_a_thousand_is_the_999th);
	tcase_add_test(t, inside_a_bucket_the_percentile_is_log_interpolated);
	tcase_add_test(t, percentiles_never_decrease_and_stay_within_a_bucket_of_the_sorted_values);
	tcase_add_test(t, the_count_above_includes_the_bucket_that_is_partly_above);
	tcase_add_test(t, bytes_give_the_histogram_back);
	tcase_add_loop_test(t, bytes_that_are_no_histogram_are_refused, 0,
			    sizeof bad / sizeof bad[0]);
	return t;
}
