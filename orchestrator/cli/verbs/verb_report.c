/* verb_report.c - blklab report: which configuration wins, by how much, at what risk? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "effects_asked.h"
#include "fs.h"
#include "report.h"
#include "rows.h"
#include "store.h"

static const char *const formats[] = {"html", "md", "json", "csv", NULL};
_Static_assert(BL_ARRAY_LEN(formats) == REPORT_FORMATS + 1, "one name a report format");

static const char *const tables[] = {"trials", "layers", "budget", "stalls", "signals", NULL};
_Static_assert(BL_ARRAY_LEN(tables) == REPORT_TABLES + 1, "one name a table");

static enum report_table table_of(const char *name)
{
	for (int i = 0; name && i < REPORT_TABLES; i++)
		if (strcmp(report_table_names[i], name) == 0)
			return (enum report_table)i;
	return REPORT_TRIALS;
}

static enum report_format format_of(const char *name)
{
	for (int i = 0; i < REPORT_FORMATS; i++)
		if (strcmp(report_format_names[i], name) == 0)
			return (enum report_format)i;
	return REPORT_HTML; /* the parser takes only the names above */
}

/* --format, else what the output's name ends in, else the terminal's table. */
static const char *format_name(const struct args *a)
{
	const char *dot = a->output ? strrchr(a->output, '.') : NULL;

	if (a->format)
		return a->format;
	if (a->table)
		return "csv";
	for (size_t i = 0; dot && formats[i]; i++)
		if (strcmp(dot + 1, formats[i]) == 0)
			return formats[i];
	return a->output ? "html" : NULL;
}

static int take(void *ctx, const struct bl_buf *text, struct bl_err *err)
{
	FILE *to = ctx;

	errno = 0;
	if (fwrite(bl_buf_str(text), 1, text->len, to) == text->len)
		return 0;
	return bl_fail(err, errno ? -errno : -EIO, "cannot write the output: %s",
		       strerror(errno ? errno : EIO));
}

/* Straight to where it goes: the signals of a long run are more than should be in memory. */
static int write_table(struct cli *cli, const struct args *a, const struct run_data *d,
		       struct bl_err *err)
{
	FILE *to = a->output ? fopen(a->output, "we") : cli->out;
	struct report_sink sink = {.ctx = to, .take = take};
	int r;

	if (!to)
		return bl_fail(err, -errno, "--output: can't write '%s': %s", a->output,
			       strerror(errno));
	r = report_csv_table(d, table_of(a->table), &sink, err);
	if (a->output ? fclose(to) : fflush(to))
		r = r < 0 ? r
			  : bl_fail(err, -errno, "cannot write the output: %s", strerror(errno));
	if (r == 0 && a->output)
		cli_note(cli, "%s: run %.13s, %s", a->output, d->run.id, d->run.scenario_name);
	return r;
}

static int run_report(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const char *format = format_name(a);
	BL_CLEANUP(effects_asked_done) struct effects_asked asked = {0};
	struct report_options opt = {
		.reference = a->reference, .min_effects = &asked.min, .floors = &asked.floors};
	int r;

	if (a->table && strcmp(format, "csv") != 0)
		return bl_fail(err, -EINVAL,
			       "--table: '%s' is a table of CSV, and the format is %s; leave "
			       "--format out, or say csv",
			       a->table, format);
	r = path_store(a, &path, err);
	if (r == 0)
		r = store_open(path, STORE_READ, &store, err);
	if (r == 0)
		r = store_load_run(store, a->run, &d, err);
	if (r < 0)
		return r;
	if (table_of(a->table) != REPORT_TRIALS)
		return write_table(cli, a, &d, err);
	r = effects_asked(a, store, &d.run, &asked, err);
	if (r < 0)
		return r;
	opt.store_path = path;
	if (format)
		r = report_write(&d, format_of(format), &opt, &text, err);
	else
		r = report_table(&d, &opt, cli_text_columns(cli), cli->color, &text, err);
	if (r < 0)
		return r;
	if (!a->output)
		return cli_print(cli, &text, err);
	r = bl_write_file(a->output, bl_buf_str(&text), text.len, err);
	if (r == 0)
		cli_note(cli, "%s: run %.13s, %s", a->output, d.run.id, d.run.scenario_name);
	return r;
}

static const struct operand_row operands[] = {
	{.name = "RUN",
	 .kind = OPTION_TEXT,
	 .at = AT(run),
	 .help = "the beginning of a run's id ('blklab list' shows them); the newest run "
		 "otherwise"},
};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "format",
	 .letter = 'f',
	 .kind = OPTION_ENUM,
	 .arg = "FORMAT",
	 .at = AT(format),
	 .values = formats,
	 .def_says = "by the ending of --output; without either the short table for the terminal",
	 .help = "what to write"},
	{.name = "table",
	 .letter = 't',
	 .kind = OPTION_ENUM,
	 .arg = "TABLE",
	 .at = AT(table),
	 .values = tables,
	 .def_says = "trials",
	 .help = "of CSV: figures of each trial, what each layer counted, the latency budget, the "
		 "stalls, or every value of every signal that was watched"},
	{.name = "output",
	 .letter = 'o',
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(output),
	 .def_says = "standard output",
	 .help = "where to write it"},
	{.name = "reference",
	 .kind = OPTION_TEXT,
	 .arg = "CELL",
	 .at = AT(reference),
	 .def_says = "the scenario's, else its first cell",
	 .help = "the cell that all others are compared with"},
	ROW_MIN_EFFECT,
	ROW_CALIBRATION,
};

static const struct example examples[] = {
	{"blklab report", "the newest run as a table"},
	{"blklab report -o report.html", "the whole page in one file, with plots"},
	{"blklab report 0199 --format csv > cells.csv",
	 "one line for each trial, job and direction"},
	{"blklab report --table budget", "the latency budget of each job, as CSV"},
	{"blklab report --table signals -o signals.csv", "what was watched, for tools of your own"},
};

const struct verb verb_report = {
	.name = "report",
	.summary = "show a stored run as a table, HTML page, Markdown, JSON or CSV",
	.about =
		"Read a run back from the store and show which configuration wins, by how much, at "
		"which percentile and at what risk. Trials without a result are shown with their "
		"reason, never dropped.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_report,
};
