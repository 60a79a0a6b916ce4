/* Corrections for many comparisons: published p-values, and what a family takes back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "family.h"
#include "floors.h"
#include "forecast.h"
#include "made_data.h"
#include "multiple.h"

/* McDonald, Handbook of Biological Statistics, the example of Garcia-Arenzana et al. 2014. */
static const double diet[25] = {.001, .008, .039, .041, .042, .06,  .074, .205, .212,
				.216, .222, .251, .269, .275, .34,  .341, .384, .569,
				.594, .696, .762, .94,  .942, .975, .986};

START_TEST(the_published_example_is_adjusted_as_published)
{
	static const double bh[] = {.025, .10, .21, .21, .21, .25};
	double adjusted[25];
	int rejected = 0;

	ck_assert_int_eq(bh_adjust(diet, 25, adjusted), 0);
	for (int i = 0; i < 6; i++)
		ck_assert_double_eq_tol(adjusted[i], bh[i], 1e-12);
	for (int i = 0; i < 25; i++)
		rejected += adjusted[i] <= 0.05;
	ck_assert_int_eq(rejected, 1);
	ck_assert_int_eq(holm_adjust(diet, 25, adjusted), 0);
	ck_assert_double_eq_tol(adjusted[0], .025, 1e-12);
	ck_assert_double_eq_tol(adjusted[1], 24 * .008, 1e-12);
	ck_assert_double_eq(adjusted[24], 1);
	for (int i = 1; i < 25; i++)
		ck_assert_double_gt(adjusted[i], 0.05);
}
END_TEST

START_TEST(the_order_does_not_matter_and_what_is_no_test_does_not_count)
{
	double p[28], is[28], want[25];

	ck_assert_int_eq(bh_adjust(diet, 25, want), 0);
	for (int i = 0; i < 25; i++)
		p[(i * 7) % 25] = diet[i];
	p[25] = p[26] = p[27] = NAN;
	ck_assert_int_eq(bh_adjust(p, 28, p), 0);
	for (int i = 0; i < 25; i++)
		ck_assert_double_eq_tol(p[(i * 7) % 25], want[i], 1e-12);
	ck_assert(isnan(p[26]));
	ck_assert_int_eq(holm_adjust(p, 0, is), 0);
}
END_TEST

#define N 30

/* @n comparisons of eight pairs each; those below @n_real differ by @effect, noise 3 %. */
static void make_family(struct comparison *c, struct comparison **members, size_t n, size_t n_real,
			double effect, uint64_t seed)
{
	for (size_t i = 0; i < n; i++) {
		double d[8];

		for (int k = 0; k < 8; k++)
			d[k] = 0.03 * draw_normal(&seed) + (i < n_real ? effect : 0);
		c[i] = compare_pairs(d, 8, 0.01, false);
		members[i] = &c[i];
	}
}

START_TEST(what_is_clear_stands_and_the_size_is_said)
{
	struct comparison c[N], *members[N];

	make_family(c, members, N, 5, 0.2, 1);
	ck_assert_int_eq(family_correct(members, N, FAMILY_BH, NULL), 0);
	for (int i = 0; i < N; i++) {
		ck_assert_uint_eq(c[i].family, N);
		ck_assert_double_ge(c[i].p_adjusted, c[i].p);
		if (i < 5)
			ck_assert_int_eq(c[i].verdict, VERDICT_WORSE);
		else
			ck_assert_int_ne(c[i].verdict, VERDICT_WORSE);
	}
}
END_TEST

/* Two cells whose eight ratios all lie a little beyond the effect: clear alone, not among thirty.
 */
START_TEST(what_chance_would_do_among_many_is_taken_back_with_a_reason)
{
	static const double d[8] = {.012, .013, .04, .09, .011, .1, .035, .06};
	struct comparison c[N], *members[N];
	struct comparison alone = compare_pairs(d, 8, 0.01, false);

	ck_assert_int_eq(alone.verdict, VERDICT_WORSE);
	ck_assert_uint_eq(alone.family, 0);
	make_family(c, members, N, 0, 0, 3);
	c[7] = alone;
	ck_assert_int_eq(family_correct(members, N, FAMILY_BH, NULL), 0);
	ck_assert_int_eq(c[7].verdict, VERDICT_CANNOT_TELL);
	ck_assert_ptr_nonnull(strstr(c[7].why, "of 30 comparisons"));
	ck_assert_ptr_nonnull(strstr(c[7].why, "by itself the interval lies beyond +1 %"));
	ck_assert_uint_gt(c[7].more, 0);
	ck_assert(c[7].has_interval);
}
END_TEST

