/* verb_baseline_check.c - blklab baseline check: does this host still give what it gave? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "baseline_find.h"
#include "cleanup.h"
#include "effects_asked.h"
#include "finding_command.h"
#include "clock.h"
#include "out_file.h"
#include "profile_page.h"
#include "rows.h"
#include "run_session.h"

struct checking {
	struct cli *cli;
	const struct args *args;
	struct baseline_record baseline;
	struct figures_list base, now;
	struct run_record newest; /* of the baseline: how it was asked for */
};

static void checking_done(struct checking *k)
{
	baseline_record_done(&k->baseline);
	figures_list_done(&k->base);
	figures_list_done(&k->now);
	run_record_done(&k->newest);
}

/* ---- the runs to check ---- */

static bool is_of_baseline(const struct baseline_record *b, const char *run)
{
	for (size_t i = 0; i < b->n_runs; i++)
		if (!strcmp(b->runs[i], run))
			return true;
	return false;
}

/* The newest run of the host and scenario that is not of the baseline itself. */
static int newest_run(struct store *s, const struct baseline_record *b, char id[BL_UUID_TEXT],
		      struct bl_err *err)
{
	BL_CLEANUP(bl_freep) struct store_run_info *list = NULL;
	size_t n = 0;
	int r = store_list_runs(s, &list, &n, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].host_id, b->host) != 0 ||
		    strcmp(list[i].scenario, b->scenario) != 0 || !list[i].n_ok ||
		    is_of_baseline(b, list[i].id))
			continue;
		strcpy(id, list[i].id);
		return 0;
	}
	return bl_fail(err, -ENOENT,
		       "there is no run of %s on %s beside those of the baseline; without --run it "
		       "is run now",
		       b->scenario, b->host_name);
}

static int take_stored(struct checking *k, struct store *s, const char *given, struct bl_err *err)
{
	const struct run_figures *f;
	char id[BL_UUID_TEXT];
	int r = strcmp(given, "newest") == 0 ? newest_run(s, &k->baseline, id, err)
					     : store_resolve(s, given, id, err);

	if (r == 0 && is_of_baseline(&k->baseline, id))
		r = bl_fail(err, -EINVAL,
			    "run %.13s is of the baseline itself; another one can be checked "
			    "against it",
			    id);
	if (r == 0)
		r = figures_list_add(&k->now, s, id, NULL, err);
	if (r < 0)
		return r;
	f = &k->now.items[k->now.n - 1];
	if (strcmp(f->scenario, k->baseline.scenario) != 0)
		return bl_fail(err, -EINVAL, "run %.13s is of scenario '%s', the baseline of '%s'",
			       id, f->scenario, k->baseline.scenario);
	return 0;
}

/* ---- runs that are made ---- */

/* As the newest run of the baseline was asked for, where the command line does not say. Points into
 * k->newest. */
static int ask_again(const struct checking *k, struct args *a, struct bl_err *err)
{
	const struct facts *d = &k->newest.declared;
	bool is_chosen = a->cells.n || a->with.n;
	const char *repeats = facts_get(d, "asked.repeats"), *kernel = facts_get(d, "asked.kernel");

	if (!a->scenario)
		a->scenario = facts_get(d, "asked.scenario");
	if (!a->scenario)
		return bl_fail(err, -EINVAL,
			       "SCENARIO is missing: the runs of '%s' don't say where theirs is; "
			       "name it, or a stored run by --run",
			       a->name);
	for (size_t i = 0; !is_chosen && i < d->n; i++) {
		struct words *w = !strcmp(d->items[i].key, "asked.cell")   ? &a->cells
				  : !strcmp(d->items[i].key, "asked.with") ? &a->with
									   : NULL;

		if (w && w->n < OPTION_WORDS_MAX)
			w->items[w->n++] = d->items[i].value;
	}
	if (kernel && !strcmp(a->kernel, "installed"))
		a->kernel = kernel;
	if (repeats && !a->repeats)
		a->repeats = strcmp(repeats, "auto") ? strtoull(repeats, NULL, 10)
						     : SCENARIO_REPEATS_AUTO;
	if (!a->budget)
		a->budget = facts_get(d, "asked.budget");
	if (!a->serial && !a->device) {
		const char *pci = facts_get(d, "device.pci"), *path = facts_get(d, "device.path");

		a->serial = facts_get(d, "device.serial");
		a->device = pci ? pci : path;
	}
	return 0;
}

