/* The history page: sections and lists. */
#include "history_page.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "history_parts.h"
#include "page.h"

#define OPEN_GROUPS 6   /* cells and jobs without a change that are shown unfolded */
#define ROWS_OPEN   30  /* of a list, before the rest is folded */
#define ROWS_MAX    300 /* of a list */

/* ---- lists ---- */

static void state_badge(const struct history_shift *s, struct bl_buf *out)
{
	const char *state = s->event ? s->event->state : "not reported";
	bool is_real = strcmp(state, "confirmed") == 0,
	     is_over = strcmp(state, "went away") == 0 || strcmp(state, "acknowledged") == 0;

	bl_buf_addf(out, "<span class=\"chip %s\"",
		    is_real && s->is_worse ? "worse"
		    : is_real              ? "good"
		    : is_over              ? "same"
					   : "open");
	if (s->event && s->event->confirmation) {
		bl_buf_adds(out, " title=\"");
		fmt_html(out, s->event->confirmation);
		bl_buf_addc(out, '"');
	}
	bl_buf_addc(out, '>');
	fmt_html(out, state);
	bl_buf_adds(out, "</span>");
	if (!s->is_found)
		bl_buf_adds(out, "<small>not in the history any more</small>");
}

static void cause(const struct history_page *p, const struct history_shift *s, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf what = BL_BUF_INIT;

	history_mark_text(p->v->h, s->night, &what);
	if (what.len) {
		bl_buf_adds(out, "<b>");
		history_mark_name(p->v->h, s->night, out);
		bl_buf_adds(out, "</b> ");
	} else if (s->event && s->event->cause) {
		page_arrows(&what, s->event->cause);
	}
	fmt_html(out, fmt_part(out, &what));
	if (!what.len)
		bl_buf_adds(out, "<span class=\"none\">nothing known</span>");
}

static void shift_row(const struct history_page *p, const struct history_shift *s,
		      struct bl_buf *out)
{
	char change[PAGE_CHANGE_MAX], from[FMT_MAX], to[FMT_MAX];

	bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t\">");
	page_day(out, p->v->h->nights[s->night].started_ms);
	bl_buf_addf(out, "</th><td class=\"t\">%s</td><td class=\"t %s\">%s%s</td>",
		    page_metric(s->metric), s->is_worse ? "bad" : "ok",
		    page_change(change, s->ratio, isfinite(s->lo) && isfinite(s->hi), s->lo, s->hi),
		    s->is_drift ? " <small>drift?</small>" : "");
	bl_buf_adds(out, "<td class=\"t wrap\"><b>");
	fmt_html(out, s->cell);
	bl_buf_adds(out, "</b><small>");
	fmt_html(out, s->job);
	bl_buf_addf(out, "</small></td><td>%s \u2192 %s</td><td class=\"t wrap\">",
		    page_value(from, s->metric, s->before), page_value(to, s->metric, s->after));
	cause(p, s, out);
	bl_buf_adds(out, "</td><td class=\"t\">");
	state_badge(s, out);
	bl_buf_adds(out, "</td></tr>\n");
}

static void table_shifts(const struct history_page *p, size_t from, size_t to, struct bl_buf *out)
{
	bl_buf_adds(out,
		    "<div class=\"scroll\"><table class=\"shifts\"><thead><tr><th "
		    "class=\"t\">since</th><th class=\"t\">figure</th><th class=\"t\">change</th>"
		    "<th class=\"t\">cell and job</th><th>from, to</th><th "
		    "class=\"t\">changed that night</th><th class=\"t\">state</th></tr></thead>"
		    "<tbody>\n");
	for (size_t i = from; i < to; i++)
		shift_row(p, &p->shifts[i], out);
	bl_buf_adds(out, "</tbody></table></div>\n");
}

