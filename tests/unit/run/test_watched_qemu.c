/* What QEMU counts goes to the jobs of its group, and to no other; where a reading is missing there
 * is a reason and no number. */
#define TRIAL_INTERNAL
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "hypervisor_priv.h"
#include "trial_priv.h"
#include "units.h"

#define QDEV "/machine/peripheral/" DOMAIN_DISK_ALIAS "/virtio-backend"

static _Atomic bool is_stuck, is_failing;
static _Atomic unsigned reads;

static int answer(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		  struct bl_err *err)
{
	(void)vm;
	(void)args;
	while (is_stuck)
		usleep(1000);
	if (is_failing)
		return bl_fail(err, -EIO, "a failure on purpose");
	if (!strcmp(command, "query-iothreads"))
		*ret_reply = json_array();
	else
		*ret_reply = json_pack("[{s:s, s:{}, s:{s:i}}]", "qdev", QDEV, "inserted", "stats",
				       "rd_operations", (int)reads);
	return 0;
}

static const struct hv_ops ops = {.name = "counts", .qmp = answer};
static struct hv_vm vm = {.ops = &ops};
static struct scenario sc = {.has_telemetry = true};
static struct cell cell;
static struct trial_setup setup = {.sc = &sc, .n_cells = 1};
static struct trial_disk disk;
static struct trial_record rec;
static struct trial t;
static struct job job;
static struct sample sample;
static struct job_result result;

static void begin(void)
{
	cell_defaults(&cell);
	disk = (struct trial_disk){.cell = &cell};
	t = (struct trial){.s = &setup, .rec = &rec, .disk = &disk, .vm = &vm, .err = BL_ERR_INIT};
	reads = 100;
	ck_assert_int_eq(trial_watch_qemu(&t), 0);
	ck_assert_str_eq(disk.qdev, QDEV);
}

static void end(void)
{
	trial_watch_qemu_done(&t);
	bl_freep(&disk.qdev);
	facts_done(&rec.facts);
	series_done(&result.watched[WATCHED_QEMU]);
	facts_done(&result.facts);
}

/* A job of @n reads of @ms; whatever happens at its end is the caller's. */
static void run(unsigned n, unsigned ms)
{
	series_done(&result.watched[WATCHED_QEMU]);
	facts_done(&result.facts);
	result = (struct job_result){.sample = &sample};
	trial_watch_qemu_begin(&t);
	sample.start_ns = bl_now_ns();
	usleep(ms * 1000);
	reads += n;
	sample.runtime_ns = bl_now_ns() - sample.start_ns;
}

static void take(void)
{
	trial_watch_qemu_end(&t);
	ck_assert_int_eq(trial_watch_qemu_take(&t, &job, &result, 1), 0);
}

static double rise(void)
{
	const struct series_set *set = &result.watched[WATCHED_QEMU];
	const struct series *one = series_find(set, "block.reads");
	double v;

	ck_assert_ptr_nonnull(one);
	ck_assert(series_rise(set, one, sample.start_ns, sample.start_ns + sample.runtime_ns, &v));
	return v;
}

START_TEST(a_jobs_counted_time_is_covered)
{
	run(7, 50);
	take();
	ck_assert_double_eq_tol(rise(), 7, 1e-6);
	run(11, 50);
	take();
	ck_assert_double_eq_tol(rise(), 11, 1e-6);
	ck_assert_ptr_null(facts_get(&rec.facts, "qemu.not_watched"));
	ck_assert_ptr_null(facts_get(&rec.facts, "qemu.readings_failed"));
}
END_TEST

START_TEST(a_group_after_one_that_qemu_gave_no_answer_for_has_its_own_readings)
{
	run(7, 50);
	is_stuck = true;
	usleep(300000); /* a reading hangs */
	take();
	ck_assert_uint_eq(result.watched[WATCHED_QEMU].n, 0);
	ck_assert_ptr_nonnull(strstr(facts_get(&rec.facts, "qemu.not_watched"), "not answered"));
	run(11, 50); /* still */
	take();
	ck_assert_uint_eq(result.watched[WATCHED_QEMU].n, 0);
	is_stuck = false;
	usleep(100000);
	run(13, 50);
	take();
	ck_assert_double_eq_tol(rise(), 13, 1e-6);
}
END_TEST

START_TEST(a_last_reading_that_failed_is_no_number)
{
	run(7, 50);
	is_failing = true;
	take();
	ck_assert_uint_eq(result.watched[WATCHED_QEMU].n, 0);
	ck_assert_ptr_nonnull(
		strstr(facts_get(&rec.facts, "qemu.not_watched"), "no reading after the jobs"));
	ck_assert_ptr_nonnull(strstr(facts_get(&rec.facts, "qemu.readings_failed"),
				     "the first reason: a failure on purpose"));
	is_failing = false;
	run(11, 50);
	take();
	ck_assert_double_eq_tol(rise(), 11, 1e-6);
}
END_TEST

START_TEST(a_reading_in_between_that_failed_is_told_beside_the_others)
{
	run(7, 300);
	is_failing = true;
	usleep(300000);
	is_failing = false;
	sample.runtime_ns = bl_now_ns() - sample.start_ns;
	take();
	ck_assert_double_eq_tol(rise(), 7, 1e-6);
	ck_assert_ptr_null(facts_get(&rec.facts, "qemu.not_watched"));
	ck_assert_ptr_nonnull(strstr(facts_get(&rec.facts, "qemu.readings_failed"), "on purpose"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watched qemu");
	TCase *c = tcase_create("watched qemu");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(c, begin, end);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, a_jobs_counted_time_is_covered);
	tcase_add_test(c, a_group_after_one_that_qemu_gave_no_answer_for_has_its_own_readings);
	tcase_add_test(c, a_last_reading_that_failed_is_no_number);
	tcase_add_test(c, a_reading_in_between_that_failed_is_told_beside_the_others);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
