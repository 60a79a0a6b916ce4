/* "In one minute": three to six sentences from the figures. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "minute.h"
#include "verdict_text.h"

#define JOBS_MAX 3 /* sentences about the best cell: more is a table, and there is one */

static const char *cell_name(const struct view *v, uint32_t cell)
{
	return v->d->cells[cell].name;
}

static void add_range(const struct spread *s, const struct fmt_style *st, struct bl_buf *out)
{
	char a[FMT_MAX], b[FMT_MAX];

	if (s->n > 1)
		bl_buf_addf(out, " (%s%s%s over %zu trials)", fmt_ns(st, a, s->min), st->to,
			    fmt_ns(st, b, s->max), s->n);
	else
		bl_buf_adds(out, " (one trial)");
}

static void best_of_job(const struct view *v, const struct view_job *job,
			const struct fmt_style *st, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const struct view_row *one = view_best(v, job, 0), *two = view_best(v, job, 1);
	const struct spread *cpu;
	char num[FMT_MAX];

	if (!one) {
		lines_add(out, "\001%s\002: no cell has enough samples for a p99.", job->name);
		return;
	}
	bl_buf_addf(&b, "\001%s\002: \001%s\002 has %s %s", job->name, cell_name(v, one->cell),
		    two ? "the lowest p99," : "a p99 of",
		    fmt_ns(st, num, (double)one->p[SUMMARY_P99].ns));
	add_range(&one->sum->metric[METRIC_P99], st, &b);
	cpu = &one->sum->metric[METRIC_CPU_PER_IO];
	if (cpu->n)
		bl_buf_addf(&b, ", at %s of host CPU per I/O", fmt_ns(st, num, cpu->median));
	if (two) {
		struct comparison c =
			compare_summaries_by(one->sum, two->sum, METRIC_P99, &job->min);

		bl_buf_addf(&b, ". Next is %s at %s", cell_name(v, two->cell),
			    fmt_ns(st, num, (double)two->p[SUMMARY_P99].ns));
		bl_buf_adds(&b, c.verdict == VERDICT_CANNOT_TELL
					? ": which of the two is faster cannot be told yet"
				: c.verdict == VERDICT_SAME ? ": the two are the same"
							    : "; the difference is real");
	}
	out->failed |= bl_buf_failed(&b);
	lines_add(out, "%s.", bl_buf_str(&b));
}

/* What the same jobs reach without a VM. */
static void say_floor(const struct view *v, const struct view_job *job, const struct fmt_style *st,
		      struct lines *out)
{
	const struct view_row *best = view_best(v, job, 0);
	char a[FMT_MAX], b[FMT_MAX];

	for (size_t i = 0; best && i < job->n_rows; i++) {
		const struct view_row *r = &job->rows[i];

		if (!v->cells[r->cell].is_host || !r->sum || !r->p[SUMMARY_P99].is_known)
			continue;
		lines_add(out,
			  "Without a VM, on the host itself, %s has a p99 of \001%s\002; the best "
			  "cell's is %s%s that.",
			  job->name, fmt_ns(st, a, (double)r->p[SUMMARY_P99].ns), st->times,
			  fmt_sig3(st, b,
				   (double)best->p[SUMMARY_P99].ns / (double)r->p[SUMMARY_P99].ns));
		return;
	}
}

/* The largest change of p99 along an axis: a proved one if there is any. */
static const struct view_effect *largest_step(const struct view *v, bool is_proved)
{
	const struct view_effect *best = NULL;

	for (size_t i = 0; i < v->n_effects; i++) {
		const struct comparison *c = &v->effects[i].by[METRIC_P99];

		if (!c->n_pairs || c->ratio <= 0)
			continue;
		if (is_proved && c->verdict != VERDICT_BETTER && c->verdict != VERDICT_WORSE)
			continue;
		if (!best || fabs(log(c->ratio)) > fabs(log(best->by[METRIC_P99].ratio)))
			best = &v->effects[i];
	}
	return best;
}

static void say_step(const struct view *v, const struct fmt_style *st, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf change = BL_BUF_INIT, rest = BL_BUF_INIT;
	const struct view_effect *e = largest_step(v, true);
	bool is_proved = e != NULL;

	if (!e)
		e = largest_step(v, false);
	if (!e)
		return;
	minute_change(&e->by[METRIC_P99], st, &change);
	view_name_rest(v, e, &rest);
	out->failed |= bl_buf_failed(&change) || bl_buf_failed(&rest);
	lines_add(out,
		  "The largest single step is \001%s\002 from %s to %s (%s, in %s): p99 "
		  "\001%s\002%s.",
		  e->axis->name, e->from, e->to, bl_buf_str(&rest), e->job->name,
		  bl_buf_str(&change),
		  is_proved ? "" : ", which these trials cannot yet tell from chance");
}

static const struct view_row *least(const struct view *v, const struct view_job *job, bool by_mean)
{
	const struct view_row *best = NULL;
	double is = INFINITY;

	for (size_t i = 0; i < job->n_rows; i++) {
		const struct view_row *r = &job->rows[i];
		const struct pct *p = &r->p[SUMMARY_P99_9];
		double x;

		if (!r->sum || !p->is_known || p->is_thin || v->cells[r->cell].is_host)
			continue;
		x = by_mean ? lat_mean_ns(r->sum->all) : (double)p->ns;
		if (x < is) {
			is = x;
			best = r;
		}
	}
	return best;
}

