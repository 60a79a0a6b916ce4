#include "modulation.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "median.h"

#define TWO_PI 6.283185307179586476925

#define BIN_S    1.0
#define BINS_MAX 4096 /* longer jobs have longer bins */
#define GAPS_MAX 0.05 /* share of the bins without a value, which are filled */
#define CLIP_MAD 4
#define AROUND   20 /* bins of the periodogram on each side that are its background */
/* The median of n exponentials is as good a background as the mean of so many of them: its
 * variance is 1 / (n ln2^2) of its square. */
#define MEDIAN_WORTH (M_LN2 * M_LN2)

/* Of @v[n], which stays as it is; @scratch[n]. */
static double median_of(const double *v, size_t n, double *scratch)
{
	memcpy(scratch, v, n * sizeof *v);
	return median_of_values(scratch, n);
}

/* --- the series --- */

/* Means of the logs of @per windows each. Returns how many bins have none: NAN. */
static size_t bin(const double *values, size_t per, double *y, size_t n)
{
	size_t n_empty = 0;

	for (size_t i = 0; i < n; i++) {
		double sum = 0, m = 0;

		for (size_t k = i * per; k < (i + 1) * per; k++) {
			if (!(values[k] > 0))
				continue;
			sum += log(values[k]);
			m++;
		}
		y[i] = m > 0 ? sum / m : NAN;
		n_empty += !(m > 0);
	}
	return n_empty;
}

/* As the bin before, the first ones as the first that has a value. */
static void fill(double *y, size_t n)
{
	size_t first = 0;

	while (first < n && isnan(y[first]))
		first++;
	for (size_t i = 0; i < n; i++)
		if (isnan(y[i]))
			y[i] = i < first ? y[first] : y[i - 1];
}

/* @scratch[2 n]. */
static void clip(double *y, size_t n, double *scratch)
{
	double mid = median_of(y, n, scratch), mad, *off = scratch + n;

	for (size_t i = 0; i < n; i++)
		off[i] = fabs(y[i] - mid);
	mad = median_of(off, n, scratch);
	for (size_t i = 0; i < n; i++)
		y[i] = fmin(fmax(y[i], mid - CLIP_MAD * mad), mid + CLIP_MAD * mad);
}

/* Less the median of the quarter of all that lies around it. It is slow, so an eighth of the
 * quarter's length apart is often enough, and lines lie between. */
static void flatten(double *y, size_t n, double *scratch)
{
	size_t half = n / 8, step = n / 32 ? n / 32 : 1;
	double *flat = scratch + n, was = NAN;
	size_t last = 0;

	for (size_t i = 0;; i = i + step < n ? i + step : n - 1) {
		size_t from = i > half ? i - half : 0, to = i + half < n ? i + half + 1 : n;
		double now = median_of(y + from, to - from, scratch);

		for (size_t k = last; k <= i; k++)
			flat[k] = i == last ? now
					    : was + (now - was) * (double)(k - last) /
							      (double)(i - last);
		was = now;
		last = i;
		if (i == n - 1)
			break;
	}
	for (size_t i = 0; i < n; i++)
		y[i] -= flat[i];
}

/* --- the periodogram --- */

/* |sum of y e^(-2 pi i f k)|, @f in cycles per bin; the angle turns by the same each time. */
static double strength(const double *y, size_t n, double f)
{
	double c = 1, s = 0, dc, ds, re = 0, im = 0;

	sincos(TWO_PI * f, &ds, &dc);
	for (size_t i = 0; i < n; i++) {
		double was = c;

		re += y[i] * c;
		im += y[i] * s;
		c = was * dc - s * ds;
		s = was * ds + s * dc;
	}
	return hypot(re, im);
}

/* The chance that a bin is this far above its background, which is known from @n bins only: of the
 * ratio of an exponential and a mean of m of them. */
static double chance(double over, size_t n)
{
	double m = MEDIAN_WORTH * (double)n;

	return pow(1 + over / m, -m);
}

