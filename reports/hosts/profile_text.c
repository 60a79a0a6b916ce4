/* A baseline for a terminal: what the host gives, and whether it still does. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "profile_parts.h"
#include "term.h"

static int finish(const struct bl_buf *out, struct bl_err *err)
{
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

/* ---- head ---- */

static void when(struct bl_buf *out, uint64_t ms)
{
	char text[32];

	bl_format_utc(text, ms);
	text[10] = ' ';
	bl_buf_addf(out, "%.16s", text);
}

double profile_days(const struct run_figures *runs, size_t n)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (size_t i = 0; i < n; i++) {
		first = runs[i].started_ms < first ? runs[i].started_ms : first;
		last = runs[i].started_ms > last ? runs[i].started_ms : last;
	}
	return n ? (double)(last - first) / (24 * 3600 * 1000.0) : 0;
}

/* Text in as many lines as it takes; the first begins at column @first. */
static void add_wrapped(struct bl_buf *out, const struct bl_buf *text, const struct term_size *t,
			unsigned first)
{
	term_wrap(out, fmt_part(out, text), t->columns, first, first ? 4 : 0);
	bl_buf_addc(out, '\n');
}

static void add_retired(const struct baseline_record *r, const struct term_size *t,
			struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	if (!r->retired_ms)
		return;
	bl_buf_adds(&text, "retired ");
	when(&text, r->retired_ms);
	bl_buf_addf(&text, " UTC%s%s", r->retired_why ? ": " : "",
		    r->retired_why ? r->retired_why : "");
	add_wrapped(out, &text, t, 0);
}

static void head(const struct profile_of_baseline *b, const struct term_size *t, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf rest = BL_BUF_INIT;
	const struct baseline_record *r = b->baseline;
	double days = profile_days(b->runs, b->n_runs);

	bl_buf_adds(out, "baseline ");
	term_on(out, t->color, TERM_BOLD);
	fmt_clean(out, r->name, 0);
	term_off(out, t->color);
	bl_buf_adds(out, "   ");
	bl_buf_addf(&rest, "%s on %s   %s%s", r->scenario, r->host_name,
		    b->n_runs ? b->runs[0].accel : "", b->n_runs ? "   " : "");
	profile_count(&rest, b->n_runs, "run");
	if (days >= 1)
		bl_buf_addf(&rest, " over %.1f days", days);
	else if (b->n_runs > 1) {
		bl_buf_adds(&rest, " within ");
		profile_age(&rest, (uint64_t)(days * 24 * 3600 * 1000));
	}
	bl_buf_adds(&rest, ", recorded ");
	when(&rest, r->made_ms);
	bl_buf_adds(&rest, " UTC, ");
	profile_age(&rest, b->now_ms > r->made_ms ? b->now_ms - r->made_ms : 0);
	bl_buf_adds(&rest, " ago");
	add_wrapped(out, &rest, t, (unsigned)fmt_width(r->name) + 12);
	add_retired(r, t, out);
	if (r->note[0]) {
		bl_buf_adds(out, "note: ");
		term_wrap(out, r->note, t->columns, 6, 6);
		bl_buf_addc(out, '\n');
	}
}

/* What runs of one hour can't tell is what days differ by. */
static void warn_of_span(const struct profile_of_baseline *b, const struct term_size *t,
			 struct bl_buf *out)
{
	if (b->n_runs < 2 || profile_days(b->runs, b->n_runs) >= 1)
		return;
	term_wrap(
		out,
		"All its runs are of one day: what this host differs by from day to day is not in "
		"it, and a check on another day may call that drifted. Add runs of other days with "
		"--add.",
		t->columns, 0, 0);
	bl_buf_addc(out, '\n');
}

/* ---- show ---- */

static const enum metric shown[] = {METRIC_IOPS, METRIC_P50, METRIC_P99, METRIC_P99_9,
				    METRIC_CPU_PER_IO};
static const char *const shown_names[] = {"IOPS", "p50", "p99", "p99.9", "CPU/IO"};

/* Below what a histogram tells apart it is no figure any more. */
static void percent(char *out, size_t len, double sd)
{
	if (isnan(sd))
		return;
	snprintf(out, len, sd < 0.0005 ? "0" : sd < 0.995 ? "%.2g" : "%.0f", sd * 100);
}

