/* A history on the terminal: a column a night, a line a metric. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "history_parts.h"
#include "night_parts.h"
#include "term.h"

#define LABEL        14 /* "  CPU per I/O " */
#define FIGURE       26 /* "   12.1k IOPS -> 11.9k IOPS" of the newest and its change */
#define NIGHTS_LEAST 10
#define NIGHTS_MOST  60

struct text {
	const struct history_view *v;
	struct bl_buf *out;
	size_t from; /* the first night that is shown */
	size_t n;    /* how many are */
};

/* --- nights --- */

static void day(struct bl_buf *out, uint64_t ms)
{
	char when[32];

	bl_buf_addf(out, "%.10s", bl_format_utc(when, ms));
}

static void head(const struct text *t)
{
	const struct history *h = t->v->h;
	bool is_first = true;

	fmt_clean(t->out, t->v->scenario, 0);
	bl_buf_adds(t->out, " on ");
	fmt_clean(t->out, t->v->host, 0);
	bl_buf_addf(t->out, " (%s)   %zu night%s, ",
		    strcmp(t->v->accel, "none") == 0 ? "no VM" : t->v->accel, h->n_nights,
		    h->n_nights == 1 ? "" : "s");
	day(t->out, h->nights[0].started_ms);
	bl_buf_adds(t->out, " to ");
	day(t->out, h->nights[h->n_nights - 1].started_ms);
	for (int w = HISTORY_ORDINARY; w < HISTORY_WHYS; w++) {
		size_t n = history_left_out(h, (enum history_why)w);

		if (n)
			bl_buf_addf(t->out, "%s%zu %s", is_first ? "\nleft out: " : ", ", n,
				    history_why_says[w]);
		is_first &= !n;
	}
	bl_buf_addc(t->out, '\n');
	if (t->from)
		bl_buf_addf(t->out, "the newest %zu nights are shown\n", t->n);
}

/* Letters name the nights on which the environment changed. */
static size_t count_marks(const struct text *t, size_t upto)
{
	size_t n = 0;

	for (size_t i = t->from; i < upto; i++)
		n += t->v->h->nights[i].n_marks != 0;
	return n;
}

static char letter(size_t n)
{
	return n < 26 ? (char)('A' + n) : '*';
}

static void mark_line(const struct text *t)
{
	if (!count_marks(t, t->v->h->n_nights))
		return;
	bl_buf_addf(t->out, "%*s", LABEL, "");
	for (size_t i = t->from; i < t->from + t->n; i++)
		bl_buf_addc(t->out, t->v->h->nights[i].n_marks ? letter(count_marks(t, i)) : ' ');
	bl_buf_addc(t->out, '\n');
}

static void legend(const struct text *t)
{
	bl_buf_adds(t->out, "\na digit a night, from 0, the least of its line, to 9, the most; "
			    "'.': that night lacks it; |: a change point\n");
	for (size_t i = t->from; i < t->from + t->n; i++) {
		const struct night_figures *n = &t->v->h->nights[i];

		if (!n->n_marks)
			continue;
		bl_buf_addf(t->out, "%c  ", letter(count_marks(t, i)));
		day(t->out, n->started_ms);
		for (size_t k = 0; k < n->n_marks && k < 4; k++) {
			bl_buf_adds(t->out, k ? ", " : "  ");
			fmt_clean(t->out, n->marks[k], 0);
		}
		if (n->n_marks > 4)
			bl_buf_addf(t->out, " and %zu more", n->n_marks - 4);
		bl_buf_addc(t->out, '\n');
	}
}

/* --- series --- */

static void range(const struct text *t, const struct series_history *s, double *lo, double *hi)
{
	*lo = INFINITY;
	*hi = -INFINITY;
	for (size_t k = 0; k < s->n; k++) {
		if (s->night[k] < t->from)
			continue;
		*lo = fmin(*lo, s->y[k]);
		*hi = fmax(*hi, s->y[k]);
	}
}

/* Digits; the night of a change point has '|' in the line below. */
static void digits(const struct text *t, const struct series_history *s, char *line)
{
	double lo, hi;

	range(t, s, &lo, &hi);
	memset(line, '.', t->n);
	line[t->n] = '\0';
	for (size_t k = 0; k < s->n; k++)
		if (s->night[k] >= t->from)
			line[s->night[k] - t->from] =
				(char)('0' +
				       (hi > lo ? (int)((s->y[k] - lo) / (hi - lo) * 9.49) : 0));
}

static bool points(const struct text *t, const struct series_history *s,
		   const struct changes *found, char *line)
{
	bool has_any = false;

	memset(line, ' ', t->n);
	line[t->n] = '\0';
	for (size_t i = 0; i < found->n; i++) {
		size_t night = s->night[found->items[i].at];

		if (night < t->from)
			continue;
		line[night - t->from] = '|';
		has_any = true;
	}
	for (size_t i = t->n; i-- > 0 && line[i] == ' ';)
		line[i] = '\0';
	return has_any;
}

