#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "fs.h"
#include "interrupts.h"
#include "mounts.h"
#include "nvme_info.h"
#include "tree.h"

#define BLOCK "/sys/class/block/%s"

static const char *root_of(const char *root)
{
	return root ? root : "";
}

/* Copy without spaces at both ends. */
static void take_text(char *out, size_t len, const char *s, size_t n)
{
	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\0' || s[n - 1] == '\n'))
		n--;
	snprintf(out, len, "%.*s", (int)n, s);
}

static void read_text(const char *root, char *out, size_t len, const char *block, const char *what)
{
	char line[256];

	if (tree_line(root, line, sizeof line, BLOCK "/%s", block, what) == 0)
		take_text(out, len, line, strlen(line));
}

/* SCSI and ATA: VPD page 0x80, four bytes of header, then the serial (SPC-4, 7.8.16). */
static void scsi_serial(struct device *d)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	if (tree_file(d->root, &b, BLOCK "/device/vpd_pg80", d->block) == 0 && b.len > 4)
		take_text(d->serial, sizeof d->serial, b.data + 4, b.len - 4);
}

/* ATA: VPD page 0x89 holds IDENTIFY DEVICE from byte 60 on (SAT-4, 12.4.2), whose words 23 to 26
 * are the firmware, two characters a word, the first in the upper byte (ACS-4, 7.13). What SCSI
 * calls the revision is only a half of it. */
static void ata_firmware(struct device *d)
{
	enum { AT = 60 + 2 * 23, LEN = 8 };
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char text[LEN];

	if (tree_file(d->root, &b, BLOCK "/device/vpd_pg89", d->block) < 0 || b.len < AT + LEN)
		return;
	for (size_t i = 0; i < LEN; i++)
		text[i] = b.data[AT + (i ^ 1)];
	take_text(d->firmware, sizeof d->firmware, text, LEN);
}

static void read_identity(struct device *d)
{
	static const char *const serials[] = {"serial", "device/serial"};
	static const char *const firmwares[] = {"device/firmware_rev", "device/rev"};

	for (size_t i = 0; i < BL_ARRAY_LEN(serials) && !d->serial[0]; i++)
		read_text(d->root, d->serial, sizeof d->serial, d->block, serials[i]);
	if (!d->serial[0])
		scsi_serial(d);
	read_text(d->root, d->model, sizeof d->model, d->block, "device/model");
	if (!d->firmware[0])
		ata_firmware(d);
	for (size_t i = 0; i < BL_ARRAY_LEN(firmwares) && !d->firmware[0]; i++)
		read_text(d->root, d->firmware, sizeof d->firmware, d->block, firmwares[i]);
}

/* What the PCI function says, and the controller on it. */
static void read_function(struct device *d)
{
	char line[64], what[64];
	uint64_t v;

	if (!d->pci[0])
		return;
	device_pci_driver(d->root, d->pci, d->driver, sizeof d->driver);
	d->is_nvme = device_pci_class(d->root, d->pci, what, sizeof what) == DEVICE_CLASS_NVME;
	if (tree_link(d->root, line, sizeof line, "/sys/bus/pci/devices/%s/iommu_group", d->pci) ==
	    0)
		d->iommu_group = atoi(line);
	/* -1 is what the file says without NUMA, too. */
	if (tree_u64(d->root, &v, "/sys/bus/pci/devices/%s/numa_node", d->pci) == 0 && v < 4096)
		d->numa_node = (int)v;
	if (!d->is_nvme)
		return;
	device_pci_controller(d->root, d->pci, d->controller, sizeof d->controller);
	if (!d->controller[0])
		return;
	device_controller_serial(d->root, d->controller, d->serial, sizeof d->serial);
	tree_line(d->root, d->model, sizeof d->model, "/sys/class/nvme/%s/model", d->controller);
	tree_line(d->root, d->firmware, sizeof d->firmware, "/sys/class/nvme/%s/firmware_rev",
		  d->controller);
}

