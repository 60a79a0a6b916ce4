#include "look.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "together.h"

static void found_done(struct found *f)
{
	free(f->evidence);
	free(f->remedy);
}

void look_done(struct look *l)
{
	for (size_t i = 0; i < l->n_found; i++)
		found_done(&l->found[i]);
	free(l->found);
	l->found = NULL;
	l->n_found = 0;
}

void look_found(struct look *l, struct found f, struct bl_buf *evidence, const char *remedy)
{
	struct found *more;

	if (!evidence->len && !bl_buf_failed(evidence))
		return;
	more = reallocarray(l->found, l->n_found + 1, sizeof *more);
	if (more)
		l->found = more;
	f.evidence = bl_buf_take(evidence);
	f.remedy = strdup(remedy);
	if (!more || !f.evidence || !f.remedy) {
		found_done(&f);
		l->g->failed = true;
		return;
	}
	l->found[l->n_found++] = f;
}

struct found *look_find(const struct look *l, const char *cause)
{
	for (size_t i = 0; i < l->n_found; i++)
		if (!l->found[i].is_shadow && !strcmp(l->found[i].cause, cause))
			return &l->found[i];
	return NULL;
}

/* ---- the path ---- */

static const char *effective_of(const struct look *l, const char *key)
{
	const struct effectives *e = &l->a->t->effective;

	for (size_t i = 0; key && i < e->n; i++)
		if (!strcmp(e->items[i].key, key) && e->items[i].effective)
			return e->items[i].effective;
	return NULL;
}

/* Who else knows of a fact of the path. */
static const struct {
	const char *key, *effective, *axis;
} path_others[] = {
	{"bus", NULL, "bus"},
	{"queues", "guest.queues", NULL},
	{"cache", NULL, "cache"},
	{"cache_direct", "cache.direct", NULL},
	{"cache_writeback", "cache.writeback", NULL},
	{"aio", "aio", "aio"},
	{"discard", "discard", "discard"},
	{"format", "format", "format"},
	{"cluster_bytes", "image.cluster_size_bytes", NULL},
	{"storage", NULL, "storage"},
	{"throttle", NULL, "throttle"},
	{"vm.vcpus", "vcpus", "vcpus"},
};

/* "disk.iothreads" counts them. */
static const char *iothread_of(const struct look *l)
{
	const char *n = effective_of(l, "disk.iothreads");

	return !n ? NULL : strcmp(n, "0") ? n : "none";
}

const char *path_of(const struct look *l, const char *key)
{
	char name[64] = "path.";
	const char *said;

	strncat(name, key, sizeof name - sizeof "path.");
	said = facts_get(&l->a->t->facts, name);
	if (said)
		return said;
	if (!strcmp(key, "iothread"))
		return iothread_of(l);
	for (size_t i = 0; i < BL_ARRAY_LEN(path_others); i++) {
		const char *axis = path_others[i].axis;

		if (strcmp(path_others[i].key, key) != 0)
			continue;
		said = effective_of(l, path_others[i].effective);
		if (!said && axis)
			said = axis_of(l->g->d, l->a->cell, axis);
		return said && *said ? said : NULL;
	}
	return NULL;
}

bool path_is(const struct look *l, const char *key, const char *value)
{
	const char *is = path_of(l, key);

	return is && !strcmp(is, value);
}

double number_in(const char *text)
{
	char *end;
	double v;

	if (!text || !*text)
		return NAN;
	v = strtod(text, &end);
	return end == text ? NAN : v;
}

double path_number(const struct look *l, const char *key)
{
	return number_in(path_of(l, key));
}

bool is_served_by_qemu(const struct look *l)
{
	return *l->bus && strcmp(l->bus, "host") != 0 && strcmp(l->bus, "vfio") != 0;
}

bool is_past_host_cache(const struct look *l)
{
	const char *direct = path_of(l, "cache_direct"), *cache = path_of(l, "cache");

	if (!is_served_by_qemu(l) || !strcmp(l->bus, "nvme-userspace"))
		return true;
	if (direct)
		return !strcmp(direct, "on") || !strcmp(direct, "yes") || !strcmp(direct, "true");
	return !cache || !strcmp(cache, "none") || !strcmp(cache, "directsync");
}

unsigned vcpus_of(const struct look *l)
{
	double n = path_number(l, "vm.vcpus");

	return n > 0 ? (unsigned)n : 0;
}

double job_number(const struct look *l, const char *option, double otherwise)
{
	const char *value;
	size_t len;
	double v = job_option(l->a->j, option, &value, &len) ? number_in(value) : NAN;

	return isnan(v) ? otherwise : v;
}

bool job_limits(const struct look *l, const char *option)
{
	const char *at;
	size_t len;

	if (!job_option(l->a->j, option, &at, &len))
		return false;
	for (const char *end = at + len; at < end; at += strcspn(at, ",\n") + 1)
		if (number_in(at) > 0)
			return true;
	return false;
}

/* ---- requests ---- */

double window_s(const struct look *l)
{
	return (double)(l->a->to_ns - l->a->from_ns) / 1e9;
}

bool is_only_watched(const struct look *l)
{
	return l->a->layers[LAYER_AT_ENGINE].is_unmeasured;
}

enum layer_at top_of(const struct look *l)
{
	return l->a->budget.top;
}

const char *whose(const struct look *l)
{
	return is_only_watched(l) ? "the disk's" : "the job's";
}

const char *latency_name(const struct look *l)
{
	return is_only_watched(l) ? "their time in QEMU" : "the job's latency";
}

bool is_only_disk(const struct look *l)
{
	const char *n = facts_get(&l->a->t->facts, "live.disks");

	return !is_only_watched(l) || (n && !strcmp(n, "1"));
}

