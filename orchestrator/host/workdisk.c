/* workdisk.c - what lies under a folder: mount, file system, partition, volume, disk. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "hostfs.h"

#define DEPTH_MAX 8 /* layers that are followed */

/* The folder itself may not exist yet: take the nearest one above it that does. */
static void existing_folder(const struct doctor_options *opt, char *out, size_t len)
{
	char *slash;

	snprintf(out, len, "%s", opt->work_dir && opt->work_dir[0] ? opt->work_dir : "/");
	while (!host_exists(opt, "%s", out) && (slash = strrchr(out, '/')) && slash != out)
		*slash = '\0';
	if (!host_exists(opt, "%s", out))
		snprintf(out, len, "/");
	if (!opt->root || !opt->root[0]) {
		BL_CLEANUP(bl_freep) char *real = realpath(out, NULL);

		if (real)
			snprintf(out, len, "%s", real);
	}
}

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

struct mount_line {
	unsigned major, minor;
	char point[512], options[256], fs[64], source[256], super[512];
};

/* "36 35 98:0 /root /point options [optional...] - fs source super" (proc(5)). */
static bool parse_mount(const char *line, struct mount_line *m)
{
	const char *dash = strstr(line, " - ");

	if (!dash ||
	    sscanf(line, "%*u %*u %u:%u %*s %511s %255s", &m->major, &m->minor, m->point,
		   m->options) != 4 ||
	    sscanf(dash, " - %63s %255s %511s", m->fs, m->source, m->super) < 2)
		return false;
	unescape(m->point);
	unescape(m->source);
	return true;
}

