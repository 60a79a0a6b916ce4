/* Forests of comparisons that should all say "no change", what can be seen, and drift. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibration_page.h"
#include "chart.h"
#include "cleanup.h"
#include "median.h"
#include "page.h"
#include "plot.h"

enum { WIDTH = 400, LEFT = 12, RIGHT = 388, FOREST_MAX = 260, ROW_MAX = 16, NAMED_MAX = 3 };

bool calibration_is_drawn(const struct calibration_row *row)
{
	return row->metric != METRIC_BYTES_PER_S;
}

static void thin_note(const struct calibration_row *row, struct bl_buf *out)
{
	if (row->is_thin)
		bl_buf_adds(out, " <span>Thin: fewer than 100 samples lie beyond it in some "
				 "trial, so it decides nothing.</span>");
}

/* ---- every comparison ---- */

static int by_ratio(const void *a, const void *b)
{
	const struct calibration_pair *x = *(const struct calibration_pair *const *)a;
	const struct calibration_pair *y = *(const struct calibration_pair *const *)b;

	return (x->c.ratio > y->c.ratio) - (x->c.ratio < y->c.ratio);
}

static bool is_called(const struct calibration_pair *p)
{
	return p->c.verdict == VERDICT_BETTER || p->c.verdict == VERDICT_WORSE;
}

static struct scale ratios(const struct calibration_row *row)
{
	double reach = 1.6 * log1p(row->matters);

	for (size_t i = 0; i < row->n_comparisons; i++) {
		const struct comparison *c = &row->pairs[i].c;

		reach = fmax(reach, c->ratio > 0 ? fabs(log(c->ratio)) : 0);
		if (c->has_interval && c->lo > 0)
			reach = fmax(reach, fmax(fabs(log(c->lo)), fabs(log(c->hi))));
	}
	reach *= 1.04;
	return (struct scale){
		.lo = exp(-reach), .hi = exp(reach), .from = LEFT, .to = RIGHT, .is_log = true};
}

static void one_interval(const struct calibration_pair *p, const struct scale *x, double y,
			 struct bl_buf *out)
{
	double lo = p->c.has_interval ? p->c.lo : p->c.ratio,
	       hi = p->c.has_interval ? p->c.hi : p->c.ratio;

	bl_buf_addf(out, "M%.1f %.1fH%.1f", scale_at(x, lo), y, scale_at(x, hi));
}

/* Those that hold "no change", in one path. */
static void quiet_intervals(const struct calibration_pair *const *sorted, size_t n,
			    const struct scale *x, double step, struct bl_buf *out)
{
	bl_buf_adds(out, "<path class=\"iv\" d=\"");
	for (size_t i = 0; i < n; i++)
		if (!sorted[i]->is_apart)
			one_interval(sorted[i], x, 6 + step * ((double)i + 0.5), out);
	bl_buf_addf(out, "\"/><path class=\"pts\" style=\"--d:%.1fpx\" d=\"",
		    fmin(6, fmax(2, step * 0.5)));
	for (size_t i = 0; i < n; i++)
		if (!sorted[i]->is_apart)
			chart_dot(out, scale_at(x, sorted[i]->c.ratio),
				  6 + step * ((double)i + 0.5));
	bl_buf_adds(out, "\"/>");
}

static void say_pair(const struct run_data *d, const struct calibration_pair *p, struct bl_buf *out)
{
	char change[PAGE_CHANGE_MAX];

	fmt_html(out, d->cells[p->a].name);
	bl_buf_adds(out, " \u2192 ");
	fmt_html(out, d->cells[p->b].name);
	bl_buf_addf(out, ": %s",
		    page_change(change, p->c.ratio, p->c.has_interval, p->c.lo, p->c.hi));
}

