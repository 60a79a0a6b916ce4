/* live_reader.h - the VM of somebody else, asked in a thread that can be given up.
 *
 * A VM that hangs answers when it pleases, and libvirt waits for it without a limit. Who looks does
 * not: there is an end to it at any time, and what came until then is kept.
 */
#ifndef LIVE_READER_H
#define LIVE_READER_H

#include <signal.h>

#include "hv_live.h"

struct live_reader;

/* Connects and maps the paths of all disks. @still is asked about 20 times a second, and false ends
 * the waiting: -EINTR. Errors of hv_live_open() and hv_live_path(). */
int live_reader_open(const struct hv_live_options *opt, bool (*still)(void *ctx), void *ctx,
		     struct live_reader **ret, struct bl_err *err);
/* NULL is fine; returns NULL. One that waits for an answer is left behind. */
struct live_reader *live_reader_close(struct live_reader *r);

/* Borrowed, for what of it does not change: the names, hv_live_pid(), hv_live_xml(). */
const struct hv_live *live_reader_vm(const struct live_reader *r);
/* As it was at the opening. */
const struct facts *live_reader_path(const struct live_reader *r, size_t i);

/* Ask for a reading and wait for it, or for the one that was asked for before; put it at a new last
 * moment of sets[hv_live_n_disks()]. -EINTR: @still said no, the question stands; else errors of
 * hv_live_read(). */
int live_reader_read(struct live_reader *r, bool (*still)(void *ctx), void *ctx,
		     struct series_set *sets, struct bl_err *err);

#endif
