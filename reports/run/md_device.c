/* Markdown: the decision, the findings, and the device of each cell. */
#include <string.h>

#include "disk_facts.h"
#include "md_device.h"
#include "minute.h"

#include "cleanup.h"

void md_decision(const struct view *v, struct bl_buf *out)
{
	const struct passthrough_decision *p = &v->decision;

	if (!p->sentence)
		return;
	bl_buf_adds(out, "## Should this VM get passthrough?\n\n");
	fmt_md(out, p->sentence);
	bl_buf_adds(out, "\n\n");
	if (!p->n)
		return;
	bl_buf_adds(out,
		    "| asked in this order | answer | speaks | evidence |\n|---|---|---|---|\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct decision_line *l = &p->lines[i];

		bl_buf_addf(out, "| %s%s | ", l->question, l->decided ? " **decided**" : "");
		fmt_md(out, l->answer);
		bl_buf_addf(out, " | %s | ", decision_speaks(l->speaks_for));
		fmt_md(out, l->evidence);
		bl_buf_adds(out, " |\n");
	}
	bl_buf_addc(out, '\n');
}

static void add_finding(const struct view *v, const struct finding *f, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done)
	struct bl_buf where = BL_BUF_INIT, window = BL_BUF_INIT, how = BL_BUF_INIT;

	minute_where(v, f, &where);
	minute_window(f, &fmt_plain, &window);
	minute_change_to_try(v, f, &how);
	bl_buf_addf(out, "- **%s** (", cause_find(f->cause)->title);
	fmt_md(out, fmt_part(out, &where));
	if (f->cell < v->d->n_cells) {
		bl_buf_adds(out, ", cell ");
		fmt_md(out, v->d->cells[f->cell].name);
	}
	if (window.len || bl_buf_failed(&window))
		bl_buf_addf(out, ", %s", fmt_part(out, &window));
	bl_buf_adds(out, "): ");
	fmt_md(out, f->evidence);
	bl_buf_adds(out, ". What to do: ");
	fmt_md(out, f->remedy);
	bl_buf_addc(out, '.');
	if (how.len || bl_buf_failed(&how)) {
		bl_buf_adds(out, " To try it: ");
		fmt_md(out, fmt_part(out, &how));
		bl_buf_addc(out, '.');
	}
	bl_buf_addc(out, '\n');
}

void md_findings(const struct view *v, struct bl_buf *out)
{
	if (!v->findings.n)
		return;
	bl_buf_adds(out, "## Findings\n\n");
	for (size_t i = 0; i < v->findings.n; i++)
		add_finding(v, &v->findings.items[i], out);
	bl_buf_addc(out, '\n');
}

/* "; handed over 8 times, back 8 times"; nothing when it never was. */
static void add_handovers(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	size_t n = 0, n_back = 0;

	for (size_t i = 0; i < v->d->n_trials; i++) {
		struct disk_handover h;

		if (v->d->trials[i].cell != cell || !disk_handover(v->d, &v->d->trials[i], &h))
			continue;
		n++;
		n_back += h.record->is_back;
	}
	if (n)
		bl_buf_addf(out, "; handed over %zu time%s, back %zu time%s", n, n == 1 ? "" : "s",
			    n_back, n_back == 1 ? "" : "s");
}

void md_devices(const struct view *v, struct bl_buf *out)
{
	bool is_begun = false;

	for (uint32_t c = 0; c < v->d->n_cells; c++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

		if (!disk_identity(v, c, &text))
			continue;
		bl_buf_adds(out, is_begun ? "- " : "## Devices\n\n- ");
		is_begun = true;
		fmt_md(out, v->d->cells[c].name);
		bl_buf_adds(out, ": ");
		fmt_md(out, fmt_part(out, &text));
		add_handovers(v, c, out);
		bl_buf_addc(out, '\n');
	}
	if (is_begun)
		bl_buf_addc(out, '\n');
}
