/* Every option: values it takes, that its text reads back as the same job, and that fio takes
 * them, too. docs/job-options.md is what the tables say. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "jobfile.h"
#include "option_samples.h"
#include "units.h"

/* The @i-th of the sample's values; false: there are not so many. */
static bool value_at(const struct sample *s, unsigned i, char *out, size_t size)
{
	const char *at = s->values;
	size_t n;

	while (i-- && at)
		at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL;
	if (!at)
		return false;
	n = strcspn(at, "|");
	ck_assert_uint_lt(n, size);
	memcpy(out, at, n);
	out[n] = 0;
	return true;
}

START_TEST(every_option_of_the_tables_has_samples_here)
{
	const char *name;
	size_t n = 0;

	for (; (name = job_option_name(n)); n++) {
		bool found = false;

		for (size_t i = 0; i < BL_ARRAY_LEN(samples); i++)
			found |= !strcmp(samples[i].option, name);
		ck_assert_msg(found, "%s", name);
	}
	ck_assert_uint_eq(n, BL_ARRAY_LEN(samples));
}
END_TEST

static void must_be_the_same(const struct job *j, const struct job *k, const char *text)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf twice = BL_BUF_INIT;

	job_to_text(k, &twice);
	ck_assert_str_eq(bl_buf_str(&twice), text);
	ck_assert_msg(!memcmp(j, k, sizeof(*j)), "not the same job:\n%s", text);
}

static void must_read_back(const struct job *j)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct job alone = *j;
	struct jobs jobs;

	alone.group = alone.report_group = 0;
	alone.wait_for[0] = 0; /* the other job is not in the text */
	memset(alone.wait_for, 0, sizeof(alone.wait_for));
	job_to_text(&alone, &text);
	ck_assert_msg(jobfile_parse(bl_buf_str(&text), "t", &jobs, &err) == 0, "%s\n%s", err.text,
		      bl_buf_str(&text));
	ck_assert_uint_eq(jobs.n, 1);
	ck_assert_ptr_null(jobs.ignored);
	must_be_the_same(&alone, &jobs.items[0], bl_buf_str(&text));
	jobs_done(&jobs);
}

static void add_section(struct bl_buf *text, const struct sample *s, const char *value, unsigned n)
{
	bl_buf_addf(text, "[job%u]\nioengine=%s\nsize=1m\n%s=%s\n", n,
		    s->engine ? s->engine : "null", s->option, value);
}

START_TEST(each_value_reads_back_as_the_same_job)
{
	const struct sample *s = &samples[_i];
	char value[256];

	for (unsigned i = 0; value_at(s, i, value, sizeof(value)); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		struct bl_err err = BL_ERR_INIT;
		struct jobs jobs;

		bl_buf_adds(&text, "[first]\n");
		add_section(&text, s, value, i);
		ck_assert_msg(jobfile_parse(bl_buf_str(&text), "t", &jobs, &err) == 0, "%s\n%s",
			      err.text, bl_buf_str(&text));
		must_read_back(&jobs.items[1]);
		jobs_done(&jobs);
	}
}
END_TEST

/* Some value of the option is not the default: the row reaches a field. */
START_TEST(each_option_changes_the_job)
{
	const struct sample *s = &samples[_i];
	struct job plain, j;
	bool changed = false;
	char value[256], *more;

	job_defaults(&plain);
	for (unsigned i = 0; value_at(s, i, value, sizeof(value)); i++) {
		if ((more = strchr(value, '\n')))
			*more = 0;
		job_defaults(&j);
		ck_assert_int_eq(job_set(&j, s->option, value, NULL), 0);
		changed |= memcmp(&plain, &j, sizeof(j)) != 0;
	}
	ck_assert(changed || !strcmp(s->option, "zonemode"));
}
END_TEST

