/* Did a change hold? Fresh runs like before, like since, like neither, or not to be told; old and
 * new side by side; and nights beyond a baseline. */
#include "confirm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_nights.h"
#include "made_runs.h"
#include "simulated.h"

#define N 60
#define C 40 /* the night of the change */

static struct made_nights m;
static struct night night;
static double y[N];

/* 100 us, +15 % from night C on, 2 % of noise; judged on the sixth night since. */
static void begin(void)
{
	struct rng r;

	rng_seed(&r, 21);
	for (size_t i = 0; i < N; i++)
		y[i] = log(100000) + 0.02 * draw_gauss(&r) + (i >= C ? log(1.15) : 0);
	made_begin(&m, N, 1);
	made_series(&m, 0, "a", METRIC_P99, y);
	made_judge(&m, C + 6, &night);
	ck_assert_uint_eq(night.n_changes, 1);
}

static void end(void)
{
	night_done(&night);
	made_done(&m);
}

/* Fresh trials that give @ratio of the old level. */
static const struct night_change *fresh(double ratio, size_t n)
{
	struct figure_row row = {.cell = "a", .job = "read"};
	struct run_figures f = {.rows = &row, .n = 1};
	struct bl_err err = BL_ERR_INIT;

	row.by[METRIC_P99] = (struct figure){.n = n, .y = log(100000 * ratio)};
	ck_assert_int_eq(confirm_by_nights(&m.h, &f, &min_effects_default, &night.changes[0], &err),
			 0);
	return &night.changes[0];
}

static void says(const struct night_change *c, enum change_state state, const char *text)
{
	ck_assert_msg(c->state == state, "%s: %s", change_state_names[c->state], c->confirmation);
	ck_assert_msg(strstr(c->confirmation, text), "%s", c->confirmation);
}

START_TEST(fresh_trials_like_the_nights_since_confirm_it)
{
	says(fresh(1.15, 8), CHANGE_CONFIRMED, "8 fresh trials: +1");
	says(fresh(1.30, 8), CHANGE_CONFIRMED, "8 fresh trials: +2"); /* even worse by now */
}
END_TEST

START_TEST(fresh_trials_like_the_nights_before_say_that_it_went_away)
{
	says(fresh(1.0, 8), CHANGE_WENT_AWAY, "against the nights before it");
}
END_TEST

START_TEST(fresh_trials_like_neither_can_not_reproduce_it)
{
	says(fresh(0.8, 8), CHANGE_NOT_REPRODUCIBLE, "8 fresh trials: ");
	says(fresh(1.075, 8), CHANGE_NOT_REPRODUCIBLE, "8 fresh trials: ");
}
END_TEST

START_TEST(where_nights_differ_too_much_it_stays_a_candidate)
{
	struct rng r;

	rng_seed(&r, 22);
	for (size_t i = 0; i < m.h.series[0].n; i++)
		m.h.series[0].y[i] += 0.15 * draw_gauss(&r);
	says(fresh(1.075, 8), CHANGE_CANDIDATE, "nights differ too much to tell");
}
END_TEST

START_TEST(fresh_trials_without_the_figure_are_said)
{
	says(fresh(1.15, 0), CHANGE_CANDIDATE, "did not give this figure");
}
END_TEST

static const struct night_change *pairs(enum verdict verdict, double ratio)
{
	struct comparison c = {.n_pairs = 8,
			       .ratio = ratio,
			       .has_interval = true,
			       .lo = ratio * 0.97,
			       .hi = ratio * 1.03,
			       .verdict = verdict};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(confirm_by_pairs(&c, "guest kernel 6.1", &night.changes[0], &err), 0);
	return &night.changes[0];
}

START_TEST(old_and_new_side_by_side_tell_the_cause)
{
	fresh(1.15, 8);
	says(pairs(VERDICT_WORSE, 1.15), CHANGE_CONFIRMED,
	     "; side by side with guest kernel 6.1, 8 pairs: +15 % [+12 %, +18 %], so that is "
	     "the cause");
}
END_TEST