static void marked_intervals(const struct run_data *d, const struct calibration_row *row,
			     const struct calibration_pair *const *sorted, const struct scale *x,
			     double step, struct bl_buf *out)
{
	for (size_t i = 0; i < row->n_comparisons; i++) {
		const struct calibration_pair *p = sorted[i];
		double y = 6 + step * ((double)i + 0.5);

		if (!p->is_apart)
			continue;
		bl_buf_adds(out, "<g class=\"apart\"><title>");
		say_pair(d, p, out);
		bl_buf_adds(out, "</title><path class=\"iv\" d=\"");
		one_interval(p, x, y, out);
		bl_buf_addf(out, "\"/><circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"%s/></g>",
			    scale_at(x, p->c.ratio), y, fmin(4, fmax(2, step * 0.4)),
			    is_called(p) && !row->is_thin ? " class=\"called\"" : "");
	}
}

static void say_forest(const struct calibration_row *row, struct bl_buf *out)
{
	bl_buf_addf(out, "%s: ", page_metric(row->metric));
	if (row->n_comparisons == 1 && !row->n_apart)
		bl_buf_adds(out, "the one interval holds \u2018no change\u2019");
	else if (!row->n_apart)
		bl_buf_addf(out, "all %zu intervals hold \u2018no change\u2019",
			    row->n_comparisons);
	else if (row->n_comparisons == 1)
		bl_buf_adds(out, "the one interval leaves out \u2018no change\u2019");
	else
		bl_buf_addf(out, "%zu of %zu intervals leave%s out \u2018no change\u2019",
			    row->n_apart, row->n_comparisons, row->n_apart == 1 ? "s" : "");
	if (row->is_thin)
		return;
	if (row->n_family)
		bl_buf_addf(out, ", %zu called different", row->n_family);
	else if (row->n_apart)
		bl_buf_adds(out, ", none is called different");
}

static double size_of(const struct calibration_pair *p)
{
	return p->c.ratio > 0 ? fabs(log(p->c.ratio)) : 0;
}

/* The largest of those that leave out "no change" and are smaller than @below. */
static const struct calibration_pair *next_apart(const struct calibration_row *row, double below)
{
	const struct calibration_pair *best = NULL;

	for (size_t i = 0; i < row->n_comparisons; i++) {
		const struct calibration_pair *p = &row->pairs[i];

		if (p->is_apart && size_of(p) < below && (!best || size_of(p) > size_of(best)))
			best = p;
	}
	return best;
}

/* A few that leave out "no change", in words. */
static void name_apart(const struct run_data *d, const struct calibration_row *row,
		       struct bl_buf *out)
{
	const struct calibration_pair *p = next_apart(row, INFINITY);
	size_t named = 0;

	if (!p)
		return;
	bl_buf_adds(out, "<p class=\"said\">");
	for (; p && named < NAMED_MAX; p = next_apart(row, size_of(p))) {
		bl_buf_adds(out, named++ ? "<br>" : "");
		say_pair(d, p, out);
	}
	if (row->n_apart > named)
		bl_buf_addf(out, "<br>and %zu more", row->n_apart - named);
	bl_buf_adds(out, "</p>");
}

static void draw_forest(const struct run_data *d, const struct calibration_row *row,
			const struct calibration_pair *const *sorted, const char *title,
			struct bl_buf *out)
{
	struct scale x = ratios(row);
	size_t n = row->n_comparisons;
	double step = fmin(ROW_MAX, (double)FOREST_MAX / (double)n), bottom = 10 + step * (double)n;
	struct frame f = {.left = LEFT, .right = RIGHT, .top = 4, .bottom = bottom};
	double from = scale_at(&x, 1 / (1 + row->matters)), to = scale_at(&x, 1 + row->matters);

	chart_begin(out, "forest", WIDTH, bottom + 20, title);
	bl_buf_addf(out,
		    "<rect class=\"shade\" x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"%.1f\"/>",
		    from, to - from, bottom - 4);
	chart_x_ratio(out, &f, &x);
	quiet_intervals(sorted, n, &x, step, out);
	marked_intervals(d, row, sorted, &x, step, out);
	bl_buf_adds(out, "</svg>");
}

static void one_forest(const struct run_data *d, const struct calibration_row *row,
		       struct bl_buf *out)
{
	BL_CLEANUP(bl_freep)
	const struct calibration_pair **sorted = calloc(row->n_comparisons + 1, sizeof *sorted);
	BL_CLEANUP(bl_buf_done) struct bl_buf title = BL_BUF_INIT;

