/* pipeline.h - scenario -> matrix -> plan -> runner with the fake hypervisor, and what came of it.
 */
#ifndef TEST_PIPELINE_H
#define TEST_PIPELINE_H

#include "runner.h"

#define RECORDS_MAX 32

/* What was seen: deep enough copies of the records, for the checks afterwards. */
struct seen {
	unsigned n;
	struct one {
		char id[BL_UUID_TEXT];
		uint32_t cell, repeat, order;
		enum trial_state state;
		char reason[1024], console[1024];
		size_t n_jobs, n_effective, n_interrupts;
		uint64_t ios[4];
		uint64_t host_cpu_ns, runtime_ns; /* of the first job */
		bool has_xml;
		char kernel[64], emulator[64]; /* asked and proved */
		struct facts facts, job_facts; /* of the trial, and of its first job */
	} one[RECORDS_MAX];
	unsigned phases[PHASES];
	char notes[4096];
	unsigned stop_after; /* set the stop flag at this job-phase event; 0: never */
	volatile sig_atomic_t stop;
	unsigned n_stopped;
	char accel[8];
	struct facts environment;
};
extern struct seen seen;

extern char dir[64]; /* of the case, between make_dir() and drop_dir() */
void make_dir(void);
void drop_dir(void);
unsigned n_files(const char *sub); /* in a folder below it */

extern const struct runner_events events;

/* Who is in which block: "01|1|0", one digit a cell; "" at the end: the plan ends there. NULL: all.
 */
extern const char *who;

/* No time in it: a thread may get its CPU late, and would then find its time over. */
#define JOB_IOS 64
extern const char two_jobs[];    /* "reads" and "writes", of JOB_IOS each */
extern const char endless_job[]; /* goes on until it is stopped */

/* Run @jobs_text under @yaml (without name, jobs, limits) on the fake @uri. Returns what
 * runner_run() did. */
int run_jobs(const char *uri, const char *yaml, const char *jobs_text, struct bl_err *err);
int run(const char *uri, const char *yaml, struct bl_err *err); /* two_jobs */

uint64_t fact(const struct one *o, const char *key); /* of a trial; must be there */

#endif
