/* How often comparisons are wrong, and how much they find, by simulation with seeds. A small part
 * of the tables that simulate_stats prints; bounds are where chance alone would not go.
 */
#include <math.h>
#include <stdio.h>

#include "made_data.h"
#include "simulated.h"
#include "simulated_compare.h"

START_TEST(intervals_hold_the_truth_as_often_as_they_say)
{
	static const size_t pairs[] = {6, 8, 10, 20};
	enum noise noise = (enum noise)(_i / 4);
	struct coverage c;
	struct rng r;

	rng_seed(&r, 100 + (uint64_t)_i);
	c = simulate_coverage(&r, noise, pairs[_i % 4], SIMULATED_ROUNDS(1000));
	if (!SIMULATED_IS_TOLD)
		return;
	printf("%s, %zu pairs: HL %.3f (width %.3f), Yuen %.3f (%.3f), mean %.3f (%.3f)\n",
	       noise_names[noise], pairs[_i % 4], c.hl, c.hl_width, c.yuen, c.yuen_width, c.mean,
	       c.mean_width);
	/* nominal 95 %, standard error 0.7 % */
	ck_assert_double_ge(c.hl, 0.925);
	ck_assert_double_ge(c.yuen, 0.92);
	ck_assert_double_le(c.hl, 0.985);
	ck_assert_double_le(c.yuen, 0.99);
	/* why it is not the mean */
	if (noise == NOISE_SKEW)
		ck_assert_double_le(c.mean, 0.92);
	if (noise == NOISE_HEAVY)
		ck_assert_double_le(c.yuen_width, 0.8 * c.mean_width);
}
END_TEST

START_TEST(pairs_that_are_alike_have_wider_intervals)
{
	double plain, widened;
	struct rng r;

	rng_seed(&r, 150);
	simulate_alike(&r, 0.7, 50, SIMULATED_ROUNDS(2000), &plain, &widened);
	if (!SIMULATED_IS_TOLD)
		return;
	printf("each like the one before (.7), 50 pairs: %.3f hold the truth, %.3f widened\n",
	       plain, widened);
	ck_assert_double_le(plain, 0.65);
	/* what r1 underestimates is missing; standard error .007 */
	ck_assert_double_ge(widened, 0.865);
	ck_assert_double_le(widened, 0.95);
}
END_TEST

static const struct {
	size_t pairs;
	double hiccups, power;
} matrices[] = {{6, 0, .65}, {8, 0, .85}, {12, 0, .95}, {8, .12, .35}, {12, .12, .7}};

START_TEST(a_matrix_is_searched_without_crying_wolf)
{
	struct matrix_found found[METHODS];
	struct rng r;

	rng_seed(&r, 200 + (uint64_t)_i);
	simulate_matrix(&r, matrices[_i].pairs, matrices[_i].hiccups, SIMULATED_IS_TOLD ? 20 : 1,
			found);
	if (!SIMULATED_IS_TOLD)
		return;
	for (int m = 0; m < METHODS; m++)
		printf("%zu pairs, %.0f %% hiccups, %s: power %.2f, false share %.3f\n",
		       matrices[_i].pairs, matrices[_i].hiccups * 100, method_names[m],
		       found[m].power, found[m].fdr);
	ck_assert_double_ge(found[METHOD_MODERATED_YUEN_BH].power, matrices[_i].power);
	/* nominal 5 % (of 27 found ones), 20 matrices: standard error 1 % */
	ck_assert_double_le(found[METHOD_MODERATED_YUEN_BH].fdr, 0.08);
	ck_assert_double_le(found[METHOD_FAMILY].fdr, 0.03);
	ck_assert_double_ge(found[METHOD_RAW].fdr, 0.15);
	if (matrices[_i].pairs < 10)
		ck_assert_double_eq(found[METHOD_WILCOXON_BH].power, 0);
}
END_TEST

