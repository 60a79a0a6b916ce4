/* Depth sweep: jobs that are alike but for iodepth, throughput against p99. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "html.h"
#include "plot.h"

enum { PLOT_W = 1040, PLOT_H = 430, DEPTHS_MAX = 32 };
static const struct plot_area area = {.top = 12, .right = 300, .bottom = 52, .left = 64};

struct point {
	long depth;
	double iops, p99_ns;
};

/* The job's text without its name and its iodepth: what must be alike. */
static void essence(const char *text, struct bl_buf *out)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		if (*text != '[' && strncmp(text, "iodepth=", 8) != 0 &&
		    strncmp(text, "stonewall", 9) != 0)
			bl_buf_add(out, text, n + (text[n] == '\n'));
		text += n + (text[n] == '\n');
	}
}

static bool are_alike(const struct view_job *a, const struct view_job *b)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf ta = BL_BUF_INIT, tb = BL_BUF_INIT;

	if (!a->text[0] || !b->text[0])
		return false;
	essence(a->text, &ta);
	essence(b->text, &tb);
	return strcmp(bl_buf_str(&ta), bl_buf_str(&tb)) == 0;
}

static int by_depth(const void *pa, const void *pb)
{
	const struct point *a = pa, *b = pb;

	return a->depth < b->depth ? -1 : a->depth > b->depth;
}

static size_t points_of(const struct view *v, const size_t *jobs, size_t n_jobs, uint32_t cell,
			struct point *out)
{
	size_t n = 0;

	for (size_t i = 0; i < n_jobs; i++) {
		const struct view_job *job = &v->jobs[jobs[i]];
		const struct view_row *row = view_row_of(job, cell);

		if (!row || !row->sum || !row->p[SUMMARY_P99].is_known)
			continue;
		out[n++] = (struct point){view_job_option(job->text, "iodepth", 1),
					  row->sum->metric[METRIC_IOPS].median,
					  (double)row->p[SUMMARY_P99].ns};
	}
	qsort(out, n, sizeof(*out), by_depth);
	return n;
}

/* Kleinrock's power: the most throughput per latency ("Power and deterministic rules of thumb for
 * probabilistic problems in computer communications", 1979). */
static size_t knee_of(const struct point *p, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++) {
		if (p[i].iops / p[i].p99_ns > p[best].iops / p[best].p99_ns)
			best = i;
	}
	return best;
}

