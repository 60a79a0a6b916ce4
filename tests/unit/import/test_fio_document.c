/* One document of fio as the jobs of a trial. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fio_bins.h"
#include "fio_document.h"
#include "suites.h"

#define HEAD "{\"fio version\": \"fio-3.33\", \"timestamp_ms\": 1700000005000, "
#define NONE "{\"io_bytes\": 0, \"total_ios\": 0, \"runtime\": 0}"
#define CLAT                                                                                       \
	"\"clat_ns\": {\"min\": 900, \"max\": 5000, \"mean\": 1500.5, \"stddev\": 400.25, \"N\": " \
	"1000"
#define PCTS                                                                                       \
	", \"percentile\": {\"50.000000\": 1400, \"90.000000\": 2000, \"99.000000\": 4096, "       \
	"\"99.900000\": 5000, \"99.990000\": 5024}"
#define LAT                                                                                        \
	"\"lat_ns\": {\"min\": 950, \"max\": 5100, \"mean\": 1550.5, \"stddev\": 401, \"N\": "     \
	"1000}"
#define COUNTS "\"io_bytes\": 4096000, \"total_ios\": 1000, \"runtime\": 2000, "
#define READ_JOB(name, more)                                                                       \
	"{\"jobname\": \"" name                                                                    \
	"\", \"groupid\": 0, \"error\": 0, \"job options\": {\"name\": \"" name                    \
	"\", \"rw\": \"randread\", \"ioengine\": \"libaio\", \"time_based\": \"\"}, \"read\": "    \
	"{" COUNTS CLAT more "}, " LAT "}, \"write\": " NONE ", \"trim\": " NONE                   \
	", \"sync\": {\"total_ios\": 0}, \"job_runtime\": 2000, \"usr_cpu\": 10.0, \"sys_cpu\": "  \
	"25.5, "                                                                                   \
	"\"ctx\": 77}"

static int parse(const char *text, struct fio_document *d, struct bl_err *err)
{
	return fio_document_parse(text, strlen(text), "f.json", d, err);
}

static void parse_well(const char *text, struct fio_document *d)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(parse(text, d, &err) == 0, "%s", err.text);
}

START_TEST(plain_json_has_counters_and_told_percentiles_and_no_histogram)
{
	static const char text[] = HEAD "\"jobs\": [" READ_JOB("a", PCTS) "]}";
	struct fio_document d;
	const struct sample *m;
	uint64_t ns;

	parse_well(text, &d);
	ck_assert_str_eq(d.version, "fio-3.33");
	ck_assert_uint_eq(d.timestamp_ms, 1700000005000);
	ck_assert_uint_eq(d.runtime_ms, 2000);
	ck_assert_int_eq(d.ruler, FIO_CLAT);
	ck_assert(!d.has_histograms);
	ck_assert_uint_eq(d.n_jobs, 1);
	m = d.jobs[0].sample;
	ck_assert_str_eq(m->engine, "libaio");
	ck_assert_uint_eq(m->dir[IO_READ].ios, 1000);
	ck_assert_uint_eq(m->dir[IO_READ].bytes, 4096000);
	ck_assert(fabs(sample_iops(m) - 500) < 1e-9);
	ck_assert_uint_eq(m->cpu_user_ns, 200000000);
	ck_assert_uint_eq(m->cpu_sys_ns, 510000000);
	ck_assert_ptr_null(m->dir[IO_WRITE].lat);
	ck_assert_uint_eq(m->dir[IO_READ].lat->n, 1000);
	ck_assert_uint_eq(m->dir[IO_READ].lat->max_ns, 5100);
	ck_assert(fabs(lat_mean_ns(m->dir[IO_READ].clat) - 1500.5) < 1e-6);
	ck_assert(fabs(lat_stddev_ns(m->dir[IO_READ].clat) - 400.25) < 1e-3);
	ck_assert(!lat_percentile(m->dir[IO_READ].clat, 50, &ns));
	ck_assert_str_eq(facts_get(&d.jobs[0].facts, "told.read.p99_ns"), "4096");
	ck_assert_str_eq(facts_get(&d.jobs[0].facts, "told.read.p99_99_ns"), "5024");
	ck_assert_ptr_null(facts_get(&d.jobs[0].facts, "told.read.p95_ns")); /* not said */
	ck_assert_str_eq(facts_get(&d.jobs[0].facts, "fio.ctx"), "77");
	ck_assert_str_eq(d.jobs[0].job_text, "[a]\nrw=randread\nioengine=libaio\ntime_based\n");
	fio_document_done(&d);
}
END_TEST

