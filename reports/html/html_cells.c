/* Each cell: what was asked and what ran, every trial, its evidence. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "html.h"
#include "page.h"
#include "job_steady.h"
#include "svg.h"
#include "timing.h"

static void effective_row(const struct effective *e, struct bl_buf *out)
{
	bl_buf_addf(out, "<tr%s><th scope=\"row\" class=\"t\">",
		    e->matches ? "" : " class=\"differs\"");
	fmt_html(out, e->key);
	bl_buf_adds(out, "</th><td class=\"t\">");
	if (e->asked)
		fmt_html(out, e->asked);
	else
		bl_buf_adds(out, "<span class=\"none\">not asked</span>");
	bl_buf_adds(out, "</td><td class=\"t\">");
	if (e->effective)
		fmt_html(out, e->effective);
	else
		bl_buf_adds(out, "<span class=\"none\">could not be read</span>");
	bl_buf_addf(out, "%s</td><td class=\"t src\">",
		    e->matches ? "" : " <b class=\"bad\">differs</b>");
	fmt_html(out, e->source ? e->source : "");
	bl_buf_adds(out, "</td></tr>\n");
}

static void add_config(uint32_t cell, const struct view_cell *c, struct bl_buf *out)
{
	const struct trial_record *t = c->proof;

	bl_buf_addf(out, "<h4 id=\"config-%u\">Asked and effective</h4>\n", cell);
	if (!t) {
		bl_buf_adds(out, "<p class=\"absent\">No trial got far enough to read back what "
				 "runs.</p>\n");
		return;
	}
	bl_buf_adds(out, "<div class=\"scroll\"><table class=\"config\"><thead><tr><th class=\"t\">"
			 "property</th><th class=\"t\">asked</th><th class=\"t\">effective</th>"
			 "<th class=\"t\">read from</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < t->effective.n; i++)
		effective_row(&t->effective.items[i], out);
	bl_buf_addf(out, "</tbody></table></div><p class=\"note\">As read in trial %u.</p>\n",
		    t->repeat + 1);
}

/* The scale of all cells' trials for one job: dots of different cells can be compared. */
static void range_of(const struct view_job *job, enum metric m, double *lo, double *hi)
{
	*lo = INFINITY;
	*hi = 0;
	for (size_t i = 0; i < job->n_rows; i++) {
		const struct summary *s = job->rows[i].sum;

		if (!s || !s->metric[m].n)
			continue;
		*lo = fmin(*lo, s->metric[m].min);
		*hi = fmax(*hi, s->metric[m].max);
	}
}

static void dots_row(const struct view *v, const struct view_job *job, uint32_t cell,
		     struct bl_buf *out)
{
	const struct view_row *row = view_row_of(job, cell);
	const struct spread *s = row && row->sum ? &row->sum->metric[METRIC_P99] : NULL;
	double lo, hi;
	char a[FMT_MAX], b[FMT_MAX];

	if (!s || !s->n)
		return;
	range_of(job, METRIC_P99, &lo, &hi);
	bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t\">");
	fmt_html(out, job->name);
	bl_buf_adds(out, "</th><td class=\"t\">");
	svg_dots(row->sum, METRIC_P99, lo, hi, v->cells[cell].series, out);
	bl_buf_addf(out, "</td><td class=\"n\">%s</td>", fmt_ns(&fmt_page, a, s->median));
	bl_buf_addf(out, "<td class=\"n\">%s\u2009\u2013\u2009%s</td></tr>\n",
		    fmt_ns(&fmt_page, a, s->min), fmt_ns(&fmt_page, b, s->max));
}

static void add_dots(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	if (!v->cells[cell].n_ok)
		return;
	bl_buf_adds(out,
		    "<h4>p99 of every trial</h4><div class=\"scroll\"><table><thead><tr>"
		    "<th class=\"t\">job</th><th class=\"t\">one dot a trial, log scale shared "
		    "by the cells</th><th>median</th><th>range</th></tr></thead><tbody>\n");
	for (size_t j = 0; j < v->n_jobs; j++)
		dots_row(v, &v->jobs[j], cell, out);
	bl_buf_adds(out, "</tbody></table></div>\n");
}

static void direction_row(const char *job, const char *dir, const struct lat *l, struct bl_buf *out)
{
	static const double ps[] = {50, 99, 99.9};
	char num[FMT_MAX];

	bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t\">");
	fmt_html(out, job);
	bl_buf_addf(out, "</th><td class=\"t\">%s</td><td class=\"n\">%s</td>", dir,
		    fmt_sig3(&fmt_page, num, (double)l->n));
	bl_buf_addf(out, "<td class=\"n\">%s</td>", fmt_ns(&fmt_page, num, lat_mean_ns(l)));
	for (size_t i = 0; i < BL_ARRAY_LEN(ps); i++) {
		struct pct p = lat_pct(l, ps[i]);

		if (p.is_known)
			bl_buf_addf(out, "<td class=\"n\">%s%s</td>", p.is_thin ? "~" : "",
				    fmt_ns(&fmt_page, num, (double)p.ns));
		else
			page_no_figure(out, "too few samples for this percentile");
	}
	bl_buf_addf(out, "<td class=\"n\">%s</td></tr>\n",
		    fmt_ns(&fmt_page, num, (double)l->max_ns));
}

