/* Any text is refused with a reason or is jobs that survive being written and read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fuzz.h"
#include "jobfile.h"

const char *const fuzz_words[] = {
	"\n",         "\n[a]\n",    "[global]\n", "=",
	"%",          ";",          "#",          "rw=",
	"randread",   "randrw",     "bs=",        "size=",
	"io_size=",   "offset=",    "iodepth=",   "numjobs=",
	"runtime=",   "ramp_time=", "fsync=",     "fdatasync=1",
	"rate_iops=", "randseed=",  "stonewall",  "time_based",
	"direct=1",   "filename=",  "${HOME}",    "kb_base=1000",
	"ioengine=",  "io_uring",   "psync",      "null",
	"4k",         "4kib",       "1m",         "0x10",
	"100%",       "0",          "-1",         "18446744073709551616",
	"1e9",        "10s",        "500ms",      "\\:",
	"\xc3\xa9",   "\xff",       "\t",         "\r\n",
};
const size_t n_fuzz_words = BL_ARRAY_LEN(fuzz_words);
unsigned long n_fuzz_accepted;

static void check_job(const struct job *job)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf once = BL_BUF_INIT, twice = BL_BUF_INIT;
	BL_CLEANUP(jobs_done) struct jobs again = {0};
	struct bl_err err = BL_ERR_INIT;
	int r = job_check(job, &err);

	FUZZ_MUST(r == 0);
	job_to_text(job, &once);
	FUZZ_MUST(!bl_buf_failed(&once));
	r = jobfile_parse(bl_buf_str(&once), "again", &again, &err);
	if (r < 0)
		fprintf(stderr, "%s\n%s", err.text, bl_buf_str(&once));
	FUZZ_MUST(r == 0);
	FUZZ_MUST(again.n == 1);
	job_to_text(&again.items[0], &twice);
	FUZZ_MUST(strcmp(bl_buf_str(&once), bl_buf_str(&twice)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BL_CLEANUP(jobs_done) struct jobs jobs = {0};
	BL_CLEANUP(bl_freep) char *text = malloc(size + 1);
	struct bl_err err = BL_ERR_INIT;
	int r;

	FUZZ_MUST(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	r = jobfile_parse(text, "fuzz.fio", &jobs, &err);
	if (r < 0) {
		FUZZ_MUST(err.code == r);
		FUZZ_MUST(err.text[0]);
		FUZZ_MUST(jobs.items == NULL && jobs.n == 0);
		return 0;
	}
	n_fuzz_accepted++;
	for (size_t i = 0; i < jobs.n; i++)
		check_job(&jobs.items[i]);
	return 0;
}
