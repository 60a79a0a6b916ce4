/* Depth sweep: jobs that are alike but for iodepth, throughput against p99, and the knee. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "html.h"
#include "page.h"
#include "plot.h"

enum { PLOT_W = 1040, PLOT_H = 430 };
static const struct plot_area area = {.top = 12, .right = 300, .bottom = 52, .left = 64};

bool html_has_depth(const struct view *v)
{
	return v->knees.n > 0;
}

/* The same sweep in another cell begins with the same job. */
static bool is_of(const struct knee *k, const struct knee *first)
{
	return strcmp(k->points[0].job, first->points[0].job) == 0;
}

/* Points with a p99: only they can be drawn. */
static size_t n_drawn(const struct knee *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += isfinite(k->points[i].p99_ns) && k->points[i].p99_ns > 0;
	return n;
}

static void add_cell(struct plot *p, const struct view *v, const struct knee *k)
{
	const struct knee_point *at = &k->points[k->at];
	char token[24], text[FMT_MAX];

	bl_buf_addf(&p->script, "$d%u << EOD\n", k->cell);
	for (size_t i = 0; i < k->n; i++) {
		if (isfinite(k->points[i].p99_ns))
			bl_buf_addf(&p->script, "%.6g %.6g\n", k->points[i].iops,
				    k->points[i].p99_ns);
	}
	bl_buf_addf(&p->script, "EOD\n$k%u << EOD\n", k->cell);
	if (isfinite(at->p99_ns))
		bl_buf_addf(&p->script, "%.6g %.6g\nEOD\n", at->iops, at->p99_ns);
	else
		bl_buf_adds(&p->script, "NaN NaN\nEOD\n"); /* an empty block is an error */
	/* Every cell has the same depths: once, on the reference, says it without a thicket. */
	for (size_t i = 0; k->cell == v->reference && i < k->n; i++) {
		if (!isfinite(k->points[i].p99_ns))
			continue;
		snprintf(text, sizeof(text), "%ld", k->points[i].depth);
		bl_buf_addf(&p->script, "set label %s at %.6g,%.6g offset -0.8,0.6 right\n",
			    plot_text(p, text, token), k->points[i].iops, k->points[i].p99_ns);
	}
}

static void add_iops_ticks(struct plot *p, double lo, double hi)
{
	static const double steps[] = {1, 2, 5};
	const char *sep = "set xtics (";
	char num[FMT_MAX], token[24];

	for (int e = (int)floor(log10(lo)); e <= (int)ceil(log10(hi)); e++) {
		for (size_t i = 0; i < BL_ARRAY_LEN(steps); i++) {
			double x = steps[i] * pow(10, e);

			if (x < lo || x > hi)
				continue;
			snprintf(num, sizeof(num), "%g%s", x >= 1000 ? x / 1000 : x,
				 x >= 1000 ? "k" : "");
			bl_buf_addf(&p->script, "%s%s %g", sep, plot_text(p, num, token), x);
			sep = ", ";
		}
	}
	bl_buf_adds(&p->script, *sep == ',' ? ")\n" : "");
}

struct reach {
	double lo, hi, least, most; /* p99 in ns; IOPS */
};

static void widen(struct reach *r, const struct knee *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (!isfinite(k->points[i].p99_ns))
			continue;
		r->lo = fmin(r->lo, k->points[i].p99_ns);
		r->hi = fmax(r->hi, k->points[i].p99_ns);
		r->least = fmin(r->least, k->points[i].iops);
		r->most = fmax(r->most, k->points[i].iops);
	}
}

/* The line of one cell, and its knee. */
static void add_line(const struct view *v, const struct knee *k, struct plot *p,
		     struct plot_label *label, struct bl_buf *series)
{
	const struct knee_point *last = &k->points[k->n - 1];
	int colour = v->cells[k->cell].series;

	while (last > k->points && !isfinite(last->p99_ns))
		last--;
	add_cell(p, v, k);
	plot_name(p, v->d->cells[k->cell].name);
	plot_name(p, "knee");
	*label = (struct plot_label){.text = v->d->cells[k->cell].name,
				     .series = colour,
				     .x = last->iops,
				     .y = last->p99_ns};
	bl_buf_addf(series,
		    "%s$d%u using 1:2 with linespoints pt 7 ps 0.6 lw 2 lc rgb %s, $k%u using 1:2 "
		    "with points pt 6 ps 1.5 lw 1.5 lc rgb %s",
		    series->len ? ", " : "plot ", k->cell, plot_series[colour], k->cell,
		    plot_series[colour]);
}

static void draw(const struct view *v, size_t from, struct bl_buf *out)
{
	struct plot_label labels[PLOT_SERIES];
	struct reach r = {.lo = INFINITY, .least = INFINITY};
	size_t n_labels = 0;
	BL_CLEANUP(bl_buf_done) struct bl_buf series = BL_BUF_INIT;
	struct plot p;
	char id[32];

	snprintf(id, sizeof(id), "dp%zu", from);
	plot_begin(&p, id, PLOT_W, PLOT_H);
	for (size_t i = from; i < v->knees.n; i++) {
		const struct knee *k = &v->knees.items[i];

		if (!is_of(k, &v->knees.items[from]) || v->cells[k->cell].series < 0 ||
		    n_drawn(k) < 2 || n_labels >= PLOT_SERIES)
			continue;
		widen(&r, k);
		add_line(v, k, &p, &labels[n_labels++], &series);
	}
	out->failed |= bl_buf_failed(&series);
	if (!series.len) {
		bl_buf_adds(out, "<p class=\"absent\">No cell has a p99 at two depths.</p>\n");
		plot_done(&p);
		return;
	}
	r.lo /= 1.4;
	r.hi = fmax(r.hi * 1.4, r.lo * 6);
	plot_area(&p, &area);
	bl_buf_addf(&p.script,
		    "set logscale x\nset xrange [%.6g:%.6g]\nset xlabel 'IOPS' offset 0,0.4\n"
		    "set grid xtics ytics lw 0.7 lc rgb " PLOT_GRID "\n",
		    r.least / 1.3, r.most * 1.15);
	add_iops_ticks(&p, r.least / 1.3, r.most * 1.15);
	plot_time_axis(&p, "y", r.lo, r.hi);
	plot_labels(&p, &area, r.lo, r.hi, labels, n_labels);
	bl_buf_addf(&p.script, "%s\n", fmt_part(&p.script, &series));
	plot_render(&p, "Throughput against p99 by depth",
		    "IOPS against p99 on a log scale, the points of a cell joined in order of "
		    "iodepth, the knee circled.",
		    out);
}

