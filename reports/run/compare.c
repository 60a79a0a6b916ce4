/* Two cells in the terminal. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "minute.h"
#include "pairing.h"
#include "report.h"
#include "term.h"
#include "verdict_text.h"

#define FIGURE_MAX (FMT_MAX + 2)

static const char *metric_label(enum metric m)
{
	static const char *const labels[METRICS] = {
		[METRIC_IOPS] = "IOPS", [METRIC_BYTES_PER_S] = "MiB/s",
		[METRIC_MEAN] = "mean", [METRIC_P50] = "p50",
		[METRIC_P99] = "p99",   [METRIC_P99_9] = "p99.9",
		[METRIC_MAX] = "max",   [METRIC_CPU_PER_IO] = "CPU per I/O",
	};

	return labels[m];
}

/* The percentile of a summary that a metric is; -1: it is none. */
static int percentile_of(enum metric m)
{
	switch (m) {
	case METRIC_P50:
		return SUMMARY_P50;
	case METRIC_P99:
		return SUMMARY_P99;
	case METRIC_P99_9:
		return SUMMARY_P99_9;
	default:
		return -1;
	}
}

/* With ~ when fewer than 100 samples lie beyond it, as in the table of a run. */
static void put_percentile(char out[FIGURE_MAX], const struct pct *p)
{
	char num[FMT_MAX];

	snprintf(out, FIGURE_MAX, "%s%s", p->is_thin ? "~" : "",
		 fmt_ns(&fmt_plain, num, (double)p->ns));
}

static void put_figure(char out[FIGURE_MAX], const struct view_row *row, enum metric m, double x)
{
	switch (m) {
	case METRIC_IOPS:
		fmt_sig3(&fmt_plain, out, x);
		break;
	case METRIC_BYTES_PER_S:
		fmt_mib(&fmt_plain, out, x);
		break;
	case METRIC_P50:
	case METRIC_P99:
	case METRIC_P99_9:
		put_percentile(out, &row->p[percentile_of(m)]);
		break;
	default:
		fmt_ns(&fmt_plain, out, x);
	}
}

/* Latencies are of all ok trials together, as everywhere; rates are medians over trials. */
static bool value_of(const struct view_row *row, enum metric m, double *ret)
{
	switch (m) {
	case METRIC_P50:
	case METRIC_P99:
	case METRIC_P99_9:
		*ret = (double)row->p[percentile_of(m)].ns;
		return row->p[percentile_of(m)].is_known;
	case METRIC_MEAN:
		*ret = lat_mean_ns(row->sum->all);
		return true;
	case METRIC_MAX:
		*ret = (double)row->sum->all->max_ns;
		return true;
	default:
		*ret = row->sum->metric[m].median;
		return row->sum->metric[m].n > 0;
	}
}

static void add_metric(const struct pairing_job *j, enum metric m, unsigned columns, bool color,
		       struct bl_buf *out)
{
	static const enum term_look looks[VERDICTS] = {TERM_DIM, TERM_GREEN, TERM_RED, TERM_PLAIN};
	const struct comparison *c = &j->by[m];
	bool has_a, has_b;
	double a, b;
	char ta[FIGURE_MAX] = "-", tb[FIGURE_MAX] = "-", change[FMT_MAX] = "-";
	char lo[FMT_MAX], hi[FMT_MAX], interval[2 * FMT_MAX + 4] = "-";

	has_a = value_of(j->a, m, &a);
	has_b = value_of(j->b, m, &b);
	if (!has_a && !has_b)
		return;
	if (has_a)
		put_figure(ta, j->a, m, a);
	if (has_b)
		put_figure(tb, j->b, m, b);
	if (c->n_pairs)
		fmt_change(&fmt_plain, change, c->ratio);
	if (c->has_interval)
		snprintf(interval, sizeof(interval), "[%s, %s]", fmt_change(&fmt_plain, lo, c->lo),
			 fmt_change(&fmt_plain, hi, c->hi));
	bl_buf_addf(out, "  %-12s %10s %10s %9s", metric_label(m), ta, tb, change);
	if (columns >= 72)
		bl_buf_addf(out, "  %-19s", interval);
	bl_buf_adds(out, "  ");
	term_on(out, color, looks[c->verdict]);
	bl_buf_adds(out, verdict_marked(c));
	term_off(out, color);
	bl_buf_addc(out, '\n');
}

