/* job.h - one fio-like job: what to do to the disk.
 *
 * Plain data with every default filled in; made by jobfile_parse(), carried to the
 * guest as text (job_to_text()), executed by the engine. Names, meanings, units and defaults are
 * fio 3.33's; where a member says "text", it holds the value as it was written.
 */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define JOB_NAME_MAX        256
#define JOB_PATH_MAX        1024
#define JOB_TEXT_MAX        256
#define JOB_SPLITS          64 /* entries of a bssplit or of zones */
#define JOB_PERCENTILES_MAX 20
#define JOB_PATTERN_TEXT    1152 /* of the longest pattern, written as digits */
#define JOB_FILENAME_FORMAT "$jobname.$jobnum.$filenum"
#define JOB_LOG_OF_NAME     "$jobname" /* of a log until the job's name is known; see job_settle() */

enum job_engine {
	JOB_PSYNC,
	JOB_SYNC,
	JOB_PVSYNC,
	JOB_PVSYNC2,
	JOB_LIBAIO,
	JOB_IO_URING,
	JOB_NULL,
	JOB_NOP, /* ours: io_uring's no-operation, the ring without a device */
	JOB_ENGINES
};
enum job_rw {
	JOB_RW_READ,
	JOB_RW_WRITE,
	JOB_RW_TRIM,
	JOB_RW_RANDREAD,
	JOB_RW_RANDWRITE,
	JOB_RW_RANDTRIM,
	JOB_RW_RW,
	JOB_RW_RANDRW,
	JOB_RW_TRIMWRITE,
	JOB_RW_RANDTRIMWRITE,
	JOB_RWS
};
enum job_fallocate {
	JOB_FALLOCATE_NONE,
	JOB_FALLOCATE_NATIVE,
	JOB_FALLOCATE_POSIX,
	JOB_FALLOCATE_KEEP,
	JOB_FALLOCATE_TRUNCATE,
	JOB_FALLOCATES
};
enum job_file_service {
	JOB_FILES_RANDOM,
	JOB_FILES_ROUNDROBIN,
	JOB_FILES_SEQUENTIAL,
	JOB_FILE_SERVICES
};
enum job_dist {
	JOB_DIST_RANDOM,
	JOB_DIST_ZIPF,
	JOB_DIST_PARETO,
	JOB_DIST_NORMAL,
	JOB_DIST_ZONED,
	JOB_DIST_ZONED_ABS,
	JOB_DISTS
};
enum job_rate_process { JOB_RATE_LINEAR, JOB_RATE_POISSON, JOB_RATE_PROCESSES };
enum job_sequencer { JOB_SEQUENTIAL, JOB_IDENTICAL, JOB_SEQUENCERS };
enum job_sync { JOB_SYNC_NONE, JOB_SYNC_SYNC, JOB_SYNC_DSYNC, JOB_SYNCS };
enum job_zonemode { JOB_ZONES_NONE, JOB_ZONES_STRIDED, JOB_ZONEMODES };
enum job_continue { /* errors after which the job goes on, as bits */
		    JOB_CONTINUE_READ = 1,
		    JOB_CONTINUE_WRITE = 2,
		    JOB_CONTINUE_VERIFY = 4,
		    JOB_CONTINUE_ALL = 7
};
enum job_fadvise {
	JOB_FADVISE_NONE,
	JOB_FADVISE_PATTERN,
	JOB_FADVISE_RANDOM,
	JOB_FADVISE_SEQUENTIAL,
	JOB_FADVISES
};
enum job_ss { JOB_SS_NONE, JOB_SS_IOPS, JOB_SS_IOPS_SLOPE, JOB_SS_BW, JOB_SS_BW_SLOPE, JOB_SSES };
enum job_cpus_policy { JOB_CPUS_SHARED, JOB_CPUS_SPLIT, JOB_CPUS_POLICIES };
enum job_think_blocks { JOB_THINK_COMPLETE, JOB_THINK_ISSUE, JOB_THINK_BLOCKS };
enum job_unified { JOB_UNIFIED_NONE, JOB_UNIFIED_MIXED, JOB_UNIFIED_BOTH, JOB_UNIFIEDS };
extern const char *const job_engine_names[JOB_ENGINES];
extern const char *const job_rw_names[JOB_RWS];

/* One value for each of read, write, trim: fio's "R,W,T". */
#define JOB_DDIRS 3

struct job_range { /* of request sizes, bytes */
	uint32_t min, max;
};
struct job_split { /* of bssplit: bytes and percent; of zones: access percent and size (percent
		    * of the region with zoned, bytes with zoned_abs) */
	uint64_t value;
	uint32_t pct;  /* of all entries: 100; entries without one have shared the rest */
	uint32_t prio; /* cmdprio_bssplit: JOB_PRIO_OWN | class << 13 | level; 0: cmdprio= */
};
#define JOB_PRIO_OWN (1u << 16)
struct job_splits {
	struct job_split at[JOB_SPLITS];
	uint32_t n;
};