/* "x7.9" of a ratio, "+4 %" where it is small; absent where it is not known. */
static void add_ratio(double ratio, struct bl_buf *out)
{
	char num[FMT_MAX];

	if (isfinite(ratio) && ratio > 0)
		page_figure(out, ratio, fmt_change(&fmt_page, num, ratio));
	else
		page_no_figure(out, "not known at both depths");
}

static void knee_row(const struct view *v, const struct knee *k, struct bl_buf *out)
{
	const struct knee_point *at = &k->points[k->at];
	char num[FMT_MAX];

	bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t\">");
	html_swatch(v, k->cell, out);
	fmt_html(out, v->d->cells[k->cell].name);
	bl_buf_addf(out, "</th><td class=\"n\">%s%ld</td>", k->is_seen ? "" : "\u2265\u202f",
		    at->depth);
	page_figure(out, at->iops, fmt_sig3(&fmt_page, num, at->iops));
	page_figure(out, at->mean_ns, fmt_ns(&fmt_page, num, at->mean_ns));
	if (isfinite(at->p99_ns))
		page_figure(out, at->p99_ns, fmt_ns(&fmt_page, num, at->p99_ns));
	else
		page_no_figure(out, "too few samples for this percentile");
	if (isfinite(k->bound_depth))
		page_figure(out, k->bound_depth, fmt_sig3(&fmt_page, num, k->bound_depth));
	else
		page_no_figure(out, "no depth to begin with");
	if (k->at + 1 == k->n) {
		bl_buf_adds(out, "<td class=\"t none\" colspan=\"4\">nothing deeper was measured"
				 "</td></tr>\n");
		return;
	}
	bl_buf_addf(out, "<td class=\"n\">%ld</td>", k->points[k->n - 1].depth);
	add_ratio(k->deeper_iops_ratio, out);
	add_ratio(k->deeper_mean_ratio, out);
	add_ratio(k->deeper_p99_ratio, out);
	bl_buf_adds(out, "</tr>\n");
}

static void add_table(const struct view *v, size_t from, struct bl_buf *out)
{
	bl_buf_adds(
		out,
		"<div class=\"scroll\"><table><thead><tr><th class=\"t\">cell</th>"
		"<th>knee<small>iodepth</small></th><th>IOPS<small>there</small></th>"
		"<th>mean</th><th>p99</th><th title=\"where the least latency times the greatest "
		"throughput would be reached: below it the disk idles, above it requests "
		"queue\">bounds cross<small>iodepth</small></th><th>deepest"
		"<small>iodepth</small></th><th>IOPS<small>against the knee</small></th>"
		"<th>mean</th><th>p99</th></tr></thead><tbody>\n");
	for (size_t i = from; i < v->knees.n; i++) {
		if (is_of(&v->knees.items[i], &v->knees.items[from]))
			knee_row(v, &v->knees.items[i], out);
	}
	bl_buf_adds(out, "</tbody></table></div>\n");
}

/* The reference's knee when it has one, else the first's. */
static const struct knee *shown_of(const struct view *v, size_t from)
{
	for (size_t i = from; i < v->knees.n; i++) {
		if (v->knees.items[i].cell == v->reference &&
		    is_of(&v->knees.items[i], &v->knees.items[from]))
			return &v->knees.items[i];
	}
	return &v->knees.items[from];
}

static void one_sweep(const struct view *v, size_t from, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const struct knee *k = shown_of(v, from);

	bl_buf_adds(out, "<figure><figcaption><h4>");
	fmt_html(out, v->d->cells[k->cell].name);
	bl_buf_adds(out, ": ");
	minute_knee(k, &fmt_page, &text);
	bl_buf_addf(out, "%s</h4></figcaption><div class=\"scroll\">", fmt_part(out, &text));
	draw(v, from, out);
	bl_buf_adds(out, "</div>");
	add_table(v, from, out);
	bl_buf_adds(out, "</figure>\n");
}

/* Whether an earlier cell has the same sweep. */
static bool was_drawn(const struct view *v, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (is_of(&v->knees.items[i], &v->knees.items[at]))
			return true;
	}
	return false;
}

void html_depth(const struct view *v, struct bl_buf *out)
{
	if (!html_has_depth(v))
		return;
	bl_buf_adds(
		out,
		"<section id=\"depth\"><h2>Depth sweep</h2>\n<p class=\"note\">Throughput "
		"against p99, the points of a cell joined in order of iodepth, which stands at "
		"the points of the reference. The circle is the knee, where throughput per mean "
		"latency is greatest; beyond it latency is bought without much throughput.</p>\n");
	for (size_t i = 0; i < v->knees.n; i++) {
		if (!was_drawn(v, i))
			one_sweep(v, i, out);
	}
	bl_buf_adds(out, "</section>\n");
}
