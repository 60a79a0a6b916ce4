/* Jobs that are more than one size in one file as fast as it goes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

struct ran {
	struct engine_clone *clones;
	size_t n;
};

static struct ran run_clones_with(const char *text, const char *target,
				  void (*tick)(struct engine_live *, void *), void *arg)
{
	struct jobs jobs = jobs_of(text);
	struct engine_call call = {.jobs = jobs.items,
				   .n_jobs = jobs.n,
				   .target = target,
				   .tick = tick,
				   .tick_arg = arg};
	struct bl_err err = BL_ERR_INIT;
	struct ran r = {0};

	ck_assert_msg(engine_run_clones(&call, &r.clones, &r.n, &err) == 0, "%s", err.text);
	jobs_done(&jobs);
	return r;
}

static struct ran run_clones(const char *text, const char *target)
{
	return run_clones_with(text, target, NULL, NULL);
}

static void ran_done(struct ran *r)
{
	for (size_t i = 0; i < r->n; i++)
		engine_clone_done(&r->clones[i]);
	free(r->clones);
}

static const char *const engines[] = {"ioengine=psync\n",
				      "ioengine=sync\n",
				      "ioengine=pvsync\n",
				      "ioengine=pvsync2\n",
				      "ioengine=libaio\niodepth=4\n",
				      "ioengine=io_uring\niodepth=4\n"};

START_TEST(errors_that_are_borne_are_counted_with_the_first_offset)
{
	const struct rlimit limit = {64 * 4096, RLIM_INFINITY};
	const char *path = scratch_file("borne", 1 << 20);
	char text[200];
	struct ran r;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	snprintf(text, sizeof(text), "[a]\nrw=write\ncontinue_on_error=write\n%s", engines[_i]);
	r = run_clones(text, path);
	ck_assert_int_eq(r.clones->sample->error, 0);
	ck_assert_uint_eq(r.clones->sample->dir[IO_WRITE].ios, 64);
	ck_assert_uint_eq(r.clones->n_errors, 256 - 64);
	ck_assert_int_eq(r.clones->first_error, EFBIG);
	ck_assert_uint_eq(r.clones->first_error_offset, 64 * 4096);
	ran_done(&r);
}
END_TEST

START_TEST(an_ignored_error_is_none)
{
	const struct rlimit limit = {64 * 4096, RLIM_INFINITY};
	const char *path = scratch_file("ignored", 1 << 20);
	struct ran r;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	r = run_clones(
		"[a]\nrw=write\nignore_error=,EIO:EFBIG\n[b]\nrw=write\nignore_error=EFBIG\n",
		path);
	ck_assert_int_eq(r.clones[0].sample->error, 0);
	ck_assert_uint_eq(r.clones[0].n_errors, 0);
	ck_assert_int_eq(r.clones[1].sample->error, EFBIG); /* ignored for reads only */
	ran_done(&r);
}
END_TEST

START_TEST(one_failed_clone_leaves_the_others_alone_unless_told_otherwise)
{
	const char *path = scratch_file("alone", 1 << 20);
	struct ran r;

	r = run_clones("[bad]\nfilename=/dev/full\nsize=1m\nrw=write\n"
		       "[good]\nioengine=null\nsize=1m\nrate_iops=100\ntime_based\nruntime=500ms\n",
		       path);
	ck_assert_int_eq(r.clones[0].sample->error, ENOSPC);
	ck_assert_uint_ge(r.clones[1].sample->runtime_ns, 450000000);
	ran_done(&r);
	r = run_clones("[bad]\nfilename=/dev/full\nsize=1m\nrw=write\nexitall_on_error\n"
		       "[good]\nioengine=null\nsize=1m\nrate_iops=100\ntime_based\nruntime=20\n",
		       path);
	ck_assert_int_eq(r.clones[0].sample->error, ENOSPC);
	ck_assert_uint_lt(r.clones[1].sample->runtime_ns, 10000000000);
	ran_done(&r);
}
END_TEST

