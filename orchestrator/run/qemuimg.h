/* qemuimg.h - qemu-img as a child program that can be stopped. */
#ifndef QEMUIMG_H
#define QEMUIMG_H

#include <signal.h>

#include "cell.h"

/* Run @argv (argv[0] is "qemu-img"); its standard output is appended to @out (may be
 * NULL). @tick (may be NULL) is called about five times a second.
 * -ENOENT: not installed; -EINTR: @stop (may be NULL) was set, it has been ended; -ENOSPC,
 * -EIO: it failed, the reason is its own first line. */
int qemuimg_run(const char *const *argv, struct bl_buf *out, volatile sig_atomic_t *stop,
		void (*tick)(void *ctx), void *ctx, struct bl_err *err);

/* Bytes of the guest's disk that have clusters with data (qemu-img map). */
int qemuimg_mapped_bytes(const char *path, enum cell_format format, uint64_t *ret,
			 struct bl_err *err);

#endif
