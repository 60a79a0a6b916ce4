/* The job language: what is read, what is refused and how it is said, and that the
 * canonical text reads back as the same job. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "jobfile.h"
#include "units.h"

static void parse(const char *text, struct jobs *jobs)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(jobfile_parse(text, "t.fio", jobs, &err) == 0, "%s", err.text);
}

static const struct {
	const char *text;
	int code;
	const char *says;
} bad[] = {
	{"", -EINVAL, "t.fio: no job; at least one [section] is needed"},
	{"[global]\nbs=4k\n", -EINVAL, "t.fio: no job; at least one [section] is needed"},
	{"bs=4k\n[a]\n", -EINVAL, "t.fio:1: 'bs=4k' is before the first [section]"},
	{"[a\n", -EINVAL, "t.fio:1: '[a' has no closing ']'"},
	{"[a]\niodpeth=4\n", -EINVAL,
	 "t.fio:2: iodpeth: unknown option; the nearest known is 'iodepth'"},
	{"[a]\nqqqqqqqqqq=4\n", -EINVAL, "t.fio:2: qqqqqqqqqq: unknown option; none is like it"},
	{"[a]\n\n; note\nrunt=4\n", -EINVAL,
	 "t.fio:4: runt: unknown option; the nearest known is 'runtime'"},
	{"[a]\nioengine=posixaio\n", -EINVAL,
	 "t.fio:2: ioengine: 'posixaio' is not supported, the nearest is 'io_uring'; accepted: "
	 "psync, sync, pvsync, pvsync2, libaio, io_uring, null, nop"},
	{"[a]\niodepth=0\n", -ERANGE, "t.fio:2: iodepth: '0' is below the least, 1"},
	{"[a]\niodepth=lots\n", -EINVAL, "t.fio:2: iodepth: 'lots' is not a whole number"},
	{"[a]\nrwmixread=101\n", -ERANGE, "t.fio:2: rwmixread: '101' is above the most, 100"},
	{"[a]\nrwmixwrite=101\n", -EINVAL,
	 "t.fio:2: rwmixwrite: '101' is not a whole number from 0 to 100"},
	{"[a]\nbs=4k,8k,16k,32k\n", -EINVAL,
	 "t.fio:2: bs: '4k,8k,16k,32k' has more than the three parts for reads, writes and trims"},
	{"[a]\nbs=4k-8k\n", -EINVAL,
	 "t.fio:2: bs: '4k-8k' is not one size; for a range use bsrange=4k-8k"},
	{"[a]\nbs=,\n", -EINVAL, "t.fio:2: bs: ',' has no value"},
	{"[a]\nbs=0\n", -ERANGE, "t.fio:2: bs: '0' is below the least, 1"},
	{"[a]\nbsrange=4k\n", -EINVAL, "t.fio:2: bsrange: '4k' is not a range, for example 1k-4k"},
	{"[a]\nbssplit=4k/60:8k/50\n", -EINVAL,
	 "t.fio:2: bssplit: the percentages add up to 110, at most 100"},
	{"[a]\nbssplit=4k/101\n", -EINVAL,
	 "t.fio:2: bssplit: '101' is not a percentage from 0 to 100"},
	{"[a]\nbssplit=foo\n", -EINVAL,
	 "t.fio:2: bssplit: 'foo' is not a size in bytes, for example 4096, 4k, 1m"},
	{"[a]\nrandom_distribution=zipf:1\n", -EINVAL,
	 "t.fio:2: random_distribution: '1' is not a theta other than 1"},
	{"[a]\nrandom_distribution=pareto:1\n", -EINVAL,
	 "t.fio:2: random_distribution: '1' is not a number between 0 and 1"},
	{"[a]\nrandom_distribution=normal:101\n", -EINVAL,
	 "t.fio:2: random_distribution: '101' is not a deviation from 0 to 99.9 percent"},
	{"[a]\nrandom_distribution=zipf:1.2:1.5\n", -EINVAL,
	 "t.fio:2: random_distribution: '1.5' is not a center from 0 to 1"},
	{"[a]\nrandom_distribution=zoned:60/10:30/20\n", -EINVAL,
	 "t.fio:2: random_distribution: the access percentages add up to 90, not 100"},
	{"[a]\nrandom_distribution=zoned:50/50:50/60\n", -EINVAL,
	 "t.fio:2: random_distribution: the sizes add up to 110%, at most 100%"},
	{"[a]\nrate=1m\nrate_iops=,100\n", -EINVAL,
	 "t.fio:2: [a]: rate: bytes and requests a second can't both be given"},
	{"[a]\nrate=1m\nrate_min=2m\n", -EINVAL,
	 "t.fio:3: [a]: rate_min: is above the rate itself"},
	{"[a]\nzonemode=strided\n", -EINVAL,
	 "t.fio:1: [a]: zonesize: is needed by zonemode=strided"},
	{"[a]\nzonesize=1m\n", -EINVAL, "t.fio:2: [a]: zonesize: needs zonemode=strided"},
	{"[a]\nzonemode=zbd\n", -EINVAL,
	 "t.fio:2: zonemode: 'zbd' is not supported, zoned block devices are not run; accepted: "
	 "none, strided"},
	{"[a]\nwait_for=zz\n", -EINVAL, "t.fio:2: [a]: wait_for: 'zz' is not a job"},
	{"[a]\nwait_for=a\n", -EINVAL, "t.fio:2: [a]: wait_for: 'a' is the job itself"},
	{"[a]\npercentile_list=101\n", -ERANGE,
	 "t.fio:2: percentile_list: '101' is not from 0 to 100"},
	{"[a]\npercentile_list=1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21\n", -E2BIG,
	 "t.fio:2: percentile_list: more than 20 percentiles"},
	{"[a]\nsteadystate=iops\n", -EINVAL,
	 "t.fio:2: steadystate: 'iops' is not a criterion and a limit, for example iops:1%, "
	 "iops_slope:0.3%, bw:1m, bw_slope:1%"},
	{"[a]\ncontinue_on_error=read,write\n", -EINVAL,
	 "t.fio:2: continue_on_error: 'read,write' is not supported; accepted: none, read, write, "
	 "io, verify, all, 0, 1"},
	{"[a]\nverify=foo\nrw=write\n", -EINVAL,
	 "t.fio:2: verify: 'foo' is not supported; accepted: 0, md5, crc64, crc32, crc32c-intel, "
	 "crc32c, crc16, crc7, sha1, sha256, sha512, sha3-224, sha3-256, sha3-384, sha3-512, "
	 "xxhash, "
	 "meta, pattern, null, pattern_hdr"},
	{"[a]\nverify_interval=40\n", -ERANGE,
	 "t.fio:2: verify_interval: '40' is below the least, 80"},
	{"[a]\nverify_pattern=foo\n", -EINVAL,
	 "t.fio:2: verify_pattern: 'foo' is no pattern; 0x.. digits, \"text\", 'path', a whole "
	 "number or %o are accepted"},
	{"[a]\nignore_error=EFOO\n", -EINVAL,
	 "t.fio:2: ignore_error: 'EFOO' is not an error, for example EIO, ENOSPC, 5"},
	{"[a]\ncpus_allowed=a\n", -EINVAL,
	 "t.fio:2: cpus_allowed: 'a' is not a list of numbers, for example 0-3,5"},
	{"[a]\nnuma_mem_policy=foo\n", -EINVAL,
	 "t.fio:2: numa_mem_policy: 'foo' is not one of default, local, prefer:NODE, bind:LIST, "
	 "interleave:LIST"},
	{"[a]\nnice=-21\n", -ERANGE, "t.fio:2: nice: '-21' is below the least, -20"},
	{"[a]\nread_iolog=x\n", -EINVAL,
	 "t.fio:2: read_iolog: not supported: traces are not replayed"},
	{"[a]\nreplay_skip=read\n", -EINVAL,
	 "t.fio:2: replay_skip: not supported: traces are not replayed"},
	{"[a]\nio_submit_mode=offload\n", -EINVAL,
	 "t.fio:2: io_submit_mode: 'offload' is not supported, a clone submits its requests "
	 "itself; "
	 "only inline is"},
	{"[a]\nmem=mmaphuge\n", -EINVAL,
	 "t.fio:2: mem: 'mmaphuge' is not supported, buffers are anonymous pages; only malloc mmap "
	 "shm mmapshared is"},
	{"[global]\nzonesize=1m\n[a]\n", -EINVAL, "t.fio:2: [a]: zonesize: needs zonemode=strided"},
	{"[a]\nhipri\n", -EINVAL,
	 "t.fio:2: [a]: hipri: is not an option of ioengine=psync, but of pvsync2, io_uring"},
	{"[a]\nruntime=1.5\n", -EINVAL,
	 "t.fio:2: runtime: '1.5' is not a time, for example 10, 10s, 500ms, 2m"},
	{"[a]\nbs=8k\n[b]\nruntime=1x\nkb_base=1000\n", -EINVAL,
	 "t.fio:4: runtime: '1x' is not a time, for example 10, 10s, 500ms, 2m"},
	{"[a]\nbs=(2*4096)\n", -EINVAL,
	 "t.fio:2: bs: '(2*4096)' is not a size in bytes, for example 4096, 4k, 1m"},
	{"[a]\nsize=101%\n", -EINVAL, "t.fio:2: size: '101%' is not a percentage from 1% to 100%"},
	{"[a]\nsize=99999999999999999999\n", -EINVAL,
	 "t.fio:2: size: '99999999999999999999' is not a size in bytes, for example 4096, 4k, "
	 "1m"},
	{"[a]\nruntime=5parsecs\n", -EINVAL,
	 "t.fio:2: runtime: '5parsecs' is not a time, for example 10, 10s, 500ms, 2m"},
	{"[a]\ndirect=2\n", -EINVAL, "t.fio:2: direct: '2' is not 0 or 1"},
	{"[a]\nbs\n", -EINVAL, "t.fio:2: bs: needs a value: bytes in one request, 'R,W,T'"},
	{"[b]\n[a]\nsize=1k\n", -ERANGE, "t.fio:3: [a]: size: '1024' is below one block, bs=4096"},
	{"[a]\ndirect=1\nbs=1000\n", -EINVAL,
	 "t.fio:3: [a]: bs: '1000' is not a multiple of 512, which direct=1 needs"},
	{"[a]\n\n[caf\xe9]\n", -EINVAL,
	 "t.fio:3: '[caf\\xe9' is not UTF-8 text; save the file as UTF-8 or use ASCII"},
	{"[a]\nfilename=/\xff\n", -EINVAL,
	 "t.fio:2: 'filename=/\\xff' is not UTF-8 text; save the file as UTF-8 or use ASCII"},
	{"[\xc0\xaf]\n", -EINVAL, /* longer than needed */
	 "t.fio:1: '[\\xc0' is not UTF-8 text; save the file as UTF-8 or use ASCII"},
	{"[\xed\xa0\x80]\n", -EINVAL, /* half of a surrogate pair */
	 "t.fio:1: '[\\xed' is not UTF-8 text; save the file as UTF-8 or use ASCII"},
	{"[\xe2\x82]\n", -EINVAL, /* cut short */
	 "t.fio:1: '[\\xe2' is not UTF-8 text; save the file as UTF-8 or use ASCII"},
};

