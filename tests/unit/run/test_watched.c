/* What was watched meanwhile goes to the jobs, with the fake guest. */
#define TRIAL_INTERNAL
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "trial_priv.h"
#include "units.h"

static char dir[64];
static struct hv *hv;
static struct scenario sc;
static struct trial_setup setup;
static struct trial_record rec;
static struct trial_disk under_test;
static struct trial trial;

static void begin(void)
{
	BL_CLEANUP(bl_freep) char *disk = NULL, *xml = NULL;
	BL_CLEANUP(facts_done) struct facts facts = {0};
	struct guest_options opt = {0};
	struct bl_err err = BL_ERR_INIT;
	uint64_t at;

	fresh_dir(dir);
	disk = bl_strf("%s/disk", dir);
	ck_assert_int_eq(close(open(disk, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert_int_eq(truncate(disk, 4 * MiB), 0);
	xml = bl_strf("<domain><vcpu>2</vcpu><devices><disk><driver cache='none'/>"
		      "<source file='%s'/><target bus='virtio'/></disk></devices></domain>",
		      disk);
	setup = (struct trial_setup){.sc = &sc};
	trial = (struct trial){.s = &setup, .rec = &rec, .disk = &under_test, .err = BL_ERR_INIT};
	ck_assert_msg(hv_open("fake:", dir, &hv, &err) == 0, "%s", err.text);
	ck_assert_msg(hv_start(hv, xml, &trial.vm, &at, &err) == 0, "%s", err.text);
	ck_assert_int_eq(guest_new(trial.vm, &opt, &trial.guest), 0);
	ck_assert_int_eq(guest_hello(trial.guest, 5 * NS_PER_S, &facts, &at, &err), 0);
}

static void end(void)
{
	trial.guest = guest_free(trial.guest);
	trial.vm = hv_vm_end(trial.vm);
	hv = hv_close(hv);
	facts_done(&rec.facts);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

/* Which measurement of the clock fails, from 1; 0: none. */
static unsigned fails_at, n_clocks;
static int fails_with;

int __real_guest_clock(struct guest *g, unsigned n, uint64_t limit_ns, struct guest_clock *ret,
		       struct bl_err *err);
int __wrap_guest_clock(struct guest *g, unsigned n, uint64_t limit_ns, struct guest_clock *ret,
		       struct bl_err *err);
int __wrap_guest_clock(struct guest *g, unsigned n, uint64_t limit_ns, struct guest_clock *ret,
		       struct bl_err *err)
{
	if (++n_clocks == fails_at)
		return bl_fail(err, fails_with, "no pong from the guest within 5 s");
	return __real_guest_clock(g, n, limit_ns, ret, err);
}

static const char text[] = "[a]\nrw=write\nruntime=300ms\ntime_based=1\nsize=1m\n"
			   "[b]\nrw=write\nruntime=200ms\ntime_based=1\nsize=1m\n";

static void run(bool has_telemetry, struct job_result results[2])
{
	struct sample *samples[2];
	BL_CLEANUP(guest_jobs_told_done) struct guest_jobs_told told = {.samples = samples};
	struct guest_jobs jobs = {
		.device = "/dev/fake", .text = text, .n = 2, .limit_ns = 20 * NS_PER_S};
	struct guest_clock clock;

	sc.has_telemetry = has_telemetry;
	ck_assert_msg(trial_run_watched(&trial, &jobs, &told, &clock) == 0, "%s", trial.err.text);
	/* host and fake guest read the same clock */
	ck_assert_int_le(llabs(clock.offset_ns), (long long)clock.uncertainty_ns);
	for (size_t i = 0; i < 2; i++)
		results[i] = (struct job_result){.sample = samples[i]};
	ck_assert_int_eq(trial_keep_watched(&trial, results, 2, &told, &clock), 0);
}

START_TEST(each_job_has_the_moments_of_its_time)
{
	struct job_result results[2];

	run(true, results);
	for (size_t i = 0; i < 2; i++) {
		const struct job_result *j = &results[i];
		const struct series_set *set = &j->watched[WATCHED_GUEST];
		uint64_t from = j->sample->start_ns; /* the offset is about 0 */
		double rise;

		ck_assert_uint_ge(set->n, 4);
		ck_assert_uint_le(set->at_ns[0], from);
		ck_assert(series_rise(set, series_find(set, "disk.writes"), from,
				      from + j->sample->runtime_ns, &rise));
		ck_assert_double_eq_tol(rise, (double)j->sample->runtime_ns / 1e6, 1.1);
		ck_assert_str_eq(facts_get(&j->facts, "telemetry.guest.cost_ns"), "1000");
		ck_assert_int_ge(atoi(facts_get(&j->facts, "telemetry.guest.readings")), 4);
		ck_assert_ptr_nonnull(facts_get(&j->facts, "clock.offset_ns"));
		ck_assert_int_gt(atoll(facts_get(&j->facts, "clock.uncertainty_ns")), 0);
		ck_assert_uint_eq(j->watched[WATCHED_HOST].n, 0);
		job_result_done(&results[i]);
	}
}
END_TEST

START_TEST(switched_off_nothing_is_watched_but_the_clock)
{
	struct job_result results[2];

	run(false, results);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(results[i].watched[WATCHED_GUEST].n, 0);
		ck_assert_ptr_null(facts_get(&results[i].facts, "telemetry.guest.cost_ns"));
		ck_assert_ptr_null(facts_get(&results[i].facts, "telemetry.guest.readings"));
		ck_assert_ptr_nonnull(facts_get(&results[i].facts, "clock.offset_ns"));
		job_result_done(&results[i]);
	}
	ck_assert_uint_eq(n_clocks, 1); /* nothing needs it better */
}
END_TEST

/* 0.3 s with room for drift of a thousandth: 0.3 ms. */
START_TEST(a_clock_that_is_not_measured_again_costs_no_samples)
{
	struct job_result results[2];

	fails_at = 2;
	fails_with = -ETIMEDOUT;
	run(true, results);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_ge(results[i].watched[WATCHED_GUEST].n, 4);
		ck_assert_int_ge(atoll(facts_get(&results[i].facts, "clock.uncertainty_ns")),
				 300000);
		job_result_done(&results[i]);
	}
	ck_assert_str_eq(facts_get(&rec.facts, "clock.not_measured"),
			 "after a job: clock: no pong from the guest within 5 s");
}
END_TEST

START_TEST(a_guest_that_is_gone_after_the_job_is_a_failure)
{
	struct sample *samples[2] = {NULL};
	struct guest_jobs_told told = {.samples = samples};
	struct guest_jobs jobs = {
		.device = "/dev/fake", .text = text, .n = 2, .limit_ns = 20 * NS_PER_S};
	struct guest_clock clock;

	fails_at = 2;
	fails_with = -EPIPE;
	sc.has_telemetry = true;
	ck_assert_int_eq(trial_run_watched(&trial, &jobs, &told, &clock), -EPIPE);
	ck_assert_ptr_nonnull(strstr(trial.err.text, "clock: "));
	ck_assert_ptr_null(samples[0]);
}
END_TEST

START_TEST(an_answer_that_comes_too_late_is_not_taken_for_the_next_one)
{
	struct guest_clock clock;
	struct bl_err err = BL_ERR_INIT;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(guest_clock(trial.guest, 1, 0, &clock, NULL), -ETIMEDOUT);
	usleep(100000);
	ck_assert_msg(guest_clock(trial.guest, 8, 5 * NS_PER_S, &clock, &err) == 0, "%s", err.text);
	ck_assert_int_le(llabs(clock.offset_ns), (long long)clock.uncertainty_ns);
}
END_TEST

/* A set of an hour, a job of a minute in it: 3 s on each side, and the moment beyond. */
START_TEST(what_is_kept_reaches_three_seconds_around_the_counted_time)
{
	BL_CLEANUP(series_done) struct series_set set = {0};
	struct sample s = {.start_ns = 1000 * NS_PER_S, .runtime_ns = 60 * NS_PER_S};
	struct job_result j = {.sample = &s};
	const struct series_set *kept = &j.watched[WATCHED_HOST];
	struct trial_seen seen = {.set = &set, .cost_ns = 5, .readings = 3600};

	for (uint64_t i = 0; i < 3600; i++) {
		ck_assert_int_eq(series_moment(&set, (500 + i) * NS_PER_S + 1), 0);
		ck_assert_int_eq(series_put(&set, "n", SERIES_COUNTER, i), 0);
	}
	ck_assert_int_eq(trial_keep_seen(&j, WATCHED_HOST, &seen, -300 * (int64_t)NS_PER_S), 0);
	ck_assert_uint_eq(kept->at_ns[0], 696 * NS_PER_S + 1);
	ck_assert_uint_eq(kept->at_ns[kept->n - 1], 763 * NS_PER_S + 1);
	ck_assert_uint_eq(kept->n, 68);
	ck_assert_str_eq(facts_get(&j.facts, "telemetry.host.cost_ns"), "5");
	ck_assert_str_eq(facts_get(&j.facts, "telemetry.host.readings"), "3600");
	facts_done(&j.facts);
	series_done(&j.watched[WATCHED_HOST]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watched");
	TCase *t = tcase_create("fake guest"), *pure = tcase_create("cut");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, each_job_has_the_moments_of_its_time);
	tcase_add_test(t, switched_off_nothing_is_watched_but_the_clock);
	tcase_add_test(t, a_clock_that_is_not_measured_again_costs_no_samples);
	tcase_add_test(t, a_guest_that_is_gone_after_the_job_is_a_failure);
	tcase_add_test(t, an_answer_that_comes_too_late_is_not_taken_for_the_next_one);
	tcase_add_test(pure, what_is_kept_reaches_three_seconds_around_the_counted_time);
	suite_add_tcase(s, t);
	suite_add_tcase(s, pure);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
