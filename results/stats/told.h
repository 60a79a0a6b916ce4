/* told.h - percentiles that another program says, without the histogram behind them.
 *
 * Facts of an imported job, "told.read.p99_ns". Of one trial such a figure is as good as the
 * program that says it, and trials are compared by it. Trials can't be added up by it, nor can
 * reads and writes: a job that did both has none, and that of a cell is the median over its trials,
 * which is marked ~ wherever it is shown.
 */
#ifndef TOLD_H
#define TOLD_H

#include "record.h"

/* Of one direction; false: nothing is told. */
bool told_of_direction(const struct job_result *j, int dir, double p, uint64_t *ret_ns);

/* Of the job; false: nothing is told, or it did I/Os in several directions. */
bool told_percentile(const struct job_result *j, double p, uint64_t *ret_ns);

#endif
