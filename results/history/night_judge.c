#include "night_judge.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "figure.h"
#include "fs.h"
#include "history_priv.h"
#include "night_judge_priv.h"

int night_note(struct night *n, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return texts_add(&n->notes, &n->n_notes, text);
}

int night_add_change(struct night *n, struct night_change *c)
{
	struct night_change *grown = reallocarray(n->changes, n->n_changes + 1, sizeof *grown);

	if (!grown) {
		night_change_done(c);
		return -ENOMEM;
	}
	n->changes = grown;
	grown[n->n_changes++] = *c;
	*c = (struct night_change){0};
	return 0;
}

/* What a judgement makes; not freed. */
static void forget(struct night *n)
{
	n->points = NULL;
	n->changes = NULL;
	n->environment = n->notes = NULL;
	n->n_points = n->n_changes = n->n_environment = n->n_notes = 0;
	n->reason = NULL;
}

static void clear(struct night *n)
{
	for (size_t i = 0; i < n->n_points; i++)
		night_point_done(&n->points[i]);
	for (size_t i = 0; i < n->n_changes; i++)
		night_change_done(&n->changes[i]);
	free(n->points);
	free(n->changes);
	texts_free(n->environment, n->n_environment);
	texts_free(n->notes, n->n_notes);
	free(n->reason);
	forget(n);
}

/* "QEMU 7.2.22 -> 10.0.2, guest kernel 6.1 -> 6.12 and 2 more"; NULL: no memory. */
static char *say_marks(const struct night_figures *n)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	for (size_t i = 0; i < n->n_marks && i < 3; i++)
		bl_buf_addf(&text, "%s%s", i ? ", " : "", n->marks[i]);
	if (n->n_marks > 3)
		bl_buf_addf(&text, " and %zu more", n->n_marks - 3);
	return bl_buf_take(&text);
}

enum change_state night_state_named(const char *name)
{
	for (int i = 0; i < CHANGE_STATES; i++)
		if (strcmp(change_state_names[i], name) == 0)
			return (enum change_state)i;
	return CHANGE_CANDIDATE;
}

static int add_shift(const struct judging *j, const struct shift *shift, struct night *n)
{
	const struct series_history *s = &j->h->series[shift->series];
	const struct night_figures *night = &j->h->nights[shift->night];
	bool is_up = shift->after > shift->before;
	struct night_change c = {
		.cell = strdup(s->cell),
		.job = strdup(s->job),
		.metric = s->metric,
		.at_ms = night->started_ms,
		.nights_since = j->h->n_nights - shift->night,
		.before = exp(shift->before),
		.after = exp(shift->after),
		.ratio = exp(shift->after - shift->before),
		.lo = exp(shift->lo),
		.hi = exp(shift->hi),
		.p = shift->p,
		.is_worse = is_up != metric_more_is_better[s->metric],
		.is_drift = shift->is_drift,
		.is_new = shift->is_new,
	};
	bool has_cause = shift->cause != NO_SHIFT;

	memcpy(c.id, shift->id, sizeof c.id);
	memcpy(c.event, shift->event, sizeof c.event);
	memcpy(c.at_run, night->run, sizeof c.at_run);
	if (has_cause)
		c.cause = say_marks(&j->h->nights[shift->cause]);
	if (shift->reported) {
		c.state = night_state_named(shift->reported->state);
		if (shift->reported->confirmation)
			c.confirmation = strdup(shift->reported->confirmation);
	}
	if (!c.cell || !c.job || (has_cause && !c.cause)) {
		night_change_done(&c);
		return -ENOMEM;
	}
	return night_add_change(n, &c);
}

/* New ones first, then the greatest. */
static int by_news(const void *a, const void *b)
{
	const struct night_change *x = a, *y = b;
	double dx = fabs(log(x->ratio)), dy = fabs(log(y->ratio));

	if (x->is_new != y->is_new)
		return x->is_new ? -1 : 1;
	if (x->is_worse != y->is_worse)
		return x->is_worse ? -1 : 1;
	return (dx < dy) - (dx > dy);
}

/* What was found lately and is not found any more: nights since have shown it to be chance. */
static bool has_change(const struct night *n, const char *id)
{
	for (size_t i = 0; i < n->n_changes; i++)
		if (strcmp(n->changes[i].id, id) == 0)
			return true;
	return false;
}

