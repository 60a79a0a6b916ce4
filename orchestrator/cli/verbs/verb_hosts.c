/* verb_hosts.c - blklab hosts: of hosts that should be alike, is one odd? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "baseline_find.h"
#include "cleanup.h"
#include "effects_asked.h"
#include "out_file.h"
#include "profile_page.h"
#include "rows.h"

/* A host that has runs, and which of them are taken. */
struct host {
	char id[64], name[128];
	size_t *runs; /* indices of gathering.figures */
	size_t n;
	const struct run_figures **pointers;
};

struct gathering {
	const struct args *args;
	char scenario[128]; /* "": not chosen yet */
	struct store **stores;
	size_t n_stores;
	struct figures_list figures;
	struct run_record declared; /* of the newest run: which effects matter */
	struct host *hosts;
	size_t n_hosts;
};

static void gathering_done(struct gathering *g)
{
	for (size_t i = 0; i < g->n_hosts; i++) {
		free(g->hosts[i].runs);
		free(g->hosts[i].pointers);
	}
	free(g->hosts);
	figures_list_done(&g->figures);
	run_record_done(&g->declared);
	for (size_t i = 0; i < g->n_stores; i++)
		store_close(g->stores[i]);
	free(g->stores);
}

static int out_of_memory(struct bl_err *err)
{
	return bl_fail(err, -ENOMEM, "out of memory");
}

/* ---- stores ---- */

static int open_stores(struct gathering *g, struct bl_err *err)
{
	const struct words *w = &g->args->stores;
	size_t n = w->n ? w->n : 1;
	int r = 0;

	g->stores = calloc(n, sizeof(struct store *));
	if (!g->stores)
		return out_of_memory(err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct args a = {.store = w->n ? w->items[i] : NULL, .work_dir = g->args->work_dir};
		BL_CLEANUP(bl_freep) char *path = NULL;

		r = path_store(&a, &path, err);
		if (r == 0)
			r = store_open(path, STORE_READ, &g->stores[i], err);
		if (r == 0)
			g->n_stores++;
	}
	return r;
}

/* The scenario of the newest run of all stores. */
static int choose_scenario(struct gathering *g, struct bl_err *err)
{
	uint64_t newest = 0;

	if (g->args->of)
		snprintf(g->scenario, sizeof g->scenario, "%s", g->args->of);
	for (size_t i = 0; !g->args->of && i < g->n_stores; i++) {
		BL_CLEANUP(bl_freep) struct store_run_info *list = NULL;
		size_t n = 0;
		int r = store_list_runs(g->stores[i], &list, &n, err);

		if (r < 0)
			return r;
		if (!n || list[0].started_ms < newest)
			continue;
		newest = list[0].started_ms;
		snprintf(g->scenario, sizeof g->scenario, "%s", list[0].scenario);
	}
	if (g->scenario[0])
		return 0;
	return bl_fail(err, -ENOENT,
		       "there are no runs; run the same scenario on each host, and "
		       "give each host's store by --store");
}

/* ---- hosts ---- */

/* Hosts without a machine-id are told apart by their names. */
static struct host *host_of(struct gathering *g, const char *id, const char *name)
{
	struct host *h;

	for (size_t i = 0; i < g->n_hosts; i++)
		if (!strcmp(g->hosts[i].id, id) &&
		    (strcmp(id, "unknown") != 0 || !strcmp(g->hosts[i].name, name)))
			return &g->hosts[i];
	h = reallocarray(g->hosts, g->n_hosts + 1, sizeof *h);
	if (!h)
		return NULL;
	g->hosts = h;
	h = &g->hosts[g->n_hosts++];
	*h = (struct host){.n = 0};
	snprintf(h->id, sizeof h->id, "%s", id);
	snprintf(h->name, sizeof h->name, "%s", name);
	return h;
}

static bool has_run(const struct gathering *g, const char *run)
{
	for (size_t i = 0; i < g->figures.n; i++)
		if (!strcmp(g->figures.items[i].run, run))
			return true;
	return false;
}

