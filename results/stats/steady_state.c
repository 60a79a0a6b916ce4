#include "steady_state.h"

#include <math.h>
#include <stdio.h>

/* Least squares over x = -2..2: the sum of x^2 is 10, the window is 4 rounds long. */
static double rise(const double y[STEADY_ROUNDS], double mean)
{
	double slope = 0;

	for (int i = 0; i < STEADY_ROUNDS; i++)
		slope += (i - STEADY_ROUNDS / 2) * (y[i] - mean) / 10;
	return slope * (STEADY_ROUNDS - 1);
}

static double mean_of(const double y[STEADY_ROUNDS])
{
	double sum = 0;

	for (int i = 0; i < STEADY_ROUNDS; i++)
		sum += y[i];
	return sum / STEADY_ROUNDS;
}

static double range_of(const double y[STEADY_ROUNDS])
{
	double lo = y[0], hi = y[0];

	for (int i = 1; i < STEADY_ROUNDS; i++) {
		lo = fmin(lo, y[i]);
		hi = fmax(hi, y[i]);
	}
	return hi - lo;
}

/* What is exactly at the limit passes, whatever rounding makes of it. */
static bool is_beyond(double value, double limit)
{
	return !(fabs(value) <= limit * (1 + 1e-9));
}

struct steady_state steady_snia(const double y[STEADY_ROUNDS])
{
	double mean = mean_of(y);
	struct steady_state s = {0};

	if (!(mean > 0))
		return s;
	s.range = range_of(y) / mean;
	s.excursion = rise(y, mean) / mean;
	s.has_drifted = is_beyond(s.excursion, STEADY_EXCURSION);
	s.is_steady = !s.has_drifted && !is_beyond(s.range, STEADY_RANGE);
	return s;
}

struct steady_state steady_snia_log(const double ln[STEADY_ROUNDS])
{
	struct steady_state s = {.range = range_of(ln), .excursion = rise(ln, mean_of(ln))};

	s.has_drifted = is_beyond(s.excursion, STEADY_EXCURSION);
	s.is_steady = !s.has_drifted;
	return s;
}

char *steady_text(char out[16], double excursion)
{
	double pct = fmin(fmax(excursion * 100, -9999), 9999);

	snprintf(out, 16, "%+.3g %%", pct);
	return out;
}
