/* Interval logs: their names and their lines. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "log_files.h"
#include "made.h"
#include "suites.h"
#include "units.h"

static void expect_log(const char *name, const char *want)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(bl_read_file(name, 1 << 20, &text, &err) == 0, "%s", bl_err_text(&err));
	ck_assert_str_eq(bl_buf_str(&text), want);
	ck_assert_int_eq(unlink(name), 0);
}

static struct job *all_logs(struct made *m)
{
	struct job *j = made_job(m, "a", NULL);

	strcpy(j->write_bw_log, "x");
	strcpy(j->write_iops_log, "x");
	strcpy(j->write_lat_log, "x");
	j->log_avg_ns = j->log_hist_ns = 0;
	j->per_job_logs = true;
	return j;
}

static void write_logs(struct made *m)
{
	BL_CLEANUP(log_files_freep) struct log_files *l = log_files_new();
	struct bl_err err = BL_ERR_INIT;

	for (size_t i = 0; i < m->r.n_clones; i++)
		ck_assert_msg(log_files_write(l, &m->items[m->clones[i].job], &m->clones[i],
					      (unsigned)i + 1, &err) == 0,
			      "%s", bl_err_text(&err));
}

static const struct engine_io two_ios[] = {
	{.end_ns = 900000,
	 .slat_ns = 4647,
	 .clat_ns = 692407,
	 .lat_ns = 697054,
	 .offset = 8192,
	 .bytes = 8192,
	 .dir = IO_READ},
	{.end_ns = 3100000,
	 .slat_ns = 3704,
	 .clat_ns = 8000000,
	 .lat_ns = 8003704,
	 .offset = 0,
	 .bytes = 4096,
	 .dir = IO_WRITE},
};

static void add_ios(struct engine_clone *c)
{
	c->ios = malloc(sizeof(two_ios));
	ck_assert_ptr_nonnull(c->ios);
	memcpy(c->ios, two_ios, sizeof(two_ios));
	c->n_ios = 2;
}

START_TEST(a_line_for_each_request)
{
	struct made m;

	made_init(&m);
	all_logs(&m);
	add_ios(made_clone(&m));
	write_logs(&m);
	expect_log("x_bw.1.log", "0, 11553, 0, 8192, 0\n3, 500, 1, 4096, 0\n");
	expect_log("x_iops.1.log", "0, 1, 0, 8192, 0\n3, 1, 1, 4096, 0\n");
	expect_log("x_slat.1.log", "0, 4647, 0, 8192, 0\n3, 3704, 1, 4096, 0\n");
	expect_log("x_clat.1.log", "0, 692407, 0, 8192, 0\n3, 8000000, 1, 4096, 0\n");
	expect_log("x_lat.1.log", "0, 697054, 0, 8192, 0\n3, 8003704, 1, 4096, 0\n");
	made_done(&m);
}
END_TEST

START_TEST(offset_priority_and_epoch_are_as_asked_and_one_file_takes_all_clones)
{
	struct made m;
	struct job *j;

	made_init(&m);
	j = all_logs(&m);
	j->write_bw_log[0] = j->write_lat_log[0] = 0;
	j->log_offset = j->log_prio = j->log_unix_epoch = true;
	j->prioclass = 1;
	j->prio = 3;
	j->ramp_ns = NS_PER_S;
	j->per_job_logs = false;
	add_ios(made_clone(&m));
	add_ios(made_clone(&m));
	ck_assert_int_eq(bl_write_file("x_iops.log", "old\n", 4, NULL), 0);
	write_logs(&m);
	expect_log("x_iops.log", "1767323044600, 1, 0, 8192, 8192, 0x2003\n"
				 "1767323044603, 1, 1, 4096, 0, 0x2003\n"
				 "1767323044600, 1, 0, 8192, 8192, 0x2003\n"
				 "1767323044603, 1, 1, 4096, 0, 0x2003\n");
	made_done(&m);
}
END_TEST

START_TEST(windows_have_means_or_the_greatest_and_the_last_is_short)
{
	static const struct engine_window windows[] = {
		{.end_ns = 250000000,
		 .dir = IO_READ,
		 .n = 100,
		 .bytes = 102400,
		 .sum_ns = {100, 5000, 5199},
		 .max_ns = {7, 70, 77}},
		{.start_ns = 250000000,
		 .end_ns = 350000000,
		 .dir = IO_WRITE,
		 .n = 10,
		 .bytes = 10240,
		 .sum_ns = {10, 20, 30},
		 .max_ns = {1, 2, 3}},
	};
	struct made m;
	struct job *j;

	made_init(&m);
	j = all_logs(&m);
	j->log_avg_ns = 250 * NS_PER_MS;
	made_clone(&m)->windows = malloc(sizeof(windows));
	memcpy(m.clones[0].windows, windows, sizeof(windows));
	m.clones[0].n_windows = 2;
	write_logs(&m);
	expect_log("x_bw.1.log", "250, 400, 0, 0, 0\n350, 100, 1, 0, 0\n");
	expect_log("x_iops.1.log", "250, 400, 0, 0, 0\n350, 100, 1, 0, 0\n");
	expect_log("x_slat.1.log", "250, 1, 0, 0, 0\n350, 1, 1, 0, 0\n");
	expect_log("x_clat.1.log", "250, 50, 0, 0, 0\n350, 2, 1, 0, 0\n");
	expect_log("x_lat.1.log", "250, 51, 0, 0, 0\n350, 3, 1, 0, 0\n");
	j->log_max_value = true;
	j->disable_slat = true;
	write_logs(&m);
	expect_log("x_clat.1.log", "250, 70, 0, 0, 0\n350, 2, 1, 0, 0\n");
	ck_assert(!bl_exists("x_slat.1.log"));
	made_done(&m);
}
END_TEST

static void hist_case(unsigned coarseness, unsigned n_columns, unsigned at)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf want = BL_BUF_INIT;
	struct engine_hist_window *h;
	struct made m;
	struct job *j;

	made_init(&m);
	j = all_logs(&m);
	j->write_bw_log[0] = j->write_lat_log[0] = j->write_iops_log[0] = 0;
	strcpy(j->write_hist_log, "h");
	j->log_hist_ns = NS_PER_S;
	j->log_hist_coarseness = coarseness;
	h = made_clone(&m)->hist_windows = calloc(1, sizeof(*h));
	m.clones[0].n_hist_windows = 1;
	*h = (struct engine_hist_window){
		.end_ns = 1500 * NS_PER_MS, .dir = IO_WRITE, .n_buckets = 2};
	h->buckets = calloc(2, sizeof(*h->buckets));
	h->buckets[0] = (struct interval_bucket){(uint16_t)hist_index(5000), 3};
	h->buckets[1] = (struct interval_bucket){(uint16_t)(hist_index(5000) + 1), 4};
	write_logs(&m);
	bl_buf_adds(&want, "1500, 1, 4096");
	for (unsigned i = 0; i < n_columns; i++)
		bl_buf_addf(&want, ", %d", i == at ? 7 : 0);
	bl_buf_addc(&want, '\n');
	expect_log("h_clat_hist.1.log", bl_buf_str(&want));
	made_done(&m);
}

START_TEST(histograms_have_fios_1856_columns)
{
	/* 5000: 2^12 * 1.22, octave 7 of 64, the 14th of it */
	hist_case(0, 1856, 7 * 64 + 14);
	hist_case(4, 116, (7 * 64 + 14) / 16);
}
END_TEST

