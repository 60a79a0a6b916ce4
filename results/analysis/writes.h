/* writes.h - which of the writes that a place counts are the job's. Private to results/analysis/,
 * but for job_is_buffered().
 */
#ifndef WRITES_H
#define WRITES_H

#include "layers.h"

/* Through the page cache of the kernel that it runs on, and not written at once. false: what it
 * says is not known, or nothing was measured. */
bool job_is_buffered(const struct job_result *j);

/* Why the writes that @at counts are not what those of @j wait for: a page cache above takes them,
 * and they come later. The place below still counts them, often as many and as many bytes (a flush
 * has them written), so that counts do not tell. NULL: they are, or it is not known. */
const char *writes_deferred(const struct trial_record *t, const struct job_result *j,
			    const char *bus, enum layer_at at);

/* The kernel's block layer counts a flush that carries no data as a flush and, when it was asked
 * for by a request of its own, as a write, too (Linux 6.1: block/blk-flush.c ends that like any
 * other). They are taken out of the writes that the guest's and the host's block layer of
 * @layers[LAYER_ATS] have, by number and time, where that comes closer to what was asked for above:
 * flushes that writes with data bring along are not told apart from them. */
void writes_without_flushes(struct layer_seen *layers);

#endif
