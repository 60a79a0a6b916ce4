/* Ways a trial can end badly, on real VMs: the guest panics, never speaks, loses power in mid-job;
 * the user stops; the lab itself is killed. Each is a record with its reason, and nothing stays. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "lab.h"
#include "suite.h"
#include "units.h"

static const char yaml[] = "backing: { size: 16MiB }\nrepeats: 1\naxes: { bus: [virtio-blk] }\n"
			   "limits: { boot: 15s, job: 10s, shutdown: 10s }\n";
static const char short_job[] = "[r]\nrw=randread\nbs=4k\ndirect=1\ntime_based=1\nruntime=2s\n";
static const char long_job[] = "[r]\nrw=randread\nbs=4k\ndirect=1\ntime_based=1\nruntime=60s\n";

static struct lab lab;

static const struct lab_trial *one_trial(const char *words, const char *scenario)
{
	struct bl_err err = BL_ERR_INIT;

	lab_init(&lab, lab_kernel(false));
	lab.opt.extra_cmdline = words;
	ck_assert_msg(lab_run(&lab, scenario, short_job, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(lab.n_trials, 1);
	ck_assert(lab.trials[0].has_xml);
	ck_assert_int_eq(lab.trials[0].state, TRIAL_FAILED);
	return &lab.trials[0];
}

static void says(const char *text, const char *what)
{
	ck_assert_msg(strstr(text, what) != NULL, "'%s' does not say '%s'", text, what);
}

START_TEST(a_panic_is_quoted_from_the_console)
{
	const struct lab_trial *t;

	printf("a guest that panics:\n");
	t = one_trial("blklab.test=panic", yaml);
	says(t->reason, "the guest panicked");
	says(t->reason, "Kernel panic - not syncing");
	says(t->console, "Kernel panic - not syncing");
	ck_assert_ptr_null(strchr(t->console, '\033'));
	lab_done(&lab);
}
END_TEST

START_TEST(a_guest_that_never_says_hello_ends_at_the_limit)
{
	const struct lab_trial *t;

	printf("a guest that never says hello:\n");
	t = one_trial("blklab.test=mute",
		      "backing: { size: 16MiB }\nrepeats: 1\naxes: { bus: [virtio-blk] }\n"
		      "limits: { boot: 8s, job: 10s, shutdown: 10s }\n");
	says(t->reason, "no hello from the guest within 8 s");
	says(t->reason, "console");
	lab_done(&lab);
}
END_TEST

START_TEST(a_guest_that_loses_power_in_mid_job_is_gone)
{
	const struct lab_trial *t;

	printf("a guest that dies in mid-job:\n");
	t = one_trial("blklab.test=die-in-job", yaml);
	says(t->reason, "job 'r': the guest is gone");
	ck_assert_uint_eq(t->n_jobs, 1);
	ck_assert_uint_eq(t->ios[0], 0); /* no sample came */
	lab_done(&lab);
}
END_TEST

/* Requests are under way, not only the questions before them. */
static bool is_in_job(const struct runner_progress *p)
{
	return p->phase == PHASE_JOB && p->iops > 0;
}

static void kill_qemu(struct lab *l, const struct runner_progress *p)
{
	if (is_in_job(p) && !l->stop_sent)
		l->stop_sent = lab_kill_qemu(l->dir) == 1;
}

