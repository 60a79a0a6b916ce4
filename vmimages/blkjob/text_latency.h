/* text_latency.h - lines of latency in fio's normal output, in the unit that fits them. */
#ifndef BLKJOB_TEXT_LATENCY_H
#define BLKJOB_TEXT_LATENCY_H

#include "buf.h"
#include "sample.h"

struct percentile_list {
	const double *p;
	unsigned n;
};

/* "    clat (usec): min=20, max=5347, avg=154.30, stdev=118.00". Nothing when @l is NULL or
 * empty; likewise below. */
void text_lat(const char *name, const struct lat *l, struct bl_buf *out);

/* "    clat percentiles (usec):" and its lines. */
void text_percentiles(const char *name, const struct lat *l, const struct percentile_list *list,
		      struct bl_buf *out);

#endif
