/* One figure over its nights: a dot a night on its date, levels, change points, marks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "cleanup.h"
#include "history_page.h"
#include "median.h"
#include "page.h"

enum { WIDTH = 400, HEIGHT = 158, LETTER_PX = 11, TITLES_MOST = 40 };
#define DAY_MS (24 * 3600 * 1000.0)
static const struct frame frame = {.left = 58, .right = 394, .top = 18, .bottom = 134};

struct picture {
	const struct history_page *p;
	const struct history *h;
	const struct history_line *l;
	struct scale x, y;
	struct bl_buf *out;
};

static double x_of(const struct picture *c, size_t night)
{
	return scale_at(&c->x, (double)c->h->nights[night].started_ms);
}

static bool is_outlier(const struct changes *found, size_t k)
{
	for (size_t i = 0; i < found->n_outliers; i++)
		if (found->outliers[i] == k)
			return true;
	return false;
}

/* ---- scales ---- */

/* Noise within what matters is not blown up; a bad night far out does not press the others flat. */
static void fit_y(struct picture *c)
{
	const struct series_history *s = c->l->s;
	double lo = INFINITY, hi = -INFINITY, least = 1.6 * log1p(metric_min_effect[s->metric]);
	double middle, half, far_lo, far_hi;

	for (size_t k = 0; k < s->n; k++) {
		if (is_outlier(&c->l->all, k))
			continue;
		lo = fmin(lo, s->y[k]);
		hi = fmax(hi, s->y[k]);
	}
	if (lo > hi)
		lo = hi = s->n ? s->y[0] : 0;
	middle = (lo + hi) / 2;
	half = fmax(least, (hi - lo) / 2 * 1.12);
	far_lo = middle - half;
	far_hi = middle + half;
	for (size_t k = 0; k < s->n; k++) {
		if (fabs(s->y[k] - middle) > 2.2 * half)
			continue;
		far_lo = fmin(far_lo, s->y[k] - 0.05 * half);
		far_hi = fmax(far_hi, s->y[k] + 0.05 * half);
	}
	c->y = (struct scale){.lo = exp(far_lo),
			      .hi = exp(far_hi),
			      .from = frame.bottom,
			      .to = frame.top,
			      .is_log = true};
}

static void fit_x(struct picture *c)
{
	double first = (double)c->h->nights[0].started_ms,
	       last = (double)c->h->nights[c->h->n_nights - 1].started_ms;
	double pad = fmax((last - first) * 0.01, last > first ? 0 : DAY_MS);

	c->x = (struct scale){
		.lo = first - pad, .hi = last + pad, .from = frame.left, .to = frame.right};
}

/* ---- behind the dots ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nights that are missing: the usual step from night to night, twice or more. */
static void gaps(const struct picture *c)
{
	size_t n = c->h->n_nights;
	BL_CLEANUP(bl_freep) double *steps = calloc(n, sizeof *steps);
	double usual;

	if (!steps) {
		c->out->failed = true;
		return;
	}
	for (size_t i = 1; i < n; i++)
		steps[i - 1] =
			(double)c->h->nights[i].started_ms - (double)c->h->nights[i - 1].started_ms;
	if (n > 1)
		qsort(steps, n - 1, sizeof *steps, by_value);
	usual = n > 1 ? steps[(n - 1) / 2] : DAY_MS;
	if (usual < DAY_MS / 2) /* no nights: runs of one day have no rhythm */
		return;
	bl_buf_adds(c->out, "<path class=\"missing\" d=\"");
	for (size_t i = 1; i < n; i++) {
		double from = (double)c->h->nights[i - 1].started_ms + usual / 2,
		       to = (double)c->h->nights[i].started_ms - usual / 2;

		if (to - from > usual * 0.6)
			bl_buf_addf(c->out, "M%.1f %.0fH%.1fV%.0fH%.1fz", scale_at(&c->x, from),
				    frame.top, scale_at(&c->x, to), frame.bottom,
				    scale_at(&c->x, from));
	}
	bl_buf_adds(c->out, "\"/>");
}

static size_t count_marks(const struct history *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_nights; i++)
		n += h->nights[i].n_marks != 0;
	return n;
}

static void mark_letter(const struct picture *c, size_t night, double x, bool has_title)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf what = BL_BUF_INIT;

	bl_buf_addf(c->out, "<text class=\"m l\" x=\"%.1f\" y=\"%.0f\">", x, frame.top - 6);
	if (has_title) {
		history_mark_text(c->h, night, &what);
		bl_buf_adds(c->out, "<title>");
		fmt_html(c->out, fmt_part(c->out, &what));
		bl_buf_adds(c->out, "</title>");
	}
	history_mark_name(c->h, night, c->out);
	bl_buf_adds(c->out, "</text>");
}

