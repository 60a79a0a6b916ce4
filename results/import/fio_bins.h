/* fio_bins.h - fio's latency buckets as ours.
 *
 * fio (stat.h, FIO_IO_U_PLAT_BITS 6) has 64 buckets an octave, exact below 128 ns, and names one in
 * JSON+ by its middle. Each is two of ours: a count is shared by the two, the lower one has the odd
 * one. What is lost is where in fio's bucket a value was, so that a percentile is within one
 * of fio's buckets, 1/64 of its value, of the truth and of what fio says.
 */
#ifndef IMPORT_FIO_BINS_H
#define IMPORT_FIO_BINS_H

#include "hist.h"

/* Add @count values of fio's bucket that holds @ns, in ns. */
void fio_bin_add(struct hist *h, uint64_t ns, uint64_t count);

#endif
