/* What is counted: mixes, syncs, ramps, clones, intervals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* ios is the number of every latency, and the histograms hold as many. */
static void check_counts(const struct sample *s)
{
	for (int d = 0; d < IO_DIRS; d++) {
		const struct dir_sample *dir = &s->dir[d];
		const struct lat *all[] = {dir->slat, dir->clat, dir->lat, dir->sched};

		for (int i = 0; i < 4; i++) {
			if (!all[i])
				continue;
			ck_assert_uint_eq(all[i]->n, dir->ios);
			ck_assert_uint_eq(hist_total(&all[i]->hist), dir->ios);
			if (dir->ios)
				ck_assert_uint_le(all[i]->min_ns, all[i]->max_ns);
		}
		if (dir->ios)
			ck_assert_ptr_nonnull(dir->lat);
	}
}

/* Slices ascend, add up to the totals, and their histograms to the whole one. */
static void check_intervals(const struct sample *s)
{
	struct hist *sum = calloc(IO_DIRS, sizeof(*sum));
	uint64_t count[IO_DIRS] = {0}, bytes[IO_DIRS] = {0}, max[IO_DIRS] = {0};

	ck_assert_uint_eq(s->interval_ns, ENGINE_INTERVAL_NS);
	for (size_t i = 0; i < s->n_intervals; i++) {
		const struct interval *iv = &s->intervals[i];
		uint64_t in_slice = 0;

		if (i)
			ck_assert(iv->index > iv[-1].index ||
				  (iv->index == iv[-1].index && iv->dir > iv[-1].dir));
		ck_assert_uint_gt(iv->count, 0);
		count[iv->dir] += iv->count;
		bytes[iv->dir] += iv->bytes;
		max[iv->dir] = iv->max_ns > max[iv->dir] ? iv->max_ns : max[iv->dir];
		for (uint32_t k = 0; k < iv->n_buckets; k++) {
			sum[iv->dir].count[iv->buckets[k].index] += iv->buckets[k].count;
			in_slice += iv->buckets[k].count;
		}
		ck_assert_uint_eq(in_slice, iv->count);
		/* the maximum is of this slice: it lies in the slice's last bucket */
		ck_assert_uint_eq(hist_index(iv->max_ns), iv->buckets[iv->n_buckets - 1].index);
	}
	for (int d = 0; d < IO_DIRS; d++) {
		ck_assert_uint_eq(count[d], s->dir[d].ios);
		ck_assert_uint_eq(bytes[d], s->dir[d].bytes);
		if (!s->dir[d].ios)
			continue;
		ck_assert_uint_eq(max[d], s->dir[d].lat->max_ns);
		ck_assert_int_eq(memcmp(&sum[d], &s->dir[d].lat->hist, sizeof(*sum)), 0);
	}
	free(sum);
}

START_TEST(intervals_add_up_to_the_totals)
{
	const char *path = scratch_file("intervals", 1 << 20);
	struct sample *s[2];

	run_text("[global]\nrw=randrw\ntime_based\nruntime=450ms\nramp_time=120ms\nfsync=16\n"
		 "[u]\nioengine=io_uring\niodepth=8\nnumjobs=2\n[p]\nrate_iops=500\n",
		 path, s);
	for (int i = 0; i < 2; i++) {
		check_counts(s[i]);
		check_intervals(s[i]);
		ck_assert_uint_gt(s[i]->n_intervals, 4);
		ck_assert_uint_gt(s[i]->dir[IO_SYNC].ios, 0);
		ck_assert_uint_ge(s[i]->runtime_ns, 450000000);
		ck_assert_uint_eq(s[i]->error, 0);
		sample_free(s[i]);
	}
}
END_TEST

