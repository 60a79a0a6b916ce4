#include "sample.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const io_dir_names[IO_DIRS] = {
	[IO_READ] = "read", [IO_WRITE] = "write", [IO_TRIM] = "trim", [IO_SYNC] = "sync"};

void lat_add(struct lat *l, uint64_t ns)
{
	if (!l->n || ns < l->min_ns)
		l->min_ns = ns;
	if (!l->n || ns > l->max_ns)
		l->max_ns = ns;
	l->n++;
	l->sum_ns += ns;
	l->sumsq_ns2 += (double)ns * (double)ns;
	hist_add(&l->hist, ns);
}

void lat_merge(struct lat *to, const struct lat *from)
{
	if (!from->n)
		return;
	if (!to->n || from->min_ns < to->min_ns)
		to->min_ns = from->min_ns;
	if (!to->n || from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	to->n += from->n;
	to->sum_ns += from->sum_ns;
	to->sumsq_ns2 += from->sumsq_ns2;
	hist_merge(&to->hist, &from->hist);
}

double lat_mean_ns(const struct lat *l)
{
	return l->n ? (double)l->sum_ns / (double)l->n : 0;
}

double lat_stddev_ns(const struct lat *l)
{
	long double n = (long double)l->n, sum = (long double)l->sum_ns, var;

	if (l->n < 2)
		return 0;
	var = ((long double)l->sumsq_ns2 - sum * sum / n) / (n - 1);
	return var > 0 ? (double)sqrtl(var) : 0; /* equal values may cancel to just below 0 */
}

bool lat_percentile(const struct lat *l, double p, uint64_t *ret_ns)
{
	uint64_t ns;

	if ((double)l->n * (100.0 - p) < 100.0 * (1 - 1e-9) || !hist_percentile(&l->hist, p, &ns))
		return false;
	*ret_ns = ns < l->min_ns ? l->min_ns : ns > l->max_ns ? l->max_ns : ns;
	return true;
}

struct lat *sample_lat(struct lat **where)
{
	if (!*where)
		*where = calloc(1, sizeof **where);
	return *where;
}

static bool has_histogram(const struct lat *l)
{
	for (size_t i = 0; l && l->n && i < HIST_BUCKETS; i++)
		if (l->hist.count[i])
			return true;
	return false;
}

const struct lat *dir_latency(const struct dir_sample *d)
{
	return has_histogram(d->lat) || !has_histogram(d->clat) ? d->lat : d->clat;
}

struct sample *sample_new(const char *job)
{
	struct sample *s = calloc(1, sizeof *s);

	if (s)
		snprintf(s->job, sizeof s->job, "%s", job);
	return s;
}

static void intervals_free(struct interval *ivs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(ivs[i].buckets);
	free(ivs);
}

struct sample *sample_free(struct sample *s)
{
	if (!s)
		return NULL;
	for (int d = 0; d < IO_DIRS; d++) {
		free(s->dir[d].slat);
		free(s->dir[d].clat);
		free(s->dir[d].lat);
		free(s->dir[d].sched);
	}
	intervals_free(s->intervals, s->n_intervals);
	free(s);
	return NULL;
}

void sample_freep(struct sample **s)
{
	*s = sample_free(*s);
}

/* Before, the same slot, or after: by slice, then by direction. */
static int interval_order(const struct interval *a, const struct interval *b)
{
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return (a->dir > b->dir) - (a->dir < b->dir);
}

/* *out = a + b (b may be NULL: a copy of a). */
static int interval_add(const struct interval *a, const struct interval *b, struct interval *out)
{
	size_t n = a->n_buckets + (b ? b->n_buckets : 0), i = 0, k = 0;
	struct interval_bucket *buckets = NULL;

	*out = *a;
	out->buckets = NULL;
	out->n_buckets = 0;
	if (n) {
		buckets = malloc(n * sizeof *buckets);
		if (!buckets)
			return -ENOMEM;
	}
	out->buckets = buckets;
	if (b) {
		out->count += b->count;
		out->bytes += b->bytes;
		if (b->max_ns > out->max_ns)
			out->max_ns = b->max_ns;
	}
	while (i < a->n_buckets || (b && k < b->n_buckets)) {
		const struct interval_bucket *x = i < a->n_buckets ? &a->buckets[i] : NULL;
		const struct interval_bucket *y = b && k < b->n_buckets ? &b->buckets[k] : NULL;
		bool has_x = x && (!y || x->index <= y->index);
		bool has_y = y && (!x || y->index <= x->index);
		struct interval_bucket *to = &buckets[out->n_buckets++];

		to->index = has_x ? x->index : y->index;
		to->count = 0; /* a slice of 100 ms has far fewer than 2^32 completions */
		if (has_x)
			to->count += a->buckets[i++].count;
		if (has_y)
			to->count += b->buckets[k++].count;
	}
	return 0;
}

/* Both sorted lists as one new sorted list. */
static int intervals_merge(const struct sample *a, const struct sample *b, struct interval **ret,
			   size_t *ret_n)
{
	size_t most = a->n_intervals + b->n_intervals, n = 0, i = 0, k = 0;
	struct interval *out;

	*ret = NULL;
	*ret_n = 0;
	if (!most)
		return 0;
	out = calloc(most, sizeof *out);
	if (!out)
		return -ENOMEM;
	while (i < a->n_intervals || k < b->n_intervals) {
		const struct interval *x = i < a->n_intervals ? &a->intervals[i] : NULL;
		const struct interval *y = k < b->n_intervals ? &b->intervals[k] : NULL;
		int order = !x ? 1 : !y ? -1 : interval_order(x, y);

		if (interval_add(order <= 0 ? x : y, order == 0 ? y : NULL, &out[n]) < 0) {
			intervals_free(out, n);
			return -ENOMEM;
		}
		n++;
		i += order <= 0;
		k += order >= 0;
	}
	*ret = out;
	*ret_n = n;
	return 0;
}

/* Blocks in @to for all that @from measured; an empty block changes nothing. */
static int make_room(struct dir_sample *to, const struct dir_sample *from)
{
	if ((from->slat && !sample_lat(&to->slat)) || (from->clat && !sample_lat(&to->clat)) ||
	    (from->lat && !sample_lat(&to->lat)) || (from->sched && !sample_lat(&to->sched)))
		return -ENOMEM;
	return 0;
}

static void dir_add(struct dir_sample *to, const struct dir_sample *from)
{
	to->ios += from->ios;
	to->bytes += from->bytes;
	if (from->slat)
		lat_merge(to->slat, from->slat);
	if (from->clat)
		lat_merge(to->clat, from->clat);
	if (from->lat)
		lat_merge(to->lat, from->lat);
	if (from->sched)
		lat_merge(to->sched, from->sched);
}

int sample_merge(struct sample *to, const struct sample *from)
{
	struct interval *ivs;
	size_t n_ivs;

	if (to->n_intervals && from->n_intervals && to->interval_ns != from->interval_ns)
		return -EINVAL;
	for (int d = 0; d < IO_DIRS; d++)
		if (make_room(&to->dir[d], &from->dir[d]) < 0)
			return -ENOMEM;
	if (intervals_merge(to, from, &ivs, &n_ivs) < 0)
		return -ENOMEM;

	intervals_free(to->intervals, to->n_intervals);
	to->intervals = ivs;
	to->n_intervals = n_ivs;
	if (!to->interval_ns)
		to->interval_ns = from->interval_ns;
	for (int d = 0; d < IO_DIRS; d++)
		dir_add(&to->dir[d], &from->dir[d]);

	if (!to->engine[0])
		memcpy(to->engine, from->engine, sizeof to->engine);
	if (!to->clock[0])
		memcpy(to->clock, from->clock, sizeof to->clock);
	if (from->n_threads && (!to->n_threads || from->start_ns < to->start_ns))
		to->start_ns = from->start_ns;
	if (from->runtime_ns > to->runtime_ns)
		to->runtime_ns = from->runtime_ns;
	to->n_threads += from->n_threads;
	if (!to->error && from->error) {
		to->error = from->error;
		memcpy(to->error_text, from->error_text, sizeof to->error_text);
	}
	to->cpu_user_ns += from->cpu_user_ns;
	to->cpu_sys_ns += from->cpu_sys_ns;
	to->ctx_voluntary += from->ctx_voluntary;
	to->ctx_involuntary += from->ctx_involuntary;
	to->n_errors += from->n_errors;
	to->n_enters += from->n_enters;
	if (from->clock_cost_ns > to->clock_cost_ns)
		to->clock_cost_ns = from->clock_cost_ns;
	if (fabs(from->clock_drift_ppm) > fabs(to->clock_drift_ppm))
		to->clock_drift_ppm = from->clock_drift_ppm;
	return 0;
}

/* Whoever measures the cost measures the drift; only a counter has one. */
bool sample_has_drift(const struct sample *s)
{
	return s->clock_cost_ns > 0 && !strcmp(s->clock, "tsc");
}

uint64_t sample_ios(const struct sample *s)
{
	return s->dir[IO_READ].ios + s->dir[IO_WRITE].ios + s->dir[IO_TRIM].ios;
}

uint64_t sample_bytes(const struct sample *s)
{
	return s->dir[IO_READ].bytes + s->dir[IO_WRITE].bytes + s->dir[IO_TRIM].bytes;
}

double sample_iops(const struct sample *s)
{
	return s->runtime_ns ? (double)sample_ios(s) * 1e9 / (double)s->runtime_ns : 0;
}

double sample_bytes_per_s(const struct sample *s)
{
	return s->runtime_ns ? (double)sample_bytes(s) * 1e9 / (double)s->runtime_ns : 0;
}
