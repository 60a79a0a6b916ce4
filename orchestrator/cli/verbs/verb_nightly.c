/* verb_nightly.c - blklab nightly: measure, compare with the nights before, say what changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "doctor.h"
#include "effects_asked.h"
#include "history.h"
#include "nightly.h"
#include "out_file.h"
#include "rows.h"
#include "units.h"

#define CONFIRM_MOST 20

static void nightly_done(struct nightly *n)
{
	run_session_done(&n->session);
	notify_config_done(&n->notify);
	nightly_forget(n);
	for (size_t i = 0; i < n->n_notes; i++)
		free(n->notes[i]);
	night_done(&n->night);
}

/* --- before anything is done --- */

static int read_confirm(const char *text, unsigned *ret, struct bl_err *err)
{
	uint64_t n = 0;

	if (strcmp(text, "off") != 0 && bl_parse_u64(text, 0, CONFIRM_MOST, &n, NULL) < 0)
		return bl_fail(err, -EINVAL,
			       "--confirm: '%s' is neither 'off' nor a number up to %d", text,
			       CONFIRM_MOST);
	*ret = (unsigned)n;
	return 0;
}

static int check_files(const struct args *a, struct bl_err *err)
{
	const struct {
		const char *option, *path;
	} files[] = {{"--report", a->report},
		     {"--history", a->history},
		     {"--junit", a->junit},
		     {"--openmetrics", a->openmetrics}};

	for (size_t i = 0; i < BL_ARRAY_LEN(files); i++) {
		int r = files[i].path ? out_file_check(files[i].option, files[i].path, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_options(struct nightly *n, struct bl_err *err)
{
	const struct args *a = n->args;
	int r = bl_parse_time(a->wait, &n->wait_ns, err);

	if (r < 0)
		return bl_wrap(err, r, "--wait");
	r = read_confirm(a->confirm, &n->confirm, err);
	if (r == 0)
		r = min_effects_asked(a, NULL, &n->effects, err);
	if (r == 0)
		r = check_files(a, err);
	if (r == 0 && a->notify)
		r = notify_config_read(a->notify, &n->notify, err);
	for (size_t i = 0; i < n->notify.warnings.n; i++)
		cli_note(n->cli, "%s", n->notify.warnings.items[i]);
	return r;
}

/* What is known of the night before it was measured. */
static int begin(struct nightly *n, struct bl_err *err)
{
	struct doctor_options here = {.root = ""};
	struct bl_err why = BL_ERR_INIT;
	char host[256] = "";
	struct night *t = &n->night;

	if (host_id(&here, n->host_id, &why) < 0) {
		nightly_note(n, "%s", bl_err_text(&why));
		n->cli->is_host_noted = true;
	}
	gethostname(host, sizeof host - 1);
	*t = (struct night){.scenario = strdup(n->session.plan.scenario->name),
			    .host_id = strdup(n->host_id),
			    .host_name = strdup(host),
			    .version = strdup(BLKLAB_VERSION),
			    .accel = strdup(""),
			    .trusts_candidates = !n->confirm,
			    .started_ms = bl_wall_ms()};
	if (t->scenario && t->host_id && t->host_name && t->version && t->accel)
		return 0;
	return bl_fail(err, -ENOMEM, "out of memory");
}

/* --- the night --- */

static int add_failure(struct night *t, const char *cell, const struct trial_record *trial)
{
	struct night_failure *grown = reallocarray(t->failures, t->n_failures + 1, sizeof *grown),
			     *f;

	if (!grown)
		return -ENOMEM;
	t->failures = grown;
	f = &grown[t->n_failures++];
	*f = (struct night_failure){
		.cell = strdup(cell),
		.repeat = trial->repeat,
		.reason = strdup(trial->reason ? trial->reason : "no reason given")};
	return f->cell && f->reason ? 0 : -ENOMEM;
}

/* Trials and what they are of, of the run that was made. */
static int take_run(struct nightly *n, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct night *t = &n->night;
	int r = store_load_figures(n->session.store, n->session.run.id, &d, err);

	if (r < 0)
		return r;
	memcpy(n->run_id, d.run.id, sizeof n->run_id);
	memcpy(t->run_id, d.run.id, sizeof t->run_id);
	free(t->accel);
	t->accel = strdup(d.run.accel);
	t->n_trials = d.n_trials;
	for (size_t i = 0; i < d.n_trials && r == 0; i++) {
		t->n_ok += d.trials[i].state == TRIAL_OK;
		if (d.trials[i].state != TRIAL_OK)
			r = add_failure(t, d.cells[d.trials[i].cell].name, &d.trials[i]);
	}
	if (r == 0)
		r = min_effects_asked(n->args, &d.run, &n->effects, err);
	return r < 0 || !t->accel ? bl_fail(err, r < 0 ? r : -ENOMEM, "out of memory") : 0;
}

static int measure(struct nightly *n, struct bl_err *err)
{
	BL_CLEANUP(facts_done) struct facts declared = {0};
	int r = nightly_wait(n, err);

	if (r == 0)
		r = run_session_open(&n->session, NULL, err);
	if (r == 0 && facts_add(&declared, NIGHTLY_FACT, "yes") < 0)
		r = bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = run_session_run(&n->session, NULL, &declared, err);
	if (n->session.is_stored && r == 0)
		r = take_run(n, err);
	return r;
}

/* Beyond the first judgement, which stands whatever goes wrong here: look again where that helps,
 * judge again, and remember. Returns the first fault; all are notes. */
static int go_on(struct nightly *n, struct bl_err *err)
{
	static int (*const steps[])(struct nightly *, struct bl_err *) = {
		nightly_again, nightly_confirm, nightly_remember};
	int first = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(steps); i++) {
		struct bl_err why = BL_ERR_INIT;
		int r = steps[i](n, &why);

		if (r == 0)
			continue;
		nightly_fault(n, bl_err_text(&why));
		if (first == 0)
			first = bl_fail(err, r, "%s", bl_err_text(&why));
	}
	return first;
}

/* The reason is told to whoever waits for this night, then the fault goes its way. */
static int no_night(struct nightly *n, int r, const struct bl_err *why, struct bl_err *err)
{
	struct bl_err second = BL_ERR_INIT;

	/* What was measured is in the store, also when it could not be judged. */
	n->night.outcome = n->run_id[0] ? NIGHT_CANNOT_TELL : NIGHT_NOT_MEASURED;
	n->night.ended_ms = bl_wall_ms();
	free(n->night.reason);
	n->night.reason = strdup(r == -EINTR ? "it was stopped" : bl_err_text(why));
	if (n->night.reason && nightly_tell(n, &second) < 0)
		cli_note(n->cli, "%s", bl_err_text(&second));
	if (r == -EINTR)
		return EXIT_TRIAL_FAILED;
	return bl_fail(err, r, "%s", bl_err_text(why));
}

_Static_assert((int)NIGHT_EXIT_FINE == EXIT_FINE &&
		       (int)NIGHT_EXIT_TRIAL_FAILED == EXIT_TRIAL_FAILED &&
		       (int)NIGHT_EXIT_WORSE == EXIT_CHANGED &&
		       (int)NIGHT_EXIT_CANNOT_TELL == EXIT_CANNOT_TELL,
	       "a night's exit codes are those of all verbs");

static int run_night(struct nightly *n, struct bl_err *err)
{
	struct bl_err why = BL_ERR_INIT, unseen = BL_ERR_INIT;
	int code, shown, r = measure(n, &why);

	if (r == 0)
		r = nightly_judge(n, &why);
	if (r < 0)
		return no_night(n, r, &why, err);
	r = go_on(n, &why);
	n->night.is_stopped = n->cli->stop && *n->cli->stop;
	if (n->night.is_stopped)
		nightly_note(n, "a person stopped it: what is told is as far as it came");
	n->night.ended_ms = bl_wall_ms();
	shown = nightly_tell(n, &unseen);
	code = (int)night_exit_of(&n->night);
	if (code == EXIT_FINE && r < 0)
		return bl_fail(err, r, "%s", bl_err_text(&why));
	if (shown < 0)
		bl_fail(err, shown, "%s", bl_err_text(&unseen));
	return cli_verdict(n->cli, code, shown, err);
}

static int run_nightly(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(nightly_done)
	struct nightly n = {.cli = cli, .args = a, .run_args = *a, .session = RUN_SESSION_INIT};
	int r = read_options(&n, err);

	if (r < 0)
		return r;
	n.run_args.json = false; /* one document, and no events before it */
	n.run_args.quiet = a->quiet || a->json;
	r = run_session_prepare(&n.session, cli, &n.run_args, err);
	if (r == 0)
		r = begin(&n, err);
	if (r == 0)
		r = nightly_check_baseline(&n, err);
	if (r < 0)
		return r;
	cli_catch_stop(cli,
		       "stopping: the virtual machine is ended and what is complete is kept...",
		       CLI_STOP_AGAIN);
	return run_night(&n, err);
}

static const struct operand_row operands[] = {OPERAND_SCENARIO};

static const char *const busy_values[] = {"wait", "measure", NULL};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "baseline",
	 .kind = OPTION_TEXT,
	 .arg = "NAME",
	 .at = AT(baseline),
	 .def_says = "the only one there is of this scenario",
	 .help = "compare each figure with this baseline, too"},
	{.name = "wait",
	 .kind = OPTION_TEXT,
	 .arg = "TIME",
	 .at = AT(wait),
	 .def = "2h",
	 .help = "how long to wait for another run to end and for a quiet host; 0s: not at all"},
	{.name = "busy",
	 .kind = OPTION_ENUM,
	 .arg = "WHAT",
	 .at = AT(busy),
	 .values = busy_values,
	 .def = "wait",
	 .help = "what to do on a busy host: wait for it, or measure all the same and say so"},
	{.name = "confirm",
	 .kind = OPTION_TEXT,
	 .arg = "N|off",
	 .at = AT(confirm),
	 .def = "1",
	 .help = "how many new changes are confirmed by fresh trials; off: no further run at all, "
		 "not of what was far off either"},
	ROW_MIN_EFFECT,
	ROW_ADOPT,
	{.name = "report",
	 .letter = 'r',
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(report),
	 .help = "write the run's HTML report there"},
	{.name = "history",
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(history),
	 .help = "write the nights there: a page, JSON or CSV by the name's end, else text"},
	{.name = "notify",
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(notify),
	 .help = "tell whom this file names: webhooks, mail, Pushgateway (docs/notify.md)"},
	{.name = "junit",
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(junit),
	 .help = "write the night as JUnit XML, for CI"},
	{.name = "openmetrics",
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(openmetrics),
	 .help = "write the night as metrics, for node_exporter's textfile collector"},
	ROWS_OF_RUN,
	ROW_JSON,
	{.name = "quiet", .letter = 'q', .at = AT(quiet), .help = "say nothing but faults"},
};

