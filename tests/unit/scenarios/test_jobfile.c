/* The job language: what is read, what is refused and how it is said, and that the
 * canonical text reads back as the same job. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
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
	{"[a]\n\n; note\nrunt=4\n", -EINVAL,
	 "t.fio:4: runt: unknown option; the nearest known is 'runtime'"},
	{"[a]\nioengine=libaio\n", -EINVAL,
	 "t.fio:2: ioengine: 'libaio' is not supported, the nearest is 'io_uring'; accepted: "
	 "psync, "
	 "io_uring, null"},
	{"[a]\nioengine=sync\n", -EINVAL,
	 "t.fio:2: ioengine: 'sync' is not supported, the nearest is 'psync'; accepted: psync, "
	 "io_uring, null"},
	{"[a]\nrw=randtrim\n", -EINVAL,
	 "t.fio:2: rw: 'randtrim' is not supported, the nearest is 'randwrite'; accepted: read, "
	 "write, "
	 "randread, randwrite, rw, randrw"},
	{"[a]\niodepth=0\n", -ERANGE, "t.fio:2: iodepth: '0' is below the least, 1"},
	{"[a]\niodepth=lots\n", -EINVAL, "t.fio:2: iodepth: 'lots' is not a whole number"},
	{"[a]\nrwmixread=101\n", -ERANGE, "t.fio:2: rwmixread: '101' is above the most, 100"},
	{"[a]\nrwmixwrite=101\n", -EINVAL,
	 "t.fio:2: rwmixwrite: '101' is not a whole number from 0 to 100"},
	{"[a]\nbs=4k,8k\n", -EINVAL,
	 "t.fio:2: bs: '4k,8k' is not one size in bytes, for example 4096, 4k, 1m"},
	{"[a]\nbs=(2*4096)\n", -EINVAL,
	 "t.fio:2: bs: '(2*4096)' is not one size in bytes, for example 4096, 4k, 1m"},
	{"[a]\nsize=101%\n", -EINVAL, "t.fio:2: size: '101%' is not a percentage from 0% to 100%"},
	{"[a]\nsize=99999999999999999999\n", -EINVAL,
	 "t.fio:2: size: '99999999999999999999' is not one size in bytes, for example 4096, 4k, "
	 "1m"},
	{"[a]\nruntime=5parsecs\n", -EINVAL,
	 "t.fio:2: runtime: '5parsecs' is not a time, for example 10, 10s, 500ms, 2m"},
	{"[a]\ndirect=2\n", -EINVAL, "t.fio:2: direct: '2' is not 0 or 1"},
	{"[a]\nrw\n", -EINVAL, "t.fio:2: rw: needs a value: what is done, in which order"},
	{"[a]\nfilename=/a:/b\n", -EINVAL,
	 "t.fio:2: filename: '/a:/b' names more than one file; one is accepted, with '\\:' for a "
	 "colon in its name"},
	{"[a]\nverify=crc32c\n", -EINVAL, "t.fio:2: verify: 'crc32c' is not supported; only 0 is"},
	{"[a]\ntime_based\n", -EINVAL, "t.fio:1: [a]: time_based: needs a runtime above 0"},
	{"[b]\n[a]\nsize=1k\n", -ERANGE, "t.fio:2: [a]: size: '1024' is below one block, bs=4096"},
	{"[a]\ndirect=1\nbs=1000\n", -EINVAL,
	 "t.fio:1: [a]: bs: '1000' is not a multiple of 512, which direct=1 needs"},
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
	{"[]\n", -EINVAL, "t.fio:1: []: name: '' is empty; a job needs a name"},
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
	ck_assert_uint_eq(j.bs, sizes[_i].bytes);
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
	ck_assert_uint_eq(jobs.items[0].bs, 4096);
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
	ck_assert_uint_eq(jobs.items[0].bs, 4096);
	ck_assert_uint_eq(jobs.items[1].bs, 8192);
	ck_assert_uint_eq(jobs.items[1].iodepth, 2);
	ck_assert_uint_eq(jobs.items[2].bs, 16384);
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
	ck_assert_uint_eq(jobs.items[0].bs, 8192);
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

	parse("[global]\ngroup_reporting\n[a]\nwrite_lat_log=x\nrandrepeat=1\n", &jobs);
	ck_assert_str_eq(jobs.ignored,
			 "t.fio:2: group_reporting: ignored, clones are always merged into one "
			 "result\n"
			 "t.fio:4: write_lat_log: ignored, intervals are part of the result\n");
	jobs_done(&jobs);
}
END_TEST

START_TEST(an_included_file_is_found_beside_the_file_that_names_it)
{
	char dir[] = "/tmp/blklab-jobfile-XXXXXX", path[128];
	struct bl_err err = BL_ERR_INIT;
	struct jobs jobs;
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
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
	ck_assert_uint_eq(jobs.items[0].bs, 8192);
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
	snprintf(path, sizeof(path), "rm -r %s", dir);
	ck_assert_int_eq(system(path), 0);
}
END_TEST

/* A job with every field drawn; nothing that job_check() would refuse. */
static void draw_job(struct job *j, unsigned *seed)
{
	unsigned (*r)(unsigned *) = (unsigned (*)(unsigned *))rand_r;

	job_defaults(j);
	snprintf(j->name, sizeof(j->name), "job %u-%u", r(seed) % 100, r(seed));
	if (r(seed) % 2)
		snprintf(j->filename, sizeof(j->filename), "/dev/a b:%u", r(seed));
	j->engine = (enum job_engine)(r(seed) % JOB_ENGINES);
	j->rw = (enum job_rw)(r(seed) % JOB_RWS);
	j->rwmixread = r(seed) % 101;
	j->bs = 512u * (1 + r(seed) % 2048);
	j->iodepth = 1 + r(seed) % 4096;
	j->numjobs = 1 + r(seed) % 256;
	j->direct = r(seed) % 2;
	j->runtime_ns = (r(seed) % 3) * NS_PER_S + (r(seed) % 3) * NS_PER_MS + (r(seed) % 3) * 1000;
	j->time_based = j->runtime_ns && r(seed) % 2;
	j->ramp_ns = (r(seed) % 1000) * NS_PER_MS;
	if (r(seed) % 2)
		j->size = j->bs * (1 + r(seed) % 1000);
	else
		j->size_pct = r(seed) % 101;
	if (r(seed) % 2)
		j->offset = 512ull * (r(seed) % 1000);
	else
		j->offset_pct = r(seed) % 101;
	j->io_size = r(seed) % 2 ? j->bs * (1 + r(seed) % 1000) : 0;
	j->fsync = r(seed) % 3;
	j->fdatasync = r(seed) % 3;
	j->rate_iops = r(seed) % 3 * 1234567;
	j->randseed = (uint64_t)r(seed) << 33 | r(seed);
	j->norandommap = r(seed) % 2;
	j->stonewall = r(seed) % 2;
	j->invalidate = r(seed) % 2;
}

