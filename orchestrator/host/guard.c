#include "guard.h"

#include <blkid/blkid.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "cleanup.h"
#include "fs.h"
#include "units.h"

#define TABLE_MAX (4 * MiB) /* /proc/swaps, /proc/self/mountinfo */

static void probe_freep(blkid_probe *pr)
{
	if (*pr)
		blkid_free_probe(*pr);
}

static void dir_closep(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int sys_line(const struct guard_device *dev, const char *what, char *out, size_t len)
{
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/sys/class/block/%s/%s", dev->root, dev->name, what);

	return path ? bl_read_line(path, out, len) : -ENOMEM;
}

static bool sys_has(const struct guard_device *dev, const char *name, const char *what)
{
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/sys/class/block/%s/%s", dev->root, name, what);

	return path && bl_exists(path);
}

static int check_whole_disk(const struct guard_device *dev, struct bl_err *err)
{
	char line[64];

	if (!dev->name[0] || strchr(dev->name, '/') || !sys_has(dev, dev->name, "."))
		return bl_fail(err, -ENODEV, "the kernel knows no disk '%s'", dev->name);
	if (sys_has(dev, dev->name, "partition"))
		return bl_fail(err, -ENOTBLK, "'%s' is a partition; name a whole disk", dev->name);
	if (sys_line(dev, "ro", line, sizeof line) < 0)
		return bl_fail(err, -EIO, "'%s': cannot read whether it is writable", dev->name);
	if (strcmp(line, "0") != 0)
		return bl_fail(err, -EROFS, "'%s' is read-only", dev->name);
	return 0;
}

/* "dm-0 (vg-root, LVM-...)": whoever sits on top, in words a person can act on. */
static void describe_holder(const struct guard_device *dev, const char *holder, char *out,
			    size_t len)
{
	struct guard_device h = *dev;
	char name[128] = "", uuid[128] = "", level[64] = "";

	h.name = holder;
	sys_line(&h, "dm/name", name, sizeof name);
	sys_line(&h, "dm/uuid", uuid, sizeof uuid);
	sys_line(&h, "md/level", level, sizeof level);
	if (name[0])
		snprintf(out, len, "%s (device mapper '%s', %.16s)", holder, name, uuid);
	else if (level[0])
		snprintf(out, len, "%s (md %s)", holder, level);
	else
		snprintf(out, len, "%s", holder);
}

static int check_holders(const struct guard_device *dev, struct bl_err *err)
{
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/sys/class/block/%s/holders", dev->root, dev->name);
	BL_CLEANUP(dir_closep) DIR *d = path ? opendir(path) : NULL;
	char who[320];

	if (!d)
		return bl_fail(err, -EIO, "'%s': cannot read its holders: %s", dev->name,
			       strerror(errno));
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (e->d_name[0] == '.')
			continue;
		describe_holder(dev, e->d_name, who, sizeof who);
		return bl_fail(err, -EBUSY, "'%s' is held by %s", dev->name, who);
	}
	return 0;
}

/* Partitions the kernel has read are folders NAME/PART with a "partition" file. */
static int check_partitions(const struct guard_device *dev, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/sys/class/block/%s", dev->root, dev->name);
	BL_CLEANUP(dir_closep) DIR *d = path ? opendir(path) : NULL;

	if (!d)
		return bl_fail(err, -EIO, "'%s': cannot list its partitions: %s", dev->name,
			       strerror(errno));
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		BL_CLEANUP(bl_freep) char *mark = bl_strf("%s/%s/partition", path, e->d_name);

		if (e->d_name[0] != '.' && mark && bl_exists(mark))
			return bl_fail(err, -EEXIST,
				       "'%s' has a partition, %s; only an empty disk is used",
				       dev->name, e->d_name);
	}
	return 0;
}

/* Does a table's entry name this disk or one of its partitions? Longer names of other
 * disks ("sda" and "sdaa") must not match. */
static bool is_same_disk(const struct guard_device *dev, const char *source)
{
	size_t n = strlen(dev->name);
	const char *base = strrchr(source, '/');

	base = base ? base + 1 : source;
	if (strcmp(source, dev->node) == 0)
		return true;
	if (strncmp(base, dev->name, n) != 0)
		return false;
	base += n;
	if (*base == 'p' && n && isdigit((unsigned char)dev->name[n - 1]))
		base++; /* nvme0n1p1 */
	else if (n && isdigit((unsigned char)dev->name[n - 1]) && *base)
		return false; /* nvme0n1 and nvme0n12 */
	return base[strspn(base, "0123456789")] == '\0';
}

static bool source_is(const struct guard_device *dev, const char *source)
{
	char real[4096];

	if (is_same_disk(dev, source))
		return true;
	return source[0] == '/' && realpath(source, real) && is_same_disk(dev, real);
}

static int check_swaps(const struct guard_device *dev, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/proc/swaps", dev->root);
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char *save = NULL;
	int r = path ? bl_read_file(path, TABLE_MAX, &b, err) : -ENOMEM;

	if (r < 0)
		return bl_wrap(err, r, "'%s': cannot tell whether it is swap", dev->name);
	for (char *l = b.data ? strtok_r(b.data, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save)) {
		l[strcspn(l, " \t")] = '\0';
		if (source_is(dev, l))
			return bl_fail(err, -EBUSY, "'%s' is in use as swap (%s)", dev->name, l);
	}
	return 0;
}

/* One line of mountinfo (proc(5)): ID PARENT MAJ:MIN ROOT WHERE OPTIONS ... - TYPE SOURCE OPTS.
 * The number catches renamed sources, the source catches btrfs, whose number is its own. */
