/* watch_system.h - what a kernel tells of itself, as signals at the last moment of a set.
 *
 * The names are those of results/series/signals.md. For a sampler that reads some times a second on
 * the host or in the guest: files stay open, a reading is one pread each and allocates only while
 * the set or the text grows. What can't be read, or that this kernel does not tell, is left out.
 * A set that is full, or out of memory, keeps what it has.
 */
#ifndef WATCH_SYSTEM_H
#define WATCH_SYSTEM_H

#include "series.h"

struct system_watch; /* of one thread at a time */

/* @root: "" or NULL on a real machine, else a folder with a faked /proc and /sys. NULL: no memory.
 */
struct system_watch *system_watch_new(const char *root);
struct system_watch *system_watch_free(struct system_watch *w); /* NULL is fine; returns NULL */

/* cpuN.{user,system,iowait,irq,softirq,steal,idle}_ns of each online CPU (user: nice and guests,
 * too). The kernel counts in ticks of 10 ms. */
void system_watch_cpus(struct system_watch *w, struct series_set *set);
/* cpu.{busy,idle,iowait,steal,irq,softirq}_ns of all CPUs (busy: neither idle, waiting nor stolen).
 */
void system_watch_cpu_sum(struct system_watch *w, struct series_set *set);
/* PREFIX.DISK of the block device or partition @name ("vda"); @prefix: "disk", "disk.sda". The
 * kernel's times are whole ms in 32 bits; their wrapping is undone. */
void system_watch_disk(struct system_watch *w, const char *name, const char *prefix,
		       struct series_set *set);
/* pressure.PRESSURE; without PSI nothing. */
void system_watch_pressure(struct system_watch *w, struct series_set *set);
/* memory.{dirty,writeback,available,cached}_bytes */
void system_watch_memory_now(struct system_watch *w, struct series_set *set);
/* those, memory.major_faults, memory.direct_reclaim_pages (reclaimed by who wanted memory, not by
 * kswapd), swap.{in,out}_pages */
void system_watch_memory(struct system_watch *w, struct series_set *set);
/* irq.NAME of the PCI function @pci, all CPUs; interrupts of one name are added up, blanks in it
 * become '_'. Which interrupts it has is looked up anew every tenth time. */
void system_watch_irqs(struct system_watch *w, const char *pci, struct series_set *set);

#endif
