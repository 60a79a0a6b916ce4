/* A whole run around an engine that is made of results by hand. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cleanup.h"
#include "fs.h"
#include "made.h"
#include "progress_line.h"
#include "session.h"
#include "units.h"

/* --- the engine */

static struct made made; /* its clones are what the engine hands out */
static size_t n_handed;  /* of them */
static int setup_fails;  /* errno of the next group */
static unsigned n_ticks;
static struct session_signals signals;

void engine_clone_done(struct engine_clone *c)
{
	sample_free(c->sample);
	*c = (struct engine_clone){0};
}

void engine_live_states(struct engine_live *live, unsigned *waiting, unsigned *running,
			unsigned *ended)
{
	(void)live;
	*waiting = *ended = 0;
	*running = 1;
}

static int hand_out(const struct engine_call *call, struct engine_clone **ret, size_t *ret_n)
{
	size_t n = 0, job = 0;
	uint32_t clone = 0;

	for (size_t i = 0; i < call->n_jobs; i++)
		n += call->jobs[i].numjobs;
	*ret = calloc(n, sizeof(**ret));
	ck_assert_ptr_nonnull(*ret);
	*ret_n = n;
	for (size_t i = 0; i < n; i++) {
		const struct engine_clone *from = &made.clones[n_handed + i];

		(*ret)[i] = *from;
		(*ret)[i].job = job;
		(*ret)[i].clone = clone;
		if (++clone == call->jobs[job].numjobs) {
			job++;
			clone = 0;
		}
		(*ret)[i].sample = sample_new("");
		ck_assert_int_eq(sample_merge((*ret)[i].sample, from->sample), 0);
	}
	return 0;
}

static const struct engine_call *running;

int engine_live_copy(struct engine_live *live, struct engine_clone **ret, size_t *ret_n)
{
	(void)live;
	return hand_out(running, ret, ret_n);
}

int engine_run_clones(const struct engine_call *call, struct engine_clone **ret, size_t *ret_n,
		      struct bl_err *err)
{
	int fails = setup_fails;

	setup_fails = 0; /* only this group */
	if (fails)
		return bl_fail(err, -fails, "job 'a': no size");
	running = call;
	for (unsigned i = 0; i < n_ticks; i++) {
		usleep(20000);
		call->tick(NULL, call->tick_arg);
	}
	hand_out(call, ret, ret_n);
	n_handed += *ret_n;
	return 0;
}

/* --- the cases */

static void enter(void)
{
	made_init(&made);
	n_handed = n_ticks = 0;
	setup_fails = 0;
}

static void leave(void)
{
	made_done(&made);
}

/* Job "a" with two clones, behind it "b". */
static void two_groups(void)
{
	made_job(&made, "a", NULL)->numjobs = 2;
	made_ios(made_clone(&made), IO_READ, 100, 1000, false);
	made_ios(made_clone(&made), IO_READ, 100, 1000, false);
	made_job(&made, "b", NULL)->group = 1;
	made_ios(made_clone(&made), IO_WRITE, 300, 1000, false);
	made.items[1].report_group = 1;
}

/* The documents in file "out". */
static size_t documents(json_t **ret, size_t max)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const char *at;
	size_t n = 0;

	ck_assert_int_eq(bl_read_file("out", 1 << 20, &text, NULL), 0);
	for (at = bl_buf_str(&text); *at; at += strspn(at, "\n")) {
		json_error_t why;

		ck_assert_uint_lt(n, max);
		ret[n] = json_loads(at, JSON_DISABLE_EOF_CHECK, &why);
		ck_assert_msg(ret[n] != NULL, "%s", why.text);
		n++;
		at += why.position;
	}
	return n;
}

static json_int_t number(const json_t *doc, size_t job, const char *dir_name, const char *key)
{
	const json_t *o = json_array_get(json_object_get(doc, "jobs"), job);

	return json_integer_value(
		json_object_get(dir_name ? json_object_get(o, dir_name) : o, key));
}

START_TEST(documents_follow_each_other_while_the_jobs_run)
{
	struct session_options o = {
		.show = SHOW_JSON, .output = "out", .status_interval_ns = 30 * NS_PER_MS};
	json_t *docs[32];
	size_t n;

	two_groups();
	n_ticks = 6;
	ck_assert_int_eq(session_run(&made.jobs, &o, &signals), 0);
	n = documents(docs, 32);
	ck_assert_uint_ge(n, 6); /* 2 x 6 ticks of at least 20 ms */
	ck_assert_uint_le(n, 13);
	/* all three clones are in each; those of a group that waits have nothing yet */
	ck_assert_int_eq(number(docs[0], 0, "read", "total_ios"), 100);
	ck_assert_int_eq(number(docs[0], 2, "write", "total_ios"), 0);
	ck_assert_int_eq(number(docs[n - 2], 2, "write", "total_ios"), 300);
	ck_assert_int_eq(number(docs[n - 2], 2, NULL, "groupid"), 1);
	ck_assert_int_eq(number(docs[n - 1], 1, "read", "total_ios"), 100);
	ck_assert_int_eq(number(docs[n - 1], 2, "write", "total_ios"), 300);
	ck_assert_int_eq(number(docs[n - 1], 2, NULL, "groupid"), 1);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(json_array_size(json_object_get(docs[i], "jobs")), 3);
		json_decref(docs[i]);
	}
}
END_TEST