static const struct example examples[] = {
	{"blklab nightly quick", "by hand, or from a timer: the first nights can't tell yet"},
	{"blklab nightly my.yaml --notify notify.yaml --report /srv/www/night.html",
	 "what changed goes to chat and mail, the page to a web server"},
	{"blklab baseline check rollout",
	 "in CI: one run against a baseline, at once; exit code 4 fails the job"},
	{"blklab nightly my.yaml --json | jq .changes", "for programs"},
};

const struct verb verb_nightly = {
	.name = "nightly",
	.summary = "measure tonight, compare with the nights before, say what changed",
	.about =
		"Wait until no other run goes on and the host is quiet, run the scenario, and ask "
		"of "
		"each figure whether it shifted since some night. A change that coincides with one "
		"of the environment (kernel, QEMU, firmware, microcode, settings, the scenario "
		"itself) names it. Series that shift on the same night are one event, which is "
		"told "
		"once. Figures are judged from the eighth night on; a step of three times the "
		"noise of nights is found after three to five.\n\n"
		"A single bad night is no change: the cells that were far off are measured once "
		"more, and "
		"it is said. A new change is confirmed by eight fresh trials of its cells, and "
		"where the guest kernel or the emulator of before is still on this host, or apt "
		"has the old QEMU, by old and new side by side.\n\n"
		"The exit code is 0 when nothing new changed, or only for the better, 4 when "
		"something did for the worse, 5 when it can't be told yet, also of a single "
		"figure that was not confirmed (it is tried again next night), 1 when a trial has "
		"no result or a person stopped it before it was through (an alarm that was judged "
		"by then "
		"is told, and 4), 3 when nothing was measured: the host was busy "
		"for all of --wait, or can't run it. That, too, goes to whom --notify names.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_nightly,
};
