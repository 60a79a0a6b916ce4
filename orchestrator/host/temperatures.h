/* temperatures.h - of CPU packages and of the NVMe controllers that are watched, asked by a thread
 * of its own.
 *
 * For an NVMe controller's the kernel sends it a command, which waits while the controller resets:
 * that is when the host's other signals matter most, so nobody waits for it. Only controllers of
 * the watched disks are asked: others have no part in what is measured. Only sampler.c and its
 * tests need this.
 */
#ifndef TEMPERATURES_H
#define TEMPERATURES_H

#include "series.h"

struct temperatures; /* of one thread at a time, beside its own */

/* @disks[n]: "nvme0n1"; others have none. NULL: no memory, or no thread. */
struct temperatures *temperatures_new(const char *root, const char (*disks)[32], size_t n);
/* NULL is fine; returns NULL. One whose thread hangs is left behind. */
struct temperatures *temperatures_free(struct temperatures *t);

/* Begin to ask, when the last question is answered. */
void temperatures_ask(struct temperatures *t);
/* temperature.NAME_mc ("package0", "nvme0") at the last moment of @set, once for each question;
 * waits for the answer until @until_ns at most. Nothing when there is none yet. */
void temperatures_put(struct temperatures *t, uint64_t until_ns, struct series_set *set);

#endif
