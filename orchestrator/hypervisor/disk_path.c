/* disk_path.c - the device that the guest sees, and its VM. */
#define DISK_PATH_INTERNAL
#include "disk_path.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block_stats.h"
#include "cleanup.h"
#include "disk_path_priv.h"
#include "fs.h"
#include "qemu_args.h"
#include "tame.h"
#include "xml_tree.h"

#define VALUE_MAX    1024
#define PINNINGS_MAX 64

void path_put(struct look_path *p, const char *key, const char *value)
{
	char tame[VALUE_MAX];

	if (!value || !*value || p->r < 0 || facts_get(p->out, key))
		return;
	bl_tame(tame, sizeof tame, value, SIZE_MAX);
	p->r = facts_add(p->out, key, tame);
}

void path_putf(struct look_path *p, const char *key, const char *fmt, ...)
{
	BL_CLEANUP(bl_freep) char *value = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&value, fmt, ap) < 0)
		value = NULL;
	va_end(ap);
	if (!value && p->r == 0)
		p->r = -ENOMEM;
	path_put(p, key, value);
}

/* It goes into an XPath between quotes. */
static bool is_plain(const char *s)
{
	return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 ".:_-")] == '\0';
}

char *path_xml(const struct look_path *p, const char *below)
{
	const char *target = p->from->target;
	BL_CLEANUP(bl_freep) char *at = NULL;

	if (!p->from->xml || !target || !is_plain(target))
		return NULL;
	at = bl_strf("(//devices/disk[target/@dev='%s'])[1]%s", target, below);
	return at ? xml_at(p->from->xml, at) : NULL;
}

static char *whole_xml(const struct look_path *p, const char *at)
{
	return p->from->xml ? xml_at(p->from->xml, at) : NULL;
}

char *disk_path_target(const char *xml, const char *alias)
{
	BL_CLEANUP(bl_freep)
	char *at = is_plain(alias)
			   ? bl_strf("(//devices/disk[alias/@name='%s'])[1]/target/@dev", alias)
			   : NULL;

	return at ? xml_at(xml, at) : NULL;
}

/* --- the device --- */

/* What "-device" has of the disk; NULL: it was not there, or has no id. */
static const json_t *device_args(const struct look_path *p)
{
	const json_t *one;
	size_t i;

	json_array_foreach (p->args, i, one) {
		const char *id = qemu_args_text(json_object_get(one, "props"), "id");

		if (id && p->from->qdev && block_stats_is(p->from->qdev, id) &&
		    !strcmp(json_string_value(json_object_get(one, "option")), "device"))
			return json_object_get(one, "props");
	}
	return NULL;
}

static bool begins(const char *s, const char *with)
{
	return s && !strncmp(s, with, strlen(with));
}

