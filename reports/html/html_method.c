/* How it was measured, what the words mean, what can't be concluded, and the data. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base64.h"
#include "cleanup.h"
#include "html.h"
#include "page.h"

static void add_procedure(const struct view *v, struct bl_buf *out)
{
	const struct run_record *r = &v->d->run;
	const char *stopped = facts_get(&r->notes, "repeats.stopped");
	const char *asked = facts_get(&r->declared, "repeats.asked");

	if (run_is_imported(r)) {
		const char *how = facts_get(&r->notes, "imported");

		bl_buf_addf(out, "<p>%c", toupper((unsigned char)how[0]));
		fmt_html(out, how[0] ? how + 1 : "");
		bl_buf_adds(out, ".</p>\n");
		return;
	}
	bl_buf_addf(
		out,
		"<p>Every trial is one fresh boot of one cell. The disk under test is filled "
		"before it is read and the host's page cache of it is dropped; after the boot "
		"the lab reads back what really runs and fails the trial when it is not what "
		"was asked. Trials are interleaved: each block holds every cell once, in an order "
		"drawn from seed %" PRIu64 ", so that drift of the host hits all cells alike. "
		"%u repeats were asked%s.",
		r->seed, r->repeats, asked ? " at most" : "");
	if (asked) {
		bl_buf_adds(out, " Trials are added (");
		fmt_html(out, asked);
		bl_buf_adds(out, "), by looking at the widths of intervals and never at what they "
				 "say, and cells that are known well enough drop out.");
	}
	if (stopped) {
		bl_buf_adds(out, " The run had enough: ");
		fmt_html(out, stopped);
		bl_buf_addc(out, '.');
	}
	bl_buf_adds(out, "</p>\n");
	bl_buf_adds(
		out,
		"<p>The engine times each I/O and keeps it in a histogram of 128 buckets an "
		"octave (0.8 % wide). Percentiles come from the added histograms of the ok "
		"trials, never from averaged percentiles. The trial, not the I/O, is the unit of "
		"replication: spread and intervals are between trials.</p>\n");
}

static void add_definitions(struct bl_buf *out)
{
	static const char *const words[][2] = {
		{"p99",
		 "99 of 100 I/Os were faster. A percentile is shown when at least one sample "
		 "lies beyond it and marked ~ when fewer than 100 do."},
		{"latency",
		 "from built to completed, as the job in the guest sees it; read, write and "
		 "trim together, syncs apart."},
		{"CPU / I/O", "CPU time of the whole VM process on the host (for the host cell: of "
			      "the job), divided by the I/Os of the job."},
		{"spread",
		 "1.4826 times the median absolute deviation over trials, as a share of the "
		 "median."},
		{"p99 against reference",
		 "Hodges-Lehmann estimate of the ratio over pairs of trials of the same block, "
		 "with "
		 "the exact Wilcoxon signed-rank 95 % interval, which needs six pairs. It may "
		 "differ from the quotient of the percentiles shown, which are of all trials "
		 "together."},
		{"better, worse",
		 "the whole interval lies beyond the effect that matters, and is still clear when "
		 "it "
		 "is one of as many comparisons as the table has: p of \"no more than what "
		 "matters\" "
		 "by a trimmed t whose variance the cells of the table share, corrected so that of "
		 "those called different at most 5 % are not (Benjamini and Hochberg)."},
		{"same", "the 90 % interval lies inside the effect that matters."},
		{"cannot tell",
		 "neither: more trials are needed, about as many as are said (so many that it "
		 "would "
		 "tell in four of five cases, if the truth is what was seen). A difference seen is "
		 "still shown. With ~: in some trial fewer than 100 samples lie beyond the "
		 "percentile, and longer trials are needed."},
		{"stall",
		 "a time in which an I/O took far longer than is usual just then (the median of "
		 "30 s; six robust standard deviations and three times that), or in which none "
		 "completed though some were under way; those at most a second apart are one."},
		{"what survives",
		 "a guest crash, a killed QEMU, a host power loss: by QEMU's rules for "
		 "the cache mode."},
	};

	bl_buf_adds(out, "<h3>Words</h3><dl>\n");
	for (size_t i = 0; i < BL_ARRAY_LEN(words); i++)
		bl_buf_addf(out, "<dt>%s</dt><dd>%s</dd>\n", words[i][0], words[i][1]);
	bl_buf_adds(out, "</dl>\n");
}

static void add_link(const char *name, const char *type, const char *data, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b64 = BL_BUF_INIT;

	base64_encode(data, strlen(data), &b64);
	bl_buf_addf(out, "<a class=\"dl\" download=\"%s\" href=\"data:%s;base64,%s\">%s</a> ", name,
		    type, fmt_part(out, &b64), name);
}

static void add_sql(const struct view *v, struct bl_buf *out)
{
	if (!v->opt || !v->opt->store_path)
		return;
	bl_buf_adds(out, "<p>The same from the store:</p><pre class=\"sql\">sqlite3 ");
	fmt_html(out, v->opt->store_path);
	bl_buf_adds(out, " \"SELECT cell, job, direction, repeat, p50_ns, p99_ns, p99_9_ns, max_ns "
			 "FROM percentiles WHERE kind = &#39;lat&#39; AND run = &#39;");
	fmt_html(out, v->d->run.id);
	bl_buf_adds(out, "&#39;\"</pre>\n");
}

void html_method(const struct view *v, const char *json, const char *csv, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines limits = {0};

	bl_buf_adds(out, "<section id=\"method\"><h2>How it was measured</h2>\n");
	add_procedure(v, out);
	add_definitions(out);
	bl_buf_adds(out, "<h3>What cannot be concluded</h3>\n");
	minute_limits(v, &limits);
	html_lines(&limits, out);
	if (v->d->run.notes.n) {
		bl_buf_adds(out, "<h3>Notes of the run</h3>\n");
		page_facts(&v->d->run.notes, out);
	}
	bl_buf_adds(out, "<h3>Environment</h3>\n");
	if (v->d->run.environment.n)
		page_facts(&v->d->run.environment, out);
	else
		bl_buf_adds(out, "<p class=\"absent\">The run kept no environment.</p>\n");
	if (v->d->run.scenario_text && v->d->run.scenario_text[0]) {
		bl_buf_adds(out,
			    "<details class=\"fold\"><summary>the scenario as read</summary><pre>");
		fmt_html(out, v->d->run.scenario_text);
		bl_buf_adds(out, "</pre></details>\n");
	}
	bl_buf_adds(out, "<h3>Data</h3>\n<p>Every figure of this page, inside this page: ");
	add_link("report.json", "application/json", json, out);
	add_link("report.csv", "text/csv", csv, out);
	bl_buf_adds(out, "</p>\n");
	add_sql(v, out);
	bl_buf_addf(out, "<p class=\"note\">%s ",
		    run_is_imported(&v->d->run) ? "measured by" : "blklab");
	fmt_html(out, v->d->run.version ? v->d->run.version : "of unknown version");
	bl_buf_adds(out, " \u00b7 run ");
	fmt_html(out, v->d->run.id);
	bl_buf_adds(out, " \u00b7 host ");
	fmt_html(out, v->d->run.host_id ? v->d->run.host_id : "unknown");
	bl_buf_adds(out, "</p>\n</section>\n");
}
