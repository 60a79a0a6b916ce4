/* verb_baseline_record.c - blklab baseline record: run the scenario a few times, or take stored
 * runs, and give that a name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "baseline_find.h"
#include "cleanup.h"
#include "clock.h"
#include "profile.h"
#include "profile_report.h"
#include "rows.h"
#include "run_session.h"

#define NAME_MAX_BYTES 64

struct recording {
	struct cli *cli;
	const struct args *args;
	struct store *store; /* borrowed */
	char (*runs)[BL_UUID_TEXT];
	size_t n;
};

static void recording_done(struct recording *k)
{
	free(k->runs);
}

/* The baseline of that name in use for the host and scenario; *is_there says whether there is. */
static int find_existing(struct store *s, const char *name, const char *host, const char *scenario,
			 struct baseline_record *ret, bool *is_there, struct bl_err *err)
{
	struct baseline_record *list = NULL;
	size_t n = 0;
	int r = store_list_baselines(s, host, false, &list, &n, err);

	*is_there = false;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!strcmp(list[i].name, name) && !strcmp(list[i].scenario, scenario)) {
			*ret = list[i];
			*is_there = true;
		} else {
			baseline_record_done(&list[i]);
		}
	}
	free(list);
	return r;
}

/* Before an hour of measuring, and again when it is put. */
static int check_name(const struct recording *k, const char *host, const char *scenario,
		      struct bl_err *err)
{
	BL_CLEANUP(baseline_record_done) struct baseline_record b = {.name = NULL};
	bool is_there = false;
	int r = 0;

	if (k->store) /* else it is made when the first run begins */
		r = find_existing(k->store, k->args->name, host, scenario, &b, &is_there, err);
	if (r < 0 || is_there == k->args->add)
		return r;
	if (is_there)
		return bl_fail(err, -EEXIST,
			       "'%s' is a baseline of %s on this host already, of %zu run%s; --add "
			       "takes more runs into it, `blklab baseline retire` makes the name "
			       "free",
			       k->args->name, scenario, b.n_runs, b.n_runs == 1 ? "" : "s");
	return bl_fail(err, -ENOENT,
		       "--add: '%s' is no baseline of %s on this host; without --add it is made",
		       k->args->name, scenario);
}

static int take(struct recording *k, const char *id, struct bl_err *err)
{
	char(*more)[BL_UUID_TEXT] = reallocarray(k->runs, k->n + 1, sizeof *more);

	if (!more)
		return bl_fail(err, -ENOMEM, "out of memory");
	k->runs = more;
	strcpy(more[k->n++], id);
	return 0;
}

/* ---- into the store ---- */

static int put_new(const struct recording *k, const struct run_figures *first,
		   struct baseline_record *b, struct bl_err *err)
{
	b->made_ms = bl_wall_ms();
	bl_uuid7(b->id, b->made_ms);
	b->name = strdup(k->args->name);
	b->host = strdup(first->host_id);
	b->host_name = strdup(first->host_name);
	b->scenario = strdup(first->scenario);
	b->note = strdup(k->args->note ? k->args->note : "");
	b->runs = calloc(k->n, sizeof *b->runs);
	if (!b->name || !b->host || !b->host_name || !b->scenario || !b->note || !b->runs)
		return bl_fail(err, -ENOMEM, "out of memory");
	memcpy(b->runs, k->runs, k->n * sizeof *b->runs);
	b->n_runs = k->n;
	return store_put_baseline(k->store, b, err);
}

static int add_to(const struct recording *k, const struct run_figures *first,
		  struct baseline_record *b, struct bl_err *err)
{
	bool is_there;
	int r = find_existing(k->store, k->args->name, first->host_id, first->scenario, b,
			      &is_there, err);

	if (r == 0 && !is_there)
		r = bl_fail(err, -ENOENT, "--add: '%s' is no baseline any more", k->args->name);
	for (size_t i = 0; r == 0 && i < k->n; i++)
		r = store_add_baseline_run(k->store, b->id, k->runs[i], err);
	return r;
}

