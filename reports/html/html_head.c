/* Head with its trust lines, and the page in one minute. */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "html.h"

static void add_count(struct bl_buf *out, size_t n, const char *one, const char *many)
{
	bl_buf_addf(out, "<b>%zu</b> %s", n, n == 1 ? one : many);
}

/* What a value of @axis was found to be in the VMs that have it: "6.12.95" of a package's name.
 * Borrowed; NULL: nothing that the value does not say. */
static const char *proved_as(const struct view *v, const char *axis, const char *value)
{
	const char *key = !strcmp(axis, "kernel")     ? "guest.kernel"
			  : !strcmp(axis, "emulator") ? "emulator.version"
						      : NULL;

	for (size_t i = 0; key && i < v->d->n_trials; i++) {
		const struct trial_record *t = &v->d->trials[i];
		const char *is = facts_get(&v->d->cells[t->cell].axes, axis);

		if (!is || strcmp(is, value) != 0)
			continue;
		for (size_t k = 0; k < t->effective.n; k++)
			if (!strcmp(t->effective.items[k].key, key) &&
			    t->effective.items[k].effective)
				return strstr(value, t->effective.items[k].effective)
					       ? NULL
					       : t->effective.items[k].effective;
	}
	return NULL;
}

static void add_varied(const struct view *v, struct bl_buf *out)
{
	if (!v->n_axes) {
		bl_buf_adds(out, v->d->n_cells > 1
					 ? "what varied is said by the names of the cells alone"
					 : "nothing varied");
		return;
	}
	bl_buf_adds(out, "varied: ");
	for (size_t i = 0; i < v->n_axes; i++) {
		const struct view_axis *a = &v->axes[i];

		bl_buf_adds(out, i ? " \u00b7 <b>" : "<b>");
		fmt_html(out, a->name);
		bl_buf_adds(out, "</b> <span class=\"vals\">");
		for (size_t k = 0; k < a->n_values; k++) {
			const char *was = proved_as(v, a->name, a->values[k]);

			bl_buf_adds(out, k ? " / " : "");
			fmt_html(out, a->values[k]);
			if (was) {
				bl_buf_adds(out, " (");
				fmt_html(out, was);
				bl_buf_adds(out, ")");
			}
		}
		bl_buf_adds(out, "</span>");
	}
}

static void add_trust(const struct view *v, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines l = {0};

	minute_findings(v, &l);
	minute_trust(v, &l);
	if (!l.n) {
		bl_buf_addf(out,
			    "<div class=\"trust fine\"><p><b>Nothing known limits this result</b>: "
			    "every trial ran what was asked, at least %zu %s a cell, enough "
			    "samples for every percentile shown.</p></div>\n",
			    v->least_ok, v->most_rounds > 1 ? "boots" : "trials");
		return;
	}
	bl_buf_adds(out, "<div class=\"trust\"><h2>Before you trust it</h2>\n");
	html_lines(&l, out);
	bl_buf_adds(out, "</div>\n");
}

/* With a link to the first cell that has one. */
static void add_n_findings(const struct view *v, struct bl_buf *out)
{
	size_t n = view_n_findings(v, NO_CELL);

	for (uint32_t c = 0; c < v->d->n_cells; c++)
		n += view_n_findings(v, c);
	for (uint32_t c = 0; c < v->d->n_cells; c++) {
		if (!view_n_findings(v, c))
			continue;
		bl_buf_addf(out, ", <a class=\"bad\" href=\"#cell-%u\">", c);
		html_n_findings(n, out);
		bl_buf_adds(out, "</a>");
		return;
	}
	if (!n)
		return;
	bl_buf_adds(out, ", "); /* of no cell: said below, whole */
	html_n_findings(n, out);
}

void html_head(const struct view *v, struct bl_buf *out)
{
	const struct run_record *run = &v->d->run;
	char when[32];

	bl_buf_adds(out, "<header><p class=\"kicker\">blklab \u00b7 virtual disk "
			 "comparison</p>\n<h1>");
	fmt_html(out, run->scenario_name);
	bl_buf_adds(out, "</h1>\n<p class=\"lead\">on <b>");
	fmt_html(out, run->host_name);
	bl_format_utc(when, run->started_ms);
	when[strcspn(when, "T")] = ' ';
	when[16] = '\0';
	bl_buf_addf(out, "</b> \u00b7 %s UTC \u00b7 ", when);
	add_count(out, v->d->n_cells, "cell", "cells");
	bl_buf_adds(out, ", ");
	add_count(out, v->d->n_trials, "trial", "trials");
	view_rounds(v, out);
	if (v->n_ok < v->d->n_trials)
		bl_buf_addf(out, " (<b class=\"bad\">%zu without figures</b>)",
			    v->d->n_trials - v->n_ok);
	bl_buf_adds(out, ", ");
	add_count(out, v->n_jobs, "job", "jobs");
	add_n_findings(v, out);
	bl_buf_adds(out, " \u00b7 accelerator <b>");
	fmt_html(out, run->accel ? run->accel : "unknown");
	bl_buf_addf(out, "</b>%s</p>\n<p class=\"lead\">",
		    run_is_emulated(&v->d->run) ? " (emulated CPU)" : "");
	add_varied(v, out);
	bl_buf_adds(out, "</p>\n");
	add_trust(v, out);
	bl_buf_adds(out, "</header>\n");
}

void html_minute(const struct view *v, struct bl_buf *out)
{
	BL_CLEANUP(lines_done) struct lines l = {0};

	minute_lines(v, &fmt_page, &l);
	minute_worst(v, &l);
	bl_buf_adds(out, "<section id=\"minute\"><h2>In one minute</h2>\n");
	html_lines(&l, out);
	bl_buf_adds(out, "</section>\n");
}
