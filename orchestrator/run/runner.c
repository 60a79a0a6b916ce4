#include "runner.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "backing.h"
#include "cleanup.h"
#include "doctor.h"
#include "fs.h"
#include "parts.h"
#include "probe.h"
#include "recover.h"
#include "trial.h"
#include "trust_notes.h"
#include "units.h"

const char *const runner_phase_names[] = {
	"image", "probe", "backing", "boot", "prove", "fill", "job", "shutdown",
};
static_assert(BL_ARRAY_LEN(runner_phase_names) == PHASES, "a name for every phase");

struct runner {
	struct runner_options opt;
	struct runner_events ev;
	char *work_dir, *cache_dir; /* absolute: libvirt wants them so */
	char *scratch_dir;          /* of this process; removed at the end */
	bool is_fake;
	struct hv *hv;
	struct parts *parts;
	char host_id[17];
	struct recovery left; /* by killed runs */
	struct probe_answer accel;
	struct runner_progress image_now; /* while a guest's image is made */
	uint64_t image_start_ns, image_told_ns;
	uint64_t phase_ns[PHASES]; /* of the last trial that got through */
};

/* --- open --- */

static int make_absolute(const char *path, char **ret, struct bl_err *err)
{
	char real[PATH_MAX];
	int r = bl_mkdir_p(path, err);

	if (r < 0)
		return r;
	if (!realpath(path, real))
		return bl_fail(err, -errno, "'%s': %s", path, strerror(errno));
	*ret = strdup(real);
	return *ret ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

static int make_folders(struct runner *r, struct bl_err *err)
{
	char prefix[64];
	int e = make_absolute(r->opt.work_dir, &r->work_dir, err);

	if (e == 0)
		e = make_absolute(r->opt.cache_dir, &r->cache_dir, err);
	if (e < 0)
		return e;
	r->scratch_dir = bl_strf("%s/runs/%srun", r->work_dir, backing_prefix(prefix));
	if (!r->scratch_dir)
		return bl_fail(err, -ENOMEM, "out of memory");
	return bl_mkdir_p(r->scratch_dir, err);
}

static int connect_hv(struct runner *r, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *root = bl_strf("%s/libvirt", r->work_dir);
	int e = root ? hv_open(r->opt.uri, root, &r->hv, err) : -ENOMEM;

	if (e < 0)
		return e;
	r->left = (struct recovery){.hv = r->hv,
				    .ev = &r->ev,
				    .work_dir = r->work_dir,
				    .host_id = r->host_id,
				    .root = "",
				    .forget = r->opt.forget,
				    .open = r->opt.open_handovers,
				    .n_open = r->opt.n_open_handovers};
	return recover(&r->left, err);
}

/* Bytes of a guest's kernel that is fetched. */
static void on_fetch(void *ctx, uint64_t done_bytes, uint64_t total_bytes)
{
	struct runner *r = ctx;

	r->image_now.done_bytes = done_bytes;
	r->image_now.total_bytes = total_bytes;
	if (bl_now_ns() - r->image_told_ns < NS_PER_S)
		return;
	r->image_told_ns = bl_now_ns();
	r->image_now.elapsed_ns = r->image_told_ns - r->image_start_ns;
	if (r->ev.progress)
		r->ev.progress(r->ev.ctx, &r->image_now);
}

/* What on_fetch() tells from now on. */
static void begin_image(struct runner *r, const struct runner_progress *at)
{
	r->image_now = *at;
	r->image_now.phase = PHASE_IMAGE;
	r->image_start_ns = r->image_told_ns = bl_now_ns();
	if (r->ev.progress)
		r->ev.progress(r->ev.ctx, &r->image_now);
}

static int prove_accel(struct runner *r, struct bl_err *err)
{
	struct accel_request req = {
		.hv = r->hv,
		.parts = r->parts,
		.opt = &r->opt,
		.ev = &r->ev,
		.work_dir = r->work_dir,
		.cache_dir = r->cache_dir,
		.scratch_dir = r->scratch_dir,
		.is_fake = r->is_fake,
	};

	return accel_prove(&req, &r->accel, err);
}

static struct runner *begin(const struct runner_options *opt, const struct runner_events *ev)
{
	struct doctor_options here = {.root = "", .work_dir = opt->work_dir};
	struct runner *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->opt = *opt;
	r->ev = *ev;
	r->is_fake = opt->uri && strncmp(opt->uri, "fake:", 5) == 0;
	host_id(&here, r->host_id, NULL); /* a note of the run says why it is not known */
	return r;
}

int runner_recover(const struct runner_options *opt, const struct runner_events *ev, size_t *ret_n,
		   struct bl_err *err)
{
	struct runner *r = begin(opt, ev);
	int e = r ? make_folders(r, err) : bl_fail(err, -ENOMEM, "out of memory");

	if (e == 0)
		e = connect_hv(r, err);
	if (e == 0 && r->left.n_lost)
		e = bl_fail(err, -EBUSY, "%zu could not be given back", r->left.n_lost);
	if (e == 0 && opt->forget && !r->left.n_named)
		e = bl_fail(err, -ENOENT,
			    "no killed run of this host left a disk with the serial '%s' in this "
			    "store, so nothing was forgotten; give the --store of that run, and "
			    "the serial as `blklab recover` says it",
			    opt->forget);
	if (r)
		*ret_n = r->left.n_done;
	runner_close(r);
	return e;
}

void runner_note(const struct runner_events *ev, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!ev->note)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	ev->note(ev->ctx, text);
}

