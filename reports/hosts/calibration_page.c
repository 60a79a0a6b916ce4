/* The calibration page: what is called different though nothing is, and what can be seen. */
#include "calibration_page.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "calibration_report.h"
#include "cleanup.h"
#include "page.h"

#define JOBS_SAID 3

/* The rows of one job: [*to is set]. */
static size_t end_of_job(const struct calibration *c, size_t from)
{
	size_t to = from;

	while (to < c->n_rows && strcmp(c->rows[to].job, c->rows[from].job) == 0)
		to++;
	return to;
}

/* ---- head ---- */

static size_t n_without(const struct run_data *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_trials; i++)
		n += d->trials[i].state != TRIAL_OK;
	return n;
}

static void trust(const struct run_data *d, const struct calibration *c, struct lines *l)
{
	size_t bad = n_without(d);

	if (run_is_emulated(&d->run))
		lines_add(l,
			  "\001Emulated CPU (TCG)\002: this is the noise of an emulated machine; "
			  "a KVM guest on the same host has another one.");
	if (bad)
		lines_add(l, "\001%zu of %zu trials gave no figures\002 and are left out.", bad,
			  d->n_trials);
	if (!d->run.ended_ms)
		lines_add(l, "\001The run never ended\002: what is here is complete in itself.");
	if (c->n_family)
		lines_add(l,
			  "\001%zu comparisons of equal cells are called different\002 even with "
			  "all of one figure taken together: on this host and with these jobs "
			  "verdicts are not to be trusted as they are.",
			  c->n_family);
	else if (c->n_comparisons && (double)c->n_apart > 0.1 * (double)c->n_comparisons)
		lines_add(l,
			  "\001More intervals than the nominal 5 %% leave out \u2018no "
			  "change\u2019\002: %zu of %zu. Comparisons of cells share trials, so a "
			  "single odd trial may be behind several.",
			  c->n_apart, c->n_comparisons);
	for (size_t i = 0; i < d->run.notes.n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf note = BL_BUF_INIT;

		fmt_clean(&note, d->run.notes.items[i].value, 0);
		lines_add(l, "%s", bl_buf_str(&note));
		l->failed |= bl_buf_failed(&note);
	}
}

static void head(const struct run_data *d, const struct calibration *c, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines l = {0};

	page_kicker(out, "calibration: a cell against itself", d->run.scenario_name);
	page_lead(out, d->run.host_name, d->run.accel);
	bl_buf_adds(out, " \u00b7 ");
	page_time(out, d->run.started_ms);
	bl_buf_addf(out,
		    " \u00b7 <b>%zu</b> equal cells, <b>%zu</b> trials each</p>\n<p "
		    "class=\"lead\">",
		    c->n_cells, c->n_repeats);
	for (size_t i = 0; d->n_cells && i < d->cells[0].axes.n; i++) {
		bl_buf_adds(out, i ? " \u00b7 " : "");
		fmt_html(out, d->cells[0].axes.items[i].key);
		bl_buf_adds(out, " <b>");
		fmt_html(out, d->cells[0].axes.items[i].value);
		bl_buf_adds(out, "</b>");
	}
	bl_buf_adds(out, "</p>\n");
	trust(d, c, &l);
	page_trust(out, &l,
		   "<b>Nothing known limits this result</b>: every trial ran what was asked, and "
		   "no comparison of equal cells is called different.");
	bl_buf_adds(out, "</header>\n");
}

/* ---- in one minute ---- */

static void say_job(const struct calibration *c, size_t from, size_t to, struct lines *l)
{
	static const enum metric said[] = {METRIC_IOPS, METRIC_P99};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	size_t n = 0;

	for (size_t k = 0; k < BL_ARRAY_LEN(said); k++) {
		const struct calibration_row *row = calibration_find(c, c->rows[from].job, said[k]);
		char few[FMT_MAX], many[FMT_MAX];

		if (!row || row->is_thin)
			continue;
		bl_buf_addf(&text, "%s%s %s with 8 pairs and %s with 30", n++ ? ", " : "",
			    page_metric(row->metric), page_percent(few, row->visible[1]),
			    page_percent(many, row->visible[CALIBRATION_SIZES - 1]));
	}
	(void)to;
	if (n) {
		BL_CLEANUP(bl_buf_done) struct bl_buf job = BL_BUF_INIT;

		fmt_clean(&job, c->rows[from].job, 0);
		lines_add(l,
			  "\001%s\002: the smallest change that is called worse in four of five "
			  "comparisons is %s.",
			  bl_buf_str(&job), bl_buf_str(&text));
		l->failed |= bl_buf_failed(&job);
	}
	l->failed |= bl_buf_failed(&text);
}

