/* qemu_process.h - what the kernel and the command line tell about a running QEMU's disk.
 *
 * QMP does not say which engine does the I/O (aio), nor what discard does; and what QEMU says
 * about O_DIRECT is what it was told. The kernel knows what was really set up.
 */
#ifndef QEMU_PROCESS_H
#define QEMU_PROCESS_H

#include <stdbool.h>

#include "err.h"

struct qemu_process {
	char *aio;       /* of -blockdev; NULL: not found there */
	char *discard;   /* of the upper -blockdev; NULL: not found */
	bool has_files;  /* its open files could be read; else the next three mean nothing */
	bool has_image;  /* the image is open */
	bool is_direct;  /* ... with O_DIRECT, in every file descriptor of it */
	bool has_uring;  /* an io_uring is open */
	bool has_maps;   /* its mappings could be read */
	bool has_native; /* a Linux native aio context exists ("/[aio]" among its mappings) */
};

/* @proc_dir: "/proc/PID" (or a test's folder). @image: the backing file or device,
 * "nvme://PCI/NAMESPACE", or "nbd+unix://?socket=PATH". What can't be read stays unset. */
void qemu_process_read(const char *proc_dir, const char *image, struct qemu_process *ret);
/* The program that runs, as a path: @binary itself when it is that very file, whatever its name;
 * else what the kernel calls it. new (free()); NULL: can't be told. */
char *qemu_process_exe(const char *proc_dir, const char *binary);
void qemu_process_done(struct qemu_process *p);

#endif
