/* effective.c - the guest's view, and the sentence about what differs. */
#include "effective.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define SENTENCES_MAX 3

/* What a Linux guest makes of each bus.
 * The write cache of QEMU's nvme is not compared: the controller always says that it has one, so
 * the guest says "write back" in every mode (seen with QEMU 7.2 and Linux 6.1); its property
 * write-cache is behind cache.writeback of the host's rows. With vfio it is the device's own. */
static const struct {
	const char *driver;
	bool has_queues, shows_write_cache;
} guest_rows[BUSES] = {
	[BUS_VIRTIO_BLK] = {"virtio_blk", true, true},
	[BUS_VIRTIO_SCSI] = {"virtio_scsi", true, true},
	[BUS_SATA] = {"ahci", false, true},
	[BUS_NVME_EMULATED] = {"nvme", true, false},
	[BUS_VFIO] = {"nvme", true, false},
	[BUS_NVME_USERSPACE] = {"virtio_blk", true, true},
};

/* Facts compared below; the others are listed for information. */
static const char *const compared[] = {"driver",       "serial", "queues",  "write_cache",
				       "msix_vectors", "model",  "firmware"};

static bool is_compared(const char *key)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(compared); i++) {
		if (strcmp(compared[i], key) == 0)
			return true;
	}
	return false;
}

static int add(struct effectives *out, const char *key, const char *asked, const char *effective,
	       const char *from)
{
	char source[64];

	snprintf(source, sizeof source, "%s%s", from, effective ? "" : ": not told");
	return effectives_add(out, key, asked, effective, source);
}

/* NVMe serials are padded with blanks. */
static void trimmed(char *out, size_t len, const char *s)
{
	snprintf(out, len, "%s", s ? s : "");
	for (size_t n = strlen(out); n > 0 && out[n - 1] == ' '; n--)
		out[n - 1] = '\0';
}

static int add_serial(const struct domain_binding *b, size_t i, const struct facts *disk,
		      struct effectives *out)
{
	const char *serial = facts_get(disk, "serial");
	char text[128], name[DOMAIN_NAME_MAX];

	trimmed(text, sizeof text, serial);
	return add(out, "guest.serial", domain_disk_serial(b, i, name), serial ? text : NULL,
		   "guest sysfs");
}

/* Of a device that was handed over; elsewhere told only. */
static int add_identity(const struct facts *disk, const char *name, const char *asked,
			struct effectives *out)
{
	const char *value = facts_get(disk, name);
	char key[32], text[128];

