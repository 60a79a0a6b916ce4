/* verb_list.c - blklab list: the runs in a store. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "rows.h"
#include "store.h"

#define ID_LEAST 13 /* the time, to the millisecond */

/* A run that goes on now has no end either: the store can't tell it from a killed one. */
static const char *state_of(const struct store_run_info *i)
{
	if (!i->ended_ms)
		return "killed or running";
	return i->n_interrupted || i->n_trials < i->n_planned ? "interrupted" : "complete";
}

static int print_json(struct cli *cli, const struct store_run_info *list, size_t n,
		      struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *runs = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *run = json_pack(
			"{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I}", "id", list[i].id, "scenario",
			list[i].scenario, "host", list[i].host, "accel", list[i].accel, "state",
			state_of(&list[i]), "started_ms", (json_int_t)list[i].started_ms, "cells",
			(json_int_t)list[i].n_cells, "trials", (json_int_t)list[i].n_trials, "ok",
			(json_int_t)list[i].n_ok, "planned", (json_int_t)list[i].n_planned);

		if (list[i].ended_ms)
			json_object_set_new(run, "ended_ms",
					    json_integer((json_int_t)list[i].ended_ms));
		json_array_append_new(runs, run);
	}
	text = json_dumps(runs, JSON_INDENT(2));
	json_decref(runs);
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory");
	bl_buf_addf(&out, "%s\n", text);
	return cli_print(cli, &out, err);
}

/* As much of the ids as tells them apart: imports of the same time differ late. */
static int id_width(const struct store_run_info *list, size_t n)
{
	size_t width = ID_LEAST, same;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			for (same = 0; list[i].id[same] && list[i].id[same] == list[k].id[same];)
				same++;
			if (same + 1 > width)
				width = same + 1;
		}
	return (int)width;
}

static int print_table(struct cli *cli, const struct store_run_info *list, size_t n,
		       struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	size_t scenario = 8, host = 4, len;
	int id = id_width(list, n);
	char when[32];

	for (size_t i = 0; i < n; i++) {
		if ((len = strlen(list[i].scenario)) > scenario)
			scenario = len < 24 ? len : 24;
		if ((len = strlen(list[i].host)) > host)
			host = len < 16 ? len : 16;
	}
	bl_buf_addf(&out, "%-*s  %-16s  %-*s  %-*s  %-5s  %5s  %7s  %6s  %4s  %s\n", id, "run",
		    "started (UTC)", (int)scenario, "scenario", (int)host, "host", "accel", "cells",
		    "planned", "stored", "ok", "state");
	for (size_t i = 0; i < n; i++) {
		bl_format_utc(when, list[i].started_ms);
		when[10] = ' ';
		bl_buf_addf(&out, "%.*s  %.16s  %-*.*s  %-*.*s  %-5s  %5u  %7llu  %6u  %4u  %s\n",
			    id, list[i].id, when, (int)scenario, (int)scenario, list[i].scenario,
			    (int)host, (int)host, list[i].host, list[i].accel, list[i].n_cells,
			    (unsigned long long)list[i].n_planned, list[i].n_trials, list[i].n_ok,
			    state_of(&list[i]));
	}
	return cli_print(cli, &out, err);
}

static int run_list(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(bl_freep) struct store_run_info *list = NULL;
	size_t n = 0;
	int r = path_store(a, &path, err);

	if (r == 0)
		r = store_open(path, STORE_READ, &store, err);
	if (r == 0)
		r = store_list_runs(store, &list, &n, err);
	if (r < 0)
		return r;
	if (a->json)
		return print_json(cli, list, n, err);
	if (!n) {
		cli_note(cli, "no runs in '%s'; '%s run quick' makes one", path, cli->program);
		return 0;
	}
	return print_table(cli, list, n, err);
}

static const struct option_row options[] = {ROW_STORE, ROW_JSON};

static const struct example examples[] = {
	{"blklab list -s out/bench/store.db", "the runs of `make bench`"},
};

const struct verb verb_list = {
	.name = "list",
	.summary = "the runs in the store, newest first",
	.about = "List the runs with their scenario and host, how many trials were planned, how "
		 "many "
		 "of these are stored, and how many of those have a result (ok). A run is complete "
		 "when all planned trials are stored, interrupted when it ended before; one that "
		 "never ended was killed or goes on now. Other verbs take the beginning of a run's "
		 "id, as far as it is unique.",
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_list,
};
