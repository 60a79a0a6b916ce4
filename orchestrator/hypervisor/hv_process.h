/* hv_process.h - QEMU processes of this host, whoever started them. */
#ifndef HV_PROCESS_H
#define HV_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"

/* By the names of argv[0] and of the program below @root ("": this host). */
bool lv_is_qemu(const char *root, pid_t pid);
/* The QEMU that has @word in its command line (a domain's UUID); 0: none. */
pid_t lv_find_qemu(const char *word);
/* Calls @each for every QEMU with @word in its command line, with that line (NULs kept). */
void lv_each_qemu(const char *word,
		  void (*each)(void *ctx, pid_t pid, const struct bl_buf *cmdline), void *ctx);
/* SIGKILL, and wait until it is gone: -ETIMEDOUT. 0 when there is no such process. */
int lv_kill(pid_t pid, uint64_t limit_ns);

#endif
