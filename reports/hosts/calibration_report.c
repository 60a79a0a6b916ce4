#include "calibration_report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "json_parts.h"
#include "term.h"

#define NOMINAL 0.05

/* ---- words ---- */

/* 0.0512 -> "5.1 %". */
static char *percent(char out[FMT_MAX], double change)
{
	double pct = change * 100;

	if (!isfinite(pct) || pct >= 1000)
		snprintf(out, FMT_MAX, ">999 %%");
	else
		snprintf(out, FMT_MAX, "%.*f %%", pct < 9.95 ? 1 : 0, pct);
	return out;
}

static double share(size_t n, size_t of)
{
	return of ? (double)n / (double)of : 0;
}

static void say_alarms(const struct calibration *c, struct bl_buf *out)
{
	char apart[FMT_MAX], alarms[FMT_MAX];

	bl_buf_addf(
		out,
		"%zu comparisons of cells that are equal: %zu (%s) have a 95 %% interval without "
		"'no change' in it, where up to 5 %% are to be expected.\n",
		c->n_comparisons, c->n_apart, percent(apart, share(c->n_apart, c->n_comparisons)));
	bl_buf_addf(out,
		    "Called better or worse: %zu (%s); with all comparisons of one figure taken "
		    "together, as reports do: %zu. These are false alarms.\n",
		    c->n_alarms, percent(alarms, share(c->n_alarms, c->n_comparisons)),
		    c->n_family);
}

static void say_time(const struct calibration *c, struct bl_buf *out)
{
	size_t n = 0, of = 0;
	double worst = 0;
	char text[FMT_MAX];

	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->rows[i].is_thin)
			continue;
		of++;
		n += c->rows[i].is_apart_in_time;
		worst = fmax(worst, fabs(log(c->rows[i].in_time)));
	}
	if (!of)
		return;
	bl_buf_addf(
		out,
		"The first half of the trials against the second, as if one cell had run before "
		"the other: %zu of %zu figures apart, by up to %s. Blocks keep that out of "
		"verdicts.\n",
		n, of, percent(text, expm1(worst)));
}

int calibration_sentences(const struct calibration *c, struct bl_buf *out)
{
	say_alarms(c, out);
	say_time(c, out);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}

/* ---- the terminal ---- */

static const char *label(enum metric m)
{
	return m == METRIC_IOPS ? "IOPS" : m == METRIC_CPU_PER_IO ? "CPU per I/O" : metric_words[m];
}

static void add_head(const struct run_data *d, const struct calibration *c, unsigned columns,
		     bool color, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf rest = BL_BUF_INIT;

	term_on(out, color, TERM_BOLD);
	fmt_clean(out, d->run.scenario_name, 0);
	term_off(out, color);
	bl_buf_adds(out, "   ");
	bl_buf_addf(&rest, "%zu equal cells x %zu trials, host %s%s", c->n_cells, c->n_repeats,
		    d->run.host_name, run_is_emulated(&d->run) ? ", emulated CPU" : "");
	term_wrap(out, fmt_part(out, &rest), columns, (unsigned)fmt_width(d->run.scenario_name) + 3,
		  2);
	bl_buf_addf(out, "\nrun %.13s, for compare --calibration and calibrate --run\n\n",
		    d->run.id);
}

static void add_columns(const char *job, bool color, struct bl_buf *out)
{
	term_on(out, color, TERM_BOLD);
	fmt_clean(out, job, 0);
	term_off(out, color);
	bl_buf_addf(out, "\n%-14s%-13s %7s %34s %s\n", "", "false alarms", "a pair's",
		    "change seen in 4 of 5, by pairs", "2nd half");
	bl_buf_addf(out, "%-14s%-13s %7s", "", "(apart)", "noise");
	for (size_t i = 0; i < CALIBRATION_SIZES; i++)
		bl_buf_addf(out, " %6zu", calibration_sizes[i]);
	bl_buf_adds(out, "  to 1st\n");
}

/* A thin figure may well be apart, but is not counted. */
static bool is_marked(const struct calibration_row *row)
{
	return row->is_apart_in_time && !row->is_thin;
}

static void add_row(const struct calibration_row *row, bool color, struct bl_buf *out)
{
	char alarms[64], text[FMT_MAX];

	snprintf(alarms, sizeof alarms, "%zu (%zu) of %zu", row->n_family, row->n_apart,
		 row->n_comparisons);
	if (row->is_thin)
		term_on(out, color, TERM_DIM);
	bl_buf_addf(out, "  %s%-*s%-13s %7s", row->is_thin ? "~" : "", row->is_thin ? 11 : 12,
		    label(row->metric), alarms, percent(text, expm1(row->sd)));
	for (size_t i = 0; i < CALIBRATION_SIZES; i++)
		bl_buf_addf(out, " %6s", percent(text, row->visible[i]));
	bl_buf_addf(out, " %7s%s\n", fmt_change(&fmt_plain, text, row->in_time),
		    is_marked(row) ? " !" : "");
	if (row->is_thin)
		term_off(out, color);
}

