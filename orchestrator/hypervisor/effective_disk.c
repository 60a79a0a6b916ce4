/* effective_disk.c - the disk under test in QEMU's block layer and among its open files. */
#define EFFECTIVE_INTERNAL
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_stats.h"
#include "cleanup.h"
#include "effective_priv.h"
#include "fs.h"
#include "qemu_process.h"
#include "xml_tree.h"

/* What QEMU calls the file of a node: its path, its NVMe driver's name for a namespace, or its NBD
 * client's for a server. */
struct image {
	char name[4096];
	const char *driver; /* of the node */
};

static void image_of(const struct look *l, struct image *ret)
{
	const struct domain_disk *w = l->disk;

	if (l->cell->bus == BUS_NVME_USERSPACE) {
		ret->driver = "nvme";
		snprintf(ret->name, sizeof ret->name, "nvme://%s/%u", w->pci ? w->pci : "",
			 w->nsid);
		return;
	}
	if (l->cell->storage == STORAGE_NBD) {
		ret->driver = "nbd";
		snprintf(ret->name, sizeof ret->name, "nbd+unix://?socket=%s",
			 w->nbd_socket ? w->nbd_socket : "");
		return;
	}
	ret->driver = w->is_block ? "host_device" : "file";
	snprintf(ret->name, sizeof ret->name, "%s", w->path);
}

/* The entry of query-block for the disk under test; borrowed. */
static const json_t *find_disk(const struct look *l, const json_t *blocks)
{
	const json_t *b;
	size_t i;

	json_array_foreach (blocks, i, b) {
		const char *qdev = json_string_value(json_object_get(b, "qdev"));

		if (qdev && block_stats_is(qdev, l->alias))
			return json_object_get(b, "inserted");
	}
	return NULL;
}

static void add_text(struct look *l, const char *key, const char *asked, const json_t *v,
		     const char *source)
{
	const char *text = json_is_boolean(v) ? look_on_off(json_is_true(v)) : json_string_value(v);

	look_add(l, key, asked, text, "%s%s", source, text ? "" : ": not in the answer");
}

static void look_image(struct look *l, const struct image *image, const json_t *disk,
		       const char *source)
{
	const struct cell *c = l->cell;
	const json_t *size = json_object_get(json_object_get(disk, "image"), "cluster-size");
	char asked[32], is[32];

	add_text(l, "format", cell_format_names[c->format], json_object_get(disk, "drv"), source);
	add_text(l, "image.file", image->name, json_object_get(disk, "file"), source);
	add_text(l, "detect-zeroes", "off", json_object_get(disk, "detect_zeroes"), source);
	if (c->format != FORMAT_QCOW2)
		return;
	snprintf(asked, sizeof asked, "%llu",
		 (unsigned long long)(c->cluster_size ? c->cluster_size : CELL_QCOW2_CLUSTER));
	snprintf(is, sizeof is, "%lld", (long long)json_integer_value(size));
	look_add(l, "image.cluster_size_bytes", asked, size ? is : NULL, "%s%s", source,
		 size ? "" : ": not in the answer");
}

/* What QEMU lets through; 0: all. Of the disk's group, which is its own. */
static void look_throttle(struct look *l, const json_t *disk, const char *source)
{
	const struct {
		const char *key, *name;
		uint64_t asked;
	} rows[] = {
		{"throttle.iops", "iops", l->cell->throttle.iops},
		{"throttle.bytes_s", "bps", l->cell->throttle.bytes_s},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		const json_t *v = json_object_get(disk, rows[i].name);
		char asked[32], is[32];

		snprintf(asked, sizeof asked, "%" PRIu64, rows[i].asked);
		snprintf(is, sizeof is, "%lld", (long long)json_integer_value(v));
		look_add(l, rows[i].key, asked, v ? is : NULL, "%s%s", source,
			 v ? "" : ": not in the answer");
	}
}

static void look_block(struct look *l, const struct image *image)
{
	static const char source[] = "qmp query-block";
	struct cache_bits bits = domain_cache_bits(l->cell);
	struct bl_err why;
	json_t *blocks = look_ask(l, "query-block", NULL, &why);
	const json_t *disk = find_disk(l, blocks), *cache = json_object_get(disk, "cache");

	if (!disk) {
		look_add(l, "disk", "present", NULL, "%s%s%s",
			 blocks ? "qmp query-block: no device '" : bl_err_text(&why),
			 blocks ? l->alias : "", blocks ? "'" : "");
		json_decref(blocks);
		return;
	}
	look_image(l, image, disk, source);
	look_throttle(l, disk, source);
	add_text(l, "cache.writeback", look_on_off(bits.writeback),
		 json_object_get(cache, "writeback"), source);
	add_text(l, "cache.direct", look_on_off(bits.direct), json_object_get(cache, "direct"),
		 source);
	add_text(l, "cache.no-flush", look_on_off(bits.no_flush),
		 json_object_get(cache, "no-flush"), source);
	json_decref(blocks);
}

