/* The stopping rule: each way to end, when it looks, who drops out, and what stopping costs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "enough.h"
#include "made_data.h"
#include "rank.h"
#include "units.h"

static const char *const cells[] = {"a", "b", "c"}, *const jobs[] = {"j"};

static struct enough *make(size_t n_cells, uint32_t least, uint32_t most, double half_width,
			   uint64_t budget_ns)
{
	struct enough_rule rule = {.n_cells = n_cells,
				   .n_jobs = 1,
				   .least = least,
				   .most = most,
				   .metric = METRIC_MEAN,
				   .metric_word = "mean",
				   .half_width = half_width,
				   .budget_ns = budget_ns,
				   .block_ns = n_cells * 10 * NS_PER_S};
	struct enough *e;

	ck_assert_int_eq(enough_new(&rule, &e), 0);
	return e;
}

/* A trial of 10 s whose mean is @ns; 0: it failed. */
static void feed(struct enough *e, uint32_t cell, uint32_t block, double ns)
{
	struct trial_record t = {.cell = cell,
				 .repeat = block,
				 .state = ns > 0 ? TRIAL_OK : TRIAL_FAILED,
				 .started_ms = 1000,
				 .ended_ms = 11000};
	struct sample *s = sample_new("j");
	struct job_result j = {.sample = s};

	lat_add(sample_lat(&s->dir[IO_READ].lat), (uint64_t)ns);
	t.jobs = &j;
	t.n_jobs = 1;
	enough_add(e, &t);
	sample_free(s);
}

/* Noise of the cell with number c: its sd in ln; -1: its trials fail. */
struct noise {
	double sd[3];
};

/* Runs blocks until it ends; returns the reason, *ret_blocks how many there were, and in how many
 * each cell was. */
static enum enough_why run(struct enough *e, size_t n_cells, const struct noise *noise,
			   uint32_t most, uint64_t seed, uint32_t *ret_blocks, uint32_t was_in[3])
{
	enum enough_why why = ENOUGH_GOES_ON;
	uint64_t gone_ns = 0;
	uint32_t b;

	memset(was_in, 0, 3 * sizeof *was_in);
	for (b = 0; why == ENOUGH_GOES_ON; b++) {
		bool in[3] = {0};

		why = enough_next(e, b, gone_ns, in);
		if (why != ENOUGH_GOES_ON)
			break;
		ck_assert_uint_lt(b, most); /* it never loops on */
		for (uint32_t c = 0; c < n_cells; c++) {
			double ns = 1e6 * exp(noise->sd[c] * draw_normal(&seed));

			if (!in[c])
				continue;
			was_in[c]++;
			gone_ns += 10 * NS_PER_S;
			feed(e, c, b, noise->sd[c] < 0 ? 0 : ns);
		}
	}
	*ret_blocks = b;
	return why;
}

