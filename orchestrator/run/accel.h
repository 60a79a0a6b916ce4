/* accel.h - which acceleration the VMs of a run get, and how that is known.
 *
 * Every pair of kernel and QEMU that the run's cells have is probed (probe.h remembers), because a
 * KVM may boot one and not another. A run has one acceleration, or its cells could not be
 * compared: KVM when every pair came up under it, else emulation for all.
 */
#ifndef ACCEL_H
#define ACCEL_H

#include "parts.h"
#include "probe.h"

#define ACCEL_NO_VM "none" /* probe_answer.accel of a run whose cells have no VM */

struct accel_request {
	struct hv *hv;
	struct parts *parts; /* what the pairs need is made here: images may be fetched */
	const struct runner_options *opt;
	const struct runner_events *ev;
	const char *work_dir, *cache_dir, *scratch_dir;
	bool is_fake;
};

/* A kernel or QEMU that can't be had is a note, as its trials will say so; when none of the pairs
 * can be had, the first reason is the error. -EINVAL: opt->accel is not known; -EINTR. */
int accel_prove(const struct accel_request *req, struct probe_answer *ret, struct bl_err *err);

#endif
