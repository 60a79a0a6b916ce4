/* The page as a whole: frame, order of sections, and what the sections share. */
#include "html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "units.h"

void html_absent(struct bl_buf *out, const char *id, const char *title, const char *why)
{
	bl_buf_addf(out, "<section id=\"%s\"><h2>%s</h2><p class=\"absent\">%s</p></section>\n", id,
		    title, why);
}

void html_job_begin(const struct view *v, size_t job, struct bl_buf *out)
{
	bl_buf_addf(out, "<div class=\"job\" data-job=\"%zu\"><h3 class=\"jobname\">", job);
	fmt_html(out, v->jobs[job].name);
	bl_buf_adds(out, "</h3>\n");
}

void html_job_end(struct bl_buf *out)
{
	bl_buf_adds(out, "</div>\n");
}

void html_swatch(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	if (v->cells[cell].series < 0)
		bl_buf_adds(out, "<i class=\"sw\" style=\"--c:var(--muted)\"></i>");
	else
		bl_buf_addf(out, "<i class=\"sw\" style=\"--c:var(--s%d)\"></i>",
			    v->cells[cell].series);
}

void html_lines(const struct lines *l, struct bl_buf *out)
{
	bl_buf_adds(out, "<ul>\n");
	for (size_t i = 0; i < l->n; i++) {
		bl_buf_adds(out, "<li>");
		fmt_sentence_html(out, l->items[i]);
		bl_buf_adds(out, "</li>\n");
	}
	bl_buf_adds(out, "</ul>\n");
	out->failed |= l->failed;
}

static void add_nav(const struct view *v, bool has_depth, struct bl_buf *out)
{
	bl_buf_adds(out, "<nav aria-label=\"sections\"><div class=\"in\">");
	if (v->decision.sentence)
		bl_buf_adds(out, "<a href=\"#passthrough\">Passthrough?</a>");
	bl_buf_adds(out, "<a href=\"#matrix\">Matrix</a><a href=\"#choices\">Choices</a>"
			 "<a href=\"#curves\">Percentiles</a><a href=\"#time\">Over time</a>"
			 "<a href=\"#stutter\">Stutter</a><a href=\"#layers\">Where it "
			 "goes</a>");
	if (has_depth)
		bl_buf_adds(out, "<a href=\"#depth\">Depth</a>");
	bl_buf_adds(out, "<a href=\"#cells\">Cells</a><a href=\"#method\">Method</a>");
	if (v->n_jobs > 1) {
		bl_buf_adds(out, "<label class=\"pick\" hidden>job <select id=\"job\">");
		for (size_t i = 0; i < v->n_jobs; i++) {
			bl_buf_addf(out, "<option value=\"%zu\">", i);
			fmt_html(out, v->jobs[i].name);
			bl_buf_adds(out, "</option>");
		}
		bl_buf_adds(out, "<option value=\"\">all jobs</option></select></label>");
	}
	bl_buf_adds(out, "</div></nav>\n");
}

int html_write(const struct view *v, const char *json, const char *csv, struct bl_buf *out)
{
	struct bl_buf depth = BL_BUF_INIT;

	html_depth(v, &depth);
	page_begin(out, v->d->run.scenario_name, v->d->run.host_name, "", true);
	html_head(v, out);
	add_nav(v, depth.len > 0, out);
	bl_buf_adds(out, "<main>\n");
	html_minute(v, out);
	html_decision(v, out);
	html_matrix(v, out);
	html_effects(v, out);
	html_curves(v, out);
	html_time(v, out);
	html_stutter(v, out);
	html_layers(v, out);
	bl_buf_add(out, fmt_part(out, &depth), depth.len);
	out->failed |= depth.failed;
	bl_buf_done(&depth);
	html_cells(v, out);
	html_method(v, json, csv, out);
	page_end(out, true);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}
