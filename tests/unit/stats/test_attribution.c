/* Which signal explains spikes: against the definition, and what it refuses to say. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attribution.h"
#include "beat.h"
#include "made_data.h"
#include "rng.h"
#include "simulated.h"

#define N 400 /* 40 s */
static double g[N];
static bool spikes[N];

static void clear(void)
{
	memset(spikes, 0, sizeof spikes);
	memset(g, 0, sizeof g);
}

/* Where ten spikes lie, without a rhythm of their own. */
static const size_t places[] = {37, 61, 105, 122, 190, 209, 260, 291, 349, 388};

static int test(bool is_count_like, struct attribution *a)
{
	struct attribution_signal s = {.values = g, .is_count_like = is_count_like};

	return attribute(&s, spikes, N, 0.1, NULL, NULL, a);
}

/* The definition, window by window: spikes moved by @shift that have a value above 0 in the @w
 * windows before them or in their own. The first windows have less before them. */
static size_t count_at(size_t w, size_t shift, double *ret_base)
{
	size_t hits = 0, high = 0;

	for (size_t i = 0; i < N; i++) {
		bool is = false;

		for (size_t k = 0; k <= w && k <= i; k++)
			is = is || g[i - k] > 0;
		high += is;
		hits += is && spikes[(i + N - shift) % N];
	}
	*ret_base = (double)high / N;
	return hits;
}

static double tail(size_t n, double base, size_t from)
{
	double sum = 0;

	for (size_t c = from; c <= n; c++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)c + 1) -
			   lgamma((double)(n - c) + 1) + (double)c * log(base) +
			   (double)(n - c) * log1p(-base));
	return -log(fmin(sum, 1));
}

static double best_at(size_t n, size_t shift)
{
	static const size_t windows[] = {3, 20};
	double best = 0, base;

	for (int w = 0; w < 2; w++) {
		size_t hits = count_at(windows[w], shift, &base);

		best = fmax(best, tail(n, base, hits));
	}
	return best;
}

START_TEST(counts_and_p_are_those_of_the_definition)
{
	struct attribution a;
	struct rng r;
	size_t as_good = 0, n = 0, shifts = 0;
	double base;

	clear();
	rng_seed(&r, 11);
	for (int k = 0; k < 12; k++)
		g[rng_u64(&r) % N] = 1;
	for (int k = 0; k < 9; k++)
		spikes[rng_u64(&r) % N] = true;
	for (size_t i = 0; i + 2 < N; i += 90)
		g[i] = spikes[i + 2] = true;
	for (size_t i = 0; i < N; i++)
		n += spikes[i];
	ck_assert_int_eq(test(true, &a), 0);
	ck_assert_uint_eq(a.n_spikes, n);
	ck_assert_double_eq(a.obs, (double)count_at(a.is_fast ? 3 : 20, 0, &base));
	ck_assert_double_eq_tol(a.base, base, 1e-12);
	ck_assert_double_eq_tol(a.rr, a.obs / (double)n / base, 1e-12);
	ck_assert_double_eq_tol(a.af, (a.obs / (double)n - base) / (1 - base), 1e-12);
	ck_assert_double_eq_tol(a.score, best_at(n, 0), 1e-9);
	for (size_t shift = 30; shift <= N - 30; shift++, shifts++)
		as_good += best_at(n, shift) >= best_at(n, 0) - 1e-9;
	ck_assert_double_eq_tol(a.p, (1.0 + (double)as_good) / (1.0 + (double)shifts), 1e-12);
	ck_assert_double_eq_tol(a.p_least, 1 / (1.0 + (double)shifts), 1e-12);
	ck_assert_double_gt(a.p, a.p_least); /* or the sum above told nothing */
}
END_TEST

START_TEST(a_signal_just_before_each_spike_explains_all)
{
	struct attribution a;
	bool explained[N];

	clear();
	for (size_t k = 0; k < 10; k++) {
		size_t i = places[k];

		g[i - 2] = 5;
		spikes[i] = true;
	}
	ck_assert_int_eq(attribute(&(struct attribution_signal){.values = g}, spikes, N, 0.1, NULL,
				   explained, &a),
			 0);
	ck_assert_double_eq(a.af, 1);
	ck_assert_double_eq_tol(a.af_hi, 1, 1e-9);
	ck_assert_double_lt(a.af_lo, 0.8); /* of ten spikes: not "all, for certain" */
	ck_assert_double_eq(a.p, a.p_least);
	ck_assert_double_eq_tol(a.lead_s, 0.2, 1e-9);
	ck_assert(a.is_fast);
	ck_assert_mem_eq(explained, spikes, sizeof spikes);
}
END_TEST

