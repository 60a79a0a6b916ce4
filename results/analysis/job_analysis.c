#include "job_analysis.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "rng.h"
#include "summary.h"
#include "together.h"
#include "units.h"

/* --- spikes --- */

#define SLOW_LEAST  8    /* slices that are looked at when there are too few stalls */
#define SLOW_SHARE  0.01 /* of all, where that is more */
#define SLOW_FACTOR 1.5  /* above the median slice */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double step_s(const struct timeline *l)
{
	return (double)l->step_ns / (double)NS_PER_S;
}

static void spikes_of_stalls(struct job_analysis *a)
{
	for (size_t i = 0; i < a->stutter.beat.n_events; i++) {
		size_t at = (size_t)round(a->stutter.onsets_s[i] / step_s(&a->line));

		if (at < a->line.n)
			a->is_spike[at] = true;
	}
	a->spike_kind = SPIKES_STALLS;
}

/* The worst that a slice must reach to be one of the slowest; INFINITY: no slice has a value. */
static double slow_threshold(const struct timeline *l, double *sorted)
{
	size_t n = 0, k;

	for (size_t i = 0; i < l->n; i++)
		if (!isnan(l->worst_ns[i]))
			sorted[n++] = l->worst_ns[i];
	if (!n)
		return INFINITY;
	qsort(sorted, n, sizeof *sorted, by_value);
	k = (size_t)fmax(SLOW_LEAST, SLOW_SHARE * (double)n);
	return fmax(SLOW_FACTOR * sorted[n / 2], k < n ? sorted[n - k] : sorted[0]);
}

static int spikes_of_slices(struct job_analysis *a)
{
	BL_CLEANUP(bl_freep) double *sorted = calloc(a->line.n, sizeof *sorted);
	double threshold, last_s = -INFINITY;

	if (!sorted)
		return -ENOMEM;
	threshold = slow_threshold(&a->line, sorted);
	for (size_t i = 0; i < a->line.n; i++) {
		if (!(a->line.worst_ns[i] >= threshold))
			continue;
		if (timeline_s(&a->line, i) - last_s > BEAT_DEAD_S) {
			a->is_spike[i] = true;
			a->spike_kind = SPIKES_SLOW;
		}
		last_s = timeline_s(&a->line, i);
	}
	return 0;
}

static int find_spikes(struct job_analysis *a)
{
	int r = 0;

	a->is_spike = calloc(a->line.n, sizeof *a->is_spike);
	if (!a->is_spike)
		return -ENOMEM;
	if (a->stutter.beat.n_events >= ATTRIBUTION_SPIKES_MIN)
		spikes_of_stalls(a);
	else
		r = spikes_of_slices(a);
	for (size_t i = 0; i < a->line.n; i++)
		a->n_spikes += a->is_spike[i];
	return r;
}

/* --- stalls --- */

static bool is_stalled(const struct stutter *s, double at_s)
{
	for (size_t i = 0; i < s->n_stalls; i++)
		if (at_s >= s->stalls[i].at_s - 1e-9 &&
		    at_s < s->stalls[i].at_s + s->stalls[i].length_s - 1e-9)
			return true;
	return false;
}

static uint64_t count_above(const struct interval *iv, unsigned bucket)
{
	uint64_t n = 0;

	for (uint32_t b = 0; b < iv->n_buckets; b++)
		if (iv->buckets[b].index > bucket)
			n += iv->buckets[b].count;
	return n;
}

static double tail_share(const struct job_analysis *a)
{
	const struct sample *s = a->j->sample;
	uint64_t all = 0, stalled = 0;
	double p99;

	if (!s || a->line.is_mean_only || !job_metric(a->j, METRIC_P99, &p99))
		return NAN;
	for (size_t i = 0; i < s->n_intervals; i++) {
		uint64_t n;

		if (s->intervals[i].dir == IO_SYNC)
			continue;
		n = count_above(&s->intervals[i], hist_index((uint64_t)p99));
		all += n;
		if (n && is_stalled(&a->stutter, timeline_s(&a->line, s->intervals[i].index)))
			stalled += n;
	}
	return all ? (double)stalled / (double)all : NAN;
}

