#include "cell.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"

void cell_defaults(struct cell *c)
{
	memset(c, 0, sizeof *c); /* the first word of every list is its default */
	c->vcpus = 1;
}

struct cache_bits cell_cache_bits(enum cell_cache cache)
{
	/* QEMU's bdrv_parse_cache_mode(), as its manual tabulates it under -drive cache= */
	static const struct cache_bits bits[CACHES] = {
		[CACHE_NONE] = {.writeback = true, .direct = true},
		[CACHE_WRITEBACK] = {.writeback = true},
		[CACHE_WRITETHROUGH] = {.writeback = false},
		[CACHE_DIRECTSYNC] = {.direct = true},
		[CACHE_UNSAFE] = {.writeback = true, .no_flush = true},
	};

	return bits[cache];
}

static bool native_without_direct(const struct cell *c)
{
	return c->aio == AIO_NATIVE && !cell_cache_bits(c->cache).direct;
}

static bool has_own_thread_nowhere(const struct cell *c)
{
	return c->iothreads > 0 && (c->bus == BUS_SATA || c->bus == BUS_NVME_EMULATED);
}

static bool threads_of_one_pair(const struct cell *c)
{
	return c->iothreads > 1 && c->bus == BUS_NVME_USERSPACE;
}

static bool queues_on_sata(const struct cell *c)
{
	return c->queues > 0 && c->bus == BUS_SATA;
}

static bool more_queues_than_vcpus(const struct cell *c)
{
	return c->queues > c->vcpus;
}

/* The default of virtio devices is one queue for each vCPU (QEMU 5.2 and later). */
static bool more_iothreads_than_queues(const struct cell *c)
{
	return c->queues > 0 && c->iothreads > c->queues;
}

static bool more_iothreads_than_vcpus(const struct cell *c)
{
	return c->queues == 0 && c->iothreads > 1 && c->iothreads > c->vcpus;
}

static bool metadata_of_raw(const struct cell *c)
{
	return c->preallocation == PREALLOC_METADATA && c->format == FORMAT_RAW;
}

bool cell_takes_controller(const struct cell *c)
{
	return c->bus == BUS_VFIO || c->bus == BUS_NVME_USERSPACE;
}

bool cell_needs_device(const struct cell *c)
{
	return cell_takes_controller(c) || c->storage == STORAGE_DEVICE ||
	       c->storage == STORAGE_FILESYSTEM;
}

/* qemu-img allocates beforehand by growing a regular file (QEMU's raw_regular_truncate()). */
static bool allocated_on_device(const struct cell *c)
{
	return c->storage == STORAGE_DEVICE &&
	       (c->preallocation == PREALLOC_FALLOC || c->preallocation == PREALLOC_FULL);
}

/* The server's file is as large as the disk. */
static bool grows_on_nbd(const struct cell *c)
{
	return c->storage == STORAGE_NBD && c->format == FORMAT_QCOW2;
}

static bool nbd_without_qemu(const struct cell *c)
{
	return c->storage == STORAGE_NBD && c->bus == BUS_HOST;
}

/* libvirt sets limits on the disks that it makes. */
static bool throttled_beside_libvirt(const struct cell *c)
{
	return throttle_is_on(&c->throttle) && c->bus == BUS_NVME_EMULATED;
}

static bool throttled_on_many(const struct cell *c)
{
	return throttle_is_on(&c->throttle) && c->iothreads > 1;
}

const struct cell_rule cell_rules[] = {
	{"aio", "cache", native_without_direct,
	 "native AIO needs O_DIRECT, that is cache none or directsync; "
	 "with other cache modes aio is threads or io_uring"},
	{"iothreads", "bus", has_own_thread_nowhere,
	 "QEMU serves this device in its main loop, that is iothreads 0; "
	 "virtio-blk, virtio-scsi and nvme-userspace take iothreads"},
	{"iothreads", "bus", threads_of_one_pair,
	 "QEMU's NVMe driver has one pair of I/O queues, which one thread serves, that is "
	 "iothreads 0 or 1"},
	{"queues", "bus", queues_on_sata,
	 "AHCI has one queue of 32 commands, that is queues auto; "
	 "virtio-blk, virtio-scsi, nvme-emulated and nvme-userspace take queues"},
	{"queues", "vcpus", more_queues_than_vcpus,
	 "a guest opens at most one queue for each vCPU; auto, or at most vcpus"},
	{"iothreads", "queues", more_iothreads_than_queues,
	 "a queue is served by one iothread, so some would have nothing to do; at most queues"},
	{"iothreads", "vcpus", more_iothreads_than_vcpus,
	 "queues auto is one queue for each vCPU and a queue is served by one iothread, so some "
	 "would have nothing to do; at most vcpus"},
	{"preallocation", "format", metadata_of_raw,
	 "a raw image has no metadata; off, falloc or full, or format qcow2"},
	{"preallocation", "storage", allocated_on_device,
	 "a block device has all its space already; off or metadata, or storage file or "
	 "filesystem"},
	{"format", "storage", grows_on_nbd,
	 "a qcow2 image grows, and the export of an NBD server does not; raw, or storage file"},
	{"storage", "bus", nbd_without_qemu,
	 "it is QEMU that talks to the server; storage file, or a bus with a VM"},
	{"throttle", "bus", throttled_beside_libvirt,
	 "libvirt sets the limit, and does not make this disk; virtio-blk, virtio-scsi, sata and "
	 "nvme-userspace take it"},
	{"throttle", "iothreads", throttled_on_many,
	 "libvirt sets the limit, and does not make the disk of several iothreads; 0 or 1"},
};
const size_t n_cell_rules = BL_ARRAY_LEN(cell_rules);

