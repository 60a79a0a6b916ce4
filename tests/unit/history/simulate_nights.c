/* What nights say by chance and how soon they tell, by simulation with seeds: the rules of
 * night_judge.h on top of the detector. By hand; the tests check a part of it.
 *
 *   simulate_nights [YEARS]             default 60
 *   simulate_nights quiet [N]           a whole scenario in N histories, default 40
 *   simulate_nights scenario [YEARS]    default 2 of each of its four rows; a year is 20 s of CPU
 *                                       time, and as many are done at once as there are CPUs
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "made_nights.h"
#include "quiet_nights.h"

static const enum noise kinds[] = {NOISE_NORMAL, NOISE_AR3, NOISE_EXPONENTIAL, NOISE_OUTLIERS,
				   NOISE_T3};
#define KINDS (sizeof kinds / sizeof *kinds)

#define QUIET_CELLS 17

static void quiet(size_t hosts)
{
	printf("%d series (%d cells, %d figures), 2 %% noise (the maximum 40 %%), nothing ever "
	       "changes: shares of "
	       "%zu x 52 nights; shared: of the variance, by all series\n"
	       "%-14s %-7s %-10s %-8s %-8s %-8s %-8s %-12s %s\n",
	       QUIET_CELLS * HISTORY_METRICS, QUIET_CELLS, HISTORY_METRICS, hosts, "noise",
	       "shared", "--confirm", "exit 4", "JUnit", "metric", "text", "exit 5",
	       "a figure off, worse");
	for (size_t i = 0; i < 4 * KINDS; i++) {
		size_t k = i / 2 % KINDS;
		double shared = i < 2 * KINDS ? 0 : 0.5;
		bool is_confirmed = i % 2 == 0;
		struct quiet_shares s =
			quiet_nights(kinds[k], QUIET_CELLS, hosts, is_confirmed, shared, 8000 + k);

		printf("%-14s %-7.1f %-10s %-8.4f %-8.4f %-8.4f %-8.4f %-12.4f %.4f\n",
		       noise_names[kinds[k]], shared, is_confirmed ? "1" : "off", s.exit_4, s.junit,
		       s.metric, s.text, s.exit_5, s.off);
	}
}

/* --- whole scenarios --- */

#define SHARE 0.5 /* of the variance that is the host's */

struct year {
	double share;
	size_t marks;
	uint64_t seed;
	int fd;
	struct made_events events;
};

static void begin_year(struct year *y)
{
	int ends[2];
	pid_t pid;

	fflush(stdout);
	if (pipe(ends) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		struct made_events e = made_scenario_year(y->share, y->marks, y->seed);

		_exit(write(ends[1], &e, sizeof e) != sizeof e);
	}
	close(ends[1]);
	y->fd = ends[0];
}

static void end_year(struct year *y)
{
	if (read(y->fd, &y->events, sizeof y->events) != sizeof y->events)
		abort();
	close(y->fd);
	wait(NULL);
}

static int scenarios(size_t n)
{
	static const struct {
		const char *says;
		double share;
		size_t marks;
	} ways[] = {{"independent", 0, 0},
		    {"independent", 0, 12},
		    {"half common", SHARE, 0},
		    {"half common", SHARE, 12}};
	const size_t n_ways = sizeof ways / sizeof *ways, all = n_ways * n;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t at_once = cpus > 1 ? (size_t)cpus : 1;
	struct year *years = calloc(all, sizeof *years);

	if (!years || !n)
		return 1;
	for (size_t i = 0; i < all; i++)
		years[i] = (struct year){.share = ways[i / n].share,
					 .marks = ways[i / n].marks,
					 .seed = 8000 + 100 * (i / n) + i % n};
	for (size_t i = 0; i < all + at_once; i++) {
		if (i >= at_once)
			end_year(&years[i - at_once]);
		if (i < all)
			begin_year(&years[i]);
	}
	printf("false events a scenario-year of 147 series, nights 9 to 365 (%zu years each): the "
	       "mean, and each year's\n%-12s %6s %10s %10s\n",
	       n, "series", "marks", "found", "confirmed");
	for (size_t w = 0; w < n_ways; w++) {
		size_t found = 0, confirmed = 0;

		for (size_t i = 0; i < n; i++) {
			found += years[w * n + i].events.found;
			confirmed += years[w * n + i].events.confirmed;
		}
		printf("%-12s %6zu %10.1f %10.1f  ", ways[w].says, ways[w].marks,
		       (double)found / (double)n, (double)confirmed / (double)n);
		for (size_t i = 0; i < n; i++)
			printf(" %zu/%zu", years[w * n + i].events.found,
			       years[w * n + i].events.confirmed);
		printf("\n");
	}
	free(years);
	return 0;
}

/* --- one series --- */

static int one_series(size_t years)
{
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

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "quiet") == 0) {
		quiet(argc > 2 ? strtoul(argv[2], NULL, 10) : 40);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "scenario") == 0)
		return scenarios(argc > 2 ? strtoul(argv[2], NULL, 10) : 2);
	return one_series(argc > 1 ? strtoul(argv[1], NULL, 10) : 60);
}
