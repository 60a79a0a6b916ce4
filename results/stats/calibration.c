#include "calibration.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "correlation.h"
#include "decide.h"
#include "equal_cells.h"
#include "family.h"
#include "median.h"
#include "rank.h"
#include "rng.h"

#define DRAWS       1000
#define SEEN_SHARE  0.8 /* of comparisons that are to see a change */
#define FLOOR_SHARE 0.95

const size_t calibration_sizes[CALIBRATION_SIZES] = {6, 8, 12, 20, 30};

/* The equal cells. */
struct group {
	const struct run_data *d;
	const struct summaries *s;
	uint32_t *cells;
	size_t n;
};

static int find_group(struct group *g, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) uint32_t *tried = calloc(g->d->n_cells + 1, sizeof *tried);

	g->cells = calloc(g->d->n_cells + 1, sizeof *g->cells);
	if (!tried || !g->cells)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < g->d->n_cells; i++) {
		size_t n = cells_equal_to(g->d, i, tried);

		if (n <= g->n)
			continue;
		g->n = n;
		memcpy(g->cells, tried, n * sizeof *tried);
	}
	if (g->n < 2)
		return bl_fail(
			err, -ENOENT,
			"no two cells of this run are equal, so it does not show what "
			"nothing looks like; blklab calibrate SCENARIO makes a run that does");
	return 0;
}

/* ---- what a comparison of n pairs can see ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value that a @share of v[n] does not exceed; @v is sorted by this. */
static double share_of(double *v, size_t n, double share)
{
	size_t at = (size_t)ceil(share * (double)n);

	qsort(v, n, sizeof *v, by_value);
	return v[at ? at - 1 : 0];
}

static void draw(const double *d, size_t n_d, struct rng *rng, double *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double v = d[(size_t)(rng_unit(rng) * (double)n_d)];

		out[i] = rng_u64(rng) >> 63 ? v : -v;
	}
}

/* What carries the interval of @n drawn log ratios beyond @matters in most draws. */
static double visible_at(const double *d, size_t n_d, size_t n, double matters, struct rng *rng)
{
	double needed[DRAWS], drawn[RANK_PAIRS_MAX];

	for (size_t i = 0; i < DRAWS; i++) {
		draw(d, n_d, rng, drawn, n);
		needed[i] = matters - rank_interval(drawn, n, 0.05).lo;
	}
	return share_of(needed, DRAWS, SEEN_SHARE);
}

static double floor_at(const double *d, size_t n_d, size_t n, struct rng *rng)
{
	double off[DRAWS], drawn[RANK_PAIRS_MAX];

	for (size_t i = 0; i < DRAWS; i++) {
		draw(d, n_d, rng, drawn, n);
		off[i] = fabs(rank_interval(drawn, n, 0.05).estimate);
	}
	return share_of(off, DRAWS, FLOOR_SHARE);
}

static void seed_of(uint64_t seed, const char *job, enum metric m, struct rng *ret)
{
	rng_seed(ret, seed ^ rng_hash(rng_hash(RNG_HASH, job), metric_names[m]));
}

double calibration_floor(const double *d, size_t n_d, size_t n_pairs, uint64_t seed,
			 const char *job, enum metric m)
{
	struct rng rng;

	seed_of(seed, job, m, &rng);
	return expm1(floor_at(d, n_d, n_pairs, &rng));
}

static double robust_sd(const double *d, size_t n)
{
	BL_CLEANUP(bl_freep) double *off = calloc(n + 1, sizeof *off);

	if (!off || !n)
		return 0;
	for (size_t i = 0; i < n; i++)
		off[i] = fabs(d[i]);
	return 1.4826 * median_of_values(off, n);
}

/* ---- time ---- */

/* Logs of the trials of all equal cells, in the order in which they ran. */
static size_t in_time(const struct group *g, const char *job, enum metric m,
		      struct calibration_value *out)
{
	size_t n = 0;

