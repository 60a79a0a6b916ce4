/* disk_path_image.c - how QEMU opens what holds the bytes. */
#define DISK_PATH_INTERNAL
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cell.h"
#include "cleanup.h"
#include "disk_path_priv.h"
#include "fs.h"
#include "qemu_args.h"
#include "units.h"

#define CHAIN_MAX 64

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static const char *on_off(const json_t *v)
{
	return json_is_boolean(v) ? (json_is_true(v) ? "on" : "off") : NULL;
}

/* --- the file or device --- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* Of the node that opens @file, the lowest: "file", "host_device", "nbd", ... */
static const char *protocol_of(const struct look_path *p, const char *file)
{
	static const char *const formats[] = {
		"raw", "qcow2", "throttle", "copy-on-read", "luks",      "vmdk",       "vdi",
		"vpc", "vhdx",  "qed",      "qcow",         "parallels", "preallocate"};
	const char *found = NULL;
	const json_t *n;
	size_t i;

	json_array_foreach (p->from->qmp.nodes, i, n) {
		const char *drv = text_of(n, "drv"), *of = text_of(n, "file");
		bool is_format = !drv || !of || !file || strcmp(of, file) != 0;

		for (size_t k = 0; k < BL_ARRAY_LEN(formats) && !is_format; k++)
			is_format = !strcmp(drv, formats[k]);
		if (!is_format)
			found = drv;
	}
	return found;
}

static const char *storage_of(const char *protocol)
{
	static const char *const rows[][2] = {{"file", "file"},        {"host_device", "device"},
					      {"nvme", "device"},      {"nbd", "nbd"},
					      {"block", "device"},     {"io_uring", "file"},
					      {"host_cdrom", "device"}};

	for (size_t i = 0; protocol && i < BL_ARRAY_LEN(rows); i++) {
		if (!strcmp(rows[i][0], protocol))
			return rows[i][1];
	}
	return protocol ? "network" : NULL;
}

static void put_storage(struct look_path *p)
{
	const char *file = text_of(p->opened, "file");
	BL_CLEANUP(bl_freep) char *type = path_xml(p, "/@type");
	BL_CLEANUP(bl_freep) char *path = path_xml(p, "/source/@file");
	BL_CLEANUP(bl_freep) char *dev = path_xml(p, "/source/@dev");
	BL_CLEANUP(bl_freep) char *protocol = path_xml(p, "/source/@protocol");
	BL_CLEANUP(bl_freep) char *name = path_xml(p, "/source/@name");
	BL_CLEANUP(bl_freep) char *host = path_xml(p, "/source/host/@name");
	BL_CLEANUP(bl_freep) char *socket = path_xml(p, "/source/host/@socket");

	path_put(p, "path.storage", storage_of(protocol_of(p, file)));
	path_put(p, "path.storage",
		 type && !strcmp(type, "network") ? storage_of(protocol) : storage_of(type));
	path_put(p, "path.source", path ? path : dev);
	path_put(p, "path.source", file);
	if (protocol)
		path_putf(p, "path.source", "%s:%s%s%s", protocol,
			  host     ? host
			  : socket ? socket
				   : "",
			  name ? "/" : "", name ? name : "");
}

/* --- format and chain --- */

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static void put_chain_of_qmp(struct look_path *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf chain = BL_BUF_INIT;
	const json_t *image = json_object_get(p->opened, "image");
	unsigned depth = 0;

	for (; json_is_object(image) && depth < CHAIN_MAX; depth++) {
		const char *name = text_of(image, "filename");

		bl_buf_addf(&chain, "%s%s", depth ? " <- " : "", name ? base_name(name) : "?");
		image = json_object_get(image, "backing-image");
	}
	if (!depth)
		return;
	path_put(p, "path.chain", bl_buf_str(&chain));
	path_putf(p, "path.chain_depth", "%u", depth);
}

/* <backingStore> in <backingStore>; an empty one ends it. */
static void put_chain_of_xml(struct look_path *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf chain = BL_BUF_INIT, at = BL_BUF_INIT;
	unsigned depth = 0;

	for (; depth < CHAIN_MAX; depth++) {
		BL_CLEANUP(bl_freep)
		char *where = bl_strf("%s/source/@*[name()='file' or name()='dev' or "
				      "name()='name']",
				      bl_buf_str(&at));
		BL_CLEANUP(bl_freep) char *name = where ? path_xml(p, where) : NULL;

		if (!name)
			break;
		bl_buf_addf(&chain, "%s%s", depth ? " <- " : "", base_name(name));
		bl_buf_adds(&at, "/backingStore");
	}
	if (!depth)
		return;
	path_put(p, "path.chain", bl_buf_str(&chain));
	path_putf(p, "path.chain_depth", "%u", depth);
}

