#include "entry.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

const char *const side_names[SIDES] = {"read", "write", "trim", "mixed"};

static uint64_t ms_up(uint64_t ns)
{
	return (ns + NS_PER_MS - 1) / NS_PER_MS;
}

unsigned entry_sides(const struct entry *e)
{
	unsigned each = 1u << SIDE_READ | 1u << SIDE_WRITE | 1u << SIDE_TRIM;

	if (e->job->unified_rw_reporting == JOB_UNIFIED_MIXED)
		return 1u << SIDE_MIXED;
	return e->job->unified_rw_reporting == JOB_UNIFIED_BOTH ? each | 1u << SIDE_MIXED : each;
}

unsigned entry_percentiles(const struct entry *e, double ret[JOB_PERCENTILES_MAX])
{
	static const double usual[] = {1,  5,  10, 20, 30,   40,   50,    60,   70,
				       80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99};
	unsigned n = 0;

	while (n < JOB_PERCENTILES_MAX && e->job->percentile_list[n] > 0) {
		ret[n] = e->job->percentile_list[n];
		n++;
	}
	if (n)
		return n;
	memcpy(ret, usual, sizeof(usual));
	return sizeof(usual) / sizeof(usual[0]);
}

/* The windows of one clone join those of the entry. */
static void add_windows(struct entry *e, const struct sample *s)
{
	for (int dir = 0; dir < SIDE_MIXED; dir++) {
		struct window_stats bw, iops;

		if (!s->dir[dir].ios)
			continue;
		window_stats_from(s, (enum io_dir)dir, true, e->job->bwavgtime_ns, &bw);
		window_stats_from(s, (enum io_dir)dir, false, e->job->iopsavgtime_ns, &iops);
		window_stats_add(&e->side[dir].bw, &bw);
		window_stats_add(&e->side[dir].iops_windows, &iops);
	}
}

static void add_engine(struct entry *e, const struct engine_clone *c)
{
	for (int i = 0; i < ENGINE_DEPTHS; i++) {
		e->depths.level[i] += c->depths.level[i];
		e->depths.submit[i] += c->depths.submit[i];
		e->depths.complete[i] += c->depths.complete[i];
	}
	e->depths.major_faults += c->depths.major_faults;
	e->depths.minor_faults += c->depths.minor_faults;
	e->n_inflight_at_ramp += c->n_inflight_at_ramp;
	e->n_enters += c->n_enters;
	e->n_polls += c->n_polls;
	e->kernel_worker_ns += c->kernel_worker_ns;
}

/* The slices stay with the clones: the windows are made of them one clone at a time. */
static int add_sample(struct entry *e, const struct sample *s)
{
	struct sample counts = *s;

	counts.intervals = NULL;
	counts.n_intervals = 0;
	if (!e->sample)
		e->sample = sample_new(e->job->name);
	return e->sample ? sample_merge(e->sample, &counts) : -ENOMEM;
}

static int add_prios(struct entry *e, const struct engine_clone *c)
{
	if (c->clat_by_prio[0][0] || c->clat_by_prio[1][0])
		memcpy(e->ioprio, c->ioprio, sizeof(e->ioprio));
	for (int dir = 0; dir < 2; dir++) {
		for (int prio = 0; prio < ENGINE_PRIOS; prio++) {
			const struct lat *from = c->clat_by_prio[dir][prio];

			if (from && !sample_lat(&e->by_prio[dir][prio]))
				return -ENOMEM;
			if (from)
				lat_merge(e->by_prio[dir][prio], from);
		}
	}
	return 0;
}

static int add_clone(struct entry *e, const struct engine_clone *c)
{
	if (add_sample(e, c->sample) < 0 || add_prios(e, c) < 0)
		return -ENOMEM;
	for (int dir = 0; dir < SIDE_MIXED; dir++) {
		struct side *side = &e->side[dir];
		uint64_t ms = c->sample->dir[dir].ios ? ms_up(c->sample->runtime_ns) : 0;

		side->short_ios += c->short_ios[dir];
		side->dropped_ios += c->dropped_ios[dir];
		side->runtime_ms = ms > side->runtime_ms ? ms : side->runtime_ms;
	}
	add_windows(e, c->sample);
	add_engine(e, c);
	e->n_jobs++;
	e->job_runtime_ms += ms_up(c->sample->runtime_ns);
	if (c->started_wall_ms && (!e->started_wall_ms || c->started_wall_ms < e->started_wall_ms))
		e->started_wall_ms = c->started_wall_ms;
	e->n_errors += c->n_errors;
	e->first_error = e->first_error ? e->first_error : c->first_error;
	e->latency_depth = c->latency_depth ? c->latency_depth : e->latency_depth;
	e->latency_failed |= c->latency_failed;
	if (!e->steady && e->job->steadystate != JOB_SS_NONE)
		e->steady = &c->steady;
	return 0;
}

static void set_rates(struct side *s)
{
	if (!s->runtime_ms)
		return;
	s->bw_bytes = (uint64_t)((unsigned __int128)s->bytes * 1000 / s->runtime_ms);
	s->iops = 1000 * (double)s->ios / (double)s->runtime_ms;
}

static void show_side(const struct entry *e, struct side *s, const struct lat *slat,
		      const struct lat *clat, const struct lat *lat, const struct lat *sched)
{
	s->slat = e->job->disable_slat ? NULL : slat;
	s->clat = e->job->disable_clat ? NULL : clat;
	s->lat = e->job->disable_lat ? NULL : lat;
	s->sched = e->job->disable_lat ? NULL : sched;
	set_rates(s);
}

