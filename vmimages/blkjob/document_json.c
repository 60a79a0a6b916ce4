/* document_json.c - fio 3.33's JSON, field by field (the layout tools read), and beside it
 * sched_lat_ns: latency from the intended start of rated jobs. */
#include "document.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "folded.h"
#include "jobfile.h"
#include "units.h"

/* jansson refuses a NULL value, so that one lost allocation shows at the end. */
static void set(json_t *o, const char *key, json_t *v, bool *ok)
{
	*ok &= json_object_set_new(o, key, v) == 0;
}

static void set_int(json_t *o, const char *key, uint64_t v, bool *ok)
{
	set(o, key, json_integer((json_int_t)v), ok);
}

static void set_real(json_t *o, const char *key, double v, bool *ok)
{
	set(o, key, json_real(isfinite(v) ? v : 0), ok);
}

static json_t *percentile_object(const struct folded *f, bool *ok)
{
	json_t *o = json_object();
	char key[32];

	for (int i = 0; i < PERCENTILES; i++) {
		snprintf(key, sizeof(key), "%.6f", percentiles[i]);
		set_int(o, key, folded_percentile(f, percentiles[i]), ok);
	}
	return o;
}

static json_t *bins_object(const struct folded *f, bool *ok)
{
	json_t *o = json_object();
	char key[32];

	for (unsigned i = 0; i < FOLDED_BUCKETS; i++) {
		if (!f->count[i])
			continue;
		snprintf(key, sizeof(key), "%llu", (unsigned long long)folded_value(i));
		set_int(o, key, f->count[i], ok);
	}
	return o;
}

static json_t *lat_object(const struct lat *l, bool plus, bool *ok)
{
	bool has = l && l->n;
	json_t *o = json_object();
	struct folded f;

	set_int(o, "min", has ? l->min_ns : 0, ok);
	set_int(o, "max", has ? l->max_ns : 0, ok);
	set_real(o, "mean", has ? lat_mean_ns(l) : 0, ok);
	set_real(o, "stddev", has ? lat_stddev_ns(l) : 0, ok);
	set_int(o, "N", has ? l->n : 0, ok);
	if (!has)
		return o;
	folded_from(&f, &l->hist);
	set(o, "percentile", percentile_object(&f, ok), ok);
	if (plus)
		set(o, "bins", bins_object(&f, ok), ok);
	return o;
}

static uint64_t ms_up(uint64_t ns)
{
	return (ns + NS_PER_MS - 1) / NS_PER_MS;
}

static void add_windows(json_t *o, const struct sample *s, enum io_dir dir, bool *ok)
{
	struct window_stats bw, iops;
	double total = sample_bytes_per_s(s) / 1024;

	window_stats(s, dir, true, &bw);
	window_stats(s, dir, false, &iops);
	set_int(o, "bw_min", (uint64_t)bw.min, ok);
	set_int(o, "bw_max", (uint64_t)bw.max, ok);
	set_real(o, "bw_agg", total > 0 ? fmin(100, 100 * bw.mean / total) : 0, ok);
	set_real(o, "bw_mean", bw.mean, ok);
	set_real(o, "bw_dev", bw.stddev, ok);
	set_int(o, "bw_samples", bw.n, ok);
	set_int(o, "iops_min", (uint64_t)iops.min, ok);
	set_int(o, "iops_max", (uint64_t)iops.max, ok);
	set_real(o, "iops_mean", iops.mean, ok);
	set_real(o, "iops_stddev", iops.stddev, ok);
	set_int(o, "iops_samples", iops.n, ok);
}

static json_t *dir_object(const struct sample *s, enum io_dir dir, bool plus, bool *ok)
{
	const struct dir_sample *d = &s->dir[dir];
	uint64_t ms = d->ios ? ms_up(s->runtime_ns) : 0;
	uint64_t bytes_s = ms ? (uint64_t)((double)d->bytes * 1000 / (double)ms) : 0;
	struct sample none = {0};
	json_t *o = json_object();

	set_int(o, "io_bytes", d->bytes, ok);
	set_int(o, "io_kbytes", d->bytes / KiB, ok);
	set_int(o, "bw_bytes", bytes_s, ok);
	set_int(o, "bw", bytes_s / KiB, ok);
	set_real(o, "iops", ms ? (double)d->ios * 1000 / (double)ms : 0, ok);
	set_int(o, "runtime", ms, ok);
	set_int(o, "total_ios", d->ios, ok);
	set_int(o, "short_ios", 0, ok); /* the rest of a short transfer is part of its request */
	set_int(o, "drop_ios", 0, ok);
	set(o, "slat_ns", lat_object(d->slat, plus, ok), ok);
	set(o, "clat_ns", lat_object(d->clat, plus, ok), ok);
	set(o, "lat_ns", lat_object(d->lat, plus, ok), ok);
	if (d->sched)
		set(o, "sched_lat_ns", lat_object(d->sched, plus, ok), ok);
	add_windows(o, d->ios ? s : &none, dir, ok);
	return o;
}

