/* The page of a baseline, and of a check against it. */
#include "profile_page.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fingerprint.h"
#include "page.h"
#include "profile_parts.h"

static const enum metric shown[] = {METRIC_IOPS, METRIC_MEAN,  METRIC_P50,
				    METRIC_P99,  METRIC_P99_9, METRIC_CPU_PER_IO};
#define REACH_MAX log(2)

struct page {
	const struct profile_of_baseline *b;
	const struct profile_checked *k; /* NULL: none */
	struct profile p;
	struct env_changes own; /* from the baseline's first run to its last */
	struct bl_buf *out;
};

static void page_done(struct page *p)
{
	profile_done(&p->p);
	env_changes_done(&p->own);
}

/* "drifted: 4 figures ..." with its word set off. */
static void add_verdict(struct lines *l, const struct bl_buf *text)
{
	const char *s = bl_buf_str(text);
	size_t word = strcspn(s, ":");

	lines_add(l, "\001%.*s\002%.*s", (int)word, s, (int)strcspn(s + word, "\n"), s + word);
	l->failed |= bl_buf_failed(text);
}

static void add_changes(const struct env_changes *c, const char *lead, struct lines *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	for (size_t i = 0; i < c->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, set = BL_BUF_INIT;

		env_change_text(&c->items[i], &text);
		page_arrows(&set, fmt_part(&set, &text));
		bl_buf_adds(&b, i ? "; \001" : " \001");
		fmt_clean(&b, fmt_part(&b, &set), 0);
		bl_buf_addc(&b, '\002');
	}
	lines_add(l, "%s%s.", lead, bl_buf_str(&b));
	l->failed |= bl_buf_failed(&b);
}

/* ---- head ---- */

static void trust(const struct page *p, struct lines *l)
{
	const struct profile_of_baseline *b = p->b;
	size_t n_unstable = 0, n_failed, n_trials;

	if (b->n_runs && strcmp(b->runs[0].accel, "tcg") == 0)
		lines_add(l,
			  "\001Emulated CPU (TCG)\002: these are figures of an emulated machine.");
	if (b->n_runs < PROFILE_RUNS_MIN)
		lines_add(l,
			  "\001%zu run%s\002: from %d on it can be told what an unchanged host "
			  "gives. Add runs with <blklab baseline record NAME SCENARIO --add>.",
			  b->n_runs, b->n_runs == 1 ? "" : "s", PROFILE_RUNS_MIN);
	else if (profile_days(b->runs, b->n_runs) < 1)
		lines_add(l, "\001All runs are of one day\002: what this host differs by from day "
			     "to day is not in them, and a check on another day may call that "
			     "drifted.");
	if (p->own.n)
		add_changes(&p->own,
			    "\001The runs are not of one system\002; from the first to "
			    "the last changed:",
			    l);
	for (size_t i = 0; i < p->p.n; i++)
		n_unstable += p->p.items[i].n_unstable;
	if (n_unstable)
		lines_add(l,
			  "\001%zu results that drifted while they were measured\002 are left out.",
			  n_unstable);
	n_failed = p->k ? profile_without_result(p->k->new, p->k->n_new, &n_trials) : 0;
	if (n_failed)
		lines_add(l, "\001%zu of the %zu trials that were checked\002 have no result.",
			  n_failed, n_trials);
	if (b->baseline->retired_ms)
		lines_add(l, "\001This baseline is retired.\002");
}