static bool is_below(const char *path, const char *point)
{
	size_t n = strlen(point);

	if (strcmp(point, "/") == 0)
		return true;
	return strncmp(path, point, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static int find_mount(const struct doctor_options *opt, const char *path, struct mount_line *ret)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct mount_line m = {0};
	size_t best = 0;
	char *save = NULL;
	int r = host_file(opt, &text, "/proc/self/mountinfo");

	if (r < 0)
		return r;
	for (char *line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		memset(&m, 0, sizeof m);
		/* The last of equal mount points hides the ones before it. */
		if (!parse_mount(line, &m) || !is_below(path, m.point) || strlen(m.point) < best)
			continue;
		best = strlen(m.point);
		*ret = m;
	}
	return best ? 0 : -ENOENT;
}

/* The block device's own name from its number, else from the mount source (btrfs and others have
 * anonymous numbers). */
static bool device_name(const struct doctor_options *opt, const struct mount_line *m, char out[64])
{
	char path[PATH_MAX], *base;
	BL_CLEANUP(bl_freep) char *real = NULL;

	snprintf(path, sizeof path, "%s/sys/dev/block/%u:%u", opt->root ? opt->root : "", m->major,
		 m->minor);
	real = realpath(path, NULL);
	if (!real && strncmp(m->source, "/dev/", 5) == 0) {
		base = strrchr(m->source, '/');
		snprintf(path, sizeof path, "%s/sys/class/block/%s", opt->root ? opt->root : "",
			 base + 1);
		real = realpath(path, NULL);
	}
	base = real ? strrchr(real, '/') : NULL;
	if (!base || strlen(base + 1) >= 64)
		return false;
	snprintf(out, 64, "%s", base + 1);
	return true;
}

static void chain_add(struct work_disk *w, const char *name, const char *what)
{
	size_t n = strlen(w->chain);

	snprintf(w->chain + n, sizeof w->chain - n, "%s%s%s%s%s", n ? " on " : "", name,
		 what[0] ? " (" : "", what, what[0] ? ")" : "");
}

/* A partition's folder lies in its disk's folder. */
static bool partition_parent(const struct doctor_options *opt, const char *name, char out[64])
{
	char path[PATH_MAX], *slash;
	BL_CLEANUP(bl_freep) char *real = NULL;

	if (!host_exists(opt, "/sys/class/block/%s/partition", name))
		return false;
	snprintf(path, sizeof path, "%s/sys/class/block/%s", opt->root ? opt->root : "", name);
	real = realpath(path, NULL);
	slash = real ? strrchr(real, '/') : NULL;
	if (!slash)
		return false;
	*slash = '\0';
	slash = strrchr(real, '/');
	if (!slash || strlen(slash + 1) >= 64)
		return false;
	snprintf(out, 64, "%s", slash + 1);
	return true;
}

struct slaves {
	char first[64];
	unsigned n;
};

static void count_slave(void *ctx, const char *name)
{
	struct slaves *s = ctx;

	if (s->n++ == 0)
		snprintf(s->first, sizeof s->first, "%.63s", name);
}

/* What kind of stacked device it is, in words people use. */
static void stacked_kind(const struct doctor_options *opt, const char *name, unsigned n_below,
			 struct work_disk *w, char *out, size_t len)
{
	char uuid[128], level[32];
	const char *kind = "device mapper";

	if (host_line(opt, level, sizeof level, "/sys/class/block/%s/md/level", name) == 0) {
		w->has_raid = true;
		snprintf(w->raid, sizeof w->raid, "%s", name);
		snprintf(out, len, "%s of %u", level, n_below);
		return;
	}
	host_line(opt, uuid, sizeof uuid, "/sys/class/block/%s/dm/uuid", name);
	if (strncmp(uuid, "LVM-", 4) == 0)
		kind = strstr(uuid, "-tpool") ? "LVM thin pool" : "LVM";
	else if (strncmp(uuid, "CRYPT-", 6) == 0)
		kind = "dm-crypt";
	else if (strncmp(uuid, "mpath-", 6) == 0)
		kind = "multipath";
	w->has_thin |= strstr(kind, "thin") != NULL;
	snprintf(out, len, n_below > 1 ? "%s over %u devices" : "%s", kind, n_below);
}

static bool follow_loop(const struct doctor_options *opt, struct work_disk *w, char name[64])
{
	struct mount_line m = {0};
	char file[512];

	if (host_line(opt, file, sizeof file, "/sys/class/block/%s/loop/backing_file", name) < 0)
		return false;
	w->has_loop = true;
	chain_add(w, name, "loop");
	if (find_mount(opt, file, &m) < 0 || !device_name(opt, &m, name)) {
		snprintf(w->why, sizeof w->why,
			 "the disk under the loop file '%.150s' can't be told", file);
		name[0] = '\0';
	}
	return true;
}

/* One layer down: @name becomes what is below it. False: @name is a whole disk. */
static bool go_down(const struct doctor_options *opt, struct work_disk *w, char name[64])
{
	struct slaves s = {.n = 0};
	char below[64], dir[160], kind[96];

	if (partition_parent(opt, name, below)) {
		chain_add(w, name, "");
		snprintf(name, 64, "%s", below);
		return true;
	}
	if (follow_loop(opt, w, name))
		return name[0] != '\0';
	snprintf(dir, sizeof dir, "/sys/class/block/%s/slaves", name);
	if (host_names(opt, dir, count_slave, &s) <= 0 || !s.n)
		return false;
	stacked_kind(opt, name, s.n, w, kind, sizeof kind);
	chain_add(w, name, kind);
	snprintf(name, 64, "%s", s.first);
	return true;
}

void work_disk_find(const struct doctor_options *opt, struct work_disk *out)
{
	struct mount_line m = {0};
	char name[64] = "";
	int depth = 0;

	memset(out, 0, sizeof *out);
	existing_folder(opt, out->path, sizeof out->path);
	if (find_mount(opt, out->path, &m) < 0) {
		snprintf(out->why, sizeof out->why, "/proc/self/mountinfo can't be read");
		return;
	}
	snprintf(out->mount, sizeof out->mount, "%s", m.point);
	snprintf(out->fs, sizeof out->fs, "%s", m.fs);
	snprintf(out->source, sizeof out->source, "%s", m.source);
	/* A flag is the mount's or the super block's; both count. */
	snprintf(out->options, sizeof out->options, "%s,%.200s", m.options, m.super);
	if (!device_name(opt, &m, name)) {
		snprintf(out->why, sizeof out->why, "%.60s has no block device of its own", m.fs);
		return;
	}
	while (depth++ < DEPTH_MAX && go_down(opt, out, name))
		;
	if (!name[0])
		return;
	chain_add(out, name, "");
	snprintf(out->disk, sizeof out->disk, "%s", name);
}
