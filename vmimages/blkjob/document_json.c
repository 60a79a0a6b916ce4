/* document_json.c - fio 3.33's JSON, field by field, and beside it what the engine knows of
 * itself and latency from the intended start of rated jobs (docs/fio-json.md). */
#include "document.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "disk_util.h"
#include "entry.h"
#include "folded.h"
#include "json_writer.h"
#include "steady.h"
#include "units.h"

struct look { /* what of a latency is shown */
	const double *percentiles;
	unsigned n_percentiles; /* 0: none */
	bool bins;
};

static void put_percentiles(struct json_writer *w, const struct folded *f, const struct look *look)
{
	char key[32];

	json_object_open(w, "percentile");
	for (unsigned i = 0; i < look->n_percentiles; i++) {
		snprintf(key, sizeof(key), "%f", look->percentiles[i]);
		json_put_uint(w, key, folded_percentile(f, look->percentiles[i]));
	}
	json_object_close(w);
}

static void put_bins(struct json_writer *w, const struct folded *f)
{
	char key[32];

	json_object_open(w, "bins");
	for (unsigned i = 0; i < FOLDED_BUCKETS; i++) {
		if (!f->count[i])
			continue;
		snprintf(key, sizeof(key), "%llu", (unsigned long long)folded_value(i));
		json_put_uint(w, key, f->count[i]);
	}
	json_object_close(w);
}

static void put_lat(struct json_writer *w, const char *key, const struct lat *l,
		    const struct look *look)
{
	bool has = l && l->n;
	struct folded f;

	json_object_open(w, key);
	json_put_uint(w, "min", has ? l->min_ns : 0);
	json_put_uint(w, "max", has ? l->max_ns : 0);
	json_put_real(w, "mean", has ? lat_mean_ns(l) : 0);
	json_put_real(w, "stddev", has ? lat_stddev_ns(l) : 0);
	json_put_uint(w, "N", has ? l->n : 0);
	if (has && (look->n_percentiles || look->bins))
		folded_from(&f, &l->hist);
	if (has && look->n_percentiles)
		put_percentiles(w, &f, look);
	if (has && look->bins)
		put_bins(w, &f);
	json_object_close(w);
}

static void put_windows(struct json_writer *w, const struct side *s)
{
	json_put_uint(w, "bw_min", (uint64_t)s->bw.min);
	json_put_uint(w, "bw_max", (uint64_t)s->bw.max);
	json_put_real(w, "bw_agg", s->bw_agg_pct);
	json_put_real(w, "bw_mean", s->bw.mean);
	json_put_real(w, "bw_dev", window_stats_stddev(&s->bw));
	json_put_uint(w, "bw_samples", s->bw.n);
	json_put_uint(w, "iops_min", (uint64_t)s->iops_windows.min);
	json_put_uint(w, "iops_max", (uint64_t)s->iops_windows.max);
	json_put_real(w, "iops_mean", s->iops_windows.mean);
	json_put_real(w, "iops_stddev", window_stats_stddev(&s->iops_windows));
	json_put_uint(w, "iops_samples", s->iops_windows.n);
}

/* Requests by priority, when some had another than the rest. */
static void put_prios(struct json_writer *w, const struct entry *e, int side,
		      const struct look *look)
{
	unsigned n = 0;

	for (int prio = 0; side <= SIDE_WRITE && prio < ENGINE_PRIOS; prio++)
		n += e->by_prio[side][prio] && e->by_prio[side][prio]->n;
	if (n < 2)
		return;
	json_array_open(w, "prios");
	for (int prio = 0; prio < ENGINE_PRIOS; prio++) {
		if (!e->by_prio[side][prio] || !e->by_prio[side][prio]->n)
			continue;
		json_object_open(w, NULL);
		json_put_uint(w, "prioclass", e->ioprio[prio] >> 13);
		json_put_uint(w, "prio", e->ioprio[prio] & 7);
		put_lat(w, "clat_ns", e->by_prio[side][prio], look);
		json_object_close(w);
	}
	json_array_close(w);
}

