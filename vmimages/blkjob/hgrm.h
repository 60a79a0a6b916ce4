/* hgrm.h - latency distributions as HdrHistogram's percentile text (.hgrm), for its plotters.
 *
 * The layout is that of HdrHistogram's outputPercentileDistribution() with 5 ticks a half
 * distance (github.com/HdrHistogram/HdrHistogram): value, percentile, count up to it, and
 * 1/(1-percentile). Values are microseconds with the nanoseconds as decimals; a value is the
 * greatest of its bucket, and never above the greatest measured.
 */
#ifndef BLKJOB_HGRM_H
#define BLKJOB_HGRM_H

#include "document.h"
#include "sample.h"

/* Nothing when @l is empty. */
void hgrm_format(const struct lat *l, struct bl_buf *out);

/* PREFIX_JOB.N_DIRECTION_KIND.hgrm for each entry of the documents (N counts them from 1), each
 * direction and kind of latency with a count. What is not a letter, digit, '.', '-' or '_' in
 * the job's name becomes '_'. Negative errno: @err names the file. */
int hgrm_write(const char *prefix, const struct results *r, struct bl_err *err);

#endif
