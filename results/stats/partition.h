/* partition.h - the segments of constant level that explain a series best at a price each.
 *
 * Optimal partitioning (Jackson et al. 2005): over all ways to cut, the least sum of squares about
 * the segments' means plus the price of each cut. O(n^2), exact, the same answer each time. Pruning
 * (PELT) would save nothing at a few thousand values with few cuts.
 */
#ifndef PARTITION_H
#define PARTITION_H

#include <stddef.h>

/* @x[n]: in standard deviations of its noise, centred near 0 (squares are summed). @price[n]: of a
 * cut before the value; may be less than 0 nowhere. @least: values of a segment. ret_cuts[n / least
 * + 1]: ascending, without 0 and n; ret_n: how many. -ENOMEM. */
int partition_best(const double *x, size_t n, const double *price, size_t least, size_t *ret_cuts,
		   size_t *ret_n);

#endif
