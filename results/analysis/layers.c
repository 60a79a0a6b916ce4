#include "layers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "writes.h"
#include "together.h"

const char *const layer_at_names[] = {"engine", "guest block layer", "QEMU block layer",
				      "host block layer"};
_Static_assert(BL_ARRAY_LEN(layer_at_names) == LAYER_ATS, "a name for each place");

/* The names of a direction's counters, in diskstats and in query-blockstats. */
static const struct {
	const char *n, *ns, *bytes, *hist;
} counters[IO_DIRS] = {
	[IO_READ] = {"reads", "read_ns", "read_bytes", "read_hist."},
	[IO_WRITE] = {"writes", "write_ns", "write_bytes", "write_hist."},
	[IO_TRIM] = {"discards", "discard_ns", "discard_bytes", NULL},
	[IO_SYNC] = {"flushes", "flush_ns", NULL, "flush_hist."},
};

/* What is read, and over which time. */
struct window {
	const struct series_set *set;
	uint64_t from_ns, to_ns;
};

static double duration_ns(const struct window *w)
{
	return (double)(w->to_ns - w->from_ns);
}

static void narrow(const struct series_set *s, uint64_t *from_ns, uint64_t *to_ns)
{
	if (s->n < 2)
		return;
	if (s->at_ns[0] > *from_ns)
		*from_ns = s->at_ns[0];
	if (s->at_ns[s->n - 1] < *to_ns)
		*to_ns = s->at_ns[s->n - 1];
}

bool job_window(const struct trial_record *t, const struct job_result *j, uint64_t *ret_from_ns,
		uint64_t *ret_to_ns)
{
	uint64_t from = 0, to = UINT64_MAX;

	if (j->sample && j->sample->runtime_ns) {
		*ret_from_ns = j->sample->start_ns + (uint64_t)job_clock_offset_ns(t, j);
		*ret_to_ns = *ret_from_ns + j->sample->runtime_ns;
		return true;
	}
	for (int w = 0; w < WATCHERS; w++)
		narrow(&j->watched[w], &from, &to);
	if (from >= to || to == UINT64_MAX)
		return false;
	*ret_from_ns = from;
	*ret_to_ns = to;
	return true;
}

static bool rise(const struct window *w, const char *prefix, const char *name, double *ret)
{
	char full[SERIES_NAME_MAX + 16];
	const struct series *one;

	snprintf(full, sizeof full, "%s%s", prefix, name);
	one = series_find(w->set, full);
	return one && series_rise(w->set, one, w->from_ns, w->to_ns, ret);
}

/* --- one place --- */

/* Adds a disk's or QEMU's counters to @seen; a direction that one of several lacks is absent. */
static bool add_counters(const struct window *w, const char *prefix, struct layer_seen *seen)
{
	bool any = false;

	for (int d = 0; d < IO_DIRS; d++) {
		struct layer_dir *to = &seen->dir[d];
		double n, ns, bytes = NAN;

		if (!rise(w, prefix, counters[d].n, &n) || !rise(w, prefix, counters[d].ns, &ns))
			continue;
		if (counters[d].bytes && !rise(w, prefix, counters[d].bytes, &bytes))
			bytes = NAN;
		/* mean_ns is the sum until finish() */
		to->mean_ns = to->has ? to->mean_ns + ns : ns;
		to->n = to->has ? to->n + n : n;
		to->bytes = to->has ? to->bytes + bytes : bytes;
		to->merges = NAN;
		to->has = any = true;
	}
	return any;
}

static void add_merges(struct layer_seen *seen, double merges)
{
	struct layer_dir *only = NULL;

	for (int d = 0; d < IO_SYNC; d++) {
		if (!seen->dir[d].has || seen->dir[d].n < 1)
			continue;
		if (only)
			return;
		only = &seen->dir[d];
	}
	if (only)
		only->merges = isnan(only->merges) ? merges : only->merges + merges;
}

/* Sums become means. Returns all requests' time. */
static double finish(struct layer_seen *seen)
{
	double all = 0;

	for (int d = 0; d < IO_DIRS; d++) {
		struct layer_dir *to = &seen->dir[d];

		if (!to->has)
			continue;
		all += to->mean_ns;
		to->mean_ns = to->n >= 1 ? to->mean_ns / to->n : NAN;
	}
	return all;
}

