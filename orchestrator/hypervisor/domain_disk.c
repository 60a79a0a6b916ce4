/* domain_disk.c - the disk under test in the domain XML, one row a bus. */
#define DOMAIN_INTERNAL
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "domain_priv.h"
#include "pci_address.h"

#define QEMU_XML_NS "http://libvirt.org/schemas/domain/qemu/1.0"

/* Where a device libvirt does not know of is put: libvirt numbers its own from slot 1 upwards, and
 * q35 has its own at 0x1f. */
#define OWN_PCI_SLOT "0x10"

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

/* One argument of QEMU's command line, beside what libvirt makes. */
static void argument(struct build *b, const char *value)
{
	struct tree *t = &b->tree;

	if (!b->arguments) {
		xmlNs *ns =
			xmlNewNs(b->domain, (const xmlChar *)QEMU_XML_NS, (const xmlChar *)"qemu");

		b->arguments = tree_add(t, b->domain, "commandline");
		if (!ns || !b->arguments) {
			t->code = t->code ? t->code : -ENOMEM;
			return;
		}
		xmlSetNs(b->arguments, ns);
	}
	tree_set(t, tree_add(t, b->arguments, "arg"), "value", "%s", value);
}

/* @option and its value as JSON (stolen), the one syntax that quotes every path. */
static void json_argument(struct build *b, const char *option, json_t *value)
{
	BL_CLEANUP(bl_freep) char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (!text) {
		b->tree.code = b->tree.code ? b->tree.code : -ENOMEM;
		return;
	}
	argument(b, option);
	argument(b, text);
}

/* The lower node: a file, a block device or an NBD server. */
static json_t *storage_node(struct build *b)
{
	const struct domain_binding *w = b->with;
	bool is_nbd = b->cell->storage == STORAGE_NBD;
	const char *driver = is_nbd ? "nbd" : w->disk_is_block ? "host_device" : "file";
	json_t *node = json_pack("{s:s, s:s}", "driver", driver, "node-name", "blklab-storage");

	if (is_nbd) {
		tree_check(&b->tree, "socket", w->nbd_socket);
		json_object_set_new(node, "server",
				    json_pack("{s:s, s:s}", "type", "unix", "path", w->nbd_socket));
		return node;
	}
	tree_check(&b->tree, "disk", w->disk_path);
	json_object_set_new(node, "filename", json_string(w->disk_path));
	json_object_set_new(node, "aio", json_string(cell_aio_names[b->cell->aio]));
	return node;
}

/* The nodes of the disk under test for a device libvirt does not make: the same two it makes. The
 * upper one decides about discard. */
static void own_block_nodes(struct build *b)
{
	const struct cell *c = b->cell;
	struct cache_bits bits = cell_cache_bits(c->cache);
	const char *discard = cell_discard_names[c->discard];
	json_t *storage = storage_node(b);

	json_object_set_new(
		storage, "cache",
		json_pack("{s:b, s:b}", "direct", bits.direct, "no-flush", bits.no_flush));
	json_object_set_new(storage, "discard", json_string("unmap"));
	json_argument(b, "-blockdev", storage);
	json_argument(b, "-blockdev",
		      json_pack("{s:s, s:s, s:s, s:{s:b, s:b}, s:s, s:s}", "driver",
				cell_format_names[c->format], "node-name", "blklab-format", "file",
				"blklab-storage", "cache", "direct", bits.direct, "no-flush",
				bits.no_flush, "discard", discard, "detect-zeroes", "off"));
}

/* What differs between kinds of <disk>. */
struct disk_words {
	const char *type, *format, *cache;
	const char *io; /* NULL: left out */
	const char *dev, *bus;
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
	tree_set(t, n, "dev", "%s", w->dev);
	tree_set(t, n, "bus", "%s", w->bus);
	if (throttle_is_on(&b->cell->throttle))
		limit(b, disk);
	tree_addf(t, disk, "serial", "%s", DOMAIN_DISK_SERIAL);
	tree_set(t, tree_add(t, disk, "alias"), "name", "%s", DOMAIN_DISK_ALIAS);
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
	tree_set(&b->tree, host, "socket", "%s", b->with->nbd_socket ? b->with->nbd_socket : "");
	return disk;
}

/* A <disk> on a file, block device or NBD server. */
static xmlNode *disk(struct build *b, const char *dev, const char *bus, xmlNode **ret_driver)
{
	bool is_block = b->with->disk_is_block;
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
	tree_set(&b->tree, source, is_block ? "dev" : "file", "%s", b->with->disk_path);
	return disk;
}

static void queues_and_iothread(struct build *b, xmlNode *driver)
{
	if (b->cell->queues)
		tree_set(&b->tree, driver, "queues", "%u", b->cell->queues);
	if (b->cell->iothreads)
		tree_set(&b->tree, driver, "iothread", "1");
}

/* -ENOTSUP when the emulator is older than @least: {"iothread": name} lists came late. A queue is
 * served by one iothread; QEMU makes as many queues as there are vCPUs. */
static int can_do_many(const struct build *b, unsigned least, struct bl_err *err)
{
	const char *version = b->with->emulator_version;
	uint32_t queues = b->cell->queues ? b->cell->queues : b->cell->vcpus;

	if (b->cell->iothreads > queues)
		return bl_fail(err, -ENOTSUP,
			       "iothreads: %u is above the number of the disk's queues, %u (%s)",
			       b->cell->iothreads, queues,
			       b->cell->queues ? "as asked" : "one for each vCPU");
	if (version && strtoul(version, NULL, 10) >= least)
		return 0;
	return bl_fail(
		err, -ENOTSUP,
		"iothreads: %u: several iothreads for one %s disk need QEMU %u.0 or newer, and "
		"'%s' is %s",
		b->cell->iothreads, cell_bus_names[b->cell->bus], least, b->with->emulator,
		version ? version : "of an unknown version");
}

