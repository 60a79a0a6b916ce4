#include "return.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "handover.h"
#include "labfs.h"
#include "units.h"

#define LIBVIRT_NS (10 * NS_PER_S) /* libvirt does it within the end of the VM: seconds at most */
#define DRIVER_NS  (20 * NS_PER_S) /* a controller may take as long as CAP.TO says to be ready */

static void say(struct handover_record *h, char *outcome)
{
	free(h->outcome);
	h->outcome = outcome;
}

/* The VM is gone, so whoever has the group open is not ours. */
static int by_hand(const char *root, const struct handover_record *h, char **ret_namespaces,
		   struct bl_err *err)
{
	int r = handover_return(root, h->device, h->driver_before, err);

	return r < 0 ? r
		     : handover_wait_back(root, h->device, h->driver_before, h->namespaces,
					  DRIVER_NS, ret_namespaces, err);
}

/* Slots are refilled and addresses move: is it the one that was taken? */
static int check_serial(const char *root, const struct handover_record *h, struct bl_err *err)
{
	char controller[32], serial[64];

	device_pci_controller(root, h->device, controller, sizeof controller);
	if (!h->serial[0] || !controller[0])
		return 0;
	device_controller_serial(root, controller, serial, sizeof serial);
	return strcmp(serial, h->serial) == 0
		       ? 0
		       : bl_fail(err, -ESTALE,
				 "the controller there has the serial '%s' now, so the disk was "
				 "moved; look for it with `blklab claim`",
				 serial);
}

/* A restart ended the hand-over; whatever keeps it from its driver since is somebody else's doing.
 */
static int ended(struct handover_record *h, const struct bl_err *why)
{
	h->is_ended = true;
	say(h, bl_strf("ended by a restart of the host, and left as it is: %s", bl_err_text(why)));
	return 0;
}

static int not_back(const char *root, struct handover_record *h, int r, struct bl_err *why,
		    bool was_restarted, struct bl_err *err)
{
	char at[64];

	if (was_restarted && r == -ETIMEDOUT) { /* nothing was waited for */
		device_pci_driver(root, h->device, at, sizeof at);
		*why = (struct bl_err)BL_ERR_INIT;
		bl_fail(why, r, "'%s' is at %s, with other namespaces than before or none",
			h->device, at[0] ? at : "no driver");
	}
	if (was_restarted && r != -ENOMEM)
		return ended(h, why);
	say(h, bl_strf("not back at %s: %s", h->driver_before, bl_err_text(why)));
	return bl_fail(err, r, "the disk '%s' at %s is not back at its driver '%s': %s", h->serial,
		       h->device, h->driver_before, bl_err_text(why));
}

static int back_at_driver(const char *root, struct handover_record *h, bool was_restarted,
			  struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *namespaces = NULL;
	struct bl_err why = BL_ERR_INIT;
	uint64_t start = bl_now_ns();
	bool is_by_hand = false;
	char at[64];
	int r = handover_wait_back(root, h->device, h->driver_before, h->namespaces,
				   was_restarted ? 0 : LIBVIRT_NS, &namespaces, &why);

	if (r == -ETIMEDOUT && !was_restarted) {
		/* Else only its namespaces are awaited, which nothing here can hasten. */
		is_by_hand = device_pci_driver(root, h->device, at, sizeof at) == 0 &&
			     strcmp(at, h->driver_before) != 0;
		why = (struct bl_err)BL_ERR_INIT;
		r = by_hand(root, h, &namespaces, &why);
	}
	if (r == 0)
		r = check_serial(root, h, &why);
	if (r < 0)
		return not_back(root, h, r, &why, was_restarted, err);
	say(h, bl_strf("back at %s with %s after %.1f s%s", h->driver_before,
		       namespaces && *namespaces ? namespaces : "no namespace",
		       (double)(bl_now_ns() - start) / (double)NS_PER_S,
		       is_by_hand ? ", by hand: libvirt had not done it" : ""));
	return 0;
}

static int unmounted(struct handover_record *h, bool was_restarted, struct bl_err *err)
{
	struct bl_err why = BL_ERR_INIT;
	int r = labfs_end(h->device, h->driver_before, &why);

	if (r == -EEXIST && was_restarted)
		return ended(h, &why);
	if (r < 0) {
		say(h, bl_strf("not unmounted: %s", bl_err_text(&why)));
		return bl_fail(err, r, "%s", bl_err_text(&why));
	}
	say(h, bl_strf(r > 0 ? "unmounted, and its file system taken off" : "not mounted"));
	return 0;
}

int give_back_in(const char *root, struct handover_record *h, bool was_restarted,
		 struct bl_err *err)
{
	int r = h->kind == HANDOVER_VFIO ? back_at_driver(root, h, was_restarted, err)
					 : unmounted(h, was_restarted, err);

	h->is_back = r == 0 && !h->is_ended;
	h->returned_ms = bl_wall_ms();
	return r;
}

int give_back(struct handover_record *h, bool was_restarted, struct bl_err *err)
{
	return give_back_in("", h, was_restarted, err);
}
