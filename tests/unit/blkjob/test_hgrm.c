/* HdrHistogram's percentile text against its known vector. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "hgrm.h"
#include "made.h"
#include "suites.h"

/* HdrHistogram's own test: 10000 times 1 ms and once 100 s, measured every 10 ms: what should
 * have been measured during the 100 s is added. 20000 values. */
static void known_vector(struct lat *l)
{
	for (int i = 0; i < 10000; i++)
		lat_add(l, 1000 * 1000);
	for (uint64_t us = 100000000; us > 0; us -= 10000)
		lat_add(l, us * 1000);
}

/* The value of the first line that reaches @percentile. */
static double value_at(const char *text, double percentile)
{
	double value = -1, level;

	for (text = strstr(text, "\n\n") + 2; text && *text != '#'; text = strchr(text, '\n') + 1) {
		ck_assert_int_eq(sscanf(text, "%lf %lf", &value, &level), 2);
		if (100 * level >= percentile)
			return value;
	}
	return value;
}

START_TEST(the_known_vector_has_its_known_percentiles)
{
	static const double known[][2] = {{30, 1000}, {50, 1000},  {75, 5e7},
					  {90, 8e7},  {99, 9.8e7}, {99.999, 1e8}};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) struct lat *l = calloc(1, sizeof(*l));
	const char *text;

	known_vector(l);
	ck_assert_uint_eq(l->n, 20000);
	hgrm_format(l, &out);
	text = bl_buf_str(&out);
	for (size_t i = 0; i < BL_ARRAY_LEN(known); i++)
		ck_assert_double_eq_tol(value_at(text, known[i][0]), known[i][1],
					known[i][1] * 0.012); /* levels are 10 % of a half apart */
	ck_assert_ptr_nonnull(strstr(text, "#[Max     = 100000000.000, Total count    = "
					   "       20000]\n"));
	expect_file("known.hgrm", text);
}
END_TEST

START_TEST(a_single_value_is_two_lines)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) struct lat *l = calloc(1, sizeof(*l));

	hgrm_format(l, &out);
	ck_assert_uint_eq(out.len, 0);
	lat_add(l, 12345678);
	hgrm_format(l, &out);
	ck_assert_str_eq(bl_buf_str(&out),
			 "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
			 "   12345.678 0.000000000000          1           1.00\n"
			 "   12345.678 1.000000000000          1\n"
			 "#[Mean    =    12345.678, StdDeviation   =        0.000]\n"
			 "#[Max     =    12345.678, Total count    =            1]\n"
			 "#[Buckets =           57, SubBuckets     =          256]\n");
}
END_TEST

START_TEST(each_direction_and_kind_has_a_file)
{
	static const char *const there[] = {"read_slat", "read_clat", "read_lat", "sync_lat"};
	struct bl_err err = BL_ERR_INIT;
	struct made m;

	made_init(&m);
	made_job(&m, "a/b", NULL);
	made_ios(made_clone(&m), IO_READ, 10, 1000, true);
	made_ios(&m.clones[0], IO_SYNC, 10, 1000, false);
	ck_assert_int_eq(bl_mkdir_p("only", NULL), 0);
	ck_assert_int_eq(hgrm_write("only/p", &m.r, &err), 0);
	for (size_t i = 0; i < BL_ARRAY_LEN(there); i++) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("only/p_a_b.1_%s.hgrm", there[i]);

		ck_assert_msg(unlink(path) == 0, "%s", path);
	}
	ck_assert_int_eq(rmdir("only"), 0); /* nothing else was there */
	made_done(&m);
}
END_TEST

TCase *hgrm_tests(void)
{
	TCase *t = tcase_create("hgrm");

	tcase_add_unchecked_fixture(t, scratch_enter, scratch_leave);
	tcase_add_test(t, the_known_vector_has_its_known_percentiles);
	tcase_add_test(t, a_single_value_is_two_lines);
	tcase_add_test(t, each_direction_and_kind_has_a_file);
	return t;
}
