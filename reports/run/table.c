/* The terminal's final table. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "minute.h"
#include "report.h"
#include "table_time.h"
#include "term.h"
#include "verdict_text.h"

enum column { COL_IOPS, COL_P50, COL_P99, COL_P99_9, COL_CPU, COL_SPREAD, COL_VERDICT, COLUMNS };

static const struct {
	unsigned width;
	unsigned drop; /* the higher, the sooner it makes room for names; 0: never */
} shown[COLUMNS] = {
	[COL_IOPS] = {6, 0}, [COL_P50] = {7, 2},    [COL_P99] = {7, 0},      [COL_P99_9] = {8, 1},
	[COL_CPU] = {7, 3},  [COL_SPREAD] = {6, 4}, [COL_VERDICT] = {19, 0},
};

struct table {
	const struct view *v;
	const struct view_job *job;
	unsigned columns, name_width;
	unsigned keep; /* columns whose drop is not above this are shown */
	bool color;
	struct fmt_unit p50, p99, p99_9, cpu;
};

static struct fmt_unit unit_of(const struct view_job *job, int p)
{
	double least = INFINITY, most = 0;

	for (size_t i = 0; i < job->n_rows; i++) {
		if (!job->rows[i].sum || !job->rows[i].p[p].is_known)
			continue;
		least = fmin(least, (double)job->rows[i].p[p].ns);
		most = fmax(most, (double)job->rows[i].p[p].ns);
	}
	return fmt_unit_between(&fmt_plain, isfinite(least) ? least : 0, most);
}

static struct fmt_unit cpu_unit(const struct view_job *job)
{
	double least = INFINITY;

	for (size_t i = 0; i < job->n_rows; i++) {
		const struct summary *s = job->rows[i].sum;

		if (s && s->metric[METRIC_CPU_PER_IO].n)
			least = fmin(least, s->metric[METRIC_CPU_PER_IO].median);
	}
	return fmt_unit_for(&fmt_plain, isfinite(least) ? least : 0);
}

static bool is_shown(const struct table *t, int c)
{
	return shown[c].drop <= t->keep;
}

static void put(int c, const char *text, struct bl_buf *out)
{
	if (c == COL_VERDICT) {
		bl_buf_adds(out, "  ");
		bl_buf_adds(out, text);
		return;
	}
	bl_buf_addf(out, "  %*s", (int)shown[c].width, text);
}

static void add_head(const struct table *t, struct bl_buf *out)
{
	char text[FMT_MAX];

	term_on(out, t->color, TERM_BOLD);
	if (fmt_width(t->job->name) > t->name_width) {
		fmt_clean(out, t->job->name, 0);
		bl_buf_addc(out, '\n');
	}
	fmt_pad(out, fmt_width(t->job->name) > t->name_width ? "" : t->job->name, t->name_width);
	for (int c = 0; c < COLUMNS; c++) {
		if (!is_shown(t, c))
			continue;
		switch (c) {
		case COL_IOPS:
			snprintf(text, sizeof(text), "IOPS");
			break;
		case COL_P50:
			snprintf(text, sizeof(text), "p50 %s", t->p50.name);
			break;
		case COL_P99:
			snprintf(text, sizeof(text), "p99 %s", t->p99.name);
			break;
		case COL_P99_9:
			snprintf(text, sizeof(text), "p99.9 %s", t->p99_9.name);
			break;
		case COL_CPU:
			snprintf(text, sizeof(text), "CPU %s", t->cpu.name);
			break;
		case COL_SPREAD:
			snprintf(text, sizeof(text), "spread");
			break;
		default:
			snprintf(text, sizeof(text), "p99 vs reference");
		}
		put(c, text, out);
	}
	term_off(out, t->color);
	bl_buf_addc(out, '\n');
}

