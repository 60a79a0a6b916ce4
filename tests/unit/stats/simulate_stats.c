/* The tables of the lab's statistics, by simulation: how often intervals cover the truth, how much
 * of a matrix is found and how much of that is wrong, what stopping early does; how often a clock
 * of stalls is seen where there is none, how often one is found, and the same for signals. A few
 * minutes; not part of the tests, which check a part of it (test_simulated.c,
 * test_simulated_compare.c). The same arguments print the same figures.
 *
 *   simulate_stats [SERIES [compare|stalls]]     default 200 a row, both
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attribution.h"
#include "beat.h"
#include "simulated.h"
#include "simulated_compare.h"

static void nulls(size_t n)
{
	static const double spans[] = {600, 1200, 3600};
	static const size_t events[] = {5, 6, 8, 12, 20, 40};
	double worst = 0, sum = 0, worst_f = 0, sum_f = 0;
	size_t rows = 0;

	printf("no clock: called periodic by p <= 0.01, and with F >= 0.7 (%zu series a row)\n", n);
	for (size_t s = 0; s < 3; s++) {
		for (size_t e = 0; e < 6; e++) {
			for (unsigned burst = 0; burst < 3; burst++) {
				struct train t = {.span_s = spans[s],
						  .n_random = events[e],
						  .burst = burst ? burst * 2 : 1};
				double p, pf;
				struct rng r;

				rng_seed(&r, s * 100 + e * 10 + burst);
				false_alarms(&r, &t, n, &p, &pf);
				printf("  T %4.0f s, %2zu events of %u: %.4f %.4f\n", spans[s],
				       events[e], t.burst, p, pf);
				worst = fmax(worst, p);
				worst_f = fmax(worst_f, pf);
				sum += p;
				sum_f += pf;
				rows++;
			}
		}
	}
	printf("  mean %.4f worst %.4f by p; mean %.4f worst %.4f with F; %zu rows\n",
	       sum / (double)rows, worst, sum_f / (double)rows, worst_f, rows);
}

static void power(size_t n)
{
	static const struct {
		const char *what;
		struct train t;
	} rows[] = {
		{"jitter 1 %", {.jitter = .01}},
		{"jitter 5 %", {.jitter = .05}},
		{"20 % missing", {.jitter = .01, .missing = .2}},
		{"+30 % random", {.jitter = .01, .others = .3}},
		{"20 % missing +50 % random", {.jitter = .01, .missing = .2, .others = .5}},
		{"bursts of 4, 10 % missing, +20 %",
		 {.jitter = .01, .missing = .1, .others = .2, .burst = 4}},
	};
	static const double periods[] = {60, 120, 180, 300}, spans[] = {600, 1200, 3600};

	printf("clock found with its period, T = 600 / 1200 / 3600 s\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		printf("  %-34s", rows[i].what);
		for (size_t p = 0; p < 4; p++) {
			printf("  P=%3.0f", periods[p]);
			for (size_t s = 0; s < 3; s++) {
				struct train t = rows[i].t;
				size_t found = 0;
				struct rng r;

				t.period_s = periods[p];
				t.span_s = spans[s];
				rng_seed(&r, i * 100 + p * 10 + s);
				for (size_t k = 0; k < n; k++)
					found += finds_clock(&r, &t);
				printf("%c%.2f", s ? '/' : ' ', (double)found / (double)n);
			}
		}
		printf("\n");
	}
}

#define N 6000 /* ten minutes */

static void shifts(size_t n)
{
	static double g[N];
	static bool spikes[N];
	static const double phis[] = {0, .9, .97};

	printf("signals that explain nothing: p < 0.05 (%zu of 10 minutes a row, 30 spikes)\n", n);
	for (size_t i = 0; i < 3; i++) {
		size_t hits = 0;
		struct rng r;

		rng_seed(&r, i);
		for (size_t k = 0; k < n; k++) {
			struct attribution a;
			static double other[N];

			simulate_ar(&r, phis[i], g, N);
			simulate_ar(&r, phis[i], other, N);
			simulate_spikes(&r, other, N, 30, 1, spikes);
			if (attribute(&(struct attribution_signal){.values = g}, spikes, N, .1,
				      NULL, NULL, &a) == 0)
				hits += a.p < .05;
		}
		printf("  AR(%.2f): %.3f\n", phis[i], (double)hits / (double)n);
	}
}