static int went_away(const struct judging *j, struct night *n)
{
	int r = 0;

	for (size_t i = 0; i < j->rules->n_earlier && r == 0; i++) {
		const struct change_record *c = &j->rules->earlier[i];
		size_t night = history_night_of(j->h, c->at_run);
		enum change_state was = night_state_named(c->state);
		char when[32];

		if (has_change(n, c->id) || night >= j->h->n_nights ||
		    !night_is_recent(j->h, night) || was != CHANGE_CANDIDATE)
			continue;
		r = night_note(n,
			       "%s of %s in '%s', %s the night of %.10s, is no longer found to "
			       "differ",
			       c->metric, c->job, c->cell,
			       c->reported_ms ? "reported as changed on" : "a candidate since",
			       bl_format_utc(when, j->h->nights[night].started_ms));
	}
	return r;
}

static int note_left_out(const struct history *h, struct night *n)
{
	int r = 0;

	for (int why = HISTORY_INTERRUPTED; why < HISTORY_WHYS && r == 0; why++) {
		size_t left = history_left_out(h, (enum history_why)why);

		if (left)
			r = night_note(n, "%zu run%s of this scenario %s left out: %s", left,
				       left == 1 ? "" : "s", left == 1 ? "is" : "are",
				       history_why_says[why]);
	}
	return r;
}

static int note_outliers(const struct night *n, struct night *to, bool is_again)
{
	size_t n_out = 0;
	const struct night_point *first = NULL;
	char off[FMT_MAX];

	for (size_t i = 0; i < n->n_points; i++) {
		if (!n->points[i].is_outlier)
			continue;
		first = first ? first : &n->points[i];
		n_out++;
	}
	if (!n_out)
		return 0;
	return night_note(
		to, "an outlier night: %zu figure%s far off%s, first %s of %s in '%s' (%s)", n_out,
		n_out == 1 ? " is" : "s are", is_again ? " even with the cells measured again" : "",
		metric_words[first->metric], first->job, first->cell,
		fmt_change(&fmt_plain, off, first->ratio));
}

static int note_unstable(const struct night_figures *last, struct night *n)
{
	if (!last->first->n_unstable)
		return 0;
	return night_note(n, "%zu job%s not steady while measured, and left out",
			  last->first->n_unstable,
			  last->first->n_unstable == 1 ? " of a trial was" : "s of trials were");
}

static int note_thin(const struct history *h, struct night *n)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int r = history_thin(h, h->n_nights - 1, NULL, NULL, &text);

	if (r < 0 || !text.len)
		return r;
	return texts_add(&n->notes, &n->n_notes, bl_buf_str(&text));
}

static int fill(struct judging *j, struct night *n)
{
	const struct night_figures *last = &j->h->nights[j->h->n_nights - 1];
	int r = shifts_find(j);

	if (r == 0) {
		events_make(j);
		r = points_judge(j, n);
	}
	for (size_t i = 0; i < j->n_shifts && r == 0; i++)
		r = add_shift(j, &j->shifts[i], n);
	if (r == 0)
		r = baseline_points(j, n);
	if (r == 0)
		r = baseline_changes(j, n);
	if (r == 0 && n->n_changes)
		qsort(n->changes, n->n_changes, sizeof *n->changes, by_news);
	for (size_t i = 0; i < last->n_marks && r == 0; i++)
		r = texts_add(&n->environment, &n->n_environment, last->marks[i]);
	if (r == 0)
		r = note_outliers(n, n, last->n_runs > 1);
	if (r == 0)
		r = note_unstable(last, n);
	if (r == 0)
		r = went_away(j, n);
	if (r == 0)
		r = note_left_out(j->h, n);
	return r < 0 ? r : note_thin(j->h, n);
}

static void judging_done(struct judging *j)
{
	for (size_t i = 0; j->states && i < j->h->n_series; i++)
		changes_done(&j->states[i].found);
	free(j->states);
	free(j->shifts);
}

int night_judge(const struct history *h, const struct judge_rules *rules, struct night *n,
		struct bl_err *err)
{
	BL_CLEANUP(judging_done)
	struct judging j = {.h = h,
			    .rules = rules,
			    .effects = rules->effects ? rules->effects : &min_effects_default};
	struct night made = *n;
	int r;

	if (!h->n_nights)
		return bl_fail(err, -EINVAL, "there is no night to judge");
	forget(&made);
	made.n_nights = h->n_nights;
	made.n_trials = h->nights[h->n_nights - 1].n_trials;
	made.n_ok = h->nights[h->n_nights - 1].n_ok;
	r = fill(&j, &made);
	r = r < 0 ? bl_fail(err, r, "out of memory") : night_conclude(&made, err);
	if (r < 0) {
		clear(&made);
		return r;
	}
	clear(n);
	*n = made;
	return 0;
}

/* --- the conclusion --- */

