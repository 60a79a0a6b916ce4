#include "history.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "history_priv.h"
#include "median.h"

#define RUNS_OF_NIGHT_MAX 9
#define MARK_ODDS         100.0 /* how much more likely a change is on a night with marks */

const char *const history_why_says[] = {
	[HISTORY_IS_NIGHT] = "is a night",
	[HISTORY_ORDINARY] = "was not made by nightly",
	[HISTORY_EXTRA] = "was made to confirm a change or to calibrate",
	[HISTORY_INTERRUPTED] = "was interrupted",
	[HISTORY_OTHER_ENGINE] = "was measured by another version of the engine",
	[HISTORY_OTHER_ACCEL] = "ran under another acceleration",
	[HISTORY_NO_FIGURES] = "gave no figures",
};
_Static_assert(BL_ARRAY_LEN(history_why_says) == HISTORY_WHYS, "a text each");

const enum metric history_metrics[HISTORY_METRICS] = {
	METRIC_IOPS,  METRIC_MEAN, METRIC_P50,        METRIC_P99,
	METRIC_P99_9, METRIC_MAX,  METRIC_CPU_PER_IO,
};

/* --- which runs are nights --- */

static const char *declared(const struct history_run *r, const char *key)
{
	return facts_get(&r->declared, key);
}

static bool has_figure(const struct figure_row *row, enum metric m)
{
	return row->by[m].n && !row->by[m].is_thin;
}

static size_t count_figures(const struct history_run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->figures.n; i++)
		for (size_t k = 0; k < HISTORY_METRICS; k++)
			n += has_figure(&r->figures.rows[i], history_metrics[k]);
	return n;
}

/* What a run is by itself. */
static enum history_why kind_of(const struct history_run *r, const struct history_rules *rules)
{
	if (declared(r, NIGHTLY_FACT_CONFIRM) || declared(r, CALIBRATION_FACT))
		return HISTORY_EXTRA;
	if (!declared(r, NIGHTLY_FACT) && !(rules && rules->adopt))
		return HISTORY_ORDINARY;
	if (r->is_interrupted)
		return HISTORY_INTERRUPTED;
	return count_figures(r) ? HISTORY_IS_NIGHT : HISTORY_NO_FIGURES;
}

bool history_is_night(const struct history_run *r, const struct history_rules *rules)
{
	return !declared(r, NIGHTLY_FACT_RERUN) && kind_of(r, rules) == HISTORY_IS_NIGHT;
}

/* "0.1" of "0.1.0": what measures does not change within that. */
static size_t engine_len(const char *version)
{
	size_t major = strcspn(version, ".");

	return version[major] ? major + 1 + strcspn(version + major + 1, ".") : major;
}

static bool same_engine(const char *a, const char *b)
{
	size_t n = engine_len(a);

	return n == engine_len(b) && strncmp(a, b, n) == 0;
}

/* A night of the cells without a VM alone does not say what the others are compared under. */
static void choose_runs(struct history *h, const struct history_rules *rules)
{
	const struct run_figures *newest = NULL, *r;
	const char *accel = "none";

	for (size_t i = 0; i < h->n_runs; i++) {
		h->runs[i]->why = kind_of(h->runs[i], rules);
		if (h->runs[i]->why == HISTORY_IS_NIGHT)
			newest = &h->runs[i]->figures;
	}
	for (size_t i = 0; i < h->n_runs; i++) {
		r = &h->runs[i]->figures;
		if (h->runs[i]->why == HISTORY_IS_NIGHT && accel_is_of_vm(r->accel) &&
		    same_engine(r->version, newest->version))
			accel = r->accel;
	}
	for (size_t i = 0; i < h->n_runs; i++) {
		r = &h->runs[i]->figures;
		if (h->runs[i]->why != HISTORY_IS_NIGHT)
			continue;
		if (!same_engine(r->version, newest->version))
			h->runs[i]->why = HISTORY_OTHER_ENGINE;
		else if (!accel_is_alike(r->accel, accel))
			h->runs[i]->why = HISTORY_OTHER_ACCEL;
	}
}

/* --- nights --- */