/* Percentiles that no verdict is made of, from the added histograms. */
static void add_percentile(const struct pairing_job *j, int p, struct bl_buf *out)
{
	const struct pct *a = &j->a->p[p], *b = &j->b->p[p];
	char ta[FIGURE_MAX] = "-", tb[FIGURE_MAX] = "-", change[FMT_MAX] = "-";

	if (!a->is_known && !b->is_known)
		return;
	if (a->is_known)
		put_percentile(ta, a);
	if (b->is_known)
		put_percentile(tb, b);
	if (a->is_known && b->is_known && a->ns)
		fmt_change(&fmt_plain, change, (double)b->ns / (double)a->ns);
	bl_buf_addf(out, "  %-12s %10s %10s %9s\n", summary_p_names[p], ta, tb, change);
}

/* One line of a job, indented. */
static void add_line(const char *text, unsigned columns, struct bl_buf *out)
{
	bl_buf_adds(out, "  ");
	term_wrap(out, text, columns, 2, 4);
	bl_buf_addc(out, '\n');
}

/* The other estimate of p99 beside the table's, and its p. */
static void add_test(const struct comparison *c, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char num[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];

	if (!c->has_interval || !isfinite(c->trimmed))
		return;
	bl_buf_addf(&b, "p99 by its trimmed mean: %s [%s, %s]",
		    fmt_change(&fmt_plain, num, c->trimmed),
		    fmt_change(&fmt_plain, lo, c->trimmed_lo),
		    fmt_change(&fmt_plain, hi, c->trimmed_hi));
	if (c->family) {
		BL_CLEANUP(bl_buf_done) struct bl_buf p = BL_BUF_INIT;

		verdict_p(c, &p);
		bl_buf_addf(&b, "; p %.2g %s", c->p, fmt_part(&b, &p));
	}
	add_line(fmt_part(out, &b), columns, out);
}

/* How many more trials would tell: metrics with the same answer together. */
static void add_open(const struct pairing_job *j, unsigned columns, struct bl_buf *out)
{
	for (int m = 0; m < METRICS; m++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT, more = BL_BUF_INIT;
		bool is_said = false;
		int n = 0;

		verdict_more(&j->by[m], &more);
		for (int k = 0; k < METRICS; k++) {
			BL_CLEANUP(bl_buf_done) struct bl_buf its = BL_BUF_INIT;

			verdict_more(&j->by[k], &its);
			out->failed |= bl_buf_failed(&its);
			if (strcmp(bl_buf_str(&its), bl_buf_str(&more)) != 0)
				continue;
			is_said |= k < m;
			n++;
			bl_buf_addf(&line, "%s%s", line.len ? ", " : "",
				    metric_label((enum metric)k));
		}
		out->failed |= bl_buf_failed(&more);
		if (!more.len || is_said)
			continue;
		if (n == METRICS) {
			bl_buf_done(&line);
			bl_buf_adds(&line, "all of these");
		}
		bl_buf_addf(&line, ": %s", fmt_part(out, &more));
		add_line(fmt_part(out, &line), columns, out);
	}
}

/* What a thin percentile takes to be told. */
static void add_thin(const struct pairing_job *j, unsigned columns, struct bl_buf *out)
{
	for (int m = 0; m < METRICS; m++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

		if (!j->by[m].is_thin)
			continue;
		bl_buf_addf(&line, "~ %s: ", metric_label((enum metric)m));
		verdict_thin(j->a, j->b, percentile_of((enum metric)m), &line);
		add_line(fmt_part(out, &line), columns, out);
	}
}

/* "6 and 5 trials", or "6 boots x 2 rounds and 6 boots x 2 rounds". */
static void add_counts(const struct summary *a, const struct summary *b, struct bl_buf *out)
{
	const struct summary *both[] = {a, b};

	if (a->n_rounds <= 1 && b->n_rounds <= 1) {
		bl_buf_addf(out, "%zu and %zu trials", a->n_ok, b->n_ok);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		struct cell_boots boots = {.n_rounds = both[i]->n_rounds};

		bl_buf_adds(out, i ? " and " : "");
		boots_text(&boots, both[i]->n_ok, out);
	}
}

