/* Which blocks are done: all of them once, some at random, the same ones again. */
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "support.h"

static const uint64_t region_sizes[] = {1, 2, 3, 4, 5, 7, 64, 1000, 1024, 1025, 65537};

START_TEST(a_pass_of_the_permutation_has_every_block_once_and_the_next_pass_another_order)
{
	uint64_t n = region_sizes[_i], same = 0;
	uint64_t *first = calloc(n, sizeof(*first));
	struct blocks b;

	blocks_init(&b, BLOCKS_PERMUTED, n, 42);
	for (int pass = 0; pass < 3; pass++) {
		bool *seen = calloc(n, sizeof(*seen));

		for (uint64_t i = 0; i < n; i++) {
			uint64_t at = blocks_next(&b, i % 2);

			ck_assert_uint_lt(at, n);
			ck_assert_msg(!seen[at], "block %llu twice", (unsigned long long)at);
			seen[at] = true;
			same += pass == 1 && first[i] == at;
			if (pass == 0)
				first[i] = at;
		}
		free(seen);
	}
	if (n >= 64) /* two random orders share one place on average */
		ck_assert_uint_lt(same, 12);
	free(first);
}
END_TEST

START_TEST(the_permutation_is_not_in_runs)
{
	uint64_t n = 100000, neighbours = 0, last, at;
	struct blocks b;

	blocks_init(&b, BLOCKS_PERMUTED, n, 7);
	last = blocks_next(&b, 0);
	for (uint64_t i = 1; i < n; i++, last = at) {
		at = blocks_next(&b, 0);
		neighbours += at == last + 1 || at + 1 == last;
	}
	ck_assert_uint_lt(neighbours, 30); /* two expected */
}
END_TEST

START_TEST(independent_draws_repeat_blocks_and_are_uniform)
{
	enum { N = 100, DRAWS = 100000 };
	unsigned count[N] = {0};
	double chi2 = 0;
	struct blocks b;

	blocks_init(&b, BLOCKS_DRAWN, N, 3);
	for (int i = 0; i < DRAWS; i++)
		count[blocks_next(&b, 0)]++;
	for (int i = 0; i < N; i++)
		chi2 += ((double)count[i] - 1000) * ((double)count[i] - 1000) / 1000;
	ck_assert_msg(chi2 > 50 && chi2 < 160, "%g", chi2); /* 99 degrees of freedom, p > 1e-4 */
}
END_TEST

START_TEST(sequential_reads_and_writes_go_on_their_own_and_wrap)
{
	struct blocks b;

	blocks_init(&b, BLOCKS_SEQUENTIAL, 3, 0);
	ck_assert_uint_eq(blocks_next(&b, 0), 0);
	ck_assert_uint_eq(blocks_next(&b, 1), 0);
	ck_assert_uint_eq(blocks_next(&b, 0), 1);
	ck_assert_uint_eq(blocks_next(&b, 0), 2);
	ck_assert_uint_eq(blocks_next(&b, 0), 0);
	ck_assert_uint_eq(blocks_next(&b, 1), 1);
}
END_TEST

START_TEST(a_random_write_job_writes_each_block_of_its_region_once)
{
	const char *path = scratch_file("once", 1000 * 4096);
	struct sample *s = run_one("[a]\nrw=randwrite\nioengine=io_uring\niodepth=8\n", path);
	size_t n;
	bool *is = written_blocks(path, 4096, &n);

	ck_assert_uint_eq(s->dir[IO_WRITE].ios, 1000);
	ck_assert_uint_eq(s->dir[IO_WRITE].bytes, 1000 * 4096);
	ck_assert_uint_eq(count_true(is, n), 1000);
	free(is);
	sample_free(s);
}
END_TEST

START_TEST(percentages_choose_the_region)
{
	const char *path = scratch_file("region", 1000 * 4096);
	struct sample *s = run_one("[a]\nrw=randwrite\nsize=25%\noffset=50%\n", path);
	size_t n;
	bool *is = written_blocks(path, 4096, &n);

	ck_assert_uint_eq(s->dir[IO_WRITE].ios, 250);
	ck_assert_uint_eq(count_true(is, 500), 0);
	ck_assert_uint_eq(count_true(is + 500, 250), 250);
	ck_assert_uint_eq(count_true(is + 750, 250), 0);
	free(is);
	sample_free(s);
}
END_TEST

static bool *blocks_of(const char *text, const char *name, size_t *ret_n)
{
	const char *path = scratch_file(name, 2000 * 4096);

	sample_free(run_one(text, path));
	return written_blocks(path, 4096, ret_n);
}

#define DRAWN "rw=randwrite\nnorandommap\nio_size=2000k\n"

START_TEST(the_same_seed_writes_the_same_blocks_and_another_seed_others)
{
	size_t n;
	bool *one = blocks_of("[a]\n" DRAWN, "one", &n);
	bool *two = blocks_of("[a]\nioengine=io_uring\niodepth=4\n" DRAWN, "two", &n);
	bool *other = blocks_of("[a]\nrandseed=5\n" DRAWN, "other", &n);

	ck_assert_int_eq(memcmp(one, two, n), 0);
	ck_assert_int_ne(memcmp(one, other, n), 0);
	free(one);
	free(two);
	free(other);
}
END_TEST

START_TEST(clones_draw_different_blocks)
{
	size_t n, alone, together;
	bool *one = blocks_of("[a]\n" DRAWN, "alone", &n);
	bool *four = blocks_of("[a]\nnumjobs=4\n" DRAWN, "four", &n);

	alone = count_true(one, n);     /* 500 draws of 2000: 442 expected */
	together = count_true(four, n); /* 2000 draws of 2000: 1264 expected */
	ck_assert_uint_gt(alone, 400);
	ck_assert_uint_gt(together, 1150);
	free(one);
	free(four);
}
END_TEST

TCase *blocks_cases(void)
{
	TCase *t = tcase_create("blocks");

	tcase_add_loop_test(
		t, a_pass_of_the_permutation_has_every_block_once_and_the_next_pass_another_order,
		0, sizeof(region_sizes) / sizeof(region_sizes[0]));
	tcase_add_test(t, the_permutation_is_not_in_runs);
	tcase_add_test(t, independent_draws_repeat_blocks_and_are_uniform);
	tcase_add_test(t, sequential_reads_and_writes_go_on_their_own_and_wrap);
	tcase_add_test(t, a_random_write_job_writes_each_block_of_its_region_once);
	tcase_add_test(t, percentages_choose_the_region);
	tcase_add_test(t, the_same_seed_writes_the_same_blocks_and_another_seed_others);
	tcase_add_test(t, clones_draw_different_blocks);
	return t;
}
