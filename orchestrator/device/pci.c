/* pci.c - PCI functions in sysfs: names, classes, drivers, and the NVMe controllers on them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "device.h"
#include "tree.h"

#define PCI_DIR "/sys/bus/pci/devices"

int device_pci_text(const char *given, char out[BL_PCI_TEXT_MAX], struct bl_err *err)
{
	if (bl_pci_text(given, out) < 0)
		return bl_fail(err, -EINVAL,
			       "'%s' is no PCI address; it is DOMAIN:BUS:DEVICE.FUNCTION in hex, "
			       "such as 0000:5e:00.0 or 5e:00.0 (lspci shows them)",
			       given);
	return 0;
}

int device_pci_driver(const char *root, const char *pci, char *out, size_t len)
{
	out[0] = '\0';
	if (!pci[0] || !tree_exists(root, PCI_DIR "/%s", pci))
		return -ENODEV;
	tree_link(root, out, len, PCI_DIR "/%s/driver", pci);
	return 0;
}

/* PCI Code and ID Assignment, base class and subclass. */
static const struct {
	uint32_t mask, value;
	const char *what;
} classes[] = {
	{0xffffff, DEVICE_CLASS_NVME, "NVMe controller"},
	{0xffff00, 0x010600, "SATA controller"},
	{0xff0000, 0x010000, "storage controller"},
	{0xffff00, 0x020000, "Ethernet controller"},
	{0xff0000, 0x020000, "network controller"},
	{0xff0000, 0x030000, "graphics controller"},
	{0xff0000, 0x040000, "multimedia controller"},
	{0xffff00, 0x060000, "host bridge"},
	{0xffff00, 0x060100, "ISA bridge"},
	{0xffff00, DEVICE_CLASS_PCI_BRIDGE_16 << 8, "PCI bridge"},
	{0xffff00, 0x0c0300, "USB controller"},
	{0xffff00, 0x0c0500, "SMBus controller"},
};

uint32_t device_pci_class(const char *root, const char *pci, char *out, size_t len)
{
	char line[32];
	uint32_t class;

	out[0] = '\0';
	if (tree_line(root, line, sizeof line, PCI_DIR "/%s/class", pci) < 0)
		return 0;
	class = (uint32_t)strtoul(line, NULL, 16);
	for (size_t i = 0; i < BL_ARRAY_LEN(classes); i++) {
		if ((class & classes[i].mask) != classes[i].value)
			continue;
		snprintf(out, len, "%s", classes[i].what);
		return class;
	}
	snprintf(out, len, "PCI device of class 0x%06x", class);
	return class;
}

enum device_vfio device_vfio_state(const char *root, char *release, size_t len)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf list = BL_BUF_INIT;

	tree_line(root, release, len, "/proc/sys/kernel/osrelease");
	if (tree_exists(root, "/sys/bus/pci/drivers/vfio-pci") ||
	    tree_exists(root, "/sys/module/vfio_pci"))
		return DEVICE_VFIO_LOADED;
	tree_file(root, &list, "/lib/modules/%s/modules.dep", release);
	tree_file(root, &list, "/lib/modules/%s/modules.builtin", release);
	return strstr(bl_buf_str(&list), "/vfio-pci.ko") ? DEVICE_VFIO_LOADABLE : DEVICE_VFIO_NONE;
}

struct name_scan {
	struct bl_buf *out;
	char *first;
	size_t len;
};

static void first_name(void *ctx, const char *name)
{
	struct name_scan *s = ctx;

	if (!s->first[0] && strncmp(name, "nvme", 4) == 0 && strlen(name) < s->len)
		strcpy(s->first, name);
}

void device_pci_controller(const char *root, const char *pci, char *out, size_t len)
{
	struct name_scan s = {.first = out, .len = len};
	char dir[96];

	out[0] = '\0';
	snprintf(dir, sizeof dir, PCI_DIR "/%.15s/nvme", pci);
	if (pci[0])
		tree_names(root, dir, first_name, &s);
}

void device_controller_serial(const char *root, const char *controller, char *out, size_t len)
{
	char line[64];

	tree_line(root, line, sizeof line, "/sys/class/nvme/%s/serial", controller);
	snprintf(out, len, "%s", line + strspn(line, " "));
}

/* In a controller's folder a namespace is "nvme0n1"; with the kernel's own multipath it is
 * "nvme3c0n1", one path to the disk "nvme3n1" that the subsystem 3 shows. */
static void add_namespace(void *ctx, const char *name)
{
	struct name_scan *s = ctx;
	unsigned head, path, ns;
	int end = 0;

	if (sscanf(name, "nvme%un%u%n", &head, &ns, &end) != 2 || name[end]) {
		end = 0;
		if (sscanf(name, "nvme%uc%un%u%n", &head, &path, &ns, &end) != 3 || name[end])
			return;
	}
	bl_buf_addf(s->out, "%snvme%un%u", s->out->len ? " " : "", head, ns);
}

char *device_namespaces(const char *root, const char *pci)
{
	struct bl_buf out = BL_BUF_INIT;
	struct name_scan s = {.out = &out};
	char controller[32], dir[96];
	int r = 0;

	device_pci_controller(root, pci, controller, sizeof controller);
	snprintf(dir, sizeof dir, PCI_DIR "/%.15s/nvme/%.31s", pci, controller);
	if (controller[0])
		r = tree_names(root, dir, add_namespace, &s);
	if (r < 0 && r != -ENOENT) { /* -ENOENT: it left its driver meanwhile */
		bl_buf_done(&out);
		errno = -r;
		return NULL;
	}
	return bl_buf_take(&out);
}

int device_has_namespace(const char *root, const char *pci, const char *block)
{
	BL_CLEANUP(bl_freep) char *list = device_namespaces(root, pci);
	size_t n = strlen(block);

	if (!list)
		return -errno;
	for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ')
		if (strncmp(at, block, n) == 0 && (at[n] == ' ' || !at[n]))
			return 1;
	return 0;
}

/* PCI Local Bus specification 3.0, 6.7 (capabilities list) and 6.8.2 (MSI-X): table size - 1 in the
 * low 11 bits of message control. Without privileges sysfs shows the first 64 bytes only. */
unsigned device_msix_vectors(const char *root, const char *pci)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const unsigned char *c;
	unsigned at;

	if (tree_file(root, &b, PCI_DIR "/%s/config", pci) < 0 || b.len < 64)
		return 0;
	c = (const unsigned char *)b.data;
	if (!(c[0x06] & 0x10)) /* status: no capabilities list */
		return 0;
	at = c[0x34] & ~3u;
	for (int i = 0; i < 48 && at >= 0x40 && at + 4 <= b.len; i++) {
		if (c[at] == 0x11)
			return ((c[at + 2] | (unsigned)c[at + 3] << 8) & 0x7ff) + 1;
		at = c[at + 1] & ~3u;
	}
	return 0;
}
