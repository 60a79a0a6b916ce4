/* shifts.c - which series shifted within the last fortnight. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "correlation.h"
#include "history_priv.h"
#include "night_judge_priv.h"
#include "median.h"
#include "multiple.h"
#include "room.h"

#define CLIP      3 /* standard deviations: a bad night is no change, as the detector has it */
#define SINCE_MIN 2 /* values that make a level when a change is looked for again */

bool shift_matters(const struct judging *j, enum metric m, double shift)
{
	return fabs(shift) > log1p(j->effects->by[m]);
}

bool night_is_recent(const struct history *h, size_t night)
{
	return h->n_nights - night <= JUDGE_RECENT_NIGHTS;
}

static int add_shift(struct judging *j, const struct shift *shift)
{
	if (!BL_HAVE_ROOM(j->shifts, j->n_shifts, j->cap))
		return -ENOMEM;
	j->shifts[j->n_shifts++] = *shift;
	return 0;
}

static size_t apart(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

/* The values around @at that no other change divides from it. */
static void stretch(const struct changes *found, size_t at, size_t n, size_t *from, size_t *to)
{
	*from = 0;
	*to = n;
	for (size_t i = 0; i < found->n; i++) {
		if (found->items[i].at < at)
			*from = found->items[i].at;
		else if (found->items[i].at > at && found->items[i].at < *to)
			*to = found->items[i].at;
	}
}

/* The level of values [from, to), as change_known() has it of the newest before a change. */
static double level_near(const double *y, size_t from, size_t to, double sigma)
{
	double scratch[KNOWN_AFTER_MAX];
	size_t n = to - from < KNOWN_AFTER_MAX ? to - from : KNOWN_AFTER_MAX;

	memcpy(scratch, y + to - n, n * sizeof *y);
	return level_of_values(scratch, n, sigma);
}

/* Squares that two levels leave, divided at @k, in variances of the noise. */
static double cost_of(const double *y, size_t n, size_t k, double sigma)
{
	double level[2], sum = 0;

	level[0] = level_near(y, 0, k, sigma);
	level[1] = level_near(y, k, n, sigma);
	for (size_t i = 0; i < n; i++) {
		double off = (y[i] - level[i >= k]) / sigma;

		sum += fmin(off * off, CLIP * CLIP);
	}
	return sum;
}

/* The detector keeps its segments at four values and more: of a step that is younger it says the
 * place that is allowed. Look again near it, at nights with marks first. */
static void refine(const struct history *h, const struct series_history *s,
		   const struct changes *found, struct shift *shift)
{
	size_t from, to, best = shift->at, last;
	double least = INFINITY, noise = ar1_inflation(found->phi);
	struct known_change known;

	stretch(found, shift->at, s->n, &from, &to);
	last = shift->at + JUDGE_SAME_NIGHTS;
	for (size_t k = from + 1; found->sigma > 0 && k < to && k <= last; k++) {
		double cost;

		if (k + JUDGE_SAME_NIGHTS < shift->at || (to - k < SINCE_MIN && k != shift->at))
			continue;
		cost = cost_of(s->y + from, to - from, k - from, found->sigma) / noise -
		       2 * history_log_odds(h, s, k);
		if (cost < least) {
			least = cost;
			best = k;
		}
	}
	if (best == shift->at)
		return;
	known = change_known(s->y + from, to - from, best - from, found->sigma, found->phi);
	if (!known.is_known)
		return;
	shift->at = best;
	shift->night = s->night[best];
	shift->before =
		level_near(s->y + from, best - from - known.n_before, best - from, found->sigma);
	shift->after = shift->before + known.shift;
	shift->lo = known.lo;
	shift->hi = known.hi;
}

static int find_unknown(struct judging *j, size_t series)
{
	const struct series_history *s = &j->h->series[series];
	struct series_state *state = &j->states[series];
	struct change_options opt = changes_alert;
	int r;

	opt.min_effect = j->effects->by[s->metric];
	r = history_changes(j->h, s, &opt, &state->found);
	for (size_t i = 0; r == 0 && i < state->found.n; i++) {
		const struct change *c = &state->found.items[i];

		struct shift shift = {.series = series,
				      .at = c->at,
				      .night = s->night[c->at],
				      .before = c->before,
				      .after = c->after,
				      .lo = c->lo,
				      .hi = c->hi,
				      .p = c->p,
				      .is_drift = c->is_drift};

		refine(j->h, s, &state->found, &shift);
		state->segment = shift.at;
		if (night_is_recent(j->h, shift.night))
			r = add_shift(j, &shift);
	}
	return r;
}

/* The test of the known night at value @k; p NAN: there is nothing to test, or the detector found
 * it already. */
static int test_known(const struct judging *j, size_t series, size_t k, struct shift *ret)
{
	const struct series_history *s = &j->h->series[series];
	const struct changes *found = &j->states[series].found;
	struct known_change known;
	struct noise noise;
	size_t from, to;
	int r;

	*ret = (struct shift){
		.series = series, .at = k, .night = s->night[k], .is_known = true, .p = NAN};
	for (size_t i = 0; i < found->n; i++)
		if (apart(found->items[i].at, k) <= JUDGE_SAME_NIGHTS)
			return 0;
	r = history_noise(s, s->n, found, k, &noise);
	if (r < 0)
		return r;
	stretch(found, k, s->n, &from, &to);
	known = change_known(s->y + from, to - from, k - from, noise.sigma, noise.phi);
	if (!known.is_known || known.n_after < JUDGE_KNOWN_NIGHTS ||
	    known.n_before < JUDGE_KNOWN_BEFORE)
		return 0;
	ret->before = level_near(s->y + from, k - from - known.n_before, k - from, noise.sigma);
	ret->after = ret->before + known.shift;
	ret->lo = known.lo;
	ret->hi = known.hi;
	ret->p = known.p;
	return 0;
}

/* Of marks close to each other the one where the series shifted most surely. */
static int add_known(struct judging *j, const struct shift *shift)
{
	for (size_t i = 0; i < j->n_shifts; i++) {
		struct shift *other = &j->shifts[i];

		if (other->series != shift->series || !other->is_known ||
		    apart(other->at, shift->at) > JUDGE_SAME_NIGHTS)
			continue;
		if (shift->p < other->p)
			*other = *shift;
		return 0;
	}
	return add_shift(j, shift);
}

/* All series that can be tested for the change of @night are one family. A series that lacks the
 * night is tested at the first value that it has from then on: what changed in between shows there
 * first, and of several such nights add_known() keeps one. */
static int find_known(struct judging *j, size_t night)
{
	size_t n = j->h->n_series;
	BL_CLEANUP(bl_freep) struct shift *tests = calloc(n + 1, sizeof *tests);
	BL_CLEANUP(bl_freep) double *p = calloc(n + 1, sizeof *p);
	int r = tests && p ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct series_history *s = &j->h->series[i];
		size_t k = 0;

		while (k < s->n && s->night[k] < night)
			k++;
		p[i] = NAN;
		if (k == 0 || k == s->n)
			continue;
		r = test_known(j, i, k, &tests[i]);
		p[i] = tests[i].p;
	}
	if (r == 0)
		r = bh_adjust(p, n, p);
	for (size_t i = 0; i < n && r == 0; i++) {
		enum metric m = j->h->series[i].metric;

		if (!isnan(p[i]) && p[i] <= JUDGE_KNOWN_RATE &&
		    shift_matters(j, m, tests[i].after - tests[i].before))
			r = add_known(j, &tests[i]);
	}
	return r;
}

int shifts_find(struct judging *j)
{
	int r = 0;

	j->states = calloc(j->h->n_series + 1, sizeof *j->states);
	if (!j->states)
		return -ENOMEM;
	for (size_t i = 0; i < j->h->n_series && r == 0; i++)
		r = find_unknown(j, i);
	for (size_t i = 1; i < j->h->n_nights && r == 0; i++)
		if (j->h->nights[i].n_marks && night_is_recent(j->h, i))
			r = find_known(j, i);
	for (size_t i = 0; i < j->n_shifts; i++) {
		struct series_state *state = &j->states[j->shifts[i].series];

		if (j->shifts[i].at > state->segment)
			state->segment = j->shifts[i].at;
	}
	return r;
}