START_TEST(a_qemu_that_is_killed_in_mid_job_is_gone)
{
	struct bl_err err = BL_ERR_INIT;

	printf("a QEMU that is killed in mid-job:\n");
	lab_init(&lab, lab_kernel(false));
	lab.progress = kill_qemu;
	ck_assert_msg(lab_run(&lab, yaml, long_job, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(lab.n_trials, 1);
	ck_assert_int_eq(lab.trials[0].state, TRIAL_FAILED);
	says(lab.trials[0].reason, "job 'r': the guest is gone");
	lab_done(&lab);
}
END_TEST

static uint64_t stopped_at_ns;

static void stop_in_job(struct lab *l, const struct runner_progress *p)
{
	if (!is_in_job(p) || l->stop)
		return;
	stopped_at_ns = bl_now_ns();
	l->stop = 1;
}

START_TEST(a_stop_ends_the_vm_at_once)
{
	struct bl_err err = BL_ERR_INIT;
	uint64_t took;

	printf("a stop in mid-job:\n");
	lab_init(&lab, lab_kernel(false));
	lab.progress = stop_in_job;
	ck_assert_int_eq(lab_run(&lab, yaml, long_job, &err), -EINTR);
	took = bl_now_ns() - stopped_at_ns;
	ck_assert_uint_eq(lab.n_trials, 1);
	ck_assert_int_eq(lab.trials[0].state, TRIAL_INTERRUPTED);
	printf("  %.0f ms from the stop until all was gone\n", (double)took / 1e6);
	ck_assert_uint_lt(took, 5 * NS_PER_S);
	lab_done(&lab);
}
END_TEST

/* --- kill -9 --- */

static int job_pipe[2];

static void tell_parent(struct lab *l, const struct runner_progress *p)
{
	(void)l;
	if (is_in_job(p) && write(job_pipe[1], "j", 1) < 0)
		_exit(1);
}

static void run_until_killed(void)
{
	struct bl_err err = BL_ERR_INIT;

	lab.progress = tell_parent;
	lab_run(&lab, yaml, long_job, &err);
	fprintf(stderr, "was not killed: %s\n", err.text);
	_exit(1);
}

START_TEST(the_next_run_ends_what_a_killed_one_left)
{
	struct bl_err err = BL_ERR_INIT;
	pid_t pid;
	char c;

	printf("kill -9 of the lab in mid-job, then another run:\n");
	lab_init(&lab, lab_kernel(false));
	ck_assert_int_eq(pipe(job_pipe), 0);
	pid = fork();
	if (pid == 0)
		run_until_killed();
	ck_assert_int_eq(read(job_pipe[0], &c, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	usleep(300000);
	ck_assert_uint_eq(lab_n_qemu(lab.dir), 1);
	ck_assert_uint_eq(lab_n_files(&lab, "work/backing"), 1);
	ck_assert_uint_eq(lab_n_files(&lab, "work/runs"), 1);
	printf("  left behind: 1 qemu, 1 disk, 1 folder\n");
	ck_assert_msg(lab_run(&lab, yaml, short_job, &err) == 0, "%s", err.text);
	says(lab.notes, "ended the VM 'blklab-");
	says(lab.notes, "removed 'blklab-");
	ck_assert_uint_eq(lab.n_trials, 1);
	ck_assert_msg(lab.trials[0].state == TRIAL_OK, "%s", lab.trials[0].reason);
	lab_done(&lab);
}
END_TEST

/* --- acceleration --- */

/* One run in a process of its own, because a process uses one root of the embedded driver once.
 * How the acceleration was decided goes to @to. */
static void run_and_tell(const char *to)
{
	struct bl_err err = BL_ERR_INIT;
	const char *how;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid > 0) {
		waitpid(pid, &status, 0);
		ck_assert_int_eq(status, 0);
		return;
	}
	if (lab_run(&lab, yaml, short_job, &err) < 0 || lab.trials[0].state != TRIAL_OK)
		_exit(1);
	/* What was proved is what runs: the effective configuration holds it. */
	if ((strcmp(lab.accel, "tcg") == 0) != (facts_get(&lab.trust, "emulated-cpu") != NULL))
		_exit(2);
	how = facts_get(&lab.environment, "accel.how");
	if (!how || bl_write_file(to, how, strlen(how), NULL) < 0)
		_exit(3);
	_exit(0);
}

START_TEST(acceleration_is_proved_once_and_remembered)
{
	BL_CLEANUP(bl_freep) char *cache = NULL, *to = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf first = BL_BUF_INIT, second = BL_BUF_INIT;

	printf("the acceleration probe:\n");
	lab_init(&lab, lab_kernel(false));
	cache = bl_strf("%s/cache", lab.dir);
	to = bl_strf("%s/how", lab.dir);
	lab.opt.accel = NULL;
	lab.opt.cache_dir = cache;
	run_and_tell(to);
	ck_assert_int_eq(bl_read_file(to, 4096, &first, NULL), 0);
	run_and_tell(to);
	ck_assert_int_eq(bl_read_file(to, 4096, &second, NULL), 0);
	if (access("/dev/kvm", R_OK | W_OK) == 0)
		bl_buf_adds(&first, " (remembered)");
	ck_assert_str_eq(bl_buf_str(&first), bl_buf_str(&second));
	lab_done(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ends");
	TCase *t = tcase_create("ends");

	tcase_set_timeout(t, 150);
	tcase_add_test(t, a_panic_is_quoted_from_the_console);
	tcase_add_test(t, a_guest_that_never_says_hello_ends_at_the_limit);
	tcase_add_test(t, a_guest_that_loses_power_in_mid_job_is_gone);
	tcase_add_test(t, a_qemu_that_is_killed_in_mid_job_is_gone);
	tcase_add_test(t, a_stop_ends_the_vm_at_once);
	tcase_add_test(t, the_next_run_ends_what_a_killed_one_left);
	tcase_add_test(t, acceleration_is_proved_once_and_remembered);
	suite_add_tcase(s, t);
	return suite_run(s);
}
