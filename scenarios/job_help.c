/* job_help.c - the tables for people: help and docs/job-options.md. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "job_table.h"
#include "jobfile.h"

static void add_row(const struct option_row *r, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;

	bl_buf_addf(out, "  %-27s %s", r->name, r->help);
	job_row_names(r, &names);
	if (names.len)
		bl_buf_addf(out, ": %s", bl_buf_str(&names));
	if (r->alias)
		bl_buf_addf(out, "; also %s", r->alias);
	if (*r->def && strcmp(r->def, "0") != 0)
		bl_buf_addf(out, " (default %s)", r->def);
	bl_buf_addc(out, '\n');
}

static void add_others(const char *title, const struct other_row *rows, size_t n, bool with_only,
		       struct bl_buf *out)
{
	bl_buf_adds(out, title);
	for (size_t i = 0; i < n; i++)
		bl_buf_addf(out, "%s%s%s%s", i % 5 ? " " : "\n  ", rows[i].name,
			    with_only ? "=" : "", with_only ? rows[i].only : "");
	bl_buf_addc(out, '\n');
}

void job_options_help(struct bl_buf *out)
{
	for (size_t s = 0; s < JOB_SUBJECTS; s++) {
		bl_buf_addf(out, "%s%s\n", s ? "\n" : "", job_subjects[s]->subject);
		for (size_t i = 0; i < job_subjects[s]->n; i++)
			add_row(&job_subjects[s]->rows[i], out);
	}
	bl_buf_adds(out, "\nThe other way round:");
	for (size_t i = 0; i < job_opposites_n; i++)
		bl_buf_addf(out, " %s (%s)", job_opposites[i].name, job_opposites[i].to);
	bl_buf_addc(out, '\n');
	add_others("Read and without effect:", job_ignored, job_ignored_n, false, out);
	add_others("Accepted with one value only:", job_fixed, job_fixed_n, true, out);
	add_others("Refused:", job_refused, job_refused_n, false, out);
}

static int other_help(const char *option, struct bl_buf *out)
{
	const struct other_row *o;

	for (size_t i = 0; i < job_opposites_n; i++)
		if (!strcmp(job_opposites[i].name, option)) {
			bl_buf_addf(out, "  %s: the opposite of %s\n", option, job_opposites[i].to);
			return 0;
		}
	if ((o = job_other(job_ignored, job_ignored_n, option)))
		bl_buf_addf(out, "  %s: read and without effect, %s\n", option, o->why);
	else if ((o = job_other(job_fixed, job_fixed_n, option)))
		bl_buf_addf(out, "  %s: only %s, %s\n", option, o->only, o->why);
	else if ((o = job_other(job_refused, job_refused_n, option)))
		bl_buf_addf(out, "  %s: refused, %s\n", option, o->why);
	return o ? 0 : -ENOENT;
}

int job_option_help(const char *option, struct bl_buf *out)
{
	const struct option_row *r = job_row(option);

	if (!strcmp(option, "all")) {
		job_options_help(out);
		return 0;
	}
	if (!r)
		return other_help(option, out);
	add_row(r, out);
	return 0;
}

/* Text in a cell of a table. */
static void add_cell(const char *text, struct bl_buf *out)
{
	for (; *text; text++) {
		if (*text == '|')
			bl_buf_addc(out, '\\');
		bl_buf_addc(out, *text);
	}
}

static void markdown_row(const struct option_row *r, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;

	bl_buf_addf(out, "| `%s`", r->name);
	if (r->alias)
		bl_buf_addf(out, ", `%s`", r->alias);
	bl_buf_addf(out, " | %s%s%s | ", *r->def ? "`" : "", r->def, *r->def ? "`" : "");
	add_cell(r->help, out);
	job_row_names(r, &names);
	if (names.len)
		bl_buf_addf(out, ": %s", bl_buf_str(&names));
	for (unsigned e = 0, n = 0; e < JOB_ENGINES; e++)
		if (r->engines & ENGINE(e))
			bl_buf_addf(out, "%s%s", n++ ? ", " : "; of ", job_engine_names[e]);
	bl_buf_adds(out, " |\n");
}

static void markdown_others(const char *title, const char *about, const struct other_row *rows,
			    size_t n, struct bl_buf *out)
{
	bl_buf_addf(out, "\n## %s\n\n%s\n\n| option | value | why |\n|---|---|---|\n", title,
		    about);
	for (size_t i = 0; i < n; i++) {
		bl_buf_addf(out, "| `%s`", rows[i].name);
		if (rows[i].alias)
			bl_buf_addf(out, ", `%s`", rows[i].alias);
		bl_buf_addf(out, " | %s | ", rows[i].only ? rows[i].only : "any");
		add_cell(rows[i].why, out);
		bl_buf_adds(out, " |\n");
	}
}

static size_t count_rows(void)
{
	size_t n = 0;

	while (job_row_at(n))
		n++;
	return n;
}

void job_options_markdown(struct bl_buf *out)
{
	bl_buf_addf(out,
		    "# Job options\n\n"
		    "The options of fio 3.33's job language that blkjob and the jobs of a scenario "
		    "know, with fio's names, aliases, units and defaults. This page is written by "
		    "`blkjob --options-markdown`.\n\n"
		    "%zu options have their meaning here, %zu are read and without effect, %zu are "
		    "accepted with one value, %zu are refused with a reason. Any other name is an "
		    "error that names the nearest option.\n\n"
		    "A value that is not wholly read is an error: fio takes `runtime=1x` for no "
		    "time, `size=1.5g` for one byte and `bs=4k-8k` for two sizes.\n",
		    count_rows() + job_opposites_n, job_ignored_n, job_fixed_n, job_refused_n);
	for (size_t s = 0; s < JOB_SUBJECTS; s++) {
		bl_buf_addf(out, "\n## %s\n\n| option | default | meaning |\n|---|---|---|\n",
			    job_subjects[s]->subject);
		for (size_t i = 0; i < job_subjects[s]->n; i++)
			markdown_row(&job_subjects[s]->rows[i], out);
	}
	bl_buf_adds(out, "\n## The other way round\n\n| option | |\n|---|---|\n");
	for (size_t i = 0; i < job_opposites_n; i++)
		bl_buf_addf(out, "| `%s` | the opposite of `%s` |\n", job_opposites[i].name,
			    job_opposites[i].to);
	markdown_others("Read and without effect",
			"Each use is listed in the result, under what was ignored.", job_ignored,
			job_ignored_n, out);
	markdown_others("Accepted with one value", "The one that is always in force.", job_fixed,
			job_fixed_n, out);
	markdown_others("Refused", "What would be run is something else.", job_refused,
			job_refused_n, out);
}
