/* csv.h - CSV: one row a job of a trial; a trial without figures is a row with its reason. */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "view.h"

int report_csv(const struct view *v, struct bl_buf *out); /* -ENOMEM */

#endif
