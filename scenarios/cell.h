/* cell.h - one fully bound configuration: a value for every axis.
 *
 * The axis table is the one list of axes: the scenario parser, the plan, the
 * store, reports and help read it. Adding an axis is a row here, a field below,
 * its use in the domain XML, and its line in the effective configuration.
 */
#ifndef CELL_H
#define CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "throttle.h"

#define CELL_PATH_MAX 512
#define CELL_NAME_MAX 160

#define CELL_QCOW2_CLUSTER (UINT64_C(64) << 10) /* bytes, qemu-img's default: cluster_size 0 */

enum cell_bus {
	BUS_VIRTIO_BLK,
	BUS_VIRTIO_SCSI,
	BUS_SATA,
	BUS_NVME_EMULATED,
	BUS_VFIO,           /* the guest has the controller: a PCI function handed over whole */
	BUS_NVME_USERSPACE, /* QEMU has the controller: its own driver below virtio-blk */
	BUS_HOST,
	BUSES
};
/* What the disk under test is kept on. */
enum cell_storage {
	STORAGE_FILE,       /* an image file in the work folder, on whatever disk that is */
	STORAGE_DEVICE,     /* the scenario's device itself, as a block device */
	STORAGE_FILESYSTEM, /* an image file in an ext4 that is made on the device for the trial */
	STORAGE_NBD, /* an image file as of STORAGE_FILE, behind an NBD server of the trial */
	STORAGES
};
enum cell_cache {
	CACHE_NONE,
	CACHE_WRITEBACK,
	CACHE_WRITETHROUGH,
	CACHE_DIRECTSYNC,
	CACHE_UNSAFE,
	CACHES
};
enum cell_aio { AIO_THREADS, AIO_NATIVE, AIO_IO_URING, AIOS };
enum cell_format { FORMAT_RAW, FORMAT_QCOW2, FORMATS };
enum cell_prealloc { PREALLOC_OFF, PREALLOC_METADATA, PREALLOC_FALLOC, PREALLOC_FULL, PREALLOCS };
enum cell_discard { DISCARD_IGNORE, DISCARD_UNMAP, DISCARDS };

extern const char *const cell_bus_names[BUSES];
extern const char *const cell_storage_names[STORAGES];
extern const char *const cell_cache_names[CACHES];
extern const char *const cell_aio_names[AIOS];
extern const char *const cell_format_names[FORMATS];
extern const char *const cell_prealloc_names[PREALLOCS];
extern const char *const cell_discard_names[DISCARDS];

struct cell {
	char name[CELL_NAME_MAX]; /* unique in its matrix; from the axes that vary, or given */
	enum cell_bus bus;
	enum cell_storage storage;
	uint32_t iothreads; /* 0: QEMU's main loop; n: the disk is served by n iothreads */
	uint32_t queues;    /* 0: the device's own default */
	enum cell_cache cache;
	enum cell_aio aio;
	enum cell_format format;
	uint64_t cluster_size; /* qcow2, bytes; 0: CELL_QCOW2_CLUSTER */
	enum cell_prealloc preallocation;
	enum cell_discard discard;
	struct throttle throttle;
	uint32_t vcpus;
	char kernel[CELL_PATH_MAX];   /* "" the lab's default; else what image.h accepts */
	char emulator[CELL_PATH_MAX]; /* "" the host's; a binary, or a folder of unpacked packages
				       */
};

/* What an axis is about: each bus says which of these mean something on it. */
enum axis_group {
	AXES_ALWAYS = 0,
	AXES_VM = 1,      /* the virtual machine */
	AXES_QEMU = 2,    /* the device that QEMU makes for the guest */
	AXES_STORAGE = 4, /* where the disk under test is kept */
	AXES_IMAGE = 8,   /* how QEMU opens it, as a file or block device of the host */
};