static void put_side(struct json_writer *w, const struct entry *e, int side, const struct look *all)
{
	const struct side *s = &e->side[side];
	struct look none = {.bins = all->bins};

	json_object_open(w, side_names[side]);
	json_put_uint(w, "io_bytes", s->bytes);
	json_put_uint(w, "io_kbytes", s->bytes / KiB);
	json_put_uint(w, "bw_bytes", s->bw_bytes);
	json_put_uint(w, "bw", s->bw_bytes / KiB);
	json_put_real(w, "iops", s->iops);
	json_put_uint(w, "runtime", s->runtime_ms);
	json_put_uint(w, "total_ios", s->ios);
	json_put_uint(w, "short_ios", s->short_ios);
	json_put_uint(w, "drop_ios", s->dropped_ios);
	put_lat(w, "slat_ns", s->slat, e->job->slat_percentiles ? all : &none);
	put_lat(w, "clat_ns", s->clat, e->job->clat_percentiles ? all : &none);
	put_lat(w, "lat_ns", s->lat, e->job->lat_percentiles ? all : &none);
	if (s->sched)
		put_lat(w, "sched_lat_ns", s->sched, all);
	put_windows(w, s);
	put_prios(w, e, side, e->job->clat_percentiles ? all : &none);
	json_object_close(w);
}

static void put_sync(struct json_writer *w, const struct entry *e, const struct look *all)
{
	struct look none = {.bins = all->bins};
	bool shows = e->job->clat_percentiles || e->job->lat_percentiles;

	json_object_open(w, "sync");
	json_put_uint(w, "total_ios", e->sample->dir[IO_SYNC].ios);
	put_lat(w, "lat_ns", e->sample->dir[IO_SYNC].lat, shows ? all : &none);
	json_object_close(w);
}

static void put_directions(struct json_writer *w, const struct entry *e, const struct look *look)
{
	unsigned sides = entry_sides(e);

	for (int side = 0; side < SIDE_MIXED; side++)
		if (sides & 1u << side)
			put_side(w, e, side, look);
	if (sides != 1u << SIDE_MIXED)
		put_sync(w, e, look);
	if (sides & 1u << SIDE_MIXED)
		put_side(w, e, SIDE_MIXED, look);
}

static void put_cpu(struct json_writer *w, const struct entry *e)
{
	const struct sample *s = e->sample;
	double all = (double)e->job_runtime_ms * 1e6;

	json_put_uint(w, "job_runtime", e->job_runtime_ms);
	json_put_real(w, "usr_cpu", all > 0 ? (double)s->cpu_user_ns * 100 / all : 0);
	json_put_real(w, "sys_cpu", all > 0 ? (double)s->cpu_sys_ns * 100 / all : 0);
	json_put_uint(w, "ctx", s->ctx_voluntary + s->ctx_involuntary);
	json_put_uint(w, "majf", e->depths.major_faults);
	json_put_uint(w, "minf", e->depths.minor_faults);
}

static void put_depths(struct json_writer *w, const char *key, const uint64_t *counts,
		       const char *const *keys)
{
	double pct[ENGINE_DEPTHS];

	depth_percents(counts, pct);
	json_object_open(w, key);
	for (int i = 0; i < ENGINE_DEPTHS; i++)
		json_put_real(w, keys[i], pct[i]);
	json_object_close(w);
}

static void put_table(struct json_writer *w, const char *key, const double *pct, unsigned n)
{
	char bound[24];

	json_object_open(w, key);
	for (unsigned i = 0; i < n; i++) {
		if (i < SPREAD_MS - 1)
			snprintf(bound, sizeof(bound), "%u", spread_bounds[i]);
		json_put_real(w, i < SPREAD_MS - 1 ? bound : ">=2000", pct[i]);
	}
	json_object_close(w);
}

static void put_spread(struct json_writer *w, const struct entry *e)
{
	struct spread s;

	entry_spread(e, &s);
	put_table(w, "latency_ns", s.ns, SPREAD_NS);
	put_table(w, "latency_us", s.us, SPREAD_US);
	put_table(w, "latency_ms", s.ms, SPREAD_MS);
}

