/* Baselines and changes; a run's figures without what only its report shows. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "db.h"
#include "made_run.h"
#include "store.h"

static struct run_data run1, run2, run3; /* 1 and 3 are of one host and scenario */

static struct store *open_with_runs(void)
{
	struct run_data *all[] = {&run1, &run2, &run3};
	struct store *s = NULL;

	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		make_run(all[i], (unsigned)i + 1);
		if (i == 1)
			strcpy(all[i]->run.host_id, "4567cdef");
		ck_assert_int_eq(
			store_put_run(s, &all[i]->run, all[i]->cells, all[i]->n_cells, NULL), 0);
		for (size_t k = 0; k < all[i]->n_trials; k++)
			ck_assert_int_eq(store_put_trial(s, &all[i]->trials[k], NULL), 0);
	}
	return s;
}

static void close_with_runs(struct store *s)
{
	store_close(s);
	run_data_done(&run1);
	run_data_done(&run2);
	run_data_done(&run3);
}

/* @n of them as listed; the first must be @b. */
static void assert_listed(struct store *s, bool with_retired, size_t n,
			  const struct baseline_record *b)
{
	struct baseline_record *list = NULL;
	size_t got = 0;

	ck_assert_int_eq(store_list_baselines(s, b->host, with_retired, &list, &got, NULL), 0);
	ck_assert_uint_eq(got, n);
	if (n)
		assert_same_baseline(b, &list[0]);
	for (size_t i = 0; i < got; i++)
		baseline_record_done(&list[i]);
	free(list);
}

static void assert_says(const struct bl_err *err, const char *what)
{
	ck_assert_msg(strstr(err->text, what) != NULL, "'%s' lacks '%s'", err->text, what);
}

START_TEST(a_baseline_comes_back_with_its_runs_in_their_order)
{
	struct store *s = open_with_runs();
	struct baseline_record b;

	make_baseline(&b, &run3, 0);
	ck_assert_int_eq(store_put_baseline(s, &b, NULL), 0);
	assert_listed(s, false, 1, &b);
	ck_assert_int_eq(store_add_baseline_run(s, b.id, run1.run.id, NULL), 0);
	b.runs = reallocarray(b.runs, ++b.n_runs, sizeof *b.runs);
	strcpy(b.runs[1], run1.run.id); /* older, but added later */
	assert_listed(s, false, 1, &b);
	strcpy(b.host, "4567cdef");
	assert_listed(s, false, 0, &b);
	baseline_record_done(&b);
	close_with_runs(s);
}
END_TEST

START_TEST(a_name_is_in_use_once_for_a_host_and_scenario_until_it_is_retired)
{
	struct store *s = open_with_runs();
	struct bl_err err = BL_ERR_INIT;
	struct baseline_record b, again;

	make_baseline(&b, &run1, 0);
	make_baseline(&again, &run3, 0);
	ck_assert_int_eq(store_put_baseline(s, &b, NULL), 0);
	ck_assert_int_eq(store_put_baseline(s, &again, &err), -EEXIST);
	assert_says(&err, b.id);
	assert_listed(s, true, 1, &b);
	ck_assert_int_eq(store_retire_baseline(s, b.id, 77, "new disk", NULL), 0);
	ck_assert_int_eq(store_retire_baseline(s, b.id, 78, NULL, NULL), -EEXIST);
	ck_assert_int_eq(store_put_baseline(s, &again, NULL), 0);
	assert_listed(s, false, 1, &again);
	b.retired_ms = 77;
	b.retired_why = strdup("new disk");
	assert_listed(s, true, 2, &b);
	baseline_record_done(&b);
	baseline_record_done(&again);
	close_with_runs(s);
}
END_TEST

