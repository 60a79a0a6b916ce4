/* Verdicts: each of the four, and what each refuses to say. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_data.h"

#define UP_TO 30

/* B is A times @ratio, with noise of @noise (on the log scale) between pairs. */
static struct comparison compare_made(enum metric m, size_t n, double ratio, double noise)
{
	struct summary *s = calloc(2, sizeof *s);
	double a[UP_TO], b[UP_TO];
	struct comparison c;
	uint64_t seed = 5;

	for (size_t i = 0; i < n; i++) {
		a[i] = 1000 * exp(draw_normal(&seed)); /* blocks may differ as they like */
		b[i] = a[i] * ratio * exp(noise * draw_normal(&seed));
	}
	make_summary(&s[0], m, a, n);
	make_summary(&s[1], m, b, n);
	c = compare_summaries(&s[0], &s[1], m);
	free(s);
	return c;
}

static const struct {
	enum metric m;
	size_t n;
	double ratio, noise;
	enum verdict verdict;
	const char *why;
} cases[] = {
	{METRIC_P99, 8, 0.70, 0.01, VERDICT_BETTER, "the interval lies beyond -4.76 %"},
	{METRIC_P99, 8, 1.30, 0.01, VERDICT_WORSE, "the interval lies beyond +5 %"},
	{METRIC_IOPS, 8, 1.30, 0.01, VERDICT_BETTER, "the interval lies beyond +3 %"},
	{METRIC_IOPS, 8, 0.70, 0.01, VERDICT_WORSE, "the interval lies beyond -2.91 %"},
	{METRIC_P99, 8, 1.00, 0.005, VERDICT_SAME, "the 90 % interval lies within 5 %"},
	/* real, but it does not matter */
	{METRIC_P99, 10, 1.02, 0.002, VERDICT_SAME, "the 90 % interval lies within 5 %"},
	{METRIC_P99, 8, 1.05, 0.01, VERDICT_CANNOT_TELL,
	 "it differs, but perhaps by less than the 5 % that matter"},
	{METRIC_P99, 8, 1.00, 0.20, VERDICT_CANNOT_TELL,
	 "8 pairs leave room for no change and for more than 5 %"},
	{METRIC_P99, 5, 3.00, 0.00, VERDICT_CANNOT_TELL,
	 "5 pairs; six are the least for a 95 % interval"},
	{METRIC_P99, 1, 3.00, 0.00, VERDICT_CANNOT_TELL,
	 "1 pair; six are the least for a 95 % interval"},
	{METRIC_P99, 6, 3.00, 0.00, VERDICT_WORSE, "the interval lies beyond +5 %"},
	{METRIC_CPU_PER_IO, 0, 1, 0, VERDICT_CANNOT_TELL, "no repeat has cpu_ns_per_io in both"},
};

START_TEST(the_verdict_says_what_the_interval_allows_and_why)
{
	struct comparison c =
		compare_made(cases[_i].m, cases[_i].n, cases[_i].ratio, cases[_i].noise);

	ck_assert_str_eq(c.why, cases[_i].why);
	ck_assert_str_eq(verdict_names[c.verdict], verdict_names[cases[_i].verdict]);
	ck_assert_uint_eq(c.n_pairs, cases[_i].n);
	ck_assert_int_eq(c.has_interval, cases[_i].n >= 6);
	ck_assert_double_eq(c.min_effect, metric_min_effect[cases[_i].m]);
	if (c.has_interval)
		ck_assert(c.lo <= c.ratio && c.ratio <= c.hi);
	if (!cases[_i].n)
		ck_assert_double_eq(c.ratio, 0);
	else
		ck_assert_double_eq_tol(c.ratio / cases[_i].ratio, 1, 0.25);
}
END_TEST

START_TEST(swapping_the_sides_inverts_the_ratio_and_the_verdict)
{
	struct summary *s = calloc(2, sizeof *s);
	double a[10], b[10];
	struct comparison ab, ba;
	uint64_t seed = 8;

	for (int i = 0; i < 10; i++) {
		a[i] = 100 + draw_normal(&seed);
		b[i] = 150 + draw_normal(&seed);
	}
	make_summary(&s[0], METRIC_P50, a, 10);
	make_summary(&s[1], METRIC_P50, b, 10);
	ab = compare_summaries(&s[0], &s[1], METRIC_P50);
	ba = compare_summaries(&s[1], &s[0], METRIC_P50);
	ck_assert_double_eq_tol(ab.ratio * ba.ratio, 1, 1e-12);
	ck_assert_double_eq_tol(ab.lo * ba.hi, 1, 1e-12);
	ck_assert_int_eq(ab.verdict, VERDICT_WORSE);
	ck_assert_int_eq(ba.verdict, VERDICT_BETTER);
	free(s);
}
END_TEST