	for (size_t i = 0; i < g->d->n_trials; i++) {
		const struct trial_record *t = &g->d->trials[i];
		const struct job_result *j = trial_job(t, job);
		bool is_of_group = false;
		double v;

		for (size_t k = 0; k < g->n; k++)
			is_of_group |= g->cells[k] == t->cell;
		if (is_of_group && t->state == TRIAL_OK && j && job_metric(j, m, &v) && v > 0)
			out[n++] = (struct calibration_value){t->cell, log(v)};
	}
	return n;
}

static int look_in_time(const struct group *g, struct calibration_row *row)
{
	BL_CLEANUP(bl_freep) double *y = calloc(g->d->n_trials + 1, sizeof *y);
	struct comparison c;
	size_t n, half;

	row->values = calloc(g->d->n_trials + 1, sizeof *row->values);
	if (!y || !row->values)
		return -ENOMEM;
	n = row->n_values = in_time(g, row->job, row->metric, row->values);
	for (size_t i = 0; i < n; i++)
		y[i] = row->values[i].y;
	half = n / 2;
	row->r1 = lag1_of_values(y, n);
	row->in_time = 1;
	if (half < 2)
		return 0;
	if (compare_samples(y, half, y + half, n - half, 0, true, &c) < 0)
		return -ENOMEM;
	row->in_time = c.ratio;
	row->is_apart_in_time = c.has_interval && (c.lo > 1 || c.hi < 1);
	return 0;
}

/* ---- one row ---- */

/* All comparisons of one job and metric: row->pairs. */
struct comparisons {
	struct comparison **members;
	double *ratios; /* logs, of all pairs */
	size_t n_ratios;
};

static void comparisons_done(struct comparisons *c)
{
	free(c->members);
	free(c->ratios);
}

static int compare_all(const struct group *g, struct calibration_row *row, double min_effect,
		       struct comparisons *c)
{
	size_t n = g->n * (g->n - 1) / 2;

	row->pairs = calloc(n, sizeof *row->pairs);
	c->members = calloc(n, sizeof *c->members);
	c->ratios = calloc(n * SUMMARY_VALUES, sizeof *c->ratios);
	if (!row->pairs || !c->members || !c->ratios)
		return -ENOMEM;
	for (size_t i = 0; i < g->n; i++) {
		for (size_t k = i + 1; k < g->n; k++) {
			const struct summary *a = summaries_find(g->s, g->cells[i], row->job);
			const struct summary *b = summaries_find(g->s, g->cells[k], row->job);
			double *d = c->ratios + c->n_ratios;
			struct calibration_pair *p;
			size_t n_d = a && b ? summary_log_ratios(a, b, row->metric, d) : 0;

			if (n_d < CALIBRATION_LEAST)
				continue;
			row->is_thin |= a->is_thin[row->metric] || b->is_thin[row->metric];
			p = &row->pairs[row->n_comparisons];
			*p = (struct calibration_pair){.a = g->cells[i], .b = g->cells[k]};
			p->c = compare_pairs(d, n_d, min_effect,
					     metric_more_is_better[row->metric]);
			c->members[row->n_comparisons++] = &p->c;
			c->n_ratios += n_d;
			if (!row->n_pairs || n_d < row->n_pairs)
				row->n_pairs = n_d;
		}
	}
	return 0;
}

static bool is_alarm(const struct comparison *c)
{
	return c->verdict == VERDICT_BETTER || c->verdict == VERDICT_WORSE;
}

static int count(struct comparisons *c, struct calibration_row *row)
{
	int r;

	for (size_t i = 0; i < row->n_comparisons; i++) {
		struct calibration_pair *p = &row->pairs[i];

		p->is_apart = p->c.has_interval && (p->c.lo > 1 || p->c.hi < 1);
		p->is_alarm = is_alarm(&p->c);
		row->n_apart += p->is_apart;
		row->n_alarms += p->is_alarm;
	}
	r = family_correct(c->members, row->n_comparisons, FAMILY_BH, NULL);
	for (size_t i = 0; i < row->n_comparisons && r == 0; i++)
		row->n_family += is_alarm(&row->pairs[i].c);
	return r;
}

