/* What a run says, with a clock of our own. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "progress.h"
#include "units.h"

#define S NS_PER_S

static struct cell cell = {.name = "virtio-scsi io1 none raw"};

static struct progress make(enum progress_mode mode, unsigned columns)
{
	return (struct progress){.mode = mode,
				 .columns = columns,
				 .scenario = "virtio-paths",
				 .n_cells = 13,
				 .n_trials = 65,
				 .repeats = 5,
				 .name_width = 24,
				 .estimate_ns = 1200 * S,
				 .start_ns = 100 * S};
}

/* Trial 42 of 65 at 12:04: 41 trials took 700 s. */
static void at_trial_42(struct progress *p)
{
	p->first_trial_ns = 110 * S;
	p->last_end_ns = 110 * S + 41 * 17 * S;
	p->n_done = 41;
}

static const struct runner_progress job = {.trial = 41,
					   .n_trials = 65,
					   .cell = &cell,
					   .phase = PHASE_JOB,
					   .job = "randread-4k-qd1",
					   .elapsed_ns = 8 * S,
					   .expected_ns = 10 * S,
					   .iops = 9812};

static const struct {
	unsigned columns;
	const char *line;
} widths[] = {
	{120,
	 "42/65  virtio-scsi io1 none raw  randread-4k-qd1 8/10 s [########..]  9812 IOPS  12:04 "
	 "gone, about 6:31 left"},
	{100,
	 "42/65  virtio-scsi io1 none raw  randread-4k-qd1 8/10 s [########..]  9812 IOPS  12:04, "
	 "6:31 left"},
	{92, "42/65  virtio-scsi io1 none raw  randread-4k-qd1 8/10 s [###.]  9812 IOPS  12:04, "
	     "6:31 left"},
	{80, "42/65  virtio-scsi io1 none raw  randread-4k-qd1 8/10 s  12:04, 6:31 left"},
	{60, "42/65  virtio-s..  randread-4k-qd1 8/10 s  12:04, 6:31 left"},
	{40, "42/65  randread-4k-qd1 8/10 s  12:04, 6:31 left"},
};

START_TEST(the_live_line_fits_its_terminal)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct progress p = make(PROGRESS_LIVE, widths[_i].columns);

	at_trial_42(&p);
	progress_line(&p, &job, 824 * S, &out);
	ck_assert_str_eq(bl_buf_str(&out), widths[_i].line);
	if (widths[_i].columns > 50) /* below there is nothing left to leave out */
		ck_assert_uint_lt(out.len, widths[_i].columns);
}
END_TEST

START_TEST(the_live_line_has_its_columns_from_the_first_trial_on)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct progress p = make(PROGRESS_LIVE, 100);
	struct runner_progress first = job;

	first.trial = 0;
	progress_line(&p, &first, 824 * S, &out);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), " 1/65  virtio-scsi io1"));
	ck_assert(out.data[0] == ' ');
}
END_TEST

START_TEST(plain_lines_have_one_width_before_and_after_trial_10)
{
	struct trial_record t = {.started_ms = 1000, .ended_ms = 25000};
	struct progress p = make(PROGRESS_PLAIN, 100);
	char *text = NULL;
	size_t len = 0;

	p.n_trials = 12;
	p.to = open_memstream(&text, &len);
	for (p.n_done = 8; p.n_done < 10;)
		progress_trial(&p, &t, "cell", 124 * S);
	fclose(p.to);
	ck_assert_ptr_nonnull(strstr(text, "trial  9 of 12  cell "));
	ck_assert_ptr_nonnull(strstr(text, "\ntrial 10 of 12  cell "));
	free(text);
}
END_TEST

START_TEST(a_phase_without_a_cell_or_an_end_says_what_it_does)
{
	static const struct runner_progress image = {.phase = PHASE_IMAGE, .elapsed_ns = 3 * S};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct progress p = make(PROGRESS_LIVE, 80);

	progress_line(&p, &image, 103 * S, &out);
	ck_assert_str_eq(bl_buf_str(&out), "building the guest 3 s  0:03, 19:57 left");
}
END_TEST

START_TEST(a_fetch_shows_its_bytes)
{
	static const struct runner_progress fetch = {.phase = PHASE_IMAGE,
						     .elapsed_ns = 3 * S,
						     .done_bytes = 6 << 20,
						     .total_bytes = 24 << 20};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct progress p = make(PROGRESS_LIVE, 80);

	progress_line(&p, &fetch, 103 * S, &out);
	ck_assert_str_eq(bl_buf_str(&out),
			 "fetching the kernel 6.0/24.0 MiB [##........]  0:03, 19:57 left");
}
END_TEST

