/* Signals under the heat map, on its time axis. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "fmt.h"
#include "signal_text.h"
#include "strips.h"
#include "units.h"

enum { TITLE_H = 15, BAND_H = 20, GAP = 6 };

/* Less than this of a CPU's or a device's time is nothing to look at. */
#define SHARE_LEAST 0.005
/* A signal that stays within this share of its greatest value is flat. */
#define FLAT 0.25

/* Without the first and the last slice, which a job fills in part only. */
static bool is_flat(const struct signal *s, size_t n)
{
	double lo = INFINITY, hi = -INFINITY;

	for (size_t i = 1; i + 1 < n; i++) {
		lo = fmin(lo, s->values[i]); /* both pass NAN over */
		hi = fmax(hi, s->values[i]);
	}
	if (!(hi > 0) || hi - lo <= hi * FLAT)
		return true;
	return strcmp(s->unit, "share") == 0 && hi < SHARE_LEAST;
}

/* What explains the stalls, then other causes as they come, then what only follows the latency. */
static int rank_of(const struct signal *s)
{
	return signal_explains(s) ? 0 : s->is_symptom ? 2 : 1;
}

size_t strips_choose(const struct job_analysis *a, const struct signal *ret[STRIPS_MAX])
{
	size_t n = 0;

	for (int rank = 0; a && rank < 3; rank++) {
		for (size_t i = 0; i < a->n_signals && n < STRIPS_MAX; i++) {
			const struct signal *s = &a->signals[i];

			if (rank_of(s) == rank && (rank == 0 || !is_flat(s, a->line.n)))
				ret[n++] = s;
		}
	}
	return n;
}

/* The extreme of each column: a picture narrower than the data must not lose its peaks. */
static void add_band(const struct signal *s, const struct strips *at, double top,
		     struct bl_buf *out)
{
	double before = 0;

	bl_buf_addf(out, "<path class=\"band%s\" d=\"M%.1f %.1f", signal_explains(s) ? " why" : "",
		    at->left, top + BAND_H);
	for (size_t x = 0; x < at->n_columns; x++) {
		double v = NAN, y;

		for (size_t i = x * at->per; i < (x + 1) * at->per && i < at->n; i++)
			v = s->is_low_bad ? fmin(v, s->values[i]) /* both pass NAN over */
					  : fmax(v, s->values[i]);
		y = isfinite(v) && s->max > 0 ? fmax(0, v) / s->max * BAND_H : 0;
		if (y != before || x == 0)
			bl_buf_addf(out, "H%.1fV%.1f", at->left + (double)x * at->width,
				    top + BAND_H - y);
		before = y;
	}
	bl_buf_addf(out, "H%.1fV%.1fz\"/>", at->left + (double)at->n_columns * at->width,
		    top + BAND_H);
}

/* The maximum stands at the band's upper end, as on an axis. */
static void add_strip(const struct signal *s, const struct strips *at, double top,
		      struct bl_buf *out)
{
	double right = at->left + (double)at->n_columns * at->width;
	char number[FMT_MAX], unit[FMT_MAX];

	signal_parts(&fmt_page, number, unit, s, s->max);
	bl_buf_addf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">",
		    signal_explains(s) ? "b" : "no", at->left, top + TITLE_H - 4);
	fmt_html(out, s->title);
	bl_buf_addf(out,
		    "</text><text class=\"u\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>"
		    "<text class=\"u\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
		    at->left - 5, top + TITLE_H + 8, number, at->left - 5, top + TITLE_H + 18,
		    unit);
	if (signal_explains(s))
		bl_buf_addf(out,
			    "<text class=\"b\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">"
			    "%.0f\u202f%%</text>",
			    right, top + TITLE_H - 4, s->why.af * 100);
	add_band(s, at, top + TITLE_H, out);
	bl_buf_addf(out, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", at->left,
		    top + TITLE_H + BAND_H, right);
}

double strips_height(size_t n)
{
	return n ? (double)n * (TITLE_H + BAND_H + GAP) + GAP : 0;
}

void strips_draw(const struct signal *const *signals, size_t n, const struct strips *at,
		 struct bl_buf *out)
{
	for (size_t i = 0; i < n; i++)
		add_strip(signals[i], at, at->top + GAP + (double)i * (TITLE_H + BAND_H + GAP),
			  out);
}