/* The node below the format: where the file is really opened. */
static void look_storage_node(struct look *l, const struct image *image)
{
	static const char source[] = "qmp query-named-block-nodes";
	struct cache_bits bits = domain_cache_bits(l->cell);
	struct bl_err why;
	json_t *nodes = look_ask(l, "query-named-block-nodes", NULL, &why), *n, *found = NULL;
	size_t i;

	json_array_foreach (nodes, i, n) {
		const char *drv = json_string_value(json_object_get(n, "drv"));
		const char *file = json_string_value(json_object_get(n, "file"));

		/* the format's node has the same file */
		if (drv && file && strcmp(file, image->name) == 0 &&
		    strcmp(drv, cell_format_names[l->cell->format]) != 0)
			found = n;
	}
	if (found) {
		add_text(l, "storage.driver", image->driver, json_object_get(found, "drv"), source);
		add_text(l, "storage.cache.direct", look_on_off(bits.direct),
			 json_object_get(json_object_get(found, "cache"), "direct"), source);
	} else {
		look_add(l, "storage.driver", image->driver, NULL, "%s",
			 nodes ? "qmp query-named-block-nodes: no node has the image"
			       : bl_err_text(&why));
	}
	json_decref(nodes);
}

static char *xml_of_disk(const struct look *l, const char *xml, const char *attribute)
{
	char at[160];

	snprintf(at, sizeof at, "//disk[alias/@name='%s']/driver/@%s", l->alias, attribute);
	return xml_at(xml, at);
}

/* QEMU is on another host: its domain XML is the best there is; a device made on QEMU's command
 * line is not in it. */
static void look_xml(struct look *l)
{
	static const char source[] = "live XML (qemu runs on another host)";
	const struct cell *c = l->cell;
	BL_CLEANUP(bl_freep) char *xml = NULL, *io = NULL, *discard = NULL;

	if (hv_vm_xml(l->vm, &xml, NULL) == 0) {
		io = xml_of_disk(l, xml, "io");
		discard = xml_of_disk(l, xml, "discard");
	}
	look_add(l, "aio", io ? cell_aio_names[c->aio] : NULL, io, "%s%s", source,
		 io ? "" : ": not said there");
	look_add(l, "discard", discard ? cell_discard_names[c->discard] : NULL, discard, "%s%s",
		 source, discard ? "" : ": not said there");
	look_add(l, "image.o_direct", NULL, NULL, "not readable: qemu runs on another host");
}

/* What each engine leaves to be seen in the process; threads leave nothing. */
static void look_engine(struct look *l, const struct qemu_process *p)
{
	bool asked_native = l->cell->aio == AIO_NATIVE, asked_uring = l->cell->aio == AIO_IO_URING;

	look_add(l, "aio", cell_aio_names[l->cell->aio], p->aio, "qemu's command line%s",
		 p->aio ? "" : " does not say");
	look_add(l, "aio.native_context", asked_native ? "yes" : NULL,
		 !p->has_maps    ? NULL
		 : p->has_native ? "yes"
				 : "no",
		 "/proc/PID/maps%s", p->has_maps ? "" : " can't be read");
	look_add(l, "aio.io_uring", asked_uring ? "yes" : NULL,
		 !p->has_files  ? NULL
		 : p->has_uring ? "yes"
				: "no",
		 "/proc/PID/fd%s", p->has_files ? "" : " can't be read");
}

/* QEMU's NVMe driver and its NBD client open no file and ask no engine. */
static bool opens_file(const struct cell *c)
{
	return c->bus != BUS_NVME_USERSPACE && c->storage != STORAGE_NBD;
}

static void look_process(struct look *l, const struct image *image, pid_t pid)
{
	struct cache_bits bits = domain_cache_bits(l->cell);
	struct qemu_process p;
	char dir[64];

	snprintf(dir, sizeof dir, "/proc/%ld", (long)pid);
	qemu_process_read(dir, image->name, &p);
	look_add(l, "discard", cell_discard_names[l->cell->discard], p.discard,
		 "qemu's command line%s", p.discard ? "" : " does not say");
	if (opens_file(l->cell)) {
		look_add(l, "image.o_direct", look_on_off(bits.direct),
			 p.has_image ? look_on_off(p.is_direct) : NULL, "/proc/PID/fdinfo%s",
			 p.has_image ? "" : ": the image is not among the open files");
		look_engine(l, &p);
	}
	qemu_process_done(&p);
}

void look_nodes(struct look *l, pid_t pid)
{
	struct image image;

	image_of(l, &image);
	look_block(l, &image);
	look_storage_node(l, &image);
	if (pid > 0)
		look_process(l, &image, pid);
	else
		look_xml(l);
}
