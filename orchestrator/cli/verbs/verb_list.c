/* verb_list.c - blklab list: the runs in a store. */
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "fmt.h"
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

#define SCENARIO_LEAST 6
#define SCENARIO_MOST  24
#define HOST_LEAST     4
#define HOST_MOST      16

/* Widths of what differs from store to store. */
struct widths {
	int id;
	size_t scenario, host, state, ok;
	bool is_narrow; /* what was stored and in which cells is left out, */
	bool is_bare;   /* and when a run began, which its id says, too */
};

static size_t widest(size_t so_far, size_t width, size_t most)
{
	width = width < most ? width : most;
	return width > so_far ? width : so_far;
}

/* "18/21". */
static char *share_ok(char out[32], const struct store_run_info *i)
{
	snprintf(out, 32, "%u/%llu", i->n_ok, (unsigned long long)i->n_planned);
	return out;
}

/* How many columns @w needs, and what of it can be cut. */
static size_t whole(const struct widths *w)
{
	size_t counts = w->is_narrow ? w->ok + 2 : 4 + 2 + 5 + 2 + 7 + 2 + 6 + 2;

	return (size_t)w->id + 2 + (w->is_bare ? 0 : 16 + 2) + w->scenario + 2 + w->host + 2 + 5 +
	       2 + counts + w->state;
}

static void cut(size_t *width, size_t least, size_t *too_many)
{
	size_t n = *width > least ? *width - least : 0;

	n = n < *too_many ? n : *too_many;
	*width -= n;
	*too_many -= n;
}

static struct widths fit(const struct store_run_info *list, size_t n, size_t columns)
{
	struct widths w = {
		.id = id_width(list, n), .scenario = 8, .host = HOST_LEAST, .state = 5, .ok = 2};
	size_t too_many;
	char text[32];

	for (size_t i = 0; i < n; i++) {
		w.scenario = widest(w.scenario, fmt_width(list[i].scenario), SCENARIO_MOST);
		w.host = widest(w.host, fmt_width(list[i].host), HOST_MOST);
		w.state = widest(w.state, strlen(state_of(&list[i])), SIZE_MAX);
		w.ok = widest(w.ok, strlen(share_ok(text, &list[i])), SIZE_MAX);
	}
	w.is_narrow = whole(&w) > columns;
	w.is_bare = w.id > ID_LEAST && whole(&w) > columns;
	too_many = whole(&w) > columns ? whole(&w) - columns : 0;
	cut(&w.host, HOST_LEAST + 4, &too_many);
	cut(&w.scenario, SCENARIO_LEAST, &too_many);
	cut(&w.host, HOST_LEAST, &too_many);
	return w;
}

static void add_head(const struct widths *w, struct bl_buf *out)
{
	bl_buf_addf(out, "%-*s  ", w->id, "run");
	if (!w->is_bare)
		bl_buf_addf(out, "%-16s  ", "started (UTC)");
	fmt_pad(out, "scenario", w->scenario);
	bl_buf_addf(out, "  %-*s  %-5s", (int)w->host, "host", "accel");
	if (w->is_narrow)
		bl_buf_addf(out, "  %*s", (int)w->ok, "ok");
	else
		bl_buf_addf(out, "  %5s  %7s  %6s  %4s", "cells", "planned", "stored", "ok");
	bl_buf_adds(out, "  state\n");
}

static void add_run(const struct widths *w, const struct store_run_info *i, struct bl_buf *out)
{
	char when[32], ok[32];

	bl_format_utc(when, i->started_ms);
	when[10] = ' ';
	bl_buf_addf(out, "%.*s  ", w->id, i->id);
	if (!w->is_bare)
		bl_buf_addf(out, "%.16s  ", when);
	fmt_pad(out, i->scenario, w->scenario);
	bl_buf_adds(out, "  ");
	fmt_pad(out, i->host, w->host);
	bl_buf_addf(out, "  %-5s", i->accel);
	if (w->is_narrow)
		bl_buf_addf(out, "  %*s", (int)w->ok, share_ok(ok, i));
	else
		bl_buf_addf(out, "  %5u  %7llu  %6u  %4u", i->n_cells,
			    (unsigned long long)i->n_planned, i->n_trials, i->n_ok);
	bl_buf_addf(out, "  %s\n", state_of(i));
}

static int print_table(struct cli *cli, const struct store_run_info *list, size_t n,
		       struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct widths w = fit(list, n, cli->columns);

	add_head(&w, &out);
	for (size_t i = 0; i < n; i++)
		add_run(&w, &list[i], &out);
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
