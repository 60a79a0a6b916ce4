/* return.h - what was taken from the host goes back to it.
 *
 * At the end of a trial, whatever way it ended, and at the next start for what a killed run had.
 */
#ifndef RETURN_H
#define RETURN_H

#include "err.h"
#include "record.h"

/* The VM that had it is gone. Waits for libvirt to have given it back, else does it by hand, unless
 * the host was restarted since (@was_restarted): then it is somebody else's doing that it is not at
 * its driver, and the hand-over is over (is_ended). Checks that it is back, by its serial, too;
 * fills in h->returned_ms, is_back, is_ended and outcome. 0, or negative when it is not back
 * (outcome says so, too). */
int give_back(struct handover_record *h, bool was_restarted, struct bl_err *err);
/* The same on a host whose /proc and /sys are below @root: "" is this one. */
int give_back_in(const char *root, struct handover_record *h, bool was_restarted,
		 struct bl_err *err);

#endif