START_TEST(a_bad_file_is_refused_with_the_line_and_what_would_be_accepted)
{
	struct jobs jobs = {.n = 77};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(jobfile_parse(bad[_i].text, "t.fio", &jobs, &err), bad[_i].code);
	ck_assert_str_eq(err.text, bad[_i].says);
	ck_assert_uint_eq(jobs.n, 77);
}
END_TEST

static const struct {
	const char *value;
	uint64_t bytes;
} sizes[] = {
	{"4096", 4096}, {"0x1000", 4096}, {"4k", 4096},      {"4K", 4096},    {"4kb", 4096},
	{"4kib", 4000}, {"1m", MiB},      {"1mib", 1000000}, {"8192b", 8192}, {"2M", 2 * MiB},
};

START_TEST(k_is_1024_and_kib_is_1000_as_fio_has_it)
{
	struct job j;

	job_defaults(&j);
	ck_assert_int_eq(job_set(&j, "bs", sizes[_i].value, NULL), 0);
	ck_assert_uint_eq(j.bs[0].min, sizes[_i].bytes);
}
END_TEST

static const struct {
	const char *value;
	uint64_t ns;
} times[] = {
	{"10", 10 * NS_PER_S},      {"10s", 10 * NS_PER_S},   {"500ms", 500 * NS_PER_MS},
	{"250us", 250 * NS_PER_US}, {"2m", 120 * NS_PER_S},   {"1h", 3600 * NS_PER_S},
	{"1d", 86400 * NS_PER_S},   {"7msec", 7 * NS_PER_MS},
};

