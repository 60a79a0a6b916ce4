/* timing.h - how the figures of a cell were timed: by which engine and clock, and what reading
 * that clock costs.
 *
 * The same words on the page and in Markdown. What no sample knows is left out.
 */
#ifndef REPORT_TIMING_H
#define REPORT_TIMING_H

#include "fmt.h"
#include "view.h"

#define TIMING_NAMES 8

/* Over the samples of the cell's ok trials; all 0: there are none. */
struct timing {
	const char *engines[TIMING_NAMES], *clocks[TIMING_NAMES]; /* distinct, borrowed, foreign */
	size_t n_engines, n_clocks;
	double least_cost_ns, cost_ns; /* of one reading, least and greatest; 0: not known */
	bool has_drift, has_errors;
	double drift_ppm; /* the one of greatest amount */
	uint64_t n_errors;
};

/* @job NULL: all jobs together. Borrows from the view's run. */
struct timing timing_of(const struct view *v, uint32_t cell, const char *job);

/* Append "engine io_uring; clock tsc, 20.6 ns a reading, drift 0.2 ppm; 3 requests failed", to be
 * escaped as foreign text; nothing when there is no sample. */
void timing_text(const struct timing *t, const struct fmt_style *st, struct bl_buf *out);

#endif