START_TEST(cells_that_are_alike_are_hardly_ever_called_different)
{
	/* the most that is allowed of what simulate_stats prints as 0, 1.4 and 1.0 %; without the
	 * family's correction the latter two are 8.9 and 2.9 % */
	static const struct {
		size_t pairs, cells;
		double sd, runs, verdicts;
	} rows[] = {{8, 14, .05, .002, .0002}, {8, 14, .2, .03, .0025}, {20, 14, .2, .015, .0012}};
	double runs, verdicts;
	struct rng r;

	rng_seed(&r, 300 + (uint64_t)_i);
	simulate_same(&r, rows[_i].pairs, rows[_i].cells, rows[_i].sd, .05, SIMULATED_ROUNDS(2000),
		      &runs, &verdicts);
	if (!SIMULATED_IS_TOLD)
		return;
	printf("alike: %zu pairs, %zu cells, noise %.0f %%: %.4f of runs, %.5f of verdicts\n",
	       rows[_i].pairs, rows[_i].cells, rows[_i].sd * 100, runs, verdicts);
	ck_assert_double_le(runs, rows[_i].runs);
	ck_assert_double_le(verdicts, rows[_i].verdicts);
}
END_TEST

START_TEST(stopping_at_a_width_is_sound_and_at_a_p_is_not)
{
	static const size_t looks[] = {8, 14, 20};
	static const double pocock[] = {.0217, .0217, .0217}, obrien[] = {.0013, .0153, .0424};
	size_t n = SIMULATED_ROUNDS(2000);
	double width, hunt, three, unequal, pairs;
	struct rng r;

	rng_seed(&r, 400);
	width = simulate_width_stop(&r, NOISE_NORMAL, 8, .02, n, &pairs);
	hunt = simulate_p_hunt(&r, n);
	three = simulate_p_stop(&r, looks, pocock, 3, n);
	unequal = simulate_p_stop(&r, looks, obrien, 3, n);
	if (!SIMULATED_IS_TOLD)
		return;
	printf("stopped at a width: covered %.3f after %.1f pairs; at p < 0.05: %.3f false; three "
	       "looks: %.3f, %.3f\n",
	       width, pairs, hunt, three, unequal);
	/* statistics say .932 and .207, .05 and .05; standard errors .006, .009, .005 */
	ck_assert_double_ge(width, 0.915);
	ck_assert_double_ge(hunt, 0.17);
	ck_assert_double_le(three, 0.065);
	ck_assert_double_le(unequal, 0.065);
}
END_TEST

START_TEST(a_forecast_holds_more_often_than_not)
{
	double told, with;
	struct rng r;

	rng_seed(&r, 500);
	told = simulate_forecast(&r, .05, 8, SIMULATED_ROUNDS(2000), &with);
	if (!SIMULATED_IS_TOLD)
		return;
	printf("open after 8 pairs: %.2f have a number of trials, and with those %.2f are told\n",
	       with, told);
	/* 80 % where the truth is what was seen, and it seldom is; a third of 2000 are open */
	ck_assert_double_ge(told, 0.6);
	ck_assert_double_le(told, 0.8);
	ck_assert_double_ge(with, 0.35);
}
END_TEST

TCase *simulated_compare_cases(void)
{
	TCase *t = tcase_create("simulated_compare");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, intervals_hold_the_truth_as_often_as_they_say, 0, 4 * NOISES);
	tcase_add_test(t, pairs_that_are_alike_have_wider_intervals);
	tcase_add_loop_test(t, a_matrix_is_searched_without_crying_wolf, 0,
			    sizeof matrices / sizeof *matrices);
	tcase_add_loop_test(t, cells_that_are_alike_are_hardly_ever_called_different, 0, 3);
	tcase_add_test(t, a_forecast_holds_more_often_than_not);
	tcase_add_test(t, stopping_at_a_width_is_sound_and_at_a_p_is_not);
	return t;
}