static void add_pct(int c, const struct pct *p, struct fmt_unit u, struct bl_buf *out)
{
	char num[FMT_MAX], text[FMT_MAX + 2] = "-";

	if (p->is_known)
		snprintf(text, sizeof(text), "%s%s", p->is_thin ? "~" : "",
			 fmt_in(&fmt_plain, num, (double)p->ns, u));
	put(c, text, out);
}

static void add_spread(int c, const struct spread *s, struct fmt_unit u, struct bl_buf *out)
{
	char num[FMT_MAX] = "-";

	if (c == COL_SPREAD && s->n > 1)
		snprintf(num, sizeof(num), "%.*f %%", s->rel_mad_pct < 9.95 ? 1 : 0,
			 s->rel_mad_pct);
	else if (c != COL_SPREAD && s->n)
		fmt_in(&fmt_plain, num, s->median, u);
	put(c, num, out);
}

static void add_verdict(const struct table *t, const struct view_row *row, struct bl_buf *out)
{
	static const enum term_look looks[VERDICTS] = {
		[VERDICT_CANNOT_TELL] = TERM_DIM,
		[VERDICT_BETTER] = TERM_GREEN,
		[VERDICT_WORSE] = TERM_RED,
		[VERDICT_SAME] = TERM_PLAIN,
	};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	minute_verdict(t->v, row, &fmt_plain, &text);
	bl_buf_adds(out, "  ");
	term_on(out, t->color,
		row->cell == t->v->reference ? TERM_DIM : looks[row->ref[METRIC_P99].verdict]);
	bl_buf_adds(out, fmt_part(out, &text));
	term_off(out, t->color);
}

static void add_row(const struct table *t, const struct view_row *row, struct bl_buf *out)
{
	const struct spread *m = row->sum->metric;

	const char *name = t->v->d->cells[row->cell].name;

	/* A name that does not fit has its own line. */
	if (fmt_width(name) > t->name_width) {
		fmt_clean(out, name, 0);
		bl_buf_addc(out, '\n');
		name = "";
	}
	fmt_pad(out, name, t->name_width);
	for (int c = 0; c < COLUMNS; c++) {
		if (!is_shown(t, c))
			continue;
		switch (c) {
		case COL_IOPS:
			add_spread(c, &m[METRIC_IOPS], (struct fmt_unit){"", 1}, out);
			break;
		case COL_P50:
			add_pct(c, &row->p[SUMMARY_P50], t->p50, out);
			break;
		case COL_P99:
			add_pct(c, &row->p[SUMMARY_P99], t->p99, out);
			break;
		case COL_P99_9:
			add_pct(c, &row->p[SUMMARY_P99_9], t->p99_9, out);
			break;
		case COL_CPU:
			add_spread(c, &m[METRIC_CPU_PER_IO], t->cpu, out);
			break;
		case COL_SPREAD:
			add_spread(c, &m[METRIC_P99], t->p99, out);
			break;
		default:
			add_verdict(t, row, out);
		}
	}
	bl_buf_addc(out, '\n');
}

static void add_job(struct table *t, struct bl_buf *out)
{
	const struct view_job *job = t->job;

	t->p50 = unit_of(job, SUMMARY_P50);
	t->p99 = unit_of(job, SUMMARY_P99);
	t->p99_9 = unit_of(job, SUMMARY_P99_9);
	t->cpu = cpu_unit(job);
	add_head(t, out);
	for (size_t i = 0; i < job->n_rows; i++) {
		if (job->rows[i].sum)
			add_row(t, &job->rows[i], out);
	}
	bl_buf_addc(out, '\n');
}

