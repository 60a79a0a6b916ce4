/* history_view.h - a history as verbs show it and write it. */
#ifndef HISTORY_VIEW_H
#define HISTORY_VIEW_H

#include "history_report.h"
#include "store.h"

/* Append it, with what the store has of its events. */
int history_render(struct store *store, const char *host_id, struct history_view *v,
		   enum history_format format, struct bl_buf *out, struct bl_err *err);

/* Into the file @path, of a history that has nights: a page, JSON or CSV by its
 * name's end, else text. */
int history_write(const char *path, struct store *store, const char *host_id, const char *scenario,
		  const struct history *h, struct bl_err *err);

#endif