static int mix_lat(struct lat **to, const struct lat *from)
{
	if (!from || !from->n)
		return 0;
	if (!sample_lat(to))
		return -ENOMEM;
	lat_merge(*to, from);
	return 0;
}

/* All directions of the entry in one, as if they had been one. */
static int mix(struct entry *e)
{
	struct side *to = &e->side[SIDE_MIXED];

	for (int dir = 0; dir < SIDE_MIXED; dir++) {
		const struct dir_sample *d = &e->sample->dir[dir];
		const struct side *from = &e->side[dir];

		if (mix_lat(&e->mixed[0], d->slat) < 0 || mix_lat(&e->mixed[1], d->clat) < 0 ||
		    mix_lat(&e->mixed[2], d->lat) < 0 || mix_lat(&e->mixed[3], d->sched) < 0)
			return -ENOMEM;
		to->bytes += d->bytes;
		to->ios += d->ios;
		to->short_ios += from->short_ios;
		to->dropped_ios += from->dropped_ios;
		if (from->runtime_ms > to->runtime_ms)
			to->runtime_ms = from->runtime_ms;
		window_stats_add(&to->bw, &from->bw);
		window_stats_add(&to->iops_windows, &from->iops_windows);
	}
	show_side(e, to, e->mixed[0], e->mixed[1], e->mixed[2], e->mixed[3]);
	return 0;
}

static int finish_entry(struct entry *e)
{
	for (int dir = 0; dir < SIDE_MIXED; dir++) {
		const struct dir_sample *d = &e->sample->dir[dir];

		e->side[dir].bytes = d->bytes;
		e->side[dir].ios = d->ios;
		show_side(e, &e->side[dir], d->slat, d->clat, d->lat, d->sched);
	}
	return entry_sides(e) & 1u << SIDE_MIXED ? mix(e) : 0;
}

static int collect(const struct results *r, struct entries *out)
{
	struct entry *e = NULL;

	for (size_t i = 0; i < r->n_clones; i++) {
		const struct engine_clone *c = &r->clones[i];
		const struct job *j = &r->jobs->items[c->job];

		if (!j->stats)
			continue;
		if (!e || !j->group_reporting || e->job->report_group != j->report_group) {
			e = &out->items[out->n++];
			e->job = j;
			e->options = r->jobs->echoes ? r->jobs->echoes[c->job].options : NULL;
		}
		if (add_clone(e, c) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < out->n; i++)
		if (finish_entry(&out->items[i]) < 0)
			return -ENOMEM;
	return 0;
}

static void add_to_group(struct group_total *g, const struct entry *e)
{
	for (int i = 0; i < SIDES; i++) {
		const struct side *s = &e->side[i];
		bool is_first = !g->side[i].max_run_ms;

		if (!s->runtime_ms || !(entry_sides(e) & 1u << i))
			continue;
		g->side[i].bytes += s->bytes;
		if (is_first || s->bw_bytes < g->side[i].min_bw_bytes)
			g->side[i].min_bw_bytes = s->bw_bytes;
		if (s->bw_bytes > g->side[i].max_bw_bytes)
			g->side[i].max_bw_bytes = s->bw_bytes;
		if (is_first || s->runtime_ms < g->side[i].min_run_ms)
			g->side[i].min_run_ms = s->runtime_ms;
		if (s->runtime_ms > g->side[i].max_run_ms)
			g->side[i].max_run_ms = s->runtime_ms;
		g->side[i].bw_bytes = (uint64_t)((unsigned __int128)g->side[i].bytes * 1000 /
						 g->side[i].max_run_ms);
	}
}

/* Groupids rise from entry to entry. */
static void total_groups(struct entries *out)
{
	for (size_t i = 0; i < out->n; i++) {
		uint32_t id = out->items[i].job->report_group;

		if (!out->n_groups || out->groups[out->n_groups - 1].id != id)
			out->groups[out->n_groups++].id = id;
		add_to_group(&out->groups[out->n_groups - 1], &out->items[i]);
	}
	for (size_t i = 0, g = 0; i < out->n; i++) {
		struct entry *e = &out->items[i];

		g += out->groups[g].id != e->job->report_group;
		for (int k = 0; k < SIDES; k++) {
			double all = (double)out->groups[g].side[k].bw_bytes / 1024;

			if (all > 0 && e->side[k].bw.n)
				e->side[k].bw_agg_pct = fmin(100, 100 * e->side[k].bw.mean / all);
		}
	}
}

int entries_make(const struct results *r, struct entries *ret)
{
	size_t n = r->n_clones ? r->n_clones : 1;

	*ret = (struct entries){.items = calloc(n, sizeof(*ret->items)),
				.groups = calloc(n, sizeof(*ret->groups))};
	if (!ret->items || !ret->groups || collect(r, ret) < 0) {
		entries_done(ret);
		return -ENOMEM;
	}
	total_groups(ret);
	return 0;
}

void entries_done(struct entries *e)
{
	for (size_t i = 0; i < e->n; i++) {
		sample_free(e->items[i].sample);
		for (size_t k = 0; k < sizeof(e->items[i].mixed) / sizeof(e->items[i].mixed[0]);
		     k++)
			free(e->items[i].mixed[k]);
		for (int dir = 0; dir < 2; dir++)
			for (int prio = 0; prio < ENGINE_PRIOS; prio++)
				free(e->items[i].by_prio[dir][prio]);
	}
	free(e->items);
	free(e->groups);
	*e = (struct entries){0};
}