static size_t count_events(const struct night *n, const struct night_change **ret_first)
{
	size_t n_events = 0;

	*ret_first = NULL;
	for (size_t i = 0; i < n->n_changes; i++) {
		bool is_seen = false;

		if (!night_change_counts(n, &n->changes[i]))
			continue;
		*ret_first = *ret_first ? *ret_first : &n->changes[i];
		for (size_t k = 0; k < i && !is_seen; k++)
			is_seen = night_change_counts(n, &n->changes[k]) &&
				  strcmp(n->changes[k].event, n->changes[i].event) == 0;
		n_events += !is_seen;
	}
	return n_events;
}

static void say_changed(const struct night_change *c, size_t n_events, struct bl_buf *out)
{
	char day[32], by[FMT_MAX];

	bl_buf_addf(out, "%s of %s in '%s' %s: %s since the night of %.10s (%zu night%s)",
		    metric_words[c->metric], c->job, c->cell,
		    c->is_drift   ? "drifts"
		    : c->is_worse ? "got worse"
				  : "got better",
		    fmt_change(&fmt_plain, by, c->ratio), bl_format_utc(day, c->at_ms),
		    c->nights_since, c->nights_since == 1 ? "" : "s");
	if (c->cause)
		bl_buf_addf(out, ", when %s", c->cause);
	if (n_events > 1)
		bl_buf_addf(out, "; %zu more event%s", n_events - 1, n_events == 2 ? "" : "s");
}

static size_t find_open(const struct night *n, const struct night_change **ret_first)
{
	size_t found = 0;

	*ret_first = NULL;
	for (size_t i = 0; i < n->n_changes; i++) {
		if (!night_change_is_open(n, &n->changes[i]))
			continue;
		*ret_first = *ret_first ? *ret_first : &n->changes[i];
		found++;
	}
	return found;
}

/* It is one series that seems to have changed: chance does that, too. */
static void say_candidate(const struct night_change *c, size_t n_open, struct bl_buf *out)
{
	char day[32], by[FMT_MAX];

	bl_buf_addf(out,
		    "%s of %s in '%s' may have got %s: %s since the night of %.10s (%zu night%s); "
		    "a candidate",
		    metric_words[c->metric], c->job, c->cell, c->is_worse ? "worse" : "better",
		    fmt_change(&fmt_plain, by, c->ratio), bl_format_utc(day, c->at_ms),
		    c->nights_since, c->nights_since == 1 ? "" : "s");
	if (n_open > 1)
		bl_buf_addf(out, ", and %zu more", n_open - 1);
	bl_buf_adds(out, ": not confirmed, and tried again next night");
}

static void say_unchanged(const struct night *n, size_t n_told, size_t n_off, struct bl_buf *out)
{
	size_t n_before = 0;

	if (!n_told) {
		bl_buf_addf(out,
			    "%zu night%s in the history: figures are judged from the %dth "
			    "night on",
			    n->n_nights, n->n_nights == 1 ? "" : "s", JUDGE_SEGMENT_NIGHTS + 1);
		return;
	}
	bl_buf_addf(out, "nothing new: %zu of %zu figure%s judged", n_told, n->n_points,
		    n->n_points == 1 ? "" : "s");
	if (n_off && n->baseline)
		bl_buf_addf(out, ", %zu unlike the baseline '%s'", n_off, n->baseline);
	else if (n_off)
		bl_buf_addf(out, ", %zu off this night alone", n_off);
	for (size_t i = 0; i < n->n_changes; i++)
		n_before += !n->changes[i].is_new;
	if (n_before)
		bl_buf_addf(out, "; %zu change%s of the last fortnight %s reported before",
			    n_before, n_before == 1 ? "" : "s", n_before == 1 ? "was" : "were");
}

int night_conclude(struct night *n, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf reason = BL_BUF_INIT;
	const struct night_change *first, *open;
	size_t n_events = count_events(n, &first), n_open = find_open(n, &open);
	size_t n_told = 0, n_off = 0;

	for (size_t i = 0; i < n->n_points; i++) {
		n_told += n->points[i].verdict != PROFILE_CANNOT_TELL;
		n_off += n->points[i].verdict == PROFILE_DRIFTED;
	}
	if (n_events) {
		n->outcome = NIGHT_CHANGED;
		say_changed(first, n_events, &reason);
	} else if (n_open) {
		n->outcome = NIGHT_CANNOT_TELL;
		say_candidate(open, n_open, &reason);
	} else {
		n->outcome = n_told ? NIGHT_OK : NIGHT_CANNOT_TELL;
		say_unchanged(n, n_told, n_off, &reason);
	}
	free(n->reason);
	n->reason = bl_buf_take(&reason);
	return n->reason ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}
