/* What nights say by chance and how soon they tell, by simulation with seeds: the rules of
 * night_judge.h on top of the detector. By hand; the tests check a part of it.
 *
 *   simulate_nights [YEARS]     default 60
 */
#include <stdio.h>
#include <stdlib.h>

#include "made_nights.h"

static const enum noise kinds[] = {NOISE_NORMAL, NOISE_AR3, NOISE_EXPONENTIAL, NOISE_OUTLIERS,
				   NOISE_T3};
#define KINDS (sizeof kinds / sizeof *kinds)

int main(int argc, char **argv)
{
	size_t years = argc > 1 ? strtoul(argv[1], NULL, 10) : 60;
	static const struct {
		double shift;
		size_t since;
	} rows[] = {{2, 3}, {2, 5}, {2, 14}, {3, 3}, {3, 5}, {5, 2}, {5, 3}, {5, 5}};

	printf("false alerts a series-year, nights 9 to 365 (%zu series, 2 %% noise, p50)\n"
	       "%-14s %10s %22s\n",
	       years, "noise", "no marks", "12 nights with marks");
	for (size_t i = 0; i < KINDS; i++)
		printf("%-14s %10.2f %22.2f\n", noise_names[kinds[i]],
		       made_false_alerts(kinds[i], years, 0, 5000 + i),
		       made_false_alerts(kinds[i], years, 12, 5100 + i));
	printf("\nfound, of steps of so many standard deviations, so many nights later: on a night "
	       "without marks / with (%zu series)\n%-8s",
	       10 * years, "");
	for (size_t i = 0; i < KINDS; i++)
		printf(" %15s", noise_names[kinds[i]]);
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		printf("\n%.0f, %-5zu", rows[k].shift, rows[k].since);
		for (size_t i = 0; i < KINDS; i++)
			printf("     %.2f / %.2f",
			       made_power(kinds[i], rows[k].shift, rows[k].since, false, 10 * years,
					  6000 + 10 * k + i),
			       made_power(kinds[i], rows[k].shift, rows[k].since, true, 10 * years,
					  7000 + 10 * k + i));
	}
	printf("\n");
	return 0;
}
