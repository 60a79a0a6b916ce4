/* What each choice changed: every value against its sibling, all else equal. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "html.h"
#include "plot.h"

enum { SCALE_W = 380, FIGURES_W = 210, ROW_H = 24, ROWS_MAX = 40, CHAR_W = 7, LABEL_MAX = 62 };

static bool is_drawn(const struct view_effect *e)
{
	return e->by[METRIC_P99].n_pairs && e->by[METRIC_P99].ratio > 0;
}

/* The ratio of the @nth value of @b to the one of @a from the same repeat; 0: none. */
static double pair_ratio(const struct summary *a, const struct summary *b, size_t nth)
{
	const uint32_t repeat = b->value_repeats[METRIC_P99][nth];

	for (size_t i = 0; i < a->metric[METRIC_P99].n && i < SUMMARY_VALUES; i++) {
		if (a->value_repeats[METRIC_P99][i] == repeat && a->values[METRIC_P99][i] > 0)
			return b->values[METRIC_P99][nth] / a->values[METRIC_P99][i];
	}
	return 0;
}

static double pair_reach(const struct view *v, const struct view_effect *e, size_t nth)
{
	const struct summary *a = summaries_find(&v->sums, e->cell_from, e->job->name);
	const struct summary *b = summaries_find(&v->sums, e->cell_to, e->job->name);
	double ratio = nth < b->metric[METRIC_P99].n ? pair_ratio(a, b, nth) : 0;

	return ratio > 0 ? fabs(log(ratio)) : 0;
}

/* The ratios the picture must hold: every dot, every interval, and the effect that matters. */
static void find_range(const struct view *v, size_t from, size_t to, double *lo, double *hi)
{
	double reach = log(1 + v->effects[from].job->min.by[METRIC_P99]) * 2;

	for (size_t i = from; i < to; i++) {
		const struct comparison *c = &v->effects[i].by[METRIC_P99];

		if (!is_drawn(&v->effects[i]))
			continue;
		reach = fmax(reach, fabs(log(c->ratio)));
		for (size_t k = 0; k < SUMMARY_VALUES; k++)
			reach = fmax(reach, pair_reach(v, &v->effects[i], k));
		if (c->has_interval && c->lo > 0)
			reach = fmax(reach, fmax(fabs(log(c->lo)), fabs(log(c->hi))));
	}
	*hi = exp(reach * 1.08);
	*lo = 1 / *hi;
}

static void add_ticks(struct plot *p, double lo, double hi)
{
	static const double ticks[] = {1,    0.5, 2,   0.2,  5,   0.1, 10,   0.02, 50,
				       0.01, 100, 0.8, 1.25, 0.9, 1.1, 0.95, 1.05};
	double px = SCALE_W / log(hi / lo), taken[BL_ARRAY_LEN(ticks)];
	size_t n = 0;

	bl_buf_adds(&p->script, "set xtics (");
	for (size_t i = 0; i < BL_ARRAY_LEN(ticks); i++) {
		char text[FMT_MAX], token[24];
		bool fits = ticks[i] > lo && ticks[i] < hi;

		for (size_t k = 0; k < n; k++)
			fits &= fabs(log(ticks[i] / taken[k])) * px > 54;
		if (!fits)
			continue;
		if (ticks[i] >= 2 || ticks[i] <= 0.1)
			snprintf(text, sizeof(text), "\u00d7%g", ticks[i]);
		else if (ticks[i] == 1)
			snprintf(text, sizeof(text), "equal");
		else
			snprintf(text, sizeof(text), "%s%.0f\u202f%%",
				 ticks[i] < 1 ? "\u2212" : "+", fabs(ticks[i] - 1) * 100);
		bl_buf_addf(&p->script, "%s%s %g", n ? ", " : "", plot_text(p, text, token),
			    ticks[i]);
		taken[n++] = ticks[i];
	}
	bl_buf_adds(&p->script, ")\n");
}

static size_t end_of_step(const struct view *v, size_t from)
{
	size_t to = from;

	while (to < v->n_effects && v->effects[to].job == v->effects[from].job &&
	       v->effects[to].axis == v->effects[from].axis &&
	       strcmp(v->effects[to].to, v->effects[from].to) == 0)
		to++;
	return to;
}

/* When every step was measured once only, one picture holds them all. */
static bool is_joined(const struct view *v, const struct view_job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_effects; i++) {
		if (v->effects[i].job != job)
			continue;
		n++;
		if (end_of_step(v, i) > i + 1)
			return false;
	}
	return n > 1 && n <= ROWS_MAX;
}

