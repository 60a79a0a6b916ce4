#include "run_session.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "device.h"
#include "doctor.h"
#include "fs.h"
#include "handovers.h"
#include "out_file.h"
#include "run_lock.h"
#include "units.h"

static void run_done(struct run_session *s)
{
	for (size_t i = 0; i < s->n_cells; i++)
		cell_record_done(&s->cells[i]);
	free(s->cells);
	s->cells = NULL;
	s->n_cells = 0;
	run_record_done(&s->run);
	run_enough_done(&s->enough);
	s->is_stored = false;
}

void run_session_done(struct run_session *s)
{
	s->runner = runner_close(s->runner);
	open_handovers_done(s->open_handovers, s->n_open_handovers);
	store_closep(&s->store);
	run_done(s);
	loaded_done(&s->plan);
	free(s->work_dir);
	free(s->cache_dir);
	free(s->store_path);
	free(s->agent);
	free(s->wrapper);
	free(s->fetcher);
	run_lock_done(&s->lock); /* last: the runner has ended its VM by now */
	*s = (struct run_session)RUN_SESSION_INIT;
}

static void on_progress(void *ctx, const struct runner_progress *p)
{
	struct run_session *s = ctx;
	struct runner_progress shown = *p;
	struct winsize ws;

	/* Of those that there still can be, without cells that dropped out. */
	if (s->what && s->what->plan->may_end_early && p->phase >= PHASE_BACKING) {
		shown.trial = s->progress.n_done;
		shown.n_trials = s->progress.n_trials;
	}

	/* The window may have been resized since. */
	if (s->progress.mode == PROGRESS_LIVE && ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 &&
	    ws.ws_col > 0)
		s->progress.columns = ws.ws_col;
	progress_update(&s->progress, &shown, bl_now_ns());
}

static int on_block(void *ctx, uint32_t block, bool *is_in, struct bl_err *err)
{
	struct run_session *s = ctx;

	(void)err;
	return run_enough_block(&s->enough, block, is_in, &s->progress, bl_now_ns());
}

static int on_trial(void *ctx, const struct trial_record *t, struct bl_err *err)
{
	struct run_session *s = ctx;
	const char *cell = t->cell < s->n_cells ? s->cells[t->cell].name : "?";
	int r = store_put_trial(s->store, t, err);

	run_enough_trial(&s->enough, t);
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
	struct run_session *s = ctx;

	return handover_to_store(s->store, h, err);
}

static int on_is_open(void *ctx, const struct handover_record *h, struct bl_err *err)
{
	struct run_session *s = ctx;

	return handover_is_open(s->store, h, err);
}

static void on_note(void *ctx, const char *text)
{
	struct run_session *s = ctx;

	progress_note(&s->progress, text);
}

static int find_places(struct run_session *s, struct bl_err *err)
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
	s->wrapper = path_helper_or_null("blklab-qemu");
	s->fetcher = path_helper_or_null("blklab-fetch-packages");
	return r;
}

static enum progress_mode mode_of(const struct cli *cli, const struct args *a)
{
	if (a->json)
		return PROGRESS_JSON;
	if (a->quiet)
		return PROGRESS_QUIET;
	return cli->err_is_tty ? PROGRESS_LIVE : PROGRESS_PLAIN;
}

static void set_output(struct run_session *s)
{
	const struct cli *cli = s->cli;

	s->progress = (struct progress){
		.mode = mode_of(cli, s->args),
		.to = s->args->json ? cli->out : cli->err,
		.columns = cli->columns,
		.color = cli->err_is_tty && !getenv("NO_COLOR"),
	};
}

/* What is measured now. */
static void begin(struct run_session *s, const struct loaded *what)
{
	struct progress *p = &s->progress;
	size_t len;

	s->what = what;
	set_output(s);
	p->scenario = what->scenario->name;
	p->n_cells = matrix_len(what->matrix);
	p->n_trials = what->plan->n_trials;
	p->repeats = what->scenario->repeats;
	p->rounds = p->n_trials > p->n_cells * p->repeats ? what->scenario->rounds : 1;
	p->estimate_ns = what->plan->estimate_ns;
	p->budget_ns = what->scenario->more.budget_ns;
	p->least_repeats = what->scenario->more.is_auto ? what->scenario->more.least : 0;
	p->least_ns = what->plan->least_ns;
	for (size_t i = 0; i < p->n_cells; i++)
		if ((len = strlen(matrix_cell(what->matrix, i)->name)) > p->name_width)
			p->name_width = len;
	progress_begin(p, bl_now_ns());
}

/* A plan all of whose cells need a disk that is not there, or has another serial, would be as many
 * failed trials as it has. Whether the disk is free is asked by each trial: that may change. */
static int check_device(const struct run_session *s, struct bl_err *err)
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