static void add_job(const struct pairing *p, const struct pairing_job *j, unsigned columns,
		    bool color, struct bl_buf *out)
{
	static const int other[] = {SUMMARY_P90, SUMMARY_P95, SUMMARY_P99_99};
	size_t n_pairs = j->by[METRIC_P99].n_pairs;

	term_on(out, color, TERM_BOLD);
	fmt_clean(out, j->name, 0);
	term_off(out, color);
	bl_buf_adds(out, "  (");
	add_counts(j->a->sum, j->b->sum, out);
	if (p->is_refused)
		bl_buf_adds(out, ")\n");
	else if (j->by[METRIC_P99].is_unpaired)
		bl_buf_adds(out, ", no pairs)\n");
	else
		bl_buf_addf(out, ", %zu %s)\n", n_pairs, n_pairs == 1 ? "pair" : "pairs");
	bl_buf_addf(out, "  %-12s %10s %10s %9s", "", "A", "B", "B / A");
	if (columns >= 72)
		bl_buf_addf(out, "  %-19s", "95 % interval");
	bl_buf_adds(out, "  B is\n");
	for (int m = 0; m < METRICS; m++)
		add_metric(j, (enum metric)m, columns, color, out);
	for (size_t i = 0; i < BL_ARRAY_LEN(other); i++)
		add_percentile(j, other[i], out);
	add_test(&j->by[METRIC_P99], columns, out);
	add_open(j, columns, out);
	add_thin(j, columns, out);
	bl_buf_addc(out, '\n');
}

static void add_difference(const struct bl_buf *line, unsigned columns, struct bl_buf *out)
{
	bl_buf_adds(out, "  ");
	term_wrap(out, fmt_part(out, line), columns, 2, 4);
	bl_buf_addc(out, '\n');
}

/* 'A' or 'B': the side without a VM, where the other has one; 0: neither. */
static char side_without_vm(const struct pairing *p)
{
	bool a = p->va.cells[p->cell_a].is_host, b = p->vb.cells[p->cell_b].is_host;

	return a == b ? 0 : a ? 'A' : 'B';
}

static void add_config(const struct pairing *p, unsigned columns, struct bl_buf *out)
{
	const struct difference *d = p->config;
	char host = side_without_vm(p);
	size_t n_vm = 0; /* of the VM alone */

	bl_buf_adds(out, p->n_config ? "effective configuration that differs\n" : "");
	for (size_t i = 0; i < p->n_config; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

		if (host && !(host == 'A' ? d[i].a : d[i].b)) {
			n_vm++;
			continue;
		}
		bl_buf_addf(&line, "%s: %s -> %s", d[i].key, d[i].a ? d[i].a : "(absent)",
			    d[i].b ? d[i].b : "(absent)");
		add_difference(&line, columns, out);
	}
	if (n_vm) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

		bl_buf_addf(&line,
			    "%c has no VM: %zu value%s that only %c has %s left out (--json has "
			    "them)",
			    host, n_vm, n_vm == 1 ? "" : "s", host == 'A' ? 'B' : 'A',
			    n_vm == 1 ? "is" : "are");
		add_difference(&line, columns, out);
	}
	bl_buf_adds(out, p->n_config ? "\n" : "");
}

static void add_environment(const struct pairing *p, unsigned columns, struct bl_buf *out)
{
	bl_buf_adds(out, p->environment.n ? "environment that differs\n" : "");
	for (size_t i = 0; i < p->environment.n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

		env_change_text(&p->environment.items[i], &line);
		add_difference(&line, columns, out);
	}
	bl_buf_adds(out, p->environment.n ? "\n" : "");
}

static void add_side(char side, const struct view *v, uint32_t cell, unsigned columns,
		     struct bl_buf *out)
{
	const struct view_cell *c = &v->cells[cell];
	BL_CLEANUP(bl_buf_done) struct bl_buf bad = BL_BUF_INIT, text = BL_BUF_INIT;
	char when[32];

	minute_bad(c, &bad);
	bl_buf_addf(out, "%c  ", side);
	bl_buf_addf(&text, "%s  (run %.13s, %s, %s, %zu of %zu trials ok%s%s)", c->rec->name,
		    v->d->run.id, bl_format_utc(when, v->d->run.started_ms),
		    view_cpu(v, cell) ? view_cpu(v, cell) : "CPU not known", c->n_ok, c->n_trials,
		    bad.len ? ", " : "", fmt_part(out, &bad));
	term_wrap(out, fmt_part(out, &text), columns, 3, 3);
	bl_buf_addc(out, '\n');
}