START_TEST(a_signal_shows_one_document)
{
	struct session_options o = {.show = SHOW_JSON, .output = "out"};
	json_t *docs[8];
	size_t n;

	two_groups();
	n_ticks = 3;
	atomic_store(&signals.show, true);
	ck_assert_int_eq(session_run(&made.jobs, &o, &signals), 0);
	n = documents(docs, 8);
	ck_assert_uint_eq(n, 2);
	while (n--)
		json_decref(docs[n]);
}
END_TEST

START_TEST(a_group_that_can_not_start_has_its_error_in_every_clone)
{
	struct session_options o = {.show = SHOW_JSON, .output = "out"};
	json_t *docs[2];

	two_groups();
	setup_fails = EINVAL;
	ck_assert_int_eq(session_run(&made.jobs, &o, &signals), 1);
	ck_assert_uint_eq(documents(docs, 2), 1);
	ck_assert_int_eq(number(docs[0], 0, NULL, "error"), EINVAL);
	ck_assert_int_eq(number(docs[0], 1, NULL, "error"), EINVAL);
	ck_assert_int_eq(number(docs[0], 2, NULL, "error"), 0);
	json_decref(docs[0]);
}
END_TEST

START_TEST(an_output_that_can_not_be_written_ends_it_before_the_jobs)
{
	struct session_options o = {.show = SHOW_JSON, .output = "no/where"};

	two_groups();
	ck_assert_int_eq(session_run(&made.jobs, &o, &signals), 1);
	o = (struct session_options){.show = SHOW_JSON, .output = "out", .hgrm = "no/where"};
	ck_assert_int_eq(session_run(&made.jobs, &o, &signals), 1);
	o.hgrm = NULL;
	strcpy(made.items[1].write_bw_log, "no/where");
	ck_assert_int_eq(session_run(&made.jobs, &o, &signals), 1);
	ck_assert_uint_eq(n_handed, 0);
}
END_TEST

START_TEST(forms_come_in_fios_order)
{
	struct session_options o = {
		.show = SHOW_NORMAL | SHOW_JSON | SHOW_TERSE, .terse_version = 3, .output = "out"};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const char *head, *terse, *json, *normal;

	two_groups();
	ck_assert_int_eq(session_run(&made.jobs, &o, &signals), 0);
	ck_assert_int_eq(bl_read_file("out", 1 << 20, &text, NULL), 0);
	head = strstr(bl_buf_str(&text), "a: (g=0): rw=read");
	terse = strstr(bl_buf_str(&text), "\n3;fio-3.33;a;");
	json = strstr(bl_buf_str(&text), "\n{\n");
	normal = strstr(bl_buf_str(&text), "\n\na: (groupid=0, jobs=1)");
	ck_assert(head && terse && json && normal);
	ck_assert(head < terse && terse < json && json < normal);
}
END_TEST

START_TEST(logs_are_numbered_through_the_run)
{
	struct session_options o = {
		.show = SHOW_JSON, .output = "out", .bandwidth_log = true, .hgrm = "h"};
	static const char *const there[] = {"x_iops.1.log",         "x_iops.2.log",
					    "x_iops.3.log",         "agg-read_bw.log",
					    "h_a.1_read_clat.hgrm", "h_b.3_write_lat.hgrm"};

	two_groups();
	strcpy(made.items[0].write_iops_log, "x");
	strcpy(made.items[1].write_iops_log, "x");
	made.items[0].per_job_logs = made.items[1].per_job_logs = true;
	ck_assert_int_eq(session_run(&made.jobs, &o, &signals), 0);
	for (size_t i = 0; i < BL_ARRAY_LEN(there); i++)
		ck_assert_msg(bl_exists(there[i]), "%s", there[i]);
}
END_TEST

START_TEST(the_line_of_progress_is_like_fios)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	progress_line_text(&out, 1, 2, false, 40, 4004 * 1024, 1001, 3 * NS_PER_S);
	bl_buf_addc(&out, '\n');
	progress_line_text(&out, 0, 1, true, 0, 0, 0, 3725 * NS_PER_S);
	bl_buf_addc(&out, '\n');
	progress_line_text(&out, 0, 1, false, 100, 0, 20875, 0); /* nobody knows the end */
	ck_assert_str_eq(bl_buf_str(&out),
			 "Jobs: 3 (f=2): [40.0%][4004KiB/s][1001 IOPS][eta 00m:03s]\n"
			 "Jobs: 1 (f=1): [ramp][0B/s][0 IOPS][eta 01h:02m:05s]\n"
			 "Jobs: 1 (f=1): [0B/s][20.9k IOPS]");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("blkjob session");
	TCase *t = tcase_create("session");
	SRunner *run;
	int failed;

	tcase_add_unchecked_fixture(t, scratch_enter, scratch_leave);
	tcase_add_checked_fixture(t, enter, leave);
	tcase_add_test(t, documents_follow_each_other_while_the_jobs_run);
	tcase_add_test(t, a_signal_shows_one_document);
	tcase_add_test(t, a_group_that_can_not_start_has_its_error_in_every_clone);
	tcase_add_test(t, an_output_that_can_not_be_written_ends_it_before_the_jobs);
	tcase_add_test(t, forms_come_in_fios_order);
	tcase_add_test(t, logs_are_numbered_through_the_run);
	tcase_add_test(t, the_line_of_progress_is_like_fios);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