START_TEST(a_time_without_unit_is_seconds)
{
	struct job j;

	job_defaults(&j);
	ck_assert_int_eq(job_set(&j, "runtime", times[_i].value, NULL), 0);
	ck_assert_uint_eq(j.runtime_ns, times[_i].ns);
}
END_TEST

START_TEST(a_job_of_pure_defaults_has_the_values_of_fio)
{
	struct jobs jobs;

	parse("[a]\n", &jobs);
	ck_assert_uint_eq(jobs.n, 1);
	ck_assert_str_eq(jobs.items[0].name, "a");
	ck_assert_int_eq(jobs.items[0].engine, JOB_PSYNC);
	ck_assert_int_eq(jobs.items[0].rw, JOB_RW_READ);
	ck_assert_uint_eq(jobs.items[0].bs[0].min, 4096);
	ck_assert_uint_eq(jobs.items[0].iodepth, 1);
	ck_assert_uint_eq(jobs.items[0].rwmixread, 50);
	ck_assert_uint_eq(jobs.items[0].randseed, 0x89);
	ck_assert(jobs.items[0].invalidate);
	ck_assert(!jobs.items[0].direct);
	jobs_done(&jobs);
}
END_TEST

START_TEST(a_global_section_is_for_the_jobs_below_it_only)
{
	struct jobs jobs;

	parse("[above]\n[global]\nbs=8k\niodepth=4\n[one]\niodepth=2\n[globals]\nbs=16k\n[two]\n",
	      &jobs);
	ck_assert_uint_eq(jobs.n, 3);
	ck_assert_uint_eq(jobs.items[0].bs[0].min, 4096);
	ck_assert_uint_eq(jobs.items[1].bs[0].min, 8192);
	ck_assert_uint_eq(jobs.items[1].iodepth, 2);
	ck_assert_uint_eq(jobs.items[2].bs[0].min, 16384);
	ck_assert_uint_eq(jobs.items[2].iodepth, 4);
	jobs_done(&jobs);
}
END_TEST