START_TEST(what_is_left_follows_the_pace_of_the_trials_that_ended)
{
	struct progress p = make(PROGRESS_LIVE, 80);

	ck_assert_uint_eq(progress_left_ns(&p, 100 * S), 1200 * S); /* the plan's estimate */
	ck_assert_uint_eq(progress_left_ns(&p, 160 * S), 1140 * S);
	p.first_trial_ns = 160 * S; /* building the guest is not part of the estimate */
	ck_assert_uint_eq(progress_left_ns(&p, 170 * S), 1190 * S);
	p.n_done = 5;
	p.last_end_ns = 260 * S; /* 20 s a trial, 60 to go */
	ck_assert_uint_eq(progress_left_ns(&p, 260 * S), 1200 * S);
	ck_assert_uint_eq(progress_left_ns(&p, 270 * S), 1190 * S);
	ck_assert_uint_eq(progress_left_ns(&p, 9000 * S), 0); /* never negative */
}
END_TEST

START_TEST(the_bar_fills_and_never_overflows)
{
	static const struct {
		uint64_t done, total;
		const char *bar;
	} cases[] = {
		{0, 10, "[..........]"},  {5, 10, "[#####.....]"}, {10, 10, "[##########]"},
		{99, 10, "[##########]"}, {3, 0, "[..........]"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(cases); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

		progress_bar(&out, cases[i].done, cases[i].total, 10);
		ck_assert_str_eq(bl_buf_str(&out), cases[i].bar);
	}
}
END_TEST

static struct sample *sample_of(unsigned ios, uint64_t lat_ns)
{
	struct sample *s = sample_new("randread-4k-qd1");
	struct lat *l = sample_lat(&s->dir[IO_READ].lat);

	for (unsigned i = 0; i < ios; i++)
		lat_add(l, lat_ns);
	s->dir[IO_READ].ios = ios;
	s->dir[IO_READ].bytes = ios * 4096ull;
	s->runtime_ns = 2 * S;
	s->n_threads = 1;
	return s;
}

static char job_name[] = "randread-4k-qd1", job_text[] = "";
static char reason[] = "the guest gave no hello within 60 s (console: \"not syncing\")";

/* What the run prints for @t in @mode, into @text. */
static void print_trial(enum progress_mode mode, unsigned columns, const struct trial_record *t,
			struct bl_buf *text)
{
	struct progress p = make(mode, columns);
	char *data = NULL;
	size_t len = 0;

	p.to = open_memstream(&data, &len);
	progress_trial(&p, t, cell.name, 124 * S);
	fclose(p.to);
	bl_buf_adds(text, data);
	free(data);
}

START_TEST(a_finished_trial_is_one_line_with_its_first_job)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct job_result result = {.name = job_name,
				    .job_text = job_text,
				    .sample = sample_of(20800, 388 * NS_PER_US)};
	struct trial_record t = {
		.jobs = &result, .n_jobs = 1, .started_ms = 1000, .ended_ms = 25000};

	print_trial(PROGRESS_PLAIN, 100, &t, &out);
	ck_assert_str_eq(
		bl_buf_str(&out),
		"trial  1 of 65  virtio-scsi io1 none raw  ok   0:24  randread-4k-qd1  10.4k "
		"IOPS  p99  388 us\n");
	sample_free(result.sample);
}
END_TEST

START_TEST(figures_of_finished_trials_stand_in_columns)
{
	static const struct {
		unsigned ios;
		uint64_t lat_ns;
		const char *line;
	} trials[] = {
		{1414, 11010 * NS_PER_US,
		 "virtio-scsi io1 none raw  ok   0:24  randread-4k-qd1    707 IOPS  p99 11.0 ms\n"},
		{31200, 139 * NS_PER_US,
		 "virtio-scsi io1 none raw  ok   0:24  randread-4k-qd1  15.6k IOPS  p99  139 us\n"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(trials); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
		struct job_result result = {.name = job_name,
					    .job_text = job_text,
					    .sample = sample_of(trials[i].ios, trials[i].lat_ns)};
		struct trial_record t = {
			.jobs = &result, .n_jobs = 1, .started_ms = 1000, .ended_ms = 25000};

		print_trial(PROGRESS_LIVE, 80, &t, &out);
		ck_assert_str_eq(bl_buf_str(&out), trials[i].line);
		sample_free(result.sample);
	}
}
END_TEST

START_TEST(a_failed_trial_shows_its_reason_in_full)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf plain = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf live = BL_BUF_INIT;
	struct trial_record t = {.state = TRIAL_FAILED, .reason = reason};

	print_trial(PROGRESS_PLAIN, 80, &t, &plain);
	ck_assert_str_eq(
		bl_buf_str(&plain),
		"trial  1 of 65  virtio-scsi io1 none raw  failed: the guest gave no hello "
		"within 60 s (console: \"not syncing\")\n");
	print_trial(PROGRESS_LIVE, 80, &t, &live);
	ck_assert_str_eq(
		bl_buf_str(&live),
		"virtio-scsi io1 none raw  failed: the guest gave no hello within 60 s (console:\n"
		"    \"not syncing\")\n");
}
END_TEST