static void add_cell(struct plot *p, const struct view *v, uint32_t cell, const struct point *pt,
		     size_t n)
{
	size_t knee = knee_of(pt, n);
	char token[24], text[FMT_MAX];

	bl_buf_addf(&p->script, "$d%u << EOD\n", cell);
	for (size_t i = 0; i < n; i++)
		bl_buf_addf(&p->script, "%.6g %.6g\n", pt[i].iops, pt[i].p99_ns);
	bl_buf_addf(&p->script, "EOD\n$k%u << EOD\n%.6g %.6g\nEOD\n", cell, pt[knee].iops,
		    pt[knee].p99_ns);
	/* Every cell has the same depths: once, on the reference, says it without a thicket. */
	for (size_t i = 0; cell == v->reference && i < n; i++) {
		snprintf(text, sizeof(text), "%ld", pt[i].depth);
		bl_buf_addf(&p->script, "set label %s at %.6g,%.6g offset -0.8,0.6 right\n",
			    plot_text(p, text, token), pt[i].iops, pt[i].p99_ns);
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

static void draw(const struct view *v, const size_t *jobs, size_t n_jobs, struct bl_buf *out)
{
	struct plot_label labels[PLOT_SERIES];
	double lo = INFINITY, hi = 0, least = INFINITY, most = 0;
	size_t n_labels = 0;
	BL_CLEANUP(bl_buf_done) struct bl_buf series = BL_BUF_INIT;
	struct point pt[DEPTHS_MAX];
	struct plot p;
	char id[32];

	snprintf(id, sizeof(id), "dp%zu", jobs[0]);
	plot_begin(&p, id, PLOT_W, PLOT_H);
	for (uint32_t c = 0; c < v->d->n_cells; c++) {
		size_t n = v->cells[c].series < 0 ? 0 : points_of(v, jobs, n_jobs, c, pt);

		if (n < 2)
			continue;
		add_cell(&p, v, c, pt, n);
		for (size_t i = 0; i < n; i++) {
			lo = fmin(lo, pt[i].p99_ns);
			hi = fmax(hi, pt[i].p99_ns);
			least = fmin(least, pt[i].iops);
			most = fmax(most, pt[i].iops);
		}
		plot_name(&p, v->d->cells[c].name);
		plot_name(&p, "knee");
		if (n_labels < PLOT_SERIES)
			labels[n_labels++] = (struct plot_label){
				.text = v->d->cells[c].name,
				.series = v->cells[c].series,
				.x = pt[n - 1].iops,
				.y = pt[n - 1].p99_ns,
			};
		bl_buf_addf(&series,
			    "%s$d%u using 1:2 with linespoints pt 7 ps 0.6 lw 2 lc rgb %s, "
			    "$k%u using 1:2 with points pt 6 ps 1.5 lw 1.5 lc rgb %s",
			    series.len ? ", " : "plot ", c, plot_series[v->cells[c].series], c,
			    plot_series[v->cells[c].series]);
	}
	out->failed |= bl_buf_failed(&series);
	if (!series.len) {
		bl_buf_adds(out, "<p class=\"absent\">No cell has a p99 at two depths.</p>\n");
		plot_done(&p);
		return;
	}
	lo /= 1.4;
	hi = fmax(hi * 1.4, lo * 6);
	plot_area(&p, &area);
	bl_buf_addf(&p.script,
		    "set logscale x\nset xrange [%.6g:%.6g]\nset xlabel 'IOPS' offset 0,0.4\n"
		    "set grid xtics ytics lw 0.7 lc rgb " PLOT_GRID "\n",
		    least / 1.3, most * 1.15);
	add_iops_ticks(&p, least / 1.3, most * 1.15);
	plot_time_axis(&p, "y", lo, hi);
	plot_labels(&p, &area, lo, hi, labels, n_labels);
	bl_buf_addf(&p.script, "%s\n", fmt_part(&p.script, &series));
	plot_render(&p, "Throughput against p99 by depth",
		    "IOPS against p99 on a log scale, the points of a cell joined in order of "
		    "iodepth, the knee circled.",
		    out);
}

static void one_sweep(const struct view *v, const size_t *jobs, size_t n, struct bl_buf *out)
{
	struct point pt[DEPTHS_MAX];
	size_t k = points_of(v, jobs, n, v->reference, pt);
	char a[FMT_MAX], b[FMT_MAX];

	bl_buf_adds(out, "<figure><figcaption><h4>");
	if (k > 1) {
		const struct point *knee = &pt[knee_of(pt, k)];

		fmt_html(out, v->d->cells[v->reference].name);
		bl_buf_addf(out,
			    ": most throughput per latency at depth %ld, %s IOPS with a p99 of "
			    "%s",
			    knee->depth, fmt_sig3(&fmt_page, a, knee->iops),
			    fmt_ns(&fmt_page, b, knee->p99_ns));
	} else {
		bl_buf_adds(out, "The reference was not measured at two depths");
	}
	bl_buf_adds(out, "</h4></figcaption><div class=\"scroll\">");
	draw(v, jobs, n, out);
	bl_buf_adds(out, "</div></figure>\n");
}

void html_depth(const struct view *v, struct bl_buf *out)
{
	bool *is_used = calloc(v->n_jobs + 1, sizeof(*is_used));
	bool is_begun = false;

	for (size_t j = 0; is_used && j < v->n_jobs; j++) {
		size_t group[DEPTHS_MAX] = {j}, n = 1;

		for (size_t k = j + 1; !is_used[j] && k < v->n_jobs && n < DEPTHS_MAX; k++) {
			if (!is_used[k] && are_alike(&v->jobs[j], &v->jobs[k])) {
				is_used[k] = true;
				group[n++] = k;
			}
		}
		if (n < 2)
			continue;
		if (!is_begun)
			bl_buf_adds(out,
				    "<section id=\"depth\"><h2>Depth sweep</h2>\n<p "
				    "class=\"note\">Throughput against p99, the points of a cell "
				    "joined in order of "
				    "iodepth, which stands at the points of the reference. The "
				    "circle is the knee, where throughput per latency is "
				    "greatest.</p>\n");
		is_begun = true;
		one_sweep(v, group, n, out);
	}
	if (is_begun)
		bl_buf_adds(out, "</section>\n");
	out->failed |= !is_used;
	free(is_used);
}