START_TEST(bins_of_json_plus_are_a_histogram)
{
	static const char text[] =
		HEAD "\"jobs\": [" READ_JOB("a", PCTS ", \"bins\": {\"904\": 700, \"4128\": 299, "
						      "\"100\": 1}") "]}";
	struct fio_document d;
	const struct lat *l;

	parse_well(text, &d);
	ck_assert(d.has_histograms);
	ck_assert_ptr_null(facts_get(&d.jobs[0].facts, "told.read.p99_ns"));
	l = d.jobs[0].sample->dir[IO_READ].clat;
	ck_assert_uint_eq(hist_total(&l->hist), 1000);
	ck_assert_uint_eq(l->hist.count[100], 1);                     /* exact below 128 ns */
	ck_assert_uint_eq(l->hist.count[hist_index(904) & ~1u], 350); /* of 896 to 911, by halves */
	ck_assert_uint_eq(l->hist.count[hist_index(904) | 1u], 350);
	ck_assert_uint_eq(l->hist.count[hist_index(4128) & ~1u], 150);
	ck_assert_uint_eq(l->hist.count[hist_index(4128) | 1u], 149);
	ck_assert_ptr_eq(dir_latency(&d.jobs[0].sample->dir[IO_READ]), l);
	fio_document_done(&d);
}
END_TEST

/* fio's own rule (stat.c, plat_val_to_idx and plat_idx_to_val), written down once more. */
static unsigned fio_index(uint64_t v)
{
	unsigned msb = v ? 63 - (unsigned)__builtin_clzll(v) : 0, error_bits;

	if (msb <= 6)
		return (unsigned)v;
	error_bits = msb - 6;
	return ((error_bits + 1) << 6) + (unsigned)((v >> error_bits) & 63);
}

