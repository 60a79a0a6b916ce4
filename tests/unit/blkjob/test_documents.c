/* Whole documents of results made by hand, against files that a fio 3.33 user would recognise. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "made.h"
#include "suites.h"
#include "units.h"

static void one_reader(struct made *m)
{
	struct job *j = made_job(m, "reader", "rw=randread\nioengine=psync\nbs=4k\n");
	struct engine_clone *c;

	j->rw = JOB_RW_RANDREAD;
	m->jobs.globals = (char *)(uintptr_t) "direct=1\nfilename=/dev/vda\n";
	c = made_clone(m);
	made_ios(c, IO_READ, 2000, 20000, false);
}

/* Two jobs of one group in one entry, syncs, a rate, slat; and one by itself. */
static void merged(struct made *m)
{
	struct job *j = made_job(m, "mixed \"a\\b\"", "rw=randrw\nfsync=8\nnumjobs=2\n");
	struct engine_clone *c;

	for (int i = 0; i < 2; i++) {
		j->rw = JOB_RW_RANDRW;
		j->engine = JOB_IO_URING;
		j->iodepth = 16;
		j->group_reporting = true;
		j->slat_percentiles = j->lat_percentiles = true;
		j->numjobs = i == 0 ? 2 : 1;
		j->continue_on_error = JOB_CONTINUE_ALL;
		snprintf(j->description, sizeof(j->description), "two jobs");
		for (uint32_t k = 0; k < j->numjobs; k++) {
			c = made_clone(m);
			made_ios(c, IO_READ, 1000, 50000, true);
			made_ios(c, IO_WRITE, 500, 1000000, true);
			made_ios(c, IO_SYNC, 60, 3000000, false);
			lat_merge(sample_lat(&c->sample->dir[IO_READ].sched),
				  c->sample->dir[IO_READ].lat);
			c->n_inflight_at_ramp = 3;
		}
		if (i == 0)
			j = made_job(m, "second", "rw=randrw\n");
	}
	m->clones[1].n_errors = 2;
	m->clones[1].first_error = EIO;
	m->clones[1].first_error_offset = 8192;
	m->clones[2].short_ios[IO_WRITE] = 1;
	j = made_job(m, "alone", "rw=trim\nstonewall=1\n");
	j->rw = JOB_RW_TRIM;
	j->report_group = 1;
	made_ios(made_clone(m), IO_TRIM, 300, 900, false);
}

static void unified(struct made *m)
{
	struct job *j = made_job(m, "one", "rw=rw\nunified_rw_reporting=mixed\n");

	j->unified_rw_reporting = JOB_UNIFIED_MIXED;
	made_ios(made_clone(m), IO_READ, 200, 3000, true);
	made_ios(&m->clones[0], IO_WRITE, 200, 9000, true);
	j = made_job(m, "both", "rw=rw\nunified_rw_reporting=both\n");
	j->unified_rw_reporting = JOB_UNIFIED_BOTH;
	made_ios(made_clone(m), IO_READ, 200, 3000, true);
	made_ios(&m->clones[1], IO_WRITE, 200, 9000, true);
}

/* Nothing could start; one job has not been reached. */
static void failed(struct made *m)
{
	struct engine_clone *c;

	made_job(m, "broken", NULL);
	c = made_clone(m);
	c->sample->n_threads = 0;
	c->sample->runtime_ns = c->sample->cpu_user_ns = c->sample->cpu_sys_ns = 0;
	c->sample->ctx_voluntary = c->sample->ctx_involuntary = 0;
	c->started_wall_ms = 0;
	c->sample->error = EINVAL;
	strcpy(c->sample->error_text, "size: 0 of '/tmp/x': a size is needed");
	made_job(m, "later", NULL)->report_group = 1;
	c = made_clone(m);
	*c->sample = (struct sample){.job = "later"};
	c->started_wall_ms = 0;
	c->n_enters = c->n_polls = 0;
	m->r.eta_s = 7;
	m->clones[0].sample->clock_cost_ns = 0;
	m->jobs.ignored = (char *)(uintptr_t) "a.fio:3: nrfiles: why\n--lockmem: ignored, why\n";
}

