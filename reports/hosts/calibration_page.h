/* calibration_page.h - what equal cells of a run show, as a page. */
#ifndef CALIBRATION_PAGE_H
#define CALIBRATION_PAGE_H

#include "buf.h"
#include "calibration.h"

/* Append the page. @d: of which @c was made. -ENOMEM: what was appended is no page. */
int report_calibration_page(const struct run_data *d, const struct calibration *c,
			    struct bl_buf *out, struct bl_err *err);

/* ---- its pictures; private to reports/ ---- */

/* Rows [from, to) are of one job. Bandwidth has no picture: IOPS say the same. */
bool calibration_is_drawn(const struct calibration_row *row);
/* Every comparison of each figure. */
void calibration_forests(const struct run_data *d, const struct calibration *c, size_t from,
			 size_t to, struct bl_buf *out);
/* What 6 to 30 pairs see; @nth: of the job, for ids. */
void calibration_visible(const struct calibration *c, size_t from, size_t to, size_t nth,
			 struct bl_buf *out);
/* Trials in the order in which they ran. */
void calibration_order(const struct calibration *c, size_t from, size_t to, struct bl_buf *out);

#endif