START_TEST(comments_cut_the_line_and_blanks_do_not_count)
{
	struct jobs jobs;

	parse("# top\n  [ a ]  \n\n  rw = randread ; reads\n\tbs=8k# eight\r\n ;bs=1m\n", &jobs);
	ck_assert_str_eq(jobs.items[0].name, "a");
	ck_assert_int_eq(jobs.items[0].rw, JOB_RW_RANDREAD);
	ck_assert_uint_eq(jobs.items[0].bs[0].min, 8192);
	jobs_done(&jobs);
}
END_TEST

START_TEST(variables_come_from_the_environment)
{
	struct jobs jobs;

	setenv("JOBFILE_DISK", "/dev/x", 1);
	unsetenv("JOBFILE_NOTHING");
	parse("[a]\nfilename=${JOBFILE_DISK}1${JOBFILE_NOTHING}2\n", &jobs);
	ck_assert_str_eq(jobs.items[0].filename, "/dev/x12");
	jobs_done(&jobs);
}
END_TEST

START_TEST(flags_may_stand_alone_and_the_last_assignment_wins)
{
	struct jobs jobs;

	parse("[a]\nnorandommap\ntime_based=0\ndirect\nbuffered=1\nrwmixwrite=30\nsize=20%\nsize="
	      "1m\n",
	      &jobs);
	ck_assert(jobs.items[0].norandommap);
	ck_assert(!jobs.items[0].time_based);
	ck_assert(!jobs.items[0].direct);
	ck_assert_uint_eq(jobs.items[0].rwmixread, 70);
	ck_assert_uint_eq(jobs.items[0].size, MiB);
	ck_assert_uint_eq(jobs.items[0].size_pct, 0);
	jobs_done(&jobs);
}
END_TEST

