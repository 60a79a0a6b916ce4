#include "machine_watch.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "hostfs.h"
#include "kept_file.h"
#include "mounts.h"

struct machine_watch {
	char *root;
	pid_t pid;
	struct kept_text text;
	struct kept_file io, reclaimed, hits;
	struct kept_file *exits;
	size_t n_exits;
	bool is_v1;
};

/* "key 12" or "key: 12" at the beginning of a line. */
static bool find_u64(const char *text, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (const char *s = text; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL) {
		const char *at = s + n;

		if (strncmp(s, key, n) != 0 || (*at != ' ' && *at != ':'))
			continue;
		at += *at == ':';
		return kept_next_u64(&at, ret);
	}
	return false;
}

/* --- CPUs --- */

static void each_online(struct machine_watch *w,
			void (*each)(void *ctx, const char *root, long cpu), void *ctx)
{
	char line[512];
	const char *list = line;
	long from, to;

	if (tree_line(w->root, line, sizeof line, "/sys/devices/system/cpu/online") < 0)
		return;
	while (cpu_range_next(&list, &from, &to))
		for (long cpu = from; cpu <= to; cpu++)
			each(ctx, w->root, cpu);
}

struct frequency {
	uint64_t sum_khz, min_khz;
	unsigned n;
};

static void one_frequency(void *ctx, const char *root, long cpu)
{
	struct frequency *f = ctx;
	uint64_t khz;

	if (tree_u64(root, &khz, "/sys/devices/system/cpu/cpu%ld/cpufreq/scaling_cur_freq", cpu) <
	    0)
		return;
	f->sum_khz += khz;
	f->min_khz = !f->n++ || khz < f->min_khz ? khz : f->min_khz;
}

void machine_watch_frequency(struct machine_watch *w, struct series_set *set)
{
	struct frequency f = {0};

	each_online(w, one_frequency, &f);
	if (!f.n)
		return;
	series_put(set, "frequency.mean_khz", SERIES_GAUGE, f.sum_khz / f.n);
	series_put(set, "frequency.min_khz", SERIES_GAUGE, f.min_khz);
}

struct throttle {
	uint64_t events, package[64]; /* each CPU of a package tells the package's */
	bool has_any;
};

static void one_throttle(void *ctx, const char *root, long cpu)
{
	static const char dir[] = "/sys/devices/system/cpu";
	struct throttle *t = ctx;
	uint64_t n, package;

	if (tree_u64(root, &n, "%s/cpu%ld/thermal_throttle/core_throttle_count", dir, cpu) < 0)
		return;
	t->has_any = true;
	t->events += n;
	if (tree_u64(root, &n, "%s/cpu%ld/thermal_throttle/package_throttle_count", dir, cpu) ==
		    0 &&
	    tree_u64(root, &package, "%s/cpu%ld/topology/physical_package_id", dir, cpu) == 0 &&
	    package < BL_ARRAY_LEN(t->package) && n > t->package[package])
		t->package[package] = n;
}

void machine_watch_throttle(struct machine_watch *w, struct series_set *set)
{
	struct throttle t = {0};

	each_online(w, one_throttle, &t);
	for (size_t i = 0; i < BL_ARRAY_LEN(t.package); i++)
		t.events += t.package[i];
	if (t.has_any)
		series_put(set, "throttle.events", SERIES_COUNTER, t.events);
}

/* --- the process --- */

/* debugfs has a folder PID-FD for each VM (virt/kvm/kvm_main.c, kvm_create_vm_debugfs()). */
static void find_vm(void *ctx, const char *name)
{
	struct machine_watch *w = ctx;
	struct kept_file *more;
	char *end;

	if (strtol(name, &end, 10) != (long)w->pid || *end != '-')
		return;
	more = reallocarray(w->exits, w->n_exits + 1, sizeof *more);
	if (!more)
		return;
	w->exits = more;
	if (kept_file_init(&more[w->n_exits], w->root, "/sys/kernel/debug/kvm/%s/exits", name) == 0)
		w->n_exits++;
}

void machine_watch_kvm(struct machine_watch *w, struct series_set *set)
{
	uint64_t n, sum = 0;

	for (size_t i = 0; i < w->n_exits; i++) {
		const char *at;

		if (kept_file_read(&w->exits[i], &w->text) < 0)
			return;
		at = w->text.data;
		if (!kept_next_u64(&at, &n))
			return;
		sum += n;
	}
	if (w->n_exits)
		series_put(set, "kvm.exits", SERIES_COUNTER, sum);
}

