/* One CPU for all interrupts: wrong, or what it must be. */
#include <stdlib.h>
#include <string.h>

#include "made_case.h"

static const char *const vfio_only[] = {"vfio", NULL};

/* The only trial, with its job's threads and depth as given and these counts. */
static void make_one(struct run_data *d, uint32_t threads, const char *text, const char *q1,
		     const char *q2)
{
	struct job_result *j;

	make_case(d, vfio_only, 1);
	j = &d->trials[0].jobs[0];
	set_reads(j, 1000, 90000, 0);
	j->sample->n_threads = threads;
	free(j->job_text);
	j->job_text = strdup(text);
	facts_add(&j->facts, "irq.guest.nvme0q0", "0:12");
	if (q1)
		facts_add(&j->facts, "irq.guest.nvme0q1", q1);
	if (q2)
		facts_add(&j->facts, "irq.guest.nvme0q2", q2);
}

static void expect_none(struct run_data *d)
{
	struct findings f;

	expect_findings(d, 0, &f);
	findings_done(&f);
	run_data_done(d);
}

#define QD1  "[j]\niodepth=1\n"
#define QD32 "[j]\nioengine=io_uring\niodepth=32\n"

START_TEST(two_queues_that_end_on_one_cpu_are_certain)
{
	struct findings f;
	struct run_data d;

	make_one(&d, 2, QD1, "1:40000", "1:38000 0:55");
	effectives_add(&d.trials[0].effective, "guest.queues", NULL, "2", "guest sysfs");
	expect_findings(&d, 1, &f);
	ck_assert_str_eq(f.items[0].cause, "interrupts-one-cpu");
	ck_assert_int_eq(f.items[0].confidence, CONFIDENCE_CERTAIN);
	ck_assert_int_eq(f.items[0].layer, LAYER_GUEST);
	ck_assert_str_eq(f.items[0].job, "j");
	ck_assert_str_eq(f.items[0].evidence,
			 "in trial 1 CPU 1 of the 2 of the guest took 78000 of 78055 interrupts "
			 "(99.9 %) of nvme0q1, nvme0q2");
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "effective_affinity_list"));
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

START_TEST(a_fair_share_is_no_finding)
{
	struct run_data d;

	make_one(&d, 2, QD32, "0:40000", "1:38000");
	expect_none(&d);
	/* 94 % is not nearly all */
	make_one(&d, 2, QD32, "0:94000 1:6000", NULL);
	expect_none(&d);
	make_one(&d, 2, QD32, "0:95000 1:5000", NULL);
	expect_one(&d, "interrupts-one-cpu", CONFIDENCE_LIKELY, "(95 %)", "");
	run_data_done(&d);
}
END_TEST

START_TEST(one_thread_is_expected_on_one_cpu)
{
	static const char *const jobs[] = {QD1, QD32};
	struct run_data d;

	for (size_t i = 0; i < 2; i++) {
		make_one(&d, 1, jobs[i], "1:40000", NULL);
		expect_none(&d);
		/* nor when it was moved for a while: each queue ends on its own CPU */
		make_one(&d, 1, jobs[i], "0:2943", "1:107");
		expect_none(&d);
		make_one(&d, 1, jobs[i], "0:40000", "0:900");
		expect_none(&d);
		/* but when two queues end on one CPU */
		make_one(&d, 1, jobs[i], "1:40000", "1:4000");
		expect_one(&d, "interrupts-one-cpu", CONFIDENCE_CERTAIN, "CPU 1", "");
		run_data_done(&d);
	}
}
END_TEST

START_TEST(several_threads_that_use_one_queue_are_likely)
{
	struct run_data d;

	make_one(&d, 2, QD1, "1:40000", NULL);
	effectives_add(&d.trials[0].effective, "guest.queues", NULL, "2", "guest sysfs");
	expect_one(&d, "interrupts-one-cpu", CONFIDENCE_LIKELY,
		   "of nvme0q1; 2 queues could have had one each", "numjobs");
	run_data_done(&d);
}
END_TEST

START_TEST(few_interrupts_and_one_vcpu_say_nothing)
{
	struct run_data d;

	make_one(&d, 4, QD32, "0:999", NULL);
	expect_none(&d);
	make_one(&d, 4, QD32, "0:1000", NULL);
	expect_one(&d, "interrupts-one-cpu", CONFIDENCE_LIKELY, "1000 of 1000", "queues: auto");
	run_data_done(&d);
	make_one(&d, 4, QD32, "0:90000", NULL);
	set_axis(&d, 0, "vcpus", "1");
	expect_none(&d);
}
END_TEST

/* Its interrupts are not of I/O; a device with one vector has all on it. */
START_TEST(the_admin_queue_counts_only_when_it_is_all_there_is)
{
	struct run_data d;

	make_one(&d, 2, QD32, "0:4000 1:4000", NULL);
	set_fact(&d.trials[0].jobs[0].facts, "irq.guest.nvme0q0", "0:900000");
	expect_none(&d);
	make_one(&d, 2, QD32, NULL, NULL);
	set_fact(&d.trials[0].jobs[0].facts, "irq.guest.nvme0q0", "0:900000");
	expect_one(&d, "interrupts-one-cpu", CONFIDENCE_LIKELY, "900000 of 900000", "");
	run_data_done(&d);
}
END_TEST

