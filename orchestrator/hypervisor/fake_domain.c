#include "fake_domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "domain.h"
#include "fs.h"
#include "xml_tree.h"

#define DISK       "/machine/peripheral/" DOMAIN_DISK_ALIAS
#define CONTROLLER "/machine/peripheral/" DOMAIN_CONTROLLER_ALIAS

/* --- what is asked for --- */

static uint64_t number_at(const char *xml, const char *xpath)
{
	BL_CLEANUP(bl_freep) char *s = xml_at(xml, xpath);

	return s ? strtoull(s, NULL, strncmp(s, "0x", 2) == 0 ? 16 : 10) : 0;
}

static void read_cache(const char *name, struct fake_domain *d)
{
	for (unsigned i = 0; name && i < CACHES; i++) {
		struct cache_bits bits = cell_cache_bits((enum cell_cache)i);

		if (strcmp(name, cell_cache_names[i]) != 0)
			continue;
		d->is_direct = bits.direct;
		d->is_no_flush = bits.no_flush;
		d->is_writeback = bits.writeback;
	}
}

static void read_release(const char *xml, struct fake_domain *d)
{
	static const char mark[] = "vmlinuz-";
	BL_CLEANUP(bl_freep) char *kernel = xml_at(xml, "//os/kernel");
	const char *at = kernel ? strstr(kernel, mark) : NULL;

	d->release = at ? strdup(at + strlen(mark)) : NULL;
}

/* A disk that libvirt makes. */
static void read_disk(const char *xml, struct fake_domain *d)
{
	BL_CLEANUP(bl_freep) char *cache = xml_at(xml, "//disk/driver/@cache");
	BL_CLEANUP(bl_freep) char *type = xml_at(xml, "//disk/@type");
	bool has_iothread;

	d->disk_path = xml_at(xml, "//disk/source/@file | //disk/source/@dev");
	d->is_block = type && strcmp(type, "block") == 0;
	d->bus = xml_at(xml, "//disk/target/@bus");
	d->format = xml_at(xml, "//disk/driver/@type");
	d->queues = (unsigned)number_at(xml, "//disk/driver/@queues");
	if (!d->queues)
		d->queues = (unsigned)number_at(xml, "//controller/driver/@queues");
	has_iothread = number_at(xml, "//disk/driver/@iothread | //controller/driver/@iothread");
	d->disk_iothreads = has_iothread ? 1 : 0;
	d->throttle_iops = number_at(xml, "//disk/iotune/total_iops_sec");
	d->throttle_bytes_s = number_at(xml, "//disk/iotune/total_bytes_sec");
	read_cache(cache, d);
}

#define FUNCTION "(//disk/source/address | //hostdev/source/address)"

