/* verb_calibrate.c - blklab calibrate: the same cell against itself. */
#include <errno.h>
#include <string.h>

#include "calibration_page.h"
#include "calibration_report.h"
#include "cleanup.h"
#include "out_file.h"
#include "rows.h"
#include "run_session.h"

#define COPIES  4
#define REPEATS 8

static int write_page(struct cli *cli, const struct args *a, const struct run_data *d,
		      const struct calibration *c, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	int r;

	if (!a->report)
		return 0;
	r = report_calibration_page(d, c, &page, err);
	return r < 0 ? r : out_file_page_said(cli, a, &page, err);
}

/* @code: how the run went, when all is well here. */
static int show(struct cli *cli, const struct args *a, struct store *store, const char *run,
		int code, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(summaries_done) struct summaries s = {0};
	BL_CLEANUP(calibration_done) struct calibration c = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct min_effects effects;
	int r = store_load_figures(store, run, &d, err);

	if (r == 0)
		r = summarize(&d, &s, err);
	effects = min_effects_of(&d.run);
	if (r == 0)
		r = calibrate(&d, &s, &effects, d.run.seed, &c, err);
	if (r < 0)
		return bl_wrap(err, r, "run %.13s", d.run.id);
	r = a->json ? report_calibration_json(&d, &c, &text, err)
		    : report_calibration(&d, &c, cli_text_columns(cli), cli->color, &text, err);
	if (r == 0)
		r = cli_print(cli, &text, err);
	return r < 0 ? r : cli_verdict(cli, code, write_page(cli, a, &d, &c, err), err);
}

static int of_store(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(store_closep) struct store *store = NULL;
	int r = path_store(a, &path, err);

	if (r == 0)
		r = store_open(path, STORE_READ, &store, err);
	return r < 0 ? r : show(cli, a, store, a->run, EXIT_FINE, err);
}

/* The one cell, and the plan that runs it as several. */
static int plan_copies(const struct run_session *s, const struct args *a, struct loaded *ret,
		       struct bl_err *err)
{
	size_t cell = matrix_reference(s->plan.matrix);
	int r = 0;

	if (a->cells.n > 1)
		return bl_fail(err, -EINVAL,
			       "--cell was given %zu times; one cell is compared with itself",
			       a->cells.n);
	r = matrix_copies(s->plan.matrix, cell, a->copies ? a->copies : COPIES, &ret->matrix, err);
	if (r == 0)
		r = plan_make(s->plan.scenario, ret->matrix, &ret->plan, err);
	ret->scenario = s->plan.scenario;
	return r;
}

static int measure(struct run_session *s, struct loaded *what, struct bl_err *err)
{
	struct facts declared = {0};
	int r = facts_add(&declared, "calibrate", "yes");

	if (r < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	cli_catch_stop(s->cli,
		       "stopping: the virtual machine is ended and what is complete is kept...",
		       CLI_STOP_AGAIN);
	r = run_session_lock(s, "calibrate", 0, err);
	if (r == 0)
		r = run_session_open(s, what, err);
	if (r == 0)
		r = run_session_run(s, what, &declared, err);
	facts_done(&declared);
	return r;
}

static int run_copies(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(run_session_done) struct run_session s = RUN_SESSION_INIT;
	struct loaded what = {0};
	struct args with = *a;
	struct bl_err shown = BL_ERR_INIT;
	int r, code;

	with.repeats = a->repeats ? a->repeats : REPEATS;
	with.json = false; /* one document, and no events before it */
	r = run_session_prepare(&s, cli, &with, err);
	if (r == 0)
		r = plan_copies(&s, a, &what, err);
	if (r == 0)
		r = measure(&s, &what, err);
	code = r < 0 || s.progress.n_ok < s.progress.n_trials ? EXIT_TRIAL_FAILED : EXIT_FINE;
	if (s.is_stored && s.progress.n_done) { /* what a stopped run has may be enough */
		int told = show(cli, a, s.store, s.run.id, code, &shown);

		if (r == 0 && told < 0)
			r = bl_fail(err, told, "%s", bl_err_text(&shown));
	}
	what.scenario = NULL; /* the session's */
	loaded_done(&what);
	return r < 0 && r != -EINTR ? r : code;
}

static int run_calibrate(struct cli *cli, const struct args *a, struct bl_err *err)
{
	if (a->scenario && a->run)
		return bl_fail(err, -EINVAL,
			       "a scenario is run, and --run %s looks at a run that was made; give "
			       "one of the two",
			       a->run);
	if (!a->scenario && !a->run)
		return bl_fail(err, -EINVAL,
			       "SCENARIO is missing; or name a run that has equal cells by --run");
	if (a->report) {
		int r = out_file_check("--report", a->report, err);

		if (r < 0)
			return r;
	}
	return a->scenario ? run_copies(cli, a, err) : of_store(cli, a, err);
}

static const struct operand_row operands[] = {
	{.name = "SCENARIO",
	 .kind = OPTION_FILE,
	 .at = AT(scenario),
	 .suffixes = "yaml yml",
	 .help = "the scenario whose reference cell, or the one that --cell names, is run several "
		 "times over; a file, or the bare name of one in the library"},
};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "run",
	 .kind = OPTION_TEXT,
	 .arg = "RUN",
	 .at = AT(run),
	 .help = "run nothing: look at this stored run, which has equal cells"},
	ROW_CELLS,
	{.name = "copies",
	 .kind = OPTION_COUNT,
	 .arg = "N",
	 .at = AT(copies),
	 .min = 2,
	 .max = 32,
	 .def_says = "4",
	 .help = "how many equal cells; each is compared with each"},
	{.name = "repeats",
	 .letter = 'n',
	 .kind = OPTION_COUNT,
	 .arg = "N",
	 .at = AT(repeats),
	 .min = 6,
	 .max = 1000,
	 .def_says = "8",
	 .help = "trials per cell"},
	ROW_PAGE("what it shows"),
	ROW_DEVICE,
	ROW_SERIAL,
	ROW_KERNEL,
	ROW_ACCEL,
	ROW_URI,
	ROW_WORK_DIR,
	ROW_CACHE_DIR,
	ROW_AGENT,
	ROW_JSON,
	{.name = "quiet", .letter = 'q', .at = AT(quiet), .help = "say nothing but the result"},
};

static const struct example examples[] = {
	{"blklab calibrate quick", "32 trials of one cell: false alarms, noise, what can be seen"},
	{"blklab calibrate my.yaml --cell 'virtio-blk io1 none' --copies 2 --repeats 20",
	 "two equal cells with many pairs"},
	{"blklab calibrate --run 0199a --report calibration.html",
	 "a page with pictures, of a run that is in the store"},
};

const struct verb verb_calibrate = {
	.name = "calibrate",
	.summary = "one cell against itself: false alarms, and what can be seen",
	.about =
		"Run one cell several times over as if it were several cells, in blocks as always, "
		"and "
		"compare each with each. Nothing differs between them, so whatever is called "
		"different "
		"is a false alarm. From the same figures come the noise of this host, the smallest "
		"change that a comparison of 6 to 30 pairs will call worse (in four of five "
		"tries), "
		"and what would have been found if one cell had run before the other instead of in "
		"blocks.\n\n"
		"Do it once for each host and scenario, and again when the host has changed. A "
		"change "
		"below what it shows cannot be told with so few trials: raise --repeats, lengthen "
		"the "
		"jobs, or quiet the host ('blklab doctor' says what disturbs it).",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_calibrate,
};
