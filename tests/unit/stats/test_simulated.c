/* How often the tests are wrong, and how often they find what is there, by simulation with seeds. A
 * small part of the tables that simulate_stats prints; bounds are where chance alone would not go.
 */
#include <math.h>
#include <stdio.h>

#include "attribution.h"
#include "beat.h"
#include "made_data.h"
#include "simulated.h"

START_TEST(few_trains_without_a_clock_are_called_periodic)
{
	static const struct train trains[] = {{.span_s = 600, .n_random = 12, .burst = 1},
					      {.span_s = 3600, .n_random = 20, .burst = 1},
					      {.span_s = 1200, .n_random = 12, .burst = 4}};
	double p, pf;
	struct rng r;

	rng_seed(&r, 42);
	false_alarms(&r, &trains[_i], SIMULATED_ROUNDS(400), &p, &pf);
	if (!SIMULATED_IS_TOLD)
		return;
	printf("no clock, T %.0f s, %zu events of %u: %.4f by p, %.4f with F\n", trains[_i].span_s,
	       trains[_i].n_random, trains[_i].burst, p, pf);
	/* nominal 1 %, bursts somewhat more (4 % at worst); 400 trains */
	ck_assert_double_le(p, 0.03);
	ck_assert_double_le(pf, 0.02);
}
END_TEST

START_TEST(a_dense_train_has_a_rhythm_and_no_clock)
{
	struct train t = {.span_s = 3600, .n_random = 1500, .burst = 1};
	double p, pf;
	struct rng r;

	rng_seed(&r, 46);
	false_alarms(&r, &t, SIMULATED_ROUNDS(80), &p, &pf);
	printf("no clock, %zu events an hour: %.4f by p, %.4f with F\n", t.n_random, p, pf);
	ck_assert_double_le(pf, 0.02);
}
END_TEST

START_TEST(clocks_are_found)
{
	/* the least share of 60, from the tables of the method, less three of its errors */
	static const struct {
		struct train t;
		double least;
	} rows[] = {
		{{.span_s = 600, .period_s = 60, .jitter = .05}, 0.95},
		{{.span_s = 3600, .period_s = 300, .jitter = .01}, 0.95},
		{{.span_s = 1200, .period_s = 120, .jitter = .01, .others = .3}, 0.62},
		{{.span_s = 3600, .period_s = 120, .jitter = .01, .missing = .2, .others = .5},
		 0.8},
		{{.span_s = 3600,
		  .period_s = 60,
		  .jitter = .01,
		  .missing = .1,
		  .others = .2,
		  .burst = 4},
		 0.95},
		{{.span_s = 3600, .period_s = 5, .jitter = .02, .missing = .05}, 1},
	};
	size_t found = 0, n = SIMULATED_ROUNDS(60);
	struct rng r;

	rng_seed(&r, 43);
	for (size_t k = 0; k < n; k++)
		found += finds_clock(&r, &rows[_i].t);
	if (!SIMULATED_IS_TOLD)
		return;
	printf("clock of %.0f s in %.0f s, row %d: found %.2f\n", rows[_i].t.period_s,
	       rows[_i].t.span_s, _i, (double)found / (double)n);
	ck_assert_double_ge((double)found / (double)n, rows[_i].least);
}
END_TEST

#define N 6000
static double g[N], other[N];
static bool spikes[N];

START_TEST(signals_that_explain_nothing_are_seldom_believed)
{
	size_t hits = 0, n = SIMULATED_ROUNDS(200);
	struct rng r;

	rng_seed(&r, 44);
	for (size_t k = 0; k < n; k++) {
		struct attribution a;

		simulate_ar(&r, .97, g, N);
		simulate_ar(&r, .97, other, N);
		simulate_spikes(&r, other, N, 30, 1, spikes);
		ck_assert_int_eq(attribute(&(struct attribution_signal){.values = g}, spikes, N, .1,
					   NULL, NULL, &a),
				 0);
		hits += a.p < .05;
	}
	if (!SIMULATED_IS_TOLD)
		return;
	printf("independent AR(.97): %.3f below 0.05\n", (double)hits / (double)n);
	ck_assert_double_ge((double)hits / (double)n, 0.02);
	ck_assert_double_le((double)hits / (double)n, 0.08);
}
END_TEST

START_TEST(signals_that_explain_a_part_are_found_with_that_part)
{
	static const struct {
		size_t spikes;
		double caused, least;
	} rows[] = {{30, .2, .35}, {30, .4, .95}, {30, .8, 1}, {10, .8, .92}};
	size_t hits = 0, held = 0, n = SIMULATED_ROUNDS(80);
	double af = 0;
	struct rng r;

	rng_seed(&r, 45);
	for (size_t k = 0; k < n; k++) {
		struct attribution a;

		simulate_ar(&r, .9, g, N);
		simulate_spikes(&r, g, N, rows[_i].spikes, rows[_i].caused, spikes);
		ck_assert_int_eq(attribute(&(struct attribution_signal){.values = g}, spikes, N, .1,
					   NULL, NULL, &a),
				 0);
		hits += a.p < .01;
		held += a.af_lo <= rows[_i].caused && rows[_i].caused <= a.af_hi;
		af += a.af;
	}
	if (!SIMULATED_IS_TOLD)
		return;
	af /= (double)n;
	printf("%zu spikes, %.0f %% caused: found %.2f, AF %.2f, in the interval %.2f\n",
	       rows[_i].spikes, rows[_i].caused * 100, (double)hits / (double)n, af,
	       (double)held / (double)n);
	ck_assert_double_ge((double)hits / (double)n, rows[_i].least);
	ck_assert_double_eq_tol(af, rows[_i].caused, 0.05);
	ck_assert_double_ge((double)held / (double)n, 0.9);
}
END_TEST

TCase *simulated_cases(void)
{
	TCase *t = tcase_create("simulated");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, few_trains_without_a_clock_are_called_periodic, 0, 3);
	tcase_add_test(t, a_dense_train_has_a_rhythm_and_no_clock);
	tcase_add_loop_test(t, clocks_are_found, 0, 6);
	tcase_add_test(t, signals_that_explain_nothing_are_seldom_believed);
	tcase_add_loop_test(t, signals_that_explain_a_part_are_found_with_that_part, 0, 4);
	return t;
}
