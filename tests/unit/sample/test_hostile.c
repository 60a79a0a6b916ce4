/* Random and damaged bytes into every decoder: no crash, no wild allocation, and what is
 * accepted is consistent. Runs meaningfully under the sanitizers. */
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "sample_json.h"

START_TEST(random_bytes_never_break_a_decoder)
{
	struct hist *h = calloc(1, sizeof *h);
	uint64_t seed = 1000 + (uint64_t)_i;

	for (int round = 0; round < 2000; round++) {
		size_t len = 1 + next_random(&seed) % 64;
		uint8_t *bytes = malloc(len); /* exact, so that a read beyond is seen */
		struct sample *s = sample_new("j");
		struct interval iv = {.count = 1, .max_ns = 1};

		bytes[0] = 1; /* past the version check */
		for (size_t i = 1; i < len; i++)
			bytes[i] = (uint8_t)(next_random(&seed) >> (next_random(&seed) % 8));
		hist_decode(h, bytes, len, NULL);
		intervals_decode(s, bytes, len, NULL);
		interval_buckets_decode(&iv, bytes, len, NULL);
		free(iv.buckets);
		sample_free(s);
		free(bytes);
	}
	free(h);
}
END_TEST

static uint64_t count_of(const struct interval *iv)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < iv->n_buckets; i++)
		sum += iv->buckets[i].count;
	return sum;
}

START_TEST(damaged_intervals_are_refused_or_still_add_up)
{
	struct sample *good = make_sample("j", 4, 400), *s = sample_new("j");
	struct bl_buf b = BL_BUF_INIT;
	uint64_t seed = (uint64_t)_i;
	unsigned refused = 0;

	intervals_encode(good, &b);
	for (int round = 0; round < 500; round++) {
		size_t len = round % 4 ? b.len : next_random(&seed) % b.len;
		uint8_t *bytes = malloc(len + 1);

		memcpy(bytes, b.data, len);
		if (len)
			bytes[next_random(&seed) % len] ^= (uint8_t)(1u << next_random(&seed) % 8);
		refused += intervals_decode(s, bytes, len, NULL) < 0;
		for (size_t i = 0; i < s->n_intervals; i++)
			ck_assert(!s->intervals[i].n_buckets ||
				  count_of(&s->intervals[i]) == s->intervals[i].count);
		free(bytes);
	}
	ck_assert_uint_gt(refused, 250);
	bl_buf_done(&b);
	sample_free(good);
	sample_free(s);
}
END_TEST

START_TEST(damaged_json_is_refused_or_still_adds_up)
{
	struct sample *good = make_sample("j", 4, 60), *s;
	json_t *j = sample_to_json(good);
	char *text = json_dumps(j, JSON_COMPACT);
	size_t len = strlen(text);
	uint64_t seed = 77 + (uint64_t)_i;

	json_decref(j);
	for (int round = 0; round < 300; round++) {
		size_t at = next_random(&seed) % len;
		char was = text[at];

		text[at] = (char)(32 + next_random(&seed) % 95);
		j = json_loads(text, 0, NULL);
		s = NULL;
		if (j && sample_from_json(j, &s, NULL) == 0)
			for (int d = 0; d < IO_DIRS; d++)
				ck_assert(!s->dir[d].lat ||
					  hist_total(&s->dir[d].lat->hist) == s->dir[d].ios);
		sample_free(s);
		json_decref(j);
		text[at] = was;
	}
	free(text);
	sample_free(good);
}
END_TEST

TCase *hostile_cases(void)
{
	TCase *t = tcase_create("hostile");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, random_bytes_never_break_a_decoder, 0, 3);
	tcase_add_loop_test(t, damaged_intervals_are_refused_or_still_add_up, 0, 3);
	tcase_add_loop_test(t, damaged_json_is_refused_or_still_adds_up, 0, 3);
	return t;
}
