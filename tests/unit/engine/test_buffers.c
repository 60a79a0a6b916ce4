/* What is in a write buffer: how much is random, what repeats, what the stamps say. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "buffers.h"
#include "cleanup.h"

#define LEN   65536
#define BLOCK 4096

static uint8_t buf[LEN], other[LEN];

static size_t zero_words(const uint8_t *at, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i += 8)
		n += !memcmp(at + i, (uint8_t[8]){0}, 8);
	return n;
}

START_TEST(each_chunk_starts_with_its_share_of_random_bytes)
{
	static const struct {
		uint32_t pct, chunk, random;
	} cases[] = {{25, 512, 384},   {50, 512, 256},   {75, 512, 128},        {100, 512, 0},
		     {50, 0, LEN / 2}, {50, 4096, 2048}, {50, 1 << 20, LEN / 2}};
	struct buffer_plan p = {.compress_pct = cases[_i].pct, .compress_chunk = cases[_i].chunk};
	size_t chunk = p.compress_chunk && p.compress_chunk < LEN ? p.compress_chunk : LEN;
	struct buffer_rng rng = buffers_rng(1);

	memset(buf, 0xff, LEN);
	buffers_fill(&p, &rng, buf, LEN);
	for (size_t at = 0; at < LEN; at += chunk) {
		size_t head = cases[_i].random;

		ck_assert_uint_eq(zero_words(buf + at, head), 0);
		ck_assert_uint_eq(zero_words(buf + at + head, chunk - head), (chunk - head) / 8);
	}
}
END_TEST

START_TEST(compressed_chunks_end_with_the_pattern_if_there_is_one)
{
	struct buffer_plan p = {
		.compress_pct = 50, .compress_chunk = 512, .pattern = {.len = 3, .bytes = "abc"}};
	struct buffer_rng rng = buffers_rng(1);

	buffers_fill(&p, &rng, buf, LEN);
	ck_assert_int_eq(memcmp(buf + 256, "abcabca", 7), 0);
	ck_assert_int_eq(memcmp(buf + 512 + 256, "abcabca", 7), 0);
	ck_assert_uint_eq(buf[511], 'a'); /* 255 % 3 is 0 */
	ck_assert_int_eq(buffers_work(&p), BUFFER_REFILL);
}
END_TEST

static size_t repeats(uint32_t pct, size_t n_fills)
{
	struct buffer_plan p = {.dedupe_pct = pct, .block = BLOCK};
	struct buffer_rng rng = buffers_rng(5);
	uint8_t last[BLOCK];
	size_t n = 0;

	for (size_t f = 0; f < n_fills; f++) {
		buffers_fill(&p, &rng, buf, LEN);
		for (size_t at = 0; at < LEN; at += BLOCK) {
			if (f + at)
				n += !memcmp(last, buf + at, BLOCK);
			memcpy(last, buf + at, BLOCK);
		}
	}
	return n;
}

START_TEST(blocks_repeat_the_one_before_as_often_as_asked)
{
	size_t n = 64 * (LEN / BLOCK); /* 1024: a standard deviation is at most 16 */

	ck_assert_uint_eq(repeats(0, 64), 0);
	ck_assert_uint_eq(repeats(100, 64), n - 1);
	for (uint32_t pct = 25; pct < 100; pct += 25) {
		size_t got = repeats(pct, 64), want = n * pct / 100;

		ck_assert_msg(got + 64 > want && got < want + 64, "%u %%: %zu of %zu", pct, got, n);
	}
}
END_TEST

START_TEST(refilled_data_never_come_again_and_clones_differ)
{
	struct buffer_plan p = {.refill = true};
	struct buffer_rng rng = buffers_rng(1), clone = buffers_rng(2), again = buffers_rng(1);

	buffers_fill(&p, &rng, buf, LEN);
	buffers_fill(&p, &clone, other, LEN);
	ck_assert_int_ne(memcmp(buf, other, 512), 0);
	buffers_fill(&p, &again, other, LEN);
	ck_assert_int_eq(memcmp(buf, other, LEN), 0);
	buffers_fill(&p, &rng, other, LEN);
	ck_assert_int_ne(memcmp(buf, other, 512), 0);
	/* an odd length, and nothing behind it */
	other[515] = 0x5a;
	buffers_fill(&p, &rng, other + 2, 513);
	ck_assert_uint_eq(other[515], 0x5a);
}
END_TEST

