/* What nothing looks like: equal cells, and what is said of them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "decide.h"
#include "made_data.h"

#define CELLS   4
#define REPEATS 8
#define MANY    40
#define READS   10000 /* a hundred lie beyond p99 */

/* Equal cells, whose latency has @noise (on the log scale) from trial to trial and grows by @drift
 * from block to block. */
static void make_many(struct run_data *d, uint32_t repeats, double noise, double drift)
{
	uint64_t seed = 11;

	make_data(d, CELLS, repeats);
	for (uint32_t c = 0; c < CELLS; c++)
		for (uint32_t r = 0; r < repeats; r++)
			set_reads(trial_at(d, c, r), READS,
				  (uint64_t)(1e6 *
					     exp(noise * draw_normal(&seed) + drift * (double)r)));
}

static void make_equal(struct run_data *d, double noise, double drift)
{
	make_many(d, REPEATS, noise, drift);
}

static struct summaries made; /* the rows borrow it until the case ends */

static int calibrate_made(const struct run_data *d, struct calibration *c, struct bl_err *err)
{
	summaries_done(&made);
	ck_assert_int_eq(summarize(d, &made, NULL), 0);
	return calibrate(d, &made, NULL, 7, c, err);
}

static void forget_made(void)
{
	summaries_done(&made);
}

START_TEST(equal_cells_are_called_alike)
{
	struct run_data d;
	struct calibration c;
	const struct calibration_row *row;

	make_equal(&d, 0.03, 0);
	ck_assert_int_eq(calibrate_made(&d, &c, NULL), 0);
	ck_assert_uint_eq(c.n_cells, CELLS);
	ck_assert_uint_eq(c.n_repeats, REPEATS);
	row = calibration_find(&c, "j", METRIC_P99);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->n_comparisons, CELLS * (CELLS - 1) / 2);
	ck_assert_uint_eq(row->n_pairs, REPEATS);
	ck_assert_uint_eq(row->n_family, 0);
	/* two trials with 3 % each differ by sqrt(2) times as much */
	ck_assert_double_eq_tol(row->sd, 0.0424, 0.012);
	ck_assert(row->floor > 0.01 && row->floor < 0.05);
	ck_assert(!row->is_apart_in_time);
	ck_assert(!isnan(row->r1) && fabs(row->r1) < 0.4);
	for (size_t i = 1; i < CALIBRATION_SIZES; i++)
		ck_assert(row->visible[i] < row->visible[i - 1]);
	ck_assert_ptr_null(calibration_find(&c, "other", METRIC_P99));
	calibration_done(&c);
	run_data_done(&d);
}
END_TEST

/* Changes as large as it says, on fresh noise: four in five are called worse. */
START_TEST(what_is_called_visible_is_seen_in_four_of_five)
{
	const struct calibration_row *row;
	struct run_data d;
	struct calibration c;
	uint64_t seed = 99;
	unsigned n_seen = 0, rounds = 400;

	make_many(&d, MANY, 0.03, 0);
	ck_assert_int_eq(calibrate_made(&d, &c, NULL), 0);
	row = calibration_find(&c, "j", METRIC_P99);
	for (unsigned i = 0; i < rounds; i++) {
		double ratios[8];

		for (size_t k = 0; k < 8; k++)
			ratios[k] = log1p(row->visible[1]) + row->sd * draw_normal(&seed);
		n_seen += compare_pairs(ratios, 8, metric_min_effect[METRIC_P99], false).verdict ==
			  VERDICT_WORSE;
	}
	ck_assert_msg(n_seen > rounds * 0.68 && n_seen < rounds * 0.92, "%u of %u", n_seen, rounds);
	calibration_done(&c);
	run_data_done(&d);
}
END_TEST

START_TEST(without_noise_the_effect_that_matters_is_the_smallest_visible)
{
	const struct calibration_row *row;
	struct run_data d;
	struct calibration c;

	make_equal(&d, 0, 0);
	ck_assert_int_eq(calibrate_made(&d, &c, NULL), 0);
	row = calibration_find(&c, "j", METRIC_P99);
	ck_assert_double_eq(row->floor, 0);
	ck_assert_double_eq_tol(row->visible[0], metric_min_effect[METRIC_P99], 1e-12);
	calibration_done(&c);
	run_data_done(&d);
}
END_TEST

