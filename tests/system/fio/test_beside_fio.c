/* The engine beside fio: same file, same job, one after the other in alternating order. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "fs.h"
#include "key_tree.h"
#include "proc.h"
#include "units.h"

#define FILE_BYTES (128 * MiB)
#define ROUNDS     5 /* of each program; the median counts */
#define LIMIT_NS   (60 * NS_PER_S)

static char target[128], job_path[160];

enum { IOPS, P50, P99, MEAN, FIGURES };
static const char *const figure_names[FIGURES] = {"IOPS", "clat p50", "clat p99", "lat mean"};

static const struct comparison {
	const char *name, *options, *dir;
	double most_iops; /* engine / fio; the least is always 1/2 */
	double least_lat; /* engine / fio; the most is always 2 */
} comparisons[] = {
	{"direct randread psync", "direct=1\nrw=randread\nioengine=psync\n", "read", 2, 0.5},
	{"direct randread io_uring, depth 16",
	 "direct=1\nrw=randread\nioengine=io_uring\niodepth=16\n", "read", 2, 0.5},
	{"direct randwrite io_uring, depth 4",
	 "direct=1\nrw=randwrite\nioengine=io_uring\niodepth=4\n", "write", 2, 0.5},
	{"cached randread psync", "invalidate=0\nrw=randread\nioengine=psync\n", "read", 8, 0.1},
};

static json_t *run_program(const char *program, const char *format)
{
	const char *argv[] = {program, format, job_path, NULL};
	struct bl_buf out = BL_BUF_INIT, errout = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	json_error_t why;
	json_t *doc;
	int rc = bl_proc_run(argv, NULL, 0, &out, &errout, LIMIT_NS, &err);

	ck_assert_msg(rc == 0, "%s: %d %s %s", program, rc, bl_err_text(&err), bl_buf_str(&errout));
	ck_assert_msg(errout.len == 0 || strcmp(program, BLKJOB) != 0, "standard error: %s",
		      bl_buf_str(&errout));
	doc = json_loads(bl_buf_str(&out), 0, &why);
	ck_assert_msg(doc != NULL, "%s: %s", program, why.text);
	bl_buf_done(&out);
	bl_buf_done(&errout);
	return doc;
}

static void write_job(const char *options)
{
	char text[512];
	struct bl_err err = BL_ERR_INIT;
	int n = snprintf(text, sizeof(text), "[beside]\nfilename=%s\nbs=4k\n%s", target, options);

	ck_assert_msg(bl_write_file(job_path, text, (size_t)n, &err) == 0, "%s", err.text);
}

static json_t *first_job(const json_t *doc)
{
	json_t *job = json_array_get(json_object_get(doc, "jobs"), 0);

	ck_assert_ptr_nonnull(job);
	return job;
}

static double number_at(const json_t *o, const char *a, const char *b, const char *c)
{
	o = json_object_get(o, a);
	o = b ? json_object_get(o, b) : o;
	o = c ? json_object_get(o, c) : o;
	ck_assert_msg(json_is_number(o), "no number at %s %s %s", a, b ? b : "", c ? c : "");
	return json_number_value(o);
}

