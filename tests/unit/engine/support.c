#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jobfile.h"

static char scratch[4][128];
static unsigned n_scratch;

static void remove_scratch(void)
{
	for (unsigned i = 0; i < n_scratch; i++)
		unlink(scratch[i]);
}

const char *scratch_file(const char *name, uint64_t bytes)
{
	char *path = scratch[n_scratch];
	int fd;

	ck_assert_uint_lt(n_scratch, 4);
	snprintf(path, sizeof(scratch[0]), "/var/tmp/blklab-%d-%s", (int)getpid(), name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)bytes), 0);
	close(fd);
	if (!n_scratch++)
		atexit(remove_scratch);
	return path;
}

struct jobs jobs_of(const char *text)
{
	struct bl_err err = BL_ERR_INIT;
	struct jobs jobs;

	ck_assert_msg(jobfile_parse(text, "test", &jobs, &err) == 0, "%s", err.text);
	return jobs;
}

void run_text(const char *text, const char *target, struct sample **ret_samples)
{
	struct jobs jobs = jobs_of(text);
	struct engine_call call = {.jobs = jobs.items, .n_jobs = jobs.n, .target = target};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(engine_run(&call, ret_samples, &err) == 0, "%s", err.text);
	jobs_done(&jobs);
}

struct sample *run_one(const char *text, const char *target)
{
	struct sample *s = NULL;

	run_text(text, target, &s);
	ck_assert_msg(s->error == 0, "%s", s->error_text);
	return s;
}

bool *written_blocks(const char *path, uint64_t bs, size_t *ret_n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *block = malloc(bs), *zeros = calloc(1, bs);
	struct stat st;
	bool *is;

	ck_assert(fd >= 0 && block && zeros && fstat(fd, &st) == 0);
	*ret_n = (size_t)st.st_size / bs;
	is = calloc(*ret_n + 1, sizeof(*is));
	for (size_t i = 0; i < *ret_n; i++) {
		ck_assert_int_eq(pread(fd, block, bs, (off_t)(i * bs)), (ssize_t)bs);
		is[i] = memcmp(block, zeros, bs) != 0;
	}
	close(fd);
	free(block);
	free(zeros);
	return is;
}

size_t count_true(const bool *b, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += b[i];
	return count;
}
