/* trial_device.c - the disk that a person named, for the time of a trial: proved to be free, handed
 * to the guest, and given back. */
#define TRIAL_INTERNAL
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "guard.h"
#include "handover.h"
#include "labfs.h"
#include "nvme_info.h"
#include "return.h"
#include "trial_priv.h"
#include "units.h"

#define EVENTS_MAX 128 /* that are kept of a trial */

/* --- who it is, and that it is free --- */

static enum guard_use use_of(const struct cell *c)
{
	return cell_takes_controller(c) ? GUARD_PASSTHROUGH : GUARD_BLOCK;
}

static int add_identity(struct trial *t)
{
	const struct device *d = &t->dev;
	int r = 0;

	if (d->pci[0])
		r = trial_fact(t, "device.pci", "%s", d->pci);
	if (r == 0)
		r = trial_fact(t, "device.path", "%s", d->node);
	if (r == 0)
		r = trial_fact(t, "device.serial", "%s", d->serial);
	if (r == 0 && d->model[0])
		r = trial_fact(t, "device.model", "%s", d->model);
	if (r == 0 && d->firmware[0])
		r = trial_fact(t, "device.firmware", "%s", d->firmware);
	if (r == 0 && d->nsid)
		r = trial_fact(t, "device.namespace", "%u", d->nsid);
	if (r == 0)
		r = trial_fact(t, "device.size_bytes", "%" PRIu64, d->size_bytes);
	if (r == 0 && d->iommu_group >= 0)
		r = trial_fact(t, "device.iommu_group", "%d", d->iommu_group);
	if (r == 0 && d->numa_node >= 0)
		r = trial_fact(t, "device.numa_node", "%d", d->numa_node);
	return r < 0 ? r : trial_fact(t, "device.claim", "%s", t->claim.id);
}

/* The controller's own account of itself, beyond what sysfs has. */
static void identity_fact(void *ctx, const char *key, const char *value)
{
	static const char *const wanted[] = {
		"lba_format",        "volatile_write_cache", "nvme_version",      "capacity_bytes",
		"utilization_bytes", "io_queues_max",        "max_transfer_bytes"};
	struct trial *t = ctx;
	uint64_t n;
	char full[96];

	if (strcmp(key, "io_queues_max") == 0 && bl_parse_u64(value, 1, 65536, &n, NULL) == 0)
		t->disk->device_io_queues = (unsigned)n;
	for (size_t i = 0; i < BL_ARRAY_LEN(wanted); i++) {
		if (strcmp(key, wanted[i]) != 0)
			continue;
		snprintf(full, sizeof full, "device.%s", key);
		trial_fact(t, full, "%s", value);
	}
}

static int find(struct trial *t)
{
	const struct scenario_device *named = &t->s->sc->device;
	struct device_name name = {.root = "",
				   .pci = named->pci,
				   .path = named->path,
				   .serial = named->serial,
				   .nsid = named->nsid};
	int r = device_find(&name, &t->dev, &t->err);

	/* A hand-over that went wrong before, or somebody else's. */
	if (r == 0 && !t->dev.node[0])
		r = bl_fail(&t->err, -EBUSY,
			    "the disk '%s' at %s is at the driver '%s', not at the host's own: "
			    "give it back first (blklab recover)",
			    named->serial, t->dev.pci, t->dev.driver);
	return r;
}

int trial_take_device(struct trial *t)
{
	const struct cell *c = t->disk->cell;
	uint64_t usable, asked = t->s->sc->backing_bytes;
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];
	int r;

	if (!cell_needs_device(c))
		return 0;
	r = find(t);
	/* First: another run's guest may be about to get it. */
	if (r == 0 && t->s->fill->function_fd < 0)
		r = guard_hold_function(&t->dev, &t->s->fill->function_fd, &t->err);
	if (r == 0)
		r = guard_check(&t->dev, t->s->sc->device.serial, use_of(c), &t->claim, &t->err);
	if (r == -ENOTSUP)
		t->state = TRIAL_IMPOSSIBLE;
	if (r == 0)
		r = guard_hold(&t->dev, &t->hold_fd, &t->err);
	if (r < 0)
		return r;
	usable = claim_usable_bytes(t->dev.size_bytes);
	if (asked > usable)
		return bl_fail(&t->err, -ENOSPC,
			       "backing: size: %s is more than '%s' has for jobs, %s (%" PRIu64
			       " bytes); "
			       "set 'backing: { size: %" PRIu64
			       "MiB }' in the scenario (copy it, when it is "
			       "one of the library), or take a larger disk",
			       bl_format_size(a, asked), t->dev.node, bl_format_size(b, usable),
			       usable, usable / MiB);
	return add_identity(t);
}