START_TEST(the_host_has_its_own_finding)
{
	struct findings f;
	struct run_data d;

	make_one(&d, 2, QD32, "0:4000 1:4000", NULL);
	facts_add(&d.trials[0].jobs[0].facts, "irq.host.vfio-msix[0](0000:5e:00.0)", "2:12");
	facts_add(&d.trials[0].jobs[0].facts, "irq.host.vfio-msix[1](0000:5e:00.0)", "5:4000");
	facts_add(&d.trials[0].jobs[0].facts, "irq.host.vfio-msix[2](0000:5e:00.0)", "5:4000");
	expect_findings(&d, 1, &f);
	ck_assert_int_eq(f.items[0].layer, LAYER_HOST);
	ck_assert_ptr_nonnull(strstr(f.items[0].evidence, "CPU 5 of the 8 of the host took 8000 of "
							  "8000 interrupts (100 %)"));
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "smp_affinity_list"));
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

START_TEST(the_guests_queues_are_the_hosts_only_with_vfio)
{
	for (int is_vfio = 0; is_vfio < 2; is_vfio++) {
		struct findings f;
		struct run_data d;

		make_one(&d, 2, QD32, "0:4000 1:4000", NULL);
		set_axis(&d, 0, "bus", is_vfio ? "vfio" : "virtio-blk");
		facts_add(&d.trials[0].jobs[0].facts, "irq.host.nvme0q1", "5:4000");
		facts_add(&d.trials[0].jobs[0].facts, "irq.host.nvme0q2", "5:1");
		effectives_add(&d.trials[0].effective, "guest.queues", NULL, "3", "guest sysfs");
		expect_findings(&d, 1, &f);
		ck_assert_int_eq(f.items[0].layer, LAYER_HOST);
		ck_assert_int_eq(strstr(f.items[0].evidence, "3 queues could") != NULL, is_vfio);
		findings_done(&f);
		run_data_done(&d);
	}
}
END_TEST

START_TEST(one_vector_of_the_host_can_not_be_spread)
{
	for (int has_two = 0; has_two < 2; has_two++) {
		struct findings f;
		struct run_data d;

		make_one(&d, 2, QD32, "0:4000 1:4000", NULL);
		set_axis(&d, 0, "bus", "virtio-blk");
		facts_add(&d.trials[0].jobs[0].facts, "irq.host.virtio1-req.0", "5:4000");
		if (has_two)
			facts_add(&d.trials[0].jobs[0].facts, "irq.host.virtio1-req.1", "5:4000");
		expect_findings(&d, has_two ? 1 : 0, &f);
		findings_done(&f);
		run_data_done(&d);
	}
}
END_TEST

START_TEST(it_is_said_once_for_all_trials_of_the_cell)
{
	struct findings f;
	struct run_data d;

	make_case(&d, vfio_only, 4);
	for (size_t i = 0; i < 4; i++) {
		struct job_result *j = &d.trials[i].jobs[0];

		set_reads(j, 1000, 90000, 0);
		facts_add(&j->facts, "irq.guest.nvme0q1", i ? "1:5000" : "0:2000 1:3000");
		facts_add(&j->facts, "irq.guest.nvme0q2", "1:5000");
	}
	facts_done(&d.trials[3].jobs[0].facts); /* not measured */
	expect_findings(&d, 1, &f);
	ck_assert_uint_eq(f.items[0].trial, 1);
	ck_assert_ptr_nonnull(strstr(f.items[0].evidence, "in trial 2 CPU 1 of the 2 "));
	ck_assert_ptr_nonnull(strstr(f.items[0].evidence, "; so in 2 of 3 trials"));
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

/* What came from a guest may be anything. */
START_TEST(counts_that_make_no_sense_are_left_out)
{
	struct run_data d;

	make_one(&d, 2, QD32, "here:now", "99999999:5000 4294967296:7");
	expect_none(&d);
	make_one(&d, 2, QD32, "0:", ":::");
	expect_none(&d);
	make_one(&d, 2, QD32, "", "-1:5000");
	expect_none(&d);
}
END_TEST

TCase *interrupt_cases(void)
{
	TCase *t = tcase_create("interrupts");

	tcase_add_test(t, two_queues_that_end_on_one_cpu_are_certain);
	tcase_add_test(t, a_fair_share_is_no_finding);
	tcase_add_test(t, one_thread_is_expected_on_one_cpu);
	tcase_add_test(t, several_threads_that_use_one_queue_are_likely);
	tcase_add_test(t, few_interrupts_and_one_vcpu_say_nothing);
	tcase_add_test(t, the_admin_queue_counts_only_when_it_is_all_there_is);
	tcase_add_test(t, the_host_has_its_own_finding);
	tcase_add_test(t, the_guests_queues_are_the_hosts_only_with_vfio);
	tcase_add_test(t, one_vector_of_the_host_can_not_be_spread);
	tcase_add_test(t, it_is_said_once_for_all_trials_of_the_cell);
	tcase_add_test(t, counts_that_make_no_sense_are_left_out);
	return t;
}