static void spread(char *out, size_t len, const struct profile_figure *f)
{
	char run[16] = "-", trial[16] = "-";

	percent(run, sizeof run, f->run_sd);
	percent(trial, sizeof trial, f->trial_sd);
	snprintf(out, len, "%s/%s", run, trial);
}

static void line(const struct profile_line *l, const struct profile_names *w,
		 const struct term_size *t, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf values = BL_BUF_INIT, spreads = BL_BUF_INIT;
	char text[FMT_MAX];

	profile_names_put(w, l->cell, l->job, l->iodepth, out);
	bl_buf_addf(&spreads, "%*s", w->is_above ? 0 : (int)(w->cell + w->job + 9), "");
	for (size_t i = 0; i < BL_ARRAY_LEN(shown); i++) {
		const struct profile_figure *f = &l->by[shown[i]];

		profile_value(text, shown[i], f->n ? f->value : 0);
		bl_buf_addf(&values, "  %9s%s", text, f->is_thin ? "~" : " ");
		spread(text, sizeof text, f);
		bl_buf_addf(&spreads, "  %9s ", f->n ? text : "");
	}
	profile_add_line(out, &values);
	term_on(out, t->color, TERM_DIM);
	profile_add_line(out, &spreads);
	term_off(out, t->color);
}

static int table(const struct profile_of_baseline *b, const struct term_size *t, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf heads = BL_BUF_INIT;
	struct profile_names w = PROFILE_NAMES_MIN;
	struct profile p;
	size_t n_unstable = 0;
	int r = profile_of(b->runs, b->n_runs, &p);

	if (r < 0)
		return r;
	for (size_t i = 0; i < p.n; i++)
		profile_names_fit(&w, p.items[i].cell, p.items[i].job);
	profile_names_place(&w, BL_ARRAY_LEN(shown) * 12, t->columns);
	bl_buf_addc(out, '\n');
	profile_names_head(&w, out);
	for (size_t i = 0; i < BL_ARRAY_LEN(shown); i++)
		bl_buf_addf(&heads, "  %9s ", shown_names[i]);
	profile_add_line(out, &heads);
	for (size_t i = 0; i < p.n; i++) {
		line(&p.items[i], &w, t, out);
		n_unstable += p.items[i].n_unstable;
	}
	term_wrap(out,
		  "Below each figure: % that runs differ by / that trials of a run differ by "
		  "(standard deviations).",
		  t->columns, 0, 0);
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < p.n; i++) {
		if (!p.items[i].by[METRIC_P99_9].is_thin && !p.items[i].by[METRIC_P99].is_thin)
			continue;
		bl_buf_adds(out, "~ fewer than 100 samples lie beyond it: it decides nothing.\n");
		break;
	}
	if (n_unstable)
		bl_buf_addf(out,
			    "%zu results that drifted while they were measured are left out.\n",
			    n_unstable);
	profile_done(&p);
	return 0;
}

static void fact_line(const char *key, const char *value, const struct term_size *t,
		      struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf what = BL_BUF_INIT, text = BL_BUF_INIT;

	fingerprint_says(key, &what);
	fingerprint_value(key, value, &text);
	bl_buf_addf(out, "  %-34s  ", bl_buf_str(&what));
	term_wrap(out, bl_buf_str(&text), t->columns, 38, 38);
	bl_buf_addc(out, '\n');
}

static void changes(const struct env_changes *c, const char *lead, const struct term_size *t,
		    struct bl_buf *out)
{
	if (!c->n)
		return;
	bl_buf_addf(out, "%s\n", lead);
	for (size_t i = 0; i < c->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

		env_change_text(&c->items[i], &text);
		bl_buf_adds(out, "  ");
		term_wrap(out, fmt_part(out, &text), t->columns, 2, 4);
		bl_buf_addc(out, '\n');
	}
}

/* The newest, and what was not the same in all of its runs. */
static int environment(const struct profile_of_baseline *b, const struct term_size *t,
		       struct bl_buf *out)
{
	const struct run_figures *first = &b->runs[0], *last = &b->runs[b->n_runs - 1];
	BL_CLEANUP(env_changes_done) struct env_changes c = {.items = NULL};
	int r = fingerprint_compare(&first->fingerprint, &last->fingerprint, true, &c);

