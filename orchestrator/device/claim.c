#define GUARD_INTERNAL
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "guard_priv.h"
#include "tame.h"

#define BLOCK_BYTES 4096
#define MAGIC       "blklab claim 1\n"
#define SUM_BYTES   17 /* 16 hex digits and a newline, the end of the block */

uint64_t claim_usable_bytes(uint64_t size_bytes)
{
	if (size_bytes < 2 * CLAIM_RESERVED_BYTES)
		return 0;
	return (size_bytes - CLAIM_RESERVED_BYTES) & ~(uint64_t)(BLOCK_BYTES - 1);
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo): against torn and stray writes, not against malice. */
static uint64_t checksum(const char *data, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)data[i]) * 0x100000001b3u;
	return h;
}

static void add_line(struct bl_buf *b, const char *key, const char *value)
{
	char line[sizeof((struct claim *)0)->had]; /* the longest */

	bl_tame(line, sizeof line, value, SIZE_MAX);
	bl_buf_addf(b, "%s: %s\n", key, line);
}

static int encode(const struct claim *c, char out[BLOCK_BYTES])
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char number[32];

	bl_buf_adds(&b, MAGIC);
	add_line(&b, "id", c->id);
	add_line(&b, "serial", c->serial);
	snprintf(number, sizeof number, "%llu", (unsigned long long)c->size_bytes);
	add_line(&b, "size_bytes", number);
	snprintf(number, sizeof number, "%llu", (unsigned long long)c->made_ms);
	add_line(&b, "made_ms", number);
	add_line(&b, "host", c->host);
	add_line(&b, "had", c->had);
	add_line(&b, "fs_uuid", c->fs_uuid);
	if (bl_buf_failed(&b) || b.len > BLOCK_BYTES - SUM_BYTES)
		return -ENOMEM;
	memset(out, 0, BLOCK_BYTES);
	memcpy(out, b.data, b.len);
	snprintf(number, sizeof number, "%016llx\n",
		 (unsigned long long)checksum(out, BLOCK_BYTES - SUM_BYTES));
	memcpy(out + BLOCK_BYTES - SUM_BYTES, number, SUM_BYTES);
	return 0;
}

static void take_line(const char *text, const char *key, char *out, size_t len)
{
	char start[32];
	const char *at;

	snprintf(start, sizeof start, "\n%s: ", key);
	at = strstr(text, start);
	at = at ? at + strlen(start) : "";
	snprintf(out, len, "%.*s", (int)strcspn(at, "\n"), at);
}

static void decode(const char block[BLOCK_BYTES], struct claim *c)
{
	char text[BLOCK_BYTES], sum[SUM_BYTES + 1], number[32];

	memset(c, 0, sizeof *c);
	if (memcmp(block, MAGIC, strlen(MAGIC)) != 0)
		return;
	snprintf(sum, sizeof sum, "%016llx\n",
		 (unsigned long long)checksum(block, BLOCK_BYTES - SUM_BYTES));
	if (memcmp(block + BLOCK_BYTES - SUM_BYTES, sum, SUM_BYTES) != 0) {
		snprintf(
			c->why_not, sizeof c->why_not,
			"its checksum is wrong: it was torn while it was written, or written over");
		return;
	}
	memcpy(text, block, sizeof text);
	text[BLOCK_BYTES - SUM_BYTES] = '\0';
	take_line(text, "id", c->id, sizeof c->id);
	take_line(text, "serial", c->serial, sizeof c->serial);
	take_line(text, "host", c->host, sizeof c->host);
	take_line(text, "had", c->had, sizeof c->had);
	take_line(text, "fs_uuid", c->fs_uuid, sizeof c->fs_uuid);
	take_line(text, "size_bytes", number, sizeof number);
	c->size_bytes = strtoull(number, NULL, 10);
	take_line(text, "made_ms", number, sizeof number);
	c->made_ms = strtoull(number, NULL, 10);
	c->is_there = true;
}

