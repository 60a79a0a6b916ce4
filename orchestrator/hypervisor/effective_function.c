/* effective_function.c - a PCI function that was handed over: who has it now. */
#define EFFECTIVE_INTERNAL
#include "effective_priv.h"
#include "tree.h"

/* The kernel's word, beside QEMU's. A function that no driver has is nobody's. */
static void add_link(struct look *l, const char *key, const char *asked, const char *name)
{
	char value[256];
	bool is_there = tree_link(l->with->host_root, value, sizeof value,
				  "/sys/bus/pci/devices/%s/%s", l->disk->pci, name) == 0;

	look_add(l, key, asked, is_there ? value : NULL, "/sys/bus/pci/devices/%s/%s%s",
		 l->disk->pci, name, is_there ? "" : ": no such link");
}

void look_function(struct look *l)
{
	add_link(l, "host.driver", "vfio-pci", "driver");
	add_link(l, "host.iommu_group", NULL, "iommu_group");
	if (l->cell->bus == BUS_VFIO)
		look_add_property(l, "device.host", l->disk->pci, l->path, "host");
}
