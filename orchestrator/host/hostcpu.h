/* hostcpu.h - CPU time of a process on the host, by the role of its threads.
 *
 * A series of readings is taken while something runs; afterwards a window of it is
 * read by interpolation, so that the window may be given by somebody else's clock.
 * Reading is cheap (one small file per thread).
 */
#ifndef HOSTCPU_H
#define HOSTCPU_H

#include <stdbool.h>
#include <sys/types.h>

#include "record.h"

/* QEMU's thread names with debug-threads=on: "CPU 0/TCG", "IO iothread1", "worker". */
enum cpu_role {
	CPU_VCPU,
	CPU_IOTHREAD,
	CPU_MAIN,
	CPU_WORKER,
	CPU_VHOST,
	CPU_JOB, /* of the engine itself, bus host */
	CPU_OTHER,
	CPU_ROLES
};
extern const char *const cpu_role_names[CPU_ROLES];
enum cpu_role cpu_role_of(const char *thread_name, bool is_main_thread);

struct cpu_reading {
	uint64_t at_ns;              /* CLOCK_MONOTONIC */
	uint64_t process_ns;         /* all threads, also ended ones */
	uint64_t run_ns[CPU_ROLES];  /* of all threads ever seen: schedstat field 1 */
	uint64_t wait_ns[CPU_ROLES]; /* runnable but not running: field 2 */
};

/* What a thread had used when it was last seen; kept after its end, because QEMU's pool
 * threads come and go and their role's sum must not go backwards. */
struct cpu_thread {
	pid_t tid;
	enum cpu_role role;
	uint64_t run_ns, wait_ns;
};

struct cpu_series {
	pid_t pid;
	enum cpu_role unnamed; /* role of threads whose name says nothing */
	struct cpu_reading *items;
	size_t n, cap;
	struct cpu_thread *threads;
	size_t n_threads, cap_threads;
};

/* Start a new series for @pid (0: every reading is ignored). @unnamed: what threads are whose
 * name says nothing; CPU_OTHER for QEMU. */
void cpu_series_init(struct cpu_series *s, pid_t pid, enum cpu_role unnamed);
void cpu_series_done(struct cpu_series *s);

/* Take a reading unless the last is less than @min_gap_ns old. -ESRCH: it has ended. */
int cpu_series_read(struct cpu_series *s, uint64_t min_gap_ns);

/* CPU used within [from_ns, to_ns] of CLOCK_MONOTONIC. Adds "cpu.vcpu_ns", ... and
 * "cpu.vcpu_wait_ns", ... to @facts. -ENODATA: the series does not cover the window. */
int cpu_series_window(const struct cpu_series *s, uint64_t from_ns, uint64_t to_ns,
		      uint64_t *ret_process_ns, struct facts *facts);

#endif
