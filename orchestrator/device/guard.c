#define GUARD_INTERNAL
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "fs.h"
#include "guard_priv.h"
#include "handover.h"

int guard_deny(struct guard *g, int code, const char *remedy, const char *fmt, ...)
{
	char reason[GUARD_REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	g->n_reasons++;
	g->is_used |= code == -EBUSY;
	if (g->each)
		g->each(g->ctx, reason, remedy);
	else
		bl_fail(g->err, code, "%s; %s", reason, remedy);
	return code;
}

/* A disk that is not the host's can't be looked at. */
static int check_is_ours(struct guard *g)
{
	const struct device *d = g->dev;
	char back[HANDOVER_REMEDY_MAX], remedy[320];
	long user;

	if (d->block[0])
		return 0;
	snprintf(remedy, sizeof remedy, "give it back to its driver: %s",
		 handover_remedy(d->pci, back));
	user = handover_user(d->root, d->pci);
	if (user > 0)
		return guard_deny(
			g, -EBUSY,
			"stop that guest or program first (blklab recover, when a killed run "
			"left it)",
			"'%s' is in the hands of process %ld, by vfio-pci: it can't be "
			"used twice",
			d->pci, user);
	if (strcmp(d->driver, "vfio-pci") == 0)
		return guard_deny(g, -EBUSY, remedy,
				  "'%s' belongs to vfio-pci: neither its serial nor what is on it "
				  "can be told",
				  d->pci);
	snprintf(remedy, sizeof remedy, "bind it: echo %s > /sys/bus/pci/drivers_probe", d->pci);
	if (!d->driver[0])
		return guard_deny(g, -ENODEV, remedy,
				  "'%s' has no driver: neither its serial nor what is on it can "
				  "be told",
				  d->pci);
	return guard_deny(g, -ENODEV, "make one (nvme create-ns, nvme attach-ns)",
			  "the controller at '%s' has no namespace: there is nothing to measure",
			  d->pci);
}

static int check_serial(struct guard *g)
{
	const struct device *d = g->dev;
	const char *what = d->block[0] ? d->block : d->pci;

	if (!d->serial[0])
		return guard_deny(
			g, -ENODEV, "take a disk that has one",
			"'%s' tells no serial, so nothing proves that it is the disk that "
			"is meant",
			what);
	if (!g->serial || !g->serial[0])
		return guard_deny(g, -EINVAL, "name its serial",
				  "'%s' would be overwritten, and no serial was given to prove "
				  "that it is the disk that is meant",
				  what);
	if (strcmp(d->serial, g->serial) != 0)
		return guard_deny(g, -ENODEV, "name the serial that it has, if it is",
				  "'%s' has the serial '%s', not '%s': this may be another disk "
				  "than the one that is meant",
				  what, d->serial, g->serial);
	return 0;
}

/* Between the look at it and now it may have left, and its name be another disk's. */
static int check_same(struct guard *g)
{
	struct bl_err why = BL_ERR_INIT;
	int r = device_check_same(g->dev, -1, &why);

	if (r == 0 || r == -ENODEV) /* check_disk() says that it is gone */
		return 0;
	g->is_over = true;
	return guard_deny(g, r, "name it anew", "%s", bl_err_text(&why));
}

/* A whole disk that can be written, and a node that leads to it. */
static int check_disk(struct guard *g)
{
	const char *root = g->dev->root;
	char line[32], number[32];
	struct stat st;

	if (!tree_exists(root, "/sys/class/block/%s", g->block))
		return guard_deny(g, -ENODEV, "look whether it was taken out",
				  "the kernel knows no disk '%s' any more", g->block);
	if (tree_exists(root, "/sys/class/block/%s/partition", g->block))
		return guard_deny(g, -ENOTBLK, "name the whole disk",
				  "'%s' is a partition, and what lies beside it would share the "
				  "device with the jobs",
				  g->block);
	if (tree_line(root, line, sizeof line, "/sys/class/block/%s/ro", g->block) < 0)
		return guard_deny(g, -EIO, "look into /sys/class/block",
				  "'%s': can't tell whether it may be written", g->block);
	if (strcmp(line, "0") != 0)
		return guard_deny(g, -EROFS,
				  "make it writable (blockdev --setrw), or end its write "
				  "protection",
				  "'%s' is read-only, and jobs fill it before they read", g->block);
	if (stat(g->node, &st) < 0)
		return guard_deny(g, -EIO, "look whether /dev is mounted",
				  "'%s' can't be looked at: %s", g->node, strerror(errno));
	if (!S_ISBLK(st.st_mode)) /* a faked tree has images */
		return root[0] ? 0
			       : guard_deny(g, -ENOTBLK, "name a disk", "'%s' is no block device",
					    g->node);
	snprintf(number, sizeof number, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	if (tree_line(root, line, sizeof line, "/sys/class/block/%s/dev", g->block) < 0 ||
	    strcmp(line, number) != 0)
		return guard_deny(g, -EIO, "make the node anew (udevadm trigger)",
				  "'%s' leads to device %s, but '%s' is %s: another disk would be "
				  "written",
				  g->node, number, g->block, line[0] ? line : "not known");
	return 0;
}

/* Ask @checks of the disk in @g; the first that fails ends it, unless all reasons are wanted. */
static int run_checks(struct guard *g, int (*const *checks)(struct guard *), size_t n)
{
	int first = 0;

	for (size_t i = 0; i < n; i++) {
		int r = checks[i](g);

		first = first ? first : r;
		if (r < 0 && (!g->each || g->is_over))
			break;
	}
	return first;
}

/* In the order of how bad it would be. */
static int (*const disk_checks[])(struct guard *) = {
	guard_system_disk, check_disk,  guard_mounts,     guard_swaps,
	guard_holders,     guard_loops, guard_open_files, guard_alone,
};

static int (*const controller_checks[])(struct guard *) = {
	guard_controller, guard_iommu, guard_vfio, guard_group, guard_paths,
};

static void look_at(struct guard *g, const char *block)
{
	snprintf(g->block, sizeof g->block, "%.63s", block);
	snprintf(g->node, sizeof g->node, "%s/dev/%s", g->dev->root, g->block);
	g->is_other = strcmp(block, g->dev->block) != 0;
}

/* All that leave with the controller. A list without the disk itself is none. */
static int list_namespaces(struct guard *g, char **ret)
{
	BL_CLEANUP(bl_freep) char *list = NULL;
	int r = device_has_namespace(g->dev->root, g->dev->pci, g->dev->block);

	if (r > 0)
		list = device_namespaces(g->dev->root, g->dev->pci);
	if (r > 0 && !list)
		r = -errno;
	if (r <= 0)
		return guard_deny(g, -EIO, "look into /sys/class/nvme",
				  "'%s': can't tell which namespaces its controller '%s' has: %s",
				  g->block, g->dev->pci,
				  r < 0 ? strerror(-r) : "it is not listed itself");
	*ret = BL_STEAL(list);
	return 0;
}

/* @check for the disk, and for every other namespace when the whole controller goes. */
static int for_disks(struct guard *g, int (*check)(struct guard *))
{
	BL_CLEANUP(bl_freep) char *list = NULL;
	char *save = NULL;
	int r, first;

	look_at(g, g->dev->block);
	first = check(g);
	/* What is no NVMe is not handed over: guard_controller() says so. */
	if (g->use != GUARD_PASSTHROUGH || !g->dev->is_nvme ||
	    (first < 0 && (!g->each || g->is_over)))
		return first;
	r = list_namespaces(g, &list);
	first = first ? first : r;
	for (char *name = list ? strtok_r(list, " ", &save) : NULL; name;
	     name = strtok_r(NULL, " ", &save)) {
		if (strcmp(name, g->dev->block) == 0)
			continue;
		look_at(g, name);
		r = check(g);
		first = first ? first : r;
		if (r < 0 && (!g->each || g->is_over))
			break;
	}
	look_at(g, g->dev->block);
	return first;
}

static int check_use(struct guard *g)
{
	return run_checks(g, disk_checks, BL_ARRAY_LEN(disk_checks));
}

static int no_claim(struct guard *g, const struct claim *claim)
{
	char remedy[200];

	snprintf(remedy, sizeof remedy,
		 "look at it and claim it: blklab claim '%s' --device /dev/%s", g->dev->serial,
		 g->block);
	if (claim->why_not[0])
		return guard_deny(g, -ENOKEY, remedy, "'%s' has a claim that does not hold: %s",
				  g->block, claim->why_not);
	return guard_deny(g, -ENOKEY, remedy,
			  "'%s' has no claim of this lab%s: nobody has said that it may be "
			  "overwritten",
			  g->block,
			  g->is_other ? ", and leaves the host with the rest of its controller"
				      : "");
}

/* Of the other namespaces only the block differs, and with it the size. */
static int disk_of(const struct guard *g, struct device *ret)
{
	uint64_t sectors;

	*ret = *g->dev;
	if (!g->is_other)
		return 0;
	memcpy(ret->block, g->block, sizeof ret->block);
	memcpy(ret->node, g->node, sizeof ret->node);
	if (tree_u64(g->dev->root, &sectors, "/sys/class/block/%s/size", g->block) < 0)
		return -EIO;
	ret->size_bytes = sectors * 512;
	return 0;
}

static int check_contents(struct guard *g)
{
	struct claim claim = {0};
	struct device disk;
	int r = disk_of(g, &disk);

	if (r == 0)
		r = claim_read(&disk, &claim, NULL);
	if (r < 0)
		return guard_deny(g, -EIO, "look at the kernel log (dmesg)",
				  "'%s': can't tell whether it has a claim: %s", g->block,
				  strerror(-r));
	if (g->claim && !g->is_other)
		*g->claim = claim;
	if (g->use == GUARD_LOOK)
		return 0;
	r = guard_signatures(g, &claim);
	return r == 0 && !claim.is_there ? no_claim(g, &claim) : r; /* a claim cures both */
}

static int examine(struct guard *g)
{
	int (*const identity[])(struct guard *) = {check_is_ours, check_same, check_serial};
	int r = run_checks(g, identity, g->dev->block[0] ? 3 : 1), more = 0;
	bool is_used;

	if (r < 0 && (!g->each || g->is_over || !g->dev->block[0]))
		return r;
	more = for_disks(g, check_use);
	r = r ? r : more;
	if (g->is_over || (r < 0 && !g->each))
		return r;
	is_used = g->is_used; /* a group that is shared does not count */
	if (g->use == GUARD_PASSTHROUGH) {
		more = run_checks(g, controller_checks,
				  g->dev->is_nvme ? BL_ARRAY_LEN(controller_checks) : 1);
		r = r ? r : more;
	}
	/* What is on a disk in use is not the question, and its owner's. */
	if (r == 0 || (g->each && !is_used)) {
		more = for_disks(g, check_contents);
		r = r ? r : more;
	}
	return r;
}

int guard_check(const struct device *dev, const char *serial, enum guard_use use,
		struct claim *claim, struct bl_err *err)
{
	struct guard g = {.dev = dev, .serial = serial, .use = use, .claim = claim, .err = err};

	return examine(&g);
}

int guard_reasons(const struct device *dev,
		  void (*each)(void *ctx, const char *reason, const char *remedy), void *ctx)
{
	struct guard g = {.dev = dev,
			  .serial = dev->serial,
			  .use = GUARD_PASSTHROUGH,
			  .each = each,
			  .ctx = ctx};

	examine(&g);
	return (int)g.n_reasons;
}

int guard_hold(const struct device *dev, int *ret_fd, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	long holder;
	int r;

	if (!dev->node[0])
		return bl_fail(err, -ENODEV,
			       "'%s' is not the host's now, so nothing can be held; it belongs to "
			       "%s: give it back first",
			       dev->pci, dev->driver[0] ? dev->driver : "no driver");
	r = guard_open_locked(dev->node, O_RDONLY, &fd, &holder);
	if (r == -EBUSY && holder)
		return bl_fail(err, r,
			       "'%s' is held by process %ld (flock), which works on it; wait for "
			       "it to end",
			       dev->node, holder);
	if (r == -EBUSY)
		return bl_fail(err, r,
			       "'%s' is held by another program (flock), which works on it; wait "
			       "for it to end (lslocks shows it)",
			       dev->node);
	if (r < 0)
		return bl_fail(err, r, "cannot open '%s' to hold it: %s", dev->node, strerror(-r));
	/* From here on its name can't become another disk's. */
	r = device_check_same(dev, fd, err);
	if (r < 0)
		return r;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int guard_hold_function(const struct device *dev, int *ret_fd, struct bl_err *err)
{
	if (dev->pci[0])
		return guard_hold_pci(dev->root, dev->pci, ret_fd, err);
	*ret_fd = -1;
	return 0;
}

int guard_hold_pci(const char *root, const char *pci, int *ret_fd, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *folder = bl_strf("%s/sys/bus/pci/devices/%s", root, pci);
	BL_CLEANUP(bl_closep) int fd = -1;

	if (!folder)
		return bl_fail(err, -ENOMEM, "out of memory");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return bl_fail(err, -errno, "cannot open '%s' to hold it: %s", folder,
			       strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return bl_fail(
			err, errno == EWOULDBLOCK ? -EBUSY : -errno,
			"'%s' is in a run of another blklab, and two would measure each other; "
			"wait for that to end",
			pci);
	*ret_fd = fd;
	fd = -1;
	return 0;
}