static int open_runner(struct run_session *s, struct bl_err *err)
{
	const struct args *a = s->args;
	struct runner_events ev = {.ctx = s,
				   .progress = on_progress,
				   .block = on_block,
				   .trial = on_trial,
				   .note = on_note,
				   .handover = on_handover,
				   .is_open = on_is_open};
	int r = 0;

	if (s->store) /* one that is not made yet has none */
		r = open_handovers_read(s->store, s->work_dir, &s->open_handovers,
					&s->n_open_handovers, err);
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
		.fetcher = s->fetcher,
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

static int make_cells(struct run_session *s, struct bl_err *err)
{
	size_t n = matrix_len(s->what->matrix);
	int r = 0;

	s->cells = calloc(n, sizeof *s->cells);
	if (!s->cells)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (s->n_cells = 0; s->n_cells < n; s->n_cells++) {
		const struct cell *c = matrix_cell(s->what->matrix, s->n_cells);
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
	if (a->repeats == SCENARIO_REPEATS_AUTO)
		r |= facts_add(out, "asked.repeats", "auto");
	else if (a->repeats)
		r |= facts_addf(out, "asked.repeats", "%llu", (unsigned long long)a->repeats);
	if (a->budget)
		r |= facts_add(out, "asked.budget", a->budget);
	return r < 0 ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

static int make_run(struct run_session *s, const struct facts *declared, struct bl_err *err)
{
	const struct scenario *sc = s->what->scenario;
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
		if (!s->cli->is_host_noted) /* once, however many runs there are */
			progress_note(&s->progress, bl_err_text(&why));
		s->cli->is_host_noted = true;
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
		r = run_enough_declare(sc, &run->declared, err);
	if (r == 0 && declared && facts_copy(&run->declared, declared) < 0)
		r = bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = runner_environment(s->runner, &run->environment, err);
	if (r == 0)
		r = runner_notes(s->runner, sc, &run->notes, err);
	return r < 0 ? r : make_cells(s, err);
}

/* Made only when a run can begin: what is refused before leaves no empty store. */
static int open_store(struct run_session *s, bool may_make, struct bl_err *err)
{
	if (s->store || (!may_make && !bl_exists(s->store_path)))
		return 0;
	return store_open(s->store_path, STORE_WRITE, &s->store, err);
}

int run_session_prepare(struct run_session *s, struct cli *cli, const struct args *a,
			struct bl_err *err)
{
	int r;

	*s = (struct run_session){.cli = cli, .args = a, .lock = RUN_LOCK_INIT};
	set_output(s);
	r = loaded_read(&s->plan, a, err);
	if (r == 0)
		r = find_places(s, err);
	if (r == 0 && !a->store)
		r = bl_mkdir_p(s->work_dir, err);
	if (r == 0)
		r = open_store(s, false, err);
	if (r == 0 && !s->store)
		r = out_file_check(s->store_path, s->store_path, err);
	return r;
}

int run_session_lock(struct run_session *s, const char *verb, uint64_t wait_ns, struct bl_err *err)
{
	return run_lock_take(s->work_dir, verb, wait_ns, on_note, s, s->cli->stop, &s->lock, err);
}

int run_session_open(struct run_session *s, const struct loaded *what, struct bl_err *err)
{
	int r;

	begin(s, what ? what : &s->plan);
	r = open_store(s, false, err); /* another may have made it before it gave up the lock */
	if (r == 0)
		r = open_runner(s, err);
	if (r == 0)
		r = open_store(s, true, err);
	if (r < 0)
		progress_end(&s->progress);
	return r;
}

/* Whatever ended the run: it is closed in the store. The first reason is the one to tell. */
static int close_run(struct run_session *s, int ran, struct bl_err *err)
{
	struct bl_err second = BL_ERR_INIT;
	int r;

	progress_end(&s->progress);
	r = run_enough_end(&s->enough, ran, &s->progress, &s->run.notes, &second);
	if (r == 0)
		r = store_end_run(s->store, s->run.id, bl_wall_ms(), &s->run.notes, &second);
	if (r < 0 && (ran == 0 || ran == -EINTR))
		return bl_fail(err, r, "%s", bl_err_text(&second));
	return ran;
}

int run_session_run(struct run_session *s, const struct loaded *what, const struct facts *declared,
		    struct bl_err *err)
{
	int r;

	if (!what)
		what = &s->plan;
	if (s->n_runs++ > 0 || what != s->what)
		begin(s, what);
	run_done(s);
	r = make_run(s, declared, err);
	if (r == 0)
		r = store_put_run(s->store, &s->run, s->cells, s->n_cells, err);
	if (r < 0) {
		progress_end(&s->progress);
		return r;
	}
	s->is_stored = true;
	r = run_enough_begin(&s->enough, what, bl_now_ns(), err);
	if (r == 0)
		r = runner_run(s->runner, what->scenario, what->matrix, what->plan, s->run.id,
			       s->cli->stop, err);
	return close_run(s, r, err);
}
