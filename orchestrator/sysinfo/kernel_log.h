/* kernel_log.h - what the kernel said about a device since a moment.
 *
 * /dev/kmsg from where it was opened on. Resets, timeouts and errors of a disk are
 * said nowhere else.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct kernel_log; /* an open /dev/kmsg */

#define KERNEL_LOG_LINE_MAX 256 /* a longer line is cut */

/* @path: "/dev/kmsg". From now on (@from_boot: from the oldest line that is kept). NULL: can't be
 * read (errno says: no rights, no such file). End it with kernel_log_close(). */
struct kernel_log *kernel_log_open(const char *path, bool from_boot);
struct kernel_log *kernel_log_close(struct kernel_log *l); /* NULL is fine; returns NULL */

/* Every line since the open or the last call that names one of @names ("nvme0", "0000:5e:00.0",
 * "nvme0n1") as a whole word (a path of it, "nvme0c1n1", counts as "nvme0n1") and is about
 * trouble: a reset, a timeout, an abort, an error, a removal, a link that went down, or an NVMe
 * controller set up anew ("default/read/poll queues" with @from_boot: after its first). Only what
 * the kernel itself said: programs may write to /dev/kmsg, too. What vfio-pci says when it resets a
 * function that it takes or gives back is no trouble. @each gets the text without its prefix,
 * printable ASCII, oldest first. Returns how many. Lines that were overwritten before they could
 * be read are lost. */
size_t kernel_log_trouble(struct kernel_log *l, const char *const *names, size_t n_names,
			  void (*each)(void *ctx, const char *line), void *ctx);

#endif
