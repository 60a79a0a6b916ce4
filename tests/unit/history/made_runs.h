/* made_runs.h - runs made of figures: what each trial of a job gave. */
#ifndef MADE_RUNS_H
#define MADE_RUNS_H

#include <check.h>

#include "record.h"

/* A run "run-N" of host @host, begun on day @n, with cells "c0", "c1", ... and a scenario
 * "nightly", in the environment "host.kernel" = "6.1.0", "emulator.0.version" = "7.2.22",
 * "environment.version" = "2". */
void made_run(struct run_data *d, unsigned n, const char *host, size_t n_cells);
/* Another value of a fact, or another fact; NULL: without it. */
void made_fact(struct run_data *d, const char *key, const char *value);
/* A trial of @cell in which the job "read" of iodepth 1 did @ios requests in a second that took
 * @ns each. */
struct trial_record *made_trial(struct run_data *d, uint32_t cell, uint64_t ios, uint64_t ns);

Suite *fingerprint_suite(void);
Suite *history_suite(void);
Suite *judge_suite(void);
Suite *worse_suite(void);
Suite *confirm_suite(void);
Suite *profile_suite(void);
Suite *alike_suite(void);

#endif