START_TEST(a_family_of_one_is_not_corrected)
{
	static const double d[8] = {.012, .013, .04, .09, .011, .1, .035, .06};
	struct comparison c = compare_pairs(d, 8, 0.01, false), *member = &c;
	double p = c.p;

	ck_assert_int_eq(family_correct(&member, 1, FAMILY_HOLM, NULL), 0);
	ck_assert_int_eq(c.verdict, VERDICT_WORSE);
	ck_assert_uint_eq(c.family, 1);
	ck_assert_double_eq(c.p, p);
	ck_assert_double_eq(c.p_adjusted, p);
}
END_TEST

START_TEST(what_could_not_tell_anyhow_is_not_counted)
{
	static const double d[8] = {.2, .21, .19, .2, .22, .2, .18, .2};
	struct comparison few = compare_pairs(d, 5, 0.01, false);
	struct comparison thin = compare_pairs(d, 8, 0.01, false);
	struct comparison none = compare_nothing(0.01, "nothing"), empty = {0};
	struct comparison good = compare_pairs(d, 8, 0.01, false);
	struct comparison *members[] = {&few, &thin, &none, &good, &empty};

	comparison_refuse(&thin, "thin");
	ck_assert_int_eq(family_correct(members, 5, FAMILY_BH, NULL), 0);
	ck_assert_uint_eq(good.family, 1);
	ck_assert_int_eq(good.verdict, VERDICT_WORSE);
	ck_assert_uint_eq(few.family + thin.family + none.family + empty.family, 0);
	ck_assert_str_eq(thin.why, "thin");
	ck_assert(isnan(thin.p_adjusted));
}
END_TEST

/* Two equal cells whose trials differ by @noise, a third that is another configuration. */
static void make_noisy(struct run_data *d, uint32_t repeats, double noise)
{
	static const char *const caches[] = {"none", "none", "writeback"};
	uint64_t seed = 5;

	make_data(d, 3, repeats);
	d->run.seed = 7;
	for (uint32_t c = 0; c < 3; c++) {
		facts_add(&d->cells[c].axes, "cache", caches[c]);
		for (uint32_t r = 0; r < repeats; r++)
			set_reads(trial_at(d, c, r), 10000,
				  (uint64_t)(1e6 * exp(noise * draw_normal(&seed))));
	}
}

/* Not what the two happen to differ by, but what such comparisons differ by: as a calibration of
 * the same trials says. */
START_TEST(the_floor_of_a_run_is_that_of_its_calibration)
{
	struct run_data d;
	struct summaries s;
	struct floors f = {0};
	struct calibration c = {0};
	const struct calibration_row *row;

	make_noisy(&d, 8, 0.1);
	ck_assert_int_eq(summarize(&d, &s, NULL), 0);
	ck_assert_int_eq(floors_add_run(&f, &d, &s, "this run"), 0);
	ck_assert_int_eq(calibrate(&d, &s, NULL, 7, &c, NULL), 0);
	row = calibration_find(&c, "j", METRIC_P99);
	ck_assert_double_gt(row->floor, 0.03);
	ck_assert_double_eq(f.items[0].by[METRIC_P99], row->floor);
	ck_assert_uint_eq(f.items[0].n_pairs[METRIC_P99], 8);
	calibration_done(&c);
	floors_done(&f);
	summaries_done(&s);
	run_data_done(&d);
}
END_TEST