const struct cell_rule *cell_broken_rule(const struct cell *c)
{
	for (size_t i = 0; i < n_cell_rules; i++)
		if (cell_rules[i].is_broken(c))
			return &cell_rules[i];
	return NULL;
}

static int fail_rule(const struct cell *c, const struct cell_rule *rule, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf other = BL_BUF_INIT;

	axis_find(rule->axis)->get(c, &value);
	axis_find(rule->other)->get(c, &other);
	return bl_fail(err, -EINVAL, "%s: '%s' is impossible with %s '%s': %s", rule->axis,
		       bl_buf_str(&value), rule->other, bl_buf_str(&other), rule->why);
}

int cell_check(const struct cell *c, struct bl_err *err)
{
	const struct cell_rule *rule;
	struct cell defaults;

	cell_defaults(&defaults);
	for (size_t i = 0; i < n_axis_rows; i++) {
		const struct axis_row *row = &axis_rows[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;

		if (axis_applies(row, c) || axis_equal(row, c, &defaults))
			continue;
		row->get(c, &value);
		return bl_fail(err, -EINVAL,
			       "%s: '%.60s' has no meaning here; %s means something only in %s",
			       row->name, bl_buf_str(&value), row->name, row->applies_to);
	}
	rule = cell_broken_rule(c);
	return rule ? fail_rule(c, rule, err) : 0;
}

void cell_to_text(const struct cell *c, struct bl_buf *out)
{
	bool is_first = true;

	for (size_t i = 0; i < n_axis_rows; i++) {
		if (!axis_applies(&axis_rows[i], c))
			continue;
		bl_buf_addf(out, "%s%s=", is_first ? "" : " ", axis_rows[i].name);
		axis_rows[i].get(c, out);
		is_first = false;
	}
}

/* What was completed to the guest is in QEMU's hands, which outlives a guest crash: the
 * host page cache (direct off) or the device has it, whatever the mode.
 *
 * QEMU killed: the page cache belongs to the host kernel and lives on, so raw loses
 * nothing. qcow2 keeps its tables (which cluster is where) in QEMU's memory until a flush, also an
 * ignored one (bdrv_co_flush() writes them to the OS before it looks at no-flush); with a
 * write-through device each write is followed by a flush.
 *
 * Power loss: only what a flush (or a write-through write) has pushed to the device. With
 * direct on, an unflushed write may still sit in the device's volatile cache, and the file
 * system's record of a newly allocated block is not on disk either.
 *
 * vfio and nvme-userspace: the device itself has every completed write, and a killed QEMU resets
 * the controller but cuts no power (the volatile write cache of the NVMe base
 * specification, 1.4, 5.21.1.6, is lost with power). */
#define GUEST_ALL "guest crash: all completed writes; "
#define KILL_ALL  "QEMU kill: all completed writes; "
#define KILL_QCOW2                                                                                 \
	"QEMU kill: flushed writes, and unflushed ones only where the cluster was already "        \
	"allocated; "
#define LOSS_EACH   "host power loss: all completed writes"
#define LOSS_FLUSH  "host power loss: flushed writes only"
#define LOSS_DIRECT LOSS_FLUSH " (the rest is in the device's cache)"
#define LOSS_CACHED LOSS_FLUSH " (up to the page cache's size is lost)"
#define LOSS_UNSAFE "host power loss: nothing is sure, not even flushed writes"

const char *cell_durability(const struct cell *c)
{
	static const char *const lines[CACHES][FORMATS] = {
		[CACHE_NONE] = {GUEST_ALL KILL_ALL LOSS_DIRECT, GUEST_ALL KILL_QCOW2 LOSS_DIRECT},
		[CACHE_WRITEBACK] = {GUEST_ALL KILL_ALL LOSS_CACHED,
				     GUEST_ALL KILL_QCOW2 LOSS_CACHED},
		[CACHE_WRITETHROUGH] = {GUEST_ALL KILL_ALL LOSS_EACH, GUEST_ALL KILL_ALL LOSS_EACH},
		[CACHE_DIRECTSYNC] = {GUEST_ALL KILL_ALL LOSS_EACH, GUEST_ALL KILL_ALL LOSS_EACH},
		[CACHE_UNSAFE] = {GUEST_ALL KILL_ALL LOSS_UNSAFE,
				  GUEST_ALL KILL_QCOW2 LOSS_UNSAFE " and the image may be corrupt"},
	};

	if (c->bus == BUS_HOST)
		return "no guest, no QEMU; host power loss: writes followed by fsync or fdatasync";
	if (cell_takes_controller(c))
		return GUEST_ALL KILL_ALL LOSS_DIRECT;
	/* nbdkit writes to its file as any program does, and syncs it on a flush. */
	return lines[c->storage == STORAGE_NBD ? CACHE_WRITEBACK : c->cache][c->format];
}