static void marks(const struct picture *c)
{
	bool has_titles = count_marks(c->h) <= TITLES_MOST;
	double last = -LETTER_PX;

	bl_buf_adds(c->out, "<path class=\"env\" d=\"");
	for (size_t i = 0; i < c->h->n_nights; i++)
		if (c->h->nights[i].n_marks)
			bl_buf_addf(c->out, "M%.1f %.0fV%.0f", x_of(c, i), frame.top - 4,
				    frame.bottom);
	bl_buf_adds(c->out, "\"/>");
	for (size_t i = 0; i < c->h->n_nights; i++) {
		double x = x_of(c, i);

		if (!c->h->nights[i].n_marks || x - last < LETTER_PX)
			continue;
		mark_letter(c, i, x, has_titles);
		last = x;
	}
}

/* ---- nights ---- */

static double spread_of(const struct picture *c, size_t k)
{
	const struct series_history *s = c->l->s;
	const struct history_run *run = c->h->nights[s->night[k]].first;
	const struct figure_row *row =
		run ? run_figures_find(&run->figures, s->cell, s->job) : NULL;

	return row && row->by[s->metric].n > 1 && isfinite(row->by[s->metric].sd)
		       ? row->by[s->metric].sd
		       : 0;
}

static void spreads(const struct picture *c)
{
	const struct series_history *s = c->l->s;

	bl_buf_adds(c->out, "<path class=\"bar\" d=\"");
	for (size_t k = 0; k < s->n; k++) {
		double sd = spread_of(c, k), lo = scale_at(&c->y, exp(s->y[k] - sd)),
		       hi = scale_at(&c->y, exp(s->y[k] + sd));

		if (lo - hi > 1)
			bl_buf_addf(c->out, "M%.1f %.1fV%.1f", x_of(c, s->night[k]), lo, hi);
	}
	bl_buf_adds(c->out, "\"/>");
}

static void dots(const struct picture *c)
{
	const struct series_history *s = c->l->s;
	double size = fmax(2, fmin(5, (frame.right - frame.left) / (double)c->h->n_nights * 0.8));

	bl_buf_addf(c->out, "<path class=\"pts\" style=\"--d:%.1fpx\" d=\"", size);
	for (size_t k = 0; k < s->n; k++)
		if (!is_outlier(&c->l->all, k))
			chart_dot(c->out, x_of(c, s->night[k]), scale_at(&c->y, exp(s->y[k])));
	bl_buf_adds(c->out, "\"/>");
}

