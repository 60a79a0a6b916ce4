/* block_watch.h - what QEMU counts of one disk, read at a pace from a thread of its own.
 *
 * A reading waits for QEMU's main loop, which may stand still for as long as its storage does: the
 * one who runs jobs, with limits to keep and a person to answer, does not wait there.
 */
#ifndef BLOCK_WATCH_H
#define BLOCK_WATCH_H

#include "block_stats.h"

struct block_watch;

/* Reads @qdev of @vm every @interval_ns, the first time before this returns - or 5 s later, when
 * QEMU does not answer. Both are borrowed until block_watch_free(). */
int block_watch_start(struct hv_vm *vm, const char *qdev, uint64_t interval_ns,
		      struct block_watch **ret, struct bl_err *err);

/* One more reading, now; no further one. *ret_set is all of them, new; *ret_cost_ns the time that
 * questions were under way. -ETIMEDOUT: QEMU has not answered within @limit_ns: block_watch_free()
 * would wait until it does, or until the VM is ended. -ENODATA: there is none, and why. */
int block_watch_stop(struct block_watch *w, uint64_t limit_ns, struct series_set *ret_set,
		     uint64_t *ret_cost_ns, struct bl_err *err);

/* Waits for its thread. NULL is fine. Returns NULL. */
struct block_watch *block_watch_free(struct block_watch *w);

#endif
