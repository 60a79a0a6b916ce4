/* repeats: auto from the command line to the store, with the fake hypervisor: why a run ends, that
 * it is said, and that what ran is the fixed plan of the same seed, cut off. No VM runs. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "cleanup.h"
#include "cli.h"
#include "fresh_dir.h"
#include "fs.h"
#include "run_session.h"
#include "units.h"

static char dir[64], said[32768];
static const char jobs[] = "[reads]\nrw=randread\nbs=4k\ntime_based=1\nruntime=50ms\n"
			   "rate_iops=1000\n"; /* the same on a busy machine */

static void make_dir(void)
{
	fresh_dir(dir);
}

static void drop_dir(void)
{
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

static volatile sig_atomic_t stop;

/* Run @yaml (behind name and jobs) as `blklab run` does. @ret: what is in the store. */
static int run(const char *yaml, const struct args *more, struct run_data *ret)
{
	BL_CLEANUP(run_session_done) struct run_session s = RUN_SESSION_INIT;
	BL_CLEANUP(bl_freep) char *fio = bl_strf("%s/jobs.fio", dir);
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/s.yaml", dir);
	BL_CLEANUP(bl_freep) char *store = bl_strf("%s/store.db", dir);
	BL_CLEANUP(bl_freep)
	char *text = bl_strf("name: t\njobs: jobs.fio\nbacking: { size: 4MiB }\n%s", yaml);
	FILE *err_file = fmemopen(said, sizeof said, "w");
	struct cli cli = {.out = err_file, .err = err_file, .columns = 100, .stop = &stop};
	struct args a = *more;
	struct bl_err err = BL_ERR_INIT;
	int r, ran;

	ck_assert_int_eq(bl_write_file(fio, jobs, strlen(jobs), NULL), 0);
	ck_assert_int_eq(bl_write_file(path, text, strlen(text), NULL), 0);
	a.scenario = path;
	a.work_dir = a.cache_dir = dir;
	a.store = store;
	a.agent = "/nowhere/agent";
	a.uri = a.uri ? a.uri : "fake:";
	a.accel = "auto";
	a.kernel = "installed";
	stop = 0;
	r = run_session_prepare(&s, &cli, &a, &err);
	if (r == 0)
		r = run_session_open(&s, NULL, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	ran = run_session_run(&s, NULL, NULL, &err);
	ck_assert(s.is_stored);
	r = store_load_run(s.store, s.run.id, ret, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	fclose(err_file);
	return ran;
}

static bool starts(const char *text, const char *with)
{
	return text && strncmp(text, with, strlen(with)) == 0;
}

#define TWO_CELLS "axes: { cache: [none, writeback] }\n"

static const struct {
	const char *yaml, *uri, *budget;
	uint64_t repeats;
	const char *why; /* how the note begins; NULL: there is none */
	size_t n_trials;
} ways[] = {
	{TWO_CELLS "repeats: { least: 6, most: 9, metric: iops, narrow: 100% }\n", NULL, NULL, 0,
	 "narrow: after 6 blocks; iops is within 100 % of the reference's in 1 of 1 cell", 12},
	{TWO_CELLS "repeats: { least: 6, most: 7, metric: p99, narrow: 0.1% }\n", "fake:job-error",
	 NULL, 0, "failed: nothing could be compared after 6 blocks", 12},
	{TWO_CELLS "repeats: { least: 6, most: 9, budget: 1s }\n", NULL, NULL, 0, "budget: ", 0},
	{TWO_CELLS "repeats: 200\n", NULL, "1s", 0, "budget: another block would not fit in 0:01",
	 0},
	{TWO_CELLS "repeats: 2\n", NULL, "1h", 0, NULL, 4},
	{"repeats: { least: 6, most: 9, metric: iops, narrow: 100% }\n", NULL, NULL, 0,
	 "narrow: after 6 blocks; iops is within 100 % of the cell's own median: yes", 6},
	/* auto on the command line: as the file has it */
	{TWO_CELLS "repeats: { least: 7, most: 9, metric: iops, narrow: 100% }\n", NULL, NULL,
	 SCENARIO_REPEATS_AUTO, "narrow: after 7 blocks", 14},
	{TWO_CELLS "repeats: { least: 7, most: 9, metric: iops, narrow: 100% }\n", NULL, NULL, 3,
	 NULL, 6},
};

START_TEST(a_run_ends_for_a_reason_that_it_keeps)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct args a = {
		.budget = ways[_i].budget, .repeats = ways[_i].repeats, .uri = ways[_i].uri};
	const char *note;

	ck_assert_int_eq(run(ways[_i].yaml, &a, &d), 0);
	note = facts_get(&d.run.notes, "repeats.stopped");
	if (ways[_i].why)
		ck_assert_msg(starts(note, ways[_i].why), "%s", note);
	else
		ck_assert_msg(!note, "%s", note);
	if (ways[_i].n_trials)
		ck_assert_uint_eq(d.n_trials, ways[_i].n_trials);
	ck_assert_uint_gt(d.n_trials, 0);
	ck_assert_uint_lt(d.n_trials, 400);
	ck_assert_uint_gt(d.run.ended_ms, 0);
	ck_assert_int_eq(facts_get(&d.run.declared, "repeats.asked") != NULL,
			 facts_get(&d.run.notes, "repeats.widths") != NULL);
}
END_TEST

START_TEST(its_blocks_are_those_of_the_fixed_plan)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct args none = {0};
	BL_CLEANUP(loaded_done) struct loaded fixed = {0};
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/s.yaml", dir);
	struct args a = {.scenario = path, .repeats = 25};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(run("axes: { bus: [virtio-blk, sata, virtio-scsi] }\nseed: 11\n"
			     "repeats: { least: 6, most: 9, metric: iops, narrow: 100% }\n",
			     &none, &d),
			 0);
	ck_assert_msg(loaded_read(&fixed, &a, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(d.n_trials, 18);
	for (size_t i = 0; i < d.n_trials; i++) {
		ck_assert_uint_eq(d.trials[i].cell, fixed.plan->trials[i].cell);
		ck_assert_uint_eq(d.trials[i].repeat, fixed.plan->trials[i].repeat);
		ck_assert_uint_eq(d.trials[i].order, i);
	}
}
END_TEST

static void on_alarm(int signal)
{
	(void)signal;
	stop = 1;
}

START_TEST(a_person_may_stop_it_and_what_is_there_stays)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct args none = {0};
	struct itimerval soon = {.it_value.tv_sec = 1};

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	ck_assert_int_eq(run(TWO_CELLS "repeats: { least: 64, most: 64 }\n", &none, &d), -EINTR);
	ck_assert_msg(starts(facts_get(&d.run.notes, "repeats.stopped"),
			     "stopped: by a person, in block "),
		      "%s", facts_get(&d.run.notes, "repeats.stopped"));
	ck_assert_uint_gt(d.n_trials, 0);
	ck_assert_uint_lt(d.n_trials, 128);
}
END_TEST

START_TEST(what_matters_is_declared_for_those_who_compare)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct args none = {0};

	ck_assert_int_eq(run("repeats: 1\nmin_effect: { p99: 4%, iops: 0.5% }\n", &none, &d), 0);
	ck_assert_str_eq(facts_get(&d.run.declared, "min_effect.p99"), "0.04");
	ck_assert_str_eq(facts_get(&d.run.declared, "min_effect.iops"), "0.005");
	ck_assert_ptr_null(facts_get(&d.run.declared, "min_effect.p50"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli-enough");
	TCase *t = tcase_create("enough");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_loop_test(t, a_run_ends_for_a_reason_that_it_keeps, 0, BL_ARRAY_LEN(ways));
	tcase_add_test(t, its_blocks_are_those_of_the_fixed_plan);
	tcase_add_test(t, a_person_may_stop_it_and_what_is_there_stays);
	tcase_add_test(t, what_matters_is_declared_for_those_who_compare);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
