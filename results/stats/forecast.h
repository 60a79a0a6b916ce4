/* forecast.h - how many more trials would tell. */
#ifndef FORECAST_H
#define FORECAST_H

#include <stddef.h>
#include <stdint.h>

#define FORECAST_MOST 30       /* further pairs that are still said as a number */
#define FORECAST_MANY SIZE_MAX /* more than that */

/* How many pairs more than the @n that gave @estimate (a log ratio) with a standard deviation of
 * @sd a pair would probably decide against what @matters (log scale, above 0): the least with which
 * the interval lies wholly on its side of the nearer bound with a chance of 80 %, if the truth is
 * where the estimate is. @least in all, below which there is no interval. @alpha of the interval
 * that decides: 0.05 and less in a family. @sd 0: not known; then what is missing to @least, 0 from
 * it on. */
size_t forecast_more(double estimate, double sd, size_t n, size_t least, double matters,
		     double alpha);

#endif
