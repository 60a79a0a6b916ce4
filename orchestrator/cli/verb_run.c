/* verb_run.c - blklab run: define, boot, prove, precondition, measure, store, clean up. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "device.h"
#include "doctor.h"
#include "fs.h"
#include "handovers.h"
#include "progress.h"
#include "rows.h"
#include "run_closing.h"
#include "scenario_load.h"
#include "store.h"
#include "units.h"

/* Everything of one run, from the command line to the last byte. */
struct session {
	struct cli *cli;
	const struct args *args;
	struct loaded plan;
	char *work_dir, *cache_dir, *store_path, *agent, *wrapper;
	struct store *store;
	struct handover_record *open_handovers; /* of this host, in this store */
	size_t n_open_handovers;
	struct runner_options options; /* borrowed by the runner while it lives */
	struct runner *runner;
	struct run_record run;
	struct cell_record *cells;
	size_t n_cells;
	struct progress progress;
};

static void session_done(struct session *s)
{
	s->runner = runner_close(s->runner);
	open_handovers_done(s->open_handovers, s->n_open_handovers);
	store_closep(&s->store);
	for (size_t i = 0; i < s->n_cells; i++)
		cell_record_done(&s->cells[i]);
	free(s->cells);
	run_record_done(&s->run);
	loaded_done(&s->plan);
	free(s->work_dir);
	free(s->cache_dir);
	free(s->store_path);
	free(s->agent);
	free(s->wrapper);
}

static void on_progress(void *ctx, const struct runner_progress *p)
{
	struct session *s = ctx;
	struct winsize ws;

	/* The window may have been resized since. */
	if (s->progress.mode == PROGRESS_LIVE && ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 &&
	    ws.ws_col > 0)
		s->progress.columns = ws.ws_col;
	progress_update(&s->progress, p, bl_now_ns());
}

static int on_trial(void *ctx, const struct trial_record *t, struct bl_err *err)
{
	struct session *s = ctx;
	const char *cell = t->cell < s->n_cells ? s->cells[t->cell].name : "?";
	int r = store_put_trial(s->store, t, err);

	progress_trial(&s->progress, t, cell, bl_now_ns());
	if (r < 0) /* the runner says which trial */
		return bl_wrap(err, r,
			       "can't be stored in '%s'; the run stops, what was stored "
			       "before stays",
			       s->store_path);
	return 0;
}

static int on_handover(void *ctx, const struct handover_record *h, struct bl_err *err)
{
	struct session *s = ctx;

	return handover_to_store(s->store, h, err);
}

static int on_is_open(void *ctx, const struct handover_record *h, struct bl_err *err)
{
	struct session *s = ctx;

	return handover_is_open(s->store, h, err);
}

static void on_note(void *ctx, const char *text)
{
	struct session *s = ctx;

	progress_note(&s->progress, text);
}

static int find_places(struct session *s, struct bl_err *err)
{
	const struct args *a = s->args;
	int r = path_work_dir(a, &s->work_dir, err);

	if (r == 0)
		r = path_cache_dir(a, &s->cache_dir, err);
	if (r == 0)
		r = path_store(a, &s->store_path, err);
	if (r == 0 && a->agent && !(s->agent = strdup(a->agent)))
		r = bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && !s->agent)
		r = path_helper("blklab-agent", &s->agent, err);
	/* Only unpacked emulators need the wrapper: the runner says so when one is asked for. */
	if (r == 0 && path_helper("blklab-qemu", &s->wrapper, NULL) < 0)
		s->wrapper = NULL;
	return r;
}

/* A report that can't be written is said before an hour of measuring, not after. */
static int check_report(const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	const char *in = !dir ? "" : slash == dir ? "/" : slash ? dir : ".";

	if (!dir)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (slash)
		*slash = '\0';
	if (access(in, W_OK) < 0)
		return bl_fail(err, -errno, "--report: can't write in '%s': %s", in,
			       strerror(errno));
	return 0;
}

static enum progress_mode mode_of(const struct cli *cli, const struct args *a)
{
	if (a->json)
		return PROGRESS_JSON;
	if (a->quiet)
		return PROGRESS_QUIET;
	return cli->err_is_tty ? PROGRESS_LIVE : PROGRESS_PLAIN;
}

