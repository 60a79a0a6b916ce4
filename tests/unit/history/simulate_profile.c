/* How often `baseline check` calls an unchanged host drifted, and how often it sees a change, by
 * simulation. By hand; the tests check a part of it (test_profile.c).
 *
 *   simulate_profile [CHECKS]     default 1000 a row
 */
#include <stdio.h>
#include <stdlib.h>

#include "simulated_hosts.h"

static const struct {
	const char *what;
	const struct host_model *model;
} models[] = {{"days shift all figures together", &model_alike},
	      {"days shift each figure by itself", &model_own}};
static const size_t bases[] = {3, 5, 8, 14};

static void nulls(size_t rounds)
{
	printf("an unchanged host (seed 1000 + row; %zu checks a row)\n", rounds);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 4; i++)
			for (size_t now = 1; now <= 3; now += 2) {
				struct check_rates r = simulate_checks(
					1000 + k * 100 + i * 10 + now, models[k].model, bases[i],
					now, 0, 0, rounds);

				printf("  %-33s %2zu base runs, %zu new: figures drifted %.4f, "
				       "checks that exit with 4 %.4f, figures untold %.3f\n",
				       models[k].what, bases[i], now, r.figures, r.checks,
				       r.untold);
			}
}

static void power(size_t rounds)
{
	static const double changes[] = {.1, .2, .3};
	static const size_t rows[] = {30, 3};

	printf("a change at p99 in all 30 figures, or in 3 (seed 2000 + row)\n");
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 4; i++)
			for (size_t c = 0; c < 3; c++) {
				printf("  %-33s %2zu base runs, %+3.0f %%:", models[k].what,
				       bases[i], changes[c] * 100);
				for (size_t w = 0; w < 2; w++)
					for (size_t now = 1; now <= 3; now += 2)
						printf(" %zu figures, %zu new %.3f%s", rows[w], now,
						       simulate_checks(2000 + k * 100 + i * 10 + c,
								       models[k].model, bases[i],
								       now, rows[w], changes[c],
								       rounds)
							       .of_changed,
						       w && now == 3 ? "\n" : ";");
			}
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;

	nulls(rounds);
	power(rounds);
	return 0;
}