static void minute(const struct calibration *c, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	BL_CLEANUP(lines_done) struct lines l = {0};
	size_t jobs = 0;

	calibration_sentences(c, &said);
	for (const char *at = bl_buf_str(&said), *end; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		lines_add(&l, "%.*s", (int)(end - at), at);
	}
	l.failed |= bl_buf_failed(&said);
	for (size_t i = 0, to; i < c->n_rows && jobs < JOBS_SAID; i = to, jobs++) {
		to = end_of_job(c, i);
		say_job(c, i, to, &l);
	}
	page_minute(out, &l);
}

/* ---- sections ---- */

static void job_name(const struct calibration *c, size_t from, size_t n_jobs, struct bl_buf *out)
{
	if (n_jobs < 2)
		return;
	bl_buf_adds(out, "<h3 class=\"jobname\">");
	fmt_html(out, c->rows[from].job);
	bl_buf_adds(out, "</h3>\n");
}

static size_t count_jobs(const struct calibration *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_rows; i = end_of_job(c, i))
		n++;
	return n;
}

static void forests(const struct run_data *d, const struct calibration *c, struct bl_buf *out)
{
	bl_buf_adds(
		out,
		"<section id=\"alarms\"><h2>Every comparison of two equal cells</h2>\n<p "
		"class=\"note\">A line is the exact 95 % interval of one comparison, a dot its "
		"estimate, sorted. Nothing differs, so a line that leaves out \u2018equal\u2019 "
		"(<b class=\"mk\">marked</b>; filled: also called better or worse) is chance. "
		"Inside the shade a difference would not matter.</p>\n");
	for (size_t i = 0, to; i < c->n_rows; i = to) {
		to = end_of_job(c, i);
		job_name(c, i, count_jobs(c), out);
		calibration_forests(d, c, i, to, out);
	}
	bl_buf_adds(out, "</section>\n");
}

static void visible(const struct calibration *c, struct bl_buf *out)
{
	size_t nth = 0;

	bl_buf_adds(out,
		    "<section id=\"seen\"><h2>How small a change can be seen</h2>\n<p "
		    "class=\"note\">A change so large for the worse is called worse in four of "
		    "five comparisons with that many pairs, by the noise that this run had and by "
		    "itself: corrected among many comparisons it must be larger. It is "
		    "never less than the change that matters. Dashed: a thin percentile, of which "
		    "no verdict is made.</p>\n");
	for (size_t i = 0, to; i < c->n_rows; i = to) {
		to = end_of_job(c, i);
		job_name(c, i, count_jobs(c), out);
		calibration_visible(c, i, to, nth++, out);
	}
	bl_buf_adds(out, "</section>\n");
}

static void order(const struct calibration *c, struct bl_buf *out)
{
	bl_buf_adds(out,
		    "<section id=\"drift\"><h2>While the run went on</h2>\n<p class=\"note\">Each "
		    "dot is a trial, in the order in which they ran, whatever cell it is of; the "
		    "lines are the medians of the first and the second half. What moves here "
		    "would be called a difference if one cell had run before the other; in blocks "
		    "it cancels.</p>\n");
	for (size_t i = 0, to; i < c->n_rows; i = to) {
		to = end_of_job(c, i);
		job_name(c, i, count_jobs(c), out);
		calibration_order(c, i, to, out);
	}
	bl_buf_adds(out, "</section>\n");
}

/* ---- the table ---- */

static void pct_cell(double share, struct bl_buf *out)
{
	char text[FMT_MAX];

	page_figure(out, share, page_percent(text, share));
}

