/* process_stat.h - what the kernel says of a process or a thread: proc_pid_stat(5). */
#ifndef PROCESS_STAT_H
#define PROCESS_STAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_stat {
	pid_t pid;
	char comm[16]; /* printable */
	char state;    /* 'R', 'Z', ... */
	pid_t parent, session;
	bool is_kernel;       /* a thread of the kernel itself */
	uint64_t cpu_ticks;   /* in user and in kernel mode */
	uint64_t start_ticks; /* since boot: tells apart those that have one number after another */
};

/* @tid 0: of the process, else of its thread, whose number it has in *ret then. *ret is set.
 * Negative errno: it is gone, or can't be read; -EIO: that is no such line. */
int process_stat_read(const char *root, pid_t pid, pid_t tid, struct process_stat *ret);

uint64_t process_tick_ns(void); /* 10 ms, but where a kernel was built otherwise */

#endif
