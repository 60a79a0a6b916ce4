#include "made_nights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confirm.h"

#define DAY_MS   (24 * 3600 * (uint64_t)1000)
#define FIRST_MS (UINT64_C(1750000000) * 1000)

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* As a UUIDv7 has its time. */
static void night_id(char out[BL_UUID_TEXT], size_t i)
{
	uint64_t ms = FIRST_MS + i * DAY_MS;

	snprintf(out, BL_UUID_TEXT, "%08x-%04x-7000-8000-%012x", (unsigned)(ms >> 16),
		 (unsigned)(ms & 0xffff), (unsigned)(i & 0xffff));
}

void made_begin(struct made_nights *m, size_t n_nights, size_t n_series)
{
	memset(m, 0, sizeof *m);
	m->n_nights = n_nights;
	m->n_series = n_series;
	m->all = must(calloc(n_series, sizeof *m->all));
	m->h.series = must(calloc(n_series, sizeof *m->h.series));
	m->h.nights = m->nights;
	for (size_t i = 0; i < n_nights; i++) {
		night_id(m->nights[i].run, i);
		m->nights[i].started_ms = FIRST_MS + i * DAY_MS;
		m->nights[i].first = &m->run;
		m->nights[i].n_runs = 1;
	}
}

void made_series(struct made_nights *m, size_t i, const char *cell, enum metric metric,
		 const double *y)
{
	struct series_history *s = &m->all[i];

	*s = (struct series_history){.cell = cell, .job = "read", .metric = metric};
	s->y = must(calloc(m->n_nights, sizeof *s->y));
	s->night = must(calloc(m->n_nights, sizeof *s->night));
	s->n_trials = must(calloc(m->n_nights, sizeof *s->n_trials));
	for (size_t k = 0; k < m->n_nights; k++) {
		if (isnan(y[k]))
			continue;
		s->n_trials[s->n] = 3;
		s->night[s->n] = k;
		s->y[s->n++] = y[k];
	}
}

void made_mark(struct made_nights *m, size_t night, const char *text)
{
	m->nights[night].marks = must(malloc(sizeof(char *)));
	m->nights[night].marks[0] = must(strdup(text));
	m->nights[night].n_marks = 1;
}

static void new_id(void *ctx, char id[BL_UUID_TEXT])
{
	struct made_nights *m = ctx;

	snprintf(id, BL_UUID_TEXT, "id-%u", ++m->ids);
}

static struct change_record *record_of(struct made_nights *m, const struct night_change *c)
{
	struct change_record *r;

	for (size_t i = 0; i < m->n_earlier; i++)
		if (strcmp(m->earlier[i].id, c->id) == 0)
			return &m->earlier[i];
	m->earlier = must(realloc(m->earlier, (m->n_earlier + 1) * sizeof *m->earlier));
	r = &m->earlier[m->n_earlier++];
	*r = (struct change_record){.cell = must(strdup(c->cell)),
				    .job = must(strdup(c->job)),
				    .metric = must(strdup(metric_names[c->metric])),
				    .before = c->before,
				    .after = c->after,
				    .is_drift = c->is_drift,
				    .state = must(strdup(change_state_names[c->state]))};
	memcpy(r->id, c->id, sizeof r->id);
	memcpy(r->event, c->event, sizeof r->event);
	memcpy(r->at_run, c->at_run, sizeof r->at_run);
	return r;
}

void made_remember(struct made_nights *m, const struct night *night)
{
	for (size_t i = 0; i < night->n_changes; i++) {
		const struct night_change *c = &night->changes[i];
		struct change_record *r = record_of(m, c);

		free(r->state);
		r->state = must(strdup(change_state_names[c->state]));
		if (night_change_is_told(night, c))
			r->reported_ms = 1;
	}
}

void made_look(struct made_nights *m, size_t n, struct night *ret)
{
	struct judge_rules rules = {.earlier = m->earlier,
				    .n_earlier = m->n_earlier,
				    .checks = m->checks,
				    .n_checks = m->n_checks,
				    .new_id = new_id,
				    .ctx = m};
	struct bl_err err = BL_ERR_INIT;

	m->h.n_nights = n;
	m->h.n_series = m->n_series;
	for (size_t i = 0; i < m->n_series; i++) {
		m->h.series[i] = m->all[i];
		while (m->h.series[i].n && m->all[i].night[m->h.series[i].n - 1] >= n)
			m->h.series[i].n--;
	}
	*ret = (struct night){.trusts_candidates = !m->confirms};
	if (night_judge(&m->h, &rules, ret, &err) < 0)
		abort();
}

