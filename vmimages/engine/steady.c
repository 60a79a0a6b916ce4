#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "steady.h"

int steady_init(struct steady *s, const struct steady_spec *spec)
{
	*s = (struct steady){.spec = *spec};
	s->iops = calloc(spec->dur_s, 2 * sizeof(*s->iops));
	if (!s->iops)
		return -ENOMEM;
	s->bw = s->iops + spec->dur_s;
	return 0;
}

void steady_done(struct steady *s)
{
	free(s->iops);
	s->iops = s->bw = NULL;
}

static double mean_of(const uint64_t *v, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += (double)v[i];
	return sum / n;
}

static double deviation_of(const uint64_t *v, uint32_t n, double mean)
{
	double most = 0;

	for (uint32_t i = 0; i < n; i++)
		most = fmax(most, fabs((double)v[i] - mean));
	return most;
}

/* Ordinary least squares over the index, both centred; 0 for a single sample. */
static double slope_of(const struct steady *s, const uint64_t *v, double mean)
{
	double middle = (s->n - 1) / 2.0, xy = 0, xx = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		xy += (i - middle) * ((double)v[steady_at(s, i)] - mean);
		xx += (i - middle) * (i - middle);
	}
	return s->n > 1 ? xy / xx : 0;
}

static void put(struct steady *s, uint64_t iops, uint64_t bw)
{
	uint32_t at = steady_at(s, s->n);

	if (s->n == s->spec.dur_s)
		s->oldest = (s->oldest + 1) % s->spec.dur_s;
	else
		s->n++;
	s->iops[at] = iops;
	s->bw[at] = bw;
}

bool steady_feed(struct steady *s, uint64_t iops, uint64_t bw_bytes)
{
	const uint64_t *v = s->spec.is_bw ? s->bw : s->iops;
	double mean;

	if (s->seconds++ < (s->spec.ramp_s ? (uint64_t)s->spec.ramp_s + 1 : 0))
		return false;
	put(s, iops, bw_bytes);
	if (s->n < s->spec.dur_s)
		return false;
	s->iops_mean = mean_of(s->iops, s->n);
	s->bw_mean = mean_of(s->bw, s->n);
	mean = s->spec.is_bw ? s->bw_mean : s->iops_mean;
	s->deviation = deviation_of(v, s->n, mean);
	s->slope = slope_of(s, v, mean);
	s->criterion = s->spec.is_slope ? s->slope : s->deviation;
	if (s->spec.is_percent) /* a job that does nothing is not steady: infinite or no number */
		s->criterion = mean > 0 ? 100 * s->criterion / mean : INFINITY;
	if (fabs(s->criterion) < s->spec.limit)
		s->is_attained = true;
	return s->is_attained;
}