static void nights_done(struct history *h)
{
	for (size_t i = 0; i < h->n_nights; i++)
		texts_free(h->nights[i].marks, h->nights[i].n_marks);
	for (size_t i = 0; i < h->n_series; i++) {
		free(h->series[i].y);
		free(h->series[i].night);
		free(h->series[i].n_trials);
	}
	free(h->nights);
	free(h->series);
	h->nights = NULL;
	h->series = NULL;
	h->n_nights = h->n_series = 0;
}

static struct night_figures *night_of(struct history *h, const char *run)
{
	for (size_t i = h->n_nights; i-- > 0;)
		if (strcmp(h->nights[i].run, run) == 0)
			return &h->nights[i];
	return NULL;
}

/* Runs made again belong to the night of the first; their series are made by the caller. */
static void make_nights(struct history *h)
{
	for (size_t i = 0; i < h->n_runs; i++) {
		struct history_run *r = h->runs[i];
		const char *of = declared(r, NIGHTLY_FACT_RERUN);
		struct night_figures *n;

		if (r->why != HISTORY_IS_NIGHT)
			continue;
		n = of ? night_of(h, of) : NULL;
		if (of && !n) { /* the run it repeats is no night: some of the cells are no night */
			r->why = HISTORY_EXTRA;
			continue;
		}
		if (!n) {
			n = &h->nights[h->n_nights++];
			n->first = r;
			n->started_ms = r->figures.started_ms;
			memcpy(n->run, r->figures.run, sizeof n->run);
		}
		n->n_runs++;
		n->n_trials += r->figures.n_trials;
		n->n_ok += r->figures.n_ok;
	}
}

static bool is_of_night(const struct history_run *r, const struct night_figures *n)
{
	const char *of = declared(r, NIGHTLY_FACT_RERUN);

	return r->why == HISTORY_IS_NIGHT && strcmp(of ? of : r->figures.run, n->run) == 0;
}

/* --- series --- */

static bool is_series(const struct series_history *s, const char *cell, const char *job,
		      enum metric m)
{
	return s->metric == m && strcmp(s->job, job) == 0 && strcmp(s->cell, cell) == 0;
}

/* Figures of a run come in the order of the series: look from where the last one was. */
static struct series_history *series_of(struct history *h, const struct figure_row *row,
					enum metric m, size_t *at)
{
	for (size_t k = 0; k < h->n_series; k++) {
		size_t i = (*at + k) % h->n_series;

		if (is_series(&h->series[i], row->cell, row->job, m)) {
			*at = i + 1;
			return &h->series[i];
		}
	}
	return NULL;
}

static struct series_history *series_new(struct history *h, const struct figure_row *row,
					 enum metric m)
{
	struct series_history *s = &h->series[h->n_series++];

	*s = (struct series_history){.cell = row->cell, .job = row->job, .metric = m};
	s->y = calloc(h->n_nights, sizeof *s->y);
	s->night = calloc(h->n_nights, sizeof *s->night);
	s->n_trials = calloc(h->n_nights, sizeof *s->n_trials);
	return s->y && s->night && s->n_trials ? s : NULL;
}

/* The median over the night's runs, which are hardly ever more than two. */
static void join(const struct history *h, size_t night, const struct figure_row *row, enum metric m,
		 double *y, size_t *n_trials)
{
	double values[RUNS_OF_NIGHT_MAX];
	size_t n = 0;

	*n_trials = 0;
	for (size_t i = 0; i < h->n_runs && n < RUNS_OF_NIGHT_MAX; i++) {
		const struct figure_row *one;

		if (!is_of_night(h->runs[i], &h->nights[night]))
			continue;
		one = run_figures_find(&h->runs[i]->figures, row->cell, row->job);
		if (!one || !has_figure(one, m))
			continue;
		values[n++] = one->by[m].y;
		*n_trials += one->by[m].n;
	}
	*y = median_of_values(values, n);
}