struct job {
	char name[JOB_NAME_MAX];
	char description[JOB_TEXT_MAX];

	/* where */
	char filename[JOB_PATH_MAX];             /* text, "a:b" is two files; "": see job_file() */
	char directory[JOB_PATH_MAX];            /* text, "a:b" is dealt out to the clones */
	char filename_format[JOB_TEXT_MAX];      /* default $jobname.$jobnum.$filenum */
	uint32_t nrfiles;                        /* default 1 */
	enum job_file_service file_service_type; /* default roundrobin */
	uint32_t file_service_n;                 /* requests to a file before the next; default 1 */
	uint64_t filesize_min, filesize_max;     /* bytes of each file; 0: from size */
	uint64_t size;     /* bytes of the region of all files; 0: whole target */
	uint32_t size_pct; /* when > 0: percentage of the target */
	uint64_t io_size;  /* bytes to move; 0: size */
	uint32_t io_size_pct;
	uint64_t offset;           /* bytes */
	uint32_t offset_pct;       /* when > 0: offset is this percentage of the target */
	uint64_t offset_align;     /* bytes; 0: smallest request */
	uint64_t offset_increment; /* bytes, times the number of the clone */
	uint32_t offset_increment_pct;
	uint64_t number_ios; /* 0: no limit */
	bool fill_device;    /* write until ENOSPC */
	bool file_append;
	bool overwrite, create_on_open, create_only, unlink;
	bool allow_file_create, allow_mounted_write, pre_read, invalidate;
	enum job_fallocate fallocate;  /* default native */
	enum job_fadvise fadvise_hint; /* posix_fadvise(): default by the pattern of rw */

	/* how */
	enum job_engine engine; /* ioengine, default psync */
	uint32_t iodepth;       /* default 1; sync engines run at 1 */
	uint32_t batch_submit;  /* iodepth_batch(_submit); 0: as many as are free */
	uint32_t batch_complete_min, batch_complete_max; /* default 1 and 0 (no limit) */
	uint32_t iodepth_low;                            /* 0: iodepth */
	bool direct;                                     /* O_DIRECT */
	enum job_sync sync;                              /* O_SYNC, O_DSYNC */
	bool hipri;                                      /* polled completions */
	uint32_t hipri_percentage;                       /* pvsync2: of requests; default 100 */
	bool fixedbufs, registerfiles; /* io_uring: used wherever the kernel takes them */
	bool sqthread_poll;
	int32_t sqthread_poll_cpu; /* -1: anywhere */
	uint32_t force_async;      /* io_uring: every N-th request; 0: never */
	bool nonvectored, uncached, nowait;
	uint32_t cmdprio_percentage[2];               /* read, write */
	struct job_splits cmdprio_bssplit[JOB_DDIRS]; /* the same by request size; n == 0: none */
	uint32_t cmdprio_class[2], cmdprio[2];
	uint64_t mem_align; /* iomem_align, a power of two; 0: page */
	uint64_t lockmem;   /* bytes each clone keeps locked; 0: none */

	/* what */
	enum job_rw rw;  /* default read */
	uint64_t rw_nr;  /* rw=randread:8: random every N-th; 0 or 1: always */
	int64_t rw_hole; /* rw=write:4k: bytes skipped after each; sequential */
	enum job_sequencer rw_sequencer;
	uint32_t rwmixread;             /* percent of reads, 0..100, default 50 */
	struct job_range bs[JOB_DDIRS]; /* min == max: one size; default 4096 */
	bool bs_is_range;               /* bsrange was given: bs= is read, and without effect */
	struct job_splits bssplit[JOB_DDIRS]; /* n == 0: bs holds */
	bool bs_unaligned, bs_is_seq_rand;
	uint64_t blockalign[JOB_DDIRS];        /* bytes; 0: smallest request of the direction */
	enum job_dist dist;                    /* random_distribution */
	double dist_value;                     /* theta, h, deviation */
	double dist_center;                    /* 0..1; < 0: none */
	struct job_splits zones[JOB_DDIRS];    /* of zoned, zoned_abs: pct access, value size */
	uint32_t percentage_random[JOB_DDIRS]; /* default 100 */
	bool norandommap;                      /* independent draws instead of a permutation */
	uint64_t randseed;                     /* default 0x89 */
	bool randrepeat, allrandrepeat;        /* default 1, 0 */
	enum job_zonemode zonemode;
	uint64_t zonerange, zonesize, zoneskip; /* bytes, strided */
	uint32_t loops;                         /* default 1 */
	bool serialize_overlap;
	uint32_t flow; /* share of this job among its flow_id; 0: none */
	uint32_t flow_id;
	uint64_t flow_sleep_ns;

