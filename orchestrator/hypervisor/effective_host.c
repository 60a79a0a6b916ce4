/* effective_host.c - what QEMU, libvirt and the kernel say about the running VM. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "effective.h"
#include "fs.h"
#include "qemu_process.h"
#include "units.h"
#include "xml_tree.h"

#define DISK       "/machine/peripheral/" DOMAIN_DISK_ALIAS
#define CONTROLLER "/machine/peripheral/" DOMAIN_CONTROLLER_ALIAS

/* Where each bus keeps what is compared. */
struct bus_row {
	const char *type;   /* QEMU's device */
	const char *path;   /* of the device that has the queues and the iothread */
	const char *queues; /* property; NULL: none */
	bool has_iothread;
	const char *controller; /* type at @path, when that is not the disk itself */
};
static const struct bus_row bus_rows[BUSES] = {
	[BUS_VIRTIO_BLK] = {"virtio-blk-pci", DISK, "num-queues", true, NULL},
	[BUS_VIRTIO_SCSI] = {"scsi-hd", CONTROLLER, "num_queues", true, "virtio-scsi-pci"},
	[BUS_SATA] = {"ide-hd", DISK, NULL, false, NULL},
	[BUS_NVME_EMULATED] = {"nvme", DISK, "max_ioqpairs", false, NULL},
};

struct look {
	struct hv_vm *vm;
	const struct cell *cell;
	const struct domain_binding *with;
	const struct bus_row *bus;
	struct effectives *out;
	int r; /* the first -ENOMEM */
};

