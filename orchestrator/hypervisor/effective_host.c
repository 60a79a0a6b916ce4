/* effective_host.c - what QEMU, libvirt and the kernel say about the running VM. */
#define EFFECTIVE_INTERNAL
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "effective_priv.h"
#include "fs.h"
#include "qemu_process.h"
#include "xml_tree.h"

static const struct bus_row bus_rows[BUSES] = {
	[BUS_VIRTIO_BLK] = {"virtio-blk-pci", "num-queues", true, NULL, true},
	[BUS_VIRTIO_SCSI] = {"scsi-hd", "num_queues", true, "virtio-scsi-pci", true},
	[BUS_SATA] = {"ide-hd", NULL, false, NULL, true},
	[BUS_NVME_EMULATED] = {"nvme", "max_ioqpairs", false, NULL, true},
	[BUS_VFIO] = {"vfio-pci", NULL, false, NULL, false},
	[BUS_NVME_USERSPACE] = {"virtio-blk-pci", "num-queues", true, NULL, true},
};

void look_add(struct look *l, const char *key, const char *asked, const char *effective,
	      const char *fmt, ...)
{
	BL_CLEANUP(bl_freep) char *source = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	if (vasprintf(&source, fmt, ap) < 0)
		source = NULL;
	va_end(ap);
	r = source ? effectives_add(l->out, key, asked, effective, source) : -ENOMEM;
	if (r < 0 && l->r == 0)
		l->r = r;
}

const char *look_on_off(bool on)
{
	return on ? "on" : "off";
}

json_t *look_ask(struct look *l, const char *command, json_t *args, struct bl_err *why)
{
	json_t *reply = NULL;

	*why = (struct bl_err)BL_ERR_INIT;
	if (hv_vm_qmp(l->vm, command, args, &reply, why) < 0)
		reply = NULL;
	json_decref(args);
	return reply;
}

char *look_property(struct look *l, const char *path, const char *name, struct bl_err *why)
{
	json_t *v = look_ask(l, "qom-get", json_pack("{s:s, s:s}", "path", path, "property", name),
			     why);
	char *text = json_is_string(v)    ? strdup(json_string_value(v))
		     : json_is_integer(v) ? bl_strf("%lld", (long long)json_integer_value(v))
		     : json_is_boolean(v) ? strdup(look_on_off(json_is_true(v)))
					  : NULL;

	if (v && !text)
		bl_fail(why, -EINVAL, "qom-get %s %s: not a plain value", path, name);
	json_decref(v);
	return text;
}

void look_add_property(struct look *l, const char *key, const char *asked, const char *path,
		       const char *name)
{
	struct bl_err why;
	BL_CLEANUP(bl_freep) char *value = look_property(l, path, name, &why);

	if (value)
		look_add(l, key, asked, value, "qom-get %s %s", path, name);
	else
		look_add(l, key, asked, NULL, "%s", bl_err_text(&why));
}

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

/* -ENOTSUP: nobody to ask, which is a row; -EIO and its like: QEMU does not answer. */
static int look_version(struct look *l, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	struct bl_err why = BL_ERR_INIT;
	json_t *reply = NULL, *v;
	int r = hv_vm_qmp(l->vm, "query-version", NULL, &reply, &why);

	if (r == -ENOTSUP)
		look_add(l, "host", NULL, NULL, "%s", bl_err_text(&why));
	if (r == -ENOTSUP)
		return r;
	if (r < 0)
		return bl_fail(err, r, "cannot read back what runs: %s", bl_err_text(&why));
	v = json_object_get(reply, "qemu");
	text = bl_strf("%lld.%lld.%lld", number(v, "major"), number(v, "minor"),
		       number(v, "micro"));
	look_add(l, "emulator.version", l->with->emulator_version, text, "qmp query-version");
	json_decref(reply);
	return 0;
}

static void look_accel(struct look *l)
{
	struct bl_err why;
	json_t *v = look_ask(l, "query-kvm", NULL, &why);

	const json_t *enabled = json_object_get(v, "enabled");

	if (enabled)
		look_add(l, "accel", l->with->accel, json_is_true(enabled) ? "kvm" : "tcg",
			 "qmp query-kvm");
	else
		look_add(l, "accel", l->with->accel, NULL, "%s",
			 v ? "qmp query-kvm: not in the answer" : bl_err_text(&why));
	json_decref(v);
}