/* Bytes that the image takes on its file system, by the bytes that the guest sees. */
static void put_preallocated(struct look_path *p)
{
	const json_t *image = json_object_get(p->opened, "image");
	const char *source = facts_get(p->out, "path.source");
	const char *storage = facts_get(p->out, "path.storage");
	double size = (double)number(image, "virtual-size");
	double taken = (double)number(image, "actual-size"), share;
	struct stat st;

	if (!storage || strcmp(storage, "file") != 0)
		return;
	if (size <= 0 && p->from->proc_dir && source && stat(source, &st) == 0 &&
	    S_ISREG(st.st_mode) && facts_get(p->out, "path.format") &&
	    !strcmp(facts_get(p->out, "path.format"), "raw")) {
		size = (double)st.st_size;
		taken = (double)st.st_blocks * 512; /* stat(2): units of 512 bytes */
	}
	if (size <= 0 || taken < 0)
		return;
	share = taken / size;
	path_putf(p, "path.preallocated_share", "%.3f", share > 1 ? 1 : share);
}

static void put_format(struct look_path *p)
{
	const json_t *image = json_object_get(p->opened, "image");
	BL_CLEANUP(bl_freep) char *type = path_xml(p, "/driver/@type");

	path_put(p, "path.format", text_of(image, "format"));
	path_put(p, "path.format", text_of(p->opened, "drv"));
	path_put(p, "path.format", type);
	if (number(image, "cluster-size") > 0)
		path_putf(p, "path.cluster_bytes", "%lld", number(image, "cluster-size"));
	put_chain_of_qmp(p);
	put_chain_of_xml(p);
	put_preallocated(p);
}

/* --- how it is opened --- */

/* The -blockdev or -drive that opens @file. */
static const json_t *opener(const struct look_path *p, const char *file)
{
	static const char *const ways[][2] = {{"blockdev", "filename"},
					      {"blockdev", "file.filename"},
					      {"drive", "file"},
					      {"drive", "file.filename"}};
	const json_t *found = NULL;

	for (size_t i = 0; i < BL_ARRAY_LEN(ways) && file && !found; i++)
		found = qemu_args_find(p->args, ways[i][0], ways[i][1], file);
	return found;
}

/* The -blockdev whose "file" is the node of @lower: it decides about discard. */
static const json_t *upper_of(const struct look_path *p, const json_t *lower)
{
	const char *name = qemu_args_text(lower, "node-name");

	return name ? qemu_args_find(p->args, "blockdev", "file", name) : NULL;
}

static void put_engine(struct look_path *p)
{
	const json_t *lower = opener(p, text_of(p->opened, "file"));
	BL_CLEANUP(bl_freep) char *source = path_xml(p, "/source/@file");
	BL_CLEANUP(bl_freep) char *io = path_xml(p, "/driver/@io");
	BL_CLEANUP(bl_freep) char *discard = path_xml(p, "/driver/@discard");
	BL_CLEANUP(bl_freep) char *zeroes = path_xml(p, "/driver/@detect_zeroes");
	const json_t *upper;
	const char *aio;

	if (!lower)
		lower = opener(p, source);
	upper = upper_of(p, lower);
	aio = qemu_args_text(lower, "aio");
	path_put(p, "path.aio", aio ? aio : qemu_args_text(lower, "file.aio"));
	path_put(p, "path.aio", io);
	if (lower && !aio)
		path_put(p, "path.aio", "threads"); /* QEMU's default */
	path_put(p, "path.discard", qemu_args_text(upper ? upper : lower, "discard"));
	path_put(p, "path.discard", discard);
	if (upper || lower)
		path_put(p, "path.discard", "ignore"); /* QEMU's default */
	path_put(p, "path.detect_zeroes", text_of(p->opened, "detect_zeroes"));
	path_put(p, "path.detect_zeroes", zeroes);
}

