/* The head of the history page, and what the nights say in one minute. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "history_page.h"
#include "page.h"

#define DAY_MS      (24 * 3600 * (uint64_t)1000)
#define EVENTS_SAID 4
#define DRIFTS_SAID 2
#define AFTER_SAID  5 /* nights within which a step would be found */

/* ---- head ---- */

/* Calendar days from the first night to the last that have none. */
static size_t days_missing(const struct history *h)
{
	uint64_t last = 0;
	size_t days = 0, span;

	if (!h->n_nights)
		return 0;
	for (size_t i = 0; i < h->n_nights; i++) {
		uint64_t day = h->nights[i].started_ms / DAY_MS;

		days += !i || day != last;
		last = day;
	}
	span = (size_t)(last - h->nights[0].started_ms / DAY_MS + 1);
	return span > days ? span - days : 0;
}

static void trust(const struct history_page *p, struct lines *l)
{
	const struct history *h = p->v->h;
	size_t missing = days_missing(h), unstable = 0;
	BL_CLEANUP(bl_buf_done) struct bl_buf left = BL_BUF_INIT, thin = BL_BUF_INIT;

	if (p->v->accel && strcmp(p->v->accel, "tcg") == 0)
		lines_add(l, "\001Emulated CPU (TCG)\002: what changes here need not change under "
			     "KVM, and the reverse.");
	if (h->n_nights < 2 * CHANGES_SEGMENT_MIN)
		lines_add(l,
			  "\001%zu night%s\002: changes are looked for from the eighth on, and a "
			  "change needs %d nights on either side.",
			  h->n_nights, h->n_nights == 1 ? "" : "s", CHANGES_SEGMENT_MIN);
	if (missing && missing * 5 > h->n_nights)
		lines_add(l, "\001%zu days have no night\002: what happened then is found later.",
			  missing);
	for (int w = HISTORY_ORDINARY + 1; w < HISTORY_WHYS; w++) {
		size_t n = history_left_out(h, (enum history_why)w);

		if (n && w != HISTORY_EXTRA)
			bl_buf_addf(&left, "%s%zu %s", left.len ? ", " : "", n,
				    history_why_says[w]);
	}
	if (left.len)
		lines_add(l, "\001Runs left out\002: %s.", bl_buf_str(&left));
	if (history_thin(h, 0, p->v->cell, p->v->job, &thin) < 0)
		l->failed = true;
	if (thin.len)
		lines_add(l, "\001Too few samples\002: %s.", bl_buf_str(&thin));
	l->failed |= bl_buf_failed(&left);
	for (size_t i = 0; i < h->n_runs; i++)
		unstable += h->runs[i]->why == HISTORY_IS_NIGHT ? h->runs[i]->n_unstable : 0;
	if (unstable)
		lines_add(l,
			  "\001%zu results that were not steady\002 are left out of the figures.",
			  unstable);
}

void history_page_head(const struct history_page *p, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines l = {0};
	const struct history *h = p->v->h;
	size_t missing = days_missing(h);

	page_kicker(out, "night after night", p->v->scenario);
	page_lead(out, p->v->host, p->v->accel);
	bl_buf_addf(out, " \u00b7 <b>%zu</b> night%s", h->n_nights, h->n_nights == 1 ? "" : "s");
	if (h->n_nights) {
		bl_buf_adds(out, ", ");
		page_day(out, h->nights[0].started_ms);
		if (h->nights[0].started_ms / DAY_MS !=
		    h->nights[h->n_nights - 1].started_ms / DAY_MS) {
			bl_buf_adds(out, " to ");
			page_day(out, h->nights[h->n_nights - 1].started_ms);
		}
	}
	if (missing)
		bl_buf_addf(out, " (%zu day%s without)", missing, missing == 1 ? "" : "s");
	bl_buf_addf(out, " \u00b7 <b>%zu</b> figures, <b>%zu</b> job%s of cells</p>\n", p->n_lines,
		    p->n_groups, p->n_groups == 1 ? "" : "s");
	if (p->v->cell || p->v->job) {
		bl_buf_adds(out, "<p class=\"lead\">only");
		bl_buf_adds(out, p->v->cell ? " cell <b>" : "");
		fmt_html(out, p->v->cell ? p->v->cell : "");
		bl_buf_adds(out, p->v->cell ? "</b>" : "");
		bl_buf_adds(out, p->v->job ? " job <b>" : "");
		fmt_html(out, p->v->job ? p->v->job : "");
		bl_buf_adds(out, p->v->job ? "</b></p>\n" : "</p>\n");
	}
	trust(p, &l);
	page_trust(out, &l,
		   "<b>Nothing known limits this history</b>: no run of a night was left out, and "
		   "there are nights enough to look for changes.");
	bl_buf_adds(out, "</header>\n");
}

/* ---- what changed ---- */

/* What is told by itself: found in the history, and no step of stairs. */
static bool is_told(const struct history_shift *s)
{
	return s->is_found && !s->line->is_stairs;
}

