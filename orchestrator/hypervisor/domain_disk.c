/* domain_disk.c - the disk under test in the domain XML, one row a bus. */
#define DOMAIN_INTERNAL
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "domain_priv.h"
#include "pci_address.h"

#define SATA_PORTS 6 /* of q35's own AHCI controller (ICH9) */

/* What differs between kinds of <disk>. */
struct disk_words {
	const char *type, *format, *cache;
	const char *io;  /* NULL: left out */
	const char *dev; /* "vd", "sd"; its letter is behind it */
	const char *bus;
};

/* One group of its own: libvirt names it after the disk. */
static void limit(struct build *b, xmlNode *disk)
{
	const struct throttle *limit = &b->cell->throttle;
	xmlNode *iotune = tree_add(&b->tree, disk, "iotune");

	if (limit->iops)
		tree_addf(&b->tree, iotune, "total_iops_sec", "%" PRIu64, limit->iops);
	if (limit->bytes_s)
		tree_addf(&b->tree, iotune, "total_bytes_sec", "%" PRIu64, limit->bytes_s);
}

/* <disk>; *ret_driver and *ret_source are its <driver> and <source>, for what only some have. */
static xmlNode *any_disk(struct build *b, const struct disk_words *w, xmlNode **ret_driver,
			 xmlNode **ret_source)
{
	struct tree *t = &b->tree;
	xmlNode *disk = tree_add(t, b->devices, "disk"), *driver, *n;
	char name[DOMAIN_NAME_MAX];

	tree_set(t, disk, "type", "%s", w->type);
	tree_set(t, disk, "device", "disk");
	driver = tree_add(t, disk, "driver");
	tree_set(t, driver, "name", "qemu");
	tree_set(t, driver, "type", "%s", w->format);
	tree_set(t, driver, "cache", "%s", w->cache);
	if (w->io)
		tree_set(t, driver, "io", "%s", w->io);
	tree_set(t, driver, "discard", "%s", cell_discard_names[b->cell->discard]);
	tree_set(t, driver, "detect_zeroes", "off");
	/* QEMU's default stops the VM when the host's disk is full: a job that never ends. */
	tree_set(t, driver, "error_policy", "report");
	*ret_source = tree_add(t, disk, "source");
	n = tree_add(t, disk, "target");
	tree_set(t, n, "dev", "%s%c", w->dev, (char)('a' + b->i));
	tree_set(t, n, "bus", "%s", w->bus);
	if (throttle_is_on(&b->cell->throttle))
		limit(b, disk);
	tree_addf(t, disk, "serial", "%s", domain_name(DOMAIN_DISK_SERIAL, b->i, name));
	tree_set(t, tree_add(t, disk, "alias"), "name", "%s",
		 domain_name(DOMAIN_DISK_ALIAS, b->i, name));
	*ret_driver = driver;
	return disk;
}

/* A <disk> on an NBD server of this host. */
static xmlNode *network_disk(struct build *b, const char *dev, const char *bus,
			     xmlNode **ret_driver)
{
	const struct disk_words words = {
		.type = "network", .format = "raw", .cache = "none", .dev = dev, .bus = bus};
	xmlNode *source, *host, *disk = any_disk(b, &words, ret_driver, &source);

	tree_set(&b->tree, source, "protocol", "nbd");
	host = tree_add(&b->tree, source, "host");
	tree_set(&b->tree, host, "transport", "unix");
	tree_set(&b->tree, host, "socket", "%s", b->disk->nbd_socket ? b->disk->nbd_socket : "");
	return disk;
}

/* A <disk> on a file, block device or NBD server. */
static xmlNode *disk(struct build *b, const char *dev, const char *bus, xmlNode **ret_driver)
{
	bool is_block = b->disk->is_block;
	const struct cell *c = b->cell;
	const struct disk_words words = {
		.type = is_block ? "block" : "file",
		.format = cell_format_names[c->format],
		.cache = cell_cache_names[c->cache],
		.io = cell_aio_names[c->aio],
		.dev = dev,
		.bus = bus,
	};
	xmlNode *source, *disk;

	if (c->storage == STORAGE_NBD)
		return network_disk(b, dev, bus, ret_driver);
	disk = any_disk(b, &words, ret_driver, &source);
	tree_set(&b->tree, source, is_block ? "dev" : "file", "%s", b->disk->path);
	return disk;
}

