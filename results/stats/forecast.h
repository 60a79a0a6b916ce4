/* forecast.h - how many more trials would tell. */
#ifndef FORECAST_H
#define FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rng.h"

#define FORECAST_MOST 30       /* further pairs that are still said as a number */
#define FORECAST_MANY SIZE_MAX /* more than that */

/* How many pairs more than the @n that gave @estimate (a log ratio) with a standard deviation of
 * @sd a pair would probably decide against what @matters (log scale, above 0): the least with which
 * the interval lies wholly on its side of the nearer bound with a chance of 80 %, if the truth is
 * where the estimate is. Six in all are the least. @alpha of the interval that decides: 0.05 and
 * less in a family. @sd 0: not known; then what is missing to six, 0 from six on. */
size_t forecast_more(double estimate, double sd, size_t n, double matters, double alpha);
/* The same of @n (at most RANK_PAIRS_MAX) paired log ratios. */
size_t forecast_pairs(const double *d, size_t n, double matters);

/* The order statistics (from 1) that bound a median with a level of 95 % at least, symmetric and as
 * close as may be: n = 10: the 2nd and the 9th, 97.85 %. false: n < 6, no such interval. */
bool median_interval(size_t n, size_t *ret_lo, size_t *ret_hi, double *ret_level);

#define CONFIRM_MAX 512
/* The least number of repeats whose 95 % interval of the median stays within @r (a share) of it, by
 * draws from stored values @x[n], all above 0, at most CONFIRM_MAX. 0: even all of them do not.
 * Source: CONFIRM, Maricq et al., Taming Performance Variability, OSDI 2018. */
size_t confirm_n(const double *x, size_t n, double r, struct rng *rng);

#endif
