#include "simulated_hosts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

const struct host_model model_alike = {
	.n_cells = 10, .n_jobs = 3, .shared_sd = .04, .phi = .5, .noise_sd = .02};
const struct host_model model_own = {
	.n_cells = 10, .n_jobs = 3, .own_sd = .04, .phi = .5, .noise_sd = .02};

/* Box and Muller. */
static double gauss(struct rng *r)
{
	return sqrt(-2 * log(1 - rng_unit(r))) * cos(2 * M_PI * rng_unit(r));
}

/* The next of an AR(1) with standard deviation 1; the first one (NAN before) is as any. */
static double next(struct rng *r, double phi, double before)
{
	return isnan(before) ? gauss(r) : phi * before + sqrt(1 - phi * phi) * gauss(r);
}

static void empty_run(const struct host_model *m, size_t i, struct run_figures *f)
{
	memset(f, 0, sizeof *f);
	snprintf(f->run, sizeof f->run, "run-%zu", i);
	f->started_ms = (i + 1) * 86400000;
	f->scenario = strdup("simulated");
	f->host_id = strdup("h1");
	f->host_name = strdup("h1");
	f->accel = strdup("kvm");
	f->version = strdup("0.1.0");
	f->n = m->n_cells * m->n_jobs;
	f->rows = calloc(f->n, sizeof *f->rows);
	for (size_t k = 0; k < f->n; k++) {
		char cell[32], job[32];

		snprintf(cell, sizeof cell, "c%zu", k / m->n_jobs);
		snprintf(job, sizeof job, "j%zu", k % m->n_jobs);
		f->rows[k] = (struct figure_row){.cell = strdup(cell),
						 .job = strdup(job),
						 .job_text = strdup(job),
						 .axes = strdup(""),
						 .n_ok = 5};
	}
}

void simulate_runs(struct rng *r, const struct host_model *m, size_t n, size_t n_changed,
		   size_t n_rows, double change, struct run_figures *ret)
{
	size_t n_all = m->n_cells * m->n_jobs;
	double shared = NAN, *own = calloc(n_all, sizeof *own);

	for (size_t k = 0; k < n_all; k++)
		own[k] = NAN;
	for (size_t i = 0; i < n; i++) {
		empty_run(m, i, &ret[i]);
		shared = next(r, m->phi, shared);
		for (size_t k = 0; k < n_all; k++) {
			double y = 12 + (double)k / 10 + m->shared_sd * shared;

			own[k] = next(r, m->phi, own[k]);
			y += m->own_sd * own[k] + m->noise_sd * gauss(r);
			if (i + n_changed >= n && k < n_rows)
				y += log1p(change);
			ret[i].rows[k].by[METRIC_P99] =
				(struct figure){.n = 5, .y = y, .sd = m->noise_sd * 2};
		}
	}
	free(own);
}

struct check_rates simulate_checks(uint64_t seed, const struct host_model *m, size_t n_base,
				   size_t n_now, size_t n_rows, double change, size_t rounds)
{
	struct run_figures *runs = calloc(n_base + n_now, sizeof *runs);
	size_t n_all = m->n_cells * m->n_jobs;
	struct check_rates rates = {0};
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < rounds; i++) {
		struct profile_check c;

		simulate_runs(&r, m, n_base + n_now, n_now, n_rows, change, runs);
		if (profile_check_figures(runs, n_base, runs + n_base, n_now, NULL, &c, NULL) < 0 ||
		    c.n != n_all)
			abort();
		for (size_t k = 0; k < n_rows; k++)
			rates.of_changed += c.items[k].verdict == PROFILE_DRIFTED;
		rates.figures += (double)c.n_drifted;
		rates.checks += c.n_worse > 0;
		rates.untold += (double)c.n_cannot_tell;
		profile_check_done(&c);
		for (size_t k = 0; k < n_base + n_now; k++)
			run_figures_done(&runs[k]);
	}
	free(runs);
	rates.figures /= (double)(rounds * n_all);
	rates.untold /= (double)(rounds * n_all);
	rates.checks /= (double)rounds;
	if (n_rows)
		rates.of_changed /= (double)(rounds * n_rows);
	return rates;
}
