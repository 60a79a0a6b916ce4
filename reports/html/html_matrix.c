/* The matrix: one row a cell, one table a job. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "html.h"
#include "page.h"
#include "svg.h"
#include "verdict_text.h"

/* A column of latencies: which percentile, or the maximum. */
#define COLUMN_MAX (-1)
static const int lat_columns[] = {SUMMARY_P50, SUMMARY_P99, SUMMARY_P99_9, COLUMN_MAX};
#define N_LAT BL_ARRAY_LEN(lat_columns)

static double lat_of(const struct view_row *row, int column)
{
	if (!row->sum)
		return 0;
	if (column == COLUMN_MAX)
		return (double)row->sum->all->max_ns;
	return row->p[column].is_known ? (double)row->p[column].ns : 0;
}

static struct fmt_unit unit_of(const struct view_job *job, int column)
{
	double least = INFINITY, most = 0;

	for (size_t i = 0; i < job->n_rows; i++) {
		double ns = lat_of(&job->rows[i], column);

		most = fmax(most, ns);
		if (ns > 0 && ns < least)
			least = ns;
	}
	return fmt_unit_between(&fmt_page, isfinite(least) ? least : 0, most);
}

static struct fmt_unit cpu_unit(const struct view_job *job)
{
	double least = INFINITY;

	for (size_t i = 0; i < job->n_rows; i++) {
		const struct summary *s = job->rows[i].sum;

		if (s && s->metric[METRIC_CPU_PER_IO].n)
			least = fmin(least, s->metric[METRIC_CPU_PER_IO].median);
	}
	return fmt_unit_for(&fmt_page, isfinite(least) ? least : 0);
}

static void add_heads(const struct view_job *job, struct bl_buf *out)
{
	bl_buf_adds(out, "<thead><tr><th class=\"t\">cell</th><th class=\"t\">against the "
			 "reference<small>p99</small></th>"
			 "<th>IOPS</th><th>MiB/s</th>");
	for (size_t i = 0; i < N_LAT; i++)
		bl_buf_addf(out, "<th>%s<small>%s</small></th>",
			    lat_columns[i] == COLUMN_MAX ? "max" : summary_p_names[lat_columns[i]],
			    unit_of(job, lat_columns[i]).name);
	bl_buf_addf(out,
		    "<th title=\"CPU time of the whole VM process on the host, per I/O\">CPU / I/O"
		    "<small>%s</small></th><th title=\"between trials: 1.4826 times the median "
		    "absolute deviation of p99, as a share of its median\">spread"
		    "<small>%%</small></th><th class=\"t\" data-nosort>over time</th>"
		    "<th class=\"t\">what survives<small>host power loss</small></th>"
		    "</tr></thead>\n",
		    cpu_unit(job).name);
}

static void add_lat(const struct view_job *job, const struct view_row *row, int column,
		    struct bl_buf *out)
{
	double ns = lat_of(row, column), lo = job->low_ns, hi = job->high_ns;
	bool is_thin = column != COLUMN_MAX && row->p[column].is_thin;
	const char *why = is_thin && row->p[column].is_told
				  ? "median over trials of what another program says"
				  : "fewer than 100 samples beyond it";
	double at = hi > lo ? log(ns / lo) / log(hi / lo) * 100 : 50;
	char num[FMT_MAX];

	if (ns <= 0) {
		page_no_figure(out, "too few samples for this percentile");
		return;
	}
	bl_buf_addf(
		out,
		"<td class=\"n lat\" data-v=\"%.6g\"%s%s%s>%s%s<i style=\"--at:%.1f%%\"></i></td>",
		ns, is_thin ? " title=\"" : "", is_thin ? why : "", is_thin ? "\"" : "",
		is_thin ? "~" : "", fmt_in(&fmt_page, num, ns, unit_of(job, column)), at);
}

