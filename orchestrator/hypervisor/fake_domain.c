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

#define PERIPHERAL "/machine/peripheral/"

/* --- what is asked for --- */

static uint64_t number_at(const char *xml, const char *xpath)
{
	BL_CLEANUP(bl_freep) char *s = xml_at(xml, xpath);

	return s ? strtoull(s, NULL, strncmp(s, "0x", 2) == 0 ? 16 : 10) : 0;
}

static void read_cache(const char *name, struct fake_disk *d)
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

/* What @below the n-th <disk>, or its controller, says; new. */
static char *of_disk(const char *xml, size_t n, const char *below)
{
	char at[128];

	snprintf(at, sizeof at, "(//disk)[%zu]%s", n, below);
	return xml_at(xml, at);
}

static char *of_controller(const char *xml, const char *index, const char *attribute)
{
	char at[128];

	snprintf(at, sizeof at, "//controller[@type='scsi'][@index='%s']/driver/@%s", index,
		 attribute);
	return xml_at(xml, at);
}

static uint64_t number_of_disk(const char *xml, size_t n, const char *below)
{
	BL_CLEANUP(bl_freep) char *s = of_disk(xml, n, below);

	return s ? strtoull(s, NULL, 10) : 0;
}

/* Queues and iothread: the disk's own, or its controller's. */
static void read_driver(const char *xml, size_t n, struct fake_disk *d)
{
	BL_CLEANUP(bl_freep) char *index = of_disk(xml, n, "/address/@controller");
	bool is_scsi = d->bus && strcmp(d->bus, "scsi") == 0 && index;
	BL_CLEANUP(bl_freep)
	char *queues =
		is_scsi ? of_controller(xml, index, "queues") : of_disk(xml, n, "/driver/@queues");
	BL_CLEANUP(bl_freep)
	char *thread = is_scsi ? of_controller(xml, index, "iothread")
			       : of_disk(xml, n, "/driver/@iothread");

	d->queues = queues ? (unsigned)strtoul(queues, NULL, 10) : 0;
	d->iothreads = thread ? bl_strf("iothread%s", thread) : strdup("");
}

/* The disks that libvirt makes. */
static void read_disks(const char *xml, struct fake_domain *all)
{
	char *bus;

	for (size_t n = 1; n <= FAKE_DISKS_MAX && (bus = of_disk(xml, n, "/target/@bus")); n++) {
		struct fake_disk *d = &all->disks[all->n_disks++];
		BL_CLEANUP(bl_freep) char *cache = of_disk(xml, n, "/driver/@cache");
		BL_CLEANUP(bl_freep) char *type = of_disk(xml, n, "/@type");

		d->bus = bus;
		d->alias = of_disk(xml, n, "/alias/@name");
		if (!d->alias)
			d->alias = strdup(DOMAIN_DISK_ALIAS);
		d->serial = of_disk(xml, n, "/serial");
		d->path = of_disk(xml, n, "/source/@file");
		if (!d->path)
			d->path = of_disk(xml, n, "/source/@dev");
		d->is_block = type && strcmp(type, "block") == 0;
		d->format = of_disk(xml, n, "/driver/@type");
		d->throttle_iops = number_of_disk(xml, n, "/iotune/total_iops_sec");
		d->throttle_bytes_s = number_of_disk(xml, n, "/iotune/total_bytes_sec");
		read_driver(xml, n, d);
		read_cache(cache, d);
	}
}

#define FUNCTION "(//disk/source/address | //hostdev/source/address)"

static struct fake_disk *new_disk(struct fake_domain *d)
{
	struct fake_disk *disk = &d->disks[d->n_disks < FAKE_DISKS_MAX ? d->n_disks++ : 0];

	free(disk->iothreads);
	disk->iothreads = strdup("");
	return disk;
}

