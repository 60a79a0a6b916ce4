#include "summary.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boots.h"
#include "cleanup.h"
#include "median.h"
#include "told.h"

const double summary_p[SUMMARY_PERCENTILES] = {50, 90, 95, 99, 99.9, 99.99};
const char *const summary_p_names[SUMMARY_PERCENTILES] = {"p50", "p90",   "p95",
							  "p99", "p99.9", "p99.99"};

double ios_of_percentile(double p)
{
	return 100 * 100 / (100 - p);
}

struct pct lat_pct(const struct lat *l, double p)
{
	struct pct r = {0};

	if (!l)
		return r;
	r.is_known = lat_percentile(l, p, &r.ns);
	r.is_thin = (double)l->n < ios_of_percentile(p) * (1 - 1e-9);
	return r;
}

/* Reads, writes and trims of one sample in one block. */
static void merge_ios(const struct sample *s, struct lat *out)
{
	memset(out, 0, sizeof *out);
	for (int d = 0; d < IO_DIRS; d++)
		if (d != IO_SYNC && dir_latency(&s->dir[d]))
			lat_merge(out, dir_latency(&s->dir[d]));
}

double metric_percentile(enum metric m)
{
	return m == METRIC_P50 ? 50 : m == METRIC_P99 ? 99 : m == METRIC_P99_9 ? 99.9 : 0;
}

static bool lat_metric(const struct job_result *j, const struct lat *l, enum metric m, double *ret)
{
	uint64_t told;
	struct pct p;

	if (!l->n)
		return false;
	if (m == METRIC_MEAN || m == METRIC_MAX) {
		*ret = m == METRIC_MEAN ? lat_mean_ns(l) : (double)l->max_ns;
		return true;
	}
	p = lat_pct(l, metric_percentile(m));
	if (!p.is_known && told_percentile(j, metric_percentile(m), &told)) {
		p.is_known = true;
		p.ns = told;
	}
	if (p.is_known)
		*ret = (double)p.ns;
	return p.is_known;
}

static bool is_thin(const struct lat *all, enum metric m)
{
	return metric_percentile(m) > 0 && lat_pct(all, metric_percentile(m)).is_thin;
}

bool job_metric_is_thin(const struct job_result *j, enum metric m)
{
	struct lat all;

	if (!j->sample)
		return false;
	merge_ios(j->sample, &all);
	return is_thin(&all, m);
}

/* The process's CPU time is then that of all of them, and this job's share can't be told. */
static bool ran_beside_others(const struct job_result *j)
{
	const char *n = facts_get(&j->facts, "cpu.jobs_in_window");

	return n && strtoul(n, NULL, 10) > 1;
}

/* The metric, with the merged latencies at hand. */
static bool metric_of(const struct job_result *j, const struct lat *all, enum metric m, double *ret)
{
	uint64_t ios = sample_ios(j->sample);

	switch (m) {
	case METRIC_IOPS:
	case METRIC_BYTES_PER_S:
		if (!j->sample->runtime_ns)
			return false;
		*ret = m == METRIC_IOPS ? sample_iops(j->sample) : sample_bytes_per_s(j->sample);
		return true;
	case METRIC_CPU_PER_IO:
		if (!j->has_host_cpu || !ios || ran_beside_others(j))
			return false;
		*ret = (double)j->host_cpu_ns / (double)ios;
		return true;
	default:
		return lat_metric(j, all, m, ret);
	}
}

bool job_metric(const struct job_result *j, enum metric m, double *ret)
{
	struct lat all;

	if (!j->sample)
		return false;
	merge_ios(j->sample, &all);
	return metric_of(j, &all, m, ret);
}

/* ---- one summary ---- */

/* @scratch[n] is written. */
static struct spread spread_of(const struct boot_value *p, size_t n, double *scratch)
{
	struct spread s = {.n = n};

	if (!n)
		return s;
	for (size_t i = 0; i < n; i++)
		scratch[i] = p[i].value;
	s.median = median_of_values(scratch, n); /* which sorts them */
	s.min = scratch[0];
	s.max = scratch[n - 1];
	if (n < 2 || s.median == 0)
		return s;
	for (size_t i = 0; i < n; i++)
		scratch[i] = fabs(p[i].value - s.median);
	/* 1.4826: the MAD of a normal distribution is its standard deviation / 1.4826 */
	s.rel_mad_pct = 1.4826 * median_of_values(scratch, n) / fabs(s.median) * 100;
	return s;
}

