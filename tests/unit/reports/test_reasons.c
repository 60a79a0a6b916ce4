/* A trial without figures is never dropped: its reason is in every document. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "documents.h"
#include "fmt.h"
#include "fs.h"

static const struct synthetic small = {.repeats = 6, .seconds = 1, .seed = 5, .is_small = true};

/* The first cell ends in every way there is beside ok trials, the third in every way and never ok;
 * each reason is another, and none can be written as it is. */
static void make_run(struct run_data *d)
{
	synthetic_run(&small, d);
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];

		if (t->cell == 1 || (t->cell == 0 && t->repeat >= TRIAL_STATES))
			continue;
		t->state = t->cell == 0 ? (enum trial_state)t->repeat
					: (enum trial_state)(1 + t->repeat % (TRIAL_STATES - 1));
		free(t->reason);
		t->reason = NULL;
		if (t->state == TRIAL_OK)
			continue;
		t->reason = bl_strf("it <%s>, \"%zu\" | why & how", trial_state_names[t->state], i);
		while (t->n_jobs)
			job_result_done(&t->jobs[--t->n_jobs]);
	}
}

static char *written(const struct run_data *d, enum report_format format)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(report_write(d, format, NULL, &out, &err) == 0, "%s", bl_err_text(&err));
	return bl_buf_take(&out);
}

/* From @from (after @start) up to @to; new. */
static char *part(const char *text, const char *start, const char *from, const char *to)
{
	const char *s = strstr(text, start), *end;

	ck_assert_msg(s != NULL, "no '%s'", start);
	s = strstr(s, from);
	ck_assert_msg(s != NULL, "no '%s' after '%s'", from, start);
	end = strstr(s, to);
	ck_assert_ptr_nonnull(end);
	return strndup(s, (size_t)(end - s));
}

static size_t n_bad(const struct run_data *d)
{
	size_t n_of[TRIAL_STATES] = {0}, n = 0;

	for (size_t i = 0; i < d->n_trials; i++)
		n_of[d->trials[i].state]++;
	for (int s = 0; s < TRIAL_STATES; s++) {
		ck_assert_msg(n_of[s] > 0, "the run has no trial that is %s", trial_state_names[s]);
		n += s == TRIAL_OK ? 0 : n_of[s];
	}
	return n;
}

START_TEST(the_page_has_each_reason_in_its_row_of_the_matrix_and_among_the_trials)
{
	BL_CLEANUP(bl_freep) char *page = NULL;
	struct run_data d;

	make_run(&d);
	ck_assert_uint_eq(n_bad(&d), TRIAL_STATES - 1 + 6);
	page = written(&d, REPORT_HTML);
	for (size_t i = 0; i < d.n_trials; i++) {
		const struct trial_record *t = &d.trials[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf why = BL_BUF_INIT, end = BL_BUF_INIT;
		BL_CLEANUP(bl_freep) char *cell = bl_strf("id=\"cell-%u\"", t->cell);
		BL_CLEANUP(bl_freep) char *link = bl_strf("href=\"#cell-%u\"", t->cell);
		BL_CLEANUP(bl_freep) char *trials = part(page, cell, "<h4>Trials</h4>", "</table>");
		BL_CLEANUP(bl_freep) char *row = part(page, "id=\"matrix\"", link, "</tr>");

		ck_assert_uint_eq(count_of(trials, "<tr>"), 1 + small.repeats);
		if (t->state == TRIAL_OK)
			continue;
		fmt_html(&why, t->reason);
		bl_buf_addf(&end, "<b class=\"bad\">%s</b> %s</td></tr>",
			    trial_state_names[t->state], bl_buf_str(&why));
		ck_assert_msg(count_of(trials, bl_buf_str(&end)) == 1, "'%s' is not in %s",
			      bl_buf_str(&end), trials);
		ck_assert_msg(strstr(row, bl_buf_str(&why)) != NULL, "'%s' is not in %s",
			      bl_buf_str(&why), row);
	}
	run_data_done(&d);
}
END_TEST

START_TEST(markdown_and_csv_have_each_reason)
{
	struct run_data d;

	make_run(&d);
	for (size_t i = 0; i < d.n_trials; i++) {
		const struct trial_record *t = &d.trials[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf in_md = BL_BUF_INIT, in_csv = BL_BUF_INIT;
		BL_CLEANUP(bl_freep) char *md = written(&d, REPORT_MD);
		BL_CLEANUP(bl_freep) char *csv = written(&d, REPORT_CSV);

		if (t->state == TRIAL_OK)
			continue;
		bl_buf_addf(&in_md, ", trial %u, %s: ", t->repeat + 1, trial_state_names[t->state]);
		fmt_md(&in_md, t->reason);
		bl_buf_addf(&in_csv, "%s,%u,%u,%s,", t->id, t->repeat, t->order,
			    trial_state_names[t->state]);
		fmt_csv(&in_csv, t->reason);
		ck_assert_msg(count_of(md, bl_buf_str(&in_md)) == 1, "%s", bl_buf_str(&in_md));
		ck_assert_msg(count_of(csv, bl_buf_str(&in_csv)) == 1, "%s", bl_buf_str(&in_csv));
	}
	run_data_done(&d);
}
END_TEST

START_TEST(json_has_each_reason_at_its_trial)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	struct run_data d;
	json_t *root, *cell, *trial;
	size_t i, k, n = 0;

	make_run(&d);
	text = written(&d, REPORT_JSON);
	root = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(root);
	json_array_foreach (json_object_get(root, "cells"), i, cell) {
		json_array_foreach (json_object_get(cell, "trials"), k, trial) {
			size_t at = (size_t)json_integer_value(json_object_get(trial, "order"));
			const struct trial_record *t = &d.trials[at];

			ck_assert_str_eq(json_string_value(json_object_get(trial, "state")),
					 trial_state_names[t->state]);
			if (t->state != TRIAL_OK)
				ck_assert_str_eq(
					json_string_value(json_object_get(trial, "reason")),
					t->reason);
			n++;
		}
	}
	ck_assert_uint_eq(n, d.n_trials);
	json_decref(root);
	run_data_done(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-reasons");
	TCase *t = tcase_create("reasons");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_page_has_each_reason_in_its_row_of_the_matrix_and_among_the_trials);
	tcase_add_test(t, markdown_and_csv_have_each_reason);
	tcase_add_test(t, json_has_each_reason_at_its_trial);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
