/* verb_history.c - blklab history: the nights of a scenario, as figures over time. */
#include <errno.h>
#include <string.h>

#include "baseline_find.h"
#include "cleanup.h"
#include "history_view.h"
#include "night.h"
#include "nights_load.h"
#include "out_file.h"
#include "rows.h"
#include "scenario_load.h"

struct shown {
	char *path;
	struct store *store;
	struct store_run_info *list;
	size_t n;
	char host_id[64];
};

static void shown_done(struct shown *s)
{
	free(s->list);
	store_closep(&s->store);
	free(s->path);
}

/* --host by name or id, else this host. */
static int find_host(struct shown *s, const struct args *a, struct bl_err *err)
{
	if (!a->host) { /* of a host without an id runs are stored, too: all such are one */
		this_host(s->host_id);
		return 0;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->list[i].host, a->host) != 0 &&
		    strcmp(s->list[i].host_id, a->host) != 0)
			continue;
		memcpy(s->host_id, s->list[i].host_id, sizeof s->host_id);
		return 0;
	}
	return bl_fail(err, -ENOENT, "--host: there is no run of '%s' in '%s'", a->host, s->path);
}

static bool is_here(const struct shown *s, size_t i)
{
	return strncmp(s->list[i].host_id, s->host_id, sizeof s->list[i].host_id - 1) == 0;
}

/* --- without a scenario: which there are --- */

static bool is_first(const struct shown *s, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_here(s, i) && strcmp(s->list[i].scenario, s->list[at].scenario) == 0)
			return false;
	return is_here(s, at);
}

static int list_scenarios(struct cli *cli, const struct shown *s, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	char when[32];

	for (size_t i = 0; i < s->n; i++) {
		size_t runs = 0;

		if (!is_first(s, i))
			continue;
		for (size_t k = i; k < s->n; k++)
			runs += is_here(s, k) &&
				strcmp(s->list[k].scenario, s->list[i].scenario) == 0;
		bl_buf_addf(&out, "%-24s %5zu run%-2s the newest of %.10s\n", s->list[i].scenario,
			    runs, runs == 1 ? "," : "s,",
			    bl_format_utc(when, s->list[i].started_ms));
	}
	if (!out.len)
		cli_note(cli, "no runs of this host in '%s'; '%s nightly SCENARIO' makes one",
			 s->path, cli->program);
	return cli_print(cli, &out, err);
}

/* --- one scenario --- */

/* A name as it is stored, or a file whose scenario has one. */
static int find_scenario(const struct shown *s, const char *given, char **ret, struct bl_err *err)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(bl_freep) char *path = NULL;
	int r = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->list[i].scenario, given) != 0)
			continue;
		*ret = strdup(given);
		return *ret ? 0 : bl_fail(err, -ENOMEM, "out of memory");
	}
	if (path_scenario(given, &path, NULL) < 0)
		return bl_fail(err, -ENOENT,
			       "'%s' is neither a scenario that has runs in '%s' nor a scenario "
			       "file; 'blklab history' shows which have",
			       given, s->path);
	r = scenario_read(path, &sc, err);
	if (r < 0)
		return r;
	*ret = strdup(sc->name);
	return *ret ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

/* Where nightly never ran, ordinary runs are better than nothing. */
static int load(struct cli *cli, const struct shown *s, const char *scenario, const struct args *a,
		struct history *h, struct bl_err *err)
{
	struct history_rules rules = {.adopt = a->adopt};
	int r = nights_load(s->store, s->host_id, scenario, &rules, h, err);

	if (r < 0 || h->n_nights)
		return r;
	rules.adopt = true;
	r = history_settle(h, &rules, err);
	if (r == 0 && h->n_nights)
		cli_note(cli, "no run of '%s' was made by nightly; ordinary ones are shown",
			 scenario);
	return r;
}

/* A name that no series has would show an empty page. */
static int check_names(const struct history *h, const struct args *a, struct bl_err *err)
{
	bool has_cell = !a->cell, has_job = !a->job;

	for (size_t i = 0; i < h->n_series; i++) {
		has_cell |= a->cell && strcmp(h->series[i].cell, a->cell) == 0;
		has_job |= a->job && strcmp(h->series[i].job, a->job) == 0;
	}
	if (!has_cell)
		return bl_fail(err, -ENOENT, "--cell: no night has figures of a cell '%s'",
			       a->cell);
	if (!has_job)
		return bl_fail(err, -ENOENT, "--job: no night has figures of a job '%s'", a->job);
	return 0;
}

static int write_page(struct cli *cli, const struct shown *s, const struct args *a,
		      struct history_view *v, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	int r = history_render(s->store, s->host_id, v, HISTORY_PAGE, &page, err);

	return r < 0 ? r : out_file_page_said(cli, a, &page, err);
}

static int show(struct cli *cli, struct shown *s, const char *scenario, const struct args *a,
		struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(history_done) struct history h = {0};
	struct history_view v = {.h = &h,
				 .scenario = scenario,
				 .cell = a->cell,
				 .job = a->job,
				 .columns = cli->columns};
	int r = load(cli, s, scenario, a, &h, err);

	if (r == 0 && !h.n_nights)
		return bl_fail(err, -ENOENT,
			       "no run of '%s' on this host has figures; 'blklab list' shows how "
			       "runs ended",
			       scenario);
	if (r == 0)
		r = check_names(&h, a, err);
	if (r < 0)
		return r;
	v.host = h.nights[h.n_nights - 1].first->figures.host_name;
	v.accel = history_accel(&h);
	r = history_render(s->store, s->host_id, &v,
			   a->json     ? HISTORY_JSON
			   : a->as_csv ? HISTORY_CSV
				       : HISTORY_TEXT,
			   &out, err);
	if (r == 0)
		r = cli_print(cli, &out, err);
	return r < 0 || !a->report ? r : write_page(cli, s, a, &v, err);
}