/* "q35" is an alias of the newest of its family: pc-q35-7.2. Both names are right. */
static bool is_of_family(const char *type, const char *asked)
{
	const char *family = strcmp(asked, "pc") == 0 ? "i440fx" : asked;
	size_t n = strlen(family);

	return strncmp(type, "pc-", 3) == 0 && strncmp(type + 3, family, n) == 0 &&
	       type[3 + n] == '-';
}

static void look_machine(struct look *l)
{
	static const char suffix[] = "-machine";
	struct bl_err why;
	BL_CLEANUP(bl_freep) char *type = look_property(l, "/machine", "type", &why);
	char *end = type ? strstr(type, suffix) : NULL;

	if (!type) {
		look_add(l, "machine", l->with->machine, NULL, "%s", bl_err_text(&why));
		return;
	}
	if (end)
		*end = '\0';
	look_add(l, "machine", l->with->machine,
		 is_of_family(type, l->with->machine) ? l->with->machine : type,
		 "qom-get /machine type: %s", type);
}

static void look_cpus_and_memory(struct look *l)
{
	struct bl_err why;
	char asked[32], is[32];
	json_t *v = look_ask(l, "query-cpus-fast", NULL, &why);

	snprintf(asked, sizeof asked, "%u", l->cell->vcpus);
	snprintf(is, sizeof is, "%zu", json_array_size(v));
	look_add(l, "vcpus", asked, v ? is : NULL, "%s",
		 v ? "qmp query-cpus-fast" : bl_err_text(&why));
	json_decref(v);

	v = look_ask(l, "query-memory-size-summary", NULL, &why);
	snprintf(asked, sizeof asked, "%llu", (unsigned long long)l->with->memory_bytes);
	snprintf(is, sizeof is, "%lld", number(v, "base-memory"));
	look_add(l, "memory_bytes", asked, v ? is : NULL, "%s",
		 v ? "qmp query-memory-size-summary" : bl_err_text(&why));
	json_decref(v);
}

static void look_device(struct look *l)
{
	const struct bus_row *bus = l->bus;
	char queues[32], serial[DOMAIN_NAME_MAX];

	look_add_property(l, "device", bus->type, l->path, "type");
	if (bus->controller)
		look_add_property(l, "controller", bus->controller, l->controller, "type");
	if (bus->has_nodes) /* else it is the device's own, which only the guest can read */
		look_add_property(l, "serial", domain_disk_serial(l->with, l->i, serial), l->path,
				  "serial");
	if (!bus->queues)
		return;
	snprintf(queues, sizeof queues, "%u", l->cell->queues);
	look_add_property(l, "queues", l->cell->queues ? queues : NULL, l->controller, bus->queues);
}

/* How many iothreads of @map (a list of {"iothread": name, "vqs": ...}) differ. */
static size_t count_mapped(const json_t *map)
{
	json_t *names = json_object(), *entry;
	size_t i, n;

	json_array_foreach (map, i, entry) {
		const char *name = json_string_value(json_object_get(entry, "iothread"));

		if (name)
			json_object_set_new(names, name, json_true());
	}
	n = json_object_size(names);
	json_decref(names);
	return n;
}

/* Beside other disks: that those which serve it are its own. @names: "iothread2,iothread3". */
static void look_own_iothreads(struct look *l, const char *names)
{
	uint32_t before = domain_iothreads_before(l->with, l->i);
	BL_CLEANUP(bl_buf_done) struct bl_buf asked = BL_BUF_INIT;

	if (l->with->n_disks == 1)
		return; /* there are no others */
	for (uint32_t i = 1; i <= l->cell->iothreads; i++)
		bl_buf_addf(&asked, "%siothread%u", i > 1 ? "," : "", before + i);
	look_add(l, "disk.iothread_names", bl_buf_str(&asked), names, "qom-get %s", l->controller);
}

static void look_map(struct look *l, const json_t *map, const char *asked)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;
	const json_t *entry;
	char n[32];
	size_t i;

	snprintf(n, sizeof n, "%zu", count_mapped(map));
	look_add(l, "disk.iothreads", asked, n, "qom-get %s iothread-vq-mapping", l->controller);
	json_array_foreach (map, i, entry) {
		const char *name = json_string_value(json_object_get(entry, "iothread"));

		bl_buf_addf(&names, "%s%s", i ? "," : "", name ? name : "");
	}
	look_own_iothreads(l, bl_buf_str(&names));
}

