/* entry.h - one entry of a document: one clone, or the clones that group_reporting puts
 * together, with every figure that the documents print.
 *
 * fio's rule of what goes together: a job with group_reporting joins the entry before it
 * when both have one groupid; the entry is named after its first job.
 */
#ifndef BLKJOB_ENTRY_H
#define BLKJOB_ENTRY_H

#include "document.h"
#include "window_stats.h"

enum { SIDE_READ, SIDE_WRITE, SIDE_TRIM, SIDE_MIXED, SIDES }; /* the first three: enum io_dir */
extern const char *const side_names[SIDES];

/* One direction, or all of them mixed (unified_rw_reporting). */
struct side {
	uint64_t bytes, ios, short_ios, dropped_ios;
	uint64_t runtime_ms; /* rounded up; of the clone that ran longest; 0: no I/O */
	uint64_t bw_bytes;   /* a second */
	double iops;
	const struct lat *slat, *clat, *lat, *sched; /* owned by the entry; NULL: not shown */
	struct window_stats bw, iops_windows;        /* KiB/s, 1/s */
	double bw_agg_pct; /* of bw.mean of the whole group's bandwidth, at most 100 */
};

struct entry {
	const struct job *job;
	const char *options; /* echo of the job's section, as struct job_echo; NULL: none */
	uint32_t n_jobs;     /* clones in it */
	struct sample *sample;
	struct side side[SIDES];
	uint16_t ioprio[ENGINE_PRIOS];
	struct lat *by_prio[2][ENGINE_PRIOS]; /* as struct engine_clone; NULL: not asked for */
	struct lat *mixed[4];    /* what side[SIDE_MIXED] points to; NULL without mixed */
	uint64_t job_runtime_ms; /* of all clones, added */
	uint64_t started_wall_ms;
	struct engine_depths depths;
	uint64_t n_errors;
	int first_error;
	uint32_t latency_depth;
	bool latency_failed;
	const struct engine_steady *steady; /* borrowed from the clone; NULL: none asked for */
	uint64_t n_inflight_at_ramp, n_enters, n_polls, kernel_worker_ns;
};

/* All entries of one groupid: fio's "run status group". */
struct group_total {
	uint32_t id;
	struct {
		uint64_t bytes, bw_bytes; /* together */
		uint64_t min_bw_bytes, max_bw_bytes;
		uint64_t min_run_ms, max_run_ms;
	} side[SIDES];
};

struct entries {
	struct entry *items;
	size_t n;
	struct group_total *groups;
	size_t n_groups;
};

/* What @r has, in its order; jobs with stats=0 are left out. @r must live as long as *ret.
 * -ENOMEM; *ret is then empty. End with entries_done(). */
int entries_make(const struct results *r, struct entries *ret);
void entries_done(struct entries *e);

/* Which sides the documents show of @e, as bits of SIDE_...: unified_rw_reporting. */
unsigned entry_sides(const struct entry *e);

/* The percentiles that the entry's job asks for, at most @JOB_PERCENTILES_MAX. */
unsigned entry_percentiles(const struct entry *e, double ret[JOB_PERCENTILES_MAX]);

/* The distribution of clat over all directions in percent of the requests, by fio's bounds:
 * below 2, 4, 10, ... of ns, then of us, then of ms; the last is 2 s and more. What is above
 * 0 and below 0.01 is 0.01. */
#define SPREAD_NS 10
#define SPREAD_US 10
#define SPREAD_MS 12
struct spread {
	double ns[SPREAD_NS], us[SPREAD_US], ms[SPREAD_MS];
};
extern const unsigned spread_bounds[SPREAD_MS - 1]; /* 2, 4, 10, ... 1000, 2000 */
void entry_spread(const struct entry *e, struct spread *out);

/* Percent of their sum; above 0 and below 0.1 is 0.1. All 0 without any. */
void depth_percents(const uint64_t counts[ENGINE_DEPTHS], double ret[ENGINE_DEPTHS]);
extern const char *const depth_level_keys[ENGINE_DEPTHS], *const depth_batch_keys[ENGINE_DEPTHS];

#endif
