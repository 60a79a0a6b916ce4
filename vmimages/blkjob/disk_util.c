#include "disk_util.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "fs.h"
#include "units.h"

struct disk {
	char name[64];
	struct disk_counts start;
	int above; /* the disk it is part of; -1: the jobs use it themselves */
};

struct disk_watch {
	char sys[PATH_MAX / 4];
	uint64_t start_ns;
	struct disk *disks; /* a device before those under it */
	size_t n;
};

static int read_counts(const char *sys, const char *name, struct disk_counts *out)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/block/%s/stat", sys, name);
	unsigned long long v[11];
	char line[512];
	int n, rc = path ? bl_read_line(path, line, sizeof(line)) : -ENOMEM;

	if (rc < 0)
		return rc;
	n = sscanf(line, "%llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1],
		   &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10]);
	if (n != 11)
		return -EINVAL;
	*out = (struct disk_counts){.read_ios = v[0],
				    .read_merges = v[1],
				    .read_sectors = v[2],
				    .read_ms = v[3],
				    .write_ios = v[4],
				    .write_merges = v[5],
				    .write_sectors = v[6],
				    .write_ms = v[7],
				    .busy_ms = v[9],
				    .queue_ms = v[10]};
	return 0;
}

/* The disk of a device number into @out: the folder it is linked to, or, for a partition, the
 * folder above. */
static int disk_name(const char *sys, dev_t dev, char *out, size_t len)
{
	BL_CLEANUP(bl_freep)
	char *link = bl_strf("%s/dev/block/%u:%u", sys, major(dev), minor(dev));
	BL_CLEANUP(bl_freep) char *real = link ? realpath(link, NULL) : NULL;
	BL_CLEANUP(bl_freep) char *part = real ? bl_strf("%s/partition", real) : NULL;
	char *slash;

	if (!part)
		return -ENOENT;
	slash = strrchr(real, '/');
	if (bl_exists(part) && slash) {
		*slash = 0;
		slash = strrchr(real, '/');
	}
	if (!slash || strlen(slash + 1) >= len)
		return -ENOENT;
	memcpy(out, slash + 1, strlen(slash + 1) + 1);
	return 0;
}

static int add_disk(struct disk_watch *w, const char *name, int above);

static int add_below(struct disk_watch *w, const char *name, int above)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/block/%s/slaves", w->sys, name);
	DIR *dir = path ? opendir(path) : NULL;
	const struct dirent *e;
	int rc = 0;

	while (rc == 0 && dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			rc = add_disk(w, e->d_name, above);
	if (dir)
		closedir(dir);
	return rc;
}

static int add_disk(struct disk_watch *w, const char *name, int above)
{
	struct disk d = {.above = above}, *disks;

	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->disks[i].name, name))
			return 0;
	if (strlen(name) >= sizeof(d.name) || read_counts(w->sys, name, &d.start) < 0)
		return 0; /* such as a partition below md */
	memcpy(d.name, name, strlen(name) + 1);
	disks = realloc(w->disks, (w->n + 1) * sizeof(*disks));
	if (!disks)
		return -ENOMEM;
	w->disks = disks;
	w->disks[w->n++] = d;
	return add_below(w, name, (int)w->n - 1);
}

static int add_path(struct disk_watch *w, const char *path)
{
	BL_CLEANUP(bl_freep) char *folder = strdup(path);
	struct stat st;
	char name[64], *slash;

	if (!folder)
		return -ENOMEM;
	if (stat(path, &st) < 0) {
		slash = strrchr(folder, '/');
		if (slash && slash != folder)
			*slash = 0;
		if (stat(slash ? folder : ".", &st) < 0)
			return 0; /* the engine will say so */
	}
	if (S_ISCHR(st.st_mode))
		return 0;
	if (disk_name(w->sys, S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev, name, sizeof(name)) < 0)
		return 0; /* tmpfs, a network's file system */
	return add_disk(w, name, -1);
}

static int add_job(struct disk_watch *w, const struct job *j, const char *target)
{
	uint32_t n_clones = j->filename[0] ? 1 : j->numjobs;
	int rc = 0;

	if (!j->disk_util || job_engine_is_null(j->engine))
		return 0;
	if (target && job_uses_target(j))
		return add_path(w, target);
	for (uint32_t clone = 0; clone < n_clones && rc == 0; clone++) {
		for (uint32_t file = 0; file < job_files(j) && rc == 0; file++) {
			BL_CLEANUP(bl_buf_done) struct bl_buf path = BL_BUF_INIT;

			if (job_file(j, clone, file, &path) == 0)
				rc = add_path(w, bl_buf_str(&path));
		}
	}
	return rc;
}

