/* The stalls of a job folded by their period: where in the cycle each fell, and how slow it was. */
#include <math.h>

#include "cleanup.h"
#include "fmt.h"
#include "svg.h"

enum { W = 368, H = 112, LEFT = 48, RIGHT = 6, TOP = 8, BOTTOM = 34 };

struct fold {
	const struct stutter *s;
	double lo, hi; /* ns */
};

static double x_of(const struct fold *f, double phase_s)
{
	return LEFT + (phase_s / f->s->beat.period_s + 0.5) * (W - LEFT - RIGHT);
}

static double y_of(const struct fold *f, double ns)
{
	return H - BOTTOM - log(fmax(ns, f->lo) / f->lo) / log(f->hi / f->lo) * (H - TOP - BOTTOM);
}

static void add_tick(const struct fold *f, double ns, struct bl_buf *out)
{
	struct fmt_unit u = fmt_unit_for(&fmt_page, ns * 1.0001);

	bl_buf_addf(out,
		    "<path class=\"tick\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
		    "text-anchor=\"end\">%.3g %s</text>",
		    LEFT, y_of(f, ns), W - RIGHT, LEFT - 5, y_of(f, ns) + 4, ns / u.ns, u.name);
}

static void add_axes(const struct fold *f, struct bl_buf *out)
{
	double half = f->s->beat.period_s / 2;
	char num[FMT_MAX];

	bl_buf_addf(out, "<path class=\"axis\" d=\"M%d %dH%d\"/>", LEFT, H - BOTTOM, W - RIGHT);
	for (int i = 3 * (int)floor(log10(f->lo)); i < 3 * (int)ceil(log10(f->hi)) + 1; i++) {
		double ns = pow(10, floor(i / 3.0)) * (i % 3 == 0 ? 1 : i % 3 == 1 ? 2 : 5);

		if (ns >= f->lo && ns <= f->hi)
			add_tick(f, ns, out);
	}
	bl_buf_addf(out,
		    "<text x=\"%d\" y=\"%d\">%s%s</text><text x=\"%.1f\" y=\"%d\" "
		    "text-anchor=\"middle\">on the beat</text>",
		    LEFT, H - BOTTOM + 15, fmt_page.minus, fmt_ns(&fmt_page, num, half * 1e9),
		    x_of(f, 0), H - BOTTOM + 15);
	bl_buf_addf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">+%s</text>", W - RIGHT,
		    H - BOTTOM + 15, fmt_ns(&fmt_page, num, half * 1e9));
	bl_buf_addf(out,
		    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">place in the cycle of "
		    "%s</text>",
		    (LEFT + W - RIGHT) / 2.0, H - 4,
		    fmt_ns(&fmt_page, num, f->s->beat.period_s * 1e9));
}

void svg_phase(const struct stutter *s, struct bl_buf *out)
{
	struct fold f = {.s = s, .lo = INFINITY};
	double period = s->beat.period_s;
	char num[FMT_MAX];

	if (!s->beat.is_periodic || !(period > 0))
		return;
	for (size_t i = 0; i < s->n_stalls; i++) {
		f.lo = fmin(f.lo, s->stalls[i].peak_ns);
		f.hi = fmax(f.hi, s->stalls[i].peak_ns);
	}
	/* Wide enough that the axis has two figures on it. */
	f.lo /= 2.5;
	f.hi *= 2.5;
	bl_buf_addf(out,
		    "<svg class=\"heat phase\" role=\"img\" viewBox=\"0 0 %d %d\" "
		    "aria-label=\"stalls folded by their period of %s: %zu of %zu beats seen\">\n",
		    W, H, fmt_ns(&fmt_page, num, period * 1e9), s->beat.beats_seen,
		    s->beat.beats_expected);
	add_axes(&f, out);
	bl_buf_addf(out, "<path class=\"beat\" d=\"M%.1f %dV%d\"/>", x_of(&f, 0), TOP, H - BOTTOM);
	for (size_t i = 0; i < s->n_stalls; i++) {
		double phase = remainder(s->stalls[i].at_s - s->beat.phase_s, period);

		bl_buf_addf(out,
			    "<circle class=\"stall\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s at "
			    "%.1f s</title></circle>",
			    x_of(&f, phase), y_of(&f, s->stalls[i].peak_ns),
			    fmt_ns(&fmt_page, num, s->stalls[i].peak_ns), s->stalls[i].at_s);
	}
	bl_buf_adds(out, "\n</svg>\n");
}