void machine_watch_io(struct machine_watch *w, struct series_set *set)
{
	uint64_t n;

	if (kept_file_read(&w->io, &w->text) < 0)
		return;
	if (find_u64(w->text.data, "read_bytes", &n))
		series_put(set, "process.read_bytes", SERIES_COUNTER, n);
	if (find_u64(w->text.data, "write_bytes", &n))
		series_put(set, "process.write_bytes", SERIES_COUNTER, n);
}

/* --- its memory group --- */

struct hierarchy {
	bool is_v1;
	char point[512];
};

static bool is_memory(void *ctx, const struct mount *m)
{
	struct hierarchy *h = ctx;
	bool is_v1 = !strcmp(m->fs, "cgroup") && strstr(m->super, "memory");

	if (!is_v1 && (strcmp(m->fs, "cgroup2") != 0 || h->is_v1))
		return true;
	h->is_v1 = is_v1;
	snprintf(h->point, sizeof h->point, "%s", m->point);
	return !is_v1; /* a host that has both keeps memory in version 1 */
}

/* The process's path in the hierarchy: "4:memory:/machine/vm" or "0::/machine/vm" (cgroups(7)). */
static bool group_of(struct machine_watch *w, const struct hierarchy *h, char *out, size_t len)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char *save = NULL, *line;

	if (tree_file(w->root, &text, "/proc/%ld/cgroup", (long)w->pid) < 0 || !text.len)
		return false;
	for (line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		if (h->is_v1 ? strstr(names, "memory") == NULL : names[1] != '\0')
			continue;
		snprintf(out, len, "%s%s", h->point, strcmp(path, "/") ? path : "");
		return true;
	}
	return false;
}

static bool has_limit(struct machine_watch *w, const char *dir)
{
	char high[32], max[32];
	uint64_t bytes;

	if (w->is_v1) /* none is the greatest number of pages there can be */
		return tree_u64(w->root, &bytes, "%s/memory.limit_in_bytes", dir) == 0 &&
		       bytes < INT64_MAX / 2;
	tree_line(w->root, max, sizeof max, "%s/memory.max", dir);
	tree_line(w->root, high, sizeof high, "%s/memory.high", dir);
	return isdigit((unsigned char)max[0]) || isdigit((unsigned char)high[0]);
}

/* Hits are counted where the limit is, not below it. */
static void find_hits(struct machine_watch *w, const struct hierarchy *h, char *dir)
{
	const char *file = h->is_v1 ? "memory.failcnt" : "memory.events";
	BL_CLEANUP(bl_freep) char *own = strdup(dir);
	size_t least = strlen(h->point);

	while (!has_limit(w, dir) && strlen(dir) > least)
		*strrchr(dir, '/') = '\0';
	kept_file_init(&w->hits, w->root, "%s/%s", has_limit(w, dir) || !own ? dir : own, file);
}

static void find_group(struct machine_watch *w)
{
	struct hierarchy h = {0};
	char dir[2048];

	if (mounts_each(w->root, is_memory, &h) < 0 || !h.point[0] ||
	    !group_of(w, &h, dir, sizeof dir))
		return;
	w->is_v1 = h.is_v1;
	if (!h.is_v1)
		kept_file_init(&w->reclaimed, w->root, "%s/memory.stat", dir);
	find_hits(w, &h, dir);
}

void machine_watch_cgroup(struct machine_watch *w, struct series_set *set)
{
	uint64_t n, high;
	const char *at;

	if (kept_file_read(&w->reclaimed, &w->text) == 0 && find_u64(w->text.data, "pgscan", &n))
		series_put(set, "memory.cgroup_reclaimed", SERIES_COUNTER, n);
	if (kept_file_read(&w->hits, &w->text) < 0)
		return;
	at = w->text.data;
	if (w->is_v1 ? kept_next_u64(&at, &n)
		     : find_u64(w->text.data, "max", &n) && find_u64(w->text.data, "high", &high))
		series_put(set, "memory.cgroup_limit_hits", SERIES_COUNTER,
			   n + (w->is_v1 ? 0 : high));
}

/* --- begin, end --- */

struct machine_watch *machine_watch_new(const char *root, pid_t pid)
{
	struct machine_watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->root = strdup(root ? root : "");
	w->pid = pid;
	if (!w->root)
		return machine_watch_free(w);
	if (pid <= 0)
		return w;
	kept_file_init(&w->io, w->root, "/proc/%ld/io", (long)pid);
	tree_names(w->root, "/sys/kernel/debug/kvm", find_vm, w);
	find_group(w);
	return w;
}

struct machine_watch *machine_watch_free(struct machine_watch *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < w->n_exits; i++)
		kept_file_done(&w->exits[i]);
	kept_file_done(&w->io);
	kept_file_done(&w->reclaimed);
	kept_file_done(&w->hits);
	free(w->exits);
	free(w->text.data);
	free(w->root);
	free(w);
	return NULL;
}
