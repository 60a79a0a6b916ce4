/* plan.h - the trials in the order they will run.
 *
 * Same scenario, same seed: same plan, byte for byte, on every host. Interleaved: every
 * block holds each cell once, in an order drawn from the seed, so drift hits all
 * cells alike (statistics: randomised complete blocks). More repeats add blocks and leave
 * the earlier ones as they were; so repeats: auto is the plan of the most repeats, left early.
 * Sequential: all repeats of a cell, then of the next.
 *
 * Interleaved within boots: cells that differ only in the disk are one group, which takes the place
 * of a cell above; its VM has a disk for each of them. Each boot has the scenario's rounds, and in
 * each round every cell of the group has its turn: the first round in an order drawn from the seed,
 * the second in the reverse order, the third in one drawn anew, and so on, so that over two rounds
 * all cells are in the middle of the boot alike. Cells that share a boot with no other are planned
 * as above.
 */
#ifndef PLAN_H
#define PLAN_H

#include "matrix.h"

struct planned_trial {
	uint32_t cell;   /* index into the matrix */
	uint32_t repeat; /* block number, 0-based */
	uint32_t round;  /* 0-based in its boot; above 0 only where cells share one */
	uint32_t boot;   /* boots are counted through; the trials of one are side by side */
};

struct plan {
	struct planned_trial *trials;
	size_t n_trials;
	uint64_t estimate_ns; /* boot + fill + jobs, see plan.c for the constants; at most: all
			       * rounds of all repeats, within the budget */
	uint64_t least_ns;    /* the same when it ends as early as it can */
	uint64_t block_ns;    /* of one block with all its rounds */
	bool may_end_early;   /* repeats: auto, or a budget: whole blocks at the end are left out */
	uint64_t disk_bytes;  /* plan_space_bytes() */
};

/* How many trials the boot has that begins with trial @first. */
size_t plan_boot_len(const struct plan *p, size_t first);

/* -EINVAL: more cells of a group than one VM takes disks. -ENOMEM. */
int plan_make(const struct scenario *sc, const struct matrix *m, struct plan **ret_plan,
	      struct bl_err *err);
struct plan *plan_free(struct plan *p); /* NULL is fine; returns NULL */
void plan_freep(struct plan **p);

/* The cells that share boots with @cell, which is one of them, in the matrix's order; returns how
 * many. @ret has room for matrix_len(). 1: it boots alone, as all do without interleave:
 * within-boot. */
size_t plan_group(const struct scenario *sc, const struct matrix *m, size_t cell, size_t *ret);

/* The most disks under test that one VM takes. */
#define PLAN_DISKS_MAX 15
#define PLAN_SATA_MAX  6 /* of these, on the controller that q35 has */

/* The plan as text, one line a trial: the golden form. */
void plan_to_text(const struct plan *p, const struct matrix *m, struct bl_buf *out);

/* What a boot is expected to take, without waiting for the host, of @n->disks cells alike in all
 * but the disk, @n->turns trials of each, whose jobs are steady after @n->warm_up rounds; and of @c
 * alone, one trial with all the rounds there may be. */
struct plan_boot_size {
	size_t disks;
	uint32_t turns, warm_up;
};
uint64_t plan_boot_ns(const struct scenario *sc, const struct cell *c,
		      const struct plan_boot_size *n);
uint64_t plan_trial_ns(const struct scenario *sc, const struct cell *c);

/* "4:00", or "0:40 to 22:00" when that is not known before. */
void plan_time_text(const struct plan *p, struct bl_buf *out);
/* "6 trials", "8 to 30 boots": @what is "trial" or "boot". */
void plan_repeats_text(const struct scenario *sc, const char *what, struct bl_buf *out);

/* Bytes in the work folder of a fully allocated backing of @c: the disk and, for qcow2, its tables.
 * 0 when it is the scenario's device, or in a file system on it. */
uint64_t plan_backing_bytes(const struct scenario *sc, const struct cell *c);

/* Bytes of a qcow2 image of a @disk that is fully allocated, with nothing left free in it: what
 * `qemu-img measure` says. @cluster in bytes, 0: CELL_QCOW2_CLUSTER. */
uint64_t plan_qcow2_bytes(uint64_t disk, uint64_t cluster);

/* The most bytes of disks that exist at one time: the largest backing, or all those of the largest
 * group; and, when qcow2 images are
 * to be filled, the random bytes as a raw file, from which each of them is converted and which stay
 * until the run ends. With less room than that, down to the largest backing, the guest fills. */
uint64_t plan_space_bytes(const struct scenario *sc, const struct matrix *m);

/* splitmix64 (Steele, Lea, Flood 2014): the plan's only source of randomness. */
uint64_t plan_random(uint64_t *state);

#endif