static void add(struct look *l, const char *key, const char *asked, const char *effective,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void add(struct look *l, const char *key, const char *asked, const char *effective,
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

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

/* The reply, new; NULL with the reason in @why. */
static json_t *ask(struct look *l, const char *command, json_t *args, struct bl_err *why)
{
	json_t *reply = NULL;

	*why = (struct bl_err)BL_ERR_INIT;
	if (hv_vm_qmp(l->vm, command, args, &reply, why) < 0)
		reply = NULL;
	json_decref(args);
	return reply;
}

/* A property as text, new; NULL with the reason in @why. */
static char *property(struct look *l, const char *path, const char *name, struct bl_err *why)
{
	json_t *v = ask(l, "qom-get", json_pack("{s:s, s:s}", "path", path, "property", name), why);
	char *text = json_is_string(v)    ? strdup(json_string_value(v))
		     : json_is_integer(v) ? bl_strf("%lld", (long long)json_integer_value(v))
		     : json_is_boolean(v) ? strdup(on_off(json_is_true(v)))
					  : NULL;

	if (v && !text)
		bl_fail(why, -EINVAL, "qom-get %s %s: not a plain value", path, name);
	json_decref(v);
	return text;
}

static void add_property(struct look *l, const char *key, const char *asked, const char *path,
			 const char *name)
{
	struct bl_err why;
	BL_CLEANUP(bl_freep) char *value = property(l, path, name, &why);

	if (value)
		add(l, key, asked, value, "qom-get %s %s", path, name);
	else
		add(l, key, asked, NULL, "%s", bl_err_text(&why));
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
		add(l, "host", NULL, NULL, "%s", bl_err_text(&why));
	if (r == -ENOTSUP)
		return r;
	if (r < 0)
		return bl_fail(err, r, "cannot read back what runs: %s", bl_err_text(&why));
	v = json_object_get(reply, "qemu");
	text = bl_strf("%lld.%lld.%lld", number(v, "major"), number(v, "minor"),
		       number(v, "micro"));
	add(l, "emulator.version", l->with->emulator_version, text, "qmp query-version");
	json_decref(reply);
	return 0;
}

static void look_accel(struct look *l)
{
	struct bl_err why;
	json_t *v = ask(l, "query-kvm", NULL, &why);

	const json_t *enabled = json_object_get(v, "enabled");

	if (enabled)
		add(l, "accel", l->with->accel, json_is_true(enabled) ? "kvm" : "tcg",
		    "qmp query-kvm");
	else
		add(l, "accel", l->with->accel, NULL, "%s",
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
	BL_CLEANUP(bl_freep) char *type = property(l, "/machine", "type", &why);
	char *end = type ? strstr(type, suffix) : NULL;

	if (!type) {
		add(l, "machine", l->with->machine, NULL, "%s", bl_err_text(&why));
		return;
	}
	if (end)
		*end = '\0';
	add(l, "machine", l->with->machine,
	    is_of_family(type, l->with->machine) ? l->with->machine : type,
	    "qom-get /machine type: %s", type);
}

static void look_cpus_and_memory(struct look *l)
{
	struct bl_err why;
	char asked[32], is[32];
	json_t *v = ask(l, "query-cpus-fast", NULL, &why);

	snprintf(asked, sizeof asked, "%u", l->cell->vcpus);
	snprintf(is, sizeof is, "%zu", json_array_size(v));
	add(l, "vcpus", asked, v ? is : NULL, "%s", v ? "qmp query-cpus-fast" : bl_err_text(&why));
	json_decref(v);

	v = ask(l, "query-memory-size-summary", NULL, &why);
	snprintf(asked, sizeof asked, "%llu", (unsigned long long)l->with->memory_bytes);
	snprintf(is, sizeof is, "%lld", number(v, "base-memory"));
	add(l, "memory_bytes", asked, v ? is : NULL, "%s",
	    v ? "qmp query-memory-size-summary" : bl_err_text(&why));
	json_decref(v);
}

static void look_device(struct look *l)
{
	const struct bus_row *bus = l->bus;
	char queues[32];

	add_property(l, "device", bus->type, DISK, "type");
	if (bus->controller)
		add_property(l, "controller", bus->controller, bus->path, "type");
	add_property(l, "serial", DOMAIN_DISK_SERIAL, DISK, "serial");
	if (!bus->queues)
		return;
	snprintf(queues, sizeof queues, "%u", l->cell->queues);
	add_property(l, "queues", l->cell->queues ? queues : NULL, bus->path, bus->queues);
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

/* "disk.iothreads": how many serve the disk. */
static void look_disk_iothreads(struct look *l, const char *asked)
{
	struct bl_err why;
	BL_CLEANUP(bl_freep) char *one = NULL;
	char n[32];
	json_t *map;

	if (!l->bus->has_iothread) {
		add(l, "disk.iothreads", asked, "0", "QEMU's %s has no iothread property",
		    l->bus->type);
		return;
	}
	map = ask(l, "qom-get",
		  json_pack("{s:s, s:s}", "path", l->bus->path, "property", "iothread-vq-mapping"),
		  &why);
	if (json_array_size(map) > 0) {
		snprintf(n, sizeof n, "%zu", count_mapped(map));
		add(l, "disk.iothreads", asked, n, "qom-get %s iothread-vq-mapping", l->bus->path);
		json_decref(map);
		return;
	}
	json_decref(map);
	one = property(l, l->bus->path, "iothread", &why);
	if (one)
		add(l, "disk.iothreads", asked, *one ? "1" : "0", "qom-get %s iothread: '%s'",
		    l->bus->path, one);
	else
		add(l, "disk.iothreads", asked, NULL, "%s", bl_err_text(&why));
}

static void look_iothreads(struct look *l)
{
	struct bl_err why;
	char asked[32], is[32];
	json_t *v = ask(l, "query-iothreads", NULL, &why);

	snprintf(asked, sizeof asked, "%u", l->cell->iothreads);
	snprintf(is, sizeof is, "%zu", json_array_size(v));
	add(l, "iothreads", asked, v ? is : NULL, "%s",
	    v ? "qmp query-iothreads" : bl_err_text(&why));
	json_decref(v);
	look_disk_iothreads(l, asked);
}

/* The entry of query-block for the disk under test; borrowed. */
static const json_t *find_disk(const json_t *blocks)
{
	const json_t *b;
	size_t i;

	json_array_foreach (blocks, i, b) {
		const char *qdev = json_string_value(json_object_get(b, "qdev"));

		if (qdev && strstr(qdev, DOMAIN_DISK_ALIAS))
			return json_object_get(b, "inserted");
	}
	return NULL;
}

static void add_text(struct look *l, const char *key, const char *asked, const json_t *v,
		     const char *source)
{
	const char *text = json_is_boolean(v) ? on_off(json_is_true(v)) : json_string_value(v);

	add(l, key, asked, text, "%s%s", source, text ? "" : ": not in the answer");
}

/* qemu-img's default cluster size; cell.h has 0 for it. */
#define DEFAULT_CLUSTER (64 * KiB)

static void look_image(struct look *l, const json_t *disk, const char *source)
{
	const struct cell *c = l->cell;
	const json_t *size = json_object_get(json_object_get(disk, "image"), "cluster-size");
	char asked[32], is[32];

	add_text(l, "format", cell_format_names[c->format], json_object_get(disk, "drv"), source);
	add_text(l, "image.file", l->with->disk_path, json_object_get(disk, "file"), source);
	add_text(l, "detect-zeroes", "off", json_object_get(disk, "detect_zeroes"), source);
	if (c->format != FORMAT_QCOW2)
		return;
	snprintf(asked, sizeof asked, "%llu",
		 (unsigned long long)(c->cluster_size ? c->cluster_size : DEFAULT_CLUSTER));
	snprintf(is, sizeof is, "%lld", (long long)json_integer_value(size));
	add(l, "image.cluster_size_bytes", asked, size ? is : NULL, "%s%s", source,
	    size ? "" : ": not in the answer");
}

static void look_block(struct look *l)
{
	static const char source[] = "qmp query-block";
	struct cache_bits bits = cell_cache_bits(l->cell->cache);
	struct bl_err why;
	json_t *blocks = ask(l, "query-block", NULL, &why);
	const json_t *disk = find_disk(blocks), *cache = json_object_get(disk, "cache");

	if (!disk) {
		add(l, "disk", "present", NULL, "%s",
		    blocks ? "qmp query-block: no device '" DOMAIN_DISK_ALIAS "'"
			   : bl_err_text(&why));
		json_decref(blocks);
		return;
	}
	look_image(l, disk, source);
	add_text(l, "cache.writeback", on_off(bits.writeback), json_object_get(cache, "writeback"),
		 source);
	add_text(l, "cache.direct", on_off(bits.direct), json_object_get(cache, "direct"), source);
	add_text(l, "cache.no-flush", on_off(bits.no_flush), json_object_get(cache, "no-flush"),
		 source);
	json_decref(blocks);
}

/* The node below the format: where the file is really opened. */
static void look_storage_node(struct look *l)
{
	static const char source[] = "qmp query-named-block-nodes";
	struct cache_bits bits = cell_cache_bits(l->cell->cache);
	struct bl_err why;
	json_t *nodes = ask(l, "query-named-block-nodes", NULL, &why), *n, *found = NULL;
	size_t i;

	json_array_foreach (nodes, i, n) {
		const char *drv = json_string_value(json_object_get(n, "drv"));
		const char *file = json_string_value(json_object_get(n, "file"));

		if (drv && file && strcmp(file, l->with->disk_path) == 0 &&
		    (strcmp(drv, "file") == 0 || strcmp(drv, "host_device") == 0))
			found = n;
	}
	if (found)
		add_text(l, "storage.cache.direct", on_off(bits.direct),
			 json_object_get(json_object_get(found, "cache"), "direct"), source);
	else
		add(l, "storage.cache.direct", on_off(bits.direct), NULL, "%s",
		    nodes ? "qmp query-named-block-nodes: no node has the image"
			  : bl_err_text(&why));
	json_decref(nodes);
}

/* QEMU is on another host: its domain XML is the best there is; a device made on QEMU's command
 * line is not in it. */
static void look_xml(struct look *l)
{
	static const char source[] = "live XML (qemu runs on another host)";
	const struct cell *c = l->cell;
	BL_CLEANUP(bl_freep) char *xml = NULL, *io = NULL, *discard = NULL, *emulator = NULL;
	struct bl_err why = BL_ERR_INIT;

	if (hv_vm_xml(l->vm, &xml, &why) == 0) {
		io = xml_at(xml, "//disk[alias/@name='" DOMAIN_DISK_ALIAS "']/driver/@io");
		discard =
			xml_at(xml, "//disk[alias/@name='" DOMAIN_DISK_ALIAS "']/driver/@discard");
		emulator = xml_at(xml, "//devices/emulator");
	}
	add(l, "aio", io ? cell_aio_names[c->aio] : NULL, io, "%s%s", source,
	    io ? "" : ": not said there");
	add(l, "discard", discard ? cell_discard_names[c->discard] : NULL, discard, "%s%s", source,
	    discard ? "" : ": not said there");
	add(l, "image.o_direct", NULL, NULL, "not readable: qemu runs on another host");
	add(l, "emulator", emulator ? l->with->emulator : NULL, emulator, "%s%s", source,
	    emulator ? "" : ": not said there");
}

/* What each engine leaves to be seen in the process; threads leave nothing. */
static void look_engine(struct look *l, const struct qemu_process *p)
{
	bool asked_native = l->cell->aio == AIO_NATIVE, asked_uring = l->cell->aio == AIO_IO_URING;

	add(l, "aio.native_context", asked_native ? "yes" : NULL,
	    !p->has_maps    ? NULL
	    : p->has_native ? "yes"
			    : "no",
	    "/proc/PID/maps%s", p->has_maps ? "" : " can't be read");
	add(l, "aio.io_uring", asked_uring ? "yes" : NULL,
	    !p->has_files  ? NULL
	    : p->has_uring ? "yes"
			   : "no",
	    "/proc/PID/fd%s", p->has_files ? "" : " can't be read");
}

static void look_process(struct look *l, pid_t pid)
{
	struct cache_bits bits = cell_cache_bits(l->cell->cache);
	const char *binary = l->with->emulator_binary;
	BL_CLEANUP(bl_freep) char *exe = NULL;
	struct qemu_process p;
	char dir[64];

	snprintf(dir, sizeof dir, "/proc/%ld", (long)pid);
	exe = qemu_process_exe(dir, binary);
	add(l, "emulator", binary, exe, "/proc/PID/exe%s", exe ? "" : " can't be read");
	qemu_process_read(dir, l->with->disk_path, &p);
	add(l, "aio", cell_aio_names[l->cell->aio], p.aio, "qemu's command line%s",
	    p.aio ? "" : " does not say");
	add(l, "discard", cell_discard_names[l->cell->discard], p.discard, "qemu's command line%s",
	    p.discard ? "" : " does not say");
	add(l, "image.o_direct", on_off(bits.direct), p.has_image ? on_off(p.is_direct) : NULL,
	    "/proc/PID/fdinfo%s", p.has_image ? "" : ": the image is not among the open files");
	look_engine(l, &p);
	qemu_process_done(&p);
}

int effective_host(struct hv_vm *vm, const struct cell *c, const struct domain_binding *b,
		   struct effectives *out, struct bl_err *err)
{
	struct look l = {.vm = vm, .cell = c, .with = b, .bus = &bus_rows[c->bus], .out = out};
	pid_t pid = hv_vm_pid(vm);
	int r;

	if (!l.bus->type)
		return bl_fail(err, -ENOTSUP, "bus %s has no VM to read back from",
			       cell_bus_names[c->bus]);
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
	look_block(&l);
	look_storage_node(&l);
	if (pid > 0)
		look_process(&l, pid);
	else
		look_xml(&l);
	return l.r < 0 ? bl_fail(err, l.r, "out of memory") : 0;
}
