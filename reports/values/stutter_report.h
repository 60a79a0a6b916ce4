/* stutter_report.h - stalls of a series of values and their period, as text and as JSON. */
#ifndef STUTTER_REPORT_H
#define STUTTER_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "stutter.h"

/* Borrows everything. */
struct stutter_view {
	const char *name; /* of the file; foreign text */
	size_t n_values, n_windows;
	double dt_s;       /* of a window */
	const char *first; /* key of the first value; NULL: none */
	const char *unit;  /* of the values: "ms" */
	double unit_ns;
	const struct stutter *found;
};

/* bl_buf_failed() tells whether memory was out. */
void stutter_series_text(const struct stutter_view *v, unsigned columns, bool color,
			 struct bl_buf *out);
/* "periodic", "period_s", "p" and all else that is known. -ENOMEM. */
int stutter_series_json(const struct stutter_view *v, struct bl_buf *out);

#endif