static void add_median(const struct spread *s, double per, struct bl_buf *out)
{
	char num[FMT_MAX];

	if (s->n)
		page_figure(out, s->median, fmt_sig3(&fmt_page, num, s->median / per));
	else
		page_no_figure(out, "not measured");
}

static void add_spread(const struct spread *s, struct bl_buf *out)
{
	char num[FMT_MAX];

	if (s->n < 2) {
		page_no_figure(out, "one trial has no spread");
		return;
	}
	snprintf(num, sizeof(num), "%.*f", s->rel_mad_pct < 9.95 ? 1 : 0, s->rel_mad_pct);
	page_figure(out, s->rel_mad_pct, num);
}

static void add_verdict(const struct view *v, const struct view_row *row, double reach,
			struct bl_buf *out)
{
	const struct comparison *c = &row->ref[METRIC_P99];

	if (row->cell == v->reference) {
		bl_buf_adds(out, "<td class=\"v\" data-v=\"1\"><span class=\"chip ref\">reference"
				 "</span></td>");
		return;
	}
	bl_buf_addf(out, "<td class=\"v\" data-v=\"%.6g\">", c->n_pairs ? c->ratio : 1e9);
	html_verdict(c, reach, out);
	bl_buf_adds(out, "</td>");
}

/* Cells that promise the same share a letter, which the list under the table spells out. */
static char promise_of(const struct view *v, uint32_t cell)
{
	const char *is = v->d->cells[cell].durability;
	unsigned n = 0;

	for (uint32_t c = 0; c < cell; c++) {
		const char *other = v->d->cells[c].durability;
		bool is_first = true;

		if (strcmp(other ? other : "", is ? is : "") == 0)
			return promise_of(v, c);
		for (uint32_t k = 0; is_first && k < c; k++) {
			const char *earlier = v->d->cells[k].durability;

			is_first = strcmp(earlier ? earlier : "", other ? other : "") != 0;
		}
		n += is_first;
	}
	return (char)(n < 26 ? 'a' + n : '*');
}

/* The last clause, of the host's power loss, is the one that differs most; the head of the column
 * says which it is. */
static void add_promise(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	static const char power_loss[] = "host power loss: ";
	BL_CLEANUP(bl_buf_done) struct bl_buf clause = BL_BUF_INIT;
	const char *text = v->d->cells[cell].durability, *last;

	bl_buf_adds(out, "<td class=\"t dur\"");
	if (!text || !text[0]) {
		bl_buf_adds(out, "><span class=\"none\">not stated</span></td>");
		return;
	}
	last = strrchr(text, ';');
	last = last ? last + 1 + (last[1] == ' ') : text;
	if (strncmp(last, power_loss, strlen(power_loss)) == 0)
		last += strlen(power_loss);
	bl_buf_add(&clause, last, strcspn(last, "("));
	bl_buf_adds(out, " title=\"");
	fmt_html(out, text);
	bl_buf_addf(out, "\"><b>%c</b> ", promise_of(v, cell));
	fmt_html(out, fmt_part(out, &clause));
	bl_buf_adds(out, "</td>");
}

static void add_promises(const struct view *v, struct bl_buf *out)
{
	char next = 'a';

	bl_buf_adds(out, "<p class=\"note\">What survives:</p><ul class=\"note promises\">\n");
	for (uint32_t c = 0; c < v->d->n_cells; c++) {
		const char *text = v->d->cells[c].durability;

		if (!text || !text[0] || promise_of(v, c) != next)
			continue;
		bl_buf_addf(out, "<li><b>%c</b> ", next++);
		fmt_html(out, text);
		bl_buf_adds(out, "</li>\n");
	}
	bl_buf_adds(out, "</ul>\n");
}