static void steady_and_target(struct made *m)
{
	struct job *j = made_job(m, "steady", "ss=iops:5%\nss_dur=3\nlatency_target=50us\n");
	struct engine_clone *c = made_clone(m);
	static const uint64_t iops[] = {990, 1000, 1010};

	j->steadystate = JOB_SS_IOPS;
	j->ss_limit = 5;
	j->ss_limit_is_pct = true;
	j->ss_dur_ns = 3 * NS_PER_S;
	j->latency_target_ns = 50 * NS_PER_US;
	j->latency_window_ns = 100 * NS_PER_MS;
	j->latency_percentile = 99;
	j->iodepth = 32;
	j->percentile_list[0] = 50;
	j->percentile_list[1] = 99.9;
	j->percentile_list[2] = 99.99999;
	j->percentile_list[3] = 0;
	c->latency_depth = 10;
	c->steady = (struct engine_steady){
		.is_attained = true, .criterion = 1, .deviation = 10, .n = 3};
	c->steady.iops = calloc(3, sizeof(uint64_t));
	c->steady.bw_bytes = calloc(3, sizeof(uint64_t));
	for (int i = 0; i < 3; i++) {
		c->steady.iops[i] = iops[i];
		c->steady.bw_bytes[i] = iops[i] * 4096;
	}
	made_ios(c, IO_READ, 2000, 700, false);
}

/* What the job did not want measured is there and empty. */
static void disabled(struct made *m)
{
	struct job *j = made_job(m, "reduced", "gtod_reduce=1\nkb_base=1000\nunit_base=1\n");

	j->disable_lat = j->disable_clat = j->disable_slat = true;
	j->clat_percentiles = false;
	j->kb_base = 1000;
	j->unit_base = 1;
	made_ios(made_clone(m), IO_WRITE, 2000, 20000, true);
	made_job(m, "left out", "stats=0\n")->stats = false;
	made_ios(made_clone(m), IO_WRITE, 2000, 20000, true);
}

static struct disk_use disks[] = {
	{.name = "dm-0",
	 .own = {1000, 2, 0, 0, 8000, 16, 900, 1, 500, 901},
	 .util_pct = 25,
	 .n_below = 2,
	 .below = {500, 1, 3, 4, 4000, 8, 450, 0, 250, 450},
	 .below_util_pct = 12.5},
	{.name = "vda", .own = {1000, 2, 6, 8, 8000, 16, 900, 1, 500, 901}, .util_pct = 25},
};

static void with_disks(struct made *m)
{
	one_reader(m);
	m->r.disks = disks;
	m->r.n_disks = 2;
}

static const struct {
	const char *name;
	void (*make)(struct made *m);
} cases[] = {
	{"reader", one_reader},        {"merged", merged},
	{"unified", unified},          {"failed", failed},
	{"steady", steady_and_target}, {"disabled", disabled},
	{"disks", with_disks},
};

static int terse_3(const struct results *r, struct bl_buf *out)
{
	return document_terse(r, 3, out);
}

static const struct {
	const char *ending;
	int (*print)(const struct results *r, struct bl_buf *out);
} forms[] = {{"txt", document_text}, {"terse", terse_3}};

START_TEST(every_form_is_as_expected)
{
	struct made m;
	char file[64];

	made_init(&m);
	cases[_i].make(&m);
	for (int plus = 0; plus < 2; plus++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

		snprintf(file, sizeof(file), "%s%s.json", cases[_i].name, plus ? "-plus" : "");
		ck_assert_int_eq(document_json(&m.r, plus, &out), 0);
		expect_file(file, bl_buf_str(&out));
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(forms); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

		snprintf(file, sizeof(file), "%s.%s", cases[_i].name, forms[i].ending);
		ck_assert_int_eq(forms[i].print(&m.r, &out), 0);
		expect_file(file, bl_buf_str(&out));
	}
	made_done(&m);
}
END_TEST

