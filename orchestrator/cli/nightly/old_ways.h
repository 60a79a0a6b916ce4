/* old_ways.h - can what changed on a night still be had as it was before? */
#ifndef OLD_WAYS_H
#define OLD_WAYS_H

#include "history.h"

struct old_way {
	char *change; /* for matrix_select(): "kernel=/boot/vmlinuz-6.1.0-39-amd64"; NULL: none */
	char *says;   /* "guest kernel 6.1.0-39-amd64" */
};

/* The guest's kernel or the emulator that changed on the night of @run, where what was there before
 * is still on this host (a kernel in /boot, an emulator at another path), or is a version of
 * Debian's QEMU that apt may still have ("emulator=apt:qemu-system-x86=VERSION"). Only where it is
 * the only one of its run. A night without a mark has
 * none: it had other cells, which have others. Nothing found, or no memory: @ret is empty. */
void old_way_find(const struct history *h, const char *run, struct old_way *ret);
void old_way_done(struct old_way *o);

#endif
