/* What goes in comes out; what must not go in does not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made_run.h"
#include "store.h"

static void put(struct store *s, const struct run_data *d)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(store_put_run(s, &d->run, d->cells, d->n_cells, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < d->n_trials; i++)
		ck_assert_msg(store_put_trial(s, &d->trials[i], &err) == 0, "%s", err.text);
	for (size_t i = 0; i < d->n_handovers; i++)
		ck_assert_msg(store_put_handover(s, &d->handovers[i], &err) == 0, "%s", err.text);
}

START_TEST(a_run_comes_back_as_it_was)
{
	struct run_data in, out = {0};
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;

	make_run(&in, (unsigned)_i);
	ck_assert_msg(store_open(in_test_dir("s.db"), STORE_WRITE, &s, &err) == 0, "%s", err.text);
	put(s, &in);
	ck_assert_msg(store_load_run(s, NULL, &out, &err) == 0, "%s", err.text);
	assert_same_run(&in, &out);
	run_data_done(&out);
	store_close(s);

	ck_assert_msg(store_open(in_test_dir("s.db"), STORE_READ, &s, &err) == 0, "%s", err.text);
	ck_assert_msg(store_load_run(s, in.run.id, &out, &err) == 0, "%s", err.text);
	assert_same_run(&in, &out);
	run_data_done(&out);
	run_data_done(&in);
	store_close(s);
}
END_TEST

START_TEST(a_reader_sees_each_trial_as_soon_as_it_is_committed)
{
	struct run_data in, out = {0};
	struct store *w = NULL, *r = NULL;

	make_run(&in, 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &w, NULL), 0);
	ck_assert_int_eq(store_put_run(w, &in.run, in.cells, in.n_cells, NULL), 0);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_READ, &r, NULL), 0);
	for (size_t i = 0; i < in.n_trials; i++) {
		ck_assert_int_eq(store_put_trial(w, &in.trials[i], NULL), 0);
		ck_assert_int_eq(store_load_run(r, NULL, &out, NULL), 0);
		ck_assert_uint_eq(out.n_trials, i + 1);
		run_data_done(&out);
	}
	store_close(r);
	store_close(w);
	run_data_done(&in);
}
END_TEST

START_TEST(runs_are_listed_newest_first_with_how_they_went)
{
	struct store_run_info *list = NULL;
	struct run_data a, b;
	struct store *s = NULL;
	size_t n;
	unsigned n_interrupted = 0;
	char id[BL_UUID_TEXT];

	make_run(&a, 1);
	make_run(&b, 2);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(store_list_runs(s, &list, &n, NULL), 0);
	ck_assert_uint_eq(n, 0);
	free(list);
	put(s, &b);
	put(s, &a);
	ck_assert_int_eq(store_list_runs(s, &list, &n, NULL), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(list[0].id, b.run.id);
	ck_assert_str_eq(list[0].scenario, "caches");
	ck_assert_str_eq(list[0].host, "beta");
	ck_assert_uint_eq(list[0].ended_ms, 0);
	ck_assert_uint_eq(list[1].ended_ms, a.run.ended_ms);
	ck_assert_uint_eq(list[0].n_cells, 3);
	ck_assert_uint_eq(list[0].n_trials, 6);
	ck_assert_uint_eq(list[0].n_ok, 4);
	for (size_t i = 0; i < b.n_trials; i++)
		n_interrupted += b.trials[i].state == TRIAL_INTERRUPTED;
	ck_assert_uint_eq(list[0].n_interrupted, n_interrupted);
	ck_assert_int_eq(store_run_of_cell(s, a.cells[0].name, id, NULL), 1);
	ck_assert_str_eq(id, b.run.id); /* the newest of both */
	ck_assert_int_eq(store_run_of_cell(s, "no such cell", id, NULL), 0);
	/* the last cell was in eight rounds of a boot */
	ck_assert_uint_eq(list[0].n_planned, (2 + 8) * MADE_REPEATS);
	free(list);
	store_close(s);
	run_data_done(&a);
	run_data_done(&b);
}
END_TEST

START_TEST(a_run_is_found_by_a_unique_beginning)
{
	struct run_data a, b, out = {0};
	struct bl_err none = BL_ERR_INIT, two = BL_ERR_INIT, empty = BL_ERR_INIT;
	struct store *s = NULL;
	char begin[BL_UUID_TEXT];
	size_t same = 0;

	make_run(&a, 1);
	make_run(&b, 2);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(store_load_run(s, NULL, &out, &empty), -ENOENT);
	ck_assert_ptr_nonnull(strstr(empty.text, "holds no run yet"));
	put(s, &a);
	put(s, &b);
	while (a.run.id[same] == b.run.id[same])
		same++;
	snprintf(begin, sizeof begin, "%.*s", (int)same + 1, a.run.id);
	ck_assert_int_eq(store_load_run(s, begin, &out, NULL), 0);
	ck_assert_str_eq(out.run.id, a.run.id);
	run_data_done(&out);
	begin[same] = '\0';
	ck_assert_int_eq(store_load_run(s, begin, &out, &two), -EINVAL);
	ck_assert_ptr_nonnull(strstr(two.text, "write more of it"));
	ck_assert_int_eq(store_load_run(s, "zebra", &out, &none), -ENOENT);
	ck_assert_ptr_nonnull(strstr(none.text, "no run begins with 'zebra'; there are "));
	ck_assert_ptr_nonnull(strstr(none.text, a.run.id));
	store_close(s);
	run_data_done(&a);
	run_data_done(&b);
}
END_TEST

