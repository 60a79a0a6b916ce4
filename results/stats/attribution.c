#include "attribution.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "beat.h"
#include "cleanup.h"

#define SHIFT_LEAST_S 3.0 /* nearer than this the spikes are still beside what made them */
#define LEAD_S        2.0 /* as far before and after a spike is looked at */
static const double windows_s[] = {ATTRIBUTION_FAST_S, ATTRIBUTION_SLOW_S};

/* One choice of "high" and "before". */
struct choice {
	double threshold;
	size_t lookback; /* windows */
	double base;
	size_t obs;
};

/* All that one test works on. */
struct test {
	const bool *is_spike;
	size_t n, n_spikes;
	double dt_s;
	size_t lo, hi;  /* shifts that count: [lo, hi) */
	double *v;      /* [n] high is large; NAN: absent */
	double *sorted; /* [n_present] */
	size_t n_present;
	bool *high;      /* [n] */
	size_t *spikes;  /* [n_spikes] */
	int32_t *counts; /* [n + 1] at each shift */
	double *tail;    /* [n_spikes + 1] score of a count */
	double *best;    /* [n] best score at each shift so far */
};

static void test_done(struct test *t)
{
	free(t->v);
	free(t->sorted);
	free(t->high);
	free(t->spikes);
	free(t->counts);
	free(t->tail);
	free(t->best);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int take_memory(struct test *t)
{
	t->v = calloc(t->n, sizeof *t->v);
	t->sorted = calloc(t->n, sizeof *t->sorted);
	t->high = calloc(t->n, sizeof *t->high);
	t->spikes = calloc(t->n_spikes, sizeof *t->spikes);
	t->counts = calloc(t->n + 1, sizeof *t->counts);
	t->tail = calloc(t->n_spikes + 1, sizeof *t->tail);
	t->best = calloc(t->n, sizeof *t->best);
	return t->v && t->sorted && t->high && t->spikes && t->counts && t->tail && t->best
		       ? 0
		       : -ENOMEM;
}

static void fill(struct test *t, const struct attribution_signal *s)
{
	size_t k = 0;

	for (size_t i = 0; i < t->n; i++) {
		t->v[i] = s->is_low_bad ? -s->values[i] : s->values[i];
		if (!isnan(t->v[i]))
			t->sorted[t->n_present++] = t->v[i];
		if (t->is_spike[i])
			t->spikes[k++] = i;
	}
	qsort(t->sorted, t->n_present, sizeof *t->sorted, by_value);
}

static double quantile(const struct test *t, double q)
{
	return t->sorted[(size_t)(q * (double)(t->n_present - 1))];
}

static double share_above(const struct test *t, double threshold)
{
	size_t above = 0;

	for (size_t i = t->n_present; i > 0 && t->sorted[i - 1] > threshold; i--)
		above++;
	return (double)above / (double)t->n_present;
}

/* A signal that is at its top for longer than the quantile leaves nothing above: then the top. */
static double above_quantile(const struct test *t, double q)
{
	double at = quantile(t, q);

	return at < t->sorted[t->n_present - 1] ? at : nextafter(at, -INFINITY);
}

/* What high may mean; those that are so in more than half of the time can't tell anything. */
static size_t thresholds(const struct test *t, bool is_count_like, double out[2])
{
	double share = share_above(t, 0);
	size_t n = 0;

	if (is_count_like && share > 0 && share <= 0.5) {
		out[0] = 0;
		return 1;
	}
	for (int i = 0; i < 2; i++) {
		double at = above_quantile(t, i ? 0.99 : 0.95);

		if (share_above(t, at) <= 0.5 && (!n || at > out[0]))
			out[n++] = at;
	}
	return n;
}

/* --- one choice at all shifts --- */

static void mark_high(struct test *t, const struct choice *c)
{
	size_t last = SIZE_MAX; /* high window */

	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i] > c->threshold)
			last = i;
		t->high[i] = last != SIZE_MAX && i - last <= c->lookback;
	}
}

/* counts[o] = spikes whose window, moved by o around the series, is high. Each run of high windows
 * adds one to a range of shifts for each spike; ranges are kept by their ends and summed after. */
static void count_shifts(struct test *t)
{
	size_t n = t->n;

	memset(t->counts, 0, (n + 1) * sizeof *t->counts);
	for (size_t from = 0, to; from < n; from = to) {
		to = from + 1;
		if (!t->high[from])
			continue;
		while (to < n && t->high[to])
			to++;
		for (size_t k = 0; k < t->n_spikes; k++) {
			size_t a = (from + n - t->spikes[k]) % n, b = a + (to - from);

			t->counts[a]++;
			t->counts[b < n ? b : n]--;
			if (b > n) {
				t->counts[0]++;
				t->counts[b - n]--;
			}
		}
	}
	for (size_t o = 1; o < n; o++)
		t->counts[o] += t->counts[o - 1];
}