START_TEST(random_jobs_read_back_as_the_same_jobs)
{
	unsigned seed = 1, accepted = 0;

	for (int round = 0; round < 3000; round++) {
		unsigned n_options = 1 + (unsigned)rand_r(&seed) % 40;
		struct bl_err err = BL_ERR_INIT;
		struct job j;

		job_defaults(&j);
		strcpy(j.name, "a job");
		for (unsigned n = 0; n < n_options; n++) {
			const struct sample *s =
				&samples[(unsigned)rand_r(&seed) % BL_ARRAY_LEN(samples)];
			char value[256], *more;

			if (!value_at(s, (unsigned)rand_r(&seed) % 8, value, sizeof(value)))
				value_at(s, 0, value, sizeof(value));
			if ((more = strchr(value, '\n')))
				*more = 0;
			ck_assert_int_eq(job_set(&j, s->option, value, NULL), 0);
		}
		job_settle(&j, "", NULL);
		if (job_check(&j, &err) < 0)
			continue;
		accepted++;
		must_read_back(&j);
	}
	ck_assert_uint_gt(accepted, 300);
}
END_TEST

/* One file with a job for each value: what is accepted here has to be accepted there. */
START_TEST(fio_takes_the_same_values)
{
	char path[] = "/tmp/blklab-options-XXXXXX", value[256], command[128];
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int fd = mkstemp(path);
	unsigned n = 0;

	if (access("/usr/bin/fio", X_OK) < 0) {
		unlink(path);
		return;
	}
	bl_buf_adds(&text, "[first]\nioengine=null\nsize=1m\n");
	for (size_t k = 0; k < BL_ARRAY_LEN(samples); k++)
		for (unsigned i = 0; value_at(&samples[k], i, value, sizeof(value)); i++)
			if (strncmp(samples[k].option, "ignore", 6) != 0 || !strchr(value, ':'))
				add_section(&text, &samples[k], value, n++);
	ck_assert_int_eq(write(fd, bl_buf_str(&text), text.len), (ssize_t)text.len);
	close(fd);
	snprintf(command, sizeof(command), "/usr/bin/fio --parse-only %s >&2", path);
	ck_assert_int_eq(system(command), 0);
	unlink(path);
}
END_TEST

/* The first word of each line of fio's own list. */
START_TEST(every_option_of_fio_is_known)
{
	char line[512], name[64];
	FILE *list;
	int n = 0;

	if (access("/usr/bin/fio", X_OK) < 0)
		return;
	list = popen("/usr/bin/fio --cmdhelp=all 2>/dev/null; /usr/bin/fio --enghelp=io_uring; "
		     "/usr/bin/fio --enghelp=libaio; /usr/bin/fio --enghelp=pvsync2",
		     "r");
	ck_assert_ptr_nonnull(list);
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, " %63[a-z0-9_-]", name) != 1 || !strchr(line, ':'))
			continue;
		ck_assert_msg(job_option_known(name), "%s", name);
		n++;
	}
	pclose(list);
	ck_assert_int_gt(n, 200);
}
END_TEST

static const struct {
	const char *alias, *name, *value;
} aliases[] = {
	{"readwrite", "rw", "randrw"},
	{"blocksize", "bs", "8k"},
	{"blocksize_range", "bsrange", "1k-2k"},
	{"blocksize_unaligned", "bs_unaligned", "1"},
	{"blockalign", "ba", "4k"},
	{"timeout", "runtime", "10"},
	{"iodepth_batch_submit", "iodepth_batch", "4"},
	{"iodepth_batch_complete", "iodepth_batch_complete_min", "4"},
	{"wait_for_previous", "stonewall", "1"},
	{"nr_files", "nrfiles", "4"},
	{"io_limit", "io_size", "4m"},
	{"fileoffset", "offset", "4k"},
	{"fill_fs", "fill_device", "1"},
	{"mem_align", "iomem_align", "4k"},
	{"ratemin", "rate_min", "1m"},
	{"ratecycle", "rate_cycle", "100"},
	{"ss", "steadystate", "iops:1%"},
	{"ss_dur", "steadystate_duration", "10"},
	{"ss_ramp", "steadystate_ramp_time", "10"},
};

