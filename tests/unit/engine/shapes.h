/* shapes.h - the tests of what shapes a job's requests: where, how long, when, until when. */
#ifndef ENGINE_TEST_SHAPES_H
#define ENGINE_TEST_SHAPES_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

/* For inner loops: check's own assertions make a system call each. */
#define REQUIRE(x)                                                                                 \
	do {                                                                                       \
		if (!(x))                                                                          \
			ck_abort_msg("%s", #x);                                                    \
	} while (0)

/* Pearson's statistic of @count against @expected, divided by its degrees of freedom (@n - 1)
 * after taking them away, in units of its standard deviation: above 4 is no accident. */
double chi_square_sigmas(const uint64_t *count, const double *expected, size_t n);

/* Part of all in the @part most frequent of the values that occur at all; sorts @count. */
double hottest_share(uint64_t *count, size_t n, double part);

TCase *dist_cases(void);
TCase *dist_fio_cases(void);
TCase *randmap_cases(void);
TCase *split_cases(void);
TCase *steady_cases(void);
TCase *depthsearch_cases(void);
TCase *schedule_cases(void);
TCase *zones_cases(void);

#endif
