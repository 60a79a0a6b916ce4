/* How often `baseline check` calls an unchanged host drifted, and how often it sees a change; the
 * same of `hosts`, and of trials of two days taken for independent ones: by simulation. By hand;
 * the tests check a part of it (test_profile.c, test_alike.c).
 *
 *   simulate_profile [CHECKS [checks|hosts|days]]     default 1000 a row, all
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "simulated_hosts.h"

static const struct {
	const char *what;
	const struct host_model *model;
} models[] = {{"days shift all figures together", &model_alike},
	      {"days shift each figure by itself", &model_own}},
  host_models[] = {{"each shifts all its figures together", &model_alike},
		   {"each shifts each figure by itself", &model_own}};
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

static void hosts_told(size_t rounds)
{
	static const size_t sets[] = {4, 6, 12};
	static const double changes[] = {.2, .3, .5};

	printf("hosts that differ by 4 %%, one run each (seed 3000 + row; %zu sets a row)\n",
	       rounds);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 3; i++) {
			uint64_t seed = 3000 + k * 100 + i * 10;

			printf("  %-38s %2zu alike: sets with an odd one %.4f; the one that is "
			       "slower "
			       "in all figures named:",
			       host_models[k].what, sets[i],
			       simulate_alike(seed, host_models[k].model, sets[i], 0, 0, rounds)
				       .alarms);
			for (size_t c = 0; c < 3; c++)
				printf(" %+.0f %% %.3f", changes[c] * 100,
				       simulate_alike(seed + 1 + c, host_models[k].model, sets[i],
						      30, changes[c], rounds)
					       .named);
			printf("\n");
		}
}

/* Far more than matters, so that only how they lie decides. */
static const struct host_model model_far = {.n_cells = 10, .n_jobs = 3, .own_sd = 4};

static void three(size_t rounds)
{
	struct alike_rates r = simulate_alike(3300, &model_far, 3, 0, 0, rounds);

	printf("three alike hosts: one is %d times as far from the nearer one as the others are "
	       "apart: %.3f (seed 3300; %zu figures)\n",
	       ALIKE_STANDS_OUT_TIMES, r.stands_out, rounds * 30);
}

static void days(size_t rounds)
{
	static const size_t trials[] = {6, 8, 20};

	printf("an unchanged host on two days, trials of 4 %% taken for independent (seed 4000 + "
	       "row; %zu figures a row)\n",
	       rounds);
	for (size_t i = 0; i < 3; i++) {
		struct day_rates r = simulate_days(4000 + i, &model_alike, trials[i], rounds);

		printf("  %2zu trials a day: called different %.3f, better or worse by what "
		       "matters "
		       "%.3f\n",
		       trials[i], r.differs, r.by_more);
	}
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	const char *what = argc > 2 ? argv[2] : "";

	if (!rounds)
		return 2;
	if (!*what || !strcmp(what, "checks")) {
		nulls(rounds);
		power(rounds);
	}
	if (!*what || !strcmp(what, "hosts")) {
		hosts_told(rounds);
		three(rounds);
	}
	if (!*what || !strcmp(what, "days"))
		days(rounds);
	return 0;
}
