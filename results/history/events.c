/* events.c - shifts that were found before, and shifts that are one event. What was found and not
 * told (a candidate that was not confirmed, or nobody was reached) is news until it is told. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "night_judge_priv.h"

static size_t apart(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

static bool is_worse(enum metric m, double shift)
{
	return metric_more_is_better[m] ? shift < 0 : shift > 0;
}

static bool same_series(const struct series_history *s, const struct change_record *c)
{
	return strcmp(c->cell, s->cell) == 0 && strcmp(c->job, s->job) == 0 &&
	       strcmp(c->metric, metric_names[s->metric]) == 0;
}

/* The place of a drift, which has no night of its own, moves as it goes on. */
static const struct change_record *reported(const struct judging *j, const struct shift *shift)
{
	const struct series_history *s = &j->h->series[shift->series];

	for (size_t i = j->rules->n_earlier; i-- > 0;) {
		const struct change_record *c = &j->rules->earlier[i];
		bool is_drift = shift->is_drift && c->is_drift;

		if (same_series(s, c) &&
		    apart(history_night_of(j->h, c->at_run), shift->night) <=
			    (is_drift ? JUDGE_RECENT_NIGHTS : JUDGE_SAME_NIGHTS) &&
		    (c->after > c->before) == (shift->after > shift->before))
			return c;
	}
	return NULL;
}

/* The strongest first: it gives its event the night. */
static int by_strength(const void *a, const void *b)
{
	const struct shift *x = a, *y = b;

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	if (x->night != y->night)
		return x->night < y->night ? -1 : 1;
	return (x->series > y->series) - (x->series < y->series);
}

/* An event that was told and has this night, else one that was found and not told (yet);
 * *ret_worse: something that was told of it was for the worse. */
static const char *reported_event(const struct judging *j, const struct shift *shift,
				  bool *ret_told, bool *ret_worse)
{
	const char *event = NULL;
	bool is_told = false;

	*ret_worse = false;
	for (size_t i = 0; i < j->rules->n_earlier; i++) {
		const struct change_record *c = &j->rules->earlier[i];

		if ((event && (is_told || !c->reported_ms)) ||
		    apart(history_night_of(j->h, c->at_run), shift->night) > JUDGE_EVENT_NIGHTS)
			continue;
		event = c->event;
		is_told = c->reported_ms;
	}
	for (size_t i = 0; event && i < j->rules->n_earlier; i++) {
		const struct change_record *c = &j->rules->earlier[i];

		for (int m = 0; m < METRICS; m++)
			if (c->reported_ms && strcmp(c->event, event) == 0 &&
			    strcmp(c->metric, metric_names[m]) == 0)
				*ret_worse |= is_worse((enum metric)m, c->after - c->before);
	}
	*ret_told = is_told;
	return event;
}

/* Those of the same night, give or take one, whose event is not known yet. */
static void join(struct judging *j, size_t first)
{
	struct shift *a = &j->shifts[first];

	for (size_t i = 0; i < j->n_shifts; i++) {
		struct shift *b = &j->shifts[i];

		if (b->event[0] || apart(a->night, b->night) > JUDGE_EVENT_NIGHTS)
			continue;
		memcpy(b->event, a->event, sizeof b->event);
		b->is_new = a->is_new;
	}
}

/* A series that joins an event that was told is no news, unless it is the first one that is for the
 * worse. */
static void join_reported(const struct judging *j, struct shift *shift)
{
	double change = shift->after - shift->before;
	bool was_told, was_worse;
	const char *event = reported_event(j, shift, &was_told, &was_worse);

	if (!event)
		return;
	memcpy(shift->event, event, sizeof shift->event);
	shift->is_new =
		!was_told || (is_worse(j->h->series[shift->series].metric, change) && !was_worse);
}

/* The night whose marks show first in the value that a shift begins with: its own, else the latest
 * of those that the series lacks before it. */
static size_t marked_night(const struct judging *j, const struct shift *shift)
{
	const struct series_history *s = &j->h->series[shift->series];
	size_t before = shift->at ? s->night[shift->at - 1] : shift->night;

	if (j->h->nights[shift->night].n_marks)
		return shift->night;
	for (size_t i = shift->night; i-- > before + 1;)
		if (j->h->nights[i].n_marks)
			return i;
	return NO_SHIFT;
}

/* The marks of the night of the strongest, else of another one of the event. */
static void find_cause(struct judging *j, size_t first)
{
	const char *event = j->shifts[first].event;
	size_t cause = NO_SHIFT;

	for (size_t i = 0; i < j->n_shifts && cause == NO_SHIFT; i++)
		if (strcmp(j->shifts[i].event, event) == 0)
			cause = marked_night(j, &j->shifts[i]);
	for (size_t i = 0; i < j->n_shifts; i++)
		if (strcmp(j->shifts[i].event, event) == 0)
			j->shifts[i].cause = cause;
}

void events_make(struct judging *j)
{
	if (j->n_shifts)
		qsort(j->shifts, j->n_shifts, sizeof *j->shifts, by_strength);
	for (size_t i = 0; i < j->n_shifts; i++) {
		struct shift *s = &j->shifts[i];

		s->reported = reported(j, s);
		memcpy(s->event, s->reported ? s->reported->event : "",
		       s->reported ? BL_UUID_TEXT : 1);
		if (s->reported)
			memcpy(s->id, s->reported->id, sizeof s->id);
		else
			j->rules->new_id(j->rules->ctx, s->id);
		if (s->reported)
			s->is_new = !s->reported->reported_ms;
		else
			join_reported(j, s);
	}
	for (size_t i = 0; i < j->n_shifts; i++) {
		if (j->shifts[i].event[0])
			continue;
		j->rules->new_id(j->rules->ctx, j->shifts[i].event);
		j->shifts[i].is_new = true;
		join(j, i);
	}
	for (size_t i = 0; i < j->n_shifts; i++)
		find_cause(j, i);
}
