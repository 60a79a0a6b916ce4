/* guard_use.c - is the disk in use on this host? Mounts, swap, holders, locks. */
#define GUARD_INTERNAL
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "guard_priv.h"

#define LOCK_TRIES 10 /* of 100 ms: udev holds a new disk that long while it looks at it */

struct partition_scan {
	const char *root, *block;
	void (*each)(void *ctx, const char *name);
	void *ctx;
};

/* Partitions the kernel has read are folders NAME/PART with a "partition" file. */
static void take_partition(void *ctx, const char *name)
{
	struct partition_scan *s = ctx;

	if (tree_exists(s->root, "/sys/class/block/%s/%s/partition", s->block, name))
		s->each(s->ctx, name);
}

int block_partitions(const char *root, const char *block, void (*each)(void *ctx, const char *name),
		     void *ctx)
{
	struct partition_scan s = {.root = root, .block = block, .each = each, .ctx = ctx};
	char dir[96 + BLOCK_NAME_MAX];

	snprintf(dir, sizeof dir, "/sys/class/block/%s", block);
	return tree_names(root, dir, take_partition, &s);
}

/* Is @name this disk or one of its partitions? Longer names of other disks ("sda" and "sdaa",
 * "nvme0n1" and "nvme0n12") must not match. */
bool guard_is_of_disk(const struct guard *g, const char *name)
{
	size_t n = strlen(g->block);
	bool ends_in_digit = n && isdigit((unsigned char)g->block[n - 1]);

	if (strncmp(name, g->block, n) != 0)
		return false;
	name += n;
	if (!*name)
		return true;
	if (ends_in_digit && *name++ != 'p')
		return false;
	return *name && name[strspn(name, "0123456789")] == '\0';
}

/* A source is "/dev/nvme0n1p1", or a link to that such as /dev/disk/by-uuid/... */
static bool source_is(const struct guard *g, const char *source)
{
	char real[PATH_MAX];

	if (source[0] != '/')
		return false;
	if (guard_is_of_disk(g, strrchr(source, '/') + 1))
		return strncmp(source, "/dev/", 5) == 0;
	return tree_real(g->dev->root, real, "%s", source) == 0 &&
	       guard_is_of_disk(g, strrchr(real, '/') + 1);
}

struct below_scan {
	const char *block;
	bool is_there;
};

static void match_disk(void *ctx, const char *disk)
{
	struct below_scan *s = ctx;

	s->is_there |= strcmp(disk, s->block) == 0;
}

/* Does the block device @name lie on this disk, through whatever is between? Negative: can't
 * tell. */
static int lies_on_disk(const struct guard *g, const char *name)
{
	struct below_scan s = {.block = g->block};
	int r = block_disks_below(g->dev->root, name, match_disk, &s);

	return r < 0 && !s.is_there ? r : s.is_there;
}

/* The disk this host runs from must not be handed out even if all else were wrong. */
int guard_system_disk(struct guard *g)
{
	static const char *const places[] = {"/", "/boot", "/boot/efi", "/efi"};
	char block[BLOCK_NAME_MAX];
	struct mount m = {0};
	int r;

	for (size_t i = 0; i < BL_ARRAY_LEN(places); i++) {
		r = mount_find(g->dev->root, places[i], &m);
		if (r < 0)
			return guard_deny(g, -EIO, "look whether /proc is mounted",
					  "'%s': can't tell whether it holds '%s': %s", g->block,
					  places[i], strerror(-r));
		if (strcmp(m.point, places[i]) != 0 || !mount_block(g->dev->root, &m, block))
			continue;
		r = lies_on_disk(g, block);
		if (r < 0)
			return guard_deny(g, -EIO, "name a disk of a host whose layers are known",
					  "'%s': can't tell on which disks '%s' (%s) lies: %s",
					  g->block, places[i], block, strerror(-r));
		g->is_over = r > 0;
		if (r > 0)
			return guard_deny(g, -EBUSY, "take another disk",
					  "'%s' is the disk of '%s' (%s, %s): this host runs from "
					  "it",
					  g->block, places[i], block, m.fs);
	}
	return 0;
}

struct mount_scan {
	struct guard *g;
	char where[400], point[512];
	size_t at;
	unsigned n;
};

