/* How the figures were timed: each cell says its engine and clock, and nothing that is not known.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "documents.h"
#include "report.h"

static const struct synthetic small = {.repeats = 2, .seconds = 1, .seed = 5, .is_small = true};

/* The two ok trials of the first cell, with one job each. */
static struct sample *sample_of(struct run_data *d, uint32_t repeat)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		if (d->trials[i].cell == 0 && d->trials[i].repeat == repeat)
			return d->trials[i].jobs[0].sample;
	}
	ck_abort_msg("no repeat %u of the first cell", repeat);
}

static void set_clock(struct sample *s, const char *clock, double cost_ns, double drift_ppm)
{
	strcpy(s->clock, clock);
	s->clock_cost_ns = cost_ns;
	s->clock_drift_ppm = drift_ppm;
	s->n_errors = 0;
}

/* What the first cell says of itself in Markdown: the end of its line. */
static void expect_line(const struct run_data *d, const char *want)
{
	static const char head[] = "\n- virtio-blk main none: ";
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *line = NULL;
	const char *s;

	ck_assert_int_eq(report_write(d, REPORT_MD, NULL, &out, NULL), 0);
	s = strstr(bl_buf_str(&out), "## How it was timed\n");
	s = s ? strstr(s, head) : NULL;
	ck_assert_ptr_nonnull(s);
	s += strlen(head);
	line = strndup(s, strcspn(s, "\n"));
	ck_assert_str_eq(line, want);
}

START_TEST(a_cell_says_what_reading_its_clock_costs)
{
	struct run_data d;

	synthetic_run(&small, &d);
	set_clock(sample_of(&d, 0), "tsc", 20.98, 0.5);
	set_clock(sample_of(&d, 1), "tsc", 21.02, -2);
	expect_line(&d, "engine io\\_uring; clock tsc, 21.0 ns a reading, drift -2.00 ppm");
	set_clock(sample_of(&d, 1), "tsc", 33.3, 0);
	expect_line(&d, "engine io\\_uring; clock tsc, 21.0 to 33.3 ns a reading, drift 0.500 ppm");
	set_clock(sample_of(&d, 0), "tsc", 33.3, 0);
	expect_line(&d, "engine io\\_uring; clock tsc, 33.3 ns a reading, drift 0 ppm");
	run_data_done(&d);
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
	struct run_data d;

	synthetic_run(&small, &d);
	set_clock(sample_of(&d, 0), "monotonic", 45, 0); /* no counter that could drift */
	set_clock(sample_of(&d, 1), "monotonic", 45, 0);
	expect_line(&d, "engine io\\_uring; clock monotonic, 45.0 ns a reading");
	set_clock(sample_of(&d, 0), "tsc", 0, 0); /* of older agents */
	set_clock(sample_of(&d, 1), "tsc", 0, 0);
	expect_line(&d, "engine io\\_uring; clock tsc");
	set_clock(sample_of(&d, 1), "monotonic", 45, 0);
	expect_line(&d, "engine io\\_uring; clock tsc and monotonic, 45.0 ns a reading");
	strcpy(sample_of(&d, 0)->engine, "psync");
	sample_of(&d, 0)->n_errors = 1;
	expect_line(&d, "engine psync and io\\_uring; clock tsc and monotonic, 45.0 ns a reading; "
			"1 request failed");
	sample_of(&d, 1)->n_errors = 2;
	expect_line(&d, "engine psync and io\\_uring; clock tsc and monotonic, 45.0 ns a reading; "
			"3 requests failed");
	run_data_done(&d);
}
END_TEST

START_TEST(the_page_has_the_same_in_the_depth_of_the_cell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const char *first, *second;
	struct run_data d;

	synthetic_run(&small, &d);
	set_clock(sample_of(&d, 0), "tsc", 21, -0.25);
	set_clock(sample_of(&d, 1), "tsc", 21, 0);
	sample_of(&d, 1)->n_errors = 1234;
	ck_assert_int_eq(report_write(&d, REPORT_HTML, NULL, &out, NULL), 0);
	first = strstr(bl_buf_str(&out), "id=\"cell-0\"");
	second = strstr(bl_buf_str(&out), "id=\"cell-1\"");
	ck_assert(first && second && first < second);
	first = strstr(first, "<p class=\"note\">Timed by engine io_uring; clock tsc, 21.0 ns a "
			      "reading, drift \u22120.250 ppm; 1234 requests failed.</p>");
	ck_assert(first && first < second);
	/* the third cell never ran */
	ck_assert_uint_eq(count_of(bl_buf_str(&out), "Timed by"), 2);
	run_data_done(&d);
}
END_TEST

START_TEST(trials_without_figures_are_left_out)
{
	struct run_data d;

	synthetic_run(&small, &d);
	set_clock(sample_of(&d, 0), "tsc", 21, 0.5);
	set_clock(sample_of(&d, 1), "monotonic", 400, 0);
	sample_of(&d, 1)->n_errors = 7;
	for (size_t i = 0; i < d.n_trials; i++) {
		if (d.trials[i].cell == 0 && d.trials[i].repeat == 1)
			d.trials[i].state = TRIAL_FAILED;
	}
	expect_line(&d, "engine io\\_uring; clock tsc, 21.0 ns a reading, drift 0.500 ppm");
	run_data_done(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-timing");
	TCase *t = tcase_create("timing");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_cell_says_what_reading_its_clock_costs);
	tcase_add_test(t, what_is_not_known_is_left_out);
	tcase_add_test(t, the_page_has_the_same_in_the_depth_of_the_cell);
	tcase_add_test(t, trials_without_figures_are_left_out);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
