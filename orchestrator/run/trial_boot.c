/* trial_boot.c - from nothing to a guest that is proved to be what was asked for. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "console.h"
#include "fs.h"
#include "hostfs.h"
#include "plan.h"
#include "trial_priv.h"
#include "units.h"

#define PINGS        10
#define STEP_NS      (10 * NS_PER_S) /* for short requests */
#define DESCRIBE_NS  (20 * NS_PER_S) /* a SATA link under emulation may take seconds */
#define FILL_BASE_NS (60 * NS_PER_S)
#define FILL_BYTES_S (4 * MiB) /* the slowest filling that is waited for, bytes in a second */

/* --- backing --- */

static void backing_tick(void *ctx, uint64_t done_bytes, uint64_t total_bytes)
{
	(void)done_bytes;
	(void)total_bytes;
	trial_tell(ctx, 0);
}

static enum backing_fill who_fills(const struct trial *t)
{
	const char *fill = t->s->opt->fill;

	if (fill && strcmp(fill, "guest") == 0 && t->disk->cell->bus != BUS_HOST)
		return BACKING_FILL_GUEST;
	return fill && strcmp(fill, "host") == 0 ? BACKING_FILL_HOST : BACKING_FILL_AUTO;
}

/* Whether the device's bytes are still those of an earlier fill of this run. */
static bool is_filled(const struct trial *t)
{
	const struct scenario *sc = t->s->sc;
	const struct device_fill *f = t->s->fill;

	if (sc->warm_up.sequential) /* it was purged, or is to be written anew */
		return false;
	for (size_t i = 0; i < sc->jobs.n; i++)
		if (job_trims(&sc->jobs.items[i])) /* leaves holes */
			return false;
	return f->function_fd >= 0 && f->is_raw && f->bytes == sc->backing_bytes &&
	       f->seed == sc->seed;
}

/* The device itself is the image, rather than a file. */
static bool is_on_device(const struct cell *c)
{
	return cell_takes_controller(c) || c->storage == STORAGE_DEVICE;
}

static int make_on_device(struct trial *t, struct backing_request *req)
{
	struct device_fill *f = t->s->fill;
	int r;

	req->node = t->dev.node;
	req->node_bytes = claim_usable_bytes(t->dev.size_bytes);
	req->is_filled = is_filled(t);
	f->is_raw = false; /* until this one is whole */
	r = backing_make(req, &t->disk->backing, &t->rec->facts, &t->err);
	*f = (struct device_fill){.function_fd = f->function_fd,
				  .is_raw = r == 0 && req->format == FORMAT_RAW &&
					    req->precondition == PRECONDITION_RANDOM_FILL &&
					    !t->disk->backing.guest_must_fill, /* it may fail to */
				  .bytes = req->size_bytes,
				  .seed = req->seed};
	return r;
}

/* Whose interrupts an I/O makes on the host: the device's, or those of the disk below @dir. */
static void find_irqs(struct trial *t, const char *dir)
{
	struct doctor_options here = {.root = "", .work_dir = dir};
	struct work_disk below;

	snprintf(t->disk->irq_pci, sizeof t->disk->irq_pci, "%s", t->dev.pci);
	if (cell_needs_device(t->disk->cell))
		return;
	work_disk_find(&here, &below);
	irq_pci_of_block("", below.disk, t->disk->irq_pci, sizeof t->disk->irq_pci);
}

/* There is room for all disks of the boot, or for none. */
static uint64_t bytes_of_others(const struct trial *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->s->n_cells; i++) {
		const struct trial_disk *d = &t->disks[i];

		if (d != t->disk && d->result == 0 && !d->backing.path)
			n += plan_backing_bytes(t->s->sc, d->cell);
	}
	return n;
}

int trial_make_backing(struct trial *t)
{
	const struct scenario *sc = t->s->sc;
	const struct cell *c = t->disk->cell;
	struct backing_request req = {
		.dir = t->mount ? t->mount : t->s->backing_dir,
		.name = t->rec->id,
		.format = c->format,
		.size_bytes = sc->backing_bytes,
		.cluster_size = c->cluster_size,
		.preallocation = c->preallocation,
		.precondition = sc->precondition,
		.fill = who_fills(t),
		.seed = sc->seed,
		.reserve_bytes = bytes_of_others(t),
		.stop = t->s->stop,
		.tick = backing_tick,
		.ctx = t,
	};
	int r = trial_purge(t, is_on_device(c));

	if (r == 0)
		r = is_on_device(c)
			    ? make_on_device(t, &req)
			    : backing_make(&req, &t->disk->backing, &t->rec->facts, &t->err);

	find_irqs(t, req.dir);
	if (r == -ENOTSUP)
		t->state = TRIAL_IMPOSSIBLE;
	return r;
}

