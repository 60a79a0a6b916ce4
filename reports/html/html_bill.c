/* The bill: from the host's floor step by step, what each further choice costs. */
#include <math.h>

#include "cleanup.h"
#include "html.h"
#include "page.h"
#include "svg.h"

static double reach_of(const struct comparison *c)
{
	double reach = c->n_pairs && c->ratio > 0 ? fabs(log(c->ratio)) : 0;

	if (c->n_pairs && c->has_interval && c->lo > 0)
		reach = fmax(reach, fmax(fabs(log(c->lo)), fabs(log(c->hi))));
	return reach;
}

/* The largest change of a job's bill: one scale for all its rows. */
static double scale_of(const struct view *v, const char *job)
{
	double reach = log(1.1);

	for (size_t i = 0; i < v->bill.n; i++) {
		const struct bill_job *b = bill_job_of(&v->bill.steps[i], job);

		if (b)
			reach = fmax(reach, fmax(reach_of(&b->mean),
						 fmax(reach_of(&b->p99), reach_of(&b->cpu))));
	}
	return reach * 1.05;
}

static void add_change(double from_ns, double to_ns, const struct comparison *c, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf change = BL_BUF_INIT;
	char a[FMT_MAX], b[FMT_MAX];

	if (!c->n_pairs || !isfinite(from_ns) || !isfinite(to_ns)) {
		page_no_figure(out, "not known on both sides");
		return;
	}
	minute_change(c, &fmt_page, &change);
	bl_buf_addf(out,
		    "<td class=\"n\">%s \u2192 %s<small><span class=\"chip %s\">%s</span>"
		    "</small></td>",
		    fmt_ns(&fmt_page, a, from_ns), fmt_ns(&fmt_page, b, to_ns),
		    html_verdict_classes[c->verdict], fmt_part(out, &change));
}

static void add_what(const struct bill_step *s, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf what = BL_BUF_INIT;

	minute_bill_step(s, " \u2192 ", &what);
	fmt_html(out, fmt_part(out, &what));
}

static void step_row(const struct view *v, const struct bill_step *s, const char *job, double reach,
		     struct bl_buf *out)
{
	const struct bill_job *b = bill_job_of(s, job);

	if (!b)
		return;
	bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t step\">");
	add_what(s, out);
	bl_buf_adds(out, "<small>");
	html_swatch(v, s->to, out);
	bl_buf_addf(out, "<a href=\"#cell-%u\">", s->to);
	fmt_html(out, v->d->cells[s->to].name);
	bl_buf_adds(out, "</a></small></th>");
	add_change(b->from_ns, b->to_ns, &b->mean, out);
	add_change(b->from_p99_ns, b->to_p99_ns, &b->p99, out);
	add_change(b->from_cpu_ns, b->to_cpu_ns, &b->cpu, out);
	bl_buf_adds(out, "<td class=\"t\">");
	svg_changes(b, reach, out);
	bl_buf_adds(out, "</td></tr>\n");
}

/* The step that adds most to the mean, as the title. */
static void add_title(const struct view *v, const char *job, struct bl_buf *out)
{
	const struct bill_step *worst = NULL;
	const struct bill_job *of = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf change = BL_BUF_INIT;

	for (size_t i = 0; i < v->bill.n; i++) {
		const struct bill_job *b = bill_job_of(&v->bill.steps[i], job);

		if (b && b->mean.n_pairs &&
		    (!of || b->to_ns - b->from_ns > of->to_ns - of->from_ns)) {
			worst = &v->bill.steps[i];
			of = b;
		}
	}
	bl_buf_adds(out, "<h4>The bill");
	if (of && of->to_ns > of->from_ns) {
		char num[FMT_MAX];

		minute_change(&of->mean, &fmt_page, &change);
		bl_buf_adds(out, ": the dearest step is ");
		add_what(worst, out);
		bl_buf_addf(out, ", %s more a request (mean %s)",
			    fmt_ns(&fmt_page, num, of->to_ns - of->from_ns),
			    fmt_part(out, &change));
	}
	bl_buf_adds(out, "</h4>\n");
}

void html_bill(const struct view *v, size_t j, struct bl_buf *out)
{
	const char *job = v->jobs[j].name;
	double reach = scale_of(v, job);
	char num[FMT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < v->bill.n; i++)
		n += bill_job_of(&v->bill.steps[i], job) != NULL;
	if (!n)
		return;
	bl_buf_adds(out, "<figure><figcaption>");
	add_title(v, job, out);
	bl_buf_adds(out, "<p class=\"note\">From ");
	fmt_html(out, v->d->cells[v->bill.floor].name);
	bl_buf_adds(out,
		    " on; each step against the cell before it that is nearest, paired over "
		    "trials. The marks: <span class=\"k mean\">mean</span>, <span "
		    "class=\"k p99\">p99</span>, <span class=\"k cpu\">CPU</span>, to the right of "
		    "the line more, to the left less; a bar is the 95\u202f% interval.</p>"
		    "</figcaption>\n<div class=\"scroll\" tabindex=\"0\"><table class=\"bill\">"
		    "<thead><tr><th class=\"t\">step<small>to</small></th><th>mean</th>"
		    "<th>p99</th><th>CPU / I/O</th><th class=\"t\">change");
	bl_buf_addf(out, "<small>up to %s, log scale</small></th></tr></thead><tbody>\n",
		    fmt_change(&fmt_page, num, exp(reach)));
	for (size_t i = 0; i < v->bill.n; i++)
		step_row(v, &v->bill.steps[i], job, reach, out);
	bl_buf_adds(out, "</tbody></table></div></figure>\n");
}