START_TEST(ending_a_run_sets_its_end_and_replaces_the_notes)
{
	struct facts notes = {0};
	struct run_data in, out = {0};
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;

	make_run(&in, 2);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	put(s, &in);
	facts_add(&notes, "steady", "two trials were not steady");
	facts_add(&notes, "load", "the host was busy");
	ck_assert_int_eq(store_end_run(s, in.run.id, 1800000000000, &notes, NULL), 0);
	ck_assert_int_eq(store_load_run(s, in.run.id, &out, NULL), 0);
	ck_assert_uint_eq(out.run.ended_ms, 1800000000000);
	ck_assert_uint_eq(out.run.notes.n, 2);
	ck_assert_str_eq(out.run.notes.items[0].key, "steady");
	run_data_done(&out);
	ck_assert_int_eq(store_end_run(s, "no-such-run", 1, &notes, &err), -ENOENT);
	ck_assert_str_eq(err.text, "run no-such-run: is not in the store");
	facts_done(&notes);
	store_close(s);
	run_data_done(&in);
}
END_TEST

START_TEST(a_trial_that_is_there_already_is_refused_and_changes_nothing)
{
	struct run_data in, out = {0};
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;

	make_run(&in, 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	put(s, &in);
	ck_assert_int_eq(store_put_trial(s, &in.trials[0], &err), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, in.trials[0].id));
	ck_assert_int_eq(store_put_run(s, &in.run, in.cells, in.n_cells, NULL), -EEXIST);
	ck_assert_int_eq(store_load_run(s, NULL, &out, NULL), 0);
	assert_same_run(&in, &out);
	run_data_done(&out);
	store_close(s);
	run_data_done(&in);
}
END_TEST

START_TEST(a_trial_of_an_unknown_run_or_cell_is_refused)
{
	struct bl_err no_run = BL_ERR_INIT, no_cell = BL_ERR_INIT;
	struct store *s = NULL;
	struct run_data in;

	make_run(&in, 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(store_put_trial(s, &in.trials[0], &no_run), -EINVAL);
	ck_assert_ptr_nonnull(strstr(no_run.text, "has no cell 0 in this store"));
	ck_assert_int_eq(store_put_run(s, &in.run, in.cells, in.n_cells, NULL), 0);
	in.trials[0].cell = 3;
	ck_assert_int_eq(store_put_trial(s, &in.trials[0], &no_cell), -EINVAL);
	ck_assert_ptr_nonnull(strstr(no_cell.text, "has no cell 3 in this store"));
	in.trials[0].cell = 0;
	ck_assert_int_eq(store_put_trial(s, &in.trials[0], NULL), 0);
	store_close(s);
	run_data_done(&in);
}
END_TEST

/* The last row of a trial fails: none of its rows stay. */
START_TEST(a_trial_is_stored_whole_or_not_at_all)
{
	struct run_data in, out = {0};
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;
	char *name;

	make_run(&in, 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(store_put_run(s, &in.run, in.cells, in.n_cells, NULL), 0);
	name = in.trials[0].jobs[1].name;
	in.trials[0].jobs[1].name = NULL;
	ck_assert_int_eq(store_put_trial(s, &in.trials[0], &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "job_result.name"));
	ck_assert_int_eq(store_load_run(s, NULL, &out, NULL), 0);
	ck_assert_uint_eq(out.n_trials, 0);
	run_data_done(&out);
	in.trials[0].jobs[1].name = name;
	ck_assert_int_eq(store_put_trial(s, &in.trials[0], NULL), 0);
	store_close(s);
	run_data_done(&in);
}
END_TEST

/* Or the whole run could not be read any more. */
START_TEST(a_slice_that_could_not_be_read_back_is_refused)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;
	struct run_data in;

	make_run(&in, 1);
	ck_assert_int_eq(store_open(in_test_dir("s.db"), STORE_WRITE, &s, NULL), 0);
	ck_assert_int_eq(store_put_run(s, &in.run, in.cells, in.n_cells, NULL), 0);
	in.trials[0].jobs[0].sample->intervals[2].count++;
	ck_assert_int_eq(store_put_trial(s, &in.trials[0], &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "job 'randread-4k': slice 1: the histogram holds"));
	store_close(s);
	run_data_done(&in);
}
END_TEST

TCase *store_cases(void)
{
	TCase *t = tcase_create("store");

	tcase_add_checked_fixture(t, make_test_dir, drop_test_dir);
	tcase_add_loop_test(t, a_run_comes_back_as_it_was, 1, 5);
	tcase_add_test(t, a_reader_sees_each_trial_as_soon_as_it_is_committed);
	tcase_add_test(t, runs_are_listed_newest_first_with_how_they_went);
	tcase_add_test(t, a_run_is_found_by_a_unique_beginning);
	tcase_add_test(t, ending_a_run_sets_its_end_and_replaces_the_notes);
	tcase_add_test(t, a_trial_that_is_there_already_is_refused_and_changes_nothing);
	tcase_add_test(t, a_trial_of_an_unknown_run_or_cell_is_refused);
	tcase_add_test(t, a_trial_is_stored_whole_or_not_at_all);
	tcase_add_test(t, a_slice_that_could_not_be_read_back_is_refused);
	return t;
}