/* Shifts of the same night or the one before: from @from on. */
static size_t end_of_event(const struct history_page *p, size_t from)
{
	size_t to = from;

	while (to < p->n_shifts && p->shifts[from].night - p->shifts[to].night <= 1)
		to++;
	return to;
}

static double size_of(const struct history_shift *s)
{
	return s->ratio > 0 ? fabs(log(s->ratio)) / log1p(metric_min_effect[s->metric]) : 0;
}

static const struct history_shift *largest(const struct history_page *p, size_t from, size_t to)
{
	const struct history_shift *best = NULL;

	for (size_t i = from; i < to; i++)
		if (is_told(&p->shifts[i]) && (!best || size_of(&p->shifts[i]) > size_of(best)))
			best = &p->shifts[i];
	return best;
}

static size_t count_cells(const struct history_page *p, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		bool is_new = is_told(&p->shifts[i]);

		for (size_t k = from; k < i; k++)
			is_new &= !is_told(&p->shifts[k]) ||
				  strcmp(p->shifts[k].cell, p->shifts[i].cell) != 0;
		n += is_new;
	}
	return n;
}

/* What changed in the environment on a night of the event. */
static void event_cause(const struct history_page *p, size_t from, size_t to, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf what = BL_BUF_INIT;

	for (size_t i = from; i < to && !what.len; i++) {
		if (!is_told(&p->shifts[i]))
			continue;
		history_mark_text(p->v->h, p->shifts[i].night, &what);
		if (what.len) {
			bl_buf_adds(out, " On that night changed: \001");
			fmt_clean(out, fmt_part(out, &what), 0);
			bl_buf_adds(out, "\002.");
		}
	}
	out->failed |= bl_buf_failed(&what);
	if (!what.len)
		bl_buf_adds(out, " Nothing that is known of the environment changed then.");
}

static void say_event(const struct history_page *p, size_t from, size_t to, struct lines *l)
{
	const struct history_shift *s = largest(p, from, to);
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	size_t n = 0, n_worse = 0;
	char change[PAGE_CHANGE_MAX];

	if (!s)
		return;
	for (size_t i = from; i < to; i++) {
		n += is_told(&p->shifts[i]);
		n_worse += is_told(&p->shifts[i]) && p->shifts[i].is_worse;
	}
	bl_buf_adds(&b, "Since \001");
	page_day(&b, p->v->h->nights[s->night].started_ms);
	bl_buf_adds(&b, "\002: ");
	if (n > 1) {
		bl_buf_addf(&b, "%zu figures of %zu cell%s shifted, ", n, count_cells(p, from, to),
			    count_cells(p, from, to) == 1 ? "" : "s");
		if (n_worse && n_worse < n)
			bl_buf_addf(&b, "%zu of them for the worse", n_worse);
		else
			bl_buf_addf(&b, "all for the %s", n_worse ? "worse" : "better");
		bl_buf_adds(&b, ", most of all ");
	}
	bl_buf_addf(&b, "%s of ", page_metric(s->metric));
	fmt_clean(&b, s->cell, 0);
	bl_buf_adds(&b, ", ");
	fmt_clean(&b, s->job, 0);
	bl_buf_addf(&b, ": \001%s\002%s.",
		    page_change(change, s->ratio, isfinite(s->lo) && isfinite(s->hi), s->lo, s->hi),
		    n > 1         ? ""
		    : s->is_worse ? ", worse"
				  : ", better");
	event_cause(p, from, to, &b);
	if (s->event && s->event->confirmation) {
		bl_buf_adds(&b, " ");
		fmt_clean(&b, s->event->confirmation, 0);
	}
	lines_add(l, "%s", bl_buf_str(&b));
	l->failed |= bl_buf_failed(&b);
}

struct event {
	size_t from, to;
	double weight; /* how much of it there is */
};

static int by_weight(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->weight < y->weight) - (x->weight > y->weight);
}