START_TEST(an_alias_is_the_option)
{
	struct job j, k;

	job_defaults(&j);
	job_defaults(&k);
	ck_assert_int_eq(job_set(&j, aliases[_i].alias, aliases[_i].value, NULL), 0);
	ck_assert_int_eq(job_set(&k, aliases[_i].name, aliases[_i].value, NULL), 0);
	ck_assert_int_eq(memcmp(&j, &k, sizeof(j)), 0);
	ck_assert_str_eq(job_option_canonical(aliases[_i].alias), aliases[_i].name);
}
END_TEST

static void set(struct job *j, const char *option, const char *value)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(job_set(j, option, value, &err) == 0, "%s", err.text);
}

START_TEST(values_mean_what_fio_means)
{
	struct job j;

	job_defaults(&j);
	set(&j, "bs", "8k,32k");
	ck_assert_uint_eq(j.bs[0].min, 8192);
	ck_assert_uint_eq(j.bs[1].max, 32768);
	ck_assert_uint_eq(j.bs[2].max, 32768);
	set(&j, "bs", ",16k");
	ck_assert_uint_eq(j.bs[0].min, 8192);
	ck_assert_uint_eq(j.bs[2].max, 16384);
	set(&j, "bs", "1k,2k,");
	ck_assert_uint_eq(j.bs[1].max, 2048);
	ck_assert_uint_eq(j.bs[2].max, 16384);
	set(&j, "bsrange", "4k-1k");
	set(&j, "bs", "64k"); /* without effect, as in fio */
	ck_assert_uint_eq(j.bs[0].min, 1024);
	ck_assert_uint_eq(j.bs[0].max, 4096);
	set(&j, "bssplit", "4k/10:64k/50:32k");
	ck_assert_uint_eq(j.bssplit[2].n, 3);
	ck_assert_uint_eq(j.bssplit[2].at[2].value, 32768);
	ck_assert_uint_eq(j.bssplit[2].at[2].pct, 40);
	ck_assert_uint_eq(job_bs_min(&j, 1), 4096);
	ck_assert_uint_eq(job_bs_max(&j, 1), 65536);
	set(&j, "rate_iops", "100,,300");
	ck_assert_uint_eq(j.rate_iops[0], 100);
	ck_assert_uint_eq(j.rate_iops[1], 0);
	ck_assert_uint_eq(j.rate_iops[2], 300);
	set(&j, "rw", "randread:8");
	ck_assert_uint_eq(j.rw_nr, 8);
	set(&j, "rw", "write:-4k");
	ck_assert_int_eq(j.rw_hole, -4096);
	ck_assert_uint_eq(j.rw_nr, 0);
	set(&j, "thinktime", "5");
	ck_assert_uint_eq(j.thinktime_ns, 5000);
	set(&j, "thinktime_iotime", "5");
	ck_assert_uint_eq(j.thinktime_iotime_ns, 5 * NS_PER_S);
	set(&j, "max_latency", "10,2ms");
	ck_assert_uint_eq(j.max_latency_ns[0], 10000);
	ck_assert_uint_eq(j.max_latency_ns[2], 2 * NS_PER_MS);
	set(&j, "log_avg_msec", "1000");
	ck_assert_uint_eq(j.log_avg_ns, NS_PER_S);
	set(&j, "startdelay", "5s-500ms");
	ck_assert_uint_eq(j.startdelay_ns, 500 * NS_PER_MS);
	ck_assert_uint_eq(j.startdelay_max_ns, 5 * NS_PER_S);
	set(&j, "cpumask", "0xd");
	ck_assert_str_eq(j.cpus_allowed, "0,2,3");
	set(&j, "random_distribution", "zoned:60/10:40/");
	ck_assert_uint_eq(j.zones[1].at[0].pct, 60);
	ck_assert_uint_eq(j.zones[1].at[1].value, 90);
	set(&j, "random_distribution", "pareto");
	ck_assert(j.dist_value == 0.2 && j.dist_center < 0);
	set(&j, "percentile_list", "99.9:50:0:10");
	ck_assert(j.percentile_list[0] == 50 && j.percentile_list[1] == 99.9);
	ck_assert(j.percentile_list[2] == 0);
	set(&j, "continue_on_error", "io");
	ck_assert_uint_eq(j.continue_on_error, JOB_CONTINUE_READ | JOB_CONTINUE_WRITE);
	set(&j, "gtod_reduce", "1");
	ck_assert(j.disable_lat && j.disable_clat && j.disable_slat);
	ck_assert(!j.clat_percentiles);
	set(&j, "rwmixwrite", "30%");
	ck_assert_uint_eq(j.rwmixread, 70);
}
END_TEST