int trial_serve(struct trial *t)
{
	const char *words = t->s->sc->nbdkit;
	int r;

	if (t->disk->cell->storage != STORAGE_NBD || cell_takes_controller(t->disk->cell))
		return 0;
	r = nbd_server_start(t->disk->backing.path, t->s->scratch_dir, words, t->s->stop,
			     &t->disk->nbd, &t->err);
	if (r == -ENOENT)
		t->state = TRIAL_IMPOSSIBLE;
	if (r < 0)
		return r;
	return trial_fact(t, "backing.server", "nbdkit file%s%s", words[0] ? " " : "", words);
}

/* --- boot --- */

static void bind_disk(const struct trial_disk *d, const struct device *dev, struct domain_disk *ret)
{
	*ret = (struct domain_disk){
		.cell = d->cell,
		.path = d->backing.path,
		.is_block = d->backing.is_block,
		.nbd_socket = d->nbd.socket,
		.pci = dev->pci,
		.nsid = dev->nsid,
		.device_serial = dev->serial,
		.device_model = dev->model[0] ? dev->model : NULL,
		.device_firmware = dev->firmware[0] ? dev->firmware : NULL,
		.device_io_queues = d->device_io_queues,
		.device_msix_vectors = dev->pci[0] ? device_msix_vectors("", dev->pci) : 0,
	};
}

/* Those that are not out, numbered anew. */
static int bind_disks(struct trial *t)
{
	t->bound = calloc(t->s->n_cells, sizeof *t->bound);
	if (!t->bound)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	t->bind.disks = t->bound;
	for (size_t i = 0; i < t->s->n_cells; i++) {
		if (t->disks[i].result < 0)
			continue;
		t->disks[i].at = t->bind.n_disks++;
		bind_disk(&t->disks[i], &t->dev, &t->bound[t->disks[i].at]);
	}
	return 0;
}

static int bind_domain(struct trial *t)
{
	const struct trial_setup *s = t->s;

	snprintf(t->name, sizeof t->name, "blklab-%s", t->rec->id);
	gethostname(t->host, sizeof t->host - 1);
	t->console = bl_strf("%s/%s.log", s->scratch_dir, t->rec->id);
	t->cmdline = bl_strf("%s%s%s", IMAGE_CMDLINE, s->opt->extra_cmdline ? " " : "",
			     s->opt->extra_cmdline ? s->opt->extra_cmdline : "");
	if (!t->console || !t->cmdline)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	t->bind = (struct domain_binding){
		.name = t->name,
		.uuid = t->rec->id,
		.run_id = t->rec->run_id,
		.trial_id = t->rec->id,
		.owner_pid = getpid(),
		.owner_start = hv_process_start(getpid()),
		.owner_host = t->host,
		.accel = s->accel,
		.machine = s->sc->machine,
		.memory_bytes = s->sc->memory_bytes,
		.emulator = s->emulator->path,
		.emulator_binary = s->emulator->binary,
		.emulator_version = s->emulator->version,
		.kernel = s->image->kernel_path,
		.kernel_release = s->image->release,
		.initrd = s->image->initrd_path,
		.cmdline = t->cmdline,
		.console_log = t->console,
	};
	return bind_disks(t);
}

/* Of several disks, one that can't be had is found out by a domain of its own: the others go on. */
static int try_alone(struct trial *t)
{
	const struct trial_setup *s = t->s;
	const struct domain_disk alone = {
		.cell = t->disk->cell, .path = "DISK", .nbd_socket = "SOCKET"};
	const struct domain_binding b = {
		.name = "alone",
		.uuid = t->rec->id,
		.run_id = t->rec->run_id,
		.trial_id = t->rec->id,
		.accel = s->accel,
		.machine = s->sc->machine,
		.memory_bytes = s->sc->memory_bytes,
		.emulator = s->emulator->path,
		.emulator_version = s->emulator->version,
		.kernel = "KERNEL",
		.initrd = "INITRAMFS",
		.cmdline = "",
		.console_log = "CONSOLE",
		.disks = &alone,
		.n_disks = 1,
	};
	BL_CLEANUP(bl_freep) char *xml = NULL;

	return domain_xml(&b, &xml, &t->err);
}