static void add_name(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	const struct view_cell *c = &v->cells[cell];
	size_t n = view_n_findings(v, cell);

	bl_buf_adds(out, "<th scope=\"row\" class=\"t\"><span class=\"nm\">");
	html_swatch(v, cell, out);
	bl_buf_addf(out, "<a href=\"#cell-%u\">", cell);
	fmt_html(out, c->rec->name);
	bl_buf_adds(out, "</a></span>");
	if (n) {
		bl_buf_addf(out, "<small><a href=\"#cell-%u\">", cell);
		html_n_findings(n, out);
		bl_buf_adds(out, "</a></small>");
	}
	if (c->n_ok && c->n_ok < c->n_trials) {
		BL_CLEANUP(bl_buf_done) struct bl_buf bad = BL_BUF_INIT, why = BL_BUF_INIT;

		minute_bad(c, &bad);
		minute_reasons(v, cell, &why);
		bl_buf_adds(out, "<small class=\"bad\" title=\"");
		fmt_html(out, fmt_part(out, &why));
		bl_buf_addf(out, "\">%s of %zu trials</small>", fmt_part(out, &bad), c->n_trials);
	}
	bl_buf_adds(out, "</th>");
}

/* A cell without figures is a row that says why. */
static void add_dead(const struct view *v, const struct view_row *row, struct bl_buf *out)
{
	const struct view_cell *c = &v->cells[row->cell];
	BL_CLEANUP(bl_buf_done) struct bl_buf bad = BL_BUF_INIT, why = BL_BUF_INIT;

	minute_bad(c, &bad);
	minute_reasons(v, row->cell, &why);
	bl_buf_addf(out, "<td class=\"dead\" colspan=\"%zu\" title=\"", 6 + N_LAT);
	fmt_html(out, fmt_part(out, &why));
	bl_buf_addf(out, "\"><b>%s</b> ", c->n_trials ? fmt_part(out, &bad) : "not run");
	if (c->first_bad)
		fmt_html(out, minute_reason(c->first_bad));
	else if (!c->n_trials)
		bl_buf_adds(out, "the run ended before its first trial");
	else if (!bad.len)
		bl_buf_adds(out, "this job gave no sample in its trials");
	bl_buf_adds(out, "</td>");
	add_promise(v, row->cell, out);
}

static void add_row(const struct view *v, const struct view_job *job, const struct view_row *row,
		    struct bl_buf *out)
{
	bl_buf_addf(out, "<tr%s%s", row->cell == v->reference ? " class=\"isref\"" : "",
		    row->sum ? "" : " data-dead");
	for (size_t i = 0; i < v->n_axes; i++) {
		bl_buf_addf(out, " data-a%zu=\"", i);
		fmt_html(out, view_axis_value(v, row->cell, v->axes[i].name));
		bl_buf_addc(out, '"');
	}
	bl_buf_adds(out, ">");
	add_name(v, row->cell, out);
	if (!row->sum) {
		add_dead(v, row, out);
		bl_buf_adds(out, "</tr>\n");
		return;
	}
	add_verdict(v, row, html_verdict_reach(job), out);
	add_median(&row->sum->metric[METRIC_IOPS], 1, out);
	add_median(&row->sum->metric[METRIC_BYTES_PER_S], 1 << 20, out);
	for (size_t i = 0; i < N_LAT; i++)
		add_lat(job, row, lat_columns[i], out);
	add_median(&row->sum->metric[METRIC_CPU_PER_IO], cpu_unit(job).ns, out);
	add_spread(&row->sum->metric[METRIC_P99], out);
	bl_buf_adds(out, "<td class=\"t\">");
	svg_sparkline(job, row, out);
	bl_buf_adds(out, "</td>");
	add_promise(v, row->cell, out);
	bl_buf_adds(out, "</tr>\n");
}

static void add_filters(const struct view *v, struct bl_buf *out)
{
	if (!v->n_axes)
		return;
	bl_buf_adds(out, "<div class=\"filters\" hidden>show ");
	for (size_t i = 0; i < v->n_axes; i++) {
		bl_buf_addf(out,
			    "<label>%s <select data-axis=\"%zu\"><option value=\"\">all</option>",
			    v->axes[i].name, i);
		for (size_t k = 0; k < v->axes[i].n_values; k++) {
			bl_buf_adds(out, "<option>");
			fmt_html(out, v->axes[i].values[k]);
			bl_buf_adds(out, "</option>");
		}
		bl_buf_adds(out, "</select></label>");
	}
	bl_buf_adds(out, "</div>\n");
}