START_TEST(the_end_of_a_job_with_exitall_ends_the_others)
{
	struct ran r = run_clones("[short]\nioengine=null\nsize=1m\nexitall\n"
				  "[long]\nioengine=null\nsize=1m\nrate_iops=100\ntime_based\n"
				  "runtime=20\n",
				  NULL);

	ck_assert_uint_lt(r.clones[1].sample->runtime_ns, 10000000000);
	ran_done(&r);
}
END_TEST

START_TEST(a_job_waits_for_another_and_for_its_delay)
{
	struct ran r = run_clones("[first]\nioengine=null\nsize=1m\nrate_iops=100\ntime_based\n"
				  "runtime=300ms\n[second]\nioengine=null\nsize=1m\n"
				  "wait_for=first\n[late]\nioengine=null\nsize=1m\n"
				  "startdelay=200ms\n",
				  NULL);
	uint64_t first = r.clones[0].started_wall_ms;

	/* Two stamps rounded to 1 ms each, of a clock that may be slewed meanwhile. */
	ck_assert_uint_ge(r.clones[1].started_wall_ms, first + 295);
	ck_assert_uint_ge(r.clones[2].started_wall_ms, first + 195);
	ck_assert_uint_eq(r.clones[1].sample->dir[IO_READ].ios, 256);
	ran_done(&r);
}
END_TEST

START_TEST(think_time_stands_between_every_n_blocks)
{
	struct sample *s = run_one("[a]\nioengine=null\nsize=40k\nthinktime=20ms\n"
				   "thinktime_blocks=2\nthinktime_spin=5ms\n",
				   NULL);

	/* ten blocks: four pauses between five pairs */
	ck_assert_uint_eq(s->dir[IO_READ].ios, 10);
	ck_assert_uint_ge(s->runtime_ns, 80000000);
	ck_assert_uint_ge(s->cpu_user_ns + s->cpu_sys_ns, 10000000); /* spun for 20 ms */
	sample_free(s);
}
END_TEST

START_TEST(a_burst_is_as_many_requests_as_it_was_told)
{
	const char *path = scratch_file("burst", 1 << 20);
	struct ran r = run_clones("[a]\nioengine=io_uring\niodepth=64\nthinktime=10ms\n"
				  "thinktime_blocks=16\nthinktime_blocks_type=issue\n",
				  path);

	ck_assert_uint_eq(r.clones->sample->dir[IO_READ].ios, 256);
	ck_assert_uint_eq(r.clones->depths.submit[3], 16); /* 9-16 requests, sixteen times */
	ran_done(&r);
}
END_TEST

START_TEST(a_target_that_is_always_met_ends_at_the_full_depth)
{
	struct ran r = run_clones("[a]\nioengine=null\nsize=1m\niodepth=8\ntime_based\nruntime=20\n"
				  "latency_target=10s\nlatency_window=20ms\n",
				  NULL);

	ck_assert_uint_eq(r.clones->latency_depth, 8);
	ck_assert_uint_lt(r.clones->sample->runtime_ns, 10000000000);
	ran_done(&r);
}
END_TEST

START_TEST(a_latency_above_max_latency_is_an_error)
{
	const char *path = scratch_file("slow", 8 << 20);
	struct sample *s;

	run_text("[a]\nbs=4m\nmax_latency=1us\n", path, &s);
	ck_assert_int_eq(s->error, ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(s->error_text, "max_latency: read at offset 0 took "));
	sample_free(s);
}
END_TEST

START_TEST(a_settled_job_ends_before_its_time)
{
	struct ran r = run_clones("[a]\nioengine=null\nsize=1m\nrate_iops=1000\ntime_based\n"
				  "runtime=20\nsteadystate=iops:20%\nsteadystate_duration=2s\n",
				  NULL);

	ck_assert(r.clones->steady.is_attained);
	ck_assert_uint_eq(r.clones->steady.n, 2);
	ck_assert_uint_gt(r.clones->steady.iops[1], 700);
	ck_assert_uint_lt(r.clones->steady.iops[1], 1300);
	ck_assert_uint_lt(r.clones->sample->runtime_ns, 10000000000);
	ran_done(&r);
}
END_TEST

