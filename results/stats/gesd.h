/* gesd.h - which values lie too far out to be of one normal sample with the others?
 *
 * Generalized extreme studentized deviate test: Rosner, Technometrics 25 (1983). Finds several at
 * once, where a test for one would be masked by the second.
 */
#ifndef GESD_H
#define GESD_H

#include <stddef.h>

/* Outliers of @v[n] at level @alpha, at most @most. ret_at[most]: their indexes, the farthest
 * first. ret_n: how many. Values that are all equal have none. -ENOMEM. */
int gesd_find(const double *v, size_t n, size_t most, double alpha, size_t *ret_at, size_t *ret_n);

/* The critical value for the @i-th farthest (from 1) of @n values; i <= n - 2. */
double gesd_critical(size_t n, size_t i, double alpha);

#endif