void device_look(const char *root, const char *name, struct device *ret)
{
	struct device d = {.iommu_group = -1, .numa_node = -1};
	uint64_t v;

	snprintf(d.root, sizeof d.root, "%s", root_of(root));
	snprintf(d.block, sizeof d.block, "%s", name);
	snprintf(d.node, sizeof d.node, "%s/dev/%.63s", d.root, name);
	irq_pci_of_block(d.root, name, d.pci, sizeof d.pci);
	d.nsid = nvme_namespace_of(d.root, name);
	read_function(&d);
	read_identity(&d);
	if (tree_u64(root, &v, BLOCK "/size", name) == 0)
		d.size_bytes = v * 512; /* always in 512 bytes, whatever the logical block */
	if (tree_u64(root, &v, BLOCK "/queue/logical_block_size", name) == 0)
		d.logical_block_bytes = (uint32_t)v;
	*ret = d;
}

static void read_controller(const char *root, const char *pci, struct device *ret)
{
	struct device d = {.iommu_group = -1, .numa_node = -1};

	snprintf(d.root, sizeof d.root, "%s", root_of(root));
	snprintf(d.pci, sizeof d.pci, "%s", pci);
	read_function(&d);
	*ret = d;
}

struct listing {
	const char *root;
	struct device *items;
	size_t n;
	int r;
};

static struct device *listing_add(struct listing *l)
{
	struct device *items = reallocarray(l->items, l->n + 1, sizeof *items);

	if (!items) {
		l->r = -ENOMEM;
		return NULL;
	}
	l->items = items;
	return &l->items[l->n++];
}

/* Whole disks that are a piece of hardware (or play one). A hidden "nvme0c0n1" is a path to
 * another disk. */
static bool is_hardware(const char *root, const char *name)
{
	static const char *const others[] = {"loop", "ram", "zram", "dm-", "md", "sr", "fd"};
	char real[PATH_MAX];
	uint64_t v;

	for (size_t i = 0; i < BL_ARRAY_LEN(others); i++)
		if (strncmp(name, others[i], strlen(others[i])) == 0)
			return false;
	if (strlen(name) >= BLOCK_NAME_MAX || tree_exists(root, BLOCK "/partition", name))
		return false;
	if (tree_u64(root, &v, BLOCK "/hidden", name) == 0 && v)
		return false;
	return tree_real(root, real, BLOCK, name) == 0 && !strstr(real, "/devices/virtual/block/");
}

static void list_block(void *ctx, const char *name)
{
	struct listing *l = ctx;
	struct device *d = is_hardware(l->root, name) ? listing_add(l) : NULL;

	if (d)
		device_look(l->root, name, d);
}

static void list_controller(void *ctx, const char *pci)
{
	struct listing *l = ctx;
	char what[64];
	struct device *d;

	if (device_pci_class(l->root, pci, what, sizeof what) != DEVICE_CLASS_NVME)
		return;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].pci, pci) == 0)
			return;
	d = listing_add(l);
	if (d)
		read_controller(l->root, pci, d);
}

static int by_block(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	return strverscmp(x->block, y->block);
}

int device_list(const char *root, struct device **ret, size_t *ret_n, struct bl_err *err)
{
	struct listing l = {.root = root};
	int r = tree_names(root, "/sys/class/block", list_block, &l);

	if (l.n) /* the controllers come behind it */
		qsort(l.items, l.n, sizeof *l.items, by_block);
	if (r >= 0)
		tree_names(root, "/sys/bus/pci/devices", list_controller, &l);
	if (r >= 0 && l.r == 0) {
		*ret = l.items;
		*ret_n = l.n;
		return 0;
	}
	free(l.items);
	if (r < 0)
		return bl_fail(err, r, "cannot list the disks in /sys/class/block: %s",
			       strerror(-r));
	return bl_fail(err, -ENOMEM, "out of memory");
}

/* "nvme0n1 (S5XX-1), sda (WD-7)": for messages. */
static void list_serials(const struct device *items, size_t n, char *out, size_t len)
{
	size_t at = 0;

	snprintf(out, len, "none tells one");
	for (size_t i = 0; i < n && at < len; i++)
		if (items[i].serial[0])
			at += (size_t)snprintf(out + at, len - at, "%s'%s' (%s)", at ? ", " : "",
					       items[i].serial,
					       items[i].block[0] ? items[i].block : items[i].pci);
}

/* The kernel's name of what @path leads to. By its device number on a real host, because a node
 * may have any name. */
