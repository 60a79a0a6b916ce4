/* axes.c - the one list of axes. */
#include "cell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apt_spec.h"
#include "cleanup.h"
#include "units.h"

const char *const cell_bus_names[] = {"virtio-blk", "virtio-scsi",    "sata", "nvme-emulated",
				      "vfio",       "nvme-userspace", "host"};
const char *const cell_storage_names[] = {"file", "device", "filesystem", "nbd"};
const char *const cell_cache_names[] = {"none", "writeback", "writethrough", "directsync",
					"unsafe"};
const char *const cell_aio_names[] = {"threads", "native", "io_uring"};
const char *const cell_format_names[] = {"raw", "qcow2"};
const char *const cell_prealloc_names[] = {"off", "metadata", "falloc", "full"};
const char *const cell_discard_names[] = {"ignore", "unmap"};

_Static_assert(BL_ARRAY_LEN(cell_bus_names) == BUSES, "a name for each bus");
_Static_assert(BL_ARRAY_LEN(cell_storage_names) == STORAGES, "a name for each storage");
_Static_assert(BL_ARRAY_LEN(cell_cache_names) == CACHES, "a name for each cache mode");
_Static_assert(BL_ARRAY_LEN(cell_aio_names) == AIOS, "a name for each aio");
_Static_assert(BL_ARRAY_LEN(cell_format_names) == FORMATS, "a name for each format");
_Static_assert(BL_ARRAY_LEN(cell_prealloc_names) == PREALLOCS, "a name for each preallocation");
_Static_assert(BL_ARRAY_LEN(cell_discard_names) == DISCARDS, "a name for each discard");

#define IOTHREADS_MAX 64  /* above any host's use; QEMU has no limit of its own */
#define QUEUES_MAX    255 /* one for each vCPU is the most that a guest opens */
#define VCPUS_MAX     255 /* above needs an IOMMU in the guest (x2APIC) */
#define CLUSTER_MIN   ((uint64_t)512)
#define CLUSTER_MAX   ((uint64_t)2 * MiB) /* both from the qcow2 specification */

#define ACCEPTS_BUS      "virtio-blk, virtio-scsi, sata, nvme-emulated, vfio, nvme-userspace, host"
#define ACCEPTS_STORAGE  "file, device, filesystem, nbd"
#define ACCEPTS_CACHE    "none, writeback, writethrough, directsync, unsafe"
#define ACCEPTS_AIO      "threads, native, io_uring"
#define ACCEPTS_FORMAT   "raw, qcow2"
#define ACCEPTS_PREALLOC "off, metadata, falloc, full"
#define ACCEPTS_DISCARD  "ignore, unmap"
#define ACCEPTS_THROTTLE THROTTLE_ACCEPTS
#define ACCEPTS_QUEUES   "auto, or 1 to 255"
#define ACCEPTS_CLUSTER  "auto, or a power of two from 512 to 2MiB"
#define ACCEPTS_KERNEL   "default, installed, a path, apt:PACKAGE, or URL#sha256=HEX"
#define ACCEPTS_EMULATOR                                                                           \
	"default, a QEMU binary, its package, apt:PACKAGE, or a folder of unpacked packages"

/* The value for a message: it may be longer than the message. */
#define SHOWN(value) (int)strnlen(value, 60), value

/* An axis whose values are words of a list. */
#define WORD_AXIS(field, type, names, what, accepts)                                               \
	static int set_##field(struct cell *c, const char *value, struct bl_err *err)              \
	{                                                                                          \
		for (size_t i = 0; i < BL_ARRAY_LEN(names); i++) {                                 \
			if (strcmp(names[i], value) != 0)                                          \
				continue;                                                          \
			c->field = (type)i;                                                        \
			return 0;                                                                  \
		}                                                                                  \
		return bl_fail(err, -EINVAL, "'%.*s' is not a " what "; one of " accepts,          \
			       SHOWN(value));                                                      \
	}                                                                                          \
	static void get_##field(const struct cell *c, struct bl_buf *out)                          \
	{                                                                                          \
		bl_buf_adds(out, names[c->field]);                                                 \
	}