	if (r < 0)
		return r;
	changes(&c, "\nIts own runs are not of one system; from the first to the last changed:", t,
		out);
	bl_buf_adds(out, "\nThe system:\n");
	for (size_t i = 0; i < last->fingerprint.facts.n; i++) {
		const struct fact *f = &last->fingerprint.facts.items[i];

		if (strncmp(f->key, "environment.", 12) != 0)
			fact_line(f->key, f->value, t, out);
	}
	return 0;
}

int report_profile(const struct profile_of_baseline *b, const struct term_size *t,
		   struct bl_buf *out, struct bl_err *err)
{
	int r;

	head(b, t, out);
	r = table(b, t, out);
	if (r == 0)
		warn_of_span(b, t, out);
	if (r == 0 && b->n_runs)
		r = environment(b, t, out);
	return r < 0 ? bl_fail(err, r, "out of memory") : finish(out, err);
}

/* ---- check ---- */

enum profile_verdict report_check_outcome(const struct profile_check *c)
{
	if (c->n_worse)
		return PROFILE_DRIFTED;
	return c->n_untold || !c->n ? PROFILE_CANNOT_TELL : PROFILE_OK;
}

void profile_check_says(const struct profile_check *c, const struct term_size *t,
			struct bl_buf *out)
{
	static const enum term_look looks[PROFILE_VERDICTS] = {TERM_GREEN, TERM_RED, TERM_DIM};
	enum profile_verdict v = report_check_outcome(c);
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	size_t better = c->n_drifted - c->n_worse;

	term_on(out, t->color, looks[v]);
	bl_buf_adds(out, profile_verdict_names[v]);
	term_off(out, t->color);
	bl_buf_adds(out, ": ");
	if (c->n_worse) {
		profile_count(&text, c->n_worse, "figure");
		bl_buf_addf(&text, " of %zu for the worse", c->n);
	}
	if (better) {
		bl_buf_adds(&text, c->n_worse ? ", " : "");
		profile_count(&text, better, "figure");
		bl_buf_addf(&text, " of %zu for the better", c->n);
	}
	if (!c->n_drifted)
		bl_buf_addf(&text, "%zu of %zu figures are as this host gives them",
			    c->n - c->n_cannot_tell, c->n);
	if (c->n_cannot_tell)
		bl_buf_addf(&text, "; %zu can't be told", c->n_cannot_tell);
	add_wrapped(out, &text, t, (unsigned)strlen(profile_verdict_names[v]) + 2);
}

/* Above their figures names stand once for all that follow each other. */
static bool has_names(const struct profile_row *row, const struct profile_row *before,
		      const struct profile_names *w)
{
	return !w->is_above || !before || row->iodepth != before->iodepth ||
	       strcmp(row->cell, before->cell) != 0 || strcmp(row->job, before->job) != 0;
}

/* @before: the row that was shown before it, or NULL. */
static void row_line(const struct profile_row *row, const struct profile_row *before,
		     const struct profile_names *w, const struct term_size *t, struct bl_buf *out)
{
	char base[FMT_MAX], now[FMT_MAX], change[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];
	char interval[2 * FMT_MAX + 8] = "-";
	bool is_bad = row->verdict == PROFILE_DRIFTED && row->is_worse;

	if (row->has_interval)
		snprintf(interval, sizeof interval, "[%s, %s]", fmt_change(&fmt_plain, lo, row->lo),
			 fmt_change(&fmt_plain, hi, row->hi));
	if (has_names(row, before, w))
		profile_names_put(w, row->cell, row->job, row->iodepth, out);
	bl_buf_addf(out, "  %-9s  %10s  %10s  %8s  %-19s  ", metric_words[row->metric],
		    profile_value(base, row->metric, row->base),
		    profile_value(now, row->metric, row->now), profile_change(change, row->ratio),
		    interval);
	term_on(out, t->color,
		is_bad                                ? TERM_RED
		: row->verdict == PROFILE_DRIFTED     ? TERM_GREEN
		: row->verdict == PROFILE_CANNOT_TELL ? TERM_DIM
						      : TERM_PLAIN);
	bl_buf_adds(out, profile_verdict_names[row->verdict]);
	term_off(out, t->color);
	bl_buf_addc(out, '\n');
	if (row->why[0] && t->is_all) {
		bl_buf_adds(out, "    ");
		term_wrap(out, row->why, t->columns, 4, 4);
		bl_buf_addc(out, '\n');
	}
}

