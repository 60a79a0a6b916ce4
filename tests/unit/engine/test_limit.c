/* A call with limit_bytes leaves alone what lies behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "support.h"
#include "units.h"

#define FILE_BYTES (4 * MiB)
#define LIMIT      (3 * MiB - 12 * KiB) /* no round figure */
#define PATTERN    0xa5

static const char *patterned_file(void)
{
	const char *path = scratch_file("limit", 0);
	BL_CLEANUP(bl_freep) char *all = malloc(FILE_BYTES);
	BL_CLEANUP(bl_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

	memset(all, PATTERN, FILE_BYTES);
	ck_assert_int_eq(write(fd, all, FILE_BYTES), (ssize_t)FILE_BYTES);
	return path;
}

/* How many blocks of 4 KiB below and behind the limit are not as they were. */
static void count_changed(const char *path, size_t *ret_below, size_t *ret_behind)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char want[4096], block[4096];
	struct stat st;

	*ret_below = *ret_behind = 0;
	memset(want, PATTERN, sizeof want);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)FILE_BYTES);
	for (uint64_t at = 0; at < FILE_BYTES; at += sizeof block) {
		ck_assert_int_eq(pread(fd, block, sizeof block, (off_t)at), sizeof block);
		*(at < LIMIT ? ret_below : ret_behind) += memcmp(want, block, sizeof block) != 0;
	}
}

static int run(const char *text, const char *path, uint64_t limit, struct bl_err *err)
{
	struct jobs jobs = jobs_of(text);
	BL_CLEANUP(bl_freep) struct sample **samples = calloc(jobs.n, sizeof *samples);
	struct engine_call call = {
		.jobs = jobs.items, .n_jobs = jobs.n, .target = path, .limit_bytes = limit};
	int r;

	for (size_t i = 0; i < jobs.n; i++) /* filesize= makes a file of its own, unless told */
		if (!job_uses_target(&jobs.items[i]))
			snprintf(jobs.items[i].filename, sizeof jobs.items[i].filename, "%s", path);
	r = engine_run(&call, samples, err);
	for (size_t i = 0; i < jobs.n && r == 0; i++) {
		ck_assert_msg(samples[i]->error == 0, "%s", samples[i]->error_text);
		sample_free(samples[i]);
	}
	jobs_done(&jobs);
	return r;
}

/* @least: of the 765 blocks below the limit, how many the job must have changed. */
static const struct {
	const char *text;
	size_t least;
} writers[] = {
	{"[a]\nrw=randwrite\nbs=4k\n", 765},
	{"[a]\nrw=write\nbs=4k\n", 765},
	{"[a]\nrw=write\nbs=64k\n", 752},
	{"[a]\nrw=randwrite\nbs=4k\nnorandommap=1\nloops=4\n", 700},
	{"[a]\nrw=randwrite\nbsrange=4k-64k\n", 765},
	{"[a]\nrw=randwrite\nbs=4k\nrandom_distribution=zipf:1.1\nloops=2\n", 100},
	{"[a]\nrw=randwrite\nbs=4k\noffset=50%\nsize=50%\n", 380},
	{"[a]\nrw=randrw\nbs=4k\nrwmixread=20\nnumjobs=3\n", 500},
	{"[a]\nrw=write\nbs=4k\nnumjobs=4\noffset_increment=512k\n", 765},
	{"[a]\nrw=write\nbs=4k\nnumjobs=4\noffset_increment=768k\nsize=640k\n", 640},
	{"[a]\nrw=randwrite\nbs=4k\nzonemode=strided\nzonesize=256k\nzonerange=256k\n"
	 "zoneskip=256k\nio_size=2m\n",
	 100},
	{"[a]\nrw=write:8k\nbs=4k\n", 200},
	{"[a]\nrw=randwrite\nbs=4k\npercentage_random=50\n", 300},
	{"[a]\nrw=randwrite\nbs=4k\ntime_based=1\nruntime=200ms\nioengine=io_uring\niodepth=16\n",
	 765},
	{"[a]\nrw=write\nbs=4k\noffset=1m\n[b]\nrw=randwrite\nbs=4k\nsize=1m\n", 765},
};

