/* recover.h - what killed runs left on this host is put right.
 *
 * Their VMs are ended, devices and mounts go back, files are removed. What belongs to a process
 * that lives is left alone, and a function that another blklab holds (guard_hold_function()): two
 * that start at once put the same right.
 */
#ifndef RECOVER_H
#define RECOVER_H

#include "hypervisor.h"
#include "runner.h"

struct recovery {
	struct hv *hv;
	const struct runner_events *ev; /* note and handover are called */
	const char *work_dir, *host_id;
	const char *root; /* "" on a real host; a folder with a faked /proc and /sys in tests */
	const char
		*forget; /* a serial, whose rows are closed when they can't be given back; NULL */
	const struct handover_record *open; /* taken by runs that may be gone */
	size_t n_open;
	size_t n_done, n_lost; /* out: what was put right, and what could not be given back */
	size_t n_named;        /* out: rows with the serial @forget that were tried */
};

/* Negative only when the host could not be looked at, or the store not written: a device that
 * can't be given back is a note and counts in n_lost. */
int recover(struct recovery *r, struct bl_err *err);

/* Only the devices and mounts, when no VM has them any more. */
int recover_devices(struct recovery *r, struct bl_err *err);

/* Files of killed runs in another folder. */
int recover_folder(struct recovery *r, const char *dir, struct bl_err *err);

#endif
