/* progress_line.h - how far the running group is, in one line on a terminal:
 * "Jobs: 2 (f=2): [40.0%][4004KiB/s][1001 IOPS][eta 00m:03s]".
 */
#ifndef BLKJOB_PROGRESS_LINE_H
#define BLKJOB_PROGRESS_LINE_H

#include "engine.h"

struct progress_line {
	const struct engine_progress *progress;
	uint64_t newline_ns; /* keep a line that often; 0: never */
	uint64_t group_ns;   /* when the group began; CLOCK_MONOTONIC, as all times here */
	uint64_t shown_ns, kept_ns;
	uint64_t ios, bytes; /* at shown_ns */
	unsigned width;      /* of what is on the terminal; 0: nothing */
};

/* On standard error, at most once a second. @eta_ns: until all jobs have ended; 0: not known. */
void progress_line_show(struct progress_line *l, struct engine_live *live, uint64_t now_ns,
			uint64_t eta_ns);

/* Wipe it: something else is to be written. */
void progress_line_clear(struct progress_line *l);

/* The text alone: @per_s_... since the last line. */
void progress_line_text(struct bl_buf *out, unsigned waiting, unsigned running, bool is_ramp,
			double done_pct, double bytes_per_s, double ios_per_s, uint64_t eta_ns);

#endif