/* How likely bin @k of @power[n] is by itself. */
static double chance_at(const double *power, size_t n, size_t k, double *scratch)
{
	/* as many on each side: the background falls with the frequency */
	size_t half = (size_t)fmin(AROUND, fmin((double)k - 1, (double)(n - 1 - k)));
	size_t many = 2 * half + 1;
	double background = median_of(power + k - half, many, scratch) / M_LN2;

	return background > 0 ? chance(power[k] / background, many) : 1;
}

static double family(double q, size_t n)
{
	return -expm1((double)n * log1p(-fmin(q, 1 - 1e-12)));
}

/* How likely the clearest of the bins from @first to @last is. A saw has harmonics, and one of them
 * may be clearer than what it is: of all that are clear enough the strongest is taken. */
static double clearest(const double *power, size_t n, size_t first, size_t last, double *scratch,
		       size_t *ret_at)
{
	size_t strongest = 0, many = last - first + 1;
	double least = 1;

	*ret_at = first;
	for (size_t k = first; k <= last; k++) {
		double q = chance_at(power, n, k, scratch);

		if (family(q, many) <= MODULATION_P_MAX &&
		    (!strongest || power[k] > power[strongest]))
			strongest = k;
		if (q >= least)
			continue;
		least = q;
		*ret_at = k;
	}
	if (strongest)
		*ret_at = strongest;
	return family(least, many);
}

/* Between the bins: a period need not fit a whole number of times. */
static void tell(const double *y, size_t n, size_t at, double bin_s, struct modulation *m)
{
	double best = 0, f = (double)at / (double)n;

	for (int i = -8; i <= 8; i++) {
		double try = ((double)at + i / 16.0) / (double)n, is = strength(y, n, try);

		if (is <= best)
			continue;
		best = is;
		f = try;
	}
	m->period_s = bin_s / f;
	m->swing = exp(2 * 2 * best / (double)n); /* the amplitude, up and down */
}

static int look(double *y, size_t n, double bin_s, struct modulation *m)
{
	BL_CLEANUP(bl_freep) double *mem = calloc(3 * n, sizeof *mem);
	double *power = mem, *scratch = mem + n;
	size_t n_power = n / 2, first = MODULATION_CYCLES, last, at;

	if (!mem)
		return -ENOMEM;
	last = (size_t)((double)n * bin_s / fmax(MODULATION_LEAST_S, 4 * bin_s));
	if (last < first || last + 1 >= n_power)
		return 0;
	clip(y, n, scratch);
	flatten(y, n, scratch);
	for (size_t k = 1; k < n_power; k++) {
		double is = strength(y, n, (double)k / (double)n);

		power[k] = is * is;
	}
	m->p = clearest(power, n_power, first, last, scratch, &at);
	m->is_tested = true;
	m->shortest_s = (double)n * bin_s / (double)last;
	m->longest_s = (double)n * bin_s / (double)first;
	tell(y, n, at, bin_s, m);
	m->is_found = m->p <= MODULATION_P_MAX && m->swing >= MODULATION_SWING;
	return 0;
}

int modulation_find(const double *values, size_t n, double dt_s, struct modulation *ret)
{
	size_t per_bin = (size_t)fmax(1, round(BIN_S / dt_s)), n_bins;
	BL_CLEANUP(bl_freep) double *y = NULL;
	struct modulation m = {.p = 1};
	int r = 0;

	while (n / per_bin > BINS_MAX)
		per_bin *= 2;
	n_bins = n / per_bin;
	if (n_bins >= 2 * MODULATION_CYCLES) {
		y = calloc(n_bins, sizeof *y);
		if (!y)
			return -ENOMEM;
		if ((double)bin(values, per_bin, y, n_bins) <= GAPS_MAX * (double)n_bins) {
			fill(y, n_bins);
			r = look(y, n_bins, (double)per_bin * dt_s, &m);
		}
	}
	if (r == 0)
		*ret = m;
	return r;
}
