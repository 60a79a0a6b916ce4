#include <check.h>
#include <errno.h>

#include "failing_alloc.h"
#include "gesd.h"
#include "test_changes.h"

/* Rosner's data, as in the NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17.3. */
static const double rosner[] = {-0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49,
				1.49,  1.55, 1.56, 1.58, 1.65, 1.69, 1.70, 1.76, 1.77, 1.81, 1.91,
				1.94,  1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26,
				2.35,  2.37, 2.40, 2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93,
				3.21,  3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01};

START_TEST(critical_values_are_the_published_ones)
{
	static const double lambda[] = {3.1588, 3.1514, 3.1439, 3.1362, 3.1282,
					3.1201, 3.1118, 3.1032, 3.0945, 3.0854};

	for (size_t i = 0; i < 10; i++)
		ck_assert_double_eq_tol(gesd_critical(54, i + 1, 0.05), lambda[i], 1e-4);
}
END_TEST

START_TEST(rosners_data_have_three_outliers)
{
	size_t at[10], n;

	ck_assert_int_eq(gesd_find(rosner, 54, 10, 0.05, at, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(at[0], 53);
	ck_assert_uint_eq(at[1], 52);
	ck_assert_uint_eq(at[2], 51);
}
END_TEST

START_TEST(one_other_among_equal_ones)
{
	double v[279];
	size_t at[28], n = 9;

	for (size_t i = 0; i < 279; i++)
		v[i] = i == 203 ? -2 : -1;
	ck_assert_int_eq(gesd_find(v, 279, 28, 0.05, at, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(at[0], 203);
}
END_TEST

START_TEST(equal_values_have_none)
{
	double v[30];
	size_t at[3], n;

	for (size_t i = 0; i < 30; i++)
		v[i] = 0.1;
	for (size_t k = 0; k <= 30; k++) {
		n = 9;
		ck_assert_int_eq(gesd_find(v, k, 3, 0.05, at, &n), 0);
		ck_assert_uint_eq(n, 0);
	}
}
END_TEST

START_TEST(memory_may_be_short)
{
	size_t at[10], n;
	bool failed;
	int r;

	alloc_fail(0);
	r = gesd_find(rosner, 54, 10, 0.05, at, &n);
	failed = alloc_failed();
	ck_assert(failed);
	ck_assert_int_eq(r, -ENOMEM);
}
END_TEST

TCase *gesd_cases(void)
{
	TCase *t = tcase_create("gesd");

	tcase_add_test(t, critical_values_are_the_published_ones);
	tcase_add_test(t, rosners_data_have_three_outliers);
	tcase_add_test(t, one_other_among_equal_ones);
	tcase_add_test(t, equal_values_have_none);
	tcase_add_test(t, memory_may_be_short);
	return t;
}