START_TEST(the_head_has_a_line_a_job)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct made m;

	made_init(&m);
	merged(&m);
	m.items[1].bs[1] = (struct job_range){8192, 65536};
	m.items[0].thread = true;
	document_text_head(&m.jobs, &out);
	ck_assert_str_eq(
		bl_buf_str(&out),
		"mixed \"a\\b\": (g=0): rw=randrw, bs=(R) 4096B-4096B, (W) 4096B-4096B, (T) "
		"4096B-4096B, ioengine=io_uring, iodepth=16\n...\n"
		"second: (g=0): rw=randrw, bs=(R) 4096B-4096B, (W) 8192B-64.0KiB, (T) "
		"4096B-4096B, ioengine=io_uring, iodepth=16\n"
		"alone: (g=1): rw=trim, bs=(R) 4096B-4096B, (W) 4096B-4096B, (T) 4096B-4096B, "
		"ioengine=psync, iodepth=1\n"
		"fio-3.33\nStarting 2 threads and 2 processes\n");
	made_done(&m);
}
END_TEST

/* fio's fields by number, from 1, as scripts cut them. */
static const char *field(const char *line, int number)
{
	while (--number > 0 && line) {
		line = strchr(line, ';');
		line = line ? line + 1 : NULL;
	}
	return line ? line : "";
}

START_TEST(terse_fields_stand_where_scripts_cut_them)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct made m;

	made_init(&m);
	merged(&m);
	ck_assert_int_eq(document_terse(&m.r, 3, &out), 0);
	/* 3000 reads and 1500 writes of 4 KiB in 2001 ms */
	ck_assert_int_eq(atoi(field(bl_buf_str(&out), 7)), 3000 * 4 * 1000 / 2001);
	ck_assert_int_eq(atoi(field(bl_buf_str(&out), 8)), 3000 * 1000 / 2001);
	ck_assert_int_eq(atoi(field(bl_buf_str(&out), 48)), 1500 * 4 * 1000 / 2001);
	ck_assert_int_eq(atoi(field(bl_buf_str(&out), 49)), 1500 * 1000 / 2001);
	made_done(&m);
}
END_TEST

static int count_fields(const char *line)
{
	int n = 1;

	for (; *line && *line != '\n'; line++)
		n += *line == ';';
	return n;
}

/* The counts are fio 3.33's for a job without disks, description and continue_on_error. */
static const struct {
	unsigned version;
	int n_fields, at_trim; /* field of the trimmed KiB; 0: none */
} terse_versions[] = {{2, 161, 87}, {3, 121, 0}, {4, 162, 88}, {5, 180, 100}};

START_TEST(terse_versions_have_fios_fields)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct made m;

	made_init(&m);
	made_job(&m, "a", NULL);
	made_ios(made_clone(&m), IO_TRIM, 300, 1000, false);
	ck_assert_int_eq(document_terse(&m.r, terse_versions[_i].version, &out), 0);
	ck_assert_int_eq(count_fields(bl_buf_str(&out)), terse_versions[_i].n_fields);
	ck_assert_int_eq(atoi(bl_buf_str(&out)), (int)terse_versions[_i].version);
	if (terse_versions[_i].at_trim)
		ck_assert_int_eq(atoi(field(bl_buf_str(&out), terse_versions[_i].at_trim)), 1200);
	made_done(&m);
}
END_TEST

TCase *documents_tests(void)
{
	TCase *t = tcase_create("documents");

	tcase_add_loop_test(t, every_form_is_as_expected, 0, BL_ARRAY_LEN(cases));
	tcase_add_test(t, the_head_has_a_line_a_job);
	tcase_add_test(t, terse_fields_stand_where_scripts_cut_them);
	tcase_add_loop_test(t, terse_versions_have_fios_fields, 0, BL_ARRAY_LEN(terse_versions));
	return t;
}
