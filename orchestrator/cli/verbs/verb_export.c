/* verb_export.c - blklab export: one run as a file of its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "rows.h"
#include "store.h"

/* "quick-0199a3b2-7c4d.db" */
static char *name_for(struct store *s, const char *id)
{
	BL_CLEANUP(bl_freep) struct store_run_info *list = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;
	size_t n = 0;

	if (store_list_runs(s, &list, &n, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].id, id) == 0)
			bl_buf_adds(&name, list[i].scenario);
	for (size_t i = 0; i < name.len; i++)
		if (strchr("/ ", name.data[i]))
			name.data[i] = '-';
	bl_buf_addf(&name, "-%.13s.db", id);
	return bl_buf_take(&name);
}

static int run_export(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(bl_freep) char *output = NULL;
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char id[BL_UUID_TEXT];
	int r = path_store(a, &path, err);

	if (r == 0)
		r = store_open(path, STORE_READ, &store, err);
	if (r == 0)
		r = store_resolve(store, a->run, id, err);
	if (r < 0)
		return r;
	output = a->output ? strdup(a->output) : name_for(store, id);
	if (!output)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = store_export_run(store, id, output, err);
	if (r < 0)
		return r;
	bl_buf_addf(&text, "run %s is in %s\n", id, output);
	return cli_print(cli, &text, err);
}

static const struct operand_row operands[] = {
	{.name = "RUN",
	 .kind = OPTION_TEXT,
	 .at = AT(run),
	 .help = "the run: the beginning of its id; default: the newest"},
};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "output",
	 .letter = 'o',
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(output),
	 .def_says = "SCENARIO-RUN.db in this folder",
	 .help = "the file to make; one that exists is not overwritten"},
};

static const struct example examples[] = {
	{"blklab export 0199a -o before.db", "a run to send or to keep"},
	{"blklab report --store before.db", "the file is a store by itself"},
	{"blklab import before.db", "and the way back, on any host"},
};

const struct verb verb_export = {
	.name = "export",
	.summary = "one run as a file of its own",
	.about = "Write a run with everything in it (trials, histograms, slices, signals, the "
		 "environment) to one file. The file is a store with just that run: every verb "
		 "takes "
		 "it by --store, sqlite3 opens it, and 'blklab import' or 'blklab merge' brings it "
		 "into another store. It is complete when it has its name.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_export,
};