WORD_AXIS(bus, enum cell_bus, cell_bus_names, "bus", ACCEPTS_BUS)
WORD_AXIS(storage, enum cell_storage, cell_storage_names, "storage", ACCEPTS_STORAGE)
WORD_AXIS(cache, enum cell_cache, cell_cache_names, "cache mode", ACCEPTS_CACHE)
WORD_AXIS(aio, enum cell_aio, cell_aio_names, "way of asynchronous I/O", ACCEPTS_AIO)
WORD_AXIS(format, enum cell_format, cell_format_names, "image format", ACCEPTS_FORMAT)
WORD_AXIS(preallocation, enum cell_prealloc, cell_prealloc_names, "preallocation", ACCEPTS_PREALLOC)
WORD_AXIS(discard, enum cell_discard, cell_discard_names, "discard mode", ACCEPTS_DISCARD)

/* A whole number; @accepts for the message, since "auto" may be accepted beside. */
static int set_number(const char *value, uint32_t min, uint32_t max, const char *accepts,
		      uint32_t *ret, struct bl_err *err)
{
	uint64_t v;

	if (bl_parse_u64(value, min, max, &v, NULL) < 0)
		return bl_fail(err, -EINVAL, "'%.*s' is not %s", SHOWN(value), accepts);
	*ret = (uint32_t)v;
	return 0;
}

static int set_iothreads(struct cell *c, const char *value, struct bl_err *err)
{
	return set_number(value, 0, IOTHREADS_MAX, "a whole number from 0 to 64", &c->iothreads,
			  err);
}

static void get_iothreads(const struct cell *c, struct bl_buf *out)
{
	bl_buf_addf(out, "%u", c->iothreads);
}

static void label_iothreads(const struct cell *c, struct bl_buf *out)
{
	bl_buf_addf(out, "io%u", c->iothreads);
}

static int set_queues(struct cell *c, const char *value, struct bl_err *err)
{
	if (strcmp(value, "auto") == 0) {
		c->queues = 0;
		return 0;
	}
	return set_number(value, 0, QUEUES_MAX, "auto nor a whole number from 1 to 255", &c->queues,
			  err);
}

static void get_queues(const struct cell *c, struct bl_buf *out)
{
	if (c->queues)
		bl_buf_addf(out, "%u", c->queues);
	else
		bl_buf_adds(out, "auto");
}

static void label_queues(const struct cell *c, struct bl_buf *out)
{
	bl_buf_adds(out, c->queues ? "q" : "q-");
	get_queues(c, out);
}

static int set_cluster_size(struct cell *c, const char *value, struct bl_err *err)
{
	uint64_t bytes = 0;

	if (strcmp(value, "auto") == 0 || strcmp(value, "0") == 0) {
		c->cluster_size = 0;
		return 0;
	}
	if (bl_parse_size(value, &bytes, NULL) < 0 || bytes < CLUSTER_MIN || bytes > CLUSTER_MAX ||
	    (bytes & (bytes - 1)))
		return bl_fail(err, -EINVAL, "'%.*s' is not a cluster size; " ACCEPTS_CLUSTER,
			       SHOWN(value));
	c->cluster_size = bytes;
	return 0;
}

static void get_cluster_size(const struct cell *c, struct bl_buf *out)
{
	unsigned long long bytes = c->cluster_size;

	if (bytes == 0)
		bl_buf_adds(out, "auto");
	else if (bytes % MiB == 0)
		bl_buf_addf(out, "%lluMiB", bytes / MiB);
	else if (bytes % KiB == 0)
		bl_buf_addf(out, "%lluKiB", bytes / KiB);
	else
		bl_buf_addf(out, "%llu", bytes);
}

static void label_cluster_size(const struct cell *c, struct bl_buf *out)
{
	bl_buf_adds(out, c->cluster_size ? "c" : "c-");
	get_cluster_size(c, out);
}

static void label_preallocation(const struct cell *c, struct bl_buf *out)
{
	bl_buf_adds(out, "prealloc-");
	get_preallocation(c, out);
}

static void label_discard(const struct cell *c, struct bl_buf *out)
{
	bl_buf_adds(out, "discard-");
	get_discard(c, out);
}

