/* night_baseline.c - the last nights against a baseline.
 *
 * One night beyond it is one of twenty by chance, for each family of figures; three in a row, on
 * the same side, are a change, even where the series has none: it may have begun before the
 * history, or have come too slowly for a step.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "night_judge_priv.h"

int night_check_baseline(const struct history *h, const struct run_figures *base, size_t n_base,
			 const struct min_effects *e, struct profile_check *checks, size_t *ret_n,
			 struct bl_err *err)
{
	int r = 0;

	*ret_n = 0;
	for (size_t i = 0; i < JUDGE_BASELINE_NIGHTS && i < h->n_nights && r == 0; i++) {
		size_t night = h->n_nights - 1 - i;
		struct run_figures now = h->nights[night].first->figures; /* borrowed */
		BL_CLEANUP(bl_freep) struct figure_row *rows = NULL;

		r = history_night_rows(h, night, &rows);
		if (r < 0)
			return bl_fail(err, r, "out of memory");
		now.rows = rows;
		r = profile_check_figures(base, n_base, &now, 1, e, &checks[i], err);
		*ret_n += r == 0;
	}
	return r;
}

static const struct profile_row *row_of(const struct profile_check *c, const char *cell,
					const char *job, enum metric m)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct profile_row *row = &c->items[i];

		if (row->metric == m && strcmp(row->job, job) == 0 && strcmp(row->cell, cell) == 0)
			return row;
	}
	return NULL;
}

/* Where the baseline can't tell, what the nights before tell stays. */
int baseline_points(const struct judging *j, struct night *n)
{
	for (size_t i = 0; j->rules->n_checks && i < n->n_points; i++) {
		struct night_point *p = &n->points[i];
		const struct profile_row *row =
			row_of(&j->rules->checks[0], p->cell, p->job, p->metric);
		char *why;

		if (!row || (row->verdict == PROFILE_CANNOT_TELL && p->verdict != row->verdict))
			continue;
		why = strdup(row->why);
		if (!why)
			return -ENOMEM;
		free(p->why);
		p->why = why;
		p->verdict = row->verdict;
		p->ratio = row->ratio;
		p->has_interval = row->has_interval;
		p->lo = row->lo;
		p->hi = row->hi;
		p->is_worse = row->is_worse;
	}
	return 0;
}

/* Beyond the baseline on the same side in all the last nights. */
static bool has_stayed(const struct judge_rules *r, const struct profile_row *row)
{
	for (size_t i = 1; i < JUDGE_BASELINE_NIGHTS; i++) {
		const struct profile_row *b =
			row_of(&r->checks[i], row->cell, row->job, row->metric);

		if (!b || b->verdict != PROFILE_DRIFTED || b->is_worse != row->is_worse)
			return false;
	}
	return true;
}

/* The same as a change of this night's. */
static struct night_change *found_too(struct night *n, const struct profile_row *row)
{
	for (size_t i = 0; i < n->n_changes; i++) {
		struct night_change *c = &n->changes[i];

		if (c->metric == row->metric && c->is_worse == row->is_worse &&
		    strcmp(c->cell, row->cell) == 0 && strcmp(c->job, row->job) == 0)
			return c;
	}
	return NULL;
}

/* The same, found on an earlier night, that did not go away: the newest. */
static const struct change_record *found_before(const struct judging *j,
						const struct profile_row *row)
{
	for (size_t i = j->rules->n_earlier; i-- > 0;) {
		const struct change_record *c = &j->rules->earlier[i];

		if (strcmp(c->cell, row->cell) == 0 && strcmp(c->job, row->job) == 0 &&
		    strcmp(c->metric, metric_names[row->metric]) == 0 &&
		    (c->after > c->before) == (row->ratio > 1) &&
		    strcmp(c->state, change_state_names[CHANGE_WENT_AWAY]) != 0)
			return c;
	}
	return NULL;
}