/* A program that kept no histograms told its percentiles. */
static bool has_told(const struct view_job *job)
{
	for (size_t i = 0; i < job->n_rows; i++)
		for (int k = 0; job->rows[i].sum && k < SUMMARY_PERCENTILES; k++)
			if (job->rows[i].p[k].is_told)
				return true;
	return false;
}

static void add_legend(const struct view_job *job, struct bl_buf *out)
{
	char lo[FMT_MAX], hi[FMT_MAX];

	if (job->high_ns <= 0)
		return;
	bl_buf_addf(
		out,
		"<p class=\"note\">Best p99 first. Percentiles %s; IOPS, MiB/s and CPU are medians "
		"over trials. The mark under a "
		"latency is its place between %s and %s, the least and the greatest seen, on one "
		"log scale. Over time: the slowest I/O of each slice in the typical trial, same "
		"log scale.</p>\n",
		has_told(job) ? "are medians over what was told of each ok trial, which kept no "
				"histograms"
			      : "come from the histograms of all ok trials, added",
		fmt_ns(&fmt_page, lo, job->low_ns), fmt_ns(&fmt_page, hi, job->high_ns));
}

static void add_family(const struct view *v, const struct view_job *job, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	verdict_family(v, job, &b);
	if (!b.len && !bl_buf_failed(&b))
		return;
	bl_buf_adds(out, "<p class=\"note\">Verdicts on ");
	fmt_html(out, fmt_part(out, &b));
	bl_buf_adds(out, ". The bar is the 95 % interval, the shade what would not matter.</p>\n");
}

static void add_job_text(const struct view_job *job, struct bl_buf *out)
{
	if (!job->text[0])
		return;
	bl_buf_adds(out, "<details class=\"fold\"><summary>the job</summary><pre>");
	fmt_html(out, job->text);
	bl_buf_adds(out, "</pre></details>\n");
}

/* A run none of whose jobs gave a result still lists its cells and why. */
static void add_no_jobs(const struct view *v, struct bl_buf *out)
{
	const struct view_job none = {.name = ""};

	bl_buf_adds(out, "<div class=\"scroll\"><table class=\"matrix\"><thead><tr><th class=\"t\">"
			 "cell</th><th class=\"t\" colspan=\"10\">why there are no figures</th>"
			 "<th class=\"t\">what survives<small>host power loss</small></th>"
			 "</tr></thead><tbody>\n");
	for (uint32_t c = 0; c < v->d->n_cells; c++)
		add_row(v, &none, &(struct view_row){.cell = c}, out);
	bl_buf_adds(out, "</tbody></table></div>\n");
}

void html_matrix(const struct view *v, struct bl_buf *out)
{
	bl_buf_adds(out, "<section id=\"matrix\"><h2>The matrix</h2>\n");
	add_filters(v, out);
	if (!v->n_jobs)
		add_no_jobs(v, out);
	for (size_t j = 0; j < v->n_jobs; j++) {
		const struct view_job *job = &v->jobs[j];

		html_job_begin(v, j, out);
		bl_buf_adds(out, "<div class=\"scroll\" tabindex=\"0\"><table class=\"matrix\">\n");
		add_heads(job, out);
		bl_buf_adds(out, "<tbody>\n");
		for (size_t i = 0; i < job->n_rows; i++)
			add_row(v, job, &job->rows[i], out);
		bl_buf_adds(out, "</tbody></table></div>\n");
		add_legend(job, out);
		add_family(v, job, out);
		add_job_text(job, out);
		html_job_end(out);
	}
	add_promises(v, out);
	bl_buf_adds(out, "</section>\n");
}