START_TEST(old_and_new_alike_side_by_side_are_not_the_cause)
{
	fresh(1.15, 8);
	says(pairs(VERDICT_SAME, 1.0), CHANGE_CONFIRMED, "so that is not the cause");
	says(pairs(VERDICT_CANNOT_TELL, 1.0), CHANGE_CONFIRMED, "tells nothing of the cause");
}
END_TEST

/* Eight pairs of each of @n figures, the first of which is @ratio of the old one; the others do not
 * differ. */
static void side_by_side(double ratio, double sd, size_t n, const struct min_effects *e)
{
	struct summary *before = calloc(n, sizeof *before), *now = calloc(n, sizeof *now);
	struct confirm_sides *sides = calloc(n, sizeof *sides);
	struct night_change *changes = calloc(n, sizeof *changes);
	struct bl_err err = BL_ERR_INIT;

	for (size_t i = 0; i < n; i++) {
		before[i].metric[METRIC_P99].n = now[i].metric[METRIC_P99].n = 8;
		for (size_t k = 0; k < 8; k++) {
			double off = sd * (((double)k - 3.5) / 2.45); /* its deviation is sd */

			before[i].values[METRIC_P99][k] = 100000;
			now[i].values[METRIC_P99][k] =
				100000 * (i ? 1 : ratio) * exp(i % 2 ? -off : off);
			before[i].value_repeats[METRIC_P99][k] = (uint32_t)k;
			now[i].value_repeats[METRIC_P99][k] = (uint32_t)k;
		}
		changes[i].metric = METRIC_P99;
		changes[i].is_worse = true;
		sides[i] = (struct confirm_sides){&before[i], &now[i],
						  i ? &changes[i] : &night.changes[0]};
	}
	ck_assert_int_eq(confirm_side_by_side(sides, n, e, "guest kernel 6.1", &err), 0);
	for (size_t i = 0; i < n; i++)
		free(changes[i].confirmation);
	free(before);
	free(now);
	free(sides);
	free(changes);
}

START_TEST(side_by_side_needs_as_much_as_matters)
{
	struct min_effects e = min_effects_default;

	side_by_side(1.15, 0.02, 1, &e);
	says(&night.changes[0], CHANGE_CONFIRMED, "so that is the cause");
	e.by[METRIC_P99] = 0.3;
	end();
	begin();
	side_by_side(1.15, 0.02, 1, &e);
	says(&night.changes[0], CHANGE_CANDIDATE, "so that is not the cause");
}
END_TEST

START_TEST(side_by_side_is_corrected_for_the_number_of_figures)
{
	side_by_side(1.15, 0.08, 1, &min_effects_default);
	says(&night.changes[0], CHANGE_CONFIRMED, "so that is the cause");
	end();
	begin();
	side_by_side(1.15, 0.08, 18, &min_effects_default);
	says(&night.changes[0], CHANGE_CANDIDATE, "tells nothing of the cause");
}
END_TEST

/* --- baselines --- */

/* The last three nights against a baseline: verdicts of the only figure, newest first. */
static void against(const enum profile_verdict v[3], double ratio, struct night *ret)
{
	struct profile_row rows[3];
	struct profile_check checks[3];

	for (size_t i = 0; i < 3; i++) {
		rows[i] = (struct profile_row){.cell = "a",
					       .job = "read",
					       .metric = METRIC_P99,
					       .base = 100000,
					       .now = 100000 * ratio,
					       .ratio = ratio,
					       .has_interval = true,
					       .lo = 0.95,
					       .hi = 1.05,
					       .p_adjusted = 0.01,
					       .is_worse = ratio > 1,
					       .verdict = v[i],
					       .why = "of the baseline"};
		checks[i] = (struct profile_check){.items = &rows[i], .n = 1};
	}
	m.checks = checks;
	m.n_checks = 3;
	made_judge(&m, 30, ret);
	m.checks = NULL;
	m.n_checks = 0;
}

