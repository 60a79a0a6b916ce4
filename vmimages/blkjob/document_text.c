/* document_text.c - fio's normal output: a block for each entry, then the groups and disks.
 *
 * Line for line as fio 3.33 has it, since scripts look for "read: IOPS=..., BW=..." and for what
 * stands in brackets behind "percentiles". Rated jobs have a line "sched" and its percentiles
 * beside: latency from the intended start.
 */
#include "document.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "disk_util.h"
#include "entry.h"
#include "short_number.h"
#include "steady.h"
#include "text_latency.h"
#include "units.h"

/* How the entry's job wants its sizes. */
static char *bytes_text(char out[SHORT_NUMBER_MAX], const struct job *j, uint64_t bytes,
			bool is_first)
{
	bool is_binary = j->kb_base != 1000;

	return short_bytes(out, bytes, j->significant_figures ? j->significant_figures : 4,
			   is_first ? is_binary : !is_binary, j->unit_base == 1);
}

static void add_windows(const struct entry *e, const struct side *s, struct bl_buf *out)
{
	const struct job *j = e->job;
	double k = j->kb_base == 1000 ? 1000 : 1024;
	double by = (j->unit_base == 1 ? 8 : 1) * 1024 / k; /* from KiB/s to the job's unit */
	const char *of = j->unit_base == 1 ? "bit" : "B", *i = k > 1000 ? "i" : "";
	bool is_mega = s->bw.mean * by > k * k;
	double scale = is_mega ? by / k : by;
	char unit[8] = "";

	if (!s->bw.n)
		return;
	strcat(strcat(strcat(unit, is_mega ? "M" : k > 1000 ? "K" : "k"), i), of);
	bl_buf_addf(out,
		    "   bw (%5s/s): min=%5llu, max=%5llu, per=%.2f%%, avg=%5.2f, stdev=%5.2f, "
		    "samples=%llu\n",
		    unit, (unsigned long long)(s->bw.min * scale),
		    (unsigned long long)(s->bw.max * scale), s->bw_agg_pct, s->bw.mean * scale,
		    window_stats_stddev(&s->bw) * scale, (unsigned long long)s->bw.n);
	bl_buf_addf(out,
		    "   iops        : min=%5llu, max=%5llu, avg=%5.2f, stdev=%5.2f, "
		    "samples=%llu\n",
		    (unsigned long long)s->iops_windows.min,
		    (unsigned long long)s->iops_windows.max, s->iops_windows.mean,
		    window_stats_stddev(&s->iops_windows), (unsigned long long)s->iops_windows.n);
}

static void add_side(const struct entry *e, int side, struct bl_buf *out)
{
	const struct side *s = &e->side[side];
	const struct job *j = e->job;
	char iops[SHORT_NUMBER_MAX], bw[2][SHORT_NUMBER_MAX], size[SHORT_NUMBER_MAX];
	double list[JOB_PERCENTILES_MAX];
	struct percentile_list p = {list, entry_percentiles(e, list)};

	if (!s->runtime_ms)
		return;
	bl_buf_addf(out, "  %s: IOPS=%s, BW=%s/s (%s/s)(%s/%llumsec)%s\n", side_names[side],
		    short_count(iops, (uint64_t)s->iops, j->significant_figures ?: 4),
		    bytes_text(bw[0], j, s->bw_bytes, true),
		    bytes_text(bw[1], j, s->bw_bytes, false), bytes_text(size, j, s->bytes, true),
		    (unsigned long long)s->runtime_ms, side == SIDE_WRITE ? "; 0 zone resets" : "");
	text_lat("slat", s->slat, out);
	text_lat("clat", s->clat, out);
	text_lat(" lat", s->lat, out);
	text_lat("sched", s->sched, out);
	if (j->slat_percentiles)
		text_percentiles("slat", s->slat, &p, out);
	if (j->clat_percentiles)
		text_percentiles("clat", s->clat, &p, out);
	if (j->lat_percentiles)
		text_percentiles("lat", s->lat, &p, out);
	text_percentiles("sched", s->sched, &p, out);
	add_windows(e, s, out);
}

