#include "stutter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "median.h"

#define BLOCK_S 30 /* the base is the median of as long: drift is no stall */
#define JOIN_S  1.0
#define GREAT   0.1 /* of the longest peak */

/* Those of @v[n] that are there, into @out. */
static size_t present(const double *v, size_t n, double *out)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i]))
			out[m++] = v[i];
	return m;
}

/* Logarithms less their block's median, into @r. */
static void relate_to_base(const double *values, size_t n, double dt_s, double *r, double *scratch)
{
	size_t block = (size_t)fmax(1, BLOCK_S / dt_s);

	for (size_t i = 0; i < n; i++)
		r[i] = log(fmax(values[i], 1) + 0 * values[i]); /* NAN stays */
	for (size_t from = 0, to; from < n; from = to) {
		double base;

		/* a rest shorter than half a block belongs to the last one */
		to = n - from < block + block / 2 ? n : from + block;
		base = median_of_values(scratch, present(r + from, to - from, scratch));
		for (size_t i = from; i < to; i++)
			r[i] -= base;
	}
}

/* 6 sigma by the median absolute deviation (1.4826: of a normal distribution), threefold at least.
 */
static double threshold_of(const double *r, size_t n, double *scratch)
{
	size_t m = present(r, n, scratch);
	double centre = median_of_values(scratch, m);

	for (size_t i = 0; i < m; i++)
		scratch[i] = fabs(scratch[i] - centre);
	return fmax(6 * 1.4826 * (m ? median_of_values(scratch, m) : 0), log(3));
}

/* Windows before @i in which nothing completed while what completed in it was in flight. */
static size_t gap_before(const double *values, size_t i, double dt_s)
{
	size_t k = 0;

	while (k < i && isnan(values[i - 1 - k]))
		k++;
	return values[i] >= (double)k * dt_s * 1e9 ? k : 0;
}

static int add_stall(struct stutter *s, const struct stall *one)
{
	struct stall *more;

	/* doubled when full: at powers of two */
	if (!(s->n_stalls & (s->n_stalls - 1))) {
		more = reallocarray(s->stalls, s->n_stalls ? s->n_stalls * 2 : 1, sizeof *more);
		if (!more)
			return -ENOMEM;
		s->stalls = more;
	}
	s->stalls[s->n_stalls++] = *one;
	return 0;
}

static int find_stalls(const double *values, const double *r, size_t n, double dt_s,
		       double threshold, struct stutter *s)
{
	size_t last = 0; /* slow window */

	for (size_t i = 0; i < n; i++) {
		struct stall *open = s->n_stalls ? &s->stalls[s->n_stalls - 1] : NULL;
		size_t gap, from;

		if (!(r[i] > threshold))
			continue;
		gap = gap_before(values, i, dt_s);
		from = i - gap;
		s->stalled_s += (double)(gap + 1) * dt_s;
		if (open && (double)(from - last) * dt_s <= JOIN_S + 1e-9) {
			open->length_s = (double)(i + 1) * dt_s - open->at_s;
			open->slow_s += (double)(gap + 1) * dt_s;
			open->peak_ns = fmax(open->peak_ns, values[i]);
		} else if (add_stall(s, &(struct stall){.at_s = (double)from * dt_s,
							.length_s = (double)(gap + 1) * dt_s,
							.slow_s = (double)(gap + 1) * dt_s,
							.peak_ns = values[i],
							.is_gap = gap > 0}) < 0) {
			return -ENOMEM;
		}
		last = i;
	}
	return 0;
}

/* A small one may run into a great one. */
static void find_fronts(const double *values, const double *r, double dt_s, double threshold,
			struct stutter *s)
{
	for (size_t k = 0; k < s->n_stalls; k++) {
		struct stall *one = &s->stalls[k];
		size_t i = (size_t)round(one->at_s / dt_s);

		while (!(r[i] > threshold) || values[i] < GREAT * one->peak_ns)
			i++; /* the peak itself, at last */
		one->front_s = (double)(i - gap_before(values, i, dt_s)) * dt_s;
	}
}

static bool is_on_beat(const struct beat *b, double at_s)
{
	double off = (at_s - b->phase_s) / b->period_s;

	return fabs(off - round(off)) < BEAT_ON;
}

