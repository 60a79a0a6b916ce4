#include "svg.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"
#include "fmt.h"

size_t columns_of(const struct sample *s, size_t max_columns, size_t *ret_per)
{
	size_t slices = 0;

	*ret_per = 1;
	if (!s || !s->n_intervals || !s->interval_ns)
		return 0;
	/* Slices after the last completion are part of the time as well. */
	slices = s->intervals[s->n_intervals - 1].index + (size_t)1;
	if (s->runtime_ns / s->interval_ns > slices && s->runtime_ns / s->interval_ns < 1u << 20)
		slices = s->runtime_ns / s->interval_ns;
	*ret_per = (slices + max_columns - 1) / max_columns;
	return (slices + *ret_per - 1) / *ret_per;
}

int columns_make(const struct sample *s, size_t max_columns, struct columns *ret)
{
	struct columns c = {0};
	size_t per;

	c.n = columns_of(s, max_columns, &per);
	c.max_ns = calloc(c.n + 1, sizeof(*c.max_ns));
	c.count = calloc(c.n + 1, sizeof(*c.count));
	if (!c.max_ns || !c.count) {
		columns_done(&c);
		return -ENOMEM;
	}
	for (size_t i = 0; c.n && i < s->n_intervals; i++) {
		const struct interval *v = &s->intervals[i];
		size_t at = v->index / per;

		if (v->dir == IO_SYNC || at >= c.n)
			continue;
		c.max_ns[at] = fmax(c.max_ns[at], (double)v->max_ns);
		c.count[at] += v->count;
	}
	c.seconds = c.n ? (double)per * (double)s->interval_ns / 1e9 : 0;
	*ret = c;
	return 0;
}

void columns_done(struct columns *c)
{
	free(c->max_ns);
	free(c->count);
	*c = (struct columns){0};
}

static double log_place(double v, double lo, double hi)
{
	if (hi <= lo)
		return 0.5;
	return fmin(1, fmax(0, log(fmax(v, lo) / lo) / log(hi / lo)));
}

#define SPARK_W 96
#define SPARK_H 22

void svg_sparkline(const struct view_job *job, const struct view_row *row, struct bl_buf *out)
{
	BL_CLEANUP(columns_done) struct columns c = {0};
	bool is_down = true;

	if (row->typical && columns_make(row->typical->sample, SPARK_W / 2, &c) < 0)
		out->failed = true;
	if (c.n < 2) {
		bl_buf_adds(out, "<span class=\"none\" title=\"no intervals\">\u00b7</span>");
		return;
	}
	bl_buf_addf(
		out,
		"<svg class=\"spark\" role=\"img\" aria-label=\"slowest I/O of each %.3g s over "
		"%.3g s\" viewBox=\"0 0 %d %d\"><path d=\"",
		c.seconds, c.seconds * (double)c.n, SPARK_W, SPARK_H);
	for (size_t i = 0; i < c.n; i++) {
		double x = 1 + (double)i * (SPARK_W - 2) / (double)(c.n - 1);
		double y = SPARK_H - 2 -
			   log_place(c.max_ns[i], job->low_ns, job->high_ns) * (SPARK_H - 4);

		if (!c.count[i]) { /* a gap: nothing completed */
			is_down = true;
			continue;
		}
		bl_buf_addf(out, "%c%.1f %.1f", is_down ? 'M' : 'L', x, y);
		is_down = false;
	}
	bl_buf_adds(out, "\"/></svg>");
}

#define DOTS_W 240
#define DOTS_H 22

void svg_dots(const struct summary *s, enum metric m, double lo, double hi, int series,
	      struct bl_buf *out)
{
	size_t n = s->metric[m].n < 64 ? s->metric[m].n : 64;
	double at = 6 + log_place(s->metric[m].median, lo, hi) * (DOTS_W - 12);
	char num[FMT_MAX];

	bl_buf_addf(
		out,
		"<svg class=\"dots\" role=\"img\" aria-label=\"%s of %zu trials\" "
		"viewBox=\"0 0 %d %d\"><path class=\"axis\" d=\"M6 11H%d\"/><path class=\"med\" "
		"d=\"M%.1f 3V19\"/>",
		metric_names[m], s->metric[m].n, DOTS_W, DOTS_H, DOTS_W - 6, at);
	for (size_t i = 0; i < n; i++) {
		if (series < 0)
			bl_buf_adds(out, "<circle fill=\"var(--muted)\"");
		else
			bl_buf_addf(out, "<circle fill=\"var(--s%d)\"", series);
		bl_buf_addf(out,
			    " cx=\"%.1f\" cy=\"11\" r=\"4\"><title>trial %u: %s</title></circle>",
			    6 + log_place(s->values[m][i], lo, hi) * (DOTS_W - 12),
			    s->value_repeats[m][i] + 1, fmt_ns(&fmt_page, num, s->values[m][i]));
	}
	bl_buf_adds(out, "</svg>");
}