static int make_runs(struct checking *k, struct bl_err *err)
{
	BL_CLEANUP(run_session_done) struct run_session s = RUN_SESSION_INIT;
	struct args a = *k->args;
	int r = ask_again(k, &a, err);

	a.json = false; /* JSON is the verdict at the end */
	if (r == 0)
		r = run_session_prepare(&s, k->cli, &a, err);
	if (r < 0)
		return r;
	if (strcmp(s.plan.scenario->name, k->baseline.scenario) != 0)
		return bl_fail(err, -EINVAL, "'%s' is scenario '%s', the baseline is of '%s'",
			       a.scenario, s.plan.scenario->name, k->baseline.scenario);
	cli_catch_stop(k->cli,
		       "stopping: the virtual machine is ended and what is complete is kept...",
		       CLI_STOP_AGAIN);
	r = run_session_lock(&s, "baseline check", 0, err);
	if (r == 0)
		r = run_session_open(&s, NULL, err);
	for (uint64_t i = 0; r == 0 && i < k->args->n_runs; i++) {
		r = run_session_run(&s, NULL, NULL, err);
		if (r == 0)
			r = figures_list_add(&k->now, s.store, s.run.id, NULL, err);
	}
	return r;
}

/* ---- the answer ---- */

static int write_page(const struct checking *k, const struct profile_of_baseline *of,
		      const struct profile_check *c, struct bl_err *err)
{
	struct profile_checked checked = {k->now.items, k->now.n, c};
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	const struct args *a = k->args;
	int r = a->report ? report_profile_page(of, &checked, &page, err) : 0;

	return r < 0 || !a->report ? r : out_file_page_said(k->cli, a, &page, err);
}

/* "blklab baseline record db quick": of the cells that its newest run had. */
static void record_command(const struct checking *k, struct bl_buf *out)
{
	const struct args *a = k->args;
	const struct facts *d = &k->newest.declared;
	const char *scenario = a->scenario ? a->scenario : facts_get(d, "asked.scenario");

	bl_buf_adds(out, "blklab baseline record ");
	shell_word(out, k->baseline.name);
	bl_buf_addc(out, ' ');
	shell_word(out, scenario ? scenario : k->baseline.scenario);
	for (size_t i = 0; i < d->n; i++) {
		const char *key = d->items[i].key;
		bool is_cell = !strcmp(key, "asked.cell");

		if (!is_cell && strcmp(key, "asked.with") != 0)
			continue;
		bl_buf_adds(out, is_cell ? " --cell " : " --with ");
		shell_word(out, d->items[i].value);
	}
	if (a->store) {
		bl_buf_adds(out, " --store ");
		shell_word(out, a->store);
	}
}

/* What drifted weighs more than a trial that failed, which weighs more than what can't be told. */
static int exit_code_of(const struct checking *k, const struct profile_check *c)
{
	enum profile_verdict outcome = report_check_outcome(c);

	if (outcome == PROFILE_DRIFTED)
		return EXIT_CHANGED;
	for (size_t i = 0; i < k->now.n; i++)
		if (k->now.items[i].n_ok < k->now.items[i].n_trials)
			return EXIT_TRIAL_FAILED;
	return outcome == PROFILE_CANNOT_TELL ? EXIT_CANNOT_TELL : EXIT_FINE;
}

static int answer(struct checking *k, struct bl_err *err)
{
	struct cli *cli = k->cli;
	const struct args *a = k->args;
	BL_CLEANUP(profile_check_done) struct profile_check c = {.items = NULL};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT, record = BL_BUF_INIT;
	struct term_size size = {cli_text_columns(cli), cli->color, a->all};
	struct profile_of_baseline of = {.baseline = &k->baseline,
					 .runs = k->base.items,
					 .n_runs = k->base.n,
					 .now_ms = bl_wall_ms()};
	struct min_effects e;
	int r = min_effects_asked(a, &k->newest, &e, err);

	record_command(k, &record);
	if (bl_buf_failed(&record))
		return bl_fail(err, -ENOMEM, "out of memory");
	of.record = bl_buf_str(&record);
	if (r == 0)
		r = profile_check_figures(k->base.items, k->base.n, k->now.items, k->now.n, &e, &c,
					  err);
	if (r == 0)
		r = a->json ? report_check_json(&of, k->now.items, k->now.n, &c, &out, err)
			    : report_check(&of, k->now.items, k->now.n, &c, &size, &out, err);
	if (r == 0)
		r = cli_print(cli, &out, err);
	if (r < 0)
		return r;
	return cli_verdict(cli, exit_code_of(k, &c), write_page(k, &of, &c, err), err);
}

