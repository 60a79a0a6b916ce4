/* The program blkjob: what it prints where, and its exit status. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "fs.h"
#include "proc.h"
#include "units.h"

#define ARGS_MAX 12

struct outcome {
	int status;
	struct bl_buf out, err;
};

static void run_with(const char *const *args, const char *input, struct outcome *o)
{
	const char *argv[ARGS_MAX + 2] = {BLKJOB};
	struct bl_err why = BL_ERR_INIT;

	for (size_t i = 0; i < ARGS_MAX && args[i]; i++)
		argv[i + 1] = args[i];
	*o = (struct outcome){0};
	o->status = bl_proc_run(argv, input, input ? strlen(input) : 0, &o->out, &o->err,
				30 * NS_PER_S, &why);
	ck_assert_msg(o->status >= 0, "%s", bl_err_text(&why));
}

static void done(struct outcome *o)
{
	bl_buf_done(&o->out);
	bl_buf_done(&o->err);
}

#define QUICK "--name=a", "--ioengine=null", "--size=1m"

static const struct {
	const char *args[ARGS_MAX];
	const char *says;
} refused[] = {
	{{NULL}, "blkjob: no job; a FILE.fio or --name=JOB is needed (see --help)\n"},
	{{"/nowhere.fio"}, "blkjob: cannot open '/nowhere.fio': No such file or directory\n"},
	{{"--bs=4k"}, "blkjob: no job; a FILE.fio or --name=JOB is needed (see --help)\n"},
	{{"--output-format=xml", QUICK},
	 "blkjob: --output-format: 'xml' is not one of normal, terse, json, json+\n"},
	{{"--name=a", "--iodpeth=3"},
	 "blkjob: iodpeth: unknown option; the nearest known is 'iodepth'\n"},
	{{"--name=a", "--bs=lots"},
	 "blkjob: bs: 'lots' is not a size in bytes, for example 4096, 4k, 1m\n"},
	{{"--readonly", QUICK, "--name=w", "--rw=write", "--filename=/tmp/x"},
	 "blkjob: job 'w': rw: 'write' writes, but --readonly was given; read and randread are "
	 "accepted\n"},
};

START_TEST(a_bad_command_line_is_one_line_on_standard_error_and_status_1)
{
	struct outcome o;

	run_with(refused[_i].args, NULL, &o);
	ck_assert_str_eq(bl_buf_str(&o.err), refused[_i].says);
	ck_assert_uint_eq(o.out.len, 0);
	ck_assert_int_eq(o.status, 1);
	done(&o);
}
END_TEST

static json_t *parsed(const struct bl_buf *text)
{
	json_error_t why;
	json_t *doc = json_loads(bl_buf_str(text), 0, &why);

	ck_assert_msg(doc != NULL, "%s: %s", why.text, bl_buf_str(text));
	return doc;
}

static json_t *job_at(json_t *doc, size_t i)
{
	return json_array_get(json_object_get(doc, "jobs"), i);
}

static json_int_t int_at(const json_t *o, const char *key)
{
	ck_assert_msg(json_is_integer(json_object_get(o, key)), "%s", key);
	return json_integer_value(json_object_get(o, key));
}

START_TEST(a_good_run_prints_the_document_and_nothing_else)
{
	struct outcome o;
	json_t *doc;

	run_with((const char *[]){"--output-format=json", "--name=global", "--ioengine=null",
				  "--size", "2m", "--name=a", "--rw", "randread", "--name=b",
				  "--stonewall", "--group_reporting", NULL},
		 NULL, &o);
	ck_assert_str_eq(bl_buf_str(&o.err), "");
	ck_assert_int_eq(o.status, 0);
	doc = parsed(&o.out);
	ck_assert_uint_eq(json_array_size(json_object_get(doc, "jobs")), 2);
	ck_assert_int_eq(int_at(json_object_get(job_at(doc, 0), "read"), "total_ios"), 512);
	ck_assert_int_eq(int_at(job_at(doc, 0), "groupid"), 0);
	ck_assert_int_eq(int_at(job_at(doc, 1), "groupid"), 1);
	ck_assert_ptr_null(json_object_get(doc, "ignored options"));
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(doc, "global options"), "size")),
		"2m");
	json_decref(doc);
	done(&o);
}
END_TEST

START_TEST(a_failed_job_is_in_the_document_and_in_the_exit_status)
{
	struct outcome o;
	json_t *doc;

	run_with((const char *[]){"--output-format=json", "--name=full", "--filename=/dev/full",
				  "--rw=write", "--size=1m", NULL},
		 NULL, &o);
	ck_assert_int_eq(o.status, 1);
	ck_assert_str_eq(bl_buf_str(&o.err),
			 "blkjob: job 'full': write of 4096 bytes at offset 0: No space left on "
			 "device ('/dev/full')\n");
	doc = parsed(&o.out);
	ck_assert_int_eq(int_at(job_at(doc, 0), "error"), ENOSPC);
	json_decref(doc);
	done(&o);
}
END_TEST

START_TEST(a_job_that_can_not_start_still_has_its_place_in_the_document)
{
	struct outcome o;
	json_t *doc;

	run_with((const char *[]){"--output-format=json", "--name=a", "--filename=/nowhere/x",
				  "--name=b", "--ioengine=null", "--size=1m", "--name=c",
				  "--filename=/nowhere/y", "--name=d", "--stonewall",
				  "--ioengine=null", "--size=1m", NULL},
		 NULL, &o);
	ck_assert_int_eq(o.status, 1);
	doc = parsed(&o.out);
	for (size_t i = 0; i < 4; i++) { /* as fio: no size; the others of the group run */
		ck_assert_int_eq(int_at(job_at(doc, i), "error"), i % 2 ? 0 : EINVAL);
		ck_assert_int_eq(int_at(json_object_get(job_at(doc, i), "read"), "total_ios"),
				 i % 2 ? 256 : 0);
	}
	json_decref(doc);
	done(&o);
}
END_TEST