/* --- events that a person knows of --- */

static int event_named(const struct change_record *list, size_t n, const char *given,
		       const char **ret, struct bl_err *err)
{
	size_t len = strlen(given);

	*ret = NULL;
	for (size_t i = 0; i < n && len; i++) {
		if (strncmp(list[i].event, given, len) != 0)
			continue;
		if (*ret && strcmp(*ret, list[i].event) != 0)
			return bl_fail(err, -ENOTUNIQ,
				       "--acknowledge: '%s' is the beginning of several events: "
				       "%.18s, %.18s; give more of it",
				       given, *ret, list[i].event);
		*ret = list[i].event;
	}
	if (*ret)
		return 0;
	return bl_fail(err, -ENOENT,
		       "--acknowledge: there is no event '%s' of this scenario and host; 'blklab "
		       "history SCENARIO' ends with those there are",
		       given);
}

/* All of the event that is named by its id or the beginning of it, of the host that is shown and,
 * when one is, the scenario. */
static int acknowledge(const struct shown *s, const char *given, const char *scenario,
		       struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *store = NULL;
	struct change_record *list = NULL;
	const char *event;
	size_t n = 0;
	int r = store_open(s->path, STORE_WRITE, &store, err);

	if (r == 0)
		r = store_list_changes(store, s->host_id, scenario, &list, &n, err);
	if (r == 0)
		r = event_named(list, n, given, &event, err);
	if (r == 0)
		r = store_set_event_state(store, event, s->host_id, scenario,
					  change_state_names[CHANGE_ACKNOWLEDGED], err);
	for (size_t i = 0; i < n; i++)
		change_record_done(&list[i]);
	free(list);
	return r;
}

static int run_history(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(shown_done) struct shown s = {0};
	BL_CLEANUP(bl_freep) char *scenario = NULL;
	int r = path_store(a, &s.path, err);

	if (r == 0)
		r = store_open(s.path, STORE_READ, &s.store, err);
	if (r == 0)
		r = store_list_runs(s.store, &s.list, &s.n, err);
	if (r == 0)
		r = find_host(&s, a, err);
	if (r == 0 && a->scenario)
		r = find_scenario(&s, a->scenario, &scenario, err);
	if (r == 0 && a->acknowledge)
		r = acknowledge(&s, a->acknowledge, scenario, err);
	if (r < 0 || (a->acknowledge && !scenario))
		return r;
	return scenario ? show(cli, &s, scenario, a, err) : list_scenarios(cli, &s, err);
}

static const struct operand_row operands[] = {
	{.name = "SCENARIO",
	 .kind = OPTION_FILE,
	 .at = AT(scenario),
	 .suffixes = "yaml yml",
	 .help = "its name as stored, or its file; without it: which scenarios have runs"},
};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "cell",
	 .letter = 'c',
	 .kind = OPTION_TEXT,
	 .arg = "CELL",
	 .at = AT(cell),
	 .def_says = "all cells",
	 .help = "only this cell, by its name"},
	{.name = "job",
	 .kind = OPTION_TEXT,
	 .arg = "JOB",
	 .at = AT(job),
	 .def_says = "all jobs",
	 .help = "only this job"},
	{.name = "host",
	 .kind = OPTION_TEXT,
	 .arg = "HOST",
	 .at = AT(host),
	 .def_says = "this one",
	 .help = "another host's runs in the store, by its name or id"},
	ROW_ADOPT,
	ROW_PAGE("the nights"),
	{.name = "acknowledge",
	 .kind = OPTION_TEXT,
	 .arg = "EVENT",
	 .at = AT(acknowledge),
	 .help = "this event of the scenario (without one: of any) and host is known: nightly "
		 "counts "
		 "it no more; by the beginning of its id"},
	{.name = "csv",
	 .at = AT(as_csv),
	 .help = "one line a night and figure, for other programs"},
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab history", "which scenarios have runs of this host"},
	{"blklab history quick", "every figure over the nights, and where it changed"},
	{"blklab history quick --cell 'virtio-blk none' --csv > nights.csv",
	 "for a spreadsheet or a plot"},
	{"blklab history quick --report nights.html", "a page with a picture of every figure"},
};

const struct verb verb_history = {
	.name = "history",
	.summary = "the figures of a scenario over its nights, and where they changed",
	.about = "Show IOPS, mean, p50, p99, p99.9 and CPU per I/O of every cell and job, a digit "
		 "a night: 0 is the least of its line, 9 the most. Letters above them mark nights "
		 "on which something in the environment changed, from another QEMU or kernel to an "
		 "edited scenario; '|' below them marks change points, as 'blklab changes' finds "
		 "them. A night that lacks a figure has a dot: nothing is made up for it.\n\n"
		 "A night is a run by 'blklab nightly'; with --adopt ordinary runs of the scenario "
		 "are nights, too. Runs that can't be compared with the newest are left out and "
		 "counted: interrupted ones, those of another version of the engine, emulated ones "
		 "where the newest with a VM was not.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_history,
};
