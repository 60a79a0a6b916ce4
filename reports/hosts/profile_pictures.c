/* Badges and percentile curves of a host's profile. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart.h"
#include "cleanup.h"
#include "page.h"
#include "profile_page.h"
#include "svg_interval.h"

/* ---- a badge ---- */

static const char *badge_class(const struct profile_row *row)
{
	if (row->verdict == PROFILE_OK)
		return "same";
	if (row->verdict == PROFILE_CANNOT_TELL)
		return "open";
	return row->is_worse ? "worse" : "good";
}

void profile_badge(const struct profile_row *row, double reach, struct bl_buf *out)
{
	struct comparison c = {.n_pairs = row->ratio > 0,
			       .ratio = row->ratio,
			       .has_interval = row->has_interval,
			       .lo = row->lo,
			       .hi = row->hi,
			       .min_effect = row->min_effect};
	char by[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];

	bl_buf_addf(out, "<div class=\"badge %s\"", badge_class(row));
	if (row->why[0]) {
		bl_buf_adds(out, " title=\"");
		fmt_html(out, row->why);
		bl_buf_addc(out, '"');
	}
	bl_buf_addf(out, "><span class=\"chip\">%s</span>", profile_verdict_names[row->verdict]);
	svg_interval(&c, reach, out);
	bl_buf_adds(out, "<small>");
	if (row->ratio > 0) {
		bl_buf_adds(out, fmt_change(&fmt_page, by, row->ratio));
		if (row->has_interval)
			bl_buf_addf(out, "<br>[%s, %s]", fmt_change(&fmt_page, lo, row->lo),
				    fmt_change(&fmt_page, hi, row->hi));
	} else {
		fmt_html(out, row->why[0] ? row->why : "nothing to compare");
	}
	bl_buf_adds(out, "</small>");
	if (row->verdict == PROFILE_OK && row->why[0]) { /* beside its interval it looks odd */
		bl_buf_adds(out, "<small class=\"more\">");
		fmt_html(out, row->why);
		bl_buf_adds(out, "</small>");
	}
	bl_buf_adds(out, "</div>");
}

/* ---- curves ---- */

enum { WIDTH = 400, HEIGHT = 210 };
static const struct frame frame = {.left = 58, .right = 392, .top = 8, .bottom = 184};

struct curves {
	const struct profile_of_baseline *b;
	const struct profile_checked *k;
	const struct profile_line *l;
	struct scale x, y;
	size_t n_points; /* of the longest */
	struct bl_buf *out;
};

static const struct figure_row *row_of(const struct curves *c, const struct run_figures *run)
{
	const struct figure_row *row = run_figures_find(run, c->l->cell, c->l->job);

	return row && row->n_curve > 1 ? row : NULL;
}

static void hold(struct curves *c, const struct figure_row *row)
{
	if (!row)
		return;
	for (size_t i = 0; i < row->n_curve; i++) {
		c->y.lo = fmin(c->y.lo, fmax(row->curve_ns[i], 1));
		c->y.hi = fmax(c->y.hi, row->curve_ns[i]);
	}
	c->n_points = row->n_curve > c->n_points ? row->n_curve : c->n_points;
}

static void fit(struct curves *c)
{
	c->y = (struct scale){
		.lo = INFINITY, .hi = 0, .from = frame.bottom, .to = frame.top, .is_log = true};
	for (size_t i = 0; i < c->b->n_runs; i++)
		hold(c, row_of(c, &c->b->runs[i]));
	for (size_t i = 0; c->k && i < c->k->n_new; i++)
		hold(c, row_of(c, &c->k->new[i]));
	if (!c->n_points)
		return;
	c->y.lo /= 1.1;
	c->y.hi = fmax(c->y.hi * 1.1, c->y.lo * 3);
	c->x = (struct scale){.lo = run_curve_nines(0),
			      .hi = run_curve_nines(c->n_points - 1),
			      .from = frame.left,
			      .to = frame.right};
}

static void x_axis(const struct curves *c)
{
	static const char *const names[] = {"50\u202f%",     "90\u202f%",    "99\u202f%",
					    "99.9\u202f%",   "99.99\u202f%", "99.999\u202f%",
					    "99.9999\u202f%"};

	for (size_t i = 0; i < BL_ARRAY_LEN(names); i++) {
		double nines = i ? (double)i : run_curve_nines(0), at = scale_at(&c->x, nines);

		if (nines > c->x.hi + 1e-6)
			break;
		bl_buf_addf(c->out,
			    "<path class=\"tick\" d=\"M%.1f %.0fV%.0f\"/><text class=\"%c\" "
			    "x=\"%.1f\" y=\"%.0f\">%s</text>",
			    at, frame.top, frame.bottom,
			    i == 0                  ? 's'
			    : at > frame.right - 20 ? 'e'
						    : 'm',
			    at, frame.bottom + 15, names[i]);
	}
}

