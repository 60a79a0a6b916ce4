/* Hosts side by side, the odd one marked. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart.h"
#include "cleanup.h"
#include "fingerprint.h"
#include "page.h"
#include "profile_page.h"
#include "profile_parts.h"

struct hosts {
	const struct alike_host *hosts;
	const struct alike *a;
	struct bl_buf *out;
};

static const struct alike_odd *odd_of(const struct alike_row *row, size_t host)
{
	for (size_t i = 0; i < row->n_odd; i++)
		if (row->odd[i].host == host)
			return &row->odd[i];
	return NULL;
}

/* ---- one figure: a dot a host ---- */

enum { WIDTH = 400, HEIGHT = 56 };
static const struct frame frame = {.left = 12, .right = 388, .top = 14, .bottom = 34};

static struct scale range(const struct alike_row *row, size_t n_hosts)
{
	double reach = 1.6 * log1p(row->min_effect);

	for (size_t i = 0; i < n_hosts; i++)
		if (row->values[i] > 0)
			reach = fmax(reach, fabs(log(row->values[i] / row->typical)));
	if (row->has_interval && row->lo > 0)
		reach = fmax(reach, fmax(fabs(log(row->lo)), fabs(log(row->hi))));
	reach *= 1.08;
	return (struct scale){.lo = exp(-reach),
			      .hi = exp(reach),
			      .from = frame.left,
			      .to = frame.right,
			      .is_log = true};
}

static void dot(const struct hosts *h, const struct alike_row *row, const struct scale *x,
		size_t host)
{
	const struct alike_odd *odd = odd_of(row, host);
	double at = scale_at(x, row->values[host] / row->typical);
	char value[FMT_MAX];

	bl_buf_addf(h->out, "<g class=\"%s\"><title>", odd ? "odd" : "host");
	fmt_html(h->out, h->hosts[host].name);
	bl_buf_addf(h->out, ": %s</title><circle cx=\"%.1f\" cy=\"24\" r=\"%d\"/>",
		    page_value(value, row->metric, row->values[host]), at, odd ? 5 : 4);
	if (odd) {
		bl_buf_addf(h->out, "<text class=\"%c\" x=\"%.1f\" y=\"10\">",
			    at > WIDTH * 0.7   ? 'e'
			    : at < WIDTH * 0.3 ? 's'
					       : 'm',
			    at);
		fmt_html(h->out, h->hosts[host].name);
		bl_buf_adds(h->out, "</text>");
	}
	bl_buf_adds(h->out, "</g>");
}

static void caption(const struct hosts *h, const struct alike_row *row, struct bl_buf *out)
{
	char change[FMT_MAX];

	bl_buf_addf(out, "%s: ", page_metric(row->metric));
	for (size_t i = 0; i < row->n_odd; i++) {
		bl_buf_adds(out, i ? ", " : "");
		fmt_clean(out, h->hosts[row->odd[i].host].name, 0);
		bl_buf_addf(out, " %s", fmt_change(&fmt_page, change, row->odd[i].ratio));
	}
	if (!row->n_odd)
		bl_buf_adds(out, alike_verdict_names[row->verdict]);
}