static bool has(const struct calibration *c, bool (*is)(const struct calibration_row *row))
{
	for (size_t i = 0; i < c->n_rows; i++)
		if (is(&c->rows[i]))
			return true;
	return false;
}

static bool is_thin(const struct calibration_row *row)
{
	return row->is_thin;
}

static void add_lines(const char *text, unsigned columns, struct bl_buf *out)
{
	for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
		BL_CLEANUP(bl_freep) char *line = NULL;

		end = strchrnul(at, '\n');
		line = strndup(at, (size_t)(end - at));
		if (!line)
			out->failed = true;
		else
			term_wrap(out, line, columns, 0, 0);
		bl_buf_addc(out, '\n');
	}
}

int report_calibration(const struct run_data *d, const struct calibration *c, unsigned columns,
		       bool color, struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	const char *job = NULL;

	add_head(d, c, columns, color, out);
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct calibration_row *row = &c->rows[i];

		if (row->metric == METRIC_BYTES_PER_S) /* says what IOPS says */
			continue;
		if (!job || strcmp(job, row->job) != 0) {
			if (job)
				bl_buf_addc(out, '\n');
			job = row->job;
			add_columns(job, color, out);
		}
		add_row(row, color, out);
	}
	bl_buf_addc(out, '\n');
	calibration_sentences(c, &said);
	add_lines(bl_buf_str(&said), columns, out);
	add_lines("False alarms: called better or worse with all comparisons of the figure taken "
		  "together; apart: 95 % intervals without 'no change'. Seen: a change for the "
		  "worse so large is called worse in four of five comparisons of that many pairs, "
		  "each by itself.",
		  columns, out);
	if (has(c, is_marked))
		add_lines("! the second half of the trials is apart from the first", columns, out);
	if (has(c, is_thin))
		add_lines("~ fewer than 100 samples beyond the percentile in some trial: no "
			  "verdict is made of it, and it is not counted here",
			  columns, out);
	return bl_buf_failed(out) || bl_buf_failed(&said) ? bl_fail(err, -ENOMEM, "out of memory")
							  : 0;
}

/* ---- JSON ---- */

static json_t *row_json(const struct calibration_row *row)
{
	json_t *visible = json_object(), *o;

	for (size_t i = 0; i < CALIBRATION_SIZES; i++) {
		char key[8];

		snprintf(key, sizeof key, "%zu", calibration_sizes[i]);
		part_set_real(&visible, key, row->visible[i]);
	}
	o = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I}", "metric", metric_names[row->metric],
		      "is_thin", row->is_thin, "comparisons", (json_int_t)row->n_comparisons,
		      "apart", (json_int_t)row->n_apart, "alarms", (json_int_t)row->n_alarms,
		      "alarms_corrected", (json_int_t)row->n_family, "pairs",
		      (json_int_t)row->n_pairs);
	part_set(&o, "job", part_text(row->job));
	part_set_real(&o, "sd_log", row->sd);
	part_set_real(&o, "floor", row->floor);
	part_set(&o, "visible", visible);
	part_set_real(&o, "lag1", row->r1);
	part_set(&o, "in_time",
		 json_pack("{s:f, s:b}", "ratio", row->in_time, "is_apart", row->is_apart_in_time));
	return o;
}

int report_calibration_json(const struct run_data *d, const struct calibration *c,
			    struct bl_buf *out, struct bl_err *err)
{
	json_t *rows = json_array(), *o;

	for (size_t i = 0; i < c->n_rows; i++)
		part_append(&rows, row_json(&c->rows[i]));
	o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "format", "blklab-calibration/1",
		      "equal_cells", (json_int_t)c->n_cells, "repeats", (json_int_t)c->n_repeats,
		      "comparisons", (json_int_t)c->n_comparisons, "apart", (json_int_t)c->n_apart,
		      "alarms", (json_int_t)c->n_alarms, "alarms_corrected",
		      (json_int_t)c->n_family, "nominal", NOMINAL);
	part_set(&o, "run", part_text(d->run.id));
	part_set(&o, "scenario", part_text(d->run.scenario_name));
	part_set(&o, "host", part_text(d->run.host_name));
	part_set(&o, "accel", part_text(d->run.accel));
	part_set(&o, "rows", rows);
	return part_dump(o, out) < 0 ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}