static int block_of_path(const struct device_name *name, char out[BLOCK_NAME_MAX],
			 struct bl_err *err)
{
	char real[PATH_MAX], sys[PATH_MAX];
	struct stat st;
	int r = tree_real(name->root, real, "%s", name->path);

	if (r < 0)
		return bl_fail(err, -ENODEV,
			       "'%s' is not there (%s); name a disk such as /dev/nvme0n1, or one "
			       "of /dev/disk/by-id",
			       name->path, strerror(-r));
	if (root_of(name->root)[0])
		snprintf(sys, sizeof sys, "%s", real);
	else if (stat(real, &st) < 0 || !S_ISBLK(st.st_mode) ||
		 tree_real("", sys, "/sys/dev/block/%u:%u", major(st.st_rdev), minor(st.st_rdev)) <
			 0)
		sys[0] = '\0';
	snprintf(out, BLOCK_NAME_MAX, "%.63s", sys[0] ? strrchr(sys, '/') + 1 : "");
	if (!out[0] || !tree_exists(name->root, BLOCK, out))
		return bl_fail(err, -ENOTBLK,
			       "'%s' is not a block device; name a disk such as /dev/nvme0n1",
			       name->path);
	return 0;
}

static int find_by_path(const struct device_name *name, struct device *ret, struct bl_err *err)
{
	char block[BLOCK_NAME_MAX], disk[BLOCK_NAME_MAX];
	int r = block_of_path(name, block, err);

	if (r < 0)
		return r;
	if (block_partition_of(name->root, block, disk))
		return bl_fail(err, -ENOTBLK,
			       "'%s' is a partition of '%s'; the lab takes whole disks: name "
			       "/dev/%s",
			       block, disk, disk);
	device_look(name->root, block, ret);
	return 0;
}

/* The namespace that is asked for among the devices at @pci; 0: the first. */
static int pick_namespace(const struct device_name *name, const struct device *items, size_t n,
			  const char *pci, struct device *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *list = NULL;
	const struct device *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i].pci, pci) != 0)
			continue;
		if (!first)
			first = &items[i];
		/* A SATA controller has several disks, of which the serial picks one. */
		if (!items[i].is_nvme && strcmp(items[i].serial, name->serial) != 0)
			continue;
		/* At vfio-pci nobody knows the namespaces; the guest will. */
		if (!name->nsid || items[i].nsid == name->nsid || !items[i].block[0]) {
			*ret = items[i];
			return 0;
		}
	}
	if (!first)
		return bl_fail(err, -ENODEV, "no disk hangs at '%s'", pci);
	if (!first->is_nvme) {
		*ret = *first; /* with another serial, which agree() tells */
		return 0;
	}
	list = device_namespaces(first->root, pci);
	return bl_fail(err, -ENODEV,
		       "the controller at '%s' has no namespace %u; it has %s: name one of them",
		       pci, name->nsid, list && list[0] ? list : "none");
}

static int find_by_pci(const struct device_name *name, const struct device *items, size_t n,
		       struct device *ret, struct bl_err *err)
{
	char pci[BL_PCI_TEXT_MAX], what[64];
	int r = device_pci_text(name->pci, pci, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (strcmp(items[i].pci, pci) == 0)
			return pick_namespace(name, items, n, pci, ret, err);
	if (!tree_exists(name->root, "/sys/bus/pci/devices/%s", pci))
		return bl_fail(err, -ENODEV,
			       "there is no PCI function '%s' on this host; `blklab claim` lists "
			       "the disks with their addresses",
			       pci);
	device_pci_class(name->root, pci, what, sizeof what);
	return bl_fail(err, -ENODEV,
		       "no disk hangs at '%s', which is: %s; `blklab claim` lists the disks with "
		       "their addresses",
		       pci, what);
}

/* Namespaces of one controller share its serial; two controllers with one serial do not go
 * together. */
static int find_by_serial(const struct device_name *name, const struct device *items, size_t n,
			  struct device *ret, struct bl_err *err)
{
	const struct device *hit = NULL;
	char text[600];
	size_t at = 0, others = 0;