/* What is equal on both sides; the step itself when it is not that of the title. */
static void row_label(const struct view *v, const struct view_effect *e,
		      const struct view_effect *title, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;

	if (!title)
		bl_buf_addf(&all, "%s %s \u2192 %s \u00b7 ", e->axis->name, e->from, e->to);
	else if (strcmp(e->from, title->from) != 0)
		bl_buf_addf(&all, "%s \u2192 %s \u00b7 ", e->from, e->to);
	view_name_rest(v, e, &all);
	if (fmt_width(bl_buf_str(&all)) > LABEL_MAX)
		fmt_pad(out, fmt_part(out, &all), LABEL_MAX);
	else
		bl_buf_adds(out, fmt_part(out, &all));
}

static const struct {
	const char *name, *title, *style;
} marks[VERDICTS] = {
	[VERDICT_CANNOT_TELL] = {"open", "cannot tell", "pt 6 ps 0.9 lw 1.5 lc rgb " PLOT_GREY},
	[VERDICT_BETTER] = {"better", "better", "pt 7 ps 0.9 lw 2 lc rgb '#009e73'"},
	[VERDICT_WORSE] = {"worse", "worse", "pt 7 ps 0.9 lw 2 lc rgb '#d55e00'"},
	[VERDICT_SAME] = {"same", "same", "pt 7 ps 0.9 lw 2 lc rgb " PLOT_GREY},
};

static void add_pairs(const struct view *v, size_t from, size_t to, struct plot *p)
{
	bl_buf_adds(&p->script, "$pairs << EOD\nNaN NaN\n");
	for (size_t i = from; i < to; i++) {
		const struct view_effect *e = &v->effects[i];
		const struct summary *a = summaries_find(&v->sums, e->cell_from, e->job->name);
		const struct summary *b = summaries_find(&v->sums, e->cell_to, e->job->name);

		for (size_t k = 0; k < b->metric[METRIC_P99].n && k < SUMMARY_VALUES; k++) {
			double ratio = pair_ratio(a, b, k);

			if (ratio > 0)
				bl_buf_addf(&p->script, "%.6g %.2f\n", ratio,
					    (double)(i - from) + 1.3);
		}
	}
	bl_buf_adds(&p->script, "EOD\n");
}

static void add_points(const struct view *v, size_t from, size_t to, struct plot *p)
{
	const char *sep = "plot $pairs using 1:2 with points pt 7 ps 0.28 lc rgb " PLOT_GREY ", ";

	add_pairs(v, from, to, p);
	for (int k = 0; k < VERDICTS; k++) {
		bl_buf_addf(&p->script, "$%s << EOD\n", marks[k].name);
		bl_buf_adds(&p->script, "NaN NaN NaN NaN\n"); /* an empty block is an error */
		for (size_t i = from; i < to; i++) {
			const struct comparison *c = &v->effects[i].by[METRIC_P99];

			if (is_drawn(&v->effects[i]) && (int)c->verdict == k)
				bl_buf_addf(&p->script, "%.6g %zu %.6g %.6g\n", c->ratio,
					    i - from + 1, c->has_interval ? c->lo : c->ratio,
					    c->has_interval ? c->hi : c->ratio);
		}
		bl_buf_adds(&p->script, "EOD\n");
	}
	plot_name(p, "one pair of trials");
	for (int k = 0; k < VERDICTS; k++) {
		bl_buf_addf(&p->script, "%s$%s using 1:2:3:4 with xerrorbars %s", sep,
			    marks[k].name, marks[k].style);
		plot_name(p, marks[k].title);
		sep = ", ";
	}
	bl_buf_adds(&p->script, "\n");
}

/* One width for a job, so that the lines of no change stand under each other. */
static unsigned labels_width(const struct view *v, const struct view_job *job)
{
	unsigned longest = 8;

	for (size_t i = 0; i < v->n_effects; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf label = BL_BUF_INIT;
		unsigned w;

		if (v->effects[i].job != job)
			continue;
		row_label(v, &v->effects[i], is_joined(v, job) ? NULL : &v->effects[i], &label);
		w = (unsigned)fmt_width(bl_buf_str(&label));
		longest = w > longest ? w : longest;
	}
	return longest * CHAR_W + 24;
}

static void draw(const struct view *v, size_t from, size_t to, const char *title,
		 struct bl_buf *out)
{
	size_t rows = to - from;
	double lo, hi, delta = 1 + v->effects[from].job->min.by[METRIC_P99];
	unsigned labels = labels_width(v, v->effects[from].job),
		 width = labels + SCALE_W + FIGURES_W;
	unsigned height = (unsigned)rows * ROW_H + 60;
	BL_CLEANUP(bl_buf_done) struct bl_buf desc = BL_BUF_INIT;
	struct plot p;
	char id[32], token[24];