static void measure(const char *program, const char *dir, double out[FIGURES])
{
	json_t *doc = run_program(program, "--output-format=json");
	const json_t *d = json_object_get(first_job(doc), dir);

	out[IOPS] = number_at(d, "iops", NULL, NULL);
	out[P50] = number_at(d, "clat_ns", "percentile", "50.000000");
	out[P99] = number_at(d, "clat_ns", "percentile", "99.000000");
	out[MEAN] = number_at(d, "lat_ns", "mean", NULL);
	json_decref(doc);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double v[][FIGURES], int figure)
{
	double sorted[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		sorted[i] = v[i][figure];
	qsort(sorted, ROUNDS, sizeof(sorted[0]), by_value);
	return sorted[ROUNDS / 2];
}

/* The whole file into the page cache, for the cached case; harmless for the others. */
static void read_target(void)
{
	char *buf = malloc(MiB);
	int fd = open(target, O_RDONLY | O_CLOEXEC);

	ck_assert(fd >= 0 && buf);
	while (read(fd, buf, MiB) > 0)
		;
	close(fd);
	free(buf);
}

START_TEST(iops_and_percentiles_are_near_those_of_fio)
{
	const struct comparison *c = &comparisons[_i];
	double fio[ROUNDS][FIGURES], ours[ROUNDS][FIGURES], ratio[FIGURES];
	char options[256];

	snprintf(options, sizeof(options),
		 "%snorandommap\nramp_time=200ms\ntime_based\nruntime=800ms\n", c->options);
	write_job(options);
	read_target();
	for (int i = 0; i < ROUNDS; i++) { /* A B B A A B ...: drift hits both alike */
		if (i % 2 == 0)
			measure("fio", c->dir, fio[i]);
		measure(BLKJOB, c->dir, ours[i]);
		if (i % 2 == 1)
			measure("fio", c->dir, fio[i]);
	}
	printf("%s\n", c->name);
	for (int f = 0; f < FIGURES; f++) {
		double a = median(fio, f), b = median(ours, f);

		ratio[f] = b / a;
		printf("  %-9s fio %12.0f  engine %12.0f  engine/fio %.2f\n", figure_names[f], a, b,
		       ratio[f]);
	}
	fflush(stdout);
	ck_assert_msg(ratio[IOPS] > 0.5 && ratio[IOPS] < c->most_iops, "IOPS %.2f", ratio[IOPS]);
	for (int f = P50; f < FIGURES; f += 2) /* p99 of a busy machine is shown, not judged */
		ck_assert_msg(ratio[f] > c->least_lat && ratio[f] < 2, "%s %.2f", figure_names[f],
			      ratio[f]);
}
END_TEST

static const char *const layouts[] = {
	"rw=randrw\ndirect=1\nioengine=io_uring\niodepth=4\nfsync=8\nsize=8m\n",
	"rw=randread\nioengine=psync\nsize=8m\n",
	"rw=write\nioengine=io_uring\niodepth=2\nsize=8m\nnumjobs=2\ngroup_reporting\n",
};

START_TEST(every_field_of_fios_json_is_there_with_the_same_type)
{
	struct bl_buf missing = BL_BUF_INIT;
	json_t *fio, *ours;

	write_job(layouts[_i]);
	fio = run_program("fio", "--output-format=json+");
	ours = run_program(BLKJOB, "--output-format=json+");
	key_tree_missing(first_job(fio), first_job(ours), "", &missing);
	ck_assert_msg(missing.len == 0, "%s", bl_buf_str(&missing));
	/* and the other way round something must be missing, or this looks at nothing */
	key_tree_missing(first_job(ours), first_job(fio), "", &missing);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&missing), "/engine is missing"));
	bl_buf_done(&missing);
	json_decref(fio);
	json_decref(ours);
}
END_TEST

START_TEST(both_do_the_same_number_of_requests)
{
	static const char *const dirs[] = {"read", "write"};
	double ios[2] = {0}, bytes[2] = {0};
	json_t *doc[2];

	write_job("rw=randrw\nrwmixread=70\nioengine=io_uring\niodepth=8\nsize=16m\n");
	doc[0] = run_program("fio", "--output-format=json+");
	doc[1] = run_program(BLKJOB, "--output-format=json+");
	for (int i = 0; i < 2; i++)
		for (int d = 0; d < 2; d++) {
			ios[i] += number_at(first_job(doc[i]), dirs[d], "total_ios", NULL);
			bytes[i] += number_at(first_job(doc[i]), dirs[d], "io_bytes", NULL);
		}
	ck_assert_double_eq(ios[0], 4096);
	ck_assert_double_eq(ios[1], 4096);
	ck_assert_double_eq(bytes[0], bytes[1]);
	for (int d = 0; d < 2; d++) {
		const json_t *dir = json_object_get(first_job(doc[1]), dirs[d]);
		double n = number_at(dir, "clat_ns", "N", NULL), sum = 0;
		const char *key;
		json_t *count;

		json_object_foreach (json_object_get(json_object_get(dir, "clat_ns"), "bins"), key,
				     count)
			sum += json_number_value(count);
		ck_assert_double_eq(sum, n);
		ck_assert_double_eq(n, number_at(dir, "total_ios", NULL, NULL));
		ck_assert_double_eq(n, number_at(dir, "lat_ns", "N", NULL));
	}
	json_decref(doc[0]);
	json_decref(doc[1]);
}
END_TEST

static bool has_fio(void)
{
	const char *argv[] = {"fio", "--version", NULL};
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	bool is = bl_proc_run(argv, NULL, 0, &out, NULL, LIMIT_NS, &err) == 0 &&
		  !strncmp(bl_buf_str(&out), "fio-3", 5);

	bl_buf_done(&out);
	return is;
}

int main(void)
{
	Suite *s = suite_create("beside fio");
	TCase *t = tcase_create("beside fio");
	struct bl_err err = BL_ERR_INIT;
	SRunner *run;
	int failed;

	if (!has_fio()) {
		printf("skipped: no fio 3.x in PATH\n");
		return 77;
	}
	snprintf(target, sizeof(target), "/var/tmp/blklab-beside-fio-%d", (int)getpid());
	snprintf(job_path, sizeof(job_path), "%s.fio", target);
	if (engine_fill(target, FILE_BYTES, 1, NULL, NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, iops_and_percentiles_are_near_those_of_fio, 0,
			    sizeof(comparisons) / sizeof(comparisons[0]));
	tcase_add_loop_test(t, every_field_of_fios_json_is_there_with_the_same_type, 0,
			    sizeof(layouts) / sizeof(layouts[0]));
	tcase_add_test(t, both_do_the_same_number_of_requests);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	unlink(target);
	unlink(job_path);
	return failed != 0;
}
