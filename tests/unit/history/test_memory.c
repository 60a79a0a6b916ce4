/* Each allocation fails once: nothing is lost, nothing half made comes out. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "alike.h"
#include "failing_alloc.h"
#include "job_steady.h"
#include "made_nights.h"
#include "made_runs.h"
#include "profile.h"

#define HOSTS 4

static struct run_data runs[HOSTS];

static void begin(void)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		char name[8] = {'h', (char)('0' + i)};

		made_run(&runs[i], i, name, 1);
		made_trial(&runs[i], 0, 20000, (i == 3 ? 300 : 100 + i) * 1000);
		made_fact(&runs[i], "cpu.governor", i == 3 ? "powersave" : "performance");
		made_fact(&runs[i], "cpu.mitigations", i ? "a=b | c" : "c | a=b");
		facts_add(&runs[i].cells[0].axes, "bus", "sata");
		facts_add(&runs[i].trials[0].jobs[0].facts, STEADY_FACT_MEASURED, "yes");
		facts_add(&runs[i].trials[0].facts, "path.device.0.kind", "disk");
		facts_add(&runs[i].trials[0].facts, "path.device.0.model", "BIG");
	}
}

static void end(void)
{
	for (unsigned i = 0; i < HOSTS; i++)
		run_data_done(&runs[i]);
}

START_TEST(a_check_without_memory_says_so)
{
	const struct run_data *base[] = {&runs[0], &runs[1], &runs[2]}, *now[] = {&runs[3]};
	bool was_there = true;
	long n = 0;

	for (; was_there && n < 10000; n++) {
		struct profile_check c;
		int r;

		alloc_fail(n);
		r = profile_check(base, 3, now, 1, NULL, &c, NULL);
		was_there = alloc_failed();
		ck_assert_msg(r == (was_there ? -ENOMEM : 0), "call %ld: %d", n, r);
		if (r == 0)
			profile_check_done(&c);
	}
	ck_assert_int_gt(n, 50);
	ck_assert_int_lt(n, 10000);
}
END_TEST

static int look(struct alike *ret)
{
	struct run_figures figures[HOSTS] = {{.run = ""}};
	const struct run_figures *pointers[HOSTS];
	struct alike_host hosts[HOSTS];
	int r = 0;

	for (size_t i = 0; r == 0 && i < HOSTS; i++) {
		r = run_figures_of(&runs[i], &figures[i]);
		pointers[i] = &figures[i];
		hosts[i] = (struct alike_host){figures[i].host_id, figures[i].host_name,
					       &pointers[i], 1};
	}
	if (r == 0)
		r = alike_of(hosts, HOSTS, NULL, ret, NULL);
	if (r == 0)
		alike_done(ret);
	for (size_t i = 0; i < HOSTS; i++)
		run_figures_done(&figures[i]);
	return r;
}

START_TEST(hosts_without_memory_say_so)
{
	bool was_there = true;
	long n = 0;

	for (; was_there && n < 10000; n++) {
		struct alike a;
		int r;

		alloc_fail(n);
		r = look(&a);
		was_there = alloc_failed();
		ck_assert_msg(r == (was_there ? -ENOMEM : 0), "call %ld: %d", n, r);
	}
	ck_assert_int_gt(n, 50);
	ck_assert_int_lt(n, 10000);
}
END_TEST

static void new_id(void *ctx, char id[BL_UUID_TEXT])
{
	snprintf(id, BL_UUID_TEXT, "id-%u", ++*(unsigned *)ctx);
}

#define NIGHTS 30

START_TEST(a_judgement_without_memory_leaves_the_one_before)
{
	static struct made_nights m;
	unsigned ids = 0;
	struct judge_rules rules = {.new_id = new_id, .ctx = &ids};
	double y[NIGHTS];
	bool was_there = true;
	struct night night;
	long n = 0;

	for (size_t i = 0; i < NIGHTS; i++)
		y[i] = log(100000) + 0.01 * (double)(i * 7 % 5) + (i >= 20 ? 0.5 : 0);
	made_begin(&m, NIGHTS, 1);
	made_series(&m, 0, "a", METRIC_P99, y);
	m.confirms = false;
	made_look(&m, NIGHTS, &night);
	ck_assert(night_is_worse(&night));
	for (; was_there && n < 10000; n++) {
		int r;

		alloc_fail(n);
		r = night_judge(&m.h, &rules, &night, NULL);
		was_there = alloc_failed();
		ck_assert_msg(r == (was_there ? -ENOMEM : 0), "call %ld: %d", n, r);
		ck_assert_msg(night_is_worse(&night) && night.reason, "call %ld", n);
	}
	ck_assert_int_gt(n, 10);
	ck_assert_int_lt(n, 10000);
	night_done(&night);
	made_done(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("history without memory");
	TCase *t = tcase_create("memory");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_check_without_memory_says_so);
	tcase_add_test(t, hosts_without_memory_say_so);
	tcase_add_test(t, a_judgement_without_memory_leaves_the_one_before);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