static int by_place(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* The largest ones, the newest of them first. */
static void say_events(const struct history_page *p, struct lines *l)
{
	BL_CLEANUP(bl_freep) struct event *all = calloc(p->n_shifts + 1, sizeof *all);
	size_t n = 0, said;

	if (!all) {
		l->failed = true;
		return;
	}
	for (size_t i = 0, to; i < p->n_shifts; i = to) {
		to = end_of_event(p, i);
		if (!largest(p, i, to))
			continue;
		all[n] = (struct event){.from = i, .to = to};
		for (size_t k = i; k < to; k++)
			if (is_told(&p->shifts[k]))
				all[n].weight += size_of(&p->shifts[k]);
		n++;
	}
	said = n < EVENTS_SAID ? n : EVENTS_SAID;
	qsort(all, n, sizeof *all, by_weight);
	qsort(all, said, sizeof *all, by_place);
	for (size_t i = 0; i < said; i++)
		say_event(p, all[i].from, all[i].to, l);
	if (n > said)
		lines_add(l, "%zu smaller event%s %s in the list.", n - said,
			  n - said == 1 ? "" : "s", n - said == 1 ? "is" : "are");
}

/* ---- drifts ---- */

static double drift_of(const struct history_line *l)
{
	return l->sure.items[l->sure.n - 1].after - l->sure.items[0].before;
}

static void say_drift(const struct history_page *p, const struct history_group *g, struct lines *l)
{
	const struct history_line *best = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	size_t n = 0;
	char by[FMT_MAX];

	for (size_t i = g->from; i < g->to; i++) {
		const struct history_line *of = &p->lines[i];

		if (!of->is_stairs)
			continue;
		n++;
		if (!best || fabs(drift_of(of)) > fabs(drift_of(best)))
			best = of;
	}
	if (!best)
		return;
	fmt_clean(&b, g->cell, 0);
	bl_buf_adds(&b, ", ");
	fmt_clean(&b, g->job, 0);
	bl_buf_addf(&b, " \001drifts\002: %s \001%s\002 in %zu steps since ",
		    page_metric(best->s->metric), fmt_change(&fmt_page, by, exp(drift_of(best))),
		    best->sure.n);
	page_day(&b, p->v->h->nights[best->s->night[best->sure.items[0].at]].started_ms);
	if (n > 1)
		bl_buf_addf(&b, ", and so do %zu more of its figures", n - 1);
	lines_add(l, "%s.", bl_buf_str(&b));
	l->failed |= bl_buf_failed(&b);
}

static void say_drifts(const struct history_page *p, struct lines *l)
{
	size_t n = l->n, left = 0;

	for (size_t i = 0; i < p->n_groups; i++) {
		if (l->n - n < DRIFTS_SAID) {
			say_drift(p, &p->groups[i], l);
			continue;
		}
		for (size_t k = p->groups[i].from; k < p->groups[i].to; k++)
			left += p->lines[k].is_stairs;
	}
	if (left)
		lines_add(l, "%zu more figures drift.", left);
}

/* ---- and what did not ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The step of @m that the middle series would have shown within some nights; INFINITY: none. */
static double detectable(const struct history_page *p, enum metric m, struct lines *l)
{
	BL_CLEANUP(bl_freep) double *v = calloc(p->n_lines + 1, sizeof *v);
	size_t n = 0;

	if (!v) {
		l->failed = true;
		return INFINITY;
	}
	for (size_t i = 0; i < p->n_lines; i++) {
		const struct history_line *of = &p->lines[i];

		if (of->s->metric == m && of->s->n > 2 * CHANGES_SEGMENT_MIN && of->sure.sigma > 0)
			v[n++] = changes_detectable(&of->sure, of->s->n - AFTER_SAID, AFTER_SAID,
						    &changes_alert);
	}
	if (!n)
		return INFINITY;
	qsort(v, n, sizeof *v, by_value);
	return v[n / 2];
}

static void say_detectable(const struct history_page *p, struct lines *l)
{
	double iops = detectable(p, METRIC_IOPS, l), p99 = detectable(p, METRIC_P99, l);
	char a[FMT_MAX], b[FMT_MAX];

	if (!isfinite(iops) || !isfinite(p99))
		return;
	lines_add(l,
		  "A step of %s in IOPS or %s in p99 would be found within %d nights in four of "
		  "five cases (the middle cell and job).",
		  page_percent(a, expm1(iops)), page_percent(b, expm1(p99)), AFTER_SAID);
}

static void say_calm(const struct history_page *p, bool has_any, struct lines *l)
{
	const struct history *h = p->v->h;
	size_t calm = 0, n_marks = 0, hit = 0;

	for (size_t i = 0; i < p->n_groups; i++)
		calm += !p->groups[i].n_changes;
	if (h->n_nights >= 2 * CHANGES_SEGMENT_MIN && !has_any)
		lines_add(l, "\001No figure changed\002 in %zu nights.", h->n_nights);
	else if (has_any && calm)
		lines_add(l, "%zu of %zu cells and jobs show no change at all.", calm, p->n_groups);
	for (size_t i = 0; i < h->n_nights; i++) {
		bool is_hit = false;

		for (size_t k = 0; k < p->n_shifts; k++)
			is_hit |= p->shifts[k].is_found && p->shifts[k].night == i;
		n_marks += h->nights[i].n_marks != 0;
		hit += h->nights[i].n_marks && is_hit;
	}
	if (n_marks)
		lines_add(l,
			  "The environment changed on %zu night%s; figures shifted on %zu of "
			  "them.",
			  n_marks, n_marks == 1 ? "" : "s", hit);
	if (p->n_outliers)
		lines_add(
			l,
			"%zu value%s of single bad nights (open circles) are no change, and moved "
			"no level.",
			p->n_outliers, p->n_outliers == 1 ? "" : "s");
}

void history_page_minute(const struct history_page *p, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines l = {0};
	bool has_any;

	say_events(p, &l);
	say_drifts(p, &l);
	has_any = l.n > 0;

	say_calm(p, has_any, &l);
	say_detectable(p, &l);
	if (!l.n)
		lines_add(&l, "%zu night%s so far: there is nothing to compare yet.",
			  p->v->h->n_nights, p->v->h->n_nights == 1 ? "" : "s");
	page_minute(out, &l);
}