/* The number catches renamed sources, the source catches btrfs, whose number is its own. */
static bool match_mount(void *ctx, const struct mount *m)
{
	struct mount_scan *s = ctx;
	char block[BLOCK_NAME_MAX];
	bool is_known = mount_block(s->g->dev->root, m, block);

	if (!(is_known && guard_is_of_disk(s->g, block)) && !source_is(s->g, m->source))
		return true;
	if (!is_known)
		snprintf(block, sizeof block, "%.63s", strrchr(m->source, '/') + 1);
	if (s->n++ == 0)
		snprintf(s->point, sizeof s->point, "%s", m->point);
	if (s->at < sizeof s->where)
		s->at += (size_t)snprintf(s->where + s->at, sizeof s->where - s->at, "%s%s at '%s'",
					  s->at ? ", " : "", block, m->point);
	return true;
}

int guard_mounts(struct guard *g)
{
	struct mount_scan s = {.g = g};
	char remedy[600];
	int r = mounts_each(g->dev->root, match_mount, &s);

	if (r < 0)
		return guard_deny(g, -EIO, "look whether /proc is mounted",
				  "'%s': can't tell whether it is mounted: %s", g->block,
				  strerror(-r));
	if (!s.n)
		return 0;
	snprintf(remedy, sizeof remedy, "unmount it (umount '%s') or take another disk", s.point);
	return guard_deny(g, -EBUSY, remedy,
			  "'%s' is mounted: %s; jobs would destroy what is there", g->block,
			  s.where);
}

int guard_swaps(struct guard *g)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char remedy[200], *save = NULL;
	int r = tree_file(g->dev->root, &b, "/proc/swaps");

	if (r < 0)
		return guard_deny(g, -EIO, "look whether /proc is mounted",
				  "'%s': can't tell whether it is swap: %s", g->block,
				  strerror(-r));
	for (char *l = b.data ? strtok_r(b.data, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save)) {
		l[strcspn(l, " \t")] = '\0';
		if (!source_is(g, l))
			continue;
		snprintf(remedy, sizeof remedy,
			 "switch it off (swapoff '%.100s') or take another "
			 "disk",
			 l);
		return guard_deny(g, -EBUSY, remedy,
				  "'%s' is swap of this host ('%s'): its memory would be destroyed",
				  g->block, l);
	}
	return 0;
}

