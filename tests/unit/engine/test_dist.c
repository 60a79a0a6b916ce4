/* random_distribution against closed forms. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist.h"
#include "shapes.h"

static struct dist made(const struct dist_spec *spec, uint64_t n)
{
	struct bl_err err = BL_ERR_INIT;
	struct dist d;

	ck_assert_msg(dist_init(&d, spec, n, 4096, 3, &err) == 0, "%s", err.text);
	return d;
}

/* How often each rank was drawn: the scattering undone. */
static uint64_t *ranks(const struct dist *d, uint64_t draws)
{
	uint64_t *by_block = calloc(d->n, sizeof(*by_block)), rng = 17;
	uint64_t *by_rank = calloc(d->n, sizeof(*by_rank));

	for (uint64_t i = 0; i < draws; i++) {
		uint64_t at = dist_next(d, &rng);

		REQUIRE(at < d->n);
		by_block[at]++;
	}
	for (uint64_t r = 0; r < d->n; r++)
		by_rank[r] = by_block[(blocks_permute(&d->scatter, r) + d->shift) % d->n];
	free(by_block);
	return by_rank;
}

static double first_share(const uint64_t *count, uint64_t n, uint64_t draws)
{
	double sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += (double)count[i];
	return sum / (double)draws;
}

START_TEST(zeta_is_the_sum_it_stands_for)
{
	static const double thetas[] = {0.2, 0.8, 0.99, 1.0, 1.2, 3.0};
	static const uint64_t ns[] = {1, 2, 199, 200, 201, 5000, 1000000};

	for (size_t t = 0; t < 6; t++) {
		for (size_t k = 0; k < 7; k++) {
			double sum = 0;

			for (uint64_t i = ns[k]; i >= 1; i--)
				sum += pow((double)i, -thetas[t]);
			ck_assert_double_eq_tol(dist_zeta(ns[k], thetas[t]) / sum, 1, 1e-11);
		}
	}
}
END_TEST

START_TEST(zipf_gives_the_hottest_blocks_their_share)
{
	static const double thetas[] = {0.5, 0.8, 0.99, 1.2, 1.8};
	enum { N = 100000, DRAWS = 1000000 };
	double theta = thetas[_i], zeta = dist_zeta(N, theta);
	struct dist d = made(&(struct dist_spec){.kind = DIST_ZIPF, .value = theta}, N);
	uint64_t *count = ranks(&d, DRAWS);

	/* The two hottest are exact: within 4 standard deviations. */
	for (int r = 0; r < 2; r++) {
		double p = pow(r + 1, -theta) / zeta;

		ck_assert_double_eq_tol((double)count[r] / DRAWS, p, 4 * sqrt(p / DRAWS));
	}
	for (int per_mille = 1; per_mille <= 500; per_mille += per_mille < 10 ? 9 : 70) {
		uint64_t top = (uint64_t)N * (unsigned)per_mille / 1000;

		ck_assert_double_eq_tol(first_share(count, top, DRAWS),
					dist_zeta(top, theta) / zeta, 0.02);
	}
	free(count);
}
END_TEST

START_TEST(a_great_region_ends_the_sum_of_zipf_where_fio_does)
{
	/* fio 3.33, zipf:0.8 over 104857600 blocks: 0.827 % of 204800 draws to one block. */
	struct dist d = made(&(struct dist_spec){.kind = DIST_ZIPF, .value = 0.8}, 104857600);

	ck_assert_double_eq_tol(1 / d.zeta, 0.00827, 0.0001);
}
END_TEST

START_TEST(pareto_is_self_similar)
{
	static const double hs[] = {0.1, 0.2, 0.4};
	enum { N = 100000, DRAWS = 1000000 };
	double h = hs[_i];
	struct dist d = made(&(struct dist_spec){.kind = DIST_PARETO, .value = h}, N);
	uint64_t *count = ranks(&d, DRAWS);

	/* 20 % of the blocks get 80 %, and 20 % of those 80 % of that. */
	ck_assert_double_eq_tol(first_share(count, (uint64_t)(h * N), DRAWS), 1 - h, 0.002);
	ck_assert_double_eq_tol(first_share(count, (uint64_t)(h * h * N), DRAWS), (1 - h) * (1 - h),
				0.002);
	free(count);
}
END_TEST

