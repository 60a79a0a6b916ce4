/* Which cells are compared, and what measured outcomes say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "made_case.h"

#define ENOUGH 200000 /* reads: p99.9 is not thin */

static const char *const buses[] = {"virtio-blk", "vfio", NULL};

/* Every need as passthrough would have it. */
static void declare_all(struct run_data *d)
{
	static const char *const rows[][2] = {{"needs.live_migration", "no"},
					      {"needs.snapshots", "no"},
					      {"needs.shared_device", "no"},
					      {"needs.latency_critical", "yes"},
					      {"needs.device_faults_handled", "yes"}};

	for (size_t i = 0; i < 5; i++)
		facts_add(&d->run.declared, rows[i][0], rows[i][1]);
}

/* All trials of a cell: @us a read, a little apart from trial to trial. */
static void set_cell(struct run_data *d, uint32_t cell, size_t job, double us, double cpu_us)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];
		double off = 1 + 0.001 * (t->repeat % 3);

		if (t->cell == cell)
			set_reads(&t->jobs[job], ENOUGH, (uint64_t)(us * 1000 * off),
				  (uint64_t)(cpu_us * 1000 * off));
	}
}

static void make_compared(struct run_data *d, uint32_t repeats, double vfio_us, double vfio_cpu_us)
{
	make_case(d, buses, repeats);
	declare_all(d);
	set_cell(d, 0, 0, 100, 20);
	set_cell(d, 1, 0, vfio_us, vfio_cpu_us);
}

static void decide(const struct run_data *d, enum decision is, const char *says)
{
	struct passthrough_decision p;
	struct bl_err err = BL_ERR_INIT;
	size_t n_decided = 0, len;

	ck_assert_msg(decide_run(d, &p, &err) == 0, "%s", err.text);
	ck_assert_ptr_nonnull(p.sentence);
	ck_assert_msg(p.decision == is, "%s: %s", decision_names[p.decision], p.sentence);
	ck_assert_msg(strstr(p.sentence, says) != NULL, "'%s' is not in: %s", says, p.sentence);
	len = strlen(p.answer);
	ck_assert_int_eq(strncmp(p.answer, decision_answers[is], strlen(decision_answers[is])), 0);
	ck_assert_msg(strncmp(p.sentence, p.answer, len) == 0 && p.sentence[len] == ':',
		      "'%s' does not lead: %s", p.answer, p.sentence);
	for (size_t i = 0; i < p.n; i++)
		n_decided += p.lines[i].decided;
	ck_assert_uint_eq(n_decided, is != DECISION_NOT_ASKED);
	passthrough_decision_done(&p);
}

static const struct {
	const char *name;
	double us, cpu_us; /* of vfio; virtio has 100 and 20 */
	uint32_t repeats;
	enum decision is;
	const char *says;
} outcomes[] = {
	{"faster and cheaper", 60, 12, 8, DECISION_PASSTHROUGH,
	 "Yes: 'vfio' against 'virtio-blk': j: p99 -40 % [-4"},
	{"faster only", 60, 20, 8, DECISION_PASSTHROUGH, "CPU +0.0 %"},
	{"cheaper only", 100, 12, 8, DECISION_PASSTHROUGH, "CPU -40 %"},
	{"the same", 100, 20, 8, DECISION_VIRTIO,
	 "No, virtio: the layer it would remove costs nothing here; 'vfio' against"},
	{"hardly anything left", 0.4, 20, 8, DECISION_PASSTHROUGH, "p99 -99 % [-99 %, -99 %]"},
	{"slower", 130, 20, 8, DECISION_VIRTIO, "p99 +30 %"},
	{"slower and dearer", 130, 30, 8, DECISION_VIRTIO, "costs nothing here"},
	{"slower but cheaper", 130, 12, 8, DECISION_CONDITIONAL,
	 "Yes, if CPU time matters more to it than the tail: 'vfio'"},
	{"faster but dearer", 60, 30, 8, DECISION_CONDITIONAL,
	 "Yes, if the tail matters more to it than CPU time: 'vfio'"},
	{"few repeats", 60, 12, 3, DECISION_CANNOT_TELL,
	 "Cannot tell: no better tail is proved (3 pairs; six are the least for a 95 % interval); "
	 "'vfio' "
	 "against 'virtio-blk': j: p99 -40 % seen, p99.9 -40 % seen, CPU -40 % seen."},
	{"few repeats, the same", 100, 20, 5, DECISION_CANNOT_TELL, "(5 pairs;"},
};