/* A run without a figure says nothing of its host. */
static int add_run(struct gathering *g, struct store *s, const char *run, struct bl_err *err)
{
	struct run_record record = {.id = ""};
	struct run_figures *f;
	struct host *h;
	size_t *more;
	int r = figures_list_add(&g->figures, s, run, &record, err);

	if (r < 0)
		return r;
	f = &g->figures.items[g->figures.n - 1];
	if (!f->n) {
		run_record_done(&record);
		run_figures_done(f);
		g->figures.n--;
		return 0;
	}
	if (record.started_ms > g->declared.started_ms) {
		run_record_done(&g->declared);
		g->declared = record;
	} else {
		run_record_done(&record);
	}
	h = host_of(g, f->host_id, f->host_name);
	more = h ? reallocarray(h->runs, h->n + 1, sizeof *more) : NULL;
	if (!more)
		return out_of_memory(err);
	h->runs = more;
	more[h->n++] = g->figures.n - 1;
	return 0;
}

static size_t n_runs_of(const struct gathering *g, const struct store_run_info *i)
{
	for (size_t k = 0; k < g->n_hosts; k++)
		if (!strcmp(g->hosts[k].id, i->host_id) &&
		    (strcmp(i->host_id, "unknown") != 0 || !strcmp(g->hosts[k].name, i->host)))
			return g->hosts[k].n;
	return 0;
}

/* The newest runs of each host, of one store: lists are newest first. */
static int add_newest(struct gathering *g, struct store *s, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) struct store_run_info *list = NULL;
	size_t n = 0;
	int r = store_list_runs(s, &list, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!strcmp(list[i].scenario, g->scenario) && list[i].n_ok &&
		    !has_run(g, list[i].id) && n_runs_of(g, &list[i]) < g->args->n_runs)
			r = add_run(g, s, list[i].id, err);
	return r;
}

static int add_baselines(struct gathering *g, struct store *s, struct bl_err *err)
{
	struct baseline_record *list = NULL;
	size_t n = 0;
	int r = store_list_baselines(s, NULL, false, &list, &n, err);

	for (size_t i = 0; i < n; i++) {
		bool is_meant = !strcmp(list[i].name, g->args->name) &&
				!strcmp(list[i].scenario, g->scenario);

		for (size_t k = 0; r == 0 && is_meant && k < list[i].n_runs; k++)
			if (!has_run(g, list[i].runs[k]))
				r = add_run(g, s, list[i].runs[k], err);
		baseline_record_done(&list[i]);
	}
	free(list);
	return r;
}

static int gather(struct gathering *g, struct bl_err *err)
{
	int r = open_stores(g, err);

	if (r == 0)
		r = choose_scenario(g, err);
	for (size_t i = 0; r == 0 && i < g->n_stores; i++)
		r = g->args->name ? add_baselines(g, g->stores[i], err)
				  : add_newest(g, g->stores[i], err);
	if (r < 0 || g->n_hosts > 1)
		return r;
	return bl_fail(err, -ENOENT,
		       "%s%s%s of '%s' are of %zu host%s; two are the least to compare: give the "
		       "stores of several by --store, or bring them together by `blklab merge`",
		       g->args->name ? "baselines '" : "the runs",
		       g->args->name ? g->args->name : "", g->args->name ? "'" : "", g->scenario,
		       g->n_hosts, g->n_hosts == 1 ? "" : "s");
}

/* ---- the answer ---- */

