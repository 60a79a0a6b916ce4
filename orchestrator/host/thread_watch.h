/* thread_watch.h - CPU time, waiting and preemption of a process's threads, by role, as signals.
 *
 * A role's counters never fall: threads come and go (QEMU's pool does all the time), and what an
 * ended one had used stays in its role's sum. Only sampler.c and its tests need this.
 */
#ifndef THREAD_WATCH_H
#define THREAD_WATCH_H

#include <sys/types.h>

#include "hostcpu.h"
#include "series.h"

struct thread_watch; /* of one thread at a time; keeps descriptors open */

/* @unnamed: what threads are whose name says nothing. NULL: no memory. */
struct thread_watch *thread_watch_new(const char *root, pid_t pid, enum cpu_role unnamed);
struct thread_watch *thread_watch_free(struct thread_watch *w); /* NULL is fine; returns NULL */

/* Puts at the last moment of @set: thread.ROLE.{run_ns,wait_ns,preempted}, where ROLE is "vcpu0",
 * "iothread1", "main", "worker", ...; process.cpu_ns. A thread that came later than the set's
 * first moment had used nothing before, and its signals say so. New threads are looked for when the
 * kernel's count of threads changes, when one ends, and once a second for those that are renamed.
 * A thread that can't be read now (no descriptor is left) has what it had; a process that gets the
 * number of the ended one is not looked at.
 * @with_preempted: preempted, too, which costs more than all the rest. */
void thread_watch_read(struct thread_watch *w, struct series_set *set, bool with_preempted);

/* The ROLE of a signal: what cpu_role_of() makes of the thread's name, with the number of a vCPU
 * and the name of an iothread. @out: 40 bytes. */
void thread_role_name(enum cpu_role role, const char *thread_name, char out[40]);
/* The other way: the role behind "vcpu3". CPU_ROLES: none. @len: of @name, which goes on. */
enum cpu_role thread_role_of(const char *name, size_t len);

#endif