static void figure(const struct hosts *h, const struct alike_row *row)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct scale x;
	char value[FMT_MAX];

	caption(h, row, &said);
	bl_buf_addf(h->out, "<figure class=\"small%s\"><figcaption><b%s>",
		    row->verdict == ALIKE_CANNOT_TELL ? " thin" : "",
		    row->n_odd && row->odd[0].is_worse ? " class=\"bad\""
		    : row->n_odd                       ? " class=\"ok\""
						       : "");
	fmt_html(h->out, fmt_part(h->out, &said));
	bl_buf_addf(h->out, "</b> <span>typical %s</span>",
		    page_value(value, row->metric, row->typical));
	if (row->why[0]) {
		bl_buf_adds(h->out, " <span>");
		fmt_html(h->out, row->why);
		bl_buf_adds(h->out, "</span>");
	}
	bl_buf_adds(h->out, "</figcaption>");
	if (row->typical > 0) {
		x = range(row, h->a->n_hosts);
		chart_begin(h->out, "alike", WIDTH, HEIGHT, fmt_part(h->out, &said));
		if (row->has_interval)
			bl_buf_addf(h->out,
				    "<rect class=\"shade\" x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" "
				    "height=\"%.0f\"/>",
				    scale_at(&x, row->lo), frame.top,
				    scale_at(&x, row->hi) - scale_at(&x, row->lo),
				    frame.bottom - frame.top);
		chart_x_ratio(h->out, &frame, &x);
		for (size_t i = 0; i < h->a->n_hosts; i++)
			if (row->values[i] > 0)
				dot(h, row, &x, i);
		bl_buf_adds(h->out, "</svg>");
	}
	bl_buf_adds(h->out, "</figure>\n");
}

static void figures(const struct hosts *h)
{
	struct bl_buf *out = h->out;

	bl_buf_adds(out,
		    "<section id=\"figures\"><h2>Every figure, host beside host</h2>\n<p "
		    "class=\"note\">A dot is a host, against the typical one (the median over "
		    "hosts). In the shade lies one more such host (95 %). A host that is odd, or "
		    "stands out, has its name.</p>\n");
	for (size_t i = 0; i < h->a->n; i++) {
		const struct alike_row *row = &h->a->rows[i];
		bool is_first = !i || strcmp(row[-1].cell, row->cell) != 0 ||
				strcmp(row[-1].job, row->job) != 0;

		if (is_first) {
			bl_buf_adds(out, i ? "</div>\n<h3 class=\"jobname\">"
					   : "<h3 class=\"jobname\">");
			fmt_html(out, row->cell);
			bl_buf_adds(out, " \u00b7 ");
			fmt_html(out, row->job);
			bl_buf_adds(out, "</h3>\n<div class=\"grid cards\">\n");
		}
		if (row->metric != METRIC_BYTES_PER_S) /* as IOPS */
			figure(h, row);
	}
	bl_buf_adds(out,
		    h->a->n ? "</div>\n</section>\n"
			    : "<p class=\"absent\">No figure is of two hosts.</p></section>\n");
}

/* ---- what is different about it ---- */

static void facts_of(const struct hosts *h, size_t host)
{
	size_t n = 0;

	for (size_t i = 0; i < h->a->n_facts; i++) {
		const struct alike_fact *f = &h->a->facts[i];
		BL_CLEANUP(bl_buf_done)
		struct bl_buf what = BL_BUF_INIT, has = BL_BUF_INIT, others = BL_BUF_INIT;

		if (f->host != host)
			continue;
		fingerprint_says(f->key, &what);
		fingerprint_value(f->key, f->value, &has);
		fingerprint_value(f->key, f->others, &others);
		if (!n++) {
			bl_buf_adds(h->out, "<h3>");
			fmt_html(h->out, h->hosts[host].name);
			bl_buf_adds(h->out, " alone has</h3>\n<div class=\"scroll\"><table "
					    "class=\"facts\"><thead><tr><th></th><th class=\"t\">"
					    "it</th><th class=\"t\">others</th></tr></thead>"
					    "<tbody>\n");
		}
		bl_buf_adds(h->out, "<tr><th scope=\"row\" class=\"t wrap\">");
		fmt_html(h->out, fmt_part(h->out, &what));
		bl_buf_adds(h->out, "</th><td class=\"t wrap\"><b>");
		fmt_html(h->out, fmt_part(h->out, &has));
		bl_buf_adds(h->out, "</b></td><td class=\"t wrap\">");
		fmt_html(h->out, fmt_part(h->out, &others));
		bl_buf_addf(h->out, " <small>(%zu of them)</small></td></tr>\n", f->n_others);
	}
	if (n)
		bl_buf_adds(h->out, "</tbody></table></div>\n");
}

