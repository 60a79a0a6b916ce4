#include "quiet_nights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "confirm.h"
#include "made_nights.h"
#include "night_report.h"

#define NIGHTS     60
#define FIRST_SAID 9
#define CELLS_MAX  40

struct quiet_host {
	struct made_nights m;
	char names[CELLS_MAX][32];
	struct rng rng, fresh; /* of nights; of fresh trials: the nights are the same without */
	enum noise kind;
	double shared;
};

/* The host's share of the variance, and the series' own. */
static double mixed(const struct quiet_host *h, enum metric m, double host, double own)
{
	return 10 + made_sigma(m) * (sqrt(h->shared) * host + sqrt(1 - h->shared) * own);
}

static double one(struct quiet_host *h)
{
	double y[NIGHTS];

	simulate_nights(&h->fresh, h->kind, y, NIGHTS);
	return y[NIGHTS - 1];
}

static void begin(struct quiet_host *h, size_t cells)
{
	double host[NIGHTS] = {0};

	made_begin(&h->m, NIGHTS, cells * HISTORY_METRICS);
	if (h->shared > 0)
		simulate_nights(&h->rng, h->kind, host, NIGHTS);
	for (size_t i = 0; i < cells * HISTORY_METRICS; i++) {
		double y[NIGHTS];

		simulate_nights(&h->rng, h->kind, y, NIGHTS);
		for (size_t k = 0; k < NIGHTS; k++)
			y[k] = mixed(h, history_metrics[i % HISTORY_METRICS], host[k], y[k]);
		snprintf(h->names[i / HISTORY_METRICS], sizeof h->names[0], "cell %zu",
			 i / HISTORY_METRICS);
		made_series(&h->m, i, h->names[i / HISTORY_METRICS],
			    history_metrics[i % HISTORY_METRICS], y);
	}
}

/* Fresh trials of an event's cells: the host is as it ever was. */
static void confirm(struct quiet_host *h, struct night *n)
{
	const struct night_change *first = NULL;
	char event[BL_UUID_TEXT];
	double host = 0;

	for (size_t i = 0; i < n->n_changes; i++)
		if (n->changes[i].state == CHANGE_CANDIDATE && n->changes[i].is_new &&
		    (!first || n->changes[i].at_ms > first->at_ms))
			first = &n->changes[i];
	if (!first)
		return;
	memcpy(event, first->event, sizeof event);
	if (h->shared > 0)
		host = one(h);
	for (size_t i = 0; i < n->n_changes; i++) {
		struct night_change *c = &n->changes[i];
		struct figure_row row = {.cell = c->cell, .job = c->job};
		struct run_figures fresh = {.rows = &row, .n = 1};

		if (strcmp(c->event, event) != 0 || c->state != CHANGE_CANDIDATE)
			continue;
		row.by[c->metric] = (struct figure){.n = CONFIRM_TRIALS,
						    .y = mixed(h, c->metric, host, one(h))};
		if (confirm_by_nights(&h->m.h, &fresh, &min_effects_default, c, NULL) < 0)
			abort();
	}
	if (night_conclude(n, NULL) < 0)
		abort();
}

static bool says(const struct night *n, enum night_format f, const char *what)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	if (report_night(n, f, &out, NULL) < 0)
		abort();
	return strstr(bl_buf_str(&out), what);
}

static bool is_off(const struct night *n)
{
	for (size_t i = 0; i < n->n_points; i++)
		if (n->points[i].verdict == PROFILE_DRIFTED && n->points[i].is_worse)
			return true;
	return false;
}

static void count(struct night *n, struct quiet_shares *sum)
{
	n->scenario = strdup("quiet");
	n->host_name = strdup("host1");
	n->host_id = strdup("0123456789abcdef");
	n->version = strdup("0");
	n->accel = strdup("kvm");
	sum->exit_4 += night_exit_of(n) == NIGHT_EXIT_WORSE;
	sum->junit += says(n, NIGHT_JUNIT, "<failure");
	sum->metric += says(n, NIGHT_METRICS,
			    "blklab_night_worse{scenario=\"quiet\","
			    "host=\"host1\"} 1\n");
	sum->text += says(n, NIGHT_TEXT, "for the worse");
	sum->exit_5 += night_exit_of(n) == NIGHT_EXIT_CANNOT_TELL;
	sum->off += is_off(n);
}

struct quiet_shares quiet_nights(enum noise kind, size_t cells, size_t hosts, bool is_confirmed,
				 double shared, uint64_t seed)
{
	static struct quiet_host h;
	struct quiet_shares s = {0};
	const double n_all = (double)(hosts * (NIGHTS + 1 - FIRST_SAID));

	h.kind = kind;
	h.shared = shared;
	rng_seed(&h.rng, seed);
	rng_seed(&h.fresh, ~seed);
	for (size_t k = 0; k < hosts; k++) {
		begin(&h, cells);
		h.m.confirms = is_confirmed;
		for (size_t i = FIRST_SAID; i <= NIGHTS; i++) {
			struct night night;

			made_look(&h.m, i, &night);
			if (is_confirmed)
				confirm(&h, &night);
			count(&night, &s);
			made_remember(&h.m, &night);
			night_done(&night);
		}
		made_done(&h.m);
	}
	return (struct quiet_shares){s.exit_4 / n_all, s.junit / n_all,  s.metric / n_all,
				     s.text / n_all,   s.exit_5 / n_all, s.off / n_all};
}