static void add_directions(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	if (!v->cells[cell].n_ok)
		return;
	bl_buf_adds(out, "<h4>By direction, all ok trials</h4><div class=\"scroll\"><table><thead>"
			 "<tr><th class=\"t\">job</th><th class=\"t\">direction</th><th>I/Os</th>"
			 "<th>mean</th><th>p50</th><th>p99</th><th>p99.9</th><th>max</th></tr>"
			 "</thead><tbody>\n");
	for (size_t j = 0; j < v->n_jobs; j++) {
		const struct view_row *row = view_row_of(&v->jobs[j], cell);

		for (int d = 0; row && row->sum && d < IO_DIRS; d++) {
			if (row->sum->lat[d] && row->sum->lat[d]->n)
				direction_row(v->jobs[j].name, io_dir_names[d], row->sum->lat[d],
					      out);
		}
	}
	bl_buf_adds(out, "</tbody></table></div>\n");
}

static void add_timing(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct timing t = timing_of(v, cell, NULL);

	timing_text(&t, &fmt_page, &text);
	if (!text.len && !bl_buf_failed(&text))
		return;
	bl_buf_adds(out, "<p class=\"note\">Timed by ");
	fmt_html(out, fmt_part(out, &text));
	bl_buf_adds(out, ".</p>\n");
}

static void trial_row(const struct view *v, const struct trial_record *t, struct bl_buf *out)
{
	const char *boot = facts_get(&t->facts, "boot.start_to_hello_ns");
	char num[FMT_MAX], when[32], round[32] = "";

	if (v->cells[t->cell].boots.n_rounds > 1)
		snprintf(round, sizeof round, ", round %u", t->round + 1);
	bl_format_utc(when, t->started_ms);
	bl_buf_addf(out,
		    "<tr><td class=\"n\">%u%s</td><td class=\"n\">%u</td><td "
		    "class=\"t\">%.8s</td>"
		    "<td class=\"n\">%s</td><td class=\"t long\"><b class=\"%s\">%s</b> ",
		    t->repeat + 1, round, t->order + 1, strlen(when) > 11 ? when + 11 : when,
		    boot ? fmt_ns(&fmt_page, num, strtod(boot, NULL)) : "\u00b7",
		    t->state == TRIAL_OK ? "ok" : "bad", trial_state_names[t->state]);
	if (t->state != TRIAL_OK)
		fmt_html(out, minute_reason(t));
	bl_buf_adds(out, "</td></tr>\n");
}

static void add_trials(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	if (!v->cells[cell].n_trials)
		return;
	bl_buf_adds(out, "<h4>Trials</h4><div class=\"scroll\"><table><thead><tr><th>trial</th>"
			 "<th>place in the run</th><th class=\"t\">began</th><th>boot to hello</th>"
			 "<th class=\"t\">how it ended</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < v->d->n_trials; i++) {
		if (v->d->trials[i].cell == cell)
			trial_row(v, &v->d->trials[i], out);
	}
	bl_buf_adds(out, "</tbody></table></div>\n");
}

/* A job's rounds before it was measured, and what was made of the measured part. */
static void rounds_row(const struct trial_record *t, const struct job_result *j, struct bl_buf *out)
{
	static const char *const keys[] = {STEADY_FACT_ROUNDS, STEADY_FACT_REACHED,
					   STEADY_FACT_IOPS, STEADY_FACT_MEASURED};

	bl_buf_addf(out, "<tr><td class=\"n\">%u</td><td class=\"t\">", t->repeat + 1);
	fmt_html(out, j->name);
	bl_buf_adds(out, "</td>");
	for (size_t i = 0; i < BL_ARRAY_LEN(keys); i++) {
		const char *value = facts_get(&j->facts, keys[i]);

		bl_buf_adds(out, i ? "<td class=\"t long\">" : "<td class=\"n\">");
		fmt_html(out, value ? value : "\u00b7");
		bl_buf_adds(out, "</td>");
	}
	bl_buf_adds(out, "</tr>\n");
}

