/* Heat map: time x latency, one path a density level. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fmt.h"
#include "strips.h"
#include "stutter_text.h"
#include "svg.h"

enum { LEFT = 48, TOP = 8, CELL = 3, COLUMNS = 104, ROWS = 40, BOTTOM = 20, LEVELS = 8 };
enum { HEAT_W = LEFT + COLUMNS * CELL + 6, HEAT_H = TOP + ROWS * CELL + BOTTOM };

struct heat {
	double lo, hi; /* ns at the bottom and the top */
	struct columns c;
	size_t per;
	uint64_t count[COLUMNS][ROWS];
	uint64_t most;
	int width; /* px of one column */
};

static int row_of(const struct heat *h, double ns)
{
	int row = (int)floor(log(fmax(ns, h->lo) / h->lo) / log(h->hi / h->lo) * ROWS);

	return row < 0 ? 0 : row >= ROWS ? ROWS - 1 : row;
}

static void count_all(struct heat *h, const struct sample *s)
{
	for (size_t i = 0; i < s->n_intervals; i++) {
		const struct interval *v = &s->intervals[i];
		size_t at = v->index / h->per;

		if (v->dir == IO_SYNC || at >= h->c.n)
			continue;
		for (uint32_t b = 0; b < v->n_buckets; b++) {
			unsigned k = v->buckets[b].index;
			double ns = k < HIST_BUCKETS
					    ? ((double)hist_low(k) + (double)hist_high(k)) / 2
					    : h->hi;
			uint64_t *n = &h->count[at][row_of(h, ns)];

			*n += v->buckets[b].count;
			if (*n > h->most)
				h->most = *n;
		}
	}
}

static int level_of(const struct heat *h, uint64_t n)
{
	int level;

	if (!n)
		return -1;
	if (h->most < 2)
		return LEVELS - 1;
	level = (int)(log((double)n) / log((double)h->most) * LEVELS);
	return level >= LEVELS ? LEVELS - 1 : level;
}

/* Equal neighbours in a row are one rectangle. */
static void add_level(const struct heat *h, int level, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf d = BL_BUF_INIT;

	for (int row = 0; row < ROWS; row++) {
		int y = TOP + (ROWS - 1 - row) * CELL;

		for (size_t x = 0; x < h->c.n; x++) {
			size_t from = x;

			while (x < h->c.n && level_of(h, h->count[x][row]) == level)
				x++;
			if (x > from)
				bl_buf_addf(&d, "M%d %dh%dv%dh-%dz", LEFT + (int)from * h->width, y,
					    (int)(x - from) * h->width, CELL,
					    (int)(x - from) * h->width);
		}
	}
	if (d.len || bl_buf_failed(&d))
		bl_buf_addf(out, "<path class=\"h%d\" d=\"%s\"/>\n", level, fmt_part(out, &d));
}

static void add_gaps(const struct heat *h, struct bl_buf *out)
{
	for (size_t x = 0; x < h->c.n; x++) {
		if (!h->c.count[x])
			bl_buf_addf(out, "<path class=\"gap\" d=\"M%d %dh%dv%dh-%dz\"/>",
				    LEFT + (int)x * h->width, TOP, h->width, ROWS * CELL, h->width);
	}
}

static double x_of(const struct heat *h, double at_s)
{
	return LEFT + at_s / h->c.seconds * h->width;
}

/* A line through all strips from each stall, so that the eye finds what was there then. */
static void add_stalls(const struct heat *h, const struct stutter *s, double bottom,
		       struct bl_buf *out)
{
	for (size_t i = 0; i < s->n_stalls; i++) {
		const struct stall *one = &s->stalls[i];
		double x = x_of(h, one->at_s + one->length_s / 2);

		if (bottom > TOP + ROWS * CELL)
			bl_buf_addf(out, "<path class=\"beat\" d=\"M%.1f %dV%.1f\"/>", x,
				    TOP + ROWS * CELL, bottom);
		bl_buf_addf(out, "<circle class=\"stall\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>", x,
			    TOP + (ROWS - 0.5 - row_of(h, one->peak_ns)) * CELL);
	}
}