static uint64_t fio_value(unsigned idx)
{
	unsigned error_bits;

	if (idx < 128)
		return idx;
	error_bits = (idx >> 6) - 1;
	return ((uint64_t)1 << (error_bits + 6)) +
	       (uint64_t)(((idx & 63) + 0.5) * (double)(1u << error_bits));
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Ours, fio's and the true percentile lie in one of fio's buckets. */
START_TEST(a_percentile_out_of_bins_is_in_the_bucket_that_fio_says)
{
	static const double ps[] = {50, 90, 95, 99, 99.9, 99.99};
	enum { N = 200000 };
	uint64_t *v = malloc(N * sizeof *v), state = 88172645463325252u + (uint64_t)_i, ns,
		 worst = 0;
	struct hist *h = calloc(1, sizeof *h);
	double worst_pct = 0;

	for (size_t i = 0; i < N; i++) { /* log-uniform over 60 ns to 4 s, or around 80 us */
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		v[i] = (uint64_t)exp(log(_i ? 60000 : 60) +
				     (double)(state >> 11) / 9007199254740992.0 * (_i ? 0.5 : 18));
		fio_bin_add(h, fio_value(fio_index(v[i])), 1);
	}
	qsort(v, N, sizeof *v, by_size);
	for (size_t i = 0; i < BL_ARRAY_LEN(ps); i++) {
		uint64_t is = v[(size_t)ceil(ps[i] / 100 * N - 1e-6) - 1];
		double off;

		ck_assert(hist_percentile(h, ps[i], &ns));
		ck_assert_msg(fio_index(ns) == fio_index(is), "p%g: %llu and %llu", ps[i],
			      (unsigned long long)ns, (unsigned long long)is);
		off = fabs((double)ns - (double)is) / (double)is;
		worst_pct = off > worst_pct ? off : worst_pct;
		worst = off > 1.0 / 64 ? is : worst;
	}
	ck_assert_uint_eq(worst, 0);
	printf("bins, set %d: percentiles at most %.2f %% from the true ones\n", _i,
	       100 * worst_pct);
	free(v);
	free(h);
}
END_TEST

START_TEST(lat_is_taken_where_fio_kept_its_percentiles)
{
	static const char text[] = HEAD
		"\"jobs\": [{\"jobname\": \"a\", \"read\": {" COUNTS CLAT PCTS
		"}, \"lat_ns\": {\"min\": 950, \"max\": 5100, \"mean\": 1550.5, \"stddev\": 401, "
		"\"N\": 1000, \"percentile\": {\"99.00\": 4200}}}}]}";
	struct fio_document d;

	parse_well(text, &d);
	ck_assert_int_eq(d.ruler, FIO_LAT);
	ck_assert_str_eq(facts_get(&d.jobs[0].facts, "told.read.p99_ns"), "4200");
	fio_document_done(&d);
}
END_TEST

START_TEST(clones_of_a_group_are_one_job_and_other_groups_another)
{
	static const char text[] = HEAD "\"jobs\": [" READ_JOB("a", PCTS) ", " READ_JOB(
		"a", PCTS) ", {\"jobname\": \"a\", \"groupid\": 1, \"read\": " NONE "}]}";
	struct fio_document d;

	parse_well(text, &d);
	ck_assert_uint_eq(d.n_jobs, 2);
	ck_assert_str_eq(d.jobs[0].name, "a");
	ck_assert_str_eq(d.jobs[1].name, "a (group 1)");
	ck_assert_uint_eq(d.jobs[0].sample->dir[IO_READ].ios, 2000);
	ck_assert_uint_eq(d.jobs[0].sample->runtime_ns, 2000000000);
	ck_assert(d.has_clones);
	ck_assert_ptr_null(facts_get(&d.jobs[0].facts, "told.read.p99_ns"));
	ck_assert_ptr_nonnull(facts_get(&d.jobs[0].facts, "fio.ctx"));
	fio_document_done(&d);
}
END_TEST

START_TEST(of_several_documents_the_last_counts_and_words_before_are_passed)
{
	static const char text[] =
		"fio: this platform does not support process shared mutexes\n" HEAD
		"\"jobs\": [" READ_JOB("early", PCTS) "]}\n" HEAD
						      "\"jobs\": [" READ_JOB("late", PCTS) "]}\n";
	struct fio_document d;

	ck_assert(fio_document_is_json(text, strlen(text)));
	parse_well(text, &d);
	ck_assert_uint_eq(d.n_jobs, 1);
	ck_assert_str_eq(d.jobs[0].name, "late");
	fio_document_done(&d);
}
END_TEST

START_TEST(a_document_of_blkjob_is_of_another_engine)
{
	static const char text[] =
		HEAD "\"blkjob version\": \"0.1.0\", \"jobs\": [" READ_JOB("a", PCTS) "]}";
	struct fio_document d;

	parse_well(text, &d);
	ck_assert_str_eq(d.version, "blkjob-0.1.0");
	fio_document_done(&d);
}
END_TEST

START_TEST(an_error_of_a_job_is_its_documents_error)
{
	static const char text[] =
		HEAD "\"jobs\": [{\"jobname\": \"a\", \"error\": 5, \"read\": " NONE "}]}";
	struct fio_document d;

	parse_well(text, &d);
	ck_assert_str_eq(d.error, "job 'a' ended with error 5: Input/output error");
	ck_assert_int_eq(d.jobs[0].sample->error, 5);
	fio_document_done(&d);
}
END_TEST

START_TEST(what_is_no_document_of_fio_3_is_refused)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"no braces here", "'f.json': no JSON in it"},
		{"{\"a\": ", "'f.json': line 1:"},
		{"{\"a\": 1}", "has no \"fio version\"; accepted is what fio 3 writes"},
		{"{\"fio version\": \"iperf\"}", "has no \"fio version\""},
		{HEAD "\"client_stats\": []}", "server mode"},
		{HEAD "\"jobs\": []}", "holds no jobs"},
		{HEAD "\"jobs\": [7]}", "has no name"},
		{HEAD "\"jobs\": [{\"jobname\": \"a\", \"mixed\": {}}]}", "unified_rw_reporting"},
		{HEAD
		 "\"jobs\": [{\"jobname\": \"a\", \"read\": {\"total_ios\": 5, \"clat\": {}}}]}",
		 "fio 2 counted in us"},
		{HEAD "\"jobs\": [{\"jobname\": \"a\", \"read\": {\"total_ios\": -5}}]}",
		 "total_ios, io_bytes or runtime is no count"},
		{HEAD "\"jobs\": [" READ_JOB("a", ", \"bins\": {\"904\": 999}") "]}",
		 "read.clat_ns: its bins hold 999 values, its N says 1000"},
		{HEAD "\"jobs\": [" READ_JOB("a", ", \"bins\": {\"904\": 1001}") "]}",
		 "read.clat_ns: its bins hold more values than the 1000 that its N says"},
		/* 2^64 + 1000 in all */
		{HEAD
		 "\"jobs\": [" READ_JOB("a", ", \"bins\": {\"904\": 9223372036854775807, "
					     "\"905\": 9223372036854775807, \"906\": 1002}") "]}",
		 "its bins hold more values than the 1000"},
		{HEAD "\"jobs\": [" READ_JOB("a", ", \"bins\": {\"x\": 1000}") "]}",
		 "'x' is not a time in ns"},
		{HEAD "\"jobs\": [" READ_JOB("a", ", \"bins\": {\"904\": -1}") "]}",
		 "'904' is not a time in ns"},
		{HEAD "\"jobs\": [{\"jobname\": \"a\", \"read\": {\"total_ios\": 5, \"clat_ns\": "
		      "{\"N\": 5, \"min\": 9, \"max\": 8}}}]}",
		 "min, max, mean or stddev is not such"},
		{HEAD "\"jobs\": [{\"jobname\": \"a\", \"read\": {\"total_ios\": 5, \"clat_ns\": "
		      "{\"N\": 5, \"mean\": 1e300}}}]}",
		 "min, max, mean or stddev is not such"},
		{HEAD "\"jobs\": [{\"jobname\": \"a\", \"usr_cpu\": \"much\"}]}", "usr_cpu"},
		{HEAD "\"jobs\": [{\"jobname\": \"a\", \"error\": 1e9}]}", "error is no errno"},
	};
	struct bl_err err = BL_ERR_INIT;
	struct fio_document d;

	ck_assert_uint_eq(BL_ARRAY_LEN(rows), 19);
	ck_assert_int_eq(parse(rows[_i].text, &d, &err), -EBADMSG);
	ck_assert_msg(strstr(err.text, rows[_i].says) != NULL, "'%s' lacks '%s'", err.text,
		      rows[_i].says);
	ck_assert_ptr_nonnull(strstr(err.text, "f.json"));
}
END_TEST

