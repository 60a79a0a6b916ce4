/* sampler.h - what this host does while jobs run, 10 times a second, from a thread of its own.
 *
 * The host's signals of results/series/signals.md: threads by role, the disks below the backing,
 * memory, pressure, CPUs, interrupts and what else this kernel tells. Only reads; what can't be
 * read is absent. Ticks are absolute, so a late one does not shift those after it.
 */
#ifndef SAMPLER_H
#define SAMPLER_H

#include <stdint.h>
#include <sys/types.h>

#include "hostcpu.h"
#include "record.h"

#define SAMPLER_INTERVAL_NS 100000000u

struct neighbours;
struct sampler;

struct sampler_watch {
	const char *root;      /* "" or NULL; tests: a faked tree */
	pid_t pid;             /* QEMU or the job's process; 0: none */
	enum cpu_role unnamed; /* what threads are whose name says nothing: CPU_OTHER for QEMU */
	pid_t server; /* of the lab, which works for the VM: its CPU time is not others'. 0: none */
	const char *path;              /* the backing, whose devices are watched; NULL: none */
	const char *const *more_paths; /* [n_more] further ones; NULL among them are none */
	size_t n_more;
	const char
		*pci; /* whose interrupts are counted; NULL or "": the first disk's below @path */
	uint64_t interval_ns; /* 0: SAMPLER_INTERVAL_NS */
	size_t values_max;    /* kept, of all signals; above it every second moment is forgotten and
			       * further ones come half as often. 0: 4 Mi, some hours */
	bool only_threads;    /* nothing but what sampler_cpu() needs */
	struct neighbours *neighbours; /* who else is busy: looked at about once a second, by the
					* sampler's thread until sampler_stop(); NULL: nobody */
};

/* The first reading is taken before this returns. @w is read only during the call, apart from
 * @neighbours, which stays the caller's. 0: *ret is new; end it with sampler_free(). -ENOMEM, or
 * why there is no thread. */
int sampler_start(const struct sampler_watch *w, struct sampler **ret, struct bl_err *err);

/* Take the last reading and end the thread; call it before the process is reaped, whose CPU clock a
 * zombie still has. *ret_set is new and the caller's. *ret_cost_ns: CPU time that all readings
 * together took (may be NULL). -ENOMEM: readings are missing, the set has those before. -ETIMEDOUT:
 * a reading hangs in the kernel for more than 5 s. Then *ret_set is as it was, and the thread is
 * left behind by sampler_free(); @neighbours are in its hands for good and must not be freed. */
int sampler_stop(struct sampler *s, struct series_set *ret_set, uint64_t *ret_cost_ns);
struct sampler *sampler_free(struct sampler *s); /* NULL is fine; stops it; returns NULL */

/* CPU used by the watched process within [from_ns, to_ns] of CLOCK_MONOTONIC. Adds "cpu.vcpu_ns",
 * "cpu.vcpu_wait_ns", ... to @facts, of roles that used any. What threads used between their last
 * reading and their end is in the process's time only. -ENODATA: not covered; -ENOMEM. */
int sampler_cpu(const struct series_set *set, uint64_t from_ns, uint64_t to_ns,
		uint64_t *ret_process_ns, struct facts *facts);

#endif