static json_t *sync_object(const struct sample *s, bool plus, bool *ok)
{
	json_t *o = json_object();

	set_int(o, "total_ios", s->dir[IO_SYNC].ios, ok);
	set(o, "lat_ns", lat_object(s->dir[IO_SYNC].lat, plus, ok), ok);
	return o;
}

/* Percentages of @counts of their sum; fio shows what is below 0.1 as 0.1. */
static json_t *depth_object(const uint64_t *counts, const char *const *keys, bool *ok)
{
	json_t *o = json_object();
	uint64_t total = 0;

	for (int i = 0; i < ENGINE_DEPTHS; i++)
		total += counts[i];
	for (int i = 0; i < ENGINE_DEPTHS; i++) {
		double pct = total ? 100 * (double)counts[i] / (double)total : 0;

		set_real(o, keys[i], pct > 0 && pct < 0.1 ? 0.1 : pct, ok);
	}
	return o;
}

/* A share of completions below each bound and not below the one before. */
struct lat_table {
	const char *key;
	uint64_t unit_ns;
	uint64_t from_ns; /* values below belong to the table before */
	uint64_t bounds[13];
	bool has_rest; /* ">=2000" */
};

static const struct lat_table lat_tables[] = {
	{"latency_ns", 1, 0, {2, 4, 10, 20, 50, 100, 250, 500, 750, 1000}, false},
	{"latency_us", 1000, 1000, {2, 4, 10, 20, 50, 100, 250, 500, 750, 1000}, false},
	{"latency_ms", 1000000, 1000000, {2, 4, 10, 20, 50, 100, 250, 500, 750, 1000, 2000}, true},
};

/* Completions with clat in [@from, @to), all directions; a bucket goes by its middle. */
static double share(const struct sample *s, uint64_t from, uint64_t to)
{
	uint64_t total = 0, inside = 0;

	for (int dir = 0; dir < IO_SYNC; dir++) {
		const struct lat *l = s->dir[dir].clat;

		for (unsigned i = 0; l && l->n && i < HIST_BUCKETS; i++) {
			uint64_t mid = hist_low(i) + (hist_high(i) - hist_low(i)) / 2;

			total += l->hist.count[i];
			inside += mid >= from && mid < to ? l->hist.count[i] : 0;
		}
	}
	return total ? 100 * (double)inside / (double)total : 0;
}

static json_t *latency_object(const struct sample *s, const struct lat_table *t, bool *ok)
{
	json_t *o = json_object();
	uint64_t from = t->from_ns;
	char key[24];

	for (int i = 0; i < 13 && t->bounds[i]; i++) {
		double pct = share(s, from, t->bounds[i] * t->unit_ns);

		snprintf(key, sizeof(key), "%llu", (unsigned long long)t->bounds[i]);
		set_real(o, key, pct > 0 && pct < 0.01 ? 0.01 : pct, ok);
		from = t->bounds[i] * t->unit_ns;
	}
	if (t->has_rest)
		set_real(o, ">=2000", share(s, from, UINT64_MAX), ok);
	return o;
}

/* What the job asks: all that differs from the defaults, and what readers look for. */
static json_t *options_object(const struct job *j, bool *ok)
{
	static const char *const always[] = {"rw",      "bs",       "iodepth",
					     "numjobs", "ioengine", "direct"};
	json_t *o = json_object();
	const char *name;

	set(o, "name", json_string(j->name), ok);
	for (size_t i = 0; (name = job_option_name(i)); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		bool is_wanted = job_option_text(j, name, &text);

		for (size_t k = 0; k < BL_ARRAY_LEN(always) && !is_wanted; k++)
			if (!strcmp(always[k], name)) {
				is_wanted = true;
				job_option_default(name, &text);
			}
		if (is_wanted)
			set(o, name, json_string(bl_buf_str(&text)), ok);
	}
	return o;
}

