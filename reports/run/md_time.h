/* md_time.h - where the time goes, in Markdown. */
#ifndef REPORT_MD_TIME_H
#define REPORT_MD_TIME_H

#include "view.h"

/* The latency budget, the bill, stalls and knees of one job. */
void md_budget(const struct view *v, size_t job, struct bl_buf *out);
void md_bill(const struct view *v, size_t job, struct bl_buf *out);
void md_stutter(const struct view *v, size_t job, struct bl_buf *out);
void md_knees(const struct view *v, struct bl_buf *out);

#endif
