/* Jobs on the host in a process of their own: they run only while somebody watches them. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "host_jobs.h"
#include "jobfile.h"
#include "units.h"

#define TARGET_BYTES (64 * KiB)

static char dir[64];
static char *target;
static struct jobs jobs;

/* How the child tells the kernel that it is to end with its parent. */
static enum { PRCTL_SAYS, PRCTL_LATE, PRCTL_NOT } how;

int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);
int __wrap_prctl(int option, ...)
{
	unsigned long arg;
	va_list ap;

	va_start(ap, option);
	arg = va_arg(ap, unsigned long);
	va_end(ap);
	if (option == PR_SET_PDEATHSIG && how == PRCTL_NOT)
		return 0;
	if (option == PR_SET_PDEATHSIG && how == PRCTL_LATE)
		usleep(300000);
	return __real_prctl(option, arg);
}

static void begin(void)
{
	static const char text[] = "[a]\nrw=write\nbs=4k\nsize=64k\nioengine=psync\n";
	struct bl_err err = BL_ERR_INIT;

	fresh_dir(dir);
	target = bl_strf("%s/target", dir);
	ck_assert_int_eq(close(open(target, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert_int_eq(truncate(target, TARGET_BYTES), 0);
	ck_assert_msg(jobfile_parse(text, "jobs", &jobs, &err) == 0, "%s", err.text);
	how = PRCTL_SAYS;
}

static void end(void)
{
	jobs_done(&jobs);
	free(target);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

static bool is_written(void)
{
	BL_CLEANUP(bl_closep) int fd = open(target, O_RDONLY | O_CLOEXEC);
	static const char zeros[TARGET_BYTES];
	char now[TARGET_BYTES];

	ck_assert_int_eq(read(fd, now, sizeof now), sizeof now);
	return memcmp(now, zeros, sizeof now) != 0;
}

static int run(void (*started)(void *ctx, pid_t pid))
{
	struct host_jobs h = {.jobs = jobs.items,
			      .n_jobs = jobs.n,
			      .target = target,
			      .limit_ns = 30 * NS_PER_S,
			      .started = started};
	struct sample *sample = NULL;
	int r = host_jobs_run(&h, &sample, NULL);

	sample_free(sample);
	return r;
}

START_TEST(jobs_that_are_watched_run)
{
	ck_assert_int_eq(run(NULL), 0);
	ck_assert(is_written());
}
END_TEST

static void die(void *ctx, pid_t pid)
{
	(void)ctx;
	(void)pid;
	if (how == PRCTL_NOT) /* the child waits for the word */
		usleep(300000);
	_exit(0);
}

/* Their parent dies before it has given the word: nothing is written. */
START_TEST(orphans_write_nothing)
{
	struct pollfd p;
	int alive[2]; /* held by the parent and the jobs' process */
	pid_t pid;

	how = _i ? PRCTL_NOT : PRCTL_LATE;
	ck_assert_int_eq(pipe2(alive, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		_exit(run(die) < 0);
	close(alive[1]);
	p = (struct pollfd){.fd = alive[0], .events = POLLIN};
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(poll(&p, 1, 30000), 1);
	close(alive[0]);
	ck_assert(!is_written());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("host jobs");
	TCase *t = tcase_create("host jobs");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, jobs_that_are_watched_run);
	tcase_add_loop_test(t, orphans_write_nothing, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
