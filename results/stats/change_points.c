#include "change_points.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "correlation.h"
#include "gesd.h"
#include "median.h"
#include "partition.h"
#include "student.h"

#define AROUND      3   /* values on either side of the running median */
#define CLIP        3.0 /* standard deviations about it */
#define OFF         5.0 /* of an outlier */
#define PHI_MAX     0.8
#define PRIOR_DF    3 /* of the noise's variance: protects segments of four values */
#define GESD_ALPHA  0.01
#define GESD_SHARE  10   /* a tenth of the values at most */
#define LEVEL       0.95 /* of intervals */
#define KNOWN_POWER 2.8  /* 1.96 + 0.84: a test at 5 % sees it four of five times */
/* Four of five within 3 nights of their place, by simulation (simulate_changes); the normal
 * quantile of 0.8 would be 0.84, but the noise is not known either. */
#define POWER_Z     1.35
#define SIGMA_LEAST 1e-6  /* of the whole range: sums of squares keep their digits */
#define RANGE_MOST  1e100 /* of values: their squares are summed */
#define RANGE_LEAST 1e-100
#define MAD_SCALE   1.4826
#define ABS_MEAN_SCALE                                                                             \
	0.886 /* sqrt(pi) / 2: mean of |difference| of two normal values to sigma                  \
	       */

const struct change_options changes_alert = {.c = 4, .alpha = 1e-4, .min_effect = 0.01};
const struct change_options changes_display = {.c = 3, .alpha = 1e-3, .min_effect = 0.01};

struct search {
	const double *y;
	size_t n;
	const struct change_options *o;
	double *mid;     /* running median */
	double *w;       /* clipped */
	double *scratch; /* of medians */
	double *price, *x, *r;
	size_t *cuts;    /* without 0 and n */
	double *p, *mag; /* of each cut; NAN: to be computed */
	size_t n_cuts;
	double sigma, phi;
};

static double clamp(double v, double lo, double hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static double median_here(const struct search *s, const double *v, size_t n)
{
	memcpy(s->scratch, v, n * sizeof *v);
	return median_of_values(s->scratch, n);
}

static double first_sigma(const struct search *s)
{
	double sum = 0, sigma;

	if (s->n < 2)
		return 0;
	for (size_t i = 1; i < s->n; i++) {
		s->scratch[i - 1] = fabs(s->y[i] - s->y[i - 1]);
		sum += s->scratch[i - 1];
	}
	sigma = MAD_SCALE * median_of_values(s->scratch, s->n - 1) / sqrt(2);
	return sigma > 0 ? sigma : sum / (double)(s->n - 1) * ABS_MEAN_SCALE;
}

static double range_of(const double *v, size_t n)
{
	double lo = v[0], hi = v[0];

	for (size_t i = 1; i < n; i++) {
		lo = fmin(lo, v[i]);
		hi = fmax(hi, v[i]);
	}
	return hi - lo;
}

static void run_median(struct search *s)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t from = i < AROUND ? 0 : i - AROUND;
		size_t to = i + AROUND + 1 < s->n ? i + AROUND + 1 : s->n;

		s->mid[i] = median_here(s, s->y + from, to - from);
	}
}

static size_t begin_of(const struct search *s, size_t segment)
{
	return segment ? s->cuts[segment - 1] : 0;
}

static size_t end_of(const struct search *s, size_t segment)
{
	return segment < s->n_cuts ? s->cuts[segment] : s->n;
}

/* What is left of @from less its segment's median, into s->r. */
static void take_residuals(struct search *s, const double *from)
{
	for (size_t k = 0; k <= s->n_cuts; k++) {
		size_t a = begin_of(s, k), b = end_of(s, k);
		double level = median_here(s, from + a, b - a);

		for (size_t i = a; i < b; i++)
			s->r[i] = from[i] - level;
	}
}

static double sum_of_squares(const double *r, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += r[i] * r[i];
	return sum;
}

