/* doctor_iommu.c - could a PCI disk be handed to a guest (VFIO)? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor_areas.h"

#define AREA "passthrough"

static int groups(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] =
		"passthrough removes the host from the I/O path; without an "
		"IOMMU a guest could write anywhere in memory, so VFIO refuses";
	char args[2048], given[256] = "";
	int n = host_names(opt, "/sys/kernel/iommu_groups", NULL, NULL);
	const char *word;

	host_line(opt, args, sizeof args, "/proc/cmdline");
	word = strstr(args, "iommu=");
	while (word && word > args && word[-1] != ' ')
		word--; /* intel_iommu=, amd_iommu= */
	if (word)
		snprintf(given, sizeof given, "%.*s", (int)strcspn(word, " "), word);
	if (n > 0)
		return doctor_add(out, AREA, "iommu", DOCTOR_OK, meaning, NULL, "%d groups%s%s", n,
				  given[0] ? ", " : "", given);
	return doctor_add(out, AREA, "iommu", DOCTOR_INFO, meaning,
			  "switch it on in the firmware (VT-d, AMD-Vi) and boot with "
			  "intel_iommu=on or amd_iommu=on",
			  "off or absent: no groups%s%s", given[0] ? ", kernel argument " : "",
			  given);
}

/* Loaded, built in, or a file that could be loaded. */
static int vfio(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] = "vfio-pci is the driver that hands a disk over";
	BL_CLEANUP(bl_buf_done) struct bl_buf list = BL_BUF_INIT;
	char release[128];

	if (host_exists(opt, "/sys/module/vfio_pci") ||
	    host_exists(opt, "/sys/bus/pci/drivers/vfio-pci"))
		return doctor_add(out, AREA, "vfio-pci", DOCTOR_OK, meaning, NULL, "loaded");
	host_line(opt, release, sizeof release, "/proc/sys/kernel/osrelease");
	host_file(opt, &list, "/lib/modules/%s/modules.dep", release);
	host_file(opt, &list, "/lib/modules/%s/modules.builtin", release);
	if (strstr(bl_buf_str(&list), "/vfio-pci.ko"))
		return doctor_add(out, AREA, "vfio-pci", DOCTOR_OK, meaning, NULL,
				  "available for kernel %s, not loaded", release);
	return doctor_add(out, AREA, "vfio-pci", DOCTOR_INFO, meaning,
			  "a kernel with CONFIG_VFIO_PCI", "not there for kernel %s", release);
}

struct nvme_scan {
	const struct doctor_options *opt;
	struct doctor_rows *out;
	int r;
};

/* Everything in a group goes to the guest together. */
static void nvme_group(void *ctx, const char *name)
{
	struct nvme_scan *s = ctx;
	BL_CLEANUP(bl_freep) char *dir = NULL;
	int n;

	if (asprintf(&dir, "/sys/class/nvme/%s/device/iommu_group/devices", name) < 0)
		return;
	n = host_names(s->opt, dir, NULL, NULL);
	if (n <= 0)
		return; /* no group: the iommu row says why */
	s->r |= doctor_add(s->out, AREA, name, n == 1 ? DOCTOR_OK : DOCTOR_INFO,
			   "a group is handed over as a whole: a disk that shares its group takes "
			   "the other devices away from the host",
			   n == 1 ? NULL : "another slot, or firmware with ACS",
			   n == 1 ? "alone in its group" : "shares its group: %d devices", n);
}

int doctor_iommu(const struct doctor_options *opt, struct doctor_rows *out)
{
	struct nvme_scan s = {.opt = opt, .out = out};

	s.r = groups(opt, out) | vfio(opt, out);
	host_names(opt, "/sys/class/nvme", nvme_group, &s);
	return s.r;
}