/* The lines "name=value" of @text as members. */
static void put_options(struct json_writer *w, const char *key, const char *text)
{
	if (!text)
		return;
	json_object_open(w, key);
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		BL_CLEANUP(bl_buf_done) struct bl_buf name = BL_BUF_INIT;
		size_t equals;

		n = strcspn(text, "\n");
		equals = strcspn(text, "=\n");
		bl_buf_add(&name, text, equals);
		json_put_textn(w, bl_buf_str(&name), text + equals + (equals < n),
			       n - equals - (equals < n));
	}
	json_object_close(w);
}

static void put_latency_target(struct json_writer *w, const struct entry *e)
{
	const struct job *j = e->job;
	uint32_t depth = e->latency_depth ? e->latency_depth : j->iodepth;

	json_put_uint(w, "latency_depth", depth);
	json_put_uint(w, "latency_target", j->latency_target_ns);
	json_put_real(w, "latency_percentile", j->latency_percentile);
	json_put_uint(w, "latency_window", j->latency_window_ns / NS_PER_US);
}

static void put_rates(struct json_writer *w, const char *key, const uint64_t *v, uint32_t n)
{
	json_array_open(w, key);
	for (uint32_t i = 0; i < n; i++)
		json_put_uint(w, NULL, v[i]);
	json_array_close(w);
}

static void put_steady(struct json_writer *w, const struct entry *e)
{
	const struct engine_steady *s = e->steady;
	struct steady_text t;

	steady_text(e->job, s, &t);
	json_object_open(w, "steadystate");
	json_put_text(w, "ss", t.asked);
	json_put_uint(w, "duration", e->job->ss_dur_ns / NS_PER_S);
	json_put_uint(w, "attained", s->is_attained);
	json_put_text(w, "criterion", t.criterion);
	json_put_real(w, "max_deviation", s->deviation);
	json_put_real(w, "slope", s->slope);
	json_object_open(w, "data");
	json_put_uint(w, "bw_mean", t.bw_mean);
	json_put_uint(w, "iops_mean", t.iops_mean);
	put_rates(w, "iops", s->iops, s->n);
	put_rates(w, "bw", s->bw_bytes, s->n);
	json_object_close(w);
	json_object_close(w);
}

/* What the generator says of itself; nothing here is fio's. */
static void put_engine(struct json_writer *w, const struct entry *e)
{
	const struct sample *s = e->sample;
	double ios = (double)sample_ios(s);

	json_object_open(w, "engine");
	if (s->engine[0]) /* has run */
		json_put_text(w, "name", s->engine);
	if (s->clock[0])
		json_put_text(w, "clock", s->clock);
	if (s->clock_cost_ns > 0)
		json_put_real(w, "clock_cost_ns", s->clock_cost_ns);
	if (sample_has_drift(s))
		json_put_real(w, "clock_drift_ppm", s->clock_drift_ppm);
	json_put_uint(w, "inflight_at_ramp", e->n_inflight_at_ramp);
	json_put_uint(w, "enters", e->n_enters);
	json_put_uint(w, "empty_polls", e->n_polls);
	json_put_uint(w, "kernel_worker_ns", e->kernel_worker_ns);
	if (ios > 0) {
		json_put_real(w, "enters_per_io", (double)e->n_enters / ios);
		/* a short job may not see a single tick of the CPU clock */
		if (s->cpu_user_ns)
			json_put_real(w, "user_ns_per_io", (double)s->cpu_user_ns / ios);
		if (s->cpu_sys_ns)
			json_put_real(w, "sys_ns_per_io", (double)s->cpu_sys_ns / ios);
	}
	json_object_close(w);
}

static void put_job(struct json_writer *w, const struct results *r, const struct entry *e,
		    bool plus)
{
	double list[JOB_PERCENTILES_MAX];
	struct look look = {.percentiles = list, .bins = plus};
	const struct sample *s = e->sample;

	look.n_percentiles = entry_percentiles(e, list);
	json_object_open(w, NULL);
	json_put_text(w, "jobname", e->job->name);
	json_put_uint(w, "groupid", e->job->report_group);
	if (e->started_wall_ms)
		json_put_uint(w, "job_start", e->started_wall_ms);
	json_put_uint(w, "error", (uint64_t)s->error);
	if (s->error)
		json_put_text(w, "error_text", s->error_text);
	json_put_uint(w, "eta", r->eta_s);
	json_put_uint(w, "elapsed", (r->elapsed_ns + NS_PER_S - 1) / NS_PER_S);
	put_options(w, "job options", e->options);
	put_directions(w, e, &look);
	put_cpu(w, e);
	put_depths(w, "iodepth_level", e->depths.level, depth_level_keys);
	put_depths(w, "iodepth_submit", e->depths.submit, depth_batch_keys);
	put_depths(w, "iodepth_complete", e->depths.complete, depth_batch_keys);
	put_spread(w, e);
	if (e->job->continue_on_error) {
		json_put_uint(w, "total_err", e->n_errors);
		json_put_int(w, "first_error", e->first_error);
	}
	put_latency_target(w, e);
	if (e->job->description[0])
		json_put_text(w, "desc", e->job->description);
	if (e->steady)
		put_steady(w, e);
	put_engine(w, e);
	json_object_close(w);
}

