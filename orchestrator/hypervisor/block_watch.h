/* block_watch.h - what QEMU counts of one disk, read at a pace from a thread of its own.
 *
 * A reading waits for QEMU's main loop, which may stand still for as long as its storage does: the
 * one who runs jobs, with limits to keep and a person to answer, does not wait there.
 */
#ifndef BLOCK_WATCH_H
#define BLOCK_WATCH_H

#include "block_stats.h"

struct block_watch;

struct block_watch_options {
	const char *qdev;
	uint64_t interval_ns;
	size_t values_max; /* moments times signals, behind which every second moment is dropped
			      and the pace halved; 0: SERIES_VALUES_MAX */
};

/* What was read. */
struct block_watched {
	struct series_set set;
	uint64_t cost_ns;  /* that questions were under way */
	size_t n_failed;   /* readings that brought nothing */
	bool has_last;     /* the one that block_watch_stop() asked for brought something */
	struct bl_err why; /* of the first question that failed */
};
void block_watched_done(struct block_watched *b); /* also empties it */

/* Reads @opt->qdev of @vm at its pace, the first time before this returns - or 5 s later, when QEMU
 * does not answer. @vm is borrowed until block_watch_free(), @opt only now. */
int block_watch_start(struct hv_vm *vm, const struct block_watch_options *opt,
		      struct block_watch **ret, struct bl_err *err);

/* One more reading, now; no further one. *ret is new. -ETIMEDOUT: QEMU has not answered within
 * @limit_ns; it is asked nothing more, and nothing is taken out of this watch any more. -ENODATA:
 * there is no reading, and why. */
int block_watch_stop(struct block_watch *w, uint64_t limit_ns, struct block_watched *ret,
		     struct bl_err *err);

/* After block_watch_stop(): is no question under way any more? */
bool block_watch_has_ended(struct block_watch *w);

/* From now on QEMU is asked nothing. Waits for the answer that is under way, at most
 * BLOCK_WATCH_FREE_NS; one that does not come then frees what is left when it does. The VM may be
 * ended meanwhile, and freed afterwards (hv_vm_qmp()). NULL is fine. Returns NULL. */
#define BLOCK_WATCH_FREE_NS UINT64_C(2000000000)
struct block_watch *block_watch_free(struct block_watch *w);

#endif