START_TEST(five_pairs_make_no_floor)
{
	struct run_data d;
	struct summaries s;
	struct floors f = {0};

	make_noisy(&d, 5, 0.3);
	ck_assert_int_eq(summarize(&d, &s, NULL), 0);
	ck_assert_int_eq(floors_add_run(&f, &d, &s, "this run"), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_uint_eq(f.items[0].n_pairs[METRIC_P99], 5);
	ck_assert_double_eq(f.items[0].by[METRIC_P99], 0);
	ck_assert(!floors_raise(&f, "j", min_effects_default).is_floor[METRIC_P99]);
	floors_done(&f);
	summaries_done(&s);
	run_data_done(&d);
}
END_TEST

START_TEST(a_floor_of_many_pairs_is_wider_for_few)
{
	static const size_t n_pairs[METRICS] = {[METRIC_P99] = 24};
	struct floors f = {0};
	struct min_effects e;
	bool is_floor;

	ck_assert_int_eq(floors_add(&f, NULL, "a calibration",
				    (double[METRICS]){[METRIC_P99] = 0.04}, n_pairs),
			 0);
	e = floors_raise(&f, "j", min_effects_default);
	ck_assert_double_eq(min_effects_at(&e, METRIC_P99, 24, &is_floor), 0.05);
	ck_assert(!is_floor);
	ck_assert_double_eq_tol(min_effects_at(&e, METRIC_P99, 6, &is_floor), 1.04 * 1.04 - 1,
				1e-12);
	ck_assert(is_floor);
	ck_assert_double_eq(min_effects_at(&e, METRIC_P50, 6, &is_floor), 0.03);
	floors_done(&f);
}
END_TEST

/* Three cells of which two are the same configuration; those two differ by 20 %. */
START_TEST(what_equal_cells_differ_by_is_the_least_that_counts)
{
	static const char *const caches[] = {"none", "none", "writeback"};
	struct run_data d;
	struct summaries s;
	struct floors f = {0};
	struct min_effects e;

	make_data(&d, 3, 6);
	for (uint32_t c = 0; c < 3; c++) {
		facts_add(&d.cells[c].axes, "cache", caches[c]);
		for (uint32_t r = 0; r < 6; r++)
			set_reads(trial_at(&d, c, r), c == 1 ? 1200 : 1000, 100);
	}
	ck_assert_int_eq(summarize(&d, &s, NULL), 0);
	ck_assert_int_eq(floors_add_run(&f, &d, &s, "this run"), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_str_eq(f.items[0].job, "j");
	ck_assert_str_eq(f.items[0].source, "cells 'cell 0' and 'cell 1' of this run");
	ck_assert_double_eq_tol(f.items[0].by[METRIC_IOPS], 0.2, 1e-9);
	e = floors_raise(&f, "j", min_effects_default);
	ck_assert_double_eq_tol(e.by[METRIC_IOPS], 0.2, 1e-9);
	ck_assert(e.is_floor[METRIC_IOPS] && !e.is_floor[METRIC_P99]);
	ck_assert_double_eq(e.by[METRIC_P99], metric_min_effect[METRIC_P99]);
	e = floors_raise(&f, "another job", min_effects_default);
	ck_assert_double_eq(e.by[METRIC_IOPS], metric_min_effect[METRIC_IOPS]);
	/* one of every job, from elsewhere */
	ck_assert_int_eq(floors_add(&f, NULL, "a calibration",
				    (double[METRICS]){[METRIC_P50] = 0.5, [METRIC_IOPS] = 0.1},
				    NULL),
			 0);
	e = floors_raise(&f, "j", min_effects_default);
	ck_assert_double_eq_tol(e.by[METRIC_IOPS], 0.2, 1e-9);
	ck_assert_double_eq(e.by[METRIC_P50], 0.5);
	floors_done(&f);
	summaries_done(&s);
	run_data_done(&d);
}
END_TEST

TCase *family_cases(void)
{
	TCase *t = tcase_create("family");

	tcase_add_test(t, the_published_example_is_adjusted_as_published);
	tcase_add_test(t, the_order_does_not_matter_and_what_is_no_test_does_not_count);
	tcase_add_test(t, what_is_clear_stands_and_the_size_is_said);
	tcase_add_test(t, what_chance_would_do_among_many_is_taken_back_with_a_reason);
	tcase_add_test(t, a_family_of_one_is_not_corrected);
	tcase_add_test(t, what_equal_cells_differ_by_is_the_least_that_counts);
	tcase_add_test(t, the_floor_of_a_run_is_that_of_its_calibration);
	tcase_add_test(t, five_pairs_make_no_floor);
	tcase_add_test(t, a_floor_of_many_pairs_is_wider_for_few);
	tcase_add_test(t, what_could_not_tell_anyhow_is_not_counted);
	return t;
}
