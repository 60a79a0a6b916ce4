/* history_page.h - the nights of a scenario as a page: every figure over time on its dates, where
 * it changed, and what changed in the environment.
 */
#ifndef HISTORY_PAGE_H
#define HISTORY_PAGE_H

#include "change_points.h"
#include "history_report.h"

/* ---- private to reports/: what the page is made of ---- */

/* One figure with its change points. */
struct history_line {
	const struct series_history *s;
	struct changes all;  /* the detector's settings for display */
	struct changes sure; /* for alerts: those that lists and sentences are made of */
	bool is_stairs;      /* several of them, all in one direction: rather a drift */
};
/* Lines [from, to) are of one cell and job. */
struct history_group {
	const char *cell, *job;
	size_t from, to;
	size_t n_changes; /* sure ones */
	size_t newest;    /* night of the newest of them */
};
/* One row of the list: found in the history, reported on a night, or both. */
struct history_shift {
	const char *cell, *job;
	enum metric metric;
	size_t night;                        /* its first */
	double before, after, ratio, lo, hi; /* in the metric's unit; lo and hi of the ratio */
	bool is_worse, is_drift, is_found;
	const struct history_line *line;   /* NULL: not found */
	const struct change_record *event; /* NULL: not reported */
};
struct history_page {
	const struct history_view *v;
	struct history_line *lines;
	size_t n_lines;
	struct history_group *groups; /* with changes first, the newest first */
	size_t n_groups;
	struct history_shift *shifts; /* newest first */
	size_t n_shifts;
	size_t n_outliers;
};

/* All but @p->v, which is set. -ENOMEM: what is there is for history_page_done(). */
int history_page_find(struct history_page *p);
void history_page_done(struct history_page *p);

/* Is it drawn as one that alerts are made of? */
bool history_is_sure(const struct history_line *l, const struct change *c);
bool history_is_worse(enum metric m, double ratio);
/* "A" of the first night whose environment changed, "B", ... "AA". */
void history_mark_name(const struct history *h, size_t night, struct bl_buf *out);
/* What changed in the environment on that night, as text; nothing: nothing. */
void history_mark_text(const struct history *h, size_t night, struct bl_buf *out);

/* The head, and the page in one minute. */
void history_page_head(const struct history_page *p, struct bl_buf *out);
void history_page_minute(const struct history_page *p, struct bl_buf *out);
/* One figure over its nights, with its caption. */
void history_picture(const struct history_page *p, const struct history_line *l,
		     struct bl_buf *out);

/* ---- the page ---- */

/* Append it. -ENOMEM: what was appended is no page. */
int report_history_page(const struct history_view *v, struct bl_buf *out, struct bl_err *err);

#endif
