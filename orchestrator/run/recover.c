#include "recover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backing.h"
#include "cleanup.h"
#include "clock.h"
#include "device.h"
#include "fs.h"
#include "guard.h"
#include "return.h"

#define CLOCK_SLACK_MS 60000 /* a clock that is set right while it runs */

static void on_orphan(void *ctx, const char *name, const char *run, const char *trial)
{
	struct recovery *r = ctx;

	r->n_done++;
	runner_note(r->ev, "ended the VM '%s' that a killed run left (run %s, trial %s)", name, run,
		    trial);
}

static void on_stale(void *ctx, const char *name)
{
	struct recovery *r = ctx;

	r->n_done++;
	runner_note(r->ev, "removed '%s' that a killed run left", name);
}

static bool is_owner_alive(const struct handover_record *h)
{
	return h->owner_pid > 0 && hv_process_start((pid_t)h->owner_pid) == h->owner_start;
}

/* A restart ends every hand-over, and what has that address at vfio-pci since is not the lab's
 * doing. Told by the owner's start, which counts from the boot that it lived in, or by the wall
 * clock, which may have been set meanwhile: then a disk is left where it is, which can be put
 * right. */
static bool is_of_earlier_boot(const struct handover_record *h)
{
	struct timespec up;
	uint64_t up_ms;

	if (clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return false;
	up_ms = (uint64_t)up.tv_sec * 1000 + (uint64_t)up.tv_nsec / 1000000;
	return h->owner_start / (uint64_t)sysconf(_SC_CLK_TCK) > up_ms / 1000 + 1 ||
	       h->given_ms + up_ms + CLOCK_SLACK_MS < bl_wall_ms();
}

/* Nobody else takes it or gives it back meanwhile. 1: it is held; 0: left to who holds it, or
 * lost. */
static int hold(struct recovery *r, const struct handover_record *h, int *ret_fd)
{
	struct bl_err why = BL_ERR_INIT;
	int e;

	if (h->kind != HANDOVER_VFIO)
		return 1;
	e = guard_hold_pci(r->root, h->device, ret_fd, &why);
	if (e == 0 || e == -ENOENT) /* give_back() says that it is gone */
		return 1;
	r->n_lost += e != -EBUSY;
	runner_note(r->ev, "the disk '%s', which a killed run had, is left as it is: %s", h->serial,
		    bl_err_text(&why));
	return 0;
}

/* What was read before the others came may be done by now. */
static int is_open(const struct recovery *r, const struct handover_record *h, struct bl_err *err)
{
	return r->ev->is_open ? r->ev->is_open(r->ev->ctx, h, err) : 1;
}

/* A person says that it won't come back: it was pulled, or is somebody else's now. What can still
 * be given back is not forgotten: then only the store knows where it belongs. */
static bool forget(struct recovery *r, struct handover_record *h, int code,
		   const struct bl_err *why)
{
	char at[64] = "", when[32], *outcome;

	if (!r->forget || strcmp(r->forget, h->serial) != 0)
		return false;
	if (h->kind == HANDOVER_VFIO)
		device_pci_driver(r->root, h->device, at, sizeof at);
	if (strcmp(at, "vfio-pci") == 0 || (h->kind == HANDOVER_MOUNT && code == -EBUSY)) {
		runner_note(r->ev,
			    "'%s' (%s) is not forgotten, because it can still be given back: it is "
			    "%s; end what keeps it there, then say `blklab recover` again",
			    h->serial, h->device, at[0] ? "at vfio-pci" : "mounted");
		return false;
	}
	outcome = bl_strf("forgotten: %s", h->outcome ? h->outcome : bl_err_text(why));
	if (!outcome)
		return false;
	free(h->outcome);
	h->outcome = outcome;
	h->is_ended = true;
	runner_note(r->ev, "forgot '%s' (%s), which run %s took from '%s' at %s and which is %s",
		    h->serial, h->device, h->run_id, h->driver_before,
		    bl_format_utc(when, h->given_ms), outcome + strlen("forgotten: "));
	return true;
}

static int give_back_left(struct recovery *r, const struct handover_record *left,
			  struct bl_err *err)
{
	struct handover_record h = *left; /* its strings are borrowed, but the outcome */
	BL_CLEANUP(bl_closep) int fd = -1;
	struct bl_err why = BL_ERR_INIT;
	int e;

	if (strcmp(h.host_id, r->host_id) != 0 || is_owner_alive(&h) || !hold(r, &h, &fd))
		return 0;
	e = is_open(r, &h, err);
	if (e <= 0)
		return e;
	h.outcome = NULL;
	r->n_named += r->forget && strcmp(r->forget, h.serial) == 0;
	e = give_back_in(r->root, &h, is_of_earlier_boot(&h), &why);
	if (e == 0) {
		r->n_done++;
		runner_note(r->ev, "%s '%s' (%s), which a killed run had: %s",
			    h.kind == HANDOVER_VFIO ? "the disk" : "the file system on", h.serial,
			    h.device, h.outcome ? h.outcome : "");
	} else if (forget(r, &h, e, &why)) {
		r->n_done++;
	} else {
		r->n_lost++;
		runner_note(r->ev, "%s", bl_err_text(&why));
	}
	e = r->ev->handover ? r->ev->handover(r->ev->ctx, &h, err) : 0;
	free(h.outcome);
	return e;
}

int recover_folder(struct recovery *r, const char *dir, struct bl_err *err)
{
	int e = backing_remove_stale(dir, on_stale, r, err);

	return e < 0 ? e : 0;
}

int recover_devices(struct recovery *r, struct bl_err *err)
{
	int e = 0;

	for (size_t i = 0; i < r->n_open && e >= 0; i++)
		e = give_back_left(r, &r->open[i], err);
	return e;
}

/* VMs first: their devices, disks and consoles are then nobody's. Then what is mounted, before the
 * folder it is mounted in. */
int recover(struct recovery *r, struct bl_err *err)
{
	static const char *const folders[] = {"runs", "backing"};
	int e = hv_end_orphans(r->hv, on_orphan, r, err);

	if (e >= 0)
		e = recover_devices(r, err);
	for (size_t i = 0; i < BL_ARRAY_LEN(folders) && e >= 0; i++) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", r->work_dir, folders[i]);

		e = path ? recover_folder(r, path, err) : bl_fail(err, -ENOMEM, "out of memory");
	}
	return e < 0 ? e : 0;
}
