#include "simulated.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "beat.h"

double draw_gauss(struct rng *r)
{
	double u = 1 - rng_unit(r), v = rng_unit(r);

	return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static size_t put(double at, const struct train *t, double *out, size_t n)
{
	if (n == SIMULATED_MAX || at < 0 || at >= t->span_s)
		return n;
	out[n] = at;
	return n + 1;
}

/* An event, or a burst of them. */
static size_t put_burst(struct rng *r, double at, const struct train *t, double *out, size_t n)
{
	n = put(at, t, out, n);
	for (unsigned i = 1; i < t->burst; i++) {
		at += 0.5 + 3 * rng_unit(r);
		n = put(at, t, out, n);
	}
	return n;
}

size_t simulate_train(struct rng *r, const struct train *t, double out[SIMULATED_MAX])
{
	double phase = t->period_s * rng_unit(r);
	size_t n = 0, beats = 0, others = t->n_random;

	for (double at = phase; t->period_s > 0 && at < t->span_s; at += t->period_s) {
		beats++;
		if (rng_unit(r) >= t->missing)
			n = put_burst(r, at + t->jitter * t->period_s * draw_gauss(r), t, out, n);
	}
	others += (size_t)round(t->others * (double)beats);
	for (size_t i = 0; i < others; i++)
		n = put_burst(r, t->span_s * rng_unit(r), t, out, n);
	qsort(out, n, sizeof *out, by_value);
	return n;
}

static struct beat beat_of(struct rng *r, const struct train *t)
{
	static double at[SIMULATED_MAX];
	size_t n = simulate_train(r, t, at);
	struct beat b;

	if (beat_find(at, n, t->span_s, 0.1, rng_u64(r), NULL, &b) < 0)
		abort();
	return b;
}

bool finds_clock(struct rng *r, const struct train *t)
{
	struct beat b = beat_of(r, t);

	return b.is_periodic && fabs(b.period_s / t->period_s - 1) <= 0.03;
}

void false_alarms(struct rng *r, const struct train *t, size_t n, double *ret_p, double *ret_pf)
{
	size_t by_p = 0, by_pf = 0;

	for (size_t i = 0; i < n; i++) {
		struct beat b = beat_of(r, t);

		by_p += b.p <= BEAT_P_MAX;
		by_pf += b.is_periodic;
	}
	*ret_p = (double)by_p / (double)n;
	*ret_pf = (double)by_pf / (double)n;
}

void simulate_ar(struct rng *r, double phi, double *out, size_t n)
{
	double x = draw_gauss(r) / sqrt(1 - phi * phi);

	for (size_t i = 0; i < n; i++)
		out[i] = x = phi * x + draw_gauss(r);
}

static bool is_free(const bool *spikes, size_t n, size_t at)
{
	for (size_t i = at > 10 ? at - 10 : 0; i < n && i <= at + 10; i++)
		if (spikes[i])
			return false;
	return true;
}

void simulate_spikes(struct rng *r, const double *signal, size_t n, size_t n_spikes, double caused,
		     bool *ret)
{
	double *sorted = malloc(n * sizeof *sorted), q95;

	memcpy(sorted, signal, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_value);
	q95 = sorted[n * 95 / 100];
	free(sorted);
	memset(ret, 0, n * sizeof *ret);
	for (size_t k = 0; k < n_spikes;) {
		bool is_caused = (double)k < caused * (double)n_spikes;
		size_t at = rng_u64(r) % n;

		while (is_caused && signal[at] <= q95)
			at = rng_u64(r) % n;
		at += is_caused ? rng_u64(r) % 3 : 0;
		if (at >= n || !is_free(ret, n, at))
			continue;
		ret[at] = true;
		k++;
	}
}
