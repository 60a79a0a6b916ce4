/* The tables of change points, by simulation with seeds: false ones in histories without a change,
 * offline and looked at every night for a year, and how soon a step is found. The tests check a
 * part of it (test_changes.c). Two minutes.
 *
 *   simulate_changes [SERIES]     default 400 offline, 60 nightly, 400 of power
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nights.h"

static const struct change_options strict = {.c = 5, .alpha = 1e-5, .min_effect = 0.01};

static void offline(size_t series)
{
	printf("change points a history of 200 nights without a change, and histories with any "
	       "(of %zu; seeds 1000 and on)\n%-14s %16s %16s\n",
	       series, "noise", "c 3, 1e-3", "c 4, 1e-4");
	for (enum noise k = 0; k < NOISES; k++) {
		printf("%-14s", noise_names[k]);
		for (int i = 0; i < 2; i++) {
			size_t with, points = false_points(k, i ? &changes_alert : &changes_display,
							   series, 200, 1000 + k, &with);

			printf("   %7.4f %5zu", (double)points / (double)series, with);
		}
		printf("\n");
	}
}

static void nightly(size_t series)
{
	static const enum noise kinds[] = {NOISE_NORMAL, NOISE_AR3, NOISE_EXPONENTIAL,
					   NOISE_OUTLIERS, NOISE_T3};
	const struct change_options *o[] = {&changes_display, &changes_alert, &strict};

	printf("\nfalse alerts a series-year, looked at every night from the 30th on (%zu series, "
	       "seeds "
	       "2000 and on); "
	       "in brackets: of the last 14 nights\n%-14s %16s %16s %16s\n",
	       series, "noise", "c 3, 1e-3", "c 4, 1e-4", "c 5, 1e-5");
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		printf("%-14s", noise_names[kinds[k]]);
		for (int i = 0; i < 3; i++) {
			double recent, all = false_alerts(kinds[k], o[i], series, 2000 + kinds[k],
							  &recent);

			printf("     %5.2f (%4.2f)", all, recent);
		}
		printf("\n");
		fflush(stdout);
	}
}

static void power(size_t series)
{
	static const struct {
		double shift;
		size_t since;
	} rows[] = {{2, 5}, {2, 14}, {3, 5}, {3, 8}, {5, 3}, {5, 5}, {1, 60}};
	static const enum noise kinds[] = {NOISE_NORMAL, NOISE_OUTLIERS, NOISE_AR3};

	printf("\na step of so many standard deviations, found within 3 nights of its place, so "
	       "many "
	       "nights later; 60 nights before (%zu series, seeds 3000 and on)\nc 3 / c 4 (share "
	       "of the latter's "
	       "intervals that hold the step)\n%-8s %22s %22s %22s\n",
	       series, "", "normal", "3 % outliers", "AR(1) .3");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		printf("%.0f, %-5zu", rows[i].shift, rows[i].since);
		for (size_t k = 0; k < 3; k++) {
			double covered, low, high;
			uint64_t seed = 3000 + 10 * i + k;

			low = power_of(kinds[k], rows[i].shift, 60, rows[i].since, &changes_display,
				       series, seed, NULL);
			high = power_of(kinds[k], rows[i].shift, 60, rows[i].since, &changes_alert,
					series, seed, &covered);
			printf("      %.2f / %.2f (%.2f)", low, high, covered);
		}
		printf("\n");
		fflush(stdout);
	}
}

static void detectable(size_t series)
{
	static const struct changes plain = {.sigma = 1}, alike = {.sigma = 1, .phi = 0.3};
	static const size_t since[] = {4, 5, 8, 14, 60};

	printf("\nthe step that is said to be found four of five times, and how often it is "
	       "(normal, "
	       "AR .3; c 4; seeds 4000 and 5000 and on)\n");
	for (size_t i = 0; i < sizeof since / sizeof *since; i++) {
		double step = changes_detectable(&plain, 60, since[i], &changes_alert);
		double ar = changes_detectable(&alike, 60, since[i], &changes_alert);

		printf("60 and %2zu nights: %.2f sd: %.2f   %.2f sd: %.2f\n", since[i], step,
		       power_of(NOISE_NORMAL, step, 60, since[i], &changes_alert, series, 4000 + i,
				NULL),
		       ar,
		       power_of(NOISE_AR3, ar, 60, since[i], &changes_alert, series, 5000 + i,
				NULL));
	}
}

int main(int argc, char **argv)
{
	size_t series = argc > 1 ? strtoul(argv[1], NULL, 10) : 400;
	clock_t begun = clock();

	if (!series)
		return 2;
	offline(series);
	power(series);
	detectable(series);
	nightly(series * 60 / 400 ? series * 60 / 400 : 1);
	printf("\n%.0f s\n", (double)(clock() - begun) / CLOCKS_PER_SEC);
	return 0;
}