START_TEST(a_job_file_may_come_from_standard_input_and_the_document_go_to_a_file)
{
	char path[64], output[80];
	struct bl_buf text = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct outcome o;
	json_t *doc;

	snprintf(path, sizeof(path), "/tmp/blklab-blkjob-%d.json", (int)getpid());
	snprintf(output, sizeof(output), "--output=%s", path);
	run_with((const char *[]){output, "--output-format=json+", "-", NULL},
		 "[stdin job]\nioengine=null\nsize=1m\n", &o);
	ck_assert_str_eq(bl_buf_str(&o.err), "");
	ck_assert_uint_eq(o.out.len, 0);
	ck_assert_int_eq(o.status, 0);
	ck_assert_int_eq(bl_read_file(path, 1 << 20, &text, &err), 0);
	unlink(path);
	doc = parsed(&text);
	ck_assert_str_eq(json_string_value(json_object_get(job_at(doc, 0), "jobname")),
			 "stdin job");
	json_decref(doc);
	bl_buf_done(&text);
	done(&o);
}
END_TEST

START_TEST(documents_in_between_follow_each_other)
{
	struct outcome o;
	const char *at;
	int n = 0;

	run_with((const char *[]){"--output-format=json", "--status-interval=200ms", "--name=a",
				  "--ioengine=null", "--size=1m", "--time_based=1", "--runtime=1",
				  NULL},
		 NULL, &o);
	ck_assert_int_eq(o.status, 0);
	ck_assert_str_eq(bl_buf_str(&o.err), "");
	for (at = bl_buf_str(&o.out); *at; n++) {
		json_error_t why;
		json_t *doc = json_loads(at, JSON_DISABLE_EOF_CHECK, &why);

		ck_assert_msg(doc != NULL, "%s", why.text);
		ck_assert_uint_eq(json_array_size(json_object_get(doc, "jobs")), 1);
		json_decref(doc);
		at += why.position;
		at += strspn(at, "\n");
	}
	ck_assert_int_ge(n, 3); /* 5 and the last one, when nothing else runs */
	done(&o);
}
END_TEST

