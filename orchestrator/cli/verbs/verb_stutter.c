/* verb_stutter.c - blklab stutter: are the slow moments like clockwork? */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "rows.h"
#include "stutter.h"
#include "stutter_report.h"
#include "units.h"
#include "value_file.h"

#define WINDOW_LEAST_S 0.1
#define SEED           1 /* the same file gives the same answer */
#define WINDOWS_MAX    10000000
#define GRID_OFF       0.01 /* of a window: what is nearer to the grid is on it */

static const char *const unit_values[] = {"ns", "us", "ms", "s", NULL};
static const double unit_ns[] = {1, 1e3, 1e6, 1e9};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The usual distance of two values; at least that of the lab's own slices. */
static int window_of(const struct value_lines *lines, double *ret_s, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) double *steps = calloc(lines->n, sizeof *steps);
	size_t n = 0;

	if (!steps)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 1; i < lines->n; i++)
		if (lines->items[i].key > lines->items[i - 1].key)
			steps[n++] = lines->items[i].key - lines->items[i - 1].key;
	qsort(steps, n, sizeof *steps, by_value);
	*ret_s = n ? fmax(steps[(n - 1) / 2], WINDOW_LEAST_S) : WINDOW_LEAST_S;
	return 0;
}

static size_t place_of(const struct value_lines *lines, size_t i, double dt_s)
{
	return (size_t)((lines->items[i].key - lines->items[0].key) / dt_s + GRID_OFF);
}

/* The greatest value of each window, in ns; NAN where there is none. */
static int make_windows(const struct value_lines *lines, double dt_s, double unit, double **ret,
			size_t *ret_n, struct bl_err *err)
{
	double span = lines->items[lines->n - 1].key - lines->items[0].key;
	double *w;
	size_t n;

	if (span / dt_s >= WINDOWS_MAX)
		return bl_fail(
			err, -E2BIG,
			"%g s in windows of %g s are more than %d windows; the first column is "
			"expected in seconds",
			span, dt_s, WINDOWS_MAX);
	n = place_of(lines, lines->n - 1, dt_s) + 1;
	w = calloc(n, sizeof *w);
	if (!w)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		w[i] = NAN;
	for (size_t i = 0; i < lines->n; i++) {
		double *at = &w[place_of(lines, i, dt_s)];

		*at = fmax(*at, lines->items[i].value * unit); /* of a number and NAN: the number */
	}
	*ret = w;
	*ret_n = n;
	return 0;
}

static int check_values(const struct value_lines *lines, double unit, struct bl_err *err)
{
	for (size_t i = 0; i < lines->n; i++) {
		const struct value_line *l = &lines->items[i];

		if (l->value < 0)
			return bl_fail(
				err, -EINVAL,
				"line %zu: %g is no latency; a time of 0 or more is expected",
				l->line, l->value);
		if (!isnan(l->value) && !isfinite(l->value * unit))
			return bl_fail(err, -EINVAL,
				       "line %zu: %g is beyond what a double holds in ns; name the "
				       "values' unit by --unit",
				       l->line, l->value);
	}
	if (lines->kind == VALUE_KEY_PLACE)
		return bl_fail(
			err, -EINVAL,
			"line %zu: a value without its time; two columns are expected, seconds "
			"and value: 12.3,0.41",
			lines->items[0].line);
	return 0;
}

static double unit_of(const char *name)
{
	size_t i = 0;

	while (strcmp(unit_values[i], name) != 0)
		i++; /* options_parse() lets no other through */
	return unit_ns[i];
}

static int print(struct cli *cli, const struct args *a, const struct stutter_view *v,
		 struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	if (!a->json)
		stutter_series_text(v, cli_text_columns(cli), cli->color, &text);
	else if (stutter_series_json(v, &text) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	return cli_print(cli, &text, err);
}

static int run_stutter(struct cli *cli, const struct args *a, struct bl_err *err)
{
	static const struct value_form form = {"seconds and a value a line are expected: 12.5,0.41",
					       .allow_twice = true};
	BL_CLEANUP(value_lines_done) struct value_lines lines = {0};
	BL_CLEANUP(stutter_done) struct stutter found = {0};
	BL_CLEANUP(bl_freep) double *windows = NULL;
	struct stutter_view v = {.unit = a->unit, .unit_ns = unit_of(a->unit), .found = &found};
	int r = value_file_read(a->csv, &form, &lines, err);

	if (r < 0)
		return r;
	v.name = value_file_name(a->csv);
	r = check_values(&lines, v.unit_ns, err);
	if (r == 0)
		r = window_of(&lines, &v.dt_s, err);
	if (r == 0)
		r = make_windows(&lines, v.dt_s, v.unit_ns, &windows, &v.n_windows, err);
	if (r < 0)
		return bl_wrap(err, r, "%s", v.name);
	if (stutter_find(windows, v.n_windows, v.dt_s, SEED, &found) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	v.n_values = lines.n - lines.n_absent;
	v.first = lines.kind == VALUE_KEY_TIME ? lines.items[0].text : NULL;
	return print(cli, a, &v, err);
}

static const struct option_row options[] = {
	ROW_CSV("seconds and value: one a line, oldest first; the greatest latency of each 100 ms, "
		"or "
		"every I/O; seconds may be moments"),
	{.name = "unit",
	 .letter = 'u',
	 .kind = OPTION_ENUM,
	 .arg = "UNIT",
	 .at = AT(unit),
	 .values = unit_values,
	 .def = "ms",
	 .help = "of the values"},
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab stutter --csv latency.csv", "are the slow moments like clockwork?"},
	{"blklab stutter --csv latency.csv --unit us --json", "for programs"},
};

const struct verb verb_stutter = {
	.name = "stutter",
	.summary = "are the slow moments like clockwork? stalls of a latency series",
	.about =
		"Find the stalls in a series of latencies, and whether they have a period. Values "
		"are "
		"gathered in windows of their usual distance, 100 ms at least, by the greatest; a "
		"window is slow when it is far above the median of its 30 s. A period is said with "
		"its standard error, jitter and p, and which periods could have been found at all: "
		"ten beats are needed.\n\n"
		"Runs of the lab have this in their report and in 'blklab diagnose'; this verb is "
		"for series of others.",
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_stutter,
};
