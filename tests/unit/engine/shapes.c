#include <math.h>
#include <stdlib.h>

#include "shapes.h"

double chi_square_sigmas(const uint64_t *count, const double *expected, size_t n)
{
	double sum = 0, dof = (double)(n - 1);

	for (size_t i = 0; i < n; i++)
		sum += ((double)count[i] - expected[i]) * ((double)count[i] - expected[i]) /
		       expected[i];
	return (sum - dof) / sqrt(2 * dof);
}

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

double hottest_share(uint64_t *count, size_t n, double part)
{
	uint64_t all = 0, hot = 0;
	size_t touched = 0;

	qsort(count, n, sizeof(*count), descending);
	for (; touched < n && count[touched]; touched++)
		all += count[touched];
	for (size_t i = 0; i < (size_t)((double)touched * part); i++)
		hot += count[i];
	return (double)hot / (double)all;
}

int main(void)
{
	Suite *s = suite_create("engine shapes");
	SRunner *run;
	int failed;

	suite_add_tcase(s, dist_cases());
	suite_add_tcase(s, dist_fio_cases());
	suite_add_tcase(s, randmap_cases());
	suite_add_tcase(s, split_cases());
	suite_add_tcase(s, steady_cases());
	suite_add_tcase(s, depthsearch_cases());
	suite_add_tcase(s, schedule_cases());
	suite_add_tcase(s, zones_cases());
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
