/* What a run says of itself when it had enough trials, or was not steady. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "documents.h"
#include "job_steady.h"

static const struct synthetic small = {.repeats = 6, .seconds = 1, .seed = 5, .is_small = true};

static char *page(const struct run_data *d)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(report_write(d, REPORT_HTML, NULL, &out, &err) == 0, "%s", bl_err_text(&err));
	return bl_buf_take(&out);
}

/* Up to the first section behind the head. */
static char *head_of(const char *html)
{
	const char *end = strstr(html, "<section");

	end = end ? strstr(end + 1, "<section") : NULL;
	return end ? strndup(html, (size_t)(end - html)) : strdup(html);
}

static const struct {
	const char *stopped;
	bool is_in_head, is_short_said;
} stops[] = {
	{NULL, false, true}, /* of a fixed number some are missing: that is to be known */
	{"narrow: after 5 blocks & more", false, false},
	{"budget: another block would not fit in 0:30, after 5 blocks", true, false},
	{"most: after 30 blocks", true, false},
};

START_TEST(a_run_that_had_enough_is_not_short_of_trials)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(bl_freep) char *html = NULL, *head = NULL;

	synthetic_run(&small, &d);
	d.run.repeats = 30;
	if (stops[_i].stopped) {
		facts_add(&d.run.notes, "repeats.stopped", stops[_i].stopped);
		facts_add(&d.run.notes, "repeats.widths", "b: j 2.1 % (5)");
		facts_add(&d.run.declared, "repeats.asked",
			  "auto: 8 to 30 until p99 is within 2.5 %");
	}
	html = page(&d);
	head = head_of(html);
	ck_assert_int_eq(strstr(html, "planned trials</b> were run") != NULL,
			 stops[_i].is_short_said);
	if (!stops[_i].stopped)
		return;
	/* The reason stands in the method always, and at the head when it limits something. */
	ck_assert_ptr_nonnull(strstr(html, "Trials are added (auto: 8 to 30 until p99 is within"));
	ck_assert_ptr_nonnull(strstr(html, "The run had enough: "));
	ck_assert_int_eq(strcasestr(head, stops[_i].stopped) != NULL, stops[_i].is_in_head);
	ck_assert_ptr_null(strstr(head, "2.1 % (5)"));
}
END_TEST

START_TEST(rounds_are_shown_with_what_came_of_them)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(bl_freep) char *html = NULL;
	struct facts *f;

	synthetic_run(&small, &d);
	html = page(&d);
	ck_assert_ptr_null(strstr(html, "Until it was steady"));
	free(html);
	f = &d.trials[0].jobs[0].facts;
	facts_add(f, STEADY_FACT_ROUNDS, "7");
	facts_add(f, STEADY_FACT_REACHED, "no: throughput drifted by -31 % <");
	facts_add(f, STEADY_FACT_IOPS, "900 800 700 600 500 400 300");
	html = page(&d);
	ck_assert_ptr_nonnull(strstr(html, "Until it was steady"));
	ck_assert_ptr_nonnull(strstr(html, "no: throughput drifted by -31 % &lt;</td>"));
	ck_assert_ptr_nonnull(strstr(html, "900 800 700 600 500 400 300</td>"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-steady");
	TCase *t = tcase_create("steady");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, a_run_that_had_enough_is_not_short_of_trials, 0,
			    BL_ARRAY_LEN(stops));
	tcase_add_test(t, rounds_are_shown_with_what_came_of_them);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