START_TEST(requests_that_would_overlap_wait_for_each_other)
{
	const char *path = scratch_file("overlap", 1 << 20);
	struct ran r = run_clones("[a]\nioengine=libaio\niodepth=8\nrw=randwrite\nnorandommap\n"
				  "size=4k\nio_size=400k\nserialize_overlap=1\ndirect=1\n",
				  path);

	ck_assert_uint_eq(r.clones->sample->dir[IO_WRITE].ios, 100);
	ck_assert_uint_eq(r.clones->depths.level[0], 100); /* never two at a time */
	ran_done(&r);
}
END_TEST

START_TEST(a_file_can_not_be_trimmed)
{
	const char *path = scratch_file("trim", 1 << 20);
	char text[100];
	struct sample *s;

	snprintf(text, sizeof(text), "[a]\nrw=trim\n%s", engines[_i]);
	run_text(text, path, &s);
	ck_assert_int_eq(s->error, ENOTTY);
	ck_assert_ptr_nonnull(strstr(s->error_text, "trim of 4096 bytes at offset 0"));
	sample_free(s);
}
END_TEST

START_TEST(jobs_of_a_flow_get_requests_by_their_weights)
{
	struct ran r = run_clones(
		"[global]\nioengine=null\nsize=1g\ntime_based\nruntime=2\n"
		"flow_id=1\nflow_sleep=20\nrate_iops=4000\n[one]\nflow=1\n[three]\nflow=3\n",
		NULL);
	double one = (double)r.clones[0].sample->dir[IO_READ].ios;
	double three = (double)r.clones[1].sample->dir[IO_READ].ios;

	ck_assert_double_ge(one, 20); /* they wait for each other: slow on a busy machine */
	ck_assert_double_gt(three / one, 2.5);
	ck_assert_double_lt(three / one, 3.5);
	ran_done(&r);
}
END_TEST

static const struct {
	const char *text;
	uint64_t ios, bytes;
} amounts[] = {
	{"size=1m\nnumber_ios=7\n", 7, 7 * 4096},
	{"size=1m\nio_size=10k\n", 3, 3 * 4096},
	{"size=64k\nloops=3\n", 48, 48 * 4096},
	{"size=64k\nnumber_ios=5\nloops=3\n", 15, 15 * 4096},
	{"size=64k\nio_size=192k\nloops=3\n", 48, 48 * 4096},
	{"size=64k\nio_size=100k\nrw=randread\n", 25, 25 * 4096},
	{"size=64k\nrw=read:12k\n", 4, 4 * 4096}, /* with holes the pass is over sooner */
	{"size=64k\nbs=8k\nbsrange=8k-8k\n", 8, 8 * 8192},
	{"size=1m\nnrfiles=4\n", 256, 1 << 20},
	{"size=256k\nbssplit=4k/50:16k/50\nrw=randread\n", 0, 256 << 10},
};

START_TEST(a_job_moves_what_it_was_told_to)
{
	char text[200];
	struct sample *s;

	snprintf(text, sizeof(text), "[a]\nioengine=null\n%s", amounts[_i].text);
	s = run_one(text, NULL);
	if (amounts[_i].ios)
		ck_assert_uint_eq(s->dir[IO_READ].ios, amounts[_i].ios);
	ck_assert_uint_eq(s->dir[IO_READ].bytes, amounts[_i].bytes);
	sample_free(s);
}
END_TEST

static const char *const logged[] = {"ioengine=null\niodepth=4\nsize=1m\n",
				     "ioengine=null\nsize=1m\n", "ioengine=psync\n",
				     "ioengine=io_uring\niodepth=4\n"};

