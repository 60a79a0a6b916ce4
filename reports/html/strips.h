/* strips.h - what was watched, drawn under a picture on its time axis. */
#ifndef REPORT_STRIPS_H
#define REPORT_STRIPS_H

#include "fmt.h"
#include "job_analysis.h"

#define STRIPS_MAX 8

/* Of a job's signals those that are not flat, what explains its stalls first. @a may be NULL. */
size_t strips_choose(const struct job_analysis *a, const struct signal *ret[STRIPS_MAX]);
/* The time axis of the picture above. */
struct strips {
	double left, top, width; /* px; width of one column */
	size_t n_columns, per;   /* slices in a column */
	size_t n;                /* slices */
};
double strips_height(size_t n); /* px */
void strips_draw(const struct signal *const *signals, size_t n, const struct strips *at,
		 struct bl_buf *out);

#endif
