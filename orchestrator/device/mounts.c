#include "mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define DEPTH_MAX 16 /* layers that are followed */

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /point options [optional...] - fs source super" (proc(5)). */
static bool parse_mount(const char *line, struct mount *m)
{
	const char *dash = strstr(line, " - ");

	if (!dash ||
	    sscanf(line, "%*u %*u %u:%u %*s %511s %255s", &m->major, &m->minor, m->point,
		   m->options) != 4 ||
	    sscanf(dash, " - %63s %255s %4095s", m->fs, m->source, m->super) < 2)
		return false;
	unescape(m->point);
	unescape(m->source);
	unescape(m->super);
	return true;
}

int mounts_each(const char *root, bool (*each)(void *ctx, const struct mount *m), void *ctx)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct mount m;
	char *save = NULL;
	int r = tree_file(root, &text, "/proc/self/mountinfo");

	if (r < 0)
		return r;
	for (char *line = text.data ? strtok_r(text.data, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		memset(&m, 0, sizeof m);
		if (parse_mount(line, &m) && !each(ctx, &m))
			break;
	}
	return 0;
}

static bool is_below(const char *path, const char *point)
{
	size_t n = strlen(point);

	if (strcmp(point, "/") == 0)
		return true;
	return strncmp(path, point, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

struct nearest_mount {
	const char *path;
	size_t best;
	struct mount *ret;
};

/* The last of equal mount points hides the ones before it. */
static bool take_nearer(void *ctx, const struct mount *m)
{
	struct nearest_mount *n = ctx;

	if (!is_below(n->path, m->point) || strlen(m->point) < n->best)
		return true;
	n->best = strlen(m->point);
	*n->ret = *m;
	return true;
}

int mount_find(const char *root, const char *path, struct mount *ret)
{
	struct nearest_mount n = {.path = path, .ret = ret};
	int r = mounts_each(root, take_nearer, &n);

	if (r < 0)
		return r;
	return n.best ? 0 : -ENOENT;
}

static bool last_part(const char *path, char out[BLOCK_NAME_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash || strlen(slash + 1) >= BLOCK_NAME_MAX)
		return false;
	strcpy(out, slash + 1);
	return true;
}

bool mount_block(const char *root, const struct mount *m, char out[BLOCK_NAME_MAX])
{
	char real[PATH_MAX], node[PATH_MAX];

	if (tree_real(root, real, "/sys/dev/block/%u:%u", m->major, m->minor) == 0)
		return last_part(real, out);
	if (strncmp(m->source, "/dev/", 5) != 0)
		return false;
	/* /dev/mapper/vg-lv and /dev/disk/by-uuid/... are links to the kernel's names. */
	if (tree_real(root, node, "%s", m->source) < 0)
		snprintf(node, sizeof node, "%s", m->source);
	if (tree_real(root, real, "/sys/class/block/%s", strrchr(node, '/') + 1) < 0)
		return false;
	return last_part(real, out);
}

bool block_partition_of(const char *root, const char *name, char out[BLOCK_NAME_MAX])
{
	char real[PATH_MAX], *slash;

	if (!tree_exists(root, "/sys/class/block/%s/partition", name) ||
	    tree_real(root, real, "/sys/class/block/%s", name) < 0)
		return false;
	slash = strrchr(real, '/'); /* a partition's folder lies in its disk's */
	if (!slash)
		return false;
	*slash = '\0';
	return last_part(real, out);
}

struct descent {
	const char *root;
	void (*each)(void *ctx, const char *disk);
	void *ctx;
	unsigned depth;
	int r;
};

static void descend(void *ctx, const char *name);

/* True: it was a loop device, and what is below its file has been followed. */
static bool below_loop(struct descent *d, const char *name)
{
	struct mount m = {0};
	char file[512], below[BLOCK_NAME_MAX] = "";

	if (tree_line(d->root, file, sizeof file, "/sys/class/block/%s/loop/backing_file", name) <
	    0)
		return false;
	if (strncmp(file, "/dev/", 5) == 0 &&
	    tree_exists(d->root, "/sys/class/block/%s", strrchr(file, '/') + 1))
		snprintf(below, sizeof below, "%.63s", strrchr(file, '/') + 1);
	else if (mount_find(d->root, file, &m) < 0)
		d->r = -ENOENT;
	else if (!mount_block(d->root, &m, below))
		below[0] = '\0'; /* in memory, or on another machine: no disk of this host */
	if (below[0] && d->r == 0)
		descend(d, below);
	return true;
}

static void descend(void *ctx, const char *name)
{
	struct descent *d = ctx;
	char below[BLOCK_NAME_MAX], dir[96 + BLOCK_NAME_MAX];

	if (d->depth >= DEPTH_MAX || strlen(name) >= BLOCK_NAME_MAX) {
		d->r = -ELOOP;
		return;
	}
	d->depth++;
	snprintf(dir, sizeof dir, "/sys/class/block/%s/slaves", name);
	if (block_partition_of(d->root, name, below))
		descend(d, below);
	else if (!below_loop(d, name) && tree_names(d->root, dir, descend, d) <= 0)
		d->each(d->ctx, name);
	d->depth--;
}

int block_disks_below(const char *root, const char *name, void (*each)(void *ctx, const char *disk),
		      void *ctx)
{
	struct descent d = {.root = root, .each = each, .ctx = ctx};

	descend(&d, name);
	return d.r;
}