START_TEST(logs_hold_every_request_and_every_window)
{
	const char *path = scratch_file("logs", 1 << 20);
	uint64_t n = 0, sum = 0, bytes = 0;
	char text[200];
	struct ran r;

	snprintf(text, sizeof(text), "[a]\nwrite_lat_log=x\n%s", logged[_i]);
	r = run_clones(text, path);
	ck_assert_uint_eq(r.clones->n_ios, 256);
	for (size_t i = 0; i < r.clones->n_ios; i++)
		sum += r.clones->ios[i].lat_ns;
	ck_assert_uint_eq(sum, r.clones->sample->dir[IO_READ].lat->sum_ns);
	ran_done(&r);

	snprintf(text, sizeof(text),
		 "[a]\nwrite_lat_log=x\nlog_avg_msec=1\nwrite_hist_log=x\nlog_hist_msec=1\n%s",
		 logged[_i]);
	r = run_clones(text, path);
	sum = 0;
	for (size_t i = 0; i < r.clones->n_windows; i++) {
		n += r.clones->windows[i].n;
		sum += r.clones->windows[i].sum_ns[ENGINE_LAT];
		bytes += r.clones->windows[i].bytes;
	}
	ck_assert_uint_eq(n, 256);
	ck_assert_uint_eq(bytes, 1 << 20);
	ck_assert_uint_eq(sum, r.clones->sample->dir[IO_READ].lat->sum_ns);
	n = 0;
	for (size_t i = 0; i < r.clones->n_hist_windows; i++)
		for (uint32_t k = 0; k < r.clones->hist_windows[i].n_buckets; k++)
			n += r.clones->hist_windows[i].buckets[k].count;
	ck_assert_uint_eq(n, 256);
	ran_done(&r);
}
END_TEST

static void look(struct engine_live *live, void *arg)
{
	uint64_t *seen = arg, ios;
	struct engine_clone *c;
	size_t n;

	ck_assert_int_eq(engine_live_copy(live, &c, &n), 0);
	ck_assert_uint_eq(n, 1);
	ios = c->sample->dir[IO_READ].ios;
	ck_assert_uint_ge(ios, seen[0]);
	if (ios)
		ck_assert_uint_eq(ios, hist_total(&c->sample->dir[IO_READ].lat->hist));
	seen[1] += ios > seen[0];
	seen[0] = ios;
	engine_clone_done(c);
	free(c);
}

START_TEST(a_running_job_can_be_looked_at)
{
	uint64_t seen[2] = {0};
	struct ran r = run_clones_with("[a]\nioengine=null\nsize=1m\nrate_iops=1000\ntime_based\n"
				       "runtime=600ms\n",
				       NULL, look, seen);

	ck_assert_uint_ge(seen[1], 2); /* it had moved on at least twice */
	ck_assert_uint_le(seen[0], r.clones->sample->dir[IO_READ].ios);
	ran_done(&r);
}
END_TEST

START_TEST(what_was_written_is_read_back_and_right)
{
	const char *path = scratch_file("checked", 1 << 20);
	char text[200];
	struct sample *s;

	snprintf(text, sizeof(text),
		 "[a]\nrw=randwrite\nbsrange=4k-16k\nverify=crc32c\nverify_backlog=7\n%s",
		 engines[_i]);
	s = run_one(text, path);
	ck_assert_int_eq(s->error, 0);
	ck_assert_uint_eq(s->dir[IO_WRITE].bytes, 1 << 20);
	ck_assert_uint_eq(s->dir[IO_READ].bytes, 1 << 20);
	sample_free(s);
}
END_TEST

/* Layouts whose requests have no common size: each is read back where it was written. */
static const char *const layouts[] = {
	"rw=write\nbssplit=4k/50:6k/50\n",
	"rw=randwrite\nbssplit=4k/50:6k/50\n",
	"rw=write:1k\nbs=4k\n",
	"rw=randrw\nbs=4k,8k\n",
	"rw=randwrite\nba=512\nnorandommap\n",
	"rw=write\nbs=2k\nzonemode=strided\nzonesize=10k\nzonerange=10k\n",
	"rw=randwrite\nbs_unaligned\nbsrange=512-4k\nsize=64k\n",
	"rw=randwrite\nbsrange=1000-4000\n",
	"rw=randwrite\nnrfiles=1\nloops=3\n",
	"rw=randwrite\nramp_time=50ms\n",
};

