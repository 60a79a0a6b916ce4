/* hostcpu.h - the roles of a process's threads, by their names. */
#ifndef HOSTCPU_H
#define HOSTCPU_H

#include <stdbool.h>

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

#endif