	if (!sorted) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < row->n_comparisons; i++)
		sorted[i] = &row->pairs[i];
	qsort(sorted, row->n_comparisons, sizeof *sorted, by_ratio);
	say_forest(row, &title);
	bl_buf_addf(out, "<figure class=\"small%s\"><figcaption><b>%s</b>",
		    row->is_thin ? " thin" : "", fmt_part(out, &title));
	thin_note(row, out);
	bl_buf_adds(out, "</figcaption>");
	draw_forest(d, row, sorted, fmt_part(out, &title), out);
	name_apart(d, row, out);
	bl_buf_adds(out, "</figure>\n");
}

void calibration_forests(const struct run_data *d, const struct calibration *c, size_t from,
			 size_t to, struct bl_buf *out)
{
	bl_buf_adds(out, "<div class=\"grid cards\">\n");
	for (size_t i = from; i < to; i++)
		if (c->rows[i].pairs && calibration_is_drawn(&c->rows[i]))
			one_forest(d, &c->rows[i], out);
	bl_buf_adds(out, "</div>\n");
}

/* ---- what can be seen ---- */

#define VISIBLE_W    960
#define VISIBLE_H    380
#define VISIBLE_MOST 10.0 /* ratio - 1: above it a figure sees nothing */
static const struct plot_area area = {.top = 12, .right = 220, .bottom = 52, .left = 70};

static void percent_axis(struct plot *p, double lo, double hi)
{
	struct scale s = {.lo = lo, .hi = hi, .is_log = true};
	double ticks[CHART_TICKS];
	size_t n = scale_ticks(&s, 10, ticks);

	bl_buf_addf(&p->script, "set logscale y\nset yrange [%.6g:%.6g]\nset ytics (", lo, hi);
	for (size_t i = 0; i < n; i++) {
		char text[FMT_MAX], token[24];

		snprintf(text, sizeof text, "%.4g %%", ticks[i] * 100);
		bl_buf_addf(&p->script, "%s%s %.6g", i ? ", " : "", plot_text(p, text, token),
			    ticks[i]);
	}
	bl_buf_adds(&p->script, ")\n");
}

static void visible_range(const struct calibration *c, size_t from, size_t to, double *lo,
			  double *hi)
{
	*lo = INFINITY;
	*hi = 0;
	for (size_t i = from; i < to; i++) {
		if (!calibration_is_drawn(&c->rows[i]))
			continue;
		for (size_t k = 0; k < CALIBRATION_SIZES; k++) {
			*lo = fmin(*lo, fmax(c->rows[i].visible[k], 1e-4));
			*hi = fmax(*hi, fmin(c->rows[i].visible[k], VISIBLE_MOST));
		}
	}
	*lo /= 1.25;
	*hi = fmin(fmax(*hi * 1.25, *lo * 4), VISIBLE_MOST);
}

static void visible_line(const struct calibration_row *row, struct plot *p)
{
	bl_buf_addf(&p->script, "$m%d << EOD\n", (int)row->metric);
	for (size_t k = 0; k < CALIBRATION_SIZES; k++)
		bl_buf_addf(&p->script, "%zu %.6g\n", calibration_sizes[k], row->visible[k]);
	bl_buf_adds(&p->script, "EOD\n");
}

/* The last size is the line's end. */
static struct plot_label visible_label(const struct calibration_row *row, double hi,
				       struct bl_buf *text)
{
	double v = row->visible[CALIBRATION_SIZES - 1];
	char pct[FMT_MAX];

	bl_buf_addf(text, "%s%s %s", page_metric(row->metric), row->is_thin ? " (thin)" : "",
		    page_percent(pct, v));
	return (struct plot_label){.text = bl_buf_str(text),
				   .series = (int)row->metric % PLOT_SERIES,
				   .x = (double)calibration_sizes[CALIBRATION_SIZES - 1],
				   .y = fmin(v, hi)};
}

