#include "made_job.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job_result *make_job(struct run_data *d, const char *bus, double seconds)
{
	struct job_result *j;

	*d = (struct run_data){.n_cells = 1, .n_trials = 1};
	d->cells = calloc(1, sizeof *d->cells);
	d->cells[0].name = strdup("cell");
	facts_add(&d->cells[0].axes, "bus", bus);
	d->trials = calloc(1, sizeof *d->trials);
	strcpy(d->trials[0].id, "trial");
	d->trials[0].n_jobs = 1;
	d->trials[0].jobs = j = calloc(1, sizeof *j);
	facts_add(&d->trials[0].facts, "clock.offset_ns", "1000000000");
	j->name = strdup("j");
	j->job_text = strdup("[j]\nrw=randread\niodepth=1\n");
	j->sample = sample_new("j");
	j->sample->start_ns = START_NS;
	j->sample->runtime_ns = (uint64_t)llround(seconds * 1e9);
	j->sample->interval_ns = 100000000;
	return j;
}

void set_fact(struct facts *f, const char *key, const char *value)
{
	ck_assert_int_eq(facts_add(f, key, value), 0);
}

void add_requests(struct job_result *j, enum io_dir dir, uint64_t n, uint64_t ns, uint64_t bytes)
{
	struct dir_sample *to = &j->sample->dir[dir];
	struct lat *l = sample_lat(&to->lat);

	to->ios += n;
	to->bytes += n * bytes;
	if (!l->n || ns < l->min_ns)
		l->min_ns = ns;
	if (ns > l->max_ns)
		l->max_ns = ns;
	l->n += n;
	l->sum_ns += n * ns;
	l->hist.count[hist_index(ns)] += n;
}

void add_slice(struct job_result *j, size_t index, enum io_dir dir, uint64_t n, uint64_t ns,
	       uint64_t worst_ns)
{
	struct sample *s = j->sample;
	struct interval *iv;
	unsigned usual = hist_index(ns), worst = hist_index(worst_ns);

	s->intervals = reallocarray(s->intervals, s->n_intervals + 1, sizeof *s->intervals);
	iv = &s->intervals[s->n_intervals++];
	*iv = (struct interval){.index = (uint32_t)index,
				.dir = (uint8_t)dir,
				.count = n,
				.bytes = dir == IO_SYNC ? 0 : 4096 * n,
				.max_ns = worst_ns};
	iv->buckets = calloc(2, sizeof *iv->buckets);
	if (n > 1 && usual != worst)
		iv->buckets[iv->n_buckets++] =
			(struct interval_bucket){(uint16_t)usual, (uint32_t)n - 1};
	iv->buckets[iv->n_buckets] =
		(struct interval_bucket){(uint16_t)worst, iv->n_buckets ? 1 : (uint32_t)n};
	iv->n_buckets++;
	if (n > 1)
		add_requests(j, dir, n - 1, ns, 4096);
	add_requests(j, dir, 1, worst_ns, 4096);
}

static struct series_set *begin(struct job_result *j, enum watcher w)
{
	struct series_set *s = &j->watched[w];
	size_t n = (size_t)(j->sample->runtime_ns / 100000000) + 5;

	for (size_t i = 0; !s->n_series && i < n; i++)
		ck_assert_int_eq(series_moment(s, FROM_NS - 200000000 + i * 100000000), 0);
	return s;
}

void watch(struct job_result *j, enum watcher w, const char *name, enum series_kind kind,
	   signal_at at, void *ctx)
{
	struct series_set *s = begin(j, w);
	double sum = 1e9;
	struct series *one;

	ck_assert_int_eq(series_put(s, name, kind, 0), 0);
	one = (struct series *)series_find(s, name);
	for (size_t i = 0; i < s->n; i++) {
		double v = at((double)i / 10 - 0.2, ctx);

		one->values[i] = (uint64_t)llround(kind == SERIES_GAUGE ? v : sum);
		sum += v / 10;
	}
}

static double steady(double s, void *ctx)
{
	(void)s;
	return *(double *)ctx;
}

void watch_rate(struct job_result *j, enum watcher w, const char *name, double per_s)
{
	watch(j, w, name, SERIES_COUNTER, steady, &per_s);
}

void watch_gauge(struct job_result *j, enum watcher w, const char *name, double value)
{
	watch(j, w, name, SERIES_GAUGE, steady, &value);
}

void watch_requests(struct job_result *j, enum watcher w, const char *prefix, enum io_dir dir,
		    double n, double ns, double bytes)
{
	static const char *const names[IO_DIRS][3] = {{"reads", "read_ns", "read_bytes"},
						      {"writes", "write_ns", "write_bytes"},
						      {"discards", "discard_ns", "discard_bytes"},
						      {"flushes", "flush_ns", NULL}};
	const double per_s[] = {n, n * ns, n * bytes};
	char full[SERIES_NAME_MAX];

	for (int i = 0; i < 3 && names[dir][i]; i++) {
		snprintf(full, sizeof full, "%s%s", prefix, names[dir][i]);
		watch_rate(j, w, full, per_s[i]);
	}
}
