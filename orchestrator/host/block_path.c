#include "block_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "device.h"
#include "fs.h"
#include "hostfs.h"
#include "mounts.h"
#include "tame.h"

#define DEPTH_MAX 16 /* layers that are followed */

struct walk {
	const char *root;
	struct block_path *p;
	unsigned depth;
	char why[256]; /* the last reason why nothing lies below */
	int r;
};

void block_path_done(struct block_path *p)
{
	free(p->filesystem);
	free(p->mount);
	free(p->nodes);
	free(p->why_none);
	*p = (struct block_path){0};
}

/* --- one device --- */

/* Who maps it and what it is called: the uuid begins with the owner ("LVM-...", "CRYPT-LUKS2-...").
 */
static void dm_model(const char *root, struct block_node *n)
{
	char uuid[64], name[56];

	tree_line(root, uuid, sizeof uuid, "/sys/class/block/%s/dm/uuid", n->name);
	tree_line(root, name, sizeof name, "/sys/class/block/%s/dm/name", n->name);
	uuid[strcspn(uuid, "-")] = '\0';
	snprintf(n->model, sizeof n->model, "%.7s%s%s", uuid, uuid[0] ? " " : "", name);
}

static void kind_of(const char *root, struct block_node *n)
{
	static const struct {
		const char *file, *kind;
	} marks[] = {{"partition", "partition"},
		     {"dm/name", "dm"},
		     {"md", "md"},
		     {"loop", "loop"},
		     {"bcache/state", "bcache"}};
	const char *kind = strncmp(n->name, "nbd", 3) ? "disk" : "nbd";

	for (size_t i = 0; i < BL_ARRAY_LEN(marks); i++) {
		if (tree_exists(root, "/sys/class/block/%s/%s", n->name, marks[i].file)) {
			kind = marks[i].kind;
			break;
		}
	}
	snprintf(n->kind, sizeof n->kind, "%s", kind);
}

static void identify(const char *root, struct block_node *n)
{
	struct device d;

	device_look(root, n->name, &d);
	bl_tame(n->model, sizeof n->model, d.model, SIZE_MAX);
	bl_tame(n->firmware, sizeof n->firmware, d.firmware, SIZE_MAX);
}

static void describe(const char *root, struct block_node *n)
{
	char line[256];
	uint64_t v;

	kind_of(root, n);
	if (!strcmp(n->kind, "dm"))
		dm_model(root, n);
	else if (!strcmp(n->kind, "md"))
		tree_line(root, n->model, sizeof n->model, "/sys/class/block/%s/md/level", n->name);
	else if (!strcmp(n->kind, "loop"))
		tree_line(root, n->model, sizeof n->model, "/sys/class/block/%s/loop/backing_file",
			  n->name);
	else if (!strcmp(n->kind, "disk"))
		identify(root, n);
	if (tree_line(root, line, sizeof line, "/sys/class/block/%s/queue/scheduler", n->name) == 0)
		bracketed(line, n->scheduler, sizeof n->scheduler);
	if (tree_u64(root, &v, "/sys/class/block/%s/queue/rotational", n->name) == 0)
		n->rotational = v != 0;
	tree_line(root, n->write_cache, sizeof n->write_cache,
		  "/sys/class/block/%s/queue/write_cache", n->name);
	if (tree_u64(root, &v, "/sys/class/block/%s/queue/nr_requests", n->name) == 0)
		n->nr_requests = (unsigned)v;
}

/* Its place in the list, or -EEXIST: it is there already. */
static int add_node(struct walk *w, const char *name)
{
	struct block_path *p = w->p;
	struct block_node *more;

	if (strlen(name) >= sizeof p->nodes->name)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->nodes[i].name, name))
			return -EEXIST;
	more = reallocarray(p->nodes, p->n + 1, sizeof *more);
	if (!more)
		return -ENOMEM;
	p->nodes = more;
	more[p->n] = (struct block_node){0};
	strcpy(more[p->n].name, name);
	describe(w->root, &more[p->n]);
	return (int)p->n++;
}

/* --- down --- */

static bool walk_file(struct walk *w, const char *path);
static bool walk_block(struct walk *w, const char *name);

static void walk_slave(void *ctx, const char *name)
{
	walk_block(ctx, name);
}

/* True: something lies below it. */
static bool walk_below(struct walk *w, const char *name)
{
	char below[BLOCK_NAME_MAX], dir[96], file[512];

	if (block_partition_of(w->root, name, below))
		return walk_block(w, below);
	if (tree_line(w->root, file, sizeof file, "/sys/class/block/%s/loop/backing_file", name) ==
	    0)
		return walk_file(w, file);
	snprintf(dir, sizeof dir, "/sys/class/block/%.32s/slaves", name);
	return tree_names(w->root, dir, walk_slave, w) > 0;
}

/* Too deep is the caller's error, not a disk that is not there. */
static bool go_deeper(struct walk *w)
{
	if (w->depth >= DEPTH_MAX && w->r == 0)
		w->r = -ELOOP;
	if (w->r < 0)
		return false;
	w->depth++;
	return true;
}

static bool walk_block(struct walk *w, const char *name)
{
	bool has_below;
	int i;

	if (!go_deeper(w))
		return true;
	i = add_node(w, name);
	if (i >= 0) {
		has_below = walk_below(w, name);
		w->p->nodes[i].is_leaf = !has_below;
	} else if (i != -EEXIST) {
		w->r = i;
	}
	w->depth--;
	return true;
}

/* --- file systems --- */

struct btrfs_scan {
	struct walk *w;
	const char *device;
	bool is_found;
};

