#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irq_counts.h"
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

START_TEST(a_reading_is_the_hosts_or_else_the_guests)
{
	struct trial_record t = {0};

	facts_add(&t.facts, "device.guest_before.smart.media_errors", "5");
	ck_assert_str_eq(trial_reading(&t, "before", "smart.media_errors"), "5");
	ck_assert_ptr_null(trial_reading(&t, "after", "smart.media_errors"));
	facts_add(&t.facts, "device.before.smart.media_errors", "4");
	ck_assert_str_eq(trial_reading(&t, "before", "smart.media_errors"), "4");
	trial_record_done(&t);
}
END_TEST

START_TEST(interrupts_are_read_cpu_by_cpu_until_the_text_is_none)
{
	static const struct {
		const char *text;
		uint64_t of[4];
	} rows[] = {
		{"0:1234 3:55", {1234, 0, 0, 55}}, {"2:1 2:2", {0, 0, 3, 0}},
		{"1:7 4096:9 0:5", {0, 7, 0, 0}},  {"-1:4 0:5", {0}},
		{"1:7 2 0:5", {0, 7, 0, 0}},       {"", {0}},
	};
	struct fact f = {(char[]){"irq.guest.nvme0q1"}, NULL};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static uint64_t per_cpu[IRQ_CPUS_MAX];

		memset(per_cpu, 0, sizeof per_cpu);
		irq_add_counts(rows[i].text, per_cpu);
		ck_assert_msg(!memcmp(per_cpu, rows[i].of, sizeof rows[i].of), "%s", rows[i].text);
	}
	ck_assert_str_eq(irq_line_name(&f, "guest"), "nvme0q1");
	ck_assert_ptr_null(irq_line_name(&f, "host"));
	ck_assert_ptr_null(irq_line_name(&f, "gues"));
}
END_TEST

START_TEST(a_job_is_found_by_its_name_and_an_emulated_cpu_by_the_accelerator)
{
	struct job_result jobs[] = {{.name = (char[]){"a"}}, {.name = (char[]){"b"}}};
	struct trial_record t = {.jobs = jobs, .n_jobs = 2};
	struct run_record r = {0};

	ck_assert_ptr_eq(trial_job(&t, "b"), &jobs[1]);
	ck_assert_ptr_null(trial_job(&t, "c"));
	ck_assert(!run_is_emulated(&r)); /* not known */
	r.accel = (char[]){"kvm"};
	ck_assert(!run_is_emulated(&r));
	r.accel = (char[]){"tcg"};
	ck_assert(run_is_emulated(&r));
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
	tcase_add_test(t, a_reading_is_the_hosts_or_else_the_guests);
	tcase_add_test(t, interrupts_are_read_cpu_by_cpu_until_the_text_is_none);
	tcase_add_test(t, a_job_is_found_by_its_name_and_an_emulated_cpu_by_the_accelerator);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