	snprintf(id, sizeof(id), "fx%zu", from);
	plot_begin(&p, id, width, height);
	find_range(v, from, to, &lo, &hi);
	bl_buf_addf(&p.script,
		    "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
		    "set tmargin at screen %.4f\nset bmargin at screen %.4f\n"
		    "set yrange [%.1f:0.5]\nunset ytics\nset logscale x\nset xrange [%.6g:%.6g]\n"
		    "set errorbars 0\n"
		    "set object 1 rect from %.6g, graph 0 to %.6g, graph 1 fc rgb " PLOT_SHADE
		    " fs solid 1 noborder behind\n"
		    "set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 1\n",
		    (double)labels / width, 1 - (double)FIGURES_W / width, 1 - 8.0 / height,
		    52.0 / height, (double)rows + 0.5, lo, hi, 1 / delta, delta);
	add_ticks(&p, lo, hi);
	bl_buf_addf(
		&p.script, "set xlabel %s offset 0,0.4\n",
		plot_text(&p,
			  "\u2190 p99 lower\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0p99 higher \u2192",
			  token));
	for (size_t i = from; i < to; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf label = BL_BUF_INIT, change = BL_BUF_INIT;

		row_label(v, &v->effects[i],
			  is_joined(v, v->effects[i].job) ? NULL : &v->effects[from], &label);
		minute_change(&v->effects[i].by[METRIC_P99], &fmt_page, &change);
		bl_buf_addf(&desc, "%s: %s. ", fmt_part(&desc, &label), fmt_part(&desc, &change));
		bl_buf_addf(&p.script, "set label %s at screen %.4f, first %zu right\n",
			    plot_text(&p, fmt_part(&p.script, &label), token),
			    (labels - 12.0) / width, i - from + 1);
		bl_buf_addf(&p.script, "set label %s at screen %.4f, first %zu left\n",
			    plot_text(&p, fmt_part(&p.script, &change), token),
			    1 - (FIGURES_W - 14.0) / width, i - from + 1);
	}
	add_points(v, from, to, &p);
	plot_render(&p, title, fmt_part(out, &desc), out);
}

