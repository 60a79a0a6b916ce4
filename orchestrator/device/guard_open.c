/* guard_open.c - has any process the disk open? A VM or a database on the raw disk takes no lock
 * and no exclusive open: its open file is all that tells of it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "guard_priv.h"

#define TRIES 10 /* of 100 ms: udev opens a disk after each close of a writer, and lets go */

struct open_scan {
	struct guard *g;
	char fds[64]; /* "/proc/1234/fd" */
	char node[96];
	long pid;
};

/* The block device behind an open file, by its number: whatever the node was called. */
static bool block_of(const struct open_scan *s, const char *path, char *out, size_t len)
{
	char target[256];
	struct stat st;
	ssize_t n;

	if (!s->g->dev->root[0] && stat(path, &st) == 0)
		return S_ISBLK(st.st_mode) && tree_link("", out, len, "/sys/dev/block/%u:%u",
							major(st.st_rdev), minor(st.st_rdev)) == 0;
	n = readlink(path, target, sizeof target - 1);
	target[n < 0 ? 0 : n] = '\0';
	if (strncmp(target, "/dev/", 5) != 0)
		return false;
	snprintf(out, len, "%.*s", (int)len - 1, target + 5);
	return true;
}

static void match_fd(void *ctx, const char *fd)
{
	struct open_scan *s = ctx;
	BL_CLEANUP(bl_freep)
	char *path = s->pid ? NULL : bl_strf("%s%s/%s", s->g->dev->root, s->fds, fd);
	char block[BLOCK_NAME_MAX];

	if (!path || !block_of(s, path, block, sizeof block) || !guard_is_of_disk(s->g, block))
		return;
	s->pid = strtol(s->fds + strlen("/proc/"), NULL, 10);
	snprintf(s->node, sizeof s->node, "/dev/%s", block);
}

static void match_process(void *ctx, const char *name)
{
	struct open_scan *s = ctx;

	if (!isdigit((unsigned char)name[0]) || s->pid || strtol(name, NULL, 10) == getpid())
		return;
	snprintf(s->fds, sizeof s->fds, "/proc/%.20s/fd", name);
	tree_names(s->g->dev->root, s->fds, match_fd, s);
}

int guard_open_files(struct guard *g)
{
	struct open_scan s = {.g = g};
	char name[64], remedy[160];

	if (g->is_used) /* it is known by whom */
		return 0;
	for (int i = 0; i <= TRIES; i++) {
		s.pid = 0;
		tree_names(g->dev->root, "/proc", match_process, &s);
		if (!s.pid)
			return 0;
		if (g->each || g->dev->root[0])
			break; /* a list is not worth waiting for */
		usleep(100 * 1000);
	}
	tree_line(g->dev->root, name, sizeof name, "/proc/%ld/comm", s.pid);
	snprintf(remedy, sizeof remedy,
		 "stop it, or detach the disk from it (process %ld), or take another disk", s.pid);
	return guard_deny(g, -EBUSY, remedy,
			  "'%s' is open in process %ld (%s, %s), which may be writing to it",
			  g->block, s.pid, name[0] ? name : "no name", s.node);
}
