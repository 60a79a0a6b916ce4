/* Mean time of a request by layer, from the engine down to the device: each bar begins where the
 * one above it ends. */
#include <math.h>

#include "budget_text.h"
#include "fmt.h"
#include "svg.h"

enum { W = 368, ROW = 34, BAR = 11, TEXT = 17, AXIS = 20, PAD = 2 };

static double place(double ns, double most_ns)
{
	return PAD + ns / most_ns * (W - 2 * PAD);
}

/* What a row is drawn from. */
struct fall {
	const struct budget_dir *b;
	double most_ns;
	bool is_host;
	int n_rows;
};

static void add_name(const struct fall *f, int p, int y, struct bl_buf *out)
{
	const struct budget_line *l = &f->b->part[p];
	char num[FMT_MAX];

	bl_buf_addf(out, "<text x=\"%d\" y=\"%d\"%s>%s</text>", PAD, y + TEXT - 5,
		    l->has ? "" : " class=\"no\"", budget_part_label(f->b, p, f->is_host));
	if (l->has)
		bl_buf_addf(out,
			    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\"><tspan class=\"b\">%s"
			    "</tspan> \u00b7 %.0f\u202f%%</text>",
			    W - PAD, y + TEXT - 5, budget_own(&fmt_page, num, l), l->share * 100);
	else if (budget_is_joined(f->b, p, f->is_host))
		bl_buf_addf(out,
			    "<text class=\"no\" x=\"%d\" y=\"%d\" text-anchor=\"end\">in \u201c%s"
			    "\u201d</text>",
			    W - PAD, y + TEXT - 5,
			    budget_part_label(f->b, l->joined_to, f->is_host));
	else
		bl_buf_addf(out,
			    "<text class=\"no\" x=\"%d\" y=\"%d\" text-anchor=\"end\">not waited "
			    "for</text>",
			    W - PAD, y + TEXT - 5);
}

static void add_part(const struct fall *f, int p, int row, double from_ns, struct bl_buf *out)
{
	const struct budget_line *l = &f->b->part[p];
	int y = row * ROW;
	double own_ns = l->has ? l->own_ns : 0;

	add_name(f, p, y, out);
	bl_buf_addf(out, "<path class=\"track\" d=\"M%d %dH%d\"/>", PAD, y + TEXT + BAR, W - PAD);
	if (l->has)
		bl_buf_addf(out,
			    "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
			    p == (int)budget_largest(f->b) ? "top" : "part",
			    place(from_ns, f->most_ns), y + TEXT,
			    fmax(0.8, own_ns / f->most_ns * (W - 2 * PAD)), BAR);
	/* Where the next one begins. */
	if (row + 1 < f->n_rows)
		bl_buf_addf(out, "<path class=\"tick\" d=\"M%.1f %dV%d\"/>",
			    place(from_ns + own_ns, f->most_ns), y + TEXT, y + ROW + TEXT);
}

static void add_axis(double most_ns, int n_rows, struct bl_buf *out)
{
	double step = pow(10, floor(log10(most_ns / 2)));
	int y = n_rows * ROW + 2;
	char num[FMT_MAX];

	if (most_ns / step > 10)
		step *= 5;
	else if (most_ns / step > 5)
		step *= 2;
	bl_buf_addf(out, "<path class=\"axis\" d=\"M%d %dH%d\"/>", PAD, y, W - PAD);
	for (double ns = 0; ns <= most_ns * 1.0001; ns += step) {
		double x = place(ns, most_ns);
		const char *anchor = ns <= 0 ? "start" : x > W - 24 ? "end" : "middle";

		bl_buf_addf(out,
			    "<path class=\"axis\" d=\"M%.1f %dv4\"/><text class=\"no\" x=\"%.1f\" "
			    "y=\"%d\" text-anchor=\"%s\">%s</text>",
			    x, y, x, y + 16, anchor, ns > 0 ? fmt_ns(&fmt_page, num, ns) : "0");
	}
}

void svg_waterfall(const struct budget_dir *b, double most_ns, bool is_host, const char *title,
		   struct bl_buf *out)
{
	struct fall f = {.b = b, .most_ns = most_ns, .is_host = is_host};
	double at_ns = 0;
	int row = 0;

	if (!b->has || most_ns <= 0)
		return;
	for (int p = 0; p < BUDGET_PARTS; p++)
		f.n_rows += budget_part_label(b, p, is_host) != NULL;
	bl_buf_addf(out, "<svg class=\"fall\" role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"", W,
		    f.n_rows * ROW + AXIS + 2);
	fmt_html(out, title);
	for (int p = 0; p < BUDGET_PARTS; p++) {
		char num[FMT_MAX];

		if (b->part[p].has)
			bl_buf_addf(out, "; %s %s", budget_part_label(b, p, is_host),
				    budget_own(&fmt_page, num, &b->part[p]));
	}
	bl_buf_adds(out, "\">\n");
	for (int p = 0; p < BUDGET_PARTS; p++) {
		if (!budget_part_label(b, p, is_host))
			continue;
		add_part(&f, p, row++, at_ns, out);
		at_ns += b->part[p].has ? b->part[p].own_ns : 0;
	}
	add_axis(most_ns, f.n_rows, out);
	bl_buf_adds(out, "\n</svg>\n");
}