int history_night_rows(const struct history *h, size_t night, struct figure_row **ret)
{
	const struct run_figures *f = &h->nights[night].first->figures;
	struct figure_row *rows = calloc(f->n + 1, sizeof *rows);

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < f->n; i++) {
		rows[i] = f->rows[i];
		for (size_t m = 0; m < METRICS && h->nights[night].n_runs > 1; m++) {
			struct figure *one = &rows[i].by[m];
			size_t n;
			double y;

			join(h, night, &f->rows[i], (enum metric)m, &y, &n);
			if (!n)
				continue;
			one->y = y;
			one->n = n;
			one->is_thin = false;
		}
	}
	*ret = rows;
	return 0;
}

static int add_figure(struct history *h, size_t night, const struct figure_row *row, enum metric m,
		      size_t *at)
{
	struct series_history *s = series_of(h, row, m, at);

	if (!s)
		s = series_new(h, row, m);
	if (!s)
		return -ENOMEM;
	if (h->nights[night].n_runs == 1) {
		s->y[s->n] = row->by[m].y;
		s->n_trials[s->n] = row->by[m].n;
	} else {
		join(h, night, row, m, &s->y[s->n], &s->n_trials[s->n]);
	}
	s->night[s->n++] = night;
	return 0;
}

static int add_night(struct history *h, size_t night)
{
	const struct run_figures *f = &h->nights[night].first->figures;
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < HISTORY_METRICS && r == 0; k++)
			if (has_figure(&f->rows[i], history_metrics[k]))
				r = add_figure(h, night, &f->rows[i], history_metrics[k], &at);
	return r;
}

static int by_start(const void *a, const void *b)
{
	const struct run_figures *x = &(*(struct history_run *const *)a)->figures;
	const struct run_figures *y = &(*(struct history_run *const *)b)->figures;

	if (x->started_ms != y->started_ms)
		return x->started_ms < y->started_ms ? -1 : 1;
	return strcmp(x->run, y->run);
}

static int mark_nights(struct history *h)
{
	BL_CLEANUP(fingerprint_done) struct fingerprint known = {0};
	int r = 0;

	for (size_t i = 0; i < h->n_nights && r == 0; i++) {
		struct night_figures *n = &h->nights[i];

		if (i > 0)
			r = history_marks(&known, h->nights[i - 1].first, n->first, &n->marks,
					  &n->n_marks);
		if (r == 0)
			r = fingerprint_follow(&known, &n->first->figures.fingerprint);
	}
	return r;
}

/* A figure that a later night has first belongs to the others of its cell and job. */
static void group_series(struct history *h)
{
	for (size_t i = 1; i < h->n_series; i++) {
		struct series_history s = h->series[i];
		size_t to = 0;

		while (to < i && (strcmp(h->series[to].job, s.job) != 0 ||
				  strcmp(h->series[to].cell, s.cell) != 0))
			to++;
		while (to < i && is_series(&h->series[to], s.cell, s.job, h->series[to].metric) &&
		       h->series[to].metric < s.metric)
			to++;
		memmove(&h->series[to + 1], &h->series[to], (i - to) * sizeof s);
		h->series[to] = s;
	}
}

static int settle(struct history *h)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < h->n_runs; i++)
		n += h->runs[i]->why == HISTORY_IS_NIGHT ? count_figures(h->runs[i]) : 0;
	h->nights = calloc(h->n_runs + 1, sizeof *h->nights);
	h->series = calloc(n + 1, sizeof *h->series);
	if (!h->nights || !h->series)
		return -ENOMEM;
	make_nights(h);
	for (size_t i = 0; i < h->n_nights && r == 0; i++)
		r = add_night(h, i);
	group_series(h);
	return r < 0 ? r : mark_nights(h);
}

int history_settle(struct history *h, const struct history_rules *rules, struct bl_err *err)
{
	int r;

	nights_done(h);
	if (h->n_runs)
		qsort(h->runs, h->n_runs, sizeof(struct history_run *), by_start);
	choose_runs(h, rules);
	r = settle(h);
	if (r < 0) {
		nights_done(h);
		return bl_fail(err, r, "out of memory");
	}
	return 0;
}

/* --- what is asked of it --- */

