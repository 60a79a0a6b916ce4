/* The tables of statistics for stalls and their causes, by simulation: how often a clock is seen
 * where there is none, how often one is found, and the same for signals. A few minutes; not part of
 * the tests, which check a part of it (test_simulated.c).
 *
 *   simulate_stats [SERIES]     default 200 a row
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "attribution.h"
#include "beat.h"
#include "simulated.h"

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

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
	clock_t begun = clock();

	nulls(n);
	power(n);
	shifts(n);
	shift_power(n);
	printf("%.1f s\n", (double)(clock() - begun) / CLOCKS_PER_SEC);
	return 0;
}