/* tail[c] = -ln P(X >= c) of c spikes out of n_spikes that each count with probability base. A
 * statistic to order by, with a scale that rare and frequent signals share; its chance is told by
 * the shifts. */
static void fill_tail(struct test *t, double base)
{
	size_t k = t->n_spikes;
	double lp = (double)k * log(base), sum = lp; /* ln P(X = c), ln P(X >= c) */

	t->tail[k] = -sum;
	for (size_t c = k; c-- > 0;) {
		lp += log((double)(c + 1) / (double)(k - c)) + log1p(-base) - log(base);
		sum = fmax(sum, lp) + log1p(exp(-fabs(sum - lp)));
		t->tail[c] = -fmin(sum, 0);
	}
}

static bool try_choice(struct test *t, struct choice *c)
{
	size_t n_high = 0;

	mark_high(t, c);
	for (size_t i = 0; i < t->n; i++)
		n_high += t->high[i];
	c->base = (double)n_high / (double)t->n;
	if (!n_high || n_high == t->n)
		return false;
	count_shifts(t);
	c->obs = (size_t)t->counts[0];
	fill_tail(t, c->base);
	for (size_t o = 0; o < t->n; o++)
		t->best[o] = fmax(t->best[o], t->tail[t->counts[o]]);
	return true;
}

/* --- the answer --- */

static size_t as_good(const double *best, size_t n, double score)
{
	size_t k = 0;

	for (size_t o = 0; o < n; o++)
		k += best[o] >= score - 1e-9;
	return k;
}

/* Wilson (1927): the score interval of a share. Resampling spikes, each of which counts or not, is
 * drawing from the same binomial; this one does not shrink to nothing at 0 and 1. */
static void interval(double hits, double n, double base, double *lo, double *hi)
{
	double z = 1.959964, p = hits / n, mid = (p + z * z / (2 * n)) / (1 + z * z / n);
	double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	*lo = (mid - half - base) / (1 - base);
	*hi = (fmin(mid + half, 1) - base) / (1 - base);
}

/* When, before (above 0) or after a spike, the signal is high most often; the nearest of equals. */
static double lead_of(const struct test *t, double threshold)
{
	ptrdiff_t most = (ptrdiff_t)round(LEAD_S / t->dt_s), best = 0;
	size_t best_n = 0;

	for (ptrdiff_t step = 0; step <= 2 * most; step++) {
		ptrdiff_t lag = step % 2 ? (step + 1) / 2 : -step / 2; /* 0, 1, -1, 2, ... */
		size_t hits = 0;

		for (size_t k = 0; k < t->n_spikes; k++) {
			ptrdiff_t at = (ptrdiff_t)t->spikes[k] - lag;

			hits += at >= 0 && at < (ptrdiff_t)t->n && t->v[at] > threshold;
		}
		if (hits > best_n) {
			best_n = hits;
			best = lag;
		}
	}
	return (double)best * t->dt_s;
}

static int join_family(struct attribution_family *f, const struct test *t)
{
	size_t n = t->hi - t->lo;

	if (!f->best) {
		f->best = calloc(n, sizeof *f->best);
		if (!f->best)
			return -ENOMEM;
		f->n = n;
	}
	for (size_t o = 0; o < n; o++)
		f->best[o] = fmax(f->best[o], t->best[t->lo + o]);
	return 0;
}

static void tell(const struct test *t, const struct choice *c, bool is_low_bad,
		 struct attribution *a)
{
	size_t shifts = t->hi - t->lo;
	double n = (double)t->n_spikes;

	*a = (struct attribution){.n_spikes = t->n_spikes,
				  .obs = (double)c->obs,
				  .base = c->base,
				  .rr = (double)c->obs / n / c->base,
				  .af = ((double)c->obs / n - c->base) / (1 - c->base),
				  .score = t->tail[c->obs],
				  .is_fast = (double)c->lookback * t->dt_s < 1,
				  .threshold = is_low_bad ? -c->threshold : c->threshold,
				  .p_least = 1 / (1.0 + (double)shifts)};
	interval((double)c->obs, n, c->base, &a->af_lo, &a->af_hi);
	a->p = (1.0 + (double)as_good(t->best + t->lo, shifts, a->score)) / (1.0 + (double)shifts);
	a->p_holm = a->p_family = a->p;
	a->lead_s = lead_of(t, c->threshold);
}