static int fill_row(const struct group *g, double min_effect, uint64_t seed,
		    struct calibration_row *row)
{
	BL_CLEANUP(comparisons_done) struct comparisons c = {0};
	double matters = log1p(min_effect);
	struct rng rng;
	int r = compare_all(g, row, min_effect, &c);

	if (r == 0)
		r = count(&c, row);
	row->matters = min_effect;
	if (r < 0 || !row->n_comparisons)
		return r;
	seed_of(seed, row->job, row->metric, &rng);
	row->sd = robust_sd(c.ratios, c.n_ratios);
	row->floor = expm1(floor_at(c.ratios, c.n_ratios, row->n_pairs, &rng));
	for (size_t i = 0; i < CALIBRATION_SIZES; i++)
		row->visible[i] = expm1(
			visible_at(c.ratios, c.n_ratios, calibration_sizes[i], matters, &rng));
	return look_in_time(g, row);
}

/* ---- all of them ---- */

static void row_done(struct calibration_row *row)
{
	free(row->pairs);
	free(row->values);
}

static void add_up(struct calibration *c)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct calibration_row *row = &c->rows[i];

		if (row->is_thin)
			continue;
		c->n_comparisons += row->n_comparisons;
		c->n_apart += row->n_apart;
		c->n_alarms += row->n_alarms;
		c->n_family += row->n_family;
	}
}

static int fill_rows(const struct group *g, const struct min_effects *e, uint64_t seed,
		     struct calibration *c)
{
	for (size_t i = 0; i < g->s->n; i++) {
		const struct summary *s = &g->s->items[i];

		if (s->cell != g->cells[0])
			continue;
		for (int m = 0; m < METRICS; m++) {
			struct calibration_row *row = &c->rows[c->n_rows];
			int r;

			*row = (struct calibration_row){.job = s->job, .metric = (enum metric)m};
			r = fill_row(g, e->by[m], seed, row);
			if (r == 0 && row->n_comparisons)
				c->n_rows++;
			else
				row_done(row);
			if (r < 0)
				return r;
		}
		c->n_repeats = s->n_ok > c->n_repeats ? s->n_ok : c->n_repeats;
	}
	return 0;
}

static size_t n_jobs(const struct group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->s->n; i++)
		n += g->s->items[i].cell == g->cells[0];
	return n;
}

int calibrate(const struct run_data *d, const struct summaries *s, const struct min_effects *e,
	      uint64_t seed, struct calibration *ret, struct bl_err *err)
{
	struct group g = {.d = d, .s = s};
	struct calibration c = {0};
	int r = find_group(&g, err);

	if (r == 0) {
		c.n_cells = g.n;
		c.rows = calloc(n_jobs(&g) * METRICS + 1, sizeof *c.rows);
		r = c.rows ? fill_rows(&g, e ? e : &min_effects_default, seed, &c) : -ENOMEM;
		if (r < 0)
			bl_fail(err, r, "out of memory");
	}
	if (r == 0 && !c.n_rows)
		r = bl_fail(
			err, -EINVAL,
			"%zu equal cells with %zu trials each; from six on the same figures can "
			"be compared",
			c.n_cells, c.n_repeats);
	free(g.cells);
	if (r < 0) {
		calibration_done(&c);
		return r;
	}
	add_up(&c);
	*ret = c;
	return 0;
}

void calibration_done(struct calibration *c)
{
	for (size_t i = 0; i < c->n_rows; i++)
		row_done(&c->rows[i]);
	free(c->rows);
	*c = (struct calibration){0};
}

const struct calibration_row *calibration_find(const struct calibration *c, const char *job,
					       enum metric m)
{
	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].metric == m && strcmp(c->rows[i].job, job) == 0)
			return &c->rows[i];
	return NULL;
}