/* What the last change point did. */
static void last_change(const struct text *t, const struct series_history *s,
			const struct changes *found)
{
	const struct change *c = &found->items[found->n - 1];
	char by[FMT_MAX];

	bl_buf_addf(t->out, " %s since ", fmt_change(&fmt_plain, by, exp(c->after - c->before)));
	day(t->out, t->v->h->nights[s->night[c->at]].started_ms);
	if (c->is_drift)
		bl_buf_adds(t->out, ", more like a drift");
}

static int series(const struct text *t, const struct series_history *s)
{
	BL_CLEANUP(changes_done) struct changes found = {0};
	char line[NIGHTS_MOST + 1];
	int r = history_changes(t->v->h, s, &changes_display, &found);

	if (r < 0)
		return r;
	digits(t, s, line);
	bl_buf_addf(t->out, "  %-*s%s  ", LABEL - 2, night_metric_label(s->metric), line);
	night_figure(s->metric, exp(s->y[s->n - 1]), t->out);
	bl_buf_addc(t->out, '\n');
	if (!points(t, s, &found, line))
		return 0;
	bl_buf_addf(t->out, "%*s%s", LABEL, "", line);
	last_change(t, s, &found);
	bl_buf_addc(t->out, '\n');
	return 0;
}

/* Why a line is not there at all. */
static int thin(const struct text *t, unsigned columns)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, clean = BL_BUF_INIT;
	int r = history_thin(t->v->h, 0, t->v->cell, t->v->job, &text);

	if (r < 0 || !text.len)
		return r;
	fmt_clean(&clean, bl_buf_str(&text), 0);
	bl_buf_addc(t->out, '\n');
	term_wrap(t->out, bl_buf_str(&clean), columns, 0, 2);
	bl_buf_addc(t->out, '\n');
	return bl_buf_failed(&clean) ? -ENOMEM : 0;
}

/* --- events --- */

static void event(const struct text *t, const struct change_record *c)
{
	double ratio = c->before > 0 ? c->after / c->before : 0;
	char by[FMT_MAX];

	bl_buf_addf(t->out, "%.18s  ", c->event);
	day(t->out, t->v->h->nights[history_night_of(t->v->h, c->at_run)].started_ms);
	bl_buf_adds(t->out, "  ");
	fmt_clean(t->out, c->cell, 0);
	bl_buf_adds(t->out, ", ");
	fmt_clean(t->out, c->job, 0);
	bl_buf_addf(t->out, ", %s: %s", c->metric, fmt_change(&fmt_plain, by, ratio));
	if (c->cause) {
		bl_buf_adds(t->out, ", with ");
		fmt_clean(t->out, c->cause, 0);
	}
	bl_buf_addf(t->out, "; %s\n", c->state);
}

static void events(const struct text *t)
{
	bool is_first = true;

	for (size_t i = 0; i < t->v->n_events; i++) {
		const struct change_record *c = &t->v->events[i];

		if ((t->v->cell && strcmp(t->v->cell, c->cell) != 0) ||
		    (t->v->job && strcmp(t->v->job, c->job) != 0) ||
		    history_night_of(t->v->h, c->at_run) >= t->v->h->n_nights)
			continue;
		if (is_first)
			bl_buf_adds(t->out, "\nreported:\n");
		is_first = false;
		event(t, c);
	}
}

int history_text(const struct history_view *v, struct bl_buf *out)
{
	unsigned columns = v->columns ? v->columns : 100;
	size_t room =
		columns > LABEL + FIGURE + NIGHTS_LEAST ? columns - LABEL - FIGURE : NIGHTS_LEAST;
	size_t n = room < NIGHTS_MOST ? room : NIGHTS_MOST;
	struct text t = {.v = v, .out = out};
	const char *cell = "", *job = "";
	int r = 0;

	t.n = v->h->n_nights < n ? v->h->n_nights : n;
	t.from = v->h->n_nights - t.n;
	if (!t.n)
		return 0;
	head(&t);
	for (size_t i = 0; i < v->h->n_series && r == 0; i++) {
		const struct series_history *s = &v->h->series[i];

		if (!history_is_shown(v, s))
			continue;
		if (strcmp(s->cell, cell) != 0 || strcmp(s->job, job) != 0) {
			bl_buf_addc(out, '\n');
			fmt_clean(out, s->cell, 0);
			bl_buf_adds(out, ", ");
			fmt_clean(out, s->job, 0);
			bl_buf_addc(out, '\n');
			mark_line(&t);
		}
		cell = s->cell;
		job = s->job;
		r = series(&t, s);
	}
	if (r == 0)
		r = thin(&t, columns);
	legend(&t);
	events(&t);
	return r;
}