static void add_axes(const struct heat *h, struct bl_buf *out)
{
	int bottom = TOP + ROWS * CELL, right = LEFT + (int)h->c.n * h->width;
	double total = h->c.seconds * (double)h->c.n;

	bl_buf_addf(out, "<path class=\"axis\" d=\"M%d %dH%d\"/>", LEFT, bottom, right);
	for (int e = (int)ceil(log10(h->lo)); pow(10, e) <= h->hi; e++) {
		double v = pow(10, e);
		double y = bottom - log(v / h->lo) / log(h->hi / h->lo) * ROWS * CELL;
		struct fmt_unit u = fmt_unit_for(&fmt_page, v * 1.001);

		bl_buf_addf(out,
			    "<path class=\"tick\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
			    "text-anchor=\"end\">%.3g %s</text>",
			    LEFT, y, right, LEFT - 5, y + 4, v / u.ns, u.name);
	}
	bl_buf_addf(out,
		    "<text x=\"%d\" y=\"%d\">0 s</text><text x=\"%d\" y=\"%d\" "
		    "text-anchor=\"end\">%.3g s</text>",
		    LEFT, bottom + 15, right, bottom + 15, total);
}

static void caption(const struct heat *h, const struct job_analysis *a, struct bl_buf *out)
{
	size_t empty = 0, worst = 0;
	char num[FMT_MAX];

	for (size_t x = 0; x < h->c.n; x++) {
		empty += h->c.count[x] == 0;
		if (h->c.max_ns[x] > h->c.max_ns[worst])
			worst = x;
	}
	bl_buf_addf(out, "slowest %s, completed at %.3g\u202fs",
		    fmt_ns(&fmt_page, num, h->c.max_ns[worst]),
		    ((double)worst + 0.5) * h->c.seconds);
	if (a && a->stutter.n_stalls) {
		bl_buf_adds(out, "; ");
		stutter_headline(a, &fmt_page, out);
	}
	if (empty)
		bl_buf_addf(out, "; nothing completed in %.3g\u202fs of it",
			    (double)empty * h->c.seconds);
}

void svg_heat(const struct view_job *job, const struct view_row *row, const char *name,
	      struct bl_buf *out, struct bl_buf *ret_caption)
{
	struct heat *h = calloc(1, sizeof(*h));
	const struct sample *s = row->typical ? row->typical->sample : NULL;
	const struct signal *shown[STRIPS_MAX];
	size_t n_shown = strips_choose(row->seen, shown);
	double height = HEAT_H + strips_height(n_shown);

	if (!h || (s && columns_make(s, COLUMNS, &h->c) < 0))
		out->failed = true;
	if (!h || h->c.n < 2) {
		bl_buf_adds(ret_caption, "no intervals were kept");
		if (h)
			columns_done(&h->c);
		free(h);
		return;
	}
	columns_of(s, COLUMNS, &h->per);
	h->width = (int)(COLUMNS * CELL / h->c.n);
	/* The scale of the job, a little wider, so that all its cells can be compared. */
	h->lo = job->low_ns / 1.1;
	h->hi = job->high_ns * 1.1;
	count_all(h, s);
	caption(h, row->seen, ret_caption);
	bl_buf_addf(out,
		    "<svg class=\"heat\" role=\"img\" viewBox=\"0 0 %d %.0f\" aria-label=\"latency "
		    "over "
		    "time, ",
		    HEAT_W, height);
	fmt_html(out, name);
	bl_buf_addf(out, ": %s\">\n", fmt_part(out, ret_caption));
	add_gaps(h, out);
	for (int level = 0; level < LEVELS; level++)
		add_level(h, level, out);
	add_axes(h, out);
	if (row->seen) {
		strips_draw(shown, n_shown,
			    &(struct strips){.left = LEFT,
					     .top = HEAT_H,
					     .width = h->width,
					     .n_columns = h->c.n,
					     .per = h->per,
					     .n = row->seen->line.n},
			    out);
		add_stalls(h, &row->seen->stutter, n_shown ? height - 4 : 0, out);
	}
	bl_buf_adds(out, "</svg>\n");
	columns_done(&h->c);
	free(h);
}
