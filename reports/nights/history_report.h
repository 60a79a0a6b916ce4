/* history_report.h - the nights of a scenario as text for people and as tables for programs. */
#ifndef HISTORY_REPORT_H
#define HISTORY_REPORT_H

#include "buf.h"
#include "err.h"
#include "history.h"

enum history_format {
	/* Per cell and job a line a metric: its nights as digits, from 0, the least of them, to 9,
	 * the most; below them, marks of the environment and change points (the detector's settings
	 * for display). */
	HISTORY_TEXT,
	HISTORY_JSON, /* "blklab-history/1": nights, series, change points, what was reported, notes
		       */
	HISTORY_CSV,  /* one line a night and figure: for people's own tools */
	HISTORY_PAGE, /* HTML: history_page.h */
	HISTORY_FORMATS
};

/* What is shown; NULL and 0: all. Borrowed. */
struct history_view {
	const struct history *h; /* settled */
	const char *scenario, *host, *accel;
	const char *cell, *job;             /* only of these */
	const struct change_record *events; /* what nights reported; oldest first */
	size_t n_events;
	unsigned columns;
};

/* Append it to @out. -ENOMEM: what was appended is no document. */
int report_history(const struct history_view *v, enum history_format f, struct bl_buf *out,
		   struct bl_err *err);

#endif