/* Past the page cache when the file allows: a guest may have written below it. */
static int read_block(const char *node, uint64_t at, char out[BLOCK_BYTES])
{
	BL_CLEANUP(bl_closep) int fd = open(node, O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *aligned = NULL;
	ssize_t n;
	int r = 0;

	if (fd < 0 && errno == EINVAL)
		fd = open(node, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (posix_memalign(&aligned, BLOCK_BYTES, BLOCK_BYTES) != 0)
		return -ENOMEM;
	n = pread(fd, aligned, BLOCK_BYTES, (off_t)at);
	if (n == BLOCK_BYTES)
		memcpy(out, aligned, BLOCK_BYTES);
	else
		r = n < 0 ? -errno : -EIO;
	free(aligned);
	return r;
}

static void check_fit(const struct device *dev, struct claim *c)
{
	if (!c->is_there)
		return;
	if (strcmp(c->serial, dev->serial) != 0)
		snprintf(c->why_not, sizeof c->why_not,
			 "it is for the serial '%.60s', and this disk has '%.60s': it came with "
			 "copied data",
			 c->serial, dev->serial);
	else if (c->size_bytes != dev->size_bytes)
		snprintf(c->why_not, sizeof c->why_not,
			 "it is for a disk of %llu bytes, and this one has %llu: the namespace was "
			 "made anew",
			 (unsigned long long)c->size_bytes, (unsigned long long)dev->size_bytes);
	c->is_there = !c->why_not[0];
}

int claim_read(const struct device *dev, struct claim *ret, struct bl_err *err)
{
	uint64_t at = claim_usable_bytes(dev->size_bytes);
	char block[BLOCK_BYTES];
	struct claim c = {0};
	int r;

	if (!dev->node[0])
		return bl_fail(err, -ENODEV,
			       "'%s' is not the host's now, so its claim can't be read; it belongs "
			       "to %s: give it back first",
			       dev->pci, dev->driver[0] ? dev->driver : "no driver");
	if (at) {
		r = read_block(dev->node, at, block);
		if (r < 0)
			return bl_fail(err, r,
				       "'%s' can't be read at byte %llu: %s; run as root, and look "
				       "at the kernel log (dmesg)",
				       dev->node, (unsigned long long)at, strerror(-r));
		decode(block, &c);
		check_fit(dev, &c);
	}
	*ret = c;
	return 0;
}

/* Open for writing, alone and locked, and proved to be the disk that is meant. @ret_fd is the
 * caller's to close also on failure. */
static int open_alone(const struct device *dev, int *ret_fd, struct bl_err *err)
{
	long holder = 0;
	int r = guard_open_locked(dev->node, O_RDWR | O_EXCL, ret_fd, &holder);

	if (r == -EBUSY)
		return bl_fail(err, r,
			       "'%s' is in use by another program (process %ld, 0: not known); "
			       "nothing was written: end that first",
			       dev->node, holder);
	if (r < 0)
		return bl_fail(err, r,
			       "'%s' can't be opened for writing: %s; nothing was written: run as "
			       "root",
			       dev->node, strerror(-r));
	/* A person may have thought for minutes about what was shown. */
	return device_check_same(dev, *ret_fd, err);
}

static int write_block(const struct device *dev, int fd, const char block[BLOCK_BYTES],
		       struct bl_err *err)
{
	uint64_t at = claim_usable_bytes(dev->size_bytes);
	char back[BLOCK_BYTES];
	ssize_t n = pwrite(fd, block, BLOCK_BYTES, (off_t)at);
	int r = n == BLOCK_BYTES ? 0 : n < 0 ? -errno : -EIO;

	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0)
		r = read_block(dev->node, at, back);
	if (r < 0)
		return bl_fail(err, r,
			       "'%s' can't be written at byte %llu: %s; look at the kernel log "
			       "(dmesg): this disk is no good for measurements",
			       dev->node, (unsigned long long)at, strerror(-r));
	if (memcmp(back, block, BLOCK_BYTES) != 0)
		return bl_fail(err, -EIO,
			       "'%s' reads back other bytes than were written at byte %llu; the "
			       "disk is broken, or something else writes to it: take another one",
			       dev->node, (unsigned long long)at);
	return 0;
}

static void count_name(void *ctx, const char *name)
{
	(void)name;
	(*(unsigned *)ctx)++;
}

/* The kernel forgets the partitions whose table was wiped. */
static int reread_partitions(const struct device *dev, int fd, struct bl_err *err)
{
	unsigned left = 0;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode))
		return 0;
	/* A loop device without partitions refuses: what counts is that none is left. */
	(void)!ioctl(fd, BLKRRPART);
	block_partitions(dev->root, dev->block, count_name, &left);
	return left ? bl_fail(err, -EBUSY,
			      "'%s' was wiped, but the kernel still knows %u partitions of it; run "
			      "partx -d %s, then claim it again",
			      dev->block, left, dev->node)
		    : 0;
}

