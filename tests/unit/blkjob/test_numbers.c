/* The small writers: JSON text, short numbers, fio's buckets. */
#include <check.h>
#include <math.h>

#include "cleanup.h"
#include "folded.h"
#include "json_writer.h"
#include "short_number.h"
#include "suites.h"

START_TEST(json_is_laid_out_as_fio_does)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct json_writer w = {.out = &out};

	json_object_open(&w, NULL);
	json_put_text(&w, "name", "x");
	json_array_open(&w, "list");
	json_put_uint(&w, NULL, UINT64_MAX);
	json_put_int(&w, NULL, -1);
	json_array_close(&w);
	json_object_open(&w, "o");
	json_put_real(&w, "mean", 1.5);
	json_put_real(&w, "none", NAN);
	json_object_close(&w);
	json_object_close(&w);
	ck_assert_str_eq(bl_buf_str(&out), "{\n"
					   "  \"name\" : \"x\",\n"
					   "  \"list\" : [\n"
					   "    18446744073709551615,\n"
					   "    -1\n"
					   "  ],\n"
					   "  \"o\" : {\n"
					   "    \"mean\" : 1.500000,\n"
					   "    \"none\" : 0.000000\n"
					   "  }\n"
					   "}");
}
END_TEST

static const struct {
	const char *in, *out;
} texts[] = {
	{"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
	{"line\nbell\x01", "\"line\\u000abell\\u0001\""},
	{"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
	{"\xff\xc0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
	{"\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\""},            /* overlong */
	{"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},            /* surrogate */
	{"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, /* beyond Unicode */
	{"cut \xe2\x82", "\"cut \\ufffd\\ufffd\""},
};

START_TEST(any_bytes_become_valid_json)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct json_writer w = {.out = &out};

	json_put_text(&w, NULL, texts[_i].in);
	ck_assert_str_eq(bl_buf_str(&out), texts[_i].out);
}
END_TEST

/* Numbers that fio 3.33 printed so. */
static const struct {
	uint64_t v;
	unsigned width;
	const char *count, *binary, *si;
} numbers[] = {
	{0, 4, "0", "0B", "0B"},
	{4096, 4, "4096", "4096B", "4096B"},
	{16384, 4, "16.4k", "16.0KiB", "16.4kB"},
	{1048576, 4, "1049k", "1024KiB", "1049kB"},
	{20875, 4, "20.9k", "20.4KiB", "20.9kB"},
	{5840600, 6, "5840.6k", "5703.7KiB", "5840.6kB"},
	{99960, 4, "100k", "97.6KiB", "100kB"},
	{UINT64_MAX, 4, "18.4E", "16.0EiB", "18.4EB"},
};

START_TEST(numbers_are_as_short_as_fios)
{
	char text[SHORT_NUMBER_MAX];

	ck_assert_str_eq(short_count(text, numbers[_i].v, numbers[_i].width), numbers[_i].count);
	ck_assert_str_eq(short_bytes(text, numbers[_i].v, numbers[_i].width, true, false),
			 numbers[_i].binary);
	ck_assert_str_eq(short_bytes(text, numbers[_i].v, numbers[_i].width, false, false),
			 numbers[_i].si);
}
END_TEST

START_TEST(bits_are_eight_times_the_bytes)
{
	char text[SHORT_NUMBER_MAX];

	ck_assert_str_eq(short_bytes(text, 1048576000, 6, false, true), "8388.6Mbit");
	ck_assert_str_eq(short_bytes(text, 1048576000, 6, true, true), "8000.0Mibit");
}
END_TEST

START_TEST(fios_buckets_hold_ours_without_a_rest)
{
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		unsigned to = folded_index(i);
		double mid = (double)folded_value(to);

		ck_assert_uint_lt(to, FOLDED_BUCKETS);
		if (to == FOLDED_BUCKETS - 1)
			break; /* everything from 17.1 s on */
		ck_assert_double_le(fabs(mid - (double)hist_low(i)), mid / 64 + 1);
	}
	ck_assert_uint_eq(folded_value(folded_index(hist_index(3664))), 3664);
	ck_assert_uint_eq(folded_index(HIST_BUCKETS - 1), FOLDED_BUCKETS - 1);
}
END_TEST

TCase *numbers_tests(void)
{
	TCase *t = tcase_create("numbers");

	tcase_add_test(t, json_is_laid_out_as_fio_does);
	tcase_add_loop_test(t, any_bytes_become_valid_json, 0, BL_ARRAY_LEN(texts));
	tcase_add_loop_test(t, numbers_are_as_short_as_fios, 0, BL_ARRAY_LEN(numbers));
	tcase_add_test(t, bits_are_eight_times_the_bytes);
	tcase_add_test(t, fios_buckets_hold_ours_without_a_rest);
	return t;
}