/* What changed between the baseline and now; NULL: nothing. */
static char *cause_of(const struct profile_check *c)
{
	struct bl_buf text = BL_BUF_INIT;

	if (!c->changes.n)
		return NULL;
	bl_buf_adds(&text, "since the baseline ");
	for (size_t i = 0; i < c->changes.n && i < 3; i++) {
		bl_buf_adds(&text, i ? ", " : "");
		env_change_text(&c->changes.items[i], &text);
	}
	if (c->changes.n > 3)
		bl_buf_addf(&text, " and %zu more", c->changes.n - 3);
	return bl_buf_take(&text);
}

/* What an earlier night knew of it. -ENOMEM. */
static int take_record(const struct judging *j, const struct change_record *r,
		       struct night_change *c)
{
	size_t night = history_night_of(j->h, r->at_run);

	memcpy(c->id, r->id, sizeof c->id);
	memcpy(c->event, r->event, sizeof c->event);
	memcpy(c->at_run, r->at_run, sizeof c->at_run);
	c->at_ms = j->h->nights[night].started_ms;
	c->nights_since = j->h->n_nights - night;
	c->is_new = !r->reported_ms;
	c->state = night_state_named(r->state);
	c->confirmation = r->confirmation ? strdup(r->confirmation) : NULL;
	return r->confirmation && !c->confirmation ? -ENOMEM : 0;
}

static int add(const struct judging *j, const struct profile_row *row,
	       const struct change_record *before, const char *event, struct night *n)
{
	const struct night_figures *first = &j->h->nights[j->h->n_nights - JUDGE_BASELINE_NIGHTS];
	struct night_change c = {.cell = strdup(row->cell),
				 .job = strdup(row->job),
				 .metric = row->metric,
				 .at_ms = first->started_ms,
				 .nights_since = JUDGE_BASELINE_NIGHTS,
				 .before = row->base,
				 .after = row->now,
				 .ratio = row->ratio,
				 .lo = row->ratio * row->lo,
				 .hi = row->ratio * row->hi,
				 .p = row->p_adjusted,
				 .is_worse = row->is_worse,
				 .is_new = true,
				 .is_of_baseline = true,
				 .is_beyond_baseline = true,
				 .cause = cause_of(&j->rules->checks[0])};
	int r = 0;

	memcpy(c.at_run, first->run, sizeof c.at_run);
	memcpy(c.event, event, sizeof c.event);
	if (before)
		r = take_record(j, before, &c);
	else
		j->rules->new_id(j->rules->ctx, c.id);
	if (r < 0 || !c.cell || !c.job || (j->rules->checks[0].changes.n && !c.cause)) {
		night_change_done(&c);
		return -ENOMEM;
	}
	return night_add_change(n, &c);
}

static bool is_recent(const struct judging *j, const struct change_record *c)
{
	size_t night = history_night_of(j->h, c->at_run);

	return night < j->h->n_nights && night_is_recent(j->h, night);
}

/* @event: of what is beyond it since tonight; "" until there is any. */
static int add_row(const struct judging *j, const struct profile_row *row, char event[BL_UUID_TEXT],
		   struct night *n)
{
	struct night_change *same = found_too(n, row);
	const struct change_record *before = found_before(j, row);

	if (same)
		same->is_beyond_baseline = true;
	if (same || (before && !is_recent(j, before)))
		return 0;
	if (!before && !event[0])
		j->rules->new_id(j->rules->ctx, event);
	return add(j, row, before, event, n);
}

int baseline_changes(const struct judging *j, struct night *n)
{
	char event[BL_UUID_TEXT] = "";
	int r = 0;

	if (j->rules->n_checks < JUDGE_BASELINE_NIGHTS || j->h->n_nights < JUDGE_BASELINE_NIGHTS)
		return 0;
	for (size_t i = 0; i < n->n_points && r == 0; i++) {
		const struct night_point *p = &n->points[i];
		const struct profile_row *row =
			row_of(&j->rules->checks[0], p->cell, p->job, p->metric);

		if (row && row->verdict == PROFILE_DRIFTED && has_stayed(j->rules, row))
			r = add_row(j, row, event, n);
	}
	return r;
}