static void queues_and_iothread(struct build *b, xmlNode *driver)
{
	if (b->cell->queues)
		tree_set(&b->tree, driver, "queues", "%u", b->cell->queues);
	if (b->cell->iothreads)
		tree_set(&b->tree, driver, "iothread", "%u",
			 domain_iothreads_before(b->with, b->i) + 1);
}

static int virtio_blk(struct build *b, struct bl_err *err)
{
	xmlNode *driver;

	if (b->cell->iothreads > 1)
		return domain_own_virtio_blk(b, err);
	disk(b, "vd", "virtio", &driver);
	queues_and_iothread(b, driver);
	return 0;
}

static int virtio_scsi(struct build *b, struct bl_err *err)
{
	struct tree *t = &b->tree;
	xmlNode *controller, *driver, *n;
	char name[DOMAIN_NAME_MAX];

	if (b->cell->iothreads > 1)
		return domain_own_virtio_scsi(b, err);
	controller = tree_add(t, b->devices, "controller");
	tree_set(t, controller, "type", "scsi");
	tree_set(t, controller, "index", "%u", b->n_scsi);
	tree_set(t, controller, "model", "virtio-scsi");
	if (b->cell->queues || b->cell->iothreads)
		queues_and_iothread(b, tree_add(t, controller, "driver"));
	tree_set(t, tree_add(t, controller, "alias"), "name", "%s",
		 domain_name(DOMAIN_CONTROLLER_ALIAS, b->i, name));
	n = tree_add(t, disk(b, "sd", "scsi", &driver), "address");
	tree_set(t, n, "type", "drive");
	tree_set(t, n, "controller", "%u", b->n_scsi++);
	tree_set(t, n, "bus", "0");
	tree_set(t, n, "target", "0");
	tree_set(t, n, "unit", "0");
	return 0;
}

/* A bus that knows no iothreads, or no queues. */
static int refuse(const struct cell *c, bool has_queues, struct bl_err *err)
{
	if (c->iothreads)
		return bl_fail(err, -ENOTSUP,
			       "iothreads: %u: QEMU's %s device runs in the main loop; only 0 is "
			       "possible",
			       c->iothreads, cell_bus_names[c->bus]);
	if (c->queues && !has_queues)
		return bl_fail(err, -ENOTSUP,
			       "queues: %u: a %s disk has one queue; only 0, its default, is "
			       "possible",
			       c->queues, cell_bus_names[c->bus]);
	return 0;
}

static int sata(struct build *b, struct bl_err *err)
{
	int r = refuse(b->cell, false, err);
	struct tree *t = &b->tree;
	xmlNode *driver, *n;

	if (r < 0)
		return r;
	if (b->n_sata == SATA_PORTS)
		return bl_fail(err, -ENOTSUP,
			       "one VM takes at most %d sata disks: q35's controller has as many "
			       "ports",
			       SATA_PORTS);
	n = disk(b, "sd", "sata", &driver);
	if (b->with->n_disks == 1) /* libvirt puts it on the first port */
		return 0;
	n = tree_add(t, n, "address");
	tree_set(t, n, "type", "drive");
	tree_set(t, n, "controller", "0");
	tree_set(t, n, "bus", "0");
	tree_set(t, n, "target", "0");
	tree_set(t, n, "unit", "%u", b->n_sata++);
	return 0;
}

static int nvme_emulated(struct build *b, struct bl_err *err)
{
	int r = refuse(b->cell, true, err);

	return r < 0 ? r : domain_own_nvme(b, err);
}

/* --- a controller that is handed over --- */

