/* run_lock.h - one run at a time in a work folder: two would measure each other.
 *
 * flock(2) on WORK/run.lock: it goes with the process, however that ends, and a file that was left
 * means nothing. Who holds it has written its pid and since when, for messages only.
 */
#ifndef RUN_LOCK_H
#define RUN_LOCK_H

#include <signal.h>
#include <stdint.h>

#include "err.h"

/* *ret_fd: close it to give the lock back. @wait_ns: how long another's run is waited for (0: not
 * at all); @waiting is told once whom for, when there is something to wait for; it may be NULL.
 * -EBUSY: another run goes on (names its pid, since when, and what it is); -EINTR: @stop was set;
 * another negative errno: the file can't be made. */
int run_lock_take(const char *work_dir, const char *verb, uint64_t wait_ns,
		  void (*waiting)(void *ctx, const char *text), void *ctx,
		  volatile sig_atomic_t *stop, int *ret_fd, struct bl_err *err);

#endif