static void line(const struct curves *c, const struct run_figures *run, const char *kind)
{
	const struct figure_row *row = row_of(c, run);

	if (!row)
		return;
	bl_buf_addf(c->out, "<path class=\"%s\" d=\"", kind);
	for (size_t i = 0; i < row->n_curve; i++)
		bl_buf_addf(c->out, "%c%.1f %.1f", i ? 'L' : 'M',
			    scale_at(&c->x, run_curve_nines(i)), scale_at(&c->y, row->curve_ns[i]));
	bl_buf_adds(c->out, "\"><title>run ");
	bl_buf_addf(c->out, "%.13s, ", run->run);
	page_time(c->out, run->started_ms);
	bl_buf_adds(c->out, "</title></path>");
}

/* With too few samples beyond it, before or now: no title is made of it. */
static bool is_thin(const struct curves *c, enum metric m)
{
	bool thin = c->l->by[m].is_thin;

	for (size_t i = 0; c->k && i < c->k->n_new; i++) {
		const struct figure_row *row =
			run_figures_find(&c->k->new[i], c->l->cell, c->l->job);

		thin |= row && row->by[m].is_thin;
	}
	return thin;
}

/* The percentile at which now and before lie furthest apart; without a check, what they are. */
static void caption(const struct curves *c, struct bl_buf *out)
{
	static const enum metric shown[] = {METRIC_P50, METRIC_P99, METRIC_P99_9};
	const struct profile_row *most = NULL;
	char text[FMT_MAX];
	size_t n = 0;

	for (size_t i = 0; c->k && i < c->k->check->n; i++) {
		const struct profile_row *row = &c->k->check->items[i];
		bool is_shown = false;

		for (size_t m = 0; m < BL_ARRAY_LEN(shown); m++)
			is_shown |= row->metric == shown[m] && !is_thin(c, row->metric);
		if (!is_shown || !(row->ratio > 0) || strcmp(row->cell, c->l->cell) != 0 ||
		    strcmp(row->job, c->l->job) != 0)
			continue;
		if (!most || fabs(log(row->ratio)) > fabs(log(most->ratio)))
			most = row;
	}
	if (most) {
		bl_buf_addf(out, "furthest apart at %s: %s", page_metric(most->metric),
			    fmt_change(&fmt_page, text, most->ratio));
		return;
	}
	for (size_t m = 0; m < BL_ARRAY_LEN(shown); m++) {
		const struct profile_figure *f = &c->l->by[shown[m]];

		if (f->n && !f->is_thin)
			bl_buf_addf(out, "%s%s %s", n++ ? ", " : "", page_metric(shown[m]),
				    page_value(text, shown[m], f->value));
	}
}

void profile_curves(const struct profile_of_baseline *b, const struct profile_checked *k,
		    const struct profile_line *l, struct bl_buf *out)
{
	struct curves c = {.b = b, .k = k, .l = l, .out = out};
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT, alt = BL_BUF_INIT;

	fit(&c);
	caption(&c, &said);
	bl_buf_adds(out, "<figure class=\"small\"><figcaption><b>");
	fmt_html(out, l->cell);
	bl_buf_adds(out, "</b> ");
	fmt_html(out, l->job);
	bl_buf_addf(out, ": %s</figcaption>", fmt_part(out, &said));
	if (!c.n_points) {
		bl_buf_adds(out, "<p class=\"absent\">No run has the samples for a curve: 100 must "
				 "lie beyond its last point.</p></figure>\n");
		return;
	}
	bl_buf_addf(&alt, "Latency of %s, %s over percentiles: %s", l->cell, l->job,
		    fmt_part(&alt, &said));
	chart_begin(out, "curves", WIDTH, HEIGHT, fmt_part(out, &alt));
	chart_y_metric(out, &frame, &c.y, METRIC_P99, 7);
	x_axis(&c);
	for (size_t i = 0; i < b->n_runs; i++)
		line(&c, &b->runs[i], "was");
	for (size_t i = 0; k && i < k->n_new; i++)
		line(&c, &k->new[i], "now");
	bl_buf_adds(out, "</svg></figure>\n");
}