START_TEST(what_was_written_is_found_again_whatever_its_sizes)
{
	const char *path = scratch_file("layout", 1 << 20);
	char text[200];
	struct sample *s;

	snprintf(text, sizeof(text), "[a]\nverify=crc32c\n%s", layouts[_i]);
	s = run_one(text, path);
	ck_assert_uint_gt(s->dir[IO_WRITE].ios, 0);
	ck_assert_uint_gt(s->dir[IO_READ].ios, 0);
	if (strstr(text, "loops=3"))
		ck_assert_uint_eq(s->dir[IO_WRITE].bytes, 3 << 20);
	sample_free(s);
}
END_TEST

static const char *const ramped[] = {"rw=randread\nbsrange=4k-8k\n", "fsync=4\nrw=write\n",
				     "nrfiles=2\nrate_iops=1000000\n", "loops=2\nend_fsync=1\n"};

START_TEST(a_ramp_does_not_use_up_the_job)
{
	char text[200];
	struct sample *s;

	snprintf(text, sizeof(text), "[a]\nioengine=null\nsize=1m\nramp_time=100ms\n%s",
		 ramped[_i]);
	s = run_one(text, NULL);
	ck_assert_uint_ge(sample_bytes(s), 1 << 20);
	ck_assert_uint_le(sample_bytes(s), 2 << 20);
	sample_free(s);
}
END_TEST

START_TEST(verify_only_checks_all_of_a_rated_job)
{
	const char *path = scratch_file("only", 1 << 20);
	struct sample *s = run_one("[a]\nrw=randwrite\nverify=md5\n", path);

	sample_free(s);
	s = run_one("[a]\nrw=randwrite\nverify=md5\nverify_only\nrate_iops=1000\n", path);
	ck_assert_uint_eq(s->dir[IO_READ].ios, 256);
	sample_free(s);
}
END_TEST

static const char *const writes_nothing[] = {
	"rw=write\nverify=crc32c\ndo_verify=0\n",
	"rw=write\nverify=crc32c\ndo_verify=0\nioengine=libaio\niodepth=4\n",
	"rw=randrw\nverify=crc32c\ndo_verify=0\n",
	"rw=write\n",
	"rw=randwrite\nfsync=2\nloops=2\n",
	"rw=write\ntime_based\nruntime=60\n",
};

START_TEST(verify_only_writes_nothing_even_where_nothing_is_checked)
{
	static char bytes[1 << 20], zeros[1 << 20];
	const char *path = scratch_file("neither", sizeof(bytes));
	char text[200];
	struct sample *s;
	FILE *f;

	snprintf(text, sizeof(text), "[a]\nverify_only\n%s", writes_nothing[_i]);
	s = run_one(text, path);
	ck_assert_int_eq(s->error, 0);
	ck_assert_uint_eq(s->dir[IO_READ].ios, 0);
	ck_assert_uint_eq(s->dir[IO_WRITE].ios, 0);
	sample_free(s);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(bytes, 1, sizeof(bytes), f), sizeof(bytes));
	fclose(f);
	ck_assert_mem_eq(bytes, zeros, sizeof(bytes));
}
END_TEST

START_TEST(a_command_before_the_job_takes_nothing_of_its_time)
{
	char dir[] = "/var/tmp/blklab-hooks-XXXXXX";
	struct sample *s;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	s = run_one("[a]\nioengine=null\nsize=1m\nrate_iops=1000\ntime_based\nruntime=200ms\n"
		    "exec_prerun=sleep 0.4\n",
		    NULL);
	unlink("a.prerun.txt");
	rmdir(dir);
	ck_assert_uint_gt(s->dir[IO_READ].ios, 100);
	sample_free(s);
}
END_TEST

