/* blkjob's command line: fio's ways of writing it, switches, several files, and reasons. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "cmdline.h"
#include "fresh_dir.h"
#include "units.h"

#define ARGS_MAX 24

/* @text cut at blanks. */
static int parse(const char *text, struct cmdline *c, struct bl_err *err)
{
	static char copy[1024]; /* the result borrows */
	char *save = NULL, *argv[ARGS_MAX] = {"blkjob"};
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *s = strtok_r(copy, " ", &save); s; s = strtok_r(NULL, " ", &save))
		argv[argc++] = s;
	return cmdline_parse(argc, argv, c, err);
}

static void must_parse(const char *text, struct cmdline *c)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(parse(text, c, &err) == 0, "%s", err.text);
}

static const char *const spellings[] = {
	"--name=a --bs=8k --direct=1 --thread --rw=randread",
	"--name a --bs 8k --direct 1 --thread --rw randread",
	"-name=a -bs=8k -direct=1 -thread=1 -rw=randread",
	"-name a -blocksize 8k -buffered 0 -thread -readwrite randread",
	"--name=global --bs=8k --direct=1 --thread --name=a --rw=randread",
	"--bs=8k --direct=1 --name=a --thread --rw=randread",
};

START_TEST(options_may_be_written_in_all_of_fios_ways)
{
	struct cmdline c;

	must_parse(spellings[_i], &c);
	ck_assert_uint_eq(c.jobs.n, 1);
	ck_assert_str_eq(c.jobs.items[0].name, "a");
	ck_assert_uint_eq(c.jobs.items[0].bs[1].min, 8192);
	ck_assert(c.jobs.items[0].direct && c.jobs.items[0].thread);
	ck_assert_int_eq(c.jobs.items[0].rw, JOB_RW_RANDREAD);
	cmdline_done(&c);
}
END_TEST

START_TEST(switches_are_taken_before_and_behind_jobs)
{
	struct cmdline c;

	must_parse("--name=a --size=1m --readonly --output=x --output-format=json+,normal "
		   "--status-interval=500ms --bandwidth-log --eta=never --eta-newline=2 --hgrm=h "
		   "--max-jobs=4 --alloc-size=1 --aux-path=/tmp --debug=io --append-terse "
		   "--terse-version=4",
		   &c);
	ck_assert(c.is_readonly && c.bandwidth_log);
	ck_assert_str_eq(c.output, "x");
	ck_assert_uint_eq(c.terse_version, 4);
	ck_assert_str_eq(c.hgrm, "h");
	ck_assert_uint_eq(c.n_formats, 3);
	ck_assert_int_eq(c.formats[0], FORMAT_JSON_PLUS);
	ck_assert_int_eq(c.formats[1], FORMAT_NORMAL);
	ck_assert_int_eq(c.formats[2], FORMAT_TERSE);
	ck_assert_uint_eq(c.status_interval_ns, 500 * NS_PER_MS);
	ck_assert_uint_eq(c.eta_newline_ns, 2 * NS_PER_S);
	ck_assert_int_eq(c.eta, ETA_NEVER);
	cmdline_done(&c);
	must_parse("--minimal --name=a", &c);
	ck_assert_uint_eq(c.n_formats, 1);
	ck_assert_int_eq(c.formats[0], FORMAT_TERSE);
	cmdline_done(&c);
	must_parse("--parse-only --name=a", &c);
	ck_assert_int_eq(c.action, DO_PARSE);
	cmdline_done(&c);
	must_parse("--showcmd --name=a", &c);
	ck_assert_int_eq(c.action, DO_SHOWCMD);
	cmdline_done(&c);
	must_parse("--version", &c);
	ck_assert_int_eq(c.action, DO_VERSION);
	cmdline_done(&c);
	must_parse("--cmdhelp=timeout", &c);
	ck_assert_int_eq(c.action, DO_HELP);
	ck_assert_ptr_nonnull(strstr(c.help, "runtime"));
	cmdline_done(&c);
	must_parse("--help", &c);
	ck_assert_ptr_nonnull(strstr(c.help, "--nearest-engine"));
	ck_assert_ptr_nonnull(strstr(c.help, "iodepth_batch_complete_min"));
	cmdline_done(&c);
}
END_TEST

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(a_second_file_waits_and_sections_choose)
{
	char dir[40], one[64], two[64], text[256];
	struct cmdline c;

	fresh_dir(dir);
	snprintf(one, sizeof(one), "%s/1.fio", dir);
	snprintf(two, sizeof(two), "%s/2.fio", dir);
	write_file(one, "[global]\nbs=8k\n[a]\nsize=1m\n[b]\n");
	write_file(two, "[c]\n[d]\nnot_an_option=1\n");
	snprintf(text, sizeof(text), "%s %s --section=a --section=c --name=z --bs=1k", one, two);
	must_parse(text, &c);
	ck_assert_uint_eq(c.jobs.n, 3);
	ck_assert_str_eq(c.jobs.items[0].name, "z"); /* fio runs them first, and beside file one */
	ck_assert_str_eq(c.jobs.items[1].name, "a");
	ck_assert_str_eq(c.jobs.items[2].name, "c");
	ck_assert_uint_eq(c.jobs.items[1].group, 0);
	ck_assert_uint_eq(c.jobs.items[2].group, 1);
	ck_assert_uint_eq(c.jobs.items[1].bs[0].min, 8192);
	ck_assert_uint_eq(c.jobs.items[2].bs[0].min, 4096);
	ck_assert_str_eq(c.jobs.echoes[0].options, "name=z\nbs=1k\n");
	ck_assert_str_eq(c.jobs.echoes[1].options, "bs=8k\nsize=1m\n");
	cmdline_done(&c);
}
END_TEST

