/* plan.h - the trials in the order they will run.
 *
 * Same scenario, same seed: same plan, byte for byte, on every host. Interleaved: every
 * block holds each cell once, in an order drawn from the seed, so drift hits all
 * cells alike (statistics: randomised complete blocks). More repeats add blocks and leave
 * the earlier ones as they were; so repeats: auto is the plan of the most repeats, left early.
 * Sequential: all repeats of a cell, then of the next.
 */
#ifndef PLAN_H
#define PLAN_H

#include "matrix.h"

struct planned_trial {
	uint32_t cell;   /* index into the matrix */
	uint32_t repeat; /* block number, 0-based */
};

struct plan {
	struct planned_trial *trials;
	size_t n_trials;
	uint64_t estimate_ns; /* boot + fill + jobs, see plan.c for the constants; at most: all
			       * rounds of all repeats, within the budget */
	uint64_t least_ns;    /* the same when it ends as early as it can */
	bool may_end_early;   /* repeats: auto, or a budget: whole blocks at the end are left out */
	uint64_t disk_bytes;  /* plan_space_bytes() */
};

int plan_make(const struct scenario *sc, const struct matrix *m, struct plan **ret_plan,
	      struct bl_err *err);
struct plan *plan_free(struct plan *p); /* NULL is fine; returns NULL */
void plan_freep(struct plan **p);

/* The plan as text, one line a trial: the golden form. */
void plan_to_text(const struct plan *p, const struct matrix *m, struct bl_buf *out);

/* What one trial of @c is expected to take, without waiting for the host; where there are rounds
 * before the jobs: all of them. */
uint64_t plan_trial_ns(const struct scenario *sc, const struct cell *c);

/* "4:00", or "0:40 to 22:00" when that is not known before. */
void plan_time_text(const struct plan *p, struct bl_buf *out);
/* "6 trials", "8 to 30 trials". */
void plan_repeats_text(const struct scenario *sc, struct bl_buf *out);

/* Bytes in the work folder of a fully allocated backing of @c: the disk and, for qcow2, its tables.
 * 0 when it is the scenario's device, or in a file system on it. */
uint64_t plan_backing_bytes(const struct scenario *sc, const struct cell *c);

/* Bytes of a qcow2 image of a @disk that is fully allocated, with nothing left free in it: what
 * `qemu-img measure` says. @cluster in bytes, 0: CELL_QCOW2_CLUSTER. */
uint64_t plan_qcow2_bytes(uint64_t disk, uint64_t cluster);

/* The most bytes of disks that exist at one time: the largest backing; and, when qcow2 images are
 * to be filled, the random bytes as a raw file, from which each of them is converted and which stay
 * until the run ends. With less room than that, down to the largest backing, the guest fills. */
uint64_t plan_space_bytes(const struct scenario *sc, const struct matrix *m);

/* splitmix64 (Steele, Lea, Flood 2014): the plan's only source of randomness. */
uint64_t plan_random(uint64_t *state);

#endif