START_TEST(what_is_no_run_of_the_baseline_is_refused)
{
	struct store *s = open_with_runs();
	struct bl_err err[7] = {0};
	struct baseline_record b;

	make_baseline(&b, &run1, 0);
	strcpy(b.runs[0], run2.run.id);
	ck_assert_int_eq(store_put_baseline(s, &b, &err[0]), -EINVAL);
	assert_says(&err[0], "is of host 4567cdef, the baseline of 0123abcd");
	strcpy(b.runs[0], "gone");
	ck_assert_int_eq(store_put_baseline(s, &b, &err[1]), -EINVAL);
	assert_says(&err[1], "run gone is not in the store");
	b.n_runs = 0;
	ck_assert_int_eq(store_put_baseline(s, &b, &err[2]), -EINVAL);
	assert_says(&err[2], "has no run");
	assert_listed(s, true, 0, &b);
	b.n_runs = 1;
	strcpy(b.runs[0], run1.run.id);
	ck_assert_int_eq(store_put_baseline(s, &b, NULL), 0);
	ck_assert_int_eq(store_add_baseline_run(s, b.id, run1.run.id, &err[3]), -EEXIST);
	assert_says(&err[3], "already");
	ck_assert_int_eq(store_add_baseline_run(s, "none", run1.run.id, &err[4]), -ENOENT);
	ck_assert_int_eq(store_retire_baseline(s, "none", 1, NULL, NULL), -ENOENT);
	ck_assert_int_eq(store_retire_baseline(s, b.id, 1, NULL, NULL), 0);
	ck_assert_int_eq(store_add_baseline_run(s, b.id, run3.run.id, &err[5]), -EINVAL);
	assert_says(&err[5], "retired");
	free(b.scenario);
	b.scenario = strdup("another");
	ck_assert_int_eq(store_put_baseline(s, &b, &err[6]), -EEXIST); /* the id */
	baseline_record_done(&b);
	close_with_runs(s);
}
END_TEST

START_TEST(a_run_of_a_baseline_can_not_be_deleted)
{
	struct store *s = open_with_runs();
	struct bl_err err = BL_ERR_INIT;
	struct baseline_record b;

	make_baseline(&b, &run1, 0);
	ck_assert_int_eq(store_put_baseline(s, &b, NULL), 0);
	ck_assert_int_lt(db_exec(s, "PRAGMA foreign_keys = OFF; DELETE FROM run", &err), 0);
	assert_says(&err, "a baseline is made of this run");
	ck_assert_int_eq(db_exec(s, "PRAGMA foreign_keys = ON; DELETE FROM baseline;", NULL), 0);
	ck_assert_int_eq(db_exec(s, "DELETE FROM run", NULL), 0);
	baseline_record_done(&b);
	close_with_runs(s);
}
END_TEST

START_TEST(a_change_is_written_again_as_more_is_known_of_it)
{
	struct store *s = open_with_runs();
	struct change_record *list = NULL, c;
	size_t n = 0;

	make_change(&c, &run1, 1);
	ck_assert(isnan(c.lo));
	ck_assert_int_eq(store_put_change(s, &c, NULL), 0);
	strcpy(c.state, "confirmed");
	c.confirmation = strdup("10 fresh pairs: +21.4 % [19.0, 24.1]");
	c.lo = 1.19;
	c.hi = 1.241;
	c.reported_ms = 99;
	ck_assert_int_eq(store_put_change(s, &c, NULL), 0);
	ck_assert_int_eq(store_list_changes(s, c.host, c.scenario, &list, &n, NULL), 0);
	ck_assert_uint_eq(n, 1);
	assert_same_change(&c, &list[0]);
	change_record_done(&list[0]);
	free(list);
	ck_assert_int_eq(store_list_changes(s, c.host, "another", &list, &n, NULL), 0);
	ck_assert_uint_eq(n, 0);
	free(list);
	free(c.metric);
	c.metric = NULL;
	ck_assert_int_eq(store_put_change(s, &c, NULL), -EINVAL);
	change_record_done(&c);
	close_with_runs(s);
}
END_TEST