static void table_row(const struct calibration_row *row, struct bl_buf *out)
{
	char text[FMT_MAX];

	bl_buf_addf(out, "<tr%s><th scope=\"row\" class=\"t\">%s%s</th>",
		    row->is_thin ? " class=\"calm\"" : "", page_metric(row->metric),
		    row->is_thin ? " <small>thin</small>" : "");
	snprintf(text, sizeof text, "%zu of %zu", row->n_apart, row->n_comparisons);
	page_figure(out, (double)row->n_apart, text);
	snprintf(text, sizeof text, "%zu", row->n_family);
	page_figure(out, (double)row->n_family, text);
	pct_cell(expm1(row->sd), out);
	pct_cell(row->floor, out);
	for (size_t i = 0; i < CALIBRATION_SIZES; i++)
		pct_cell(row->visible[i], out);
	snprintf(text, sizeof text, "%s%.2f", row->r1 < 0 ? "\u2212" : "", fabs(row->r1));
	page_figure(out, row->r1, text);
	fmt_change(&fmt_page, text, row->in_time);
	bl_buf_addf(out, "<td class=\"n%s\" data-v=\"%.6g\">%s</td></tr>\n",
		    row->is_apart_in_time && !row->is_thin ? " bad" : "", row->in_time, text);
}

static void table(const struct calibration *c, struct bl_buf *out)
{
	bl_buf_adds(out, "<section id=\"table\"><h2>All figures</h2>\n");
	for (size_t i = 0, to; i < c->n_rows; i = to) {
		to = end_of_job(c, i);
		bl_buf_adds(out, "<h3 class=\"jobname\">");
		fmt_html(out, c->rows[i].job);
		bl_buf_adds(out, "</h3>\n<div class=\"scroll\"><table><thead><tr><th class=\"t\">"
				 "</th><th>leave out<br>\u2018no change\u2019</th><th>called<br>"
				 "different</th><th>noise of<br>a pair</th><th>estimates<br>lie "
				 "within</th>");
		for (size_t k = 0; k < CALIBRATION_SIZES; k++)
			bl_buf_addf(out, "<th>seen with<br>%zu pairs</th>", calibration_sizes[k]);
		bl_buf_adds(out, "<th>like the trial<br>before</th><th>second half<br>to first"
				 "</th></tr></thead><tbody>\n");
		for (size_t k = i; k < to; k++)
			table_row(&c->rows[k], out);
		bl_buf_adds(out, "</tbody></table></div>\n");
	}
	bl_buf_adds(out,
		    "<p class=\"note\">Noise of a pair: robust standard deviation of the ratio of "
		    "two trials of one block. Estimates lie within: 95 % of comparisons with the "
		    "pairs of this run are off by less; <code>blklab compare --calibration</code> "
		    "takes it as the least that counts. Like the trial before: lag-1 "
		    "autocorrelation; 0 is none.</p>\n</section>\n");
}

static void method(const struct run_data *d, struct bl_buf *out)
{
	bl_buf_adds(out,
		    "<section id=\"method\"><h2>How it was measured</h2>\n<p class=\"note\">One "
		    "cell of the scenario ran as several, in blocks that hold each once, in random "
		    "order. Every two of them were compared as any two cells are: per block, on "
		    "the log scale, Hodges and Lehmann\u2019s estimate with the exact interval of "
		    "Wilcoxon\u2019s signed ranks. What n pairs can see is asked of the log ratios "
		    "themselves, drawn again and again with random sign.</p>\n<details "
		    "class=\"fold\"><summary>the environment</summary>\n");
	if (d->run.environment.n)
		page_facts(&d->run.environment, out);
	else
		bl_buf_adds(out, "<p class=\"absent\">The run kept no environment.</p>\n");
	bl_buf_adds(out, "</details>\n<p class=\"note\">The same for programs: <code>blklab "
			 "calibrate --run ");
	bl_buf_addf(out, "%.13s --json</code></p>\n</section>\n", d->run.id);
}

int report_calibration_page(const struct run_data *d, const struct calibration *c,
			    struct bl_buf *out, struct bl_err *err)
{
	static const struct page_link links[] = {{"alarms", "Comparisons"},
						 {"seen", "What can be seen"},
						 {"drift", "While it ran"},
						 {"table", "All figures"},
						 {"method", "Method"}};
	BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;

	bl_buf_addf(&name, "%s: calibration", d->run.scenario_name);
	page_begin(out, fmt_part(out, &name), d->run.host_name, asset_pages_css, false);
	head(d, c, out);
	page_nav(out, links, BL_ARRAY_LEN(links));
	bl_buf_adds(out, "<main>\n");
	minute(c, out);
	forests(d, c, out);
	visible(c, out);
	order(c, out);
	table(c, out);
	method(d, out);
	page_end(out, false);
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}
