#include "edivisive.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "rng.h"

const struct edivisive_options edivisive_default = {
	.form = ENERGY_V, .alpha = 0.01, .draws = 999, .least = 4};

struct work {
	const struct edivisive_options *o;
	size_t n;
	double *d;     /* [n * n] distances */
	size_t *order; /* which night stands where; shuffled for draws */
	size_t *ends;  /* of segments, ascending; the last is n */
	size_t n_segments;
	struct rng rng;
};

static double distance(const double *a, const double *b, size_t dims)
{
	double sum = 0;

	for (size_t i = 0; i < dims; i++)
		sum += fabs(a[i] - b[i]);
	return sum;
}

static int make_distances(struct work *w, const double *x, size_t dims)
{
	w->d = calloc(w->n * w->n + 1, sizeof *w->d);
	if (!w->d)
		return -ENOMEM;
	for (size_t i = 0; i < w->n; i++)
		for (size_t j = 0; j < i; j++)
			w->d[i * w->n + j] = w->d[j * w->n + i] =
				distance(x + i * dims, x + j * dims, dims);
	return 0;
}

/* @l, @r: sums over pairs within the sides; @c: across. Larger: less alike. */
static double statistic(enum energy_form form, double l, double r, double c, size_t nl, size_t nr)
{
	double a = (double)nl, b = (double)nr, weight = a * b / (a + b);

	if (form == ENERGY_U)
		return weight * (2 * c / (a * b) - 2 * l / (a * (a - 1)) - 2 * r / (b * (b - 1)));
	return weight * (2 * c / (a * b) - 2 * l / (a * a) - 2 * r / (b * b));
}

/* Sum of distances of the night at place @t to those at [from, to). */
static double to_others(const struct work *w, size_t t, size_t from, size_t to)
{
	const double *d = w->d + w->order[t] * w->n;
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += d[w->order[i]];
	return sum;
}

/* The best split of [from, to): one night after the other moves from the right side to the left. */
static size_t best_split(const struct work *w, size_t from, size_t to, double *ret_q)
{
	size_t least = w->o->least, at = 0;
	double l = 0, r = 0, c = 0, best = -INFINITY;

	if (w->o->form == ENERGY_U && least < 2)
		least = 2;
	for (size_t i = from; i < to; i++)
		r += to_others(w, i, from, i);
	for (size_t t = from; t + least < to; t++) {
		double left = to_others(w, t, from, t), right = to_others(w, t, t + 1, to);
		double q;

		l += left;
		r -= right;
		c += right - left;
		if (t + 1 - from < least)
			continue;
		q = statistic(w->o->form, l, r, c, t + 1 - from, to - t - 1);
		if (q > best) {
			best = q;
			at = t + 1;
		}
	}
	*ret_q = best;
	return at;
}

static size_t begin_of(const struct work *w, size_t segment)
{
	return segment ? w->ends[segment - 1] : 0;
}

/* Of all segments. 0: none can be split. */
static size_t best_of_all(const struct work *w, double *ret_q)
{
	size_t at = 0;

	*ret_q = -INFINITY;
	for (size_t k = 0; k < w->n_segments; k++) {
		double q;
		size_t here = best_split(w, begin_of(w, k), w->ends[k], &q);

		if (here && q > *ret_q) {
			*ret_q = q;
			at = here;
		}
	}
	return at;
}

/* Nights change places within their segments (Fisher & Yates). */
static void shuffle(struct work *w)
{
	for (size_t k = 0; k < w->n_segments; k++) {
		size_t from = begin_of(w, k);

		for (size_t i = w->ends[k] - 1; i > from; i--) {
			size_t j = from + (size_t)(rng_unit(&w->rng) * (double)(i - from + 1));
			size_t other = w->order[i];

			w->order[i] = w->order[j];
			w->order[j] = other;
		}
	}
}