/* Where the beats lie on the wall clock: cron and timers fire at whole minutes. Since 1970 there
 * were so many of them that a period which is off by its error says nothing: only a nominal one
 * does, and of its beats the one in the middle, which is known best. */
static void find_wall_phase(struct job_analysis *a)
{
	const char *text = facts_get(&a->t->facts, "clock.wall_offset_ns");
	const struct beat *b = &a->stutter.beat;
	double period = b->is_periodic ? beat_nominal_s(b) : NAN, at;

	if (!text || isnan(period))
		return;
	at = (double)((int64_t)a->from_ns + strtoll(text, NULL, 10)) / (double)NS_PER_S +
	     b->phase_s + (double)(b->beats_expected / 2) * b->period_s;
	a->wall_period_s = period;
	a->wall_phase_s = at - floor(at / period) * period;
}

static int find_stutter(struct job_analysis *a, uint64_t seed)
{
	int r;

	a->modulation.p = 1;
	a->wall_phase_s = a->wall_period_s = a->stall_tail_share = NAN;
	if (!a->line.n)
		return 0;
	r = stutter_find(a->line.worst_ns, a->line.n, step_s(&a->line), seed, &a->stutter);
	if (r == 0)
		r = modulation_find(a->line.mean_ns, a->line.n, step_s(&a->line), &a->modulation);
	if (r < 0)
		return r;
	a->stall_tail_share = tail_share(a);
	find_wall_phase(a);
	return find_spikes(a);
}

/* --- which signal explains them --- */

#define P_BEST       0.05
#define AF_FOR_CLOCK 0.3 /* below it a common clock explains nothing */

static struct attribution_signal of_signal(const struct signal *s)
{
	return (struct attribution_signal){s->values, s->is_count_like, s->is_low_bad};
}

/* Tests @s; what can't be tested is no failure. */
static int test_signal(const struct job_analysis *a, struct signal *s, const bool *spikes,
		       struct attribution_family *family, bool *explained, struct attribution *why,
		       bool *ret_is_tested)
{
	struct attribution_signal as = of_signal(s);
	int r = attribute(&as, spikes, a->line.n, step_s(&a->line), family, explained, why);

	*ret_is_tested = r == 0;
	return r == -ENODATA ? 0 : r;
}

static int check_clocks(struct job_analysis *a, uint64_t seed)
{
	int r = 0;

	if (!a->stutter.beat.is_periodic || a->spike_kind != SPIKES_STALLS)
		return 0;
	for (size_t i = 0; i < a->n_signals && r == 0; i++) {
		struct signal *s = &a->signals[i];
		struct attribution_signal as = of_signal(s);

		if (s->is_tested && !s->is_symptom && s->why.af >= AF_FOR_CLOCK)
			r = attribution_clock(&as, a->line.n, step_s(&a->line), &a->stutter.beat,
					      seed, &s->why);
	}
	return r;
}

/* 0 tested causes, 1 tested symptoms, 2 the others. */
static int kind_of(const struct signal *s)
{
	return !s->is_tested ? 2 : s->is_symptom;
}

struct ranked {
	struct signal s;
	size_t was;
};

static int by_rank(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	if (kind_of(&a->s) != kind_of(&b->s))
		return kind_of(&a->s) - kind_of(&b->s);
	if (kind_of(&a->s) < 2 && a->s.why.af != b->s.why.af)
		return a->s.why.af > b->s.why.af ? -1 : 1;
	return a->was < b->was ? -1 : a->was > b->was;
}

static int rank(struct job_analysis *a)
{
	BL_CLEANUP(bl_freep) struct ranked *r = calloc(a->n_signals + 1, sizeof *r);

	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_signals; i++)
		r[i] = (struct ranked){a->signals[i], i};
	qsort(r, a->n_signals, sizeof *r, by_rank);
	for (size_t i = 0; i < a->n_signals; i++)
		a->signals[i] = r[i].s;
	for (size_t i = a->n_signals; i-- > 0;)
		if (kind_of(&a->signals[i]) == 0 && a->signals[i].why.af > 0 &&
		    a->signals[i].why.p_family <= P_BEST)
			a->best = &a->signals[i];
	return 0;
}

