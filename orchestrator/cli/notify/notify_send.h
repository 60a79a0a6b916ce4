/* notify_send.h - tell all targets of a night. */
#ifndef NOTIFY_SEND_H
#define NOTIFY_SEND_H

#include <signal.h>

#include "night.h"
#include "notify_config.h"

typedef void (*notify_note_fn)(void *ctx, const char *text);

/* What became of one target. */
struct notify_outcome {
	bool is_sent, is_left_out; /* left out: it does not want to hear of this */
	char text[512];            /* "answered 200 OK", "not reached in 5 attempts: ..." */
};

struct notify_how {
	const volatile sig_atomic_t *stop; /* may be NULL */
	notify_note_fn note;               /* of each target that failed, a sentence; may be NULL */
	void *ctx;
	uint64_t grace_ns;  /* after a stop, how long it goes on */
	const char *outbox; /* a folder for what webhooks and mail did not take: it is sent to them
			     * again at the next call; NULL: that is lost */
	bool is_test;       /* everybody is told, and what a test leaves is removed again */
	struct notify_outcome *outcomes; /* one a target, written; may be NULL */
};

/* Tell @c's targets of @n, beside each other, and of what waits for them. Over after the budget of
 * @c at the latest (60 s without one), whatever the targets do. Returns how many could not be told:
 * a reason for a note, never for the outcome of the night. */
size_t notify_all(const struct notify_config *c, const struct night *n,
		  const struct notify_how *how);

#endif
