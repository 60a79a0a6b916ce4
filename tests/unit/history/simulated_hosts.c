#include "simulated_hosts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "decide.h"
#include "profile.h"

const struct host_model model_alike = {
	.n_cells = 10, .n_jobs = 3, .shared_sd = .04, .phi = .5, .noise_sd = .02};
const struct host_model model_own = {
	.n_cells = 10, .n_jobs = 3, .own_sd = .04, .phi = .5, .noise_sd = .02};

#define TRIAL_SDS 2 /* what trials of one run differ by, in noise_sd */

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
				(struct figure){.n = 5, .y = y, .sd = TRIAL_SDS * m->noise_sd};
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

#define HOSTS_MAX 16

static void look_alike(const struct run_figures *runs, size_t n, struct alike_rates *rates)
{
	const struct run_figures *at[HOSTS_MAX];
	struct alike_host hosts[HOSTS_MAX];
	struct alike a;

	for (size_t i = 0; i < n; i++) {
		at[i] = &runs[i];
		hosts[i] = (struct alike_host){.id = "x", .name = "x", .runs = &at[i], .n_runs = 1};
	}
	if (alike_of(hosts, n, NULL, &a, NULL) < 0)
		abort();
	rates->alarms += a.by[ALIKE_ODD] > 0;
	rates->named += a.by[ALIKE_ODD] > 0 && a.odd_host == n - 1;
	rates->stands_out += (double)a.by[ALIKE_STANDS_OUT] / (double)a.n;
	alike_done(&a);
}

struct alike_rates simulate_alike(uint64_t seed, const struct host_model *m, size_t n_hosts,
				  size_t n_rows, double change, size_t rounds)
{
	struct host_model each = *m;
	struct alike_rates rates = {0};
	struct run_figures runs[HOSTS_MAX];
	struct rng r;

	if (n_hosts > HOSTS_MAX)
		abort();
	each.phi = 0; /* hosts have no neighbours */
	rng_seed(&r, seed);
	for (size_t i = 0; i < rounds; i++) {
		simulate_runs(&r, &each, n_hosts, 1, n_rows, change, runs);
		look_alike(runs, n_hosts, &rates);
		for (size_t k = 0; k < n_hosts; k++)
			run_figures_done(&runs[k]);
	}
	rates.alarms /= (double)rounds;
	rates.named /= (double)rounds;
	rates.stands_out /= (double)rounds;
	return rates;
}

static void day_of_trials(struct rng *r, double level, double sd, size_t n, double *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = level + sd * gauss(r);
}

struct day_rates simulate_days(uint64_t seed, const struct host_model *m, size_t n_trials,
			       size_t rounds)
{
	double days_sd = hypot(m->shared_sd, m->own_sd), sd = TRIAL_SDS * m->noise_sd;
	double *y = calloc(2 * n_trials, sizeof *y);
	struct day_rates rates = {0};
	struct rng r;

	rng_seed(&r, seed);
	for (size_t i = 0; i < rounds; i++) {
		double day = next(&r, m->phi, NAN);
		struct comparison c;

		day_of_trials(&r, days_sd * day, sd, n_trials, y);
		day = next(&r, m->phi, day);
		day_of_trials(&r, days_sd * day, sd, n_trials, y + n_trials);
		if (compare_samples(y, n_trials, y + n_trials, n_trials,
				    metric_min_effect[METRIC_P99], false, &c) < 0)
			abort();
		rates.differs += c.has_interval && (c.lo > 1 || c.hi < 1);
		rates.by_more += c.verdict == VERDICT_BETTER || c.verdict == VERDICT_WORSE;
	}
	free(y);
	rates.differs /= (double)rounds;
	rates.by_more /= (double)rounds;
	return rates;
}
