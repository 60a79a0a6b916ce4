/* What the history page is made of: change points of every figure, groups, and what was found or
 * reported as one list. */
#include "history_page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "history_parts.h"
#include "page.h"

#define NEAR   2 /* nights that two findings of one change may lie apart */
#define STAIRS 3 /* changes in one direction that are rather a drift */

bool history_is_worse(enum metric m, double ratio)
{
	return (ratio > 1) != metric_more_is_better[m];
}

static size_t apart(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

bool history_is_sure(const struct history_line *l, const struct change *c)
{
	for (size_t i = 0; i < l->sure.n; i++)
		if (apart(l->sure.items[i].at, c->at) <= NEAR)
			return true;
	return false;
}

void history_mark_name(const struct history *h, size_t night, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < night; i++)
		n += h->nights[i].n_marks != 0;
	if (n >= 26)
		bl_buf_addc(out, (char)('A' + (n / 26 - 1) % 26));
	bl_buf_addc(out, (char)('A' + n % 26));
}

void history_mark_text(const struct history *h, size_t night, struct bl_buf *out)
{
	const struct night_figures *n = &h->nights[night];

	for (size_t i = 0; i < n->n_marks; i++) {
		bl_buf_adds(out, i ? "; " : "");
		page_arrows(out, n->marks[i]);
	}
}

static bool are_stairs(const struct changes *c)
{
	if (c->n < STAIRS)
		return false;
	for (size_t i = 1; i < c->n; i++)
		if ((c->items[i].after > c->items[i].before) !=
		    (c->items[0].after > c->items[0].before))
			return false;
	return true;
}

static int find_lines(struct history_page *p)
{
	const struct history *h = p->v->h;
	int r = 0;

	p->lines = calloc(h->n_series + 1, sizeof *p->lines);
	if (!p->lines)
		return -ENOMEM;
	for (size_t i = 0; i < h->n_series && r == 0; i++) {
		struct history_line *l = &p->lines[p->n_lines];

		if (!history_is_shown(p->v, &h->series[i]) || !h->series[i].n)
			continue;
		l->s = &h->series[i];
		p->n_lines++;
		r = history_changes(h, l->s, &changes_display, &l->all);
		if (r == 0)
			r = history_changes(h, l->s, &changes_alert, &l->sure);
		l->is_stairs = r == 0 && are_stairs(&l->sure);
		p->n_outliers += l->all.n_outliers;
	}
	return r;
}

static int by_newest(const void *a, const void *b)
{
	const struct history_group *x = a, *y = b;

	if (!x->n_changes != !y->n_changes)
		return !x->n_changes - !y->n_changes;
	if (x->n_changes && x->newest != y->newest)
		return x->newest > y->newest ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

static int make_groups(struct history_page *p)
{
	struct history_group *g = NULL;

	p->groups = calloc(p->n_lines + 1, sizeof *p->groups);
	if (!p->groups)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_lines; i++) {
		const struct history_line *l = &p->lines[i];

		if (!g || strcmp(g->cell, l->s->cell) != 0 || strcmp(g->job, l->s->job) != 0) {
			g = &p->groups[p->n_groups++];
			*g = (struct history_group){
				.cell = l->s->cell, .job = l->s->job, .from = i};
		}
		g->to = i + 1;
		for (size_t k = 0; k < l->sure.n; k++) {
			size_t night = l->s->night[l->sure.items[k].at];

			g->n_changes++;
			g->newest = night > g->newest ? night : g->newest;
		}
	}
	qsort(p->groups, p->n_groups, sizeof *p->groups, by_newest);
	return 0;
}

/* ---- shifts: found and reported ---- */

static bool is_of(const struct change_record *e, const char *cell, const char *job, enum metric m)
{
	enum metric of;

	return metric_of_word(e->metric, &of) && of == m && strcmp(e->cell, cell) == 0 &&
	       strcmp(e->job, job) == 0;
}