static void add_rounds(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	bool has_head = false;

	for (size_t i = 0; i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];

		for (size_t j = 0; t->cell == cell && j < t->n_jobs; j++) {
			if (!facts_get(&t->jobs[j].facts, STEADY_FACT_ROUNDS))
				continue;
			if (!has_head)
				bl_buf_adds(out,
					    "<h4>Until it was steady</h4><div class=\"scroll\">"
					    "<table><thead><tr><th>trial</th><th "
					    "class=\"t\">job</th><th>rounds</th><th "
					    "class=\"t\">steady then</th><th class=\"t\">IOPS of "
					    "the rounds</th><th class=\"t\">steady while it was "
					    "measured</th></tr></thead><tbody>\n");
			has_head = true;
			rounds_row(t, &t->jobs[j], out);
		}
	}
	if (has_head)
		bl_buf_adds(out, "</tbody></table></div>\n");
}

static void fold(const char *title, unsigned trial, const char *text, struct bl_buf *out)
{
	bl_buf_addf(out, "<details class=\"fold\"><summary>%s of trial %u</summary><pre>", title,
		    trial);
	fmt_html(out, text);
	bl_buf_adds(out, "</pre></details>\n");
}

static void add_facts(const struct trial_record *t, struct bl_buf *out)
{
	if (!t->facts.n)
		return;
	bl_buf_addf(out, "<details class=\"fold\"><summary>facts of trial %u</summary>",
		    t->repeat + 1);
	page_facts(&t->facts, out);
	bl_buf_adds(out, "</details>\n");
}

/* The evidence of the trial that is shown, and of the first that went wrong. */
static void add_evidence(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	const struct view_cell *c = &v->cells[cell];
	const struct trial_record *shown[2] = {c->proof, NULL};

	if (c->first_bad != c->proof)
		shown[1] = c->first_bad;
	for (int i = 0; i < 2; i++) {
		const struct trial_record *t = shown[i];

		if (!t)
			continue;
		add_facts(t, out);
		if (t->domain_xml && t->domain_xml[0])
			fold("domain XML", t->repeat + 1, t->domain_xml, out);
		if (t->console_tail && t->console_tail[0])
			fold("last lines of the console", t->repeat + 1, t->console_tail, out);
	}
}

static void add_summary(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	const struct view_cell *c = &v->cells[cell];
	BL_CLEANUP(bl_buf_done) struct bl_buf bad = BL_BUF_INIT;
	size_t n = view_n_findings(v, cell);

	minute_bad(c, &bad);
	html_swatch(v, cell, out);
	bl_buf_adds(out, "<b>");
	fmt_html(out, c->rec->name);
	bl_buf_addf(out, "</b> <span>%zu of %zu trials ok%s</span>", c->n_ok, c->n_trials,
		    cell == v->reference ? " \u00b7 reference" : "");
	if (bad.len || bl_buf_failed(&bad))
		bl_buf_addf(out, " <b class=\"bad\">%s</b>", fmt_part(out, &bad));
	if (!n)
		return;
	bl_buf_addc(out, ' ');
	html_n_findings(n, out);
}

static void one_cell(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	const struct view_cell *c = &v->cells[cell];

	bl_buf_addf(out, "<details class=\"cell\" id=\"cell-%u\"%s", cell,
		    c->n_ok && v->d->n_cells > 1 ? "" : " open");
	for (size_t i = 0; i < v->n_axes; i++) {
		bl_buf_addf(out, " data-a%zu=\"", i);
		fmt_html(out, view_axis_value(v, cell, v->axes[i].name));
		bl_buf_addc(out, '"');
	}
	bl_buf_adds(out, "><summary>");
	add_summary(v, cell, out);
	bl_buf_adds(out, "</summary>\n");
	if (c->first_bad) {
		bl_buf_addf(out,
			    "<p class=\"reason\"><b>trial %u %s</b>: ", c->first_bad->repeat + 1,
			    trial_state_names[c->first_bad->state]);
		fmt_html(out, minute_reason(c->first_bad));
		bl_buf_adds(out, "</p>\n");
	}
	html_findings(v, cell, out);
	if (c->rec->durability && c->rec->durability[0]) {
		bl_buf_adds(out, "<p class=\"note\">What survives: ");
		fmt_html(out, c->rec->durability);
		bl_buf_adds(out, "</p>\n");
	}
	add_dots(v, cell, out);
	add_directions(v, cell, out);
	add_timing(v, cell, out);
	add_config(cell, c, out);
	html_device(v, cell, out);
	add_trials(v, cell, out);
	add_rounds(v, cell, out);
	add_evidence(v, cell, out);
	bl_buf_adds(out, "</details>\n");
}

void html_cells(const struct view *v, struct bl_buf *out)
{
	bl_buf_adds(out, "<section id=\"cells\"><h2>Each cell</h2>\n");
	for (uint32_t c = 0; c < v->d->n_cells; c++)
		one_cell(v, c, out);
	bl_buf_adds(out, "</section>\n");
}
