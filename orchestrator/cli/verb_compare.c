/* verb_compare.c - blklab compare: two cells side by side. */
#include <errno.h>

#include "cleanup.h"
#include "cli.h"
#include "report.h"
#include "rows.h"
#include "scenario_load.h"
#include "store.h"

/* *ret: the cell's own name, borrowed from @d. */
static int find_cell(const struct run_data *d, const char *given, const char **ret,
		     struct bl_err *err)
{
	uint32_t cell;
	int r = cell_of_run(d, given, &cell, err);

	if (r == 0)
		*ret = d->cells[cell].name;
	return r;
}

static int run_compare(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(run_data_done) struct run_data da = {0}, db = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const struct run_data *second = &da;
	const char *cell_a = NULL, *cell_b = NULL;
	int r = path_store(a, &path, err);

	if (r == 0)
		r = store_open(path, STORE_READ, &store, err);
	if (r == 0)
		r = store_load_run(store, a->run, &da, err);
	if (r == 0 && a->run_b) {
		r = store_load_run(store, a->run_b, &db, err);
		second = &db;
	}
	if (r == 0)
		r = find_cell(&da, a->cell, &cell_a, err);
	if (r == 0)
		r = find_cell(second, a->cell_b ? a->cell_b : a->cell, &cell_b, err);
	if (r < 0)
		return r;
	if (second == &da && cell_a == cell_b)
		return bl_fail(err, -EINVAL,
			       "'%s' would be compared with itself; name another cell, or another "
			       "run by --run-b",
			       cell_a);
	if (a->json)
		r = report_compare_json(&da, cell_a, second, cell_b, NULL, &text, err);
	else
		r = report_compare(&da, cell_a, second, cell_b, NULL,
				   cli->columns < 100 ? cli->columns : 100, cli->color, &text, err);
	return r < 0 ? r : cli_print(cli, &text, err);
}

static const struct operand_row operands[] = {
	{.name = "CELL",
	 .kind = OPTION_TEXT,
	 .is_needed = true,
	 .at = AT(cell),
	 .help = "the cell to start from, by name or by its number in 'blklab plan'"},
	{.name = "CELL_B",
	 .kind = OPTION_TEXT,
	 .at = AT(cell_b),
	 .help = "the cell to compare with it; with --run-b the same cell otherwise"},
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
	 .help = "the run of the second cell"},
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab compare 0 1", "the first two cells of the newest run"},
	{"blklab compare 'virtio-blk io1 none raw' host -s out/bench/store.db",
	 "two cells by name, of what `make bench` ran"},
	{"blklab compare 0 --run 0199a --run-b 0199c", "one cell before and after an upgrade"},
};

const struct verb verb_compare = {
	.name = "compare",
	.summary = "two cells side by side: did it change, and is it real?",
	.about =
		"Show every metric and percentile of two cells with their ratio and verdict, and "
		"where their configurations and hosts differ. Verdicts pair the trials of a block; "
		"below six pairs there is no 95 % interval and the verdict is 'cannot tell'.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_compare,
};