START_TEST(a_signal_that_follows_the_spikes_has_a_negative_lead)
{
	struct attribution a;

	clear();
	for (size_t k = 0; k < 10; k++) {
		size_t i = places[k];

		g[i + 5] = 5;
		spikes[i] = true;
	}
	ck_assert_int_eq(test(false, &a), 0);
	ck_assert_double_eq_tol(a.lead_s, -0.5, 1e-9);
	ck_assert_double_le(a.af, 0);
}
END_TEST

START_TEST(a_slow_cause_is_seen_two_seconds_later)
{
	struct attribution a;

	clear();
	for (size_t k = 0; k < 10; k++) {
		size_t i = places[k];

		g[i - 15] = 5;
		spikes[i] = true;
	}
	ck_assert_int_eq(test(false, &a), 0);
	ck_assert(!a.is_fast);
	ck_assert_double_eq_tol(a.lead_s, 1.5, 1e-9);
	ck_assert_double_eq(a.af, 1);
}
END_TEST

START_TEST(trouble_may_be_where_a_signal_is_low)
{
	struct attribution_signal s = {.values = g, .is_low_bad = true};
	struct attribution a;

	clear();
	for (size_t i = 0; i < N; i++)
		g[i] = 100 + (double)(i * 7919 % 101);
	for (size_t k = 0; k < 10; k++) {
		size_t i = places[k];

		g[i] = 3;
		spikes[i] = true;
	}
	ck_assert_int_eq(attribute(&s, spikes, N, 0.1, NULL, NULL, &a), 0);
	ck_assert_double_eq(a.af, 1);
	ck_assert_double_ge(a.threshold, 3);
	s.is_low_bad = false;
	ck_assert_int_eq(attribute(&s, spikes, N, 0.1, NULL, NULL, &a), 0);
	ck_assert_double_lt(a.af, 0.5);
}
END_TEST

START_TEST(what_can_not_be_told_is_refused)
{
	struct attribution a = {.n_spikes = 77};

	clear();
	for (size_t i = 20; i < N; i += 50)
		spikes[i] = true;
	ck_assert_int_eq(test(false, &a), -ENODATA); /* constant */
	for (size_t i = 0; i < N; i++)
		g[i] = i % 2 ? NAN : (double)i;
	g[1] = NAN;
	g[0] = NAN;
	ck_assert_int_eq(test(false, &a), -ENODATA); /* absent in most windows */
	for (size_t i = 0; i < N; i++)
		g[i] = (double)(i * 7919 % 101);
	memset(spikes, 0, sizeof spikes);
	spikes[50] = spikes[100] = spikes[150] = spikes[200] = true;
	ck_assert_int_eq(test(false, &a), -ENODATA); /* four spikes */
	ck_assert_uint_eq(a.n_spikes, 77);           /* untouched */
	spikes[250] = true;
	ck_assert_int_eq(test(false, &a), 0);
	ck_assert_int_eq(attribute(&(struct attribution_signal){.values = g}, spikes, 99, 0.1, NULL,
				   NULL, &a),
			 -ENODATA); /* 9.9 s, and two spikes */
	for (size_t i = 0; i < N; i++)
		spikes[i] = i % 11 == 0;
	ck_assert_int_eq(attribute(&(struct attribution_signal){.values = g}, spikes, 99, 0.1, NULL,
				   NULL, &a),
			 -ENODATA);
	ck_assert_int_eq(attribute(&(struct attribution_signal){.values = g}, spikes, 100, 0.1,
				   NULL, NULL, &a),
			 0);
}
END_TEST

START_TEST(a_signal_that_is_up_most_of_the_time_explains_nothing)
{
	struct attribution a;

	clear();
	for (size_t i = 0; i < N; i++)
		g[i] = i % 100 < 90; /* at its top for 90 % */
	for (size_t i = 20; i < N; i += 50)
		spikes[i] = true;
	ck_assert_int_eq(test(false, &a), -ENODATA);
	ck_assert_int_eq(test(true, &a), -ENODATA);
	for (size_t i = 0; i < N; i++)
		g[i] = i % 100 < 20; /* for 20 %: its top is what is high */
	ck_assert_int_eq(test(false, &a), 0);
	ck_assert_double_ge(a.base, 0.2);
}
END_TEST