/* Every cell with a trial that gave nothing: how many, and the first reason. */
static void add_bad(const struct table *t, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < t->v->d->n_cells; i++) {
		const struct view_cell *c = &t->v->cells[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf bad = BL_BUF_INIT, line = BL_BUF_INIT;

		if (!c->first_bad && c->n_trials)
			continue;
		minute_bad(c, &bad);
		if (!n++)
			bl_buf_adds(out, "trials without figures:\n");
		bl_buf_addf(&line, "%s: ", c->rec->name);
		if (!c->n_trials)
			bl_buf_adds(&line, "not run");
		else
			bl_buf_addf(&line, "%s of %zu: %s", fmt_part(out, &bad), c->n_trials,
				    c->first_bad->reason ? c->first_bad->reason
							 : "no reason was kept");
		bl_buf_adds(out, "  ");
		term_on(out, t->color, TERM_RED);
		term_wrap(out, fmt_part(out, &line), t->columns, 2, 4);
		term_off(out, t->color);
		bl_buf_addc(out, '\n');
	}
	if (n)
		bl_buf_addc(out, '\n');
}

static void add_lines(const struct table *t, const char *lead, const struct lines *l,
		      enum term_look look, struct bl_buf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf plain = BL_BUF_INIT;

		fmt_sentence_plain(&plain, l->items[i]);
		bl_buf_addf(out, "%-6s", i ? "" : lead);
		term_on(out, t->color, look);
		term_wrap(out, fmt_part(out, &plain), t->columns, 6, 6);
		term_off(out, t->color);
		bl_buf_addc(out, '\n');
	}
	out->failed |= l->failed;
}

static void add_decision(const struct table *t, struct bl_buf *out)
{
	if (!t->v->decision.sentence)
		return;
	term_on(out, t->color, TERM_BOLD);
	bl_buf_adds(out, "should this VM get passthrough?");
	term_off(out, t->color);
	bl_buf_adds(out, "\n  ");
	term_wrap(out, t->v->decision.sentence, t->columns, 2, 2);
	bl_buf_adds(out, "\n\n");
}

static unsigned longest_name(const struct table *t)
{
	unsigned longest = 8;

	for (size_t i = 0; i < t->v->d->n_cells; i++) {
		unsigned w = (unsigned)fmt_width(t->v->d->cells[i].name);

		longest = w > longest ? w : longest;
	}
	return longest;
}

/* Columns make room for names: a name cut short may be another's. */
static void lay_out(struct table *t)
{
	unsigned longest = longest_name(t), used = 0;

	for (t->keep = 4;; t->keep--) {
		used = 0;
		for (int c = 0; c < COLUMNS; c++)
			used += is_shown(t, c) ? shown[c].width + 2 : 0;
		if (longest + used <= t->columns || t->keep == 0)
			break;
	}
	t->name_width = longest;
	if (longest + used > t->columns)
		t->name_width = t->columns > used + 12 ? t->columns - used : 12;
}

int report_table(const struct run_data *d, const struct report_options *opt, unsigned columns,
		 bool color, struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(lines_done)
	struct lines tell = {0}, found = {0}, stalls = {0}, trust = {0}, next = {0};
	BL_CLEANUP(view_done) struct view v;
	struct table t = {.v = &v, .columns = columns > 100 ? 100 : columns, .color = color};
	int r = view_init(&v, d, opt, err);

	if (r == 0)
		r = view_judge(&v, err);
	if (r < 0)
		return r;
	if (t.columns < 40)
		t.columns = 40;
	lay_out(&t);
	for (size_t j = 0; j < v.n_jobs; j++) {
		t.job = &v.jobs[j];
		add_job(&t, out);
		table_budget(&v, t.job, t.columns, t.color, out);
	}
	add_bad(&t, out);
	add_decision(&t, out);
	verdict_families(&v, &tell);
	add_lines(&t, "tell", &tell, TERM_PLAIN, out);
	minute_evidence(&v, &found);
	add_lines(&t, "found", &found, TERM_RED, out);
	table_stutter(&v, &stalls);
	add_lines(&t, "stall", &stalls, TERM_PLAIN, out);
	minute_trust(&v, &trust);
	add_lines(&t, "note", &trust, TERM_DIM, out);
	minute_next(&v, &next);
	add_lines(&t, "next", &next, TERM_PLAIN, out);
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "table: out of memory") : 0;
}