START_TEST(normal_has_its_middle_and_its_width)
{
	static const double devs[] = {0, 10, 40, 50, 90};
	enum { N = 100001, DRAWS = 400000 };
	struct dist d = made(&(struct dist_spec){.kind = DIST_NORMAL, .value = devs[_i]}, N);
	uint64_t *count = ranks(&d, DRAWS);
	double mean = 0, var = 0, width = fmin(devs[_i], 50) / 100, within = 0, sd;

	for (uint64_t r = 0; r < N; r++)
		mean += (double)count[r] * (double)r / DRAWS;
	for (uint64_t r = 0; r < N; r++)
		var += (double)count[r] * ((double)r - mean) * ((double)r - mean) / DRAWS;
	/* variance of the mean of twelve uniforms, and of the uniform jitter */
	sd = N * sqrt(1 / 144.0 + width * width / 12);
	ck_assert_double_eq_tol(mean, N / 2.0, 4 * sd / sqrt(DRAWS));
	ck_assert_double_eq_tol(sqrt(var) / sd, 1, 0.005);
	for (uint64_t r = 0; r < N; r++)
		within += fabs((double)r - N / 2.0) <= sd ? (double)count[r] / DRAWS : 0;
	if (devs[_i] <= 10) /* still a bell */
		ck_assert_double_eq_tol(within, 0.6827, 0.005);
	free(count);
}
END_TEST

static const struct dist_zone four[] = {{60, 10, 0}, {30, 20, 0}, {8, 30, 0}, {2, 40, 0}};
static const struct dist_zone rests[] = {{60, 10, 0}, {DIST_REST, DIST_REST, 0}};
static const struct dist_zone sizes[] = {
	{60, 0, 100 * 4096}, {30, 0, 200 * 4096}, {10, 0, 300 * 4096}};
static const struct {
	struct dist_spec spec;
	double share[4]; /* of blocks 0..99, 100..299, 300..599, 600..999 */
} zoned[] = {
	{{.kind = DIST_ZONED, .zones = four, .n_zones = 4}, {0.6, 0.3, 0.08, 0.02}},
	{{.kind = DIST_ZONED, .zones = rests, .n_zones = 2},
	 {0.6, 0.4 * 2 / 9, 0.4 * 3 / 9, 0.4 * 4 / 9}},
	{{.kind = DIST_ZONED_ABS, .zones = sizes, .n_zones = 3}, {0.6, 0.3, 0.1, 0}},
};

START_TEST(zones_get_their_share_and_are_uniform_within)
{
	enum { N = 1000, DRAWS = 500000 };
	struct dist d = made(&zoned[_i].spec, N);
	double expected[N];
	uint64_t count[N] = {0}, rng = 5;
	size_t n = 0;

	for (int i = 0; i < DRAWS; i++)
		count[dist_next(&d, &rng)]++;
	for (int i = 0; i < N; i++) {
		int z = i < 100 ? 0 : i < 300 ? 1 : i < 600 ? 2 : 3;

		expected[i] = DRAWS * zoned[_i].share[z] / (100 * (z + 1));
		n += expected[i] > 0;
		if (expected[i] == 0)
			ck_assert_uint_eq(count[i], 0);
	}
	ck_assert_double_lt(fabs(chi_square_sigmas(count, expected, n)), 4);
}
END_TEST

static uint64_t hottest(const struct dist_spec *spec, uint64_t n, uint64_t seed)
{
	uint64_t *count = calloc(n, sizeof(*count)), rng = 1, best = 0;
	struct bl_err err = BL_ERR_INIT;
	struct dist d;

	ck_assert_int_eq(dist_init(&d, spec, n, 4096, seed, &err), 0);
	for (int i = 0; i < 20000; i++)
		count[dist_next(&d, &rng)]++;
	for (uint64_t i = 1; i < n; i++)
		best = count[i] > count[best] ? i : best;
	free(count);
	return best;
}

START_TEST(the_center_is_the_hottest_block_and_without_one_the_seed_chooses)
{
	struct dist_spec z = {.kind = DIST_ZIPF, .value = 1.2};
	struct dist_spec p = {.kind = DIST_PARETO, .value = 0.2, .has_center = true, .center = 0.5};

	ck_assert_uint_eq(hottest(&p, 1000, 1), 500);
	ck_assert_uint_ne(hottest(&z, 1000, 1), hottest(&z, 1000, 2));
	ck_assert_uint_eq(hottest(&z, 1000, 1), hottest(&z, 1000, 1));
	z.has_center = true;
	z.center = 0.25;
	ck_assert_uint_eq(hottest(&z, 1000, 1), 250);
	z.center = 1;
	ck_assert_uint_eq(hottest(&z, 1000, 1), 999);
}
END_TEST

