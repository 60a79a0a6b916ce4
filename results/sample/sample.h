/* sample.h - what one job measured: counters, histograms, intervals.
 *
 * Produced by the engine (in the guest or on the host), carried over the wire as
 * JSON, stored and never rewritten. All times are ns on the measuring
 * machine's CLOCK_MONOTONIC. One sample is one job section; its clones
 * (numjobs) are merged by adding.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "hist.h"

enum io_dir { IO_READ, IO_WRITE, IO_TRIM, IO_SYNC, IO_DIRS };
extern const char *const io_dir_names[IO_DIRS]; /* "read" "write" "trim" "sync" */

/* One kind of latency in one direction. min and max are exact, not bucketed.
 * n == 0: nothing was measured, and no other field means anything. */
struct lat {
	uint64_t n;
	uint64_t min_ns, max_ns;
	uint64_t sum_ns;
	double sumsq_ns2; /* for the standard deviation */
	struct hist hist;
};

void lat_add(struct lat *l, uint64_t ns);
void lat_merge(struct lat *to, const struct lat *from);
double lat_mean_ns(const struct lat *l);   /* 0 when n == 0 */
double lat_stddev_ns(const struct lat *l); /* n - 1; 0 when n < 2 */

/* Percentile @p in (0, 100) of the histogram, within [min_ns, max_ns]. false: fewer than
 * 1 / (1 - p/100) samples (1000 for p99.9), so that nothing lies beyond it; *ret_ns is untouched.
 */
bool lat_percentile(const struct lat *l, double p, uint64_t *ret_ns);

/* slat: built to submitted; clat: submitted to completed; lat: built to completed
 * (fio's meaning). Sync engines have no slat (n == 0). sched: due to completed, only
 * for jobs with a rate (the intended start: no coordinated omission). */
struct dir_sample {
	uint64_t ios; /* completed and counted, == lat.n */
	uint64_t bytes;
	struct lat *slat, *clat, *lat, *sched; /* NULL: not measured for this direction */
};

/* One slice of the job's time (100 ms), one direction. */
struct interval {
	uint32_t index; /* slice number: starts at index * interval_ns after start_ns */
	uint8_t dir;    /* enum io_dir */
	uint64_t count; /* completions in the slice */
	uint64_t bytes;
	uint64_t max_ns; /* greatest lat in the slice */
	uint32_t n_buckets;
	struct interval_bucket {
		uint16_t index; /* hist bucket */
		uint32_t count;
	} * buckets; /* lat histogram of the slice, ascending, non-empty buckets only */
};

struct sample {
	char job[128];   /* section name */
	char engine[16]; /* "io_uring", "psync", ... as really used */
	char clock[16];  /* "tsc" or "monotonic" */
	/* What one reading of that clock costs, ns, at its best; an I/O takes a few. 0: not known,
	 * as in samples of agents that did not measure it. */
	double clock_cost_ns;
	/* How far the TSC ran from CLOCK_MONOTONIC_RAW over the run, parts per million; above 0:
	 * times came out too long. Means something only where sample_has_drift(). */
	double clock_drift_ppm;
	uint64_t start_ns;    /* first counted I/O may be issued (after the ramp) */
	uint64_t runtime_ns;  /* counted time, with the final drain */
	uint32_t n_threads;   /* clones that ran */
	int error;            /* 0, or the errno that ended the job */
	char error_text[256]; /* why, when error != 0 */
	struct dir_sample dir[IO_DIRS];
	uint64_t cpu_user_ns, cpu_sys_ns; /* job threads, counted time only */
	uint64_t ctx_voluntary, ctx_involuntary;
	uint64_t n_errors; /* requests that failed, borne ones too; ramp and counted time */
	uint64_t n_enters; /* system calls that moved requests, counted time only; 0: not known */
	uint64_t interval_ns; /* width of a slice */
	size_t n_intervals;   /* (index, dir) ascending; empty slices are absent */
	struct interval *intervals;
};

struct sample *sample_new(const char *job);   /* NULL: out of memory */
struct sample *sample_free(struct sample *s); /* NULL is fine; returns NULL */
void sample_freep(struct sample **s);

/* The latency block of @d, made zeroed on first use; NULL: out of memory. */
struct lat *sample_lat(struct lat **where);

/* The latency that figures of a direction are made of: lat. Where only clat has a histogram, as in
 * what other programs measured, clat. Borrowed; NULL: none. */
const struct lat *dir_latency(const struct dir_sample *d);

/* Add @from into @to: counters, histograms, intervals by index; runtime is the
 * longest, start the earliest, the first error wins, the cost of the clock is the greater,
 * its drift the one of greater amount. -ENOMEM. */
int sample_merge(struct sample *to, const struct sample *from);

/* Whether clock_drift_ppm was measured; 0 is a drift too. */
bool sample_has_drift(const struct sample *s);

/* Sum over read, write, trim (sync ops are not I/Os). */
uint64_t sample_ios(const struct sample *s);
uint64_t sample_bytes(const struct sample *s);
double sample_iops(const struct sample *s);
double sample_bytes_per_s(const struct sample *s);

#endif