static void btrfs_one(void *ctx, const char *uuid)
{
	struct btrfs_scan *s = ctx;
	char dir[160];

	snprintf(dir, sizeof dir, "/sys/fs/btrfs/%.64s/devices", uuid);
	if (s->is_found || !tree_exists(s->w->root, "%s/%s", dir, s->device))
		return;
	s->is_found = tree_names(s->w->root, dir, walk_slave, s->w) > 0;
}

/* The mount names one of its devices, sysfs all. */
static bool walk_btrfs(struct walk *w, const struct mount *m)
{
	char device[BLOCK_NAME_MAX];
	struct btrfs_scan s = {.w = w, .device = device};

	if (!mount_block(w->root, m, device))
		return false;
	tree_names(w->root, "/sys/fs/btrfs", btrfs_one, &s);
	return s.is_found || walk_block(w, device);
}

/* What is written goes to the upper folder. */
static bool walk_overlay(struct walk *w, const struct mount *m)
{
	const char *at = strstr(m->super, "upperdir=");
	char upper[512];

	if (!at) {
		snprintf(w->why, sizeof w->why, "the overlay at '%.150s' can't be written to",
			 m->point);
		return false;
	}
	snprintf(upper, sizeof upper, "%.*s", (int)strcspn(at + 9, ","), at + 9);
	if (tree_exists(w->root, "%s", upper))
		return walk_file(w, upper);
	snprintf(w->why, sizeof w->why,
		 "overlay: its upper folder '%.120s' can't be seen from here, as in a container",
		 upper);
	return false;
}

static bool walk_mount(struct walk *w, const struct mount *m)
{
	char name[BLOCK_NAME_MAX];

	if (!strcmp(m->fs, "overlay"))
		return walk_overlay(w, m);
	if (!strcmp(m->fs, "btrfs") && walk_btrfs(w, m))
		return true;
	if (mount_block(w->root, m, name))
		return walk_block(w, name);
	if (!strcmp(m->fs, "zfs"))
		snprintf(w->why, sizeof w->why,
			 "zfs: the kernel does not tell the devices of '%.80s' (`zpool list -v` "
			 "does)",
			 m->source);
	else
		snprintf(w->why, sizeof w->why, "%.60s has no block device of this host", m->fs);
	return false;
}

/* The block device that @path is a node of. */
static bool is_device(const struct walk *w, const char *path, char out[BLOCK_NAME_MAX])
{
	char real[PATH_MAX];
	const char *last = strrchr(path, '/');
	struct stat st;

	if (!w->root[0] && stat(path, &st) == 0 && S_ISBLK(st.st_mode) &&
	    tree_real("", real, "/sys/dev/block/%u:%u", major(st.st_rdev), minor(st.st_rdev)) == 0)
		last = strrchr(real, '/');
	else if (strncmp(path, "/dev/", 5) ||
		 !tree_exists(w->root, "/sys/class/block/%s", last + 1))
		return false;
	return snprintf(out, BLOCK_NAME_MAX, "%s", last + 1) < BLOCK_NAME_MAX;
}

/* Where it really is, as a path below the root. */
static bool resolve(const struct walk *w, const char *path, char out[PATH_MAX])
{
	char root[PATH_MAX], real[PATH_MAX];
	size_t n;

	if (tree_real(w->root, real, "%s", path) < 0)
		return false;
	if (!w->root[0]) {
		strcpy(out, real);
		return true;
	}
	n = realpath(w->root, root) ? strlen(root) : 0;
	snprintf(out, PATH_MAX, "%s", n && !strncmp(real, root, n) ? real + n : path);
	return true;
}

static bool walk_found(struct walk *w, const char *path)
{
	char name[BLOCK_NAME_MAX];
	struct mount m = {0};

	if (is_device(w, path, name))
		return walk_block(w, name);
	if (mount_find(w->root, path, &m) < 0) {
		snprintf(w->why, sizeof w->why, "no mount holds '%.200s'", path);
		return false;
	}
	if (!w->p->n && !w->p->filesystem) {
		w->p->filesystem = strdup(m.fs);
		w->p->mount = strdup(m.point);
		w->r = w->p->filesystem && w->p->mount ? 0 : -ENOMEM;
	}
	return walk_mount(w, &m);
}

static bool walk_file(struct walk *w, const char *path)
{
	char real[PATH_MAX];
	bool has_below;

	if (!go_deeper(w))
		return true;
	/* A loop file may have been removed since; its folder's mount is what counts. */
	has_below = walk_found(w, resolve(w, path, real) ? real : path);
	w->depth--;
	return has_below;
}

int block_path_of(const char *root, const char *path, struct block_path *ret, struct bl_err *err)
{
	BL_CLEANUP(block_path_done) struct block_path p = {0};
	struct walk w = {.root = root ? root : "", .p = &p};

	if (!tree_exists(w.root, "%s", path))
		return bl_fail(err, -ENOENT,
			       "devices below '%s': there is no such file; name an image or a "
			       "block device",
			       path);
	if (!tree_exists(w.root, "/proc/self/mountinfo"))
		return bl_fail(err, -ENOENT,
			       "devices below '%s': /proc/self/mountinfo can't be read; mount "
			       "/proc",
			       path);
	walk_file(&w, path);
	if (w.r == 0 && !p.n && !(p.why_none = strdup(w.why)))
		w.r = -ENOMEM;
	if (w.r == -ELOOP)
		return bl_fail(err, w.r,
			       "devices below '%s': more than %d layers; the upper ones may be a "
			       "circle, look at them with lsblk",
			       path, DEPTH_MAX);
	if (w.r < 0)
		return bl_fail(err, w.r, "devices below '%s': %s", path, strerror(-w.r));
	*ret = p;
	p = (struct block_path){0};
	return 0;
}
