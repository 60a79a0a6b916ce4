/* guard_pci.c - can the whole controller leave the host? IOMMU, its group, vfio-pci. */
#define GUARD_INTERNAL
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "guard_priv.h"

int guard_controller(struct guard *g)
{
	const struct device *d = g->dev;

	if (!d->is_nvme)
		return guard_deny(g, -ENOTSUP,
				  "take an NVMe disk, or measure this one as a block device "
				  "(storage: device)",
				  "'%s' is no NVMe controller of its own: %s%s; only a whole NVMe "
				  "controller is handed over",
				  g->block, d->pci[0] ? "it hangs at " : "it has no PCI function",
				  d->pci);
	return 0;
}

int guard_iommu(struct guard *g)
{
	const struct device *d = g->dev;
	int n = tree_names(d->root, "/sys/kernel/iommu_groups", NULL, NULL);

	if (d->iommu_group >= 0)
		return 0;
	if (n > 0)
		return guard_deny(g, -ENOTSUP, "put it into another slot",
				  "'%s' (%s) is in no IOMMU group, although this host has %d: "
				  "nothing confines what it writes into memory",
				  g->block, d->pci[0] ? d->pci : "no PCI function", n);
	return guard_deny(g, -ENOTSUP,
			  "switch it on in the firmware (VT-d, AMD-Vi) and boot with "
			  "intel_iommu=on (AMD: on by default)",
			  "the IOMMU is off: nothing would confine what a guest makes '%s' write "
			  "into this host's memory",
			  g->block);
}

int guard_vfio(struct guard *g)
{
	char release[128];

	if (device_vfio_state(g->dev->root, release, sizeof release) != DEVICE_VFIO_NONE)
		return 0;
	return guard_deny(g, -ENOTSUP, "install a kernel with CONFIG_VFIO_PCI, with its modules",
			  "vfio-pci, the driver that hands a device over, is neither loaded nor in "
			  "/lib/modules/%s",
			  release[0] ? release : "(release not known)");
}

struct group_scan {
	struct guard *g;
	char who[400];
	size_t at;
};

/* Bridges stay with the host; pci-stub and vfio-pci let a device alone (kernel documentation,
 * driver-api/vfio.rst). */
static void match_member(void *ctx, const char *pci)
{
	struct group_scan *s = ctx;
	char driver[64], what[64];
	uint32_t class = device_pci_class(s->g->dev->root, pci, what, sizeof what);

	if (strcmp(pci, s->g->dev->pci) == 0 || class >> 8 == DEVICE_CLASS_PCI_BRIDGE_16)
		return;
	device_pci_driver(s->g->dev->root, pci, driver, sizeof driver);
	if (!driver[0] || strcmp(driver, "vfio-pci") == 0 || strcmp(driver, "pci-stub") == 0)
		return;
	if (s->at < sizeof s->who)
		s->at += (size_t)snprintf(s->who + s->at, sizeof s->who - s->at,
					  "%s%s (%s, driver %s)", s->at ? ", " : "", pci,
					  what[0] ? what : "not known", driver);
}

int guard_group(struct guard *g)
{
	struct group_scan s = {.g = g};
	char dir[96];
	int r;

	if (g->dev->iommu_group < 0)
		return 0; /* guard_iommu() said so */
	snprintf(dir, sizeof dir, "/sys/kernel/iommu_groups/%d/devices", g->dev->iommu_group);
	r = tree_names(g->dev->root, dir, match_member, &s);
	if (r < 0)
		return guard_deny(g, -EIO, "look into /sys/kernel/iommu_groups",
				  "'%s': can't tell what is in its IOMMU group %d: %s", g->block,
				  g->dev->iommu_group, strerror(-r));
	if (!s.at)
		return 0;
	return guard_deny(g, -EBUSY,
			  "put it into a slot whose group is its own (firmware with ACS), or "
			  "unbind the others from their drivers if nothing needs them",
			  "'%s' shares its IOMMU group %d with %s, in use by this host: a group is "
			  "handed over as a whole",
			  g->block, g->dev->iommu_group, s.who);
}

struct path_scan {
	struct guard *g;
	char other[96];
	int r;
};

static void match_path(void *ctx, const char *controller)
{
	struct path_scan *s = ctx;
	const struct device *d = s->g->dev;
	char pci[64];
	int r = tree_link(d->root, pci, sizeof pci, "/sys/class/nvme/%s/device", controller);

	if (r == 0 && strcmp(pci, d->pci) != 0)
		r = device_has_namespace(d->root, pci, s->g->block);
	if (r > 0)
		snprintf(s->other, sizeof s->other, "%.20s at %.40s", controller, pci);
	if (r < 0 && r != -ENOENT) /* -ENOENT: the controller is gone, and its path with it */
		s->r = r;
}

/* A second port of the same subsystem would leave the disk with host and guest at once. */
int guard_paths(struct guard *g)
{
	struct path_scan s = {.g = g};
	int r = tree_names(g->dev->root, "/sys/class/nvme", match_path, &s);

	if (s.other[0])
		return guard_deny(g, -EBUSY, "unbind the other controller from its driver, too",
				  "'%s' has a second path by the controller %s: host and guest "
				  "would write to one disk",
				  g->block, s.other);
	r = r < 0 ? r : s.r;
	if (r < 0)
		return guard_deny(g, -EIO, "look into /sys/class/nvme",
				  "'%s': can't tell whether it has a second path: %s", g->block,
				  strerror(-r));
	return 0;
}