static const struct change_record *event_of(const struct history_page *p,
					    const struct history_shift *s)
{
	const struct change_record *best = NULL;

	for (size_t i = 0; i < p->v->n_events; i++) {
		const struct change_record *e = &p->v->events[i];

		if (is_of(e, s->cell, s->job, s->metric) &&
		    apart(history_night_of(p->v->h, e->at_run), s->night) <= NEAR)
			best = e;
	}
	return best;
}

static struct history_shift *add_shift(struct history_page *p)
{
	struct history_shift *grown = reallocarray(p->shifts, p->n_shifts + 1, sizeof *grown);

	if (!grown)
		return NULL;
	p->shifts = grown;
	return &grown[p->n_shifts++];
}

static int add_found(struct history_page *p, const struct history_line *l, const struct change *c)
{
	struct history_shift *s = add_shift(p);
	double ratio = exp(c->after - c->before);

	if (!s)
		return -ENOMEM;
	*s = (struct history_shift){.cell = l->s->cell,
				    .job = l->s->job,
				    .metric = l->s->metric,
				    .night = l->s->night[c->at],
				    .before = exp(c->before),
				    .after = exp(c->after),
				    .ratio = ratio,
				    .lo = exp(c->lo),
				    .hi = exp(c->hi),
				    .is_worse = history_is_worse(l->s->metric, ratio),
				    .is_drift = c->is_drift || l->is_stairs,
				    .is_found = true,
				    .line = l};
	s->event = event_of(p, s);
	return 0;
}

/* Reported once, and not found any more in the history as it is now. */
static int add_reported(struct history_page *p, const struct change_record *e)
{
	size_t night = history_night_of(p->v->h, e->at_run);
	struct history_shift *s;
	enum metric m;

	if (night >= p->v->h->n_nights || !metric_of_word(e->metric, &m) ||
	    (p->v->cell && strcmp(p->v->cell, e->cell) != 0) ||
	    (p->v->job && strcmp(p->v->job, e->job) != 0))
		return 0;
	for (size_t i = 0; i < p->n_shifts; i++)
		if (is_of(e, p->shifts[i].cell, p->shifts[i].job, p->shifts[i].metric) &&
		    apart(p->shifts[i].night, night) <= NEAR)
			return 0;
	s = add_shift(p);
	if (!s)
		return -ENOMEM;
	*s = (struct history_shift){.cell = e->cell,
				    .job = e->job,
				    .metric = m,
				    .night = night,
				    .before = e->before,
				    .after = e->after,
				    .ratio = e->before > 0 ? e->after / e->before : 0,
				    .lo = e->lo,
				    .hi = e->hi,
				    .is_drift = e->is_drift,
				    .event = e};
	s->is_worse = s->ratio > 0 && history_is_worse(m, s->ratio);
	return 0;
}

static double size_of(const struct history_shift *s)
{
	return s->ratio > 0 ? fabs(log(s->ratio)) / log1p(metric_min_effect[s->metric]) : 0;
}

static int by_night(const void *a, const void *b)
{
	const struct history_shift *x = a, *y = b;
	double sx = size_of(x), sy = size_of(y);

	if (x->night != y->night)
		return x->night > y->night ? -1 : 1;
	return (sx < sy) - (sx > sy);
}

static int find_shifts(struct history_page *p)
{
	int r = 0;

	for (size_t i = 0; i < p->n_lines && r == 0; i++)
		for (size_t k = 0; k < p->lines[i].sure.n && r == 0; k++)
			r = add_found(p, &p->lines[i], &p->lines[i].sure.items[k]);
	for (size_t i = p->v->n_events; i-- > 0 && r == 0;)
		r = add_reported(p, &p->v->events[i]);
	if (p->n_shifts)
		qsort(p->shifts, p->n_shifts, sizeof *p->shifts, by_night);
	return r;
}

void history_page_done(struct history_page *p)
{
	for (size_t i = 0; i < p->n_lines; i++) {
		changes_done(&p->lines[i].all);
		changes_done(&p->lines[i].sure);
	}
	free(p->lines);
	free(p->groups);
	free(p->shifts);
}

int history_page_find(struct history_page *p)
{
	int r = find_lines(p);

	if (r == 0)
		r = make_groups(p);
	return r == 0 ? find_shifts(p) : r;
}
