#include "simulated_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlation.h"
#include "family.h"
#include "forecast.h"
#include "moderate.h"
#include "multiple.h"
#include "rank.h"
#include "simulated.h"
#include "student.h"

#define SD   0.04
#define LIKE 200000 /* draws for what is estimated */

const char *const noise_names[NOISES] = {"normal", "heavy", "skew"};
const char *const method_names[METHODS] = {
	[METHOD_T_BH] = "plain t + BH",
	[METHOD_MODERATED_T_BH] = "moderated t + BH",
	[METHOD_MODERATED_YUEN_BH] = "moderated Yuen + BH",
	[METHOD_WILCOXON_BH] = "Wilcoxon + BH",
	[METHOD_MODERATED_T_HOLM] = "moderated t + Holm",
	[METHOD_RAW] = "plain t, raw p < 0.05",
	[METHOD_FAMILY] = "verdict (effect of 1 %, interval and family)",
};

static double draw_hiccup(struct rng *r)
{
	return log(1.2 + 0.8 * rng_unit(r));
}

double draw_noise(struct rng *r, enum noise noise)
{
	double x = SD * draw_gauss(r);

	if (noise == NOISE_NORMAL || rng_unit(r) >= 0.15)
		return x;
	return x + (noise == NOISE_HEAVY && rng_unit(r) < 0.5 ? -1 : 1) * draw_hiccup(r);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void draw_pairs(struct rng *r, enum noise noise, double *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		d[i] = draw_noise(r, noise);
}

/* A t interval of the mean in the same words as Yuen's. */
static struct yuen mean_of(const double *d, size_t n)
{
	struct yuen y = {.is_known = true, .n = n, .h = n, .df = (double)(n - 1)};

	for (size_t i = 0; i < n; i++)
		y.mean += d[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		y.var += (d[i] - y.mean) * (d[i] - y.mean) / y.df / (double)n;
	return y;
}

/* ---- coverage ---- */

struct truth {
	double hl, yuen, mean;
};

static struct truth truth_of(struct rng *r, enum noise noise)
{
	double *x = malloc(LIKE * sizeof *x);
	struct truth t = {0};

	if (!x || noise != NOISE_SKEW) {
		free(x);
		return t; /* symmetric about 0 */
	}
	draw_pairs(r, noise, x, LIKE);
	t.mean = mean_of(x, LIKE).mean;
	qsort(x, LIKE, sizeof *x, by_value);
	t.yuen = yuen_of_sorted(x, LIKE).mean;
	for (size_t i = 0; i < LIKE; i++)
		x[i] = (draw_noise(r, noise) + draw_noise(r, noise)) / 2;
	qsort(x, LIKE, sizeof *x, by_value);
	t.hl = x[LIKE / 2];
	free(x);
	return t;
}

static bool add_interval(const struct yuen *y, double truth, double *width)
{
	double lo, hi;

	yuen_interval(y, 0.05, &lo, &hi);
	*width += hi - lo;
	return lo <= truth && truth <= hi;
}

struct coverage simulate_coverage(struct rng *r, enum noise noise, size_t n, size_t rounds)
{
	struct truth t = truth_of(r, noise);
	double d[RANK_PAIRS_MAX], x = (double)rounds;
	struct coverage c = {0};

	for (size_t k = 0; k < rounds; k++) {
		struct rank_interval i;
		struct yuen y, m;

		draw_pairs(r, noise, d, n);
		i = rank_interval(d, n, 0.05);
		y = yuen_of(d, n);
		m = mean_of(d, n);
		c.hl += (i.lo <= t.hl && t.hl <= i.hi) / x;
		c.hl_width += (i.hi - i.lo) / x;
		c.yuen += add_interval(&y, t.yuen, &c.yuen_width) / x;
		c.mean += add_interval(&m, t.mean, &c.mean_width) / x;
	}
	c.yuen_width /= x;
	c.mean_width /= x;
	return c;
}

static bool holds(const struct comparison *c)
{
	return c->lo <= 1 && 1 <= c->hi;
}

void simulate_alike(struct rng *r, double phi, size_t n, size_t rounds, double *ret_plain,
		    double *ret_widened)
{
	size_t plain = 0, widened = 0;

	for (size_t k = 0; k < rounds; k++) {
		double d[RANK_PAIRS_MAX], mean = 0;
		struct lag1 l = {0, 0};
		struct comparison c;

		simulate_ar(r, phi, d, n);
		for (size_t i = 0; i < n; i++)
			mean += d[i] / (double)n;
		lag1_add(&l, d, n, mean);
		c = compare_pairs(d, n, 0.05, false);
		plain += holds(&c);
		comparison_widen(&c, lag1_inflation(lag1_beyond_chance(&l, n)));
		widened += holds(&c);
	}
	*ret_plain = (double)plain / (double)rounds;
	*ret_widened = (double)widened / (double)rounds;
}

/* ---- a matrix ---- */

#define CELLS   300
#define REAL    30
#define SHIFT   0.06
#define CELL_SD 0.03
#define MATTERS 0.01
#define PAIRS   32

struct cells {
	double d[CELLS][PAIRS];
	struct yuen yuen[CELLS], mean[CELLS];
	struct variance_prior yuen_prior, mean_prior;
	double rank_p[CELLS];
};

static void fit(const struct yuen *y, struct variance_prior *ret)
{
	double v[CELLS], df[CELLS];

	for (size_t i = 0; i < CELLS; i++) {
		v[i] = y[i].var;
		df[i] = y[i].df;
	}
	if (variance_prior_fit(v, df, CELLS, ret) < 0)
		abort();
}

static void draw_cells(struct rng *r, size_t n, double hiccups, struct cells *c)
{
	for (size_t j = 0; j < CELLS; j++) {
		double sd = CELL_SD * exp(0.3 * draw_gauss(r));

		for (size_t i = 0; i < n; i++) {
			c->d[j][i] = sd * draw_gauss(r) + (j < REAL ? SHIFT : 0);
			if (rng_unit(r) < hiccups)
				c->d[j][i] += (rng_unit(r) < 0.5 ? -1 : 1) * draw_hiccup(r);
		}
		c->yuen[j] = yuen_of(c->d[j], n);
		c->mean[j] = mean_of(c->d[j], n);
		c->rank_p[j] = rank_p(c->d[j], n, NULL);
	}
	fit(c->yuen, &c->yuen_prior);
	fit(c->mean, &c->mean_prior);
}

static void verdicts_of(const struct cells *c, size_t n, bool found[CELLS])
{
	static struct comparison all[CELLS];
	struct comparison *members[CELLS];

	for (size_t j = 0; j < CELLS; j++) {
		all[j] = compare_pairs(c->d[j], n, MATTERS, false);
		members[j] = &all[j];
	}
	if (family_correct(members, CELLS, FAMILY_BH, NULL) < 0)
		abort();
	for (size_t j = 0; j < CELLS; j++)
		found[j] = all[j].verdict == VERDICT_BETTER || all[j].verdict == VERDICT_WORSE;
}

static void find_by(const struct cells *c, size_t n, enum method m, bool found[CELLS])
{
	double p[CELLS];
	int e = 0;

	if (m == METHOD_FAMILY) {
		verdicts_of(c, n, found);
		return;
	}
	for (size_t j = 0; j < CELLS; j++) {
		if (m == METHOD_WILCOXON_BH)
			p[j] = c->rank_p[j];
		else if (m == METHOD_MODERATED_YUEN_BH)
			p[j] = moderated_p(&c->yuen[j], &c->yuen_prior, 0);
		else if (m == METHOD_T_BH || m == METHOD_RAW)
			p[j] = moderated_p(&c->mean[j], NULL, 0);
		else
			p[j] = moderated_p(&c->mean[j], &c->mean_prior, 0);
	}
	if (m == METHOD_MODERATED_T_HOLM)
		e = holm_adjust(p, CELLS, p);
	else if (m != METHOD_RAW)
		e = bh_adjust(p, CELLS, p);
	if (e < 0)
		abort();
	for (size_t j = 0; j < CELLS; j++)
		found[j] = p[j] <= 0.05;
}

void simulate_matrix(struct rng *r, size_t n_pairs, double hiccups, size_t rounds,
		     struct matrix_found ret[METHODS])
{
	static struct cells c;
	bool found[CELLS];

	memset(ret, 0, METHODS * sizeof *ret);
	for (size_t k = 0; k < rounds; k++) {
		draw_cells(r, n_pairs, hiccups, &c);
		for (int m = 0; m < METHODS; m++) {
			size_t right = 0, wrong = 0;

			find_by(&c, n_pairs, (enum method)m, found);
			for (size_t j = 0; j < CELLS; j++) {
				right += found[j] && j < REAL;
				wrong += found[j] && j >= REAL;
			}
			ret[m].power += (double)right / REAL / (double)rounds;
			ret[m].n_false += (double)wrong / (double)rounds;
			if (wrong)
				ret[m].fdr +=
					(double)wrong / (double)(right + wrong) / (double)rounds;
		}
	}
}

void simulate_same(struct rng *r, size_t n_pairs, size_t n_cells, double sd, double min_effect,
		   size_t rounds, double *ret_runs, double *ret_verdicts)
{
	struct comparison *c = calloc(n_cells, sizeof *c), **members;
	size_t runs = 0, verdicts = 0;

	members = calloc(n_cells, sizeof *members);
	if (!c || !members)
		abort();
	for (size_t k = 0; k < rounds; k++) {
		size_t wrong = 0;

		for (size_t j = 0; j < n_cells; j++) {
			double d[RANK_PAIRS_MAX];

			for (size_t i = 0; i < n_pairs; i++)
				d[i] = sd * draw_gauss(r);
			c[j] = compare_pairs(d, n_pairs, min_effect, false);
			members[j] = &c[j];
		}
		if (family_correct(members, n_cells, FAMILY_BH, NULL) < 0)
			abort();
		for (size_t j = 0; j < n_cells; j++)
			wrong += c[j].verdict == VERDICT_BETTER || c[j].verdict == VERDICT_WORSE;
		runs += wrong > 0;
		verdicts += wrong;
	}
	free(c);
	free(members);
	*ret_runs = (double)runs / (double)rounds;
	*ret_verdicts = (double)verdicts / (double)(rounds * n_cells);
}

/* ---- stopping ---- */

#define MOST 30

double simulate_width_stop(struct rng *r, enum noise noise, size_t n0, double half, size_t rounds,
			   double *ret_pairs)
{
	double d[MOST], pairs = 0;
	size_t covered = 0;

	for (size_t k = 0; k < rounds; k++) {
		struct rank_interval i;
		size_t n = n0;

		draw_pairs(r, noise, d, MOST);
		for (;;) {
			i = rank_interval(d, n, 0.05);
			if ((i.hi - i.lo) / 2 <= half || n == MOST)
				break;
			n += (n + 3) / 4;
			n = n > MOST ? MOST : n;
		}
		covered += i.lo <= 0 && 0 <= i.hi;
		pairs += (double)n / (double)rounds;
	}
	*ret_pairs = pairs;
	return (double)covered / (double)rounds;
}

double simulate_p_stop(struct rng *r, const size_t *looks, const double *levels, size_t n_looks,
		       size_t rounds)
{
	double d[MOST];
	size_t wrong = 0;

	for (size_t k = 0; k < rounds; k++) {
		bool is_wrong = false;

		draw_pairs(r, NOISE_NORMAL, d, MOST);
		for (size_t i = 0; i < n_looks && !is_wrong; i++) {
			struct yuen m = mean_of(d, looks[i]);

			is_wrong = moderated_p(&m, NULL, 0) <= levels[i];
		}
		wrong += is_wrong;
	}
	return (double)wrong / (double)rounds;
}

double simulate_p_hunt(struct rng *r, size_t rounds)
{
	size_t looks[MOST];
	double levels[MOST];
	size_t n = 0;

	for (size_t i = 6; i <= MOST; i++, n++) {
		looks[n] = i;
		levels[n] = 0.05;
	}
	return simulate_p_stop(r, looks, levels, n, rounds);
}

double simulate_forecast(struct rng *r, double sd, size_t n, size_t rounds, double *ret_with_number)
{
	size_t open = 0, numbered = 0, told = 0;

	for (size_t k = 0; k < rounds; k++) {
		double truth = 0.4 * rng_unit(r) - 0.2, d[RANK_PAIRS_MAX];
		struct comparison c;

		for (size_t i = 0; i < RANK_PAIRS_MAX; i++)
			d[i] = truth + sd * draw_gauss(r);
		c = compare_pairs(d, n, 0.05, false);
		if (c.verdict != VERDICT_CANNOT_TELL)
			continue;
		open++;
		if (c.more == FORECAST_MANY)
			continue;
		numbered++;
		told += compare_pairs(d, n + c.more, 0.05, false).verdict != VERDICT_CANNOT_TELL;
	}
	*ret_with_number = open ? (double)numbered / (double)open : 0;
	return numbered ? (double)told / (double)numbered : 0;
}
