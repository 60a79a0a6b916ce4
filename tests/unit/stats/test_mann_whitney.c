/* Samples that are not pairs: published values, brute force, and what must not matter. */
#include <math.h>
#include <stdlib.h>

#include "made_data.h"
#include "mann_whitney.h"

static struct shift shift_of(const double *a, size_t na, const double *b, size_t nb)
{
	struct shift s;

	ck_assert_int_eq(mann_whitney(a, na, b, nb, 0.05, &s), 0);
	return s;
}

START_TEST(complete_separation_is_one_choice_of_all)
{
	double a[10], b[10];

	for (int i = 0; i < 10; i++) {
		a[i] = i;
		b[i] = 100 + i;
	}
	ck_assert_double_eq_tol(shift_of(a, 8, b, 8).p, 1.554001554e-4, 1e-13);
	ck_assert_double_eq_tol(shift_of(a, 10, b, 10).p, 1.0825e-5, 1e-9);
	ck_assert_double_eq(shift_of(a, 10, b, 10).estimate, 100);
	ck_assert_double_eq(shift_of(a, 10, b, 10).u, 100);
	ck_assert_double_eq(shift_of(b, 10, a, 10).u, 0);
}
END_TEST

/* The example of golang.org/x/perf/cmd/benchstat, format=gob, which prints p = 0.446. */
START_TEST(ties_are_counted_exactly)
{
	static const double before[] = {3069, 3075, 3069, 3067, 3207, 3064, 3064, 3058, 3059, 3062};
	static const double after[] = {3075, 3065, 3059, 3065, 3060, 3081, 3186, 3135, 3087, 3062};
	struct shift s = shift_of(before, 10, after, 10);

	ck_assert_double_eq(s.u, 100 - 39.5);
	ck_assert_double_eq_tol(s.p, 0.44610, 5e-6);
}
END_TEST

/* Every choice of which values are b's, one by one. */
static double brute_force(const double *all, unsigned n, unsigned chosen)
{
	unsigned nb = (unsigned)__builtin_popcount(chosen), choices = 0, below = 0, above = 0;
	double is = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned set = 0; set < 1u << n; set++) {
			double u = 0;

			if ((unsigned)__builtin_popcount(set) != nb || (!pass && set != chosen))
				continue;
			for (unsigned i = 0; i < n; i++)
				for (unsigned j = 0; (set >> i & 1) && j < n; j++)
					u += set >> j & 1       ? 0
					     : all[i] > all[j]  ? 1
					     : all[i] == all[j] ? 0.5
								: 0;
			if (!pass)
				is = u;
			choices += pass;
			below += pass && u <= is;
			above += pass && u >= is;
		}
	}
	return fmin(1, 2.0 * (below < above ? below : above) / choices);
}

START_TEST(p_equals_brute_force)
{
	uint64_t seed = (uint64_t)_i;

	for (int round = 0; round < 20; round++) {
		double all[9], a[9], b[9];
		unsigned chosen, na = 0, nb = 0;

		for (int i = 0; i < 9; i++)
			all[i] = (double)(draw(&seed) % 6); /* ties */
		do
			chosen = (unsigned)(draw(&seed) % 512);
		while (!chosen || chosen == 511);
		for (unsigned i = 0; i < 9; i++) {
			if (chosen >> i & 1)
				b[nb++] = all[i];
			else
				a[na++] = all[i];
		}
		ck_assert_double_eq_tol(shift_of(a, na, b, nb).p, brute_force(all, 9, chosen),
					1e-12);
	}
}
END_TEST

/* k at 95 %: the tables' critical value of U, with 4 and 4 its least. */
static const struct {
	size_t na, nb;
	int k; /* smallest differences outside; -1: no interval */
} tables[] = {{3, 3, -1}, {3, 5, 0}, {4, 4, 0}, {5, 5, 2}, {8, 8, 13}, {10, 10, 23}, {20, 20, 127}};

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

START_TEST(the_interval_leaves_out_what_the_tables_say)
{
	size_t na = tables[_i].na, nb = tables[_i].nb, m = 0;
	double a[20], b[20], d[400];
	uint64_t seed = 4;
	struct shift s;

	for (size_t i = 0; i < na; i++)
		a[i] = draw_normal(&seed);
	for (size_t i = 0; i < nb; i++)
		b[i] = 1 + draw_normal(&seed);
	for (size_t i = 0; i < na; i++)
		for (size_t j = 0; j < nb; j++)
			d[m++] = b[j] - a[i];
	qsort(d, m, sizeof *d, by_value);
	s = shift_of(a, na, b, nb);
	ck_assert_int_eq(s.is_known, tables[_i].k >= 0);
	ck_assert_double_eq(s.estimate, (d[(m - 1) / 2] + d[m / 2]) / 2);
	if (!s.is_known)
		return;
	ck_assert_double_eq(s.lo, d[tables[_i].k]);
	ck_assert_double_eq(s.hi, d[m - 1 - (size_t)tables[_i].k]);
}
END_TEST

START_TEST(many_values_are_judged_by_the_normal_approximation_and_agree)
{
	double a[60], b[60];
	uint64_t seed = 9;
	struct shift few, many;

	for (int i = 0; i < 60; i++) {
		a[i] = draw_normal(&seed);
		b[i] = 0.4 + draw_normal(&seed);
	}
	few = shift_of(a, 50, b, 50);
	many = shift_of(a, 51, b, 50);
	ck_assert_double_eq_tol(few.p / many.p, 1, 0.5);
	ck_assert_double_eq_tol(few.lo, many.lo, 0.05);
	ck_assert_double_eq_tol(few.hi, many.hi, 0.05);
}
END_TEST

START_TEST(the_interval_covers_the_shift_as_often_as_it_says)
{
	uint64_t seed = 23;
	int covered = 0;

	for (int round = 0; round < 2000; round++) {
		double a[8], b[7];
		struct shift s;

		for (int i = 0; i < 8; i++)
			a[i] = draw_normal(&seed);
		for (int i = 0; i < 7; i++)
			b[i] = 2 + draw_normal(&seed);
		s = shift_of(a, 8, b, 7);
		covered += s.lo <= 2 && 2 <= s.hi;
	}
	/* exact level 96.0 %, standard error 0.44 % */
	ck_assert_int_ge(covered, 1890);
	ck_assert_int_le(covered, 1950);
}
END_TEST

TCase *mann_whitney_cases(void)
{
	TCase *t = tcase_create("mann_whitney");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, complete_separation_is_one_choice_of_all);
	tcase_add_test(t, ties_are_counted_exactly);
	tcase_add_loop_test(t, p_equals_brute_force, 1, 5);
	tcase_add_loop_test(t, the_interval_leaves_out_what_the_tables_say, 0,
			    sizeof tables / sizeof *tables);
	tcase_add_test(t, many_values_are_judged_by_the_normal_approximation_and_agree);
	tcase_add_test(t, the_interval_covers_the_shift_as_often_as_it_says);
	return t;
}