/* Shares above 0, five a line. */
static void add_table(const char *unit, const double *pct, unsigned n, struct bl_buf *out)
{
	unsigned shown = 0;

	for (unsigned i = 0; i < n; i++) {
		if (pct[i] <= 0)
			continue;
		if (shown % 5 == 0)
			bl_buf_addf(out, "%s  lat (%s)   : ", shown ? "\n" : "", unit);
		else
			bl_buf_adds(out, ", ");
		shown++;
		if (i < SPREAD_MS - 1)
			bl_buf_addf(out, "%u=%.2f%%", spread_bounds[i], pct[i]);
		else
			bl_buf_addf(out, ">=2000=%.2f%%", pct[i]);
	}
	if (shown)
		bl_buf_addc(out, '\n');
}

static void add_tables(const struct entry *e, struct bl_buf *out)
{
	struct spread s;

	entry_spread(e, &s);
	add_table("nsec", s.ns, SPREAD_NS, out);
	add_table("usec", s.us, SPREAD_US, out);
	add_table("msec", s.ms, SPREAD_MS, out);
}

static void add_sync(const struct entry *e, struct bl_buf *out)
{
	const struct lat *l = e->sample->dir[IO_SYNC].lat;
	double list[JOB_PERCENTILES_MAX];
	struct percentile_list p = {list, entry_percentiles(e, list)};

	if (!l || !l->n)
		return;
	bl_buf_adds(out, "  fsync/fdatasync/sync_file_range:\n");
	text_lat("sync", l, out);
	if (e->job->clat_percentiles || e->job->lat_percentiles)
		text_percentiles("sync", l, &p, out);
}

static void add_depths(const char *name, const uint64_t *counts, const char *const *keys,
		       struct bl_buf *out)
{
	double pct[ENGINE_DEPTHS];

	depth_percents(counts, pct);
	bl_buf_adds(out, name);
	for (int i = 0; i < ENGINE_DEPTHS; i++)
		bl_buf_addf(out, "%s%s=%.1f%%", i ? ", " : "", keys[i], pct[i]);
	bl_buf_addc(out, '\n');
}

static void add_issued(const struct entry *e, struct bl_buf *out)
{
	/* as the sides have it: with all directions mixed, what there is stands first */
	bool is_mixed = e->job->unified_rw_reporting == JOB_UNIFIED_MIXED;
	const struct side *s = is_mixed ? &e->side[SIDE_MIXED] : e->side;
	static const struct side none;
	const struct side *at[] = {s, is_mixed ? &none : s + 1, is_mixed ? &none : s + 2};

	bl_buf_addf(out,
		    "     issued rwts: total=%llu,%llu,%llu,%llu short=%llu,%llu,%llu,0 "
		    "dropped=%llu,%llu,%llu,0\n",
		    (unsigned long long)at[0]->ios, (unsigned long long)at[1]->ios,
		    (unsigned long long)at[2]->ios, (unsigned long long)e->sample->dir[IO_SYNC].ios,
		    (unsigned long long)at[0]->short_ios, (unsigned long long)at[1]->short_ios,
		    (unsigned long long)at[2]->short_ios, (unsigned long long)at[0]->dropped_ios,
		    (unsigned long long)at[1]->dropped_ios, (unsigned long long)at[2]->dropped_ios);
}

static void add_steady(const struct entry *e, struct bl_buf *out)
{
	char bw[2][SHORT_NUMBER_MAX], iops[SHORT_NUMBER_MAX];
	struct steady_text t;

	if (!e->steady)
		return;
	steady_text(e->job, e->steady, &t);
	bl_buf_addf(out, "  steadystate  : attained=%s, bw=%s/s (%s/s), iops=%s, ",
		    e->steady->is_attained ? "yes" : "no",
		    bytes_text(bw[0], e->job, t.bw_mean, true),
		    bytes_text(bw[1], e->job, t.bw_mean, false), short_count(iops, t.iops_mean, 4));
	steady_verdict(e->job, e->steady, out);
	bl_buf_addc(out, '\n');
}

