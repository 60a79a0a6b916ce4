/* Latency that swings, and noise of every colour that does not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "made_data.h"
#include "modulation.h"
#include "simulated.h"

#define LONGEST 36000

static double v[LONGEST];
static struct modulation m;

static void find(size_t n)
{
	ck_assert_int_eq(modulation_find(v, n, 0.1, &m), 0);
}

/* Noise of 20 % in each 100 ms about a mean of 1 ms. */
static void quiet(struct rng *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = 1e6 * exp(0.2 * draw_gauss(r));
}

START_TEST(a_saw_is_found_with_its_period_and_swing)
{
	struct rng r;

	rng_seed(&r, 5);
	quiet(&r, 3000);
	for (size_t i = 0; i < 3000; i++)
		v[i] *= 1 + 0.8 * fmod((double)i / 10, 20) / 20; /* 1 to 1.8 every 20 s */
	find(3000);
	ck_assert(m.is_tested && m.is_found);
	ck_assert_double_eq_tol(m.period_s, 20, 0.2);
	ck_assert_double_ge(m.swing, 1.3); /* its first harmonic */
	ck_assert_double_le(m.swing, 1.8);
	ck_assert_double_eq_tol(m.longest_s, 30, 1e-9);
	ck_assert_double_eq_tol(m.shortest_s, 4, 1e-9);
}
END_TEST

/* So clear that its harmonics are clearer: there are more bins around them. */
START_TEST(of_a_clean_saw_no_harmonic_is_taken)
{
	struct rng r;

	rng_seed(&r, 9);
	for (size_t i = 0; i < 2400; i++)
		v[i] = 1e6 * (1 + fmod((double)i / 10, 20) / 20) * (0.95 + 0.1 * rng_unit(&r));
	find(2400);
	ck_assert(m.is_found);
	ck_assert_double_eq_tol(m.period_s, 20, 0.2);
	ck_assert_double_eq_tol(m.swing, 1.55, 0.05);
}
END_TEST

START_TEST(a_wave_is_found_and_its_swing_is_known)
{
	struct rng r;

	rng_seed(&r, 6);
	quiet(&r, 6000);
	for (size_t i = 0; i < 6000; i++)
		v[i] *= exp(0.25 * sin(2 * M_PI * (double)i / 10 / 37)); /* fits no whole times */
	v[100] = v[2222] = 900e6; /* two stalls are no wave, and hide none */
	v[3000] = NAN;
	find(6000);
	ck_assert(m.is_found);
	ck_assert_double_eq_tol(m.period_s, 37, 0.4);
	ck_assert_double_eq_tol(m.swing, exp(0.5), 0.08);
	/* on a ramp: a drift is no wave, and hides none */
	for (size_t i = 0; i < 6000; i++)
		v[i] *= 1 + (double)i / 6000;
	find(6000);
	ck_assert(m.is_found);
	ck_assert_double_eq_tol(m.period_s, 37, 0.4);
}
END_TEST

/* @phi of an AR(1) of seconds, beneath the noise of slices; a walk: 1. */
static double false_alarms_of(double phi, size_t n, int rounds, double level)
{
	int alarms = 0;
	struct rng r;

	rng_seed(&r, (uint64_t)(phi * 1000) + n);
	for (int i = 0; i < rounds; i++) {
		double slow = 0;

		quiet(&r, n);
		for (size_t k = 0; k < n; k++) {
			if (k % 10 == 0)
				slow = phi * slow + 0.1 * draw_gauss(&r);
			v[k] *= exp(slow);
		}
		find(n);
		ck_assert(m.is_tested);
		alarms += m.p <= level;
	}
	return (double)alarms / rounds;
}

START_TEST(noise_of_any_colour_is_no_wave)
{
	static const double phis[] = {0, 0.9, 0.97, 1};
	static const size_t lengths[] = {600, 3000, 12000};
	int rounds = SIMULATED_ROUNDS(400);
	double phi = phis[_i % 4];
	size_t n = lengths[_i / 4];
	double one = false_alarms_of(phi, n, rounds, 0.01);

	printf("%zu s of AR(%g): %.4f below 0.01\n", n / 10, phi, one);
	if (SIMULATED_IS_TOLD)
		ck_assert_double_le(one, 0.03);
}
END_TEST

START_TEST(what_nobody_feels_is_not_told)
{
	for (size_t i = 0; i < 3000; i++)
		v[i] = 1e6 * exp(0.01 * sin(2 * M_PI * (double)i / 100));
	find(3000);
	ck_assert_double_le(m.p, MODULATION_P_MAX);
	ck_assert_double_eq_tol(m.swing, 1.02, 0.005);
	ck_assert(!m.is_found);
}
END_TEST

START_TEST(what_is_too_short_or_full_of_holes_is_not_tested)
{
	struct rng r;

	rng_seed(&r, 7);
	quiet(&r, 1200);
	find(390);
	ck_assert(!m.is_tested && !m.is_found);
	ck_assert_double_eq(m.p, 1);
	find(0);
	ck_assert(!m.is_tested);
	for (size_t i = 0; i < 1200; i++)
		if (i % 100 < 10) /* a second of ten without a request */
			v[i] = NAN;
	find(1200);
	ck_assert(!m.is_tested);
	/* as calm as nothing is */
	for (size_t i = 0; i < 1200; i++)
		v[i] = 1e6;
	find(1200);
	ck_assert(!m.is_found);
}
END_TEST

START_TEST(an_hour_takes_a_moment)
{
	struct timespec a, b;
	struct rng r;
	double s;

	rng_seed(&r, 8);
	quiet(&r, LONGEST);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	find(LONGEST);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	s = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	printf("an hour: %.3f s of CPU\n", s);
	if (SIMULATED_IS_TOLD)
		ck_assert_double_lt(s, 2);
}
END_TEST

TCase *modulation_cases(void)
{
	TCase *t = tcase_create("modulation");

	tcase_add_test(t, a_saw_is_found_with_its_period_and_swing);
	tcase_add_test(t, of_a_clean_saw_no_harmonic_is_taken);
	tcase_add_test(t, a_wave_is_found_and_its_swing_is_known);
	tcase_add_loop_test(t, noise_of_any_colour_is_no_wave, 0, 12);
	tcase_add_test(t, what_nobody_feels_is_not_told);
	tcase_add_test(t, what_is_too_short_or_full_of_holes_is_not_tested);
	tcase_add_test(t, an_hour_takes_a_moment);
	return t;
}