START_TEST(reads_of_a_mix_follow_the_percentage)
{
	static const int pct[] = {0, 1, 30, 50, 90, 100};
	char text[160];
	struct sample *s;
	double share;

	snprintf(text, sizeof(text),
		 "[a]\nioengine=null\nrw=randrw\nrwmixread=%d\nsize=1g\niodepth=4\n", pct[_i]);
	s = run_one(text, NULL);
	ck_assert_uint_eq(sample_ios(s), 262144);
	share = 100.0 * (double)s->dir[IO_READ].ios / (double)sample_ios(s);
	ck_assert_msg(share > pct[_i] - 0.5 && share < pct[_i] + 0.5, "%g of %d", share, pct[_i]);
	if (pct[_i] % 100 == 0)
		ck_assert_msg(share == pct[_i], "%g of %d", share, pct[_i]);
	check_counts(s);
	sample_free(s);
}
END_TEST

static const struct {
	const char *how;
	unsigned syncs;
} sync_cases[] = {
	{"ioengine=psync\nfsync=4\n", 255}, /* none after the last write: nothing follows it */
	{"ioengine=io_uring\niodepth=8\nfsync=4\n", 255},
	{"ioengine=io_uring\niodepth=8\nfdatasync=10\n", 102},
	{"ioengine=io_uring\niodepth=3\nfsync=4\nfdatasync=8\n", 255 + 127},
	{"ioengine=null\niodepth=8\nfsync=1\n", 1023},
	{"ioengine=io_uring\niodepth=8\n", 0},
};

START_TEST(a_sync_follows_every_nth_write_and_is_no_write)
{
	const char *path = scratch_file("sync", 1024 * 4096);
	char text[160];
	struct sample *s;

	snprintf(text, sizeof(text), "[a]\nrw=write\nsize=4m\n%s", sync_cases[_i].how);
	s = run_one(text, path);
	ck_assert_uint_eq(s->dir[IO_WRITE].ios, 1024);
	ck_assert_uint_eq(s->dir[IO_WRITE].lat->n, 1024);
	ck_assert_uint_eq(s->dir[IO_SYNC].ios, sync_cases[_i].syncs);
	ck_assert_uint_eq(sample_ios(s), 1024);
	check_counts(s);
	check_intervals(s);
	sample_free(s);
}
END_TEST

START_TEST(clones_are_merged_into_one_sample)
{
	struct sample *s = run_one("[a]\nioengine=null\nsize=16m\nnumjobs=3\n", NULL);

	ck_assert_uint_eq(s->n_threads, 3);
	ck_assert_uint_eq(s->dir[IO_READ].ios, 3 * 4096);
	check_counts(s);
	check_intervals(s);
	sample_free(s);
}
END_TEST

START_TEST(what_was_issued_in_the_ramp_is_not_counted)
{
	const char *path = scratch_file("ramp", 1 << 20);
	struct sample *s =
		run_one("[a]\nioengine=io_uring\nrw=randread\niodepth=4\nrate_iops=1000\n"
			"time_based\nruntime=300ms\nramp_time=300ms\n",
			path);

	/* 300 of 600: with the ramp counted it would be twice as many; fewer when a busy
	 * machine stands still at the end */
	ck_assert_uint_ge(s->dir[IO_READ].ios, 100);
	ck_assert_uint_le(s->dir[IO_READ].ios, 301);
	check_counts(s);
	check_intervals(s);
	sample_free(s);
}
END_TEST

START_TEST(slat_is_only_measured_where_submission_is_apart)
{
	const char *path = scratch_file("slat", 1 << 20);
	struct sample *s = run_one("[a]\n", path);

	ck_assert_ptr_null(s->dir[IO_READ].slat);
	ck_assert_ptr_null(s->dir[IO_READ].sched);
	ck_assert_ptr_null(s->dir[IO_WRITE].lat);
	sample_free(s);
	s = run_one("[a]\nioengine=io_uring\niodepth=4\n", path);
	ck_assert_ptr_nonnull(s->dir[IO_READ].slat);
	/* lat is slat + clat of each request, so their sums agree to the nanosecond */
	ck_assert_uint_eq(s->dir[IO_READ].slat->sum_ns + s->dir[IO_READ].clat->sum_ns,
			  s->dir[IO_READ].lat->sum_ns);
	ck_assert_str_eq(s->engine, "io_uring");
	sample_free(s);
}
END_TEST