/* Busy and in flight as the kernel keeps them; false: it does not. */
static void add_use(const struct window *w, const char *prefix, struct layer_seen *seen)
{
	double busy, queue;

	if (rise(w, prefix, "busy_ns", &busy) && duration_ns(w) > 0)
		seen->busy_share = fmax(seen->busy_share, fmin(busy / duration_ns(w), 1));
	if (rise(w, prefix, "queue_ns", &queue) && duration_ns(w) > 0)
		seen->mean_inflight = (isnan(seen->mean_inflight) ? 0 : seen->mean_inflight) +
				      queue / duration_ns(w);
}

static bool add_disk(const struct window *w, const char *prefix, struct layer_seen *seen)
{
	double merges;

	if (!add_counters(w, prefix, seen))
		return false;
	if (rise(w, prefix, "merges", &merges))
		add_merges(seen, merges);
	add_use(w, prefix, seen);
	return true;
}

/* --- the engine --- */

static void see_engine(const struct trial_record *t, const struct job_result *j,
		       const struct window *w, struct layer_seen *seen)
{
	double all = 0;

	jobs_together(t, j, seen);
	snprintf(seen->source, sizeof seen->source, "the engine's own timing, built to completed");
	if (!j->sample) {
		seen->is_unmeasured = true;
		snprintf(seen->absent, sizeof seen->absent, "no job was measured");
		return;
	}
	for (int d = 0; d < IO_DIRS; d++) {
		const struct dir_sample *from = &j->sample->dir[d];

		if (!from->lat || !from->lat->n)
			continue;
		seen->dir[d] = (struct layer_dir){.has = true,
						  .n = (double)from->lat->n,
						  .mean_ns = lat_mean_ns(from->lat),
						  .bytes = d == IO_SYNC ? NAN : (double)from->bytes,
						  .merges = NAN};
		all += (double)from->lat->sum_ns;
	}
	if (all <= 0)
		snprintf(seen->absent, sizeof seen->absent, "no request completed");
	else if (duration_ns(w) > 0)
		seen->mean_inflight = all / duration_ns(w); /* Little's law */
}

/* --- QEMU's histograms --- */

struct bin {
	double bound_ns, n;
};

static int by_bound(const void *pa, const void *pb)
{
	const struct bin *a = pa, *b = pb;

	return (a->bound_ns > b->bound_ns) - (a->bound_ns < b->bound_ns);
}

/* The bins of "block.read_hist.BOUND" and how many; they come in no order. */
static size_t read_bins(const struct window *w, const char *prefix, struct bin *out)
{
	size_t n = 0, len = strlen(prefix);

	for (size_t i = 0; i < w->set->n_series; i++) {
		const struct series *one = &w->set->items[i];
		const char *bound = one->name + len;
		struct bin b;
		char *end;

		if (strncmp(one->name, prefix, len) ||
		    !series_rise(w->set, one, w->from_ns, w->to_ns, &b.n))
			continue;
		b.bound_ns = strtod(bound, &end); /* takes "inf" too */
		if (end != bound && !*end && b.bound_ns > 0)
			out[n++] = b;
	}
	qsort(out, n, sizeof *out, by_bound);
	return n;
}

static int see_histogram(const struct window *w, int dir, struct layer_dir *to)
{
	BL_CLEANUP(bl_freep) struct bin *bins = NULL;
	char prefix[SERIES_NAME_MAX];
	size_t n;

	if (!counters[dir].hist || !to->has)
		return 0;
	snprintf(prefix, sizeof prefix, "block.%s", counters[dir].hist);
	bins = calloc(w->set->n_series + 1, sizeof *bins);
	if (!bins)
		return -ENOMEM;
	n = read_bins(w, prefix, bins);
	if (n < 2 || isfinite(bins[n - 1].bound_ns))
		return 0; /* none, or not a whole one */
	to->bounds_ns = calloc(n, sizeof *to->bounds_ns);
	to->counts = calloc(n, sizeof *to->counts);
	if (!to->bounds_ns || !to->counts)
		return -ENOMEM;
	to->n_bounds = n - 1;
	for (size_t i = 0; i < n; i++) {
		to->counts[i] = bins[i].n;
		if (i < n - 1)
			to->bounds_ns[i] = bins[i].bound_ns;
	}
	return 0;
}

