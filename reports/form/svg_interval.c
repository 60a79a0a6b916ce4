/* A ratio with its interval on a log scale around no change, as small as a word. */
#include <math.h>

#include "fmt.h"
#include "svg_interval.h"

enum { W = 104, H = 14, MID = W / 2, PAD = 5, Y = H / 2 };

static double x_of(double ratio, double reach)
{
	return MID + fmin(1, fmax(-1, log(ratio) / reach)) * (MID - PAD);
}

/* What goes on beyond the picture ends in an arrow. */
static void add_end(double ratio, double reach, struct bl_buf *out)
{
	double x = x_of(ratio, reach);
	int back = ratio < 1 ? 4 : -4;

	if (fabs(log(ratio)) > reach)
		bl_buf_addf(out, "M%.1f %dL%.1f %dL%.1f %d", x + back, Y - 3, x, Y, x + back,
			    Y + 3);
	else
		bl_buf_addf(out, "M%.1f %dV%d", x, Y - 3, Y + 3);
}

void svg_interval(const struct comparison *c, double reach, struct bl_buf *out)
{
	double matters = log1p(c->min_effect);
	double lo = x_of(exp(-matters), reach), hi = x_of(exp(matters), reach);

	if (!c->n_pairs || !(c->ratio > 0))
		return;
	bl_buf_addf(out,
		    "<svg class=\"ci\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\"><rect "
		    "x=\"%.1f\" width=\"%.1f\" height=\"%d\"/><path class=\"zero\" "
		    "d=\"M%d 0V%d\"/>",
		    W, H, lo, hi - lo, H, MID, H);
	if (c->has_interval && c->lo > 0) {
		bl_buf_addf(out, "<path d=\"M%.1f %dH%.1f", x_of(c->lo, reach), Y,
			    x_of(c->hi, reach));
		add_end(c->lo, reach, out);
		add_end(c->hi, reach, out);
		bl_buf_adds(out, "\"/>");
	}
	bl_buf_addf(out, "<circle cx=\"%.1f\" cy=\"%d\" r=\"2.6\"/></svg>", x_of(c->ratio, reach),
		    Y);
}