/* Who sits on top, in words a person can act on, and how to take it away. */
static void describe_holder(const char *root, const char *holder, char *out, size_t len,
			    const char **ret_remedy)
{
	static const struct {
		const char *prefix, *what, *remedy;
	} kinds[] = {
		{"LVM-", "LVM volume", "take it out of its volume group (vgchange -an, pvremove)"},
		{"CRYPT-", "encrypted volume", "close it (cryptsetup close)"},
		{"mpath-", "multipath device", "take it out of multipath (multipath -f)"},
		{"", "device mapper", "remove that mapping (dmsetup remove)"},
	};
	char name[128], uuid[128], level[64];
	size_t i = 0;

	tree_line(root, name, sizeof name, "/sys/class/block/%s/dm/name", holder);
	tree_line(root, uuid, sizeof uuid, "/sys/class/block/%s/dm/uuid", holder);
	tree_line(root, level, sizeof level, "/sys/class/block/%s/md/level", holder);
	*ret_remedy = "take it out of there";
	if (name[0]) {
		while (strncmp(uuid, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
			i++;
		*ret_remedy = kinds[i].remedy;
		snprintf(out, len, "%s, the %s '%s'", holder, kinds[i].what, name);
	} else if (level[0]) {
		*ret_remedy = "take it out of that array (mdadm --stop, --zero-superblock)";
		snprintf(out, len, "%s, an md array (%s)", holder, level);
	} else if (strncmp(holder, "bcache", 6) == 0) {
		*ret_remedy = "detach and stop it (/sys/block/bcacheN/bcache/stop)";
		snprintf(out, len, "%s, a bcache device", holder);
	} else {
		snprintf(out, len, "%s", holder);
	}
}

struct holder_scan {
	struct guard *g;
	char below[BLOCK_NAME_MAX], holder[BLOCK_NAME_MAX];
	int r;
};

static void take_holder(void *ctx, const char *name)
{
	struct holder_scan *s = ctx;

	if (name[0] != '.' && !s->holder[0])
		snprintf(s->holder, sizeof s->holder, "%.63s", name);
}

static void holders_of(void *ctx, const char *name)
{
	struct holder_scan *s = ctx;
	char dir[96 + BLOCK_NAME_MAX];
	int r;

	if (s->holder[0])
		return;
	snprintf(s->below, sizeof s->below, "%.63s", name);
	snprintf(dir, sizeof dir, "/sys/class/block/%s/holders", s->below);
	r = tree_names(s->g->dev->root, dir, take_holder, s);
	s->r = r < 0 ? r : s->r;
}

int guard_holders(struct guard *g)
{
	struct holder_scan s = {.g = g};
	const char *remedy;
	char who[320];
	int n = 0;

	holders_of(&s, g->block);
	if (s.r == 0 && !s.holder[0])
		n = block_partitions(g->dev->root, g->block, holders_of, &s);
	if (s.r == 0 && n < 0)
		s.r = n;
	if (s.r < 0)
		return guard_deny(g, -EIO, "look into /sys/class/block",
				  "'%s': can't tell what is built on it: %s", g->block,
				  strerror(-s.r));
	if (!s.holder[0])
		return 0;
	describe_holder(g->dev->root, s.holder, who, sizeof who, &remedy);
	return guard_deny(g, -EBUSY, remedy, "'%s' is held by %s: what is built on it would break",
			  s.below, who);
}

static void match_loop(void *ctx, const char *name)
{
	struct holder_scan *s = ctx;
	char file[512];

	if (!s->holder[0] && strncmp(name, "loop", 4) == 0 &&
	    tree_line(s->g->dev->root, file, sizeof file, "/sys/class/block/%s/loop/backing_file",
		      name) == 0 &&
	    source_is(s->g, file))
		snprintf(s->holder, sizeof s->holder, "%.63s", name);
}

/* A loop device on a disk is no holder for the kernel. */
int guard_loops(struct guard *g)
{
	struct holder_scan s = {.g = g};
	char remedy[128];
	int r = tree_names(g->dev->root, "/sys/class/block", match_loop, &s);

	if (r < 0)
		return guard_deny(g, -EIO, "look into /sys/class/block",
				  "'%s': can't tell whether a loop device lies on it: %s", g->block,
				  strerror(-r));
	if (!s.holder[0])
		return 0;
	snprintf(remedy, sizeof remedy, "take it away: losetup -d /dev/%s", s.holder);
	return guard_deny(g, -EBUSY, remedy, "'%s' has the loop device %s on top of it", g->block,
			  s.holder);
}

/* Who has an flock on the node: "1: FLOCK ADVISORY WRITE 1234 00:05:321 0 EOF" (proc(5)). */
static long lock_holder(const struct stat *st)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	char inode[32], *save = NULL, *at;
	long pid;

	snprintf(inode, sizeof inode, ":%lu ", (unsigned long)st->st_ino);
	if (tree_file("", &b, "/proc/locks") < 0)
		return 0;
	for (char *l = b.data ? strtok_r(b.data, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save)) {
		at = strstr(l, "FLOCK");
		if (at && strstr(l, inode) && sscanf(at, "FLOCK %*s %*s %ld", &pid) == 1)
			return pid;
	}
	return 0;
}

int guard_open_locked(const char *node, int flags, int *ret_fd, long *ret_holder)
{
	BL_CLEANUP(bl_closep) int fd = open(node, flags | O_CLOEXEC);
	struct stat st;

	*ret_holder = 0;
	if (fd < 0)
		return -errno;
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (i == LOCK_TRIES) {
			*ret_holder = fstat(fd, &st) == 0 ? lock_holder(&st) : 0;
			return -EBUSY;
		}
		usleep(100 * 1000);
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* The kernel's own word: O_EXCL on a block device fails while anything claims it, also in another
 * mount namespace, or a ZFS pool, which leaves no other trace. */
static int check_exclusive(struct guard *g)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	struct stat st;

	if (g->is_used || (stat(g->node, &st) == 0 && !S_ISBLK(st.st_mode)))
		return 0; /* it is known by whom, or it is an image in a faked tree */
	fd = open(g->node, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		return 0;
	if (errno == EBUSY)
		return guard_deny(g, -EBUSY,
				  "end what uses it: a pool (zpool export), a mount in another "
				  "namespace (lsns -t mnt), a target",
				  "'%s' is in use: the kernel refuses it to a second user",
				  g->block);
	return guard_deny(g, -EIO, "look at the kernel log (dmesg)",
			  "'%s' can't be opened alone: %s", g->node, strerror(errno));
}

int guard_alone(struct guard *g)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	char remedy[128] = "wait for it to end (lslocks shows it)";
	long holder;
	int r = guard_open_locked(g->node, O_RDONLY, &fd, &holder);

	if (r == 0)
		return check_exclusive(g);
	if (r != -EBUSY) {
		g->is_over = true;
		return guard_deny(g, -EIO, "run as root", "'%s' can't be opened: %s", g->node,
				  strerror(-r));
	}
	if (holder)
		snprintf(remedy, sizeof remedy, "wait for process %ld to end, or stop it", holder);
	return guard_deny(g, -EBUSY, remedy,
			  "'%s' is locked by another program (flock), which is working on it",
			  g->block);
}