int runner_open(const struct runner_options *opt, const struct runner_events *ev,
		struct runner **ret_runner, struct bl_err *err)
{
	struct runner *r = begin(opt, ev);
	int e = r ? make_folders(r, err) : bl_fail(err, -ENOMEM, "out of memory");

	if (e == 0)
		e = connect_hv(r, err);
	if (e == 0) {
		begin_image(r, &(struct runner_progress){0});
		e = parts_new(&r->opt, r->cache_dir, r->scratch_dir, r->is_fake, &r->parts, err);
	}
	if (e == 0) {
		parts_watch(r->parts, on_fetch, r);
	}
	if (e == 0)
		e = prove_accel(r, err);
	if (e < 0) {
		runner_close(r);
		return e;
	}
	*ret_runner = r;
	return 0;
}

struct runner *runner_close(struct runner *r)
{
	if (!r)
		return NULL;
	r->parts = parts_free(r->parts);
	r->hv = hv_close(r->hv);
	if (r->scratch_dir)
		bl_remove_tree(r->scratch_dir, NULL);
	free(r->scratch_dir);
	free(r->work_dir);
	free(r->cache_dir);
	free(r);
	return NULL;
}

const char *runner_accel(const struct runner *r)
{
	return r->accel.accel;
}

/* --- what is known before anything ran --- */

int runner_environment(struct runner *r, struct facts *out, struct bl_err *err)
{
	struct doctor_options look = {.root = "", .work_dir = r->work_dir, .now_ms = bl_wall_ms()};
	int e = host_environment(&look, out, err);

	if (e == 0)
		e = hv_facts(r->hv, out, err);
	if (e < 0)
		return e;
	e = parts_facts(r->parts, out);
	if (e == 0)
		e = facts_add(out, "engine.version", r->opt.version);
	if (e == 0)
		e = facts_add(out, "accel", r->accel.accel);
	if (e == 0)
		e = facts_addf(out, "accel.how", "%s%s", r->accel.how,
			       r->accel.was_cached ? " (remembered)" : "");
	if (e == 0 && r->accel.detail[0])
		e = facts_add(out, "accel.detail", r->accel.detail);
	return e < 0 ? bl_fail(err, e, "out of memory") : 0;
}

int runner_notes(struct runner *r, const struct scenario *sc, struct facts *out, struct bl_err *err)
{
	const char *dir = strcmp(sc->backing_dir, "auto") == 0 ? r->work_dir : sc->backing_dir;
	int e = trust_notes(r->is_fake ? NULL : r->accel.accel, dir, sc->repeats, out);

	return e < 0 ? bl_fail(err, e, "out of memory") : 0;
}

/* --- run --- */

