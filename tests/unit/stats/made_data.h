/* made_data.h - runs in memory with the latencies a test asks for. */
#ifndef MADE_DATA_H
#define MADE_DATA_H

#include <check.h>

#include "record.h"
#include "summary.h"

/* A run with @n_cells cells and @repeats trials of each, interleaved, one job "j" in each. */
void make_data(struct run_data *d, size_t n_cells, uint32_t repeats);
struct trial_record *trial_at(struct run_data *d, uint32_t cell, uint32_t repeat);
/* Set the trial's job to @n reads of @ns each in one second. */
void set_reads(struct trial_record *t, uint64_t n, uint64_t ns);

/* A summary with these figures of one metric, repeats 0, 1, ... */
void make_summary(struct summary *s, enum metric m, const double *values, size_t n);

/* splitmix64, and a normal deviate by Box and Muller. */
uint64_t draw(uint64_t *state);
double draw_normal(uint64_t *state);

TCase *rank_cases(void);
TCase *enough_cases(void);
TCase *steady_cases(void);
TCase *student_cases(void);
TCase *metric_cases(void);
TCase *yuen_cases(void);
TCase *mann_whitney_cases(void);
TCase *family_cases(void);
TCase *forecast_cases(void);
TCase *median_cases(void);
TCase *decide_cases(void);
TCase *stutter_cases(void);
TCase *attribution_cases(void);
TCase *modulation_cases(void);
TCase *simulated_cases(void);
TCase *simulated_compare_cases(void);
TCase *summary_cases(void);
TCase *compare_cases(void);
TCase *effects_cases(void);
TCase *figure_cases(void);
TCase *calibration_cases(void);

#endif
