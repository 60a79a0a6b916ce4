/* verb_import.c - blklab import: exported runs, and what fio measured. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "finding_command.h"
#include "fio_document.h"
#include "fio_run.h"
#include "fs.h"
#include "merging.h"
#include "rows.h"

#define FILE_MAX     ((size_t)256 << 20) /* JSON+ of a thousand jobs is below a tenth of it */
#define SQLITE_MAGIC "SQLite format 3"   /* with its NUL, the first 16 bytes */

/* The documents among the files. */
struct documents {
	struct fio_source items[OPTION_WORDS_MAX];
	char *owned[2 * OPTION_WORDS_MAX]; /* text and cell of each */
	size_t n;
};

static void documents_done(struct documents *d)
{
	for (size_t i = 0; i < 2 * d->n; i++)
		free(d->owned[i]);
}

/* "CELL=FILE", unless there is a file of just that name. *ret_cell is empty when none is named. */
static const char *file_of(const char *word, struct bl_buf *ret_cell)
{
	const char *sep = strchr(word, '=');

	if (!sep || sep == word || bl_exists(word))
		return word;
	bl_buf_add(ret_cell, word, (size_t)(sep - word));
	return sep + 1;
}

/* "results/raw-qd1.json": raw-qd1. */
static char *base_name(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *dot = strrchr(name, '.');

	return strndup(name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

/* 1: a store; 0: a document, now among @d. */
static int look_at(const char *word, const char *given_cell, struct documents *d,
		   struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, cell = BL_BUF_INIT;
	const char *path = file_of(word, &cell);
	struct fio_source *s = &d->items[d->n];
	int r = bl_read_file(path, FILE_MAX, &text, err);

	if (r == -EFBIG)
		/* only a store is as large; it is not read whole */
		return bl_fail(err, -EINVAL,
			       "'%s': larger than %zu MiB; bring in a store by "
			       "'blklab merge'",
			       path, FILE_MAX >> 20);
	if (r < 0)
		return r;
	if (text.len >= sizeof SQLITE_MAGIC &&
	    !memcmp(text.data, SQLITE_MAGIC, sizeof SQLITE_MAGIC))
		return 1;
	if (!fio_document_is_json(bl_buf_str(&text), text.len))
		return bl_fail(err, -EINVAL,
			       "'%s': neither a run that 'blklab export' made nor fio's JSON "
			       "(fio --output-format=json+)",
			       path);
	*s = (struct fio_source){.name = path, .len = text.len};
	s->text = d->owned[2 * d->n] = bl_buf_take(&text);
	s->cell = d->owned[2 * d->n + 1] = cell.len     ? bl_buf_take(&cell)
					   : given_cell ? strdup(given_cell)
							: base_name(path);
	d->n++;
	return s->text && s->cell ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

/* 1: all of it is here already; 0: not, or a killed import left the rest out. */
static int is_complete(struct store *store, const char *id, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	int r = store_load_figures(store, id, &d, err);

	return r < 0 ? r : d.run.ended_ms != 0;
}

/* The run ends last, so that what a killed import left is known for that and completed. 1: it was
 * here.
 */
static int put(struct store *store, struct run_data *d, struct bl_err *err)
{
	uint64_t ended_ms = d->run.ended_ms;
	struct bl_err why = BL_ERR_INIT;
	int r;

	d->run.ended_ms = 0;
	r = store_put_run(store, &d->run, d->cells, d->n_cells, &why);
	d->run.ended_ms = ended_ms;
	if (r == -EEXIST)
		r = is_complete(store, d->run.id, err);
	else if (r < 0)
		bl_fail(err, r, "%s", bl_err_text(&why));
	for (size_t i = 0; i < d->n_trials && r == 0; i++) {
		why = (struct bl_err)BL_ERR_INIT;
		r = store_put_trial(store, &d->trials[i], &why);
		if (r == -EEXIST)
			r = 0;
		else if (r < 0)
			bl_fail(err, r, "%s", bl_err_text(&why));
	}
	return r == 0 ? store_end_run(store, d->run.id, ended_ms, &d->run.notes, err) : r;
}

/* Runs are in the order of their time: one that is imported is seldom the newest. */
static void add_next(const struct run_data *d, const char *store, struct bl_buf *out)
{
	bl_buf_adds(out, d->n_cells > 1 ? "next  blklab compare" : "next  blklab report");
	for (size_t i = 0; i < 2 && d->n_cells > 1; i++) {
		bl_buf_addc(out, ' ');
		shell_word(out, d->cells[i].name);
	}
	bl_buf_addf(out, "%s%s", d->n_cells > 1 ? " --run " : " ", d->run.id);
	if (store) {
		bl_buf_adds(out, " -s ");
		shell_word(out, store);
	}
	bl_buf_addc(out, '\n');
}

static void tell_run(const struct run_data *d, bool was_here, const char *store,
		     const struct args *a, struct bl_buf *out)
{
	if (a->json) {
		bl_buf_addf(out, "{\"run\": \"%s\", \"was_here\": %s}\n", d->run.id,
			    was_here ? "true" : "false");
		return;
	}
	bl_buf_addf(out, "run %s %s: ", d->run.id,
		    was_here ? "was imported before" : "is imported");
	bl_buf_addf(out, "%zu %s, %zu %s\n", d->n_cells, d->n_cells == 1 ? "cell" : "cells",
		    d->n_trials, d->n_trials == 1 ? "trial" : "trials");
	for (size_t i = 0; i < d->run.notes.n; i++)
		bl_buf_addf(out, "note  %s\n", d->run.notes.items[i].value);
	bl_buf_addf(out, "store %s\n", store);
	add_next(d, a->store, out);
}

static int import_documents(struct cli *cli, const struct args *a, const struct documents *docs,
			    struct merging *m, struct bl_err *err)
{
	struct fio_run_options opt = {.scenario = a->name, .host = a->host, .now_ms = bl_wall_ms()};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	int r = fio_run(docs->items, docs->n, &opt, &d, err);

	if (r == 0)
		r = merging_open(m, a, NULL, err);
	if (r == 0)
		r = put(m->store, &d, err);
	if (r < 0)
		return r;
	tell_run(&d, r > 0, m->path, a, &out);
	return cli_print(cli, &out, err);
}

static int run_import(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(documents_done) struct documents docs = {0};
	BL_CLEANUP(merging_done) struct merging m = {0};
	const char *stores[OPTION_WORDS_MAX];
	size_t n_stores = 0;
	int r = 0;

	for (size_t i = 0; i < a->files.n && r >= 0; i++) {
		r = look_at(a->files.items[i], a->cell, &docs, err);
		if (r > 0)
			stores[n_stores++] = a->files.items[i];
	}
	if (r >= 0 && n_stores && docs.n)
		return bl_fail(err, -EINVAL,
			       "'%s' is a store and '%s' a document of fio; import one kind at a "
			       "time",
			       stores[0], docs.items[0].name);
	if (r < 0)
		return r;
	if (docs.n)
		return import_documents(cli, a, &docs, &m, err);
	r = merging_open(&m, a, stores[0], err);
	for (size_t i = 0; i < n_stores && r == 0; i++)
		r = merging_add(&m, stores[i], err);
	return merging_tell(&m, cli, a->json, r, err);
}

static const struct operand_row operands[] = {
	{.name = "[CELL=]FILE",
	 .kind = OPTION_WORDS,
	 .is_needed = true,
	 .at = AT(files),
	 .suffixes = "db json",
	 .help = "a run that 'blklab export' made, or what fio 3 wrote by --output-format=json+ or "
		 "json; which of them is seen by its content. CELL: the configuration that "
		 "fio measured; the file's name otherwise"},
};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "cell",
	 .letter = 'c',
	 .kind = OPTION_TEXT,
	 .arg = "CELL",
	 .at = AT(cell),
	 .def_says = "the name of each file",
	 .help = "all documents of fio are repeats of this cell"},
	{.name = "name",
	 .kind = OPTION_TEXT,
	 .arg = "NAME",
	 .at = AT(name),
	 .def = "fio",
	 .help = "name of the scenario that the documents of fio are stored under"},
	{.name = "host",
	 .kind = OPTION_TEXT,
	 .arg = "HOST",
	 .at = AT(host),
	 .def_says = "not known",
	 .help = "where fio ran; its documents don't say"},
	ROW_WORK_DIR,
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab import before.db", "a run from another host"},
	{"blklab import raw=r1.json raw=r2.json qcow2=q1.json qcow2=q2.json",
	 "a run of two cells with two repeats each, out of four documents of fio"},
	{"blklab compare raw qcow2 --run RUN",
	 "and what makes the difference; import says the id, and this command"},
};

const struct verb verb_import = {
	.name = "import",
	.summary = "runs that were exported, and what fio measured",
	.about =
		"Bring in runs that 'blklab export' made (or whole stores: the same as 'blklab "
		"merge'), or make one run of fio's documents: each is a trial, those of one cell "
		"are repeats in the order of their time; one document is given once. report, "
		"compare and list then take the "
		"run as any other. Cells to be compared belong in one import: of two runs compare "
		"shows figures and gives no verdict. The same import twice is one run.\n\n"
		"With JSON+ histograms are kept; percentiles are up to 1.6 % off, as fio's buckets "
		"are. fio has them of clat, from submission to completion; of the whole latency "
		"(lat) with lat_percentiles=1. Plain JSON has percentiles and no histogram: trials "
		"are compared by them, and those of a cell are medians over its documents, marked "
		"with ~; a job that read and wrote has none. Slices, signals, the system and its "
		"configuration are not in fio's documents and stay absent. Verdicts between fio "
		"and the lab's own engine, or between two versions of fio, are refused.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_import,
};