/* <address> of the function, under @parent: libvirt wants it in parts. */
static int pci_address(struct build *b, xmlNode *parent, struct bl_err *err)
{
	const char *text = b->disk->pci;
	struct tree *t = &b->tree;
	struct bl_pci pci;
	xmlNode *n;

	if (!text || bl_pci_parse(text, &pci) < 0)
		return bl_fail(err, -EINVAL,
			       "bus %s: '%s' is no PCI address; the device must be named by one, "
			       "such as 0000:5e:00.0",
			       cell_bus_names[b->cell->bus], text ? text : "");
	n = tree_add(t, parent, "address");
	tree_set(t, n, "domain", "0x%04x", pci.domain);
	tree_set(t, n, "bus", "0x%02x", pci.bus);
	tree_set(t, n, "slot", "0x%02x", pci.device);
	tree_set(t, n, "function", "0x%x", pci.function);
	return 0;
}

/* managed: libvirt takes the function from its driver and gives it back when the domain ends.
 * Without its ROM: the kernel is booted directly, and a boot ROM would only run in between. */
static int vfio(struct build *b, struct bl_err *err)
{
	struct tree *t = &b->tree;
	xmlNode *dev = tree_add(t, b->devices, "hostdev");
	char name[DOMAIN_NAME_MAX];
	int r;

	tree_set(t, dev, "mode", "subsystem");
	tree_set(t, dev, "type", "pci");
	tree_set(t, dev, "managed", "yes");
	r = pci_address(b, tree_add(t, dev, "source"), err);
	tree_set(t, tree_add(t, dev, "rom"), "bar", "off");
	tree_set(t, tree_add(t, dev, "alias"), "name", "%s",
		 domain_name(DOMAIN_DISK_ALIAS, b->i, name));
	return r;
}

/* QEMU's NVMe driver (block/nvme.c, read as of 5.0 and 7.2, and seen to run with 7.2): there is no
 * page cache to go past, and opened with cache none or directsync it switches the controller's own
 * volatile write cache off by Set Features; that fails on a controller that has none, and on QEMU's
 * emulated one. Opened with cache writeback it leaves the controller as it is and passes flushes
 * on. It has one pair of I/O queues and one interrupt, however many queues the virtio disk above
 * has. */
static int nvme_userspace(struct build *b, struct bl_err *err)
{
	static const struct disk_words words = {.type = "nvme",
						.format = "raw",
						.cache = "writeback",
						.dev = "vd",
						.bus = "virtio"};
	struct tree *t = &b->tree;
	xmlNode *driver, *source;

	if (b->cell->iothreads > 1)
		return bl_fail(
			err, -ENOTSUP,
			"iothreads: %u: QEMU's NVMe driver has one pair of I/O queues, which "
			"one thread serves; 0 or 1 is possible",
			b->cell->iothreads);
	any_disk(b, &words, &driver, &source);
	queues_and_iothread(b, driver);
	tree_set(t, source, "type", "pci");
	tree_set(t, source, "managed", "yes");
	tree_set(t, source, "namespace", "%u", b->disk->nsid);
	return pci_address(b, source, err);
}

static int host(struct build *b, struct bl_err *err)
{
	(void)b;
	return bl_fail(err, -ENOTSUP, "bus host runs on the host itself: it has no domain");
}

/* One row a bus. */
static int (*const add_disk[BUSES])(struct build *b, struct bl_err *err) = {
	[BUS_VIRTIO_BLK] = virtio_blk,
	[BUS_VIRTIO_SCSI] = virtio_scsi,
	[BUS_SATA] = sata,
	[BUS_NVME_EMULATED] = nvme_emulated,
	[BUS_VFIO] = vfio,
	[BUS_NVME_USERSPACE] = nvme_userspace,
	[BUS_HOST] = host,
};

int domain_add_disk(struct build *b, size_t i, struct bl_err *err)
{
	b->i = i;
	b->disk = &b->with->disks[i];
	b->cell = b->disk->cell;
	return add_disk[b->cell->bus](b, err);
}
