/* What the diagnosis found, with the cell that it was found in, and the plots that prove it. */
#include <math.h>
#include <string.h>

#include "cleanup.h"
#include "html.h"

/* Plots by cause; a cause that is not here is shown by the pictures of its job. */
enum proof {
	PROOF_TIME = 1,
	PROOF_LAYERS = 2,
	PROOF_STUTTER = 4,
	PROOF_DEPTH = 8,
	PROOF_CONFIG = 16
};

static const struct {
	const char *cause;
	unsigned proofs;
} proofs[] = {
	{"queue-too-deep", PROOF_DEPTH | PROOF_LAYERS},
	{"stutter", PROOF_STUTTER | PROOF_TIME},
	{"backend-stalls", PROOF_STUTTER | PROOF_TIME | PROOF_LAYERS},
	{"discard-burst", PROOF_TIME | PROOF_STUTTER},
	{"host-page-cache", PROOF_TIME | PROOF_LAYERS | PROOF_CONFIG},
	{"config-drift", PROOF_CONFIG},
	{"cache-unsafe", PROOF_CONFIG},
	{"emulated-controller", PROOF_LAYERS | PROOF_CONFIG},
	{"single-queue", PROOF_LAYERS | PROOF_CONFIG},
	{"qcow2-layout", PROOF_LAYERS | PROOF_CONFIG},
	{"qcow2-allocation", PROOF_LAYERS | PROOF_TIME},
	{"virtual-queueing", PROOF_LAYERS},
	{"interrupts-one-cpu", PROOF_CONFIG},
	{"emulated-cpu", 0},
};

static unsigned proofs_of(const char *cause)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(proofs); i++) {
		if (strcmp(proofs[i].cause, cause) == 0)
			return proofs[i].proofs;
	}
	return PROOF_TIME | PROOF_LAYERS | PROOF_STUTTER;
}

static void add_link(const char *what, size_t job, uint32_t cell, const char *text, bool *is_begun,
		     struct bl_buf *out)
{
	bl_buf_addf(out, "%s<a href=\"#%s-%zu-%u\">%s</a>", *is_begun ? ", " : " See: ", what, job,
		    cell, text);
	*is_begun = true;
}

/* Only to what is on the page. */
static void add_proofs(const struct view *v, const struct finding *f, struct bl_buf *out)
{
	unsigned which = proofs_of(f->cause);
	bool is_begun = false;

	if (f->cell >= v->d->n_cells)
		return;
	for (size_t j = 0; j < v->n_jobs; j++) {
		const struct view_row *row = view_row_of(&v->jobs[j], f->cell);

		if (!row || !row->sum || !f->job || strcmp(v->jobs[j].name, f->job) != 0)
			continue;
		if (which & PROOF_TIME)
			add_link("heat", j, f->cell, "over time", &is_begun, out);
		if ((which & PROOF_STUTTER) && html_has_stutter(row))
			add_link("stutter", j, f->cell, "stutter", &is_begun, out);
		if ((which & PROOF_LAYERS) && html_has_layers(row))
			add_link("layers", j, f->cell, "where it goes", &is_begun, out);
	}
	if ((which & PROOF_DEPTH) && html_has_depth(v)) {
		bl_buf_addf(out, "%s<a href=\"#depth\">depth sweep</a>",
			    is_begun ? ", " : " See: ");
		is_begun = true;
	}
	if ((which & PROOF_CONFIG) && v->cells[f->cell].proof)
		bl_buf_addf(out, "%s<a href=\"#config-%u\">configuration</a>",
			    is_begun ? ", " : " See: ", f->cell);
}

/* "From 12.3 s to 15.1 s." of the job's counted time. */
static void add_window(const struct finding *f, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	minute_window(f, &fmt_page, &text);
	if (text.len || bl_buf_failed(&text))
		bl_buf_addf(out, " <span class=\"when\">%s</span>", fmt_part(out, &text));
}

static void finding_item(const struct view *v, const struct finding *f, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf where = BL_BUF_INIT, how = BL_BUF_INIT;
	const struct cause_row *cause = cause_find(f->cause);

	minute_where(v, f, &where);
	bl_buf_addf(out, "<li class=\"%s\"><b>%s</b> <small>",
		    finding_confidence_names[f->confidence], cause->title);
	fmt_html(out, fmt_part(out, &where));
	bl_buf_adds(out, "</small>");
	add_window(f, out);
	bl_buf_adds(out, "<br>");
	fmt_html(out, f->evidence);
	bl_buf_addc(out, '.');
	add_proofs(v, f, out);
	if (cause->symptom)
		bl_buf_addf(out, "<br><span class=\"note\">Seen as: %s.</span>", cause->symptom);
	bl_buf_adds(out, "<br><span class=\"todo\"><b>What to do</b>: ");
	fmt_html(out, f->remedy);
	bl_buf_adds(out, ".</span>");
	minute_change_to_try(v, f, &how);
	if (how.len || bl_buf_failed(&how)) {
		bl_buf_adds(out, "<br><span class=\"todo\">To try it: <code>");
		fmt_html(out, fmt_part(out, &how));
		bl_buf_adds(out, "</code></span>");
	}
	bl_buf_adds(out, "</li>\n");
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
	/* The surest first: what is only possible is read last. */
	for (int c = CONFIDENCES - 1; c >= 0; c--) {
		for (size_t i = 0; i < v->findings.n; i++) {
			if (v->findings.items[i].cell == cell &&
			    (int)v->findings.items[i].confidence == c)
				finding_item(v, &v->findings.items[i], out);
		}
	}
	bl_buf_adds(out, "</ul>\n");
}