START_TEST(the_measured_outcome_decides_when_every_need_allows_it)
{
	struct run_data d;

	make_compared(&d, outcomes[_i].repeats, outcomes[_i].us, outcomes[_i].cpu_us);
	decide(&d, outcomes[_i].is, outcomes[_i].says);
	run_data_done(&d);
}
END_TEST

START_TEST(without_cpu_times_the_tail_decides)
{
	struct run_data d;

	make_compared(&d, 8, 100, 0);
	decide(&d, DECISION_VIRTIO, "CPU not known on both sides");
	run_data_done(&d);
	make_compared(&d, 8, 60, 0);
	decide(&d, DECISION_PASSTHROUGH, "p99 -40 %");
	run_data_done(&d);
}
END_TEST

static void add_job(struct run_data *d, const char *name)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];

		t->jobs = reallocarray(t->jobs, t->n_jobs + 1, sizeof *t->jobs);
		t->jobs[t->n_jobs] =
			(struct job_result){.name = strdup(name), .job_text = strdup("")};
		t->n_jobs++;
	}
}

START_TEST(jobs_are_compared_one_by_one)
{
	struct passthrough_decision p;
	struct run_data d;

	make_compared(&d, 8, 60, 20);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"k", "l", "m"};

		add_job(&d, names[i]);
		set_cell(&d, 0, (size_t)i + 1, 500, 20);
		set_cell(&d, 1, (size_t)i + 1, i ? 500 : 700, 20);
	}
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_int_eq(p.decision, DECISION_CONDITIONAL);
	ck_assert_ptr_nonnull(strstr(p.sentence, "; k: p99 +40 %"));
	ck_assert_ptr_nonnull(strstr(p.sentence, "; and 2 more jobs."));
	ck_assert_str_eq(p.lines[4].question, "Is its tail better than the best virtio cell's?");
	ck_assert_str_eq(p.lines[4].answer,
			 "better in 1 of 4 jobs, worse in 1 of 4 jobs, same in 2 of 4 jobs");
	ck_assert_ptr_nonnull(strstr(p.lines[4].evidence, ";\nm: p99 +0.0 %"));
	ck_assert(p.lines[4].decided);
	ck_assert_int_eq(p.lines[4].speaks_for, 0);
	passthrough_decision_done(&p);
	run_data_done(&d);
}
END_TEST

/* 2000 reads: fewer than 100 lie beyond p99. */
static void set_thin(struct run_data *d, size_t job)
{
	for (size_t i = 0; i < d->n_trials; i++)
		set_reads(&d->trials[i].jobs[job], 2000, d->trials[i].cell ? 60000 : 100000,
			  d->trials[i].cell ? 12000 : 20000);
}

/* They may be worse as well as better. */
START_TEST(jobs_whose_tail_can_not_be_told_are_a_condition)
{
	static const char *const names[] = {"k", "l", "m", "n"};
	struct run_data d;

	make_compared(&d, 8, 60, 12);
	for (size_t i = 0; i < 4; i++) {
		add_job(&d, names[i]);
		set_thin(&d, i + 1);
	}
	decide(&d, DECISION_CONDITIONAL,
	       "Yes, if its tail is not worse in the 4 of 5 jobs of which it can't be told: ");
	run_data_done(&d);
}
END_TEST

/* A worse tail in one of them is no job that is better. */
START_TEST(what_cpu_time_alone_gains_is_said_of_the_cpu)
{
	struct run_data d;

	make_compared(&d, 8, 100, 12);
	add_job(&d, "k");
	set_cell(&d, 0, 1, 500, 20);
	set_cell(&d, 1, 1, 700, 30);
	decide(&d, DECISION_CONDITIONAL,
	       "Yes, if CPU time matters more to it than the tail and the jobs that are better are "
	       "those that matter: ");
	run_data_done(&d);
}
END_TEST