static bool is_shown(const struct profile_row *row, const struct term_size *t)
{
	return t->is_all || row->verdict == PROFILE_DRIFTED;
}

#define ROW_COLUMNS 79 /* of figures and verdict */

static void rows(const struct profile_check *c, const struct term_size *t, struct bl_buf *out)
{
	struct profile_names w = PROFILE_NAMES_MIN;
	const struct profile_row *before = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!is_shown(&c->items[i], t))
			continue;
		profile_names_fit(&w, c->items[i].cell, c->items[i].job);
		n++;
	}
	if (!n)
		return;
	profile_names_place(&w, ROW_COLUMNS, t->columns);
	bl_buf_addc(out, '\n');
	profile_names_head(&w, out);
	bl_buf_addf(out, "  %-9s  %10s  %10s  %8s  %-19s  %s\n", "metric", "baseline", "now",
		    "change", "an unchanged host", "verdict");
	for (size_t i = 0; i < c->n; i++) {
		if (!is_shown(&c->items[i], t))
			continue;
		row_line(&c->items[i], before, &w, t, out);
		before = &c->items[i];
	}
}

static const char *why_untold(const void *ctx, size_t i)
{
	const struct profile_check *c = ctx;

	return c->items[i].verdict == PROFILE_CANNOT_TELL ? c->items[i].why : NULL;
}

/* Runs of the baseline that would let the last of them be told; 0: none would. */
static size_t more_runs(const struct profile_check *c)
{
	size_t most = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].more_runs > most)
			most = c->items[i].more_runs;
	return most;
}

static int untold(const struct profile_of_baseline *b, const struct profile_check *c,
		  const struct term_size *t, struct bl_buf *out)
{
	size_t more = more_runs(c);
	int r;

	if (!c->n_cannot_tell)
		return 0;
	bl_buf_adds(out, "\nFigures that can't be told:\n");
	r = profile_reasons(out, c->n, why_untold, c, t);
	if (more)
		bl_buf_addf(
			out,
			"%zu more run%s in the baseline would tell more, better on other days%s",
			more, more == 1 ? "" : "s", b->record ? ":\n" : ".\n");
	if (more && b->record) /* to copy: in one line, however long */
		bl_buf_addf(out, "  %s --runs %zu --add\n", b->record, more);
	return r;
}

int report_check(const struct profile_of_baseline *b, const struct run_figures *new, size_t n_new,
		 const struct profile_check *c, const struct term_size *t, struct bl_buf *out,
		 struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf checked = BL_BUF_INIT, failed = BL_BUF_INIT;
	size_t n_trials, n_failed;
	int r;

	profile_check_says(c, t, out);
	head(b, t, out);
	bl_buf_adds(&checked, "checked: ");
	for (size_t i = 0; i < n_new; i++) {
		bl_buf_addf(&checked, "%srun %.13s of ", i ? ", " : "", new[i].run);
		when(&checked, new[i].started_ms);
		bl_buf_adds(&checked, " UTC");
	}
	add_wrapped(out, &checked, t, 0);
	n_failed = profile_without_result(new, n_new, &n_trials);
	if (n_failed) {
		bl_buf_addf(&failed,
			    "%zu of its %zu trials ha%s no result: blklab report RUN says why",
			    n_failed, n_trials, n_failed == 1 ? "s" : "ve");
		add_wrapped(out, &failed, t, 0);
	}
	rows(c, t, out);
	r = untold(b, c, t, out);
	if (c->changes.n)
		changes(&c->changes, "\nSince the baseline changed:", t, out);
	else
		bl_buf_adds(out, "\nSince the baseline nothing changed that says which system this "
				 "is.\n");
	if (c->n_drifted)
		warn_of_span(b, t, out);
	return r < 0 ? bl_fail(err, r, "out of memory") : finish(out, err);
}