static int see_qemu(const struct window *w, struct layer_seen *seen)
{
	double all;
	int r = 0;

	snprintf(seen->source, sizeof seen->source, "query-blockstats of the disk under test");
	if (!add_counters(w, "block.", seen)) {
		snprintf(seen->absent, sizeof seen->absent, "QEMU's block layer was not watched");
		return 0;
	}
	all = finish(seen);
	if (duration_ns(w) > 0)
		seen->mean_inflight = all / duration_ns(w);
	for (int d = 0; d < IO_DIRS && r == 0; d++)
		r = see_histogram(w, d, &seen->dir[d]);
	return r;
}

static void see_guest(const struct window *w, struct layer_seen *seen)
{
	snprintf(seen->source, sizeof seen->source,
		 "/proc/diskstats of the guest, disk under test");
	if (add_disk(w, "disk.", seen))
		finish(seen);
	else
		snprintf(seen->absent, sizeof seen->absent,
			 "the guest's block layer was not watched");
}

/* --- the host's devices --- */

#define DEVICES_MAX 16
struct devices {
	char names[DEVICES_MAX][SERIES_NAME_MAX];
	size_t n;
};

static bool is_stacked(const char *name)
{
	static const char *const kinds[] = {"dm-", "md", "loop"};

	for (size_t i = 0; i < BL_ARRAY_LEN(kinds); i++)
		if (!strncmp(name, kinds[i], strlen(kinds[i])))
			return true;
	return false;
}

/* What the trial's facts say of it: 1 a leaf, 0 none, -1 nothing. */
static int said_leaf(const struct trial_record *t, const char *name)
{
	for (size_t i = 0; i < t->facts.n; i++) {
		const char *key = t->facts.items[i].key, *is;
		char leaf[96];

		if (strncmp(key, "path.device.", 12) || strcmp(t->facts.items[i].value, name) ||
		    key[12 + strspn(key + 12, "0123456789")])
			continue;
		snprintf(leaf, sizeof leaf, "%s.is_leaf", key);
		is = facts_get(&t->facts, leaf);
		return is ? !strcmp(is, "yes") || !strcmp(is, "1") || !strcmp(is, "true") : -1;
	}
	return -1;
}

/* Every "disk.NAME.reads" of the set. */
static void watched_disks(const struct series_set *set, struct devices *ret)
{
	for (size_t i = 0; i < set->n_series && ret->n < DEVICES_MAX; i++) {
		const char *name = set->items[i].name, *end = strrchr(name, '.');

		if (strncmp(name, "disk.", 5) || !end || end < name + 5 || strcmp(end, ".reads"))
			continue;
		snprintf(ret->names[ret->n++], SERIES_NAME_MAX, "%.*s", (int)(end - name - 5),
			 name + 5);
	}
}

/* The device that the backing lies on: its times hold what is between it and the leaves, too (a
 * cipher, parity, a target that delays). */
static bool top_of(const struct trial_record *t, const struct devices *all, struct devices *ret)
{
	const char *top = facts_get(&t->facts, "path.device.0");

	for (size_t i = 0; top && i < all->n; i++) {
		if (strcmp(all->names[i], top) != 0)
			continue;
		memcpy(ret->names[ret->n++], all->names[i], SERIES_NAME_MAX);
		return true;
	}
	return false;
}

static void devices_of(const struct trial_record *t, const struct series_set *set,
		       struct devices *ret)
{
	struct devices all = {0};
	size_t n_said = 0, n_plain = 0;

	watched_disks(set, &all);
	if (top_of(t, &all, ret))
		return;
	for (size_t i = 0; i < all.n; i++) {
		n_said += said_leaf(t, all.names[i]) == 1;
		n_plain += !is_stacked(all.names[i]);
	}
	for (size_t i = 0; i < all.n; i++) {
		bool is = n_said ? said_leaf(t, all.names[i]) == 1
				 : !n_plain || !is_stacked(all.names[i]);

		if (is)
			memcpy(ret->names[ret->n++], all.names[i], SERIES_NAME_MAX);
	}
}

static void see_host(const struct trial_record *t, const struct window *w, struct layer_seen *seen)
{
	struct devices devices = {0};
	char prefix[SERIES_NAME_MAX + 8];
	const char *storage = facts_get(&t->facts, "path.storage");
	bool any = false;

	snprintf(seen->source, sizeof seen->source,
		 "/proc/diskstats of the host, devices below the backing");
	devices_of(t, w->set, &devices);
	for (size_t i = 0; i < devices.n; i++) {
		size_t len = strlen(seen->device);

		snprintf(prefix, sizeof prefix, "disk.%s.", devices.names[i]);
		if (!add_disk(w, prefix, seen))
			continue;
		snprintf(seen->device + len, sizeof seen->device - len, "%s%s", len ? " " : "",
			 devices.names[i]);
		any = true;
	}
	if (any) {
		finish(seen);
		return;
	}
	if (storage && (!strcmp(storage, "nbd") || !strcmp(storage, "network")))
		snprintf(seen->absent, sizeof seen->absent,
			 "the backing is no block device of this host: %s", storage);
	else
		snprintf(seen->absent, sizeof seen->absent,
			 "no block device below the backing was watched");
}