/* Residuals are about 0. */
static double phi_of(const double *r, size_t n)
{
	struct lag1 l = {0, 0};

	lag1_add(&l, r, n, 0);
	return l.all > 0 ? lag1_unbiased(lag1_of(&l), n, PHI_MAX) : 0;
}

static int cut(struct search *s)
{
	double centre = median_here(s, s->y, s->n);
	double price = s->o->c * log((double)s->n) * ar1_inflation(s->phi);

	for (size_t i = 0; i < s->n; i++) {
		double odds = s->o->log_odds ? s->o->log_odds[i] : 0;

		s->w[i] = clamp(s->y[i], s->mid[i] - CLIP * s->sigma, s->mid[i] + CLIP * s->sigma);
		s->x[i] = (s->w[i] - centre) / s->sigma;
		s->price[i] = fmax(0, price - 2 * odds);
	}
	return partition_best(s->x, s->n, s->price, CHANGES_SEGMENT_MIN, s->cuts, &s->n_cuts);
}

/* Twice: the first answer tells the noise and its correlation, the second is with these. */
static int search(struct search *s)
{
	for (int pass = 0; pass < 2; pass++) {
		int r = cut(s);

		if (r < 0)
			return r;
		take_residuals(s, s->w);
		if (pass == 0) {
			double ss = sum_of_squares(s->r, s->n);

			if (ss > 0)
				s->sigma = fmax(sqrt(ss / (double)(s->n - 1 - s->n_cuts)),
						SIGMA_LEAST * range_of(s->y, s->n));
		}
		s->phi = phi_of(s->r, s->n);
	}
	return 0;
}

static double mean_of(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum / (double)n;
}

static double spread_of(const double *v, size_t n, double mean)
{
	double ss = 0;

	for (size_t i = 0; i < n; i++)
		ss += (v[i] - mean) * (v[i] - mean);
	return ss;
}

/* The two sides of a cut. */
struct sides {
	const double *l, *r; /* clipped */
	size_t nl, nr;
	double mean_l, mean_r;
	double ss;  /* about these */
	double var; /* of a value, serial correlation counted in */
	double df;
};

static struct sides sides_of(const struct search *s, size_t k)
{
	size_t a = begin_of(s, k), m = s->cuts[k], b = end_of(s, k + 1);
	struct sides d = {.l = s->w + a, .r = s->w + m, .nl = m - a, .nr = b - m};

	d.mean_l = mean_of(d.l, d.nl);
	d.mean_r = mean_of(d.r, d.nr);
	d.ss = spread_of(d.l, d.nl, d.mean_l) + spread_of(d.r, d.nr, d.mean_r);
	d.df = (double)(d.nl + d.nr) - 2 + PRIOR_DF;
	d.var = (d.ss + PRIOR_DF * s->sigma * s->sigma) / d.df * ar1_inflation(s->phi);
	return d;
}

/* Of the difference between the sides. */
static double error_of(const struct sides *d)
{
	return sqrt(d->var * (1 / (double)d->nl + 1 / (double)d->nr));
}

static double middle_of(const struct search *s, size_t segment)
{
	size_t a = begin_of(s, segment);

	return median_here(s, s->y + a, end_of(s, segment) - a);
}

static double level_of(const struct search *s, size_t segment)
{
	size_t a = begin_of(s, segment), n = end_of(s, segment) - a;

	memcpy(s->scratch, s->y + a, n * sizeof *s->y);
	return level_of_values(s->scratch, n, s->sigma);
}

/* The step from @before that just matters, as y. */
static double least_step(const struct change_options *o, double before)
{
	return o->is_linear ? o->min_effect * fabs(before) : log1p(o->min_effect);
}

/* The step across cut @k, in steps that just matter. */
static double magnitude(const struct search *s, size_t k)
{
	double before = middle_of(s, k), by = fabs(middle_of(s, k + 1) - before);

	return s->o->min_effect > 0 ? by / least_step(s->o, before) : INFINITY;
}