static void shift_power(size_t n)
{
	static double g[N];
	static bool spikes[N];
	static const double caused[] = {.2, .4, .8};

	printf("signals that explain a part: found at p < 0.01, mean AF, interval holds\n");
	for (size_t s = 10; s <= 30; s += 20) {
		for (size_t c = 0; c < 3; c++) {
			size_t hits = 0, held = 0;
			double af = 0;
			struct rng r;

			rng_seed(&r, s * 10 + c);
			for (size_t k = 0; k < n; k++) {
				struct attribution a;

				simulate_ar(&r, .9, g, N);
				simulate_spikes(&r, g, N, s, caused[c], spikes);
				if (attribute(&(struct attribution_signal){.values = g}, spikes, N,
					      .1, NULL, NULL, &a))
					continue;
				hits += a.p < .01;
				held += a.af_lo <= caused[c] && caused[c] <= a.af_hi;
				af += a.af;
			}
			printf("  %zu spikes, %.0f %% caused: %.2f, AF %.2f, %.2f\n", s,
			       caused[c] * 100, (double)hits / (double)n, af / (double)n,
			       (double)held / (double)n);
		}
	}
}

static void coverage(size_t n)
{
	static const size_t pairs[] = {6, 8, 10, 20};

	printf("95 %% intervals that hold the truth, %% (mean width, %%), %zu a row\n", n);
	printf("  noise   pairs   HL / Wilcoxon      Yuen t             t on the mean\n");
	for (int noise = 0; noise < NOISES; noise++) {
		for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
			struct coverage c;
			struct rng r;

			rng_seed(&r, 1000 + (uint64_t)noise * 100 + pairs[i]);
			c = simulate_coverage(&r, (enum noise)noise, pairs[i], n);
			printf("  %-8s %3zu    %5.1f (%5.1f)      %5.1f (%5.1f)      %5.1f "
			       "(%5.1f)\n",
			       noise_names[noise], pairs[i], c.hl * 100, c.hl_width * 100,
			       c.yuen * 100, c.yuen_width * 100, c.mean * 100, c.mean_width * 100);
		}
	}
}

static void alike(size_t n)
{
	static const size_t pairs[] = {10, 20, 50};
	static const double phis[] = {0, .3, .5, .7, .9};

	printf("pairs that are like those before: 95 %% intervals that hold the truth, %% (after "
	       "widening), %zu a row\n",
	       n);
	for (size_t p = 0; p < sizeof phis / sizeof *phis; p++) {
		printf("  AR(%.1f)", phis[p]);
		for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
			double plain, widened;
			struct rng r;

			rng_seed(&r, 1500 + p * 100 + pairs[i]);
			simulate_alike(&r, phis[p], pairs[i], n, &plain, &widened);
			printf("   %zu: %.1f (%.1f)", pairs[i], plain * 100, widened * 100);
		}
		printf("\n");
	}
}

static void matrix(size_t n)
{
	static const struct {
		size_t pairs;
		double hiccups;
	} rows[] = {{6, 0}, {8, 0}, {12, 0}, {8, .12}, {12, .12}};

	printf("300 cells, 30 of them 6 %% off: power (true share of false ones; false ones), %zu "
	       "matrices a column\n",
	       n);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct matrix_found found[METHODS];
		struct rng r;

		rng_seed(&r, 2000 + i);
		simulate_matrix(&r, rows[i].pairs, rows[i].hiccups, n, found);
		printf("  %zu pairs%s\n", rows[i].pairs,
		       rows[i].hiccups > 0 ? ", 12 % of them with a hiccup" : "");
		for (int m = 0; m < METHODS; m++)
			printf("    %-46s %.2f (%.3f; %.1f)\n", method_names[m], found[m].power,
			       found[m].fdr, found[m].n_false);
	}
}

