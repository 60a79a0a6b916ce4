#include "domain.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "wire.h"
#include "xml_tree.h"

#define QEMU_XML_NS "http://libvirt.org/schemas/domain/qemu/1.0"

/* Where a device libvirt does not know of is put: libvirt numbers its own from slot 1 upwards, and
 * q35 has its own at 0x1f. */
#define OWN_PCI_SLOT "0x10"

struct build {
	struct tree tree;
	const struct cell *cell;
	const struct domain_binding *with;
	xmlNode *domain, *devices, *arguments;
};

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

/* The nodes of the disk under test for a device libvirt does not make: the same two it makes. The
 * upper one decides about discard. */
static void own_block_nodes(struct build *b)
{
	const struct cell *c = b->cell;
	struct cache_bits bits = cell_cache_bits(c->cache);
	const char *discard = cell_discard_names[c->discard];

	tree_check(&b->tree, "disk", b->with->disk_path);
	json_argument(b, "-blockdev",
		      json_pack("{s:s, s:s, s:s, s:s, s:{s:b, s:b}, s:s}", "driver",
				b->with->disk_is_block ? "host_device" : "file", "node-name",
				"blklab-storage", "filename", b->with->disk_path, "aio",
				cell_aio_names[c->aio], "cache", "direct", bits.direct, "no-flush",
				bits.no_flush, "discard", "unmap"));
	json_argument(b, "-blockdev",
		      json_pack("{s:s, s:s, s:s, s:{s:b, s:b}, s:s, s:s}", "driver",
				cell_format_names[c->format], "node-name", "blklab-format", "file",
				"blklab-storage", "cache", "direct", bits.direct, "no-flush",
				bits.no_flush, "discard", discard, "detect-zeroes", "off"));
}

/* <disk>: *ret_driver is its <driver>, for what only some buses have. */
static xmlNode *disk(struct build *b, const char *dev, const char *bus, xmlNode **ret_driver)
{
	const struct cell *c = b->cell;
	struct tree *t = &b->tree;
	xmlNode *disk = tree_add(t, b->devices, "disk"), *driver, *n;

	tree_set(t, disk, "type", "%s", b->with->disk_is_block ? "block" : "file");
	tree_set(t, disk, "device", "disk");
	driver = tree_add(t, disk, "driver");
	tree_set(t, driver, "name", "qemu");
	tree_set(t, driver, "type", "%s", cell_format_names[c->format]);
	tree_set(t, driver, "cache", "%s", cell_cache_names[c->cache]);
	tree_set(t, driver, "io", "%s", cell_aio_names[c->aio]);
	tree_set(t, driver, "discard", "%s", cell_discard_names[c->discard]);
	tree_set(t, driver, "detect_zeroes", "off");
	/* QEMU's default stops the VM when the host's disk is full: a job that never ends. */
	tree_set(t, driver, "error_policy", "report");
	n = tree_add(t, disk, "source");
	tree_set(t, n, b->with->disk_is_block ? "dev" : "file", "%s", b->with->disk_path);
	n = tree_add(t, disk, "target");
	tree_set(t, n, "dev", "%s", dev);
	tree_set(t, n, "bus", "%s", bus);
	tree_addf(t, disk, "serial", "%s", DOMAIN_DISK_SERIAL);
	tree_set(t, tree_add(t, disk, "alias"), "name", "%s", DOMAIN_DISK_ALIAS);
	*ret_driver = driver;
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
	[BUS_HOST] = host,
};

static void add_metadata(struct build *b)
{
	const struct domain_binding *w = b->with;
	struct tree *t = &b->tree;
	xmlNode *n = tree_add(t, tree_add(t, b->domain, "metadata"), "trial");
	xmlNs *ns = n ? xmlNewNs(n, (const xmlChar *)DOMAIN_NS, (const xmlChar *)"blklab") : NULL;

	if (!ns) {
		t->code = t->code ? t->code : -ENOMEM;
		return;
	}
	xmlSetNs(n, ns);
	tree_set(t, n, "run", "%s", w->run_id);
	tree_set(t, n, "trial", "%s", w->trial_id);
	tree_set(t, n, "owner-pid", "%ld", w->owner_pid);
	tree_set(t, n, "owner-start", "%llu", (unsigned long long)w->owner_start);
	if (w->owner_host)
		tree_set(t, n, "owner-host", "%s", w->owner_host);
}

