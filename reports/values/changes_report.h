/* changes_report.h - the change points of a history of values, as text and as JSON. */
#ifndef CHANGES_REPORT_H
#define CHANGES_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "change_points.h"
#include "edivisive.h"
#include "value_lines.h"

/* Borrows everything. */
struct changes_view {
	const char *name; /* of the file; foreign text */
	const struct value_lines *lines;
	const size_t *row; /* [n]: which line each value that was looked at is of */
	size_t n;
	const struct change_options *how;
	const char *strictness; /* "alert" */
	const struct changes *found;
	const struct edivisive *second; /* what energy statistics find; NULL: not asked */
};

/* A table of the change points, the bad nights, and what was looked at. Additions after a failure
 * are lost: bl_buf_failed(). */
void changes_text(const struct changes_view *v, unsigned columns, bool color, struct bl_buf *out);

/* "change_points": [index...], of the first value after among all lines that have values or could
 * have (from 0); "changes": the same with all that is known; "second_opinion". -ENOMEM. */
int changes_json(const struct changes_view *v, struct bl_buf *out);

#endif
