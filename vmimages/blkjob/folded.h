/* folded.h - our histogram in fio's buckets (64 an octave, up to 17.1 s), and its percentiles
 * by fio's rule: the middle of the first bucket that reaches the count.
 */
#ifndef BLKJOB_FOLDED_H
#define BLKJOB_FOLDED_H

#include "hist.h"

#define FOLDED_BUCKETS 1856

struct folded {
	uint64_t n;
	uint64_t count[FOLDED_BUCKETS];
};

void folded_from(struct folded *f, const struct hist *h);
unsigned folded_index(unsigned hist_bucket);                  /* fio's bucket of one of ours */
uint64_t folded_value(unsigned index);                        /* its middle, ns */
uint64_t folded_percentile(const struct folded *f, double p); /* f->n > 0 */

#endif
