#include "md.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "md_device.h"
#include "md_time.h"
#include "minute.h"
#include "timing.h"
#include "verdict_text.h"

static void add_list(const struct lines *l, struct bl_buf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		bl_buf_adds(out, "- ");
		fmt_sentence_md(out, l->items[i]);
		bl_buf_addc(out, '\n');
	}
	bl_buf_addc(out, '\n');
	out->failed |= l->failed;
}

static void add_head(const struct view *v, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines trust = {0}, minute = {0};
	char when[32];

	bl_buf_adds(out, "# ");
	fmt_md(out, v->d->run.scenario_name);
	bl_buf_adds(out, "\n\non ");
	fmt_md(out, v->d->run.host_name);
	bl_buf_addf(out, ", %s, %zu cells, %zu trials", bl_format_utc(when, v->d->run.started_ms),
		    v->d->n_cells, v->d->n_trials);
	view_rounds(v, out);
	bl_buf_addf(out, " (%zu ok), accelerator ", v->n_ok);
	fmt_md(out, v->d->run.accel ? v->d->run.accel : "unknown");
	if (run_is_emulated(&v->d->run))
		bl_buf_adds(out, " (emulated CPU)");
	bl_buf_adds(out, "\n\n");
	minute_findings(v, &trust);
	minute_trust(v, &trust);
	if (trust.n) {
		bl_buf_adds(out, "## Before you trust it\n\n");
		add_list(&trust, out);
	}
	minute_lines(v, &fmt_plain, &minute);
	minute_worst(v, &minute);
	bl_buf_adds(out, "## In one minute\n\n");
	add_list(&minute, out);
}

static void add_time(const struct pct *p, struct bl_buf *out)
{
	char num[FMT_MAX];

	if (p->is_known)
		bl_buf_addf(out, " %s%s |", p->is_thin ? "\\~" : "",
			    fmt_ns(&fmt_plain, num, (double)p->ns));
	else
		bl_buf_adds(out, " - |");
}

static void add_dead(const struct view_cell *c, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf bad = BL_BUF_INIT;

	minute_bad(c, &bad);
	bl_buf_addf(out,
		    " %s: ", bad.len || bl_buf_failed(&bad) ? fmt_part(out, &bad) : "no figures");
	fmt_md(out, c->first_bad ? minute_reason(c->first_bad) : "no reason was kept");
	bl_buf_adds(out, " | - | - | - | - | - | - | - | - |");
}

static void add_row(const struct view *v, const struct view_row *row, struct bl_buf *out)
{
	const struct view_cell *c = &v->cells[row->cell];
	BL_CLEANUP(bl_buf_done) struct bl_buf verdict = BL_BUF_INIT;
	const struct spread *s;
	char num[FMT_MAX];

	bl_buf_adds(out, "| ");
	fmt_md(out, c->rec->name);
	bl_buf_adds(out, " |");
	if (!row->sum) {
		add_dead(c, out);
	} else {
		s = row->sum->metric;
		minute_verdict(v, row, &fmt_plain, &verdict);
		bl_buf_addc(out, ' ');
		fmt_md(out, fmt_part(out, &verdict));
		bl_buf_addf(out, " | %s |", fmt_sig3(&fmt_plain, num, s[METRIC_IOPS].median));
		bl_buf_addf(out, " %s |", fmt_mib(&fmt_plain, num, s[METRIC_BYTES_PER_S].median));
		add_time(&row->p[SUMMARY_P50], out);
		add_time(&row->p[SUMMARY_P99], out);
		add_time(&row->p[SUMMARY_P99_9], out);
		bl_buf_addf(out, " %s |", fmt_ns(&fmt_plain, num, (double)row->sum->all->max_ns));
		bl_buf_addf(out, " %s |",
			    s[METRIC_CPU_PER_IO].n
				    ? fmt_ns(&fmt_plain, num, s[METRIC_CPU_PER_IO].median)
				    : "-");
		if (s[METRIC_P99].n > 1)
			bl_buf_addf(out, " %.1f %% |", s[METRIC_P99].rel_mad_pct);
		else
			bl_buf_adds(out, " - |");
	}
	bl_buf_adds(out, " ");
	fmt_md(out, c->rec->durability && *c->rec->durability ? c->rec->durability : "not stated");
	bl_buf_adds(out, " |\n");
}

static void add_family(const struct view *v, const struct view_job *job, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	verdict_family(v, job, &b);
	if (!b.len && !bl_buf_failed(&b))
		return;
	bl_buf_adds(out, "Verdicts on ");
	fmt_md(out, fmt_part(out, &b));
	bl_buf_adds(out, ".\n\n");
}

