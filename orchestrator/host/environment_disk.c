/* environment_disk.c - the facts of what lies below the work folder. */
#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_path.h"
#include "cleanup.h"
#include "device.h"

/* One small file below /sys/block/DISK/, one fact. */
static const struct {
	const char *key, *file;
	bool has_choice;
} disk_facts[] = {
	{"disk.scheduler", "queue/scheduler", true},
	{"disk.rotational", "queue/rotational", false},
	{"disk.write_cache", "queue/write_cache", false},
	{"disk.logical_block_bytes", "queue/logical_block_size", false},
	{"disk.physical_block_bytes", "queue/physical_block_size", false},
	{"disk.queue_requests", "queue/nr_requests", false},
	{"disk.read_ahead_kib", "queue/read_ahead_kb", false},
};

/* --- several disks --- */

/* One line a disk, to be sorted, so that the kernel's order does not matter. */
struct lines {
	char (*items)[200];
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* "2 x A; B" of the lines A, B, A. */
static int add_lines(struct facts *out, const char *key, struct lines *l)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	qsort(l->items, l->n, sizeof *l->items, by_text);
	for (size_t i = 0, same; i < l->n; i += same) {
		same = 1;
		while (i + same < l->n && !strcmp(l->items[i], l->items[i + same]))
			same++;
		if (text.len)
			bl_buf_adds(&text, "; ");
		if (same > 1)
			bl_buf_addf(&text, "%zu x ", same);
		bl_buf_adds(&text, l->items[i]);
	}
	return text.len ? facts_add(out, key, bl_buf_str(&text)) : 0;
}

static int add_members(const struct doctor_options *opt, const struct block_path *p,
		       struct facts *out)
{
	struct lines kinds = {.items = calloc(p->n, sizeof *kinds.items)};
	struct lines serials = {.items = calloc(p->n, sizeof *serials.items)};
	int r = kinds.items && serials.items ? 0 : -1;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		struct device d;

		if (!p->nodes[i].is_leaf || strcmp(p->nodes[i].kind, "disk") != 0)
			continue;
		device_look(opt->root, p->nodes[i].name, &d);
		snprintf(kinds.items[kinds.n++], sizeof *kinds.items, "%s%s%s",
			 d.model[0] ? d.model : "a disk that tells no model",
			 d.firmware[0] ? " firmware " : "", d.firmware);
		if (d.serial[0])
			snprintf(serials.items[serials.n++], sizeof *serials.items, "%s", d.serial);
	}
	if (r == 0 && kinds.n > 1)
		r = add_lines(out, "disk.members", &kinds) |
		    add_lines(out, "disk.member_serials", &serials);
	free(kinds.items);
	free(serials.items);
	return r;
}

/* --- all of it --- */

static int add_identity(const struct doctor_options *opt, const char *disk, struct facts *out)
{
	struct device d;
	int r;

	device_look(opt->root, disk, &d);
	r = facts_add(out, "disk.name", disk);
	if (d.model[0])
		r |= facts_add(out, "disk.model", d.model);
	if (d.firmware[0])
		r |= facts_add(out, "disk.firmware", d.firmware);
	if (d.serial[0])
		r |= facts_add(out, "disk.serial", d.serial);
	if (d.size_bytes)
		r |= facts_addf(out, "disk.size_bytes", "%llu", (unsigned long long)d.size_bytes);
	return r;
}

int environment_disk(const struct doctor_options *opt, struct facts *out)
{
	struct work_disk w;
	struct block_path below = {.nodes = NULL};
	char path[256];
	int r = 0;

	work_disk_find(opt, &w);
	if (w.fs[0])
		r |= facts_add(out, "disk.file_system", w.fs) |
		     facts_add(out, "disk.mount_options", w.options);
	if (w.chain[0])
		r |= facts_add(out, "disk.layers", w.chain);
	if (!w.disk[0])
		return w.why[0] ? r | facts_add(out, "disk.why_absent", w.why) : r;
	r |= add_identity(opt, w.disk, out);
	for (size_t i = 0; i < BL_ARRAY_LEN(disk_facts); i++) {
		snprintf(path, sizeof path, "/sys/block/%s/%s", w.disk, disk_facts[i].file);
		r |= environment_file(opt, out, disk_facts[i].key, disk_facts[i].has_choice, path);
	}
	if (block_path_of(opt->root, w.path, &below, NULL) == 0) {
		r |= add_members(opt, &below, out);
		block_path_done(&below);
	}
	return r;
}
