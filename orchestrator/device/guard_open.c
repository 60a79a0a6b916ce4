/* guard_open.c - has any process the disk open? A VM or a database on the raw disk takes no lock
 * and no exclusive open: its open file is all that tells of it. */
#define GUARD_INTERNAL
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guard_priv.h"

#define TRIES 10 /* of 100 ms: udev opens a disk after each close of a writer, and lets go */

struct open_scan {
	struct guard *g;
	char node[96];
	long pid;
};

/* The block device behind an open file, by its number: whatever the node was called. */
static bool block_of(const struct open_scan *s, const char *path, const char *target, char *out,
		     size_t len)
{
	struct stat st;

	if (!s->g->dev->root[0] && stat(path, &st) == 0)
		return S_ISBLK(st.st_mode) && tree_link("", out, len, "/sys/dev/block/%u:%u",
							major(st.st_rdev), minor(st.st_rdev)) == 0;
	if (strncmp(target, "/dev/", 5) != 0)
		return false;
	snprintf(out, len, "%.*s", (int)len - 1, target + 5);
	return true;
}

static bool match_file(void *ctx, long pid, const char *link, const char *target)
{
	struct open_scan *s = ctx;
	char block[BLOCK_NAME_MAX];

	if (pid == getpid() || !block_of(s, link, target, block, sizeof block) ||
	    !guard_is_of_disk(s->g, block))
		return true;
	s->pid = pid;
	snprintf(s->node, sizeof s->node, "/dev/%s", block);
	return false;
}

static int deny_hidden(struct guard *g, int n)
{
	if (n < 0)
		return guard_deny(g, -EIO, "look whether /proc is mounted",
				  "'%s': can't tell whether a process has it open: %s", g->block,
				  strerror(-n));
	return guard_deny(g, -EIO, "run as root (in a container with CAP_SYS_PTRACE, too)",
			  "'%s': can't tell whether a process has it open: %d keep their files "
			  "from this user",
			  g->block, n);
}

int guard_open_files(struct guard *g)
{
	struct open_scan s = {.g = g};
	char name[64], remedy[160];
	int n;

	if (g->is_used) /* it is known by whom */
		return 0;
	for (int i = 0; i <= TRIES; i++) {
		s.pid = 0;
		n = tree_open_files(g->dev->root, match_file, &s);
		if (!s.pid)
			return n ? deny_hidden(g, n) : 0;
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