void made_judge(struct made_nights *m, size_t n, struct night *ret)
{
	made_look(m, n, ret);
	made_remember(m, ret);
}

void made_done(struct made_nights *m)
{
	for (size_t i = 0; i < m->n_series; i++) {
		free(m->all[i].y);
		free(m->all[i].night);
		free(m->all[i].n_trials);
	}
	for (size_t i = 0; i < m->n_nights; i++) {
		for (size_t k = 0; k < m->nights[i].n_marks; k++)
			free(m->nights[i].marks[k]);
		free(m->nights[i].marks);
	}
	for (size_t i = 0; i < m->n_earlier; i++)
		change_record_done(&m->earlier[i]);
	free(m->earlier);
	free(m->all);
	free(m->h.series);
}

/* --- a year without a change --- */

#define YEAR       365
#define FIRST_SAID 9
#define SIGMA      0.02
#define SIGMA_MAX  0.4

double made_sigma(enum metric m)
{
	return m == METRIC_MAX ? SIGMA_MAX : SIGMA;
}

double made_false_alerts(enum noise kind, size_t years, size_t marks, uint64_t seed)
{
	size_t alerts = 0;
	struct rng r;

	rng_seed(&r, seed);
	for (size_t k = 0; k < years; k++) {
		struct made_nights m;
		double y[YEAR];

		simulate_nights(&r, kind, y, YEAR);
		for (size_t i = 0; i < YEAR; i++)
			y[i] = 10 + SIGMA * y[i];
		made_begin(&m, YEAR, 1);
		made_series(&m, 0, "a", METRIC_P50, y);
		for (size_t i = 0; i < marks; i++) {
			size_t at = FIRST_SAID + rng_u64(&r) % (YEAR - FIRST_SAID);

			if (!m.nights[at].n_marks)
				made_mark(&m, at, "QEMU 1 -> 2");
		}
		for (size_t n = FIRST_SAID; n <= YEAR; n++) {
			struct night night;

			made_judge(&m, n, &night);
			alerts += night.outcome == NIGHT_CHANGED;
			night_done(&night);
		}
		made_done(&m);
	}
	return (double)alerts / (double)years;
}

double made_power(enum noise kind, double shift, size_t since, bool is_marked, size_t rounds,
		  uint64_t seed)
{
	size_t found = 0, before = 60;
	struct rng r;

	rng_seed(&r, seed);
	for (size_t k = 0; k < rounds; k++) {
		struct made_nights m;
		struct night night;
		double y[MADE_NIGHTS_MAX];

		simulate_nights(&r, kind, y, before + since);
		for (size_t i = 0; i < before + since; i++)
			y[i] = 10 + SIGMA * (y[i] + (i >= before ? shift : 0));
		made_begin(&m, before + since, 1);
		made_series(&m, 0, "a", METRIC_P50, y);
		if (is_marked)
			made_mark(&m, before, "QEMU 1 -> 2");
		made_judge(&m, before + since, &night);
		for (size_t i = 0; i < night.n_changes; i++)
			if (night.changes[i].nights_since + JUDGE_SAME_NIGHTS >= since &&
			    night.changes[i].nights_since <= since + JUDGE_SAME_NIGHTS) {
				found++;
				break;
			}
		night_done(&night);
		made_done(&m);
	}
	return (double)found / (double)rounds;
}

/* --- a year of a whole scenario --- */

#define CELLS       21
#define SERIES      (CELLS * HISTORY_METRICS)
#define TRIED_CELLS 3 /* as nightly_more.c has it */

static const enum noise mixed[] = {NOISE_NORMAL, NOISE_AR3, NOISE_EXPONENTIAL, NOISE_OUTLIERS,
				   NOISE_T3};

/* Nights of each series, of deviation made_sigma(). */
static void draw_scenario(struct rng *r, double share, double (*y)[YEAR])
{
	double common[YEAR];

	simulate_nights(r, NOISE_AR3, common, YEAR);
	for (size_t i = 0; i < SERIES; i++) {
		simulate_nights(r, mixed[i % (sizeof mixed / sizeof *mixed)], y[i], YEAR);
		for (size_t k = 0; k < YEAR; k++)
			y[i][k] =
				10 + made_sigma(history_metrics[i % HISTORY_METRICS]) *
					     (sqrt(share) * common[k] + sqrt(1 - share) * y[i][k]);
	}
}

