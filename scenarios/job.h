/* job.h - one fio-like job: what to do to the disk.
 *
 * Plain data with every default filled in; made by jobfile_parse(), carried to the
 * guest as text (job_to_text()), executed by the engine. Names and meanings are
 * fio's.
 */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define JOB_NAME_MAX 128
#define JOB_PATH_MAX 1024

enum job_engine { JOB_PSYNC, JOB_IO_URING, JOB_NULL, JOB_ENGINES };
enum job_rw {
	JOB_RW_READ,
	JOB_RW_WRITE,
	JOB_RW_RANDREAD,
	JOB_RW_RANDWRITE,
	JOB_RW_RW,
	JOB_RW_RANDRW,
	JOB_RWS
};
extern const char *const job_engine_names[JOB_ENGINES];
extern const char *const job_rw_names[JOB_RWS];

struct job {
	char name[JOB_NAME_MAX];
	char filename[JOB_PATH_MAX]; /* "": the disk under test, or must be given */
	enum job_engine engine;      /* ioengine, default psync */
	enum job_rw rw;              /* default read */
	uint32_t rwmixread;          /* percent of reads, 0..100, default 50 */
	uint64_t bs;                 /* bytes, default 4096 */
	uint32_t iodepth;            /* default 1; sync engines run at 1 */
	uint32_t numjobs;            /* clones, default 1 */
	bool direct;                 /* O_DIRECT */
	bool time_based;
	uint64_t runtime_ns; /* 0: until size is done */
	uint64_t ramp_ns;    /* ramp_time: issued, not counted */
	uint64_t offset;     /* bytes */
	uint32_t offset_pct; /* when > 0: offset is this percentage of the target */
	uint64_t size;       /* bytes of the region; 0: to the end of the target */
	uint32_t size_pct;   /* when > 0: percentage of the target */
	uint64_t io_size;    /* bytes to move; 0: size */
	uint32_t fsync;      /* after every N writes; 0: never */
	uint32_t fdatasync;  /* after every N writes; 0: never */
	uint64_t rate_iops;  /* per clone and direction; 0: as fast as it goes */
	uint64_t randseed;   /* default 0x89 */
	bool norandommap;    /* independent draws instead of a permutation */
	bool stonewall;      /* start after all earlier jobs have ended */
	bool invalidate;     /* drop the page cache of the target first; default 1 */
	uint32_t group;      /* stonewall group, from 0: jobs of one group run together */
};

/* A job file: all its jobs, globals applied. Plain data; end with jobs_done(). */
struct jobs {
	struct job *items;
	size_t n;
	char *ignored; /* a line for each option that was read and has no effect here,
			* "NAME:LINE: option: why"; NULL: there was none */
};
void jobs_done(struct jobs *j);

static inline bool job_reads(const struct job *j)
{
	bool mixed = j->rw == JOB_RW_RW || j->rw == JOB_RW_RANDRW;

	return j->rw == JOB_RW_READ || j->rw == JOB_RW_RANDREAD || (mixed && j->rwmixread > 0);
}

static inline bool job_writes(const struct job *j)
{
	bool mixed = j->rw == JOB_RW_RW || j->rw == JOB_RW_RANDRW;

	return j->rw == JOB_RW_WRITE || j->rw == JOB_RW_RANDWRITE || (mixed && j->rwmixread < 100);
}

/* One job as canonical fio text: one [section], only what differs from the
 * defaults, options in table order. jobfile_parse(job_to_text(j)) equals j, except
 * for the group, which is the job's place in its file. */
void job_to_text(const struct job *j, struct bl_buf *out);

#endif
