/* The schedule of rated jobs, stopping, and live counters. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static const char *const rated[] = {
	"ioengine=psync\n",
	"ioengine=io_uring\niodepth=8\n",
	"ioengine=null\nsize=1m\n",
};

START_TEST(a_rated_job_keeps_its_rate_in_each_direction)
{
	const char *path = scratch_file("rate", 1 << 20);
	char text[200];
	struct sample *s;

	snprintf(text, sizeof(text), "[a]\nrw=randrw\nrate_iops=500\ntime_based\nruntime=600ms\n%s",
		 rated[_i]);
	s = run_one(text, path);
	/* What is missing at the end is what a standstill of a busy machine kept from being
	 * issued; three of them in a row are no accident. */
	for (int again = 0; s->dir[IO_READ].ios < 290 && again < 2; again++) {
		sample_free(s);
		s = run_one(text, path);
	}
	for (int d = IO_READ; d <= IO_WRITE; d++) {
		ck_assert_uint_ge(s->dir[d].ios, 280);
		ck_assert_uint_le(s->dir[d].ios, 300);
		ck_assert_ptr_nonnull(s->dir[d].sched);
		ck_assert_uint_ge(s->dir[d].sched->sum_ns, s->dir[d].lat->sum_ns);
	}
	ck_assert_uint_ge(s->runtime_ns, 600000000);
	sample_free(s);
}
END_TEST

static uint64_t n_calls(const char *which)
{
	FILE *f = fopen("/proc/self/io", "re");
	unsigned long long n = 0;
	char line[100];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, which, strlen(which)))
			n = strtoull(line + strlen(which), NULL, 10);
	if (f)
		fclose(f);
	return n;
}

/* After a wait there is nothing queued, and so nothing to hand over. */
START_TEST(a_job_that_waits_does_no_io_of_which_it_does_not_tell)
{
	const char *path = scratch_file("calls", 1 << 20);
	uint64_t reads = n_calls("syscr:"), writes = n_calls("syscw:");
	struct sample *s =
		run_one("[a]\nioengine=psync\nrw=randrw\nrate_iops=300\n"
			"thinktime=1ms\nthinktime_blocks=10\ntime_based\nruntime=500ms\n",
			path);

	reads = n_calls("syscr:") - reads;
	writes = n_calls("syscw:") - writes;
	ck_assert_uint_gt(s->dir[IO_READ].ios, 50);
	/* A few are the test's, and of /proc and /sys. */
	ck_assert_uint_le(writes, s->dir[IO_WRITE].ios + 40);
	ck_assert_uint_le(reads, s->dir[IO_READ].ios + 40);
	sample_free(s);
}
END_TEST

/* Sends its histogram's p50, p90 and maximum through the pipe. */
static void stalled_job(int to, const char *how, const char *path)
{
	char text[200];
	struct sample *s;
	uint64_t out[4] = {0};

	snprintf(text, sizeof(text), "[a]\nrw=randread\nrate_iops=1000\ntime_based\nruntime=5\n%s",
		 how);
	s = run_one(text, path);
	hist_percentile(&s->dir[IO_READ].sched->hist, 50, &out[0]);
	hist_percentile(&s->dir[IO_READ].sched->hist, 90, &out[1]);
	out[2] = s->dir[IO_READ].sched->max_ns;
	out[3] = s->dir[IO_READ].ios;
	_exit(write(to, out, sizeof(out)) == sizeof(out) ? 0 : 1);
}

START_TEST(a_second_of_standstill_is_seen_by_every_request_it_delayed)
{
	const char *path = scratch_file("stall", 1 << 20);
	uint64_t got[4];
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		stalled_job(fds[1], rated[_i], path);
	pause_ms(2000);
	kill(pid, SIGSTOP);
	pause_ms(1000);
	kill(pid, SIGCONT);
	ck_assert_int_eq(read(fds[0], got, sizeof(got)), sizeof(got));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	/* A fifth of 5000 requests waited for 0 to 1 s: so p90 is the middle of that. */
	ck_assert_uint_ge(got[3], 4600); /* fewer when the end stood still, too */
	ck_assert_uint_lt(got[0], 50000000);
	ck_assert_msg(got[1] > 400000000 && got[1] < 650000000, "p90 %.3f s", (double)got[1] / 1e9);
	ck_assert_msg(got[2] > 950000000 && got[2] < 1300000000, "max %.3f s",
		      (double)got[2] / 1e9);
}
END_TEST

struct stopper {
	_Atomic bool stop;
	struct engine_progress progress;
	uint64_t ios_before, elapsed_before;
};

static void *stop_soon(void *arg)
{
	struct stopper *s = arg;

	pause_ms(450);
	s->ios_before = atomic_load(&s->progress.ios);
	s->elapsed_before = atomic_load(&s->progress.elapsed_ns);
	atomic_store(&s->stop, true);
	return NULL;
}

START_TEST(a_stopped_job_ends_early_with_what_it_measured)
{
	struct jobs jobs = jobs_of("[a]\nioengine=null\nsize=1m\nrate_iops=1000\ntime_based\n"
				   "runtime=20\n");
	struct stopper st = {0};
	struct engine_call call = {
		.jobs = jobs.items, .n_jobs = 1, .progress = &st.progress, .stop = &st.stop};
	struct bl_err err = BL_ERR_INIT;
	struct sample *s;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, stop_soon, &st), 0);
	ck_assert_msg(engine_run(&call, &s, &err) == 0, "%s", err.text);
	pthread_join(thread, NULL);
	ck_assert_int_eq(s->error, 0);
	ck_assert_uint_lt(s->runtime_ns, 3000000000);
	ck_assert_uint_gt(s->dir[IO_READ].ios, 100);
	ck_assert_uint_gt(st.ios_before, 50); /* counters move while the job runs */
	ck_assert_uint_gt(st.elapsed_before, 100000000);
	ck_assert_uint_eq(atomic_load(&st.progress.ios), s->dir[IO_READ].ios);
	ck_assert_uint_eq(atomic_load(&st.progress.bytes), s->dir[IO_READ].bytes);
	sample_free(s);
	jobs_done(&jobs);
}
END_TEST

TCase *pace_cases(void)
{
	TCase *t = tcase_create("pace");

	tcase_set_timeout(t, 40);
	tcase_add_loop_test(t, a_rated_job_keeps_its_rate_in_each_direction, 0, 3);
	tcase_add_test(t, a_job_that_waits_does_no_io_of_which_it_does_not_tell);
	tcase_add_loop_test(t, a_second_of_standstill_is_seen_by_every_request_it_delayed, 0, 2);
	tcase_add_test(t, a_stopped_job_ends_early_with_what_it_measured);
	return t;
}
