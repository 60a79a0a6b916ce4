/* Where it goes: for each job and cell a waterfall from the engine to the device, what each layer
 * saw, and what CPU time it took. The bill of the steps between cells is html_bill.c. */
#include <math.h>
#include <string.h>

#include "budget_text.h"
#include "cleanup.h"
#include "html.h"
#include "page.h"
#include "svg.h"

bool html_has_layers(const struct view_row *row)
{
	return row->seen && budget_is_told(row->seen->layers);
}

/* One scale for all cells of a job and direction, so that they can be compared by eye. */
static double scale_of(const struct view_job *job, int dir)
{
	double most = 0;

	for (size_t i = 0; i < job->n_rows; i++) {
		const struct job_analysis *a = job->rows[i].seen;

		if (a && a->budget.dir[dir].has)
			most = fmax(most, a->budget.dir[dir].total_ns);
	}
	return most;
}

/* The engine keeps a histogram of its own, finer than the others'. */
static bool percentile_at(const struct job_analysis *a, int l, int dir, double p, double *ret_ns)
{
	const struct sample *s = a->j->sample;
	struct pct known;

	if (l != LAYER_AT_ENGINE)
		return layer_percentile(&a->layers[l].dir[dir], p, ret_ns);
	known = lat_pct(s ? s->dir[dir].lat : NULL, p);
	*ret_ns = (double)known.ns;
	return known.is_known;
}

static void layer_row(const struct job_analysis *a, int l, int dir, double n_engine,
		      struct bl_buf *out)
{
	static const double ps[] = {50, 99, 99.9};
	const struct layer_dir *s = &a->layers[l].dir[dir];
	char num[FMT_MAX];

	bl_buf_addf(out, "<tr><th scope=\"row\" class=\"t\" title=\"");
	fmt_html(out, a->layers[l].source);
	bl_buf_addf(out, "\">%s</th>", layer_at_names[l]);
	if (!s->has) {
		bl_buf_adds(out, "<td class=\"t long none\" colspan=\"5\">");
		fmt_html(out, a->layers[l].absent[0] ? a->layers[l].absent
						     : "nothing of this direction");
		bl_buf_adds(out, "</td></tr>\n");
		return;
	}
	bl_buf_addf(out, "<td class=\"n%s\">%s</td>", budget_is_apart(s->n, n_engine) ? " bad" : "",
		    fmt_sig3(&fmt_page, num, s->n));
	bl_buf_addf(out, "<td class=\"n\">%s</td>", fmt_ns(&fmt_page, num, s->mean_ns));
	for (size_t i = 0; i < BL_ARRAY_LEN(ps); i++) {
		double ns;

		if (percentile_at(a, l, dir, ps[i], &ns))
			bl_buf_addf(out, "<td class=\"n\">%s</td>", fmt_ns(&fmt_page, num, ns));
		else
			page_no_figure(out, s->n_bounds || l == LAYER_AT_ENGINE
						    ? "too few samples for this percentile"
						    : "this layer keeps no histogram");
	}
	bl_buf_adds(out, "</tr>\n");
}

static void layer_table(const struct job_analysis *a, int dir, struct bl_buf *out)
{
	bl_buf_addf(out,
		    "<div class=\"scroll\"><table class=\"layers\"><thead><tr><th class=\"t\">seen "
		    "by</th><th>%s</th><th>mean</th><th>p50</th><th>p99</th><th>p99.9</th></tr>"
		    "</thead><tbody>\n",
		    budget_dir_plurals[dir]);
	for (int l = 0; l < LAYER_ATS; l++)
		layer_row(a, l, dir, a->layers[LAYER_AT_ENGINE].dir[dir].n, out);
	bl_buf_adds(out, "</tbody></table></div>\n");
}

static void one_direction(const struct view_job *job, const struct job_analysis *a, int dir,
			  bool is_host, struct bl_buf *out)
{
	const struct budget_dir *b = &a->budget.dir[dir];
	BL_CLEANUP(bl_buf_done) struct bl_buf title = BL_BUF_INIT;

	if (!b->has)
		return;
	budget_title(b, dir, is_host, &fmt_page, &title);
	bl_buf_addf(out, "<p class=\"dirname\">%s</p>\n", fmt_part(out, &title));
	svg_waterfall(b, scale_of(job, dir), is_host, bl_buf_str(&title), out);
	if (b->warning[0]) {
		bl_buf_adds(out, "<p class=\"warned\">");
		fmt_html(out, b->warning);
		bl_buf_adds(out, "</p>\n");
	}
	layer_table(a, dir, out);
}

static void one_cell(const struct view *v, size_t j, const struct view_row *row, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf cpu = BL_BUF_INIT;
	const struct job_analysis *a = row->seen;

	bl_buf_addf(out, "<figure class=\"small\" id=\"layers-%zu-%u\"><figcaption>", j, row->cell);
	html_swatch(v, row->cell, out);
	bl_buf_adds(out, "<b>");
	fmt_html(out, v->d->cells[row->cell].name);
	bl_buf_addf(out, "</b> <span>trial %u</span></figcaption>\n", row->typical_repeat + 1);
	for (int d = 0; d < IO_DIRS; d++)
		one_direction(&v->jobs[j], a, d, v->cells[row->cell].is_host, out);
	budget_cpu(a, &fmt_page, &cpu);
	if (cpu.len || bl_buf_failed(&cpu)) {
		bl_buf_adds(out, "<p class=\"costs\">");
		fmt_html(out, fmt_part(out, &cpu));
		bl_buf_adds(out, "</p>\n");
	}
	bl_buf_adds(out, "</figure>\n");
}

static bool has_any(const struct view_job *job)
{
	for (size_t i = 0; i < job->n_rows; i++) {
		if (html_has_layers(&job->rows[i]))
			return true;
	}
	return false;
}

static void one_job(const struct view *v, size_t j, struct bl_buf *out)
{
	const struct view_job *job = &v->jobs[j];

	bl_buf_adds(out, "<div class=\"grid wider\">\n");
	for (size_t i = 0; i < job->n_rows; i++) {
		if (html_has_layers(&job->rows[i]))
			one_cell(v, j, &job->rows[i], out);
	}
	bl_buf_adds(out, "</div>\n");
	if (!has_any(job))
		bl_buf_adds(out, "<p class=\"absent\">Of this job only the engine's own times "
				 "are known.</p>\n");
	html_bill(v, j, out);
}

void html_layers(const struct view *v, struct bl_buf *out)
{
	bool is_any = false;

	for (size_t j = 0; j < v->n_jobs; j++)
		is_any |= has_any(&v->jobs[j]);
	if (!is_any) {
		html_absent(out, "layers", "Where it goes",
			    "Layers between the engine and the device were not measured in this "
			    "run, so there is no latency budget to show.");
		return;
	}
	bl_buf_adds(
		out,
		"<section id=\"layers\"><h2>Where it goes</h2>\n<p class=\"note\">The mean time "
		"of a request from the engine down to the device, in one trial a cell, the one "
		"whose p99 is the median. Each bar begins where the one above it ends; the "
		"cells of a job share a scale. Under it what each layer saw: how many, and for "
		"how long from there to completion. Percentiles stand side by side and are "
		"never subtracted: the slowest request of one layer need not be the slowest of "
		"another.</p>\n");
	for (size_t j = 0; j < v->n_jobs; j++) {
		html_job_begin(v, j, out);
		one_job(v, j, out);
		html_job_end(out);
	}
	bl_buf_adds(out, "</section>\n");
}