static int set_throttle(struct cell *c, const char *value, struct bl_err *err)
{
	return throttle_parse(value, &c->throttle, err);
}

static void get_throttle(const struct cell *c, struct bl_buf *out)
{
	throttle_to_text(&c->throttle, out);
}

static void label_throttle(const struct cell *c, struct bl_buf *out)
{
	bl_buf_adds(out, throttle_is_on(&c->throttle) ? "" : "throttle-");
	get_throttle(c, out);
}

static int set_vcpus(struct cell *c, const char *value, struct bl_err *err)
{
	return set_number(value, 1, VCPUS_MAX, "a whole number from 1 to 255", &c->vcpus, err);
}

static void get_vcpus(const struct cell *c, struct bl_buf *out)
{
	bl_buf_addf(out, "%u", c->vcpus);
}

static void label_vcpus(const struct cell *c, struct bl_buf *out)
{
	bl_buf_addf(out, "%ucpu", c->vcpus);
}

static int set_path(char out[CELL_PATH_MAX], const char *value, const char *what,
		    const char *accepts, struct bl_err *err)
{
	size_t len = strlen(value);

	if (len == 0)
		return bl_fail(err, -EINVAL, "'' is not a %s; %s", what, accepts);
	if (len >= CELL_PATH_MAX)
		return bl_fail(err, -EINVAL, "'%.*s...' has %zu bytes; a %s has at most %d",
			       SHOWN(value), len, what, CELL_PATH_MAX - 1);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < 0x20)
			return bl_fail(err, -EINVAL, "control character in the %s; %s", what,
				       accepts);
	if (apt_spec_is(value)) {
		struct apt_spec package;
		int r = apt_spec_parse(value, &package, err);

		if (r < 0)
			return r;
	}
	memset(out, 0, CELL_PATH_MAX); /* cells are compared by their bytes */
	if (strcmp(value, "default") != 0)
		memcpy(out, value, len);
	return 0;
}

static int set_kernel(struct cell *c, const char *value, struct bl_err *err)
{
	return set_path(c->kernel, value, "kernel", ACCEPTS_KERNEL, err);
}

static void get_kernel(const struct cell *c, struct bl_buf *out)
{
	bl_buf_adds(out, c->kernel[0] ? c->kernel : "default");
}

static int set_emulator(struct cell *c, const char *value, struct bl_err *err)
{
	return set_path(c->emulator, value, "emulator", ACCEPTS_EMULATOR, err);
}

static void get_emulator(const struct cell *c, struct bl_buf *out)
{
	bl_buf_adds(out, c->emulator[0] ? c->emulator : "default");
}

/* The last part of a path or URL, without the checksum. */
static void label_path(const char *path, const char *if_default, struct bl_buf *out)
{
	size_t end = strcspn(path, "#"), start;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	if (end > start)
		bl_buf_add(out, path + start, end - start);
	else
		bl_buf_adds(out, if_default);
}

/* Of a package what tells it from others of its kind, with @instead for the @kind:
 * "apt:linux-image-cloud-amd64/backports" -> "cloud-amd64/backports". */
static void label_part(const char *value, const char *kind, const char *instead,
		       const char *if_default, struct bl_buf *out)
{
	const char *name;

	if (!apt_spec_is(value)) {
		label_path(value, if_default, out);
		return;
	}
	name = strchr(value, ':') + 1;
	if (strncmp(name, kind, strlen(kind)) == 0) {
		name += strlen(kind);
		bl_buf_adds(out, instead);
	}
	bl_buf_adds(out, name);
}

static void label_kernel(const struct cell *c, struct bl_buf *out)
{
	label_part(c->kernel, "linux-image-", "", "kernel-default", out);
}

static void label_emulator(const struct cell *c, struct bl_buf *out)
{
	label_part(c->emulator, "qemu-system-x86", "qemu", "qemu-default", out);
}

#define FIELD(f) .at = offsetof(struct cell, f), .size = sizeof(((struct cell *)0)->f)
#define WORDS(w) .words = (w), .n_words = BL_ARRAY_LEN(w)

static bool has_clusters(const struct cell *c)
{
	return c->format == FORMAT_QCOW2;
}