/* A function that is handed over: to QEMU for a disk, or to the guest. */
static int read_function(const char *xml, struct fake_domain *d, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *bus = xml_at(xml, FUNCTION "/@bus");
	const char *file = getenv(FAKE_DEVICE_ENV);
	struct stat st; /* jobs write to it: never a device */

	if (!bus)
		return 0;
	if (!file || stat(file, &st) < 0 || !S_ISREG(st.st_mode))
		return bl_fail(
			err, -EINVAL,
			"the fake has no NVMe controller; name a file in %s to stand for one",
			FAKE_DEVICE_ENV);
	d->pci = bl_strf("%04llx:%02llx:%02llx.%llx",
			 (unsigned long long)number_at(xml, FUNCTION "/@domain"),
			 (unsigned long long)number_at(xml, FUNCTION "/@bus"),
			 (unsigned long long)number_at(xml, FUNCTION "/@slot"),
			 (unsigned long long)number_at(xml, FUNCTION "/@function"));
	d->nsid = (unsigned)number_at(xml, "//disk/source/@namespace");
	free(d->disk_path);
	d->disk_path = strdup(file);
	if (!d->bus)
		d->bus = strdup("vfio");
	return 0;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void replace(char **where, const char *value)
{
	free(*where);
	*where = strdup(value);
}

/* One JSON argument of QEMU's command line: a block node or a device. */
static void read_argument(const json_t *arg, struct fake_domain *d)
{
	const json_t *cache = json_object_get(arg, "cache"), *n;
	const char *driver = text_of(arg, "driver"), *id = text_of(arg, "id");

	if (json_object_get(arg, "filename")) {
		d->is_block = strcmp(driver, "host_device") == 0;
		replace(&d->disk_path, text_of(arg, "filename"));
		d->is_direct = json_is_true(json_object_get(cache, "direct"));
		d->is_no_flush = json_is_true(json_object_get(cache, "no-flush"));
	} else if (json_object_get(arg, "file")) {
		replace(&d->format, driver);
	} else if (strcmp(id, DOMAIN_DISK_ALIAS) == 0) {
		replace(&d->bus, strcmp(driver, "nvme") == 0      ? "nvme"
				 : strcmp(driver, "scsi-hd") == 0 ? "scsi"
								  : "virtio");
		d->is_writeback = strcmp(text_of(arg, "write-cache"), "on") == 0;
	}
	n = json_object_get(arg, "num-queues");
	n = n ? n : json_object_get(arg, "num_queues");
	n = n ? n : json_object_get(arg, "max_ioqpairs");
	if (n)
		d->queues = (unsigned)json_integer_value(n);
	n = json_object_get(arg, "iothread-vq-mapping");
	if (n)
		d->disk_iothreads = (unsigned)json_array_size(n);
}

/* A disk that libvirt does not know is made by arguments of QEMU. */
static void read_arguments(const char *xml, struct fake_domain *d)
{
	for (unsigned i = 1; i < 64; i++) {
		BL_CLEANUP(bl_freep)
		char *xpath = bl_strf("(//*[local-name()='arg'])[%u]/@value", i);
		BL_CLEANUP(bl_freep) char *value = xpath ? xml_at(xml, xpath) : NULL;
		json_t *arg = value ? json_loads(value, 0, NULL) : NULL;

		if (!value)
			return;
		read_argument(arg, d);
		json_decref(arg);
	}
}

int fake_domain_read(const char *xml, struct fake_domain *d, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *type = xml_at(xml, "/domain/@type");
	int r;

	*d = (struct fake_domain){0};
	d->accel = strdup(type && strcmp(type, "kvm") == 0 ? "kvm" : "tcg");
	d->machine = xml_at(xml, "//os/type/@machine");
	d->memory_bytes = number_at(xml, "/domain/memory");
	d->vcpus = (unsigned)number_at(xml, "/domain/vcpu");
	d->iothreads = (unsigned)number_at(xml, "/domain/iothreads");
	d->console_path = xml_at(xml, "//serial/source/@path");
	read_release(xml, d);
	read_disk(xml, d);
	read_arguments(xml, d);
	r = read_function(xml, d, err);
	if (r == 0 && d->disk_path && d->bus)
		return 0;
	fake_domain_done(d);
	return r < 0 ? r : bl_fail(err, -EINVAL, "the domain has no disk with a source and a bus");
}

void fake_domain_done(struct fake_domain *d)
{
	free(d->accel);
	free(d->machine);
	free(d->bus);
	free(d->format);
	free(d->disk_path);
	free(d->pci);
	free(d->console_path);
	free(d->release);
	*d = (struct fake_domain){0};
}

/* --- the monitor --- */

static json_t *version(const struct fake_domain *d)
{
	(void)d;
	return json_pack("{s:{s:i, s:i, s:i}}", "qemu", "major", 0, "minor", 0, "micro", 0);
}

static json_t *kvm(const struct fake_domain *d)
{
	return json_pack("{s:b}", "enabled", strcmp(d->accel, "kvm") == 0);
}

static json_t *list_of(unsigned n)
{
	json_t *list = json_array();

	while (n-- > 0)
		json_array_append_new(list, json_object());
	return list;
}

static json_t *cpus(const struct fake_domain *d)
{
	return list_of(d->vcpus);
}

static json_t *iothreads(const struct fake_domain *d)
{
	return list_of(d->iothreads);
}

static json_t *memory(const struct fake_domain *d)
{
	return json_pack("{s:I}", "base-memory", (json_int_t)d->memory_bytes);
}

/* As bytes 20..23 of a qcow2 header say: the cluster size is 1 << that (big endian). */
static json_int_t cluster_size(const char *path)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char bits[4];

	if (fd < 0 || pread(fd, bits, sizeof bits, 20) != sizeof bits || bits[3] > 30)
		return 0;
	return (json_int_t)1 << bits[3];
}

