/* night_parts.h - what the documents of a night share. */
#ifndef NIGHT_PARTS_H
#define NIGHT_PARTS_H

#include "night_report.h"

/* One a format; all append and leave failures in @out. */
void night_text(const struct night *n, struct bl_buf *out);
void night_junit(const struct night *n, struct bl_buf *out);
void night_metrics(const struct night *n, struct bl_buf *out);
int night_json(const struct night *n, struct bl_buf *out); /* -ENOMEM */

const char *night_metric_label(enum metric m); /* "p99", "CPU per I/O" */
/* A value with its unit: "412 us", "12.1k IOPS". */
void night_figure(enum metric m, double v, struct bl_buf *out);
/* "+51 % (+38 % to +66 %)"; the range only with @has_interval. */
void night_ratio(double ratio, bool has_interval, double lo, double hi, struct bl_buf *out);

/* The change of that cell, job and metric; the newest when there are several. NULL: none. */
const struct night_change *night_change_of(const struct night *n, const struct night_point *p);
/* All figures that are off tonight, a line each, where night_text() has not room for them. */
void night_text_points(const struct night *n, struct bl_buf *out);

#endif