static bool say_disagreement(const struct view *v, const struct view_job *job,
			     const struct fmt_style *st, struct lines *out)
{
	const struct view_row *mean = least(v, job, true), *tail = least(v, job, false);
	char a[FMT_MAX], b[FMT_MAX], c[FMT_MAX], d[FMT_MAX];

	if (!mean || !tail || mean == tail)
		return false;
	lines_add(out,
		  "Average and tail disagree for \001%s\002: %s has the lowest mean (%s against "
		  "%s), %s the lowest p99.9 (%s against %s).",
		  job->name, cell_name(v, mean->cell), fmt_ns(st, a, lat_mean_ns(mean->sum->all)),
		  fmt_ns(st, b, lat_mean_ns(tail->sum->all)), cell_name(v, tail->cell),
		  fmt_ns(st, c, (double)tail->p[SUMMARY_P99_9].ns),
		  fmt_ns(st, d, (double)mean->p[SUMMARY_P99_9].ns));
	return true;
}

static void say_unsafe(const struct view *v, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;
	const char *what = NULL;
	size_t n = 0;

	for (uint32_t c = 0; c < v->d->n_cells; c++) {
		if (strcmp(view_axis_value(v, c, "cache"), "unsafe") != 0)
			continue;
		what = v->d->cells[c].durability;
		if (n++ < 3)
			bl_buf_addf(&names, "%s%s", n > 1 ? ", " : "", cell_name(v, c));
	}
	if (!n)
		return;
	if (n > 3)
		bl_buf_addf(&names, " and %zu more", n - 3);
	out->failed |= bl_buf_failed(&names);
	/* The last clause is of the host's power loss. */
	if (what && strrchr(what, ';'))
		what = strrchr(what, ';') + 1 + (strrchr(what, ';')[1] == ' ');
	lines_add(out, "\001%s\002 %s not for data you need (%s).", bl_buf_str(&names),
		  n > 1 ? "are" : "is",
		  what && *what ? what : "cache mode unsafe throws flushes away");
}

static void say_unknown(const struct view *v, struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf more = BL_BUF_INIT;
	struct verdict_tally t = {0};
	size_t n = 0, open = 0, dead = 0;
	const char *why = NULL;

	for (size_t j = 0; j < v->n_jobs; j++) {
		for (size_t i = 0; i < v->jobs[j].n_rows; i++) {
			const struct view_row *row = &v->jobs[j].rows[i];

			if (!row->sum || row->cell == v->reference)
				continue;
			n++;
			verdict_tally_add(&t, &row->ref[METRIC_P99]);
			if (row->ref[METRIC_P99].verdict == VERDICT_CANNOT_TELL) {
				open++;
				why = row->ref[METRIC_P99].why;
			}
		}
	}
	for (size_t i = 0; i < v->d->n_cells; i++)
		dead += v->cells[i].n_ok == 0;
	verdict_tally_more(&t, &more);
	out->failed |= bl_buf_failed(&more);
	if (open)
		lines_add(
			out,
			"\001Cannot tell yet\002: %zu of %zu comparisons with the reference %s are "
			"open (%s)%s%s.",
			open, n, cell_name(v, v->reference), why && *why ? why : "too few pairs",
			more.len ? "; " : "", bl_buf_str(&more));
	if (dead)
		lines_add(out,
			  "Nothing is known of %zu of %zu cells: no trial of them gave figures.",
			  dead, v->d->n_cells);
}

void minute_lines(const struct view *v, const struct fmt_style *st, struct lines *out)
{
	size_t shown = v->n_jobs > JOBS_MAX ? JOBS_MAX - 1 : v->n_jobs;

	if (!v->n_ok) {
		lines_add(out, "No trial gave figures: there is nothing to compare. The reasons "
			       "stand beside the cells.");
		return;
	}
	for (size_t i = 0; i < shown; i++)
		best_of_job(v, &v->jobs[i], st, out);
	say_floor(v, &v->jobs[0], st, out);
	say_step(v, st, out);
	for (size_t i = 0; i < v->n_jobs; i++) {
		if (say_disagreement(v, &v->jobs[i], st, out))
			break;
	}
	say_unsafe(v, out);
	say_unknown(v, out);
	if (shown < v->n_jobs)
		lines_add(out, "%zu more jobs have their own matrix below.", v->n_jobs - shown);
}

void minute_knee(const struct knee *k, const struct fmt_style *st, struct bl_buf *out)
{
	const struct knee_point *at = &k->points[k->at];
	char a[FMT_MAX], b[FMT_MAX];

	if (!k->is_seen)
		bl_buf_addf(out, "throughput per latency is greatest at iodepth %ld of %ld to %ld",
			    at->depth, k->points[0].depth, k->points[k->n - 1].depth);
	else
		bl_buf_addf(out, "the knee is at iodepth %ld", at->depth);
	bl_buf_addf(out, ", %s IOPS with a mean of %s", fmt_sig3(st, a, at->iops),
		    fmt_ns(st, b, at->mean_ns));
	if (k->at + 1 == k->n) {
		bl_buf_adds(out, "; nothing deeper was measured");
		return;
	}
	bl_buf_addf(out, "; at iodepth %ld IOPS %s, mean %s", k->points[k->n - 1].depth,
		    fmt_change(st, a, k->deeper_iops_ratio),
		    fmt_change(st, b, k->deeper_mean_ratio));
}

void minute_bill_step(const struct bill_step *s, const char *arrow, struct bl_buf *out)
{
	static const char plain[] = " -> ";
	const char *from = s->what;

	for (const char *at; (at = strstr(from, plain)); from = at + strlen(plain)) {
		bl_buf_add(out, from, (size_t)(at - from));
		bl_buf_adds(out, arrow);
	}
	bl_buf_adds(out, from);
}
