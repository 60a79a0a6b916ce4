/* html.h - the parts of the page, top to bottom; each appends one section. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "minute.h"
#include "fmt.h"
#include "view.h"

void html_head(const struct view *v, struct bl_buf *out);     /* what, where, when, trust */
void html_minute(const struct view *v, struct bl_buf *out);   /* in one minute */
void html_decision(const struct view *v, struct bl_buf *out); /* only when it is asked */
void html_matrix(const struct view *v, struct bl_buf *out);
void html_effects(const struct view *v, struct bl_buf *out); /* what each choice changed */
void html_curves(const struct view *v, struct bl_buf *out);  /* percentile curves */
void html_time(const struct view *v, struct bl_buf *out);
void html_stutter(const struct view *v, struct bl_buf *out);
void html_layers(const struct view *v, struct bl_buf *out); /* where it goes */
void html_depth(const struct view *v, struct bl_buf *out);  /* only when depth was swept */
void html_cells(const struct view *v, struct bl_buf *out);
void html_method(const struct view *v, const char *json, const char *csv, struct bl_buf *out);

extern const char *const html_verdict_classes[VERDICTS]; /* of a chip or a badge */
/* The badge of a verdict with its interval, and how many more trials would tell. @reach: one scale
 * for all badges of a table, as svg_interval() has it; that of p99 over a job's rows: */
void html_verdict(const struct comparison *c, double reach, struct bl_buf *out);
double html_verdict_reach(const struct view_job *job);

/* From the host's floor to the cells, under one job; nothing when there are no two cells. */
void html_bill(const struct view *v, size_t job, struct bl_buf *out);

/* Whether a cell has its part "heat-JOB-CELL", "stutter-JOB-CELL", "layers-JOB-CELL" on the page.
 */
bool html_has_stutter(const struct view_row *row);
bool html_has_layers(const struct view_row *row);
bool html_has_depth(const struct view *v);

/* Parts of one cell: what the diagnosis found of it; its real device. */
void html_findings(const struct view *v, uint32_t cell, struct bl_buf *out);
void html_n_findings(size_t n, struct bl_buf *out); /* "3 findings" */
void html_device(const struct view *v, uint32_t cell, struct bl_buf *out);

/* "Where it goes" and others that need what was not measured: one line why. */
void html_absent(struct bl_buf *out, const char *id, const char *title, const char *why);

/* One job's share of a section: the selector shows and hides these. */
void html_job_begin(const struct view *v, size_t job, struct bl_buf *out);
void html_job_end(struct bl_buf *out);

/* A dot in the colour of a cell. */
void html_swatch(const struct view *v, uint32_t cell, struct bl_buf *out);
void html_lines(const struct lines *l, struct bl_buf *out); /* <ul> */

/* HTML of the whole page. */
int html_write(const struct view *v, const char *json, const char *csv, struct bl_buf *out);

#endif