static void list_shifts(const struct history_page *p, struct bl_buf *out)
{
	size_t n = p->n_shifts < ROWS_MAX ? p->n_shifts : ROWS_MAX;

	bl_buf_adds(out, "<section id=\"changes\"><h2>What changed</h2>\n");
	if (!n) {
		bl_buf_addf(out, "<p class=\"absent\">%s</p></section>\n",
			    p->v->h->n_nights < 2 * CHANGES_SEGMENT_MIN
				    ? "Changes are looked for from the eighth night on."
				    : "No figure changed, and none was reported as changed.");
		return;
	}
	bl_buf_adds(out,
		    "<p class=\"note\">Change points by the settings that alerts are made with, "
		    "the newest first, with the 95 % interval of the step. What was reported "
		    "before is a candidate until fresh trials confirm it or it goes away.</p>\n");
	table_shifts(p, 0, n < ROWS_OPEN ? n : ROWS_OPEN, out);
	if (n > ROWS_OPEN) {
		bl_buf_addf(out, "<details class=\"fold\"><summary>%zu older ones</summary>",
			    n - ROWS_OPEN);
		table_shifts(p, ROWS_OPEN, n, out);
		bl_buf_adds(out, "</details>\n");
	}
	if (n < p->n_shifts)
		bl_buf_addf(out, "<p class=\"note\">%zu still older are in the pictures.</p>\n",
			    p->n_shifts - n);
	bl_buf_adds(out, "</section>\n");
}

static size_t shifted_on(const struct history_page *p, size_t night)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_shifts; i++)
		n += p->shifts[i].is_found && p->shifts[i].night == night;
	return n;
}

static void environment_row(const struct history_page *p, size_t night, struct bl_buf *out)
{
	const struct night_figures *n = &p->v->h->nights[night];
	size_t shifted = shifted_on(p, night);

	bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t\"><b>");
	history_mark_name(p->v->h, night, out);
	bl_buf_adds(out, "</b></th><td class=\"t\">");
	page_day(out, n->started_ms);
	bl_buf_adds(out, "</td><td class=\"t wrap\">");
	for (size_t i = 0; i < n->n_marks; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf what = BL_BUF_INIT;

		page_arrows(&what, n->marks[i]);
		bl_buf_adds(out, i ? "<br>" : "");
		fmt_html(out, fmt_part(out, &what));
	}
	bl_buf_addf(out, "</td><td class=\"t\">");
	if (shifted)
		page_count(out, shifted, "figure");
	else
		bl_buf_adds(out, "<span class=\"none\">none</span>");
	bl_buf_adds(out, "</td></tr>\n");
}

static void list_environment(const struct history_page *p, struct bl_buf *out)
{
	const struct history *h = p->v->h;
	size_t n = 0;

	for (size_t i = 0; i < h->n_nights; i++)
		n += h->nights[i].n_marks != 0;
	bl_buf_adds(out, "<section id=\"environment\"><h2>What changed in the environment</h2>\n");
	if (h->n_nights < 2) {
		bl_buf_adds(out, "<p class=\"absent\">There is no night before to compare "
				 "with.</p></section>\n");
		return;
	}
	if (!n) {
		bl_buf_adds(out, "<p class=\"absent\">Nothing that identifies the system changed "
				 "between two nights: kernel, QEMU, firmware, microcode, settings, "
				 "the scenario itself.</p></section>\n");
		return;
	}
	bl_buf_adds(out,
		    "<p class=\"note\">Against the night before. The letters are those of the "
		    "dotted lines in the pictures.</p>\n<div class=\"scroll\"><table "
		    "class=\"shifts\"><thead><tr><th class=\"t\"></th><th class=\"t\">night of"
		    "</th><th class=\"t\">what changed</th><th class=\"t\">shifted that night</th>"
		    "</tr></thead><tbody>\n");
	for (size_t i = h->n_nights; i-- > 0;)
		if (h->nights[i].n_marks)
			environment_row(p, i, out);
	bl_buf_adds(out, "</tbody></table></div>\n</section>\n");
}

/* ---- the pictures ---- */

/* Its newest change and how many more, in a few words. */
static void group_says(const struct history_page *p, const struct history_group *g,
		       struct bl_buf *out)
{
	if (!g->n_changes) {
		bl_buf_adds(out, p->v->h->n_nights < 2 * CHANGES_SEGMENT_MIN
					 ? "too few nights to look for changes"
					 : "no change");
		return;
	}
	for (size_t i = 0; i < p->n_shifts; i++) {
		const struct history_shift *s = &p->shifts[i];
		char by[FMT_MAX];

		if (!s->is_found || strcmp(s->cell, g->cell) != 0 || strcmp(s->job, g->job) != 0)
			continue;
		bl_buf_addf(out, "%s %s since ", page_metric(s->metric),
			    fmt_change(&fmt_page, by, s->ratio));
		page_day(out, p->v->h->nights[s->night].started_ms);
		break;
	}
	if (g->n_changes > 1)
		bl_buf_addf(out, " and %zu more", g->n_changes - 1);
}