static void make_claim(const struct device *dev, const char *had, struct claim *c)
{
	char *last;

	memset(c, 0, sizeof *c);
	c->made_ms = bl_wall_ms();
	bl_uuid7(c->id, c->made_ms);
	memcpy(c->fs_uuid, c->id, sizeof c->fs_uuid);
	last = &c->fs_uuid[strlen(c->fs_uuid) - 1];
	*last = *last == '0' ? '1' : '0';
	memcpy(c->serial, dev->serial, sizeof c->serial);
	c->size_bytes = dev->size_bytes;
	if (gethostname(c->host, sizeof c->host - 1) < 0)
		c->host[0] = '\0';
	snprintf(c->had, sizeof c->had, "%s", had);
	c->is_there = true;
}

static int write_claim(const struct device *dev, int fd, struct claim *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf had = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *text = NULL;
	char block[BLOCK_BYTES];
	struct claim c;
	int r = contents_lines(dev, false, &had, err);

	if (r < 0)
		return r;
	text = guard_contents_joined(bl_buf_str(&had));
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory");
	make_claim(dev, text, &c);
	if (encode(&c, block) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = contents_wipe(fd, dev->node, err);
	if (r == 0)
		r = write_block(dev, fd, block, err);
	if (r == 0)
		r = reread_partitions(dev, fd, err);
	if (r == 0)
		*ret = c;
	return r;
}

/* A claim is text: of another serial it would hold something else, and never fit. */
static int check_serial(const struct device *dev, struct bl_err *err)
{
	for (const char *c = dev->serial; *c; c++)
		if (*c < ' ' || *c > '~')
			return bl_fail(err, -EILSEQ,
				       "the serial of '%s' has the byte 0x%02x; a claim holds a "
				       "serial of printable ASCII only: take another disk",
				       dev->block, (unsigned)(unsigned char)*c);
	return 0;
}

int claim_write(const struct device *dev, struct claim *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	int r = guard_check(dev, dev->serial, GUARD_LOOK, NULL, err);

	if (r == 0)
		r = check_serial(dev, err);
	if (r < 0)
		return r;
	if (!claim_usable_bytes(dev->size_bytes))
		return bl_fail(err, -ENOSPC,
			       "'%s' has %llu bytes; a claim needs a disk of at least %u: take a "
			       "larger one",
			       dev->block, (unsigned long long)dev->size_bytes,
			       2 * CLAIM_RESERVED_BYTES);
	r = open_alone(dev, &fd, err);
	return r < 0 ? r : write_claim(dev, fd, ret, err);
}

int claim_remove(const struct device *dev, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	static const char zeroes[BLOCK_BYTES];
	struct claim c = {0};
	int r = guard_check(dev, dev->serial, GUARD_LOOK, &c, err);

	if (r < 0)
		return r;
	if (!c.is_there && !c.why_not[0])
		return bl_fail(err, -ENOKEY,
			       "'%s' has no claim of this lab; there is nothing to take off",
			       dev->block);
	r = open_alone(dev, &fd, err);
	return r < 0 ? r : write_block(dev, fd, zeroes, err);
}