static void head(const struct page *p)
{
	BL_CLEANUP(lines_done) struct lines l = {0};
	const struct baseline_record *r = p->b->baseline;
	struct bl_buf *out = p->out;
	double days = profile_days(p->b->runs, p->b->n_runs);

	page_kicker(out, p->k ? "a host against its baseline" : "the profile of a host", r->name);
	page_lead(out, r->host_name, p->b->n_runs ? p->b->runs[0].accel : NULL);
	bl_buf_adds(out, " \u00b7 scenario <b>");
	fmt_html(out, r->scenario);
	bl_buf_addf(out, "</b></p>\n<p class=\"lead\">baseline of <b>%zu</b> run%s", p->b->n_runs,
		    p->b->n_runs == 1 ? "" : "s");
	if (days >= 1)
		bl_buf_addf(out, " over %.1f days", days);
	bl_buf_adds(out, ", recorded ");
	page_time(out, r->made_ms);
	bl_buf_adds(out, ", ");
	profile_age(out, p->b->now_ms > r->made_ms ? p->b->now_ms - r->made_ms : 0);
	bl_buf_adds(out, " ago");
	for (size_t i = 0; p->k && i < p->k->n_new; i++) {
		bl_buf_addf(out, "%srun <b>%.13s</b> of ",
			    i ? ", " : " \u00b7 checked: ", p->k->new[i].run);
		page_time(out, p->k->new[i].started_ms);
	}
	bl_buf_adds(out, "</p>\n");
	if (r->note[0]) {
		bl_buf_adds(out, "<p class=\"lead\">note: ");
		fmt_html(out, r->note);
		bl_buf_adds(out, "</p>\n");
	}
	trust(p, &l);
	page_trust(out, &l,
		   "<b>Nothing known limits this baseline</b>: runs of several days, of one "
		   "system.");
	bl_buf_adds(out, "</header>\n");
}

/* ---- in one minute ---- */

static const struct profile_row *worst(const struct profile_check *c)
{
	const struct profile_row *best = NULL;
	double most = -1;

	for (size_t i = 0; i < c->n; i++) {
		const struct profile_row *row = &c->items[i];
		double size = row->ratio > 0 ? fabs(log(row->ratio)) / log1p(row->min_effect) : 0;

		size += row->is_worse ? 1e6 : 0;
		if (row->verdict == PROFILE_DRIFTED && size > most) {
			most = size;
			best = row;
		}
	}
	return best;
}

static void say_worst(const struct profile_row *row, struct lines *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char was[FMT_MAX], now[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];

	bl_buf_addf(&b, "Most of all \001%s\002 of ", page_metric(row->metric));
	fmt_clean(&b, row->cell, 0);
	bl_buf_adds(&b, ", ");
	fmt_clean(&b, row->job, 0);
	bl_buf_addf(&b, ": %s, was %s", page_value(now, row->metric, row->now),
		    page_value(was, row->metric, row->base));
	bl_buf_addf(&b, ", \001%s\002", fmt_change(&fmt_page, now, row->ratio));
	if (row->has_interval)
		bl_buf_addf(&b, " where an unchanged host lies within [%s, %s]",
			    fmt_change(&fmt_page, lo, row->lo), fmt_change(&fmt_page, hi, row->hi));
	lines_add(l, "%s.", bl_buf_str(&b));
	l->failed |= bl_buf_failed(&b);
}