/* What all jobs asked for that ran at once: the places below the engine counted that. NULL: what
 * one of them asked for is not known. */
static const struct layer_dir *asked(const struct look *l, enum io_dir dir)
{
	const struct layer_seen *e = &l->a->layers[LAYER_AT_ENGINE];

	if (is_only_watched(l))
		return &l->a->layers[top_of(l)].dir[dir];
	return e->n_jobs > 1 && !e->is_whole ? NULL : asked_together(e, dir);
}

bool is_alone(const struct look *l)
{
	return l->a->layers[LAYER_AT_ENGINE].n_jobs < 2;
}

double asked_count(const struct look *l, enum io_dir dir)
{
	const struct layer_dir *d = asked(l, dir);

	return d && d->has ? d->n : NAN;
}

double asked_bytes(const struct look *l, enum io_dir dir)
{
	const struct layer_dir *d = asked(l, dir);

	return d && d->has ? d->bytes : NAN;
}

double inflight_of(const struct look *l, bool of_all_jobs)
{
	const struct layer_seen *e = &l->a->layers[top_of(l)];
	double sum = 0;
	bool any = false;

	for (int d = 0; d < IO_DIRS; d++) {
		const struct layer_dir *one = of_all_jobs ? asked_together(e, d) : &e->dir[d];

		if (!one->has || isnan(one->mean_ns))
			continue;
		sum += one->n * one->mean_ns;
		any = true;
	}
	return any && window_s(l) > 0 ? sum / 1e9 / window_s(l) : NAN;
}

/* Directions whose budget does not tell of a part may have so much of all requests' time. */
#define UNTOLD_SHARE 0.1

/* Of the directions that tell: what was asked for, what all of them took, and that. */
struct part_time {
	double all_ns, n, sum_ns;
};

/* One direction's time in @p alone (@has_lower: or in it and all parts below); NAN: where counts
 * leave a border out, its part has those of the next ones too. */
static double dir_time(const struct budget_dir *b, enum budget_part p, bool has_lower)
{
	double sum = 0;

	if (!b->part[p].has || (!has_lower && b->part[p].up_to != p))
		return NAN;
	for (int q = (int)p; q < (has_lower ? (int)BUDGET_PARTS : (int)p + 1); q++)
		sum += b->part[q].has ? b->part[q].own_ns : 0;
	return sum;
}

static struct part_time time_in(const struct look *l, enum budget_part p, bool has_lower)
{
	struct part_time t = {0};
	double all = 0;

	for (int d = 0; d < IO_DIRS; d++) {
		const struct budget_dir *b = &l->a->budget.dir[d];
		double n = b->n[top_of(l)], one;

		if (!b->has || !(n > 0))
			continue;
		all += n * b->total_ns;
		one = dir_time(b, p, has_lower);
		if (isnan(one))
			continue;
		t.all_ns += n * b->total_ns;
		t.n += n;
		t.sum_ns += n * one;
	}
	if (!(t.all_ns > 0) || t.all_ns < (1 - UNTOLD_SHARE) * all)
		return (struct part_time){NAN, NAN, NAN};
	return t;
}

double share_of(const struct look *l, enum budget_part p)
{
	struct part_time t = time_in(l, p, false);

	return t.sum_ns / t.all_ns;
}

double share_from(const struct look *l, enum budget_part p)
{
	struct part_time t = time_in(l, p, true);

	return t.sum_ns / t.all_ns;
}

double own_time_of(const struct look *l, enum budget_part p)
{
	struct part_time t = time_in(l, p, false);

	return t.sum_ns / t.n;
}

double waiting_between(const struct look *l, enum layer_at above, enum layer_at below)
{
	double sum = NAN;

	for (int d = 0; d < IO_DIRS; d++) {
		const struct layer_dir *a = &l->a->layers[above].dir[d];
		const struct layer_dir *b = &l->a->layers[below].dir[d];

		if (!a->has || !b->has || isnan(a->mean_ns) || isnan(b->mean_ns))
			continue;
		sum = (isnan(sum) ? 0 : sum) + a->n * a->mean_ns - b->n * b->mean_ns;
	}
	return window_s(l) > 0 ? sum / 1e9 / window_s(l) : NAN;
}

double mean_at(const struct look *l, enum layer_at at)
{
	const struct layer_seen *s = &l->a->layers[at];
	double n = 0, sum = 0;

	for (int d = 0; d < IO_DIRS; d++) {
		if (d == IO_SYNC || !s->dir[d].has || isnan(s->dir[d].mean_ns))
			continue;
		n += s->dir[d].n;
		sum += s->dir[d].n * s->dir[d].mean_ns;
	}
	return n >= 1 ? sum / n : NAN;
}

double bytes_at(const struct look *l, enum layer_at at, enum io_dir dir)
{
	const struct layer_dir *d = &l->a->layers[at].dir[dir];

	return d->has ? d->bytes : NAN;
}

/* The kernel counts a process's bytes where they go through its own block layer. */
static bool is_hosts_storage(const struct look *l)
{
	const char *storage = path_of(l, "storage");

	if (!strcmp(l->bus, "vfio") || !strcmp(l->bus, "nvme-userspace"))
		return false;
	return !storage || !strcmp(storage, "file") || !strcmp(storage, "device") ||
	       !strcmp(storage, "filesystem");
}

double host_bytes(const struct look *l, enum io_dir dir)
{
	const char *counter = dir == IO_READ ? "process.read_bytes" : "process.write_bytes";

	return is_hosts_storage(l) ? rate_of(l, WATCHED_HOST, counter) * window_s(l) : NAN;
}

double count_at(const struct look *l, enum layer_at at, enum io_dir dir)
{
	const struct layer_dir *d = &l->a->layers[at].dir[dir];

	return d->has ? d->n : NAN;
}
