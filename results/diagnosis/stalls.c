#include "stalls.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "summary.h"
#include "together.h"

/* Clocks and readings are not to the ms. */
#define AROUND_S 0.02
/* Of the host's readings, which are as far apart as slices, that one more. */
#define SLICE_S 0.1

/* The readings around a time, since the counted time began: between two of them nobody knows when a
 * counter rose. Beyond the first or last one: that time itself. */
static void widen(const struct look *l, enum watcher w, double *from_s, double *to_s)
{
	const struct series_set *set = &l->a->j->watched[w];
	double before = -INFINITY, after = INFINITY;

	for (size_t i = 0; i < set->n; i++) {
		double at = ((double)set->at_ns[i] - (double)l->a->from_ns) / 1e9;

		if (at <= *from_s)
			before = at;
		if (at >= *to_s && !isfinite(after))
			after = at;
	}
	*from_s = isfinite(before) ? before : *from_s;
	*to_s = isfinite(after) ? after : *to_s;
}

static double longest_ns(const struct stutter *s)
{
	double most = 0;

	for (size_t i = 0; i < s->n_stalls; i++)
		most = fmax(most, fmax(s->stalls[i].peak_ns, 0));
	return most;
}

/* One long stall does not make others felt. */
static size_t count_felt(const struct look *l, double *ret_slow_s)
{
	const struct stutter *s = &l->a->stutter;
	size_t n = 0;

	*ret_slow_s = 0;
	for (size_t i = 0; i < s->n_stalls; i++) {
		if (!(s->stalls[i].peak_ns >= limit(l, THRESHOLD_STALL_PEAK)))
			continue;
		n++;
		*ret_slow_s += s->stalls[i].slow_s;
	}
	return n;
}

size_t stalls_felt(const struct look *l)
{
	double slow_s;

	return count_felt(l, &slow_s);
}

bool is_stuttering(const struct look *l)
{
	double slow_s;

	return (double)count_felt(l, &slow_s) >= limit(l, THRESHOLD_STALLS) &&
	       l->a->stutter.span_s > 0 &&
	       slow_s / l->a->stutter.span_s >= limit(l, THRESHOLD_STALLED);
}

#define TAIL_REQUESTS 100000 /* 100 beyond p99.9: with fewer the next run has another one */

static bool is_thin(const struct look *l)
{
	return !l->a->j->sample || sample_ios(l->a->j->sample) < TAIL_REQUESTS;
}

bool has_bad_tail(const struct look *l, struct tail *ret)
{
	return job_metric(l->a->j, METRIC_P50, &ret->p50) &&
	       job_metric(l->a->j, METRIC_P99_9, &ret->p99_9) &&
	       job_metric(l->a->j, METRIC_MEAN, &ret->mean) && ret->p50 > 0 && !is_thin(l) &&
	       ret->p99_9 / ret->p50 >= limit(l, THRESHOLD_TAIL_RATIO) &&
	       ret->p99_9 >= limit(l, THRESHOLD_TAIL_TIME);
}

bool is_felt(const struct look *l)
{
	struct tail t;

	return is_stuttering(l) || has_bad_tail(l, &t);
}

/* What all jobs' requests of a direction that completed from @from_s to @to_s took together. */
static double engine_ns(const struct look *l, int dir, double from_s, double to_s)
{
	const struct timeline *line = &l->a->line;
	double sum = 0, half = (double)line->step_ns / 2e9;

	for (size_t i = 0; i < line->n; i++) {
		double at = timeline_s(line, i);

		/* a slice that lies half in it or more */
		if (at + half >= from_s && at + half < to_s)
			sum += l->a->times_ns[(size_t)dir * line->n + i];
	}
	return sum;
}

/* Of the device's requests, those that can be the job's: others' wait is not its own. */
static double own_requests(const struct look *l)
{
	double mine = 0, all = 0;

	for (int d = 0; d < IO_SYNC; d++) {
		double n = asked_count(l, (enum io_dir)d);
		double host = count_at(l, LAYER_AT_HOST_BLOCK, (enum io_dir)d);

		mine += isnan(n) ? 0 : n;
		all += isnan(host) ? 0 : host;
	}
	return all > mine && all > 0 ? mine / all : 1;
}

static enum watcher watcher_of(enum layer_at at)
{
	return at == LAYER_AT_QEMU ? WATCHED_QEMU : WATCHED_HOST;
}

/* What a direction's requests took there. */
static double place_ns(const struct look *l, enum layer_at at, int dir, double from_s, double to_s)
{
	static const char *const counters[IO_DIRS] = {[IO_READ] = "read_ns",
						      [IO_WRITE] = "write_ns",
						      [IO_TRIM] = "discard_ns",
						      [IO_SYNC] = "flush_ns"};
	char name[SERIES_NAME_MAX];

	if (at == LAYER_AT_QEMU)
		snprintf(name, sizeof name, "block.%s", counters[dir]);
	else
		snprintf(name, sizeof name, "disk.%.40s.%s",
			 l->a->layers[LAYER_AT_HOST_BLOCK].device, counters[dir]);
	return rise_in(l, watcher_of(at), name, from_s, to_s);
}