	/* sync */
	uint32_t fsync, fdatasync; /* after every N writes; 0: never */
	bool end_fsync, fsync_on_close;

	/* when */
	bool time_based;
	uint64_t runtime_ns;                       /* 0: until size is done */
	uint64_t ramp_ns;                          /* ramp_time: issued, not counted */
	uint64_t startdelay_ns, startdelay_max_ns; /* a range: drawn between; else equal */
	uint32_t numjobs;                          /* clones, default 1 */
	bool thread;
	bool group_reporting, new_group;
	bool stonewall;                 /* start after all earlier jobs have ended */
	bool exitall, exitall_on_error; /* the end (or failure) of this job ends all of its run */
	char wait_for[JOB_NAME_MAX];    /* start after this job has ended */
	uint32_t group;                 /* stonewall group, from 0: jobs of one run together */
	uint32_t report_group;          /* groupid of fio: raised by stonewall and new_group */

	/* how fast */
	uint64_t rate[JOB_DDIRS];      /* bytes/s, per clone and direction; 0: no limit */
	uint64_t rate_iops[JOB_DDIRS]; /* requests/s, likewise */
	uint64_t rate_min[JOB_DDIRS], rate_iops_min[JOB_DDIRS]; /* below: the job ends, error */
	enum job_rate_process rate_process;
	uint64_t rate_cycle_ns; /* default 1 s: window of rate_min */
	uint64_t thinktime_ns, thinktime_spin_ns, thinktime_iotime_ns;
	uint32_t thinktime_blocks; /* default 1 */
	enum job_think_blocks thinktime_blocks_type;
	bool rate_ignore_thinktime;
	uint64_t max_latency_ns[JOB_DDIRS]; /* above: the job ends, ETIMEDOUT; 0: none */
	uint64_t latency_target_ns, latency_window_ns;
	double latency_percentile; /* default 100 */
	bool latency_run;
	enum job_ss steadystate; /* NONE unless ss_dur is given; then iops_slope:0.01% */
	double ss_limit;
	bool ss_limit_is_pct;
	uint64_t ss_dur_ns, ss_ramp_ns;

	/* where it runs */
	char cpus_allowed[JOB_TEXT_MAX]; /* text, "0-3,5"; "": anywhere */
	enum job_cpus_policy cpus_allowed_policy;
	char numa_cpu_nodes[JOB_TEXT_MAX];  /* text, "0-1,3" */
	char numa_mem_policy[JOB_TEXT_MAX]; /* text, "bind:0-1"; default, prefer, bind, interleave,
					     * local */
	int32_t nice;
	uint32_t prio, prioclass; /* ioprio_set(); 0: untouched */
	int64_t uid, gid;         /* -1: untouched */
	char ioscheduler[32];     /* "": untouched */
	char exec_prerun[JOB_PATH_MAX], exec_postrun[JOB_PATH_MAX];

	/* data */
	bool refill_buffers, scramble_buffers, zero_buffers; /* default 0, 1, 0 */
	char buffer_pattern[JOB_PATTERN_TEXT]; /* text without 'file' parts; "": none */
	uint32_t compress_pct, compress_chunk; /* buffer_compress_*; chunk default 512 bytes */
	bool has_compress;                     /* buffer_compress_percentage was given */
	uint32_t dedupe_pct;
	uint32_t verify; /* enum job_verify, 0: none */
	bool has_verify; /* verify was given: a verify_pattern does not choose it */
	bool do_verify, verify_fatal, verify_dump, verify_only;
	bool trim_verify_zero;                         /* default 1 */
	uint32_t verify_backlog, verify_backlog_batch; /* after that many writes; 0: at the end */
	uint64_t verify_interval, verify_offset;       /* bytes; 0: whole request, 0 */
	char verify_pattern[JOB_PATTERN_TEXT];         /* likewise */
	uint32_t trim_percentage; /* of what is checked; then checked to be zeros */
	uint32_t trim_backlog, trim_backlog_batch; /* after that many writes; 0: at the end */

	/* errors */
	uint32_t continue_on_error;      /* enum job_continue bits */
	char ignore_error[JOB_TEXT_MAX]; /* text, "EIO,ETIMEDOUT:ENOSPC:..." per direction */