static void say_visible(const struct calibration *c, size_t from, size_t to, struct bl_buf *out)
{
	const struct calibration_row *best = NULL, *worst = NULL;
	char a[FMT_MAX], b[FMT_MAX];

	for (size_t i = from; i < to; i++) {
		const struct calibration_row *row = &c->rows[i];

		if (row->is_thin || !calibration_is_drawn(row))
			continue;
		if (!best || row->visible[1] < best->visible[1])
			best = row;
		if (!worst || row->visible[1] > worst->visible[1])
			worst = row;
	}
	if (!best) {
		bl_buf_adds(out, "Every figure is thin: longer jobs are needed to see a change");
		return;
	}
	bl_buf_addf(out, "by itself, 8 pairs see a change of %s in %s",
		    page_percent(a, best->visible[1]), page_metric(best->metric));
	if (worst != best)
		bl_buf_addf(out, ", and of %s in %s", page_percent(b, worst->visible[1]),
			    page_metric(worst->metric));
}

static void draw_visible(const struct calibration *c, size_t from, size_t to, size_t nth,
			 const char *title, struct bl_buf *out)
{
	struct bl_buf texts[METRICS] = {0};
	struct plot_label labels[METRICS];
	size_t n = 0;
	const char *sep = "plot ";
	double lo, hi;
	struct plot p;
	char id[32], token[24];

	visible_range(c, from, to, &lo, &hi);
	snprintf(id, sizeof id, "see%zu", nth);
	plot_begin(&p, id, VISIBLE_W, VISIBLE_H);
	plot_area(&p, &area);
	bl_buf_addf(&p.script,
		    "set xrange [5.5:30.5]\nset xtics (6, 8, 12, 20, 30)\n"
		    "set xlabel %s offset 0,0.4\nset grid ytics lw 0.7 lc rgb " PLOT_GRID "\n",
		    plot_text(&p, "pairs of trials", token));
	percent_axis(&p, lo, hi);
	for (size_t i = from; i < to; i++) {
		if (!calibration_is_drawn(&c->rows[i]))
			continue;
		visible_line(&c->rows[i], &p);
		labels[n] = visible_label(&c->rows[i], hi, &texts[n]);
		n++;
	}
	plot_labels(&p, &area, lo, hi, labels, n);
	for (size_t i = from; i < to; i++) {
		const struct calibration_row *row = &c->rows[i];

		if (!calibration_is_drawn(row))
			continue;
		bl_buf_addf(&p.script,
			    "%s$m%d using 1:2 with linespoints pt 7 ps 0.5 lw %s%s lc rgb %s", sep,
			    (int)row->metric, row->is_thin ? "1" : "2", row->is_thin ? " dt 2" : "",
			    plot_series[(int)row->metric % PLOT_SERIES]);
		plot_name(&p, page_metric(row->metric));
		sep = ", ";
	}
	bl_buf_adds(&p.script, "\n");
	plot_render(&p, title,
		    "The smallest change that is called worse in four of five comparisons, on a "
		    "log scale, over the number of pairs; one line a figure. The figures are in "
		    "the table.",
		    out);
	for (size_t i = 0; i < n; i++) {
		out->failed |= bl_buf_failed(&texts[i]);
		bl_buf_done(&texts[i]);
	}
}

void calibration_visible(const struct calibration *c, size_t from, size_t to, size_t nth,
			 struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf title = BL_BUF_INIT;
	bool has_any = false;

	for (size_t i = from; i < to; i++)
		has_any |= calibration_is_drawn(&c->rows[i]);
	if (!has_any)
		return;
	say_visible(c, from, to, &title);
	bl_buf_addf(out, "<figure><figcaption><h4>%s</h4></figcaption><div class=\"scroll\">",
		    fmt_part(out, &title));
	draw_visible(c, from, to, nth, fmt_part(out, &title), out);
	bl_buf_adds(out, "</div></figure>\n");
}

/* ---- in the order in which they ran ---- */

enum { ORDER_H = 132, ORDER_LEFT = 58 };

static double half_median(const struct calibration_row *row, size_t from, size_t to)
{
	BL_CLEANUP(bl_freep) double *y = calloc(to - from + 1, sizeof *y);

	if (!y)
		return NAN;
	for (size_t i = from; i < to; i++)
		y[i - from] = row->values[i].y;
	return exp(median_of_values(y, to - from));
}