static void judge(struct search *s, size_t k)
{
	struct sides d = sides_of(s, k);

	s->p[k] = student_p2((d.mean_r - d.mean_l) / error_of(&d), d.df);
	s->mag[k] = magnitude(s, k);
}

static void drop(struct search *s, size_t k)
{
	size_t rest = s->n_cuts - k - 1;

	memmove(s->cuts + k, s->cuts + k + 1, rest * sizeof *s->cuts);
	memmove(s->p + k, s->p + k + 1, rest * sizeof *s->p);
	memmove(s->mag + k, s->mag + k + 1, rest * sizeof *s->mag);
	s->n_cuts--;
	if (k > 0)
		judge(s, k - 1);
	if (k < s->n_cuts)
		judge(s, k);
}

/* Weakest first: without it, its neighbours may become stronger or weaker. */
static void verify(struct search *s)
{
	for (size_t k = 0; k < s->n_cuts; k++)
		judge(s, k);
	while (s->n_cuts) {
		size_t worst = 0, least = 0;

		for (size_t k = 1; k < s->n_cuts; k++) {
			worst = s->p[k] > s->p[worst] ? k : worst;
			least = s->mag[k] < s->mag[least] ? k : least;
		}
		if (s->p[worst] > s->o->alpha)
			drop(s, worst);
		else if (s->mag[least] < 1)
			drop(s, least);
		else
			return;
	}
}

/* Does one straight line leave less than two levels? */
static bool fits_line(const struct sides *d)
{
	size_t n = d->nl + d->nr;
	double mean = mean_of(d->l, n), mid = (double)(n - 1) / 2, sxy = 0, sxx = 0;

	/* both sides lie behind one another */
	for (size_t i = 0; i < n; i++) {
		double x = (double)i - mid;

		sxy += x * (d->l[i] - mean);
		sxx += x * x;
	}
	return spread_of(d->l, n, mean) - sxy * sxy / sxx < d->ss;
}

static struct change change_of(const struct search *s, size_t k)
{
	struct sides d = sides_of(s, k);
	double half = student_quantile((1 + LEVEL) / 2, d.df) * error_of(&d);
	struct change c = {.at = s->cuts[k],
			   .n_before = d.nl,
			   .n_after = d.nr,
			   .before = level_of(s, k),
			   .after = level_of(s, k + 1),
			   .p = s->p[k],
			   .is_drift = fits_line(&d)};

	c.lo = c.after - c.before - half;
	c.hi = c.after - c.before + half;
	return c;
}

static int find_outliers(struct search *s, struct changes *ret)
{
	size_t most = s->n / GESD_SHARE, n_out = 0;
	BL_CLEANUP(bl_freep) size_t *out = calloc(most + 1, sizeof *out);
	BL_CLEANUP(bl_freep) bool *is_out = calloc(s->n + 1, sizeof *is_out);
	int r;

	if (!out || !is_out)
		return -ENOMEM;
	take_residuals(s, s->y);
	r = gesd_find(s->r, s->n, most, GESD_ALPHA, out, &n_out);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_out; i++)
		is_out[out[i]] = true;
	for (size_t i = 0; i < s->n; i++) {
		is_out[i] |= fabs(s->y[i] - s->mid[i]) > OFF * s->sigma;
		ret->n_outliers += is_out[i];
	}
	ret->outliers = calloc(ret->n_outliers + 1, sizeof *ret->outliers);
	if (!ret->outliers)
		return -ENOMEM;
	n_out = 0;
	for (size_t i = 0; i < s->n; i++)
		if (is_out[i])
			ret->outliers[n_out++] = i;
	return 0;
}

static int report(struct search *s, struct changes *ret)
{
	ret->items = calloc(s->n_cuts + 1, sizeof *ret->items);
	if (!ret->items)
		return -ENOMEM;
	for (size_t k = 0; k < s->n_cuts; k++)
		ret->items[k] = change_of(s, k);
	ret->n = s->n_cuts;
	ret->sigma = s->sigma;
	ret->phi = s->phi;
	ret->level = level_of(s, s->n_cuts);
	return find_outliers(s, ret);
}