/* --- a file system on it --- */

static int begin_handover(struct trial *t, enum handover_kind kind, const char *device,
			  const char *driver_before, const char *namespaces)
{
	struct handover_record *h = &t->handover;

	if (!t->s->ev->handover)
		return bl_fail(&t->err, -ENOTSUP,
			       "nobody keeps a record of what is taken from the host");
	handover_record_done(h);
	bl_uuid7(h->id, bl_wall_ms());
	snprintf(h->run_id, sizeof h->run_id, "%s", t->rec->run_id);
	snprintf(h->trial_id, sizeof h->trial_id, "%s", t->rec->id);
	h->kind = kind;
	h->host_id = strdup(t->s->host_id);
	h->owner_pid = getpid();
	h->owner_start = hv_process_start(getpid());
	h->device = strdup(device);
	h->serial = strdup(t->dev.serial);
	h->model = strdup(t->dev.model);
	h->driver_before = strdup(driver_before);
	h->namespaces = strdup(namespaces);
	h->given_ms = bl_wall_ms();
	if (!h->host_id || !h->device || !h->serial || !h->model || !h->driver_before ||
	    !h->namespaces)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	if (t->s->ev->handover(t->s->ev->ctx, h, &t->err) < 0)
		return bl_wrap(&t->err, -EIO,
			       "the hand-over can't be recorded, so it is not begun");
	t->is_given = true;
	return 0;
}

int trial_mount(struct trial *t)
{
	char prefix[64];
	uint64_t start = bl_now_ns();
	int r;

	if (t->disk->cell->storage != STORAGE_FILESYSTEM)
		return 0;
	t->mount = bl_strf("%s/%s%s.mnt", t->s->backing_dir, backing_prefix(prefix), t->rec->id);
	if (!t->mount)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	t->s->fill->is_raw = false;
	r = begin_handover(t, HANDOVER_MOUNT, t->dev.node, t->mount, "");
	if (r == 0)
		r = labfs_mount(&t->dev, &t->claim, t->mount, &t->err);
	return r < 0 ? r : trial_fact(t, "backing.mkfs_ns", "%" PRIu64, bl_now_ns() - start);
}

/* --- hand-over --- */

int trial_give(struct trial *t)
{
	BL_CLEANUP(bl_freep) char *namespaces = NULL;
	int r;

	if (!cell_takes_controller(t->disk->cell))
		return 0;
	/* What the host wrote to fill it is on the disk, and nothing of it stays in memory. */
	r = backing_drop_cache(&t->disk->backing, &t->rec->facts, &t->err);
	/* Filling takes long: somebody may have mounted it meanwhile. */
	bl_closep(&t->hold_fd);
	if (r == 0)
		r = guard_check(&t->dev, t->s->sc->device.serial, GUARD_PASSTHROUGH, &t->claim,
				&t->err);
	if (r < 0)
		return r;
	namespaces = device_namespaces("", t->dev.pci);
	if (!namespaces)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	return begin_handover(t, HANDOVER_VFIO, t->dev.pci, t->dev.driver, namespaces);
}

/* --- health and trouble, before and after --- */

struct health_to {
	struct trial *t;
	const char *when;
};

static void health_fact(void *ctx, const char *key, const char *value)
{
	struct health_to *to = ctx;
	char full[96];

	snprintf(full, sizeof full, "device.%s.%s", to->when, key);
	trial_fact(to->t, full, "%s", value);
}

/* A disk that tells nothing is not a failure: the facts are absent and the reason is one (1). */
static int host_health(struct trial *t, const char *when)
{
	BL_CLEANUP(bl_freep) char *node = bl_strf("/dev/%s", t->dev.controller);
	struct health_to to = {.t = t, .when = when};
	struct bl_err why = BL_ERR_INIT;
	char key[64];
	int r;

	if (!node)
		return bl_fail(&t->err, -ENOMEM, "out of memory");
	if (nvme_health(node, health_fact, &to, &why) == 0)
		return 0;
	snprintf(key, sizeof key, "device.%s.not_read", when);
	r = trial_fact(t, key, "%s", bl_err_text(&why));
	return r < 0 ? r : 1;
}

int trial_health_before(struct trial *t)
{
	BL_CLEANUP(bl_freep) char *node = NULL;
	int r;

	if (!cell_needs_device(t->disk->cell) || !t->dev.controller[0])
		return 0;
	node = bl_strf("/dev/%s", t->dev.controller);
	if (node)
		nvme_identity(node, t->dev.nsid, identity_fact, t, NULL);
	r = host_health(t, "before");
	return r != 0 ? (r < 0 ? r : 0) : trial_fact(t, "device.health_from", "host");
}

