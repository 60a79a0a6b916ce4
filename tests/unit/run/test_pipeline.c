/* scenario -> matrix -> plan -> runner with the fake hypervisor: every way a trial can end is a
 * record with its reason, and nothing is left behind. No VM runs. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backing.h"
#include "cleanup.h"
#include "fs.h"
#include "hv_fake.h"
#include "pipeline.h"
#include "units.h"

START_TEST(every_planned_trial_is_recorded_in_order_with_its_samples)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run("fake:",
			  "backing: { size: 4MiB }\nrepeats: 2\n"
			  "axes:\n  bus: [virtio-blk, virtio-scsi, sata, nvme-emulated]\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 8);
	for (unsigned i = 0; i < seen.n; i++) {
		const struct one *o = &seen.one[i];
		const char *drop;

		ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
		ck_assert_str_eq(o->reason, "");
		ck_assert_uint_eq(o->order, i);
		ck_assert_uint_eq(o->repeat, i / 4);
		ck_assert_uint_eq(o->n_jobs, 2);
		ck_assert_uint_eq(o->ios[0], JOB_IOS);
		ck_assert_uint_eq(o->ios[1], JOB_IOS);
		ck_assert_uint_gt(o->n_effective, 10);
		drop = strstr(o->console, "drops its caches");
		ck_assert_msg(drop && strstr(drop, "runs jobs"), "%s", o->console);
		ck_assert(o->has_xml);
		ck_assert_uint_eq(o->n_interrupts, 2); /* one CPU's queue, in both jobs */
		ck_assert_uint_gt(fact(o, "boot.start_to_hello_ns"), 0);
		ck_assert_uint_ge(fact(o, "boot.start_to_first_io_ns"),
				  fact(o, "boot.start_to_hello_ns"));
		ck_assert_uint_gt(fact(o, "clock.uncertainty_ns"), 0);
		ck_assert_str_eq(facts_get(&o->facts, "guest.agent_version"), "fake");
		ck_assert_uint_ge(fact(o, "backing.allocated_bytes"), 4 * MiB);
		ck_assert_ptr_nonnull(facts_get(&o->facts, "backing.cached_bytes"));
	}
	ck_assert_uint_eq(seen.n_stopped, 8);
	for (unsigned p = PHASE_BACKING; p < PHASES; p++)
		ck_assert_msg(seen.phases[p] > 0, "phase %s was not told", runner_phase_names[p]);
}
END_TEST

/* A rate is steady, whatever else the machine does. */
static const char rated_job[] = "[reads]\nrw=randread\nbs=4k\nsize=256k\nrate_iops=1000\n";

static const struct {
	const char *bus, *jobs;
	const char *reached; /* how it begins */
	unsigned least, most;
} rounds[] = {
	{"virtio-blk", rated_job, "yes", 5, 9},
	{"host", rated_job, "yes", 5, 9},
};

static unsigned n_words(const char *text)
{
	unsigned n = text && *text;

	for (; text && *text; text++)
		n += *text == ' ';
	return n;
}

