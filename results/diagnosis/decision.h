/* decision.h - should this VM get NVMe passthrough?
 *
 * A checklist as rules, in this order; the first that decides ends it, and the others are shown
 * with their answers all the same (docs/passthrough-decision.md has it as a table):
 *
 * 1. virtio: the VM must migrate live.
 * 2. virtio: snapshots of its disk are needed.
 * 3. virtio: the device must be shared with others.
 * 4. virtio: it is said not to be latency-critical.
 * 5. virtio: measured against the best virtio cell of the run, neither the tail (p99 and p99.9) is
 *    better in any job, nor is the CPU time of an I/O; or the tail is worse in all, and the CPU
 *    time not better. Not by the figures of an emulated CPU, and not while it can't be told.
 * 6. not yet: the IOMMU and the hand-over did not work without a fault in this run.
 * 7. not yet: it is said that resets and errors of the device are not handled.
 *
 * Then "cannot tell" when no gain is proved: too few repeats, an emulated CPU, nothing to compare.
 * Otherwise passthrough; under conditions when a need is unsaid, when a gain has its price (tail
 * against CPU time, some jobs against others), when the tail can't be told in some jobs, or when
 * the CPU was emulated.
 *
 * The best virtio cell: lowest p99 (geometric mean over the jobs) of the virtio-blk and virtio-scsi
 * cells that could stand in its place: the same vCPUs, kernel and emulator, the same device under
 * it, past the host's page cache as passthrough is. When none is like that, the one that is in most
 * of these five, and the evidence says so. A cell with cache unsafe never: it promises less.
 */
#ifndef DECISION_H
#define DECISION_H

#include "diagnosis.h"
#include "summary.h"

enum decision {
	DECISION_NOT_ASKED, /* no cell with bus vfio */
	DECISION_PASSTHROUGH,
	DECISION_CONDITIONAL,
	DECISION_VIRTIO,
	DECISION_NOT_YET,
	DECISION_CANNOT_TELL,
	DECISIONS
};
extern const char *const decision_names[DECISIONS];   /* "not-asked", "passthrough", ... */
extern const char *const decision_answers[DECISIONS]; /* "Yes", "Yes, if", "No, virtio", ... */

struct decision_line {
	const char *question; /* static */
	char *answer;         /* "no", "not said", "better in 1 of 4 jobs" */
	char *evidence;       /* has foreign text; one line a job */
	char *marked;         /* evidence with its figures marked (figure.h) */
	int speaks_for;       /* 1 passthrough, -1 virtio (or waiting), 0 neither */
	bool decided;         /* this is the rule that decided; one at most */
};
struct passthrough_decision {
	enum decision decision;
	char *answer;   /* "Yes, if it need not migrate live"; NULL as sentence is */
	char *sentence; /* the answer, ": " and the rule that decided; has foreign text. NULL: no
			 * cell has the device itself, so that there is nothing to show */
	char *marked;   /* sentence with its figures marked */
	struct decision_line *lines;
	size_t n;
	uint32_t cell, best_virtio; /* compared, or NO_CELL */
};

/* @sums and @found are those of @d, read during the call only. *ret is new:
 * passthrough_decision_done(). -ENOMEM. */
int decide_passthrough(const struct run_data *d, const struct summaries *sums,
		       const struct findings *found, struct passthrough_decision *ret,
		       struct bl_err *err);
const char *decision_speaks(int speaks_for); /* "for it", "against", "open" */
void passthrough_decision_done(struct passthrough_decision *p);

#endif
