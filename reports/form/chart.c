#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "page.h"

#define DAY_MS (24 * 3600 * 1000.0)

double scale_at(const struct scale *s, double v)
{
	double at;

	if (s->is_log)
		at = s->hi > s->lo ? log(fmax(v, s->lo) / s->lo) / log(s->hi / s->lo) : 0.5;
	else
		at = s->hi > s->lo ? (v - s->lo) / (s->hi - s->lo) : 0.5;
	return s->from + fmin(1, fmax(0, at)) * (s->to - s->from);
}

bool scale_holds(const struct scale *s, double v)
{
	return v >= s->lo && v <= s->hi;
}

/* Even steps of 1, 2 or 5 times a power of ten. */
static size_t even_ticks(double lo, double hi, size_t max, double out[CHART_TICKS])
{
	static const double steps[] = {1, 2, 5, 10};
	double raw = (hi - lo) / (double)max, ten = pow(10, floor(log10(raw))), step = ten * 10;
	size_t n = 0;

	for (size_t i = BL_ARRAY_LEN(steps); i-- > 0;)
		if (steps[i] * ten >= raw * 0.999)
			step = steps[i] * ten;
	for (double k = ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9 && n < CHART_TICKS;
	     k++)
		out[n++] = k * step;
	return n;
}

static size_t log_ticks(double lo, double hi, const double *steps, size_t n_steps,
			double out[CHART_TICKS])
{
	size_t n = 0;

	for (int e = (int)floor(log10(lo)); e <= (int)ceil(log10(hi)); e++) {
		for (size_t i = 0; i < n_steps; i++) {
			double v = steps[i] * pow(10, e);

			if (v < lo * 0.999 || v > hi * 1.001)
				continue;
			if (n == CHART_TICKS)
				return n + 1;
			out[n++] = v;
		}
	}
	return n;
}

size_t scale_ticks(const struct scale *s, size_t max, double out[CHART_TICKS])
{
	static const double steps[] = {1, 2, 5};
	size_t n = 0;

	if (!(s->hi > s->lo) || !max)
		return 0;
	max = max < CHART_TICKS ? max : CHART_TICKS;
	if (!s->is_log || s->hi < s->lo * 4)
		return even_ticks(s->lo, s->hi, max, out);
	for (size_t k = BL_ARRAY_LEN(steps); k >= 1; k = k == 3 ? 1 : 0) {
		n = log_ticks(s->lo, s->hi, steps, k, out);
		if (n <= max)
			return n;
	}
	/* Every so many decades. */
	for (size_t keep = 0, every = (n + max - 1) / max, i = 0; i < n; i += every) {
		out[keep++] = out[i];
		if (i + every >= n || i + every >= CHART_TICKS)
			return keep;
	}
	return n;
}

/* Of a tick, which is a round number: "10 ms", not "10.0 ms". */
static void tick_text(char out[FMT_MAX], enum metric m, double v)
{
	struct fmt_unit u = fmt_unit_for(&fmt_page, v * 1.0001);

	if (m == METRIC_IOPS || m == METRIC_BYTES_PER_S)
		page_value(out, m, v);
	else
		snprintf(out, FMT_MAX, "%.4g\u202f%s", v / u.ns, u.name);
}

void chart_y_metric(struct bl_buf *out, const struct frame *f, const struct scale *y, enum metric m,
		    size_t max)
{
	double ticks[CHART_TICKS];
	size_t n = scale_ticks(y, max, ticks);

	bl_buf_adds(out, "<path class=\"tick\" d=\"");
	for (size_t i = 0; i < n; i++)
		bl_buf_addf(out, "M%.0f %.1fH%.0f", f->left, scale_at(y, ticks[i]), f->right);
	bl_buf_adds(out, "\"/>");
	for (size_t i = 0; i < n; i++) {
		char text[FMT_MAX];

		tick_text(text, m, ticks[i]);
		bl_buf_addf(out, "<text x=\"%.0f\" y=\"%.1f\" class=\"e\">%s</text>", f->left - 5,
			    scale_at(y, ticks[i]) + 3.5, text);
	}
}

void chart_x_ratio(struct bl_buf *out, const struct frame *f, const struct scale *x)
{
	static const double ticks[] = {1,    0.5, 2,   0.2,  5,    0.1,  10,   0.01, 100, 0.8,
				       1.25, 0.9, 1.1, 0.95, 1.05, 0.98, 1.02, 0.99, 1.01};
	double taken[BL_ARRAY_LEN(ticks)];
	size_t n = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(ticks); i++) {
		double at = scale_at(x, ticks[i]);
		bool fits = scale_holds(x, ticks[i]);
		char text[FMT_MAX];

		for (size_t k = 0; k < n; k++)
			fits &= fabs(at - taken[k]) > 46;
		if (!fits)
			continue;
		taken[n++] = at;
		bl_buf_addf(out,
			    "<path class=\"%s\" d=\"M%.1f %.0fV%.0f\"/><text x=\"%.1f\" y=\"%.0f\" "
			    "class=\"m\">",
			    ticks[i] == 1 ? "axis" : "tick", at, f->top, f->bottom, at,
			    f->bottom + 14);
		if (ticks[i] == 1)
			bl_buf_adds(out, "equal");
		else if (ticks[i] >= 2)
			bl_buf_addf(out, "\u00d7%g", ticks[i]);
		else {
			snprintf(text, sizeof text, "%s%.0f\u202f%%", ticks[i] < 1 ? "\u2212" : "+",
				 fabs(ticks[i] - 1) * 100);
			bl_buf_adds(out, text);
		}
		bl_buf_adds(out, "</text>");
	}
}