/* One axis. get/set go through text, so that every consumer sees the same words. */
struct axis_row {
	const char *name; /* "bus", "iothreads", ... the key in YAML, SQL, JSON */
	const char *help;
	const char *accepts;    /* "virtio-blk, virtio-scsi, ..." or "0 to 64" */
	const char *applies_to; /* which cells it has a meaning in; NULL: all */
	enum axis_group group;
	bool (*needs)(const struct cell *c); /* what more it needs than its bus; NULL: nothing */
	const char *const *words;            /* the enum behind it; NULL: not one of a list */
	size_t n_words;
	size_t at, size; /* of its field in struct cell */
	bool is_path;    /* relative values are relative to the scenario file */
	int (*set)(struct cell *c, const char *value, struct bl_err *err);
	void (*get)(const struct cell *c, struct bl_buf *out); /* canonical text */
	/* The short form for cell names, e.g. "io1" where get() says "1". */
	void (*label)(const struct cell *c, struct bl_buf *out);
};
extern const struct axis_row axis_rows[];
extern const size_t n_axis_rows;
const struct axis_row *axis_find(const char *name); /* NULL: no such axis */

/* False where the axis has no meaning: by a table of buses, for example everything but bus and
 * storage for bus host, which has no VM; cluster_size for format raw; preallocation for a raw
 * device; cache and aio for storage nbd. Such a field holds cell_defaults()' value and is left out
 * of names and comparisons. */
bool axis_applies(const struct axis_row *row, const struct cell *c);

/* Whether two cells have the same value there. */
bool axis_equal(const struct axis_row *row, const struct cell *a, const struct cell *b);
void axis_copy(const struct axis_row *row, struct cell *to, const struct cell *from);

/* virtio-blk, storage file, iothreads 0, queues auto, cache none, aio threads, raw, cluster_size
 * auto, preallocation off, discard ignore, throttle off, 1 vCPU, default kernel and emulator; no
 * name. */
void cell_defaults(struct cell *c);

/* The disk under test is the scenario's device, or on it: it must be named, claimed and guarded.
 * True for vfio and nvme-userspace, which always are the device itself, and for storage device and
 * filesystem. */
bool cell_needs_device(const struct cell *c);

/* The device leaves its driver on this host for vfio-pci: it must be named by its PCI address. */
bool cell_takes_controller(const struct cell *c);

/* Two axes whose values cannot go together. */
struct cell_rule {
	const char *axis, *other;
	bool (*is_broken)(const struct cell *c);
	const char *why; /* and what would be accepted */
};
extern const struct cell_rule cell_rules[];
extern const size_t n_cell_rules;

/* The first rule that @c breaks, or NULL. */
const struct cell_rule *cell_broken_rule(const struct cell *c);

/* Impossible combinations, e.g. aio native with a cache mode that is not direct, and values
 * where the axis has no meaning. -EINVAL: both values named, and what would be accepted.
 * What depends on the host's QEMU and libvirt (several iothreads for one disk) is not
 * decided here. */
int cell_check(const struct cell *c, struct bl_err *err);

/* All axes that apply as "bus=virtio-blk iothreads=0 ..."; without the name. */
void cell_to_text(const struct cell *c, struct bl_buf *out);

/* Which writes survive what, in one line: "guest crash: ...; QEMU kill: ...; host power
 * loss: ...". Depends on cache mode and format; an NBD server's file is in its page cache; for bus
 * host there is no guest and no QEMU; vfio and nvme-userspace have neither an image nor a host page
 * cache between the guest and the device. A write is one that was completed to the program that
 * issued it. It assumes that the device keeps what it confirmed a flush for. (Source: the
 * writeback, direct and no-flush bits of QEMU's cache modes, and where qcow2 keeps its tables.)
 * Borrowed, static. */
const char *cell_durability(const struct cell *c);

/* The three bits behind QEMU's cache modes. */
struct cache_bits {
	bool writeback; /* the guest sees a volatile write cache and must flush */
	bool direct;    /* O_DIRECT: host page cache bypassed */
	bool no_flush;  /* flushes are thrown away */
};
struct cache_bits cell_cache_bits(enum cell_cache cache);

#endif