START_TEST(hot_blocks_are_not_neighbours)
{
	struct dist d = made(&(struct dist_spec){.kind = DIST_ZIPF, .value = 1.2}, 1000000);
	uint64_t close = 0;

	for (uint64_t r = 0; r < 1000; r++) {
		uint64_t a = blocks_permute(&d.scatter, r), b = blocks_permute(&d.scatter, r + 1);

		close += (a > b ? a - b : b - a) < 1000;
	}
	ck_assert_uint_lt(close, 12); /* two expected */
}
END_TEST

START_TEST(small_regions_have_all_their_blocks_and_no_others)
{
	static const struct dist_zone one[] = {{100, 100, 0}};
	static const struct dist_spec specs[] = {
		{.kind = DIST_UNIFORM},
		{.kind = DIST_ZIPF, .value = 0.3},
		{.kind = DIST_ZIPF, .value = 1.1},
		{.kind = DIST_PARETO, .value = 0.45},
		{.kind = DIST_NORMAL, .value = 60},
		{.kind = DIST_ZONED, .zones = one, .n_zones = 1},
	};

	for (size_t k = 0; k < sizeof(specs) / sizeof(specs[0]); k++) {
		for (uint64_t n = 1; n <= 9; n++) {
			struct dist d = made(&specs[k], n);
			uint64_t rng = 1, seen = 0;

			for (int i = 0; i < 20000; i++) {
				uint64_t at = dist_next(&d, &rng);

				REQUIRE(at < n);
				seen |= (uint64_t)1 << at;
			}
			/* pareto's last block has the draw 1 alone, here as in fio */
			if (specs[k].kind == DIST_PARETO && n > 1)
				ck_assert_int_eq(__builtin_popcountll(seen), (int)n - 1);
			else if (specs[k].kind != DIST_NORMAL) /* whose ends are rare */
				ck_assert_int_eq(__builtin_popcountll(seen), (int)n);
		}
	}
}
END_TEST

static const struct dist_zone over[] = {{60, 10, 0}, {50, 20, 0}};
static const struct dist_zone far[] = {{60, 0, 1 << 30}, {40, 0, 4096}};
static const struct {
	struct dist_spec spec;
	int code;
	const char *says;
} bad[] = {
	{{.kind = DIST_ZIPF, .value = 1}, -ERANGE, "zipf: theta 1 "},
	{{.kind = DIST_ZIPF, .value = 0}, -ERANGE, "zipf: theta 0 "},
	{{.kind = DIST_ZIPF, .value = NAN}, -ERANGE, "zipf: theta"},
	{{.kind = DIST_PARETO, .value = 1}, -ERANGE, "pareto: 1 is not between"},
	{{.kind = DIST_NORMAL, .value = 100}, -ERANGE, "normal: deviation 100 "},
	{{.kind = DIST_ZIPF, .value = 2, .has_center = true, .center = 2}, -ERANGE, "center 2 is"},
	{{.kind = DIST_ZONED}, -ERANGE, "0 zones"},
	{{.kind = DIST_ZONED, .zones = over, .n_zones = 2}, -ERANGE, "accesses add up to 110 %"},
	{{.kind = DIST_ZONED_ABS, .zones = far, .n_zones = 2}, -ERANGE, "zone 2 begins at"},
};

START_TEST(what_no_distribution_has_is_refused)
{
	struct bl_err err = BL_ERR_INIT;
	struct dist d;

	ck_assert_int_eq(dist_init(&d, &bad[_i].spec, 1000, 4096, 1, &err), bad[_i].code);
	ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s", err.text);
}
END_TEST

TCase *dist_cases(void)
{
	TCase *t = tcase_create("dist");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, zeta_is_the_sum_it_stands_for);
	tcase_add_loop_test(t, zipf_gives_the_hottest_blocks_their_share, 0, 5);
	tcase_add_test(t, a_great_region_ends_the_sum_of_zipf_where_fio_does);
	tcase_add_loop_test(t, pareto_is_self_similar, 0, 3);
	tcase_add_loop_test(t, normal_has_its_middle_and_its_width, 0, 5);
	tcase_add_loop_test(t, zones_get_their_share_and_are_uniform_within, 0, 3);
	tcase_add_test(t, the_center_is_the_hottest_block_and_without_one_the_seed_chooses);
	tcase_add_test(t, hot_blocks_are_not_neighbours);
	tcase_add_test(t, small_regions_have_all_their_blocks_and_no_others);
	tcase_add_loop_test(t, what_no_distribution_has_is_refused, 0,
			    sizeof(bad) / sizeof(bad[0]));
	return t;
}