START_TEST(terse_is_a_line_a_job)
{
	struct outcome o;

	run_with((const char *[]){"--minimal", QUICK, NULL}, NULL, &o);
	ck_assert_int_eq(o.status, 0);
	ck_assert_int_eq(strncmp(bl_buf_str(&o.out), "3;fio-3.33;a;0;0;1024;", 22), 0);
	ck_assert_ptr_eq(strchr(bl_buf_str(&o.out), '\n') + 1, bl_buf_str(&o.out) + o.out.len);
	done(&o);
}
END_TEST

START_TEST(the_shown_command_does_the_same_job)
{
	struct outcome o;

	run_with((const char *[]){"--showcmd", "--name=a", "--rw=randrw", "--bs", "8k",
				  "--rwmixwrite=20", "--ioengine=null", NULL},
		 NULL, &o);
	ck_assert_str_eq(bl_buf_str(&o.out), "blkjob --name='a' --ioengine='null' --rw='randrw' "
					     "--rwmixread='80' --bs='8192'\n");
	ck_assert_int_eq(o.status, 0);
	done(&o);
}
END_TEST

START_TEST(the_readable_form_has_the_line_that_scripts_look_for)
{
	struct outcome o;
	const char *line;
	char unit[16];
	double iops;

	run_with((const char *[]){QUICK, "--rate_iops=1000", NULL}, NULL, &o);
	line = strstr(bl_buf_str(&o.out), "  read: IOPS=");
	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(sscanf(line, " read: IOPS=%lf, BW=%*f%15[A-Za-z]/s", &iops, unit), 2);
	ck_assert(iops > 500 && iops < 1100);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&o.out), "sched percentiles"));
	done(&o);
}
END_TEST

/* The block device under /, when it can be found. */
static bool root_device(char *out, size_t len)
{
	struct stat st;
	FILE *f = fopen("/proc/self/mounts", "r");
	char source[128], point[128];
	bool is = false;

	while (f && !is && fscanf(f, "%127s %127s %*[^\n]", source, point) == 2)
		is = stat(source, &st) == 0 && S_ISBLK(st.st_mode);
	if (f)
		fclose(f);
	snprintf(out, len, "--filename=%s", source);
	return is;
}

START_TEST(a_mounted_device_is_not_written_to)
{
	char option[160];
	struct outcome o;

	if (!root_device(option, sizeof(option))) {
		printf("not tested: no block device is mounted here\n");
		return;
	}
	run_with((const char *[]){"--showcmd", "--name=a", "--rw=randwrite", option, NULL}, NULL,
		 &o);
	ck_assert_int_eq(o.status, 1);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&o.err), "is in use: "));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&o.err), " is mounted on "));
	done(&o);
	run_with((const char *[]){"--showcmd", "--name=a", "--rw=randread", option, NULL}, NULL,
		 &o);
	ck_assert_int_eq(o.status, 0);
	done(&o);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("blkjob");
	TCase *t = tcase_create("blkjob");
	SRunner *run;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_bad_command_line_is_one_line_on_standard_error_and_status_1, 0,
			    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(t, a_good_run_prints_the_document_and_nothing_else);
	tcase_add_test(t, a_failed_job_is_in_the_document_and_in_the_exit_status);
	tcase_add_test(t, a_job_that_can_not_start_still_has_its_place_in_the_document);
	tcase_add_test(t, a_job_file_may_come_from_standard_input_and_the_document_go_to_a_file);
	tcase_add_test(t, documents_in_between_follow_each_other);
	tcase_add_test(t, terse_is_a_line_a_job);
	tcase_add_test(t, the_shown_command_does_the_same_job);
	tcase_add_test(t, the_readable_form_has_the_line_that_scripts_look_for);
	tcase_add_test(t, a_mounted_device_is_not_written_to);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
