#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

START_TEST(facts_keep_their_order_and_are_found_by_key)
{
	struct facts f = {0}, copy = {0};

	for (int i = 0; i < 40; i++) {
		char key[16];

		snprintf(key, sizeof key, "key.%d", i);
		ck_assert_int_eq(facts_addf(&f, key, "%d of %s", i, "many"), 0);
	}
	ck_assert_uint_eq(f.n, 40);
	ck_assert_str_eq(f.items[7].key, "key.7");
	ck_assert_str_eq(facts_get(&f, "key.39"), "39 of many");
	ck_assert_ptr_null(facts_get(&f, "key.40"));
	ck_assert_int_eq(facts_copy(&copy, &f), 0);
	facts_done(&f);
	ck_assert_ptr_null(f.items);
	ck_assert_str_eq(facts_get(&copy, "key.0"), "0 of many");
	facts_done(&copy);
}
END_TEST

START_TEST(a_list_made_by_its_owner_can_grow)
{
	struct facts f = {.items = malloc(3 * sizeof(struct fact)), .n = 3};

	for (int i = 0; i < 3; i++)
		f.items[i] = (struct fact){strdup("k"), strdup("v")};
	ck_assert_int_eq(facts_add(&f, "last", "one"), 0);
	ck_assert_str_eq(facts_get(&f, "last"), "one");
	facts_done(&f);
}
END_TEST

START_TEST(asked_and_effective_match_only_when_alike_or_not_asked)
{
	struct effectives e = {0};

	ck_assert_int_eq(effectives_add(&e, "cache.direct", "true", "true", "qmp"), 0);
	ck_assert_int_eq(effectives_add(&e, "cache.direct", "true", "false", "qmp"), 0);
	ck_assert_int_eq(effectives_add(&e, "guest.queues", NULL, "2", "guest sysfs"), 0);
	ck_assert_int_eq(effectives_add(&e, "guest.queues", "2", NULL, "no mq folder"), 0);
	ck_assert_int_eq(effectives_add(&e, "guest.fua", NULL, NULL, "no such file"), 0);
	ck_assert(e.items[0].matches);
	ck_assert(!e.items[1].matches);
	ck_assert(e.items[2].matches);
	ck_assert(!e.items[3].matches);
	ck_assert(e.items[4].matches);
	ck_assert_ptr_null(e.items[4].effective);
	ck_assert_str_eq(e.items[3].source, "no mq folder");
	effectives_done(&e);
}
END_TEST

START_TEST(a_whole_run_is_freed_and_zeroed)
{
	struct run_data d = {0}, none = {0};

	d.run.scenario_name = strdup("s");
	ck_assert_int_eq(facts_add(&d.run.environment, "kernel", "6.1"), 0);
	ck_assert_int_eq(facts_add(&d.run.declared, "needs.snapshots", "no"), 0);
	d.handovers = calloc(1, sizeof *d.handovers);
	d.n_handovers = 1;
	d.handovers[0].device = strdup("0000:5e:00.0");
	d.handovers[0].outcome = strdup("back");
	d.cells = calloc(1, sizeof *d.cells);
	d.n_cells = 1;
	d.cells[0].name = strdup("c");
	d.trials = calloc(1, sizeof *d.trials);
	d.n_trials = 1;
	d.trials[0].jobs = calloc(1, sizeof *d.trials[0].jobs);
	d.trials[0].n_jobs = 1;
	d.trials[0].jobs[0].sample = sample_new("job");
	ck_assert_ptr_nonnull(d.trials[0].jobs[0].sample);
	run_data_done(&d);
	ck_assert_mem_eq(&d, &none, sizeof d);
	run_data_done(&d); /* and again: nothing to do */
}
END_TEST

START_TEST(every_trial_state_has_a_name)
{
	for (int i = 0; i < TRIAL_STATES; i++)
		ck_assert_ptr_nonnull(trial_state_names[i]);
	ck_assert_str_eq(trial_state_names[TRIAL_MISMATCH], "mismatch");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");
	SRunner *r;
	int failed;

	tcase_add_test(t, facts_keep_their_order_and_are_found_by_key);
	tcase_add_test(t, a_list_made_by_its_owner_can_grow);
	tcase_add_test(t, asked_and_effective_match_only_when_alike_or_not_asked);
	tcase_add_test(t, a_whole_run_is_freed_and_zeroed);
	tcase_add_test(t, every_trial_state_has_a_name);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