START_TEST(no_job_writes_behind_the_limit)
{
	const char *path = patterned_file();
	struct bl_err err = BL_ERR_INIT;
	size_t below, behind;

	ck_assert_msg(run(writers[_i].text, path, LIMIT, &err) == 0, "%s: %s", writers[_i].text,
		      err.text);
	count_changed(path, &below, &behind);
	ck_assert_msg(behind == 0, "%s: %zu blocks behind the limit", writers[_i].text, behind);
	ck_assert_msg(below >= writers[_i].least, "%s: only %zu blocks", writers[_i].text, below);
}
END_TEST

/* The same job without a limit does: else the case above would show nothing. */
START_TEST(without_a_limit_the_whole_file_is_written)
{
	const char *path = patterned_file();
	size_t below, behind;

	ck_assert_int_eq(run(writers[0].text, path, 0, NULL), 0);
	count_changed(path, &below, &behind);
	ck_assert_uint_eq(below + behind, FILE_BYTES / 4096);
}
END_TEST

static const struct {
	const char *text;
	int code;
	const char *says[2];
} too_far[] = {
	{"[a]\nrw=randwrite\nbs=4k\noffset=1m\nsize=2m\n",
	 -ERANGE,
	 {"offset 1048576 and size 2097152 end behind byte 3133440", "make them smaller"}},
	{"[a]\nrw=randread\nbs=4k\nsize=4m\n",
	 -ERANGE,
	 {"offset 0 and size 4194304 end behind byte 3133440", "is not theirs"}},
	{"[a]\nrw=write\nbs=4k\noffset=3m\nsize=64k\n",
	 -ERANGE,
	 {"offset 3145728 and size 65536", "behind byte 3133440"}},
	{"[a]\nrw=write\nbs=4k\noffset=3m\n",
	 -ERANGE,
	 {"offset 3145728 is not below where its jobs must end, 3133440 bytes", ""}},
	{"[a]\nrw=write\nbs=4k\nsize=1m\nnumjobs=3\noffset_increment=1m\n",
	 -ERANGE,
	 {"offset 2097152 and size 1048576 of the last clone", "behind byte 3133440"}},
	{"[a]\nrw=write\nbs=4k\nfilesize=4m\n", -ERANGE, {"size 4194304", "behind byte 3133440"}},
	{"[a]\nrw=write\nbs=4k\nfill_device=1\n", -ERANGE, {"behind byte 3133440", ""}},
	{"[a]\nrw=write\nbs=4k\nfile_append=1\nsize=4k\n", -EINVAL, {"file_append", "3133440"}},
};

START_TEST(a_job_that_asks_for_more_is_refused_with_both_figures)
{
	const char *path = patterned_file();
	struct bl_err err = BL_ERR_INIT;
	size_t below, behind;

	ck_assert_int_eq(run(too_far[_i].text, path, LIMIT, &err), too_far[_i].code);
	for (int k = 0; k < 2; k++)
		ck_assert_msg(strstr(err.text, too_far[_i].says[k]), "'%s' does not say '%s'",
			      err.text, too_far[_i].says[k]);
	count_changed(path, &below, &behind);
	ck_assert_uint_eq(below + behind, 0);
}
END_TEST

START_TEST(a_limit_behind_the_end_changes_nothing_and_lets_no_file_grow_past_it)
{
	const char *path = scratch_file("grows", MiB);
	struct bl_err err = BL_ERR_INIT;
	struct stat st;

	ck_assert_msg(run("[a]\nrw=write\nbs=4k\n", path, 2 * MiB, &err) == 0, "%s", err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)MiB);
	ck_assert_msg(run("[a]\nrw=write\nbs=4k\nsize=2m\n", path, 2 * MiB, &err) == 0, "%s",
		      err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)(2 * MiB));
	ck_assert_int_eq(run("[a]\nrw=write\nbs=4k\nsize=3m\n", path, 2 * MiB, &err), -ERANGE);
}
END_TEST

TCase *limit_cases(void)
{
	TCase *t = tcase_create("limit");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, no_job_writes_behind_the_limit, 0, (int)BL_ARRAY_LEN(writers));
	tcase_add_test(t, without_a_limit_the_whole_file_is_written);
	tcase_add_loop_test(t, a_job_that_asks_for_more_is_refused_with_both_figures, 0,
			    (int)BL_ARRAY_LEN(too_far));
	tcase_add_test(t, a_limit_behind_the_end_changes_nothing_and_lets_no_file_grow_past_it);
	return t;
}