struct run {
	struct runner *r;
	const struct scenario *sc;
	const struct matrix *m;
	const struct plan *plan;
	const bool *is_in; /* by cell: does it take part in the block? NULL: all do */
	const char *run_id;
	const char *backing_dir;
	struct device_fill *fill;
	volatile sig_atomic_t *stop;
};

/* A network, a disk or a stop says nothing about what is possible here. */
static enum trial_state state_without_parts(int result)
{
	if (result == -EINTR)
		return TRIAL_INTERRUPTED;
	if (result == -EIO || result == -ETIMEDOUT || result == -ENOSPC || result == -ENOMEM)
		return TRIAL_FAILED;
	return TRIAL_IMPOSSIBLE;
}

/* The trials of one boot, and a disk for each of their cells. */
struct boot {
	size_t first; /* of the plan */
	size_t n;
	struct trial_record *recs;
	struct trial_turn *turns;
	const struct cell **cells;
	size_t n_cells;
};

static void boot_done(struct boot *b)
{
	for (size_t i = 0; i < b->n && b->recs; i++)
		trial_record_done(&b->recs[i]);
	free(b->recs);
	free(b->turns);
	free(b->cells);
}

/* Disks are attached in the order of their first turns: which one comes first is drawn anew for
 * each boot, as is which slot, interrupt and memory a disk gets. */
static size_t disk_of(const struct cell *c, struct boot *b)
{
	size_t k = 0;

	while (k < b->n_cells && b->cells[k] != c)
		k++;
	if (k == b->n_cells)
		b->cells[b->n_cells++] = c;
	return k;
}

static int boot_make(const struct run *run, size_t first, struct boot *b, struct bl_err *err)
{
	size_t len = plan_boot_len(run->plan, first);

	*b = (struct boot){.first = first};
	b->recs = calloc(len, sizeof *b->recs);
	b->turns = calloc(len, sizeof *b->turns);
	b->cells = calloc(len, sizeof(const struct cell *));
	if (!b->recs || !b->turns || !b->cells)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < len; i++) {
		const struct planned_trial *planned = &run->plan->trials[first + i];
		struct trial_record *rec = &b->recs[b->n];

		if (run->is_in && !run->is_in[planned->cell])
			continue;
		*rec = (struct trial_record){.cell = planned->cell,
					     .repeat = planned->repeat,
					     .round = planned->round,
					     .order = (uint32_t)(first + i)};
		bl_uuid7(rec->id, bl_wall_ms());
		memcpy(rec->boot, b->recs[0].id, sizeof rec->boot);
		snprintf(rec->run_id, sizeof rec->run_id, "%s", run->run_id);
		b->turns[b->n++] = (struct trial_turn){
			.disk = disk_of(matrix_cell(run->m, planned->cell), b), .rec = rec};
	}
	return 0;
}

/* What the VM is made of, which its trials remember: cells that share one agree on it. */
static int gather(const struct run *run, struct boot *b, struct trial_setup *setup,
		  struct bl_err *err)
{
	struct parts *parts = run->r->parts;
	const struct cell *cell = b->cells[0];
	int e;

	if (cell->bus == BUS_HOST)
		return 0;
	begin_image(run->r, &(struct runner_progress){.trial = b->first,
						      .n_trials = run->plan->n_trials,
						      .cell = cell});
	e = parts_image(parts, cell, &setup->image, err);
	if (e == 0)
		e = parts_emulator(parts, cell, &setup->emulator, err);
	if (e < 0)
		return e;
	for (size_t i = 0; i < b->n && e == 0; i++)
		e = parts_facts_of(parts, cell, &b->recs[i].facts);
	return e < 0 ? bl_fail(err, e, "out of memory") : 0;
}

