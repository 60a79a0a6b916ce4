/* run_lock.h - one run at a time in a work folder and on a host: two would measure each other.
 *
 * flock(2) on WORK/run.lock, then on /run/lock/blklab.lock, which is every user's: they go with the
 * process, however that ends, and files that were left mean nothing. Who holds one has written its
 * pid and since when, for messages only; "another process" where it could not.
 *
 * BLKLAB_LOCK_DIR in the environment is another folder for the second one; empty: without it, for
 * labs that are meant to run side by side, on disks and CPUs of their own.
 */
#ifndef RUN_LOCK_H
#define RUN_LOCK_H

#include <signal.h>
#include <stdint.h>

#include "err.h"

#define RUN_LOCK_DIR_ENV "BLKLAB_LOCK_DIR"

struct run_lock {
	int work, host; /* -1: not held */
};
#define RUN_LOCK_INIT                                                                              \
	{                                                                                          \
		-1, -1                                                                             \
	}

/* *ret: run_lock_done(). @wait_ns: how long others' runs are waited for, in all (0: not at all);
 * @note is told once of each whom for, when there is something to wait for, and where the host has
 * no place for its lock, so that only runs of this work folder are seen; it may be NULL. -EBUSY:
 * another run goes on (names its pid, since when, and what it is); -EINTR: @stop was set; another
 * negative errno: the file in @work_dir can't be made. */
int run_lock_take(const char *work_dir, const char *verb, uint64_t wait_ns,
		  void (*note)(void *ctx, const char *text), void *ctx, volatile sig_atomic_t *stop,
		  struct run_lock *ret, struct bl_err *err);
void run_lock_done(struct run_lock *l);

#endif
