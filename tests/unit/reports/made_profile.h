/* made_profile.h - baselines and hosts made up for the tests of their pages. */
#ifndef MADE_PROFILE_H
#define MADE_PROFILE_H

#include "alike.h"
#include "profile.h"
#include "record.h"

struct made_profile {
	size_t runs, cells, jobs;
	double noise;        /* from run to run, on the log scale */
	double worse;        /* the last run: p99 and p99.9 of the first cell, so much higher */
	bool has_upgrade;    /* the last run has another QEMU and firmware */
	const char *hostile; /* in every name and fact; NULL: ordinary names */
	uint64_t seed;
};

/* @runs are the caller's [how->runs], a day apart; end each with run_figures_done(). */
void made_runs_of(const struct made_profile *how, const char *host, struct run_figures *runs);
void made_baseline(const struct made_profile *how, struct baseline_record *ret);

#endif