START_TEST(a_sample_says_what_its_clock_costs_and_how_it_was_moved)
{
	const char *path = scratch_file("clock", 1 << 20);
	struct sample *s = run_one("[a]\nioengine=io_uring\niodepth=4\n", path);

	ck_assert(s->clock_cost_ns > 0 && s->clock_cost_ns < 100000);
	ck_assert(fabs(s->clock_drift_ppm) < 10000); /* calibrated over 50 ms of a busy host */
	if (strcmp(s->clock, "tsc"))
		ck_assert(s->clock_drift_ppm == 0);
	ck_assert_uint_eq(s->n_errors, 0);
	ck_assert_uint_ge(s->n_enters, 1);
	ck_assert_uint_le(s->n_enters, 2 * s->dir[IO_READ].ios); /* hand over, and wait */
	sample_free(s);
	s = run_one("[a]\n", path);
	ck_assert_uint_eq(s->n_enters, 0); /* psync: not counted, so not known */
	sample_free(s);
}
END_TEST

START_TEST(io_size_wraps_around_the_region)
{
	const char *path = scratch_file("wrap", 1 << 20);
	struct sample *s = run_one("[a]\nio_size=3m\n", path);

	ck_assert_uint_eq(s->dir[IO_READ].bytes, 3 << 20);
	sample_free(s);
}
END_TEST

START_TEST(depths_count_every_request_of_a_hand_over)
{
	struct jobs jobs = jobs_of("[a]\nioengine=null\nsize=16m\niodepth=16\n");
	struct engine_call call = {.jobs = jobs.items, .n_jobs = 1};
	struct bl_err err = BL_ERR_INIT;
	struct engine_clone *c;
	size_t n;

	ck_assert_msg(engine_run_clones(&call, &c, &n, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(c->depths.level[4], 4096); /* depth 16 each time */
	ck_assert_uint_eq(c->depths.submit[3], 256); /* 9-16 */
	ck_assert_uint_eq(c->depths.complete[3], 256);
	engine_clone_done(c);
	free(c);
	jobs_done(&jobs);
}
END_TEST

static uint64_t peak_kib(void)
{
	char line[128];
	unsigned long long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

START_TEST(sixteen_clones_of_a_mix_need_little_memory)
{
#if defined(__SANITIZE_ADDRESS__)
	return; /* shadow memory counts, too */
#endif
	const char *path = scratch_file("memory", 1 << 20);
	struct sample *s = run_one("[a]\nioengine=io_uring\nrw=randrw\niodepth=16\nnumjobs=16\n"
				   "rate_iops=200\nfsync=10\ntime_based\nruntime=500ms\n",
				   path);

	check_counts(s);
	check_intervals(s);
	ck_assert_uint_eq(s->n_threads, 16);
	ck_assert_uint_gt(peak_kib(), 0);
	ck_assert_uint_lt(peak_kib(), 64 * 1024);
	sample_free(s);
}
END_TEST

TCase *counts_cases(void)
{
	TCase *t = tcase_create("counts");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, intervals_add_up_to_the_totals);
	tcase_add_loop_test(t, reads_of_a_mix_follow_the_percentage, 0, 6);
	tcase_add_loop_test(t, a_sync_follows_every_nth_write_and_is_no_write, 0,
			    sizeof(sync_cases) / sizeof(sync_cases[0]));
	tcase_add_test(t, clones_are_merged_into_one_sample);
	tcase_add_test(t, what_was_issued_in_the_ramp_is_not_counted);
	tcase_add_test(t, slat_is_only_measured_where_submission_is_apart);
	tcase_add_test(t, a_sample_says_what_its_clock_costs_and_how_it_was_moved);
	tcase_add_test(t, io_size_wraps_around_the_region);
	tcase_add_test(t, depths_count_every_request_of_a_hand_over);
	tcase_add_test(t, sixteen_clones_of_a_mix_need_little_memory);
	return t;
}