static void setup_progress(struct session *s)
{
	const struct cli *cli = s->cli;
	struct progress *p = &s->progress;
	size_t len;

	p->mode = mode_of(cli, s->args);
	p->to = p->mode == PROGRESS_JSON ? cli->out : cli->err;
	p->columns = cli->columns;
	p->color = cli->err_is_tty && !getenv("NO_COLOR");
	p->scenario = s->plan.scenario->name;
	p->n_cells = matrix_len(s->plan.matrix);
	p->n_trials = s->plan.plan->n_trials;
	p->repeats = s->plan.scenario->repeats;
	p->estimate_ns = s->plan.plan->estimate_ns;
	for (size_t i = 0; i < p->n_cells; i++)
		if ((len = strlen(matrix_cell(s->plan.matrix, i)->name)) > p->name_width)
			p->name_width = len;
}

/* A plan all of whose cells need a disk that is not there, or has another serial, would be as many
 * failed trials as it has. Whether the disk is free is asked by each trial: that may change. */
static int check_device(const struct session *s, struct bl_err *err)
{
	const struct scenario_device *named = &s->plan.scenario->device;
	struct device_name name = {.root = "",
				   .pci = named->pci,
				   .path = named->path,
				   .serial = named->serial,
				   .nsid = named->nsid};
	struct device dev;

	for (size_t i = 0; i < matrix_len(s->plan.matrix); i++)
		if (!cell_needs_device(matrix_cell(s->plan.matrix, i)))
			return 0;
	return device_find(&name, &dev, err);
}

static int open_runner(struct session *s, struct bl_err *err)
{
	const struct args *a = s->args;
	struct runner_events ev = {.ctx = s,
				   .progress = on_progress,
				   .trial = on_trial,
				   .note = on_note,
				   .handover = on_handover,
				   .is_open = on_is_open};
	int r = open_handovers_read(s->store, s->work_dir, &s->open_handovers, &s->n_open_handovers,
				    err);

	/* Before a kernel is fetched; but what a killed run took is not there until the runner has
	 * given it back. */
	if (r == 0 && !s->n_open_handovers)
		r = check_device(s, err);
	if (r < 0)
		return r;

	s->options = (struct runner_options){
		.uri = a->uri,
		.work_dir = s->work_dir,
		.cache_dir = s->cache_dir,
		.agent = s->agent,
		.kernel = a->kernel,
		.wrapper = s->wrapper,
		.accel = strcmp(a->accel, "auto") == 0 ? NULL : a->accel,
		.version = BLKLAB_VERSION,
		.stop = s->cli->stop,
		.matrix = s->plan.matrix,
		.open_handovers = s->open_handovers,
		.n_open_handovers = s->n_open_handovers,
	};
	r = runner_open(&s->options, &ev, &s->runner, err);
	return r == 0 && s->n_open_handovers ? check_device(s, err) : r;
}