/* An emulated CPU goes without cmpxchg16b: with it Linux 6.12 guests of QEMU 7.2 crashed at boot in
 * 7 of 16 boots, without it in 1 of 32 (own measurement; 6.1 guests are fine either way). */
static void add_cpu(struct build *b)
{
	struct tree *t = &b->tree;
	xmlNode *cpu = tree_add(t, b->domain, "cpu");
	bool is_kvm = strcmp(b->with->accel, "kvm") == 0;

	tree_set(t, cpu, "mode", "%s", is_kvm ? "host-passthrough" : "maximum");
	if (!is_kvm) {
		xmlNode *feature = tree_add(t, cpu, "feature");

		tree_set(t, feature, "policy", "disable");
		tree_set(t, feature, "name", "cx16");
	}
}

static void add_machine(struct build *b)
{
	const struct domain_binding *w = b->with;
	struct tree *t = &b->tree;
	xmlNode *n;

	tree_set(t, tree_addf(t, b->domain, "memory", "%llu", (unsigned long long)w->memory_bytes),
		 "unit", "b");
	tree_addf(t, b->domain, "vcpu", "%u", b->cell->vcpus);
	if (b->cell->iothreads)
		tree_addf(t, b->domain, "iothreads", "%u", b->cell->iothreads);
	n = tree_add(t, b->domain, "os");
	tree_set(t, tree_addf(t, n, "type", "hvm"), "arch", "x86_64");
	if (n)
		tree_set(t, n->children, "machine", "%s", w->machine);
	tree_addf(t, n, "kernel", "%s", w->kernel);
	tree_addf(t, n, "initrd", "%s", w->initrd);
	tree_addf(t, n, "cmdline", "%s", w->cmdline);
	n = tree_add(t, b->domain, "features");
	tree_add(t, n, "acpi");
	tree_add(t, n, "apic");
	add_cpu(b);
	/* The runner starts every boot itself: whatever ends the guest ends the domain. */
	tree_addf(t, b->domain, "on_poweroff", "destroy");
	tree_addf(t, b->domain, "on_reboot", "destroy");
	tree_addf(t, b->domain, "on_crash", "destroy");
}

/* What every VM has beside its disk: as little as possible, so that it boots fast and nothing else
 * wakes up. The panic device tells a panic from a power-off. */
static void add_devices(struct build *b)
{
	struct tree *t = &b->tree;
	xmlNode *n;

	b->devices = tree_add(t, b->domain, "devices");
	tree_addf(t, b->devices, "emulator", "%s", b->with->emulator);
	n = tree_add(t, b->devices, "controller");
	tree_set(t, n, "type", "usb");
	tree_set(t, n, "model", "none");
	n = tree_add(t, b->devices, "serial");
	tree_set(t, n, "type", "file");
	tree_set(t, tree_add(t, n, "source"), "path", "%s", b->with->console_log);
	n = tree_add(t, b->devices, "channel");
	tree_set(t, n, "type", "unix");
	n = tree_add(t, n, "target");
	tree_set(t, n, "type", "virtio");
	tree_set(t, n, "name", "%s", WIRE_PORT_NAME);
	tree_set(t, tree_add(t, b->devices, "memballoon"), "model", "none");
	tree_set(t, tree_add(t, b->devices, "panic"), "model", "isa");
}

int domain_xml(const struct cell *c, const struct domain_binding *with, char **ret_xml,
	       struct bl_err *err)
{
	struct build b = {.cell = c, .with = with};
	struct tree *t = &b.tree;
	int r;

	b.domain = tree_root(t, "domain");
	tree_set(t, b.domain, "type", "%s", strcmp(with->accel, "kvm") == 0 ? "kvm" : "qemu");
	tree_addf(t, b.domain, "name", "%s", with->name);
	tree_addf(t, b.domain, "uuid", "%s", with->uuid);
	add_metadata(&b);
	add_machine(&b);
	add_devices(&b);
	r = add_disk[c->bus]
		    ? add_disk[c->bus](&b, err)
		    : bl_fail(err, -ENOTSUP, "bus %s has no domain", cell_bus_names[c->bus]);
	if (r == 0)
		r = tree_text(t, ret_xml, err);
	tree_done(t);
	return r;
}