/* On a device only qcow2 has anything to allocate: the device is there already. */
static bool has_image(const struct cell *c)
{
	return c->storage != STORAGE_DEVICE || c->format == FORMAT_QCOW2;
}

/* The server opens the file, and QEMU a socket. */
static bool is_opened(const struct cell *c)
{
	return c->storage != STORAGE_NBD;
}

#define IN_A_VM "a cell with a VM (any bus but host)"
#define IN_QEMU "a cell whose disk QEMU serves (any bus but vfio and host)"
#define ON_BLOCK                                                                                   \
	"a cell whose disk is a file or block device to QEMU (any bus but vfio, nvme-userspace "   \
	"and host, any storage but nbd)"
#define OF_AN_IMAGE                                                                                \
	"a cell whose disk QEMU's block layer opens by a format (any bus but vfio, "               \
	"nvme-userspace and host)"

const struct axis_row axis_rows[] = {
	{.name = "bus",
	 .help = "how the guest reaches the disk; vfio: its own driver has the NVMe controller; "
		 "nvme-userspace: QEMU's has it, below virtio-blk; host: the same jobs on the "
		 "host, without a VM",
	 .accepts = ACCEPTS_BUS,
	 WORDS(cell_bus_names),
	 .group = AXES_ALWAYS,
	 FIELD(bus),
	 .set = set_bus,
	 .get = get_bus,
	 .label = get_bus},
	{.name = "storage",
	 .help = "what the disk is on: an image file in the work folder, the scenario's device, or "
		 "an image file in a file system that is made on the device; nbd: an image file in "
		 "the work folder behind an NBD server, which the lab starts",
	 .accepts = ACCEPTS_STORAGE,
	 .applies_to = "a cell of any bus but vfio and nvme-userspace, which are the device itself",
	 .group = AXES_STORAGE,
	 WORDS(cell_storage_names),
	 FIELD(storage),
	 .set = set_storage,
	 .get = get_storage,
	 .label = get_storage},
	{.name = "iothreads",
	 .help = "threads that serve the disk; 0: QEMU's main loop",
	 .accepts = "0 to 64",
	 .applies_to = IN_QEMU,
	 .group = AXES_QEMU,
	 FIELD(iothreads),
	 .set = set_iothreads,
	 .get = get_iothreads,
	 .label = label_iothreads},
	{.name = "queues",
	 .help = "request queues of the device; auto: the device's own default",
	 .accepts = ACCEPTS_QUEUES,
	 .applies_to = IN_QEMU,
	 .group = AXES_QEMU,
	 FIELD(queues),
	 .set = set_queues,
	 .get = get_queues,
	 .label = label_queues},
	{.name = "cache",
	 .help = "QEMU's cache mode: the host page cache, and what a flush does",
	 .accepts = ACCEPTS_CACHE,
	 .applies_to = ON_BLOCK,
	 WORDS(cell_cache_names),
	 .group = AXES_IMAGE,
	 .needs = is_opened,
	 FIELD(cache),
	 .set = set_cache,
	 .get = get_cache,
	 .label = get_cache},
	{.name = "aio",
	 .help = "how QEMU issues requests to the host",
	 .accepts = ACCEPTS_AIO,
	 .applies_to = ON_BLOCK,
	 WORDS(cell_aio_names),
	 .group = AXES_IMAGE,
	 .needs = is_opened,
	 FIELD(aio),
	 .set = set_aio,
	 .get = get_aio,
	 .label = get_aio},
	{.name = "format",
	 .help = "format of the backing image",
	 .accepts = ACCEPTS_FORMAT,
	 .applies_to = OF_AN_IMAGE,
	 WORDS(cell_format_names),
	 .group = AXES_IMAGE,
	 FIELD(format),
	 .set = set_format,
	 .get = get_format,
	 .label = get_format},
	{.name = "cluster_size",
	 .help = "qcow2 allocation unit; auto: qemu-img's default, 64KiB",
	 .accepts = ACCEPTS_CLUSTER,
	 .applies_to = "a cell of format qcow2",
	 .group = AXES_IMAGE,
	 .needs = has_clusters,
	 FIELD(cluster_size),
	 .set = set_cluster_size,
	 .get = get_cluster_size,
	 .label = label_cluster_size},
	{.name = "preallocation",
	 .help = "what is allocated when the image is made",
	 .accepts = ACCEPTS_PREALLOC,
	 .applies_to = "a cell with an image: a file, or format qcow2 on a device",
	 WORDS(cell_prealloc_names),
	 .group = AXES_IMAGE,
	 .needs = has_image,
	 FIELD(preallocation),
	 .set = set_preallocation,
	 .get = get_preallocation,
	 .label = label_preallocation},
	{.name = "discard",
	 .help = "whether the guest's discards reach the image",
	 .accepts = ACCEPTS_DISCARD,
	 .applies_to = IN_QEMU,
	 WORDS(cell_discard_names),
	 .group = AXES_QEMU,
	 FIELD(discard),
	 .set = set_discard,
	 .get = get_discard,
	 .label = label_discard},
	{.name = "throttle",
	 .help = "the most I/O that QEMU lets through: requests or bytes a second, reads and "
		 "writes together",
	 .accepts = ACCEPTS_THROTTLE,
	 .applies_to = IN_QEMU,
	 .group = AXES_QEMU,
	 FIELD(throttle),
	 .set = set_throttle,
	 .get = get_throttle,
	 .label = label_throttle},
	{.name = "vcpus",
	 .help = "virtual CPUs of the guest",
	 .accepts = "1 to 255",
	 .applies_to = IN_A_VM,
	 .group = AXES_VM,
	 FIELD(vcpus),
	 .set = set_vcpus,
	 .get = get_vcpus,
	 .label = label_vcpus},
	{.name = "kernel",
	 .help = "the guest's kernel: a vmlinuz, a package, or a folder of an unpacked package",
	 .accepts = ACCEPTS_KERNEL,
	 .applies_to = IN_A_VM,
	 .group = AXES_VM,
	 FIELD(kernel),
	 .is_path = true,
	 .set = set_kernel,
	 .get = get_kernel,
	 .label = label_kernel},
	{.name = "emulator",
	 .help = "the QEMU that runs the guest",
	 .accepts = ACCEPTS_EMULATOR,
	 .applies_to = IN_A_VM,
	 .group = AXES_VM,
	 FIELD(emulator),
	 .is_path = true,
	 .set = set_emulator,
	 .get = get_emulator,
	 .label = label_emulator},
};
const size_t n_axis_rows = BL_ARRAY_LEN(axis_rows);

