/* workdisk.c - what lies under a folder: mount, file system, partition, volume, disk. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "hostfs.h"
#include "mounts.h"

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

static void chain_add(struct work_disk *w, const char *name, const char *what)
{
	size_t n = strlen(w->chain);

	snprintf(w->chain + n, sizeof w->chain - n, "%s%s%s%s%s", n ? " on " : "", name,
		 what[0] ? " (" : "", what, what[0] ? ")" : "");
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
	struct mount m = {0};
	char file[512];

	if (host_line(opt, file, sizeof file, "/sys/class/block/%s/loop/backing_file", name) < 0)
		return false;
	w->has_loop = true;
	chain_add(w, name, "loop");
	if (mount_find(opt->root, file, &m) < 0 || !mount_block(opt->root, &m, name)) {
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

	if (block_partition_of(opt->root, name, below)) {
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
	struct mount m = {0};
	char name[64] = "";
	int depth = 0;

	memset(out, 0, sizeof *out);
	existing_folder(opt, out->path, sizeof out->path);
	if (mount_find(opt->root, out->path, &m) < 0) {
		snprintf(out->why, sizeof out->why, "/proc/self/mountinfo can't be read");
		return;
	}
	snprintf(out->mount, sizeof out->mount, "%s", m.point);
	snprintf(out->fs, sizeof out->fs, "%s", m.fs);
	snprintf(out->source, sizeof out->source, "%s", m.source);
	/* A flag is the mount's or the super block's; both count. */
	snprintf(out->options, sizeof out->options, "%s,%.200s", m.options, m.super);
	if (!mount_block(opt->root, &m, name)) {
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
