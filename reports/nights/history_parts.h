/* history_parts.h - what the documents of a history share. */
#ifndef HISTORY_PARTS_H
#define HISTORY_PARTS_H

#include "history_report.h"

bool history_is_shown(const struct history_view *v, const struct series_history *s);
int history_text(const struct history_view *v, struct bl_buf *out); /* -ENOMEM */

#endif
