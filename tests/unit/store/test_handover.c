/* What trials took from the host: there before it is taken, open until it is back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db.h"
#include "made_run.h"
#include "store.h"

static struct store *open_store(void)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;

	ck_assert_msg(store_open(in_test_dir("s.db"), STORE_WRITE, &s, &err) == 0, "%s", err.text);
	return s;
}

/* A run and nothing of its trials: they are still to come. */
static struct store *store_with_run(struct run_data *d)
{
	struct store *s = open_store();

	make_run(d, 1);
	ck_assert_int_eq(store_put_run(s, &d->run, d->cells, d->n_cells, NULL), 0);
	return s;
}

static void assert_open(struct store *s, const char *host, size_t n)
{
	struct handover_record *list = NULL;
	size_t n_open = 77;

	ck_assert_int_eq(store_open_handovers(s, host, &list, &n_open, NULL), 0);
	ck_assert_uint_eq(n_open, n);
	for (size_t i = 0; i < n_open; i++)
		handover_record_done(&list[i]);
	free(list);
}

/* The device is out and the program is killed: nothing was closed, nothing was flushed by it. */
START_TEST(a_hand_over_survives_the_program)
{
	struct handover_record in, *list = NULL;
	struct store *s;
	struct run_data d;
	int status;
	size_t n;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		s = store_with_run(&d);
		make_handover(&in, &d, 0);
		_exit(store_put_handover(s, &in, NULL) == 0 ? 7 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	make_run(&d, 1);
	make_handover(&in, &d, 0);
	s = open_store();
	ck_assert_int_eq(store_open_handovers(s, d.run.host_id, &list, &n, NULL), 0);
	ck_assert_uint_eq(n, 1);
	assert_same_handover(&list[0], &in);
	ck_assert_ptr_null(list[0].outcome);
	handover_record_done(&list[0]);
	free(list);
	handover_record_done(&in);
	run_data_done(&d);
	store_close(s);
}
END_TEST

START_TEST(it_is_open_until_it_is_back_and_a_failed_return_keeps_it_open)
{
	struct run_data d, out = {0};
	struct store *s = store_with_run(&d);
	struct handover_record h;

	make_handover(&h, &d, 0);
	ck_assert_int_eq(store_put_handover(s, &h, NULL), 0);
	assert_open(s, d.run.host_id, 1);
	h.returned_ms = h.given_ms + 5000;
	h.outcome = strdup("still at vfio-pci after 5 s");
	ck_assert_int_eq(store_end_handover(s, &h, NULL), 0);
	assert_open(s, d.run.host_id, 1);
	free(h.outcome);
	h.outcome = strdup("back at nvme with nvme0n1 after 0.4 s");
	h.returned_ms += 1000;
	h.is_back = true;
	ck_assert_int_eq(store_end_handover(s, &h, NULL), 0);
	assert_open(s, d.run.host_id, 0);
	ck_assert_int_eq(store_load_run(s, NULL, &out, NULL), 0);
	ck_assert_uint_eq(out.n_handovers, 1);
	assert_same_handover(&out.handovers[0], &h);
	handover_record_done(&h);
	run_data_done(&out);
	run_data_done(&d);
	store_close(s);
}
END_TEST

START_TEST(open_ones_are_of_this_host_oldest_first_and_of_all_runs)
{
	struct handover_record h[4], *list = NULL;
	struct run_data d, other;
	struct store *s = store_with_run(&d);
	size_t n;

	make_run(&other, 2);
	ck_assert_int_eq(store_put_run(s, &other.run, other.cells, other.n_cells, NULL), 0);
	make_handover(&h[0], &d, 2);
	make_handover(&h[1], &d, 1);
	make_handover(&h[2], &d, 0);
	free(h[2].host_id);
	h[2].host_id = strdup("another-host");
	make_handover(&h[3], &other, 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(store_put_handover(s, &h[i], NULL), 0);
	ck_assert_int_eq(store_open_handovers(s, d.run.host_id, &list, &n, NULL), 0);
	ck_assert_uint_eq(n, 3);
	assert_same_handover(&list[0], &h[1]);
	assert_same_handover(&list[1], &h[0]);
	assert_same_handover(&list[2], &h[3]);
	for (size_t i = 0; i < n; i++)
		handover_record_done(&list[i]);
	free(list);
	assert_open(s, "another-host", 1);
	assert_open(s, "unheard-of", 0);
	for (int i = 0; i < 4; i++)
		handover_record_done(&h[i]);
	run_data_done(&d);
	run_data_done(&other);
	store_close(s);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	struct bl_err twice = BL_ERR_INIT, no_run = BL_ERR_INIT, gone = BL_ERR_INIT;
	struct run_data d;
	struct store *s = store_with_run(&d);
	struct handover_record h;

	make_handover(&h, &d, 0);
	ck_assert_int_eq(store_end_handover(s, &h, &gone), -ENOENT);
	ck_assert_ptr_nonnull(strstr(gone.text, "hand-over of 0000:5e:00.0: "));
	ck_assert_int_eq(store_put_handover(s, &h, NULL), 0);
	ck_assert_int_eq(store_put_handover(s, &h, &twice), -EEXIST);
	h.id[0] ^= 1;
	strcpy(h.run_id, "no-such-run");
	ck_assert_int_eq(store_put_handover(s, &h, &no_run), -EINVAL);
	strcpy(h.run_id, d.run.id);
	h.kind = HANDOVER_KINDS;
	ck_assert_int_eq(store_put_handover(s, &h, NULL), -EINVAL);
	assert_open(s, d.run.host_id, 1);
	handover_record_done(&h);
	run_data_done(&d);
	store_close(s);
}
END_TEST

/* Or nobody would know any more whose device it is. */
START_TEST(a_run_whose_device_is_out_can_not_be_deleted)
{
	struct bl_err err = BL_ERR_INIT;
	struct run_data d;
	struct store *s = store_with_run(&d);
	struct handover_record h;

	make_handover(&h, &d, 0);
	ck_assert_int_eq(store_put_handover(s, &h, NULL), 0);
	ck_assert_int_lt(db_exec(s, "DELETE FROM run", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "was not given back"));
	assert_open(s, d.run.host_id, 1);
	h.is_back = true;
	h.returned_ms = h.given_ms + 1;
	ck_assert_int_eq(store_end_handover(s, &h, NULL), 0);
	ck_assert_int_eq(db_exec(s, "DELETE FROM run", NULL), 0);
	handover_record_done(&h);
	run_data_done(&d);
	store_close(s);
}
END_TEST

START_TEST(what_was_ended_is_closed_though_not_back)
{
	struct run_data d, out = {0};
	struct store *s = store_with_run(&d);
	struct handover_record h;

	make_handover(&h, &d, 0);
	ck_assert_int_eq(store_put_handover(s, &h, NULL), 0);
	h.is_ended = true;
	h.returned_ms = h.given_ms + 1;
	h.outcome = strdup("forgotten: not back at nvme: it was pulled");
	ck_assert_int_eq(store_end_handover(s, &h, NULL), 0);
	assert_open(s, d.run.host_id, 0);
	ck_assert_int_eq(store_load_run(s, NULL, &out, NULL), 0);
	assert_same_handover(&out.handovers[0], &h);
	ck_assert_int_eq(db_exec(s, "DELETE FROM run", NULL), 0);
	handover_record_done(&h);
	run_data_done(&out);
	run_data_done(&d);
	store_close(s);
}
END_TEST

/* The row has to be in the log on the disk, not only in the page cache, when the device leaves. */
START_TEST(the_store_writes_through_to_the_disk)
{
	struct run_data d;
	struct store *s = store_with_run(&d);
	sqlite3_stmt *st = NULL;

	ck_assert_int_eq(db_prepare(s, "PRAGMA synchronous", &st, NULL), 0);
	ck_assert_int_eq(db_row(s, st, NULL), 1);
	ck_assert_uint_eq(col_u64(st, 0), 2); /* FULL */
	stmt_freep(&st);
	run_data_done(&d);
	store_close(s);
}
END_TEST

TCase *handover_cases(void)
{
	TCase *t = tcase_create("handover");

	tcase_add_checked_fixture(t, make_test_dir, drop_test_dir);
	tcase_add_test(t, a_hand_over_survives_the_program);
	tcase_add_test(t, it_is_open_until_it_is_back_and_a_failed_return_keeps_it_open);
	tcase_add_test(t, open_ones_are_of_this_host_oldest_first_and_of_all_runs);
	tcase_add_test(t, what_does_not_fit_is_refused);
	tcase_add_test(t, a_run_whose_device_is_out_can_not_be_deleted);
	tcase_add_test(t, what_was_ended_is_closed_though_not_back);
	tcase_add_test(t, the_store_writes_through_to_the_disk);
	return t;
}