/* Of a split as good by chance. Ends early once it is above alpha. */
static double chance_of(struct work *w, double q)
{
	size_t reached = 0, draws = w->o->draws;
	double least = q - 1e-9 * fabs(q); /* sums in another order */

	for (size_t b = 0; b < draws; b++) {
		double drawn;

		shuffle(w);
		best_of_all(w, &drawn);
		reached += drawn >= least;
		if ((double)(1 + reached) > w->o->alpha * (double)(draws + 1))
			break;
	}
	for (size_t i = 0; i < w->n; i++)
		w->order[i] = i;
	return (double)(1 + reached) / (double)(draws + 1);
}

static void add_split(struct work *w, struct edivisive *e, const struct split *s)
{
	size_t k = 0;

	while (w->ends[k] < s->at)
		k++;
	memmove(w->ends + k + 1, w->ends + k, (w->n_segments - k) * sizeof *w->ends);
	w->ends[k] = s->at;
	w->n_segments++;
	memmove(e->items + k + 1, e->items + k, (e->n - k) * sizeof *e->items);
	e->items[k] = *s;
	e->n++;
}

static void find(struct work *w, struct edivisive *e)
{
	for (;;) {
		struct split s;

		s.at = best_of_all(w, &s.q);
		if (!s.at || !(s.q > 0))
			return;
		s.p = chance_of(w, s.q);
		if (s.p > w->o->alpha)
			return;
		add_split(w, e, &s);
	}
}

static int check(const double *x, size_t n, size_t dims)
{
	if (n > EDIVISIVE_VALUES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < n * dims; i++)
		if (!isfinite(x[i]))
			return -EDOM;
	return 0;
}

static int begin(struct work *w, const double *x, size_t dims)
{
	w->order = calloc(w->n + 1, sizeof *w->order);
	w->ends = calloc(w->n + 1, sizeof *w->ends);
	if (!w->order || !w->ends)
		return -ENOMEM;
	for (size_t i = 0; i < w->n; i++)
		w->order[i] = i;
	w->ends[0] = w->n;
	w->n_segments = w->n ? 1 : 0;
	rng_seed(&w->rng, w->o->seed);
	return make_distances(w, x, dims);
}

static void work_done(struct work *w)
{
	free(w->d);
	free(w->order);
	free(w->ends);
}

int edivisive_find(const double *x, size_t n, size_t dims, const struct edivisive_options *o,
		   struct edivisive *ret)
{
	BL_CLEANUP(work_done) struct work w = {.o = o, .n = n};
	struct edivisive e = {0};
	int r = check(x, n, dims);

	if (r == 0)
		r = begin(&w, x, dims);
	if (r < 0)
		return r;
	e.items = calloc(n + 1, sizeof *e.items);
	if (!e.items)
		return -ENOMEM;
	find(&w, &e);
	*ret = e;
	return 0;
}

void edivisive_done(struct edivisive *e)
{
	free(e->items);
	*e = (struct edivisive){0};
}

void edivisive_standardise(double *x, size_t n, size_t dims)
{
	for (size_t k = 0; k < dims; k++) {
		double sum = 0, ss = 0, mean, sd;

		for (size_t i = 0; i < n; i++)
			sum += x[i * dims + k];
		mean = sum / (double)n;
		for (size_t i = 0; i < n; i++)
			ss += (x[i * dims + k] - mean) * (x[i * dims + k] - mean);
		sd = sqrt(ss / (double)n);
		for (size_t i = 0; i < n; i++)
			x[i * dims + k] =
				sd > 1e-12 * fabs(mean) ? (x[i * dims + k] - mean) / sd : 0;
	}
}

int energy_split(const double *x, size_t n, enum energy_form form, size_t least, size_t *ret_at,
		 double *ret_q)
{
	struct edivisive_options o = {.form = form, .least = least};
	BL_CLEANUP(work_done) struct work w = {.o = &o, .n = n};
	int r = check(x, n, 1);

	if (r == 0)
		r = begin(&w, x, 1);
	if (r < 0)
		return r;
	*ret_at = best_split(&w, 0, n, ret_q);
	return 0;
}
