/* Stutter: for each cell that stalls how often, with which period, and what explains it. */
#include "cleanup.h"
#include "html.h"
#include "stutter_text.h"
#include "svg.h"

bool html_has_stutter(const struct view_row *row)
{
	return row->seen && stutter_is_told(row->seen);
}

static void one_cell(const struct view *v, size_t j, const struct view_row *row, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf head = BL_BUF_INIT;
	BL_CLEANUP(lines_done) struct lines l = {0};

	stutter_headline(row->seen, &fmt_page, &head);
	stutter_lines(row->seen, &fmt_page, &l);
	stutter_trials(row, &fmt_page, &l);
	bl_buf_addf(out, "<figure class=\"small\" id=\"stutter-%zu-%u\"><figcaption>", j,
		    row->cell);
	html_swatch(v, row->cell, out);
	bl_buf_adds(out, "<b>");
	fmt_html(out, v->d->cells[row->cell].name);
	bl_buf_addf(out, "</b> <span>%s</span></figcaption>\n", fmt_part(out, &head));
	if (row->seen->stutter.n_stalls)
		svg_phase(&row->seen->stutter, out);
	html_lines(&l, out);
	bl_buf_adds(out, "</figure>\n");
}

/* "No stall in: a, b." of the trials shown; and of which nothing is known. */
static void calm_cells(const struct view *v, const struct view_job *job, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < job->n_rows; i++) {
		const struct view_row *row = &job->rows[i];

		if (!row->seen || html_has_stutter(row) || !row->seen->line.n)
			continue;
		bl_buf_adds(out, n++ ? ", " : "<p class=\"note\">No stall in the trial shown of: ");
		fmt_html(out, v->d->cells[row->cell].name);
		if (row->stutter.n_stalled)
			bl_buf_addf(out, " (but in %zu of its %zu trials)", row->stutter.n_stalled,
				    row->stutter.n_trials);
	}
	bl_buf_adds(out, n ? ".</p>\n" : "");
}

static bool is_any(const struct view *v)
{
	for (size_t j = 0; j < v->n_jobs; j++) {
		for (size_t i = 0; i < v->jobs[j].n_rows; i++) {
			if (v->jobs[j].rows[i].stutter.n_trials)
				return true;
		}
	}
	return false;
}

void html_stutter(const struct view *v, struct bl_buf *out)
{
	if (!is_any(v)) {
		html_absent(out, "stutter", "Stutter", "No trial gave intervals.");
		return;
	}
	bl_buf_adds(out,
		    "<section id=\"stutter\"><h2>Stutter</h2>\n<p class=\"note\">A stall is a time "
		    "in which an I/O took far longer than is usual just then, or in which none "
		    "completed; stalls at most a second apart are one. One trial a cell, as over "
		    "time. Where stalls have a period each dot is one, placed by when in the cycle "
		    "it began.</p>\n");
	for (size_t j = 0; j < v->n_jobs; j++) {
		html_job_begin(v, j, out);
		bl_buf_adds(out, "<div class=\"grid wider\">\n");
		for (size_t i = 0; i < v->jobs[j].n_rows; i++) {
			if (html_has_stutter(&v->jobs[j].rows[i]))
				one_cell(v, j, &v->jobs[j].rows[i], out);
		}
		bl_buf_adds(out, "</div>\n");
		calm_cells(v, &v->jobs[j], out);
		html_job_end(out);
	}
	bl_buf_adds(out, "</section>\n");
}
