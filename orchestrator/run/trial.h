/* trial.h - one fresh boot and its trials, all jobs in each, nothing left behind.
 *
 * Mostly one trial, of one cell. Cells that differ only in the disk may share a boot: the VM has a
 * disk for each, and they are measured in turns, each turn a trial.
 * trial_run() never fails: whatever happens becomes the records' states and reasons.
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

/* One trial of a boot. */
struct trial_turn {
	size_t disk;              /* of the setup's cells */
	struct trial_record *rec; /* has its ids, cell, repeat, round and order */
	/* Filled in: the rest of @rec is, too. False only when the user stopped the run before. */
	bool was_reached;
};

struct trial_setup {
	struct hv *hv;
	const struct runner_options *opt;
	const struct scenario *sc;
	const struct cell *const *cells; /* a disk of the VM for each, in this order */
	size_t n_cells;
	const struct image *image;       /* NULL for bus host */
	const struct emulator *emulator; /* NULL for bus host */
	const char *accel;
	const char *backing_dir; /* for the disk */
	const char *scratch_dir; /* for the console */
	const char *host_id;
	struct device_fill *fill; /* kept by the run */
	volatile sig_atomic_t *stop;
	const struct runner_events *ev;
	size_t n_trials;              /* of the plan, for the progress */
	uint64_t expected_ns[PHASES]; /* how long phases took before; 0: not known */
};

/* Of a boot of several trials, those that were measured before something went wrong stay; a disk
 * whose job fails fails its trial only, as long as the guest lives. phase_ns[PHASES] get how long
 * each phase took (0: not reached). */
void trial_run(const struct trial_setup *setup, struct trial_turn *turns, size_t n_turns,
	       uint64_t *ret_phase_ns);

/* Fill state, reason and times of a trial that could not begin. */
void trial_refuse(struct trial_turn *turn, enum trial_state state, const char *reason);

/* NULL, or why this image can't drive the cell's disk. @out is where the sentence is put. */
const char *trial_image_lacks(const struct image *image, const struct cell *cell, char *out,
			      size_t len);

#endif