START_TEST(the_canonical_text_reads_back_as_the_same_job)
{
	unsigned seed = 1;

	for (int i = 0; i < 2000; i++) {
		struct bl_buf text = BL_BUF_INIT;
		struct bl_err err = BL_ERR_INIT;
		struct jobs jobs;
		struct job j;

		draw_job(&j, &seed);
		job_to_text(&j, &text);
		ck_assert_msg(jobfile_parse(bl_buf_str(&text), "t", &jobs, &err) == 0, "%s\n%s",
			      err.text, bl_buf_str(&text));
		ck_assert_uint_eq(jobs.n, 1);
		ck_assert_ptr_null(jobs.ignored);
		ck_assert_msg(!memcmp(&j, &jobs.items[0], sizeof(j)), "%s", bl_buf_str(&text));
		jobs_done(&jobs);
		bl_buf_done(&text);
	}
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

START_TEST(every_option_of_the_table_is_in_the_help)
{
	struct bl_buf text = BL_BUF_INIT;
	const char *name;

	job_options_help(&text);
	for (size_t i = 0; (name = job_option_name(i)); i++) {
		char line[64];

		snprintf(line, sizeof(line), "  %-12s ", name);
		ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), line));
	}
	bl_buf_done(&text);
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
	tcase_add_test(t, the_canonical_text_reads_back_as_the_same_job);
	tcase_add_test(t, the_text_of_a_default_job_is_its_name);
	tcase_add_test(t, every_option_of_the_table_is_in_the_help);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