static void one_group(const struct history_page *p, const struct history_group *g, bool is_open,
		      struct bl_buf *out)
{
	bl_buf_addf(out, "<details class=\"cell\"%s><summary><b>", is_open ? " open" : "");
	fmt_html(out, g->cell);
	bl_buf_adds(out, "</b> \u00b7 ");
	fmt_html(out, g->job);
	bl_buf_addf(out, " <span%s>", g->n_changes ? " class=\"has\"" : "");
	group_says(p, g, out);
	bl_buf_adds(out, "</span></summary>\n<div class=\"grid cards\">\n");
	for (size_t k = g->from; k < g->to; k++)
		history_picture(p, &p->lines[k], out);
	bl_buf_adds(out, "</div></details>\n");
}

static void pictures(const struct history_page *p, struct bl_buf *out)
{
	size_t calm = 0;

	bl_buf_adds(out,
		    "<section id=\"figures\"><h2>Every figure, night by night</h2>\n<p "
		    "class=\"note\">A dot is a night, the median of its trials, on its date; the "
		    "thin bar is one standard deviation of them. The line is the level between "
		    "change points; a dashed one marks a change (<b class=\"bad\">worse</b>, <b "
		    "class=\"ok\">better</b>; faint: seen only by the more sensitive settings, "
		    "nobody is told). An open circle is a single bad night, a triangle one that "
		    "lies beyond the picture. Dotted lines with letters: the environment changed. "
		    "Shaded: nights are missing.</p>\n");
	for (size_t i = 0; i < p->n_groups; i++) {
		const struct history_group *g = &p->groups[i];

		one_group(p, g, g->n_changes || calm < OPEN_GROUPS, out);
		calm += !g->n_changes;
	}
	if (!p->n_groups)
		bl_buf_adds(out, "<p class=\"absent\">No night has a figure to draw.</p>\n");
	bl_buf_adds(out, "</section>\n");
}

static void method(const struct history_page *p, struct bl_buf *out)
{
	bl_buf_adds(out,
		    "<section id=\"method\"><h2>How it was found</h2>\n<p class=\"note\">A night "
		    "is one value a figure: the median over its trials, on the log scale. Noise "
		    "is estimated from neighbouring nights, a bad night is clipped, and what a "
		    "night has in common with the night before makes evidence count for less. "
		    "Then the partition into levels that explains the nights best, each boundary "
		    "tested; one on a night whose environment changed needs less evidence. An "
		    "interval does not know that its place was searched for. A night that lacks a "
		    "figure is left out, never made up.</p>\n<p class=\"note\">The same for "
		    "programs: <code>blklab history ");
	fmt_html(out, p->v->scenario);
	bl_buf_adds(out, " --json</code>, or <code>--csv</code>.</p>\n</section>\n");
}

int report_history_page(const struct history_view *v, struct bl_buf *out, struct bl_err *err)
{
	static const struct page_link links[] = {{"changes", "What changed"},
						 {"environment", "Environment"},
						 {"figures", "Every figure"},
						 {"method", "Method"}};
	BL_CLEANUP(history_page_done) struct history_page p = {.v = v};
	BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;
	int r = history_page_find(&p);

	if (r < 0)
		return bl_fail(err, r, "out of memory");
	bl_buf_addf(&name, "%s: nights", v->scenario);
	page_begin(out, fmt_part(out, &name), v->host, asset_pages_css, false);
	history_page_head(&p, out);
	page_nav(out, links, BL_ARRAY_LEN(links));
	bl_buf_adds(out, "<main>\n");
	history_page_minute(&p, out);
	list_shifts(&p, out);
	list_environment(&p, out);
	pictures(&p, out);
	method(&p, out);
	page_end(out, false);
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}
