/* made_case.h - runs with one thing wrong in them, and with nothing wrong. */
#ifndef MADE_CASE_H
#define MADE_CASE_H

#include <check.h>

#include "decision.h"
#include "diagnosis.h"

/* Cells of these buses (NULL-terminated), @repeats ok trials of each, interleaved, one job "j" of
 * one thread in each. Two vCPUs; virtio cells have cache none and storage device. */
void make_case(struct run_data *d, const char *const *buses, uint32_t repeats);
struct trial_record *trial_of(struct run_data *d, uint32_t cell, uint32_t repeat);
void set_axis(struct run_data *d, uint32_t cell, const char *axis, const char *value);

/* @n reads of @ns each, and @cpu_ns of CPU time for each of them. */
void set_reads(struct job_result *j, uint64_t n, uint64_t ns, uint64_t cpu_ns);

/* Counters of a healthy device before and after the trial; none of them grows but those that
 * grow with work. */
void add_health(struct trial_record *t);
/* Replace the value of a fact, or add it. */
void set_fact(struct facts *f, const char *key, const char *value);

/* The findings of the run, which must be as many as @n; findings_done() is the caller's. */
void expect_findings(const struct run_data *d, size_t n, struct findings *ret);
/* Exactly this one, and words that its evidence and remedy have. */
void expect_one(const struct run_data *d, const char *cause, enum finding_confidence confidence,
		const char *evidence, const char *remedy);

/* As a report does it: summarized, diagnosed, decided. */
int decide_run(const struct run_data *d, struct passthrough_decision *ret, struct bl_err *err);

TCase *device_cases(void);
TCase *interrupt_cases(void);
TCase *decision_cases(void);
TCase *need_cases(void);
TCase *command_cases(void);
TCase *storage_cases(void);
TCase *cpu_cases(void);
TCase *path_cases(void);
TCase *memory_cases(void);
TCase *sound_cases(void);
TCase *edge_cases(void);
TCase *live_cases(void);

#endif