static void same(size_t n)
{
	static const struct {
		size_t pairs, cells;
		double sd;
	} rows[] = {{6, 1, .05}, {8, 1, .05}, {8, 14, .05}, {8, 14, .2}, {8, 60, .2}, {20, 14, .2}};

	printf("cells that are alike, 5 %% matter: runs with a false verdict, false verdicts, %zu "
	       "runs a row\n",
	       n);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double runs, verdicts;
		struct rng r;

		rng_seed(&r, 3000 + i);
		simulate_same(&r, rows[i].pairs, rows[i].cells, rows[i].sd, .05, n, &runs,
			      &verdicts);
		printf("  %2zu pairs, %2zu cells, noise %2.0f %%: %.4f %.5f\n", rows[i].pairs,
		       rows[i].cells, rows[i].sd * 100, runs, verdicts);
	}
}

static void stopping(size_t n)
{
	static const size_t looks[] = {8, 14, 20};
	static const double pocock[] = {.0217, .0217, .0217}, obrien[] = {.0013, .0153, .0424};
	static const double halves[] = {.03, .02, .015};
	struct rng r;

	printf("stopping when the interval is narrow: coverage (mean pairs), %zu a row\n", n);
	for (int noise = NOISE_NORMAL; noise <= NOISE_HEAVY; noise++) {
		for (size_t n0 = 6; n0 <= 10; n0 += 2) {
			printf("  %-6s from %2zu pairs:", noise_names[noise], n0);
			for (size_t i = 0; i < 3; i++) {
				double pairs, c;

				rng_seed(&r, 4000 + (uint64_t)noise * 100 + n0 * 10 + i);
				c = simulate_width_stop(&r, (enum noise)noise, n0, halves[i], n,
							&pairs);
				printf("  to %.1f %%: %.3f (%.1f)", halves[i] * 100, c, pairs);
			}
			printf("\n");
		}
	}
	rng_seed(&r, 5000);
	printf("stopping when p < 0.05, looked at after every pair from 6 to 30: %.3f false\n",
	       simulate_p_hunt(&r, n));
	rng_seed(&r, 5001);
	printf("three looks at 8, 14, 20 pairs with p <= 0.0217: %.3f false\n",
	       simulate_p_stop(&r, looks, pocock, 3, n));
	rng_seed(&r, 5002);
	printf("three looks with .0013 / .0153 / .0424: %.3f false\n",
	       simulate_p_stop(&r, looks, obrien, 3, n));
}

static void forecasts(size_t n)
{
	static const double sds[] = {.03, .05, .1};
	static const size_t pairs[] = {6, 8, 12};

	printf("open, with a number of further trials: told with so many (share of the open ones "
	       "that have a number), %zu a row\n",
	       n);
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < 3; k++) {
			double told, with;
			struct rng r;

			rng_seed(&r, 6000 + i * 10 + k);
			told = simulate_forecast(&r, sds[i], pairs[k], n, &with);
			printf("  noise %2.0f %%, %2zu pairs: %.2f (%.2f)\n", sds[i] * 100,
			       pairs[k], told, with);
		}
	}
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
	const char *what = argc > 2 ? argv[2] : "";
	clock_t begun = clock();

	if (strcmp(what, "stalls") != 0) {
		coverage(20 * n);
		alike(20 * n);
		matrix(n);
		same(10 * n);
		stopping(20 * n);
		forecasts(20 * n);
	}
	if (strcmp(what, "compare") != 0) {
		nulls(n);
		power(n);
		shifts(n);
		shift_power(n);
	}
	printf("%.1f s\n", (double)(clock() - begun) / CLOCKS_PER_SEC);
	return 0;
}
