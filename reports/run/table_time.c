/* The terminal: mean time by layer, and stalls. */
#include "table_time.h"

#include <math.h>
#include <string.h>

#include "budget_text.h"
#include "cleanup.h"
#include "stutter_text.h"
#include "term.h"

enum { FIGURE_W = 9, DIR_W = 6, NAME_MIN = 12, STALLS_SAID = 6 };

static void add_head(const struct view_job *job, unsigned name_w, bool color, struct bl_buf *out)
{
	static const char *const heads[BUDGET_PARTS] = {"guest", "virtual", "QEMU", "host+dev"};
	BL_CLEANUP(bl_buf_done) struct bl_buf title = BL_BUF_INIT;

	bl_buf_addf(&title, "where it goes, %s", job->name);
	term_on(out, color, TERM_BOLD);
	if (fmt_width(bl_buf_str(&title)) > name_w + DIR_W) {
		fmt_clean(out, fmt_part(out, &title), 0);
		bl_buf_addc(out, '\n');
		fmt_pad(out, "", name_w + DIR_W);
	} else {
		fmt_pad(out, fmt_part(out, &title), name_w + DIR_W);
	}
	bl_buf_addf(out, "%*s", FIGURE_W, "mean");
	for (int p = 0; p < BUDGET_PARTS; p++)
		bl_buf_addf(out, "%*s", FIGURE_W, heads[p]);
	term_off(out, color);
	bl_buf_addc(out, '\n');
}

static void add_row(const char *name, const struct budget_dir *b, int dir, bool is_host,
		    unsigned name_w, bool color, struct bl_buf *out)
{
	enum budget_part most = budget_largest(b);
	char num[FMT_MAX];

	if (fmt_width(name) > name_w) {
		fmt_clean(out, name, 0);
		bl_buf_addc(out, '\n');
		name = "";
	}
	fmt_pad(out, name, name_w);
	bl_buf_addf(out, " %-*s%*s", DIR_W - 1, budget_dir_nouns[dir], FIGURE_W,
		    fmt_ns(&fmt_plain, num, b->total_ns));
	for (int p = 0; p < BUDGET_PARTS; p++) {
		if (p == (int)most)
			term_on(out, color, TERM_BOLD);
		bl_buf_addf(out, "%*s", FIGURE_W,
			    b->part[p].has ? budget_own(&fmt_plain, num, &b->part[p])
			    : budget_is_joined(b, p, is_host) ? "<"
							      : "-");
		if (p == (int)most)
			term_off(out, color);
	}
	bl_buf_addf(out, "%s\n", b->warning[0] ? " !" : "");
}

void table_budget(const struct view *v, const struct view_job *job, unsigned columns, bool color,
		  struct bl_buf *out)
{
	unsigned figures = DIR_W + FIGURE_W * (1 + BUDGET_PARTS) + 2, name_w = NAME_MIN;
	bool is_begun = false, is_warned = false, is_joined = false;

	for (size_t i = 0; i < v->d->n_cells; i++) {
		unsigned w = (unsigned)fmt_width(v->d->cells[i].name);

		name_w = w > name_w ? w : name_w;
	}
	if (columns < figures + NAME_MIN)
		return;
	name_w = name_w > columns - figures ? columns - figures : name_w;
	for (size_t i = 0; i < job->n_rows; i++) {
		const struct view_row *row = &job->rows[i];
		bool is_host = v->cells[row->cell].is_host;

		for (int d = 0; row->seen && budget_is_told(row->seen->layers) && d < IO_DIRS;
		     d++) {
			const struct budget_dir *b = &row->seen->budget.dir[d];

			if (!b->has)
				continue;
			if (!is_begun)
				add_head(job, name_w, color, out);
			is_begun = true;
			add_row(v->d->cells[row->cell].name, b, d, is_host, name_w, color, out);
			is_warned |= b->warning[0] != '\0';
			for (int p = 0; p < BUDGET_PARTS; p++)
				is_joined |= budget_is_joined(b, p, is_host);
		}
	}
	if (is_joined)
		bl_buf_adds(out, "  < not seen by itself: in the part to its left\n");
	if (is_warned)
		bl_buf_adds(out, "  ! layers saw different counts: the report says which\n");
	if (is_begun)
		bl_buf_addc(out, '\n');
}

/* A clock or a cause is worth a line; a lone slow slice is in the report. */
static bool is_told(const struct view_row *row)
{
	return row->seen->stutter.beat.is_periodic || row->seen->best;
}

static void stall_line(const struct view *v, const struct view_job *job, const struct view_row *row,
		       struct lines *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	stutter_headline(row->seen, &fmt_plain, &text);
	if (row->seen->best)
		bl_buf_addf(&text, "; '%s' goes with %.0f %% of them", row->seen->best->title,
			    row->seen->best->why.af * 100);
	out->failed |= bl_buf_failed(&text);
	lines_add(out, "%s, %s: %s", v->d->cells[row->cell].name, job->name, bl_buf_str(&text));
}

void table_stutter(const struct view *v, struct lines *out)
{
	size_t n_more = 0;

	for (size_t j = 0; j < v->n_jobs; j++) {
		for (size_t i = 0; i < v->jobs[j].n_rows; i++) {
			const struct view_row *row = &v->jobs[j].rows[i];

			if (!row->seen || !row->seen->stutter.n_stalls)
				continue;
			if (is_told(row) && out->n < STALLS_SAID)
				stall_line(v, &v->jobs[j], row, out);
			else
				n_more++;
		}
	}
	if (n_more)
		lines_add(
			out,
			"%s%zu job%s of a cell stalled, with neither a period nor a cause that is "
			"seen: the report shows when",
			out->n ? "beside these " : "", n_more, n_more == 1 ? "" : "s");
}