static const struct {
	const char *name;
	size_t n_cells;
	struct noise noise;
	uint32_t least, most;
	double half_width;
	uint64_t budget_s;
	enum enough_why why;
	uint32_t n_blocks, was_in[3];
	const char *says;
} ways[] = {
	{"narrow at the first look",
	 2,
	 {{0.001, 0.001}},
	 8,
	 30,
	 0.025,
	 0,
	 ENOUGH_NARROW,
	 8,
	 {8, 8},
	 "narrow: after 8 blocks; mean is within 2.5 % of the reference's in 1 of 1 cell; "
	 "widest: 'b' in 'j', "},
	{"never narrow",
	 2,
	 {{0.2, 0.2}},
	 8,
	 30,
	 0.025,
	 0,
	 ENOUGH_MOST,
	 30,
	 {30, 30},
	 "most: after 30 blocks; mean is within 2.5 % of the reference's in 0 of 1 cell; "
	 "widest:"},
	{"one drops out, the reference stays",
	 3,
	 {{0.001, 0.001, 0.2}},
	 8,
	 13,
	 0.025,
	 0,
	 ENOUGH_MOST,
	 13,
	 {13, 8, 13},
	 "in 1 of 2 cells; widest: 'c' in 'j', "},
	/* 20 s a block: the seventh would end after 140 s */
	{"the budget",
	 2,
	 {{0.2, 0.2}},
	 8,
	 30,
	 0.025,
	 139,
	 ENOUGH_BUDGET,
	 6,
	 {6, 6},
	 "budget: another block would not fit in 2:19, after 6 blocks; mean is within"},
	{"a budget that just fits",
	 2,
	 {{0.2, 0.2}},
	 8,
	 30,
	 0.025,
	 140,
	 ENOUGH_BUDGET,
	 7,
	 {7, 7},
	 "after 7 blocks"},
	{"a budget of less than a block",
	 2,
	 {{0.2, 0.2}},
	 8,
	 30,
	 0.025,
	 1,
	 ENOUGH_BUDGET,
	 1,
	 {1, 1},
	 "after 1 block; mean is within 2.5 % of the reference's in 0 of 1 cell; widest: "
	 "'b' in 'j', no interval by 1 pair"},
	/* who dropped out makes blocks shorter: 3 x 8, then 2 each */
	{"a budget after one dropped out",
	 3,
	 {{0.001, 0.001, 0.2}},
	 8,
	 30,
	 0.025,
	 300,
	 ENOUGH_BUDGET,
	 11,
	 {11, 8, 11},
	 "after 11 blocks"},
	{"a fixed number within a budget",
	 2,
	 {{0.2, 0.2}},
	 4,
	 4,
	 0,
	 100,
	 ENOUGH_MOST,
	 4,
	 {4, 4},
	 "most: after 4 blocks"},
	{"a fixed number beyond a budget",
	 2,
	 {{0.2, 0.2}},
	 4,
	 4,
	 0,
	 50,
	 ENOUGH_BUDGET,
	 2,
	 {2, 2},
	 "budget: another block would not fit in 0:50, after 2 blocks"},
	{"a cell that always fails",
	 3,
	 {{0.001, -1, 0.001}},
	 8,
	 30,
	 0.025,
	 0,
	 ENOUGH_NARROW,
	 8,
	 {8, 8, 8},
	 "in 1 of 2 cells; widest: 'c' in 'j', "},
	{"is given up",
	 3,
	 {{0.1, -1, 0.1}},
	 8,
	 13,
	 0.025,
	 0,
	 ENOUGH_MOST,
	 13,
	 {13, 8, 13},
	 "; given up: 'b'"},
	{"a reference that always fails",
	 3,
	 {{-1, 0.001, 0.001}},
	 8,
	 30,
	 0.025,
	 0,
	 ENOUGH_FAILED,
	 8,
	 {8, 8, 8},
	 "failed: nothing could be compared after 8 blocks"},
	{"everything fails",
	 2,
	 {{-1, -1}},
	 8,
	 30,
	 0.025,
	 0,
	 ENOUGH_FAILED,
	 8,
	 {8, 8},
	 "given up: 'b'"},
	{"one cell alone",
	 1,
	 {{0.001}},
	 8,
	 30,
	 0.025,
	 0,
	 ENOUGH_NARROW,
	 8,
	 {8},
	 "of the cell's own median: yes; widest: 'a' in 'j', "},
	{"one cell alone, noisy",
	 1,
	 {{0.3}},
	 8,
	 10,
	 0.025,
	 0,
	 ENOUGH_MOST,
	 10,
	 {10},
	 "of the cell's own median: not yet"},
};

START_TEST(it_ends_for_each_reason)
{
	struct enough *e = make(ways[_i].n_cells, ways[_i].least, ways[_i].most,
				ways[_i].half_width, ways[_i].budget_s * NS_PER_S);
	uint32_t n, was_in[3];
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	enum enough_why why =
		run(e, ways[_i].n_cells, &ways[_i].noise, ways[_i].most, 5, &n, was_in);

	ck_assert_msg(why == ways[_i].why, "%s: %s", ways[_i].name, enough_names[why]);
	ck_assert_msg(n == ways[_i].n_blocks, "%s: %u blocks", ways[_i].name, n);
	for (int c = 0; c < 3; c++)
		ck_assert_msg(was_in[c] == ways[_i].was_in[c], "%s: cell %d was in %u",
			      ways[_i].name, c, was_in[c]);
	enough_text(e, why, cells, jobs, &b);
	ck_assert_msg(strstr(bl_buf_str(&b), ways[_i].says), "%s: %s", ways[_i].name,
		      bl_buf_str(&b));
	enough_free(e);
}
END_TEST

/* n += max(1, ceil(n / 4)) from 8 up to 30: between looks nothing ends, however narrow it is. */
START_TEST(it_looks_in_steps_of_a_quarter)
{
	static const uint32_t looks[] = {8, 10, 13, 17, 22, 28, 30};

	for (uint32_t wide = 0; wide < 12; wide++) {
		struct enough *e = make(2, 8, 30, 0.025, 0);
		uint64_t seed = 9 + wide;
		bool in[2], is_look = false;
		uint32_t b = 0;

		/* The first blocks differ, the others are all alike. */
		for (; enough_next(e, b, 0, in) == ENOUGH_GOES_ON; b++) {
			feed(e, 0, b, 1e6);
			feed(e, 1, b, b < wide ? 1e6 * exp(0.5 * draw_normal(&seed)) : 1e6);
		}
		for (size_t k = 0; k < BL_ARRAY_LEN(looks); k++)
			is_look = is_look || b == looks[k];
		ck_assert_msg(is_look, "ended after %u blocks", b);
		ck_assert_uint_gt(b, wide < 8 ? 7 : wide);
		enough_free(e);
	}
}
END_TEST