/* Open circles; a triangle at the edge for one that lies beyond it. */
static void bad_nights(const struct picture *c)
{
	const struct series_history *s = c->l->s;

	for (size_t i = 0; i < c->l->all.n_outliers; i++) {
		size_t k = c->l->all.outliers[i];
		double v = exp(s->y[k]), x = x_of(c, s->night[k]), y = scale_at(&c->y, v);
		int back = v > c->y.hi ? 6 : -6;
		char text[FMT_MAX];

		bl_buf_adds(c->out, "<g class=\"out\"><title>");
		page_day(c->out, c->h->nights[s->night[k]].started_ms);
		bl_buf_addf(c->out, ": %s, a single bad night</title>",
			    page_value(text, s->metric, v));
		if (scale_holds(&c->y, v))
			bl_buf_addf(c->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/></g>", x, y);
		else
			bl_buf_addf(c->out, "<path d=\"M%.1f %.1fl-3.5 %dh7z\"/></g>", x, y, back);
	}
}

/* ---- levels and change points ---- */

static double level(const struct picture *c, size_t segment)
{
	const struct changes *f = &c->l->all;
	const struct series_history *s = c->l->s;
	BL_CLEANUP(bl_freep) double *y = NULL;

	if (f->n)
		return segment ? f->items[segment - 1].after : f->items[0].before;
	y = calloc(s->n + 1, sizeof *y);
	if (!y)
		return NAN;
	memcpy(y, s->y, s->n * sizeof *y);
	return median_of_values(y, s->n);
}

static void levels(const struct picture *c)
{
	const struct changes *f = &c->l->all;
	const struct series_history *s = c->l->s;

	if (s->n < 2)
		return;
	bl_buf_adds(c->out, "<path class=\"seg\" d=\"");
	for (size_t i = 0; i <= f->n; i++) {
		size_t from = i ? f->items[i - 1].at : 0, to = i < f->n ? f->items[i].at : s->n;
		double v = level(c, i);

		c->out->failed |= isnan(v);
		bl_buf_addf(c->out, "M%.1f %.1fH%.1f", x_of(c, s->night[from]),
			    scale_at(&c->y, exp(v)), x_of(c, s->night[to - 1]));
	}
	bl_buf_adds(c->out, "\"/>");
}

static void say_change(const struct picture *c, const struct change *at, struct bl_buf *out)
{
	char text[PAGE_CHANGE_MAX];

	bl_buf_adds(out, page_change(text, exp(at->after - at->before), isfinite(at->lo),
				     exp(at->lo), exp(at->hi)));
	bl_buf_adds(out, " since ");
	page_day(out, c->h->nights[c->l->s->night[at->at]].started_ms);
}

/* Where the levels leave room: beside the line, and on the other side of the step. */
static void step_label(const struct picture *c, double x, double ratio)
{
	bool is_left = x > WIDTH * 0.75, is_low = (ratio > 1) != is_left;
	char text[FMT_MAX];

	bl_buf_addf(c->out, "<text class=\"%c\" x=\"%.1f\" y=\"%.0f\">%s</text>",
		    is_left ? 'e' : 's', x + (is_left ? -4 : 4),
		    is_low ? frame.bottom - 4 : frame.top + 9, fmt_change(&fmt_page, text, ratio));
}

static void change_points(const struct picture *c)
{
	const struct series_history *s = c->l->s;

	for (size_t i = 0; i < c->l->all.n; i++) {
		const struct change *at = &c->l->all.items[i];
		double ratio = exp(at->after - at->before);
		double x = (x_of(c, s->night[at->at - 1]) + x_of(c, s->night[at->at])) / 2;
		bool is_sure = history_is_sure(c->l, at);

		bl_buf_addf(c->out, "<g class=\"cp %s\"><title>",
			    !is_sure                             ? "faint"
			    : history_is_worse(s->metric, ratio) ? "worse"
								 : "better");
		say_change(c, at, c->out);
		bl_buf_addf(c->out, "</title><path d=\"M%.1f %.0fV%.0f\"/>", x, frame.top,
			    frame.bottom);
		if (is_sure && !c->l->is_stairs) /* they would cover each other */
			step_label(c, x, ratio);
		bl_buf_adds(c->out, "</g>");
	}
}

/* ---- the whole ---- */

/* The last sure change, else what there is to say of its calm. */
static void caption(const struct picture *c, struct bl_buf *title, struct bl_buf *more)
{
	const struct series_history *s = c->l->s;
	const struct changes *sure = &c->l->sure;
	char now[FMT_MAX], noise[FMT_MAX];

	bl_buf_addf(title, "%s", page_metric(s->metric));
	if (c->l->is_stairs) {
		bl_buf_addf(title, " %s in %zu steps: rather a drift",
			    fmt_change(&fmt_page, now,
				       exp(sure->items[sure->n - 1].after - sure->items[0].before)),
			    sure->n);
	} else if (sure->n) {
		bl_buf_addc(title, ' ');
		say_change(c, &sure->items[sure->n - 1], title);
		if (sure->items[sure->n - 1].is_drift)
			bl_buf_adds(title, ", more like a drift");
	} else if (s->n < 2 * CHANGES_SEGMENT_MIN) {
		bl_buf_addf(title, ": too few nights to tell");
	} else {
		bl_buf_adds(title, ": no change");
	}
	bl_buf_addf(more, "%s now", page_value(now, s->metric, exp(s->y[s->n - 1])));
	if (c->l->all.sigma > 0)
		bl_buf_addf(more, ", nights differ by %s",
			    page_percent(noise, expm1(c->l->all.sigma)));
	if (sure->n > 1 && !c->l->is_stairs)
		bl_buf_addf(more, ", %zu change%s before", sure->n - 1, sure->n > 2 ? "s" : "");
}

void history_picture(const struct history_page *p, const struct history_line *l, struct bl_buf *out)
{
	struct picture c = {.p = p, .h = p->v->h, .l = l, .out = out};
	BL_CLEANUP(bl_buf_done) struct bl_buf title = BL_BUF_INIT, more = BL_BUF_INIT;
	size_t last;

	if (!l->s->n)
		return;
	fit_x(&c);
	fit_y(&c);
	caption(&c, &title, &more);
	last = l->sure.n;
	bl_buf_addf(out,
		    "<figure class=\"small\"><figcaption><b%s>%s</b> <span>%s</span></figcaption>",
		    !last ? ""
		    : history_is_worse(l->s->metric, exp(l->sure.items[last - 1].after -
							 l->sure.items[last - 1].before))
			    ? " class=\"bad\""
			    : " class=\"ok\"",
		    fmt_part(out, &title), fmt_part(out, &more));
	bl_buf_addf(&title, "; %s", fmt_part(&title, &more));
	chart_begin(out, "nights", WIDTH, HEIGHT, fmt_part(out, &title));
	gaps(&c);
	chart_y_metric(out, &frame, &c.y, l->s->metric, 4);
	chart_x_days(out, &frame, &c.x);
	marks(&c);
	spreads(&c);
	dots(&c);
	levels(&c);
	bad_nights(&c);
	change_points(&c);
	bl_buf_adds(out, "</svg></figure>\n");
}
