#include "made_nights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		if (!m->is_deaf && night_change_is_told(night, c))
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