static void add_cpu(json_t *o, const struct result *r, bool *ok)
{
	const struct sample *s = r->sample;
	double all = (double)s->runtime_ns * s->n_threads;

	set_int(o, "job_runtime", ms_up(s->runtime_ns) * s->n_threads, ok);
	set_real(o, "usr_cpu", all > 0 ? (double)s->cpu_user_ns * 100 / all : 0, ok);
	set_real(o, "sys_cpu", all > 0 ? (double)s->cpu_sys_ns * 100 / all : 0, ok);
	set_int(o, "ctx", s->ctx_voluntary + s->ctx_involuntary, ok);
	set_int(o, "majf", r->depths.major_faults, ok);
	set_int(o, "minf", r->depths.minor_faults, ok);
}

static json_t *engine_object(const struct sample *s, bool *ok)
{
	json_t *o = json_object();
	uint64_t ios = sample_ios(s);

	set(o, "name", json_string(s->engine), ok);
	set(o, "clock", json_string(s->clock), ok);
	if (ios && s->cpu_user_ns) /* a short job may not see a single tick */
		set_real(o, "user_ns_per_io", (double)s->cpu_user_ns / (double)ios, ok);
	return o;
}

static json_t *job_object(const struct result *r, bool plus, bool *ok)
{
	static const char *const levels[] = {"1", "2", "4", "8", "16", "32", ">=64"};
	static const char *const batches[] = {"0", "4", "8", "16", "32", "64", ">=64"};
	const struct sample *s = r->sample;
	json_t *o = json_object();

	set(o, "jobname", json_string(s->job), ok);
	set_int(o, "groupid", r->job->group, ok);
	set_int(o, "job_start", r->started_ms, ok);
	set_int(o, "error", (uint64_t)s->error, ok);
	if (s->error)
		set(o, "error_text", json_string(s->error_text), ok);
	set_int(o, "eta", 0, ok);
	set_int(o, "elapsed", (r->elapsed_ns + NS_PER_S - 1) / NS_PER_S, ok);
	set(o, "job options", options_object(r->job, ok), ok);
	set(o, "read", dir_object(s, IO_READ, plus, ok), ok);
	set(o, "write", dir_object(s, IO_WRITE, plus, ok), ok);
	set(o, "trim", dir_object(s, IO_TRIM, plus, ok), ok);
	set(o, "sync", sync_object(s, plus, ok), ok);
	add_cpu(o, r, ok);
	set(o, "iodepth_level", depth_object(r->depths.level, levels, ok), ok);
	set(o, "iodepth_submit", depth_object(r->depths.submit, batches, ok), ok);
	set(o, "iodepth_complete", depth_object(r->depths.complete, batches, ok), ok);
	for (size_t i = 0; i < BL_ARRAY_LEN(lat_tables); i++)
		set(o, lat_tables[i].key, latency_object(s, &lat_tables[i], ok), ok);
	set_int(o, "latency_depth", r->job->iodepth, ok);
	set_int(o, "latency_target", 0, ok); /* no target was asked for: fio's values for that */
	set_real(o, "latency_percentile", 100, ok);
	set_int(o, "latency_window", 0, ok);
	set(o, "engine", engine_object(s, ok), ok);
	return o;
}

/* The lines of @text as a list. */
static json_t *lines_array(const char *text, bool *ok)
{
	json_t *a = json_array();

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		*ok &= json_array_append_new(a, json_stringn(text, n)) == 0;
	}
	return a;
}

int document_json(const struct results *r, bool plus, struct bl_buf *out)
{
	json_t *top = json_object(), *jobs = json_array();
	time_t now = (time_t)(r->now_ms / 1000);
	char when[32], *text = NULL;
	bool ok = top && jobs;

	ctime_r(&now, when);
	when[strcspn(when, "\n")] = 0;
	set(top, "fio version", json_string("fio-3.33 (blkjob " BLKLAB_VERSION ")"), &ok);
	set_int(top, "timestamp", r->now_ms / 1000, &ok);
	set_int(top, "timestamp_ms", r->now_ms, &ok);
	set(top, "time", json_string(when), &ok);
	for (size_t i = 0; i < r->n; i++)
		ok &= json_array_append_new(jobs, job_object(&r->items[i], plus, &ok)) == 0;
	set(top, "jobs", jobs, &ok);
	if (r->ignored)
		set(top, "ignored options", lines_array(r->ignored, &ok), &ok);
	if (ok)
		text = json_dumps(top, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	json_decref(top);
	if (!text)
		return -ENOMEM;
	bl_buf_adds(out, text);
	bl_buf_addc(out, '\n');
	free(text);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}