/* "disk.iothreads": how many serve the disk. */
static void look_disk_iothreads(struct look *l, const char *asked)
{
	struct bl_err why;
	BL_CLEANUP(bl_freep) char *one = NULL;
	json_t *map;

	if (!l->bus->has_iothread) {
		look_add(l, "disk.iothreads", asked, "0", "QEMU's %s has no iothread property",
			 l->bus->type);
		return;
	}
	map = look_ask(
		l, "qom-get",
		json_pack("{s:s, s:s}", "path", l->controller, "property", "iothread-vq-mapping"),
		&why);
	if (json_array_size(map) > 0) {
		look_map(l, map, asked);
		json_decref(map);
		return;
	}
	json_decref(map);
	one = look_property(l, l->controller, "iothread", &why);
	if (one)
		look_add(l, "disk.iothreads", asked, *one ? "1" : "0", "qom-get %s iothread: '%s'",
			 l->controller, one);
	else
		look_add(l, "disk.iothreads", asked, NULL, "%s", bl_err_text(&why));
	if (one)
		look_own_iothreads(l, strrchr(one, '/') ? strrchr(one, '/') + 1 : one);
}

static void look_iothreads(struct look *l)
{
	struct bl_err why;
	char asked[32], is[32];
	json_t *v = look_ask(l, "query-iothreads", NULL, &why);

	snprintf(asked, sizeof asked, "%u", domain_iothreads_before(l->with, l->with->n_disks));
	snprintf(is, sizeof is, "%zu", json_array_size(v));
	look_add(l, "iothreads", asked, v ? is : NULL, "%s",
		 v ? "qmp query-iothreads" : bl_err_text(&why));
	json_decref(v);
	snprintf(asked, sizeof asked, "%u", l->cell->iothreads);
	if (l->bus->has_nodes)
		look_disk_iothreads(l, asked);
}

/* A QEMU on another host is what its XML says. */
static void look_emulator(struct look *l, pid_t pid)
{
	const char *binary = l->with->emulator_binary;
	BL_CLEANUP(bl_freep) char *exe = NULL, *xml = NULL;
	char dir[64];

	if (pid > 0) {
		snprintf(dir, sizeof dir, "/proc/%ld", (long)pid);
		exe = qemu_process_exe(dir, binary);
		look_add(l, "emulator", binary, exe, "/proc/PID/exe%s",
			 exe ? "" : " can't be read");
		return;
	}
	if (hv_vm_xml(l->vm, &xml, NULL) == 0)
		exe = xml_at(xml, "//devices/emulator");
	look_add(l, "emulator", exe ? l->with->emulator : NULL, exe,
		 "live XML (qemu runs on another host)%s", exe ? "" : ": not said there");
}

static void name_devices(struct look *l)
{
	char controller[DOMAIN_NAME_MAX];

	domain_name(DOMAIN_DISK_ALIAS, l->i, l->alias);
	domain_name(DOMAIN_CONTROLLER_ALIAS, l->i, controller);
	snprintf(l->path, sizeof l->path, "/machine/peripheral/%s", l->alias);
	snprintf(l->controller, sizeof l->controller, "/machine/peripheral/%s",
		 l->bus->controller ? controller : l->alias);
}

int effective_host(struct hv_vm *vm, const struct domain_binding *b, size_t i,
		   struct effectives *out, struct bl_err *err)
{
	const struct cell *c = b->disks[i].cell;
	struct look l = {.vm = vm,
			 .cell = c,
			 .with = b,
			 .i = i,
			 .disk = &b->disks[i],
			 .bus = &bus_rows[c->bus],
			 .out = out};
	pid_t pid = hv_vm_pid(vm);
	int r;

	if (!l.bus->type)
		return bl_fail(err, -ENOTSUP, "bus %s has no VM to read back from",
			       cell_bus_names[c->bus]);
	name_devices(&l);
	r = look_version(&l, err);
	if (r == -ENOTSUP) /* no monitor: not libvirt */
		return 0;
	if (r < 0)
		return r;
	look_accel(&l);
	look_machine(&l);
	look_cpus_and_memory(&l);
	look_device(&l);
	look_iothreads(&l);
	look_emulator(&l, pid);
	if (cell_takes_controller(c))
		look_function(&l);
	if (l.bus->has_nodes)
		look_nodes(&l, pid);
	return l.r < 0 ? bl_fail(err, l.r, "out of memory") : 0;
}