/* What is needed of the store before it may be opened anew for runs. */
static int prepare(struct checking *k, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(bl_freep) char *path = NULL;
	struct min_effects e;
	const struct baseline_record *b = &k->baseline;
	int r = min_effects_asked(k->args, NULL, &e, err); /* a mistake is said at once */

	if (r == 0 && k->args->report)
		r = out_file_check("--report", k->args->report, err);
	if (r == 0)
		r = path_store(k->args, &path, err);
	if (r == 0)
		r = store_open(path, STORE_READ, &store, err);
	if (r == 0)
		r = baseline_find(store, k->args, false, &k->baseline, err);
	for (size_t i = 0; r == 0 && i < b->n_runs; i++)
		r = figures_list_add(&k->base, store, b->runs[i],
				     i + 1 == b->n_runs ? &k->newest : NULL, err);
	for (size_t i = 0; r == 0 && i < k->args->runs.n; i++)
		r = take_stored(k, store, k->args->runs.items[i], err);
	return r;
}

static int run_check(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(checking_done) struct checking k = {.cli = cli, .args = a};
	char here[17];
	int r;

	if (a->scenario && a->runs.n)
		return bl_fail(err, -EINVAL,
			       "'%s' would be run, and --run takes stored runs: give one of them",
			       a->scenario);
	r = prepare(&k, err);
	if (r == 0 && !a->runs.n) {
		this_host(here);
		if (strcmp(k.baseline.host, here) != 0)
			return bl_fail(
				err, -EINVAL,
				"'%s' is the baseline of %s, and a run made here says nothing "
				"of that; name a stored run of it by --run",
				a->name, k.baseline.host_name);
		r = make_runs(&k, err);
	}
	if (r == -EINTR) {
		cli_note(cli, "stopped: nothing was checked");
		return EXIT_TRIAL_FAILED;
	}
	return r < 0 ? r : answer(&k, err);
}

static const struct operand_row operands[] = {
	OPERAND_BASELINE,
	{.name = "SCENARIO",
	 .kind = OPTION_FILE,
	 .at = AT(scenario),
	 .suffixes = "yaml yml",
	 .help = "scenario to run now; without it that of the baseline's newest run, asked for as "
		 "that was"},
};

static const struct option_row options[] = {
	{.name = "run",
	 .kind = OPTION_WORDS,
	 .arg = "RUN",
	 .at = AT(runs),
	 .def_says = "the scenario is run now",
	 .help = "check this stored run, by the beginning of its id, or 'newest'; may be given "
		 "several times"},
	{.name = "runs",
	 .letter = 'N',
	 .kind = OPTION_COUNT,
	 .arg = "N",
	 .at = AT(n_runs),
	 .min = 1,
	 .max = 100,
	 .def = "1",
	 .help = "how often it is run now; more see smaller changes"},
	ROW_MIN_EFFECT,
	{.name = "all",
	 .letter = 'a',
	 .at = AT(all),
	 .help = "every figure, not only those that drifted"},
	ROW_PAGE("the check"),
	ROW_OF,
	ROW_HOST,
	ROW_STORE,
	ROWS_OF_RUN,
	{.name = "json",
	 .letter = 'j',
	 .at = AT(json),
	 .help = "the verdicts as JSON; what goes on goes to standard error"},
	{.name = "quiet", .letter = 'q', .at = AT(quiet), .help = "don't say what goes on"},
};

static const struct example examples[] = {
	{"blklab baseline check db || test $? = 4 && echo 'storage drifted'",
	 "run it now; 4 says that it drifted for the worse"},
	{"blklab baseline check db --run newest --report db.html",
	 "the newest stored run of the scenario, as a page"},
	{"blklab baseline check db --runs 3 --min-effect p99=10%",
	 "three runs, and less than 10 % at p99 does not matter"},
};

const struct verb verb_baseline_check = {
	.name = "baseline check",
	.summary = "does this host still give what it gave, and what changed?",
	.about =
		"Run the scenario of a baseline again (or take a stored run) and say of each "
		"figure: ok, drifted or cannot tell, and what changed in the environment since. A "
		"figure has drifted when it is not one that an unchanged host gives, by the spread "
		"between the runs of the baseline and with regard to how many figures are looked "
		"at, and differs by more than matters. The interval shown is where that of an "
		"unchanged host lies.\n\n"
		"Exit code 4: some figure drifted for the worse. 1: none did, and a trial that was "
		"checked has no result. 5: of some job not one figure could be told, for want of "
		"runs, say.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_check,
};