START_TEST(windows_follow_each_other_and_none_is_a_moment)
{
	struct ran r = run_clones("[a]\nioengine=null\nsize=1m\nrate_iops=10000\ntime_based\n"
				  "runtime=200ms\nwrite_iops_log=x\nlog_avg_msec=50\n",
				  NULL);
	uint64_t at = 0;

	ck_assert_uint_ge(r.clones->n_windows, 3);
	ck_assert_uint_le(r.clones->n_windows, 5);
	for (size_t i = 0; i < r.clones->n_windows; i++) {
		const struct engine_window *win = &r.clones->windows[i];

		ck_assert_uint_eq(win->start_ns, at);
		ck_assert_uint_ge(win->end_ns - win->start_ns, 5000000);
		at = win->end_ns;
	}
	ran_done(&r);
}
END_TEST

START_TEST(a_search_forgets_its_logs_with_its_figures)
{
	struct ran r = run_clones("[a]\nioengine=null\nsize=1m\niodepth=4\ntime_based\nruntime=20\n"
				  "latency_target=10s\nlatency_window=50ms\n"
				  "write_iops_log=x\nlog_avg_msec=10\n",
				  NULL);
	uint64_t n = 0;

	for (size_t i = 0; i < r.clones->n_windows; i++)
		n += r.clones->windows[i].n;
	ck_assert_uint_eq(n, r.clones->sample->dir[IO_READ].ios);
	ran_done(&r);
}
END_TEST

START_TEST(a_flow_goes_on_when_one_of_it_has_ended)
{
	struct ran r = run_clones("[global]\nioengine=null\nflow_id=1\nflow=1\nflow_sleep=20\n"
				  "[short]\nsize=64k\n[long]\nsize=4m\n",
				  NULL);

	ck_assert_uint_eq(r.clones[1].sample->dir[IO_READ].ios, 1024);
	ran_done(&r);
}
END_TEST

START_TEST(no_more_are_in_flight_than_complete_the_blocks)
{
	const char *path = scratch_file("blocks", 1 << 20);
	struct sample *s = run_one("[a]\nioengine=io_uring\niodepth=8\nthinktime=20ms\n"
				   "thinktime_blocks=4\nnumber_ios=20\n",
				   path);

	/* five times four: four pauses between */
	ck_assert_uint_eq(s->dir[IO_READ].ios, 20);
	ck_assert_uint_ge(s->runtime_ns, 80000000);
	sample_free(s);
}
END_TEST

START_TEST(clones_of_a_reader_end_where_the_file_ends)
{
	const char *path = scratch_file("clones", 1 << 20);
	struct ran r = run_clones("[a]\nnumjobs=2\noffset_increment=256k\n", path);
	uint64_t bytes;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_uint_eq(r.clones[0].sample->dir[IO_READ].bytes, 1 << 20);
	ck_assert_uint_eq(r.clones[1].sample->dir[IO_READ].bytes, 768 << 10);
	ck_assert_int_eq(engine_target_size(path, &bytes, &err), 0);
	ck_assert_uint_eq(bytes, 1 << 20);
	ran_done(&r);
}
END_TEST

START_TEST(readonly_makes_nothing_longer)
{
	const char *path = scratch_file("short", 1 << 20);
	struct jobs jobs = jobs_of("[a]\nsize=2m\n");
	struct engine_call call = {
		.jobs = jobs.items, .n_jobs = 1, .target = path, .is_readonly = true};
	struct bl_err err = BL_ERR_INIT;
	struct sample *s;
	uint64_t bytes;

	ck_assert_int_eq(engine_run(&call, &s, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "is not lengthened under --readonly"));
	ck_assert_int_eq(engine_target_size(path, &bytes, NULL), 0);
	ck_assert_uint_eq(bytes, 1 << 20);
	jobs_done(&jobs);
}
END_TEST