const char *history_accel(const struct history *h)
{
	for (size_t i = h->n_nights; i-- > 0;)
		if (accel_is_of_vm(h->nights[i].first->figures.accel))
			return h->nights[i].first->figures.accel;
	return h->n_nights ? h->nights[0].first->figures.accel : NULL;
}

size_t history_left_out(const struct history *h, enum history_why why)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_runs; i++)
		n += h->runs[i]->why == why;
	return n;
}

const struct series_history *history_series(const struct history *h, const char *cell,
					    const char *job, enum metric m)
{
	for (size_t i = 0; i < h->n_series; i++)
		if (is_series(&h->series[i], cell, job, m))
			return &h->series[i];
	return NULL;
}

bool history_has_mark(const struct history *h, const struct series_history *s, size_t k)
{
	for (size_t i = k ? s->night[k - 1] + 1 : s->night[k]; k && i <= s->night[k]; i++)
		if (h->nights[i].n_marks)
			return true;
	return false;
}

double history_log_odds(const struct history *h, const struct series_history *s, size_t k)
{
	return history_has_mark(h, s, k) ? log(MARK_ODDS) : 0;
}

int history_changes(const struct history *h, const struct series_history *s,
		    const struct change_options *o, struct changes *ret)
{
	BL_CLEANUP(bl_freep) double *odds = calloc(s->n + 1, sizeof *odds);
	struct change_options opt = *o;

	if (!odds)
		return -ENOMEM;
	for (size_t k = 0; k < s->n; k++)
		odds[k] = history_log_odds(h, s, k);
	opt.log_odds = odds;
	return changes_find(s->y, s->n, &opt, ret);
}

/* The first 48 bits of a UUIDv7 are its time, in hex with a dash behind the eighth digit. */
static uint64_t uuid_ms(const char *id)
{
	char hex[13];

	if (strlen(id) < 13)
		return 0;
	memcpy(hex, id, 8);
	memcpy(hex + 8, id + 9, 4);
	hex[12] = '\0';
	return strtoull(hex, NULL, 16);
}

size_t history_night_of(const struct history *h, const char *run)
{
	uint64_t ms = uuid_ms(run);

	for (size_t i = 0; i < h->n_nights; i++)
		if (strcmp(h->nights[i].run, run) == 0)
			return i;
	for (size_t i = 0; i < h->n_nights; i++)
		if (h->nights[i].started_ms >= ms)
			return i;
	return h->n_nights;
}

/* --- what it is made of --- */

static void history_run_free(struct history_run *r)
{
	if (!r)
		return;
	run_figures_done(&r->figures);
	free(r->scenario_text);
	facts_done(&r->declared);
	facts_done(&r->environment);
	free(r);
}

static void look_at_trials(struct history_run *r, const struct run_data *d)
{
	r->is_interrupted = !d->run.ended_ms;
	for (size_t i = 0; i < d->n_trials; i++)
		r->is_interrupted |= d->trials[i].state == TRIAL_INTERRUPTED;
	for (size_t i = 0; i < r->figures.n; i++)
		r->n_unstable += r->figures.rows[i].n_unstable;
}

static int copy(struct history_run *r, const struct run_data *d)
{
	int e = run_figures_of(d, &r->figures);

	if (e < 0)
		return e;
	look_at_trials(r, d);
	r->scenario_text = strdup(d->run.scenario_text);
	e = facts_copy(&r->declared, &d->run.declared);
	if (e == 0)
		e = facts_copy(&r->environment, &d->run.environment);
	return r->scenario_text ? e : -ENOMEM;
}

int history_add(struct history *h, const struct run_data *run, struct bl_err *err)
{
	struct history_run **grown, *r = calloc(1, sizeof *r);

	if (!r || copy(r, run) < 0) {
		history_run_free(r);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	grown = reallocarray(h->runs, h->n_runs + 1, sizeof(struct history_run *));
	if (!grown) {
		history_run_free(r);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	h->runs = grown;
	h->runs[h->n_runs++] = r;
	return 0;
}

void history_done(struct history *h)
{
	nights_done(h);
	for (size_t i = 0; i < h->n_runs; i++)
		history_run_free(h->runs[i]);
	free(h->runs);
	*h = (struct history){0};
}
