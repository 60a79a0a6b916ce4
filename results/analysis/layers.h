/* layers.h - what one job's requests looked like at each place that counted them.
 *
 * Four places see the same requests: the engine, the guest's block layer, QEMU's, the host's. Each
 * counts and times them by itself, so counts may differ (merged, split, cached) and means are set
 * beside each other; what lies between two of them is the budget's business (budget.h).
 */
#ifndef LAYERS_H
#define LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "record.h"

enum layer_at {
	LAYER_AT_ENGINE,      /* built to completed, as the job sees it */
	LAYER_AT_GUEST_BLOCK, /* /proc/diskstats of the disk under test */
	LAYER_AT_QEMU,        /* query-blockstats: arrived in QEMU to completed */
	LAYER_AT_HOST_BLOCK,  /* /proc/diskstats of the devices at the bottom of the backing */
	LAYER_ATS
};
extern const char *const layer_at_names[LAYER_ATS]; /* "engine", "guest block layer", ... */

/* One direction at one place, over the counted time. IO_SYNC are flushes. */
struct layer_dir {
	bool has;       /* it was counted there; n may be 0 */
	double n;       /* requests; not whole where a reading lies beside the window's ends, and
			 * writes of a kernel without its flushes (writes.h) */
	double mean_ns; /* NAN when n is below 1 */
	double bytes;   /* NAN: not counted (flushes) */
	double merges;  /* requests that were merged into others before they were counted; NAN: not
			 * known. The kernel's counter is common to reads, writes and trims: it is
			 * told when only one of them was at work. */
	/* A histogram, where that place keeps one (QEMU): counts[i] requests took less than
	 * bounds_ns[i] and not less than the bound before, the last of the n_bounds + 1 not less
	 * than all of them. 0, NULL, NULL: none. Owned by the layers. */
	size_t n_bounds;
	double *bounds_ns, *counts;
};

struct layer_seen {
	char source[96];    /* "query-blockstats of the disk under test" */
	char absent[160];   /* why nothing is known; "": something is */
	char deferred[64];  /* why its writes are not what the job's wait for; "": they are */
	bool is_unmeasured; /* the engine's: no job of the lab was measured */
	char device[128];   /* "nvme0n1", "sda sdb"; "": none, or not named */
	struct layer_dir dir[IO_DIRS];
	double busy_share; /* of the time with a request in it, 0..1, of the busiest device; NAN */
	double mean_inflight; /* requests at once, mean over the counted time; NAN */
	/* Of LAYER_AT_ENGINE only: how many jobs of the trial ran at this one's counted time,
	 * itself too, and what all of them asked for within it (together.h); the other places
	 * counted that. is_whole false: what some of them asked for is not known. all: of one job
	 * alone, nothing. */
	size_t n_jobs;
	bool is_whole;
	struct layer_dir all[IO_DIRS];
};

/* The job's counted time on the host's clock. Without a sample (a VM that is only watched): the
 * time that all who watched it have readings of. false: neither is there. */
bool job_window(const struct trial_record *t, const struct job_result *j, uint64_t *ret_from_ns,
		uint64_t *ret_to_ns);

/* All four of @j in @t, whose cell's bus is @bus ("": not known): on the host (bus host) there is
 * no guest and no QEMU; a guest with the controller (vfio) hides the host's side, QEMU's own NVMe
 * driver (nvme-userspace) its block layer. Host side: the sum over the devices that
 * "path.device.N.is_leaf" of the trial's facts names, else over all that were watched but stacked
 * ones (dm, md, loop) where another was.
 * ret[LAYER_ATS] is new: layers_done(). -ENOMEM. */
int layers_of(const struct trial_record *t, const struct job_result *j, const char *bus,
	      struct layer_seen *ret, struct bl_err *err);
void layers_done(struct layer_seen *layers); /* [LAYER_ATS] */

/* Percentile @p in (0, 100) of a place's histogram, interpolated on a log scale within a bin (in
 * the first one, which begins at 0, linearly). false: no histogram, fewer than 1 / (1 - p/100)
 * requests, or it lies in the last, open bin. */
bool layer_percentile(const struct layer_dir *d, double p, double *ret_ns);

#endif