/* Blocks 0..9; A lacks block 3, B lacks 7; block 5 of A is 0 and has no ratio. */
START_TEST(pairs_are_made_by_repeat_and_the_unpaired_left_out)
{
	struct summary *s = calloc(2, sizeof *s);
	enum metric m = METRIC_IOPS;
	struct comparison c;

	for (uint32_t r = 0; r < 10; r++) {
		double block = 1000.0 * (r + 1); /* wrong pairs would show at once */

		if (r != 3) {
			s[0].value_repeats[m][s[0].metric[m].n] = r;
			s[0].values[m][s[0].metric[m].n++] = r == 5 ? 0 : block;
		}
		if (r != 7) {
			s[1].value_repeats[m][s[1].metric[m].n] = r;
			s[1].values[m][s[1].metric[m].n++] = 2 * block;
		}
	}
	c = compare_summaries(&s[0], &s[1], m);
	ck_assert_uint_eq(c.n_pairs, 7);
	ck_assert_double_eq_tol(c.ratio, 2, 1e-12);
	ck_assert_double_eq_tol(c.lo, 2, 1e-12);
	ck_assert_double_eq_tol(c.hi, 2, 1e-12);
	free(s);
}
END_TEST

START_TEST(a_thin_percentile_decides_nothing)
{
	static const double a[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const double b[8] = {2, 4, 6, 8, 10, 12, 14, 16};
	struct summary *s = calloc(2, sizeof *s);
	struct comparison c;

	make_summary(&s[0], METRIC_P99_9, a, 8);
	make_summary(&s[1], METRIC_P99_9, b, 8);
	ck_assert_int_eq(compare_summaries(&s[0], &s[1], METRIC_P99_9).verdict, VERDICT_WORSE);
	s[1].is_thin[METRIC_P99_9] = true;
	c = compare_summaries(&s[0], &s[1], METRIC_P99_9);
	ck_assert_int_eq(c.verdict, VERDICT_CANNOT_TELL);
	ck_assert(c.has_interval);
	ck_assert_ptr_nonnull(strstr(c.why, "fewer than 100 samples"));
	free(s);
}
END_TEST

/* Two cells that are the same: with 5 % noise, "better" or "worse" must be rare (2.5 % each at no
 * minimum effect; with one, far less). */
START_TEST(the_same_cell_twice_is_hardly_ever_called_different)
{
	struct summary *s = calloc(2, sizeof *s);
	uint64_t seed = 11;
	int wrong = 0;

	for (int round = 0; round < 1000; round++) {
		double a[8], b[8];
		struct comparison c;

		for (int i = 0; i < 8; i++) {
			a[i] = 100 * exp(0.05 * draw_normal(&seed));
			b[i] = 100 * exp(0.05 * draw_normal(&seed));
		}
		make_summary(&s[0], METRIC_P99, a, 8);
		make_summary(&s[1], METRIC_P99, b, 8);
		c = compare_summaries(&s[0], &s[1], METRIC_P99);
		wrong += c.verdict == VERDICT_BETTER || c.verdict == VERDICT_WORSE;
	}
	ck_assert_int_le(wrong, 10);
	free(s);
}
END_TEST

TCase *compare_cases(void)
{
	TCase *t = tcase_create("compare");

	tcase_add_loop_test(t, the_verdict_says_what_the_interval_allows_and_why, 0,
			    sizeof cases / sizeof cases[0]);
	tcase_add_test(t, swapping_the_sides_inverts_the_ratio_and_the_verdict);
	tcase_add_test(t, pairs_are_made_by_repeat_and_the_unpaired_left_out);
	tcase_add_test(t, a_thin_percentile_decides_nothing);
	tcase_add_test(t, the_same_cell_twice_is_hardly_ever_called_different);
	return t;
}