static void add_job(const struct view *v, size_t j, struct bl_buf *out)
{
	const struct view_job *job = &v->jobs[j];

	bl_buf_adds(out, "## ");
	fmt_md(out, job->name);
	bl_buf_adds(out,
		    "\n\n| cell | p99 against reference | IOPS | MiB/s | p50 | p99 | p99.9 | max | "
		    "CPU / I/O | spread of p99 | what survives |\n"
		    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n");
	for (size_t i = 0; i < job->n_rows; i++)
		add_row(v, &job->rows[i], out);
	bl_buf_addc(out, '\n');
	add_family(v, job, out);
	md_budget(v, j, out);
	md_bill(v, j, out);
	md_stutter(v, j, out);
}

static void add_effects(const struct view *v, struct bl_buf *out)
{
	if (!v->n_effects)
		return;
	bl_buf_adds(out,
		    "## What each choice changed\n\n| job | axis | change | all else equal | p99 | "
		    "IOPS | verdict |\n|---|---|---|---|--:|--:|---|\n");
	for (size_t i = 0; i < v->n_effects; i++) {
		const struct view_effect *e = &v->effects[i];
		BL_CLEANUP(bl_buf_done)
		struct bl_buf rest = BL_BUF_INIT, p99 = BL_BUF_INIT, iops = BL_BUF_INIT;

		view_name_rest(v, e, &rest);
		minute_change(&e->by[METRIC_P99], &fmt_plain, &p99);
		minute_change(&e->by[METRIC_IOPS], &fmt_plain, &iops);
		bl_buf_adds(out, "| ");
		fmt_md(out, e->job->name);
		bl_buf_adds(out, " | ");
		fmt_md(out, e->axis->name);
		bl_buf_adds(out, " | ");
		fmt_md(out, e->from);
		bl_buf_adds(out, " to ");
		fmt_md(out, e->to);
		bl_buf_adds(out, " | ");
		fmt_md(out, fmt_part(out, &rest));
		bl_buf_addf(out, " | %s | %s | ", fmt_part(out, &p99), fmt_part(out, &iops));
		fmt_md(out, verdict_marked(&e->by[METRIC_P99]));
		bl_buf_adds(out, " |\n");
	}
	bl_buf_addc(out, '\n');
}

static void add_bad_trials(const struct view *v, struct bl_buf *out)
{
	if (v->n_ok == v->d->n_trials)
		return;
	bl_buf_adds(out, "## Trials without figures\n\n");
	for (size_t i = 0; i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];

		if (t->state == TRIAL_OK || t->cell >= v->d->n_cells)
			continue;
		bl_buf_adds(out, "- ");
		fmt_md(out, v->d->cells[t->cell].name);
		bl_buf_addf(out, ", trial %u", t->repeat + 1);
		if (v->cells[t->cell].boots.n_rounds > 1)
			bl_buf_addf(out, " round %u", t->round + 1);
		bl_buf_addf(out, ", %s: ", trial_state_names[t->state]);
		fmt_md(out, minute_reason(t));
		bl_buf_addc(out, '\n');
	}
	bl_buf_addc(out, '\n');
}

static void add_timing(const struct view *v, struct bl_buf *out)
{
	bool is_begun = false;

	for (uint32_t c = 0; c < v->d->n_cells; c++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		struct timing t = timing_of(v, c, NULL);

		timing_text(&t, &fmt_plain, &text);
		if (!text.len && !bl_buf_failed(&text))
			continue;
		bl_buf_adds(out, is_begun ? "- " : "## How it was timed\n\n- ");
		fmt_md(out, v->d->cells[c].name);
		bl_buf_adds(out, ": ");
		fmt_md(out, fmt_part(out, &text));
		bl_buf_addc(out, '\n');
		is_begun = true;
	}
	if (is_begun)
		bl_buf_addc(out, '\n');
}

static void add_environment(const struct view *v, struct bl_buf *out)
{
	const struct facts *f = &v->d->run.environment;
	BL_CLEANUP(lines_done) struct lines limits = {0};

	minute_limits(v, &limits);
	bl_buf_adds(out, "## What cannot be concluded\n\n");
	add_list(&limits, out);
	bl_buf_adds(out, "## Environment\n\n| | |\n|---|---|\n");
	for (size_t i = 0; i < f->n; i++) {
		bl_buf_adds(out, "| ");
		fmt_md(out, f->items[i].key);
		bl_buf_adds(out, " | ");
		fmt_md(out, f->items[i].value);
		bl_buf_adds(out, " |\n");
	}
	bl_buf_adds(out, "| run | ");
	fmt_md(out, v->d->run.id);
	bl_buf_addf(out, " |\n| %s | ", run_is_imported(&v->d->run) ? "measured by" : "blklab");
	fmt_md(out, v->d->run.version ? v->d->run.version : "unknown");
	bl_buf_adds(out, " |\n");
}

int report_md(const struct view *v, struct bl_buf *out)
{
	add_head(v, out);
	md_decision(v, out);
	md_findings(v, out);
	for (size_t j = 0; j < v->n_jobs; j++)
		add_job(v, j, out);
	add_effects(v, out);
	md_knees(v, out);
	add_bad_trials(v, out);
	md_devices(v, out);
	add_timing(v, out);
	add_environment(v, out);
	return 0;
}