START_TEST(holm_steps_down)
{
	/* statistics of 25 tests: one is rejected at 5 % */
	static const double p[] = {.041, .001, .008, .039, .042, .06,  .074, .205, .212,
				   .216, .222, .251, .269, .275, .34,  .341, .384, .569,
				   .594, .696, .762, .94,  .942, .975, .986};
	struct attribution a[25], *items[25];
	size_t n = 0;

	for (int i = 0; i < 25; i++) {
		a[i] = (struct attribution){.p = p[i]};
		items[i] = &a[i];
	}
	attribution_holm(items, 25);
	for (int i = 0; i < 25; i++)
		n += a[i].p_holm <= 0.05;
	ck_assert_uint_eq(n, 1);
	ck_assert_double_eq_tol(a[1].p_holm, 0.025, 1e-12);
	ck_assert_double_eq_tol(a[2].p_holm, 24 * .008, 1e-12);
	ck_assert_double_eq_tol(a[3].p_holm, 23 * .039, 1e-12);
	ck_assert_double_eq_tol(a[0].p_holm, 22 * .041, 1e-12); /* .902 */
	ck_assert_double_eq_tol(a[4].p_holm, 22 * .041, 1e-12); /* 21 * .042 is less: never falls */
	ck_assert_double_eq(a[24].p_holm, 1);
}
END_TEST

START_TEST(among_many_signals_a_chance_hit_costs_more)
{
	struct attribution_family f = {0};
	struct attribution hit, one, worst = {.p = 1};
	struct rng r;

	clear();
	rng_seed(&r, 5);
	for (size_t k = 0; k < 10; k++) {
		size_t i = places[k];

		g[i - 1] = 5;
		spikes[i] = true;
	}
	ck_assert_int_eq(attribute(&(struct attribution_signal){.values = g}, spikes, N, 0.1, &f,
				   NULL, &hit),
			 0);
	ck_assert_double_eq(attribution_family_p(&f, &hit), hit.p);
	for (int k = 0; k < 60; k++) {
		for (size_t i = 0; i < N; i++)
			g[i] = rng_unit(&r);
		ck_assert_int_eq(attribute(&(struct attribution_signal){.values = g}, spikes, N,
					   0.1, &f, NULL, &one),
				 0);
		if (one.p < worst.p)
			worst = one;
	}
	/* Holm could not tell the real one: 61 times the least p of 40 s */
	ck_assert_double_gt(61 * hit.p_least, 0.05);
	ck_assert_double_le(attribution_family_p(&f, &hit), 0.01);
	ck_assert_double_lt(worst.p, 0.05);
	ck_assert_double_gt(attribution_family_p(&f, &worst), 0.2);
	attribution_family_done(&f);
}
END_TEST

START_TEST(two_clocks_of_one_period_can_not_be_told_apart)
{
	struct attribution_signal s = {.values = g};
	struct attribution a;
	double at[N];
	struct beat b;
	size_t n = 0;

	clear();
	for (size_t i = 10; i < N; i += 25) {
		g[i - 1] = 5;
		spikes[i] = true;
		at[n++] = (double)i / 10;
	}
	ck_assert_int_eq(beat_find(at, n, N / 10, 0.1, 1, NULL, &b), 0);
	ck_assert(b.is_periodic);
	ck_assert_int_eq(test(false, &a), 0);
	ck_assert_double_eq(a.af, 1);
	ck_assert_double_gt(a.p, 0.05); /* each period again */
	ck_assert(!a.is_same_clock);
	ck_assert_int_eq(attribution_clock(&s, N, 0.1, &b, 1, &a), 0);
	ck_assert(a.is_same_clock);
	ck_assert_double_eq_tol(a.period_s, 2.5, 0.01);
	/* a signal with another clock is another clock */
	memset(g, 0, sizeof g);
	for (size_t i = 5; i < N; i += 37)
		g[i] = 5;
	ck_assert_int_eq(attribution_clock(&s, N, 0.1, &b, 1, &a), 0);
	ck_assert(!a.is_same_clock);
	ck_assert_double_eq_tol(a.period_s, 3.7, 0.02);
}
END_TEST

TCase *attribution_cases(void)
{
	TCase *t = tcase_create("attribution");

	tcase_add_test(t, counts_and_p_are_those_of_the_definition);
	tcase_add_test(t, a_signal_just_before_each_spike_explains_all);
	tcase_add_test(t, a_signal_that_follows_the_spikes_has_a_negative_lead);
	tcase_add_test(t, a_slow_cause_is_seen_two_seconds_later);
	tcase_add_test(t, trouble_may_be_where_a_signal_is_low);
	tcase_add_test(t, what_can_not_be_told_is_refused);
	tcase_add_test(t, a_signal_that_is_up_most_of_the_time_explains_nothing);
	tcase_add_test(t, holm_steps_down);
	tcase_add_test(t, among_many_signals_a_chance_hit_costs_more);
	tcase_add_test(t, two_clocks_of_one_period_can_not_be_told_apart);
	return t;
}