START_TEST(defaults_are_those_of_fio)
{
	struct job j;

	job_defaults(&j);
	ck_assert(j.invalidate && j.allow_file_create);
	ck_assert(j.scramble_buffers && j.do_verify && j.trim_verify_zero);
	ck_assert(j.randrepeat && j.clat_percentiles && j.disk_util && j.stats && j.per_job_logs);
	ck_assert(!j.has_verify && !j.has_compress && !j.bs_is_range);
	ck_assert_int_eq(j.fallocate, JOB_FALLOCATE_NATIVE);
	ck_assert_int_eq(j.fadvise_hint, JOB_FADVISE_PATTERN);
	ck_assert_int_eq(j.file_service_type, JOB_FILES_ROUNDROBIN);
	ck_assert_uint_eq(j.file_service_n, 1);
	ck_assert_uint_eq(j.bwavgtime_ns, 500 * NS_PER_MS);
	ck_assert_uint_eq(j.rate_cycle_ns, NS_PER_S);
	ck_assert_uint_eq(j.compress_chunk, 512);
	ck_assert_uint_eq(j.percentage_random[2], 100);
	ck_assert_int_eq(j.sqthread_poll_cpu, -1);
	ck_assert_int_eq(j.steadystate, JOB_SS_NONE);
	ck_assert(j.percentile_list[0] == 1 && j.percentile_list[16] == 99.99);
	ck_assert(j.dist_center < 0 && j.latency_percentile == 100);
	ck_assert_uint_eq(job_files(&j), 1);
	ck_assert(job_uses_target(&j) && job_has_one_bs(&j));
}
END_TEST

static const struct {
	const char *options;
	unsigned clone, file;
	const char *path;
} files[] = {
	{"", 0, 0, "a.0.0"},
	{"numjobs=3\nnrfiles=2\n", 2, 1, "a.2.1"},
	{"directory=/d1:/d2\n", 0, 0, "/d1/a.0.0"},
	{"directory=/d1:/d2\n", 1, 0, "/d2/a.1.0"},
	{"directory=/d1:/d2/\n", 3, 0, "/d2/a.3.0"},
	{"filename=x:y\n", 5, 1, "y"},
	{"directory=d\nfilename=x:y\n", 1, 0, "d/x"},
	{"filename=a\\:b:c\n", 0, 0, "a:b"},
	{"filename=a\\:b:c\n", 0, 1, "c"},
	{"filename_format=$jobname/$jobnum-$filenum$clientuid$x\n", 1, 2, "a/1-2$x"},
	{"filename_format=z\nfilename=y\n", 1, 0, "y"},
};