	/* what is said of it */
	bool disable_lat, disable_clat, disable_slat;             /* of the document only */
	bool clat_percentiles, lat_percentiles, slat_percentiles; /* default 1, 0, 0 */
	double percentile_list[JOB_PERCENTILES_MAX];              /* ascending, 0 ends it; default
								   * fio's 17 */
	enum job_unified unified_rw_reporting;
	bool disk_util; /* default 1 */
	bool stats;     /* default 1 */
	uint32_t unit_base, kb_base;
	uint32_t significant_figures;                                  /* default 4 */
	uint64_t bwavgtime_ns, iopsavgtime_ns;                         /* default 500 ms */
	char write_bw_log[JOB_TEXT_MAX], write_iops_log[JOB_TEXT_MAX]; /* prefix; "": none;
									* alone: the job's name */
	char write_lat_log[JOB_TEXT_MAX], write_hist_log[JOB_TEXT_MAX];
	uint64_t log_avg_ns, log_hist_ns; /* log_avg_msec: 0, each request; log_hist_msec */
	uint32_t log_hist_coarseness;
	bool log_max_value, log_offset, log_prio, log_unix_epoch,
		per_job_logs; /* default 0,0,0,0,1 */
};

/* The options of one section as they were written, as fio 3.33's JSON has them: canonical names;
 * values as they were, but for ${VAR} and $keywords; flags that stood alone left out; in file
 * order, but for those that are applied first or last (kb_base, filename, ...). Each name once, the
 * last value (fio repeats the key). Jobs of a command line begin with name.
 * "name=value\n" lines; "": flags only; NULL: none. */
struct job_echo {
	char *options;
};

/* A job file: all its jobs, globals applied. Plain data; end with jobs_done(). */
struct jobs {
	struct job *items;
	struct job_echo *echoes; /* [n]; NULL when not kept */
	char *globals;           /* the echo of [global]; NULL: none */
	size_t n;
	char *ignored; /* a line for each option that was read and has no effect here,
			* "NAME:LINE: option: why"; NULL: there was none */
};
void jobs_done(struct jobs *j);

static inline bool job_is_mixed(const struct job *j)
{
	return j->rw == JOB_RW_RW || j->rw == JOB_RW_RANDRW;
}

static inline bool job_trims(const struct job *j)
{
	return j->rw == JOB_RW_TRIM || j->rw == JOB_RW_RANDTRIM || j->rw == JOB_RW_TRIMWRITE ||
	       j->rw == JOB_RW_RANDTRIMWRITE;
}

static inline bool job_reads(const struct job *j)
{
	return j->rw == JOB_RW_READ || j->rw == JOB_RW_RANDREAD ||
	       (job_is_mixed(j) && j->rwmixread > 0);
}

static inline bool job_writes(const struct job *j)
{
	return j->rw == JOB_RW_WRITE || j->rw == JOB_RW_RANDWRITE || j->rw == JOB_RW_TRIMWRITE ||
	       j->rw == JOB_RW_RANDTRIMWRITE || (job_is_mixed(j) && j->rwmixread < 100);
}

/* Changes what is on the target: writes or trims. */
static inline bool job_alters(const struct job *j)
{
	return (job_writes(j) || job_trims(j)) && !j->verify_only;
}

static inline bool job_is_random(const struct job *j)
{
	return j->rw == JOB_RW_RANDREAD || j->rw == JOB_RW_RANDWRITE || j->rw == JOB_RW_RANDTRIM ||
	       j->rw == JOB_RW_RANDRW || j->rw == JOB_RW_RANDTRIMWRITE;
}

static inline bool job_is_rated(const struct job *j)
{
	for (int d = 0; d < JOB_DDIRS; d++)
		if (j->rate[d] || j->rate_iops[d])
			return true;
	return false;
}

/* Runs one request at a time, inside the call. */
static inline bool job_engine_is_sync(enum job_engine e)
{
	return e == JOB_PSYNC || e == JOB_SYNC || e == JOB_PVSYNC || e == JOB_PVSYNC2;
}

/* Touches no file. */
static inline bool job_engine_is_null(enum job_engine e)
{
	return e == JOB_NULL || e == JOB_NOP;
}

/* Least and greatest request of direction @dir, bytes. */
uint32_t job_bs_min(const struct job *j, unsigned dir);
uint32_t job_bs_max(const struct job *j, unsigned dir);

/* Every request of the job has one size (bs of all directions equal, no range or split). */
bool job_has_one_bs(const struct job *j);

/* How many files each clone has: the names in filename=, or nrfiles. */
uint32_t job_files(const struct job *j);

/* The path of file @file (from 0) of clone @clone, directory applied, '\:' undone:
 * filename= has the same files for every clone; generated names follow filename_format.
 * -ERANGE: longer than JOB_PATH_MAX. */
int job_file(const struct job *j, uint32_t clone, uint32_t file, struct bl_buf *out);

/* Neither filename= nor directory=, filename_format, nrfiles, filesize: the job is about
 * whatever the caller calls the disk under test, when there is one. */
bool job_uses_target(const struct job *j);

/* One job as canonical fio text: one [section], only what differs from the
 * defaults, options in table order. jobfile_parse(job_to_text(j)) equals j, except
 * for the groups, which are the job's place in its file. */
void job_to_text(const struct job *j, struct bl_buf *out);

#endif