static int check(const double *y, size_t n)
{
	double range;

	if (n > CHANGES_VALUES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(y[i]))
			return -EDOM;
	range = n ? range_of(y, n) : 0;
	return range > RANGE_MOST || (range > 0 && range < RANGE_LEAST) ? -EDOM : 0;
}

int changes_find(const double *y, size_t n, const struct change_options *o, struct changes *ret)
{
	BL_CLEANUP(bl_freep) double *room = calloc(8 * (n + 1), sizeof *room);
	BL_CLEANUP(bl_freep) size_t *cuts = calloc(n + 1, sizeof *cuts);
	struct search s = {.y = y, .n = n, .o = o, .cuts = cuts};
	struct changes c = {0};
	int r = check(y, n);

	if (r < 0)
		return r;
	if (!room || !cuts)
		return -ENOMEM;
	s.mid = room;
	s.w = room + (n + 1);
	s.scratch = room + 2 * (n + 1);
	s.price = room + 3 * (n + 1);
	s.x = room + 4 * (n + 1);
	s.r = room + 5 * (n + 1);
	s.p = room + 6 * (n + 1);
	s.mag = room + 7 * (n + 1);
	s.sigma = first_sigma(&s);
	if (s.sigma > 0) {
		s.sigma = fmax(s.sigma, SIGMA_LEAST * range_of(y, n));
		run_median(&s);
		r = search(&s);
		if (r < 0)
			return r;
		verify(&s);
		r = report(&s, &c);
	}
	if (r < 0) {
		changes_done(&c);
		return r;
	}
	*ret = c;
	return 0;
}

void changes_done(struct changes *c)
{
	free(c->items);
	free(c->outliers);
	*c = (struct changes){0};
}

double changes_detectable(const struct changes *c, size_t n_before, size_t n_after,
			  const struct change_options *o)
{
	double l = (double)n_before, r = (double)n_after, n = l + r, price, test, se;

	if (n_before < CHANGES_SEGMENT_MIN || n_after < CHANGES_SEGMENT_MIN)
		return INFINITY;
	/* the cut must pay, and pass, both in standard errors of the step; and matter */
	se = c->sigma * sqrt(ar1_inflation(c->phi) * (1 / l + 1 / r));
	price = sqrt(o->c * log(n));
	test = student_quantile(1 - o->alpha / 2, n - 2 + PRIOR_DF);
	return fmax(fmax(price, test) * se, least_step(o, c->level)) + POWER_Z * se;
}

struct known_change change_known(const double *y, size_t n, size_t at, double sigma, double phi)
{
	struct known_change c = {.p = NAN, .lo = NAN, .hi = NAN, .shift = NAN, .detectable = NAN};
	size_t l = at < KNOWN_BEFORE_MAX ? at : KNOWN_BEFORE_MAX, after = n > at ? n - at : 0;
	size_t r = after < KNOWN_AFTER_MAX ? after : KNOWN_AFTER_MAX;
	double scratch[KNOWN_AFTER_MAX], se, half;

	c.n_before = l;
	c.n_after = r;
	if (!l || !r || l + r < 3 || !(sigma > 0))
		return c;
	memcpy(scratch, y + at, r * sizeof *y);
	c.shift = level_of_values(scratch, r, sigma);
	memcpy(scratch, y + at - l, l * sizeof *y);
	c.shift -= level_of_values(scratch, l, sigma);
	se = sigma * sqrt(ar1_inflation(phi) * (1 / (double)l + 1 / (double)r));
	half = student_quantile((1 + LEVEL) / 2, (double)(l + r) - 2) * se;
	c.lo = c.shift - half;
	c.hi = c.shift + half;
	c.p = student_p2(c.shift / se, (double)(l + r) - 2);
	c.detectable = KNOWN_POWER * se;
	c.is_known = true;
	return c;
}
