/* verb_compare.c - blklab compare: two cells side by side. */
#include <errno.h>

#include "cleanup.h"
#include "cli.h"
#include "compare_files.h"
#include "effects_asked.h"
#include "report.h"
#include "rows.h"
#include "scenario_load.h"
#include "store.h"

/* *ret: the cell's own name, borrowed from @d. */
static int find_cell(struct store *store, const struct run_data *d, const char *given,
		     const char **ret, struct bl_err *err)
{
	uint32_t cell;
	int r = cell_of_run(store, d, given, &cell, err);

	if (r == 0)
		*ret = d->cells[cell].name;
	return r;
}

/* Options that mean nothing for cells. */
static int needs_files(const struct args *a, struct bl_err *err)
{
	const char *option = a->paired           ? "paired"
			     : a->more_is_better ? "more-is-better"
			     : a->less_is_better ? "less-is-better"
						 : NULL;

	if (!option)
		return 0;
	return bl_fail(err, -EINVAL,
		       "--%s is of files of values, and '%s' is a cell; with --csv it is a file",
		       option, a->cell);
}

/* The exit code of a gate. */
static int gate(const struct run_data *da, const char *cell_a, const struct run_data *db,
		const char *cell_b, const struct report_options *opt, struct bl_err *err)
{
	struct gate g;
	int r = report_compare_gate(da, cell_a, db, cell_b, opt, &g, err);

	if (r < 0)
		return bl_wrap(err, r, "--gate");
	return g.n_worse ? EXIT_CHANGED : gate_is_passed(&g) ? EXIT_FINE : EXIT_CANNOT_TELL;
}

static int run_compare(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(run_data_done) struct run_data da = {0}, db = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const struct run_data *second = &da;
	BL_CLEANUP(effects_asked_done) struct effects_asked asked = {0};
	struct report_options opt = {
		.min_effects = &asked.min, .floors = &asked.floors, .is_gate = a->gate};
	int code = EXIT_FINE;
	const char *cell_a = NULL, *cell_b = NULL;
	int r;

	if (a->values)
		return compare_files(cli, a, err);
	r = needs_files(a, err);
	if (r == 0)
		r = path_store(a, &path, err);
	if (r == 0)
		r = store_open(path, STORE_READ, &store, err);
	if (r == 0)
		r = store_load_run(store, a->run, &da, err);
	if (r == 0 && a->run_b) {
		r = store_load_run(store, a->run_b, &db, err);
		second = &db;
	}
	if (r == 0)
		r = find_cell(store, &da, a->cell, &cell_a, err);
	if (r == 0)
		r = find_cell(store, second, a->cell_b ? a->cell_b : a->cell, &cell_b, err);
	if (r < 0)
		return r;
	if (second == &da && cell_a == cell_b)
		return bl_fail(err, -EINVAL,
			       "'%s' would be compared with itself; name another cell, or another "
			       "run by --run-b",
			       cell_a);
	r = effects_asked(a, store, &da.run, &asked, err);
	if (r == 0 && a->gate)
		r = code = gate(&da, cell_a, second, cell_b, &opt, err);
	if (r < 0)
		return r;
	if (a->json)
		r = report_compare_json(&da, cell_a, second, cell_b, &opt, &text, err);
	else
		r = report_compare(&da, cell_a, second, cell_b, &opt, cli_text_columns(cli),
				   cli->color, &text, err);
	if (r == 0)
		r = cli_print(cli, &text, err);
	return r < 0 ? r : code;
}

static const struct operand_row operands[] = {
	{.name = "A",
	 .kind = OPTION_FILE,
	 .is_needed = true,
	 .at = AT(cell),
	 .help = "the cell to start from, by name or by its number in 'blklab plan'; with --csv a "
		 "file of values"},
	{.name = "B",
	 .kind = OPTION_FILE,
	 .at = AT(cell_b),
	 .help = "the cell to compare with it (with --run-b the same cell otherwise); with --csv "
		 "another file; without it A holds pairs, two values a line"},
};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "run",
	 .kind = OPTION_TEXT,
	 .arg = "RUN",
	 .at = AT(run),
	 .def_says = "the newest",
	 .help = "the run of the first cell: the beginning of its id"},
	{.name = "run-b",
	 .kind = OPTION_TEXT,
	 .arg = "RUN",
	 .at = AT(run_b),
	 .def_says = "that of the first cell",
	 .help = "the run of the second cell; of two runs figures are shown and nothing is judged"},
	ROW_MIN_EFFECT,
	ROW_CALIBRATION,
	{.name = "gate",
	 .at = AT(gate),
	 .help = "for CI: all jobs and metrics corrected together (Holm); exit code 0 when each is "
		 "better or the same, 4 when any is worse, 5 when some can't be told"},
	{.name = "csv",
	 .at = AT(values),
	 .help = "A and B are files of values measured by anything: one a line, one a run, above "
		 "0; '-' is standard input; --min-effect is then a percentage alone"},
	{.name = "paired",
	 .at = AT(paired),
	 .help = "of two files: the first value belongs to the first, or those with the same date"},
	{.name = "less-is-better",
	 .at = AT(less_is_better),
	 .help = "of files: as of latencies (the default)"},
	{.name = "more-is-better", .at = AT(more_is_better), .help = "of files: as of IOPS"},
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab compare 0 1", "the first two cells of the newest run"},
	{"blklab compare 'virtio-blk io1 none raw' host -s out/bench/store.db",
	 "two cells by name, of what `make bench` ran"},
	{"blklab compare 0 --run 0199a --run-b 0199c",
	 "figures of one cell in two runs, without a verdict; 'blklab baseline check' judges an "
	 "upgrade"},
	{"blklab compare 0 1 --min-effect p99=10%", "only a tenth and more of p99 matters"},
	{"blklab compare old new --gate", "in CI: fail when the new cell is worse"},
	{"blklab compare --csv before.txt after.txt", "two files, one value a run and line"},
	{"blklab compare --csv pairs.csv --json",
	 "pairs, two values a line: those measured one after the other"},
};

const struct verb verb_compare = {
	.name = "compare",
	.summary = "two cells or two files of values: did it change, and is it real?",
	.about =
		"Show every metric and percentile of two cells with their ratio and verdict, and "
		"where their configurations and hosts differ. Verdicts pair the trials of a block; "
		"below six pairs there is no 95 % interval and the verdict is 'cannot tell'. What "
		"cannot be told comes with how many more trials would probably tell; 'cannot "
		"tell~' "
		"stands beside a percentile that in some trial fewer than 100 samples lie beyond, "
		"with the runtime that would tell. Two runs get "
		"no verdict: their trials do not show how days differ; 'blklab baseline check', "
		"'blklab nightly' and both cells in one run do.\n\n"
		"--gate waits for all figures of all jobs but the maximum, and p99.9 where fewer "
		"than 100 samples lie beyond it; these fail it too when they are worse. What is "
		"too noisy to be waited for is given a larger --min-effect.\n\n"
		"With --csv the same is done with values of other tools: two files with one value "
		"a line, which are no pairs (Mann-Whitney; four a side are the least), or pairs, "
		"which tell more where the two were measured in turns (Wilcoxon; six are the "
		"least). Where values that follow each other are alike, intervals are widened for "
		"it. A date or number may stand before the value of two files. Lines that begin "
		"with '#', empty ones and a head are left out.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_compare,
};