static void run_boot(const struct run *run, struct boot *b)
{
	struct runner *r = run->r;
	struct trial_setup setup = {
		.hv = r->hv,
		.opt = &r->opt,
		.sc = run->sc,
		.cells = b->cells,
		.n_cells = b->n_cells,
		.accel = r->accel.accel,
		.backing_dir = run->backing_dir,
		.scratch_dir = r->scratch_dir,
		.host_id = r->host_id,
		.fill = run->fill,
		.stop = run->stop,
		.ev = &r->ev,
		.n_trials = run->plan->n_trials,
	};
	uint64_t phase_ns[PHASES] = {0};
	struct bl_err why = BL_ERR_INIT;
	int e;

	memcpy(setup.expected_ns, r->phase_ns, sizeof setup.expected_ns);
	e = gather(run, b, &setup, &why);
	for (size_t i = 0; i < b->n && e < 0; i++)
		trial_refuse(&b->turns[i], state_without_parts(e), bl_err_text(&why));
	if (e < 0)
		return;
	trial_run(&setup, b->turns, b->n, phase_ns);
	if (b->recs[0].state == TRIAL_OK && b->cells[0]->bus != BUS_HOST)
		memcpy(r->phase_ns, phase_ns, sizeof r->phase_ns);
}

static int hand_over(const struct run *run, const struct boot *b, struct bl_err *err)
{
	size_t n_plan = run->plan->n_trials, interrupted = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct trial_record *rec = &b->recs[i];
		int e = b->turns[i].was_reached ? run->r->ev.trial(run->r->ev.ctx, rec, err) : 0;

		if (e < 0)
			return bl_wrap(err, e, "trial %u", rec->order + 1);
		if (!interrupted && b->turns[i].was_reached && rec->state == TRIAL_INTERRUPTED)
			interrupted = rec->order + 1;
	}
	if (interrupted)
		return bl_fail(err, -EINTR, "interrupted in trial %zu of %zu", interrupted, n_plan);
	return 0;
}

/* The boot that begins with the plan's trial @first. */
static int run_and_hand_over(const struct run *run, size_t first, struct bl_err *err)
{
	struct boot b;
	int e = boot_make(run, first, &b, err);

	if (e == 0 && b.n) {
		run_boot(run, &b);
		e = hand_over(run, &b, err);
	}
	boot_done(&b);
	return e;
}

/* Who is in the block that begins with trial @i; 1: none is, the plan ends. */
static int begin_block(const struct run *run, size_t i, bool *is_in, struct bl_err *err)
{
	const struct runner_events *ev = &run->r->ev;
	const struct planned_trial *at = &run->plan->trials[i];

	if (!ev->block || !run->sc->is_interleaved || (i > 0 && at[-1].repeat == at->repeat))
		return 0;
	for (size_t c = 0; c < matrix_len(run->m); c++)
		is_in[c] = true;
	return ev->block(ev->ctx, at->repeat, is_in, err);
}

static int run_trials(struct run *run, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) bool *is_in = calloc(matrix_len(run->m), sizeof *is_in);
	size_t n = run->plan->n_trials;
	int e = 0;

	if (!is_in)
		return bl_fail(err, -ENOMEM, "out of memory");
	memset(is_in, true, matrix_len(run->m) * sizeof *is_in);
	run->is_in = is_in;
	for (size_t i = 0; i < n && e == 0; i += plan_boot_len(run->plan, i)) {
		if (run->stop && *run->stop)
			return bl_fail(err, -EINTR, "interrupted before trial %zu of %zu", i + 1,
				       n);
		e = begin_block(run, i, is_in, err);
		if (e == 0)
			e = run_and_hand_over(run, i, err);
	}
	run->is_in = NULL;
	return e < 0 ? e : 0;
}

int runner_run(struct runner *r, const struct scenario *sc, const struct matrix *m,
	       const struct plan *plan, const char *run_id, volatile sig_atomic_t *stop,
	       struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = NULL;
	struct device_fill fill = {.function_fd = -1};
	struct run run = {.r = r,
			  .sc = sc,
			  .m = m,
			  .plan = plan,
			  .run_id = run_id,
			  .fill = &fill,
			  .stop = stop};
	int e = 0;

	if (strcmp(sc->backing_dir, "auto") == 0)
		dir = bl_strf("%s/backing", r->work_dir);
	else if ((e = make_absolute(sc->backing_dir, &dir, err)) < 0)
		return e;
	if (!dir)
		return bl_fail(err, -ENOMEM, "out of memory");
	run.backing_dir = dir;
	r->opt.stop = stop;
	e = recover_folder(&r->left, dir, err);
	if (e >= 0)
		e = run_trials(&run, err);
	backing_forget_source(dir);
	bl_closep(&fill.function_fd);
	return e < 0 ? e : 0;
}
