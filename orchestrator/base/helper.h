/* helper.h - one piece of work at a time in a thread of its own, which can be given up.
 *
 * For what may block without a limit: a file of /sys behind which a device is asked, another
 * program's answer. Nothing can end a thread that hangs in there, but nobody has to wait for it.
 * The work may also be a loop, which pauses between what it does again and again. All signals are
 * blocked in the thread: they are for the program's own, which decides what stops.
 */
#ifndef BL_HELPER_H
#define BL_HELPER_H

#include <stdbool.h>
#include <stdint.h>

struct bl_helper;

/* @work does what it is asked for in @ctx, which is the helper's: @done ends it, in that thread
 * when it was given up. Between bl_helper_ask() and bl_helper_wait() saying true, @ctx belongs to
 * @work; while that is a loop, all the time.
 * @name: of the thread, at most 15 bytes. 0: *ret is new. Negative errno: @ctx is the caller's. */
int bl_helper_new(const char *name, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx,
		  struct bl_helper **ret);
/* Begin the work. false: the last one is not finished, and nothing is begun. */
bool bl_helper_ask(struct bl_helper *h);
/* true: nothing is being done, at once or by @until_ns of CLOCK_MONOTONIC: the work is finished, or
 * pauses and was not told to stop. UINT64_MAX: however long it takes. */
bool bl_helper_wait(struct bl_helper *h, uint64_t until_ns);
/* Tell a loop to end: its pauses do, and further ones do not begin. For good. */
void bl_helper_stop(struct bl_helper *h);
/* Nothing is being done: ends the thread and @ctx. Else gives them up: they end when the work does,
 * or with this program. A loop is told to stop, so wait for it before to have it ended here. NULL
 * is fine; returns NULL. */
struct bl_helper *bl_helper_end(struct bl_helper *h);

/* For @work that is a loop. */
/* Until @until_ns of CLOCK_MONOTONIC. true: it is to end, perhaps before. */
bool bl_helper_pause(struct bl_helper *h, uint64_t until_ns);
/* Until the next of the moments *tick + k * @interval_ns, which it puts there: ticks do not drift,
 * and those that were missed are not made up for. true: as above. */
bool bl_helper_tick(struct bl_helper *h, uint64_t *tick, uint64_t interval_ns);

#endif
