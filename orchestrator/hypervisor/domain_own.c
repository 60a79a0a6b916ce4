/* domain_own.c - disks that libvirt has no words for, on QEMU's command line. */
#define DOMAIN_INTERNAL
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "domain_priv.h"

#define QEMU_XML_NS "http://libvirt.org/schemas/domain/qemu/1.0"

/* Names of the block nodes that are made here. */
#define STORAGE_NODE "blklab-storage"
#define FORMAT_NODE  "blklab-format"

/* Where devices libvirt does not know of are put: libvirt numbers its own from slot 1 upwards, and
 * q35 has its own at 0x1f. */
#define OWN_PCI_SLOT  0x10
#define OWN_PCI_SLOTS (0x1f - OWN_PCI_SLOT)

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
	const struct domain_disk *w = b->disk;
	bool is_nbd = b->cell->storage == STORAGE_NBD;
	const char *driver = is_nbd ? "nbd" : w->is_block ? "host_device" : "file";
	char name[DOMAIN_NAME_MAX];
	json_t *node = json_pack("{s:s, s:s}", "driver", driver, "node-name",
				 domain_name(STORAGE_NODE, b->i, name));

	if (is_nbd) {
		tree_check(&b->tree, "socket", w->nbd_socket);
		json_object_set_new(node, "server",
				    json_pack("{s:s, s:s}", "type", "unix", "path", w->nbd_socket));
		return node;
	}
	tree_check(&b->tree, "disk", w->path);
	json_object_set_new(node, "filename", json_string(w->path));
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
	char format[DOMAIN_NAME_MAX], file[DOMAIN_NAME_MAX];
	json_t *storage = storage_node(b);

	json_object_set_new(
		storage, "cache",
		json_pack("{s:b, s:b}", "direct", bits.direct, "no-flush", bits.no_flush));
	json_object_set_new(storage, "discard", json_string("unmap"));
	json_argument(b, "-blockdev", storage);
	json_argument(b, "-blockdev",
		      json_pack("{s:s, s:s, s:s, s:{s:b, s:b}, s:s, s:s}", "driver",
				cell_format_names[c->format], "node-name",
				domain_name(FORMAT_NODE, b->i, format), "file",
				domain_name(STORAGE_NODE, b->i, file), "cache", "direct",
				bits.direct, "no-flush", bits.no_flush, "discard", discard,
				"detect-zeroes", "off"));
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

static json_t *iothread_map(const struct build *b)
{
	uint32_t before = domain_iothreads_before(b->with, b->i);
	json_t *map = json_array();

	for (uint32_t i = 1; i <= b->cell->iothreads; i++) {
		char name[32];

		snprintf(name, sizeof name, "iothread%u", before + i); /* as libvirt names them */
		json_array_append_new(map, json_pack("{s:s}", "iothread", name));
	}
	return map;
}

/* A PCI device of ours, named as @base says. */
static json_t *own_device(struct build *b, const char *driver, const char *base)
{
	char id[DOMAIN_NAME_MAX], slot[16];

	snprintf(slot, sizeof slot, "0x%x", OWN_PCI_SLOT + b->n_slots++);
	return json_pack("{s:s, s:s, s:s, s:s}", "driver", driver, "id",
			 domain_name(base, b->i, id), "bus", "pcie.0", "addr", slot);
}

/* -ENOTSUP: all slots for own_device() are taken. */
static int has_slot(const struct build *b, struct bl_err *err)
{
	if (b->n_slots < OWN_PCI_SLOTS)
		return 0;
	return bl_fail(err, -ENOTSUP,
		       "one VM takes at most %d disks of bus nvme-emulated or of several "
		       "iothreads: each needs a PCI slot of its own",
		       OWN_PCI_SLOTS);
}

/* A virtio device of ours on several iothreads. libvirt has words for that since 10.0; so that the
 * value is there with an older libvirt and a new enough QEMU, it is made here. */
static json_t *device_on_many(struct build *b, const char *driver, const char *base,
			      const char *queues)
{
	json_t *device = own_device(b, driver, base);

	json_object_set_new(device, "iothread-vq-mapping", iothread_map(b));
	if (device && b->cell->queues)
		json_object_set_new(device, queues, json_integer(b->cell->queues));
	return device;
}

/* What every disk of ours has. */
static json_t *add_drive(const struct build *b, json_t *device)
{
	const char *write_cache = on_off(cell_cache_bits(b->cell->cache).writeback);
	char name[DOMAIN_NAME_MAX];

	json_object_set_new(device, "drive", json_string(domain_name(FORMAT_NODE, b->i, name)));
	json_object_set_new(device, "serial",
			    json_string(domain_name(DOMAIN_DISK_SERIAL, b->i, name)));
	json_object_set_new(device, "write-cache", json_string(write_cache));
	return device;
}

int domain_own_virtio_blk(struct build *b, struct bl_err *err)
{
	int r = can_do_many(b, 9, err);

	if (r == 0)
		r = has_slot(b, err);
	if (r < 0)
		return r;
	own_block_nodes(b);
	json_argument(
		b, "-device",
		add_drive(b, device_on_many(b, "virtio-blk-pci", DOMAIN_DISK_ALIAS, "num-queues")));
	return 0;
}

int domain_own_virtio_scsi(struct build *b, struct bl_err *err)
{
	char id[DOMAIN_NAME_MAX], controller[DOMAIN_NAME_MAX], bus[DOMAIN_NAME_MAX + 2];
	int r = can_do_many(b, 10, err);

	if (r == 0)
		r = has_slot(b, err);
	if (r < 0)
		return r;
	snprintf(bus, sizeof bus, "%s.0", domain_name(DOMAIN_CONTROLLER_ALIAS, b->i, controller));
	own_block_nodes(b);
	json_argument(b, "-device",
		      device_on_many(b, "virtio-scsi-pci", DOMAIN_CONTROLLER_ALIAS, "num_queues"));
	json_argument(
		b, "-device",
		add_drive(b, json_pack("{s:s, s:s, s:s}", "driver", "scsi-hd", "id",
				       domain_name(DOMAIN_DISK_ALIAS, b->i, id), "bus", bus)));
	return 0;
}

/* libvirt has no bus for QEMU's own NVMe controller (its <disk type='nvme'> is a real one). */
int domain_own_nvme(struct build *b, struct bl_err *err)
{
	int r = has_slot(b, err);
	json_t *device;

	if (r < 0)
		return r;
	device = add_drive(b, own_device(b, "nvme", DOMAIN_DISK_ALIAS));
	if (device && b->cell->queues)
		json_object_set_new(device, "max_ioqpairs", json_integer(b->cell->queues));
	own_block_nodes(b);
	json_argument(b, "-device", device);
	return 0;
}