static void add_rest(const struct entry *e, struct bl_buf *out)
{
	const struct sample *s = e->sample;
	double all = (double)e->job_runtime_ms * 1e6;

	bl_buf_addf(out,
		    "  cpu          : usr=%.2f%%, sys=%.2f%%, ctx=%llu, majf=%llu, minf=%llu\n",
		    all > 0 ? (double)s->cpu_user_ns * 100 / all : 0,
		    all > 0 ? (double)s->cpu_sys_ns * 100 / all : 0,
		    (unsigned long long)(s->ctx_voluntary + s->ctx_involuntary),
		    (unsigned long long)e->depths.major_faults,
		    (unsigned long long)e->depths.minor_faults);
	add_depths("  IO depths    : ", e->depths.level, depth_level_keys, out);
	add_depths("     submit    : ", e->depths.submit, depth_batch_keys, out);
	add_depths("     complete  : ", e->depths.complete, depth_batch_keys, out);
	add_issued(e, out);
	if (e->job->continue_on_error)
		bl_buf_addf(out, "     errors    : total=%llu, first_error=%d/<%s>\n",
			    (unsigned long long)e->n_errors, e->first_error,
			    strerror(e->first_error));
	bl_buf_addf(
		out, "     latency   : target=%llu, window=%llu, percentile=%.2f%%, depth=%u%s\n",
		(unsigned long long)e->job->latency_target_ns,
		(unsigned long long)(e->job->latency_window_ns / NS_PER_US),
		e->job->latency_percentile, e->latency_depth ? e->latency_depth : e->job->iodepth,
		e->latency_failed ? " (not met)" : "");
	add_steady(e, out);
}

static void add_entry(const struct results *r, const struct entry *e, struct bl_buf *out)
{
	time_t now = (time_t)(r->now_ms / 1000);
	unsigned sides = entry_sides(e);
	char when[32];

	if (!e->sample->n_threads && !e->sample->error)
		return; /* not started */
	bl_buf_addf(out, "%s: (groupid=%u, jobs=%u): err=%2d", e->job->name, e->job->report_group,
		    e->n_jobs, e->sample->error);
	if (e->sample->error)
		bl_buf_addf(out, " (%s)", e->sample->error_text);
	bl_buf_addf(out, ": pid=%d: %s", r->pid, ctime_r(&now, when)); /* with its newline */
	if (e->job->description[0])
		bl_buf_addf(out, "  Description  : [%s]\n", e->job->description);
	for (int side = 0; side < SIDES; side++)
		if (sides & 1u << side)
			add_side(e, side, out);
	add_tables(e, out);
	add_sync(e, out);
	add_rest(e, out);
}

static void add_group(const struct group_total *g, const struct job *j, struct bl_buf *out)
{
	static const char *const names[SIDES] = {"   READ", "  WRITE", "   TRIM", "  MIXED"};

	bl_buf_addf(out, "\nRun status group %u (all jobs):\n", g->id);
	for (int i = 0; i < SIDES; i++) {
		char t[8][SHORT_NUMBER_MAX];

		if (!g->side[i].max_run_ms)
			continue;
		bl_buf_addf(out,
			    "%s: bw=%s/s (%s/s), %s/s-%s/s (%s/s-%s/s), io=%s (%s), "
			    "run=%llu-%llumsec\n",
			    names[i], bytes_text(t[0], j, g->side[i].bw_bytes, true),
			    bytes_text(t[1], j, g->side[i].bw_bytes, false),
			    bytes_text(t[2], j, g->side[i].min_bw_bytes, true),
			    bytes_text(t[3], j, g->side[i].max_bw_bytes, true),
			    bytes_text(t[4], j, g->side[i].min_bw_bytes, false),
			    bytes_text(t[5], j, g->side[i].max_bw_bytes, false),
			    bytes_text(t[6], j, g->side[i].bytes, true),
			    bytes_text(t[7], j, g->side[i].bytes, false),
			    (unsigned long long)g->side[i].min_run_ms,
			    (unsigned long long)g->side[i].max_run_ms);
	}
}