START_TEST(the_total_adds_the_clones_by_the_clock)
{
	BL_CLEANUP(log_files_freep) struct log_files *l = log_files_new();
	struct bl_err err = BL_ERR_INIT;
	struct made m;

	made_init(&m);
	made_job(&m, "a", NULL);
	made_ios(made_clone(&m), IO_READ, 2000, 1000, false);
	made_ios(made_clone(&m), IO_READ, 2000, 1000, false);
	m.clones[1].sample->start_ns += NS_PER_S;
	ck_assert_int_eq(log_files_write_total(l, m.clones, 2, 100 * NS_PER_S, &err), 0);
	expect_log("agg-read_bw.log", "500, 4000, 0, 0, 0\n1000, 4008, 0, 0, 0\n"
				      "1500, 7992, 0, 0, 0\n2000, 8008, 0, 0, 0\n"
				      "2500, 3992, 0, 0, 0\n3000, 4000, 0, 0, 0\n");
	unlink("agg-trim_bw.log");
	ck_assert_int_eq(unlink("agg-write_bw.log"), 0);
	made_done(&m);
}
END_TEST

START_TEST(a_log_that_can_not_be_made_is_named)
{
	BL_CLEANUP(log_files_freep) struct log_files *l = log_files_new();
	struct bl_err err = BL_ERR_INIT;
	struct made m;

	made_init(&m);
	strcpy(all_logs(&m)->write_bw_log, "no/where");
	made_clone(&m);
	ck_assert_int_eq(log_files_write(l, &m.items[0], &m.clones[0], 1, &err), -ENOENT);
	ck_assert_str_eq(err.text,
			 "cannot open the log 'no/where_bw.1.log': No such file or directory");
	made_done(&m);
}
END_TEST

static const struct {
	const char *prefix;
	int code;
} folders[] = {
	{"", 0}, {"p", 0}, {"./p", 0}, {"/p", 0}, {"no/where/p", -ENOENT}, {"file/p", -ENOTDIR}};

START_TEST(the_folder_of_a_log_is_looked_at_before)
{
	struct bl_err err = BL_ERR_INIT;
	struct made m;

	ck_assert_int_eq(bl_write_file("file", "", 0, NULL), 0);
	if (strcmp(folders[_i].prefix, "/p") == 0 && access("/", W_OK) < 0)
		return;
	made_init(&m);
	strcpy(made_job(&m, "a", NULL)->write_lat_log, folders[_i].prefix);
	ck_assert_int_eq(log_files_check(&m.items[0], &err), folders[_i].code);
	ck_assert_int_eq(
		!strncmp(err.text, "job 'a': no log can be written to the folder of '", 49),
		folders[_i].code < 0);
}
END_TEST

TCase *logs_tests(void)
{
	TCase *t = tcase_create("logs");

	tcase_add_unchecked_fixture(t, scratch_enter, scratch_leave);
	tcase_add_test(t, a_line_for_each_request);
	tcase_add_test(t, offset_priority_and_epoch_are_as_asked_and_one_file_takes_all_clones);
	tcase_add_test(t, windows_have_means_or_the_greatest_and_the_last_is_short);
	tcase_add_test(t, histograms_have_fios_1856_columns);
	tcase_add_test(t, the_total_adds_the_clones_by_the_clock);
	tcase_add_test(t, a_log_that_can_not_be_made_is_named);
	tcase_add_loop_test(t, the_folder_of_a_log_is_looked_at_before, 0, BL_ARRAY_LEN(folders));
	return t;
}