static int show(const struct recording *k, const struct baseline_record *b,
		const struct figures_list *runs, struct bl_err *err)
{
	struct cli *cli = k->cli;
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct term_size size = {cli_text_columns(cli), cli->color, false};
	struct profile_of_baseline of = {
		.baseline = b, .runs = runs->items, .n_runs = runs->n, .now_ms = bl_wall_ms()};
	int r = k->args->json    ? report_profile_json(&of, &out, err)
		: k->args->quiet ? 0
				 : report_profile(&of, &size, &out, err);

	if (r == 0)
		r = cli_print(cli, &out, err);
	if (r == 0 && runs->n < PROFILE_RUNS_MIN)
		cli_note(cli,
			 "'%s' has %zu of the %d runs that a check needs; --add takes more, best "
			 "of other days",
			 b->name, runs->n, PROFILE_RUNS_MIN);
	return r;
}

static int put(struct recording *k, struct bl_err *err)
{
	BL_CLEANUP(baseline_record_done) struct baseline_record b = {.name = NULL};
	BL_CLEANUP(baseline_record_done) struct baseline_record stored = {.name = NULL};
	BL_CLEANUP(figures_list_done)
	struct figures_list given = {.items = NULL}, all = {.items = NULL};
	struct args which = {.name = k->args->name};
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->n; i++) {
		r = figures_list_add(&given, k->store, k->runs[i], NULL, err);
		if (r == 0 && !given.items[i].n)
			r = bl_fail(err, -EINVAL,
				    "run %.13s has no figures: none of its trials has a result; "
				    "leave it out",
				    k->runs[i]);
	}
	if (r == 0)
		r = k->args->add ? add_to(k, given.items, &b, err)
				 : put_new(k, given.items, &b, err);
	if (r < 0)
		return r;
	which.of = b.scenario;
	which.host = b.host;
	r = baseline_find(k->store, &which, false, &stored, err);
	if (r == 0)
		r = figures_list_load(&all, k->store, &stored, err);
	return r < 0 ? r : show(k, &stored, &all, err);
}

/* ---- stored runs ---- */

static int record_stored(struct recording *k, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(bl_freep) char *path = NULL;
	char id[BL_UUID_TEXT];
	int r = path_store(k->args, &path, err);

	if (r == 0)
		r = store_open(path, STORE_WRITE, &store, err);
	k->store = store;
	for (size_t i = 0; r == 0 && i < k->args->runs.n; i++) {
		r = store_resolve(store, k->args->runs.items[i], id, err);
		if (r == 0)
			r = take(k, id, err);
	}
	return r < 0 ? r : put(k, err);
}

/* ---- runs that are made ---- */

static void say_stopped(const struct recording *k)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf from = BL_BUF_INIT;

	for (size_t i = 0; i < k->n; i++)
		bl_buf_addf(&from, " --from %s", k->runs[i]);
	if (k->n)
		cli_note(k->cli,
			 "stopped: no baseline was recorded; %s baseline record %s%s records "
			 "the %zu complete run%s",
			 k->cli->program, k->args->name, bl_buf_str(&from), k->n,
			 k->n == 1 ? "" : "s");
	else
		cli_note(k->cli, "stopped: no baseline was recorded");
}

/* *ret_failed: trials without a result. */
static int make_runs(struct recording *k, struct run_session *s, size_t *ret_failed,
		     struct bl_err *err)
{
	int r = run_session_open(s, NULL, err);

	k->store = s->store;
	*ret_failed = 0;
	for (uint64_t i = 0; r == 0 && i < k->args->n_runs; i++) {
		r = run_session_run(s, NULL, NULL, err);
		*ret_failed += s->progress.n_trials - s->progress.n_ok;
		if (r == 0 && s->progress.n_ok)
			r = take(k, s->run.id, err);
	}
	return r;
}

