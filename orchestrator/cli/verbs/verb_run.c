/* verb_run.c - blklab run: define, boot, prove, precondition, measure, store, clean up. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "out_file.h"
#include "rows.h"
#include "run_closing.h"
#include "run_session.h"

static int conclude(struct run_session *s, int code, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	int r = store_load_run(s->store, s->run.id, &d, err);

	return r < 0 ? r : run_closing(s->cli, s->args, s->store_path, &s->progress, &d, code, err);
}

/* Whatever ended the run, what is there is shown. */
static int finish(struct run_session *s, int ran, struct bl_err *err)
{
	struct bl_err second = BL_ERR_INIT;
	bool is_whole = ran == 0 && s->progress.n_ok == s->progress.n_trials;
	int code = is_whole ? EXIT_FINE : EXIT_TRIAL_FAILED, r = code;

	if (s->is_stored && s->progress.n_done)
		r = conclude(s, code, &second);
	if (ran < 0 && ran != -EINTR) /* the first reason is the one to tell */
		return ran;
	return r < 0 ? bl_fail(err, r, "%s", bl_err_text(&second)) : r;
}

static int run_run(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(run_session_done) struct run_session s = RUN_SESSION_INIT;
	int r = a->report ? out_file_check("--report", a->report, err) : 0;

	if (r == 0)
		r = run_session_prepare(&s, cli, a, err);
	if (r < 0)
		return r;
	cli_catch_stop(cli,
		       "stopping: the virtual machine is ended and what is complete is kept...",
		       CLI_STOP_AGAIN);
	r = run_session_lock(&s, "run", 0, err);
	if (r == 0)
		r = run_session_open(&s, NULL, err);
	return r < 0 ? r : finish(&s, run_session_run(&s, NULL, NULL, err), err);
}

static const struct operand_row operands[] = {OPERAND_SCENARIO};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "report",
	 .letter = 'r',
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(report),
	 .help = "write the HTML report there when the run has ended"},
	ROWS_OF_RUN,
	{.name = "json",
	 .letter = 'j',
	 .at = AT(json),
	 .help = "events for programs instead of text: one JSON object a line"},
	{.name = "quiet", .letter = 'q', .at = AT(quiet), .help = "say nothing but faults"},
};

static const struct example examples[] = {
	{"blklab run quick", "the scenario of the library that `make bench` runs"},
	{"blklab run my.yaml --repeats 6 --report my.html",
	 "six trials a cell: the least for a verdict with an interval"},
	{"blklab run my.yaml --repeats auto --budget 2h",
	 "trials are added until p99 is known well enough, or two hours are over"},
	{"blklab run my.yaml --kernel linux-image-6.12.deb --store kernels.db",
	 "the same under another guest kernel, into a store of its own"},
	{"blklab run my.yaml --cell 'virtio-blk none' --with iothreads=1 --repeats 6",
	 "that cell without and with an iothread, and no other"},
	{"blklab run passthrough --device 0000:5e:00.0 --serial S5XX",
	 "passthrough against virtio on one NVMe controller; it must be claimed"},
	{"blklab run my.yaml --json | jq -c 'select(.event == \"trial\")'",
	 "the trials as they end, for programs"},
};

const struct verb verb_run = {
	.name = "run",
	.summary = "run a scenario on real VMs and store what it measured",
	.about =
		"Boot a fresh VM for every trial, prove that it runs what the cell asks for, fill "
		"the "
		"disk, run the jobs, store the samples and clean up. On a terminal one line shows "
		"what goes on, with finished trials above it; elsewhere there is a line for each "
		"finished trial.\n\n"
		"A trial that fails is a result with a reason: the run goes on. Only when every "
		"cell needs a disk that is not there, or has another serial than was said, no "
		"trial is begun, and the exit code is 2. Each trial is "
		"stored "
		"when it ends, so a run that is stopped or killed keeps what it has. Ctrl-C ends "
		"the "
		"current VM, stores its trial as interrupted and leaves nothing behind; VMs that a "
		"killed run left are ended by the next one, and devices that it had handed to a "
		"guest are given back to their driver.\n\n"
		"Without a working KVM the guests run emulated and every output says so: then "
		"compare paths, not absolute times.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_run,
};
