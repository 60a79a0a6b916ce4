/* Over time: a heat map for each cell, all of a job on the same scales. */
#include "cleanup.h"
#include "html.h"
#include "svg.h"

static void one_cell(const struct view *v, size_t j, const struct view_row *row, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf svg = BL_BUF_INIT, caption = BL_BUF_INIT;
	const char *name = v->d->cells[row->cell].name;

	svg_heat(&v->jobs[j], row, name, &svg, &caption);
	bl_buf_addf(out, "<figure class=\"small\" id=\"heat-%zu-%u\"><figcaption>", j, row->cell);
	html_swatch(v, row->cell, out);
	bl_buf_adds(out, "<b>");
	fmt_html(out, name);
	bl_buf_addf(out, "</b> <span>%s</span></figcaption>", fmt_part(out, &caption));
	bl_buf_add(out, fmt_part(out, &svg), svg.len);
	bl_buf_adds(out, "</figure>\n");
}

void html_time(const struct view *v, struct bl_buf *out)
{
	if (!v->n_ok) {
		html_absent(out, "time", "Over time", "No trial gave intervals.");
		return;
	}
	bl_buf_adds(
		out,
		"<section id=\"time\"><h2>Over time</h2>\n<p class=\"note\">One trial a cell, the "
		"one whose p99 is the median. Time runs to the right, latency upwards on a log "
		"scale shared by the cells of a job; colour is how many I/Os ended there "
		"<span class=\"ramp\" aria-hidden=\"true\"><i></i><i></i><i></i><i></i><i></i>"
		"<i></i><i></i><i></i></span> few to many, on a log scale. "
		"<span class=\"stallkey\" aria-hidden=\"true\"></span> marks a stall, a bar of "
		"full height time in which nothing completed. Under it what was "
		"watched of the guest and the host meanwhile, on the same time axis: first, in the "
		"strong colour, what explains stalls, with the share that goes with it beyond "
		"chance; then other things that changed, each from 0 to the maximum beside "
		"it.</p>\n");
	for (size_t j = 0; j < v->n_jobs; j++) {
		const struct view_job *job = &v->jobs[j];

		html_job_begin(v, j, out);
		bl_buf_adds(out, "<div class=\"grid\">\n");
		for (size_t i = 0; i < job->n_rows; i++) {
			if (job->rows[i].sum)
				one_cell(v, j, &job->rows[i], out);
		}
		bl_buf_adds(out, "</div>\n");
		html_job_end(out);
	}
	bl_buf_adds(out, "</section>\n");
}