/* Is what this direction's requests took in the slices, too? */
static bool is_sliced(const struct look *l, int dir)
{
	const struct layer_dir *all = asked_together(&l->a->layers[LAYER_AT_ENGINE], dir);

	return all->has && all->n >= 1 &&
	       engine_ns(l, dir, 0, window_s(l)) >= all->n * all->mean_ns / 2;
}

/* One stall, or all of them: requests' time at the engine, of the directions that the place counts
 * too, and there. */
struct spent {
	double all_ns, engine_ns, place_ns;
};

/* A stall at the job's end lasts beyond the last reading: nothing of it is known. */
static void add_stall(const struct look *l, enum layer_at at, const struct stall *s,
		      struct spent *sum)
{
	double from_s = s->at_s - AROUND_S, to_s = s->at_s + s->length_s + AROUND_S;
	struct spent one = {0};

	widen(l, watcher_of(at), &from_s, &to_s);

	for (int d = 0; d < IO_DIRS; d++) {
		double ns = engine_ns(l, d, from_s, to_s);

		one.all_ns += ns;
		if (!is_sliced(l, d) || !(count_at(l, at, (enum io_dir)d) >= 1))
			continue;
		one.engine_ns += ns;
		one.place_ns += place_ns(l, at, d, from_s, to_s);
	}
	if (isnan(one.place_ns))
		return;
	sum->all_ns += one.all_ns;
	sum->engine_ns += one.engine_ns;
	sum->place_ns += one.place_ns;
}

/* Where it counts less than that of the stalls' time, it tells of other requests. */
#define COUNTED_LEAST 0.5

double stalled_at(const struct look *l, enum layer_at at)
{
	const struct stutter *s = &l->a->stutter;
	const char *device = l->a->layers[LAYER_AT_HOST_BLOCK].device;
	struct spent sum = {0};

	if (!l->a->times_ns || (at != LAYER_AT_QEMU && at != LAYER_AT_HOST_BLOCK))
		return NAN;
	if (at == LAYER_AT_HOST_BLOCK && (!*device || strchr(device, ' ')))
		return NAN; /* of several, none stands for all */
	for (size_t i = 0; i < s->n_stalls; i++)
		add_stall(l, at, &s->stalls[i], &sum);
	if (at == LAYER_AT_HOST_BLOCK)
		sum.place_ns *= own_requests(l);
	if (!(sum.engine_ns > COUNTED_LEAST * sum.all_ns))
		return NAN;
	return fmin(sum.place_ns / sum.engine_ns, 1);
}

double stuck_share(const struct look *l)
{
	const char *name = l->a->layers[LAYER_AT_HOST_BLOCK].device;
	const struct series_set *set = &l->a->j->watched[WATCHED_HOST];
	const struct series *in_flight, *reads, *writes;
	char key[3][SERIES_NAME_MAX];
	size_t n = 0, n_stuck = 0;

	if (!*name || strchr(name, ' '))
		return NAN;
	snprintf(key[0], sizeof key[0], "disk.%.40s.in_flight", name);
	snprintf(key[1], sizeof key[1], "disk.%.40s.reads", name);
	snprintf(key[2], sizeof key[2], "disk.%.40s.writes", name);
	in_flight = series_find(set, key[0]);
	reads = series_find(set, key[1]);
	writes = series_find(set, key[2]);
	for (size_t i = 1; in_flight && reads && writes && i < set->n; i++) {
		double at = ((double)set->at_ns[i] - (double)l->a->from_ns) / 1e9;
		const struct stall *in = NULL;

		for (size_t k = 0; k < l->a->stutter.n_stalls && !in; k++) {
			const struct stall *s = &l->a->stutter.stalls[k];

			if (at - SLICE_S >= s->at_s && at <= s->at_s + s->length_s)
				in = s;
		}
		if (!in || in_flight->values[i] == SERIES_ABSENT)
			continue;
		n++;
		n_stuck += in_flight->values[i] > 0 && reads->values[i] == reads->values[i - 1] &&
			   writes->values[i] == writes->values[i - 1];
	}
	return n ? (double)n_stuck / (double)n : NAN;
}

void say_stalls(const struct look *l, struct bl_buf *out)
{
	const struct stutter *s = &l->a->stutter;
	char longest[FMT_MAX], base[FMT_MAX], share[FMT_MAX], span[FMT_MAX];

	if (!s->n_stalls)
		return;
	say(out,
	    "%zu stall%s, the longest request %s where the slowest of 100 ms usually takes %s, "
	    "%s of %s s",
	    s->n_stalls, s->n_stalls == 1 ? "" : "s", ns_text(longest, longest_ns(s)),
	    ns_text(base, s->base_ns), pct_text(share, s->stalled_s / s->span_s),
	    num_text(span, s->span_s));
	if (stalls_felt(l) < s->n_stalls)
		say(out, "%zu of them took %s or longer", stalls_felt(l),
		    ns_text(base, limit(l, THRESHOLD_STALL_PEAK)));
}

void stalls_span(const struct look *l, double *ret_from_s, double *ret_to_s)
{
	const struct stutter *s = &l->a->stutter;

	*ret_from_s = *ret_to_s = 0;
	if (!s->n_stalls)
		return;
	*ret_from_s = s->stalls[0].at_s;
	*ret_to_s = s->stalls[s->n_stalls - 1].at_s + s->stalls[s->n_stalls - 1].length_s;
}
