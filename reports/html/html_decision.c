/* Should this VM get passthrough? The answer, the rule that decided, and the whole checklist. */
#include <string.h>

#include "html.h"

static void line_row(const struct decision_line *l, struct bl_buf *out)
{
	bl_buf_addf(out, "<tr%s><th scope=\"row\" class=\"t q\">%s%s</th><td class=\"t\"><b>",
		    l->decided ? " class=\"decided\"" : "", l->question,
		    l->decided ? " <span class=\"chip open\">decided</span>" : "");
	fmt_html(out, l->answer);
	bl_buf_addf(
		out,
		"</b></td><td class=\"t\"><span class=\"%s\">%s</span></td><td class=\"t long\">",
		l->speaks_for > 0   ? "ok"
		: l->speaks_for < 0 ? "bad"
				    : "none",
		decision_speaks(l->speaks_for));
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