static void facts(const struct hosts *h)
{
	bl_buf_adds(h->out, "<section id=\"system\"><h2>What is different about them</h2>\n");
	if (!h->a->n_facts)
		bl_buf_adds(h->out, "<p class=\"absent\">No host has a fact of its system alone: "
				    "kernel, QEMU, firmware, microcode, settings are the same in "
				    "all, or different in several.</p>\n");
	for (size_t pass = 0; pass < 2; pass++) /* odd ones first */
		for (size_t i = 0; i < h->a->n_hosts; i++)
			if ((h->a->n_odd[i] == 0) == (pass == 1))
				facts_of(h, i);
	bl_buf_adds(h->out, "</section>\n");
}

/* ---- the hosts ---- */

static void table(const struct hosts *h)
{
	struct bl_buf *out = h->out;

	bl_buf_adds(out,
		    "<section id=\"hosts\"><h2>The hosts</h2>\n<div class=\"scroll\"><table "
		    "class=\"shifts\"><thead><tr><th class=\"t\">host</th><th>runs</th><th>odd "
		    "at</th><th>for the worse</th><th class=\"t\"></th></tr></thead><tbody>\n");
	for (size_t i = 0; i < h->a->n_hosts; i++) {
		bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t\"><b>");
		fmt_html(out, h->hosts[i].name);
		bl_buf_addf(out,
			    "</b></th><td>%zu</td><td%s>%zu</td><td>%zu</td><td class=\"t wrap\">",
			    h->hosts[i].n_runs, h->a->n_odd[i] ? " class=\"bad\"" : "",
			    h->a->n_odd[i], h->a->n_worse[i]);
		if (h->a->left_out[i][0]) {
			bl_buf_adds(out, "<span class=\"absent\">left out, ");
			fmt_html(out, h->a->left_out[i]);
			bl_buf_adds(out, "</span>");
		}
		bl_buf_adds(out, "</td></tr>\n");
	}
	bl_buf_adds(out, "</tbody></table></div>\n</section>\n");
}

static void minute(const struct hosts *h)
{
	BL_CLEANUP(lines_done) struct lines l = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct term_size plain = {.columns = 100};

	profile_hosts_say(h->hosts, h->a, &plain, &said);
	for (const char *at = bl_buf_str(&said), *end; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		lines_add(&l, "%.*s", (int)(end - at), at);
	}
	l.failed |= bl_buf_failed(&said);
	page_minute(h->out, &l);
}

int report_hosts_page(const char *scenario, const struct alike_host *hosts, const struct alike *a,
		      struct bl_buf *out, struct bl_err *err)
{
	static const struct page_link links[] = {{"hosts", "The hosts"},
						 {"system", "What is different"},
						 {"figures", "Every figure"}};
	struct hosts h = {.hosts = hosts, .a = a, .out = out};
	BL_CLEANUP(lines_done) struct lines l = {0};
	char n[32];

	snprintf(n, sizeof n, "%zu hosts", a->n_hosts);
	if (a->n_hosts < ALIKE_HOSTS_MIN)
		lines_add(&l, "\001%zu hosts\002: %d are the least to call one of them odd.",
			  a->n_hosts, ALIKE_HOSTS_MIN);
	page_begin(out, scenario, n, asset_pages_css, false);
	page_kicker(out, "hosts that should be alike", scenario);
	page_lead(out, n, NULL);
	bl_buf_addf(out, " \u00b7 <b>%zu</b> figures</p>\n", a->n);
	page_trust(out, &l, "<b>There are hosts enough</b> to call one of them odd.");
	bl_buf_adds(out, "</header>\n");
	page_nav(out, links, BL_ARRAY_LEN(links));
	bl_buf_adds(out, "<main>\n");
	minute(&h);
	table(&h);
	facts(&h);
	figures(&h);
	page_end(out, false);
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}