/* What the host gives, of the first few jobs. */
static void say_profile(const struct profile *p, struct lines *l)
{
	for (size_t i = 0; i < p->n && i < 4; i++) {
		const struct profile_line *of = &p->items[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
		const struct profile_figure *iops = &of->by[METRIC_IOPS],
					    *p99 = &of->by[METRIC_P99];
		char text[FMT_MAX];

		fmt_clean(&b, of->cell, 0);
		bl_buf_adds(&b, ", ");
		fmt_clean(&b, of->job, 0);
		bl_buf_addf(&b, ": \001%s IOPS\002",
			    page_value(text, METRIC_IOPS, iops->n ? iops->value : 0));
		if (p99->n && !p99->is_thin)
			bl_buf_addf(&b, ", p99 \001%s\002",
				    page_value(text, METRIC_P99, p99->value));
		if (iops->n && isfinite(iops->run_sd))
			bl_buf_addf(&b, "; its runs differ by %s in IOPS",
				    page_percent(text, iops->run_sd));
		if (p99->n && !p99->is_thin && isfinite(p99->run_sd))
			bl_buf_addf(&b, " and %s at p99", page_percent(text, p99->run_sd));
		lines_add(l, "%s.", bl_buf_str(&b));
		l->failed |= bl_buf_failed(&b);
	}
	if (p->n > 4)
		lines_add(l, "%zu more are in the table.", p->n - 4);
	if (!p->n)
		lines_add(l, "No run of it has a figure.");
}

static void minute(const struct page *p)
{
	BL_CLEANUP(lines_done) struct lines l = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct term_size plain = {.columns = UINT_MAX}; /* one line */

	if (!p->k) {
		say_profile(&p->p, &l);
	} else {
		const struct profile_row *row = worst(p->k->check);

		profile_check_says(p->k->check, &plain, &said);
		add_verdict(&l, &said);
		if (row)
			say_worst(row, &l);
		if (p->k->check->changes.n)
			add_changes(&p->k->check->changes, "Since the baseline changed:", &l);
		else
			lines_add(&l, "Since the baseline nothing changed that says which system "
				      "this is.");
	}
	page_minute(p->out, &l);
}

/* ---- the check ---- */

static double reach_of(const struct profile_check *c)
{
	double reach = 3 * log1p(metric_min_effect[METRIC_P99]);

	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].ratio > 0)
			reach = fmax(reach, fabs(log(c->items[i].ratio)) * 1.2);
	return fmin(reach, REACH_MAX);
}

static const struct profile_row *row_of(const struct profile_check *c, size_t line_of,
					enum metric m)
{
	const struct profile_row *of = &c->items[line_of];

	for (size_t i = line_of; i < c->n; i++) {
		const struct profile_row *row = &c->items[i];

		if (strcmp(row->cell, of->cell) != 0 || strcmp(row->job, of->job) != 0)
			return NULL;
		if (row->metric == m)
			return row;
	}
	return NULL;
}

static void name_cell(const char *cell, const char *job, uint64_t iodepth, struct bl_buf *out)
{
	bl_buf_adds(out, "<th scope=\"row\" class=\"t wrap\"><b>");
	fmt_html(out, cell);
	bl_buf_adds(out, "</b><small>");
	fmt_html(out, job);
	if (iodepth)
		bl_buf_addf(out, " \u00b7 iodepth %llu", (unsigned long long)iodepth);
	bl_buf_adds(out, "</small></th>");
}

static void metric_heads(struct bl_buf *out)
{
	for (size_t m = 0; m < BL_ARRAY_LEN(shown); m++)
		bl_buf_addf(out, "<th class=\"t\">%s</th>", page_metric(shown[m]));
	bl_buf_adds(out, "</tr></thead><tbody>\n");
}

static void check_section(const struct page *p)
{
	const struct profile_check *c = p->k->check;
	double reach = reach_of(c);
	struct bl_buf *out = p->out;

	bl_buf_adds(out,
		    "<section id=\"check\"><h2>Every figure against the baseline</h2>\n<p "
		    "class=\"note\">The line is where an unchanged host lies (95 %, from the "
		    "spread between the runs of the baseline), the dot what was measured now, the "
		    "shade what does not matter. Drifted: beyond both, with regard to how many "
		    "figures are looked at. Why one can't be told is under "
		    "the pointer.</p>\n<div "
		    "class=\"scroll\"><table class=\"shifts check\"><thead><tr><th "
		    "class=\"t\">cell and "
		    "job</th>");
	metric_heads(out);
	for (size_t i = 0; i < c->n; i++) {
		const struct profile_row *of = &c->items[i];

		if (i && strcmp(c->items[i - 1].cell, of->cell) == 0 &&
		    strcmp(c->items[i - 1].job, of->job) == 0)
			continue;
		bl_buf_adds(out, "<tr>");
		name_cell(of->cell, of->job, of->iodepth, out);
		for (size_t m = 0; m < BL_ARRAY_LEN(shown); m++) {
			const struct profile_row *row = row_of(c, i, shown[m]);

			bl_buf_adds(out, "<td class=\"v\">");
			if (row)
				profile_badge(row, reach, out);
			bl_buf_adds(out, "</td>");
		}
		bl_buf_adds(out, "</tr>\n");
	}
	bl_buf_adds(out, "</tbody></table></div>\n</section>\n");
}