START_TEST(a_trial_without_samples_has_no_figures)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct job_result result = {.name = job_name, .job_text = job_text};
	struct trial_record t = {.jobs = &result, .n_jobs = 1};

	print_trial(PROGRESS_PLAIN, 100, &t, &out);
	ck_assert_str_eq(bl_buf_str(&out),
			 "trial  1 of 65  virtio-scsi io1 none raw  ok   0:00  randread-4k-qd1\n");
}
END_TEST

START_TEST(quiet_says_nothing)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct trial_record t = {.state = TRIAL_FAILED, .reason = reason};

	print_trial(PROGRESS_QUIET, 80, &t, &out);
	ck_assert_str_eq(bl_buf_str(&out), "");
}
END_TEST

START_TEST(json_is_one_object_a_line)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct job_result result = {
		.name = job_name, .job_text = job_text, .sample = sample_of(2000, 100 * NS_PER_US)};
	struct trial_record t = {.jobs = &result, .n_jobs = 1, .order = 3};
	json_t *event, *metrics;

	print_trial(PROGRESS_JSON, 80, &t, &out);
	ck_assert_ptr_eq(strchr(bl_buf_str(&out), '\n'), bl_buf_str(&out) + out.len - 1);
	event = json_loads(bl_buf_str(&out), 0, NULL);
	ck_assert_ptr_nonnull(event);
	ck_assert_str_eq(json_string_value(json_object_get(event, "event")), "trial");
	ck_assert_str_eq(json_string_value(json_object_get(event, "state")), "ok");
	ck_assert(json_is_null(json_object_get(event, "reason")));
	metrics = json_object_get(json_array_get(json_object_get(event, "jobs"), 0), "metrics");
	ck_assert_double_eq_tol(json_real_value(json_object_get(metrics, "iops")), 1000, 1e-9);
	/* The CPU time was not measured: absent, not 0. */
	ck_assert_ptr_null(json_object_get(metrics, "cpu_ns_per_io"));
	json_decref(event);
	sample_free(result.sample);
}
END_TEST

START_TEST(the_live_line_is_rewritten_in_place_ten_times_a_second_at_most)
{
	struct progress p = make(PROGRESS_LIVE, 80);
	struct trial_record t = {.state = TRIAL_FAILED, .reason = reason};
	char *data = NULL;
	size_t len = 0, first;

	p.to = open_memstream(&data, &len);
	progress_update(&p, &job, 200 * S);
	fflush(p.to);
	first = len;
	ck_assert(strncmp(data, "\r\033[K", 4) == 0);
	ck_assert_ptr_null(strchr(data, '\n'));
	progress_update(&p, &job, 200 * S + S / 20);
	fflush(p.to);
	ck_assert_uint_eq(len, first); /* too soon */
	progress_update(&p, &job, 200 * S + S / 5);
	fflush(p.to);
	ck_assert_uint_gt(len, first);
	first = len;
	progress_trial(&p, &t, cell.name, 201 * S); /* takes the place of the live line */
	fflush(p.to);
	ck_assert(strncmp(data + first, "\r\033[Kvirtio-scsi", 15) == 0);
	fclose(p.to);
	free(data);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("texts");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, the_live_line_fits_its_terminal, 0, BL_ARRAY_LEN(widths));
	tcase_add_test(t, the_live_line_has_its_columns_from_the_first_trial_on);
	tcase_add_test(t, plain_lines_have_one_width_before_and_after_trial_10);
	tcase_add_test(t, a_phase_without_a_cell_or_an_end_says_what_it_does);
	tcase_add_test(t, a_fetch_shows_its_bytes);
	tcase_add_test(t, what_is_left_follows_the_pace_of_the_trials_that_ended);
	tcase_add_test(t, the_bar_fills_and_never_overflows);
	tcase_add_test(t, a_finished_trial_is_one_line_with_its_first_job);
	tcase_add_test(t, figures_of_finished_trials_stand_in_columns);
	tcase_add_test(t, a_failed_trial_shows_its_reason_in_full);
	tcase_add_test(t, a_trial_without_samples_has_no_figures);
	tcase_add_test(t, quiet_says_nothing);
	tcase_add_test(t, json_is_one_object_a_line);
	tcase_add_test(t, the_live_line_is_rewritten_in_place_ten_times_a_second_at_most);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