/* Possible causes are one family: what is found among many is dearer than what was asked for. */
static int test_all(struct job_analysis *a, struct attribution_family *family)
{
	BL_CLEANUP(bl_freep) struct attribution **items = calloc(a->n_signals + 1, sizeof *items);
	size_t n = 0;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_signals; i++) {
		struct signal *s = &a->signals[i];

		if (s->is_copy || s->is_untested)
			continue;
		if (test_signal(a, s, a->is_spike, s->is_symptom ? NULL : family, NULL, &s->why,
				&s->is_tested) < 0)
			return -ENOMEM;
		if (s->is_tested && !s->is_symptom)
			items[n++] = &s->why;
	}
	attribution_holm(items, n);
	for (size_t i = 0; i < n; i++)
		items[i]->p_family = attribution_family_p(family, items[i]);
	return 0;
}

/* Causes that explain what is left: among all that were tested on it, as the first was. */
static void find_second(struct job_analysis *a, const struct attribution_family *family)
{
	for (size_t i = 0; i < a->n_signals; i++) {
		struct signal *s = &a->signals[i];

		if (!s->is_tested_on_rest)
			continue;
		s->rest.p_family = attribution_family_p(family, &s->rest);
		if (s->rest.p_family <= P_BEST && s->rest.af > 0 &&
		    (!a->second || s->rest.af > a->second->rest.af))
			a->second = s;
	}
}

/* The spikes that the best one leaves, against the others. */
static int test_rest(struct job_analysis *a)
{
	BL_CLEANUP(attribution_family_done) struct attribution_family family = {0};
	BL_CLEANUP(bl_freep) bool *rest = calloc(a->line.n, sizeof *rest);
	struct attribution again;
	bool is_tested;

	if (!rest)
		return -ENOMEM;
	if (test_signal(a, (struct signal *)a->best, a->is_spike, NULL, rest, &again, &is_tested) <
	    0)
		return -ENOMEM;
	for (size_t i = 0; i < a->line.n; i++) {
		rest[i] = a->is_spike[i] && !rest[i];
		a->n_rest += rest[i];
	}
	for (size_t i = 0; i < a->n_signals; i++) {
		struct signal *s = &a->signals[i];

		if (s != a->best && kind_of(s) == 0 &&
		    test_signal(a, s, rest, &family, NULL, &s->rest, &s->is_tested_on_rest) < 0)
			return -ENOMEM;
	}
	find_second(a, &family);
	return 0;
}

static int explain(struct job_analysis *a, uint64_t seed)
{
	BL_CLEANUP(attribution_family_done) struct attribution_family family = {0};
	int r;

	if (!a->n_spikes)
		return 0;
	r = test_all(a, &family);
	if (r == 0)
		r = check_clocks(a, seed);
	if (r == 0)
		r = rank(a);
	return r == 0 && a->best ? test_rest(a) : r;
}

/* --- CPU by role --- */

static double fact_ns(const struct facts *f, const char *key)
{
	const char *text = facts_get(f, key);

	return text ? strtod(text, NULL) : NAN;
}

/* Reads, writes and trims of all jobs that had the VM at once; 0: not known. */
static double ios_together(const struct job_analysis *a)
{
	const struct layer_seen *engine = &a->layers[LAYER_AT_ENGINE];
	double ios = 0;

	if (engine->n_jobs < 2)
		return a->j->sample ? (double)sample_ios(a->j->sample) : 0;
	for (int d = 0; d < IO_DIRS && engine->is_whole; d++)
		ios += d == IO_SYNC ? 0 : engine->all[d].n;
	return ios;
}