static int record_made(struct recording *k, struct bl_err *err)
{
	BL_CLEANUP(run_session_done) struct run_session s = RUN_SESSION_INIT;
	struct args a = *k->args;
	size_t n_failed = 0;
	char here[17];
	int r;

	a.json = false; /* JSON is the profile at the end; what goes on is for people */
	r = run_session_prepare(&s, k->cli, &a, err);
	if (r < 0)
		return r;
	k->store = s.store;
	this_host(here);
	r = check_name(k, here, s.plan.scenario->name, err);
	if (r < 0)
		return r;
	cli_catch_stop(k->cli,
		       "stopping: the virtual machine is ended and what is complete is kept...",
		       CLI_STOP_AGAIN);
	r = run_session_lock(&s, "baseline record", 0, err);
	if (r == 0)
		r = make_runs(k, &s, &n_failed, err);
	if (r == -EINTR) {
		say_stopped(k);
		return EXIT_TRIAL_FAILED;
	}
	if (r < 0)
		return r;
	if (!k->n) {
		cli_note(k->cli, "no trial has a result: no baseline was recorded");
		return EXIT_TRIAL_FAILED;
	}
	r = put(k, err);
	return r < 0 ? r : n_failed ? EXIT_TRIAL_FAILED : EXIT_FINE;
}

/* It stands in tables, and is typed by people. */
static int check_spelling(const char *name, struct bl_err *err)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			len = 0;
	if (len && len <= NAME_MAX_BYTES && name[0] != ' ')
		return 0;
	return bl_fail(err, -EINVAL,
		       "NAME: a baseline is called by 1 to %d characters, without control "
		       "characters and no blank first",
		       NAME_MAX_BYTES);
}

static int run_record(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(recording_done) struct recording k = {.cli = cli, .args = a};
	int r = check_spelling(a->name, err);

	if (r < 0)
		return r;

	if (a->scenario && a->runs.n)
		return bl_fail(err, -EINVAL,
			       "'%s' would be run, and --from takes stored runs: give one of them",
			       a->scenario);
	if (!a->scenario && !a->runs.n)
		return bl_fail(err, -EINVAL,
			       "SCENARIO is missing: the one to run, or --from RUN for each stored "
			       "run to take");
	return a->scenario ? record_made(&k, err) : record_stored(&k, err);
}

static const struct operand_row operands[] = {
	{.name = "NAME",
	 .kind = OPTION_TEXT,
	 .is_needed = true,
	 .at = AT(name),
	 .help = "what the baseline is to be called"},
	{.name = "SCENARIO",
	 .kind = OPTION_FILE,
	 .at = AT(scenario),
	 .suffixes = "yaml yml",
	 .help = "scenario to run; without it --from names stored runs"},
};

static const struct option_row options[] = {
	{.name = "runs",
	 .letter = 'N',
	 .kind = OPTION_COUNT,
	 .arg = "N",
	 .at = AT(n_runs),
	 .min = 1,
	 .max = 100,
	 .def = "3",
	 .help = "how often the scenario is run"},
	{.name = "from",
	 .kind = OPTION_WORDS,
	 .arg = "RUN",
	 .at = AT(runs),
	 .help = "take this stored run, by the beginning of its id; may be given several times"},
	{.name = "add",
	 .at = AT(add),
	 .help = "add the runs to the baseline of that name, instead of making it"},
	{.name = "note",
	 .kind = OPTION_TEXT,
	 .arg = "TEXT",
	 .at = AT(note),
	 .help = "kept with it"},
	ROW_STORE,
	ROWS_OF_RUN,
	{.name = "json",
	 .letter = 'j',
	 .at = AT(json),
	 .help = "the profile as JSON; what goes on goes to standard error"},
	{.name = "quiet", .letter = 'q', .at = AT(quiet), .help = "say nothing but faults"},
};

static const struct example examples[] = {
	{"blklab baseline record db my.yaml", "run it three times, and call that 'db'"},
	{"blklab baseline record db my.yaml --runs 1 --add",
	 "one more run, of another day: what days differ by is part of what a host gives"},
	{"blklab baseline record db --from 0199a --from 0199c --from 0199e",
	 "three runs that were made before"},
};

const struct verb verb_baseline_record = {
	.name = "baseline record",
	.summary = "run a scenario a few times, or take stored runs, as a baseline",
	.about = "Give a name to runs of one scenario on one host. They are made now, one after "
		 "the other, or taken from the store; nothing is copied, and runs of a baseline "
		 "can't be deleted. One baseline of a name is in use for each host and scenario.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_record,
};