static int by_name(const void *a, const void *b)
{
	const struct host *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The list of figures does not grow any more. */
static int as_alike(struct gathering *g, struct alike_host *out, struct bl_err *err)
{
	qsort(g->hosts, g->n_hosts, sizeof *g->hosts, by_name);
	for (size_t i = 0; i < g->n_hosts; i++) {
		struct host *h = &g->hosts[i];

		h->pointers = calloc(h->n, sizeof(struct run_figures *));
		if (!h->pointers)
			return out_of_memory(err);
		for (size_t k = 0; k < h->n; k++)
			h->pointers[k] = &g->figures.items[h->runs[k]];
		out[i] = (struct alike_host){
			.id = h->id, .name = h->name, .runs = h->pointers, .n_runs = h->n};
	}
	return 0;
}

static int write_page(struct cli *cli, const struct gathering *g, const struct alike_host *hosts,
		      const struct alike *found, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	const struct args *a = g->args;
	int r = a->report ? report_hosts_page(g->scenario, hosts, found, &page, err) : 0;

	return r < 0 || !a->report ? r : out_file_page_said(cli, a, &page, err);
}

static int exit_code_of(const struct alike *found)
{
	switch (report_hosts_outcome(found)) {
	case ALIKE_SAME:
		return EXIT_FINE;
	case ALIKE_ODD:
		return EXIT_CHANGED;
	default:
		return EXIT_CANNOT_TELL;
	}
}

static int answer(struct cli *cli, struct gathering *g, struct bl_err *err)
{
	const struct args *a = g->args;
	BL_CLEANUP(alike_done) struct alike found = {.rows = NULL};
	BL_CLEANUP(bl_freep) struct alike_host *hosts = calloc(g->n_hosts, sizeof *hosts);
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct term_size size = {cli_text_columns(cli), cli->color, a->all};
	struct min_effects e;
	int r = hosts ? as_alike(g, hosts, err) : out_of_memory(err);

	if (r == 0)
		r = min_effects_asked(a, &g->declared, &e, err);
	if (r == 0)
		r = alike_of(hosts, g->n_hosts, &e, &found, err);
	if (r == 0)
		r = a->json ? report_hosts_json(g->scenario, hosts, &found, &out, err)
			    : report_hosts(g->scenario, hosts, &found, &size, &out, err);
	if (r == 0)
		r = cli_print(cli, &out, err);
	if (r < 0)
		return r;
	return cli_verdict(cli, exit_code_of(&found), write_page(cli, g, hosts, &found, err), err);
}

static int run_hosts(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(gathering_done) struct gathering g = {.args = a};
	int r = gather(&g, err);

	return r < 0 ? r : answer(cli, &g, err);
}

static const struct option_row options[] = {
	{.name = "store",
	 .letter = 's',
	 .kind = OPTION_WORDS,
	 .arg = "FILE",
	 .at = AT(stores),
	 .def_says = "store.db in the work folder",
	 .help = "a store with runs; may be given several times, one a host, say"},
	{.name = "scenario",
	 .kind = OPTION_TEXT,
	 .arg = "NAME",
	 .at = AT(of),
	 .def_says = "that of the newest run",
	 .help = "compare the runs of the scenario of that name"},
	{.name = "runs",
	 .letter = 'N',
	 .kind = OPTION_COUNT,
	 .arg = "N",
	 .at = AT(n_runs),
	 .min = 1,
	 .max = 100,
	 .def = "3",
	 .help = "of each host its newest so many"},
	{.name = "baseline",
	 .kind = OPTION_TEXT,
	 .arg = "NAME",
	 .at = AT(name),
	 .def_says = "the newest runs",
	 .help = "compare the baselines of that name instead"},
	ROW_MIN_EFFECT,
	{.name = "all",
	 .letter = 'a',
	 .at = AT(all),
	 .help = "every figure with the value of each host"},
	ROW_PAGE("the hosts"),
	ROW_WORK_DIR,
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab hosts -s db1.db -s db2.db -s db3.db -s db4.db",
	 "the newest runs of four hosts, from each one's store"},
	{"blklab hosts --scenario nightly --baseline db",
	 "the baselines 'db' of all hosts in the store"},
	{"blklab hosts --json | jq -r '.hosts[] | select(.odd_figures > 0).name'",
	 "the names of hosts that are odd"},
};

const struct verb verb_hosts = {
	.name = "hosts",
	.summary = "of hosts that should be alike, which is odd, and what has it?",
	.about =
		"Compare what hosts give that should be alike: the same scenario, run on each. "
		"From "
		"four hosts on the odd one is named for each figure, with how much it differs from "
		"the others, and with what it alone has in its environment (another firmware, "
		"another governor). Three hosts only show one that stands out, two that they "
		"differ.\n\n"
		"Exit code 4: a host is odd. 5: they differ, and which is odd can't be said. Each "
		"host may keep its own store: give them all by --store.",
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_hosts,
};