/* What an emulated CPU means, once for both sides. */
static void add_cpu(const struct pairing *p, unsigned columns, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines l = {0};

	minute_cpu(&p->va, &l);
	if (!l.n)
		minute_cpu(&p->vb, &l);
	for (size_t i = 0; i < l.n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf plain = BL_BUF_INIT;

		fmt_sentence_plain(&plain, l.items[i]);
		bl_buf_adds(out, "note  ");
		term_wrap(out, fmt_part(out, &plain), columns, 6, 6);
		bl_buf_addc(out, '\n');
	}
	out->failed |= l.failed;
}

static void add_why(const struct pairing *p, unsigned columns, struct bl_buf *out)
{
	static const char how[] =
		"A and B: latencies of all ok trials together, rates and CPU as "
		"medians over trials; B / A and its interval: over pairs of trials of "
		"the same repeat, which is why it may differ from their quotient";
	static const char how_unpaired[] =
		"A and B: latencies of all ok trials together, rates and CPU as medians over "
		"trials; B / A and its interval: over every trial of A with every trial of B";
	const char *why = p->n_jobs ? p->jobs[0].by[METRIC_P99].why : "";

	if (p->n_jobs) {
		bl_buf_adds(out, "how   ");
		term_wrap(out, p->is_unpaired ? how_unpaired : how, columns, 6, 6);
		bl_buf_addc(out, '\n');
	}
	if (p->n_jobs && !p->is_refused &&
	    (p->jobs[0].a->sum->n_ok > SUMMARY_VALUES || p->jobs[0].b->sum->n_ok > SUMMARY_VALUES))
		bl_buf_addf(out, "note  intervals and verdicts: of the first %d boots\n",
			    SUMMARY_VALUES);
	if (p->note[0]) {
		bl_buf_adds(out, "note  ");
		term_wrap(out, p->note, columns, 6, 6);
		bl_buf_addc(out, '\n');
	}
	if (p->opt.is_gate && !p->is_refused) {
		BL_CLEANUP(bl_buf_done) struct bl_buf gate = BL_BUF_INIT;

		bl_buf_addf(&gate,
			    "%s: %zu of %zu comparisons %s worse, corrected together by Holm (at "
			    "most one gate in 20 calls anything worse that is not); of what it "
			    "waits for %zu can't be told",
			    p->gate.n_worse            ? "not passed"
			    : gate_is_passed(&p->gate) ? "passed"
						       : "open",
			    p->gate.n_worse, p->gate.n, p->gate.n_worse == 1 ? "is" : "are",
			    p->gate.n_open);
		bl_buf_adds(out, "gate  ");
		term_wrap(out, fmt_part(out, &gate), columns, 6, 6);
		bl_buf_addc(out, '\n');
	}
	if (!p->is_refused && p->n_jobs && !p->jobs[0].by[METRIC_P99].is_thin && why[0]) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;

		bl_buf_addf(&line, "%s, p99: %s", p->jobs[0].name, why);
		bl_buf_adds(out, "why   ");
		term_wrap(out, fmt_part(out, &line), columns, 6, 6);
		bl_buf_addc(out, '\n');
	}
}

int report_compare(const struct run_data *da, const char *cell_a, const struct run_data *db,
		   const char *cell_b, const struct report_options *opt, unsigned columns,
		   bool color, struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(pairing_done) struct pairing p;
	int r = pairing_init(&p, da, cell_a, db, cell_b, opt, err);

	if (r < 0)
		return r;
	if (columns > 100 || columns < 40)
		columns = columns > 100 ? 100 : 40;
	add_side('A', &p.va, p.cell_a, columns, out);
	add_side('B', &p.vb, p.cell_b, columns, out);
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < p.n_jobs; i++)
		add_job(&p, &p.jobs[i], columns, color, out);
	if (!p.n_jobs)
		bl_buf_adds(out, "no job has figures on both sides\n\n");
	add_config(&p, columns, out);
	add_environment(&p, columns, out);
	add_cpu(&p, columns, out);
	add_why(&p, columns, out);
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "compare: out of memory") : 0;
}