/* The mode that has these bits, by QEMU's names. */
static const char *mode_of(bool writeback, bool direct, bool no_flush)
{
	for (unsigned i = 0; i < CACHES; i++) {
		struct cache_bits b = cell_cache_bits((enum cell_cache)i);

		if (b.writeback == writeback && b.direct == direct && b.no_flush == no_flush)
			return cell_cache_names[i];
	}
	return "other";
}

/* The format's node may be opened otherwise than the file below it, which is what matters. */
static bool is_direct(const struct look_path *p, const json_t *cache)
{
	const char *file = text_of(p->opened, "file"), *protocol = protocol_of(p, file);
	const json_t *n;
	size_t i;

	json_array_foreach (p->from->qmp.nodes, i, n) {
		const char *drv = text_of(n, "drv"), *of = text_of(n, "file");

		if (protocol && drv && of && !strcmp(drv, protocol) && !strcmp(of, file))
			return json_is_true(json_object_get(json_object_get(n, "cache"), "direct"));
	}
	return json_is_true(json_object_get(cache, "direct"));
}

static void put_cache_of_qmp(struct look_path *p)
{
	const json_t *cache = json_object_get(p->opened, "cache");
	const json_t *writeback = json_object_get(cache, "writeback");
	const json_t *no_flush = json_object_get(cache, "no-flush");
	bool direct;

	if (!json_is_boolean(writeback) || !json_is_boolean(no_flush))
		return;
	direct = is_direct(p, cache);
	path_put(p, "path.cache", mode_of(json_is_true(writeback), direct, json_is_true(no_flush)));
	path_put(p, "path.cache_direct", direct ? "on" : "off");
	path_put(p, "path.cache_writeback", on_off(writeback));
	path_put(p, "path.cache_no_flush", on_off(no_flush));
}

static void put_cache_of_xml(struct look_path *p)
{
	BL_CLEANUP(bl_freep) char *type = path_xml(p, "/@type");
	BL_CLEANUP(bl_freep) char *word = path_xml(p, "/driver/@cache");
	const char *mode = !word || !strcmp(word, "default") ? "writeback" : word; /* QEMU's */

	for (unsigned i = 0; type && i < CACHES; i++) {
		struct cache_bits b = cell_cache_bits((enum cell_cache)i);

		if (strcmp(mode, cell_cache_names[i]) != 0)
			continue;
		path_put(p, "path.cache", mode);
		path_put(p, "path.cache_direct", b.direct ? "on" : "off");
		path_put(p, "path.cache_writeback", b.writeback ? "on" : "off");
		path_put(p, "path.cache_no_flush", b.no_flush ? "on" : "off");
	}
}

/* --- limits --- */

static void add_limit(struct bl_buf *b, const char *what, bool is_bytes, long long v)
{
	char size[BL_UNIT_TEXT_MAX];

	if (v <= 0)
		return;
	if (is_bytes)
		bl_buf_addf(b, "%s%s%s%s/s", b->len ? ", " : "", what, *what ? " " : "",
			    bl_format_size(size, (uint64_t)v));
	else
		bl_buf_addf(b, "%s%s%s%lld iops", b->len ? ", " : "", what, *what ? " " : "", v);
}

static const struct {
	const char *qmp, *xml, *what;
	bool is_bytes;
} limits[] = {
	{"iops", "total_iops_sec", "", false},         {"iops_rd", "read_iops_sec", "read", false},
	{"iops_wr", "write_iops_sec", "write", false}, {"bps", "total_bytes_sec", "", true},
	{"bps_rd", "read_bytes_sec", "read", true},    {"bps_wr", "write_bytes_sec", "write", true},
};

static void put_throttle(struct look_path *p)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *described = path_xml(p, "");

	for (size_t i = 0; i < BL_ARRAY_LEN(limits); i++) {
		BL_CLEANUP(bl_freep) char *at = bl_strf("/iotune/%s", limits[i].xml);
		BL_CLEANUP(bl_freep) char *xml = at && !p->opened ? path_xml(p, at) : NULL;

		add_limit(&b, limits[i].what, limits[i].is_bytes,
			  p->opened ? number(p->opened, limits[i].qmp)
			  : xml     ? strtoll(xml, NULL, 10)
				    : 0);
	}
	if (p->opened || described)
		path_put(p, "path.throttle", b.len ? bl_buf_str(&b) : "none");
}

void path_image(struct look_path *p)
{
	put_cache_of_qmp(p);
	put_cache_of_xml(p);
	put_engine(p);
	put_storage(p);
	put_format(p);
	put_throttle(p);
}