static struct scale order_range(const struct calibration_row *row, const struct frame *f)
{
	struct scale y = {.lo = INFINITY, .hi = 0, .from = f->bottom, .to = f->top, .is_log = true};
	double least = log1p(row->matters), middle;

	for (size_t i = 0; i < row->n_values; i++) {
		y.lo = fmin(y.lo, exp(row->values[i].y));
		y.hi = fmax(y.hi, exp(row->values[i].y));
	}
	middle = sqrt(y.lo * y.hi); /* noise within what matters is not blown up */
	y.lo = fmin(y.lo / 1.01, middle * exp(-least));
	y.hi = fmax(y.hi * 1.01, middle * exp(least));
	return y;
}

static void say_order(const struct calibration_row *row, struct bl_buf *out)
{
	char change[FMT_MAX];

	bl_buf_addf(out, "%s: second half %s against the first, %s", page_metric(row->metric),
		    fmt_change(&fmt_page, change, row->in_time),
		    row->is_apart_in_time ? "more than chance makes" : "within noise");
}

static void draw_half(const struct calibration_row *row, size_t from, size_t to,
		      const struct scale *x, const struct scale *y, struct bl_buf *out)
{
	double v = half_median(row, from, to);

	out->failed |= isnan(v);
	bl_buf_addf(out, "M%.1f %.1fH%.1f", scale_at(x, (double)from), scale_at(y, v),
		    scale_at(x, (double)to - 1));
}

static void one_order(const struct calibration_row *row, struct bl_buf *out)
{
	struct frame f = {.left = ORDER_LEFT, .right = RIGHT, .top = 6, .bottom = ORDER_H - 20};
	struct scale y = order_range(row, &f), x = {.lo = 0,
						    .hi = (double)row->n_values - 1,
						    .from = f.left + 5,
						    .to = f.right - 5};
	size_t half = row->n_values / 2;
	double middle = (scale_at(&x, (double)half - 1) + scale_at(&x, (double)half)) / 2;
	BL_CLEANUP(bl_buf_done) struct bl_buf title = BL_BUF_INIT;

	say_order(row, &title);
	bl_buf_addf(out, "<figure class=\"small%s\"><figcaption><b%s>%s</b>",
		    row->is_thin ? " thin" : "",
		    row->is_apart_in_time && !row->is_thin ? " class=\"bad\"" : "",
		    fmt_part(out, &title));
	bl_buf_adds(out, "</figcaption>");
	chart_begin(out, "order", WIDTH, ORDER_H, fmt_part(out, &title));
	chart_y_metric(out, &f, &y, row->metric, 4);
	bl_buf_addf(out,
		    "<path class=\"env\" d=\"M%.1f %.0fV%.0f\"/><text class=\"s\" x=\"%.0f\" "
		    "y=\"%d\">first trial</text><text class=\"e\" x=\"%.0f\" y=\"%d\">trial %zu"
		    "</text><path class=\"pts\" d=\"",
		    middle, f.top, f.bottom, f.left, ORDER_H - 5, f.right, ORDER_H - 5,
		    row->n_values);
	for (size_t i = 0; i < row->n_values; i++)
		chart_dot(out, scale_at(&x, (double)i), scale_at(&y, exp(row->values[i].y)));
	bl_buf_addf(out, "\"/><path class=\"seg%s\" d=\"",
		    row->is_apart_in_time && !row->is_thin ? " chg" : "");
	draw_half(row, 0, half, &x, &y, out);
	draw_half(row, half, row->n_values, &x, &y, out);
	bl_buf_adds(out, "\"/></svg></figure>\n");
}

void calibration_order(const struct calibration *c, size_t from, size_t to, struct bl_buf *out)
{
	bl_buf_adds(out, "<div class=\"grid cards\">\n");
	for (size_t i = from; i < to; i++)
		if (c->rows[i].n_values >= 4 && calibration_is_drawn(&c->rows[i]))
			one_order(&c->rows[i], out);
	bl_buf_adds(out, "</div>\n");
}
