#include "accel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "doctor.h"
#include "fs.h"
#include "units.h"

struct pair {
	const struct image *image;
	const struct emulator *emulator;
};

struct proving {
	const struct accel_request *req;
	struct pair *pairs;
	size_t n_pairs, n_vms; /* cells that have a VM */
	struct bl_err first;   /* why the first pair that can't be had can't */
	uint64_t start_ns, told_ns;
};

static void say(struct probe_answer *a, const char *accel, const char *how)
{
	snprintf(a->accel, sizeof a->accel, "%s", accel);
	snprintf(a->how, sizeof a->how, "%s", how);
}

/* --- the pairs --- */

static int add_pair(struct proving *p, struct pair pair, struct bl_err *err)
{
	struct pair *pairs;

	for (size_t i = 0; i < p->n_pairs; i++) {
		if (p->pairs[i].image == pair.image && p->pairs[i].emulator == pair.emulator)
			return 0;
	}
	pairs = realloc(p->pairs, (p->n_pairs + 1) * sizeof *pairs);
	if (!pairs)
		return bl_fail(err, -ENOMEM, "out of memory");
	p->pairs = pairs;
	p->pairs[p->n_pairs++] = pair;
	return 0;
}

static int gather_one(struct proving *p, const struct cell *cell, struct bl_err *err)
{
	struct bl_err why = BL_ERR_INIT;
	struct pair pair;
	int r;

	if (cell->bus == BUS_HOST)
		return 0;
	p->n_vms++;
	r = parts_image(p->req->parts, cell, &pair.image, &why);
	if (r == 0)
		r = parts_emulator(p->req->parts, cell, &pair.emulator, &why);
	if (r == 0)
		return add_pair(p, pair, err);
	if (r == -EINTR || r == -ENOMEM)
		return bl_fail(err, r, "%s", bl_err_text(&why));
	bl_fail(&p->first, r, "%s", bl_err_text(&why));
	return 0;
}

static int gather(struct proving *p, struct bl_err *err)
{
	const struct matrix *m = p->req->opt->matrix;
	struct cell standard;
	int r = 0;

	cell_defaults(&standard);
	if (!m)
		r = gather_one(p, &standard, err);
	for (size_t i = 0; m && i < matrix_len(m) && r == 0; i++)
		r = gather_one(p, matrix_cell(m, i), err);
	if (r < 0)
		return r;
	if (p->n_vms > 0 && p->n_pairs == 0)
		return bl_fail(err, p->first.code, "%s", bl_err_text(&p->first));
	if (p->first.code)
		runner_note(p->req->ev, "%s", bl_err_text(&p->first));
	return 0;
}

/* --- the probe --- */

static void tell(const struct proving *p, uint64_t elapsed_ns)
{
	struct runner_progress now = {
		.phase = PHASE_PROBE, .elapsed_ns = elapsed_ns, .expected_ns = PROBE_LIMIT_NS};

	if (p->req->ev->progress)
		p->req->ev->progress(p->req->ev->ctx, &now);
}

static void on_tick(void *ctx)
{
	struct proving *p = ctx;

	if (bl_now_ns() - p->told_ns < NS_PER_S)
		return;
	p->told_ns = bl_now_ns();
	tell(p, p->told_ns - p->start_ns);
}

static int probe_pair(struct proving *p, const struct pair *pair, const struct facts *host,
		      struct probe_answer *ret, struct bl_err *err)
{
	const char *host_kernel = facts_get(host, "host.kernel");
	const char *cpu_model = facts_get(host, "cpu.model");
	struct probe_request req = {
		.hv = p->req->hv,
		.cache_dir = p->req->cache_dir,
		.scratch_dir = p->req->scratch_dir,
		.kvm = "/dev/kvm",
		.host_kernel = host_kernel ? host_kernel : "unknown kernel",
		.cpu_model = cpu_model ? cpu_model : "unknown cpu",
		.emulator = pair->emulator->path,
		.emulator_version = pair->emulator->version,
		.kernel = pair->image->kernel_path,
		.initrd = pair->image->initrd_path,
		.kernel_release = pair->image->release,
		.cmdline = IMAGE_CMDLINE,
		.stop = p->req->opt->stop,
		.tick = on_tick,
		.ctx = p,
	};

	p->start_ns = p->told_ns = bl_now_ns();
	tell(p, 0);
	return probe_accel(&req, ret, err);
}

/* Several pairs: the answer names the one that decided. */
static void name_pair(const struct proving *p, const struct pair *pair, struct probe_answer *a)
{
	BL_CLEANUP(bl_freep) char *how = NULL;

	if (p->n_pairs < 2)
		return;
	if (strcmp(a->accel, "kvm") == 0)
		how = bl_strf("each of %zu pairs of kernel and QEMU came up; the last: %s",
			      p->n_pairs, a->how);
	else
		how = bl_strf("kernel %s under QEMU %s decides for all cells: %s",
			      pair->image->release, pair->emulator->version, a->how);
	if (how)
		snprintf(a->how, sizeof a->how, "%s", how);
}

static int probe_all(struct proving *p, struct probe_answer *ret, struct bl_err *err)
{
	struct doctor_options look = {
		.root = "", .work_dir = p->req->work_dir, .now_ms = bl_wall_ms()};
	struct facts host = {0};
	size_t i = 0;
	int r = host_environment(&look, &host, err);

	for (; i < p->n_pairs && r == 0; i++) {
		r = probe_pair(p, &p->pairs[i], &host, ret, err);
		if (r == 0 && strcmp(ret->accel, "kvm") != 0)
			break;
	}
	facts_done(&host);
	if (r < 0)
		return r;
	name_pair(p, &p->pairs[i < p->n_pairs ? i : p->n_pairs - 1], ret);
	runner_note(p->req->ev, "acceleration: %s (%s%s)", ret->accel, ret->how,
		    ret->was_cached ? "; remembered" : "");
	return 0;
}

static int decide(struct proving *p, struct probe_answer *ret, struct bl_err *err)
{
	const char *forced = p->req->opt->accel;

	if (forced && strcmp(forced, "kvm") != 0 && strcmp(forced, "tcg") != 0)
		return bl_fail(err, -EINVAL, "acceleration: '%s' is not known; kvm or tcg", forced);
	if (p->n_vms == 0)
		say(ret, ACCEL_NO_VM, "no cell has a VM: nothing was proved");
	else if (forced)
		say(ret, forced, "asked for by option; not proved");
	else if (p->req->is_fake)
		say(ret, "tcg", "the fake hypervisor runs no VM");
	else
		return probe_all(p, ret, err);
	return 0;
}

int accel_prove(const struct accel_request *req, struct probe_answer *ret, struct bl_err *err)
{
	struct proving p = {.req = req};
	int r = gather(&p, err);

	if (r == 0)
		r = decide(&p, ret, err);
	free(p.pairs);
	return r;
}