START_TEST(a_file_is_named_as_fio_names_it)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, path = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct jobs jobs;

	bl_buf_addf(&text, "[a]\n%s", files[_i].options);
	ck_assert_msg(jobfile_parse(bl_buf_str(&text), "t", &jobs, &err) == 0, "%s", err.text);
	ck_assert_int_eq(job_file(&jobs.items[0], files[_i].clone, files[_i].file, &path), 0);
	ck_assert_str_eq(bl_buf_str(&path), files[_i].path);
	ck_assert_uint_gt(job_files(&jobs.items[0]), _i == 9 ? 0 : files[_i].file);
	jobs_done(&jobs);
}
END_TEST

START_TEST(a_log_without_prefix_is_named_for_its_job)
{
	struct bl_err err = BL_ERR_INIT;
	struct jobs jobs;

	ck_assert_int_eq(
		jobfile_parse("[global]\nwrite_bw_log\nwrite_lat_log=p\n[a]\n[b]\nname=c\n", "t",
			      &jobs, &err),
		0);
	ck_assert_str_eq(jobs.items[0].write_bw_log, "a");
	ck_assert_str_eq(jobs.items[1].write_bw_log, "c");
	ck_assert_str_eq(jobs.items[1].write_lat_log, "p");
	ck_assert_str_eq(jobs.items[1].write_hist_log, "");
	jobs_done(&jobs);
}
END_TEST

START_TEST(a_pattern_of_a_file_is_its_bytes)
{
	char path[] = "/tmp/blklab-pattern-XXXXXX", value[64];
	int fd = mkstemp(path);
	struct job j;

	ck_assert_int_eq(write(fd, "ab", 2), 2);
	close(fd);
	snprintf(value, sizeof(value), "'%s'0xff", path);
	job_defaults(&j);
	set(&j, "buffer_pattern", value);
	ck_assert_str_eq(j.buffer_pattern, "0x6162ff");
	unlink(path);
}
END_TEST

START_TEST(every_option_is_in_the_help)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const char *name;

	job_options_help(&text);
	for (size_t i = 0; (name = job_option_name(i)); i++) {
		char line[64];

		snprintf(line, sizeof(line), "  %-27s ", name);
		ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), line));
	}
}
END_TEST

START_TEST(the_page_of_options_is_what_the_tables_say)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, page = BL_BUF_INIT;
	const char *path = SOURCE_DIR "/docs/job-options.md";
	struct bl_err err = BL_ERR_INIT;

	job_options_markdown(&text);
	if (getenv("BLKLAB_REGEN"))
		ck_assert_int_eq(bl_write_file(path, bl_buf_str(&text), text.len, &err), 0);
	ck_assert_msg(bl_read_file(path, 1 << 20, &page, &err) == 0, "%s", err.text);
	ck_assert_msg(!strcmp(bl_buf_str(&page), bl_buf_str(&text)),
		      "docs/job-options.md is old; BLKLAB_REGEN=1 rewrites it");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("job_options");
	TCase *t = tcase_create("job_options");
	SRunner *run;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_option_of_the_tables_has_samples_here);
	tcase_add_loop_test(t, each_value_reads_back_as_the_same_job, 0, BL_ARRAY_LEN(samples));
	tcase_add_loop_test(t, each_option_changes_the_job, 0, BL_ARRAY_LEN(samples));
	tcase_add_test(t, random_jobs_read_back_as_the_same_jobs);
	tcase_add_test(t, fio_takes_the_same_values);
	tcase_add_test(t, every_option_of_fio_is_known);
	tcase_add_loop_test(t, an_alias_is_the_option, 0, BL_ARRAY_LEN(aliases));
	tcase_add_test(t, values_mean_what_fio_means);
	tcase_add_test(t, defaults_are_those_of_fio);
	tcase_add_loop_test(t, a_file_is_named_as_fio_names_it, 0, BL_ARRAY_LEN(files));
	tcase_add_test(t, a_log_without_prefix_is_named_for_its_job);
	tcase_add_test(t, a_pattern_of_a_file_is_its_bytes);
	tcase_add_test(t, every_option_is_in_the_help);
	tcase_add_test(t, the_page_of_options_is_what_the_tables_say);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
