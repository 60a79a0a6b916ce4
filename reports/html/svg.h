/* svg.h - small pictures drawn by hand: they are many, and gnuplot is for the large ones. */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "view.h"

/* The slowest I/O of each slice over time, on the job's log scale. */
void svg_sparkline(const struct view_job *job, const struct view_row *row, struct bl_buf *out);

/* Every trial's @m as a dot on a log scale from @lo to @hi, the median as a line. */
void svg_dots(const struct summary *s, enum metric m, double lo, double hi, int series,
	      struct bl_buf *out);

/* Time against latency; density as colour; stalls marked, and under it what was watched, on the
 * same time axis. What was seen goes to @ret_caption as a sentence. */
void svg_heat(const struct view_job *job, const struct view_row *row, const char *name,
	      struct bl_buf *out, struct bl_buf *ret_caption);

/* Mean time by layer, one bar under another, on a scale from 0 to @most_ns. @title for those who
 * don't see it. @is_host: there is no VM. */
void svg_waterfall(const struct budget_dir *b, double most_ns, bool is_host, const char *title,
		   struct bl_buf *out);

/* Stalls by their place in the cycle; nothing when they have no period. */
void svg_phase(const struct stutter *s, struct bl_buf *out);

/* What one step of the bill changed; @reach: the log of the ratio at the scale's ends. */
void svg_changes(const struct bill_job *b, double reach, struct bl_buf *out);

/* A job result's intervals of read, write and trim, put into at most @max_columns equal columns. */
struct columns {
	size_t n;
	double seconds; /* of one column */
	double *max_ns; /* 0: nothing completed */
	uint64_t *count;
};
int columns_make(const struct sample *s, size_t max_columns, struct columns *ret); /* -ENOMEM */
void columns_done(struct columns *c);
size_t columns_of(const struct sample *s, size_t max_columns,
		  size_t *ret_per); /* and slices in one */

#endif
