/* live.h - watch a VM that somebody else runs, and make of it what reports and rules read: a run.
 *
 * One cell a disk, one trial a cell, one job "live" without a sample, since nothing of the lab does
 * I/O there: it has what QEMU counts, what this host did meanwhile, and the facts "path.*". Nothing
 * is changed, started, stopped or stored.
 */
#ifndef LIVE_H
#define LIVE_H

#include <signal.h>

#include "hv_live.h"
#include "record.h"

#define LIVE_JOB "live"

struct live_options {
	struct hv_live_options vm;
	const char *disk;            /* as hv_live_disk() names it; NULL: all */
	uint64_t for_ns;             /* how long to look */
	size_t values_max;           /* kept, of all disks; above it readings get rarer. 0: 4 Mi */
	const char *version;         /* of blklab, for the record */
	volatile sig_atomic_t *stop; /* set: what there is by then is the result; may be NULL */
	/* About once a second; may be NULL. */
	void (*tick)(void *ctx, const char *vm, uint64_t left_ns);
	void *ctx;
};

/* *ret is new: run_data_done(). A VM that ends meanwhile, one that gives no answer for more than a
 * second, and a host side that can't be seen are notes of the run ("vm-ended", "no-answer",
 * "host-side", "host-not-watched"). It waits no longer than @for_ns and 2 s for answers, and 30 s
 * for the first one. Errors of hv_live_open(); -ENOENT: no such disk; -EPIPE, -ETIMEDOUT: it ended,
 * or gave no answer, before there were two readings. -EINTR: @stop was set before. */
int live_watch(const struct live_options *opt, struct run_data *ret, struct bl_err *err);

#endif
