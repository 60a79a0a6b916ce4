/* What goes wrong: before the start nothing is run, half way the sample says what and where. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

static const char *const both_engines[] = {"psync", "io_uring"};

START_TEST(a_job_that_meets_a_limit_half_way_says_at_which_offset)
{
	const struct rlimit limit = {64 * 4096, RLIM_INFINITY};
	const char *path = scratch_file("limit", 1 << 20);
	struct sample *s;
	char text[160];

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	snprintf(text, sizeof(text), "[a]\nrw=write\nioengine=%s\n", both_engines[_i]);
	run_text(text, path, &s);
	ck_assert_int_eq(s->error, EFBIG);
	ck_assert_ptr_nonnull(strstr(s->error_text,
				     "write of 4096 bytes at offset 262144: File too "
				     "large"));
	ck_assert_ptr_nonnull(strstr(s->error_text, path));
	ck_assert_uint_eq(s->dir[IO_WRITE].ios, 64);
	ck_assert_uint_eq(s->n_errors, 1);
	sample_free(s);
}
END_TEST

/* Its own small file system; where that is not allowed, the device that is always full. */
static bool mount_small(const char *dir)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", dir, "tmpfs", 0, "size=256k") == 0;
}

START_TEST(a_full_file_system_ends_the_job_with_its_name)
{
	char dir[] = "/var/tmp/blklab-full-XXXXXX", path[64] = "/dev/full", text[200];
	struct sample *s;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	if (mount_small(dir)) {
		snprintf(path, sizeof(path), "%s/file", dir);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ck_assert(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
		close(fd);
	}
	snprintf(text, sizeof(text),
		 "[a]\nrw=write\nsize=1m\nnumjobs=2\nioengine=%s\nfilename=%s\n", both_engines[_i],
		 path);
	run_text(text, NULL, &s);
	umount(dir);
	rmdir(dir);
	ck_assert_int_eq(s->error, ENOSPC);
	ck_assert_ptr_nonnull(strstr(s->error_text, "write of "));
	ck_assert_ptr_nonnull(strstr(s->error_text, "No space left on device"));
	ck_assert_uint_lt(s->dir[IO_WRITE].ios, 2 * 256);
	if (strcmp(path, "/dev/full") != 0)
		ck_assert_uint_gt(s->dir[IO_WRITE].ios, 0);
	sample_free(s);
}
END_TEST

static _Atomic bool cut_done;

static void cut_file(int sig)
{
	extern char cut_path[128];

	(void)sig;
	cut_done = truncate(cut_path, 4096) == 0;
}
char cut_path[128];

START_TEST(a_file_that_shrinks_under_a_reader_is_an_end_of_file)
{
	struct sample *s;
	char text[160];

	snprintf(cut_path, sizeof(cut_path), "%s", scratch_file("cut", 1 << 20));
	signal(SIGALRM, cut_file);
	snprintf(text, sizeof(text), "[a]\nrw=randread\nioengine=%s\ntime_based\nruntime=5\n",
		 both_engines[_i]);
	ualarm(200000, 0);
	run_text(text, cut_path, &s);
	ck_assert(cut_done);
	ck_assert_int_eq(s->error, ENODATA);
	ck_assert_ptr_nonnull(strstr(s->error_text, "read of 4096 bytes at offset "));
	ck_assert_ptr_nonnull(strstr(s->error_text, ": end of file"));
	ck_assert_uint_gt(s->dir[IO_READ].ios, 0);
	ck_assert_uint_lt(s->runtime_ns, 3000000000);
	sample_free(s);
}
END_TEST

static const struct {
	const char *text;
	int code;
	const char *says;
} refused[] = {
	{"[a]\n", -EINVAL,
	 "job 'a': no filename= and no disk under test; size= makes a file of the job's own"},
	{"[a]\nfilename=/nowhere/x\n", -EINVAL,
	 "job 'a': '/nowhere/x' does not exist; an existing file or device is accepted, or a file "
	 "with size= in bytes"},
	{"[a]\nfilename=/dev/nosuch\nsize=1m\nrw=write\n", -ENOENT,
	 "job 'a': '/dev/nosuch' does not exist; an existing file or device is accepted, or a file "
	 "with size= in bytes"},
	{"[a]\nfilename=/\n", -EINVAL, "job 'a': '/' is not a file or a device"},
	{"[a]\nfilename=/dev/zero\n", -EINVAL,
	 "job 'a': '/dev/zero': offset 0 is not below its size, 0 bytes; give size="},
	{"[a]\nioengine=null\n", -EINVAL,
	 "job 'a': 'null': offset 0 is not below its size, 0 bytes; give size="},
	{"[good]\nioengine=null\nsize=1m\n[b]\nfilename=/nowhere/x\n", -EINVAL,
	 "job 'b': '/nowhere/x' does not exist; an existing file or device is accepted, or a file "
	 "with size= in bytes"},
};

START_TEST(what_can_not_start_is_refused_with_the_job_and_what_would_be_accepted)
{
	struct jobs jobs = jobs_of(refused[_i].text);
	struct engine_call call = {.jobs = jobs.items, .n_jobs = jobs.n};
	struct bl_err err = BL_ERR_INIT;
	struct sample *s[2] = {(void *)1, (void *)2};

	ck_assert_int_eq(engine_run(&call, s, &err), refused[_i].code);
	ck_assert_str_eq(err.text, refused[_i].says);
	ck_assert_ptr_eq(s[0], (void *)1);
	jobs_done(&jobs);
}
END_TEST

START_TEST(a_file_smaller_than_a_block_is_refused)
{
	const char *path = scratch_file("small", 4000);
	struct jobs jobs = jobs_of("[a]\n");
	struct engine_call call = {.jobs = jobs.items, .n_jobs = 1, .target = path};
	struct bl_err err = BL_ERR_INIT;
	struct sample *s;

	ck_assert_int_eq(engine_run(&call, &s, &err), -ERANGE);
	ck_assert_ptr_nonnull(strstr(err.text, "4000 bytes is below one block, bs=4096"));
	jobs_done(&jobs);
}
END_TEST

TCase *failures_cases(void)
{
	TCase *t = tcase_create("failures");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_job_that_meets_a_limit_half_way_says_at_which_offset, 0, 2);
	tcase_add_loop_test(t, a_full_file_system_ends_the_job_with_its_name, 0, 2);
	tcase_add_loop_test(t, a_file_that_shrinks_under_a_reader_is_an_end_of_file, 0, 2);
	tcase_add_loop_test(t,
			    what_can_not_start_is_refused_with_the_job_and_what_would_be_accepted,
			    0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(t, a_file_smaller_than_a_block_is_refused);
	return t;
}
