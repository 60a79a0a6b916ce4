/* verb_changes.c - blklab changes: since when is it like that? */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "change_points.h"
#include "changes_report.h"
#include "cleanup.h"
#include "cli.h"
#include "edivisive.h"
#include "rows.h"
#include "value_file.h"

#define PERCENT_MAX 1000

/* "2", "2%", "0.5 %" -> 0.02, 0.005 */
static int read_percent(const char *text, double *ret, struct bl_err *err)
{
	char *end;
	double v = strtod(text, &end);

	while (end != text && *end == ' ')
		end++;
	if (end == text || (*end && strcmp(end, "%") != 0) || !isfinite(v))
		return bl_fail(
			err, -EINVAL,
			"--min-effect: '%s' is no percentage; for example 2%%, or 0 for every "
			"step",
			text);
	if (v < 0 || v > PERCENT_MAX)
		return bl_fail(err, -ERANGE, "--min-effect: '%s' is not within 0%% and %d%%", text,
			       PERCENT_MAX);
	*ret = v / 100;
	return 0;
}

static int choose(const struct args *a, struct change_options *ret, struct bl_err *err)
{
	if (a->display && a->alert)
		return bl_fail(err, -EINVAL,
			       "--display and --alert: one strictness at a time; without either it "
			       "is --alert");
	*ret = a->display ? changes_display : changes_alert;
	ret->is_linear = a->linear;
	return a->least_step ? read_percent(a->least_step, &ret->min_effect, err) : 0;
}

/* Of the lines that have a value. @y, @row: [lines->n]. */
static int take_values(const struct value_lines *lines, bool is_linear, double *y, size_t *row,
		       size_t *ret_n, struct bl_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < lines->n; i++) {
		const struct value_line *l = &lines->items[i];

		if (isnan(l->value))
			continue;
		if (!is_linear && l->value <= 0)
			return bl_fail(err, -EINVAL,
				       "line %zu: %g has no logarithm, and steps are looked for as "
				       "ratios; with --linear values may be 0 or less",
				       l->line, l->value);
		y[n] = is_linear ? l->value : log(l->value);
		row[n++] = i;
	}
	*ret_n = n;
	return 0;
}

static int find(const double *y, size_t n, const struct change_options *how, struct changes *ret,
		struct bl_err *err)
{
	int r = changes_find(y, n, how, ret);

	if (r == -E2BIG)
		return bl_fail(
			err, r,
			"%zu values; at most %d are looked at: give fewer, for example one a "
			"night (a median)",
			n, CHANGES_VALUES_MAX);
	if (r == -EDOM)
		return bl_fail(err, -ERANGE,
			       "the values lie farther apart than 1e100, or all nearer than "
			       "1e-100; give them "
			       "in another unit");
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

/* Of the values' order alone, so that the same file gives the same answer. */
static int find_second(const double *y, size_t n, struct edivisive *ret, struct bl_err *err)
{
	int r = edivisive_find(y, n, 1, &edivisive_default, ret);

	if (r == -E2BIG)
		return bl_fail(err, r,
			       "--second-opinion: %zu values; it looks at %d at most, as it keeps "
			       "all distances: give fewer, or leave it out",
			       n, EDIVISIVE_VALUES_MAX);
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

static int run_changes(struct cli *cli, const struct args *a, struct bl_err *err)
{
	static const struct value_form form = {
		"a date and a value a line are expected: 2024-03-01,412", .allow_twice = false};
	BL_CLEANUP(value_lines_done) struct value_lines lines = {0};
	BL_CLEANUP(changes_done) struct changes found = {0};
	BL_CLEANUP(edivisive_done) struct edivisive second = {0};
	BL_CLEANUP(bl_freep) double *y = NULL;
	BL_CLEANUP(bl_freep) size_t *row = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct change_options how;
	struct changes_view v = {.lines = &lines, .how = &how, .found = &found};
	int r = choose(a, &how, err);

	if (r == 0)
		r = value_file_read(a->csv, &form, &lines, err);
	if (r < 0)
		return r;
	y = calloc(lines.n, sizeof *y);
	row = calloc(lines.n, sizeof *row);
	if (!y || !row)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = take_values(&lines, how.is_linear, y, row, &v.n, err);
	if (r == 0)
		r = find(y, v.n, &how, &found, err);
	if (r == 0 && a->second_opinion)
		r = find_second(y, v.n, &second, err);
	v.second = a->second_opinion ? &second : NULL;
	v.name = value_file_name(a->csv);
	if (r < 0)
		return bl_wrap(err, r, "%s", v.name);
	v.row = row;
	v.strictness = a->display ? "display" : "alert";
	if (!a->json)
		changes_text(&v, cli_text_columns(cli), cli->color, &text);
	else if (changes_json(&v, &text) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	return cli_print(cli, &text, err);
}

static const struct option_row options[] = {
	ROW_CSV("date and value: one a line, oldest first, one a night; the date may be a moment, "
		"a "
		"number or absent"),
	{.name = "min-effect",
	 .kind = OPTION_TEXT,
	 .arg = "PCT",
	 .at = AT(least_step),
	 .def = "1%",
	 .help = "smaller steps do not matter"},
	{.name = "alert",
	 .at = AT(alert),
	 .help = "strict: next to no false change point (the default)"},
	{.name = "display",
	 .at = AT(display),
	 .help = "less strict: finds smaller and younger steps, and two to five times the false "
		 "ones"},
	{.name = "linear",
	 .at = AT(linear),
	 .help = "look for differences, not ratios: values may be 0 or less"},
	{.name = "second-opinion",
	 .at = AT(second_opinion),
	 .help = "also what another method finds (e-divisive, energy statistics), which sees "
		 "changes "
		 "of spread, too; it decides nothing"},
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab changes --csv p99.csv", "when did p99 change, by how much, and how sure is that?"},
	{"blklab changes --csv p99.csv --display --min-effect 3%",
	 "also what is less sure, but nothing below 3 %"},
	{"blklab changes --csv p99.csv --second-opinion", "and does another method agree?"},
	{"sqlite3 -csv store.db 'SELECT ...' | blklab changes --csv - --json", "for programs"},
};

const struct verb verb_changes = {
	.name = "changes",
	.summary = "since when is it like that? change points of a history",
	.about =
		"Find the nights from which on a figure was another one. Each change point has its "
		"levels, a 95 % interval of the step, a p and whether a drift fits better; single "
		"bad nights are outliers, and no change. It says how noisy the history is, and how "
		"large a step must be to be seen.\n\n"
		"Steps are ratios: values are taken as logarithms, unless --linear. Nights without "
		"a value are left out, nothing is made up for them. The same values give the same "
		"answer. How it works, and how often it is wrong: docs/change-points.md.",
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_changes,
};
