/* Siblings: cells that differ in one axis only. */
#include <string.h>

#include "effects.h"
#include "made_data.h"

static struct run_data d;
static struct summaries sums;

/* bus {blk, scsi} x cache {none, writeback}, and the host, which has a bus only. scsi costs a
 * quarter of the IOPS; writeback doubles them under blk and does nothing under scsi.
 */
static void make_matrix(void)
{
	static const char *const axes[5][2] = {{"blk", "none"},
					       {"blk", "writeback"},
					       {"scsi", "none"},
					       {"scsi", "writeback"},
					       {"host", NULL}};
	static const uint64_t iops[5] = {1000, 2000, 750, 750, 9000};

	make_data(&d, 5, 6);
	for (uint32_t c = 0; c < 5; c++) {
		facts_add(&d.cells[c].axes, "bus", axes[c][0]);
		if (axes[c][1])
			facts_add(&d.cells[c].axes, "cache", axes[c][1]);
		for (uint32_t r = 0; r < 6; r++)
			set_reads(trial_at(&d, c, r), iops[c] * (10 + r) / 10, 100);
	}
	ck_assert_int_eq(summarize(&d, &sums, NULL), 0);
}

static void drop_matrix(void)
{
	summaries_done(&sums);
	run_data_done(&d);
}

START_TEST(siblings_are_compared_each_by_itself)
{
	struct effects e;

	ck_assert_int_eq(effects_find(&d, &sums, "cache", "none", "writeback", &e, NULL), 0);
	ck_assert_uint_eq(e.n, 2);
	ck_assert_uint_eq(e.items[0].cell_a, 0);
	ck_assert_uint_eq(e.items[0].cell_b, 1);
	ck_assert_str_eq(e.items[0].from, "none");
	ck_assert_str_eq(e.items[0].to, "writeback");
	ck_assert_str_eq(e.items[0].job, "j");
	ck_assert_double_eq_tol(e.items[0].by[METRIC_IOPS].ratio, 2, 0.01);
	ck_assert_int_eq(e.items[0].by[METRIC_IOPS].verdict, VERDICT_BETTER);
	ck_assert_uint_eq(e.items[1].cell_a, 2);
	ck_assert_uint_eq(e.items[1].cell_b, 3);
	ck_assert_int_eq(e.items[1].by[METRIC_IOPS].verdict, VERDICT_SAME);
	ck_assert_uint_eq(e.items[1].by[METRIC_CPU_PER_IO].n_pairs, 0);
	effects_done(&e);
}
END_TEST

START_TEST(asked_the_other_way_round_the_ratio_is_inverted)
{
	struct effects e;

	ck_assert_int_eq(effects_find(&d, &sums, "cache", "writeback", "none", &e, NULL), 0);
	ck_assert_uint_eq(e.n, 2);
	ck_assert_uint_eq(e.items[0].cell_a, 1);
	ck_assert_double_eq_tol(e.items[0].by[METRIC_IOPS].ratio, 0.5, 0.01);
	effects_done(&e);
}
END_TEST

START_TEST(without_a_wish_every_two_siblings_are_met_once)
{
	struct effects e;

	ck_assert_int_eq(effects_find(&d, &sums, NULL, NULL, NULL, &e, NULL), 0);
	ck_assert_uint_eq(e.n, 4);
	for (size_t i = 0; i < e.n; i++)
		if (!strcmp(e.items[i].axis, "bus")) {
			ck_assert_str_eq(e.items[i].from, "blk");
			ck_assert_str_eq(e.items[i].to, "scsi");
		} else {
			ck_assert_str_eq(e.items[i].axis, "cache");
			ck_assert_str_eq(e.items[i].from, "none");
		}
	effects_done(&e);
}
END_TEST

START_TEST(what_no_cell_has_gives_no_effect)
{
	struct effects e;

	ck_assert_int_eq(effects_find(&d, &sums, "iothreads", NULL, NULL, &e, NULL), 0);
	ck_assert_uint_eq(e.n, 0);
	effects_done(&e);
	ck_assert_int_eq(effects_find(&d, &sums, "bus", "blk", "host", &e, NULL), 0);
	ck_assert_uint_eq(e.n, 0); /* the host is nobody's sibling */
	effects_done(&e);
}
END_TEST

START_TEST(an_axis_with_no_meaning_in_one_of_two_cells_is_not_compared)
{
	static const char *const clusters[3] = {NULL, "64KiB", "1MiB"};
	struct summaries s;
	struct run_data r;
	struct effects e;

	make_data(&r, 3, 6);
	for (uint32_t c = 0; c < 3; c++) {
		facts_add(&r.cells[c].axes, "bus", "blk");
		facts_add(&r.cells[c].axes, "format", clusters[c] ? "qcow2" : "raw");
		if (clusters[c])
			facts_add(&r.cells[c].axes, "cluster_size", clusters[c]);
	}
	ck_assert_int_eq(summarize(&r, &s, NULL), 0);
	ck_assert_int_eq(effects_find(&r, &s, "format", "raw", "qcow2", &e, NULL), 0);
	ck_assert_uint_eq(e.n, 2); /* raw beside each size of clusters */
	ck_assert_uint_eq(e.items[0].cell_b, 1);
	ck_assert_uint_eq(e.items[1].cell_b, 2);
	effects_done(&e);
	ck_assert_int_eq(effects_find(&r, &s, "cluster_size", NULL, NULL, &e, NULL), 0);
	ck_assert_uint_eq(e.n, 1);
	ck_assert_str_eq(e.items[0].from, "64KiB");
	ck_assert_str_eq(e.items[0].to, "1MiB");
	effects_done(&e);
	summaries_done(&s);
	run_data_done(&r);
}
END_TEST

TCase *effects_cases(void)
{
	TCase *t = tcase_create("effects");

	tcase_add_checked_fixture(t, make_matrix, drop_matrix);
	tcase_add_test(t, siblings_are_compared_each_by_itself);
	tcase_add_test(t, asked_the_other_way_round_the_ratio_is_inverted);
	tcase_add_test(t, without_a_wish_every_two_siblings_are_met_once);
	tcase_add_test(t, what_no_cell_has_gives_no_effect);
	tcase_add_test(t, an_axis_with_no_meaning_in_one_of_two_cells_is_not_compared);
	return t;
}
