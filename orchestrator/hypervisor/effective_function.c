/* effective_function.c - a PCI function that was handed over: who has it now. */
#define EFFECTIVE_INTERNAL
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "effective_priv.h"
#include "fs.h"

/* The last part of what the link @name of the function leads to, new; NULL: there is none. */
static char *read_link(const struct look *l, const char *name)
{
	const char *root = l->with->host_root ? l->with->host_root : "", *last;
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/sys/bus/pci/devices/%s/%s", root, l->with->pci, name);
	char target[512];
	ssize_t n = path ? readlink(path, target, sizeof target - 1) : -1;

	if (n < 0)
		return NULL;
	target[n] = '\0';
	last = strrchr(target, '/');
	return strdup(last ? last + 1 : target);
}

/* The kernel's word, beside QEMU's. A function that no driver has is nobody's. */
static void add_link(struct look *l, const char *key, const char *asked, const char *name)
{
	BL_CLEANUP(bl_freep) char *value = read_link(l, name);

	look_add(l, key, asked, value, "/sys/bus/pci/devices/%s/%s%s", l->with->pci, name,
		 value ? "" : ": no such link");
}

void look_function(struct look *l)
{
	add_link(l, "host.driver", "vfio-pci", "driver");
	add_link(l, "host.iommu_group", NULL, "iommu_group");
	if (l->cell->bus == BUS_VFIO)
		look_add_property(l, "device.host", l->with->pci, LOOK_DISK, "host");
}
