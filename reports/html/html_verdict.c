/* The badge of a verdict: its word, the interval as a picture and in figures, and what is open. */
#include <math.h>
#include <stdlib.h>

#include "cleanup.h"
#include "forecast.h"
#include "html.h"
#include "svg.h"
#include "svg_interval.h"
#include "verdict_text.h"

const char *const html_verdict_classes[VERDICTS] = {"open", "good", "worse", "same"};

/* Most cells' differences fill the scale; the few that are far larger go on beyond it. */
#define REACH_MAX   log(2)
#define REACH_SHARE 0.75

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double html_verdict_reach(const struct view_job *job)
{
	double least = 3 * log1p(job->min.by[METRIC_P99]), sizes[64];
	size_t n = 0;

	for (size_t i = 0; i < job->n_rows && n < BL_ARRAY_LEN(sizes); i++) {
		const struct comparison *c = &job->rows[i].ref[METRIC_P99];

		if (c->n_pairs && c->ratio > 0)
			sizes[n++] = fabs(log(c->ratio)) * 1.2;
	}
	if (!n)
		return least;
	qsort(sizes, n, sizeof(*sizes), by_size);
	return fmax(least, fmin(REACH_MAX, sizes[(size_t)((double)(n - 1) * REACH_SHARE)]));
}

/* All that the badge has no room for. */
static void add_title(const struct comparison *c, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT, more = BL_BUF_INIT;
	char num[FMT_MAX], lo[FMT_MAX], hi[FMT_MAX];

	bl_buf_adds(&b, c->why);
	if (c->family)
		bl_buf_addf(&b, "; p %.2g, corrected for %zu comparisons %.2g", c->p, c->family,
			    c->p_adjusted);
	if (isfinite(c->trimmed) && c->n_pairs)
		bl_buf_addf(&b, "; trimmed mean %s [%s, %s]",
			    fmt_change(&fmt_page, num, c->trimmed),
			    fmt_change(&fmt_page, lo, c->trimmed_lo),
			    fmt_change(&fmt_page, hi, c->trimmed_hi));
	verdict_more(c, &more);
	if (more.len || bl_buf_failed(&more))
		bl_buf_addf(&b, "; %s", fmt_part(&b, &more));
	if (!b.len && !bl_buf_failed(&b))
		return;
	bl_buf_adds(out, " title=\"");
	fmt_html(out, fmt_part(out, &b));
	bl_buf_addc(out, '"');
}

void html_verdict(const struct comparison *c, double reach, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf change = BL_BUF_INIT;

	minute_change(c, &fmt_page, &change);
	bl_buf_addf(out, "<div class=\"badge %s\"", html_verdict_classes[c->verdict]);
	add_title(c, out);
	bl_buf_addf(out, "><span class=\"chip\">%s</span>", verdict_marked(c));
	svg_interval(c, reach, out);
	bl_buf_addf(out, "<small>%s</small>", fmt_part(out, &change));
	if (c->verdict == VERDICT_CANNOT_TELL && c->more) {
		if (c->more == FORECAST_MANY)
			bl_buf_addf(out, "<small class=\"more\">over %d more trials</small>",
				    FORECAST_MOST);
		else
			bl_buf_addf(out, "<small class=\"more\">%s %zu more trial%s</small>",
				    c->sd > 0 ? "about" : "at least", c->more,
				    c->more == 1 ? "" : "s");
	}
	bl_buf_adds(out, "</div>");
}