int trial_can(struct trial *t)
{
	char why[512];
	int r = 0;

	if (trial_image_lacks(t->s->image, t->disk->cell, why, sizeof why))
		r = bl_fail(&t->err, -ENOTSUP, "%s", why);
	else if (t->s->n_cells > 1)
		r = try_alone(t);
	if (r == -ENOTSUP)
		t->state = TRIAL_IMPOSSIBLE;
	return r;
}

/* Which of several disks it was QEMU does not say in words that are sure. */
static int not_started(struct trial *t, int r)
{
	if (t->bind.n_disks > 1)
		return bl_wrap(&t->err, r,
			       "cannot start the VM with its %zu disks (between-boots tells which "
			       "of them it is)",
			       t->bind.n_disks);
	return bl_wrap(&t->err, r, "cannot start the VM");
}

int trial_start(struct trial *t)
{
	char *live = NULL;
	uint64_t told_ns;
	int r = bind_domain(t);

	if (r == 0)
		r = domain_xml(&t->bind, &t->xml, &t->err);
	if (r == -ENOTSUP)
		t->state = TRIAL_IMPOSSIBLE;
	if (r < 0)
		return r;
	t->rec->domain_xml = t->xml ? strdup(t->xml) : NULL;
	told_ns = bl_now_ns();
	r = hv_start(t->s->hv, t->xml, &t->vm, &t->start_ns, &t->err);
	if (r == -ENOTSUP)
		t->state = TRIAL_IMPOSSIBLE;
	if (r < 0)
		return not_started(t, r);
	if (t->is_given && t->handover.kind == HANDOVER_VFIO)
		trial_fact(t, "handover.given_ns", "%" PRIu64, bl_now_ns() - told_ns);
	r = hv_vm_xml(t->vm, &live, &t->err);
	if (r < 0)
		return bl_wrap(&t->err, r, "cannot read the live XML");
	free(t->rec->domain_xml);
	t->rec->domain_xml = live;
	return 0;
}

/* --- what the guest is watched for while anything is waited for --- */

static int watch(void *ctx, const struct guest_state *state, struct bl_err *err)
{
	struct trial *t = ctx;
	char line[256];

	trial_tell(t, state->elapsed_ns
			      ? (double)state->ios * (double)NS_PER_S / (double)state->elapsed_ns
			      : 0);
	if (hv_vm_state(t->vm) == HV_PAUSED)
		return bl_fail(err, -EIO, "the VM stopped by itself (paused by the hypervisor)");
	if (console_panic(t->console, line, sizeof line))
		return bl_fail(err, -EIO, "the guest panicked: '%s'", line);
	return 0;
}

static void guest_log(void *ctx, const char *text)
{
	struct trial *t = ctx;

	runner_note(t->s->ev, "%s", text);
}

int trial_hello(struct trial *t)
{
	struct guest_options opt = {.stop = t->s->stop,
				    .silence_ns = t->s->opt->silence_ns,
				    .watch = watch,
				    .log = guest_log,
				    .ctx = t};
	uint64_t at;
	int r = guest_new(t->vm, &opt, &t->guest);

	if (r < 0)
		return bl_fail(&t->err, r, "out of memory");
	r = guest_hello(t->guest, t->s->sc->limit_boot_ns, &t->hello, &at, &t->err);
	if (r < 0)
		return r;
	r = trial_fact(t, "boot.start_to_hello_ns", "%" PRIu64, at - t->start_ns);
	return r < 0 ? r : trial_add_prefixed(t, "guest.", &t->hello);
}

int trial_clock(struct trial *t)
{
	int r = guest_clock(t->guest, PINGS, STEP_NS, &t->clock, &t->err);

	if (r == 0)
		r = trial_fact(t, "clock.offset_ns", "%" PRId64, t->clock.offset_ns);
	if (r == 0)
		r = trial_fact(t, "clock.uncertainty_ns", "%" PRIu64, t->clock.uncertainty_ns);
	return r;
}

/* Through the whole path: guest driver, QEMU, host. */
static int add_first_io(struct trial *t)
{
	uint64_t at = guest_clock_to_host(&t->clock, t->disk->seen.first_read_ns);

	/* not told; clocks too far apart to tell; or the time of several disks */
	if (!t->disk->seen.first_read_ns || at <= t->start_ns || t->bind.n_disks > 1)
		return 0;
	return trial_fact(t, "boot.start_to_first_io_ns", "%" PRIu64, at - t->start_ns);
}

