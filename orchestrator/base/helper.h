/* helper.h - one piece of work at a time in a thread of its own, which can be given up.
 *
 * For what may block without a limit: a file of /sys behind which a device is asked, another
 * program's answer. Nothing can end a thread that hangs in there, but nobody has to wait for it.
 */
#ifndef BL_HELPER_H
#define BL_HELPER_H

#include <stdbool.h>
#include <stdint.h>

struct bl_helper;

/* @work does what it is asked for in @ctx, which is the helper's: @done ends it, in that thread
 * when it was given up. Between bl_helper_ask() and bl_helper_wait() saying true, @ctx belongs to
 * @work.
 * @name: of the thread, at most 15 bytes. 0: *ret is new. Negative errno: @ctx is the caller's. */
int bl_helper_new(const char *name, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx,
		  struct bl_helper **ret);
/* Begin the work. false: the last one is not finished, and nothing is begun. */
bool bl_helper_ask(struct bl_helper *h);
/* true: nothing is being done, at once or by @until_ns of CLOCK_MONOTONIC. */
bool bl_helper_wait(struct bl_helper *h, uint64_t until_ns);
/* Nothing is being done: ends the thread and @ctx. Else gives them up: they end when the work does,
 * or with this program. NULL is fine; returns NULL. */
struct bl_helper *bl_helper_end(struct bl_helper *h);

#endif
