/* Percentile curves: latency over nines, one line a cell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "html.h"
#include "plot.h"

enum { PLOT_W = 1040, PLOT_H = 430 };
static const struct plot_area area = {.top = 12, .right = 300, .bottom = 52, .left = 64};
#define FIRST_NINES 0.30103 /* p50 */
#define NINES_STEP  0.04

struct curve {
	const struct view_row *row;
	double end_x, end_ns; /* the last point with 100 samples beyond it */
};

/* 90 % is one nine, 99.9 % three. */
static double percent_at(double nines)
{
	return 100 * (1 - pow(10, -nines));
}

static bool curve_make(const struct view_row *row, struct curve *ret)
{
	uint64_t n = row->sum ? row->sum->all->n : 0, ns;
	double end = n ? log10((double)n / 100) : 0;

	if (end < FIRST_NINES + NINES_STEP ||
	    !hist_percentile(&row->sum->all->hist, percent_at(end), &ns))
		return false;
	*ret = (struct curve){.row = row, .end_x = end, .end_ns = (double)ns};
	return true;
}

static void add_data(const struct curve *c, size_t i, struct plot *p)
{
	const struct hist *h = &c->row->sum->all->hist;
	uint64_t ns;

	bl_buf_addf(&p->script, "$c%zu << EOD\n", i);
	for (double x = FIRST_NINES; x < c->end_x; x += NINES_STEP) {
		if (hist_percentile(h, percent_at(x), &ns))
			bl_buf_addf(&p->script, "%.4f %.6g\n", x, (double)ns);
	}
	bl_buf_addf(&p->script, "%.4f %.6g\nEOD\n", c->end_x, c->end_ns);
}

/* The percentile at which the cells lie furthest apart, as the title. */
static void add_title(const struct view *v, const struct view_job *job, struct bl_buf *out)
{
	double widest = 1;
	const struct view_row *low = NULL, *high = NULL;
	int at = -1;
	char a[FMT_MAX], b[FMT_MAX], c[FMT_MAX];

	for (int p = 0; p < SUMMARY_PERCENTILES; p++) {
		const struct view_row *min = NULL, *max = NULL;

		for (size_t i = 0; i < job->n_rows; i++) {
			const struct view_row *r = &job->rows[i];

			if (!r->sum || !r->p[p].is_known || r->p[p].is_thin || !r->p[p].ns ||
			    v->cells[r->cell].is_host)
				continue;
			if (!min || r->p[p].ns < min->p[p].ns)
				min = r;
			if (!max || r->p[p].ns > max->p[p].ns)
				max = r;
		}
		if (min && (double)max->p[p].ns / (double)min->p[p].ns > widest) {
			widest = (double)max->p[p].ns / (double)min->p[p].ns;
			low = min;
			high = max;
			at = p;
		}
	}
	if (at < 0) {
		bl_buf_adds(out, "Latency over percentiles");
		return;
	}
	bl_buf_addf(out, "The cells lie furthest apart at %s: %s in %s, %s in %s",
		    summary_p_names[at], fmt_ns(&fmt_page, a, (double)low->p[at].ns),
		    v->d->cells[low->cell].name, fmt_ns(&fmt_page, b, (double)high->p[at].ns),
		    v->d->cells[high->cell].name);
	bl_buf_addf(out, " (%s%s)", fmt_page.times, fmt_sig3(&fmt_page, c, widest));
}

static void add_frame(struct plot *p, double lo, double hi, double end)
{
	static const char *const nines[] = {"50 %%",    "90 %%",     "99 %%",     "99.9 %%",
					    "99.99 %%", "99.999 %%", "99.9999 %%"};

	plot_area(p, &area);
	bl_buf_addf(&p->script,
		    "set xrange [%.4f:%.4f]\nset xlabel 'share of I/Os that were faster' offset "
		    "0,0.4\nset grid xtics ytics lw 0.7 lc rgb " PLOT_GRID "\nset xtics (",
		    FIRST_NINES, end);
	for (int i = 0; i < (int)BL_ARRAY_LEN(nines) && (i == 0 || i <= end + 0.001); i++)
		bl_buf_addf(&p->script, "%s'%s' %g", i ? ", " : "", nines[i],
			    i ? (double)i : FIRST_NINES);
	bl_buf_adds(&p->script, ")\n");
	plot_time_axis(p, "y", lo, hi);
}

