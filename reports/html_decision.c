/* Should this VM get passthrough? The answer, the rule that decided, and the whole checklist. */
#include <string.h>

#include "html.h"

static const char *speaks(int for_it)
{
	if (!for_it)
		return "<span class=\"none\">open</span>";
	return for_it > 0 ? "<b class=\"ok\">for it</b>" : "<b class=\"bad\">against</b>";
}

static void line_row(const struct decision_line *l, struct bl_buf *out)
{
	bl_buf_addf(out, "<tr%s><th scope=\"row\" class=\"t q\">%s%s</th><td class=\"t\"><b>",
		    l->decided ? " class=\"decided\"" : "", l->question,
		    l->decided ? " <span class=\"chip open\">decided</span>" : "");
	fmt_html(out, l->answer);
	bl_buf_addf(out, "</b></td><td class=\"t\">%s</td><td class=\"t long\">",
		    speaks(l->speaks_for));
	fmt_marked_html(out, l->marked);
	bl_buf_adds(out, "</td></tr>\n");
}

void html_decision(const struct view *v, struct bl_buf *out)
{
	const struct passthrough_decision *p = &v->decision;

	if (!p->sentence)
		return;
	bl_buf_adds(out, "<section id=\"passthrough\"><h2>Should this VM get passthrough?</h2>\n"
			 "<p class=\"answer\"><b>");
	fmt_html(out, p->answer);
	bl_buf_adds(out, "</b>");
	fmt_marked_html(out, p->marked + strlen(p->answer));
	bl_buf_adds(out, "</p>\n");
	if (p->n) {
		bl_buf_adds(out, "<div class=\"scroll\"><table class=\"checklist\"><thead><tr>"
				 "<th class=\"t\">asked in this order</th><th class=\"t\">answer"
				 "</th><th class=\"t\">speaks</th><th class=\"t\">evidence</th>"
				 "</tr></thead><tbody>\n");
		for (size_t i = 0; i < p->n; i++)
			line_row(&p->lines[i], out);
		bl_buf_adds(out, "</tbody></table></div>\n<p class=\"note\">The first that decides "
				 "ends it; the others are answered all the same.</p>\n");
	}
	bl_buf_adds(out, "</section>\n");
}

static void finding_item(const struct view *v, const struct finding *f, struct bl_buf *out)
{
	bl_buf_addf(out, "<li><b>%s</b> <small>%s, in the %s", cause_find(f->cause)->title,
		    finding_confidence_names[f->confidence], finding_layer_names[f->layer]);
	if (f->trial < v->d->n_trials)
		bl_buf_addf(out, ", trial %u", v->d->trials[f->trial].repeat + 1);
	if (f->job) {
		bl_buf_adds(out, ", job ");
		fmt_html(out, f->job);
	}
	bl_buf_adds(out, "</small><br>");
	fmt_marked_html(out, f->evidence);
	bl_buf_adds(out, ".<br><span class=\"note\">What to do: ");
	fmt_html(out, f->remedy);
	bl_buf_adds(out, ".</span></li>\n");
}

void html_n_findings(size_t n, struct bl_buf *out)
{
	bl_buf_addf(out, "<b class=\"bad\">%zu finding%s</b>", n, n == 1 ? "" : "s");
}

void html_findings(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	if (!view_n_findings(v, cell))
		return;
	bl_buf_adds(out, "<ul class=\"findings\">\n");
	for (size_t i = 0; i < v->findings.n; i++) {
		if (v->findings.items[i].cell == cell)
			finding_item(v, &v->findings.items[i], out);
	}
	bl_buf_adds(out, "</ul>\n");
}