START_TEST(a_stonewall_begins_a_new_group_but_not_before_the_first_job)
{
	struct jobs jobs;

	parse("[a]\nstonewall\n[b]\n[c]\nstonewall\n[d]\n", &jobs);
	ck_assert_uint_eq(jobs.items[0].group, 0);
	ck_assert_uint_eq(jobs.items[1].group, 0);
	ck_assert_uint_eq(jobs.items[2].group, 1);
	ck_assert_uint_eq(jobs.items[3].group, 1);
	jobs_done(&jobs);
}
END_TEST

START_TEST(options_without_effect_are_listed_with_their_place)
{
	struct jobs jobs;

	parse("[global]\ngtod_cpu=1\n[a]\niomem=shm\nrandrepeat=1\ntime_based\n"
	      "steadystate=iops:1%\n",
	      &jobs);
	ck_assert_str_eq(jobs.ignored,
			 "t.fio:2: gtod_cpu: ignored, each clone reads the clock itself\n"
			 "t.fio:4: iomem: ignored, buffers are anonymous pages\n"
			 "t.fio:3: [a]: time_based: ignored, there is no runtime\n"
			 "t.fio:3: [a]: steadystate: ignored, there is no steadystate_duration\n");
	ck_assert(!jobs.items[0].time_based);
	jobs_done(&jobs);
}
END_TEST