/* ---- what it gives ---- */

static void figure_cell(const struct profile_figure *f, enum metric m, struct bl_buf *out)
{
	char value[FMT_MAX], run[FMT_MAX], trial[FMT_MAX];

	if (!f->n) {
		bl_buf_adds(out, "<td class=\"n none\">\u00b7</td>");
		return;
	}
	bl_buf_addf(out, "<td class=\"n%s\">%s<small>%s / %s%s</small></td>",
		    f->is_thin ? " none" : "", page_value(value, m, f->value),
		    page_percent(run, f->run_sd), page_percent(trial, f->trial_sd),
		    f->is_thin ? " thin" : "");
}

static void gives_section(const struct page *p)
{
	struct bl_buf *out = p->out;

	bl_buf_adds(out,
		    "<section id=\"gives\"><h2>What this host gives</h2>\n<p class=\"note\">The "
		    "typical run of the baseline; below each figure what runs differ by / what "
		    "trials of one run differ by (standard deviations). Thin: fewer than 100 "
		    "samples lie beyond the percentile, it decides nothing.</p>\n<div "
		    "class=\"scroll\"><table class=\"shifts\"><thead><tr><th class=\"t\">cell and "
		    "job</th><th>trials</th>");
	for (size_t m = 0; m < BL_ARRAY_LEN(shown); m++)
		bl_buf_addf(out, "<th>%s</th>", page_metric(shown[m]));
	bl_buf_adds(out, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < p->p.n; i++) {
		const struct profile_line *l = &p->p.items[i];

		bl_buf_adds(out, "<tr>");
		name_cell(l->cell, l->job, l->iodepth, out);
		bl_buf_addf(out, "<td class=\"n\">%zu</td>", l->n_trials);
		for (size_t m = 0; m < BL_ARRAY_LEN(shown); m++)
			figure_cell(&l->by[shown[m]], shown[m], out);
		bl_buf_adds(out, "</tr>\n");
	}
	bl_buf_adds(out, "</tbody></table></div>\n");
	if (!p->p.n)
		bl_buf_adds(out, "<p class=\"absent\">No run of the baseline has a figure.</p>\n");
	bl_buf_adds(out, "</section>\n");
}

static void curves_section(const struct page *p)
{
	struct bl_buf *out = p->out;

	bl_buf_addf(out,
		    "<section id=\"curves\"><h2>Percentile curves</h2>\n<p class=\"note\">A line "
		    "is a run of the baseline%s. It ends where fewer than 100 samples remain "
		    "beyond it.</p>\n",
		    p->k ? ", a <b class=\"mk\">thick one</b> a run that was checked" : "");
	if (!p->p.n)
		bl_buf_adds(out, "<p class=\"absent\">There is nothing to draw.</p>\n");
	bl_buf_adds(out, "<div class=\"grid cards\">\n");
	for (size_t i = 0; i < p->p.n; i++)
		profile_curves(p->b, p->k, &p->p.items[i], out);
	bl_buf_adds(out, "</div>\n</section>\n");
}

/* ---- which system ---- */

static bool is_told(const char *key)
{
	return strncmp(key, "environment.", 12) != 0;
}

static void fact_value(const char *key, const char *value, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	bl_buf_adds(out, "<td class=\"t wrap\">");
	if (value)
		fingerprint_value(key, value, &text);
	else
		bl_buf_adds(&text, "\u00b7");
	fmt_html(out, fmt_part(out, &text));
	bl_buf_adds(out, "</td>");
}