START_TEST(a_scrambled_sector_names_its_offset_and_time)
{
	uint64_t stamp[2];

	memset(buf, 0x11, LEN);
	buffers_scramble(buf, 1024 + 15, 8192, 99);
	for (size_t at = 0; at < 1024; at += 512) {
		memcpy(stamp, buf + at, sizeof(stamp));
		ck_assert_uint_eq(stamp[0], 8192 + at);
		ck_assert_uint_eq(stamp[1], 99);
		ck_assert_uint_eq(buf[at + 16], 0x11);
	}
	ck_assert_uint_eq(buf[1024], 0x11); /* no room for a stamp */
}
END_TEST

START_TEST(a_pattern_repeats_with_the_requests_offset_in_it)
{
	struct job_pattern p = {
		.len = 10, .n_offsets = 1, .offset_at = {1}, .bytes = "<\0\0\0\0\0\0\0\0>"};

	buffers_pattern(&p, buf, 25, 0x0102030405060708);
	ck_assert_int_eq(memcmp(buf, "<\10\7\6\5\4\3\2\1><\10\7\6\5\4\3\2\1><\10\7\6\5", 25), 0);
	buffers_pattern(&p, buf, 3, 5);
	ck_assert_int_eq(memcmp(buf, "<\5\0\6", 4), 0);
}
END_TEST

START_TEST(the_plan_decides_what_a_write_costs)
{
	static const struct {
		struct buffer_plan plan;
		enum buffer_work work;
		int first; /* byte of the buffer; -1: random */
	} cases[] = {
		{{.scramble = true}, BUFFER_SCRAMBLE, -1},
		{{.scramble = false}, BUFFER_ONCE, -1},
		{{.scramble = true, .refill = true}, BUFFER_REFILL, -1},
		{{.scramble = true, .dedupe_pct = 1}, BUFFER_REFILL, -1},
		{{.scramble = true, .compress_pct = 1, .compress_chunk = 512}, BUFFER_REFILL, -1},
		{{.scramble = true, .zero = true, .refill = true}, BUFFER_ONCE, 0},
		{{.zero = true, .pattern = {.len = 1, .bytes = "x"}}, BUFFER_ONCE, 'x'},
		{{.dedupe_pct = 50, .pattern = {.len = 1, .bytes = "x"}}, BUFFER_ONCE, 'x'},
		{{.zero = true, .dedupe_pct = 50}, BUFFER_REFILL, -1},
		{{.zero = true, .compress_pct = 50}, BUFFER_REFILL, -1},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(cases); i++) {
		struct buffer_rng rng = buffers_rng(3);
		uint8_t same[16];

		ck_assert_int_eq(buffers_work(&cases[i].plan), cases[i].work);
		buffers_fill(&cases[i].plan, &rng, buf, BLOCK);
		memset(same, cases[i].first, sizeof(same));
		ck_assert_msg((memcmp(buf, same, sizeof(same)) == 0) == (cases[i].first >= 0),
			      "case %zu", i);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("buffers");
	TCase *t = tcase_create("buffers");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, each_chunk_starts_with_its_share_of_random_bytes, 0, 7);
	tcase_add_test(t, compressed_chunks_end_with_the_pattern_if_there_is_one);
	tcase_add_test(t, blocks_repeat_the_one_before_as_often_as_asked);
	tcase_add_test(t, refilled_data_never_come_again_and_clones_differ);
	tcase_add_test(t, a_scrambled_sector_names_its_offset_and_time);
	tcase_add_test(t, a_pattern_repeats_with_the_requests_offset_in_it);
	tcase_add_test(t, the_plan_decides_what_a_write_costs);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
