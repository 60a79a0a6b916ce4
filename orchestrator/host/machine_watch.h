/* machine_watch.h - what of the host's signals only a host has: frequency, throttling,
 * exits of a VM, the memory group and the I/O of a process.
 *
 * Each call puts its signals of results/series/signals.md at the last moment of @set; what can't be
 * read is left out. Only sampler.c and its tests need this.
 */
#ifndef MACHINE_WATCH_H
#define MACHINE_WATCH_H

#include <sys/types.h>

#include "series.h"

struct machine_watch; /* of one thread at a time; keeps descriptors open */

/* @pid 0: of no process. NULL: no memory. */
struct machine_watch *machine_watch_new(const char *root, pid_t pid);
struct machine_watch *machine_watch_free(struct machine_watch *w); /* NULL is fine; returns NULL */

/* frequency.{mean,min}_khz of online CPUs (cpufreq). */
void machine_watch_frequency(struct machine_watch *w, struct series_set *set);
/* throttle.events: x86's counts of cores and packages. */
void machine_watch_throttle(struct machine_watch *w, struct series_set *set);
/* kvm.exits of the process's VMs: from debugfs, where that is mounted and may be read. */
void machine_watch_kvm(struct machine_watch *w, struct series_set *set);
/* process.{read,write}_bytes */
void machine_watch_io(struct machine_watch *w, struct series_set *set);
/* memory.cgroup_reclaimed, memory.cgroup_limit_hits of the memory group that the process is in;
 * hits of the nearest one above it that has a limit. Of version 1 only the hits (failcnt). */
void machine_watch_cgroup(struct machine_watch *w, struct series_set *set);

#endif
