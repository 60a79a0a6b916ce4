/* made_job.h - runs of one job with known latencies and known signals beside it. */
#ifndef MADE_JOB_H
#define MADE_JOB_H

#include <check.h>

#include "record.h"
#include "rng.h"

#define START_NS  ((uint64_t)5000000000) /* of the sample, on the guest's clock */
#define OFFSET_NS ((int64_t)1000000000)  /* host's clock less the guest's */
#define FROM_NS   ((uint64_t)6000000000) /* both: the counted time begins */

/* One cell of @bus, one ok trial, one job "j" with a sample of @seconds and no request yet. */
struct job_result *make_job(struct run_data *d, const char *bus, double seconds);
void set_fact(struct facts *f, const char *key, const char *value);

/* @n requests of @ns and @bytes each, in the sample's totals. */
void add_requests(struct job_result *j, enum io_dir dir, uint64_t n, uint64_t ns, uint64_t bytes);
/* A slice with @n requests of which the slowest took @worst_ns and the others @ns. */
void add_slice(struct job_result *j, size_t index, enum io_dir dir, uint64_t n, uint64_t ns,
	       uint64_t worst_ns);

/* The value of a signal at @s seconds since the counted time began, from -0.2 on. */
typedef double (*signal_at)(double s, void *ctx);
/* Readings every 100 ms from 0.2 s before the counted time to 0.2 s after it; a counter's values
 * are the integral of @at (per second), a gauge's what @at says. */
void watch(struct job_result *j, enum watcher w, const char *name, enum series_kind kind,
	   signal_at at, void *ctx);
/* A counter that rises evenly, and a gauge that stays. */
void watch_rate(struct job_result *j, enum watcher w, const char *name, double per_s);
void watch_gauge(struct job_result *j, enum watcher w, const char *name, double value);
/* reads, read_ns, read_bytes (or the like of @dir) below @prefix: @n requests a second of @ns each.
 */
void watch_requests(struct job_result *j, enum watcher w, const char *prefix, enum io_dir dir,
		    double n, double ns, double bytes);

TCase *layer_cases(void);
TCase *budget_cases(void);
TCase *timeline_cases(void);
TCase *signal_cases(void);
TCase *job_cases(void);
TCase *knee_cases(void);
TCase *bill_cases(void);

#endif
