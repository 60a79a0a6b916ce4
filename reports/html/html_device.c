/* The real device of a cell: who it is, its health, how it was handed over, its interrupts. */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "disk_facts.h"
#include "html.h"
#include "page.h"
#include "irq_matrix.h"

static void add_health(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	struct disk_health h;

	disk_health(v, cell, &h);
	if (!h.n)
		return;
	bl_buf_addf(
		out,
		"<div class=\"scroll\"><table class=\"health\"><thead><tr><th class=\"t\">"
		"health log%s%s</th><th>before trial %u</th><th>after trial %u</th></tr></thead>"
		"<tbody>\n",
		h.from ? ", read " : "",
		h.from && strcmp(h.from, "guest") == 0 ? "in the guest"
		: h.from                               ? "on the host"
						       : "",
		h.first + 1, h.last + 1);
	for (size_t i = 0; i < h.n; i++) {
		const struct health_row *r = &h.rows[i];

		bl_buf_addf(out, "<tr%s><th scope=\"row\" class=\"t\">%s</th><td class=\"n\">",
			    r->is_trouble   ? " class=\"differs\""
			    : r->is_changed ? ""
					    : " class=\"calm\"",
			    r->label);
		fmt_html(out, r->before[0] ? r->before : "\u00b7");
		bl_buf_adds(out, "</td><td class=\"n\">");
		fmt_html(out, r->after[0] ? r->after : "\u00b7");
		bl_buf_adds(out, "</td></tr>\n");
	}
	bl_buf_adds(out, "</tbody></table></div>\n");
}

static void text_field(const char *s, const char *class, struct bl_buf *out)
{
	bl_buf_addf(out, "<td class=\"%s\">", class);
	fmt_html(out, s && *s ? s : "\u00b7");
	bl_buf_adds(out, "</td>");
}

static void time_field(double ns, struct bl_buf *out)
{
	char num[FMT_MAX];

	if (ns > 0)
		page_figure(out, ns, fmt_ns(&fmt_page, num, ns));
	else
		page_no_figure(out, "not measured");
}

static void handover_row(const struct trial_record *t, const struct disk_handover *h,
			 struct bl_buf *out)
{
	const struct handover_record *r = h->record;
	const char *outcome = r->outcome ? r->outcome : "";

	if (r->is_back && strncmp(outcome, "back ", 5) == 0)
		outcome += 5; /* it is said in green */
	bl_buf_addf(out, "<tr><td class=\"n\">%u</td>", t->repeat + 1);
	text_field(r->driver_before, "t", out);
	text_field(r->namespaces, "t", out);
	time_field(h->given_ns, out);
	time_field(h->return_ns, out);
	bl_buf_addf(out, "<td class=\"t long\"><b class=\"%s\">%s</b> ", r->is_back ? "ok" : "bad",
		    r->is_back ? "back" : "not back");
	fmt_html(out, outcome);
	bl_buf_adds(out, "</td></tr>\n");
}

static void add_handovers(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];
		struct disk_handover h;

		if (t->cell != cell || !disk_handover(v->d, t, &h))
			continue;
		if (!n++)
			bl_buf_adds(
				out,
				"<h4>Hand-over</h4><div class=\"scroll\"><table><thead><tr>"
				"<th>trial</th><th class=\"t\">driver before</th><th class=\"t\">"
				"namespaces</th><th>given after</th><th>back after</th>"
				"<th class=\"t\">how it came back</th></tr></thead><tbody>\n");
		handover_row(t, &h, out);
	}
	if (n)
		bl_buf_adds(out, "</tbody></table></div>\n");
}

/* ---- interrupts ---- */

/* Counted, not measured: whole as long as three digits hold it. */
static const char *count_text(char num[FMT_MAX], uint64_t n)
{
	if (n >= 1000)
		return fmt_sig3(&fmt_page, num, (double)n);
	snprintf(num, FMT_MAX, "%u", (unsigned)n);
	return num;
}

static void irq_field(uint64_t n, uint64_t most, struct bl_buf *out)
{
	char num[FMT_MAX];

	if (!n) {
		bl_buf_adds(out, "<td class=\"n none\">\u00b7</td>");
		return;
	}
	/* a share of a quarter of the ink at most: the figure stays readable */
	bl_buf_addf(out, "<td class=\"n\" style=\"--p:%.0f%%\">%s</td>",
		    25.0 * (double)n / (double)most, count_text(num, n));
}

static void irq_table(const struct irq_matrix *m, const char *side, struct bl_buf *out)
{
	bl_buf_addf(out,
		    "<div class=\"scroll\"><table class=\"irq\"><thead><tr><th class=\"t\">%s</th>",
		    side);
	for (size_t c = 0; c < m->n_cpus; c++)
		bl_buf_addf(out, "<th>CPU %u</th>", m->cpus[c]);
	if (m->n_others)
		bl_buf_addf(out, "<th>%zu more</th>", m->n_others);
	bl_buf_adds(out, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < m->n; i++) {
		bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t\">");
		fmt_html(out, m->rows[i].name);
		bl_buf_adds(out, "</th>");
		for (size_t c = 0; c < m->n_cpus; c++)
			irq_field(m->rows[i].counts[c], m->most, out);
		if (m->n_others)
			irq_field(m->rows[i].others, m->most, out);
		bl_buf_adds(out, "</tr>\n");
	}
	bl_buf_adds(out, "</tbody></table></div>\n");
	if (m->n_left_out)
		bl_buf_addf(out,
			    "<p class=\"note\">%zu more are in the store (table job_fact).</p>\n",
			    m->n_left_out);
}

static bool job_irqs(const struct view *v, size_t job, const struct trial_record *t, bool is_begun,
		     struct bl_buf *out)
{
	static const char *const sides[][2] = {{"guest", "in the guest"}, {"host", "on the host"}};
	const struct job_result *j = trial_job(t, v->jobs[job].name);
	bool has_any = false;

	for (size_t s = 0; j && s < BL_ARRAY_LEN(sides); s++) {
		struct irq_matrix m;

		irq_matrix(j, sides[s][0], &m);
		if (!m.n)
			continue;
		if (!is_begun && !has_any)
			bl_buf_addf(out, "<h4>Interrupts of the device, trial %u</h4>\n",
				    t->repeat + 1);
		if (!has_any)
			html_job_begin(v, job, out);
		has_any = true;
		irq_table(&m, sides[s][1], out);
	}
	if (has_any)
		html_job_end(out);
	return has_any;
}

/* Of the trial whose configuration is shown, too. */
static void add_interrupts(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	const struct trial_record *t = v->cells[cell].proof;
	bool is_begun = false;

	for (size_t j = 0; t && j < v->n_jobs; j++)
		is_begun |= job_irqs(v, j, t, is_begun, out);
}

void html_device(const struct view *v, uint32_t cell, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf identity = BL_BUF_INIT;

	if (disk_identity(v, cell, &identity)) {
		bl_buf_adds(out, "<h4>Device</h4><p>");
		fmt_html(out, fmt_part(out, &identity));
		bl_buf_adds(out, "</p>\n");
	}
	add_health(v, cell, out);
	add_handovers(v, cell, out);
	add_interrupts(v, cell, out);
}
