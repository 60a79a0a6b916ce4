/* Markdown: where the time goes, stutter, and what depth costs. */
#include "md_time.h"

#include <math.h>

#include "budget_text.h"
#include "cleanup.h"
#include "minute.h"
#include "stutter_text.h"

static void add_text(const struct bl_buf *text, struct bl_buf *out)
{
	fmt_md(out, fmt_part(out, text));
}

static void budget_row(const struct view *v, const struct view_row *row, int dir,
		       struct bl_buf *out)
{
	const struct budget_dir *b = &row->seen->budget.dir[dir];
	BL_CLEANUP(bl_buf_done) struct bl_buf cpu = BL_BUF_INIT, counts = BL_BUF_INIT;
	char num[FMT_MAX];

	bl_buf_adds(out, "| ");
	fmt_md(out, v->d->cells[row->cell].name);
	bl_buf_addf(out, " | %s | %s |", budget_dir_nouns[dir],
		    fmt_ns(&fmt_plain, num, b->total_ns));
	for (int p = 0; p < BUDGET_PARTS; p++) {
		if (b->part[p].has)
			bl_buf_addf(out, " %s (%.0f %%) |",
				    budget_own(&fmt_plain, num, &b->part[p]),
				    b->part[p].share * 100);
		else if (!budget_is_joined(b, p, v->cells[row->cell].is_host))
			bl_buf_adds(out, " - |");
		else
			bl_buf_addf(out, " in %s |", budget_part_names[b->part[p].joined_to]);
	}
	budget_counts(b, &fmt_plain, &counts);
	budget_cpu(row->seen, &fmt_plain, &cpu);
	bl_buf_addf(out, " %s | ", fmt_part(out, &counts));
	add_text(&cpu, out);
	bl_buf_adds(out, " |\n");
}

static bool has_budget(const struct view_row *row, int dir)
{
	return row->seen && row->seen->budget.dir[dir].has;
}

static void add_warnings(const struct view *v, const struct view_job *job, struct bl_buf *out)
{
	bool is_begun = false;

	for (size_t i = 0; i < job->n_rows; i++) {
		for (int d = 0; d < IO_DIRS; d++) {
			const struct view_row *row = &job->rows[i];

			if (!has_budget(row, d) || !row->seen->budget.dir[d].warning[0])
				continue;
			bl_buf_adds(out, is_begun ? "- " : "\n- ");
			is_begun = true;
			fmt_md(out, v->d->cells[row->cell].name);
			bl_buf_addf(out, ", %s: ", budget_dir_plurals[d]);
			fmt_md(out, row->seen->budget.dir[d].warning);
			bl_buf_addc(out, '\n');
		}
	}
}

void md_budget(const struct view *v, size_t j, struct bl_buf *out)
{
	const struct view_job *job = &v->jobs[j];
	bool is_begun = false;

	for (size_t i = 0; i < job->n_rows; i++) {
		for (int d = 0; d < IO_DIRS; d++) {
			if (!has_budget(&job->rows[i], d) ||
			    !budget_is_told(job->rows[i].seen->layers))
				continue;
			if (!is_begun) {
				bl_buf_adds(out,
					    "### Where it goes\n\nMean time of a request by "
					    "layer, in the trial whose p99 is the median.\n\n| "
					    "cell | | total |");
				for (int p = 0; p < BUDGET_PARTS; p++)
					bl_buf_addf(out, " %s |", budget_part_names[p]);
				bl_buf_adds(out, " seen by engine / guest / QEMU / host | CPU |\n"
						 "|---|---|--:|--:|--:|--:|--:|--:|---|\n");
			}
			is_begun = true;
			budget_row(v, &job->rows[i], d, out);
		}
	}
	if (!is_begun)
		return;
	add_warnings(v, job, out);
	bl_buf_addc(out, '\n');
}

static void bill_change(double from_ns, double to_ns, const struct comparison *c,
			struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf change = BL_BUF_INIT;
	char a[FMT_MAX], b[FMT_MAX];

	if (!c->n_pairs || !isfinite(from_ns) || !isfinite(to_ns)) {
		bl_buf_adds(out, " - |");
		return;
	}
	minute_change(c, &fmt_plain, &change);
	bl_buf_addf(out, " %s to %s, %s |", fmt_ns(&fmt_plain, a, from_ns),
		    fmt_ns(&fmt_plain, b, to_ns), fmt_part(out, &change));
}

void md_bill(const struct view *v, size_t j, struct bl_buf *out)
{
	bool is_begun = false;

	for (size_t i = 0; i < v->bill.n; i++) {
		const struct bill_step *s = &v->bill.steps[i];
		const struct bill_job *b = bill_job_of(s, v->jobs[j].name);
		BL_CLEANUP(bl_buf_done) struct bl_buf what = BL_BUF_INIT;

		if (!b)
			continue;
		if (!is_begun)
			bl_buf_adds(out, "### The bill\n\n| step | to | mean | p99 | CPU / I/O |\n"
					 "|---|---|--:|--:|--:|\n");
		is_begun = true;
		bl_buf_adds(out, "| ");
		minute_bill_step(s, " to ", &what);
		add_text(&what, out);
		bl_buf_adds(out, " | ");
		fmt_md(out, v->d->cells[s->to].name);
		bl_buf_adds(out, " |");
		bill_change(b->from_ns, b->to_ns, &b->mean, out);
		bill_change(b->from_p99_ns, b->to_p99_ns, &b->p99, out);
		bill_change(b->from_cpu_ns, b->to_cpu_ns, &b->cpu, out);
		bl_buf_addc(out, '\n');
	}
	if (is_begun)
		bl_buf_addc(out, '\n');
}

void md_stutter(const struct view *v, size_t j, struct bl_buf *out)
{
	bool is_begun = false;

	for (size_t i = 0; i < v->jobs[j].n_rows; i++) {
		const struct view_row *row = &v->jobs[j].rows[i];
		BL_CLEANUP(lines_done) struct lines l = {0};

		if (!row->seen || !stutter_is_told(row->seen))
			continue;
		stutter_lines(row->seen, &fmt_plain, &l);
		stutter_trials(row, &fmt_plain, &l);
		bl_buf_adds(out, is_begun ? "- " : "### Stutter\n\n- ");
		is_begun = true;
		fmt_md(out, v->d->cells[row->cell].name);
		bl_buf_adds(out, ":");
		for (size_t k = 0; k < l.n; k++) {
			bl_buf_addc(out, ' ');
			fmt_sentence_md(out, l.items[k]);
		}
		bl_buf_addc(out, '\n');
		out->failed |= l.failed;
	}
	if (is_begun)
		bl_buf_addc(out, '\n');
}

void md_knees(const struct view *v, struct bl_buf *out)
{
	for (size_t i = 0; i < v->knees.n; i++) {
		const struct knee *k = &v->knees.items[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

		minute_knee(k, &fmt_plain, &text);
		bl_buf_adds(out, i ? "- " : "## Depth sweep\n\n- ");
		fmt_md(out, v->d->cells[k->cell].name);
		bl_buf_adds(out, ", ");
		fmt_md(out, k->points[0].job);
		bl_buf_adds(out, " and deeper: ");
		add_text(&text, out);
		bl_buf_adds(out, i + 1 < v->knees.n ? "\n" : "\n\n");
	}
}