START_TEST(rounds_of_one_boot_are_one_value)
{
	struct enough *e = make(2, 6, 8, 0.5, 0);
	bool in[2];
	size_t n;

	for (uint32_t b = 0; b < 6; b++) {
		ck_assert_int_eq(enough_next(e, b, 0, in), ENOUGH_GOES_ON);
		feed(e, 0, b, 1e6);
		feed(e, 1, b, 2e6 * 1.5); /* their mean of logs is that of 2e6 */
		feed(e, 1, b, 2e6 / 1.5);
	}
	ck_assert_double_lt(enough_width(e, 1, 0, &n), 1e-5);
	ck_assert_uint_eq(n, 6);
	enough_free(e);
}
END_TEST

START_TEST(widths_are_told_of_every_cell_but_the_reference)
{
	struct enough *e = make(3, 6, 8, 0.5, 0);
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	for (uint32_t i = 0; i < 6; i++) {
		feed(e, 0, i, 1e6);
		feed(e, 1, i, i == 0 ? 1.1e6 : 1e6);
		if (i < 5)
			feed(e, 2, i, 1e6);
	}
	enough_widths(e, cells, jobs, &b);
	ck_assert_str_eq(bl_buf_str(&b), "b: j 4.88 % (6); c: j no interval (5)");
	enough_free(e);
}
END_TEST

/* What stopping at a width costs: of intervals at a nominal 95 % so many hold the truth. The lab's
 * study has .931 to .951 for this rule from 8 pairs on; a stop at a difference would find one in a
 * fifth of the runs. */
START_TEST(stopping_at_a_width_costs_two_points_of_coverage)
{
	enum { RUNS = 2000 };
	struct noise noise = {{0.028, 0.028}}; /* of the differences: 4 % */
	unsigned hits = 0, n_blocks = 0;

	for (uint64_t r = 0; r < RUNS; r++) {
		struct enough *e = make(2, 8, 30, 0.02, 0);
		double d[RANK_PAIRS_MAX];
		uint64_t seed = 77 + r;
		struct rank_interval i;
		uint32_t n = 0;
		enum enough_why why = ENOUGH_GOES_ON;

		for (; n < 30; n++) {
			double a = noise.sd[0] * draw_normal(&seed);
			double b = noise.sd[1] * draw_normal(&seed);
			bool in[2];

			why = enough_next(e, n, 0, in);
			if (why != ENOUGH_GOES_ON)
				break;
			d[n] = b - a;
			feed(e, 0, n, 1e9 * exp(a));
			feed(e, 1, n, 1e9 * exp(b));
		}
		i = rank_interval(d, n, 0.05);
		hits += i.lo <= 0 && i.hi >= 0;
		n_blocks += n;
		enough_free(e);
	}
	printf("stop at 2 %% of 4 %%: coverage %.3f, %.1f blocks\n", hits / (double)RUNS,
	       n_blocks / (double)RUNS);
	ck_assert_double_gt(hits / (double)RUNS, 0.915);
	ck_assert_double_lt(hits / (double)RUNS, 0.965);
}
END_TEST

/* A clock that is set back during a trial must not make the next block take for ever. */
START_TEST(a_clock_that_is_set_back_ends_no_run)
{
	struct enough *e = make(1, 6, 20, 0.0001, 1000 * NS_PER_S);
	struct trial_record t = {.state = TRIAL_FAILED, .started_ms = 11000, .ended_ms = 1000};
	bool in[1];

	enough_add(e, &t);
	ck_assert_int_ne(enough_next(e, 1, NS_PER_S, in), ENOUGH_BUDGET);
	enough_free(e);
}
END_TEST

TCase *enough_cases(void)
{
	TCase *t = tcase_create("enough");

	tcase_add_loop_test(t, it_ends_for_each_reason, 0, BL_ARRAY_LEN(ways));
	tcase_add_test(t, it_looks_in_steps_of_a_quarter);
	tcase_add_test(t, rounds_of_one_boot_are_one_value);
	tcase_add_test(t, a_clock_that_is_set_back_ends_no_run);
	tcase_add_test(t, widths_are_told_of_every_cell_but_the_reference);
	tcase_add_test(t, stopping_at_a_width_costs_two_points_of_coverage);
	return t;
}