static void draw(const struct view *v, size_t j, struct curve *curves, size_t n, const char *title,
		 struct bl_buf *out)
{
	struct plot_label labels[PLOT_SERIES];
	double lo = INFINITY, hi = 0, end = 0;
	size_t n_labels = 0;
	const char *sep = "plot ";
	struct plot p;
	uint64_t ns;
	char id[32];

	for (size_t i = 0; i < n; i++) {
		if (hist_percentile(&curves[i].row->sum->all->hist, 50, &ns))
			lo = fmin(lo, fmax((double)ns, 1));
		hi = fmax(hi, curves[i].end_ns);
		end = fmax(end, curves[i].end_x);
	}
	lo /= 1.2;
	hi = fmax(hi * 1.2, lo * 6);
	snprintf(id, sizeof(id), "pc%zu", j);
	plot_begin(&p, id, PLOT_W, PLOT_H);
	add_frame(&p, lo, hi, end);
	for (size_t i = 0; i < n; i++) {
		const struct view_cell *c = &v->cells[curves[i].row->cell];

		add_data(&curves[i], i, &p);
		if (c->series >= 0 && n_labels < PLOT_SERIES)
			labels[n_labels++] = (struct plot_label){
				.text = c->rec->name,
				.series = c->series,
				.x = curves[i].end_x,
				.y = curves[i].end_ns,
			};
	}
	plot_labels(&p, &area, lo, hi, labels, n_labels);
	/* Grey ones first, the best on top. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = n; i-- > 0;) {
			const struct view_cell *c = &v->cells[curves[i].row->cell];

			if ((c->series >= 0) != pass)
				continue;
			bl_buf_addf(&p.script, "%s$c%zu using 1:2 with lines lw %s lc rgb %s", sep,
				    i, pass ? "2" : "1", pass ? plot_series[c->series] : PLOT_GREY);
			plot_name(&p, c->rec->name);
			sep = ", ";
		}
	}
	bl_buf_adds(&p.script, "\n");
	plot_render(&p, title,
		    "Latency on a log scale over the share of I/Os that were faster, on a scale of "
		    "nines, one line a cell. The figures are in the matrix.",
		    out);
}

static void one_job(const struct view *v, size_t j, struct bl_buf *out)
{
	const struct view_job *job = &v->jobs[j];
	struct curve *curves = calloc(job->n_rows + 1, sizeof(*curves));
	BL_CLEANUP(bl_buf_done) struct bl_buf title = BL_BUF_INIT;
	size_t n = 0;

	if (!curves) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < job->n_rows; i++)
		n += curve_make(&job->rows[i], &curves[n]);
	if (!n) {
		bl_buf_adds(out,
			    "<p class=\"absent\">No cell has the samples for a curve: 100 must "
			    "lie beyond its last point.</p>\n");
		free(curves);
		return;
	}
	add_title(v, job, &title);
	bl_buf_adds(out, "<figure><figcaption><h4>");
	fmt_html(out, fmt_part(out, &title));
	bl_buf_adds(out, "</h4></figcaption><div class=\"scroll\">");
	draw(v, j, curves, n, fmt_part(out, &title), out);
	bl_buf_adds(out, "</div></figure>\n");
	free(curves);
}

void html_curves(const struct view *v, struct bl_buf *out)
{
	if (!v->n_jobs) {
		html_absent(out, "curves", "Percentile curves", "No job gave a sample.");
		return;
	}
	bl_buf_addf(out,
		    "<section id=\"curves\"><h2>Percentile curves</h2>\n<p class=\"note\">"
		    "A line ends where fewer than 100 samples remain beyond it.%s</p>\n",
		    v->d->n_cells > 8
			    ? " The reference and the best seven have a colour; the others "
			      "are grey, and every line says its name under the pointer."
			    : "");
	for (size_t j = 0; j < v->n_jobs; j++) {
		html_job_begin(v, j, out);
		one_job(v, j, out);
		html_job_end(out);
	}
	bl_buf_adds(out, "</section>\n");
}