/* As QEMU calls the disk's file; new. */
static char *file_name(const struct fake_domain *d)
{
	return d->pci ? bl_strf("nvme://%s/%u", d->pci, d->nsid) : strdup(d->disk_path);
}

static json_t *block(const struct fake_domain *d)
{
	BL_CLEANUP(bl_freep) char *file = file_name(d);
	json_t *disk;

	if (!d->format)
		return json_array();
	disk = json_pack("{s:s, s:{s:s, s:s, s:s, s:I, s:I, s:{s:I}, s:{s:b, s:b, s:b}}}", "qdev",
			 DISK "/virtio-backend", "inserted", "drv", d->format, "file", file,
			 "detect_zeroes", "off", "iops", (json_int_t)d->throttle_iops, "bps",
			 (json_int_t)d->throttle_bytes_s, "image", "cluster-size",
			 cluster_size(d->disk_path), "cache", "writeback", d->is_writeback,
			 "direct", d->is_direct, "no-flush", d->is_no_flush);
	return json_pack("[o]", disk);
}

static json_t *nodes(const struct fake_domain *d)
{
	BL_CLEANUP(bl_freep) char *file = file_name(d);
	const char *driver = d->pci ? "nvme" : d->is_block ? "host_device" : "file";

	return json_pack("[{s:s, s:s, s:{s:b}}]", "drv", driver, "file", file, "cache", "direct",
			 d->is_direct);
}

static json_t *iothread_map(const struct fake_domain *d)
{
	json_t *map = json_array();

	for (unsigned i = 1; d->disk_iothreads > 1 && i <= d->disk_iothreads; i++) {
		char name[32];

		snprintf(name, sizeof name, "iothread%u", i);
		json_array_append_new(map, json_pack("{s:s}", "iothread", name));
	}
	return map;
}

static const char *device_type(const struct fake_domain *d)
{
	static const char *const rows[][2] = {{"virtio", "virtio-blk-pci"},
					      {"scsi", "scsi-hd"},
					      {"sata", "ide-hd"},
					      {"nvme", "nvme"},
					      {"vfio", "vfio-pci"}};

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i][0], d->bus) == 0)
			return rows[i][1];
	}
	return "unknown";
}

static json_t *property(const struct fake_domain *d, const json_t *args)
{
	const char *path = text_of(args, "path"), *name = text_of(args, "property");

	if (strcmp(path, "/machine") == 0)
		return json_sprintf("pc-%s-0.0-machine", d->machine ? d->machine : "");
	if (strcmp(name, "type") == 0)
		return json_string(strcmp(path, CONTROLLER) == 0 ? "virtio-scsi-pci"
								 : device_type(d));
	if (strcmp(name, "host") == 0 && d->pci)
		return json_string(d->pci);
	if (strcmp(name, "serial") == 0)
		return json_string(DOMAIN_DISK_SERIAL);
	if (strcmp(name, "iothread-vq-mapping") == 0)
		return iothread_map(d);
	if (strcmp(name, "iothread") == 0)
		return json_string(d->disk_iothreads ? "/objects/iothread1" : "");
	if (strstr(name, "queues") || strstr(name, "ioqpairs"))
		return json_integer(d->queues);
	return NULL;
}

int fake_domain_qmp(const struct fake_domain *d, const char *command, const json_t *args,
		    json_t **ret_reply, struct bl_err *err)
{
	static const struct {
		const char *command;
		json_t *(*answer)(const struct fake_domain *d);
	} rows[] = {
		{"query-version", version},
		{"query-kvm", kvm},
		{"query-cpus-fast", cpus},
		{"query-iothreads", iothreads},
		{"query-memory-size-summary", memory},
		{"query-block", block},
		{"query-named-block-nodes", nodes},
	};
	json_t *reply = NULL;

	if (strcmp(command, "qom-get") == 0)
		reply = property(d, args);
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].command, command) == 0)
			reply = rows[i].answer(d);
	}
	if (!reply)
		return bl_fail(err, -ENOTSUP, "the fake monitor does not know '%s %s'", command,
			       text_of(args, "property"));
	*ret_reply = reply;
	return 0;
}