struct disk_watch *disk_watch_new(const struct jobs *jobs, const char *target, const char *sys,
				  uint64_t now_ns)
{
	struct disk_watch *w = calloc(1, sizeof(*w));
	int rc = w ? 0 : -ENOMEM;

	if (rc == 0) {
		snprintf(w->sys, sizeof(w->sys), "%s", sys);
		w->start_ns = now_ns;
	}
	for (size_t i = 0; i < jobs->n && rc == 0; i++)
		rc = add_job(w, &jobs->items[i], target);
	return rc < 0 ? disk_watch_free(w) : w;
}

struct disk_watch *disk_watch_free(struct disk_watch *w)
{
	if (w)
		free(w->disks);
	free(w);
	return NULL;
}

void disk_watch_freep(struct disk_watch **w)
{
	*w = disk_watch_free(*w);
}

/* Every member is a uint64_t that only grows. */
#define N_COUNTS (sizeof(struct disk_counts) / sizeof(uint64_t))
union counts {
	struct disk_counts c;
	uint64_t v[N_COUNTS];
};

static struct disk_counts since(const struct disk_counts *now, const struct disk_counts *start)
{
	union counts a = {.c = *now}, b = {.c = *start};

	for (size_t i = 0; i < N_COUNTS; i++)
		a.v[i] = a.v[i] > b.v[i] ? a.v[i] - b.v[i] : 0;
	return a.c;
}

static void add_counts(struct disk_counts *to, const struct disk_counts *from)
{
	union counts a = {.c = *to}, b = {.c = *from};

	for (size_t i = 0; i < N_COUNTS; i++)
		a.v[i] += b.v[i];
	*to = a.c;
}

static void mean_of(struct disk_counts *c, unsigned n)
{
	union counts a = {.c = *c};

	for (size_t i = 0; i < N_COUNTS; i++)
		a.v[i] /= n;
	*c = a.c;
}

/* The devices under each device, averaged; @at[i] is the place of disk i in @use, -1: gone. */
static void average_below(const struct disk_watch *w, struct disk_use *use, const int *at)
{
	for (size_t i = 0; i < w->n; i++) {
		int above = w->disks[i].above;
		struct disk_use *to = above >= 0 && at[above] >= 0 ? &use[at[above]] : NULL;

		if (!to || at[i] < 0)
			continue;
		to->n_below++;
		add_counts(&to->below, &use[at[i]].own);
		if (use[at[i]].util_pct > to->below_util_pct)
			to->below_util_pct = use[at[i]].util_pct;
	}
	for (size_t i = 0; i < w->n; i++)
		if (at[i] >= 0 && use[at[i]].n_below)
			mean_of(&use[at[i]].below, use[at[i]].n_below);
}

int disk_watch_read(const struct disk_watch *w, uint64_t now_ns, struct disk_use **ret,
		    size_t *ret_n)
{
	BL_CLEANUP(bl_freep) struct disk_use *use = calloc(w->n ? w->n : 1, sizeof(*use));
	BL_CLEANUP(bl_freep) int *at = calloc(w->n ? w->n : 1, sizeof(*at));
	double ms = (double)(now_ns - w->start_ns) / (double)NS_PER_MS;
	size_t n = 0;

	if (!use || !at)
		return -ENOMEM;
	for (size_t i = 0; i < w->n; i++) {
		struct disk_counts now;

		at[i] = -1;
		if (read_counts(w->sys, w->disks[i].name, &now) < 0)
			continue;
		at[i] = (int)n;
		memcpy(use[n].name, w->disks[i].name, sizeof(use[n].name));
		use[n].own = since(&now, &w->disks[i].start);
		use[n].util_pct = ms > 0 ? 100 * (double)use[n].own.busy_ms / ms : 0;
		use[n].util_pct = use[n].util_pct > 100 ? 100 : use[n].util_pct;
		n++;
	}
	average_below(w, use, at);
	*ret_n = n;
	*ret = n ? BL_STEAL(use) : NULL;
	return 0;
}