static void find_roles(struct job_analysis *a)
{
	const struct facts *f = &a->j->facts;
	double ios = ios_together(a);
	double time = (double)(a->to_ns - a->from_ns);

	for (size_t i = 0; i < f->n && a->n_roles < ROLE_COSTS_MAX; i++) {
		const char *key = f->items[i].key, *end = strstr(key, "_ns");
		struct role_cost *c = &a->roles[a->n_roles];
		char wait[64];
		double run, waited;
		int len;

		if (strncmp(key, "cpu.", 4) || !end || end[3] || strstr(key, "_wait_ns"))
			continue;
		len = (int)(end - key) - 4;
		snprintf(wait, sizeof wait, "cpu.%.*s_wait_ns", len, key + 4);
		run = strtod(f->items[i].value, NULL);
		waited = fact_ns(f, wait);
		snprintf(c->role, sizeof c->role, "%.*s", len, key + 4);
		c->run_ns_per_io = ios > 0 ? run / ios : NAN;
		c->wait_ns_per_io = ios > 0 ? waited / ios : NAN;
		c->run_share = run / time;
		c->wait_share = waited / time;
		a->n_roles++;
	}
}

/* --- */

/* The slices' times of all jobs that ran at once. */
static int find_times(struct job_analysis *a)
{
	const struct layer_seen *engine = &a->layers[LAYER_AT_ENGINE];
	BL_CLEANUP(bl_freep) double *times = NULL;

	if (!a->line.n || a->line.is_mean_only || (engine->n_jobs > 1 && !engine->is_whole))
		return 0;
	times = calloc(IO_DIRS * a->line.n, sizeof *times);
	if (!times)
		return -ENOMEM;
	for (size_t i = 0; i < a->t->n_jobs; i++) {
		const struct job_result *j = &a->t->jobs[i];

		if ((j == a->j || jobs_overlap(a->t, a->j, j)) &&
		    !timeline_add_times(&a->line, a->t, j, times))
			return 0;
	}
	a->times_ns = times;
	times = NULL;
	return 0;
}

static int fill(struct job_analysis *a, struct bl_err *err)
{
	const char *bus = facts_get(&a->d->cells[a->cell].axes, "bus");
	uint64_t seed = rng_hash(rng_hash(RNG_HASH, a->t->id), a->j->name);
	struct signals signals;
	int r;

	r = layers_of(a->t, a->j, bus ? bus : "", a->layers, err);
	if (r < 0)
		return r;
	budget_of(a->layers, &a->budget);
	find_roles(a);
	r = timeline_of(a->t, a->j, &a->line, err);
	if (r == 0)
		r = find_times(a);
	if (r == 0)
		r = signals_of(a->j, &a->line, a->layers[LAYER_AT_HOST_BLOCK].device, &signals,
			       err);
	if (r < 0)
		return r;
	a->signals = signals.items;
	a->n_signals = signals.n;
	r = find_stutter(a, seed);
	return r < 0 ? r : explain(a, seed);
}

int analyse_job(const struct run_data *d, size_t trial, size_t job, struct job_analysis *ret,
		struct bl_err *err)
{
	const struct trial_record *t = &d->trials[trial];
	struct job_analysis a = {
		.d = d, .trial = trial, .job = job, .cell = t->cell, .t = t, .j = &t->jobs[job]};
	int r;

	if (a.cell >= d->n_cells || !job_window(t, a.j, &a.from_ns, &a.to_ns))
		return bl_fail(err, -ENODATA, "job '%s' has no sample and was not watched",
			       a.j->name);
	r = fill(&a, err);
	if (r < 0) {
		job_analysis_done(&a);
		return bl_fail(err, r, "no memory for the analysis of job '%s'", t->jobs[job].name);
	}
	*ret = a;
	return 0;
}

void job_analysis_done(struct job_analysis *a)
{
	struct signals s = {a->signals, a->n_signals};

	signals_done(&s);
	layers_done(a->layers);
	timeline_done(&a->line);
	stutter_done(&a->stutter);
	free(a->is_spike);
	free(a->times_ns);
	*a = (struct job_analysis){0};
}

double analysis_rate(const struct job_analysis *a, enum watcher w, const char *counter)
{
	const struct series *one = series_find(&a->j->watched[w], counter);
	double rise;

	if (!one || !series_rise(&a->j->watched[w], one, a->from_ns, a->to_ns, &rise))
		return NAN;
	return rise / ((double)(a->to_ns - a->from_ns) / (double)NS_PER_S);
}

bool analysis_has_wave(const struct job_analysis *a)
{
	const struct beat *b = &a->stutter.beat;

	return a->modulation.is_found && !(b->is_tested && b->p <= BEAT_P_MAX);
}
