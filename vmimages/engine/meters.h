/* meters.h - what a worker counts: made before the loop, closed after it.
 *
 * Inside the engine only; worker_event(), worker_take() and worker_peek() of worker.h are here,
 * too.
 */
#ifndef ENGINE_METERS_H
#define ENGINE_METERS_H

#include "shape.h"
#include "worker.h"

int meters_new(struct worker *w); /* -ENOMEM */
void meters_free(struct worker *w);

/* In the worker's thread, when the loop has ended: what it left is closed and counted. */
void meters_stop(struct worker *w);

/* Forget everything: counting starts at @now. Nothing may be in flight. */
void meters_restart(struct worker *w, uint64_t now);

/* Completed and counted so far. */
uint64_t meter_bytes(const struct worker *w, int dir);

#endif
