/* What nights say by chance and how soon they tell, by simulation with seeds: the rules of
 * night_judge.h on top of the detector. By hand; the tests check a part of it.
 *
 *   simulate_nights [YEARS]     default 60
 *   simulate_nights quiet [N]   a whole scenario in N histories, default 40
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made_nights.h"
#include "quiet_nights.h"

static const enum noise kinds[] = {NOISE_NORMAL, NOISE_AR3, NOISE_EXPONENTIAL, NOISE_OUTLIERS,
				   NOISE_T3};
#define KINDS (sizeof kinds / sizeof *kinds)

#define QUIET_CELLS 17

static void quiet(size_t hosts)
{
	printf("%d series (%d cells, 6 figures), 2 %% noise, nothing ever changes: shares of "
	       "%zu x 52 nights; shared: of the variance, by all series\n"
	       "%-14s %-7s %-10s %-8s %-8s %-8s %-8s %-12s %s\n",
	       QUIET_CELLS * 6, QUIET_CELLS, hosts, "noise", "shared", "--confirm", "exit 4",
	       "JUnit", "metric", "text", "cannot tell", "a figure off, worse");
	for (size_t i = 0; i < 4 * KINDS; i++) {
		size_t k = i / 2 % KINDS;
		double shared = i < 2 * KINDS ? 0 : 0.5;
		bool is_confirmed = i % 2 == 0;
		struct quiet_shares s =
			quiet_nights(kinds[k], QUIET_CELLS, hosts, is_confirmed, shared, 8000 + k);

		printf("%-14s %-7.1f %-10s %-8.4f %-8.4f %-8.4f %-8.4f %-12.4f %.4f\n",
		       noise_names[kinds[k]], shared, is_confirmed ? "1" : "off", s.worse, s.junit,
		       s.metric, s.text, s.cannot_tell, s.off);
	}
}

int main(int argc, char **argv)
{
	size_t years = argc > 1 ? strtoul(argv[1], NULL, 10) : 60;
	static const struct {
		double shift;
		size_t since;
	} rows[] = {{2, 3}, {2, 5}, {2, 14}, {3, 3}, {3, 5}, {5, 2}, {5, 3}, {5, 5}};

	if (argc > 1 && strcmp(argv[1], "quiet") == 0) {
		quiet(argc > 2 ? strtoul(argv[2], NULL, 10) : 40);
		return 0;
	}
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