static json_t *iothread_map(uint32_t n)
{
	json_t *map = json_array();

	for (uint32_t i = 1; i <= n; i++) {
		char name[32];

		snprintf(name, sizeof name, "iothread%u", i); /* as libvirt names them */
		json_array_append_new(map, json_pack("{s:s}", "iothread", name));
	}
	return map;
}

/* A virtio device of ours on several iothreads. libvirt has words for that since 10.0; so that the
 * value is there with an older libvirt and a new enough QEMU, it is made here. */
static json_t *device_on_many(const struct build *b, const char *driver, const char *id,
			      const char *queues)
{
	json_t *device = json_pack("{s:s, s:s, s:s, s:s, s:o}", "driver", driver, "id", id, "bus",
				   "pcie.0", "addr", OWN_PCI_SLOT, "iothread-vq-mapping",
				   iothread_map(b->cell->iothreads));

	if (device && b->cell->queues)
		json_object_set_new(device, queues, json_integer(b->cell->queues));
	return device;
}

/* What every disk of ours has. */
static json_t *add_drive(const struct build *b, json_t *device)
{
	const char *write_cache = on_off(cell_cache_bits(b->cell->cache).writeback);

	json_object_set_new(device, "drive", json_string("blklab-format"));
	json_object_set_new(device, "serial", json_string(DOMAIN_DISK_SERIAL));
	json_object_set_new(device, "write-cache", json_string(write_cache));
	return device;
}

static int virtio_blk(struct build *b, struct bl_err *err)
{
	xmlNode *driver;
	int r;

	if (b->cell->iothreads <= 1) {
		disk(b, "vda", "virtio", &driver);
		queues_and_iothread(b, driver);
		return 0;
	}
	r = can_do_many(b, 9, err);
	if (r < 0)
		return r;
	own_block_nodes(b);
	json_argument(
		b, "-device",
		add_drive(b, device_on_many(b, "virtio-blk-pci", DOMAIN_DISK_ALIAS, "num-queues")));
	return 0;
}

static int virtio_scsi_on_many(struct build *b, struct bl_err *err)
{
	int r = can_do_many(b, 10, err);

	if (r < 0)
		return r;
	own_block_nodes(b);
	json_argument(b, "-device",
		      device_on_many(b, "virtio-scsi-pci", DOMAIN_CONTROLLER_ALIAS, "num_queues"));
	json_argument(
		b, "-device",
		add_drive(b, json_pack("{s:s, s:s, s:s}", "driver", "scsi-hd", "id",
				       DOMAIN_DISK_ALIAS, "bus", DOMAIN_CONTROLLER_ALIAS ".0")));
	return 0;
}

static int virtio_scsi(struct build *b, struct bl_err *err)
{
	struct tree *t = &b->tree;
	xmlNode *controller, *driver, *n;

	if (b->cell->iothreads > 1)
		return virtio_scsi_on_many(b, err);
	controller = tree_add(t, b->devices, "controller");
	tree_set(t, controller, "type", "scsi");
	tree_set(t, controller, "index", "0");
	tree_set(t, controller, "model", "virtio-scsi");
	if (b->cell->queues || b->cell->iothreads)
		queues_and_iothread(b, tree_add(t, controller, "driver"));
	tree_set(t, tree_add(t, controller, "alias"), "name", "%s", DOMAIN_CONTROLLER_ALIAS);
	n = tree_add(t, disk(b, "sda", "scsi", &driver), "address");
	tree_set(t, n, "type", "drive");
	tree_set(t, n, "controller", "0");
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
	xmlNode *driver;

	if (r == 0)
		disk(b, "sda", "sata", &driver);
	return r;
}

/* libvirt has no bus for QEMU's own NVMe controller (its <disk type='nvme'> is a real one). */
static int nvme_emulated(struct build *b, struct bl_err *err)
{
	const struct cell *c = b->cell;
	int r = refuse(c, true, err);
	json_t *device;

	if (r < 0)
		return r;
	device = add_drive(b, json_pack("{s:s, s:s, s:s, s:s}", "driver", "nvme", "id",
					DOMAIN_DISK_ALIAS, "bus", "pcie.0", "addr", OWN_PCI_SLOT));
	if (device && c->queues)
		json_object_set_new(device, "max_ioqpairs", json_integer(c->queues));
	own_block_nodes(b);
	json_argument(b, "-device", device);
	return 0;
}

/* --- a controller that is handed over --- */

/* <address> of the function, under @parent: libvirt wants it in parts. */
static int pci_address(struct build *b, xmlNode *parent, struct bl_err *err)
{
	const char *text = b->with->pci;
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
	int r;

	tree_set(t, dev, "mode", "subsystem");
	tree_set(t, dev, "type", "pci");
	tree_set(t, dev, "managed", "yes");
	r = pci_address(b, tree_add(t, dev, "source"), err);
	tree_set(t, tree_add(t, dev, "rom"), "bar", "off");
	tree_set(t, tree_add(t, dev, "alias"), "name", "%s", DOMAIN_DISK_ALIAS);
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
						.dev = "vda",
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
	tree_set(t, source, "namespace", "%u", b->with->nsid);
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

int domain_add_disk(struct build *b, struct bl_err *err)
{
	return add_disk[b->cell->bus](b, err);
}
