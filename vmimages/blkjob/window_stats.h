/* window_stats.h - bandwidth and IOPS over windows of the counted time (bwavgtime,
 * iopsavgtime): what fio calls samples.
 */
#ifndef BLKJOB_WINDOW_STATS_H
#define BLKJOB_WINDOW_STATS_H

#include "sample.h"

struct window_stats {
	uint64_t n; /* 0: nothing else means anything */
	double min, max, mean;
	double squares; /* sum of squared deviations from the mean */
};

/* Of @dir's bytes (KiB/s) or completions (1/s) in @s, over its whole windows only; a window
 * without a completion counts as 0. @window_ns is rounded to whole slices of the sample. */
void window_stats_from(const struct sample *s, enum io_dir dir, bool of_bytes, uint64_t window_ns,
		       struct window_stats *out);

/* Put jobs that ran beside each other together as fio does: least, greatest and mean values
 * are added, since their rates add; the deviations of each stay about its own mean. */
void window_stats_add(struct window_stats *to, const struct window_stats *from);

double window_stats_stddev(const struct window_stats *w); /* n - 1; 0 when n < 2 */

#endif