const struct axis_row *axis_find(const char *name)
{
	for (size_t i = 0; i < n_axis_rows; i++)
		if (strcmp(axis_rows[i].name, name) == 0)
			return &axis_rows[i];
	return NULL;
}

#define AXES_OF_ANY_DISK (AXES_VM | AXES_QEMU | AXES_STORAGE | AXES_IMAGE)

/* Which axes mean something on each bus. With vfio the guest's driver does all that the others are
 * about. QEMU's own NVMe driver talks to the controller past the host's page cache and its AIO, and
 * cache none would have it switch the device's own write cache off. */
static const unsigned bus_axes[BUSES] = {
	[BUS_VIRTIO_BLK] = AXES_OF_ANY_DISK,
	[BUS_VIRTIO_SCSI] = AXES_OF_ANY_DISK,
	[BUS_SATA] = AXES_OF_ANY_DISK,
	[BUS_NVME_EMULATED] = AXES_OF_ANY_DISK,
	[BUS_VFIO] = AXES_VM,
	[BUS_NVME_USERSPACE] = AXES_VM | AXES_QEMU,
	[BUS_HOST] = AXES_STORAGE,
};

bool axis_applies(const struct axis_row *row, const struct cell *c)
{
	if (row->group != AXES_ALWAYS && !(bus_axes[c->bus] & row->group))
		return false;
	return !row->needs || row->needs(c);
}

bool axis_equal(const struct axis_row *row, const struct cell *a, const struct cell *b)
{
	return memcmp((const char *)a + row->at, (const char *)b + row->at, row->size) == 0;
}

void axis_copy(const struct axis_row *row, struct cell *to, const struct cell *from)
{
	memcpy((char *)to + row->at, (const char *)from + row->at, row->size);
}