static bool mount_uses(const struct guard_device *dev, const char *line, const char *number,
		       char *where, size_t len)
{
	char at[16], source[4096] = "", path[4096];
	const char *tail = strstr(line, " - ");

	if (sscanf(line, "%*s %*s %15s %*s %4095s", at, path) != 2)
		return false;
	if (tail)
		sscanf(tail + 3, "%*s %4095s", source);
	snprintf(where, len, "%.200s", path);
	return strcmp(at, number) == 0 || source_is(dev, source);
}

static int check_mounts(const struct guard_device *dev, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/proc/self/mountinfo", dev->root);
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char number[32], where[256], *save = NULL;
	int r = path ? bl_read_file(path, TABLE_MAX, &b, err) : -ENOMEM;

	if (r < 0)
		return bl_wrap(err, r, "'%s': cannot tell whether it is mounted", dev->name);
	if (sys_line(dev, "dev", number, sizeof number) < 0)
		return bl_fail(err, -EIO, "'%s': cannot read its device number", dev->name);
	for (char *l = b.data ? strtok_r(b.data, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save)) {
		if (mount_uses(dev, l, number, where, sizeof where))
			return bl_fail(err, -EBUSY, "'%s' is mounted at '%s'", dev->name, where);
	}
	return 0;
}

/* SCSI and ATA: VPD page 0x80, four bytes of header, then the serial. */
static int scsi_serial(const struct guard_device *dev, char *out, size_t len)
{
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/sys/class/block/%s/device/vpd_pg80", dev->root, dev->name);
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	int r = path ? bl_read_file(path, 4096, &b, NULL) : -ENOMEM;

	if (r < 0)
		return r;
	if (b.len <= 4)
		return -ENODATA;
	snprintf(out, len, "%.*s", (int)(b.len - 4), b.data + 4);
	return 0;
}

static const char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

static int check_serial(const struct guard_device *dev, struct bl_err *err)
{
	char buf[256];
	const char *has;

	if (!dev->serial || !dev->serial[0])
		return bl_fail(err, -EPERM,
			       "'%s' would be overwritten: name its serial in the scenario",
			       dev->name);
	if (sys_line(dev, "serial", buf, sizeof buf) < 0 &&
	    sys_line(dev, "device/serial", buf, sizeof buf) < 0 &&
	    scsi_serial(dev, buf, sizeof buf) < 0)
		return bl_fail(err, -EPERM,
			       "'%s' tells no serial, so it can't be proved to be '%s'", dev->name,
			       dev->serial);
	has = trim(buf);
	if (strcmp(has, dev->serial) != 0)
		return bl_fail(err, -EPERM, "'%s' has the serial '%s'; the scenario says '%s'",
			       dev->name, has, dev->serial);
	return 0;
}

static const char *probe_value(blkid_probe pr, const char *key)
{
	const char *v = NULL;

	return blkid_probe_lookup_value(pr, key, &v, NULL) == 0 && v ? v : "";
}

static int check_signature(const struct guard_device *dev, struct bl_err *err)
{
	BL_CLEANUP(probe_freep) blkid_probe pr = blkid_new_probe_from_filename(dev->node);
	const char *type;
	int r;

	if (!pr)
		return bl_fail(err, -EIO, "'%s': cannot look for signatures: %s", dev->node,
			       strerror(errno));
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
						      BLKID_SUBLKS_LABEL | BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(pr, 1);
	r = blkid_do_safeprobe(pr);
	if (r == 1) /* nothing found */
		return 0;
	if (r == -2)
		return bl_fail(err, -EEXIST, "'%s' holds several signatures; wipe it first",
			       dev->name);
	if (r != 0)
		return bl_fail(err, -EIO, "'%s': cannot look for signatures", dev->node);
	type = probe_value(pr, "TYPE");
	if (type[0])
		return bl_fail(err, -EEXIST, "'%s' holds %s (%s%s%s); only an empty disk is used",
			       dev->name, type, probe_value(pr, "USAGE"),
			       probe_value(pr, "LABEL")[0] ? ", label " : "",
			       probe_value(pr, "LABEL"));
	return bl_fail(err, -EEXIST, "'%s' has a %s partition table; only an empty disk is used",
		       dev->name, probe_value(pr, "PTTYPE"));
}

/* The kernel's own word: O_EXCL on a block device fails while anything claims it. */
static int check_exclusive(const struct guard_device *dev, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(dev->node, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return bl_fail(err, -EIO, "cannot open '%s': %s", dev->node, strerror(errno));
	if (!S_ISBLK(st.st_mode))
		return 0;
	bl_closep(&fd);
	fd = open(dev->node, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY)
		return bl_fail(err, -EBUSY, "'%s' is claimed by the kernel", dev->node);
	if (fd < 0)
		return bl_fail(err, -errno, "cannot open '%s' for writing: %s", dev->node,
			       strerror(errno));
	return 0;
}

int guard_check(const struct guard_device *dev, struct bl_err *err)
{
	static int (*const checks[])(const struct guard_device *, struct bl_err *) = {
		check_whole_disk, check_serial, check_holders,   check_partitions,
		check_mounts,     check_swaps,  check_signature, check_exclusive,
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(checks); i++) {
		int r = checks[i](dev, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int guard_block_device(const char *path, const char *serial, struct bl_err *err)
{
	struct guard_device dev = {.root = "", .serial = serial};
	char real[4096];
	struct stat st;

	if (!realpath(path, real) || stat(real, &st) < 0)
		return bl_fail(err, -ENODEV, "'%s': %s", path, strerror(errno));
	if (!S_ISBLK(st.st_mode))
		return bl_fail(err, -ENOTBLK, "'%s' is not a block device", path);
	dev.node = real;
	dev.name = strrchr(real, '/') + 1;
	return guard_check(&dev, err);
}