	for (size_t i = 0; i < n; i++) {
		const char *place = items[i].is_nvme ? items[i].pci : items[i].node;

		if (strcmp(items[i].serial, name->serial) != 0 ||
		    (hit && hit->is_nvme && strcmp(hit->pci, items[i].pci) == 0))
			continue;
		others += hit != NULL;
		hit = hit ? hit : &items[i];
		if (at < sizeof text)
			at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at ? ", " : "",
					       place);
	}
	if (others)
		return bl_fail(err, -ENOTUNIQ,
			       "%zu disks have the serial '%s': %s; name one of them, too, by its "
			       "PCI address or path",
			       others + 1, name->serial, text);
	if (hit && hit->is_nvme)
		return pick_namespace(name, items, n, hit->pci, ret, err);
	if (hit) {
		*ret = *hit;
		return 0;
	}
	list_serials(items, n, text, sizeof text);
	return bl_fail(err, -ENODEV,
		       "no disk of this host has the serial '%s'; there are: %s. A disk at "
		       "vfio-pci tells no serial: name its PCI address, too",
		       name->serial, text);
}

/* All that was given must be about one disk. */
static int agree(const struct device_name *name, const struct device *d, struct bl_err *err)
{
	const char *what = d->block[0] ? d->block : d->pci;
	char pci[BL_PCI_TEXT_MAX];

	if (name->pci && name->pci[0]) {
		int r = device_pci_text(name->pci, pci, err);

		if (r < 0)
			return r;
		if (strcmp(pci, d->pci) != 0)
			return bl_fail(err, -ENODEV,
				       "'%s' hangs at '%s', not at '%s'; name the one or the other",
				       what, d->pci[0] ? d->pci : "no PCI function", pci);
	}
	if (name->nsid && d->nsid && name->nsid != d->nsid)
		return bl_fail(err, -ENODEV,
			       "'%s' is namespace %u, not %u; name the one or the "
			       "other",
			       what, d->nsid, name->nsid);
	if (d->block[0] && !d->serial[0])
		return bl_fail(err, -ENODEV,
			       "'%s' tells no serial, so it can't be proved to be '%s'; the lab "
			       "takes only disks that have one",
			       what, name->serial);
	if (d->serial[0] && strcmp(d->serial, name->serial) != 0)
		return bl_fail(err, -ENODEV,
			       "'%s' has the serial '%s', not '%s': this may be another disk than "
			       "the one that is meant; name the serial that it has, if it is",
			       what, d->serial, name->serial);
	return 0;
}

int device_find(const struct device_name *name, struct device *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) struct device *items = NULL;
	struct device d;
	size_t n = 0;
	int r;

	if (!name->serial || !name->serial[0])
		return bl_fail(err, -EINVAL,
			       "no serial was given; addresses and paths change from boot to boot, "
			       "so a disk is named by its serial (`blklab claim` lists them)");
	r = device_list(name->root, &items, &n, err);
	if (r < 0)
		return r;
	if (name->path && name->path[0])
		r = find_by_path(name, &d, err);
	else if (name->pci && name->pci[0])
		r = find_by_pci(name, items, n, &d, err);
	else
		r = find_by_serial(name, items, n, &d, err);
	if (r == 0)
		r = agree(name, &d, err);
	if (r == 0)
		*ret = d;
	return r;
}

/* The disk that @fd is open on, by the kernel's number. An image in a faked tree has none. */
static bool is_node_of(const struct device *d, int fd)
{
	char line[32], number[32];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode))
		return fd < 0 || d->root[0];
	snprintf(number, sizeof number, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	return tree_line(d->root, line, sizeof line, BLOCK "/dev", d->block) == 0 &&
	       strcmp(line, number) == 0;
}

int device_check_same(const struct device *was, int fd, struct bl_err *err)
{
	struct device now;

	if (!was->block[0] || !tree_exists(was->root, BLOCK, was->block))
		return bl_fail(err, -ENODEV,
			       "the disk '%s' (serial '%s') is gone; look at the kernel log "
			       "(dmesg), and whether it has another name now (`blklab claim`)",
			       was->block, was->serial);
	device_look(was->root, was->block, &now);
	if (strcmp(now.serial, was->serial) == 0 && strcmp(now.pci, was->pci) == 0 &&
	    now.nsid == was->nsid && now.size_bytes == was->size_bytes && is_node_of(was, fd))
		return 0;
	return bl_fail(err, -ESTALE,
		       "'%s' was the disk with the serial '%s' and is now another one (serial "
		       "'%s'): names change when a controller comes back; try again",
		       was->block, was->serial, now.serial);
}