START_TEST(an_included_file_is_found_beside_the_file_that_names_it)
{
	char dir[40], path[128];
	struct bl_err err = BL_ERR_INIT;
	struct jobs jobs;
	FILE *f;

	fresh_dir(dir);
	snprintf(path, sizeof(path), "%s/more.inc", dir);
	f = fopen(path, "w");
	fputs("iodepth=7\n", f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/main.fio", dir);
	f = fopen(path, "w");
	fputs("[a]\nbs=8k\ninclude more.inc\n", f);
	fclose(f);
	ck_assert_msg(jobfile_read(path, &jobs, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(jobs.items[0].iodepth, 7);
	ck_assert_uint_eq(jobs.items[0].bs[0].min, 8192);
	jobs_done(&jobs);

	f = fopen(path, "w"); /* a file that includes itself */
	fputs("[a]\ninclude main2.inc\n", f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/main2.inc", dir);
	f = fopen(path, "w");
	fputs("include main2.inc\n", f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/main.fio", dir);
	ck_assert_int_eq(jobfile_read(path, &jobs, &err), -ELOOP);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 16 files deep"));
}
END_TEST

START_TEST(the_text_of_a_default_job_is_its_name)
{
	struct bl_buf text = BL_BUF_INIT;
	struct job j;

	job_defaults(&j);
	strcpy(j.name, "plain");
	job_to_text(&j, &text);
	ck_assert_str_eq(bl_buf_str(&text), "[plain]\n");
	bl_buf_done(&text);
}
END_TEST

START_TEST(numbers_of_the_machine_may_be_calculated_with)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE),
		 cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	struct jobs jobs;

	parse("[a]\nbs=$pagesize\nsize=8*$pagesize\nnumjobs=2*$ncpus+1\nio_size=($pagesize - 4)*2 "
	      "+ "
	      "8\ndescription=$ncpus CPUs\n[b]\nsize=1*$mb_memory\nbs=1\n",
	      &jobs);
	ck_assert_uint_eq(jobs.items[0].bs[2].max, page);
	ck_assert_uint_eq(jobs.items[0].size, 8 * page);
	ck_assert_uint_eq(jobs.items[0].numjobs, 2 * cpus + 1);
	ck_assert_uint_eq(jobs.items[0].io_size, 2 * page);
	ck_assert_ptr_nonnull(strstr(jobs.items[0].description, " CPUs"));
	ck_assert_ptr_null(strchr(jobs.items[0].description, '$'));
	ck_assert_uint_gt(jobs.items[1].size, 16);
	jobs_done(&jobs);
}
END_TEST

START_TEST(kb_base_counts_for_its_whole_section)
{
	struct jobs jobs;

	parse("[a]\nbs=1k\nbsrange=1kib-2kib\nkb_base=1000\n[b]\nbs=1k\n[c]\nbs=1ki\n", &jobs);
	ck_assert_uint_eq(jobs.items[0].bs[0].min, 1024);
	ck_assert_uint_eq(jobs.items[1].bs[0].min, 1024);
	ck_assert_uint_eq(jobs.items[2].bs[0].min, 1024);
	jobs_done(&jobs);
	parse("[global]\nkb_base=1000\n[b]\nbs=1k\n", &jobs);
	ck_assert_uint_eq(jobs.items[0].bs[0].min, 1000);
	jobs_done(&jobs);
}
END_TEST

START_TEST(an_engine_of_its_own_drops_the_engine_options_of_the_globals)
{
	struct jobs jobs;

	parse("[global]\nioengine=io_uring\nfixedbufs\nnowait=1\n[a]\n[b]\nioengine=libaio\n",
	      &jobs);
	ck_assert(jobs.items[0].fixedbufs);
	ck_assert(!jobs.items[1].fixedbufs);
	ck_assert(jobs.items[1].nowait); /* libaio has it, too */
	jobs_done(&jobs);
}
END_TEST

START_TEST(a_later_file_starts_from_the_defaults_and_waits)
{
	BL_CLEANUP(sections_done) struct sections s = {0};
	struct bl_err err = BL_ERR_INIT;
	struct jobs jobs;

	ck_assert_int_eq(sections_open(&s, "global", true, "", &err), 0);
	ck_assert_int_eq(sections_add(&s, "iodepth", "3", "", &err), 0);
	ck_assert_int_eq(jobfile_sections("[global]\nbs=8k\n[a]\n", "1.fio", &s, &err), 0);
	ck_assert_int_eq(jobfile_sections("[b]\nsize=1m\n[c]\n", "2.fio", &s, &err), 0);
	ck_assert_msg(jobs_build(&s, NULL, "x", &jobs, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(jobs.n, 3);
	ck_assert_uint_eq(jobs.items[0].bs[0].min, 8192);
	ck_assert_uint_eq(jobs.items[0].iodepth, 3);
	ck_assert_uint_eq(jobs.items[1].bs[0].min, 4096);
	ck_assert_uint_eq(jobs.items[1].iodepth, 1);
	ck_assert_uint_eq(jobs.items[0].group, 0);
	ck_assert_uint_eq(jobs.items[1].group, 1);
	ck_assert_uint_eq(jobs.items[2].group, 1);
	ck_assert_str_eq(jobs.echoes[0].options, "iodepth=3\nbs=8k\n");
	ck_assert_str_eq(jobs.echoes[1].options, "size=1m\n");
	ck_assert_ptr_null(jobs.globals);
	jobs_done(&jobs);
}
END_TEST

/* What fio 3.33 put into "job options" and "global options" for the same files; but it repeats
 * a key that was given twice. */
START_TEST(what_was_written_is_kept_as_fio_shows_it)
{
	struct jobs jobs;

	parse("[global]\nioengine=null\nsize=64k\nbs=4k\nblocksize=8k\ntime_based=0\n"
	      "group_reporting\n[a]\niodepth_batch_submit=4\niodepth=2\nreadwrite=randread\n"
	      " norandommap\nrandrepeat=0\nnorandommap=1\nkb_base=1000\nfilename=x\ndirectory=/"
	      "tmp\n"
	      "[b]\n[global]\nbs=16k\nbuffered=1\n[c]\n[d]\nstonewall\nrwmixwrite=30\nbs=1k,2k\n",
	      &jobs);
	ck_assert_str_eq(jobs.globals,
			 "ioengine=null\nsize=64k\ntime_based=0\nbs=16k\nbuffered=1\n");
	ck_assert_str_eq(jobs.echoes[0].options,
			 "kb_base=1000\niodepth_batch=4\niodepth=2\nrw=randread\nrandrepeat=0\n"
			 "norandommap=1\ndirectory=/tmp\nfilename=x\n");
	ck_assert_ptr_null(jobs.echoes[1].options);
	ck_assert_ptr_null(jobs.echoes[2].options);
	ck_assert_str_eq(jobs.echoes[3].options, "rwmixwrite=30\nbs=1k,2k\n");
	jobs_done(&jobs);
}
END_TEST

START_TEST(results_are_grouped_by_stonewall_and_new_group)
{
	struct jobs jobs;

	parse("[a]\nnew_group\n[b]\nnew_group\n[c]\nstonewall\n[d]\n", &jobs);
	ck_assert_uint_eq(jobs.items[0].report_group, 0);
	ck_assert_uint_eq(jobs.items[1].report_group, 1);
	ck_assert_uint_eq(jobs.items[1].group, 0);
	ck_assert_uint_eq(jobs.items[2].report_group, 2);
	ck_assert_uint_eq(jobs.items[3].report_group, 2);
	jobs_done(&jobs);
}
END_TEST

START_TEST(a_missing_engine_is_replaced_when_the_rules_say_so)
{
	const struct job_rules rules = {.nearest_engine = true};
	BL_CLEANUP(sections_done) struct sections s = {0};
	struct bl_err err = BL_ERR_INIT;
	struct jobs jobs;

	ck_assert_int_eq(jobfile_sections("[a]\nioengine=posixaio\n", "1.fio", &s, &err), 0);
	ck_assert_int_eq(jobs_build(&s, &rules, "x", &jobs, &err), 0);
	ck_assert_int_eq(jobs.items[0].engine, JOB_IO_URING);
	ck_assert_str_eq(jobs.ignored,
			 "1.fio:2: ioengine: 'posixaio' is not here, run as 'io_uring', "
			 "the nearest\n");
	jobs_done(&jobs);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("jobfile");
	TCase *t = tcase_create("jobfile");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, a_bad_file_is_refused_with_the_line_and_what_would_be_accepted, 0,
			    BL_ARRAY_LEN(bad));
	tcase_add_loop_test(t, k_is_1024_and_kib_is_1000_as_fio_has_it, 0, BL_ARRAY_LEN(sizes));
	tcase_add_loop_test(t, a_time_without_unit_is_seconds, 0, BL_ARRAY_LEN(times));
	tcase_add_test(t, a_job_of_pure_defaults_has_the_values_of_fio);
	tcase_add_test(t, a_global_section_is_for_the_jobs_below_it_only);
	tcase_add_test(t, comments_cut_the_line_and_blanks_do_not_count);
	tcase_add_test(t, variables_come_from_the_environment);
	tcase_add_test(t, flags_may_stand_alone_and_the_last_assignment_wins);
	tcase_add_test(t, a_stonewall_begins_a_new_group_but_not_before_the_first_job);
	tcase_add_test(t, options_without_effect_are_listed_with_their_place);
	tcase_add_test(t, an_included_file_is_found_beside_the_file_that_names_it);
	tcase_add_test(t, the_text_of_a_default_job_is_its_name);
	tcase_add_test(t, numbers_of_the_machine_may_be_calculated_with);
	tcase_add_test(t, kb_base_counts_for_its_whole_section);
	tcase_add_test(t, an_engine_of_its_own_drops_the_engine_options_of_the_globals);
	tcase_add_test(t, a_later_file_starts_from_the_defaults_and_waits);
	tcase_add_test(t, what_was_written_is_kept_as_fio_shows_it);
	tcase_add_test(t, results_are_grouped_by_stonewall_and_new_group);
	tcase_add_test(t, a_missing_engine_is_replaced_when_the_rules_say_so);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