/* What is cut anywhere is refused or read; memory checkers see that nothing else happens. */
START_TEST(a_document_that_is_cut_anywhere_is_no_danger)
{
	static const char text[] =
		HEAD "\"jobs\": [" READ_JOB("a", PCTS ", \"bins\": {\"904\": 1000}") "]}";
	int n_read = 0;

	for (size_t len = 0; len <= strlen(text); len++) {
		BL_CLEANUP(bl_freep) char *cut = strndup(text, len);
		struct fio_document d;

		if (fio_document_parse(cut, len, "f", &d, NULL) < 0)
			continue;
		n_read++;
		fio_document_done(&d);
	}
	ck_assert_int_eq(n_read, 1);
}
END_TEST

TCase *document_cases(void)
{
	TCase *t = tcase_create("document");

	tcase_add_test(t, plain_json_has_counters_and_told_percentiles_and_no_histogram);
	tcase_add_test(t, bins_of_json_plus_are_a_histogram);
	tcase_add_loop_test(t, a_percentile_out_of_bins_is_in_the_bucket_that_fio_says, 0, 2);
	tcase_add_test(t, lat_is_taken_where_fio_kept_its_percentiles);
	tcase_add_test(t, clones_of_a_group_are_one_job_and_other_groups_another);
	tcase_add_test(t, of_several_documents_the_last_counts_and_words_before_are_passed);
	tcase_add_test(t, a_document_of_blkjob_is_of_another_engine);
	tcase_add_test(t, an_error_of_a_job_is_its_documents_error);
	tcase_add_loop_test(t, what_is_no_document_of_fio_3_is_refused, 0, 19);
	tcase_add_test(t, a_document_that_is_cut_anywhere_is_no_danger);
	return t;
}