	if (!asked && !value)
		return 0;
	snprintf(key, sizeof key, "guest.%s", name);
	trimmed(text, sizeof text, value);
	return add(out, key, asked, value ? text : NULL, "guest sysfs");
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many queues the guest should have; 0: nothing is asked. Guests make no more than they have
 * CPUs. Linux' nvme driver makes as many as it has CPUs, the controller grants and there are
 * vectors for beside the admin queue's (nvme_setup_io_queues()). */
static unsigned asked_queues(const struct domain_disk *b)
{
	const struct cell *c = b->cell;
	unsigned n = c->vcpus;

	if (c->bus != BUS_VFIO)
		return c->queues && guest_rows[c->bus].has_queues ? least(c->queues, n) : 0;
	if (!b->device_msix_vectors)
		return 0;
	if (b->device_io_queues)
		n = least(n, b->device_io_queues);
	return least(n, b->device_msix_vectors - 1);
}

static int add_queues(const struct domain_disk *b, const struct facts *disk, struct effectives *out)
{
	unsigned n = asked_queues(b);
	char asked[32];

	snprintf(asked, sizeof asked, "%u", n);
	return add(out, "guest.queues", n ? asked : NULL, facts_get(disk, "queues"), "guest sysfs");
}

/* Linux' nvme driver: one for each I/O queue and one for the admin queue; with fewer, queues share
 * one. Where the disk is QEMU's a guest that does not tell is let pass. */
static int add_vectors(const struct cell *c, const struct facts *disk, struct effectives *out)
{
	const char *queues = facts_get(disk, "queues"), *vectors = facts_get(disk, "msix_vectors");
	bool is_nvme = strcmp(guest_rows[c->bus].driver, "nvme") == 0;
	char asked[32];

	if (!vectors && c->bus != BUS_VFIO)
		return 0;
	snprintf(asked, sizeof asked, "%lu", queues ? strtoul(queues, NULL, 10) + 1 : 2);
	return add(out, "guest.msix_vectors", is_nvme ? asked : NULL, vectors, "guest sysfs");
}

static int add_write_cache(const struct cell *c, const struct facts *disk, struct effectives *out)
{
	const char *asked = domain_cache_bits(c).writeback ? "write back" : "write through";

	return add(out, "guest.write_cache", guest_rows[c->bus].shows_write_cache ? asked : NULL,
		   facts_get(disk, "write_cache"), "guest sysfs");
}

/* With discard ignored QEMU still offers it to the guest and does nothing: only the other
 * direction can be asked for. */
static int add_discard(const struct cell *c, const struct facts *disk, struct effectives *out)
{
	const char *max = facts_get(disk, "discard_max_bytes");
	const char *is = !max ? NULL : strcmp(max, "0") == 0 ? "no" : "yes";

	return add(out, "guest.discard", c->discard == DISCARD_UNMAP ? "yes" : NULL, is,
		   "guest sysfs");
}

static int add_others(const struct facts *f, const char *from, struct effectives *out)
{
	char key[128];
	int r = 0;

	for (size_t i = 0; i < f->n && r == 0; i++) {
		if (is_compared(f->items[i].key))
			continue;
		snprintf(key, sizeof key, "guest.%s", f->items[i].key);
		r = effectives_add(out, key, NULL, f->items[i].value, from);
	}
	return r;
}

int effective_guest(const struct domain_binding *b, size_t i, const struct facts *disk,
		    const struct facts *guest, struct effectives *out, struct bl_err *err)
{
	const struct domain_disk *d = &b->disks[i];
	const struct cell *c = d->cell;
	char vcpus[32];
	int r;

	if (!guest_rows[c->bus].driver)
		return bl_fail(err, -ENOTSUP, "bus %s has no guest", cell_bus_names[c->bus]);
	snprintf(vcpus, sizeof vcpus, "%u", c->vcpus);
	r = add(out, "guest.driver", guest_rows[c->bus].driver, facts_get(disk, "driver"),
		"guest sysfs");
	r = r < 0 ? r : add_serial(b, i, disk, out);
	r = r < 0 ? r
		  : add_identity(disk, "model", c->bus == BUS_VFIO ? d->device_model : NULL, out);
	r = r < 0 ? r
		  : add_identity(disk, "firmware", c->bus == BUS_VFIO ? d->device_firmware : NULL,
				 out);
	r = r < 0 ? r : add(out, "guest.cpus", vcpus, facts_get(guest, "cpus"), "guest hello");
	r = r < 0 ? r : add_queues(d, disk, out);
	r = r < 0 ? r : add_vectors(c, disk, out);
	r = r < 0 ? r : add_write_cache(c, disk, out);
	r = r < 0 ? r : add_discard(c, disk, out);
	r = r < 0 ? r : add_others(disk, "guest sysfs", out);
	r = r < 0 ? r
		  : add(out, "guest.kernel", b->kernel_release, facts_get(guest, "kernel"),
			"guest hello");
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

static void add_sentence(struct bl_buf *b, const struct effective *e)
{
	if (e->effective)
		bl_buf_addf(b, "%s: asked %s, effective %s (%s)", e->key, e->asked, e->effective,
			    e->source);
	else
		bl_buf_addf(b, "%s: asked %s, effective not known (%s)", e->key, e->asked,
			    e->source);
}

char *effective_mismatch(const struct effectives *e)
{
	struct bl_buf b = BL_BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++) {
		if (e->items[i].matches)
			continue;
		if (n++ >= SENTENCES_MAX)
			continue;
		bl_buf_adds(&b, n > 1 ? "; " : "");
		add_sentence(&b, &e->items[i]);
	}
	if (n > SENTENCES_MAX)
		bl_buf_addf(&b, "; and %zu more", n - SENTENCES_MAX);
	if (n > 0)
		return bl_buf_take(&b);
	bl_buf_done(&b);
	return NULL;
}