static void put_disk(struct json_writer *w, const struct disk_use *d)
{
	json_object_open(w, NULL);
	json_put_text(w, "name", d->name);
	json_put_uint(w, "read_ios", d->own.read_ios);
	json_put_uint(w, "write_ios", d->own.write_ios);
	json_put_uint(w, "read_sectors", d->own.read_sectors);
	json_put_uint(w, "write_sectors", d->own.write_sectors);
	json_put_uint(w, "read_merges", d->own.read_merges);
	json_put_uint(w, "write_merges", d->own.write_merges);
	json_put_uint(w, "read_ticks", d->own.read_ms);
	json_put_uint(w, "write_ticks", d->own.write_ms);
	json_put_uint(w, "in_queue", d->own.queue_ms);
	json_put_real(w, "util", d->util_pct);
	if (d->n_below) {
		json_put_uint(w, "aggr_read_ios", d->below.read_ios);
		json_put_uint(w, "aggr_write_ios", d->below.write_ios);
		json_put_uint(w, "aggr_read_sectors", d->below.read_sectors);
		json_put_uint(w, "aggr_write_sectors", d->below.write_sectors);
		json_put_uint(w, "aggr_read_merges", d->below.read_merges);
		json_put_uint(w, "aggr_write_merge", d->below.write_merges); /* fio's spelling */
		json_put_uint(w, "aggr_read_ticks", d->below.read_ms);
		json_put_uint(w, "aggr_write_ticks", d->below.write_ms);
		json_put_uint(w, "aggr_in_queue", d->below.queue_ms);
		json_put_real(w, "aggr_util", d->below_util_pct);
	}
	json_object_close(w);
}

static void put_lines(struct json_writer *w, const char *key, const char *text)
{
	json_array_open(w, key);
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		json_put_textn(w, NULL, text, n);
	}
	json_array_close(w);
}

static void put_head(struct json_writer *w, const struct results *r)
{
	time_t now = (time_t)(r->now_ms / 1000);
	char when[32];

	ctime_r(&now, when);
	when[strcspn(when, "\n")] = 0;
	json_put_text(w, "fio version", DOCUMENT_VERSION);
	json_put_uint(w, "timestamp", r->now_ms / 1000);
	json_put_uint(w, "timestamp_ms", r->now_ms);
	json_put_text(w, "time", when);
	put_options(w, "global options", r->jobs->globals);
}

int document_json(const struct results *r, bool plus, struct bl_buf *out)
{
	BL_CLEANUP(entries_done) struct entries all = {0};
	struct json_writer w = {.out = out};

	if (entries_make(r, &all) < 0)
		return -ENOMEM;
	json_object_open(&w, NULL);
	put_head(&w, r);
	json_array_open(&w, "jobs");
	for (size_t i = 0; i < all.n; i++)
		put_job(&w, r, &all.items[i], plus);
	json_array_close(&w);
	if (r->n_disks) {
		json_array_open(&w, "disk_util");
		for (size_t i = 0; i < r->n_disks; i++)
			put_disk(&w, &r->disks[i]);
		json_array_close(&w);
	}
	json_put_text(&w, "blkjob version", BLKLAB_VERSION);
	if (r->jobs->ignored)
		put_lines(&w, "ignored options", r->jobs->ignored);
	json_object_close(&w);
	bl_buf_addc(out, '\n');
	return bl_buf_failed(out) ? -ENOMEM : 0;
}