START_TEST(a_cheaper_io_does_not_make_up_for_a_tail_that_can_not_be_told)
{
	struct run_data d;

	make_compared(&d, 8, 60, 12);
	set_thin(&d, 0);
	decide(&d, DECISION_CANNOT_TELL,
	       "(in some trial fewer than 100 samples lie beyond the percentile)");
	run_data_done(&d);
}
END_TEST

START_TEST(an_emulated_cpu_decides_nothing_by_its_figures)
{
	struct run_data d;

	make_compared(&d, 8, 60, 12);
	strcpy(d.run.accel, "tcg");
	decide(&d, DECISION_CONDITIONAL,
	       "Yes, if the gain shows on a real CPU too (this one was emulated): ");
	run_data_done(&d);
	make_compared(&d, 8, 100, 20);
	strcpy(d.run.accel, "tcg");
	decide(&d, DECISION_CANNOT_TELL, "the CPU was emulated");
	run_data_done(&d);
}
END_TEST

/* ---- the best virtio cell ---- */

static const struct {
	const char *axis, *value;
	bool is_taken; /* cell 1, which is faster than cell 0 */
	const char *remark;
} rivals[] = {
	{"bus", "virtio-scsi", true, NULL},
	{"cache", "directsync", true, NULL},
	{"cache", "writeback", false, NULL}, /* of the page cache */
	{"cache", "unsafe", false, NULL},
	{"storage", "filesystem", true, NULL}, /* on the device */
	{"storage", "file", false, NULL},      /* of any disk */
	{"vcpus", "4", false, NULL},
	{"kernel", "/another", false, NULL},
	{"emulator", "/another", false, NULL},
	{"bus", "sata", false, NULL},
	{"bus", "nvme-userspace", false, NULL}, /* the device is the VM's alone too */
};

START_TEST(the_best_virtio_cell_is_one_that_could_stand_in_its_place)
{
	static const char *const three[] = {"virtio-blk", "virtio-blk", "vfio", NULL};
	struct passthrough_decision p;
	struct run_data d;

	make_case(&d, three, 8);
	declare_all(&d);
	set_cell(&d, 0, 0, 100, 20);
	set_cell(&d, 1, 0, 90, 20);
	set_cell(&d, 2, 0, 60, 20);
	set_axis(&d, 1, rivals[_i].axis, rivals[_i].value);
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_uint_eq(p.best_virtio, rivals[_i].is_taken ? 1 : 0);
	ck_assert_uint_eq(p.cell, 2);
	ck_assert_ptr_null(strstr(p.lines[4].evidence, "the nearest"));
	passthrough_decision_done(&p);

	/* when none could, the nearest does, and that is said; unsafe and others never */
	set_axis(&d, 0, "cache", "writeback");
	set_axis(&d, 0, "storage", "file");
	set_axis(&d, 1, "storage", "file");
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_ptr_nonnull(strstr(p.lines[4].evidence, "the nearest"));
	ck_assert_uint_eq(p.best_virtio, strcmp(rivals[_i].value, "unsafe") &&
							 strcmp(rivals[_i].value, "sata") &&
							 strcmp(rivals[_i].value, "nvme-userspace")
						 ? 1
						 : 0);
	passthrough_decision_done(&p);
	run_data_done(&d);
}
END_TEST

/* Of what? Of the device, the cache, the vCPUs, the kernel and the emulator. */
START_TEST(the_nearest_is_the_one_that_differs_in_least)
{
	static const char *const three[] = {"virtio-blk", "virtio-blk", "vfio", NULL};
	static const char *const other[][2] = {{"storage", "file"},
					       {"cache", "writeback"},
					       {"vcpus", "4"},
					       {"kernel", "/another"},
					       {"emulator", "/another"}};

	for (size_t i = 0; i < 25; i++) {
		size_t first = i / 5, second = i % 5;
		struct passthrough_decision p;
		struct run_data d;

		make_case(&d, three, 8);
		set_cell(&d, 0, 0, 100, 20);
		set_cell(&d, 1, 0, 90, 20); /* faster, but farther */
		set_cell(&d, 2, 0, 60, 20);
		set_axis(&d, 0, other[first][0], other[first][1]);
		set_axis(&d, 1, other[first][0], other[first][1]);
		set_axis(&d, 1, other[second][0], other[second][1]);
		ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
		ck_assert_uint_eq(p.best_virtio, first == second);
		ck_assert_ptr_nonnull(strstr(p.lines[4].evidence, "the nearest"));
		passthrough_decision_done(&p);
		run_data_done(&d);
	}
}
END_TEST