static void keep_values(struct summary *s, int m, struct boot_value *p, size_t n, double *scratch)
{
	size_t most;

	n = boots_merge(p, n, &most);
	for (size_t i = 0; i < n && i < SUMMARY_VALUES; i++) {
		s->values[m][i] = p[i].value;
		s->value_repeats[m][i] = p[i].repeat;
		s->value_rounds[m][i] = p[i].rounds;
	}
	s->metric[m] = spread_of(p, n, scratch);
}

static const struct job_result *job_of(const struct trial_record *t, const char *name)
{
	for (size_t i = 0; i < t->n_jobs; i++)
		if (t->jobs[i].sample && !strcmp(t->jobs[i].name, name))
			return &t->jobs[i];
	return NULL;
}

static int add_lats(struct summary *s, const struct sample *m)
{
	for (int d = 0; d < IO_DIRS; d++) {
		const struct lat *l = dir_latency(&m->dir[d]);

		if (!l || !l->n)
			continue;
		if (!sample_lat(&s->lat[d]) || (d != IO_SYNC && !sample_lat(&s->all)))
			return -ENOMEM;
		lat_merge(s->lat[d], l);
		if (d != IO_SYNC)
			lat_merge(s->all, l);
	}
	return 0;
}

/* Room for one point a trial and metric. */
struct room {
	struct boot_value *points[METRICS];
	size_t n[METRICS];
	struct boot_value *ok, *all; /* values 0: only when they were */
	size_t n_all;
	double *scratch;
};

static int add_trial(struct summary *s, const struct trial_record *t, struct room *room)
{
	const struct job_result *j = job_of(t, s->job);
	const uint64_t round = UINT64_C(1) << (t->round < 63 ? t->round : 63);
	struct lat all;
	double v;

	room->all[room->n_all++] = (struct boot_value){0, t->repeat, round};
	if (t->state != TRIAL_OK || !j)
		return 0;
	room->ok[s->n_ok++] = (struct boot_value){0, t->repeat, round};
	merge_ios(j->sample, &all);
	for (int m = 0; m < METRICS; m++) {
		if (!metric_of(j, &all, (enum metric)m, &v))
			continue;
		room->points[m][room->n[m]++] = (struct boot_value){v, t->repeat, round};
		s->is_thin[m] |= is_thin(&all, (enum metric)m);
	}
	return add_lats(s, j->sample);
}

/* When the rounds of each kept repeat were. */
static void keep_turns(const struct run_data *d, struct summary *s)
{
	bool is_by_time = run_is_imported(&d->run);

	memset(s->first_turn, 0xff, sizeof s->first_turn);
	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];
		uint64_t turn = is_by_time ? (t->ended_ms << 16) + (t->order & 0xffff) : t->order;

		if (t->cell != s->cell || t->state != TRIAL_OK || !job_of(t, s->job))
			continue;
		for (size_t k = 0; k < s->n_ok && k < SUMMARY_VALUES; k++) {
			if (s->repeats[k] != t->repeat)
				continue;
			s->first_turn[k] = turn < s->first_turn[k] ? turn : s->first_turn[k];
			s->last_turn[k] = turn > s->last_turn[k] ? turn : s->last_turn[k];
		}
	}
}

/* The median over trials of what was told for each, where nothing can be added up. */
static void add_told(const struct run_data *d, struct summary *s)
{
	double values[SUMMARY_VALUES];
	uint64_t ns;

	for (int p = 0; p < SUMMARY_PERCENTILES; p++) {
		size_t n = 0;

		for (size_t i = 0; i < d->n_trials && n < SUMMARY_VALUES; i++) {
			const struct trial_record *t = &d->trials[i];
			const struct job_result *j = t->cell == s->cell && t->state == TRIAL_OK
							     ? job_of(t, s->job)
							     : NULL;

			if (j && told_percentile(j, summary_p[p], &ns))
				values[n++] = (double)ns;
		}
		if (n)
			s->told[p] = (struct pct){.is_known = true,
						  .is_thin = true,
						  .is_told = true,
						  .ns = (uint64_t)median_of_values(values, n)};
	}
}

