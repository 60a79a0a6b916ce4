/* outbox.h - messages that wait to be taken, as files in a folder: in before they are sent, out
 * when their target took them. So what a target missed is sent to it again, and to nobody else.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "buf.h"
#include "notify_config.h"

#define OUTBOX_MOST 14 /* of one target; nor is one older than so many days kept */

struct outbox_message {
	char *path;
	const struct notify_target *target; /* of the configuration that was given */
	uint64_t night_ms;                  /* when its night began */
};
struct outbox_list {
	struct outbox_message *items;
	size_t n;
};

/* What waits in @dir for targets of @c, oldest first; *ret is new. What is too old at @now_ms, or
 * too much for one target, is removed; a folder that is not there has none. -ENOMEM. */
int outbox_open(const char *dir, const struct notify_config *c, uint64_t now_ms,
		struct outbox_list *ret);
void outbox_list_done(struct outbox_list *l);

/* Put a message to @t in. *ret_path is new; it is out once that is unlinked. */
int outbox_put(const char *dir, const struct notify_target *t, uint64_t night_ms,
	       const struct bl_buf *message, char **ret_path, struct bl_err *err);

#endif
