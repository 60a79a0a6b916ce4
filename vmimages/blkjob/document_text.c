#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "folded.h"
#include "document.h"
#include "units.h"

/* Totals of each whole window; its length in *ret_n. NULL: none, or no memory. */
static uint64_t *windows(const struct sample *s, enum io_dir dir, bool of_bytes, size_t *ret_n)
{
	uint64_t *sum;

	*ret_n = (size_t)(s->runtime_ns / WINDOW_NS);
	sum = *ret_n ? calloc(*ret_n, sizeof(*sum)) : NULL;
	for (size_t i = 0; sum && i < s->n_intervals; i++) {
		const struct interval *iv = &s->intervals[i];
		size_t w = (size_t)(iv->index * s->interval_ns / WINDOW_NS);

		if (iv->dir == dir && w < *ret_n)
			sum[w] += of_bytes ? iv->bytes : iv->count;
	}
	return sum;
}

void window_stats(const struct sample *s, enum io_dir dir, bool of_bytes, struct window_stats *out)
{
	double per_s = 1e9 / WINDOW_NS / (of_bytes ? 1024 : 1), total = 0, squares = 0;
	size_t n;
	uint64_t *sum = windows(s, dir, of_bytes, &n);

	*out = (struct window_stats){.n = sum ? n : 0};
	for (size_t i = 0; i < out->n; i++) {
		double v = (double)sum[i] * per_s;

		out->min = i == 0 || v < out->min ? v : out->min;
		out->max = v > out->max ? v : out->max;
		total += v;
	}
	out->mean = out->n ? total / (double)out->n : 0;
	for (size_t i = 0; i < out->n; i++)
		squares += pow((double)sum[i] * per_s - out->mean, 2);
	out->stddev = out->n > 1 ? sqrt(squares / (double)(out->n - 1)) : 0;
	free(sum);
}

/* The unit that keeps a whole line of figures short. */
static double scale(uint64_t ns, const char **ret_unit)
{
	*ret_unit = ns < 10000 ? "nsec" : ns < 10000000 ? "usec" : "msec";
	return ns < 10000 ? 1 : ns < 10000000 ? 1e3 : 1e6;
}

static void add_lat(const char *name, const struct lat *l, struct bl_buf *out)
{
	const char *unit;
	double by;

	if (!l || !l->n)
		return;
	by = scale(l->max_ns / 10, &unit);
	bl_buf_addf(out, "    %5s (%s): min=%.5g, max=%.6g, avg=%.2f, stdev=%.2f\n", name, unit,
		    (double)l->min_ns / by, (double)l->max_ns / by, lat_mean_ns(l) / by,
		    lat_stddev_ns(l) / by);
}

static void add_percentiles(const char *name, const struct lat *l, struct bl_buf *out)
{
	const char *unit;
	struct folded f;
	double by;

	if (!l || !l->n)
		return;
	folded_from(&f, &l->hist);
	by = scale(folded_percentile(&f, 99.99) / 10, &unit);
	bl_buf_addf(out, "    %s percentiles (%s):\n", name, unit);
	for (int i = 0; i < PERCENTILES; i++) {
		bool ends = i % 4 == 3 || i == PERCENTILES - 1;

		bl_buf_addf(out, "%s%.2fth=[%8.6g]%s", i % 4 == 0 ? "     | " : " ", percentiles[i],
			    (double)folded_percentile(&f, percentiles[i]) / by, ends ? "\n" : ",");
	}
}

static void add_dir(const struct sample *s, enum io_dir dir, struct bl_buf *out)
{
	const struct dir_sample *d = &s->dir[dir];
	char count[BL_UNIT_TEXT_MAX], size[BL_UNIT_TEXT_MAX], bw[BL_UNIT_TEXT_MAX];
	double seconds = (double)s->runtime_ns / 1e9;

	if (!d->ios || seconds <= 0)
		return;
	bl_format_count(count, (double)d->ios / seconds);
	bl_format_size(bw, (uint64_t)((double)d->bytes / seconds));
	bl_format_size(size, d->bytes);
	for (char *p = bw, *q = size; (p = strchr(p, ' ')) || (q = strchr(q, ' '));) {
		char *blank = p ? p : q; /* fio's scripts want no blank in there */

		memmove(blank, blank + 1, strlen(blank));
		p = p ? p : bw;
	}
	bl_buf_addf(out, "  %s: IOPS=%s, BW=%s/s (%.1fMB/s)(%s/%llumsec)\n", io_dir_names[dir],
		    count, bw, (double)d->bytes / seconds / 1e6, size,
		    (unsigned long long)(s->runtime_ns + NS_PER_MS - 1) / NS_PER_MS);
	add_lat("slat", d->slat, out);
	add_lat("clat", d->clat, out);
	add_lat("lat", d->lat, out);
	add_lat("sched", d->sched, out);
	add_percentiles("clat", d->clat, out);
	add_percentiles("sched", d->sched, out);
}

static void add_cpu(const struct sample *s, struct bl_buf *out)
{
	double all = (double)s->runtime_ns * s->n_threads;

	if (all <= 0)
		return;
	bl_buf_addf(out, "  cpu          : usr=%.2f%%, sys=%.2f%%, ctx=%llu (%llu forced)\n",
		    (double)s->cpu_user_ns * 100 / all, (double)s->cpu_sys_ns * 100 / all,
		    (unsigned long long)(s->ctx_voluntary + s->ctx_involuntary),
		    (unsigned long long)s->ctx_involuntary);
}

static void add_job(const struct result *r, struct bl_buf *out)
{
	const struct sample *s = r->sample;
	const struct lat *sync = s->dir[IO_SYNC].lat;
	char utc[32];

	bl_buf_addf(out, "%s: (groupid=%u, jobs=%u): err=%2d", s->job, r->job->group,
		    r->job->numjobs, s->error);
	if (s->error)
		bl_buf_addf(out, " (%s)", s->error_text);
	bl_buf_addf(out, ": %s, %s, bs=%llu, iodepth=%u, clock=%s: %s\n", job_rw_names[r->job->rw],
		    job_engine_names[r->job->engine], (unsigned long long)r->job->bs,
		    r->job->iodepth, s->clock[0] ? s->clock : "-",
		    bl_format_utc(utc, r->started_ms));
	add_dir(s, IO_READ, out);
	add_dir(s, IO_WRITE, out);
	if (sync && sync->n) {
		bl_buf_addf(out, "  sync: %llu\n", (unsigned long long)sync->n);
		add_lat("lat", sync, out);
		add_percentiles("sync", sync, out);
	}
	add_cpu(s, out);
}

void document_text(const struct results *r, struct bl_buf *out)
{
	for (size_t i = 0; i < r->n; i++)
		add_job(&r->items[i], out);
	if (r->ignored)
		bl_buf_addf(out, "options without effect:\n%s", r->ignored);
}
