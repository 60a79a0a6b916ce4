/* document_terse.c - fio's terse form: a line an entry, fields by their place.
 *
 * Scripts cut fields by number (version 3: 7 and 8 are read bandwidth and IOPS, 48 and 49 of
 * writes), so that each direction has as many whatever was measured. Latencies are whole or real
 * microseconds. Version 2 lacks fio's version and the disks; 3 lacks trim; 5 has beside the
 * bandwidth of the windows how many they were, and the same of IOPS.
 */
#include "document.h"

#include <errno.h>

#include "cleanup.h"
#include "disk_util.h"
#include "entry.h"
#include "folded.h"
#include "units.h"

#define PERCENTILE_FIELDS 20

static void add_lat(const struct lat *l, struct bl_buf *out)
{
	bool has = l && l->n;

	bl_buf_addf(out, ";%llu;%llu;%f;%f", (unsigned long long)(has ? l->min_ns / NS_PER_US : 0),
		    (unsigned long long)(has ? l->max_ns / NS_PER_US : 0),
		    has ? lat_mean_ns(l) / 1e3 : 0, has ? lat_stddev_ns(l) / 1e3 : 0);
}

static void add_percentiles(const struct entry *e, const struct lat *l, struct bl_buf *out)
{
	double list[JOB_PERCENTILES_MAX];
	unsigned n = e->job->clat_percentiles ? entry_percentiles(e, list) : 0;
	struct folded f;

	if (l && l->n && n)
		folded_from(&f, &l->hist);
	for (unsigned i = 0; i < PERCENTILE_FIELDS; i++) {
		if (i >= n)
			bl_buf_adds(out, ";0%=0");
		else
			bl_buf_addf(out, ";%f%%=%llu", list[i],
				    (unsigned long long)(l && l->n
								 ? folded_percentile(&f, list[i]) /
									   NS_PER_US
								 : 0));
	}
}

static void add_side(const struct entry *e, const struct side *s, unsigned version,
		     struct bl_buf *out)
{
	bl_buf_addf(out, ";%llu;%llu;%llu;%llu", (unsigned long long)(s->bytes / KiB),
		    (unsigned long long)(s->bw_bytes / KiB), (unsigned long long)s->iops,
		    (unsigned long long)s->runtime_ms);
	add_lat(s->slat, out);
	add_lat(s->clat, out);
	add_percentiles(e, s->clat, out);
	add_lat(s->lat, out);
	bl_buf_addf(out, ";%llu;%llu;%f%%;%f;%f", (unsigned long long)s->bw.min,
		    (unsigned long long)s->bw.max, s->bw_agg_pct, s->bw.mean,
		    window_stats_stddev(&s->bw));
	if (version >= 5)
		bl_buf_addf(out, ";%llu;%llu;%llu;%f;%f;%llu", (unsigned long long)s->bw.n,
			    (unsigned long long)s->iops_windows.min,
			    (unsigned long long)s->iops_windows.max, s->iops_windows.mean,
			    window_stats_stddev(&s->iops_windows),
			    (unsigned long long)s->iops_windows.n);
}

/* One mixed direction stands where the reads do and there is no other, as fio has it. */
static void add_sides(const struct entry *e, unsigned version, struct bl_buf *out)
{
	int n = version == 3 ? SIDE_TRIM : SIDE_MIXED;

	if (e->job->unified_rw_reporting == JOB_UNIFIED_MIXED) {
		add_side(e, &e->side[SIDE_MIXED], version, out);
		return;
	}
	for (int side = 0; side < n; side++)
		add_side(e, &e->side[side], version, out);
}

static void add_tables(const struct entry *e, struct bl_buf *out)
{
	double pct[ENGINE_DEPTHS], below_us = 0;
	struct spread s;

	depth_percents(e->depths.level, pct);
	for (int i = 0; i < ENGINE_DEPTHS; i++)
		bl_buf_addf(out, ";%3.1f%%", pct[i]);
	entry_spread(e, &s);
	for (int i = 0; i < SPREAD_NS; i++)
		below_us += s.ns[i]; /* the form has no table of nanoseconds */
	for (int i = 0; i < SPREAD_US; i++)
		bl_buf_addf(out, ";%3.2f%%", s.us[i] + (i == 0 ? below_us : 0));
	for (int i = 0; i < SPREAD_MS; i++)
		bl_buf_addf(out, ";%3.2f%%", s.ms[i]);
}

static void add_disk(const struct disk_use *d, struct bl_buf *out)
{
	const struct disk_counts *c = &d->own;

	bl_buf_addf(out, ";%s;%llu;%llu;%llu;%llu;%llu;%llu;%llu;%.2f%%", d->name,
		    (unsigned long long)c->read_ios, (unsigned long long)c->write_ios,
		    (unsigned long long)c->read_merges, (unsigned long long)c->write_merges,
		    (unsigned long long)c->read_ms, (unsigned long long)c->write_ms,
		    (unsigned long long)c->queue_ms, d->util_pct);
}

static void add_entry(const struct results *r, const struct entry *e, unsigned version,
		      struct bl_buf *out)
{
	double all = (double)e->job_runtime_ms * 1e6;
	const struct sample *s = e->sample;

	bl_buf_addf(out, "%u;%s%s;%u;%d", version, version > 2 ? DOCUMENT_VERSION ";" : "",
		    e->job->name, e->job->report_group, s->error);
	add_sides(e, version, out);
	bl_buf_addf(out, ";%f%%;%f%%;%llu;%llu;%llu",
		    all > 0 ? (double)s->cpu_user_ns * 100 / all : 0,
		    all > 0 ? (double)s->cpu_sys_ns * 100 / all : 0,
		    (unsigned long long)(s->ctx_voluntary + s->ctx_involuntary),
		    (unsigned long long)e->depths.major_faults,
		    (unsigned long long)e->depths.minor_faults);
	add_tables(e, out);
	for (size_t i = 0; version > 2 && i < r->n_disks; i++)
		add_disk(&r->disks[i], out);
	if (e->job->continue_on_error)
		bl_buf_addf(out, ";%llu;%d", (unsigned long long)e->n_errors, e->first_error);
	if (e->job->description[0])
		bl_buf_addf(out, ";%s", e->job->description);
	bl_buf_addc(out, '\n');
}

int document_terse(const struct results *r, unsigned version, struct bl_buf *out)
{
	BL_CLEANUP(entries_done) struct entries all = {0};

	if (entries_make(r, &all) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < all.n; i++)
		add_entry(r, &all.items[i], version, out);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}