START_TEST(qemus_own_driver_is_shown_beside)
{
	static const char *const three[] = {"virtio-blk", "vfio", "nvme-userspace", NULL};
	struct passthrough_decision p;
	struct run_data d;

	make_case(&d, three, 8);
	declare_all(&d);
	for (uint32_t c = 0; c < 3; c++)
		set_cell(&d, c, 0, 100 - 20 * c, 20);
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_int_eq(p.decision, DECISION_PASSTHROUGH);
	ck_assert_uint_eq(p.n, 9);
	ck_assert_str_eq(p.lines[8].question, "Would QEMU's own NVMe driver do?");
	ck_assert_ptr_nonnull(strstr(p.lines[8].evidence, "j: p99 -40 %"));
	passthrough_decision_done(&p);
	run_data_done(&d);
}
END_TEST

START_TEST(without_figures_it_cannot_tell)
{
	static const char *const lone[] = {"host", "vfio", NULL};
	static const char *const none[] = {"host", "virtio-blk", "nvme-userspace", NULL};
	struct run_data d;

	make_case(&d, lone, 8);
	declare_all(&d);
	set_cell(&d, 1, 0, 60, 20);
	decide(&d, DECISION_CANNOT_TELL,
	       "Cannot tell: the run has no virtio cell with figures of every job");
	run_data_done(&d);
	make_case(&d, buses, 8); /* no figures at all */
	declare_all(&d);
	decide(&d, DECISION_CANNOT_TELL, "no cell with bus vfio has figures");
	run_data_done(&d);
	make_case(&d, none, 1);
	decide(&d, DECISION_NOT_ASKED, "the run has no cell with bus vfio");
	run_data_done(&d);
}
END_TEST

START_TEST(of_a_run_without_such_a_device_nothing_is_said)
{
	static const char *const none[] = {"host", "virtio-blk", NULL};
	struct run_data d;

	make_case(&d, none, 1);
	for (int i = 0; i < 2; i++) {
		struct passthrough_decision p;

		ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
		ck_assert_int_eq(p.decision, DECISION_NOT_ASKED);
		ck_assert_ptr_null(p.sentence);
		ck_assert_ptr_null(p.answer);
		ck_assert_uint_eq(p.n, 0);
		passthrough_decision_done(&p);
		run_data_done(&d); /* and then nothing at all */
	}
}
END_TEST

TCase *decision_cases(void)
{
	TCase *t = tcase_create("decision");

	tcase_add_loop_test(t, the_measured_outcome_decides_when_every_need_allows_it, 0,
			    sizeof outcomes / sizeof *outcomes);
	tcase_add_test(t, without_cpu_times_the_tail_decides);
	tcase_add_test(t, jobs_are_compared_one_by_one);
	tcase_add_test(t, jobs_whose_tail_can_not_be_told_are_a_condition);
	tcase_add_test(t, what_cpu_time_alone_gains_is_said_of_the_cpu);
	tcase_add_test(t, a_cheaper_io_does_not_make_up_for_a_tail_that_can_not_be_told);
	tcase_add_test(t, an_emulated_cpu_decides_nothing_by_its_figures);
	tcase_add_loop_test(t, the_best_virtio_cell_is_one_that_could_stand_in_its_place, 0,
			    sizeof rivals / sizeof *rivals);
	tcase_add_test(t, the_nearest_is_the_one_that_differs_in_least);
	tcase_add_test(t, qemus_own_driver_is_shown_beside);
	tcase_add_test(t, without_figures_it_cannot_tell);
	tcase_add_test(t, of_a_run_without_such_a_device_nothing_is_said);
	return t;
}