/* Is @cell one of those that are measured again for an event, the first of its changes? */
static bool is_tried(const struct night *n, const char *event, const char *cell)
{
	const char *seen[TRIED_CELLS];
	size_t n_seen = 0;

	for (size_t i = 0; i < n->n_changes && n_seen < TRIED_CELLS; i++) {
		bool is_known = strcmp(n->changes[i].event, event) != 0;

		for (size_t k = 0; k < n_seen && !is_known; k++)
			is_known = strcmp(seen[k], n->changes[i].cell) == 0;
		if (!is_known)
			seen[n_seen++] = n->changes[i].cell;
	}
	for (size_t k = 0; k < n_seen; k++)
		if (strcmp(seen[k], cell) == 0)
			return true;
	return false;
}

/* Fresh trials of @c, which give what another night would have given. */
static bool is_confirmed(struct made_nights *m, struct night_change *c, double (*fresh)[YEAR],
			 size_t night)
{
	struct figure_row row = {.cell = c->cell, .job = c->job};
	struct run_figures f = {.rows = &row, .n = 1};
	struct bl_err err = BL_ERR_INIT;

	for (size_t i = 0; i < m->n_series; i++)
		if (m->all[i].metric == c->metric && strcmp(m->all[i].cell, c->cell) == 0)
			row.by[c->metric] =
				(struct figure){.n = CONFIRM_TRIALS, .y = fresh[i][night]};
	if (confirm_by_nights(&m->h, &f, &min_effects_default, c, &err) < 0)
		abort();
	return c->state == CHANGE_CONFIRMED;
}

/* Events that were found so far: an event is one however often it is looked at. */
struct seen {
	char (*ids)[BL_UUID_TEXT];
	size_t n;
};

static bool is_seen(struct seen *seen, const char *event)
{
	for (size_t i = 0; i < seen->n; i++)
		if (strcmp(seen->ids[i], event) == 0)
			return true;
	seen->ids = must(realloc(seen->ids, (seen->n + 1) * sizeof *seen->ids));
	snprintf(seen->ids[seen->n++], sizeof *seen->ids, "%s", event);
	return false;
}

static void count_events(struct made_nights *m, struct night *night, double (*fresh)[YEAR],
			 size_t at, struct seen *seen, struct made_events *ret)
{
	for (size_t i = 0; i < night->n_changes; i++) {
		const char *event = night->changes[i].event;
		bool holds = false;

		if (is_seen(seen, event))
			continue;
		for (size_t k = i; k < night->n_changes; k++) {
			struct night_change *c = &night->changes[k];

			if (strcmp(c->event, event) == 0 && is_tried(night, event, c->cell))
				holds |= is_confirmed(m, c, fresh, at);
		}
		ret->found++;
		ret->confirmed += holds;
	}
}

struct made_events made_scenario_year(double share, size_t marks, uint64_t seed)
{
	double(*y)[YEAR] = must(calloc(2 * SERIES, sizeof *y)), (*fresh)[YEAR] = y + SERIES;
	struct made_events events = {0};
	struct seen seen = {0};
	static char cells[CELLS][8];
	struct made_nights m;
	struct rng r;

	rng_seed(&r, seed);
	draw_scenario(&r, share, y);
	draw_scenario(&r, share, fresh);
	made_begin(&m, YEAR, SERIES);
	for (size_t i = 0; i < SERIES; i++) {
		snprintf(cells[i / HISTORY_METRICS], sizeof *cells, "c%zu", i / HISTORY_METRICS);
		made_series(&m, i, cells[i / HISTORY_METRICS], history_metrics[i % HISTORY_METRICS],
			    y[i]);
	}
	for (size_t i = 0; i < marks;) {
		size_t at = FIRST_SAID + rng_u64(&r) % (YEAR - FIRST_SAID);

		if (m.nights[at].n_marks)
			continue;
		made_mark(&m, at, "QEMU 1 -> 2");
		i++;
	}
	for (size_t n = FIRST_SAID; n <= YEAR; n++) {
		struct night night;

		made_judge(&m, n, &night);
		count_events(&m, &night, fresh, n - 1, &seen, &events);
		night_done(&night);
	}
	made_done(&m);
	free(y);
	free(seen.ids);
	return events;
}