START_TEST(a_stop_ends_the_laying_out)
{
	struct jobs jobs = jobs_of("[a]\nfilename=/var/tmp/blklab-laid-out\nsize=8g\n");
	_Atomic bool stop = true;
	struct engine_call call = {.jobs = jobs.items, .n_jobs = 1, .stop = &stop};
	struct bl_err err = BL_ERR_INIT;
	struct sample *s;

	ck_assert_int_eq(engine_run(&call, &s, &err), -ECANCELED);
	unlink("/var/tmp/blklab-laid-out");
	jobs_done(&jobs);
}
END_TEST

START_TEST(hand_overs_are_as_large_as_they_are_told_to_be)
{
	struct ran r =
		run_clones("[a]\nioengine=null\nsize=4m\niodepth=16\niodepth_batch=4\n", NULL);

	ck_assert_uint_eq(r.clones->depths.submit[1], 256); /* 1-4 */
	ck_assert_uint_eq(r.clones->depths.submit[3], 0);
	ran_done(&r);
}
END_TEST

TCase *rich_cases(void)
{
	TCase *t = tcase_create("rich");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, errors_that_are_borne_are_counted_with_the_first_offset, 0, 6);
	tcase_add_test(t, an_ignored_error_is_none);
	tcase_add_test(t, one_failed_clone_leaves_the_others_alone_unless_told_otherwise);
	tcase_add_test(t, the_end_of_a_job_with_exitall_ends_the_others);
	tcase_add_test(t, a_job_waits_for_another_and_for_its_delay);
	tcase_add_test(t, think_time_stands_between_every_n_blocks);
	tcase_add_test(t, a_burst_is_as_many_requests_as_it_was_told);
	tcase_add_test(t, a_target_that_is_always_met_ends_at_the_full_depth);
	tcase_add_test(t, a_latency_above_max_latency_is_an_error);
	tcase_add_test(t, a_settled_job_ends_before_its_time);
	tcase_add_test(t, requests_that_would_overlap_wait_for_each_other);
	tcase_add_loop_test(t, a_file_can_not_be_trimmed, 0, 6);
	tcase_add_test(t, jobs_of_a_flow_get_requests_by_their_weights);
	tcase_add_loop_test(t, a_job_moves_what_it_was_told_to, 0,
			    sizeof(amounts) / sizeof(amounts[0]));
	tcase_add_loop_test(t, logs_hold_every_request_and_every_window, 0, 4);
	tcase_add_test(t, a_running_job_can_be_looked_at);
	tcase_add_loop_test(t, what_was_written_is_read_back_and_right, 0, 6);
	tcase_add_loop_test(t, what_was_written_is_found_again_whatever_its_sizes, 0,
			    sizeof(layouts) / sizeof(layouts[0]));
	tcase_add_loop_test(t, a_ramp_does_not_use_up_the_job, 0,
			    sizeof(ramped) / sizeof(ramped[0]));
	tcase_add_test(t, verify_only_checks_all_of_a_rated_job);
	tcase_add_loop_test(t, verify_only_writes_nothing_even_where_nothing_is_checked, 0,
			    sizeof(writes_nothing) / sizeof(writes_nothing[0]));
	tcase_add_test(t, a_command_before_the_job_takes_nothing_of_its_time);
	tcase_add_test(t, windows_follow_each_other_and_none_is_a_moment);
	tcase_add_test(t, a_search_forgets_its_logs_with_its_figures);
	tcase_add_test(t, a_flow_goes_on_when_one_of_it_has_ended);
	tcase_add_test(t, no_more_are_in_flight_than_complete_the_blocks);
	tcase_add_test(t, clones_of_a_reader_end_where_the_file_ends);
	tcase_add_test(t, readonly_makes_nothing_longer);
	tcase_add_test(t, a_stop_ends_the_laying_out);
	tcase_add_test(t, hand_overs_are_as_large_as_they_are_told_to_be);
	return t;
}