START_TEST(a_disk_is_written_in_order_and_jobs_run_in_rounds_until_steady)
{
	BL_CLEANUP(bl_freep)
	char *yaml = bl_strf("backing: { size: 4MiB, precondition: { fill: none, sequential: 2, "
			     "round: 200ms, rounds: 9 } }\nrepeats: 1\naxes: { bus: %s }\n",
			     rounds[_i].bus);
	struct bl_err err = BL_ERR_INIT;
	const struct one *o = &seen.one[0];
	const char *reached;
	unsigned n;

	ck_assert_msg(run_jobs("fake:", yaml, rounds[_i].jobs, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
	ck_assert_str_eq(facts_get(&o->facts, "backing.purge"), "new image file");
	ck_assert_uint_eq(fact(o, "backing.written_in_order"), 2);
	reached = facts_get(&o->job_facts, "steady.reached");
	ck_assert_ptr_nonnull(reached);
	ck_assert_msg(strncmp(reached, rounds[_i].reached, strlen(rounds[_i].reached)) == 0, "%s",
		      reached);
	n = (unsigned)strtoul(facts_get(&o->job_facts, "steady.rounds"), NULL, 10);
	ck_assert_uint_ge(n, rounds[_i].least);
	ck_assert_uint_le(n, rounds[_i].most);
	ck_assert_uint_eq(n_words(facts_get(&o->job_facts, "steady.iops")), n);
	ck_assert_uint_eq(n_words(facts_get(&o->job_facts, "steady.p99_ns")), n);
	ck_assert_str_eq(facts_get(&o->job_facts, "steady.round_ns"), "200000000");
	/* The measured job is its own: as long as it was asked for, nothing of the rounds in it. */
	ck_assert_uint_eq(o->ios[0], JOB_IOS);
}
END_TEST

START_TEST(what_fails_before_it_is_measured_is_said_so)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run("fake:job-error",
			  "backing: { size: 4MiB, precondition: { fill: none, sequential: 1 } }\n"
			  "repeats: 1\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_int_eq(seen.one[0].state, TRIAL_FAILED);
	ck_assert_msg(strncmp(seen.one[0].reason, "cannot write the disk in order: ", 32) == 0,
		      "%s", seen.one[0].reason);
	drop_dir();
	make_dir();
	ck_assert_msg(run("fake:job-error",
			  "backing: { size: 4MiB, precondition: { round: 1s } }\nrepeats: 1\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_int_eq(seen.one[0].state, TRIAL_FAILED);
	ck_assert_msg(strncmp(seen.one[0].reason, "reads, round 1: ", 16) == 0, "%s",
		      seen.one[0].reason);
}
END_TEST

START_TEST(rounds_end_when_a_person_wants_it)
{
	struct bl_err err = BL_ERR_INIT;

	seen.stop_after = 2;
	ck_assert_int_eq(
		run("fake:", "backing: { size: 4MiB, precondition: { round: 24h } }\nrepeats: 1\n",
		    &err),
		-EINTR);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.one[0].state, TRIAL_INTERRUPTED);
}
END_TEST

START_TEST(blocks_may_leave_cells_out_and_end_the_plan)
{
	static const char yaml[] = "backing: { size: 4MiB }\nrepeats: 5\n"
				   "axes:\n  bus: [virtio-blk, virtio-scsi, sata]\n";
	uint32_t cell[9], repeat[9], order[9];
	struct bl_err err = BL_ERR_INIT;
	unsigned at = 0;

	ck_assert_msg(run("fake:", yaml, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(seen.n, 15);
	for (unsigned i = 0; i < 9; i++) {
		cell[i] = seen.one[i].cell;
		repeat[i] = seen.one[i].repeat;
		order[i] = seen.one[i].order;
	}
	drop_dir();
	make_dir();
	/* The second block without cell 1, the third of cell 0 alone, then the end: what runs is
	 * what the fixed plan has there, in its order. */
	who = "012|02|0|";
	ck_assert_msg(run("fake:", yaml, &err) == 0, "%s", err.text);
	who = NULL;
	ck_assert_uint_eq(seen.n, 6);
	for (unsigned i = 0; i < 9; i++) {
		if ((repeat[i] == 1 && cell[i] == 1) || (repeat[i] == 2 && cell[i] != 0))
			continue;
		ck_assert_uint_eq(seen.one[at].cell, cell[i]);
		ck_assert_uint_eq(seen.one[at].repeat, repeat[i]);
		ck_assert_uint_eq(seen.one[at++].order, order[i]);
	}
	ck_assert_uint_eq(at, 6);
}
END_TEST

static const struct {
	const char *fault;
	enum trial_state state;
	const char *says;     /* begins so */
	const char *and_says; /* and holds this */
	size_t n_jobs;
} faults[] = {
	{"mute", TRIAL_FAILED, "no hello from the guest within 1 s",
	 "its console ends with 'fake guest: no VM runs'", 0},
	{"panic", TRIAL_FAILED, "",
	 "the guest panicked: 'Kernel panic - not syncing: fake, before hello'", 0},
	{"panic-in-job", TRIAL_FAILED,
	 "job 'reads': ", "the guest panicked: 'Kernel panic - not syncing: fake, in mid-job'", 2},
	{"die-in-job", TRIAL_FAILED, "job 'reads': the guest is gone (while waiting for result)",
	 "the guest powered off", 2},
	{"silent", TRIAL_FAILED, "the guest has been silent for ", "(waiting for pong)", 0},
	{"garbage", TRIAL_FAILED, "bad message from the guest: ", "is not a JSON object", 0},
	{"oversized", TRIAL_FAILED,
	 "bad message from the guest: ", "a frame of 4294967295 bytes; 1 to ", 0},
	{"error", TRIAL_FAILED, "job 'reads': the guest says: the fake was told to fail", "", 2},
	{"no-disk", TRIAL_FAILED, "the guest says: no disk with that serial", "", 0},
	{"job-error", TRIAL_FAILED, "job 'reads': read at 4096: Input/output error", "", 2},
	{"wrong-driver", TRIAL_MISMATCH,
	 "guest.driver: asked virtio_blk, effective floppy (guest sysfs)", "", 0},
	{"escapes", TRIAL_FAILED, "job 'reads': read?]0;owned", "", 2},
	{"escape-type", TRIAL_FAILED, "the guest answered 'disk?]0;owned?",
	 "' where 'disk' was asked for", 0},
	{"escape-json", TRIAL_FAILED, "bad message from the guest: '{\"a\": ?[2J?' is not", "", 0},
	{"other-kernel", TRIAL_MISMATCH,
	 "guest.kernel: asked fake-installed, effective 6.6.6-other (guest hello)", "", 0},
	{"short-disk", TRIAL_MISMATCH, "disk size: asked 4194304 bytes, the guest sees 2097152", "",
	 0},
	{"hang", TRIAL_FAILED, "the guest did not power off within 1 s; it was ended by force", "",
	 2},
};

START_TEST(a_fault_is_a_record_with_its_reason_and_the_plan_goes_on)
{
	BL_CLEANUP(bl_freep) char *uri = bl_strf("fake:%s,ok", faults[_i].fault);
	struct bl_err err = BL_ERR_INIT;
	const struct one *o = &seen.one[0];

	ck_assert_msg(run(uri, "backing: { size: 4MiB }\nrepeats: 2\naxes: { bus: [virtio-blk] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_msg(o->state == faults[_i].state, "state %d: %s", (int)o->state, o->reason);
	ck_assert_msg(strncmp(o->reason, faults[_i].says, strlen(faults[_i].says)) == 0,
		      "'%s' does not begin with '%s'", o->reason, faults[_i].says);
	ck_assert_msg(strstr(o->reason, faults[_i].and_says) != NULL, "'%s' does not say '%s'",
		      o->reason, faults[_i].and_says);
	ck_assert_uint_eq(o->n_jobs, faults[_i].n_jobs);
	ck_assert_ptr_nonnull(strstr(o->console, "fake guest: no VM runs"));
	ck_assert(o->has_xml);
	ck_assert_msg(seen.one[1].state == TRIAL_OK, "the next trial: %s", seen.one[1].reason);
}
END_TEST

START_TEST(each_cell_runs_its_own_kernel_under_its_own_emulator)
{
	static const char *const kernels[] = {"fake-installed", "fake-other.deb"};
	static const char *const emulators[] = {"/nowhere/qemu", "/nowhere/qemu-9"};
	struct bl_err err = BL_ERR_INIT;
	unsigned met[2][2] = {{0}};

	ck_assert_msg(run("fake:",
			  "backing: { size: 1MiB }\nrepeats: 1\naxes:\n  bus: [virtio-blk]\n"
			  "  kernel: [default, /k/other.deb]\n  emulator: [default, /q/qemu-9]\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 4);
	for (unsigned i = 0; i < seen.n; i++) {
		bool k = strcmp(seen.one[i].kernel, kernels[1]) == 0;
		bool q = strcmp(seen.one[i].emulator, emulators[1]) == 0;

		ck_assert_msg(seen.one[i].state == TRIAL_OK, "%s", seen.one[i].reason);
		ck_assert_str_eq(seen.one[i].kernel, kernels[k]);
		ck_assert_str_eq(seen.one[i].emulator, emulators[q]);
		/* and remembers what it was made of */
		ck_assert_str_eq(facts_get(&seen.one[i].facts, "image.kernel"), kernels[k]);
		ck_assert_str_eq(facts_get(&seen.one[i].facts, "emulator.version"), "0.0.0");
		met[k][q]++;
	}
	ck_assert_str_eq(facts_get(&seen.environment, "image.1.kernel"), kernels[1]);
	ck_assert(met[0][0] == 1 && met[0][1] == 1 && met[1][0] == 1 && met[1][1] == 1);
}
END_TEST

START_TEST(a_run_needs_no_kernel_but_those_of_its_cells)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run("fake:",
			  "backing: { size: 1MiB }\nrepeats: 1\n"
			  "axes: { bus: [virtio-blk], kernel: [/k/a.deb] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_str_eq(facts_get(&seen.environment, "image.0.kernel"), "fake-a.deb");
	ck_assert_ptr_null(facts_get(&seen.environment, "image.1.kernel"));
	ck_assert_str_eq(seen.accel, "tcg");
}
END_TEST

static const struct {
	const char *kernel;
	enum trial_state state;
	const char *says;
} no_kernels[] = {
	{"/k/missing.deb", TRIAL_IMPOSSIBLE,
	 "guest image of kernel '/k/missing.deb': the fake has none"},
	{"/k/unreachable.deb", TRIAL_FAILED,
	 "guest image of kernel '/k/unreachable.deb': the fake does not reach it"},
};

START_TEST(a_kernel_that_cannot_be_had_is_its_cells_matter)
{
	struct bl_err err = BL_ERR_INIT;
	BL_CLEANUP(bl_freep)
	char *yaml = bl_strf("backing: { size: 1MiB }\nrepeats: 1\n"
			     "axes: { bus: [virtio-blk], kernel: [default, %s] }\n",
			     no_kernels[_i].kernel);
	unsigned n_refused = 0;

	ck_assert_msg(run("fake:", yaml, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(seen.n, 2);
	for (unsigned i = 0; i < seen.n; i++) {
		if (seen.one[i].state == TRIAL_OK)
			continue;
		ck_assert_int_eq(seen.one[i].state, no_kernels[_i].state);
		ck_assert_str_eq(seen.one[i].reason, no_kernels[_i].says);
		ck_assert_ptr_null(facts_get(&seen.one[i].facts, "emulator.version"));
		n_refused++;
	}
	ck_assert_uint_eq(n_refused, 1);
	ck_assert_ptr_nonnull(strstr(seen.notes, no_kernels[_i].says));
}
END_TEST

START_TEST(a_run_without_any_kernel_does_not_begin)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(run("fake:",
			     "backing: { size: 1MiB }\nrepeats: 1\n"
			     "axes: { bus: [virtio-blk], kernel: [/k/missing.deb] }\n",
			     &err),
			 -ENOENT);
	ck_assert_str_eq(err.text, no_kernels[0].says);
	ck_assert_uint_eq(seen.n, 0);
}
END_TEST

START_TEST(bus_host_runs_the_jobs_in_a_process_past_the_page_cache)
{
	struct bl_err err = BL_ERR_INIT;
	const struct one *o = &seen.one[0];

	ck_assert_msg(run("fake:", "backing: { size: 4MiB }\nrepeats: 1\naxes: { bus: [host] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
	ck_assert_uint_eq(o->n_jobs, 2);
	ck_assert_uint_eq(o->ios[0], JOB_IOS);
	ck_assert_uint_eq(o->ios[1], JOB_IOS);
	ck_assert(!o->has_xml);
	ck_assert_str_eq(seen.accel, "none");
	ck_assert_ptr_null(facts_get(&seen.environment, "image.0.kernel"));
	ck_assert_uint_eq(o->n_effective, 1); /* target.direct, seen in the process's flags */
}
END_TEST

/* One busy thread: the CPU time of its ramp would be several times the counted window. */
START_TEST(cpu_time_is_that_of_the_counted_window_only)
{
	static const char jobs[] =
		"[reads]\nioengine=null\nrw=randread\nbs=4k\nsize=4m\ntime_based=1\n"
		"ramp_time=1s\nruntime=250ms\n";
	struct bl_err err = BL_ERR_INIT;
	const struct one *o = &seen.one[0];

	ck_assert_msg(
		run_jobs("fake:", "backing: { size: 4MiB }\nrepeats: 1\naxes: { bus: [host] }\n",
			 jobs, &err) == 0,
		"%s", err.text);
	ck_assert_msg(o->state == TRIAL_OK, "%s", o->reason);
	ck_assert_uint_ge(o->runtime_ns, 250 * NS_PER_MS);
	ck_assert_uint_gt(o->host_cpu_ns, 0);
	ck_assert_uint_lt(o->host_cpu_ns, o->runtime_ns + 100 * NS_PER_MS);
}
END_TEST

START_TEST(a_stop_in_mid_job_ends_the_trial_and_the_run)
{
	struct bl_err err = BL_ERR_INIT;

	seen.stop_after = 1;
	ck_assert_int_eq(
		run_jobs("fake:",
			 "backing: { size: 4MiB }\nrepeats: 3\naxes: { bus: [virtio-blk] }\n",
			 endless_job, &err),
		-EINTR);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.one[0].state, TRIAL_INTERRUPTED);
	ck_assert_ptr_nonnull(strstr(err.text, "interrupted in trial 1 of 3"));
}
END_TEST

START_TEST(a_stop_on_the_host_ends_the_jobs_process)
{
	struct bl_err err = BL_ERR_INIT;

	seen.stop_after = 1;
	ck_assert_int_eq(
		run_jobs("fake:", "backing: { size: 4MiB }\nrepeats: 2\naxes: { bus: [host] }\n",
			 endless_job, &err),
		-EINTR);
	ck_assert_int_eq(seen.one[0].state, TRIAL_INTERRUPTED);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}
END_TEST

START_TEST(a_cell_that_cannot_be_is_impossible_and_the_plan_goes_on)
{
	struct bl_err err = BL_ERR_INIT;
	unsigned n_impossible = 0;

	ck_assert_msg(run("fake:",
			  "backing: { size: 4MiB }\nrepeats: 1\n"
			  "vm: { vcpus: 2 }\naxes: { bus: [virtio-blk], iothreads: [0, 2] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(seen.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		if (seen.one[i].state != TRIAL_IMPOSSIBLE)
			continue;
		n_impossible++;
		ck_assert_ptr_nonnull(strstr(seen.one[i].reason, "need QEMU 9.0 or newer"));
	}
	ck_assert_uint_eq(n_impossible, 1);
}
END_TEST

START_TEST(a_disk_that_does_not_fit_fails_its_trial_with_the_numbers)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(run("fake:", "backing: { size: 64TiB }\nrepeats: 1\naxes: { bus: [host] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert_int_eq(seen.one[0].state, TRIAL_FAILED);
	ck_assert_ptr_nonnull(strstr(seen.one[0].reason, " bytes free ("));
}
END_TEST

START_TEST(what_a_killed_run_left_is_removed_by_the_next)
{
	BL_CLEANUP(bl_freep) char *backing = bl_strf("%s/lab/backing", dir);
	BL_CLEANUP(bl_freep) char *stale = NULL, *run_dir = NULL, *log = NULL;
	struct bl_err err = BL_ERR_INIT;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	stale = bl_strf("%s/blklab-%ld-1-x.raw", backing, (long)pid);
	run_dir = bl_strf("%s/lab/runs/blklab-%ld-1-run", dir, (long)pid);
	log = bl_strf("%s/console.log", run_dir);
	ck_assert_int_eq(bl_mkdir_p(backing, NULL), 0);
	ck_assert_int_eq(bl_mkdir_p(run_dir, NULL), 0);
	ck_assert_int_eq(bl_write_file(stale, "x", 1, NULL), 0);
	ck_assert_int_eq(bl_write_file(log, "x", 1, NULL), 0);
	ck_assert_msg(run("fake:", "backing: { size: 1MiB }\nrepeats: 1\naxes: { bus: [host] }\n",
			  &err) == 0,
		      "%s", err.text);
	ck_assert(!bl_exists(stale));
	ck_assert(!bl_exists(run_dir));
	ck_assert_ptr_nonnull(strstr(seen.notes, "that a killed run left"));
}
END_TEST

START_TEST(environment_and_notes_say_that_nothing_real_ran)
{
	BL_CLEANUP(bl_freep) char *work = bl_strf("%s/lab", dir);
	BL_CLEANUP(bl_freep) char *cache = bl_strf("%s/cache", dir);
	struct runner_options opt = {
		.uri = "fake:", .work_dir = work, .cache_dir = cache, .version = "1.2.3"};
	struct scenario sc = {.backing_dir = (char[]){"auto"}, .repeats = 3};
	struct facts env = {0}, notes = {0};
	struct bl_err err = BL_ERR_INIT;
	struct runner *runner = NULL;

	ck_assert_msg(runner_open(&opt, &events, &runner, &err) == 0, "%s", err.text);
	ck_assert_msg(runner_environment(runner, &env, &err) == 0, "%s", err.text);
	ck_assert_msg(runner_notes(runner, &sc, &notes, &err) == 0, "%s", err.text);
	ck_assert_str_eq(facts_get(&env, "engine.version"), "1.2.3");
	ck_assert_str_eq(facts_get(&env, "hypervisor.uri"), "fake:");
	ck_assert_ptr_nonnull(facts_get(&notes, "fake"));
	ck_assert_ptr_nonnull(facts_get(&notes, "few-repeats"));
	runner_close(runner);
	facts_done(&env);
	facts_done(&notes);
	opt.accel = "warp";
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_eq(runner_open(&opt, &events, &runner, &err), -EINVAL);
	ck_assert_str_eq(err.text, "acceleration: 'warp' is not known; kvm or tcg");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pipeline");
	TCase *t = tcase_create("pipeline");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_loop_test(t, a_disk_is_written_in_order_and_jobs_run_in_rounds_until_steady, 0,
			    BL_ARRAY_LEN(rounds));
	tcase_add_test(t, what_fails_before_it_is_measured_is_said_so);
	tcase_add_test(t, rounds_end_when_a_person_wants_it);
	tcase_add_test(t, blocks_may_leave_cells_out_and_end_the_plan);
	tcase_add_test(t, every_planned_trial_is_recorded_in_order_with_its_samples);
	tcase_add_loop_test(t, a_fault_is_a_record_with_its_reason_and_the_plan_goes_on, 0,
			    BL_ARRAY_LEN(faults));
	tcase_add_test(t, each_cell_runs_its_own_kernel_under_its_own_emulator);
	tcase_add_test(t, a_run_needs_no_kernel_but_those_of_its_cells);
	tcase_add_loop_test(t, a_kernel_that_cannot_be_had_is_its_cells_matter, 0,
			    BL_ARRAY_LEN(no_kernels));
	tcase_add_test(t, a_run_without_any_kernel_does_not_begin);
	tcase_add_test(t, bus_host_runs_the_jobs_in_a_process_past_the_page_cache);
	tcase_add_test(t, cpu_time_is_that_of_the_counted_window_only);
	tcase_add_test(t, a_stop_in_mid_job_ends_the_trial_and_the_run);
	tcase_add_test(t, a_stop_on_the_host_ends_the_jobs_process);
	tcase_add_test(t, a_cell_that_cannot_be_is_impossible_and_the_plan_goes_on);
	tcase_add_test(t, a_disk_that_does_not_fit_fails_its_trial_with_the_numbers);
	tcase_add_test(t, what_a_killed_run_left_is_removed_by_the_next);
	tcase_add_test(t, environment_and_notes_say_that_nothing_real_ran);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