struct pct summary_pct(const struct summary *s, int p)
{
	struct pct of_all = lat_pct(s->all, summary_p[p]);

	return of_all.is_known || !s->told[p].is_known ? of_all : s->told[p];
}

static int summarize_one(const struct run_data *d, struct summary *s, struct room *room)
{
	size_t most;

	memset(room->n, 0, sizeof room->n);
	room->n_all = 0;
	for (size_t i = 0; i < d->n_trials; i++)
		if (d->trials[i].cell == s->cell && add_trial(s, &d->trials[i], room) < 0)
			return -ENOMEM;
	add_told(d, s);
	for (int m = 0; m < METRICS; m++)
		keep_values(s, m, room->points[m], room->n[m], room->scratch);
	s->n_trials = boots_merge(room->all, room->n_all, &most);
	s->n_ok = boots_merge(room->ok, s->n_ok, &most);
	s->n_rounds = (uint32_t)most;
	for (size_t i = 0; i < s->n_ok && i < SUMMARY_VALUES; i++)
		s->repeats[i] = room->ok[i].repeat;
	keep_turns(d, s);
	return 0;
}

/* ---- all of them ---- */

static bool is_listed(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Job names in file order: first as in ok trials, which have them all. */
static int list_jobs(const struct run_data *d, const char ***ret, size_t *ret_n)
{
	const char **names = NULL, **more;
	size_t n = 0;

	for (size_t i = 0; i < 2 * d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i % d->n_trials];

		if ((t->state == TRIAL_OK) != (i < d->n_trials))
			continue;
		for (size_t k = 0; k < t->n_jobs; k++) {
			if (is_listed(names, n, t->jobs[k].name))
				continue;
			more = reallocarray(names, n + 1, sizeof *names);
			if (!more) {
				free(names);
				return -ENOMEM;
			}
			names = more;
			names[n++] = t->jobs[k].name;
		}
	}
	*ret = names;
	*ret_n = n;
	return 0;
}

static int fill(const struct run_data *d, const char *const *jobs, size_t n_jobs,
		struct summaries *s)
{
	BL_CLEANUP(bl_freep)
	struct boot_value *points = calloc((METRICS + 2) * (d->n_trials + 1), sizeof *points);
	BL_CLEANUP(bl_freep) double *scratch = calloc(d->n_trials + 1, sizeof *scratch);
	struct room room = {.ok = points, .scratch = scratch};

	s->items = calloc(d->n_cells * n_jobs + 1, sizeof *s->items);
	if (!points || !scratch || !s->items)
		return -ENOMEM;
	for (int m = 0; m < METRICS; m++)
		room.points[m] = points + (size_t)(m + 1) * (d->n_trials + 1);
	room.all = points + (size_t)(METRICS + 1) * (d->n_trials + 1);
	for (size_t c = 0; c < d->n_cells; c++) {
		for (size_t j = 0; j < n_jobs; j++) {
			struct summary *one = &s->items[s->n++];

			one->cell = (uint32_t)c;
			snprintf(one->job, sizeof one->job, "%s", jobs[j]);
			if (summarize_one(d, one, &room) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

int summarize(const struct run_data *d, struct summaries *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) const char **jobs = NULL;
	struct summaries s = {0};
	size_t n_jobs = 0;

	if (list_jobs(d, &jobs, &n_jobs) < 0 || fill(d, jobs, n_jobs, &s) < 0) {
		summaries_done(&s);
		return bl_fail(err, -ENOMEM, "no memory for summaries");
	}
	*ret = s;
	return 0;
}

void summaries_done(struct summaries *s)
{
	for (size_t i = 0; i < s->n; i++) {
		for (int d = 0; d < IO_DIRS; d++)
			free(s->items[i].lat[d]);
		free(s->items[i].all);
	}
	free(s->items);
	*s = (struct summaries){0};
}

const struct summary *summaries_find(const struct summaries *s, uint32_t cell, const char *job)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].cell == cell && !strcmp(s->items[i].job, job))
			return &s->items[i];
	return NULL;
}

char *summary_p_column(int p, char out[16])
{
	snprintf(out, 16, "%s", summary_p_names[p]);
	for (char *s = out; *s; s++) {
		if (*s == '.')
			*s = '_';
	}
	return out;
}
