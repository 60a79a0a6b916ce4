/* Any text is refused with a reason or is jobs that survive being written and read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fuzz.h"
#include "jobfile.h"

const char *const fuzz_words[] = {
	"\n",
	"\n[a]\n",
	"[global]\n",
	"=",
	"%",
	";",
	"#",
	",",
	":",
	"/",
	"-",
	"+",
	"*",
	"(",
	")",
	"rw=",
	"randread",
	"randrw",
	"trimwrite",
	"randread:8",
	"write:-4k",
	"bs=",
	"bsrange=1k-4k,8k:2k,",
	"bssplit=4k/60:64k/,1k,",
	"size=",
	"io_size=",
	"offset=",
	"offset_increment=10%",
	"filesize=1m-4m",
	"nrfiles=",
	"filename=a:b\\:c",
	"directory=",
	"filename_format=$jobname",
	"iodepth=",
	"iodepth_batch=",
	"numjobs=",
	"runtime=",
	"ramp_time=",
	"startdelay=1s-5s",
	"loops=0",
	"thinktime=",
	"thinktime_iotime=",
	"fsync=",
	"fdatasync=1",
	"rate=1m,,3m",
	"rate_iops=",
	",200",
	"rate_min=",
	"max_latency=10ms,1",
	"randseed=",
	"stonewall",
	"time_based",
	"new_group",
	"group_reporting",
	"wait_for=a",
	"name=b",
	"direct=1",
	"buffered=",
	"rwmixwrite=",
	"${HOME}",
	"$pagesize",
	"$mb_memory",
	"2*$ncpus-1",
	"kb_base=1000",
	"kb_base=",
	"ioengine=",
	"io_uring",
	"libaio",
	"pvsync2",
	"psync",
	"null",
	"posixaio",
	"fixedbufs",
	"hipri",
	"nowait=1",
	"cmdprio_percentage=50,20",
	"random_distribution=zipf:1.2:0.5",
	"random_distribution=pareto:",
	"zoned:60/10:40/,",
	"zoned_abs:50/1m:50/4g",
	"normal:",
	"percentage_random=",
	"zonemode=strided",
	"zonesize=",
	"steadystate=iops_slope:0.3%",
	"ss=bw:1m",
	"ss_dur=10",
	"percentile_list=99:50:0",
	"latency_percentile=9.5",
	"verify=",
	"crc32c",
	"pattern",
	"verify_interval=512",
	"verify_pattern=0xff%o\"a\"-12",
	"buffer_pattern=",
	"buffer_compress_percentage=",
	"continue_on_error=io",
	"ignore_error=EIO,5:ENOSPC",
	"cpus_allowed=0-3,5",
	"cpumask=0xf",
	"numa_mem_policy=bind:0-1",
	"nice=-5",
	"uid=",
	"write_bw_log",
	"write_lat_log=",
	"gtod_reduce=1",
	"unified_rw_reporting=both",
	"zonemode=zbd",
	"read_iolog=x",
	"mem=shm",
	"include x",
	"4k",
	"4kib",
	"1m",
	"0x10",
	"100%",
	"0",
	"-1",
	"18446744073709551616",
	"1e9",
	"nan",
	"0x",
	"10s",
	"500ms",
	"1.5",
	"\\:",
	"\xc3\xa9",
	"\xff",
	"\t",
	"\r\n",
};
const size_t n_fuzz_words = BL_ARRAY_LEN(fuzz_words);
unsigned long n_fuzz_accepted;

static void check_job(const struct job *job)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf once = BL_BUF_INIT, twice = BL_BUF_INIT;
	BL_CLEANUP(jobs_done) struct jobs again = {0};
	struct bl_err err = BL_ERR_INIT;
	int r = job_check(job, &err);
	struct job alone = *job;

	FUZZ_MUST(r == 0);
	alone.wait_for[0] = '\0'; /* the other job is not in the text */
	job_to_text(&alone, &once);
	FUZZ_MUST(!bl_buf_failed(&once));
	r = jobfile_parse(bl_buf_str(&once), "again", &again, &err);
	if (r < 0)
		fprintf(stderr, "%s\n%s", err.text, bl_buf_str(&once));
	FUZZ_MUST(r == 0);
	FUZZ_MUST(again.n == 1);
	job_to_text(&again.items[0], &twice);
	if (strcmp(bl_buf_str(&once), bl_buf_str(&twice)) != 0)
		fprintf(stderr, "%s\nis read back as\n%s", bl_buf_str(&once), bl_buf_str(&twice));
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
