/* simulated_hosts.h - runs of a host as a model says, from a seed: what its days differ by, what
 * one run differs by, and a change.
 *
 * ln figure = shared night effect + own night effect + noise of the run + change. The night effects
 * are AR(1) with the given lag-1 correlation.
 */
#ifndef SIMULATED_HOSTS_H
#define SIMULATED_HOSTS_H

#include "rng.h"
#include "run_figures.h"

struct host_model {
	size_t n_cells, n_jobs;
	double shared_sd, own_sd; /* between runs: of all figures alike, and of each by itself */
	double phi;               /* of both, from run to run */
	double noise_sd;          /* of one run */
};
extern const struct host_model model_alike; /* the days shift all figures together: 4 % */
extern const struct host_model model_own;   /* the days shift each figure by itself: 4 % */

/* @n runs of one host, one a night, of METRIC_P99 only; made anew from @r. The last @n_changed have
 * ln(1 + @change) added in the first @n_rows rows. End each with run_figures_done(). */
void simulate_runs(struct rng *r, const struct host_model *m, size_t n, size_t n_changed,
		   size_t n_rows, double change, struct run_figures *ret);

struct check_rates {
	double figures;    /* of the figures that are called drifted */
	double checks;     /* checks with a figure that is called drifted for the worse */
	double untold;     /* of the figures: cannot tell */
	double of_changed; /* of the changed figures: called drifted */
};
/* @rounds checks of @n_now runs against @n_base, the new ones changed in @n_rows rows. */
struct check_rates simulate_checks(uint64_t seed, const struct host_model *m, size_t n_base,
				   size_t n_now, size_t n_rows, double change, size_t rounds);

struct alike_rates {
	double alarms;     /* sets with a host that is called odd */
	double named;      /* sets whose last host is the odd one */
	double stands_out; /* of the figures: one of three stands out */
};
/* @rounds sets of @n_hosts hosts, at most 16, one run each; what days differ by in @m is what hosts
 * differ by, each by itself. The last one is changed in @n_rows rows. */
struct alike_rates simulate_alike(uint64_t seed, const struct host_model *m, size_t n_hosts,
				  size_t n_rows, double change, size_t rounds);

struct day_rates {
	double differs; /* called different at all: the interval of 95 % leaves 1 out */
	double by_more; /* and its verdict is better or worse, by p99's 5 % that matter */
};
/* One figure of an unchanged host in @rounds pairs of neighbouring days, @n_trials a day that
 * differ by twice @m's noise of a run: what is called changed when trials are taken for
 * independent. */
struct day_rates simulate_days(uint64_t seed, const struct host_model *m, size_t n_trials,
			       size_t rounds);

#endif
