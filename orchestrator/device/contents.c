/* contents.c - what is on a disk: signatures and partition tables (libblkid), partitions, raw data.
 */
#define GUARD_INTERNAL
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "guard_priv.h"
#include "tame.h"
#include "units.h"

/* More than that is a disk that is probed for ever. Each uberblock of ZFS is one to libblkid: 4
 * labels with up to 128. */
#define SIGNATURES_MAX 1024

#define RAW_BYTES    (1 * MiB) /* read at each place where data without a signature is looked for */
#define RAW_STEPS    64        /* from the front to the claim */
#define ERASED_BYTES 4096

struct signature {
	char type[48], label[128], uuid[64];
	bool is_table;
};

typedef void signature_fn(void *ctx, const struct signature *s);

static void probe_freep(blkid_probe *pr)
{
	if (*pr)
		blkid_free_probe(*pr);
}

/* Labels are anybody's text: one line, printable. */
static void take_value(blkid_probe pr, const char *key, char *out, size_t len)
{
	const char *v = NULL;

	if (blkid_probe_lookup_value(pr, key, &v, NULL) < 0)
		v = NULL;
	bl_tame(out, len, v, SIZE_MAX);
}

static void report(blkid_probe pr, signature_fn *each, void *ctx)
{
	struct signature s = {0};

	take_value(pr, "TYPE", s.type, sizeof s.type);
	take_value(pr, "LABEL", s.label, sizeof s.label);
	take_value(pr, "UUID", s.uuid, sizeof s.uuid);
	if (!s.type[0]) {
		take_value(pr, "PTTYPE", s.type, sizeof s.type);
		s.is_table = true;
	}
	if (each)
		each(ctx, &s);
}

/* Every signature in turn, as wipefs(8) finds them: libblkid shows the next one when the last is
 * wiped, or hidden from this probe only (@wipe false: the disk is not touched). */
static int walk(int fd, bool wipe, signature_fn *each, void *ctx)
{
	BL_CLEANUP(probe_freep) blkid_probe pr = blkid_new_probe();
	int r;

	if (!pr || blkid_probe_set_device(pr, fd, 0, 0) < 0)
		return -EIO;
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_TYPE |
						      BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID |
						      BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(pr, 1);
	blkid_probe_set_partitions_flags(pr, BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT);
	for (int i = 0; i < SIGNATURES_MAX; i++) {
		r = blkid_do_probe(pr);
		if (r != 0)
			return r < 0 ? -EIO : 0;
		report(pr, each, ctx);
		if (blkid_do_wipe(pr, !wipe) < 0)
			return -EIO;
	}
	return -EIO;
}

static void signature_text(const struct signature *s, char *out, size_t len)
{
	const char *type = s->type;

	if (strcmp(type, "gpt") == 0)
		type = "GPT";
	else if (strcmp(type, "dos") == 0)
		type = "MBR (dos)";
	snprintf(out, len, "%s%s%s%s%s%s%s", type, s->is_table ? " partition table" : "",
		 s->label[0] ? ", label '" : "", s->label, s->label[0] ? "'" : "",
		 s->uuid[0] && !s->is_table ? ", UUID " : "", s->is_table ? "" : s->uuid);
}

static void first_signature(void *ctx, const struct signature *s)
{
	char *out = ctx;

	if (!out[0])
		signature_text(s, out, 300);
}

int contents_wipe(int fd, const char *name, struct bl_err *err)
{
	char left[300] = "";
	int r = walk(fd, true, NULL, NULL);

	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return bl_fail(err, r,
			       "'%s': can't wipe what is on it; look at the kernel log (dmesg)",
			       name);
	r = walk(fd, false, first_signature, left);
	if (r == 0 && left[0])
		return bl_fail(
			err, -EIO,
			"'%s' still holds %s after it was wiped; something else writes to it, or "
			"the disk does not take writes: look at the kernel log (dmesg)",
			name, left);
	return r < 0 ? bl_fail(err, r,
			       "'%s': can't read it back after wiping; look at the kernel log "
			       "(dmesg)",
			       name)
		     : 0;
}

struct lines {
	const struct device *dev;
	const struct claim *claim; /* a signature that is its own is left out; NULL: all are told */
	struct bl_buf *out;
	int r;
};

static bool has_line(const struct bl_buf *out, const char *line)
{
	const char *at = strstr(bl_buf_str(out), line);

	return at && at[strlen(line)] == '\n';
}

/* A GPT has a copy at the end and a protective MBR in front: one line. */
static void add_signature(void *ctx, const struct signature *s)
{
	struct lines *l = ctx;
	char text[300];

	if (l->claim && l->claim->is_there && l->claim->fs_uuid[0] &&
	    strcmp(s->uuid, l->claim->fs_uuid) == 0)
		return;
	if (strcmp(s->type, "PMBR") == 0 && has_line(l->out, "GPT partition table"))
		return;
	signature_text(s, text, sizeof text);
	if (!has_line(l->out, text))
		bl_buf_addf(l->out, "%s\n", text);
}