START_TEST(the_nearest_engine_is_used_when_asked_for)
{
	struct cmdline c;

	must_parse("--nearest-engine --name=a --ioengine=mmap", &c);
	ck_assert_int_eq(c.jobs.items[0].engine, JOB_PSYNC);
	ck_assert_str_eq(c.jobs.ignored,
			 "--ioengine: 'mmap' is not here, run as 'psync', the nearest\n");
	cmdline_done(&c);
}
END_TEST

static const struct {
	const char *text;
	int code;
	const char *says;
} bad[] = {
	{"", -EINVAL, "no job; a FILE.fio or --name=JOB is needed (see --help)"},
	{"--name=global --bs=4k", -EINVAL,
	 "no job; a FILE.fio or --name=JOB is needed (see --help)"},
	{"--bs=4k", -EINVAL, "no job; a FILE.fio or --name=JOB is needed (see --help)"},
	{"--bz=4k --name=a", -EINVAL,
	 "--bz: neither a switch of blkjob (see --help) nor an option of jobs (see --cmdhelp)"},
	{"--name=a --directory=/tmp:/no/such", -ENOENT,
	 "--name=a: directory: '/no/such': No such file or directory; a folder that is there is "
	 "needed"},
	{"--name=a --filename=x --directory=/dev/null", -ENOTDIR,
	 "--name=a: directory: '/dev/null' is not a folder"},
	{"--name=a --iodpeth=4", -EINVAL,
	 "iodpeth: unknown option; the nearest known is 'iodepth'"},
	{"--name=a --bs", -EINVAL, "bs: needs a value: bytes in one request, 'R,W,T'"},
	{"--name=a --rate=1m --rate_iops=10", -EINVAL,
	 "--name=a: rate: bytes and requests a second can't both be given"},
	{"--name=a --output-format=xml", -EINVAL,
	 "--output-format: 'xml' is not one of normal, terse, json, json+"},
	{"--output", -EINVAL, "--output: needs a value"},
	{"--name=a --eta=maybe", -EINVAL, "--eta: 'maybe' is not one of auto, always, never"},
	{"--name=a --terse-version=6", -EINVAL, "--terse-version: '6' is not 2, 3, 4 or 5"},
	{"--name=a --status-interval=x", -EINVAL,
	 "--status-interval: 'x' is not a time, for example 10, 10s, 500ms"},
	{"--merge-blktrace-only x", -EINVAL, "traces are not replayed or merged"},
	{"--client=host x.fio", -EINVAL,
	 "there is no network mode; run blkjob on the machine itself, or a scenario with blklab"},
	{"--cmdhelp=foo", -EINVAL,
	 "--cmdhelp: 'foo' is not an option of a job; --cmdhelp lists all"},
	{"--warnings-fatal --name=a --gtod_cpu=1", -EINVAL,
	 "--warnings-fatal: --gtod_cpu: ignored, each clone reads the clock itself"},
	{"--name=a --ioengine=mmap", -EINVAL,
	 "ioengine: 'mmap' is not supported, the nearest is 'psync'; accepted: psync, sync, "
	 "pvsync, "
	 "pvsync2, libaio, io_uring, null, nop"},
};

START_TEST(a_bad_command_line_is_refused_with_its_reason)
{
	struct bl_err err = BL_ERR_INIT;
	struct cmdline c;

	ck_assert_int_eq(parse(bad[_i].text, &c, &err), bad[_i].code);
	ck_assert_str_eq(err.text, bad[_i].says);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cmdline");
	TCase *t = tcase_create("cmdline");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, options_may_be_written_in_all_of_fios_ways, 0,
			    BL_ARRAY_LEN(spellings));
	tcase_add_test(t, switches_are_taken_before_and_behind_jobs);
	tcase_add_test(t, a_second_file_waits_and_sections_choose);
	tcase_add_test(t, the_nearest_engine_is_used_when_asked_for);
	tcase_add_loop_test(t, a_bad_command_line_is_refused_with_its_reason, 0, BL_ARRAY_LEN(bad));
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
