#define DOMAIN_INTERNAL
#include "domain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domain_priv.h"
#include "wire.h"

char *domain_name(const char *base, size_t i, char out[DOMAIN_NAME_MAX])
{
	snprintf(out, DOMAIN_NAME_MAX, i ? "%s-%zu" : "%s", base, i + 1);
	return out;
}

const char *domain_disk_serial(const struct domain_binding *b, size_t i, char out[DOMAIN_NAME_MAX])
{
	const struct domain_disk *d = &b->disks[i];

	return d->cell->bus == BUS_VFIO ? d->device_serial
					: domain_name(DOMAIN_DISK_SERIAL, i, out);
}

uint32_t domain_iothreads_before(const struct domain_binding *b, size_t i)
{
	uint32_t n = 0;

	for (size_t k = 0; k < i; k++)
		n += b->disks[k].cell->iothreads;
	return n;
}

struct cache_bits domain_cache_bits(const struct cell *c)
{
	return cell_cache_bits(c->bus == BUS_NVME_USERSPACE ? CACHE_WRITEBACK : c->cache);
}

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
	uint32_t iothreads = domain_iothreads_before(w, w->n_disks);
	struct tree *t = &b->tree;
	xmlNode *n;

	tree_set(t, tree_addf(t, b->domain, "memory", "%llu", (unsigned long long)w->memory_bytes),
		 "unit", "b");
	tree_addf(t, b->domain, "vcpu", "%u", w->disks[0].cell->vcpus);
	if (iothreads)
		tree_addf(t, b->domain, "iothreads", "%u", iothreads);
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

int domain_xml(const struct domain_binding *with, char **ret_xml, struct bl_err *err)
{
	struct build b = {.with = with};
	struct tree *t = &b.tree;
	int r = 0;

	b.domain = tree_root(t, "domain");
	tree_set(t, b.domain, "type", "%s", strcmp(with->accel, "kvm") == 0 ? "kvm" : "qemu");
	tree_addf(t, b.domain, "name", "%s", with->name);
	tree_addf(t, b.domain, "uuid", "%s", with->uuid);
	add_metadata(&b);
	add_machine(&b);
	add_devices(&b);
	for (size_t i = 0; i < with->n_disks && r == 0; i++)
		r = domain_add_disk(&b, i, err);
	if (r == 0)
		r = tree_text(t, ret_xml, err);
	tree_done(t);
	return r;
}