START_TEST(three_nights_beyond_the_baseline_are_a_change_that_is_told_once)
{
	const enum profile_verdict all[] = {PROFILE_DRIFTED, PROFILE_DRIFTED, PROFILE_DRIFTED};
	struct night n;

	change_record_done(&m.earlier[--m.n_earlier]); /* what the fixture reported */
	against(all, 1.2, &n);
	ck_assert_int_eq(n.outcome, NIGHT_CHANGED);
	ck_assert_uint_eq(n.n_changes, 1);
	ck_assert(n.changes[0].is_of_baseline && n.changes[0].is_worse);
	ck_assert_str_eq(n.changes[0].at_run, m.nights[27].run);
	ck_assert_double_eq_tol(n.changes[0].lo, 1.14, 1e-9);
	ck_assert_int_eq(n.points[0].verdict, PROFILE_DRIFTED);
	ck_assert_str_eq(n.points[0].why, "of the baseline");
	night_done(&n);
	against(all, 1.2, &n);
	ck_assert_int_ne(n.outcome, NIGHT_CHANGED);
	night_done(&n);
}
END_TEST

START_TEST(three_nights_beyond_the_baseline_alarm_unconfirmed_and_once)
{
	const enum profile_verdict all[] = {PROFILE_DRIFTED, PROFILE_DRIFTED, PROFILE_DRIFTED};
	char id[BL_UUID_TEXT];
	struct night n;

	change_record_done(&m.earlier[--m.n_earlier]);
	m.confirms = true;
	against(all, 1.2, &n);
	ck_assert(n.n_changes == 1 && night_is_worse(&n));
	memcpy(id, n.changes[0].id, sizeof id);
	night_done(&n);
	against(all, 1.2, &n);
	ck_assert(n.n_changes == 1 && !night_is_worse(&n));
	ck_assert_str_eq(n.changes[0].id, id);
	ck_assert_uint_eq(night_count_unsettled(&n), 1);
	for (size_t i = 0; i < n.n_notes; i++)
		ck_assert_ptr_null(strstr(n.notes[i], "no longer found"));
	night_done(&n);
}
END_TEST

START_TEST(one_night_beyond_the_baseline_is_no_change)
{
	const enum profile_verdict one[] = {PROFILE_DRIFTED, PROFILE_OK, PROFILE_DRIFTED};
	const enum profile_verdict none[] = {PROFILE_CANNOT_TELL, PROFILE_OK, PROFILE_OK};
	struct night n;

	against(one, 1.2, &n);
	ck_assert_int_eq(n.outcome, NIGHT_OK);
	ck_assert_int_eq(n.points[0].verdict, PROFILE_DRIFTED);
	night_done(&n);
	against(none, 1.0, &n);
	ck_assert_int_eq(n.points[0].verdict, PROFILE_OK); /* as the nights before tell */
	night_done(&n);
}
END_TEST

Suite *confirm_suite(void)
{
	Suite *s = suite_create("confirm");
	TCase *t = tcase_create("changes");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, fresh_trials_like_the_nights_since_confirm_it);
	tcase_add_test(t, fresh_trials_like_the_nights_before_say_that_it_went_away);
	tcase_add_test(t, fresh_trials_like_neither_can_not_reproduce_it);
	tcase_add_test(t, where_nights_differ_too_much_it_stays_a_candidate);
	tcase_add_test(t, fresh_trials_without_the_figure_are_said);
	tcase_add_test(t, old_and_new_side_by_side_tell_the_cause);
	tcase_add_test(t, old_and_new_alike_side_by_side_are_not_the_cause);
	tcase_add_test(t, side_by_side_needs_as_much_as_matters);
	tcase_add_test(t, side_by_side_is_corrected_for_the_number_of_figures);
	tcase_add_test(t, three_nights_beyond_the_baseline_are_a_change_that_is_told_once);
	tcase_add_test(t, three_nights_beyond_the_baseline_alarm_unconfirmed_and_once);
	tcase_add_test(t, one_night_beyond_the_baseline_is_no_change);
	suite_add_tcase(s, t);
	return s;
}