static int make_cells(struct session *s, struct bl_err *err)
{
	size_t n = matrix_len(s->plan.matrix);
	int r = 0;

	s->cells = calloc(n, sizeof *s->cells);
	if (!s->cells)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (s->n_cells = 0; s->n_cells < n; s->n_cells++) {
		const struct cell *c = matrix_cell(s->plan.matrix, s->n_cells);
		struct cell_record *to = &s->cells[s->n_cells];

		to->name = strdup(c->name);
		to->durability = strdup(cell_durability(c));
		if (!to->name || !to->durability)
			r = -ENOMEM;
		for (size_t k = 0; k < n_axis_rows; k++) {
			BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;

			if (!axis_applies(&axis_rows[k], c))
				continue;
			axis_rows[k].get(c, &value);
			r |= facts_add(&to->axes, axis_rows[k].name, bl_buf_str(&value));
		}
	}
	return r < 0 ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

/* What the scenario says of the VM that it is for, and of the device. */
static int declare(const struct scenario *sc, struct facts *out, struct bl_err *err)
{
	const struct scenario_device *d = &sc->device;
	int r = 0;

	for (size_t i = 0; i < NEED_ROWS; i++) {
		char key[64];

		snprintf(key, sizeof key, "needs.%s", need_name(i));
		if (sc->needs[i] != NEED_UNSAID)
			r |= facts_add(out, key, sc->needs[i] == NEED_YES ? "yes" : "no");
	}
	if (d->serial)
		r |= facts_add(out, "device.serial", d->serial);
	if (d->pci)
		r |= facts_add(out, "device.pci", d->pci);
	if (d->path)
		r |= facts_add(out, "device.path", d->path);
	if (d->serial && d->nsid)
		r |= facts_addf(out, "device.namespace", "%u", d->nsid);
	return r < 0 ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

/* As the command line had it, so that a command to try something can be made of it. */
static int declare_asked(const struct args *a, struct facts *out, struct bl_err *err)
{
	int r = facts_add(out, "asked.scenario", a->scenario);

	for (size_t i = 0; i < a->cells.n; i++)
		r |= facts_add(out, "asked.cell", a->cells.items[i]);
	for (size_t i = 0; i < a->with.n; i++)
		r |= facts_add(out, "asked.with", a->with.items[i]);
	if (strcmp(a->kernel, "installed") != 0)
		r |= facts_add(out, "asked.kernel", a->kernel);
	return r < 0 ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

static int make_run(struct session *s, struct bl_err *err)
{
	const struct scenario *sc = s->plan.scenario;
	struct doctor_options here = {.root = "", .work_dir = s->work_dir};
	char host[256] = "", id[17] = "";
	struct run_record *run = &s->run;
	struct bl_err why = BL_ERR_INIT;
	int r;

	run->started_ms = bl_wall_ms();
	bl_uuid7(run->id, run->started_ms);
	gethostname(host, sizeof host - 1);
	r = host_id(&here, id, &why);
	if (r < 0) {
		progress_note(&s->progress, bl_err_text(&why));
		facts_add(&run->notes, "host-id", bl_err_text(&why));
	}
	run->scenario_name = strdup(sc->name);
	run->scenario_text = strdup(sc->text);
	run->host_id = strdup(id);
	run->host_name = strdup(host);
	run->accel = strdup(runner_accel(s->runner));
	run->version = strdup(BLKLAB_VERSION);
	run->seed = sc->seed;
	run->repeats = sc->repeats;
	if (!run->scenario_name || !run->scenario_text || !run->host_id || !run->host_name ||
	    !run->accel || !run->version)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = declare(sc, &run->declared, err);
	if (r == 0)
		r = declare_asked(s->args, &run->declared, err);
	if (r == 0)
		r = runner_environment(s->runner, &run->environment, err);
	if (r == 0)
		r = runner_notes(s->runner, sc, &run->notes, err);
	return r < 0 ? r : make_cells(s, err);
}

static int conclude(struct session *s, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	int r = store_load_run(s->store, s->run.id, &d, err);

	return r < 0 ? r : run_closing(s->cli, s->args, s->store_path, &s->progress, &d, err);
}

/* Whatever ended the run: it is closed in the store, and what is there is shown. */
static int finish(struct session *s, int ran, struct bl_err *err)
{
	struct bl_err second = BL_ERR_INIT;
	int r;

	progress_end(&s->progress);
	r = store_end_run(s->store, s->run.id, bl_wall_ms(), &s->run.notes, &second);
	if (r == 0 && s->progress.n_done)
		r = conclude(s, &second);
	if (ran < 0 && ran != -EINTR) { /* the first reason is the one to tell */
		return ran;
	}
	if (r < 0)
		return bl_fail(err, r, "%s", bl_err_text(&second));
	if (ran == -EINTR || s->progress.n_ok < s->progress.n_trials)
		return EXIT_TRIAL_FAILED;
	return EXIT_FINE;
}

static int prepare(struct session *s, struct bl_err *err)
{
	int r = loaded_read(&s->plan, s->args, err);

	if (r == 0)
		r = find_places(s, err);
	if (r == 0 && s->args->report)
		r = check_report(s->args->report, err);
	if (r == 0 && !s->args->store)
		r = bl_mkdir_p(s->work_dir, err);
	if (r == 0)
		r = store_open(s->store_path, STORE_WRITE, &s->store, err);
	return r;
}

static int run_run(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(session_done) struct session s = {.cli = cli, .args = a};
	int r = prepare(&s, err);

	if (r < 0)
		return r;
	setup_progress(&s);
	progress_begin(&s.progress, bl_now_ns());
	cli_catch_stop(cli,
		       "stopping: the virtual machine is ended and what is complete is kept...",
		       CLI_STOP_AGAIN);
	r = open_runner(&s, err);
	if (r == 0)
		r = make_run(&s, err);
	if (r == 0)
		r = store_put_run(s.store, &s.run, s.cells, s.n_cells, err);
	if (r < 0) {
		progress_end(&s.progress);
		return r;
	}
	r = runner_run(s.runner, s.plan.scenario, s.plan.matrix, s.plan.plan, s.run.id, cli->stop,
		       err);
	return finish(&s, r, err);
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
	ROW_CELLS,
	ROW_WITH,
	ROW_DEVICE,
	ROW_SERIAL,
	ROW_REPEATS,
	ROW_KERNEL,
	ROW_ACCEL,
	ROW_URI,
	ROW_WORK_DIR,
	ROW_CACHE_DIR,
	ROW_AGENT,
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