/* The choice that scores best; false: none can tell anything. */
static bool choose(struct test *t, bool is_count_like, struct choice *ret)
{
	double high[2], best = -1;
	size_t n = thresholds(t, is_count_like, high);

	for (size_t i = 0; i < n; i++) {
		for (size_t w = 0; w < BL_ARRAY_LEN(windows_s); w++) {
			struct choice c = {.threshold = high[i],
					   .lookback = (size_t)round(windows_s[w] / t->dt_s)};

			if (!try_choice(t, &c) || t->tail[c.obs] <= best)
				continue;
			best = t->tail[c.obs];
			*ret = c;
		}
	}
	return best >= 0;
}

static int run(struct test *t, const struct attribution_signal *signal,
	       struct attribution_family *family, bool *ret_explained, struct attribution *ret)
{
	struct choice c;
	int r;

	if (take_memory(t) < 0)
		return -ENOMEM;
	fill(t, signal);
	if (t->n_present * 2 < t->n || t->sorted[0] == t->sorted[t->n_present - 1])
		return -ENODATA;
	if (!choose(t, signal->is_count_like, &c))
		return -ENODATA;
	r = family ? join_family(family, t) : 0;
	if (r < 0)
		return r;
	mark_high(t, &c);
	fill_tail(t, c.base);
	tell(t, &c, signal->is_low_bad, ret);
	for (size_t i = 0; ret_explained && i < t->n; i++)
		ret_explained[i] = t->is_spike[i] && t->high[i];
	return 0;
}

int attribute(const struct attribution_signal *signal, const bool *is_spike, size_t n, double dt_s,
	      struct attribution_family *family, bool *ret_explained, struct attribution *ret)
{
	struct test t = {.is_spike = is_spike, .n = n, .dt_s = dt_s};
	int r;

	for (size_t i = 0; i < n; i++)
		t.n_spikes += is_spike[i];
	t.lo = (size_t)ceil(SHIFT_LEAST_S / dt_s - 1e-9);
	t.hi = n - t.lo + 1;
	if (t.n_spikes < ATTRIBUTION_SPIKES_MIN || (double)n * dt_s < ATTRIBUTION_SPAN_MIN_S)
		return -ENODATA;
	r = run(&t, signal, family, ret_explained, ret);
	test_done(&t);
	return r;
}

/* --- many signals --- */

void attribution_family_done(struct attribution_family *f)
{
	free(f->best);
	*f = (struct attribution_family){0};
}

double attribution_family_p(const struct attribution_family *f, const struct attribution *a)
{
	return (1.0 + (double)as_good(f->best, f->n, a->score)) / (1.0 + (double)f->n);
}

/* Holm (1979): the least p times their number, the next times one less, and never falling. In place
 * and without order: each one's factor is how many are not below it. Quadratic; they are few. */
void attribution_holm(struct attribution *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double worst = 0;

		for (size_t j = 0; j < n; j++) {
			size_t below = 0;

			if (items[j]->p > items[i]->p)
				continue;
			for (size_t k = 0; k < n; k++)
				below += items[k]->p < items[j]->p;
			worst = fmax(worst, items[j]->p * (double)(n - below));
		}
		items[i]->p_holm = fmin(1, worst);
	}
}

static bool is_same_period(const struct beat *a, const struct beat *b)
{
	static const double ratios[] = {1, 2, 0.5};

	for (size_t i = 0; i < BL_ARRAY_LEN(ratios); i++) {
		double apart = fabs(a->period_s - ratios[i] * b->period_s);

		if (apart <= 0.03 * a->period_s + 3 * (a->period_se_s + ratios[i] * b->period_se_s))
			return true;
	}
	return false;
}

int attribution_clock(const struct attribution_signal *signal, size_t n, double dt_s,
		      const struct beat *spikes, uint64_t seed, struct attribution *a)
{
	BL_CLEANUP(bl_freep) double *at = calloc(n + 1, sizeof *at);
	struct beat own;
	bool was = false;
	size_t m = 0;
	int r;

	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		double v = signal->values[i];
		bool is = signal->is_low_bad ? v < a->threshold : v > a->threshold;

		if (is && !was)
			at[m++] = (double)i * dt_s;
		was = is;
	}
	r = beat_find(at, m, (double)n * dt_s, dt_s, seed, NULL, &own);
	if (r < 0)
		return r;
	a->period_s = own.is_periodic ? own.period_s : 0;
	a->is_same_clock = own.is_periodic && spikes->is_periodic && is_same_period(&own, spikes);
	return 0;
}