static int describe(struct trial *t, struct guest_disk *ret)
{
	uint32_t nsid = t->disk->cell->bus == BUS_VFIO ? t->dev.nsid : 0;
	char serial[DOMAIN_NAME_MAX];

	return guest_describe(t->guest, domain_disk_serial(&t->bind, t->disk->at, serial), nsid,
			      DESCRIBE_NS, ret, &t->err);
}

/* The agent touches no disk but the one that was described last. */
int trial_turn_to(struct trial *t)
{
	BL_CLEANUP(guest_disk_done) struct guest_disk now = {0};
	int r = describe(t, &now);

	if (r < 0 || strcmp(now.device, t->disk->seen.device) == 0)
		return r;
	t->state = TRIAL_MISMATCH;
	return bl_fail(&t->err, -EINVAL, "the disk is %s to the guest now, and was %s", now.device,
		       t->disk->seen.device);
}

int trial_describe(struct trial *t)
{
	int r = describe(t, &t->disk->seen);

	if (r < 0)
		return r;
	r = trial_add_prefixed(t, "guest.disk.", &t->disk->seen.facts);
	if (r == 0)
		r = add_first_io(t);
	if (r < 0)
		return r;
	if (t->disk->seen.size_bytes == t->disk->backing.disk_bytes)
		return 0;
	t->state = TRIAL_MISMATCH;
	return bl_fail(&t->err, -EINVAL,
		       "disk size: asked %" PRIu64 " bytes, the guest sees %" PRIu64,
		       t->disk->backing.disk_bytes, t->disk->seen.size_bytes);
}

/* --- proof --- */

/* QEMU is connected, and nothing has been written through it yet. */
static int prove_server(struct trial *t)
{
	int r = t->disk->nbd.pid ? nbd_server_check(&t->disk->nbd, t->disk->backing.path, &t->err)
				 : 0;

	if (r < 0)
		t->state = TRIAL_MISMATCH;
	return r;
}

int trial_prove(struct trial *t)
{
	struct effectives *e = &t->rec->effective;
	BL_CLEANUP(bl_freep) char *difference = NULL;
	struct hv_vm *vm = trial_ask(t);
	int r = vm ? effective_host(vm, &t->bind, t->disk->at, e, &t->err) : -ENOMEM;

	hv_vm_end(vm);
	if (r == 0)
		r = effective_guest(&t->bind, t->disk->at, &t->disk->seen.facts, &t->hello, e,
				    &t->err);
	if (r < 0)
		return bl_wrap(&t->err, r, "cannot read the effective configuration");
	difference = effective_mismatch(e);
	if (!difference)
		return prove_server(t);
	t->state = TRIAL_MISMATCH;
	return bl_fail(&t->err, -EINVAL, "%s", difference);
}

/* --- fill, caches --- */

/* A raw block device is seen whole, and the lab's claim is at its end. */
uint64_t trial_limit_bytes(const struct trial *t)
{
	return t->disk->backing.disk_bytes > t->disk->backing.size_bytes
		       ? t->disk->backing.size_bytes
		       : 0;
}

int trial_fill(struct trial *t)
{
	uint64_t size = t->disk->backing.size_bytes, took = 0;
	uint64_t limit = FILL_BASE_NS + size / FILL_BYTES_S * NS_PER_S;
	int r;

	if (!t->disk->backing.guest_must_fill)
		return 0;
	r = t->s->n_cells > 1 ? trial_turn_to(t) : 0;
	if (r < 0)
		return r;
	r = guest_precondition(t->guest, t->disk->seen.device, size, trial_limit_bytes(t),
			       t->s->sc->seed, limit, &took, &t->err);
	if (r < 0)
		return bl_wrap(&t->err, r, "cannot fill the disk");
	return trial_fact(t, "backing.fill_ns", "%" PRIu64, took);
}

/* What is dirty of a disk that has no turn would be written back beside the one that has it. */
static int drop_others(struct trial *t)
{
	int r = 0;

	for (size_t i = 0; i < t->s->n_cells && r == 0; i++) {
		BL_CLEANUP(facts_done) struct facts nowhere = {0};
		const struct trial_disk *d = &t->disks[i];

		if (d != t->disk && d->backing.path)
			r = backing_drop_cache(&d->backing, &nowhere, &t->err);
	}
	return r;
}

int trial_drop_caches(struct trial *t)
{
	int r = t->guest ? guest_drop(t->guest, STEP_NS, &t->err) : 0;

	if (r < 0 || cell_takes_controller(t->disk->cell)) /* the host has it no more */
		return r;
	r = drop_others(t);
	return r < 0 ? r : backing_drop_cache(&t->disk->backing, &t->rec->facts, &t->err);
}