static void add_partition(void *ctx, const char *name)
{
	struct lines *l = ctx;
	char size[BL_UNIT_TEXT_MAX], node[400], what[300] = "";
	BL_CLEANUP(bl_closep) int fd = -1;
	uint64_t sectors = 0;

	tree_u64(l->dev->root, &sectors, "/sys/class/block/%s/size", name);
	snprintf(node, sizeof node, "%s/dev/%.63s", l->dev->root, name);
	fd = open(node, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		walk(fd, false, first_signature, what);
	bl_buf_addf(l->out, "partition %s, %s%s%s\n", name, bl_format_size(size, sectors * 512),
		    what[0] ? ", " : "", what);
}

/* Signatures and partitions into l->out. */
static int scan(struct lines *l)
{
	BL_CLEANUP(bl_closep) int fd = open(l->dev->node, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = walk(fd, false, add_signature, l);
	if (r < 0)
		return r;
	r = block_partitions(l->dev->root, l->dev->block, add_partition, l);
	return r < 0 ? r : bl_buf_failed(l->out) ? -ENOMEM : 0;
}

/* A drive that was erased reads as all 0, some as all 1, in units of its own. */
static bool is_blank(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char first = p[i / ERASED_BYTES * ERASED_BYTES];

		if (p[i] != first || (first != 0 && first != 0xff))
			return false;
	}
	return true;
}

/* Databases and VMs use disks without any signature. Not all is read: the front, the end, and
 * places in even steps between them. */
static int has_raw_data(const struct device *dev, bool *ret)
{
	BL_CLEANUP(bl_closep) int fd = open(dev->node, O_RDONLY | O_CLOEXEC);
	BL_CLEANUP(bl_freep) unsigned char *buf = malloc(RAW_BYTES);
	uint64_t usable = claim_usable_bytes(dev->size_bytes);
	uint64_t last = usable > RAW_BYTES ? usable - RAW_BYTES : 0;

	if (fd < 0 || !buf)
		return fd < 0 ? -EIO : -ENOMEM;
	*ret = false;
	for (uint64_t i = 0; i <= RAW_STEPS && !*ret; i++) {
		uint64_t at = last / RAW_STEPS * i / ERASED_BYTES * ERASED_BYTES;
		ssize_t n = pread(fd, buf, RAW_BYTES, (off_t)(i == RAW_STEPS ? last : at));

		if (n < 0)
			return -errno;
		*ret = !is_blank(buf, (size_t)n);
	}
	return 0;
}

static void add_claim(const struct claim *claim, struct bl_buf *out)
{
	char when[32];

	if (claim->is_there)
		bl_buf_addf(out, "claim of this lab, made %s on host %s\n",
			    bl_format_utc(when, claim->made_ms), claim->host);
	else if (claim->why_not[0])
		bl_buf_addf(out, "a claim that does not hold: %s\n", claim->why_not);
}

int contents_lines(const struct device *dev, bool with_claim, struct bl_buf *out,
		   struct bl_err *err)
{
	struct lines l = {.dev = dev, .out = out};
	struct claim claim = {0};
	bool is_raw = false;
	int r = scan(&l);

	if (r < 0)
		return bl_fail(err, r,
			       "'%s': can't look for what is on it: %s; run as root, and "
			       "look at the kernel log (dmesg)",
			       dev->node, strerror(-r));
	r = claim_read(dev, &claim, err);
	if (r < 0)
		return r;
	if (!out->len && !claim.is_there)
		r = has_raw_data(dev, &is_raw);
	if (r < 0)
		return bl_fail(err, r, "'%s': can't be read: %s; look at the kernel log (dmesg)",
			       dev->node, strerror(-r));
	if (is_raw)
		bl_buf_adds(out, "data without a signature (not all bytes are zero)\n");
	if (with_claim)
		add_claim(&claim, out);
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

int guard_contents(const struct device *dev, char **ret, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	int r = contents_lines(dev, true, &out, err);

	if (r < 0)
		return r;
	*ret = bl_buf_take(&out);
	return *ret ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

char *guard_contents_joined(const char *lines)
{
	struct bl_buf out = BL_BUF_INIT;

	for (const char *c = lines; *c; c++) {
		if (*c != '\n')
			bl_buf_addc(&out, *c);
		else if (c[1])
			bl_buf_adds(&out, "; ");
	}
	return bl_buf_take(&out);
}

int guard_signatures(struct guard *g, const struct claim *claim)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *found = NULL;
	struct device disk = *g->dev;
	struct lines l = {.dev = &disk, .claim = claim, .out = &out};
	char remedy[200];
	int r;

	memcpy(disk.block, g->block, sizeof disk.block);
	memcpy(disk.node, g->node, sizeof disk.node);
	r = scan(&l);
	if (r < 0)
		return guard_deny(g, -EIO, "run as root, and look at the kernel log (dmesg)",
				  "'%s': can't look for what is on it: %s", g->block, strerror(-r));
	if (!out.len)
		return 0;
	found = guard_contents_joined(out.data);
	snprintf(remedy, sizeof remedy,
		 "if nobody needs that, have it wiped: blklab claim '%s' --device /dev/%s",
		 g->dev->serial, g->block);
	return guard_deny(g, -EEXIST, remedy,
			  "'%s' holds what the lab did not write: %.500s; it would be overwritten",
			  g->block, found ? found : "");
}