static void fact_row(const struct page *p, const char *key, const char *was, const char *now)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf what = BL_BUF_INIT;
	int same = !p->k ? 1 : was && now ? fingerprint_same(key, was, now) : was == now;

	p->out->failed |= same < 0;
	fingerprint_says(key, &what);
	bl_buf_addf(p->out, "<tr%s><th scope=\"row\" class=\"t wrap\">",
		    same == 0 ? " class=\"differs\"" : "");
	fmt_html(p->out, fmt_part(p->out, &what));
	bl_buf_adds(p->out, "</th>");
	fact_value(key, was, p->out);
	if (p->k)
		fact_value(key, now, p->out);
	bl_buf_adds(p->out, "</tr>\n");
}

static void system_section(const struct page *p)
{
	static const struct facts none = {.n = 0};
	const struct profile_of_baseline *b = p->b;
	const struct facts *was = b->n_runs ? &b->runs[b->n_runs - 1].fingerprint.facts : &none;
	const struct facts *now =
		p->k && p->k->n_new ? &p->k->new[p->k->n_new - 1].fingerprint.facts : &none;
	struct bl_buf *out = p->out;

	bl_buf_adds(out, "<section id=\"system\"><h2>The system</h2>\n");
	if (!was->n && !now->n) {
		bl_buf_adds(out, "<p class=\"absent\">The runs kept nothing that says which system "
				 "they were made on.</p></section>\n");
		return;
	}
	bl_buf_addf(out,
		    "<p class=\"note\">What identifies it, of the newest run%s.</p>\n<div "
		    "class=\"scroll\"><table class=\"facts\"><thead><tr><th class=\"t\"></th><th "
		    "class=\"t\">baseline</th>%s</tr></thead><tbody>\n",
		    p->k ? "s; marked: it changed since" : "",
		    p->k ? "<th class=\"t\">now</th>" : "");
	for (size_t i = 0; i < was->n; i++)
		if (is_told(was->items[i].key))
			fact_row(p, was->items[i].key, was->items[i].value,
				 facts_get(now, was->items[i].key));
	for (size_t i = 0; i < now->n; i++)
		if (is_told(now->items[i].key) && !facts_get(was, now->items[i].key))
			fact_row(p, now->items[i].key, NULL, now->items[i].value);
	bl_buf_adds(out, "</tbody></table></div>\n</section>\n");
}

/* ---- the page ---- */

static void draw(const struct page *p)
{
	static const struct page_link links[] = {{"check", "Against the baseline"},
						 {"gives", "What it gives"},
						 {"curves", "Percentiles"},
						 {"system", "The system"}};
	BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;
	size_t from = p->k ? 0 : 1;

	bl_buf_addf(&name, "%s: %s", p->b->baseline->name, p->k ? "check" : "profile");
	page_begin(p->out, fmt_part(p->out, &name), p->b->baseline->host_name, asset_pages_css,
		   false);
	head(p);
	page_nav(p->out, links + from, BL_ARRAY_LEN(links) - from);
	bl_buf_adds(p->out, "<main>\n");
	minute(p);
	if (p->k)
		check_section(p);
	gives_section(p);
	curves_section(p);
	system_section(p);
	page_end(p->out, false);
}

int report_profile_page(const struct profile_of_baseline *b, const struct profile_checked *k,
			struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(page_done) struct page p = {.b = b, .k = k, .out = out};
	int r = profile_of(b->runs, b->n_runs, &p.p);

	if (r == 0 && b->n_runs > 1)
		r = fingerprint_compare(&b->runs[0].fingerprint,
					&b->runs[b->n_runs - 1].fingerprint, true, &p.own);
	if (r == 0)
		draw(&p);
	if (r == 0 && bl_buf_failed(out))
		r = -ENOMEM;
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}