/* The same as a list, for screens too narrow for the picture: style.css shows one of the two. */
static void add_list(const struct view *v, size_t from, size_t to, struct bl_buf *out)
{
	bl_buf_adds(out, "<ul class=\"steps\">");
	for (size_t i = from; i < to; i++) {
		const struct view_effect *e = &v->effects[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf label = BL_BUF_INIT, change = BL_BUF_INIT;

		row_label(v, e, is_joined(v, e->job) ? NULL : &v->effects[from], &label);
		minute_change(&e->by[METRIC_P99], &fmt_page, &change);
		bl_buf_adds(out, "<li>");
		fmt_html(out, fmt_part(out, &label));
		bl_buf_addf(out, " <b class=\"%s\">%s</b></li>",
			    marks[e->by[METRIC_P99].verdict].name, fmt_part(out, &change));
	}
	bl_buf_adds(out, "</ul>\n");
}

/* The other figures of the same pairs, folded. */
static void add_table(const struct view *v, size_t from, size_t to, struct bl_buf *out)
{
	static const enum metric shown[] = {METRIC_IOPS,  METRIC_P50, METRIC_P99,
					    METRIC_P99_9, METRIC_MAX, METRIC_CPU_PER_IO};
	static const char *const heads[] = {"IOPS", "p50", "p99", "p99.9", "max", "CPU / I/O"};

	bl_buf_adds(out,
		    "<details class=\"fold\"><summary>all figures of these comparisons</summary>"
		    "<div class=\"scroll\"><table><thead><tr><th class=\"t\">axis</th><th "
		    "class=\"t\">change</th>"
		    "<th class=\"t\">all else equal</th>");
	for (size_t k = 0; k < BL_ARRAY_LEN(shown); k++)
		bl_buf_addf(out, "<th>%s</th>", heads[k]);
	bl_buf_adds(out, "<th>pairs</th></tr></thead><tbody>\n");
	for (size_t i = from; i < to; i++) {
		const struct view_effect *e = &v->effects[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf rest = BL_BUF_INIT;

		view_name_rest(v, e, &rest);
		bl_buf_addf(out, "<tr><td class=\"t\">%s</td><td class=\"t\">", e->axis->name);
		fmt_html(out, e->from);
		bl_buf_adds(out, " \u2192 ");
		fmt_html(out, e->to);
		bl_buf_adds(out, "</td><td class=\"t\">");
		fmt_html(out, fmt_part(out, &rest));
		bl_buf_adds(out, "</td>");
		for (size_t k = 0; k < BL_ARRAY_LEN(shown); k++) {
			BL_CLEANUP(bl_buf_done) struct bl_buf c = BL_BUF_INIT;

			minute_change(&e->by[shown[k]], &fmt_page, &c);
			bl_buf_addf(out, "<td class=\"n\">%s</td>", fmt_part(out, &c));
		}
		bl_buf_addf(out, "<td class=\"n\">%zu</td></tr>\n", e->by[METRIC_P99].n_pairs);
	}
	bl_buf_adds(out, "</tbody></table></div></details>\n");
}

/* A proved step before one that was only seen. */
static const struct view_effect *largest(const struct view *v, size_t from, size_t to)
{
	const struct view_effect *best = &v->effects[from];
	double most = -1;

	for (size_t i = from; i < to; i++) {
		const struct comparison *c = &v->effects[i].by[METRIC_P99];
		bool is_proved = c->verdict == VERDICT_BETTER || c->verdict == VERDICT_WORSE;
		double size = is_drawn(&v->effects[i]) ? fabs(log(c->ratio)) + 1e3 * is_proved : 0;

		if (size > most) {
			most = size;
			best = &v->effects[i];
		}
	}
	return best;
}

static void one_picture(const struct view *v, size_t from, size_t to, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf title = BL_BUF_INIT;
	const struct view_effect *e = &v->effects[from];
	size_t drawn = to - from > ROWS_MAX ? ROWS_MAX : to - from;

	if (is_joined(v, e->job)) {
		e = largest(v, from, to);
		bl_buf_adds(&title, "The largest step is ");
		minute_step(e, &fmt_page, &title);
	} else {
		bl_buf_addf(&title, "%s %s \u2192 %s: ", e->axis->name, e->from, e->to);
		minute_axis(v, from, to, &fmt_page, &title);
	}
	bl_buf_adds(out, "<figure class=\"fx\"><figcaption><h4>");
	fmt_html(out, fmt_part(out, &title));
	bl_buf_adds(out, "</h4></figcaption>\n");
	if (is_drawn(e) || to - from > 1) {
		add_list(v, from, from + drawn, out);
		bl_buf_adds(out, "<div class=\"scroll wide\">");
		draw(v, from, from + drawn, fmt_part(out, &title), out);
		bl_buf_adds(out, "</div>");
	}
	if (drawn < to - from)
		bl_buf_addf(out, "<p class=\"note\">%zu more are in the table.</p>\n",
			    to - from - drawn);
	add_table(v, from, to, out);
	bl_buf_adds(out, "</figure>\n");
}

static size_t end_of_job(const struct view *v, size_t from)
{
	size_t to = from;

	while (to < v->n_effects && v->effects[to].job == v->effects[from].job)
		to++;
	return to;
}

static void add_family(const struct view *v, const struct view_job *job, struct bl_buf *out)
{
	size_t family = 0;

	for (size_t i = 0; i < v->n_effects; i++)
		if (v->effects[i].job == job && v->effects[i].by[METRIC_P99].family)
			family = v->effects[i].by[METRIC_P99].family;
	if (family > 1)
		bl_buf_addf(out, "<p class=\"note\">Corrected for %zu comparisons; ", family);
	else
		bl_buf_adds(out, "<p class=\"note\">");
	bl_buf_addf(out, "%.3g %% and more matters.</p>\n", job->min.by[METRIC_P99] * 100);
}

void html_effects(const struct view *v, struct bl_buf *out)
{
	if (!v->n_effects) {
		html_absent(out, "choices", "What each choice changed",
			    v->n_axes
				    ? "No two measured cells differ in one axis only, so no change "
				      "can be laid to one choice."
			    : v->d->n_cells > 1
				    ? "The cells have names and no axes: which choice makes their "
				      "difference is not known."
				    : "One configuration was measured: there is no choice to "
				      "compare.");
		return;
	}
	bl_buf_adds(
		out,
		"<section id=\"choices\"><h2>What each choice changed</h2>\n<p class=\"note\">"
		"Every value against its sibling, all else equal, p99, paired by block. A bar is "
		"the exact 95 % interval; a small dot is one pair of trials; an open circle is a "
		"difference seen that cannot be told "
		"from chance. Inside the shade a difference would not matter.</p>\n");
	for (size_t j = 0; j < v->n_jobs; j++) {
		html_job_begin(v, j, out);
		add_family(v, &v->jobs[j], out);
		for (size_t i = 0, to; i < v->n_effects; i = to) {
			to = is_joined(v, v->effects[i].job) ? end_of_job(v, i) : end_of_step(v, i);
			if (v->effects[i].job == &v->jobs[j])
				one_picture(v, i, to, out);
		}
		html_job_end(out);
	}
	bl_buf_adds(out, "</section>\n");
}
