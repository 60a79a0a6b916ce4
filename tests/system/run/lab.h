/* lab.h - a scenario through the whole pipeline on real VMs, for system tests.
 *
 * Every trial's outcome is printed, so that a log shows what was proved.
 */
#ifndef LAB_H
#define LAB_H

#include "runner.h"

#define LAB_TRIALS_MAX 24

/* What a trial came to. */
struct lab_trial {
	char cell[CELL_NAME_MAX];
	enum trial_state state;
	char reason[2048];
	char console[4096];
	bool has_xml;
	size_t n_jobs;
	uint64_t ios[4], host_cpu_ns[4];
	struct facts facts, cpu; /* cpu: of the last job's window */
	size_t n_effective;
	bool data_checked;
};

struct lab {
	char dir[256]; /* of this test; removed at the end */
	char work[320];
	const char *kernel;
	struct runner_options opt; /* may be changed before lab_run() */
	const struct scenario *sc; /* while it runs */
	const struct matrix *m;    /* the same */
	struct lab_trial trials[LAB_TRIALS_MAX];
	size_t n_trials;
	char notes[4096];
	char accel[8];
	struct facts environment, trust;
	/* Look at the disk when the guest has powered off; may be NULL. */
	void (*look)(struct lab *lab, const struct cell *c, const char *image);
	/* Look at what a trial recorded; may be NULL. */
	void (*record)(struct lab *lab, const struct trial_record *t);
	/* Called with each progress; may be NULL. */
	void (*progress)(struct lab *lab, const struct runner_progress *p);
	volatile sig_atomic_t stop;
	bool stop_sent; /* for callbacks that act once */
};

/* Fails the test when that kernel is not there. @full: with ahci. */
const char *lab_kernel(bool full);

/* Accelerated by tcg; the probe has its own test. */
void lab_init(struct lab *lab, const char *kernel);
void lab_done(struct lab *lab); /* checks that nothing was left behind */

/* @yaml: a scenario without name, jobs and limits; @jobs: fio text. What runner_run() says. */
int lab_run(struct lab *lab, const char *yaml, const char *jobs, struct bl_err *err);

/* Convert @image to raw and check every byte outside [from, to) against engine_fill(), and that
 * every 64 KiB inside differs from it (the jobs wrote there). */
void lab_check_data(struct lab *lab, const char *image, uint64_t from, uint64_t to);

/* Value of a fact that must be there. */
uint64_t lab_number(const struct facts *f, const char *key);

/* QEMU processes whose command line holds @word; the second sends them SIGKILL. */
unsigned lab_n_qemu(const char *word);
unsigned lab_kill_qemu(const char *word);

/* Files in DIR/@sub. */
unsigned lab_n_files(const struct lab *lab, const char *sub);

#endif
