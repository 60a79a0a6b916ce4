#include "forecast.h"

#include <math.h>
#include <stdbool.h>

#include "student.h"

#define CHANCE 0.8 /* of telling: "probably" */

/* Whether @n pairs probably leave no doubt: the interval's half width, and so much more that the
 * chance is not one half. */
static bool would_tell(size_t n, double sd, double room, double tail)
{
	double df = (double)(n - 1);
	double t = student_quantile(1 - tail, df) + student_quantile(CHANCE, df);

	return t * sd / sqrt((double)n) <= room;
}

size_t forecast_more(double estimate, double sd, size_t n, size_t least, double matters,
		     double alpha)
{
	double room = fabs(fabs(estimate) - matters);
	/* within: two one-sided tests, whose interval is narrower */
	double tail = fabs(estimate) > matters ? alpha / 2 : alpha;
	size_t few = n < least ? least - n : 1, enough = FORECAST_MOST;

	if (!(sd > 0))
		return n < least ? few : 0;
	if (!would_tell(n + enough, sd, room, tail))
		return FORECAST_MANY;
	while (few < enough) {
		size_t mid = few + (enough - few) / 2;

		if (would_tell(n + mid, sd, room, tail))
			enough = mid;
		else
			few = mid + 1;
	}
	return enough;
}
