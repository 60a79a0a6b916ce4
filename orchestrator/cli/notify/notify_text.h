/* notify_text.h - how a night is said to one kind of receiver. */
#ifndef NOTIFY_TEXT_H
#define NOTIFY_TEXT_H

#include "buf.h"
#include "night.h"
#include "notify_config.h"
#include "notify_send.h"

/* Slack's and Mattermost's {"text": ...} of @text, whose first line is the headline and the rest a
 * block of code, where neither of them looks for mentions. */
void notify_chat(const char *text, struct bl_buf *out);

/* Where a Pushgateway keeps the group of that night: URL/metrics/job/..., values in base64 where
 * they are not plain. New; NULL: no memory. */
char *notify_group_url(const struct notify_target *t, const struct night *n);

/* Whom the night reached, in one line: "told: webhook chat.example.org; does not ask for 'ok': mail
 * to a@example.org". Who was not reached has a note of its own. @outcomes: one a target. */
void notify_told(const struct notify_config *c, const struct notify_outcome *outcomes,
		 const char *night_outcome, struct bl_buf *out);

#endif
