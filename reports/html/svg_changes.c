/* Changes of mean, p99 and CPU of one step, on a log-ratio scale around no change. */
#include <math.h>

#include "fmt.h"
#include "svg.h"

enum { W = 220, H = 36, MID = W / 2, PAD = 6, LINE = 10 };

static double x_of(double ratio, double reach)
{
	double at = log(ratio) / reach;

	return MID + fmin(1, fmax(-1, at)) * (MID - PAD);
}

static void add_mark(const struct comparison *c, const char *name, int row, double reach,
		     struct bl_buf *out)
{
	double x, y = 8 + row * LINE;
	char num[FMT_MAX];

	if (!c->n_pairs || !(c->ratio > 0))
		return;
	x = x_of(c->ratio, reach);
	bl_buf_addf(out, "<g class=\"%s%s\">", name,
		    c->verdict == VERDICT_CANNOT_TELL ? " open" : "");
	if (c->has_interval && c->lo > 0)
		bl_buf_addf(out, "<path d=\"M%.1f %.1fH%.1f\"/>", x_of(c->lo, reach), y,
			    x_of(c->hi, reach));
	/* Told apart by shape as well as by colour. */
	if (row == 0)
		bl_buf_addf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.6\">", x, y);
	else if (row == 1)
		bl_buf_addf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"6.4\" height=\"6.4\">",
			    x - 3.2, y - 3.2);
	else
		bl_buf_addf(out, "<path class=\"tri\" d=\"M%.1f %.1fl4 7h-8z\">", x, y - 4);
	bl_buf_addf(out, "<title>%s %s</title></%s></g>", name,
		    fmt_change(&fmt_page, num, c->ratio),
		    row == 0   ? "circle"
		    : row == 1 ? "rect"
			       : "path");
}

void svg_changes(const struct bill_job *b, double reach, struct bl_buf *out)
{
	char a[FMT_MAX], p[FMT_MAX], c[FMT_MAX];

	bl_buf_addf(out,
		    "<svg class=\"changes\" role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"mean "
		    "%s, p99 %s, CPU %s\"><path class=\"tick\" d=\"M%d 0V%d\"/>",
		    W, H, b->mean.n_pairs ? fmt_change(&fmt_page, a, b->mean.ratio) : "not known",
		    b->p99.n_pairs ? fmt_change(&fmt_page, p, b->p99.ratio) : "not known",
		    b->cpu.n_pairs ? fmt_change(&fmt_page, c, b->cpu.ratio) : "not known", MID, H);
	add_mark(&b->mean, "mean", 0, reach, out);
	add_mark(&b->p99, "p99", 1, reach, out);
	add_mark(&b->cpu, "cpu", 2, reach, out);
	bl_buf_adds(out, "</svg>");
}