/* The states of all changes, by id, a blank between. */
static void assert_states(struct store *s, const char *want)
{
	struct bl_buf seen = BL_BUF_INIT;
	struct change_record *list = NULL;
	size_t n = 0;

	ck_assert_int_eq(store_list_changes(s, NULL, NULL, &list, &n, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		bl_buf_addf(&seen, "%s%s", i ? " " : "", list[i].state);
		change_record_done(&list[i]);
	}
	free(list);
	ck_assert_str_eq(bl_buf_str(&seen), want);
	bl_buf_done(&seen);
}

START_TEST(an_event_has_one_state_in_all_its_changes_or_keeps_what_they_had)
{
	static const char known[] = "acknowledged";
	struct store *s = open_with_runs();
	struct bl_err err = BL_ERR_INIT;
	struct change_record c;

	for (int i = 1; i <= 3; i++) {
		make_change(&c, &run1, i);
		strcpy(c.event, "event");
		if (i == 3)
			c.scenario[0] = '_';
		ck_assert_int_eq(store_put_change(s, &c, NULL), 0);
		if (i < 3)
			change_record_done(&c);
	}
	assert_states(s, "candidate candidate candidate");
	ck_assert_int_eq(db_exec(s,
				 "CREATE TRIGGER full BEFORE UPDATE ON change_event WHEN old.id = "
				 "(SELECT max(id) FROM change_event) "
				 "BEGIN SELECT RAISE(ABORT, 'no space'); END",
				 NULL),
			 0);
	ck_assert_int_lt(store_set_event_state(s, "event", NULL, NULL, known, &err), 0);
	assert_states(s, "candidate candidate candidate");
	ck_assert_int_eq(db_exec(s, "DROP TRIGGER full", NULL), 0);
	ck_assert_int_eq(store_set_event_state(s, "event", c.host, "none", known, NULL), -ENOENT);
	ck_assert_int_eq(store_set_event_state(s, "event", "none", c.scenario, known, NULL),
			 -ENOENT);
	ck_assert_int_eq(
		store_set_event_state(s, "event", c.host, run1.run.scenario_name, known, NULL), 0);
	assert_states(s, "acknowledged acknowledged candidate");
	change_record_done(&c);
	close_with_runs(s);
}
END_TEST

START_TEST(figures_are_the_run_without_slices_signals_and_texts)
{
	struct store *s = open_with_runs();
	struct run_data out = {0};

	ck_assert_int_eq(store_load_figures(s, run1.run.id, &out, NULL), 0);
	for (size_t i = 0; i < run1.n_trials; i++) {
		struct trial_record *t = &run1.trials[i];

		free(t->domain_xml);
		free(t->console_tail);
		t->domain_xml = t->console_tail = NULL;
		forget_version_4(t);
		for (size_t k = 0; k < t->n_jobs; k++) {
			struct sample *m = t->jobs[k].sample;

			for (size_t j = 0; m && j < m->n_intervals; j++)
				free(m->intervals[j].buckets);
			if (m)
				free(m->intervals);
			if (m)
				m->intervals = NULL, m->n_intervals = 0;
		}
	}
	for (size_t i = 0; i < run1.n_handovers; i++)
		handover_record_done(&run1.handovers[i]);
	run1.n_handovers = 0; /* none was put */
	assert_same_run(&run1, &out);
	run_data_done(&out);
	close_with_runs(s);
}
END_TEST

START_TEST(a_list_of_runs_says_of_which_host_each_is)
{
	struct store *s = open_with_runs();
	struct store_run_info *list = NULL;
	size_t n = 0;

	ck_assert_int_eq(store_list_runs(s, &list, &n, NULL), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(list[0].host_id, "0123abcd");
	ck_assert_str_eq(list[1].host_id, "4567cdef");
	free(list);
	close_with_runs(s);
}
END_TEST

TCase *baseline_cases(void)
{
	TCase *t = tcase_create("baseline");

	tcase_add_checked_fixture(t, make_test_dir, drop_test_dir);
	tcase_add_test(t, a_baseline_comes_back_with_its_runs_in_their_order);
	tcase_add_test(t, a_name_is_in_use_once_for_a_host_and_scenario_until_it_is_retired);
	tcase_add_test(t, what_is_no_run_of_the_baseline_is_refused);
	tcase_add_test(t, a_run_of_a_baseline_can_not_be_deleted);
	tcase_add_test(t, a_change_is_written_again_as_more_is_known_of_it);
	tcase_add_test(t, an_event_has_one_state_in_all_its_changes_or_keeps_what_they_had);
	tcase_add_test(t, figures_are_the_run_without_slices_signals_and_texts);
	tcase_add_test(t, a_list_of_runs_says_of_which_host_each_is);
	return t;
}