static const char *bus_of_driver(const char *driver)
{
	static const char *const rows[][2] = {
		{"virtio-blk", "virtio-blk"},
		{"vhost-user-blk", "vhost-user-blk"},
		{"scsi-", "scsi"},
		{"ide-", "sata"},
		{"nvme", "nvme-emulated"},
		{"usb-storage", "usb"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (begins(driver, rows[i][0]))
			return rows[i][1];
	}
	return NULL;
}

/* "ide.0" of q35 is a port of its AHCI controller; of pc it is an IDE channel. */
static bool is_old_ide(const struct look_path *p)
{
	BL_CLEANUP(bl_freep) char *xml = whole_xml(p, "//os/type/@machine");
	const char *machine = xml ? xml : qemu_args_value(p->args, "machine");

	machine = machine ? machine : qemu_args_value(p->args, "M");
	return machine && !strstr(machine, "q35");
}

static void put_bus_of_args(struct look_path *p)
{
	const json_t *device = device_args(p);
	const char *name = json_string_value(json_object_get(p->disk, "device"));
	const char *bus = bus_of_driver(qemu_args_text(device, "driver"));
	size_t n = p->from->qdev ? strlen(p->from->qdev) : 0;

	if (!bus && n > 15 && !strcmp(p->from->qdev + n - 15, "/virtio-backend"))
		bus = "virtio-blk";
	if (!bus && begins(name, "ide")) /* -drive if=ide, -hda */
		bus = "sata";
	if (bus && !strcmp(bus, "sata") && is_old_ide(p))
		bus = "ide";
	if (bus && !strcmp(bus, "scsi"))
		bus = "virtio-scsi"; /* what scsi-hd hangs on nowadays; its controller may say */
	path_put(p, "path.bus", bus);
	path_put(p, "path.iothread", qemu_args_text(device, "iothread"));
	path_put(p, "path.queues", qemu_args_text(device, "num-queues"));
	path_put(p, "path.queue_size", qemu_args_text(device, "queue-size"));
}

static void put_bus_of_xml(struct look_path *p)
{
	BL_CLEANUP(bl_freep) char *bus = path_xml(p, "/target/@bus");
	BL_CLEANUP(bl_freep) char *controller = path_xml(p, "/address/@controller");
	BL_CLEANUP(bl_freep) char *at = NULL, *model = NULL;

	if (!bus)
		return;
	if (!strcmp(bus, "virtio"))
		path_put(p, "path.bus", "virtio-blk");
	else if (!strcmp(bus, "nvme"))
		path_put(p, "path.bus", "nvme-emulated");
	else if (strcmp(bus, "scsi") != 0)
		path_put(p, "path.bus", bus);
	if (strcmp(bus, "scsi") != 0)
		return;
	at = bl_strf("//controller[@type='scsi' and @index='%s']/@model",
		     controller && is_plain(controller) ? controller : "0");
	model = at ? whole_xml(p, at) : NULL;
	path_put(p, "path.bus",
		 begins(model, "virtio") ? "virtio-scsi"
		 : model                 ? model
					 : "virtio-scsi");
}

/* Of the disk's <driver>, and of the controller's for scsi. */
static char *driver_xml(const struct look_path *p, const char *attribute)
{
	BL_CLEANUP(bl_freep) char *own = bl_strf("/driver/@%s", attribute);
	BL_CLEANUP(bl_freep) char *controller = path_xml(p, "/address/@controller");
	BL_CLEANUP(bl_freep) char *bus = path_xml(p, "/target/@bus"), *at = NULL;
	char *found = own ? path_xml(p, own) : NULL;

	if (found || !bus || strcmp(bus, "scsi") != 0)
		return found;
	at = bl_strf("//controller[@type='scsi' and @index='%s']/driver/@%s",
		     controller && is_plain(controller) ? controller : "0", attribute);
	return at ? whole_xml(p, at) : NULL;
}

static void put_device(struct look_path *p)
{
	BL_CLEANUP(bl_freep) char *iothread = driver_xml(p, "iothread");
	BL_CLEANUP(bl_freep) char *queues = driver_xml(p, "queues");
	BL_CLEANUP(bl_freep) char *size = driver_xml(p, "queue_size");
	BL_CLEANUP(bl_freep) char *many = path_xml(p, "/driver/iothreads/iothread/@id");
	BL_CLEANUP(bl_freep) char *described = path_xml(p, "");

	put_bus_of_xml(p);
	path_put(p, "path.target", p->from->target);
	if (iothread)
		path_putf(p, "path.iothread", "iothread%s", iothread);
	path_put(p, "path.queues", queues);
	path_put(p, "path.queue_size", size);
	put_bus_of_args(p);
	/* A disk that the XML or the command line describes, and no word of an iothread there. */
	if (!many && (described || device_args(p)))
		path_put(p, "path.iothread", "none");
}

/* --- the VM --- */

static void add_pins(struct look_path *p, const char *element, const char *id, const char *name,
		     struct bl_buf *out)
{
	for (unsigned i = 1; i <= PINNINGS_MAX; i++) {
		BL_CLEANUP(bl_freep) char *at = bl_strf("(//cputune/%s)[%u]/@%s", element, i, id);
		BL_CLEANUP(bl_freep)
		char *set_at = bl_strf("(//cputune/%s)[%u]/@cpuset", element, i);
		BL_CLEANUP(bl_freep) char *which = at ? whole_xml(p, at) : NULL;
		BL_CLEANUP(bl_freep) char *set = set_at ? whole_xml(p, set_at) : NULL;

		if (!which || !set)
			return;
		bl_buf_addf(out, "%s%s%s=%s", out->len ? " " : "", name, which, set);
	}
}

static void put_pinning(struct look_path *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *emulator = whole_xml(p, "//cputune/emulatorpin/@cpuset");

	if (!p->from->xml)
		return;
	add_pins(p, "vcpupin", "vcpu", "vcpu", &b);
	add_pins(p, "iothreadpin", "iothread", "iothread", &b);
	if (emulator)
		bl_buf_addf(&b, "%smain=%s", b.len ? " " : "", emulator);
	path_put(p, "path.vm.pinning", b.len ? bl_buf_str(&b) : "none");
}

static void put_vm(struct look_path *p)
{
	BL_CLEANUP(bl_freep) char *vcpus = whole_xml(p, "/domain/vcpu");
	BL_CLEANUP(bl_freep) char *current = whole_xml(p, "/domain/vcpu/@current");
	BL_CLEANUP(bl_freep) char *type = whole_xml(p, "/domain/@type");
	BL_CLEANUP(bl_freep) char *machine = whole_xml(p, "//os/type/@machine");
	const json_t *kvm = json_object_get(p->from->qmp.kvm, "enabled");
	const char *arg = qemu_args_value(p->args, "machine");

	if (json_is_array(p->from->qmp.cpus))
		path_putf(p, "path.vm.vcpus", "%zu", json_array_size(p->from->qmp.cpus));
	path_put(p, "path.vm.vcpus", current ? current : vcpus);
	if (json_is_boolean(kvm))
		path_put(p, "path.vm.accel", json_is_true(kvm) ? "kvm" : "tcg");
	if (type)
		path_put(p, "path.vm.accel", !strcmp(type, "kvm") ? "kvm" : "tcg");
	path_put(p, "path.vm.machine", machine);
	if (arg || (arg = qemu_args_value(p->args, "M")))
		path_putf(p, "path.vm.machine", "%.*s", (int)strcspn(arg, ","), arg);
	put_pinning(p);
}

int disk_path_host(struct facts *out)
{
	int r = facts_addf(out, "path.host.cpus", "%ld", sysconf(_SC_NPROCESSORS_ONLN));

	return r < 0 ? r
		     : facts_addf(out, "path.host.memory_bytes", "%llu",
				  (unsigned long long)sysconf(_SC_PHYS_PAGES) *
					  (unsigned long long)sysconf(_SC_PAGESIZE));
}

static void put_host(struct look_path *p)
{
	BL_CLEANUP(bl_freep) char *emulator = whole_xml(p, "//devices/emulator");
	BL_CLEANUP(bl_freep)
	char *link = p->from->proc_dir ? bl_strf("%s/exe", p->from->proc_dir) : NULL;
	char exe[PATH_MAX];
	ssize_t n = link ? readlink(link, exe, sizeof exe - 1) : -1;

	path_put(p, "path.emulator", emulator);
	if (n > 0)
		path_putf(p, "path.emulator", "%.*s", (int)n, exe);
	if (p->from->proc_dir) /* else it is another host's */
		p->r = p->r ? p->r : disk_path_host(p->out);
}

int disk_path_facts(const struct disk_path_from *from, struct facts *out)
{
	struct look_path p = {.from = from, .out = out};
	const json_t *b;
	size_t i;

	json_array_foreach (from->qmp.block, i, b) {
		const char *qdev = json_string_value(json_object_get(b, "qdev"));

		if (qdev && from->qdev && !strcmp(qdev, from->qdev))
			p.disk = b;
	}
	p.opened = json_object_get(p.disk, "inserted");
	p.args = from->proc_dir ? qemu_args_read(from->proc_dir) : NULL;
	put_device(&p);
	path_image(&p);
	put_vm(&p);
	put_host(&p);
	json_decref(p.args);
	return p.r;
}

static json_t *ask(struct hv_vm *vm, const char *command, const json_t *args)
{
	json_t *reply = NULL;

	return hv_vm_qmp(vm, command, args, &reply, NULL) < 0 ? NULL : reply;
}

void disk_path_ask(struct hv_vm *vm, struct disk_path_replies *ret)
{
	json_t *flat = json_pack("{s:b}", "flat", 1); /* without every node's backing chain again */

	*ret = (struct disk_path_replies){
		.block = ask(vm, "query-block", NULL),
		.nodes = ask(vm, "query-named-block-nodes", flat),
		.cpus = ask(vm, "query-cpus-fast", NULL),
		.kvm = ask(vm, "query-kvm", NULL),
	};
	json_decref(flat);
}

void disk_path_replies_done(struct disk_path_replies *r)
{
	json_decref(r->block);
	json_decref(r->nodes);
	json_decref(r->cpus);
	json_decref(r->kvm);
	*r = (struct disk_path_replies){0};
}