/* What a beat costs, with the stalls that come in its burst. */
static void price_beats(struct stutter *s, double *scratch)
{
	size_t n = 0, k = 0;
	double lost = 0;

	if (!(s->beat.period_s > 0))
		return;
	for (size_t i = 0; i < s->n_stalls; i++) {
		double at = s->beat_least_ns > 0 ? s->stalls[i].front_s : s->stalls[i].at_s;

		while (k + 1 < s->beat.n_events && s->onsets_s[k + 1] <= at)
			k++;
		if (s->stalls[i].peak_ns < s->beat_least_ns ||
		    !is_on_beat(&s->beat, s->onsets_s[k]))
			continue;
		lost += s->stalls[i].slow_s;
		scratch[n++] = s->stalls[i].peak_ns;
	}
	s->peak_ns = median_of_values(scratch, n);
	s->lost_per_beat_s = s->beat.beats_seen ? lost / (double)s->beat.beats_seen : 0;
}

/* Into s->onsets_s. */
static int beat_of(struct stutter *s, double least_ns, double dt_s, uint64_t seed, double *scratch)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_stalls; i++)
		if (s->stalls[i].peak_ns >= least_ns)
			scratch[n++] = least_ns > 0 ? s->stalls[i].front_s : s->stalls[i].at_s;
	s->beat_least_ns = least_ns;
	return beat_find(scratch, n, s->span_s, dt_s, seed, s->onsets_s, &s->beat);
}

/* One of two that were asked for a clock (Bonferroni). */
static void share_chance(struct beat *b)
{
	b->p = fmin(1, 2 * b->p);
	b->is_periodic = b->p <= BEAT_P_MAX && b->f >= BEAT_F_MIN;
}

/* Some are small, or begin so. */
static bool has_small(const struct stutter *s, double least_ns)
{
	for (size_t i = 0; i < s->n_stalls; i++)
		if (s->stalls[i].peak_ns < least_ns || s->stalls[i].front_s > s->stalls[i].at_s)
			return true;
	return false;
}

static int find_beat(struct stutter *s, double dt_s, uint64_t seed, double *scratch)
{
	double least_ns = 0;
	struct beat all, great;
	int r;

	s->onsets_s = calloc(s->n_stalls + 1, sizeof *s->onsets_s);
	if (!s->onsets_s)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_stalls; i++)
		least_ns = fmax(least_ns, GREAT * s->stalls[i].peak_ns);
	r = beat_of(s, 0, dt_s, seed, scratch);
	if (r < 0 || !has_small(s, least_ns))
		return r;
	all = s->beat;
	r = beat_of(s, least_ns, dt_s, seed, scratch);
	if (r < 0)
		return r;
	great = s->beat;
	if (!great.is_tested)
		return beat_of(s, 0, dt_s, seed, scratch);
	share_chance(&all);
	share_chance(&great);
	if (!great.is_periodic || (all.is_periodic && all.f >= great.f))
		r = beat_of(s, 0, dt_s, seed, scratch);
	share_chance(&s->beat);
	return r;
}

int stutter_find(const double *values, size_t n, double dt_s, uint64_t seed, struct stutter *ret)
{
	BL_CLEANUP(bl_freep) double *r = calloc(n + 1, sizeof *r);
	BL_CLEANUP(bl_freep) double *scratch = calloc(n + 1, sizeof *scratch);
	struct stutter s = {.span_s = (double)n * dt_s, .base_ns = NAN, .peak_ns = NAN};
	double threshold;

	if (!r || !scratch)
		return -ENOMEM;
	relate_to_base(values, n, dt_s, r, scratch);
	threshold = threshold_of(r, n, scratch);
	s.threshold_ratio = exp(threshold);
	s.base_ns = median_of_values(scratch, present(values, n, scratch));
	if (find_stalls(values, r, n, dt_s, threshold, &s) < 0) {
		stutter_done(&s);
		return -ENOMEM;
	}
	find_fronts(values, r, dt_s, threshold, &s);
	if (find_beat(&s, dt_s, seed, scratch) < 0) {
		stutter_done(&s);
		return -ENOMEM;
	}
	price_beats(&s, scratch);
	*ret = s;
	return 0;
}

void stutter_done(struct stutter *s)
{
	free(s->stalls);
	free(s->onsets_s);
	*s = (struct stutter){0};
}
