/* trial.h - one trial: one cell, one fresh boot, all jobs, nothing left behind.
 *
 * trial_run() never fails: whatever happens becomes the record's state and reason.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "emulator.h"
#include "hypervisor.h"
#include "image.h"
#include "runner.h"

/* The scenario's device over the trials of a run. */
struct device_fill {
	/* The device's PCI function is held from the first trial that takes it until the run ends:
	 * no other lab writes between two trials, nor takes it while a guest has it. -1: not held,
	 * or there is none. */
	int function_fd;
	bool is_raw; /* a fill of its first @bytes by @seed, and jobs over it, nothing else */
	uint64_t bytes, seed;
};

struct trial_setup {
	struct hv *hv;
	const struct runner_options *opt;
	const struct scenario *sc;
	const struct cell *cell;
	const struct image *image;       /* NULL for bus host */
	const struct emulator *emulator; /* NULL for bus host */
	const char *accel;
	const char *backing_dir; /* for the disk */
	const char *scratch_dir; /* for the console */
	const char *host_id;
	struct device_fill *fill; /* kept by the run */
	volatile sig_atomic_t *stop;
	const struct runner_events *ev;
	struct runner_progress progress; /* trial, n_trials, cell are filled in */
	uint64_t expected_ns[PHASES];    /* how long phases took before; 0: not known */
};

/* @rec has its ids, cell, repeat and order; the rest is filled in. phase_ns[PHASES] get how long
 * each phase took (0: not reached). */
void trial_run(const struct trial_setup *setup, struct trial_record *rec, uint64_t *ret_phase_ns);

/* Fill state, reason and times of a trial that could not begin. */
void trial_refuse(struct trial_record *rec, enum trial_state state, const char *reason);

/* NULL, or why this image can't drive the cell's disk. @out is where the sentence is put. */
const char *trial_image_lacks(const struct image *image, const struct cell *cell, char *out,
			      size_t len);

#endif