/* A function that is handed over: to QEMU for a disk, or to the guest. */
static int read_function(const char *xml, struct fake_domain *d, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *bus = xml_at(xml, FUNCTION "/@bus");
	struct fake_disk *disk = &d->disks[0];
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
	if (!d->n_disks) {
		disk = new_disk(d);
		disk->alias = strdup(DOMAIN_DISK_ALIAS);
		disk->bus = strdup("vfio");
	}
	free(disk->path);
	disk->path = strdup(file);
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

static void read_map(const json_t *map, struct fake_disk *d)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;
	const json_t *entry;
	size_t i;

	json_array_foreach (map, i, entry)
		bl_buf_addf(&names, "%s%s", i ? "," : "", text_of(entry, "iothread"));
	replace(&d->iothreads, bl_buf_str(&names));
}

static bool is_disk_id(const char *id)
{
	return strncmp(id, DOMAIN_DISK_ALIAS, strlen(DOMAIN_DISK_ALIAS)) == 0 &&
	       strncmp(id, DOMAIN_CONTROLLER_ALIAS, strlen(DOMAIN_CONTROLLER_ALIAS)) != 0;
}

/* One JSON argument of QEMU's command line: a block node or a device. Those of a disk come one
 * behind the other, its storage first. */
static void read_argument(const json_t *arg, struct fake_domain *all)
{
	const json_t *cache = json_object_get(arg, "cache"), *n;
	const char *driver = text_of(arg, "driver");
	struct fake_disk *d = json_object_get(arg, "filename") ? new_disk(all)
			      : all->n_disks                   ? &all->disks[all->n_disks - 1]
							       : NULL;

	if (!d)
		return;
	if (json_object_get(arg, "filename")) {
		d->is_block = strcmp(driver, "host_device") == 0;
		replace(&d->path, text_of(arg, "filename"));
		d->is_direct = json_is_true(json_object_get(cache, "direct"));
		d->is_no_flush = json_is_true(json_object_get(cache, "no-flush"));
	} else if (json_object_get(arg, "file")) {
		replace(&d->format, driver);
	} else if (is_disk_id(text_of(arg, "id"))) {
		replace(&d->alias, text_of(arg, "id"));
		if (json_object_get(arg, "serial"))
			replace(&d->serial, text_of(arg, "serial"));
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
		read_map(n, d);
}

/* A disk that libvirt does not know is made by arguments of QEMU. */
static void read_arguments(const char *xml, struct fake_domain *d)
{
	for (unsigned i = 1; i < 8 * FAKE_DISKS_MAX; i++) {
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

static bool has_disks(const struct fake_domain *d)
{
	for (size_t i = 0; i < d->n_disks; i++)
		if (!d->disks[i].path || !d->disks[i].bus)
			return false;
	return d->n_disks > 0;
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
	read_disks(xml, d);
	read_arguments(xml, d);
	r = read_function(xml, d, err);
	if (r == 0 && has_disks(d))
		return 0;
	fake_domain_done(d);
	return r < 0 ? r : bl_fail(err, -EINVAL, "the domain has no disk with a source and a bus");
}

void fake_domain_done(struct fake_domain *d)
{
	for (size_t i = 0; i < d->n_disks; i++) {
		free(d->disks[i].alias);
		free(d->disks[i].serial);
		free(d->disks[i].bus);
		free(d->disks[i].format);
		free(d->disks[i].path);
		free(d->disks[i].iothreads);
	}
	free(d->accel);
	free(d->machine);
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
static char *file_name(const struct fake_domain *d, const struct fake_disk *disk)
{
	return d->pci ? bl_strf("nvme://%s/%u", d->pci, d->nsid) : strdup(disk->path);
}

static json_t *block(const struct fake_domain *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->n_disks; i++) {
		const struct fake_disk *k = &d->disks[i];
		BL_CLEANUP(bl_freep) char *file = file_name(d, k);
		BL_CLEANUP(bl_freep)
		char *qdev = bl_strf(PERIPHERAL "%s/virtio-backend", k->alias);

		if (!k->format)
			continue;
		json_array_append_new(
			all,
			json_pack("{s:s, s:{s:s, s:s, s:s, s:I, s:I, s:{s:I}, s:{s:b, s:b, s:b}}}",
				  "qdev", qdev, "inserted", "drv", k->format, "file", file,
				  "detect_zeroes", "off", "iops", (json_int_t)k->throttle_iops,
				  "bps", (json_int_t)k->throttle_bytes_s, "image", "cluster-size",
				  cluster_size(k->path), "cache", "writeback", k->is_writeback,
				  "direct", k->is_direct, "no-flush", k->is_no_flush));
	}
	return all;
}

static json_t *nodes(const struct fake_domain *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->n_disks; i++) {
		const struct fake_disk *k = &d->disks[i];
		BL_CLEANUP(bl_freep) char *file = file_name(d, k);
		const char *driver = d->pci ? "nvme" : k->is_block ? "host_device" : "file";

		json_array_append_new(all, json_pack("{s:s, s:s, s:{s:b}}", "drv", driver, "file",
						     file, "cache", "direct", k->is_direct));
	}
	return all;
}

/* A list only where there are several: they are made in another way. */
static json_t *iothread_map(const struct fake_disk *d)
{
	BL_CLEANUP(bl_freep) char *names = strdup(d->iothreads);
	json_t *map = json_array();
	char *save = NULL;

	if (!names || !strchr(names, ','))
		return map;
	for (char *s = strtok_r(names, ",", &save); s; s = strtok_r(NULL, ",", &save))
		json_array_append_new(map, json_pack("{s:s}", "iothread", s));
	return map;
}

static json_t *iothread(const struct fake_disk *d)
{
	return d->iothreads[0] ? json_sprintf("/objects/%s", d->iothreads) : json_string("");
}

static const char *device_type(const struct fake_disk *d)
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

/* The disk, or that of the controller, with that id; NULL: none. */
static const struct fake_disk *disk_at(const struct fake_domain *d, const char *path,
				       bool *ret_is_controller)
{
	const char *id =
		strncmp(path, PERIPHERAL, strlen(PERIPHERAL)) == 0 ? path + strlen(PERIPHERAL) : "";
	char disk[DOMAIN_NAME_MAX], controller[DOMAIN_NAME_MAX];

	for (size_t i = 0; i < d->n_disks; i++) {
		domain_name(DOMAIN_DISK_ALIAS, i, disk);
		domain_name(DOMAIN_CONTROLLER_ALIAS, i, controller);
		*ret_is_controller = strcmp(id, controller) == 0;
		for (size_t k = 0; k < d->n_disks; k++)
			if (strcmp(d->disks[k].alias, disk) == 0 &&
			    (*ret_is_controller || strcmp(id, disk) == 0))
				return &d->disks[k];
	}
	return NULL;
}

static json_t *property(const struct fake_domain *d, const json_t *args)
{
	const char *path = text_of(args, "path"), *name = text_of(args, "property");
	bool is_controller = false;
	const struct fake_disk *disk = disk_at(d, path, &is_controller);

	if (strcmp(path, "/machine") == 0)
		return json_sprintf("pc-%s-0.0-machine", d->machine ? d->machine : "");
	if (!disk)
		return NULL;
	if (strcmp(name, "type") == 0)
		return json_string(is_controller ? "virtio-scsi-pci" : device_type(disk));
	if (strcmp(name, "host") == 0 && d->pci)
		return json_string(d->pci);
	if (strcmp(name, "serial") == 0)
		return json_string(disk->serial ? disk->serial : "");
	if (strcmp(name, "iothread-vq-mapping") == 0)
		return iothread_map(disk);
	if (strcmp(name, "iothread") == 0)
		return iothread(disk);
	if (strstr(name, "queues") || strstr(name, "ioqpairs"))
		return json_integer(disk->queues);
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
