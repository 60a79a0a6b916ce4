/* disk_util.h - what the block devices under the jobs' files did meanwhile: differences of
 * /sys/block/DISK/stat (kernel: Documentation/block/stat.rst), as fio's disk_util.
 *
 * A partition is its disk. Under a device of device mapper or md stand those it is made of;
 * fio lists them after it and averages them in aggr_*.
 */
#ifndef BLKJOB_DISK_UTIL_H
#define BLKJOB_DISK_UTIL_H

#include <stddef.h>
#include <stdint.h>

#include "job.h"

struct disk_counts {
	uint64_t read_ios, write_ios;
	uint64_t read_merges, write_merges;
	uint64_t read_sectors, write_sectors; /* of 512 bytes */
	uint64_t read_ms, write_ms;           /* requests' times, added */
	uint64_t busy_ms;                     /* with a request in flight */
	uint64_t queue_ms;                    /* time weighted by requests in flight */
};

struct disk_use {
	char name[64];
	struct disk_counts own;
	double util_pct; /* busy of the time that passed, at most 100 */
	unsigned n_below;
	struct disk_counts below; /* mean of the devices under it */
	double below_util_pct;    /* of the busiest of them */
};

struct disk_watch; /* counters at the start */

/* Find the devices under all files of @jobs and read them; a file that is not there yet
 * counts by its folder. @target: for jobs without a file; may be NULL. @sys: "/sys"; a test
 * gives its own. Jobs with disk_util=0 and engines without files are left out; no device is an
 * empty watch. NULL: out of memory. */
struct disk_watch *disk_watch_new(const struct jobs *jobs, const char *target, const char *sys,
				  uint64_t now_ns);
struct disk_watch *disk_watch_free(struct disk_watch *w); /* NULL is fine; returns NULL */
void disk_watch_freep(struct disk_watch **w);

/* What happened since. A device that has gone is left out. *ret is new and the caller's (free());
 * NULL when *ret_n is 0. -ENOMEM. */
int disk_watch_read(const struct disk_watch *w, uint64_t now_ns, struct disk_use **ret,
		    size_t *ret_n);

#endif
