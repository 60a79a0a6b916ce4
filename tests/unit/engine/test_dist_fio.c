/* The same distributions beside fio 3.33, where it is installed: its null engine, and its
 * log of offsets. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dist.h"
#include "shapes.h"

enum { DRAWS = 200000 };

static const struct dist_zone four[] = {{60, 10, 0}, {30, 20, 0}, {8, 30, 0}, {2, 40, 0}};
static const struct {
	const char *option;
	struct dist_spec spec;
} cases[] = {
	{"zipf:0.8", {.kind = DIST_ZIPF, .value = 0.8}},
	{"zipf:1.2", {.kind = DIST_ZIPF, .value = 1.2}},
	{"pareto:0.2", {.kind = DIST_PARETO, .value = 0.2}},
	{"pareto:0.4", {.kind = DIST_PARETO, .value = 0.4}},
	{"normal:5", {.kind = DIST_NORMAL, .value = 5}},
	{"normal:40", {.kind = DIST_NORMAL, .value = 40}},
	{"normal:90", {.kind = DIST_NORMAL, .value = 90}},
	{"zoned:60/10:30/20:8/30:2/40", {.kind = DIST_ZONED, .zones = four, .n_zones = 4}},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* Count the blocks in fio's log; the number of its lines, 0 for one that is not as expected. */
static uint64_t read_log(const char *path, uint64_t n, uint64_t *count)
{
	unsigned long long offset;
	uint64_t seen = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		return 0;
	while (fscanf(f, "%*u, %*u, %*u, %*u, %llu%*[^\n]", &offset) == 1 && offset / 4096 < n) {
		count[offset / 4096]++;
		seen++;
	}
	if (!feof(f))
		seen = 0;
	fclose(f);
	return seen;
}

/* How often fio draws each of @n blocks; false without fio. */
static bool fio_counts(const char *option, uint64_t n, uint64_t *count)
{
	char folder[] = "/tmp/blklab-dist-XXXXXX", cmd[600], path[100];
	uint64_t seen;
	int status;

	if (system("fio --version 2>/dev/null | grep -q '^fio-3\\.33'") != 0)
		return false;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(cmd, sizeof(cmd),
		 "cd %s && fio --name=a --ioengine=null --rw=randread --bs=4k --size=%lluk "
		 "--io_size=%uk --random_distribution=%s --write_iops_log=x --log_offset=1 "
		 ">out 2>&1",
		 folder, (unsigned long long)n * 4, DRAWS * 4u, option);
	status = system(cmd);
	snprintf(path, sizeof(path), "%s/x_iops.1.log", folder);
	seen = read_log(path, n, count);
	snprintf(cmd, sizeof(cmd), "rm -r %s", folder);
	ck_assert_int_eq(system(cmd), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(seen, DRAWS);
	return true;
}

START_TEST(the_hottest_blocks_get_the_share_that_fio_gives_them)
{
	/* A power of two: there fio's hash keeps nearly all ranks apart. */
	enum { N = 65536 };
	static const double parts[] = {0.01, 0.1, 0.5};
	uint64_t *fio = calloc(N, sizeof(*fio)), *own = calloc(N, sizeof(*own)), rng = 1;
	struct bl_err err = BL_ERR_INIT;
	struct dist d;

	if (fio_counts(cases[_i].option, N, fio)) {
		ck_assert_int_eq(dist_init(&d, &cases[_i].spec, N, 4096, 1, &err), 0);
		for (int i = 0; i < DRAWS; i++)
			own[dist_next(&d, &rng)]++;
		for (int k = 0; k < 3; k++) {
			double theirs = hottest_share(fio, N, parts[k]);
			double ours = hottest_share(own, N, parts[k]);

			printf("%s: %g %%: fio %.4f, here %.4f\n", cases[_i].option, parts[k] * 100,
			       theirs, ours);
			ck_assert_msg(fabs(theirs - ours) < 0.02, "%s: %g %%: fio %g, here %g",
				      cases[_i].option, parts[k] * 100, theirs, ours);
		}
	}
	free(fio);
	free(own);
}
END_TEST

TCase *dist_fio_cases(void)
{
	TCase *t = tcase_create("dist beside fio");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, the_hottest_blocks_get_the_share_that_fio_gives_them, 0, CASES);
	return t;
}
