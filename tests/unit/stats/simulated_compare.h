/* simulated_compare.h - comparisons of known truth, from a seed: how often intervals cover, how
 * much of a matrix is found and how much of what is found is wrong, and what stopping early does.
 */
#ifndef SIMULATED_COMPARE_H
#define SIMULATED_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "rng.h"

/* Log ratios of pairs: normal with a standard deviation of 4 %; a share of 15 % hit by a hiccup of
 * 20 to 100 % besides, in either side (heavy) or only in B (skew). */
enum noise { NOISE_NORMAL, NOISE_HEAVY, NOISE_SKEW, NOISES };
extern const char *const noise_names[NOISES];
double draw_noise(struct rng *r, enum noise noise);

/* Intervals at a nominal 95 %, each judged by what it estimates: the distribution's middle of
 * pairwise means, trimmed mean, mean. */
struct coverage {
	double hl, yuen, mean;                   /* shares */
	double hl_width, yuen_width, mean_width; /* mean, of the log ratio */
};
struct coverage simulate_coverage(struct rng *r, enum noise noise, size_t n, size_t rounds);

/* Pairs of which each is like the one before (AR(1), @phi): the share of Hodges-Lehmann intervals
 * at 95 % that hold the truth, as if they were independent and widened by what they show of it. */
void simulate_alike(struct rng *r, double phi, size_t n, size_t rounds, double *ret_plain,
		    double *ret_widened);

/* 300 cells with noise that differs between them (3 %, itself log-normal with 0.3), of which 30
 * differ from the reference by 6 %. */
enum method {
	METHOD_T_BH,
	METHOD_MODERATED_T_BH,
	METHOD_MODERATED_YUEN_BH,
	METHOD_WILCOXON_BH,
	METHOD_MODERATED_T_HOLM,
	METHOD_RAW,    /* plain t, p < 0.05 */
	METHOD_FAMILY, /* what the lab says: family_correct() against half the shift as what matters
			*/
	METHODS
};
extern const char *const method_names[METHODS];
struct matrix_found {
	double power, fdr, n_false; /* shares; false ones a matrix */
};
/* @hiccups: share of pairs hit by one of 20 to 100 %. */
void simulate_matrix(struct rng *r, size_t n_pairs, double hiccups, size_t rounds,
		     struct matrix_found ret[METHODS]);

/* Two cells that are alike, @n_cells a run, as the lab judges them: the share of runs with any
 * "better" or "worse", and of verdicts. */
void simulate_same(struct rng *r, size_t n_pairs, size_t n_cells, double sd, double min_effect,
		   size_t rounds, double *ret_runs, double *ret_verdicts);

/* Coverage when trials are added until the Hodges-Lehmann interval's half width is @half, from @n0
 * to 30 in steps of a quarter; the mean number of pairs it took. */
double simulate_width_stop(struct rng *r, enum noise noise, size_t n0, double half, size_t rounds,
			   double *ret_pairs);
/* False positives when it is stopped as soon as p <= @level, looked at after each of @looks. */
double simulate_p_stop(struct rng *r, const size_t *looks, const double *levels, size_t n_looks,
		       size_t rounds);
/* The same looked at after every pair from 6 to 30, at 5 %. */
double simulate_p_hunt(struct rng *r, size_t rounds);

/* Differences drawn from -20 to +20 %, 5 % matter, noise @sd a pair: of what @n pairs leave open
 * with a number of further ones, the share that is told with so many; and how much of all that is
 * left open has such a number. */
double simulate_forecast(struct rng *r, double sd, size_t n, size_t rounds,
			 double *ret_with_number);

#endif
