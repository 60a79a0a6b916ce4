/* What the diagnosis found, with the cell that it was found in. */
#include "cleanup.h"
#include "html.h"

static void finding_item(const struct view *v, const struct finding *f, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf where = BL_BUF_INIT;

	minute_where(v, f, &where);
	bl_buf_addf(out, "<li><b>%s</b> <small>", cause_find(f->cause)->title);
	fmt_html(out, fmt_part(out, &where));
	bl_buf_adds(out, "</small><br>");
	fmt_html(out, f->evidence);
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