START_TEST(a_drift_shows_in_time_and_not_between_cells)
{
	const struct calibration_row *row;
	struct run_data d;
	struct calibration c;

	make_equal(&d, 0.01, 0.05);
	ck_assert_int_eq(calibrate_made(&d, &c, NULL), 0);
	row = calibration_find(&c, "j", METRIC_P50);
	ck_assert_uint_eq(row->n_alarms, 0);
	ck_assert(row->is_apart_in_time && row->in_time > 1.1);
	ck_assert_double_gt(row->r1, 0.6);
	calibration_done(&c);
	run_data_done(&d);
}
END_TEST

/* One of them is not what it says. */
START_TEST(a_cell_that_differs_is_an_alarm)
{
	const struct calibration_row *row;
	struct run_data d;
	struct calibration c;
	uint64_t seed = 3;

	make_equal(&d, 0.01, 0);
	for (uint32_t r = 0; r < REPEATS; r++)
		set_reads(trial_at(&d, 2, r), READS,
			  (uint64_t)(1.3e6 * exp(0.01 * draw_normal(&seed))));
	ck_assert_int_eq(calibrate_made(&d, &c, NULL), 0);
	row = calibration_find(&c, "j", METRIC_P99);
	ck_assert_uint_eq(row->n_alarms, CELLS - 1);
	ck_assert_uint_eq(row->n_family, CELLS - 1);
	ck_assert_uint_ge(c.n_alarms, CELLS - 1);
	calibration_done(&c);
	run_data_done(&d);
}
END_TEST

START_TEST(a_percentile_of_few_samples_decides_nothing)
{
	const struct calibration_row *row;
	struct run_data d;
	struct calibration c;

	make_data(&d, CELLS, REPEATS);
	for (uint32_t k = 0; k < CELLS; k++)
		for (uint32_t r = 0; r < REPEATS; r++)
			set_reads(trial_at(&d, k, r), 2000, 1000000);
	ck_assert_int_eq(calibrate_made(&d, &c, NULL), 0);
	row = calibration_find(&c, "j", METRIC_P99);
	ck_assert(row->is_thin);
	row = calibration_find(&c, "j", METRIC_P50);
	ck_assert(!row->is_thin);
	calibration_done(&c);
	run_data_done(&d);
}
END_TEST

START_TEST(what_shows_nothing_is_refused)
{
	struct bl_err one = BL_ERR_INIT, few = BL_ERR_INIT;
	struct calibration c;
	struct run_data d;

	make_data(&d, 1, REPEATS);
	ck_assert_int_eq(calibrate_made(&d, &c, &one), -ENOENT);
	run_data_done(&d);
	make_data(&d, 2, REPEATS);
	ck_assert_int_eq(facts_add(&d.cells[0].axes, "cache", "none"), 0);
	ck_assert_int_eq(facts_add(&d.cells[1].axes, "cache", "unsafe"), 0);
	ck_assert_int_eq(calibrate_made(&d, &c, NULL), -ENOENT);
	run_data_done(&d);
	make_data(&d, 2, 5);
	for (uint32_t r = 0; r < 5; r++) {
		set_reads(trial_at(&d, 0, r), READS, 1000);
		set_reads(trial_at(&d, 1, r), READS, 1000);
	}
	ck_assert_int_eq(calibrate_made(&d, &c, &few), -EINVAL);
	ck_assert_ptr_nonnull(strstr(few.text, "2 equal cells with 5 trials each; from six on"));
	run_data_done(&d);
}
END_TEST

TCase *calibration_cases(void)
{
	TCase *t = tcase_create("calibration");

	tcase_add_checked_fixture(t, NULL, forget_made);
	tcase_add_test(t, equal_cells_are_called_alike);
	tcase_add_test(t, what_is_called_visible_is_seen_in_four_of_five);
	tcase_add_test(t, without_noise_the_effect_that_matters_is_the_smallest_visible);
	tcase_add_test(t, a_drift_shows_in_time_and_not_between_cells);
	tcase_add_test(t, a_cell_that_differs_is_an_alarm);
	tcase_add_test(t, a_percentile_of_few_samples_decides_nothing);
	tcase_add_test(t, what_shows_nothing_is_refused);
	return t;
}