/* ---- days ---- */

static time_t utc(int year, int month, int day)
{
	struct tm t = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = day};

	return timegm(&t);
}

static void day_tick(struct bl_buf *out, const struct frame *f, const struct scale *x, time_t at,
		     const char *text)
{
	double place = scale_at(x, (double)at * 1000);

	bl_buf_addf(out, "<path class=\"tick\" d=\"M%.1f %.0fv4\"/>", place, f->bottom);
	if (place > f->right - 12) /* it would be cut */
		return;
	bl_buf_addf(out, "<text x=\"%.1f\" y=\"%.0f\" class=\"%c\">%s</text>", place,
		    f->bottom + 15, place < f->left + 12 ? 's' : 'm', text);
}

/* Every @step months. */
static void month_ticks(struct bl_buf *out, const struct frame *f, const struct scale *x, int step)
{
	time_t first = (time_t)(x->lo / 1000);
	struct tm t;
	int year, month;

	gmtime_r(&first, &t);
	year = t.tm_year + 1900;
	month = t.tm_mon - t.tm_mon % step;
	for (;; month += step) {
		time_t at;
		char text[16];

		year += month / 12;
		month %= 12;
		at = utc(year, month, 1);
		if ((double)at * 1000 > x->hi)
			return;
		if ((double)at * 1000 < x->lo)
			continue;
		gmtime_r(&at, &t);
		strftime(text, sizeof text, month ? "%b" : "%Y", &t);
		day_tick(out, f, x, at, text);
	}
}

static void even_day_ticks(struct bl_buf *out, const struct frame *f, const struct scale *x,
			   int step)
{
	for (double d = ceil(x->lo / DAY_MS / step) * step; d * DAY_MS <= x->hi; d += step) {
		time_t at = (time_t)(d * DAY_MS / 1000);
		struct tm t;
		char text[16];

		gmtime_r(&at, &t);
		strftime(text, sizeof text, "%-d\u00a0%b", &t);
		day_tick(out, f, x, at, text);
	}
}

/* Of a day or two: what nights are made of when somebody tries. */
static void clock_ticks(struct bl_buf *out, const struct frame *f, const struct scale *x,
			double room)
{
	static const double steps[] = {1, 5, 15, 60, 180, 360, 720}; /* minutes */
	double step = 0;

	for (size_t i = BL_ARRAY_LEN(steps); i-- > 0;)
		if (!step || (x->hi - x->lo) / 60000 / steps[i] <= room)
			step = steps[i] * 60000;
	for (double at = ceil(x->lo / step) * step; at <= x->hi; at += step) {
		time_t when = (time_t)(at / 1000);
		struct tm t;
		char text[16];

		gmtime_r(&when, &t);
		strftime(text, sizeof text, "%H:%M", &t);
		day_tick(out, f, x, when, text);
	}
}

void chart_x_days(struct bl_buf *out, const struct frame *f, const struct scale *x)
{
	static const int steps[] = {1, 2, 7, 14};
	double days = (x->hi - x->lo) / DAY_MS, room = (f->right - f->left) / 52;

	if (days < 1.5) {
		clock_ticks(out, f, x, room);
		return;
	}

	for (size_t i = 0; i < BL_ARRAY_LEN(steps); i++) {
		if (days / steps[i] > room)
			continue;
		even_day_ticks(out, f, x, steps[i]);
		return;
	}
	for (int step = 1; step <= 12; step = step == 1 ? 3 : step == 3 ? 6 : step * 2) {
		if (days / 30.4 / step > room && step < 12)
			continue;
		month_ticks(out, f, x, step);
		return;
	}
}

/* ---- the rest ---- */

void chart_begin(struct bl_buf *out, const char *kind, double width, double height, const char *alt)
{
	bl_buf_addf(out,
		    "<svg class=\"chart %s\" role=\"img\" viewBox=\"0 0 %.0f %.0f\" aria-label=\"",
		    kind, width, height);
	fmt_html(out, alt);
	bl_buf_adds(out, "\">");
}

void chart_dot(struct bl_buf *out, double x, double y)
{
	bl_buf_addf(out, "M%.1f %.1fh0", x, y);
}