/* --- all four --- */

/* Why a place can't be in this bus' way; NULL: it can. */
static const char *not_in_the_way(const char *bus, enum layer_at at)
{
	if (!strcmp(bus, "host"))
		return at == LAYER_AT_GUEST_BLOCK || at == LAYER_AT_QEMU ? "there is no VM" : NULL;
	if (!strcmp(bus, "vfio"))
		return at == LAYER_AT_QEMU || at == LAYER_AT_HOST_BLOCK
			       ? "the guest has the controller: requests pass neither QEMU nor the "
				 "host's kernel"
			       : NULL;
	if (!strcmp(bus, "nvme-userspace") && at == LAYER_AT_HOST_BLOCK)
		return "QEMU's own driver has the controller: requests do not pass the host's "
		       "kernel";
	return NULL;
}

static int see(const struct trial_record *t, const struct job_result *j, enum layer_at at,
	       struct window *w, struct layer_seen *seen)
{
	switch (at) {
	case LAYER_AT_ENGINE:
		see_engine(t, j, w, seen);
		return 0;
	case LAYER_AT_GUEST_BLOCK:
		w->set = &j->watched[WATCHED_GUEST];
		see_guest(w, seen);
		return 0;
	case LAYER_AT_QEMU:
		w->set = &j->watched[WATCHED_QEMU];
		return see_qemu(w, seen);
	default:
		w->set = &j->watched[WATCHED_HOST];
		see_host(t, w, seen);
		return 0;
	}
}

int layers_of(const struct trial_record *t, const struct job_result *j, const char *bus,
	      struct layer_seen *ret, struct bl_err *err)
{
	struct layer_seen seen[LAYER_ATS] = {0};
	struct window w = {.set = NULL};
	int r = 0;

	if (!job_window(t, j, &w.from_ns, &w.to_ns))
		w.from_ns = w.to_ns = 0;
	for (int at = 0; at < LAYER_ATS && r == 0; at++) {
		const char *why = not_in_the_way(bus, (enum layer_at)at);
		const char *later = writes_deferred(t, j, bus, (enum layer_at)at);

		seen[at].busy_share = seen[at].mean_inflight = NAN;
		snprintf(seen[at].deferred, sizeof seen[at].deferred, "%s", later ? later : "");
		if (why)
			snprintf(seen[at].absent, sizeof seen[at].absent, "%s", why);
		else
			r = see(t, j, (enum layer_at)at, &w, &seen[at]);
	}
	if (r < 0) {
		layers_done(seen);
		return bl_fail(err, r, "no memory for the layers of job '%s'", j->name);
	}
	writes_without_flushes(seen);
	memcpy(ret, seen, sizeof seen);
	return 0;
}

void layers_done(struct layer_seen *layers)
{
	for (int at = 0; at < LAYER_ATS; at++) {
		for (int d = 0; d < IO_DIRS; d++) {
			free(layers[at].dir[d].bounds_ns);
			free(layers[at].dir[d].counts);
		}
		layers[at] = (struct layer_seen){0};
	}
}

bool layer_percentile(const struct layer_dir *d, double p, double *ret_ns)
{
	double all = 0, below = 0, rank;

	for (size_t i = 0; d->n_bounds && i <= d->n_bounds; i++)
		all += d->counts[i];
	if (all * (100 - p) < 100 * (1 - 1e-9))
		return false;
	rank = all * p / 100;
	for (size_t i = 0; i < d->n_bounds; i++) {
		double lo = i ? d->bounds_ns[i - 1] : 0, hi = d->bounds_ns[i], share;

		if (below + d->counts[i] < rank) {
			below += d->counts[i];
			continue;
		}
		share = d->counts[i] > 0 ? (rank - below) / d->counts[i] : 1;
		*ret_ns = lo > 0 ? lo * pow(hi / lo, share) : hi * share;
		return true;
	}
	return false;
}