static void add_disk(const struct disk_use *d, struct bl_buf *out)
{
	const struct disk_counts *c = &d->own, *b = &d->below;

	bl_buf_addf(out, "  %s: ios=%llu/%llu, merge=%llu/%llu, ticks=%llu/%llu, in_queue=%llu",
		    d->name, (unsigned long long)c->read_ios, (unsigned long long)c->write_ios,
		    (unsigned long long)c->read_merges, (unsigned long long)c->write_merges,
		    (unsigned long long)c->read_ms, (unsigned long long)c->write_ms,
		    (unsigned long long)c->queue_ms);
	bl_buf_addf(out, ", util=%.2f%%", d->util_pct);
	if (d->n_below)
		bl_buf_addf(out,
			    ", aggrios=%llu/%llu, aggrmerge=%llu/%llu, aggrticks=%llu/%llu, "
			    "aggrin_queue=%llu, aggrutil=%.2f%%",
			    (unsigned long long)b->read_ios, (unsigned long long)b->write_ios,
			    (unsigned long long)b->read_merges, (unsigned long long)b->write_merges,
			    (unsigned long long)b->read_ms, (unsigned long long)b->write_ms,
			    (unsigned long long)b->queue_ms, d->below_util_pct);
	bl_buf_addc(out, '\n');
}

int document_text(const struct results *r, struct bl_buf *out)
{
	BL_CLEANUP(entries_done) struct entries all = {0};

	if (entries_make(r, &all) < 0)
		return -ENOMEM;
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < all.n; i++)
		add_entry(r, &all.items[i], out);
	for (size_t i = 0; i < all.n_groups; i++)
		add_group(&all.groups[i], all.items[0].job, out);
	if (r->n_disks)
		bl_buf_adds(out, "\nDisk stats (read/write):\n");
	for (size_t i = 0; i < r->n_disks; i++)
		add_disk(&r->disks[i], out);
	if (r->jobs->ignored)
		bl_buf_addf(out, "\nOptions without effect:\n%s", r->jobs->ignored);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}

void document_text_head(const struct jobs *jobs, struct bl_buf *out)
{
	uint64_t threads = 0, processes = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *j = &jobs->items[i];
		static const char letters[] = "RWT";

		bl_buf_addf(out, "%s: (g=%u): rw=%s, bs=", j->name, j->report_group,
			    job_rw_names[j->rw]);
		for (unsigned dir = 0; dir < JOB_DDIRS; dir++) {
			char least[SHORT_NUMBER_MAX], most[SHORT_NUMBER_MAX];

			bl_buf_addf(out, "(%c) %s-%s, ", letters[dir],
				    short_bytes(least, job_bs_min(j, dir), 4, true, false),
				    short_bytes(most, job_bs_max(j, dir), 4, true, false));
		}
		bl_buf_addf(out, "ioengine=%s, iodepth=%u\n%s", job_engine_names[j->engine],
			    j->iodepth, j->numjobs > 1 ? "...\n" : "");
		*(j->thread ? &threads : &processes) += j->numjobs;
	}
	/* as fio would: all are threads here */
	bl_buf_addf(out, "%s\nStarting ", DOCUMENT_VERSION);
	if (threads)
		bl_buf_addf(out, "%llu thread%s%s", (unsigned long long)threads,
			    threads == 1 ? "" : "s", processes ? " and " : "");
	if (processes)
		bl_buf_addf(out, "%llu process%s", (unsigned long long)processes,
			    processes == 1 ? "" : "es");
	bl_buf_addc(out, '\n');
}