/* A disk that fails says the same a thousand times: the rest is only counted. */
static void add_event(struct trial *t, const char *where, const char *line)
{
	char key[48];

	if (t->n_events++ >= EVENTS_MAX)
		return;
	snprintf(key, sizeof key, "device.event.%zu", t->n_events - 1);
	trial_fact(t, key, "%s: %s", where, line);
}

static void host_event(void *ctx, const char *line)
{
	add_event(ctx, "host", line);
}

/* From here on: what the hand-over itself made the kernel say is not trouble. */
int trial_watch_device(struct trial *t)
{
	if (!cell_needs_device(t->disk->cell))
		return 0;
	t->kernel_log = kernel_log_open("/dev/kmsg", false);
	/* No event would look like no trouble. */
	return t->kernel_log ? 0
			     : trial_fact(t, "device.events.not_read",
					  "host: the kernel log, /dev/kmsg: %s", strerror(errno));
}

int trial_trouble(struct trial *t)
{
	const char *names[3];
	size_t n = 0;

	if (!t->kernel_log)
		return 0;
	if (t->dev.pci[0])
		names[n++] = t->dev.pci;
	/* Those of a controller that was handed over may be another's by now. */
	if (t->dev.controller[0] && !cell_takes_controller(t->disk->cell))
		names[n++] = t->dev.controller;
	if (t->dev.block[0] && !cell_takes_controller(t->disk->cell))
		names[n++] = t->dev.block;
	kernel_log_trouble(t->kernel_log, names, n, host_event, t);
	t->kernel_log = kernel_log_close(t->kernel_log);
	return 0;
}

static bool is_health_from(const struct trial *t, const char *where)
{
	const char *from = facts_get(&t->rec->facts, "device.health_from");

	return from && strcmp(from, where) == 0;
}

/* While the guest has the controller, only the guest can ask it. Where the host never could, what
 * it says is the disk's. */
static int guest_side(struct trial *t, const char *when)
{
	BL_CLEANUP(facts_done) struct facts facts = {0}, events = {0};
	struct bl_err why = BL_ERR_INIT;
	char prefix[48];
	int r;

	if (t->disk->cell->bus != BUS_VFIO)
		return 0;
	snprintf(prefix, sizeof prefix, "device.%s%s.", is_health_from(t, "host") ? "guest_" : "",
		 when);
	r = guest_health(t->guest, 10 * NS_PER_S, &facts, &events, &why);
	if (r == -EREMOTEIO) { /* it lives, and can't tell */
		char key[64];

		snprintf(key, sizeof key, "%snot_read", prefix);
		return trial_fact(t, key, "%s", bl_err_text(&why));
	}
	if (r < 0)
		return bl_fail(&t->err, r, "%s", bl_err_text(&why));
	for (size_t i = 0; i < events.n; i++)
		add_event(t, "guest", events.items[i].value);
	r = trial_add_prefixed(t, prefix, &facts);
	if (r == 0 && !facts_get(&t->rec->facts, "device.health_from"))
		r = trial_fact(t, "device.health_from", "guest");
	return r;
}

int trial_guest_health_before(struct trial *t)
{
	return guest_side(t, "before");
}

int trial_guest_health_after(struct trial *t)
{
	return guest_side(t, "after");
}

/* --- and back --- */

void trial_give_back(struct trial *t)
{
	struct handover_record *h = &t->handover;
	struct bl_err why = BL_ERR_INIT;
	uint64_t start = bl_now_ns();

	if (t->is_given) {
		give_back(h, false, &why);
		if (h->kind == HANDOVER_VFIO) {
			/* It may have come back with another number, and the old one be another's.
			 */
			t->dev.controller[0] = '\0';
			if (h->is_back)
				device_pci_controller("", t->dev.pci, t->dev.controller,
						      sizeof t->dev.controller);
			trial_fact(t, "handover.return_ns", "%" PRIu64, bl_now_ns() - start);
		}
		if (t->s->ev->handover(t->s->ev->ctx, h, &why) < 0)
			runner_note(t->s->ev, "%s", bl_err_text(&why));
		else if (!h->is_back)
			runner_note(t->s->ev, "%s", h->outcome ? h->outcome : "out of memory");
	}
	/* Also after a trial that failed: then it matters most. */
	if (t->dev.controller[0] && is_health_from(t, "host"))
		host_health(t, "after");
	t->kernel_log = kernel_log_close(t->kernel_log);
	if (t->n_events > EVENTS_MAX)
		trial_fact(t, "device.events_left_out", "%zu", t->n_events - EVENTS_MAX);
	bl_closep(&t->hold_fd);
	handover_record_done(h);
	free(t->mount);
}
